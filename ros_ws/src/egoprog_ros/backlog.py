"""One queue and one thread, for input of which nothing may be skipped as long as the machine keeps up.

Sound, unlike images, can't be thinned out: an event lies across chunks. So chunks wait their turn; where the queue is
full the oldest one is lost, and that is counted and told.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Backlog(Generic[T]):
    """Runs `work` on every item in the order in which they came.

    work, on_error: called in the backlog's thread. on_lost: called in the thread of `put`, with how many were lost.
    size: items that may wait.
    """

    def __init__(
        self,
        work: Callable[[T], None],
        on_error: Callable[[Exception], None],
        on_lost: Callable[[int], None],
        name: str,
        size: int,
    ):
        self.name = name
        self._work = work
        self._on_error = on_error
        self._on_lost = on_lost
        self._size = size
        self._items: deque[T] = deque()
        self._is_busy = False
        self._is_stopping = False
        self._condition = threading.Condition()
        self._thread: threading.Thread | None = None

    def __len__(self) -> int:
        """Items that wait."""
        with self._condition:
            return len(self._items)

    def start(self) -> None:
        """Starts the thread; does nothing if it runs."""
        if self._thread is not None and self._thread.is_alive():
            return
        self._is_stopping = False
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
        self._thread.start()

    def put(self, item: T) -> None:
        """Puts an item at the end of the queue; the oldest is lost where the queue is full."""
        with self._condition:
            is_full = len(self._items) >= self._size
            if is_full:
                self._items.popleft()
            self._items.append(item)
            self._condition.notify_all()
        if is_full:
            self._on_lost(1)

    def offer(self, item: T) -> bool:
        """Puts an item at the end of the queue if there is room, beside the one that is worked on; else refuses it."""
        with self._condition:
            has_room = len(self._items) + self._is_busy <= self._size
            if has_room:
                self._items.append(item)
                self._condition.notify_all()
        return has_room

    def discard(self, item: T) -> None:
        """Forgets an item that waits, if it does; not counted as lost."""
        with self._condition:
            if item in self._items:  # a failing remove() would print the item into its error: seconds, for an image
                self._items.remove(item)

    def resize(self, size: int) -> None:
        """Items that may wait from now on; the oldest are lost where more are waiting."""
        with self._condition:
            self._size = size
            num_lost = max(0, len(self._items) - size)
            for _ in range(num_lost):
                self._items.popleft()
        if num_lost:
            self._on_lost(num_lost)

    def clear(self) -> None:
        """Forgets what waits; not counted as lost."""
        with self._condition:
            self._items.clear()
            self._condition.notify_all()

    def wait_until_idle(self, timeout_s: float) -> bool:
        """Waits until nothing waits and nothing is being worked on. Returns False if that took too long."""
        with self._condition:
            return self._condition.wait_for(lambda: not (self._items or self._is_busy), timeout_s)

    def stop(self, timeout_s: float = 1.0) -> bool:
        """Ends the thread after the item that it works on. Returns False if it did not end."""
        with self._condition:
            self._is_stopping = True
            self._items.clear()
            self._condition.notify_all()
        if self._thread is None or self._thread is threading.current_thread():
            return True
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while True:
            with self._condition:
                self._is_busy = False
                self._condition.notify_all()
                self._condition.wait_for(lambda: self._items or self._is_stopping)
                if self._is_stopping:
                    return
                item = self._items.popleft()
                self._is_busy = True
            try:
                self._work(item)
            except Exception as error:  # the thread must outlive whatever an input brings
                self._on_error(error)

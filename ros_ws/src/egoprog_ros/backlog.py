"""One queue and one thread, for input of which nothing may be skipped as long as the machine keeps up.

Sound, unlike images, can't be thinned out: an event lies across chunks. So chunks wait their turn; where the queue is
full the oldest one is lost, and that is counted and told.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TypeVar

from egoprog_ros.work_thread import WorkThread

T = TypeVar("T")


class Backlog(WorkThread[T]):
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
        super().__init__(work, on_error, name)
        self._on_lost = on_lost
        self._size = size
        self._items: deque[T] = deque()

    def __len__(self) -> int:
        """Items that wait."""
        with self._condition:
            return len(self._items)

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

    def _has_item(self) -> bool:
        return bool(self._items)

    def _take(self) -> list[T]:
        return [self._items.popleft()]

    def _forget(self) -> None:
        self._items.clear()

"""Stamps in seconds and back, and a guard against stamps that can't be right."""

from __future__ import annotations

from collections.abc import Callable

from builtin_interfaces.msg import Duration, Time

from egoprog.errors import StampError

NANOSECONDS = 1_000_000_000


def to_seconds(stamp: Time) -> float:
    """Seconds since the clock's epoch; a double keeps about 0.2 µs of a Unix time."""
    return stamp.sec + stamp.nanosec * 1e-9


def to_time(seconds: float) -> Time:
    """The stamp of a time in seconds; negative times become zero, which a stamp can't go below."""
    nanoseconds = max(0, round(seconds * NANOSECONDS))
    return Time(sec=nanoseconds // NANOSECONDS, nanosec=nanoseconds % NANOSECONDS)


def duration_to_seconds(duration: Duration) -> float:
    return duration.sec + duration.nanosec * 1e-9


def to_duration(seconds: float) -> Duration:
    nanoseconds = round(seconds * NANOSECONDS)
    return Duration(sec=nanoseconds // NANOSECONDS, nanosec=nanoseconds % NANOSECONDS)


class StampGuard:
    """Lets only stamps pass that increase, and recovers where the clock has really changed.

    A stamp a little behind is a message out of order: it is refused and forgotten. A stamp far behind or more than
    `max_jump_s` ahead is a jump (a bag that starts again, a clock that was set): it is refused once, `on_jump` is
    called so that extractors forget what they know, and the new time is the one that counts from then on.

    name: of the stream, for messages. on_jump: called before the error is raised.
    max_jump_s: seconds ahead that are still believed. max_disorder_s: seconds behind that are only disorder.
    """

    def __init__(
        self,
        name: str,
        on_jump: Callable[[], None] = lambda: None,
        max_jump_s: float = 3600.0,
        max_disorder_s: float = 1.0,
    ):
        self.name = name
        self.jumps = 0
        self._on_jump = on_jump
        self._max_jump_s = max_jump_s
        self._max_disorder_s = max_disorder_s
        self._last_s: float | None = None

    def check(self, stamp_s: float) -> None:
        """Passes the stamp or raises StampError; after a jump the next stamp is measured from the new time."""
        last_s = self._last_s
        if stamp_s <= 0.0:
            raise StampError(f"{self.name}: expected a stamp, got zero; let the driver set header.stamp")
        if last_s is None or last_s < stamp_s <= last_s + self._max_jump_s:
            self._last_s = stamp_s
            return
        step_s = stamp_s - last_s
        if -self._max_disorder_s <= step_s <= 0.0:
            raise StampError(
                f"{self.name}: expected a stamp after {last_s:.3f} s, got one {-step_s:.3f} s before it; "
                "publish in the order of the stamps"
            )
        self._last_s = stamp_s
        self.jumps += 1
        self._on_jump()
        direction = "ahead" if step_s > 0 else "back"
        raise StampError(
            f"{self.name}: expected a stamp near {last_s:.3f} s, got one {abs(step_s):.3f} s {direction}; "
            "what was known is forgotten and the new time counts; check the clock of the publisher"
        )

    def reset(self) -> None:
        """Forgets the last stamp: the next one passes whatever it is."""
        self._last_s = None

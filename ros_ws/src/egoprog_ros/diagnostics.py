"""What a node says of itself once a second: what is late, lost or degraded, and how often.

Level OK: all is well. WARN: something was late or lost in the last seconds, or is degraded, or an input is silent.
ERROR: the node can't do its job; the message says why.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable

import numpy as np
from diagnostic_msgs.msg import DiagnosticStatus, KeyValue

RECENT_S = 10.0  # for so long a lost or late item shows in the level
MEASURES_KEPT = 300  # values behind each median and percentile: 10 s at 30 Hz


class Counters:
    """Counts of one node; every method may be called from any thread.

    clock_s: a monotonic clock, seconds.
    """

    def __init__(self, clock_s: Callable[[], float] = time.monotonic):
        self._clock_s = clock_s
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._troubles_s: dict[str, float] = {}  # text -> when it was last seen
        self._degraded: dict[str, None] = {}  # insertion-ordered sets
        self._failures: dict[str, None] = {}
        self._measures: dict[str, deque[float]] = defaultdict(lambda: deque(maxlen=MEASURES_KEPT))
        self._values: dict[str, str] = {}

    def count(self, name: str, n: int = 1) -> None:
        """Counts something that is no trouble, e.g. "frames"."""
        with self._lock:
            self._counts[name] += n

    def late(self, name: str, n: int = 1) -> None:
        """Counts something that came or was done too late, e.g. "frames"."""
        self._trouble(f"late {name}", n)

    def lost(self, name: str, n: int = 1) -> None:
        """Counts something that was dropped, e.g. "frames"."""
        self._trouble(f"lost {name}", n)

    def refused(self, name: str, n: int = 1) -> None:
        """Counts input that could not be used, by its kind, e.g. "FrameError on camera/image_raw"."""
        self._trouble(f"refused: {name}", n)

    def degraded(self, reason: str, is_degraded: bool = True) -> None:
        """Says that the node works, but worse, for that reason; until it is called with False."""
        self._set_or_clear(self._degraded, reason, is_degraded)

    def failed(self, reason: str, is_failed: bool = True) -> None:
        """Says that the node can't do its job for that reason; until it is called with False."""
        self._set_or_clear(self._failures, reason, is_failed)

    def clear_failures(self) -> None:
        with self._lock:
            self._failures.clear()

    def measure(self, name: str, value: float) -> None:
        """Keeps a value; the median and the 99th percentile of the last ones are told, e.g. "overhead_ms"."""
        with self._lock:
            self._measures[name].append(value)

    def value(self, name: str, value: object) -> None:
        """Tells a value as it is, e.g. "model", "YAMNet"."""
        with self._lock:
            self._values[name] = str(value)

    def __getitem__(self, name: str) -> int:
        """How often that was counted: "frames", "lost frames", "late frames", "refused: ..."."""
        with self._lock:
            return self._counts[name]

    @property
    def level(self) -> bytes:
        return self.status("", "").level

    @property
    def message(self) -> str:
        return self.status("", "").message

    def status(self, name: str, hardware_id: str, also: tuple[str, ...] = ()) -> DiagnosticStatus:
        """The node's status now. also: further warnings, e.g. silent topics."""
        with self._lock:
            now_s = self._clock_s()
            recent = [text for text, when_s in self._troubles_s.items() if now_s - when_s < RECENT_S]
            troubles = [f"{text} ({self._counts[text]})" for text in recent]
            warnings = [*also, *(f"degraded: {reason}" for reason in self._degraded), *troubles]
            status = DiagnosticStatus(name=name, hardware_id=hardware_id)
            if self._failures:
                status.level = DiagnosticStatus.ERROR
            else:
                status.level = DiagnosticStatus.WARN if warnings else DiagnosticStatus.OK
            status.message = "; ".join([*self._failures, *warnings]) or "ok"
            pairs = {text: str(n) for text, n in sorted(self._counts.items())} | self._values
            for text, values in self._measures.items():
                median, p99 = np.percentile(values, (50, 99))
                pairs[f"{text} median"] = f"{median:.2f}"
                pairs[f"{text} p99"] = f"{p99:.2f}"
            status.values = [KeyValue(key=key, value=value) for key, value in pairs.items()]
            return status

    def _trouble(self, text: str, n: int) -> None:
        if n <= 0:
            return
        with self._lock:
            self._counts[text] += n
            self._troubles_s[text] = self._clock_s()

    def _set_or_clear(self, reasons: dict[str, None], reason: str, is_set: bool) -> None:
        with self._lock:
            if is_set:
                reasons[reason] = None
            else:
                reasons.pop(reason, None)

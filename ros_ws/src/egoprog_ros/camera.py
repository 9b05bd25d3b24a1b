"""Frames of the camera for one worker: the newest only, never one older than a period of the stream."""

from __future__ import annotations

import statistics
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
from sensor_msgs.msg import CompressedImage, Image

from egoprog_ros.base import EgoprogNode, parameter
from egoprog_ros.stamps import StampGuard, to_seconds
from egoprog_ros.worker import LatestWorker

TOPICS: dict[str, tuple[type, str]] = {
    "compressed": (CompressedImage, "camera/image_raw/compressed"),
    "raw": (Image, "camera/image_raw"),
}
GAPS_KEPT = 30  # between stamps, behind the median that is the period


def image_parameter(purpose: str = "images to read") -> Any:
    """The field `image` of a node's parameters: one of TOPICS."""
    where = " or ".join(topic for _, topic in TOPICS.values())
    return parameter("compressed", f"{purpose}: {where}", choices=tuple(TOPICS), changeable=False)


@dataclass(frozen=True)
class Arrival:
    """A message as it came. stamp_s: its own. arrived_s: on the node's clock. steady_s: on the monotonic clock."""

    message: Image | CompressedImage
    stamp_s: float
    arrived_s: float
    steady_s: float


class Period:
    """The period of a stream: the median gap between stamps, which a lost frame or two does not change."""

    def __init__(self) -> None:
        self._last_s: float | None = None
        self._gaps_s: deque[float] = deque(maxlen=GAPS_KEPT)

    def note(self, stamp_s: float) -> float | None:
        """Takes the next stamp. Returns the period in seconds, or None as long as there is only one frame."""
        if self._last_s is not None and stamp_s > self._last_s:
            self._gaps_s.append(stamp_s - self._last_s)
        self._last_s = stamp_s
        return statistics.median(self._gaps_s) if self._gaps_s else None

    def reset(self) -> None:
        self._last_s = None
        self._gaps_s.clear()


class FrameFeed:
    """Takes a node's images and gives the newest to `work`, in a thread of its own.

    Stamps are checked; what is replaced before it could be worked on, and what waited longer than one period, is
    dropped and counted as "lost frames". An error in `work` is complained about; the feed goes on.

    on_jump: called where the stamps jump, before the next frame.
    """

    def __init__(
        self, node: EgoprogNode, kind: str, work: Callable[[Arrival], None], on_jump: Callable[[], None]
    ) -> None:
        self.message_type, self.topic = TOPICS[kind]
        self._node = node
        self._on_jump = on_jump
        self._guard = StampGuard(self.topic, on_jump=self._jumped)
        self._period = Period()
        self._counted = 0
        self._worker = LatestWorker(
            work, lambda error: node.complain(f"{type(error).__name__} on {self.topic}", error), node.get_name()
        )

    @property
    def dropped(self) -> int:
        """Frames that were not worked on, since the node was configured."""
        return self._worker.dropped

    def start(self) -> None:
        cv2.setNumThreads(1)  # more of them take the cores from other nodes, and finish no frame sooner
        self._worker.start()

    def stop(self) -> None:
        self._worker.stop()

    def reset(self) -> None:
        """Forgets stamps: the next frame may carry any."""
        self._guard.reset()
        self._period.reset()

    def put(self, message: Image | CompressedImage) -> None:
        """The subscription's callback. Raises StampError."""
        arrived_s = self._node.get_clock().now().nanoseconds * 1e-9
        stamp_s = to_seconds(message.header.stamp)
        self._node.counters.count("frames")
        self._guard.check(stamp_s)
        self._worker.max_age_s = self._period.note(stamp_s)
        self._worker.put(Arrival(message, stamp_s, arrived_s, time.monotonic()))
        dropped = self._worker.dropped
        self._node.counters.lost("frames", dropped - self._counted)
        self._counted = dropped

    def _jumped(self) -> None:
        self._period.reset()
        self._on_jump()

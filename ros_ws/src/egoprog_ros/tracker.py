"""`tracker`: poses or odometry in, segments of head motion out; from images where no pose comes."""

from __future__ import annotations

import sys
import threading
import time
from dataclasses import dataclass
from typing import Any

from egoprog_msgs.msg import HeadMotion
from geometry_msgs.msg import PoseStamped
from nav_msgs.msg import Odometry

from egoprog.describe.head_motion import HeadMotionExtractor
from egoprog.describe.types import HeadMotion as Segment
from egoprog_ros.base import EgoprogNode, NodeParameters, gives_way, parameter, run
from egoprog_ros.camera import Arrival, FrameFeed, image_parameter
from egoprog_ros.convert import message_to_frame, message_to_pose, motion_to_message
from egoprog_ros.stamps import StampGuard, to_seconds

LOOK_PERIOD_S = 0.5  # how often it is looked at whether poses come
DEGRADED = "no pose: head motion from optical flow, without scale"


@dataclass(frozen=True)
class TrackerParameters(NodeParameters):
    niceness: int = gives_way(5)
    image: str = image_parameter("images to read where no pose comes")
    pose_wait_s: float = parameter(
        3.0, "after so long without a pose, head motion is estimated from images", 0.1, 3600.0, "s"
    )
    flow_rate_hz: float = parameter(10.0, "images a second that optical flow looks at", 2.0, 120.0, "Hz")
    max_disorder_s: float = parameter(
        1.0, "poses that come this much out of order are dropped one by one, later ones are a jump", 0.0, 60.0, "s"
    )


class Tracker(EgoprogNode):
    """Segments head motion; subscribes to the camera only as long as no pose comes."""

    def __init__(self, **options: Any) -> None:
        super().__init__("tracker", TrackerParameters, **options)
        self._lock = threading.Lock()  # around the extractor: poses come in callbacks, flow in the feed's thread

    def configure(self) -> None:
        self._extractor = HeadMotionExtractor()
        self._segments = self.advertise(HeadMotion, "head_motion")
        self._feed = FrameFeed(self, self.parameters.image, self._work, self._forget)
        self._is_flow = False
        self._flow_s = float("-inf")  # stamp of the last image that was looked at
        for message_type, topic in ((PoseStamped, "pose"), (Odometry, "odometry")):
            guard = StampGuard(topic, on_jump=self._forget, max_disorder_s=self.parameters.max_disorder_s)
            self.subscribe(message_type, topic, self._taking(guard), "pose")
        self._look_timer = self.every(LOOK_PERIOD_S, self._look)

    def activate(self) -> None:
        self._last_pose_s = time.monotonic()
        self._feed.start()

    def deactivate(self) -> None:
        self._feed.stop()
        with self._lock:
            segments = self._extractor.flush()
        self._publish(segments, "")

    def cleanup(self) -> None:
        if hasattr(self, "_look_timer"):
            self.destroy_timer(self._look_timer)

    def reset(self, keep_world: bool) -> None:
        if hasattr(self, "_extractor"):
            self._feed.reset()
            self._forget()

    def _taking(self, guard: StampGuard):
        def take(message: PoseStamped | Odometry) -> None:
            pose = message_to_pose(message)
            guard.check(to_seconds(message.header.stamp))
            self._last_pose_s = time.monotonic()
            self.counters.count("poses")
            with self._lock:
                segments = self._extractor.push_pose(pose)
            self._publish(segments, message.header.frame_id)

        return take

    def _look(self) -> None:
        """Turns to the camera where no pose comes, and away from it when one does."""
        if not self.is_active:
            return
        needs_flow = time.monotonic() - self._last_pose_s > self.parameters.pose_wait_s
        if needs_flow is self._is_flow:
            return
        self._is_flow = needs_flow
        self.counters.degraded(DEGRADED, needs_flow)
        if needs_flow:
            self._forget()
            self.subscribe(self._feed.message_type, self._feed.topic, self._feed.put, "image")
        else:
            self.unsubscribe(self._feed.topic)

    def _work(self, arrival: Arrival) -> None:
        # A head turns for tenths of a second: all frames of a fast camera tell no more and cost a core.
        if 0.0 <= arrival.stamp_s - self._flow_s < 0.9 / self.parameters.flow_rate_hz:
            return
        self._flow_s = arrival.stamp_s
        frame = message_to_frame(arrival.message)
        with self._lock:
            segments = self._extractor.push_frame(frame)
        self._publish(segments, arrival.message.header.frame_id)

    def _publish(self, segments: list[Segment], frame_id: str) -> None:
        for segment in segments:
            self._segments.publish(motion_to_message(segment, frame_id))
            self.counters.count("head motions")

    def _forget(self) -> None:
        with self._lock:
            self._extractor.reset()


def main() -> int:
    return run(Tracker)


if __name__ == "__main__":
    sys.exit(main())

"""`visualiser`: camera, program and answers in; an overlay image, markers, and the answers with their words out."""

from __future__ import annotations

import math
import sys
import threading
import time
from collections import deque
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from egoprog_msgs.msg import (
    ActionProgram,
    Anticipation,
    HandContacts,
    HeadMotion,
    Imagined,
    SoundEvent,
    SubActionPrediction,
)
from rclpy.time import Time
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from visualization_msgs.msg import MarkerArray

from egoprog.describe.types import MotionKind
from egoprog.live.overlay import Panel, Seen, captioned, draw, program_lines, sub_action_words
from egoprog_ros.base import EgoprogNode, NodeParameters, gives_way, parameter, run
from egoprog_ros.camera import TOPICS, image_parameter
from egoprog_ros.convert import (
    message_to_candidate,
    message_to_frame,
    message_to_hands,
    message_to_motion,
    message_to_prediction,
    message_to_program,
    message_to_sound,
    message_to_statuses,
)
from egoprog_ros.images import image_to_rgb, rgb_to_compressed, rgb_to_image
from egoprog_ros.markers import Pinhole, hand_markers, placed, program_marker
from egoprog_ros.worker import LatestWorker

IMAGES_KEPT = 16  # that wait for their hands: half a second at 30 Hz
NOTE_S = 3.0  # for so long a sound or a walk is told
SHOWN_S = 5.0  # for so long a closed program stays


@dataclass(frozen=True)
class VisualiserParameters(NodeParameters):
    niceness: int = gives_way(10)
    image: str = image_parameter()
    max_rate_hz: float = parameter(15.0, "overlays a second at most", 0.5, 120.0, "Hz")
    hands_wait_s: float = parameter(
        0.5, "an image is drawn together with its hands; after so long without hands, alone", 0.05, 10.0, "s"
    )
    jpeg_quality: int = parameter(85, "of overlay/compressed", 1, 100)
    field_of_view_rad: float = parameter(1.4, "horizontal, for markers where no camera_info tells", 0.1, 3.0, "rad")
    marker_depth_m: float = parameter(0.5, "distance at which hands are put: an arm's length", 0.05, 10.0, "m")
    marker_frame: str = parameter("", "frame to put markers in, through tf2; empty for the camera's own")


@dataclass(frozen=True)
class _View:
    """One image and what is to be drawn on it."""

    image: Image | CompressedImage
    hands: HandContacts | None


class Visualiser(EgoprogNode):
    """Draws the newest image that has hands, together with the newest program."""

    def __init__(self, **options: Any) -> None:
        super().__init__("visualiser", VisualiserParameters, **options)
        self._lock = threading.Lock()  # around what callbacks store and the worker reads
        self._transforms = None

    def configure(self) -> None:
        self._forget()
        self._compressed = self.advertise(CompressedImage, "overlay/compressed")
        self._raw = self.advertise(Image, "overlay")
        self._markers = self.advertise(MarkerArray, "markers")
        message_type, topic = TOPICS[self.parameters.image]
        self._worker: LatestWorker[_View] = LatestWorker(
            self._work, lambda error: self.complain(f"{type(error).__name__} on {topic}", error), self.get_name()
        )
        self._imagined = self.advertise(Image, "overlay/imagined", "latched")
        self._imagined_compressed = self.advertise(CompressedImage, "overlay/imagined/compressed", "latched")
        self._imagined_worker: LatestWorker[Imagined] = LatestWorker(
            self._show_imagined, lambda error: self.complain(f"{type(error).__name__} on imagined", error), "imagined"
        )
        self.subscribe(Imagined, "imagined", self._take_imagined, "latched")
        self.subscribe(message_type, topic, self._take_image, "image", is_expected=True)
        self.subscribe(CameraInfo, "camera/camera_info", self._take_info)
        self.subscribe(HandContacts, "hand_contacts", self._take_hands)
        self.subscribe(ActionProgram, "program", self._take_program, "latched")
        self.subscribe(Anticipation, "anticipation", self._take_anticipation)
        self.subscribe(SoundEvent, "sound_events", self._take_sound, "events")
        self.subscribe(HeadMotion, "head_motion", self._take_motion, "events")
        for name in ("sub_actions", "next_sub_actions"):
            self.subscribe(SubActionPrediction, name, partial(self._take_prediction, name))

    def activate(self) -> None:
        self._worker.start()
        self._imagined_worker.start()

    def deactivate(self) -> None:
        self._worker.stop()
        self._imagined_worker.stop()

    def reset(self, keep_world: bool) -> None:
        self._forget()

    def _forget(self) -> None:
        with self._lock:
            self._images: deque[Image | CompressedImage] = deque(maxlen=IMAGES_KEPT)
            self._hands_came_s = self._drawn_s = -math.inf
            self._info: CameraInfo | None = None
            self._program: ActionProgram | None = None
            self._program_came_s = -math.inf
            self._anticipation: Anticipation | None = None
            self._notes: deque[tuple[float, str]] = deque(maxlen=8)
            self._seen: dict[str, tuple[float, Seen]] = {}  # by topic, with when it came

    # What comes

    def _take_image(self, message: Image | CompressedImage) -> None:
        self.counters.count("frames")
        self._images.append(message)
        if time.monotonic() - self._hands_came_s > self.parameters.hands_wait_s:
            self._draw(_View(message, None))

    def _take_hands(self, message: HandContacts) -> None:
        """Draws the image that the hands were seen in, so that boxes lie where hands are."""
        self._hands_came_s = time.monotonic()
        image = next((each for each in self._images if each.header.stamp == message.header.stamp), None)
        if image is not None:
            self._draw(_View(image, message))

    def _draw(self, view: _View) -> None:
        now_s = time.monotonic()
        # a little early is right: waiting for the next frame would halve the rate
        if now_s - self._drawn_s >= 0.9 / self.parameters.max_rate_hz:
            self._drawn_s = now_s
            self.counters.lost("overlays", int(self._worker.put(view)))

    def _take_info(self, message: CameraInfo) -> None:
        self._info = message

    def _take_program(self, message: ActionProgram) -> None:
        with self._lock:
            self._program, self._program_came_s = message, time.monotonic()

    def _take_anticipation(self, message: Anticipation) -> None:
        with self._lock:
            self._anticipation = message

    def _take_sound(self, message: SoundEvent) -> None:
        self._note(f"{message_to_sound(message).label} {message.score:.1f}")

    def _take_motion(self, message: HeadMotion) -> None:
        motion = message_to_motion(message)
        if motion.kind is MotionKind.WALK:
            self._note("walks" if motion.distance_m is None else f"walks {motion.distance_m:.1f} m")
        elif motion.kind is MotionKind.TURN:
            self._note("turns")

    def _take_imagined(self, message: Imagined) -> None:
        self._imagined_worker.put(message)

    def _take_prediction(self, topic: str, message: SubActionPrediction) -> None:
        prediction = message_to_prediction(message)
        if prediction.action is not None:
            seen = Seen(prediction.action.label, prediction.action_scores()[0])
            with self._lock:
                self._seen[topic] = (time.monotonic(), seen)

    def _note(self, text: str) -> None:
        with self._lock:
            self._notes.append((time.monotonic(), text))

    # What is drawn

    def _work(self, view: _View) -> None:
        frame = message_to_frame(view.image)
        hands = message_to_hands(view.hands)[0] if view.hands is not None else ()
        header = view.image.header
        picture = draw(frame.image, hands, self._panel(frame.stamp_s))
        self._compressed.publish(rgb_to_compressed(picture, header, self.parameters.jpeg_quality))
        if self._raw.get_subscription_count():
            self._raw.publish(rgb_to_image(picture, header))
        if self._markers.get_subscription_count():
            self._publish_markers(view, *frame.image.shape[1::-1])
        self.counters.count("overlays")

    def _show_imagined(self, message: Imagined) -> None:
        """The last answer, for an image display: it stays until there is another one."""
        picture = captioned(image_to_rgb(message.image), message.question, message.description, message.note)
        self._imagined.publish(rgb_to_image(picture, message.header))
        self._imagined_compressed.publish(rgb_to_compressed(picture, message.header, self.parameters.jpeg_quality))
        self.counters.count("answers")

    def _panel(self, stamp_s: float) -> Panel:
        with self._lock:
            program, anticipation = self._program, self._anticipation
            age_s = time.monotonic() - self._program_came_s
            notes = [text for came_s, text in reversed(self._notes) if time.monotonic() - came_s < NOTE_S]
            seen = {topic: each for topic, (came_s, each) in self._seen.items() if time.monotonic() - came_s < NOTE_S}
        watching = Panel(
            notes=tuple(dict.fromkeys(notes)), present=seen.get("sub_actions"), coming=seen.get("next_sub_actions")
        )
        if program is None or (program.complete and age_s > SHOWN_S):
            return watching
        upcoming = ()
        if not program.complete and anticipation is not None and anticipation.program_id == program.program_id:
            upcoming = tuple(
                (sub_action_words(message_to_candidate(candidate)), candidate.score)
                for candidate in anticipation.candidates
                if candidate.feasible
            )
        overhead_ms = (program.timing.overhead_s + program.timing.model_s) * 1e3
        return replace(
            watching,
            name=program.name,
            state="closed" if program.complete else f"revision {program.revision}",
            lines=program_lines(message_to_program(program), message_to_statuses(program)),
            upcoming=upcoming,
            latency_ms=round(overhead_ms) if overhead_ms > 0 else None,
        )

    def _publish_markers(self, view: _View, width: int, height: int) -> None:
        parameters = self.parameters
        camera = (Pinhole.of(self._info) if self._info is not None else None) or Pinhole.guess(
            width, height, parameters.field_of_view_rad
        )
        markers = MarkerArray()
        if view.hands is not None:
            markers.markers.extend(hand_markers(view.hands, camera, parameters.marker_depth_m))
        if self._program is not None:
            header = view.image.header
            markers.markers.append(program_marker(self._program, header, height, camera, parameters.marker_depth_m))
        if parameters.marker_frame and parameters.marker_frame != view.image.header.frame_id:
            transform = self._transform(view.image.header.frame_id)
            if transform is not None:
                markers = placed(markers, transform, parameters.marker_frame)
        self._markers.publish(markers)

    def _transform(self, frame_id: str):
        """The newest transform from the camera to `marker_frame`; None, and degraded, where there is none."""
        try:
            import tf2_ros
        except ImportError:
            self.counters.degraded("tf2_ros is not installed: markers stay in the camera's frame")
            return None
        if self._transforms is None:
            self._transforms = tf2_ros.Buffer()
            self._listener = tf2_ros.TransformListener(self._transforms, self)
        reason = f"no transform from {frame_id} to {self.parameters.marker_frame}: markers stay in the camera's frame"
        try:
            found = self._transforms.lookup_transform(self.parameters.marker_frame, frame_id, Time())
        except tf2_ros.TransformException:
            self.counters.degraded(reason)
            return None
        self.counters.degraded(reason, False)
        return found.transform


def main() -> int:
    return run(Visualiser)


if __name__ == "__main__":
    sys.exit(main())

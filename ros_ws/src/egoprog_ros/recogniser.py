"""`recogniser`: camera images in; what LEAP's network sees now, and what it expects next, out."""

from __future__ import annotations

import sys
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import Any

import numpy as np
from egoprog_msgs.msg import SubActionPrediction
from sensor_msgs.msg import CompressedImage, Image

from egoprog import runtime
from egoprog.errors import EgoprogError, ModelError
from egoprog.leap.live import StreamRecogniser, TickClock
from egoprog.leap.shipped import RECOGNISER, shipped_model
from egoprog_ros.base import EgoprogNode, NodeParameters, gives_way, one_line, parameter, run
from egoprog_ros.camera import Arrival, FrameFeed, image_parameter
from egoprog_ros.convert import message_to_frame, prediction_to_message, timing
from egoprog_ros.stamps import to_seconds

WATCHED_S = 5.0  # over which the rate is measured
HELD = 0.9  # of the frames that are due; below it the node is degraded, and thrifty if that lasts
THRIFTY, LAVISH = 3, 30  # seconds of too much work before the node does less, and of little before it does all again
LITTLE_WORK = 0.3  # of the time, while thrifty
THRIFT = "too slow for every tick: each head is asked once in the spacing of its frames"


@dataclass(frozen=True)
class RecogniserParameters(NodeParameters):
    niceness: int = gives_way(5)
    image: str = image_parameter()
    model: str = parameter("", "folder of an exported model; empty for the one that ships", changeable=False)
    backends: tuple[str, ...] = parameter(
        runtime.BACKENDS,
        "what the model may run on, first choice first: tensorrt, onnxruntime, torch",
        changeable=False,
    )
    precision: str = parameter("fp32", "of the model's files", choices=("fp32", "fp16", "int8"), changeable=False)
    rate_hz: float = parameter(
        10.0, "frames a second that are judged; the shipped models are made for 10", 1.0, 60.0, "Hz", changeable=False
    )
    threads: int = parameter(
        1, "threads of a model on the processor; 0 for as many as there are cores", 0, 64, changeable=False
    )


class Recogniser(EgoprogNode):
    """Runs a `StreamRecogniser` on the newest frame of each tick."""

    def __init__(self, **options: Any) -> None:
        super().__init__("recogniser", RecogniserParameters, **options)
        self._lock = threading.Lock()  # around the recogniser, which the feed's thread works with
        self._recogniser: StreamRecogniser | None = None
        self._feed: FrameFeed | None = None

    def configure(self) -> None:
        parameters = self.parameters
        self._present = self.advertise(SubActionPrediction, "sub_actions")
        self._coming = self.advertise(SubActionPrediction, "next_sub_actions")
        try:
            self._recogniser = self._opened()
        except EgoprogError as error:  # the graph goes on without: hands, sounds and motion make programs too
            self.get_logger().error(one_line(error))
            self.counters.degraded(f"recognises nothing: {one_line(error)}")
            return
        self._thinner = TickClock(parameters.rate_hz)
        self._taken, self._done, self._told = _Rate(), _Rate(), _Rate()
        self._busy_s = 0.0  # in models, since the last look
        self._seconds = 0  # for so long there has been too much work, or while thrifty little
        self._trouble = ""
        self._counted = 0, 0
        self._feed = FrameFeed(self, parameters.image, self._work, self._forget)
        self.subscribe(self._feed.message_type, self._feed.topic, self._take, "image", is_expected=True)
        self._watch_timer = self.every(1.0, self._watch)

    def _opened(self) -> StreamRecogniser:
        parameters = self.parameters
        folder = parameters.model or shipped_model()
        if folder is None:
            raise ModelError("expected a model, found none that ships; export one and give its folder as `model`")
        recogniser = StreamRecogniser.open(
            folder,
            parameters.backends,
            parameters.precision,
            num_threads=parameters.threads or None,
            rate_hz=parameters.rate_hz,
        )
        height_px, width_px = recogniser.config.backbone.size_px
        recogniser.push(np.zeros((height_px, width_px, 3), np.uint8), 0.0)  # the first run of a graph is its slowest
        recogniser.reset()
        session = recogniser.sessions[RECOGNISER]
        self.counters.value("model", recogniser.model)
        self.counters.value("backend", f"{session.backend} on {session.device}, {parameters.precision}")
        for fallback in session.fallbacks:
            self.counters.value(f"not {fallback.backend}", fallback.reason)
        self.get_logger().info(
            f"{recogniser.model} on {session.backend} ({session.device}, {parameters.precision})"
            + "".join(f"; {fallback}" for fallback in session.fallbacks)
        )
        return recogniser

    def activate(self) -> None:
        if self._feed is not None:
            self._forget()
            self._feed.start()

    def deactivate(self) -> None:
        if self._feed is not None:
            self._feed.stop()

    def cleanup(self) -> None:
        if self._feed is not None:
            self.destroy_timer(self._watch_timer)
        self._feed = self._recogniser = None

    def reset(self, keep_world: bool) -> None:
        if self._feed is not None:
            self._feed.reset()
            self._forget()

    def _forget(self) -> None:
        self._thinner.reset()
        with self._lock:
            self._recogniser.reset()

    def _take(self, message: Image | CompressedImage) -> None:
        """Frames between two ticks are not waited for, and are not lost."""
        if self._thinner.take(to_seconds(message.header.stamp)) is not None:
            self._taken.note()
            self._feed.put(message)

    def _work(self, arrival: Arrival) -> None:
        frame = message_to_frame(arrival.message)
        with self._lock:
            start_s = time.monotonic()
            said = self._recogniser.push(frame.image, arrival.stamp_s)
            model_s = time.monotonic() - start_s
        self._done.note()
        self._busy_s += model_s
        if said is None:
            return
        frame_id = arrival.message.header.frame_id
        for prediction, publisher in zip(said, (self._present, self._coming), strict=True):
            if prediction is not None:
                now_s = self.get_clock().now().nanoseconds * 1e-9
                times = timing(arrival.arrived_s, now_s, model_s, self._feed.dropped)
                publisher.publish(prediction_to_message(prediction, frame_id, times))
        self._told.note()
        self.counters.count("predictions")
        self.counters.measure("model_ms", model_s * 1e3)
        self.counters.measure("latency_ms", (time.monotonic() - arrival.steady_s) * 1e3)

    def _watch(self) -> None:
        """Once a second: the rate, the frames that stood in, and whether what is wanted is held."""
        if not self.is_active:
            return
        wanted_hz, held_hz = self._taken.hz(), self._done.hz()
        self.counters.value("rate_hz", f"{self._told.hz():.1f}")
        trouble = ""
        if held_hz < HELD * wanted_hz:
            trouble = f"holds {held_hz:.1f} of {wanted_hz:.0f} frames a second; the frames before stand in"
        if trouble != self._trouble:
            self.counters.degraded(self._trouble, False)
            if trouble:
                self.counters.degraded(trouble)
            self._trouble = trouble
        self._spend(is_too_slow=bool(trouble))
        stood_in, restarts = self._counted
        self.counters.count("frames stood in", self._recogniser.stood_in - stood_in)
        self.counters.count("restarts", self._recogniser.restarts - restarts)
        self._counted = self._recogniser.stood_in, self._recogniser.restarts

    def _spend(self, is_too_slow: bool) -> None:
        """Does less where the machine is too slow for all, and all again where it has time to spare."""
        busy_s, self._busy_s = self._busy_s, 0.0
        is_thrifty = self._recogniser.is_thrifty
        self._seconds = self._seconds + 1 if (busy_s < LITTLE_WORK if is_thrifty else is_too_slow) else 0
        if self._seconds == (LAVISH if is_thrifty else THRIFTY):
            self._seconds = 0
            with self._lock:
                self._recogniser.is_thrifty = not is_thrifty
            self.counters.degraded(THRIFT, not is_thrifty)


class _Rate:
    """How often something happened a second, lately. From any thread."""

    def __init__(self) -> None:
        self._began_s = time.monotonic()
        self._times_s: deque[float] = deque(maxlen=1000)

    def note(self) -> None:
        self._times_s.append(time.monotonic())

    def hz(self) -> float:
        """Over the last WATCHED_S, or since the start."""
        now_s = time.monotonic()
        num = sum(now_s - each < WATCHED_S for each in tuple(self._times_s))
        return num / max(1.0, min(WATCHED_S, now_s - self._began_s))


def main() -> int:
    return run(Recogniser)


if __name__ == "__main__":
    sys.exit(main())

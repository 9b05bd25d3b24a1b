"""Plays a recording as the topics of a camera, a microphone and a tracker, in real time.

Stamps are the node's clock when the playing began plus the time in the recording. With `publish_clock` they are the
time in the recording itself, and /clock follows it, so that nodes with use_sim_time give the same result at any rate.
Where the machine is too slow, frames are dropped and counted; sound never is.

`sim:SEED` plays an episode of the simulated kitchen, rendered while it plays. Where a recording knows what really
happens, that goes out below truth/, for scoring: no node of the graph subscribes to it.
"""

from __future__ import annotations

import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from egoprog_msgs.msg import ActionProgram, AudioChunk
from egoprog_msgs.msg import Narration as NarrationMessage
from egoprog_msgs.msg import WorldState as WorldStateMessage
from geometry_msgs.msg import PoseStamped
from rosgraph_msgs.msg import Clock as ClockMessage
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Bool, Header

from egoprog.data import AudioBlock, Frame, PoseSample, Recording, open_recording
from egoprog.data.samples import Intrinsics, LostFrame, Sample, Truth, stamp_of
from egoprog.describe.types import Narration
from egoprog.errors import EgoprogError
from egoprog.world import validate
from egoprog_ros import convert
from egoprog_ros.audio import block_to_chunk
from egoprog_ros.base import EgoprogNode, NodeParameters, one_line, parameter, run
from egoprog_ros.images import rgb_to_compressed, rgb_to_image
from egoprog_ros.stamps import to_time

FRAME_PERIOD_S = 1 / 30  # until the recording's own is known
LATE_SOUND_S = 0.1
CLOCK_PERIOD_S = 0.01
FIRST_STAMP_S = 1e-9  # with publish_clock the recording begins at zero, which as a stamp means "unknown"
TRUTH_IDS = uuid.UUID("5f0d3a54-6c1e-5e2b-9a57-1f6f0c1f8a11")  # the namespace of the ids of true programs
SETTLED_S = 0.3  # subscribers count as matched when nothing has changed for so long


@dataclass(frozen=True)
class SourceParameters(NodeParameters):
    input: str = parameter("", "a video, a folder of frames, a rosbag2, or sim:SEED; empty: idle")
    narrations: str = parameter("", "narrations of it: EPIC's CSV, start,stop,text or SRT; empty: those beside it")
    poses: str = parameter("", "head poses of it; empty: those beside it")
    audio: str = parameter("", "a sound file in the place of its own sound")
    rate: float = parameter(1.0, "how fast it is played; 1 is real time", 0.05, 100.0)
    loop: bool = parameter(False, "play it again and again")
    publish_clock: bool = parameter(False, "publish /clock and stamp with the recording's time", changeable=False)
    image_transport: str = parameter(
        "compressed", "which images are published", choices=("compressed", "raw", "both"), changeable=False
    )
    jpeg_quality: int = parameter(85, "of compressed images", 1, 100)
    camera_frame: str = parameter("camera", "frame_id of images and sound")
    world_frame: str = parameter("world", "frame_id of poses")
    wait_for_subscribers_s: float = parameter(3.0, "longest wait for subscribers to be matched first", 0.0, 60.0, "s")


class Player(threading.Thread):
    """Hands out the samples of a recording when they are due.

    emit: called in this thread with a sample and its time since the playing began, in seconds of the recording;
    loops are laid end to end. on_dropped: called for every frame that came too late. is_paused: asked before each.
    on_tick: called at least every 10 ms with the time that it is in the recording.
    """

    def __init__(
        self,
        recording: Recording,
        emit: Callable[[Sample, float], None],
        on_dropped: Callable[[], None],
        on_late_sound: Callable[[], None] = lambda: None,
        on_tick: Callable[[float], None] = lambda now_s: None,
        is_paused: Callable[[], bool] = lambda: False,
        rate: float = 1.0,
        loop: bool = False,
    ):
        super().__init__(name="player", daemon=True)
        self.paused_s = 0.0  # real seconds, in all
        self._recording = recording
        self._emit = emit
        self._on_dropped = on_dropped
        self._on_late_sound = on_late_sound
        self._on_tick = on_tick
        self._is_paused = is_paused
        self._rate = rate
        self._loop = loop
        self._is_stopping = threading.Event()
        self._began_s = 0.0

    def stop(self, timeout_s: float = 1.0) -> None:
        self._is_stopping.set()
        if self.is_alive() and threading.current_thread() is not self:
            self.join(timeout_s)

    def play(self) -> bool:
        """Plays to the end, in the caller's thread. Returns False if it was stopped before."""
        period_s, last_frame_s = FRAME_PERIOD_S, None
        self._began_s = 0.0
        for round_offset_s, sample in self._rounds():
            at_s = round_offset_s + stamp_of(sample)
            if not self._began_s:  # opening and decoding the first sample is no delay
                self._began_s = time.monotonic()
            if not self._wait_until(at_s):
                return False
            late_s = self.now_s() - at_s
            if isinstance(sample, Frame):
                if last_frame_s is not None and 0 < at_s - last_frame_s < 1.0:
                    period_s = at_s - last_frame_s
                last_frame_s = at_s
                if late_s > period_s:  # the next one is already due
                    self._recording.catch_up(stamp_of(sample) + late_s)
                    self._on_dropped()
                    continue
            elif isinstance(sample, AudioBlock) and late_s > LATE_SOUND_S * self._rate:
                self._on_late_sound()
            self._emit(sample, at_s)
        return not self._is_stopping.is_set()

    def run(self) -> None:
        self.play()

    def _rounds(self) -> Iterator[tuple[float, Sample]]:
        """Every sample with the time at which its round through the recording begins."""
        offset_s = 0.0
        while not self._is_stopping.is_set():
            last_s = 0.0
            samples = iter(self._recording.samples())
            began_s = time.monotonic()
            sample = next(samples, None)
            if offset_s:  # what a recording needs to begin anew is no delay
                self.paused_s += time.monotonic() - began_s
            while sample is not None:
                last_s = stamp_of(sample)
                yield offset_s, sample
                sample = next(samples, None)
            if not self._loop:
                return
            offset_s += max(self._recording.duration_s, last_s + FRAME_PERIOD_S)

    def now_s(self) -> float:
        """Seconds of the recording that have been due since the playing began."""
        return (time.monotonic() - self._began_s - self.paused_s) * self._rate

    def _wait_until(self, due_s: float) -> bool:
        """Sleeps until then, or as long as it is paused. Returns False if it was stopped."""
        while not self._is_stopping.is_set():
            if self._is_paused():
                began_s = time.monotonic()
                self._is_stopping.wait(CLOCK_PERIOD_S)
                self.paused_s += time.monotonic() - began_s
                continue
            self._on_tick(self.now_s())
            left_s = (due_s - self.now_s()) / self._rate
            if left_s <= 0:
                return True
            self._is_stopping.wait(min(left_s, CLOCK_PERIOD_S))
        return False


class Source(EgoprogNode):
    def __init__(self, **options: Any) -> None:
        super().__init__("source", SourceParameters, **options)
        self._player: Player | None = None
        self._thread: threading.Thread | None = None
        self._began_s = 0.0  # stamp of the recording's beginning
        self._clock_publisher = None
        if self.parameters.publish_clock:
            self._clock_publisher = self.create_publisher(ClockMessage, "/clock", 10)

    def configure(self) -> None:
        transport = self.parameters.image_transport
        self._image = self.advertise(Image, "camera/image_raw") if transport != "compressed" else None
        self._compressed = (
            self.advertise(CompressedImage, "camera/image_raw/compressed") if transport != "raw" else None
        )
        self._camera_info = self.advertise(CameraInfo, "camera/camera_info")
        self._audio = self.advertise(AudioChunk, "audio", "audio")
        self._pose = self.advertise(PoseStamped, "pose", "pose")
        self._narration = self.advertise(NarrationMessage, "narration")
        self._true_program = self.advertise(ActionProgram, "truth/program", "latched")
        self._true_state = self.advertise(WorldStateMessage, "truth/world_state", "latched")
        self._finished = self.advertise(Bool, "source/finished", "latched")

    def activate(self) -> None:
        self._begin()

    def deactivate(self) -> None:
        self._end()

    def reset(self, keep_world: bool) -> None:
        """Plays from the beginning."""
        if self.is_active:
            self._end()
            self._begin()

    def parameters_changed(self, before: SourceParameters, after: SourceParameters) -> None:
        if self.is_active:
            self.reset(keep_world=False)

    def _begin(self) -> None:
        self.counters.clear_failures()
        self._finished.publish(Bool(data=False))
        if not self.parameters.input:
            self.get_logger().info("no recording given (parameter `input`): idle")
            return
        self._is_ending = threading.Event()
        self._thread = threading.Thread(target=self._play, args=(self.parameters,), name="source", daemon=True)
        self._thread.start()

    def _end(self) -> None:
        if self._thread is None:
            return
        self._is_ending.set()
        if self._player is not None:
            self._player.stop()
        self._thread.join(1.0)
        self._thread = None

    def _play(self, parameters: SourceParameters) -> None:
        """Opens the recording and plays it, in a thread: opening takes its time, and the node must answer."""
        try:
            recording = self._open(parameters)
            self._wait_for_subscribers(parameters.wait_for_subscribers_s)
            streams = ", ".join(sorted(recording.streams))
            self.get_logger().info(f"playing {recording.name}: {recording.duration_s:.1f} s of {streams}")
            self._began_s = FIRST_STAMP_S if self._clock_publisher is not None else self._clock_s()
            self._recording, self._round_s, self._untold = recording, -1.0, []
            self._player = Player(
                recording,
                self._emit,
                on_dropped=lambda: self.counters.lost("frames"),
                on_late_sound=lambda: self.counters.late("audio chunks"),
                on_tick=self._tick,
                is_paused=lambda: not self.is_enabled,
                rate=parameters.rate,
                loop=parameters.loop,
            )
            if self._is_ending.is_set() or not self._player.play():
                return
            for warning in recording.warnings:
                self.complain("recording", warning)
            self.get_logger().info(f"played {recording.name} to its end")
            self._finished.publish(Bool(data=True))
            # its clock goes on, so that nodes that wait for silence see it
            while self._clock_publisher is not None and not self._is_ending.wait(CLOCK_PERIOD_S):
                self._tick(self._player.now_s())
        except Exception as error:
            level = "" if isinstance(error, EgoprogError) else "unexpected: "
            self.get_logger().error(f"can't play {parameters.input}: {level}{one_line(error)}")
            self.counters.refused("recording")
            self.counters.failed(f"can't play {parameters.input}: {one_line(error)}")

    def _open(self, parameters: SourceParameters) -> Recording:
        if parameters.input.partition(":")[0] == "sim":
            from egoprog.sim.live import LiveEpisode, SimRecording  # MuJoCo, which nothing else here needs

            return SimRecording(LiveEpisode.parse(parameters.input))
        return open_recording(
            parameters.input, parameters.narrations or None, parameters.poses or None, parameters.audio or None
        )

    def _wait_for_subscribers(self, patience_s: float) -> None:
        """Waits until every subscriber that the graph knows of is matched, so that it hears the first sample."""
        end_s = time.monotonic() + patience_s
        before, since_s = None, time.monotonic()
        while time.monotonic() < end_s and not self._is_ending.is_set():
            known = [(p.get_subscription_count(), self.count_subscribers(p.topic_name)) for p in self._outputs]
            if known != before or any(matched < total for matched, total in known):
                before, since_s = known, time.monotonic()
            if time.monotonic() - since_s > SETTLED_S:
                return
            self._is_ending.wait(0.02)

    def _clock_s(self) -> float:
        return self.get_clock().now().nanoseconds * 1e-9

    def _tick(self, now_s: float) -> None:
        if self._clock_publisher is not None:
            self._clock_publisher.publish(ClockMessage(clock=to_time(self._began_s + now_s)))

    def _emit(self, sample: Sample, at_s: float) -> None:
        stamp_s = self._began_s + at_s
        if self._clock_publisher is None:
            stamp_s += self._player.paused_s
        header = convert.header(stamp_s, self.parameters.camera_frame)
        self._tell_truth(at_s, stamp_of(sample))
        match sample:
            case LostFrame():
                self.counters.lost("frames")
            case Frame(image=rgb):
                if self._compressed is not None:
                    self._compressed.publish(rgb_to_compressed(rgb, header, self.parameters.jpeg_quality))
                if self._image is not None:
                    self._image.publish(rgb_to_image(rgb, header))
                self._camera_info.publish(camera_info(header, rgb.shape, self._recording.intrinsics))
                self.counters.count("frames")
            case AudioBlock():
                self._audio.publish(block_to_chunk(sample, header))
                self.counters.count("audio chunks")
            case PoseSample():
                header.frame_id = self.parameters.world_frame
                self._pose.publish(convert.pose_to_message(sample, header))
                self.counters.count("poses")
            case Narration(start_s=start_s, stop_s=stop_s):
                moved_s = stamp_s - start_s
                moved = replace(sample, start_s=stamp_s, stop_s=None if stop_s is None else stop_s + moved_s)
                self._narration.publish(convert.narration_to_message(moved, header.frame_id))
                self.counters.count("narrations")
            case _:
                self.counters.count("samples of other streams, not published")

    def _tell_truth(self, at_s: float, recorded_s: float) -> None:
        """Publishes what is true by now. at_s, recorded_s: the time since the playing began, and in the recording."""
        if at_s - recorded_s > self._round_s:  # a new round
            self._round_s, self._untold = at_s - recorded_s, list(self._recording.truth)
        while self._untold and self._untold[0].stamp_s <= recorded_s:
            self._publish_truth(self._untold.pop(0))

    def _publish_truth(self, truth: Truth) -> None:
        start_s = self._began_s + self._round_s + (self._player.paused_s if self._clock_publisher is None else 0.0)
        frame_id = self.parameters.camera_frame
        if truth.program is not None:
            name = f"{self._recording.name} {self._round_s} {truth.stamp_s}"
            message = convert.program_to_message(
                truth.program,
                start_s,
                program_id=uuid.uuid5(TRUTH_IDS, name),
                stamp_s=start_s + truth.stamp_s,
                frame_id=frame_id,
                provenance="truth",
                validation=validate(truth.program, truth.state),
            )
            self._true_program.publish(message)
            self.counters.count("true programs")
        self._true_state.publish(convert.world_state_to_message(truth.state, start_s + truth.stamp_s, frame_id))


def camera_info(header: Header, shape: tuple[int, ...], intrinsics: Intrinsics | None) -> CameraInfo:
    """shape: height, width of the image. Without intrinsics K stays zero, which means uncalibrated."""
    message = CameraInfo(header=header, height=shape[0], width=shape[1])
    if intrinsics is not None:
        x, y = shape[1] / intrinsics.width_px, shape[0] / intrinsics.height_px
        fx, fy, cx, cy = x * intrinsics.fx, y * intrinsics.fy, x * intrinsics.cx, y * intrinsics.cy
        message.k = [fx, 0.0, cx, 0.0, fy, cy, 0.0, 0.0, 1.0]
        message.r = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
        message.p = [fx, 0.0, cx, 0.0, 0.0, fy, cy, 0.0, 0.0, 0.0, 1.0, 0.0]
        message.distortion_model, message.d = "plumb_bob", [*intrinsics.distortion, 0.0]
    return message


def main() -> int:
    return run(Source)


if __name__ == "__main__":
    sys.exit(main())

"""rosbag2 recordings (MCAP and SQLite), read without ROS."""

from __future__ import annotations

import functools
import heapq
import logging
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from rosbags.highlevel import AnyReader
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from egoprog.data.images import compressed_to_rgb, raw_to_rgb
from egoprog.data.samples import AudioBlock, Frame, ImuSample, PoseSample, Sample
from egoprog.describe.types import Narration
from egoprog.errors import FrameError, RecordingError

_log = logging.getLogger(__name__)

# Messages lie in a bag in the order of their arrival; they are put in the order of their stamps within this window.
_REORDER_S = 1.0
# A header stamp further than this from the arrival belongs to another clock, and arrival times are used instead.
_SAME_CLOCK_S = 3600.0
_MICROPHONE_RATE = 48000  # Project Aria's; a Float32MultiArray says no rate
_DEFAULT_AUDIO_RATE = 16000  # audio_capture's default, where no AudioInfo was recorded

_IMAGE_TYPES = ("sensor_msgs/msg/CompressedImage", "sensor_msgs/msg/Image")
_AUDIO_TYPES = (
    "egoprog_msgs/msg/AudioChunk",
    "audio_common_msgs/msg/AudioDataStamped",
    "audio_common_msgs/msg/AudioStamped",
    "audio_common_msgs/msg/AudioData",
)
_POSE_TYPES = (
    "geometry_msgs/msg/PoseStamped",
    "nav_msgs/msg/Odometry",
    "geometry_msgs/msg/TransformStamped",
)
_INFO_TYPE = "audio_common_msgs/msg/AudioInfo"

# Older SQLite bags carry no definitions; those that no standard set has stand here.
_DEFINITIONS = {
    "egoprog_msgs/msg/AudioChunk": (
        "std_msgs/Header header\nuint32 sample_rate\nuint8 channels\nstring encoding\nuint8[] data\n"
    ),
    "egoprog_msgs/msg/Narration": "std_msgs/Header header\nstring text\n",
    "audio_common_msgs/msg/AudioData": "uint8[] data\n",
    "audio_common_msgs/msg/AudioDataStamped": "std_msgs/Header header\naudio_common_msgs/AudioData audio\n",
    "audio_common_msgs/msg/AudioInfo": (
        "uint8 channels\nuint32 sample_rate\nstring sample_format\nuint32 bitrate\nstring coding_format\n"
    ),
}


class Bag:
    """The camera, sound, poses, inertial measurements and narrations of one bag.

    camera_topic: the image topic to read; "" for the first one, and the choice is logged.
    topics: stream name to the topic that was chosen for it.
    Raises RecordingError for a bag that can't be read or that has no camera.
    """

    def __init__(self, path: Path, camera_topic: str, warn: Callable[[str], None]) -> None:
        self.path = path
        self._warn = warn
        self._files = _bag_files(path)
        with self._opened() as reader:
            self.topics = self._choose_topics(reader, camera_topic)
            self._use_header: dict[str, bool] = {}
            self._audio_info: tuple[int, int, str] | None = None
            self._start_ns = self._find_start(reader)
            self.duration_s = max(0.0, (reader.end_time - self._start_ns) * 1e-9)
        if next((sample for sample in self.samples() if isinstance(sample, Frame)), None) is None:
            raise RecordingError(
                f"expected images on {self.topics['camera']} of {path}, got none that can be decoded"
                + (f": {self._trouble}" if self._trouble else "")
            )

    def samples(self) -> Generator[Sample, None, None]:
        """All streams in the order of their stamps; images are decoded as they are handed out."""
        waiting: list[tuple[float, int, Callable[[], Sample | None]]] = []
        latest_s, last_s = -np.inf, -np.inf
        self._trouble = ""
        self._num_broken: dict[str, int] = {}
        try:
            with self._opened() as reader:
                for number, (topic, stamp_s, decode) in enumerate(self._messages(reader)):
                    heapq.heappush(waiting, (stamp_s, number, decode))
                    latest_s = max(latest_s, stamp_s)
                    while waiting and waiting[0][0] < latest_s - _REORDER_S:
                        stamp_s, _, decode = heapq.heappop(waiting)
                        if stamp_s < last_s:
                            self._warn(f"{self.path}: left out messages over {_REORDER_S:g} s late on {topic}")
                        elif (sample := decode()) is not None:
                            last_s = stamp_s
                            yield sample
        except RecordingError as error:
            if last_s < 0 and not waiting:
                raise
            self._warn(f"{self.path} ends early: {error}")
        while waiting:
            stamp_s, _, decode = heapq.heappop(waiting)
            if stamp_s >= last_s and (sample := decode()) is not None:
                last_s = stamp_s
                yield sample
        for topic, count in self._num_broken.items():
            self._warn(f"{self.path}: left out {count} broken message(s) on {topic}; the first: {self._trouble}")

    @contextmanager
    def _opened(self) -> Iterator[AnyReader]:
        """A reader whose types include ours; what goes wrong inside becomes a RecordingError."""
        try:
            with AnyReader(self._files, default_typestore=_standard_types()) as reader:
                for message_type, fields in _standard_types().fielddefs.items():
                    if message_type not in reader.typestore.fielddefs:
                        reader.typestore.register({message_type: fields})
                yield reader
        except (RecordingError, GeneratorExit):
            raise
        except Exception as error:  # rosbags lets struct, sqlite, zstd and assertion errors of broken files through
            reason = str(error) or type(error).__name__
            raise RecordingError(
                f"expected a rosbag2 recording, got one that can't be read ({reason}): {self.path}; "
                "if its recorder was killed, `ros2 bag reindex` or `mcap recover` may mend it"
            ) from error

    def _choose_topics(self, reader: AnyReader, camera_topic: str) -> dict[str, str]:
        types = {connection.topic: connection.msgtype for connection in reader.connections if connection.msgcount}
        images = [topic for topic, kind in types.items() if kind in _IMAGE_TYPES]
        if not images:
            listed = ", ".join(f"{topic} ({kind})" for topic, kind in types.items()) or "no messages at all"
            raise RecordingError(f"expected a camera (Image or CompressedImage) in {self.path}, got {listed}")
        if camera_topic and camera_topic not in images:
            raise RecordingError(f"expected the camera topic {camera_topic} in {self.path}, got {', '.join(images)}")
        # An overlay is our own drawing on the camera's picture, recorded beside it.
        candidates = [topic for topic in images if "overlay" not in topic] or images
        chosen = {"camera": camera_topic or candidates[0]}
        if len(images) > 1 and not camera_topic:
            _log.warning("%s: reading the camera topic %s of %s", self.path, chosen["camera"], ", ".join(images))
        for topic, kind in types.items():
            is_microphone = kind == "std_msgs/msg/Float32MultiArray" and any(w in topic for w in ("mic", "audio"))
            if kind in _AUDIO_TYPES or is_microphone:
                chosen.setdefault("audio", topic)
            elif kind in _POSE_TYPES:
                chosen.setdefault("pose", topic)
            elif kind == "sensor_msgs/msg/Imu":
                chosen.setdefault("imu", topic)
            elif "narration" in topic and kind in ("egoprog_msgs/msg/Narration", "std_msgs/msg/String"):
                chosen.setdefault("narration", topic)
            elif kind == _INFO_TYPE:
                chosen.setdefault("audio_info", topic)
        return chosen

    def _find_start(self, reader: AnyReader) -> int:
        """Nanoseconds of the earliest stamp among the first messages of all streams; learns the audio format too."""
        starts = []
        for stream, topic in self.topics.items():
            connections = [each for each in reader.connections if each.topic == topic]
            connection, arrival_ns, raw = next(reader.messages(connections=connections))
            message = reader.deserialize(raw, connection.msgtype)
            if stream == "audio_info":
                self._audio_info = (message.sample_rate, message.channels, message.sample_format)
                continue
            header_ns = _header_ns(message)
            is_same_clock = header_ns is not None and abs(header_ns - arrival_ns) * 1e-9 < _SAME_CLOCK_S
            self._use_header[topic] = is_same_clock
            if header_ns and not is_same_clock:
                self._warn(f"{self.path}: the stamps on {topic} are of another clock; arrival times are used instead")
            starts.append(header_ns if is_same_clock else arrival_ns)
        return min(starts)

    def _messages(self, reader: AnyReader) -> Iterator[tuple[str, float, Callable[[], Sample | None]]]:
        """Topic, stamp on the recording's clock, and what decodes the message."""
        streams = {topic: stream for stream, topic in self.topics.items() if stream != "audio_info"}
        connections = [each for each in reader.connections if each.topic in streams]
        for connection, arrival_ns, raw in reader.messages(connections=connections):
            topic = connection.topic
            try:
                message = reader.deserialize(raw, connection.msgtype)
            except Exception as error:  # a cut message may fail anywhere inside the deserialiser
                self._count_broken(topic, f"it can't be deserialised ({error or type(error).__name__})")
                continue
            stamp_ns = _header_ns(message) if self._use_header[topic] else arrival_ns
            stamp_s = max(0.0, (stamp_ns - self._start_ns) * 1e-9)

            def decode(stream: str = streams[topic], topic: str = topic, message: Any = message, at: float = stamp_s):
                try:
                    return self._decode(stream, message, at)
                except (FrameError, ValueError) as error:
                    self._count_broken(topic, str(error))
                    return None

            yield topic, stamp_s, decode

    def _count_broken(self, topic: str, reason: str) -> None:
        self._trouble = self._trouble or reason
        self._num_broken[topic] = self._num_broken.get(topic, 0) + 1

    def _decode(self, stream: str, message: Any, stamp_s: float) -> Sample | None:
        match stream:
            case "camera" if hasattr(message, "encoding"):
                size = (message.width, message.height, message.step)
                return Frame(stamp_s, raw_to_rgb(message.data, message.encoding, *size))
            case "camera":
                return Frame(stamp_s, compressed_to_rgb(message.data))
            case "audio":
                return AudioBlock(stamp_s, *self._decode_audio(message))
            case "pose":
                return PoseSample(stamp_s, *_pose_fields(message))
            case "imu":
                turning, pushing = message.angular_velocity, message.linear_acceleration
                return ImuSample(stamp_s, (turning.x, turning.y, turning.z), (pushing.x, pushing.y, pushing.z))
            case _:
                text = getattr(message, "text", None) or getattr(message, "data", "")
                return Narration(text, stamp_s) if text.strip() else None

    def _decode_audio(self, message: Any) -> tuple[int, np.ndarray]:
        """Sample rate and (N, C) float32, by the message's type."""
        match message.__msgtype__:
            case "egoprog_msgs/msg/AudioChunk":
                return message.sample_rate, pcm_to_float(message.data, message.encoding, message.channels)
            case "audio_common_msgs/msg/AudioStamped":  # mgonzs13/audio_common
                info, data = message.audio.info, message.audio.audio_data
                for name, scale in (("int16_data", 2**15), ("float32_data", 1), ("int32_data", 2**31)):
                    values = getattr(data, name)
                    if len(values):
                        samples = np.asarray(values, np.float32) / np.float32(scale)
                        return info.rate, _in_channels(samples, info.channels)
                raise ValueError("expected 16 or 32 bit integers or floats in an AudioStamped, got none of them")
            case "std_msgs/msg/Float32MultiArray":
                sizes = [each.size for each in message.layout.dim]
                num_channels = sizes[-1] if len(sizes) > 1 else 1
                return _MICROPHONE_RATE, _in_channels(np.asarray(message.data, np.float32), num_channels)
            case _:  # ros-drivers/audio_common: AudioData and AudioDataStamped
                rate, num_channels, encoding = self._audio_info or (_DEFAULT_AUDIO_RATE, 1, "S16LE")
                return rate, pcm_to_float(getattr(message, "audio", message).data, encoding, num_channels)


def pcm_to_float(data: np.ndarray, encoding: str, num_channels: int) -> np.ndarray:
    """(N, C) float32 from interleaved bytes, (M,) uint8. encoding: "S16LE" or "F32LE"; ValueError for another."""
    data = np.ascontiguousarray(data, np.uint8)
    if encoding == "S16LE" and data.size % 2 == 0:
        return _in_channels(data.view("<i2").astype(np.float32) / np.float32(2**15), num_channels)
    if encoding == "F32LE" and data.size % 4 == 0:
        return _in_channels(data.view("<f4").astype(np.float32), num_channels)
    raise ValueError(f"expected whole samples in S16LE or F32LE, got {data.size} bytes of {encoding!r}")


def _in_channels(samples: np.ndarray, num_channels: int) -> np.ndarray:
    if num_channels < 1 or samples.size % num_channels:
        raise ValueError(f"expected whole samples of {num_channels} channels, got {samples.size} values")
    return samples.reshape(-1, num_channels)


def _pose_fields(message: Any) -> tuple[tuple[float, float, float], tuple[float, float, float, float]]:
    if hasattr(message, "transform"):
        place, turn = message.transform.translation, message.transform.rotation
    else:
        pose = message.pose.pose if hasattr(message.pose, "pose") else message.pose
        place, turn = pose.position, pose.orientation
    return (place.x, place.y, place.z), (turn.x, turn.y, turn.z, turn.w)


def _header_ns(message: Any) -> int | None:
    """Nanoseconds of the header's stamp; None where there is no header or it was left at zero."""
    stamp = getattr(getattr(message, "header", None), "stamp", None)
    return (stamp.sec * 10**9 + stamp.nanosec) or None if stamp is not None else None


def _bag_files(path: Path) -> list[Path]:
    """What to hand to rosbags: a folder with metadata, a bare file, or the files of a folder that lost its metadata."""
    if path.is_file() or (path / "metadata.yaml").exists():
        return [path]
    return sorted(path.glob("*.mcap")) or sorted(path.glob("*.db3"))


@functools.cache
def _standard_types() -> Any:
    store = get_typestore(Stores.ROS2_JAZZY)
    for name, text in _DEFINITIONS.items():
        store.register(get_types_from_msg(text, name))
    return store

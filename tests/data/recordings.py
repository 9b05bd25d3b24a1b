"""Small recordings, made where a test needs them."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

RATE_HZ = 20
AUDIO_RATE = 24000
SIZE = (48, 64)


def numbered_image(index: int) -> np.ndarray:
    """(48, 64, 3): red rises with the index; the upper left corner is blue, so that its turning shows."""
    image = np.full((*SIZE, 3), (10 * (index % 20) + 20, 60, 60), np.uint8)
    image[:16, :16] = (0, 0, 255)
    return image


def write_video(path: Path, num_frames: int = 40, sound: np.ndarray | None = None, front: bool = False) -> Path:
    """An MPEG-4 video at 20 Hz. sound: (N,) mono at 24 kHz. front: the index stands before the data."""
    options = {"movflags": "faststart"} if front else {}
    with av.open(str(path), "w", options=options) as container:
        video = container.add_stream("mpeg4", rate=RATE_HZ)
        video.height, video.width = SIZE
        video.pix_fmt = "yuv420p"
        video.time_base = Fraction(1, RATE_HZ)
        audio = container.add_stream("aac", rate=AUDIO_RATE, layout="mono") if sound is not None else None
        for index in range(num_frames):
            frame = av.VideoFrame.from_ndarray(numbered_image(index), format="rgb24")
            frame.pts = index
            container.mux(video.encode(frame))
        container.mux(video.encode())
        if audio is not None:
            frame = av.AudioFrame.from_ndarray(sound[None].astype(np.float32), format="fltp", layout="mono")
            frame.sample_rate = AUDIO_RATE
            frame.pts = 0
            container.mux(audio.encode(frame))
            container.mux(audio.encode())
    return path


def bag_types():
    """Jazzy's types with those of this project that a bag may carry."""
    store = get_typestore(Stores.ROS2_JAZZY)
    header = "std_msgs/Header header\n"
    for name, text in {
        "egoprog_msgs/msg/AudioChunk": header + "uint32 sample_rate\nuint8 channels\nstring encoding\nuint8[] data\n",
        "egoprog_msgs/msg/Narration": header + "string text\n",
        "audio_common_msgs/msg/AudioData": "uint8[] data\n",
        "audio_common_msgs/msg/AudioDataStamped": header + "audio_common_msgs/AudioData audio\n",
        "audio_common_msgs/msg/AudioInfo": (
            "uint8 channels\nuint32 sample_rate\nstring sample_format\nuint32 bitrate\nstring coding_format\n"
        ),
    }.items():
        store.register(get_types_from_msg(text, name))
    return store


def header(store, stamp_ns: int):
    time = store.types["builtin_interfaces/msg/Time"](sec=stamp_ns // 10**9, nanosec=stamp_ns % 10**9)
    return store.types["std_msgs/msg/Header"](stamp=time, frame_id="camera")


def write_bag(path: Path, messages: list[tuple[str, int, object]], storage: StoragePlugin = StoragePlugin.MCAP) -> Path:
    """messages: (topic, arrival in ns, message)."""
    store = bag_types()
    with Writer(path, version=9, storage_plugin=storage) as writer:
        connections = {}
        for topic, arrival_ns, message in messages:
            if topic not in connections:
                connections[topic] = writer.add_connection(topic, message.__msgtype__, typestore=store)
            data = store.serialize_cdr(message, message.__msgtype__)
            writer.write(connections[topic], arrival_ns, data)
    return path


def image_message(store, index: int, stamp_ns: int, encoding: str = "rgb8"):
    image = numbered_image(index)
    data = image if encoding == "rgb8" else image[..., ::-1]
    return store.types["sensor_msgs/msg/Image"](
        header=header(store, stamp_ns),
        height=SIZE[0],
        width=SIZE[1],
        encoding=encoding,
        is_bigendian=0,
        step=SIZE[1] * 3,
        data=np.ascontiguousarray(data).reshape(-1),
    )

"""How many clips a processor core reads in a second: from video files by PyAV and torchcodec, and from shards.

python -m benchmarks decoding

Clips are 16 pictures over 2 s of 456x256 H.264 at 60 Hz with a key picture every 250, as EPIC-KITCHENS' small videos;
the pictures are moving textures. Processor time is counted, one thread each, so a busy machine changes little.
torchcodec is measured where it is installed (it needs FFmpeg's libraries beside it).
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from egoprog.data.epic_folder import EpicFolder
from egoprog.data.frames import VideoFrames
from egoprog.data.shards import ShardFrames, ShardKind, shard_path, write_shard

RATE_HZ = 60
LENGTH_S = 30
SIZE_PX = (256, 456)
CLIP_S = 2.0
NUM_FRAMES = 16
NUM_CLIPS = 12
VIDEO_IDS = ("P01_01", "P02_01")
KIND = ShardKind(rate_hz=30.0, short_px=256)

Read = Callable[[str, np.ndarray], np.ndarray]


def write_textures(path: Path, seed: int) -> None:
    """A view that drifts over a large picture of blurred noise, with grain."""
    rng = np.random.default_rng(seed)
    path.parent.mkdir(parents=True)
    height, width = SIZE_PX
    coarse = rng.integers(0, 256, (40, 70, 3), np.uint8)
    world = cv2.resize(coarse, (4 * width, 4 * height), interpolation=cv2.INTER_CUBIC)
    world = cv2.add(world, rng.integers(0, 30, world.shape, np.uint8))
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE_HZ, options={"preset": "veryfast", "threads": "1"})
        stream.height, stream.width, stream.pix_fmt, stream.gop_size = height, width, "yuv420p", 250
        for number in range(LENGTH_S * RATE_HZ):
            phase = number / RATE_HZ / 3
            left = int((1 + np.sin(phase + seed)) * 1.5 * width)
            top = int((1 + np.cos(1.3 * phase)) * 1.5 * height)
            picture = np.ascontiguousarray(world[top : top + height, left : left + width])
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())


def clips_a_second(read: Read, starts_s: list[float]) -> float:
    """Of processor time, every file opened before."""
    for video_id in VIDEO_IDS:
        read(video_id, np.zeros(1))
    began_s = time.process_time()
    for number, start_s in enumerate(starts_s):
        video_id = VIDEO_IDS[number % len(VIDEO_IDS)]
        read(video_id, start_s + np.arange(NUM_FRAMES) * CLIP_S / NUM_FRAMES)
    return len(starts_s) / (time.process_time() - began_s)


def torchcodec_read(folder: EpicFolder) -> Read | None:
    """None where it can't be loaded."""
    try:
        from torchcodec.decoders import VideoDecoder
    except (ImportError, RuntimeError, OSError):
        return None
    options = {"dimension_order": "NHWC", "num_ffmpeg_threads": 1}
    decoders = {video_id: VideoDecoder(str(folder.video(video_id)), **options) for video_id in VIDEO_IDS}
    return lambda video_id, stamps_s: decoders[video_id].get_frames_played_at(stamps_s.tolist()).data.numpy()


def measure() -> dict[str, Any]:
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as root:
        folder = EpicFolder(Path(root))
        for seed, video_id in enumerate(VIDEO_IDS):
            write_textures(folder.video(video_id), seed)
        videos = VideoFrames(folder)
        began_s = time.process_time()
        for video_id in VIDEO_IDS:
            write_shard(folder.root / "shards", videos, video_id, KIND)
        figures: dict[str, Any] = {
            "shards, processor s to make a minute": (time.process_time() - began_s) * 60 / LENGTH_S / len(VIDEO_IDS),
            "shards, MB a minute": _megabytes_a_minute(shard_path(folder.root / "shards", VIDEO_IDS[0])),
            "videos, MB a minute": _megabytes_a_minute(folder.video(VIDEO_IDS[0])),
        }
        shards = ShardFrames(folder.root / "shards")
        readers: dict[str, Read | None] = {
            "PyAV": videos.read,
            "torchcodec": torchcodec_read(folder),
            "shards": shards.read,
        }
        random_s = np.random.default_rng(0).uniform(0, LENGTH_S - CLIP_S, NUM_CLIPS).tolist()
        in_order_s = [CLIP_S * (number // len(VIDEO_IDS)) for number in range(NUM_CLIPS)]
        for name, read in readers.items():
            for order, starts_s in (("at random", random_s), ("in order", in_order_s)):
                rate = clips_a_second(read, starts_s) if read else "not installed"
                figures[f"{name}, clips/s {order}"] = rate
        figures["shards to PyAV, at random"] = figures["shards, clips/s at random"] / figures["PyAV, clips/s at random"]
        if readers["torchcodec"]:
            stamps_s = np.array(random_s) + 0.1 / RATE_HZ
            pairs = zip(videos.read(VIDEO_IDS[0], stamps_s), readers["torchcodec"](VIDEO_IDS[0], stamps_s), strict=True)
            apart = [np.abs(ours.astype(int) - theirs).mean() for ours, theirs in pairs]
            figures["PyAV and torchcodec, mean difference of 255"] = float(np.max(apart))
    return figures


def _megabytes_a_minute(path: Path) -> float:
    return path.stat().st_size / 1e6 * 60 / LENGTH_S

"""The overlay video of a run: the frames that `visualiser` published, at their own stamps, with the run's sound."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from egoprog.errors import RecordingError
from egoprog.report.run import messages, open_bag, seconds

TIME_BASE = Fraction(1, 90_000)
MAX_SIDE = 960  # pixels; a page shows no more, and a headset's 1408 x 1408 would quadruple the file


def write_overlay_video(bag: Path, path: Path) -> int:
    """Encodes the overlay frames of a bag as H.264, with sound where the bag has any; returns the number of frames.

    Raises RecordingError if the bag holds no overlay frame.
    """
    with open_bag(bag) as reader:
        first = next((m for _, _, m in messages(reader, "overlay/compressed")), None)
        if first is None:
            raise RecordingError(f"expected overlay frames in {bag}, got none; was `visualiser` running?")
        origin_s = seconds(first.header.stamp)
        size = encoded_size(decode(first))
        audio = next((m for _, _, m in messages(reader, "audio")), None)
        partial = path.with_suffix(".partial.mp4")
        with av.open(partial, "w", options={"movflags": "+faststart"}) as container:
            video_stream = container.add_stream("libx264", rate=30, options={"crf": "23", "preset": "veryfast"})
            video_stream.width, video_stream.height = size
            video_stream.pix_fmt = "yuv420p"
            video_stream.codec_context.time_base = TIME_BASE
            audio_stream = None
            if audio is not None:
                audio_stream = container.add_stream("aac", rate=48_000, layout="mono")
            resampler = av.AudioResampler(format="fltp", layout="mono", rate=48_000)
            num_frames, last_pts = 0, -1
            for topic, _, message in messages(reader, "overlay/compressed", "audio"):
                start_s = seconds(message.header.stamp) - origin_s
                if topic == "audio":
                    if audio_stream is None or start_s < 0:
                        continue
                    block = audio_frame(message)
                    block.pts = round(start_s * message.sample_rate)
                    for resampled in resampler.resample(block):
                        container.mux(audio_stream.encode(resampled))
                    continue
                pts = round(start_s / TIME_BASE)
                if pts <= last_pts:
                    continue
                frame = av.VideoFrame.from_ndarray(cv2.resize(decode(message), size), format="rgb24")
                frame.pts, frame.time_base = pts, TIME_BASE
                container.mux(video_stream.encode(frame))
                num_frames, last_pts = num_frames + 1, pts
            container.mux(video_stream.encode(None))
            if audio_stream is not None:
                container.mux(audio_stream.encode(None))
    partial.replace(path)
    return num_frames


def decode(message: Any) -> np.ndarray:
    """(H, W, 3) uint8 RGB of a compressed image."""
    return cv2.cvtColor(cv2.imdecode(np.asarray(message.data, np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def encoded_size(image: np.ndarray) -> tuple[int, int]:
    """(width, height) of the video: even, as 4:2:0 wants, and at most MAX_SIDE."""
    height, width = image.shape[:2]
    scale = min(1.0, MAX_SIDE / max(height, width))
    return max(2, int(width * scale) // 2 * 2), max(2, int(height * scale) // 2 * 2)


def audio_frame(message: Any) -> av.AudioFrame:
    """One AudioChunk as mono float."""
    dtype = np.dtype("<i2") if message.encoding == "S16LE" else np.dtype("<f4")
    samples = np.frombuffer(np.asarray(message.data, np.uint8).tobytes(), dtype).astype(np.float32)
    if message.encoding == "S16LE":
        samples /= 32768.0
    mono = samples.reshape(-1, message.channels).mean(axis=1, dtype=np.float32)
    frame = av.AudioFrame.from_ndarray(mono[None], format="fltp", layout="mono")
    frame.sample_rate = message.sample_rate
    frame.time_base = Fraction(1, message.sample_rate)
    return frame

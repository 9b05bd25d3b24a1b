"""The overlay video of a run: the frames that `visualiser` published, at their own stamps, with the run's sound.

Where the recording knew what was really done, a strip below each frame says so: `visualiser` itself is never told.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from egoprog.errors import RecordingError
from egoprog.live.overlay import Seen, strip
from egoprog.report.recognition import Key, Told, label, latest
from egoprog.report.run import Run, first_camera_stamp, messages, open_bag, seconds

TIME_BASE = Fraction(1, 90_000)
MAX_SIDE = 960  # pixels; a page shows no more, and a headset's 1408 x 1408 would quadruple the file


def write_overlay_video(bag: Path, path: Path, run: Run | None = None) -> int:
    """Encodes the overlay frames of a bag as H.264, with sound where the bag has any; returns the number of frames.

    run: what the bag holds, for the strip with what was really done; None for no strip.
    Raises RecordingError if the bag holds no overlay frame.
    """
    with open_bag(bag) as reader:
        first = next((m for _, _, m in messages(reader, "overlay/compressed")), None)
        if first is None:
            raise RecordingError(f"expected overlay frames in {bag}, got none; was `visualiser` running?")
        origin_s = seconds(first.header.stamp)
        begun_s = origin_s - first_camera_stamp(reader)  # on the run's clock
        size = encoded_size(with_truth(decode(first), run, begun_s))
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
                picture = with_truth(decode(message), run, begun_s + start_s)
                frame = av.VideoFrame.from_ndarray(cv2.resize(picture, size), format="rgb24")
                frame.pts, frame.time_base = pts, TIME_BASE
                container.mux(video_stream.encode(frame))
                num_frames, last_pts = num_frames + 1, pts
            container.mux(video_stream.encode(None))
            if audio_stream is not None:
                container.mux(audio_stream.encode(None))
    partial.replace(path)
    return num_frames


def with_truth(picture: np.ndarray, run: Run | None, at_s: float) -> np.ndarray:
    """The picture with a strip below: what was done at that time of the run, and what came next.

    Green where the network said the same then, red where it said something else. As it was for a run without truth.
    """
    actions = run.actions if run is not None else []
    if not actions:
        return picture
    now = next((key for start_s, stop_s, key in actions if start_s <= at_s <= stop_s), None)
    following = next((key for start_s, _, key in actions if start_s > at_s), None)
    below = strip(
        picture.shape[1],
        "truth",
        _judged(now, latest(run.present, at_s)),
        _judged(following, latest(run.coming, at_s)),
    )
    return np.concatenate([picture, below])


def _judged(key: Key | None, said: Told | None) -> Seen | None:
    return None if key is None else Seen(label(key), is_right=None if said is None else said.key == key)


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

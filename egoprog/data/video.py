"""Video files and folders of frames. Sound and pictures are decoded side by side, as they are asked for."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Generator
from pathlib import Path

import cv2
import numpy as np

from egoprog.data.samples import AudioBlock, Frame
from egoprog.errors import RecordingError

try:
    import av
except ImportError:  # told when a video is opened; a graph with a camera needs none
    av = None

BLOCK_S = 0.1
IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png")
# A decoder may end a few frames before the container's duration without anything being amiss.
_EARLY_END_S = 0.5


class VideoFile:
    """The pictures of a video file, upright, stamped with their presentation times.

    duration_s: the file's own word, 0 if it gives none. has_audio: whether `AudioFile` would find sound in it.
    """

    def __init__(self, path: Path, warn: Callable[[str], None]) -> None:
        self.path = path
        self._warn = warn
        with _open(path) as container:
            if not container.streams.video:
                raise RecordingError(f"expected a video, got a file without pictures: {path}")
            self.has_audio = bool(container.streams.audio)
            self.duration_s = (container.duration or 0) / av.time_base
            rate = container.streams.video[0].average_rate
            self.rate_hz = float(rate) if rate else 30.0
        if next(self.samples(), None) is None:
            raise RecordingError(f"expected a video with pictures, got none that decodes: {path}")

    def samples(self) -> Generator[Frame, None, None]:
        """Frames until the end, or until the file is broken, which is said as a warning."""
        stamp_s = -1.0
        trouble = ""
        with _open(self.path) as container:
            start_s = (container.start_time or 0) / av.time_base
            stream = container.streams.video[0]
            stream.thread_type = "AUTO"
            try:
                for frame in container.decode(stream):
                    # A frame without a time, or one before its predecessor, is placed one period later.
                    time_s = frame.time - start_s if frame.time is not None else stamp_s + 1.0 / self.rate_hz
                    stamp_s = max(time_s, 0.0) if time_s > stamp_s else stamp_s + 1.0 / self.rate_hz
                    image = frame.to_ndarray(format="rgb24")
                    if frame.rotation % 360:
                        image = np.ascontiguousarray(np.rot90(image, frame.rotation // 90))
                    yield Frame(stamp_s, image)
            except av.FFmpegError as error:
                trouble = f" ({error.strerror})"
        if stamp_s >= 0 and (trouble or stamp_s + 1.0 / self.rate_hz < self.duration_s - _EARLY_END_S):
            self._warn(
                f"{self.path} ends early: its pictures stop at {stamp_s:.2f} of {self.duration_s:.2f} s{trouble}"
            )


class AudioFile:
    """The sound of a video or audio file in blocks of 0.1 s at its own rate, all channels."""

    def __init__(self, path: Path, warn: Callable[[str], None]) -> None:
        self.path = path
        self._warn = warn
        with _open(path) as container:
            if not container.streams.audio:
                raise RecordingError(f"expected a file with sound, got one without: {path}")
            self.duration_s = (container.duration or 0) / av.time_base

    def samples(self) -> Generator[AudioBlock, None, None]:
        pending = np.zeros((0, 1), np.float32)
        pending_s = 0.0
        with _open(self.path) as container:
            start_s = (container.start_time or 0) / av.time_base
            stream = container.streams.audio[0]
            rate = stream.codec_context.sample_rate
            block = max(1, round(BLOCK_S * rate))
            resampler = av.AudioResampler(format="flt")
            try:
                for encoded in container.decode(stream):
                    stamp_s = encoded.time - start_s if encoded.time is not None else None
                    for frame in resampler.resample(encoded):
                        samples = frame.to_ndarray().reshape(-1, frame.layout.nb_channels)
                        expected_s = pending_s + len(pending) / rate
                        # A gap in the sound starts a new block: stamps are those of the first sample.
                        is_gap = stamp_s is not None and abs(stamp_s - expected_s) > BLOCK_S / 2
                        if len(pending) and (is_gap or samples.shape[1] != pending.shape[1]):
                            yield AudioBlock(pending_s, rate, pending)
                            pending = pending[:0]
                        if not len(pending):
                            pending, pending_s = samples, expected_s if stamp_s is None else stamp_s
                        else:
                            pending = np.concatenate((pending, samples))
                        while len(pending) >= block:
                            yield AudioBlock(pending_s, rate, pending[:block].copy())
                            pending, pending_s = pending[block:], pending_s + block / rate
            except av.FFmpegError as error:
                self._warn(f"{self.path}: its sound breaks off at {pending_s:.2f} s ({error.strerror})")
        if len(pending):
            yield AudioBlock(pending_s, rate, pending)


class FrameFolder:
    """A folder of JPEG or PNG images in the order of their names.

    Names that end in rising numbers give the frames' places ("frame_0000000080", "frame_0000000085" lie five periods
    apart); other names follow each other at one period.
    """

    def __init__(self, path: Path, rate_hz: float, warn: Callable[[str], None]) -> None:
        if not rate_hz > 0:
            raise RecordingError(f"expected frames a second above 0, got {rate_hz}")
        self.path = path
        self._warn = warn
        self._files = sorted(file for file in path.iterdir() if file.suffix.lower() in IMAGE_SUFFIXES)
        if not self._files:
            raise RecordingError(
                f"expected a folder of {', '.join(IMAGE_SUFFIXES)} files or a rosbag2 (metadata.yaml), "
                f"got neither: {path}"
            )
        numbers = [int(match[1]) for file in self._files if (match := re.search(r"(\d+)$", file.stem))]
        is_numbered = len(numbers) == len(self._files) and all(a < b for a, b in itertools.pairwise(numbers))
        places = [number - numbers[0] for number in numbers] if is_numbered else range(len(self._files))
        self._stamps_s = [place / rate_hz for place in places]
        self.duration_s = self._stamps_s[-1] + 1.0 / rate_hz
        if next(self.samples(), None) is None:
            raise RecordingError(f"expected images in {path}, got {len(self._files)} files that can't be decoded")

    def samples(self) -> Generator[Frame, None, None]:
        for stamp_s, file in zip(self._stamps_s, self._files, strict=True):
            image = cv2.imread(str(file), cv2.IMREAD_COLOR)
            if image is None:
                self._warn(f"skipped {file.name}: expected an image, got one that can't be decoded")
                continue
            yield Frame(stamp_s, cv2.cvtColor(image, cv2.COLOR_BGR2RGB))


def _open(path: Path) -> av.container.InputContainer:
    if av is None:
        raise RecordingError(f"expected the package av to read {path}, found none; pip install av")
    try:
        return av.open(str(path))
    except av.FFmpegError as error:
        size = path.stat().st_size
        raise RecordingError(
            f"expected a video or audio file, got {size} bytes that can't be read ({error.strerror}): {path}"
        ) from None

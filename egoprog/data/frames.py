"""Pictures of videos at given times, wherever they lie: video files or folders of numbered pictures.

The picture of a moment is the one that is on display then: the last whose time is not after it. So nothing that is
read shows what a later moment would.
"""

from __future__ import annotations

import bisect
import math
import os
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import av
import cv2
import numpy as np

from egoprog.data.epic import picture_rate_hz, read_video_info
from egoprog.data.epic_folder import EpicFolder
from egoprog.data.fitting import fit_frame
from egoprog.errors import RecordingError

MICROSECOND = 1e-6
"""Times that differ by less are the same: stamps are sums of decimals, a video's times are fractions."""
EARLY_END_S = 0.5
"""A moment so little after the last picture still shows it; a later one is told as an early end."""
_NUM_OPEN = 8
_LONG_WAY_S = 5.0
"""Too long to be decoded through where a seek might be quicker."""


def displayed(stamp_s: float, rate_hz: float) -> int:
    """Of evenly spaced pictures the one on display at a moment, counted from 0."""
    return math.floor((stamp_s + MICROSECOND) * rate_hz)


class FrameSource(Protocol):
    """Pictures of videos at given times."""

    def read(self, video_id: str, stamps_s: Sequence[float]) -> np.ndarray:
        """(T, H, W, 3) uint8 RGB. Raises RecordingError."""
        ...

    def read_stamped(self, video_id: str, stamps_s: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
        """As `read`, and (T,) the pictures' own times."""
        ...

    def rate_hz(self, video_id: str) -> float:
        """Pictures a second."""
        ...

    def duration_s(self, video_id: str) -> float:
        """To the end of the last picture."""
        ...


class OpenVideo:
    """A video file that stays open. rate_hz: its mean. duration_s: the file's own word.

    Raises RecordingError for a file that is no video.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._container = av.open(str(path), metadata_errors="replace")
        except (av.FFmpegError, OSError) as error:
            found = f"{path.stat().st_size} bytes that can't be read" if path.is_file() else "nothing"
            raise RecordingError(f"expected a video, found {found} ({error.strerror}): {path}") from None
        if not self._container.streams.video:
            raise RecordingError(f"expected a video, got a file without pictures: {path}")
        self._stream = self._container.streams.video[0]
        if self._stream.codec_context is None:
            raise RecordingError(f"expected a video, got one in a codec that FFmpeg doesn't know: {path}")
        self._stream.codec_context.thread_count = 1  # see _upright
        self._start_s = (self._container.start_time or 0) / av.time_base
        self.rate_hz = float(self._stream.average_rate or 30.0)
        self.duration_s = (self._container.duration or 0) / av.time_base
        # The index has decoding times, which run ahead of display by as much as the first is before the start.
        base_s = float(self._stream.time_base)
        keys_s = sorted(entry.timestamp * base_s for entry in self._stream.index_entries if entry.is_keyframe)
        self._ahead_s = self._start_s - keys_s[0] if keys_s else 0.0
        self._keys_s = [key_s + self._ahead_s - self._start_s for key_s in keys_s]
        self._shown: tuple[float, av.VideoFrame] | None = None
        self._pending: tuple[float, av.VideoFrame] | None = None
        self._decoded = self._container.decode(self._stream)

    def close(self) -> None:
        self._container.close()

    def read_stamped(self, stamps_s: Sequence[float], size_px: tuple[int, int] | None) -> tuple[np.ndarray, np.ndarray]:
        """See `FrameSource`. Moments may come in any order; those before the first picture show it."""
        images: list[np.ndarray] = [np.empty(0)] * len(stamps_s)
        shown_s = np.zeros(len(stamps_s))
        last, image = None, np.empty(0)
        for place in np.argsort(stamps_s, kind="stable"):
            try:
                shown_s[place], frame = self._show(float(stamps_s[place]))
                if frame is not last:
                    last, image = frame, _upright(frame, size_px)
            except av.FFmpegError as error:
                self._shown = None
                raise RecordingError(
                    f"expected a picture at {stamps_s[place]:.2f} s, got one that won't decode ({error.strerror}): "
                    f"{self.path}"
                ) from None
            images[place] = image
        return np.stack(images), shown_s

    def _show(self, stamp_s: float) -> tuple[float, av.VideoFrame]:
        if not self._is_ahead(stamp_s):
            self._seek(stamp_s)
        while self._shown[0] < stamp_s - MICROSECOND:
            following = self._pending or self._decode(self._shown[0])
            if following is None:
                self._check_end(stamp_s)
                break
            if following[0] > stamp_s + MICROSECOND:
                self._pending = following
                break
            self._shown, self._pending = following, None
        return self._shown

    def _is_ahead(self, stamp_s: float) -> bool:
        """Whether the way to a moment is forward, with no key picture after this one to start from."""
        if self._shown is None or stamp_s < self._shown[0] - MICROSECOND:
            return False
        if len(self._keys_s) < 2:  # an index of nothing but the start, as Matroska's at first
            return stamp_s < self._shown[0] + _LONG_WAY_S
        place = bisect.bisect_right(self._keys_s, stamp_s + MICROSECOND)
        return place == 0 or self._keys_s[place - 1] <= self._shown[0] + MICROSECOND

    def _seek(self, stamp_s: float) -> None:
        """To the key picture at or before a moment, or to the first picture."""
        back_s = 0.0
        while True:
            from_s = max(0.0, stamp_s - back_s)
            offset = math.floor((from_s + self._start_s - self._ahead_s + MICROSECOND) / self._stream.time_base)
            self._container.seek(offset, stream=self._stream, backward=True)
            self._decoded = self._container.decode(self._stream)
            self._pending = None
            self._shown = self._decode(from_s)
            if self._shown is not None and (self._shown[0] <= stamp_s + MICROSECOND or from_s == 0.0):
                return
            if from_s == 0.0:
                raise RecordingError(f"expected a video with pictures, got none that decodes: {self.path}")
            back_s = max(1.0, 2.0 * back_s)

    def _decode(self, previous_s: float) -> tuple[float, av.VideoFrame] | None:
        """The next picture, None at the end. One without a time comes a period after the one before it."""
        frame = next(self._decoded, None)
        if frame is None:
            return None
        time_s = frame.time - self._start_s if frame.time is not None else previous_s + 1.0 / self.rate_hz
        return time_s, frame

    def _check_end(self, stamp_s: float) -> None:
        end_s = self._shown[0] + 1.0 / self.rate_hz
        if stamp_s > end_s + EARLY_END_S:
            raise RecordingError(
                f"expected a picture at {stamp_s:.2f} s, got a video whose pictures end at {end_s:.2f} s: {self.path}"
            )


def _upright(frame: av.VideoFrame, size_px: tuple[int, int] | None) -> np.ndarray:
    # No threads: after a fork they would be missing, and letting go of what was inherited would wait for them for ever.
    image = frame.to_ndarray(format="rgb24", threads=1)
    if frame.rotation % 360:
        image = np.ascontiguousarray(np.rot90(image, frame.rotation // 90))
    return image if size_px is None else fit_frame(image, size_px)


class NumberedFrames:
    """A folder of pictures that are numbered from 1: "frame_0000000001.jpg". Raises RecordingError for one without.

    Pictures that are missing are those before them, as where only every fifth was kept.
    """

    def __init__(self, path: Path, rate_hz: float) -> None:
        self.path = path
        self.rate_hz = rate_hz
        numbered = []
        for file in path.iterdir() if path.is_dir() else ():
            digits = file.stem.rpartition("_")[2]
            if file.suffix.lower() in (".jpg", ".jpeg", ".png") and digits.isdecimal():
                numbered.append((int(digits), file))
        if not numbered:
            raise RecordingError(f"expected pictures like frame_0000000001.jpg, found none in {path}")
        numbered.sort()
        self._numbers = [number for number, _ in numbered]
        self._files = [file for _, file in numbered]
        self.duration_s = self._numbers[-1] / rate_hz

    def close(self) -> None:
        """Nothing is open between calls."""

    def read_stamped(self, stamps_s: Sequence[float], size_px: tuple[int, int] | None) -> tuple[np.ndarray, np.ndarray]:
        """See `FrameSource`."""
        images: dict[int, np.ndarray] = {}
        places = [self._place(stamp_s) for stamp_s in stamps_s]
        for place in set(places):
            image = cv2.imread(str(self._files[place]), cv2.IMREAD_COLOR_RGB)
            if image is None:
                raise RecordingError(f"expected a picture, got one that can't be decoded: {self._files[place]}")
            images[place] = image if size_px is None else fit_frame(image, size_px)
        shown_s = np.array([(self._numbers[place] - 1) / self.rate_hz for place in places])
        return np.stack([images[place] for place in places]), shown_s

    def _place(self, stamp_s: float) -> int:
        if stamp_s > self.duration_s + EARLY_END_S:
            raise RecordingError(
                f"expected a picture at {stamp_s:.2f} s, got pictures that end at {self.duration_s:.2f} s: {self.path}"
            )
        number = displayed(stamp_s, self.rate_hz) + 1
        return max(0, bisect.bisect_right(self._numbers, number) - 1)


class VideoFrames:
    """The pictures of a dataset's videos: PXX/videos/ID.mp4, or else the folder PXX/rgb_frames/ID.

    size_px: (height, width) that pictures are fitted to as they are read, see `fit_frame`; None for their own.
    A few videos stay open; after a fork, or on the way to another process, each opens its own.
    """

    def __init__(self, folder: EpicFolder, size_px: tuple[int, int] | None = None) -> None:
        self.folder = folder
        self.size_px = size_px
        self._info = read_video_info(folder.video_info) if folder.video_info.is_file() else {}
        self._open: OrderedDict[str, OpenVideo | NumberedFrames] = OrderedDict()
        self._process = os.getpid()

    def read(self, video_id: str, stamps_s: Sequence[float]) -> np.ndarray:
        return self.read_stamped(video_id, stamps_s)[0]

    def read_stamped(self, video_id: str, stamps_s: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
        return self._video(video_id).read_stamped(stamps_s, self.size_px)

    def rate_hz(self, video_id: str) -> float:
        return self._video(video_id).rate_hz

    def duration_s(self, video_id: str) -> float:
        return self._video(video_id).duration_s

    def video_ids(self) -> list[str]:
        """Of all videos that are there."""
        videos = {path.stem for path in self.folder.root.glob("*/videos/*.mp4")}
        return sorted(videos | {path.name for path in self.folder.root.glob("*/rgb_frames/*/")})

    def num_bytes(self, video_id: str) -> int:
        """Of the file, or of all pictures in a folder."""
        path = self._video(video_id).path
        return sum(file.stat().st_size for file in path.iterdir()) if path.is_dir() else path.stat().st_size

    def __getstate__(self) -> dict:
        return {**self.__dict__, "_open": OrderedDict()}

    def _video(self, video_id: str) -> OpenVideo | NumberedFrames:
        if self._process != os.getpid():  # a fork shares its parent's place in every file
            self._open, self._process = OrderedDict(), os.getpid()
        if video_id not in self._open:
            if len(self._open) >= _NUM_OPEN:
                self._open.popitem(last=False)[1].close()
            self._open[video_id] = self._opened(video_id)
        self._open.move_to_end(video_id)
        return self._open[video_id]

    def _opened(self, video_id: str) -> OpenVideo | NumberedFrames:
        path, pictures = self.folder.video(video_id), self.folder.pictures(video_id)
        if path.is_file() or not pictures.is_dir():
            return OpenVideo(path)
        return NumberedFrames(pictures, picture_rate_hz(video_id, self._info.get(video_id)))

"""Pictures of a video made ready: small, at a fixed rate, each by itself, so that any of them is read in one step.

A shard is a ZIP file without compression, PXX/ID.zip. It holds shard.json ({"schema", "video_id", "rate_hz",
"num_pictures", "short_px", "quality", "source_bytes"}) and frame_0000000001.jpg ... as EPIC-KITCHENS numbers them:
picture k is what the video shows at (k - 1) / rate_hz seconds. Any tool for ZIP files opens it.
"""

from __future__ import annotations

import dataclasses
import json
import math
import mmap
import struct
import zipfile
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from egoprog.data.atomic import atomic
from egoprog.data.fitting import fit_frame, resize
from egoprog.data.frames import EARLY_END_S, MICROSECOND, VideoFrames, displayed
from egoprog.errors import RecordingError

SCHEMA = 1
_NUM_OPEN = 64
_CHUNK = 64
"""Pictures that are read at a time while a shard is made."""
_HEADER_BYTES = 30


@dataclass(frozen=True)
class ShardKind:
    """How pictures are kept. rate_hz: that of the video where it is lower. short_px: of the short side; a smaller
    picture stays as it is. quality: JPEG's.
    """

    rate_hz: float = 10.0
    short_px: int = 256
    quality: int = 92


def shard_path(root: Path, video_id: str) -> Path:
    return root / video_id.partition("_")[0] / f"{video_id}.zip"


def write_shard(root: Path, frames: VideoFrames, video_id: str, kind: ShardKind) -> bool:
    """Makes the shard of a video if it is not there yet, whole or not at all; returns whether it was made.

    One of another kind, or of a video that has changed, is made anew. A video that ends early is kept up to its end.
    Raises RecordingError for a video that can't be read, or where nothing can be written.
    """
    path = shard_path(root, video_id)
    about = {
        "schema": SCHEMA,
        "video_id": video_id,
        **dataclasses.asdict(kind),
        "rate_hz": min(kind.rate_hz, frames.rate_hz(video_id)),
        "source_bytes": frames.num_bytes(video_id),
    }
    if _about(path, about):
        return False
    num_pictures = 0
    with atomic(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as file:
        for picture in _pictures(frames, video_id, about["rate_hz"]):
            num_pictures += 1
            file.writestr(f"frame_{num_pictures:010d}.jpg", _jpeg(picture, kind))
        if not num_pictures:
            raise RecordingError(f"expected a video with pictures, got none that decodes: {video_id}")
        file.writestr("shard.json", json.dumps(about | {"num_pictures": num_pictures}))
    return True


def _about(path: Path, expected: dict) -> bool:
    """Whether a shard is there that was made in this way."""
    try:
        with zipfile.ZipFile(path) as file:
            about = json.loads(file.read("shard.json"))
    except (OSError, zipfile.BadZipFile, KeyError, ValueError):
        return False
    return all(about.get(name) == value for name, value in expected.items())


def _pictures(frames: VideoFrames, video_id: str, rate_hz: float) -> Iterator[np.ndarray]:
    """Up to the end that the video says, or to where it breaks."""
    num_pictures = max(1, math.ceil(frames.duration_s(video_id) * rate_hz - MICROSECOND))
    for first in range(0, num_pictures, _CHUNK):
        stamps_s = np.arange(first, min(first + _CHUNK, num_pictures)) / rate_hz
        try:
            yield from frames.read(video_id, stamps_s)
        except RecordingError:
            for stamp_s in stamps_s:
                try:
                    yield frames.read(video_id, [stamp_s])[0]
                except RecordingError:
                    return


def _jpeg(picture: np.ndarray, kind: ShardKind) -> bytes:
    scale = kind.short_px / min(picture.shape[:2])
    if scale < 1.0:
        picture = resize(picture, (round(picture.shape[0] * scale), round(picture.shape[1] * scale)))
    is_made, data = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, kind.quality])
    if not is_made:
        raise RecordingError(f"expected a picture to encode, got one of shape {picture.shape}")
    return data.tobytes()


class ShardFrames:
    """Pictures of videos from their shards: a `FrameSource`.

    size_px: (height, width) that pictures are fitted to, see `fit_frame`; None for their own.
    """

    def __init__(self, root: str | Path, size_px: tuple[int, int] | None = None) -> None:
        self.root = Path(root)
        self.size_px = size_px
        self._open: OrderedDict[str, _Shard] = OrderedDict()

    def read(self, video_id: str, stamps_s: Sequence[float]) -> np.ndarray:
        return self.read_stamped(video_id, stamps_s)[0]

    def read_stamped(self, video_id: str, stamps_s: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
        shard = self._shard(video_id)
        places = [shard.place(stamp_s) for stamp_s in stamps_s]
        images = {place: shard.picture(place) for place in set(places)}
        if self.size_px is not None:
            images = {place: fit_frame(image, self.size_px) for place, image in images.items()}
        return np.stack([images[place] for place in places]), np.array(places) / shard.rate_hz

    def rate_hz(self, video_id: str) -> float:
        return self._shard(video_id).rate_hz

    def duration_s(self, video_id: str) -> float:
        return self._shard(video_id).duration_s

    def __getstate__(self) -> dict:
        return {**self.__dict__, "_open": OrderedDict()}

    def _shard(self, video_id: str) -> _Shard:
        if video_id not in self._open:
            if len(self._open) >= _NUM_OPEN:
                self._open.popitem(last=False)
            self._open[video_id] = _Shard(shard_path(self.root, video_id))
        self._open.move_to_end(video_id)
        return self._open[video_id]


class _Shard:
    """Mapped into memory, so that processes share it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with zipfile.ZipFile(path) as file:
                about = json.loads(file.read("shard.json"))
                self.rate_hz = float(about["rate_hz"])
                self._places = [
                    (info.header_offset, info.file_size) for info in file.infolist() if info.filename.endswith(".jpg")
                ]
            with path.open("rb") as file:
                self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, zipfile.BadZipFile, KeyError, ValueError, TypeError) as error:
            reason = getattr(error, "strerror", None) or error
            raise RecordingError(
                f"expected a shard of pictures, got {reason}: {path}; make it with  python -m training.shards"
            ) from None
        self.duration_s = len(self._places) / self.rate_hz

    def place(self, stamp_s: float) -> int:
        """Of the picture on display at a moment, counted from 0."""
        if stamp_s > self.duration_s + EARLY_END_S:
            raise RecordingError(
                f"expected a picture at {stamp_s:.2f} s, got pictures that end at {self.duration_s:.2f} s: {self.path}"
            )
        return min(max(0, displayed(stamp_s, self.rate_hz)), len(self._places) - 1)

    def picture(self, place: int) -> np.ndarray:
        header, num_bytes = self._places[place]
        name_bytes, extra_bytes = struct.unpack_from("<HH", self._bytes, header + _HEADER_BYTES - 4)
        first = header + _HEADER_BYTES + name_bytes + extra_bytes
        data = np.frombuffer(self._bytes, np.uint8, num_bytes, first)
        image = cv2.imdecode(data, cv2.IMREAD_COLOR_RGB)
        if image is None:
            raise RecordingError(
                f"expected a picture, got one that can't be decoded: number {place + 1} of {self.path}"
            )
        return image

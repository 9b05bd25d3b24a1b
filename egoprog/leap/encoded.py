"""Frames that a frozen frame encoder has seen once, so that many trainings of what fuses them need not repeat it.

A folder: encoded.json (the encoder's configuration and hash, the rate), and of each video ID.tokens.npy, (N, G, L, C)
int8, with ID.scales.npy, (N, G, L, 1) float16: a token is its bytes times its scale, which costs under 1% of its size.
Below it mirrored/, the same of the videos seen in a mirror, where they were asked for.

Shapes: T frames, G global layers, L tokens of a frame (class token first), C width, n context clips.
"""

from __future__ import annotations

import hashlib
import json
import logging
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset
from tqdm import tqdm

from egoprog.data.atomic import atomic
from egoprog.data.clips import ClipItem, ClipSpan
from egoprog.data.epic import Action
from egoprog.data.fitting import normalised
from egoprog.data.frames import FrameSource
from egoprog.errors import InputError, ModelError
from egoprog.leap.augment import mirrored
from egoprog.leap.config import LeapConfig, UniFormerConfig, to_json
from egoprog.leap.dataset import TargetsOf
from egoprog.leap.sampling import frame_stamps
from egoprog.leap.uniformer import UniFormerV2

log = logging.getLogger(__name__)
_MANIFEST = "encoded.json"
DONE_NAME = "done.json"
"""Is there when a dataset's videos are all encoded."""
MIRRORED_NAME = "mirrored"
Encode = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""Frames (B, 3, H, W), normalised, to tokens (B, G, L, C)."""
_MOST = 127
_AT_ONCE = 32


class EncodedFrames:
    """The tokens of the frames of videos, at one rate. Raises ModelError for a folder without them."""

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root)
        try:
            manifest = json.loads((self.root / _MANIFEST).read_text(encoding="utf-8"))
            self._rate_hz = float(manifest["rate_hz"])
            self.encoder = str(manifest["encoder"])
        except (OSError, ValueError, KeyError) as error:
            raise ModelError(
                f"expected encoded frames in {self.root}, got {error}; make them with  python -m training.encode"
            ) from None
        self._open: dict[str, tuple[NDArray[np.int8], NDArray[np.float16]]] = {}

    def mirrored(self) -> EncodedFrames | None:
        """The same videos in a mirror, None where they were not encoded."""
        root = self.root / MIRRORED_NAME
        return EncodedFrames(root) if root.is_dir() else None

    def rate_hz(self, video_id: str) -> float:
        """The same for all videos."""
        return self._rate_hz

    def has(self, video_id: str) -> bool:
        return (self.root / f"{video_id}.scales.npy").is_file()

    def read(self, video_id: str, stamps_s: Sequence[float]) -> NDArray[np.float32]:
        """(T, G, L, C) of the frames nearest to these times. Raises InputError for a video that is not there."""
        if video_id not in self._open:
            if not self.has(video_id):
                raise InputError(f"expected encoded frames of {video_id}, found none in {self.root}")
            names = (f"{video_id}.{part}.npy" for part in ("tokens", "scales"))
            self._open[video_id] = tuple(np.load(self.root / name, mmap_mode="r") for name in names)
        tokens, scales = self._open[video_id]
        places = np.clip(np.rint(np.asarray(stamps_s) * self._rate_hz).astype(int), 0, len(tokens) - 1)
        return tokens[places].astype(np.float32) * scales[places]

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_open": {}}


def encode_videos(
    backbone: UniFormerV2,
    source: FrameSource,
    video_ids: Iterable[str],
    out: str | Path,
    rate_hz: float,
    encode: Encode | None = None,
    is_mirrored: bool = False,
) -> EncodedFrames:
    """Encodes what is not there yet. source: gives frames of the backbone's size, see `data.frames.VideoFrames`.

    encode: what the backbone would say of frames, from a faster runtime; None runs it in PyTorch. is_mirrored: frames
    are mirrored first.
    A video that can't be read to its end is left out, and logged. Raises ModelError where the folder holds the frames
    of another encoder.
    """
    out = Path(out)
    wanted = {"encoder": encoder_hash(backbone), "rate_hz": rate_hz, "config": json.loads(to_json(backbone.config))}
    manifest = out / _MANIFEST
    if manifest.is_file():
        known = EncodedFrames(out)
        if (known.encoder, known._rate_hz) != (wanted["encoder"], rate_hz):
            raise ModelError(f"{out} holds the frames of another encoder or at another rate; encode to another folder")
    else:
        out.mkdir(parents=True, exist_ok=True)
        with atomic(manifest) as temporary:
            temporary.write_text(json.dumps(wanted, indent=1) + "\n", encoding="utf-8")
    encoded = EncodedFrames(out)
    read = _Reading(source, backbone.config, is_mirrored)
    left = [video_id for video_id in video_ids if not encoded.has(video_id)]
    for video_id in tqdm(left, desc="videos", unit="video", mininterval=5.0, disable=not sys.stderr.isatty()):
        try:
            _encode(encode or _on_torch(backbone), read, video_id, out, rate_hz)
        except InputError as error:
            log.warning("%s is left out: %s", video_id, error)
    return encoded


@dataclass(frozen=True)
class _Reading:
    """Normalised frames of a video, (T, 3, H, W)."""

    source: FrameSource
    config: UniFormerConfig
    is_mirrored: bool

    def __call__(self, video_id: str, stamps_s: NDArray[np.float64]) -> NDArray[np.float32]:
        pictures_THWC = self.source.read(video_id, stamps_s)
        if self.is_mirrored:
            pictures_THWC = pictures_THWC[:, :, ::-1]
        return normalised(pictures_THWC, self.config.mean, self.config.std)


def _on_torch(backbone: UniFormerV2) -> Encode:
    @torch.inference_mode()
    def encode(frames_BCHW: NDArray[np.float32]) -> NDArray[np.float32]:
        return backbone.frames(torch.from_numpy(frames_BCHW)[:, :, None])[:, 0].numpy()

    return encode


def _encode(encode: Encode, read: _Reading, video_id: str, out: Path, rate_hz: float) -> None:
    num_frames = max(1, int(read.source.duration_s(video_id) * rate_hz))
    stamps_s = np.arange(num_frames) / rate_hz
    parts = [
        quantised(encode(read(video_id, stamps_s[start : start + _AT_ONCE])))
        for start in range(0, num_frames, _AT_ONCE)
    ]
    for name, arrays in zip(("tokens", "scales"), zip(*parts, strict=True), strict=True):  # the scales last: `has`
        with atomic(out / f"{video_id}.{name}.npy") as temporary, temporary.open("wb") as file:
            np.save(file, np.concatenate(arrays))


def quantised(features: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float16]]:
    """Bytes, and their scales by token."""
    scales = np.maximum(np.abs(features).max(axis=-1, keepdims=True) / _MOST, 1e-6).astype(np.float16)
    return np.clip(np.rint(features / scales), -_MOST, _MOST).astype(np.int8), scales


_FUSING = ("transformer.d", "transformer.proj", "transformer.temporal", "transformer.balance")


def encoder_weights(backbone: UniFormerV2) -> dict[str, Tensor]:
    """Those that make the tokens of a frame. Times that global blocks are told are no part of them."""
    others = (*_FUSING, "time_embedding") if backbone.config.time_embedding == "global" else _FUSING
    return {name: tensor for name, tensor in backbone.state_dict().items() if not name.startswith(others)}


def encoder_hash(backbone: UniFormerV2) -> str:
    """Of `encoder_weights`."""
    digest = hashlib.sha256()
    for name, weights in sorted(encoder_weights(backbone).items()):
        digest.update(name.encode() + weights.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


@dataclass(frozen=True)
class EncodedView:
    """One way to see clips: as they were, or mirrored.

    context: the tokens of clips around that the context network has made of these frames, by their span.
    """

    frames: EncodedFrames
    is_mirrored: bool = False
    context: Mapping[ClipSpan, Tensor] | None = None


class EncodedClipDataset(Dataset):
    """As `dataset.ClipDataset`, of encoded frames: {"index", "narration_id", "features" (T, G, L, C)} and targets.

    views: the first is the one that is shown, unless is_jittered: then one of them, and its frames, are drawn by chance
    from torch's generator, for training; else frames are view number `view` of num_views in time. With context an item
    also has "context" (n, C) and "has_context" (n,). Raises InputError without items.
    """

    def __init__(
        self,
        items: Sequence[ClipItem],
        views: Sequence[EncodedView],
        config: LeapConfig,
        targets: TargetsOf,
        is_jittered: bool = False,
        view: int = 0,
        num_views: int = 1,
    ) -> None:
        if not items:
            raise InputError("expected clips to read, got an empty split; are the annotations of another dataset?")
        self.items, self.views, self.config = list(items), list(views), config
        self.is_jittered, self.view, self.num_views = is_jittered, view, num_views
        self._targets = [[_targets(targets, item, seen.is_mirrored) for item in items] for seen in views]

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> dict[str, Any]:
        item = self.items[index]
        rng = np.random.default_rng(int(torch.randint(2**63 - 1, ()))) if self.is_jittered else None
        number = 0 if rng is None else int(rng.integers(len(self.views)))
        seen = self.views[number]
        num_frames, rate_hz = self.config.backbone.num_frames, seen.frames.rate_hz(item.video_id)
        stamps_s = frame_stamps(item.span, num_frames, rate_hz, rng, self.view, self.num_views)
        found: dict[str, Any] = {"index": index, "narration_id": item.narration_id}
        found["features"] = torch.from_numpy(seen.frames.read(item.video_id, stamps_s))
        if seen.context is not None:
            nothing = torch.zeros(self.config.backbone.width)
            tokens = [nothing if span is None else seen.context[span] for span in item.context]
            found["context"] = torch.stack(tokens)
            found["has_context"] = torch.tensor([span is not None for span in item.context])
        return found | {name: torch.as_tensor(value) for name, value in self._targets[number][index].items()}


def _targets(targets: TargetsOf, item: ClipItem, is_mirrored: bool) -> Mapping[str, Any]:
    program = mirrored(item.program) if item.program is not None and is_mirrored else item.program
    return targets(item.action if isinstance(item.action, Action) else None, program)

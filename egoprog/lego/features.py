"""What measures of generated pictures ask of networks, and where each network is from. Nothing here needs PyTorch.

A network is the published one that a measure is defined on, or a stand-in that somebody asked for by name; its figures
then say so wherever they appear.

Shapes: B pictures, H/W pixels, D width of features.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Pictures = NDArray[np.uint8]
Features = NDArray[np.floating]
BATCH = 16


@dataclass(frozen=True)
class Origin:
    """Of a network. name: for people. fingerprint: changes when its weights do, so that stored features are not those
    of another one.
    """

    name: str
    fingerprint: str = ""
    is_stand_in: bool = False

    @property
    def label(self) -> str:
        return f"stand-in: {self.name}" if self.is_stand_in else self.name


class PictureFeatures(Protocol):
    """Pictures (B, H, W, 3) uint8 to features (B, D)."""

    origin: Origin

    def __call__(self, pictures: Pictures) -> Features: ...


class ClipFeatures(Protocol):
    """Clips whose first half shows one picture and whose second half another, both (B, H, W, 3), to (B, D)."""

    origin: Origin

    def __call__(self, firsts: Pictures, seconds: Pictures) -> Features: ...


class PictureDistances(Protocol):
    """Pictures one by one to how far apart they look, (B,)."""

    origin: Origin

    def __call__(self, ones: Pictures, others: Pictures) -> Features: ...


class CaptionSimilarity(Protocol):
    """How much what a network says of each picture is like the sentence that it should show, (B,)."""

    origin: Origin

    def __call__(self, pictures: Pictures, sentences: Sequence[str]) -> Features: ...


@dataclass(frozen=True)
class Networks:
    """Those at hand, by the measure that they serve; None where there is none, and the measure stays a dash."""

    fid: PictureFeatures | None = None
    lpips: PictureDistances | None = None
    clip: PictureFeatures | None = None
    egovlp: ClipFeatures | None = None
    blip_base: CaptionSimilarity | None = None
    blip_large: CaptionSimilarity | None = None


def in_batches(
    function: Callable[..., Features],
    *pictures: Sequence,
    batch: int = BATCH,
    progress: Callable[[range], Sequence[int]] = lambda starts: starts,
) -> Features:
    """A function of pictures over many of them, so many at a time. progress: shows how far it is."""
    starts = progress(range(0, len(pictures[0]), batch))
    return np.concatenate([function(*(each[start : start + batch] for each in pictures)) for start in starts])

"""How pictures become what a network takes: as they are, or changed by chance so that it learns what matters.

A view is drawn once for an item and applied to all its clips, so that every frame of them is cut, mirrored and coloured
alike. Pictures are (T, H, W, 3) uint8 RGB, what a network takes (3, T, H, W) float32, normalised.
Source: OpenGVLab/UniFormerV2's recipes, none of which mixes clips; random erasing (Zhong et al. 2017).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from egoprog.data import fitting
from egoprog.data.fitting import cover, fit_frame, resize
from egoprog.data.program_lines import ProgramClip
from egoprog.leap.config import UniFormerConfig
from egoprog.leap.rand_augment import (
    Operation,
    RandAugment,
    adjust_brightness,
    adjust_contrast,
    adjust_saturation,
)
from egoprog.program.mirror import mirrored_program


class View(Protocol):
    """What is done to all clips of one item. is_mirrored: left and right have changed places."""

    is_mirrored: bool

    def __call__(self, pictures_THWC: np.ndarray) -> Tensor: ...


class Transform(Protocol):
    """Draws a view for an item."""

    def draw(self, rng: np.random.Generator) -> View: ...


@dataclass(frozen=True)
class Plain:
    """Pictures as `fit_frame` fits them. crop: 0, 1 or 2 cuts the left or top end, the middle, or the other end."""

    config: UniFormerConfig
    crop: int = 1
    is_mirrored: bool = field(default=False, init=False)

    def draw(self, rng: np.random.Generator) -> Plain:
        return self

    def __call__(self, pictures_THWC: np.ndarray) -> Tensor:
        if self.crop == 1:
            fitted = [fit_frame(picture, self.config.size_px) for picture in pictures_THWC]
        else:
            fitted = [self._at_end(picture) for picture in pictures_THWC]
        return normalised(np.stack(fitted), self.config)

    def _at_end(self, picture: np.ndarray) -> np.ndarray:
        (height, width), scaled = self.config.size_px, cover(picture, self.config.size_px)
        return scaled[:height, :width] if self.crop == 0 else scaled[-height:, -width:]


@dataclass(frozen=True)
class Augmentation:
    """What is done by chance; the defaults are UniFormerV2's for Kinetics.

    scale, aspect: of the part that is kept, as a share of the picture's area and relative to the network's aspect.
    flip: how often a clip is mirrored. Left and right hands then change places in its program too (see `mirrored`); 0
    where labels name sides otherwise. jitter: how far brightness, contrast and saturation go from 1; 0.4 in recipes
    without RandAugment. erasing: how often a box is replaced by noise, the same box in all frames.
    """

    scale: tuple[float, float] = (0.08, 1.0)
    aspect: tuple[float, float] = (3 / 4, 4 / 3)
    flip: float = 0.5
    jitter: float = 0.0
    rand_augment: RandAugment | None = field(default_factory=RandAugment)
    erasing: float = 0.0


STRONGER = Augmentation(rand_augment=RandAugment(magnitude=9.0), erasing=0.25)
"""LEAP's "stronger data augmentations", which the paper doesn't name: SlowFast's next step from UniFormerV2's."""
GENTLE = Augmentation(scale=(0.5, 1.0), jitter=0.3, rand_augment=None)
"""For small networks that see small pictures; costs next to nothing."""


@dataclass(frozen=True)
class Augmented:
    """Draws views by chance."""

    config: UniFormerConfig
    augmentation: Augmentation

    def draw(self, rng: np.random.Generator) -> AugmentedView:
        chances = self.augmentation
        scale = rng.uniform(*chances.scale)
        aspect = math.exp(rng.uniform(*np.log(chances.aspect)))
        place = tuple(rng.random(2))
        is_mirrored = bool(rng.random() < chances.flip)
        factors = tuple(1.0 + chances.jitter * rng.uniform(-1.0, 1.0, 3))
        operations = tuple(chances.rand_augment.draw(rng)) if chances.rand_augment else ()
        erased = _box(self.config.size_px, rng) if rng.random() < chances.erasing else None
        noise_seed = int(rng.integers(2**31))
        return AugmentedView(self.config, scale, aspect, place, is_mirrored, factors, operations, erased, noise_seed)


@dataclass(frozen=True)
class AugmentedView:
    """What was drawn. place: of the cut in what is left over, 0 to 1 down and across. factors: of brightness, contrast,
    saturation. erased: top, left, bottom, right in pixels of the result.
    """

    config: UniFormerConfig
    scale: float
    aspect: float
    place: tuple[float, float]
    is_mirrored: bool
    factors: tuple[float, float, float]
    operations: tuple[Operation, ...]
    erased: tuple[int, int, int, int] | None
    noise_seed: int

    def __call__(self, pictures_THWC: np.ndarray) -> Tensor:
        rows, columns = self._cut(*pictures_THWC.shape[1:3])
        clip = np.stack([resize(picture, self.config.size_px) for picture in pictures_THWC[:, rows, columns]])
        if self.is_mirrored:
            clip = np.ascontiguousarray(clip[:, :, ::-1])
        for factor, adjust in zip(self.factors, (adjust_brightness, adjust_contrast, adjust_saturation), strict=True):
            clip = clip if factor == 1.0 else adjust(clip, factor)
        for operation in self.operations:
            clip = operation(clip)
        clip_CTHW = normalised(clip, self.config)
        if self.erased is not None:
            top, left, bottom, right = self.erased
            box = clip_CTHW[:, :, top:bottom, left:right]
            noise = np.random.default_rng(self.noise_seed).standard_normal(box.shape, np.float32)
            box.copy_(torch.from_numpy(noise))
        return clip_CTHW

    def _cut(self, height: int, width: int) -> tuple[slice, slice]:
        """What is kept of a picture of this size: as large as its scale says, if that fits."""
        target = self.aspect * self.config.size_px[1] / self.config.size_px[0]
        area = self.scale * height * width
        kept_width = min(width, max(1, round(math.sqrt(area * target))))
        kept_height = min(height, max(1, round(math.sqrt(area / target))))
        top, left = (
            round(share * left_over)
            for share, left_over in zip(self.place, (height - kept_height, width - kept_width), strict=True)
        )
        return slice(top, top + kept_height), slice(left, left + kept_width)


def normalised(clip_THWC: np.ndarray, config: UniFormerConfig) -> Tensor:
    """(3, T, H, W) float32 as the network takes it."""
    pictures_TCHW = fitting.normalised(clip_THWC, config.mean, config.std)
    return torch.from_numpy(pictures_TCHW).transpose(0, 1).contiguous()


def mirrored(clip: ProgramClip) -> ProgramClip:
    """The program, and the world around it, of a clip whose pictures are mirrored."""
    before, after = (replace(state, left=state.right, right=state.left) for state in (clip.before, clip.after))
    return replace(clip, program=mirrored_program(clip.program), before=before, after=after)


def _box(size_px: tuple[int, int], rng: np.random.Generator) -> tuple[int, int, int, int] | None:
    """A box of 2% to a third of the area, up to about three times as long as wide; None if none of ten fits."""
    height, width = size_px
    for _ in range(10):
        area = rng.uniform(0.02, 1 / 3) * height * width
        aspect = math.exp(rng.uniform(math.log(0.3), math.log(1 / 0.3)))
        rows, columns = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
        if 0 < rows < height and 0 < columns < width:
            top, left = int(rng.integers(height - rows + 1)), int(rng.integers(width - columns + 1))
            return top, left, top + rows, left + columns
    return None

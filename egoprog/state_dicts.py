"""State dicts out of anybody's files, read without running anything in them, and put into models key by key."""

from __future__ import annotations

import difflib
import pickle
import re
from collections.abc import Iterable, Mapping
from math import isqrt
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from egoprog.errors import ModelError

_NUM_NAMED = 6
"""Keys that an error names of each kind; the others are counted."""


def read_checkpoint(path: str | Path) -> dict[str, Any]:
    """What a .safetensors, .pth or .pyth file holds. Nothing in it is executed.

    Raises ModelError for a file that is missing, damaged, or a pickle with code in it.
    """
    path = Path(path)
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        found = re.search(r"GLOBAL (\S+)", str(error))
        if found is None and "Unsupported" not in str(error):
            raise ModelError(f"expected a checkpoint, got a file that is none or is damaged: {path}") from None
        what = f"code in it ({found[1]})" if found else "more in it than tensors"
        raise ModelError(
            f"expected a checkpoint with tensors alone, got a pickle with {what}: {path}; it was not run. "
            "Ask its author for a plain state dict or safetensors"
        ) from None
    except FileNotFoundError:
        raise ModelError(f"expected a checkpoint, got no file: {path}") from None
    except (OSError, EOFError, RuntimeError, SafetensorError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ModelError(f"expected a whole checkpoint, got {path}: {reason}; fetch it again") from None
    if not isinstance(content, dict):
        raise ModelError(f"expected a state dict in {path}, got a {type(content).__name__}")
    return content


def load_strictly(model: nn.Module, state: Mapping[str, Tensor], may_lack: Iterable[str] = ()) -> None:
    """Puts a state dict into a model: every key, of its shape, and no other.

    may_lack: keys that keep the model's own values where the state dict has none. Raises ModelError, which names what
    is missing, unknown or misshapen, with the nearest known keys.
    """
    expected = model.state_dict()
    missing = [key for key in expected if key not in state and key not in set(may_lack)]
    unknown = [key for key in state if key not in expected]
    misshapen = [key for key in expected if key in state and state[key].shape != expected[key].shape]
    troubles = [
        _listed("missing", missing, lambda key: nearest_key(key, unknown, "instead of")),
        _listed("unknown", unknown, lambda key: nearest_key(key, missing or expected, "did you mean")),
        _listed(
            "misshapen",
            misshapen,
            lambda key: f" (expected {tuple(expected[key].shape)}, got {tuple(state[key].shape)})",
        ),
    ]
    if any(troubles):
        told = "; ".join(filter(None, troubles))
        raise ModelError(f"expected the {len(expected)} keys of this {type(model).__name__}, got {told}")
    model.load_state_dict(dict(state), strict=False)


def _listed(what: str, keys: list[str], note: Any) -> str:
    """One clause of an error; empty without keys."""
    if not keys:
        return ""
    more = f" and {len(keys) - _NUM_NAMED} more" if len(keys) > _NUM_NAMED else ""
    return f"{what} " + ", ".join(key + note(key) for key in keys[:_NUM_NAMED]) + more


def nearest_key(key: str, known: Iterable[str], words: str) -> str:
    """For errors: "(WORDS KEY?)" with a blank before it; empty where no known key is like this one."""
    found = difflib.get_close_matches(key, list(known), n=1)
    return f" ({words} {found[0]}?)" if found else ""


def resized_positions(positions_LC: Tensor, grid: tuple[int, int]) -> Tensor:
    """A positional embedding, the class token's first, interpolated from a square grid to rows and columns of another.

    Raises ModelError where it has no square grid.
    """
    num = positions_LC.shape[0] - 1
    side = isqrt(num)
    if side * side != num:
        raise ModelError(f"expected positions of a class token and a square grid, got {tuple(positions_LC.shape)}")
    if grid == (side, side):
        return positions_LC
    image_1CRS = positions_LC[1:].float().T.unflatten(1, (side, side))[None]
    image_1CRS = F.interpolate(image_1CRS, grid, mode="bicubic", align_corners=False, antialias=True)
    return torch.cat([positions_LC[:1].float(), image_1CRS[0].flatten(1).T])

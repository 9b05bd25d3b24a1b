"""CLIP and the LAION aesthetic predictor on frames, as LEGO chooses its pairs, from their published files.

CLIP: a folder as transformers saves it (openai/clip-vit-large-patch14). The predictor: a head on CLIP ViT-L/14's
normalised image embedding, either LAION-Aesthetics' linear layer (sa_0_4_vit_l_14_linear.pth: "weight", "bias") or
the improved predictor's layers (sac+logos+ava1-l14-linearMSE.pth: "layers.0.weight", ...).
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from transformers import CLIPImageProcessorPil, CLIPModel

from egoprog.errors import ModelError
from egoprog.state_dicts import read_checkpoint

IMPROVED_WIDTHS = (1024, 128, 64, 16, 1)
_IMPROVED_PLACES = (0, 2, 4, 6, 7)
"""Of the linear layers among the improved predictor's; dropout stands between them."""

Picture = NDArray[np.uint8]


class ClipFrames:
    """CLIP's image embeddings of frames, of length 1. The last few are kept: a frame is scored, then compared."""

    def __init__(self, model: CLIPModel, preparation: CLIPImageProcessorPil) -> None:
        self.model, self._preparation = model.eval().requires_grad_(False), preparation
        self._kept: dict[int, tuple[Picture, Tensor]] = {}

    @classmethod
    def load(cls, folder: str | Path) -> ClipFrames:
        """Raises ModelError for a folder that lacks a part."""
        try:
            return cls(
                CLIPModel.from_pretrained(folder, local_files_only=True),
                CLIPImageProcessorPil.from_pretrained(folder, local_files_only=True),
            )
        except (OSError, ValueError, RuntimeError) as error:
            reason = str(error).splitlines()[0][:160]
            raise ModelError(
                f"expected CLIP as transformers saves it (config.json, model.safetensors, preprocessor_config.json) "
                f"in {folder}, got {reason}"
            ) from None

    @property
    def width(self) -> int:
        return self.model.config.projection_dim

    def embedding(self, picture: Picture) -> Tensor:
        """(D,) of length 1. picture: (H, W, 3) uint8 RGB."""
        key = id(picture)
        if key not in self._kept or self._kept[key][0] is not picture:
            pixels = self._preparation(images=picture, return_tensors="pt")["pixel_values"]
            with torch.no_grad():
                seen = self.model.vision_model(pixel_values=pixels).pooler_output
                embedding = nn.functional.normalize(self.model.visual_projection(seen)[0], dim=0)
            self._kept = {**dict(list(self._kept.items())[-15:]), key: (picture, embedding)}
        return self._kept[key][1]

    def similarity(self, one: Picture, other: Picture) -> float:
        """Cosine of two embeddings."""
        return float(self.embedding(one) @ self.embedding(other))


class AestheticScore:
    """How much people liked pictures like this one, about 1 to 10. Called with a picture (H, W, 3) uint8 RGB."""

    def __init__(self, head: nn.Module, clip: ClipFrames) -> None:
        self.head, self.clip = head.eval().requires_grad_(False), clip

    @classmethod
    def load(cls, path: str | Path, clip: ClipFrames) -> AestheticScore:
        """Of either published file, .pth or .safetensors. Raises ModelError for another, or for another CLIP."""
        state = read_checkpoint(path)
        width = state["weight"].shape[-1] if "weight" in state else _width_of_improved(state, path)
        if width != clip.width:
            raise ModelError(
                f"expected a predictor on embeddings of width {clip.width}, got one on {width}: {path}; take CLIP's "
                "folder that it was made for"
            )
        head: nn.Module
        if "weight" in state:
            head = nn.Linear(width, 1)
            own = state
        else:
            head = nn.Sequential(*(nn.Linear(*two) for two in pairwise((width, *IMPROVED_WIDTHS))))
            own = {
                f"{number}.{kind}": state.get(f"layers.{place}.{kind}")
                for number, place in enumerate(_IMPROVED_PLACES)
                for kind in ("weight", "bias")
            }
        try:
            head.load_state_dict(own)
        except (RuntimeError, AttributeError, TypeError) as error:
            raise ModelError(
                f"expected the LAION aesthetic predictor's head in {path}, got other weights ({str(error)[:80]!r})"
            ) from None
        return cls(head, clip)

    def __call__(self, picture: Picture) -> float:
        with torch.no_grad():
            return float(self.head(self.clip.embedding(picture)))


def _width_of_improved(state: dict[str, Tensor], path: str | Path) -> int:
    if "layers.0.weight" not in state:
        raise ModelError(
            f"expected the LAION aesthetic predictor's head (weight, bias, or layers.0.weight, ...), got "
            f"{', '.join(sorted(state)[:4]) or 'nothing'}: {path}"
        )
    return state["layers.0.weight"].shape[-1]

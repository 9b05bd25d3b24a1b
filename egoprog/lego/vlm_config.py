"""The sizes of a visual language model. Nothing here needs PyTorch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from egoprog.errors import ConfigurationError

CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)
"""Of red, green and blue from 0 to 1: OpenAI's CLIP, which LLaVA looks through."""


@dataclass(frozen=True)
class VlmConfig:
    """A CLIP vision tower, a projector and a Llama; defaults are LLaVA-1.5's with 13 billion parameters.

    image_px: side of the square picture that the tower sees. vision_feature_layer: of the tower's hidden states, the
    last is -1. vocab_size: rows of the word embeddings, as many as the tokenizer has pieces or more. fits: how a
    picture comes to be square: "cut" out of the middle, as CLIP does, or "squeezed", so that hands at the sides stay in
    sight.

    The projector has two layers with a GELU between, LLaVA-1.5's; the LEGO paper writes of one linear layer.
    """

    image_px: int = 336
    patch_px: int = 14
    vision_width: int = 1024
    vision_layers: int = 24
    vision_heads: int = 16
    vision_feature_layer: int = -2
    vocab_size: int = 32064
    width: int = 5120
    feed_forward: int = 13824
    layers: int = 40
    heads: int = 40
    max_positions: int = 4096
    fits: Literal["cut", "squeezed"] = "cut"

    def __post_init__(self) -> None:
        if self.image_px % self.patch_px:
            raise ConfigurationError(
                f"expected a picture of whole patches of {self.patch_px} px, got {self.image_px} px; "
                f"take {self.image_px // self.patch_px * self.patch_px}"
            )
        if not -self.vision_layers - 1 <= self.vision_feature_layer <= self.vision_layers:
            raise ConfigurationError(
                f"expected vision_feature_layer among {self.vision_layers} layers, got {self.vision_feature_layer}"
            )

    @property
    def num_image_tokens(self) -> int:
        return (self.image_px // self.patch_px) ** 2

    @classmethod
    def paper(cls) -> VlmConfig:
        """LLaVA-1.5's, looking at 224 px: the 256 image tokens of width 5120 that LEGO was published with."""
        return cls(image_px=224)

    @classmethod
    def small(cls) -> VlmConfig:
        """For robots and CPUs: 49 image tokens of width 256."""
        return cls(
            image_px=112,
            patch_px=16,
            vision_width=192,
            vision_layers=6,
            vision_heads=3,
            vision_feature_layer=-1,  # trained for nothing else: all its layers serve
            vocab_size=1024,
            width=256,
            feed_forward=704,
            layers=6,
            heads=4,
            max_positions=256,
            fits="squeezed",
        )

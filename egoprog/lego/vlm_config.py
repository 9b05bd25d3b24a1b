"""The sizes of a visual language model. Nothing here needs PyTorch."""

from __future__ import annotations

from dataclasses import dataclass

from egoprog.data.fitting import Fits
from egoprog.errors import ConfigurationError
from egoprog.leap.config import UniFormerConfig

CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)
"""Of red, green and blue from 0 to 1: OpenAI's CLIP, which LLaVA looks through."""


@dataclass(frozen=True)
class ClipTower:
    """CLIP's vision transformer, which looks at squares; defaults are L/14 at 336 px, LLaVA-1.5's.

    image_px: side of the square. Raises ConfigurationError where patches do not fill it.
    """

    image_px: int = 336
    patch_px: int = 14
    width: int = 1024
    num_layers: int = 24
    num_heads: int = 16

    def __post_init__(self) -> None:
        if self.image_px % self.patch_px:
            raise ConfigurationError(
                f"expected a picture of whole patches of {self.patch_px} px, got {self.image_px} px; "
                f"take {self.image_px // self.patch_px * self.patch_px}"
            )

    @property
    def size_px(self) -> tuple[int, int]:
        """Height and width."""
        return self.image_px, self.image_px

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of patches."""
        return self.image_px // self.patch_px, self.image_px // self.patch_px


@dataclass(frozen=True)
class VlmConfig:
    """A vision tower, a projector and a Llama; defaults are LLaVA-1.5's with 13 billion parameters.

    tower: CLIP, as published, or the frame encoder of small LEAP models; what fuses frames is no part of it.
    vision_feature_layer: of the tower's hidden states, the last is -1. keeps_class_token: the tower's token of the
    whole picture comes first; LLaVA leaves it out. vocab_size: rows of the word embeddings, as many as the tokenizer
    has pieces or more. fits: how a picture gets the tower's size: "cut" out of the middle, as CLIP does, which gives
    squares, or "squeezed", so that hands at the sides stay in sight. num_waves: of patches' places, told to a projector
    behind a frame encoder; CLIP's features keep them.

    The projector has two layers with a GELU between, LLaVA-1.5's; the LEGO paper writes of one linear layer.
    """

    tower: ClipTower | UniFormerConfig = ClipTower()
    vision_feature_layer: int = -2
    keeps_class_token: bool = False
    vocab_size: int = 32064
    width: int = 5120
    feed_forward: int = 13824
    layers: int = 40
    heads: int = 40
    max_positions: int = 4096
    fits: Fits = "cut"
    num_waves: int = 0

    def __post_init__(self) -> None:
        num_layers = self.tower.num_layers
        if not -num_layers - 1 <= self.vision_feature_layer <= num_layers:
            raise ConfigurationError(
                f"expected vision_feature_layer among {num_layers} layers, got {self.vision_feature_layer}"
            )

    @property
    def num_image_tokens(self) -> int:
        rows, columns = self.tower.grid
        return rows * columns + self.keeps_class_token

    @classmethod
    def paper(cls) -> VlmConfig:
        """LLaVA-1.5's, looking at 224 px: the 256 image tokens of width 5120 that LEGO was published with."""
        return cls(tower=ClipTower(image_px=224))

    @classmethod
    def small(cls) -> VlmConfig:
        """For robots and CPUs: 85 image tokens of width 256, through the frame encoder of LEAP's small recipes."""
        from egoprog.leap.recipes import SMALL_BACKBONE  # needs PyTorch, which nothing else here does

        return cls(
            tower=SMALL_BACKBONE,
            vision_feature_layer=-1,  # trained for nothing else: all its layers serve
            keeps_class_token=True,  # it learned to say what the hands touch
            vocab_size=1024,
            width=256,
            feed_forward=704,
            layers=4,
            heads=4,
            max_positions=288,
            fits="squeezed",
            num_waves=4,
        )

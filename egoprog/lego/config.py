"""The sizes of LEGO's frame generator, in numbers. Nothing here needs PyTorch."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from typing import Any, Literal, get_type_hints

from egoprog.data.fitting import Fits
from egoprog.errors import ConfigurationError

Words = Literal["label", "description"]
Prediction = Literal["epsilon", "v_prediction"]
"""What the UNet finds in a noisy latent, in diffusers' words: the noise, or the velocity of Salimans and Ho 2022."""


@dataclass(frozen=True)
class AutoencoderConfig:
    """Defaults are Stable Diffusion 1.5's. channels: of each level, the pictures' own size first.

    scale: latents are multiplied with it, so that they vary about as much as the noise does; a training of ours
    measures its own.
    """

    channels: tuple[int, ...] = (128, 256, 512, 512)
    layers: int = 2
    latent_channels: int = 4
    norm_groups: int = 32
    has_attention: bool = True
    scale: float = 0.18215

    @property
    def factor(self) -> int:
        """Pixels of a picture along a side of a latent."""
        return 2 ** (len(self.channels) - 1)


@dataclass(frozen=True)
class AutoencoderLoss:
    """Weights of the terms.

    colour: of the squared error of colours; without it they come late. green: times that green against pink counts in
    it, beside 1 for orange against blue. kl: small, so that latents keep detail and only stay near the origin.
    """

    absolute: float = 1.0
    structure: float = 0.5
    colour: float = 10.0
    green: float = 1.0
    kl: float = 1e-5


@dataclass(frozen=True)
class UNetConfig:
    """Defaults are Stable Diffusion 1.5's. channels, attends: of each level; whether it reads the conditioning."""

    channels: tuple[int, ...] = (320, 640, 1280, 1280)
    attends: tuple[bool, ...] = (True, True, True, False)
    layers: int = 2
    num_heads: int = 8
    norm_groups: int = 32


@dataclass(frozen=True)
class TextEncoderConfig:
    """CLIP's text encoder ψ; defaults are ViT-L/14's, which the paper freezes. Its width is LegoConfig.width."""

    vocabulary: int = 49408
    layers: int = 12
    num_heads: int = 12
    feed_forward: int = 3072
    is_frozen: bool = True


@dataclass(frozen=True)
class LegoConfig:
    """Defaults are the paper's: [ψ(R), σ(H_i), π(μ(H_t))] of 77 + 256 + 77 tokens, each 768 wide.

    size_px: height and width of pictures. fits: how frames get that size; a camera's whole view is squeezed into small
    pictures, as the hands come in from its sides. width: of the conditioning, D. num_words: N, of ψ's and of the VLM's
    text. num_image_tokens: M. vlm_width: E. words: what ψ reads, the narrator's label or the enriched description.
    has_*: which rows of the conditioning there are: the rows of the paper's Table 3. mixer_*: of π, pre-norm
    self-attention. sees_frame: without it the generator is a plain text-to-frame model, which SDEdit and inversion
    start from.
    trains_projections: the released code hands its optimiser the UNet alone, so that σ, μ and π stay as at random;
    False is that ablation. drop: the share of samples that lose the words alone, the frame alone, and both, each.
    image_guidance, text_guidance: the paper's appendix has the two the wrong way round.
    num_steps: of sampling. prediction: the velocity asks for the picture where there is nothing but noise, the noise
    for hardly anything there; published checkpoints say which they find.
    """

    size_px: tuple[int, int] = (256, 256)
    width: int = 768
    num_words: int = 77
    num_image_tokens: int = 256
    vlm_width: int = 5120
    words: Words = "description"
    has_image_embedding: bool = True
    has_text_embedding: bool = True
    mixer_layers: int = 2
    mixer_heads: int = 8
    mixer_feed_forward: int = 2048
    mixer_dropout: float = 0.1  # of the released code; the paper is silent
    sees_frame: bool = True
    trains_projections: bool = True
    drop: float = 0.05
    image_guidance: float = 1.5
    text_guidance: float = 7.5
    num_steps: int = 100
    prediction: Prediction = "epsilon"
    fits: Fits = "cut"
    autoencoder: AutoencoderConfig = field(default_factory=AutoencoderConfig)
    unet: UNetConfig = field(default_factory=UNetConfig)
    text: TextEncoderConfig = field(default_factory=TextEncoderConfig)

    def check(self) -> None:
        """Raises ConfigurationError for sizes that do not go together; not before all settings are made."""
        unet = self.unet
        if len(unet.channels) != len(unet.attends):
            raise ConfigurationError(
                f"expected unet.attends for each of {len(unet.channels)} levels, got {len(unet.attends)}"
            )
        step = self.autoencoder.factor * 2 ** (len(self.unet.channels) - 1)
        if any(side < step or side % step for side in self.size_px):
            raise ConfigurationError(
                f"expected sides of size_px that {step} divides, got {self.size_px[0]}x{self.size_px[1]}; "
                "the autoencoder and the UNet halve pictures so often"
            )
        if self.width % self.text.num_heads or self.width % self.mixer_heads:
            raise ConfigurationError(
                f"expected a width that {self.text.num_heads} and {self.mixer_heads} heads share, got {self.width}"
            )
        if not 0.0 <= self.drop <= 1 / 3:
            raise ConfigurationError(f"expected drop from 0 to 1/3, got {self.drop}")

    @classmethod
    def paper(cls) -> LegoConfig:
        return cls()

    @classmethod
    def small(cls) -> LegoConfig:
        """For CPUs: pictures of 128x160, squeezed, latents of 32x40; its text encoder is trained, as none fits."""
        return cls(
            size_px=(128, 160),
            width=192,
            num_words=48,
            num_image_tokens=85,
            vlm_width=256,
            mixer_heads=4,
            mixer_feed_forward=512,
            num_steps=20,
            prediction="v_prediction",
            fits="squeezed",
            autoencoder=AutoencoderConfig(
                (16, 48, 96), layers=1, latent_channels=6, norm_groups=8, has_attention=False, scale=1.0
            ),
            unet=UNetConfig((32, 64, 128, 192), (False, True, True, True), layers=1, num_heads=4, norm_groups=16),
            text=TextEncoderConfig(vocabulary=1024, layers=3, num_heads=4, feed_forward=768, is_frozen=False),
        )

    @property
    def latent_size(self) -> tuple[int, int]:
        return self.size_px[0] // self.autoencoder.factor, self.size_px[1] // self.autoencoder.factor

    @property
    def num_tokens(self) -> int:
        """L, of the whole conditioning."""
        image = self.num_image_tokens if self.has_image_embedding else 0
        return self.num_words + image + (self.num_words if self.has_text_embedding else 0)

    @property
    def has_embeddings(self) -> bool:
        return self.has_image_embedding or self.has_text_embedding

    @property
    def unet_channels(self) -> int:
        """That go into the UNet: the noisy latent's, and the input frame's behind them."""
        return self.autoencoder.latent_channels * (2 if self.sees_frame else 1)


def to_json(config: LegoConfig) -> str:
    """One line; `lego_from_json` reads it back."""
    return json.dumps(dataclasses.asdict(config), separators=(",", ":"))


def lego_from_json(text: str) -> LegoConfig:
    """Raises ConfigurationError for what is no such configuration."""
    try:
        values = json.loads(text)
    except ValueError as error:
        raise ConfigurationError(f"expected LEGO's configuration as JSON, got {text[:60]!r}: {error}") from None
    return _built(LegoConfig, values)


def _built(kind: type, values: Any) -> Any:
    """A dataclass out of a JSON object, parts that are dataclasses included; JSON knows no tuples."""
    if not isinstance(values, dict):
        raise ConfigurationError(f"expected the fields of {kind.__name__} as a JSON object, got {str(values)[:60]}")
    hints = get_type_hints(kind)
    made = {}
    for name, value in values.items():
        if dataclasses.is_dataclass(hints.get(name)):
            value = _built(hints[name], value)
        made[name] = tuple(value) if isinstance(value, list) else value
    try:
        return kind(**made)
    except TypeError as error:
        raise ConfigurationError(f"expected the fields of {kind.__name__}: {error}") from None

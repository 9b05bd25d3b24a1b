"""The generator: a UNet that takes the noise out of the target's latent, seeing the input frame's and the conditioning.

Shapes: B pairs, c latent channels, h/w latent, N words, M image tokens, E the VLM's width, L tokens, D their width.
"""

from __future__ import annotations

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from torch import Tensor, nn

from egoprog.errors import ModelError
from egoprog.lego.conditioning import Conditioning
from egoprog.lego.config import LegoConfig


class Generator(nn.Module):
    """Conditioning and UNet: what a training moves. The autoencoder is apart, as it is never trained along.

    Raises ConfigurationError for sizes that do not go together.
    """

    def __init__(self, config: LegoConfig) -> None:
        super().__init__()
        config.check()
        self.config = config
        self.conditioning = Conditioning(config)
        self.unet = make_unet(config)

    def forward(
        self,
        noisy_Bchw: Tensor,
        frame_Bchw: Tensor | None,
        step_B: Tensor,
        words_BN: Tensor,
        null_N: Tensor,
        image_BME: Tensor | None = None,
        text_BNE: Tensor | None = None,
        is_null_B: Tensor | None = None,
    ) -> Tensor:
        """(B, c, h, w): the noise, or the velocity, as the configuration says.

        noisy_Bchw: latent at step_B of the schedule. frame_Bchw: the input frame's, unscaled, zeros where it is left
        out; None for a generator that sees no frame. The rest as `Conditioning.forward`'s.
        """
        tokens_BLD = self.conditioning(words_BN, null_N, image_BME, text_BNE, is_null_B)
        return self.predict(noisy_Bchw, frame_Bchw, step_B, tokens_BLD)

    def predict(self, noisy_Bchw: Tensor, frame_Bchw: Tensor | None, step_B: Tensor, tokens_BLD: Tensor) -> Tensor:
        """As `forward`, the conditioning given: it is the same in every step of sampling."""
        both = noisy_Bchw if frame_Bchw is None else torch.cat([noisy_Bchw, frame_Bchw], dim=1)
        return self.unet(both, step_B, tokens_BLD).sample


def make_unet(config: LegoConfig) -> UNet2DConditionModel:
    """With random weights."""
    unet = config.unet
    return UNet2DConditionModel(
        sample_size=config.latent_size,
        in_channels=config.unet_channels,
        out_channels=config.autoencoder.latent_channels,
        down_block_types=tuple("CrossAttnDownBlock2D" if reads else "DownBlock2D" for reads in unet.attends),
        up_block_types=tuple("CrossAttnUpBlock2D" if reads else "UpBlock2D" for reads in reversed(unet.attends)),
        block_out_channels=unet.channels,
        layers_per_block=unet.layers,
        cross_attention_dim=config.width,
        attention_head_dim=unet.num_heads,  # diffusers' name for the number of heads
        norm_num_groups=unet.norm_groups,
    )


def make_autoencoder(config: LegoConfig) -> AutoencoderKL:
    """With random weights."""
    own = config.autoencoder
    levels = len(own.channels)
    return AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * levels,
        up_block_types=("UpDecoderBlock2D",) * levels,
        block_out_channels=own.channels,
        layers_per_block=own.layers,
        latent_channels=own.latent_channels,
        norm_num_groups=own.norm_groups,
        sample_size=max(config.size_px),
        scaling_factor=own.scale,
        mid_block_add_attention=own.has_attention,
    )


@torch.no_grad()
def with_frame(unet: UNet2DConditionModel) -> UNet2DConditionModel:
    """The same UNet with as many input channels again, whose weights are zero: so far it ignores the frame.

    What already has them comes back as it is. Raises ModelError for another number of channels.
    """
    own, out = unet.config.in_channels, unet.config.out_channels
    if own == 2 * out:
        return unet
    if own != out:
        raise ModelError(
            f"expected a UNet of {out} or {2 * out} input channels, got {own}; take Stable Diffusion 1.5's"
        )
    old = unet.conv_in
    wide = nn.Conv2d(2 * own, old.out_channels, old.kernel_size, old.stride, old.padding, dtype=old.weight.dtype)
    wide.weight.zero_()
    wide.weight[:, :own] = old.weight
    wide.bias.copy_(old.bias)
    unet.conv_in = wide
    unet.register_to_config(in_channels=2 * own)
    return unet

"""The checkpoints that LEGO's authors published: one file in the layout of the first Stable Diffusion code.

model.diffusion_model.*          the UNet; model_ema.*, its average, named without dots
first_stage_model.*              the autoencoder
cond_stage_model.transformer.*   CLIP's text encoder
projection_img, projection_txt, self_attn_mix    σ, μ and π

Layers are the same as in diffusers, only otherwise named and, in the autoencoder's attention, otherwise shaped.
Source: names and order of the modules in BolinLai/LEGO and in Stable Diffusion's checkpoints.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from torch import Tensor

from egoprog.errors import ModelError
from egoprog.lego.checkpoints import LegoModel
from egoprog.lego.config import AutoencoderConfig, LegoConfig, UNetConfig
from egoprog.lego.generator import Generator, make_autoencoder
from egoprog.lego.text_tokens import TextTokenizer
from egoprog.state_dicts import load_strictly, read_checkpoint

UNET, AVERAGE = "model.diffusion_model.", "model_ema."
AUTOENCODER, TEXT = "first_stage_model.", "cond_stage_model.transformer."
_TEXT_MODEL = "text_model."
_PROJECTIONS = {
    "projection_img.": "image_projection.",
    "projection_txt.": "text_projection.",
    "self_attn_mix.": "mixer.",
}
_UNET_RESNET = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "time_emb_proj": "emb_layers.1",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "conv_shortcut": "skip_connection",
}
_AUTOENCODER_RESNET = {"conv_shortcut": "nin_shortcut"}
_AUTOENCODER_ATTENTION = {"group_norm": "norm", "to_q": "q", "to_k": "k", "to_v": "v", "to_out.0": "proj_out"}


def load_lego_checkpoint(
    path: str | Path, tokenizer: str | Path, config: LegoConfig | None = None, *, is_averaged: bool = True
) -> LegoModel:
    """A published checkpoint as a generator, in eval mode.

    tokenizer: a folder with CLIP's, which the checkpoint leaves out. config: the paper's unless told. is_averaged:
    takes the UNet's average where there is one. Raises ModelError for a pickle with code, and for what is missing.
    """
    config = LegoConfig.paper() if config is None else config
    checkpoint = read_checkpoint(path)
    state = checkpoint.get("state_dict", checkpoint)
    if not any(key.startswith(UNET) for key in state):
        raise ModelError(f"expected LEGO's checkpoint with keys {UNET}*, got none in {path}; take the authors' file")
    generator, autoencoder = Generator(config), make_autoencoder(config)
    load_strictly(generator.unet, _unet_state(state, generator, config.unet, is_averaged))
    load_strictly(generator.conditioning.text_encoder, _text_state(state))
    projections = _projection_state(state)
    expected = generator.conditioning.state_dict()
    may_lack = [name for name in expected if name.startswith("text_encoder.")]
    wanted = {name: one for name, one in projections.items() if name in expected or config.has_embeddings}
    load_strictly(generator.conditioning, wanted, may_lack=may_lack)
    load_strictly(autoencoder, _autoencoder_state(state, autoencoder.state_dict(), config.autoencoder))
    return LegoModel(
        config,
        generator.eval(),
        autoencoder.eval().requires_grad_(False),
        TextTokenizer.read(tokenizer, config.num_words),
    )


def published_state(model: LegoModel) -> dict[str, Tensor]:
    """The same weights under the published names, for the authors' own code."""
    config, conditioning = model.config, model.generator.conditioning
    state = {}
    names = unet_names(model.generator.unet.state_dict(), config.unet)
    for own, tensor in model.generator.unet.state_dict().items():
        state[UNET + names[own]] = tensor
    names = autoencoder_names(model.autoencoder.state_dict(), config.autoencoder)
    for own, tensor in model.autoencoder.state_dict().items():
        is_convolution = ".attentions." in own and own.endswith("weight") and tensor.ndim == 2
        state[AUTOENCODER + names[own]] = tensor[..., None, None] if is_convolution else tensor
    for own, tensor in conditioning.text_encoder.state_dict().items():
        state[TEXT + _TEXT_MODEL + own.removeprefix(_TEXT_MODEL)] = tensor
    for theirs, ours in _PROJECTIONS.items():
        for own, tensor in conditioning.state_dict().items():
            if own.startswith(ours):
                state[theirs + own.removeprefix(ours)] = tensor
    return {name: tensor.detach().clone() for name, tensor in state.items()}


def unet_names(keys: Mapping[str, Tensor], config: UNetConfig) -> dict[str, str]:
    """Published names of a UNet's keys, without their prefix."""
    return _renamed(keys, [*_unet_modules(config)])


def autoencoder_names(keys: Mapping[str, Tensor], config: AutoencoderConfig) -> dict[str, str]:
    """Published names of an autoencoder's keys, without their prefix."""
    return _renamed(keys, [*_autoencoder_modules(config)])


Module = tuple[str, str, Mapping[str, str]]
"""diffusers' name, the published one, and what is called otherwise within."""


def _unet_modules(config: UNetConfig) -> Iterator[Module]:
    """In the order in which data flow; the published code numbers blocks through all levels."""
    yield "time_embedding", "time_embed", {"linear_1": "0", "linear_2": "2"}
    yield "conv_in", "input_blocks.0.0", {}
    last = len(config.channels) - 1
    number = 1
    for level, attends in enumerate(config.attends):
        for layer in range(config.layers):
            yield f"down_blocks.{level}.resnets.{layer}", f"input_blocks.{number}.0", _UNET_RESNET
            if attends:
                yield f"down_blocks.{level}.attentions.{layer}", f"input_blocks.{number}.1", {}
            number += 1
        if level < last:
            yield f"down_blocks.{level}.downsamplers.0.conv", f"input_blocks.{number}.0.op", {}
            number += 1
    for place, own in enumerate(("resnets.0", "attentions.0", "resnets.1")):
        yield f"mid_block.{own}", f"middle_block.{place}", _UNET_RESNET if own.startswith("resnets") else {}
    number = 0
    for level, attends in enumerate(reversed(config.attends)):
        for layer in range(config.layers + 1):
            yield f"up_blocks.{level}.resnets.{layer}", f"output_blocks.{number}.0", _UNET_RESNET
            if attends:
                yield f"up_blocks.{level}.attentions.{layer}", f"output_blocks.{number}.1", {}
            if layer == config.layers and level < last:
                place = 2 if attends else 1
                yield f"up_blocks.{level}.upsamplers.0.conv", f"output_blocks.{number}.{place}.conv", {}
            number += 1
    yield "conv_norm_out", "out.0", {}
    yield "conv_out", "out.2", {}


def _autoencoder_modules(config: AutoencoderConfig) -> Iterator[Module]:
    """The published code numbers the decoder's levels by size, as the encoder's."""
    last = len(config.channels) - 1
    for side in ("encoder", "decoder"):
        yield f"{side}.conv_in", f"{side}.conv_in", {}
        yield f"{side}.mid_block.resnets.0", f"{side}.mid.block_1", _AUTOENCODER_RESNET
        yield f"{side}.mid_block.attentions.0", f"{side}.mid.attn_1", _AUTOENCODER_ATTENTION
        yield f"{side}.mid_block.resnets.1", f"{side}.mid.block_2", _AUTOENCODER_RESNET
        yield f"{side}.conv_norm_out", f"{side}.norm_out", {}
        yield f"{side}.conv_out", f"{side}.conv_out", {}
    for level in range(last + 1):
        for layer in range(config.layers):
            yield (
                f"encoder.down_blocks.{level}.resnets.{layer}",
                f"encoder.down.{level}.block.{layer}",
                (_AUTOENCODER_RESNET),
            )
        yield f"encoder.down_blocks.{level}.downsamplers.0.conv", f"encoder.down.{level}.downsample.conv", {}
        for layer in range(config.layers + 1):
            yield (
                f"decoder.up_blocks.{level}.resnets.{layer}",
                f"decoder.up.{last - level}.block.{layer}",
                (_AUTOENCODER_RESNET),
            )
        yield f"decoder.up_blocks.{level}.upsamplers.0.conv", f"decoder.up.{last - level}.upsample.conv", {}
    yield "quant_conv", "quant_conv", {}
    yield "post_quant_conv", "post_quant_conv", {}


def _renamed(keys: Mapping[str, Tensor], modules: list[Module]) -> dict[str, str]:
    names = {}
    for key in keys:
        for own, theirs, within in modules:
            if key.startswith(f"{own}."):
                rest = key.removeprefix(f"{own}.")
                part, _, leaf = rest.rpartition(".")
                renamed = within.get(part, part)
                names[key] = ".".join(filter(None, (theirs, renamed, leaf)))
                break
        else:
            raise ModelError(f"expected layers as Stable Diffusion 1.5 has them, got {key}, which it has no name for")
    return names


def _unet_state(
    state: Mapping[str, Tensor], generator: Generator, config: UNetConfig, is_averaged: bool
) -> dict[str, Tensor]:
    names = unet_names(generator.unet.state_dict(), config)
    found = {}
    for own, theirs in names.items():
        average = AVERAGE + f"diffusion_model.{theirs}".replace(".", "")
        key = average if is_averaged and average in state else UNET + theirs
        if key in state:
            found[own] = state[key]
    return found


def _autoencoder_state(
    state: Mapping[str, Tensor], expected: Mapping[str, Tensor], config: AutoencoderConfig
) -> dict[str, Tensor]:
    found = {}
    for own, theirs in autoencoder_names(expected, config).items():
        if (key := AUTOENCODER + theirs) in state:
            tensor = state[key]
            # 1x1 convolutions there are linear layers here
            found[own] = tensor.flatten(1) if expected[own].ndim == 2 and tensor.ndim == 4 else tensor
    return found


def _text_state(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    found = {}
    for key, tensor in state.items():
        own = key.removeprefix(TEXT).removeprefix(_TEXT_MODEL)
        # older transformers kept the numbers of the positions too
        if key.startswith(TEXT) and isinstance(tensor, Tensor) and not own.endswith("position_ids"):
            found[own] = tensor
    return found


def _projection_state(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {
        ours + key.removeprefix(theirs): tensor
        for theirs, ours in _PROJECTIONS.items()
        for key, tensor in state.items()
        if key.startswith(theirs)
    }


def save_published(model: LegoModel, path: str | Path) -> None:
    """`published_state` as a file of the published kind."""
    torch.save({"state_dict": published_state(model)}, path)

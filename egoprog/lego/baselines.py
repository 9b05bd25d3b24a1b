"""What LEGO is compared with, on the same parts.

InstructPix2Pix trained on labels is the recipe `lego_..._labels`; nothing of its own is needed. SDEdit and inversion
with proximal guidance take a text-to-frame model, `lego_..._frames`, trained on egocentric frames and labels, which
never saw an input frame.
Sources: Meng and others, SDEdit (ICLR 2022); Han and others, Improving Negative-Prompt Inversion via Proximal Guidance
(WACV 2024); Miyake and others, Negative-prompt Inversion (2023).

Shapes: B pictures, H/W pixels, c latent channels, h/w latent.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch
from diffusers.utils.torch_utils import randn_tensor
from numpy.typing import NDArray
from torch import Tensor

from egoprog.errors import ConfigurationError
from egoprog.lego.checkpoints import LegoModel
from egoprog.lego.pair_dataset import as_picture
from egoprog.lego.pipeline import decoded, denoise, encoded, guided_conditions
from egoprog.lego.schedules import SAMPLERS, inverse_ddim, sampler


@torch.no_grad()
def sdedit(
    model: LegoModel,
    frames: Sequence[NDArray[np.uint8]],
    words: Sequence[str],
    *,
    strength: float = 0.75,
    seeds: Sequence[int] | None = None,
    num_steps: int | None = None,
    text_guidance: float | None = None,
    sampler_name: str = SAMPLERS[0],
) -> NDArray[np.uint8]:
    """(B, H, W, 3): the input frame with so much noise added, taken out again under the words.

    strength: the share of the steps that are taken; 0 gives the frame back, 1 forgets it.
    Raises ConfigurationError for a strength beyond these, and for a model that sees the frame itself.
    """
    _check_kind(model)
    if not 0.0 <= strength <= 1.0:
        raise ConfigurationError(f"expected a strength from 0 to 1, got {strength}")
    config = model.config
    num_steps = config.num_steps if num_steps is None else num_steps
    text_guidance = config.text_guidance if text_guidance is None else text_guidance
    generators = [torch.Generator().manual_seed(int(seed)) for seed in seeds or range(len(words))]
    scheduler = sampler(sampler_name, model.config.prediction)
    scheduler.set_timesteps(num_steps)
    taken = round(strength * num_steps)
    latent = encoded(model, frames) * model.autoencoder.config.scaling_factor
    if taken:
        timesteps = scheduler.timesteps[num_steps - taken :]
        if hasattr(scheduler, "set_begin_index"):  # those that count their steps
            scheduler.set_begin_index(num_steps - taken)
        noise = randn_tensor(latent.shape, generator=generators)
        latent = scheduler.add_noise(latent, noise, timesteps[:1].expand(len(latent)))
        conditions = guided_conditions(model, frames, words)
        latent = denoise(model, latent, conditions, scheduler, timesteps, generators, (1.0, text_guidance))
    return as_picture(decoded(model, latent))


@torch.no_grad()
def proximal_inversion(
    model: LegoModel,
    frames: Sequence[NDArray[np.uint8]],
    words: Sequence[str],
    *,
    source_words: Sequence[str] | None = None,
    num_steps: int | None = None,
    text_guidance: float | None = None,
    quantile: float = 0.7,
    proximal: Literal["soft", "hard", "none"] = "soft",
    reconstruction: float = 0.1,
) -> NDArray[np.uint8]:
    """(B, H, W, 3): the frame's own noise by DDIM inversion, taken out again under the words, elsewhere held fast.

    source_words: what describes the input frame; the empty sentence unless told, as our data know none. They stand
    where guidance has the empty one (negative-prompt inversion), so that words which say the same give the frame back.
    quantile: of the differences between both noises, smaller ones count as none: "soft" shrinks the others by it,
    "hard" keeps them. reconstruction: how far, in each step, what is not edited moves to the inverted frame's latent.
    Raises ConfigurationError for a model that sees the frame itself.
    """
    _check_kind(model)
    config = model.config
    num_steps = config.num_steps if num_steps is None else num_steps
    text_guidance = config.text_guidance if text_guidance is None else text_guidance
    source_words = [""] * len(words) if source_words is None else source_words
    source_BLD, target_BLD = _tokens(model, source_words), _tokens(model, words)
    generator, num = model.generator, len(words)

    # 1. to noise, under the source words
    latent = clean = encoded(model, frames) * model.autoencoder.config.scaling_factor
    inverse = inverse_ddim(config.prediction)
    inverse.set_timesteps(num_steps)
    for step in inverse.timesteps:
        latent = inverse.step(generator.predict(latent, None, step, source_BLD), step, latent).prev_sample

    # 2. and back, under the words, where they differ enough from the source's
    scheduler = sampler("ddim", config.prediction)
    scheduler.set_timesteps(num_steps)
    both_BLD = torch.cat([source_BLD, target_BLD])
    for step in scheduler.timesteps:
        source, target = generator.predict(latent.repeat(2, 1, 1, 1), None, step, both_BLD).split(num)
        difference, is_edited = proximal_difference(target - source, quantile, proximal)
        stepped = scheduler.step(source + text_guidance * difference, step, latent)
        if reconstruction and proximal != "none":
            # the clean picture that the step believes in is drawn to the input frame's where nothing is edited
            believed = stepped.pred_original_sample
            share = scheduler.alphas_cumprod[max(int(step) - _stride(scheduler), 0)].sqrt()
            pull = torch.where(is_edited, torch.zeros_like(believed), clean - believed)
            latent = stepped.prev_sample + reconstruction * share * pull
        else:
            latent = stepped.prev_sample
    return as_picture(decoded(model, latent))


def proximal_difference(
    difference_Bchw: Tensor, quantile: float, kind: Literal["soft", "hard", "none"] = "soft"
) -> tuple[Tensor, Tensor]:
    """The difference with its small parts taken out, and where it is left (both (B, c, h, w)).

    The threshold is each picture's own quantile of absolute values.
    """
    if kind == "none":
        return difference_Bchw, torch.ones_like(difference_Bchw, dtype=torch.bool)
    size = difference_Bchw.abs()
    threshold_B111 = size.flatten(1).quantile(quantile, dim=1)[:, None, None, None]
    is_left = size > threshold_B111
    kept = difference_Bchw - difference_Bchw.sign() * threshold_B111 if kind == "soft" else difference_Bchw
    return torch.where(is_left, kept, torch.zeros_like(kept)), is_left


def _stride(scheduler: object) -> int:
    return scheduler.config.num_train_timesteps // scheduler.num_inference_steps


def _tokens(model: LegoModel, words: Sequence[str]) -> Tensor:
    null_N = torch.from_numpy(model.tokenizer([""])[0])
    return model.generator.conditioning(torch.from_numpy(model.tokenizer(words)), null_N)


def _check_kind(model: LegoModel) -> None:
    if model.config.sees_frame or model.config.has_embeddings:
        raise ConfigurationError(
            "expected a text-to-frame model, got one that sees the input frame or a VLM's embeddings; train "
            "lego_sim_frames"
        )

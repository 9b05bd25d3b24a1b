"""From a frame and words to the frame in which the action is done: the reference, in plain PyTorch.

Faster twins are checked against it.

Shapes: B pictures, H/W pixels, c latent channels, h/w latent, M image tokens, N words, E the VLM's width.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from diffusers.utils.torch_utils import randn_tensor
from numpy.typing import NDArray
from torch import Tensor

from egoprog.errors import InputError
from egoprog.lego.checkpoints import LegoModel
from egoprog.lego.guidance import GuidedConditions, guided
from egoprog.lego.pair_dataset import as_picture, as_pixels
from egoprog.lego.schedules import SAMPLERS, sampler

Embedding = NDArray[np.floating] | Tensor


@torch.no_grad()
def generate(
    model: LegoModel,
    frames: Sequence[NDArray[np.uint8]],
    words: Sequence[str],
    image: Embedding | None = None,
    text: Embedding | None = None,
    *,
    seeds: Sequence[int] | None = None,
    num_steps: int | None = None,
    image_guidance: float | None = None,
    text_guidance: float | None = None,
    sampler_name: str = SAMPLERS[0],
    on_step: Callable[[int, Tensor], None] | None = None,
) -> NDArray[np.uint8]:
    """(B, H, W, 3) uint8 RGB in the generator's size.

    frames: of any size, RGB. words: labels or descriptions, whichever the generator reads. image: (B, M, E), text:
    (B, N, E) of the VLM. seeds: of each picture's noise, 0, 1, 2 ... unless told; a picture does not depend on those
    that are made with it. on_step: gets the number of steps done and the latent (B, c, h, w); what it raises ends the
    work. Steps and guidance are the configuration's unless told.
    Raises InputError for numbers that differ and embeddings that are missing.
    """
    config = model.config
    num_steps = config.num_steps if num_steps is None else num_steps
    image_guidance = config.image_guidance if image_guidance is None else image_guidance
    text_guidance = config.text_guidance if text_guidance is None else text_guidance
    seeds = range(len(words)) if seeds is None else seeds
    if not len(frames) == len(words) == len(seeds) or not len(words):
        raise InputError(
            f"expected as many frames, words and seeds, one at least, got {len(frames)}, {len(words)} and {len(seeds)}"
        )
    generators = [torch.Generator().manual_seed(int(seed)) for seed in seeds]

    # 1. what stays the same in all steps
    conditions = guided_conditions(model, frames, words, image, text)

    # 2. noise
    scheduler = sampler(sampler_name, config.prediction)
    scheduler.set_timesteps(num_steps)
    shape = (len(words), config.autoencoder.latent_channels, *config.latent_size)
    latent = randn_tensor(shape, generator=generators) * scheduler.init_noise_sigma

    # 3. steps
    latent = denoise(
        model, latent, conditions, scheduler, scheduler.timesteps, generators, (image_guidance, text_guidance), on_step
    )

    # 4. pixels
    return as_picture(decoded(model, latent))


def guided_conditions(
    model: LegoModel,
    frames: Sequence[NDArray[np.uint8]],
    words: Sequence[str],
    image: Embedding | None = None,
    text: Embedding | None = None,
) -> GuidedConditions:
    """Conditioning and frame with and without each, for guidance. Arguments as `generate`'s."""
    conditioning = model.generator.conditioning
    words_BN = torch.from_numpy(model.tokenizer(words))
    null_N = torch.from_numpy(model.tokenizer([""])[0])
    image_BME, text_BNE = (None if one is None else torch.as_tensor(one).float() for one in (image, text))
    tokens_BLD = conditioning(words_BN, null_N, image_BME, text_BNE)
    is_null_B = torch.ones(len(words), dtype=torch.bool)
    null_BLD = conditioning(words_BN, null_N, image_BME, text_BNE, is_null_B)
    return GuidedConditions.of(tokens_BLD, null_BLD, encoded(model, frames) if model.config.sees_frame else None)


def encoded(model: LegoModel, frames: Sequence[NDArray[np.uint8]]) -> Tensor:
    """(B, c, h, w) unscaled."""
    pixels = torch.stack([as_pixels(frame, model.config.size_px, fits=model.config.fits) for frame in frames])
    return model.autoencoder.encode(pixels).latent_dist.mode()


def decoded(model: LegoModel, latent_Bchw: Tensor) -> Tensor:
    """(B, 3, H, W), about -1 to 1, of scaled latents."""
    return model.autoencoder.decode(latent_Bchw / model.autoencoder.config.scaling_factor).sample


def denoise(
    model: LegoModel,
    latent_Bchw: Tensor,
    conditions: GuidedConditions,
    scheduler: Any,
    timesteps: Tensor,
    generators: Sequence[torch.Generator],
    guidance: tuple[float, float],
    on_step: Callable[[int, Tensor], None] | None = None,
) -> Tensor:
    """The latent after these steps of a scheduler of diffusers. guidance: image and text."""
    # not every scheduler draws noise
    options = {"generator": list(generators)} if "Ancestral" in type(scheduler).__name__ else {}
    for number, step in enumerate(timesteps, start=1):
        rows = conditions.repeated(scheduler.scale_model_input(latent_Bchw, step))
        predicted = model.generator.predict(rows, conditions.frame, step, conditions.tokens).float()
        predicted = guided(predicted, conditions.num_rows, *guidance)
        latent_Bchw = scheduler.step(predicted, step, latent_Bchw, **options).prev_sample
        if on_step is not None:
            on_step(number, latent_Bchw)
    return latent_Bchw

"""How noise grows, and the ways back. All are diffusers' own schedulers on Stable Diffusion's schedule."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from functools import partial
from typing import Any

from diffusers import (
    DDIMInverseScheduler,
    DDIMScheduler,
    DDPMScheduler,
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
)

from egoprog.errors import ConfigurationError
from egoprog.lego.config import Prediction

NUM_TRAIN_STEPS = 1000
SCHEDULE: dict[str, Any] = {
    "num_train_timesteps": NUM_TRAIN_STEPS,
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
}
"""Stable Diffusion 1.5's."""
_DDIM = {"clip_sample": False, "set_alpha_to_one": False}
_SAMPLERS: dict[str, Callable[..., Any]] = {
    "euler_ancestral": EulerAncestralDiscreteScheduler,
    "euler": EulerDiscreteScheduler,
    "ddim": partial(DDIMScheduler, **_DDIM),
    "dpm": partial(DPMSolverMultistepScheduler, use_karras_sigmas=True),
}
SAMPLERS = tuple(_SAMPLERS)
"""The first is the paper's."""


def training_schedule() -> DDPMScheduler:
    """Adds noise, and tells the velocity."""
    return DDPMScheduler(**SCHEDULE, clip_sample=False)


def sampler(name: str = SAMPLERS[0], prediction: Prediction = "epsilon") -> Any:
    """A scheduler of diffusers. Raises ConfigurationError with the nearest name."""
    if name not in _SAMPLERS:
        nearest = difflib.get_close_matches(name, SAMPLERS, n=1, cutoff=0.0)[0]
        raise ConfigurationError(
            f"expected a sampler of {', '.join(SAMPLERS)}, got {name!r}; did you mean {nearest!r}?"
        )
    return _SAMPLERS[name](**SCHEDULE, prediction_type=prediction)


def inverse_ddim(prediction: Prediction = "epsilon") -> DDIMInverseScheduler:
    """From a picture's latent to the noise that DDIM would make it of."""
    return DDIMInverseScheduler(**SCHEDULE, **_DDIM, prediction_type=prediction)

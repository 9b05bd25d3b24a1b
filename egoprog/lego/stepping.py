"""Solvers of the diffusion in NumPy, equal to diffusers' own: a robot needs neither PyTorch nor diffusers.

Noise grows as in Stable Diffusion. A latent is kept as its solver keeps it: see each class.

Shapes: c latent channels, h/w latent.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from egoprog.errors import ConfigurationError
from egoprog.lego.config import Prediction

Latent = NDArray[np.float32]
"""(1, c, h, w)."""
NUM_TRAIN_STEPS = 1000
_BETA_START, _BETA_END = 0.00085, 0.012
_RHO = 7.0  # of Karras et al. 2022, equation 5


class Solver(Protocol):
    """One request's steps, taken in their order.

    timesteps: (K,) of the UNet. start: what unit noise is multiplied with to be the first latent. ratios: (K + 1,)
    noise to signal, 0 at the end.
    """

    timesteps: NDArray[np.float32]
    start: float
    ratios: NDArray[np.float64]

    def scaled(self, latent: Latent, k: int) -> Latent:
        """What the UNet takes in step k."""
        ...

    def clean(self, latent: Latent, noise: Latent, k: int) -> Latent:
        """The latent without any noise, as far as step k's noise tells."""
        ...

    def step(self, latent: Latent, noise: Latent, k: int, draw: Callable[[], Latent]) -> Latent:
        """The latent after step k. noise: that the UNet found. draw: fresh unit noise, for solvers that add some."""
        ...


class EulerAncestral:
    """The paper's; it adds noise in each step. Latents are clean + sigma * noise. Source: k-diffusion."""

    def __init__(self, num_steps: int) -> None:
        self.timesteps = np.linspace(0, NUM_TRAIN_STEPS - 1, num_steps, dtype=np.float32)[::-1].copy()
        table = _training_sigmas()
        self.ratios = np.append(np.interp(self.timesteps, np.arange(len(table)), table), 0.0)
        self.start = float(self.ratios[0])

    def scaled(self, latent: Latent, k: int) -> Latent:
        return (latent / np.hypot(self.ratios[k], 1.0)).astype(np.float32)

    def clean(self, latent: Latent, noise: Latent, k: int) -> Latent:
        return (latent - self.ratios[k] * noise).astype(np.float32)

    def step(self, latent: Latent, noise: Latent, k: int, draw: Callable[[], Latent]) -> Latent:
        here, there = self.ratios[k : k + 2]
        up = np.sqrt(there**2 * (here**2 - there**2) / here**2)
        down = np.sqrt(there**2 - up**2)
        return (latent + noise * (down - here) + draw() * up).astype(np.float32)


class DpmSolver:
    """DPM-Solver++ of order 2 on Karras' steps: few of them do.

    Latents are alpha * clean + sigma * noise, of unit variance. Source: Lu et al. 2022, "DPM-Solver++", algorithm 2.
    """

    start = 1.0

    def __init__(self, num_steps: int) -> None:
        table = _training_sigmas()
        ramp = np.linspace(0, 1, num_steps)
        high, low = table[-1] ** (1 / _RHO), table[0] ** (1 / _RHO)
        sigmas = (high + ramp * (low - high)) ** _RHO
        self.timesteps = np.interp(np.log(sigmas), np.log(table), np.arange(len(table))).round().astype(np.float32)
        self.ratios = np.append(sigmas, 0.0)
        self._alphas = 1.0 / np.sqrt(self.ratios**2 + 1.0)
        self._sigmas = self.ratios * self._alphas
        with np.errstate(divide="ignore"):
            self._lambdas = -np.log(self.ratios)  # the last is infinite: nothing but the clean latent is left
        self._last: Latent | None = None

    def scaled(self, latent: Latent, k: int) -> Latent:
        return latent

    def clean(self, latent: Latent, noise: Latent, k: int) -> Latent:
        return ((latent - self._sigmas[k] * noise) / self._alphas[k]).astype(np.float32)

    def step(self, latent: Latent, noise: Latent, k: int, draw: Callable[[], Latent]) -> Latent:
        clean = self.clean(latent, noise, k)
        towards, last = clean, k == len(self.timesteps) - 1
        width = self._lambdas[k + 1] - self._lambdas[k]
        if self._last is not None and not last:
            ratio = (self._lambdas[k] - self._lambdas[k - 1]) / width
            towards = clean + (clean - self._last) / (2.0 * ratio)
        self._last = clean
        kept = self._sigmas[k + 1] / self._sigmas[k]
        return (kept * latent - self._alphas[k + 1] * np.expm1(-width) * towards).astype(np.float32)


_SOLVERS: dict[str, Callable[[int], Solver]] = {"euler_ancestral": EulerAncestral, "dpm": DpmSolver}
SOLVERS = tuple(_SOLVERS)
"""The first is the paper's; names as in `egoprog.lego.schedules`."""


def noise_in(one: Solver, latent: Latent, predicted: Latent, k: int, prediction: Prediction) -> Latent:
    """The noise in step k's latent. predicted: by a UNet that finds the noise itself, or the velocity."""
    if prediction == "epsilon":
        return predicted
    # v = alpha noise - sigma clean, of a latent alpha clean + sigma noise of unit variance
    ratio = one.ratios[k]
    return ((predicted + ratio * one.scaled(latent, k)) / np.hypot(ratio, 1.0)).astype(np.float32)


def solver(name: str, num_steps: int) -> Solver:
    """Raises ConfigurationError with the nearest name, and for a number of steps that is none."""
    if name not in _SOLVERS:
        nearest = difflib.get_close_matches(name, SOLVERS, n=1, cutoff=0.0)[0]
        raise ConfigurationError(f"expected a solver of {', '.join(SOLVERS)}, got {name!r}; did you mean {nearest!r}?")
    if not 1 <= num_steps <= NUM_TRAIN_STEPS:
        raise ConfigurationError(f"expected from 1 to {NUM_TRAIN_STEPS} steps, got {num_steps}")
    return _SOLVERS[name](num_steps)


def _training_sigmas() -> NDArray[np.float64]:
    """(1000,) noise over signal after each step of the training's schedule."""
    betas = np.linspace(_BETA_START**0.5, _BETA_END**0.5, NUM_TRAIN_STEPS) ** 2
    kept = np.cumprod(1.0 - betas)
    return np.sqrt((1.0 - kept) / kept)

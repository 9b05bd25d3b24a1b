"""Steps without PyTorch are those of diffusers: else a robot draws other frames than were evaluated."""

import numpy as np
import pytest
import torch

from egoprog.errors import ConfigurationError
from egoprog.lego.schedules import sampler
from egoprog.lego.stepping import SOLVERS, noise_in, solver

SHAPE = (1, 4, 8, 12)


def found(latent: np.ndarray, step: float) -> np.ndarray:
    """A prediction that depends on the latent and the step, as a UNet's does."""
    return (np.tanh(latent) + 0.1 * np.sin(step / 50)).astype(np.float32)


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction"])
@pytest.mark.parametrize("num_steps", [1, 2, 7, 20, 100])
@pytest.mark.parametrize("name", SOLVERS)
def test_latents_are_those_of_diffusers(name, num_steps, prediction):
    ours, theirs = solver(name, num_steps), sampler(name, prediction)
    theirs.set_timesteps(num_steps)
    assert np.allclose(ours.timesteps, theirs.timesteps.numpy(), atol=1e-3)
    assert ours.start == pytest.approx(float(theirs.init_noise_sigma), rel=1e-4)
    rng = np.random.default_rng(0)
    latent = rng.normal(size=SHAPE).astype(np.float32) * ours.start
    reference = torch.from_numpy(latent)
    generator = torch.Generator().manual_seed(1)
    same = torch.Generator().manual_seed(1)
    options = {"generator": generator} if name == "euler_ancestral" else {}
    for k, step in enumerate(theirs.timesteps):
        scaled = theirs.scale_model_input(reference, step).numpy()
        assert np.abs(ours.scaled(latent, k) - scaled).max() < 1e-3
        predicted = found(scaled, float(step))
        noise = noise_in(ours, latent, predicted, k, prediction)
        latent = ours.step(latent, noise, k, lambda: torch.randn(SHAPE, generator=same).numpy())
        reference = theirs.step(torch.from_numpy(predicted), step, reference, **options).prev_sample
        assert np.abs(latent - reference.numpy()).max() < 1e-3


@pytest.mark.parametrize("name", SOLVERS)
def test_the_last_step_leaves_nothing_but_the_clean_latent(name):
    one = solver(name, 3)
    latent = np.full(SHAPE, 2.0, np.float32)
    noise = np.full(SHAPE, 0.5, np.float32)
    for k in (0, 1):
        latent = one.step(latent, noise, k, lambda: np.zeros(SHAPE, np.float32))
    clean = one.clean(latent, noise, 2)
    assert np.allclose(one.step(latent, noise, 2, lambda: np.ones(SHAPE, np.float32)), clean, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "num_steps", "words"),
    [
        ("euler_ancestrl", 5, "did you mean 'euler_ancestral'"),
        ("dpm", 0, "expected from 1 to 1000 steps, got 0"),
        ("dpm", 1001, "got 1001"),
    ],
)
def test_unknown_solvers_and_odd_numbers_of_steps_are_told(name, num_steps, words):
    with pytest.raises(ConfigurationError, match=words):
        solver(name, num_steps)

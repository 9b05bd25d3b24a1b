"""What LEGO is compared with."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from small_lego import PLAIN, tiny_model

from egoprog.errors import ConfigurationError
from egoprog.lego.baselines import proximal_difference, proximal_inversion, sdedit
from egoprog.lego.pair_dataset import as_picture
from egoprog.lego.pipeline import decoded, encoded

FRAME = np.random.default_rng(3).integers(0, 255, (32, 48, 3), dtype=np.uint8)
MODEL = tiny_model(replace(PLAIN, sees_frame=False))


def kept_frame() -> np.ndarray:
    with torch.no_grad():
        return as_picture(decoded(MODEL, encoded(MODEL, [FRAME]) * MODEL.autoencoder.config.scaling_factor))


def distance(first: np.ndarray, second: np.ndarray) -> float:
    return float(np.abs(first.astype(float) - second).mean())


@pytest.mark.parametrize("name", ["euler_ancestral", "ddim"])
def test_sdedit_keeps_the_frame_the_better_the_weaker_it_is(name):
    drawn = [
        sdedit(MODEL, [FRAME], ["cut carrot"], strength=strength, num_steps=20, text_guidance=1.0, sampler_name=name)
        for strength in (0.0, 0.1, 0.9)
    ]
    assert (drawn[0] == kept_frame()).all()
    assert 0 < distance(drawn[1], kept_frame()) < distance(drawn[2], kept_frame())


def test_inversion_under_the_same_words_gives_the_frame_back():
    same = proximal_inversion(MODEL, [FRAME], ["wash plate"], source_words=["wash plate"], num_steps=50)
    other = sdedit(MODEL, [FRAME], ["wash plate"], strength=1.0, num_steps=20)
    assert distance(same, kept_frame()) < 0.3 * distance(other, kept_frame())


def test_words_change_the_frame_and_proximal_guidance_changes_less_of_it():
    options = {"num_steps": 20, "text_guidance": 7.5}
    free = proximal_inversion(MODEL, [FRAME], ["wash plate"], proximal="none", **options)
    held = proximal_inversion(MODEL, [FRAME], ["wash plate"], quantile=0.9, **options)
    assert distance(held, kept_frame()) <= distance(free, kept_frame())


def test_small_differences_count_as_none():
    difference = torch.tensor([0.1, -0.2, 0.3, -4.0]).view(1, 1, 2, 2)
    soft, is_left = proximal_difference(difference, 0.67, "soft")
    hard, _ = proximal_difference(difference, 0.67, "hard")
    assert is_left.flatten().tolist() == [False, False, False, True]
    assert hard.flatten().tolist() == [0, 0, 0, -4.0]
    assert -4.0 < soft[0, 0, 1, 1] < -3.6 and (soft[0, 0, 0] == 0).all()


def test_models_that_see_the_frame_are_refused():
    for start in (sdedit, proximal_inversion):
        with pytest.raises(ConfigurationError, match="expected a text-to-frame model"):
            start(tiny_model(PLAIN), [FRAME], ["cut carrot"])
    with pytest.raises(ConfigurationError, match="strength from 0 to 1, got 2"):
        sdedit(MODEL, [FRAME], ["cut carrot"], strength=2.0)

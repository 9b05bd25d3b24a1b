"""Synthetic sounds: levels, ends without clicks, and what a sound tagger hears."""

import numpy as np
import pytest
from scipy.signal import resample_poly

from egoprog.errors import ModelError
from egoprog.sim.sound import MODES_HZ, SAMPLE_RATE, Sound, contact, mix, pouring, running_water

WATER_CLASSES = {
    "Water", "Stream", "Liquid", "Pour", "Trickle, dribble", "Water tap, faucet", "Sink (filling or washing)",
    "Splash, splatter", "Gurgling", "Fill (with liquid)",
}  # fmt: skip


def test_silence_between_sounds_is_the_quiet_of_a_room():
    samples = mix([Sound("water", 1.0, 2.0)], 3.0)
    assert samples.dtype == np.float32 and samples.shape == (3 * SAMPLE_RATE,)
    quiet, loud = samples[: SAMPLE_RATE // 2].std(), samples[int(1.3 * SAMPLE_RATE) : int(1.7 * SAMPLE_RATE)].std()
    assert 0 < quiet < 0.01 < loud
    assert np.abs(samples).max() <= 0.95


def test_the_same_seed_sounds_the_same():
    sounds = [Sound("pour", 0.1, 0.9), Sound("contact", 0.5, 0.9, "mug", 0.8)]
    np.testing.assert_array_equal(mix(sounds, 1.0, seed=4), mix(sounds, 1.0, seed=4))
    assert (mix(sounds, 1.0, seed=4) != mix(sounds, 1.0, seed=5)).any()


@pytest.mark.parametrize("make", [running_water, pouring])
def test_water_begins_and_ends_without_a_click(make):
    samples = make(2 * SAMPLE_RATE, np.random.default_rng(0))
    ends = np.concatenate([samples[:24], samples[-24:]])
    assert np.abs(ends).max() < 0.01 * np.abs(samples).max()


@pytest.mark.parametrize("material", MODES_HZ)
def test_contacts_die_away_within_half_a_second(material):
    samples = contact(SAMPLE_RATE // 2, material, 1.0, np.random.default_rng(0))
    assert 0.05 < np.abs(samples).max() < 1.0
    assert np.abs(samples[-SAMPLE_RATE // 10 :]).max() < 0.01


def test_sound_is_band_limited():
    samples = mix([Sound("water", 0.0, 2.0), Sound("pour", 2.0, 4.0), Sound("contact", 4.0, 4.5, "metal")], 5.0)
    spectrum = np.abs(np.fft.rfft(samples)) ** 2
    hz = np.fft.rfftfreq(len(samples), 1 / SAMPLE_RATE)
    assert spectrum[hz > 11500].sum() < 0.01 * spectrum.sum()


def test_pouring_rises_as_the_mug_fills():
    samples = pouring(4 * SAMPLE_RATE, np.random.default_rng(0))

    def centre_hz(part: np.ndarray) -> float:
        power = np.abs(np.fft.rfft(part)) ** 2
        return float((np.fft.rfftfreq(len(part), 1 / SAMPLE_RATE) * power).sum() / power.sum())

    assert centre_hz(samples[3 * SAMPLE_RATE :]) > 1.2 * centre_hz(samples[:SAMPLE_RATE])


@pytest.mark.parametrize("make", [running_water, pouring])
def test_a_sound_tagger_hears_water(make):
    yamnet = pytest.importorskip("egoprog.describe.yamnet")
    try:
        tagger = yamnet.Yamnet()
    except ModelError as error:
        pytest.skip(f"the sound tagger is not fetched: {error}")
    samples = resample_poly(make(4 * SAMPLE_RATE, np.random.default_rng(3)), 2, 3).astype(np.float32)
    heard = []
    for start in range(0, len(samples) - 15600, 7800):
        scores = tagger.scores(samples[start : start + 15600])
        heard.append(bool(WATER_CLASSES & {tagger.classes[k] for k in np.argsort(scores)[-3:]}))
    assert np.mean(heard) >= 0.8, heard

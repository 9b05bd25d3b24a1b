"""What is heard in the kitchen, made from noise and decaying tones; 24 kHz mono.

Everything is band-limited below 11 kHz and fades in and out, so that nothing clicks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

SAMPLE_RATE = 24000
"""In Hz."""
TOP_HZ = 11000.0

Samples = NDArray[np.float64]


@dataclass(frozen=True)
class Sound:
    """Something to be heard. kind: a key of MAKERS. material: a key of MODES_HZ. strength: 0 to 1."""

    kind: str
    start_s: float
    stop_s: float
    material: str = ""
    strength: float = 1.0


# Modes of things that are set down or struck: frequencies, and the time in which they fall to 1/e [s].
MODES_HZ: dict[str, tuple[tuple[float, ...], float]] = {
    "mug": ((1350.0, 2480.0, 3900.0, 5650.0, 7150.0), 0.016),
    "bottle": ((420.0, 910.0, 1600.0, 2700.0), 0.012),
    "metal": ((1900.0, 3150.0, 4700.0, 7300.0), 0.022),
    "wood": ((240.0, 520.0, 880.0), 0.012),
}


def band(noise: Samples, low_hz: float, high_hz: float) -> Samples:
    sections = butter(2, [low_hz, min(high_hz, TOP_HZ)], btype="bandpass", fs=SAMPLE_RATE, output="sos")
    return sosfilt(sections, noise)


def faded(samples: Samples, fade_s: float = 0.03, fade_out_s: float | None = None) -> Samples:
    """Raised-cosine ends."""
    samples = samples.copy()
    for length_s, is_end in ((fade_s, False), (fade_s if fade_out_s is None else fade_out_s, True)):
        count = min(int(length_s * SAMPLE_RATE), len(samples) // 2)
        ramp = 0.5 - 0.5 * np.cos(np.pi * (np.arange(count) + 0.5) / max(count, 1))
        if is_end:
            samples[len(samples) - count :] *= ramp[::-1]
        else:
            samples[:count] *= ramp
    return samples


def bubbles(
    count: int, rate_hz: float, low_hz: Samples | float, high_hz: Samples | float, rng: np.random.Generator
) -> Samples:
    """Air bubbles in water: short tones that rise a little as the bubble comes up.

    low_hz, high_hz: the range of tones, constant or (count,) over time.
    Source of the form: van den Doel 2005, "Physically based models for liquid sounds".
    """
    out = np.zeros(count)
    low, high = np.broadcast_to(low_hz, count), np.minimum(np.broadcast_to(high_hz, count), 0.8 * TOP_HZ)
    for start in rng.integers(0, count, rng.poisson(rate_hz * count / SAMPLE_RATE)):
        frequency_hz = np.exp(rng.uniform(np.log(low[start]), np.log(high[start])))
        decay_s = rng.uniform(0.004, 0.018) * (1000.0 / frequency_hz) ** 0.3
        time_s = np.arange(min(int(6 * decay_s * SAMPLE_RATE), count - start)) / SAMPLE_RATE
        phase = 2 * np.pi * frequency_hz * time_s * (1 + rng.uniform(0.0, 6.0) * time_s)
        attack = 1 - np.exp(-time_s / 0.0006)
        tone = rng.lognormal(-1.2, 0.8) * attack * np.exp(-time_s / decay_s) * np.sin(phase)
        out[start : start + len(tone)] += tone
    return out


def running_water(count: int, rng: np.random.Generator) -> Samples:
    """A tap that runs into a vessel: hiss of the jet, and bubbles where it falls in."""
    flutter = 1 + 0.18 * band(rng.normal(size=count), 2.0, 9.0) / 0.03
    jet = 0.43 * band(rng.normal(size=count), 900, 9500) + 0.92 * band(rng.normal(size=count), 350, 2200)
    drops = bubbles(count, 770.0, 530.0, 3100.0, rng)
    return faded(0.14 * jet * np.clip(flutter, 0.5, 1.7) + 0.12 * drops, 0.12, 0.10)


def pouring(count: int, rng: np.random.Generator) -> Samples:
    """Pouring into a vessel: bubbles and noise in the resonance of the air above, which rises as it fills."""
    share = np.linspace(0, 1, count)
    # A quarter wave in the air above the liquid, 9 cm high at first and 2 cm at last.
    resonance_hz = 343.0 / (4 * (0.09 - 0.07 * share))
    phase = 2 * np.pi * np.cumsum(resonance_hz) / SAMPLE_RATE
    smooth = butter(2, 350.0, fs=SAMPLE_RATE, output="sos")
    narrow = sosfilt(smooth, rng.normal(size=count)) * np.cos(phase)
    narrow -= sosfilt(smooth, rng.normal(size=count)) * np.sin(phase)
    glug = 1 + 0.13 * np.sin(2 * np.pi * np.cumsum(5.5 + 1.5 * share) / SAMPLE_RATE + rng.uniform(0, 6))
    splash = 0.24 * band(rng.normal(size=count), 500, 7000)
    drops = 0.30 * bubbles(count, 300.0, 0.42 * resonance_hz, 4.95 * resonance_hz, rng)
    return faded((0.35 * narrow + splash) * glug + drops, 0.10, 0.12) * 0.55


def contact(count: int, material: str, strength: float, rng: np.random.Generator) -> Samples:
    """Two things touch: a burst of noise and the modes of the thing, softer contacts duller."""
    modes_hz, decay_s = MODES_HZ.get(material, MODES_HZ["wood"])
    time_s = np.arange(count) / SAMPLE_RATE
    attack = 1 - np.exp(-time_s / 0.0008)
    out = 1.1 * band(rng.normal(size=count), 150, 900 + 5000 * strength) * np.exp(-time_s / 0.006)
    for order, frequency_hz in enumerate(modes_hz):
        frequency_hz *= rng.uniform(0.97, 1.03)
        out += np.exp(-time_s / (decay_s / (1 + 0.4 * order))) * np.sin(2 * np.pi * frequency_hz * time_s) / (1 + order)
    return faded(0.22 * strength * attack * out, 0.001, 0.02)


def footstep(count: int, rng: np.random.Generator) -> Samples:
    """A sock on a wooden floor: a dull thud of the heel, then the softer ball of the foot."""
    time_s = np.arange(count) / SAMPLE_RATE
    out = np.zeros(count)
    for delay_s, level, decay_s in ((0.0, 1.0, 0.022), (0.09, 0.45, 0.03)):
        since_s = np.maximum(time_s - delay_s, 0.0)
        out += level * (1 - np.exp(-since_s / 0.003)) * np.exp(-since_s / decay_s)
    return faded(0.16 * out * band(rng.normal(size=count), 60, 480), 0.004, 0.03)


def room(count: int, rng: np.random.Generator) -> Samples:
    """The quiet of a kitchen: mains hum of a fridge and air."""
    time_s = np.arange(count) / SAMPLE_RATE
    hum = sum(
        amplitude * np.sin(2 * np.pi * hz * time_s + rng.uniform(0, 6))
        for hz, amplitude in ((50, 1.0), (100, 0.8), (150, 0.3), (200, 0.2))
    )
    return faded(0.0016 * hum + 0.0035 * band(rng.normal(size=count), 60, 1200), 0.05)


MAKERS: dict[str, Callable[[int, Sound, np.random.Generator], Samples]] = {
    "water": lambda count, sound, rng: sound.strength * running_water(count, rng),
    "pour": lambda count, sound, rng: sound.strength * pouring(count, rng),
    "contact": lambda count, sound, rng: contact(count, sound.material, sound.strength, rng),
    "step": lambda count, sound, rng: sound.strength * footstep(count, rng),
}


def mix(sounds: Iterable[Sound], duration_s: float, seed: int = 0) -> NDArray[np.float32]:
    """All sounds over the quiet of the room. Returns (duration_s * SAMPLE_RATE,), within -0.95 to 0.95."""
    count = round(duration_s * SAMPLE_RATE)
    out = room(count, np.random.default_rng([seed, 5]))
    for order, sound in enumerate(sounds):
        start = max(round(sound.start_s * SAMPLE_RATE), 0)
        length = min(round((sound.stop_s - sound.start_s) * SAMPLE_RATE), count - start)
        if length > 0:
            made = MAKERS[sound.kind](length, sound, np.random.default_rng([seed, 6, order]))
            out[start : start + length] += made
    # A soft limit: loud moments bend instead of clipping.
    return (0.95 * np.tanh(out / 0.95)).astype(np.float32)

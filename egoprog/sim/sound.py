"""What is heard in the kitchen, made from noise and decaying tones; 24 kHz mono.

Everything is band-limited below 11 kHz and fades in and out, so that nothing clicks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

from egoprog.data.epic_classes import SOUNDS
from egoprog.sim.types import Sound

SAMPLE_RATE = 24000
"""In Hz."""
TOP_HZ = 11000.0

Samples = NDArray[np.float64]


# Of materials that are struck: modes, the time in which they fall to 1/e [s], and how hard they are, 0 to 1.
MATERIALS: dict[str, tuple[tuple[float, ...], float, float]] = {
    "ceramic": ((1350.0, 2480.0, 3900.0, 5650.0, 7150.0), 0.030, 0.9),
    "glass": ((2150.0, 3380.0, 5200.0, 7900.0), 0.045, 0.95),
    "metal": ((1150.0, 1900.0, 3150.0, 4700.0, 7300.0), 0.060, 1.0),
    "wood": ((240.0, 520.0, 880.0, 1450.0), 0.014, 0.55),
    "marble": ((420.0, 980.0, 1900.0, 3300.0), 0.010, 0.9),
    "plastic": ((420.0, 910.0, 1600.0, 2700.0), 0.012, 0.4),
    "paper": ((700.0, 1500.0), 0.004, 0.2),
    "cloth": ((150.0, 300.0), 0.005, 0.05),
    "food": ((180.0, 360.0), 0.008, 0.12),
    "skin": ((130.0, 260.0), 0.005, 0.05),
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


def pouring(count: int, first: float, last: float, rng: np.random.Generator) -> Samples:
    """Pouring into a vessel: bubbles and noise in the resonance of the air above, which rises as it fills.

    first, last: how full it is at the beginning and at the end, 0 to 1.
    """
    share = np.linspace(first, max(last, first), count)
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


def contact(count: int, material: str, other: str, strength: float, rng: np.random.Generator) -> Samples:
    """Two things touch: a burst of noise and the modes of both. The softer of the two decides how sharp it is."""
    time_s = np.arange(count) / SAMPLE_RATE
    pair = [MATERIALS.get(name or "wood", MATERIALS["wood"]) for name in (material, other)]
    hardness = min(pair[0][2], pair[1][2])
    attack = 1 - np.exp(-time_s / (0.0004 + 0.003 * (1 - hardness)))
    top_hz = 500 + 9000 * hardness * (0.4 + 0.6 * strength)
    out = band(rng.normal(size=count), 120, top_hz) * np.exp(-time_s / (0.004 + 0.006 * (1 - hardness)))
    for share, (modes_hz, decay_s, _) in zip((1.0, 0.6), pair, strict=True):
        for order, frequency_hz in enumerate(modes_hz):
            frequency_hz *= rng.uniform(0.94, 1.06)
            loudness = share * hardness * rng.uniform(0.5, 1.2) / (1 + 0.5 * order)
            ring = np.exp(-time_s / (decay_s * rng.uniform(0.7, 1.3) / (1 + 0.3 * order)))
            out += loudness * ring * np.sin(2 * np.pi * min(frequency_hz, TOP_HZ) * time_s)
    return faded(0.16 * strength * (0.5 + 0.5 * hardness) * attack * out, 0.001, 0.02)


def _repeated(
    count: int, rate_hz: float, made: Callable[[int], Samples], rng: np.random.Generator, jitter: float = 0.25
) -> Samples:
    """Events at a rate, each made anew. made: from a number of samples."""
    out = np.zeros(count)
    at_s = rng.uniform(0, 0.5 / rate_hz)
    while at_s * SAMPLE_RATE < count - 64:
        start = int(at_s * SAMPLE_RATE)
        piece = made(min(count - start, int(0.35 * SAMPLE_RATE)))
        out[start : start + len(piece)] += piece
        at_s += max(rng.normal(1, jitter), 0.2) / rate_hz
    return out


def grains(count: int, rng: np.random.Generator) -> Samples:
    """Many small hard things that fall: a patter of short bursts."""
    hits = np.zeros(count)
    where = rng.integers(0, count, int(900 * count / SAMPLE_RATE))
    hits[where] = rng.lognormal(-0.5, 0.8, len(where))
    return faded(0.5 * band(hits, 1600, 9000), 0.05, 0.08)


def chop(count: int, strength: float, rng: np.random.Generator) -> Samples:
    """A knife goes through something crisp and meets the board."""
    crunch = band(rng.normal(size=count), 1800, 8000) * np.exp(
        -(((np.arange(count) / SAMPLE_RATE) - 0.025) ** 2) / 4e-4
    )
    knock = np.zeros(count)
    late = min(int(0.055 * SAMPLE_RATE), count - 1)
    knock[late:] = contact(count - late, "wood", "wood", 0.9, rng)
    return faded(strength * (0.10 * crunch + 1.6 * knock), 0.003, 0.02)


def strokes(
    count: int, low_hz: float, high_hz: float, rate_hz: float, depth: float, rng: np.random.Generator
) -> Samples:
    """Something rough is rubbed to and fro."""
    time_s = np.arange(count) / SAMPLE_RATE
    phase = 2 * np.pi * rate_hz * time_s + 0.8 * np.sin(2 * np.pi * 0.37 * time_s + rng.uniform(0, 6))
    swell = 1 - depth + depth * np.abs(np.sin(0.5 * phase)) ** 1.5
    return faded(0.10 * swell * band(rng.normal(size=count), low_hz, high_hz), 0.05, 0.08)


def stirring(count: int, material: str, other: str, rng: np.random.Generator) -> Samples:
    """A spoon goes round in a vessel and meets its wall."""
    taps = _repeated(count, 4.5, lambda n: contact(n, material, other or "metal", rng.uniform(0.2, 0.5), rng), rng)
    return faded(taps + 0.5 * strokes(count, 800, 5000, 3.0, 0.6, rng), 0.05, 0.08)


def sizzling(count: int, rng: np.random.Generator) -> Samples:
    """Water leaves hot fat: a hiss, and many small cracks."""
    hiss = band(rng.normal(size=count), 2500, 10500)
    cracks = np.zeros(count)
    where = rng.integers(0, count, int(60 * count / SAMPLE_RATE))
    cracks[where] = rng.lognormal(0.3, 1.0, len(where))
    swell = 1 + 0.25 * band(rng.normal(size=count), 0.5, 4.0) / 0.02
    return faded(0.055 * np.clip(swell, 0.5, 1.6) * hiss + 0.35 * band(cracks, 1500, 9000), 0.3, 0.4)


def boiling(count: int, rng: np.random.Generator) -> Samples:
    """A kettle: a roar that grows, and bubbles towards the end."""
    share = np.linspace(0, 1, count)
    roar = band(rng.normal(size=count), 150, 1800) * (0.15 + share)
    return faded(0.12 * roar + 0.10 * share * bubbles(count, 260.0, 180.0, 900.0, rng), 0.4, 0.3)


def door(count: int, material: str, strength: float, rng: np.random.Generator) -> Samples:
    """A door meets its frame, or its seal lets go."""
    time_s = np.arange(count) / SAMPLE_RATE
    thump = band(rng.normal(size=count), 50, 350) * np.exp(-time_s / 0.05)
    knock = contact(count, material or "wood", "wood", 0.8 * strength, rng)
    return faded(strength * 0.5 * thump + 0.7 * knock, 0.003, 0.05)


def beep(count: int, rng: np.random.Generator) -> Samples:
    time_s = np.arange(count) / SAMPLE_RATE
    return faded(0.10 * np.sin(2 * np.pi * 2050.0 * time_s) + 0.02 * np.sin(2 * np.pi * 4100.0 * time_s), 0.008, 0.012)


def humming(count: int, rng: np.random.Generator) -> Samples:
    """A microwave oven: its transformer and its fan."""
    time_s = np.arange(count) / SAMPLE_RATE
    tones = sum(
        np.sin(2 * np.pi * hz * time_s + rng.uniform(0, 6)) / (1 + k) for k, hz in enumerate((100, 200, 300, 400))
    )
    return faded(0.035 * tones + 0.05 * band(rng.normal(size=count), 120, 2400), 0.2, 0.2)


def rustling(count: int, rng: np.random.Generator) -> Samples:
    """Paper or foil that is handled."""

    def crackle(length: int) -> Samples:
        time_s = np.arange(length) / SAMPLE_RATE
        return rng.lognormal(-0.7, 0.7) * band(rng.normal(size=length), 1200, 9500) * np.exp(-time_s / 0.012)

    return faded(0.10 * _repeated(count, 22.0, crackle, rng, 0.6), 0.02, 0.05)


def shaking(count: int, rng: np.random.Generator) -> Samples:
    """Grains in a shaker, thrown to and fro."""
    time_s = np.arange(count) / SAMPLE_RATE
    swell = np.maximum(np.sin(2 * np.pi * 3.4 * time_s), 0) ** 2
    return faded(1.3 * swell * grains(count, rng), 0.01, 0.03)


def biting(count: int, rng: np.random.Generator) -> Samples:
    """Sips and swallows."""

    def sip(length: int) -> Samples:
        time_s = np.arange(length) / SAMPLE_RATE
        return 0.3 * bubbles(length, 60.0, 250.0, 900.0, rng) + 0.10 * band(
            rng.normal(size=length), 300, 3000
        ) * np.exp(-time_s / 0.06)

    return faded(0.3 * _repeated(count, 1.6, sip, rng), 0.03, 0.08)


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


def tap_water(count: int, sound: Sound, rng: np.random.Generator) -> Samples:
    """Into the sink, or into a vessel that fills from `first` to `last`."""
    running = running_water(count, rng)
    if sound.last > sound.first:
        return 0.45 * running + 0.8 * pouring(count, sound.first, sound.last, rng)
    return running


Maker = Callable[[int, Sound, np.random.Generator], Samples]
MAKERS: dict[str, Maker] = {
    "contact": lambda n, s, rng: contact(n, s.material, s.other, s.strength, rng),
    "slide": lambda n, s, rng: s.strength * strokes(n, 200, 3500, 1.2, 0.9, rng),
    "water": lambda n, s, rng: s.strength * tap_water(n, s, rng),
    "pour": lambda n, s, rng: s.strength * pouring(n, s.first, s.last, rng),
    "grains": lambda n, s, rng: s.strength * grains(n, rng),
    "chop": lambda n, s, rng: chop(n, s.strength, rng),
    "scrub": lambda n, s, rng: s.strength * strokes(n, 1400, 7500, 4.2, 0.85, rng),
    "wipe": lambda n, s, rng: s.strength * strokes(n, 400, 4500, 2.0, 0.9, rng),
    "stir": lambda n, s, rng: s.strength * stirring(n, s.material, s.other, rng),
    "sizzle": lambda n, s, rng: s.strength * sizzling(n, rng),
    "boil": lambda n, s, rng: s.strength * boiling(n, rng),
    "door": lambda n, s, rng: door(n, s.material, s.strength, rng),
    "click": lambda n, s, rng: contact(n, "plastic", "plastic", 0.9 * s.strength, rng),
    "beep": lambda n, s, rng: s.strength * beep(n, rng),
    "hum": lambda n, s, rng: s.strength * humming(n, rng),
    "rustle": lambda n, s, rng: s.strength * rustling(n, rng),
    "shake": lambda n, s, rng: s.strength * shaking(n, rng),
    "peel": lambda n, s, rng: s.strength * strokes(n, 2200, 9000, 1.8, 1.0, rng),
    "step": lambda n, s, rng: s.strength * footstep(n, rng),
    "crack": lambda n, s, rng: contact(n, "ceramic", "food", s.strength, rng),
    "bite": lambda n, s, rng: s.strength * biting(n, rng),
}
_CLASSES = {
    "slide": "slide object",
    "water": "water",
    "pour": "pour",
    "grains": "pour",
    "chop": "cut / chop",
    "scrub": "scrub / scrape / scour / wipe",
    "wipe": "scrub / scrape / scour / wipe",
    "peel": "scrub / scrape / scour / wipe",
    "stir": "stir / mix / whisk",
    "sizzle": "sizzling / boiling",
    "boil": "kettle / mixer / appliance",
    "hum": "kettle / mixer / appliance",
    "door": "open / close",
    "click": "click",
    "beep": "beep",
    "rustle": "rustle",
    "step": "footstep",
    "bite": "drink / eat",
}
_LOUD_ENOUGH = 0.2
"""Contacts that are softer have no row, as annotators have none for what they hardly hear."""


def epic_class(sound: Sound) -> str | None:
    """EPIC-SOUNDS' class of a sound; None for what it has no class for."""
    if sound.kind != "contact":
        return _CLASSES.get(sound.kind)
    pair = sorted({sound.material or "wood", sound.other or "wood"})
    if sound.strength < _LOUD_ENOUGH:
        return None
    for name in (f"{pair[0]}-only collision" if len(pair) == 1 else "", " / ".join(pair) + " collision",
                 " / ".join(reversed(pair)) + " collision"):  # fmt: skip
        if name in SOUNDS:
            return name
    return None


def class_id(name: str) -> int:
    """EPIC-SOUNDS' number of a class. Raises ValueError for a name that is none."""
    return SOUNDS.index(name)


def mix(sounds: Iterable[Sound], duration_s: float, seed: int = 0) -> NDArray[np.float32]:
    """All sounds over the quiet of the room. Returns (duration_s * SAMPLE_RATE,), within -0.95 to 0.95."""
    count = round(duration_s * SAMPLE_RATE)
    out = room(count, np.random.default_rng([seed, 5]))
    for order, sound in enumerate(sounds):
        start = max(round(sound.start_s * SAMPLE_RATE), 0)
        length = round(min((sound.stop_s - sound.start_s) * SAMPLE_RATE, count - start))
        if length > 0:
            made = MAKERS[sound.kind](length, sound, np.random.default_rng([seed, 6, order]))
            out[start : start + length] += made
    # A soft limit: loud moments bend instead of clipping.
    return (0.95 * np.tanh(out / 0.95)).astype(np.float32)

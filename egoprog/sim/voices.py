"""How each kind of sound in a kitchen is made, from noise, modes of struck things, and bubbles; 24 kHz mono.

A voice gets the sound, its length in samples, chance of its own (`rng`), and chance that every sound of the kind in a
kitchen shares (`home`: it is always the same tap). It may return more samples than asked for: a glass rings on.
Levels are those of a microphone on the head: a plate that is put down peaks at about -12 dB of full scale, running
water has about -29 dB.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from egoprog.errors import ConfigurationError
from egoprog.sim.synth import (
    SAMPLE_RATE,
    TOP_HZ,
    Samples,
    added,
    band,
    bubbles,
    decay,
    faded,
    filtered,
    levelled,
    noise,
    ringing,
    struck,
    swell,
    tamed,
    through,
    to_count,
)
from egoprog.sim.types import Sound

SPEED_OF_SOUND_M_S: Final = 343.0


@dataclass(frozen=True)
class Material:
    """What a thing of it sounds like when struck.

    lowest_hz, highest_hz, num_modes: its modes. decay_s: in which one at 1 kHz falls to 1/e. hardness: 0 to 1.
    """

    lowest_hz: float
    highest_hz: float
    num_modes: int
    decay_s: float
    hardness: float


MATERIALS: Final[Mapping[str, Material]] = {
    "ceramic": Material(560, 9000, 26, 0.016, 0.95),
    "glass": Material(1300, 9500, 16, 0.070, 0.95),
    "metal": Material(1100, 10000, 28, 0.026, 1.0),
    "wood": Material(140, 2600, 12, 0.016, 0.62),
    "marble": Material(260, 5200, 10, 0.014, 0.95),
    "plastic": Material(230, 4200, 10, 0.012, 0.50),
    "paper": Material(400, 5200, 6, 0.004, 0.25),
    "cloth": Material(80, 420, 3, 0.006, 0.06),
    "food": Material(90, 1100, 5, 0.007, 0.22),
    "skin": Material(90, 500, 3, 0.006, 0.10),
}


def material(name: str, default: str = "wood") -> Material:
    """The one of that name; "" gives the default. Raises ConfigurationError for one that is not known."""
    found = MATERIALS.get(name or default)
    if found is None:
        raise ConfigurationError(f"no material {name!r} to hear; expected one of {', '.join(MATERIALS)}")
    return found


def _modes(thing: Material, length_s: float, damping: float, rng: np.random.Generator) -> tuple[np.ndarray, Samples]:
    """The modes of one thing of a material: frequencies (M,) and how they ring (M, N)."""
    size = rng.lognormal(0, 0.25)
    even = np.linspace(0, 1, thing.num_modes) + rng.normal(0, 0.35 / thing.num_modes, thing.num_modes)
    hz = thing.lowest_hz * (thing.highest_hz / thing.lowest_hz) ** even / size
    decay_s = thing.decay_s * damping * (1000 / hz) ** 0.35 * rng.lognormal(0, 0.35, thing.num_modes)
    return hz, ringing(hz, decay_s, to_count(min(length_s, 5 * float(decay_s.max()))))


def _hits(
    pair: tuple[Material, Material],
    at_s: np.ndarray,
    heights: np.ndarray,
    rng: np.random.Generator,
    shares: tuple[float, float] = (1.0, 0.6),
    length_s: float = 0.9,
    grit: float = 0.5,
) -> Samples:
    """Two things meet, once or more often. at_s, heights: (K,); each peaks at about its height.

    The softer of the two decides how long they touch, and so how bright it is; either rings less on what is soft.
    shares: of the two in what rings. grit: how loud the burst of the touch itself is.
    """
    hardness = min(pair[0].hardness, pair[1].hardness)
    touch_s = 0.00006 + 0.0030 * (1 - hardness) ** 1.7
    # What is hit harder is brighter.
    top_hz = (0.5 + 0.7 * heights / max(float(heights.max(initial=0.0)), 1e-9)) / (2.2 * touch_s)
    num_burst = to_count(0.012 + 4 * touch_s)
    bodies = [_modes(thing, length_s, 0.35 + 0.65 * hardness, rng) for thing in pair]
    length = max(num_burst, *(ring.shape[1] for _, ring in bodies))
    hits = np.zeros((len(at_s), length), np.float32)
    for share, (hz, ring) in zip(shares, bodies, strict=True):
        gains = share * rng.lognormal(0, 0.6, (len(at_s), len(hz)))
        gains = gains / (1 + (hz / top_hz[:, None]) ** 2) * (hz / (hz + 2200))
        hits[:, : ring.shape[1]] += gains.astype(np.float32) @ ring
    hits /= np.maximum(np.abs(hits).max(axis=1, keepdims=True), 1e-9)
    low_hz = 90 + 250 * hardness
    envelope = decay(num_burst, 0.0002 + touch_s / 3, 0.0012 + 1.5 * touch_s)
    out = np.zeros(to_count(float(at_s.max(initial=0.0))) + length, np.float32)
    for start_s, height, hit, high_hz in zip(at_s, heights, hits, top_hz, strict=True):
        burst = noise(num_burst, band(low_hz, float(np.clip(high_hz, 2 * low_hz, TOP_HZ)), 1.5), rng) * envelope
        hit[:num_burst] += levelled(burst, peak_db=0) * np.float32(0.6 * grit)
        added(out, to_count(float(start_s)), faded(hit, 0.0, 0.01) * np.float32(height))
    return out


def contact(sound: Sound, count: int, rng: np.random.Generator, home: np.random.Generator) -> Samples:
    """Two things touch: a thing that is put down meets its place once, rocks, and comes to rest."""
    pair = material(sound.material), material(sound.other)
    hardness = min(pair[0].hardness, pair[1].hardness)
    rocks = rng.poisson(0.8 + 4.5 * hardness * sound.strength) if hardness > 0.3 else rng.poisson(0.3)
    gaps_s = rng.uniform(0.02, 0.10, rocks) * 0.9 ** np.arange(rocks)
    at_s = 0.004 + np.concatenate([[0.0], np.cumsum(gaps_s)])
    heights = np.concatenate([[1.0], rng.uniform(0.2, 0.9, rocks) * 0.85 ** np.arange(rocks)])
    samples = _hits(pair, at_s, heights, rng, length_s=count / SAMPLE_RATE + 0.9)
    level_db = -6.5 + 20 * math.log10(max(sound.strength, 0.02) ** 0.85 * (0.16 + 0.84 * hardness))
    return faded(levelled(samples, peak_db=level_db + rng.uniform(-1.5, 1.5)), 0.001, 0.02)


def _scraped(
    pair: tuple[Material, Material], count: int, speed: Samples, rough_hz: float, rng: np.random.Generator
) -> Samples:
    """One thing is drawn over another: the grain of both, heard through what they are. speed: (N,), 1 is usual."""
    hardness = min(pair[0].hardness, pair[1].hardness)
    top_hz = 1200 + 8000 * hardness**1.3
    hiss = noise(count, band(250 + 500 * hardness, top_hz, 1.0), rng)
    grain = struck(rough_hz * speed, count, 0.7, rng)
    body = np.zeros(to_count(0.25), np.float32)
    for share, thing in ((1.0, pair[0]), (0.5, pair[1])):
        hz, ring = _modes(thing, 0.25, 0.5, rng)
        gains = share * rng.lognormal(0, 0.5, len(hz)) / (1 + (hz / top_hz) ** 2)
        added(body, 0, gains.astype(np.float32) @ ring)
    body /= max(float(np.sqrt(np.square(body).sum())), 1e-9)
    return (0.7 * hiss + through(0.5 * hiss + 1.5 * grain, body)) * speed**1.3


def slide(sound: Sound, count: int, rng: np.random.Generator, home: np.random.Generator) -> Samples:
    """A thing is pushed over a surface, or a drawer rolls out with all that is in it, and knocks at its end."""
    length_s = count / SAMPLE_RATE
    share = np.linspace(0, 1, count, dtype=np.float32)
    speed = np.maximum(np.sin(np.pi * np.minimum(share * 1.08, 1.0)), 0) ** 0.7 * swell(count, 14.0, 0.25, rng)
    pair = material(sound.material), material(sound.other)
    rumble = noise(count, band(50, 435, 1.5), rng) * swell(count, 30.0, 0.35, rng) * speed
    rolling = levelled(rumble, rms_db=-20) + levelled(_scraped(pair, count, speed, 1500.0, rng), rms_db=-34)
    num_rattles = rng.integers(4, 9)
    rattle_s, heights = np.sort(rng.uniform(0, length_s, num_rattles)), rng.lognormal(0, 0.5, num_rattles)
    rattle = _hits((material("wood"), material("metal")), rattle_s, heights, rng, shares=(1.0, 0.3))
    stop = _hits(
        (material("wood"), pair[1]), np.array([0.0, rng.uniform(0.03, 0.06)]), np.array([1.0, 0.4]), rng, grit=1
    )
    out = np.zeros(count + max(len(stop), len(rattle)), np.float32)
    added(out, 0, faded(levelled(rolling, rms_db=-38), 0.03))
    added(out, 0, levelled(rattle, peak_db=-23))
    added(out, int(0.86 * count), levelled(stop, peak_db=-13))
    return faded(sound.strength * out, 0.005, 0.03)


# Water.


def _air_column(level: np.ndarray, deep_m: float, wide_m: float) -> np.ndarray:
    """The resonance of the air in a vessel that is open at its top, in Hz. level: how full it is, 0 to 1."""
    return SPEED_OF_SOUND_M_S / (4 * (deep_m * (1 - 0.95 * level) + 0.6 * wide_m))


def _vessel_shape(first: float, last: float, length_s: float, deep_m: float, wide_m: float, sharpness: float):
    """Noise of a jet in a vessel: peaks at the odd multiples of its resonance, which rises as it fills."""

    def shape(hz: np.ndarray, time_s: np.ndarray) -> np.ndarray:
        level = np.clip(first + (last - first) * time_s / max(length_s, 1e-3), 0, 1)
        lowest_hz = _air_column(level, deep_m, wide_m)
        total = 0.10 * np.ones(1)
        for order, loudness in ((1, 1.0), (3, 0.55), (5, 0.35), (7, 0.2)):
            peak_hz = order * lowest_hz
            total = total + loudness / np.sqrt(1 + (sharpness * (hz / peak_hz - peak_hz / np.maximum(hz, 1.0))) ** 2)
        return total / np.sqrt((1 + (250 / np.maximum(hz, 1.0)) ** 4) * (1 + (hz / 5200) ** 3))

    return shape


def _falling_in(sound: Sound, count: int, flow: float, rng: np.random.Generator) -> Samples:
    """A stream falls into a vessel that holds `first` and then `last` of its volume. flow: 1 is a tap."""
    length_s = count / SAMPLE_RATE
    deep_m, wide_m = rng.uniform(0.085, 0.14), rng.uniform(0.030, 0.045)
    last = max(sound.last, sound.first)
    level = np.linspace(sound.first, last, count, dtype=np.float32)
    lowest_hz = _air_column(level, deep_m, wide_m)
    shape = _vessel_shape(sound.first, last, length_s, deep_m, wide_m, rng.uniform(5, 8))
    jet = noise(count, shape, rng) * swell(count, 11.0, 0.22, rng)
    drops = bubbles(count, 380 * flow + 120, 0.75 * lowest_hz, np.minimum(6 * lowest_hz, 9000), rng, 0.9, 0.7)
    spray = noise(count, band(1400, 8500, 1.0), rng) * swell(count, 25.0, 0.4, rng)
    return levelled(jet, rms_db=-20) + levelled(drops, rms_db=-20) + levelled(spray, rms_db=-33 + 3 * flow)


def water(sound: Sound, count: int, rng: np.random.Generator, home: np.random.Generator) -> Samples:
    """A tap that runs into the sink, or into a vessel that fills from `first` to `last`."""
    bright_hz, boom_hz = home.uniform(5500, 9000), home.uniform(280, 520)
    jet = noise(count, band(boom_hz, bright_hz, 0.8), rng) * swell(count, 9.0, 0.12, rng)
    splash = noise(count, band(700, 3600, 1.0), rng) * swell(count, 32.0, 0.45, rng)
    drops = bubbles(count, 700, 450, 4200, rng, 0.9, 0.6)
    samples = levelled(jet, rms_db=-22) + levelled(splash, rms_db=-23) + levelled(drops, rms_db=-21)
    if sound.last > sound.first:
        samples = 0.5 * samples + _falling_in(sound, count, 1.0, rng)
    level_db = -28 + 20 * math.log10(max(sound.strength, 0.05)) + rng.uniform(-1.5, 1.5)
    return faded(levelled(samples, rms_db=level_db), 0.12, 0.10)


def pour(sound: Sound, count: int, rng: np.random.Generator, home: np.random.Generator) -> Samples:
    """Out of one vessel into another, which sounds higher as it fills; the stream glugs."""
    share = np.linspace(0, 1, count, dtype=np.float32)
    glugs = 2 * np.pi * np.cumsum(rng.uniform(4, 6.5) + 2 * share) / SAMPLE_RATE
    samples = _falling_in(sound, count, 0.4, rng) * (1 + rng.uniform(0.1, 0.3) * np.sin(glugs)).astype(np.float32)
    level_db = -29 + 20 * math.log10(max(sound.strength, 0.05)) + rng.uniform(-1.5, 1.5)
    return faded(levelled(samples, rms_db=level_db), 0.10, 0.12)


def bite(sound: Sound, count: int, rng: np.random.Generator, home: np.random.Generator) -> Samples:
    """Something is eaten or drunk: crunches of the teeth, each softer than the one before, and lips."""
    out = np.zeros(count, np.float32)
    at, gap = to_count(0.03), to_count(rng.uniform(0.42, 0.6))
    height = 1.0
    while at < count - 1200:
        length = min(to_count(rng.uniform(0.10, 0.2)), count - at)
        crunch = struck(500 * decay(length, 0.01, 0.08), length, 0.9, rng)
        crunch = filtered(crunch, 500, 6500, 1.0) + 0.25 * noise(length, band(250, 3000), rng) * decay(
            length, 0.02, 0.05
        )
        added(out, at, faded(height * crunch, 0.004, 0.03))
        height, at = max(0.35, 0.8 * height), at + int(gap * rng.uniform(0.8, 1.25))
    return faded(levelled(out, peak_db=-14) * sound.strength, 0.02, 0.06)


# Food.


def grains(sound: Sound, count: int, rng: np.random.Generator, home: np.random.Generator) -> Samples:
    """Rice or cereal falls into a bowl: a patter on its wall, then on itself."""
    patter = struck(rng.uniform(3000, 5000) * swell(count, 6.0, 0.3, rng), count, 0.9, rng)
    share = np.linspace(1, 0.25, count, dtype=np.float32)
    hz, ring = _modes(material(sound.material, "ceramic"), 0.2, 1.0, rng)
    body = (rng.lognormal(0, 0.5, len(hz)) * hz / (hz + 900)).astype(np.float32) @ ring
    hits = levelled(filtered(patter, 870, 9500, 1.0), rms_db=-20)
    bowl = levelled(through(patter * share, body), rms_db=-38)
    rush = levelled(noise(count, band(2500, 9500, 1.0), rng) * swell(count, 9.0, 0.25, rng), rms_db=-26)
    return faded(levelled(tamed(hits + bowl + rush, 10), rms_db=-31) * sound.strength, 0.05, 0.08)


def chop(sound: Sound, count: int, rng: np.random.Generator, home: np.random.Generator) -> Samples:
    """A knife goes through something crisp and meets the board."""
    cut = to_count(rng.uniform(0.04, 0.08))
    crunch = struck(3000 * np.linspace(0.4, 1, cut), cut, 0.9, rng)
    crunch = filtered(crunch, 300, 8000, 1.0) + 0.3 * noise(cut, band(1200, 8000), rng)
    pair = Material(home.uniform(800, 1050), 2100, 21, 0.0085, 0.6), material("metal")  # the board, the blade
    knock = _hits(pair, np.zeros(1), np.ones(1), rng, shares=(1.0, 0.2), length_s=0.3)
    thud = decay(len(knock), 0.002, 0.022) * noise(len(knock), band(70, 320), rng)
    knock = levelled(levelled(knock, peak_db=0) + levelled(thud, peak_db=-22), peak_db=-11)
    out = np.zeros(cut + len(knock), np.float32)
    added(out, 0, faded(levelled(crunch, peak_db=-19.5), 0.006, 0.004))
    added(out, cut, knock)
    return faded(out * (0.35 + 0.65 * sound.strength), 0.003, 0.02)


def crack(sound: Sound, count: int, rng: np.random.Generator, home: np.random.Generator) -> Samples:
    """An egg on a rim: a tick, the shell breaks, and it is drawn apart."""
    out = np.zeros(to_count(0.55), np.float32)
    tick = _hits((material("ceramic"), material("plastic")), np.array([0.0]), np.array([1.0]), rng, length_s=0.1)
    added(out, 60, levelled(tick, peak_db=-13))
    length = to_count(0.3)
    shell = filtered(struck(260 * decay(length, 0.01, 0.12), length, 1.0, rng), 1500, 8500, 1.0)
    added(out, to_count(0.015), levelled(faded(shell, 0.002, 0.05), peak_db=-17))
    return faded(out * sound.strength, 0.001, 0.05)


def sizzle(sound: Sound, count: int, rng: np.random.Generator, home: np.random.Generator) -> Samples:
    """Water leaves hot fat: a hiss, and many small cracks."""
    hiss = noise(count, band(2600, 9800, 1.5), rng) * swell(count, 3.0, 0.15, rng)
    crackle = struck(rng.uniform(160, 260) * swell(count, 4.0, 0.4, rng), count, 1.0, rng)
    crackle = filtered(crackle, 1400, 9500, 1.0)
    spits = bubbles(count, 14, 900, 4500, rng, 0.9, 0.2)
    mixed = levelled(hiss, rms_db=-22) + levelled(crackle, rms_db=-22) + levelled(spits, rms_db=-33)
    return faded(levelled(tamed(mixed), rms_db=-34) * sound.strength, 0.25, 0.35)


def boil(sound: Sound, count: int, rng: np.random.Generator, home: np.random.Generator) -> Samples:
    """A kettle or a pot: a roar and hiss of steam that rise, bubbles, and a lid that rattles towards the end."""
    length_s = count / SAMPLE_RATE
    share = np.linspace(0, 1, count, dtype=np.float32)

    def roar_shape(hz: np.ndarray, time_s: np.ndarray) -> np.ndarray:
        now = np.clip(time_s / max(length_s, 1e-3), 0, 1)
        return band(300, 2500 + 2500 * now, 0.6)(hz, time_s) * (0.35 + now)

    roar = noise(count, roar_shape, rng) * swell(count, 6.5, 0.4, rng)
    rolling = bubbles(count, 180, 350, 900, rng, 0.9, 0.6) * (0.2 + share)
    out = levelled(levelled(roar, rms_db=-20) + levelled(rolling, rms_db=-29), rms_db=-31)
    rattles = np.flatnonzero(np.diff(np.floor(np.cumsum(9 * share**4 * swell(count, 3.0, 0.5, rng)) / SAMPLE_RATE)))
    tick = _hits((material("metal"), material("plastic")), np.zeros(1), np.ones(1), rng, length_s=0.2)
    for at in rattles:
        added(out, int(at), levelled(tick, peak_db=-27) * np.float32(rng.uniform(0.3, 1.0)))
    return faded(out * sound.strength, 0.4, 0.3)


# Tools that go to and fro.


def _strokes(count: int, rate_hz: float, rng: np.random.Generator) -> Samples:
    """The speed of something that goes to and fro. (N,)"""
    drift = np.cumsum(rate_hz * swell(count, 1.5, 0.15, rng)) / SAMPLE_RATE
    return (np.abs(np.sin(np.pi * (drift + rng.random()))) ** 0.8).astype(np.float32)


def scrub(sound: Sound, count: int, rng: np.random.Generator, home: np.random.Generator) -> Samples:
    """A rough sponge on dishes."""
    pair = material("plastic"), material(sound.material, "ceramic")
    speed = _strokes(count, rng.uniform(2.6, 4.5), rng) ** 1.3 * swell(count, 4.0, 0.25, rng)
    hiss = noise(count, band(rng.uniform(2500, 4500), 7800), rng) * speed
    samples = levelled(hiss, rms_db=-22) + levelled(_scraped(pair, count, speed, 400.0, rng), rms_db=-33)
    return faded(levelled(samples, rms_db=-33) * sound.strength, 0.04, 0.08)


def wipe(sound: Sound, count: int, rng: np.random.Generator, home: np.random.Generator) -> Samples:
    """A cloth over a surface."""
    speed = _strokes(count, rng.uniform(1.6, 2.6), rng)
    samples = noise(count, band(350, 3800, 1.0), rng) * speed**1.5 * swell(count, 20, 0.2, rng)
    return faded(levelled(samples, rms_db=-37) * sound.strength, 0.05, 0.08)


def peel(sound: Sound, count: int, rng: np.random.Generator, home: np.random.Generator) -> Samples:
    """Strokes of a peeler: a thin crisp tear each, with a pause between."""
    speed = np.maximum(_strokes(count, rng.uniform(1.7, 2.4), rng) - 0.35, 0) / 0.65
    tear = filtered(struck(900 * speed + 1, count, 0.8, rng), 1500, 9000, 1.0)
    samples = levelled(tear * speed, rms_db=-22) + levelled(noise(count, band(2000, 9000), rng) * speed, rms_db=-26)
    return faded(levelled(tamed(samples), rms_db=-34) * sound.strength, 0.03, 0.06)


def stir(sound: Sound, count: int, rng: np.random.Generator, home: np.random.Generator) -> Samples:
    """A spoon goes round in a vessel and meets its wall again and again."""
    pair = material(sound.other, "metal"), material(sound.material, "ceramic")
    length_s, beat_s = count / SAMPLE_RATE, rng.uniform(0.16, 0.23)
    at_s = np.cumsum(beat_s * rng.lognormal(0, 0.15, int(length_s / beat_s) + 1)) - 0.7 * beat_s
    at_s = at_s[(at_s > 0) & (at_s < length_s - 0.05)]
    out = np.zeros(count + to_count(0.5), np.float32)
    if len(at_s):
        taps = _hits(pair, at_s, rng.lognormal(0, 0.5, len(at_s)), rng, shares=(0.2, 1.0))
        added(out, 0, levelled(taps, peak_db=-15))
    scrape = _scraped(pair, count, 0.2 + 0.8 * _strokes(count, 1 / beat_s, rng), 260.0, rng)
    added(out, 0, faded(levelled(scrape, rms_db=-52), 0.04))
    added(out, 0, faded(levelled(bubbles(count, 24, 350, 1400, rng), rms_db=-51), 0.04))
    return faded(out * sound.strength, 0.02, 0.05)


def shake(sound: Sound, count: int, rng: np.random.Generator, home: np.random.Generator) -> Samples:
    """Salt in a shaker, thrown to and fro."""
    swing = np.maximum(
        np.sin(2 * np.pi * (np.cumsum(rng.uniform(3.2, 4.4) * swell(count, 2, 0.1, rng)) / SAMPLE_RATE)), 0
    )
    patter = filtered(struck(2600 * swing**3 + 1, count, 0.6, rng), 2400, 9500, 1.0)
    body = noise(count, band(900, 3000), rng) * swing**5
    samples = levelled(patter, rms_db=-22) + levelled(body.astype(np.float32), rms_db=-34)
    return faded(levelled(tamed(samples), rms_db=-33) * sound.strength, 0.02, 0.04)


def rustle(sound: Sound, count: int, rng: np.random.Generator, home: np.random.Generator) -> Samples:
    """A packet of paper or foil is handled: crackles in bursts."""
    busy = np.clip(swell(count, 4.4, 1.2, rng), 0.05, 4)
    sheet = decay(to_count(0.03), 0.0003, 0.0015) * noise(to_count(0.03), band(600, 9500, 1.0), rng)
    crackle = filtered(through(struck(65 * busy, count, 1.1, rng), sheet), 600, 9800, 1.0)
    samples = levelled(crackle, rms_db=-22) + levelled(noise(count, band(1500, 8500, 1.0), rng) * busy, rms_db=-26)
    return faded(levelled(tamed(samples), rms_db=-32) * sound.strength, 0.03, 0.06)


# Furniture, appliances, feet.


def door(sound: Sound, count: int, rng: np.random.Generator, home: np.random.Generator) -> Samples:
    """A door: of metal, a fridge's, whose seal lets go or thumps shut; else a cupboard's, which knocks on its frame."""
    out = np.zeros(to_count(0.7), np.float32)
    length = len(out)
    thump = noise(length, band(45, 260, 1.5), rng) * decay(length, 0.004, home.uniform(0.035, 0.06))
    if sound.material == "metal":
        suction = noise(to_count(0.16), band(700, 5500, 1.0), rng)
        added(out, to_count(0.02), 0.12 * faded(suction * decay(len(suction), 0.02, 0.04), 0.02, 0.05))
        added(out, to_count(0.05), levelled(thump, peak_db=-1))
        rattle = _hits((material("glass"), material("plastic")), np.array([0.07, 0.10, 0.15]) + rng.uniform(0, 0.02, 3),
                       rng.uniform(0.2, 1, 3), rng)  # fmt: skip
        added(out, 0, levelled(rattle, peak_db=-20))
    else:
        knocks = np.array([0.02, rng.uniform(0.05, 0.08), rng.uniform(0.11, 0.16)])
        pair = material(sound.material), material("wood")
        added(out, 0, levelled(_hits(pair, knocks, np.array([1, 0.4, 0.15]), rng), peak_db=-2))
        added(out, to_count(0.02), levelled(thump, peak_db=-5))
    return faded(levelled(out, peak_db=-10) * sound.strength, 0.003, 0.08)


def click(sound: Sound, count: int, rng: np.random.Generator, home: np.random.Generator) -> Samples:
    """A switch or a dial: down, and up again."""
    pair = material("plastic"), material("metal")
    up_s = min(rng.uniform(0.05, 0.09), max(count / SAMPLE_RATE - 0.02, 0.03))
    hits = _hits(pair, np.array([0.002, 0.002 + up_s]), np.array([1.0, rng.uniform(0.4, 0.8)]), rng, (1.0, 0.4), 0.1)
    return faded(levelled(filtered(hits, 700, 9000, 1.0), peak_db=-15) * sound.strength, 0.001, 0.02)


def beep(sound: Sound, count: int, rng: np.random.Generator, home: np.random.Generator) -> Samples:
    """The piezo of an appliance."""
    hz = home.uniform(1950, 2450)
    time_s = np.arange(count) / SAMPLE_RATE
    tone = (
        np.sin(2 * np.pi * hz * time_s) + 0.22 * np.sin(6 * np.pi * hz * time_s) + 0.1 * np.sin(4 * np.pi * hz * time_s)
    )
    return faded(levelled(tone.astype(np.float32), peak_db=-20) * sound.strength, 0.004, 0.008)


def hum(sound: Sound, count: int, rng: np.random.Generator, home: np.random.Generator) -> Samples:
    """A microwave oven: its transformer, its fan, and the plate that goes round."""
    time_s = np.arange(count) / SAMPLE_RATE
    period = np.arange(SAMPLE_RATE // 100) / (SAMPLE_RATE // 100)  # of the transformer, at twice the mains' 50 Hz
    tones = np.zeros(len(period))
    for order in range(1, 40):
        tones += home.lognormal(0, 0.5) / order**1.2 * np.sin(2 * np.pi * order * period + home.uniform(0, 6))
    tones = np.resize(tones, count).astype(np.float32)
    blades_hz = home.uniform(230, 310)
    beat = (1 + 0.1 * np.sin(2 * np.pi * blades_hz * time_s)).astype(np.float32)
    fan = noise(count, band(300, 1100, 0.9), rng) * beat
    plate = 1 + 0.08 * np.sin(2 * np.pi * time_s / 1.7).astype(np.float32)
    mixed = (levelled(tones, rms_db=-20) + levelled(fan, rms_db=-28)) * plate
    return faded(levelled(mixed, rms_db=-35) * sound.strength, 0.15, 0.2)


def step(sound: Sound, count: int, rng: np.random.Generator, home: np.random.Generator) -> Samples:
    """A soft shoe on the floor: the heel, then the ball of the foot, and a scuff."""
    pair = Material(home.uniform(130, 190), home.uniform(1500, 2200), 24, 0.010, 0.63), material("food")
    roll_s = rng.uniform(0.06, 0.11)
    out = np.zeros(to_count(0.4), np.float32)
    feet = _hits(pair, np.array([0.004, 0.004 + roll_s]), np.array([1.0, rng.uniform(0.3, 0.6)]), rng, length_s=0.2)
    added(out, 0, levelled(feet, peak_db=-1))
    thud = noise(len(out), band(60, 300), rng) * decay(len(out), 0.003, 0.025)
    added(out, 60, levelled(thud, peak_db=-16))
    scuff = noise(to_count(0.09), band(350, 5000, 1.0), rng)
    added(out, to_count(0.02 + roll_s), faded(levelled(scuff, rms_db=-41 + rng.uniform(-4, 3)), 0.02, 0.05))
    return faded(levelled(out, peak_db=-20) * sound.strength, 0.002, 0.04)


Voice = Callable[[Sound, int, np.random.Generator, np.random.Generator], Samples]
VOICES: Final[Mapping[str, Voice]] = {
    voice.__name__: voice
    for voice in (
        contact, slide, water, pour, bite, grains, chop, crack, sizzle, boil, scrub, wipe, peel, stir, shake, rustle,
        door, click, beep, hum, step,
    )
}  # fmt: skip
"""By the kind of the sound."""

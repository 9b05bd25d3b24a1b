"""What is heard in an episode: its sounds in a room, and their EPIC-SOUNDS classes; 24 kHz mono.

Everything is band-limited below 11 kHz and fades in and out, so that nothing clicks. The sounds themselves are made in
`voices`; here they come together, get the room's reflections, and the quiet of the room below them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
from scipy import fft

from egoprog.data.epic_classes import SOUNDS
from egoprog.errors import ConfigurationError
from egoprog.sim.synth import (
    SAMPLE_RATE,
    Samples,
    added,
    band,
    decay,
    faded,
    filtered,
    levelled,
    noise,
    swell,
    to_count,
)
from egoprog.sim.types import Sound
from egoprog.sim.voices import VOICES

_CLASSES: Final = {
    "slide": "open / close",  # drawers are all that slides here, and EPIC-SOUNDS has them with the doors
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
    "crack": "click",
    "beep": "beep",
    "rustle": "rustle",
    "step": "footstep",
    "bite": "drink / eat",
}
_COLLISIONS: Final = {
    frozenset(name.removesuffix(" collision").removesuffix("-only").split(" / ")): name
    for name in SOUNDS
    if name.endswith("collision")
}
LOUD_ENOUGH: Final = 0.2
"""Contacts that are softer have no row, as annotators have none for what they hardly hear."""
_BLOCK: Final = 1 << 18
"""Samples of an episode that are worked on at once."""


def epic_class(sound: Sound) -> str | None:
    """EPIC-SOUNDS' class of a sound; None for what it has no class for."""
    if sound.kind != "contact":
        return _CLASSES.get(sound.kind)
    if sound.strength < LOUD_ENOUGH:
        return None
    return _COLLISIONS.get(frozenset((sound.material or "wood", sound.other or "wood")))


def class_id(name: str) -> int:
    """EPIC-SOUNDS' number of a class. Raises ValueError for a name that is none."""
    return SOUNDS.index(name)


def make(sound: Sound, seed: int = 0, order: int = 0, duration_s: float = np.inf) -> Samples:
    """One sound, dry, from its start on; it may ring on after its end. order: its place among an episode's sounds.

    duration_s: of the episode, which ends whatever still sounds. Raises ConfigurationError for a kind without a voice.
    """
    voice = VOICES.get(sound.kind)
    if voice is None:
        raise ConfigurationError(f"no voice for sounds of kind {sound.kind!r}; expected one of {', '.join(VOICES)}")
    count = to_count(min(sound.stop_s, duration_s) - sound.start_s)
    if count < to_count(0.01):
        return np.zeros(0, np.float32)
    home = np.random.default_rng([seed, 7, *sound.kind.encode()])
    return voice(sound, count, np.random.default_rng([seed, 6, order]), home)


def mix(sounds: Iterable[Sound], duration_s: float, seed: int = 0) -> Samples:
    """All sounds over the quiet of the room. Returns (duration_s * SAMPLE_RATE,), within -0.95 to 0.95."""
    out = np.zeros(to_count(duration_s), np.float32)
    for order, sound in enumerate(sounds):
        added(out, round(sound.start_s * SAMPLE_RATE), make(sound, seed, order, duration_s))
    _reverberate(out, impulse(seed))
    out += quiet(len(out), seed)
    for first in range(0, len(out), _BLOCK):
        # A soft limit: loud moments bend instead of clipping.
        block = out[first : first + _BLOCK]
        over = np.maximum(np.abs(block) - 0.6, 0)
        block[:] = np.sign(block) * (np.minimum(np.abs(block), 0.6) + 0.35 * np.tanh(over / 0.35))
    return out


def impulse(seed: int) -> Samples:
    """A kitchen's answer to a clap: the clap, walls and worktop, and a tail that falls by 60 dB in 0.3 to 0.4 s.

    It also ends what lies above 11 kHz.
    """
    rng = np.random.default_rng([seed, 8])
    reverberation_s = rng.uniform(0.30, 0.40)
    count = to_count(reverberation_s)
    lead = to_count(0.003)  # room for the filter, which answers before the clap, too
    out = np.zeros(lead + count, np.float32)
    tail = noise(count, band(180, 4200, 0.5), rng) * decay(count, 0.012, reverberation_s / 6.9)
    added(out, lead + to_count(0.004), levelled(tail, rms_db=0) * np.float32(0.30 / np.sqrt(count)))
    for _ in range(9):
        delay_s = rng.uniform(0.0015, 0.022)
        added(
            out, lead + to_count(delay_s), np.array([rng.choice([-1, 1]) * 0.16 * np.exp(-delay_s / 0.015)], np.float32)
        )
    out = faded(out, 0.0, 0.05)
    out[lead] += 1.0
    return faded(filtered(out, 1, 10600, 8.0), 0.001, 0.02)[lead - to_count(0.002) :]


def quiet(count: int, seed: int) -> Samples:
    """The quiet of a kitchen, at about -60 dB: a fridge that hums now and then, air, and a street or a clock."""
    rng = np.random.default_rng([seed, 5])
    out = noise(count, band(50, rng.uniform(700, 1600), 0.8), rng)
    out *= np.float32(10 ** (-62 / 20)) / max(float(out[: 1 << 20].std()) if count else 1.0, 1e-9)
    period = np.arange(SAMPLE_RATE // 50) / (SAMPLE_RATE // 50)  # of the mains
    hum = np.zeros(len(period))
    for order in range(1, 5):
        hum += rng.uniform(0.4, 1.2) / (0.3 + 0.7 * order) * np.sin(2 * np.pi * order * period + rng.uniform(0, 6))
    running_s, pause_s = rng.uniform(60, 240), rng.uniform(60, 300)
    since_s = rng.uniform(0, running_s + pause_s)
    has_clock, has_street = rng.random() < 0.35, rng.random() < 0.4
    for first in range(0, count, _BLOCK):
        sample = np.arange(first, min(first + _BLOCK, count))
        into_s = (sample / SAMPLE_RATE + since_s) % (running_s + pause_s)
        is_on = np.clip(into_s / 0.8, 0, 1) * np.clip((running_s - into_s) / 0.8, 0, 1)
        out[sample] += (10 ** (-66 / 20) * is_on * hum[sample % len(hum)]).astype(np.float32)
    if has_street:
        street = noise(count, band(45, 260, 1.0), rng) * swell(count, 0.15, 0.7, rng)
        out += np.float32(10 ** (-63 / 20) / 0.12) * street
    if has_clock:
        tick = filtered(np.pad(decay(240, 0.0002, 0.0008), (60, 200)), 1800, 7000, 1.0)
        tick = levelled(tick, peak_db=-57)
        for k, at_s in enumerate(np.arange(rng.uniform(0, 1), count / SAMPLE_RATE, 1.0)):
            added(out, round(at_s * SAMPLE_RATE), tick * np.float32(1.0 if k % 2 else 0.75))
    return faded(out, 0.02)


def _reverberate(samples: Samples, response: Samples) -> None:
    """Convolves in place, block by block, so that an hour takes no more memory than a minute."""
    length = fft.next_fast_len(_BLOCK + len(response), real=True)
    lead = to_count(0.002)  # the response's clap comes this late
    spectrum = fft.rfft(response, length)
    carried = np.zeros(len(response), np.float32)
    for first in range(0, len(samples) + lead, _BLOCK):
        block = samples[first : first + _BLOCK]
        wet = fft.irfft(fft.rfft(np.pad(block, (0, length - len(block)))) * spectrum, length)
        wet[: len(carried)] += carried
        carried = wet[_BLOCK : _BLOCK + len(response)].copy()
        start = first - lead
        piece = wet[max(-start, 0) : _BLOCK]
        begin = max(start, 0)
        samples[begin : begin + len(piece)] = piece[: len(samples) - begin]

"""What sounds are made of: shaped noise, ringing modes, bubbles, swells and soft ends; 24 kHz mono.

N samples, T frames of a transform, F its frequencies, M modes.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import fft

SAMPLE_RATE: Final = 24000
"""In Hz."""
TOP_HZ: Final = 10800.0
"""Nothing sounds above."""
Samples = NDArray[np.float32]
Shape = Callable[[NDArray, NDArray], ArrayLike]
"""Frequencies in Hz (F,) and times in s (T, 1) to an amplitude that broadcasts to (T, F)."""

_FRAME: Final = 512
_HOP: Final = _FRAME // 2
_BATCH: Final = 4096
"""Frames that are made at once: what bounds the memory of a long sound."""


def to_count(length_s: float) -> int:
    return max(round(length_s * SAMPLE_RATE), 0)


def times_s(count: int) -> Samples:
    return np.arange(count, dtype=np.float32) / SAMPLE_RATE


def band(low_hz: ArrayLike, high_hz: ArrayLike, order: float = 2.0) -> Shape:
    """A shape that lets pass what lies between. low_hz, high_hz: may change over time, (T, 1)."""

    def shape(hz: NDArray, time_s: NDArray) -> NDArray:
        hz = np.maximum(hz, 1.0)
        return 1 / np.sqrt((1 + (low_hz / hz) ** (2 * order)) * (1 + (hz / high_hz) ** (2 * order)))

    return shape


def noise(count: int, shape: Shape, rng: np.random.Generator) -> Samples:
    """Gaussian noise whose spectrum is `shape`; with a shape of 1 its variance is 1. (N,)

    Frames of independent noise overlap by half under a sine window, which keeps the power even.
    """
    hz = np.fft.rfftfreq(_FRAME, 1 / SAMPLE_RATE).astype(np.float32)
    is_heard = hz < TOP_HZ
    window = np.sin(np.pi * (np.arange(_FRAME, dtype=np.float32) + 0.5) / _FRAME).astype(np.float32)
    num_frames = count // _HOP + 2
    out = np.zeros((num_frames + 1) * _HOP, np.float32)
    for first in range(0, num_frames, _BATCH):
        frames = np.arange(first, min(first + _BATCH, num_frames))
        time_s = (frames[:, None].astype(np.float32) * _HOP) / SAMPLE_RATE
        spectrum = rng.standard_normal((len(frames), 2 * len(hz)), np.float32).view(np.complex64)
        spectrum *= np.asarray(shape(hz, time_s) * is_heard * np.sqrt(_FRAME / 2), np.float32)
        spectrum[:, 0] = 0.0
        pieces = fft.irfft(spectrum, _FRAME, axis=1) * window
        start = first * _HOP
        out[start : start + len(frames) * _HOP] += pieces[:, :_HOP].ravel()
        out[start + _HOP : start + (len(frames) + 1) * _HOP] += pieces[:, _HOP:].ravel()
    return out[_HOP : _HOP + count]


def swell(count: int, rate_hz: float, depth: float, rng: np.random.Generator) -> Samples:
    """A loudness that wanders about 1. depth: standard deviation of its logarithm. rate_hz: how often it turns."""
    knots = max(int(count / SAMPLE_RATE * rate_hz), 1) + 3
    values = rng.normal(0, depth, knots) - depth**2 / 2
    where = np.linspace(0, knots - 1, max(count, 2))[:count]
    index = np.minimum(where.astype(int), knots - 2)
    share = where - index
    share = share * share * (3 - 2 * share)
    return np.exp(values[index] * (1 - share) + values[index + 1] * share).astype(np.float32)


def decay(count: int, attack_s: float, decay_s: float) -> Samples:
    """Rises within attack_s, falls to 1/e in decay_s."""
    time_s = times_s(count)
    return (1 - np.exp(-time_s / attack_s)) * np.exp(-time_s / decay_s)


def faded(samples: Samples, fade_in_s: float, fade_out_s: float | None = None) -> Samples:
    """Raised-cosine ends."""
    samples = np.array(samples, np.float32)
    for length_s, is_end in ((fade_in_s, False), (fade_in_s if fade_out_s is None else fade_out_s, True)):
        count = min(to_count(length_s), len(samples) // 2)
        ramp = (0.5 - 0.5 * np.cos(np.pi * (np.arange(count) + 0.5) / max(count, 1))).astype(np.float32)
        if is_end:
            samples[len(samples) - count :] *= ramp[::-1]
        else:
            samples[:count] *= ramp
    return samples


def ringing(hz: NDArray, decay_s: NDArray, count: int) -> Samples:
    """Modes that were struck: decaying tones, (M, N); those above TOP_HZ are silent."""
    # z^n by blocks: z^(64 b + k) = z^(64 b) z^k, which needs few exponentials.
    log_z = (2j * np.pi * hz - 1 / decay_s) / SAMPLE_RATE
    fine = np.exp(np.outer(log_z, np.arange(64))).astype(np.complex64)
    coarse = np.exp(np.outer(log_z, np.arange(0, count, 64))).astype(np.complex64)
    coarse *= (hz < TOP_HZ)[:, None]
    return (coarse[:, :, None] * fine[:, None, :]).imag.reshape(len(hz), -1)[:, :count]


def struck(rate_hz: ArrayLike, count: int, spread: float, rng: np.random.Generator) -> Samples:
    """Impulses at random times, of random height: a patter to be filtered. rate_hz: constant, or over time (N,).

    spread: standard deviation of the logarithm of the heights, whose median is 1.
    """
    out = np.zeros(count, np.float32)
    if not count:
        return out
    rate = np.broadcast_to(rate_hz, count)
    highest = max(float(rate.max()), 1e-6)
    where = rng.integers(0, count, rng.poisson(highest * count / SAMPLE_RATE))
    where = where[rng.random(len(where)) * highest < rate[where]]
    np.add.at(out, where, rng.lognormal(0, spread, len(where)).astype(np.float32) * rng.choice([-1, 1], len(where)))
    return out


def through(samples: Samples, response: Samples) -> Samples:
    """The sound as a body colours it that answers a tap with `response`. As long as `samples`."""
    length = fft.next_fast_len(len(samples) + len(response), real=True)
    return fft.irfft(fft.rfft(samples, length) * fft.rfft(response, length), length)[: len(samples)].astype(np.float32)


def filtered(samples: Samples, low_hz: float, high_hz: float, order: float = 2.0) -> Samples:
    """What of a sound lies in a band. Its phases are kept: a tap stays sharp and begins a little before itself."""
    length = fft.next_fast_len(len(samples) + 2048, real=True)
    hz = fft.rfftfreq(length, 1 / SAMPLE_RATE)
    gain = band(low_hz, high_hz, order)(hz, np.zeros((1, 1))) * (hz < TOP_HZ)
    return fft.irfft(fft.rfft(samples, length) * gain, length)[: len(samples)].astype(np.float32)


_LOWEST_BUBBLE_HZ: Final = 180.0
_BUBBLE_PITCHES: Final = 160
_BUBBLE_KINDS: Final = 6


@cache
def _bubble_bank() -> tuple[tuple[Samples, ...], ...]:
    """Bubbles of every pitch, a few of each, with peaks near 1."""
    rng = np.random.default_rng(41)
    bank = []
    for hz in np.geomspace(_LOWEST_BUBBLE_HZ, 0.9 * TOP_HZ, _BUBBLE_PITCHES):
        kinds = []
        for _ in range(_BUBBLE_KINDS):
            damping = (0.043 * hz + 0.0014 * hz**1.5) * rng.uniform(0.6, 1.5)
            time_s = times_s(int(min(6 / damping, 0.12) * SAMPLE_RATE))
            rise = rng.choice([0.0, rng.uniform(0, 0.1)])
            phase = 2 * np.pi * hz * time_s * (1 + 0.5 * rise * damping * time_s)
            tone = np.sin(phase) * np.exp(-damping * time_s) * (1 - np.exp(-time_s * 2.5 * hz))
            kinds.append(faded(tone, 0.0, 0.002))
        bank.append(tuple(kinds))
    return tuple(bank)


def bubbles(
    count: int,
    rate_hz: float,
    low_hz: ArrayLike,
    high_hz: ArrayLike,
    rng: np.random.Generator,
    spread: float = 0.8,
    tilt: float = 0.5,
) -> Samples:
    """Air bubbles in water: short tones that rise a little as the bubble comes up.

    low_hz, high_hz: the range of pitches, constant or (N,) over time. tilt: low ones are louder by this power.
    Source of the form and the damping: van den Doel 2005, "Physically based models for liquid sounds".
    """
    out = np.zeros(count, np.float32)
    bank = _bubble_bank()
    where = np.sort(rng.integers(0, max(count, 1), rng.poisson(rate_hz * count / SAMPLE_RATE)))
    if not len(where):
        return out
    low = np.log(np.broadcast_to(low_hz, count)[where])
    high = np.log(np.broadcast_to(high_hz, count)[where])
    pitch = rng.uniform(low, np.maximum(high, low + 1e-6))
    step = np.log(0.9 * TOP_HZ / _LOWEST_BUBBLE_HZ) / (_BUBBLE_PITCHES - 1)
    index = np.clip(np.round((pitch - np.log(_LOWEST_BUBBLE_HZ)) / step), 0, _BUBBLE_PITCHES - 1).astype(int)
    heights = rng.lognormal(0, spread, len(where)) * np.exp(-tilt * (pitch - np.log(1000.0)))
    kinds = rng.integers(0, _BUBBLE_KINDS, len(where))
    for start, pitch_index, kind, height in zip(
        where.tolist(), index.tolist(), kinds.tolist(), heights.astype(np.float32), strict=True
    ):
        tone = bank[pitch_index][kind]
        piece = out[start : start + len(tone)]
        piece += height * tone[: len(piece)]
    return out


def levelled(samples: Samples, rms_db: float | None = None, peak_db: float | None = None) -> Samples:
    """At a loudness in dB of full scale, by one of the two measures; silence stays silent."""
    if not len(samples):
        return samples
    now = np.abs(samples).max() if rms_db is None else np.sqrt(np.mean(np.square(samples)))
    wanted = 10 ** ((peak_db if rms_db is None else rms_db) / 20)
    return samples * np.float32(wanted / max(float(now), 1e-9))


def tamed(samples: Samples, crest: float = 16.0) -> Samples:
    """Peaks bend below `crest` times the mean: of random heights, a few are such that no ear would believe them."""
    limit = np.float32(crest * max(float(np.sqrt(np.mean(np.square(samples)))), 1e-9)) if len(samples) else 1.0
    return limit * np.tanh(samples / limit)


def added(out: Samples, start: int, piece: Samples) -> None:
    """Adds a piece in place; what lies beyond the ends is left out."""
    first = max(-start, 0)
    stop = min(len(piece), len(out) - start)
    if stop > first:
        out[start + first : start + stop] += piece[first:stop]

"""The people of the simulated kitchens: bodies, clothes, cameras, and what they are in the habit of doing.

48 people are recorded again and again, P901 to P948; of strangers, P1000 and on, there are as many as anyone asks for.
Everything about a person follows from their number. Ids continue where EPIC-KITCHENS has none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np

from egoprog.errors import ConfigurationError
from egoprog.program.types import Hand
from egoprog.sim.types import Colour, Participant

NUM_PARTICIPANTS: Final = 48
NUM_TRAINING: Final = 36
"""Participants from this number on, P937 to P948, are never trained on: the kitchens that nobody has seen."""

# Skin, lightest to darkest, sRGB: the ten tones of the Monk scale are the range; lit skin is taken between neighbours.
_SKIN: Final = np.array(
    [
        (0.92, 0.80, 0.73), (0.90, 0.76, 0.66), (0.88, 0.72, 0.60), (0.80, 0.62, 0.49), (0.72, 0.53, 0.40),
        (0.60, 0.42, 0.30), (0.49, 0.33, 0.24), (0.38, 0.25, 0.19), (0.29, 0.19, 0.15), (0.21, 0.14, 0.12),
    ]
)  # fmt: skip
_SLEEVES: Final[tuple[Colour, ...]] = (
    (0.16, 0.20, 0.30), (0.62, 0.64, 0.66), (0.12, 0.12, 0.13), (0.82, 0.80, 0.76), (0.48, 0.14, 0.16),
    (0.20, 0.34, 0.26), (0.30, 0.42, 0.58), (0.70, 0.55, 0.35), (0.36, 0.26, 0.40), (0.86, 0.72, 0.30),
)  # fmt: skip
_LEFT_HANDED: Final = 0.12


@dataclass(frozen=True)
class Habits:
    """How a person goes about things; shares and probabilities lie between 0 and 1.

    closes: shuts a door at once rather than later. tidies: puts a thing back where it belongs once it is done with.
    washes: washes up without being asked. switches: leaves one task for another while it is unfinished.
    strays: does something that belongs to no task. doubts: reaches for a thing and thinks better of it.
    keeps: goes on with a thing in hand that might be put down. fidgets: moves something that stands about.
    words: seed of how they say things. likes: seed of what they choose, order and add.
    """

    closes: float
    tidies: float
    washes: float
    switches: float
    strays: float
    doubts: float
    keeps: float
    fidgets: float
    words: int
    likes: int


def participant(number: int) -> Participant:
    """The person of a number from 0 to 47. Raises ConfigurationError for another."""
    if not 0 <= number < NUM_PARTICIPANTS:
        raise ConfigurationError(f"expected a participant from 0 to {NUM_PARTICIPANTS - 1}, got {number}")
    return _people()[number]


def stranger(number: int) -> Participant:
    """One of any number of other people, from 0 on, in kitchens of their own: what a camera may see before it is
    taught. Raises ConfigurationError for a number below 0.
    """
    if number < 0:
        raise ConfigurationError(f"expected a stranger from 0 on, got {number}")
    rng = np.random.default_rng([901, 2, number])
    tone = float(rng.uniform(0, len(_SKIN) - 1))
    handed = Hand.LEFT if rng.random() < _LEFT_HANDED else Hand.RIGHT
    return _person(rng, NUM_PARTICIPANTS + number, f"P{1000 + number}", 100_000 + number, tone, handed)


def habits(person: Participant) -> Habits:
    """What a person usually does."""
    rng = np.random.default_rng([person.seed, 3])
    low_high = (
        (0.4, 0.9), (0.4, 0.9), (0.2, 0.8), (0.10, 0.26), (0.015, 0.04), (0.03, 0.07), (0.2, 0.5), (0.07, 0.15),
    )  # fmt: skip
    shares = [round(float(rng.uniform(low, high)), 4) for low, high in low_high]
    return Habits(*shares, words=int(rng.integers(1 << 30)), likes=int(rng.integers(1 << 30)))


@cache
def _people() -> tuple[Participant, ...]:
    rng = np.random.default_rng([901, 1])
    # Spread evenly, then shuffled: 48 draws by chance would leave gaps in the range of tones.
    tones = _spread(rng, 0.0, len(_SKIN) - 1.0)
    handed = _shuffled(rng, [Hand.LEFT] * round(_LEFT_HANDED * NUM_PARTICIPANTS), Hand.RIGHT)
    return tuple(
        _person(rng, number, f"P{901 + number}", 1000 + number, tones[number], handed[number])
        for number in range(NUM_PARTICIPANTS)
    )


def _person(
    rng: np.random.Generator, number: int, participant_id: str, seed: int, tone: float, handed: Hand
) -> Participant:
    """tone: from 0, the lightest, to the last of `_SKIN`."""
    low = min(int(tone), len(_SKIN) - 2)
    skin = _SKIN[low] + (tone - low) * (_SKIN[low + 1] - _SKIN[low])
    sleeve = np.clip(np.array(_SLEEVES[int(rng.integers(len(_SLEEVES)))]) + rng.normal(0, 0.03, 3), 0.04, 0.95)
    return Participant(
        number=number,
        id=participant_id,
        seed=seed,
        skin=_colour(np.clip(skin + rng.normal(0, 0.008, 3), 0.05, 0.98)),
        sleeve=_colour(sleeve),
        # Rolled up to the elbow, three quarters, or down to the wrist.
        sleeve_share=round(float(rng.choice([0.15, 0.45, 0.9]) + rng.uniform(-0.1, 0.08)), 3),
        height_m=round(float(np.clip(rng.normal(1.58, 0.075), 1.43, 1.76)), 3),
        handed=handed,
        tempo=round(float(np.clip(rng.normal(1.0, 0.12), 0.78, 1.28)), 3),
        sway=round(float(rng.uniform(0.6, 1.4)), 3),
        lens_deg=round(float(rng.uniform(56.0, 75.0)), 2),
    )


def _spread(rng: np.random.Generator, low: float, high: float) -> np.ndarray:
    return rng.permutation(np.linspace(low, high, NUM_PARTICIPANTS))


def _shuffled(rng: np.random.Generator, some: Sequence[Hand], rest: Hand) -> list[Hand]:
    hands = [*some, *[rest] * (NUM_PARTICIPANTS - len(some))]
    return [hands[k] for k in rng.permutation(NUM_PARTICIPANTS)]


def _colour(rgb: np.ndarray) -> Colour:
    red, green, blue = (round(float(value), 4) for value in rgb)
    return red, green, blue

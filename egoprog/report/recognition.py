"""What a network saw and expected in a run, against what was really done and what came."""

from __future__ import annotations

import bisect
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from egoprog.data.epic_classes import NOUNS, VERBS

SLACK_S = 1e-3  # stamps are sums of decimals
MAX_AGE_S = 1.0  # a prediction that is older says nothing of a moment
TOP = 5

Key = tuple[str, str]
"""Verb and noun by EPIC-KITCHENS' keys."""


@dataclass(frozen=True)
class Told:
    """What a network told at one stamp, in seconds of the run. actions: best first, with scores of 0 to 1."""

    stamp_s: float
    actions: tuple[tuple[Key, float], ...]
    ahead_s: float = 0.0

    @property
    def key(self) -> Key:
        return self.actions[0][0]

    @property
    def label(self) -> str:
        return label(self.key)

    @property
    def score(self) -> float:
        return self.actions[0][1]


@dataclass(frozen=True)
class ActionRow:
    """One action that was really done. seen: what was told at its end; expected: what was told before its start."""

    start_s: float
    stop_s: float
    key: Key
    seen: Told | None
    expected: Told | None

    @property
    def label(self) -> str:
        return label(self.key)


@dataclass(frozen=True)
class Rate:
    """Share of hits: of `num` judged, so many had the verb, the noun, both, and both among the first five."""

    name: str
    num: int
    verb: float
    noun: float
    action: float
    top5: float


@dataclass(frozen=True)
class Recognition:
    """Of a run: its actions, and the rates over them."""

    rows: tuple[ActionRow, ...] = ()
    rates: tuple[Rate, ...] = ()


def told(message: Any, origin_s: float) -> Told | None:
    """One SubActionPrediction of a bag; None where it tells no action."""
    if not len(message.action_labels):
        return None
    shares = np.exp(np.asarray(message.action_logits) - np.max(message.action_logits))
    shares /= shares.sum()
    keys = [tuple(text.split(" ", 1)) for text in message.action_labels[:TOP]]
    stamp_s = message.header.stamp.sec + message.header.stamp.nanosec * 1e-9 - origin_s
    return Told(stamp_s, tuple(zip(keys, map(float, shares), strict=False)), float(message.time_to_start))


def recognition(
    done: Iterable[tuple[float, float, Key]], present: Sequence[Told], coming: Sequence[Told]
) -> Recognition:
    """done: start, end, and what was really done; present, coming: in the order of their stamps."""
    rows = []
    for start_s, stop_s, key in sorted(done):
        ahead_s = coming[0].ahead_s if coming else 0.0
        seen, expected = latest(present, stop_s), latest(coming, start_s - ahead_s)
        rows.append(ActionRow(start_s, stop_s, key, seen, expected))
    during = [
        (row.key, each) for row in rows for each in present if row.start_s <= each.stamp_s <= row.stop_s + SLACK_S
    ]
    judged = (
        ("seen, at an action's end", [(row.key, row.seen) for row in rows if row.seen]),
        ("seen, in every frame of an action", during),
        ("expected, before it began", [(row.key, row.expected) for row in rows if row.expected]),
    )
    return Recognition(tuple(rows), tuple(rate(name, pairs) for name, pairs in judged if pairs))


def latest(predictions: Sequence[Told], moment_s: float) -> Told | None:
    """The last that was told by a moment, if it is not too old."""
    place = bisect.bisect_right(predictions, moment_s + SLACK_S, key=lambda each: each.stamp_s)
    found = predictions[place - 1] if place else None
    return found if found is not None and moment_s - found.stamp_s <= MAX_AGE_S else None


def rate(name: str, pairs: Sequence[tuple[Key, Told]]) -> Rate:
    """pairs: what was done, and what was told of it."""

    def share(is_hit: Callable[[Key, Told], bool]) -> float:
        return sum(is_hit(key, each) for key, each in pairs) / len(pairs)

    return Rate(
        name,
        len(pairs),
        verb=share(lambda key, each: each.key[0] == key[0]),
        noun=share(lambda key, each: each.key[1] == key[1]),
        action=share(lambda key, each: each.key == key),
        top5=share(lambda key, each: key in [candidate for candidate, _ in each.actions[:TOP]]),
    )


def label(key: Key) -> str:
    return " ".join(key)


def key_of(program_name: str) -> Key | None:
    """Verb and noun of a true program's name: "take_board_chopping" -> ("take", "board:chopping"); None for others."""
    return _keys_by_name().get(program_name)


@cache
def _keys_by_name() -> dict[str, Key]:
    def word(key: str) -> str:
        return re.sub(r"[^a-z0-9]+", "_", key)

    return {f"{word(verb)}_{word(noun)}": (verb, noun) for verb in VERBS for noun in NOUNS}

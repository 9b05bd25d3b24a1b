"""How well a network says the steps of a clip (LEAP section 4.2 and table 1).

The paper measures S-Verb (verbs of sub-actions), Obj(A) (their acting objects) and Obj(B) (their recipients) by a
"set-level comparison between ground truth and predicted sequences", and says no more. Ours, exactly:

Steps are decoded as `decoding.decode` says; ∅, on either side, is no step; class 0 is no object. Of a clip, P is the
set of verbs (of acting objects, of recipients) that are said, T the set of those that are true.

    accuracy      |P ∩ T| / max(|P|, |T|)     the headline: what is missed and what is made up both cost
    jaccard       |P ∩ T| / |P ∪ T|           the strictest
    f1            2 |P ∩ T| / (|P| + |T|)     the mildest that counts both
    containment   share of the steps said (not of the set) whose label is in T: what the containment loss punishes

each the mean over the clips in which P or T is not empty: so Obj(B) is over clips where either side has a recipient.
Two more look at whole steps (verb, acting object, recipient) in their order, repeated ones merged with the one before:

    edit          1 - Levenshtein distance / length of the longer sequence (Lea et al. 2016)
    exact         share of clips in which the sequences are equal

Clips without a program are not measured. An object that the vocabulary lacks has class 0 in the truth, so that it is
neither asked for nor found.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from egoprog.errors import ModelError
from egoprog.leap.config import NO_OBJECT_CLASS, NOTHING_CLASS
from egoprog.leap.decoding import decode
from egoprog.leap.predictions import Predictions

Part = Literal["s_verb", "object_a", "object_b"]
PARTS: Final[tuple[Part, ...]] = ("s_verb", "object_a", "object_b")
CHOICES: Final = ("accuracy", "jaccard", "f1", "containment")

Step = tuple[int, int, int]
"""Verb, acting object, recipient."""


@dataclass(frozen=True)
class SetScores:
    """Of the clips that count, n of them. clips: (n,) their places in the predictions. values: (n,) by CHOICES."""

    clips: NDArray[np.int64]
    values: dict[str, NDArray[np.float64]]

    def mean(self, choice: str = "accuracy", weights: NDArray[np.float64] | None = None) -> float:
        """NaN where no clip counts. weights: (n,) how often each counts."""
        weights = np.ones(len(self.clips)) if weights is None else weights
        total = weights.sum()
        return float(weights @ self.values[choice] / total) if total else float("nan")


@dataclass(frozen=True)
class ProgramScores:
    """sets: by part. clips: (n,) those with a program. edit, exact: (n,) of them."""

    sets: dict[Part, SetScores]
    clips: NDArray[np.int64]
    edit: NDArray[np.float64]
    exact: NDArray[np.float64]


def measure_programs(predictions: Predictions) -> ProgramScores:
    """Compares what is said with what is true, clip by clip. Raises ModelError for a network without a program head."""
    if predictions.sub_verbs.ndim != 3:
        raise ModelError("expected predictions of a network with a program head, got none: measure its actions only")
    clips = np.flatnonzero((predictions.true_sub_verbs >= 0).any(axis=1))
    steps = decode(predictions.sub_verbs[clips], predictions.objects[clips], predictions.config.vocabulary)
    said = sequences(steps.verbs, steps.objects)
    true = sequences(predictions.true_sub_verbs[clips], predictions.true_objects[clips])
    pairs = list(zip(said, true, strict=True))
    edit = np.array([edit_score(*pair) for pair in pairs])
    exact = np.array([float(merged(one) == merged(other)) for one, other in pairs])
    return ProgramScores({part: _set_scores(pairs, clips, k) for k, part in enumerate(PARTS)}, clips, edit, exact)


def sequences(verbs: NDArray[np.int64], objects: NDArray[np.int64]) -> list[list[Step]]:
    """Steps of each clip, without ∅ and padding. verbs: (N, K). objects: (N, K, 2)."""
    return [
        [(int(verb), int(a), int(b)) for verb, (a, b) in zip(row, pairs, strict=True) if verb > NOTHING_CLASS]
        for row, pairs in zip(verbs, objects, strict=True)
    ]


def set_scores(said: Sequence[int], true: Sequence[int]) -> dict[str, float]:
    """By CHOICES, of the labels of the steps of one clip; at least one of the two has some."""
    p, t = set(said), set(true)
    both = len(p & t)
    return {
        "accuracy": both / max(len(p), len(t)),
        "jaccard": both / len(p | t),
        "f1": 2 * both / (len(p) + len(t)),
        "containment": sum(label in t for label in said) / len(said) if said else 0.0,
    }


def merged(steps: Sequence[Step]) -> list[Step]:
    """Repeated steps as one."""
    return [step for step, _ in itertools.groupby(steps)]


def edit_score(said: Sequence[Step], true: Sequence[Step]) -> float:
    """1 for equal sequences (two empty ones are), 0 for those with nothing in common."""
    said, true = merged(said), merged(true)
    longest = max(len(said), len(true))
    return 1 - _distance(said, true) / longest if longest else 1.0


def _set_scores(pairs: Sequence[tuple[list[Step], list[Step]]], clips: NDArray[np.int64], part: int) -> SetScores:
    counted: list[int] = []
    rows: list[dict[str, float]] = []
    for clip, pair in zip(clips.tolist(), pairs, strict=True):
        # the class of no object is that of ∅, which is gone already
        said, true = ([step[part] for step in steps if step[part] != NO_OBJECT_CLASS] for steps in pair)
        if said or true:
            counted.append(clip)
            rows.append(set_scores(said, true))
    return SetScores(np.array(counted, np.int64), {c: np.array([row[c] for row in rows]) for c in CHOICES})


def _distance(said: Sequence[Step], true: Sequence[Step]) -> int:
    """Levenshtein's: insertions, deletions and substitutions."""
    row = list(range(len(true) + 1))
    for i, one in enumerate(said, start=1):
        diagonal, row[0] = row[0], i
        for j, other in enumerate(true, start=1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (one != other))
    return row[-1]

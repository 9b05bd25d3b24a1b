"""How often a network is right about verb, noun and action (EPIC-KITCHENS-100's measures; LEAP tables 2 and 3).

Ranks are of descending scores; of classes with equal scores the lower number comes first. Clips whose true verb or noun
is not known are not measured. An action that the vocabulary lacks is measured, and wrong.
Source of the measures: epic-kitchens/C1-Action-Recognition and C3-Action-Anticipation, facts only.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

from egoprog.data.epic import Action, read_tail_classes
from egoprog.errors import ModelError
from egoprog.leap.predictions import Predictions

Target = Literal["verb", "noun", "action"]
TARGETS: tuple[Target, ...] = ("verb", "noun", "action")

ACTION_STRIDE = 1000
"""The challenge's number of an action is verb · 1000 + noun."""
TAIL_SHARE = 0.2
"""Tail classes are the smallest ones that together make up a fifth of the training instances (Damen et al. 2022)."""

_NEVER = np.iinfo(np.int64).max
_CHUNK = 64  # clips at a time where verbs are multiplied with nouns: 97 x 300 scores each


@dataclass(frozen=True)
class Judged:
    """Where the truth stood among what was said of n clips.

    clips: (n,) their places in the predictions. labels: (n,) true classes, actions by ACTION_STRIDE. ranks: (n,), 0 for
    what came first. first: (n,) the class that did.
    """

    clips: NDArray[np.int64]
    labels: NDArray[np.int64]
    ranks: NDArray[np.int64]
    first: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.clips)

    def keep(self, chosen: NDArray[np.bool_]) -> Judged:
        return Judged(self.clips[chosen], self.labels[chosen], self.ranks[chosen], self.first[chosen])

    @functools.cached_property
    def classes(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The classes that are present, and the place (n,) of each label among them."""
        return np.unique(self.labels, return_inverse=True)

    def accuracy(self, k: int, weights: NDArray[np.float64] | None = None) -> float:
        """Share of clips whose truth is among the first k; NaN for no clips. weights: how often each clip counts."""
        weights = np.ones(len(self)) if weights is None else weights
        total = weights.sum()
        return float(weights @ (self.ranks < k) / total) if total else float("nan")

    def recalls(self, k: int, weights: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
        """`accuracy` of each of the `classes`; NaN for those that the weights leave out."""
        weights = np.ones(len(self)) if weights is None else weights
        present, place = self.classes
        total = np.bincount(place, weights, len(present))
        found = np.bincount(place, weights * (self.ranks < k), len(present))
        return np.divide(found, total, out=np.full(len(present), np.nan), where=total > 0)

    def mean_recall(self, k: int, weights: NDArray[np.float64] | None = None) -> float:
        """The mean of `recalls` over the classes that are present, each with the same weight: k = 5 is the
        anticipation challenge's measure."""
        recalls = self.recalls(k, weights)
        recalls = recalls[~np.isnan(recalls)]
        return float(recalls.mean()) if len(recalls) else float("nan")


@dataclass(frozen=True)
class Scores:
    """Shares from 0 to 1, NaN where there are no clips. num_classes: of those present."""

    num_clips: int
    num_classes: int
    top1: float
    top5: float
    mean_top5_recall: float


@dataclass(frozen=True)
class TailClasses:
    """Rare classes. An action is rare whose verb or noun is."""

    verbs: frozenset[int]
    nouns: frozenset[int]

    def holds(self, target: Target, labels: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which labels are of rare classes."""
        verbs, nouns = np.array(sorted(self.verbs), np.int64), np.array(sorted(self.nouns), np.int64)
        match target:
            case "verb":
                return np.isin(labels, verbs)
            case "noun":
                return np.isin(labels, nouns)
            case "action":
                verb, noun = np.divmod(labels, ACTION_STRIDE)
                return np.isin(verb, verbs) | np.isin(noun, nouns)


@dataclass(frozen=True)
class ClassRow:
    """A class and how it fared. recall: top 1. num_said: how often it came first."""

    label: int
    name: str
    support: int
    num_said: int
    recall: float
    top5_recall: float


def rank(scores: NDArray[np.floating], labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Places (N,), from 0, of the labels among the scores (N, R)."""
    own = np.take_along_axis(scores, labels[:, None], axis=1)
    ties = (scores == own) & (np.arange(scores.shape[1]) < labels[:, None])
    return np.count_nonzero((scores > own) | ties, axis=1)


def judge(predictions: Predictions, target: Target) -> Judged:
    """Ranks the truth of all clips for which it is known. Raises ModelError for scores that are no numbers."""
    _check(predictions)
    verbs, nouns = predictions.true_verbs, predictions.true_nouns
    if target == "action":
        clips = np.flatnonzero((verbs >= 0) & (nouns >= 0))
        labels = verbs[clips] * ACTION_STRIDE + nouns[clips]
        if has_action_head(predictions):
            return Judged(clips, labels, *_by_action_head(predictions, clips, labels))
        return Judged(clips, labels, *_by_product(predictions, clips))
    scores, truth = (predictions.verbs, verbs) if target == "verb" else (predictions.nouns, nouns)
    clips = np.flatnonzero(truth >= 0)
    labels, scores = truth[clips], scores[clips]
    return Judged(clips, labels, rank(scores, labels), scores.argmax(axis=1))


def has_action_head(predictions: Predictions) -> bool:
    """Whether actions have scores of their own; without, they are products of those of verbs and nouns."""
    return predictions.actions.shape[1] > 0


def action_labels(predictions: Predictions) -> NDArray[np.int64]:
    """The challenge's numbers (A,) of the actions of the vocabulary."""
    pairs = np.array(predictions.config.vocabulary.actions, np.int64).reshape(-1, 2)
    return pairs[:, 0] * ACTION_STRIDE + pairs[:, 1]


def product_scores(predictions: Predictions, clips: NDArray[np.int64]) -> NDArray[np.floating]:
    """Log-probabilities (n, V, M) of actions whose verb and noun are independent: products of their softmaxes."""
    verbs = log_softmax(predictions.verbs[clips].astype(np.float64), axis=1)
    nouns = log_softmax(predictions.nouns[clips].astype(np.float64), axis=1)
    return verbs[:, :, None] + nouns[:, None, :]


def scores_of(judged: Judged) -> Scores:
    return Scores(
        len(judged), len(judged.classes[0]), judged.accuracy(1), judged.accuracy(5), judged.mean_recall(5)
    )  # fmt: skip


def subsets(
    predictions: Predictions, target: Target, unseen: Collection[str] = (), tail: TailClasses | None = None
) -> dict[str, Judged]:
    """All clips; with `unseen` those of participants that training never met; with `tail` those of rare classes."""
    judged = judge(predictions, target)
    found = {"all": judged}
    if unseen:
        participants = np.array(predictions.participants, dtype=np.str_)[judged.clips]
        found["unseen"] = judged.keep(np.isin(participants, sorted(unseen)))
    if tail is not None:
        found["tail"] = judged.keep(tail.holds(target, judged.labels))
    return found


def measure(
    predictions: Predictions, unseen: Collection[str] = (), tail: TailClasses | None = None
) -> dict[str, dict[Target, Scores]]:
    """Scores by subset ("all", "unseen", "tail") and target; see `subsets`."""
    found: dict[str, dict[Target, Scores]] = {}
    for target in TARGETS:
        for name, judged in subsets(predictions, target, unseen, tail).items():
            found.setdefault(name, {})[target] = scores_of(judged)
    return found


def class_table(predictions: Predictions, target: Target) -> list[ClassRow]:
    """The classes that are present, the most frequent first."""
    judged = judge(predictions, target)
    present, place = judged.classes
    said = Counter(judged.first.tolist())
    rows = [
        ClassRow(int(label), _name(predictions, target, int(label)), int(support), said[int(label)], *map(float, pair))
        for label, support, *pair in zip(
            present, np.bincount(place, minlength=len(present)), judged.recalls(1), judged.recalls(5), strict=True
        )
    ]
    return sorted(rows, key=lambda row: (-row.support, row.label))


def rare_classes(labels: Iterable[int], share: float = TAIL_SHARE) -> frozenset[int]:
    """The smallest classes that together hold at most that share of the instances; of equal ones the higher numbers
    come first."""
    counts = Counter(labels)
    left = share * counts.total()
    rare = []
    for label, count in sorted(counts.items(), key=lambda item: (item[1], -item[0])):
        left -= count
        if left < 0:
            break
        rare.append(label)
    return frozenset(rare)


def tail_classes(annotations: Path, training: Sequence[Action]) -> TailClasses:
    """From EPIC_100_tail_{verbs,nouns}.csv in a folder of annotations, else the `rare_classes` of the training rows."""
    found = []
    for name, labels in (
        ("verbs", [row.verb_class for row in training]),
        ("nouns", [row.noun_class for row in training]),
    ):
        path = annotations / f"EPIC_100_tail_{name}.csv"
        found.append(frozenset(read_tail_classes(path)) if path.is_file() else rare_classes(labels))
    return TailClasses(*found)


def _by_action_head(
    predictions: Predictions, clips: NDArray[np.int64], labels: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    known = action_labels(predictions)
    if len(known) != predictions.actions.shape[1]:
        raise ModelError(f"expected scores of {len(known)} actions, the vocabulary's, got {predictions.actions.shape}")
    place_of = {label: place for place, label in enumerate(known.tolist())}
    places = np.array([place_of.get(label, -1) for label in labels.tolist()], np.int64)
    scores = predictions.actions[clips]
    ranks = np.where(places < 0, _NEVER, rank(scores, np.maximum(places, 0)))
    return ranks, known[scores.argmax(axis=1)]


def _by_product(predictions: Predictions, clips: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    num_nouns = predictions.nouns.shape[1]
    ranks, first = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for begin in range(0, len(clips), _CHUNK):
        part = clips[begin : begin + _CHUNK]
        scores = product_scores(predictions, part).reshape(len(part), -1)
        ranks.append(rank(scores, predictions.true_verbs[part] * num_nouns + predictions.true_nouns[part]))
        verb, noun = np.divmod(scores.argmax(axis=1), num_nouns)
        first.append(verb * ACTION_STRIDE + noun)
    return np.concatenate(ranks), np.concatenate(first)


def _name(predictions: Predictions, target: Target, label: int) -> str:
    vocabulary = predictions.config.vocabulary
    if target == "action":
        verb, noun = divmod(label, ACTION_STRIDE)
        return f"{vocabulary.verbs[verb]} {vocabulary.nouns[noun]}"
    return (vocabulary.verbs if target == "verb" else vocabulary.nouns)[label]


def _check(predictions: Predictions) -> None:
    for name in ("verbs", "nouns", "actions"):
        bad = np.flatnonzero(~np.isfinite(getattr(predictions, name)).all(axis=1))
        if len(bad):
            raise ModelError(
                f"expected scores that are numbers, got NaN or infinity among the {name} of "
                f"{predictions.narration_ids[bad[0]]} ({len(bad)} of {len(predictions)} clips): "
                "use an earlier checkpoint"
            )

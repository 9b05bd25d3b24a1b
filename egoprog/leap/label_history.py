"""What can be anticipated with closed eyes: from the actions before, as annotated, and from nothing but how frequent
actions are. A network that looks has to do better.

uniform         every action that training showed is as likely as another; equals are told apart by chance
most_frequent   how often training showed it, whatever came before (a unigram)
bigram          what follows the action before
trigram         what follows the two actions before

N-grams back off as Witten and Bell (1991) do: the more different things followed a context, the more the shorter one is
trusted, and below all of them each class is as likely as another. An action before is one that STARTED before the
moment up to which a network may look, start - tau_a; in training as in testing, so that what was skipped is learnt.
Nobody annotates what a robot sees: with `seen`, the actions before are what a recogniser told of clips that were over
by then, each with the probabilities of its likeliest: what follows is the mean over all histories that may have been.
"""

from __future__ import annotations

import bisect
import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from egoprog.data.epic import Action
from egoprog.errors import ConfigurationError
from egoprog.leap.config import LeapConfig, UniFormerConfig, Vocabulary
from egoprog.leap.predictions import Predictions

Baseline = Literal["uniform", "most_frequent", "bigram", "trigram"]
BASELINES: tuple[Baseline, ...] = get_args(Baseline)
_ORDERS = {"most_frequent": 0, "bigram": 1, "trigram": 2}

LIKELIEST = 5
"""Of a recogniser's actions of one clip, that make histories."""

Label = tuple[int, int]
"""Verb and noun class."""

Seen = Sequence[tuple[Label, float]]
"""What one clip may have shown, with its probability; they sum to 1."""


class NextClass:
    """What follows the last labels of a history. order: how many of them count. num_classes: of what follows."""

    def __init__(self, order: int, num_classes: int) -> None:
        self.order = order
        self.num_classes = num_classes
        self._following: dict[tuple[Label, ...], Counter[int]] = defaultdict(Counter)

    def learn(self, history: Sequence[Label], target: int) -> None:
        for length in range(min(self.order, len(history)) + 1):
            self._following[_last(history, length)][target] += 1

    def shares(self, history: Sequence[Label]) -> NDArray[np.float64]:
        """Probabilities (R,) of the classes."""
        found = np.full(self.num_classes, 1 / self.num_classes)
        for length in range(min(self.order, len(history)) + 1):
            counts = self._following.get(_last(history, length))
            if not counts:
                break
            total, kinds = counts.total(), len(counts)
            found *= kinds / (total + kinds)
            found[list(counts.keys())] += np.array(list(counts.values())) / (total + kinds)
        return found

    def expected(self, history: Sequence[Seen]) -> NDArray[np.float64]:
        """Probabilities (R,) of the classes after clips of which nobody is sure."""
        found = np.zeros(self.num_classes)
        for chosen in itertools.product(*_last(history, min(self.order, len(history)))):
            found += math.prod(share for _, share in chosen) * self.shares([label for label, _ in chosen])
        return found


def predict(
    baseline: Baseline,
    training: Iterable[Action],
    asked: Iterable[Action],
    vocabulary: Vocabulary,
    tau_a_s: float = 1.0,
    seed: int = 0,
    seen: Predictions | None = None,
) -> Predictions:
    """What a baseline says of all actions that start more than tau_a_s after their video, as `anticipation_items`.

    vocabulary: that of the network that it is held against, or one made of the training rows. seen: a recogniser's
    predictions, which stand for the labels before; only clips that it saw are asked for.
    Raises ConfigurationError for an unknown baseline.
    """
    if baseline not in BASELINES:
        raise ConfigurationError(f"expected a baseline of {', '.join(BASELINES)}, got {baseline!r}")
    asked, must_be_over = list(asked), seen is not None
    shown = {row.narration_id: [(_label(row), 1.0)] for row in asked} if seen is None else _shown(seen)
    asked = [row for row in asked if row.narration_id in shown]
    rows = [(row, past) for row, past in histories(asked, tau_a_s, must_be_over) if row.start_s > tau_a_s]
    action_class = {pair: place for place, pair in enumerate(vocabulary.actions)}
    learnt = [
        ([_label(other) for other in past], label)
        for row, past in histories(training, tau_a_s, must_be_over)
        if (label := _label(row)) in action_class
    ]
    logits = {}
    for name, num_classes, class_of in (
        ("verbs", len(vocabulary.verbs), lambda label: label[0]),
        ("nouns", len(vocabulary.nouns), lambda label: label[1]),
        ("actions", len(vocabulary.actions), action_class.__getitem__),
    ):
        examples = [(past, class_of(label)) for past, label in learnt]
        if baseline == "uniform":
            seen = {target for _, target in examples}
            logits[name] = _by_chance(len(rows), num_classes, seen, seed)
            continue
        model = NextClass(_ORDERS[baseline], num_classes)
        for example in examples:
            model.learn(*example)
        shares = [model.expected([shown[other.narration_id] for other in past]) for _, past in rows]
        logits[name] = np.log(np.array(shares).reshape(len(rows), num_classes)).astype(np.float32)
    return _predictions([row for row, _ in rows], logits, vocabulary, tau_a_s)


def histories(
    rows: Iterable[Action], tau_a_s: float, must_be_over: bool = False
) -> Iterator[tuple[Action, tuple[Action, ...]]]:
    """Each row, by video and time, with those of its video that started before start - tau_a_s.

    must_be_over: with those that stopped by then.
    """
    ordered = sorted(rows, key=lambda row: (row.video_id, row.start_s, row.stop_s, row.narration_id))
    for _, group in itertools.groupby(ordered, key=lambda row: row.video_id):
        of_video = list(group)
        for place, row in enumerate(of_video):
            until_s = row.start_s - tau_a_s
            num_before = min(place, bisect.bisect_left(of_video, until_s, key=lambda other: other.start_s))
            yield row, tuple(other for other in of_video[:num_before] if not must_be_over or other.stop_s <= until_s)


def _shown(seen: Predictions) -> dict[str, Seen]:
    """The likeliest actions of each clip."""
    actions = seen.config.vocabulary.actions
    shares_NA = softmax(seen.actions.astype(np.float64), axis=1)
    found = {}
    for name, shares_A in zip(seen.narration_ids, shares_NA, strict=True):
        best = np.argsort(-shares_A, kind="stable")[:LIKELIEST]
        found[name] = [(actions[k], float(shares_A[k] / shares_A[best].sum())) for k in best]
    return found


def _label(row: Action) -> Label:
    return row.verb_class, row.noun_class


def _last(history: Sequence[Any], length: int) -> tuple[Any, ...]:
    return tuple(history[len(history) - length :])


def _by_chance(num_rows: int, num_classes: int, seen: Iterable[int], seed: int) -> NDArray[np.float32]:
    """Logits of a die with a face for each class that was seen; the hair's breadths between them are its throw."""
    logits = np.full((num_rows, num_classes), -30.0, np.float32)
    seen = sorted(seen)
    logits[:, seen] = np.random.default_rng(seed).uniform(0, 1e-3, (num_rows, len(seen)))
    return logits


def _predictions(
    rows: Sequence[Action], logits: dict[str, NDArray[np.float32]], vocabulary: Vocabulary, tau_a_s: float
) -> Predictions:
    backbone = UniFormerConfig(num_classes=vocabulary.num_classes)
    config = LeapConfig(vocabulary, backbone, "anticipate", has_program=False, tau_a_s=tau_a_s)
    nothing = np.zeros((len(rows), 0), np.float32)
    return Predictions(
        config,
        tuple(row.narration_id for row in rows),
        **logits,
        sub_verbs=nothing,
        objects=nothing,
        precondition=nothing,
        true_verbs=np.array([row.verb_class for row in rows], np.int64),
        true_nouns=np.array([row.noun_class for row in rows], np.int64),
        true_sub_verbs=np.full((len(rows), config.num_steps), -1, np.int64),
        true_objects=np.full((len(rows), config.num_steps, 2), -1, np.int64),
        true_precondition=nothing,
    )

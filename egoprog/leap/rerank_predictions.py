"""Whole sets of anticipated actions, re-ranked by the estimated world: learned, applied, measured on and off."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from egoprog.data.epic import Action
from egoprog.leap import label_history
from egoprog.leap.action_conditions import Label, LabelledClip, learn_conditions
from egoprog.leap.config import Vocabulary
from egoprog.leap.decoding import decode, program_of
from egoprog.leap.metrics import class_table, judge, scores_of
from egoprog.leap.prediction import softmax
from egoprog.leap.predictions import Predictions, joined
from egoprog.leap.reranking import NUM_FOLDS, Reranker, choose_weight, learn_factors, moment_of
from egoprog.leap.state_estimate import Observed, states_before
from egoprog.world import Domain, WorldState

MOST_CANDIDATES = 60
"""Of a clip's actions, the likeliest, that are judged."""
TOLD = 5
"""Candidates that are pushed out of the first so many are told of."""


@dataclass(frozen=True)
class Learned:
    """A re-ranker, and how it came about.

    states: believed before each clip, by narration id. recalls: mean top-5 recall on training clips by weight.
    num_moments: training clips that it learned from.
    """

    reranker: Reranker
    states: Mapping[str, WorldState]
    recalls: Mapping[float, float]
    num_moments: int


@dataclass(frozen=True)
class PushedDown:
    """A candidate that left the first five for a reason. Ranks from 1; shift: of its log-probability."""

    narration_id: str
    label: Label
    rank_before: int
    rank_after: int
    shift: float
    why_not: str


def learn_reranker(
    rows: Sequence[Action],
    training: Sequence[Action],
    clips: Mapping[str, LabelledClip],
    prior: Predictions,
    observed: Mapping[str, Observed],
    tau_a_s: float,
    foretold: Mapping[str, Observed] | None,
    domain: Domain,
) -> Learned:
    """Learns of training clips what classes of actions need, and how much that matters beside what `prior` says.

    rows: of all clips, training: those to learn from. clips: with their programs, by narration id. observed: what is
    known of past clips. foretold: what was anticipated of clips that have begun and are not over; None where the past
    is recorded rather than recognised.
    """
    conditions = learn_conditions([clips[row.narration_id] for row in training if row.narration_id in clips], domain)
    states = {
        row.narration_id: estimate.state
        for row, estimate in states_before(rows, observed, conditions, domain, tau_a_s, foretold)
    }
    shares = candidates_of(prior)
    moments = [
        moment_of(row.participant_id, (row.verb, row.noun), shares[row.narration_id], states[row.narration_id],
                  conditions, domain)
        for row in training if row.narration_id in shares
    ]  # fmt: skip
    weight, recalls = choose_weight(conditions, moments)
    return Learned(Reranker(conditions, learn_factors(moments), weight), states, recalls, len(moments))


def rerank_predictions(asked: Predictions, learned: Learned, domain: Domain) -> tuple[Predictions, list[PushedDown]]:
    """The predictions with shifted logits of actions, and what left the first five."""
    vocabulary = asked.config.vocabulary
    place_of = {_label(vocabulary, k): k for k in range(len(vocabulary.actions))}
    logits, pushed = asked.actions.copy(), []
    for row, (name, candidates) in enumerate(candidates_of(asked).items()):
        first = [label for label, _ in candidates[:TOLD]]
        for rank, one in enumerate(learned.reranker.rerank(candidates, learned.states[name], domain), start=1):
            logits[row, place_of[one.label]] += one.shift
            if one.why_not and one.label in first:
                before = first.index(one.label) + 1
                pushed.append(PushedDown(name, one.label, before, rank, one.shift, one.why_not))
    return dataclasses.replace(asked, actions=logits), pushed


def measure_on_and_off(before: Predictions, after: Predictions) -> dict[str, Any]:
    """Scores of actions without and with re-ranking, and the classes whose top-5 recall it moves."""
    both = {"off": before, "on": after}
    classes = {name: {row.name: row for row in class_table(one, "action")} for name, one in both.items()}
    gains = {name: classes["on"][name].top5_recall - row.top5_recall for name, row in classes["off"].items()}
    scores = {name: dataclasses.asdict(scores_of(judge(one, "action"))) for name, one in both.items()}
    return {
        **scores,
        "num_classes_up": sum(gain > 0 for gain in gains.values()),
        "num_classes_down": sum(gain < 0 for gain in gains.values()),
        "gain_by_class": {name: round(gain, 4) for name, gain in gains.items() if gain},
    }


def trigram_of_others(training: Sequence[Action], asked: Predictions) -> Predictions:
    """What label history says of training clips, each learned from other participants."""
    participants = sorted({row.participant_id for row in training})
    parts = []
    for fold in range(min(NUM_FOLDS, len(participants))):
        held_out = set(participants[fold::NUM_FOLDS])
        others = [row for row in training if row.participant_id not in held_out]
        own = [row for row in training if row.participant_id in held_out]
        parts.append(label_history.predict("trigram", others, own, asked.config.vocabulary, asked.config.tau_a_s))
    return joined(parts)


def candidates_of(predictions: Predictions) -> dict[str, list[tuple[Label, float]]]:
    """The likeliest actions of each clip, with their probabilities."""
    vocabulary = predictions.config.vocabulary
    found = {}
    for name, shares_A in zip(predictions.narration_ids, softmax(predictions.actions), strict=True):
        order = np.argsort(-shares_A, kind="stable")[:MOST_CANDIDATES]
        found[name] = [(_label(vocabulary, int(k)), float(shares_A[k])) for k in order]
    return found


def foretold_by(*anticipated: Predictions) -> dict[str, Observed]:
    """The likeliest action of each clip, before it was seen; of one that stands in several, the last counts."""
    return {
        name: Observed(candidates[0][0], (), candidates[0][1])
        for predictions in anticipated
        for name, candidates in candidates_of(predictions).items()
    }


def recognised_by(*recognised: Predictions) -> dict[str, Observed]:
    """The likeliest action and the program of each clip that was seen; of one that stands in several, the last."""
    return {name: one for predictions in recognised for name, one in _recognised(predictions)}


def with_wrong(observed: Mapping[str, Observed], share: float, seed: int) -> dict[str, Observed]:
    """The same with a share of them exchanged for any other clip's."""
    rng = np.random.default_rng(seed)
    pool = list(observed.values())
    return {name: pool[int(rng.integers(len(pool)))] if rng.random() < share else one for name, one in observed.items()}


def _recognised(predictions: Predictions) -> Iterable[tuple[str, Observed]]:
    vocabulary = predictions.config.vocabulary
    shares = softmax(predictions.actions)
    has_program = predictions.sub_verbs.ndim == 3
    steps = decode(predictions.sub_verbs, predictions.objects, vocabulary) if has_program else None
    for place, name in enumerate(predictions.narration_ids):
        best = int(shares[place].argmax())
        program = tuple(program_of(steps[place], vocabulary).sub_actions()) if steps is not None else ()
        yield name, Observed(_label(vocabulary, best), program, float(shares[place, best]))


def _label(vocabulary: Vocabulary, action: int) -> Label:
    verb, noun = vocabulary.actions[action]
    return vocabulary.verbs[verb], vocabulary.nouns[noun]

"""Anticipated actions weighed by what the estimated world state allows.

For every candidate the world state says whether what its class needs is known to hold (met), known not to (violated),
or neither. How much that matters is measured, not assumed: on training videos, the candidates of each kind that came
true are counted and held against what their probabilities promised, and the quotient is the factor by which the next
such candidate's odds change. Two pseudo-counts on both sides keep the factor at 1 where there is little evidence;
where predictions have taken the world into account already, counts equal promises and the factor is 1 again.
"""

from __future__ import annotations

import heapq
import json
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from egoprog.data.atomic import atomic
from egoprog.errors import ModelError
from egoprog.leap.action_conditions import HAND, NOUN, PLACE, ActionConditions, Label
from egoprog.leap.vocabulary import object_word
from egoprog.program.types import Condition, SubAction, Verb
from egoprog.world import Domain, WorldState
from egoprog.world.wording import violation

PSEUDO_COUNT = 4.0  # of a finer kind of candidates, as its coarser one; of the coarsest, as promised
WEIGHTS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5)
NUM_FOLDS = 4  # of participants
TOP = 5
SCHEMA = 1
MAX_INSTANCES = 6  # of a noun's objects that are looked at


class Status(StrEnum):
    """Of what a candidate needs, in the estimated state."""

    MET = "met"  # all is known to hold
    VIOLATED = "violated"  # something is known not to hold
    UNKNOWN = "unknown"


Kind = tuple[str, ...]
"""Of candidates whose odds change alike: the status, then ever finer: the literal, the verb, the noun."""


@dataclass(frozen=True)
class Judgement:
    """What the estimated state says of one candidate.

    needed: the first literal that is violated, with the object's name; None where none is. kind: finest.
    """

    status: Status
    kind: Kind
    needed: Condition | None = None


def judge(label: Label, state: WorldState, conditions: ActionConditions, domain: Domain) -> Judgement:
    """Whether an action can be done in a state. Of several objects that its noun may name, the most willing decides."""
    needs = conditions.needed(label)
    if not needs:
        return Judgement(Status.UNKNOWN, (Status.UNKNOWN,))
    best: tuple[tuple[int, int], list[tuple[Condition, Condition | None, bool | None]]] | None = None
    for name in _instances(label, state, conditions):
        values = [(need, *_value(need, name, state, conditions, domain)) for need in needs]
        violated = sum(value is False for _, _, value in values)
        met = sum(value is True for _, _, value in values)
        if best is None or (violated, -met) < best[0]:
            best = (violated, -met), values
    (num_violated, num_met), values = best
    if num_violated:
        template, needed = next((template, needed) for template, needed, value in values if value is False)
        return Judgement(Status.VIOLATED, _kind(Status.VIOLATED, template, label), needed)
    if -num_met == len(needs):
        return Judgement(Status.MET, (Status.MET, *label))
    return Judgement(Status.UNKNOWN, (Status.UNKNOWN,))


def _kind(status: Status, template: Condition, label: Label) -> Kind:
    sign = "not " if template.negated else ""
    return status, f"{sign}{template.predicate}({', '.join(template.args)})", *label


def _instances(label: Label, state: WorldState, conditions: ActionConditions) -> Sequence[str | None]:
    return conditions.instances(label[1], state.objects)[:MAX_INSTANCES] or (None,)


def _value(
    need: Condition, name: str | None, state: WorldState, conditions: ActionConditions, domain: Domain
) -> tuple[Condition | None, bool | None]:
    """A requirement about an object, and whether it is known to hold."""
    (role,) = need.args
    if role == NOUN:
        needed = Condition(need.predicate, (name,), need.negated) if name else None
    elif role == PLACE:
        place = state.place_of(name) if name else None
        needed = Condition(need.predicate, (place,), need.negated) if place and domain.kind(place).encloses else None
        if place and needed is None:
            return None, True  # it lies where nothing shuts it in
    elif role == HAND:
        needed = need
    else:
        return _value_of_other(need, role, state, conditions)
    return needed, state.value(needed) if needed else None


def _value_of_other(
    need: Condition, word: str, state: WorldState, conditions: ActionConditions
) -> tuple[Condition, bool | None]:
    """Of another object of that word, any of them will do."""
    names = [word, *(name for name in state.objects if name != word and object_word(name) == word)]
    values = [(Condition(need.predicate, (name,), need.negated)) for name in names]
    known = [state.value(each) for each in values]
    if True in known:
        return values[known.index(True)], True
    return values[0], False if all(value is False for value in known) else None


@dataclass(frozen=True)
class Reranked:
    """A candidate in its new place. shift: of its log-probability. why_not: in words, where it was pushed down."""

    label: Label
    probability: float
    shift: float = 0.0
    why_not: str = ""


@dataclass(frozen=True)
class Moment:
    """A moment of a training video: what came next, and what was judged of the candidates that somebody proposed.

    candidates: (label, probability, judgement).
    """

    participant: str
    truth: Label
    candidates: tuple[tuple[Label, float, Judgement], ...]


def moment_of(
    participant: str,
    truth: Label,
    candidates: Iterable[tuple[Label, float]],
    state: WorldState,
    conditions: ActionConditions,
    domain: Domain,
) -> Moment:
    """Judges what was proposed at a moment of a training video, in the state that was believed."""
    judged = tuple((label, share, judge(label, state, conditions, domain)) for label, share in candidates)
    return Moment(participant, truth, judged)


@dataclass(frozen=True)
class Reranker:
    """Candidates re-ranked by what they need of the world.

    factors: of a kind's odds, the finest that is known counts. weight: of their logarithms; 0 changes nothing.
    """

    conditions: ActionConditions
    factors: Mapping[Kind, float] = field(default_factory=dict)
    weight: float = 1.0

    def shift(self, judgement: Judgement) -> float:
        """What a judgement adds to a log-probability; 0 for what nobody knows."""
        if judgement.status is Status.UNKNOWN:
            return 0.0
        kind = judgement.kind
        while kind and kind not in self.factors:
            kind = kind[:-1]
        return self.weight * math.log(self.factors[kind]) if kind else 0.0

    def rerank(
        self, candidates: Iterable[tuple[Label, float]], state: WorldState, domain: Domain
    ) -> tuple[Reranked, ...]:
        """The candidates, best first; their probabilities keep their sum."""
        judged = [(label, share, judge(label, state, self.conditions, domain)) for label, share in candidates]
        raised = [(label, share, share * math.exp(self.shift(each)), each) for label, share, each in judged]
        scale = sum(share for _, share, _, _ in raised) / (sum(new for _, _, new, _ in raised) or 1.0)
        found = [
            Reranked(label, new * scale, self.shift(each), reason(label, each, state) if self.shift(each) < 0 else "")
            for label, _, new, each in raised
        ]
        return tuple(sorted(found, key=lambda one: -one.probability))


def reason(label: Label, judgement: Judgement, state: WorldState) -> str:
    """The world model's words for what is violated: "put cup: no hand holds the mug"; "" where nothing is."""
    if judgement.needed is None:
        return ""
    return f"{' '.join(label)}: {violation(judgement.needed, state)}"


def learn_factors(moments: Iterable[Moment]) -> dict[Kind, float]:
    """How many candidates of each kind came true, against how many their probabilities promised."""
    came: defaultdict[Kind, float] = defaultdict(float)
    promised: defaultdict[Kind, float] = defaultdict(float)
    for moment in moments:
        for label, share, judgement in moment.candidates:
            if judgement.status is Status.UNKNOWN:
                continue
            for length in range(1, len(judgement.kind) + 1):
                promised[judgement.kind[:length]] += share
                came[judgement.kind[:length]] += label == moment.truth
    factors: dict[Kind, float] = {}
    for kind in sorted(promised, key=len):
        coarser = factors.get(kind[:-1], 1.0)
        factors[kind] = (came[kind] + PSEUDO_COUNT * coarser) / (promised[kind] + PSEUDO_COUNT)
    return factors


def choose_weight(
    conditions: ActionConditions, moments: Sequence[Moment], weights: Sequence[float] = WEIGHTS
) -> tuple[float, dict[float, float]]:
    """The weight of the best mean top-5 recall, and the recall of each, on participants whose factors others gave.

    Of equals the smallest is taken; 0, the order as it was, is one of them.
    """
    participants = sorted({moment.participant for moment in moments})
    fold_of = {name: place % NUM_FOLDS for place, name in enumerate(participants)}
    hits: dict[float, defaultdict[Label, list[bool]]] = {weight: defaultdict(list) for weight in weights}
    for fold in range(NUM_FOLDS):
        factors = learn_factors(moment for moment in moments if fold_of[moment.participant] != fold)
        asked = [moment for moment in moments if fold_of[moment.participant] == fold]
        for weight, hit in hits.items():
            reranker = Reranker(conditions, factors, weight)
            for moment in asked:
                hit[moment.truth].append(moment.truth in _best(moment, reranker))
    recalls = {weight: _mean(map(_mean, hit.values())) for weight, hit in hits.items()}
    return max(sorted(recalls), key=lambda weight: round(recalls[weight], 6)), recalls


def save_reranker(path: str | Path, reranker: Reranker) -> None:
    """As JSON, whole or not at all; `load_reranker` reads it back."""
    conditions = reranker.conditions
    value = {
        "schema": SCHEMA,
        "weight": reranker.weight,
        "factors": [[list(kind), factor] for kind, factor in sorted(reranker.factors.items())],
        "objects": {noun: list(words) for noun, words in sorted(conditions.objects.items())},
        "needs": [[list(label), _texts(found)] for label, found in sorted(conditions.needs.items())],
        "leaves": [[list(label), _texts(found)] for label, found in sorted(conditions.leaves.items())],
        "verb_needs": {verb: _texts(found) for verb, found in sorted(conditions.verb_needs.items())},
        "begins": [[list(label), one.verb, list(one.objects)] for label, one in sorted(conditions.begins.items())],
        "verb_leaves": {verb: _texts(found) for verb, found in sorted(conditions.verb_leaves.items())},
    }
    with atomic(Path(path)) as temporary:
        temporary.write_text(json.dumps(value, indent=None, separators=(",", ":")) + "\n", encoding="utf-8")


def load_reranker(path: str | Path) -> Reranker:
    """Raises ModelError for a file that is missing or holds something else."""
    try:
        value = json.loads(Path(path).read_text(encoding="utf-8"))
        if value["schema"] != SCHEMA:
            raise ValueError(f"schema {value['schema']}")
        conditions = ActionConditions(
            {noun: tuple(words) for noun, words in value["objects"].items()},
            {tuple(label): _literals(found) for label, found in value["needs"]},
            {tuple(label): _literals(found) for label, found in value["leaves"]},
            {verb: _literals(found) for verb, found in value["verb_needs"].items()},
            {verb: _literals(found) for verb, found in value["verb_leaves"].items()},
            {tuple(label): SubAction(Verb(verb), tuple(names)) for label, verb, names in value["begins"]},
        )
        factors = {tuple(kind): float(factor) for kind, factor in value["factors"]}
        return Reranker(conditions, factors, float(value["weight"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(
            f"expected a re-ranker in {path}, got {error!r}; make one with  python -m training.rerank"
        ) from None


def _texts(found: Iterable[Condition]) -> list[list[str | bool]]:
    return [[literal.predicate, literal.args[0], literal.negated] for literal in found]


def _literals(found: Iterable[Sequence]) -> tuple[Condition, ...]:
    return tuple(Condition(str(predicate), (str(name),), bool(negated)) for predicate, name, negated in found)


def _best(moment: Moment, reranker: Reranker) -> list[Label]:
    scored = ((share * math.exp(reranker.shift(each)), label) for label, share, each in moment.candidates)
    return [label for _, label in heapq.nlargest(TOP, scored)]


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return sum(found) / len(found) if found else 0.0

"""What comes next: how exemplar programs go on, as far as the world model allows it.

An n-gram model over flattened programs. The last sub-actions of the running program are matched with every place of
every exemplar: verbs must agree, and objects one to one, the surer the closer their kinds. What follows there, with
the exemplar's objects put in terms of the running program's, is a candidate. Orders are interpolated; the world
model's own list of feasible sub-actions gets a small uniform share, so that nothing possible scores zero; what the
estimated world state rules out is pushed down and says why.
"""

from __future__ import annotations

import itertools
import statistics
from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from egoprog.leap.prediction import PredictedAction, Prediction
from egoprog.leap.reranking import Reranker
from egoprog.program.types import Program, SubAction, Verb
from egoprog.world import Domain, WorldState, explain, feasible

SOURCE = "world model, exemplars"
MAX_ORDER = 3  # sub-actions of context
BACK_OFF = 0.4  # share of each shorter context against the next longer one (Brants et al. 2007, "stupid backoff")
SAME_KIND = 0.6  # how well an object stands in for another of its kind, against 1 for itself
OTHER_KIND = 0.2  # ... and for one of another kind
UNSEEN = 0.3  # share of an exemplar's object that nobody has seen here
WORLD_SHARE = 0.15  # of the mass that goes to what the world model lists as feasible, evenly
INFEASIBLE_SHARE = 0.1  # of its score that an infeasible candidate keeps
MAX_OBJECTS = 8  # that are handed to the world model; its list grows with their square
MAX_OBSERVED_PROGRAMS = 100

_START = SubAction(Verb.NOTHING, ("program start",))


@dataclass(frozen=True, slots=True)
class Candidate:
    """One sub-action that may come next. score: 0 to 1; over all candidates and "the program ends" they sum to 1.

    time_to_start_s: from the last evidence, None if no exemplar with times tells. why_not: the world model's
    explanation where the sub-action is infeasible in the estimated state.
    """

    sub_action: SubAction
    score: float
    time_to_start_s: float | None = None
    why_not: str = ""

    @property
    def is_feasible(self) -> bool:
        return not self.why_not


class Anticipator:
    """Exemplar continuations weighed by feasibility.

    exemplars: programs to learn from, such as the packaged library. Programs that were observed here may be added
    with `learn`; the last 100 are kept.
    """

    def __init__(self, domain: Domain, exemplars: Iterable[Program]) -> None:
        self._domain = domain
        self._exemplars = [_sequence(program) for program in exemplars]
        self._observed: deque[tuple[SubAction, ...]] = deque(maxlen=MAX_OBSERVED_PROGRAMS)

    def learn(self, program: Program) -> None:
        """Takes a program that has been observed to its end into account."""
        self._observed.append(_sequence(program))

    def candidates(
        self,
        so_far: Sequence[SubAction],
        state: WorldState,
        objects: Sequence[str] = (),
        vocabulary: Sequence[str] = (),
        observed_until_s: float | None = None,
        limit: int = 5,
    ) -> tuple[Candidate, ...]:
        """What may follow the sub-actions so far, best first.

        state: after them. objects: names that were seen here. vocabulary: names that are allowed; empty for any.
        observed_until_s: on the clock of the sub-actions' times.
        """
        context = (_START, *so_far)
        known = list(dict.fromkeys([*(name for step in reversed(so_far) for name in step.objects), *objects]))
        weights, end = self._continuations(context, known, vocabulary)
        for step in feasible(state, self._domain, objects=tuple(known[:MAX_OBJECTS])):
            if step.verb is not Verb.NOTHING:
                weights.setdefault((step.verb, step.objects), 0.0)
        allowed = {}
        for verb, names in weights:
            why_not = explain(SubAction(verb, names), state, self._domain) or ""
            allowed[verb, names] = why_not
        possible = sum(not why_not for why_not in allowed.values())
        exemplar_mass = sum(weights.values()) + end
        share = 1.0 - WORLD_SHARE if exemplar_mass else 0.0
        scores = {
            key: share * weight / (exemplar_mass or 1.0) * (INFEASIBLE_SHARE if allowed[key] else 1.0)
            + (0.0 if allowed[key] or not possible else (1.0 - share) / possible)
            for key, weight in weights.items()
        }
        total = sum(scores.values()) + share * end / (exemplar_mass or 1.0)
        best = sorted(scores, key=lambda key: (-scores[key], key))[:limit]
        return tuple(
            Candidate(
                SubAction(*key),
                scores[key] / total,
                self._time_to_start(context[-1], key[0], observed_until_s),
                allowed[key],
            )
            for key in best
            if scores[key] > 0
        )

    def _continuations(
        self, context: Sequence[SubAction], known: Sequence[str], vocabulary: Sequence[str]
    ) -> tuple[dict[tuple[Verb, tuple[str, ...]], float], float]:
        """Interpolated weight of every continuation, and of the program's end."""
        places = [
            (sequence, place)
            for sequence in (*self._exemplars, *self._observed)
            for place in range(1, len(sequence) + 1)
            if sequence[place - 1].verb is context[-1].verb
        ]
        orders: list[tuple[dict, float, float]] = []
        for order in range(1, min(MAX_ORDER, len(context)) + 1):
            counts: defaultdict[tuple[Verb, tuple[str, ...]], float] = defaultdict(float)
            end = 0.0
            for sequence, place in places:
                match = self._match(sequence[place - order : place], context[-order:]) if place >= order else None
                if match is None:
                    continue
                similarity, binding = match
                if place == len(sequence):
                    end += similarity
                    continue
                following = sequence[place]
                names, weight = self._translate(following.objects, binding, known, vocabulary)
                if names is not None and following.verb is not Verb.NOTHING:
                    counts[following.verb, names] += similarity * weight
            mass = sum(counts.values()) + end
            if mass:
                orders.append((counts, end, mass))
        shares = [BACK_OFF**back for back in reversed(range(len(orders)))]
        weights: defaultdict[tuple[Verb, tuple[str, ...]], float] = defaultdict(float)
        total_end = 0.0
        for (counts, end, mass), share in zip(orders, shares, strict=True):
            for key, count in counts.items():
                weights[key] += share / sum(shares) * count / mass
            total_end += share / sum(shares) * end / mass
        return dict(weights), total_end

    def _match(
        self, exemplar: Sequence[SubAction], observed: Sequence[SubAction]
    ) -> tuple[float, dict[str, str]] | None:
        """How well a stretch of an exemplar fits what was observed, and which object stands for which."""
        similarity = 1.0
        binding: dict[str, str] = {}
        for theirs, ours in zip(exemplar, observed, strict=True):
            if theirs.verb is not ours.verb or len(theirs.objects) != len(ours.objects):
                return None
            for their_name, our_name in zip(theirs.objects, ours.objects, strict=True):
                if their_name not in binding:
                    if our_name in binding.values():
                        return None
                    binding[their_name] = our_name
                    similarity *= self._likeness(their_name, our_name)
                elif binding[their_name] != our_name:
                    return None
        return similarity, binding

    def _translate(
        self, names: Sequence[str], binding: dict[str, str], known: Sequence[str], vocabulary: Sequence[str]
    ) -> tuple[tuple[str, ...] | None, float]:
        """An exemplar's objects as objects of here, and how sure that is; None where nothing of here fits."""
        translated: list[str] = []
        weight = 1.0
        for name in names:
            if name in binding:
                translated.append(binding[name])
                continue
            taken = {*binding.values(), *translated}
            ours = name if name in known else None
            if ours is None:
                same_kind = (other for other in known if other not in taken and self._is_kin(name, other))
                ours = next(same_kind, None)
            if ours is not None:
                weight *= self._likeness(name, ours)
            elif not vocabulary or name in vocabulary:
                ours, weight = name, weight * UNSEEN
            else:
                return None, 0.0
            translated.append(ours)
        return tuple(translated), weight

    def _likeness(self, theirs: str, ours: str) -> float:
        if theirs == ours:
            return 1.0
        return SAME_KIND if self._is_kin(theirs, ours) else OTHER_KIND

    def _is_kin(self, name: str, other: str) -> bool:
        return self._domain.kind(name) is self._domain.kind(other)

    def _time_to_start(self, last: SubAction, verb: Verb, observed_until_s: float | None) -> float | None:
        """Median time between the starts of two such sub-actions, less what has passed already."""
        gaps = [
            after.start_s - before.start_s
            for sequence in (*self._exemplars, *self._observed)
            for before, after in itertools.pairwise(sequence)
            if before.verb is last.verb
            and after.verb is verb
            and before.start_s is not None
            and after.start_s is not None
        ]
        if not gaps or last.start_s is None or observed_until_s is None:
            return None
        return max(0.0, statistics.median(gaps) - (observed_until_s - last.start_s))


def from_network(
    prediction: Prediction,
    state: WorldState,
    objects: Sequence[str],
    domain: Domain,
    reranker: Reranker | None,
    observed_until_s: float,
) -> tuple[Candidate, ...]:
    """What a network anticipates, re-ranked in the estimated state, as the sub-actions that it begins with.

    Without a re-ranker only the program that the network foretells is known: its first sub-action.
    """
    starts_s = max(0.0, prediction.stamp_s + prediction.ahead_s - observed_until_s)
    if reranker is None:
        return tuple(_first_step(prediction, state, domain, starts_s))
    labels = [((action.verb, action.noun), share) for action, share in _scored(prediction)]
    names = (*state.held, *objects, *state.objects)
    best: dict[SubAction, Candidate] = {}
    for one in reranker.rerank(labels, state, domain):
        step = reranker.conditions.first_step(one.label, names)
        if step is None:
            continue
        known = best.get(step)
        score = one.probability + (known.score if known else 0.0)
        why_not = known.why_not if known else one.why_not  # of two actions that begin alike the likelier decides
        best[step] = Candidate(step, score, starts_s, why_not)
    return tuple(best.values())


def _scored(prediction: Prediction) -> Iterable[tuple[PredictedAction, float]]:
    return zip(prediction.actions, prediction.action_scores(), strict=True)


def _first_step(prediction: Prediction, state: WorldState, domain: Domain, starts_s: float) -> Iterable[Candidate]:
    step = next((step for step in prediction.steps if step.verb is not Verb.NOTHING), None)
    if step is not None:
        sub_action = SubAction(step.verb, tuple(name for name, _ in step.objects[:1]))
        yield Candidate(sub_action, step.score, starts_s, explain(sub_action, state, domain) or "")


def mixed(told: Sequence[Candidate], exemplars: Sequence[Candidate], share: float, limit: int) -> tuple[Candidate, ...]:
    """Two lists of candidates as one, best first; the first has that share of the mass."""
    found: dict[tuple[Verb, tuple[str, ...]], Candidate] = {}
    for candidates, weight in ((told, share), (exemplars, 1.0 - share)):
        for one in candidates:
            key = one.sub_action.verb, one.sub_action.objects
            known = found.get(key)
            score = weight * one.score + (known.score if known else 0.0)
            found[key] = replace(known or one, score=score)
    return tuple(sorted(found.values(), key=lambda one: -one.score)[:limit])


def _sequence(program: Program) -> tuple[SubAction, ...]:
    return (_START, *program.sub_actions())

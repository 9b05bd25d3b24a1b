"""What a network says, weighed together with what contact, sound and motion say.

Every source gives odds. A prediction about a window of T seconds that comes every dt seconds is no new evidence each
time: it counts for dt / T of one, so that a thing that is told all along is as sure as one look at it. What counts is
how far a score, at its temperature, lies above or below what would be said of anything (BASE); sums of such log-odds
are bounded, so that a network that is sure of itself cannot shout down the hands.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from egoprog.describe.types import ClipDescription, ContactKind
from egoprog.leap.config import ACTING_SHARE
from egoprog.leap.prediction import PredictedStep, Prediction
from egoprog.program.types import Comment, Hand, Program, Statement, SubAction, Verb, walk_sub_actions

BASE = 0.1  # score of what is not there, as often as not
MOST_LOG_ODDS = 4.0  # that one look can add or take away
MIN_USE_S = 0.1
UNNAMED_PREFIX = "object_"  # how the describer calls what it has no name for
HANDLING = (Verb.GRASP, Verb.MOVE, Verb.POSITION, Verb.RELEASE, Verb.USE)
SEEN = "seen by the recogniser: "  # begins the comment on what a network added


@dataclass(frozen=True)
class FusionConfig:
    """temperature: by which a network's log-odds are divided; fitted by `leap.calibration`, 1 for a calibrated one.

    name_above: probability from which a thing without a name is called what the network sees in the hand.
    add_above: ... from which a use that neither contact nor sound tell is added.
    memory_s: how long predictions are kept; of what is anticipated the last one counts, for fresh_s.
    anticipated_share: of the mass of all candidates, what goes to the network's.
    """

    temperature: float = 1.0
    name_above: float = 0.5
    add_above: float = 0.7
    memory_s: float = 120.0
    fresh_s: float = 2.0
    anticipated_share: float = 0.7


@dataclass(frozen=True)
class Look:
    """A prediction and the share of an independent look that it is."""

    prediction: Prediction
    share: float


def logit(probability: float) -> float:
    """Bounded, so that 0 and 1 are as sure as anything gets."""
    bounded = min(max(probability, 1e-4), 1.0 - 1e-4)
    return math.log(bounded / (1.0 - bounded))


def sigmoid(log_odds: float) -> float:
    return 1.0 / (1.0 + math.exp(-log_odds))


def evidence(score: float, temperature: float = 1.0) -> float:
    """Log-odds that one look with this score adds."""
    found = (logit(score) - logit(BASE)) / temperature
    return min(max(found, -MOST_LOG_ODDS), MOST_LOG_ODDS)


def combine(prior: float, looks: Iterable[tuple[float, float]], temperature: float = 1.0) -> float:
    """The probability after looks, each a score and its share of an independent one.

    Of more than one whole look the mean counts: what one network keeps saying of one moment is said once.
    """
    looks = list(looks)
    total = sum(share for _, share in looks)
    added = sum(share * evidence(score, temperature) for score, share in looks) / max(total, 1.0)
    return sigmoid(logit(prior) + added)


def looks_between(predictions: Sequence[Prediction], start_s: float, stop_s: float) -> list[Look]:
    """The predictions whose window's middle lies between two times. predictions: by stamp."""
    found = []
    for place, one in enumerate(predictions):
        length_s = max(one.stamp_s - one.clip_start_s, 1e-3)
        if start_s <= one.stamp_s - length_s / 2 <= stop_s:
            since_s = one.stamp_s - predictions[place - 1].stamp_s if place else length_s
            found.append(Look(one, min(1.0, max(since_s, 0.0) / length_s)))
    return found


def held_score(prediction: Prediction, name: str) -> float:
    """How surely a network sees a thing handled: the best of its steps that handle, by its share as acting object."""
    return max((step.score * _acting(step, name) for step in prediction.steps if step.verb in HANDLING), default=0.0)


def _acting(step: PredictedStep, name: str) -> float:
    return min(1.0, dict(step.objects).get(name, 0.0) / ACTING_SHARE)


def names_of(
    description: ClipDescription, predictions: Sequence[Prediction], config: FusionConfig
) -> dict[str, tuple[str, float]]:
    """What the things without a name are, as far as the network is sure: "object_1" -> ("mug", 0.93).

    Two things that are held at once are not called the same: the surer one is, the other by what fits it next.
    """
    allowed = set(description.vocabulary)
    scored: list[tuple[float, str, str]] = []
    held = _held(description)
    for thing, (start_s, stop_s) in held.items():
        looks = looks_between(predictions, start_s, stop_s)
        names = {name for look in looks for step in look.prediction.steps for name, _ in step.objects}
        for name in names:
            if allowed and name not in allowed:
                continue
            scores = [(held_score(look.prediction, name), look.share) for look in looks]
            scored.append((combine(BASE, scores, config.temperature), thing, name))
    found: dict[str, tuple[str, float]] = {}
    for probability, thing, name in sorted(scored, key=lambda one: (-one[0], one[1:])):
        rivals = (other for other in found if _overlap(held[thing], held[other]))
        if probability > config.name_above and thing not in found and all(found[o][0] != name for o in rivals):
            found[thing] = name, probability
    return found


def _overlap(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _held(description: ClipDescription) -> dict[str, tuple[float, float]]:
    """From when to when each thing without a name is in a hand."""
    spans: dict[str, tuple[float, float]] = {}
    begun: dict[tuple[Hand, str], float] = dict.fromkeys(description.holding_at_start, description.start_s)
    for event in sorted(description.contacts, key=lambda each: each.stamp_s):
        key = event.hand, event.object_name
        if event.kind is ContactKind.GRABBED:
            begun[key] = event.stamp_s
        elif (start_s := begun.pop(key, None)) is not None:
            _widen(spans, event.object_name, start_s, event.stamp_s)
    for (_, name), start_s in begun.items():
        _widen(spans, name, start_s, description.stop_s)
    return {name: span for name, span in spans.items() if name.startswith(UNNAMED_PREFIX)}


def _widen(spans: dict[str, tuple[float, float]], name: str, start_s: float, stop_s: float) -> None:
    known = spans.get(name, (start_s, stop_s))
    spans[name] = min(known[0], start_s), max(known[1], stop_s)


def renamed(description: ClipDescription, names: Mapping[str, str]) -> ClipDescription:
    """The description with things called otherwise."""
    if not names:
        return description
    called = {name: names.get(name, name) for name in description.objects}
    return replace(
        description,
        objects=tuple(dict.fromkeys((*called.values(), *names.values()))),
        holding_at_start=tuple((hand, names.get(name, name)) for hand, name in description.holding_at_start),
        contacts=tuple(replace(e, object_name=names.get(e.object_name, e.object_name)) for e in description.contacts),
        moving=tuple((hand, names.get(name, name), *span) for hand, name, *span in description.moving),
    )


def confirmed(step: SubAction, looks: Sequence[Look], config: FusionConfig) -> SubAction:
    """A sub-action with the confidence that it has after the network's looks at its time."""
    if not looks or step.confidence is None or step.verb in (Verb.NOTHING, Verb.WAIT):
        return step
    is_unnamed = any(name.startswith(UNNAMED_PREFIX) for name in step.objects)
    scores = [
        (look.prediction.verbs.get(step.verb, 0.0) if is_unnamed else look.prediction.fit(step), look.share)
        for look in looks
    ]
    return replace(step, confidence=round(combine(step.confidence, scores, config.temperature), 3))


def added_use(
    program: Program, predictions: Sequence[Prediction], start_s: float, stop_s: float, config: FusionConfig
) -> SubAction | None:
    """The surest use that the network sees between two times and the program lacks; its times count from start_s."""
    looks = looks_between(predictions, start_s, stop_s)
    known = {step.objects[:1] for step in walk_sub_actions(program.body) if step.verb is Verb.USE}
    best: tuple[float, SubAction] | None = None
    for objects in sorted({_objects(step) for look in looks for step in look.prediction.steps}):
        if not objects or objects[:1] in known:
            continue
        wanted = SubAction(Verb.USE, objects)
        seen = [(look, fit) for look in looks if (fit := look.prediction.fit(wanted)) >= 0.5]
        share = sum(look.share for look, _ in seen)
        probability = combine(BASE, ((fit, look.share) for look, fit in seen), config.temperature)
        if share < 0.5 or probability < config.add_above or (best and probability <= best[0]):
            continue
        middles_s = [(look.prediction.clip_start_s + look.prediction.stamp_s) / 2 for look, _ in seen]
        # windows see a use before it begins and after it ends; that it goes on at their mean is what is sure
        times = sum(middles_s) / len(middles_s) - start_s, middles_s[-1] - start_s + MIN_USE_S
        best = (
            probability,
            replace(wanted, start_s=round(times[0], 3), stop_s=round(times[1], 3), confidence=round(probability, 3)),
        )
    return best[1] if best else None


def _objects(step: PredictedStep) -> tuple[str, ...]:
    """Of a use: the acting object, and a second one that has at least half of a recipient's share."""
    if step.verb is not Verb.USE:
        return ()
    return tuple(name for k, (name, share) in enumerate(step.objects[:2]) if share >= (1 / 3, 1 / 6)[k])


def inserted(program: Program, step: SubAction) -> Program:
    """The program with a sub-action in its place in time, below a comment on who saw it."""
    at = next(
        (k for k, one in enumerate(program.body) if (first := _start_s(one)) is not None and first > step.start_s),
        len(program.body),
    )
    told = Comment(f"{SEEN}{step.verb}({', '.join(step.objects)})")
    return replace(program, body=(*program.body[:at], told, step, *program.body[at:]))


def _start_s(statement: Statement) -> float | None:
    starts = [step.start_s for step in walk_sub_actions((statement,)) if step.start_s is not None]
    return min(starts, default=None)

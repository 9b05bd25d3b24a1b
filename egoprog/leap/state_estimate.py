"""What is believed of the world, from what was seen to be done.

Observations win over beliefs: a sub-action that was seen has been possible, so what it needs is taken to have held,
whatever was believed. Where an observation is doubtful, what it would change becomes unknown instead, and unknown
facts push no candidate down. Nobody's truth comes in here.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from egoprog.data.epic import Action
from egoprog.leap.action_conditions import ActionConditions, Label
from egoprog.program.types import Condition, Hand, SubAction
from egoprog.world import Domain, WorldState
from egoprog.world.actions import after, preconditions, why_not

SURE = 0.5  # confidence from which an observation is believed; below it nobody knows whether it happened


@dataclass(frozen=True)
class StateEstimate:
    """An estimated world state; immutable, every observation gives the next one.

    surprises: observations so far that contradicted what was believed; observed: all of them. A recogniser that errs
    surprises often.
    """

    state: WorldState = field(default_factory=WorldState.initial)
    surprises: int = 0
    observed: int = 0

    def after(
        self,
        steps: Iterable[SubAction],
        domain: Domain,
        confidence: float = 1.0,
        left: Iterable[Condition] = (),
    ) -> StateEstimate:
        """The estimate after sub-actions that were observed, in their order.

        confidence: that they happened, 0 to 1. left: literals that their action is known to leave behind; they decide
        where a sub-action means one thing or its opposite (a tap that is used is turned on, or off).
        """
        state, surprises, observed = self.state, self.surprises, self.observed
        for step in steps:
            needed = preconditions(step, state, domain)
            violated = tuple(condition for condition in needed if state.value(condition) is False)
            if violated:
                state = state.assume(*violated)
                needed = preconditions(step, state, domain)
            observed += 1
            surprises += bool(violated)
            if why_not(step, state, domain, needed) is None:
                state = after(step, state, domain, needed)
        state = state.assume(*left)
        if confidence < SURE:
            state = self.state.join(state)
        return StateEstimate(state, surprises, observed)

    def holding(self, hand: Hand, name: str | None) -> StateEstimate:
        """The estimate after that hand was seen to hold something, or, for None, to be empty."""
        if self.state.holding(hand) == name and (name or self.state.value(Condition("empty", (hand.value,)))):
            return self
        seen = Condition("in hand", (name, hand.value)) if name else Condition("empty", (hand.value,))
        return StateEstimate(self.state.assume(seen), self.surprises + 1, self.observed + 1)


@dataclass(frozen=True)
class Observed:
    """What was recognised of one clip. label: its action. steps: its sub-actions. confidence: in both, 0 to 1."""

    label: Label
    steps: tuple[SubAction, ...]
    confidence: float = 1.0


def with_action(estimate: StateEstimate, seen: Observed, conditions: ActionConditions, domain: Domain) -> StateEstimate:
    """The estimate after a clip: its sub-actions, and what its action leaves behind."""
    instance = conditions.acted_on(seen.label, seen.steps)
    if instance is None:
        instance = next(iter(conditions.instances(seen.label[1], estimate.state.objects)), None)
    left = conditions.left(seen.label, instance) if instance else ()
    return estimate.after(seen.steps, domain, seen.confidence, left)


def states_before(
    rows: Iterable[Action],
    observed: Mapping[str, Observed],
    conditions: ActionConditions,
    domain: Domain,
    tau_a_s: float = 1.0,
    foretold: Mapping[str, Observed] | None = None,
) -> Iterator[tuple[Action, StateEstimate]]:
    """Each row, by video and time, with what is believed tau_a_s before it starts.

    observed: by narration_id; of clips that nobody observed nothing is known. Clips that started before that moment
    count. foretold: what was anticipated of each clip; where given, it stands for the clip that is under way at that
    moment, because what was observed of that one rests on frames that come after. Without it the clip under way counts
    as observed, as it does in `label_history`. Every video begins with empty hands.
    """
    ordered = sorted(rows, key=lambda row: (row.video_id, row.start_s, row.stop_s, row.narration_id))
    for _, group in itertools.groupby(ordered, key=lambda row: row.video_id):
        of_video = list(group)
        estimate, num_done = StateEstimate(), 0
        for place, row in enumerate(of_video):
            until_s = row.start_s - tau_a_s
            while num_done < place and _has_come(of_video[num_done], until_s, foretold is None):
                estimate = _with(estimate, observed.get(of_video[num_done].narration_id), conditions, domain)
                num_done += 1
            believed = estimate
            for under_way in of_video[num_done:place] if foretold is not None else ():
                if under_way.start_s < until_s:
                    believed = _with(believed, foretold.get(under_way.narration_id), conditions, domain)
            yield row, believed


def _has_come(row: Action, until_s: float, when_begun: bool) -> bool:
    return row.start_s < until_s if when_begun else row.stop_s <= until_s


def _with(
    estimate: StateEstimate, seen: Observed | None, conditions: ActionConditions, domain: Domain
) -> StateEstimate:
    return estimate if seen is None else with_action(estimate, seen, conditions, domain)

"""What is believed of the world, from what was seen to be done.

Observations win over beliefs: a sub-action that was seen has been possible, so what it needs is taken to have held,
whatever was believed. Where an observation is doubtful, what it would change becomes unknown instead, and unknown
facts push no candidate down. Nobody's truth comes in here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

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

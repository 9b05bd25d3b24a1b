"""What can be done next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from egoprog.program.types import Condition, SubAction, Verb
from egoprog.world.actions import is_possible
from egoprog.world.domain import Domain
from egoprog.world.state import WorldState

_CARRYING = (Verb.RELEASE, Verb.MOVE, Verb.POSITION)


def feasible(state: WorldState, domain: Domain | None = None, objects: Sequence[str] = ()) -> list[SubAction]:
    """Every sub-action over the given objects, and those that the state knows, that the state does not rule out.

    Without hands: a hand is a matter of how. In a stable order: by verb, then as the objects are given, then the
    state's own in the order of the alphabet.
    """
    domain = domain or Domain.default()
    # Most candidates carry what no hand holds: told apart by one look-up an object instead of one a pair.
    absent = {name for name in _names(state, objects) if state.value(Condition("in hand", (name,))) is False}
    return [
        candidate
        for candidate in candidates(state, objects)
        if not (candidate.verb in _CARRYING and candidate.objects[0] in absent)
        and is_possible(candidate, state, domain)
    ]


def candidates(state: WorldState, objects: Sequence[str] = ()) -> Iterator[SubAction]:
    """Every sub-action that can be said about these objects and those that the state knows, feasible or not."""
    names = _names(state, objects)
    yield SubAction(Verb.NOTHING)
    yield SubAction(Verb.WAIT)
    for verb in (Verb.GOTO, Verb.GRASP, Verb.RELEASE):
        yield from (SubAction(verb, (name,)) for name in names)
    for verb in (Verb.MOVE, Verb.POSITION, Verb.USE):
        for name in names:
            yield SubAction(verb, (name,))
            yield from (SubAction(verb, (name, other)) for other in names if other != name)


def _names(state: WorldState, objects: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*objects, *state.objects)))

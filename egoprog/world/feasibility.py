"""What can be done next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from egoprog.program.types import SubAction, Verb
from egoprog.world.actions import explain
from egoprog.world.domain import Domain
from egoprog.world.state import WorldState


def feasible(state: WorldState, domain: Domain | None = None, objects: Iterable[str] = ()) -> list[SubAction]:
    """Every sub-action over the given objects, and those that the state knows, that the state does not rule out.

    Without hands: a hand is a matter of how. In a stable order: by verb, then as the objects are given, then the
    state's own in the order of the alphabet.
    """
    domain = domain or Domain.default()
    return [candidate for candidate in candidates(state, objects) if explain(candidate, state, domain) is None]


def candidates(state: WorldState, objects: Iterable[str] = ()) -> Iterator[SubAction]:
    """Every sub-action that can be said about these objects and those that the state knows, feasible or not."""
    names = tuple(dict.fromkeys((*objects, *state.objects)))
    yield SubAction(Verb.NOTHING)
    yield SubAction(Verb.WAIT)
    for verb in (Verb.GOTO, Verb.GRASP, Verb.RELEASE):
        yield from (SubAction(verb, (name,)) for name in names)
    for verb in (Verb.MOVE, Verb.POSITION, Verb.USE):
        for name in names:
            yield SubAction(verb, (name,))
            yield from (SubAction(verb, (name, other)) for other in names if other != name)

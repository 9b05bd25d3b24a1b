"""Says what is wrong with a program that was written for a clip: cut short, empty, not possible, not of the scene."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from egoprog.describe.text import UNKNOWN_OBJECT
from egoprog.describe.types import ClipDescription
from egoprog.program.types import (
    Call,
    Condition,
    Hand,
    If,
    Program,
    Statement,
    SubAction,
    While,
    object_name,
    walk,
)
from egoprog.world import Domain, WorldState, validate

# Words of the language that stand where objects stand, and name none.
_NO_OBJECTS = frozenset({"left", "right", "both", "hand", "hands", "left_hand", "right_hand"})


def thing_name(text: str) -> str:
    """The canonical form of a name; "object" where nothing of a name is left, "object_3" for a mere number."""
    try:
        name = object_name(text)
    except ValueError:
        return UNKNOWN_OBJECT
    return f"{UNKNOWN_OBJECT}_{name}" if name[0].isdigit() else name


def initial_state(description: ClipDescription) -> WorldState:
    """The world at the clip's first moment: what each hand holds; nothing else is known."""
    held: dict[Hand, str] = {}
    for hand, name in description.holding_at_start:
        for side in (Hand.LEFT, Hand.RIGHT) if hand is Hand.BOTH else (hand,):
            held[side] = thing_name(name)
    return WorldState.initial(left=held.get(Hand.LEFT), right=held.get(Hand.RIGHT))


def allowed_objects(description: ClipDescription) -> frozenset[str] | None:
    """Names that a program of this clip may use: its vocabulary and what its hands touch; None for any."""
    if not description.vocabulary:
        return None
    touched = [name for _, name in description.holding_at_start]
    touched += [contact.object_name for contact in description.contacts]
    touched += [name for _, name, _, _ in description.moving]
    return frozenset(map(thing_name, [*description.vocabulary, *touched])) | _NO_OBJECTS


def problems(
    program: Program,
    description: ClipDescription,
    domain: Domain | None = None,
    library: Sequence[Program] = (),
) -> tuple[str, ...]:
    """What keeps a program from being one of this clip, each in one sentence; empty if nothing does.

    library: programs that calls may name.
    """
    found = []
    if not program.is_complete:
        found.append("the program is cut off before its end; write it whole")
    if not any(isinstance(statement, SubAction | Call) for statement in walk(program.body)):
        found.append("the program has no sub-action; write at least one, nothing() if nothing is done")
    allowed = allowed_objects(description)
    if allowed is not None:
        strange = [name for name in dict.fromkeys(_objects(program.body)) if name not in allowed]
        if strange:
            scene = ", ".join(sorted(allowed - _NO_OBJECTS))
            found.append(f"not among the objects of the scene: {', '.join(strange)}; use only: {scene}")
    validation = validate(program, initial_state(description), domain, programs=tuple(library))
    found += [problem.why for problem in validation.problems]
    return tuple(found)


def _objects(body: Iterable[Statement]) -> Iterator[str]:
    """Every object's name in a body: of sub-actions, calls and conditions."""
    for statement in walk(body):
        match statement:
            case SubAction(objects=names) | Call(objects=names):
                yield from names
            case If(guard=guard) | While(guard=guard):
                yield from _named(guard)


def _named(guard: Iterable[Condition]) -> Iterator[str]:
    for condition in guard:
        yield from condition.args

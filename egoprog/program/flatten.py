"""A program as the network's supervision: its sub-actions in order, and one sentence of its conditions.

Source: LEAP section 3.2: (v, o1, o2) for fewer than 10 sub-actions regardless of their conditions, and the conditions
joined as "if cucumber not in hand and if faucet not open".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from egoprog.program.types import Call, Condition, If, Program, Statement, SubAction, Verb, While

MAX_SUB_ACTIONS = 9  # "where n < 10"


class FlatSubAction(NamedTuple):
    """One (v, o1, o2)."""

    verb: Verb
    objects: tuple[str, ...]

    @property
    def o1(self) -> str | None:
        """The acting object, None for a sub-action without objects."""
        return self.objects[0] if self.objects else None

    @property
    def o2(self) -> str | None:
        """The object acted upon, None for a sub-action with less than two."""
        return self.objects[1] if len(self.objects) > 1 else None


class FlatProgram(tuple[FlatSubAction, ...]):
    """The first sub-actions of a program, and what `flatten` knows of the whole.

    precondition: the joined sentence; "" where the program has no condition.
    num_dropped: sub-actions beyond the limit.
    """

    precondition: str
    num_dropped: int

    def __new__(cls, items: Iterable[FlatSubAction] = (), precondition: str = "", num_dropped: int = 0) -> FlatProgram:
        self = super().__new__(cls, items)
        self.precondition = precondition
        self.num_dropped = num_dropped
        return self


def flatten(
    program: Program, limit: int | None = MAX_SUB_ACTIONS, programs: Iterable[Program] | Mapping[str, Program] = ()
) -> FlatProgram:
    """The first `limit` sub-actions (all for None), whatever their conditions, and the joined conditions.

    programs: those that calls may name; a call of another one, or of one that is being resolved, adds nothing.
    """
    if isinstance(programs, Mapping):
        programs = programs.values()
    by_name = {one.name: one for one in programs}
    items: list[FlatSubAction] = []
    sentences: dict[str, None] = {}
    num_sub_actions = 0
    for step in _walk(program.body, by_name, (program.name,)):
        if isinstance(step, Condition):
            sentences[f"if {condition_sentence(step)}"] = None
            continue
        num_sub_actions += 1
        if limit is None or len(items) < limit:
            items.append(FlatSubAction(step.verb, step.objects))
    return FlatProgram(items, " and ".join(sentences), num_sub_actions - len(items))


def condition_sentence(condition: Condition) -> str:
    """A literal in the paper's words, underscores as blanks: "washing liquid not in left hand"."""
    predicate, args = condition.predicate, condition.args
    words = ["not"] if condition.negated else []
    match predicate, args:
        case "near", (name,):
            words += ["near", name]
        case "empty", ("left" | "right" as side,):
            words = [side, "hand", *words, "empty"]
        case "in hand", (name, "left" | "right" as side):
            words = [name, *words, "in", side, "hand"]
        case _, (first, *others):
            words = [first, *words, predicate, *others]
        case _:
            words.append(predicate)
    return " ".join(words).replace("_", " ")


def _walk(
    body: tuple[Statement, ...], programs: dict[str, Program], callers: tuple[str, ...]
) -> Iterator[SubAction | Condition]:
    """Literals of guards and sub-actions in the order of the text."""
    for statement in body:
        match statement:
            case SubAction():
                yield statement
            case If(guard, inner, orelse):
                yield from guard
                yield from _walk(inner, programs, callers)
                yield from _walk(orelse, programs, callers)
            case While(guard, inner):
                yield from guard
                yield from _walk(inner, programs, callers)
            case Call(name) if name in programs and name not in callers:
                yield from _walk(programs[name].body, programs, (*callers, name))

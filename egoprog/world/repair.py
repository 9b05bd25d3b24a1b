"""Mends a program so that every step of it is possible, and says in words what it did.

Problem by problem, in the order in which they happen, the first of these that helps:
- a step that lacks something gets the steps before it that bring it about: grasp(knife) before use(knife, carrot),
  use(fridge) before grasp(milk), a release where both hands are full; only what is needed is put in;
- a step that is possible only the first time round a loop gets an `if` of its own;
- a loop that never ends becomes an `if`;
- anything else is dropped.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from egoprog.program.printer import condition_text
from egoprog.program.types import Condition, Hand, If, Program, Statement, SubAction, Verb, While
from egoprog.world.actions import apply, effects, explain, violated
from egoprog.world.domain import Domain
from egoprog.world.state import WorldState, canonical
from egoprog.world.validation import Problem, validate
from egoprog.world.wording import call_text

# Enough to open a fridge, free a hand, walk up and grasp; more would be a plan of our own, not a repair.
_MOST_INSERTED: Final = 6
# After so many repairs a step nothing is put in any more: dropping alone always comes to an end.
_PATIENCE: Final = 3


@dataclass(frozen=True, slots=True)
class _Edit:
    """A changed program and the sentence that says how."""

    program: Program
    said: str


def repair(
    program: Program,
    state: WorldState | None = None,
    domain: Domain | None = None,
    programs: tuple[Program, ...] = (),
) -> tuple[Program, tuple[str, ...]]:
    """A program that is valid from `state` on, as near to the given one as we can, and each repair in words.

    The steps that are kept keep their times, hands and confidences; those put in have none, for nobody saw them.
    """
    domain = domain or Domain.default()
    said: list[str] = []
    budget = _PATIENCE * (sum(1 for _ in program.sub_actions()) + 1)
    while problems := validate(program, state, domain, programs).problems:
        problem, edit = problems[0], None
        for mending in _mendings(program, problem, domain) if len(said) < budget else ():
            left = validate(mending.program, state, domain, programs).problems
            if _gets_further(program, problem, left, mending.program):
                edit = mending
                break
        edit = edit or _drop(program, problem)
        program = edit.program
        said.append(edit.said)
    return program, tuple(said)


def _mendings(program: Program, problem: Problem, domain: Domain) -> Iterator[_Edit]:
    """The ways to keep the step that can't be done, the best first."""
    statement = _at(program.body, problem.path)
    if not isinstance(statement, SubAction) or problem.needed is None:
        return
    if problem.is_second_round:
        asked = If((problem.needed,), (statement,))
        said = f"made {call_text(statement)} wait for {condition_text(problem.needed)}: {problem.why}"
        yield _edit(program, problem, (asked,), said)
    if statement.verb is Verb.RELEASE:
        return  # to grasp a thing only to let go of it mends nothing
    inserted = _bring_about_all(statement, problem.state, domain)
    if not inserted:
        return
    said = f"inserted {', '.join(map(call_text, inserted))} before {problem.why}"
    if any(isinstance(_at(program.body, problem.path[:depth]), While) for depth in range(1, len(problem.path))):
        # What is put into a loop meets itself the second time round, so it comes with the condition that asks for it.
        asked = If((~problem.needed,), tuple(inserted))
        yield _edit(program, problem, (asked, statement), said)
    yield _edit(program, problem, (*inserted, statement), said)


def _gets_further(program: Program, problem: Problem, left: tuple[Problem, ...], mended: Program) -> bool:
    """Whether the first problem that is left comes after the one that was mended, or is a later round's."""
    if not left or (left[0].is_second_round and not problem.is_second_round):
        return True
    return _num_after(mended.body, left[0].path) < _num_after(program.body, problem.path)


def _num_after(body: tuple[Statement, ...], path: tuple[int, ...]) -> int:
    """The number of statements after the one at the path, in the order of the text."""
    num = sum(map(_num_statements, body[path[0] + 1 :]))
    return num + (_num_after(_children(body[path[0]]), path[1:]) if len(path) > 1 else 0)


def _num_statements(statement: Statement) -> int:
    return 1 + (sum(map(_num_statements, _children(statement))) if isinstance(statement, If | While) else 0)


def _drop(program: Program, problem: Problem) -> _Edit:
    statement = _at(program.body, problem.path)
    if isinstance(statement, While):
        once = If(statement.guard, statement.body)
        return _edit(program, problem, (once,), f"made a loop an if; {problem.why}")
    return _edit(program, problem, (), f"dropped {problem.why}")


def _bring_about_all(sub_action: SubAction, state: WorldState, domain: Domain) -> list[SubAction] | None:
    """Steps after which the sub-action is possible; None where we know of none."""
    steps: list[SubAction] = []
    while (needed := violated(sub_action, state, domain)) is not None:
        more = _bring_about(needed, state, domain, sub_action)
        if not more or len(steps) + len(more) > _MOST_INSERTED:
            return None
        for step in more:
            state = apply(step, state, domain)
        steps += more
    return steps if explain(sub_action, state, domain) is None else None


def _bring_about(needed: Condition, state: WorldState, domain: Domain, for_: SubAction) -> list[SubAction] | None:
    """Possible steps that make one literal true; None where we know of none."""
    predicate, args, negated = canonical(needed)
    match predicate, args, negated:
        case "in hand", (name, *_), False:
            step = SubAction(Verb.GRASP, (name,), for_.hand)
        case "near", (name,), False:
            step = SubAction(Verb.GOTO, (name,))
        case "empty", ("left" | "right" as side,), False:
            held = state.holding(Hand(side))
            step = SubAction(Verb.RELEASE, (held,), Hand(side)) if held else None
        case "empty", ("hand",), False:
            # The thing that the step is not about; the left hand's first, for most people's right one works.
            free = [held for held in (state.left, state.right) if held and held not in for_.objects]
            step = SubAction(Verb.RELEASE, (free[0],)) if free else None
        case _, (name,), _:
            step = SubAction(Verb.USE, (name,))
            if canonical(needed) not in map(canonical, effects(step, state, domain)):
                step = None
        case _:
            step = None
    if step is None or step == for_:
        return None
    before = _bring_about_all(step, state, domain)
    return None if before is None else [*before, step]


def _edit(program: Program, problem: Problem, instead: tuple[Statement, ...], said: str) -> _Edit:
    body = _replaced(program.body, problem.path, instead)
    return _Edit(replace(program, body=body), said)


def _children(statement: If | While) -> tuple[Statement, ...]:
    return (*statement.body, *statement.orelse) if isinstance(statement, If) else statement.body


def _at(body: tuple[Statement, ...], path: tuple[int, ...]) -> Statement:
    statement = body[path[0]]
    for place in path[1:]:
        statement = _children(statement)[place]
    return statement


def _replaced(
    body: tuple[Statement, ...], path: tuple[int, ...], instead: tuple[Statement, ...]
) -> tuple[Statement, ...]:
    """The body with other statements in the place of one; a block that is left with nothing to do goes too."""
    place = path[0]
    if len(path) > 1:
        instead = _rebuilt(body[place], path[1:], instead)
    return (*body[:place], *instead, *body[place + 1 :])


def _rebuilt(block: Statement, path: tuple[int, ...], instead: tuple[Statement, ...]) -> tuple[Statement, ...]:
    if isinstance(block, While):
        inner = _replaced(block.body, path, instead)
        return (replace(block, body=inner),) if inner else ()
    num_body = len(block.body)
    if path[0] < num_body:
        inner, orelse = _replaced(block.body, path, instead), block.orelse
    else:
        inner, orelse = block.body, _replaced(block.orelse, (path[0] - num_body, *path[1:]), instead)
    if not inner and not orelse:
        return ()
    return (replace(block, body=inner or (SubAction(Verb.NOTHING),), orelse=orelse),)

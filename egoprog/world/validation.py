"""Runs a program through the world model: is every step possible, and what does it rely on and bring about.

How control flow is read:
- A guard that is known to hold runs its body; one known not to hold runs the `else`; steps that are not run are
  reported as not reached, not as invalid.
- Where a guard is unknown both ways are followed, each under its assumption, and what both agree on is kept.
- A `while` runs its body once from the guard. Cleaning, filling, cutting and the like may need repeating, so the body
  must be possible a second time from its own end, with the guard holding still; a guard that one round settles for good
  (in hand, near, on, in, open, a switch) needs no second. Afterwards the terminating condition holds.
- A `while` whose guard the body can't change never ends, which is a problem. It is judged only where the model knows
  what everything in the body does: an unknown predicate, a `use` that the table lacks, an unknown call can't be judged,
  and waiting may change whatever changes by itself.
- A call runs the program of that name, first of `programs`, then of the library, the call's objects standing for the
  first of those that it declares. What an unknown call does is unknown: nothing is known after it, and a note says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from egoprog.program import library
from egoprog.program.printer import guard_text
from egoprog.program.types import (
    Call,
    Comment,
    Condition,
    If,
    Program,
    Statement,
    SubAction,
    Verb,
    While,
    walk_sub_actions,
)
from egoprog.world.actions import after, effects, preconditions, why_not
from egoprog.world.domain import Domain, remember
from egoprog.world.state import Atom, WorldState, canonical
from egoprog.world.wording import assertion

# Predicates that one step settles; all others may need repeating.
_SETTLED: Final = frozenset({"in hand", "near", "on", "in", "at", "open"})
_MOST_CALLS: Final = 16
_MOST_OUTCOMES: Final = 500  # remembered; a state with its facts is a few kB


@dataclass(frozen=True, slots=True)
class Step:
    """One sub-action of the program with what it needs and does where it stands.

    why_not: `explain`'s words where it is impossible. is_reached: False in a branch that is known not to run.
    """

    sub_action: SubAction
    pre: tuple[Condition, ...] = ()
    post: tuple[Condition, ...] = ()
    why_not: str = ""
    is_reached: bool = True


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that can't be done.

    index: of the sub-action among `program.sub_actions()`; of the first one in the body for a loop without end, of the
    next one for a call. sub_action: None for a loop. why: in plain words.
    path: of the statement, one number a level; numbers in an `if` count the body first, then the `else`.
    is_second_round: it could be done the first time round a loop.
    needed, state: the pre-condition that fails, and the world just before; for whoever wants to mend it.
    """

    index: int
    sub_action: SubAction | None
    why: str
    path: tuple[int, ...] = ()
    is_second_round: bool = False
    needed: Condition | None = field(default=None, compare=False, repr=False)
    state: WorldState = field(default_factory=WorldState, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Validation:
    """What became of a program. preconditions: facts about the unknown world at its start that it relies on."""

    problems: tuple[Problem, ...]
    steps: tuple[Step, ...]
    final: WorldState
    preconditions: tuple[Condition, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        return not self.problems


def validate(
    program: Program,
    state: WorldState | None = None,
    domain: Domain | None = None,
    programs: Iterable[Program] = (),
) -> Validation:
    """Runs the program from `state` (empty hands and nothing known if None); never raises for a program.

    programs: those that calls may name, besides the library's.
    An impossible step is reported and passed over, so one mistake is told once and what rests on it again.
    """
    state = WorldState.initial() if state is None else state
    run = _Run(domain or Domain.default(), {p.name: p for p in programs})
    run.calling = (program.name,)
    final = run.body(program.body, state, 0, ())
    steps = tuple(
        run.steps.get(index, Step(sub_action, is_reached=False))
        for index, sub_action in enumerate(program.sub_actions())
    )
    return Validation(tuple(run.problems), steps, final, run.relied_on(), tuple(dict.fromkeys(run.notes)))


def post_conditions(
    program: Program | SubAction, state: WorldState | None = None, domain: Domain | None = None
) -> tuple[Condition, ...]:
    """What a program or a sub-action brings about: facts at its end that neither held nor were assumed at its start."""
    state = WorldState.initial() if state is None else state
    if isinstance(program, SubAction):
        program = Program("", (program,))
    validation = validate(program, state, domain)
    given = {canonical(condition) for condition in (*state.facts, *validation.preconditions)}
    return tuple(condition for condition in validation.final.facts if canonical(condition) not in given)


class _Run:
    """One pass over a program. Every method takes the state before and returns the state after."""

    def __init__(self, domain: Domain, programs: dict[str, Program]):
        self.domain = domain
        self.programs = programs
        self.steps: dict[int, Step] = {}
        self.problems: list[Problem] = []
        self.notes: list[str] = []
        self.calling: tuple[str, ...] = ()
        self.calls = 0
        # Literals assumed before the program changed them, in order; None where two branches assume opposites.
        self.assumed: dict[Atom, Condition | None] = {}
        self.touched = _Touched()
        # Whether something ran whose effect the model does not know, and whether time was let pass.
        self.has_unknown = False
        self.has_waited = False
        self.is_second_round = False

    def relied_on(self) -> tuple[Condition, ...]:
        return tuple(condition for condition in self.assumed.values() if condition is not None)

    def body(self, body: tuple[Statement, ...], state: WorldState, index: int, path: tuple[int, ...], first: int = 0):
        for place, statement in enumerate(body, start=first):
            here = (*path, place)
            match statement:
                case SubAction():
                    state = self.step(statement, state, index, here)
                    index += 1
                case If():
                    state = self.branch(statement, state, index, here)
                    index += _count(statement.body) + _count(statement.orelse)
                case While():
                    state = self.loop(statement, state, index, here)
                    index += _count(statement.body)
                case Call():
                    state = self.call(statement, state, index, here)
                case Comment():
                    pass
        return state

    def suppose(self, guard: tuple[Condition, ...], state: WorldState) -> WorldState:
        return state.assume(*(literal for condition in guard for literal in self.domain.together(condition)))

    def deny(self, guard: tuple[Condition, ...], state: WorldState) -> WorldState:
        """The state in which not all of the guard holds; as it is where more than one literal may be the false one."""
        if _holds(guard, state) is False:
            return state
        doubtful = [literal for literal in guard if state.value(literal) is None] or list(guard)
        return self.suppose((~doubtful[0],), state) if len(doubtful) == 1 else state

    def step(self, sub_action: SubAction, state: WorldState, index: int, path: tuple[int, ...]) -> WorldState:
        needed, made, why, then = _outcome(sub_action, state, self.domain)
        if why:
            failed = next((condition for condition in needed if state.value(condition) is False), None)
            again = " (the second time round)" if self.is_second_round else ""
            self.problems.append(Problem(index, sub_action, why + again, path, self.is_second_round, failed, state))
        if index not in self.steps:
            self.steps[index] = Step(sub_action, needed, made, why)
        if why:
            return state
        self.note_assumed(needed, state)
        self.has_waited |= sub_action.verb is Verb.WAIT
        self.has_unknown |= sub_action.verb is Verb.USE and self.domain.use(sub_action.objects, state) is None
        self.touched = self.touched.by(sub_action, made)
        return then

    def branch(self, statement: If, state: WorldState, index: int, path: tuple[int, ...]) -> WorldState:
        orelse_at = index + _count(statement.body)
        match _holds(statement.guard, state):
            case True:
                return self.body(statement.body, state, index, path)
            case False:
                return self.body(statement.orelse, state, orelse_at, path, len(statement.body))
        before = self.touched
        done = self.body(statement.body, self.suppose(statement.guard, state), index, path)
        touched, self.touched = self.touched, before
        other = self.body(statement.orelse, self.deny(statement.guard, state), orelse_at, path, len(statement.body))
        self.touched |= touched
        return done.join(other)

    def loop(self, statement: While, state: WorldState, index: int, path: tuple[int, ...]) -> WorldState:
        known = _holds(statement.guard, state)
        if known is False:
            return state
        outside = (self.has_unknown, self.has_waited)
        self.has_unknown = self.has_waited = False
        num_problems = len(self.problems)
        end = self.body(statement.body, self.suppose(statement.guard, state), index, path)
        once = end
        if not any(end.value(literal) is False and _is_settled(literal) for literal in statement.guard):
            was_second, self.is_second_round = self.is_second_round, True
            if len(self.problems) == num_problems:
                end = self.body(statement.body, self.suppose(statement.guard, end), index, path)
            self.is_second_round = was_second
            if len(self.problems) == num_problems and self.never_ends(statement, once, end):
                literal = statement.guard[0]
                why = f"while {guard_text(statement.guard)}: nothing in the body makes {assertion(~literal)}"
                self.problems.append(Problem(index, None, why, path, needed=~literal, state=state))
        self.has_unknown |= outside[0]
        self.has_waited |= outside[1]
        end = self.deny(statement.guard, end)
        return end if known else end.join(self.deny(statement.guard, state))

    def never_ends(self, statement: While, once: WorldState, twice: WorldState) -> bool:
        """Whether the model knows all that the body does, and none of it touches the guard."""
        if self.has_unknown:
            return False
        for literal in statement.guard:
            predicate, _, _ = canonical(literal)
            if predicate not in _SETTLED and predicate not in self.domain.predicates:
                return False
            if self.has_waited and predicate not in self.domain.only_by_hand:
                return False
            if once.value(literal) is not True or twice.value(literal) is not True:
                return False
        return True

    def call(self, call: Call, state: WorldState, index: int, path: tuple[int, ...]) -> WorldState:
        program = self.programs.get(call.name) or library.find(call.name)
        if program is None or call.name in self.calling or self.calls >= _MOST_CALLS:
            self.notes.append(f"{call.name}: its steps are not known, and nothing is after it")
            self.has_unknown = True
            self.touched = replace(self.touched, everything=True)
            return state.forget_all()
        if call.objects:
            program = rename(program, dict(zip(program.objects, call.objects, strict=False)))
        return self.run_callee(program, state, index, path)

    def run_callee(self, program: Program, state: WorldState, index: int, path: tuple[int, ...]) -> WorldState:
        outer, calling = (self.steps, self.problems), self.calling
        self.steps, self.problems, self.calling = {}, [], (*calling, program.name)
        self.calls += 1
        state = self.body(program.body, state, 0, ())
        inner = self.problems
        (self.steps, self.problems), self.calling = outer, calling
        self.problems += [replace(p, index=index, why=f"{program.name}: {p.why}", path=path) for p in inner]
        return state

    def note_assumed(self, needed: tuple[Condition, ...], state: WorldState) -> None:
        """Keeps what a step takes for granted, unless the program itself may have changed it since the start."""
        for condition in needed:
            if state.value(condition) is None and not self.touched.has(condition):
                predicate, args, _ = canonical(condition)
                earlier = self.assumed.get((predicate, args), condition)
                self.assumed[predicate, args] = condition if earlier == condition else None


@dataclass(frozen=True, slots=True)
class _Touched:
    """What a program has changed so far: atoms, where the actor stands, what hands hold; after an unknown call, all."""

    atoms: frozenset[Atom] = frozenset()
    place: bool = False
    hands: bool = False
    everything: bool = False

    def by(self, sub_action: SubAction, made: tuple[Condition, ...]) -> _Touched:
        atoms = self.atoms.union(canonical(condition)[:2] for condition in made)
        place = self.place or sub_action.verb is Verb.GOTO
        hands = self.hands or sub_action.verb in (Verb.GRASP, Verb.RELEASE)
        return _Touched(atoms, place, hands, self.everything)

    def __or__(self, other: _Touched) -> _Touched:
        return _Touched(
            self.atoms | other.atoms,
            self.place or other.place,
            self.hands or other.hands,
            self.everything or other.everything,
        )

    def has(self, condition: Condition) -> bool:
        predicate, args, _ = canonical(condition)
        is_of_hand = predicate == "in hand" or (predicate == "empty" and args[0] in ("left", "right", "hand"))
        return (
            self.everything
            or (self.place and predicate == "near")
            or (self.hands and is_of_hand)
            or (predicate, args) in self.atoms
        )


def rename(program: Program, names: dict[str, str]) -> Program:
    """The program with other objects in the place of its own."""
    if not names:
        return program

    def renamed(args: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(names.get(name, name) for name in args)

    def guard(conditions: tuple[Condition, ...]) -> tuple[Condition, ...]:
        return tuple(replace(condition, args=renamed(condition.args)) for condition in conditions)

    def body(statements: tuple[Statement, ...]) -> tuple[Statement, ...]:
        return tuple(map(statement, statements))

    def statement(one: Statement) -> Statement:
        match one:
            case SubAction() | Call():
                return replace(one, objects=renamed(one.objects))
            case If():
                return If(guard(one.guard), body(one.body), body(one.orelse))
            case While():
                return While(guard(one.guard), body(one.body))
        return one

    return replace(program, body=body(program.body), objects=renamed(program.objects))


def _outcome(
    sub_action: SubAction, state: WorldState, domain: Domain
) -> tuple[tuple[Condition, ...], tuple[Condition, ...], str, WorldState]:
    """What a sub-action needs and makes, why it is impossible ("" if it is not), and the state after it.

    The domain remembers it: the revisions of one program take the same steps from the same states.
    """
    key = (sub_action.verb, sub_action.objects, sub_action.hand, state)
    outcome = domain.outcomes.get(key)
    if outcome is None:
        needed = preconditions(sub_action, state, domain)
        why = why_not(sub_action, state, domain, needed) or ""
        then = state if why else after(sub_action, state, domain, needed)
        outcome = (needed, effects(sub_action, state, domain), why, then)
        remember(domain.outcomes, key, outcome, _MOST_OUTCOMES)
    return outcome


def _holds(guard: tuple[Condition, ...], state: WorldState) -> bool | None:
    values = [state.value(literal) for literal in guard]
    return False if False in values else None if None in values else True


def _is_settled(literal: Condition) -> bool:
    predicate, args, _ = canonical(literal)
    return predicate in _SETTLED or (predicate == "empty" and args[:1] in (("left",), ("right",), ("hand",)))


def _count(body: tuple[Statement, ...]) -> int:
    return sum(1 for _ in walk_sub_actions(body))

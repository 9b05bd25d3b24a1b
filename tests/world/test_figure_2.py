"""LEAP's Figure 2: which sub-actions chain, over milk, table, cup, sink, knife and carrot."""

import pytest

from egoprog.program.types import Condition, Hand, Program, SubAction, Verb, While
from egoprog.world import WorldState, apply, explain, feasible, post_conditions, validate

OBJECTS = ("milk", "table", "cup", "sink", "knife", "carrot")


def step(verb: str, *objects: str, hand: Hand | None = None) -> SubAction:
    return SubAction(Verb(verb), objects, hand)


def after(*steps: SubAction) -> WorldState:
    state = WorldState.initial()
    for sub_action in steps:
        state = apply(sub_action, state)
    return state


FETCH = (step("goto", "milk"), step("grasp", "milk", hand=Hand.RIGHT))
OPEN = (*FETCH, step("use", "milk"))
NOT_EMPTY = Condition("empty", ("milk",), negated=True)
NOT_FULL = Condition("full", ("cup",), negated=True)

CHAINS = {
    "move milk to table": (
        (*FETCH, step("move", "milk", "table"), step("release", "milk")),
        Condition("on", ("milk", "table")),
    ),
    "empty milk": (
        (*OPEN, While((NOT_EMPTY,), (step("use", "milk", "sink"),))),
        Condition("empty", ("milk",)),
    ),
    "pour milk": (
        (*OPEN, While((NOT_FULL,), (step("use", "milk", "cup"),))),
        Condition("full", ("cup",)),
    ),
}


@pytest.mark.parametrize("name", CHAINS)
def test_the_three_actions_are_valid_chains_with_their_outcome(name):
    body, outcome = CHAINS[name]
    program = Program(name.replace(" ", "_"), body)
    validation = validate(program)
    assert validation.ok, validation.problems
    assert outcome in post_conditions(program)
    assert validation.preconditions[0] == Condition("near", ("milk",), negated=True)


INVALID = [
    (FETCH, step("goto", "milk"), "goto(milk): the milk is already in the right hand"),
    (FETCH, step("grasp", "milk"), "grasp(milk): the milk is already in the right hand"),
    (OPEN, step("use", "knife", "carrot"), "use(knife, carrot): no hand holds the knife"),
    (OPEN, step("use", "carrot", "knife"), "use(carrot, knife): no hand holds the carrot"),
    (OPEN, step("release", "knife"), "release(knife): no hand holds the knife"),
    ((), step("use", "milk", "cup"), "use(milk, cup): no hand holds the milk"),
    ((), step("use", "milk", "sink"), "use(milk, sink): no hand holds the milk"),
    ((), step("move", "milk", "table"), "move(milk, table): no hand holds the milk"),
    (FETCH[:1], step("use", "milk"), "use(milk): no hand holds the milk"),
    (
        (*OPEN, step("use", "milk", "sink")),
        step("use", "milk", "cup"),
        "use(milk, cup): the milk is already empty",
    ),
    (
        (*FETCH, step("move", "milk", "table"), step("release", "milk")),
        step("use", "milk", "cup"),
        "use(milk, cup): no hand holds the milk",
    ),
]


@pytest.mark.parametrize(("before", "sub_action", "why"), INVALID)
def test_a_red_arrow_is_refused_and_says_why(before, sub_action, why):
    state = after(*before)
    assert explain(sub_action, state) == why
    assert sub_action not in feasible(state, objects=OBJECTS)


VALID = [
    ((), step("goto", "milk")),
    (FETCH[:1], step("grasp", "milk")),
    (FETCH, step("move", "milk", "table")),
    (FETCH, step("use", "milk")),
    (OPEN, step("use", "milk", "cup")),
    (OPEN, step("use", "milk", "sink")),
    ((*OPEN, step("use", "milk", "cup")), step("use", "milk", "sink")),
    ((*FETCH, step("move", "milk", "table")), step("release", "milk")),
    (OPEN, step("goto", "cup")),
    ((*OPEN, step("grasp", "knife", hand=Hand.LEFT)), step("use", "knife", "carrot")),
]


@pytest.mark.parametrize(("before", "sub_action"), VALID)
def test_a_blue_arrow_is_possible(before, sub_action):
    assert sub_action in feasible(after(*before), objects=OBJECTS)

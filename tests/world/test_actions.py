"""What the eight sub-actions need and do, and the words for why one is impossible."""

import pytest
from hypothesis import given, settings
from strategies import OBJECTS, states, sub_actions

from egoprog.errors import InfeasibleStep
from egoprog.program.types import Condition, Hand, SubAction, Verb
from egoprog.world import WorldState, apply, effects, explain, feasible, preconditions
from egoprog.world.feasibility import candidates


def step(verb: str, *objects: str, hand: Hand | None = None) -> SubAction:
    return SubAction(Verb(verb), objects, hand)


def fact(predicate: str, *args: str, negated: bool = False) -> Condition:
    return Condition(predicate, args, negated)


EMPTY = WorldState.initial()
MILK_IN_FRIDGE = EMPTY.assume(fact("in", "milk", "fridge"), fact("closed", "fridge"))

IMPOSSIBLE = [
    (step("use", "knife", "carrot"), EMPTY, "use(knife, carrot): no hand holds the knife"),
    (step("goto", "milk"), WorldState.initial(right="milk"), "goto(milk): the milk is already in the right hand"),
    (step("goto", "milk"), EMPTY.assume(fact("in hand", "milk")), "goto(milk): the milk is already in a hand"),
    (
        step("goto", "fridge"),
        EMPTY.assume(fact("near", "fridge")),
        "goto(fridge): the actor is already near the fridge",
    ),
    (
        step("grasp", "cup"),
        WorldState.initial("plate", "knife"),
        "grasp(cup): both hands are full (left: plate, right: knife)",
    ),
    (step("grasp", "milk"), MILK_IN_FRIDGE, "grasp(milk): the fridge is closed"),
    (step("grasp", "milk"), WorldState.initial(left="milk"), "grasp(milk): the milk is already in the left hand"),
    (
        step("grasp", "milk", hand=Hand.RIGHT),
        WorldState.initial(right="cup"),
        "grasp(milk): the right hand already holds the cup",
    ),
    (
        step("grasp", "milk"),
        EMPTY.assume(fact("near", "milk", negated=True)),
        "grasp(milk): the actor is not near the milk",
    ),
    (step("release", "milk"), EMPTY, "release(milk): no hand holds the milk"),
    (
        step("release", "milk", hand=Hand.RIGHT),
        WorldState.initial(left="milk"),
        "release(milk): the milk is in the left hand",
    ),
    (
        step("move", "milk", "fridge"),
        WorldState.initial(right="milk").assume(fact("closed", "fridge")),
        "move(milk, fridge): the fridge is closed",
    ),
    (step("move", "fridge", "table"), EMPTY, "move(fridge, table): the fridge cannot be carried"),
    (step("move", "drawer"), EMPTY, "move(drawer): no hand holds the drawer"),
    (
        step("use", "cucumber", "faucet"),
        WorldState.initial(right="cucumber").assume(fact("off", "faucet")),
        "use(cucumber, faucet): the faucet is off",
    ),
    (
        step("use", "milk", "cup"),
        WorldState.initial(right="milk").assume(fact("empty", "milk")),
        "use(milk, cup): the milk is already empty",
    ),
    (step("position", "cup"), EMPTY, "position(cup): no hand holds the cup"),
    (step("grasp"), EMPTY, "grasp(): expected an object to grasp, got none"),
    (step("use", "cup", "cup"), EMPTY, "use(cup, cup): the cup cannot be both what acts and what is acted on"),
]


@pytest.mark.parametrize(("sub_action", "state", "why"), IMPOSSIBLE)
def test_an_impossible_step_is_explained_exactly(sub_action, state, why):
    assert explain(sub_action, state) == why
    with pytest.raises(InfeasibleStep) as error:
        apply(sub_action, state)
    assert str(error.value) == why


def test_nothing_and_wait_are_always_possible_and_change_nothing():
    for verb in ("nothing", "wait"):
        assert apply(step(verb), MILK_IN_FRIDGE) is MILK_IN_FRIDGE
        assert explain(step(verb, "microwave"), EMPTY) is None


def test_what_is_unknown_is_assumed():
    after = apply(step("grasp", "milk", hand=Hand.RIGHT), EMPTY)
    assert after.value(fact("near", "milk")) is True
    poured = apply(step("use", "milk", "cup"), after)
    assert poured.value(fact("open", "milk")) is True


def test_walking_away_leaves_things_behind_and_takes_along_what_is_held():
    state = EMPTY.assume(fact("near", "cup"), fact("near", "table"), fact("in hand", "milk", "right"))
    state = apply(step("goto", "fridge"), state)
    assert state.value(fact("near", "fridge")) is True
    assert state.value(fact("near", "cup")) is None
    assert state.value(fact("near", "milk")) is True


def test_walking_to_one_thing_reaches_what_is_known_to_be_beside_it():
    state = EMPTY.assume(fact("on", "cup", "table"), fact("on", "plate", "table"))
    state = apply(step("goto", "cup"), state)
    assert state.value(fact("near", "plate")) is True
    assert state.value(fact("near", "table")) is True


def test_walking_away_lets_go_of_what_cannot_be_carried():
    state = apply(step("grasp", "faucet", hand=Hand.LEFT), WorldState.initial(right="cup"))
    state = apply(step("use", "faucet"), state)
    state = apply(step("goto", "fridge"), state)
    assert state.holding(Hand.LEFT) is None
    assert state.holding(Hand.RIGHT) == "cup"


def test_a_thing_lies_where_it_was_moved_or_positioned_and_anywhere_if_just_dropped():
    held = WorldState.initial(right="cup")
    moved = apply(step("release", "cup"), apply(step("move", "cup", "table"), held))
    assert moved.value(fact("on", "cup", "table")) is True
    inside = apply(step("release", "cup"), apply(step("position", "cup", "sink"), held))
    assert inside.value(fact("in", "cup", "sink")) is True
    assert apply(step("release", "cup"), held).place_of("cup") is None
    assert apply(step("release", "cup", "shelf"), held).value(fact("on", "cup", "shelf")) is True


def test_carrying_a_thing_off_again_takes_it_from_where_it_was_moved():
    state = apply(step("move", "cup", "table"), WorldState.initial(right="cup"))
    state = apply(step("goto", "sink"), state)
    assert state.value(fact("on", "cup", "table")) is False


def test_pulling_a_drawer_opens_it_and_pushing_closes_it():
    state = apply(step("grasp", "drawer", hand=Hand.LEFT), EMPTY)
    opened = apply(step("move", "drawer"), state)
    assert opened.value(fact("open", "drawer")) is True
    assert apply(step("move", "drawer"), opened).value(fact("closed", "drawer")) is True


def test_a_thing_can_be_passed_from_hand_to_hand():
    state = apply(step("grasp", "cup", hand=Hand.RIGHT), WorldState.initial(left="cup"))
    assert state.holding(Hand.BOTH) == "cup"
    state = apply(step("release", "cup", hand=Hand.LEFT), state)
    assert state.holding(Hand.LEFT) is None
    assert state.holding(Hand.RIGHT) == "cup"


def test_a_pot_taken_with_both_hands_fills_both():
    state = apply(step("grasp", "pot", hand=Hand.BOTH), EMPTY)
    assert explain(step("grasp", "cup"), state) == "grasp(cup): both hands are full (left: pot, right: pot)"
    assert apply(step("release", "pot"), state).value(fact("empty", "both")) is True


def test_a_hand_nobody_named_gives_way_to_one_that_is():
    state = apply(step("grasp", "milk"), EMPTY)
    for side in (Hand.LEFT, Hand.RIGHT):
        both = apply(step("grasp", "cup", hand=side), state)
        assert both.holding(side) == "cup"
        assert both.value(fact("in hand", "milk")) is True


def test_possible_steps_come_in_a_stable_order_without_repeats():
    first = feasible(WorldState.initial(right="knife"), objects=("carrot", "cup"))
    assert first == feasible(WorldState.initial(right="knife"), objects=("carrot", "cup"))
    assert len(set(first)) == len(first)
    assert step("use", "knife", "carrot") in first
    assert step("goto", "knife") not in first


@settings(deadline=None)
@given(states())
def test_every_feasible_step_applies_and_every_other_is_explained(state):
    possible = set(feasible(state, objects=OBJECTS))
    for candidate in candidates(state, OBJECTS):
        if candidate in possible:
            apply(candidate, state)
        else:
            assert explain(candidate, state).startswith(f"{candidate.verb}(")


@settings(deadline=None)
@given(states(), sub_actions)
def test_apply_and_explain_agree_and_effects_come_true(state, sub_action):
    why = explain(sub_action, state)
    if why is not None:
        with pytest.raises(InfeasibleStep):
            apply(sub_action, state)
        return
    assert all(state.value(needed) is not False for needed in preconditions(sub_action, state))
    after = apply(sub_action, state)
    for effect in effects(sub_action, state):
        assert after.value(effect) is not False, effect

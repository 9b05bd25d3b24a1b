"""What is known of the world: three values, and the constraints that every state keeps."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import conditions, names, states

from egoprog.program.types import Condition, Hand
from egoprog.world import WorldState


def fact(predicate: str, *args: str, negated: bool = False) -> Condition:
    return Condition(predicate, args, negated)


def test_hands_are_known_at_the_start_and_all_else_is_not():
    state = WorldState.initial(right="knife")
    assert state.holding(Hand.LEFT) is None
    assert state.holding(Hand.RIGHT) == "knife"
    assert state.value(fact("in hand", "milk")) is False
    assert state.value(fact("in hand", "knife", "right")) is True
    assert state.value(fact("empty", "left")) is True
    assert state.value(fact("open", "fridge")) is None
    assert state.value(fact("near", "milk")) is None
    assert state.value(fact("near", "knife")) is True


@pytest.mark.parametrize(
    ("word", "same", "negated"),
    [("closed", "open", True), ("off", "on", True), ("dirty", "clean", True), ("whole", "cut", True)],
)
def test_opposite_words_are_one_fact(word, same, negated):
    state = WorldState.initial().assume(fact(word, "thing"))
    assert state.value(fact(same, "thing", negated=negated)) is True
    assert state.value(fact(word, "thing", negated=True)) is False


def test_an_object_has_one_place_and_is_also_where_its_place_is():
    state = WorldState.initial().assume(fact("in", "fork", "drawer"), fact("in", "drawer", "kitchen"))
    assert state.value(fact("on", "fork", "drawer")) is True
    assert state.value(fact("in", "fork", "kitchen")) is True
    assert state.value(fact("on", "fork", "table")) is False
    moved = state.assume(fact("on", "fork", "table"))
    assert moved.value(fact("in", "fork", "drawer")) is False
    assert moved.place_of("fork") == "table"


def test_an_object_in_a_hand_is_nowhere_else():
    state = WorldState.initial().assume(fact("on", "cup", "table"), fact("in hand", "cup", "left"))
    assert state.place_of("cup") is None
    assert state.value(fact("on", "cup", "table")) is False


def test_a_hand_holds_one_object():
    state = WorldState.initial().assume(fact("in hand", "cup", "left"), fact("in hand", "plate", "left"))
    assert state.holding(Hand.LEFT) == "plate"
    assert state.value(fact("in hand", "cup")) is False


def test_where_nobody_said_which_hand_either_may_be_free():
    state = WorldState.initial().assume(fact("in hand", "milk"))
    assert state.value(fact("in hand", "milk")) is True
    assert state.value(fact("in hand", "milk", "right")) is None
    assert state.value(fact("empty", "right")) is None
    assert state.value(fact("empty", "hand")) is True
    told = state.assume(fact("in hand", "cup", "right"))
    assert told.holding(Hand.RIGHT) == "cup"
    assert told.holding(Hand.LEFT) == "milk"


def test_full_and_empty_exclude_each_other_but_half_full_is_neither():
    state = WorldState.initial().assume(fact("full", "cup"))
    assert state.value(fact("empty", "cup")) is False
    half = state.assume(fact("full", "cup", negated=True))
    assert half.value(fact("empty", "cup")) is None
    assert state.assume(fact("empty", "cup")).value(fact("full", "cup")) is False


def test_what_rests_on_what_never_goes_in_a_circle():
    state = WorldState.initial().assume(
        fact("on", "cup", "plate"), fact("on", "plate", "tray"), fact("on", "tray", "cup")
    )
    assert state.value(fact("on", "tray", "cup")) is True
    assert state.value(fact("on", "plate", "tray")) is True
    assert state.value(fact("on", "cup", "plate")) is None
    assert state.value(fact("near", "cup")) is None


def test_joining_keeps_what_both_agree_on():
    nothing = WorldState.initial()
    held = nothing.assume(fact("in hand", "milk", "right"), fact("open", "milk"))
    joined = held.join(nothing.assume(fact("open", "milk")))
    assert joined.value(fact("in hand", "milk")) is None
    assert joined.value(fact("empty", "left")) is True
    assert joined.value(fact("in hand", "cup", "left")) is False
    assert joined.value(fact("open", "milk")) is True
    in_left = nothing.assume(fact("in hand", "milk", "left"))
    assert nothing.assume(fact("in hand", "milk", "right")).join(in_left).value(fact("in hand", "milk")) is True


def test_equal_states_are_equal_and_hash_alike():
    one = WorldState.initial().assume(fact("open", "fridge"), fact("on", "cup", "table"))
    other = WorldState.initial().assume(fact("on", "cup", "table"), fact("open", "fridge"))
    assert one == other
    assert hash(one) == hash(other)


@settings(deadline=None)
@given(states(), conditions)
def test_what_is_assumed_is_not_denied(state, condition):
    """Holding x and lying somewhere are assumed in either order; only nonsense (x on x) may not come true."""
    if len(set(condition.args)) == len(condition.args):
        assert state.assume(condition).value(condition) is not False


def test_what_comes_into_a_hand_or_rests_on_what_is_there_is_near():
    away = WorldState.initial().assume(~fact("near", "milk"), ~fact("near", "cup"), fact("on", "cup", "tray"))
    held = away.assume(fact("in hand", "milk"), fact("in hand", "tray"))
    assert held.value(fact("near", "milk")) is True
    assert held.value(fact("near", "cup")) is True
    assert not [condition for condition in held.facts if condition.predicate == "near" and condition.negated]


@settings(deadline=None)
@given(states())
def test_every_listed_fact_is_true(state):
    for condition in state.facts:
        assert state.value(condition) is True, condition


@settings(deadline=None)
@given(states(), states())
def test_a_join_says_nothing_that_either_denies(one, other):
    joined = one.join(other)
    for condition in joined.facts:
        assert one.value(condition) is not False, condition
        assert other.value(condition) is not False, condition


@settings(deadline=None)
@given(states(), names, st.sampled_from(("left", "right")))
def test_a_hand_that_is_empty_holds_nothing(state, name, side):
    if state.value(fact("empty", side)):
        assert state.value(fact("in hand", name, side)) is False

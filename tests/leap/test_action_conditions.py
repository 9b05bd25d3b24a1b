"""What actions need and leave behind, learned from programs."""

import pytest
from kitchen_clips import store

from egoprog.leap.action_conditions import NOUN, ActionConditions, learn_conditions
from egoprog.program.types import Condition, SubAction, Verb
from egoprog.world import Domain


@pytest.fixture(scope="module")
def learned() -> ActionConditions:
    return learn_conditions(store(), Domain.default())


def test_a_noun_finds_the_objects_that_programs_call_otherwise(learned):
    assert learned.objects["cup"] == ("mug",)
    assert learned.instances("cup", ["mug_2", "plate", "mug"]) == ("mug_2", "mug")


def test_putting_needs_it_in_hand_and_taking_needs_it_not(learned):
    in_hand = Condition("in hand", (NOUN,))
    assert in_hand in learned.needed(("put", "cup"))
    assert ~in_hand in learned.needed(("take", "cup"))


def test_what_a_use_means_is_told_by_its_action(learned):
    is_on = Condition("on", (NOUN,))
    assert ~is_on in learned.needed(("turn-on", "tap")) and is_on in learned.needed(("turn-off", "tap"))
    assert Condition("on", ("tap",)) in learned.left(("turn-on", "tap"), "tap")
    assert ~Condition("on", ("tap",)) in learned.left(("turn-off", "tap"), "tap")


def test_an_action_that_training_never_showed_needs_what_its_verb_needs(learned):
    assert Condition("in hand", (NOUN,)) in learned.needed(("put", "plate"))
    assert learned.needed(("peel", "potato")) == ()


def test_an_action_begins_with_the_sub_action_after_walking_up(learned):
    first = learned.first_step(("take", "cup"), ["mug_2"])
    assert (first.verb, first.objects) == (Verb.GRASP, ("mug_2",))
    assert learned.first_step(("peel", "potato"), []) is None


def test_few_clips_teach_nothing():
    assert learn_conditions(store(num_rounds=1), Domain.default()).needs == {}


def test_the_acted_on_object_is_the_nouns(learned):
    steps = (SubAction(Verb.USE, ("tap", "mug_2")),)
    assert learned.acted_on(("fill", "cup"), steps) == "mug_2"
    assert learned.acted_on(("fill", "plate"), steps) is None

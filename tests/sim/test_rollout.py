"""From actions to steps in a kitchen."""

import numpy as np
import pytest

from egoprog.data.epic_classes import VERBS
from egoprog.errors import DomainError, InfeasibleStep
from egoprog.program.types import Call, Condition, Hand, Verb
from egoprog.sim.participants import participant
from egoprog.sim.rollout import ACTIONS, Scene, act, destination, first_of, label, resolved, sim_domain
from egoprog.sim.stock import plan
from egoprog.world import Domain, validate


@pytest.fixture
def scene():
    person = participant(1)
    return Scene.begin(person, plan(person, 0))


def do(scene, *calls, rng=None):
    """The scene after the calls and all that they need first, and the last step."""
    rng = rng or np.random.default_rng(0)
    for call in calls:
        while True:
            first = first_of(scene, call)
            step, scene = act(scene, first, "test", rng)
            if first == call:
                break
    return step, scene


def put(scene, name, place="counter"):
    return Call("putting", (name, *destination(scene, name, place, "prep")))


def test_a_shut_fridge_is_opened_before_something_is_taken_out(scene):
    assert scene.world.place_of("milk") == "fridge"
    assert first_of(scene, Call("taking", ("milk",))) == Call("opening", ("fridge",))
    step, after = do(scene, Call("taking", ("milk",)))
    assert after.holds("milk") and after.fact("open", "fridge") and after.standing == "fridge"
    assert (step.verb, step.nouns, step.narration.split()[-1]) == ("take", ("milk",), "milk")


def test_one_walks_only_where_one_has_to(scene):
    _, after = do(scene, Call("opening", ("fridge",)))
    verbs = [s.verb for s in resolved(after, Call("taking", ("milk",))).sub_actions()]
    assert verbs == [Verb.GRASP]


def test_with_both_hands_full_something_is_put_down_first(scene):
    _, scene = do(scene, Call("taking", ("milk",)), Call("taking", ("cheese",)))
    first = first_of(scene, Call("taking", ("butter",)))
    assert first.name == "putting" and first.objects[1] == "counter"


def test_what_an_action_needs_is_not_put_down_for_it(scene):
    _, scene = do(scene, Call("taking", ("sponge",)), Call("taking", ("plate",)))
    step, after = do(scene, Call("rinsing", ("plate", "tap")))
    assert after.holds("plate") and not after.holds("sponge") and step.verb == "wash"


def test_every_sub_action_that_needs_a_hand_has_one(scene):
    _, scene = do(scene, Call("taking", ("bread",)))
    step, _ = do(scene, put(scene, "bread", "chopping_board"), Call("chopping", ("bread", "knife")))
    for sub_action in step.program.sub_actions():
        assert (sub_action.hand in (Hand.LEFT, Hand.RIGHT)) is (sub_action.verb is not Verb.GOTO)


def test_cutting_makes_the_knife_dirty_in_the_simulated_kitchen_only(scene):
    _, scene = do(scene, Call("taking", ("bread",)))
    step, after = do(scene, put(scene, "bread", "chopping_board"), Call("chopping", ("bread", "knife")))
    assert after.fact("cut", "bread") and not after.fact("clean", "knife")
    default = validate(step.program, step.before, Domain.default())
    assert default.ok and default.final.value(Condition("clean", ("knife",))) is True


def test_a_vessel_that_was_scrubbed_is_rinsed_not_filled(scene):
    scrubbed = Call("scrubbing", ("mug_2", "sponge"))
    scene = Scene.begin(scene.person, plan(scene.person, 0, ["dirty"]))
    _, scene = do(scene, Call("taking", ("sponge",)), scrubbed)
    assert scene.fact("soapy", "mug_2") and scene.fact("clean", "mug_2")
    _, scene = do(scene, Call("rinsing", ("mug_2", "tap")))
    assert not scene.fact("soapy", "mug_2") and not scene.fact("full", "mug_2")


def test_counters_of_other_stations_are_not_within_reach(scene):
    _, scene = do(scene, Call("taking", ("milk",)))
    _, scene = do(scene, put(scene, "milk"))
    there = scene.standing
    assert scene.on_counter["milk"] == there and scene.fact("near", "milk")
    _, scene = do(scene, Call("opening", ("fridge",)))
    assert not scene.fact("near", "milk")
    step, scene = do(scene, Call("taking", ("milk",)))
    assert scene.standing == there and next(step.program.sub_actions()).verb is Verb.GOTO


def test_what_the_world_model_rules_out_raises(scene):
    with pytest.raises(InfeasibleStep, match="milk"):
        act(scene, Call("sealing", ("milk",)), "test", np.random.default_rng(0)) if scene.fact("open", "milk") else act(
            scene, Call("pouring", ("milk", "mug")), "test", np.random.default_rng(0)
        )


def test_packages_are_told_by_what_is_in_them(scene):
    assert label(scene, Call("pouring", ("kettle", "mug"))) == ("pour", "water")
    assert label(scene, Call("topping_up", ("tea", "mug"))) == ("insert", "tea")
    assert label(scene, Call("putting", ("milk", "fridge", "fridge"))) == ("insert", "milk")
    assert label(scene, Call("putting", ("milk", "counter", "drawer"))) == ("put", "milk")


def test_labels_are_classes_of_epic_kitchens(scene):
    assert {action.verb for action in ACTIONS.values()} <= set(VERBS)


def test_the_kitchen_s_table_extends_the_packaged_one():
    assert sim_domain() is not Domain.default()
    assert {use.name for use in Domain.default().uses} <= {use.name for use in sim_domain().uses}


def test_a_table_with_a_misspelt_kind_is_named(tmp_path):
    path = tmp_path / "kitchen.yaml"
    path.write_text("uses:\n  cut: {acting: [knive], recipient: [food], makes: [recipient cut]}\n", encoding="utf-8")
    with pytest.raises(DomainError, match=r"uses\.cut.*knive"):
        Domain.load(path)

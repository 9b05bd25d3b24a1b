"""What the recogniser says, in the live program."""

from dataclasses import replace

import pytest
from stories import carrying, play

from egoprog.describe.types import ClipDescription, ContactEvent
from egoprog.generate.local import LocalGenerator
from egoprog.leap.action_conditions import HAND, NOUN, ActionConditions
from egoprog.leap.prediction import PredictedAction, PredictedStep, Prediction
from egoprog.leap.reranking import Reranker
from egoprog.live import fusion
from egoprog.live.programmer import LiveProgrammer
from egoprog.program.types import Comment, Condition, Hand, SubAction, Verb, walk
from egoprog.world import validate

WINDOW_S = 3.2


def seen(stamp_s: float, *steps: PredictedStep, actions=(), ahead_s: float = 0.0) -> Prediction:
    return Prediction(stamp_s, stamp_s - WINDOW_S, "leap small", steps, tuple(actions), ahead_s=ahead_s)


def step(verb: Verb, score: float, *objects: tuple[str, float]) -> PredictedStep:
    return PredictedStep(verb, score, objects)


def told_all_along(start_s: float, stop_s: float, *steps: PredictedStep) -> list[Prediction]:
    return [seen(start_s + 0.5 * k, *steps) for k in range(round((stop_s - start_s) / 0.5) + 1)]


def unnamed(predictions=()) -> list:
    """A hand takes, carries and puts down something that no detector names."""
    return [*map(without_name, carrying()), *predictions]


def without_name(evidence):
    if isinstance(evidence, ContactEvent):
        return replace(evidence, object_name="")
    held = evidence.contact_object
    return replace(evidence, contact_object=held and replace(held, name=""))


def last(live: LiveProgrammer, story: list):
    """The revision that closes the last program."""
    return [*play(live, sorted(story, key=lambda one: one.stamp_s)), *live.finish()][-1]


def objects_of(revision) -> set[str]:
    return {name for sub_action in revision.program.sub_actions() for name in sub_action.objects}


def test_an_unnamed_thing_in_the_hand_gets_the_name_that_the_network_sees(live):
    steps = step(Verb.GRASP, 0.9, ("mug", 0.6)), step(Verb.MOVE, 0.8, ("mug", 0.5))
    named = objects_of(last(live, unnamed(told_all_along(101.0, 107.0, *steps))))
    assert "mug" in named and not any(name.startswith("object_") for name in named)


def test_without_a_recogniser_things_stay_unnamed(live):
    objects = objects_of(last(live, unnamed()))
    assert "object_1" in objects


def test_an_unsure_network_names_nothing(live):
    objects = objects_of(last(live, unnamed(told_all_along(101.0, 107.0, step(Verb.GRASP, 0.3, ("mug", 0.2))))))
    assert "object_1" in objects and "mug" not in objects


def test_names_stay_within_the_vocabulary():
    live = LiveProgrammer(LocalGenerator(), vocabulary=("cup",))
    objects = objects_of(last(live, unnamed(told_all_along(101.0, 107.0, step(Verb.GRASP, 0.9, ("mug", 0.6))))))
    assert "mug" not in objects


def test_predictions_alone_open_no_program(live):
    for prediction in told_all_along(100.0, 130.0, step(Verb.GRASP, 0.99, ("mug", 0.66))):
        live.push(prediction)
        assert live.poll() == ()
    assert not live.is_active


def test_agreement_makes_a_sub_action_surer_and_disagreement_less_sure():
    config, grasp = fusion.FusionConfig(), SubAction(Verb.GRASP, ("cup",), confidence=0.6)
    agrees = fusion.Look(seen(1.0, step(Verb.GRASP, 0.95, ("cup", 0.95))), 1.0)
    differs = fusion.Look(seen(1.0, step(Verb.USE, 0.95, ("tap", 0.95))), 1.0)
    assert fusion.confirmed(grasp, [agrees], config).confidence > 0.6
    assert fusion.confirmed(grasp, [differs], config).confidence < 0.6
    assert fusion.confirmed(grasp, [], config) == grasp


def test_saying_it_ten_times_about_one_moment_is_no_surer_than_saying_it_once():
    once = fusion.combine(0.3, [(0.8, 1.0)])
    assert fusion.combine(0.3, [(0.8, 1.0)] * 10) == pytest.approx(once)
    assert fusion.combine(0.3, [(0.8, 0.1)]) < once


def test_a_higher_temperature_trusts_the_network_less():
    assert 0.3 < fusion.combine(0.3, [(0.9, 1.0)], temperature=3.0) < fusion.combine(0.3, [(0.9, 1.0)])


def test_a_use_that_nobody_heard_is_added_with_its_evidence(live):
    wash = step(Verb.USE, 0.97, ("cup", 0.95))
    revision = last(live, [*carrying(), *told_all_along(102.0, 106.0, wash)])
    added = [sub_action for sub_action in revision.program.sub_actions() if sub_action.verb is Verb.USE]
    assert [sub_action.objects for sub_action in added] == [("cup",)]
    assert Comment("seen by the recogniser: use(cup)") in tuple(walk(revision.program.body))
    assert revision.validation.ok


def test_an_impossible_use_is_not_added(live):
    cut = step(Verb.USE, 0.97, ("knife", 0.66), ("carrot", 0.3))
    revision = last(live, [*carrying(), *told_all_along(102.0, 106.0, cut)])
    assert validate(revision.program).ok
    assert all("knife" not in sub_action.objects for sub_action in revision.program.sub_actions())


def test_two_things_held_at_once_are_not_called_the_same():
    held = (Hand.LEFT, "object_1"), (Hand.RIGHT, "object_2")
    clip = ClipDescription("clip", 100.0, 106.0, holding_at_start=held)
    sees = told_all_along(102.0, 106.0, step(Verb.GRASP, 0.9, ("mug", 0.6)), step(Verb.GRASP, 0.9, ("plate", 0.5)))
    names = fusion.names_of(clip, sees, fusion.FusionConfig())
    assert sorted(name for name, _ in names.values()) == ["mug", "plate"]


@pytest.fixture
def reranker() -> Reranker:
    in_hand = Condition("in hand", (NOUN,))
    conditions = ActionConditions(
        objects={"cup": ("cup",), "tap": ("tap",)},
        needs={("put", "cup"): (in_hand,), ("take", "cup"): (~in_hand, Condition("empty", (HAND,)))},
        leaves={},
        verb_needs={},
        verb_leaves={},
        begins={
            ("put", "cup"): SubAction(Verb.MOVE, (NOUN, "counter")),
            ("take", "cup"): SubAction(Verb.GRASP, (NOUN,)),
            ("turn-on", "tap"): SubAction(Verb.USE, (NOUN,)),
        },
    )
    return Reranker(conditions, {("violated",): 0.05, ("met",): 1.3})


def test_what_the_world_rules_out_is_pushed_down_and_says_why(reranker):
    live = LiveProgrammer(LocalGenerator(), reranker=reranker)
    story = [one for one in carrying() if one.stamp_s < 103.5]
    play(live, story)
    actions = [
        PredictedAction("take", "cup", 2.0),
        PredictedAction("put", "cup", 1.0),
        PredictedAction("turn-on", "tap", 0.0),
    ]
    live.push(seen(103.4, actions=actions, ahead_s=1.0))
    forecast = live.forecast()
    by_step = {(one.sub_action.verb, one.sub_action.objects): one for one in forecast.candidates}
    put = by_step[Verb.MOVE, ("cup", "counter")]
    assert forecast.candidates[0] is put and not put.why_not
    taken = by_step.get((Verb.GRASP, ("cup",)))
    assert taken is None or (taken.score < put.score and "already in" in taken.why_not)
    assert forecast.source == "leap small, world model, exemplars"


def test_an_old_anticipation_is_not_mixed_in(reranker):
    live = LiveProgrammer(LocalGenerator(), reranker=reranker)
    live.push(seen(100.0, actions=[PredictedAction("put", "cup", 1.0)], ahead_s=1.0))
    play(live, [one for one in carrying() if one.stamp_s < 103.5])
    assert live.forecast().source == "world model, exemplars"


def test_without_a_reranker_the_foretold_program_counts():
    live = LiveProgrammer(LocalGenerator())
    play(live, [one for one in carrying() if one.stamp_s < 103.5])
    live.push(seen(103.4, step(Verb.RELEASE, 0.9, ("cup", 0.9)), ahead_s=1.0))
    first = live.forecast().candidates[0].sub_action
    assert (first.verb, first.objects) == (Verb.RELEASE, ("cup",))

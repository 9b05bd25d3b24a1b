"""Each use looks like what it is: tools touch what they work on, what is poured lands where it should."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest

from egoprog.program.types import Call, Hand, SubAction
from egoprog.sim import grasp, uses
from egoprog.sim.actor import perform
from egoprog.sim.catalogue import size_m
from egoprog.sim.participants import participant
from egoprog.sim.performance import Performance, Pouring
from egoprog.sim.rollout import Scene, act, first_of, sim_domain
from egoprog.sim.stock import plan
from egoprog.sim.types import SIDES, Activity, Sound

STORIES = {
    "wash": (
        ("scrubbing", "plate_2", "sponge"), ("rinsing", "plate_2", "tap"), ("towelling", "plate_2", "towel"),
        ("lathering", "washing_liquid", "sponge"), ("turning_off", "tap"),
    ),
    "cook": (
        ("filling", "pot", "tap"), ("turning_off", "tap"), ("putting", "pot", "hob", "hob"), ("turning_on", "hob"),
        ("seasoning", "salt", "pot"), ("stirring", "pot", "spoon"), ("turning_off", "hob"), ("covering", "lid", "pot"),
    ),
    "fry": (
        ("putting", "pan", "hob", "hob"), ("turning_on", "hob"), ("dressing", "oil", "pan"), ("cracking", "egg", "pan"),
        ("flipping", "egg", "spatula"), ("turning_off", "hob"),
    ),
    "chop": (
        ("chopping", "carrot", "knife"), ("scraping", "chopping_board", "knife"), ("peeling", "potato", "peeler"),
        ("chopping", "bread", "knife"), ("scooping", "butter", "knife"), ("spreading", "bread", "knife", "butter"),
    ),
    "drink": (
        ("turning_on", "kettle"), ("turning_off", "kettle"), ("pouring", "milk", "mug"), ("sealing", "milk"),
        ("drinking", "mug", "drink"), ("reading", "phone"),
    ),
    "empty": (
        ("filling", "glass", "tap"), ("tipping_out", "glass", "sink"), ("filling", "pot", "tap"),
        ("turning_off", "tap"), ("draining", "pot", "colander", "pasta"),
    ),
    "tidy": (
        ("soaping_hands", "washing_liquid", "fingers"),
        ("washing_hands", "fingers", "tap"), ("drying_hands", "fingers", "towel"),
        ("swabbing", "counter", "cloth", "drawer"), ("starting", "microwave", "button"),
        ("stopping", "microwave", "button"), ("discarding", "rubbish", "bin"), ("turning_off", "tap"),
    ),
}  # fmt: skip
RIGHT_HANDED, LEFT_HANDED = 2, 33
GO_ON = ("water", "hum", "sizzle", "boil")
"""Sounds that last until something ends them."""
WORKS = ("cut", "peel", "stir", "scrub_dish", "wipe", "spread_on", "scoop")
"""Uses whose tool touches the recipient all the while."""


@dataclass
class Done:
    """A use as it was acted: what was asked for, what came of it, and what was heard and poured meanwhile."""

    show: Performance
    sub_action: SubAction
    rule: str
    side: Hand
    start_s: float
    effect: uses.Effect
    sounds: list[Sound]
    pourings: list[Pouring]

    def times(self, count=25):
        return np.linspace(self.effect.begins_s, max(self.effect.ends_s, self.effect.begins_s + 0.01), count)


@cache
def acted(number, story):
    """A person does one action after the other, each with what has to be done before it. Nothing is drawn."""
    person = participant(number)
    kitchen = plan(person, number, ("dirty",))
    scene, steps, rng = Scene.begin(person, kitchen), [], np.random.default_rng(number)
    for name, *objects in STORIES[story]:
        call, first = Call(name, tuple(objects)), None
        while first != call:
            first = first_of(scene, call)
            assert first is not None and len(steps) < 99, (call, "can't be done in this kitchen")
            step, scene = act(scene, first, "", rng)
            steps.append(step)
    done, act_use = [], uses.act_use

    def noted(actor, sub_action, rule, side, start_s):
        num_sounds, num_pourings = len(actor.show.sounds), len(actor.show.pourings)
        effect = act_use(actor, sub_action, rule, side, start_s)
        sounds, pourings = actor.show.sounds[num_sounds:], actor.show.pourings[num_pourings:]
        done.append(Done(actor.show, sub_action, rule, side, start_s, effect, sounds, pourings))
        return effect

    uses.act_use = noted
    try:
        perform(Activity(person, kitchen, tuple(steps), number), None)
    finally:
        uses.act_use = act_use
    return done


@cache
def everything():
    return [done for number in (RIGHT_HANDED, LEFT_HANDED) for story in STORIES for done in acted(number, story)]


def those(*rules):
    found = [done for done in everything() if done.rule in rules]
    assert found, f"no {' or '.join(rules)} was acted"
    return found


def gap_m(done, point_m, stamp_s):
    """How far a point is from the recipient, or from the inside of a vessel."""
    name = done.sub_action.objects[1]
    thing = done.show.activity.plan.things[name]
    x, y, z = done.show.thing(name, stamp_s).inverse().point(point_m)
    if thing.inside_m is not None:
        radius, floor, rim = thing.inside_m
        return float(np.linalg.norm([max(np.hypot(x, y) - radius, 0), max(floor - z, z - rim, 0)]))
    long, wide, high = size_m(thing.kind, thing.variant)
    return float(np.linalg.norm(np.maximum([abs(x) - long / 2, abs(y) - wide / 2, max(-z, z - high)], 0)))


def fingers_m(show, side, stamp_s):
    posture, wrist = show.postures[side].at(stamp_s), show.wrist(side, stamp_s)
    return {
        finger: np.array([wrist.point(p[0]) for p in grasp.finger_points(side, finger, posture[finger]).values()])
        for finger in posture
    }


def test_every_rule_of_the_world_model_has_a_motion_or_is_listed_as_plain():
    rules = {rule.name for rule in sim_domain().uses}
    assert rules == set(uses.MOTIONS) | uses.PLAIN
    assert not set(uses.MOTIONS) & uses.PLAIN


def test_both_hands_are_used():
    for rule in ("cut", "pour", "turn_switch"):
        assert {done.side for done in those(rule)} == set(SIDES), rule


@pytest.mark.parametrize("rule", WORKS)
def test_the_tip_of_a_tool_is_where_it_works(rule):
    """A knife that cuts the air, or a spoon that stirs beside the mug, is seen at once."""
    for done in those(rule):
        tool = done.show.activity.plan.things[done.sub_action.objects[0]]
        gaps = [gap_m(done, done.show.thing(tool.name, t).point(tool.tip_m), t) for t in done.times()]
        assert max(gaps) < 0.015, (done.sub_action.objects, max(gaps))


def test_a_cloth_wipes_on_the_worktop_where_nothing_stands():
    for done in those("wipe_up"):
        show, name = done.show, done.sub_action.objects[0]
        top_m = show.activity.plan.fixtures["counter"].size_m[2]
        for t in done.times():
            at = show.thing(name, t).position_m
            assert abs(at[2] - top_m) < 0.015
            for other, thing in show.activity.plan.things.items():
                base = show.thing(other, t).position_m
                if other != name and abs(base[2] - top_m) < 0.03:
                    assert np.hypot(*(at - base)[:2]) > 0.5 * thing.radius_m, other


def test_the_knife_goes_down_to_the_board_and_meets_no_finger():
    for done in those("cut"):
        show, (knife, food) = done.show, done.sub_action.objects
        tip = show.activity.plan.things[knife].tip_m
        heights = []
        for t in done.times(120):
            edge = show.thing(knife, t).point(tip)
            heights.append(edge[2] - show.thing(food, t).position_m[2])
            other = Hand.LEFT if done.side is Hand.RIGHT else Hand.RIGHT
            if show.touching(other, t) == food:
                points = np.concatenate(list(fingers_m(show, other, t).values()))
                assert np.linalg.norm(points - edge, axis=1).min() > 0.008, t
        assert min(heights) < 0.01


def test_the_other_hand_holds_what_is_cut_and_what_is_stirred():
    helped = []
    for done in those("cut", "stir"):
        other = Hand.LEFT if done.side is Hand.RIGHT else Hand.RIGHT
        middle_s = 0.5 * (done.effect.begins_s + done.effect.ends_s)
        held = done.show.holding(other, middle_s)
        if held is None or held == done.sub_action.objects[1]:
            helped.append(held is not None)
    assert np.mean(helped) > 0.8


def test_what_is_poured_falls_from_the_mouth_into_the_vessel():
    for done in those("pour", "pour_from", "dress", "season"):
        name = done.sub_action.objects[1]
        thing = done.show.activity.plan.things[name]
        assert done.pourings
        for pouring in done.pourings:
            for t in np.linspace(pouring.start_s + 0.1, pouring.stop_s - 0.1, 9):
                begin, end = pouring.from_m(t), pouring.to_m(t)
                assert begin[2] > end[2] + 0.01, "liquid falls"
                aside = done.show.thing(name, t).inverse().point(end)[:2]
                assert np.hypot(*aside) < thing.inside_m[0], (done.sub_action.objects, t)


def test_a_mouth_that_pours_is_lower_than_the_rest():
    for done in those("pour", "dress"):
        thing = done.show.activity.plan.things[done.sub_action.objects[0]]
        t = done.effect.ends_s - 0.2
        pose = done.show.thing(thing.name, t)
        assert pose.point(thing.mouth_m)[2] < pose.position_m[2]


def test_water_runs_into_what_is_filled():
    for done in those("fill_at_tap"):
        t = 0.5 * (done.effect.begins_s + done.effect.ends_s)
        name = done.sub_action.objects[0]
        (stream,) = done.show.at(t).streams
        x, y, z = done.show.thing(name, t).inverse().point(stream.to_m)
        radius, floor, rim = done.show.activity.plan.things[name].inside_m
        assert np.hypot(x, y) < radius and floor <= z <= rim


def test_a_cup_that_is_drunk_from_comes_to_the_mouth():
    for done in those("drink"):
        thing = done.show.activity.plan.things[done.sub_action.objects[0]]
        t = done.effect.ends_s - 0.05
        camera = done.show.camera(t)
        rim = done.show.thing(thing.name, t).point((0, 0, thing.height_m))
        assert np.linalg.norm(rim - camera.position_m) < 0.30
        assert rim[2] < camera.position_m[2] - 0.05


def test_a_finger_presses_where_the_button_is():
    for done in those("run_device", "switch_other"):
        name = done.sub_action.objects[-1]
        if name == "phone":
            continue
        tips = [fingers_m(done.show, side, done.effect.begins_s)["index-finger"][-1] for side in SIDES]
        if name in done.show.activity.plan.things:
            thing, pose = done.show.activity.plan.things[name], done.show.thing(name, done.effect.begins_s)
            bar = thing.grips[0]
            to = pose.point(bar.bar.position_m) + (0, 0, bar.length_m / 2)
            assert min(np.linalg.norm(tip - to) for tip in tips) < 0.02
        else:
            fixture = done.show.activity.plan.fixtures[name]
            local = [fixture.frame.inverse().point(tip) for tip in tips]
            assert min(abs(x) - fixture.size_m[0] / 2 for x, _, _ in local) < 0.0
            assert min(abs(y + 0.02) for _, y, _ in local) < 0.025


def test_no_finger_goes_through_the_hob_while_its_dial_is_turned():
    for done in those("turn_switch"):
        top_m = done.show.activity.plan.fixtures["hob"].size_m[2]
        for t in done.times(9):
            points = np.concatenate(list(fingers_m(done.show, done.side, t).values()))
            assert points[:, 2].min() > top_m - 0.008


def test_effects_lie_inside_their_uses():
    for done in everything():
        effect = done.effect
        assert done.start_s - 1e-6 <= effect.begins_s <= effect.ends_s <= effect.stop_s + 1e-6, done.rule


def test_sounds_lie_inside_their_uses_but_those_that_go_on():
    """What is heard tells when it happened: EPIC-SOUNDS' annotations come from these times."""
    for done in everything():
        for sound in done.sounds:
            assert sound.start_s >= done.start_s - 0.05, (done.rule, sound)
            if sound.kind not in (*GO_ON, "beep", "contact"):
                assert sound.stop_s <= done.effect.stop_s + 0.1, (done.rule, sound)


def test_what_goes_on_ends_when_it_is_turned_off():
    for number in (RIGHT_HANDED, LEFT_HANDED):
        for story in STORIES:
            sounds = acted(number, story)[-1].show.sounds
            assert [sound.kind for sound in sounds if sound.stop_s == np.inf] == [], story
    assert any(sound.kind == "water" for sound in acted(RIGHT_HANDED, "wash")[-1].show.sounds)


def test_wrists_bend_as_wrists_can():
    """Up to 4 a hand is held as people hold theirs; food that lies right before the belly asks for more."""
    hardest = {}
    for k, done in enumerate(everything()):
        show, costs = done.show, []
        if done.rule in ("open_or_close", "turn_tap"):
            continue
        for t in done.times(9):
            # A hand that is full leaves buttons and dials to the other one.
            side = next((s for s in SIDES if show.touching(s, t) == done.sub_action.objects[0]), done.side)
            wrist, torso = show.wrists[side].at(t), show.body.torso.at(t)
            shoulder = show.body.shoulder_m(side, torso)
            costs.append(grasp.awkwardness(side, wrist.rotation[None], wrist.position_m[None], shoulder)[0])
        hardest[k, done.rule, done.sub_action.objects] = float(np.median(costs))
    values = sorted(hardest.values())
    assert values[int(0.9 * len(values))] < 4.5, hardest
    assert values[-1] < 16, max(hardest, key=hardest.get)

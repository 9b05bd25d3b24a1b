"""An activity becomes motion: who holds what when, where things end, where the head looks."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from egoprog.errors import ConfigurationError
from egoprog.program.types import Hand, Program, SubAction, Verb
from egoprog.sim import grasp
from egoprog.sim.activity import make_activity
from egoprog.sim.actor import perform
from egoprog.sim.hand import FINGERS
from egoprog.sim.participants import participant
from egoprog.sim.performance import channel_of
from egoprog.sim.pose import unit
from egoprog.sim.types import SIDES, Activity, Fixture

NUMBERS = (2, 11, 40)
SECONDS = 60.0


@cache
def performance(number):
    """What this person does in a minute. Nothing is drawn, so no kitchen has to be built."""
    return perform(make_activity(participant(number), number, SECONDS), None)


@pytest.fixture(params=NUMBERS)
def show(request):
    return performance(request.param)


def stamps(show, rate_hz=60):
    return np.arange(0, show.duration_s, 1 / rate_hz)


def acted(show, verb):
    return [s for step in show.steps for s in step.program.body if s.verb is verb]


def test_steps_follow_each_other_and_sub_actions_have_times_and_hands(show):
    assert len(show.steps) == len(show.activity.steps)
    end_s = 0.0
    for step in show.steps:
        assert end_s - 1e-6 <= step.start_s < step.stop_s <= show.duration_s
        end_s = step.stop_s
        for sub_action in step.program.body:
            assert step.start_s - 1e-6 <= sub_action.start_s < sub_action.stop_s <= step.stop_s + 1e-6
            if sub_action.verb in (Verb.GRASP, Verb.MOVE, Verb.RELEASE):
                assert sub_action.hand is not None


def test_the_hand_that_begins_is_the_one_on_the_side_of_what_it_takes():
    chosen = []
    for number in NUMBERS:
        show = performance(number)
        for step in show.steps:
            for taken in (s for s in step.program.body if s.verb is Verb.GRASP and s.hand in SIDES):
                name, before = taken.objects[0], show.state(taken.start_s)
                if before.held or name not in show.activity.plan.things:
                    continue
                x_m = show.body.frame(taken.stop_s).inverse().point(show.thing(name, taken.start_s).position_m)[0]
                if abs(x_m) > 0.32:
                    chosen.append((x_m > 0, taken.hand is Hand.RIGHT))
    assert chosen, "nobody took anything that stands aside"
    assert all(is_right == by_right for is_right, by_right in chosen), chosen


def test_hands_are_the_plans_whichever_begins(show):
    """What the plan puts into two hands is in two hands, and what it puts into one is in that one."""
    swapped = {Hand.LEFT: Hand.RIGHT, Hand.RIGHT: Hand.LEFT}
    for planned, step in zip(show.activity.steps, show.steps, strict=True):
        for before, after in ((planned.before, step.step.before), (planned.after, step.step.after)):
            assert (after.left, after.right) in ((before.left, before.right), (before.right, before.left))
            assert (after.places, after.atoms) == (before.places, before.atoms)
        for wanted, done in zip(planned.program.sub_actions(), step.program.body, strict=True):
            if wanted.hand is not None:
                assert done.hand in (wanted.hand, swapped.get(wanted.hand))
                assert (done.verb, done.objects) == (wanted.verb, wanted.objects)


def test_what_is_drawn_agrees_with_what_is_true_at_the_end_of_every_step(show):
    """The picture must not show a shut fridge that the truth calls open, or a cup beside the plate it is on."""
    things, plan = show.activity.plan.things, show.activity.plan
    for step in show.steps:
        # What was let go of falls for a moment longer.
        stamp_s = min(step.stop_s + 0.3, show.duration_s)
        state = step.step.after
        for side in SIDES:
            assert show.holding(side, step.stop_s) in (state.holding(side), None), step.step.narration
            if state.holding(side) in things:
                assert show.holding(side, step.stop_s) == state.holding(side), step.step.narration
        for (predicate, args), truth in state.atoms.items():
            found = channel_of(predicate, truth) if len(args) == 1 else None
            if found is None or args[0] not in {**things, **plan.fixtures}:
                continue
            value = show.look(args[0], step.stop_s)[found[0]]
            assert (value > 0.15) is (found[1] > 0.5), (step.step.narration, predicate, truth, args)
        for name, (_, place) in state.places.items():
            if name not in things or name in (show.holding(side, stamp_s) for side in SIDES):
                continue
            on = show.ride(name, step.stop_s).on
            if place in things:
                assert on == place, (step.step.narration, name, place, on)
            else:
                assert on is None or (isinstance(on, Fixture) and on.name == place), (name, place, on)


def test_no_hand_flies_and_nothing_jumps(show):
    times = stamps(show)
    for side in SIDES:
        path = np.array([show.wrist(side, t).position_m for t in times])
        speeds = np.linalg.norm(np.diff(path, axis=0), axis=1) * 60
        assert speeds.max() < 3.5, (side, times[speeds.argmax()], speeds.max())
    for name in show.rides:
        path = np.array([show.thing(name, t).position_m for t in times])
        speeds = np.linalg.norm(np.diff(path, axis=0), axis=1) * 60
        assert speeds.max() < 5.0, (name, times[speeds.argmax()], speeds.max())


def test_wrists_turn_without_jumps(show):
    for side in SIDES:
        turns = np.array([show.wrist(side, t).rotation for t in stamps(show)])
        cosines = (np.einsum("nij,nij->n", turns[1:], turns[:-1]) - 1) / 2
        assert np.degrees(np.arccos(np.clip(cosines, -1, 1))).max() < 40, side


def test_the_held_thing_touches_the_hand_all_the_time(show):
    """Nothing floats beside the hand."""
    things = show.activity.plan.things
    for side in SIDES:
        for t in stamps(show, 5):
            name = show.holding(side, t)
            if name is None or show.ride(name, t).on is not side or show.holding(side, t + 0.25) != name:
                continue
            local = show.wrist(side, t).inverse() @ show.thing(name, t)
            posture = show.postures[side].at(t)
            tips = np.concatenate([
                np.concatenate(list(grasp.finger_points(side, finger, posture[finger]).values())) for finger in FINGERS
            ])  # fmt: skip
            near_m = []
            for grip in things[name].grips:
                bar = local @ grip.bar
                off = tips - bar.position_m
                along = np.clip(off @ bar.rotation[:, 2], -grip.length_m, grip.length_m)
                near_m.append(np.linalg.norm(off - along[:, None] * bar.rotation[:, 2], axis=1).min() - grip.radius_m)
            assert min(near_m) < 0.03, (name, side, t, min(near_m))


def test_the_head_turns_to_a_thing_before_the_hand_moves(show):
    things = show.activity.plan.things
    leads = []
    for grasped in acted(show, Verb.GRASP):
        name = grasped.objects[0]
        if name not in things:
            continue
        target = show.thing(name, grasped.start_s).position_m

        def off(t, target=target):
            camera = show.camera(t)
            return float(np.arccos(np.clip(-camera.rotation[:, 2] @ unit(target - camera.position_m), -1, 1)))

        leads.append(off(grasped.start_s) - off(grasped.start_s - 0.7))
        assert off(grasped.stop_s - 0.2) < np.deg2rad(50), (name, "what is taken is in the picture")
    assert np.mean(leads) < 0.02, "on the whole, heads turn towards what will be taken before the hand starts"


def test_things_do_not_overlap_where_they_were_put_down(show):
    things = show.activity.plan.things
    for released in acted(show, Verb.RELEASE):
        name, t = released.objects[0], released.stop_s + 0.4
        if name not in things or show.ride(name, t).on is not None:
            continue
        base = show.thing(name, t).position_m
        for other in show.rides:
            if other == name or show.ride(other, t).on is not None:
                continue
            off = show.thing(other, t).position_m - base
            if abs(off[2]) < 0.05:
                apart = np.hypot(off[0], off[1])
                assert apart > 0.45 * min(things[name].radius_m + things[other].radius_m, 0.12), (name, other, t)


def test_what_is_put_down_stands_upright_on_something(show):
    things = show.activity.plan.things
    for released in acted(show, Verb.RELEASE):
        name, t = released.objects[0], released.stop_s + 0.4
        if name in things and show.ride(name, t).on is not Hand.RIGHT and show.ride(name, t).on is not Hand.LEFT:
            assert show.thing(name, t).rotation[2, 2] > 0.99, (name, t)


def test_feet_are_heard_while_the_body_walks(show):
    walks = [s for s in acted(show, Verb.GOTO) if s.stop_s - s.start_s > 1.5]
    steps = [sound for sound in show.sounds if sound.kind == "step"]
    assert walks and steps
    for walk in walks:
        assert any(walk.start_s <= sound.start_s <= walk.stop_s for sound in steps)
    for sound in steps:
        assert any(w.start_s <= sound.start_s <= w.stop_s for w in acted(show, Verb.GOTO))


def test_hands_work_in_front_of_the_camera():
    """Head cameras of real recordings see the hands at work: at the end of a grasp the hand is before the lens."""
    seen = []
    for show in map(performance, NUMBERS):
        for grasped in acted(show, Verb.GRASP):
            palm = show.wrist(grasped.hand, grasped.stop_s).point((0.1, 0, 0))
            x, y, z = show.camera(grasped.stop_s - 0.15).inverse().point(palm)
            seen.append(-z > 0.1 and max(abs(x / z), abs(y / z)) < 1.0)
    assert np.mean(seen) > 0.8


def test_the_same_seed_gives_the_same_performance():
    first, second = (perform(make_activity(participant(2), 2, 30.0), None) for _ in range(2))
    assert first.duration_s == second.duration_s and first.sounds == second.sounds
    for t in np.linspace(0, first.duration_s, 40):
        a, b = first.at(t), second.at(t)
        np.testing.assert_array_equal(a.camera.rotation, b.camera.rotation)
        for side in SIDES:
            np.testing.assert_array_equal(a.wrists[side].position_m, b.wrists[side].position_m)
            assert a.postures[side] == b.postures[side]
        for name in a.things:
            np.testing.assert_array_equal(a.things[name].position_m, b.things[name].position_m)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (SubAction(Verb.GRASP, ("unicorn",), Hand.RIGHT), "unicorn"),
        (SubAction(Verb.MOVE, ("mug", "counter"), Hand.RIGHT), "grasp"),
    ],
)
def test_what_no_hand_can_do_is_named(wrong, says):
    activity = make_activity(participant(2), 2, 20.0)
    step = replace(activity.steps[0], program=Program("wrong", (wrong,)))
    with pytest.raises(ConfigurationError, match=says):
        perform(Activity(activity.participant, activity.plan, (step,), 0), None)

"""A program becomes motion: who holds what when, where things end, where the head looks."""

from dataclasses import replace

import numpy as np
import pytest

from egoprog.errors import ConfigurationError
from egoprog.program.types import Hand, SubAction, Verb
from egoprog.sim.actor import close_on, perform
from egoprog.sim.hand import FINGERS, OPEN
from egoprog.sim.pose import unit
from egoprog.sim.scene import TAP_AT_M


def test_walks_to_the_counter_at_ordinary_speed(performance, step):
    stamps_s = np.arange(0, step(Verb.GOTO).stop_s, 0.05)
    places = np.array([performance.camera(stamp_s).position_m[:2] for stamp_s in stamps_s])
    speeds_m_s = np.linalg.norm(np.diff(places, axis=0), axis=1) / 0.05
    assert 1.2 < np.linalg.norm(places[-1] - places[0]) < 2.0
    assert 0.6 < speeds_m_s.max() < 1.8
    assert np.linalg.norm(places[-1]) < 0.3


def test_head_stays_still_but_for_its_sway_while_hands_work(performance, step):
    stamps_s = np.arange(step(Verb.GOTO).stop_s + 0.5, performance.duration_s, 0.1)
    places = np.array([performance.camera(stamp_s).position_m for stamp_s in stamps_s])
    assert 0.001 < places.std(axis=0).max() < 0.02
    assert 1.4 < places[:, 2].mean() < 1.6


def test_nothing_jumps(performance):
    stamps_s = np.arange(0, performance.duration_s, 1 / 30)
    moments = [performance.at(stamp_s) for stamp_s in stamps_s]
    for name in performance.places:
        path = np.array([moment.things[name].position_m for moment in moments])
        assert np.linalg.norm(np.diff(path, axis=0), axis=1).max() < 0.06, name
    for side in Hand.LEFT, Hand.RIGHT:
        path = np.array([moment.wrists[side].position_m for moment in moments])
        assert np.linalg.norm(np.diff(path, axis=0), axis=1).max() < 0.12, side


def test_a_held_thing_moves_with_the_hand_and_stays_where_it_is_put(performance, step):
    grasp, release = step(Verb.GRASP), step(Verb.RELEASE, 1)
    held = [performance.at(stamp_s) for stamp_s in (grasp.stop_s + 0.01, release.start_s - 0.5)]
    grips = [moment.wrists[Hand.RIGHT].inverse() @ moment.things["mug"] for moment in held]
    np.testing.assert_allclose(grips[0].position_m, grips[1].position_m, atol=1e-9)
    rest = performance.kitchen.things["mug"].rest
    np.testing.assert_allclose(performance.at(grasp.start_s).things["mug"].position_m, rest.position_m)
    final = performance.at(performance.duration_s).things["mug"]
    np.testing.assert_allclose(final.position_m, rest.position_m, atol=1e-6)
    assert final.rotation[2, 2] == pytest.approx(1.0, abs=1e-6), "it stands upright"


def test_mug_is_under_the_tap_while_water_runs(performance, step):
    fill = step(Verb.USE, 1)
    moment = performance.at(0.5 * (fill.start_s + fill.stop_s))
    (stream,) = moment.streams
    mug = moment.things["mug"].position_m
    assert np.linalg.norm(stream.from_m[:2] - mug[:2]) < 0.02
    assert stream.to_m[2] > mug[2], "the water ends in the mug, not below it"
    assert 0.1 < np.linalg.norm(TAP_AT_M - mug) < 0.25
    assert moment.lever_rad > 0.3
    assert performance.at(fill.start_s - 0.6).streams == ()
    assert performance.at(fill.stop_s + 1.0).streams == ()


def test_pouring_tilts_the_bottle_over_the_mug_and_fills_it(performance, step):
    pour = step(Verb.USE, 3)
    moment = performance.at(0.5 * (pour.start_s + pour.stop_s))
    bottle = moment.things["bottle"]
    assert bottle.rotation[2, 2] < 0.1, "past the horizontal"
    mouth_m = bottle.point(performance.kitchen.things["bottle"].mouth_m)
    mug_m = moment.things["mug"].position_m
    assert np.linalg.norm(mouth_m[:2] - mug_m[:2]) < 0.04
    assert mouth_m[2] > mug_m[2] + 0.09
    assert performance.at(pour.stop_s).fill["mug"] > performance.at(pour.start_s).fill["mug"] > 0.4


def test_gaze_reaches_the_bottle_before_the_hand(performance, step):
    grasp = step(Verb.GRASP, 2)
    bottle = performance.kitchen.things["bottle"].rest.position_m

    def off(stamp_s):
        camera = performance.camera(stamp_s)
        return float(np.arccos(-camera.rotation[:, 2] @ unit(bottle - camera.position_m)))

    assert off(grasp.start_s) < off(grasp.start_s - 0.6) - np.deg2rad(3)
    reach = [np.linalg.norm(performance.wrist(Hand.RIGHT, t).position_m - bottle) for t in (0, grasp.start_s)]
    assert reach[1] > 0.2, "when the head has turned, the hand has not begun"


def test_fingers_close_until_they_touch_and_no_further(performance):
    kitchen = performance.kitchen
    grasp = next(h for h in performance.holdings if h.name == "mug")
    at = kitchen.things["mug"].rest
    wrist = at @ grasp.grip.inverse()
    kitchen.put("mug", at)
    posture = close_on(kitchen, Hand.RIGHT, wrist, "mug/grip")
    kitchen.set_hand(Hand.RIGHT, wrist, posture)
    kitchen.settle()
    nearest = [
        min(kitchen.touch_m(Hand.RIGHT, f"{finger}-phalanx-{bone}", "mug/grip") for bone in ("proximal", "distal"))
        for finger in FINGERS
    ]
    assert sum(abs(distance) < 0.006 for distance in nearest) >= 4, nearest
    assert min(nearest) > -0.01, "fingers must not sink into the mug"
    assert all(posture[finger] != OPEN[finger] for finger in FINGERS)


def test_steps_and_water_are_heard_when_they_happen(performance, step):
    kinds = {kind: [s for s in performance.sounds if s.kind == kind] for kind in ("step", "water", "pour", "contact")}
    assert len(kinds["step"]) >= 3 and kinds["step"][-1].stop_s < step(Verb.GOTO).stop_s + 0.2
    (water,), (pour,) = kinds["water"], kinds["pour"]
    assert step(Verb.USE, 0).start_s < water.start_s < step(Verb.USE, 1).start_s + 0.1
    assert step(Verb.USE, 3).start_s < pour.start_s < pour.stop_s < step(Verb.USE, 3).stop_s
    assert any(s.material == "mug" and s.strength > 0.5 for s in kinds["contact"])


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (SubAction(Verb.GRASP, ("unicorn",), Hand.RIGHT, 1.0, 2.0), "unicorn"),
        (SubAction(Verb.MOVE, ("mug", "tap"), Hand.RIGHT, 1.0, 2.0), "grasp"),
        (SubAction(Verb.USE, ("mug", "bottle"), Hand.RIGHT, 1.0, 2.0), "use"),
        (SubAction(Verb.GRASP, ("mug",), Hand.RIGHT), "times"),
    ],
)
def test_what_no_hand_can_do_is_named(performance, wrong, says):
    program = replace(performance.program, body=(wrong,))
    with pytest.raises(ConfigurationError, match=says):
        perform(performance.kitchen, program)

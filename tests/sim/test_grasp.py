"""How hands take hold: fingers that close until they touch, wrists that a person would have."""

import itertools
import time

import numpy as np
import pytest

from egoprog.errors import ModelError
from egoprog.program.types import Hand
from egoprog.sim import grasp
from egoprog.sim.body import SHOULDER_M
from egoprog.sim.hand import BONES, FINGERS, FIST, FLESH_M, OPEN, RELAXED
from egoprog.sim.pose import Pose, aligning, turn, unit

SIDES = (Hand.RIGHT, Hand.LEFT)
EYES_M = np.array([0.0, 0.1, 1.58])
COUNTER_M = 0.90
UP = np.array([0.0, 0.0, 1.0])


def bar(x, y, z, along=(0, 0, 1)):
    return Pose(np.array([x, y, z], float), aligning(UP, unit(np.array(along, float))))


def shoulder(side):
    return EYES_M + SHOULDER_M[side]


def gaps(side, posture, held, radius_m):
    """Distance of each finger's flesh to a bar in the hand [m]."""
    found = {}
    for finger in FINGERS:
        points = grasp.finger_points(side, finger, posture[finger])
        ends = [bone for bone in BONES if bone in points][0 if finger == "thumb" else 1 :]
        found[finger] = min(
            float(grasp._distances(points[a], points[b], held.position_m, held.rotation[:, 2])[0])
            for a, b in itertools.pairwise(ends)
        ) - (FLESH_M[finger] + radius_m)
    return found


@pytest.mark.parametrize("side", SIDES)
def test_fast_finger_chain_is_where_mujoco_draws_it(side):
    """Otherwise fingers would be planned to touch and be drawn beside the thing."""
    from egoprog.sim.gl import load_mujoco
    from egoprog.sim.hand import MOVES, add_hand, joint_name

    try:
        mujoco = load_mujoco()
    except ModelError as error:
        pytest.skip(str(error))
    spec = mujoco.MjSpec()
    spec.compiler.degree = False
    spec.add_material(name="skin")
    spec.worldbody.add_body(name="forearm", mocap=True)
    add_hand(spec, side, "skin", "forearm")
    model = spec.compile()
    data = mujoco.MjData(model)
    rng = np.random.default_rng(5)
    for posture in (RELAXED, FIST, {f: tuple(rng.uniform(0, 1, len(MOVES[f]))) for f in FINGERS}):
        for finger in FINGERS:
            for (bone, axis), angle in zip(MOVES[finger], posture[finger], strict=True):
                sign = -1.0 if axis == "x" else grasp.mirror(side)
                data.qpos[model.joint(joint_name(side, finger, bone, axis)).qposadr[0]] = sign * angle
        mujoco.mj_kinematics(model, data)
        for finger in FINGERS:
            for bone, point in grasp.finger_points(side, finger, posture[finger]).items():
                np.testing.assert_allclose(point[0], data.body(f"{side}/{finger}-{bone}").xpos, atol=1e-6)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("radius_m", [0.008, 0.014, 0.03, 0.042])
def test_fingers_close_until_they_touch_and_no_further(side, radius_m):
    held, posture = grasp.hold(side, "wrap", radius_m)
    found = gaps(side, posture, held, radius_m)
    assert sum(abs(gap) < 0.006 for gap in found.values()) >= 4, found
    assert min(found.values()) > -0.008, "fingers must not sink into what they hold"
    assert all(posture[finger] != OPEN[finger] for finger in FINGERS)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("radius_m", [0.003, 0.008, 0.02])
def test_a_pinch_has_the_bar_between_thumb_and_finger(side, radius_m):
    held, posture = grasp.hold(side, "pinch", radius_m)
    found = gaps(side, posture, held, radius_m)
    assert abs(found["thumb"]) < 0.009 and abs(min(found["index-finger"], found["middle-finger"])) < 0.009, found


@pytest.mark.parametrize("side", SIDES)
def test_an_upright_glass_is_taken_from_the_side_with_the_thumb_up(side):
    x = 0.12 * grasp.mirror(side)
    wrist, cost = grasp.wrist_at(side, "wrap", 0.035, bar(x, 0.36, COUNTER_M + 0.06), shoulder(side), COUNTER_M)
    thumb = wrist.rotation[:, 1] * grasp.mirror(side)
    assert thumb[2] > 0.8
    assert wrist.rotation[1, 0] > 0.3, "fingers point away from the person"
    assert cost < 3.0
    assert wrist.position_m[2] > COUNTER_M + 0.026


@pytest.mark.parametrize("side", SIDES)
def test_a_knife_on_the_counter_is_taken_from_above_with_the_thumb_to_the_blade(side):
    sign = grasp.mirror(side)
    lying = bar(0.12 * sign, 0.33, COUNTER_M + 0.012, (-0.5 * sign, 0.85, 0))
    wrist, cost = grasp.wrist_at(side, "wrap", 0.010, lying, shoulder(side), COUNTER_M, thumb_to=1.0)
    assert wrist.rotation[2, 2] > 0.3, "the palm is down"
    assert wrist.position_m[2] > COUNTER_M + 0.025, "the wrist is above the counter"
    assert wrist.rotation[:, 1] @ lying.rotation[:, 2] * sign > 0.3, "the thumb is at the blade's end"
    assert cost < 4.5


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("angle", np.arange(8) * np.pi / 8)
def test_no_wrist_is_bent_further_than_wrists_bend(side, angle):
    """Bars of any direction before the person: the forearm goes on into the hand."""
    sign = grasp.mirror(side)
    lying = bar(0.10 * sign, 0.36, COUNTER_M + 0.10, (np.cos(angle), np.sin(angle), 0.2))
    wrist, _ = grasp.wrist_at(side, "wrap", 0.012, lying, shoulder(side), COUNTER_M)
    elbow = grasp.elbows(side, wrist.position_m[None], wrist.rotation[None], shoulder(side))[0]
    bend = np.arccos(unit(wrist.position_m - elbow) @ wrist.rotation[:, 0])
    assert bend < 1.35


def test_a_handle_is_taken_from_the_side_on_which_it_stands_out():
    handle = Pose(np.array([0.15, 0.45, 1.1]), np.array([[-1.0, 0, 0], [0, -1, 0], [0, 0, 1]]))
    wrist, _ = grasp.wrist_at(Hand.RIGHT, "wrap", 0.008, handle, shoulder(Hand.RIGHT), outward=handle.rotation[:, 1])
    assert wrist.position_m[1] < handle.position_m[1], "the hand is before the door, not in it"
    assert wrist.rotation[:, 2] @ handle.rotation[:, 1] > 0.2


def test_a_button_is_pressed_with_the_tip_of_the_index_finger():
    button = Pose(np.array([0.2, 0.5, 1.0]), turn((0, 0, 1.0), np.pi))
    wrist, _ = grasp.wrist_at(Hand.RIGHT, "press", 0.006, button, shoulder(Hand.RIGHT))
    tip = wrist.point(grasp.finger_points(Hand.RIGHT, "index-finger", grasp.POINT["index-finger"])["tip"][0])
    assert np.linalg.norm(tip - button.position_m) < 0.012
    assert wrist.rotation[:, 0] @ -button.rotation[:, 1] > 0.6, "the finger points at the button"


def test_fingers_stay_above_the_counter_while_they_take_what_lies_on_it():
    lying = bar(0.12, 0.33, COUNTER_M + 0.012, (-0.5, 0.85, 0))
    wrist, _ = grasp.wrist_at(Hand.RIGHT, "wrap", 0.010, lying, shoulder(Hand.RIGHT), COUNTER_M, thumb_to=1.0)
    careful = grasp.above_surface(Hand.RIGHT, wrist, grasp.hold(Hand.RIGHT, "wrap", 0.010)[1], COUNTER_M)
    for finger in FINGERS:
        points = grasp.finger_points(Hand.RIGHT, finger, careful[finger])
        assert min(wrist.point(point[0])[2] for point in points.values()) > COUNTER_M - 0.01, finger


def test_a_grip_that_was_taken_before_costs_little():
    """A recording takes thousands of grips; each must stay under 5 ms."""
    grasp.hold(Hand.RIGHT, "wrap", 0.03)
    start = time.perf_counter()
    for _ in range(20):
        grasp.hold(Hand.RIGHT, "wrap", 0.03)
        grasp.wrist_at(Hand.RIGHT, "wrap", 0.03, bar(0.1, 0.36, 0.96), shoulder(Hand.RIGHT), COUNTER_M)
    assert (time.perf_counter() - start) / 20 < 0.02

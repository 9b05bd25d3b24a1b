"""What is done at the tap: filling, rinsing, washing hands; and drying them."""

from __future__ import annotations

import math

import numpy as np

from egoprog.sim import grasp
from egoprog.sim.layout import drain_m, tap_mouth_m
from egoprog.sim.pose import Pose, axes, turn, unit
from egoprog.sim.types import SIDES
from egoprog.sim.uses.base import NUM_YAWS, Effect, Use, X, Z, easiest
from egoprog.sim.uses.pouring import WATER, tip

UNDER_TAP_M = 0.075
"""How far below the tap's mouth a vessel's rim is held."""


def _under_tap(use: Use, is_vessel: bool) -> tuple[Pose, float]:
    """Brings the acting thing below the tap; returns where it is held, and from when on."""
    actor, name = use.actor, use.acting
    mouth = tap_mouth_m(actor.plan.station_of("tap"))
    thing = actor.thing(name)
    actor.look(mouth - (0, 0, 0.12), use.start_s)
    yaws = [2 * np.pi * k / 24 for k in range(24)]
    if is_vessel:
        rim = thing.inside_m[2] if thing.inside_m else thing.height_m
        at = mouth - (0, 0, UNDER_TAP_M + rim)
        pose = easiest(use, [Pose(at, turn(Z, yaw)) for yaw in yaws])
    else:
        at = mouth - (0, 0, 0.13 + 0.5 * thing.height_m)
        is_flat = thing.height_m < 0.4 * thing.radius_m
        leans = (0.9, 1.2) if is_flat else (0.0, 0.5)
        rotations = [turn((math.cos(yaw), math.sin(yaw), 0.0), lean) @ turn(Z, spin)
                     for yaw in yaws for lean in leans for spin in (0.0, 1.57, 3.14, 4.71)]  # fmt: skip
        middle = np.array([0, 0, 0.5 * thing.height_m])
        pose = easiest(use, [Pose(at + middle - rotation @ middle, rotation) for rotation in rotations])
    arrives_s = actor.carry(name, pose, use.start_s, use.start_s + actor.takes(0.9), (0, 0, 0.06))
    return pose, arrives_s


def _clear_of_tap(use: Use, pose: Pose, start_s: float) -> float:
    """Draws the thing back from under the tap, upright."""
    actor = use.actor
    back = -0.16 * actor.body.stand().rotation[:, 1] + np.array([0, 0, 0.12])
    upright = Pose(pose.position_m + back, turn(Z, pose.yaw_rad))
    return actor.carry(use.acting, easiest(use, [upright, Pose(upright.position_m, pose.rotation)], (0.0, 1.0)),
                       start_s, start_s + actor.takes(0.6))  # fmt: skip


def fill_at_tap(use: Use) -> Effect:
    actor, name = use.actor, use.acting
    pose, begins_s = _under_tap(use, is_vessel=True)
    thing = actor.thing(name)
    size = thing.inside_m[0] ** 2 * (thing.inside_m[2] - thing.inside_m[1]) if thing.inside_m else 2e-4
    ends_s = begins_s + actor.takes(float(np.clip(2.2 + 2800 * size, 2.4, 6.0)))
    actor.contents(name, WATER, begins_s, begins_s + 0.1)
    actor.hear("water", begins_s, ends_s, first=0.05, last=0.85)
    sway = 0.006
    actor.carry_along(name, lambda share: Pose(pose.position_m + sway * math.sin(9 * share) * X, pose.rotation),
                      begins_s, ends_s)  # fmt: skip
    stop_s = _clear_of_tap(use, pose, ends_s)
    return Effect(stop_s, begins_s, ends_s)


def rinse(use: Use) -> Effect:
    actor, name = use.actor, use.acting
    pose, begins_s = _under_tap(use, is_vessel=False)
    ends_s = begins_s + actor.takes(2.9)
    turns = float(actor.rng.uniform(1.8, 3.4))
    lean = unit(np.cross(Z, actor.body.stand().rotation[:, 1]))

    def way(share: float) -> Pose:
        phase = 2 * np.pi * turns * share
        rotation = turn(lean, 0.35 * math.sin(phase)) @ turn(Z, 0.3 * math.sin(0.7 * phase)) @ pose.rotation
        return Pose(pose.position_m + 0.025 * math.sin(phase) * lean, rotation)

    ends_s = actor.carry_along(name, way, begins_s, ends_s)
    actor.hear("water", begins_s, ends_s, strength=0.5)
    stop_s = _clear_of_tap(use, pose, ends_s)
    return Effect(stop_s, begins_s, ends_s)


def rinse_vessel(use: Use) -> Effect:
    """Water runs in, is swirled, and is poured out."""
    actor, name = use.actor, use.acting
    pose, begins_s = _under_tap(use, is_vessel=True)
    middle_s = begins_s + actor.takes(1.3)
    centre = actor.thing(name).height_m / 2 * Z

    def way(share: float) -> Pose:
        angle = 4 * np.pi * share
        rotation = turn((math.cos(angle), math.sin(angle), 0.0), 0.22 * math.sin(np.pi * share)) @ pose.rotation
        return Pose(pose.position_m + pose.rotation @ centre - rotation @ centre, rotation)

    middle_s = actor.carry_along(name, way, begins_s, middle_s)
    mouth = tap_mouth_m(actor.plan.station_of("tap"))
    beside = mouth - 0.07 * actor.body.stand().rotation[:, 1] - (0, 0, 0.12)
    _, ends_s = tip(use, beside, middle_s, 1.9, drain_m(actor.plan.station_of("tap")), WATER)
    stop_s = _clear_of_tap(use, Pose(beside - (0, 0, 0.1), turn(Z, pose.yaw_rad)), ends_s)
    return Effect(stop_s, begins_s, ends_s)


def wash_hands(use: Use) -> Effect:
    actor, start_s = use.actor, use.start_s
    mouth = tap_mouth_m(actor.plan.station_of("tap"))
    actor.look(mouth - (0, 0, 0.12), start_s)
    stand = actor.body.stand()
    free = [side for side in SIDES if actor.in_hand(side) is None] or [use.side]
    ends_s = begins_s = start_s
    rubs = int(actor.rng.integers(11, 17))
    for side in free:
        sign = grasp.mirror(side)
        x = stand.rotation @ unit(np.array([-0.35 * sign, 0.85, -0.35]))
        z = stand.rotation @ unit(np.array([0.75 * sign, 0.25, 0.55]))
        rotation = axes(x, z)
        at = mouth - (0, 0, 0.14) - rotation @ np.array([0.09, 0.0, -0.022])
        now_s = begins_s = actor.reach(side, Pose(at, rotation), start_s, start_s + actor.takes(0.8))
        for k in range(rubs):
            off = rotation[:, 0] * 0.03 * (-1) ** k * sign
            now_s = actor.reach(side, Pose(at + off, rotation), now_s, now_s + 0.36)
        ends_s = max(ends_s, now_s)
        actor.rest(side, now_s)
    actor.hear("water", begins_s, ends_s, strength=0.6)
    return Effect(ends_s + 0.2, begins_s, ends_s)


def dry_hands(use: Use) -> Effect:
    """Both hands rub on the towel, where it lies or in the hand that holds it."""
    actor, name, start_s = use.actor, use.acting, use.start_s
    holder = actor.hand_of(name) if name in actor.plan.things else None
    stand = actor.body.stand()
    if holder is not None:
        at = stand.point((0.0, 0.33, actor.counter_m() + 0.12))
        poses = [Pose(at, turn(Z, 2 * np.pi * k / NUM_YAWS)) for k in range(NUM_YAWS)]
        actor.carry(name, easiest(use, poses, name=name), start_s, start_s + actor.takes(0.6))
    middle = actor.where(name)
    actor.look(middle, start_s)
    free = [side for side in SIDES if actor.in_hand(side) is None and side not in actor.handles]
    begins_s = ends_s = start_s + 0.3
    rubs = int(actor.rng.integers(7, 11))
    for side in free:
        sign = grasp.mirror(side)
        rotation = axes(stand.rotation @ np.array([-0.45 * sign, 0.85, -0.22]),
                        stand.rotation @ np.array([0.25 * sign, 0.1, 0.95]))  # fmt: skip
        aside = stand.rotation @ np.array([0.035 * sign if len(free) > 1 else 0.0, 0.0, 0.0])
        at = middle + aside + 0.012 * Z - rotation @ np.array([0.09, 0.0, -0.026])
        begins_s = now_s = actor.reach(side, Pose(at, rotation), start_s, start_s + actor.takes(0.8), (0, 0, 0.05))
        actor.touch(side, begins_s, name if name in actor.plan.things else None)
        for k in range(rubs):
            off = 0.03 * (-1) ** k * sign * rotation[:, 0]
            now_s = actor.reach(side, Pose(at + off, rotation), now_s, now_s + 0.34)
        actor.touch(side, now_s, None)
        actor.retreat(side, now_s)
        ends_s = max(ends_s, now_s)
    actor.hear("wipe", begins_s, ends_s, material="cloth", strength=0.3)
    return Effect(ends_s + 0.2, begins_s, ends_s)

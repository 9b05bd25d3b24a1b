"""Spoons, sponges, cloths and spatulas at work, and tools that have no motion of their own."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from egoprog.sim import grasp
from egoprog.sim.pose import Pose, Vector, minimum_jerk, turn, unit
from egoprog.sim.uses.base import (
    OPEN_TOPS,
    Effect,
    Use,
    X,
    Z,
    easiest,
    free_stretch,
    length_m,
    level_of,
    top_of,
    with_tip_at,
)
from egoprog.sim.uses.strokes import (
    CUTTING,
    DIPPED,
    LAID,
    SLID,
    SPREADING,
    circles,
    keeping_attitude,
    long_axis,
    saw_tooth,
    top_height_m,
    work,
)


def stir(use: Use) -> Effect:
    """Circles half way down in what is stirred; the other hand holds the vessel."""
    actor, target = use.actor, use.recipient
    tool = actor.thing(use.acting)
    if target not in actor.plan.things:
        at = top_of(actor, target) + 0.008 * Z
        return circles(use, DIPPED, at, 0.03, 2.4, 1.5, "stir", material="metal", other=tool.material, strength=0.6)
    thing = actor.thing(target)
    radius, floor, rim = thing.inside_m or (thing.radius_m, thing.top_m, thing.top_m + 0.02)
    deep_m = max(0.008, 0.45 * level_of(actor, target) * (rim - floor))
    at = actor.pose_of(target).point((0, 0, floor + deep_m))
    # A short spoon goes as deep as the hand can come to the rim.
    at = at + max(0.0, rim - floor - deep_m - 0.55 * length_m(tool)) * Z
    usual_s = float(actor.rng.uniform(3.2, 5.4))
    if actor.hand_of(target) is None:
        actor.steady(use.other, target, use.start_s + 0.1, use.start_s + usual_s + 1.0)
    return circles(use, DIPPED, at, float(np.clip(0.5 * radius, 0.012, 0.055)), usual_s, 1.5, "stir",
                    material=thing.material, other=tool.material, strength=0.6)  # fmt: skip


def scrub(use: Use) -> Effect:
    """A sponge goes round on what is held in the other hand or lies there; along what is long."""
    actor, target = use.actor, use.recipient
    usual_s = float(actor.rng.uniform(4.6, 7.6))
    is_soft = actor.thing(use.acting).kind in ("sponge", "cloth", "towel")
    tilts = LAID if is_soft else SLID
    if target not in actor.plan.things:
        return circles(use, tilts, top_of(actor, target) + 0.002 * Z, 0.07, usual_s, 1.8, "scrub",
                        material="metal", strength=0.6)  # fmt: skip
    thing, start_s = actor.thing(target), use.start_s
    if actor.hand_of(target) is None:
        actor.steady(use.other, target, start_s + 0.1, start_s + usual_s + 1.0)
    if thing.tip_m is None or length_m(thing) < 0.12:
        at = top_of(actor, target) + 0.002 * Z
        radius = 0.5 * (thing.inside_m[0] if thing.inside_m else thing.radius_m)
        return circles(use, tilts, at, float(np.clip(radius, 0.015, 0.07)), usual_s, 1.8, "scrub",
                        material=thing.material, strength=0.6)  # fmt: skip
    pose = actor.pose_of(target)
    first, last = pose.point((0.0, 0.0, 0.6 * thing.height_m)), pose.point(np.asarray(thing.tip_m) + (0, 0, 0.006))
    num = int(actor.rng.integers(6, 11))

    def path(share: float) -> Vector:
        return (0.5 - 0.5 * math.cos(2 * np.pi * num * share)) * (last - first)

    actor.look(first, start_s)
    sponge = with_tip_at(use, first, tilts, liking=lambda r: 0.5 * abs(float(r[:, 0] @ unit(last - first))))
    begins_s, ends_s = work(use, sponge, keeping_attitude(sponge, path), start_s, usual_s)
    actor.hear("scrub", begins_s, ends_s, material=thing.material, strength=0.6)
    return Effect(ends_s + 0.3, begins_s, ends_s)


def wipe(use: Use) -> Effect:
    """Strokes of a cloth, to and fro over the free part of a surface, or round a dish."""
    actor, target = use.actor, use.recipient
    fixture = actor.fixture(target)
    if target in actor.plan.things or fixture is None:
        return scrub(use)
    at, room_m = free_stretch(actor, fixture) if fixture.kind in OPEN_TOPS else (top_of(actor, target), 0.10)
    half_m = 0.35 * length_m(actor.thing(use.acting))
    wide = float(np.clip(room_m - half_m, 0.035, 0.09 if fixture.kind == "sink" else 0.17))
    stand, sign = actor.body.stand(), grasp.mirror(use.side)
    across, ahead = stand.rotation[:, 0] * sign, stand.rotation[:, 1]
    num = int(actor.rng.integers(8, 14))

    def path(share: float) -> Vector:
        return wide * math.cos(np.pi * num * share) * across + 0.8 * wide * (0.5 - share) * ahead

    actor.look(at, use.start_s)
    cloth = with_tip_at(use, at + 0.002 * Z + path(0.0), LAID)
    begins_s, ends_s = work(use, cloth, keeping_attitude(cloth, path), use.start_s, (0.34 + 1.6 * wide) * num)
    actor.hear("wipe", begins_s, ends_s, strength=0.6)
    return Effect(ends_s + 0.3, begins_s, ends_s)


def spread(use: Use) -> Effect:
    """Flat strokes of a knife over bread."""
    actor, name = use.actor, use.recipient
    at = actor.pose_of(name).point((0, 0, top_height_m(actor, name) + 0.002))
    along, half_m = long_axis(actor, name)
    num = int(actor.rng.integers(8, 13))

    def path(share: float) -> Vector:
        return 0.6 * half_m * math.cos(np.pi * num * share) * along + 0.03 * (share - 0.5) * np.cross(Z, along)

    usual_s = 0.5 * num
    actor.look(at, use.start_s)
    if actor.hand_of(name) is None:
        actor.steady(use.other, name, use.start_s + 0.1, use.start_s + usual_s + 0.9)
    knife = with_tip_at(use, at + path(0.0), SPREADING)
    begins_s, ends_s = work(use, knife, keeping_attitude(knife, path), use.start_s, usual_s)
    actor.hear("wipe", begins_s, ends_s, strength=0.25)
    return Effect(ends_s + 0.3, begins_s, ends_s)


def scoop(use: Use) -> Effect:
    """One dip into something and up again."""
    actor, name = use.actor, use.recipient
    if name in actor.plan.things:
        at, (along, _) = actor.pose_of(name).point((0, 0, 0.85 * top_height_m(actor, name))), long_axis(actor, name)
    else:
        at, along = top_of(actor, name), actor.body.stand().rotation[:, 0]

    def path(share: float) -> Vector:
        return 0.03 * (share - 0.5) * along - 0.008 * math.sin(np.pi * share) * Z

    tilts = SPREADING if actor.thing(use.acting).kind == "knife" else SLID
    actor.look(at, use.start_s)
    tool = with_tip_at(use, at + path(0.0), tilts)
    begins_s, ends_s = work(use, tool, keeping_attitude(tool, path), use.start_s, 0.9, 0.08 * Z)
    return Effect(ends_s + 0.3, begins_s, ends_s)


def scrape(use: Use) -> Effect:
    """The knife pushes what lies on the board together."""
    actor = use.actor
    at = top_of(actor, use.recipient) + 0.004 * Z
    across = actor.body.stand().rotation[:, 0] * grasp.mirror(use.side)
    num = 3

    def path(share: float) -> Vector:
        phase = saw_tooth(share, num)
        there = 1 - 2 * minimum_jerk(phase / 0.6) if phase < 0.6 else -1 + 2 * minimum_jerk((phase - 0.6) / 0.4)
        return 0.07 * there * across + 0.012 * max(0.0, math.sin(np.pi * (phase - 0.6) / 0.4)) * (phase > 0.6) * Z

    actor.look(at, use.start_s)
    knife = with_tip_at(use, at + path(0.0), CUTTING, liking=lambda r: 1.5 * abs(float(r[:, 0] @ across)))
    begins_s, ends_s = work(use, knife, keeping_attitude(knife, path), use.start_s, 0.7 * num)
    for k in range(num):
        beat_s = (ends_s - begins_s) / num
        actor.hear("scrub", begins_s + k * beat_s, begins_s + (k + 0.6) * beat_s, material="wood", strength=0.4)
    return Effect(ends_s + 0.3, begins_s, ends_s)


def flip(use: Use) -> Effect:
    """The spatula goes below the food, lifts and turns."""
    actor = use.actor
    at, sign = actor.pose_of(use.recipient).point((0, 0, 0.004)), grasp.mirror(use.side)

    def slide(pose: Pose) -> Callable[[float], Pose]:
        # Ahead is where the tool points.
        ahead = unit(pose.rotation[:, 0] * (1, 1, 0))

        def way(share: float) -> Pose:
            under = minimum_jerk(share / 0.4) - 0.6 * minimum_jerk((share - 0.75) / 0.25)
            lift = 0.045 * float(minimum_jerk((share - 0.35) / 0.3) - minimum_jerk((share - 0.8) / 0.2))
            roll = 1.1 * sign * float(minimum_jerk((share - 0.45) / 0.3) - minimum_jerk((share - 0.8) / 0.2))
            rotation = pose.rotation @ turn(X, roll)
            tip = at + (0.045 * under - 0.03) * ahead + lift * Z
            return Pose(tip - rotation @ np.asarray(actor.thing(use.acting).tip_m), rotation)

        return way

    actor.look(at, use.start_s)
    way = slide(with_tip_at(use, at, SLID))
    begins_s, ends_s = work(use, way(0.0), way, use.start_s, 1.8)
    middle_s = begins_s + 0.6 * (ends_s - begins_s)
    actor.hear("contact", middle_s, middle_s + 0.3, material="metal", other="food", strength=0.4)
    return Effect(ends_s + 0.2, begins_s + 0.4 * (ends_s - begins_s), ends_s)


def plain(use: Use) -> Effect:
    """What has no motion of its own: the tool goes to the recipient and works a little; a bare hand goes there."""
    actor, start_s = use.actor, use.start_s
    target = use.recipient or use.acting
    if actor.hand_of(use.acting) is None or use.acting not in actor.plan.things:
        actor.look(actor.where(target), start_s)
        stop_s = start_s + actor.takes(1.0)
        return Effect(stop_s, start_s, stop_s)
    if not use.recipient:
        stand = actor.body.stand()
        at = stand.point((0.05 * grasp.mirror(use.side), 0.38, actor.counter_m() + 0.15))
        poses = [Pose(at, turn(Z, 2 * np.pi * k / 24)) for k in range(24)]
        begins_s = actor.carry(use.acting, easiest(use, poses), start_s, start_s + actor.takes(0.7))
        stop_s = begins_s + actor.takes(0.7)
        return Effect(stop_s, begins_s, stop_s)
    tool = actor.thing(use.acting)
    tilts = SLID if tool.tip_m is not None and tool.kind not in ("sponge", "cloth", "towel") else LAID
    return circles(use, tilts, top_of(actor, target) + 0.004 * Z, 0.02, 1.2, 1.5, "scrub", material=tool.material,
                    strength=0.3)  # fmt: skip

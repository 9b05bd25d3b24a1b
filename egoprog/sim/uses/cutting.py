"""Knives and peelers at work on food, and the other hand that holds it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from egoprog.sim import grasp
from egoprog.sim.catalogue import size_m
from egoprog.sim.hand import Posture
from egoprog.sim.pose import Pose, Vector, aligning, axes, axis_angle, turn, unit
from egoprog.sim.types import Grip
from egoprog.sim.uses.base import NUM_YAWS, Effect, Use, X, Z, awkwardness, easiest, with_tip_at
from egoprog.sim.uses.strokes import CUTTING, keeping_attitude, saw_tooth, work

SLANTS_RAD = (-0.1, 0.15, 0.4, 0.65, 0.95, 1.25)
"""How far food may lie turned from straight across the body, its knife's end ahead."""
SAWN_M = 0.052
"""Food that is higher than this is sawn, not chopped."""


_SPHERE = np.array([
    (math.sqrt(1 - h * h) * math.cos(2.4 * k), math.sqrt(1 - h * h) * math.sin(2.4 * k), h)
    for k, h in enumerate(np.linspace(-0.2, 0.99, 90))
])  # fmt: skip
"""Directions, (90, 3), all around and up."""


def _hold_there(use: Use, wrist: Pose, posture: Posture, start_s: float, name: str) -> float:
    """The other hand comes to what is worked on and holds it; returns from when."""
    actor, side = use.actor, use.other
    arrives_s = actor.approach(side, wrist, posture, start_s, start_s + actor.takes(0.45))
    actor.touch(side, arrives_s, name)
    return arrives_s


def _leave(use: Use, start_s: float) -> None:
    """The other hand lets go of what it held for the work."""
    use.actor.touch(use.other, start_s, None)
    use.actor.retreat(use.other, start_s)


def _is_free(use: Use) -> bool:
    return use.actor.in_hand(use.other) is None and use.other not in use.actor.handles


def cut(use: Use) -> Effect:
    """Strokes along the food, from the knife's end on; the other hand turns it as it must lie, holds it and gives way.

    Low food is chopped, high food is sawn.
    """
    actor, name = use.actor, use.recipient
    thing, stand = actor.thing(name), actor.body.stand()
    long_m, wide_m, high_m = size_m(thing.kind, thing.variant)
    half_m, sign = 0.5 * long_m, grasp.mirror(use.side)
    actor.look(actor.pose_of(name).position_m, use.start_s)
    # Food is drawn as cut from +x on: that end lies towards the knife, at the slant that the arm likes best.
    slants = [stand.rotation @ np.array([math.cos(a) * sign, math.sin(a), 0.0]) for a in SLANTS_RAD]
    over = actor.pose_of(name).position_m + 0.5 * high_m * Z
    along = min(slants, key=lambda a: float(awkwardness(use, [_knife_across(use, over, a)])[0]))
    pose, ready_s = actor.pose_of(name), use.start_s
    is_held = _is_free(use) and actor.hand_of(name) is None
    if is_held:
        laid = Pose(pose.position_m, axes(along, pose.rotation[:, 2]))
        radius = min(0.45 * max(wide_m, high_m), 0.046)
        style = "pinch" if 0.5 * wide_m <= 0.028 else "wrap"
        at = ((-0.55 if style == "pinch" else -0.75) * half_m, 0.0, max(high_m - radius, 0.55 * high_m))
        grip = Grip(
            Pose(np.array(at), axes(-Z, X)), min(0.5 * wide_m, 0.028) if style == "pinch" else radius, 0.05, style
        )
        wrist = _wrist_on(use, laid @ grip.bar, grip, float(laid.position_m[2]))
        ready_s = _hold_there(use, wrist, grasp.hold(use.other, style, grip.radius_m)[1], use.start_s, name)
        ride = actor.show.rides[name][-1]
        frame = laid @ pose.inverse()
        ride.poses.move(ready_s - 0.3, ready_s, _in_frame(ride.poses.last, pose, frame))
        pose = laid
    along = unit(pose.rotation[:, 0] * (1, 1, 0))
    is_sawn = high_m > SAWN_M
    num = int(actor.rng.integers(6, 10) if is_sawn else actor.rng.integers(14, 28))
    stroke_s = float(actor.rng.uniform(0.95, 1.25) if is_sawn else actor.rng.uniform(0.36, 0.52))
    base = pose.position_m + 0.004 * Z
    high = high_m + 0.010
    knife = _knife_across(use, base + 0.85 * half_m * along + high * Z, along)
    blade = knife.rotation[:, 0]

    def path(share: float) -> Vector:
        phase = saw_tooth(share, num)
        at = half_m * (0.85 - 0.95 * min(math.floor(share * num), num - 1) / num)
        if is_sawn:
            down = min(1.0, 1.15 * phase) if phase < 0.87 else (1 - phase) / 0.13
            return at * along + high * (1 - down) * Z + 0.030 * math.sin(6 * np.pi * min(phase / 0.87, 1)) * blade
        return at * along + high * (0.5 + 0.5 * math.cos(2 * np.pi * phase)) * Z

    begins_s, ends_s = work(
        use,
        knife,
        keeping_attitude(knife, path),
        max(use.start_s, ready_s - 0.55),
        num * stroke_s,
        0.05 * Z + 0.04 * blade,
    )
    if is_held:
        wrist = actor.wrist(use.other)
        for k in range(1, 3):
            back = wrist.moved(*(-0.16 * k * half_m * along))
            actor.reach(
                use.other, back, begins_s + k * (ends_s - begins_s) / 3 - 0.2, begins_s + k * (ends_s - begins_s) / 3
            )
        _leave(use, ends_s + 0.05)
    beat_s = (ends_s - begins_s) / num
    for k in range(num):
        at_s = begins_s + (k + 0.5) * beat_s
        if is_sawn:
            actor.hear("scrub", at_s - 0.4 * beat_s, at_s + 0.4 * beat_s, material="food", strength=0.4)
        actor.hear("chop", at_s + (0.35 * beat_s if is_sawn else 0.0) - 0.05, at_s + 0.12,
                   strength=float(actor.rng.uniform(0.5, 0.9)))  # fmt: skip
    return Effect(ends_s + 0.35, begins_s + 0.3 * beat_s, ends_s)


def _knife_across(use: Use, at_m: Vector, along: Vector) -> Pose:
    """The easiest pose of a knife whose edge is at a point, across something that lies along a direction."""
    return with_tip_at(use, at_m, CUTTING, liking=lambda r: 1.5 * float(r[:, 0] @ along) ** 2)


def _in_frame(local: Pose, before: Pose, moves: Pose) -> Pose:
    """Where a thing lies in what carries it, after a move in the world: before is where it was in the world."""
    carrier = before @ local.inverse()
    return (carrier.inverse() @ moves @ before).tidied()


def _wrist_on(use: Use, bar: Pose, grip: Grip, surface_m: float) -> Pose:
    """The easiest wrist of the other hand that holds something from above."""
    actor, stand = use.actor, use.actor.body.stand()
    local = stand.inverse() @ bar
    wrist, _ = grasp.wrist_at(
        use.other, grip.style, grip.radius_m, local, actor.shoulder(use.other, local.position_m), surface_m,
        before=actor.show.wrists[use.other].last, outward=Z if grip.style == "wrap" else None,
    )  # fmt: skip
    return stand @ wrist


@dataclass(frozen=True)
class _Stroke:
    """An arc over a food's round side: from the direction `middle` towards `away`, both in the unit sphere.

    half_m: half its length, width and height.
    """

    food: Pose
    half_m: Vector
    middle: Vector
    away: Vector
    spread_rad: float

    def at(self, angle_rad: float, lift_m: float) -> tuple[Vector, Vector]:
        """A point above the skin and the direction out of it, (3,) each, in the world."""
        way = math.cos(angle_rad) * self.middle + math.sin(angle_rad) * self.away
        out = unit(self.food.rotation @ (way / self.half_m))
        return self.food.point(way * self.half_m + (0, 0, self.half_m[2])) + lift_m * out, out


def _on_stroke(stroke: _Stroke, rotation: Vector, tip_m: Vector, angle_rad: float, lift_m: float) -> Pose:
    """A tool on its way over the skin. rotation: its attitude in the middle; blades swivel, so a hand turns less."""
    point, out = stroke.at(angle_rad, lift_m)
    _, middle = stroke.at(0.0, 0.0)
    axis, angle = axis_angle(aligning(middle, out))
    turned = turn(axis, 0.35 * angle) @ rotation
    return Pose(point - turned @ tip_m, turned)


def peel(use: Use) -> Effect:
    """Strokes along the side of the food that is turned up and that no finger covers."""
    actor, name = use.actor, use.recipient
    thing, stand = actor.thing(name), actor.body.stand()
    actor.look(actor.pose_of(name).position_m, use.start_s)
    start_s = use.start_s
    holder = actor.hand_of(name)
    if holder is not None:
        at = stand.point((0.05 * grasp.mirror(holder), 0.33, actor.counter_m() + 0.13))
        pose = actor.pose_of(name)
        turns = [turn(Z, 2 * np.pi * k / NUM_YAWS) for k in range(NUM_YAWS)]
        shown = easiest(use, [Pose(at, r @ pose.rotation) for r in turns], name=name)
        start_s = actor.carry(name, shown, start_s, start_s + actor.takes(0.6)) - 0.35
    elif _is_free(use):
        wrist, posture = actor.grip_for(use.other, thing, actor.pose_of(name))
        _hold_there(use, wrist, posture, start_s, name)
    pose = actor.pose_of(name)
    half = 0.5 * np.array(size_m(thing.kind, thing.variant))
    middle = np.array([0, 0, half[2]])
    side = holder or use.other
    posture, wrist = actor.show.postures[side].last, actor.wrist(side)
    fingers = np.concatenate([np.concatenate(list(grasp.finger_points(side, f, posture[f]).values())) for f in posture])
    fingers = fingers @ wrist.rotation.T + wrist.position_m
    palm = wrist.point((0.07, 0.0, -0.01))
    ways = _SPHERE * half
    points = (ways + middle) @ pose.rotation.T + pose.position_m
    normals = (ways / half**2) @ pose.rotation.T
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    clear_m = np.linalg.norm(points[:, None] - fingers, axis=2).min(axis=1)
    seen = normals @ unit(stand.rotation @ np.array([0.25 * grasp.mirror(use.side), -0.35, 0.9]))
    worth = 25 * np.minimum(clear_m, 0.04) + 0.8 * seen
    options, tip = [], np.asarray(actor.thing(use.acting).tip_m)
    for k in np.argsort(worth)[-40:]:
        # The blade goes away from the hand that holds.
        away = points[k] - palm
        away = unit(away - normals[k] * (away @ normals[k]))
        local_away = pose.rotation.T @ away / half
        local_away = unit(local_away - _SPHERE[k] * (local_away @ _SPHERE[k]))
        spread = float(np.clip(0.03 / np.linalg.norm(local_away * half), 0.3, 0.6))
        stroke = _Stroke(pose, half, _SPHERE[k], local_away, spread)
        at_m, out = stroke.at(0.0, 0.0)
        held = with_tip_at(use, at_m, CUTTING, out, lambda r, away=away: 1.5 * abs(float(r[:, 0] @ away)))
        ends = [_on_stroke(stroke, held.rotation, tip, angle, 0.0) for angle in (-spread, 0.0, spread)]
        options.append((float(awkwardness(use, ends).max()) - worth[k], stroke, held.rotation, normals[k]))
    _, stroke, rotation, normal = min(options, key=lambda option: option[0])
    num = int(actor.rng.integers(14, 24))

    def way(share: float) -> Pose:
        phase = saw_tooth(share, num)
        back = max(0.0, (phase - 0.6) / 0.4)
        angle = stroke.spread_rad * (2 * phase / 0.6 - 1 if phase < 0.6 else 1 - 2 * back)
        lift_m = 0.012 * math.sin(np.pi * back) if share > 0 else 0.012
        return _on_stroke(stroke, rotation, tip, angle, lift_m)

    begins_s, ends_s = work(use, way(0.0), way, start_s, 0.48 * num, 0.05 * normal)
    beat_s = (ends_s - begins_s) / num
    for k in range(num):
        actor.hear("peel", begins_s + k * beat_s, begins_s + (k + 0.65) * beat_s, strength=0.5)
    if holder is None and actor.idle_s[use.other] is None and _is_free(use):
        _leave(use, ends_s)
    return Effect(ends_s + 0.3, begins_s, ends_s)

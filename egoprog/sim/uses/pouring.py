"""What is poured, shaken out, squeezed out, tipped away and drunk."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from egoprog.sim import grasp
from egoprog.sim.layout import drain_m
from egoprog.sim.pose import Pose, Vector, axes, turn, unit
from egoprog.sim.types import Colour, Thing
from egoprog.sim.uses.base import NUM_YAWS, Effect, Use, X, Z, easiest, rim_of, top_of, with_mouth_at

if TYPE_CHECKING:
    from egoprog.sim.actor import Actor

WATER: Colour = (0.72, 0.82, 0.88)


COLOURS: dict[str, Colour] = {
    "water": WATER,
    "milk": (0.95, 0.94, 0.90),
    "juice": (0.90, 0.52, 0.12),
    "coffee": (0.24, 0.14, 0.08),
    "tea": (0.55, 0.30, 0.12),
    "oil": (0.86, 0.74, 0.25),
    "sauce": (0.66, 0.16, 0.10),
    "soup": (0.80, 0.42, 0.16),
    "yoghurt": (0.96, 0.93, 0.90),
    "cereal": (0.80, 0.58, 0.28),
    "rice": (0.93, 0.91, 0.84),
    "pasta": (0.90, 0.76, 0.42),
    "flour": (0.95, 0.93, 0.88),
    "sugar": (0.97, 0.96, 0.94),
    "salt": (0.97, 0.97, 0.97),
    "spice": (0.62, 0.34, 0.14),
    "washing_liquid": (0.30, 0.70, 0.45),
    "food": (0.75, 0.60, 0.40),
}
"""Of what is in packets and vessels."""


GRAINS = frozenset({"cereal", "rice", "pasta", "flour", "sugar", "salt", "spice", "coffee", "tea"})


POUR_HEIGHT_M = 0.055
"""How far above a rim a mouth pours."""


def tip(
    use: Use, mouth_m: Vector, start_s: float, tilt_rad: float, to: str | Vector, colour: Colour
) -> tuple[float, float]:
    """Leans a vessel over with its mouth at a point until it is empty; returns from when to when it pours."""
    actor, name = use.actor, use.acting
    begins_s = actor.carry(name, with_mouth_at(use, mouth_m, 0.6 * tilt_rad), start_s, start_s + actor.takes(0.7))
    ends_s = actor.carry(name, with_mouth_at(use, mouth_m, tilt_rad), begins_s, begins_s + actor.takes(1.1))
    actor.pour(name, to, begins_s, ends_s, 0.9, colour)
    actor.hear("pour", begins_s, ends_s, first=0.0, last=0.0, strength=0.8)
    return begins_s, ends_s


def _substance(actor: Actor, name: str) -> tuple[str, Colour]:
    """What a packet or a vessel holds, and its colour."""
    thing = actor.thing(name)
    if thing.substance:
        return thing.substance, COLOURS.get(thing.substance, COLOURS["food"])
    track = actor.show.contents.get(name)
    return "water", tuple(track.last.tolist()) if track is not None else WATER


def _least_tilt_rad(thing: Thing) -> float:
    """How far a thing is leant over to pour: a spout pours soon, a brim later, a neck has to point down."""
    x, y, _ = thing.mouth_m or (0.0, 0.0, thing.height_m)
    aside = math.hypot(x, y)
    if aside > thing.radius_m:
        return 1.10
    return 1.45 if aside > 0.02 else 1.75


def pour(use: Use) -> Effect:
    """Brings the mouth above the recipient, leans over, pours, and comes upright again."""
    actor, name, target = use.actor, use.acting, use.recipient
    substance, colour = _substance(actor, name)
    is_grain = substance in GRAINS
    rim = rim_of(actor, target)
    actor.look(rim, use.start_s)
    over = rim + np.array([0, 0, POUR_HEIGHT_M + 0.02 * is_grain])
    tilt = float(actor.rng.uniform(0.0, 0.2)) + _least_tilt_rad(actor.thing(name)) + 0.25 * is_grain
    raised = with_mouth_at(use, over + (0, 0, 0.05), 0.5)
    begins_s = actor.carry(name, raised, use.start_s, use.start_s + actor.takes(0.9), (0, 0, 0.04))
    leant = with_mouth_at(use, over, tilt)
    flows_s = actor.carry(name, leant, begins_s, begins_s + actor.takes(0.75))
    length_s = actor.takes(1.3 if is_grain else 1.9)
    more = 0.12
    axis = np.cross(leant.rotation[:, 2], Z)
    axis = unit(axis) if np.linalg.norm(axis) > 1e-3 else X
    mouth = np.asarray(actor.thing(name).mouth_m or (0, 0, actor.thing(name).height_m), float)

    def way(share: float) -> Pose:
        shake = 0.06 * math.sin(14 * np.pi * share) if is_grain else 0.0
        rotation = turn(axis, -more * share + shake) @ leant.rotation
        return Pose(over - rotation @ mouth, rotation)

    ends_s = actor.carry_along(name, way, flows_s, flows_s + length_s)
    begins_s = flows_s - 0.2
    actor.pour(name, target if target in actor.plan.things else rim, begins_s, ends_s, 0.7, colour, is_grain)
    _mix(actor, target, colour, begins_s, ends_s)
    first = actor.show.channels.get(target, {}).get("fill")
    level = float(first.last) if first is not None else 0.0
    actor.hear("grains" if is_grain else "pour", begins_s, ends_s, first=level, last=max(level, 0.85),
               material=actor.thing(target).material if target in actor.plan.things else "metal")  # fmt: skip
    upright = with_mouth_at(use, over + (0, 0, 0.07), 0.25)
    stop_s = actor.carry(name, upright, ends_s, ends_s + actor.takes(0.6))
    return Effect(stop_s, begins_s, ends_s)


def _mix(actor: Actor, target: str, colour: Colour, start_s: float, stop_s: float) -> None:
    """What is poured in colours what was there."""
    if target not in actor.plan.things or actor.thing(target).inside_m is None:
        return
    track = actor.show.contents.get(target)
    fill = actor.show.channels.get(target, {}).get("fill")
    was = fill is not None and fill.last > 0.15 and track is not None
    if not was:
        actor.contents(target, colour, start_s - 0.05, start_s)
    mixed = tuple(0.45 * np.array(colour) + 0.55 * track.last) if was else colour
    actor.contents(target, mixed, start_s, stop_s)


def season(use: Use) -> Effect:
    """Shakes something out above the recipient."""
    actor, name = use.actor, use.acting
    _, colour = _substance(actor, name)
    rim = rim_of(actor, use.recipient)
    actor.look(rim, use.start_s)
    over = rim + np.array([0, 0, 0.10])
    leant = with_mouth_at(use, over, 2.3)
    begins_s = actor.carry(name, leant, use.start_s, use.start_s + actor.takes(0.9), (0, 0, 0.04))
    shakes = int(actor.rng.integers(3, 6))
    ends_s = begins_s + shakes * 0.3
    along = leant.rotation[:, 2]
    ends_s = actor.carry_along(
        name, lambda share: Pose(leant.position_m + 0.022 * math.sin(2 * np.pi * shakes * share) * along,
                                 leant.rotation), begins_s, ends_s,
    )  # fmt: skip
    target = use.recipient if use.recipient in actor.plan.things else rim
    actor.pour(name, target, begins_s, ends_s, 0.35, colour, is_grain=True)
    _mix(actor, use.recipient, colour, begins_s, ends_s)
    actor.hear("shake", begins_s, ends_s, strength=0.6)
    stop_s = actor.carry(name, with_mouth_at(use, over + (0, 0, 0.04), 0.3), ends_s, ends_s + actor.takes(0.5))
    return Effect(stop_s, begins_s, ends_s)


def _palm_out(use: Use) -> Vector:
    """The other hand comes before the body with its palm up; returns the palm's middle, (3,)."""
    actor, side, stand = use.actor, use.other, use.actor.body.stand()
    sign = grasp.mirror(side)
    rotation = stand.rotation @ axes((-0.45 * sign, 0.85, 0.10), np.array([0.25 * sign, 0.10, -0.95]))
    palm = stand.point((0.05 * sign, 0.34, actor.counter_m() + 0.12))
    wrist = Pose(palm - rotation @ np.array([0.085, 0.0, -0.022]), rotation)
    actor.reach(side, wrist, use.start_s, use.start_s + actor.takes(0.7))
    return palm


def soap(use: Use) -> Effect:
    """A squeeze of washing liquid."""
    actor, name = use.actor, use.acting
    on_palm = use.recipient not in actor.plan.things and actor.in_hand(use.other) is None
    top = _palm_out(use) if on_palm else rim_of(actor, use.recipient)
    actor.look(top, use.start_s)
    over = top + np.array([0, 0, 0.06])
    leant = with_mouth_at(use, over, 2.2)
    begins_s = actor.carry(name, leant, use.start_s, use.start_s + actor.takes(0.9), (0, 0, 0.04))
    ends_s = begins_s + actor.takes(0.8)
    target = use.recipient if use.recipient in actor.plan.things else top
    actor.pour(name, target, begins_s, ends_s, 0.3, COLOURS["washing_liquid"])
    actor.hear("pour", begins_s, ends_s, first=0.6, last=0.65, strength=0.2)
    if on_palm:
        actor.rest(use.other, ends_s + 0.1)
    stop_s = actor.carry(name, with_mouth_at(use, over + (0, 0, 0.04), 0.2), ends_s, ends_s + actor.takes(0.6))
    return Effect(stop_s, begins_s, ends_s)


def tip_out(use: Use) -> Effect:
    """What is in a vessel or on a plate goes down the drain or into the bin."""
    actor = use.actor
    if use.recipient == "bin":
        down = top_of(actor, "bin")
        over = down + 0.16 * Z
    else:
        down = drain_m(actor.plan.station_of("sink"))
        over = np.array([*down[:2], actor.counter_m() + 0.10]) - 0.05 * actor.body.stand().rotation[:, 1]
    actor.look(down, use.start_s)
    _, colour = _substance(actor, use.acting)
    begins_s, ends_s = tip(use, over, use.start_s, 2.0, down, colour)
    stop_s = actor.carry(use.acting, with_mouth_at(use, over + 0.05 * Z, 0.2), ends_s, ends_s + actor.takes(0.6))
    return Effect(stop_s, begins_s, ends_s)


def drink(use: Use) -> Effect:
    """The vessel goes to the mouth, below the picture, is leant over and comes down again."""
    actor, name = use.actor, use.acting
    stand, thing = actor.body.stand(), actor.thing(use.acting)
    eye = actor.body.eye_m(actor.body.torso.last)
    lips = stand.point(eye + (0.0, 0.10, -0.15))
    ahead = stand.rotation[:, 1]
    rim = (thing.mouth_m or (0, 0, thing.height_m))[2]
    radius = thing.inside_m[0] if thing.inside_m else 0.0

    def at_lips(tilt_rad: float, spin_rad: float) -> Pose:
        rotation = turn(np.cross(Z, -ahead), tilt_rad) @ turn(Z, spin_rad)
        near = rotation @ turn(Z, -spin_rad) @ np.array([*(-radius * ahead[:2]), rim])
        return Pose(lips - near, rotation)

    spins = [2 * np.pi * k / NUM_YAWS for k in range(NUM_YAWS)]
    poses = [at_lips(0.35, spin) for spin in spins]
    first = easiest(use, poses)
    spin = spins[next(k for k, pose in enumerate(poses) if pose is first)]
    actor.look(stand.point(eye + (0.0, 1.2, -0.10)), use.start_s + 0.4)
    begins_s = actor.carry(name, first, use.start_s, use.start_s + actor.takes(1.0), tuple(0.05 * ahead))
    middle_s = actor.carry(name, at_lips(0.95, spin), begins_s, begins_s + actor.takes(0.9))
    ends_s = actor.carry(name, at_lips(1.15, spin), middle_s, middle_s + actor.takes(1.1))
    actor.hear("bite", begins_s + 0.4, ends_s, strength=0.4)
    down = stand.point(np.array([0.12 * grasp.mirror(use.side), 0.36, actor.participant.height_m - 0.52]))
    upright = easiest(use, [Pose(down, turn(Z, angle)) for angle in spins])
    stop_s = actor.carry(name, upright, ends_s, ends_s + actor.takes(0.9))
    actor.look(down, ends_s + 0.2)
    return Effect(stop_s, begins_s, ends_s)

"""Taps, doors, drawers, dials, buttons, and what is switched on."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from egoprog.program.types import Hand
from egoprog.sim import grasp
from egoprog.sim.hand import Posture
from egoprog.sim.layout import drain_m, tap_mouth_m
from egoprog.sim.performance import Pouring
from egoprog.sim.pose import Pose, Vector, axes, turn, unit
from egoprog.sim.tracks import Track
from egoprog.sim.types import SIDES, Grip
from egoprog.sim.uses.base import Effect, Use, X, Y, Z, begin_sound, easiest, end_sound, level_of
from egoprog.sim.uses.pouring import WATER
from egoprog.sim.uses.tools import plain

if TYPE_CHECKING:
    from egoprog.sim.actor import Actor

DIAL_ROOM_M = 0.010
"""How far above the middle of a dial finger tips hold it."""


def turn_tap(use: Use) -> Effect:
    actor = use.actor
    opens = actor.opening("tap") < 0.5
    ends_s = actor.operate(use.side, "tap", 1.0 if opens else 0.0, use.start_s, use.start_s + actor.takes(1.15))
    begins_s = ends_s - 0.3
    if opens:
        begin_sound(actor, "water", "tap", begins_s, last=0.0)
        _run_water(actor, begins_s)
    else:
        end_sound(actor, "water", "tap", ends_s)
        for k, pouring in enumerate(actor.show.pourings):
            if pouring.stop_s == math.inf:
                pouring.rate.move(ends_s - 0.25, ends_s, 0.0)
                actor.show.pourings[k] = replace(pouring, stop_s=ends_s)
    return Effect(ends_s + 0.1, begins_s, ends_s)


def _run_water(actor: Actor, start_s: float) -> None:
    """Water falls from the tap until it is turned off: into what is held below it, onto it, or into the sink."""
    station = actor.plan.station_of("tap")
    mouth, floor = tap_mouth_m(station), drain_m(station)
    show, things = actor.show, actor.plan.things

    def to_m(stamp_s: float) -> Vector:
        z = floor[2]
        for side in SIDES:
            name = show.holding(side, stamp_s)
            if name is None:
                continue
            thing, pose = things[name], show.thing(name, stamp_s)
            off = math.hypot(*(pose.position_m - mouth)[:2])
            if off > max(thing.radius_m, 0.03) or pose.position_m[2] > mouth[2]:
                continue
            hollow = thing.inside_m
            if hollow is not None and pose.rotation[2, 2] > 0.7:
                fill = show.look(name, stamp_s)["fill"]
                z = max(z, pose.position_m[2] + hollow[1] + 0.9 * fill * (hollow[2] - hollow[1]))
            else:
                z = max(z, pose.position_m[2] + 0.5 * thing.height_m)
        return np.array([mouth[0], mouth[1], min(z, mouth[2] - 0.01)])

    rate = Track(0.0)
    rate.move(start_s, start_s + 0.25, 1.0)
    show.pourings.append(Pouring(start_s, math.inf, rate, lambda stamp_s: mouth, to_m, WATER, False))


def open_or_close(use: Use) -> Effect:
    actor, name = use.actor, use.acting
    fixture = actor.fixture(name)
    opens = actor.opening(name) < 0.5
    ends_s = actor.operate(use.side, name, 1.0 if opens else 0.0, use.start_s, use.start_s + actor.takes(1.5))
    begins_s = use.start_s + 0.45 * (ends_s - use.start_s)
    material = "metal" if name in ("fridge", "microwave", "oven") else fixture.material
    kind = "slide" if fixture.joint == "slide" else "door"
    at_s = begins_s if opens else ends_s - 0.15
    actor.hear(kind, at_s, at_s + (0.6 if kind == "slide" else 0.4), material=material,
               strength=float(actor.rng.uniform(0.3, 0.6) if opens else actor.rng.uniform(0.5, 0.9)))  # fmt: skip
    return Effect(ends_s + 0.1, begins_s, ends_s)


def turn_switch(use: Use) -> Effect:
    """Thumb and finger come from above to a dial, turn with it as far as a wrist likes, and let go."""
    actor, name, side = use.actor, use.acting, use.side
    fixture = actor.fixture(name)
    if actor.in_hand(side) is not None and actor.in_hand(use.other) is None:
        side = use.other
    lights = actor.opening(name) < 0.5
    bar = fixture.bar(0.0)
    axis = fixture.frame.rotation @ np.asarray(fixture.axis, float)
    out = axis * np.sign(axis[2] or 1.0)
    grip = fixture.grip
    wrist, posture = _fingers_on(use, side, bar.position_m, out, grip.radius_m)
    actor.look(bar.position_m, use.start_s)
    takes_s = actor.takes(0.65)
    begins_s = actor.approach(side, wrist, posture, use.start_s, use.start_s + takes_s) + 0.06
    actor.touch(side, begins_s - 0.06, name)
    back = turn(axis, (0.7 if lights else -0.7))
    turned = Pose(bar.position_m + back @ (wrist.position_m - bar.position_m), back @ wrist.rotation)
    ends_s = actor.reach(side, turned, begins_s, begins_s + actor.takes(0.45))
    actor.change(name, "on", begins_s, ends_s, 1.0 if lights else 0.0)
    actor.hear("click", begins_s + 0.02, begins_s + 0.14, strength=0.5)
    actor.touch(side, ends_s + 0.05, actor.in_hand(side))
    actor.retreat(side, ends_s)
    if lights:
        _heat_up(actor, ends_s)
    else:
        end_sound(actor, "sizzle", name, ends_s + 0.6)
    return Effect(ends_s + 0.1, begins_s, ends_s)


def _fingers_on(use: Use, side: Hand, dial_m: Vector, outward: Vector, radius_m: float) -> tuple[Pose, Posture]:
    """The easiest hand, in the world, that comes from outside and has its finger tips around a dial."""
    actor, stand = use.actor, use.actor.body.stand()
    out, at = stand.rotation.T @ outward, stand.inverse().point(dial_m + DIAL_ROOM_M * outward)
    level = axes(np.cross(out, Y if abs(out[1]) < 0.8 else X), out)
    surface_m = float(dial_m[2]) - 0.008
    options = []
    for angle in np.arange(12) * np.pi / 12:
        along = level @ np.array([math.cos(angle), math.sin(angle), 0.0])
        wrist, cost = grasp.wrist_at(
            side, "pinch", radius_m, Pose(at, axes(out, along)), actor.shoulder(side, at), surface_m,
            before=actor.show.wrists[side].last, outward=out,
        )  # fmt: skip
        posture = grasp.above_surface(side, wrist, grasp.hold(side, "pinch", radius_m)[1], surface_m)
        lowest_m = min(
            float((points @ wrist.rotation.T + wrist.position_m)[:, 2].min())
            for finger in posture
            for points in grasp.finger_points(side, finger, posture[finger]).values()
        )
        options.append((cost + 300 * max(0.0, surface_m - lowest_m), stand @ wrist, posture))
    _, wrist, posture = min(options, key=lambda option: option[0])
    return wrist, posture


def _heat_up(actor: Actor, start_s: float) -> None:
    """What is in a pan on a lit hob begins to sizzle, or to simmer where there is much water."""
    on_it = [thing for thing in actor.plan.things if actor.world.place_of(thing) == "hob"]
    filled = any(level_of(actor, thing) > 0.3 for thing in on_it)
    in_it = any(actor.world.place_of(thing) in on_it for thing in actor.plan.things)
    if filled or in_it:
        wait_s = float(actor.rng.uniform(4.0, 7.0) if filled else actor.rng.uniform(0.6, 1.4))
        begin_sound(actor, "sizzle", "hob", start_s + wait_s, strength=0.35 if filled else 0.75)


def _press(use: Use, point_m: Vector, outward: Vector) -> float:
    """A finger tip presses a button; returns when it does."""
    actor = use.actor
    side = use.side if actor.in_hand(use.side) is None else use.other
    if actor.in_hand(side) is not None:
        side = use.side
    stand = actor.body.stand()
    local = stand.inverse()
    to_m, back = local.point(point_m), local.rotation @ outward
    # A bar that is pressed has its y out of what it is on.
    across = unit(np.cross(back, Z)) if abs(back[2]) < 0.9 else X
    bar = Pose(to_m, np.stack([across, back, np.cross(across, back)], axis=1))
    wrist, _ = grasp.wrist_at(
        side, "press", 0.004, bar, actor.shoulder(side, to_m), before=actor.show.wrists[side].last, outward=back
    )
    posture = grasp.hold(side, "press", 0.004)[1]
    presses_s = actor.approach(side, stand @ wrist, posture, use.start_s, use.start_s + actor.takes(0.8))
    actor.touch(side, presses_s, use.recipient or use.acting)
    actor.hear("click", presses_s, presses_s + 0.08, strength=0.4)
    actor.touch(side, presses_s + 0.2, actor.in_hand(side))
    actor.retreat(side, presses_s + 0.2)
    return presses_s


def run_device(use: Use) -> Effect:
    actor, name = use.actor, use.acting
    if name not in actor.plan.things:
        return switch_other(replace(use, recipient=name))
    thing = actor.thing(name)
    actor.look(actor.where(name), use.start_s)
    if actor.hand_of(name) is not None:
        # A phone: held before the face and looked at.
        stop_s = use.start_s + actor.takes(4.8)
        pose = _before_face(use)
        arrives_s = actor.carry(name, pose, use.start_s, use.start_s + actor.takes(0.9))
        actor.look(pose.position_m, use.start_s + 0.4)
        return Effect(max(stop_s, arrives_s + 0.4), arrives_s, arrives_s + 0.4)
    pose = actor.pose_of(name)
    grip: Grip = thing.grips[0]
    towards = unit((actor.body.stand().position_m - pose.position_m) * (1, 1, 0))
    point_m = pose.point(grip.bar.position_m) + (0, 0, 0.5 * grip.length_m)
    presses_s = _press(use, point_m, unit(towards + 1.2 * Z))
    turns_on = not actor.show.channels.get(name, {}).get("on") or actor.show.channels[name]["on"].last < 0.5
    if turns_on and name.startswith("kettle"):
        begin_sound(actor, "boil", name, presses_s + 0.5, strength=0.8)
    elif not turns_on:
        end_sound(actor, "boil", name, presses_s + 0.3)
    return Effect(presses_s + 0.45, presses_s, presses_s + 0.1)


def switch_other(use: Use) -> Effect:
    """A button of an appliance: its front, on the side away from the hinge."""
    actor, name = use.actor, use.recipient
    fixture = actor.fixture(name)
    if fixture is None:
        return plain(use)
    actor.look(actor.where(name), use.start_s)
    low_x = fixture.pivot_m[0] if fixture.joint == "turn" else -1.0
    x = 0.42 * fixture.size_m[0] * (1.0 if low_x < 0 else -1.0)
    spots = fixture.spots
    z = spots[0].pose.position_m[2] + 0.12 if spots else 0.8 * fixture.size_m[2]
    outward = -fixture.frame.rotation[:, 1]
    front = fixture.grip.bar.position_m[1] + 0.03 if fixture.grip else 0.0
    presses_s = _press(use, fixture.frame.point((x, front, z)), outward)
    channel = actor.show.channels.get(name, {}).get("on")
    if channel is None or channel.last < 0.5:
        actor.hear("beep", presses_s + 0.05, presses_s + 0.25, strength=0.6)
        begin_sound(actor, "hum", name, presses_s + 0.4, strength=0.7)
    else:
        end_sound(actor, "hum", name, presses_s + 0.1)
        for k in range(3):
            actor.hear("beep", presses_s + 0.1 + 0.5 * k, presses_s + 0.4 + 0.5 * k, strength=0.7)
    return Effect(presses_s + 0.45, presses_s, presses_s + 0.1)


def _before_face(use: Use) -> Pose:
    """Where a thing is held to be looked at: its top towards the eyes."""
    actor = use.actor
    stand = actor.body.stand()
    sign = grasp.mirror(use.side)
    at = stand.point((0.08 * sign, 0.34, actor.participant.height_m - 0.36))
    towards = unit(stand.point((0.0, 0.0, actor.participant.height_m)) - at)
    rotations = [axes(turn(towards, 2 * np.pi * k / 12) @ np.cross(towards, stand.rotation[:, 0]), towards)
                 for k in range(12)]  # fmt: skip
    return easiest(use, [Pose(at, rotation) for rotation in rotations])

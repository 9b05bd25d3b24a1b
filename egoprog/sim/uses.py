"""What each use looks and sounds like: a motion for every rule of the world model.

`act_use` looks up the rule that fits and acts it with the primitives of `Actor`. A tool is brought so that its tip
works where it should, a vessel so that its mouth pours where it should; of the many ways to hold it there, the one that
is easiest for the arm is taken.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from egoprog.program.types import Hand, SubAction
from egoprog.sim import grasp
from egoprog.sim.catalogue import size_m
from egoprog.sim.hand import Posture
from egoprog.sim.layout import drain_m, tap_mouth_m
from egoprog.sim.performance import Pouring
from egoprog.sim.pose import Pose, Vector, aligning, axes, minimum_jerk, turn, unit
from egoprog.sim.tracks import Track
from egoprog.sim.types import SIDES, Colour, Fixture, Grip, Thing

if TYPE_CHECKING:
    from egoprog.sim.actor import Actor

X, Y, Z = np.eye(3)
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
OPEN_TOPS = frozenset({"counter", "hob", "sink", "rack"})
"""Kinds of furniture that are worked on where nothing stands."""
NUM_YAWS = 24
"""Turns about the upright in which a held thing is tried."""
POUR_HEIGHT_M = 0.055
"""How far above a rim a mouth pours."""
DIAL_ROOM_M = 0.010
"""How far above the middle of a dial finger tips hold it."""
UNDER_TAP_M = 0.075
"""How far below the tap's mouth a vessel's rim is held."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Effect:
    """When a use ends, and between which times what it brings about comes to be."""

    stop_s: float
    begins_s: float
    ends_s: float


@dataclass(frozen=True)
class Use:
    """A use that is being acted. acting, recipient: names; "" for no recipient."""

    actor: Actor
    side: Hand
    acting: str
    recipient: str
    start_s: float

    @property
    def other(self) -> Hand:
        return Hand.LEFT if self.side is Hand.RIGHT else Hand.RIGHT


Motion = Callable[[Use], Effect]


def act_use(actor: Actor, sub_action: SubAction, rule: str | None, side: Hand, start_s: float) -> Effect:
    """Acts use(acting) or use(acting, recipient). rule: the name of the world model's rule for it."""
    acting, recipient = sub_action.objects[0], sub_action.objects[1] if len(sub_action.objects) > 1 else ""
    motion = MOTIONS.get(rule or "")
    if motion is None:
        _say_plain(rule)
        motion = _plain
    return motion(Use(actor, side, acting, recipient, start_s))


@cache
def _say_plain(rule: str | None) -> None:
    _log.warning("no motion of its own for the use %r: the tool goes there and works a little", rule)


# Where things are worked on.


def top_of(actor: Actor, name: str) -> Vector:
    """The middle of what a tool meets on a thing or a fixture, (3,), in the world."""
    if name in actor.plan.things:
        thing, pose = actor.thing(name), actor.pose_of(name)
        if thing.inside_m is not None:
            return pose.point((0, 0, thing.inside_m[1] + 0.01))
        return pose.point((0, 0, thing.top_m or thing.height_m))
    fixture = actor.fixture(name)
    if fixture is None:
        return actor.body.stand().point((0.0, 0.30, actor.participant.height_m - 0.62))
    if fixture.kind in OPEN_TOPS:
        return free_stretch(actor, fixture)[0]
    if fixture.spots:
        return np.mean([fixture.spot(spot, actor.opening(name)).position_m for spot in fixture.spots], axis=0)
    return actor.where(name)


def free_stretch(actor: Actor, fixture: Fixture) -> tuple[Vector, float]:
    """Where there is most room on a worktop, a hob or a sink's floor: a point, (3,), and how far it is to what stands.

    Of equally free places the one that lies nearest before the person.
    """
    spots = [fixture.spot(spot, 0.0).position_m for spot in fixture.spots]
    points = [*spots, *(0.5 * (a + b) for k, a in enumerate(spots) for b in spots[:k] if np.linalg.norm(a - b) < 0.35)]
    standing = [
        (actor.pose_of(name).position_m, thing.radius_m)
        for name, thing in actor.plan.things.items()
        if name not in actor._grips and actor.show.rides[name][-1].on is None
    ]
    before = actor.body.stand().point((0.0, 0.36, 0.0))
    best, best_room, most = points[0], 0.0, -math.inf
    for point in points:
        rooms_m = [
            math.dist(point[:2], base[:2]) - radius for base, radius in standing if abs(base[2] - point[2]) < 0.20
        ]
        room = min([0.30, *rooms_m])
        worth = min(room, 0.16) - 0.25 * math.dist(point[:2], before[:2])
        if worth > most:
            best, best_room, most = point, room, worth
    return best, best_room


def rim_of(actor: Actor, name: str) -> Vector:
    """The middle of a vessel's rim, or of a thing's top, (3,), in the world."""
    if name in actor.plan.things:
        thing = actor.thing(name)
        rim = thing.inside_m[2] if thing.inside_m else max(thing.top_m, 0.6 * thing.height_m)
        return actor.pose_of(name).point((0, 0, rim))
    return top_of(actor, name)


def awkwardness(use: Use, poses: Sequence[Pose], name: str = "") -> Vector:
    """How hard poses of a held thing, usually the acting one, are on the arm that leads it: (N,)."""
    actor = use.actor
    stand = actor.body.stand().inverse()
    side, grip = next(iter(actor._grips[name or use.acting].items()))
    in_wrist = grip.inverse()
    wrists = [stand @ pose @ in_wrist for pose in poses]
    places = np.array([wrist.position_m for wrist in wrists])
    return grasp.awkwardness(
        side,
        np.array([wrist.rotation for wrist in wrists]),
        places,
        actor._shoulder(side, places.mean(axis=0)),
        actor._counter_m() + 0.01,
    )


def easiest(use: Use, poses: Sequence[Pose], liking: Iterable[float] = (), name: str = "") -> Pose:
    """Of poses of a held thing, usually the acting one, that which is easiest for the arm. liking: costs on top."""
    liked = np.fromiter(liking, float)
    return poses[int(np.argmin(awkwardness(use, poses, name) + (liked if len(liked) else 0.0)))]


def with_tip_at(
    use: Use,
    point_m: Vector,
    tilts: Sequence[Vector],
    normal: Vector = Z,
    liking: Callable[[Vector], float] | None = None,
) -> Pose:
    """The easiest pose of a tool whose tip is at a point of a surface.

    tilts: its attitudes, (3, 3), on a level surface before it is turned about the normal. liking: cost of an attitude.
    """
    thing = use.actor.thing(use.acting)
    tip = np.asarray(thing.tip_m or (0.0, 0.0, 0.0), float)
    lay = aligning(Z, normal)
    rotations = [lay @ turn(Z, 2 * np.pi * k / NUM_YAWS) @ tilt for tilt in tilts for k in range(NUM_YAWS)]
    costs = [liking(rotation) for rotation in rotations] if liking else ()
    return easiest(use, [Pose(point_m - rotation @ tip, rotation) for rotation in rotations], costs)


def with_mouth_at(use: Use, point_m: Vector, tilt_rad: float) -> Pose:
    """The easiest pose of a vessel that is leant over by an angle, its mouth at a point."""
    actor, thing = use.actor, use.actor.thing(use.acting)
    mouth = np.asarray(thing.mouth_m or (0.0, 0.0, thing.height_m), float)
    aside = math.hypot(mouth[0], mouth[1])
    own_yaw = math.atan2(mouth[1], mouth[0])
    ahead = actor.body.stand().rotation[:, 1]
    inwards = actor.body.stand().rotation[:, 0] * -grasp.mirror(use.side)
    poses, liking = [], []
    for k in range(24):
        angle = 2 * np.pi * k / 24
        over = np.array([math.cos(angle), math.sin(angle), 0.0])
        # A spout leads the way; what has none may be turned as the hand likes it.
        spins = (angle - own_yaw,) if aside > 0.02 else tuple(2 * np.pi * j / 8 for j in range(8))
        for spin in spins:
            rotation = turn(np.cross(Z, over), tilt_rad) @ turn(Z, spin)
            poses.append(Pose(point_m - rotation @ mouth, rotation))
            # Nobody pours towards themselves.
            liking.append(0.8 * max(0.0, -float(over @ ahead)) - 0.4 * float(over @ inwards))
    return easiest(use, poses, liking)


# Sounds that go on until something ends them.


def begin_sound(actor: Actor, kind: str, source: str, start_s: float, **of) -> None:
    """Something starts to sound; nothing changes where it sounds already. source: what it comes from."""
    if not any(s.kind == kind and s.other == source and s.stop_s == math.inf for s in actor.show.sounds):
        actor.hear(kind, start_s, math.inf, other=source, **of)


def end_sound(actor: Actor, kind: str, source: str, stop_s: float) -> None:
    """Ends the sounds of a kind that come from something, if there are any."""
    sounds = actor.show.sounds
    for k, sound in enumerate(sounds):
        if sound.kind == kind and sound.other == source and sound.stop_s == math.inf:
            sounds[k] = replace(sound, stop_s=max(stop_s, sound.start_s + 0.2))


# Furniture and appliances.


def _turn_tap(use: Use) -> Effect:
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


def _open_or_close(use: Use) -> Effect:
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


def _turn_switch(use: Use) -> Effect:
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
    begins_s = actor._approach(side, wrist, posture, use.start_s, use.start_s + takes_s) + 0.06
    actor._touch(side, begins_s - 0.06, name)
    back = turn(axis, (0.7 if lights else -0.7))
    turned = Pose(bar.position_m + back @ (wrist.position_m - bar.position_m), back @ wrist.rotation)
    ends_s = actor.reach(side, turned, begins_s, begins_s + actor.takes(0.45))
    actor.change(name, "on", begins_s, ends_s, 1.0 if lights else 0.0)
    actor.hear("click", begins_s + 0.02, begins_s + 0.14, strength=0.5)
    actor._touch(side, ends_s + 0.05, actor.in_hand(side))
    actor._retreat(side, ends_s)
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
            side, "pinch", radius_m, Pose(at, axes(out, along)), actor._shoulder(side, at), surface_m,
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
    filled = any(_level(actor, thing) > 0.3 for thing in on_it)
    in_it = any(actor.world.place_of(thing) in on_it for thing in actor.plan.things)
    if filled or in_it:
        wait_s = float(actor.rng.uniform(4.0, 7.0) if filled else actor.rng.uniform(0.6, 1.4))
        begin_sound(actor, "sizzle", "hob", start_s + wait_s, strength=0.35 if filled else 0.75)


def _level(actor: Actor, name: str) -> float:
    """How full a vessel is after all that is planned, 0 to 1."""
    track = actor.show.channels.get(name, {}).get("fill")
    return float(track.last) if track is not None else 0.0


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
        side, "press", 0.004, bar, actor._shoulder(side, to_m), before=actor.show.wrists[side].last, outward=back
    )
    posture = grasp.hold(side, "press", 0.004)[1]
    presses_s = actor._approach(side, stand @ wrist, posture, use.start_s, use.start_s + actor.takes(0.8))
    actor._touch(side, presses_s, use.recipient or use.acting)
    actor.hear("click", presses_s, presses_s + 0.08, strength=0.4)
    actor._touch(side, presses_s + 0.2, actor.in_hand(side))
    actor._retreat(side, presses_s + 0.2)
    return presses_s


def _run_device(use: Use) -> Effect:
    actor, name = use.actor, use.acting
    if name not in actor.plan.things:
        return _switch_other(replace(use, recipient=name))
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


def _switch_other(use: Use) -> Effect:
    """A button of an appliance: its front, on the side away from the hinge."""
    actor, name = use.actor, use.recipient
    fixture = actor.fixture(name)
    if fixture is None:
        return _plain(use)
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


# Packets.


def _open_package(use: Use) -> Effect:
    """The other hand twists the cap, or tears the flap, if it is free; else the thumb does."""
    actor, name, start_s = use.actor, use.acting, use.start_s
    thing = actor.thing(name)
    stand = actor.body.stand()
    sign = grasp.mirror(use.side)
    at = stand.point((0.06 * sign, 0.36, actor.participant.height_m - 0.56))
    yaw = actor.pose_of(name).yaw_rad
    pose = easiest(use, [Pose(at, turn(Z, yaw + 2 * np.pi * k / 12)) for k in range(12)])
    held_s = actor.carry(name, pose, start_s, start_s + actor.takes(0.7))
    actor.look(at, start_s)
    material = thing.material
    sound = (
        "rustle" if material in ("paper", "plastic") and thing.mouth_m and thing.kind not in ("bottle",) else "contact"
    )
    other = use.other
    if actor.in_hand(other) is not None:
        ends_s = held_s + actor.takes(0.5)
        actor.hear(sound, held_s, ends_s, material=material, other="plastic", strength=0.4)
        return Effect(ends_s, held_s, ends_s)
    local = stand.inverse()
    cap_m = local.point(pose.point(thing.mouth_m or (0, 0, thing.height_m)))
    up = local.rotation @ pose.rotation[:, 2]
    bar = Pose(cap_m + 0.004 * up, axes(X, up))
    wrist, _ = grasp.wrist_at(
        other, "pinch", 0.014, bar, actor._shoulder(other, cap_m), before=actor.show.wrists[other].last
    )
    posture = grasp.hold(other, "pinch", 0.014)[1]
    grips_s = actor._approach(other, stand @ wrist, posture, start_s + 0.15, held_s + actor.takes(0.35))
    actor._touch(other, grips_s, name)
    now_s = max(grips_s, held_s)
    begins_s = now_s
    centre = pose.point(thing.mouth_m or (0, 0, thing.height_m))
    world = stand @ wrist
    for k in range(int(actor.rng.integers(2, 4))):
        back = turn(pose.rotation[:, 2], 0.5 * (-1) ** k * -grasp.mirror(other))
        turned = Pose(centre + back @ (world.position_m - centre), back @ world.rotation)
        now_s = actor.reach(other, turned, now_s, now_s + actor.takes(0.28))
    actor.hear(sound, begins_s, now_s, material=material, other="plastic", strength=0.5)
    actor._touch(other, now_s, None)
    actor._retreat(other, now_s)
    return Effect(now_s + 0.15, begins_s, now_s)


# Water.


def _under_tap(use: Use, is_vessel: bool) -> tuple[Pose, float, float]:
    """Brings the acting thing below the tap; returns where it is held, and from when to when it is wetted."""
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
    return pose, arrives_s, arrives_s


def _clear_of_tap(use: Use, pose: Pose, start_s: float) -> float:
    """Draws the thing back from under the tap, upright."""
    actor = use.actor
    back = -0.16 * actor.body.stand().rotation[:, 1] + np.array([0, 0, 0.12])
    upright = Pose(pose.position_m + back, turn(Z, pose.yaw_rad))
    return actor.carry(use.acting, easiest(use, [upright, Pose(upright.position_m, pose.rotation)], (0.0, 1.0)),
                       start_s, start_s + actor.takes(0.6))  # fmt: skip


def _fill_at_tap(use: Use) -> Effect:
    actor, name = use.actor, use.acting
    pose, begins_s, _ = _under_tap(use, is_vessel=True)
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


def _rinse(use: Use) -> Effect:
    actor, name = use.actor, use.acting
    pose, begins_s, _ = _under_tap(use, is_vessel=False)
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


def _rinse_vessel(use: Use) -> Effect:
    """Water runs in, is swirled, and is poured out."""
    actor, name = use.actor, use.acting
    pose, begins_s, _ = _under_tap(use, is_vessel=True)
    middle_s = begins_s + actor.takes(1.3)
    centre = actor.thing(name).height_m / 2 * Z

    def way(share: float) -> Pose:
        angle = 4 * np.pi * share
        rotation = turn((math.cos(angle), math.sin(angle), 0.0), 0.22 * math.sin(np.pi * share)) @ pose.rotation
        return Pose(pose.position_m + pose.rotation @ centre - rotation @ centre, rotation)

    middle_s = actor.carry_along(name, way, begins_s, middle_s)
    mouth = tap_mouth_m(actor.plan.station_of("tap"))
    beside = mouth - 0.07 * actor.body.stand().rotation[:, 1] - (0, 0, 0.12)
    _, ends_s = _tip(use, beside, middle_s, 1.9, drain_m(actor.plan.station_of("tap")), WATER)
    stop_s = _clear_of_tap(use, Pose(beside - (0, 0, 0.1), turn(Z, pose.yaw_rad)), ends_s)
    return Effect(stop_s, begins_s, ends_s)


def _wash_hands(use: Use) -> Effect:
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


# Pouring.


def _tip(
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


def _pour(use: Use) -> Effect:
    """Brings the mouth above the recipient, leans over, pours, and comes upright again."""
    actor, name, target = use.actor, use.acting, use.recipient
    substance, colour = _substance(actor, name)
    is_grain = substance in GRAINS
    rim = rim_of(actor, target)
    actor.look(rim, use.start_s)
    over = rim + np.array([0, 0, POUR_HEIGHT_M + 0.02 * is_grain])
    tilt = float(actor.rng.uniform(1.75, 2.0)) + 0.25 * is_grain
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


def _season(use: Use) -> Effect:
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


def _tip_out(use: Use) -> Effect:
    """What is in a vessel or on a plate goes down the drain or into the bin."""
    actor = use.actor
    if use.recipient == "bin":
        down = top_of(actor, "bin")
        over = down + 0.16 * Z
    else:
        down = drain_m(actor.plan.station_of("sink"))
        over = np.array([*down[:2], actor._counter_m() + 0.10]) - 0.05 * actor.body.stand().rotation[:, 1]
    actor.look(down, use.start_s)
    _, colour = _substance(actor, use.acting)
    begins_s, ends_s = _tip(use, over, use.start_s, 2.0, down, colour)
    stop_s = actor.carry(use.acting, with_mouth_at(use, over + 0.05 * Z, 0.2), ends_s, ends_s + actor.takes(0.6))
    return Effect(stop_s, begins_s, ends_s)


def _drink(use: Use) -> Effect:
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


# Tools.

_EDGE_DOWN = turn(X, np.pi / 2)
"""A knife or a peeler, which lies on its side with the edge to -y, turned so that it cuts."""
_CUTTING = tuple(turn(Y, pitch) @ _EDGE_DOWN for pitch in (0.05, 0.2, 0.35))
_DIPPED = tuple(turn(Y, pitch) for pitch in (0.75, 0.95, 1.15))
"""A spoon whose bowl points down into a vessel."""
_SLID = tuple(turn(Y, pitch) for pitch in (0.30, 0.45, 0.60))
"""A spatula or a fork that goes below something."""
_LAID = (np.eye(3),)
_SPHERE = np.array([
    (math.sqrt(1 - h * h) * math.cos(2.4 * k), math.sqrt(1 - h * h) * math.sin(2.4 * k), h)
    for k, h in enumerate(np.linspace(-0.2, 0.99, 90))
])  # fmt: skip
"""Directions, (90, 3), all around and up."""
SAWN_M = 0.052
"""Food that is higher than this is sawn, not chopped."""
_SPREADING = tuple(turn(Y, pitch) @ turn(X, roll) for pitch in (0.12, 0.25) for roll in (0.35, 0.7))


def _long_axis(actor: Actor, name: str) -> tuple[Vector, float]:
    """The direction of a thing's length and half of it, in the world."""
    thing, pose = actor.thing(name), actor.pose_of(name)
    grip = thing.grips[0]
    along = pose.rotation @ grip.bar.rotation[:, 2]
    along = along * (1, 1, 0)
    if np.linalg.norm(along) < 0.3:
        along = actor.body.stand().rotation[:, 0]
    return unit(along), min(0.5 * grip.length_m, 0.09)


def _strokes(
    use: Use,
    pose: Pose,
    way: Callable[[float], Pose],
    start_s: float,
    usual_s: float,
    lift_m: Vector = 0.05 * Z,
) -> tuple[float, float]:
    """A tool comes to a pose and works along a way of its own, by share 0 to 1. Returns from when to when.

    Afterwards it is lifted.
    """
    actor, name = use.actor, use.acting
    begins_s = actor.carry(name, pose, start_s, start_s + actor.takes(0.75), (0, 0, 0.05))
    ends_s = actor.carry_along(name, way, begins_s, begins_s + actor.takes(usual_s))
    last = way(1.0)
    actor.carry(name, Pose(last.position_m + lift_m, last.rotation), ends_s, ends_s + actor.takes(0.3))
    return begins_s, ends_s


def _along(pose: Pose, path: Callable[[float], Vector]) -> Callable[[float], Pose]:
    """The way of a tool that keeps its attitude while its tip goes along a path of offsets, (3,)."""
    first = path(0.0)
    return lambda share: Pose(pose.position_m + path(share) - first, pose.rotation)


def _saw_tooth(share: float, num: int) -> float:
    """How far the present one of a number of equal strokes is, 0 to 1."""
    return share * num - math.floor(share * num) if share < 1 else 1.0


# The other hand.


def _hold_there(use: Use, wrist: Pose, posture: Posture, start_s: float, name: str) -> float:
    """The other hand comes to what is worked on and holds it; returns from when."""
    actor, side = use.actor, use.other
    arrives_s = actor._approach(side, wrist, posture, start_s, start_s + actor.takes(0.45))
    actor._touch(side, arrives_s, name)
    return arrives_s


def _leave(use: Use, start_s: float) -> None:
    """The other hand lets go of what it held for the work."""
    use.actor._touch(use.other, start_s, None)
    use.actor._retreat(use.other, start_s)


def _is_free(use: Use) -> bool:
    return use.actor.in_hand(use.other) is None and use.other not in use.actor._handles


def _cut(use: Use) -> Effect:
    """Strokes along the food, from the knife's end on; the other hand turns it as it must lie, holds it and gives way.

    Low food is chopped, high food is sawn.
    """
    actor, name = use.actor, use.recipient
    thing, stand = actor.thing(name), actor.body.stand()
    long_m, wide_m, high_m = size_m(thing.kind, thing.variant)
    half_m, sign = 0.5 * long_m, grasp.mirror(use.side)
    actor.look(actor.pose_of(name).position_m, use.start_s)
    # Food is drawn as cut from +x on: that end lies towards the knife, at the slant that the arm likes best.
    slants = [stand.rotation @ np.array([math.cos(a) * sign, math.sin(a), 0.0]) for a in (-0.1, 0.15, 0.4, 0.65)]
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
        phase = _saw_tooth(share, num)
        at = half_m * (0.85 - 1.05 * min(math.floor(share * num), num - 1) / num)
        if is_sawn:
            down = min(1.0, 1.15 * phase) if phase < 0.87 else (1 - phase) / 0.13
            return at * along + high * (1 - down) * Z + 0.030 * math.sin(6 * np.pi * min(phase / 0.87, 1)) * blade
        return at * along + high * (0.5 + 0.5 * math.cos(2 * np.pi * phase)) * Z

    begins_s, ends_s = _strokes(
        use, knife, _along(knife, path), max(use.start_s, ready_s - 0.55), num * stroke_s, 0.05 * Z + 0.04 * blade
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
    return with_tip_at(use, at_m, _CUTTING, liking=lambda r: 2.5 * float(r[:, 0] @ along) ** 2)


def _in_frame(local: Pose, before: Pose, moves: Pose) -> Pose:
    """Where a thing lies in what carries it, after a move in the world: before is where it was in the world."""
    carrier = before @ local.inverse()
    return (carrier.inverse() @ moves @ before).tidied()


def _wrist_on(use: Use, bar: Pose, grip: Grip, surface_m: float) -> Pose:
    """The easiest wrist of the other hand that holds something from above."""
    actor, stand = use.actor, use.actor.body.stand()
    local = stand.inverse() @ bar
    wrist, _ = grasp.wrist_at(
        use.other, grip.style, grip.radius_m, local, actor._shoulder(use.other, local.position_m), surface_m,
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


def _peel(use: Use) -> Effect:
    """Strokes along the side of the food that is turned up and that no finger covers."""
    actor, name = use.actor, use.recipient
    thing, stand = actor.thing(name), actor.body.stand()
    actor.look(actor.pose_of(name).position_m, use.start_s)
    start_s = use.start_s
    holder = actor.hand_of(name)
    if holder is not None:
        at = stand.point((0.05 * grasp.mirror(holder), 0.33, actor._counter_m() + 0.13))
        pose = actor.pose_of(name)
        turns = [turn(Z, 2 * np.pi * k / NUM_YAWS) for k in range(NUM_YAWS)]
        shown = easiest(use, [Pose(at, r @ pose.rotation) for r in turns], name=name)
        start_s = actor.carry(name, shown, start_s, start_s + actor.takes(0.6)) - 0.35
    elif _is_free(use):
        wrist, posture = actor._grip_for(use.other, thing, actor.pose_of(name))
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
    options = []
    for k in np.argsort(worth)[-24:]:
        # The blade goes away from the hand that holds.
        away = points[k] - palm
        away = unit(away - normals[k] * (away @ normals[k]))
        local_away = pose.rotation.T @ away / half
        local_away = unit(local_away - _SPHERE[k] * (local_away @ _SPHERE[k]))
        stroke = _Stroke(
            pose, half, _SPHERE[k], local_away, float(np.clip(0.05 / np.linalg.norm(local_away * half), 0.35, 0.75))
        )
        first_m, first_out = stroke.at(-stroke.spread_rad, 0.012)
        tool = with_tip_at(use, first_m, _CUTTING, first_out, lambda r, away=away: 1.5 * abs(float(r[:, 0] @ away)))
        options.append((float(awkwardness(use, [tool])[0]) - worth[k], stroke, first_out, tool, normals[k]))
    _, stroke, first_out, tool, normal = min(options, key=lambda option: option[0])
    spread, tip = stroke.spread_rad, np.asarray(actor.thing(use.acting).tip_m)
    num = int(actor.rng.integers(14, 24))

    def way(share: float) -> Pose:
        phase = _saw_tooth(share, num)
        back = max(0.0, (phase - 0.6) / 0.4)
        angle = spread * (2 * phase / 0.6 - 1) if phase < 0.6 else spread * (1 - 2 * back)
        lift = 0.012 * math.sin(np.pi * back) if phase >= 0.6 else 0.0
        point, out = stroke.at(angle, lift if share > 0 else 0.012)
        rotation = aligning(first_out, out) @ tool.rotation
        return Pose(point - rotation @ tip, rotation)

    begins_s, ends_s = _strokes(use, tool, way, start_s, 0.48 * num, 0.05 * normal)
    beat_s = (ends_s - begins_s) / num
    for k in range(num):
        actor.hear("peel", begins_s + k * beat_s, begins_s + (k + 0.65) * beat_s, strength=0.5)
    if holder is None and actor._idle_s[use.other] is None and _is_free(use):
        _leave(use, ends_s)
    return Effect(ends_s + 0.3, begins_s, ends_s)


def _circles(use: Use, tilts: Sequence[Vector], at_m: Vector, radius_m: float, usual_s: float, rounds_hz: float,
             sound: str, **of) -> Effect:  # fmt: skip
    """Round and round about a point, a level circle."""
    rounds = max(1.0, round(usual_s * rounds_hz))
    sense = _usual_sense(use)

    def path(share: float) -> Vector:
        angle = 2 * np.pi * rounds * share
        grown = radius_m * min(1.0, 6 * share, 6 * (1 - share) + 0.2)
        return grown * np.array([math.cos(angle), sense * math.sin(angle), 0.0])

    use.actor.look(at_m, use.start_s)
    pose = with_tip_at(use, at_m, tilts)
    begins_s, ends_s = _strokes(use, pose, _along(pose, path), use.start_s, usual_s)
    use.actor.hear(sound, begins_s, ends_s, **of)
    return Effect(ends_s + 0.3, begins_s, ends_s)


def _usual_sense(use: Use) -> int:
    """Which way round a person stirs: their habit."""
    return 1 if (use.actor.participant.seed + (use.side is Hand.LEFT)) % 3 else -1


def _stir(use: Use) -> Effect:
    """Circles half way down in what is stirred; the other hand holds the vessel."""
    actor, target = use.actor, use.recipient
    tool = actor.thing(use.acting)
    if target not in actor.plan.things:
        at = top_of(actor, target) + 0.008 * Z
        return _circles(use, _DIPPED, at, 0.03, 2.4, 1.5, "stir", material="metal", other=tool.material, strength=0.6)
    thing = actor.thing(target)
    radius, floor, rim = thing.inside_m or (thing.radius_m, thing.top_m, thing.top_m + 0.02)
    deep_m = max(0.008, 0.45 * _level(actor, target) * (rim - floor))
    at = actor.pose_of(target).point((0, 0, floor + deep_m))
    # A short spoon goes as deep as the hand can come to the rim.
    at = at + max(0.0, rim - floor - deep_m - 0.55 * _length_m(tool)) * Z
    usual_s = float(actor.rng.uniform(3.2, 5.4))
    if actor.hand_of(target) is None:
        actor.steady(use.other, target, use.start_s + 0.1, use.start_s + usual_s + 1.0)
    return _circles(use, _DIPPED, at, float(np.clip(0.5 * radius, 0.012, 0.055)), usual_s, 1.5, "stir",
                    material=thing.material, other=tool.material, strength=0.6)  # fmt: skip


def _length_m(tool: Thing) -> float:
    return size_m(tool.kind, tool.variant)[0]


def _scrub(use: Use) -> Effect:
    """A sponge goes round on what is held in the other hand or lies there; along what is long."""
    actor, target = use.actor, use.recipient
    usual_s = float(actor.rng.uniform(4.6, 7.6))
    is_soft = actor.thing(use.acting).kind in ("sponge", "cloth", "towel")
    tilts = _LAID if is_soft else _SLID
    if target not in actor.plan.things:
        return _circles(use, tilts, top_of(actor, target) + 0.002 * Z, 0.07, usual_s, 1.8, "scrub",
                        material="metal", strength=0.6)  # fmt: skip
    thing, start_s = actor.thing(target), use.start_s
    if actor.hand_of(target) is None:
        actor.steady(use.other, target, start_s + 0.1, start_s + usual_s + 1.0)
    if thing.tip_m is None or _length_m(thing) < 0.12:
        at = top_of(actor, target) + 0.002 * Z
        radius = 0.5 * (thing.inside_m[0] if thing.inside_m else thing.radius_m)
        return _circles(use, tilts, at, float(np.clip(radius, 0.015, 0.07)), usual_s, 1.8, "scrub",
                        material=thing.material, strength=0.6)  # fmt: skip
    pose = actor.pose_of(target)
    first, last = pose.point((0.0, 0.0, 0.6 * thing.height_m)), pose.point(np.asarray(thing.tip_m) + (0, 0, 0.006))
    num = int(actor.rng.integers(6, 11))

    def path(share: float) -> Vector:
        return (0.5 - 0.5 * math.cos(2 * np.pi * num * share)) * (last - first)

    actor.look(first, start_s)
    sponge = with_tip_at(use, first, tilts, liking=lambda r: 0.5 * abs(float(r[:, 0] @ unit(last - first))))
    begins_s, ends_s = _strokes(use, sponge, _along(sponge, path), start_s, usual_s)
    actor.hear("scrub", begins_s, ends_s, material=thing.material, strength=0.6)
    return Effect(ends_s + 0.3, begins_s, ends_s)


def _wipe(use: Use) -> Effect:
    """Strokes of a cloth, to and fro over the free part of a surface, or round a dish."""
    actor, target = use.actor, use.recipient
    fixture = actor.fixture(target)
    if target in actor.plan.things or fixture is None:
        return _scrub(use)
    at, room_m = free_stretch(actor, fixture) if fixture.kind in OPEN_TOPS else (top_of(actor, target), 0.10)
    half_m = 0.35 * _length_m(actor.thing(use.acting))
    wide = float(np.clip(room_m - half_m, 0.035, 0.09 if fixture.kind == "sink" else 0.17))
    stand, sign = actor.body.stand(), grasp.mirror(use.side)
    across, ahead = stand.rotation[:, 0] * sign, stand.rotation[:, 1]
    num = int(actor.rng.integers(8, 14))

    def path(share: float) -> Vector:
        return wide * math.cos(np.pi * num * share) * across + 0.8 * wide * (0.5 - share) * ahead

    actor.look(at, use.start_s)
    cloth = with_tip_at(use, at + 0.002 * Z + path(0.0), _LAID)
    begins_s, ends_s = _strokes(use, cloth, _along(cloth, path), use.start_s, (0.34 + 1.6 * wide) * num)
    actor.hear("wipe", begins_s, ends_s, strength=0.6)
    return Effect(ends_s + 0.3, begins_s, ends_s)


def _dry_hands(use: Use) -> Effect:
    """Both hands rub on the towel, where it lies or in the hand that holds it."""
    actor, name, start_s = use.actor, use.acting, use.start_s
    holder = actor.hand_of(name) if name in actor.plan.things else None
    stand = actor.body.stand()
    if holder is not None:
        at = stand.point((0.0, 0.33, actor._counter_m() + 0.12))
        poses = [Pose(at, turn(Z, 2 * np.pi * k / NUM_YAWS)) for k in range(NUM_YAWS)]
        actor.carry(name, easiest(use, poses, name=name), start_s, start_s + actor.takes(0.6))
    middle = actor.where(name)
    actor.look(middle, start_s)
    free = [side for side in SIDES if actor.in_hand(side) is None and side not in actor._handles]
    begins_s = ends_s = start_s + 0.3
    rubs = int(actor.rng.integers(7, 11))
    for side in free:
        sign = grasp.mirror(side)
        rotation = axes(stand.rotation @ np.array([-0.45 * sign, 0.85, -0.22]),
                        stand.rotation @ np.array([0.25 * sign, 0.1, 0.95]))  # fmt: skip
        aside = stand.rotation @ np.array([0.035 * sign if len(free) > 1 else 0.0, 0.0, 0.0])
        at = middle + aside + 0.012 * Z - rotation @ np.array([0.09, 0.0, -0.026])
        begins_s = now_s = actor.reach(side, Pose(at, rotation), start_s, start_s + actor.takes(0.8), (0, 0, 0.05))
        actor._touch(side, begins_s, name if name in actor.plan.things else None)
        for k in range(rubs):
            off = 0.03 * (-1) ** k * sign * rotation[:, 0]
            now_s = actor.reach(side, Pose(at + off, rotation), now_s, now_s + 0.34)
        actor._touch(side, now_s, None)
        actor._retreat(side, now_s)
        ends_s = max(ends_s, now_s)
    actor.hear("wipe", begins_s, ends_s, material="cloth", strength=0.3)
    return Effect(ends_s + 0.2, begins_s, ends_s)


def _soap(use: Use) -> Effect:
    """A squeeze of washing liquid."""
    actor, name = use.actor, use.acting
    top = rim_of(actor, use.recipient)
    actor.look(top, use.start_s)
    over = top + np.array([0, 0, 0.06])
    leant = with_mouth_at(use, over, 2.2)
    begins_s = actor.carry(name, leant, use.start_s, use.start_s + actor.takes(0.9), (0, 0, 0.04))
    ends_s = begins_s + actor.takes(0.8)
    target = use.recipient if use.recipient in actor.plan.things else top
    actor.pour(name, target, begins_s, ends_s, 0.3, COLOURS["washing_liquid"])
    actor.hear("pour", begins_s, ends_s, first=0.6, last=0.65, strength=0.2)
    stop_s = actor.carry(name, with_mouth_at(use, over + (0, 0, 0.04), 0.2), ends_s, ends_s + actor.takes(0.6))
    return Effect(stop_s, begins_s, ends_s)


def _top_m(actor: Actor, name: str) -> float:
    """The height of a food's top above its base: what is cut lies lower."""
    thing, cut = actor.thing(name), actor.show.channels.get(name, {}).get("cut")
    return (0.72 if cut is not None and cut.last > 0.5 else 1.0) * thing.height_m


def _spread(use: Use) -> Effect:
    """Flat strokes of a knife over bread."""
    actor, name = use.actor, use.recipient
    at = actor.pose_of(name).point((0, 0, _top_m(actor, name) + 0.002))
    along, half_m = _long_axis(actor, name)
    num = int(actor.rng.integers(8, 13))

    def path(share: float) -> Vector:
        return 0.6 * half_m * math.cos(np.pi * num * share) * along + 0.03 * (share - 0.5) * np.cross(Z, along)

    usual_s = 0.5 * num
    actor.look(at, use.start_s)
    if actor.hand_of(name) is None:
        actor.steady(use.other, name, use.start_s + 0.1, use.start_s + usual_s + 0.9)
    knife = with_tip_at(use, at + path(0.0), _SPREADING)
    begins_s, ends_s = _strokes(use, knife, _along(knife, path), use.start_s, usual_s)
    actor.hear("wipe", begins_s, ends_s, strength=0.25)
    return Effect(ends_s + 0.3, begins_s, ends_s)


def _scoop(use: Use) -> Effect:
    """One dip into something and up again."""
    actor, name = use.actor, use.recipient
    if name in actor.plan.things:
        at, (along, _) = actor.pose_of(name).point((0, 0, 0.85 * _top_m(actor, name))), _long_axis(actor, name)
    else:
        at, along = top_of(actor, name), actor.body.stand().rotation[:, 0]

    def path(share: float) -> Vector:
        return 0.03 * (share - 0.5) * along - 0.008 * math.sin(np.pi * share) * Z

    tilts = _SPREADING if actor.thing(use.acting).kind == "knife" else _SLID
    actor.look(at, use.start_s)
    tool = with_tip_at(use, at + path(0.0), tilts)
    begins_s, ends_s = _strokes(use, tool, _along(tool, path), use.start_s, 0.9, 0.08 * Z)
    return Effect(ends_s + 0.3, begins_s, ends_s)


def _scrape(use: Use) -> Effect:
    """The knife pushes what lies on the board together."""
    actor = use.actor
    at = top_of(actor, use.recipient) + 0.004 * Z
    across = actor.body.stand().rotation[:, 0] * grasp.mirror(use.side)
    num = 3

    def path(share: float) -> Vector:
        phase = _saw_tooth(share, num)
        there = 1 - 2 * minimum_jerk(phase / 0.6) if phase < 0.6 else -1 + 2 * minimum_jerk((phase - 0.6) / 0.4)
        return 0.07 * there * across + 0.012 * max(0.0, math.sin(np.pi * (phase - 0.6) / 0.4)) * (phase > 0.6) * Z

    actor.look(at, use.start_s)
    knife = with_tip_at(use, at + path(0.0), _CUTTING, liking=lambda r: 1.5 * abs(float(r[:, 0] @ across)))
    begins_s, ends_s = _strokes(use, knife, _along(knife, path), use.start_s, 0.7 * num)
    for k in range(num):
        beat_s = (ends_s - begins_s) / num
        actor.hear("scrub", begins_s + k * beat_s, begins_s + (k + 0.6) * beat_s, material="wood", strength=0.4)
    return Effect(ends_s + 0.3, begins_s, ends_s)


def _flip(use: Use) -> Effect:
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
    way = slide(with_tip_at(use, at, _SLID))
    begins_s, ends_s = _strokes(use, way(0.0), way, use.start_s, 1.8)
    middle_s = begins_s + 0.6 * (ends_s - begins_s)
    actor.hear("contact", middle_s, middle_s + 0.3, material="metal", other="food", strength=0.4)
    return Effect(ends_s + 0.2, begins_s + 0.4 * (ends_s - begins_s), ends_s)


def _put_there(use: Use) -> Effect:
    """What is let go of where it is used: the actor puts it there as the world model says."""
    actor, start_s = use.actor, use.start_s
    if actor.thing(use.acting).kind == "egg" and actor.thing(use.recipient).kind == "pan":
        start_s = _crack(use)
    actor.look(actor.where(use.recipient), start_s)
    if (
        use.recipient in actor.plan.things
        and actor.world.place_of(use.recipient) == "hob"
        and actor.opening("hob") > 0.5
    ):
        begin_sound(actor, "sizzle", "hob", start_s + 1.2, strength=0.75)
    stop_s = start_s + actor.takes(0.15)
    return Effect(stop_s, start_s, stop_s)


def _crack(use: Use) -> float:
    """An egg is knocked on the rim of the pan; returns when its shell is broken."""
    actor, name, target = use.actor, use.acting, use.recipient
    thing, vessel = actor.thing(name), actor.thing(target)
    middle, stand = rim_of(actor, target), actor.body.stand()
    radius = vessel.inside_m[0] if vessel.inside_m else 0.8 * vessel.radius_m
    to_hand = unit((actor.wrist(use.side).position_m - middle) * (1, 1, 0))
    at = middle + radius * to_hand + 0.004 * Z
    pose = easiest(use, [Pose(at, turn(Z, 2 * np.pi * k / NUM_YAWS)) for k in range(NUM_YAWS)])
    actor.look(at, use.start_s)
    now_s = actor.carry(name, pose.moved(z=0.05), use.start_s, use.start_s + actor.takes(0.6), (0, 0, 0.03))
    for _ in range(2):
        now_s = actor.carry(name, pose, now_s, now_s + 0.16)
        actor.hear("crack", now_s - 0.02, now_s + 0.12, material="food", other=vessel.material, strength=0.6)
        now_s = actor.carry(name, pose.moved(z=0.045), now_s, now_s + 0.20)
    over = easiest(use, [Pose(middle + (0.08 + thing.height_m) * Z, turn(Z, 2 * np.pi * k / NUM_YAWS))
                         for k in range(NUM_YAWS)])  # fmt: skip
    actor.look(stand.point(stand.inverse().point(middle)), now_s)
    now_s = actor.carry(name, over, now_s, now_s + actor.takes(0.4))
    # It runs out as the hand comes down.
    actor.change(name, "open", now_s + 0.65, now_s + 0.95, 1.0)
    return now_s


def _heat(use: Use) -> Effect:
    """A pan comes onto the hob and stays in the hand."""
    actor = use.actor
    place = actor._place(use.acting, use.recipient)
    pose = actor._pose_in(place)
    actor.look(pose.position_m, use.start_s)
    stop_s = actor.carry(use.acting, pose, use.start_s, use.start_s + actor.takes(1.1), (0, 0, 0.05))
    actor._places[use.acting], actor._targets[use.acting] = place, use.recipient
    actor.hear("contact", stop_s - 0.02, stop_s + 0.3, material="metal", other="metal", strength=0.6)
    return Effect(stop_s + 0.05, stop_s - 0.1, stop_s)


def _plain(use: Use) -> Effect:
    """What has no motion of its own: the tool goes to the recipient and works a little; a bare hand goes there."""
    actor, start_s = use.actor, use.start_s
    target = use.recipient or use.acting
    if actor.hand_of(use.acting) is None or use.acting not in actor.plan.things:
        actor.look(actor.where(target), start_s)
        stop_s = start_s + actor.takes(1.0)
        return Effect(stop_s, start_s, stop_s)
    if not use.recipient:
        stand = actor.body.stand()
        at = stand.point((0.05 * grasp.mirror(use.side), 0.38, actor._counter_m() + 0.15))
        poses = [Pose(at, turn(Z, 2 * np.pi * k / 24)) for k in range(24)]
        begins_s = actor.carry(use.acting, easiest(use, poses), start_s, start_s + actor.takes(0.7))
        stop_s = begins_s + actor.takes(0.7)
        return Effect(stop_s, begins_s, stop_s)
    tool = actor.thing(use.acting)
    tilts = _SLID if tool.tip_m is not None and tool.kind not in ("sponge", "cloth", "towel") else _LAID
    return _circles(use, tilts, top_of(actor, target) + 0.004 * Z, 0.02, 1.2, 1.5, "scrub", material=tool.material,
                    strength=0.3)  # fmt: skip


MOTIONS: dict[str, Motion] = {
    "turn_tap": _turn_tap,
    "turn_switch": _turn_switch,
    "open_or_close": _open_or_close,
    "run_device": _run_device,
    "switch_other": _switch_other,
    "open_package": _open_package,
    "close_by_hand": _open_package,
    "fill_at_tap": _fill_at_tap,
    "rinse": _rinse,
    "rinse_vessel": _rinse_vessel,
    "rinse_soapy": _rinse_vessel,
    "wash_hands": _wash_hands,
    "pour": _pour,
    "pour_from": _pour,
    "pour_on": _pour,
    "dress": _pour,
    "add": _pour,
    "serve": _scoop,
    "season": _season,
    "tip_out": _tip_out,
    "pour_away": _tip_out,
    "scrape_off": _tip_out,
    "drink": _drink,
    "cut": _cut,
    "cut_open": _cut,
    "cut_thing": _cut,
    "peel": _peel,
    "grate": _peel,
    "scoop": _scoop,
    "spread": _spread,
    "spread_on": _spread,
    "scrape": _scrape,
    "stir": _stir,
    "flip": _flip,
    "scrub": _scrub,
    "scrub_dish": _scrub,
    "wipe": _wipe,
    "wipe_up": _wipe,
    "dry_or_wipe_hands": _dry_hands,
    "soap_up": _soap,
    "soap_on": _soap,
    "soap_hands": _soap,
    "cover": _put_there,
    "close_package": _put_there,
    "cook_in": _put_there,
    "throw_away": _put_there,
    "heat": _heat,
}
"""By the name of the world model's rule."""

PLAIN = frozenset({"grate_on", "crush", "sharpen", "sharpen_on", "load_soap", "rinse_under", "fill_from_tap"})
"""Rules that the kitchen's own activities have no use for: the plain motion does for them."""

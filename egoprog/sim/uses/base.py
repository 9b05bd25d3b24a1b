"""What uses have in common: where things are worked on, how a held thing is brought there, sounds that go on.

A tool is brought so that its tip is where it works, a vessel so that its mouth is where it pours; of the many ways to
hold it there, the one that is easiest for the arm is taken.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from egoprog.program.types import Hand
from egoprog.sim import grasp
from egoprog.sim.catalogue import size_m
from egoprog.sim.pose import Pose, Vector, aligning, turn
from egoprog.sim.types import Fixture, Thing

if TYPE_CHECKING:
    from egoprog.sim.actor import Actor

X, Y, Z = np.eye(3)


OPEN_TOPS = frozenset({"counter", "hob", "sink", "rack"})
"""Kinds of furniture that are worked on where nothing stands."""


NUM_YAWS = 24
"""Turns about the upright in which a held thing is tried."""


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
        if name not in actor.grips and actor.show.rides[name][-1].on is None
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


def level_of(actor: Actor, name: str) -> float:
    """How full a vessel is after all that is planned, 0 to 1."""
    track = actor.show.channels.get(name, {}).get("fill")
    return float(track.last) if track is not None else 0.0


def length_m(tool: Thing) -> float:
    return size_m(tool.kind, tool.variant)[0]


def awkwardness(use: Use, poses: Sequence[Pose], name: str = "") -> Vector:
    """How hard poses of a held thing, usually the acting one, are on the arm that leads it: (N,)."""
    actor = use.actor
    stand = actor.body.stand().inverse()
    side, grip = next(iter(actor.grips[name or use.acting].items()))
    in_wrist = grip.inverse()
    wrists = [stand @ pose @ in_wrist for pose in poses]
    places = np.array([wrist.position_m for wrist in wrists])
    return grasp.awkwardness(
        side,
        np.array([wrist.rotation for wrist in wrists]),
        places,
        actor.shoulder(side, places.mean(axis=0)),
        actor.counter_m() + 0.01,
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

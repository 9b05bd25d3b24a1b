"""Where a thing can be put: a free spot of a piece of furniture, or a free place on or in another thing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from egoprog.sim.pose import Pose, Vector, turn
from egoprog.sim.types import Fixture, Thing

SAME_LEVEL_M = 0.14
"""Things whose bases are farther apart in height stand on different shelves."""

CROWDED_M = 0.32
"""Spots that are nearer to each other than this have usable worktop between them."""


@dataclass(frozen=True)
class Place:
    """Where a thing will lie. on: the fixture whose moving part it goes with, the thing that carries it, or nothing.

    pose: of the thing's base, in the frame of what it goes with. is_turnable: whether it may lie at any yaw.
    """

    on: Fixture | str | None
    pose: Pose
    is_turnable: bool = True


@dataclass(frozen=True)
class Standing:
    """A thing that takes room: its base in the world and its radius."""

    base_m: Vector
    radius_m: float


def find_place(
    thing: Thing, places: Iterable[tuple[Place, Pose, float]], others: list[Standing], to_m: Vector
) -> Place:
    """The free place nearest to a point; where none is free, the one with most room.

    places: with the pose in the world and the room around it [m].
    """
    best, best_cost = None, np.inf
    for place, pose, radius_m in places:
        room_m = np.inf
        for other in others:
            off = pose.position_m - other.base_m
            if abs(off[2]) < SAME_LEVEL_M:
                room_m = min(room_m, float(np.hypot(off[0], off[1])) - other.radius_m - thing.radius_m)
        cost = float(np.linalg.norm(pose.position_m - to_m)) + 20 * max(-room_m, 0)
        cost += 2 * max(thing.radius_m - radius_m, 0)
        if cost < best_cost:
            best, best_cost = place, cost
    assert best is not None
    return best


def places_of(fixture: Fixture, opening: float) -> list[tuple[Place, Pose, float]]:
    """The spots of a fixture as places, with poses in the world and room."""
    on = fixture if fixture.carries else None
    return [
        (Place(on, fixture.frame @ spot.pose, not fixture.carries), fixture.spot(spot, opening), spot.radius_m)
        for spot in fixture.spots
    ]


def places_between(fixture: Fixture) -> list[tuple[Place, Pose, float]]:
    """Places of a worktop between its spots, for when it is crowded."""
    found = []
    for k, spot in enumerate(fixture.spots):
        for other in fixture.spots[:k]:
            if np.linalg.norm(spot.pose.position_m - other.pose.position_m) < CROWDED_M:
                for share in (0.35, 0.65):
                    middle = share * spot.pose.position_m + (1 - share) * other.pose.position_m
                    pose = fixture.frame @ Pose(middle, spot.pose.rotation)
                    found.append((Place(None, pose), pose, 0.5 * spot.radius_m))
    return found


def places_on(carrier: Thing, at: Pose, thing: Thing) -> list[tuple[Place, Pose, float]]:
    """Places in or on a thing: its middle, then around it. at: of the carrier, in the world."""
    if carrier.inside_m is not None:
        radius_m, height_m, rim_m = carrier.inside_m
        # What is too wide to go in, as a lid, comes to lie on the rim.
        height_m = rim_m if thing.radius_m > radius_m else height_m
    else:
        radius_m, height_m = carrier.radius_m, carrier.top_m or carrier.height_m
    ring_m = max(radius_m - thing.radius_m, 0.35 * radius_m)
    offsets = [(0.0, 0.0)]
    offsets += [(0.62 * ring_m * np.cos(a), 0.62 * ring_m * np.sin(a)) for a in np.arange(6) * np.pi / 3 + 0.4]
    offsets += [(ring_m * np.cos(a), ring_m * np.sin(a)) for a in np.arange(8) * np.pi / 4]
    found = []
    for k, (x, y) in enumerate(offsets):
        pose = Pose(np.array([x, y, height_m]), turn((0.0, 0.0, 1.0), 0.9 * k))
        found.append((Place(carrier.name, pose), at @ pose, radius_m))
    return found


def standing(poses: Mapping[str, Pose], things: Mapping[str, Thing]) -> list[Standing]:
    return [Standing(pose.position_m, things[name].radius_m) for name, pose in poses.items()]

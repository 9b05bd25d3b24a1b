"""How a tool moves that works: there, to and fro or round and round, and off again."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from egoprog.program.types import Hand
from egoprog.sim.pose import Pose, Vector, turn, unit
from egoprog.sim.uses.base import Effect, Use, X, Y, Z, with_tip_at

if TYPE_CHECKING:
    from egoprog.sim.actor import Actor

_EDGE_DOWN = turn(X, np.pi / 2)
"""A knife or a peeler, which lies on its side with the edge to -y, turned so that it cuts."""


CUTTING = tuple(turn(Y, pitch) @ _EDGE_DOWN for pitch in (0.05, 0.2, 0.35))


DIPPED = tuple(turn(Y, pitch) for pitch in (0.75, 0.95, 1.15))
"""A spoon whose bowl points down into a vessel."""


SLID = tuple(turn(Y, pitch) for pitch in (0.30, 0.45, 0.60))
"""A spatula or a fork that goes below something."""


LAID = (np.eye(3),)


SPREADING = tuple(turn(Y, pitch) @ turn(X, roll) for pitch in (0.12, 0.25) for roll in (0.35, 0.7))


def long_axis(actor: Actor, name: str) -> tuple[Vector, float]:
    """The direction of a thing's length and half of it, in the world."""
    thing, pose = actor.thing(name), actor.pose_of(name)
    grip = thing.grips[0]
    along = pose.rotation @ grip.bar.rotation[:, 2]
    along = along * (1, 1, 0)
    if np.linalg.norm(along) < 0.3:
        along = actor.body.stand().rotation[:, 0]
    return unit(along), min(0.5 * grip.length_m, 0.09)


def top_height_m(actor: Actor, name: str) -> float:
    """The height of a food's top above its base: what is cut lies lower."""
    thing, cut = actor.thing(name), actor.show.channels.get(name, {}).get("cut")
    return (0.72 if cut is not None and cut.last > 0.5 else 1.0) * thing.height_m


def work(
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


def keeping_attitude(pose: Pose, path: Callable[[float], Vector]) -> Callable[[float], Pose]:
    """The way of a tool that keeps its attitude while its tip goes along a path of offsets, (3,)."""
    first = path(0.0)
    return lambda share: Pose(pose.position_m + path(share) - first, pose.rotation)


def saw_tooth(share: float, num: int) -> float:
    """How far the present one of a number of equal strokes is, 0 to 1."""
    return share * num - math.floor(share * num) if share < 1 else 1.0


def circles(use: Use, tilts: Sequence[Vector], at_m: Vector, radius_m: float, usual_s: float, rounds_hz: float,
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
    begins_s, ends_s = work(use, pose, keeping_attitude(pose, path), use.start_s, usual_s)
    use.actor.hear(sound, begins_s, ends_s, **of)
    return Effect(ends_s + 0.3, begins_s, ends_s)


def _usual_sense(use: Use) -> int:
    """Which way round a person stirs: their habit."""
    return 1 if (use.actor.participant.seed + (use.side is Hand.LEFT)) % 3 else -1

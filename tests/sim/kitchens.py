"""A kitchen with few things in it, and moments made by hand, for tests that draw."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from egoprog.program.types import Hand
from egoprog.sim.catalogue import make_thing
from egoprog.sim.hand import RELAXED
from egoprog.sim.layout import rooms
from egoprog.sim.participants import participant
from egoprog.sim.pose import Pose, Vector, axes, looking_at
from egoprog.sim.scene import Kitchen
from egoprog.sim.types import SIDES, KitchenPlan, Look, Moment, Stream


def small_kitchen(number: int, kinds: tuple[str, ...] = ("mug", "plate")) -> Kitchen:
    """The kitchen of a participant with one thing of each kind, named after it."""
    person = participant(number)
    things = {kind: make_thing(kind, kind, variant=number) for kind in kinds}
    return Kitchen(KitchenPlan(person.seed, rooms(person.seed), things), person)


def moment(
    kitchen: Kitchen,
    station: str,
    at: Vector | None = None,
    things: Mapping[str, Pose] | None = None,
    looks: Mapping[str, Look] | None = None,
    streams: tuple[Stream, ...] = (),
) -> Moment:
    """Somebody stands at a station and looks at the work, or at a point; things lie on the counter's spots."""
    stand, person = kitchen.plan.stations[station].stand, kitchen.participant
    eye = stand.point((0.0, 0.08, person.height_m - 0.05))
    wrists = {}
    for side, mirror in ((Hand.RIGHT, 1.0), (Hand.LEFT, -1.0)):
        rotation = axes(np.array([-0.35 * mirror, 0.85, -0.25]), np.array([0.1 * mirror, 0.3, 0.9]))
        wrists[side] = stand @ Pose(np.array([0.17 * mirror, 0.20, 1.02]), rotation)
    if things is None:
        counter = kitchen.plan.stations["prep"].fixture("counter")
        assert counter is not None
        spots = zip(kitchen.plan.things, counter.spots[5:], strict=False)
        things = {name: counter.spot(spot, 0.0) for name, spot in spots}
    return Moment(
        camera=looking_at(eye, stand.point((0.0, 0.45, 0.85)) if at is None else np.asarray(at, float)),
        wrists=wrists,
        shoulders={s: stand.point((0.185 * (1 if s is Hand.RIGHT else -1), 0, person.height_m - 0.25)) for s in SIDES},
        postures=dict.fromkeys(SIDES, RELAXED),
        things=things,
        looks=looks or {},
        streams=streams,
    )

"""Kitchens as plain numbers: which furniture stands where, where hands take hold of it, where things can stand.

A kitchen has one or two runs of furniture along walls. A run's frame lies on the floor at its left end, below the
front edge: x along the run to the right, y to the wall, z up. Along it stand blocks, one for each station: the person
stands before a block's middle, STAND_BACK_M from the edge (FRIDGE_BACK_M from the fridge), so that the doors and
drawers open beside them. Of every fixture's grip, the bar's y axis points away from what the handle is fixed to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from egoprog.sim.pose import Pose, Vector
from egoprog.sim.types import Fixture, Grip, Spot, Station

DEPTH_M = 0.60
"""Of the worktop."""
TOP_THICK_M = 0.038
STAND_BACK_M, FRIDGE_BACK_M = 0.12, 0.42
WALL_UNIT_DEPTH_M = 0.32
DOOR_THICK_M = 0.018
HEAD_AHEAD_M = 0.27
"""How far ahead of any stand eyes may come at their height: farther on hang wall units and hoods."""
SINK_DEPTH_M = 0.15
BASIN_M = (0.40, 0.36)
"""Opening of the sink, width and depth; it begins BASIN_FRONT_M behind the worktop's edge."""
BASIN_FRONT_M = 0.06
RING_GAP_M = (0.14, 0.115)
"""How far a hob's rings lie from its middle, sideways and in depth."""
RING_RADIUS_M = (0.09, 0.075, 0.075, 0.09)
"""Of the rings under the hob's spots 0 to 3: front left, front right, back left, back right."""
TAP_MOUTH_M = (0.0, -0.19, 0.205)
"""Where water leaves the tap, from its foot on the worktop."""
FOOT_Y_M = 0.50
"""Where the tap's foot stands behind the worktop's edge."""
LEVER_M = (0.034, 0.0, 0.060)
"""Where the lever is hinged, from the tap's foot, on the lever's side."""
LEVER_LENGTH_M = 0.085


@dataclass(frozen=True)
class Box:
    """What a fixture fills when it is shut, in the fixture's frame. low, high: corners, (3,)."""

    low: tuple[float, float, float]
    high: tuple[float, float, float]


@dataclass(frozen=True)
class Run:
    """Furniture along one wall.

    tops: stretches of worktop, (from, to) along x. uppers: stretches of wall units that stay shut. window, hood:
    stretches or None.
    """

    frame: Pose
    length_m: float
    tops: tuple[tuple[float, float], ...]
    uppers: tuple[tuple[float, float], ...]
    window: tuple[float, float] | None = None
    hood: tuple[float, float] | None = None


@dataclass(frozen=True)
class Room:
    """A kitchen. counter_m: height of the worktop. shelf_m: lower edge of the wall units. corner_m: worktop between
    two runs, low and high corner on the floor. floor_m: the room, low and high corner. boxes: by fixture's name, of
    the counter none.
    """

    shape: Literal["straight", "corner", "galley"]
    counter_m: float
    shelf_m: float
    wall_unit_m: float
    stations: Mapping[str, Station]
    boxes: Mapping[str, Box]
    runs: tuple[Run, ...]
    floor_m: tuple[tuple[float, float], tuple[float, float]]
    corner_m: tuple[tuple[float, float], tuple[float, float]] | None = None


# Columns are the bar's x, y, z in a fixture's frame.
_LEVEL = np.array([[0.0, 0.0, 1.0], [0.0, -1.0, 0.0], [1.0, 0.0, 0.0]])
"""A bar from left to right, fixed to what is behind it."""
_UPRIGHT = np.array([[-1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, 1.0]])
"""A bar that stands, fixed to what is behind it."""


def _pose(x: float, y: float, z: float, rotation: Vector | None = None) -> Pose:
    return Pose(np.array([x, y, z], float), np.eye(3) if rotation is None else rotation)


def _spot(place: str, x: float, y: float, z: float, radius_m: float, clearance_m: float, yaw_rad: float = 0.0) -> Spot:
    return Spot(place, Pose.at(x, y, z, yaw_rad), radius_m, clearance_m)


class _Builder:
    """Gathers a kitchen's stations. side: of a block, 1 as written here, -1 mirrored."""

    def __init__(self, rng: np.random.Generator):
        self.rng = rng
        self.counter_m = round(float(rng.uniform(0.86, 0.94)), 3)
        self.shelf_m = round(float(rng.uniform(1.33, 1.38)), 3)
        self.wall_unit_m = round(float(rng.uniform(0.62, 0.74)), 3)
        self.has_rack = bool(rng.random() < 0.55)
        self.stations: dict[str, Station] = {}
        self.boxes: dict[str, Box] = {}

    def _counter(self, block: Pose, low: float, high: float, columns: list[float], rows: list[float]) -> Fixture:
        """Worktop from low to high along the block; its spots in columns (x) and rows (y), nearest row first."""
        middle = (low + high) / 2
        spots = tuple(_spot("counter", x - middle, y, self.counter_m, 0.095, 0.42) for y in rows for x in columns)
        size = (high - low, DEPTH_M, self.counter_m)
        return Fixture("counter", "counter", block @ _pose(middle, 0, 0), size, spots=spots)

    def _add(self, station: str, block: Pose, fixtures: list[Fixture], back_m: float = STAND_BACK_M) -> None:
        self.stations[station] = Station(station, block @ _pose(0, -back_m, 0), tuple(fixtures))

    def sink(self, block: Pose, side: float) -> None:
        top, (wide, deep) = self.counter_m, BASIN_M
        x = side * 0.195
        bottom = top - SINK_DEPTH_M + 0.002
        spots = tuple(_spot("sink", dx, deep / 2, bottom, 0.09, 0.45) for dx in (-0.085 * side, 0.095 * side))
        frame = block @ _pose(x, BASIN_FRONT_M, 0)
        sink = Fixture("sink", "sink", frame, (wide, deep, top), spots=spots, material="metal")
        self.boxes["sink"] = Box((-wide / 2, 0, bottom - 0.01), (wide / 2, deep, top + 0.003))
        # The lever is on the side of the hand that is nearer.
        reach = -side if self.rng.random() < 0.6 else side
        hinge = np.array([LEVER_M[0] * reach, LEVER_M[1], top + LEVER_M[2]])
        along = np.array([0.80 * reach, -0.45, 0.40])
        along /= np.linalg.norm(along)
        outward = np.array([-0.40 * reach * 0.8, 0.18, 0.92])
        outward -= along * (along @ outward)
        outward /= np.linalg.norm(outward)
        rotation = np.stack([np.cross(outward, along), outward, along], axis=1)
        axis = np.cross(along, (0.0, 0.0, 1.0))
        axis /= np.linalg.norm(axis)
        tap = Fixture(
            "tap", "tap", block @ _pose(x, FOOT_Y_M, 0), (0.06, 0.06, top + 0.31),
            grip=Grip(Pose(hinge + (LEVER_LENGTH_M - 0.025) * along, rotation), 0.007, 0.05, "wrap"),
            joint="turn", axis=tuple(axis), pivot_m=tuple(hinge), travel=0.45, material="metal",
        )  # fmt: skip
        self.boxes["tap"] = Box((-0.03, -0.03, top), (0.03, 0.03, top + 0.31))
        columns = [-side * x for x in (0.12, 0.325)]
        ends = sorted((-side * 0.45, side * (0.80 if self.has_rack else 0.50)))
        fixtures = [sink, tap, self._counter(block, *ends, columns, [0.12, 0.325])]
        if self.has_rack:
            wide, deep = 0.30, 0.34
            frame = block @ _pose(side * 0.565, 0.06, 0)
            slots = tuple(_spot("rack", side * dx, dy, top + 0.022, 0.075, 0.42)
                          for dy in (0.065, 0.22) for dx in (-0.075, 0.075))  # fmt: skip
            fixtures.append(Fixture("rack", "rack", frame, (wide, deep, top + 0.12), spots=slots, material="metal"))
            self.boxes["rack"] = Box((-wide / 2, 0, top), (wide / 2, deep, top + 0.12))
        self._add("sink", block, fixtures)

    def hob(self, block: Pose, side: float) -> None:
        top, wide, deep = self.counter_m, 0.56, 0.50
        across, along = RING_GAP_M
        spots = tuple(
            _spot("hob", sx * across, deep / 2 + 0.02 + sy * along, top + 0.008, 0.115, 0.42)
            for sy in (-1, 1)
            for sx in (-1, 1)
        )
        dial = _pose(0.245, 0.045, top + 0.018)
        fixture = Fixture(
            "hob", "hob", block @ _pose(side * 0.22, 0.05, 0), (wide, deep, top + 0.008), spots=spots,
            grip=Grip(dial, 0.017, 0.022, "pinch"), joint="turn", axis=(0.0, 0.0, -1.0),
            pivot_m=tuple(dial.position_m), travel=2.2, material="glass",
        )  # fmt: skip
        self.boxes["hob"] = Box((-wide / 2, 0, top - 0.02), (wide / 2, deep, top + 0.008))
        columns = [-side * x for x in (0.175, 0.375)]
        ends = sorted((-side * 0.49, side * 0.54))
        self._add("hob", block, [fixture, self._counter(block, *ends, columns, [0.12, 0.325])])

    def _drawer(self, name: str, block: Pose, x: float, wide: float) -> Fixture:
        high = self.counter_m - TOP_THICK_M - 0.004
        low, deep = high - 0.15, 0.46
        spots = tuple(
            _spot(name, dx, 0.185, low + 0.022, 0.045, 0.09, np.pi / 2)
            for dx in np.linspace(-0.5, 0.5, 4) * (wide - 0.13)
        )
        self.boxes[name] = Box((-wide / 2, -DOOR_THICK_M, low), (wide / 2, deep, high))
        handle = _pose(0, -DOOR_THICK_M - 0.028, low + 0.095, _LEVEL)
        return Fixture(
            name, "drawer", block @ _pose(x, 0, 0), (wide, deep, 0.15), grip=Grip(handle, 0.006, 0.13),
            joint="slide", axis=(0.0, -1.0, 0.0), travel=0.33, carries=True, spots=spots,
        )  # fmt: skip

    def _cupboard(self, name: str, block: Pose, side: float, wide: float) -> Fixture:
        """A wall unit on one side of the stand, its door hinged on the far side, away from the head."""
        low, high, deep = self.shelf_m, self.shelf_m + self.wall_unit_m, WALL_UNIT_DEPTH_M - DOOR_THICK_M
        floor, shelf = low + 0.018, low + 0.018 + 0.25
        spots = [_spot(name, -side * 0.085, 0.155, floor, 0.125, 0.22)]
        spots += [_spot(name, side * 0.135, y, floor, 0.065, 0.22) for y in (0.09, 0.22)]
        spots += [_spot(name, x, y, shelf, 0.065, 0.28) for y in (0.09, 0.22) for x in (-0.14, 0.0, 0.14)]
        self.boxes[name] = Box((-wide / 2, -DOOR_THICK_M, low), (wide / 2, deep, high))
        handle = _pose(-side * (wide / 2 - 0.035), -DOOR_THICK_M - 0.028, low + 0.10, _UPRIGHT)
        frame = block @ _pose(side * (0.02 + wide / 2), DEPTH_M - deep, 0)
        return Fixture(
            name, "cupboard", frame, (wide, deep, self.wall_unit_m), grip=Grip(handle, 0.006, 0.12),
            joint="turn", axis=(0.0, 0.0, side), pivot_m=(side * wide / 2, 0.0, 0.0), travel=1.75, spots=tuple(spots),
        )  # fmt: skip

    def prep(self, block: Pose, side: float) -> None:
        wide = float(self.rng.uniform(0.40, 0.46))
        x = 0.13 + wide / 2
        counter = self._counter(block, -0.60, 0.60, [side * c for c in (-0.41, -0.205, 0, 0.205, 0.41)], [0.12, 0.325])
        drawers = [self._drawer("drawer", block, side * x, wide), self._drawer("drawer_2", block, -side * x, wide)]
        cupboard = self._cupboard("cupboard", block, -side, 0.46)
        self._add("prep", block, [counter, *drawers, cupboard])

    def storage(self, block: Pose, side: float) -> None:
        """side: where the microwave stands; the bin is at the other end of the block."""
        top, (wide, deep, high) = self.counter_m, (0.46, 0.35, 0.28)
        door = 0.335
        self.boxes["microwave"] = Box((-wide / 2, -0.02, top + 0.008), (wide / 2, deep, top + high))
        left = -wide / 2
        handle = _pose(left + door - 0.022, -0.02 - 0.03, top + high / 2, _UPRIGHT)
        inside = (_spot("microwave", left + 0.02 + 0.155, 0.165, top + 0.04, 0.125, 0.19),)
        microwave = Fixture(
            "microwave", "microwave", block @ _pose(side * 0.37, 0.20, 0), (wide, deep, high),
            grip=Grip(handle, 0.007, 0.16), joint="turn", axis=(0.0, 0.0, -1.0), pivot_m=(left, 0.0, 0.0),
            travel=1.75, spots=inside, material="metal",
        )  # fmt: skip
        wide, deep, high = 0.28, 0.30, round(float(self.rng.uniform(0.78, 0.82)), 3)
        self.boxes["bin"] = Box((-wide / 2, 0, 0), (wide / 2, deep, high))
        lip = _pose(0, -0.006, high - 0.012, _LEVEL)
        waste = Fixture(
            "bin", "bin", block @ _pose(-side * 0.49, -0.02, 0), (wide, deep, high),
            grip=Grip(lip, 0.010, 0.10, "pinch"),
            joint="turn", axis=(-1.0, 0.0, 0.0), pivot_m=(0.0, deep - 0.01, high - 0.02), travel=1.35,
            spots=(_spot("bin", 0, 0.13, high - 0.09, 0.11, 0.5),), material="plastic",
        )  # fmt: skip
        counter = self._counter(block, *sorted((-side * 0.33, side * 0.64)), [side * c for c in (-0.225, -0.02)],
                                [0.12, 0.325])  # fmt: skip
        cupboard = self._cupboard("cupboard_2", block, side, 0.46)
        self._add("storage", block, [microwave, cupboard, waste, counter])

    def fridge(self, block: Pose, side: float) -> None:
        """side: where the door is hinged. The person stands towards the handle."""
        wide, deep, high = 0.56, 0.60, round(float(self.rng.uniform(1.62, 1.82)), 3)
        self.boxes["fridge"] = Box((-wide / 2, -0.05, 0.0), (wide / 2, deep, high))
        shelves = (0.86, 1.11, 1.36)
        spots = [
            _spot("fridge", x, y, z, 0.075, 0.22 if z < 1.3 else 0.20)
            for y in (0.10, 0.26)
            for z in shelves
            for x in (-0.155, 0.0, 0.155)
            if y < 0.2 or z > 1.0
        ]
        handle = _pose(-side * (wide / 2 - 0.045), -0.05 - 0.035, 1.08, _UPRIGHT)
        fridge = Fixture(
            "fridge", "fridge", block, (wide, deep, high), grip=Grip(handle, 0.008, 0.30), joint="turn",
            axis=(0.0, 0.0, side), pivot_m=(side * wide / 2, 0.0, 0.0), travel=1.75, spots=tuple(spots),
            material="metal",
        )  # fmt: skip
        self._add("fridge", block @ _pose(-side * 0.20, 0, 0), [fridge], FRIDGE_BACK_M)


def _half_widths(name: str, side: float, has_rack: bool) -> tuple[float, float]:
    """How far a block reaches to the left and to the right of its middle."""
    inner, outer = {
        "sink": (0.46, 0.81 if has_rack else 0.51),
        "hob": (0.50, 0.55),
        "prep": (0.61, 0.61),
        "storage": (0.66, 0.65),
        "fridge": (0.30, 0.30),
    }[name]
    return (inner, outer) if side > 0 else (outer, inner)


def _cut(stretch: tuple[float, float], holes: list[tuple[float, float]], least_m: float) -> list[tuple[float, float]]:
    """What is left of a stretch outside all holes, pieces of at least least_m."""
    pieces, start = [], stretch[0]
    for low, high in sorted(holes):
        pieces.append((start, low))
        start = max(start, high)
    pieces.append((start, stretch[1]))
    return [(a, b) for a, b in pieces if b - a >= least_m]


@lru_cache(maxsize=64)
def room(seed: int) -> Room:
    """The kitchen of a seed: of straight, corner (L-shaped) or galley shape, with everything where it stands."""
    rng = np.random.default_rng([seed, 11])
    build = _Builder(rng)
    shape = ("straight", "corner", "galley")[int(rng.integers(3))]
    worked = ["sink", "prep", "hob"] if rng.random() < 0.5 else ["hob", "prep", "sink"]
    if rng.random() < 0.4:
        worked = [worked[1], worked[0], worked[2]] if rng.random() < 0.5 else [worked[0], worked[2], worked[1]]
    stored = ["storage", "fridge"] if rng.random() < 0.5 else ["fridge", "storage"]
    sides = {name: 1.0 if rng.random() < 0.5 else -1.0 for name in ("sink", "prep", "hob", "storage", "fridge")}
    match shape:
        case "straight":
            # The fridge is tall: it closes an end, and the bin stands in the gap beside it.
            orders = [["fridge", "storage", *worked] if stored[0] == "fridge" else [*worked, "storage", "fridge"]]
        case "galley":
            orders = [worked, stored]
        case _:
            orders = [worked, stored] if rng.random() < 0.5 else [worked[:2], [worked[2], "storage", "fridge"]]
    frames, corner = [_pose(0, 0, 0)], None
    lengths = [sum(sum(_half_widths(n, sides[n], build.has_rack)) for n in order) for order in orders]
    aisle_m = float(rng.uniform(1.25, 1.6))
    is_right = bool(rng.random() < 0.5)
    if shape == "galley":
        shift = float(rng.uniform(-0.3, 0.3))
        frames.append(Pose.at(lengths[0] / 2 + lengths[1] / 2 + shift, -aisle_m, 0, np.pi))
    elif shape == "corner":
        # The fridge stands at the far end of the second run, not in the corner.
        second = [n for n in orders[1] if n != "fridge"]
        orders[1] = [*second, "fridge"] if is_right else ["fridge", *second]
        gap = 0.04
        if is_right:
            frames.append(Pose.at(lengths[0] + gap, -gap, 0, -np.pi / 2))
            corner = ((lengths[0], -gap), (lengths[0] + gap + DEPTH_M, DEPTH_M))
        else:
            frames.append(Pose.at(-gap, -gap - lengths[1], 0, np.pi / 2))
            corner = ((-gap - DEPTH_M, -gap), (0.0, DEPTH_M))
    runs = []
    for k, (order, frame, length) in enumerate(zip(orders, frames, lengths, strict=True)):
        x, taken, holes, gaps, window, hood = 0.0, [], [], [], None, None
        for name in order:
            if name == "storage" and "fridge" in order:
                # The bin stands beside the fridge.
                sides[name] = 1.0 if order.index("fridge") < order.index(name) else -1.0
            left, right = _half_widths(name, sides[name], build.has_rack)
            middle, side = x + left, sides[name]
            getattr(build, name)(frame @ _pose(middle, 0, 0), side)
            if name == "fridge":
                gaps.append((x, x + left + right))
                taken.append((x, x + left + right))
            elif name == "storage":
                gaps.append(tuple(sorted((middle - side * 0.34, middle - side * 0.66))))
            if name == "sink" and rng.random() < 0.7:
                window = (middle + side * 0.195 - 0.55, middle + side * 0.195 + 0.55)
                taken.append(window)
            if name == "hob":
                hood = (middle + side * 0.22 - 0.30, middle + side * 0.22 + 0.30)
                taken.append(hood)
            for fixture in build.stations[name].fixtures:
                if fixture.kind == "cupboard":
                    centre = (frame.inverse() @ fixture.frame).position_m[0]
                    holes.append((centre - fixture.size_m[0] / 2, centre + fixture.size_m[0] / 2))
            x += left + right
        if window is not None and any(
            low < window[1] and window[0] < high for low, high in [*holes, *taken] if (low, high) != window
        ):
            taken.remove(window)
            window = None
        low, high = 0.0, length
        if shape == "corner" and k == 1:
            low, high = (0.30, high) if is_right else (low, high - 0.30)
        uppers = _cut((low, high), [*taken, *holes], 0.25) if rng.random() < 0.8 else []
        runs.append(Run(frame, length, tuple(_cut((0.0, length), gaps, 0.05)), tuple(uppers), window, hood))
    points = np.array([run.frame.point((x, y, 0)) for run in runs for x in (0, run.length_m) for y in (0, DEPTH_M)])
    if corner is not None:
        points = np.concatenate([points, [(*corner[1], 0.0)]])
    low, high = points[:, :2].min(axis=0), points[:, :2].max(axis=0)
    if shape == "straight":
        low = low - (0, rng.uniform(2.0, 2.8))
    elif shape == "corner":
        low, high = (
            (low - (rng.uniform(0.0, 1.0), 0.8), high) if is_right else (low - (0, 0.8), high + (rng.uniform(0, 1), 0))
        )
    else:
        low, high = low - (rng.uniform(0.4, 1.2), 0), high + (0.05, 0)
    return Room(
        shape=shape,
        counter_m=build.counter_m,
        shelf_m=build.shelf_m,
        wall_unit_m=build.wall_unit_m,
        stations={name: build.stations[name] for name in ("sink", "hob", "prep", "fridge", "storage")},
        boxes=build.boxes,
        runs=tuple(runs),
        floor_m=(tuple(low.tolist()), tuple(high.tolist())),
        corner_m=corner,
    )


def rooms(seed: int) -> Mapping[str, Station]:
    """The stations of a seed's kitchen by name: sink, hob, prep, fridge, storage."""
    return room(seed).stations


def tap_mouth_m(station: Station) -> Vector:
    """Where water leaves the tap of the sink's station, (3,), in the world."""
    tap, sink = station.fixture("tap"), station.fixture("sink")
    assert tap is not None and sink is not None
    return tap.frame.point(np.array(TAP_MOUTH_M) + (0, 0, sink.size_m[2]))


def drain_m(station: Station) -> Vector:
    """Where water ends in the empty sink of the sink's station, (3,): the basin's floor below the tap's mouth."""
    sink = station.fixture("sink")
    assert sink is not None
    return np.array([*tap_mouth_m(station)[:2], sink.spots[0].pose.position_m[2]])


def ring_of(hob: Fixture, point_m: Vector) -> int | None:
    """Which of the hob's spots lies under a point: its index, None where none does."""
    for k, spot in enumerate(hob.spots):
        off = np.asarray(point_m) - hob.spots_m[k]
        if np.hypot(off[0], off[1]) < spot.radius_m and -0.03 < off[2] < 0.25:
            return k
    return None

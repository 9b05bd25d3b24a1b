"""A kitchen's furniture as patches: what a room's numbers look like in wood, steel, glass and tiles.

Patches lie in the world as they are when everything is shut, sorted into parts: a fixture's name for what is fixed of
it, "name/door" for what moves, "room" for the rest.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from egoprog.sim import layout, shapes, textures
from egoprog.sim.bake import Lamp, Patch
from egoprog.sim.layout import DEPTH_M, DOOR_THICK_M, Room, Run
from egoprog.sim.pose import Pose, Vector
from egoprog.sim.textures import Paint, Swatch, front, plain
from egoprog.sim.types import Colour, Fixture

OVERHANG_M = 0.022
"""How far the worktop stands out before the doors below it."""
CEILING_M = 2.45
Painter = Callable[[float, float, tuple[float, float]], Paint]
"""Paints a rectangle: width and height in metres, and where its lower left corner lies."""
PX_PER_M = {"top": 360, "splash": 260, "front": 200, "wall": 80, "floor": 150, "inside": 130, "appliance": 330}

_WORKTOPS = ("oak", "beech", "walnut", "granite", "dark granite", "speckled", "white", "grey")
_FACES: tuple[Colour, ...] = (
    (0.93, 0.92, 0.89), (0.90, 0.90, 0.90), (0.86, 0.82, 0.73), (0.47, 0.53, 0.53), (0.30, 0.36, 0.44),
    (0.40, 0.47, 0.38), (0.26, 0.27, 0.29), (0.74, 0.66, 0.54), (0.62, 0.70, 0.72),
)  # fmt: skip
_WALLS: tuple[Colour, ...] = (
    (0.91, 0.90, 0.87), (0.89, 0.86, 0.78), (0.83, 0.87, 0.88), (0.88, 0.83, 0.70), (0.79, 0.84, 0.77),
    (0.90, 0.83, 0.79), (0.72, 0.77, 0.80),
)  # fmt: skip
_CLUTTER: tuple[Colour, ...] = (
    (0.78, 0.20, 0.16), (0.92, 0.74, 0.24), (0.24, 0.44, 0.62), (0.36, 0.54, 0.30), (0.88, 0.86, 0.80),
    (0.52, 0.30, 0.18), (0.18, 0.18, 0.20), (0.84, 0.50, 0.22), (0.55, 0.70, 0.72), (0.60, 0.28, 0.40),
)  # fmt: skip


@dataclass(frozen=True)
class Style:
    """What a kitchen is made of. lamp, day: colours of the lamp's light and of the window's, with their strength."""

    worktop: str
    face: Colour
    upper_face: Colour
    face_style: str
    is_wooden: bool
    handle: str
    splash: str
    splash_colours: tuple[Colour, ...]
    wall: Colour
    floor: str
    fridge: str
    appliance: Colour
    lamp: tuple[float, float, float]
    day: tuple[float, float, float]
    ambient: tuple[float, float, float]
    has_strips: bool
    tap: str
    bin: Colour

    @staticmethod
    def of(seed: int) -> Style:
        """The style of a seed."""
        rng = np.random.default_rng([seed, 1])

        def one(options: Sequence) -> object:
            return options[int(rng.integers(len(options)))]

        def near(colour: Colour) -> Colour:
            return tuple(np.clip(np.array(colour) * rng.uniform(0.95, 1.05, 3), 0, 1).tolist())

        face = near(one(_FACES))
        warm = np.array((1.0, 0.88, 0.70)) if rng.random() < 0.55 else np.array((1.0, 0.97, 0.92))
        evening = rng.random() < 0.3
        day = np.array((0.92, 0.97, 1.0)) * (rng.uniform(0.1, 0.3) if evening else rng.uniform(0.9, 1.9))
        lamp = warm * (rng.uniform(1.5, 2.1) if evening else rng.uniform(0.5, 1.4))
        ambient = 0.26 * warm + 0.16 * day / day.max()
        splash = str(one(("metro", "square", "square", "colours", "mosaic", "plain", "glass", "upstand")))
        tiles = {
            "metro": ((0.90, 0.90, 0.87),),
            "square": (near(one(((0.86, 0.87, 0.84), (0.78, 0.82, 0.82), (0.86, 0.80, 0.68), (0.62, 0.72, 0.74)))),),
            "colours": ((0.14, 0.26, 0.34), (0.80, 0.50, 0.16), (0.20, 0.40, 0.46), (0.84, 0.62, 0.30)),
            "mosaic": ((0.56, 0.62, 0.60), (0.70, 0.73, 0.68), (0.40, 0.48, 0.50), (0.80, 0.78, 0.70)),
        }
        return Style(
            worktop=str(one(_WORKTOPS)),
            face=face,
            upper_face=face if rng.random() < 0.6 else near((0.92, 0.91, 0.88)),
            face_style=str(one(("slab", "shaker", "shaker", "groove"))),
            is_wooden=bool(rng.random() < 0.3),
            handle=str(one(("bar", "bar", "bow", "knob"))),
            splash=splash,
            splash_colours=tiles.get(
                splash, (near(one(((0.30, 0.42, 0.46), (0.85, 0.87, 0.84), (0.52, 0.62, 0.50)))),)
            ),
            wall=near(one(_WALLS)),
            floor=str(one(("boards", "boards", "tiles", "slate", "checks", "cork"))),
            fridge=str(one(("white", "steel", "steel", "colour"))),
            appliance=tuple(one(((0.90, 0.90, 0.90), (0.20, 0.20, 0.21), (0.66, 0.67, 0.69)))),
            lamp=tuple(lamp.tolist()),
            day=tuple(day.tolist()),
            ambient=tuple(ambient.tolist()),
            has_strips=bool(rng.random() < 0.4),
            tap=str(one(("swan", "angular"))),
            bin=near(one(((0.72, 0.73, 0.75), (0.20, 0.20, 0.22), (0.86, 0.86, 0.84), (0.62, 0.16, 0.14)))),
        )


def _matt(colour: Colour) -> Painter:
    return lambda width, height, at: plain(colour)


def _chrome(normals: NDArray, tint: Colour = (0.80, 0.82, 0.85)) -> Paint:
    """What polished metal shows of a room, by the way its surface faces: (r, c, 3) normals, bottom row first."""
    up = normals[..., 2]
    bands = 0.52 + 0.34 * np.tanh(3 * up) + 0.22 * np.sin(5 * up + 3.1 * normals[..., 0])
    gleam = np.exp(-((np.abs(normals[..., 0] * 0.7 + up * 0.7) - 0.85) ** 2) / 0.004) * 0.5
    return (np.clip(bands + gleam, 0.12, 1.1)[::-1, :, None] * np.array(tint)).astype(np.float32)


def _write(sheet: Paint, text: str, at_px: tuple[int, int], scale: float, colour: Colour) -> None:
    """Writes on a picture, from the lower left corner of the text on."""
    mask = np.zeros(sheet.shape[:2], np.uint8)
    cv2.putText(mask, text, at_px, cv2.FONT_HERSHEY_SIMPLEX, scale, 255, 1, cv2.LINE_AA)
    share = mask[..., None].astype(np.float32) / 255
    sheet[:] = sheet * (1 - share) + share * np.array(colour, np.float32)


class Furniture:
    """All patches of a room. parts: patches by part. boxes: (B, 2, 3), what casts shadows. lamps, ambient: the
    light. daylight: the way that light from the window goes, level. meter_m: (N, 3), places where light should be right. surfaces: (S, 5), level rectangles that shadows fall on: x from, to, y from, to, height.
    """

    def __init__(self, room: Room, style: Style, seed: int):
        self.room, self.style = room, style
        self._rng = np.random.default_rng([seed, 2])
        self.parts: dict[str, list[Patch]] = defaultdict(list)
        self._boxes: list[tuple[Vector, Vector]] = []
        self._surfaces: list[tuple[float, ...]] = []
        self.lamps: list[Lamp] = []
        self._windows: list[tuple[Vector, Vector]] = []
        self._make_swatches()
        self._room()
        for run in room.runs:
            self._run(run)
        self._corner()
        for station in room.stations.values():
            for fixture in station.fixtures:
                maker = getattr(self, f"_{fixture.kind}", None)
                if maker is not None:
                    maker(fixture)
        self._clutter()
        self._light()
        self.meter_m = np.array(
            [
                fixture.spot(spot, 0.0).position_m
                for station in room.stations.values()
                for fixture in station.fixtures
                if fixture.name == "counter"
                for spot in fixture.spots
            ]
        )
        self.boxes = np.array([(np.minimum(a, b), np.maximum(a, b)) for a, b in self._boxes])
        self.surfaces = np.array(self._surfaces)

    # Materials.

    def _make_swatches(self) -> None:
        rng, style = self._rng, self.style
        woods = {"oak": ((0.70, 0.52, 0.33), 9), "beech": ((0.80, 0.61, 0.41), 12), "walnut": ((0.42, 0.28, 0.18), 8)}
        ppm = PX_PER_M["top"]
        if style.worktop in woods:
            colour, staves = woods[style.worktop]
            picture = textures.wood(rng, colour, staves)
        else:
            picture = {
                "granite": lambda: textures.granite(rng, ((0.56, 0.52, 0.48), (0.34, 0.31, 0.30), (0.74, 0.70, 0.66), (0.2, 0.18, 0.18))),
                "dark granite": lambda: textures.granite(rng, ((0.17, 0.17, 0.18), (0.09, 0.09, 0.10), (0.36, 0.36, 0.37), (0.6, 0.6, 0.6))),
                "speckled": lambda: textures.granite(rng, ((0.70, 0.64, 0.54), (0.48, 0.40, 0.30), (0.84, 0.80, 0.72), (0.3, 0.26, 0.22))),
                "white": lambda: textures.laminate(rng, (0.91, 0.91, 0.89)),
                "grey": lambda: textures.laminate(rng, (0.50, 0.50, 0.49)),
            }[style.worktop]()  # fmt: skip
        # Grains of stone are a few millimetres large, staves of wood a few centimetres.
        self._top = Swatch(picture, ppm if style.worktop in woods else 2.2 * ppm)
        tiles = style.splash_colours
        grout = (0.72, 0.71, 0.68) if np.mean(tiles) < 0.8 else (0.66, 0.66, 0.65)
        splash = {
            "metro": lambda: textures.brick_tiles(rng, tiles, 8, 4, grout),
            "square": lambda: textures.brick_tiles(rng, tiles, 5, 5, grout, is_offset=False, vary=0.04),
            "colours": lambda: textures.brick_tiles(rng, tiles, 5, 5, grout, is_offset=False, vary=0.06),
            "mosaic": lambda: textures.brick_tiles(rng, tiles, 16, 16, grout, is_offset=False, vary=0.07),
        }.get(style.splash)
        self._splash = Swatch(splash(), 512 / 0.75) if splash else None
        self._wall_paint = Swatch(textures.plaster(rng, style.wall), 160)
        floor = {
            "boards": lambda: (textures.floor_boards(rng, ((0.62, 0.46, 0.30), (0.50, 0.36, 0.25), (0.68, 0.58, 0.45))[int(rng.integers(3))]), 0.85),
            "tiles": lambda: (textures.brick_tiles(rng, ((0.74, 0.70, 0.63), (0.70, 0.67, 0.60)), 3, 3, (0.5, 0.48, 0.44), False, 0.04), 1.0),
            "slate": lambda: (textures.brick_tiles(rng, ((0.34, 0.36, 0.37), (0.29, 0.31, 0.33)), 3, 3, (0.46, 0.46, 0.45), False, 0.08), 1.3),
            "checks": lambda: (textures.brick_tiles(rng, ((0.84, 0.83, 0.79), (0.24, 0.25, 0.26), (0.84, 0.83, 0.79)), 4, 4, (0.4, 0.4, 0.4), False, 0.04), 1.1),
            "cork": lambda: (textures.granite(rng, ((0.64, 0.47, 0.31), (0.50, 0.35, 0.22), (0.74, 0.58, 0.42))), 0.8),
        }[style.floor]()  # fmt: skip
        self._floor = Swatch(floor[0], 512 / floor[1])
        self._steel = Swatch(textures.steel(rng), 400)
        grain = textures.wood(rng, style.face if np.mean(style.face) < 0.8 else (0.72, 0.55, 0.36), 3)
        self._grain = Swatch(np.ascontiguousarray(grain.transpose(1, 0, 2)), 420)
        self._face: Swatch | Colour = self._grain if style.is_wooden else style.face
        self._upper_face: Swatch | Colour = self._face if style.upper_face == style.face else style.upper_face

    def _of(self, swatch: Swatch, kind: str) -> Painter:
        return lambda width, height, at: swatch.cut(width, height, PX_PER_M[kind], at)

    def _front(self, is_upper: bool = False) -> Painter:
        face = self._upper_face if is_upper else self._face
        return lambda width, height, at: front(width, height, PX_PER_M["front"], face, self.style.face_style, at)

    def _carcass(self) -> Painter:
        return _matt((0.90, 0.89, 0.86))

    # Rectangles and boxes in a frame.

    def _side(
        self, part: str, frame: Pose, axis: str, low: Sequence[float], high: Sequence[float], painter: Painter,
        light: float | None = None, cell_m: float = 0.09,
    ) -> None:  # fmt: skip
        """One side of a box between two corners; axis: which way it faces, "-y" to the front."""
        (x0, y0, z0), (x1, y1, z1) = low, high
        corner, right, up, at = {
            "-y": ((x0, y0, z0), (x1 - x0, 0, 0), (0, 0, z1 - z0), (x0, z0)),
            "+y": ((x1, y1, z0), (x0 - x1, 0, 0), (0, 0, z1 - z0), (-x1, z0)),
            "-x": ((x0, y1, z0), (0, y0 - y1, 0), (0, 0, z1 - z0), (-y1, z0)),
            "+x": ((x1, y0, z0), (0, y1 - y0, 0), (0, 0, z1 - z0), (y0, z0)),
            "+z": ((x0, y0, z1), (x1 - x0, 0, 0), (0, y1 - y0, 0), (x0, y0)),
            "-z": ((x0, y1, z0), (x1 - x0, 0, 0), (0, y0 - y1, 0), (x0, -y1)),
        }[axis]
        width, height = float(np.linalg.norm(right)), float(np.linalg.norm(up))
        if min(width, height) < 1e-4:
            return
        picture = painter(width, height, at)
        rotate = frame.rotation
        self.parts[part].append(
            Patch.quad(frame.point(corner), rotate @ np.array(right), rotate @ np.array(up), picture, light, cell_m)
        )

    def _box(
        self, part: str, frame: Pose, low: Sequence[float], high: Sequence[float], painter: Painter,
        sides: str = "-y -x +x +z", light: float | None = None, casts: bool = True, cell_m: float = 0.09,
    ) -> None:  # fmt: skip
        for axis in sides.split():
            self._side(part, frame, axis, low, high, painter, light, cell_m)
        if casts:
            self._cast(frame, low, high)

    def _cast(self, frame: Pose, low: Sequence[float], high: Sequence[float]) -> None:
        self._boxes.append((frame.point(low), frame.point(high)))

    def _level(self, frame: Pose, low: Sequence[float], high: Sequence[float], height: float) -> None:
        a, b = frame.point((*low, 0.0)), frame.point((*high, 0.0))
        self._surfaces.append((min(a[0], b[0]), max(a[0], b[0]), min(a[1], b[1]), max(a[1], b[1]), height))

    def _inside(
        self, part: str, frame: Pose, low: Sequence[float], high: Sequence[float], painter: Painter, light: float
    ) -> None:
        """The five inner sides of a hollow that is open to the front."""
        (x0, y0, z0), (x1, y1, z1) = low, high
        self._side(part, frame, "-y", (x0, y1, z0), (x1, y1, z1), painter, 0.86 * light)
        self._side(part, frame, "+x", (x0, y0, z0), (x0, y1, z1), painter, 0.78 * light)
        self._side(part, frame, "-x", (x1, y0, z0), (x1, y1, z1), painter, 0.78 * light)
        self._side(part, frame, "+z", (x0, y0, z0), (x1, y1, z0), painter, light)
        self._side(part, frame, "-z", (x0, y0, z1), (x1, y1, z1), painter, 0.6 * light)

    def _shape(
        self, part: str, frame: Pose, shape: shapes.Shape, colour: Colour | Paint | None, light: float | None = None
    ) -> None:
        """A round thing with its light painted on. colour: plain, a picture around it, or None for chrome."""
        rings, start = [], 0
        points = (
            frame.point_many(shape.vertices_m)
            if hasattr(frame, "point_many")
            else (shape.vertices_m @ frame.rotation.T + frame.position_m)
        )
        # A shape is one or more grids; a grid's texture coordinates begin at 0, 0 again.
        starts = [k for k, (u, v) in enumerate(shape.texcoords) if u == 0 and v == 0] + [len(points)]
        for start, stop in zip(starts, starts[1:], strict=False):
            around = int(np.argmax(shape.texcoords[start:stop, 1] > 0)) or stop - start
            rings.append(points[start:stop].reshape(-1, around, 3))
        for grid in rings:
            patch = Patch(grid, plain((1, 1, 1)), light)
            _, normals = patch.samples()
            if colour is None:
                picture = cv2.resize(_chrome(normals), (grid.shape[1] * 2, grid.shape[0] * 2))
                self.parts[part].append(Patch(grid, picture, 0.95))
            else:
                picture = colour if isinstance(colour, np.ndarray) else plain(colour, grid.shape[1], grid.shape[0])
                self.parts[part].append(Patch(grid, picture, light))

    # The room.

    def _room(self) -> None:
        (x0, y0), (x1, y1) = self.room.floor_m
        world, wall, rng = Pose.at(0, 0, 0), self._of(self._wall_paint, "wall"), self._rng
        low, high = (x0, y0, 0.0), (x1, y1, CEILING_M)
        self._side("room", world, "+z", (x0, y0, 0), (x1, y1, 0), self._of(self._floor, "floor"), cell_m=0.14)
        self._side("room", world, "-z", (x0, y0, CEILING_M), (x1, y1, CEILING_M), _matt((0.93, 0.93, 0.92)), cell_m=0.4)

        def with_skirting(width: float, height: float, at: tuple[float, float]) -> Paint:
            sheet = wall(width, height, at)
            ppm = PX_PER_M["wall"]
            band = int(0.10 * ppm)
            sheet[-band:] = (0.92, 0.91, 0.88)
            sheet[-band] = (0.62, 0.61, 0.60)
            if width > 1.6:
                self._furnish_wall(sheet, ppm, rng)
            return sheet

        for axis in ("-y", "+y", "-x", "+x"):
            near = {"-y": (low[0], high[1], 0), "+y": low, "-x": (high[0], low[1], 0), "+x": low}[axis]
            far = {"-y": high, "+y": (high[0], low[1], CEILING_M), "-x": high, "+x": (low[0], high[1], CEILING_M)}[axis]
            is_behind_run = any(np.allclose(run.frame.rotation[:, 1], _outward(axis)) for run in self.room.runs)
            self._side("room", world, axis, near, far, wall if is_behind_run else with_skirting, cell_m=0.2)
        self._level(world, (x0, y0), (x1, y1), 0.0)

    def _furnish_wall(self, sheet: Paint, ppm: int, rng: np.random.Generator) -> None:
        """A door, pictures, a calendar, on a wall without furniture."""
        high, wide = sheet.shape[:2]
        x = int(rng.uniform(0.1, 0.5) * (wide - 0.9 * ppm))
        door = sheet[high - int(2.0 * ppm) :, x : x + int(0.84 * ppm)]
        door[:] = np.array((0.90, 0.89, 0.86)) * rng.uniform(0.8, 1.0)
        for low, top in ((0.12, 0.45), (0.52, 0.92)):
            panel = door[int(low * door.shape[0]) : int(top * door.shape[0]), int(0.12 * ppm) : -int(0.12 * ppm)]
            panel *= 0.95
            panel[:1] *= 0.8
        door[:, :2] *= 0.7
        door[:, -2:] *= 0.7
        for _ in range(3):
            w, h = (rng.uniform(0.2, 0.5, 2) * ppm).astype(int)
            x = int(rng.uniform(0, wide - w))
            y = high - int(rng.uniform(1.4, 1.7) * ppm) - h // 2
            frame = sheet[y : y + h, x : x + w]
            frame[:] = _CLUTTER[int(rng.integers(len(_CLUTTER)))]
            inner = frame[2:-2, 2:-2]
            inner[:] = rng.uniform(0.3, 0.95, (1, 1, 3)) * (1 + 0.2 * rng.normal(size=(*inner.shape[:2], 1)))

    # A run of furniture: worktop, fronts below, splashback, wall units.

    def _run(self, run: Run) -> None:
        top, frame = self.room.counter_m, run.frame
        inverse = frame.inverse()
        mine = [
            (fixture, (inverse @ fixture.frame).position_m)
            for station in self.room.stations.values()
            for fixture in station.fixtures
            if np.allclose(fixture.frame.rotation, frame.rotation)
            and -0.3 < (inverse @ fixture.frame).position_m[0] < run.length_m + 0.3
            and abs((inverse @ fixture.frame).position_m[1]) < DEPTH_M
        ]
        sink = next(((f, at) for f, at in mine if f.kind == "sink"), None)
        for low, high in run.tops:
            self._worktop(frame, low, high, sink if sink and low < sink[1][0] < high else None)
            self._base(run, low, high, mine)
        self._splashback(run)
        for low, high in run.uppers:
            self._uppers(run, low, high)
        if run.hood is not None:
            self._hood(run)
        # Furniture casts shadows as a whole.
        for low, high in run.tops:
            self._cast(frame, (low, 0.0, 0.1), (high, DEPTH_M, top - layout.SINK_DEPTH_M - 0.02))

    def _worktop(self, frame: Pose, low: float, high: float, sink: tuple[Fixture, Vector] | None) -> None:
        top = self.room.counter_m
        under = top - layout.TOP_THICK_M
        paint = self._of(self._top, "top")
        holes = [(low, high, -OVERHANG_M, DEPTH_M)]
        if sink is not None:
            fixture, at = sink
            x0, x1 = at[0] - fixture.size_m[0] / 2, at[0] + fixture.size_m[0] / 2
            y0, y1 = at[1], at[1] + fixture.size_m[1]
            holes = [(low, x0, -OVERHANG_M, DEPTH_M), (x1, high, -OVERHANG_M, DEPTH_M), (x0, x1, -OVERHANG_M, y0),
                     (x0, x1, y1, DEPTH_M)]  # fmt: skip
        for x0, x1, y0, y1 in holes:
            self._side("counter", frame, "+z", (x0, y0, top), (x1, y1, top), paint, cell_m=0.045)
            self._cast(frame, (x0, y0, under), (x1, y1, top))
            self._level(frame, (x0, y0), (x1, y1), top)
        self._side("counter", frame, "-y", (low, -OVERHANG_M, under), (high, 0, top), paint, cell_m=0.1)
        self._side("counter", frame, "-x", (low, -OVERHANG_M, under), (low, DEPTH_M, top), paint)
        self._side("counter", frame, "+x", (high, -OVERHANG_M, under), (high, DEPTH_M, top), paint)

    def _base(self, run: Run, low: float, high: float, mine: list[tuple[Fixture, Vector]]) -> None:
        """Doors, drawers and machines below a stretch of worktop."""
        frame, rng = run.frame, self._rng
        top = self.room.counter_m - layout.TOP_THICK_M - 0.004
        self._side(
            "room", frame, "-y", (low, 0.05, 0.0), (high, 0.05, 0.1), _matt(tuple(0.5 * np.array(self.style.face)))
        )
        self._side("room", frame, "-y", (low, 0.0, 0.095), (high, 0.0, top + 0.01), _matt((0.10, 0.09, 0.08)))
        for x, axis in ((low, "-x"), (high, "+x")):
            self._side(
                "room", frame, axis, (x, 0.0, 0.0), (x, DEPTH_M, top), _matt(tuple(0.95 * np.array(self.style.face)))
            )
        cuts, machines = {low, high}, {}
        for fixture, at in mine:
            left, right = at[0] - fixture.size_m[0] / 2, at[0] + fixture.size_m[0] / 2
            if fixture.kind == "drawer" and low <= left and right <= high:
                cuts |= {left, right}
                machines[left] = fixture
            if fixture.kind == "hob" and low <= left and right <= high and self.style.worktop:
                cuts |= {left, right}
                machines[left] = fixture
        edges = sorted(cuts)
        has_washer = rng.random() < 0.6
        for left, right in zip(edges, edges[1:], strict=False):
            kind = machines[left].kind if left in machines else ""
            if kind == "drawer":
                drawer = self.room.boxes[machines[left].name]
                self._door_leaf(frame, left, right, 0.105, drawer.low[2] - 0.004, rng)
                continue
            if kind == "hob":
                self._oven_front(frame, left, right, top)
                continue
            if has_washer and right - left > 0.62:
                self._washer(frame, left + 0.005, left + 0.60, top)
                has_washer, left = False, left + 0.605
            count = max(round((right - left) / 0.45), 1)
            places = np.linspace(left, right, count + 1)
            for a, b in zip(places, places[1:], strict=False):
                if rng.random() < 0.3 and b - a > 0.3:
                    for z0, z1 in ((0.105, 0.40), (0.404, 0.66), (0.664, top)):
                        self._leaf("room", frame, a, b, z0, z1, rng, is_drawer=True)
                else:
                    self._door_leaf(frame, a, b, 0.105, top, rng)

    def _door_leaf(self, frame: Pose, a: float, b: float, low: float, high: float, rng: np.random.Generator) -> None:
        self._leaf("room", frame, a, b, low, high, rng, is_drawer=False)

    def _leaf(
        self,
        part: str,
        frame: Pose,
        a: float,
        b: float,
        low: float,
        high: float,
        rng: np.random.Generator,
        is_drawer: bool,
    ) -> None:
        """A front that stays shut, with its handle."""
        gap = 0.002
        self._side(part, frame, "-y", (a + gap, -DOOR_THICK_M, low), (b - gap, -DOOR_THICK_M, high), self._front())
        if is_drawer:
            self._handle(part, frame, Pose(np.array([(a + b) / 2, -DOOR_THICK_M, high - 0.06]), np.eye(3)), 0.13, True)
        else:
            x = b - 0.05 if rng.random() < 0.5 else a + 0.05
            self._handle(part, frame, Pose(np.array([x, -DOOR_THICK_M, high - 0.12]), np.eye(3)), 0.13, False)

    def _handle(self, part: str, frame: Pose, at: Pose, length_m: float, is_level: bool) -> None:
        """A handle on a front; at: its middle on the front's face."""
        half, out = length_m / 2, -0.028
        if self.style.handle == "knob" and length_m < 0.2:
            knob = shapes.turned(
                [(0.006, 0), (0.006, 0.012), (0.014, 0.018), (0.015, 0.024), (0.010, 0.030), (0, 0.031)], 12
            )
            turned = Pose(np.zeros(3), np.array([[1.0, 0, 0], [0, 0, -1.0], [0, 1.0, 0]]))
            self._shape(part, frame @ at @ turned, knob, None)
            return
        bow = self.style.handle == "bow"
        path = [(-half, 0.0), (-half, out), (half, out), (half, 0.0)]
        if bow:
            share = np.linspace(-1, 1, 9)
            path = [(s * half, out * (1 - s**2)) for s in share]
        points = np.array([(s, y, 0.0) if is_level else (0.0, y, s) for s, y in path])
        if not bow:
            points = np.insert(points, [1, 3], points[[1, 2]] * 0.98 + points[[0, 3]] * 0.02, axis=0)
        self._shape(part, frame @ at, shapes.tube(points, 0.0055, 8), None)

    def _oven_front(self, frame: Pose, a: float, b: float, top: float) -> None:
        """A built-in oven below the hob: glass with a bar across it, dials above."""
        face = self.style.appliance

        def paint(width: float, height: float, at: tuple[float, float]) -> Paint:
            ppm = PX_PER_M["front"]
            size = round(width * ppm), round(height * ppm)
            sheet = plain(face, *size)
            strip = round(0.11 * ppm)
            glass = sheet[strip + 4 : -6, 5:-5]
            shine = np.linspace(0.24, 0.07, glass.shape[0])[:, None, None]
            glass[:] = shine * np.array((0.95, 1.0, 1.05))
            cv2.rectangle(sheet, (14, strip + 22), (size[0] - 14, size[1] - 18), (0.10, 0.10, 0.11), -1)
            for x in np.linspace(0.14, 0.86, 5)[[0, 1, 3, 4]]:
                cv2.circle(sheet, (int(x * size[0]), strip // 2), 5, (0.12, 0.12, 0.13), -1, cv2.LINE_AA)
            cv2.rectangle(
                sheet, (size[0] // 2 - 11, strip // 2 - 5), (size[0] // 2 + 11, strip // 2 + 5), (0.05, 0.1, 0.1), -1
            )
            _write(sheet, "12:41", (size[0] // 2 - 9, strip // 2 + 3), 0.25, (0.3, 0.9, 0.7))
            sheet[strip : strip + 2] *= 0.5
            return sheet

        self._side("room", frame, "-y", (a + 0.003, -0.02, 0.105), (b - 0.003, -0.02, top), paint)
        bar = np.array(
            [
                (x, y, 0.0)
                for x, y in ((-0.2, 0.0), (-0.2, -0.03), (-0.19, -0.036), (0.19, -0.036), (0.2, -0.03), (0.2, 0.0))
            ]
        )
        self._shape("room", frame @ Pose.at((a + b) / 2, -0.02, top - 0.15), shapes.tube(bar, 0.007, 8), None)

        if self._rng.random() < 0.6:
            x = (a + b) / 2 + float(self._rng.uniform(-0.12, 0.04))
            colours = [np.array(_CLUTTER[int(k)]) for k in self._rng.integers(0, len(_CLUTTER), 2)]

            def towel(width: float, height: float, at: tuple[float, float]) -> Paint:
                rows, columns = np.mgrid[:96, :56]
                stripes = ((columns // 7) % 2 + (rows // 7) % 2) / 2
                sheet = stripes[..., None] * colours[0] + (1 - stripes[..., None]) * (0.5 * colours[1] + 0.45)
                folds = 1 + 0.14 * np.sin(columns / 6.0 + rows / 40.0) + 0.05 * np.sin(columns / 2.3)
                return (sheet * folds[..., None]).astype(np.float32)

            self._side("room", frame, "-y", (x - 0.1, -0.066, top - 0.50), (x + 0.1, -0.066, top - 0.14), towel)
            self._side("room", frame, "+z", (x - 0.1, -0.066, top - 0.14), (x + 0.1, -0.045, top - 0.14), towel)

    def _washer(self, frame: Pose, a: float, b: float, top: float) -> None:
        """A washing machine: a porthole and a panel."""

        def paint(width: float, height: float, at: tuple[float, float]) -> Paint:
            ppm = PX_PER_M["front"]
            size = round(width * ppm), round(height * ppm)
            sheet = plain((0.91, 0.91, 0.92), *size)
            middle = size[0] // 2, int(0.55 * size[1])
            for radius, colour in ((0.19, 0.70), (0.175, 0.86), (0.145, 0.22), (0.12, 0.13)):
                cv2.circle(sheet, middle, int(radius * ppm), (colour, colour, 1.03 * colour), -1, cv2.LINE_AA)
            cv2.ellipse(
                sheet, middle, (int(0.09 * ppm), int(0.10 * ppm)), 0, 200, 290, (0.42, 0.46, 0.5), 3, cv2.LINE_AA
            )
            sheet[int(0.13 * ppm) : int(0.13 * ppm) + 1] *= 0.7
            cv2.circle(sheet, (int(0.7 * size[0]), int(0.065 * ppm)), 6, (0.6, 0.6, 0.62), -1, cv2.LINE_AA)
            cv2.rectangle(sheet, (6, 6), (int(0.3 * size[0]), int(0.1 * ppm)), (0.8, 0.8, 0.82), -1)
            sheet[:, :1] *= 0.6
            sheet[:, -1:] *= 0.6
            return sheet

        self._side("room", frame, "-y", (a, -0.015, 0.02), (b, -0.015, top), paint)

    def _splashback(self, run: Run) -> None:
        frame, top = run.frame, self.room.counter_m
        high = self.room.shelf_m + 0.05
        style = self.style
        y = DEPTH_M - 0.006
        low_x, high_x = run.tops[0][0], run.tops[-1][1]
        if style.splash == "upstand":
            high = top + 0.10
            painter = self._of(self._top, "top")
        elif self._splash is not None:
            painter = self._of(self._splash, "splash")
        else:
            painter = _matt(style.splash_colours[0]) if style.splash == "glass" else self._of(self._wall_paint, "wall")
        pieces = [(low_x, high_x, top, high)]
        if run.window is not None:
            a, b = run.window
            sill = top + 0.16
            pieces = [(low_x, a, top, high), (b, high_x, top, high), (a, b, top, min(sill, high))]
            self._window(run, sill)
        for a, b, z0, z1 in pieces:
            if b - a > 0.02:
                self._side("room", frame, "-y", (a, y, z0), (b, y, z1), painter, cell_m=0.05)

        for x in self._rng.uniform(low_x + 0.1, high_x - 0.1, 3):
            if run.window is None or not run.window[0] - 0.1 < x < run.window[1] + 0.1:
                self._socket(frame @ Pose.at(x, y - 0.004, top + 0.24))

    def _socket(self, frame: Pose) -> None:
        """Two power points on a plate."""

        def paint(width: float, height: float, at: tuple[float, float]) -> Paint:
            sheet = plain((0.93, 0.93, 0.91), 44, 26)
            sheet[:1], sheet[-1:], sheet[:, :1], sheet[:, -1:] = 0.75, 0.55, 0.7, 0.7
            for x in (12, 32):
                for dx, dy in ((0, -4), (-3, 3), (3, 3)):
                    sheet[13 + dy : 15 + dy, x + dx : x + dx + 2] = 0.15
            return sheet

        self._side("room", frame, "-y", (-0.073, 0, -0.043), (0.073, 0, 0.043), paint)

    def _window(self, run: Run, sill: float) -> None:
        a, b = run.window
        high, rng = 2.12, self._rng
        view = textures.daylight(rng)
        is_dark = max(self.style.day) < 0.5
        tint = np.array(self.style.day) / max(self.style.day)
        if is_dark:
            view = view * np.array((0.12, 0.15, 0.24), np.float32)

        def paint(width: float, height: float, at: tuple[float, float]) -> Paint:
            ppm = 150
            size = round(width * ppm), round(height * ppm)
            sheet = cv2.resize(view.astype(np.float32), size) * tint.astype(np.float32)
            for x in (0, size[0] // 2 - 4, size[0] - 8):
                sheet[:, x : x + 8] = 0.90
                sheet[:, x : x + 1] = 0.7
            sheet[:8] = 0.88
            sheet[-8:] = 0.92
            return sheet

        y = DEPTH_M - 0.008
        self._side("room", run.frame, "-y", (a, y, sill), (b, y, high), paint, light=1.0)
        self._box(
            "room",
            run.frame,
            (a - 0.03, DEPTH_M - 0.10, sill - 0.025),
            (b + 0.03, DEPTH_M, sill),
            _matt((0.93, 0.92, 0.90)),
            "-y +z -x +x",
        )
        self._windows.append((run.frame.point((a, y, sill)), run.frame.point((b, y, high))))
        for x in np.arange(a + 0.12, b - 0.1, 0.21):
            if rng.random() < 0.55:
                self._ornament(run.frame @ Pose.at(x, DEPTH_M - 0.052, sill), 0.038, rng)

    def _uppers(self, run: Run, low: float, high: float) -> None:
        frame, shelf = run.frame, self.room.shelf_m
        top, y = shelf + self.room.wall_unit_m, DEPTH_M - layout.WALL_UNIT_DEPTH_M
        carcass = _matt(tuple(0.95 * np.array(self.style.upper_face)))
        self._box("room", frame, (low, y + DOOR_THICK_M, shelf), (high, DEPTH_M, top), carcass, "-x +x +z -z")
        count = max(round((high - low) / 0.42), 1)
        places = np.linspace(low, high, count + 1)
        for k, (a, b) in enumerate(zip(places, places[1:], strict=False)):
            self._side("room", frame, "-y", (a + 0.002, y, shelf), (b - 0.002, y, top), self._front(True))
            x = b - 0.04 if k % 2 == 0 else a + 0.04
            self._handle("room", frame, Pose(np.array([x, y, shelf + 0.10]), np.eye(3)), 0.12, False)

    def _hood(self, run: Run) -> None:
        a, b = run.hood
        low = self.room.shelf_m + 0.22
        steel = self._of(self._steel, "inside")
        self._box("room", run.frame, (a, 0.14, low), (b, DEPTH_M, low + 0.06), steel, "-y -x +x +z -z")
        middle = (a + b) / 2
        self._box(
            "room", run.frame, (middle - 0.14, 0.32, low + 0.06), (middle + 0.14, DEPTH_M, CEILING_M), steel, "-y -x +x"
        )
        self.lamps.append(
            Lamp(np.array([run.frame.point((middle + dx, 0.32, low - 0.03)) for dx in (-0.12, 0.12)]),
                 np.array([0, 0, -1.0]), tuple(0.35 * np.array((1.0, 0.9, 0.74))), 0.7)
        )  # fmt: skip

    def _corner(self) -> None:
        if self.room.corner_m is None:
            return
        (x0, y0), (x1, y1) = self.room.corner_m
        world, top = Pose.at(0, 0, 0), self.room.counter_m
        self._box(
            "counter",
            world,
            (x0, y0, top - layout.TOP_THICK_M),
            (x1, y1, top),
            self._of(self._top, "top"),
            "+z -y -x +x",
            cell_m=0.045,
        )
        self._box("room", world, (x0, y0, 0), (x1, y1, top - layout.TOP_THICK_M), _matt(self.style.face), "-y -x +x")
        self._level(world, (x0, y0), (x1, y1), top)
        walls = self._of(self._splash, "splash") if self._splash else self._of(self._wall_paint, "wall")
        high = self.room.shelf_m + 0.05 if self.style.splash != "upstand" else top + 0.1
        frame = self.room.runs[1].frame
        self._side("room", world, "-y", (x0, y1 - 0.006, top), (x1, y1 - 0.006, high), walls, cell_m=0.05)
        if frame.rotation[0, 1] > 0:
            self._side("room", world, "-x", (x1 - 0.006, y0, top), (x1 - 0.006, y1, high), walls, cell_m=0.05)
        else:
            self._side("room", world, "+x", (x0 + 0.006, y0, top), (x0 + 0.006, y1, high), walls, cell_m=0.05)

    # Fixtures.

    def _sink(self, fixture: Fixture) -> None:
        frame, (wide, deep, top) = fixture.frame, fixture.size_m
        low = self.room.boxes["sink"].low[2] + 0.01
        x0, x1, rim = -wide / 2, wide / 2, 0.018
        steel = self._of(self._steel, "appliance")

        def floor(width: float, height: float, at: tuple[float, float]) -> Paint:
            sheet = steel(width, height, at)
            middle = sheet.shape[1] // 2, sheet.shape[0] // 2
            for radius, shade in ((0.045, 0.62), (0.041, 0.80), (0.030, 0.24), (0.026, 0.12)):
                cv2.circle(sheet, middle, int(radius * PX_PER_M["appliance"]), (shade, shade, shade), -1, cv2.LINE_AA)
            return sheet

        self._side("sink", frame, "+z", (x0, 0, low), (x1, deep, low), floor, cell_m=0.04)
        self._side("sink", frame, "-y", (x0, deep, low), (x1, deep, top), steel, cell_m=0.04)
        self._side("sink", frame, "+y", (x0, 0, low), (x1, 0, top), steel, cell_m=0.04)
        self._side("sink", frame, "+x", (x0, 0, low), (x0, deep, top), steel, cell_m=0.04)
        self._side("sink", frame, "-x", (x1, 0, low), (x1, deep, top), steel, cell_m=0.04)
        self._level(frame, (x0, 0), (x1, deep), low)
        z = top + 0.003
        for a, b in (((x0 - rim, -rim), (x1 + rim, 0)), ((x0 - rim, deep), (x1 + rim, deep + rim)),
                     ((x0 - rim, 0), (x0, deep)), ((x1, 0), (x1 + rim, deep))):  # fmt: skip
            self._side("sink", frame, "+z", (*a, z), (*b, z), lambda w, h, at: 1.12 * steel(w, h, at), cell_m=0.05)
        rack = self.room.stations["sink"].fixture("rack")
        if rack is not None:
            self._drainer(rack)

    def _drainer(self, rack: Fixture) -> None:
        """The grooved steel beside the sink that the rack stands on."""
        top, (wide, deep, _) = self.room.counter_m, rack.size_m

        def paint(width: float, height: float, at: tuple[float, float]) -> Paint:
            sheet = self._steel.cut(width, height, PX_PER_M["appliance"], at)
            for x in range(8, sheet.shape[1] - 6, 11):
                sheet[8:-8, x : x + 2] *= 0.80
                sheet[8:-8, x + 2 : x + 4] *= 1.10
            return sheet

        self._side(
            "sink",
            rack.frame,
            "+z",
            (-wide / 2 - 0.01, -0.01, top + 0.002),
            (wide / 2 + 0.01, deep + 0.06, top + 0.002),
            paint,
            cell_m=0.06,
        )

    def _rack(self, fixture: Fixture) -> None:
        frame, (wide, deep, _), top = fixture.frame, fixture.size_m, self.room.counter_m
        x, y = wide / 2 - 0.008, deep - 0.008
        loops = []
        for height, r in ((0.014, 0.003), (0.095, 0.0035)):
            ring = np.array(
                [(-x, 0.008, height), (x, 0.008, height), (x, y, height), (-x, y, height), (-x, 0.008, height)]
            )
            loops.append(shapes.tube(ring, r, 6))
        for dx in np.linspace(-x, x, 7):
            loops.append(
                shapes.tube(
                    np.array([(dx, 0.008, 0.095), (dx, 0.008, 0.016), (dx, y, 0.016), (dx, y, 0.095)]), 0.002, 5
                )
            )
        colour = (0.88, 0.88, 0.88) if self._rng.random() < 0.5 else None
        for loop in loops:
            self._shape("rack", frame @ Pose.at(0, 0, top), loop, colour)
        self._level(frame, (-x, 0), (x, y), top + 0.02)

    def _tap(self, fixture: Fixture) -> None:
        frame, top = fixture.frame @ Pose.at(0, 0, self.room.counter_m), self.room.counter_m
        _, mouth_y, mouth_z = layout.TAP_MOUTH_M
        foot = shapes.turned(
            [(0, 0), (0.029, 0), (0.029, 0.006), (0.022, 0.012), (0.022, 0.085), (0.015, 0.09), (0, 0.092)], 20
        )
        if self.style.tap == "swan":
            radius = -mouth_y / 2
            rise = np.stack([np.zeros(5), np.zeros(5), np.linspace(0.06, mouth_z, 5)], -1)
            neck = shapes.arc((0, mouth_y / 2, mouth_z + 0.012), radius, 0.0, np.pi, "yz", 16)
            path = np.concatenate([rise, neck, [[0, mouth_y, mouth_z]]])
        else:
            corner = 0.03
            path = np.array([(0, 0, 0.06), (0, 0, mouth_z + 0.06 - corner), (0, -0.3 * corner, mouth_z + 0.06 - 0.3 * corner),
                             (0, -corner, mouth_z + 0.06), (0, mouth_y + corner, mouth_z + 0.06),
                             (0, mouth_y + 0.3 * corner, mouth_z + 0.06 - 0.3 * corner),
                             (0, mouth_y, mouth_z + 0.06 - corner), (0, mouth_y, mouth_z)])  # fmt: skip
        self._shape("tap", frame, foot, None)
        self._shape("tap", frame, shapes.tube(path, 0.0118, 12), None)
        self._shape(
            "tap",
            frame,
            shapes.tube(np.array([(0, mouth_y, mouth_z + 0.016), (0, mouth_y, mouth_z)]), 0.0135, 12),
            None,
        )
        hinge = np.array(fixture.pivot_m) - (0, 0, top)
        grip = fixture.grip.bar.position_m - (0, 0, top)
        along = (grip - hinge) / np.linalg.norm(grip - hinge)
        path = hinge + np.multiply.outer(
            np.array([-0.02, 0.0, 0.02, 0.06, layout.LEVER_LENGTH_M, layout.LEVER_LENGTH_M + 0.004]), along
        )
        self._shape(
            "tap/door", frame, shapes.tube(path, np.array([0.013, 0.013, 0.008, 0.0068, 0.0065, 0.002]), 10), None
        )
        self._cast(frame, (-0.02, -0.02, 0), (0.02, 0.02, 0.2))

    def _hob(self, fixture: Fixture) -> None:
        frame, (wide, deep, top) = fixture.frame, fixture.size_m

        def paint(width: float, height: float, at: tuple[float, float]) -> Paint:
            ppm = PX_PER_M["appliance"]
            size = round(width * ppm), round(height * ppm)
            x, y = np.meshgrid(np.linspace(0, 1, size[0]), np.linspace(0, 1, size[1]))
            sheen = (
                0.075
                + 0.10 * np.exp(-(((x + 0.35 * y - 0.35) / 0.16) ** 2)) * (1 - y)
                + 0.012 * self._rng.normal(size=x.shape)
            )
            sheet = (sheen[..., None] * np.array((0.95, 1.0, 1.08))).astype(np.float32)
            for spot, radius in zip(fixture.spots, layout.RING_RADIUS_M, strict=True):
                middle = int((spot.pose.position_m[0] + wide / 2) * ppm), int((deep - spot.pose.position_m[1]) * ppm)
                for r in (radius, radius - 0.006):
                    cv2.circle(sheet, middle, int(r * ppm), (0.34, 0.34, 0.35), 1, cv2.LINE_AA)
                cv2.circle(sheet, middle, int(0.6 * radius * ppm), (0.15, 0.15, 0.16), 1, cv2.LINE_AA)
            dials = fixture.grip.bar.position_m
            for dx in (0.0, -0.06, -0.12, -0.18):
                at_px = int((dials[0] + dx + wide / 2) * ppm), int((deep - dials[1]) * ppm)
                cv2.circle(sheet, at_px, int(0.021 * ppm), (0.30, 0.30, 0.31), -1, cv2.LINE_AA)
            sheet[:3] = sheet[-3:] = 0.5
            sheet[:, :3] = sheet[:, -3:] = 0.5
            return sheet

        low, high = (-wide / 2, 0, top - 0.008), (wide / 2, deep, top)
        self._side("hob", frame, "+z", low, high, paint, cell_m=0.06)
        for axis in ("-y", "-x", "+x"):
            self._side("hob", frame, axis, low, high, _matt((0.5, 0.5, 0.51)))
        self._level(frame, low[:2], high[:2], top)
        for k, dx in enumerate((0.0, -0.06, -0.12, -0.18)):
            dial = shapes.turned([(0.0165, 0), (0.0165, 0.002), (0.015, 0.016), (0.012, 0.019), (0, 0.019)], 16)
            at = fixture.grip.bar.position_m + (dx, 0, top - fixture.grip.bar.position_m[2])
            part = "hob/door" if k == 0 else "hob"
            self._shape(part, frame @ Pose.at(*at), dial, (0.72, 0.73, 0.75))
            self._box(
                part,
                frame @ Pose.at(*at),
                (-0.0025, -0.014, 0.019),
                (0.0025, 0.014, 0.022),
                _matt((0.25, 0.25, 0.26)),
                "+z -y +y -x +x",
                casts=False,
            )

    def _cupboard(self, fixture: Fixture) -> None:
        frame, (wide, deep, _) = fixture.frame, fixture.size_m
        box, name = self.room.boxes[fixture.name], fixture.name
        low, high = (-wide / 2, 0.0, box.low[2]), (wide / 2, deep, box.high[2])
        outside = _matt(tuple(0.95 * np.array(self.style.upper_face)))
        self._box(name, frame, low, high, outside, "-x +x +z -z")
        thick = 0.016
        inner = (low[0] + thick, 0.0, low[2] + thick), (high[0] - thick, deep - 0.015, high[2] - thick)
        self._inside(name, frame, *inner, self._carcass(), 0.72)
        shelves = sorted({round(float(spot.pose.position_m[2]), 4) for spot in fixture.spots})
        for z in shelves[1:]:
            self._box(
                name,
                frame,
                (inner[0][0], 0.02, z - 0.016),
                (inner[1][0], deep, z),
                self._carcass(),
                "-y +z -z",
                0.74,
                casts=False,
            )
        for z in shelves:
            self._level(frame, (inner[0][0], 0), (inner[1][0], deep), z)
        for x in (low[0], high[0] - thick):
            self._side(name, frame, "-y", (x, 0, low[2]), (x + thick, 0, high[2]), self._carcass(), 0.8)
        for z in (low[2], high[2] - thick):
            self._side(name, frame, "-y", (low[0], 0, z), (high[0], 0, z + thick), self._carcass(), 0.8)
        door = f"{name}/door"
        a, b = (low[0] + 0.002, -DOOR_THICK_M, low[2]), (high[0] - 0.002, -0.001, high[2])
        self._side(door, frame, "-y", a, b, self._front(True))
        self._side(door, frame, "+y", a, b, self._carcass(), 0.80)
        self._box(door, frame, a, b, outside, "-x +x +z -z", 0.72, casts=False)
        self._fixture_handle(fixture, door)

    def _fixture_handle(self, fixture: Fixture, part: str) -> None:
        """The drawn handle around a fixture's grip."""
        bar = fixture.grip.bar
        is_level = abs(bar.rotation[0, 2]) > 0.5
        face = np.array([bar.position_m[0], bar.position_m[1] + 0.028, bar.position_m[2]])
        self._handle(part, fixture.frame, Pose(face, np.eye(3)), fixture.grip.length_m, is_level)

    def _drawer(self, fixture: Fixture) -> None:
        frame, part = fixture.frame, f"{fixture.name}/door"
        box = self.room.boxes[fixture.name]
        (x0, y0, z0), (x1, y1, z1) = box.low, box.high
        self._side(part, frame, "-y", (x0 + 0.002, y0, z0), (x1 - 0.002, y0, z1), self._front())
        outside = _matt(tuple(0.9 * np.array(self.style.face)))
        self._box(
            part, frame, (x0 + 0.002, y0, z0), (x1 - 0.002, -0.001, z1), outside, "+y -x +x +z", 0.85, casts=False
        )
        a, b, rim = (x0 + 0.02, 0.0, z0 + 0.02), (x1 - 0.02, y1, z1 - 0.035), 0.012
        floor = _matt((0.70, 0.60, 0.46)) if self.style.is_wooden else _matt((0.82, 0.82, 0.80))
        wood = _matt((0.80, 0.70, 0.55)) if self.style.is_wooden else _matt((0.88, 0.88, 0.87))
        self._inside(part, frame, (a[0], a[1], a[2]), (b[0], b[1], b[2]), floor, 0.70)
        del self.parts[part][-1]  # a drawer has no lid
        self._side(part, frame, "+y", (a[0], 0.0, a[2]), (b[0], 0.0, b[2]), wood, 0.6)
        for x in (a[0] - rim, b[0]):
            self._box(part, frame, (x, 0, a[2]), (x + rim, y1, b[2]), wood, "+z -x +x", 0.8, casts=False)
        # A cutlery tray's dividers.
        for x in np.linspace(a[0], b[0], 4)[1:-1]:
            self._box(
                part,
                frame,
                (x - 0.003, 0.02, a[2]),
                (x + 0.003, 0.40, a[2] + 0.035),
                wood,
                "+z -x +x -y",
                0.74,
                casts=False,
            )
        self._fixture_handle(fixture, part)

    def _fridge(self, fixture: Fixture) -> None:
        frame, (wide, deep, high), style = fixture.frame, fixture.size_m, self.style
        x0, x1 = -wide / 2, wide / 2
        thick, door_y = 0.04, -0.05
        colour = {"white": (0.91, 0.91, 0.90), "steel": (0.66, 0.67, 0.69), "colour": style.bin}[style.fridge]
        skin = _matt(colour)
        self._box("fridge", frame, (x0, 0.0, 0.02), (x1, deep, high), skin, "-x +x +z")
        liner = _matt((0.95, 0.96, 0.97))
        shelves = sorted({round(float(spot.pose.position_m[2]), 4) for spot in fixture.spots})
        floor = shelves[0] - 0.20
        inner = (x0 + thick, 0.0, floor), (x1 - thick, deep - 0.10, high - thick)
        self._inside("fridge", frame, *inner, liner, 1.0)
        for z in shelves:
            glass = _matt((0.78, 0.86, 0.86))
            self._box(
                "fridge",
                frame,
                (inner[0][0], 0.015, z - 0.008),
                (inner[1][0], deep - 0.12, z),
                glass,
                "-y +z -z",
                0.95,
                casts=False,
            )
            self._side(
                "fridge", frame, "-y", (inner[0][0], 0.012, z - 0.014), (inner[1][0], 0.012, z + 0.004), liner, 1.0
            )
            self._level(frame, (inner[0][0], 0), (inner[1][0], deep - 0.12), z)
        lamp = lambda w, h, at: plain((1.0, 1.0, 0.94))  # noqa: E731
        self._box(
            "fridge",
            frame,
            (-0.06, 0.2, high - thick - 0.02),
            (0.06, 0.26, high - thick),
            lamp,
            "-y -z",
            1.05,
            casts=False,
        )
        # The salad box below the lowest shelf, and the freezer's shut front below that.
        self._side(
            "fridge",
            frame,
            "-y",
            (inner[0][0], 0.02, floor),
            (inner[1][0], 0.02, shelves[0] - 0.03),
            _matt((0.80, 0.86, 0.88)),
            0.9,
        )
        for low, top in ((0.02, floor), (high - thick, high)):
            self._side("fridge", frame, "-y", (x0, 0.0, low), (x1, 0.0, top), liner, 0.8)
        for x in (x0, x1 - thick):
            self._side("fridge", frame, "-y", (x, 0.0, floor), (x + thick, 0.0, high), liner, 0.85)

        def outside(width: float, height: float, at: tuple[float, float]) -> Paint:
            ppm = PX_PER_M["front"]
            if style.fridge == "steel":
                sheet = self._steel.cut(height, width, ppm, at).transpose(1, 0, 2).copy()
            else:
                sheet = plain(colour, round(width * ppm), round(height * ppm))
            gleam = np.exp(-(((np.linspace(0, 1, sheet.shape[1]) - 0.3) / 0.12) ** 2))
            sheet *= (1 + 0.05 * gleam)[None, :, None].astype(np.float32)
            if height > 0.7:
                self._notes(sheet, ppm)
            return sheet

        a, b = (x0 + 0.003, door_y, floor + 0.004), (x1 - 0.003, -0.004, high)
        self._side("fridge/door", frame, "-y", a, b, outside)
        self._box("fridge/door", frame, a, b, skin, "-x +x +z -z", casts=False)
        self._side("fridge/door", frame, "+y", a, b, liner, 0.92)
        for z in (floor + 0.12, floor + 0.45, floor + 0.75):
            if z + 0.1 < high:
                self._box(
                    "fridge/door",
                    frame,
                    (x0 + 0.06, -0.004, z),
                    (x1 - 0.06, 0.05, z + 0.06),
                    _matt((0.84, 0.90, 0.92)),
                    "+y -x +x +z",
                    0.9,
                    casts=False,
                )
        self._side("fridge", frame, "-y", (x0 + 0.003, door_y, 0.04), (x1 - 0.003, door_y, floor - 0.004), outside)
        self._box(
            "fridge", frame, (x0 + 0.003, door_y, 0.04), (x1 - 0.003, 0.0, floor - 0.004), skin, "-x +x +z", casts=False
        )
        bar = fixture.grip.bar.position_m
        self._handle(
            "fridge/door",
            frame,
            Pose(np.array([bar[0], bar[1] + 0.035, bar[2]]), np.eye(3)),
            fixture.grip.length_m,
            False,
        )
        self._handle("fridge", frame, Pose(np.array([bar[0], door_y, floor - 0.16]), np.eye(3)), 0.22, False)
        self._cast(frame, (x0, door_y, 0.02), (x1, 0.0, high))
        side = self.style.face
        for x in (x0 - 0.018, x1):
            self._box("room", frame, (x, 0.0, 0.0), (x + 0.018, DEPTH_M, high + 0.05), _matt(side), "-y -x +x +z")

    def _notes(self, sheet: Paint, ppm: int) -> None:
        """Magnets, notes and a drawing that somebody stuck on."""
        rng = self._rng
        high, wide = sheet.shape[:2]
        for _ in range(int(rng.integers(2, 7))):
            w, h = (rng.uniform(0.05, 0.16, 2) * ppm).astype(int)
            x, y = int(rng.uniform(0.1, 0.85) * (wide - w)), int(rng.uniform(0.05, 0.45) * (high - h))
            paper = np.array((0.95, 0.94, 0.88)) if rng.random() < 0.6 else np.array(_CLUTTER[int(rng.integers(10))])
            sheet[y : y + h, x : x + w] = paper
            for row in range(y + 3, y + h - 2, 4):
                sheet[row, x + 2 : x + w - 2 - int(rng.integers(0, w // 2))] *= 0.55
            cv2.circle(sheet, (x + w // 2, y + 1), 2, _CLUTTER[int(rng.integers(10))], -1)

    def _microwave(self, fixture: Fixture) -> None:
        frame, style = fixture.frame, self.style
        (x0, y0, z0), (x1, y1, z1) = self.room.boxes["microwave"].low, self.room.boxes["microwave"].high
        colour = style.appliance
        door_x = x0 + 0.335
        self._box("microwave", frame, (x0, 0.0, z0), (x1, y1, z1), _matt(colour), "-x +x +z", cell_m=0.06)
        ppm = PX_PER_M["appliance"]

        def panel(width: float, height: float, at: tuple[float, float]) -> Paint:
            size = round(width * ppm), round(height * ppm)
            sheet = plain(colour, *size)
            cv2.rectangle(sheet, (5, 6), (size[0] - 6, 18), (0.04, 0.09, 0.07), -1)
            _write(sheet, "09:15", (7, 16), 0.3, (0.35, 0.95, 0.55))
            for row in range(4):
                for column in range(3):
                    at_px = 6 + column * (size[0] - 12) // 3, 26 + row * 11
                    cv2.rectangle(sheet, at_px, (at_px[0] + 7, at_px[1] + 6), (0.5, 0.5, 0.52), -1)
            cv2.circle(sheet, (size[0] // 2, size[1] - 14), 7, (0.45, 0.45, 0.47), -1, cv2.LINE_AA)
            return sheet

        self._box("microwave", frame, (door_x, y0, z0), (x1, 0.0, z1), panel, "-y +x +z", casts=False)
        inner = (x0 + 0.02, 0.0, z0 + 0.03), (door_x - 0.005, y1 - 0.03, z1 - 0.03)
        self._inside("microwave", frame, *inner, _matt((0.82, 0.80, 0.74)), 0.8)
        for a, b in (
            ((x0, z0), (door_x, z0 + 0.03)),
            ((x0, z1 - 0.03), (door_x, z1)),
            ((x0, z0), (x0 + 0.02, z1)),
            ((door_x - 0.005, z0), (door_x, z1)),
        ):
            self._side("microwave", frame, "-y", (a[0], 0.0, a[1]), (b[0], 0.0, b[1]), _matt((0.75, 0.75, 0.74)), 0.75)
        spot = fixture.spots[0].pose.position_m
        self._level(frame, inner[0][:2], inner[1][:2], spot[2])
        plate = shapes.turned([(0.0, 0.0), (0.128, 0.0), (0.130, 0.004), (0.0, 0.006)], 24)
        self._shape("microwave", frame @ Pose.at(spot[0], spot[1], spot[2] - 0.007), plate, (0.75, 0.82, 0.82), 0.8)

        def window(width: float, height: float, at: tuple[float, float]) -> Paint:
            size = round(width * ppm), round(height * ppm)
            sheet = plain(colour, *size)
            glass = sheet[12:-12, 12:-22]
            y, x = np.mgrid[: glass.shape[0], : glass.shape[1]]
            glass[:] = (0.07 + 0.03 * ((x + y) % 3 == 0) + 0.08 * np.exp(-(((x - y * 0.5) / 22.0 - 1.4) ** 2)))[
                ..., None
            ]
            sheet[:, -1:] *= 0.6
            return sheet

        a, b = (x0 + 0.002, y0, z0), (door_x - 0.002, -0.001, z1)
        self._side("microwave/door", frame, "-y", a, b, window)
        self._side("microwave/door", frame, "+y", a, b, window, 0.8)
        self._box("microwave/door", frame, a, b, _matt(colour), "-x +x +z -z", 0.8, casts=False)
        bar = fixture.grip.bar.position_m
        self._handle(
            "microwave/door",
            frame,
            Pose(np.array([bar[0], y0, bar[2]]), np.eye(3)),
            fixture.grip.length_m + 0.04,
            False,
        )

    def _bin(self, fixture: Fixture) -> None:
        frame, (wide, deep, high) = fixture.frame, fixture.size_m
        x0, x1, rim = -wide / 2, wide / 2, high - 0.025
        outside = _matt(self.style.bin)
        self._box("bin", frame, (x0, 0.0, 0.0), (x1, deep, rim), outside, "-y -x +x", casts=True)
        bag = _matt((0.22, 0.22, 0.24))
        low = high - 0.16
        inner = (x0 + 0.012, 0.012, low), (x1 - 0.012, deep - 0.012, rim)
        for axis, a, b in (("-y", (inner[0][0], inner[1][1], low), inner[1]), ("+y", inner[0], (inner[1][0], inner[0][1], rim)),
                           ("+x", inner[0], (inner[0][0], inner[1][1], rim)), ("-x", (inner[1][0], inner[0][1], low), inner[1])):  # fmt: skip
            self._side("bin", frame, axis, a, b, bag, 0.8)
        self._side("bin", frame, "+z", (inner[0][0], inner[0][1], low), (inner[1][0], inner[1][1], low), bag, 0.45)
        for a, b in (
            ((x0, 0.0), (x1, 0.012)),
            ((x0, deep - 0.012), (x1, deep)),
            ((x0, 0.0), (x0 + 0.012, deep)),
            ((x1 - 0.012, 0.0), (x1, deep)),
        ):
            self._side("bin", frame, "+z", (*a, rim), (*b, rim), outside)
        lid = _matt(tuple(0.8 * np.array(self.style.bin)))
        a, b = (x0 - 0.004, -0.006, rim + 0.001), (x1 + 0.004, deep + 0.004, high)
        self._box("bin/door", frame, a, b, lid, "+z -y +y -x +x", casts=False)
        self._side("bin/door", frame, "-z", a, b, lid, 0.55)

    # Things that hands don't touch.

    def _clutter(self) -> None:
        """Jars, bottles and books along the back of the worktops, a rail, a clock."""
        rng, top = self._rng, self.room.counter_m
        for run in self.room.runs:
            taken = []
            inverse = run.frame.inverse()
            for station in self.room.stations.values():
                for fixture in station.fixtures:
                    at = (inverse @ fixture.frame).position_m
                    if fixture.kind in ("tap", "hob", "microwave", "rack") and np.allclose(
                        fixture.frame.rotation, run.frame.rotation
                    ):
                        pad = {"tap": 0.09, "rack": 0.0}.get(fixture.kind, 0.03)
                        taken.append((at[0] - fixture.size_m[0] / 2 - pad, at[0] + fixture.size_m[0] / 2 + pad))
            for low, high in run.tops:
                x = low + rng.uniform(0.06, 0.2)
                while x < high - 0.08:
                    radius = float(rng.uniform(0.028, 0.055))
                    if all(x + radius < a or x - radius > b for a, b in taken) and rng.random() < 0.72:
                        self._ornament(run.frame @ Pose.at(x, 0.59 - 0.012 - radius, top), radius, rng)
                    x += 2 * radius + rng.choice([0.008, 0.012, 0.05, 0.25], p=[0.3, 0.3, 0.25, 0.15])
            if run.hood is None and run.window is None and len(run.tops[0]) and rng.random() < 0.6:
                self._clock(run.frame @ Pose.at(run.length_m / 2, DEPTH_M - 0.012, 2.2), rng)
            if rng.random() < 0.6 and run.hood is not None:
                self._rail(run, rng)

    def _ornament(self, frame: Pose, radius: float, rng: np.random.Generator) -> None:
        """A jar, tin, bottle, potted plant, pepper mill or row of cookbooks; frame: its base's middle."""
        kind = str(
            rng.choice(
                ["jar", "bottle", "tin", "plant", "mill", "books", "spice"], p=[0.2, 0.2, 0.16, 0.1, 0.08, 0.1, 0.16]
            )
        )
        colour = np.array(_CLUTTER[int(rng.integers(len(_CLUTTER)))]) * rng.uniform(0.8, 1.1)
        other = np.array(_CLUTTER[int(rng.integers(len(_CLUTTER)))])
        high = float(rng.uniform(0.10, 0.17))
        if kind == "books":
            x = -radius
            while x < radius:
                thick, tall = float(rng.uniform(0.012, 0.028)), float(rng.uniform(0.19, 0.25))
                shade = _CLUTTER[int(rng.integers(len(_CLUTTER)))]
                self._box(
                    "room",
                    frame,
                    (x, -0.075, 0.0),
                    (x + thick, 0.075, tall),
                    _matt(shade),
                    "-y -x +x +z",
                    casts=False,
                    cell_m=0.06,
                )
                x += thick + 0.001
            self._cast(frame, (-radius, -0.075, 0), (radius, 0.075, 0.22))
            return

        def around(bands: Sequence[tuple[float, float, Sequence[float]]], ground: Sequence[float]) -> Paint:
            """A picture around a thing: (from, to, colour) by height, from the foot."""
            sheet = plain(tuple(ground), 48, 64)
            for low, top, shade in bands:
                sheet[64 - int(top * 64) : 64 - int(low * 64)] = np.asarray(shade)
            if bands and rng.random() < 0.8:
                low, top, shade = bands[0]
                rows = slice(64 - int((0.75 * top + 0.25 * low) * 64), 64 - int((0.4 * top + 0.6 * low) * 64))
                for column in (6, 22, 38):
                    sheet[rows, column : column + 9 : 2] *= 0.4
            return sheet

        r, h = radius, high
        match kind:
            case "jar":
                profile = [
                    (0, 0),
                    (r, 0.0),
                    (r, 0.3 * h),
                    (r, 0.6 * h),
                    (r, 0.82 * h),
                    (0.9 * r, 0.86 * h),
                    (0.92 * r, h),
                    (0, h),
                ]
                inside = np.array(
                    [(0.80, 0.66, 0.42), (0.93, 0.90, 0.82), (0.55, 0.30, 0.14), (0.88, 0.76, 0.40)][
                        int(rng.integers(4))
                    ]
                )
                picture = around([(0.30, 0.62, (0.93, 0.91, 0.84)), (0.76, 1.0, other)], inside)
            case "tin":
                profile = [(0, 0), (r, 0.0), (r, 0.5 * h), (r, h), (0.97 * r, h), (0.95 * r, 0.97 * h), (0, 0.97 * h)]
                picture = around([(0.12, 0.55, colour)], (0.75, 0.76, 0.78) if rng.random() < 0.5 else other)
            case "bottle":
                r, h = 0.8 * r, h + 0.12
                profile = [
                    (0, 0),
                    (r, 0.0),
                    (r, 0.3 * h),
                    (r, 0.58 * h),
                    (0.8 * r, 0.68 * h),
                    (0.36 * r, 0.78 * h),
                    (0.34 * r, 0.92 * h),
                    (0.4 * r, 0.925 * h),
                    (0.4 * r, h),
                    (0, h),
                ]
                glass = [(0.30, 0.36, 0.12), (0.42, 0.22, 0.08), (0.72, 0.62, 0.20), (0.16, 0.26, 0.16)][
                    int(rng.integers(4))
                ]
                picture = around([(0.10, 0.36, (0.94, 0.92, 0.84)), (0.80, 1.0, colour)], glass)
            case "mill":
                r, h = 0.6 * r, h + 0.04
                profile = [
                    (0, 0),
                    (r, 0.0),
                    (r, 0.12 * h),
                    (0.62 * r, 0.4 * h),
                    (0.9 * r, 0.66 * h),
                    (0.6 * r, 0.72 * h),
                    (0.9 * r, 0.84 * h),
                    (0.5 * r, h),
                    (0, h),
                ]
                picture = around([], (0.36, 0.22, 0.13) if rng.random() < 0.6 else (0.85, 0.84, 0.80))
            case "spice":
                r, h = 0.62 * r, 0.10
                profile = [(0, 0), (r, 0.0), (r, 0.5 * h), (r, 0.74 * h), (0.9 * r, 0.76 * h), (0.9 * r, h), (0, h)]
                picture = around([(0.2, 0.55, (0.94, 0.92, 0.86)), (0.70, 1.0, other)], colour)
            case _:
                profile = [(0, 0), (0.75 * r, 0.0), (r, 0.09), (1.06 * r, 0.095), (0.95 * r, 0.09), (0, 0.082)]
                picture = around([(0.0, 0.6, (0.72, 0.42, 0.28) if rng.random() < 0.5 else colour)], (0.25, 0.18, 0.12))
                self._leaves(frame @ Pose.at(0, 0, 0.08), r, rng)
        self._shape(
            "room",
            frame @ Pose.at(0, 0, 0, float(rng.uniform(0, 6))),
            shapes.turned(profile, 14),
            np.clip(picture, 0, 1),
        )
        self._cast(frame, (-0.75 * r, -0.75 * r, 0), (0.75 * r, 0.75 * r, 0.9 * h))

    def _leaves(self, frame: Pose, radius: float, rng: np.random.Generator) -> None:
        for _ in range(26):
            turn, lift, long = rng.uniform(0, 6.28), rng.uniform(0.1, 1.3), rng.uniform(0.05, 0.12)
            out = np.array([np.cos(turn) * np.cos(lift), np.sin(turn) * np.cos(lift), np.sin(lift)])
            side = 0.32 * long * np.array([-np.sin(turn), np.cos(turn), 0.0])
            start = np.array([*(rng.uniform(-0.3, 0.3, 2) * radius), rng.uniform(0, 0.05)])
            green = plain(tuple(np.array((0.24, 0.46, 0.18)) * rng.uniform(0.6, 1.35)))
            bow = np.array([0, 0, -0.25 * long])
            rows = np.array(
                [
                    [start, start],
                    [start + 0.5 * long * out - side, start + 0.5 * long * out + side],
                    [start + long * out + bow, start + long * out + bow],
                ]
            )
            points = frame.point(np.zeros(3)) + rows @ frame.rotation.T
            light = 0.72 + 0.3 * np.sin(lift)
            self.parts["room"].append(Patch(points, green, light))
            self.parts["room"].append(Patch(points[:, ::-1], green, 0.8 * light))

    def _clock(self, frame: Pose, rng: np.random.Generator) -> None:
        def paint(width: float, height: float, at: tuple[float, float]) -> Paint:
            sheet = plain(self.style.wall, 72, 72)
            cv2.circle(sheet, (36, 36), 34, (0.2, 0.2, 0.22), -1, cv2.LINE_AA)
            cv2.circle(sheet, (36, 36), 30, (0.95, 0.95, 0.92), -1, cv2.LINE_AA)
            for long, angle, thick in ((17, rng.uniform(0, 6.28), 3), (25, rng.uniform(0, 6.28), 2)):
                tip = int(36 + long * np.sin(angle)), int(36 - long * np.cos(angle))
                cv2.line(sheet, (36, 36), tip, (0.1, 0.1, 0.1), thick, cv2.LINE_AA)
            return sheet

        self._side("room", frame, "-y", (-0.14, 0, -0.14), (0.14, 0, 0.14), paint)

    def _rail(self, run: Run, rng: np.random.Generator) -> None:
        """A rail with spoons, ladles and sieves on the wall beside the hob."""
        a, b = run.hood
        y, z = DEPTH_M - 0.035, self.room.shelf_m - 0.06
        points = np.array([(a, y, z), (a + 0.01, y, z), (b - 0.01, y, z), (b, y, z)])
        self._shape("room", run.frame, shapes.tube(points, 0.005, 6), None)
        for x in np.arange(a + 0.05, b - 0.03, 0.085):
            if rng.random() < 0.25:
                continue
            long, at = float(rng.uniform(0.20, 0.27)), run.frame @ Pose.at(x, y - 0.008, z)
            stem = np.array([(0, 0, 0.0), (0, 0, -0.05), (0, 0, -long + 0.06), (0, 0, -long + 0.04)])
            wooden = rng.random() < 0.4
            self._shape(
                "room", at, shapes.tube(stem, 0.005 if wooden else 0.0032, 6), (0.66, 0.46, 0.28) if wooden else None
            )
            head = np.array(
                [
                    (0, 0, -long + 0.05),
                    (0, 0, -long + 0.035),
                    (0, 0, -long + 0.01),
                    (0, 0, -long - 0.012),
                    (0, 0, -long - 0.02),
                ]
            )
            widths = np.array([(0.006, 0.004), (0.018, 0.006), (0.028, 0.008), (0.024, 0.007), (0.006, 0.003)])
            self._shape("room", at, shapes.tube(head, widths, 10), (0.66, 0.46, 0.28) if wooden else (0.12, 0.12, 0.13))

    # Light.

    def _light(self) -> None:
        (x0, y0), (x1, y1) = self.room.floor_m
        rng, style = self._rng, self.style
        middles = [
            run.frame.point((run.length_m * share, -0.55, 0)) for run in self.room.runs for share in (0.25, 0.75)
        ]
        for middle in middles:
            at = np.clip(middle[:2] + rng.uniform(-0.2, 0.2, 2), (x0 + 0.3, y0 + 0.3), (x1 - 0.3, y1 - 0.3))
            spread = np.array([(dx, dy) for dx in (-0.14, 0.14) for dy in (-0.14, 0.14)])
            points = np.column_stack([at + spread, np.full(4, CEILING_M - 0.06)])
            share = tuple((1.2 / len(middles) * 2) * np.array(style.lamp))
            self.lamps.append(Lamp(points, np.zeros(3), share, 1.5))
        for low, high in self._windows:
            spread = np.array([(s, t) for s in (0.2, 0.5, 0.8) for t in (0.25, 0.75)])
            along = (high - low) * (1, 1, 0)
            inward = np.array([-along[1], along[0], 0]) / np.linalg.norm(along)
            room_middle = np.array([(x0 + x1) / 2, (y0 + y1) / 2, 1.2])
            inward = inward if (room_middle - low) @ inward > 0 else -inward
            points = low + spread[:, :1] * along + spread[:, 1:] * (high - low) * (0, 0, 1) + 0.03 * inward
            self.lamps.append(Lamp(points, inward, tuple(2.6 * np.array(style.day)), 0.9))
            self.daylight = inward
        if not self._windows:
            self.daylight = np.array([0.2, 0.95, 0.0])
            # A window behind the person.
            points = np.array([(x, y0 + 0.05, 1.6) for x in np.linspace(x0 + 0.5, x1 - 0.5, 4)])
            self.lamps.append(Lamp(points, np.array([0, 1.0, 0]), tuple(1.4 * np.array(style.day)), 1.6))
        if style.has_strips:
            for run in self.room.runs:
                for low, high in run.uppers:
                    points = np.array(
                        [
                            run.frame.point((x, DEPTH_M - 0.12, self.room.shelf_m - 0.02))
                            for x in np.linspace(low + 0.1, high - 0.1, 4)
                        ]
                    )
                    self.lamps.append(Lamp(points, np.array([0, 0, -1.0]), (0.62, 0.56, 0.44), 0.45))
        self.ambient = style.ambient


def _outward(axis: str) -> Vector:
    """The way from the room's middle to the wall that faces along an axis."""
    sign = 1.0 if axis[0] == "-" else -1.0
    return sign * np.eye(3)["xyz".index(axis[1])]

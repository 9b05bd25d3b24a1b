"""Builds furniture out of patches: sides, boxes, hollows and round shapes in a frame, in a kitchen's materials."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from egoprog.sim import shapes, textures
from egoprog.sim.bake import Patch
from egoprog.sim.layout import Room
from egoprog.sim.pose import Pose, Vector
from egoprog.sim.style import Style
from egoprog.sim.textures import Paint, Swatch, plain
from egoprog.sim.types import Colour

Painter = Callable[[float, float, tuple[float, float]], Paint]
"""Paints a rectangle: width and height in metres, and where its lower left corner lies."""
PX_PER_M = {"top": 360, "splash": 260, "front": 200, "wall": 80, "floor": 150, "inside": 130, "appliance": 330}

_WOODS = {"oak": ((0.70, 0.52, 0.33), 9), "beech": ((0.80, 0.61, 0.41), 12), "walnut": ((0.42, 0.28, 0.18), 8)}
"""Worktops of staves: colour, and how many staves a picture shows."""
_STONES = {
    "granite": ((0.56, 0.52, 0.48), (0.34, 0.31, 0.30), (0.74, 0.70, 0.66), (0.20, 0.18, 0.18)),
    "dark granite": ((0.17, 0.17, 0.18), (0.09, 0.09, 0.10), (0.36, 0.36, 0.37), (0.60, 0.60, 0.60)),
    "speckled": ((0.70, 0.64, 0.54), (0.48, 0.40, 0.30), (0.84, 0.80, 0.72), (0.30, 0.26, 0.22)),
}
_LAMINATES = {"white": (0.91, 0.91, 0.89), "grey": (0.50, 0.50, 0.49)}
_BOARDS = ((0.62, 0.46, 0.30), (0.50, 0.36, 0.25), (0.68, 0.58, 0.45))
_TILES = {
    "tiles": (((0.74, 0.70, 0.63), (0.70, 0.67, 0.60)), 3, (0.50, 0.48, 0.44), 0.04, 1.0),
    "slate": (((0.34, 0.36, 0.37), (0.29, 0.31, 0.33)), 3, (0.46, 0.46, 0.45), 0.08, 1.3),
    "checks": (((0.84, 0.83, 0.79), (0.24, 0.25, 0.26), (0.84, 0.83, 0.79)), 4, (0.40, 0.40, 0.40), 0.04, 1.1),
}
"""Floors of tiles: colours, how many in a row, colour of the joints, how tones vary, metres that a picture shows."""


def matt(colour: Colour) -> Painter:
    return lambda width, height, at: plain(colour)


def chrome(normals: NDArray, tint: Colour = (0.80, 0.82, 0.85)) -> Paint:
    """What polished metal shows of a room, by the way its surface faces: (r, c, 3) normals, bottom row first."""
    up = normals[..., 2]
    bands = 0.52 + 0.34 * np.tanh(3 * up) + 0.22 * np.sin(5 * up + 3.1 * normals[..., 0])
    gleam = np.exp(-((np.abs(normals[..., 0] * 0.7 + up * 0.7) - 0.85) ** 2) / 0.004) * 0.5
    return (np.clip(bands + gleam, 0.12, 1.1)[::-1, :, None] * np.array(tint)).astype(np.float32)


def write(sheet: Paint, text: str, at_px: tuple[int, int], scale: float, colour: Colour) -> None:
    """Writes on a picture, from the lower left corner of the text on."""
    mask = np.zeros(sheet.shape[:2], np.uint8)
    cv2.putText(mask, text, at_px, cv2.FONT_HERSHEY_SIMPLEX, scale, 255, 1, cv2.LINE_AA)
    share = mask[..., None].astype(np.float32) / 255
    sheet[:] = sheet * (1 - share) + share * np.array(colour, np.float32)


class Joiner:
    """What the makers of furniture share: a room, its style and materials, and what they have made so far.

    parts: patches by part. casting: corners of boxes that cast shadows. levels: rectangles that shadows fall on, as
    Furniture.surfaces has them.
    """

    def __init__(self, room: Room, style: Style, seed: int):
        self.room, self.style = room, style
        self.rng = np.random.default_rng([seed, 2])
        self.parts: dict[str, list[Patch]] = defaultdict(list)
        self.casting: list[tuple[Vector, Vector]] = []
        self.levels: list[tuple[float, ...]] = []
        self._make_swatches()

    # Materials.

    def _make_swatches(self) -> None:
        rng, style = self.rng, self.style
        ppm = PX_PER_M["top"]
        if style.worktop in _WOODS:
            picture = textures.wood(rng, *_WOODS[style.worktop])
        elif style.worktop in _STONES:
            picture = textures.granite(rng, _STONES[style.worktop])
        else:
            picture = textures.laminate(rng, _LAMINATES[style.worktop])
        # Grains of stone are a few millimetres large, staves of wood a few centimetres.
        self.top = Swatch(picture, ppm if style.worktop in _WOODS else 2.2 * ppm)
        tiles = style.splash_colours
        grout = (0.72, 0.71, 0.68) if np.mean(tiles) < 0.8 else (0.66, 0.66, 0.65)
        splash = {
            "metro": lambda: textures.brick_tiles(rng, tiles, 8, 4, grout),
            "square": lambda: textures.brick_tiles(rng, tiles, 5, 5, grout, is_offset=False, vary=0.04),
            "colours": lambda: textures.brick_tiles(rng, tiles, 5, 5, grout, is_offset=False, vary=0.06),
            "mosaic": lambda: textures.brick_tiles(rng, tiles, 16, 16, grout, is_offset=False, vary=0.07),
        }.get(style.splash)
        self.splash = Swatch(splash(), 512 / 0.75) if splash else None
        self.wall_paint = Swatch(textures.plaster(rng, style.wall), 160)
        picture, size_m = self._floor_picture()
        self.floor = Swatch(picture, picture.shape[1] / size_m)
        self.steel = Swatch(textures.steel(rng), 400)
        grain = textures.wood(rng, style.face if np.mean(style.face) < 0.8 else (0.72, 0.55, 0.36), 3)
        self.grain = Swatch(np.ascontiguousarray(grain.transpose(1, 0, 2)), 420)
        self.face: Swatch | Colour = self.grain if style.is_wooden else style.face
        self.upper_face: Swatch | Colour = self.face if style.upper_face == style.face else style.upper_face

    def _floor_picture(self) -> tuple[textures.Picture, float]:
        """The floor's picture and how many metres it shows."""
        rng = self.rng
        match self.style.floor:
            case "boards":
                return textures.floor_boards(rng, _BOARDS[int(rng.integers(len(_BOARDS)))]), 0.85
            case "cork":
                return textures.granite(rng, ((0.64, 0.47, 0.31), (0.50, 0.35, 0.22), (0.74, 0.58, 0.42))), 0.8
            case kind:
                colours, number, grout, vary, size_m = _TILES[kind]
                return textures.brick_tiles(rng, colours, number, number, grout, False, vary), size_m

    def of(self, swatch: Swatch, kind: str) -> Painter:
        return lambda width, height, at: swatch.cut(width, height, PX_PER_M[kind], at)

    def front(self, is_upper: bool = False) -> Painter:
        face = self.upper_face if is_upper else self.face
        return lambda width, height, at: textures.front(
            width, height, PX_PER_M["front"], face, self.style.face_style, at
        )

    def carcass(self) -> Painter:
        return matt((0.90, 0.89, 0.86))

    # Rectangles and boxes in a frame.

    def side(
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

    def box(
        self, part: str, frame: Pose, low: Sequence[float], high: Sequence[float], painter: Painter,
        sides: str = "-y -x +x +z", light: float | None = None, casts: bool = True, cell_m: float = 0.09,
    ) -> None:  # fmt: skip
        for axis in sides.split():
            self.side(part, frame, axis, low, high, painter, light, cell_m)
        if casts:
            self.cast(frame, low, high)

    def cast(self, frame: Pose, low: Sequence[float], high: Sequence[float]) -> None:
        self.casting.append((frame.point(low), frame.point(high)))

    def level(self, frame: Pose, low: Sequence[float], high: Sequence[float], height: float) -> None:
        a, b = frame.point((*low, 0.0)), frame.point((*high, 0.0))
        self.levels.append((min(a[0], b[0]), max(a[0], b[0]), min(a[1], b[1]), max(a[1], b[1]), height))

    def inside(
        self, part: str, frame: Pose, low: Sequence[float], high: Sequence[float], painter: Painter, light: float
    ) -> None:
        """The five inner sides of a hollow that is open to the front."""
        (x0, y0, z0), (x1, y1, z1) = low, high
        self.side(part, frame, "-y", (x0, y1, z0), (x1, y1, z1), painter, 0.86 * light)
        self.side(part, frame, "+x", (x0, y0, z0), (x0, y1, z1), painter, 0.78 * light)
        self.side(part, frame, "-x", (x1, y0, z0), (x1, y1, z1), painter, 0.78 * light)
        self.side(part, frame, "+z", (x0, y0, z0), (x1, y1, z0), painter, light)
        self.side(part, frame, "-z", (x0, y0, z1), (x1, y1, z1), painter, 0.6 * light)

    def shape(
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
        for start, stop in pairwise(starts):
            around = int(np.argmax(shape.texcoords[start:stop, 1] > 0)) or stop - start
            rings.append(points[start:stop].reshape(-1, around, 3))
        for grid in rings:
            patch = Patch(grid, plain((1, 1, 1)), light)
            _, normals = patch.samples()
            if colour is None:
                picture = cv2.resize(chrome(normals), (grid.shape[1] * 2, grid.shape[0] * 2))
                self.parts[part].append(Patch(grid, picture, 0.95))
            else:
                picture = colour if isinstance(colour, np.ndarray) else plain(colour, grid.shape[1], grid.shape[0])
                self.parts[part].append(Patch(grid, picture, light))

    def handle(self, part: str, frame: Pose, at: Pose, length_m: float, is_level: bool) -> None:
        """A handle on a front; at: its middle on the front's face."""
        half, out = length_m / 2, -0.028
        if self.style.handle == "knob" and length_m < 0.2:
            knob = shapes.turned(
                [(0.006, 0), (0.006, 0.012), (0.014, 0.018), (0.015, 0.024), (0.010, 0.030), (0, 0.031)], 12
            )
            turned = Pose(np.zeros(3), np.array([[1.0, 0, 0], [0, 0, -1.0], [0, 1.0, 0]]))
            self.shape(part, frame @ at @ turned, knob, None)
            return
        bow = self.style.handle == "bow"
        path = [(-half, 0.0), (-half, out), (half, out), (half, 0.0)]
        if bow:
            share = np.linspace(-1, 1, 9)
            path = [(s * half, out * (1 - s**2)) for s in share]
        points = np.array([(s, y, 0.0) if is_level else (0.0, y, s) for s, y in path])
        if not bow:
            points = np.insert(points, [1, 3], points[[1, 2]] * 0.98 + points[[0, 3]] * 0.02, axis=0)
        self.shape(part, frame @ at, shapes.tube(points, 0.0055, 8), None)

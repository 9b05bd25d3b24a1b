"""Pictures of what hands work with: cutlery, utensils, cloths, a phone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import cv2
import numpy as np

from egoprog.sim import shapes, surfaces
from egoprog.sim.catalogue import handle_height_m, size_m
from egoprog.sim.crockery import film_sheets, with_films
from egoprog.sim.drawing import Drawing, Part, Sheet
from egoprog.sim.shapes import Shape
from egoprog.sim.surfaces import BRIGHT, finish, pick, plain, rng_of
from egoprog.sim.types import Colour

WORK, HANDLE = (0.02, 0.52, 0.98, 0.98), (0.02, 0.02, 0.98, 0.48)
"""The parts of a tool's picture: its steel, or whatever works, and its handle."""
_HANDLES: Final[tuple[Colour, ...]] = (
    (0.10, 0.10, 0.11), (0.10, 0.10, 0.11), (0.42, 0.25, 0.14), (0.86, 0.85, 0.82), (0.72, 0.14, 0.12),
    (0.16, 0.34, 0.55), (0.52, 0.70, 0.22),
)  # fmt: skip
_WOODS: Final[tuple[Colour, ...]] = ((0.72, 0.52, 0.32), (0.80, 0.62, 0.40), (0.55, 0.36, 0.21))


def _sheet(rng: np.random.Generator, work: Colour | None, handle: Colour, rivets: bool = False) -> np.ndarray:
    """A picture of WORK over HANDLE. work: None for steel."""
    sheet = plain(handle, 96, 96)
    sheet[:48] = surfaces.brushed(rng, 48, 96, (0.72, 0.73, 0.75)) if work is None else work
    is_wood = handle in _WOODS or handle == _HANDLES[2]
    if is_wood:
        sheet[48:] = surfaces.timber(rng, 48, 96, handle)
    if work in _WOODS:
        sheet[:48] = surfaces.timber(rng, 48, 96, work)
    if rivets:
        for x in (24, 48, 72):
            cv2.circle(sheet, (x, 72), 4, (0.78, 0.78, 0.78), -1, cv2.LINE_AA)
    return finish(sheet)


def _drawing(body: Shape, stained: Shape, picture: np.ndarray, variant: int, shines: bool = True) -> Drawing:
    return Drawing(
        with_films((Part("body", body),), stained, body),
        {"main": Sheet(picture, specular=0.6 if shines else 0.1, shininess=0.7 if shines else 0.2),
         **film_sheets((0.40, 0.19, 0.05), variant % 3)},
    )  # fmt: skip


def _stick(path_m: list[tuple[float, float, float]], half_m: list[tuple[float, float]], segments: int = 8) -> Shape:
    """A handle: half widths along y and half thicknesses along z, point by point."""
    return shapes.bar(np.array(path_m, float), np.array(half_m, float), segments)


def _knife(variant: int) -> Drawing:
    (length, width, h), rng = size_m("knife", variant), rng_of("knife", variant)
    deep = pick(rng, (1.0, 1.0, 0.8, 0.62))
    edge, back, z = -0.48 * width, -0.48 * width + 0.9 * width * deep, h / 2
    outline = np.array(
        [
            (-0.08 * length, edge),
            (0.26 * length, edge),
            (0.40 * length, edge + 0.16 * width),
            (0.47 * length, edge + 0.4 * width * deep),
            (0.5 * length, back - 0.12 * width),
            (0.40 * length, back),
            (-0.08 * length, back),
        ]
    )
    blade = shapes.slab(outline, z - 0.0012, z + 0.0012).within(WORK)
    y = (edge + back) / 2 * 0.4
    handle = _stick(
        [(-0.49 * length, y - 0.003, z), (-0.45 * length, y, z), (-0.28 * length, y + 0.001, z), (-0.10 * length, y, z),
         (-0.07 * length, y, z)],
        [(0.010, 0.007), (0.0135, 0.0085), (0.0115, 0.0085), (0.0130, 0.0085), (0.0125, 0.0065)], 10,
    ).within(HANDLE)  # fmt: skip
    return _drawing(
        blade + handle, blade, _sheet(rng, None, pick(rng, _HANDLES), rivets=bool(rng.random() < 0.5)), variant
    )


def _scoop(x_m: float, half_x_m: float, half_y_m: float, deep_m: float, rim_m: float) -> Shape:
    """A hollow like a spoon's, its rim level."""
    profile = [(0, rim_m - deep_m), (0.55, rim_m - 0.72 * deep_m), (0.9, rim_m - 0.22 * deep_m), (1.0, rim_m)]
    outer = shapes.turned(profile, 14)
    inner = shapes.turned([(x * 0.97, z + 0.0012) for x, z in reversed(profile)], 14)
    return (outer + inner).scaled(half_x_m, half_y_m, 1.0).at(x=x_m)


def _spoon(variant: int) -> Drawing:
    (length, width, h), rng = size_m("spoon", variant), rng_of("spoon", variant)
    z = handle_height_m("spoon", h)
    is_wooden = rng.random() < 0.25
    bowl = _scoop(0.36 * length, 0.14 * length, width / 2, 0.010, 0.012).within(WORK)
    thick = 0.005 if is_wooden else 0.0018
    handle = _stick(
        [
            (-0.49 * length, 0, z + 0.003),
            (-0.36 * length, 0, z + 0.002),
            (0.0, 0, z),
            (0.16 * length, 0, z + 0.002),
            (0.24 * length, 0, 0.011),
        ],
        [(0.006, thick), (0.0085 if not is_wooden else 0.006, thick), (0.0045, thick), (0.004, thick), (0.006, thick)],
        6,
    ).within(WORK)
    wood = pick(rng, _WOODS)
    return _drawing(
        bowl + handle, bowl, _sheet(rng, wood if is_wooden else None, (0.5, 0.5, 0.5)), variant, not is_wooden
    )


def _fork(variant: int) -> Drawing:
    (length, width, h), rng = size_m("fork", variant), rng_of("fork", variant)
    z, half = handle_height_m("fork", h), width / 2
    handle = _stick(
        [(-0.49 * length, 0, z + 0.003), (-0.36 * length, 0, z + 0.002), (0.0, 0, z), (0.18 * length, 0, z + 0.002)],
        [(0.006, 0.0018), (0.0085, 0.0018), (0.0045, 0.0018), (0.0045, 0.0018)], 6,
    )  # fmt: skip
    outline = np.array([(0.16 * length, -0.004), (0.24 * length, -half), (0.32 * length, -half), (0.32 * length, half),
                        (0.24 * length, half), (0.16 * length, 0.004)])  # fmt: skip
    palm = shapes.slab(outline, 0.008, 0.0105)
    tines = palm
    for y in np.linspace(-half + 0.002, half - 0.002, 4):
        tines = tines + _stick(
            [(0.31 * length, y, 0.009), (0.42 * length, y, 0.005), (0.5 * length, y, 0.009)],
            [(0.0017, 0.0013), (0.0016, 0.0012), (0.0006, 0.0006)], 4,
        )  # fmt: skip
    picture = _sheet(rng, None, (0.5, 0.5, 0.5))
    return _drawing((handle + tines).within(WORK), tines, picture, variant)


def _spatula(variant: int) -> Drawing:
    (length, width, h), rng = size_m("spatula", variant), rng_of("spatula", variant)
    z, half, style = handle_height_m("spatula", h), width / 2, variant % 3
    reach = (0.18, 0.30, 0.30)[style] * length
    start = 0.5 * length - 2 * reach * 0.5
    corners = np.array([(start, -0.35 * half), (start + 0.3 * reach, -half * 0.86), (0.5 * length - 0.008, -half),
                        (0.5 * length, -half + 0.010), (0.5 * length, half - 0.010), (0.5 * length - 0.008, half),
                        (start + 0.3 * reach, half * 0.86), (start, 0.35 * half)])  # fmt: skip
    low = np.array([0.012, 0.008, 0.003, 0.003, 0.003, 0.003, 0.008, 0.012])
    blade = shapes.slab(corners, low, low + (0.0024, 0.004, 0.006)[style]).within(WORK)
    handle = _stick(
        [(-0.49 * length, 0, z), (-0.44 * length, 0, z), (-0.10 * length, 0, z), (start - 0.01, 0, 0.016),
         (start + 0.025, 0, 0.012)],
        [(0.007, 0.005), (0.010, 0.006), (0.009, 0.006), (0.0055, 0.0045), (0.005, 0.0025)], 8,
    )  # fmt: skip
    if style == 2:
        wood = pick(rng, _WOODS)
        return _drawing(blade + handle.within(HANDLE), blade, _sheet(rng, wood, wood), variant, False)
    if style == 1:
        colour = pick(rng, ((0.80, 0.12, 0.10), (0.10, 0.45, 0.55), (0.92, 0.55, 0.12), (0.35, 0.60, 0.25)))
        return _drawing(blade + handle.within(HANDLE), blade, _sheet(rng, colour, colour), variant, False)
    is_steel = rng.random() < 0.4
    sheet = _sheet(rng, None if is_steel else (0.10, 0.10, 0.11), (0.10, 0.10, 0.11))
    for k in range(4):
        # Slots: what lies below is seen as a shadow.
        cv2.rectangle(sheet, (40, 8 + 10 * k), (84, 11 + 10 * k), (46, 38, 32) if is_steel else (122, 108, 92), -1)
    return _drawing(blade + handle.within(HANDLE), blade, sheet, variant)


def _ladle(variant: int) -> Drawing:
    (length, width, h), rng = size_m("ladle", variant), rng_of("ladle", variant)
    z, half = handle_height_m("ladle", h), width / 2
    bowl = _scoop(0.36 * length, half, half, 0.036, 0.037).within(WORK)
    handle = _stick(
        [
            (-0.49 * length, 0, z),
            (-0.30 * length, 0, z),
            (0.05 * length, 0, z + 0.004),
            (0.5 * (0.36 * length - half), 0, 0.040),
            (0.36 * length - half + 0.003, 0, 0.036),
        ],
        [(0.009, 0.004), (0.009, 0.004), (0.006, 0.003), (0.006, 0.003), (0.007, 0.002)],
        8,
    )
    is_steel = rng.random() < 0.6
    dark = pick(rng, _HANDLES)
    picture = _sheet(rng, None if is_steel else dark, dark)
    return _drawing(bowl + handle.within(WORK if is_steel and variant % 2 else HANDLE), bowl, picture, variant)


def _whisk(variant: int) -> Drawing:
    (length, width, h), rng = size_m("whisk", variant), rng_of("whisk", variant)
    z = h / 2
    handle = _stick(
        [(-0.49 * length, 0, z), (-0.46 * length, 0, z), (-0.2 * length, 0, z), (-0.05 * length, 0, z)],
        [(0.009, 0.009), (0.011, 0.011), (0.009, 0.009), (0.008, 0.008)], 8,
    ).within(HANDLE)  # fmt: skip
    angle = np.linspace(-np.pi, np.pi, 13)
    share = 0.5 + 0.5 * np.cos(angle)
    along = -0.06 * length + 0.56 * length * share
    across = 0.5 * width * np.sign(angle) * np.sin(np.pi * share**1.5) ** 0.8
    wires = None
    for turn in np.linspace(0, np.pi, 5)[:-1]:
        path = np.stack([along, across * np.cos(turn), z + across * np.sin(turn)], -1)
        wire = shapes.tube(path, 0.0012, 4)
        wires = wire if wires is None else wires + wire
    assert wires is not None
    wires = wires.within(WORK)
    return _drawing(wires + handle, wires, _sheet(rng, None, pick(rng, ((0.72, 0.73, 0.75), *_HANDLES))), variant)


def _peeler(variant: int) -> Drawing:
    (length, width, h), rng = size_m("peeler", variant), rng_of("peeler", variant)
    z, half = h / 2, width / 2
    if variant % 2:
        # Like a Y, the blade between its ends.
        handle = _stick([(-0.49 * length, 0, z), (-0.3 * length, 0, z), (0.1 * length, 0, z)],
                        [(0.008, 0.006), (0.011, 0.006), (0.009, 0.005)], 8)  # fmt: skip
        for side in (-1, 1):
            handle = handle + _stick(
                [(0.08 * length, 0, z), (0.24 * length, side * half * 0.9, z), (0.38 * length, side * half, z)],
                [(0.006, 0.004), (0.005, 0.004), (0.004, 0.004)],
                6,
            )
        low, high = 0.32 * length, 0.40 * length
        blade = shapes.slab(np.array([(low, -half), (high, -half), (high, half), (low, half)]), z - 0.003, z - 0.001)
    else:
        handle = _stick([(-0.49 * length, 0, z), (-0.45 * length, 0, z), (-0.2 * length, 0, z), (0.06 * length, 0, z)],
                        [(0.008, 0.007), (0.011, 0.008), (0.009, 0.008), (0.009, 0.007)], 8)  # fmt: skip
        outline = np.array(
            [
                (0.05 * length, -0.006),
                (0.2 * length, -0.3 * width),
                (0.44 * length, -0.3 * width),
                (0.5 * length, 0.0),
                (0.44 * length, 0.2 * width),
                (0.2 * length, 0.2 * width),
                (0.05 * length, 0.006),
            ]
        )
        blade = shapes.slab(outline, z - 0.002, z + 0.001)
    colour = pick(
        rng, ((0.52, 0.70, 0.22), (0.90, 0.45, 0.10), (0.72, 0.14, 0.12), (0.10, 0.10, 0.11), (0.16, 0.34, 0.55))
    )
    sheet = _sheet(rng, None, colour)
    sheet[22:26, 30:90] = (40, 40, 44)
    return _drawing(blade.within(WORK) + handle.within(HANDLE), blade, sheet, variant)


def _scissors(variant: int) -> Drawing:
    (length, width, h), rng = size_m("scissors", variant), rng_of("scissors", variant)
    z, half = h / 2, width / 2
    blades, loops = None, None
    for side, level in ((1, 0.0), (-1, 0.002)):
        outline = np.array([(-0.10 * length, -0.010), (0.1 * length, -0.010), (0.5 * length, -0.001 - 0.002 * side),
                            (0.1 * length, 0.009), (-0.10 * length, 0.009)])  # fmt: skip
        blade = shapes.slab(outline + (0, side * 0.003), z - 0.001 + level, z + 0.001 + level)
        angle = np.linspace(0, 2 * np.pi, 13)
        ring = np.stack(
            [
                -0.30 * length + 0.19 * length * np.cos(angle),
                side * (0.52 * half + 0.47 * half * np.sin(angle)),
                np.full(13, z),
            ],
            -1,
        )
        loop = shapes.tube(ring, np.broadcast_to([0.0055, 0.0050], (13, 2)), 6)
        blades = blade if blades is None else blades + blade
        loops = loop if loops is None else loops + loop
    assert blades is not None and loops is not None
    blades = blades.within(WORK)
    colour = pick(rng, ((0.88, 0.40, 0.08), (0.72, 0.10, 0.10), (0.10, 0.10, 0.11), (0.14, 0.34, 0.60)))
    return _drawing(blades + loops.within(HANDLE), blades, _sheet(rng, None, colour), variant)


def _sponge(variant: int) -> Drawing:
    (length, width, h), rng = size_m("sponge", variant), rng_of("sponge", variant)
    soft, rough = pick(rng, (
        ((0.92, 0.80, 0.22), (0.10, 0.34, 0.18)), ((0.30, 0.62, 0.78), (0.16, 0.30, 0.55)),
        ((0.88, 0.42, 0.55), (0.48, 0.14, 0.28)), ((0.86, 0.84, 0.78), (0.30, 0.30, 0.32)),
    ))  # fmt: skip
    outline = shapes.rounded(length, width, 0.010, 4)
    body = shapes.slab(outline, 0.0, 0.74 * h).within((0.0, 0.5, 1.0, 1.0))
    pad = shapes.slab(outline, 0.74 * h, h).within((0.0, 0.0, 1.0, 0.5))
    sheet = plain(rough, 96, 96)
    sheet[:48] = soft
    sheet[48:] = surfaces.shaded(sheet[48:], 1 + 0.22 * rng.normal(size=(48, 96)))
    sheet[:48] = surfaces.freckles(rng, sheet[:48].copy(), tuple(0.62 * np.array(soft)), 0.02, 1.0)
    return Drawing(
        with_films((Part("body", body + pad),), pad, body + pad),
        {"main": Sheet(finish(sheet), specular=0.0), **film_sheets((0.30, 0.20, 0.10), variant % 3)},
    )


def _soft(kind: str, variant: int) -> Drawing:
    """A cloth or a towel that lies folded or crumpled."""
    (length, width, h), rng = size_m(kind, variant), rng_of(kind, variant)
    rows, columns = 9, 11
    y, x = np.mgrid[-1 : 1 : rows * 1j, -1 : 1 : columns * 1j]
    folds = 0.5 + 0.5 * np.sin(
        (3.5 if kind == "cloth" else 2.2) * (x * rng.uniform(0.5, 1) + y * rng.uniform(-1, 1)) + rng.uniform(0, 6)
    )
    heights = h * np.clip(0.42 + 0.40 * folds + 0.10 * rng.normal(size=x.shape), 0.2, 1.0)
    heights[[0, -1]] *= 0.6
    heights[:, [0, -1]] *= 0.6
    quilt = shapes.quilt(length, width, heights)
    # Edges that no ruler drew.
    vertices = quilt.vertices_m.copy()
    waves = (
        0.028 * length * np.sin(7 * vertices[:, 1] / width + rng.uniform(0, 6)),
        0.03 * width * np.sin(6 * vertices[:, 0] / length),
    )
    vertices[:, 0] += waves[0] * np.abs(vertices[:, 0]) / (0.5 * length)
    vertices[:, 1] += waves[1] * np.abs(vertices[:, 1]) / (0.5 * width)
    quilt = Shape(vertices, quilt.faces, quilt.texcoords)
    if kind == "cloth":
        ground = pick(
            rng, ((0.42, 0.66, 0.80), (0.92, 0.72, 0.25), (0.86, 0.52, 0.60), (0.45, 0.68, 0.45), (0.90, 0.90, 0.88))
        )
        ink, style = tuple(0.72 * np.array(ground)), 2
    else:
        ground = pick(rng, ((0.92, 0.91, 0.88), (0.90, 0.86, 0.76), (0.80, 0.84, 0.88)))
        ink, style = pick(rng, BRIGHT[:7]), variant % 2
    sheet = surfaces.weave(rng, 128, ground, ink, style)
    # Valleys of the folds are darker than their ridges.
    depth = cv2.resize((heights / h).astype(np.float32), (128, 128), interpolation=cv2.INTER_CUBIC)[::-1]
    sheet = surfaces.shaded(sheet, 0.74 + 0.34 * np.clip(depth, 0, 1))
    return Drawing(
        with_films((Part("body", quilt),), quilt, quilt),
        {"main": Sheet(finish(sheet), specular=0.0), **film_sheets((0.42, 0.26, 0.10), variant % 3)},
    )


def _phone(variant: int) -> Drawing:
    (length, width, h), rng = size_m("phone", variant), rng_of("phone", variant)
    outline, inner = shapes.rounded(length, width, 0.012, 4), shapes.rounded(length - 0.006, width - 0.006, 0.010, 4)
    body = shapes.slab(outline, 0.0, h - 0.0006)
    screen = shapes.slab(inner, h - 0.0008, h)
    dark = plain((0.04, 0.045, 0.055), 64, 128)
    bright = surfaces.blend(
        plain(pick(rng, BRIGHT[3:7]), 64, 128), (0.9, 0.9, 0.95), np.linspace(0, 0.5, 128)[None] * np.ones((64, 1))
    )
    for row in range(4):
        for column in range(6):
            corner = (14 + 18 * column, 8 + 13 * row)
            cv2.rectangle(bright, corner, (corner[0] + 9, corner[1] + 8), tuple(rng.uniform(0.3, 1, 3)), -1)
    parts = (Part("body", body), Part("screen", screen, lambda look: "lit" if look["on"] > 0.5 else "dark"))
    return Drawing(
        with_films(parts, screen, screen),
        {
            "main": Sheet(
                None, pick(rng, ((0.08, 0.08, 0.09), (0.75, 0.75, 0.77), (0.66, 0.18, 0.16), (0.15, 0.30, 0.42))), 0.4
            ),
            "dark": Sheet(finish(dark), specular=0.9, shininess=0.9),
            "lit": Sheet(finish(bright), emission=0.7),
            **film_sheets((0.5, 0.45, 0.4), 1),
        },
    )


DRAWINGS: Final[Mapping[str, Callable[[int], Drawing]]] = {
    "knife": _knife, "spoon": _spoon, "fork": _fork, "spatula": _spatula, "ladle": _ladle, "whisk": _whisk,
    "peeler": _peeler, "scissors": _scissors, "sponge": _sponge, "cloth": lambda v: _soft("cloth", v),
    "towel": lambda v: _soft("towel", v), "phone": _phone,
}  # fmt: skip

"""Pictures of what comes in packets: cartons, bags, boxes, jars, bottles and tins, with the prints of invented brands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import cv2
import numpy as np

from egoprog.sim import shapes, surfaces
from egoprog.sim.catalogue import size_m
from egoprog.sim.crockery import film_sheets, with_films
from egoprog.sim.drawing import Drawing, Filling, Part, Sheet, between
from egoprog.sim.shapes import Region, Shape
from egoprog.sim.surfaces import finish, pick, plain, rng_of, write
from egoprog.sim.types import Colour

PRINT, REST = (0.0, 0.15, 1.0, 1.0), (0.02, 0.02, 0.30, 0.12)
HOLE, LID = (0.36, 0.02, 0.46, 0.12), (0.52, 0.02, 0.98, 0.12)
"""The parts of a package's picture: what is printed, the packet itself, its dark opening, its cap."""
_SIZE = 224
_PANEL_ROWS = round(0.85 * _SIZE)
BRANDS: Final = ("Alba", "Morrow", "Ferrin", "Oakley", "Vesta", "Linden", "Havel", "Corso", "Tilda May", "Nordhus",
                 "Belmar", "Pomero", "Sanza", "Wexley", "Dunmore", "Castell")  # fmt: skip
DARK: Colour = (0.06, 0.05, 0.05)

# By kind: words for the product, and pairs of the packet's ground and its accent.
_PRINTS: Final[Mapping[str, tuple[tuple[str, ...], tuple[tuple[Colour, Colour], ...]]]] = {
    "milk": (("MILK", "LATTE", "WHOLE MILK"), (((0.93, 0.94, 0.96), (0.10, 0.32, 0.66)), ((0.92, 0.95, 0.93), (0.14, 0.52, 0.28)),
                                               ((0.93, 0.93, 0.95), (0.72, 0.12, 0.16)))),
    "juice": (("ORANGE", "APPLE", "JUICE"), (((0.96, 0.62, 0.10), (0.98, 0.95, 0.85)), ((0.62, 0.76, 0.20), (0.97, 0.95, 0.80)),
                                             ((0.75, 0.14, 0.20), (0.98, 0.90, 0.55)))),
    "cereal": (("FLAKES", "MUESLI", "HOOPS", "CRUNCH"), (((0.95, 0.76, 0.14), (0.75, 0.10, 0.12)), ((0.12, 0.36, 0.66), (0.97, 0.80, 0.20)),
                                                         ((0.20, 0.55, 0.28), (0.97, 0.92, 0.75)), ((0.80, 0.16, 0.16), (0.98, 0.95, 0.90)))),
    "pasta": (("PENNE", "FUSILLI", "PASTA"), (((0.10, 0.22, 0.55), (0.93, 0.90, 0.82)), ((0.62, 0.08, 0.12), (0.96, 0.92, 0.80)))),
    "rice": (("RICE", "BASMATI", "LONG GRAIN"), (((0.92, 0.90, 0.84), (0.12, 0.46, 0.30)), ((0.90, 0.60, 0.16), (0.55, 0.10, 0.10)))),
    "salt": (("SALT", "SEA SALT"), (((0.12, 0.24, 0.52), (0.96, 0.96, 0.96)), ((0.94, 0.94, 0.94), (0.10, 0.40, 0.62)))),
    "spice": (("PAPRIKA", "OREGANO", "CURRY", "PEPPER"), (((0.94, 0.92, 0.86), (0.70, 0.16, 0.10)), ((0.93, 0.93, 0.88), (0.20, 0.42, 0.18)))),
    "coffee": (("COFFEE", "CAFE"), (((0.42, 0.07, 0.08), (0.90, 0.74, 0.36)), ((0.12, 0.10, 0.09), (0.88, 0.72, 0.40)), ((0.10, 0.28, 0.20), (0.92, 0.84, 0.62)))),
    "tea": (("TEA", "EARL GREY", "GREEN TEA"), (((0.80, 0.62, 0.10), (0.36, 0.08, 0.08)), ((0.16, 0.40, 0.24), (0.94, 0.90, 0.72)), ((0.66, 0.10, 0.12), (0.96, 0.90, 0.70)))),
    "sugar": (("SUGAR", "CANE SUGAR"), (((0.94, 0.94, 0.95), (0.82, 0.22, 0.40)), ((0.93, 0.94, 0.96), (0.12, 0.40, 0.72)))),
    "flour": (("FLOUR", "PLAIN FLOUR"), (((0.92, 0.88, 0.78), (0.62, 0.12, 0.10)), ((0.90, 0.90, 0.88), (0.14, 0.30, 0.55)))),
    "yoghurt": (("YOGURT", "GREEK"), (((0.94, 0.95, 0.97), (0.16, 0.38, 0.70)), ((0.95, 0.94, 0.95), (0.72, 0.18, 0.42)))),
    "oil": (("OLIVE OIL", "OLIO"), (((0.92, 0.89, 0.74), (0.18, 0.34, 0.12)), ((0.16, 0.28, 0.14), (0.90, 0.78, 0.36)))),
    "jar": (("TOMATO", "PESTO", "JAM", "HONEY"), (((0.94, 0.92, 0.86), (0.70, 0.12, 0.10)), ((0.95, 0.94, 0.88), (0.20, 0.42, 0.18)))),
    "can": (("TOMATOES", "BEANS", "CHICKPEAS", "TUNA"), (((0.80, 0.12, 0.10), (0.97, 0.94, 0.86)), ((0.10, 0.42, 0.55), (0.97, 0.92, 0.70)), ((0.22, 0.48, 0.20), (0.96, 0.92, 0.80)))),
    "washing_liquid": (("WASH UP", "CLEAN", "DISHES"), (((0.20, 0.62, 0.30), (0.97, 0.93, 0.50)), ((0.14, 0.46, 0.78), (0.97, 0.97, 0.97)), ((0.95, 0.72, 0.10), (0.15, 0.42, 0.25)))),
    "box": (("SNACKS", "BISCUITS", "CRACKERS"), (((0.30, 0.16, 0.42), (0.96, 0.82, 0.30)), ((0.14, 0.44, 0.50), (0.97, 0.94, 0.86)))),
    "bottle": (("",), (((0.90, 0.92, 0.94), (0.15, 0.35, 0.60)),)),
}  # fmt: skip
_CONTENTS: Final[Mapping[str, tuple[Colour, ...]]] = {
    "milk": ((0.93, 0.93, 0.90),), "juice": ((0.97, 0.60, 0.10),), "cereal": ((0.85, 0.58, 0.22),),
    "pasta": ((0.92, 0.76, 0.42),), "rice": ((0.93, 0.90, 0.82),), "salt": ((0.92, 0.92, 0.92),),
    "spice": ((0.62, 0.22, 0.08), (0.34, 0.36, 0.16), (0.72, 0.50, 0.10), (0.15, 0.13, 0.12)),
    "coffee": ((0.20, 0.11, 0.06),), "tea": ((0.25, 0.15, 0.08),), "sugar": ((0.95, 0.95, 0.94),),
    "flour": ((0.93, 0.91, 0.86),), "yoghurt": ((0.95, 0.94, 0.92),), "oil": ((0.66, 0.58, 0.12), (0.80, 0.66, 0.16)),
    "jar": ((0.66, 0.12, 0.06), (0.32, 0.42, 0.14), (0.50, 0.06, 0.10), (0.82, 0.52, 0.10)),
    "can": ((0.70, 0.16, 0.08), (0.62, 0.30, 0.14), (0.80, 0.66, 0.40), (0.75, 0.60, 0.50)), "washing_liquid": ((0.40, 0.80, 0.40),),
    "box": ((0.80, 0.60, 0.30),), "bottle": ((0.66, 0.78, 0.84),),
}  # fmt: skip


def _panel(rng: np.random.Generator, kind: str, rows: int, columns: int) -> np.ndarray:
    """One printed face: a brand, what it is, a picture of it, small print."""
    words, colours = _PRINTS[kind]
    ground, accent = pick(rng, colours)
    sheet = plain(ground, rows, columns)
    number = int(rng.integers(len(words)))
    inside = _CONTENTS[kind][number % len(_CONTENTS[kind])]
    layout = int(rng.integers(3))
    top = 0.10 if layout != 2 else 0.62
    edge = np.linspace(0, 2 * np.pi, columns)
    wave = (top + 0.30) * rows + (0.03 * rows * np.sin(edge) if layout == 1 else 0)
    y = np.arange(rows)[:, None]
    sheet = surfaces.blend(
        sheet,
        accent,
        ((y > top * rows) & (y < wave[None] if layout == 1 else (y > top * rows) & (y < (top + 0.30) * rows))).astype(
            float
        )
        * np.ones((1, columns)),
    )
    write(sheet, pick(rng, BRANDS).upper() if layout else pick(rng, BRANDS), (0.5, top + 0.10), 0.095, ground, 0.62)
    write(sheet, words[number], (0.5, top + 0.22), 0.065, ground, 0.62, font=cv2.FONT_HERSHEY_SIMPLEX)
    middle = np.array([0.5 * columns, (0.68 if layout != 2 else 0.32) * rows])
    radius = 0.20 * min(rows, 1.3 * columns)
    cv2.circle(sheet, middle.astype(int).tolist(), round(radius), tuple(0.5 * (np.array(accent) + 1)), -1, cv2.LINE_AA)
    for _ in range(40):
        at = middle + radius * 0.72 * rng.normal(size=2) * 0.55
        tone = tuple((np.array(inside) * rng.uniform(0.75, 1.15)).tolist())
        size = (max(1, round(0.20 * radius)), max(1, round(0.12 * radius)))
        cv2.ellipse(sheet, at.astype(int).tolist(), size, rng.uniform(0, 180), 0, 360, tone, -1, cv2.LINE_AA)
    for row in (0.90, 0.935):
        cv2.line(
            sheet,
            (round(0.28 * columns), round(row * rows)),
            (round(0.72 * columns), round(row * rows)),
            tuple(0.5 * (np.array(ground) + accent)),
            1,
        )
    return sheet


def printed(
    kind: str, variant: int, cap: Colour, rest: Colour | None = None, band: tuple[float, float] = (0.0, 1.0)
) -> np.ndarray:
    """A package's picture, laid out as PRINT, REST, HOLE and LID say, the print twice around.

    band: the rows of the print, from the top, that a label covers; the rest has the packet's colour.
    """
    rng = rng_of(kind, variant, 3)
    half = _SIZE // 2
    low, high = round(band[0] * _PANEL_ROWS), round(band[1] * _PANEL_ROWS)
    panel = _panel(rng, kind, high - low, half)
    ground = rest or tuple(panel[-3, 3].tolist())
    sheet = plain(ground, _SIZE, _SIZE)
    sheet[low:high] = np.concatenate([panel, panel], axis=1)
    foot = slice(_PANEL_ROWS + 4, _SIZE)
    sheet[foot, round(0.34 * _SIZE) : round(0.48 * _SIZE)] = DARK
    sheet[foot, round(0.50 * _SIZE) :] = cap
    return sheet


def contents_colour(kind: str, variant: int) -> Colour:
    """Of what is in the package, as it is pictured on it."""
    rng = rng_of(kind, variant, 3)
    pick(rng, _PRINTS[kind][1])
    return _CONTENTS[kind][int(rng.integers(len(_PRINTS[kind][0]))) % len(_CONTENTS[kind])]


def _drawn(
    parts: tuple[Part, ...], sheet: np.ndarray, body: Shape, gloss: float, filling: Filling | None = None
) -> Drawing:
    sheets = {"main": Sheet(finish(sheet), specular=gloss, shininess=0.5), **film_sheets((0.45, 0.30, 0.14), 1)}
    return Drawing(with_films(parts, body, body), sheets, filling)


def _cap(radius_m: float, low_m: float, high_m: float, segments: int = 12) -> Shape:
    profile = [(radius_m, low_m), (radius_m, high_m - 0.001), (radius_m - 0.0015, high_m), (0, high_m)]
    return shapes.turned(profile, segments).within(LID)


def _carton(kind: str, variant: int) -> Drawing:
    """A gabled or a flat carton with a screw cap."""
    (length, width, h), rng = size_m(kind, variant), rng_of(kind, variant)
    x, y = length / 2, width / 2
    is_gabled = rng.random() < 0.6
    cap_colour = pick(rng, ((0.90, 0.90, 0.90), (0.12, 0.35, 0.70), (0.75, 0.12, 0.14), (0.16, 0.52, 0.28)))
    sheet = printed(kind, variant, cap_colour)
    if is_gabled:
        shoulder = h - 0.048
        body = shapes.column([(0, x, y), (shoulder, x, y), (h - 0.014, x, 0.004), (h, x, 0.0025)], 12, 16)
        at, tilt = np.array([0.0, -0.55 * y, shoulder + 0.45 * (h - 0.014 - shoulder)]), 0.80
    else:
        body = shapes.column([(0, x, y), (h - 0.014, x, y), (h - 0.012, x - 0.001, y - 0.001)], 12, 16)
        at, tilt = np.array([0.0, -0.35 * y, h - 0.012]), 0.0
    turn = np.array([[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]])
    cap = _cap(0.0135, -0.002, 0.012).rotated(turn).at(*at)
    ring = shapes.turned([(0.0115, -0.002), (0.0115, 0.006), (0.0085, 0.006)], 12).within(REST)
    neck = ring + shapes.disc(0.0100, 0.0045, 10).within(HOLE)
    neck = neck.rotated(turn).at(*at)
    shape = body.within(PRINT)
    parts = (
        Part("body", shape),
        Part("cap", cap, opacity=between("open", 0.0, 0.5)),
        Part("neck", neck, opacity=between("open", 0.5)),
    )
    return _drawn(parts, sheet, body, 0.2)


def _bag(kind: str, variant: int) -> Drawing:
    """A filled bag whose top is folded over, clipped or torn open."""
    (length, width, h), rng = size_m(kind, variant), rng_of(kind, variant)
    x, y = length / 2, width / 2
    is_paper = kind in ("sugar", "flour")
    seam = h - 0.020
    if is_paper:
        levels = [
            (0, 0.97 * x, 0.95 * y),
            (0.3 * h, x, y),
            (0.80 * h, 0.98 * x, 0.95 * y),
            (0.86 * h, 0.95 * x, 0.9 * y),
        ]
        top = [(0.86 * h, 0.95 * x, 0.9 * y), (seam, 0.9 * x, 0.35 * y), (h, 0.88 * x, 0.10 * y)]
    else:
        levels = [
            (0, 0.86 * x, 0.80 * y),
            (0.12 * h, 0.98 * x, y),
            (0.55 * h, x, 0.97 * y),
            (0.78 * h, 0.98 * x, 0.72 * y),
        ]
        top = [(0.78 * h, 0.98 * x, 0.72 * y), (seam, 0.99 * x, 0.12 * y), (h, x, 0.05 * y)]
    squareness = 6 if is_paper else 3
    body = shapes.column(levels, squareness, 20).within((0.0, 0.15, 1.0, 0.15 + 0.85 * levels[-1][0] / h))
    shut = shapes.column(top, squareness, 20).within((0.0, 0.15 + 0.85 * top[0][0] / h, 1.0, 1.0))
    rim = [
        (top[0][0] - 0.002, top[0][1], top[0][2]),
        (seam - 0.004, 0.93 * x, 0.80 * y),
        (seam + 0.006, 0.96 * x, 0.90 * y),
    ]
    hollow = [(seam + 0.006, 0.94 * x, 0.86 * y), (0.80 * h, 0.90 * x, 0.62 * y)]
    torn = _open_column(rim, squareness, 20).within((0.0, 0.80, 1.0, 0.95))
    torn = torn + _open_column(hollow, squareness, 20).within(HOLE)
    parts = (
        Part("body", body),
        Part("shut", shut, opacity=between("open", 0.0, 0.5)),
        Part("torn", torn, opacity=between("open", 0.5)),
    )
    inside = shapes.column([(0.79 * h, 0.88 * x, 0.60 * y), (0.83 * h, 0.80 * x, 0.50 * y)], 3, 14).within(
        (0.8, 0.02, 0.98, 0.12)
    )
    parts = (*parts, Part("inside", inside, opacity=lambda look: float(look["open"] >= 0.5 and look["fill"] > 0.05)))
    return _drawn(parts, printed(kind, variant, contents_colour(kind, variant)), body, 0.05 if is_paper else 0.35)


def _open_column(levels: list[tuple[float, float, float]], squareness: float, segments: int) -> Shape:
    """A column without its ends."""
    shape = shapes.column(levels, squareness, segments)
    around = segments + 1
    is_wall = ((shape.faces >= around) & (shape.faces < around * (len(levels) + 1))).all(axis=1)
    return Shape(shape.vertices_m, shape.faces[is_wall], shape.texcoords)


def _box(kind: str, variant: int) -> Drawing:
    """A cardboard box: cereal, tea, biscuits."""
    length, width, h = size_m(kind, variant)
    x, y = length / 2, width / 2
    body = shapes.column([(0, x, y), (h - 0.002, x, y)], 24, 16)
    top = shapes.block(length, width, 0.003, 0.001).at(z=h - 0.003).within(REST)
    flaps: Region = REST
    depth = min(0.75 * width, 0.045)
    opened = None
    for side, tilt in ((-1, 2.2), (1, 2.0)):
        flap = shapes.block(length, depth, 0.0012, 0.0004)
        angle = side * -tilt
        turn = np.array([[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]])
        flap = flap.at(y=-side * depth / 2).rotated(turn).at(y=side * y, z=h).within(flaps)
        opened = flap if opened is None else opened + flap
    assert opened is not None
    opened = opened + shapes.block(0.95 * length, 0.93 * width, 0.001, 0.0004).at(z=h - 0.0015).within(HOLE)
    sheet = printed(kind, variant, contents_colour(kind, variant))
    parts = (
        Part("body", body.within(PRINT)),
        Part("shut", top, opacity=between("open", 0.0, 0.5)),
        Part("flaps", opened, opacity=between("open", 0.5)),
    )
    return _drawn(parts, sheet, body, 0.12)


def _lidded(kind: str, variant: int) -> Drawing:
    """A jar, shaker or tub: a wall with a label, and a lid."""
    (length, _, h), rng = size_m(kind, variant), rng_of(kind, variant)
    r, inside = length / 2, contents_colour(kind, variant)
    lid_m = {"coffee": 0.024, "jar": 0.016, "spice": 0.022, "salt": 0.020, "yoghurt": 0.006}[kind]
    top = h - lid_m
    if kind == "yoghurt":
        wall = [(0, 0), (0.76 * r, 0), (0.80 * r, 0.004), (0.97 * r, top - 0.004), (r, top - 0.002), (r, top)]
    elif kind in ("jar", "coffee"):
        wall = [(0, 0), (0.93 * r, 0), (r, 0.008), (r, top - 0.014), (0.86 * r, top - 0.004), (0.86 * r, top)]
    else:
        wall = [(0, 0), (0.96 * r, 0), (r, 0.004), (r, top - 0.006), (0.92 * r, top), (0.92 * r, top + 0.001)]
    body = shapes.turned(wall, 22, True)
    neck = wall[-1][0]
    lids = {
        "coffee": ((0.10, 0.10, 0.10), (0.48, 0.07, 0.08), (0.75, 0.60, 0.25)),
        "jar": ((0.75, 0.60, 0.25), (0.80, 0.80, 0.80), (0.65, 0.10, 0.10), (0.12, 0.30, 0.16)),
        "spice": ((0.10, 0.10, 0.10), (0.70, 0.14, 0.10), (0.16, 0.42, 0.20)),
        "salt": ((0.80, 0.80, 0.80), (0.12, 0.24, 0.52), (0.75, 0.12, 0.12)),
        "yoghurt": ((0.84, 0.86, 0.88), (0.16, 0.38, 0.70)),
    }
    is_clear = kind in ("jar", "spice", "coffee")
    band = {"jar": (0.30, 0.86), "spice": (0.28, 0.90), "coffee": (0.28, 0.84)}.get(kind, (0.02, 0.98))
    glass = (0.55, 0.60, 0.58) if is_clear else None
    sheet = printed(kind, variant, pick(rng, lids[kind]), glass, band)
    if is_clear:
        # What stands behind the glass, its grain, and an empty neck.
        rows = slice(round(0.16 * _PANEL_ROWS), round(band[0] * _PANEL_ROWS))
        below = slice(round(band[1] * _PANEL_ROWS), _PANEL_ROWS)
        for part in (rows, below):
            seen = plain(inside, part.stop - part.start, _SIZE)
            sheet[part] = surfaces.shaded(seen, 1 + 0.10 * rng.normal(size=seen.shape[:2]))
    lid = _cap(neck + 0.002, top - (0.004 if kind != "yoghurt" else 0.001), h, 20)
    hole = shapes.disc(neck - 0.002, top - 0.006, 16).within(HOLE)
    rim = shapes.turned(
        [(neck, top - 0.002), (neck, top), (neck - 0.003, top), (neck - 0.003, top - 0.008)], 18
    ).within(REST)
    full = shapes.disc(neck - 0.002, top - 0.005, 16).within((0.1, 0.5, 0.2, 0.6))
    parts = (
        Part("body", body.within(PRINT)),
        Part("lid", lid, opacity=between("open", 0.0, 0.5)),
        Part("rim", rim + hole, opacity=between("open", 0.5)),
        Part("inside", full, "inside", lambda look: float(look["open"] >= 0.5 and look["fill"] > 0.05)),
    )
    made = _drawn(parts, sheet, body, 0.5 if is_clear else 0.25)
    return Drawing(made.parts, {**made.sheets, "inside": Sheet(None, inside)}, None)


def _can(variant: int) -> Drawing:
    """A tin with a ring pull."""
    length, _, h = size_m("can", variant)
    r = length / 2
    wall = [
        (0, 0.001),
        (r - 0.002, 0),
        (r, 0.001),
        (r, 0.004),
        (r - 0.001, 0.005),
        (r - 0.001, h - 0.005),
        (r, h - 0.004),
        (r, h),
    ]
    body = shapes.turned(wall, 24, True).within(PRINT)
    steel = (0.72, 0.73, 0.74)
    sheet = printed("can", variant, steel, steel, (0.05, 0.95))
    lip = [(r, h), (r - 0.003, h), (r - 0.004, h - 0.003)]
    shut = shapes.turned([*lip, (0, h - 0.003)], 22).within(LID)
    pull = shapes.tube(shapes.arc((0.3 * r, 0, h - 0.001), 0.011, 0, 2 * np.pi, "xy", 9), 0.0014, 4).within(
        (0.6, 0.03, 0.7, 0.05)
    )
    wall_in = shapes.turned([*lip, (r - 0.004, 0.4 * h), (0, 0.4 * h)], 22).within(HOLE)
    bent = (
        shapes.disc(r - 0.005, 0.0, 16)
        .rotated(np.array([[0, 0, -1], [0, 1, 0], [1, 0, 0]]))
        .at(x=r - 0.003, z=h + 0.55 * r)
    )
    back = (
        shapes.disc(r - 0.005, 0.0, 16, is_up=False)
        .rotated(np.array([[0, 0, -1], [0, 1, 0], [1, 0, 0]]))
        .at(x=r - 0.002, z=h + 0.55 * r)
    )
    parts = (
        Part("body", body),
        Part("shut", shut + pull, opacity=between("open", 0.0, 0.5)),
        Part("opened", wall_in + (bent + back).within(LID), opacity=between("open", 0.5)),
        Part(
            "inside",
            shapes.disc(r - 0.0045, 0.86 * h, 18),
            "inside",
            lambda look: float(look["open"] >= 0.5 and look["fill"] > 0.05),
        ),
    )
    made = _drawn(parts, sheet, body, 0.45)
    return Drawing(made.parts, {**made.sheets, "inside": Sheet(None, contents_colour("can", variant), 0.4)}, None)


def _bottle_of_oil(variant: int) -> Drawing:
    (length, _, h), rng = size_m("oil", variant), rng_of("oil", variant)
    r, m, colour = length / 2, 0.014, contents_colour("oil", variant)
    belly = [(0, 0.003), (r * 0.9, 0), (r, 0.006), (r, 0.57 * h), (r * 0.92, 0.63 * h)]
    neck = [(r * 0.60, 0.72 * h), (m * 1.1, 0.80 * h), (m, h - 0.024), (m, h - 0.010), (m - 0.003, h - 0.010)]
    body = shapes.turned([*belly, *neck], 22, True)
    is_dark = rng.random() < 0.35
    glass = (0.12, 0.20, 0.08) if is_dark else tuple(0.85 * np.array(colour))
    sheet = printed(
        "oil", variant, pick(rng, ((0.10, 0.10, 0.10), (0.62, 0.50, 0.15), (0.15, 0.35, 0.15))), glass, (0.46, 0.88)
    )
    sheet[:, 20:24] = np.clip(sheet[:, 20:24] + 0.18, 0, 1)
    cap = _cap(m + 0.002, h - 0.026, h, 12)
    hole = shapes.disc(m - 0.004, h - 0.0095, 10).within(HOLE)
    parts = (Part("body", body.within(PRINT), tint=lambda look: (1, 1, 1) if look["fill"] > 0.05 else (1.05, 1.15, 1.5)),
             Part("cap", cap, opacity=between("open", 0.0, 0.5)), Part("hole", hole, opacity=between("open", 0.5)))  # fmt: skip
    return _drawn(parts, sheet, body, 0.8)


def _water_bottle(variant: int) -> Drawing:
    """A sports bottle, of steel or of clear plastic."""
    (length, _, h), rng = size_m("bottle", variant), rng_of("bottle", variant)
    r, m = length / 2, 0.020
    wall = [
        (0, 0.002),
        (r * 0.92, 0),
        (r, 0.006),
        (r, 0.70 * h),
        (r * 0.93, 0.76 * h),
        (m * 1.15, 0.86 * h),
        (m, h - 0.022),
        (m, h - 0.012),
    ]
    body = shapes.turned([*wall, (m - 0.002, h - 0.012), (m - 0.002, 0.86 * h)], 22, True).within(PRINT)
    cap = _cap(m + 0.003, h - 0.028, h, 16)
    is_clear = rng.random() < 0.5
    tone = pick(
        rng, ((0.15, 0.42, 0.62), (0.75, 0.25, 0.20), (0.20, 0.50, 0.36), (0.22, 0.22, 0.24), (0.85, 0.60, 0.66))
    )
    sheet = plain(tone, _SIZE, _SIZE)
    sheet[:_PANEL_ROWS] = surfaces.shaded(
        sheet[:_PANEL_ROWS], surfaces.brushed(rng, _PANEL_ROWS, _SIZE, (1, 1, 1))[..., 0]
    )
    sheet[_PANEL_ROWS + 4 :, round(0.34 * _SIZE) : round(0.48 * _SIZE)] = DARK
    sheet[_PANEL_ROWS + 4 :, round(0.5 * _SIZE) :] = pick(rng, ((0.12, 0.12, 0.13), (0.88, 0.88, 0.88), tone))
    word = pick(rng, BRANDS).upper()
    for centre in (0.25, 0.75):
        write(sheet, word, (centre, 0.45), 0.055, (0.95, 0.95, 0.95), 0.30)
    alpha = np.ones((_SIZE, _SIZE), np.float32)
    if is_clear:
        alpha[:_PANEL_ROWS] = 0.30
        alpha[:_PANEL_ROWS, 20:26] = alpha[:_PANEL_ROWS, 130:136] = 0.65
        letters = np.abs(sheet - 0.95).max(axis=-1) < 0.05
        alpha[letters] = 0.95
    picture = surfaces.film((1, 1, 1), alpha)
    picture[..., :3] = finish(sheet)
    hole = shapes.disc(m - 0.003, h - 0.0125, 12).within(HOLE)
    parts = (
        Part("body", body),
        Part("cap", cap, "cap", between("open", 0.0, 0.5)),
        Part("hole", hole, "cap", between("open", 0.5)),
    )
    sheets = {"main": Sheet(picture, (1, 1, 1, 0.99 if is_clear else 1.0), 0.7, 0.7), "cap": Sheet(picture[..., :3].copy(), specular=0.3),
              **film_sheets((0.5, 0.4, 0.3), 1)}  # fmt: skip
    levels = ((0.006, r - 0.002), (0.74 * h, r - 0.002))
    return Drawing(
        with_films(parts, body, body), sheets, Filling(levels, (0.62, 0.76, 0.84), 1.0) if is_clear else None
    )


def _washing_liquid(variant: int) -> Drawing:
    (length, width, h), rng = size_m("washing_liquid", variant), rng_of("washing_liquid", variant)
    x, y = length / 2, width / 2
    levels = [(0, 0.92 * x, 0.9 * y), (0.03 * h, x, y), (0.30 * h, 0.93 * x, 0.95 * y), (0.58 * h, x, y), (0.74 * h, 0.85 * x, 0.9 * y),
              (0.82 * h, 0.015, 0.015), (0.85 * h, 0.014, 0.014)]  # fmt: skip
    body = shapes.column(levels, 2.4, 20)
    cap_colour = pick(rng, ((0.92, 0.92, 0.92), (0.85, 0.15, 0.12), (0.12, 0.35, 0.20)))
    sheet = printed("washing_liquid", variant, cap_colour, None, (0.30, 0.92))
    liquid = pick(rng, ((0.35, 0.75, 0.30), (0.30, 0.60, 0.85), (0.92, 0.80, 0.20)))
    sheet[: round(0.30 * _PANEL_ROWS)] = sheet[round(0.92 * _PANEL_ROWS) : _PANEL_ROWS] = liquid
    foot = shapes.turned(
        [(0.016, 0.84 * h), (0.016, 0.91 * h), (0.008, 0.93 * h), (0.006, 0.965 * h), (0, 0.965 * h)], 12
    ).within(LID)
    top = _cap(0.0075, 0.95 * h, h, 10)
    flipped = (
        _cap(0.0075, -0.01, 0.0, 10).rotated(np.array([[0, 0, 1.0], [0, 1, 0], [-1, 0, 0]])).at(x=0.014, z=0.935 * h)
    )
    parts = (Part("body", body.within(PRINT) + foot), Part("cap", top, opacity=between("open", 0.0, 0.5)),
             Part("flipped", flipped, opacity=between("open", 0.5)))  # fmt: skip
    return _drawn(parts, sheet, body, 0.6)


def _rubbish(variant: int) -> Drawing:
    """A crumpled wrapper."""
    (length, width, h), rng = size_m("rubbish", variant), rng_of("rubbish", variant)
    ball = shapes.turned(
        list(
            zip(
                *np.array([(0.5 * np.cos(a), 0.5 + 0.5 * np.sin(a)) for a in np.linspace(-1.57, 1.57, 9)]).T,
                strict=True,
            )
        ),
        14,
    )
    places, index = np.unique(np.round(ball.vertices_m, 6), axis=0, return_inverse=True)
    away = 1 + 0.22 * rng.normal(size=len(places)).clip(-1.5, 1.2)
    crumpled = (places - (0, 0, 0.5)) * away[:, None] + (0, 0, 0.5)
    crumpled[:, 2] = np.maximum(crumpled[:, 2], 0.05)
    shape = Shape(crumpled[index.ravel()] * (length, width, h), ball.faces, ball.texcoords)
    ground, ink = pick(rng, (((0.80, 0.82, 0.84), (0.75, 0.12, 0.12)), ((0.85, 0.70, 0.20), (0.15, 0.30, 0.55)), ((0.90, 0.90, 0.88), (0.20, 0.50, 0.30)),
                             ((0.72, 0.74, 0.76), (0.55, 0.57, 0.60))))  # fmt: skip
    sheet = surfaces.blend(plain(ground, 96, 96), ink, (surfaces.cloud(rng, 96, 96, 4) > 0.55).astype(float))
    sheet = surfaces.shaded(sheet, 1 + 0.14 * surfaces.cloud(rng, 96, 96, 18))
    return Drawing(
        with_films((Part("body", shape),), shape, shape),
        {"main": Sheet(finish(sheet), specular=0.5), **film_sheets((0.4, 0.3, 0.2), 1)},
    )


DRAWINGS: Final[Mapping[str, Callable[[int], Drawing]]] = {
    **{kind: (lambda variant, kind=kind: _carton(kind, variant)) for kind in ("milk", "juice")},
    **{kind: (lambda variant, kind=kind: _bag(kind, variant)) for kind in ("pasta", "rice", "sugar", "flour")},
    **{kind: (lambda variant, kind=kind: _box(kind, variant)) for kind in ("cereal", "tea", "box")},
    **{kind: (lambda variant, kind=kind: _lidded(kind, variant)) for kind in ("salt", "spice", "coffee", "jar", "yoghurt")},
    "can": _can, "oil": _bottle_of_oil, "bottle": _water_bottle, "washing_liquid": _washing_liquid,
    "rubbish": _rubbish,
}  # fmt: skip

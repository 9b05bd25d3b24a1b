"""Pictures of what food is cooked in, served on and drunk from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Final

import numpy as np

from egoprog.sim import shapes, surfaces
from egoprog.sim.catalogue import HANDLE_M, LEAN, handle_end_m, inside_m, size_m
from egoprog.sim.drawing import Drawing, Filling, Part, Picture, Sheet, after, between
from egoprog.sim.shapes import Shape
from egoprog.sim.surfaces import BRIGHT, finish, pick, plain, rng_of
from egoprog.sim.types import Colour, Look

_GROUNDS: Final[tuple[Colour, ...]] = (
    (0.93, 0.92, 0.89), (0.90, 0.87, 0.80), (0.95, 0.95, 0.95), (0.62, 0.70, 0.74), (0.30, 0.34, 0.40),
    (0.72, 0.36, 0.28), (0.42, 0.55, 0.48), (0.92, 0.80, 0.48),
)  # fmt: skip
_WHITES: Final = _GROUNDS[:3]
OUTSIDE, INSIDE, REST = (0.0, 0.5, 1.0, 1.0), (0.0, 0.2, 1.0, 0.48), (0.0, 0.02, 1.0, 0.18)
"""The parts of a vessel's picture: the outer wall, the inner one, handle and base."""
FILM_M = 0.0007
"""How far dirt and suds stand off what they cover."""


@cache
def fill_picture(is_mixed: bool = False, size: int = 96) -> Picture:
    """The surface of a soup or a heap, in grey: colours come from what it is. Stirring makes it even."""
    rng = np.random.default_rng([43])
    y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
    if is_mixed:
        whirl = np.cos(9 * np.hypot(x, y) + np.arctan2(y, x))
        shade = 0.92 + 0.06 * whirl + 0.012 * surfaces.cloud(rng, size, size, 22)
    else:
        lumps = np.clip(surfaces.cloud(rng, size, size, 9), -1.2, 1.2)
        shade = 0.84 + 0.10 * lumps + 0.05 * surfaces.cloud(rng, size, size, 24)
    return finish(surfaces.shaded(plain((1.0, 1.0, 1.0), size, size), shade))


def with_films(parts: tuple[Part, ...], stained: Shape, sudsy: Shape) -> tuple[Part, ...]:
    """Adds what dirt covers and what suds and drops cover."""
    return (
        *parts,
        Part("dirt", stained.swollen(FILM_M), "dirt", after("dirt", 0.99)),
        Part("foam", sudsy.swollen(2 * FILM_M), _washed, lambda look: min(0.99, max(look["soapy"], 0.9 * look["wet"]))),
    )


def _washed(look: Look) -> str:
    return "foam" if look["soapy"] > 0.02 else "drops"


def film_sheets(colour: Colour = (0.36, 0.17, 0.06), seed: int = 0) -> dict[str, Sheet]:
    return {
        "dirt": Sheet(surfaces.stains(colour, seed), specular=0.05),
        "foam": Sheet(surfaces.foam(), specular=0.3),
        "drops": Sheet(surfaces.drops(), specular=1.0, shininess=0.9),
    }


def _vessel_picture(outside: np.ndarray, inside: Colour, rest: Colour, size: int = 192) -> np.ndarray:
    """The picture of a vessel, laid out as OUTSIDE, INSIDE and REST say."""
    sheet = plain(rest, size, size)
    sheet[: size // 2] = outside
    sheet[size // 2 : round(0.81 * size)] = inside
    return finish(sheet)


def _mug(variant: int) -> Drawing:
    (length, _, h), rng = size_m("mug", variant), rng_of("mug", variant)
    r, (inner, floor, _) = length / 2, inside_m("mug", variant)
    taper = pick(rng, (1.0, 1.0, 0.90, 0.84))
    foot = r * taper
    outer = [(0, 0), (foot * 0.9, 0), (foot, 0.005), (foot + 0.5 * (r - foot), h * 0.5), (r, h - 0.003), (r - 0.001, h)]
    hollow = [
        (inner + 0.001, h - 0.001),
        (inner - 0.5 * (r - foot), h * 0.5),
        (foot - 0.006, floor + 0.006),
        (0, floor),
    ]
    handle = shapes.arc((r + 0.002, 0, h * 0.52), 0.025, np.pi / 2 + 0.1, -np.pi / 2 - 0.1, "xz", 9)
    handle[:, 2] = h * 0.52 + (handle[:, 2] - h * 0.52) * pick(rng, (1.1, 1.25))
    handle[:, 0] -= (r - foot) * (1 - handle[:, 2] / h)
    outside, inside = shapes.turned(outer, 24, True).within(OUTSIDE), shapes.turned(hollow, 24).within(INSIDE)
    loop = shapes.tube(handle, np.broadcast_to([0.0065, 0.0045], (9, 2)), 6).within(REST)
    ground = pick(rng, _GROUNDS)
    paint = surfaces.glaze(rng, 96, 192, ground, pick(rng, BRIGHT))
    picture = _vessel_picture(paint, pick(rng, (ground, _WHITES[0])), tuple(paint[90, 4].tolist()))
    body = outside + inside + loop
    drip = shapes.turned([(r, h * 0.55), (r, h * 0.8), (r, h - 0.002), (r - 0.002, h)], 24)
    return Drawing(
        with_films((Part("body", body),), inside + drip.within((0.0, 0.3, 1.0, 0.6)), outside + inside),
        {"main": Sheet(picture, specular=0.5, shininess=0.7), **film_sheets((0.30, 0.15, 0.06), variant % 3)},
        Filling(((floor, foot - 0.006), (h * 0.5, inner - 0.5 * (r - foot)), (h, inner)), (0.34, 0.18, 0.08), 0.86),
    )


def _glass(variant: int) -> Drawing:
    (length, _, h), rng = size_m("glass", variant), rng_of("glass", variant)
    r, (inner, floor, _) = length / 2, inside_m("glass", variant)
    foot = r * pick(rng, (0.95, 0.85, 0.78))
    outer = [(0, 0), (foot - 0.002, 0), (foot, 0.004), (foot + 0.5 * (r - foot), h / 2), (r, h)]
    hollow = [(inner, h), (inner - 0.5 * (r - foot), h / 2), (foot - 0.004, floor + 0.004), (0, floor + 0.003)]
    outside, inside = shapes.turned(outer, 24, True), shapes.turned(hollow, 24)
    shade = plain((0.86, 0.92, 0.94), 96, 64)
    alpha = np.full((96, 64), 0.24, np.float32)
    alpha[:4], alpha[86:] = 0.75, 0.5
    alpha[:, 8:11] = alpha[:, 41:43] = 0.62
    shade[:, 8:11] = shade[:, 41:43] = 1.0
    if rng.random() < 0.3:
        shade[30:58, ::6], alpha[30:58, ::6] = pick(rng, BRIGHT), 0.9
    picture = surfaces.film((1, 1, 1), alpha)
    picture[..., :3] = finish(shade)
    return Drawing(
        with_films((Part("body", outside + inside.within((0.2, 0.2, 0.3, 0.8))),), outside, outside),
        {"main": Sheet(picture, (1, 1, 1, 0.99), 0.9, 0.9), **film_sheets((0.80, 0.78, 0.72), 3)},
        Filling(((floor, foot - 0.004), (h, inner)), (0.72, 0.82, 0.88), 0.85),
    )


def _bowl(variant: int) -> Drawing:
    (length, _, h), rng = size_m("bowl", variant), rng_of("bowl", variant)
    r, foot = length / 2, 0.40 * length / 2
    steps = np.linspace(0, 1, 6)
    curve = [(foot + (r - foot) * np.sin(s * np.pi / 2) ** 0.85, 0.008 + (h - 0.008) * s**1.5) for s in steps]
    outer = [(0, 0), (foot, 0), (foot, 0.006), *curve]
    hollow = [(x - 0.005, z + 0.003 * (1 - z / h)) for x, z in reversed(curve)]
    outside = shapes.turned(outer, 28, True).within(OUTSIDE)
    inside = shapes.turned([*hollow, (0, hollow[-1][1])], 28, True).within(INSIDE)
    ground = pick(rng, _GROUNDS)
    paint = surfaces.glaze(rng, 96, 192, ground, pick(rng, BRIGHT))
    picture = _vessel_picture(paint, pick(rng, (ground, _WHITES[2])), tuple(paint[4, 4].tolist()))
    levels = tuple((z, x) for x, z in reversed(hollow))
    return Drawing(
        with_films((Part("body", outside + inside),), inside, outside + inside),
        {"main": Sheet(picture, specular=0.5, shininess=0.7), **film_sheets((0.48, 0.22, 0.05), variant % 3)},
        Filling(levels, (0.84, 0.62, 0.30), 0.78, True),
    )


def _plate(variant: int) -> Drawing:
    (length, _, h), rng = size_m("plate", variant), rng_of("plate", variant)
    r = length / 2
    low = shapes.turned([(0, 0), (r * 0.6, 0), (r * 0.64, 0.004), (r, h - 0.003), (r, h)], 30)
    upper = ((r * 0.99, h), (r * 0.70, 0.012), (r * 0.64, 0.007), (0, 0.007))
    high = _seen_from_above(shapes.turned(upper, 30), r)
    ground = pick(rng, (*_WHITES, *_WHITES, *_GROUNDS))
    picture = finish(surfaces.round_glaze(rng, 192, ground, pick(rng, BRIGHT)))
    parts = (
        Part("body", low.within((0.49, 0.49, 0.51, 0.51)) + high),
        _meal_part(0.60 * r, 0.0075),
    )
    return Drawing(
        with_films(parts, high, high),
        {"main": Sheet(picture, specular=0.5, shininess=0.7), "food": _meal_sheet(rng),
         **film_sheets((0.45, 0.16, 0.05), variant % 3)},
    )  # fmt: skip


def _meal_part(radius_m: float, z: float) -> Part:
    """A helping of something, in the colour of what was put there."""
    profile = [(radius_m, z), (0.87 * radius_m, z + 0.010), (0.5 * radius_m, z + 0.019), (0, z + 0.022)]
    food = _seen_from_above(shapes.turned(profile, 20), radius_m)
    return Part("food", food, "food", lambda look: float(look["fill"] > 0.05), lambda look: look.contents or (1, 1, 1))


def _meal_sheet(rng: np.random.Generator) -> Sheet:
    meal = surfaces.skin(rng, 96, 96, (0.86, 0.62, 0.30), (0.62, 0.22, 0.10), 1.0, 9)
    return Sheet(finish(surfaces.freckles(rng, meal, (0.25, 0.42, 0.12), 0.010, 1.6)))


def _seen_from_above(shape: Shape, radius_m: float) -> Shape:
    """With a picture that lies on it, a square about the circle."""
    return Shape(shape.vertices_m, shape.faces, 0.5 + 0.5 * shape.vertices_m[:, :2] / radius_m)


def _long_handled(kind: str, variant: int) -> Drawing:
    """A frying pan or a saucepan."""
    size, rng = size_m(kind, variant), rng_of(kind, variant)
    (length, _, h), (inner, floor, _) = size, inside_m(kind, variant)
    r, long = length / 2, HANDLE_M[kind]
    foot = r * (0.80 if kind == "pan" else 0.97)
    outer = [(0, 0), (foot - 0.004, 0), (foot, 0.004), (r - 0.001, h - 0.003), (r + 0.002, h)]
    hollow = [(inner + 0.001, h - 0.001), (foot - 0.004, floor + 0.006), (foot - 0.010, floor), (0, floor)]
    outside = shapes.turned(outer, 28, True).within(OUTSIDE)
    inside = _seen_from_above(shapes.turned(hollow, 28), r).within((0.02, 0.21, 0.48, 0.47))
    end = np.array(handle_end_m(size))
    root, tip = np.array([r - 0.004, 0, 0.82 * h]), np.array([r + long, 0, end[2]])
    path = np.array([root, root + 0.25 * (tip - root) + (0, 0, 0.004), root + 0.6 * (tip - root) + (0, 0, 0.004), tip])
    handle = shapes.bar(path, np.array([[0.008, 0.005], [0.011, 0.008], [0.013, 0.009], [0.012, 0.008]]), 8)
    handle = handle.within(REST)
    is_black = kind == "pan" and rng.random() < 0.7
    steel = surfaces.brushed(rng, 96, 192)
    enamel = plain(pick(rng, ((0.10, 0.10, 0.11), (0.60, 0.10, 0.08), (0.15, 0.28, 0.38), (0.16, 0.16, 0.17))), 96, 192)
    outside_paint = enamel if is_black or rng.random() < 0.25 else steel
    grip = pick(rng, ((0.09, 0.09, 0.10), (0.13, 0.11, 0.10), (0.40, 0.24, 0.13)))
    sheet = plain(grip, 192, 192)
    sheet[:96] = outside_paint
    y, x = np.mgrid[-1:1:60j, -1:1:192j]
    rings = 0.04 * np.sin(40 * np.hypot(x * 2 - 1, y))
    ground = (0.115, 0.115, 0.12) if is_black else (0.60, 0.61, 0.62)
    sheet[96:156] = surfaces.shaded(plain(ground, 60, 192), 1 + rings + 0.03 * surfaces.cloud(rng, 60, 192, 10))
    return Drawing(
        with_films((Part("body", outside + inside + handle),), inside, outside + inside),
        {"main": Sheet(finish(sheet), specular=0.4, shininess=0.6), **film_sheets((0.42, 0.20, 0.06), variant % 3)},
        Filling(((floor, foot - 0.006), (h, inner)), (0.80, 0.62, 0.30), 0.72 if kind == "pot" else 0.5, True),
    )


def _lid(variant: int) -> Drawing:
    (length, _, h), rng = size_m("lid", variant), rng_of("lid", variant)
    r, top = length / 2, h - 0.024
    dome = [
        (r - 0.004, 0.0),
        (r, 0.003),
        (r - 0.002, 0.007),
        (r * 0.8, 0.45 * top),
        (r * 0.45, 0.85 * top),
        (0.012, top),
    ]
    knob = [(0.008, top - 0.002), (0.008, top + 0.008), (0.018, top + 0.014), (0.018, h - 0.004), (0.010, h), (0, h)]
    below = shapes.turned([(0, 0.5 * top), (r * 0.7, 0.25 * top), (r - 0.004, 0.0)], 28)
    sheet = surfaces.brushed(rng, 128, 128)
    if rng.random() < 0.5:
        sheet[30:104] = (
            np.array((0.42, 0.47, 0.49), np.float32) * (1 + 0.25 * np.sin(np.linspace(0, 12, 128)))[None, :, None]
        )
    sheet[:22] = (0.08, 0.08, 0.09)
    shape = shapes.turned(dome, 28, True).within((0, 0, 1, 0.80)) + shapes.turned(knob, 14).within((0, 0.86, 1, 0.98))
    body = shape + below.within((0, 0.02, 1, 0.08))
    return Drawing(
        with_films((Part("body", body),), shape, shape),
        {"main": Sheet(finish(sheet), specular=0.6, shininess=0.7), **film_sheets((0.55, 0.42, 0.22), 2)},
    )


def _kettle(variant: int) -> Drawing:
    (length, _, h), rng = size_m("kettle", variant), rng_of("kettle", variant)
    r, top = length / 2, 0.90 * h
    base = [(0, 0), (r * 0.96, 0), (r * 0.96, 0.018), (r * 0.90, 0.022)]
    wall = [(r * 0.94, 0.024), (r, 0.06), (r * 0.92, 0.5 * h), (r * 0.74, 0.84 * h), (r * 0.70, top - 0.012)]
    cap = [(r * 0.70, top - 0.012), (r * 0.62, top), (r * 0.2, top + 0.006), (r * 0.14, h), (0, h)]
    bar_x = r + 0.033
    on_bar = [(bar_x - LEAN * (share - 0.58) * h, 0, share * h) for share in (0.80, 0.58, 0.34)]
    path = np.array([(r * 0.70, 0, 0.87 * h), (on_bar[0][0] - 0.012, 0, 0.87 * h), *on_bar, (r * 0.95, 0, 0.20 * h)])
    handle = shapes.tube(path, np.broadcast_to([0.013, 0.010], (6, 2)), 8)
    spout = shapes.tube(np.array([(-0.72 * r, 0, 0.60 * h), (-r, 0, 0.74 * h), (-r - 0.012, 0, 0.81 * h)]),
                        np.array([[0.026, 0.03], [0.017, 0.018], [0.012, 0.012]]), 10)  # fmt: skip
    body = shapes.turned(base, 24).within((0, 0.02, 1, 0.10)) + shapes.turned(wall, 24, True).within((0, 0.3, 1, 1))
    body = body + handle.within((0, 0.02, 1, 0.10)) + spout.within((0.05, 0.4, 0.12, 0.7))
    is_steel = rng.random() < 0.5
    trim = (0.10, 0.10, 0.11)
    coat = pick(rng, ((0.90, 0.90, 0.88), (0.13, 0.13, 0.14), (0.62, 0.12, 0.12), (0.55, 0.66, 0.62)))
    sheet = plain(trim if is_steel else tuple(0.82 * np.array(coat)), 192, 192)
    sheet[:134] = surfaces.brushed(rng, 134, 192) if is_steel else coat
    sheet[30:105, 92:100] = (0.35, 0.45, 0.52)
    for k in range(5):
        sheet[36 + 15 * k : 38 + 15 * k, 86:106] = (0.9, 0.9, 0.9) if is_steel else (0.45, 0.45, 0.45)
    lid = shapes.turned(cap, 20).within((0, 0.02, 1, 0.10))
    hinge = np.array([0.60 * r, 0.0, top])
    flipped = (
        shapes.turned(cap, 20).at(*-hinge).rotated(_tilt(1.35)).at(*hinge).at(x=0.1 * r).within((0, 0.02, 1, 0.10))
    )
    hole = shapes.disc(r * 0.66, top - 0.014, 18).within((0.3, 0.14, 0.34, 0.18))
    lamp = shapes.turned([(r * 0.965, 0.017), (r * 0.985, 0.019), (r * 0.985, 0.027), (r * 0.93, 0.029)], 20)
    films = with_films(
        (
            Part("body", body + hole),
            Part("lid", lid, "main", between("open", 0.0, 0.5)),
            Part("lid_open", flipped, "main", between("open", 0.5)),
            Part("lamp", lamp, lambda look: "lit" if look["on"] > 0.5 else "unlit"),
        ),
        shapes.turned(wall, 24),
        shapes.turned(wall, 24),
    )
    glow = pick(rng, ((1.0, 0.30, 0.12), (0.25, 0.55, 1.0)))
    return Drawing(
        films,
        {
            "main": Sheet(finish(sheet), specular=0.5, shininess=0.7),
            "unlit": Sheet(None, (0.25, 0.22, 0.2)),
            "lit": Sheet(None, glow, emission=1.6),
            **film_sheets((0.55, 0.42, 0.22), 2),
        },
        Filling(((0.02, 0.9 * r), (top - 0.02, 0.66 * r)), (0.55, 0.66, 0.74), 0.8),
    )


def _tilt(angle: float) -> np.ndarray:
    """A turn about y that takes z towards x."""
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])


def _jug(variant: int) -> Drawing:
    (length, _, h), rng = size_m("jug", variant), rng_of("jug", variant)
    r, (inner, floor, _) = length / 2, inside_m("jug", variant)
    outer = [(0, 0), (r * 0.86, 0), (r * 0.9, 0.006), (r, 0.35 * h), (r * 0.93, 0.8 * h), (r, h)]
    hollow = [(inner, h - 0.001), (r * 0.93 - 0.004, 0.8 * h), (inner, 0.35 * h), (r * 0.86 - 0.003, floor), (0, floor)]
    lip = _lipped(shapes.turned(outer, 26, True), r, h)
    inside = _lipped(shapes.turned(hollow, 26), r, h)
    x = r + 0.033
    on_bar = [(x - LEAN * (share - 0.58) * h, 0, share * h) for share in (0.80, 0.58, 0.36)]
    path = np.array([(r * 0.92, 0, 0.90 * h), *on_bar, (r * 0.96, 0, 0.20 * h)])
    handle = shapes.tube(path, 0.0075, 7)
    is_glass = rng.random() < 0.5
    if is_glass:
        alpha = np.full((192, 192), 0.30, np.float32)
        sheet = plain((0.84, 0.90, 0.92), 192, 192)
        alpha[:6] = 0.8
        alpha[160:] = 0.6
        for k in range(7):
            sheet[16 + 10 * k : 18 + 10 * k, 88 : 104 - 5 * (k % 2)] = (0.75, 0.1, 0.1)
            alpha[16 + 10 * k : 18 + 10 * k, 88 : 104 - 5 * (k % 2)] = 0.95
        picture = surfaces.film((1, 1, 1), alpha)
        picture[..., :3] = finish(sheet)
    else:
        ground = pick(rng, _GROUNDS)
        picture = _vessel_picture(surfaces.glaze(rng, 96, 192, ground, pick(rng, BRIGHT)), ground, ground)
    body = lip.within(OUTSIDE) + handle.within(REST) + inside.within(INSIDE)
    return Drawing(
        with_films((Part("body", body),), inside, lip),
        {"main": Sheet(picture, (1, 1, 1, 0.99 if is_glass else 1.0), 0.7, 0.8), **film_sheets((0.75, 0.70, 0.6), 1)},
        Filling(((floor, 0.84 * r), (0.35 * h, inner), (h, 0.9 * inner)), (0.72, 0.82, 0.88), 0.82),
    )


def _lipped(shape: Shape, radius_m: float, height_m: float) -> Shape:
    """With a spout drawn out of the rim towards -x."""
    vertices = shape.vertices_m.copy()
    x, y, z = vertices.T
    near = np.clip((z / height_m - 0.78) / 0.22, 0, 1) ** 2 * np.exp(-((y / (0.30 * radius_m)) ** 2)) * (x < 0)
    vertices[:, 0] -= 0.014 * near
    return Shape(vertices, shape.faces, shape.texcoords)


def _colander(variant: int) -> Drawing:
    (length, _, h), rng = size_m("colander", variant), rng_of("colander", variant)
    r, foot = length / 2, 0.34 * length
    curve = [(foot + (r - 0.012 - foot) * s**0.55, 0.014 + (h - 0.014) * s) for s in np.linspace(0, 1, 5)]
    outer = [(foot * 0.75, 0), (foot * 0.78, 0.014), *curve, (r, h), (r - 0.013, h + 0.0005)]
    hollow = [(x - 0.003, z + 0.001) for x, z in reversed(curve)]
    outside = shapes.turned(outer, 28, True).within(OUTSIDE)
    inside = shapes.turned([*hollow, (0, 0.016)], 28, True).within(INSIDE)
    is_steel = rng.random() < 0.6
    coat = pick(rng, ((0.88, 0.88, 0.86), (0.80, 0.20, 0.16), (0.30, 0.55, 0.50), (0.92, 0.70, 0.20)))
    sheet = surfaces.brushed(rng, 192, 192) if is_steel else plain(coat, 192, 192)
    y, x = np.mgrid[:192, :192]
    for low, high, step in ((22, 76, 9), (100, 150, 8)):
        across = (x + (step // 2) * ((y - low) // step % 2)) % step - step / 2
        holes = np.hypot(across, (y - low) % step - step / 2) < 0.28 * step
        sheet[holes & (y >= low) & (y < high)] = (0.10, 0.10, 0.11)
    ears = [shapes.tube(shapes.arc((side * (r - 0.006), 0, h - 0.004), 0.026, a, b, "xy", 7) * (1, 1.3, 1), 0.0035, 6)
            for side, a, b in ((1, -1.4, 1.4), (-1, np.pi - 1.4, np.pi + 1.4))]  # fmt: skip
    return Drawing(
        with_films((Part("body", outside + inside + ears[0].within(REST) + ears[1].within(REST)),), inside, outside),
        {"main": Sheet(finish(sheet), specular=0.5, shininess=0.6), **film_sheets((0.75, 0.62, 0.35), 1)},
        Filling(tuple((z, x) for x, z in reversed(hollow)), (0.90, 0.80, 0.50), 0.62, True),
    )


def _board(variant: int) -> Drawing:
    (length, width, h), rng = size_m("chopping_board", variant), rng_of("chopping_board", variant)
    outline = shapes.rounded(length, width, 0.022, 5)
    slab, top = shapes.slab(outline, 0.0, h), shapes.slab(outline, h, h)
    top = Shape(top.vertices_m, top.faces[len(outline) : 2 * len(outline)], top.texcoords)
    if rng.random() < 0.75:
        sheet = surfaces.timber(rng, 128, 192, pick(rng, ((0.72, 0.52, 0.32), (0.80, 0.62, 0.40), (0.52, 0.33, 0.19))))
    else:
        sheet = plain(pick(rng, ((0.90, 0.90, 0.88), (0.40, 0.62, 0.36), (0.80, 0.30, 0.26))), 128, 192)
    for _ in range(16):
        start = rng.uniform((30, 20), (160, 108))
        end = start + rng.normal(0, (16, 8))
        surfaces.cv2.line(
            sheet, start.astype(int).tolist(), end.astype(int).tolist(), tuple((0.86 * sheet[64, 96]).tolist()), 1
        )
    surfaces.cv2.circle(sheet, (180, 64), 6, (0.08, 0.06, 0.05), -1, surfaces.cv2.LINE_AA)
    return Drawing(
        with_films((Part("body", slab),), top, top),
        {"main": Sheet(finish(sheet), specular=0.08), **film_sheets((0.38, 0.30, 0.10), variant % 3)},
    )


def _tray(variant: int) -> Drawing:
    (length, width, h), rng = size_m("tray", variant), rng_of("tray", variant)
    outline, inner = shapes.rounded(length, width, 0.03, 5), shapes.rounded(length - 0.024, width - 0.024, 0.02, 5)
    floor = shapes.slab(inner, 0.004, 0.004)
    count = len(outline)
    floor = Shape(floor.vertices_m, floor.faces[count : 2 * count], floor.texcoords).within((0.05, 0.07, 0.95, 0.93))
    rim = [np.column_stack([outline * s, np.full(count, z)]) for s, z in ((0.93, 0.0), (1.0, h))]
    rim += [np.column_stack([inner, np.full(count, z)]) for z in (h - 0.001, 0.004)]
    rings = np.array([np.concatenate([ring, ring[:1]]) for ring in rim])
    wall = shapes.skin(rings).within((0.0, 0.0, 0.03, 0.05))
    under = shapes.slab(outline * 0.93, 0.0, 0.0)
    under = Shape(under.vertices_m, under.faces[:count], under.texcoords).within((0.0, 0.0, 0.03, 0.05))
    coat = pick(rng, ((0.16, 0.16, 0.17), (0.66, 0.66, 0.66), (0.45, 0.28, 0.16), (0.24, 0.36, 0.34)))
    sheet = surfaces.shaded(plain(coat, 128, 160), 1 + 0.05 * surfaces.cloud(rng, 128, 160, 6))
    return Drawing(
        with_films((Part("body", floor + wall + under), _meal_part(0.33 * width, 0.0045)), floor, floor),
        {
            "main": Sheet(finish(sheet), specular=0.35, shininess=0.5),
            "food": _meal_sheet(rng),
            **film_sheets((0.40, 0.20, 0.06), variant % 3),
        },
    )


DRAWINGS: Final[Mapping[str, Callable[[int], Drawing]]] = {
    "mug": _mug, "glass": _glass, "bowl": _bowl, "plate": _plate, "pan": lambda v: _long_handled("pan", v),
    "pot": lambda v: _long_handled("pot", v), "lid": _lid, "kettle": _kettle, "jug": _jug, "colander": _colander,
    "chopping_board": _board, "tray": _tray,
}  # fmt: skip

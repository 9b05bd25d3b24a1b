"""Pictures of food: whole, peeled, half cut, in slices, browned."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np

from egoprog.sim import shapes, surfaces
from egoprog.sim.catalogue import size_m
from egoprog.sim.crockery import film_sheets, with_films
from egoprog.sim.drawing import WHITE, Drawing, Part, Sheet, between, mixed
from egoprog.sim.pose import turn
from egoprog.sim.shapes import Shape
from egoprog.sim.surfaces import finish, pick, plain, rng_of
from egoprog.sim.types import Colour, Look

SKIN, FLESH, STEM = (0.0, 0.5, 1.0, 1.0), (0.01, 0.01, 0.49, 0.49), (0.52, 0.02, 0.98, 0.48)
"""The parts of a food's picture: its outside, a cut through it, its stem or leaves."""
_BROWNED: Final[Colour] = (0.74, 0.50, 0.30)
"""What cooking multiplies colours with."""
_X, _Y, _Z = np.eye(3)


@dataclass(frozen=True)
class Form:
    """A food about the x axis. profile: (place from -x to x, 0 to 1; radius, 0 to 1). bend_m: of its middle, along y.

    is_upright: whether the whole stands with x upwards.
    """

    length_m: float
    wide_m: float
    high_m: float
    profile: Sequence[tuple[float, float]]
    bend_m: float = 0.0
    is_upright: bool = False
    segments: int = 14
    lobes: int = 0

    def piece(self, start: float, stop: float) -> Shape:
        """The part between two places along x; cuts show the flesh. Its middle on the x axis."""
        place, radius = np.array(self.profile, float).T
        inner = place[(place > start + 0.01) & (place < stop - 0.01)]
        at = np.concatenate([[start], inner, [stop]])
        r = np.maximum(np.interp(at, place, radius), 1e-3)
        x = (at - 0.5) * self.length_m
        y = self.bend_m * (1 - (2 * at - 1) ** 2)
        angle = np.linspace(0, 2 * np.pi, self.segments + 1)
        swell = 1 + (0.09 * np.cos(self.lobes * angle) if self.lobes else 0.0 * angle)
        ring = np.stack(
            [0 * angle, np.cos(angle) * swell * self.wide_m / 2, np.sin(angle) * swell * self.high_m / 2], -1
        )
        rings = np.stack([x, y, 0 * x], -1)[:, None] + r[:, None, None] * ring
        skin = shapes.skin(rings)
        along = start + (stop - start) * (at - at[0]) / (at[-1] - at[0])
        skin = Shape(skin.vertices_m, skin.faces, np.stack([skin.texcoords[:, 0], np.repeat(along, len(angle))], -1))
        shape = skin.within(SKIN)
        for k, is_front in ((0, False), (-1, True)):
            if r[k] > 0.15:
                is_cut = start > 0 if k == 0 else stop < 1
                shape = shape + _cap(
                    rings[k][:-1],
                    is_front,
                    FLESH if is_cut else (0.4, 0.5, 0.6, 0.51) if k == 0 else (0.4, 0.99, 0.6, 1.0),
                )
        return shape

    def whole(self) -> Shape:
        shape = self.piece(0.0, 1.0)
        if self.is_upright:
            shape = shape.rotated(turn(_Y, -np.pi / 2))
        return grounded(shape)


def _cap(ring: np.ndarray, is_front: bool, region: shapes.Region) -> Shape:
    """An end: a fan over a ring, (N, 3), that faces x or -x."""
    middle = ring.mean(axis=0)
    vertices = np.concatenate([[middle], ring])
    k = np.arange(len(ring))
    faces = np.stack([np.zeros_like(k), 1 + k, 1 + (k + 1) % len(ring)], -1)
    away = ring[:, 1:] - middle[1:]
    spread = 0.5 * away / np.maximum(np.abs(away).max(axis=0), 1e-9)
    texcoords = 0.5 + np.concatenate([[[0.0, 0.0]], spread])
    normal = np.cross(ring[1] - middle, ring[len(ring) // 4] - middle)
    return Shape(vertices, faces if (normal[0] > 0) == is_front else faces[:, ::-1], texcoords).within(region)


def grounded(shape: Shape) -> Shape:
    """Lifted or sunk until it lies on the ground."""
    return shape.at(z=-float(shape.vertices_m[:, 2].min()))


def _joined(pieces: Sequence[Shape]) -> Shape:
    shape = pieces[0]
    for piece in pieces[1:]:
        shape = shape + piece
    return shape


def _slices(form: Form, rng: np.random.Generator, start: float, stop: float, count: int, step_m: float,
            at_m: float, lean: float = 1.05) -> Shape:  # fmt: skip
    """Slices that have toppled, each leaning on the last, from at_m along x."""
    pieces, places = [], np.linspace(start, stop, count + 1)
    for k in range(count):
        piece = form.piece(places[k], places[k + 1])
        middle = piece.vertices_m.mean(axis=0)
        piece = piece.at(*(-middle))
        piece = piece.rotated(turn(_Z, rng.uniform(-0.35, 0.35)) @ turn(_Y, -lean * rng.uniform(0.85, 1.2)))
        pieces.append(grounded(piece).at(at_m + k * step_m, rng.normal(0, 0.10 * form.wide_m)))
    return _joined(pieces)


def _heap(form: Form, rng: np.random.Generator, count: int, spread_m: float) -> Shape:
    """Chunks lying about, in two layers."""
    pieces, places = [], np.linspace(0.06, 0.94, count // 2 + 1)
    for k in range(count):
        piece = form.piece(places[k // 2], places[k // 2 + 1])
        middle = piece.vertices_m.mean(axis=0)
        piece = piece.at(*(-middle)).scaled(1.0, 0.62, 0.62)
        piece = piece.rotated(turn(_Z, rng.uniform(0, 6.28)) @ turn(_Y, rng.uniform(-1.9, -0.8)))
        angle, away = 2.4 * k, spread_m * np.sqrt((k + 0.3) / count)
        lift = 0.25 * form.wide_m if k < count // 4 else 0.0
        pieces.append(grounded(piece).at(away * np.cos(angle), away * np.sin(angle), lift))
    return _joined(pieces)


def _cut_parts(form: Form, rng: np.random.Generator, kind: str) -> tuple[Shape, Shape, Shape]:
    """A third cut, two thirds cut, all cut."""
    long = form.length_m
    if form.is_upright or kind in ("potato", "lemon"):
        # First halved: one half shows its flesh.
        up = turn(_Y, -np.pi / 2)
        shown = grounded(form.piece(0.0, 0.5).rotated(turn(_Y, 0.18) @ up)).at(x=-0.10 * long, y=-0.54 * form.wide_m)
        laid = grounded(form.piece(0.5, 1.0).rotated(up)).at(x=0.10 * long, y=0.54 * form.wide_m)
        half = laid.at(x=-0.55 * long, y=-0.54 * form.wide_m)
        slices = _slices(form, rng, 0.08, 0.5, 4, 0.21 * long, 0.12 * long)
        if kind in ("pepper", "apple", "onion"):
            last = _heap(form, rng, 12, 0.72 * long)
        else:
            last = _slices(form, rng, 0.06, 0.94, 7, 0.21 * long, -0.63 * long)
        return shown + laid, half + slices, last
    thick = 0.021 if kind in ("bread", "sausage") else 0.016
    count = int(np.clip(round(long / thick), 6, 11))
    step = long / count * 1.02
    made = []
    for share in (0.35, 0.70):
        rest = grounded(form.piece(0.0, 1 - share))
        sliced = max(round(share * count), 1)
        made.append(rest + _slices(form, rng, 1 - share, 0.97, sliced, step, (0.5 - share) * long + 0.6 * step, 0.85))
    return made[0], made[1], _slices(form, rng, 0.03, 0.97, count, step, -0.47 * long, 0.95)


def _picture(skin: np.ndarray, flesh: np.ndarray, stem: np.ndarray | Colour) -> np.ndarray:
    """The picture of a food, 128 x 128, laid out as SKIN, FLESH and STEM say."""
    sheet = plain((0, 0, 0), 128, 128)
    sheet[:64] = skin
    sheet[64:, :64], sheet[64:, 64:] = flesh, stem
    return finish(sheet)


def _flesh(rng: np.random.Generator, colour: Colour, rind: Colour, rind_share: float = 0.08) -> np.ndarray:
    """A cut, (64, 64, 3), with a rind around it."""
    sheet = surfaces.skin(rng, 64, 64, colour, tuple(0.88 * np.array(colour)), 0.5, 7)
    return surfaces.blend(sheet, rind, (_away() > 1 - rind_share).astype(float))


def _away() -> np.ndarray:
    y, x = np.mgrid[-1:1:64j, -1:1:64j]
    return np.hypot(x, y)


def _around() -> np.ndarray:
    y, x = np.mgrid[-1:1:64j, -1:1:64j]
    return np.arctan2(y, x)


def _tint(look: Look) -> Colour:
    r, g, b = mixed(WHITE, _BROWNED, min(0.65 * look["cooked"] + 0.35 * look["turned"], 1.0))
    shade = 1 - 0.08 * look["wet"]
    return (shade * r, shade * g, shade * b)


def _earth(whole: Shape, is_whole: Callable[[Look], float]) -> list[Part]:
    """What covers a food that was not washed, and the water and suds that it is washed with."""
    return [
        replace(film, opacity=lambda look, film=film: 0.7 * film.opacity(look) * is_whole(look))
        for film in with_films((), whole, whole)
    ]


def _drawing(kind: str, form: Form, rng: np.random.Generator, main: np.ndarray, peeled: np.ndarray | None,
             stem: Shape | None = None, specular: float = 0.15) -> Drawing:  # fmt: skip
    """The whole, and three stages of being cut. peeled: the picture without skin, where it can be peeled."""
    sheets = {"main": Sheet(main, specular=specular, shininess=0.5)}
    dress: str | Callable[[Look], str] = "main"
    if peeled is not None:
        stripes = main.copy()
        for k in range(0, 128, 32):
            stripes[:64, k : k + 15] = peeled[:64, k : k + 15]
        sheets |= {"half": Sheet(stripes, specular=0.15), "peeled": Sheet(peeled, specular=0.2, shininess=0.4)}

        def dress(look: Look) -> str:
            return "main" if look["peeled"] < 0.12 else "half" if look["peeled"] < 0.75 else "peeled"

    whole = form.whole()
    stages = _cut_parts(form, rng, kind)
    if stem is None:
        parts = [Part("body", whole, dress, between("cut", 0.0, 0.12), _tint)]
    else:
        bare = (
            (lambda look: float(look["cut"] < 0.12 and look["peeled"] < 0.75))
            if peeled is not None
            else between("cut", 0.0, 0.12)
        )
        parts = [
            Part("body", whole, dress, between("cut", 0.0, 0.12), _tint),
            Part("stem", stem.within(STEM), "main", bare, _tint),
        ]
    for k, (shape, low, high) in enumerate(zip(stages, (0.12, 0.5, 0.88), (0.5, 0.88, 2.0), strict=True)):
        parts.append(Part(f"cut{k}", shape, dress, between("cut", low, high), _tint))
    parts += _earth(whole, between("cut", 0.0, 0.12))
    return Drawing(tuple(parts), sheets | film_sheets((0.36, 0.25, 0.14), int(rng.integers(3))))


_BALL: Final = tuple((0.5 - 0.5 * np.cos(a), np.sin(a)) for a in np.linspace(0, np.pi, 10))


def _sprout(height_m: float, radius_m: float, z_m: float) -> Shape:
    return shapes.bar(
        np.array([(0, 0, z_m), (0.1 * height_m, 0, z_m + 0.5 * height_m), (0.3 * height_m, 0, z_m + height_m)]),
        np.array([[radius_m] * 2, [0.7 * radius_m] * 2, [0.9 * radius_m] * 2]),
        6,
    )


def _rows(skin: np.ndarray, colour: Colour, low: float, high: float, share: float = 1.0) -> np.ndarray:
    """Another colour between two places along the axis, 0 to 1."""
    v = 1 - np.linspace(0, 1, 64)
    band = np.clip(1 - np.abs(v - (low + high) / 2) / max((high - low) / 2, 1e-3), 0, 1) ** 0.6 * share
    return surfaces.blend(skin, colour, np.repeat(band[:, None], 128, axis=1))


def _onion(variant: int) -> Drawing:
    (_length, width, h), rng = size_m("onion", variant), rng_of("onion", variant)
    papery, dark, layer = pick(
        rng,
        (
            ((0.78, 0.48, 0.18), (0.60, 0.30, 0.10), (0.93, 0.92, 0.80)),
            ((0.52, 0.12, 0.26), (0.36, 0.06, 0.18), (0.90, 0.80, 0.86)),
            ((0.80, 0.56, 0.28), (0.62, 0.36, 0.14), (0.93, 0.92, 0.80)),
        ),
    )
    form = Form(
        h,
        width,
        width,
        (
            (0, 0.12),
            (0.06, 0.5),
            (0.2, 0.85),
            (0.42, 1.0),
            (0.62, 0.90),
            (0.78, 0.58),
            (0.88, 0.25),
            (0.95, 0.12),
            (1, 0.10),
        ),
        is_upright=True,
    )
    skin = surfaces.skin(rng, 64, 128, papery, dark, 0.5, 6)
    skin = surfaces.shaded(skin, 1 + 0.10 * np.sin(np.arange(128) * 2 * np.pi / 8)[None] * np.ones((64, 1)))
    skin = _rows(skin, (0.80, 0.68, 0.45), 0.84, 1.16)
    rings = 0.5 + 0.5 * np.cos(34 * _away())
    edge = tuple(0.6 * np.array(layer) + 0.4 * np.array((0.55, 0.62, 0.30) if papery[0] > 0.6 else papery))
    flesh = surfaces.blend(_flesh(rng, layer, papery, 0.06), edge, 0.75 * rings**2)
    bare = surfaces.shaded(
        plain(layer, 64, 128), 1 + 0.05 * np.sin(np.arange(128) * 2 * np.pi / 10)[None] * np.ones((64, 1))
    )
    return _drawing("onion", form, rng, _picture(skin, flesh, dark), _picture(bare, flesh, dark), specular=0.3)


def _garlic(variant: int) -> Drawing:
    (_length, width, h), rng = size_m("garlic", variant), rng_of("garlic", variant)
    form = Form(
        h,
        width,
        width,
        ((0, 0.3), (0.08, 0.75), (0.25, 1.0), (0.45, 0.9), (0.62, 0.5), (0.75, 0.2), (1, 0.12)),
        is_upright=True,
        segments=18,
        lobes=7,
    )
    skin = surfaces.skin(rng, 64, 128, (0.93, 0.91, 0.86), (0.76, 0.64, 0.66), 0.5, 9)
    skin = surfaces.shaded(
        skin, 1 - 0.10 * (np.cos(np.arange(128) * 2 * np.pi * 7 / 128) < -0.6)[None] * np.ones((64, 1))
    )
    flesh = _flesh(rng, (0.95, 0.92, 0.78), (0.88, 0.84, 0.74))
    bare = surfaces.skin(rng, 64, 128, (0.95, 0.90, 0.72), (0.90, 0.82, 0.60), 0.5, 6)
    return _drawing("garlic", form, rng, _picture(skin, flesh, (0.7, 0.6, 0.5)), _picture(bare, flesh, (0.7, 0.6, 0.5)))


def _potato(variant: int) -> Drawing:
    (length, width, h), rng = size_m("potato", variant), rng_of("potato", variant)
    bumps = 1 + rng.normal(0, 0.05, len(_BALL))
    form = Form(
        length,
        width,
        h,
        tuple((t, min(r**0.8 * b, 1.05)) for (t, r), b in zip(_BALL, bumps, strict=True)),
        bend_m=rng.uniform(-0.004, 0.004),
    )
    earth = pick(rng, ((0.62, 0.45, 0.26), (0.70, 0.55, 0.32), (0.55, 0.30, 0.26)))
    skin = surfaces.skin(rng, 64, 128, earth, tuple(0.72 * np.array(earth)), 0.5, 10)
    skin = surfaces.freckles(rng, skin, tuple(0.45 * np.array(earth)), 0.012, 0.9)
    flesh = _flesh(rng, (0.93, 0.86, 0.58), earth, 0.05)
    bare = surfaces.skin(rng, 64, 128, (0.93, 0.85, 0.56), (0.86, 0.74, 0.42), 0.5, 7)
    return _drawing("potato", form, rng, _picture(skin, flesh, earth), _picture(bare, flesh, earth), specular=0.05)


def _carrot(variant: int) -> Drawing:
    (length, width, h), rng = size_m("carrot", variant), rng_of("carrot", variant)
    form = Form(
        length,
        width,
        h,
        ((0, 0.30), (0.02, 0.75), (0.07, 0.98), (0.2, 1.0), (0.5, 0.82), (0.8, 0.52), (0.94, 0.25), (1, 0.04)),
        bend_m=rng.uniform(-0.006, 0.006),
        segments=12,
    )
    orange = pick(rng, ((0.90, 0.42, 0.08), (0.94, 0.48, 0.12), (0.85, 0.36, 0.06)))
    rings = (surfaces.cloud(rng, 64, 128, 6, 40) > 1.2).astype(float)
    skin = surfaces.blend(
        surfaces.skin(rng, 64, 128, orange, tuple(0.85 * np.array(orange)), 0.4, 8), (0.62, 0.28, 0.06), 0.7 * rings
    )
    skin = _rows(skin, (0.45, 0.42, 0.12), -0.05, 0.05)
    flesh = surfaces.blend(
        _flesh(rng, (0.96, 0.52, 0.12), orange, 0.06), (0.98, 0.68, 0.25), (_away() < 0.42).astype(float)
    )
    leaf = _joined(
        [
            shapes.bar(
                np.array(
                    [
                        (-0.48 * length, 0, h / 2),
                        (-0.53 * length, 0.003 * k, h / 2 + 0.004),
                        (-0.60 * length, 0.007 * k, h / 2 + 0.002),
                    ]
                ),
                np.array([[0.003] * 2, [0.003] * 2, [0.002] * 2]),
                5,
            )
            for k in (-1, 0, 1)
        ]
    )
    bare = surfaces.skin(rng, 64, 128, (0.97, 0.56, 0.16), (0.95, 0.50, 0.12), 0.5, 6)
    green = (0.30, 0.46, 0.14)
    return _drawing("carrot", form, rng, _picture(skin, flesh, green), _picture(bare, flesh, green), leaf)


def _tomato(variant: int) -> Drawing:
    (_length, width, h), rng = size_m("tomato", variant), rng_of("tomato", variant)
    form = Form(h, width, width, tuple((t, r**0.85) for t, r in _BALL), is_upright=True, segments=16)
    red = pick(rng, ((0.80, 0.12, 0.06), (0.86, 0.20, 0.08), (0.72, 0.09, 0.08)))
    skin = surfaces.skin(rng, 64, 128, red, (0.90, 0.32, 0.10), 0.25, 4)
    skin = _rows(skin, (0.88, 0.45, 0.14), 0.90, 1.1, 0.8)
    wet = (_away() < 0.78) & (_away() > 0.24) & (np.abs(np.sin(2.5 * _around())) > 0.28)
    flesh = surfaces.blend(_flesh(rng, (0.90, 0.34, 0.22), red, 0.08), (0.86, 0.52, 0.18), wet.astype(float))
    flesh = surfaces.blend(flesh, (0.96, 0.86, 0.55), (wet & (rng.random((64, 64)) > 0.86)).astype(float))
    angle = np.linspace(0, 2 * np.pi, 10, endpoint=False)
    reach = np.where(np.arange(10) % 2, 0.005, 0.017)
    star = shapes.slab(np.stack([reach * np.cos(angle), reach * np.sin(angle)], -1), h - 0.003, h + 0.0005)
    green = (0.22, 0.40, 0.12)
    stem = star + _sprout(0.009, 0.0018, h - 0.002)
    return _drawing("tomato", form, rng, _picture(skin, flesh, green), None, stem, specular=0.7)


def _cucumber(variant: int) -> Drawing:
    (length, width, h), rng = size_m("cucumber", variant), rng_of("cucumber", variant)
    form = Form(
        length,
        width,
        h,
        ((0, 0.2), (0.02, 0.65), (0.06, 0.92), (0.15, 1.0), (0.85, 1.0), (0.94, 0.9), (0.985, 0.6), (1, 0.2)),
        bend_m=rng.uniform(-0.012, 0.012),
        segments=12,
    )
    green = pick(rng, ((0.12, 0.32, 0.10), (0.16, 0.38, 0.12), (0.10, 0.26, 0.09)))
    skin = surfaces.skin(rng, 64, 128, green, (0.26, 0.46, 0.18), 0.4, 8)
    skin = surfaces.shaded(skin, 1 + 0.22 * np.cos(np.arange(128) * 2 * np.pi * 9 / 128)[None] * np.ones((64, 1)))
    seeds = (np.abs(_away() - 0.42) < 0.14) & (np.cos(9 * _around()) > 0.55)
    flesh = surfaces.blend(_flesh(rng, (0.80, 0.90, 0.62), green, 0.09), (0.93, 0.95, 0.78), seeds.astype(float))
    bare = surfaces.skin(rng, 64, 128, (0.70, 0.84, 0.48), (0.60, 0.76, 0.38), 0.5, 6)
    return _drawing("cucumber", form, rng, _picture(skin, flesh, green), _picture(bare, flesh, green), specular=0.3)


def _pepper(variant: int) -> Drawing:
    (_length, width, h), rng = size_m("pepper", variant), rng_of("pepper", variant)
    form = Form(
        h * 0.88,
        width,
        width,
        ((0, 0.25), (0.04, 0.55), (0.2, 0.78), (0.5, 0.92), (0.8, 1.0), (0.92, 0.9), (0.97, 0.6), (0.94, 0.2)),
        is_upright=True,
        segments=20,
        lobes=4,
    )
    colour = pick(rng, ((0.78, 0.08, 0.06), (0.92, 0.66, 0.06), (0.16, 0.46, 0.12), (0.90, 0.42, 0.06)))
    profile = (*form.profile[:-1], (1.0, 0.25))
    form = Form(form.length_m, width, width, profile, is_upright=True, segments=20, lobes=4)
    skin = surfaces.skin(rng, 64, 128, colour, tuple(0.86 * np.array(colour)), 0.3, 5)
    pale = tuple(0.55 * np.array(colour) + 0.45 * np.array((0.95, 0.90, 0.70)))
    flesh = surfaces.blend(
        _flesh(rng, pale, colour, 0.16),
        (0.30, 0.12, 0.06) if colour[1] < 0.3 else (0.62, 0.60, 0.30),
        (_away() < 0.72) * 0.35,
    )
    flesh = surfaces.blend(flesh, (0.96, 0.92, 0.74), ((_away() < 0.5) & (rng.random((64, 64)) > 0.8)).astype(float))
    stem = _sprout(0.15 * h, 0.0055, 0.86 * h) + shapes.disc(0.014, 0.886 * h, 8)
    return _drawing("pepper", form, rng, _picture(skin, flesh, (0.30, 0.48, 0.16)), None, stem, specular=0.8)


def _mushroom(variant: int) -> Drawing:
    (_length, width, h), rng = size_m("mushroom", variant), rng_of("mushroom", variant)
    form = Form(
        h,
        width,
        width,
        (
            (0, 0.36),
            (0.04, 0.40),
            (0.40, 0.36),
            (0.42, 0.88),
            (0.52, 1.0),
            (0.7, 0.9),
            (0.86, 0.62),
            (0.96, 0.3),
            (1, 0.05),
        ),
        is_upright=True,
    )
    cap = pick(rng, ((0.90, 0.86, 0.79), (0.62, 0.44, 0.30), (0.86, 0.80, 0.70)))
    skin = surfaces.skin(rng, 64, 128, cap, tuple(0.82 * np.array(cap)), 0.5, 8)
    skin = _rows(skin, (0.90, 0.86, 0.80), -0.40, 0.42)
    skin = _rows(skin, (0.42, 0.30, 0.24), 0.39, 0.47)
    flesh = surfaces.blend(
        _flesh(rng, (0.93, 0.89, 0.80), cap, 0.08), (0.55, 0.42, 0.34), 0.8 * (np.abs(_away() - 0.62) < 0.07)
    )
    return _drawing("mushroom", form, rng, _picture(skin, flesh, cap), None, specular=0.05)


def _apple(variant: int) -> Drawing:
    (_length, width, h), rng = size_m("apple", variant), rng_of("apple", variant)
    form = Form(
        h * 0.95,
        width,
        width,
        (
            (0, 0.28),
            (0.03, 0.5),
            (0.15, 0.78),
            (0.4, 0.97),
            (0.6, 1.0),
            (0.8, 0.9),
            (0.94, 0.62),
            (1.0, 0.35),
            (0.95, 0.1),
        ),
        is_upright=True,
        segments=16,
    )
    profile = (*form.profile[:-1], (1.0, 0.35))
    form = Form(form.length_m, width, width, profile[:-1], is_upright=True, segments=16)
    colour, other = pick(
        rng,
        (
            ((0.70, 0.10, 0.08), (0.86, 0.58, 0.20)),
            ((0.56, 0.72, 0.16), (0.72, 0.80, 0.30)),
            ((0.80, 0.20, 0.12), (0.90, 0.72, 0.28)),
        ),
    )
    streaks = 0.5 + 0.5 * surfaces.cloud(rng, 64, 128, 26, 3)
    skin = surfaces.freckles(
        rng, surfaces.blend(plain(colour, 64, 128), other, 0.45 * streaks), (0.92, 0.84, 0.55), 0.008, 0.7
    )
    skin = _rows(skin, (0.45, 0.42, 0.12), 0.93, 1.07)
    flesh = surfaces.blend(
        _flesh(rng, (0.95, 0.91, 0.72), colour, 0.06),
        (0.84, 0.76, 0.48),
        ((_away() < 0.3) & (np.cos(5 * _around()) > 0)).astype(float),
    )
    bare = surfaces.skin(rng, 64, 128, (0.95, 0.90, 0.68), (0.90, 0.82, 0.55), 0.5, 6)
    wood = (0.34, 0.22, 0.10)
    return _drawing(
        "apple",
        form,
        rng,
        _picture(skin, flesh, wood),
        _picture(bare, flesh, wood),
        _sprout(0.14 * h, 0.0022, 0.92 * h),
        specular=0.5,
    )


def _banana(variant: int) -> Drawing:
    (length, width, h), rng = size_m("banana", variant), rng_of("banana", variant)
    form = Form(
        length,
        h * 1.02,
        h,
        ((0, 0.28), (0.08, 0.30), (0.16, 0.70), (0.3, 0.95), (0.6, 1.0), (0.85, 0.72), (0.95, 0.38), (1, 0.22)),
        bend_m=width - h,
        segments=8,
    )
    yellow = pick(rng, ((0.94, 0.78, 0.16), (0.90, 0.76, 0.22), (0.86, 0.78, 0.22)))
    skin = surfaces.skin(rng, 64, 128, yellow, tuple(0.90 * np.array(yellow)), 0.4, 5)
    skin = surfaces.freckles(rng, skin, (0.36, 0.22, 0.08), 0.004, 1.3)
    skin = _rows(_rows(skin, (0.42, 0.36, 0.12), -0.12, 0.10), (0.20, 0.13, 0.06), 0.95, 1.05)
    core = (_away() < 0.35) & (np.cos(3 * _around()) > 0.2)
    flesh = surfaces.blend(_flesh(rng, (0.96, 0.90, 0.68), yellow, 0.10), (0.80, 0.68, 0.40), core.astype(float))
    bare = surfaces.skin(rng, 64, 128, (0.96, 0.90, 0.68), (0.92, 0.84, 0.58), 0.5, 6)
    return _drawing("banana", form, rng, _picture(skin, flesh, yellow), _picture(bare, flesh, yellow))


def _lemon(variant: int) -> Drawing:
    (length, width, h), rng = size_m("lemon", variant), rng_of("lemon", variant)
    form = Form(
        length,
        width,
        h,
        (
            (0, 0.10),
            (0.04, 0.22),
            (0.10, 0.48),
            (0.25, 0.88),
            (0.45, 1.0),
            (0.62, 0.97),
            (0.8, 0.72),
            (0.9, 0.40),
            (0.96, 0.22),
            (1, 0.10),
        ),
    )
    yellow = (0.93, 0.80, 0.14)
    skin = surfaces.skin(rng, 64, 128, yellow, (0.84, 0.72, 0.10), 0.5, 20)
    cells = np.abs(np.sin(4.5 * _around())) < 0.20
    flesh = surfaces.blend(
        _flesh(rng, (0.95, 0.87, 0.36), yellow, 0.09),
        (0.98, 0.96, 0.82),
        (cells | (np.abs(_away() - 0.88) < 0.05) | (_away() < 0.1)).astype(float),
    )
    bare = surfaces.skin(rng, 64, 128, (0.96, 0.93, 0.75), (0.94, 0.86, 0.45), 0.5, 8)
    return _drawing("lemon", form, rng, _picture(skin, flesh, yellow), _picture(bare, flesh, yellow), specular=0.3)


def _bread(variant: int) -> Drawing:
    (length, width, h), rng = size_m("bread", variant), rng_of("bread", variant)
    crust, crumb = pick(
        rng,
        (
            ((0.66, 0.40, 0.17), (0.94, 0.88, 0.74)),
            ((0.50, 0.29, 0.13), (0.80, 0.66, 0.48)),
            ((0.74, 0.50, 0.24), (0.95, 0.90, 0.78)),
        ),
    )
    form = Form(
        length,
        width,
        h,
        ((0, 0.55), (0.02, 0.80), (0.07, 0.95), (0.2, 1.0), (0.8, 1.0), (0.93, 0.95), (0.98, 0.80), (1, 0.55)),
        segments=16,
    )
    skin = surfaces.skin(rng, 64, 128, crust, tuple(0.66 * np.array(crust)), 0.5, 7)
    skin = surfaces.freckles(rng, skin, (0.86, 0.74, 0.55), 0.010, 1.0)
    flesh = surfaces.freckles(rng, _flesh(rng, crumb, crust, 0.10), tuple(0.80 * np.array(crumb)), 0.05, 0.9)
    drawn = _drawing("bread", form, rng, _picture(skin, flesh, crust), None, specular=0.02)
    return Drawing(tuple(_flattened(part) for part in drawn.parts), drawn.sheets)


def _flattened(part: Part) -> Part:
    """A loaf lies flat: its lower part is pressed level."""
    if part.name != "body":
        return part
    vertices = part.shape.vertices_m.copy()
    half = vertices[:, 2].max() / 2
    low = vertices[:, 2] < 0.5 * half
    vertices[low, 2] *= 0.35
    return Part(part.name, Shape(vertices, part.shape.faces, part.shape.texcoords), part.dress, part.opacity, part.tint)


def _sausage(variant: int) -> Drawing:
    (length, width, h), rng = size_m("sausage", variant), rng_of("sausage", variant)
    colour = pick(rng, ((0.70, 0.40, 0.32), (0.62, 0.30, 0.24), (0.76, 0.50, 0.42)))
    form = Form(
        length,
        width * 0.48,
        h,
        ((0, 0.25), (0.03, 0.65), (0.10, 0.95), (0.25, 1.0), (0.75, 1.0), (0.9, 0.95), (0.97, 0.65), (1, 0.25)),
        bend_m=0.006,
        segments=10,
    )
    skin = surfaces.freckles(
        rng, surfaces.skin(rng, 64, 128, colour, tuple(0.86 * np.array(colour)), 0.5, 9), (0.90, 0.76, 0.68), 0.02, 0.8
    )
    flesh = surfaces.freckles(
        rng, _flesh(rng, tuple(np.minimum(1.12 * np.array(colour), 1)), colour, 0.1), (0.92, 0.82, 0.76), 0.05, 0.8
    )
    drawn = _drawing("sausage", form, rng, _picture(skin, flesh, colour), None, specular=0.5)
    pairs = []
    for part in drawn.parts:
        shape = part.shape.at(y=-0.25 * width) + part.shape.scaled(0.94, 1.0, 1.0).at(y=0.25 * width)
        pairs.append(Part(part.name, shape, part.dress, part.opacity, part.tint))
    return Drawing(tuple(pairs), drawn.sheets)


def _block_food(kind: str, variant: int, colour: Colour, paper: np.ndarray, holes: bool) -> Drawing:
    """Cheese and butter: a block, in its paper until that is open; slices off one end."""
    (length, width, h), rng = size_m(kind, variant), rng_of(kind, variant, 2)
    side = surfaces.skin(rng, 128, 128, colour, tuple(0.93 * np.array(colour)), 0.5, 5)
    if holes:
        for _ in range(16):
            at = rng.integers(4, 124, 2).tolist()
            cv2.circle(side, at, int(rng.integers(3, 8)), tuple(float(0.80 * c) for c in colour), -1, cv2.LINE_AA)
    inner = (0.97, 0.93, 0.92)

    def blocks(share: float, sliced: int) -> Shape:
        made = []
        if share:
            made.append(shapes.block(length * share, width * inner[1], h * inner[2]).at(x=-0.5 * length * (1 - share)))
        step = length * (1 - share) / max(sliced, 1)
        for k in range(sliced):
            slice_ = shapes.block(0.72 * step, width * 0.93, h * 0.92).at(z=-h / 2)
            slice_ = slice_.rotated(turn(_Z, rng.uniform(-0.2, 0.2)) @ turn(_Y, 0.75 + 0.1 * k))
            made.append(
                grounded(slice_).at(x=-0.5 * length + share * length + (k + 0.8) * step + 0.006, y=rng.normal(0, 0.003))
            )
        return _joined(made)

    is_wrapped = lambda look: float(look["open"] < 0.5 and look["cut"] < 0.12)  # noqa: E731
    parts = (
        Part("paper", shapes.block(length, width, h), "paper", is_wrapped),
        Part("body", blocks(1.0, 0), "main", lambda look: float(look["open"] >= 0.5 and look["cut"] < 0.12), _tint),
        Part(
            "leaf",
            shapes.slab(shapes.rounded(1.25 * length, 1.35 * width, 0.004), 0.0, 0.0012),
            "leaf",
            lambda look: 1.0 - is_wrapped(look),
        ),
        Part("cut0", blocks(0.72, 2).at(z=0.0012), "main", between("cut", 0.12, 0.5), _tint),
        Part("cut1", blocks(0.45, 4).at(z=0.0012), "main", between("cut", 0.5, 0.88), _tint),
        Part("cut2", blocks(0.15, 7).at(z=0.0012), "main", between("cut", 0.88), _tint),
    )
    sheets = {"main": Sheet(finish(side), specular=0.2), "paper": Sheet(finish(paper), specular=0.35, shininess=0.5),
              "leaf": Sheet(None, (0.86, 0.86, 0.84), 0.3)}  # fmt: skip
    dirt = film_sheets((0.36, 0.25, 0.14))
    return Drawing((*parts, *_earth(shapes.block(length, width, h), between("cut", 0.0, 0.12))), sheets | dirt)


def _wrapper(ground: Colour, ink: Colour, brand: str, word: str) -> np.ndarray:
    """The picture of a wrapped block, laid out as `shapes.block` says: the top at the left."""
    sheet = plain(ground, 128, 256)
    sheet[16:112, 8:120] = ink
    sheet[20:108, 12:116] = ground
    surfaces.write(sheet, brand, (0.25, 0.36), 0.16, ink, 0.42)
    surfaces.write(sheet, word, (0.25, 0.66), 0.20, ink, 0.42)
    sheet[64:, 128:][24:40] = ink
    sheet[:64, 128:][24:40] = ink
    surfaces.write(sheet, word, (0.75, 0.75), 0.16, ink, 0.4)
    return sheet


def _cheese(variant: int) -> Drawing:
    rng = rng_of("cheese", variant)
    colour = pick(rng, ((0.95, 0.76, 0.30), (0.94, 0.84, 0.50), (0.92, 0.60, 0.18)))
    ink = pick(rng, ((0.70, 0.10, 0.10), (0.12, 0.25, 0.55), (0.20, 0.45, 0.20)))
    brand = pick(rng, ("ALPHOF", "MEADOW", "KAASHUIS", "OLD MILL"))
    return _block_food(
        "cheese", variant, colour, _wrapper((0.95, 0.80, 0.38), ink, brand, "CHEESE"), bool(rng.random() < 0.6)
    )


def _butter(variant: int) -> Drawing:
    rng = rng_of("butter", variant)
    ground = pick(rng, ((0.82, 0.83, 0.85), (0.93, 0.92, 0.86), (0.80, 0.72, 0.45)))
    ink = pick(rng, ((0.10, 0.28, 0.60), (0.12, 0.42, 0.22), (0.60, 0.12, 0.14)))
    brand = pick(rng, ("DALE FARM", "SUNNY COW", "VALLEY", "HOLM"))
    return _block_food("butter", variant, (0.96, 0.87, 0.52), _wrapper(ground, ink, brand, "BUTTER"), False)


def _egg(variant: int) -> Drawing:
    (length, width, h), rng = size_m("egg", variant), rng_of("egg", variant)
    shell = pick(rng, ((0.80, 0.58, 0.42), (0.90, 0.78, 0.64), (0.94, 0.92, 0.88), (0.72, 0.50, 0.36)))
    form = Form(length, width, h, tuple((t**0.88, r) for t, r in _BALL), segments=14)
    sheet = surfaces.freckles(rng, plain(shell, 64, 64), tuple(0.86 * np.array(shell)), 0.02, 0.8)
    angle = np.linspace(0, 2 * np.pi, 22, endpoint=False)
    reach = 0.050 * (1 + 0.10 * np.sin(3 * angle + rng.uniform(0, 6)) + 0.06 * np.sin(5 * angle + rng.uniform(0, 6)))
    white = shapes.slab(np.stack([reach * np.cos(angle), reach * np.sin(angle)], -1), 0.0, 0.0035)
    yolk = shapes.turned([(0.019, 0.003), (0.0185, 0.008), (0.013, 0.013), (0.006, 0.0152), (0, 0.0155)], 14)
    size = 96
    y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
    away = np.hypot(x, y) + 0.05 * surfaces.cloud(rng, size, size, 7)
    clear = surfaces.blend(plain((0.95, 0.94, 0.90), size, size), (0.86, 0.82, 0.66), 0.6 * np.clip(away - 0.35, 0, 1))
    fried = surfaces.blend(
        plain((0.97, 0.96, 0.92), size, size), (0.66, 0.40, 0.14), np.clip((away - 0.68) * 3.2, 0, 0.95)
    )
    whole: Callable[[Look], float] = lambda look: float(_is_cracked(look) < 0.5)  # noqa: E731
    parts = (
        Part("body", form.whole(), "main", whole),
        Part(
            "white",
            white,
            lambda look: "fried" if look["cooked"] > 0.5 or look["turned"] > 0.5 else "clear",
            _is_cracked,
            lambda look: mixed(WHITE, (0.84, 0.66, 0.42), 0.7 * look["turned"]),
        ),
        Part("yolk", yolk, "yolk", _is_cracked, lambda look: mixed(WHITE, (0.94, 0.80, 0.62), look["cooked"])),
    )
    return Drawing((*parts, *_earth(form.whole(), whole)), {
        **film_sheets((0.36, 0.25, 0.14)),
        "main": Sheet(finish(sheet), specular=0.15), "yolk": Sheet(None, (0.96, 0.66, 0.10), 0.6, 0.6),
        "clear": Sheet(finish(clear), specular=0.6, shininess=0.7), "fried": Sheet(finish(fried), specular=0.3),
    })  # fmt: skip


def _is_cracked(look: Look) -> float:
    """An egg out of its shell."""
    return float(max(look["open"], look["cut"], look["cooked"], look["turned"], look["peeled"]) > 0.3)


DRAWINGS: Final[Mapping[str, Callable[[int], Drawing]]] = {
    "onion": _onion, "garlic": _garlic, "potato": _potato, "carrot": _carrot, "tomato": _tomato,
    "cucumber": _cucumber, "pepper": _pepper, "mushroom": _mushroom, "apple": _apple, "banana": _banana,
    "lemon": _lemon, "bread": _bread, "sausage": _sausage, "cheese": _cheese, "butter": _butter, "egg": _egg,
}  # fmt: skip

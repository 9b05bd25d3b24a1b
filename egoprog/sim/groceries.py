"""Pictures of what comes in packets, bottles and jars, printed with the names of firms that do not exist."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import cv2
import numpy as np

from egoprog.sim import shapes, surfaces
from egoprog.sim.catalogue import size_m
from egoprog.sim.crockery import film_sheets, with_films
from egoprog.sim.drawing import Drawing, Filling, Part, Sheet, between
from egoprog.sim.pose import turn
from egoprog.sim.shapes import Shape
from egoprog.sim.surfaces import BRIGHT, finish, pick, plain, rng_of
from egoprog.sim.types import Colour

BODY, CAP = (0.0, 0.125, 1.0, 1.0), (0.02, 0.01, 0.98, 0.115)
"""The parts of a package's picture: its walls, all around, and its cap."""
_PALE: Final[Colour] = (0.95, 0.94, 0.91)
_Y, _Z = np.eye(3)[1:]


def _luminance(colour: Colour) -> float:
    return float(np.dot(colour, (0.3, 0.59, 0.11)))


def _label(
    ground: Colour,
    ink: Colour,
    brand: str,
    word: str,
    emblem: Callable[[np.ndarray, tuple[int, int], int], None] | None = None,
    low: float = 0.0,
    high: float = 1.0,
    height: int = 224,
    width: int = 256,
) -> np.ndarray:
    """A printed wall, (h, w, 3), the same in front and behind. low, high: the rows that are printed."""
    sheet = plain(ground, height, width)
    top, bottom = round(low * height), round(high * height)
    tall = bottom - top
    text = _PALE if _luminance(ink) < 0.55 else (0.12, 0.12, 0.14)
    for centre in (0.25, 0.75):
        left, right = round((centre - 0.20) * width), round((centre + 0.20) * width)
        sheet[top + round(0.10 * tall) : top + round(0.40 * tall), left:right] = ink
        surfaces.write(sheet, brand, (centre, (top + 0.25 * tall) / height), 0.15 * tall / height, text, 0.37)
        surfaces.write(sheet, word, (centre, (top + 0.52 * tall) / height), 0.11 * tall / height, ink, 0.38)
        if emblem is not None:
            emblem(sheet, (round(centre * width), top + round(0.78 * tall)), round(0.15 * min(tall, width)))
    for centre in (0.02, 0.5, 0.98):
        # The narrow sides: lines of small print.
        for row in range(top + round(0.2 * tall), top + round(0.7 * tall), 7):
            at = round(centre * width)
            sheet[row : row + 2, max(at - 14, 0) : at + 14] = 0.55 * np.array(ground) + 0.45 * np.array(ink)
    return sheet


def _ball(colour: Colour, leaf: Colour | None = None) -> Callable[[np.ndarray, tuple[int, int], int], None]:
    def draw(sheet: np.ndarray, at: tuple[int, int], radius: int) -> None:
        cv2.circle(sheet, at, radius, colour, -1, cv2.LINE_AA)
        cv2.circle(sheet, (at[0] - radius // 3, at[1] - radius // 3), radius // 4, (1.0, 0.95, 0.85), -1, cv2.LINE_AA)
        if leaf is not None:
            cv2.ellipse(
                sheet,
                (at[0] + radius // 2, at[1] - radius),
                (radius // 2, radius // 4),
                -30,
                0,
                360,
                leaf,
                -1,
                cv2.LINE_AA,
            )

    return draw


def _scatter(colour: Colour, shape: tuple[float, float]) -> Callable[[np.ndarray, tuple[int, int], int], None]:
    """Flakes, grains or tubes, thrown on a heap. shape: half axes, in shares of the emblem's radius."""

    def draw(sheet: np.ndarray, at: tuple[int, int], radius: int) -> None:
        rng = np.random.default_rng([radius, 44])
        for _ in range(34):
            away = rng.normal(0, (0.75 * radius, 0.42 * radius))
            axes = (max(round(shape[0] * radius), 2), max(round(shape[1] * radius), 1))
            tone = tuple((np.array(colour) * rng.uniform(0.78, 1.1)).clip(0, 1).tolist())
            cv2.ellipse(
                sheet,
                (round(at[0] + away[0]), round(at[1] + away[1])),
                axes,
                float(rng.uniform(0, 180)),
                0,
                360,
                tone,
                -1,
                cv2.LINE_AA,
            )

    return draw


def _wave(colour: Colour) -> Callable[[np.ndarray, tuple[int, int], int], None]:
    def draw(sheet: np.ndarray, at: tuple[int, int], radius: int) -> None:
        x = np.arange(-2 * radius, 2 * radius)
        for k, lift in enumerate((-0.5, 0.0, 0.5)):
            y = at[1] + radius * (lift + 0.22 * np.sin(x / radius * 2.2 + k))
            line = np.stack([at[0] + x, y], -1).round().astype(np.int32)
            cv2.polylines(sheet, [line], False, colour, max(radius // 4, 2), cv2.LINE_AA)

    return draw


def _with_cap(wall: np.ndarray, cap: Colour) -> np.ndarray:
    """A picture laid out as BODY and CAP say. wall: 224 rows of the 256."""
    sheet = plain(cap, 256, wall.shape[1])
    sheet[:224] = wall
    sheet[224:, ::6] = 0.82 * np.array(cap)
    return finish(sheet)


def _cap(radius_m: float, low_m: float, high_m: float, segments: int = 16) -> Shape:
    return shapes.turned(
        [(radius_m, low_m), (radius_m, high_m - 0.0015), (radius_m - 0.0015, high_m), (0, high_m)], segments
    ).within(CAP)


def _hinged(cap: Shape, x_m: float, z_m: float, angle: float = 1.9) -> Shape:
    """A cap that hangs open at a hinge."""
    return cap.at(x=-x_m, z=-z_m).rotated(turn(_Y, angle)).at(x=x_m, z=z_m)


def _packed(body: Shape, shut: Shape, opened: Shape, sheet: Sheet, variant: int, filling: Filling | None = None,
            more: Sequence[Part] = (), sheets: Mapping[str, Sheet] | None = None) -> Drawing:  # fmt: skip
    """A package whose cap comes off. more: further parts and what they wear."""
    parts = (
        Part("body", body),
        Part("cap", shut, "main", between("open", 0.0, 0.5)),
        Part("cap_open", opened, "main", between("open", 0.5)),
        *more,
    )
    return Drawing(
        with_films(parts, body, body),
        {"main": sheet, **(sheets or {}), **film_sheets((0.36, 0.20, 0.08), variant % 3)},
        filling,
    )


def _mouth(radius_m: float, z_m: float) -> Shape:
    """A dark opening."""
    return shapes.disc(radius_m, z_m, 14)


# Cartons, boxes and bags.


def _carton(kind: str, variant: int) -> Drawing:
    """Milk and juice: a carton with a roof and a screw cap."""
    (length, width, h), rng = size_m(kind, variant), rng_of(kind, variant)
    x, y = length / 2, width / 2
    shoulder = 0.80 * h
    if kind == "milk":
        ground, ink = _PALE, pick(rng, ((0.12, 0.32, 0.70), (0.16, 0.50, 0.26), (0.80, 0.12, 0.16), (0.15, 0.55, 0.70)))
        brand, emblem = pick(rng, ("DAISY", "GREENHILL", "MOOLAND", "ALBA")), _wave(ink)
        word, top = "MILK", ink
    else:
        fruit, leaf = pick(
            rng,
            (
                ((0.95, 0.55, 0.08), (0.2, 0.5, 0.15)),
                ((0.80, 0.14, 0.10), (0.2, 0.5, 0.15)),
                ((0.55, 0.14, 0.35), (0.3, 0.5, 0.2)),
            ),
        )
        ground, ink = pick(rng, ((0.96, 0.80, 0.30), (0.90, 0.93, 0.78), fruit)), (0.15, 0.40, 0.18)
        brand, emblem = (
            pick(rng, ("SOLARA", "FRUTTI", "ORCHARD", "PIPPA")),
            _ball(fruit if ground != fruit else (0.97, 0.85, 0.5), leaf),
        )
        word, top = "JUICE", pick(rng, ((0.15, 0.40, 0.18), (0.95, 0.95, 0.93), (0.92, 0.45, 0.08)))
    levels = [(0.0, x, y), (shoulder, x, y)]
    if kind == "milk" or variant % 2:
        levels += [(0.935 * h, x, 0.12 * y), (h, x, 0.10 * y)]
    else:
        levels += [(0.975 * h, x, y)]
    body = shapes.column(levels, 12.0, 16).within(BODY)
    wall = _label(ground, ink, brand, word, emblem, 0.22, 1.0)
    wall[:44] = top
    slope = len(levels) == 4
    cap_at = (0.0, -0.30 * width, 0.87 * h) if slope else (0.0, 0.0, 0.975 * h)
    lean = turn(np.array([1.0, 0, 0]), 0.72) if slope else np.eye(3)
    cap = _cap(0.0145, 0.0, 0.014).rotated(lean).at(*cap_at)
    hole = shapes.disc(0.0125, 0.003, 14).rotated(lean).at(*cap_at)
    ring = shapes.turned([(0.0145, 0.0), (0.0145, 0.005), (0.0115, 0.005)], 14).within(CAP).rotated(lean).at(*cap_at)
    sheet = _with_cap(wall, pick(rng, ((0.95, 0.95, 0.93), ink)))
    return _packed(
        body,
        cap,
        ring,
        Sheet(sheet, specular=0.2),
        variant,
        more=(Part("mouth", hole, "dark", between("open", 0.5)),),
        sheets={"dark": Sheet(None, (0.06, 0.05, 0.05))},
    )


def _box(kind: str, variant: int) -> Drawing:
    """Cereal and tea: a printed box whose flaps open."""
    (length, width, h), rng = size_m(kind, variant), rng_of(kind, variant)
    x, y = length / 2, width / 2
    ground = pick(rng, BRIGHT[:8])
    if kind == "cereal":
        brand, word = pick(rng, ("CRUNCHOS", "GOLDIES", "MORNING", "HONEY O")), pick(rng, ("CEREAL", "FLAKES"))
        emblem = _scatter((0.92, 0.66, 0.25), (0.34, 0.20))
        ink = pick(rng, ((0.98, 0.86, 0.30), _PALE))
    else:
        brand, word = pick(rng, ("ASHBY", "CEYLAN", "LEAFTON", "KOPPA")), "TEA"
        emblem, ink = _scatter((0.25, 0.45, 0.12), (0.5, 0.16)), pick(rng, ((0.92, 0.80, 0.45), _PALE))
    body = shapes.column([(0.0, x, y), (h, x, y)], 16.0, 16).within(BODY)
    wall = _label(ground, ink, brand, word, emblem, 0.04, 1.0)
    flap = 0.7 * width
    lid = shapes.slab(np.array([(-x, -y), (x, -y), (x, y), (-x, y)]), h, h + 0.001).within(CAP)
    up = shapes.slab(np.array([(-x, 0), (x, 0), (x, flap), (-x, flap)]), 0.0, 0.001)
    flaps = up.rotated(turn(np.array([1.0, 0, 0]), 1.15)).at(y=y, z=h) + up.scaled(1, 1, 1).rotated(
        turn(_Z, np.pi)
    ).rotated(turn(np.array([1.0, 0, 0]), -1.15)).at(y=-y, z=h)
    inner = shapes.slab(np.array([(-x, -y), (x, -y), (x, y), (-x, y)]) * 0.94, h + 0.0008, h + 0.001)
    sheet = _with_cap(wall, ground)
    return _packed(
        body,
        lid,
        flaps.within(CAP),
        Sheet(sheet, specular=0.15),
        variant,
        more=(Part("mouth", inner, "dark", between("open", 0.5)),),
        sheets={"dark": Sheet(None, (0.16, 0.12, 0.09))},
    )


def _bag(kind: str, variant: int) -> Drawing:
    """Pasta, rice, sugar and flour: a bag, of paper or with a window, its top folded until it is open."""
    (length, width, h), rng = size_m(kind, variant), rng_of(kind, variant)
    x, y = length / 2, width / 2
    grain: Colour
    if kind == "pasta":
        ground, ink, grain, shape = (
            pick(rng, ((0.12, 0.26, 0.58), (0.75, 0.12, 0.12), (0.10, 0.42, 0.30))),
            _PALE,
            (0.93, 0.76, 0.34),
            (0.42, 0.13),
        )
        brand, word = pick(rng, ("BELLONI", "DA PIERO", "TRENTA")), "PASTA"
    elif kind == "rice":
        ground, ink, grain, shape = (
            pick(rng, ((0.90, 0.45, 0.10), (0.20, 0.50, 0.24), (0.55, 0.10, 0.20))),
            _PALE,
            (0.96, 0.94, 0.86),
            (0.16, 0.05),
        )
        brand, word = pick(rng, ("SHANTI", "PADDY", "ORIZO")), "RICE"
    elif kind == "sugar":
        ground, ink, grain, shape = (
            (0.94, 0.94, 0.95),
            pick(rng, ((0.85, 0.30, 0.50), (0.13, 0.40, 0.70))),
            (0.97, 0.97, 0.96),
            (0.05, 0.05),
        )
        brand, word = pick(rng, ("SWEETA", "BEETON")), "SUGAR"
    else:
        ground, ink, grain, shape = (
            pick(rng, ((0.93, 0.88, 0.76), (0.80, 0.66, 0.46))),
            pick(rng, ((0.55, 0.14, 0.10), (0.20, 0.35, 0.18))),
            (0.96, 0.94, 0.90),
            (0.05, 0.05),
        )
        brand, word = pick(rng, ("MILLSTONE", "OLD BARN", "WINDSAIL")), "FLOUR"
    is_paper = kind in ("sugar", "flour")
    wall = _label(ground, ink, brand, word, _ball(ink) if is_paper else None, 0.16, 1.0)
    if not is_paper:
        for centre in (64, 192):
            # A window on what is inside.
            pane = np.broadcast_to(np.array(grain, np.float32), (70, 72, 3)).copy() * 0.9
            for _ in range(150):
                at = rng.integers(0, 72, 2).tolist()
                axes = (max(round(shape[0] * 22), 2), max(round(shape[1] * 22), 1))
                tone = tuple((np.array(grain) * rng.uniform(0.72, 1.06)).clip(0, 1).tolist())
                cv2.ellipse(pane, at, axes, float(rng.uniform(0, 180)), 0, 360, tone, -1, cv2.LINE_AA)
            wall[146:216, centre - 36 : centre + 36] = pane
    wall = surfaces.shaded(wall, 1 + 0.05 * surfaces.cloud(rng, 224, 256, 7))
    square = 9.0 if is_paper else 3.4
    low = [
        (0.0, 0.94 * x, 0.94 * y),
        (0.03 * h, x, y),
        (0.35 * h, x, y),
        (0.80 * h, 0.99 * x, 0.90 * y),
    ]
    body = shapes.column(low, square, 18).within((0.0, 0.125, 1.0, 0.84))
    upper = shapes.column(
        [(0.80 * h, 0.99 * x, 0.90 * y), (0.92 * h, 0.98 * x, 0.22 * y), (h, 0.98 * x, 0.10 * y)], square, 18
    )
    torn = shapes.column(
        [
            (0.80 * h, 0.99 * x, 0.90 * y),
            (0.93 * h, 0.95 * x, 0.96 * y),
            (0.932 * h, 0.91 * x, 0.90 * y),
            (0.84 * h, 0.88 * x, 0.80 * y),
        ],
        square,
        18,
    )
    grains = finish(surfaces.freckles(rng, plain(grain, 48, 48), tuple(0.72 * np.array(grain)), 0.10, 0.9))
    heap = shapes.slab(shapes.rounded(1.78 * x, 1.62 * y, 0.012, 3), 0.845 * h, 0.85 * h)
    pit = shapes.slab(shapes.rounded(1.78 * x, 1.62 * y, 0.012, 3), 0.842 * h, 0.843 * h)
    more = (
        Part("heap", heap, "grain", lambda look: float(look["open"] >= 0.5 and look["fill"] > 0.05)),
        Part("mouth", pit, "dark", between("open", 0.5)),
    )
    return _packed(
        body,
        upper.within((0.0, 0.84, 1.0, 1.0)),
        torn.within((0.0, 0.84, 1.0, 1.0)),
        Sheet(_with_cap(wall, ground), specular=0.05 if is_paper else 0.5),
        variant,
        more=more,
        sheets={"grain": Sheet(grains), "dark": Sheet(None, (0.22, 0.19, 0.16))},
    )


# Bottles, jars and tins.


def _glassy(wall: np.ndarray, alpha: np.ndarray, cap: Colour) -> Sheet:
    """A picture laid out as BODY and CAP say, clear where alpha, (224, w), is low."""
    picture = np.zeros((256, wall.shape[1], 4), np.uint8)
    picture[..., :3] = _with_cap(wall, cap)
    picture[:224, :, 3] = 255 * np.clip(alpha, 0, 1)
    picture[224:, :, 3] = 255
    return Sheet(picture, (1, 1, 1, 0.99), specular=0.9, shininess=0.85)  # type: ignore[arg-type]


def _clear(glass: Colour, alpha: float, label: np.ndarray, low: float, high: float) -> tuple[np.ndarray, np.ndarray]:
    """A clear wall with a label around it, between two heights from the bottom, 0 to 1, of BODY."""
    wall, cover = plain(glass, 224, 256), np.full((224, 256), alpha, np.float32)
    for column in (20, 150):
        wall[:, column : column + 6], cover[:, column : column + 6] = (0.97, 0.98, 0.98), 0.55
    top, bottom = round((1 - high) * 224), round((1 - low) * 224)
    wall[top:bottom] = cv2.resize(label, (256, bottom - top), interpolation=cv2.INTER_AREA)
    cover[top:bottom] = 1.0
    return wall, cover


def _bottle_body(r: float, h: float, neck: float, shoulder: float, segments: int = 20) -> Shape:
    profile = [
        (0, 0.0),
        (r * 0.9, 0),
        (r, 0.006),
        (r, shoulder * h),
        (0.86 * r, (shoulder + 0.06) * h),
        (neck * 1.15, (shoulder + 0.17) * h),
        (neck, (shoulder + 0.22) * h),
        (neck, h - 0.012),
    ]
    return shapes.turned(profile, segments, True).within(BODY)


def _oil(variant: int) -> Drawing:
    (length, _, h), rng = size_m("oil", variant), rng_of("oil", variant)
    r, neck = length / 2, 0.0125
    glass, alpha = pick(rng, (((0.80, 0.84, 0.70), 0.30), ((0.20, 0.32, 0.12), 0.45), ((0.86, 0.86, 0.66), 0.30)))
    ground, ink = pick(
        rng,
        (
            (_PALE, (0.20, 0.35, 0.12)),
            ((0.86, 0.76, 0.30), (0.35, 0.12, 0.06)),
            ((0.18, 0.32, 0.14), (0.90, 0.80, 0.40)),
        ),
    )
    label = _label(
        ground, ink, pick(rng, ("OLEANDRA", "MONTE", "VERDANO")), "OIL", _ball((0.42, 0.48, 0.12), (0.25, 0.45, 0.15))
    )
    wall, cover = _clear(glass, alpha, label, 0.20, 0.46)
    body = _bottle_body(r, h, neck, 0.62)
    cap_colour = pick(rng, ((0.12, 0.30, 0.12), (0.10, 0.10, 0.10), (0.80, 0.65, 0.20)))
    shut = _cap(neck + 0.003, h - 0.026, h)
    opened = shapes.turned(
        [(neck * 0.8, h - 0.013), (neck * 0.8, h - 0.006), (neck * 0.5, h - 0.006), (neck * 0.5, h - 0.012)], 12
    ).within(CAP)
    return _packed(
        body,
        shut,
        opened,
        _glassy(wall, cover, cap_colour),
        variant,
        Filling(((0.006, 0.93 * r), (0.64 * h, 0.93 * r)), (0.84, 0.70, 0.16), 0.95),
    )


def _water(variant: int) -> Drawing:
    """A bottle to drink from: clear, or of coloured steel."""
    (length, _, h), rng = size_m("bottle", variant), rng_of("bottle", variant)
    r, neck = length / 2, 0.016
    body = _bottle_body(r, h, neck, 0.66)
    shut = _cap(neck + 0.005, h - 0.030, h)
    opened = shapes.turned([(neck, h - 0.014), (neck, h - 0.008), (neck * 0.8, h - 0.008)], 14).within(CAP)
    colour = pick(rng, ((0.15, 0.45, 0.70), (0.20, 0.55, 0.50), (0.75, 0.20, 0.25), (0.30, 0.32, 0.36)))
    if variant % 3 == 2:
        wall = plain(colour, 224, 256)
        wall[70:90] = 0.7 * np.array(colour)
        surfaces.write(wall, "HYDRA", (0.25, 0.6), 0.13, _PALE, 0.3)
        sheet = Sheet(_with_cap(wall, (0.12, 0.12, 0.13)), specular=0.6, shininess=0.6)
    else:
        wall, cover = _clear(
            (0.78, 0.90, 0.95), 0.26, _label(colour, _PALE, "AQUELLA", "WATER", _wave(_PALE)), 0.26, 0.50
        )
        for row in range(0, 224, 22):
            cover[row : row + 2] = np.maximum(cover[row : row + 2], 0.5)
        sheet = _glassy(wall, cover, colour)
    hole = Part("mouth", _mouth(neck * 0.8, h - 0.011), "dark", between("open", 0.5))
    return _packed(
        body,
        shut,
        opened,
        sheet,
        variant,
        Filling(((0.006, 0.93 * r), (0.68 * h, 0.93 * r)), (0.66, 0.80, 0.88), 0.95),
        more=(hole,),
        sheets={"dark": Sheet(None, (0.12, 0.14, 0.16))},
    )


def _washing(variant: int) -> Drawing:
    (length, width, h), rng = size_m("washing_liquid", variant), rng_of("washing_liquid", variant)
    x, y = length / 2, width / 2
    colour = pick(rng, ((0.20, 0.66, 0.30), (0.96, 0.78, 0.14), (0.18, 0.50, 0.82), (0.90, 0.40, 0.55)))
    top = 0.80 * h
    body = shapes.column(
        [
            (0, 0.9 * x, 0.9 * y),
            (0.03 * h, x, y),
            (0.25 * h, x, y),
            (0.42 * h, 0.84 * x, 0.92 * y),
            (0.6 * h, 0.96 * x, y),
            (0.73 * h, 0.7 * x, 0.8 * y),
            (top, 0.022, 0.020),
        ],
        2.4,
        20,
    ).within(BODY)
    label = _label(
        _PALE,
        tuple(0.7 * np.array(colour)),
        pick(rng, ("SUDSY", "BLINK", "LIMPIO", "SPARKLE")),
        "DISHES",
        _wave(colour),
    )
    wall = plain(colour, 224, 256)
    wall[84:190, 26:102] = cv2.resize(label[:, :128], (76, 106), interpolation=cv2.INTER_AREA)
    wall[84:190, 154:230] = wall[84:190, 26:102]
    collar = shapes.turned(
        [(0.021, top), (0.021, top + 0.012), (0.012, top + 0.016), (0.0095, top + 0.022)], 14
    ).within(CAP)
    nozzle = collar + _cap(0.0095, top + 0.018, h, 12)
    lifted = (
        collar
        + shapes.turned([(0.006, top + 0.018), (0.005, top + 0.030), (0.002, top + 0.030)], 10).within(
            (0.4, 0.2, 0.45, 0.3)
        )
        + _hinged(_cap(0.0095, top + 0.018, h, 12), 0.011, top + 0.020)
    )
    return _packed(
        body,
        nozzle,
        lifted,
        Sheet(
            _with_cap(wall, pick(rng, ((0.93, 0.93, 0.92), (0.85, 0.16, 0.14), (0.15, 0.25, 0.55)))),
            specular=0.5,
            shininess=0.6,
        ),
        variant,
    )


def _yoghurt(variant: int) -> Drawing:
    (length, _, h), rng = size_m("yoghurt", variant), rng_of("yoghurt", variant)
    r = length / 2
    ink = pick(rng, ((0.80, 0.20, 0.40), (0.25, 0.25, 0.62), (0.20, 0.50, 0.65), (0.30, 0.50, 0.20)))
    fruit = pick(rng, ((0.82, 0.12, 0.20), (0.25, 0.20, 0.50), (0.95, 0.60, 0.20)))
    wall = _label(_PALE, ink, pick(rng, ("YOGA", "ALPINA", "FROMI")), "YOGHURT", _ball(fruit, (0.2, 0.5, 0.2)))
    body = shapes.turned(
        [
            (0, 0),
            (0.78 * r, 0),
            (0.80 * r, 0.004),
            (0.97 * r, h - 0.006),
            (r, h - 0.005),
            (r, h - 0.001),
            (0.93 * r, h - 0.001),
        ],
        22,
        True,
    ).within(BODY)
    foil = shapes.turned([(r, h - 0.002), (0.98 * r, h), (0, h)], 22).within(CAP)
    peeled = _hinged(foil, 0.93 * r, h, 1.45)
    inside = shapes.turned([(0.93 * r, h - 0.001), (0.90 * r, h - 0.02), (0, h - 0.03)], 18)
    return _packed(
        body,
        foil,
        peeled,
        Sheet(_with_cap(wall, pick(rng, ((0.80, 0.81, 0.83), ink))), specular=0.3),
        variant,
        Filling(((h - 0.030, 0.86 * r), (h - 0.012, 0.91 * r)), (0.96, 0.92, 0.90), 1.0),
        more=(Part("mouth", inside, "inner", between("open", 0.5)),),
        sheets={"inner": Sheet(None, (0.72, 0.70, 0.68))},
    )


def _salt(variant: int) -> Drawing:
    (length, _, h), rng = size_m("salt", variant), rng_of("salt", variant)
    r = length / 2
    if variant % 2:
        # A shaker of glass with a steel top.
        body = shapes.turned(
            [(0, 0), (0.85 * r, 0), (0.9 * r, 0.004), (0.72 * r, 0.55 * h), (0.62 * r, 0.74 * h)], 12, True
        ).within(BODY)
        wall, cover = _clear((0.90, 0.93, 0.94), 0.35, plain((0.9, 0.9, 0.9), 8, 8), 0.0, 0.02)
        surfaces.write(wall, "SALT", (0.25, 0.55), 0.16, (0.1, 0.1, 0.12), 0.3)
        surfaces.write(wall, "SALT", (0.75, 0.55), 0.16, (0.1, 0.1, 0.12), 0.3)
        cover[(wall < 0.5).all(axis=2)] = 1.0
        top = shapes.turned([(0.66 * r, 0.73 * h), (0.66 * r, 0.86 * h), (0.5 * r, 0.96 * h), (0, h)], 14).within(CAP)
        lifted = _hinged(top, 0.66 * r, 0.73 * h, 1.2)
        return _packed(
            body,
            top,
            lifted,
            _glassy(wall, cover, (0.70, 0.71, 0.73)),
            variant,
            Filling(((0.004, 0.78 * r), (0.70 * h, 0.60 * r)), (0.97, 0.97, 0.97), 0.9),
        )
    ground, ink = pick(
        rng, (((0.10, 0.28, 0.60), _PALE), ((0.93, 0.93, 0.92), (0.75, 0.12, 0.12)), ((0.14, 0.50, 0.56), _PALE))
    )
    wall = _label(ground, ink, pick(rng, ("SALINA", "MARINE")), "SALT", _wave(ink))
    body = shapes.turned([(0, 0), (r, 0), (r, 0.94 * h), (0.97 * r, 0.95 * h), (0, 0.95 * h)], 20, True).within(
        (0.0, 0.0, 1.0, 1.0)
    )
    spout = shapes.block(0.022, 0.014, 0.05 * h, 0.001).at(x=0.3 * r, z=0.95 * h).within((0.4, 0.02, 0.5, 0.1))
    lifted = (
        shapes.block(0.022, 0.014, 0.003, 0.001)
        .rotated(turn(_Y, -1.1))
        .at(x=0.3 * r, z=0.95 * h + 0.008)
        .within((0.4, 0.02, 0.5, 0.1))
    )
    hole = shapes.disc(0.008, 0.953 * h, 8).at(x=0.3 * r)
    return _packed(
        body,
        spout,
        lifted,
        Sheet(_with_cap(wall, (0.80, 0.80, 0.82)), specular=0.2),
        variant,
        more=(Part("mouth", hole, "dark", between("open", 0.5)),),
        sheets={"dark": Sheet(None, (0.10, 0.10, 0.11))},
    )


def _spice(variant: int) -> Drawing:
    (length, _, h), rng = size_m("spice", variant), rng_of("spice", variant)
    r = length / 2
    word, colour = pick(
        rng,
        (
            ("PAPRIKA", (0.68, 0.16, 0.06)),
            ("CURRY", (0.82, 0.58, 0.12)),
            ("OREGANO", (0.36, 0.40, 0.18)),
            ("PEPPER", (0.16, 0.13, 0.11)),
            ("CUMIN", (0.52, 0.36, 0.16)),
        ),
    )
    wall, cover = _clear((0.88, 0.92, 0.93), 0.30, _label(_PALE, (0.15, 0.32, 0.18), "HERBA", word), 0.22, 0.70)
    top = 0.78 * h
    body = shapes.turned([(0, 0), (0.92 * r, 0), (r, 0.004), (r, 0.68 * h), (0.85 * r, top)], 18, True).within(BODY)
    shut = _cap(0.92 * r, top - 0.004, h)
    sieve = shapes.turned([(0.86 * r, top - 0.002), (0.86 * r, top + 0.002), (0, top + 0.002)], 14).within(
        (0.4, 0.02, 0.42, 0.10)
    )
    opened = sieve + _hinged(_cap(0.92 * r, top, h), 0.90 * r, top)
    return _packed(
        body,
        shut,
        opened,
        _glassy(wall, cover, pick(rng, ((0.12, 0.30, 0.14), (0.75, 0.10, 0.10), (0.08, 0.08, 0.09)))),
        variant,
        Filling(((0.003, 0.93 * r), (0.68 * h, 0.93 * r)), colour, 0.95),
    )


def _jar_like(kind: str, variant: int) -> Drawing:
    """Coffee and jars of sauce: wide glass with a screwed lid."""
    (length, _, h), rng = size_m(kind, variant), rng_of(kind, variant)
    r = length / 2
    top = (0.80 if kind == "coffee" else 0.87) * h
    if kind == "coffee":
        colour: Colour = (0.26, 0.14, 0.07)
        label = _label(
            pick(rng, ((0.60, 0.12, 0.10), (0.10, 0.26, 0.20), (0.85, 0.66, 0.25))),
            _PALE,
            pick(rng, ("MORO", "CAFE LUZ", "TUCANO")),
            "COFFEE",
            _scatter((0.30, 0.16, 0.08), (0.5, 0.34)),
        )
        caps = ((0.10, 0.09, 0.09), (0.55, 0.10, 0.08), (0.82, 0.66, 0.28))
    else:
        colour = pick(rng, ((0.70, 0.14, 0.07), (0.58, 0.10, 0.22), (0.80, 0.50, 0.10), (0.36, 0.46, 0.16)))
        label = _label(
            _PALE,
            tuple(0.8 * np.array(colour)),
            pick(rng, ("NONNA", "PANTRY", "TERRA", "JARDIN")),
            pick(rng, ("SAUCE", "JAM", "PESTO")),
            _ball(colour, (0.2, 0.45, 0.15)),
        )
        caps = ((0.80, 0.80, 0.80), (0.80, 0.66, 0.25), (0.75, 0.12, 0.12), (0.15, 0.35, 0.20))
    wall, cover = _clear((0.80, 0.84, 0.84), 0.15, label, 0.20, 0.66)
    body = shapes.turned(
        [(0, 0), (0.92 * r, 0), (r, 0.005), (r, top - 0.022), (0.84 * r, top - 0.006), (0.84 * r, top)], 22, True
    ).within(BODY)
    shut = _cap(0.90 * r, top - 0.006, h, 22)
    opened = shapes.turned(
        [(0.86 * r, top - 0.006), (0.86 * r, top), (0.80 * r, top), (0.80 * r, top - 0.01)], 20
    ).within((0.1, 0.9, 0.2, 0.95))
    return _packed(
        body,
        shut,
        opened,
        _glassy(wall, cover, pick(rng, caps)),
        variant,
        Filling(((0.004, 0.94 * r), (top - 0.014, 0.94 * r)), colour, 0.95),
    )


def _can(variant: int) -> Drawing:
    (length, _, h), rng = size_m("can", variant), rng_of("can", variant)
    r = length / 2
    word, fruit = pick(
        rng,
        (
            ("TOMATO", (0.82, 0.12, 0.08)),
            ("BEANS", (0.55, 0.22, 0.10)),
            ("CORN", (0.95, 0.78, 0.16)),
            ("SOUP", (0.86, 0.50, 0.14)),
        ),
    )
    ground = pick(rng, ((0.90, 0.88, 0.80), (0.16, 0.36, 0.22), (0.75, 0.12, 0.10), (0.15, 0.30, 0.55)))
    ink = (0.65, 0.10, 0.08) if _luminance(ground) > 0.6 else (0.95, 0.86, 0.50)
    wall = _label(
        ground, ink, pick(rng, ("CAMPO", "HARVEST", "LA HUERTA")), word, _ball(fruit, (0.2, 0.5, 0.15)), 0.05, 0.95
    )
    steel = surfaces.brushed(rng, 12, 256)
    wall[:12], wall[-12:] = steel, steel
    body = shapes.turned(
        [
            (0, 0.002),
            (0.94 * r, 0.002),
            (r, 0),
            (r, 0.004),
            (0.98 * r, 0.006),
            (0.98 * r, h - 0.006),
            (r, h - 0.004),
            (r, h),
            (0.95 * r, h - 0.001),
        ],
        22,
        True,
    ).within(BODY)
    lid = shapes.turned([(0.95 * r, h - 0.001), (0.93 * r, h - 0.004), (0, h - 0.004)], 20).within(CAP)
    tab = (
        shapes.slab(shapes.rounded(0.026, 0.015, 0.006, 3), h - 0.004, h - 0.002)
        .at(x=0.4 * r)
        .within((0.3, 0.04, 0.32, 0.08))
    )
    opened = _hinged(lid, 0.93 * r, h - 0.002, 1.35)
    inside = shapes.turned([(0.94 * r, h - 0.001), (0.94 * r, h - 0.03), (0, h - 0.03)], 18)
    return _packed(
        body,
        lid + tab,
        opened,
        Sheet(_with_cap(wall, (0.74, 0.75, 0.77)), specular=0.5, shininess=0.6),
        variant,
        Filling(((h - 0.035, 0.92 * r), (h - 0.010, 0.92 * r)), fruit, 0.8),
        more=(Part("mouth", inside, "inner", between("open", 0.5)),),
        sheets={"inner": Sheet(None, (0.50, 0.50, 0.51), 0.4)},
    )


def _tub(variant: int) -> Drawing:
    """A box for leftovers, clear, with a coloured lid."""
    (length, width, h), rng = size_m("box", variant), rng_of("box", variant)
    _x, y = length / 2, width / 2
    wall, cover = plain((0.86, 0.90, 0.92), 224, 256), np.full((224, 256), 0.42, np.float32)
    wall[:, ::32], cover[:, ::32] = (0.97, 0.97, 0.97), 0.6
    top = 0.84 * h
    outline = shapes.rounded(length, width, 0.018, 4)
    rings = [
        np.column_stack([outline * s, np.full(len(outline), z)])
        for s, z in ((0.6, 0.001), (0.88, 0.001), (0.90, 0.004), (0.97, top), (0.94, top), (0.87, 0.006))
    ]
    rings.append(np.column_stack([outline * 0.05, np.full(len(outline), 0.006)]))
    body = shapes.skin(np.array([np.concatenate([ring, ring[:1]]) for ring in rings])).within(BODY)
    lid = shapes.slab(outline, top, h - 0.004) + shapes.slab(outline * 0.86, h - 0.004, h)
    colour = pick(rng, ((0.16, 0.42, 0.72), (0.80, 0.22, 0.20), (0.40, 0.66, 0.30), (0.35, 0.36, 0.40)))
    meal = surfaces.skin(rng, 64, 64, (0.86, 0.70, 0.42), (0.66, 0.30, 0.12), 0.9, 9)
    heap = shapes.quilt(0.86 * length, 0.84 * width, 0.3 * h + 0.16 * h * rng.random((7, 9))).at(z=0.008)
    more = (Part("food", heap, "food", lambda look: float(look["fill"] > 0.05)),)
    opened = (
        shapes.slab(outline * 1.0, 0.0, 0.006).rotated(turn(np.array([1.0, 0, 0]), 1.25)).at(y=y + 0.012, z=0.5 * width)
    )
    return _packed(
        body,
        lid.within(CAP),
        opened.within(CAP),
        _glassy(wall, cover, colour),
        variant,
        more=more,
        sheets={"food": Sheet(finish(surfaces.freckles(rng, meal, (0.25, 0.42, 0.12), 0.02, 1.3)))},
    )


def _rubbish(variant: int) -> Drawing:
    """A crumpled wrapper."""
    (length, width, h), rng = size_m("rubbish", variant), rng_of("rubbish", variant)
    angle = np.linspace(0, np.pi, 8)
    shape = shapes.turned([(np.sin(a), 0.5 - 0.5 * np.cos(a)) for a in angle], 11)
    places, index = np.unique(np.round(shape.vertices_m, 5), axis=0, return_inverse=True)
    crumple = 1 + rng.uniform(-0.32, 0.10, len(places))
    vertices = ((places - (0, 0, 0.5)) * crumple[:, None] + (0, 0, 0.5))[index.ravel()] * (length / 2, width / 2, h)
    shape = Shape(vertices, shape.faces, shape.texcoords)
    shape = shape.at(z=-float(vertices[:, 2].min()))
    ground = pick(rng, ((0.86, 0.86, 0.84), *BRIGHT[:8]))
    sheet = plain(ground, 96, 128)
    sheet[30:52] = pick(rng, BRIGHT)
    surfaces.write(sheet, "CRISPS", (0.3, 0.62), 0.16, _PALE, 0.5)
    surfaces.write(sheet, "SNACK", (0.8, 0.42), 0.14, _PALE, 0.4)
    creases = surfaces.cloud(rng, 96, 128, 14)
    sheet = surfaces.shaded(sheet, 1 + 0.16 * np.sign(creases) * np.abs(creases) ** 0.5)
    return Drawing(
        with_films((Part("body", shape),), shape, shape),
        {"main": Sheet(finish(sheet), specular=0.6, shininess=0.5), **film_sheets((0.36, 0.20, 0.08), variant % 3)},
    )


DRAWINGS: Final[Mapping[str, Callable[[int], Drawing]]] = {
    "milk": lambda v: _carton("milk", v), "juice": lambda v: _carton("juice", v), "cereal": lambda v: _box("cereal", v),
    "tea": lambda v: _box("tea", v), "pasta": lambda v: _bag("pasta", v), "rice": lambda v: _bag("rice", v),
    "sugar": lambda v: _bag("sugar", v), "flour": lambda v: _bag("flour", v), "oil": _oil, "bottle": _water,
    "washing_liquid": _washing, "yoghurt": _yoghurt, "salt": _salt, "spice": _spice,
    "coffee": lambda v: _jar_like("coffee", v), "jar": lambda v: _jar_like("jar", v), "can": _can, "box": _tub,
    "rubbish": _rubbish,
}  # fmt: skip

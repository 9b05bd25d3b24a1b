"""What a kitchen of a seed is made of: woods, stones, colours, kinds of handle, and the light in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from egoprog.sim.types import Colour

_WORKTOPS = ("oak", "beech", "walnut", "granite", "dark granite", "speckled", "white", "grey")
_FACES: tuple[Colour, ...] = (
    (0.93, 0.92, 0.89), (0.90, 0.90, 0.90), (0.86, 0.82, 0.73), (0.47, 0.53, 0.53), (0.30, 0.36, 0.44),
    (0.40, 0.47, 0.38), (0.26, 0.27, 0.29), (0.74, 0.66, 0.54), (0.62, 0.70, 0.72),
)  # fmt: skip
_WALLS: tuple[Colour, ...] = (
    (0.91, 0.90, 0.87), (0.89, 0.86, 0.78), (0.83, 0.87, 0.88), (0.88, 0.83, 0.70), (0.79, 0.84, 0.77),
    (0.90, 0.83, 0.79), (0.72, 0.77, 0.80),
)  # fmt: skip
CLUTTER: tuple[Colour, ...] = (
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
    hob: str
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
        ambient = 0.20 * warm + 0.12 * day / day.max()
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
            hob=str(one(("glass", "glass", "gas"))),
            bin=near(one(((0.72, 0.73, 0.75), (0.20, 0.20, 0.22), (0.86, 0.86, 0.84), (0.62, 0.16, 0.14)))),
        )

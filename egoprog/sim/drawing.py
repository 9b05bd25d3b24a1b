"""What a thing's picture is made of: parts with surfaces, and how each answers to the thing's look."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from egoprog.sim.shapes import Shape
from egoprog.sim.types import Colour, Look

Picture = NDArray[np.uint8]
WHITE: Colour = (1.0, 1.0, 1.0)


@dataclass(frozen=True)
class Sheet:
    """A surface. picture: (H, W, 3) RGB or (H, W, 4) RGBA, the top row first; None for one colour all over."""

    picture: Picture | None = None
    colour: Colour = WHITE
    specular: float = 0.15
    shininess: float = 0.3
    emission: float = 0.0


@dataclass(frozen=True)
class Part:
    """A piece of a thing that is drawn as one mesh.

    opacity: by look, from 0 (not drawn, costs nothing) to 1. dress: by look, the sheet that it wears; tint: by look,
    a colour times the sheet's.
    """

    name: str
    shape: Shape
    dress: str | Callable[[Look], str] = "main"
    opacity: Callable[[Look], float] = lambda look: 1.0
    tint: Callable[[Look], Colour] = lambda look: WHITE


@dataclass(frozen=True)
class Filling:
    """What stands in a vessel: a disc that rises. levels_m: (height, radius) of the hollow from its floor to its rim.

    colour: where the look names none. most: share of the hollow's height that is filled at 1. is_lumpy: whether it is
    no clear drink.
    """

    levels_m: tuple[tuple[float, float], ...]
    colour: Colour = (0.80, 0.86, 0.90)
    most: float = 0.8
    is_lumpy: bool = False


@dataclass(frozen=True)
class Drawing:
    """All of a thing's picture. sheets: by the names that parts wear."""

    parts: tuple[Part, ...]
    sheets: Mapping[str, Sheet] = field(default_factory=dict)
    filling: Filling | None = None


def between(channel: str, low: float = 0.0, high: float = 2.0) -> Callable[[Look], float]:
    """Opacity of what is only there while a channel is in [low, high)."""
    return lambda look: float(low <= look[channel] < high)


def after(channel: str, most: float = 1.0) -> Callable[[Look], float]:
    """Opacity of what comes on with a channel."""
    return lambda look: most * look[channel]


def mixed(a: Colour, b: Colour, share: float) -> Colour:
    x, y, z = ((1 - share) * np.array(a) + share * np.array(b)).tolist()
    return (x, y, z)

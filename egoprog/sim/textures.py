"""Pictures of materials, painted from noise. Most return (H, W, 3) uint8; `rng` decides the grain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Paint = NDArray[np.float32]
"""A picture of 0 to 1, (h, w, 3), the top row first."""
Colour = tuple[float, float, float]


def _noise(rng: np.random.Generator, cells: tuple[int, int], size: tuple[int, int]) -> NDArray[np.float64]:
    """Smooth noise of unit variance. cells, size: rows and columns."""
    field = cv2.resize(rng.normal(size=cells), size[::-1], interpolation=cv2.INTER_CUBIC)
    return field / field.std()


def _finish(colour: Colour, shade: NDArray[np.float64]) -> Picture:
    shade = shade[..., None] if shade.ndim == 2 else shade
    return (np.clip(np.array(colour) * shade, 0, 1) * 255).astype(np.uint8)


def wood(rng: np.random.Generator, colour: Colour, planks: int = 4, size: int = 512) -> Picture:
    """Glued staves along the rows, each with its own tone and grain."""
    shade = np.ones((size, size))
    stave = size // planks
    for k in range(planks):
        rows = slice(k * stave, (k + 1) * stave)
        bend = 6 * _noise(rng, (3, 3), (stave, size))
        rings = np.sin((np.arange(stave)[:, None] + bend) * rng.uniform(0.25, 0.5) + rng.uniform(0, 6))
        fibre = _noise(rng, (stave, 12), (stave, size))
        shade[rows] = 1 + rng.normal(0, 0.07) + 0.05 * rings + 0.045 * fibre
        shade[rows][:1] *= 0.72
    return _finish(colour, shade)


def plaster(rng: np.random.Generator, colour: Colour, size: int = 256) -> Picture:
    return _finish(colour, 1 + 0.015 * rng.normal(size=(size, size)) + 0.025 * _noise(rng, (5, 5), (size, size)))


def steel(rng: np.random.Generator, size: int = 256) -> Picture:
    """Brushed steel with the soft bands that a room leaves in it."""
    brush = _noise(rng, (size, 6), (size, size))
    bands = _noise(rng, (3, 4), (size, size))
    return _finish((0.66, 0.68, 0.70), 1 + 0.04 * brush + 0.13 * bands)


def fabric(rng: np.random.Generator, colour: Colour, size: int = 256) -> Picture:
    """A knitted sleeve: ribs along the arm and folds across it."""
    x = np.arange(size)
    ribs = 0.05 * np.sin(x * 2 * np.pi * 48 / size)
    folds = 0.11 * _noise(rng, (14, 4), (size, size))
    return _finish(colour, 1 + ribs + folds + 0.05 * rng.normal(size=(size, size)))


def skin_patch(rng: np.random.Generator, colour: Colour, size: int = 256) -> Picture:
    """Skin of a forearm, mottled."""
    return _finish(colour, 1 + 0.045 * _noise(rng, (9, 9), (size, size)) + 0.03 * rng.normal(size=(size, size)))


def glaze(rng: np.random.Generator, colour: Colour, band: Colour, size: int = 256) -> Picture:
    """Pottery with a coloured band around its lower half."""
    picture = _finish(colour, 1 + 0.02 * _noise(rng, (12, 12), (size, size)))
    rows = slice(int(0.3 * size), int(0.40 * size))
    picture[rows] = _finish(band, 1 + 0.04 * _noise(rng, (4, 24), (size, size)))[rows]
    return picture


@dataclass(frozen=True)
class Swatch:
    """A picture of a material that repeats, of known size. picture: (H, W, 3) uint8."""

    picture: Picture
    px_per_m: float

    def cut(self, width_m: float, height_m: float, px_per_m: float, at_m: tuple[float, float] = (0.0, 0.0)) -> Paint:
        """A piece of it, (h, w, 3) 0 to 1. at_m: where its lower left corner lies on the material."""
        width, height = (max(round(x * self.px_per_m), 2) for x in (width_m, height_m))
        left, low = (round(x * self.px_per_m) for x in at_m)
        columns = (left + np.arange(width)) % self.picture.shape[1]
        rows = (-low - height + np.arange(height)) % self.picture.shape[0]
        piece = self.picture[np.ix_(rows, columns)]
        size = tuple(max(round(x * px_per_m), 4) for x in (width_m, height_m))
        if size != (width, height):
            piece = cv2.resize(
                piece, size, interpolation=cv2.INTER_AREA if px_per_m < self.px_per_m else cv2.INTER_LINEAR
            )
        return piece.astype(np.float32) / 255


def plain(colour: Colour, width_px: int = 8, height_px: int = 8) -> Paint:
    return np.broadcast_to(np.array(colour, np.float32), (height_px, width_px, 3)).copy()


def granite(rng: np.random.Generator, colours: Sequence[Colour], size: int = 512) -> Picture:
    """Polished stone of several kinds of grain. colours: the ground, then the grains from the commonest on."""
    sheet = np.broadcast_to(np.array(colours[0], float), (size, size, 3)).copy()
    sheet *= 1 + 0.05 * _noise(rng, (9, 9), (size, size))[..., None]
    for k, colour in enumerate(colours[1:]):
        grains = cv2.GaussianBlur(rng.normal(size=(size, size)), (0, 0), 1.1 + 0.5 * (k % 2))
        share = np.clip((grains / grains.std() - 0.85 - 0.25 * k) * 3, 0, 1)[..., None]
        sheet = sheet * (1 - share) + np.array(colour) * share
    return (np.clip(sheet, 0, 1) * 255).astype(np.uint8)


def laminate(rng: np.random.Generator, colour: Colour, size: int = 512) -> Picture:
    """A smooth worktop with the faintest cloud and a few scratches."""
    shade = 1 + 0.012 * _noise(rng, (6, 6), (size, size)) + 0.008 * rng.normal(size=(size, size))
    for _ in range(14):
        start, way = rng.uniform(0, size, 2), rng.normal(0, 45, 2)
        cv2.line(shade, start.astype(int).tolist(), (start + way).astype(int).tolist(), 1.04, 1, cv2.LINE_AA)
    return _finish(colour, shade)


def floor_boards(rng: np.random.Generator, colour: Colour, size: int = 512) -> Picture:
    """Boards along the rows, their ends at different places."""
    rows = 6
    shade, board = np.ones((size, size)), size // rows
    for k in range(rows):
        for half in range(2):
            left = (int(rng.integers(size)) + half * size // 2) % size
            columns = (left + np.arange(size // 2)) % size
            grain = 0.05 * _noise(rng, (board, 8), (board, size // 2)) + 0.03 * _noise(rng, (5, 3), (board, size // 2))
            tone = rng.normal(0, 0.09)
            shade[k * board : (k + 1) * board, columns] = 1 + tone + grain
            shade[k * board : (k + 1) * board, columns[0]] = 0.6
        shade[k * board] *= 0.6
    return _finish(colour, shade)


def brick_tiles(
    rng: np.random.Generator, colours: Sequence[Colour], rows: int, columns: int, grout: Colour, is_offset: bool = True,
    vary: float = 0.03, size: int = 512,
) -> Picture:  # fmt: skip
    """Glazed tiles in rows, every second row shifted by half a tile; each of one of the colours."""
    high, wide = size // rows, size // columns
    sheet = np.empty((rows * high, columns * wide, 3))  # whole tiles, so that the picture repeats
    gleam = np.linspace(1.05, 0.95, high)[:, None, None]
    for row in range(rows):
        shift = wide // 2 if is_offset and row % 2 else 0
        for column in range(columns):
            colour = np.array(colours[int(rng.integers(len(colours)))]) * (1 + vary * rng.normal())
            across = (column * wide + shift + np.arange(wide)) % sheet.shape[1]
            sheet[row * high : (row + 1) * high, across] = colour * gleam
            sheet[row * high : (row + 1) * high, across[:2]] = grout
        sheet[row * high : row * high + 2] = grout
    sheet *= 1 + 0.012 * rng.normal(size=(*sheet.shape[:2], 1))
    return (np.clip(sheet, 0, 1) * 255).astype(np.uint8)


def front(
    width_m: float,
    height_m: float,
    px_per_m: float,
    face: Swatch | Colour,
    style: str,
    at_m: tuple[float, float] = (0, 0),
) -> Paint:
    """The front of a door or drawer: "slab", "shaker" (a frame around a sunken panel) or "groove"."""
    size = max(round(height_m * px_per_m), 6), max(round(width_m * px_per_m), 6)
    if isinstance(face, Swatch):
        sheet = cv2.resize(face.cut(width_m, height_m, px_per_m, at_m), size[::-1])
    else:
        sheet = plain(face, size[1], size[0])
    border = int(min(0.055, 0.28 * height_m) * px_per_m)
    if style == "shaker" and min(size) > 2 * border + 6:
        inner = sheet[border:-border, border:-border]
        inner *= 0.97
        # Light comes from above: the frame's upper inner edge is dark, the lower one bright.
        inner[:2] *= 0.72
        inner[-2:] *= 1.08
        inner[:, :2] *= 0.82
        inner[:, -2:] *= 0.90
    elif style == "groove":
        step = max(int(0.07 * px_per_m), 4)
        sheet[:, ::step] *= 0.80
        sheet[:, 1::step] *= 1.04
    sheet[:1] *= 1.06
    for edge in (sheet[-1:], sheet[:, :1], sheet[:, -1:]):
        edge *= 0.62
    return sheet


def daylight(rng: np.random.Generator, width: int = 256, height: int = 224) -> Paint:
    """What a window shows: a bright sky over a hazy garden or the house across the street."""
    y = np.linspace(0, 1, height)[:, None, None]
    sky = np.array([0.86, 0.93, 1.0]) * (1 - y) + np.array([1.0, 1.0, 0.98]) * y
    sheet = np.broadcast_to(sky, (height, width, 3)).copy()
    if rng.random() < 0.5:
        base = int(height * rng.uniform(0.35, 0.5))
        wall = np.array([(0.70, 0.48, 0.40), (0.80, 0.78, 0.72), (0.62, 0.56, 0.52)][int(rng.integers(3))])
        sheet[base:] = wall * (1 + 0.04 * rng.normal(size=(height - base, width, 1)))
        for x in range(int(rng.integers(5, 30)), width - 30, int(rng.integers(55, 80))):
            sheet[base + 24 : base + 78, x : x + 30] = (0.42, 0.47, 0.53)
    for _ in range(26):
        at = int(rng.integers(width)), int(height * rng.uniform(0.55, 1.0))
        green = np.array([0.34, 0.50, 0.24]) * rng.uniform(0.6, 1.3)
        cv2.circle(sheet, at, int(rng.integers(10, 34)), green.tolist(), -1, cv2.LINE_AA)
    sheet = cv2.GaussianBlur(sheet, (0, 0), 3.0)
    return (0.62 * np.clip(sheet, 0, 1) + 0.38).astype(np.float32)


def shadow_sheet(size: int = 64) -> NDArray[np.uint8]:
    """A soft dark disc, (size, size, 4) RGBA."""
    y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
    away = np.hypot(x, y)
    alpha = np.clip((1 - away) / 0.62, 0, 1)
    alpha = alpha * alpha * (3 - 2 * alpha)
    sheet = np.zeros((size, size, 4), np.uint8)
    sheet[..., :3] = (14, 12, 12)
    sheet[..., 3] = (255 * alpha).astype(np.uint8)
    return sheet


def coil(colour: Colour, size: int = 128) -> NDArray[np.uint8]:
    """A hob's ring as it glows or burns, (size, size, 4) RGBA."""
    y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
    away = np.hypot(x, y)
    bands = 0.55 + 0.45 * np.cos(away * 2 * np.pi * 5.5)
    alpha = np.clip((0.97 - away) / 0.06, 0, 1) * (0.45 + 0.55 * bands)
    sheet = np.zeros((size, size, 4), np.uint8)
    glow = np.array(colour) + 0.22 * bands[..., None] * (1 - np.array(colour))
    sheet[..., :3] = (255 * glow).astype(np.uint8)
    sheet[..., 3] = (255 * alpha).astype(np.uint8)
    return sheet


def grains(rng: np.random.Generator, size: int = 64) -> NDArray[np.uint8]:
    """Grains that fall, with gaps between them, (size, size, 4) RGBA."""
    spots = cv2.dilate((rng.random((size, size)) > 0.96).astype(np.uint8), np.ones((3, 3), np.uint8))
    sheet = np.full((size, size, 4), 255, np.uint8)
    sheet[..., 3] = 255 * spots
    return sheet

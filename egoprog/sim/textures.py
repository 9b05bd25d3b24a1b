"""Pictures of materials, painted from noise. All return (H, W, 3) uint8; `rng` decides the grain."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
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


def stone(rng: np.random.Generator, colour: Colour, size: int = 512) -> Picture:
    """Speckled stone."""
    speckle = rng.normal(size=(size, size))
    shade = 1 + 0.05 * _noise(rng, (8, 8), (size, size)) + 0.07 * cv2.GaussianBlur(speckle, (0, 0), 1.0) / 0.3
    flecks = rng.random((size, size)) > 0.995
    return _finish(colour, np.where(cv2.dilate(flecks.astype(np.uint8), np.ones((2, 2))) > 0, 0.55, shade))


def tiles(rng: np.random.Generator, colour: Colour, rows: int = 4, columns: int = 4, size: int = 512) -> Picture:
    """Glazed tiles with joints; tones vary from tile to tile."""
    tone = 1 + 0.05 * rng.normal(size=(rows, columns))
    shade = cv2.resize(tone, (size, size), interpolation=cv2.INTER_NEAREST)
    y, x = np.mgrid[:size, :size]
    edge = np.minimum.reduce([x % (size // columns), y % (size // rows)])
    shade = np.where(edge < 5, 0.78, shade + 0.02 * _noise(rng, (16, 16), (size, size)))
    return _finish(colour, np.where((edge >= 5) & (edge < 8), shade * 1.06, shade))


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


def label(rng: np.random.Generator, colour: Colour, paper: Colour, cap: Colour, text: str, size: int = 512) -> Picture:
    """A bottle: liquid seen through plastic, a printed label around its belly."""
    picture = _finish(colour, 1 + 0.05 * _noise(rng, (10, 6), (size, size)))
    top, bottom = int(0.20 * size), int(0.36 * size)
    picture[top:bottom] = _finish(paper, np.ones((bottom - top, size)))
    accent = tuple(int(255 * c) for c in cap)
    picture[top + 4 : top + 10] = accent
    picture[bottom - 10 : bottom - 4] = accent
    for column in range(0, size, size // 3):
        # Rows run up the bottle, so letters are written upside down in the picture.
        words = np.full((bottom - top - 24, size // 3, 3), [int(255 * c) for c in paper], np.uint8)
        cv2.putText(words, text, (6, words.shape[0] // 2 + 12), cv2.FONT_HERSHEY_DUPLEX, 1.1, accent, 2, cv2.LINE_AA)
        width = min(words.shape[1], size - column)
        picture[top + 12 : bottom - 12, column : column + width] = words[::-1, :width]
    return picture

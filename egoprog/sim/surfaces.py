"""Pictures of what kitchen things are covered with: glazes, prints, foods, weaves, stains. Top row first, uint8."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from egoprog.sim.types import Colour

Picture = NDArray[np.uint8]
Sheet = NDArray[np.float32]
"""A picture that is being painted, (h, w, 3), 0 to 1."""

BRIGHT: Sequence[Colour] = (
    (0.75, 0.12, 0.12), (0.90, 0.45, 0.10), (0.93, 0.76, 0.15), (0.20, 0.50, 0.24), (0.10, 0.45, 0.55),
    (0.13, 0.26, 0.58), (0.42, 0.18, 0.48), (0.82, 0.30, 0.45), (0.30, 0.18, 0.12), (0.12, 0.13, 0.15),
)  # fmt: skip
"""Inks and glazes."""


def rng_of(kind: str, variant: int, part: int = 1) -> np.random.Generator:
    """What decides how a variant of a kind looks."""
    return np.random.default_rng([variant, zlib.crc32(kind.encode()), part])


def pick(rng: np.random.Generator, options: Sequence):
    return options[int(rng.integers(len(options)))]


def plain(colour: Colour, height: int, width: int) -> Sheet:
    return np.broadcast_to(np.array(colour, np.float32), (height, width, 3)).copy()


def cloud(rng: np.random.Generator, height: int, width: int, cells: int, rows: int | None = None) -> NDArray:
    """Smooth noise of unit variance, (h, w), that goes on from its right edge at its left one."""
    field = rng.normal(size=(rows or cells, cells)).astype(np.float32)
    field = np.concatenate([field, field, field], axis=1)
    wide = cv2.resize(field, (3 * width, height), interpolation=cv2.INTER_CUBIC)[:, width : 2 * width]
    return wide / max(float(wide.std()), 1e-6)


def blend(sheet: Sheet, colour: Colour, share: NDArray) -> Sheet:
    """Another colour laid over it. share: (h, w), 0 to 1."""
    share = np.clip(share, 0, 1)[..., None].astype(np.float32)
    return sheet * (1 - share) + np.array(colour, np.float32) * share


def shaded(sheet: Sheet, shade: NDArray) -> Sheet:
    return sheet * shade[..., None].astype(np.float32)


def finish(sheet: Sheet) -> Picture:
    return (np.clip(sheet, 0, 1) * 255 + 0.5).astype(np.uint8)


def film(colour: Colour, alpha: NDArray) -> Picture:
    """One colour, or a sheet of them, as opaque as `alpha`, (h, w), says: (h, w, 4)."""
    height, width = alpha.shape
    picture = np.zeros((height, width, 4), np.uint8)
    picture[..., :3] = finish(np.broadcast_to(np.array(colour, np.float32), (height, width, 3)))
    picture[..., 3] = 255 * np.clip(alpha, 0, 1)
    return picture


@cache
def stains(colour: Colour = (0.36, 0.17, 0.06), seed: int = 0, size: int = 128) -> Picture:
    """Smears and crumbs of a meal."""
    rng = np.random.default_rng([seed, 41])
    smears = np.clip(0.9 * cloud(rng, size, size, 5) + 0.35 * cloud(rng, size, size, 14) - 0.30, 0, 1) ** 0.8
    crumbs = cv2.GaussianBlur((rng.random((size, size)) > 0.985).astype(np.float32), (0, 0), 1.1) * 5
    tone = 1 + 0.25 * cloud(rng, size, size, 9)
    sheet = shaded(plain(colour, size, size), np.clip(tone, 0.4, 1.7))
    picture = film(colour, np.maximum(0.92 * np.clip(1.6 * smears, 0, 1), np.clip(crumbs, 0, 1)))
    picture[..., :3] = finish(sheet)
    return picture


@cache
def foam(size: int = 128) -> Picture:
    """Suds: bubbles of several sizes, thick in places and gone in others."""
    rng = np.random.default_rng(42)
    thick = np.clip(0.75 + 0.8 * cloud(rng, size, size, 6), 0, 1)
    sheet = plain((0.93, 0.95, 0.97), size, size)
    for _ in range(260):
        at, radius = rng.integers(0, size, 2).tolist(), int(rng.integers(2, 7))
        cv2.circle(sheet, at, radius, (0.99, 0.99, 1.0), -1, cv2.LINE_AA)
        cv2.circle(sheet, at, radius, (0.76, 0.81, 0.87), 1, cv2.LINE_AA)
    picture = film((1, 1, 1), 0.96 * thick)
    picture[..., :3] = finish(sheet)
    return picture


@cache
def drops(size: int = 176) -> Picture:
    """Drops of water, each dark below and bright above."""
    rng = np.random.default_rng(45)
    sheet, alpha = plain((0.85, 0.90, 0.93), size, size), np.zeros((size, size), np.float32)
    for _ in range(240):
        x, y, radius = *rng.integers(4, size - 4, 2).tolist(), int(rng.integers(1, 4))
        cv2.circle(alpha, (x, y), radius, 0.5, -1, cv2.LINE_AA)
        cv2.circle(sheet, (x, y), radius, (0.52, 0.58, 0.62), -1, cv2.LINE_AA)
        cv2.circle(sheet, (x, y - radius // 2), max(radius // 2, 1), (1.0, 1.0, 1.0), -1, cv2.LINE_AA)
    picture = film((1, 1, 1), alpha)
    picture[..., :3] = finish(sheet)
    return picture


def write(sheet: Sheet, text: str, centre: tuple[float, float], height: float, colour: Colour, most_width: float = 1.0,
          bold: bool = True, font: int = cv2.FONT_HERSHEY_DUPLEX) -> None:  # fmt: skip
    """Letters in a sheet. centre: shares of its width and height; height: of a capital, a share of the sheet's."""
    rows, columns = sheet.shape[:2]
    scale = height * rows / 21
    thickness = max(1, round(height * rows / (7 if bold else 11)))
    (width, tall), _ = cv2.getTextSize(text, font, scale, thickness)
    if width > most_width * columns:
        scale, thickness = scale * most_width * columns / width, max(1, round(thickness * most_width * columns / width))
        (width, tall), _ = cv2.getTextSize(text, font, scale, thickness)
    at = (round(centre[0] * columns - width / 2), round(centre[1] * rows + tall / 2))
    letters = np.zeros((rows, columns), np.uint8)
    cv2.putText(letters, text, at, font, scale, 255, thickness, cv2.LINE_AA)
    sheet[:] = blend(sheet, colour, letters / 255)


def glaze(rng: np.random.Generator, height: int, width: int, ground: Colour, ink: Colour) -> Sheet:
    """The outside of a mug or a bowl: plain, banded, two-tone, dotted, striped or with leaves."""
    sheet = plain(ground, height, width)
    style = int(rng.integers(6))
    x = np.arange(width)
    if style == 1:
        for low, high in ((0.14, 0.20), (0.24, 0.27), (0.78, 0.84)):
            sheet[int(low * height) : int(high * height)] = ink
    elif style == 2:
        sheet[int(rng.uniform(0.45, 0.7) * height) :] = ink
    elif style == 3:
        across, step = 10, width / 10
        for row in range(4):
            for k in range(across):
                at = (round((k + 0.5 * (row % 2) + 0.25) * step), round((0.18 + 0.22 * row) * height))
                cv2.circle(sheet, at, max(2, round(0.22 * step)), ink, -1, cv2.LINE_AA)
    elif style == 4:
        sheet[:, (x / width * 24).astype(int) % 2 == 0] = ink
    elif style == 5:
        for k in range(7):
            at = np.array([(k + 0.5) * width / 7, 0.5 * height])
            for turn in (-0.9, 0.0, 0.9):
                tip = at + 0.3 * height * np.array([np.sin(turn), -np.cos(turn)])
                middle = tuple(((at + tip) / 2).round().astype(int).tolist())
                size = (max(2, round(0.17 * height)), max(1, round(0.055 * height)))
                cv2.ellipse(sheet, middle, size, np.rad2deg(turn) - 90, 0, 360, ink, -1, cv2.LINE_AA)
    return shaded(sheet, 1 + 0.012 * cloud(rng, height, width, 8))


def round_glaze(rng: np.random.Generator, size: int, ground: Colour, ink: Colour) -> Sheet:
    """A plate from above, the picture a square about it: plain, rimmed, ringed, flowered or hatched."""
    y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
    away, around = np.hypot(x, y), np.arctan2(y, x)
    sheet = plain(ground, size, size)
    style = int(rng.integers(5))
    if style == 1:
        sheet = blend(sheet, ink, (away > 0.93).astype(float))
    elif style == 2:
        sheet = blend(sheet, ink, (((away > 0.72) & (away < 0.76)) | ((away > 0.88) & (away < 0.95))).astype(float))
    elif style == 3:
        flowers = (np.cos(12 * around) > 0.35) & (away > 0.76) & (away < 0.76 + 0.16 * np.cos(12 * around))
        sheet = blend(sheet, ink, cv2.GaussianBlur(flowers.astype(np.float32), (0, 0), 0.8))
    elif style == 4:
        sheet = blend(sheet, ink, ((away > 0.70) & (np.cos(48 * around) > 0.2)).astype(float))
    return shaded(sheet, 1 - 0.10 * np.exp(-(((away - 0.66) / 0.035) ** 2)))


def timber(rng: np.random.Generator, height: int, width: int, colour: Colour) -> Sheet:
    """Wood whose grain runs along the rows."""
    y = np.arange(height, dtype=np.float32)[:, None]
    rings = np.sin(y * rng.uniform(0.5, 0.9) * 64 / height + 2.4 * cloud(rng, height, width, 3, 4))
    fibre = cv2.resize(rng.normal(size=(height, max(width // 24, 2))).astype(np.float32), (width, height))
    return shaded(plain(colour, height, width), 1 + 0.07 * rings + 0.06 * fibre + 0.04 * cloud(rng, height, width, 3))


def brushed(rng: np.random.Generator, height: int, width: int, colour: Colour = (0.70, 0.71, 0.73)) -> Sheet:
    """Steel, with upright bands of what it mirrors."""
    x = np.linspace(0, 2 * np.pi, width, endpoint=False)
    bands = 0.16 * np.sin(2 * x + rng.uniform(0, 6)) + 0.10 * np.sin(5 * x + rng.uniform(0, 6))
    brush = cv2.resize(rng.normal(size=(height, 4)).astype(np.float32), (width, height))
    return shaded(plain(colour, height, width), 1 + bands[None] + 0.03 * brush)


def weave(rng: np.random.Generator, size: int, ground: Colour, ink: Colour, style: int) -> Sheet:
    """A cloth: checks, stripes at the ends, a waffle or all one colour, with folds' shadows left to the shape."""
    y, x = np.mgrid[:size, :size] / size
    sheet = plain(ground, size, size)
    if style == 0:
        bands = [((k * 8) % 1.0 < 0.42).astype(np.float32) for k in (x, y)]
        sheet = blend(sheet, ink, 0.5 * (bands[0] + bands[1]))
    elif style == 1:
        for low, high in ((0.08, 0.15), (0.18, 0.21), (0.79, 0.82), (0.85, 0.92)):
            sheet = blend(sheet, ink, ((x > low) & (x < high)).astype(float))
    elif style == 2:
        lines = (np.cos(2 * np.pi * 14 * x) > 0.86) | (np.cos(2 * np.pi * 14 * y) > 0.86)
        sheet = blend(sheet, ink, lines.astype(float))
    threads = 0.05 * np.sin(x * 2 * np.pi * size / 3) * np.sin(y * 2 * np.pi * size / 3)
    return shaded(sheet, 1 + threads + 0.03 * cloud(rng, size, size, 7) + 0.02 * rng.normal(size=(size, size)))


def skin(
    rng: np.random.Generator,
    height: int,
    width: int,
    colour: Colour,
    other: Colour,
    mottle: float = 0.3,
    cells: int = 8,
) -> Sheet:
    """A fruit's or vegetable's skin: two colours that run into each other, with fine freckles."""
    sheet = blend(plain(colour, height, width), other, 0.5 * mottle * (1 + cloud(rng, height, width, cells)))
    return shaded(sheet, 1 + 0.03 * cloud(rng, height, width, 24))


def freckles(rng: np.random.Generator, sheet: Sheet, colour: Colour, share: float, radius_px: float = 1.0) -> Sheet:
    """Spots scattered over it."""
    height, width = sheet.shape[:2]
    spots = cv2.GaussianBlur((rng.random((height, width)) < share).astype(np.float32), (0, 0), radius_px)
    return blend(sheet, colour, spots * 5 * radius_px**2)

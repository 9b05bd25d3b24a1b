"""How a camera's picture is fitted to a network's: one geometry for training, evaluation, export and robots."""

from __future__ import annotations

from typing import Literal

import cv2
import numpy as np

from egoprog.errors import FrameError

Fits = Literal["cut", "squeezed"]
"""How a picture gets a size: its aspect is kept and the middle cut out, or the whole of it is kept and squeezed."""


def fit_frame(frame: np.ndarray, size_px: tuple[int, int], fits: Fits = "cut") -> np.ndarray:
    """Scales a picture until it just covers a size, and cuts out the middle; or squeezes the whole of it into the size.

    frame: (H, W, C) uint8. size_px: height and width of the result. Raises FrameError for a picture without pixels.
    """
    if fits == "squeezed":
        _check_pixels(frame)
        return resize(frame, size_px)
    height_px, width_px = size_px
    scaled = cover(frame, size_px)
    top, left = (scaled.shape[0] - height_px) // 2, (scaled.shape[1] - width_px) // 2
    return np.ascontiguousarray(scaled[top : top + height_px, left : left + width_px])


def normalised(pictures: np.ndarray, mean: float, std: float) -> np.ndarray:
    """Pictures (..., H, W, 3) of uint8 as networks take them, (..., 3, H, W) of float32.

    mean, std: of values from 0 to 1.
    """
    pixels = np.moveaxis(pictures, -1, -3).astype(np.float32, order="C")
    pixels /= 255
    pixels -= mean
    pixels /= std
    return pixels


def cover(frame: np.ndarray, size_px: tuple[int, int]) -> np.ndarray:
    """The picture at the smallest size, its aspect kept, that covers size_px. Arguments as `fit_frame`'s."""
    _check_pixels(frame)
    rows, columns = frame.shape[:2]
    scale = max(size_px[0] / rows, size_px[1] / columns)
    return resize(frame, (max(size_px[0], round(rows * scale)), max(size_px[1], round(columns * scale))))


def resize(frame: np.ndarray, size_px: tuple[int, int]) -> np.ndarray:
    """The picture at another size, (height, width): averaged where it shrinks, else interpolated."""
    if frame.shape[:2] == tuple(size_px):
        return frame
    shrinks = size_px[0] <= frame.shape[0] and size_px[1] <= frame.shape[1]
    return cv2.resize(frame, size_px[::-1], interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)


def unsqueezed(picture: np.ndarray, aspect: float) -> np.ndarray:
    """A picture as wide as its height and its aspect, width by height, ask."""
    return resize(picture, (picture.shape[0], max(1, round(picture.shape[0] * aspect))))


def _check_pixels(frame: np.ndarray) -> None:
    rows, columns = frame.shape[:2]
    if not rows or not columns:
        raise FrameError(f"expected a picture with pixels, got {columns}x{rows}; check the camera's driver")

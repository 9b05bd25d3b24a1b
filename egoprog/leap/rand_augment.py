"""RandAugment (Cubuk et al. 2019) for clips: a few operations drawn at random, each alike on all pictures.

The operations and how far each goes are those of UniFormerV2's recipes, "rand-m7-n4-mstd0.5-inc1": magnitudes of 0 to
10 that always grow with the effect. What depends on the picture, as auto-contrast, looks at the whole clip, so that
it doesn't flicker.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

MAX_MAGNITUDE = 10.0
FILL = 115
"""Of what a turned picture leaves empty: 0.45 of 255, which is 0 to the network."""
_LUMA = np.array([0.299, 0.587, 0.114])
_SMOOTH = np.array([[1, 1, 1], [1, 5, 1], [1, 1, 1]], np.float32) / 13


@dataclass(frozen=True)
class RandAugment:
    """magnitude: of 10, drawn anew for each operation with the spread magnitude_std. num_operations: that are drawn,
    with repetition. probability: that a drawn one is done.
    """

    magnitude: float = 7.0
    num_operations: int = 4
    magnitude_std: float = 0.5
    probability: float = 0.5

    def draw(self, rng: np.random.Generator) -> list[Operation]:
        """What is done to one clip."""
        drawn = []
        for name in rng.choice(list(OPERATIONS), self.num_operations):
            is_done = rng.random() < self.probability
            magnitude = np.clip(rng.normal(self.magnitude, self.magnitude_std), 0.0, MAX_MAGNITUDE)
            sign = 1 if rng.random() < 0.5 else -1
            if is_done:
                drawn.append(Operation(str(name), float(magnitude) / MAX_MAGNITUDE, sign))
        return drawn


@dataclass(frozen=True)
class Operation:
    """One that was drawn. strength: 0 to 1. sign: of those that go both ways."""

    name: str
    strength: float
    sign: int = 1

    def __call__(self, clip_THWC: np.ndarray) -> np.ndarray:
        return OPERATIONS[self.name](clip_THWC, self.strength, self.sign)


def _table(clip: np.ndarray, values: np.ndarray) -> np.ndarray:
    """values: (256,), or (256, 3) by colour."""
    values = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    table = values[None, :, None].repeat(3, axis=2) if values.ndim == 1 else values[None]
    return cv2.LUT(_sheet(clip), table).reshape(clip.shape)


def _sheet(clip: np.ndarray) -> np.ndarray:
    """All pictures one below the other, as OpenCV takes them."""
    return clip.reshape(-1, *clip.shape[2:])


def _histograms(clip: np.ndarray) -> np.ndarray:
    """(256, 3) how often each value comes in each colour."""
    return np.stack([np.bincount(clip[..., colour].ravel(), minlength=256) for colour in range(3)], axis=-1)


def auto_contrast(clip: np.ndarray, strength: float, sign: int) -> np.ndarray:
    """Each colour is stretched to the whole range."""
    low, high = clip.min(axis=(0, 1, 2)).astype(float), clip.max(axis=(0, 1, 2)).astype(float)
    values = np.arange(256.0)[:, None]
    return _table(clip, np.where(high > low, (values - low) * 255 / np.maximum(high - low, 1), values))


def equalize(clip: np.ndarray, strength: float, sign: int) -> np.ndarray:
    """Each colour's values become equally frequent."""
    below = np.cumsum(_histograms(clip), axis=0)
    first = below[np.argmax(below > 0, axis=0), range(3)]
    rest = below[-1] - first
    values = np.where(rest > 0, (below - first) * 255.0 / np.maximum(rest, 1), np.arange(256.0)[:, None])
    return _table(clip, values)


def invert(clip: np.ndarray, strength: float, sign: int) -> np.ndarray:
    return 255 - clip


def posterize(clip: np.ndarray, strength: float, sign: int) -> np.ndarray:
    """Keeps the upper 4 to 0 bits."""
    num_dropped = 8 - (4 - int(4 * strength))
    return clip >> num_dropped << num_dropped if num_dropped < 8 else np.zeros_like(clip)


def solarize(clip: np.ndarray, strength: float, sign: int) -> np.ndarray:
    """Inverts what is bright."""
    values = np.arange(256)
    return _table(clip, np.where(values < 256 - int(256 * strength), values, 255 - values))


def solarize_add(clip: np.ndarray, strength: float, sign: int) -> np.ndarray:
    """Brightens what is dark."""
    values = np.arange(256)
    return _table(clip, np.where(values < 128, values + int(110 * strength), values))


def _factor(strength: float, sign: int) -> float:
    return 1.0 + sign * 0.9 * strength


def adjust_brightness(clip: np.ndarray, factor: float) -> np.ndarray:
    return _table(clip, np.arange(256) * factor)


def adjust_contrast(clip: np.ndarray, factor: float) -> np.ndarray:
    grey = float(clip.reshape(-1, 3).mean(axis=0) @ _LUMA)
    return _table(clip, grey + (np.arange(256) - grey) * factor)


def adjust_saturation(clip: np.ndarray, factor: float) -> np.ndarray:
    matrix = factor * np.eye(3) + (1.0 - factor) * _LUMA
    return cv2.transform(_sheet(clip), matrix).reshape(clip.shape)


def color(clip: np.ndarray, strength: float, sign: int) -> np.ndarray:
    return adjust_saturation(clip, _factor(strength, sign))


def contrast(clip: np.ndarray, strength: float, sign: int) -> np.ndarray:
    return adjust_contrast(clip, _factor(strength, sign))


def brightness(clip: np.ndarray, strength: float, sign: int) -> np.ndarray:
    return adjust_brightness(clip, _factor(strength, sign))


def sharpness(clip: np.ndarray, strength: float, sign: int) -> np.ndarray:
    smooth = np.stack([cv2.filter2D(picture, -1, _SMOOTH) for picture in clip]).astype(np.float32)
    return _rounded(smooth + (clip - smooth) * np.float32(_factor(strength, sign)))


def rotate(clip: np.ndarray, strength: float, sign: int) -> np.ndarray:
    """By up to 30 degrees."""
    middle = (clip.shape[2] / 2, clip.shape[1] / 2)
    return _warped(clip, cv2.getRotationMatrix2D(middle, sign * 30 * strength, 1.0))


def shear_x(clip: np.ndarray, strength: float, sign: int) -> np.ndarray:
    return _warped(clip, np.array([[1, sign * 0.3 * strength, 0], [0, 1, 0]]))


def shear_y(clip: np.ndarray, strength: float, sign: int) -> np.ndarray:
    return _warped(clip, np.array([[1, 0, 0], [sign * 0.3 * strength, 1, 0]]))


def translate_x(clip: np.ndarray, strength: float, sign: int) -> np.ndarray:
    """By up to 45% of the width."""
    return _warped(clip, np.array([[1, 0, sign * 0.45 * strength * clip.shape[2]], [0, 1, 0]]))


def translate_y(clip: np.ndarray, strength: float, sign: int) -> np.ndarray:
    """By up to 45% of the height."""
    return _warped(clip, np.array([[1, 0, 0], [0, 1, sign * 0.45 * strength * clip.shape[1]]]))


def _warped(clip: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    size = (clip.shape[2], clip.shape[1])
    return np.stack([cv2.warpAffine(picture, matrix, size, borderValue=(FILL, FILL, FILL)) for picture in clip])


def _rounded(clip: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(clip), 0, 255).astype(np.uint8)


OPERATIONS: dict[str, Callable[[np.ndarray, float, int], np.ndarray]] = {
    operation.__name__: operation
    for operation in (
        auto_contrast, equalize, invert, rotate, posterize, solarize, solarize_add, color, contrast, brightness,
        sharpness, shear_x, shear_y, translate_x, translate_y,
    )
}  # fmt: skip

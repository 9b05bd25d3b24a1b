"""How good a frame is to look at: which of seven neighbours makes the pair.

LEGO takes the frame of the highest score of the LAION aesthetic predictor; `AestheticScore` loads it where its files
are at hand. Without them `focus` measures how sharp a picture is, without a reference.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

FOCUS_NAME = "sharpness (no-reference blur measure, in place of the LAION aesthetic predictor)"
_BLUR_PX = 9
"""Of the strong low-pass filter that a blurred picture survives unchanged; Crete et al. take 9."""

Picture = NDArray[np.uint8]
Score = Callable[[Picture], float]


def focus(picture: Picture) -> float:
    """How much of a picture's fine detail goes when it is blurred: 0 for a blurred one, towards 1 for a sharp one.

    picture: (H, W, 3) uint8. A plain picture has no detail to lose: 0.
    The picture is blurred along a line of 9 pixels; where that takes away variation between neighbours, the picture
    was sharp. The lesser of the two directions counts, as motion blurs in one. Changes of scene or brightness matter
    little, which the variance of a Laplacian can't say of itself.
    Source: Crete et al., The blur effect, SPIE 2007: ours is 1 minus theirs.
    """
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    lost = []
    for axis, size in ((0, (1, _BLUR_PX)), (1, (_BLUR_PX, 1))):
        change = np.abs(np.diff(grey, axis=axis))
        left = np.abs(np.diff(cv2.blur(grey, size), axis=axis))
        total = float(change.sum())
        lost.append(float(np.maximum(change - left, 0.0).sum()) / total if total > 0.0 else 0.0)
    return min(lost)

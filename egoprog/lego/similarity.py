"""How alike two frames are: pairs that hardly differ, or that show two places, teach nothing (LEGO, section 4.1).

LEGO keeps pairs whose CLIP similarity is from 0.81 to 0.97. Without CLIP's weights `patch_similarity` stands in, and
`calibrate` finds bounds for it: its numbers mean something else.

Shapes: P patches of a picture.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from egoprog.data.frames import FrameSource
from egoprog.errors import RecordingError

PATCH_NAME = "similarity of patches (edges and colours, wherever they lie; in place of CLIP)"
NEIGHBOUR_S = 0.1
"""Two frames of a video so far apart count as the same view."""
MAX_ROUNDS = 10
OTHER_PLACE_SHARE = 0.95
SAME_VIEW_SHARE = 0.5
_SIDE_PX = (96, 128)
_CELLS = (24, 32)
_PATCH_CELLS, _STEP_CELLS = 4, 2
_ORIENTATIONS = 8
_FAINT_EDGES = 0.3
"""Edges weaker than this in a patch count for less, so that noise on a plain wall is no pattern."""
_COLOUR_STEP = 15.0
"""In Lab: mean colours so far apart are another colour, as two paints in a kitchen are."""

Picture = NDArray[np.uint8]
Similarity = Callable[[Picture, Picture], float]


@dataclass(frozen=True)
class Bounds:
    """Pairs less alike than `low`, or more than `high`, are dropped. how: where the numbers come from."""

    low: float
    high: float
    how: str


CLIP_BOUNDS = Bounds(0.81, 0.97, "LEGO's, for CLIP")


def patch_similarity(one: Picture, other: Picture) -> float:
    """How much of two pictures is found in the other too, from 0 to 1, wherever in the picture it lies.

    one, other: (H, W, 3) uint8. Every patch looks for the one that is most like it in the other picture, by edges and
    colours in equal parts; the mean over both directions, in which patches with edges count for more.
    A wearer turns the head between two frames, so what is compared place by place would hardly ever be alike.
    """
    first, second = _patches(one), _patches(other)
    colour_distance = np.sqrt(((first.colours[:, None] - second.colours[None]) ** 2).mean(-1))
    alike = 0.5 * (first.edges @ second.edges.T) + 0.5 * np.exp(-((colour_distance / _COLOUR_STEP) ** 2))
    forth = np.average(alike.max(1), weights=first.weights)
    back = np.average(alike.max(0), weights=second.weights)
    return float(forth + back) / 2


@dataclass(frozen=True)
class _Patches:
    """edges: (P, 128) of length 1 or less. colours: (P, 12) Lab means of four quarters. weights: (P,)."""

    edges: NDArray[np.float32]
    colours: NDArray[np.float32]
    weights: NDArray[np.float32]


def _patches(picture: Picture) -> _Patches:
    small = cv2.resize(picture, _SIDE_PX[::-1], interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    lab = cv2.cvtColor(small, cv2.COLOR_RGB2LAB)
    light = np.ascontiguousarray(lab[..., 0]) / 100
    across, down = cv2.Sobel(light, cv2.CV_32F, 1, 0), cv2.Sobel(light, cv2.CV_32F, 0, 1)
    # every pixel's edge is dealt out over the two nearest directions
    direction = np.arctan2(down, across) % np.pi / np.pi * _ORIENTATIONS
    half = _ORIENTATIONS / 2
    apart = np.abs((direction[..., None] - np.arange(_ORIENTATIONS) + half) % _ORIENTATIONS - half)
    layers = np.maximum(0.0, 1.0 - apart) * np.hypot(across, down)[..., None]
    edges = np.sqrt(_windows(cv2.resize(layers.astype(np.float32), _CELLS[::-1], interpolation=cv2.INTER_AREA)))
    strength = np.linalg.norm(edges.reshape(len(edges), -1), axis=1)
    colours = _windows(cv2.resize(lab, _CELLS[::-1], interpolation=cv2.INTER_AREA))
    half_cells = _PATCH_CELLS // 2
    quarters = colours.reshape(len(colours), 3, 2, half_cells, 2, half_cells).mean((3, 5))
    return _Patches(
        edges.reshape(len(edges), -1) / np.maximum(strength, _FAINT_EDGES)[:, None],
        quarters.reshape(len(quarters), -1),
        strength + 0.1,  # what is plain counts a little
    )


def _windows(cells: NDArray[np.float32]) -> NDArray[np.float32]:
    """(P, C, 4, 4) patches of cells (R, S, C)."""
    windows = sliding_window_view(cells, (_PATCH_CELLS, _PATCH_CELLS), (0, 1))[::_STEP_CELLS, ::_STEP_CELLS]
    return windows.reshape(-1, cells.shape[2], _PATCH_CELLS, _PATCH_CELLS)


def calibrate(
    frames: FrameSource, video_ids: Sequence[str], similarity: Similarity, num_samples: int = 400, seed: int = 0
) -> Bounds:
    """Bounds for a similarity from the videos themselves, with nobody's labels.

    low: 95 of 100 pairs of frames from two participants' videos lie below; a pair less alike could as well show two
    kitchens. high: half of the pairs of frames 0.1 s apart lie above; a pair more alike shows no more than a moment.
    Videos and moments are drawn at random. Raises RecordingError where there are no two participants, or where
    frames that follow each other are no more alike than those of two kitchens.
    """
    rng = np.random.default_rng(seed)
    people = sorted({video_id.partition("_")[0] for video_id in video_ids})
    if len(people) < 2:
        raise RecordingError(
            f"expected videos of two participants or more to find bounds of similarity from, got {len(people)}; "
            "give --bounds"
        )
    drawn = [video_ids[k] for k in rng.permutation(len(video_ids))[:num_samples]]
    per_video = -(-num_samples // len(drawn))
    samples: list[tuple[str, Picture]] = []
    same = []
    for video_id in drawn * MAX_ROUNDS:  # one round is enough, unless only some frames of the videos are kept
        if len(samples) >= num_samples:
            break
        starts_s = np.sort(rng.uniform(0.0, max(0.0, frames.duration_s(video_id) - 2 * NEIGHBOUR_S), per_video))
        for start_s in starts_s:
            (here, following), shown_s = frames.read_stamped(video_id, [start_s, start_s + NEIGHBOUR_S])
            if shown_s[0] < shown_s[1] < shown_s[0] + 2 * NEIGHBOUR_S:  # else the first stands for a gap
                same.append(similarity(here, following))
                samples.append((video_id.partition("_")[0], here))
    if len({person for person, _ in samples}) < 2:
        raise RecordingError(
            f"expected frames {NEIGHBOUR_S:g} s apart of two participants or more, got {len(samples)} such pairs of "
            "frames; give --bounds"
        )
    elsewhere = []
    while len(elsewhere) < len(samples):
        (one, here), (other, there) = (samples[k] for k in rng.integers(len(samples), size=2))
        if one != other:
            elsewhere.append(similarity(here, there))
    low, high = float(np.quantile(elsewhere, OTHER_PLACE_SHARE)), float(np.quantile(same, 1 - SAME_VIEW_SHARE))
    if low >= high:
        raise RecordingError(
            f"expected frames that follow each other to be more alike than those of two participants, got {high:.3f} "
            f"and {low:.3f}; do these videos show anything? Give --bounds"
        )
    how = (
        f"calibrated on {len(samples)} moments of {len(drawn)} videos: {OTHER_PLACE_SHARE:.0%} of frame pairs of two "
        f"participants lie below the first, {SAME_VIEW_SHARE:.0%} of frames {NEIGHBOUR_S:g} s apart above the second"
    )
    return Bounds(round(low, 4), round(high, 4), how)

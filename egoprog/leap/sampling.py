"""Which pictures of a clip a network sees: sparse sampling, one picture from each of equal segments."""

from __future__ import annotations

import math

import numpy as np

from egoprog.data.clips import ClipSpan
from egoprog.errors import ConfigurationError

_NEARLY = 1e-6
"""Of a frame's period: times that were summed from decimals still fall on their frame."""


def frame_places(
    num_pictures: int, num_frames: int, rng: np.random.Generator | None = None, view: int = 0, num_views: int = 1
) -> list[int]:
    """Which of a clip's pictures are seen, counted from 0.

    rng: draws one from each segment, its ends included (training). Without, view number `view` of num_views: one view
    takes the middles of the segments, two a third and two thirds of each, and so on.
    Source: get_seq_frames of OpenGVLab/UniFormerV2, with its roundings: half to even, then down.
    """
    if num_pictures < 1 or num_frames < 1 or not 0 <= view < num_views:
        raise ConfigurationError(
            f"expected pictures, frames and a view among {num_views}, got {num_pictures}, {num_frames} and {view}"
        )
    segment = (num_pictures - 1) / num_frames
    if rng is not None:
        bounds = [round(segment * k) for k in range(num_frames + 1)]
        return [int(rng.integers(bounds[k], bounds[k + 1], endpoint=True)) for k in range(num_frames)]
    offset = int(segment / (num_views + 1) * (view + 1))
    return [min(round(segment * k) + offset, num_pictures - 1) for k in range(num_frames)]


def frame_stamps(
    span: ClipSpan,
    num_frames: int,
    rate_hz: float,
    rng: np.random.Generator | None = None,
    view: int = 0,
    num_views: int = 1,
) -> np.ndarray:
    """(num_frames,) seconds: the times of the pictures that are seen of a span, never after its end.

    rate_hz: of the video. A span before the video's start repeats its first picture, as a stream does that has just
    begun; one that is shorter than a picture's period shows the picture of its end. Others as `frame_places`.
    """
    pictures = pictures_of(span, rate_hz)
    places = np.array(frame_places(len(pictures), num_frames, rng, view, num_views))
    return np.maximum(pictures.start + places, 0) / rate_hz


def pictures_of(span: ClipSpan, rate_hz: float) -> range:
    """The places of a span's pictures in its video, counted from 0; below 0 before the video's start.

    Raises ConfigurationError for a span that ends before it starts.
    """
    if not rate_hz > 0 or not span.stop_s >= span.start_s:
        raise ConfigurationError(
            f"expected a rate above 0 and a span that ends after its start, got {rate_hz:g} Hz and "
            f"{span.start_s:g} to {span.stop_s:g} s"
        )
    first, after = (math.ceil(at_s * rate_hz - _NEARLY) for at_s in (span.start_s, span.stop_s))
    if first < after:
        return range(first, after)
    shown = math.floor(span.stop_s * rate_hz + _NEARLY)  # no picture begins within
    return range(shown, shown + 1)

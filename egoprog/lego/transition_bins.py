"""Pairs by the time between their frames: how hard is it to draw what lies further ahead (LEGO, appendix C.1)?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from egoprog.data.frame_pairs import FramePair
from egoprog.errors import InputError


@dataclass(frozen=True)
class TransitionBin:
    """low_s, high_s: of target_s - input_s, the last bin's high_s included. rows: places in the list of pairs."""

    low_s: float
    high_s: float
    rows: tuple[int, ...]


def transition_bins(pairs: Sequence[FramePair], num_bins: int = 4) -> list[TransitionBin]:
    """Bins with about as many pairs each, shortest first. Raises InputError for fewer pairs than bins.

    Pairs of one and the same time share a bin, so that a time's bin is known; bins that this leaves empty are left out.
    """
    if len(pairs) < num_bins:
        raise InputError(f"expected at least {num_bins} pairs for {num_bins} bins of time, got {len(pairs)}")
    spans_s = np.array([pair.target_s - pair.input_s for pair in pairs])
    edges_s = np.quantile(spans_s, np.linspace(0, 1, num_bins + 1))
    places = np.clip(np.searchsorted(edges_s, spans_s, side="right") - 1, 0, num_bins - 1)
    bins = []
    for place in range(num_bins):
        rows = np.flatnonzero(places == place)
        if len(rows):
            bins.append(TransitionBin(float(edges_s[place]), float(edges_s[place + 1]), tuple(rows.tolist())))
    return bins

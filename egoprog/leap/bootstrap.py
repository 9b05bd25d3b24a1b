"""Confidence intervals of measures, by drawing clips or participants again and again (Efron 1979)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Statistic = Callable[[NDArray[np.float64]], float]
"""A measure, given how often each clip counts: (N,) weights, whole numbers from 0. NaN where it has no value."""

NUM_DRAWS = 1000
LEVEL = 0.95


@dataclass(frozen=True)
class Interval:
    """A measure of all clips and the interval that holds LEVEL of the draws."""

    value: float
    low: float
    high: float


def interval(statistic: Statistic, groups: Sequence[str] | int, num_draws: int = NUM_DRAWS, seed: int = 0) -> Interval:
    """The percentile interval of a measure.

    groups: the number of clips, to draw clips; or a name for each clip, such as its participant, to draw whole groups,
    which is right where clips of one group are alike. Draws for which the measure has no value are left out.
    A difference of two measures of the same clips is a statistic as well, and its interval is the paired one.
    """
    names = np.arange(groups) if isinstance(groups, int) else np.asarray(groups)
    _, group_of = np.unique(names, return_inverse=True)
    num_groups = int(group_of.max(initial=-1)) + 1
    value = statistic(np.ones(len(names)))
    if not num_groups:
        return Interval(value, float("nan"), float("nan"))
    rng = np.random.default_rng(seed)
    counts = rng.multinomial(num_groups, np.full(num_groups, 1 / num_groups), size=num_draws)
    drawn = np.array([statistic(row[group_of].astype(np.float64)) for row in counts])
    drawn = drawn[np.isfinite(drawn)]
    if not len(drawn):
        return Interval(value, float("nan"), float("nan"))
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(value, float(low), float(high))

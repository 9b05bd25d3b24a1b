"""Whether a network is right as often as it says: calibration, temperature scaling, and the picture of both.

Shapes: N clips, R classes. Confidence is the probability of the class that comes first.
Source: Guo et al. 2017, "On calibration of modern neural networks".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from egoprog.data.atomic import atomic
from egoprog.leap.metrics import Target, action_labels, has_action_head, judge
from egoprog.leap.predictions import Predictions

NUM_BINS = 15
OUTSIDE = -1
"""The place of a true action that the vocabulary lacks: whatever is said is wrong."""
_LOG_TEMPERATURES = (np.log(0.05), np.log(20.0))

Binning = Literal["width", "mass"]


@dataclass(frozen=True)
class Bins:
    """Clips by confidence. num_clips, and means of confidence and accuracy, of each bin that has clips."""

    num_clips: NDArray[np.int64]
    confidence: NDArray[np.float64]
    accuracy: NDArray[np.float64]

    @property
    def error(self) -> float:
        """The expected calibration error: the mean gap between confidence and accuracy, NaN for no clips."""
        total = self.num_clips.sum()
        gaps = np.abs(self.confidence - self.accuracy)
        return float(gaps @ self.num_clips / total) if total else float("nan")


@dataclass(frozen=True)
class Calibration:
    """error_width, error_mass: expected calibration errors with bins of equal width and of equally many clips.

    brier: mean over clips of the squared distance between the probabilities and the truth, 0 to 2.
    log_loss: mean negative log-likelihood, over the clips whose truth is among the classes.
    """

    num_clips: int
    accuracy: float
    confidence: float
    error_width: float
    error_mass: float
    brier: float
    log_loss: float


@dataclass(frozen=True)
class TemperatureScaling:
    """Fitted on the clips of half of the participants, reported on those of the others: before and after."""

    temperature: float
    fitted_on: tuple[str, ...]
    reported_on: tuple[str, ...]
    before: Calibration
    after: Calibration


def scores_and_places(
    predictions: Predictions, target: Target
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:
    """Clips (n,) with a known truth, their logits (n, R) and the truth's place (n,), OUTSIDE for unknown actions.

    Of a network without an action head actions have no logits: R is 0 and there are no clips.
    """
    if target == "action" and not has_action_head(predictions):
        return np.zeros(0, np.int64), np.zeros((0, 0)), np.zeros(0, np.int64)
    judged = judge(predictions, target)
    logits = {"verb": predictions.verbs, "noun": predictions.nouns, "action": predictions.actions}[target]
    places = judged.labels
    if target == "action":
        place_of = {label: place for place, label in enumerate(action_labels(predictions).tolist())}
        places = np.array([place_of.get(label, OUTSIDE) for label in judged.labels.tolist()], np.int64)
    return judged.clips, logits[judged.clips].astype(np.float64), places


def calibrate(logits: NDArray[np.float64], places: NDArray[np.int64], temperature: float = 1.0) -> Calibration:
    """Measures logits (N, R), divided by a temperature, against the places (N,) of the truth."""
    if not len(places):
        return Calibration(0, *[float("nan")] * 6)
    log_shares = log_softmax(logits / temperature, axis=1)
    shares = np.exp(log_shares)
    confidence, is_right = _confidence(shares, places)
    is_inside = places != OUTSIDE
    own = np.where(is_inside, shares[np.arange(len(places)), places], 0.0)
    return Calibration(
        len(places),
        float(is_right.mean()),
        float(confidence.mean()),
        bins(confidence, is_right, "width").error,
        bins(confidence, is_right, "mass").error,
        float(((shares**2).sum(axis=1) - 2 * own + 1).mean()),
        _log_loss(log_shares, places),
    )


def bins(confidence: NDArray[np.float64], is_right: NDArray[np.bool_], kind: Binning, num_bins: int = NUM_BINS) -> Bins:
    """Sorts clips into bins of equal width between 0 and 1, or of equally many clips."""
    if kind == "width":
        place = np.clip(np.ceil(confidence * num_bins).astype(np.int64) - 1, 0, num_bins - 1)
    else:
        # clips of the same confidence stay together, else their bin would depend on their order
        _, first, inverse = np.unique(np.sort(confidence), return_index=True, return_inverse=True)
        order = np.argsort(confidence, kind="stable")
        place = np.empty(len(confidence), np.int64)
        place[order] = first[inverse] * num_bins // max(1, len(confidence))
    count = np.bincount(place, minlength=num_bins)
    used = count > 0
    sums = [np.bincount(place, values, num_bins)[used] / count[used] for values in (confidence, is_right)]
    return Bins(count[used], *sums)


def fit_temperature(logits: NDArray[np.float64], places: NDArray[np.int64]) -> float:
    """The temperature, 0.05 to 20, that makes the truth likeliest; 1 where no truth is among the classes."""
    is_inside = places != OUTSIDE
    if not is_inside.any():
        return 1.0
    logits, places = logits[is_inside], places[is_inside]
    found = minimize_scalar(
        lambda log_t: _log_loss(log_softmax(logits / np.exp(log_t), axis=1), places),
        bounds=_LOG_TEMPERATURES,
        method="bounded",
    )
    return float(np.exp(found.x))


def halves(participants: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Every other participant by name, and the rest."""
    names = sorted(set(participants))
    return tuple(names[::2]), tuple(names[1::2])


def scale_temperature(predictions: Predictions, target: Target) -> TemperatureScaling | None:
    """Fits on one half of the participants and reports on the other; None where a half has no clips."""
    clips, logits, places = scores_and_places(predictions, target)
    participants = np.array(predictions.participants, dtype=np.str_)[clips]
    fitted_on, reported_on = halves(tuple(participants.tolist()))
    if not reported_on:
        return None
    fit = np.isin(participants, fitted_on)
    temperature = fit_temperature(logits[fit], places[fit])
    before, after = (calibrate(logits[~fit], places[~fit], t) for t in (1.0, temperature))
    return TemperatureScaling(temperature, fitted_on, reported_on, before, after)


def draw_reliability(path: str | Path, curves: Mapping[str, Mapping[str, Bins]]) -> None:
    """A PNG with a panel for each target; in it a curve for each label, over the diagonal of perfect calibration."""
    from matplotlib.figure import Figure  # only evaluation draws

    figure = Figure(figsize=(4.2 * len(curves), 4.2), layout="constrained")
    for place, (panel, lines) in enumerate(curves.items(), start=1):
        axes = figure.add_subplot(1, len(curves), place)
        axes.plot([0, 1], [0, 1], color="0.7", linewidth=1, linestyle="--")
        for label, one in lines.items():
            axes.plot(one.confidence, one.accuracy, marker="o", markersize=3, label=f"{label}, ECE {one.error:.3f}")
        num_clips = max((int(one.num_clips.sum()) for one in lines.values()), default=0)
        axes.set(
            title=f"{panel}, {num_clips} clips",
            xlabel="confidence",
            ylabel="accuracy",
            xlim=(0, 1),
            ylim=(0, 1),
            aspect="equal",
        )
        axes.legend(loc="upper left", fontsize="small", frameon=False)
    with atomic(path) as temporary:
        figure.savefig(temporary, format="png", dpi=110)


def reliability(predictions: Predictions, target: Target, temperature: float = 1.0) -> Bins:
    """The curve of a target: bins of equally many clips."""
    _, logits, places = scores_and_places(predictions, target)
    if not len(places):
        return Bins(np.zeros(0, np.int64), np.zeros(0), np.zeros(0))
    return bins(*_confidence(np.exp(log_softmax(logits / temperature, axis=1)), places), "mass")


def _confidence(
    shares: NDArray[np.float64], places: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    return shares.max(axis=1), shares.argmax(axis=1) == places


def _log_loss(log_shares: NDArray[np.float64], places: NDArray[np.int64]) -> float:
    is_inside = places != OUTSIDE
    if not is_inside.any():
        return float("nan")
    return float(-log_shares[is_inside, places[is_inside]].mean())

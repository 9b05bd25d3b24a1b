"""Several networks asked about the same clips and averaged, as LEAP's challenge entry averages two."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from egoprog.errors import ModelError
from egoprog.leap.predictions import Predictions

_LEAST = 1e-12  # a probability that is 0 in all networks has no logarithm


def average(members: Sequence[Predictions], weights: Sequence[float] | None = None) -> Predictions:
    """The mean of their probabilities, as logits; of their pre-condition embeddings, the mean.

    members: of the same clips, in any order; the first one's order and truth are kept. weights: of each, default the
    same. Heads that not all of them have, or not alike, are left out: of actions, and of programs as a whole.
    Raises ModelError for members that differ in task, vocabulary, clips or truth.
    """
    if not members:
        raise ModelError("expected predictions to average, got none")
    shares = np.asarray([1.0] * len(members) if weights is None else weights, np.float64)
    if len(shares) != len(members) or (shares < 0).any() or not shares.sum():
        raise ModelError(f"expected a weight of 0 or more for each of {len(members)} members, got {shares.tolist()}")
    shares = shares / shares.sum()
    first, *others = members
    members = [first, *(_as_first(first, other, place) for place, other in enumerate(others, start=2))]

    def are_alike(*names: str) -> bool:
        return all(len({getattr(one, name).shape for one in members}) == 1 for name in names)

    def mean(name: str) -> NDArray[np.float32]:
        arrays = [getattr(one, name).astype(np.float64) for one in members]
        if not arrays[0].size:
            return getattr(first, name)
        mixed = sum(share * softmax(array, axis=-1) for share, array in zip(shares, arrays, strict=True))
        return np.log(np.maximum(mixed, _LEAST)).astype(np.float32)

    nothing = np.zeros((len(first), 0), np.float32)
    found = {name: mean(name) for name in ("verbs", "nouns")}
    found["actions"] = mean("actions") if are_alike("actions") else nothing
    if are_alike("sub_verbs", "objects", "precondition"):
        found |= {name: mean(name) for name in ("sub_verbs", "objects")}
        embeddings = [share * one.precondition for share, one in zip(shares, members, strict=True)]
        found["precondition"] = sum(embeddings).astype(np.float32)
    else:
        found |= dict.fromkeys(("sub_verbs", "objects", "precondition"), nothing)
    return dataclasses.replace(first, **found)


def _as_first(first: Predictions, other: Predictions, place: int) -> Predictions:
    """The other's clips in the first one's order. place: the other's number, for messages."""
    if other.config.task != first.config.task:
        raise ModelError(f"expected networks that {first.config.task}, got number {place}, which does not")
    for name in ("verbs", "nouns", "actions", "objects"):
        if getattr(other.config.vocabulary, name) != getattr(first.config.vocabulary, name):
            raise ModelError(
                f"expected networks with the same {name}, got others in number {place}: average only alike"
            )
    at = {name: k for k, name in enumerate(other.narration_ids)}
    lacking = [name for name in first.narration_ids if name not in at]
    if lacking or len(other) != len(first):
        example = f" and none for {lacking[0]}" if lacking else ""
        raise ModelError(
            f"expected predictions of the same {len(first)} clips, got {len(other)} in number {place}{example}: "
            "run all over the same split"
        )
    other = other.keep([at[name] for name in first.narration_ids])
    for name in ("true_verbs", "true_nouns", "true_sub_verbs"):
        if not np.array_equal(getattr(first, name), getattr(other, name)):
            raise ModelError(f"expected the same truth, got other {name} in number {place}: run all over the same data")
    return other

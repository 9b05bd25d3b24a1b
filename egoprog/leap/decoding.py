"""What a network says of the steps of a clip, as sub-actions and as a program. Live nodes use it: no PyTorch.

Shapes: ... any (clips, or nothing), K steps, V sub-action verbs (8), O object classes (0: none).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import entr, log_softmax, softmax

from egoprog.errors import ModelError
from egoprog.leap.config import ACTING_SHARE, NO_OBJECT_CLASS, NOTHING_CLASS, SUB_VERBS, Vocabulary
from egoprog.program.types import Program, SubAction

ROLE_WEIGHT = 0.25
"""Of what training showed of an object's role, in logarithms, beside what the network says of this step."""
RECIPIENT_BIAS = 0.5
"""Of any recipient beside none, likewise: a network that is unsure of the recipient spreads its share over many.

Both were set on validation clips of people who are trained on, which no table reports.
"""
_PSEUDO_COUNT = 1.0
_RECIPIENT_SHARE = 1 - ACTING_SHARE
_TARGET_ENTROPY = float(entr([ACTING_SHARE, _RECIPIENT_SHARE]).sum())


@dataclass(frozen=True)
class Steps:
    """verbs: (..., K) classes; ∅ is no step, and the end of a program. objects: (..., K, 2), acting, then recipient.

    confidence: (..., K), 0 to 1: the verb's probability times that of the objects.
    """

    verbs: NDArray[np.int64]
    objects: NDArray[np.int64]
    confidence: NDArray[np.float32]

    def __getitem__(self, index: int) -> Steps:
        """The steps of one clip of many."""
        return Steps(self.verbs[index], self.objects[index], self.confidence[index])


def decode(sub_verbs: NDArray[np.float32], objects: NDArray[np.float32], vocabulary: Vocabulary | None = None) -> Steps:
    """The likeliest step in each place.

    sub_verbs: logits (..., K, V). objects: logits (..., K, O), or (..., K, 2, O) of two object heads.
    With one head the two objects are those whose soft label, 2/3 on the acting one and 1/3 on the recipient, fits best
    in the sense of `losses`; where a vocabulary tells how often each object has acted and received under that verb,
    this counts too: a network that wavers between ten things to put onto the counter is surest of the counter, which
    never acts. ∅ has no objects.
    Raises ModelError for shapes that do not fit one another.
    """
    if sub_verbs.shape[-1] != len(SUB_VERBS) or objects.shape[: sub_verbs.ndim - 1] != sub_verbs.shape[:-1]:
        raise ModelError(
            f"expected logits of sub-actions (..., K, {len(SUB_VERBS)}) and of objects (..., K, O) or (..., K, 2, O), "
            f"got {sub_verbs.shape} and {objects.shape}"
        )
    verb_shares = softmax(sub_verbs, axis=-1)
    logs = log_softmax(objects.astype(np.float64), axis=-1)
    verbs = verb_shares.argmax(axis=-1)
    roles = _roles(verbs, vocabulary, logs.shape[-1])
    chosen, object_share = (_two_heads if objects.ndim == sub_verbs.ndim + 1 else _one_head)(logs, *roles)
    is_nothing = verbs == NOTHING_CLASS
    chosen = np.where(is_nothing[..., None], NO_OBJECT_CLASS, chosen)
    confidence = verb_shares.max(axis=-1) * np.where(is_nothing, 1.0, object_share)
    return Steps(verbs, chosen, confidence.astype(np.float32))


def program_of(
    steps: Steps,
    vocabulary: Vocabulary,
    name: str = "seen",
    start_s: float | None = None,
    stop_s: float | None = None,
) -> Program:
    """The steps of one clip as a program: in order, ∅ left out, a step that repeats the one before it merged with it.

    Each sub-action has the confidence of the surest of its steps, to the hundredth. `program.to_text` writes it down.
    """
    found = [
        (tuple(vocabulary.objects[k - 1] for k in pair if k != NO_OBJECT_CLASS), SUB_VERBS[verb], float(confidence))
        for verb, pair, confidence in zip(steps.verbs, steps.objects, steps.confidence, strict=True)
        if verb != NOTHING_CLASS
    ]
    body = tuple(
        SubAction(verb, objects, confidence=round(max(confidence for *_, confidence in group), 2))
        for (objects, verb), group in itertools.groupby(found, key=lambda step: step[:2])
    )
    return Program(name, body, start_s, stop_s)


def _roles(
    verbs: NDArray[np.int64], vocabulary: Vocabulary | None, num_classes: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What training says of each object class as acting and as recipient, (..., K, O) each; 0 where nobody counted."""
    if vocabulary is None or not vocabulary.acting:
        nothing = np.zeros((*verbs.shape, num_classes))
        return nothing, nothing
    found = []
    for counts in (vocabulary.acting, vocabulary.receiving):
        smoothed_VO = np.asarray(counts, np.float64) + _PSEUDO_COUNT
        found.append(ROLE_WEIGHT * np.log(smoothed_VO / smoothed_VO.sum(axis=1, keepdims=True))[verbs])
    acting, receiving = found
    receiving[..., NO_OBJECT_CLASS + 1 :] += RECIPIENT_BIAS
    return acting, receiving


def _one_head(
    logs: NDArray[np.float64], acting: NDArray[np.float64], receiving: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Classes (..., K, 2) and the probability (..., K) that they hold together. logs: log-probabilities (..., K, O)."""
    none = NO_OBJECT_CLASS
    alone = logs + acting + receiving[..., none, None]  # what it is worth to say one object, or none, and no recipient
    best_alone = alone.argmax(axis=-1)
    first, second = ACTING_SHARE * logs + acting, _RECIPIENT_SHARE * logs + receiving
    first[..., none] = second[..., none] = -np.inf
    a, b, worth = _best_two(first, second)
    has_recipient = worth + _TARGET_ENTROPY > alone.max(axis=-1)
    chosen = np.stack([np.where(has_recipient, a, best_alone), np.where(has_recipient, b, none)], axis=-1)
    shares = np.exp(np.take_along_axis(logs, chosen, axis=-1))
    return chosen, shares[..., 0] + has_recipient * shares[..., 1]


def _best_two(
    first: NDArray[np.float64], second: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """The best pair of two different classes, and its worth: of a class that is best as both, one takes its second."""
    if first.shape[-1] < 3:  # fewer than two objects make no pair
        nobody = np.full(first.shape[:-1], NO_OBJECT_CLASS)
        return nobody, nobody, np.full(first.shape[:-1], -np.inf)
    order_a, order_b = (np.argsort(-worth, axis=-1, kind="stable")[..., :2] for worth in (first, second))
    best_a, best_b = np.take_along_axis(first, order_a, axis=-1), np.take_along_axis(second, order_b, axis=-1)
    is_same = order_a[..., 0] == order_b[..., 0]
    yields_a = is_same & (best_a[..., 1] + best_b[..., 0] > best_a[..., 0] + best_b[..., 1])
    yields_b = is_same & ~yields_a
    a = np.where(yields_a, order_a[..., 1], order_a[..., 0])
    b = np.where(yields_b, order_b[..., 1], order_b[..., 0])
    worth = np.where(yields_a, best_a[..., 1], best_a[..., 0]) + np.where(yields_b, best_b[..., 1], best_b[..., 0])
    return a, b, worth


def _two_heads(
    logs: NDArray[np.float64], acting: NDArray[np.float64], receiving: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """As `_one_head`, of log-probabilities (..., K, 2, O)."""
    chosen = (logs + np.stack([acting, receiving], axis=-2)).argmax(axis=-1)
    return chosen, np.exp(np.take_along_axis(logs, chosen[..., None], axis=-1)[..., 0].sum(axis=-1))

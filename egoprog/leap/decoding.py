"""What a network says of the steps of a clip, as sub-actions and as a program. Live nodes use it: no PyTorch.

Shapes: ... any (clips, or nothing), K steps, V sub-action verbs (8), O object classes (0: none).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from egoprog.errors import ModelError
from egoprog.leap.config import NO_OBJECT_CLASS, NOTHING_CLASS, SUB_VERBS, Vocabulary
from egoprog.program.types import Program, SubAction

MIN_RECIPIENT_SHARE = 1 / 6
"""Of the object probabilities, from which the second class counts as recipient: half of the 1/3 that its target has."""


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


def decode(sub_verbs: NDArray[np.float32], objects: NDArray[np.float32]) -> Steps:
    """The likeliest step in each place.

    sub_verbs: logits (..., K, V). objects: logits (..., K, O), or (..., K, 2, O) of two object heads.
    With one head, whose target puts 2/3 on the acting object and 1/3 on the recipient: the acting object is the most
    probable class, the recipient the next one if it has at least MIN_RECIPIENT_SHARE. Where "none" comes first there
    are no objects, where it comes second there is no recipient. ∅ has no objects.
    Raises ModelError for shapes that do not fit one another.
    """
    if sub_verbs.shape[-1] != len(SUB_VERBS) or objects.shape[: sub_verbs.ndim - 1] != sub_verbs.shape[:-1]:
        raise ModelError(
            f"expected logits of sub-actions (..., K, {len(SUB_VERBS)}) and of objects (..., K, O) or (..., K, 2, O), "
            f"got {sub_verbs.shape} and {objects.shape}"
        )
    verb_shares = softmax(sub_verbs, axis=-1)
    shares = softmax(objects, axis=-1)
    verbs = verb_shares.argmax(axis=-1)
    chosen, object_share = _two_heads(shares) if objects.ndim == sub_verbs.ndim + 1 else _one_head(shares)
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


def _one_head(shares: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Classes (..., K, 2) and the probability (..., K) that they hold together."""
    order = np.argsort(-shares, axis=-1, kind="stable")[..., :2]
    if order.shape[-1] < 2:  # a vocabulary without objects
        order = np.concatenate([order, order], axis=-1)
    acting, recipient = order[..., 0], order[..., 1]
    first, second = np.moveaxis(np.take_along_axis(shares, order, axis=-1), -1, 0)
    has_recipient = (acting != NO_OBJECT_CLASS) & (recipient != NO_OBJECT_CLASS) & (second >= MIN_RECIPIENT_SHARE)
    chosen = np.stack([acting, np.where(has_recipient, recipient, NO_OBJECT_CLASS)], axis=-1)
    return chosen, first + has_recipient * second


def _two_heads(shares: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    return shares.argmax(axis=-1), shares.max(axis=-1).prod(axis=-1)

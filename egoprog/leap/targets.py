"""What a network should say of a clip, as numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from egoprog.data.epic import Action
from egoprog.data.program_lines import ProgramClip
from egoprog.leap.config import NO_OBJECT_CLASS, SENTENCE_WIDTH, SUB_VERBS, LeapConfig
from egoprog.leap.vocabulary import object_word, precondition_words
from egoprog.program import flatten

UNKNOWN = -1
"""A class that nobody knows or that the vocabulary lacks; pads sequences."""

Embed = Callable[[Sequence[str]], NDArray[np.float32]]


class Targets:
    """Makes the targets of clips. embed: sentences to (N, 384), see `sentences.SentenceEncoder`."""

    def __init__(self, config: LeapConfig, embed: Embed) -> None:
        self.config = config
        self._embed = embed
        vocabulary = config.vocabulary
        self._action_class = {pair: k for k, pair in enumerate(vocabulary.actions)}
        self._object_class = {word: k + 1 for k, word in enumerate(vocabulary.objects)}

    def __call__(self, action: Action | None, clip: ProgramClip | None) -> dict[str, Any]:
        """verb, noun, action: int64. sub_verbs: (K,), sub_objects: (K, 2), padded with -1. precondition: (384,).

        has_program: whether the last three say anything. A clip without an action or a program has -1 and zeros.
        """
        num_steps = self.config.num_steps
        sub_verbs = np.full(num_steps, UNKNOWN, np.int64)
        sub_objects = np.full((num_steps, 2), UNKNOWN, np.int64)
        precondition = np.zeros(SENTENCE_WIDTH, np.float32)
        if clip is not None:
            flat = flatten(clip.program, num_steps)
            for k, step in enumerate(flat):
                sub_verbs[k] = SUB_VERBS.index(step.verb)
                sub_objects[k] = [self.object_class(name) for name in (step.o1, step.o2)]
            precondition = self._embed([precondition_words(flat.precondition)])[0]
        return {
            "verb": np.int64(UNKNOWN if action is None else action.verb_class),
            "noun": np.int64(UNKNOWN if action is None else action.noun_class),
            "action": np.int64(
                UNKNOWN if action is None else self._action_class.get((action.verb_class, action.noun_class), UNKNOWN)
            ),
            "sub_verbs": sub_verbs,
            "sub_objects": sub_objects,
            "precondition": precondition,
            "has_program": np.bool_(clip is not None),
        }

    def object_class(self, name: str | None) -> int:
        """Class 0 for no object and for one that the vocabulary lacks."""
        return NO_OBJECT_CLASS if name is None else self._object_class.get(object_word(name), NO_OBJECT_CLASS)

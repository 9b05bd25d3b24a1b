"""Predictions that need no network."""

import numpy as np

from egoprog.leap.config import SENTENCE_WIDTH, SUB_VERBS, LeapConfig, UniFormerConfig, Vocabulary
from egoprog.leap.predictions import Predictions

VERBS = ("take", "put", "open", "close", "cut", "wash", "pour", "mix", "peel")
NOUNS = ("tap", "knife", "plate", "cup", "fridge", "carrot", "bowl", "spoon")
OBJECTS = ("knife", "carrot", "board", "cup", "milk")


def made_up_config(verbs=VERBS, nouns=NOUNS, actions=((0, 1), (1, 1), (4, 5)), **options):
    vocabulary = Vocabulary(verbs, nouns, actions, OBJECTS)
    return LeapConfig(vocabulary, UniFormerConfig(num_classes=vocabulary.num_classes), **options)


def made_up_predictions(num_clips=20, seed=0, config=None, **changes):
    """Random scores of random clips of participants P901 to P904; `changes` replaces any of the arrays."""
    config = config or made_up_config()
    rng = np.random.default_rng(seed)
    vocabulary, num_steps = config.vocabulary, config.num_steps

    def logits(*shape):
        return rng.normal(size=(num_clips, *shape)).astype(np.float32)

    lengths = rng.integers(1, num_steps + 1, num_clips)
    padding = np.arange(num_steps) >= lengths[:, None]
    arrays = {
        "narration_ids": tuple(f"P{901 + k % 4}_01_{k}" for k in range(num_clips)),
        "verbs": logits(len(vocabulary.verbs)),
        "nouns": logits(len(vocabulary.nouns)),
        "actions": logits(len(vocabulary.actions)),
        "sub_verbs": logits(num_steps, len(SUB_VERBS)),
        "objects": logits(num_steps, len(OBJECTS) + 1),
        "precondition": logits(SENTENCE_WIDTH),
        "true_verbs": rng.integers(0, len(vocabulary.verbs), num_clips),
        "true_nouns": rng.integers(0, len(vocabulary.nouns), num_clips),
        "true_sub_verbs": np.where(padding, -1, rng.integers(1, len(SUB_VERBS), (num_clips, num_steps))),
        "true_objects": np.where(padding[..., None], -1, rng.integers(0, len(OBJECTS) + 1, (num_clips, num_steps, 2))),
        "true_precondition": logits(SENTENCE_WIDTH),
    }
    return Predictions(config, **(arrays | changes))

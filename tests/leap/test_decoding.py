"""From logits to steps and programs."""

from dataclasses import replace

import numpy as np
import pytest

from egoprog.errors import ModelError
from egoprog.leap.config import SUB_VERBS
from egoprog.leap.decoding import decode, program_of
from egoprog.program import parse, to_text
from egoprog.program.types import Verb
from tests.leap.made_up import OBJECTS, made_up_config

VOCABULARY = made_up_config().vocabulary
NUM_OBJECT_CLASSES = len(OBJECTS) + 1
KNIFE, CARROT, BOARD = (OBJECTS.index(name) + 1 for name in ("knife", "carrot", "board"))


def logits_of(*shares, num_classes=NUM_OBJECT_CLASSES):
    """shares: for each step a dict of class to probability."""
    table = np.full((len(shares), num_classes), 1e-6)
    for row, step in zip(table, shares, strict=True):
        for place, share in step.items():
            row[place] = share
    return np.log(table).astype(np.float32)


def verbs_of(*verbs, share=0.9):
    steps = ({SUB_VERBS.index(verb): share} for verb in verbs)
    return logits_of(*steps, num_classes=len(SUB_VERBS))


def test_the_target_of_one_head_is_decoded_to_acting_object_and_recipient():
    objects = logits_of({KNIFE: 2 / 3, CARROT: 1 / 3}, {KNIFE: 1.0}, {0: 1.0})
    steps = decode(verbs_of(Verb.USE, Verb.GRASP, Verb.WAIT), objects)
    assert steps.objects.tolist() == [[KNIFE, CARROT], [KNIFE, 0], [0, 0]]


def fit(logs, acting, recipient):
    """m of `losses`, its logarithm, without the verb."""
    if recipient == 0:
        return logs[acting]
    share = 2 / 3
    return share * np.log(np.exp(logs[acting]) / share) + (1 - share) * np.log(np.exp(logs[recipient]) / (1 - share))


def test_the_pair_is_said_that_the_loss_would_punish_least():
    logits = np.random.default_rng(0).normal(0, 2, (200, NUM_OBJECT_CLASSES)).astype(np.float32)
    said = decode(np.repeat(verbs_of(Verb.USE), len(logits), axis=0), logits).objects.tolist()
    for pair, logs in zip(said, logits - np.log(np.exp(logits).sum(axis=1, keepdims=True)), strict=True):
        pairs = [
            (a, b) for a in range(NUM_OBJECT_CLASSES) for b in range(NUM_OBJECT_CLASSES) if b == 0 or a not in (0, b)
        ]
        assert tuple(pair) == max(pairs, key=lambda one: fit(logs, *one))


def test_what_never_acts_is_a_recipient_of_whatever_may_act():
    """A network that wavers between things to put onto the board is surest of the board."""
    objects = logits_of({BOARD: 0.4, KNIFE: 0.25, CARROT: 0.35})
    assert decode(verbs_of(Verb.MOVE), objects).objects.tolist() == [[BOARD, CARROT]]
    counts = np.zeros((2, len(SUB_VERBS), NUM_OBJECT_CLASSES), int)
    counts[0, :, [KNIFE, CARROT]] = 50
    counts[1, :, BOARD] = counts[1, :, 0] = 50
    acting, receiving = (tuple(map(tuple, rows.tolist())) for rows in counts)
    known = replace(VOCABULARY, acting=acting, receiving=receiving)
    assert decode(verbs_of(Verb.MOVE), objects, known).objects.tolist() == [[CARROT, BOARD]]


def test_who_is_unsure_of_the_recipient_says_the_likeliest_all_the_same():
    """The knife is used on something, and two things share what that is worth."""
    objects = logits_of({KNIFE: 0.86, BOARD: 0.07, CARROT: 0.06})
    assert decode(verbs_of(Verb.USE), objects).objects.tolist() == [[KNIFE, 0]]
    even = ((10,) * NUM_OBJECT_CLASSES,) * len(SUB_VERBS)
    known = replace(VOCABULARY, acting=even, receiving=even)
    assert decode(verbs_of(Verb.USE), objects, known).objects.tolist() == [[KNIFE, BOARD]]


def test_a_vocabulary_without_objects_says_none():
    assert decode(verbs_of(Verb.WAIT), np.zeros((1, 1), np.float32)).objects.tolist() == [[0, 0]]


def test_nothing_has_no_objects_and_is_no_step_of_a_program():
    steps = decode(verbs_of(Verb.NOTHING, Verb.GRASP), logits_of({KNIFE: 1.0}, {KNIFE: 1.0}))
    assert steps.objects.tolist() == [[0, 0], [KNIFE, 0]]
    assert len(program_of(steps, VOCABULARY).body) == 1


def test_two_object_heads_are_read_one_each():
    objects = np.stack([logits_of({KNIFE: 1.0}), logits_of({CARROT: 0.5, 0: 0.4})], axis=1)
    assert decode(verbs_of(Verb.USE), objects).objects.tolist() == [[KNIFE, CARROT]]


def test_a_program_has_its_steps_in_order_repeats_merged_and_confidences():
    verbs = verbs_of(Verb.GRASP, Verb.GRASP, Verb.USE, Verb.NOTHING)
    objects = logits_of({KNIFE: 0.6, BOARD: 0.08}, {KNIFE: 0.8, BOARD: 0.1}, {KNIFE: 0.6, CARROT: 0.4}, {0: 1.0})
    program = program_of(decode(verbs, objects), VOCABULARY, "cut_carrot", 1.0, 2.5)
    assert [(step.verb, step.objects) for step in program.body] == [
        (Verb.GRASP, ("knife",)),
        (Verb.USE, ("knife", "carrot")),
    ]
    assert [step.confidence for step in program.body] == [pytest.approx(0.89, abs=0.01), pytest.approx(1.0, abs=0.01)]
    assert parse(to_text(program)) == program


def test_many_clips_and_one_clip_decode_alike():
    rng = np.random.default_rng(0)
    verbs, objects = rng.normal(size=(5, 9, 8)), rng.normal(size=(5, 9, 6))
    many = decode(verbs, objects)
    one = decode(verbs[3], objects[3])
    assert many[3].verbs.tolist() == one.verbs.tolist()
    assert many[3].objects.tolist() == one.objects.tolist()


def test_logits_of_another_shape_are_named():
    with pytest.raises(ModelError, match="got \\(9, 7\\)"):
        decode(np.zeros((9, 7)), np.zeros((9, 6)))

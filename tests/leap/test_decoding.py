"""From logits to steps and programs."""

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


def test_a_recipient_needs_half_of_what_its_target_has():
    objects = logits_of({KNIFE: 0.82, CARROT: 0.18}, {KNIFE: 0.85, CARROT: 0.15}, {KNIFE: 0.5, 0: 0.3, CARROT: 0.2})
    steps = decode(verbs_of(Verb.USE, Verb.USE, Verb.USE), objects)
    assert steps.objects[:, 1].tolist() == [CARROT, 0, 0]


def test_nothing_has_no_objects_and_is_no_step_of_a_program():
    steps = decode(verbs_of(Verb.NOTHING, Verb.GRASP), logits_of({KNIFE: 1.0}, {KNIFE: 1.0}))
    assert steps.objects.tolist() == [[0, 0], [KNIFE, 0]]
    assert len(program_of(steps, VOCABULARY).body) == 1


def test_two_object_heads_are_read_one_each():
    objects = np.stack([logits_of({KNIFE: 1.0}), logits_of({CARROT: 0.5, 0: 0.4})], axis=1)
    assert decode(verbs_of(Verb.USE), objects).objects.tolist() == [[KNIFE, CARROT]]


def test_a_program_has_its_steps_in_order_repeats_merged_and_confidences():
    verbs = verbs_of(Verb.GRASP, Verb.GRASP, Verb.USE, Verb.NOTHING)
    objects = logits_of({KNIFE: 0.6, BOARD: 0.1}, {KNIFE: 0.8, BOARD: 0.1}, {KNIFE: 0.6, CARROT: 0.4}, {0: 1.0})
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

"""Measures of the steps of clips."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from egoprog.errors import ModelError
from egoprog.leap.config import SUB_VERBS
from egoprog.leap.program_metrics import CHOICES, PARTS, edit_score, measure_programs, set_scores
from egoprog.program.types import Verb
from tests.leap.made_up import OBJECTS, made_up_config, made_up_predictions

GRASP, MOVE, USE, NOTHING = (SUB_VERBS.index(verb) for verb in (Verb.GRASP, Verb.MOVE, Verb.USE, Verb.NOTHING))
KNIFE, CARROT, BOARD = (OBJECTS.index(name) + 1 for name in ("knife", "carrot", "board"))


def said_and_true(said, true, num_steps=4):
    """Predictions of one clip whose network says these (verb, object, object) where those are true."""
    config = made_up_config(num_steps=num_steps)
    verbs, objects = np.full((1, num_steps), NOTHING), np.zeros((1, num_steps, len(OBJECTS) + 1))
    true_verbs, true_objects = np.full((1, num_steps), -1), np.full((1, num_steps, 2), -1)
    for k, (verb, a, b) in enumerate(said):
        verbs[0, k] = verb
        objects[0, k, a] += 2 / 3 if b else 1
        objects[0, k, b] += 1 / 3 if b else 0
    for k, (verb, a, b) in enumerate(true):
        true_verbs[0, k], true_objects[0, k] = verb, (a, b)
    changes = {
        "sub_verbs": 10 * np.eye(len(SUB_VERBS), dtype=np.float32)[verbs],
        "objects": np.log(objects + 1e-6).astype(np.float32),
        "true_sub_verbs": true_verbs,
        "true_objects": true_objects,
    }
    return made_up_predictions(1, config=config, **changes)


def test_the_four_choices_on_a_clip_worked_by_hand():
    """Said grasp, grasp, use; true grasp, move, use, release: P has 2, T has 4, both have 2."""
    assert set_scores([1, 1, 4], [1, 3, 4, 2]) == pytest.approx(
        {"accuracy": 2 / 4, "jaccard": 2 / 4, "f1": 4 / 6, "containment": 1.0}
    )
    # said a, b, b; true a, c: P and T have 2 each, and 1 in common; one of the three steps is contained
    assert set_scores([1, 2, 2], [1, 3]) == pytest.approx(
        {"accuracy": 1 / 2, "jaccard": 1 / 3, "f1": 1 / 2, "containment": 1 / 3}
    )
    assert set(set_scores([], [1]).values()) == {0.0}


def test_verbs_acting_objects_and_recipients_are_measured_apart():
    found = measure_programs(
        said_and_true([(GRASP, KNIFE, 0), (USE, KNIFE, CARROT)], [(GRASP, KNIFE, 0), (USE, KNIFE, BOARD)])
    )
    assert [found.sets[part].mean() for part in PARTS] == [1.0, 1.0, 0.0]
    assert found.edit[0] == pytest.approx(0.5)
    assert found.exact[0] == 0


def test_recipients_are_measured_only_where_there_is_one():
    found = measure_programs(said_and_true([(GRASP, KNIFE, 0)], [(GRASP, KNIFE, 0)]))
    assert len(found.sets["object_b"].clips) == 0
    assert np.isnan(found.sets["object_b"].mean())
    made_up_one = measure_programs(said_and_true([(USE, KNIFE, CARROT)], [(USE, KNIFE, 0)]))
    assert made_up_one.sets["object_b"].mean() == 0.0


def test_saying_the_surest_step_again_and_again_is_contained_but_not_accurate():
    """Why containment is not the headline."""
    true = [(GRASP, KNIFE, 0), (MOVE, KNIFE, 0), (USE, KNIFE, CARROT)]
    verbs = measure_programs(said_and_true([(GRASP, KNIFE, 0)] * 4, true)).sets["s_verb"]
    assert verbs.mean("containment") == 1.0
    assert verbs.mean("accuracy") == pytest.approx(1 / 3)


def test_nothing_said_of_something_true_scores_zero_and_padding_is_no_step():
    found = measure_programs(said_and_true([], [(GRASP, KNIFE, 0)]))
    assert [found.sets[part].mean() for part in PARTS[:2]] == [0.0, 0.0]
    assert (found.edit[0], found.exact[0]) == (0, 0)


def test_order_counts_in_the_edit_score_and_repeats_do_not():
    a, b, c = (1, 1, 0), (2, 1, 0), (3, 1, 0)
    assert edit_score([a, b, c], [a, b, c]) == 1
    assert edit_score([a, a, b, c], [a, b, b, c]) == 1
    assert edit_score([b, a, c], [a, b, c]) == pytest.approx(1 / 3)
    assert edit_score([a, c], [a, b, c]) == pytest.approx(2 / 3)
    assert edit_score([], []) == 1


def test_clips_without_a_program_are_not_measured():
    made_up = made_up_predictions(3)
    made_up.true_sub_verbs[1] = -1
    assert measure_programs(made_up).clips.tolist() == [0, 2]


def test_a_network_without_a_program_head_is_told_so():
    empty = np.zeros((3, 0), np.float32)
    with pytest.raises(ModelError, match="program head"):
        measure_programs(made_up_predictions(3, sub_verbs=empty, objects=empty))


@given(st.integers(1, 12), st.integers(0, 1000))
def test_the_headline_lies_between_the_strictest_and_the_mildest_choice(num_clips, seed):
    found = measure_programs(made_up_predictions(num_clips, seed))
    for scores in found.sets.values():
        low, middle, high = (scores.values[choice] for choice in CHOICES[1::-1] + CHOICES[2:3])
        assert (low <= middle + 1e-12).all()
        assert (middle <= high + 1e-12).all()


@given(st.integers(1, 12), st.integers(0, 1000))
def test_a_network_that_says_the_truth_scores_one(num_clips, seed):
    made_up = made_up_predictions(num_clips, seed)
    true_verbs = np.maximum(made_up.true_sub_verbs, 0)
    objects = np.maximum(made_up.true_objects, 0)
    acting, recipient = objects[..., 0], objects[..., 1]
    recipient = np.where((acting == 0) | (acting == recipient), 0, recipient)
    one = np.eye(len(OBJECTS) + 1)
    share = np.where(recipient[..., None] == 0, one[acting], one[acting] * 2 / 3 + one[recipient] / 3)
    knowing = dataclasses.replace(
        made_up,
        sub_verbs=10 * np.eye(len(SUB_VERBS), dtype=np.float32)[true_verbs],
        objects=np.log(share + 1e-6).astype(np.float32),
        true_objects=np.stack([acting, recipient], axis=-1),
    )
    found = measure_programs(knowing)
    assert (found.exact == 1).all()
    assert all((values == 1).all() for scores in found.sets.values() for values in scores.values.values())

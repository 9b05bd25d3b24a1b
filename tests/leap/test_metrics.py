"""Measures of verb, noun and action."""

import dataclasses

import numpy as np
import pytest
from annotations import ACTIONS
from hypothesis import given
from hypothesis import strategies as st

from egoprog.data import read_actions, write_tail_classes
from egoprog.errors import ModelError
from egoprog.leap.metrics import (
    ACTION_STRIDE,
    TARGETS,
    class_table,
    judge,
    measure,
    product_scores,
    rank,
    rare_classes,
    tail_classes,
)
from tests.leap.made_up import made_up_config, made_up_predictions

FALLING, RISING = np.arange(8, 0, -1.0), np.arange(1.0, 9)


def test_mean_top5_recall_counts_classes_and_top5_accuracy_counts_clips():
    """The toy of the challenge: three of five clips are wrong, but only one class of three is ever found."""
    verbs = np.array([FALLING, RISING, FALLING, RISING, [5, 4, 3, 2, 1, 8, 7, 6]], np.float32)
    truth = np.array([0, 0, 7, 7, 3])
    config = made_up_config(verbs=tuple("abcdefgh"))
    scores = measure(made_up_predictions(5, config=config, verbs=verbs, true_verbs=truth))["all"]["verb"]
    assert scores.top5 == pytest.approx(0.4)
    assert scores.mean_top5_recall == pytest.approx(1 / 3)
    assert (scores.num_clips, scores.num_classes) == (5, 3)


def test_of_equal_scores_the_lower_class_comes_first():
    """Else a network that says nothing would be right about everything."""
    assert rank(np.zeros((3, 4)), np.array([0, 2, 3])).tolist() == [0, 2, 3]


def test_an_action_that_training_never_showed_is_wrong_and_not_left_out():
    made_up = made_up_predictions(4, true_verbs=np.array([0, 1, 4, 8]), true_nouns=np.array([1, 1, 5, 7]))
    scores = measure(made_up)["all"]["action"]
    assert scores.num_clips == 4
    assert scores.top5 == pytest.approx(0.75)  # three actions in all: whatever is known is among the first five
    assert scores.mean_top5_recall == pytest.approx(0.75)


def test_clips_without_a_label_are_not_measured():
    made_up = made_up_predictions(4, true_verbs=np.array([0, -1, 1, -1]), true_nouns=np.array([1, 1, -1, -1]))
    scores = measure(made_up)["all"]
    assert [scores[target].num_clips for target in TARGETS] == [2, 2, 1]


def test_actions_without_a_head_of_their_own_are_products_of_verbs_and_nouns():
    made_up = made_up_predictions(130, actions=np.zeros((130, 0), np.float32))
    judged = judge(made_up, "action")
    products = np.exp(product_scores(made_up, np.arange(130)))
    assert products.sum(axis=(1, 2)) == pytest.approx(1.0)
    verbs, nouns = made_up.verbs.argmax(1), made_up.nouns.argmax(1)
    assert judged.first.tolist() == (verbs * ACTION_STRIDE + nouns).tolist()
    for clip in (0, 64, 129):
        true = products[clip, made_up.true_verbs[clip], made_up.true_nouns[clip]]
        assert judged.ranks[clip] == (products[clip] > true).sum()


def test_unseen_participants_and_tail_classes_are_measured_apart(tmp_path):
    made_up = made_up_predictions(40)
    write_tail_classes(tmp_path / "EPIC_100_tail_verbs.csv", "verb", [4, 5])
    write_tail_classes(tmp_path / "EPIC_100_tail_nouns.csv", "noun", [0])
    tail = tail_classes(tmp_path, ACTIONS)
    found = measure(made_up, unseen=["P903"], tail=tail)
    assert found["unseen"]["verb"].num_clips == 10
    is_tail_verb, is_tail_noun = np.isin(made_up.true_verbs, [4, 5]), made_up.true_nouns == 0
    assert found["tail"]["verb"].num_clips == is_tail_verb.sum()
    assert found["tail"]["noun"].num_clips == is_tail_noun.sum()
    assert found["tail"]["action"].num_clips == (is_tail_verb | is_tail_noun).sum()
    assert set(measure(made_up)) == {"all"}


def test_tail_classes_are_the_smallest_that_make_up_a_fifth():
    labels = [0] * 50 + [1] * 30 + [2] * 12 + [3] * 5 + [4] * 3
    assert rare_classes(labels) == {2, 3, 4}
    assert rare_classes([0] * 79 + [1] * 21) == frozenset()
    assert rare_classes([]) == frozenset()


def test_the_rule_finds_the_tail_classes_of_epic_kitchens(shared_data):
    """The official list of verbs is 10 and 12 to 96, that of nouns has 228."""
    rows = read_actions(shared_data / "annotations" / "EPIC_100_train_reconstructed.csv")
    assert rare_classes(row.verb_class for row in rows) == {10, *range(12, 97)}
    assert len(rare_classes(row.noun_class for row in rows)) == 228


def test_the_class_table_tells_support_recall_and_how_often_a_class_was_said():
    verbs = np.eye(9, dtype=np.float32)[[0, 0, 1, 2]]
    made_up = made_up_predictions(4, verbs=verbs, true_verbs=np.array([0, 1, 1, 1]))
    rows = class_table(made_up, "verb")
    assert [(row.name, row.support, row.num_said) for row in rows] == [("put", 3, 1), ("take", 1, 2)]
    assert [row.recall for row in rows] == pytest.approx([1 / 3, 1.0])
    assert class_table(made_up, "action")[0].name.startswith("put ")


def test_scores_that_are_no_numbers_are_refused_with_the_clip():
    made_up = made_up_predictions(4)
    made_up.nouns[2, 3] = np.nan
    with pytest.raises(ModelError, match="among the nouns of P903_01_2"):
        measure(made_up)


def test_no_clips_have_no_accuracy():
    scores = measure(made_up_predictions(4).keep([]))["all"]["action"]
    assert (scores.num_clips, scores.num_classes) == (0, 0)
    assert np.isnan([scores.top1, scores.top5, scores.mean_top5_recall]).all()


sizes, seeds = st.integers(1, 30), st.integers(0, 1000)


@given(sizes, seeds)
def test_the_order_of_the_clips_changes_nothing(num_clips, seed):
    made_up = made_up_predictions(num_clips, seed)
    order = np.random.default_rng(seed).permutation(num_clips)
    one, other = measure(made_up), measure(made_up.keep(order))
    for target in TARGETS:
        assert dataclasses.astuple(one["all"][target]) == pytest.approx(dataclasses.astuple(other["all"][target]))


@given(sizes, seeds)
def test_top5_is_never_below_top1(num_clips, seed):
    for scores in measure(made_up_predictions(num_clips, seed))["all"].values():
        assert scores.top5 >= scores.top1


@given(sizes, seeds)
def test_who_knows_everything_is_always_right(num_clips, seed):
    made_up = made_up_predictions(num_clips, seed, actions=np.zeros((num_clips, 0), np.float32))
    knowing = dataclasses.replace(
        made_up,
        verbs=10 * np.eye(9, dtype=np.float32)[made_up.true_verbs],
        nouns=10 * np.eye(8, dtype=np.float32)[made_up.true_nouns],
    )
    for scores in measure(knowing)["all"].values():
        assert (scores.top1, scores.top5, scores.mean_top5_recall) == (1.0, 1.0, 1.0)


@given(sizes, seeds, st.integers(0, 8))
def test_who_always_says_the_same_is_right_as_often_as_it_happens(num_clips, seed, verb):
    made_up = made_up_predictions(num_clips, seed)
    same = dataclasses.replace(made_up, verbs=np.tile(np.eye(9, dtype=np.float32)[verb], (num_clips, 1)))
    assert measure(same)["all"]["verb"].top1 == pytest.approx(np.mean(made_up.true_verbs == verb))

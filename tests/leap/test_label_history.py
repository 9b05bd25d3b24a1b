"""Baselines that anticipate from annotations alone."""

import numpy as np
import pytest
from scipy.special import softmax

from egoprog.data import Action
from egoprog.errors import ConfigurationError
from egoprog.leap.label_history import BASELINES, NextClass, histories, predict
from egoprog.leap.metrics import measure
from egoprog.leap.vocabulary import make_vocabulary


def rows_of(video_id, *labels, apart_s=2.0):
    """Actions one after another; a label is (verb class, noun class)."""
    return [
        Action(f"{video_id}_{k}", video_id[:4], video_id, None, k * apart_s + 1.5, k * apart_s + 3, 1, 2, "", "", verb,
               "", noun, (), ())
        for k, (verb, noun) in enumerate(labels)
    ]  # fmt: skip


def labels_of(rows):
    return tuple((row.verb_class, row.noun_class) for row in rows)


A, B, C = (0, 1), (3, 12), (4, 12)
TRAINING = rows_of("P901_01", A, B, C, A, B, C, A, B, C) + rows_of("P902_01", C, C, C, C, C, C)
VOCABULARY = make_vocabulary(TRAINING, ())


def top1(baseline, asked, **options):
    return measure(predict(baseline, TRAINING, asked, VOCABULARY, **options))["all"]["action"].top1


def test_a_trigram_knows_what_follows_and_the_most_frequent_does_not():
    asked = rows_of("P903_01", A, B, C, A, B, C)
    assert top1("trigram", asked) == pytest.approx(5 / 6)  # of the first nothing is before
    assert top1("most_frequent", asked) == pytest.approx(2 / 6)
    assert top1("bigram", rows_of("P903_01", A, B, C)) == pytest.approx(2 / 3)


def test_only_actions_that_started_before_the_anticipation_time_are_history():
    """Else the baseline is told what the network may not see."""
    rows = rows_of("P903_01", A, B, C, apart_s=0.8)
    assert [labels_of(past) for _, past in histories(rows, tau_a_s=1.0)] == [(), (), (A,)]
    # the second started at that moment, not before
    assert [labels_of(past) for _, past in histories(rows, tau_a_s=0.8)] == [(), (), (A,)]
    assert [labels_of(past) for _, past in histories(rows, tau_a_s=0.0)] == [(), (A,), (A, B)]
    assert [labels_of(past) for _, past in histories(rows, tau_a_s=5.0)] == [(), (), ()]


@pytest.mark.parametrize(("said", "follows"), [(A, C), (B, A)])
def test_what_a_recogniser_said_stands_for_labels_once_its_clip_is_over(said, follows):
    asked = rows_of("P903_01", C, C, C, C)  # 1.5 s each, 0.5 s between: the clip before goes on 1 s ahead of the next
    assert [labels_of(past) for _, past in histories(asked, 1.0, must_be_over=True)] == [(), (), (C,), (C, C)]
    seen = predict("uniform", TRAINING, asked[:3], VOCABULARY)
    seen.actions[:, VOCABULARY.actions.index(said)] = 9.0
    found = predict("trigram", TRAINING, asked, VOCABULARY, seen=seen)
    assert found.narration_ids == ("P903_01_0", "P903_01_1", "P903_01_2"), "nobody saw the last"
    assert VOCABULARY.actions[found.actions[2].argmax()] == follows


def test_what_a_recogniser_is_unsure_of_counts_as_probably_as_it_says():
    asked = rows_of("P903_01", C, C, C, apart_s=4.0)
    seen = predict("uniform", TRAINING, asked, VOCABULARY)
    seen.actions[:] = -30.0
    seen.actions[:, VOCABULARY.actions.index(A)] = np.log(0.7)
    seen.actions[:, VOCABULARY.actions.index(B)] = np.log(0.3)
    found = np.exp(predict("bigram", TRAINING, asked, VOCABULARY, seen=seen).actions[1])
    sure = {}
    for label in (A, B):
        seen.actions[:] = -30.0
        seen.actions[:, VOCABULARY.actions.index(label)] = 0.0
        sure[label] = np.exp(predict("bigram", TRAINING, asked, VOCABULARY, seen=seen).actions[1])
    assert found == pytest.approx(0.7 * sure[A] + 0.3 * sure[B], abs=1e-6)
    assert found == pytest.approx(softmax(np.log(found)), abs=1e-6)


def test_videos_do_not_see_one_another():
    rows = rows_of("P903_02", B) + rows_of("P903_01", A, A)
    assert [labels_of(past) for _, past in histories(rows, tau_a_s=1.0)] == [(), (A,), ()]


def test_actions_at_the_very_start_of_a_video_are_asked_of_nobody():
    found = predict("trigram", TRAINING, rows_of("P903_01", A, B), VOCABULARY, tau_a_s=2.0)
    assert found.narration_ids == ("P903_01_1",)


@pytest.mark.parametrize("baseline", BASELINES)
def test_every_baseline_gives_probabilities_that_sum_to_one(baseline):
    found = predict(baseline, TRAINING, rows_of("P903_01", A, B, C), VOCABULARY)
    for logits in (found.verbs, found.nouns, found.actions):
        assert np.isfinite(logits).all()
        assert softmax(logits, axis=1).sum(axis=1) == pytest.approx(1.0)
    if baseline != "uniform":
        assert np.exp(found.verbs).sum(axis=1) == pytest.approx(1.0, abs=1e-5)


def test_the_uniform_baseline_is_right_by_chance():
    """Not by the order of the classes: the lower number would win every tie, and it is the more frequent one."""
    asked = rows_of("P903_01", *[A] * 600)
    assert top1("uniform", asked) == pytest.approx(1 / 3, abs=0.06)


def test_back_off_is_witten_and_bells():
    model = NextClass(order=1, num_classes=4)
    for target in (0, 0, 1):
        model.learn((A,), target)
    model.learn((B,), 2)
    base = np.array([2, 1, 1, 0]) / 7 + 3 / 7 / 4  # four seen, of three kinds
    assert model.shares(()) == pytest.approx(base)
    assert model.shares((A,)) == pytest.approx(np.array([2, 1, 0, 0]) / 5 + 2 / 5 * base)
    assert model.shares((C,)) == pytest.approx(base)


def test_an_action_that_training_never_showed_is_wrong():
    found = predict("trigram", TRAINING, rows_of("P903_01", A, (7, 7)), VOCABULARY)
    assert measure(found)["all"]["action"].num_clips == 2
    assert measure(found)["all"]["action"].top5 == pytest.approx(0.5)


def test_an_unknown_baseline_is_named():
    with pytest.raises(ConfigurationError, match="uniform, most_frequent, bigram, trigram, got 'tetragram'"):
        predict("tetragram", TRAINING, TRAINING, VOCABULARY)


def test_it_ranks_as_the_simulators_own_trigram():
    """Two implementations of one thing; the library may not import that one."""
    forecast = pytest.importorskip("egoprog.sim.forecast")
    rng = np.random.default_rng(0)
    labels = [(f"v{a}", f"n{b}") for a, b in rng.integers(0, 4, (300, 2))]
    theirs, ours = forecast.Trigram("verb"), NextClass(order=2, num_classes=4)
    theirs.learn(labels)
    numbered = [(int(verb[1:]), int(noun[1:])) for verb, noun in labels]
    for place, (verb, _) in enumerate(numbered):
        ours.learn(numbered[max(0, place - 2) : place], verb)
    for place in range(2, 60):
        shares = ours.shares(numbered[place - 2 : place])
        ranked = sorted(range(4), key=lambda verb: (-round(shares[verb], 12), verb))
        assert [f"v{verb}" for verb in ranked] == theirs.ranked(labels[place - 2 : place])

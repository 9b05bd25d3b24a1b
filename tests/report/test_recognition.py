"""What a network told against what was done: hits, misses, and that nobody is judged by what came later."""

import pytest

from egoprog.report.recognition import Told, key_of, latest, recognition

TAKE, OPEN = ("take", "board:chopping"), ("open", "board:chopping")


def told(stamp_s, *keys, ahead_s=0.0):
    return Told(stamp_s, tuple((key, 0.9 - 0.1 * k) for k, key in enumerate(keys)), ahead_s)


def test_true_programs_are_matched_to_classes_by_their_names():
    assert key_of("take_board_chopping") == TAKE
    assert key_of("turn_on_tap") == ("turn-on", "tap")
    assert key_of("make_a_sandwich") is None


def test_what_is_seen_of_an_action_rests_on_nothing_after_its_end():
    present = [told(0.9, TAKE), told(2.0, TAKE), told(2.1, OPEN)]
    (row,) = recognition([(1.0, 2.0, TAKE)], present, []).rows
    assert row.seen.stamp_s == 2.0


def test_what_is_expected_was_told_its_lead_before_the_start():
    coming = [told(8.9, TAKE, ahead_s=1.0), told(9.1, OPEN, ahead_s=1.0)]
    (row,) = recognition([(10.0, 12.0, TAKE)], [], coming).rows
    assert row.expected.stamp_s == 8.9
    assert row.seen is None


def test_a_prediction_that_is_long_past_says_nothing():
    assert latest([told(3.0, TAKE)], 3.9).key == TAKE
    assert latest([told(3.0, TAKE)], 4.1) is None
    assert latest([], 1.0) is None


def test_rates_count_verb_noun_action_and_the_first_five():
    present = [told(1.0, TAKE), told(3.0, OPEN, TAKE)]
    rates = {rate.name: rate for rate in recognition([(0.0, 1.0, TAKE), (2.0, 3.0, TAKE)], present, []).rates}
    at_end = rates["seen, at an action's end"]
    assert (at_end.num, at_end.verb, at_end.noun, at_end.action, at_end.top5) == (2, 0.5, 1.0, 0.5, 1.0)
    assert rates["seen, in every frame of an action"].num == 2
    assert "expected, before it began" not in rates


def test_scores_are_shares_of_what_is_told():
    from types import SimpleNamespace

    from egoprog.report.recognition import told as read

    stamp = SimpleNamespace(sec=105, nanosec=500_000_000)
    message = SimpleNamespace(
        header=SimpleNamespace(stamp=stamp),
        action_labels=["take board:chopping", "open board:chopping"],
        action_logits=[1.0, 1.0],
        time_to_start=1.0,
    )
    found = read(message, 100.0)
    assert (found.stamp_s, found.key, found.ahead_s) == (5.5, TAKE, 1.0)
    assert found.score == pytest.approx(0.5)
    message.action_labels = []
    assert read(message, 100.0) is None

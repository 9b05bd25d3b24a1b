"""All measures of one set of predictions, as files."""

import csv
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from egoprog.leap.bootstrap import interval
from egoprog.leap.evaluation import evaluate, per_cent, table, write_evaluation
from egoprog.leap.metrics import TailClasses, judge, measure
from egoprog.leap.predictions import load_predictions
from tests.leap.made_up import made_up_predictions


def test_an_evaluation_lies_in_files_that_can_be_read_again(tmp_path):
    made_up = made_up_predictions(60)
    measures = evaluate(made_up, ["P903"], TailClasses(frozenset({4}), frozenset()), num_draws=50)
    write_evaluation(tmp_path, made_up, measures)
    stored = json.loads((tmp_path / "measures.json").read_text())
    assert stored["scores"] == measures["scores"]
    assert {"command", "commit", "machine", "date"} <= stored.keys()
    assert stored["scores"]["all"]["verb"]["top1"] == measure(made_up)["all"]["verb"].top1
    assert stored["calibration"]["action"]["scaling"]["temperature"] > 0
    assert load_predictions(tmp_path / "predictions.npz").narration_ids == made_up.narration_ids
    with (tmp_path / "noun.csv").open() as file:
        assert sum(int(row["support"]) for row in csv.DictReader(file)) == 60
    assert (tmp_path / "reliability.png").stat().st_size > 1000


def test_what_was_not_measured_is_null_and_a_dash(tmp_path):
    nothing = np.zeros((3, 0), np.float32)
    made_up = made_up_predictions(3, sub_verbs=nothing, objects=nothing, true_verbs=np.full(3, -1))
    measures = evaluate(made_up, ["P999"], num_draws=5)
    write_evaluation(tmp_path, made_up, measures)
    assert measures["programs"] is None
    assert measures["scores"]["all"]["action"]["top1"] is None
    assert "| all: 0 | verb | — |" in table(measures)
    assert "S-Verb" not in table(measures)


def test_the_table_shows_the_steps_of_programs():
    made_up = made_up_predictions(10)
    text = table(evaluate(made_up, num_draws=5))
    assert "| 10 programs | accuracy |" in text
    assert "| Obj (B) |" in text
    assert (per_cent(0.4816), per_cent(None)) == ("48.2", "—")


def test_the_interval_of_participants_is_wider_where_clips_of_one_are_alike():
    """Drawing clips as if they were independent promises too much."""
    participants = np.repeat([f"P{k}" for k in range(10)], 50)
    is_right = np.repeat(np.arange(10) % 2, 50).astype(float)

    def share(weights):
        return float(weights @ is_right / weights.sum())

    by_clip, by_participant = interval(share, 500), interval(share, participants)
    assert by_clip.value == by_participant.value == 0.5
    assert by_participant.high - by_participant.low > 3 * (by_clip.high - by_clip.low)


def test_the_interval_of_a_difference_is_paired():
    """Two networks that are right about the same clips differ surely, however hard the clips are to agree on."""
    hard = np.random.default_rng(0).random(400) < 0.5
    better = hard.copy()
    better[np.flatnonzero(~hard)[:20]] = True

    def difference(weights):
        return float(weights @ (better.astype(float) - hard) / weights.sum())

    found = interval(difference, 400)
    assert found.value == pytest.approx(0.05)
    assert found.low > 0.025


def test_no_clips_have_no_interval():
    found = interval(lambda weights: float("nan"), 0)
    assert np.isnan([found.value, found.low, found.high]).all()


@settings(max_examples=20)
@given(st.integers(2, 30), st.integers(0, 500))
def test_an_interval_holds_its_value_and_does_not_change_from_run_to_run(num_clips, seed):
    judged = judge(made_up_predictions(num_clips, seed), "noun")
    found = interval(lambda weights: judged.accuracy(5, weights), num_clips, num_draws=200)
    assert found.low <= found.value <= found.high
    assert found == interval(lambda weights: judged.accuracy(5, weights), num_clips, num_draws=200)

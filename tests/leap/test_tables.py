"""The paper's tables from folders of runs."""

import dataclasses
import json

import numpy as np
import pytest

from egoprog.errors import ModelError
from egoprog.leap.evaluation import evaluate
from egoprog.leap.metrics import measure
from egoprog.leap.predictions import save_predictions
from egoprog.leap.tables import ANTICIPATION, RECOGNITION, SUB_ACTIONS, difference, markdown, spread
from tests.leap.made_up import made_up_predictions


def leave_run(runs, folder, predictions):
    """What `write_evaluation` leaves, without its pictures."""
    save_predictions(runs / folder / "predictions.npz", predictions)
    measures = evaluate(predictions, num_draws=5) | {"commit": "0123abc", "machine": "a toaster"}
    (runs / folder / "measures.json").write_text(json.dumps(measures))


def table_of(table, runs):
    return markdown(table, runs, num_draws=20)


def knowing(made_up, share, seed=0):
    """The same clips, of whose verbs a share is known for sure."""
    is_known = np.random.default_rng(seed).random(len(made_up)) < share
    verbs = np.where(is_known[:, None], 20 * np.eye(9, dtype=np.float32)[made_up.true_verbs], made_up.verbs)
    return dataclasses.replace(made_up, verbs=verbs.astype(np.float32))


def row_of(text, start):
    (line,) = [line for line in text.splitlines() if line.startswith(f"| {start} |")]
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_tables_stand_before_any_run_has_ended(tmp_path):
    for table in (SUB_ACTIONS, RECOGNITION, ANTICIPATION):
        text = table_of(table, tmp_path)
        assert "No run has ended yet." in text
        lines = [line for line in text.splitlines() if line.startswith("|")]
        assert len({line.count("|") for line in lines[: len(table.rows) + 2]}) == 1
    assert row_of(table_of(RECOGNITION, tmp_path), "Full")[1:6] == ["—"] * 4 + ["0"]
    assert row_of(table_of(RECOGNITION, tmp_path), "Full")[-1] == "50.26"


def test_a_table_fills_in_as_runs_end(tmp_path):
    made_up = made_up_predictions(80)
    leave_run(tmp_path, "recognise/full/seed0", knowing(made_up, 0.6))
    one = row_of(table_of(RECOGNITION, tmp_path), "Full")
    assert one[1] == f"{100 * measure(knowing(made_up, 0.6))['all']['verb'].top1:.1f}"
    assert one[5] == "1"
    leave_run(tmp_path, "recognise/full/seed1", knowing(made_up, 0.9, seed=1))
    two = row_of(table_of(RECOGNITION, tmp_path), "Full")
    assert "±" in two[1]
    assert two[5] == "2"
    assert row_of(table_of(RECOGNITION, tmp_path), "Base")[5] == "0"


def test_differences_are_of_the_seeds_that_both_rows_have(tmp_path):
    made_up = made_up_predictions(80)
    for seed in range(2):
        leave_run(tmp_path, f"recognise/base/seed{seed}", knowing(made_up, 0.3, seed))
    leave_run(tmp_path, "recognise/full/seed1", knowing(made_up, 0.9, seed=5))
    leave_run(tmp_path, "recognise/full/seed7", knowing(made_up, 0.1))
    cells = row_of(table_of(RECOGNITION, tmp_path), "Full − Base | top 1")
    base, full = (measure(knowing(made_up, share, seed))["all"]["verb"].top1 for share, seed in ((0.3, 1), (0.9, 5)))
    assert cells[2].startswith(f"{100 * (full - base):+.1f} (")
    assert cells[-1] == "1"
    assert row_of(table_of(RECOGNITION, tmp_path), "LAP − Base | top 1")[2] == "—"


def test_a_baseline_without_seeds_stands_against_every_seed(tmp_path):
    nothing = np.zeros((40, 0), np.float32)
    made_up = made_up_predictions(40, sub_verbs=nothing, objects=nothing)
    leave_run(tmp_path, "anticipate/trigram", made_up)
    for seed in range(3):
        leave_run(tmp_path, f"anticipate/full/seed{seed}", knowing(made_up, 0.8, seed))
    text = table_of(ANTICIPATION, tmp_path)
    assert row_of(text, "label-history trigram")[7] == "1"
    assert row_of(text, "Full − label-history trigram | top 1")[-1] == "3"


def test_sub_actions_of_a_network_without_programs_are_dashes(tmp_path):
    nothing = np.zeros((10, 0), np.float32)
    leave_run(tmp_path, "recognise/lap/seed0", made_up_predictions(10, sub_verbs=nothing, objects=nothing))
    leave_run(tmp_path, "programs/lt/seed0", made_up_predictions(10))
    text = table_of(SUB_ACTIONS, tmp_path)
    assert row_of(text, "L_T + L_PC + L_CE")[1] == "—"
    assert 0 <= float(row_of(text, "L_T")[1]) <= 100


def test_a_sure_gain_has_an_interval_above_zero():
    made_up = made_up_predictions(200)
    pairs = [(knowing(made_up, 0.3, seed), knowing(made_up, 0.6, seed)) for seed in range(3)]
    found = difference(pairs, "verb", lambda judged, weights: judged.accuracy(1, weights))
    assert 0 < found.clips.low < found.clips.value < found.clips.high
    assert found.participants.low > 0


def test_runs_over_other_clips_are_not_compared():
    made_up = made_up_predictions(20)
    with pytest.raises(ModelError, match="same 20 clips to compare, got 19"):
        difference([(made_up, made_up.keep(range(19)))], "verb", lambda judged, weights: judged.accuracy(1, weights))


def test_a_run_that_something_else_measured_is_measured_from_its_predictions(tmp_path):
    """Re-ranking writes figures of its own."""
    nothing = np.zeros((30, 0), np.float32)
    made_up = made_up_predictions(30, sub_verbs=nothing, objects=nothing)
    run = tmp_path / "anticipate" / "full_reranked" / "seed0"
    save_predictions(run / "predictions.npz", made_up)
    (run / "measures.json").write_text(json.dumps({"gain": 1.0, "commit": "4567def"}))
    text = table_of(ANTICIPATION, tmp_path)
    top1 = measure(made_up)["all"]["action"].top1
    assert row_of(text, "Full, re-ranked by the world model")[3] == f"{100 * top1:.1f}"
    assert "4567def" in text


def test_a_damaged_file_is_named(tmp_path):
    path = tmp_path / "recognise" / "full" / "seed0" / "measures.json"
    path.parent.mkdir(parents=True)
    path.write_text("[1")
    with pytest.raises(ModelError, match=r"measures\.json"):
        table_of(RECOGNITION, tmp_path)
    path.write_text("{}")
    with pytest.raises(ModelError, match=r"predictions\.npz"):
        table_of(RECOGNITION, tmp_path)


def test_spread_is_the_sample_standard_deviation():
    assert spread([0.5, 0.52, 0.54]) == "52.0 ± 2.0"
    assert spread([0.5, None]) == "50.0"
    assert spread([]) == "—"

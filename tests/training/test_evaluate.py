"""`python -m training.evaluate`."""

import json
import subprocess
import sys

import pytest

from egoprog.data import write_actions, write_unseen_participants
from egoprog.data.epic_classes import NOUNS, VERBS
from egoprog.leap.predictions import load_predictions, save_predictions
from egoprog.leap.submission import check_submission
from tests.leap.made_up import made_up_config, made_up_predictions
from tests.leap.test_label_history import A, B, C, rows_of
from training.evaluate import main


@pytest.fixture
def dataset(tmp_path):
    annotations = tmp_path / "data" / "annotations"
    write_actions(annotations / "EPIC_100_train.csv", named(rows_of("P901_01", A, B, C, A, B, C)))
    write_actions(
        annotations / "EPIC_100_validation.csv", named(rows_of("P903_01", A, B, C) + rows_of("P904_01", A, B))
    )
    write_unseen_participants(annotations / "EPIC_100_unseen_participant_ids_validation.csv", ["P904"])
    return tmp_path / "data"


def named(rows):
    """With the words that annotation files have."""
    from dataclasses import replace

    return [
        replace(
            row,
            narration=f"{VERBS[row.verb_class]} {NOUNS[row.noun_class]}",
            verb=VERBS[row.verb_class],
            noun=NOUNS[row.noun_class],
            nouns=(NOUNS[row.noun_class],),
            noun_classes=(row.noun_class,),
        )
        for row in rows
    ]


def test_a_baseline_is_measured_from_annotations_alone(dataset, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["--label-history", "trigram", "--data", str(dataset), "--out", str(out)]) == 0
    assert "| unseen: 2 | action |" in capsys.readouterr().out
    measures = json.loads((out / "measures.json").read_text())
    assert measures["task"] == "anticipate"
    assert measures["scores"]["all"]["action"]["num_clips"] == 5


def test_participants_and_clips_can_be_chosen(dataset, tmp_path):
    ask = ["--label-history", "bigram", "--data", str(dataset), "--participants", "unseen"]
    assert main([*ask, "--out", str(tmp_path / "unseen")]) == 0
    assert load_predictions(tmp_path / "unseen" / "predictions.npz").narration_ids == ("P904_01_0", "P904_01_1")
    one = load_predictions(tmp_path / "unseen" / "predictions.npz").keep([1])
    save_predictions(tmp_path / "one.npz", one)
    assert main([*ask, "--same-clips-as", str(tmp_path / "one.npz"), "--out", str(tmp_path / "same")]) == 0
    assert load_predictions(tmp_path / "same" / "predictions.npz").narration_ids == ("P904_01_1",)


def test_two_stored_networks_are_averaged_and_submitted(tmp_path):
    config = made_up_config(verbs=VERBS, nouns=NOUNS)
    made_up = made_up_predictions(12, config=config)
    for name in ("a.npz", "b.npz"):
        save_predictions(tmp_path / name, made_up)
    paths = [str(tmp_path / "a.npz"), str(tmp_path / "b.npz")]
    assert main(["--predictions", *paths, "--out", str(tmp_path / "out"), "--submission"]) == 0
    assert check_submission(tmp_path / "out" / "submission.zip", made_up.narration_ids) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--predictions", "nowhere.npz"], "expected predictions in nowhere.npz"),
        (["--label-history", "trigram"], "expected --data with --label-history"),
        (["--predictions", "a.npz", "--participants", "unseen"], "expected a list of unseen participants"),
        (["--predictions", "a.npz", "--submission"], "97 verbs and 300 nouns"),
    ],
)
def test_bad_calls_end_with_one_line(tmp_path, monkeypatch, capsys, arguments, words):
    monkeypatch.chdir(tmp_path)
    save_predictions("a.npz", made_up_predictions(4))
    assert main([*arguments, "--out", "out"]) == 1
    assert words in capsys.readouterr().err


def test_stored_predictions_are_measured_without_pytorch():
    """On a machine that only looks at results."""
    script = "import sys; sys.modules['torch'] = None; import training.evaluate"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).returncode == 0

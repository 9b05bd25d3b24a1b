"""python -m training.rerank over a folder of annotations and programs."""

import csv
import json
from dataclasses import replace

import numpy as np
import pytest
from kitchen_clips import row, store

from egoprog.data.epic import read_actions, write_actions
from egoprog.data.epic_classes import NOUNS, VERBS
from egoprog.data.epic_folder import EpicFolder
from egoprog.data.program_lines import write_programs
from egoprog.leap import label_history
from egoprog.leap.predictions import load_predictions, save_predictions
from egoprog.leap.reranking import load_reranker
from egoprog.leap.vocabulary import make_vocabulary
from training.rerank import main


@pytest.fixture
def kitchens(tmp_path) -> EpicFolder:
    folder = EpicFolder(tmp_path / "kitchens")
    for split, participants in (("train", ("P901", "P902", "P903", "P904")), ("validation", ("P937",))):
        clips = [one for name in participants for one in store(f"{name}_01", 4)]
        folder.actions(split).parent.mkdir(parents=True, exist_ok=True)
        folder.programs(split).parent.mkdir(parents=True, exist_ok=True)
        write_actions(folder.actions(split), [row(one, VERBS, NOUNS) for one in clips])
        write_programs(folder.programs(split), [one.clip for one in clips])
    return folder


@pytest.fixture
def predictions(kitchens, tmp_path):
    """Of somebody who knows how frequent actions are, and no more."""
    training, asked = (read_actions(kitchens.actions(split)) for split in ("train", "validation"))
    said = label_history.predict("most_frequent", training, asked, make_vocabulary(training, ()))
    save_predictions(tmp_path / "predictions.npz", said)
    return tmp_path / "predictions.npz"


def test_reranking_measures_on_and_off_and_tells_reasons(kitchens, predictions, tmp_path, capsys):
    out = tmp_path / "out"
    arguments = ["--predictions", predictions, "--data", kitchens.root, "--true-history", "--out", out]
    assert main([str(one) for one in arguments]) == 0
    assert "mean top-5 recall" in capsys.readouterr().out
    measures = json.loads((out / "measures.json").read_text())
    assert measures["on"]["mean_top5_recall"] >= measures["off"]["mean_top5_recall"]
    assert "upper bound" in measures["past"]
    assert load_predictions(out / "predictions.npz").narration_ids == load_predictions(predictions).narration_ids
    assert load_reranker(out / "reranker.json").weight == measures["weight"]
    with (out / "reasons.csv").open() as file:
        assert next(csv.reader(file)) == ["narration_id", "action", "rank_before", "rank_after", "shift", "why_not"]


def test_a_recognisers_history_needs_no_truth_of_the_clips_that_are_asked(kitchens, predictions, tmp_path):
    """What a recogniser said of every clip, here at random, still gives numbers for every candidate."""
    said = load_predictions(predictions)
    noise = np.random.default_rng(0).normal(size=said.actions.shape).astype(np.float32)
    save_predictions(tmp_path / "recognised.npz", replace(said, actions=noise))
    arguments = ["--predictions", predictions, "--data", kitchens.root, "--history", tmp_path / "recognised.npz"]
    assert main([str(one) for one in [*arguments, "--out", tmp_path / "out"]]) == 0
    assert np.isfinite(load_predictions(tmp_path / "out" / "predictions.npz").actions).all()


def test_predictions_of_other_videos_are_refused(kitchens, predictions, tmp_path, capsys):
    said = load_predictions(predictions)
    save_predictions(predictions, replace(said, narration_ids=("P999_01_0", *said.narration_ids[1:])))
    arguments = ["--predictions", predictions, "--data", kitchens.root, "--true-history", "--out", tmp_path / "out"]
    assert main([str(one) for one in arguments]) == 1
    assert "P999_01_0" in capsys.readouterr().err

"""The export's commands: what they write, what they print, and one line for what is wrong."""

import dataclasses
import json
import shutil

import pytest
import torch

from egoprog.leap.action_conditions import ActionConditions
from egoprog.leap.reranking import Reranker, load_reranker, save_reranker
from egoprog.runtime import open_model
from export import card, leap, quantise
from tests.leap.small_model import ALONE, BACKBONE, save_network, small_model_folder, small_network

TINY = dataclasses.replace(
    ALONE,
    vocabulary=dataclasses.replace(ALONE.vocabulary, sentences=()),
    backbone=dataclasses.replace(BACKBONE, num_layers=1, global_layers=(0,), num_frames=3),
    has_program=False,
)


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


@pytest.fixture
def run(tmp_path):
    folder = tmp_path / "run"
    save_network(small_network(TINY), folder / "best.safetensors")
    made = {"command": "python -m training.leap --recipe x", "commit": "abc"}
    (folder / "results.json").write_text(json.dumps(made))
    return folder


def test_a_run_becomes_a_model_folder_that_agrees_with_it(run, tmp_path, capsys):
    out = tmp_path / "tiny"
    assert leap.main(["--run", str(run), "--out", str(out), "--check", "--precision", "fp32,int8"]) == 0
    said = capsys.readouterr().out
    for words in ("frame_encoder.tokens", "recogniser.actions", "tolerance", "int8: ONNX Runtime against PyTorch"):
        assert words in said
    model = open_model(out)
    model.check()
    assert (model.name, model.command, model.commit) == ("tiny", "python -m training.leap --recipe x", "abc")
    assert set(model.files) == {
        "frame_encoder.onnx",
        "frame_encoder.int8.onnx",
        "frame_encoder.safetensors",
        "recogniser.onnx",
        "recogniser.safetensors",
    }


def test_what_the_world_model_has_to_say_goes_into_the_folder_and_stays_there(run, tmp_path, capsys):
    learned, named = Reranker(ActionConditions({}, {}, {}, {}, {}, {}), {}, 0.5), tmp_path / "learned.json"
    first, again = tmp_path / "first", tmp_path / "again"
    save_reranker(named, learned)
    assert leap.main(["--run", str(run), "--reranker", str(named), "--out", str(first)]) == 0
    assert leap.main(["--model", str(first), "--out", str(again)]) == 0
    for folder in (first, again):
        open_model(folder).check()
        assert "reranker.json" in open_model(folder).files
        assert load_reranker(folder / "reranker.json") == learned
    named.write_text("{}")
    assert leap.main(["--run", str(run), "--reranker", str(named), "--out", str(tmp_path / "third")]) == 1
    assert "expected a re-ranker" in capsys.readouterr().err
    assert not (tmp_path / "third").exists(), "it is told before anything is written"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--run", "no/such/run"], "no/such/run"),
        (["--model", "no/such/model"], "expected the folder of a model at no/such/model"),
        (["--model", "no/such/model", "--precision", "fp8"], "expected precisions of fp32, fp16, int8, got fp8"),
    ],
)
def test_what_is_wrong_is_one_line(arguments, words, tmp_path, capsys):
    assert leap.main([*arguments, "--out", str(tmp_path / "out")]) == 1
    error = capsys.readouterr().err.strip()
    assert error.startswith("export.leap: ") and words in error and "\n" not in error


def test_precisions_are_compared_and_the_table_is_written(tmp_path, capsys):
    assert quantise.main([str(small_model_folder()), "--clips", "2", "--out", str(tmp_path)]) == 0
    assert "| int8, static |" in capsys.readouterr().out
    (results,) = tmp_path.glob("*_precisions.json")
    written = json.loads(results.read_text())
    assert [row["form"] for row in written["rows"]] == ["fp32", "fp16", "int8, static", "int8, dynamic"]
    assert {"command", "commit", "machine"} <= set(written)
    assert written["rows"][0]["same actions"] == "100.0%"


def test_a_card_is_written_by_its_command(tmp_path, capsys):
    folder = shutil.copytree(small_model_folder(), tmp_path / "small")
    assert card.main([str(folder)]) == 1
    assert "expected figures in" in capsys.readouterr().err
    (folder / "measures.json").write_text('{"tables": [], "limits": ["Random weights."]}')
    assert card.main([str(folder)]) == 0
    assert "- Random weights." in (folder / "README.md").read_text()

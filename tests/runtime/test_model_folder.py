"""Model folders: what is read strictly, what is refused, and what every model that ships must have."""

import json
import shutil
from pathlib import Path

import pytest
import torch

import export.card
from egoprog.errors import ModelError
from egoprog.leap.agreement import differences, made_pictures, normalised, sessions_of, stream
from egoprog.leap.live import config_of
from egoprog.runtime import load, open_model
from egoprog.runtime.card import CARD, card, read_measures, write_card
from tests.leap.small_model import small_model_folder

MODELS = Path(__file__).resolve().parents[2] / "models"
SHIPPED = sorted(path.parent for path in MODELS.glob("*/model.json"))
LARGEST_BYTES = 25_000_000


@pytest.fixture
def folder(tmp_path):
    """A copy that a test may change."""
    return Path(shutil.copytree(small_model_folder(), tmp_path / "small"))


def change(folder, **values):
    path = folder / "model.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def test_what_is_written_is_read(folder):
    model = open_model(folder)
    model.write()
    assert open_model(folder) == model
    model.check()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"schema": 2}, "expected schema 1"),
        ({"extra": 1}, "got extra too"),
        ({"about": 3}, "expected about to be str"),
        ({"files": {}}, r"expected the sha256 of recogniser\.safetensors"),
        ({"graphs": {"x": {"weights": "a"}}}, "expected onnx in .*, graph x"),
        ({"graphs": {"x": {"weights": "recogniser.safetensors", "onnx": {"int8": "context.onnx"}}}}, "fp32 first"),
    ],
)
def test_a_model_json_that_says_something_else_is_refused(folder, values, words):
    change(folder, **values)
    with pytest.raises(ModelError, match=words) as caught:
        open_model(folder)
    assert "\n" not in str(caught.value)


def test_a_file_name_that_leads_elsewhere_is_refused(folder):
    entry = {"weights": "../x", "onnx": {"fp32": "context.onnx"}}
    change(folder, graphs={"x": entry}, files={"../x": "", "context.onnx": ""})
    with pytest.raises(ModelError, match="expected a plain file name"):
        open_model(folder)


def test_a_damaged_missing_or_foreign_file_is_named(folder):
    path = folder / "recogniser.onnx"
    path.write_bytes(path.read_bytes()[:-100])
    for where, graph in ((folder, "recogniser"), (path, None)):
        with pytest.raises(ModelError, match=r"expected sha256 .* for .*recogniser\.onnx, got"):
            load(where, graph=graph)
    path.unlink()
    with pytest.raises(ModelError, match=r"expected .*recogniser\.onnx, found none"):
        load(folder, graph="recogniser")
    with pytest.raises(ModelError, match=r"expected a graph of .*, one of frame_encoder, recogniser"):
        load(folder)
    with pytest.raises(ModelError, match="in int8, got fp32 only"):
        load(folder, precision="int8", graph="context")


def test_pytorch_runs_the_weights_and_refuses_damaged_ones(folder):
    session = load(folder, ("torch",), graph="context", num_threads=1)
    assert (session.backend, session.metadata["graph"]) == ("torch", "context")
    (folder / "context.safetensors").write_bytes(b"nothing")
    with pytest.raises(ModelError, match=r"expected sha256 .* for .*context\.safetensors"):
        load(folder, ("torch",), graph="context")


def test_pytorch_says_that_it_needs_the_weights_and_fp32(folder, tmp_path):
    alone = tmp_path / "alone.onnx"
    alone.write_bytes((folder / "context.onnx").read_bytes())
    session = load(alone, ("torch", "onnxruntime"))
    assert session.backend == "onnxruntime"
    assert "needs the folder of a model" in session.fallbacks[0].reason
    assert load(folder / "context.onnx", ("torch", "onnxruntime")).backend == "torch"


def test_a_card_says_what_the_files_say(folder):
    table = {"title": "Agreement", "command": "python -m x", "commit": "abc", "machine": "2 cores"}
    report = {
        "tables": [{**table, "columns": ["precision", "ms"], "rows": [["int8", 1.23456]]}],
        "limits": ["None known."],
    }
    (folder / "measures.json").write_text(json.dumps(report))
    text = write_card(open_model(folder)).read_text()
    for words in ("# small", "Random weights", "| int8 | 1.235 |", "`python -m x` at commit abc", "- None known."):
        assert words in text
    report["tables"][0]["rows"] = [["int8"]]
    (folder / "measures.json").write_text(json.dumps(report))
    with pytest.raises(ModelError, match="a row of 1 values under 2 columns"):
        read_measures(folder)


def test_a_card_s_figures_are_those_of_the_heads_runs(folder, tmp_path, capsys):
    share = {"top1": 0.5, "top5": 0.75, "mean_top5_recall": 0.25}
    measures = {"command": "python -m training.evaluate --run runs/live", "commit": "abc", "machine": "2 cores"}
    measures |= {"participants": ["P901", "P902"], "num_clips": 7, "intervals": {}, "calibration": {}}
    measures |= {"scores": {"all": dict.fromkeys(("verb", "noun", "action"), share)}, "programs": None}
    (tmp_path / "measures.json").write_text(json.dumps(measures))
    assert export.card.main([str(folder), "--runs", f"recogniser={tmp_path}", "--limit", "Kitchens alone."]) == 0
    text = (folder / CARD).read_text()
    assert "of 2 people" in text
    assert "| recogniser | 7 | 50 | 75 | 50 | 75 | 50 | 75 | 25 |" in text.replace(".0 ", " ")
    assert "- Kitchens alone." in text
    assert "S-Verb" not in text
    assert export.card.main([str(folder), "--runs", f"recogniser={tmp_path / 'none'}"]) == 1
    assert export.card.main([str(folder), "--runs", str(tmp_path)]) == 1
    assert "expected HEAD=RUN" in capsys.readouterr().err


@pytest.mark.parametrize("folder", [pytest.param(path, id=path.name) for path in SHIPPED])
def test_every_model_that_ships_is_whole_small_and_has_its_card(folder):
    model = open_model(folder)
    model.check()
    assert model.name == folder.name
    for name in model.files:
        assert (folder / name).stat().st_size < LARGEST_BYTES, name
        assert b"/egoprog/" not in (folder / name).read_bytes(), f"{name} tells where its sources lay"
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert there == {*model.files, "model.json", "measures.json", CARD}
    assert (folder / CARD).read_text() == card(model), f"run  python -m export.card models/{folder.name}"


@pytest.mark.parametrize("folder", [pytest.param(path, id=path.name) for path in SHIPPED])
def test_onnx_and_weights_of_every_model_that_ships_agree(folder):
    torch.set_num_threads(1)
    model = open_model(folder)
    if "frame_encoder" not in model.graphs:
        pytest.skip("not a stream's")
    sessions = sessions_of(model, "onnxruntime")
    frames = normalised(made_pictures(4), config_of(sessions["frame_encoder"]).backbone)
    for difference in differences(stream(sessions, frames), stream(sessions_of(model, "torch"), frames)):
        assert difference.is_within(), difference

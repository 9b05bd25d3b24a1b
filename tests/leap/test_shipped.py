"""Which model a robot finds when nobody names one."""

import json

import pytest

from egoprog.leap import shipped
from egoprog.leap.shipped import model_roots, shipped_model


def write_model(folder, *graphs):
    folder.mkdir(parents=True)
    names = {"name": folder.name, "about": "", "data": "", "command": "", "commit": "", "license": "Apache-2.0"}
    entries = {name: {"weights": "w.safetensors", "onnx": {"fp32": f"{name}.onnx"}} for name in graphs}
    files = {"w.safetensors": "0"} | {f"{name}.onnx": "0" for name in graphs}
    (folder / "model.json").write_text(json.dumps({"schema": 1, **names, "graphs": entries, "files": files}))


@pytest.fixture
def roots(tmp_path, monkeypatch):
    roots = (tmp_path / "checkout", tmp_path / "installed")
    monkeypatch.setattr(shipped, "model_roots", lambda: roots)
    return roots


def test_the_first_model_that_runs_on_a_stream_is_taken(roots):
    assert shipped_model() is None
    write_model(roots[1] / "b", "frame_encoder", "recogniser")
    assert shipped_model() == roots[1] / "b"
    write_model(roots[0] / "frames_alone", "frame_encoder")
    (roots[0] / "broken").mkdir()
    (roots[0] / "broken" / "model.json").write_text("{")
    assert shipped_model() == roots[1] / "b", "what is no stream's, or broken, is passed over"
    write_model(roots[0] / "a", "frame_encoder", "recogniser", "anticipator")
    assert shipped_model() == roots[0] / "a"


def test_models_of_sourced_workspaces_are_found(monkeypatch, tmp_path):
    monkeypatch.setenv("AMENT_PREFIX_PATH", str(tmp_path))
    assert model_roots()[-1] == tmp_path / "share" / "egoprog" / "models"

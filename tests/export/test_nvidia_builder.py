"""NVIDIA's own parser and builder take every graph that ships, and a fresh export, without a GPU."""

import shutil
from pathlib import Path

import pytest

from egoprog.leap.agreement import made_pictures, normalised
from egoprog.leap.export import add_precision
from egoprog.runtime import ModelFolder, engines, open_model
from egoprog.runtime.engines import Target
from tests.leap.small_model import BACKBONE, small_model_folder

pytest.importorskip("tensorrt_rtx_bindings")
MODELS = Path(__file__).resolve().parents[2] / "models"
SHIPPED = [pytest.param(path, id=str(path.relative_to(MODELS))) for path in sorted(MODELS.glob("*/*.onnx"))]


def build(model: ModelFolder, file: str) -> bytes:
    written = next(
        model.written_in(name, precision)
        for name, graph in model.graphs.items()
        for precision, onnx in graph.onnx.items()
        if onnx == file
    )
    return engines.build(model.path / file, Target("8.9", written))


@pytest.mark.parametrize("path", SHIPPED)
def test_the_builder_takes_what_ships(path):
    assert build(open_model(path.parent), path.name)


@pytest.mark.parametrize("file", ["frame_encoder.onnx", "recogniser.onnx", "context.onnx"])
def test_the_builder_takes_a_fresh_export(file):
    assert build(open_model(small_model_folder()), file)


def test_the_builder_takes_half_precision_and_int8(tmp_path):
    shutil.copytree(small_model_folder(), tmp_path / "small")
    model = add_precision(open_model(tmp_path / "small"), "fp16")
    model = add_precision(model, "int8", normalised(made_pictures(4), BACKBONE))
    for file in ("frame_encoder.fp16.onnx", "recogniser.fp16.onnx", "frame_encoder.int8.onnx"):
        assert build(model, file)

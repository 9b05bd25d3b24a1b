"""The export of a generator: its command, graphs that agree with PyTorch, and NVIDIA's own builder, without a GPU."""

import json
from dataclasses import replace

import numpy as np
import onnx
import pytest
import torch
from small_drawer import CONFIG, small_drawer_folder, write_sources
from small_lego import PLAIN, tiny_model

from egoprog.errors import ModelError
from egoprog.lego import export
from egoprog.lego.checkpoints import load_model, save_model
from egoprog.lego.drawing import Drawer
from egoprog.lego.export import graph_differences
from egoprog.lego.fast_sampling import Sampling
from egoprog.lego.graphs import generator_graphs, vlm_graphs
from egoprog.lego.questions import parse_question
from egoprog.lego.vlm import load_vlm
from egoprog.runtime import engines, open_model
from egoprog.runtime.engines import Target
from export import lego

GRAPHS = (
    "conditioning",
    "unet",
    "unet_shallow",
    "unet_alone",
    "frame_encoder",
    "decoder",
    "vision",
    "prompt",
    "answer",
)


def test_every_graph_agrees_with_pytorch():
    folder = open_model(small_drawer_folder())
    graphs = [*generator_graphs(load_model(folder.path), True), *vlm_graphs(load_vlm(folder.path / "vlm"))]
    assert tuple(folder.graphs) == tuple(graph.name for graph in graphs) == GRAPHS
    for difference in graph_differences(folder, graphs):
        assert difference.scale > 0 and difference.is_within(), difference


@pytest.mark.parametrize("name", GRAPHS)
def test_the_builder_takes_every_graph(name):
    pytest.importorskip("tensorrt_rtx_bindings")
    assert engines.build(open_model(small_drawer_folder()).onnx(name), Target("8.9", "fp32"))


def test_a_generator_that_reads_labels_needs_no_language_model(tmp_path, capsys):
    """In half precision too; its weights, saved in half, are kept so, and each graph says what it was made from."""
    unet = replace(PLAIN.unet, attends=(False, *PLAIN.unet.attends[1:]))  # as in the small configuration
    save_model(tiny_model(replace(PLAIN, words="label", unet=unet)), tmp_path / "labels")
    arguments = ["--model", str(tmp_path / "labels"), "--out", str(tmp_path / "out"), "--check"]
    assert lego.main([*arguments, "--precision", "fp32,fp16", "--solver", "dpm", "--steps", "2"]) == 0
    assert "unet.predicted" in capsys.readouterr().out
    folder = open_model(tmp_path / "out")
    folder.check()
    proto = onnx.load(folder.onnx("unet"))
    metadata = {one.key: one.value for one in proto.metadata_props}
    assert metadata["weights_sha256"] == folder.files[metadata["weights"]]
    assert json.loads(metadata["config"])["words"] == "label"
    assert sum(one.data_type == onnx.TensorProto.FLOAT16 for one in proto.graph.initializer) > 20
    for precision in ("fp32", "fp16"):
        drawer = Drawer.open(tmp_path / "out", ("onnxruntime",), precision)
        picture = np.zeros((*drawer.size_px, 3), np.uint8)
        drawn = drawer.draw(picture, parse_question("how do I open the drawer?"), sampling=Sampling("dpm", 4, reuse=2))
        assert drawn.steps == 4


def test_a_graph_that_one_file_cannot_hold_is_told_with_its_size_and_not_written(tmp_path, monkeypatch):
    """The limit is lowered to where half of the weights' bytes still fit; rounded to half precision, they do."""
    decoder = {graph.name: graph for graph in generator_graphs(tiny_model(PLAIN))}["decoder"]
    path = tmp_path / "decoder.onnx"
    export.write_graph(decoder, {"fp32": path}, {})
    most = 0.7 * path.stat().st_size
    path.unlink()
    monkeypatch.setattr(export, "_MOST_BYTES", most)
    with pytest.raises(ModelError, match=r"expected a decoder of less than 2 GB, got .* GB; save its weights rounded"):
        export.write_graph(decoder, {"fp32": path}, {})
    assert not list(tmp_path.iterdir())
    with torch.no_grad():
        for parameter in decoder.module.parameters():
            parameter.copy_(parameter.half())
    export.write_graph(decoder, {"fp32": path}, {})
    assert path.stat().st_size < most


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"--model": "no/such/model"}, "found no lego.json in no/such/model"),
        ({"--precision": "int4"}, "expected precisions of fp32, fp16, got int4"),
        ({"--solver": "dpn"}, "did you mean 'dpm'"),
        ({"--vlm": None}, "expected a visual language model for a generator that reads descriptions, got none"),
    ],
)
def test_what_is_wrong_is_one_line(changes, words, tmp_path, capsys):
    model, vlm = write_sources(tmp_path, CONFIG)
    options = {"--model": str(model), "--vlm": str(vlm), "--out": str(tmp_path / "out")} | changes
    arguments = [word for name, value in options.items() if value is not None for word in (name, value)]
    assert lego.main(arguments) == 1
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("export.lego: ") and words in error

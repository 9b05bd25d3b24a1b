"""What was exported says what the trained network says, and the check notices where it does not."""

import dataclasses
import shutil

import numpy as np
import pytest
import torch

from egoprog.errors import ConfigurationError, ModelError
from egoprog.leap import export as exporting
from egoprog.leap.agreement import Difference, differences, made_pictures, normalised, sessions_of, stream
from egoprog.leap.config import leap_from_json
from egoprog.leap.frame_pretraining import read_frame_encoder
from egoprog.leap.initial_weights import load_network
from egoprog.runtime import load, open_model
from egoprog.runtime.model_folder import sha256_of
from egoprog.train.checkpoint import read_weights
from export.leap import check
from tests.leap.small_model import ANTICIPATE, BACKBONE, RECOGNISE, save_network, small_model_folder, small_network

FRAMES = normalised(made_pictures(8), BACKBONE)


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


@pytest.fixture
def model(tmp_path):
    """A copy that a test may change."""
    shutil.copytree(small_model_folder(), tmp_path / "small")
    return open_model(tmp_path / "small")


def test_onnx_runtime_and_pytorch_say_the_same_of_a_stream():
    model = open_model(small_model_folder())
    reference = stream(sessions_of(model, "torch"), FRAMES)
    found = differences(stream(sessions_of(model, "onnxruntime"), FRAMES), reference)
    assert {difference.output.partition(".")[0] for difference in found} == set(model.graphs)
    for difference in found:
        assert difference.is_within(), difference
        assert difference.top_1 in (None, 1.0)


def test_the_graphs_are_called_as_the_live_nodes_call_them():
    folder = small_model_folder()
    encoder = load(folder, ("onnxruntime",), graph="frame_encoder")
    assert [str(spec) for spec in encoder.inputs] == ["frame float32 (1, 3, 48, 64)"]
    assert [str(spec) for spec in encoder.outputs] == ["tokens float32 (1, 2, 13, 48)"]
    head = load(folder, ("onnxruntime",), graph="recogniser")
    shapes = {spec.name: spec.shape for spec in head.inputs + head.outputs if not spec.name.startswith("state_")}
    assert shapes == {
        "tokens": (1, 2, 13, 48),
        "context": (1, 4, 48),
        "has_context": (1, 4),
        "token": (1, 48),
        "verbs": (1, 3),
        "nouns": (1, 4),
        "actions": (1, 4),
        "sub_verbs": (1, 9, 8),
        "objects": (1, 9, 6),
        "precondition": (1, 384),
    }
    states = {spec.name: spec for spec in head.inputs if spec.name.startswith("state_")}
    fed_back = {spec.name.removesuffix("_out"): spec for spec in head.outputs if spec.name.startswith("state_")}
    assert {name: spec.shape for name, spec in states.items()} == {name: spec.shape for name, spec in fed_back.items()}


def test_a_graph_says_what_it_is():
    metadata = load(small_model_folder(), ("onnxruntime",), graph="anticipator").metadata
    config = leap_from_json(metadata["config"])
    assert (config.task, config.backbone, metadata["graph"]) == ("anticipate", BACKBONE, "anticipator")
    assert (metadata["frame_stride"], metadata["rate_hz"], metadata["frame_spacing_s"]) == ("5", "10", "0.5")
    assert metadata["weights_sha256"] == sha256_of(small_model_folder() / "anticipator.safetensors")


def test_the_embeddings_of_sentences_travel_with_the_model():
    model = open_model(small_model_folder())
    model.check("sentences.npy")
    assert np.load(model.path / "sentences.npy").shape == (2, 384)


def test_the_check_passes_what_agrees_and_refuses_what_does_not(model, capsys):
    assert check(model, ["fp32"], FRAMES) == 0
    assert "tolerance" in capsys.readouterr().out
    save_network(small_network(RECOGNISE, seed=7), model.path / "recogniser.safetensors")
    files = {**model.files, "recogniser.safetensors": sha256_of(model.path / "recogniser.safetensors")}
    dataclasses.replace(model, files=files).write()
    assert check(open_model(model.path), ["fp32"], FRAMES) == 1
    out, err = capsys.readouterr()
    assert "recogniser.verbs" in out and "BEYOND" in out
    assert "beyond" in err


def test_half_precision_and_int8_say_nearly_the_same(model):
    reference = stream(sessions_of(model, "onnxruntime"), FRAMES)
    for precision, tolerance in (("fp16", 5e-3), ("int8", 5e-2)):
        model = exporting.add_precision(model, precision, FRAMES)
        sessions = sessions_of(model, "onnxruntime", precision)
        for difference in differences(stream(sessions, FRAMES), reference):
            assert difference.is_within(tolerance), (precision, difference)
    assert sessions["frame_encoder"].precision == "int8"
    assert sessions["recogniser"].precision == "fp32"
    sizes = [model.onnx("frame_encoder", precision).stat().st_size for precision in ("fp32", "fp16", "int8")]
    assert sizes == sorted(sizes, reverse=True)


def test_int8_without_frames_to_set_its_scales_is_refused(model):
    with pytest.raises(ConfigurationError, match="expected examples"):
        exporting.add_precision(model, "int8")


def test_nan_is_beyond_every_tolerance():
    assert not Difference("x", float("nan"), 1.0, None).is_within()


def test_heads_that_do_not_share_a_frame_encoder_are_refused(tmp_path):
    other = small_network(seed=0)
    with torch.no_grad():
        other.backbone.conv1.weight.add_(1.0)
    weights = {
        "recogniser": save_network(small_network(), tmp_path / "a.safetensors"),
        "anticipator": save_network(other, tmp_path / "b.safetensors"),
    }
    about = exporting.About("x", "", "", "", "")
    with pytest.raises(ModelError, match=r"frame encoder in the anticipator, conv1\.weight differs"):
        exporting.export_model(tmp_path / "out", weights, about, commit="")
    assert not (tmp_path / "out").exists()


def test_weights_of_another_configuration_are_named(tmp_path):
    network = small_network()
    del network.program.verb
    with pytest.raises(ModelError, match=r"program\.verb\.weight"):
        load_network(save_network(network, tmp_path / "x.safetensors"))


def test_the_shared_frame_encoder_is_written_once(tmp_path):
    model = open_model(small_model_folder())
    own = {name: read_weights(model.path / f"{name}.safetensors").keys() for name in ("recogniser", "anticipator")}
    shared = read_weights(model.path / "frame_encoder.safetensors").keys()
    assert "backbone.conv1.weight" in shared and not any(shared & names for names in own.values())
    for seed, (name, config) in enumerate([("recogniser", RECOGNISE), ("anticipator", ANTICIPATE)]):
        expected = small_network(config, seed).state_dict()
        found = load_network(model.path / f"{name}.safetensors").state_dict()
        assert found.keys() == expected.keys()
        assert all(torch.equal(found[key], expected[key]) for key in expected)
    encoder = read_frame_encoder(model.path / "frame_encoder.safetensors")
    frame = torch.randn(1, 3, 1, *BACKBONE.size_px)
    assert torch.equal(
        encoder.frames(frame), load_network(model.path / "recogniser.safetensors").backbone.frames(frame)
    )


def test_a_shared_file_that_is_damaged_is_named(model):
    (model.path / "frame_encoder.safetensors").write_bytes(b"x")
    with pytest.raises(ModelError, match=r"frame_encoder\.safetensors"):
        load(model.path, ("torch",), graph="recogniser")

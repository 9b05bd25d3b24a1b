"""The real NVIDIA builder, without a GPU: what it takes, what it refuses, and what is kept."""

import onnx
import pytest
from onnx import TensorProto, helper

from egoprog.errors import ConfigurationError, ModelError
from egoprog.runtime import engines
from egoprog.runtime.backend import BackendUnavailable
from egoprog.runtime.engines import Target

pytest.importorskip("tensorrt_rtx_bindings")
ADA = Target("8.9")


def save(path, nodes, *, kind=TensorProto.FLOAT):
    """x (2) to y (2) through nodes."""
    graph = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("x", kind, [2])], [helper.make_tensor_value_info("y", kind, [2])]
    )
    opsets = [helper.make_opsetid("", 20), helper.make_opsetid("nobody", 1)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=10), path)
    return path


@pytest.fixture
def relu(tmp_path):
    return save(tmp_path / "relu.onnx", [helper.make_node("Relu", ["x"], ["y"], name="only")])


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("EGOPROG_MODELS", str(tmp_path / "cache"))
    return tmp_path / "cache" / "engines"


def test_an_engine_is_built_for_a_gpu_that_is_not_there(relu):
    assert len(engines.build(relu, ADA)) > 100


def test_an_engine_is_built_once_for_each_file_gpu_precision_and_library(relu, cache, monkeypatch):
    first = engines.cached(relu, ADA)
    (kept,) = cache.iterdir()
    for part in ("relu", "sm89", "fp32", engines.version()):
        assert part in kept.name
    monkeypatch.setattr(engines, "build", lambda *_: pytest.fail("it was built again"))
    assert engines.cached(relu, ADA) == first
    assert engines.engine_name(relu, Target("8.6")) != kept.name


def test_a_cache_that_cannot_be_written_is_said_and_costs_no_engine(relu, tmp_path, monkeypatch, caplog):
    (tmp_path / "file").write_text("in the way of a folder")
    monkeypatch.setenv("EGOPROG_MODELS", str(tmp_path / "file"))
    assert engines.cached(relu, ADA)
    assert "expected to write" in caplog.text


def test_nodes_that_it_does_not_know_are_named_one_by_one(tmp_path):
    nodes = [
        helper.make_node("Relu", ["x"], ["h"], name="fine"),
        helper.make_node("Fold", ["h"], ["k"], name="odd", domain="nobody"),
        helper.make_node("Unfold", ["k"], ["y"], name="odder", domain="nobody"),
    ]
    with pytest.raises(BackendUnavailable, match=r"node odd \(Fold\).*node odder \(Unfold\)") as caught:
        engines.build(save(tmp_path / "odd.onnx", nodes), ADA)
    assert "fine" not in str(caught.value)


def test_a_damaged_file_a_wrong_precision_and_an_unknown_gpu_are_one_line(relu, tmp_path):
    with pytest.raises(ModelError, match=r"expected an ONNX graph at .*, found none"):
        engines.build(tmp_path / "none.onnx", ADA)
    with pytest.raises(ModelError, match=r"expected a graph in fp16 in .*, got one in fp32"):
        engines.build(relu, Target("8.9", "fp16"))
    with pytest.raises(ConfigurationError, match=r"expected a compute capability of .*8\.9.*, got '8\.7'"):
        engines.build(relu, Target("8.7"))
    relu.write_bytes(relu.read_bytes()[:30])
    with pytest.raises(ModelError, match="it can't be read"):
        engines.build(relu, ADA)


def test_a_graph_in_half_precision_is_built_as_such(tmp_path):
    path = save(tmp_path / "half.onnx", [helper.make_node("Relu", ["x"], ["y"])], kind=TensorProto.FLOAT16)
    assert engines.build(path, Target("8.9", "fp16"))
    with pytest.raises(ModelError, match=r"expected a graph in fp32 in .*, got one in fp16"):
        engines.build(path, ADA)

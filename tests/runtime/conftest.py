"""A graph that is small enough to read."""

import onnx
import pytest
from onnx import TensorProto, helper


@pytest.fixture
def doubler(tmp_path):
    """x (1, 3) to y = 2x."""
    graph = helper.make_graph(
        [helper.make_node("Add", ["x", "x"], ["y"], name="twice")],
        "doubler",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 3])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    helper.set_model_props(model, {"commit": "abc", "what": "¡twice!"})
    path = tmp_path / "doubler.onnx"
    onnx.save(model, path)
    return path

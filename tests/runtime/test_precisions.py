"""Graphs in half precision."""

import numpy as np
import onnx
import onnxruntime
import pytest

from egoprog.runtime.precisions import to_fp16


@pytest.fixture
def product(tmp_path):
    """y = x W, with W of 64 x 64 in a file of its own, as graphs of more than 2 GB have them."""
    weights = np.random.default_rng(0).normal(size=(64, 64)).astype(np.float32)
    tensors = {name: onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, (2, 64)) for name in "xy"}
    node = onnx.helper.make_node("MatMul", ["x", "w"], ["y"])
    graph = onnx.helper.make_graph(
        [node], "product", [tensors["x"]], [tensors["y"]], [onnx.numpy_helper.from_array(weights, "w")]
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 18)], ir_version=10)
    path = tmp_path / "graph" / "product.onnx"
    path.parent.mkdir()
    onnx.save_model(model, path, save_as_external_data=True, location="product.data", size_threshold=0)
    return path, weights


def test_weights_beside_the_graph_come_into_one_file(product, tmp_path):
    path, weights = product
    assert (path.parent / "product.data").stat().st_size >= weights.nbytes
    to_fp16(path, half := tmp_path / "half.onnx")
    kept = onnx.numpy_helper.to_array(onnx.load(half).graph.initializer[0])
    np.testing.assert_array_equal(kept, weights.astype(np.float16))
    session = onnxruntime.InferenceSession(half, providers=["CPUExecutionProvider"])
    x = np.random.default_rng(1).normal(size=(2, 64)).astype(np.float32)
    (y,) = session.run(None, {"x": x})
    assert y.dtype == np.float32
    np.testing.assert_allclose(y, x @ weights, atol=0.1)

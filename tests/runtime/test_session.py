"""The same call wherever a robot runs: what it gives, what it says when a file or an input is wrong."""

import logging
import sys

import numpy as np
import pytest

from egoprog.errors import ConfigurationError, InputError, ModelError
from egoprog.runtime import load


def test_a_graph_gives_its_outputs_by_name(doubler):
    session = load(doubler, backends=("onnxruntime",), num_threads=1)
    outputs = session.run({"x": np.float32([[1, 2, 3]])})
    assert list(outputs) == ["y"]
    np.testing.assert_array_equal(outputs["y"], [[2, 4, 6]])
    assert (session.backend, session.device, session.fallbacks) == ("onnxruntime", "cpu", ())
    assert [str(spec) for spec in session.inputs] == ["x float32 (1, 3)"]
    assert session.metadata["commit"] == "abc"


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({}, "expected the inputs x, got none"),
        ({"z": np.zeros((1, 3), np.float32)}, "expected the inputs x, got z"),
        ({"x": np.zeros((1, 4), np.float32)}, "expected x float32 (1, 3), got x float32 (1, 4)"),
        ({"x": np.zeros((1, 3))}, "expected x float32 (1, 3), got x float64 (1, 3)"),
    ],
)
def test_a_wrong_input_is_named_with_what_was_expected(doubler, arrays, words):
    with pytest.raises(InputError, match=words.replace("(", r"\(").replace(")", r"\)")):
        load(doubler, backends=("onnxruntime",)).run(arrays)


def test_a_missing_file_and_a_truncated_file_are_one_line(doubler):
    with pytest.raises(ModelError, match=r"expected a model at .*none\.onnx, found none"):
        load(doubler.parent / "none.onnx")
    doubler.write_bytes(doubler.read_bytes()[:40])
    with pytest.raises(ModelError, match="expected an ONNX graph") as caught:
        load(doubler, backends=("onnxruntime",))
    assert "\n" not in str(caught.value)


def test_an_unknown_backend_or_precision_is_refused(doubler):
    with pytest.raises(ConfigurationError, match="got cuda"):
        load(doubler, backends=("cuda",))
    with pytest.raises(ConfigurationError, match="got 'fp8'"):
        load(doubler, precision="fp8")


@pytest.fixture
def no_onnxruntime(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)


def test_no_backend_at_all_says_why_for_each(doubler, no_onnxruntime, caplog):
    with caplog.at_level(logging.WARNING), pytest.raises(ModelError, match="not onnxruntime: ONNX Runtime does not"):
        load(doubler, backends=("onnxruntime",))

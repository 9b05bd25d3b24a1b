"""ONNX graphs in half precision and in int8, for ONNX Runtime and for TensorRT alike.

Inputs and outputs keep their types, so that a graph is called in the same way in every precision. Made on a machine
with `onnx`; robots only run them.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import onnx
from numpy.typing import NDArray
from onnxruntime import quantization
from onnxruntime.quantization.shape_inference import quant_pre_process
from onnxruntime.transformers.float16 import convert_float_to_float16

from egoprog.data.atomic import atomic
from egoprog.errors import ConfigurationError
from egoprog.runtime.quiet import quiet

Arrays = Mapping[str, NDArray]


def to_fp16(source: Path, target: Path) -> None:
    """Weights and arithmetic in half precision."""
    # shapes are found without the weights: with 2 GB of them a model can't be handed to what finds them
    model = onnx.shape_inference.infer_shapes(onnx.load(source, load_external_data=False))
    onnx.load_external_data_for_model(model, str(source.parent))
    _name_constant_outputs(model)
    with quiet():
        _save(convert_float_to_float16(model, keep_io_types=True, disable_shape_infer=True), target)


def to_int8(source: Path, target: Path, examples: Iterable[Arrays]) -> None:
    """Layers with weights in int8, scales of activations from examples of the inputs.

    Written as pairs of QuantizeLinear and DequantizeLinear with zero points of 0, which is what TensorRT reads; the
    products of attention, which have no weights, stay as they are.
    """
    examples = list(examples)
    if not examples:
        raise ConfigurationError("expected examples to set the scales of int8 by, got none; name a video or a data set")
    with tempfile.TemporaryDirectory() as folder, quiet():
        prepared, quantised = Path(folder, "prepared.onnx"), Path(folder, "quantised.onnx")
        quant_pre_process(source, prepared, skip_symbolic_shape=True)
        quantization.quantize_static(
            prepared,
            quantised,
            _Examples(examples),
            quant_format=quantization.QuantFormat.QDQ,
            per_channel=True,
            activation_type=quantization.QuantType.QInt8,
            weight_type=quantization.QuantType.QInt8,
            nodes_to_quantize=weighted_nodes(onnx.load(prepared)),
            extra_options={"ActivationSymmetric": True, "WeightSymmetric": True, "QuantizeBias": False},
        )
        _save(onnx.load(quantised), target, like=source)


def to_dynamic_int8(source: Path, target: Path) -> None:
    """Layers with weights in int8, scales of activations from each input as it comes. ONNX Runtime only."""
    with tempfile.TemporaryDirectory() as folder, quiet():
        prepared, quantised = Path(folder, "prepared.onnx"), Path(folder, "quantised.onnx")
        # optimised, some MatMul would be Gemm, which the tool passes over
        quant_pre_process(source, prepared, skip_symbolic_shape=True, skip_optimization=True)
        quantization.quantize_dynamic(
            prepared,
            quantised,
            per_channel=True,
            weight_type=quantization.QuantType.QInt8,
            op_types_to_quantize=["MatMul"],
            nodes_to_quantize=weighted_nodes(onnx.load(prepared)),
        )
        _save(onnx.load(quantised), target, like=source)


def weighted_nodes(model: onnx.ModelProto) -> list[str]:
    """Names of the layers that multiply by constant weights."""
    constants = {tensor.name for tensor in model.graph.initializer}
    kinds = ("MatMul", "Gemm", "Conv")
    return [node.name for node in model.graph.node if node.op_type in kinds and node.input[1] in constants]


def _name_constant_outputs(model: onnx.ModelProto) -> None:
    """Outputs that are constants get a node, as the converter casts what nodes put out."""
    outputs = {output.name for output in model.graph.output}
    for tensor in model.graph.initializer:
        if tensor.name in outputs:
            node = onnx.helper.make_node("Identity", [f"{tensor.name}_value"], [tensor.name], name=f"{tensor.name}_put")
            tensor.name = node.input[0]
            model.graph.node.append(node)


class _Examples(quantization.CalibrationDataReader):
    def __init__(self, examples: Iterable[Arrays]) -> None:
        self._left: Iterator[Arrays] = iter(examples)

    def get_next(self) -> Arrays | None:
        return next(self._left, None)


def _save(model: onnx.ModelProto, target: Path, like: Path | None = None) -> None:
    if like is not None:  # the tools for int8 drop it
        onnx.helper.set_model_props(model, {p.key: p.value for p in onnx.load(like).metadata_props})
    with atomic(target) as temporary:
        onnx.save(model, temporary)

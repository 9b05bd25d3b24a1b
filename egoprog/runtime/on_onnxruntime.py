"""Graphs on ONNX Runtime: on CUDA where its build and the machine have it, else on the processor."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from egoprog.errors import ModelError
from egoprog.runtime.backend import BackendUnavailable
from egoprog.runtime.tensors import TensorSpec

_DTYPES = {
    "tensor(float)": "float32",
    "tensor(float16)": "float16",
    "tensor(double)": "float64",
    "tensor(int8)": "int8",
    "tensor(uint8)": "uint8",
    "tensor(int32)": "int32",
    "tensor(int64)": "int64",
    "tensor(bool)": "bool",
}


class OnnxRuntimeGraph:
    """One ONNX file. device: "cuda" or "cpu"."""

    def __init__(self, path: Path, num_threads: int | None = None) -> None:
        """Raises BackendUnavailable without ONNX Runtime, ModelError for a file that is no ONNX graph."""
        try:
            import onnxruntime
        except ImportError as error:
            raise BackendUnavailable(f"ONNX Runtime does not import ({error})") from None
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3  # errors: its warnings are about constants that it does not fold
        if num_threads is not None:
            options.intra_op_num_threads = num_threads
            options.inter_op_num_threads = 1
        wanted = ("CUDAExecutionProvider", "CPUExecutionProvider")
        providers = [name for name in wanted if name in onnxruntime.get_available_providers()]
        try:
            self._session = onnxruntime.InferenceSession(str(path), options, providers=providers)
        except Exception as error:  # onnxruntime's own exceptions share no base class
            reason = " ".join(str(error).split())
            raise ModelError(f"expected an ONNX graph in {path}, got {reason}; fetch or export it again") from None
        self.device = "cuda" if self._session.get_providers()[0] == "CUDAExecutionProvider" else "cpu"
        self.inputs = tuple(map(_spec, self._session.get_inputs()))
        self.outputs = tuple(map(_spec, self._session.get_outputs()))
        self.metadata: Mapping[str, str] = self._session.get_modelmeta().custom_metadata_map
        self._names = [spec.name for spec in self.outputs]

    def run(self, arrays: Mapping[str, NDArray]) -> dict[str, NDArray]:
        """Inputs that were checked to outputs."""
        values = self._session.run(self._names, dict(arrays))
        return dict(zip(self._names, map(np.asarray, values), strict=True))


def _spec(value: object) -> TensorSpec:
    shape = tuple(n if isinstance(n, int) else str(n or "any") for n in value.shape)
    return TensorSpec(value.name, shape, _DTYPES.get(value.type, value.type))

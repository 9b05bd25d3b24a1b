"""Graphs on TensorRT, classic or for RTX: engines that are built once on this GPU and kept."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from egoprog.errors import ModelError
from egoprog.runtime import cuda, engines
from egoprog.runtime.backend import BackendUnavailable
from egoprog.runtime.onnx_metadata import onnx_metadata
from egoprog.runtime.tensors import TensorSpec


class TensorRtGraph:
    """One ONNX file as an engine, its inputs and outputs in memory of the GPU that is allocated once.

    One thread at a time.
    """

    device = "cuda"

    def __init__(self, path: Path, precision: str) -> None:
        """Builds the engine where it is not kept yet, which takes up to minutes.

        Raises BackendUnavailable without the library, a GPU, or support for a node; ModelError for a damaged file.
        """
        trt, self._driver = engines.library(), cuda.driver()
        self._driver.enter()
        self.metadata: Mapping[str, str] = onnx_metadata(path)
        data = engines.cached(path, engines.Target(precision=precision))
        logger = engines.log_of(trt)
        logger.errors.clear()
        self._runtime = trt.Runtime(logger)
        self._engine = self._runtime.deserialize_cuda_engine(data)
        self._context = self._engine and self._engine.create_execution_context()
        if not self._context:
            raise BackendUnavailable(f"{engines.version()} can't run {path}: {'; '.join(logger.errors) or 'no reason'}")
        names = [self._engine.get_tensor_name(k) for k in range(self._engine.num_io_tensors)]
        is_input = {name: self._engine.get_tensor_mode(name) == trt.TensorIOMode.INPUT for name in names}
        self.inputs = tuple(self._spec(trt, name) for name in names if is_input[name])
        self.outputs = tuple(self._spec(trt, name) for name in names if not is_input[name])
        self._addresses = {spec.name: self._driver.allocate(_num_bytes(spec)) for spec in self.inputs + self.outputs}
        for name, address in self._addresses.items():
            self._context.set_tensor_address(name, address)

    def run(self, arrays: Mapping[str, NDArray]) -> dict[str, NDArray]:
        """Inputs that were checked to outputs."""
        self._driver.enter()
        for name, array in arrays.items():
            self._driver.upload(array, self._addresses[name])
        if not self._context.execute_async_v3(self._driver.stream):
            raise ModelError("expected TensorRT to run the engine, it failed; its log at DEBUG says why")
        outputs = {
            spec.name: self._driver.download(self._addresses[spec.name], spec.shape, np.dtype(spec.dtype))
            for spec in self.outputs
        }
        self._driver.wait()
        return outputs

    def __del__(self) -> None:
        for address in getattr(self, "_addresses", {}).values():
            self._driver.free(address)

    def _spec(self, trt: Any, name: str) -> TensorSpec:
        shape = tuple(self._engine.get_tensor_shape(name))
        if min(shape, default=0) < 0:
            raise BackendUnavailable(f"{name} has lengths that vary, {shape}; engines here have fixed ones")
        return TensorSpec(name, shape, np.dtype(trt.nptype(self._engine.get_tensor_dtype(name))).name)


def _num_bytes(spec: TensorSpec) -> int:
    return int(np.prod(spec.shape)) * np.dtype(spec.dtype).itemsize

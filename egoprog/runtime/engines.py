"""Engines of TensorRT from ONNX: classic TensorRT on the device, TensorRT for RTX also ahead of time and without a GPU.

    from egoprog.runtime import engines
    engines.cached("models/NAME/frame_encoder.onnx", engines.Target("8.9"))    # an RTX 40, from any machine

Both libraries take the types of a graph as they are written in it (strong typing): TensorRT for RTX knows nothing else,
and classic TensorRT is told so. Half precision and int8 are therefore files of their own, which the export makes.
"""

from __future__ import annotations

import importlib
import logging
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from egoprog.errors import ConfigurationError, ModelError, RecordingError
from egoprog.models import cache_folder
from egoprog.runtime import cuda
from egoprog.runtime.backend import BackendUnavailable
from egoprog.runtime.model_folder import EXPORT_COMMAND, sha256_of

LIBRARIES = ("tensorrt", "tensorrt_rtx", "tensorrt_rtx_bindings")
"""In the order in which they are tried; the last is the second without its meta-package."""
WORKSPACE_BYTES = 1 << 30
"""What a layer may use while it is chosen and run; a Jetson shares its memory with everything else."""

_log = logging.getLogger(__name__)
_MARKS = {"fp16": "HALF", "int8": "INT8"}


@dataclass(frozen=True)
class Target:
    """What an engine is for.

    capability: of the GPU, e.g. "8.9"; None: the GPU of this machine. Classic TensorRT builds for that one only.
    precision: that the graph is written in, which is checked.
    """

    capability: str | None = None
    precision: str = "fp32"

    @property
    def gpu(self) -> str:
        """A word for file names: "sm89", or this machine's GPU by name."""
        if self.capability is not None:
            return f"sm{self.capability.replace('.', '')}"
        return "-".join(cuda.driver().name.split())


@cache
def library() -> ModuleType:
    """The first of the libraries that imports. Raises BackendUnavailable."""
    reasons = []
    for name in LIBRARIES:
        try:
            return importlib.import_module(name)
        except ImportError as error:
            reasons.append(str(error))
    raise BackendUnavailable(f"TensorRT does not import ({'; '.join(reasons)})")


def is_for_rtx() -> bool:
    """Whether the library is TensorRT for RTX. Raises BackendUnavailable."""
    return library().__name__ != "tensorrt"


def version() -> str:
    """E.g. "tensorrt_rtx-1.7.1.116". Raises BackendUnavailable."""
    return f"{'tensorrt_rtx' if is_for_rtx() else 'tensorrt'}-{library().__version__}"


def cached(onnx: str | Path, target: Target | None = None) -> bytes:
    """The engine of an ONNX file, built once.

    It is kept under the file's sha256, the GPU, the precision and the version of the library, in the folder "engines"
    of the models' cache. Raises as `build` does.
    """
    from egoprog.data.atomic import atomic  # with it come the readers of recordings, which not every robot has

    onnx, target = Path(onnx), target or Target()
    path = cache_folder() / "engines" / engine_name(onnx, target)
    if path.is_file():
        return path.read_bytes()
    _log.info("building %s with %s; this is done once", path.name, version())
    engine = build(onnx, target)
    try:
        with atomic(path) as temporary:
            temporary.write_bytes(engine)
    except RecordingError as error:  # it runs all the same, and is built again next time
        _log.warning("%s", error)
    return engine


def engine_name(onnx: Path, target: Target) -> str:
    """Of the file that holds the engine."""
    return f"{onnx.stem}-{sha256_of(onnx)[:16]}-{target.gpu}-{target.precision}-{version()}.engine"


def build(onnx: str | Path, target: Target | None = None) -> bytes:
    """An engine of an ONNX file.

    Raises BackendUnavailable without a library, and for a graph that it can't take: each node, and why.
    Raises ModelError for a file that is no ONNX graph or is written in another precision, ConfigurationError for a
    GPU that the library can't build for.
    """
    trt, onnx, target = library(), Path(onnx), target or Target()
    if not onnx.is_file():
        raise ModelError(f"expected an ONNX graph at {onnx}, found none; make it with  {EXPORT_COMMAND}")
    logger = log_of(trt)
    logger.errors.clear()
    builder = trt.Builder(logger)
    network = builder.create_network(1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED))
    parser = trt.OnnxParser(network, logger)
    if not parser.parse_from_file(str(onnx)):
        errors = [parser.get_error(k) for k in range(parser.num_errors)]
        if any(error.code() == trt.ErrorCode.MODEL_DESERIALIZE_FAILED for error in errors):
            raise ModelError(f"expected an ONNX graph in {onnx}, it can't be read; fetch or export it again")
        raise BackendUnavailable(f"{version()} can't take {onnx}: {'; '.join(map(_told, errors))}")
    _check_precision(trt, network, onnx, target.precision)
    config = builder.create_builder_config()
    config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, WORKSPACE_BYTES)
    config.clear_flag(trt.BuilderFlag.TF32)  # 10 bits of fraction: not the fp32 that the export was checked in
    _set_capability(trt, config, target.capability)
    engine = builder.build_serialized_network(network, config)
    if engine is None:
        reasons = "; ".join(logger.errors) or "no reason given"
        raise BackendUnavailable(f"{version()} can't build {onnx} for {target.capability or 'this GPU'}: {reasons}")
    return bytes(engine)


def _told(error: Any) -> str:
    name = error.node_name() or f"number {error.node()}"
    return f"node {name} ({error.node_operator() or 'no operator'}): {' '.join(error.desc().split())}"


def _check_precision(trt: ModuleType, network: Any, onnx: Path, precision: str) -> None:
    """Of what is computed: weights may be kept in half precision and widened before they are used."""
    layers = map(network.get_layer, range(network.num_layers))
    computed = [layer for layer in layers if layer.type != trt.LayerType.CONSTANT]
    types = {layer.get_output(k).dtype for layer in computed for k in range(layer.num_outputs)}
    for name, mark in _MARKS.items():
        is_written_so = getattr(trt.DataType, mark) in types
        if is_written_so != (name == precision):
            found = next((other for other, word in _MARKS.items() if getattr(trt.DataType, word) in types), "fp32")
            raise ModelError(
                f"expected a graph in {precision} in {onnx}, got one in {found}; "
                f"make it with  {EXPORT_COMMAND} --precision {precision}"
            )


def _set_capability(trt: ModuleType, config: Any, capability: str | None) -> None:
    if capability is None:
        return
    if not is_for_rtx():
        if capability != (here := cuda.driver().capability):
            raise ConfigurationError(
                f"expected {here}, this GPU's: classic TensorRT builds for no other; got {capability}"
            )
        return
    word = f"SM{capability.replace('.', '')}"
    if not hasattr(trt.ComputeCapability, word):
        known = [name[2:-1] + "." + name[-1] for name in trt.ComputeCapability.__members__ if name.startswith("SM")]
        raise ConfigurationError(f"expected a compute capability of {', '.join(known)}, got {capability!r}")
    config.num_compute_capabilities = 1
    config.set_compute_capability(getattr(trt.ComputeCapability, word), 0)


@cache
def log_of(trt: ModuleType) -> Any:
    """Leads a library's words to Python's log; errors: kept for the message of what they end. One a process."""

    class Logger(trt.ILogger):
        def __init__(self) -> None:
            trt.ILogger.__init__(self)
            self.errors: list[str] = []

        def log(self, severity: Any, message: str) -> None:
            if severity in (trt.ILogger.Severity.ERROR, trt.ILogger.Severity.INTERNAL_ERROR):
                self.errors.append(" ".join(message.split()))
            _log.debug("%s", message)

    return Logger()

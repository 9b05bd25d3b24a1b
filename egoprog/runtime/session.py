"""The one call: a graph on the first backend that this machine has, and why not on those before it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from numpy.typing import NDArray

from egoprog.errors import ConfigurationError, ModelError
from egoprog.runtime.backend import BackendGraph, BackendUnavailable
from egoprog.runtime.model_folder import EXPORT_COMMAND, MODEL_JSON, PRECISIONS, open_model
from egoprog.runtime.tensors import TensorSpec, checked

_log = logging.getLogger(__name__)
_logged: set[str] = set()


@dataclass(frozen=True)
class Fallback:
    """A backend that was wanted before the one that runs, and why it does not run."""

    backend: str
    reason: str

    def __str__(self) -> str:
        return f"not {self.backend}: {self.reason}"


class Session:
    """A graph that is ready to run.

    backend: the name of the one that runs. device: "cpu" or "cuda". precision: that the graph is written in.
    fallbacks: those that were wanted before it.
    inputs, outputs: names, shapes, types. metadata: texts that the export wrote into the graph.
    """

    def __init__(self, graph: BackendGraph, backend: str, precision: str, fallbacks: Sequence[Fallback]) -> None:
        self._graph = graph
        self.backend = backend
        self.precision = precision
        self.device = graph.device
        self.fallbacks = tuple(fallbacks)
        self.inputs: tuple[TensorSpec, ...] = graph.inputs
        self.outputs: tuple[TensorSpec, ...] = graph.outputs
        self.metadata: Mapping[str, str] = graph.metadata

    def run(self, arrays: Mapping[str, NDArray]) -> dict[str, NDArray]:
        """All outputs by name. Raises InputError for inputs of another name, shape or type: nothing is converted."""
        return self._graph.run(checked(self.inputs, arrays))


@dataclass(frozen=True)
class _Source:
    """The file of a graph, and the folder and name that it has in a model, where it is of one."""

    path: Path
    folder: Path | None
    graph: str
    precision: str
    num_threads: int | None


def _on_onnxruntime(source: _Source) -> BackendGraph:
    from egoprog.runtime.on_onnxruntime import OnnxRuntimeGraph

    return OnnxRuntimeGraph(source.path, source.num_threads)


def _on_tensorrt(source: _Source) -> BackendGraph:
    from egoprog.runtime.on_tensorrt import TensorRtGraph

    return TensorRtGraph(source.path, source.precision)


def _on_torch(source: _Source) -> BackendGraph:
    from egoprog.runtime.on_torch import open_graph

    return open_graph(source.folder, source.graph, source.precision, source.num_threads)


_OPENERS: Mapping[str, Callable[[_Source], BackendGraph]] = {
    "tensorrt": _on_tensorrt,
    "onnxruntime": _on_onnxruntime,
    "torch": _on_torch,
}
BACKENDS = tuple(_OPENERS)
"""In the order in which they are tried."""


def load(
    path: str | Path,
    backends: Sequence[str] = BACKENDS,
    precision: str = "fp32",
    *,
    graph: str | None = None,
    num_threads: int | None = None,
) -> Session:
    """A graph on the first of the backends that can run it here.

    path: an ONNX file, or the folder of a model; then `graph` says which of it. precision: "fp32", "fp16" or "int8":
    of a model's files. num_threads: on the processor (None: the backend's own choice).
    A backend that can't run is logged once at WARNING and kept in `Session.fallbacks`.
    Raises ModelError for a file that is missing, damaged, or not the one that model.json beside it names; and where no
    backend is left. Raises ConfigurationError for a backend or a precision that does not exist.
    """
    if unknown := set(backends) - set(BACKENDS):
        raise ConfigurationError(f"expected backends of {', '.join(BACKENDS)}, got {', '.join(sorted(unknown))}")
    if precision not in PRECISIONS:
        raise ConfigurationError(f"expected a precision of {', '.join(PRECISIONS)}, got {precision!r}")
    source = _source(Path(path), precision, graph, num_threads)
    fallbacks: list[Fallback] = []
    for name in backends:
        try:
            opened = _OPENERS[name](source)
        except BackendUnavailable as error:
            fallbacks.append(Fallback(name, str(error)))
            continue
        for fallback in fallbacks:
            _warn_once(f"{fallback}; {name} runs instead")
        return Session(opened, name, source.precision, fallbacks)
    reasons = "; ".join(map(str, fallbacks)) or "none was named"
    raise ModelError(f"expected a backend that can run {source.path}, got none: {reasons}")


def _source(path: Path, precision: str, graph: str | None, num_threads: int | None) -> _Source:
    if path.is_dir():
        model = open_model(path)
        name = model.graph_name(graph)
        file = model.onnx(name, precision)
        model.check(file.name)
        return _Source(file, path, name, model.written_in(name, precision), num_threads)
    if not path.is_file():
        raise ModelError(f"expected a model at {path}, found none; make it with  {EXPORT_COMMAND}")
    if (path.parent / MODEL_JSON).is_file():
        model = open_model(path.parent)
        for name, entry in model.graphs.items():
            if path.name in entry.onnx.values():
                return _source(path.parent, precision, name, num_threads)
    return _Source(path, None, path.stem, precision, num_threads)


def _warn_once(line: str) -> None:
    if line not in _logged:
        _logged.add(line)
        _log.warning(line)

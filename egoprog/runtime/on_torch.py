"""Graphs on PyTorch: the safetensors of a model folder, for machines where networks are trained."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from numpy.typing import NDArray

from egoprog.runtime.backend import BackendGraph, BackendUnavailable
from egoprog.runtime.model_folder import open_model
from egoprog.runtime.onnx_metadata import onnx_metadata
from egoprog.runtime.tensors import TensorSpec

if TYPE_CHECKING:
    from egoprog.onnx_export import GraphModule


def open_graph(folder: Path | None, name: str, precision: str, num_threads: int | None) -> BackendGraph:
    """The graph of a model folder.

    Raises BackendUnavailable without PyTorch, without a folder, and for a precision that is not the weights' own;
    ModelError for weights that are damaged or of another model.
    """
    if folder is None:
        raise BackendUnavailable("PyTorch needs the folder of a model, with its weights, not an ONNX file alone")
    if precision != "fp32":
        raise BackendUnavailable(f"PyTorch runs the weights in fp32, not in {precision}")
    try:
        import torch

        from egoprog.leap.export import graph_of
        from egoprog.leap.initial_weights import load_network, shared_files
    except ImportError as error:
        raise BackendUnavailable(f"PyTorch does not import ({error})") from None
    model = open_model(folder)
    weights = model.graphs[name].weights
    model.check(weights)
    for shared in shared_files(folder / weights):
        model.check(shared.name)
    if num_threads is not None:
        torch.set_num_threads(num_threads)
    graph = graph_of(name, load_network(folder / weights))
    return TorchGraph(graph, onnx_metadata(model.onnx(name)))


class TorchGraph:
    """A graph's module on the GPU where there is one, else on the processor."""

    def __init__(self, graph: GraphModule, metadata: Mapping[str, str]) -> None:
        import torch

        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        graph.module.to(self.device)
        self._graph = graph
        self.metadata = metadata
        self.inputs = tuple(_spec(name, value) for name, value in graph.inputs.items())
        said = graph.run({name: value.to(self.device) for name, value in graph.inputs.items()})
        self.outputs = tuple(_spec(name, value) for name, value in said.items())

    def run(self, arrays: Mapping[str, NDArray]) -> dict[str, NDArray]:
        """Inputs that were checked to outputs."""
        import torch

        said = self._graph.run({name: torch.tensor(array, device=self.device) for name, array in arrays.items()})
        return {name: value.cpu().numpy() for name, value in said.items()}


def _spec(name: str, value: object) -> TensorSpec:
    return TensorSpec(name, tuple(value.shape), str(value.dtype).removeprefix("torch."))

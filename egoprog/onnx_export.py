"""What exporting any network to ONNX needs: a graph with named inputs, and what its folder says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class GraphModule:
    """A graph as a module: its inputs in the order of `forward`, as examples by name; its outputs by name.

    states: the state of a stream that has seen nothing, by input name; it is fed back as NAME_out comes out.
    """

    name: str
    module: nn.Module
    inputs: Mapping[str, Tensor]
    outputs: tuple[str, ...]

    @property
    def states(self) -> dict[str, Tensor]:
        return {name: value for name, value in self.inputs.items() if name.startswith("state_")}

    def run(self, arrays: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Outputs by name, without gradients."""
        with torch.inference_mode():
            values = self.module(*(arrays[name] for name in self.inputs))
        return dict(zip(self.outputs, values if isinstance(values, tuple) else (values,), strict=True))


@dataclass(frozen=True)
class About:
    """What a model folder says of itself: see `egoprog.runtime.ModelFolder`."""

    name: str
    about: str
    data: str
    command: str
    commit: str
    license: str = "Apache-2.0"

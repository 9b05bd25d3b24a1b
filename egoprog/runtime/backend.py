"""What a backend gives, and how it says that this machine can't run it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from numpy.typing import NDArray

from egoprog.errors import ModelError
from egoprog.runtime.tensors import TensorSpec


class BackendUnavailable(ModelError):
    """This machine can't run a backend, or a backend can't run this graph; the next one may."""


class BackendGraph(Protocol):
    """A graph that is ready to run. device: "cpu" or "cuda". metadata: of the file that it was read from."""

    device: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    metadata: Mapping[str, str]

    def run(self, arrays: Mapping[str, NDArray]) -> dict[str, NDArray]:
        """Inputs that were checked to outputs, by name."""
        ...

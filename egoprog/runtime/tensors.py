"""What goes into a graph and what comes out: names, shapes and types, and the check of what is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from egoprog.errors import InputError


@dataclass(frozen=True)
class TensorSpec:
    """shape: a word stands for a length that may vary. dtype: numpy's name, e.g. "float32"."""

    name: str
    shape: tuple[int | str, ...]
    dtype: str

    def __str__(self) -> str:
        return f"{self.name} {self.dtype} ({', '.join(map(str, self.shape))})"

    def accepts(self, array: NDArray) -> bool:
        """Whether an array has this type and shape."""
        fits = len(array.shape) == len(self.shape) and all(
            isinstance(wanted, str) or wanted == given for wanted, given in zip(self.shape, array.shape, strict=True)
        )
        return fits and array.dtype.name == self.dtype


def checked(specs: Sequence[TensorSpec], arrays: Mapping[str, NDArray]) -> dict[str, NDArray]:
    """The arrays, contiguous, in the order of the specs.

    Raises InputError for one that is missing, is not asked for, or has another shape or type: nothing is converted.
    """
    names = [spec.name for spec in specs]
    if set(names) != set(arrays):
        raise InputError(f"expected the inputs {', '.join(names)}, got {', '.join(sorted(arrays)) or 'none'}")
    ordered = {}
    for spec in specs:
        array = np.asarray(arrays[spec.name])
        if not spec.accepts(array):
            raise InputError(f"expected {spec}, got {TensorSpec(spec.name, array.shape, array.dtype.name)}")
        ordered[spec.name] = np.ascontiguousarray(array)
    return ordered

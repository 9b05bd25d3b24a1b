"""The average of a network's weights over the steps of its training."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch
from torch import nn


class AveragedWeights:
    """Exponentially weighted, with less memory in the first steps. Works on shards as on whole tensors.

    Source for the first steps: tensorflow's ExponentialMovingAverage, min(decay, (1 + step) / (10 + step)).
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.decay = decay
        self._live = [parameter for parameter in model.parameters() if parameter.requires_grad]
        self._average = [parameter.detach().clone() for parameter in self._live]

    @torch.no_grad()
    def update(self, step: int) -> None:
        """After the optimiser's step of that number, from 0."""
        decay = min(self.decay, (1.0 + step) / (10.0 + step))
        torch._foreach_lerp_(self._average, [one.detach() for one in self._live], 1.0 - decay)

    @contextlib.contextmanager
    @torch.no_grad()
    def in_place(self) -> Iterator[None]:
        """Within the block the network has the averaged weights, and what is loaded into it becomes the average."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    @torch.no_grad()
    def _swap(self) -> None:
        for live, average in zip(self._live, self._average, strict=True):
            kept = live.detach().clone()
            live.copy_(average)
            average.copy_(kept)

"""What a training is about: the engine knows nothing else of a network and its data."""

from __future__ import annotations

import abc
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from egoprog.train.batches import Batches

Batch = Mapping[str, Any]


class Task(abc.ABC):
    """A network, its data, its loss and its measures."""

    @abc.abstractmethod
    def model(self) -> nn.Module:
        """A new network with its first weights; called once, with seeded generators."""

    @abc.abstractmethod
    def dataset(self, split: str) -> Dataset:
        """Map-style, of dicts of tensors, for "train" and "validation".

        What a sample draws at random it draws from the global generators of torch, numpy or random: the engine seeds
        them for each sample, so that neither workers nor a resumed run change what is seen.
        """

    @abc.abstractmethod
    def loss(self, model: nn.Module, batch: Batch) -> Mapping[str, Tensor]:
        """Scalars by name; "loss" is minimised, all are logged. The model must be called through model(...)."""

    @abc.abstractmethod
    def measure(self, model: nn.Module, batches: Batches) -> Mapping[str, float]:
        """Figures of a network in eval mode; gradients are off.

        Every process sees its part of the split; `batches.gather` puts together what they made of it.
        """

    def metadata(self) -> Mapping[str, str]:
        """What travels with the weights, its configuration above all."""
        return {}

    def layers_above(self, name: str) -> int:
        """Layers between a parameter and the heads, for `TrainingConfig.layer_decay`."""
        return 0

    def layers(self, model: nn.Module) -> Iterable[nn.Module]:
        """Parts that are put together one at a time where a model is sharded; each must be used by calling it.

        Their matrices are what Muon moves.
        """
        return ()

    def to(self, device: torch.device) -> None:
        """Called once before training, for what the task holds beside the model."""
        return

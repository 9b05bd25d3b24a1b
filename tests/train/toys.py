"""A tiny task for tests of the engine: a network that learns a line, with dropout and random samples."""

from __future__ import annotations

import random

import numpy as np
import torch
from torch import nn
from torch.utils.data import Dataset

from egoprog.train.task import Task


class Lines(Dataset):
    """y = w x + noise, the noise drawn anew each time from all three global generators."""

    def __init__(self, num: int, bad: tuple[int, ...] = ()) -> None:
        generator = torch.Generator().manual_seed(7)
        self.x = torch.randn(num, 6, generator=generator)
        self.y = self.x @ torch.arange(6.0)[:, None]
        for index in bad:
            self.y[index] = float("nan")

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, index: int) -> dict:
        noise = torch.randn(6) + np.random.randn() + random.random()
        return {"x": self.x[index] + 0.1 * noise, "y": self.y[index], "narration_id": f"P01_01_{index}"}


class LineTask(Task):
    """with_dropout: random numbers inside the network too."""

    def __init__(self, num: int = 22, dropout: float = 0.0, bad: tuple[int, ...] = ()) -> None:
        self.num, self.dropout, self.bad = num, dropout, bad

    def model(self) -> nn.Module:
        hidden = nn.ModuleList([nn.Sequential(nn.Linear(6, 8), nn.LayerNorm(8), nn.GELU()), nn.Linear(8, 8)])
        return Chain([*hidden, nn.Dropout(self.dropout), nn.Linear(8, 1)])

    def dataset(self, split: str) -> Dataset:
        return Lines(self.num, self.bad) if split == "train" else Lines(7)

    def loss(self, model: nn.Module, batch: dict) -> dict:
        square = (model(batch["x"]) - batch["y"]).square().mean()
        return {"loss": square, "square": square}

    def measure(self, model: nn.Module, batches) -> dict:
        errors = torch.cat([(model(batch["x"]) - batch["y"]).square() for batch in batches])
        return {"loss": float(batches.gather(errors).mean()), "num": len(batches.gather(errors))}

    def layers(self, model: nn.Module) -> list[nn.Module]:
        return [model.layers[0], model.layers[1]]

    def metadata(self) -> dict:
        return {"config": f"dropout {self.dropout}"}


class Chain(nn.Module):
    """One layer after the other, and a parameter that nothing uses, as networks have that are trained in part."""

    def __init__(self, layers: list[nn.Module]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.unused = nn.Parameter(torch.zeros(3))

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x

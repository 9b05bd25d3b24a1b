"""AdamW with its groups, and the learning rate of every step."""

from __future__ import annotations

import math
from collections.abc import Callable

from torch import nn
from torch.optim import AdamW

from egoprog.train.config import TrainingConfig


def learning_rate_share(step: int, num_steps: int, config: TrainingConfig) -> float:
    """Of the highest learning rate: a linear rise, then half a cosine."""
    warmup = config.warmup_epochs / config.epochs * num_steps
    if step < warmup:
        return config.warmup_share + (1.0 - config.warmup_share) * step / warmup
    progress = (step - warmup) / max(1.0, num_steps - warmup)
    return config.final_share + (1.0 - config.final_share) * 0.5 * (1.0 + math.cos(math.pi * min(1.0, progress)))


def make_optimiser(model: nn.Module, config: TrainingConfig, layers_above: Callable[[str], int]) -> AdamW:
    """Each group remembers its highest learning rate as "peak_lr"; frozen parameters are in none."""
    groups: dict[tuple[bool, int], dict] = {}
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        decays = has_decay(model, name)
        above = layers_above(name) if config.layer_decay != 1.0 else 0
        rate = config.learning_rate * config.layer_decay**above
        group = {"params": [], "weight_decay": config.weight_decay if decays else 0.0, "lr": rate, "peak_lr": rate}
        groups.setdefault((decays, above), group)["params"].append(parameter)
    return AdamW(list(groups.values()), lr=config.learning_rate, betas=config.betas)


def set_learning_rate(optimiser: AdamW, share: float) -> None:
    for group in optimiser.param_groups:
        group["lr"] = group["peak_lr"] * share


def has_decay(model: nn.Module, name: str) -> bool:
    """Whether weight decay draws a parameter to zero: no norm, bias, embedding or learned token."""
    path, _, last = name.rpartition(".")
    is_embedding = isinstance(model.get_submodule(path), nn.Embedding) or "embed" in last or "token" in last
    return model.get_parameter(name).ndim > 1 and not is_embedding

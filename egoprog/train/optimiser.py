"""AdamW with its groups, Muon for the matrices of layers, and the learning rate of every step."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn
from torch.optim import AdamW

from egoprog.train.config import TrainingConfig
from egoprog.train.precision import computed_precision

MUON_MOMENTUM = 0.95
_NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)


def learning_rate_share(step: int, num_steps: int, config: TrainingConfig) -> float:
    """Of the highest learning rate: a linear rise, then half a cosine."""
    warmup = config.warmup_epochs / config.epochs * num_steps
    if step < warmup:
        return config.warmup_share + (1.0 - config.warmup_share) * step / warmup
    progress = (step - warmup) / max(1.0, num_steps - warmup)
    return config.final_share + (1.0 - config.final_share) * 0.5 * (1.0 + math.cos(math.pi * min(1.0, progress)))


class MuonAdamW(AdamW):
    """AdamW, but groups with "is_muon" follow their momentum's direction with all its singular values made equal.

    A step of a matrix is as long as AdamW's would be, so that one learning rate serves both. For transformers that
    learn from nothing it needs about half the steps. A convolution's kernel is a matrix with a row for each channel
    that comes out. dtype: that singular values are made equal in; bfloat16 does.
    Source: Jordan and others, "Muon" (2024); Liu and others, arXiv 2502.16982, for the length.
    """

    dtype: torch.dtype = torch.float32

    @torch.no_grad()
    def step(self, closure: None = None) -> None:
        every = self.param_groups
        try:
            self.param_groups = [group for group in every if not group["is_muon"]]
            super().step(closure)
        finally:
            self.param_groups = every
        for group in every:
            for matrix in group["params"] if group["is_muon"] else ():
                if matrix.grad is not None:
                    self._follow(matrix, group["lr"], group["weight_decay"])

    def _follow(self, matrix: Tensor, rate: float, weight_decay: float) -> None:
        state = self.state[matrix]
        if not state:
            state["step"] = torch.zeros(())  # AdamW looks for it when a state is loaded
            state["momentum"] = torch.zeros_like(matrix)
        state["step"] += 1
        momentum = state["momentum"].lerp_(matrix.grad, 1 - MUON_MOMENTUM)
        towards = matrix.grad.lerp(momentum, MUON_MOMENTUM).flatten(1)
        direction = orthogonal(towards.to(self.dtype)).to(matrix.dtype).reshape(matrix.shape)
        matrix.mul_(1 - rate * weight_decay).sub_(direction, alpha=rate * 0.2 * math.sqrt(max(towards.shape)))


def orthogonal(matrix: Tensor, num_rounds: int = 5) -> Tensor:
    """The matrix with its singular values brought to about 1, by Newton and Schulz's iteration.

    What multiplies the matrix in a round depends on its Gram matrix alone. That of a long matrix is far smaller, and
    the rounds stay with it: a quarter of the time for a kernel. bfloat16 is too coarse for their products.
    """
    a, b, c = _NEWTON_SCHULZ
    is_tall = matrix.shape[0] > matrix.shape[1]
    found = matrix.T if is_tall else matrix
    found = found / (found.norm() + 1e-7)
    if matrix.dtype == torch.float32 and found.shape[1] >= 2 * found.shape[0]:
        found = _rounds_of_gram(found @ found.T, num_rounds) @ found
    else:
        for _ in range(num_rounds):
            square = found @ found.T
            found = a * found + (b * square + c * square @ square) @ found
    return found.T if is_tall else found


def _rounds_of_gram(gram: Tensor, num_rounds: int) -> Tensor:
    """What all rounds together multiply a matrix of that Gram matrix with."""
    a, b, c = _NEWTON_SCHULZ
    one = torch.eye(len(gram), dtype=gram.dtype, device=gram.device)
    whole = factor = a * one + b * gram + c * gram @ gram
    for _ in range(num_rounds - 1):
        gram = factor @ gram @ factor
        factor = a * one + b * gram + c * gram @ gram
        whole = factor @ whole
    return whole


def make_optimiser(
    model: nn.Module,
    config: TrainingConfig,
    layers_above: Callable[[str], int],
    layers: Iterable[nn.Module] = (),
) -> AdamW:
    """Each group remembers its highest learning rate as "peak_lr"; frozen parameters are in none.

    layers: whose matrices Muon moves, where the configuration asks for it.
    """
    matrices = {id(each) for layer in layers for each in layer.parameters() if each.ndim in (2, 4)}
    groups: dict[tuple[bool, int, bool], dict] = {}
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        decays = has_decay(model, name)
        above = layers_above(name) if config.layer_decay != 1.0 else 0
        is_muon = config.optimiser == "muon" and id(parameter) in matrices
        rate = config.learning_rate * config.layer_decay**above * (config.muon_factor if is_muon else 1.0)
        group = {"params": [], "weight_decay": config.weight_decay if decays else 0.0, "lr": rate, "peak_lr": rate}
        groups.setdefault((decays, above, is_muon), group | {"is_muon": is_muon})["params"].append(parameter)
    kind = MuonAdamW if config.optimiser == "muon" else AdamW
    optimiser = kind(list(groups.values()), lr=config.learning_rate, betas=config.betas)
    if isinstance(optimiser, MuonAdamW) and computed_precision(config) == "bf16":
        optimiser.dtype = torch.bfloat16
    return optimiser


def set_learning_rate(optimiser: AdamW, share: float) -> None:
    for group in optimiser.param_groups:
        group["lr"] = group["peak_lr"] * share


def has_decay(model: nn.Module, name: str) -> bool:
    """Whether weight decay draws a parameter to zero: no norm, bias, embedding or learned token."""
    path, _, last = name.rpartition(".")
    is_embedding = isinstance(model.get_submodule(path), nn.Embedding) or "embed" in last or "token" in last
    return model.get_parameter(name).ndim > 1 and not is_embedding

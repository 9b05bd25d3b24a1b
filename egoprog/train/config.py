"""How a network is trained, whatever it is. Nothing here needs PyTorch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from egoprog.errors import ConfigurationError


@dataclass(frozen=True)
class TrainingConfig:
    """Defaults are LEAP's for action recognition (section 4.1), and UniFormerV2's where LEAP refers to it.

    epochs: times that each sample is shown; may be a fraction. batch: samples of a step over all processes together,
    so that a recipe means the same on one GPU and on four. micro_batch: most that one process takes at once, None for
    all of its part; gradients are accumulated over the rest. learning_rate: the highest; it rises over warmup_epochs
    from warmup_share of it and falls as a cosine to final_share of it. layer_decay: factor on the learning rate for
    each layer further from the heads. weight_decay: not on norms, biases, embeddings and learned tokens. clip_norm: of
    all gradients together, None for no limit. ema_decay: of the averaged weights that are evaluated and kept beside,
    0 for none. precision: of mixed arithmetic; a CPU computes in fp32, and in bf16
    where it has instructions for it (AMX); results.json says what it was. sharding: "fsdp" spreads parameters and
    the optimizer's state over the processes. workers: processes that read data, for each process that trains.
    optimiser: "muon" moves the matrices of `Task.layers` by orthogonal steps, which learns faster from nothing; their
    learning rate is muon_factor times the others'.
    best, best_is: the measured figure that says which weights are the best. evaluate_every: epochs between measures.
    checkpoint_every_s: most seconds of work that a kill can cost. log_every: steps.
    """

    epochs: float = 30.0
    batch: int = 16
    micro_batch: int | None = None
    learning_rate: float = 5e-6
    warmup_epochs: float = 5.0
    warmup_share: float = 0.01
    final_share: float = 0.01
    layer_decay: float = 1.0
    weight_decay: float = 0.05
    betas: tuple[float, float] = (0.9, 0.999)
    optimiser: Literal["adamw", "muon"] = "adamw"
    muon_factor: float = 4.0
    clip_norm: float | None = 1.0
    ema_decay: float = 0.0
    precision: Literal["fp32", "bf16", "fp16"] = "bf16"
    sharding: Literal["none", "fsdp"] = "none"
    workers: int = 8
    seed: int = 0
    best: str = "loss"
    best_is: Literal["highest", "lowest"] = "lowest"
    evaluate_every: float = 1.0
    checkpoint_every_s: float = 300.0
    log_every: int = 20

    def __post_init__(self) -> None:
        for name in ("epochs", "batch", "learning_rate", "evaluate_every", "checkpoint_every_s", "log_every"):
            if not getattr(self, name) > 0:
                raise ConfigurationError(f"expected training.{name} above 0, got {getattr(self, name)}")
        for name in ("warmup_epochs", "weight_decay", "workers"):
            if not getattr(self, name) >= 0:
                raise ConfigurationError(f"expected training.{name} of 0 or more, got {getattr(self, name)}")
        if not 0.0 <= self.ema_decay < 1.0:
            raise ConfigurationError(f"expected training.ema_decay from 0 to below 1, got {self.ema_decay}")
        if self.micro_batch is not None and self.micro_batch < 1:
            raise ConfigurationError(f"expected training.micro_batch of 1 or more, got {self.micro_batch}")

    def batch_of_process(self, num_processes: int) -> int:
        """Samples of a step in each process. Raises ConfigurationError where they can't be shared out evenly."""
        if self.batch % num_processes:
            raise ConfigurationError(
                f"expected training.batch to be a multiple of {num_processes} processes, got {self.batch}; "
                f"take {self.batch + num_processes - self.batch % num_processes}"
            )
        return self.batch // num_processes

    def num_steps(self, num_samples: int) -> int:
        """Of the whole training."""
        return max(1, round(self.epochs * num_samples / self.batch))

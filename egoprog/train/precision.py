"""What this machine computes in."""

from __future__ import annotations

import torch

from egoprog.train.config import TrainingConfig


def computed_precision(config: TrainingConfig) -> str:
    """Of mixed arithmetic: fp16 needs a GPU, and bf16 a GPU or a CPU that multiplies matrices in it; else fp32."""
    if torch.cuda.is_available():
        return config.precision
    return "bf16" if config.precision == "bf16" and cpu_multiplies_bf16() else "fp32"


def cpu_multiplies_bf16() -> bool:
    """Whether it has instructions for that; without them bf16 is slower than fp32."""
    return torch.cpu.get_capabilities().get("amx_bf16", False)

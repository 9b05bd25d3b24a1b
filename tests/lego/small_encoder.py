"""A frame encoder so small that a test can make it, and its weights as a pretraining leaves them."""

from pathlib import Path

import torch

from egoprog.leap.config import UniFormerConfig, to_json
from egoprog.leap.uniformer import UniFormerV2
from egoprog.train.checkpoint import save_weights
from tests.lego.small_vlm import ENCODER


def tiny_encoder(config: UniFormerConfig = ENCODER) -> UniFormerV2:
    """With random weights, norms and biases too."""
    torch.manual_seed(1)
    encoder = UniFormerV2(config).eval()
    with torch.no_grad():
        for parameter in encoder.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return encoder


def write_encoder(path: Path, encoder: UniFormerV2) -> Path:
    """As `python -m training.frames` leaves it, with a head beside it."""
    weights = {f"backbone.{name}": value for name, value in encoder.state_dict().items()}
    weights["heads.left.bias"] = torch.zeros(3)
    save_weights(path, weights, {"backbone": to_json(encoder.config)})
    return path

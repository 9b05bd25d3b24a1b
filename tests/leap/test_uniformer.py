"""UniFormerV2 says what the original says, trains as it does, and refuses clips that it can't see.

tests/leap/golden/uniformer.json holds logits of the original implementation (OpenGVLab/UniFormerV2 at 722a434, class
VisionTransformer of slowfast/models/uniformerv2_model.py, in eval mode) for small models of every published kind. Each
was given the arguments of its case, its state dict was filled by `filled`, and it was shown `clip_of`. Every parameter
is filled, because a fresh global block gives exactly nothing.
"""

import json
from pathlib import Path

import pytest
import torch

from egoprog.errors import ConfigurationError, InputError
from egoprog.leap.config import UniFormerConfig
from egoprog.leap.uniformer import UniFormerV2

GOLDEN = json.loads((Path(__file__).parent / "golden" / "uniformer.json").read_text())
SMALL = UniFormerConfig(
    width=32, num_layers=3, num_heads=4, patch_px=8, size_px=(16, 24), num_frames=4, num_classes=5, global_layers=(1, 2)
)
KINDS = {
    "Kinetics": {},
    "frozen": {"is_frozen": True},
    "Something-Something": {"num_local": 2, "temporal_patch": 3, "temporal_stride": 2},
}


@pytest.fixture(autouse=True)
def _one_thread():
    torch.set_num_threads(1)


def filled(state):
    """A state dict of the same keys and shapes by a formula: no two parameters alike, variances positive."""
    numbers = {}
    for k, key in enumerate(sorted(state)):
        shape = state[key].shape
        place = torch.arange(state[key].numel(), dtype=torch.float64)
        wave = torch.sin(0.37 * place * place + 0.11 * place + k).reshape(shape)
        if key.endswith("num_batches_tracked"):
            numbers[key] = torch.tensor(k)
        elif key.endswith("running_var") or (len(shape) == 1 and key.endswith("weight")):
            numbers[key] = (1 + 0.5 * wave).float()
        else:
            fan_in = state[key][0].numel() if len(shape) > 1 and "embedding" not in key else 4
            numbers[key] = (wave * 1.5 / fan_in**0.5).float()
    return numbers


def clip_of(num_clips, num_frames, size_px):
    """Clips by a formula."""
    place = torch.arange(num_clips * 3 * num_frames * size_px * size_px, dtype=torch.float64)
    return torch.sin(0.013 * place * place + 0.7 * place).reshape(num_clips, 3, num_frames, size_px, size_px).float()


def model_of(case):
    """Ours, with the original's names and shapes, loaded as a published checkpoint is."""
    like = UniFormerV2(UniFormerConfig(**case["ours"] | {"size_px": tuple(case["ours"]["size_px"])})).state_dict()
    return UniFormerV2.from_official(filled(like), heads=case["ours"]["num_heads"])


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: case["name"])
def test_logits_are_those_of_the_original(case):
    model = model_of(case)
    with torch.inference_mode():
        logits = model(clip_of(2, case["num_frames"], case["original"]["input_resolution"]))
    wanted = torch.tensor(case["logits"])
    difference = (logits - wanted).abs().max().item()
    print(f"{case['name']}: {difference:.1e} of 1e-4; the logits' spread is {wanted.std():.2f}")
    assert difference < 1e-4
    assert wanted.std() > 0.1  # logits of nothing would agree with anything

"""The frame encoder's pretraining: that it learns, that it saves work, and that what is kept loads again."""

import pytest
import torch
from safetensors.torch import save_file

from egoprog.errors import ModelError
from egoprog.leap.frame_pretraining import (
    FrameConfig,
    FrameNetwork,
    FrameTask,
    frame_loss,
    hits,
    rarity,
    read_frame_encoder,
)
from egoprog.leap.labelled_frames import FrameDataset
from egoprog.train.config import TrainingConfig
from egoprog.train.loop import train
from tests.leap.boxed import BACKBONE

NOUNS = ("cup", "tap")


def test_the_network_learns_two_frames_by_heart(boxed_folder):
    torch.manual_seed(0)
    found = FrameDataset(boxed_folder, "train", BACKBONE, NOUNS, boxed_folder.root / "cache", is_training=False)
    batch = torch.utils.data.default_collate([found[0], found[1]])
    network = FrameNetwork(FrameConfig(BACKBONE, NOUNS, keep=1.0))
    optimiser = torch.optim.AdamW(network.parameters(), 1e-2)
    batch["frames"][0] = torch.randn(3, 32, 64)  # the pictures are alike
    for _ in range(80):
        loss = frame_loss(network(batch["frames"]), batch, rarity([0.1] * 6))["loss"]
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    network.eval()
    sums = hits(network(batch["frames"]), batch).sum(0).tolist()
    assert sums[0:2] == [1, 1]  # the left hand touches something in one frame
    assert sums[2:4] == [0, 0]
    assert sums[-2] / sums[-1] > 0.95


def test_training_looks_at_a_part_of_the_patches():
    network = FrameNetwork(FrameConfig(BACKBONE, NOUNS, keep=0.25)).train()
    numbers = [network(torch.zeros(2, 3, 32, 64))["kept"] for _ in range(20)]
    counts = {each.shape[1] for each in numbers}
    assert min(counts) >= 8 and len(counts) > 1
    assert all(len(set(row.tolist())) == len(row) for each in numbers for row in each)
    assert network.eval()(torch.zeros(2, 3, 32, 64))["kept"].tolist() == [list(range(32))] * 2


def test_what_a_training_leaves_is_read_back_as_the_encoder(boxed_folder, monkeypatch):
    monkeypatch.setattr("egoprog.leap.frame_pretraining.read_nouns", lambda boxed_folder, split: NOUNS)
    task = FrameTask(boxed_folder, BACKBONE, boxed_folder.root / "cache")
    task.dataset = lambda split: FrameDataset(
        boxed_folder, "train", BACKBONE, NOUNS, boxed_folder.root / "cache", False
    )
    run = boxed_folder.root / "run"
    config = TrainingConfig(
        epochs=2, batch=2, warmup_epochs=0, workers=0, learning_rate=1e-3, best="mean", best_is="highest"
    )
    results = train(task, config, run)
    assert 0 <= results["last"]["mean"] <= 1
    encoder = read_frame_encoder(run / "last.safetensors")
    assert encoder.config == BACKBONE and not encoder.training
    clip = torch.zeros(1, 3, 1, 32, 64)
    torch.manual_seed(0)
    assert not torch.equal(encoder.frames(clip), FrameNetwork(task.config).backbone.eval().frames(clip))


def test_other_weights_are_refused(tmp_path):
    save_file({"a": torch.zeros(1)}, tmp_path / "other.safetensors")
    with pytest.raises(ModelError, match="expected a frame encoder of"):
        read_frame_encoder(tmp_path / "other.safetensors")

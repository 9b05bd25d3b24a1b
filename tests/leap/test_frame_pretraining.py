"""The frame encoder's pretraining: that it learns, that it saves work, and that what is kept loads again."""

from dataclasses import replace

import pytest
import torch
from safetensors.torch import save_file

from egoprog.errors import ModelError
from egoprog.leap.frame_pretraining import (
    HEADS,
    FrameConfig,
    FrameNetwork,
    FrameTask,
    cut_mixed,
    frame_loss,
    hits,
    rarity,
    read_frame_encoder,
)
from egoprog.leap.labelled_frames import FrameDataset
from egoprog.leap.targets import UNKNOWN
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


def test_a_rectangle_of_another_frame_brings_along_what_it_shows():
    """The picture and what its patches are said to show must stay together."""
    torch.manual_seed(0)
    rows, columns, step = 4, 8, 8
    shown = torch.rand(6, rows, columns, 3) > 0.5
    frames = shown[..., :1].float().permute(0, 3, 1, 2).repeat_interleave(step, 2).repeat_interleave(step, 3)
    batch = {"frames": frames.expand(-1, 3, -1, -1), "patches": shown}
    batch |= {name: torch.arange(6) for name in HEADS}
    shares = []
    for _ in range(20):
        mixed = cut_mixed(batch)
        assert (mixed["frames"][:, 0, ::step, ::step] == mixed["patches"][..., 0]).all()
        assert (mixed["frames"][3:] == batch["frames"][3:]).all() and (mixed["patches"][3:] == shown[3:]).all()
        assert all(mixed[name].tolist() == [UNKNOWN] * 3 + [3, 4, 5] for name in HEADS)
        shares.append((mixed["patches"][:3] != shown[:3]).float().mean().item())
    assert 0 < min(shares) < max(shares) < 0.5
    assert batch["left"].tolist() == list(range(6)), "the batch itself stays"


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


def test_heads_can_learn_on_an_encoder_that_stays(boxed_folder, monkeypatch):
    monkeypatch.setattr("egoprog.leap.frame_pretraining.read_nouns", lambda boxed_folder, split: NOUNS)
    cache, path = boxed_folder.root / "cache", boxed_folder.root / "encoder.safetensors"
    first = FrameTask(boxed_folder, BACKBONE, cache)
    save_file(first.model().state_dict(), path, first.metadata())
    task = FrameTask(boxed_folder, replace(BACKBONE, width=24), cache, encoder=path)
    assert task.config.backbone == BACKBONE, "its own sizes count"
    model = task.model()
    task.dataset = lambda split: FrameDataset(boxed_folder, "train", BACKBONE, NOUNS, cache, False)
    batch = torch.utils.data.default_collate([task.dataset("train")[k] for k in range(2)])
    task.loss(model.train(), batch)["loss"].backward()
    assert all(parameter.grad is None for parameter in model.backbone.parameters())
    assert model.heads["left"].weight.grad.abs().sum() > 0
    found = read_frame_encoder(path).state_dict()
    kept = {name: one for name, one in model.backbone.state_dict().items() if "resblocks" in name}
    assert kept and all(torch.equal(found[name], one) for name, one in kept.items())


def test_other_weights_are_refused(tmp_path):
    save_file({"a": torch.zeros(1)}, tmp_path / "other.safetensors")
    with pytest.raises(ModelError, match="expected a frame encoder of"):
        read_frame_encoder(tmp_path / "other.safetensors")

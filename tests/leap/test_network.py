"""The whole network on a small scale: shapes, context, frozen parts, and that it learns."""

import dataclasses

import pytest
import torch

from egoprog.leap.config import SENTENCE_WIDTH, LeapConfig, UniFormerConfig, Vocabulary
from egoprog.leap.losses import LeapLoss
from egoprog.leap.network import LeapNetwork

VOCABULARY = Vocabulary(("take", "put"), ("cup", "knife", "tap"), ((0, 0), (1, 1)), ("cup", "knife"))
BACKBONE = UniFormerConfig(
    width=32, num_layers=2, num_heads=2, patch_px=8, size_px=(16, 24), num_frames=4,
    num_classes=VOCABULARY.num_classes, global_layers=(0, 1), dropout=0.0, time_embedding="global",
)  # fmt: skip
CONFIG = LeapConfig(VOCABULARY, BACKBONE, context_offsets=(-1, 1), gru_width=16)


def batch_of(num_clips=2):
    generator = torch.Generator().manual_seed(0)
    return {
        "clip": torch.randn(num_clips, 3, 4, 16, 24, generator=generator),
        "context": torch.randn(num_clips, 2, 32, generator=generator),
        "has_context": torch.tensor([[True, True]] * num_clips),
        "verb": torch.arange(num_clips) % 2,
        "noun": torch.arange(num_clips) % 2,
        "action": torch.arange(num_clips) % 2,
        "sub_verbs": torch.tensor([[1, 2] + [-1] * 7] * num_clips),
        "sub_objects": torch.tensor([[[1, 0], [1, 2]] + [[-1, -1]] * 7] * num_clips),
        "precondition": torch.randn(num_clips, SENTENCE_WIDTH, generator=generator) / 20,
        "has_program": torch.tensor([True] * num_clips),
    }


@pytest.fixture
def network():
    torch.manual_seed(0)
    network = LeapNetwork(CONFIG).eval()
    for parameter in network.parameters():  # at first weights much of it is zero
        torch.nn.init.normal_(parameter, std=0.1)
    return network


def test_every_head_has_its_shape(network):
    said = network(batch_of())
    shapes = {name: tuple(value.shape) for name, value in said.items()}
    assert shapes == {
        "token": (2, 32), "verbs": (2, 2), "nouns": (2, 3), "actions": (2, 2),
        "sub_verbs": (2, 9, 8), "objects": (2, 9, 3), "precondition": (2, SENTENCE_WIDTH),
    }  # fmt: skip


def test_two_object_heads_say_both_objects():
    config = dataclasses.replace(CONFIG, has_two_object_heads=True)
    assert LeapNetwork(config)(batch_of())["objects"].shape == (2, 9, 2, 3)


def test_features_that_were_kept_give_what_the_clip_gives(network):
    batch = batch_of()
    features = network.backbone.frames(batch["clip"])
    kept = {name: value for name, value in batch.items() if name != "clip"} | {"features": features}
    torch.testing.assert_close(network(kept), network(batch), rtol=1e-4, atol=1e-5)


def test_context_counts_where_it_is_there_and_not_where_the_video_has_none(network):
    batch = batch_of()
    other = dict(batch, context=batch["context"] + 1.0 * torch.arange(32))
    assert not torch.allclose(network(batch)["actions"], network(other)["actions"])
    absent = {"has_context": torch.zeros(2, 2, dtype=torch.bool)}
    torch.testing.assert_close(network(batch | absent)["actions"], network(other | absent)["actions"])


def test_training_starts_from_the_network_without_context():
    torch.manual_seed(0)
    network = LeapNetwork(CONFIG).eval()
    batch = batch_of()
    absent = batch | {"has_context": torch.zeros(2, 2, dtype=torch.bool)}
    torch.testing.assert_close(network(batch)["actions"], network(absent)["actions"])


def test_without_a_program_head_nothing_of_it_is_said_or_trained():
    network = LeapNetwork(dataclasses.replace(CONFIG, has_program=False))
    assert set(network(batch_of())) == {"token", "verbs", "nouns", "actions"}
    assert not any(name.startswith("program") for name, _ in network.named_parameters())


def test_a_classifier_that_does_not_fit_the_vocabulary_is_refused():
    backbone = dataclasses.replace(BACKBONE, num_classes=400)
    with pytest.raises(ValueError, match="expected a classifier of 7 classes, the vocabulary's, got 400"):
        LeapNetwork(dataclasses.replace(CONFIG, backbone=backbone))


def test_it_learns_two_clips_by_heart():
    torch.manual_seed(0)
    network, batch = LeapNetwork(CONFIG).train(), batch_of()
    judge = LeapLoss(CONFIG, {"precondition": 0.1})
    optimiser = torch.optim.AdamW(network.parameters(), 3e-3)
    losses = []
    for _ in range(60):
        parts = judge(network(batch), batch)
        optimiser.zero_grad()
        parts["loss"].backward()
        optimiser.step()
        losses.append(float(parts["loss"].detach()))
    assert losses[-1] < 0.3 * losses[0]
    said = network.eval()(batch)
    assert said["actions"].argmax(1).tolist() == [0, 1]

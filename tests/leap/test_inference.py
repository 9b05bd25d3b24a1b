"""Networks over whole splits."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from egoprog.errors import ModelError  # noqa: E402
from egoprog.leap.config import LeapConfig, UniFormerConfig, Vocabulary  # noqa: E402
from egoprog.leap.inference import predict  # noqa: E402
from egoprog.leap.network import LeapNetwork  # noqa: E402
from egoprog.leap.predictions import load_predictions, save_predictions  # noqa: E402

VOCABULARY = Vocabulary(("take", "put"), ("cup", "pan", "tap"), ((0, 0), (1, 1)), ("cup", "pan"))


def config_of(**options):
    backbone = UniFormerConfig(
        width=16, num_layers=2, num_heads=2, patch_px=8, size_px=(16, 16), num_frames=2,
        num_classes=VOCABULARY.num_classes, global_layers=(1,),
    )  # fmt: skip
    return LeapConfig(VOCABULARY, backbone, gru_width=8, **options)


def batches_of(num_clips, batch=2, num_context=0):
    torch.manual_seed(0)
    for start in range(0, num_clips, batch):
        num = min(batch, num_clips - start)
        found = {
            "index": torch.arange(start, start + num),
            "narration_id": [f"P901_01_{start + k}" for k in range(num)],
            "clip": torch.randn(num, 3, 2, 16, 16),
            "verb": torch.zeros(num, dtype=torch.int64),
            "noun": torch.full((num,), -1),
            "action": torch.zeros(num, dtype=torch.int64),
            "sub_verbs": torch.full((num, 9), -1),
            "sub_objects": torch.full((num, 9, 2), -1),
            "precondition": torch.zeros(num, 384),
            "has_program": torch.zeros(num, dtype=torch.bool),
        }
        if num_context:
            found["context_clips"] = torch.randn(num, num_context, 3, 2, 16, 16)
            found["has_context"] = torch.ones(num, num_context, dtype=torch.bool)
        yield found


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


def test_predictions_hold_every_clip_once_and_can_be_stored(tmp_path):
    config = config_of()
    found = predict(LeapNetwork(config), batches_of(5), config)
    assert found.narration_ids == tuple(f"P901_01_{k}" for k in range(5))
    assert found.verbs.shape == (5, 2)
    assert found.sub_verbs.shape == (5, 9, 8)
    assert found.objects.shape == (5, 9, 3)
    assert found.true_nouns.tolist() == [-1] * 5
    save_predictions(tmp_path / "predictions.npz", found)
    assert np.array_equal(load_predictions(tmp_path / "predictions.npz").objects, found.objects)


def test_a_clip_that_stands_in_for_a_broken_one_is_left_out():
    """Whether it comes before its own turn or after it."""
    config = config_of()
    batches = list(batches_of(5))
    batches[0]["index"], batches[0]["narration_id"] = torch.tensor([0, 3]), ["P901_01_0", "P901_01_3"]
    batches[2]["index"], batches[2]["narration_id"] = torch.tensor([0]), ["P901_01_0"]
    found = predict(LeapNetwork(config), batches, config)
    assert found.narration_ids == ("P901_01_0", "P901_01_2", "P901_01_3")
    assert len(found.verbs) == len(found.true_verbs) == 3


def test_a_network_without_a_program_head_leaves_programs_empty():
    config = config_of(has_program=False)
    found = predict(LeapNetwork(config), batches_of(2), config)
    assert found.sub_verbs.shape == found.objects.shape == found.precondition.shape == (2, 0)


def test_clips_around_become_tokens_of_the_context_network():
    config = config_of(context_offsets=(-1, 1))
    network, context_network = LeapNetwork(config), LeapNetwork(config_of())
    for layer in network.context:
        torch.nn.init.normal_(layer.weight)
    found = predict(network, batches_of(2, num_context=2), config, context_network)
    (batch,) = batches_of(2, num_context=2)
    with torch.inference_mode():
        tokens = torch.stack([context_network({"clip": batch["context_clips"][:, k]})["token"] for k in range(2)], 1)
        said = network({"clip": batch["clip"], "context": tokens, "has_context": batch["has_context"]})
    assert found.verbs == pytest.approx(said["verbs"].numpy(), abs=1e-5)


def test_what_is_missing_is_said_in_one_line():
    config = config_of(context_offsets=(-1, 1))
    with pytest.raises(ModelError, match="the 2 clips around each"):
        predict(LeapNetwork(config), batches_of(2), config)
    with pytest.raises(ModelError, match="empty split"):
        predict(LeapNetwork(config_of()), [], config_of())

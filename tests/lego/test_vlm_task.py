"""Visual instruction tuning: it learns what only the picture shows, tunes what it should, stops and goes on."""

from dataclasses import replace

import pytest
import torch

from egoprog.errors import ConfigurationError, ModelError
from egoprog.lego.vlm import Vlm, load_vlm
from egoprog.lego.vlm_recipes import recipe
from egoprog.lego.vlm_task import VlmTask, answer_logits, token_sums, tuned_parts, without_lora
from egoprog.train.loop import train
from tests.lego.described import described_folder
from tests.lego.small_vlm import TINY, tiny_vlm

SETTINGS = ["num_tokens=160", "num_described=6", "mirror=0", "jitter=0", "training.workers=0", "training.ema_decay=0"]


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    torch.set_num_threads(1)
    return described_folder(tmp_path_factory.mktemp("task") / "pairs", num_train=8, num_validation=8)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("init")
    tiny_vlm().save(folder)
    return folder


def small(name="vlm_sim_pretrain", *settings):
    return replace(recipe(name, [*SETTINGS, *settings]), config=TINY)


def batch_of(task, indices=range(4)):
    found = task.dataset("train")
    return torch.utils.data.default_collate([found[index] for index in indices])


def changed_parts(task, batch):
    """Which parts of a model a step of the loss reaches."""
    model = task.model()
    task.loss(model, batch)["loss"].backward()
    reached = {name for name, one in model.named_parameters() if one.grad is not None and one.grad.abs().sum() > 0}
    parts = ("vision_tower", "multi_modal_projector", "language_model", "lm_head")
    return {part for part in parts if any(part in name for name in reached)}, reached


def test_a_short_training_reads_the_hand_off_the_picture_and_leaves_a_folder(pairs, tmp_path):
    """The question names verb and noun; which hand, only the picture shows."""
    settings = ("training.epochs=60", "training.batch=8", "training.learning_rate=0.003", "training.evaluate_every=60")
    asked = small("vlm_sim_pretrain", *settings, "sees=input")
    task = VlmTask(asked, pairs, tmp_path)
    results = train(task, asked.training, tmp_path)
    assert results["last"]["loss"] < 0.1 and results["last"]["token_accuracy"] > 0.95
    assert results["last"]["hand"] == results["last"]["verb"] == results["last"]["noun"] == 1.0
    vlm = load_vlm(task.write_folder(tmp_path))
    for pair in pairs.pairs("validation")[:4]:
        said = vlm.describe([pairs.pictures(pair)[0]], [f"How do I {pair.action}?"])
        assert said[0].startswith("The person") and said[0].endswith("hand.")
    # the text embeddings are what the language model's head says the answer from
    pair = pairs.pairs("validation")[0]
    question = task.dataset("validation")[0]["question"]
    found = vlm.embeddings([pairs.pictures(pair)[0]], [question], [pair.description], 40)
    ids, num_answer = vlm.tokenizer.conversation(question, pair.description, vlm.num_image_tokens)
    assert vlm.model.lm_head(found.text[0, :num_answer]).argmax(-1).tolist() == ids[-num_answer:]


def test_stopped_and_gone_on_with_is_the_same_training(pairs, tmp_path):
    asked = small("vlm_sim_pretrain", "training.epochs=1", "training.batch=4", "mirror=0.5", "jitter=0.3")
    whole = train(VlmTask(asked, pairs, tmp_path / "whole"), asked.training, tmp_path / "whole")

    class Stops(VlmTask):
        def loss(self, model, batch):
            self.calls = getattr(self, "calls", 0) + 1
            if self.calls == 2:
                raise KeyboardInterrupt
            return super().loss(model, batch)

    often = replace(asked, training=replace(asked.training, checkpoint_every_s=1e-6))
    with pytest.raises(KeyboardInterrupt):
        train(Stops(often, pairs, tmp_path / "parts"), often.training, tmp_path / "parts")
    again = train(VlmTask(often, pairs, tmp_path / "parts"), often.training, tmp_path / "parts")
    assert again["steps"] == whole["steps"] == 2
    assert again["last"]["loss"] == pytest.approx(whole["last"]["loss"], abs=1e-5)


def test_tuning_reaches_projector_and_language_model_and_leaves_vision(pairs, folder, tmp_path):
    task = VlmTask(small("vlm_sim"), pairs, tmp_path, folder)
    parts, _ = changed_parts(task, batch_of(task))
    assert parts == {"multi_modal_projector", "language_model", "lm_head"}


def test_pretraining_reaches_all_parts(pairs, tmp_path):
    task = VlmTask(small(), pairs, tmp_path)
    parts, _ = changed_parts(task, batch_of(task))
    assert parts == {"vision_tower", "multi_modal_projector", "language_model", "lm_head"}


def test_lora_moves_little_and_becomes_plain_weights_again(pairs, folder, tmp_path):
    task = VlmTask(small("vlm_sim", "lora_rank=2"), pairs, tmp_path, folder)
    batch = batch_of(task)
    _, reached = changed_parts(task, batch)
    assert all("lora_" in name or "multi_modal_projector" in name for name in reached)
    assert any("lora_" in name for name in reached)
    model = task.model()
    for name, one in model.named_parameters():
        if "lora_" in name:
            torch.nn.init.normal_(one, std=0.1)
    tuned = answer_logits(model.eval(), batch)[0]
    plain = without_lora(model)
    assert not any("lora" in name for name in plain.state_dict())
    assert plain.state_dict().keys() == load_vlm(folder).model.state_dict().keys()
    torch.testing.assert_close(answer_logits(plain, batch)[0], tuned, atol=1e-4, rtol=1e-4)


def test_the_loss_is_that_of_the_answer_alone(pairs, folder, tmp_path):
    """Against transformers' own loss over the same labels."""
    task = VlmTask(small("vlm_sim"), pairs, tmp_path, folder)
    batch, model = batch_of(task), task.model().eval()
    longest = int(batch["length"].max())
    mask = torch.arange(longest)[None] < batch["length"][:, None]
    theirs = model(
        input_ids=batch["ids"][:, :longest],
        pixel_values=batch["pixels"],
        attention_mask=mask.long(),
        labels=batch["labels"][:, :longest],
    ).loss
    ours = task.loss(model, batch)["loss"]
    assert ours.item() == pytest.approx(theirs.item(), rel=1e-5)
    sums = token_sums(model, batch).sum(0)
    assert (sums[0] / sums[2]).item() == pytest.approx(theirs.item(), rel=1e-5)


def test_what_does_not_fit_together_is_told(pairs, folder, tmp_path):
    with pytest.raises(ConfigurationError, match="expected a model's folder to start from with --init"):
        VlmTask(small("vlm_sim"), pairs, tmp_path)
    task = VlmTask(small("vlm_sim"), pairs, tmp_path, folder)
    other = tuned_parts(tiny_vlm(replace(TINY, layers=1)).model, small("vlm_sim"))
    from safetensors.torch import save_file

    save_file({name: one.clone() for name, one in other.state_dict().items()}, tmp_path / "best.safetensors")
    with pytest.raises(ModelError, match="expected weights of this recipe"):
        task.write_folder(tmp_path)


def test_measures_are_taken_by_the_model_as_it_is(pairs, folder, tmp_path):
    task = VlmTask(small("vlm_sim"), pairs, tmp_path, folder)
    assert isinstance(Vlm(task.model(), task.tokenizer, task.preparation), Vlm)
    assert task.metadata()["init"]

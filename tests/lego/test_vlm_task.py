"""Visual instruction tuning: it learns what only the picture shows, tunes what it should, stops and goes on."""

from dataclasses import replace

import pytest
import torch
from safetensors.torch import save_file

from egoprog.errors import ConfigurationError, ModelError
from egoprog.lego.instruction import IGNORED
from egoprog.lego.vlm import Vlm, load_vlm
from egoprog.lego.vlm_config import VlmConfig
from egoprog.lego.vlm_recipes import recipe
from egoprog.lego.vlm_task import VlmTask, answer_logits, token_sums, tuned_parts, without_lora
from egoprog.train.checkpoint import read_weights
from egoprog.train.loop import train
from tests.lego.described import described_folder
from tests.lego.small_encoder import tiny_encoder, write_encoder
from tests.lego.small_vlm import TINY, TINY_FRAMES, tiny_vlm

FROM_NOTHING = "is_vision_frozen=no"
SETTINGS = ["num_tokens=160", "num_described=2", "mirror=0", "jitter=0", "training.workers=0", "training.ema_decay=0"]


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    torch.set_num_threads(1)
    return described_folder(tmp_path_factory.mktemp("task") / "pairs", num_train=8, num_validation=8)


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    return write_encoder(tmp_path_factory.mktemp("frames") / "best.safetensors", tiny_encoder())


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("init")
    tiny_vlm().save(folder)
    return folder


def small(name="vlm_sim_pretrain", *settings, config=TINY):
    return replace(recipe(name, [*SETTINGS, *settings]), config=config)


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


def test_it_learns_to_read_the_hand_off_the_picture(pairs, tmp_path):
    """The question names verb and noun; which hand, only the picture shows."""
    torch.manual_seed(0)
    task = VlmTask(small("vlm_sim_pretrain", FROM_NOTHING), pairs, tmp_path)
    model, plain = task.model().train(), task.dataset("train")
    plain.is_training = False
    batch = torch.utils.data.default_collate([plain[index] for index in range(4)])
    optimiser = torch.optim.AdamW(model.parameters(), 5e-3)
    for _ in range(90):
        optimiser.zero_grad()
        task.loss(model, batch)["loss"].backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
    vlm = Vlm(model.eval(), task.tokenizer, task.preparation)
    shown = pairs.pairs("train")[:4]
    pictures, questions = [pairs.pictures(pair)[0] for pair in shown], batch["question"]
    assert vlm.describe(pictures, questions, 40) == [pair.description for pair in shown]
    # the text embeddings are what the language model's head says the answer from
    found = vlm.embeddings(pictures, questions, batch["description"], 40)
    heads = model.lm_head(found.text).argmax(-1)
    for row, pair in enumerate(shown):
        ids, num_answer = vlm.tokenizer.conversation(questions[row], pair.description, vlm.num_image_tokens)
        assert found.lengths[row] == num_answer
        assert heads[row, :num_answer].tolist() == ids[-num_answer:]
        assert not found.text[row, num_answer:].any() and found.text[row, :num_answer].any(1).all()


def test_stopped_and_gone_on_with_is_the_same_training_and_leaves_a_folder(pairs, tmp_path, monkeypatch):
    monkeypatch.setattr("egoprog.train.loop.draw_curves", lambda *_: None)
    settings = ("training.epochs=1", "training.batch=4", "mirror=0.5", "jitter=0.3")
    asked = small("vlm_sim_pretrain", FROM_NOTHING, *settings)
    whole = train(VlmTask(asked, pairs, tmp_path / "whole"), asked.training, tmp_path / "whole")

    class Stops(VlmTask):
        num_calls = 0

        def loss(self, model, batch):
            self.num_calls += 1
            if self.num_calls == 2:
                raise KeyboardInterrupt
            return super().loss(model, batch)

    often = replace(asked, training=replace(asked.training, checkpoint_every_s=1e-6))
    with pytest.raises(KeyboardInterrupt):
        train(Stops(often, pairs, tmp_path / "parts"), often.training, tmp_path / "parts")
    task = VlmTask(often, pairs, tmp_path / "parts")
    again = train(task, often.training, tmp_path / "parts")
    assert again["steps"] == whole["steps"] == 2
    assert again["last"] == pytest.approx(whole["last"], abs=1e-5)
    assert set(again["last"]) == {"loss", "token_accuracy", "hand", "verb", "noun", "sentence"}
    vlm = load_vlm(task.write_folder(tmp_path / "parts"))
    weights = read_weights(tmp_path / "parts" / "best.safetensors")
    torch.testing.assert_close(dict(vlm.model.state_dict()), dict(weights))


def test_sentences_agree_by_hand_verb_and_thing_however_they_are_worded(pairs, folder, tmp_path):
    task = VlmTask(small("vlm_sim"), pairs, tmp_path, folder)
    task._verbs["take"] = {"take", "pick"}
    true = "The person takes the cup with the left hand while the right hand holds a plate."
    said = (true, "With the left hand, the person picks up the cup.", "The person drops the plate by both hands.", "")
    batch = {"description": [true] * 4, "verb": ["take"] * 4}
    assert task._agreement(said, batch).tolist() == [[1, 1, 1, 1], [1, 1, 1, 0], [0, 0, 1, 0], [0, 0, 0, 0]]


def test_tuning_reaches_projector_and_language_model_and_leaves_vision(pairs, folder, tmp_path):
    task = VlmTask(small("vlm_sim"), pairs, tmp_path, folder)
    parts, _ = changed_parts(task, batch_of(task))
    assert parts == {"multi_modal_projector", "language_model", "lm_head"}


@pytest.mark.parametrize("config", [TINY, TINY_FRAMES], ids=["clip", "frame encoder"])
def test_a_model_from_nothing_learns_in_all_parts(pairs, tmp_path, config):
    task = VlmTask(small("vlm_sim_pretrain", FROM_NOTHING, config=config), pairs, tmp_path)
    parts, _ = changed_parts(task, batch_of(task))
    assert parts == {"vision_tower", "multi_modal_projector", "language_model", "lm_head"}


def test_pretraining_looks_through_the_frame_encoder_and_leaves_it_as_it_is(pairs, encoder, tmp_path, monkeypatch):
    monkeypatch.setattr("egoprog.train.loop.draw_curves", lambda *_: None)
    asked = small("vlm_sim_pretrain", "training.epochs=1", "training.batch=4", config=TINY_FRAMES)
    task = VlmTask(asked, pairs, tmp_path, encoder=encoder)
    parts, _ = changed_parts(task, batch_of(task))
    assert parts == {"multi_modal_projector", "language_model", "lm_head"}
    begun = task.model().state_dict()
    train(task, asked.training, tmp_path)
    pretrained = load_vlm(task.write_folder(tmp_path))
    known = read_weights(encoder)
    for name, value in pretrained.model.model.vision_tower.state_dict().items():
        torch.testing.assert_close(value, known[name.replace("encoder.", "backbone.", 1)], rtol=0, atol=0)
    projector = "model.multi_modal_projector.linear_1.weight"
    assert not torch.equal(pretrained.model.state_dict()[projector], begun[projector])
    # and its tuning goes on from there
    tuned = VlmTask(small("vlm_sim", config=TINY_FRAMES), pairs, tmp_path / "tuned", tmp_path / "vlm")
    parts, _ = changed_parts(tuned, batch_of(tuned))
    assert parts == {"multi_modal_projector", "language_model", "lm_head"}


def test_the_same_layers_are_moved_whichever_tower_there_is(pairs, tmp_path):
    for config in (TINY, TINY_FRAMES):
        task = VlmTask(small("vlm_sim_pretrain", FROM_NOTHING, config=config), pairs, tmp_path)
        assert len(task.layers(task.model())) == config.tower.num_layers + config.layers


def test_what_comes_after_the_layer_that_is_read_is_not_trained(pairs, tmp_path):
    for config in (TINY, TINY_FRAMES):
        config = replace(config, vision_feature_layer=-2)
        task = VlmTask(small("vlm_sim_pretrain", FROM_NOTHING, config=config), pairs, tmp_path)
        model = task.model()
        task.loss(model, batch_of(task))["loss"].backward()
        assert {name for name, one in model.named_parameters() if one.grad is None} == {
            name for name, one in model.named_parameters() if not one.requires_grad
        }


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
    batch["pixels"] = batch["pixels"].double()  # the two ways differ by their rounding alone
    tuned = answer_logits(model.double().eval(), batch)[0]
    plain = without_lora(model)
    assert not any("lora" in name for name in plain.state_dict())
    assert plain.state_dict().keys() == load_vlm(folder).model.state_dict().keys()
    torch.testing.assert_close(answer_logits(plain, batch)[0], tuned, atol=1e-4, rtol=1e-4)


def test_the_loss_is_that_of_the_answer_alone(pairs, folder, tmp_path):
    """Against transformers' own loss over the same labels."""
    task = VlmTask(small("vlm_sim", "side_weight=1"), pairs, tmp_path, folder)
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


def test_left_and_right_count_for_more_than_other_words(pairs, folder, tmp_path):
    plain, weighted = (VlmTask(small("vlm_sim", f"side_weight={weight}"), pairs, tmp_path, folder) for weight in (1, 8))
    batch, model = batch_of(plain), plain.model().eval()
    logits_BKV, labels_BK = answer_logits(model, batch)
    kept = labels_BK != IGNORED
    losses = torch.nn.functional.cross_entropy(logits_BKV[kept].float(), labels_BK[kept], reduction="none")
    said = [plain.tokenizer.text([token]) for token in labels_BK[kept].tolist()]
    weights = torch.tensor([8.0 if word in ("left", "right") else 1.0 for word in said])
    assert len(set(weights.tolist())) == 2, said
    assert weighted.loss(model, batch)["loss"].item() == pytest.approx(
        (weights * losses).sum().item() / weights.sum().item(), rel=1e-5
    )


def test_what_does_not_fit_together_is_told(pairs, folder, encoder, tmp_path):
    with pytest.raises(ConfigurationError, match="expected a model's folder to start from with --init"):
        VlmTask(small("vlm_sim"), pairs, tmp_path)
    with pytest.raises(ConfigurationError, match="expected the weights of a frame encoder with --encoder"):
        VlmTask(small(config=TINY_FRAMES), pairs, tmp_path)
    with pytest.raises(ConfigurationError, match=r"got both: .* has a tower already"):
        VlmTask(small(), pairs, tmp_path, folder, encoder)
    with pytest.raises(ConfigurationError, match="expected no --encoder for a new model that looks through CLIP's"):
        VlmTask(small(), pairs, tmp_path, encoder=encoder)
    with pytest.raises(ModelError, match="expected a frame encoder of width 192, got 24"):
        VlmTask(small(config=VlmConfig.small()), pairs, tmp_path / "other", encoder=encoder).model()
    task = VlmTask(small("vlm_sim"), pairs, tmp_path, folder)
    other = tuned_parts(tiny_vlm(replace(TINY, layers=1)).model, small("vlm_sim"))
    save_file({name: one.clone() for name, one in other.state_dict().items()}, tmp_path / "best.safetensors")
    with pytest.raises(ModelError, match="expected weights of this recipe"):
        task.write_folder(tmp_path)

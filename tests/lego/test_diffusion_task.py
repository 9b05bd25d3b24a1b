"""Training of the generator, in very few steps."""

import signal
from dataclasses import replace

import pytest
import torch
from small_lego import PLAIN, TINY, tiny_model, write_enriched, write_pair_folder

from egoprog.lego.checkpoints import load_run
from egoprog.lego.diffusion_task import DiffusionTask, dropped
from egoprog.lego.generator import Generator
from egoprog.lego.latents import encode_pairs
from egoprog.lego.pair_dataset import PairSource
from egoprog.train.config import TrainingConfig
from egoprog.train.loop import Interrupted, train

TRAINING = TrainingConfig(
    epochs=4.0,
    batch=2,
    learning_rate=1e-3,
    warmup_epochs=0.0,
    ema_decay=0.9,
    workers=0,
    evaluate_every=4.0,
    log_every=1,
)


def task_of(folder, config=TINY, enriched="tuned", kind=DiffusionTask, **options: object) -> DiffusionTask:
    model = tiny_model(config)
    source = PairSource.opened(folder.path, enriched)
    source = replace(source, latents=encode_pairs(folder, model.autoencoder, config.size_px))
    return kind(model.config, [source], model.autoencoder, model.tokenizer, **options)


def test_one_number_says_what_is_left_out():
    r = torch.linspace(0, 1, 10_001)[:-1]
    is_null, is_blind = dropped(r, 0.05)
    assert is_null.float().mean() == pytest.approx(0.10, abs=1e-3)
    assert is_blind.float().mean() == pytest.approx(0.10, abs=1e-3)
    assert (is_null & is_blind).float().mean() == pytest.approx(0.05, abs=1e-3)
    assert is_null[r < 0.0999].all() and is_blind[(r > 0.0501) & (r < 0.1499)].all()


def test_a_stopped_training_goes_on_as_if_it_had_not_been(tmp_path):
    folder = write_pair_folder(tmp_path / "p")
    write_enriched(folder)

    class Stopping(DiffusionTask):
        calls = 0

        def loss(self, model, batch):
            Stopping.calls += 1
            if Stopping.calls == 3:
                signal.raise_signal(signal.SIGINT)
            return super().loss(model, batch)

    whole = train(task_of(folder), TRAINING, tmp_path / "whole")
    with pytest.raises(Interrupted, match="stopped at step 3 of 8"):
        train(task_of(folder, kind=Stopping), TRAINING, tmp_path / "run")
    parts = train(task_of(folder), TRAINING, tmp_path / "run")
    assert parts["last"] == pytest.approx(whole["last"], abs=1e-7)
    first, second = load_run(tmp_path / "whole").state_dict(), load_run(tmp_path / "run").state_dict()
    assert all(torch.allclose(first[name], second[name], atol=1e-6) for name in first)


def test_what_is_trained_moves_and_what_is_frozen_stays(tmp_path):
    folder = write_pair_folder(tmp_path / "p")
    write_enriched(folder)
    config = replace(TINY, trains_projections=False, text=replace(TINY.text, is_frozen=True))
    task = task_of(folder, config)
    torch.manual_seed(TRAINING.seed)
    before = task.model().state_dict()
    train(task, replace(TRAINING, epochs=1.0, evaluate_every=1.0), tmp_path / "run")
    after = load_run(tmp_path / "run").state_dict()
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    assert any(name.startswith("unet.") for name in moved)
    assert not any(name.startswith("conditioning.") for name in moved)


def test_pictures_may_be_encoded_in_training_and_a_text_to_frame_model_needs_no_frame(tmp_path):
    folder = write_pair_folder(tmp_path / "p")
    for config in (PLAIN, replace(PLAIN, sees_frame=False, words="label")):
        model = tiny_model(config)
        task = DiffusionTask(model.config, [PairSource.opened(folder.path)], model.autoencoder, model.tokenizer)
        figures = train(task, replace(TRAINING, epochs=1.0, evaluate_every=1.0), tmp_path / str(config.sees_frame))
        assert figures["last"]["loss"] > 0
        assert ("frame_gain" in figures["last"]) is config.sees_frame


def test_it_learns_to_use_the_frame(tmp_path):
    folder = write_pair_folder(tmp_path / "p")
    task = task_of(folder, PLAIN, None)
    generator = Generator(task.config)
    batch = torch.utils.data.default_collate([{"index": k, **task.dataset("train")[k]} for k in range(4)])
    optimiser = torch.optim.AdamW(generator.parameters(), 3e-3)
    losses = []
    for step in range(60):
        torch.manual_seed(step)
        loss = task.loss(generator, batch)["loss"]
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert sum(losses[-10:]) < 0.8 * sum(losses[:10])

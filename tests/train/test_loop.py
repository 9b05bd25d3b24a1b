"""A training goes on where it was stopped as if nothing had happened, and says in one line why it can't."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import cv2
import pytest
import torch
from toys import LineTask

from egoprog.errors import ConfigurationError, ModelError, TrainingError
from egoprog.train.checkpoint import Checkpoints, read_metadata, read_weights
from egoprog.train.config import TrainingConfig
from egoprog.train.log import read_log
from egoprog.train.loop import Interrupted, train

CONFIG = TrainingConfig(
    epochs=3.0,
    batch=8,
    learning_rate=1e-2,
    warmup_epochs=1.0,
    ema_decay=0.9,
    workers=0,
    log_every=1,
    checkpoint_every_s=1e6,
)
OFTEN = replace(CONFIG, epochs=6.0, checkpoint_every_s=1e-6)
TOYS = Path(__file__).parent


@pytest.fixture(autouse=True)
def one_thread():
    kept = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(kept)


class StopsAt(LineTask):
    """Asks for a stop, as Ctrl-C does, in the middle of a step. Its random numbers leave their traces everywhere."""

    def __init__(self, step: int | None = None) -> None:
        super().__init__(dropout=0.3)
        self.step, self.num_seen = step, 0

    def loss(self, model, batch):
        self.num_seen += 1
        if self.num_seen == self.step:
            signal.raise_signal(signal.SIGINT)
        return super().loss(model, batch)


def losses(run: Path) -> list[tuple]:
    return [(row["split"], row["step"], row["loss"]) for row in read_log(run)]


def assert_same_weights(one: Path, other: Path) -> None:
    for name in ("last.safetensors", "best.safetensors"):
        first, second = read_weights(one / name), read_weights(other / name)
        assert first.keys() == second.keys()
        for key in first:
            torch.testing.assert_close(first[key], second[key], rtol=0, atol=0)


@pytest.mark.parametrize(
    ("asked", "has_instructions", "taken"),
    [("bf16", True, "bf16"), ("bf16", False, "fp32"), ("fp32", True, "fp32"), ("fp16", True, "fp32")],
)
def test_a_cpu_computes_in_bf16_where_it_can_and_says_so(tmp_path, monkeypatch, asked, has_instructions, taken):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"amx_bf16": has_instructions})
    seen = []

    class Looks(LineTask):
        def loss(self, model, batch):
            seen.append(torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else torch.float32)
            return super().loss(model, batch)

    results = train(Looks(), replace(CONFIG, epochs=1.0, precision=asked), tmp_path / "run")
    assert results["precision"] == taken
    assert set(seen) == {torch.bfloat16 if taken == "bf16" else torch.float32}


@pytest.mark.parametrize(("workers", "stops"), [(0, (2,)), (2, (3, 5))])
def test_a_stopped_run_ends_with_the_losses_and_weights_of_one_that_was_not(tmp_path, workers, stops):
    """In the middle of an epoch (8 steps for 22 samples in batches of 8), with dropout, noise, averages, schedule."""
    config = replace(CONFIG, workers=workers)
    train(StopsAt(), config, tmp_path / "whole")
    done = 0
    for stop in stops:
        with pytest.raises(Interrupted, match=f"stopped at step {stop + 1} of 8"):
            train(StopsAt(stop + 1 - done), config, tmp_path / "stopped")
        done = stop + 1
    train(StopsAt(), config, tmp_path / "stopped")
    assert losses(tmp_path / "stopped") == losses(tmp_path / "whole")
    assert_same_weights(tmp_path / "whole", tmp_path / "stopped")


class StopsAll(LineTask):
    """Asks its readers to stop too, as a service manager does that stops a group of processes."""

    def __init__(self, while_measuring: bool) -> None:
        super().__init__(num=64)
        self.while_measuring, self.was_asked = while_measuring, False

    def loss(self, model, batch):
        if not self.while_measuring:
            self.ask()
        return super().loss(model, batch)

    def measure(self, model, batches):
        for _ in batches:
            self.ask()
        return super().measure(model, batches)

    def ask(self):
        if not self.was_asked:
            self.was_asked = True
            readers = multiprocessing.active_children()
            assert len(readers) >= 2
            for number in (signal.SIGINT, signal.SIGTERM):
                for reader in readers:
                    os.kill(reader.pid, number)
            signal.raise_signal(signal.SIGTERM)


@pytest.mark.parametrize("while_measuring", [False, True])
def test_readers_that_are_told_to_stop_go_on_until_the_checkpoint_is_made(tmp_path, while_measuring):
    config = replace(CONFIG, workers=2, batch=2)
    with pytest.raises(Interrupted, match="the same command goes on"):
        train(StopsAll(while_measuring), config, tmp_path)
    assert train(LineTask(num=64), config, tmp_path)["steps"] == config.num_steps(64)


KILLED = """
import sys, torch
sys.path.insert(0, {toys!r})
torch.set_num_threads(1)
from test_loop import LineTask, OFTEN, train
train(LineTask(dropout=0.3), OFTEN, {run!r})
"""


def test_a_killed_run_goes_on_from_a_whole_checkpoint(tmp_path):
    """kill -9 while checkpoints are being written all the time."""
    process = subprocess.Popen([sys.executable, "-c", KILLED.format(toys=str(TOYS), run=str(tmp_path / "killed"))])
    checkpoints = Checkpoints(tmp_path / "killed", {})
    deadline = time.monotonic() + 120
    while (checkpoints.steps() or [0])[-1] < 3:
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert 3 <= checkpoints.newest().step < OFTEN.num_steps(22)
    train(LineTask(dropout=0.3), OFTEN, tmp_path / "killed")
    train(LineTask(dropout=0.3), OFTEN, tmp_path / "whole")
    assert_same_weights(tmp_path / "whole", tmp_path / "killed")
    assert losses(tmp_path / "killed") == losses(tmp_path / "whole")


def test_accumulated_gradients_and_other_numbers_of_workers_give_the_same_loss(tmp_path):
    whole = train(LineTask(), CONFIG, tmp_path / "whole")
    parts = train(LineTask(), replace(CONFIG, micro_batch=3, workers=2), tmp_path / "parts")
    assert parts["last"]["loss"] == pytest.approx(whole["last"]["loss"], rel=1e-5)


def test_a_loss_that_is_no_number_names_the_step_and_the_sample_and_keeps_the_checkpoint(tmp_path):
    with pytest.raises(
        TrainingError, match=r"finite loss, got nan at step 10 of samples .*P01_01_9; the checkpoint of step 9 is kept"
    ) as error:
        train(LineTask(bad=(9,)), replace(CONFIG, batch=2, evaluate_every=0.05), tmp_path)
    assert "\n" not in str(error.value)
    weights = read_weights(tmp_path / "last.safetensors")
    assert all(tensor.isfinite().all() for tensor in weights.values())


class InfiniteGradient(LineTask):
    def loss(self, model, batch):
        terms = super().loss(model, batch)
        return {"loss": terms["loss"] * 0 + (terms["loss"] * 0).sqrt()}


def test_an_infinite_gradient_of_a_finite_loss_stops_before_it_reaches_the_weights(tmp_path):
    with pytest.raises(TrainingError, match=r"finite gradient norm, got nan at step 1 of samples P01_01_"):
        train(InfiniteGradient(), CONFIG, tmp_path)


class Empty(LineTask):
    def dataset(self, split):
        return [] if split == "train" else super().dataset(split)


def test_an_empty_split_is_told_in_one_line(tmp_path):
    with pytest.raises(ConfigurationError, match="expected samples in the split 'train', got none"):
        train(Empty(), CONFIG, tmp_path)


def test_a_run_of_another_configuration_is_not_gone_on_with(tmp_path):
    train(LineTask(), replace(CONFIG, epochs=1.0), tmp_path)
    with pytest.raises(ConfigurationError, match=r"training.learning_rate = 0.01, got 0.02; choose another --out"):
        train(LineTask(), replace(CONFIG, epochs=1.0, learning_rate=0.02), tmp_path)
    assert train(LineTask(), replace(CONFIG, epochs=1.0, workers=1), tmp_path)["steps"] == 3


def test_a_measure_that_nobody_takes_can_not_choose_the_best(tmp_path):
    with pytest.raises(ConfigurationError, match=r"expected training.best to be one of loss, num, got 'top1'"):
        train(LineTask(), replace(CONFIG, best="top1"), tmp_path)


def test_the_best_weights_are_those_of_the_best_figure_and_carry_their_configuration(tmp_path):
    class Worsens(LineTask):
        figures = iter((3.0, 1.0, 2.0))

        def measure(self, model, batches):
            return {"loss": next(self.figures)}

    results = train(Worsens(), replace(CONFIG, ema_decay=0.0), tmp_path)
    assert (results["best"]["value"], results["last"]["loss"]) == (1.0, 2.0)
    assert read_metadata(tmp_path / "best.safetensors")["config"] == "dropout 0.0"
    best, last = read_weights(tmp_path / "best.safetensors"), read_weights(tmp_path / "last.safetensors")
    assert not torch.equal(best["layers.0.0.weight"], last["layers.0.0.weight"])


def test_damaged_checkpoints_are_passed_over_for_the_one_before(tmp_path):
    train(LineTask(), CONFIG, tmp_path)
    checkpoints = Checkpoints(tmp_path, {})
    older, newer = checkpoints.steps()
    damaged = tmp_path / "checkpoints" / f"step-{newer:08d}" / "state.pt"
    damaged.write_bytes(damaged.read_bytes()[:100])
    assert checkpoints.newest().step == older
    other = tmp_path / "checkpoints" / f"step-{older:08d}" / "model.safetensors"
    other.write_bytes(b"")
    with pytest.raises(ModelError, match="expected a checkpoint"):
        checkpoints.newest()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is always full")
def test_a_full_disk_is_told_in_one_line_and_older_checkpoints_stay(tmp_path, monkeypatch):
    train(LineTask(), replace(CONFIG, epochs=1.0), tmp_path)
    import egoprog.train.checkpoint as module

    monkeypatch.setattr(module, "_STATE", "full")
    opened = module.torch.save
    monkeypatch.setattr(module.torch, "save", lambda value, path: opened(value, "/dev/full"))
    checkpoints = Checkpoints(tmp_path, {})
    before = checkpoints.steps()
    with pytest.raises(TrainingError, match=r"expected to write a checkpoint.*older ones are kept") as error:
        checkpoints.save(module.Checkpoint(9, read_weights(tmp_path / "last.safetensors"), {}, {}))
    assert "\n" not in str(error.value) and checkpoints.steps() == before
    assert not list((tmp_path / "checkpoints").glob(".part*"))


def test_what_a_run_leaves_behind_says_how_it_was_made(tmp_path):
    results = train(LineTask(), CONFIG, tmp_path, {"run.json": "{}"})
    assert json.loads((tmp_path / "results.json").read_text())["best"] == results["best"]
    assert {"command", "commit", "machine", "seed", "minutes"} <= results.keys()
    assert (tmp_path / "run.json").read_text() == "{}"
    assert list((tmp_path / "tensorboard").glob("events.*"))
    picture = cv2.imread(str(tmp_path / "curves.png"))
    assert picture.shape[1] == 1440 and picture.std() > 1.0


def test_a_run_whose_data_have_changed_is_not_gone_on_with(tmp_path):
    train(LineTask(), replace(CONFIG, epochs=1.0), tmp_path)
    with pytest.raises(ConfigurationError, match=r"samples = 22, got 24"):
        train(LineTask(24), replace(CONFIG, epochs=1.0), tmp_path)

"""Several processes train what one alone would, and one goes on with what several began."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from toys import LineTask

from egoprog.errors import ConfigurationError
from egoprog.train.checkpoint import read_weights
from egoprog.train.config import TrainingConfig
from egoprog.train.log import read_log
from egoprog.train.loop import train

CONFIG = TrainingConfig(
    epochs=2.0,
    batch=8,
    learning_rate=1e-2,
    warmup_epochs=1.0,
    ema_decay=0.9,
    precision="fp32",  # sums in another order differ in the third figure of bf16
    workers=0,
    log_every=1,
    evaluate_every=1,
)


class StopsAt(LineTask):
    """One of the processes is asked to stop."""

    def __init__(self, step: int | None = None) -> None:
        super().__init__()
        self.step, self.num_seen = step, 0

    def loss(self, model, batch):
        self.num_seen += 1
        is_first = not torch.distributed.is_initialized() or torch.distributed.get_rank() == 0
        if self.num_seen == self.step and is_first:
            import signal

            signal.raise_signal(signal.SIGTERM)
        return super().loss(model, batch)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    out = tmp_path_factory.mktemp("runs")
    many = Path(__file__).parent / "many.py"
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2", str(many)]
    done = subprocess.run([*launch, str(out)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    kept = torch.get_num_threads()
    torch.set_num_threads(1)
    train(StopsAt(), CONFIG, out / "one")
    yield out
    torch.set_num_threads(kept)


@pytest.mark.parametrize("kind", ["ddp", "fsdp"])
def test_two_processes_give_the_loss_and_the_weights_of_one(runs, kind):
    one, two = read_log(runs / "one"), read_log(runs / kind)
    assert [(row["split"], row["step"]) for row in two] == [(row["split"], row["step"]) for row in one]
    assert [row["loss"] for row in two] == pytest.approx([row["loss"] for row in one], rel=1e-4)
    assert [row["num"] for row in two if row["split"] == "validation"] == [7.0, 7.0]
    ours, theirs = (read_weights(runs / run / "last.safetensors") for run in ("one", kind))
    assert ours.keys() == theirs.keys()
    for name, tensor in ours.items():
        torch.testing.assert_close(theirs[name], tensor, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", ["ddp", "fsdp"])
def test_one_process_goes_on_with_what_two_began(runs, kind):
    """A machine with fewer GPUs takes over; all processes stop at the same step when one is asked to."""
    begun = runs / f"{kind}_stopped"
    assert "of 6; the same command goes on" in (runs / f"{kind}_stopped.txt").read_text()
    results = train(StopsAt(), CONFIG, begun)
    assert results["last"]["loss"] == pytest.approx(read_log(runs / "one")[-1]["loss"], rel=1e-4)
    ours, theirs = read_weights(runs / "one" / "last.safetensors"), read_weights(begun / "last.safetensors")
    for name, tensor in ours.items():
        torch.testing.assert_close(theirs[name], tensor, rtol=1e-4, atol=1e-5)


def test_a_batch_that_can_not_be_shared_out_is_refused():
    with pytest.raises(ConfigurationError, match="multiple of 3 processes, got 8; take 9"):
        CONFIG.batch_of_process(3)
    assert replace(CONFIG, batch=9).batch_of_process(3) == 3

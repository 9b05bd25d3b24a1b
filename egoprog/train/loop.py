"""The training loop: one process or many, the same result, and at any moment it can be stopped and goes on."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import logging
import math
import os
import signal
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator, DistributedDataParallelKwargs
from accelerate.utils import gather_object, send_to_device
from torch import nn
from torch.distributed.checkpoint import state_dict as distributed
from torch.distributed.fsdp import MixedPrecisionPolicy, fully_shard
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.data import Dataset
from tqdm import tqdm

from egoprog.data.atomic import atomic
from egoprog.errors import ConfigurationError, TrainingError
from egoprog.provenance import provenance
from egoprog.train.batches import Batches, SeededSamples, SteadyLoader
from egoprog.train.checkpoint import Checkpoint, Checkpoints
from egoprog.train.config import TrainingConfig
from egoprog.train.curves import draw_curves
from egoprog.train.ema import AveragedWeights
from egoprog.train.log import TrainingLog
from egoprog.train.optimiser import learning_rate_share, make_optimiser, set_learning_rate
from egoprog.train.order import StepOrder
from egoprog.train.precision import computed_precision
from egoprog.train.task import Batch, Task

log = logging.getLogger(__name__)
RESULTS_NAME = "results.json"
CURVES_NAME = "curves.png"
# A loss scale that is still being found makes some steps infinite in fp16; so many in a row are no search any more.
_MOST_SKIPPED = 20
_WHOLE = distributed.StateDictOptions(full_state_dict=True, cpu_offload=True)
_FROM_WHOLE = distributed.StateDictOptions(full_state_dict=True)
# an optimiser knows nothing of parameters that no loss has reached yet
_FROM_REACHED = distributed.StateDictOptions(full_state_dict=True, strict=False)


class Interrupted(KeyboardInterrupt):
    """Stopped by Ctrl-C or SIGTERM, after a checkpoint."""


def train(
    task: Task, config: TrainingConfig, run: str | Path, files: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Trains to the end, or goes on where the same training was stopped; returns what RUN/results.json holds.

    files: texts by name that are written into RUN when it begins.
    Raises TrainingError for a loss or gradient that is no number (naming step and samples) and for a full disk,
    ConfigurationError for an empty split or a run of another configuration, Interrupted when asked to stop.
    """
    return _Training(task, config, Path(run), files or {}).run_to_end()


class _Training:
    def __init__(self, task: Task, config: TrainingConfig, run: Path, files: Mapping[str, str]) -> None:
        self.task, self.config, self.run, self.files = task, config, run, files
        self.accelerator = _accelerator(config)
        self.num_processes, self.is_main = self.accelerator.num_processes, self.accelerator.is_main_process
        self.own = config.batch_of_process(self.num_processes)
        self.dataset = _split(task, "train")
        self.num_steps = config.num_steps(len(self.dataset))
        self.step = 0
        self.trained_s = 0.0
        self.best: dict[str, Any] = {}
        self.figures: dict[str, float] = {}
        self.sums: dict[str, float] = {}
        self.num_skipped = 0

    @property
    def epoch(self) -> float:
        return self.step * self.config.batch / len(self.dataset)

    def run_to_end(self) -> dict[str, Any]:
        self._set_up()
        if self.step >= self.num_steps:
            log.info("%s: all %d steps are done already", self.run, self.num_steps)
            return self._write_results()
        with contextlib.ExitStack() as stack:
            self.stop = stack.enter_context(_stop_requests())
            self.log = stack.enter_context(TrainingLog(self.run, self.step)) if self.is_main else None
            hidden = not (self.is_main and sys.stderr.isatty())
            bar = stack.enter_context(tqdm(total=self.num_steps, initial=self.step, unit="step", disable=hidden))
            micro_batches = self._micro_batches()
            self.saved_at = began = time.monotonic()
            already_s = self.trained_s
            while self.step < self.num_steps:
                is_stopping, is_due = self._train_step(micro_batches)
                self.trained_s = already_s + time.monotonic() - began
                bar.update()
                is_new_best = self._evaluate() if self._is_measured() else None
                if is_new_best is not None or is_due or is_stopping:
                    self._save(bool(is_new_best))
                if is_stopping and self.step < self.num_steps:
                    raise Interrupted(f"stopped at step {self.step} of {self.num_steps}; the same command goes on")
        return self._write_results()

    def _set_up(self) -> None:
        torch.manual_seed(self.config.seed)
        self.model = self._spread(self.task.model())
        self.task.to(self.accelerator.device)
        self.bare = self.accelerator.unwrap_model(self.model)
        self.optimiser = make_optimiser(self.bare, self.config, self.task.layers_above, self.task.layers(self.bare))
        self.stepper = self.accelerator.prepare_optimizer(self.optimiser)
        self.ema = AveragedWeights(self.bare, self.config.ema_decay) if self.config.ema_decay else None
        self.checkpoints = Checkpoints(self.run, self.task.metadata())
        self.identity = _identity(self.config, self.task.metadata()) | {"samples": str(len(self.dataset))}
        if (checkpoint := self.checkpoints.newest()) is not None:
            self._restore(checkpoint)
            log.info("%s: goes on after step %d of %d", self.run, self.step, self.num_steps)
        for name, text in self.files.items() if self.is_main else ():
            _write(self.run / name, text)
        self.validation = Batches(
            _split(self.task, "validation"), self.own, self.config.workers, self.config.seed, self.accelerator
        )

    def _spread(self, model: nn.Module) -> nn.Module:
        """The model on its device, as each process holds it."""
        model = model.to(self.accelerator.device)
        if self.config.sharding == "fsdp" and self.num_processes > 1:
            return _shard(model, self.task.layers(model), computed_precision(self.config))
        return self.accelerator.prepare_model(model)

    def _micro_batches(self) -> Iterator[Batch]:
        order = StepOrder(
            len(self.dataset),
            self.config.seed,
            range(self.step, self.num_steps),
            self.config.batch,
            self.accelerator.process_index,
            self.num_processes,
            self.config.micro_batch,
        )
        loader = SteadyLoader(
            SeededSamples(self.dataset, self.config.seed),
            batch_sampler=order,
            num_workers=self.config.workers,
            pin_memory=self.accelerator.device.type == "cuda",
        )
        return (send_to_device(batch, self.accelerator.device, non_blocking=True) for batch in loader)

    def _train_step(self, micro_batches: Iterator[Batch]) -> tuple[bool, bool]:
        """One step of the optimiser; whether training shall stop, and whether a checkpoint is due."""
        began = time.monotonic()
        self._seed_step()
        share = learning_rate_share(self.step, self.num_steps, self.config)
        set_learning_rate(self.optimiser, share)
        self.model.train()
        terms: dict[str, torch.Tensor] = {}
        batches = self._of_step(micro_batches)
        waited_s = time.monotonic() - began
        for number, batch in enumerate(batches, start=1):
            part = len(batch["index"]) / self.own
            is_last = number == len(batches)
            sync = contextlib.nullcontext() if is_last else self.accelerator.no_sync(self.model)
            with sync, _attention(self.accelerator.device):
                with self._mixed():
                    losses = self.task.loss(self.model, batch)
                self.accelerator.backward(losses["loss"] * part)
            for name, value in losses.items():
                terms[name] = terms.get(name, 0.0) + value.detach().float() * part
        is_due = self.is_main and time.monotonic() - self.saved_at > self.config.checkpoint_every_s
        flags = torch.tensor([float(self.stop.is_set()), float(is_due)], device=self.accelerator.device)
        packed = self.accelerator.reduce(torch.cat([torch.stack(list(terms.values())), flags]), "mean").tolist()
        figures = dict(zip(terms, packed, strict=False))
        self._check_finite("loss", figures["loss"], batches)
        figures["gradient_norm"] = norm = self._clip()
        if not self._is_skipped(norm):
            self._check_finite("gradient norm", norm, batches)
        self.stepper.step()
        self.optimiser.zero_grad(set_to_none=True)
        if self.ema is not None:
            self.ema.update(self.step)
        self.step += 1
        took_s = time.monotonic() - began
        self._log_step({**figures, "step_s": took_s, "waited_s": waited_s}, self.config.learning_rate * share)
        return packed[-2] > 0, packed[-1] > 0

    def _mixed(self) -> contextlib.AbstractContextManager:
        """Mixed precision, as far as this machine has it."""
        if self.accelerator.device.type == "cuda":
            return self.accelerator.autocast()
        return torch.autocast("cpu", torch.bfloat16, enabled=computed_precision(self.config) == "bf16")

    def _of_step(self, micro_batches: Iterator[Batch]) -> list[Batch]:
        num = -(-self.own // (self.config.micro_batch or self.own))
        return [next(micro_batches) for _ in range(num)]

    def _seed_step(self) -> None:
        """Dropout's numbers depend on the step and the process alone: no generator's state needs to be kept."""
        key = (self.config.seed, self.step, self.accelerator.process_index)
        torch.manual_seed(int(np.random.SeedSequence(key).generate_state(1, np.uint64)[0]))

    def _clip(self) -> float:
        self.accelerator.unscale_gradients()
        most = self.config.clip_norm if self.config.clip_norm is not None else math.inf
        norm = nn.utils.clip_grad_norm_(self.bare.parameters(), most)
        return float(norm.full_tensor() if hasattr(norm, "full_tensor") else norm)

    def _is_skipped(self, norm: float) -> bool:
        """In fp16 the scaler leaves out steps of infinite gradients while it looks for a scale."""
        is_infinite = self.accelerator.scaler is not None and not math.isfinite(norm)
        self.num_skipped = self.num_skipped + 1 if is_infinite else 0
        return 0 < self.num_skipped < _MOST_SKIPPED

    def _check_finite(self, what: str, value: float, batches: list[Batch]) -> None:
        if math.isfinite(value):
            return
        ids = [str(one) for batch in batches for one in _ids(batch)]
        ids = [one for process in gather_object([ids]) for one in process]
        kept = self.checkpoints.steps()
        raise TrainingError(
            f"expected a finite {what}, got {value} at step {self.step + 1} of samples {', '.join(ids)}; "
            + (f"the checkpoint of step {kept[-1]} is kept: " if kept else "no checkpoint was made yet: ")
            + "look at these samples, or lower training.learning_rate"
        )

    def _log_step(self, figures: Mapping[str, float], learning_rate: float) -> None:
        for name, value in {**figures, "num": 1.0}.items():
            self.sums[name] = self.sums.get(name, 0.0) + value
        if self.step % self.config.log_every and self.step < self.num_steps:
            return
        num = self.sums.pop("num")
        means = {name: value / num for name, value in self.sums.items()}
        self.sums.clear()
        means["learning_rate"] = learning_rate
        if self.log is not None:
            self.log.write("train", self.step, self.epoch, means)

    def _is_measured(self) -> bool:
        """At the end, and when a multiple of evaluate_every epochs was passed."""
        before = (self.step - 1) * self.config.batch / len(self.dataset)
        every = self.config.evaluate_every
        return self.step == self.num_steps or math.floor(self.epoch / every) > math.floor(before / every)

    def _evaluate(self) -> bool:
        """Measures on the validation split; whether these weights are the best so far."""
        self.model.eval()
        averaged = self.ema.in_place() if self.ema is not None else contextlib.nullcontext()
        with averaged, torch.no_grad(), self._mixed():
            measured = self.task.measure(self.bare, self.validation)
        self.figures = {name: float(value) for name, value in measured.items()}
        if self.config.best not in self.figures:
            raise ConfigurationError(
                f"expected training.best to be one of {', '.join(self.figures)}, got {self.config.best!r}"
            )
        value = self.figures[self.config.best]
        sign = 1.0 if self.config.best_is == "highest" else -1.0
        is_best = not self.best or sign * value > sign * self.best["value"]
        if is_best:
            self.best = {"name": self.config.best, "value": value, "step": self.step, "figures": self.figures}
        if self.log is not None:
            self.log.write("validation", self.step, self.epoch, self.figures)
            draw_curves(self.run / CURVES_NAME, {"": [self.run]})
        words = ", ".join(f"{name} {value:.4g}" for name, value in self.figures.items())
        log.info("epoch %.4g of %.4g: %s%s", self.epoch, self.config.epochs, words, " (best)" if is_best else "")
        return is_best

    def _save(self, is_best: bool) -> None:
        model = distributed.get_model_state_dict(self.model, options=_WHOLE)
        ema: Mapping[str, torch.Tensor] = {}
        if self.ema is not None:
            with self.ema.in_place():
                ema = distributed.get_model_state_dict(self.model, options=_WHOLE)
                ema = {name: tensor.clone() for name, tensor in ema.items()}
        optimiser = distributed.get_optimizer_state_dict(self.model, self.optimiser, options=_WHOLE)
        if self.is_main:
            scaler = self.accelerator.scaler
            state = {
                "identity": self.identity,
                "optimiser": optimiser,
                "scaler": scaler.state_dict() if scaler is not None else {},
                "best": self.best,
                "figures": self.figures,
                "sums": self.sums,
                "trained_s": self.trained_s,
            }
            self.checkpoints.save(Checkpoint(self.step, model, ema, state), is_best)
        self.accelerator.wait_for_everyone()
        self.saved_at = time.monotonic()

    def _restore(self, checkpoint: Checkpoint) -> None:
        state = checkpoint.state
        _check_identity(self.run, state["identity"], self.identity)
        if self.ema is not None:
            with self.ema.in_place():
                distributed.set_model_state_dict(self.model, dict(checkpoint.ema), options=_FROM_WHOLE)
        distributed.set_model_state_dict(self.model, dict(checkpoint.model), options=_FROM_WHOLE)
        distributed.set_optimizer_state_dict(self.model, self.optimiser, state["optimiser"], options=_FROM_REACHED)
        if self.accelerator.scaler is not None:
            self.accelerator.scaler.load_state_dict(state["scaler"])
        self.step, self.trained_s = checkpoint.step, state["trained_s"]
        self.best, self.figures, self.sums = state["best"], state["figures"], state["sums"]
        if self.is_main:  # a kill may have come between the checkpoint and its links
            self.checkpoints.link(self.step, "last")
            if self.best and self.best["step"] == self.step:
                self.checkpoints.link(self.step, "best")

    def _device(self) -> str:
        device = self.accelerator.device
        return (
            torch.cuda.get_device_name(device) if device.type == "cuda" else f"CPU, {torch.get_num_threads()} threads"
        )

    def _write_results(self) -> dict[str, Any]:
        results = {
            **provenance(),
            "device": self._device(),
            "precision": computed_precision(self.config),
            "torch": torch.__version__,
            "seed": self.config.seed,
            "processes": self.num_processes,
            "samples": len(self.dataset),
            "steps": self.step,
            "minutes": round(self.trained_s / 60, 2),
            "best": self.best,
            "last": self.figures,
            "training": dataclasses.asdict(self.config),
            "task": dict(self.task.metadata()),
        }
        if self.is_main:
            _write(self.run / RESULTS_NAME, json.dumps(results, indent=1) + "\n")
        return results


def _accelerator(config: TrainingConfig) -> Accelerator:
    if os.environ.get("ACCELERATE_USE_FSDP", "false") == "true":
        raise ConfigurationError(
            "expected the sharding in the configuration, got accelerate's --use_fsdp; "
            "launch with --multi_gpu and add  --set training.sharding=fsdp"
        )
    has_gpu = torch.cuda.is_available()
    precision = {"fp32": "no"}.get(config.precision, config.precision) if has_gpu else "no"  # on a CPU: `_mixed`
    # what a loss leaves out gets no gradient: the action head of a network that is trained on programs alone
    handlers = [DistributedDataParallelKwargs(find_unused_parameters=True)]
    return Accelerator(mixed_precision=precision, cpu=not has_gpu, kwargs_handlers=handlers)


def _attention(device: torch.device) -> contextlib.AbstractContextManager:
    """On a CPU attention is two matrix products: the fused kernel's way back takes six times as long in bf16."""
    return sdpa_kernel(SDPBackend.MATH) if device.type == "cpu" else contextlib.nullcontext()


def _write(path: Path, text: str) -> None:
    with atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _split(task: Task, split: str) -> Dataset:
    dataset = task.dataset(split)
    if len(dataset) == 0:
        raise ConfigurationError(f"expected samples in the split {split!r}, got none; see which data it is made of")
    return dataset


def _shard(model: nn.Module, layers: Iterable[nn.Module], precision: str) -> nn.Module:
    if precision == "fp16":
        raise ConfigurationError("expected training.precision bf16 or fp32 with training.sharding=fsdp, got fp16")
    policy = MixedPrecisionPolicy(torch.bfloat16, torch.float32) if precision == "bf16" else MixedPrecisionPolicy()
    for layer in layers:
        fully_shard(layer, mp_policy=policy)
    return fully_shard(model, mp_policy=policy)


# What may change while a training is stopped: it changes no result.
_FREE = ("workers", "micro_batch", "sharding", "checkpoint_every_s", "log_every")


def _identity(config: TrainingConfig, metadata: Mapping[str, str]) -> dict[str, str]:
    """What must be the same for a training to go on."""
    values = {f"training.{name}": repr(value) for name, value in dataclasses.asdict(config).items()}
    return {**{name: values[name] for name in values if name.partition(".")[2] not in _FREE}, **metadata}


def _check_identity(run: Path, stored: Mapping[str, str], asked: Mapping[str, str]) -> None:
    for name in sorted({*stored, *asked}):
        if stored.get(name) != asked.get(name):
            raise ConfigurationError(
                f"expected the run in {run} to go on as it began, with {name} = {_short(stored.get(name))}, "
                f"got {_short(asked.get(name))}; choose another --out"
            )


def _short(value: str | None) -> str:
    return "nothing" if value is None else value if len(value) < 80 else f"{value[:77]}..."


def _ids(batch: Batch) -> list[Any]:
    ids = batch.get("narration_id", batch["index"])
    return ids.tolist() if isinstance(ids, torch.Tensor) else list(ids)


@contextlib.contextmanager
def _stop_requests() -> Iterator[threading.Event]:
    """Set by the first Ctrl-C or SIGTERM; the second one stops at once."""
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return

    def handle(number: int, frame: object) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    kept = {one: signal.signal(one, handle) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for one, handler in kept.items():
            signal.signal(one, handler)

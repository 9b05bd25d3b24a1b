"""Checkpoints of a training: whole or not there, the last two kept, readable without unpickling code.

RUN/checkpoints/step-00001200/{model,ema}.safetensors, state.pt
RUN/last.safetensors, RUN/best.safetensors    the weights alone, averaged ones where there are
"""

from __future__ import annotations

import contextlib
import os
import pickle
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from egoprog.errors import ModelError, TrainingError

NUM_KEPT = 2
_WEIGHTS = ("model.safetensors", "ema.safetensors")
_STATE = "state.pt"

Weights = Mapping[str, Tensor]


@dataclass(frozen=True)
class Checkpoint:
    """All that a training needs to go on. step: how many are done. ema: empty where weights are not averaged."""

    step: int
    model: Weights
    ema: Weights
    state: Mapping[str, Any]


class Checkpoints:
    """Those of one run."""

    def __init__(self, run: Path, metadata: Mapping[str, str]) -> None:
        self.run, self.metadata = run, dict(metadata)
        self.folder = run / "checkpoints"

    def save(self, checkpoint: Checkpoint, is_best: bool = False) -> None:
        """Raises TrainingError where the disk is full or the folder can't be written to; older checkpoints stay."""
        temporary = self.folder / f".part-{os.getpid()}"
        try:
            shutil.rmtree(temporary, ignore_errors=True)
            temporary.mkdir(parents=True)
            for name, weights in zip(_WEIGHTS, (checkpoint.model, checkpoint.ema), strict=True):
                if weights:
                    save_weights(temporary / name, weights, self.metadata)
            torch.save({**checkpoint.state, "step": checkpoint.step}, temporary / _STATE)
            for path in temporary.iterdir():
                _sync(path)
            final = self._folder_of(checkpoint.step)
            shutil.rmtree(final, ignore_errors=True)
            temporary.rename(final)
            _sync(self.folder)
            self.link(checkpoint.step, "last")
            if is_best:
                self.link(checkpoint.step, "best")
            for step in self.steps()[:-NUM_KEPT]:
                shutil.rmtree(self._folder_of(step), ignore_errors=True)
        except (OSError, RuntimeError, SafetensorError) as error:  # RuntimeError: torch's writer on a full disk
            raise TrainingError(
                f"expected to write a checkpoint to {self.folder}, got {_first_line(error)}; older ones are kept: "
                "free some space and start the same command again"
            ) from error
        finally:
            shutil.rmtree(temporary, ignore_errors=True)

    def link(self, step: int, name: str) -> None:
        """Makes the weights of a checkpoint RUN/NAME.safetensors, without a copy where the disk can."""
        folder = self._folder_of(step)
        source = next(path for path in (folder / _WEIGHTS[1], folder / _WEIGHTS[0]) if path.exists())
        temporary = self.run / f".part-{os.getpid()}-{name}"
        temporary.unlink(missing_ok=True)
        try:
            os.link(source, temporary)
        except OSError:
            shutil.copyfile(source, temporary)
        temporary.replace(self.run / f"{name}.safetensors")

    def steps(self) -> list[int]:
        """Of the checkpoints that are there, oldest first."""
        return sorted(int(path.name.removeprefix("step-")) for path in self.folder.glob("step-*"))

    def newest(self) -> Checkpoint | None:
        """The newest that can be read; None where there is none. Raises ModelError if all are damaged."""
        trouble: Exception | None = None
        for step in reversed(self.steps()):
            folder = self._folder_of(step)
            try:
                state = torch.load(folder / _STATE, map_location="cpu", weights_only=True)
                model, ema = (read_weights(folder / name) if (folder / name).exists() else {} for name in _WEIGHTS)
                return Checkpoint(step, model, ema, state)
            except (OSError, RuntimeError, pickle.UnpicklingError, EOFError, ModelError) as error:
                trouble = error
        if trouble is not None:
            raise ModelError(
                f"expected a checkpoint in {self.folder}, got {_first_line(trouble)}; delete {self.run} to start anew"
            ) from trouble
        return None

    def _folder_of(self, step: int) -> Path:
        return self.folder / f"step-{step:08d}"


def read_weights(path: str | Path) -> dict[str, Tensor]:
    """Raises ModelError for a file that is no whole safetensors file."""
    try:
        with safe_open(path, framework="pt") as file:
            names = file.keys()
            return {name: file.get_tensor(name) for name in names}
    except (OSError, SafetensorError) as error:
        raise ModelError(f"expected weights as safetensors in {path}, got {_first_line(error)}") from None


def read_metadata(path: str | Path) -> dict[str, str]:
    """What was written beside the weights. Raises ModelError."""
    try:
        with safe_open(path, framework="pt") as file:
            return file.metadata() or {}
    except (OSError, SafetensorError) as error:
        raise ModelError(f"expected weights as safetensors in {path}, got {_first_line(error)}") from None


def save_weights(path: Path, weights: Weights, metadata: Mapping[str, str]) -> None:
    """As safetensors, with texts beside them."""
    # clones: two names of one tensor can't be saved, nor views of a larger one
    save_file({name: tensor.detach().cpu().contiguous().clone() for name, tensor in weights.items()}, path, metadata)
    path.chmod(0o644)  # safetensors writes for its owner alone


def _sync(path: Path) -> None:
    """Puts a file or a folder's names on the disk, which a rename alone does not."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # some file systems can't sync folders
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]

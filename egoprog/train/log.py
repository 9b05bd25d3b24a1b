"""What a training writes down while it runs: JSON lines and TensorBoard's scalars."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from torch.utils.tensorboard import SummaryWriter

from egoprog.data.atomic import atomic

LOG_NAME = "log.jsonl"


class TrainingLog:
    """RUN/log.jsonl and RUN/tensorboard; what a stopped run wrote after `step`, its last checkpoint, is dropped."""

    def __init__(self, run: Path, step: int) -> None:
        path = run / LOG_NAME
        rows = [row for row in read_log(run) if row["step"] <= step]
        with atomic(path) as temporary:
            temporary.write_text("".join(json.dumps(row) + "\n" for row in rows))
        self._file = path.open("a", buffering=1)
        self._board = SummaryWriter(run / "tensorboard", purge_step=step + 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._file.close()
        self._board.close()

    def write(self, split: str, step: int, epoch: float, figures: Mapping[str, float]) -> None:
        self._file.write(json.dumps({"split": split, "step": step, "epoch": round(epoch, 4), **figures}) + "\n")
        for name, value in figures.items():
            self._board.add_scalar(f"{split}/{name}", value, step)


def read_log(run: str | Path) -> list[dict[str, Any]]:
    """Rows {"split", "step", "epoch", figures by name}; a last line that a kill cut in two is left out."""
    path = Path(run) / LOG_NAME
    rows = []
    for line in path.read_text().splitlines() if path.exists() else []:
        try:
            rows.append(json.loads(line))
        except ValueError:
            break
    return rows

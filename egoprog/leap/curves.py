"""How trainings went: losses and measures over epochs, one line a row of the ablation, drawn from their logs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from egoprog.data.atomic import atomic
from egoprog.train.log import read_log

MAX_PANELS = 9
_COLUMNS = 3


def draw_curves(path: str | Path, runs: Mapping[str, Sequence[Path]]) -> bool:
    """A PNG with a panel for each figure that was logged; False, and no picture, where nothing was logged yet.

    runs: by row the folders of its seeds. A thin line is a seed, a thick one the mean of those that got so far.
    """
    logs = {row: [read_log(run) for run in seeds] for row, seeds in runs.items()}
    panels = _panels([rows for several in logs.values() for rows in several])
    if not panels:
        return False
    height = -(-len(panels) // _COLUMNS)
    figure = Figure(figsize=(4.6 * min(len(panels), _COLUMNS), 3.4 * height), layout="constrained")
    for place, (split, name) in enumerate(panels, start=1):
        axes = figure.add_subplot(height, min(len(panels), _COLUMNS), place)
        for number, (row, several) in enumerate(logs.items()):
            curves = [curve for rows in several if (curve := _curve(rows, split, name))]
            for curve in curves:
                axes.plot(*zip(*sorted(curve.items()), strict=True), color=f"C{number}", linewidth=0.6, alpha=0.5)
            if curves:
                mean = _mean(curves)
                label = f"{row} ({len(curves)} seed{'s' if len(curves) > 1 else ''})"
                axes.plot(*zip(*mean, strict=True), color=f"C{number}", linewidth=1.8, label=label)
        axes.set(title=f"{split}: {name}", xlabel="epoch")
        axes.grid(alpha=0.3)
        axes.legend(fontsize="x-small", frameon=False)
    with atomic(path) as temporary:
        figure.savefig(temporary, format="png", dpi=100)
    return True


def _panels(logs: Sequence[Sequence[Mapping[str, Any]]]) -> list[tuple[str, str]]:
    """Losses first, then what is measured, the figures that most runs have."""
    count: dict[tuple[str, str], int] = defaultdict(int)
    for rows in logs:
        for key in {(row["split"], name) for row in rows for name in row.keys() - {"split", "step", "epoch"}}:
            count[key] += 1
    wanted = [key for key in count if key[0] != "train" or key[1] == "loss"]
    return sorted(wanted, key=lambda key: (key[1] != "loss", -count[key], key))[:MAX_PANELS]


def _curve(rows: Sequence[Mapping[str, Any]], split: str, name: str) -> dict[float, float]:
    """Epoch to value."""
    return {row["epoch"]: row[name] for row in rows if row["split"] == split and name in row}


def _mean(curves: Sequence[Mapping[float, float]]) -> list[tuple[float, float]]:
    """At each epoch that some curve has, of all that reach it."""
    epochs = sorted({epoch for curve in curves for epoch in curve})
    points = []
    for epoch in epochs:
        values = [
            float(np.interp(epoch, sorted(curve), [curve[at] for at in sorted(curve)]))
            for curve in curves
            if min(curve) <= epoch <= max(curve)
        ]
        points.append((epoch, float(np.mean(values))))
    return points

"""How trainings went: losses and measures over epochs, drawn from their logs."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from egoprog.data.atomic import atomic
from egoprog.train.log import read_log

_COLUMNS = 4
_PANEL_INCHES = (3.6, 2.8)
_NOT_FIGURES = {"split", "step", "epoch"}
_STYLES = {"train": {"linestyle": ":"}, "validation": {"marker": "o", "markersize": 2}}

Curve = Mapping[float, float]
"""Epoch to value."""


def draw_curves(path: str | Path, runs: Mapping[str, Sequence[Path]]) -> bool:
    """A PNG with a panel for each figure that was logged; False, and no picture, where nothing was logged yet.

    runs: by row, "" for one that needs no name, the folders of its seeds. Dotted is what was trained on, whole what was
    held out. Of several seeds a thin line is one, a thick one the mean of those that got so far.
    """
    logs = {row: [read_log(run) for run in seeds] for row, seeds in runs.items()}
    panels = _panels([rows for several in logs.values() for rows in several])
    if not panels:
        return False
    columns = min(len(panels), _COLUMNS)
    height = -(-len(panels) // columns)
    figure = Figure((columns * _PANEL_INCHES[0], height * _PANEL_INCHES[1]), layout="constrained")
    for place, name in enumerate(panels, start=1):
        axes = figure.add_subplot(height, columns, place)
        for number, (row, several) in enumerate(logs.items()):
            for split, style in _STYLES.items():
                curves = [curve for rows in several if (curve := _curve(rows, split, name))]
                for curve in curves if len(curves) > 1 else ():
                    axes.plot(*zip(*curve.items(), strict=True), f"C{number}", linewidth=0.6, alpha=0.5)
                if curves:
                    seeds = f"({len(curves)} seeds)" if len(curves) > 1 else ""
                    label = " ".join(filter(None, (row, split, seeds)))
                    axes.plot(*zip(*_mean(curves), strict=True), color=f"C{number}", label=label, **style)
        axes.set_title(name.replace("_", " "), fontsize=9)
        axes.set_xlabel("epochs", fontsize=8)
        axes.tick_params(labelsize=7)
        axes.grid(alpha=0.3)
        axes.legend(fontsize="xx-small", frameon=False)
    with atomic(Path(path)) as temporary:
        figure.savefig(temporary, format="png", dpi=100)
    return True


def _panels(logs: Sequence[Sequence[Mapping[str, Any]]]) -> list[str]:
    """The loss first, then what is measured on held-out data, then the rest; each the figures that most runs have."""
    count: dict[str, int] = defaultdict(int)
    measured = set()
    for rows in logs:
        for name in {name for row in rows for name in row.keys() - _NOT_FIGURES}:
            count[name] += 1
        measured |= {name for row in rows if row["split"] == "validation" for name in row}
    return sorted(count, key=lambda name: (name != "loss", name not in measured, -count[name], name))


def _curve(rows: Sequence[Mapping[str, Any]], split: str, name: str) -> Curve:
    return {row["epoch"]: row[name] for row in rows if row["split"] == split and math.isfinite(row.get(name, math.nan))}


def _mean(curves: Sequence[Curve]) -> list[tuple[float, float]]:
    """At each epoch that some curve has, of all that reach it."""
    points = []
    for epoch in sorted({epoch for curve in curves for epoch in curve}):
        reaching = [curve for curve in curves if min(curve) <= epoch <= max(curve)]
        values = [np.interp(epoch, list(curve), list(curve.values())) for curve in reaching]
        points.append((epoch, float(np.mean(values))))
    return points

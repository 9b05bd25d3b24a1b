"""A picture of how a training went, from its log."""

from __future__ import annotations

import math
from collections import defaultdict
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from egoprog.data.atomic import atomic
from egoprog.train.log import read_log

CURVES_NAME = "curves.png"
_COLUMNS = 4
_PANEL_INCHES = (3.6, 2.6)
_NOT_FIGURES = ("split", "step", "epoch")


def draw_curves(run: str | Path) -> Path | None:
    """RUN/curves.png: a panel for each figure of RUN/log.jsonl, over epochs; None where nothing was logged yet."""
    run = Path(run)
    lines: dict[str, dict[str, list[tuple[float, float]]]] = defaultdict(lambda: defaultdict(list))
    for row in read_log(run):
        for name, value in row.items():
            if name not in _NOT_FIGURES and math.isfinite(value):
                lines[name][row["split"]].append((row["epoch"], value))
    if not lines:
        return None
    num_rows = -(-len(lines) // _COLUMNS)
    figure = Figure((_COLUMNS * _PANEL_INCHES[0], num_rows * _PANEL_INCHES[1]), layout="constrained")
    FigureCanvasAgg(figure)
    for number, (name, splits) in enumerate(lines.items(), start=1):
        panel = figure.add_subplot(num_rows, _COLUMNS, number)
        for split, points in splits.items():
            marker = "o" if split == "validation" else None
            panel.plot(*zip(*points, strict=True), label=split, color=_COLOURS[split], marker=marker, markersize=3)
        panel.set_title(name.replace("_", " "), fontsize=9)
        panel.set_xlabel("epochs", fontsize=8)
        panel.tick_params(labelsize=7)
        panel.grid(alpha=0.3)
        if len(splits) > 1:
            panel.legend(fontsize=7)
    with atomic(run / CURVES_NAME) as temporary:
        figure.savefig(temporary, format="png", dpi=100)
    return run / CURVES_NAME


_COLOURS = {"train": "tab:blue", "validation": "tab:orange"}

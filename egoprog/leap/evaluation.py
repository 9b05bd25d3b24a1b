"""All measures of one set of predictions, and the files that hold them.

OUT/measures.json       every figure, with the command, the commit and the machine
OUT/predictions.npz     what they were computed from
OUT/{verb,noun,action}.csv     each class: support, how often it was said, recall
OUT/reliability.png     confidence against accuracy
"""

from __future__ import annotations

import csv
import dataclasses
import json
import math
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from egoprog.data.atomic import atomic
from egoprog.leap.bootstrap import Interval, Statistic, interval
from egoprog.leap.calibration import (
    Bins,
    calibrate,
    draw_reliability,
    reliability,
    scale_temperature,
    scores_and_places,
)
from egoprog.leap.metrics import TARGETS, ClassRow, Judged, TailClasses, Target, class_table, judge, measure
from egoprog.leap.predictions import Predictions, save_predictions
from egoprog.leap.program_metrics import CHOICES, PARTS, measure_programs
from egoprog.provenance import provenance

MEASURES_NAME = "measures.json"
PREDICTIONS_NAME = "predictions.npz"


def evaluate(
    predictions: Predictions, unseen: Collection[str] = (), tail: TailClasses | None = None, num_draws: int = 1000
) -> dict[str, Any]:
    """Figures as JSON holds them; null where there is nothing to measure.

    "scores": by subset ("all", "unseen", "tail") and target; see `metrics.Scores`. "intervals": of top 1 and of mean
    top-5 recall over all clips, drawing clips and drawing participants. "programs": null for a network without a
    program head, else by part; see `program_metrics`. "calibration": by target, with temperature scaling.
    """
    found = {
        "task": predictions.config.task,
        "num_clips": len(predictions),
        "participants": sorted(set(predictions.participants)),
        "scores": measure(predictions, unseen, tail),
        "intervals": {target: _intervals(predictions, judge(predictions, target), num_draws) for target in TARGETS},
        "programs": _programs(predictions, num_draws) if predictions.sub_verbs.ndim == 3 else None,
        "calibration": {target: _calibration(predictions, target) for target in TARGETS},
    }
    return _plain(found)


def write_evaluation(out: str | Path, predictions: Predictions, measures: Mapping[str, Any]) -> None:
    """Writes the files that this module's head names."""
    out = Path(out)
    save_predictions(out / PREDICTIONS_NAME, predictions)
    curves = {}
    for target in TARGETS:
        _write_classes(out / f"{target}.csv", class_table(predictions, target))
        curves[target] = _curves(predictions, target, measures["calibration"][target]["scaling"])
    draw_reliability(out / "reliability.png", curves)
    with atomic(out / MEASURES_NAME) as temporary:
        temporary.write_text(json.dumps({**provenance(), **measures}, indent=1, allow_nan=False) + "\n")


def table(measures: Mapping[str, Any]) -> str:
    """The figures that matter, in per cent, as Markdown."""
    lines = ["| clips | of | top 1 | 95% (participants) | top 5 | mean top-5 recall | classes |", "|---|" + "---|" * 6]
    for subset, scores in measures["scores"].items():
        for target in TARGETS:
            one = scores[target]
            by_participant = measures["intervals"][target]["top1"]["participants"] if subset == "all" else {}
            spread = [by_participant.get("low"), by_participant.get("high")]
            cells = [per_cent(one["top1"]), " to ".join(map(per_cent, spread)) if None not in spread else ""]
            cells += [per_cent(one["top5"]), per_cent(one["mean_top5_recall"])]
            lines.append(f"| {subset}: {one['num_clips']} | {target} | {' | '.join(cells)} | {one['num_classes']} |")
    if programs := measures["programs"]:
        lines += [
            "",
            f"| {programs['num_clips']} programs | {' | '.join(CHOICES)} |",
            "|---" * (len(CHOICES) + 1) + "|",
        ]
        for part, name in zip(PARTS, ("S-Verb", "Obj (A)", "Obj (B)"), strict=True):
            lines.append(f"| {name} | {' | '.join(per_cent(programs[part][choice]) for choice in CHOICES)} |")
        lines += ["", f"In order: edit {per_cent(programs['edit'])}, exact {per_cent(programs['exact'])}."]
    return "\n".join(lines)


def per_cent(share: float | None) -> str:
    """ "48.2", and a dash for what was not measured."""
    return "—" if share is None else f"{100 * share:.1f}"


def _intervals(predictions: Predictions, judged: Judged, num_draws: int) -> dict[str, dict[str, Interval]]:
    participants = np.array(predictions.participants, dtype=np.str_)[judged.clips]
    statistics: dict[str, Statistic] = {
        "top1": lambda weights: judged.accuracy(1, weights),
        "mean_top5_recall": lambda weights: judged.mean_recall(5, weights),
    }
    return {
        name: {
            "clips": interval(statistic, len(judged), num_draws),
            "participants": interval(statistic, participants, num_draws),
        }
        for name, statistic in statistics.items()
    }


def _programs(predictions: Predictions, num_draws: int) -> dict[str, Any]:
    found = measure_programs(predictions)
    participants = np.array(predictions.participants, dtype=np.str_)
    parts: dict[str, Any] = {}
    for part, scores in found.sets.items():
        parts[part] = {choice: scores.mean(choice) for choice in CHOICES}
        parts[part]["num_clips"] = len(scores.clips)
        parts[part]["interval"] = interval(
            lambda weights, scores=scores: scores.mean(weights=weights), participants[scores.clips], num_draws
        )
    for name, values in (("edit", found.edit), ("exact", found.exact)):
        parts[name] = float(values.mean()) if len(values) else math.nan
    return {"num_clips": len(found.clips)} | parts


def _calibration(predictions: Predictions, target: Target) -> dict[str, Any]:
    _, logits, places = scores_and_places(predictions, target)
    return {"as_it_is": calibrate(logits, places), "scaling": scale_temperature(predictions, target)}


def _curves(predictions: Predictions, target: Target, scaling: Mapping[str, Any] | None) -> dict[str, Bins]:
    """Of the clips that no temperature was fitted on."""
    if scaling is None:
        return {"as it is": reliability(predictions, target)}
    reported = predictions.keep([k for k, one in enumerate(predictions.participants) if one in scaling["reported_on"]])
    temperature = scaling["temperature"]
    return {
        "as it is": reliability(reported, target),
        f"divided by {temperature:.2f}": reliability(reported, target, temperature),
    }


def _write_classes(path: Path, rows: list[ClassRow]) -> None:
    with atomic(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(field.name for field in dataclasses.fields(ClassRow))
        writer.writerows(dataclasses.astuple(row) for row in rows)


def _plain(value: Any) -> Any:
    """Dataclasses as dicts, NaN as null."""
    if dataclasses.is_dataclass(value):
        return _plain(dataclasses.asdict(value))
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value

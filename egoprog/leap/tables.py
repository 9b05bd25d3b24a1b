"""The paper's tables 1, 2 and 3 with our own figures, from the folders of many runs.

RUNS/<row's folder>/seed<k>/{measures.json, predictions.npz}, as `evaluation.write_evaluation` leaves them; a row
without seeds (a baseline) has them in its folder itself. What is not there yet is a dash.

Figures are means over seeds ± their sample standard deviation. A difference of two rows is the mean over the seeds that
both have; its interval is the paired bootstrap's, which draws the same clips, or the same participants, for both rows
and all seeds.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from egoprog.errors import ModelError
from egoprog.leap.bootstrap import NUM_DRAWS, Interval, interval
from egoprog.leap.evaluation import MEASURES_NAME, PREDICTIONS_NAME, evaluate
from egoprog.leap.metrics import TARGETS, Judged, Target, judge
from egoprog.leap.predictions import Predictions, load_predictions
from egoprog.leap.program_metrics import PARTS

DASH: Final = "—"
Measures = Mapping[str, Any]
Weights = NDArray[np.float64]
Figure = Callable[[Measures], float | None]


@dataclass(frozen=True)
class Row:
    """name: as the paper has it. folder: below RUNS. paper: its figures on EPIC-KITCHENS, per cent; () for our own."""

    name: str
    folder: str
    paper: tuple[float, ...] = ()


@dataclass(frozen=True)
class Table:
    """columns: a figure of measures.json by its head; `paper` of a row has one for each of the first ones.

    compared: folders of rows whose difference is measured, the one that should be better first.
    """

    title: str
    rows: tuple[Row, ...]
    columns: Mapping[str, Figure]
    compared: tuple[tuple[str, str], ...] = ()


def _score(target: str, name: str) -> Figure:
    return lambda measures: measures["scores"]["all"][target][name]


def _part(part: str, choice: str = "accuracy") -> Figure:
    return lambda measures: measures["programs"][part][choice] if measures["programs"] else None


def _whole(name: str) -> Figure:
    return lambda measures: measures["programs"][name] if measures["programs"] else None


_TOP1: Final = {
    name: _score(target, "top1") for name, target in zip(("Verb", "Object", "Action"), TARGETS, strict=True)
}

SUB_ACTIONS = Table(
    "Sub-actions (table 1)",
    (
        Row("L_T", "programs/lt", (61.56, 57.27, 36.26)),
        Row("L_T + L_CE", "programs/lt_lce", (60.75, 60.45, 39.43)),
        Row("L_T + L_PC", "programs/lt_lpc", (60.57, 58.39, 37.77)),
        Row("L_T + L_PC + L_CE", "recognise/lap", (60.62, 60.82, 39.93)),
        Row("the same, with context", "recognise/full"),
        Row("the same, strict order", "programs/ordered"),
        Row("the same, two object heads", "programs/two_heads"),
    ),
    {name: _part(part) for name, part in zip(("S-Verb", "Obj (A)", "Obj (B)"), PARTS, strict=True)}
    | {"S-Verb contained": _part("s_verb", "containment"), "edit": _whole("edit"), "exact": _whole("exact")},
)
RECOGNITION = Table(
    "Action recognition (table 2)",
    (
        Row("Base", "recognise/base", (68.54, 59.91, 48.19)),
        Row("LAP", "recognise/lap", (69.95, 59.85, 49.10)),
        Row("Aggr", "recognise/aggr", (68.40, 60.23, 48.31)),
        Row("Full", "recognise/full", (70.09, 61.03, 50.26)),
    ),
    _TOP1 | {"Action top 5": _score("action", "top5")},
    compared=(
        ("recognise/full", "recognise/base"),
        ("recognise/lap", "recognise/base"),
        ("recognise/aggr", "recognise/base"),
    ),
)
ANTICIPATION = Table(
    "Action anticipation (table 3)",
    (
        Row("most frequent", "anticipate/most_frequent"),
        Row("label-history bigram", "anticipate/bigram"),
        Row("label-history trigram", "anticipate/trigram"),
        Row("trigram of recognised labels", "anticipate/trigram_seen"),
        Row("Base", "anticipate/base", (35.20, 33.92, 14.64)),
        Row("LAP", "anticipate/lap", (35.96, 33.89, 14.76)),
        Row("Aggr", "anticipate/aggr", (35.17, 35.78, 15.03)),
        Row("Full", "anticipate/full", (38.12, 36.92, 16.98)),
        Row("Full, re-ranked by the world model", "anticipate/full_reranked"),
    ),
    _TOP1 | {f"{name} MT5R": _score(name.lower(), "mean_top5_recall") for name in ("Verb", "Noun", "Action")},
    compared=(
        ("anticipate/full", "anticipate/base"),
        ("anticipate/lap", "anticipate/base"),
        ("anticipate/aggr", "anticipate/base"),
        ("anticipate/full", "anticipate/trigram"),
        ("anticipate/full", "anticipate/trigram_seen"),
        ("anticipate/full_reranked", "anticipate/full"),
    ),
)
_OWN_KEYS: Final = {"scores", "programs", "intervals", "calibration", "commit", "machine"}
_COMPARED: Final[Mapping[str, Callable[[Judged, Weights], float]]] = {
    "top 1": lambda judged, weights: judged.accuracy(1, weights),
    "mean top-5 recall": lambda judged, weights: judged.mean_recall(5, weights),
}
TABLES: Final = {"sub_actions": SUB_ACTIONS, "recognition": RECOGNITION, "anticipation": ANTICIPATION}


def seeds_of(runs: Path, folder: str) -> dict[str, Path]:
    """The finished runs of a row by the name of their seed; "" for one without seeds."""
    found = {path.parent.name: path.parent for path in sorted((runs / folder).glob(f"seed*/{MEASURES_NAME}"))}
    if not found and (runs / folder / MEASURES_NAME).is_file():
        found = {"": runs / folder}
    return found


def read_measures(run: Path) -> dict[str, Any]:
    """Those of `training.evaluate`; of a run that something else measured, such as `training.rerank`, they are made
    here from its predictions.

    Raises ModelError for files that are none of ours.
    """
    path = run / MEASURES_NAME
    try:
        measures = json.loads(path.read_text(encoding="utf-8"))
        made_by = {key: str(measures.get(key, "unknown")) for key in ("commit", "machine")}
    except (OSError, ValueError, AttributeError) as error:
        hint = "make them with  python -m training.evaluate"
        raise ModelError(f"expected measures in {path}, got {error!r}; {hint}") from None
    if measures.keys() >= _OWN_KEYS:
        return measures
    return evaluate(load_predictions(run / PREDICTIONS_NAME), num_draws=0) | made_by


def markdown(table: Table, runs: Path, num_draws: int = NUM_DRAWS) -> str:
    """The table, differences of its rows, and what they were made from. num_draws: of each interval."""
    found = {row.folder: seeds_of(runs, row.folder) for row in table.rows}
    measures = {folder: [read_measures(run) for run in seeds.values()] for folder, seeds in found.items()}
    heads = list(table.columns)
    num_paper = max(len(row.paper) for row in table.rows)
    lines = [f"## {table.title}", ""]
    lines.append("| row | " + " | ".join(heads) + " | seeds | paper: " + " | paper: ".join(heads[:num_paper]) + " |")
    lines.append("|---|" + "---|" * (len(heads) + 1 + num_paper))
    for row in table.rows:
        cells = [spread([figure(one) for one in measures[row.folder]]) for figure in table.columns.values()]
        paper = [f"{figure:.2f}" for figure in row.paper] or [DASH] * num_paper
        lines.append(f"| {row.name} | " + " | ".join([*cells, str(len(measures[row.folder])), *paper]) + " |")
    lines += [
        "",
        "Per cent; mean over seeds ± sample standard deviation. The paper's figures are on EPIC-KITCHENS-100.",
    ]
    if table.compared:
        lines += _differences(table, found, num_draws)
    return "\n".join([*lines, "", *_made_from([one for several in measures.values() for one in several]), ""])


def spread(values: Sequence[float | None]) -> str:
    """ "48.2 ± 0.4", "48.2" for one seed, a dash for none."""
    known = [100 * value for value in values if value is not None]
    if not known:
        return DASH
    text = f"{statistics.mean(known):.1f}"
    return f"{text} ± {statistics.stdev(known):.1f}" if len(known) > 1 else text


@dataclass(frozen=True)
class Difference:
    """Of two rows' accuracies or recalls, with its interval when clips and when participants are drawn."""

    clips: Interval
    participants: Interval


def difference(
    pairs: Sequence[tuple[Predictions, Predictions]],
    target: Target,
    measure: Callable[[Judged, Weights], float],
    num_draws: int = NUM_DRAWS,
) -> Difference:
    """How much better the second of each pair is, on the mean; a pair is one seed, all of the same clips.

    Raises ModelError where clips differ.
    """
    first = pairs[0][0]
    judged = [tuple(judge(_as_first(first, one), target) for one in pair) for pair in pairs]

    def statistic(weights: Weights) -> float:
        return float(np.mean([measure(better, weights) - measure(base, weights) for base, better in judged]))

    clips = judged[0][0].clips
    participants = np.array(first.participants, dtype=np.str_)[clips]
    return Difference(*(interval(statistic, groups, num_draws) for groups in (len(clips), participants)))


def _as_first(first: Predictions, other: Predictions) -> Predictions:
    at = {name: k for k, name in enumerate(other.narration_ids)}
    if at.keys() != set(first.narration_ids):
        raise ModelError(
            f"expected predictions of the same {len(first)} clips to compare, got {len(other)} that are not these; "
            "evaluate all runs over the same split (a baseline with --same-clips-as)"
        )
    return other.keep([at[name] for name in first.narration_ids])


def _differences(table: Table, found: Mapping[str, Mapping[str, Path]], num_draws: int) -> list[str]:
    """A second table: one row minus another."""
    names = {row.folder: row.name for row in table.rows}
    lines = ["", "| difference in points (95% drawing clips; participants) | of | Verb | Object | Action | seeds |"]
    lines.append("|---|" + "---|" * 5)
    for better, base in table.compared:
        runs = _paired(found[base], found[better])
        pairs = [tuple(load_predictions(run / PREDICTIONS_NAME) for run in pair) for pair in runs]
        for name, measure in _COMPARED.items():
            cells = [
                _difference_text(difference(pairs, target, measure, num_draws)) if pairs else DASH for target in TARGETS
            ]
            lines.append(f"| {names[better]} − {names[base]} | {name} | {' | '.join(cells)} | {len(pairs)} |")
    return lines


def _paired(base: Mapping[str, Path], better: Mapping[str, Path]) -> list[tuple[Path, Path]]:
    """Runs of the same seed; a base without seeds stands against each."""
    if "" in base:
        return [(base[""], run) for run in better.values()]
    return [(base[seed], run) for seed, run in better.items() if seed in base]


def _difference_text(found: Difference) -> str:
    both = "; ".join(f"{100 * one.low:+.1f} to {100 * one.high:+.1f}" for one in (found.clips, found.participants))
    return f"{100 * found.clips.value:+.1f} ({both})"


def _made_from(measures: Sequence[Measures]) -> list[str]:
    if not measures:
        return ["No run has ended yet."]
    clips = sorted({one["num_clips"] for one in measures})
    participants = sorted({len(one["participants"]) for one in measures})
    commits = sorted({one["commit"] for one in measures})
    machines = sorted({one["machine"] for one in measures})
    return [
        f"{len(measures)} runs over {' or '.join(map(str, clips))} clips of {' or '.join(map(str, participants))} "
        f"participants, evaluated at {', '.join(commits)} on {', '.join(machines)}."
    ]

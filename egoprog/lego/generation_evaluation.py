"""Rows of generated pictures measured on the same pairs, and all of it as the content of metrics.json."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from egoprog.data.epic_folder import EpicFolder
from egoprog.data.frame_pairs import FramePair, PairFolder
from egoprog.data.program_lines import iter_programs
from egoprog.errors import ConfigurationError
from egoprog.leap.bootstrap import Interval
from egoprog.lego.action_in_picture import Asked, asked_of
from egoprog.lego.generated import GeneratedFolder
from egoprog.lego.generation_metrics import (
    BY_KEY,
    COLUMNS,
    OF_JUDGES,
    Column,
    Measurer,
    Resampling,
    Row,
    Truth,
    only,
    transition_bins,
)
from egoprog.lego.generation_tables import CEILING, COMPARED, FLOOR, UNTUNED
from egoprog.lego.image_metrics import size_note

Groups = Literal["pair", "video", "participant"]


@dataclass(frozen=True)
class Chosen:
    """The pairs that are measured, and what was left out because a row lacks it."""

    pairs: tuple[FramePair, ...]
    participants: str
    num_lacking: int = 0


def choose_pairs(
    folder: PairFolder,
    rows: Mapping[str, GeneratedFolder],
    split: str = "validation",
    participants: Literal["unseen", "all"] | None = None,
    limit: int | None = None,
) -> Chosen:
    """The pairs of a split that every row has a picture of.

    participants: those that training never saw, or all; None: unseen ones where the folder knows of any. limit: so many
    at most, evenly over the split. Raises ConfigurationError where fewer than two are left.
    """
    pairs = folder.pairs(split)
    if participants is None:
        participants = "unseen" if any(pair.is_unseen for pair in pairs) else "all"
    pairs = [pair for pair in pairs if participants == "all" or pair.is_unseen]
    if limit is not None and limit < len(pairs):
        pairs = [pairs[k] for k in np.linspace(0, len(pairs) - 1, limit).round().astype(int)]
    have = [row.ids() for row in rows.values()]
    there = [pair for pair in pairs if all(pair.pair_id in ids for ids in have)]
    if len(there) < 2:
        counts = ", ".join(f"{key} {len(ids)}" for key, ids in zip(rows, have, strict=True))
        raise ConfigurationError(
            f"expected at least two pairs of {len(pairs)} ({participants}, {split}) that every row has a picture of, "
            f"got {len(there)}; pictures: {counts}"
        )
    return Chosen(tuple(there), f"{participants} participants", len(pairs) - len(there))


def read_truth(folder: PairFolder, pairs: Sequence[FramePair], data: EpicFolder | None = None) -> Truth:
    """The pairs' pictures and what they should show.

    data: of the recordings, whose programs say which hand is asked for; without it either hand does. What a caption is
    compared with is the pair's description, else its label. Pairs whose action has no class ask for nothing.
    """
    rows = [folder.row(pair) for pair in pairs]
    wanted = {pair.pair_id for pair in pairs}
    clips = {}
    for split in sorted({pair.split for pair in pairs}):
        if data is not None and data.programs(split).is_file():
            clips |= {
                clip.narration_id: clip for clip in iter_programs(data.programs(split)) if clip.narration_id in wanted
            }
    asked = tuple(
        asked_of(pair, clips.get(pair.pair_id)) if pair.verb and pair.noun else Asked("", "") for pair in pairs
    )
    return Truth(
        tuple(pair.pair_id for pair in pairs),
        np.stack([folder.inputs[row] for row in rows]),
        np.stack([folder.targets[row] for row in rows]),
        tuple(pair.description or pair.action for pair in pairs),
        asked,
    )


def evaluate(
    measurer: Measurer,
    rows: Mapping[str, GeneratedFolder],
    pairs: Sequence[FramePair],
    groups: Groups = "pair",
    compared: Sequence[tuple[str, str]] = COMPARED,
) -> dict[str, Any]:
    """All columns of all rows, differences of rows, and transition-time bins; "about" is the caller's to add.

    pairs: the measurer's, in its order. groups: what bootstrap draws take whole. Two rows come with every table: the
    true pictures, whose judgements are the ceiling, and the inputs, as if nothing had been generated.
    Raises ConfigurationError for a single group, RecordingError for a picture that can't be read.
    """
    names = [_group(pair, groups) for pair in pairs]
    if len(set(names)) < 2:
        raise ConfigurationError(
            f"expected at least two {groups}s to draw from, got {len(set(names))}; choose --groups"
        )
    draws = Resampling(names)
    truth = measurer.truth
    size_px = truth.targets.shape[1:3]
    measured: dict[str, Row] = {}
    for key, folder in rows.items():
        measured[key] = measurer.row(np.stack([folder.read(pair_id, size_px) for pair_id in truth.pair_ids]))
    bounds = {FLOOR: measurer.row(truth.inputs)}
    if measurer.hands is not None and measurer.change is not None:
        ceiling = measurer.row(truth.targets)
        bounds[CEILING] = Row({key: ceiling.values[key] for key in OF_JUDGES})
    pairs_of_rows = [*compared, *((f"{key}_untuned", key) for key in UNTUNED)]
    return {
        "columns": _columns(measurer, measured),
        "rows": {key: _figures(row, draws) for key, row in (measured | bounds).items()},
        "differences": {
            f"{one} - {other}": _differences(measured[one], measured[other], draws)
            for one, other in pairs_of_rows
            if one in measured and other in measured
        },
        "of_what_judges_see": _of_seen(measured, bounds),
        "transition_bins": _bins(measured, pairs),
    }


def _group(pair: FramePair, groups: Groups) -> str:
    return {"pair": pair.pair_id, "video": pair.video_id, "participant": pair.participant_id}[groups]


def _columns(measurer: Measurer, measured: Mapping[str, Row]) -> dict[str, Any]:
    origins = measurer.origins()
    told = {}
    for column in COLUMNS:
        if any(row.statistic(column.key) is not None for row in measured.values()):
            origin = origins.get(column.key)
            told[column.key] = {
                "title": column.title,
                "is_lower_better": column.is_lower_better,
                "origin": "" if origin is None else origin.name,
                "is_stand_in": origin is not None and origin.is_stand_in,
                "note": _note(column, measured),
            }
    return told


def _note(column: Column, measured: Mapping[str, Row]) -> str:
    if column.key != "fid":
        return ""
    features = next(row.fid[0] for row in measured.values() if row.fid is not None)
    return size_note(*features.shape)


def _figures(row: Row, draws: Resampling) -> dict[str, dict[str, float]]:
    return _told({column.key: draws.figure(row, column.key) for column in COLUMNS})


def _differences(row: Row, other: Row, draws: Resampling) -> dict[str, dict[str, float]]:
    return _told({column.key: draws.difference(row, other, column.key) for column in COLUMNS})


def _told(figures: Mapping[str, Interval | None]) -> dict[str, dict[str, float]]:
    """Those that have a value."""
    there = {
        key: one
        for key, one in figures.items()
        if one is not None and np.isfinite([one.value, one.low, one.high]).all()
    }
    return {key: dataclasses.asdict(one) for key, one in there.items()}


def _of_seen(measured: Mapping[str, Row], bounds: Mapping[str, Row]) -> dict[str, dict[str, float]]:
    """Of the pairs whose true picture the judges read rightly, the share in which they read the generated one so."""
    if CEILING not in bounds:
        return {}
    shares: dict[str, dict[str, float]] = {}
    for key in ("hand", "change", "action"):
        seen = bounds[CEILING].values[key] == 1
        if seen.any():
            for name, row in measured.items():
                shares.setdefault(name, {})[key] = float(np.nanmean(row.values[key][seen]))
            shares.setdefault(CEILING, {})[f"num_{key}"] = int(seen.sum())
    return shares


def _bins(measured: Mapping[str, Row], pairs: Sequence[FramePair]) -> dict[str, Any]:
    times_s = [pair.target_s - pair.input_s for pair in pairs]
    bins, edges = transition_bins(times_s)
    if edges[0] == edges[-1]:
        return {"edges_s": edges, "rows": {}}
    rows: dict[str, dict[str, list[float | None]]] = {}
    for name, row in measured.items():
        parts = [only(row, bins == k) for k in range(len(edges) - 1)]
        rows[name] = {key: [_plain(part, key) for part in parts] for key in BY_KEY if row.statistic(key) is not None}
    return {"edges_s": edges, "rows": rows}


def _plain(row: Row, key: str) -> float | None:
    num = len(next(iter(row.values.values())))
    value = row.statistic(key)(np.ones(num)) if num else float("nan")
    return float(value) if np.isfinite(value) else None


def store_of(out: Path) -> Path:
    """Where networks' features are kept below an output folder, so that a run that was stopped goes on."""
    return out / "features"

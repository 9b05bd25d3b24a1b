"""Tables of generated pictures' measures in the shape of LEGO's, as Markdown, out of metrics.json's content.

What a stand-in measured is called so in every head, and below every table by name. "±" is half of the 95% interval.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from egoprog.lego.generation_metrics import BY_KEY, Column

DASH: Final = "—"
IMAGE: Final = ("clip", "egovlp", "egovlp_plus", "fid", "psnr", "lpips")
TEXT: Final = ("blip_base", "blip_large")
CONDITIONING: Final = ("clip", "egovlp", "egovlp_plus", "psnr")
ACTION: Final = ("object", "hand", "change", "action")
CEILING, FLOOR = "true_pictures", "input_frames"
NAMES: Final = {
    "proxnpi": "ProxNPI",
    "sdedit": "SDEdit",
    "labels": "Action labels (InstructPix2Pix)",
    "descriptions": "Descriptions",
    "image": "Desc. + image embedding",
    "text": "Desc. + text embedding",
    "joint": "Desc. + joint embedding (LEGO)",
    "image_untuned": "Desc. + image embedding, without tuning",
    "text_untuned": "Desc. + text embedding, without tuning",
    "joint_untuned": "Desc. + joint embedding, without tuning",
    "scaleup": "LEGO, both datasets",
    CEILING: "True pictures (ceiling)",
    FLOOR: "Input frames (floor)",
}
"""Rows that have a place in the paper's tables, by their keys; other keys are their own names."""
PAPER: Final = {
    "proxnpi": (0.658, 0.323, 0.528, 51.350, 11.064, 0.464, 0.237, 0.234),
    "sdedit": (0.748, 0.338, 0.568, 27.413, 11.296, 0.433, 0.215, 0.213),
    "labels": (0.770, 0.430, 0.611, 20.647, 11.229, 0.408, 0.254, 0.264),
    "descriptions": (0.775, 0.437, 0.615, None, 11.247),
    "image": (0.785, 0.458, 0.623, None, 11.254),
    "text": (0.777, 0.447, 0.620, None, 11.305),
    "joint": (0.786, 0.459, 0.627, 21.566, 11.334, 0.404, 0.270, 0.274),
    "image_untuned": (0.783, 0.449, 0.620, None, 11.085),
    "text_untuned": (0.774, 0.433, 0.610, None, 11.134),
    "joint_untuned": (0.784, 0.447, 0.619, None, 11.094),
    "scaleup": (0.789, 0.475, 0.635, 19.635, 11.400, 0.399),
}
"""The paper's figures on EPIC-KITCHENS, in the order of IMAGE and TEXT."""
COMPARED: Final = (("joint", "labels"), ("descriptions", "labels"), ("joint", "descriptions"))
"""Rows whose difference is told, the one that should be better first."""


@dataclass(frozen=True)
class Table:
    """rows: keys, in the paper's order; those that were not measured are left out."""

    title: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]


TABLES: Final = (
    Table("Against other methods (table 1)", ("proxnpi", "sdedit", "labels", "joint"), IMAGE),
    Table("Captions of the pictures (table 2)", ("proxnpi", "sdedit", "labels", "joint"), TEXT),
    Table("Conditioning (table 3)", ("labels", "descriptions", "image", "text", "joint"), CONDITIONING),
    Table("Both datasets (table 6)", ("joint", "scaleup"), IMAGE),
)
UNTUNED: Final = ("image", "text", "joint")


def render(metrics: Mapping[str, Any]) -> str:
    """All tables for which there are rows. metrics: as `training.evaluate_lego` writes it."""
    rows = metrics["rows"]
    own = [key for key in rows if key not in (CEILING, FLOOR)]
    parts = [f"# Generated pictures\n\n{_about(metrics)}"]
    for table in TABLES:
        there = [key for key in table.rows if key in rows]
        if len(there) > 1 and any(key in rows[row] for row in there for key in table.columns):
            parts.append(_table(metrics, table.title, there, table.columns))
    if any(f"{key}_untuned" in rows for key in UNTUNED):
        parts.append(_untuned(metrics))
    others = [key for key in own if key not in NAMES]
    if others or len(own) == 1:
        parts.append(_table(metrics, "All rows", own, IMAGE + TEXT))
    if any("action" in rows[key] for key in rows):
        bounds = [key for key in (CEILING, FLOOR) if key in rows]
        parts.append(_table(metrics, "Is the action in the picture?", own + bounds, ACTION))
    if metrics["differences"]:
        parts.append(_differences(metrics))
    if metrics["transition_bins"]["rows"]:
        parts.append(_bins(metrics))
    return "\n\n".join(parts) + "\n"


def name_of(row: str) -> str:
    return NAMES.get(row, row)


def _about(metrics: Mapping[str, Any]) -> str:
    told = metrics["about"]
    return (
        f"{told['num_pairs']} pairs of {told['num_participants']} participants and {told['num_videos']} videos "
        f"({told['participants']}, {told['split']} split) of `{told['pairs']}`. ± is half of the 95% interval of "
        f"{told['groups']}s drawn again and again. Made by `{told['command']}`."
    )


def _table(metrics: Mapping[str, Any], title: str, rows: Sequence[str], columns: Sequence[str]) -> str:
    columns = [key for key in columns if any(key in metrics["rows"][row] for row in rows)] or list(columns)
    lines = [_line("", *(_head(metrics, BY_KEY[key]) for key in columns)), _line("---", *["---:"] * len(columns))]
    own = [row for row in rows if row not in (CEILING, FLOOR)]
    best = {key: _best(metrics, own, BY_KEY[key]) for key in columns}
    for row in rows:
        cells = [_cell(metrics["rows"][row].get(key), BY_KEY[key], row == best[key]) for key in columns]
        lines.append(_line(name_of(row), *cells))
    for row in own:
        if row in PAPER and not set(columns) & set(ACTION):
            told = dict(zip(IMAGE + TEXT, PAPER[row], strict=False))
            cells = [_number(told.get(key), BY_KEY[key]) for key in columns]
            lines.append(_line(f"*paper, EPIC-KITCHENS: {name_of(row)}*", *cells))
    return "\n".join([f"## {title}", "", *lines, "", _notes(metrics, columns)]).rstrip()


def _untuned(metrics: Mapping[str, Any]) -> str:
    rows = metrics["rows"]
    columns = [key for key in CONDITIONING if any(key in row for row in rows.values())]
    lines = [_line("", *(_head(metrics, BY_KEY[key]) for key in columns)), _line("---", *["---:"] * len(columns))]
    if "descriptions" in rows:
        cells = [_cell(rows["descriptions"].get(key), BY_KEY[key], False) for key in columns]
        lines.append(_line(name_of("descriptions"), *cells))
    for key in UNTUNED:
        untuned = f"{key}_untuned"
        if untuned in rows:
            cells = [_cell(rows[untuned].get(one), BY_KEY[one], False) for one in columns]
            lines.append(_line(name_of(untuned), *cells))
            apart = metrics["differences"].get(f"{untuned} - {key}")
            if apart:
                cells = [_cell(apart.get(one), BY_KEY[one], False, has_sign=True) for one in columns]
                lines.append(_line("Δ (without − with tuning)", *cells))
    return "\n".join(
        ["## Without visual instruction tuning (table 4)", "", *lines, "", _notes(metrics, columns)]
    ).rstrip()


def _differences(metrics: Mapping[str, Any]) -> str:
    parts = ["## Differences, with paired 95% intervals"]
    for title, figures in metrics["differences"].items():
        one, _, other = title.partition(" - ")
        lines = [_line("", "difference", "95% interval", "better"), _line("---", "---:", "---:", "---")]
        columns = [key for key in IMAGE + TEXT + ACTION if key in figures]
        for key in columns:
            column, told = BY_KEY[key], figures[key]
            bounds = f"{told['low']:+.{column.decimals}f} to {told['high']:+.{column.decimals}f}"
            lines.append(
                _line(_head(metrics, column), f"{told['value']:+.{column.decimals}f}", bounds, _verdict(told, column))
            )
        parts.append(
            "\n".join([f"### {name_of(one)} against {name_of(other)}", "", *lines, "", _notes(metrics, columns)])
        )
    return "\n\n".join(part.rstrip() for part in parts)


def is_better(told: Mapping[str, float], column: Column) -> bool | None:
    """Of a difference: True or False where its interval leaves 0 out, None where it does not."""
    if told["low"] <= 0 <= told["high"] or told["low"] != told["low"]:
        return None
    return (told["value"] < 0) == column.is_lower_better


def _verdict(told: Mapping[str, float], column: Column) -> str:
    return {True: "yes", False: "no, worse", None: "not shown"}[is_better(told, column)]


def _bins(metrics: Mapping[str, Any]) -> str:
    bins = metrics["transition_bins"]
    edges = bins["edges_s"]
    heads = [f"{low:.2f} to {high:.2f} s" for low, high in itertools.pairwise(edges)]
    parts = ["## By the time from input to target (figure 7)"]
    for key in IMAGE + ("action",):
        rows = {row: told[key] for row, told in bins["rows"].items() if key in told}
        if rows:
            column = BY_KEY[key]
            lines = [_line(_head(metrics, column), *heads), _line("---", *["---:"] * len(heads))]
            lines += [_line(name_of(row), *(_number(one, column) for one in told)) for row, told in rows.items()]
            parts.append("\n".join([*lines, "", _notes(metrics, [key])]).rstrip())
    return "\n\n".join(parts)


def _head(metrics: Mapping[str, Any], column: Column) -> str:
    told = metrics["columns"].get(column.key, {})
    arrow = " ↓" if column.is_lower_better else ""
    return f"{column.title}{arrow}{' (stand-in)' if told.get('is_stand_in') else ''}"


def _notes(metrics: Mapping[str, Any], columns: Sequence[str]) -> str:
    notes = []
    for key in columns:
        told = metrics["columns"].get(key, {})
        if told.get("origin"):
            kind = "stand-in, not the published network: " if told["is_stand_in"] else ""
            note = f"; {told['note']}" if told.get("note") else ""
            notes.append(f"{BY_KEY[key].title}: {kind}{told['origin']}{note}.")
    return "\n".join(f"- {note}" for note in notes)


def _best(metrics: Mapping[str, Any], rows: Sequence[str], column: Column) -> str | None:
    there = [row for row in rows if column.key in metrics["rows"][row]]
    if len(there) < 2:
        return None
    choose = min if column.is_lower_better else max
    return choose(there, key=lambda row: metrics["rows"][row][column.key]["value"])


def _cell(told: Mapping[str, float] | None, column: Column, is_best: bool, has_sign: bool = False) -> str:
    if told is None:
        return DASH
    value = f"{told['value']:{'+' if has_sign else ''}.{column.decimals}f}"
    half = (told["high"] - told["low"]) / 2
    return f"{f'**{value}**' if is_best else value} ±{half:.{column.decimals}f}"


def _number(value: float | None, column: Column) -> str:
    return DASH if value is None else f"{value:.{column.decimals}f}"


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"

"""A model's card, models/NAME/README.md: made from model.json and measures.json, so that it says what they say.

    python -m export.card models/NAME

measures.json: {"tables": [{"title", "command", "commit", "machine", "columns": [...], "rows": [[...], ...]}],
"limits": ["a sentence", ...]}; each table says how it was made.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from egoprog.errors import ModelError
from egoprog.runtime.model_folder import ModelFolder

CARD = "README.md"
MEASURES_JSON = "measures.json"
_USE = """```python
from egoprog import runtime

session = runtime.load("models/{name}", graph="{graph}")
session.inputs, session.outputs, session.backend, session.fallbacks
```"""


@dataclass(frozen=True)
class Measures:
    """Figures that were measured together. rows: as many values as there are columns, the first is the row's name."""

    title: str
    command: str
    commit: str
    machine: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | int | float, ...], ...]


@dataclass(frozen=True)
class Report:
    """What measures.json says. limits: where the model should not be trusted, a sentence each."""

    tables: tuple[Measures, ...]
    limits: tuple[str, ...]


def read_measures(folder: Path) -> Report:
    """Raises ModelError for a file that is missing or is something else."""
    path = folder / MEASURES_JSON
    try:
        values = json.loads(path.read_text())
        tables = tuple(_table(entry) for entry in values["tables"])
        return Report(tables, tuple(map(str, values["limits"])))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"expected figures in {path}, got {type(error).__name__}: {error}; see egoprog.runtime.card"
        ) from None


def _table(entry: dict[str, Any]) -> Measures:
    if set(entry) != {field.name for field in fields(Measures)}:
        raise ValueError(f"a table with {', '.join(entry)}")
    columns, rows = tuple(entry.pop("columns")), tuple(map(tuple, entry.pop("rows")))
    if odd := [row for row in rows if len(row) != len(columns)]:
        raise ValueError(f"a row of {len(odd[0])} values under {len(columns)} columns in {entry['title']!r}")
    return Measures(**entry, columns=columns, rows=rows)


def write_measures(folder: Path, report: Report) -> None:
    """As `read_measures` reads them."""
    from egoprog.data.atomic import atomic  # with it come the readers of recordings, which robots do without

    with atomic(folder / MEASURES_JSON) as temporary:
        temporary.write_text(json.dumps(asdict(report), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def write_card(model: ModelFolder) -> Path:
    """Returns the card's path. Raises ModelError as `read_measures`."""
    from egoprog.data.atomic import atomic  # as above

    path = model.path / CARD
    text = card(model)
    with atomic(path) as temporary:
        temporary.write_text(text)
    return path


def card(model: ModelFolder) -> str:
    """The card as Markdown."""
    report = read_measures(model.path)
    files = [
        (f"`{onnx}`", name, precision, _size(model.path / onnx), f"`{model.files[onnx][:12]}`")
        for name, graph in model.graphs.items()
        for precision, onnx in graph.onnx.items()
    ]
    weights = sorted(name for name in model.files if name.endswith(".safetensors"))
    files += [
        (f"`{name}`", "weights", "fp32", _size(model.path / name), f"`{model.files[name][:12]}`") for name in weights
    ]
    parts = [
        f"# {model.name}",
        model.about,
        "## Use",
        _USE.format(name=model.name, graph=next(iter(model.graphs))),
        "## Data",
        model.data,
        "## How it was made",
        f"```\n{model.command}\n```",
        f"At commit {model.commit}.",
        "## Figures",
        *(_figures(table) for table in report.tables),
        "## Limits",
        "\n".join(f"- {limit}" for limit in report.limits),
        "## Files",
        _markdown(("file", "graph", "precision", "size", "sha256"), files),
        f"Licence: {model.license}.",
    ]
    return "\n\n".join(parts) + "\n"


def _figures(table: Measures) -> str:
    made = f"`{table.command}` at commit {table.commit}, {table.machine}"
    return f"{table.title}\n\n{_markdown(table.columns, table.rows)}\n\n{made}"


def _markdown(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(map(_word, line))} |" for line in lines)


def _word(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _size(path: Path) -> str:
    return f"{path.stat().st_size / 1e6:.1f} MB"

"""The figures of generated pictures for their model's card, out of metrics.json of `training.evaluate_lego`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from egoprog.data.json_fields import read_json
from egoprog.errors import ModelError
from egoprog.lego.generation_tables import ACTION, DASH, IMAGE, TEXT, name_of
from egoprog.runtime.card import Measures


def figures_of(path: Path) -> Measures:
    """A table with a row for each of the measured ones, the true pictures and the input frames.

    Raises ModelError for a file of something else.
    """
    fields = read_json(path)
    try:
        return _table({name: fields.raw(name) for name in ("about", "columns", "rows")})
    except (KeyError, TypeError) as error:
        raise ModelError(f"expected metrics of  python -m training.evaluate_lego  in {path}, got no {error}") from None


def _table(metrics: Mapping[str, Any]) -> Measures:
    about, told = metrics["about"], metrics["columns"]
    keys = [key for key in (*IMAGE, *TEXT, *ACTION) if key in told]
    titles = [told[key]["title"] + " (stand-in)" * told[key]["is_stand_in"] for key in keys]
    rows = tuple(
        (name_of(name), *(_rounded(figures[key]["value"]) if key in figures else DASH for key in keys))
        for name, figures in metrics["rows"].items()
    )
    return Measures(
        f"Pictures drawn for {about['num_pairs']} frames of {about['num_participants']} people not trained on.",
        about["command"],
        about["commit"],
        about["machine"],
        ("", *titles),
        rows,
    )


def _rounded(value: float) -> float:
    """Shares and distances to three places, decibels and FID to two."""
    return round(value, 3 if abs(value) < 2 else 2)

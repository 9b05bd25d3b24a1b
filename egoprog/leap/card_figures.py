"""The figures of LEAP's heads for their model's card, out of what `python -m training.evaluate` left beside them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from egoprog.leap.program_metrics import PARTS
from egoprog.leap.tables import read_measures
from egoprog.runtime.card import Measures

_ACTIONS = ("verb", "noun", "action")
_PART_TITLES = ("S-Verb", "Obj(A)", "Obj(B)")


def figures_of(runs: Mapping[str, Path]) -> tuple[Measures, ...]:
    """Tables in %, actions first, with a row by head. runs: folders with measures, by the names of the rows.

    Raises ModelError for a folder without them.
    """
    measured = {name: read_measures(run) for name, run in runs.items()}
    made = {
        "command": "; ".join(each["command"] for each in measured.values()),
        "commit": ", ".join(dict.fromkeys(each["commit"] for each in measured.values())),
        "machine": ", ".join(dict.fromkeys(each["machine"] for each in measured.values())),
    }
    people = sorted({person for each in measured.values() for person in each["participants"]})
    actions = Measures(
        f"Actions, in %, of {len(people)} people who were not trained on.",
        columns=("", "clips", *(f"{kind} {top}" for kind in _ACTIONS for top in ("top-1", "top-5")), "action recall"),
        rows=tuple((name, each["num_clips"], *_of_actions(each["scores"]["all"])) for name, each in measured.items()),
        **made,
    )
    programs = Measures(
        "Sub-actions of programs, in % at set level, of the same clips.",
        columns=("", *_PART_TITLES),
        rows=tuple(
            (name, *(_percent(each["programs"][part]["accuracy"]) for part in PARTS))
            for name, each in measured.items()
            if each.get("programs")
        ),
        **made,
    )
    return (actions, programs) if programs.rows else (actions,)


def _of_actions(scores: Mapping[str, Mapping[str, float]]) -> list[float]:
    tops = [_percent(scores[kind][top]) for kind in _ACTIONS for top in ("top1", "top5")]
    return [*tops, _percent(scores["action"]["mean_top5_recall"])]


def _percent(share: float) -> float:
    return round(100 * share, 1)

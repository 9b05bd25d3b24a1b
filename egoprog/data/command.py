"""`egoprog annotations check FILE...`: reads annotation files of every kind that egoprog knows, and names bad rows.

Rows that read but do not fit the class and video files beside them are printed as odd; they are no failure.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from egoprog.data import ego4d, epic, epic_sounds
from egoprog.data.epic import Oddity
from egoprog.data.epic_fields import read_fields
from egoprog.data.hand_objects import read_hand_objects
from egoprog.data.json_fields import read_json
from egoprog.data.program_lines import iter_programs
from egoprog.data.table import OnBad, read_header
from egoprog.errors import AnnotationError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    check = actions.add_parser("check", help="read annotation files and name their bad rows; exit 1 if there are any")
    check.add_argument(
        "files",
        nargs="+",
        type=Path,
        metavar="FILE",
        help="CSV of EPIC-KITCHENS or EPIC-SOUNDS, JSON of EPIC-Fields or Ego4D FHO, .pkl of hand-object detections, "
        ".jsonl of programs",
    )
    check.add_argument(
        "--show", type=int, default=20, metavar="N", help="bad and odd rows to print a file (default: 20)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Returns 1 where a file or a row could not be read."""
    is_bad = False
    for path in arguments.files:
        report = check(path)
        print(f"{path}: {report.num_rows} {report.kind}, {len(report.bad)} bad, {len(report.odd)} odd")
        lines = [f"bad: {error}" for error in report.bad]
        lines += [f"odd: {path}, {one.row_id}, column {one.column}: {one.text}" for one in report.odd]
        for line in lines[: arguments.show]:
            print(f"  {line}")
        if len(lines) > arguments.show:
            print(f"  and {len(lines) - arguments.show} more; --show N prints them")
        is_bad |= bool(report.bad)
    return 1 if is_bad else 0


@dataclass
class Report:
    """What a file holds. kind: of its rows, in the plural. num_rows: those that read."""

    kind: str
    num_rows: int = 0
    bad: list[AnnotationError] = field(default_factory=list)
    odd: Sequence[Oddity] = ()


def check(path: Path) -> Report:
    """Reads a file of whatever kind; what is wrong with the whole file is its one bad row."""
    report = Report("rows")
    try:
        match path.suffix.lower():
            case ".csv":
                _check_table(path, report)
            case ".json":
                _check_json(path, report)
            case ".jsonl":
                report.kind = "programs"
                for _ in iter_programs(path, report.bad.append):
                    report.num_rows += 1
            case ".pkl":
                report.kind = "frames of detections"
                report.num_rows = len(read_hand_objects(path, report.bad.append))
            case suffix:
                raise AnnotationError(path, "", "a .csv, .json, .jsonl or .pkl file", suffix or "no suffix")
    except AnnotationError as error:
        report.bad.append(error)
    return report


def _check_table(path: Path, report: Report) -> None:
    names = set(read_header(path))
    if "annotation_id" in names:
        sounds = epic_sounds.read_sounds(path, report.bad.append)
        report.kind, report.num_rows = "sounds", len(sounds)
        report.odd = epic_sounds.check_sounds(sounds, _beside(path, "video_info", epic.read_video_info))
    elif "narration_id" in names:
        is_labelled = "verb_class" in names
        read = epic.read_actions if is_labelled else epic.read_segments
        segments = read(path, report.bad.append)
        report.kind, report.num_rows = "actions" if is_labelled else "actions without labels", len(segments)
        report.odd = epic.check_actions(
            segments,
            _beside(path, "verb_classes", epic.read_classes),
            _beside(path, "noun_classes", epic.read_classes),
            _beside(path, "video_info", epic.read_video_info),
        )
    elif "instances" in names:
        report.kind, report.num_rows = "classes", len(epic.read_classes(path, report.bad.append))
    elif "fps" in names:
        report.kind, report.num_rows = "videos", len(epic.read_video_info(path, report.bad.append))
    elif names == {"participant_id"}:
        report.kind, report.num_rows = "participants", len(epic.read_unseen_participants(path))
    elif names in ({"verb"}, {"noun"}):
        report.kind, report.num_rows = "classes", len(epic.read_tail_classes(path))
    else:
        known = "the columns of a file of EPIC-KITCHENS or EPIC-SOUNDS"
        raise AnnotationError(path, "line 1", known, ",".join(sorted(names)))


def _check_json(path: Path, report: Report) -> None:
    whole = read_json(path)
    if "camera" in whole:
        report.kind, report.num_rows = "poses", len(read_fields(path).images)
        return
    if "clips" not in whole:
        raise AnnotationError(path, "", "camera poses of EPIC-Fields or clips of Ego4D", ", ".join(whole) or "nothing")
    first = next(iter(whole.objects("clips")), None)
    readers: dict[str, tuple[str, Callable[[Path, OnBad], list]]] = {
        "action_idx": ("actions to forecast", ego4d.read_lta),
        "frames": ("clips of hands", ego4d.read_hands),
        "unique_id": ("changes of state", ego4d.read_state_changes),
    }
    for key, (kind, read) in readers.items():
        if first is not None and key in first:
            report.kind, report.num_rows = kind, len(read(path, report.bad.append))
            return
    report.kind = "clips"
    if first is not None:
        raise AnnotationError(path, "clips[0]", f"one of the fields {', '.join(readers)}", ", ".join(first))


def _beside(path: Path, name: str, read: Callable):
    """The class or video file of the same folder, None where there is none."""
    companion = path.with_name(f"EPIC_100_{name}.csv")
    return read(companion) if companion.is_file() else None

"""What a network is trained on and judged by: actions, and programs from whatever store they lie in."""

from __future__ import annotations

import json
import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from egoprog.data.epic import Action, read_actions, read_unseen_participants
from egoprog.data.epic_folder import SPLITS, EpicFolder
from egoprog.data.program_lines import ProgramClip, iter_programs
from egoprog.errors import AnnotationError, ConfigurationError, InputError
from egoprog.generate.store import ProgramStore, StoredProgram
from egoprog.world.state import WorldState

log = logging.getLogger(__name__)
HeldOut = Literal["unseen", "last", "official"]
NUM_LAST = 5
"""Participants that the paper holds out: the last of the training annotations (section 4.2)."""
_LEAST_OVERLAP = 0.5


@dataclass(frozen=True)
class Supervision:
    """Of one split. programs: those of its actions; some may have none."""

    actions: tuple[Action, ...]
    programs: tuple[ProgramClip, ...]


def read_supervision(
    folder: EpicFolder, held_out: HeldOut, programs: str | Path | None = None
) -> dict[str, Supervision]:
    """Of "train" and "validation". held_out: see `recipe.Recipe`.

    programs: where the training's programs lie, see `read_program_store`; None for the folder's own. Those of the
    validation are the folder's own where it has any, so that every store is judged by the same ones.
    Raises AnnotationError and InputError for files that are amiss, ConfigurationError for a split that has no actions.
    """
    train = read_actions(folder.actions("train"))
    if held_out == "last":
        last = set(sorted({row.participant_id for row in train})[-NUM_LAST:])
        validation = [row for row in train if row.participant_id in last]
    else:
        validation = read_actions(folder.actions("validation"))
        last = set()
        if held_out == "unseen":
            last = set(read_unseen_participants(folder.unseen_participants))
            validation = [row for row in validation if row.participant_id in last]
    train = [row for row in train if row.participant_id not in last]
    files = [path for path in map(folder.programs, SPLITS) if path.is_file()]
    own = [clip for path in files for clip in iter_programs(path)]
    given = own if programs is None else read_program_store(programs, [*train, *validation])
    found = {
        "train": Supervision(tuple(train), _of_actions(given, train)),
        "validation": Supervision(tuple(validation), _of_actions(own or given, validation)),
    }
    for split, part in found.items():
        if not part.actions:
            raise ConfigurationError(
                f"expected actions in the split {split!r} of {folder.root}, got none; choose another held_out than "
                f"{held_out!r}, or other data"
            )
    return found


def read_program_store(path: str | Path, actions: Sequence[Action]) -> list[ProgramClip]:
    """The programs of actions, from JSON lines of clips as `data.program_lines` writes them, or from what `egoprog
    generate --out` wrote: a folder with programs.jsonl, whose programs go to the actions of the same times.

    Raises InputError where there is no such file, AnnotationError for lines of another kind.
    """
    path = Path(path)
    file = path / "programs.jsonl" if path.is_dir() else path
    if not file.is_file():
        raise InputError(
            f"expected programs in {path}, found no {file.name}; give JSON lines or a folder of `generate`"
        )
    with file.open(encoding="utf-8") as lines:
        first = next(filter(str.strip, lines), "{}")
    try:
        keys = json.loads(first).keys()
    except (ValueError, AttributeError):
        raise AnnotationError(file, "line 1", "a program as a JSON object", repr(first[:60])) from None
    if "narration_id" in keys:
        return list(iter_programs(file))
    if "clip_id" not in keys:
        raise AnnotationError(file, "line 1", 'programs with "narration_id" or "clip_id"', ", ".join(keys) or "nothing")
    return _matched(ProgramStore(file.parent), actions)


def _matched(stored: Iterable[StoredProgram], actions: Sequence[Action]) -> list[ProgramClip]:
    """Each action takes the program that overlaps it most, by at least half of both together; the last one written
    where several do so alike."""
    of_video: dict[str, list[StoredProgram]] = defaultdict(list)
    for record in stored:
        of_video[record.clip_id.rpartition("@")[0]].append(record)
    clips = []
    for row in actions:
        best = max(reversed(of_video[row.video_id]), key=lambda record: _overlap(record, row), default=None)
        if best is not None and _overlap(best, row) >= _LEAST_OVERLAP:
            nobody_knows = WorldState()
            clips.append(
                ProgramClip(
                    row.narration_id,
                    row.video_id,
                    best.start_s,
                    best.stop_s,
                    row.narration,
                    best.program,
                    nobody_knows,
                    nobody_knows,
                )
            )
    log.info(
        "programs of %d of %d actions, from %d in the store", len(clips), len(actions), sum(map(len, of_video.values()))
    )
    return clips


def _overlap(record: StoredProgram, row: Action) -> float:
    """Intersection over union of the times."""
    shared = min(record.stop_s, row.stop_s) - max(record.start_s, row.start_s)
    return max(0.0, shared) / (max(record.stop_s, row.stop_s) - min(record.start_s, row.start_s))


def _of_actions(clips: Iterable[ProgramClip], actions: Sequence[Action]) -> tuple[ProgramClip, ...]:
    wanted = {row.narration_id for row in actions}
    return tuple(clip for clip in clips if clip.narration_id in wanted)

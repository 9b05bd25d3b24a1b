"""Narrations: what the wearer says that they do, from EPIC's annotations, a plain CSV or SRT subtitles."""

from __future__ import annotations

import csv
import re
from pathlib import Path

from egoprog.describe.types import Narration
from egoprog.errors import RecordingError

# (video, start, stop, text): EPIC-KITCHENS-100's own columns, and those of lists rebuilt from it in seconds.
_EPIC_COLUMNS = (
    ("video_id", "start_timestamp", "stop_timestamp", "narration"),
    ("video_id", "start_s", "stop_s", "narration"),
)
_PLAIN_COLUMNS = ("start", "stop", "text")
_SRT_TIMES = re.compile(r"^\s*([\d:.,]+)\s*-->\s*([\d:.,]+)")


def read_narrations(path: str | Path, video_id: str | None = None) -> list[Narration]:
    """The narrations of one video in the order of their starts, in seconds.

    CSV with EPIC-KITCHENS-100's columns (rows of `video_id`, which may be left out if the file has one video only),
    CSV with the columns start,stop,text (seconds or H:MM:SS.ss; stop may be empty), or SRT.
    Raises RecordingError naming file and line.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise RecordingError(f"expected a file of narrations, got {error}") from None
    except UnicodeDecodeError:
        raise RecordingError(f"{path}: expected narrations as UTF-8 text, got other bytes") from None
    lines = text.splitlines()
    is_srt = path.suffix.lower() == ".srt" or (path.suffix.lower() != ".csv" and "-->" in text)
    narrations = _read_srt(path, lines) if is_srt else _read_csv(path, lines, video_id)
    return sorted(narrations, key=lambda narration: narration.start_s)


def seconds(text: str) -> float:
    """Seconds of "12.5", "1:02.5" or "00:01:02,500"; ValueError for anything else."""
    parts = text.strip().replace(",", ".").split(":")
    if not 1 <= len(parts) <= 3 or not all(re.fullmatch(r"\d+", part) for part in parts[:-1]):
        raise ValueError(f"expected seconds or H:MM:SS.ss, got {text!r}")
    if not re.fullmatch(r"\d+(\.\d*)?|\.\d+", parts[-1]):
        raise ValueError(f"expected seconds or H:MM:SS.ss, got {text!r}")
    total_s = 0.0
    for part in parts:
        total_s = 60.0 * total_s + float(part)
    return total_s


def _read_csv(path: Path, lines: list[str], video_id: str | None) -> list[Narration]:
    rows = csv.DictReader(lines)
    names = [name.strip() for name in rows.fieldnames or ()]
    rows.fieldnames = names
    columns = next((columns for columns in _EPIC_COLUMNS if set(columns) <= set(names)), None)
    if columns is None and not {"start", "text"} <= set(names):
        raise RecordingError(
            f"{path}, line 1: expected the columns {','.join(_PLAIN_COLUMNS)} or {','.join(_EPIC_COLUMNS[0])}, "
            f"got {','.join(names) or 'none'}"
        )
    found: dict[str, list[Narration]] = {}
    for row in rows:
        video, start, stop, text = (row.get(name) or "" for name in columns or ("", *_PLAIN_COLUMNS))
        narration = _narration(path, rows.line_num, start, stop, text)
        if narration:
            found.setdefault(video, []).append(narration)
    if not columns or len(found) == 1:
        return next(iter(found.values()), [])
    if video_id not in found:
        raise RecordingError(
            f"{path}: expected narrations of the video {video_id!r}, got those of {len(found)} others; "
            "name the recording as its video_id, or give a file with its rows only"
        )
    return found[video_id]


def _read_srt(path: Path, lines: list[str]) -> list[Narration]:
    narrations = []
    times: tuple[int, str, str] | None = None
    words: list[str] = []
    for number, line in enumerate([*lines, ""], start=1):
        if match := _SRT_TIMES.match(line):
            times, words = (number, match[1], match[2]), []
        elif "-->" in line:
            raise RecordingError(f"{path}, line {number}: expected HH:MM:SS,mmm --> HH:MM:SS,mmm, got {line.strip()!r}")
        elif line.strip():
            words.append(line.strip())
        elif times:
            if narration := _narration(path, times[0], times[1], times[2], " ".join(words)):
                narrations.append(narration)
            times, words = None, []
    if not narrations:
        raise RecordingError(f"{path}: expected subtitles as SRT, got none in {len(lines)} lines")
    return narrations


def _narration(path: Path, line: int, start: str, stop: str, text: str) -> Narration | None:
    """None where there are no words."""
    try:
        start_s = seconds(start)
        stop_s = seconds(stop) if stop.strip() else None
    except ValueError as error:
        raise RecordingError(f"{path}, line {line}: {error}") from None
    if stop_s is not None and stop_s < start_s:
        raise RecordingError(f"{path}, line {line}: expected a stop after the start {start_s:g} s, got {stop_s:g} s")
    words = " ".join(text.split())
    return Narration(words, start_s, stop_s) if words else None

"""Programs on disk, one JSON line each, so that a run that was stopped goes on where it was.

A line is written by one call and flushed to the disk before the next query is paid for; a line that a crash cut in
two is dropped when the file is read again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from egoprog.errors import EgoprogError, InputError
from egoprog.program import from_json, to_json, to_text
from egoprog.program.types import Program


@dataclass(frozen=True, slots=True)
class StoredProgram:
    """A program and the clip that it is about.

    clip_id: recording and times. asked: the generator that was asked for, e.g. "local" or "llm:MODEL" (the one that
    wrote it may be another, see provenance.fallback). start_s, stop_s: the clip on the recording's clock.
    """

    clip_id: str
    asked: str
    start_s: float
    stop_s: float
    program: Program


class ProgramStore:
    """The file programs.jsonl of a folder, read at the start and appended to."""

    def __init__(self, folder: str | Path) -> None:
        self.path = Path(folder) / "programs.jsonl"
        self._records: dict[tuple[str, str], StoredProgram] = {}
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._read()
        except OSError as error:
            raise InputError(f"expected a folder to write programs to, got {folder}: {error.strerror}") from error

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[StoredProgram]:
        return iter(self._records.values())

    def get(self, clip_id: str, asked: str) -> StoredProgram | None:
        return self._records.get((clip_id, asked))

    def append(self, record: StoredProgram) -> None:
        """Writes one record; it is on the disk when this returns."""
        line = {
            "clip_id": record.clip_id,
            "asked": record.asked,
            "start_s": record.start_s,
            "stop_s": record.stop_s,
            "name": record.program.name,
            "text": to_text(record.program),
            "program": to_json(record.program),
        }
        payload = (json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n").encode()
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            written = os.write(descriptor, payload)
            if written != len(payload):
                raise InputError(f"expected room for {len(payload)} bytes in {self.path}, wrote {written}; free some")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        self._records[record.clip_id, record.asked] = record

    def _read(self) -> None:
        if not self.path.exists():
            return
        content = self.path.read_bytes()
        whole = content.rfind(b"\n") + 1
        if whole != len(content):  # cut by a crash: the next line must not be glued to it
            os.truncate(self.path, whole)
        for number, line in enumerate(content[:whole].splitlines(), start=1):
            try:
                data = json.loads(line)
                program = from_json(data["program"])
                record = StoredProgram(data["clip_id"], data["asked"], data["start_s"], data["stop_s"], program)
            except (ValueError, KeyError, TypeError, EgoprogError) as error:
                raise InputError(
                    f"{self.path}, line {number}: expected a program as JSON, got {line[:60]!r} ({error}); "
                    "mend the line or choose another --out"
                ) from error
            self._records[record.clip_id, record.asked] = record

"""Answers of raters, stored one JSON line each the moment they are given: {"rater", "question_id", "choice", "at"}.

A rater who answers a question again replaces the first answer; the file keeps both.
"""

from __future__ import annotations

import json
import os
import re
import threading
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from egoprog.data.atomic import atomic
from egoprog.data.json_fields import parse_json
from egoprog.errors import InputError
from egoprog.study.questions import Study

_RATER = re.compile(r"[\w][\w .@-]{0,39}")


@dataclass(frozen=True)
class Answer:
    """at: when, UTC, ISO 8601."""

    rater: str
    question_id: str
    choice: str
    at: str = ""


class Answers:
    """Those of one study; safe to use from several threads."""

    def __init__(self, study: Study) -> None:
        self.study, self.path = study, study.path / "answers.jsonl"
        self._lock = threading.Lock()
        self._latest: dict[tuple[str, str], Answer] = {}
        _drop_cut_line(self.path)
        for answer in read_answers(study):
            self._latest[answer.rater, answer.question_id] = answer

    def add(self, rater: str, question_id: str, choice: str) -> Answer:
        """Stores an answer, on the disk when this returns. Raises InputError for one that fits no question."""
        question = self.study.by_id.get(question_id)
        if question is None:
            raise InputError(f"expected a question of this study, got {question_id!r}")
        if choice not in question.choices:
            raise InputError(f"expected one of {len(question.choices)} choices, got {choice!r}")
        answer = Answer(checked_rater(rater), question_id, choice, datetime.now(UTC).isoformat(timespec="seconds"))
        with self._lock:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(answer), ensure_ascii=False) + "\n")
                file.flush()
                os.fsync(file.fileno())
            self._latest[answer.rater, question_id] = answer
        return answer

    def of(self, rater: str) -> dict[str, str]:
        """A rater's choices by question."""
        with self._lock:
            return {question_id: one.choice for (name, question_id), one in self._latest.items() if name == rater}

    def all(self) -> list[Answer]:
        """The latest one of each rater to each question."""
        with self._lock:
            return list(self._latest.values())


def read_answers(study: Study) -> list[Answer]:
    """All lines of the file, in order, none where there is no file; a last line that a crash cut short does not count.

    Raises AnnotationError for a broken line before it, or an answer to another study.
    """
    path = study.path / "answers.jsonl"
    whole, _ = _whole_lines(path)
    found = []
    for number, line in enumerate(whole.decode("utf-8", "surrogateescape").splitlines(), start=1):
        fields = parse_json(line, path, f"line {number}")
        answer = Answer(fields.text("rater"), fields.text("question_id"), fields.text("choice"), fields.text("at"))
        question = study.by_id.get(answer.question_id)
        if question is None or answer.choice not in question.choices:
            raise fields.fail("question_id", "a question and a choice of this study", answer.question_id)
        found.append(answer)
    return found


def _whole_lines(path: Path) -> tuple[bytes, bytes]:
    """What a file holds up to its last line's end, and what stands after it."""
    data = path.read_bytes() if path.is_file() else b""
    end = data.rfind(b"\n") + 1
    return data[:end], data[end:]


def _drop_cut_line(path: Path) -> None:
    """Takes away what a crash left of a line: its rater was never told that it is stored, and is asked again."""
    whole, rest = _whole_lines(path)
    if rest:
        with atomic(path) as temporary:
            temporary.write_bytes(whole)


def checked_rater(name: str) -> str:
    """A rater's name without blanks around it. Raises InputError for an odd or a long one."""
    name = name.strip()
    if not _RATER.fullmatch(name):
        raise InputError("expected a name of 1 to 40 letters, digits, blanks, or any of . _ @ -")
    return name

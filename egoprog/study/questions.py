"""A study's folder: what is asked, the pictures that are shown, and nothing that tells a rater what made them.

STUDY/study.json      kind, questions, and which picture is whose; never sent to a browser
STUDY/pictures/*.png  under names that say nothing
STUDY/answers.jsonl   see `answers`
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from egoprog.data.atomic import atomic
from egoprog.data.frame_pairs import FramePair, PairFolder
from egoprog.data.images import write_picture
from egoprog.data.json_fields import Fields, read_json
from egoprog.errors import ConfigurationError, RecordingError
from egoprog.lego.generated import GeneratedFolder

Kind = Literal["best", "aligned"]
KINDS: tuple[Kind, ...] = ("best", "aligned")
ALIGNED, NOT_ALIGNED = "aligned", "not aligned"
NUM_BEST, NUM_ALIGNED = 60, 100
"""Questions of the paper's two studies, on each dataset; five people answered each."""
MAX_METHODS = 9
"""As many as there are keys for."""


@dataclass(frozen=True)
class Question:
    """One question. text: the action's label ("best") or the description ("aligned"). pictures: file names, shown
    before the choices: the input, and of "aligned" the target too. choices: what may be picked, by method ("best") or
    by verdict, to the file name of its picture, "" for none.
    """

    question_id: str
    text: str
    pictures: tuple[str, ...]
    choices: Mapping[str, str] = field(default_factory=dict)


class Study:
    """A study that was made. Raises RecordingError for a folder that holds none, AnnotationError for a broken one."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        if not (self.path / "study.json").is_file():
            raise RecordingError(
                f"expected a study in {self.path}, found no study.json; make one with  python -m egoprog.study best"
            )
        fields = read_json(self.path / "study.json")
        kind = fields.text("kind")
        if kind not in KINDS:
            raise fields.fail("kind", " or ".join(KINDS), repr(kind))
        self.kind: Kind = kind
        self.seed = fields.integer("seed")
        self.questions = tuple(_question(one) for one in fields.objects("questions"))
        if not self.questions:
            raise fields.fail("questions", "at least one question", "none")
        self.by_id = {question.question_id: question for question in self.questions}

    @property
    def methods(self) -> tuple[str, ...]:
        """All that may be picked, in the order in which the study was made."""
        return tuple(dict.fromkeys(name for question in self.questions for name in question.choices))

    def order(self, rater: str, question: Question) -> tuple[str, ...]:
        """A question's choices as this rater sees them: shuffled, and the same whenever the page is opened again."""
        names = list(question.choices)
        if self.kind == "best":
            mark = hashlib.sha256(f"{self.seed}\n{rater}\n{question.question_id}".encode()).digest()
            random.Random(mark).shuffle(names)
        return tuple(names)

    def picture(self, name: str) -> bytes | None:
        """A PNG of this study, None for a name that is none of its."""
        known = {each for question in self.questions for each in (*question.pictures, *question.choices.values())}
        path = self.path / "pictures" / name
        return path.read_bytes() if name in known - {""} and path.is_file() else None


def make_best_study(
    out: Path, pairs: PairFolder, rows: Mapping[str, GeneratedFolder], asked: Sequence[FramePair], seed: int = 0
) -> Study:
    """Which method's picture shows the action best; every question shows all methods' pictures of one pair.

    Raises ConfigurationError for fewer than two methods, or none too many to have keys, and RecordingError for a
    missing picture or a folder that already holds a study.
    """
    if not 2 <= len(rows) <= MAX_METHODS:
        raise ConfigurationError(f"expected 2 to {MAX_METHODS} methods to choose from, got {len(rows)}")
    questions = []
    for number, pair in enumerate(asked, start=1):
        first = _store(out, seed, pair.pair_id, "input", pairs.shown(pairs.pictures(pair)[0]))
        choices = {
            name: _store(out, seed, pair.pair_id, name, pairs.shown(row.read(pair.pair_id, pairs.size_px)))
            for name, row in rows.items()
        }
        questions.append(Question(f"{number}:{pair.pair_id}", pair.action, (first,), choices))
    return _write(out, "best", seed, questions)


def make_aligned_study(
    out: Path, pairs: PairFolder, descriptions: Mapping[str, str], asked: Sequence[FramePair], seed: int = 0
) -> Study:
    """Whether a description fits the two frames of its pair. descriptions: by pair_id. Raises as the other."""
    questions = []
    for number, pair in enumerate(asked, start=1):
        if not descriptions.get(pair.pair_id):
            raise ConfigurationError(f"expected a description of {pair.pair_id}, got none; enrich the pairs first")
        shown = tuple(
            _store(out, seed, pair.pair_id, name, pairs.shown(picture))
            for name, picture in zip(("input", "target"), pairs.pictures(pair), strict=True)
        )
        choices = {ALIGNED: "", NOT_ALIGNED: ""}
        questions.append(Question(f"{number}:{pair.pair_id}", descriptions[pair.pair_id], shown, choices))
    return _write(out, "aligned", seed, questions)


def drawn(pairs: Sequence[FramePair], num: int, seed: int) -> list[FramePair]:
    """So many pairs by chance, the same for the same seed. Raises ConfigurationError where there are fewer."""
    if len(pairs) < num or num < 1:
        raise ConfigurationError(f"expected 1 to {len(pairs)} questions, as many pairs there are, got {num}")
    return random.Random(seed).sample(list(pairs), num)


def _store(out: Path, seed: int, pair_id: str, what: str, picture: NDArray[np.uint8]) -> str:
    """Writes a picture and returns its name, from which nobody can tell what made it."""
    name = f"{hashlib.sha256(f'{seed} {out.resolve()} {pair_id} {what}'.encode()).hexdigest()[:20]}.png"
    write_picture(out / "pictures" / name, picture)
    return name


def _write(out: Path, kind: Kind, seed: int, questions: Sequence[Question]) -> Study:
    if (out / "study.json").exists():
        raise RecordingError(f"expected a new folder for the study, got {out}, which holds one; its answers are kept")
    whole = {"kind": kind, "seed": seed, "questions": [asdict(question) for question in questions]}
    with atomic(out / "study.json") as temporary:
        temporary.write_text(json.dumps(whole, indent=1, ensure_ascii=False), encoding="utf-8")
    return Study(out)


def _question(fields: Fields) -> Question:
    choices = fields.object("choices")
    return Question(
        fields.text("question_id"),
        fields.text("text"),
        fields.texts("pictures"),
        {name: choices.text(name) for name in choices},
    )

"""Programs of clips as JSON lines: what a network is trained on, and what a score is measured against.

One clip a line: {"schema": 1, "narration_id", "video_id", "start_s", "stop_s", "narration", "task", "is_unfinished",
"odds", "program", "precondition", "before", "after"}. "program" is `program.serial`'s JSON, with the times and hands
of its sub-actions. A world state is {"left", "right", "unsided", "facts"}: what each hand holds (null: nothing, "?":
nobody knows), what is held by a hand that nobody named, and all else that is known, as sentences of the language.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from egoprog.data.atomic import atomic
from egoprog.data.json_fields import Fields, parse_json
from egoprog.data.table import BadRows, OnBad, read_lines
from egoprog.errors import AnnotationError, ConfigurationError, ProgramSyntaxError
from egoprog.program import condition_text, flatten, from_json, parse_condition, to_json
from egoprog.program.types import Condition, Program
from egoprog.world.state import WorldState, canonical

SCHEMA = 1
_LOCATIONS = ("on", "in")
_HANDS = ("left", "right", "hand", "both")


@dataclass(frozen=True, slots=True)
class ProgramClip:
    """A stretch of a video and the program of what is done in it.

    start_s, stop_s, and the times of the program: on the video's clock. before, after: the world around it.
    task: what it is part of, "" where nobody says. is_unfinished: begun and given up.
    odds: what the same person might have done instead, (verb, noun) to probability; empty where nobody knows.
    """

    narration_id: str
    video_id: str
    start_s: float
    stop_s: float
    narration: str
    program: Program
    before: WorldState
    after: WorldState
    task: str = ""
    is_unfinished: bool = False
    odds: Mapping[tuple[str, str], float] = field(default_factory=dict)

    @property
    def precondition(self) -> str:
        """The program's conditions as one sentence, "" for none: "if cucumber not in hand and if faucet not open"."""
        return flatten(self.program).precondition


def read_programs(path: str | Path, on_bad: OnBad = "raise") -> list[ProgramClip]:
    """All clips of a file; see `iter_programs`."""
    return list(iter_programs(path, on_bad))


def iter_programs(path: str | Path, on_bad: OnBad = "raise") -> Iterator[ProgramClip]:
    """The clips of a file one after another, so that they need not all fit into memory.

    on_bad: "raise"; "skip", which logs at the end what was left out; or a function that is given each AnnotationError.
    Raises AnnotationError naming file, line and field.
    """
    path = Path(path)
    bad = BadRows(path, on_bad)
    num_read = 0
    for number, line in enumerate(read_lines(path), start=1):
        if not line:
            continue
        try:
            clip = _clip(parse_json(line, path, f"line {number}"))
        except AnnotationError as error:
            bad.add(error)
        else:
            num_read += 1
            yield clip
    bad.close(num_read)


def write_programs(path: str | Path, clips: Iterable[ProgramClip]) -> None:
    """Writes a file of clips, if each reads back as it is.

    Raises AnnotationError for a clip that JSON lines can't hold, RecordingError where nothing can be written.
    """
    path = Path(path)
    with atomic(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as file:
        for number, clip in enumerate(clips, start=1):
            line = _line(clip, path, number)
            if _clip(parse_json(line, path, f"line {number}")) != clip:
                raise AnnotationError(path, f"line {number}", "a clip that reads back as it is", repr(clip)[:120])
            file.write(line + "\n")


def state_to_json(state: WorldState) -> dict[str, Any]:
    """A world state as hands and sentences; `state_from_json` makes the same state of it."""
    conditions = [Condition(relation, (name, place)) for name, (relation, place) in sorted(state.places.items())]
    conditions += [Condition(predicate, args, not truth) for (predicate, args), truth in sorted(state.atoms.items())]
    return {
        "left": state.left,
        "right": state.right,
        "unsided": sorted(state.unsided),
        "facts": [_sentence(condition) for condition in conditions],
    }


def state_from_json(value: Fields) -> WorldState:
    """Raises AnnotationError naming the place of what is amiss."""
    places: dict[str, tuple[str, str]] = {}
    atoms: dict[tuple[str, tuple[str, ...]], bool] = {}
    for index, sentence in enumerate(value.texts("facts")):
        try:
            predicate, args, negated = _fact(sentence)
        except ProgramSyntaxError as error:
            raise value.fail(f"facts[{index}]", error.expected, error.found) from None
        if (predicate == "in hand" and len(args) > 1) or (predicate == "empty" and args[0] in _HANDS):
            raise value.fail(f"facts[{index}]", "what hands hold under left and right", repr(sentence))
        if predicate in _LOCATIONS and len(args) == 2 and not negated:
            places[args[0]] = (predicate, args[1])
        else:
            atoms[predicate, args] = not negated
    hands = [None if value.raw(side) is None else value.text(side) for side in ("left", "right")]
    return WorldState(*hands, places, atoms, frozenset(value.texts("unsided")))


# The facts of a kitchen are the same in nearly every clip, and parsing a sentence costs far more than finding it here.
@functools.lru_cache(maxsize=100_000)
def _fact(sentence: str) -> tuple[str, tuple[str, ...], bool]:
    literals = parse_condition(sentence)
    if len(literals) != 1:
        raise ProgramSyntaxError(1, 1, "one fact", f"{len(literals)} in {sentence!r}")
    return canonical(literals[0])


@functools.lru_cache(maxsize=100_000)
def _sentence(condition: Condition) -> str:
    return condition_text(condition)


def _line(clip: ProgramClip, path: Path, number: int) -> str:
    try:
        value = {
            "schema": SCHEMA,
            "narration_id": clip.narration_id,
            "video_id": clip.video_id,
            "start_s": clip.start_s,
            "stop_s": clip.stop_s,
            "narration": clip.narration,
            "task": clip.task,
            "is_unfinished": clip.is_unfinished,
            "odds": [[verb, noun, odds] for (verb, noun), odds in sorted(clip.odds.items())],
            "program": to_json(clip.program),
            "precondition": clip.precondition,
            "before": state_to_json(clip.before),
            "after": state_to_json(clip.after),
        }
        return json.dumps(value, allow_nan=False, separators=(",", ":"))
    except (ValueError, TypeError) as error:  # what has no canonical text; NaN; a numpy number
        expected = "a clip of plain numbers and names"
        raise AnnotationError(path, f"line {number} ({clip.narration_id})", expected, str(error)) from None


def _clip(fields: Fields) -> ProgramClip:
    schema = fields.integer("schema")
    if schema != SCHEMA:
        raise fields.fail("schema", str(SCHEMA), schema, "update egoprog or record anew")
    start_s, stop_s = fields.number("start_s"), fields.number("stop_s")
    if stop_s <= start_s:
        raise fields.fail("stop_s", f"a time after the start at {start_s:g} s", f"{stop_s:g} s")
    odds = {}
    for index, value in enumerate(fields.list("odds")):
        match value:
            case [str(verb), str(noun), int() | float() as share] if 0.0 <= share <= 1.0:
                odds[verb, noun] = share
            case _:
                raise fields.fail(f"odds[{index}]", "verb, noun and a share from 0 to 1", json.dumps(value))
    try:
        program = from_json(fields.raw("program"))
    except (ConfigurationError, OverflowError) as error:  # OverflowError: a whole number beyond any float
        raise fields.fail("program", "a program", error) from None
    clip = ProgramClip(
        fields.text("narration_id"),
        fields.text("video_id"),
        start_s,
        stop_s,
        fields.text("narration"),
        program,
        state_from_json(fields.object("before")),
        state_from_json(fields.object("after")),
        fields.text("task"),
        fields.boolean("is_unfinished"),
        odds,
    )
    if (precondition := fields.text("precondition")) != clip.precondition:
        raise fields.fail("precondition", f"the program's, {clip.precondition!r}", repr(precondition))
    return clip

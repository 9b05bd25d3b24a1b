"""EPIC-KITCHENS-100's annotation files: actions, classes, videos, and the lists that its measures need.

Source: epic-kitchens/epic-kitchens-100-annotations. Frames are numbered from 1 in the pictures that EPIC-KITCHENS hands
out, 60 a second of videos named P01_01 and 50 of those named P01_101, whatever the video's own rate.
"""

from __future__ import annotations

import difflib
import functools
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from egoprog.data.table import (
    BadRow,
    Column,
    OnBad,
    count,
    decimal,
    list_of,
    list_text,
    read_header,
    read_table,
    text,
    timestamp,
    timestamp_text,
    write_table,
)
from egoprog.errors import InputError

# the same few numbers come in thousands of rows
_class_number = functools.lru_cache(maxsize=4096)(count)

_OFFICIAL_ID = re.compile(r"P[0-9]{2}_")
_TIME = "HH:MM:SS.ss"
_SEGMENT_COLUMNS = (
    Column("narration_id", text, "an id like P01_11_0"),
    Column("participant_id", text, "an id like P01"),
    Column("video_id", text, "an id like P01_11"),
    Column("narration_timestamp", lambda cell: timestamp(cell) if cell else None, f"{_TIME} or nothing"),
    Column("start_timestamp", timestamp, _TIME),
    Column("stop_timestamp", timestamp, _TIME),
    Column("start_frame", count, "a frame's number"),
    Column("stop_frame", count, "a frame's number"),
)
_ACTION_COLUMNS = (
    *_SEGMENT_COLUMNS,
    Column("narration", text, "the narrator's words"),
    Column("verb", text, "a verb"),
    Column("verb_class", _class_number, "a class's number"),
    Column("noun", text, "a noun"),
    Column("noun_class", _class_number, "a class's number"),
    Column("all_nouns", list_of(text), "a list of nouns like ['pan', 'oven']"),
    Column("all_noun_classes", list_of(_class_number), "a list of classes like [5, 46]"),
)
# A list that was rebuilt from public label files: times in seconds, classes, words.
_REBUILT_COLUMNS = (
    Column("narration_id", text, "an id like P01_11_0"),
    Column("video_id", text, "an id like P01_11"),
    Column("start_s", decimal, "seconds"),
    Column("stop_s", decimal, "seconds"),
    Column("verb_class", _class_number, "a class's number"),
    Column("noun_class", _class_number, "a class's number"),
    Column("action", _class_number, "a class's number"),
    Column("narration", text, "the narrator's words"),
    Column("narration_source", text, "where the words come from"),
)


def _resolution(cell: str) -> tuple[int, int]:
    width, _, height = cell.partition("x")
    return count(width), count(height)


_CLASS_COLUMNS = (
    Column("id", _class_number, "a class's number"),
    Column("key", text, "a name"),
    Column("instances", list_of(text), "a list of words like ['pan', 'pan:frying']"),
    Column("category", text, "a name"),
)
_VIDEO_COLUMNS = (
    Column("video_id", text, "an id like P01_11"),
    Column("duration", decimal, "seconds"),
    Column("fps", decimal, "frames a second"),
    Column("resolution", _resolution, "a size in pixels like 1920x1080"),
)
_PARTICIPANT_COLUMNS = (Column("participant_id", text, "an id like P01"),)


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a video in which something is done: what test sets tell of an action.

    narration_s: when the narrator spoke, None where that is not known. start_s, stop_s: on the video's clock.
    start_frame, stop_frame: numbered from 1, see this module's head.
    """

    narration_id: str
    participant_id: str
    video_id: str
    narration_s: float | None
    start_s: float
    stop_s: float
    start_frame: int
    stop_frame: int


@dataclass(frozen=True, slots=True)
class Action(Segment):
    """A segment with its labels.

    verb, noun: the narrator's own, words of the classes verb_class and noun_class; "" in lists that give only classes.
    nouns, noun_classes: all of the narration, the first is the action's. nouns: () in lists that give only classes.
    source: where the narration comes from, "" for EPIC-KITCHENS' own files.
    """

    narration: str
    verb: str
    verb_class: int
    noun: str
    noun_class: int
    nouns: tuple[str, ...]
    noun_classes: tuple[int, ...]
    source: str = ""


@dataclass(frozen=True, slots=True)
class NamedClass:
    """A verb or noun class. instances: the words that belong to it. category: a coarser class's name."""

    id: int
    key: str
    instances: tuple[str, ...]
    category: str


class ClassTable(Mapping[int, NamedClass]):
    """Verb or noun classes by their numbers, and by their words."""

    def __init__(self, classes: Iterable[NamedClass]) -> None:
        self._by_id = {one.id: one for one in classes}
        self._by_word: dict[str, int] = {}
        # a class's own name beats a word that another class lists
        for one in self._by_id.values():
            self._by_word.setdefault(one.key, one.id)
        for one in self._by_id.values():
            for word in one.instances:
                self._by_word.setdefault(word, one.id)

    def __getitem__(self, number: int) -> NamedClass:
        return self._by_id[number]

    def __iter__(self) -> Iterator[int]:
        return iter(self._by_id)

    def __len__(self) -> int:
        return len(self._by_id)

    def id_of(self, word: str) -> int:
        """The class of a key or another word of it. Raises InputError with the nearest words for one of no class."""
        if word not in self._by_word:
            nearest = difflib.get_close_matches(word, self._by_word, n=3)
            hint = f"; did you mean {' or '.join(map(repr, nearest))}?" if nearest else ""
            raise InputError(f"expected a word of one of {len(self)} classes, got {word!r}{hint}")
        return self._by_word[word]

    def has_word(self, number: int, word: str) -> bool:
        """Whether a word is the key or an instance of the class of that number."""
        one = self._by_id.get(number)
        return one is not None and (word == one.key or word in one.instances)


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """rate_hz: the video's own; see `picture_rate_hz` for that of the numbered frames."""

    video_id: str
    duration_s: float
    rate_hz: float
    width_px: int
    height_px: int


@dataclass(frozen=True, slots=True)
class Oddity:
    """Something about a row that reads but does not fit the other files. row_id: its narration or annotation id."""

    row_id: str
    column: str
    text: str


def picture_rate_hz(video_id: str, video: VideoInfo | None = None) -> float:
    """Frames a second of the numbered pictures of a video.

    Of EPIC-KITCHENS' own, 50 for PXX_1YY and 60 for PXX_YY, though their videos may run at 59.94 or 29.97. Of others
    (participants with more digits, as the simulated P901) that of the video, where it is given.
    """
    if video is not None and not _OFFICIAL_ID.match(video_id):
        return video.rate_hz
    return 50.0 if len(video_id.rpartition("_")[2]) == 3 else 60.0


def frame_number(stamp_s: float, rate_hz: float) -> int:
    """The number, from 1, of the frame of a moment, as EPIC-KITCHENS' annotations count."""
    return max(1, math.floor(round(stamp_s * rate_hz, 6)))


def read_actions(path: str | Path, on_bad: OnBad = "raise") -> list[Action]:
    """The rows of EPIC_100_train.csv, EPIC_100_validation.csv or a list that was rebuilt from them.

    A rebuilt list has the columns narration_id, video_id, start_s, stop_s, verb_class, noun_class, action, narration
    and narration_source; frames are counted from its times.
    on_bad: "raise"; "skip", which logs what was left out; or a function that is given each AnnotationError.
    Raises AnnotationError naming file, line and column.
    """
    if "start_s" in read_header(path):
        return read_table(path, _REBUILT_COLUMNS, _rebuilt_action, on_bad)
    return read_table(path, _ACTION_COLUMNS, _action, on_bad)


def read_segments(path: str | Path, on_bad: OnBad = "raise") -> list[Segment]:
    """The rows of EPIC_100_test_timestamps.csv, or of any file of actions without their labels; see `read_actions`."""
    return read_table(path, _SEGMENT_COLUMNS, _segment, on_bad)


def write_actions(path: str | Path, actions: Iterable[Action]) -> None:
    """Writes EPIC_100_{train,validation}.csv: times to the hundredth of a second, that of the narration to the
    thousandth, lists as Python prints them.

    Raises AnnotationError for an action that could not be read back, RecordingError where nothing can be written.
    """
    write_table(path, _ACTION_COLUMNS, _action, map(_action_cells, actions))


def write_segments(path: str | Path, segments: Iterable[Segment]) -> None:
    """Writes EPIC_100_test_timestamps.csv; labels are left out. Raises as `write_actions`."""
    write_table(path, _SEGMENT_COLUMNS, _segment, map(_segment_cells, segments))


def read_classes(path: str | Path, on_bad: OnBad = "raise") -> ClassTable:
    """EPIC_100_verb_classes.csv, EPIC_100_noun_classes.csv or its second version. Raises AnnotationError."""
    seen: set[int] = set()

    def make(number: int, key: str, instances: tuple[str, ...], category: str) -> NamedClass:
        if number in seen:
            raise BadRow("id", "each number once", str(number))
        seen.add(number)
        return NamedClass(number, key, instances, category)

    return ClassTable(read_table(path, _CLASS_COLUMNS, make, on_bad))


def write_classes(path: str | Path, classes: ClassTable) -> None:
    """Writes EPIC_100_{verb,noun}_classes.csv."""
    rows = ((one.id, one.key, list_text(one.instances), one.category) for one in classes.values())
    write_table(path, _CLASS_COLUMNS, NamedClass, rows)


def read_video_info(path: str | Path, on_bad: OnBad = "raise") -> dict[str, VideoInfo]:
    """EPIC_100_video_info.csv by video_id. Raises AnnotationError."""
    return {info.video_id: info for info in read_table(path, _VIDEO_COLUMNS, _video_info, on_bad)}


def write_video_info(path: str | Path, videos: Iterable[VideoInfo]) -> None:
    """Writes EPIC_100_video_info.csv."""
    rows = (
        (v.video_id, repr(float(v.duration_s)), repr(float(v.rate_hz)), f"{v.width_px}x{v.height_px}") for v in videos
    )
    write_table(path, _VIDEO_COLUMNS, _video_info, rows)


def read_unseen_participants(path: str | Path) -> tuple[str, ...]:
    """EPIC_100_unseen_participant_ids_{validation,test}.csv: who is in no training video. Raises AnnotationError."""
    return tuple(read_table(path, _PARTICIPANT_COLUMNS, str))


def write_unseen_participants(path: str | Path, participants: Iterable[str]) -> None:
    """Writes EPIC_100_unseen_participant_ids_validation.csv."""
    write_table(path, _PARTICIPANT_COLUMNS, str, ((one,) for one in participants))


def read_tail_classes(path: str | Path) -> tuple[int, ...]:
    """EPIC_100_tail_{verbs,nouns}.csv: the numbers of the rare classes. Raises AnnotationError."""
    column = "noun" if "noun" in read_header(path) else "verb"
    return tuple(read_table(path, [Column(column, _class_number, "a class's number")], int))


def write_tail_classes(path: str | Path, column: Literal["verb", "noun"], classes: Iterable[int]) -> None:
    """Writes EPIC_100_tail_verbs.csv or EPIC_100_tail_nouns.csv."""
    write_table(path, [Column(column, _class_number, "a class's number")], int, ((one,) for one in classes))


def check_actions(
    segments: Sequence[Segment],
    verbs: ClassTable | None = None,
    nouns: ClassTable | None = None,
    videos: Mapping[str, VideoInfo] | None = None,
) -> list[Oddity]:
    """What does not fit between rows that each read well: ids that come twice, words and classes that the tables do not
    have, stretches beyond a video's end, frames that are not those of the times.
    """
    found: list[Oddity] = []
    seen: set[str] = set()
    for one in segments:
        if one.narration_id in seen:
            found.append(Oddity(one.narration_id, "narration_id", "comes twice"))
        seen.add(one.narration_id)
        video = videos.get(one.video_id) if videos is not None else None
        if videos is not None and video is None:
            found.append(Oddity(one.narration_id, "video_id", f"{one.video_id} is none of {len(videos)} videos"))
        if video is not None and one.stop_s > video.duration_s:
            text = f"{one.stop_s:.2f} s, after the video's end at {video.duration_s:.2f} s"
            found.append(Oddity(one.narration_id, "stop_timestamp", text))
        found += _odd_frames(one, video)
        if isinstance(one, Action):
            found += _odd_classes(one, verbs, nouns)
    return found


def _odd_frames(one: Segment, video: VideoInfo | None) -> Iterator[Oddity]:
    rate_hz = picture_rate_hz(one.video_id, video)
    for column, stamp_s, frame in (
        ("start_frame", one.start_s, one.start_frame),
        ("stop_frame", one.stop_s, one.stop_frame),
    ):
        # times are cut to 0.01 s, hence one frame to either side
        if abs(frame - frame_number(stamp_s, rate_hz)) > 1:
            text = f"{frame}, where {stamp_s:.2f} s at {rate_hz:g} Hz is {frame_number(stamp_s, rate_hz)}"
            yield Oddity(one.narration_id, column, text)


def _odd_classes(one: Action, verbs: ClassTable | None, nouns: ClassTable | None) -> Iterator[Oddity]:
    words = one.nouns or ("",) * len(one.noun_classes)
    named = [("verb", verbs, one.verb, one.verb_class)]
    named += [("all_nouns", nouns, *pair) for pair in zip(words, one.noun_classes, strict=True)]
    for column, table, word, number in named:
        if table is None:
            continue
        if number not in table:
            yield Oddity(one.narration_id, column, f"{number} is none of {len(table)} classes")
        elif word and not table.has_word(number, word):
            text = f"{word!r} is no word of class {number}, {table[number].key!r}"
            yield Oddity(one.narration_id, column, text)


def _check_ids(narration_id: str, participant_id: str, video_id: str) -> None:
    if not video_id.startswith(participant_id + "_"):
        raise BadRow("video_id", f"an id that begins with {participant_id}_", repr(video_id))
    if not narration_id.startswith(video_id + "_"):
        raise BadRow("narration_id", f"an id that begins with {video_id}_", repr(narration_id))


def _check_times(start_s: float, stop_s: float) -> None:
    if stop_s <= start_s:
        raise BadRow("stop_timestamp", f"a time after the start at {start_s:g} s", f"{stop_s:g} s")


def _check_segment(
    narration_id: str, participant_id: str, video_id: str, start_s: float, stop_s: float, start: int, stop: int
) -> None:
    _check_ids(narration_id, participant_id, video_id)
    _check_times(start_s, stop_s)
    if start < 1:
        raise BadRow("start_frame", "a number from 1", str(start))
    if stop < start:
        raise BadRow("stop_frame", f"a frame from {start}, the start's", str(stop))


def _segment(*values) -> Segment:
    narration_id, participant_id, video_id, _, start_s, stop_s, start_frame, stop_frame = values
    _check_segment(narration_id, participant_id, video_id, start_s, stop_s, start_frame, stop_frame)
    return Segment(*values)


def _action(*values) -> Action:
    narration_id, participant_id, video_id, _, start_s, stop_s, start_frame, stop_frame, *labels = values
    _check_segment(narration_id, participant_id, video_id, start_s, stop_s, start_frame, stop_frame)
    _, _, _, noun, noun_class, nouns, noun_classes = labels
    if len(nouns) != len(noun_classes):
        raise BadRow("all_noun_classes", f"{len(nouns)} classes, one a noun", str(len(noun_classes)))
    if nouns[0] != noun:
        raise BadRow("all_nouns", f"{noun!r} as the first", repr(nouns[0]))
    if noun_classes[0] != noun_class:
        raise BadRow("all_noun_classes", f"{noun_class} as the first", str(noun_classes[0]))
    return Action(*values)


def _rebuilt_action(
    narration_id: str,
    video_id: str,
    start_s: float,
    stop_s: float,
    verb_class: int,
    noun_class: int,
    _: int,
    narration: str,
    source: str,
) -> Action:
    participant_id = video_id.partition("_")[0]
    _check_ids(narration_id, participant_id, video_id)
    if stop_s <= start_s:
        raise BadRow("stop_s", f"a time after the start at {start_s:g} s", f"{stop_s:g} s")
    rate_hz = picture_rate_hz(video_id)
    frames = frame_number(start_s, rate_hz), frame_number(stop_s, rate_hz)
    return Action(
        narration_id, participant_id, video_id, None, start_s, stop_s, *frames,
        narration, "", verb_class, "", noun_class, (), (noun_class,), source,
    )  # fmt: skip


def _segment_cells(one: Segment) -> tuple[str | int, ...]:
    return (
        one.narration_id,
        one.participant_id,
        one.video_id,
        "" if one.narration_s is None else timestamp_text(one.narration_s, 3),
        timestamp_text(one.start_s, 2),
        timestamp_text(one.stop_s, 2),
        one.start_frame,
        one.stop_frame,
    )


def _action_cells(one: Action) -> tuple[str | int, ...]:
    return (
        *_segment_cells(one),
        one.narration,
        one.verb,
        one.verb_class,
        one.noun,
        one.noun_class,
        list_text(one.nouns),
        list_text(one.noun_classes),
    )


def _video_info(video_id: str, duration_s: float, rate_hz: float, size_px: tuple[int, int]) -> VideoInfo:
    if rate_hz <= 0.0:
        raise BadRow("fps", "more than 0", f"{rate_hz:g}")
    return VideoInfo(video_id, duration_s, rate_hz, *size_px)

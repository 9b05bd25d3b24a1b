"""EPIC-SOUNDS' annotation files: what is heard in EPIC-KITCHENS' videos, when, and its class.

Source: epic-kitchens/epic-sounds-annotations. Samples count from 0 in the video's sound at 24 kHz; in the files they
lie up to one below those of their times.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from egoprog.data.epic import Oddity, VideoInfo
from egoprog.data.table import (
    BadRow,
    Column,
    OnBad,
    count,
    optional_text,
    read_header,
    read_table,
    text,
    timestamp,
    timestamp_text,
    write_table,
)

SAMPLE_RATE_HZ = 24_000

_TIME = "HH:MM:SS.sss"
_STRETCH_COLUMNS = (
    Column("annotation_id", text, "an id like P01_11_0"),
    Column("participant_id", text, "an id like P01"),
    Column("video_id", text, "an id like P01_11"),
    Column("start_timestamp", timestamp, _TIME),
    Column("stop_timestamp", timestamp, _TIME),
    Column("start_sample", count, "a sample's number"),
    Column("stop_sample", count, "a sample's number"),
)
_COLUMNS = (
    *_STRETCH_COLUMNS,
    Column("description", optional_text, "the annotator's words or nothing"),
    Column("class", text, "a class's name"),
    Column("class_id", count, "a class's number"),
)


@dataclass(frozen=True, slots=True)
class SoundSegment:
    """A stretch of a video in which something is heard.

    start_s, stop_s: on the video's clock. start_sample, stop_sample: at 24 kHz, see this module's head.
    description: the annotator's words, "" where the file has none. class_name, class_id: one of the 44 classes, "" and
    None for what was not put into a class and in test sets.
    """

    annotation_id: str
    participant_id: str
    video_id: str
    start_s: float
    stop_s: float
    start_sample: int
    stop_sample: int
    description: str = ""
    class_name: str = ""
    class_id: int | None = None


def sample_number(stamp_s: float) -> int:
    """The sample of a moment given to the millisecond, as EPIC-SOUNDS' files count."""
    return round(stamp_s * 1000) * SAMPLE_RATE_HZ // 1000


def read_sounds(path: str | Path, on_bad: OnBad = "raise") -> list[SoundSegment]:
    """The rows of EPIC_Sounds_train.csv or EPIC_Sounds_validation.csv; also of files that lack the class
    (sound_events_not_categorised.csv) or the description as well (EPIC_Sounds_recognition_test_timestamps.csv).

    on_bad: "raise"; "skip", which logs what was left out; or a function that is given each AnnotationError.
    Raises AnnotationError naming file, line and column.
    """
    names = read_header(path)
    columns = _COLUMNS if "class" in names or "class_id" in names else _COLUMNS[:8]
    return read_table(path, columns if "description" in names else _STRETCH_COLUMNS, _sound, on_bad)


def write_sounds(path: str | Path, sounds: Iterable[SoundSegment]) -> None:
    """Writes EPIC_Sounds_{train,validation}.csv with times to the millisecond.

    Raises AnnotationError for a sound that could not be read back, such as one without a class; RecordingError where
    nothing can be written.
    """
    write_table(path, _COLUMNS, _sound, map(_cells, sounds))


def check_sounds(sounds: Sequence[SoundSegment], videos: Mapping[str, VideoInfo] | None = None) -> list[Oddity]:
    """What does not fit between rows that each read well: ids that come twice, a class with two names, a stretch beyond
    the end of its video.
    """
    found: list[Oddity] = []
    seen: set[str] = set()
    names: dict[int, str] = {}
    for one in sounds:
        if one.annotation_id in seen:
            found.append(Oddity(one.annotation_id, "annotation_id", "comes twice"))
        seen.add(one.annotation_id)
        if one.class_id is not None and names.setdefault(one.class_id, one.class_name) != one.class_name:
            known = names[one.class_id]
            found.append(Oddity(one.annotation_id, "class", f"{one.class_name!r}; class {one.class_id} is {known!r}"))
        video = videos.get(one.video_id) if videos is not None else None
        if videos is not None and video is None:
            found.append(Oddity(one.annotation_id, "video_id", f"{one.video_id} is none of {len(videos)} videos"))
        if video is not None and one.stop_s > video.duration_s:
            end = f"{one.stop_s:.3f} s, after the video's end at {video.duration_s:.3f} s"
            found.append(Oddity(one.annotation_id, "stop_timestamp", end))
    return found


def _sound(*values) -> SoundSegment:
    annotation_id, participant_id, video_id, start_s, stop_s, start_sample, stop_sample, *_ = values
    if not video_id.startswith(participant_id + "_"):
        raise BadRow("video_id", f"an id that begins with {participant_id}_", repr(video_id))
    if not annotation_id.startswith(video_id + "_"):
        raise BadRow("annotation_id", f"an id that begins with {video_id}_", repr(annotation_id))
    if stop_s <= start_s:
        raise BadRow("stop_timestamp", f"a time after the start at {start_s:g} s", f"{stop_s:g} s")
    for column, stamp_s, sample in (("start_sample", start_s, start_sample), ("stop_sample", stop_s, stop_sample)):
        if abs(sample - stamp_s * SAMPLE_RATE_HZ) > 1.5:
            near = round(stamp_s * SAMPLE_RATE_HZ)
            raise BadRow(column, f"about {near}, the sample of {stamp_s:g} s at 24 kHz", str(sample))
    return SoundSegment(*values)


def _cells(one: SoundSegment) -> tuple[str | int, ...]:
    return (
        one.annotation_id,
        one.participant_id,
        one.video_id,
        timestamp_text(one.start_s, 3),
        timestamp_text(one.stop_s, 3),
        one.start_sample,
        one.stop_sample,
        one.description,
        one.class_name,
        "" if one.class_id is None else one.class_id,
    )

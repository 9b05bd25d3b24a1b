"""Ego4D's annotations of hands and objects (FHO): forecasting actions, hands before contact, changes of state.

Each file is {"clips": [...], "version", "split", ...}. Times and frames named parent_... count in the whole video,
those named clip_... in the clip, and frames count from 0. Source: sample rows of version 2 of the annotations.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from egoprog.data.epic_folder import EpicFolder
from egoprog.data.json_fields import Fields, read_json
from egoprog.data.table import BadRows, OnBad
from egoprog.errors import AnnotationError

T = TypeVar("T")

KEY_FRAMES = ("pre_45", "pre_30", "pre_15", "pre_frame", "contact_frame", "pnr_frame", "post_frame")
"""1.5, 1 and 0.5 s before the pre-condition frame, that frame, contact, the point of no return, and after it."""


@dataclass(frozen=True, slots=True)
class LtaAction:
    """An action of fho_lta_{train,val}.json: what is done in a stretch of a clip, and how many actions came before.

    verb, noun, verb_label, noun_label: "" and None in test sets. start_s, stop_s, start_frame, stop_frame: in the clip.
    parent_start_s, parent_stop_s: of the clip in the video.
    """

    video_uid: str
    clip_uid: str
    index: int
    start_s: float
    stop_s: float
    start_frame: int
    stop_frame: int
    parent_start_s: float
    parent_stop_s: float
    verb: str = ""
    noun: str = ""
    verb_label: int | None = None
    noun_label: int | None = None


@dataclass(frozen=True, slots=True)
class KeyFrame:
    """One frame of an action. left_px, right_px: the middle of a hand where it is annotated."""

    frame: int
    clip_frame: int
    left_px: tuple[float, float] | None = None
    right_px: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class HandClip:
    """A clip of fho_hands_*.json. actions: for each, its key frames by the names in KEY_FRAMES."""

    clip_id: str
    clip_uid: str
    video_uid: str
    actions: tuple[dict[str, KeyFrame], ...]


@dataclass(frozen=True, slots=True)
class StateChange:
    """A clip of fho_oscc-pnr_*.json: whether an object changes its state in it, and at which frame of the video.

    changes: None in test sets. pnr_frame: the point of no return; None where nothing changes and in test sets.
    clip_uid: "" where the clip has none. start_s, stop_s, start_frame, stop_frame, pnr_frame: in the video.
    """

    unique_id: str
    video_uid: str
    clip_uid: str
    start_s: float
    stop_s: float
    start_frame: int
    stop_frame: int
    changes: bool | None = None
    pnr_frame: int | None = None


@dataclass(frozen=True, slots=True)
class FrameObject:
    """A hand or thing in a key frame. kind: "left_hand", "right_hand", "object_of_change" or "tool".

    noun: of the thing, "" for hands and where nobody says. box: left, top, right, bottom as shares of the picture.
    """

    kind: str
    noun: str
    box: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class NarratedAction:
    """An action of fho_main.json that its annotators call valid.

    rate_hz: the video's. frames: numbers in the whole video by the names in KEY_FRAMES, as many as are annotated.
    narration: the narrator's words, "#C C picks up a cup". objects: those seen, by the key frame's name.
    """

    uid: str
    video_uid: str
    rate_hz: float
    start_s: float
    stop_s: float
    narration: str
    verb: str = ""
    noun: str = ""
    frames: dict[str, int] = field(default_factory=dict)
    objects: dict[str, tuple[FrameObject, ...]] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """The narration without the marks of who acts: "picks up a cup"."""
        return " ".join(re.sub(r"^\s*(#\w+\s+)?(C\s+)?", "", self.narration).rstrip(" .").split())


@dataclass(frozen=True)
class Ego4dFolder(EpicFolder):
    """Ego4D's files: annotations/fho_*.json and full_scale/VIDEO_UID.mp4, so that pictures are read as EPIC's are."""

    @property
    def main(self) -> Path:
        return self.root / "annotations" / "fho_main.json"

    def lta(self, split: str) -> Path:
        """split: "train" or "val"."""
        return self.root / "annotations" / f"fho_lta_{split}.json"

    def video(self, video_id: str) -> Path:
        return self.root / "full_scale" / f"{video_id}.mp4"


def read_narrated_actions(path: str | Path, on_bad: OnBad = "raise") -> list[NarratedAction]:
    """The actions of fho_main.json that are valid and not rejected; see `read_lta` for on_bad and errors."""
    whole = read_json(path)
    bad = BadRows(whole.path, on_bad)
    found: list[NarratedAction] = []
    for video in whole.objects("videos"):
        try:
            found += _narrated_actions(video)
        except AnnotationError as error:
            bad.add(error)
    bad.close(len(found))
    return found


def read_lta(path: str | Path, on_bad: OnBad = "raise") -> list[LtaAction]:
    """The actions of fho_lta_{train,val,test_unannotated}.json.

    on_bad: "raise"; "skip", which logs what was left out; or a function that is given each AnnotationError.
    Raises AnnotationError naming the file and the place in it.
    """
    return _read(path, _lta_action, on_bad)


def read_hands(path: str | Path, on_bad: OnBad = "raise") -> list[HandClip]:
    """The clips of fho_hands_{train,val,test_unannotated}.json; see `read_lta`."""
    return _read(path, _hand_clip, on_bad)


def read_state_changes(path: str | Path, on_bad: OnBad = "raise") -> list[StateChange]:
    """The clips of fho_oscc-pnr_{train,val,test_unannotated}.json; see `read_lta`."""
    return _read(path, _state_change, on_bad)


def _read(path: str | Path, make: Callable[[Fields], T], on_bad: OnBad) -> list[T]:
    whole = read_json(path)
    bad = BadRows(whole.path, on_bad)
    found = []
    for index, value in enumerate(whole.list("clips")):
        try:
            found.append(make(Fields(value, whole.path, f"clips[{index}]")))
        except AnnotationError as error:
            bad.add(error)
    bad.close(len(found))
    return found


def _lta_action(row: Fields) -> LtaAction:
    is_labelled = "verb" in row
    return LtaAction(
        row.text("video_uid"),
        row.text("clip_uid"),
        row.integer("action_idx"),
        *_stretch(row, "action_clip"),
        *_times(row, "clip_parent"),
        verb=row.text("verb") if is_labelled else "",
        noun=row.text("noun") if is_labelled else "",
        verb_label=row.integer("verb_label") if is_labelled else None,
        noun_label=row.integer("noun_label") if is_labelled else None,
    )


def _hand_clip(row: Fields) -> HandClip:
    actions = []
    for action in row.objects("frames"):
        names = [name for name in KEY_FRAMES if name in action]
        if not names:
            raise action.fail("pre_frame", f"one of {', '.join(KEY_FRAMES)}", "none of them")
        actions.append({name: _key_frame(action.object(name)) for name in names})
    return HandClip(_id(row, "clip_id"), row.text("clip_uid"), row.text("video_uid"), tuple(actions))


def _key_frame(row: Fields) -> KeyFrame:
    places: dict[str, tuple[float, float]] = {}
    for box in row.objects("boxes") if "boxes" in row else ():
        for hand in ("left_hand", "right_hand"):
            if hand in box:
                places[hand] = box.numbers(hand, 2)
    return KeyFrame(row.integer("frame"), row.integer("clip_frame"), places.get("left_hand"), places.get("right_hand"))


def _state_change(row: Fields) -> StateChange:
    start_s, stop_s, start_frame, stop_frame = _stretch(row, "parent")
    changes = row.boolean("state_change") if "state_change" in row else None
    has_pnr = "parent_pnr_frame" in row and row.raw("parent_pnr_frame") is not None
    pnr_frame = row.integer("parent_pnr_frame") if has_pnr else None
    if pnr_frame is not None and not start_frame <= pnr_frame <= stop_frame:
        raise row.fail("parent_pnr_frame", f"a frame from {start_frame} to {stop_frame}", pnr_frame)
    return StateChange(
        row.text("unique_id"),
        row.text("video_uid"),
        row.text("clip_uid") if "clip_uid" in row and row.raw("clip_uid") is not None else "",
        start_s,
        stop_s,
        start_frame,
        stop_frame,
        changes,
        pnr_frame,
    )


def _narrated_actions(video: Fields) -> Iterator[NarratedAction]:
    """Of one video of fho_main.json."""
    video_uid = video.text("video_uid")
    metadata = video.object("video_metadata")
    rate_hz, width, height = (metadata.number(name) for name in ("fps", "width", "height"))
    if min(rate_hz, width, height) <= 0:
        raise video.fail("video_metadata", "a rate and a size above 0", f"{rate_hz:g} Hz, {width:g}x{height:g}")
    for interval in video.objects("annotated_intervals"):
        for row in interval.objects("narrated_actions"):
            is_rejected = "is_rejected" in row and row.raw("is_rejected") is True
            if is_rejected or ("is_valid_action" in row and row.raw("is_valid_action") is False):
                continue
            start_s, stop_s = row.number("start_sec"), row.number("end_sec")
            if stop_s <= start_s:
                raise row.fail("end_sec", f"a time after the start at {start_s:g} s", f"{stop_s:g} s")
            has_frames = "critical_frames" in row and row.raw("critical_frames") is not None
            numbers = row.object("critical_frames") if has_frames else None
            named = [name for name in KEY_FRAMES if numbers and name in numbers and numbers.raw(name) is not None]
            objects = {}
            for frame in row.objects("frames") if "frames" in row and row.raw("frames") is not None else ():
                boxes = frame.objects("boxes") if "boxes" in frame else ()
                objects[frame.text("frame_type")] = tuple(_frame_object(box, width, height) for box in boxes)
            changed = [one.noun for seen in objects.values() for one in seen if one.kind == "object_of_change"]
            yield NarratedAction(
                row.text("uid"),
                video_uid,
                rate_hz,
                start_s,
                stop_s,
                row.text("narration_text"),
                _optional_text(row, "structured_verb"),
                next(filter(None, changed), ""),
                {name: numbers.integer(name) for name in named},
                objects,
            )


def _frame_object(row: Fields, width: float, height: float) -> FrameObject:
    place = row.object("bbox")
    left, top, across, down = (place.number(name) for name in ("x", "y", "width", "height"))
    edges = (left / width, top / height, (left + across) / width, (top + down) / height)
    return FrameObject(
        row.text("object_type"),
        _optional_text(row, "structured_noun"),
        tuple(min(1.0, max(0.0, edge)) for edge in edges),
    )


def _optional_text(row: Fields, key: str) -> str:
    return row.text(key) if key in row and row.raw(key) is not None else ""


def _times(row: Fields, prefix: str) -> tuple[float, float]:
    start_s, stop_s = row.number(f"{prefix}_start_sec"), row.number(f"{prefix}_end_sec")
    if stop_s <= start_s:
        raise row.fail(f"{prefix}_end_sec", f"a time after the start at {start_s:g} s", f"{stop_s:g} s")
    return start_s, stop_s


def _stretch(row: Fields, prefix: str) -> tuple[float, float, int, int]:
    start_s, stop_s = _times(row, prefix)
    start, stop = row.integer(f"{prefix}_start_frame"), row.integer(f"{prefix}_end_frame")
    if stop < start:
        raise row.fail(f"{prefix}_end_frame", f"a frame from {start}, the start's", stop)
    return start_s, stop_s, start, stop


def _id(row: Fields, key: str) -> str:
    """Ids of clips are numbers in some files and text in others."""
    return row.text(key) if isinstance(row.raw(key), str) else str(row.integer(key))

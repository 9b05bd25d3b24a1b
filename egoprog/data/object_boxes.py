"""Boxes of the objects in a frame with their nouns, and which hand touches them: JSON lines, one frame a line.

{"video_id", "frame", "objects": [{"name", "noun", "box": [left, top, right, bottom], "contact": "left" | "right"}]}
Boxes are shares of the picture; frames count from 1. A hand is an object too, with the noun "hand" and the name
"left hand" or "right hand". EPIC-KITCHENS-55's boxes and VISOR's masks say the same of real recordings.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from egoprog.data.hand_objects import RelativeBox
from egoprog.data.json_fields import Fields, parse_json
from egoprog.data.table import read_lines
from egoprog.program.types import Hand


@dataclass(frozen=True, slots=True)
class BoxedObject:
    """noun: EPIC-KITCHENS' key. contact: the hand that touches it."""

    name: str
    noun: str
    box: RelativeBox
    contact: Hand | None = None


@dataclass(frozen=True, slots=True)
class FrameBoxes:
    """What is seen in one frame. frame: its number, from 1."""

    video_id: str
    frame: int
    objects: tuple[BoxedObject, ...]


def iter_boxes(path: str | Path) -> Iterator[FrameBoxes]:
    """The frames of a file, one after another. Raises AnnotationError naming file, line and field."""
    path = Path(path)
    for number, line in enumerate(read_lines(path), start=1):
        if line:
            fields = parse_json(line, path, f"line {number}")
            objects = tuple(map(_object, fields.objects("objects")))
            yield FrameBoxes(fields.text("video_id"), fields.integer("frame"), objects)


def _object(fields: Fields) -> BoxedObject:
    box = fields.numbers("box", 4)
    if not (0 <= box[0] < box[2] <= 1 and 0 <= box[1] < box[3] <= 1):
        raise fields.fail("box", "left, top, right, bottom from 0 to 1", box)
    contact = fields.text("contact") if "contact" in fields else None
    if contact not in (None, "left", "right"):
        raise fields.fail("contact", "left or right", repr(contact))
    return BoxedObject(fields.text("name"), fields.text("noun"), box, Hand(contact) if contact else None)

"""Boxes of objects: JSON lines in, typed frames out, and what is amiss named by its place."""

import json

import pytest

from egoprog.data.object_boxes import BoxedObject, FrameBoxes, iter_boxes
from egoprog.errors import AnnotationError
from egoprog.program.types import Hand

THING = {"name": "mug_2", "noun": "cup", "box": [0.1, 0.2, 0.5, 0.6], "contact": "right"}


def write(tmp_path, *objects):
    path = tmp_path / "boxes.jsonl"
    path.write_text(json.dumps({"video_id": "P901_01", "frame": 16, "objects": objects}) + "\n\n")
    return path


def test_a_frame_reads_back(tmp_path):
    plain = {name: value for name, value in THING.items() if name != "contact"}
    (frame,) = iter_boxes(write(tmp_path, THING, plain))
    cup = BoxedObject("mug_2", "cup", (0.1, 0.2, 0.5, 0.6), Hand.RIGHT)
    assert frame == FrameBoxes("P901_01", 16, (cup, BoxedObject("mug_2", "cup", cup.box)))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"box": [0.5, 0.2, 0.1, 0.6]}, "left, top, right, bottom from 0 to 1"),
        ({"box": [0.1, 0.2, 0.5]}, "a list of 4 finite numbers"),
        ({"contact": "foot"}, "left or right"),
        ({"noun": 3}, "a string"),
    ],
)
def test_what_is_amiss_is_named_by_its_place(tmp_path, change, words):
    with pytest.raises(AnnotationError, match=rf"line 1, objects\[1\].*{words}"):
        list(iter_boxes(write(tmp_path, THING, THING | change)))

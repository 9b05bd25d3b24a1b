"""Files of hand-object detections: pickles that run nothing, messages that protobuf wrote and reads."""

import collections
import pickle
import random
import struct

import pytest
from annotations import spoilt

from egoprog.data import FrameDetections, SeenHand, SeenObject, read_hand_objects, write_hand_objects
from egoprog.data.hand_objects import offset_between
from egoprog.describe.types import Contact
from egoprog.errors import AnnotationError
from egoprog.program.types import Hand

MUG, TABLE = (0.25, 0.5, 0.375, 0.75), (0.0, 0.75, 1.0, 1.0)
HAND = (0.375, 0.5, 0.5, 0.75)
FRAMES = [
    FrameDetections("P901_01", 1),
    FrameDetections(
        "P901_01",
        2,
        (
            SeenHand(HAND, Hand.RIGHT, Contact.PORTABLE, offset_between(HAND, MUG), 0.75),
            SeenHand((0.0, 0.0, 0.125, 0.125), Hand.LEFT),
        ),
        (SeenObject(TABLE, 0.5), SeenObject(MUG)),
    ),
    FrameDetections("P901_01", 3, objects=(SeenObject((0.0, 0.0, 1.0, 1.0), 0.25),)),
]


@pytest.fixture
def written(tmp_path):
    write_hand_objects(tmp_path / "P901_01.pkl", FRAMES)
    return tmp_path / "P901_01.pkl"


def test_frames_come_back_as_they_were_written(written):
    assert read_hand_objects(written) == FRAMES


def test_the_bytes_are_the_official_layout_s_field_by_field(written):
    """Written out by hand from the published message definitions: number and wire type, length, value."""
    (message,) = pickle.loads(  # noqa: S301 - our own file, read as the official loader reads it
        written.read_bytes()
    )[1:2]

    def floats(*values: float) -> bytes:
        parts = (struct.pack("<Bf", number << 3 | 5, value) for number, value in enumerate(values, 1) if value)
        return b"".join(parts)

    def sub(number: int, body: bytes) -> bytes:
        return bytes([number << 3 | 2, len(body)]) + body

    right = sub(1, floats(*HAND)) + struct.pack("<Bf", 0x15, 0.75) + b"\x18\x03" + sub(4, floats(-0.125)) + b"\x28\x01"
    left = sub(1, floats(0.0, 0.0, 0.125, 0.125)) + struct.pack("<Bf", 0x15, 1.0)
    hands = [sub(3, right), sub(3, left + sub(4, b""))]
    objects = [sub(4, sub(1, floats(*box)) + struct.pack("<Bf", 0x15, s)) for box, s in ((TABLE, 0.5), (MUG, 1.0))]
    assert message == sub(1, b"P901_01") + b"\x10\x02" + b"".join(hands + objects)


def test_the_object_in_contact_is_the_one_at_the_end_of_the_offset(written):
    frame = read_hand_objects(written)[1]
    right, left = frame.hands
    assert frame.object_of(right) == SeenObject(MUG)
    assert frame.object_of(left) is None, "it touches nothing"
    assert frame.object_of(right, min_score=2.0) is None


@pytest.mark.parametrize("protocol", [3, 4, 5])
def test_all_protocols_that_hold_bytes_read(tmp_path, written, protocol):
    messages = pickle.loads(written.read_bytes())  # noqa: S301 - our own file
    path = tmp_path / "other.pkl"
    path.write_bytes(pickle.dumps(messages + messages, protocol=protocol))  # the second half refers back to the first
    assert read_hand_objects(path) == FRAMES + FRAMES
    path.write_bytes(pickle.dumps([], protocol=protocol))
    assert read_hand_objects(path) == []


class Harmful:
    def __reduce__(self):
        return print, ("this ran",)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (Harmful(), "the operation SHORT_BINUNICODE, which is none of lists and bytes"),
        ([Harmful()], "SHORT_BINUNICODE"),
        (collections.OrderedDict(a=b"1"), "SHORT_BINUNICODE"),
        ({"a": b"1"}, "EMPTY_DICT"),
        ([b"", "text"], "SHORT_BINUNICODE"),
        ([[b"x"]], "a list with a list in it"),
        (b"x", "another value"),
    ],
)
def test_pickles_of_anything_else_are_refused_and_nothing_runs(tmp_path, capsys, value, words):
    path = tmp_path / "harm.pkl"
    path.write_bytes(pickle.dumps(value))
    with pytest.raises(AnnotationError, match=words):
        read_hand_objects(path, on_bad="skip")
    assert "this ran" not in capsys.readouterr().out


def test_a_bad_frame_is_named_and_can_be_left_out(tmp_path, written, caplog):
    messages = pickle.loads(written.read_bytes())  # noqa: S301 - our own file
    path = tmp_path / "bad.pkl"
    wrong_state = messages[1].replace(b"\x18\x03", b"\x18\x07")
    path.write_bytes(pickle.dumps([messages[0], messages[1][:-3], wrong_state, messages[2]]))
    with pytest.raises(AnnotationError, match="frame entry 1: expected a message Detections, got bytes that are none"):
        read_hand_objects(path)
    assert read_hand_objects(path, on_bad="skip") == [FRAMES[0], FRAMES[2]]
    assert "left out 2 bad row(s) of 4" in caplog.text
    assert "a contact state from 0 to 4, got 7" in caplog.text


@pytest.mark.parametrize(
    "frame",
    [
        FrameDetections("", 1),
        FrameDetections("P901_01", -1),
        FrameDetections("P901_01", 1, objects=(SeenObject((0.5, 0.0, 0.25, 1.0)),)),
        FrameDetections("P901_01", 1, objects=(SeenObject((0.0, 0.0, 1.5, 1.0)),)),
        FrameDetections("P901_01", 1, (SeenHand(MUG, Hand.BOTH),)),
        FrameDetections("P901_01", 1, (SeenHand(MUG, Hand.LEFT, offset=(float("nan"), 0.0)),)),
    ],
)
def test_what_could_not_be_read_back_is_not_written(written, frame):
    with pytest.raises(AnnotationError, match="frame entry 0"):
        write_hand_objects(written, [frame])
    assert read_hand_objects(written) == FRAMES, "the old file stays"


def test_spoilt_files_raise_the_documented_error_and_nothing_else(written):
    chance, data = random.Random(9), written.read_bytes()
    for content in (b"", b"\x80\x04", b"(.", b"\x94.", b"(e.", b"cos\nsystem\n(S'ls'\ntR."):
        written.write_bytes(content)
        with pytest.raises(AnnotationError):
            read_hand_objects(written)
    for _ in range(1500):
        written.write_bytes(spoilt(data, chance))
        try:
            read_hand_objects(written, on_bad=lambda error: None)
        except AnnotationError as error:
            assert str(written) in str(error)

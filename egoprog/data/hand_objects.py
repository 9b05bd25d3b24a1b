"""Hands, objects and contacts in every frame of a video, in the files of EPIC-KITCHENS-100's detections.

A file is a pickled list of byte strings, one a frame, each a serialised protobuf message. Source of the layout:
epic-kitchens/epic-kitchens-100-hand-object-bboxes. Pickles can run code when they are loaded, so these are not: their
few opcodes for lists and bytes are followed here, and any other is refused.
"""

from __future__ import annotations

import functools
import io
import math
import pickle
import pickletools
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from egoprog.data.atomic import atomic
from egoprog.data.table import BadRows, OnBad
from egoprog.describe.types import Contact
from egoprog.errors import AnnotationError
from egoprog.program.types import Hand

RelativeBox = tuple[float, float, float, float]
"""left, top, right, bottom as shares of the picture's width and height, 0 to 1."""

_CONTACTS = (Contact.NONE, Contact.SELF, Contact.OTHER_PERSON, Contact.PORTABLE, Contact.STATIONARY)
_SIDES = (Hand.LEFT, Hand.RIGHT)

# Fields in the order of their numbers, which begin at 1; enumerations travel as int32 does.
_MESSAGES = {
    "FloatVector": "float x, float y",
    "BBox": "float left, float top, float right, float bottom",
    "HandDetection": "BBox bbox, float score, int32 state, FloatVector object_offset, int32 side",
    "ObjectDetection": "BBox bbox, float score",
    "Detections": "string video_id, int32 frame_number, HandDetection* hands, ObjectDetection* objects",
}


@dataclass(frozen=True, slots=True)
class SeenObject:
    """score: 0 to 1, how sure the detector is; 1 for truth."""

    box: RelativeBox
    score: float = 1.0


@dataclass(frozen=True, slots=True)
class SeenHand:
    """A hand and what it is in contact with.

    offset: from the hand's middle to that of the object in contact, in shares of the picture, -1 to 1.
    """

    box: RelativeBox
    side: Hand
    contact: Contact = Contact.NONE
    offset: tuple[float, float] = (0.0, 0.0)
    score: float = 1.0


@dataclass(frozen=True, slots=True)
class FrameDetections:
    """What is seen in one frame. frame_number: from 1. Numbers are kept to a 32-bit float's precision in files."""

    video_id: str
    frame_number: int
    hands: tuple[SeenHand, ...] = ()
    objects: tuple[SeenObject, ...] = ()

    def object_of(self, hand: SeenHand, min_score: float = 0.0) -> SeenObject | None:
        """The object that a hand is in contact with: the one whose middle lies nearest to the hand's plus its offset.

        None for a hand that touches nothing, or where no object is as sure as `min_score`.
        """
        objects = [one for one in self.objects if one.score >= min_score]
        if hand.contact is Contact.NONE or not objects:
            return None
        x, y = _middle(hand.box)
        at = (x + hand.offset[0], y + hand.offset[1])
        return min(objects, key=lambda one: math.dist(_middle(one.box), at))


def offset_between(hand: RelativeBox, other: RelativeBox) -> tuple[float, float]:
    """The offset of a hand that is in contact with an object."""
    (x0, y0), (x1, y1) = _middle(hand), _middle(other)
    return x1 - x0, y1 - y0


def read_hand_objects(path: str | Path, on_bad: OnBad = "raise") -> list[FrameDetections]:
    """The frames of P01_01.pkl in the order of the file.

    on_bad: "raise"; "skip", which logs what was left out; or a function that is given each AnnotationError.
    Raises AnnotationError for a file that is no pickled list of bytes, always; for a bad frame as `on_bad` says.
    """
    path = Path(path)
    bad = BadRows(path, on_bad)
    frames = []
    for index, data in enumerate(_unpickle(path)):
        try:
            frames.append(_parse(data))
        except ValueError as error:
            expected, found = error.args if len(error.args) == 2 else ("a message Detections", "bytes that are none")
            bad.add(AnnotationError(path, f"frame entry {index}", expected, found, "fetch the file again"))
    bad.close(len(frames))
    return frames


def write_hand_objects(path: str | Path, frames: Iterable[FrameDetections]) -> None:
    """Writes the frames of one video as a pickled list of messages.

    Raises AnnotationError for numbers out of range, RecordingError where nothing can be written.
    """
    messages = []
    for index, frame in enumerate(frames):
        try:
            messages.append(_serialise(frame))
        except ValueError as error:
            raise AnnotationError(path, f"frame entry {index}", *error.args, "it was not written") from None
    with atomic(path) as temporary:
        temporary.write_bytes(pickle.dumps(messages, protocol=4))


def _middle(box: RelativeBox) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def _unpickle(path: Path) -> list[bytes]:
    """The byte strings of a pickled list, which may hold nothing else."""

    def refuse(found: str) -> AnnotationError:
        return AnnotationError(path, "", "a pickled list of byte strings, as of EPIC-KITCHENS' detections", found)

    try:
        data = path.read_bytes()
    except OSError as error:
        raise AnnotationError(path, "", "a file of detections", error.strerror or str(error)) from None
    stack: list[Any] = []
    memo: dict[int, Any] = {}
    try:
        for opcode, argument, _ in pickletools.genops(io.BytesIO(data)):
            match opcode.name:
                case "PROTO" | "FRAME":
                    pass
                case "EMPTY_LIST":
                    stack.append([])
                case "MARK":
                    stack.append(None)
                case "SHORT_BINBYTES" | "BINBYTES" | "BINBYTES8":
                    stack.append(argument)
                case "MEMOIZE":
                    memo[len(memo)] = stack[-1]
                case "BINPUT" | "LONG_BINPUT":
                    memo[argument] = stack[-1]
                case "BINGET" | "LONG_BINGET":
                    stack.append(memo[argument])
                case "APPEND":
                    item = stack.pop()
                    stack[-1].append(item)
                case "APPENDS":
                    at = len(stack) - 1 - stack[::-1].index(None)
                    items = stack[at + 1 :]
                    del stack[at:]
                    stack[-1].extend(items)
                case "STOP":
                    break
                case name:
                    raise refuse(f"a pickle with the operation {name}, which is none of lists and bytes")
    except (ValueError, IndexError, KeyError, AttributeError, UnicodeDecodeError) as error:
        raise refuse(f"{len(data)} bytes that are no whole pickle ({str(error)[:60]})") from None
    if len(stack) != 1 or not isinstance(stack[0], list):
        raise refuse("another value")
    for item in stack[0]:
        if not isinstance(item, bytes):
            raise refuse(f"a list with a {type(item).__name__} in it")
    return stack[0]


@functools.cache
def _message() -> Any:
    """The class of the message Detections, built from the table above."""
    # here, as protobuf is not among the packages that a robot needs
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    kinds = descriptor_pb2.FieldDescriptorProto
    scalars = {"float": kinds.TYPE_FLOAT, "int32": kinds.TYPE_INT32, "string": kinds.TYPE_STRING}
    file = descriptor_pb2.FileDescriptorProto(name="hoa.proto", package="model.detections", syntax="proto3")
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for number, (kind, field) in enumerate((one.split() for one in fields.split(", ")), start=1):
            label = kinds.LABEL_REPEATED if kind.endswith("*") else kinds.LABEL_OPTIONAL
            kind = kind.rstrip("*")
            is_message = kind in _MESSAGES
            message.field.add(
                name=field,
                number=number,
                label=label,
                type=kinds.TYPE_MESSAGE if is_message else scalars[kind],
                type_name=f".model.detections.{kind}" if is_message else None,
            )
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("model.detections.Detections"))


def _parse(data: bytes) -> FrameDetections:
    """Raises ValueError, with what was expected and found where the message itself reads."""
    from google.protobuf.message import DecodeError

    try:
        message = _message().FromString(data)
    except DecodeError:
        raise ValueError from None
    hands = tuple(
        SeenHand(
            (hand.bbox.left, hand.bbox.top, hand.bbox.right, hand.bbox.bottom),
            _one_of(_SIDES, hand.side, "side"),
            _one_of(_CONTACTS, hand.state, "contact state"),
            (hand.object_offset.x, hand.object_offset.y),
            hand.score,
        )
        for hand in message.hands
    )
    objects = tuple(
        SeenObject((one.bbox.left, one.bbox.top, one.bbox.right, one.bbox.bottom), one.score) for one in message.objects
    )
    return _checked(FrameDetections(message.video_id, message.frame_number, hands, objects))


def _serialise(frame: FrameDetections) -> bytes:
    _checked(frame)
    message = _message()(video_id=frame.video_id, frame_number=frame.frame_number)
    for hand in frame.hands:
        message.hands.add(
            bbox=dict(zip(("left", "top", "right", "bottom"), hand.box, strict=True)),
            score=hand.score,
            state=_CONTACTS.index(hand.contact),
            object_offset={"x": hand.offset[0], "y": hand.offset[1]},
            side=_SIDES.index(hand.side),
        )
    for one in frame.objects:
        message.objects.add(bbox=dict(zip(("left", "top", "right", "bottom"), one.box, strict=True)), score=one.score)
    return message.SerializeToString(deterministic=True)


def _one_of(values: tuple, index: int, what: str) -> Any:
    if not 0 <= index < len(values):
        raise ValueError(f"a {what} from 0 to {len(values) - 1}", str(index))
    return values[index]


def _checked(frame: FrameDetections) -> FrameDetections:
    if not frame.video_id:
        raise ValueError("a video_id", "none")
    if not 0 <= frame.frame_number < 2**31:
        raise ValueError("a frame_number from 0", str(frame.frame_number))
    for one in (*frame.hands, *frame.objects):
        left, top, right, bottom = one.box
        if not (0.0 <= left <= right <= 1.0 and 0.0 <= top <= bottom <= 1.0):
            raise ValueError("a box left, top, right, bottom from 0 to 1", f"{one.box}")
        if not 0.0 <= one.score <= 1.0:
            raise ValueError("a score from 0 to 1", f"{one.score}")
    for hand in frame.hands:
        if not all(-1.0 <= part <= 1.0 for part in hand.offset):
            raise ValueError("an offset from -1 to 1", f"{hand.offset}")
        if hand.side not in _SIDES:
            raise ValueError("a left or a right hand", f"{hand.side}")
    return frame

"""What the five extractors say about a clip. All times are seconds on the recording's clock.

Box: (x0, y0, x1, y1), pixels, x1 and y1 exclusive.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from egoprog.program.types import Hand

Box = tuple[float, float, float, float]


class Contact(StrEnum):
    """Contact states as hand-object detectors name them (facts of EPIC's hand-object annotations)."""

    NONE = "none"
    SELF = "self"
    OTHER_PERSON = "other_person"
    PORTABLE = "portable"
    STATIONARY = "stationary"


@dataclass(frozen=True, slots=True)
class SoundEvent:
    """A sound that was heard. label: our word, e.g. "water"; source_label: the tagger's class. score: 0 to 1."""

    label: str
    start_s: float
    stop_s: float
    score: float
    source_label: str = ""
    model: str = ""


class MotionKind(StrEnum):
    STILL = "still"
    WALK = "walk"
    TURN = "turn"


@dataclass(frozen=True, slots=True)
class HeadMotion:
    """A stretch of head motion. distance_m, angle_rad: None where the source gives no scale.

    source: "pose", or "optical flow" where no pose came (degraded: no scale, no floor plan).
    """

    kind: MotionKind
    start_s: float
    stop_s: float
    source: str = "pose"
    distance_m: float | None = None
    angle_rad: float | None = None


@dataclass(frozen=True, slots=True)
class Narration:
    """What the wearer says that they do, e.g. "take plate". stop_s: None for a moment."""

    text: str
    start_s: float
    stop_s: float | None = None


@dataclass(frozen=True, slots=True)
class ObjectDetection:
    """One object in one frame. name: "" where the detector knows no class."""

    name: str
    score: float
    box_px: Box
    track_id: int = -1


@dataclass(frozen=True, slots=True)
class HandObservation:
    """One hand in one frame.

    landmarks_px: 21 (x, y) in MediaPipe's order, or empty. contact_object: what it is in contact with, if seen.
    """

    stamp_s: float
    side: Hand
    score: float
    box_px: Box
    landmarks_px: tuple[tuple[float, float], ...] = ()
    contact: Contact = Contact.NONE
    contact_score: float = 0.0
    contact_object: ObjectDetection | None = None


class ContactKind(StrEnum):
    GRABBED = "grabbed"
    RELEASED = "released"


@dataclass(frozen=True, slots=True)
class ContactEvent:
    """A hand took hold of something or let go. object_name: "" where its class is unknown."""

    kind: ContactKind
    hand: Hand
    stamp_s: float
    object_name: str = ""
    track_id: int = -1
    score: float = 0.0


@dataclass(frozen=True, slots=True)
class ClipDescription:
    """What is known of one clip: the input of every generator, and of H_IC's text (`describe.text.to_text`).

    name: of the program to write, e.g. "take_carrots". Times of all evidence lie on the recording's clock.
    holding_at_start: what each hand holds when the clip begins, (hand, object name).
    moving: stretches in which a held object moved a good way in the image, (hand, object name, start_s, stop_s).
    objects: names seen, most certain first. vocabulary: names that the program may use; empty for any.
    """

    name: str
    start_s: float
    stop_s: float
    sounds: tuple[SoundEvent, ...] = ()
    motions: tuple[HeadMotion, ...] = ()
    narration: str = ""
    narrations_before: tuple[str, ...] = ()
    narrations_after: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()
    vocabulary: tuple[str, ...] = ()
    holding_at_start: tuple[tuple[Hand, str], ...] = ()
    contacts: tuple[ContactEvent, ...] = ()
    moving: tuple[tuple[Hand, str, float, float], ...] = ()

"""What is true of a performance, in the terms of EPIC-KITCHENS, EPIC-SOUNDS, EPIC-Fields and hand-object detections."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from egoprog.data import (
    Action,
    CameraFields,
    FieldsCamera,
    FrameDetections,
    PoseSample,
    ProgramClip,
    SeenHand,
    SeenObject,
    SoundSegment,
)
from egoprog.data.epic import frame_number
from egoprog.data.epic_classes import NOUNS, VERBS, class_table
from egoprog.data.epic_fields import images_of
from egoprog.data.epic_sounds import sample_number
from egoprog.data.hand_objects import RelativeBox, offset_between
from egoprog.describe.types import Contact, Narration
from egoprog.program.types import Hand, If, Program
from egoprog.sim.performance import Performance
from egoprog.sim.pose import Pose
from egoprog.sim.rollout import sim_domain
from egoprog.sim.sound import class_id, epic_class
from egoprog.sim.stock import kind_of
from egoprog.world import validate
from egoprog.world.state import WorldState

RATE_HZ: Final = 30.0
"""Of the frames, where nothing else is asked."""
JOINED_S: Final = 0.6
"""Pieces of one kind of sound that are no farther apart are one sound, as an annotator hears it."""
LEAST_SOUND_S: Final = 0.1
LEAST_SHARE: Final = 0.0004
"""What covers less of the picture has no box."""
OPTICAL: Final = Pose(np.zeros(3), np.diag([1.0, -1.0, -1.0]))
"""MuJoCo's cameras have y up and look along -z; written poses have y down and look along z, as ROS and COLMAP do."""


def frame_stamps_s(duration_s: float, rate_hz: float = RATE_HZ) -> NDArray[np.float64]:
    """When frames are taken."""
    return np.arange(round(duration_s * rate_hz)) / rate_hz


def actions(performance: Performance, video_id: str, rate_hz: float = RATE_HZ) -> list[Action]:
    """A row for every step: EPIC_100_{train,validation}.csv."""
    verbs, nouns = class_table(VERBS), class_table(NOUNS)
    rows = []
    for k, acted in enumerate(performance.steps):
        start_s, stop_s = _hundredths(acted.start_s, acted.stop_s)
        step = acted.step
        rows.append(
            Action(
                narration_id=f"{video_id}_{k}",
                participant_id=video_id.partition("_")[0],
                video_id=video_id,
                narration_s=round(start_s + 0.3 * (stop_s - start_s), 3),
                start_s=start_s,
                stop_s=stop_s,
                start_frame=frame_number(start_s, rate_hz),
                stop_frame=max(frame_number(stop_s, rate_hz), frame_number(start_s, rate_hz)),
                narration=step.narration,
                verb=step.verb,
                verb_class=verbs.id_of(step.verb),
                noun=step.nouns[0],
                noun_class=nouns.id_of(step.nouns[0]),
                nouns=step.nouns,
                noun_classes=tuple(nouns.id_of(noun) for noun in step.nouns),
            )
        )
    return rows


def clips(performance: Performance, video_id: str) -> list[ProgramClip]:
    """The program of every step, under the conditions that it needs, with the world around it."""
    found = []
    for k, acted in enumerate(performance.steps):
        start_s, stop_s = _hundredths(acted.start_s, acted.stop_s)
        step = acted.step
        found.append(
            ProgramClip(
                narration_id=f"{video_id}_{k}",
                video_id=video_id,
                start_s=start_s,
                stop_s=stop_s,
                narration=step.narration,
                program=conditioned(acted.program, step.before),
                before=step.before,
                after=step.after,
                task=step.task,
                is_unfinished=step.is_unfinished,
                odds=dict(step.odds),
            )
        )
    return found


def conditioned(program: Program, before: WorldState) -> Program:
    """The program below an `if` of what it needs of the world, as LEAP writes pre-conditions.

    What toggles (a tap, a door) can be used in either state; the one that it had is what was needed.
    """
    needed = validate(program, domain=sim_domain()).preconditions
    needed = tuple(~condition if before.value(condition) is False else condition for condition in needed)
    return replace(program, body=(If(needed, program.body),)) if needed else program


def sounds(performance: Performance, video_id: str) -> list[SoundSegment]:
    """A row for every sound that EPIC-SOUNDS has a class for."""
    spans: dict[str, list[list[float]]] = {}
    end_s = math.floor(1000 * performance.duration_s) / 1000  # times are kept to the millisecond
    for sound in sorted(performance.sounds, key=lambda sound: sound.start_s):
        name = epic_class(sound)
        if name is None or sound.start_s >= end_s - LEAST_SOUND_S:
            continue
        stop_s = min(sound.stop_s, end_s)
        known = spans.setdefault(name, [])
        if known and sound.start_s - known[-1][1] <= JOINED_S:
            known[-1][1] = max(known[-1][1], stop_s)
        else:
            known.append([max(sound.start_s, 0.0), stop_s])
    ordered = sorted((start_s, stop_s, name) for name, pairs in spans.items() for start_s, stop_s in pairs)
    rows = []
    for start_s, stop_s, name in ordered:
        start_s = round(start_s, 3)
        stop_s = min(round(max(stop_s, start_s + LEAST_SOUND_S), 3), end_s)
        rows.append(
            SoundSegment(
                annotation_id=f"{video_id}_{len(rows)}",
                participant_id=video_id.partition("_")[0],
                video_id=video_id,
                start_s=start_s,
                stop_s=stop_s,
                start_sample=sample_number(start_s),
                stop_sample=sample_number(stop_s),
                description=name,
                class_name=name,
                class_id=class_id(name),
            )
        )
    return rows


def poses(performance: Performance, rate_hz: float = RATE_HZ) -> Iterator[PoseSample]:
    """The camera in the world at every frame: x to the right, y down, z ahead."""
    for stamp_s in frame_stamps_s(performance.duration_s, rate_hz):
        pose = performance.camera(stamp_s) @ OPTICAL
        yield PoseSample(float(stamp_s), tuple(pose.position_m.tolist()), tuple(pose.quaternion_xyzw.tolist()))


def narrations(performance: Performance) -> Iterator[Narration]:
    """What the wearer says of every step."""
    for acted in performance.steps:
        yield Narration(acted.step.narration, acted.start_s, acted.stop_s)


def fields(
    performance: Performance,
    width_px: int,
    height_px: int,
    intrinsics: Sequence[float],
    rate_hz: float = RATE_HZ,
) -> CameraFields:
    """intrinsics: fx, fy, cx, cy in pixels. The simulated lens does not distort."""
    camera = FieldsCamera(width_px, height_px, (*map(float, intrinsics), 0.0, 0.0, 0.0, 0.0))
    return CameraFields(camera, images_of(poses(performance, rate_hz), rate_hz))


def boxes_of(labels: NDArray[np.int32], names: Sequence[str]) -> dict[str, RelativeBox]:
    """left, top, right, bottom in shares of the picture, of all that is named and large enough. labels: (H, W)."""
    height, width = labels.shape
    counts = np.bincount(labels.ravel(), minlength=len(names))
    found = {}
    for index in np.flatnonzero(counts >= LEAST_SHARE * labels.size):
        if names[index]:
            mask = labels == index
            rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
            found[names[index]] = (
                float(columns[0] / width),
                float(rows[0] / height),
                float((columns[-1] + 1) / width),
                float((rows[-1] + 1) / height),
            )
    return found


@dataclass(frozen=True)
class Seen:
    """What lies where in the frame of a moment. boxes: by name, see `boxes_of`."""

    stamp_s: float
    boxes: Mapping[str, RelativeBox]


def between(a: Seen, b: Seen, stamp_s: float) -> Seen:
    """The boxes of a frame between two labelled ones: of what both show, on the straight way from one to the other."""
    share = (stamp_s - a.stamp_s) / (b.stamp_s - a.stamp_s)
    boxes = {
        name: tuple((1 - share) * u + share * v for u, v in zip(box, b.boxes[name], strict=True))
        for name, box in a.boxes.items()
        if name in b.boxes
    }
    return Seen(stamp_s, boxes)


def detections(performance: Performance, video_id: str, seen: Seen, rate_hz: float = RATE_HZ) -> FrameDetections:
    """The hands of a frame and what they touch, where it is seen."""
    hands, objects = [], {}
    for side in (Hand.LEFT, Hand.RIGHT):
        box = seen.boxes.get(f"{side} hand")
        if box is None:
            continue
        name = performance.touching(side, seen.stamp_s)
        other = seen.boxes.get(name) if name else None
        if name is None or other is None:
            hands.append(SeenHand(box, side))
            continue
        contact = Contact.PORTABLE if name in performance.activity.plan.things else Contact.STATIONARY
        objects[name] = SeenObject(other)
        hands.append(SeenHand(box, side, contact, offset_between(box, other)))
    number = round(seen.stamp_s * rate_hz) + 1
    return FrameDetections(video_id, number, tuple(hands), tuple(objects.values()))


def boxes_line(performance: Performance, video_id: str, seen: Seen, rate_hz: float = RATE_HZ) -> dict[str, Any]:
    """Boxes of all that is seen in a frame, with EPIC-KITCHENS' classes, for a file of JSON lines."""
    things = performance.activity.plan.things
    held = {name: str(side) for side in (Hand.LEFT, Hand.RIGHT) if (name := performance.touching(side, seen.stamp_s))}
    return {
        "video_id": video_id,
        "frame": round(seen.stamp_s * rate_hz) + 1,
        "objects": [
            {
                "name": name,
                "noun": things[name].noun if name in things else "hand" if name.endswith(" hand") else kind_of(name),
                "box": [round(x, 4) for x in box],
                **({"contact": held[name]} if name in held else {}),
            }
            for name, box in seen.boxes.items()
        ],
    }


def _hundredths(start_s: float, stop_s: float) -> tuple[float, float]:
    """Times as the annotations keep them."""
    start_s = round(start_s, 2)
    return start_s, max(round(stop_s, 2), round(start_s + 0.01, 2))

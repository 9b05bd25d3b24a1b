"""A video of an episode with the truth drawn in: boxes, contacts, what is done, what it needs and what it changes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from egoprog.data.atomic import atomic
from egoprog.errors import RecordingError
from egoprog.program import condition_text, sub_action_text
from egoprog.sim import truth
from egoprog.sim.lens import Camera
from egoprog.sim.performance import Performance
from egoprog.sim.record import sound_of, write_video
from egoprog.sim.truth import conditioned, frame_stamps_s
from egoprog.sim.types import SIDES, ActedStep
from egoprog.world import WorldState

SIZE_PX = (640, 480)
PANEL_PX = 152
HAND_COLOUR, HELD_COLOUR, SEEN_COLOUR = (94, 200, 120), (250, 190, 60), (130, 150, 170)
PAPER, INK, FADED = (24, 26, 30), (236, 238, 240), (150, 156, 164)
MAX_FACTS = 4

Picture = NDArray[np.uint8]


def write_view(out: str | Path, performance: Performance, show_progress: bool = True) -> None:
    """Writes the video, with its sound. Raises RecordingError where it can't be written."""
    out = Path(out)
    if out.suffix.lower() != ".mp4":
        raise RecordingError(f"expected a video NAME.mp4 to write, got {out}")
    try:
        with atomic(out) as temporary, Camera(performance.kitchen, *SIZE_PX) as camera:
            pictures = _pictures(performance, camera, show_progress)
            write_video(temporary, pictures, sound_of(performance), (SIZE_PX[0], SIZE_PX[1] + PANEL_PX))
    except (OSError, av.FFmpegError) as error:
        raise RecordingError(f"can't write {out}: {getattr(error, 'strerror', None) or error}") from None


def _pictures(performance: Performance, camera: Camera, show_progress: bool) -> Iterator[Picture]:
    bar = tqdm(
        frame_stamps_s(performance.duration_s),
        unit="frame",
        disable=not show_progress,
        mininterval=0.1 if sys.stderr.isatty() else 10.0,
    )
    for stamp_s in bar:
        moment = performance.at(stamp_s)
        picture = camera.picture(moment)
        boxes = truth.boxes_of(*camera.labels(moment, SIZE_PX[0] // 2, SIZE_PX[1] // 2))
        yield np.vstack([draw_boxes(picture, boxes, performance, stamp_s), panel(performance, stamp_s)])


def draw_boxes(picture: Picture, boxes: dict, performance: Performance, stamp_s: float) -> Picture:
    """Boxes of hands, of what they touch, and of the other things in view."""
    picture = np.ascontiguousarray(picture)
    touched = {performance.touching(side, stamp_s) for side in SIDES}
    things = performance.activity.plan.things
    size = np.array(picture.shape[1::-1] * 2)
    for name, box in boxes.items():
        is_hand = name.endswith(" hand")
        if not (is_hand or name in touched or name in things):
            continue
        colour = HAND_COLOUR if is_hand else HELD_COLOUR if name in touched else SEEN_COLOUR
        left, top, right, bottom = (size * box).astype(int).tolist()
        is_faint = colour is SEEN_COLOUR
        cv2.rectangle(picture, (left, top), (right - 1, bottom - 1), colour, 1 if is_faint else 2)
        _write(picture, name, (left + 2, max(top - 4, 10)), 0.36 if is_faint else 0.45, colour)
    return picture


def panel(performance: Performance, stamp_s: float) -> Picture:
    """What is being done, what it needs, what it has changed, and what comes next."""
    picture = np.full((PANEL_PX, SIZE_PX[0], 3), PAPER, np.uint8)
    k = next((k for k, acted in enumerate(performance.steps) if stamp_s < acted.stop_s), len(performance.steps))
    now = performance.steps[k] if k < len(performance.steps) else None
    is_running = now is not None and now.start_s <= stamp_s
    following = performance.steps[k + is_running] if k + is_running < len(performance.steps) else None
    lines = [(_now_text(now if is_running else None, stamp_s), INK, 0.52)]
    if is_running:
        sub_action = next((s for s in now.program.sub_actions() if s.start_s <= stamp_s < s.stop_s), None)
        lines.append((f"   {sub_action_text(sub_action)}" if sub_action else "", INK, 0.46))
        guard = getattr(conditioned(now.program, now.step.before).body[0], "guard", ())
        lines.append((f"needs: {' and '.join(map(condition_text, guard)) or 'nothing'}", FADED, 0.4))
    before = performance.steps[k].step.before if k < len(performance.steps) else performance.state(stamp_s)
    lines.append((f"changed: {changes(before, performance.state(stamp_s))}", FADED, 0.4))
    hands = ", ".join(f"{side}: {performance.touching(side, stamp_s) or 'empty'}" for side in SIDES)
    lines.append((f"hands: {hands}", FADED, 0.4))
    if following:
        lines.append((f"next, in {max(following.start_s - stamp_s, 0):.1f} s: {following.step.narration}", FADED, 0.4))
    for order, (text, colour, size) in enumerate(lines):
        _write(picture, text, (10, 22 + 24 * order), size, colour)
    return picture


def changes(before: WorldState, now: WorldState) -> str:
    """The facts that are true now and were not before, a few of them."""
    old = set(before.facts)
    new = [condition_text(fact) for fact in now.facts if fact not in old and fact.predicate != "near"]
    return ", ".join(new[:MAX_FACTS]) + (", ..." if len(new) > MAX_FACTS else "") or "nothing"


def _now_text(now: ActedStep | None, stamp_s: float) -> str:
    if now is None:
        return f"{stamp_s:6.2f} s"
    task = f" ({now.step.task})" if now.step.task else ""
    return f"{stamp_s:6.2f} s  {now.step.narration}{task}{', given up' if now.step.is_unfinished else ''}"


def _write(picture: Picture, text: str, at_px: tuple[int, int], size: float, colour: tuple[int, int, int]) -> None:
    cv2.putText(picture, text, at_px, cv2.FONT_HERSHEY_SIMPLEX, size, colour, 1, cv2.LINE_AA)

"""Which stretches of which videos a network sees to recognise or anticipate an action."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from egoprog.data.epic import Segment
from egoprog.data.program_lines import ProgramClip
from egoprog.errors import ConfigurationError

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ClipSpan:
    """A stretch of a video, its end not included. start_s: below 0 where it reaches back before the video."""

    video_id: str
    start_s: float
    stop_s: float


@dataclass(frozen=True, slots=True)
class ClipItem:
    """What is seen of an action, and what is known of it.

    span: the clip that is judged. context: the clips around it, in the order of the offsets that were asked for; None
    where the video has none. action: an `Action` with its labels, or a test set's segment without. program: None where
    nobody wrote one.
    """

    narration_id: str
    video_id: str
    participant_id: str
    span: ClipSpan
    context: tuple[ClipSpan | None, ...]
    action: Segment
    program: ProgramClip | None

    @property
    def spans(self) -> tuple[ClipSpan, ...]:
        """All that is read for this item."""
        return (self.span, *(span for span in self.context if span is not None))


def recognition_items(
    actions: Iterable[Segment], programs: Iterable[ProgramClip] = (), context_offsets: Sequence[int] = ()
) -> list[ClipItem]:
    """One item an action, in the order of videos and times.

    context_offsets: places in the order of a video's actions, -1 for the one before; LEAP's are -2, -1, 1, 2.
    Raises ConfigurationError for an offset of 0.
    Source: LEAP section 4.3.
    """
    if 0 in context_offsets:
        raise ConfigurationError("expected offsets of clips around the one that is judged, got 0, which is that itself")
    program_of = {clip.narration_id: clip for clip in programs}
    items = []
    for video_id, rows in itertools.groupby(_in_order(actions), key=lambda row: row.video_id):
        rows = list(rows)
        spans = [ClipSpan(video_id, row.start_s, row.stop_s) for row in rows]
        for place, row in enumerate(rows):
            around = (place + offset for offset in context_offsets)
            context = tuple(spans[near] if 0 <= near < len(spans) else None for near in around)
            items.append(_item(row, spans[place], context, program_of))
    return items


def anticipation_items(
    actions: Iterable[Segment],
    programs: Iterable[ProgramClip] = (),
    tau_a_s: float = 1.0,
    span_s: float = 256 / 60,
    num_context: int = 0,
) -> list[ClipItem]:
    """One item for each action of which something can be seen before it; how many can't is logged.

    The clip that is judged ends tau_a_s before the action starts and lasts span_s; its context are num_context such
    stretches before it, the oldest first, None for one that ends before the video starts.
    Source: LEAP section 4.3; 256 frames at EPIC-KITCHENS' 60 Hz.
    """
    if not (tau_a_s >= 0 and span_s > 0 and num_context >= 0):
        raise ConfigurationError(
            "expected tau_a_s and num_context of 0 or more and span_s above 0, "
            f"got {tau_a_s:g} s, {num_context} and {span_s:g} s"
        )
    program_of = {clip.narration_id: clip for clip in programs}
    items, num_blind = [], 0
    for row in _in_order(actions):
        span, context = _windows(row.video_id, row.start_s - tau_a_s, span_s, num_context)
        if span is None:
            num_blind += 1
        else:
            items.append(_item(row, span, context, program_of))
    if num_blind:
        _log.warning("left out %d actions that start within %g s of their video's start", num_blind, tau_a_s)
    return items


def moment_items(
    actions: Iterable[Segment],
    programs: Iterable[ProgramClip] = (),
    span_s: float = 256 / 60,
    num_context: int = 0,
    shares: Sequence[float] = (0.4, 0.7, 1.0),
) -> list[ClipItem]:
    """What a live network sees of an action that is going on: windows that end at these shares of it.

    Windows last span_s, whatever was before the action's start; context as in `anticipation_items`. The items of an
    action are called after it: "P01_01_0@0.4".
    """
    if not (span_s > 0 and num_context >= 0 and shares and all(0 < share <= 1 for share in shares)):
        raise ConfigurationError(
            f"expected span_s above 0 and shares of an action above 0 and up to 1, got {span_s:g} s and {list(shares)}"
        )
    program_of = {clip.narration_id: clip for clip in programs}
    items = []
    for row in _in_order(actions):
        for share in shares:
            now_s = row.start_s + share * (row.stop_s - row.start_s)
            item = _item(row, *_windows(row.video_id, now_s, span_s, num_context), program_of)
            items.append(replace(item, narration_id=f"{row.narration_id}@{share:g}"))
    return items


def _windows(
    video_id: str, stop_s: float, span_s: float, num_context: int
) -> tuple[ClipSpan | None, tuple[ClipSpan | None, ...]]:
    """The window that ends then, and those before it, the oldest first; None for one before the video's start."""
    stops_s = [stop_s - back * span_s for back in range(num_context, -1, -1)]
    *context, span = (ClipSpan(video_id, at_s - span_s, at_s) if at_s > 0 else None for at_s in stops_s)
    return span, tuple(context)


def _in_order(actions: Iterable[Segment]) -> list[Segment]:
    return sorted(actions, key=lambda row: (row.video_id, row.start_s, row.stop_s, row.narration_id))


def _item(
    row: Segment, span: ClipSpan, context: tuple[ClipSpan | None, ...], program_of: dict[str, ProgramClip]
) -> ClipItem:
    program = program_of.get(row.narration_id)
    return ClipItem(row.narration_id, row.video_id, row.participant_id, span, context, row, program)

"""Cuts a recording into the clips that programs are written for.

Narrations say best where an action begins and ends (EPIC-KITCHENS is cut by them). Where nobody narrates, the hands
do: a clip is a stretch with a hand on something or with a sound of use, its ends at pauses. A walk shortly before
such a stretch belongs to it (one goes to what one takes).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from egoprog.describe.types import ContactEvent, ContactKind, HeadMotion, MotionKind, Narration, SoundEvent
from egoprog.errors import ConfigurationError

Span = tuple[float, float]


@dataclass(frozen=True)
class SegmentConfig:
    """Where cuts fall; seconds.

    whole_s: a recording no longer than this, and without narrations, is one clip.
    max_s: no clip is longer. pause_s: hands idle for this long end a clip. margin_s: kept around a clip's evidence.
    """

    whole_s: float = 20.0
    max_s: float = 30.0
    pause_s: float = 1.5
    margin_s: float = 0.5

    def __post_init__(self) -> None:
        if not (self.whole_s >= 0 and self.max_s > 0 and self.pause_s >= 0 and self.margin_s >= 0):
            raise ConfigurationError(f"expected lengths of clips in seconds, none negative, got {self}")


@dataclass(frozen=True, slots=True)
class Clip:
    """One stretch of a recording. narration: the one that it was cut for, or None."""

    start_s: float
    stop_s: float
    narration: Narration | None = None


def segment(
    duration_s: float,
    narrations: Sequence[Narration] = (),
    contacts: Sequence[ContactEvent] = (),
    sounds: Sequence[SoundEvent] = (),
    motions: Sequence[HeadMotion] = (),
    moving: Sequence[tuple] = (),
    config: SegmentConfig | None = None,
) -> list[Clip]:
    """The clips of a recording, in the order of their starts; at least one.

    moving: (hand, object name, start_s, stop_s) as in ClipDescription.
    Clips of narrations may overlap, as the narrations do; others never do.
    """
    config = config or SegmentConfig()
    if not duration_s > 0:
        raise ConfigurationError(f"expected a recording with a duration above 0 s to cut, got {duration_s!r}")
    clips = _narrated(duration_s, narrations, config)
    if clips:
        return clips
    if duration_s <= config.whole_s:
        return [Clip(0.0, duration_s)]
    spans = [(start, stop) for _, _, start, stop in moving] + [(sound.start_s, sound.stop_s) for sound in sounds]
    spans = _merged(spans + _held(contacts, duration_s), config.pause_s)
    if not spans:
        spans = [(0.0, duration_s)]
    else:
        walks = [motion for motion in motions if motion.kind is MotionKind.WALK]
        spans = [_with_walk(span, walks, config.pause_s) for span in spans]
        spans = _merged(
            [(max(0.0, a - config.margin_s), min(duration_s, b + config.margin_s)) for a, b in spans], gap_s=0.0
        )
    cuts = sorted(contact.stamp_s for contact in contacts if contact.kind is ContactKind.RELEASED)
    return [Clip(*piece) for span in spans for piece in _pieces(span, cuts, config.max_s)]


def _narrated(duration_s: float, narrations: Sequence[Narration], config: SegmentConfig) -> list[Clip]:
    """One clip a narration; one without an end lasts to the next narration or `max_s`."""
    ordered = sorted((n for n in narrations if 0.0 <= n.start_s < duration_s), key=lambda n: n.start_s)
    clips = []
    for index, narration in enumerate(ordered):
        later = [n.start_s for n in ordered[index + 1 :] if n.start_s > narration.start_s]
        stop_s = narration.stop_s
        if stop_s is None or stop_s <= narration.start_s:
            stop_s = later[0] if later else duration_s
        stop_s = min(stop_s, duration_s, narration.start_s + config.max_s)
        clips.append(Clip(narration.start_s, stop_s, narration))
    return clips


def _held(contacts: Sequence[ContactEvent], duration_s: float) -> list[Span]:
    """Stretches in which a hand is on something; a release with no grab before it was held from the start."""
    spans = []
    for hand in {contact.hand for contact in contacts}:
        grabbed_s: float | None = None
        seen_any = False
        for contact in sorted((c for c in contacts if c.hand is hand), key=lambda c: c.stamp_s):
            if contact.kind is ContactKind.GRABBED:
                grabbed_s = contact.stamp_s if grabbed_s is None else grabbed_s
            elif grabbed_s is not None or not seen_any:
                spans.append((grabbed_s or 0.0, contact.stamp_s))
                grabbed_s = None
            seen_any = True
        if grabbed_s is not None:
            spans.append((grabbed_s, duration_s))
    return spans


def _merged(spans: Iterable[Span], gap_s: float) -> list[Span]:
    """Sorted, with those joined that overlap or lie no further apart than `gap_s`."""
    merged: list[Span] = []
    for start, stop in sorted(spans):
        if merged and start - merged[-1][1] <= gap_s:
            merged[-1] = (merged[-1][0], max(merged[-1][1], stop))
        else:
            merged.append((start, stop))
    return merged


def _with_walk(span: Span, walks: Sequence[HeadMotion], pause_s: float) -> Span:
    starts = [walk.start_s for walk in walks if walk.start_s < span[0] <= walk.stop_s + pause_s]
    return (min([span[0], *starts]), span[1])


def _pieces(span: Span, cuts: Sequence[float], max_s: float) -> list[Span]:
    """A span in pieces no longer than `max_s`, cut where something was let go if that leaves pieces of some length."""
    pieces = []
    start, stop = span
    while stop - start > max_s:
        good = [cut for cut in cuts if start + max_s / 3 <= cut <= start + max_s]
        cut = good[-1] if good else start + max_s
        pieces.append((start, cut))
        start = cut
    if stop > start:
        pieces.append((start, stop))
    return pieces

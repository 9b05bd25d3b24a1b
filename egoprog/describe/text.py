"""H_IC: the text that tells a language model what is known of a clip, in the paper's wording (LEAP, section 3.1).

The paper's snippets are wrapped by typesetting; here every descriptor stands on a comment line of its own. Times are
seconds from the clip's start.
"""

from __future__ import annotations

from collections.abc import Iterable

from egoprog.describe.types import ClipDescription, ContactKind, MotionKind

_GRIPS = {ContactKind.GRABBED: "Grabbed", ContactKind.RELEASED: "Released"}
UNKNOWN_OBJECT = "object"


def to_text(description: ClipDescription) -> str:
    """The head of the program to write and the clip's descriptors as its comments; ends without a line break."""
    length_s = max(0.0, description.stop_s - description.start_s)
    lines = [
        *_sound_lines(description),
        *_walk_lines(description),
        *_narration_lines(description),
        f"objects = [{', '.join(description.objects)}]",
        _holding_line(description),
        *_contact_lines(description),
    ]
    head = f"def {description.name}(start_t=0, stop_t={time_text(length_s)}):"
    return "\n".join([head, *(f"    # {line}" for line in lines)])


def time_text(time_s: float) -> str:
    """Seconds with up to two decimals: "4.88", "3.5", "3"."""
    return f"{max(time_s, 0.0):.2f}".rstrip("0").rstrip(".")


def _span_text(description: ClipDescription, start_s: float, stop_s: float) -> tuple[str, str]:
    """A stretch of time on the clip's clock, cut to the clip."""
    length_s = description.stop_s - description.start_s
    return tuple(time_text(min(time_s - description.start_s, length_s)) for time_s in (start_s, stop_s))


def _sound_lines(description: ClipDescription) -> Iterable[str]:
    for sound in sorted(description.sounds, key=lambda sound: sound.start_s):
        start, stop = _span_text(description, sound.start_s, sound.stop_s)
        yield f"Heard sound of {sound.label} at time {start} sec to {stop} sec"


def _walk_lines(description: ClipDescription) -> Iterable[str]:
    for motion in sorted(description.motions, key=lambda motion: motion.start_s):
        if motion.kind is MotionKind.WALK:
            start, stop = _span_text(description, motion.start_s, motion.stop_s)
            yield f"Go to object from time {start} sec to time {stop} sec"


def _narration_lines(description: ClipDescription) -> Iterable[str]:
    sentences = [
        f"The {'action' if len(texts) == 1 else 'actions'} performed right {side} this "
        f"{'was' if len(texts) == 1 else 'were'} {_listed(texts)}"
        for side, texts in (("before", description.narrations_before), ("after", description.narrations_after))
        if texts
    ]
    if sentences:
        yield ". ".join(sentences)


def _listed(texts: tuple[str, ...]) -> str:
    """Quoted, on one line; a narrator's own quotation marks would end ours."""
    quoted = ['"' + " ".join(text.replace('"', "'").split()) + '"' for text in texts]
    return " and ".join(quoted) if len(quoted) < 3 else ", ".join(quoted[:-1]) + " and " + quoted[-1]


def _holding_line(description: ClipDescription) -> str:
    held = dict.fromkeys(name or UNKNOWN_OBJECT for _, name in description.holding_at_start)
    return f"Holding {' and '.join(held) or 'nothing'} at start."


def _contact_lines(description: ClipDescription) -> Iterable[str]:
    times: dict[tuple[ContactKind, str], list[str]] = {}
    for event in sorted(description.contacts, key=lambda event: event.stamp_s):
        moment = time_text(event.stamp_s - description.start_s)
        moments = times.setdefault((event.kind, event.object_name or UNKNOWN_OBJECT), [])
        if moment not in moments:  # both hands at once
            moments.append(moment)
    for (kind, name), moments in times.items():
        yield f"{_GRIPS[kind]} {name} at time(s) {', '.join(moments)}"

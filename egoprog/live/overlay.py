"""The overlay: hands, contacts and objects drawn on the image, and below it a band with the live program.

The band is added under the image instead of laid over it, because there is where a wearer's hands are. Its height
depends on the image's size alone, so that an overlay can be written as a video. Colours tell the contact state; the
tag on a box says in words what the colour says.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from egoprog.describe.types import Box, Contact, HandObservation
from egoprog.program.printer import condition_text
from egoprog.program.types import Call, Condition, Hand, If, Program, Statement, SubAction, While

Colour = tuple[int, int, int]  # RGB

BAND: Colour = (17, 20, 26)
RULE: Colour = (52, 59, 70)
INK: Colour = (236, 239, 244)
FAINT: Colour = (139, 148, 162)
ACCENT: Colour = (255, 196, 61)
SOUND: Colour = (120, 178, 255)
RIGHT: Colour = (66, 214, 128)
WRONG: Colour = (255, 128, 96)
CONTACT: dict[Contact, Colour] = {
    Contact.NONE: (206, 212, 222),
    Contact.SELF: (190, 140, 255),
    Contact.OTHER_PERSON: (255, 120, 190),
    Contact.PORTABLE: (66, 214, 128),
    Contact.STATIONARY: (255, 170, 60),
}
CONTACT_WORD = {
    Contact.NONE: "free",
    Contact.SELF: "touches self",
    Contact.OTHER_PERSON: "touches person",
    Contact.PORTABLE: "holds",
    Contact.STATIONARY: "touches",
}
SKELETON: dict[Hand, Colour] = {Hand.LEFT: (86, 196, 255), Hand.RIGHT: (255, 128, 96)}
# MediaPipe's 21 landmarks: wrist, then thumb, index, middle, ring and little finger from the root to the tip.
BONES = np.array(
    [(0, 1), (1, 2), (2, 3), (3, 4), (0, 5), (5, 6), (6, 7), (7, 8), (5, 9), (9, 10), (10, 11), (11, 12), (9, 13)]
    + [(13, 14), (14, 15), (15, 16), (13, 17), (0, 17), (17, 18), (18, 19), (19, 20)]
)

PROGRAM_LINES = 5
ROW = 1.5  # row height in font sizes
WIDE_PX = 520  # narrower images have no column of what comes next
CARD_PX = 480  # least width of a picture with a caption
BOLD, REGULAR = 600, 400


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the program. is_running marks the current sub-action; is_done one that has ended."""

    text: str
    is_running: bool = False
    is_done: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """An action that a network sees or expects. score: 0 to 1; None where it is no guess. is_right: None if unknown."""

    label: str
    score: float | None = None
    is_right: bool | None = None


@dataclass(frozen=True, slots=True)
class Panel:
    """What the band says.

    present, coming: the action that a network sees now and the one that it expects; None without a network.
    name: the program's. state: e.g. "revision 12". lines: of the program; the last ones are shown.
    upcoming: (text, score 0 to 1), best first. notes: short words such as sounds, newest first. latency_ms: from the
    camera to this picture, None if unknown.
    """

    name: str = ""
    state: str = ""
    lines: tuple[Line, ...] = ()
    upcoming: tuple[tuple[str, float], ...] = ()
    notes: tuple[str, ...] = ()
    latency_ms: int | None = None
    present: Seen | None = None
    coming: Seen | None = None


def program_lines(program: Program, statuses: Sequence[str] = ()) -> tuple[Line, ...]:
    """A program's body line by line. statuses: "running", "done" or else, of its sub-actions in their order."""
    marks = iter(statuses)

    def lines(body: Sequence[Statement], depth: int) -> Iterator[Line]:
        indent = "    " * depth
        for statement in body:
            match statement:
                case SubAction():
                    mark = next(marks, "")
                    yield Line(indent + sub_action_words(statement), mark == "running", mark == "done")
                case If(guard=guard, body=inner, orelse=otherwise):
                    yield Line(f"{indent}if {_guard_words(guard)}:")
                    yield from lines(inner, depth + 1)
                    if otherwise:
                        yield Line(f"{indent}else:")
                        yield from lines(otherwise, depth + 1)
                case While(guard=guard, body=inner):
                    yield Line(f"{indent}while {_guard_words(guard)}:")
                    yield from lines(inner, depth + 1)
                case Call(name=name, objects=objects):
                    yield Line(f"{indent}{name}({', '.join(objects)})")

    return tuple(lines(program.body, 0))


def sub_action_words(step: SubAction) -> str:
    """Shorter than the canonical text: "grasp(knife)  right  0.4-0.8 s"."""
    times = ""
    if step.start_s is not None:
        times = f"from {step.start_s:.1f} s"
        if step.stop_s is not None:
            lasts = step.stop_s - step.start_s >= 0.1
            times = f"{step.start_s:.1f}-{step.stop_s:.1f} s" if lasts else f"at {step.start_s:.1f} s"
    call = f"{step.verb}({', '.join(step.objects)})"
    return "  ".join(filter(None, (call, step.hand.value if step.hand else "", times)))


def _guard_words(guard: Sequence[Condition]) -> str:
    return " and ".join(condition_text(condition) for condition in guard)


def font_size(width_px: int) -> int:
    """Font size in pixels: readable from 270 to 1408 pixels of image width."""
    return int(np.clip(round(6 + width_px / 64), 11, 28))


def band_height(width_px: int) -> int:
    """Height of the band in pixels, even, for an image of this width."""
    return int(font_size(width_px) * ROW * (PROGRAM_LINES + 3) + font_size(width_px)) // 2 * 2


def strip_height(width_px: int) -> int:
    """Height of a `strip` in pixels, even."""
    return round(font_size(width_px) * ROW * 1.2) // 2 * 2


def strip(width_px: int, title: str, present: Seen | None, coming: Seen | None) -> np.ndarray:
    """A line to stand below an overlay, (strip_height, width_px, 3): what really was, under what was predicted."""
    canvas = np.full((strip_height(width_px), width_px, 3), BAND, np.uint8)
    canvas[:1] = RULE
    _actions(canvas, round(strip_height(width_px) * 0.68), title, present, coming)
    return canvas


def draw(image: np.ndarray, hands: Sequence[HandObservation] = (), panel: Panel | None = None) -> np.ndarray:
    """The overlay of one image.

    image: (H, W, 3) uint8 RGB, left as it is. Returns (H + band_height(W), W, 3), or (H, W, 3) without a panel.
    """
    height, width = image.shape[:2]
    band = band_height(width) if panel is not None else 0
    canvas = np.empty((height + band, width, 3), np.uint8)
    canvas[:height] = image
    draw_hands(canvas[:height], hands)
    if panel is not None:
        canvas[height:] = _band(panel, width)
    return canvas


def captioned(image: np.ndarray, title: str, text: str = "", note: str = "") -> np.ndarray:
    """A picture with words below it: a title, what is told of it, and what should be known of that.

    image: (H, W, 3) uint8 RGB; one that is narrower than CARD_PX is made that wide.
    """
    if image.shape[1] < CARD_PX:
        height = round(image.shape[0] * CARD_PX / image.shape[1])
        image = cv2.resize(image, (CARD_PX, height), interpolation=cv2.INTER_CUBIC)
    width = image.shape[1]
    size = font_size(width)
    row, pad = round(size * ROW), round(size * 0.8)
    rows = [
        (line, colour, weight)
        for words, colour, weight in ((title, INK, BOLD), (text, INK, REGULAR), (note, ACCENT, REGULAR))
        for line in _wrapped(words, width - 2 * pad, size, weight)
    ]
    band = np.full((len(rows) * row + 2 * pad, width, 3), BAND, np.uint8)
    for place, (line, colour, weight) in enumerate(rows):
        _write(band, line, pad, pad + place * row + size, size, colour, weight)
    return np.concatenate((image, band))


def draw_hands(canvas: np.ndarray, hands: Sequence[HandObservation]) -> None:
    """Boxes, landmarks and objects in contact, drawn into canvas: (H, W, 3) uint8 RGB."""
    size = font_size(canvas.shape[1])
    stroke = max(1, round(size / 9))
    for hand in hands:
        colour = CONTACT[hand.contact]
        held = hand.contact_object
        if held is not None and hand.contact is not Contact.NONE:
            _corners(canvas, held.box_px, colour, stroke)
            cv2.line(canvas, _centre(hand.box_px), _centre(held.box_px), colour, stroke, cv2.LINE_AA)
            cv2.circle(canvas, _centre(held.box_px), 2 * stroke, colour, -1, cv2.LINE_AA)
        if len(hand.landmarks_px) == 21:
            _skeleton(canvas, np.asarray(hand.landmarks_px), SKELETON.get(hand.side, INK), stroke)
        _rectangle(canvas, hand.box_px, colour, stroke + (hand.contact is Contact.PORTABLE))
    for hand in hands:  # tags last, so that no line crosses them
        held = hand.contact_object if hand.contact is not Contact.NONE else None
        name = held.name.replace("_", " ") if held is not None else ""
        words = " ".join(filter(None, (hand.side.value, CONTACT_WORD[hand.contact], name)))
        _tag(canvas, words, hand.box_px, CONTACT[hand.contact], size)


def _centre(box: Box) -> tuple[int, int]:
    return round((box[0] + box[2]) / 2), round((box[1] + box[3]) / 2)


def _rectangle(canvas: np.ndarray, box: Box, colour: Colour, stroke: int) -> None:
    x0, y0, x1, y1 = (round(v) for v in box)
    cv2.rectangle(canvas, (x0, y0), (x1 - 1, y1 - 1), colour, stroke, cv2.LINE_AA)


def _corners(canvas: np.ndarray, box: Box, colour: Colour, stroke: int) -> None:
    """The corners of a box, which tell objects from hands."""
    x0, y0, x1, y1 = (round(v) for v in box)
    reach = max(4 * stroke, min(x1 - x0, y1 - y0) // 4)
    for x, y, dx, dy in ((x0, y0, 1, 1), (x1, y0, -1, 1), (x0, y1, 1, -1), (x1, y1, -1, -1)):
        path = np.array([(x + dx * reach, y), (x, y), (x, y + dy * reach)], np.int32)
        cv2.polylines(canvas, [path], False, colour, stroke + 1, cv2.LINE_AA)


def _skeleton(canvas: np.ndarray, landmarks: np.ndarray, colour: Colour, stroke: int) -> None:
    points = np.round(landmarks).astype(np.int32)
    cv2.polylines(canvas, list(points[BONES]), False, colour, stroke, cv2.LINE_AA)
    for point in points:
        cv2.circle(canvas, tuple(map(int, point)), stroke + 1, INK, -1, cv2.LINE_AA)


def _tag(canvas: np.ndarray, text: str, box: Box, colour: Colour, size: int) -> None:
    """A filled tag on the box's upper edge, moved inside the image."""
    height, width = canvas.shape[:2]
    text_width, pad = _text_width(text, size, BOLD), size // 3
    x = int(np.clip(box[0], 0, max(0, width - text_width - 2 * pad)))
    y = int(np.clip(box[1] - size * 1.4, 0, height - size * 1.4))
    cv2.rectangle(canvas, (x, y), (x + text_width + 2 * pad, y + round(size * 1.4)), colour, -1)
    _write(canvas, text, x + pad, y + round(size * 1.05), size, (10, 12, 16), BOLD)


@lru_cache(maxsize=8)
def _band(panel: Panel, width: int) -> np.ndarray:
    """The band; kept, because the program changes less often than the image."""
    size = font_size(width)
    row, pad = round(size * ROW), round(size * 0.8)
    band = np.full((band_height(width), width, 3), BAND, np.uint8)
    band[: max(1, size // 10)] = RULE
    split = int(width * 0.64) if width >= WIDE_PX and panel.upcoming else width
    base = pad + round(size * 0.75)

    latency = f"{panel.latency_ms} ms" if panel.latency_ms is not None else ""
    status = " · ".join(filter(None, (panel.state, latency)))
    status_x = width - pad - _text_width(status, size - 2, REGULAR)
    _write(band, status, status_x, base, size - 2, FAINT, REGULAR)
    title = panel.name.replace("_", " ") if panel.name else "watching"
    _write(band, _shorten(title, status_x - 2 * pad, size + 1, BOLD), pad, base, size + 1, INK, BOLD)

    if panel.present is not None or panel.coming is not None:
        _actions(band, base + row, "network", panel.present, panel.coming)
        base += row
    for place, line in enumerate(_visible(panel.lines)):
        y = base + row * (place + 1)
        colour = ACCENT if line.is_running else FAINT if line.is_done else INK
        dot = (pad + size // 3, y - size // 3)
        if line.is_running:
            cv2.circle(band, dot, max(3, size // 4), ACCENT, -1, cv2.LINE_AA)
        elif line.is_done:
            cv2.circle(band, dot, max(3, size // 5), FAINT, 1, cv2.LINE_AA)
        x = pad + size
        weight = BOLD if line.is_running else REGULAR
        _write(band, _shorten(line.text, split - x - pad, size, weight), x, y, size, colour, weight)

    if split < width:
        cv2.line(band, (split, base + row // 2), (split, base + row * (PROGRAM_LINES + 1)), RULE, 1)
        _write(band, "next", split + pad, base + row, size - 2, FAINT, REGULAR)
        full = width - split - 2 * pad
        for place, (text, score) in enumerate(panel.upcoming[: PROGRAM_LINES - 1]):
            y = base + row * (place + 2)
            bar = (split + pad + round(full * min(1.0, score)), y + round(size * 0.42))
            cv2.rectangle(band, (split + pad, y + round(size * 0.28)), bar, ACCENT, -1)
            percent = f"{score:.0%}"
            percent_x = width - pad - _text_width(percent, size - 2, REGULAR)
            _write(band, percent, percent_x, y, size - 2, FAINT, REGULAR)
            _write(band, _shorten(text, percent_x - split - 2 * pad, size, REGULAR), split + pad, y, size, INK, REGULAR)

    x, y = pad, round(size * 1.55) + row * (PROGRAM_LINES + 2)
    for note in panel.notes:
        note_width = _text_width(note, size - 2, REGULAR) + size
        if x + note_width > width - pad:
            break
        top, bottom = y - round(size * 0.85), y + round(size * 0.35)
        cv2.rectangle(band, (x, top), (x + note_width, bottom), RULE, -1)
        _write(band, note, x + size // 2, y, size - 2, SOUND, REGULAR)
        x += note_width + size // 2
    band.setflags(write=False)
    return band


def _actions(canvas: np.ndarray, y: int, title: str, present: Seen | None, coming: Seen | None) -> None:
    """One row: a title, then the action now, and from the middle on the next one."""
    width = canvas.shape[1]
    size = font_size(width)
    pad = round(size * 0.8)
    middle = int(width * (0.56 if width >= WIDE_PX else 0.5))
    _write(canvas, title, pad, y, size - 2, FAINT, REGULAR)
    start = pad + round(size * 4.6)
    for x, end, word, seen in ((start, middle, "", present), (middle, width - pad, "next ", coming)):
        if seen is None:
            continue
        _write(canvas, word, x, y, size - 2, FAINT, REGULAR)
        x += _text_width(word, size - 2, REGULAR) + (size // 2 if word else 0)
        score = "" if seen.score is None else f"{seen.score:.0%}"
        score_width = _text_width(score, size - 2, REGULAR) + size // 2
        label = _shorten(seen.label, end - x - score_width - size // 2, size, BOLD)
        colour = {None: INK, True: RIGHT, False: WRONG}[seen.is_right]
        _write(canvas, label, x, y, size, colour, BOLD)
        _write(canvas, score, x + _text_width(label, size, BOLD) + size // 2, y, size - 2, FAINT, REGULAR)


def _visible(lines: Sequence[Line]) -> Sequence[Line]:
    """As many lines as the band holds: the last ones, but always with the running one."""
    running = max((place for place, line in enumerate(lines) if line.is_running), default=len(lines) - 1)
    end = min(len(lines), max(running + 2, PROGRAM_LINES))
    return lines[max(0, end - PROGRAM_LINES) : end]


def _wrapped(text: str, width: int, size: int, weight: int) -> list[str]:
    """Lines of whole words that fit; a word that alone is too long is cut."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and _text_width(longer, size, weight) <= width:
            lines[-1] = longer
        else:
            lines.append(_shorten(word, width, size, weight))
    return lines


def _shorten(text: str, width: int, size: int, weight: int) -> str:
    if _text_width(text, size, weight) <= width:
        return text
    while text and _text_width(text + "...", size, weight) > width:
        text = text[:-1]
    return text + "..."


def _write(canvas: np.ndarray, text: str, x: int, y: int, size: int, colour: Colour, weight: int) -> None:
    """Text with its baseline's left end at (x, y), cut off at the canvas' edges."""
    if not text:
        return
    mask = _text_mask(text, size, weight)
    top = y - size
    y0, y1 = max(0, top), min(canvas.shape[0], top + mask.shape[0])
    x0, x1 = max(0, x), min(canvas.shape[1], x + mask.shape[1])
    if y0 >= y1 or x0 >= x1:
        return
    alpha = mask[y0 - top : y1 - top, x0 - x : x1 - x, None].astype(np.uint16)
    patch = canvas[y0:y1, x0:x1]
    patch[:] = (patch * (255 - alpha) + np.asarray(colour, np.uint16) * alpha) // 255


@lru_cache(maxsize=512)
def _text_mask(text: str, size: int, weight: int) -> np.ndarray:
    """Coverage of the text, 0 to 255; its baseline lies `size` rows below the top."""
    mask = np.zeros((round(size * 1.4), _text_width(text, size, weight) + 2), np.uint8)
    if _font() is not None:
        picture = cv2.cvtColor(mask, cv2.COLOR_GRAY2BGR)
        cv2.putText(picture, text, (0, size), (255, 255, 255), _font(), size, weight)
        return picture[..., 0]
    scale, stroke = _hershey(size, weight)
    cv2.putText(mask, _ascii(text), (0, size), cv2.FONT_HERSHEY_SIMPLEX, scale, 255, stroke, cv2.LINE_AA)
    return mask


@lru_cache(maxsize=2048)
def _text_width(text: str, size: int, weight: int) -> int:
    if not text:
        return 0
    if _font() is not None:
        _, _, width, _ = cv2.getTextSize((4096, size * 2), text, (0, size), _font(), size, weight)
        return width
    scale, stroke = _hershey(size, weight)
    return cv2.getTextSize(_ascii(text), cv2.FONT_HERSHEY_SIMPLEX, scale, stroke)[0][0]


@lru_cache(maxsize=1)
def _font() -> object | None:
    """OpenCV 5's outline font; older versions, such as Ubuntu 24.04's, have stroke fonts only."""
    return cv2.FontFace("sans") if hasattr(cv2, "FontFace") else None


def _hershey(size: int, weight: int) -> tuple[float, int]:
    return size / 32, 2 if weight >= BOLD else 1


def _ascii(text: str) -> str:
    return text.replace("·", "|").encode("ascii", "replace").decode("ascii")

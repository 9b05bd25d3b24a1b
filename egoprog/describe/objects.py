"""What a hand holds: where it is, with no class of objects known in advance, and what to call it."""

from __future__ import annotations

import re
from collections.abc import Iterable

import cv2
import numpy as np

from egoprog.describe.types import Box, Narration
from egoprog.program.synonyms import VERBS
from egoprog.program.types import Verb, object_name

GRID = 48  # cells a side of a held region's map
GRID_REACH = 2.4  # palm lengths from the hand's centre to the map's edge
CELL = 2 * GRID_REACH / GRID  # palm lengths


class HeldRegion:
    """The region that moves with a hand, gathered over time on a map that travels with the hand.

    Each cell is between -1 (stays with the background) and 1 (moves with the hand). Unobserved cells fade.
    """

    def __init__(self, fade_s: float = 0.5) -> None:
        self.fade_s = fade_s
        self.map = np.zeros((GRID, GRID), np.float32)

    @staticmethod
    def cells_from_px(centre_px: np.ndarray, palm_px: float, forward: np.ndarray) -> np.ndarray:
        """The (2, 3) transform from pixels to cells; the map's upward direction is the hand's.

        centre_px: (x, y) of the hand. palm_px: its palm's length. forward: unit vector from wrist to fingers.
        """
        x, y = forward
        turn = np.array([[-y, x], [-x, -y]]) / (CELL * palm_px)
        return np.hstack([turn, (GRID / 2 - turn @ centre_px)[:, None]])

    def observe(self, moves: np.ndarray, stays: np.ndarray, weight: float, dt_s: float) -> None:
        """Adds one observation: (GRID, GRID) shares of each cell that move with the hand and that stay behind."""
        self.map *= np.exp(-dt_s / self.fade_s)
        self.map += weight * (moves - stays)
        np.clip(self.map, -1, 1, out=self.map)

    def mask(self, hand: np.ndarray) -> np.ndarray:
        """The cells of the region that touches the hand. hand: (GRID, GRID) bool. Returns (GRID, GRID) bool."""
        region = (self.map > 0.25) & ~hand
        count, labels = cv2.connectedComponents(region.astype(np.uint8))
        if count == 1:
            return region
        rim = cv2.dilate(hand.astype(np.uint8), np.ones((5, 5), np.uint8)).astype(bool)
        touching = np.bincount(labels[rim & region], minlength=count) >= 2
        touching[0] = False
        return touching[labels]


def box_of_cells(mask: np.ndarray, cells_from_px: np.ndarray) -> Box | None:
    """The box in pixels around a mask's cells; None for an empty mask.

    The outermost 2% of cells at each side are left out: single cells at the rim are noise.
    """
    rows, columns = np.nonzero(mask)
    if rows.size == 0:
        return None
    px_from_cells = cv2.invertAffineTransform(cells_from_px)
    points = np.stack([columns + 0.5, rows + 0.5], axis=1) @ px_from_cells[:, :2].T + px_from_cells[:, 2]
    half = 0.5 * float(np.sqrt(abs(np.linalg.det(px_from_cells[:, :2]))))
    left, top = np.percentile(points, 2, axis=0) - half
    right, bottom = np.percentile(points, 98, axis=0) + half
    return float(left), float(top), float(right), float(bottom)


class ObjectNamer:
    """Names for held objects, by track.

    A track is called by a noun of a narration that was heard around the grab, if there is one; narrations say what
    the wearer does, so the noun is what the hand took. Otherwise it is object_1, object_2, ... in the order in which
    tracks were first asked for, always the same for one track.

    vocabulary: names that may be used, in narrations' words ("plate", "washing_liquid"); where it is empty, a
    narration's first noun phrase is taken as it stands.
    """

    def __init__(self, vocabulary: Iterable[str] = ()) -> None:
        self._names: dict[int, str] = {}
        self._numbers: dict[int, int] = {}
        self.vocabulary = vocabulary

    @property
    def vocabulary(self) -> tuple[str, ...]:
        return self._vocabulary

    @vocabulary.setter
    def vocabulary(self, names: Iterable[str]) -> None:
        self._vocabulary = tuple(dict.fromkeys(object_name(name) for name in names))

    def name(self, track_id: int) -> str:
        """What the track is called. Tracks below 0 are no tracks: raises ValueError."""
        if track_id < 0:
            raise ValueError(f"expected a track's number, 0 or more, got {track_id}")
        if track_id in self._names:
            return self._names[track_id]
        return f"object_{self._numbers.setdefault(track_id, len(self._numbers) + 1)}"

    def is_named(self, track_id: int) -> bool:
        """Whether the track has a name that says what it is."""
        return track_id in self._names

    def tell(self, track_id: int, name: str) -> str:
        """Gives the track a name that somebody knows; returns its canonical form."""
        self._names[track_id] = object_name(name)
        return self._names[track_id]

    def narrated(self, narration: Narration | str, track_id: int, held: Iterable[int] | None = None) -> str | None:
        """Names the track that was taken while `narration` was said; returns the name, None if it tells none.

        The first noun counts: in "put plate on table" the hand holds the plate. A track keeps the first name that it
        got, and one name is not given to two tracks. held: the tracks whose names still count as given; None for all.
        """
        text = narration.text if isinstance(narration, Narration) else narration
        given = set(self._names.values()) if held is None else {self._names.get(track) for track in held}
        for noun in self.nouns(text):
            if track_id in self._names or noun in given:
                continue
            return self.tell(track_id, noun)
        return None

    def nouns(self, text: str) -> tuple[str, ...]:
        """The objects that a narration names, in its order.

        With a vocabulary: those of its names that occur (singular or plural; the longest where they overlap).
        Without: EPIC's narrations are "verb [particle] noun [preposition noun]", so the words after the verb, cut at
        prepositions, are the nouns.
        """
        words = re.findall(r"[a-z0-9']+", text.lower())
        if self._vocabulary:
            return _known_nouns(words, self._vocabulary)
        return _noun_phrases(words)


def names_what_is_taken(text: str) -> bool:
    """Whether a narration's first noun is what the hand takes: in "take knife" it is, in "cut bread" it is not."""
    words = re.findall(r"[a-z]+", text.lower())
    verbs = ("".join(words[:2]), *words[:1])
    return any(verb in _OPENING or VERBS.get(verb) in (Verb.GRASP, Verb.MOVE, Verb.POSITION) for verb in verbs)


_OPENING = frozenset(("open", "close", "shut"))

# fmt: off
_SPLITTERS = frozenset((
    "in", "into", "on", "onto", "from", "to", "with", "at", "of", "off", "over", "under", "by", "for", "and", "out",
    "up", "down", "back", "away", "inside", "through", "near", "around", "after", "before", "while", "then",
))
_FILLERS = frozenset((
    "the", "a", "an", "some", "his", "her", "my", "your", "their", "its", "this", "that", "these", "those", "more",
    "still", "again",
))
# fmt: on


def _singular(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("ches", "shes", "sses", "xes", "toes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us")):
        return word[:-1]
    return word


def _known_nouns(words: list[str], vocabulary: tuple[str, ...]) -> tuple[str, ...]:
    singular = [_singular(word) for word in words]
    # "board:chopping" is EPIC's way to write "chopping board".
    known = {
        tuple(_singular(part) for part in "_".join(reversed(name.split(":"))).split("_")): name for name in vocabulary
    }
    longest = max(len(parts) for parts in known)
    found: dict[str, None] = {}
    place = 0
    while place < len(singular):
        for length in range(min(longest, len(singular) - place), 0, -1):
            if name := known.get(tuple(singular[place : place + length])):
                found[name] = None
                place += length
                break
        else:
            place += 1
    return tuple(found)


def _noun_phrases(words: list[str]) -> tuple[str, ...]:
    phrases: list[list[str]] = [[]]
    for word in words[1:]:
        if word in _SPLITTERS:
            phrases.append([])
        elif word not in _FILLERS:
            phrases[-1].append(word)
    names = (object_name("_".join(phrase)) for phrase in phrases if phrase)
    return tuple(dict.fromkeys(names))

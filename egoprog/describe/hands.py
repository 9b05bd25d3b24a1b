"""Where the wearer's hands are: MediaPipe's hand landmarker, tracked over time, with a left and a right.

The network is trained on hands of all kinds; what is added here is what a first-person view tells: pictures of any
size at bounded cost, hands that are cut off by the picture's edge, and which of the wearer's hands it is.

    with HandDetector() as detector:
        for frame in frames:
            hands = detector.detect(frame.stamp_s, frame.image)
"""

from __future__ import annotations

import contextlib
import itertools
import math
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from egoprog.describe.types import Box
from egoprog.errors import ConfigurationError, FrameError, ModelError, StampError
from egoprog.models import model_path
from egoprog.program.types import Hand

# Indices into MediaPipe's 21 landmarks.
WRIST, THUMB_CMC, INDEX_MCP, MIDDLE_MCP, RING_MCP, PINKY_MCP = 0, 1, 5, 9, 13, 17
THUMB_TIP, INDEX_TIP, MIDDLE_TIP, RING_TIP, PINKY_TIP = 4, 8, 12, 16, 20
FINGERS = ((5, 6, 7, 8), (9, 10, 11, 12), (13, 14, 15, 16), (17, 18, 19, 20))
PALM = (WRIST, INDEX_MCP, MIDDLE_MCP, RING_MCP, PINKY_MCP)

MIN_SIDE_PX = 16  # below this nothing of a hand can be seen


@dataclass(frozen=True)
class HandDetectorConfig:
    """How hands are looked for. The three confidences are MediaPipe's own (0 to 1); its defaults are 0.5.

    0.3 finds both hands in 51 of 60 frames of ego4d_stir_pan and 12 of 12 of epic_plate, where 0.5 finds 39 and 0;
    and none in 438 frames of a video without hands (pouring_1), where 0.15 sees some.
    """

    min_detection: float = 0.3
    min_presence: float = 0.3
    min_tracking: float = 0.3
    max_side_px: int = 640  # larger pictures are shrunk: the network sees 192 px for palms and 224 px for landmarks
    # Where no hand is found, the picture is tried again inside a black frame (of its height below, of its width at
    # each side): palms cut off by the edge are found then (epic_3: 8 of 12 frames, none without).
    margin_below: float = 0.25
    margin_beside: float = 0.125
    quarter_turns: int = 0  # counter-clockwise quarter turns that make the picture upright (raw Aria pictures: 3)
    max_gap_s: float = 0.5  # a hand that is unseen for longer is a new one when it comes back
    min_gap_frames: int = 3  # or for more than so many frames, at low frame rates

    def __post_init__(self) -> None:
        for name in ("min_detection", "min_presence", "min_tracking"):
            if not 0 < getattr(self, name) <= 1:
                raise ConfigurationError(f"{name}: expected a confidence in (0, 1], got {getattr(self, name)!r}")
        if self.max_side_px < 64:
            raise ConfigurationError(f"max_side_px: expected 64 or more, got {self.max_side_px!r}")
        if self.margin_below < 0 or self.margin_beside < 0:
            raise ConfigurationError("margin_below, margin_beside: expected fractions of the picture, 0 or more")


@dataclass(frozen=True, eq=False)
class DetectedHand:
    """One hand in one picture.

    track_id: the same as long as it is the same hand. score: how sure the network is of left against right, the only
    score that it gives. landmarks_px: (21, 2), may lie outside of the picture. landmarks_m: (21, 3), around the
    hand's centre. box_px: around the landmarks, inside the picture.
    """

    track_id: int
    side: Hand
    score: float
    box_px: Box
    landmarks_px: np.ndarray
    landmarks_m: np.ndarray

    @property
    def palm_px(self) -> float:
        """Wrist to the knuckle of the middle finger or across the knuckles, whichever is less foreshortened."""
        points = self.landmarks_px
        length = np.linalg.norm(points[MIDDLE_MCP] - points[WRIST])
        width = 1.3 * np.linalg.norm(points[PINKY_MCP] - points[INDEX_MCP])
        return float(max(length, width, 1.0))


def check_image(image: np.ndarray) -> None:
    """Raises FrameError unless `image` is (H, W, 3) uint8 and large enough to show a hand."""
    if not isinstance(image, np.ndarray) or image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        got = f"{image.dtype} {image.shape}" if isinstance(image, np.ndarray) else type(image).__name__
        raise FrameError(f"expected an RGB image, uint8 (H, W, 3), got {got}; convert it first")
    if min(image.shape[:2]) < MIN_SIDE_PX:
        height, width = image.shape[:2]
        raise FrameError(f"expected an image of at least {MIN_SIDE_PX} px a side, got {width}x{height}; drop the frame")


def shrunk(image: np.ndarray, max_side_px: int) -> tuple[np.ndarray, float]:
    """The image with no side longer than `max_side_px`, and its scale; the image itself where it is small enough.

    First by a whole number, averaging, which is fast, then by the rest: 1408 px to 640 px in 2 ms instead of 12.
    """
    scale = min(1.0, max_side_px / max(image.shape[:2]))
    if scale == 1:
        return image, scale
    height, width = (max(1, round(side * scale)) for side in image.shape[:2])
    whole = int(1 / scale)
    if whole > 1:
        image = image[: image.shape[0] // whole * whole, : image.shape[1] // whole * whole]
        size = (image.shape[1] // whole, image.shape[0] // whole)
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR), scale


@dataclass
class _Candidate:
    """A hand as the network gave it, in pixels of the whole picture, turned upright."""

    right_log_odds: float
    score: float
    points: np.ndarray
    points_m: np.ndarray


@dataclass
class _Track:
    track_id: int
    points: np.ndarray  # upright
    stamp_s: float
    frame: int
    right_log_odds: float = 0.0  # gathered over time
    side: Hand | None = None


class HandDetector:
    """Finds at most one left and one right hand in each picture of a stream.

    Between pictures the network follows its own landmarks, which is faster and finds more than looking anew. Close
    it when done (or use it in a `with` statement).
    """

    def __init__(self, config: HandDetectorConfig | None = None, model: Path | None = None) -> None:
        """model: a MediaPipe hand landmarker bundle (`.task`); None for the packaged one. Raises ModelError."""
        self.config = config or HandDetectorConfig()
        self._model = Path(model) if model else model_path("hand_landmarker")
        self._landmarker = None
        self._open()
        self.model_s = 0.0  # seconds spent in the network so far
        self._next_id = 0
        self._forget()

    def _open(self) -> None:
        with _quiet_stderr():
            import mediapipe
            from mediapipe.tasks.python import BaseOptions, vision

            config = self.config
            options = vision.HandLandmarkerOptions(
                base_options=BaseOptions(model_asset_path=str(self._model)),
                running_mode=vision.RunningMode.VIDEO,
                num_hands=2,
                min_hand_detection_confidence=config.min_detection,
                min_hand_presence_confidence=config.min_presence,
                min_tracking_confidence=config.min_tracking,
            )
            try:
                self._landmarker = vision.HandLandmarker.create_from_options(options)
                # The first picture is slow and draws a warning: it is a blank one.
                blank = np.zeros((64, 64, 3), np.uint8)
                self._landmarker.detect_for_video(
                    mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=blank), 0
                )
            except (RuntimeError, ValueError, OSError) as error:
                raise ModelError(
                    f"expected a MediaPipe hand landmarker at {self._model}, got: {str(error).splitlines()[0]}; "
                    "run `egoprog models fetch`"
                ) from error

    def _forget(self) -> None:
        self._tracks: list[_Track] = []
        self._stamp_s = -math.inf
        self._frame = 0
        self._network_ms = 0
        self._has_margin = False
        self._size: tuple[int, int] | None = None

    def detect(self, stamp_s: float, image: np.ndarray) -> tuple[DetectedHand, ...]:
        """The hands in one picture, left before right.

        stamp_s: seconds, must grow from call to call; raises StampError if not (call `reset` for another stream).
        image: (H, W, 3) uint8 RGB; raises FrameError.
        """
        if self._landmarker is None:
            raise ModelError("expected an open hand detector, got a closed one; make a new one")
        check_image(image)
        if not math.isfinite(stamp_s) or stamp_s <= self._stamp_s:
            raise StampError(
                f"expected a stamp after {self._stamp_s} s, got {stamp_s} s; call reset() for a new stream"
            )
        if self._size not in (None, image.shape[:2]):
            self.reset()
        self._size = image.shape[:2]
        self._stamp_s = stamp_s
        self._frame += 1

        small, scale = shrunk(image, self.config.max_side_px)
        small = np.ascontiguousarray(np.rot90(small, self.config.quarter_turns))
        # The network follows hands in its own picture's coordinates: the margin may change only when it follows none.
        candidates = self._look(small, scale, self._has_margin)
        if not candidates and (self.config.margin_below or self.config.margin_beside):
            self._has_margin = not self._has_margin
            candidates = self._look(small, scale, self._has_margin)
        if not candidates:
            self._has_margin = False
        return self._follow(candidates, small.shape[1] / scale)

    def _look(self, picture: np.ndarray, scale: float, has_margin: bool) -> list[_Candidate]:
        import mediapipe

        height, width = picture.shape[:2]
        below, beside = 0, 0
        if has_margin:
            below, beside = int(self.config.margin_below * height), int(self.config.margin_beside * width)
            picture = cv2.copyMakeBorder(picture, 0, below, beside, beside, cv2.BORDER_CONSTANT)
        # Video mode wants whole milliseconds that grow, from above the blank picture's 0.
        self._network_ms = max(self._network_ms + 1, round(self._stamp_s * 1000))
        start = time.perf_counter()
        result = self._landmarker.detect_for_video(
            mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=picture), self._network_ms
        )
        self.model_s += time.perf_counter() - start

        candidates = []
        for sides, landmarks, world in zip(
            result.handedness, result.hand_landmarks, result.hand_world_landmarks, strict=True
        ):
            points = np.array([(p.x, p.y) for p in landmarks]) * (width + 2 * beside, height + below) - (beside, 0)
            # A hand of which little lies in the picture is a guess about the margin.
            inside = ((points >= 0) & (points < (width, height))).all(axis=1)
            if inside.sum() < 7:
                continue
            confidence = float(np.clip(sides[0].score, 0.5, 0.999))
            log_odds = math.log(confidence / (1 - confidence))
            candidates.append(
                _Candidate(
                    # The bundle's label holds for a picture that is not mirrored (checked on ego4d_stir_pan).
                    right_log_odds=log_odds if sides[0].category_name == "Right" else -log_odds,
                    score=confidence,
                    points=points / scale,
                    points_m=np.array([(p.x, p.y, p.z) for p in world]),
                )
            )
        return _without_doubles(candidates)

    def _follow(self, candidates: list[_Candidate], width: float) -> tuple[DetectedHand, ...]:
        self._tracks = [track for track in self._tracks if not self._is_old(track)]
        tracks = [self._track_of(candidate, taken) for candidate, taken in _match(candidates, self._tracks)]
        for track, candidate in zip(tracks, candidates, strict=True):
            track.points, track.stamp_s, track.frame = candidate.points, self._stamp_s, self._frame
            track.right_log_odds = float(np.clip(0.9 * track.right_log_odds + _side_evidence(candidate, width), -6, 6))
        _assign_sides(tracks)
        # A hand that takes the side of one that is out of sight is that one's successor.
        seen = {track.side for track in tracks}
        self._tracks = tracks + [track for track in self._tracks if track not in tracks and track.side not in seen]
        hands = [self._hand(track, candidate) for track, candidate in zip(tracks, candidates, strict=True)]
        return tuple(sorted(hands, key=lambda hand: hand.side != Hand.LEFT))

    def _is_old(self, track: _Track) -> bool:
        return (
            self._stamp_s - track.stamp_s > self.config.max_gap_s
            and self._frame - track.frame > self.config.min_gap_frames
        )

    def _track_of(self, candidate: _Candidate, taken: _Track | None) -> _Track:
        if taken is not None:
            return taken
        self._next_id += 1
        return _Track(self._next_id, candidate.points, self._stamp_s, self._frame)

    def _hand(self, track: _Track, candidate: _Candidate) -> DetectedHand:
        height, width = self._size
        points = _turned_back(candidate.points, self.config.quarter_turns, width, height)
        low = np.clip(points.min(axis=0), 0, (width, height))
        high = np.clip(points.max(axis=0), 0, (width, height))
        return DetectedHand(
            track_id=track.track_id,
            side=track.side,
            score=candidate.score,
            box_px=(float(low[0]), float(low[1]), float(high[0]), float(high[1])),
            landmarks_px=points,
            landmarks_m=candidate.points_m,
        )

    def reset(self) -> None:
        """Forgets the stream: the next picture may have any stamp and any size."""
        if self._landmarker is not None:
            self.close()
            self._open()
        self._forget()

    def close(self) -> None:
        """Frees the network; may be called twice. Left to the interpreter's end, MediaPipe complains."""
        landmarker, self._landmarker = self._landmarker, None
        if landmarker is not None:
            landmarker.close()

    def __enter__(self) -> HandDetector:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _without_doubles(candidates: list[_Candidate]) -> list[_Candidate]:
    """The network at times gives one hand twice: keeps the surer one of two whose palms lie on each other."""
    kept: list[_Candidate] = []
    for candidate in sorted(candidates, key=lambda candidate: -candidate.score):
        centre, size = candidate.points[list(PALM)].mean(axis=0), np.ptp(candidate.points, axis=0).max()
        if all(np.linalg.norm(other.points[list(PALM)].mean(axis=0) - centre) > 0.35 * size for other in kept):
            kept.append(candidate)
    return kept


def _match(candidates: list[_Candidate], tracks: list[_Track]) -> list[tuple[_Candidate, _Track | None]]:
    """Each candidate with the track that it continues, so that the sum of distances is least."""
    slots: list[_Track | None] = [*tracks, *[None] * len(candidates)]

    def cost(candidate: _Candidate, track: _Track | None) -> float:
        # In hand sizes; beyond two of them (a fast hand at 5 Hz) it is another hand.
        if track is None:
            return 2.0
        return float(np.linalg.norm(candidate.points.mean(axis=0) - track.points.mean(axis=0))) / max(
            1.0, float(np.ptp(track.points, axis=0).max())
        )

    choices = itertools.permutations(slots, len(candidates))
    best = min(choices, key=lambda choice: sum(cost(c, t) for c, t in zip(candidates, choice, strict=True)))
    return list(zip(candidates, best, strict=True))


def _side_evidence(candidate: _Candidate, width: float) -> float:
    """Log-odds that this is the wearer's right hand, from one picture.

    Besides the network's own word: the wearer's right forearm comes from the right, and so, mostly, does the hand.
    An arm from above is not the wearer's, or is seen from a camera that nobody wears: no such evidence then.
    """
    evidence = 0.3 * float(np.clip(candidate.right_log_odds, -3, 3))
    forearm = candidate.points[WRIST] - candidate.points[MIDDLE_MCP]
    forearm = forearm / max(1e-6, float(np.linalg.norm(forearm)))
    if forearm[1] > -0.5:
        centre = float(candidate.points[:, 0].mean()) / width
        evidence += 1.0 * float(forearm[0]) + 1.0 * (centre - 0.5)
    return evidence


def _assign_sides(tracks: list[_Track]) -> None:
    """At most one left and one right; a side once given is given up only on clear evidence."""

    def value(track: _Track) -> float:
        stays = {None: 0.0, Hand.RIGHT: 1.5, Hand.LEFT: -1.5}[track.side]
        return track.right_log_odds + stays

    if len(tracks) == 1:
        tracks[0].side = Hand.RIGHT if value(tracks[0]) >= 0 else Hand.LEFT
    elif len(tracks) == 2:
        left, right = sorted(tracks, key=value)
        left.side, right.side = Hand.LEFT, Hand.RIGHT


def _turned_back(points: np.ndarray, quarter_turns: int, width: int, height: int) -> np.ndarray:
    """Points of the picture that `np.rot90(image, quarter_turns)` made, in pixels of the image (width, height)."""
    x, y = points[:, 0], points[:, 1]
    match quarter_turns % 4:
        case 0:
            return points
        case 1:
            return np.stack([width - 1 - y, x], axis=1)
        case 2:
            return np.stack([width - 1 - x, height - 1 - y], axis=1)
        case _:
            return np.stack([y, height - 1 - x], axis=1)


@contextlib.contextmanager
def _quiet_stderr() -> Iterator[None]:
    """Keeps the C++ libraries' start-up chatter, which no setting silences, from the terminal. Exceptions pass."""
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)

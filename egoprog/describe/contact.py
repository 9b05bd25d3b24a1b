"""What the hands hold, without training: how the fingers close, and whether something moves along with the hand.

Two pieces of evidence, kept apart for each hand and joined in one score:

* the grip, from the landmarks: fingers bent, or the thumb's tip at a finger's tip;
* motion: where the hand moves over the background, each pixel around the fingers either went with the hand or stayed
  behind. What went along and is no hand is the object; its region is gathered over time (`HeldRegion`). While the
  hand is still there is no such evidence, and what was known stays known.

Work is done on a picture of at most 320 px. All periods count in seconds and in frames, so that 5 Hz works too.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from egoprog.describe.hands import (
    FINGERS,
    INDEX_TIP,
    MIDDLE_MCP,
    MIDDLE_TIP,
    PALM,
    RING_TIP,
    THUMB_TIP,
    WRIST,
    DetectedHand,
    HandDetector,
    HandDetectorConfig,
    shrunk,
)
from egoprog.describe.objects import CELL, GRID, HeldRegion, box_of_cells
from egoprog.describe.types import Contact, ContactEvent, ContactKind, HandObservation, ObjectDetection
from egoprog.errors import ConfigurationError
from egoprog.program.types import Hand

if TYPE_CHECKING:
    from egoprog.data.samples import Frame

# Chains of landmarks that bones join: the thumb, the fingers from the wrist, the knuckles.
_BONES = ((0, 1, 2, 3, 4), *((0, *finger) for finger in FINGERS), (5, 9, 13, 17))
_BACKGROUND = -1  # the background's place among the motions of tracks


@dataclass(frozen=True)
class ContactConfig:
    """When a hand holds something.

    Set by hand on the recordings that the tests name, not learned; contact_score = sigmoid(bias + grip_weight *
    (2 grip - 1) + motion_weight * motion), grip in [0, 1], motion in [-1, 1] (0 unknown).
    """

    max_side_px: int = 320
    bias: float = 0.0
    grip_weight: float = 1.5
    motion_weight: float = 2.5
    grab_score: float = 0.6
    release_score: float = 0.4
    # How long a score must lie beyond its threshold: so many seconds, and so many frames.
    grab_s: float = 0.1
    release_s: float = 0.25
    dwell_frames: int = 2
    smoothing_s: float = 0.2  # of the grip; at most half of it is renewed by one frame
    baseline_s: float = 0.1  # motion is measured against the frame that is at least so old
    min_motion_px: float = 1.5  # a hand that moved less over the background (of 320 px) says nothing about motion
    full_region: float = 0.15  # palm lengths squared: the area that moves along and counts as full evidence
    # A hand out of sight keeps what it holds for so long; then the hold is given up, as a release with score 0.
    keep_s: float = 2.0
    keep_frames: int = 3
    first_s: float = 0.3  # a grab so soon after the first frame (or within 3 frames) is stamped with that frame

    def __post_init__(self) -> None:
        if not 0 < self.release_score <= self.grab_score < 1:
            raise ConfigurationError(
                "release_score, grab_score: expected 0 < release_score <= grab_score < 1, "
                f"got {self.release_score!r} and {self.grab_score!r}"
            )
        if self.max_side_px < 64:
            raise ConfigurationError(f"max_side_px: expected 64 or more, got {self.max_side_px!r}")


@dataclass(frozen=True, slots=True)
class HandFrame:
    """What was found in one frame. model_s: seconds spent in the network for it."""

    stamp_s: float
    hands: tuple[HandObservation, ...]
    events: tuple[ContactEvent, ...]
    model_s: float = 0.0


class HandContactExtractor:
    """Frames in, hands with contacts and grab and release events out: detector and contact estimator in a row."""

    def __init__(
        self,
        config: ContactConfig | None = None,
        detector_config: HandDetectorConfig | None = None,
        model: Path | None = None,
    ) -> None:
        """model: see HandDetector. Raises ModelError."""
        self._detector = HandDetector(detector_config, model)
        self._estimator = ContactEstimator(config)

    def push(self, frame: Frame) -> HandFrame:
        """Raises FrameError and StampError; the frame is then as if it had never come."""
        before_s = self._detector.model_s
        hands = self._detector.detect(frame.stamp_s, frame.image)
        observations, events = self._estimator.push(frame.stamp_s, frame.image, hands)
        return HandFrame(frame.stamp_s, observations, events, self._detector.model_s - before_s)

    def flush(self) -> tuple[ContactEvent, ...]:
        """Events that the stream's end leaves no time to confirm."""
        return self._estimator.flush()

    def reset(self) -> None:
        """Forgets the stream: the next frame may have any stamp and size."""
        self._detector.reset()
        self._estimator.reset()

    def close(self) -> None:
        """Frees the network; may be called twice."""
        self._detector.close()

    def __enter__(self) -> HandContactExtractor:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass(frozen=True, eq=False)
class _Picture:
    """One frame at working size.

    hands: landmarks (21, 2) by track. masks: of each hand, uint8, 255 where it is. mask: of all of them.
    """

    stamp_s: float
    number: int
    rgb: np.ndarray
    grey: np.ndarray
    hands: dict[int, np.ndarray]
    masks: dict[int, np.ndarray]
    mask: np.ndarray


@dataclass
class _HandState:
    """What is known of one side's hand."""

    first_stamp_s: float
    first_number: int
    stamp_s: float
    number: int
    grip: float | None = None
    motion: float = 0.0
    region: HeldRegion = field(default_factory=HeldRegion)
    palm_px: float = 0.0  # at working size, smoothed, as is the unit vector from wrist to fingers
    forward: np.ndarray | None = None
    held: np.ndarray | None = None  # (GRID, GRID) bool: the object on the region's map
    is_moving: bool = False  # over the background, so that motion is telling
    slow_s: float = 0.0
    is_holding: bool = False
    object_id: int = -1
    score: float = 0.0
    # Since when, and for how many frames, the score lies beyond the threshold that would change is_holding.
    turning_s: float | None = None
    turning_frames: int = 0


class ContactEstimator:
    """Contact states from pictures and the hands in them; knows nothing of the network that found the hands."""

    def __init__(self, config: ContactConfig | None = None) -> None:
        self.config = config or ContactConfig()
        self._next_id = 0
        self.reset()

    def reset(self) -> None:
        """Forgets the stream. Numbers of objects go on, so that none comes twice."""
        self._pictures: list[_Picture] = []
        self._states: dict[Hand, _HandState] = {}
        self._first_stamp_s: float | None = None
        self._number = 0

    def push(
        self, stamp_s: float, image: np.ndarray, hands: tuple[DetectedHand, ...]
    ) -> tuple[tuple[HandObservation, ...], tuple[ContactEvent, ...]]:
        """image: (H, W, 3) uint8 RGB. hands: at most one of each side. Stamps grow from call to call."""
        self._number += 1
        if self._first_stamp_s is None:
            self._first_stamp_s = stamp_s
        small, scale = shrunk(image, self.config.max_side_px)
        picture = self._picture(stamp_s, small, hands, scale)
        reference = self._reference(picture)
        motions = _motions(reference, picture) if reference and hands else {}

        events: list[ContactEvent] = []
        observations = []
        for hand in hands:
            state = self._states.get(hand.side)
            if state is None:
                state = _HandState(stamp_s, self._number, stamp_s, self._number)
                self._states[hand.side] = state
            self._observe(state, hand, picture, reference, motions, scale)
            events.extend(self._decide(state, hand, stamp_s))
            observations.append(self._observation(state, hand, stamp_s, image.shape, scale))
        events.extend(self._forget_lost(stamp_s, {hand.side for hand in hands}))
        self._remember(picture)
        return tuple(observations), tuple(events)

    def flush(self) -> tuple[ContactEvent, ...]:
        """Grabs and releases that had begun and whose time to be confirmed did not come."""
        events = []
        for side, state in self._states.items():
            if state.turning_frames >= self.config.dwell_frames and state.number == self._number:
                events.append(self._turn(state, side))
        return tuple(events)

    # What one picture says

    def _picture(self, stamp_s: float, small: np.ndarray, hands: tuple[DetectedHand, ...], scale: float) -> _Picture:
        rgb = cv2.GaussianBlur(small, (3, 3), 0)
        landmarks = {hand.track_id: hand.landmarks_px * scale for hand in hands}
        masks = {
            hand.track_id: _hand_mask(rgb.shape[:2], landmarks[hand.track_id], hand.palm_px * scale) for hand in hands
        }
        mask = np.zeros(rgb.shape[:2], np.uint8)
        for each in masks.values():
            mask |= each
        grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
        return _Picture(stamp_s, self._number, rgb, grey, landmarks, masks, mask)

    def _reference(self, picture: _Picture) -> _Picture | None:
        """The newest kept picture that is at least the baseline old, else the oldest; none across a gap."""
        usable = [
            kept
            for kept in self._pictures
            if kept.rgb.shape == picture.rgb.shape
            and (picture.stamp_s - kept.stamp_s < 0.5 or picture.number - kept.number == 1)
        ]
        old = [kept for kept in usable if picture.stamp_s - kept.stamp_s >= self.config.baseline_s - 1e-3]
        return old[-1] if old else (usable[0] if usable else None)

    def _remember(self, picture: _Picture) -> None:
        self._pictures.append(picture)
        horizon_s = picture.stamp_s - self.config.baseline_s
        # One picture older than the baseline is enough.
        while len(self._pictures) > 1 and self._pictures[1].stamp_s <= horizon_s + 1e-3:
            self._pictures.pop(0)
        del self._pictures[:-16]

    def _observe(
        self,
        state: _HandState,
        hand: DetectedHand,
        picture: _Picture,
        reference: _Picture | None,
        motions: dict[int, np.ndarray],
        scale: float,
    ) -> None:
        dt_s = picture.stamp_s - state.stamp_s
        grip = grip_closure(hand.landmarks_m)
        renewal = min(0.5, 1 - np.exp(-dt_s / self.config.smoothing_s))
        state.grip = grip if state.grip is None else state.grip + renewal * (grip - state.grip)
        state.stamp_s, state.number = picture.stamp_s, picture.number
        _follow_pose(state, picture.hands[hand.track_id], hand.palm_px * scale)
        state.is_moving = False
        if _BACKGROUND in motions and hand.track_id in motions:
            self._observe_motion(state, hand.track_id, picture, reference, motions, max(dt_s, 1e-3))
        logit = (
            self.config.bias + self.config.grip_weight * (2 * state.grip - 1) + self.config.motion_weight * state.motion
        )
        state.score = float(1 / (1 + np.exp(-logit)))

    def _observe_motion(
        self,
        state: _HandState,
        track_id: int,
        picture: _Picture,
        reference: _Picture,
        motions: dict[int, np.ndarray],
        dt_s: float,
    ) -> None:
        points, palm = picture.hands[track_id], state.palm_px
        motion, background = motions[track_id], motions[_BACKGROUND]
        centre = points[list(PALM)].mean(axis=0)
        apart_px = float(np.linalg.norm(_apply(motion, centre) - _apply(background, centre)))
        seconds = max(picture.stamp_s - reference.stamp_s, 1e-3)
        state.slow_s = state.slow_s + dt_s if apart_px / palm / seconds < 0.5 else 0.0
        weight = float(np.clip(apart_px / self.config.min_motion_px - 1, 0, 1))
        state.is_moving = weight > 0
        if not state.is_moving:
            return
        moves, stays, hand_cells = _votes(picture, reference, track_id, _cells(state, points), palm, motion, background)
        # What two frames that overlap in time say is not said twice.
        share = min(1.0, dt_s / seconds)
        state.region.observe(moves, stays, 0.5 * weight * share, dt_s)
        mask = state.region.mask(hand_cells)
        area = float(mask.sum()) * CELL**2
        if (moves + stays).sum() * CELL**2 < self.config.full_region:
            return  # nothing around the fingers has enough texture to tell
        evidence = 2 * min(1.0, area / self.config.full_region) - 1
        state.motion += min(0.5, 4 * dt_s) * weight * (evidence - state.motion)
        if area > 0.7 * self.config.full_region:
            state.held = mask

    # What follows from it

    def _decide(self, state: _HandState, hand: DetectedHand, stamp_s: float) -> list[ContactEvent]:
        config = self.config
        if state.is_holding:
            is_beyond = state.score < config.release_score
        else:
            # A grip alone is no grab while the hand moves and nothing goes along.
            is_beyond = state.score > config.grab_score and not (state.is_moving and state.motion < 0)
        if not is_beyond:
            state.turning_s, state.turning_frames = None, 0
            return []
        if state.turning_s is None:
            state.turning_s = stamp_s
        state.turning_frames += 1
        needed_s = config.release_s if state.is_holding else config.grab_s
        if state.turning_frames < config.dwell_frames or stamp_s - state.turning_s < needed_s - 1e-3:
            return []
        return [self._turn(state, hand.side)]

    def _turn(self, state: _HandState, side: Hand) -> ContactEvent:
        """Grabbed becomes released and the other way round, as of the frame in which the score crossed over."""
        stamp_s, state.turning_s, state.turning_frames = state.turning_s, None, 0
        state.is_holding = not state.is_holding
        if not state.is_holding:
            event = ContactEvent(ContactKind.RELEASED, side, stamp_s, "", state.object_id, 1 - state.score)
            state.object_id, state.held = -1, None
            return event
        if stamp_s - self._first_stamp_s <= self.config.first_s or (state.first_number == 1 and self._number <= 4):
            stamp_s = self._first_stamp_s
        state.object_id = self._next_id
        self._next_id += 1
        return ContactEvent(ContactKind.GRABBED, side, stamp_s, "", state.object_id, state.score)

    def _forget_lost(self, stamp_s: float, seen: set[Hand]) -> list[ContactEvent]:
        events = []
        for side in [side for side in self._states if side not in seen]:
            state = self._states[side]
            state.turning_s, state.turning_frames = None, 0
            if stamp_s - state.stamp_s <= self.config.keep_s or self._number - state.number <= self.config.keep_frames:
                continue
            if state.is_holding:
                events.append(ContactEvent(ContactKind.RELEASED, side, stamp_s, "", state.object_id, 0.0))
            del self._states[side]
        return events

    def _observation(
        self, state: _HandState, hand: DetectedHand, stamp_s: float, shape: tuple[int, ...], scale: float
    ) -> HandObservation:
        contact, held = Contact.NONE, None
        if state.is_holding:
            contact = Contact.PORTABLE
            held = _held_object(state, hand, shape, scale)
        elif state.grip >= 0.5 and state.slow_s >= 0.5:
            # A closed hand that rests: on something, but nothing that came along when it moved.
            contact = Contact.STATIONARY
        return HandObservation(
            stamp_s=stamp_s,
            side=hand.side,
            score=hand.score,
            box_px=hand.box_px,
            landmarks_px=tuple((float(x), float(y)) for x, y in hand.landmarks_px),
            contact=contact,
            contact_score=state.score,
            contact_object=held,
        )


def grip_closure(landmarks_m: np.ndarray) -> float:
    """How far a hand is closed: 0 flat and open, 1 a fist or a pinch.

    landmarks_m: (21, 3), any scale. Fingers: the tips' distance from the wrist, over the palm's length, which is about
    2 for straight fingers and 0.9 in a fist. Pinch: thumb's tip to the nearest of three fingertips, over the same.
    """
    palm = max(1e-6, float(np.linalg.norm(landmarks_m[MIDDLE_MCP] - landmarks_m[WRIST])))
    reach = np.mean([np.linalg.norm(landmarks_m[finger[3]] - landmarks_m[WRIST]) for finger in FINGERS[1:]]) / palm
    thumb = landmarks_m[THUMB_TIP]
    pinch = min(np.linalg.norm(thumb - landmarks_m[tip]) for tip in (INDEX_TIP, MIDDLE_TIP, RING_TIP)) / palm
    return float(max(np.clip((1.75 - reach) / 0.5, 0, 1), np.clip((0.75 - pinch) / 0.4, 0, 1)))


def _held_object(state: _HandState, hand: DetectedHand, shape: tuple[int, ...], scale: float) -> ObjectDetection:
    """What the hand holds, its box in pixels of the whole image.

    Where it was seen to move with the hand; where nothing but the grip tells of it, one palm length around the middle
    of the thumb's and the fingers' tips, at half the score.
    """
    points, palm = hand.landmarks_px, hand.palm_px
    if state.held is None:
        middle = points[[THUMB_TIP, INDEX_TIP, MIDDLE_TIP]].mean(axis=0)
        edges = np.concatenate([middle - palm / 2, middle + palm / 2])
        score = 0.5 * state.score
    else:
        edges = np.array(box_of_cells(state.held, _cells(state, points * scale))) / scale
        score = state.score
    height, width = shape[:2]
    edges = np.clip(edges, 0, (width, height, width, height))
    return ObjectDetection("", score, tuple(edges.tolist()), state.object_id)


def _follow_pose(state: _HandState, points: np.ndarray, palm_px: float) -> None:
    """Landmarks tremble; a map that trembled with them would smear."""
    forward = points[MIDDLE_MCP] - points[WRIST]
    forward = forward / max(1e-6, float(np.linalg.norm(forward)))
    if state.forward is None:
        state.palm_px, state.forward = palm_px, forward
        return
    state.palm_px += 0.3 * (palm_px - state.palm_px)
    forward = state.forward + 0.5 * (forward - state.forward)
    if (length := float(np.linalg.norm(forward))) > 0.1:
        state.forward = forward / length


def _cells(state: _HandState, points: np.ndarray) -> np.ndarray:
    """From pixels at working size to cells of the state's region."""
    return HeldRegion.cells_from_px(points[list(PALM)].mean(axis=0), state.palm_px, state.forward)


def _hand_mask(shape: tuple[int, int], points: np.ndarray, palm_px: float) -> np.ndarray:
    """255 where the hand is: its bones as thick as fingers are, and the palm. uint8 of `shape`, height and width."""
    mask = np.zeros(shape, np.uint8)
    thickness = max(1, round(0.38 * palm_px))
    pixels = np.clip(np.round(points), -10_000, 10_000).astype(np.int32)
    cv2.polylines(mask, [pixels[list(chain)] for chain in _BONES], False, 255, thickness)
    cv2.fillConvexPoly(mask, cv2.convexHull(pixels[list(PALM)]), 255)
    return mask


def _apply(transform: np.ndarray, points: np.ndarray) -> np.ndarray:
    """A (2, 3) transform on points (..., 2)."""
    return points @ transform[:, :2].T + transform[:, 2]


def _motions(reference: _Picture, picture: _Picture) -> dict[int, np.ndarray]:
    """How the background and each hand went from the reference to the picture: (2, 3) transforms.

    The background's is affine and absent where nothing tells. A hand's is a similarity: the landmarks give it
    roughly; corners on the hand, followed from there, give it to a pixel. All corners are followed in one go.
    """
    starts = {_BACKGROUND: _background_corners(reference)}
    guesses = {_BACKGROUND: np.eye(2, 3)}
    for track_id in reference.hands.keys() & picture.hands.keys():
        before, after = reference.hands[track_id], picture.hands[track_id]
        rough, _ = cv2.estimateAffinePartial2D(before, after, method=cv2.LMEDS)
        if rough is None:
            rough = np.hstack([np.eye(2), (after.mean(axis=0) - before.mean(axis=0))[:, None]])
        guesses[track_id] = rough
        starts[track_id] = _hand_corners(reference, track_id)
    start = np.ascontiguousarray(np.concatenate(list(starts.values())), np.float32)
    if len(start) == 0:
        return {track_id: guess for track_id, guess in guesses.items() if track_id != _BACKGROUND}
    aim = np.concatenate([_apply(guesses[track_id], points) for track_id, points in starts.items()])
    found, status, _ = cv2.calcOpticalFlowPyrLK(
        reference.grey,
        picture.grey,
        start.reshape(-1, 1, 2),
        np.ascontiguousarray(aim, np.float32).reshape(-1, 1, 2),
        winSize=(11, 11),
        maxLevel=3,
        criteria=(cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 12, 0.03),
        flags=cv2.OPTFLOW_USE_INITIAL_FLOW,
    )
    found, is_found = found[:, 0], status.ravel() == 1

    motions, place = {}, 0
    for track_id, points in starts.items():
        here = slice(place, place + len(points))
        place += len(points)
        before, after = start[here][is_found[here]], found[here][is_found[here]]
        if track_id != _BACKGROUND:
            motions[track_id] = _hand_motion(before, after, guesses[track_id], picture.hands[track_id])
        elif (motion := _background_motion(before, after)) is not None:
            motions[track_id] = motion
    return motions


def _background_corners(picture: _Picture) -> np.ndarray:
    """Up to 100 corners (N, 2) away from the hands, found at half size."""
    away = cv2.bitwise_not(cv2.dilate(picture.mask, np.ones((15, 15), np.uint8)))
    half = (picture.grey.shape[1] // 2, picture.grey.shape[0] // 2)
    corners = cv2.goodFeaturesToTrack(
        cv2.resize(picture.grey, half, interpolation=cv2.INTER_AREA), 100, 0.01, 5, mask=cv2.resize(away, half)
    )
    return np.zeros((0, 2)) if corners is None else 2 * corners[:, 0] + 0.5


def _hand_corners(picture: _Picture, track_id: int) -> np.ndarray:
    """Up to 40 corners (N, 2) on a hand."""
    mask = picture.masks[track_id]
    x, y, width, height = cv2.boundingRect(mask)
    if min(width, height) < 4:
        return np.zeros((0, 2))
    here = (slice(y, y + height), slice(x, x + width))
    corners = cv2.goodFeaturesToTrack(picture.grey[here], 40, 0.01, 3, mask=mask[here])
    return np.zeros((0, 2)) if corners is None else corners[:, 0] + (x, y)


def _background_motion(before: np.ndarray, after: np.ndarray) -> np.ndarray | None:
    if len(before) < 8:
        return None
    transform, inliers = cv2.estimateAffine2D(before, after, ransacReprojThreshold=1.5, maxIters=200)
    if transform is None or inliers.sum() < max(6, 0.25 * len(before)):
        return None
    return transform


def _hand_motion(before: np.ndarray, after: np.ndarray, rough: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    palm = max(4.0, float(np.linalg.norm(landmarks[MIDDLE_MCP] - landmarks[WRIST])))
    is_near = np.linalg.norm(after - _apply(rough, before), axis=1) < 0.35 * palm
    if is_near.sum() < 6:
        return rough
    fine, inliers = cv2.estimateAffinePartial2D(before[is_near], after[is_near], ransacReprojThreshold=1.5)
    return rough if fine is None or inliers.sum() < 6 else fine


def _votes(
    picture: _Picture,
    reference: _Picture,
    track_id: int,
    cells: np.ndarray,
    palm: float,
    motion: np.ndarray,
    background: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which of the cells around the hand went with it, and which stayed with the background.

    Each pixel is compared with the reference as the hand's motion and as the background's would have moved it; where
    one fits clearly better, it has a vote. Hands have none, and nothing behind the wrist: that is the arm.
    Returns (moves, stays, hand), each (GRID, GRID): shares of cells, and where the hand itself is.
    """

    points = picture.hands[track_id]
    reach = GRID * CELL * palm / 2
    centre = points[list(PALM)].mean(axis=0)
    height, width = picture.grey.shape
    x0, y0 = np.clip(np.floor(centre - reach), 0, (width, height)).astype(int)
    x1, y1 = np.clip(np.ceil(centre + reach), 0, (width, height)).astype(int)
    if x1 - x0 < 8 or y1 - y0 < 8:
        nothing = np.zeros((GRID, GRID), np.float32)
        return nothing, nothing, nothing.astype(bool)

    rows, columns = np.arange(y0, y1, dtype=np.float32)[:, None], np.arange(x0, x1, dtype=np.float32)
    forward = (points[MIDDLE_MCP] - points[WRIST]) / max(1e-6, np.linalg.norm(points[MIDDLE_MCP] - points[WRIST]))
    ahead = (columns - points[WRIST][0]) * forward[0] + (rows - points[WRIST][1]) * forward[1]
    own = picture.masks[track_id][y0:y1, x0:x1]
    seen = picture.rgb[y0:y1, x0:x1]
    hands = picture.mask[y0:y1, x0:x1] | _skin(seen, points - (x0, y0), own, palm)
    # Two pixels more: at a hand's rim its colour is mixed with what lies behind.
    is_open = (cv2.dilate(hands, np.ones((5, 5), np.uint8)) == 0) & (ahead > 0.2 * palm)
    share_open = cv2.blur(is_open.astype(np.float32), (5, 5))

    def misfit(transform: np.ndarray) -> np.ndarray:
        shifted = transform.copy()
        shifted[:, 2] -= (x0, y0)
        moved = cv2.warpAffine(reference.rgb, shifted, (x1 - x0, y1 - y0), borderMode=cv2.BORDER_REPLICATE)
        red, green, blue = cv2.split(cv2.absdiff(moved, seen))
        difference = cv2.max(cv2.max(red, green), blue) * is_open.astype(np.float32)
        return cv2.blur(difference, (5, 5)) / np.maximum(share_open, 0.04)

    with_hand, with_background = misfit(motion), misfit(background)
    # 8 of 255 levels is above what a cheap camera's noise and its coding leave after the blur.
    moves = is_open & (with_background > 8) & (with_hand < 0.6 * with_background)
    stays = is_open & (with_hand > 8) & (with_background < 0.6 * with_hand)

    here = cells.copy()
    here[:, 2] += cells[:, :2] @ (x0, y0)

    def to_cells(votes: np.ndarray) -> np.ndarray:
        return cv2.warpAffine(votes.astype(np.uint8) * 255, here, (GRID, GRID)).astype(np.float32) / 255

    return to_cells(moves), to_cells(stays), to_cells(own > 0) > 0.5


def _skin(rgb: np.ndarray, points: np.ndarray, hand: np.ndarray, palm_px: float) -> np.ndarray:
    """Where this hand's own colour goes on around its bones: fingers are thicker than the drawn hand.

    The colour is taken from the palm and the first finger bones, where objects seldom cover it.
    Returns (H, W) uint8, 0 or 255.
    """
    height, width = hand.shape
    spots = np.concatenate([(points[list(PALM)] + points[WRIST]) / 2, *((points[[f[0], f[1]]]) for f in FINGERS)])
    spots = np.round(spots).astype(int)
    spots = spots[((spots >= 0) & (spots < (width, height))).all(axis=1)]
    if len(spots) < 4:
        return np.zeros_like(hand)
    luma_chroma = cv2.cvtColor(rgb, cv2.COLOR_RGB2YCrCb)
    samples = luma_chroma[spots[:, 1], spots[:, 0]].astype(np.float32)
    middle = np.median(samples, axis=0)
    spread = np.median(np.abs(samples - middle), axis=0)
    # Brightness changes over a hand, colour does not.
    tolerance = np.clip(3 * spread, (40, 6, 6), (70, 14, 14))
    is_alike = cv2.inRange(luma_chroma, np.clip(middle - tolerance, 0, 255), np.clip(middle + tolerance, 0, 255))
    reach = 2 * max(1, round(0.25 * palm_px)) + 1
    return is_alike & cv2.dilate(hand, np.ones((reach, reach), np.uint8))

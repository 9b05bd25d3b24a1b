"""The head-motion extractor: when the wearer walks, turns or stands (LEAP, section 3.1, "SLAM").

The paper discretises EPIC-Fields' camera poses and gives no thresholds. Where no pose comes for a second, optical flow
stands in, as a degraded source: it has no scale, so it tells no distance, and it tells a walk only if the whole image
widens steadily.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

import cv2
import numpy as np

from egoprog.data.samples import Frame, PoseSample
from egoprog.describe.types import HeadMotion, MotionKind
from egoprog.errors import PoseError, StampError

POSE, OPTICAL_FLOW = "pose", "optical flow"
_MAX_JUMP_S = 3600.0


@dataclass(frozen=True)
class HeadMotionConfig:
    """Thresholds. Sources: an ordinary walk is 1.2 to 1.4 m/s (Bohannon 1997), a step 0.6 to 0.7 m; between a kitchen's
    counters people take one or two steps at half that speed. A head that looks about turns at 1 rad/s and more.

    up: the world's axis against gravity; z in ROS (REP 103) and in Project Aria's worlds.
    walk_on, walk_off: horizontal speed in m/s from which a walk begins, below which it ends. Leaning over a counter
    moves the head as fast, but not far: walk_distance is what must be left between the ends, in metres.
    turn_on, turn_off: about the vertical, rad/s. turn_angle: radians between the ends.
    window_s: over which speeds are taken; it averages a step's sway. hold_s: pauses that do not end a motion.
    walk_s, turn_s, still_s: shorter ones are none. max_s: longer ones are told in pieces.
    pose_timeout_s: without a pose for so long, optical flow is used.
    Optical flow: flow_width_px of the images compared; field_of_view of the camera, horizontal, radians, where none is
    given (between a webcam's 1.2 and an action camera's 2.1); expand_on, expand_off: growth of the image a second, 1
    m/s towards something 4 m away is 0.25; agreement: share of the image that must widen.
    """

    up: tuple[float, float, float] = (0.0, 0.0, 1.0)
    walk_on: float = 0.35
    walk_off: float = 0.2
    walk_s: float = 0.6
    walk_distance: float = 0.5
    turn_on: float = 0.8
    turn_off: float = 0.4
    turn_s: float = 0.2
    turn_angle: float = 0.5
    still_s: float = 1.0
    hold_s: float = 0.3
    window_s: float = 0.4
    max_s: float = 10.0
    pose_timeout_s: float = 1.0
    flow_width_px: int = 160
    field_of_view: float = 1.5
    expand_on: float = 0.25
    expand_off: float = 0.12
    expand_s: float = 1.0
    agreement: float = 0.75


@dataclass(frozen=True, slots=True)
class _Moment:
    """advance: horizontal m/s (poses) or growth of the image a second (flow). yaw_rate: rad/s, left positive.

    yaw_before, yaw_after: radians turned so far, at both ends of the window that the moment is the middle of.
    """

    stamp_s: float
    advance: float
    yaw_rate: float
    yaw_before: float
    yaw_after: float
    place: tuple[float, ...] | None = None


class HeadMotionExtractor:
    """Takes poses and frames as they come; gives motions when they have ended."""

    def __init__(self, config: HeadMotionConfig | None = None) -> None:
        self.config = config or HeadMotionConfig()
        up = np.asarray(self.config.up, float)
        self._up = up / np.linalg.norm(up)
        self.reset()

    def reset(self) -> None:
        """Forgets everything, the last stamps too."""
        self._by_pose: _Segments | None = None
        self._by_flow: _Segments | None = None
        self._poses: deque[tuple[float, np.ndarray, float]] = deque()  # stamp, horizontal place, yaw since the start
        self._last_pose: PoseSample | None = None
        self._last_image: tuple[float, np.ndarray] | None = None
        self._first_frame_s: float | None = None
        self._held: list[HeadMotion] = []
        self._flow_yaw = 0.0
        self._flow = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)

    def push_pose(self, pose: PoseSample) -> list[HeadMotion]:
        """Raises PoseError for NaN or a zero quaternion, StampError unless stamps rise by less than an hour."""
        quaternion = _unit_quaternion(pose)
        before = self._last_pose
        if before is not None:
            _check_follows(before.stamp_s, pose.stamp_s)
        motions = []
        if before is not None and pose.stamp_s - before.stamp_s > self.config.pose_timeout_s:
            motions += self._end_poses()
        motions += self._end_flow(is_told=self._first_frame_s is not None and not self._is_first_second(pose.stamp_s))
        if self._by_pose is None:
            self._by_pose = _Segments(self.config, POSE)
            self._poses.clear()
        yaw = 0.0
        if self._poses:
            yaw = self._poses[-1][2]
            yaw += _yaw_between(_unit_quaternion(before), quaternion, self._up)
        position = np.asarray(pose.position_m, float)
        self._last_pose = pose
        self._poses.append((pose.stamp_s, position - self._up * (position @ self._up), yaw))
        if (moment := self._pose_moment()) is not None:
            motions += self._by_pose.step(moment)
        return motions

    def push_frame(self, frame: Frame) -> list[HeadMotion]:
        """Follows the image where no pose has come for `pose_timeout_s`; StampError unless stamps rise."""
        last = self._last_image
        if last is not None:
            _check_follows(last[0], frame.stamp_s)
        self._first_frame_s = frame.stamp_s if self._first_frame_s is None else self._first_frame_s
        if self._last_pose is not None and frame.stamp_s - self._last_pose.stamp_s <= self.config.pose_timeout_s:
            self._last_image = None
            return []
        motions = self._end_poses()
        image = _small_grey(frame.image, self.config.flow_width_px)
        self._last_image = (frame.stamp_s, image)
        if last is None or last[1].shape != image.shape:
            return motions
        if self._by_flow is None:
            self._by_flow = _Segments(self.config, OPTICAL_FLOW)
        self._held += self._by_flow.step(self._flow_moment(last, frame.stamp_s, image))
        if self._is_first_second(frame.stamp_s):
            return motions  # poses may yet come
        held, self._held = self._held, []
        return motions + held

    def flush(self) -> list[HeadMotion]:
        """Ends the motions that still run."""
        motions = self._end_poses() + self._end_flow(is_told=self._last_pose is None or self._by_flow is not None)
        self._last_image = None
        return sorted(motions, key=lambda motion: motion.start_s)

    def _is_first_second(self, stamp_s: float) -> bool:
        return (
            self._last_pose is None
            and self._first_frame_s is not None
            and stamp_s - self._first_frame_s < self.config.pose_timeout_s
        )

    def _end_poses(self) -> list[HeadMotion]:
        segments, self._by_pose = self._by_pose, None
        return segments.flush() if segments else []

    def _end_flow(self, is_told: bool) -> list[HeadMotion]:
        segments, self._by_flow = self._by_flow, None
        held, self._held = self._held, []
        return [*held, *segments.flush()] if segments and is_told else []

    def _pose_moment(self) -> _Moment | None:
        """Speeds over the window that ends with the newest pose, at its middle; None while it is not full."""
        newest_s = self._poses[-1][0]
        while len(self._poses) > 2 and newest_s - self._poses[1][0] >= self.config.window_s:
            self._poses.popleft()
        (first_s, first_place, first_yaw), (_, place, yaw) = self._poses[0], self._poses[-1]
        elapsed_s = newest_s - first_s
        if elapsed_s < 0.5 * self.config.window_s:
            return None
        speed = float(np.linalg.norm(place - first_place)) / elapsed_s
        middle = (first_place + place) / 2
        return _Moment(first_s + elapsed_s / 2, speed, (yaw - first_yaw) / elapsed_s, first_yaw, yaw, tuple(middle))

    def _flow_moment(self, last: tuple[float, np.ndarray], stamp_s: float, image: np.ndarray) -> _Moment:
        """Turning from the image's shift, advancing from its growth, both as medians, which hands do not sway."""
        elapsed_s = stamp_s - last[0]
        height, width = image.shape
        flow = self._flow.calc(last[1], image, None)[4::8, 4::8].reshape(-1, 2)
        ys, xs = np.mgrid[4:height:8, 4:width:8]
        spread = np.column_stack((xs.ravel() - width / 2, ys.ravel() - height / 2))
        shift = np.median(flow, axis=0)
        # A head that turns left moves the image to the right.
        yaw_rate = float(shift[0]) / width * self.config.field_of_view / elapsed_s
        radius = np.maximum(np.linalg.norm(spread, axis=1), 1.0)
        outward = np.sum((flow - shift) * spread, axis=1) / radius**2
        is_outer = radius > height / 4
        growth = float(np.median(outward[is_outer])) / elapsed_s
        has_agreement = float(np.mean(outward[is_outer] > 0)) >= self.config.agreement
        yaw_before = self._flow_yaw
        self._flow_yaw += yaw_rate * elapsed_s
        return _Moment(stamp_s, growth if has_agreement else 0.0, yaw_rate, yaw_before, self._flow_yaw)


class _Segments:
    """Cuts moments into motions by hysteresis; a walk outweighs a turn, and what is neither is standing."""

    def __init__(self, config: HeadMotionConfig, source: str) -> None:
        self.config = config
        self.source = source
        is_pose = source == POSE
        self._walk_limits = (config.walk_on, config.walk_off) if is_pose else (config.expand_on, config.expand_off)
        self._walk_s = config.walk_s if is_pose else config.expand_s
        self._kind = MotionKind.STILL
        self._run: list[_Moment] = []  # of the walk or turn that goes on; its first and last; empty while one stands
        self._path_m = 0.0
        self._still_since_s: float | None = None
        self._last: _Moment | None = None

    def step(self, moment: _Moment) -> list[HeadMotion]:
        motions: list[HeadMotion] = []
        if self._still_since_s is None:
            self._still_since_s = moment.stamp_s
        kind = self._kind_of(moment)
        is_begun = kind is not self._kind and (self._kind is MotionKind.STILL or kind is MotionKind.WALK)
        if is_begun:
            motions += self._end_run()
            self._begin_run(kind, moment)
        elif kind is self._kind and kind is not MotionKind.STILL:
            if moment.place is not None:
                self._path_m += moment.advance * (moment.stamp_s - self._run[-1].stamp_s)
            self._run = [self._run[0], moment]
            if moment.stamp_s - self._run[0].stamp_s >= self.config.max_s:
                motions += self._end_run()
                self._begin_run(kind, moment)
        elif self._run and moment.stamp_s - self._run[-1].stamp_s > self.config.hold_s:
            motions += self._end_run()
        self._last = moment
        if self._kind is MotionKind.STILL and moment.stamp_s - self._still_since_s >= self.config.max_s:
            motions += self._stand(moment.stamp_s)
        return motions

    def flush(self) -> list[HeadMotion]:
        return [*self._end_run(), *(self._stand(self._last.stamp_s) if self._last else [])]

    def _begin_run(self, kind: MotionKind, moment: _Moment) -> None:
        self._kind, self._run, self._path_m = kind, [moment], 0.0

    def _kind_of(self, moment: _Moment) -> MotionKind:
        walk_on, walk_off = self._walk_limits
        if moment.advance >= (walk_off if self._kind is MotionKind.WALK else walk_on):
            return MotionKind.WALK
        turn_limit = self.config.turn_off if self._kind is MotionKind.TURN else self.config.turn_on
        return MotionKind.TURN if abs(moment.yaw_rate) >= turn_limit else MotionKind.STILL

    def _end_run(self) -> list[HeadMotion]:
        """The walk or turn that went on, if it was one, with the standing before it."""
        kind, run = self._kind, self._run
        self._kind, self._run = MotionKind.STILL, []
        if kind is MotionKind.STILL or not run:
            return []
        first, last = run[0], run[-1]
        elapsed_s = last.stamp_s - first.stamp_s
        angle = last.yaw_after - first.yaw_before
        distance_m = None
        if kind is MotionKind.WALK:
            is_motion = elapsed_s >= self._walk_s
            if first.place is not None:
                distance_m = self._path_m
                is_motion = is_motion and math.dist(first.place, last.place) >= self.config.walk_distance
        else:
            is_motion = elapsed_s >= self.config.turn_s and abs(angle) >= self.config.turn_angle
        if not is_motion:
            return []
        motion = HeadMotion(kind, first.stamp_s, last.stamp_s, self.source, distance_m, angle)
        return [*self._stand(first.stamp_s, last.stamp_s), motion]

    def _stand(self, until_s: float, next_s: float | None = None) -> list[HeadMotion]:
        """Standing since the last motion, if it was long enough; counts anew from `next_s`."""
        since_s, self._still_since_s = self._still_since_s, until_s if next_s is None else next_s
        if until_s - since_s < self.config.still_s:
            return []
        return [HeadMotion(MotionKind.STILL, since_s, until_s, self.source)]


def _unit_quaternion(pose: PoseSample) -> np.ndarray:
    values = np.asarray((*pose.position_m, *pose.quaternion_xyzw), float)
    if not np.isfinite(values).all():
        raise PoseError(f"expected finite numbers in a pose, got {pose}; the pose is left out")
    quaternion = values[3:]
    norm = np.linalg.norm(quaternion)
    if norm < 1e-3:
        raise PoseError(
            f"expected a unit quaternion, got {pose.quaternion_xyzw} of length {norm:.3g}; check the tracker"
        )
    return quaternion / norm


def _yaw_between(before: np.ndarray, after: np.ndarray, up: np.ndarray) -> float:
    """Radians that the rotation from one orientation to the other turns about the world's vertical."""
    xyz, w = before[:3], before[3]
    # after * conj(before): the turn in the world's axes.
    vector = -after[3] * xyz + w * after[:3] - np.cross(after[:3], xyz)
    scalar = after[3] * w + after[:3] @ xyz
    if scalar < 0:
        vector, scalar = -vector, -scalar
    length = float(np.linalg.norm(vector))
    if length < 1e-12:
        return 0.0
    return float(2.0 * math.atan2(length, scalar) * (vector @ up) / length)


def _check_follows(before_s: float, stamp_s: float) -> None:
    if not before_s < stamp_s < before_s + _MAX_JUMP_S:
        raise StampError(
            f"expected a stamp within an hour after {before_s:.3f} s, got {stamp_s:.3f} s; "
            "reset the extractor if the clock was set anew"
        )


def _small_grey(image: np.ndarray, width_px: int) -> np.ndarray:
    height = max(16, round(image.shape[0] * width_px / image.shape[1]))
    stride = max(1, image.shape[1] // (4 * width_px))  # averaging all of a large image takes longer than its flow
    image = image[::stride, ::stride]
    return cv2.cvtColor(cv2.resize(image, (width_px, height), interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)

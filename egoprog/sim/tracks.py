"""Values over time: moves in time order, still before the first and after the last."""

from __future__ import annotations

import bisect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import numpy as np

from egoprog.sim.hand import Posture, blend
from egoprog.sim.pose import Pose, Vector, axis_angle, turn

Value = TypeVar("Value", float, Vector, Pose, Posture)
Way = Callable[[float], Value]
"""The value after a share of a move, 0 to 1."""


@dataclass
class Track(Generic[Value]):
    """A value that goes from one to the next. The first value holds from the beginning."""

    first: Value
    _starts_s: list[float] = field(default_factory=list)
    _moves: list[tuple[float, Way, Value, bool]] = field(default_factory=list)

    @property
    def last(self) -> Value:
        """Where the value stands after all moves."""
        return self._moves[-1][2] if self._moves else self.first

    @property
    def stop_s(self) -> float:
        """When the last move ends; before all times where there is none."""
        return self._moves[-1][0] if self._moves else -np.inf

    def move(self, start_s: float, stop_s: float, to: Value, detour_m: Vector | None = None) -> None:
        """Goes to a value between two times by a minimum-jerk path. A move waits for the end of the one before it.

        detour_m: (3,), how far a pose's path swings out half way.
        """
        self.follow(start_s, stop_s, _way(self.last, to, detour_m))

    def follow(self, start_s: float, stop_s: float, way: Way, is_even: bool = False) -> None:
        """Goes a given way; it should begin where the track stands.

        is_even: the share grows evenly with time, for strokes that go round and round; otherwise by minimum jerk.
        """
        start_s = max(start_s, self.stop_s)
        self._starts_s.append(start_s)
        self._moves.append((max(stop_s, start_s + 1e-3), way, way(1.0), is_even))

    def at(self, stamp_s: float) -> Value:
        k = bisect.bisect_right(self._starts_s, stamp_s) - 1
        if k < 0:
            return self.first
        stop_s, way, last, is_even = self._moves[k]
        if stamp_s >= stop_s:
            return last
        share = (stamp_s - self._starts_s[k]) / (stop_s - self._starts_s[k])
        return way(share if is_even else _jerk(share))

    def is_moving(self, stamp_s: float) -> bool:
        k = bisect.bisect_right(self._starts_s, stamp_s) - 1
        return k >= 0 and stamp_s < self._moves[k][0]


def _jerk(share: float) -> float:
    """`minimum_jerk` of one number between 0 and 1."""
    return share * share * share * (10 + share * (6 * share - 15))


def _way(a: Value, b: Value, detour_m: Vector | None) -> Way:
    if isinstance(a, Pose):
        return pose_way(a, b, None if detour_m is None else np.asarray(detour_m, float))
    if isinstance(a, dict):
        return lambda share: a if share <= 0 else b if share >= 1 else blend(a, b, share)
    return lambda share: a + share * (b - a)


def pose_way(a: Pose, b: Pose, detour: Vector | None = None) -> Way:
    axis, angle = axis_angle(a.rotation.T @ b.rotation)
    along = b.position_m - a.position_m

    def way(share: float) -> Pose:
        if share <= 0:
            return a
        if share >= 1:
            return b
        position = a.position_m + share * along
        if detour is not None:
            # Zero speed at both ends, farthest out in the middle.
            position = position + 16 * (share * (1 - share)) ** 2 * detour
        return Pose(position, a.rotation @ turn(axis, share * angle))

    return way

"""Values over time: knots in time order, minimum-jerk between them, still before the first and after the last."""

from __future__ import annotations

import bisect
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import numpy as np

from egoprog.sim.hand import Posture, blend
from egoprog.sim.pose import Pose, Vector, between, minimum_jerk

Value = TypeVar("Value", float, Vector, Pose, Posture)


@dataclass
class Track(Generic[Value]):
    """A value that moves from knot to knot. The first value holds from the beginning."""

    first: Value
    _stamps_s: list[float] = field(default_factory=list)
    _moves: list[tuple[float, Value, Value, Vector]] = field(default_factory=list)

    @property
    def last(self) -> Value:
        """Where the value stands after all moves."""
        return self._moves[-1][2] if self._moves else self.first

    def move(self, start_s: float, stop_s: float, to: Value, detour_m: Vector | None = None) -> None:
        """Goes to a value between two times; moves come in time order and don't overlap.

        detour_m: (3,), how far a pose's path swings out half way.
        """
        if self._moves:
            start_s = max(start_s, self._moves[-1][0])
        detour = np.zeros(3) if detour_m is None else np.asarray(detour_m, float)
        stop_s = max(stop_s, start_s + 1e-3)
        before = self.last
        self._stamps_s.append(start_s)
        self._moves.append((stop_s, before, to, detour))

    def at(self, stamp_s: float) -> Value:
        k = bisect.bisect_right(self._stamps_s, stamp_s) - 1
        if k < 0:
            return self.first
        stop_s, a, b, detour = self._moves[k]
        if stamp_s >= stop_s:
            return b
        share = minimum_jerk((stamp_s - self._stamps_s[k]) / (stop_s - self._stamps_s[k]))
        if isinstance(a, Pose):
            pose = between(a, b, share)
            # Zero speed at both ends, farthest out in the middle.
            return Pose(pose.position_m + 16 * share**2 * (1 - share) ** 2 * detour, pose.rotation)
        if isinstance(a, dict):
            return blend(a, b, share)
        return a + share * (b - a)

"""A person's body in time: where it stands, how it leans, where the head camera looks and arms begin.

The body frame: the floor below the head of a person who stands upright, x to the right, y ahead.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from egoprog.program.types import Hand
from egoprog.sim.pose import Pose, Vector, turn
from egoprog.sim.tracks import Track
from egoprog.sim.types import Participant

SHOULDER_M = {Hand.RIGHT: np.array([0.18, -0.10, -0.265]), Hand.LEFT: np.array([-0.18, -0.10, -0.265])}
"""Shoulders below and behind the eyes of somebody who stands upright."""
UPRIGHT = np.zeros(4)
WORK_LEAN_M = np.array([0.0, 0.06, -0.05, 0.0])
"""How far the head is forward and down at any work."""
ARM_M = 0.50
"""Farther from the shoulder than this a wrist goes only with the whole body."""
ACROSS_M, AHEAD_M = 0.08, 0.22
"""A wrist is no farther on the other side of the body's middle, and at least so far before it."""
LEAN_LIMITS_M = np.array([[-0.45, -0.30, -0.65, -0.6], [0.45, 0.30, 0.06, 0.6]])
"""How far a body leans or steps aside, bends forward and crouches without walking: least and most."""
NECK_YAW_RAD = 1.15
NECK_M = 0.16
"""From the neck's pivot to the camera on the forehead."""
HEAD_PITCH_RAD = (-1.15, 0.45)
"""How far down and up the camera ever looks."""


@dataclass
class Body:
    """The tracks of a body.

    walk: x, y, yaw. torso: its offset from upright and its twist to the left, (4,); gaze: the point that is looked at,
    (3,); both in the body frame.
    """

    participant: Participant
    walk: Track[Vector]
    torso: Track[Vector] = field(default_factory=lambda: Track(UPRIGHT))
    gaze: Track[Vector] = field(default_factory=lambda: Track(np.array([0.0, 0.45, 0.95])))

    def __post_init__(self) -> None:
        rng = np.random.default_rng([self.participant.seed, 31])
        self._sway = np.stack([rng.uniform(0.11, 0.7, 6), rng.uniform(0.5, 1.2, 6), rng.uniform(0, 6.28, 6)])
        self._stride_m = rng.uniform(0.62, 0.76)
        self.pitch_rad = rng.uniform(-0.10, 0.03)
        self.gaze_share = rng.uniform(0.65, 0.85)
        """How much of a turn of the gaze the head does; the eyes do the rest."""

    def frame(self, stamp_s: float) -> Pose:
        x, y, yaw = self.walk.at(stamp_s)
        return Pose.at(x, y, 0.0, yaw)

    def stand(self) -> Pose:
        """Where the body stands after all moves."""
        x, y, yaw = self.walk.last
        return Pose.at(x, y, 0.0, yaw)

    def eye_m(self, torso: Vector) -> Vector:
        """Of a body with a torso offset, (4,), in the body frame."""
        return np.array([torso[0], torso[1] * 1.35, self.participant.height_m + torso[2]])

    def shoulder_m(self, side: Hand, torso: Vector) -> Vector:
        """Of a body with a torso offset, (4,), in the body frame."""
        x, y, z = SHOULDER_M[side].tolist()
        c, s = math.cos(torso[3]), math.sin(torso[3])
        return np.array([c * x - s * y + torso[0], s * x + c * y + torso[1], z + torso[2] + self.participant.height_m])

    def camera(self, stamp_s: float) -> Pose:
        """The head camera, OpenGL's axes: it follows the body, sways, and bobs with each step."""
        frame, torso = self.frame(stamp_s), self.torso.at(stamp_s)
        yaw, pitch = self.aim(self.gaze.at(stamp_s), torso)
        frequency_hz, size, phase = self._sway
        waves = self.participant.sway * size * np.sin(2 * np.pi * frequency_hz * stamp_s + phase)
        eye = self.eye_m(torso) + 0.006 * waves[:3]
        # Who bows the head brings it forward, over the shoulder where it is turned.
        bowed_m = NECK_M * math.sin(max(-pitch, 0.0))
        eye += np.array([-bowed_m * math.sin(yaw), bowed_m * math.cos(yaw), -0.2 * bowed_m])
        roll = 0.012 * waves[3]
        if self.walk.is_moving(stamp_s):
            before, after = self.walk.at(stamp_s - 0.02), self.walk.at(stamp_s + 0.02)
            speed_m_s = math.hypot(after[0] - before[0], after[1] - before[1]) / 0.04
            swing = 2 * np.pi * 0.95 * stamp_s
            size_m = min(speed_m_s, 1.2)
            eye += size_m * np.array([0.010 * math.sin(swing), 0.0, 0.014 * math.sin(2 * swing)])
        yaw += 0.009 * waves[4]
        pitch += 0.009 * waves[5]
        # OpenGL's camera looks along -z: without yaw and pitch, ahead along the body's y.
        rotation = turn((0.0, 0.0, 1.0), yaw) @ turn((1.0, 0.0, 0.0), pitch + math.pi / 2)
        return frame @ Pose(eye, rotation @ turn((0.0, 0.0, 1.0), roll))

    def aim(self, target_m: Vector, torso: Vector) -> tuple[float, float]:
        """Yaw and pitch of the camera for a gaze at a point of the body frame.

        The camera looks lower than the eyes, so that the hands are in its picture, and stays so far ahead that a point
        right below the head doesn't turn it round.
        """
        x, y, z = (target_m - self.eye_m(torso)).tolist()
        yaw = self.gaze_share * math.atan2(-x, max(y, 0.12))
        pitch = 0.85 * math.atan2(z, max(math.hypot(x, y), 0.12)) - 0.06 + self.pitch_rad
        low, high = HEAD_PITCH_RAD
        return min(max(yaw, -NECK_YAW_RAD), NECK_YAW_RAD), min(max(pitch, low), high)

    def torso_for(self, wrists_m: dict[Hand, Vector]) -> Vector:
        """The smallest offset of the torso, (4,), from which arms reach wrists, (3,) each, in the body frame."""
        torso = WORK_LEAN_M.copy()
        if wrists_m:
            # Shoulders turn to the work, half as far as it lies aside.
            x, y, _ = np.mean(list(wrists_m.values()), axis=0)
            torso[3] = 0.5 * math.atan2(-x, max(y, 0.25))
        for side, (x, y, _) in wrists_m.items():
            # Nobody works across their body or close to their belly: they step aside or back.
            torso[0] = min(torso[0], x + ACROSS_M) if side is Hand.RIGHT else max(torso[0], x - ACROSS_M)
            torso[1] = min(torso[1], y - AHEAD_M)
        torso = np.clip(torso, *LEAN_LIMITS_M)
        for _ in range(8):
            for side, wrist_m in wrists_m.items():
                away = wrist_m - self.shoulder_m(side, torso)
                distance = np.linalg.norm(away)
                if distance > ARM_M:
                    torso[:3] += (1 - ARM_M / distance) * away
                    torso = np.clip(torso, *LEAN_LIMITS_M)
        return torso

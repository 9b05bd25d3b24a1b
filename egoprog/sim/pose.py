"""Places in space and the way from one to the next.

All of it runs for every frame, so rotations are plain matrices: objects of scipy would cost ten times as much.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Pose:
    """A position and an attitude. position_m: (3,). rotation: (3, 3), columns are the axes of the posed thing."""

    position_m: Vector
    rotation: Vector

    @staticmethod
    def at(x: float, y: float, z: float, yaw_rad: float = 0.0) -> Pose:
        return Pose(np.array([x, y, z], float), turn((0.0, 0.0, 1.0), yaw_rad))

    def __matmul__(self, other: Pose) -> Pose:
        return Pose(self.rotation @ other.position_m + self.position_m, self.rotation @ other.rotation)

    def inverse(self) -> Pose:
        back = self.rotation.T
        return Pose(-(back @ self.position_m), back)

    def moved(self, x: float = 0.0, y: float = 0.0, z: float = 0.0) -> Pose:
        """The same attitude elsewhere, by an offset in the axes of the world."""
        return Pose(self.position_m + (x, y, z), self.rotation)

    def point(self, local_m: Vector) -> Vector:
        """A point of the posed thing, (3,), in the world."""
        return self.rotation @ np.asarray(local_m, float) + self.position_m

    def tidied(self) -> Pose:
        """The same with an exact rotation: inverses are transposes, so rounding errors grow from grasp to grasp."""
        x, y, z, w = self.quaternion_xyzw.tolist()
        return Pose(self.position_m, np.array([
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]))  # fmt: skip

    @property
    def yaw_rad(self) -> float:
        """The turn about the world's z that brings x where this pose's x points, seen from above."""
        return math.atan2(self.rotation[1, 0], self.rotation[0, 0])

    @property
    def quaternion_xyzw(self) -> Vector:
        """With w >= 0. Source: Shepperd 1978, the largest of four squares first."""
        (a, b, c), (d, e, f), (g, h, i) = self.rotation.tolist()
        squares = (1 + a - e - i, 1 - a + e - i, 1 - a - e + i, 1 + a + e + i)
        k = squares.index(max(squares))
        x, y, z, w = (
            (squares[0], b + d, c + g, h - f),
            (b + d, squares[1], f + h, c - g),
            (c + g, f + h, squares[2], d - b),
            (h - f, c - g, d - b, squares[3]),
        )[k]
        scale = math.copysign(1 / math.sqrt(x * x + y * y + z * z + w * w), w or 1.0)
        return np.array([x * scale, y * scale, z * scale, w * scale])

    @property
    def quaternion_wxyz(self) -> Vector:
        return self.quaternion_xyzw[[3, 0, 1, 2]]


def unit(vector: Vector) -> Vector:
    return vector / np.linalg.norm(vector)


def turn(axis: Vector, angle_rad: float) -> Vector:
    """The matrix, (3, 3), that turns by an angle about a unit axis. Source: Rodrigues 1840."""
    x, y, z = axis
    c, s = math.cos(angle_rad), math.sin(angle_rad)
    d = 1 - c
    return np.array([
        [c + x * x * d, x * y * d - z * s, x * z * d + y * s],
        [y * x * d + z * s, c + y * y * d, y * z * d - x * s],
        [z * x * d - y * s, z * y * d + x * s, c + z * z * d],
    ])  # fmt: skip


def axis_angle(rotation: Vector) -> tuple[Vector, float]:
    """The unit axis, (3,), and the angle, 0 to pi, of a turn; the inverse of `turn`."""
    x, y, z, w = Pose(rotation[0], rotation).quaternion_xyzw.tolist()
    length = math.sqrt(x * x + y * y + z * z)
    if length < 1e-12:
        return np.array([0.0, 0.0, 1.0]), 0.0
    return np.array([x / length, y / length, z / length]), 2 * math.atan2(length, w)


def aligning(a: Vector, b: Vector) -> Vector:
    """The smallest turn, (3, 3), that brings the unit vector a onto b."""
    axis, cosine = np.cross(a, b), float(a @ b)
    sine = float(np.linalg.norm(axis))
    if sine < 1e-9:
        if cosine > 0:
            return np.eye(3)
        axis, sine = np.cross(a, (1.0, 0.0, 0.0) if abs(a[0]) < 0.9 else (0.0, 1.0, 0.0)), 0.0
        return turn(unit(axis), math.pi)
    return turn(axis / sine, math.atan2(sine, cosine))


def axes(x: Vector, z: Vector) -> Vector:
    """The attitude, (3, 3), whose x points along x and whose z is as near to z as that allows."""
    x = unit(np.asarray(x, float))
    y = unit(np.cross(z, x))
    return np.stack([x, y, np.cross(x, y)], axis=1)


def minimum_jerk(share: float | Vector) -> float | Vector:
    """The share of a reach that is done after a share of its time.

    Source: Flash and Hogan 1985, "The coordination of arm movements".
    """
    share = np.clip(share, 0.0, 1.0)
    return share**3 * (10 + share * (6 * share - 15))


def between(a: Pose, b: Pose, share: float) -> Pose:
    """The pose a share of the way from a to b: straight in position, the shorter way round in attitude."""
    if share <= 0:
        return a
    if share >= 1:
        return b
    axis, angle = axis_angle(a.rotation.T @ b.rotation)
    return Pose(a.position_m + share * (b.position_m - a.position_m), a.rotation @ turn(axis, share * angle))


def looking_at(eye_m: Vector, target_m: Vector, roll_rad: float = 0.0) -> Pose:
    """The pose of a camera: x to the right, y up in the picture, z backwards, as OpenGL and MuJoCo have it."""
    back = unit(eye_m - target_m)
    right = unit(np.cross((0.0, 0.0, 1.0), back))
    rotation = np.stack([right, np.cross(back, right), back], axis=1)
    return Pose(np.asarray(eye_m, float), rotation @ turn((0.0, 0.0, 1.0), roll_rad))

"""Places in space and the way from one to the next."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation, Slerp

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Pose:
    """A position and an attitude. position_m: (3,). rotation: (3, 3), columns are the axes of the posed thing."""

    position_m: Vector
    rotation: Vector

    @staticmethod
    def at(x: float, y: float, z: float, yaw_rad: float = 0.0) -> Pose:
        return Pose(np.array([x, y, z]), Rotation.from_euler("z", yaw_rad).as_matrix())

    def __matmul__(self, other: Pose) -> Pose:
        return Pose(self.rotation @ other.position_m + self.position_m, self.rotation @ other.rotation)

    def inverse(self) -> Pose:
        return Pose(-self.rotation.T @ self.position_m, self.rotation.T)

    def moved(self, x: float = 0.0, y: float = 0.0, z: float = 0.0) -> Pose:
        """The same attitude elsewhere, by an offset in the axes of the world."""
        return Pose(self.position_m + (x, y, z), self.rotation)

    def point(self, local_m: Vector) -> Vector:
        """A point of the posed thing, (3,), in the world."""
        return self.rotation @ np.asarray(local_m) + self.position_m

    @property
    def quaternion_xyzw(self) -> Vector:
        return Rotation.from_matrix(self.rotation).as_quat(canonical=True)

    @property
    def quaternion_wxyz(self) -> Vector:
        return self.quaternion_xyzw[[3, 0, 1, 2]]


def unit(vector: Vector) -> Vector:
    return vector / np.linalg.norm(vector)


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
    rotation = Slerp([0, 1], Rotation.from_matrix([a.rotation, b.rotation]))(share).as_matrix()
    return Pose(a.position_m + share * (b.position_m - a.position_m), rotation)


def looking_at(eye_m: Vector, target_m: Vector, roll_rad: float = 0.0) -> Pose:
    """The pose of a camera: x to the right, y up in the picture, z backwards, as OpenGL and MuJoCo have it."""
    back = unit(eye_m - target_m)
    right = unit(np.cross((0.0, 0.0, 1.0), back))
    rotation = np.stack([right, np.cross(back, right), back], axis=1)
    return Pose(np.asarray(eye_m, float), rotation @ Rotation.from_euler("z", roll_rad).as_matrix())

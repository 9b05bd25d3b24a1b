"""Meshes of household things: turned on a wheel, bent from a tube, lofted along a limb."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Shape:
    """A triangle mesh. vertices_m: (V, 3). faces: (F, 3), counter-clockwise from outside. texcoords: (V, 2)."""

    vertices_m: NDArray[np.float64]
    faces: NDArray[np.int64]
    texcoords: NDArray[np.float64]

    def __add__(self, other: Shape) -> Shape:
        return Shape(
            np.concatenate([self.vertices_m, other.vertices_m]),
            np.concatenate([self.faces, other.faces + len(self.vertices_m)]),
            np.concatenate([self.texcoords, other.texcoords]),
        )


def _grid(points: NDArray[np.float64]) -> Shape:
    """A skin over rings. points: (rings, segments + 1, 3); the last point of a ring lies on its first."""
    rings, around = points.shape[:2]
    corner = np.arange(rings * around).reshape(rings, around)
    a, b, c, d = corner[:-1, :-1], corner[:-1, 1:], corner[1:, 1:], corner[1:, :-1]
    faces = np.concatenate([np.stack([a, b, c], -1).reshape(-1, 3), np.stack([a, c, d], -1).reshape(-1, 3)])
    u, v = np.meshgrid(np.linspace(0, 1, around), np.linspace(0, 1, rings))
    return Shape(points.reshape(-1, 3), faces, np.stack([u, v], -1).reshape(-1, 2))


def turned(profile_m: list[tuple[float, float]], segments: int = 28) -> Shape:
    """A body of revolution about z. profile_m: (radius, height), going up on the outside."""
    profile = np.array(profile_m)
    profile[:, 0] = np.maximum(profile[:, 0], 1e-4)
    angle = np.linspace(0, 2 * np.pi, segments + 1)
    ring = np.stack([np.cos(angle), np.sin(angle), np.zeros_like(angle)], -1)
    points = profile[:, None, :1] * ring + profile[:, None, 1:] * np.array([0.0, 0.0, 1.0])
    return _grid(points)


def tube(path_m: NDArray[np.float64], radius_m: float | NDArray[np.float64], segments: int = 10) -> Shape:
    """A tube along a path, (N, 3). radius_m: one, or one per point; or (N, 2) for half axes of an ellipse."""
    path = np.asarray(path_m, float)
    radius = np.asarray(radius_m, float)
    radius = np.broadcast_to(radius[:, None] if radius.ndim == 1 else radius, (len(path), 2))
    tangents = np.gradient(path, axis=0)
    tangents /= np.linalg.norm(tangents, axis=1, keepdims=True)
    side = np.cross(tangents[0], (0.0, 0.0, 1.0) if abs(tangents[0, 2]) < 0.9 else (0.0, 1.0, 0.0))
    angle = np.linspace(0, 2 * np.pi, segments + 1)
    rings = []
    for point, tangent, (wide, thick) in zip(path, tangents, radius, strict=True):
        side = side - tangent * (side @ tangent)
        side /= np.linalg.norm(side)
        up = np.cross(side, tangent)
        rings.append(point + wide * np.cos(angle)[:, None] * side - thick * np.sin(angle)[:, None] * up)
    return _grid(np.array(rings))


def arc(
    centre_m: tuple[float, float, float], radius_m: float, start: float, stop: float, plane: str, steps: int
) -> NDArray[np.float64]:
    """Points of an arc in the plane "xz" or "yz", angles in radians from the first axis. Returns (steps, 3)."""
    angle = np.linspace(start, stop, steps)
    points = np.zeros((steps, 3))
    points[:, "xyz".index(plane[0])] = radius_m * np.cos(angle)
    points[:, "xyz".index(plane[1])] = radius_m * np.sin(angle)
    return points + np.asarray(centre_m)


MUG_HEIGHT_M, MUG_RADIUS_M = 0.095, 0.041


def mug() -> Shape:
    """A mug, its base centre in the origin, its handle along x."""
    r, h = MUG_RADIUS_M, MUG_HEIGHT_M
    outside = [(0, 0), (r * 0.86, 0), (r * 0.94, 0.004), (r, 0.018), (r, h * 0.6), (r, h - 0.003), (r - 0.0015, h)]
    inside = [(r - 0.004, h - 0.002), (r - 0.0045, h * 0.5), (r - 0.006, 0.014), (r - 0.012, 0.008), (0, 0.008)]
    handle = arc((r - 0.003, 0, h * 0.5), 0.027, np.pi / 2 + 0.1, -np.pi / 2 - 0.1, "xz", 11)
    handle[:, 2] = h * 0.5 + (handle[:, 2] - h * 0.5) * 1.1
    return turned(outside + inside) + tube(handle, np.broadcast_to([0.007, 0.0045], (11, 2)), 8)


BOTTLE_HEIGHT_M, BOTTLE_RADIUS_M, BOTTLE_MOUTH_M = 0.255, 0.035, 0.013


def bottle() -> Shape:
    """A bottle with a shoulder and an open neck, its base centre in the origin."""
    r, h, m = BOTTLE_RADIUS_M, BOTTLE_HEIGHT_M, BOTTLE_MOUTH_M
    profile = [(0, 0.004), (r * 0.8, 0), (r * 0.95, 0.004), (r, 0.014), (r, 0.06), (r, 0.11), (r, 0.15)]
    profile += [(r * 0.96, 0.165), (r * 0.75, 0.185), (m * 1.35, 0.205), (m * 1.1, 0.22), (m * 1.1, h - 0.018)]
    profile += [(m * 1.3, h - 0.016), (m * 1.3, h - 0.01), (m, h - 0.008), (m, h), (m * 0.75, h), (m * 0.7, h - 0.03)]
    return turned(profile)


def plate(radius_m: float = 0.12) -> Shape:
    r = radius_m
    return turned(
        [
            (0, 0),
            (r * 0.6, 0),
            (r * 0.65, 0.004),
            (r, 0.018),
            (r, 0.021),
            (r * 0.66, 0.008),
            (r * 0.6, 0.005),
            (0, 0.005),
        ],
        36,
    )


def kettle() -> Shape:
    body = turned(
        [(0, 0), (0.085, 0), (0.09, 0.01), (0.09, 0.03), (0.083, 0.1), (0.066, 0.17), (0.05, 0.185), (0.02, 0.192)]
        + [(0.012, 0.195), (0.014, 0.21), (0.0, 0.213)]
    )
    grip = np.array([[0.075, 0, 0.16], [0.11, 0, 0.185], [0.135, 0, 0.15], [0.135, 0, 0.09], [0.115, 0, 0.05]])
    spout = np.array([[-0.06, 0, 0.12], [-0.09, 0, 0.15], [-0.105, 0, 0.175]])
    return body + tube(grip, 0.01) + tube(spout, np.array([0.022, 0.014, 0.01]))


def apple() -> Shape:
    angle = np.linspace(-np.pi / 2, np.pi / 2, 12)
    return turned(
        [
            (0.036 * np.cos(a) ** 0.8, 0.034 + 0.033 * np.sin(a) - 0.008 * np.exp(-(((a - 1.57) * 3) ** 2)))
            for a in angle
        ],
        20,
    )


def tap() -> Shape:
    """A swan-neck tap, its foot in the origin, its mouth towards -y at TAP_MOUTH_M."""
    rise = np.stack([np.zeros(6), np.zeros(6), np.linspace(0.05, 0.2, 6)], -1)
    neck = arc((0, -0.065, 0.2), 0.065, 0.0, np.pi, "yz", 14)
    drop = np.stack([np.zeros(3), np.full(3, -0.13), np.array([0.195, 0.185, 0.17])], -1)
    foot = turned([(0, 0), (0.03, 0), (0.03, 0.006), (0.021, 0.012), (0.021, 0.075), (0.014, 0.082), (0.0, 0.083)], 20)
    return (
        foot
        + tube(np.concatenate([rise, neck, drop]), 0.0115, 12)
        + tube(np.array([[0, -0.13, 0.178], [0, -0.13, 0.163]]), 0.0135, 12)
    )


TAP_MOUTH_M = np.array([0.0, -0.13, 0.163])


def lever() -> Shape:
    """The lever of a tap: its joint in the origin, pointing along x."""
    path = np.array([[-0.01, 0, 0], [0.02, 0, 0.002], [0.05, 0, 0.006], [0.09, 0, 0.008], [0.1, 0, 0.008]])
    return tube(path, np.array([[0.012, 0.012], [0.009, 0.008], [0.008, 0.005], [0.008, 0.005], [0.004, 0.003]]), 10)


def limb(length_m: float, ends: list[tuple[float, float, float]], segments: int = 18) -> Shape:
    """A limb along -x, lofted through ellipses: (place along it from 0 to 1, half width along y, half thickness)."""
    place, wide, thick = np.array(ends).T
    path = np.stack([-length_m * place, np.zeros_like(place), np.zeros_like(place)], -1)
    return tube(path, np.stack([wide, thick], -1), segments)

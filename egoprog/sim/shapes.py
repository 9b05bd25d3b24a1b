"""Meshes of household things: turned on a wheel, bent from a tube, lofted along a limb or upwards, cut from a board."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
Region = tuple[float, float, float, float]
"""A part of a picture: u and v of its lower left corner, then of its upper right one."""


@dataclass(frozen=True)
class Shape:
    """A triangle mesh. vertices_m: (V, 3). faces: (F, 3), counter-clockwise from outside. texcoords: (V, 2)."""

    vertices_m: Points
    faces: NDArray[np.int64]
    texcoords: Points

    def __add__(self, other: Shape) -> Shape:
        return Shape(
            np.concatenate([self.vertices_m, other.vertices_m]),
            np.concatenate([self.faces, other.faces + len(self.vertices_m)]),
            np.concatenate([self.texcoords, other.texcoords]),
        )

    def at(self, x: float = 0.0, y: float = 0.0, z: float = 0.0) -> Shape:
        return replace(self, vertices_m=self.vertices_m + (x, y, z))

    def rotated(self, rotation: Points) -> Shape:
        """rotation: (3, 3)."""
        return replace(self, vertices_m=self.vertices_m @ np.asarray(rotation).T)

    def scaled(self, x: float, y: float, z: float) -> Shape:
        """Stretched along the axes, each by a positive factor."""
        return replace(self, vertices_m=self.vertices_m * (x, y, z))

    def within(self, region: Region) -> Shape:
        """With its picture taken from a part of a larger one."""
        low, high = np.array(region[:2]), np.array(region[2:])
        return replace(self, texcoords=low + self.texcoords * (high - low))

    def swollen(self, by_m: float) -> Shape:
        """Larger by so much along its normals, as a film on it is."""
        a, b, c = (self.vertices_m[self.faces[:, k]] for k in range(3))
        places, index = np.unique(np.round(self.vertices_m, 6), axis=0, return_inverse=True)
        normals = np.zeros_like(places)
        for k in range(3):
            np.add.at(normals, index.ravel()[self.faces[:, k]], np.cross(b - a, c - a))
        normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-15)
        return replace(self, vertices_m=self.vertices_m + by_m * normals[index.ravel()])


def skin(points: Points) -> Shape:
    """A skin over rings. points: (rings, segments + 1, 3); the last point of a ring lies on its first.

    Triangles without area, as at the poles of a ball, are left out.
    """
    rings, around = points.shape[:2]
    corner = np.arange(rings * around).reshape(rings, around)
    a, b, c, d = corner[:-1, :-1], corner[:-1, 1:], corner[1:, 1:], corner[1:, :-1]
    faces = np.concatenate([np.stack([a, b, c], -1).reshape(-1, 3), np.stack([a, c, d], -1).reshape(-1, 3)])
    u, v = np.meshgrid(np.linspace(0, 1, around), np.linspace(0, 1, rings))
    vertices = points.reshape(-1, 3)
    p, q, r = (vertices[faces[:, k]] for k in range(3))
    areas = np.linalg.norm(np.cross(q - p, r - p), axis=1)
    return Shape(vertices, faces[areas > 1e-7], np.stack([u, v], -1).reshape(-1, 2))


def turned(profile_m: Sequence[tuple[float, float]], segments: int = 28, is_even: bool = False) -> Shape:
    """A body of revolution about z. profile_m: (radius, height), going up on the outside.

    u: around, from x over y. v: along the profile, by points, or with `is_even` by length.
    """
    profile = np.array(profile_m, float)
    profile[:, 0] = np.maximum(profile[:, 0], 1e-5)
    angle = np.linspace(0, 2 * np.pi, segments + 1)
    ring = np.stack([np.cos(angle), np.sin(angle), np.zeros_like(angle)], -1)
    points = profile[:, None, :1] * ring + profile[:, None, 1:] * np.array([0.0, 0.0, 1.0])
    shape = skin(points)
    return _evenly(shape, profile, segments + 1) if is_even else shape


def _evenly(shape: Shape, profile: Points, around: int) -> Shape:
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(profile, axis=0), axis=1))])
    texcoords = shape.texcoords.copy()
    texcoords[:, 1] = np.repeat(length / length[-1], around)
    return replace(shape, texcoords=texcoords)


def disc(radius_m: float, z: float, segments: int = 20, is_up: bool = True) -> Shape:
    """A flat disc, its picture seen from above: x to the right, y up."""
    angle = np.linspace(0, 2 * np.pi, segments, endpoint=False)
    ring = np.stack([np.cos(angle), np.sin(angle)], -1)
    vertices = np.concatenate([[[0, 0, z]], np.column_stack([radius_m * ring, np.full(segments, z)])])
    k = np.arange(segments)
    faces = np.stack([np.zeros_like(k), 1 + k, 1 + (k + 1) % segments], -1)
    texcoords = 0.5 + 0.5 * np.concatenate([[[0.0, 0.0]], ring])
    return Shape(vertices, faces if is_up else faces[:, ::-1], texcoords)


def tube(path_m: Points, radius_m: float | Points, segments: int = 10) -> Shape:
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
    return skin(np.array(rings))


def bar(path_m: Points, radius_m: float | Points, segments: int = 8) -> Shape:
    """A tube with closed ends."""
    path = np.asarray(path_m, float)
    radius = np.broadcast_to(
        np.asarray(radius_m, float).reshape(-1, 1) if np.ndim(radius_m) < 2 else radius_m, (len(path), 2)
    )
    ends = path[0] - 1e-5 * (path[1] - path[0]), path[-1] + 1e-5 * (path[-1] - path[-2])
    return tube(
        np.concatenate([[ends[0]], path, [ends[1]]]), np.concatenate([[[1e-5, 1e-5]], radius, [[1e-5, 1e-5]]]), segments
    )


def arc(
    centre_m: tuple[float, float, float], radius_m: float, start: float, stop: float, plane: str, steps: int
) -> Points:
    """Points of an arc in a plane such as "xz", angles in radians from the first axis. Returns (steps, 3)."""
    angle = np.linspace(start, stop, steps)
    points = np.zeros((steps, 3))
    points[:, "xyz".index(plane[0])] = radius_m * np.cos(angle)
    points[:, "xyz".index(plane[1])] = radius_m * np.sin(angle)
    return points + np.asarray(centre_m)


def column(levels_m: Sequence[tuple[float, float, float]], squareness: float = 4.0, segments: int = 20) -> Shape:
    """A closed body that rises through super-ellipses: cartons, bags, flattened bottles.

    levels_m: (height, half length along x, half width along y), from the bottom up. squareness: 2 is an ellipse.
    u goes around from -x over -y (the front, at 0.25) and y (0.75), by length; v upwards by length. The ends take the
    colours of the lowest and the highest row.
    """
    levels = np.array(levels_m, float)
    levels = np.concatenate([[[levels[0, 0], 1e-5, 1e-5]], levels, [[levels[-1, 0], 1e-5, 1e-5]]])
    angle = np.linspace(-np.pi, np.pi, segments + 1)
    if squareness > 2.5:
        # Corners need more points than sides.
        angle = angle + 0.16 * np.sin(4 * angle)
    power = 2 / squareness
    x = np.sign(np.cos(angle)) * np.abs(np.cos(angle)) ** power
    y = np.sign(np.sin(angle)) * np.abs(np.sin(angle)) ** power
    points = np.stack(
        [levels[:, 1:2] * x, levels[:, 2:3] * y, np.broadcast_to(levels[:, :1], (len(levels), segments + 1))], -1
    )
    shape = skin(points)
    widest = points[np.argmax(levels[:, 1] * levels[:, 2])]
    steps = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(widest, axis=0), axis=1))])
    rise = np.zeros(len(levels))
    rise[1:-1] = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(levels[1:-1], axis=0), axis=1))])
    rise[-1] = rise[-2]
    u, v = np.meshgrid(steps / steps[-1], 0.004 + 0.992 * rise / rise[-1])
    return replace(shape, texcoords=np.stack([u, v], -1).reshape(-1, 2))


def slab(outline_m: Points, low_m: float | Points, high_m: float | Points) -> Shape:
    """A board cut along an outline, (N, 2), counter-clockwise; its middle sees all of its edge.

    low_m, high_m: heights of the two faces, one or one for each point of the outline. u, v: from above, over the
    outline's own extent.
    """
    outline = np.asarray(outline_m, float)
    count = len(outline)
    low, high = (np.broadcast_to(np.asarray(h, float), count) for h in (low_m, high_m))
    middle = np.array([*_middle(outline), 0.0])
    below, above = np.column_stack([outline, low]), np.column_stack([outline, high])
    vertices = np.concatenate(
        [[middle + (0, 0, low.mean())], below, [middle + (0, 0, high.mean())], above, below, above]
    )
    k, after = np.arange(count), (np.arange(count) + 1) % count
    bottom, top, foot, head = 1, count + 2, 2 * count + 2, 3 * count + 2
    faces = [
        np.stack([np.zeros_like(k), bottom + after, bottom + k], -1),
        np.stack([np.full_like(k, count + 1), top + k, top + after], -1),
        np.stack([foot + k, foot + after, head + after], -1),
        np.stack([foot + k, head + after, head + k], -1),
    ]
    low_corner, high_corner = outline.min(axis=0), outline.max(axis=0)
    texcoords = (vertices[:, :2] - low_corner) / (high_corner - low_corner)
    return Shape(vertices, np.concatenate(faces), texcoords)


def _middle(outline: Points) -> Points:
    """The centre of a polygon's area, (2,)."""
    x, y = outline.T
    across = x * np.roll(y, -1) - np.roll(x, -1) * y
    return np.array([((x + np.roll(x, -1)) * across).sum(), ((y + np.roll(y, -1)) * across).sum()]) / (3 * across.sum())


def rounded(length_m: float, width_m: float, corner_m: float, steps: int = 4) -> Points:
    """The outline of a rectangle about the origin with round corners, (4 * steps, 2), counter-clockwise."""
    points = []
    for k, (x, y) in enumerate(((1, 1), (-1, 1), (-1, -1), (1, -1))):
        angle = np.pi / 2 * (k + np.linspace(0, 1, steps))
        centre = np.array([x * (length_m / 2 - corner_m), y * (width_m / 2 - corner_m)])
        points.append(centre + corner_m * np.stack([np.cos(angle), np.sin(angle)], -1))
    return np.concatenate(points)


def block(length_m: float, width_m: float, height_m: float, edge_m: float = 0.003) -> Shape:
    """A box on the ground with bevelled upright and upper edges.

    The picture: its left half the top, and the sides with the front (-y) and the back, each over a quarter: v 0 to 0.5
    the front and the back, 0.5 to 1 the narrow sides.
    """
    outline = rounded(length_m, width_m, edge_m, 2)
    inner = rounded(length_m - 2 * edge_m, width_m - 2 * edge_m, edge_m / 2, 2)
    count = len(outline)
    top = slab(inner, height_m, height_m)
    top = Shape(top.vertices_m, top.faces[count : 2 * count], top.texcoords).within((0.0, 0.0, 0.5, 1.0))
    base = slab(outline, 0.0, 0.0)
    base = Shape(base.vertices_m, base.faces[:count], base.texcoords).within((0.0, 0.0, 0.5, 1.0))
    shape = top + base
    for k in range(count):
        after = (k + 1) % count
        a, b, c, d = outline[k], outline[after], inner[after], inner[k]
        is_front = abs(b[1] - a[1]) < 0.5 * abs(b[0] - a[0])
        rise = height_m - edge_m
        vertices = [(*a, 0), (*b, 0), (*b, rise), (*a, rise), (*c, height_m), (*d, height_m)]
        way = b - a
        span, where = (length_m, 0) if is_front else (width_m, 1)
        along = np.sign(way[where])
        left = 0.5 + along * (np.array([a, b])[:, where]) / span
        low = 0.0 if is_front else 0.5
        u = 0.5 + 0.5 * np.clip(left, 0, 1)
        v = low + 0.5 * np.array([0.01, 0.01, 0.95, 0.95, 0.99, 0.99])
        texcoords = np.stack([[u[0], u[1], u[1], u[0], u[1], u[0]], v], -1)
        faces = [(0, 1, 2), (0, 2, 3), (3, 2, 4), (3, 4, 5)]
        shape = shape + Shape(np.array(vertices, float), np.array(faces), texcoords)
    return shape


def quilt(length_m: float, width_m: float, heights_m: Points) -> Shape:
    """A soft thing that lies: a surface over a grid, (rows, columns) of heights, closed below; seen from above."""
    rows, columns = heights_m.shape
    v, u = np.meshgrid(np.linspace(0, 1, rows), np.linspace(0, 1, columns), indexing="ij")
    top = np.stack([(u - 0.5) * length_m, (v - 0.5) * width_m, heights_m], -1)
    wide = np.pad(top, ((1, 1), (1, 1), (0, 0)), mode="edge")
    wide[0, :, 2] = wide[-1, :, 2] = wide[:, 0, 2] = wide[:, -1, 2] = 0.0
    texcoords = np.pad(np.stack([u, v], -1), ((1, 1), (1, 1), (0, 0)), mode="edge")
    corner = np.arange((rows + 2) * (columns + 2)).reshape(rows + 2, columns + 2)
    a, b, c, d = corner[:-1, :-1], corner[:-1, 1:], corner[1:, 1:], corner[1:, :-1]
    faces = np.concatenate([np.stack([a, b, c], -1).reshape(-1, 3), np.stack([a, c, d], -1).reshape(-1, 3)])
    vertices = wide.reshape(-1, 3)
    p, q, r = (vertices[faces[:, k]] for k in range(3))
    faces = faces[np.linalg.norm(np.cross(q - p, r - p), axis=1) > 1e-7]
    return Shape(vertices, faces, texcoords.reshape(-1, 2))


def limb(length_m: float, ends: list[tuple[float, float, float]], segments: int = 18) -> Shape:
    """A limb along -x, lofted through ellipses: (place along it from 0 to 1, half width along y, half thickness)."""
    place, wide, thick = np.array(ends).T
    path = np.stack([-length_m * place, np.zeros_like(place), np.zeros_like(place)], -1)
    return tube(path, np.stack([wide, thick], -1), segments)

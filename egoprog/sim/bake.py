"""Furniture as patches with their light painted in: all of a kitchen's fixed surfaces share one picture.

MuJoCo's renderer lights corners of triangles only and its shadow maps cost more than all the rest of a frame. So what
stands still gets its light here, once: rays from points on every surface to lamps, to the window and all around.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from egoprog.sim.pose import Vector

ATLAS_WIDTH_PX = 2048
PAD_PX = 6
"""Border around each picture in the atlas: smaller levels of the texture mix neighbouring texels."""
OCCLUSION_M = 0.8
"""What is farther away than this takes no light from a point."""


@dataclass(frozen=True)
class Patch:
    """A surface in the world, shut.

    points_m: (rows, columns, 3), the picture's bottom row first, left to right as seen from its outside.
    picture: (h, w, 3) 0 to 1, top row first. light: "baked", or how bright it is everywhere.
    cells: rows and columns of points that light is found at; None: at points_m.
    """

    points_m: NDArray[np.float64]
    picture: NDArray[np.float32]
    light: float | None = None
    cells: tuple[int, int] | None = None

    @staticmethod
    def quad(
        corner: Vector, right: Vector, up: Vector, picture: NDArray, light: float | None = None, cell_m: float = 0.08
    ) -> Patch:
        """A flat rectangle from its lower left corner along two edges; light is found every cell_m."""
        points = corner + np.multiply.outer((0.0, 1.0), up)[:, None] + np.multiply.outer((0.0, 1.0), right)[None]
        cells = tuple(int(np.clip(np.ceil(np.linalg.norm(edge) / cell_m), 2, 64)) for edge in (up, right))
        return Patch(points, np.asarray(picture, np.float32), light, cells)

    def samples(self) -> tuple[NDArray, NDArray]:
        """Points (r, c, 3) and unit normals where light is to be found."""
        points = self.points_m
        if self.cells is not None:
            rows, columns = ((np.arange(n) + 0.5) / n for n in self.cells)
            points = points[0, 0] + np.multiply.outer(rows, points[1, 0] - points[0, 0])[:, None]
            points = points + np.multiply.outer(columns, self.points_m[0, 1] - self.points_m[0, 0])[None]
        across, along = np.gradient(points, axis=1), np.gradient(points, axis=0)
        normals = np.cross(across, along)
        size = np.linalg.norm(normals, axis=-1, keepdims=True)
        return points, normals / np.maximum(size, 1e-12)


@dataclass(frozen=True)
class Lamp:
    """A surface that gives light. points_m: (N, 3) on it. normal: the way it shines, zero for all round.

    colour: its strength by RGB. reach_m: where its light has fallen to half.
    """

    points_m: NDArray[np.float64]
    normal: Vector
    colour: tuple[float, float, float]
    reach_m: float


def _hits(origins: NDArray, directions: NDArray, boxes: NDArray, reach_m: float) -> NDArray[np.float32]:
    """How far rays go before they meet a box, as a share of their length, 1 where they meet none.

    origins: (N, 3). directions: (N, R, 3), as long as the rays. boxes: (B, 2, 3). reach_m: length of the longest ray.
    Returns (N, R).
    """
    nearest = np.ones(directions.shape[:2], np.float32)
    directions = directions.astype(np.float32)
    inverse = 1 / np.where(np.abs(directions) < 1e-6, np.float32(1e-6), directions)
    inverse = [np.ascontiguousarray(inverse[..., k]) for k in range(3)]
    for low, high in boxes:
        near = np.flatnonzero(((origins > low - reach_m) & (origins < high + reach_m)).all(axis=1))
        if not len(near):
            continue
        enter = leave = None
        for k in range(3):
            way = inverse[k][near]
            at = origins[near, k, None]
            first, second = (low[k] - at).astype(np.float32) * way, (high[k] - at).astype(np.float32) * way
            if enter is None:
                enter, leave = np.minimum(first, second), np.maximum(first, second)
            else:
                enter = np.maximum(enter, np.minimum(first, second))
                leave = np.minimum(leave, np.maximum(first, second))
        met = (enter < leave) & (leave > 1e-3)
        nearest[near] = np.where(met, np.minimum(nearest[near], np.maximum(enter, 0.0)), nearest[near])
    return nearest


def _around(count: int, rng: np.random.Generator) -> NDArray:
    """Directions above the xy plane, denser along z as light matters. Returns (count, 3)."""
    turn = np.arange(count) * np.pi * (3 - np.sqrt(5)) + rng.uniform(0, 6)
    height = (np.arange(count) + 0.5) / count
    wide = np.sqrt(height)
    return np.stack([wide * np.cos(turn), wide * np.sin(turn), np.sqrt(1 - height)], axis=1)


def light_at(
    points: NDArray,
    normals: NDArray,
    boxes: NDArray,
    lamps: Sequence[Lamp],
    ambient: tuple[float, float, float],
    seed: int,
    rays: int = 28,
) -> NDArray[np.float32]:
    """Light that points receive, (N, 3) RGB. points, normals: (N, 3). boxes: (B, 2, 3), what casts shadows."""
    rng = np.random.default_rng([seed, 19])
    count = len(points)
    origins = points + 0.004 * normals
    # Each point gets axes of its own around the normal, turned by chance against bands.
    helper = np.where(np.abs(normals[:, 2:]) < 0.9, [[0.0, 0.0, 1.0]], [[1.0, 0.0, 0.0]])
    x = np.cross(helper, normals)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    y = np.cross(normals, x)
    around = _around(rays, rng)
    ways = around[None, :, :1] * x[:, None] + around[None, :, 1:2] * y[:, None] + around[None, :, 2:] * normals[:, None]
    share = _hits(origins, OCCLUSION_M * ways, boxes, OCCLUSION_M)
    # Near surfaces shut out the room's light, but give some back.
    open_share = np.where(share < 1, 0.25 + 0.75 * share, 1.0).mean(axis=1)
    total = open_share[:, None] ** 1.3 * (np.array(ambient) * (0.86 + 0.14 * normals[:, 2:]))
    for lamp in lamps:
        n = len(lamp.points_m)
        way = lamp.points_m[None] - origins[:, None]
        distance = np.linalg.norm(way, axis=-1)
        way = way / distance[..., None]
        facing = np.maximum((way * normals[:, None]).sum(axis=-1), 0)
        if np.any(lamp.normal):
            facing = facing * np.maximum(-(way @ lamp.normal), 0)
        useful = facing.max(axis=1) > 0
        visible = np.zeros((count, n))
        rays_there = (way * distance[..., None])[useful]
        visible[useful] = _hits(origins[useful], rays_there, boxes, float(distance.max())) > 0.98
        received = facing * visible / (1 + (distance / lamp.reach_m) ** 2)
        total = total + received.mean(axis=1, keepdims=True) * np.array(lamp.colour)
    return total.astype(np.float32)


@dataclass(frozen=True)
class Atlas:
    """One picture for all surfaces. picture: (H, W, 3) uint8, bottom row first.

    corners: each patch's rectangle, (u, v, width, height), 0 to 1.
    """

    picture: NDArray[np.uint8]
    corners: list[tuple[float, float, float, float]]


def pack(pictures: Sequence[NDArray[np.float32]]) -> Atlas:
    """Sets pictures, (h, w, 3) 0 to 1 with the top row first, side by side in rows, tallest first."""
    places: list[tuple[int, int]] = [(0, 0)] * len(pictures)
    x = y = row_height = 0
    for k in sorted(range(len(pictures)), key=lambda k: -pictures[k].shape[0]):
        h, w = pictures[k].shape[0] + 2 * PAD_PX, pictures[k].shape[1] + 2 * PAD_PX
        if x + w > ATLAS_WIDTH_PX:
            x, y, row_height = 0, y + row_height, 0
        places[k] = (x, y)
        x, row_height = x + w, max(row_height, h)
    height = int(np.ceil((y + row_height) / 64) * 64)
    sheet = np.zeros((height, ATLAS_WIDTH_PX, 3), np.uint8)
    corners = []
    for picture, (x, y) in zip(pictures, places, strict=True):
        h, w = picture.shape[:2]
        drawn = (np.clip(picture[::-1], 0, 1) * 255).astype(np.uint8)
        bordered = cv2.copyMakeBorder(drawn, PAD_PX, PAD_PX, PAD_PX, PAD_PX, cv2.BORDER_REPLICATE)
        sheet[y : y + h + 2 * PAD_PX, x : x + w + 2 * PAD_PX] = bordered
        # Half a texel inside the picture: filters never reach the border.
        u, v = (x + PAD_PX + 0.5) / ATLAS_WIDTH_PX, (y + PAD_PX + 0.5) / height
        corners.append((u, v, (w - 1) / ATLAS_WIDTH_PX, (h - 1) / height))
    return Atlas(sheet, corners)


def bake(
    patches: Sequence[Patch],
    boxes: NDArray,
    lamps: Sequence[Lamp],
    ambient: tuple[float, float, float],
    meter_m: NDArray,
    level: float,
    seed: int,
) -> Atlas:
    """Paints each patch's light into its picture and packs all pictures.

    boxes: (B, 2, 3), what casts shadows. meter_m: (N, 3) on worktops, where the light is made to be `level` on average.
    """
    grids = [patch.samples() if patch.light is None else None for patch in patches]
    lit = [grid for grid in grids if grid is not None]
    points = np.concatenate([*(p.reshape(-1, 3) for p, _ in lit), meter_m])
    normals = np.concatenate([*(n.reshape(-1, 3) for _, n in lit), np.tile((0.0, 0.0, 1.0), (len(meter_m), 1))])
    light = light_at(points, normals, boxes, lamps, ambient, seed)
    light *= level / light[-len(meter_m) :].mean()
    # Pictures are painted as screens show them; light falls off more gently there than in the world.
    light = np.maximum(light, 0.02) ** 0.78
    pictures, start = [], 0
    for patch, grid in zip(patches, grids, strict=True):
        if grid is None:
            pictures.append(patch.picture * patch.light)
            continue
        shape = grid[0].shape[:2]
        sheet = light[start : start + shape[0] * shape[1]].reshape(*shape, 3)[::-1]
        start += shape[0] * shape[1]
        if patch.cells is not None and min(shape) > 2:
            sheet = cv2.GaussianBlur(sheet, (3, 3), 0.6, borderType=cv2.BORDER_REPLICATE)
        size = patch.picture.shape[1], patch.picture.shape[0]
        sheet = np.maximum(cv2.resize(np.ascontiguousarray(sheet), size, interpolation=cv2.INTER_LINEAR), 0.0)
        pictures.append(patch.picture * sheet)
    return pack(pictures)


def mesh_of(patches: Sequence[Patch], corners: Sequence[tuple[float, float, float, float]]) -> tuple[NDArray, ...]:
    """Vertices (V, 3), faces (F, 3) and texture coordinates (V, 2) of patches that lie in an atlas."""
    vertices, faces, texcoords, start = [], [], [], 0
    for patch, (u, v, wide, high) in zip(patches, corners, strict=True):
        rows, columns = patch.points_m.shape[:2]
        at = start + np.arange(rows * columns).reshape(rows, columns)
        a, b, c, d = at[:-1, :-1], at[:-1, 1:], at[1:, 1:], at[1:, :-1]
        faces += [np.stack([a, b, c], -1).reshape(-1, 3), np.stack([a, c, d], -1).reshape(-1, 3)]
        s, t = np.meshgrid(np.linspace(0, 1, columns), np.linspace(0, 1, rows))
        vertices.append(patch.points_m.reshape(-1, 3))
        texcoords.append(np.stack([u + wide * s, v + high * t], -1).reshape(-1, 2))
        start += rows * columns
    return np.concatenate(vertices), np.concatenate(faces), np.concatenate(texcoords)

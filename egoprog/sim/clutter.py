"""Things that hands never touch and that make a kitchen lived in: jars, books, plants, a clock, a rail of spoons."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from egoprog.sim import shapes
from egoprog.sim.bake import Patch
from egoprog.sim.joiner import Joiner, matt
from egoprog.sim.layout import DEPTH_M, Run
from egoprog.sim.pose import Pose
from egoprog.sim.style import CLUTTER
from egoprog.sim.textures import Paint, plain


def clutter(to: Joiner) -> None:
    """Jars, bottles and books along the back of the worktops, a rail, a clock."""
    rng, top = to.rng, to.room.counter_m
    for run in to.room.runs:
        taken = []
        inverse = run.frame.inverse()
        for station in to.room.stations.values():
            for fixture in station.fixtures:
                at = (inverse @ fixture.frame).position_m
                if fixture.kind in ("tap", "hob", "microwave", "rack") and np.allclose(
                    fixture.frame.rotation, run.frame.rotation
                ):
                    pad = {"tap": 0.09, "rack": 0.0}.get(fixture.kind, 0.03)
                    taken.append((at[0] - fixture.size_m[0] / 2 - pad, at[0] + fixture.size_m[0] / 2 + pad))
        for low, high in run.tops:
            x = low + rng.uniform(0.06, 0.2)
            while x < high - 0.08:
                radius = float(rng.uniform(0.028, 0.055))
                if all(x + radius < a or x - radius > b for a, b in taken) and rng.random() < 0.72:
                    ornament(to, run.frame @ Pose.at(x, 0.59 - 0.012 - radius, top), radius, rng)
                x += 2 * radius + rng.choice([0.008, 0.012, 0.05, 0.25], p=[0.3, 0.3, 0.25, 0.15])
        if run.hood is None and run.window is None and len(run.tops[0]) and rng.random() < 0.6:
            clock(to, run.frame @ Pose.at(run.length_m / 2, DEPTH_M - 0.012, 2.2), rng)
        if rng.random() < 0.6 and run.hood is not None:
            rail(to, run, rng)


def ornament(to: Joiner, frame: Pose, radius: float, rng: np.random.Generator) -> None:
    """A jar, tin, bottle, potted plant, pepper mill or row of cookbooks; frame: its base's middle."""
    kind = str(
        rng.choice(
            ["jar", "bottle", "tin", "plant", "mill", "books", "spice"], p=[0.2, 0.2, 0.16, 0.1, 0.08, 0.1, 0.16]
        )
    )
    colour = np.array(CLUTTER[int(rng.integers(len(CLUTTER)))]) * rng.uniform(0.8, 1.1)
    other = np.array(CLUTTER[int(rng.integers(len(CLUTTER)))])
    high = float(rng.uniform(0.10, 0.17))
    if kind == "books":
        x = -radius
        while x < radius:
            thick, tall = float(rng.uniform(0.012, 0.028)), float(rng.uniform(0.19, 0.25))
            shade = CLUTTER[int(rng.integers(len(CLUTTER)))]
            to.box(
                "room",
                frame,
                (x, -0.075, 0.0),
                (x + thick, 0.075, tall),
                matt(shade),
                "-y -x +x +z",
                casts=False,
                cell_m=0.06,
            )
            x += thick + 0.001
        to.cast(frame, (-radius, -0.075, 0), (radius, 0.075, 0.22))
        return

    def around(bands: Sequence[tuple[float, float, Sequence[float]]], ground: Sequence[float]) -> Paint:
        """A picture around a thing: (from, to, colour) by height, from the foot."""
        sheet = plain(tuple(ground), 48, 64)
        for low, top, shade in bands:
            sheet[64 - int(top * 64) : 64 - int(low * 64)] = np.asarray(shade)
        if bands and rng.random() < 0.8:
            low, top, shade = bands[0]
            rows = slice(64 - int((0.75 * top + 0.25 * low) * 64), 64 - int((0.4 * top + 0.6 * low) * 64))
            for column in (6, 22, 38):
                sheet[rows, column : column + 9 : 2] *= 0.4
        return sheet

    r, h = radius, high
    match kind:
        case "jar":
            profile = [
                (0, 0),
                (r, 0.0),
                (r, 0.3 * h),
                (r, 0.6 * h),
                (r, 0.82 * h),
                (0.9 * r, 0.86 * h),
                (0.92 * r, h),
                (0, h),
            ]
            inside = np.array(
                [(0.80, 0.66, 0.42), (0.93, 0.90, 0.82), (0.55, 0.30, 0.14), (0.88, 0.76, 0.40)][int(rng.integers(4))]
            )
            picture = around([(0.30, 0.62, (0.93, 0.91, 0.84)), (0.76, 1.0, other)], inside)
        case "tin":
            profile = [(0, 0), (r, 0.0), (r, 0.5 * h), (r, h), (0.97 * r, h), (0.95 * r, 0.97 * h), (0, 0.97 * h)]
            picture = around([(0.12, 0.55, colour)], (0.75, 0.76, 0.78) if rng.random() < 0.5 else other)
        case "bottle":
            r, h = 0.8 * r, h + 0.12
            profile = [
                (0, 0),
                (r, 0.0),
                (r, 0.3 * h),
                (r, 0.58 * h),
                (0.8 * r, 0.68 * h),
                (0.36 * r, 0.78 * h),
                (0.34 * r, 0.92 * h),
                (0.4 * r, 0.925 * h),
                (0.4 * r, h),
                (0, h),
            ]
            glass = [(0.30, 0.36, 0.12), (0.42, 0.22, 0.08), (0.72, 0.62, 0.20), (0.16, 0.26, 0.16)][
                int(rng.integers(4))
            ]
            picture = around([(0.10, 0.36, (0.94, 0.92, 0.84)), (0.80, 1.0, colour)], glass)
        case "mill":
            r, h = 0.6 * r, h + 0.04
            profile = [
                (0, 0),
                (r, 0.0),
                (r, 0.12 * h),
                (0.62 * r, 0.4 * h),
                (0.9 * r, 0.66 * h),
                (0.6 * r, 0.72 * h),
                (0.9 * r, 0.84 * h),
                (0.5 * r, h),
                (0, h),
            ]
            picture = around([], (0.36, 0.22, 0.13) if rng.random() < 0.6 else (0.85, 0.84, 0.80))
        case "spice":
            r, h = 0.62 * r, 0.10
            profile = [(0, 0), (r, 0.0), (r, 0.5 * h), (r, 0.74 * h), (0.9 * r, 0.76 * h), (0.9 * r, h), (0, h)]
            picture = around([(0.2, 0.55, (0.94, 0.92, 0.86)), (0.70, 1.0, other)], colour)
        case _:
            profile = [(0, 0), (0.75 * r, 0.0), (r, 0.09), (1.06 * r, 0.095), (0.95 * r, 0.09), (0, 0.082)]
            picture = around([(0.0, 0.6, (0.72, 0.42, 0.28) if rng.random() < 0.5 else colour)], (0.25, 0.18, 0.12))
            _leaves(to, frame @ Pose.at(0, 0, 0.08), r, rng)
    to.shape(
        "room",
        frame @ Pose.at(0, 0, 0, float(rng.uniform(0, 6))),
        shapes.turned(profile, 14),
        np.clip(picture, 0, 1),
    )
    to.cast(frame, (-0.75 * r, -0.75 * r, 0), (0.75 * r, 0.75 * r, 0.9 * h))


def _leaves(to: Joiner, frame: Pose, radius: float, rng: np.random.Generator) -> None:
    for _ in range(26):
        turn, lift, long = rng.uniform(0, 6.28), rng.uniform(0.1, 1.3), rng.uniform(0.05, 0.12)
        out = np.array([np.cos(turn) * np.cos(lift), np.sin(turn) * np.cos(lift), np.sin(lift)])
        side = 0.32 * long * np.array([-np.sin(turn), np.cos(turn), 0.0])
        start = np.array([*(rng.uniform(-0.3, 0.3, 2) * radius), rng.uniform(0, 0.05)])
        green = plain(tuple(np.array((0.24, 0.46, 0.18)) * rng.uniform(0.6, 1.35)))
        bow = np.array([0, 0, -0.25 * long])
        rows = np.array(
            [
                [start, start],
                [start + 0.5 * long * out - side, start + 0.5 * long * out + side],
                [start + long * out + bow, start + long * out + bow],
            ]
        )
        points = frame.point(np.zeros(3)) + rows @ frame.rotation.T
        light = 0.72 + 0.3 * np.sin(lift)
        to.parts["room"].append(Patch(points, green, light))
        to.parts["room"].append(Patch(points[:, ::-1], green, 0.8 * light))


def clock(to: Joiner, frame: Pose, rng: np.random.Generator) -> None:
    def paint(width: float, height: float, at: tuple[float, float]) -> Paint:
        sheet = plain(to.style.wall, 72, 72)
        cv2.circle(sheet, (36, 36), 34, (0.2, 0.2, 0.22), -1, cv2.LINE_AA)
        cv2.circle(sheet, (36, 36), 30, (0.95, 0.95, 0.92), -1, cv2.LINE_AA)
        for long, angle, thick in ((17, rng.uniform(0, 6.28), 3), (25, rng.uniform(0, 6.28), 2)):
            tip = int(36 + long * np.sin(angle)), int(36 - long * np.cos(angle))
            cv2.line(sheet, (36, 36), tip, (0.1, 0.1, 0.1), thick, cv2.LINE_AA)
        return sheet

    to.side("room", frame, "-y", (-0.14, 0, -0.14), (0.14, 0, 0.14), paint)


def rail(to: Joiner, run: Run, rng: np.random.Generator) -> None:
    """A rail with spoons, ladles and sieves on the wall beside the hob."""
    a, b = run.hood
    y, z = DEPTH_M - 0.035, to.room.shelf_m - 0.06
    points = np.array([(a, y, z), (a + 0.01, y, z), (b - 0.01, y, z), (b, y, z)])
    to.shape("room", run.frame, shapes.tube(points, 0.005, 6), None)
    for x in np.arange(a + 0.05, b - 0.03, 0.085):
        if rng.random() < 0.25:
            continue
        long, at = float(rng.uniform(0.20, 0.27)), run.frame @ Pose.at(x, y - 0.008, z)
        stem = np.array([(0, 0, 0.0), (0, 0, -0.05), (0, 0, -long + 0.06), (0, 0, -long + 0.04)])
        wooden = rng.random() < 0.4
        to.shape("room", at, shapes.tube(stem, 0.005 if wooden else 0.0032, 6), (0.66, 0.46, 0.28) if wooden else None)
        head = np.array(
            [
                (0, 0, -long + 0.05),
                (0, 0, -long + 0.035),
                (0, 0, -long + 0.01),
                (0, 0, -long - 0.012),
                (0, 0, -long - 0.02),
            ]
        )
        widths = np.array([(0.006, 0.004), (0.018, 0.006), (0.028, 0.008), (0.024, 0.007), (0.006, 0.003)])
        to.shape("room", at, shapes.tube(head, widths, 10), (0.66, 0.46, 0.28) if wooden else (0.12, 0.12, 0.13))

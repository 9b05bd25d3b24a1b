"""A kitchen's furniture as patches: what a room's numbers look like in wood, steel, glass and tiles.

Patches lie in the world as they are when everything is shut, sorted into parts: a fixture's name for what is fixed of
it, "name/door" for what moves, "room" for the rest.
"""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np

from egoprog.sim import appliances, layout, shapes, textures
from egoprog.sim.bake import Lamp
from egoprog.sim.clutter import clutter, ornament
from egoprog.sim.joiner import PX_PER_M, Joiner, Painter, matt, write
from egoprog.sim.layout import DEPTH_M, DOOR_THICK_M, Room, Run
from egoprog.sim.pose import Pose, Vector
from egoprog.sim.style import CLUTTER, Style
from egoprog.sim.textures import Paint, plain
from egoprog.sim.types import Fixture

OVERHANG_M = 0.022
"""How far the worktop stands out before the doors below it."""
CEILING_M = 2.45


class Furniture(Joiner):
    """All patches of a room, and its light.

    parts: patches by part. boxes: (B, 2, 3), what casts shadows. lamps, ambient: the light. daylight: the way that
    light from the window goes, level. meter_m: (N, 3), places where the light should be right. surfaces: (S, 5), level
    rectangles that shadows fall on: x from, to, y from, to, height.
    """

    def __init__(self, room: Room, style: Style, seed: int):
        super().__init__(room, style, seed)
        self.lamps: list[Lamp] = []
        self._windows: list[tuple[Vector, Vector]] = []
        self._has_washer = bool(self.rng.random() < 0.6)
        self._room()
        for run in room.runs:
            self._run(run)
        self._corner()
        fixtures = [fixture for station in room.stations.values() for fixture in station.fixtures]
        for fixture in fixtures:
            if fixture.kind in appliances.MAKERS:
                appliances.MAKERS[fixture.kind](self, fixture)
        clutter(self)
        self._light()
        counters = [fixture for fixture in fixtures if fixture.kind == "counter"]
        self.meter_m = np.array([fixture.spot(spot, 0.0).position_m for fixture in counters for spot in fixture.spots])
        self.boxes = np.array([(np.minimum(a, b), np.maximum(a, b)) for a, b in self.casting])
        self.surfaces = np.array(self.levels)

    # The room.

    def _room(self) -> None:
        (x0, y0), (x1, y1) = self.room.floor_m
        world, wall, rng = Pose.at(0, 0, 0), self.of(self.wall_paint, "wall"), self.rng
        low, high = (x0, y0, 0.0), (x1, y1, CEILING_M)
        self.side("room", world, "+z", (x0, y0, 0), (x1, y1, 0), self.of(self.floor, "floor"), cell_m=0.14)
        self.side("room", world, "-z", (x0, y0, CEILING_M), (x1, y1, CEILING_M), matt((0.93, 0.93, 0.92)), 0.82)

        def with_skirting(width: float, height: float, at: tuple[float, float]) -> Paint:
            sheet = wall(width, height, at)
            ppm = PX_PER_M["wall"]
            band = int(0.10 * ppm)
            sheet[-band:] = (0.92, 0.91, 0.88)
            sheet[-band] = (0.62, 0.61, 0.60)
            if width > 1.6:
                self._furnish_wall(sheet, ppm, rng)
            return sheet

        for axis in ("-y", "+y", "-x", "+x"):
            near = {"-y": (low[0], high[1], 0), "+y": low, "-x": (high[0], low[1], 0), "+x": low}[axis]
            far = {"-y": high, "+y": (high[0], low[1], CEILING_M), "-x": high, "+x": (low[0], high[1], CEILING_M)}[axis]
            is_behind_run = any(np.allclose(run.frame.rotation[:, 1], _outward(axis)) for run in self.room.runs)
            self.side("room", world, axis, near, far, wall if is_behind_run else with_skirting, cell_m=0.2)
        self.level(world, (x0, y0), (x1, y1), 0.0)

    def _furnish_wall(self, sheet: Paint, ppm: int, rng: np.random.Generator) -> None:
        """A door, pictures, a calendar, on a wall without furniture."""
        high, wide = sheet.shape[:2]
        x = int(rng.uniform(0.1, 0.5) * (wide - 0.9 * ppm))
        door = sheet[high - int(2.0 * ppm) :, x : x + int(0.84 * ppm)]
        door[:] = np.array((0.90, 0.89, 0.86)) * rng.uniform(0.8, 1.0)
        for low, top in ((0.12, 0.45), (0.52, 0.92)):
            panel = door[int(low * door.shape[0]) : int(top * door.shape[0]), int(0.12 * ppm) : -int(0.12 * ppm)]
            panel *= 0.95
            panel[:1] *= 0.8
        door[:, :2] *= 0.7
        door[:, -2:] *= 0.7
        for at in rng.uniform(0, 1, 4):
            w, h = (rng.uniform(0.2, 0.45, 2) * ppm).astype(int)
            left, top = int(at * (wide - w)), high - int(rng.uniform(1.45, 1.65) * ppm) - h // 2
            if x - w - 6 < left < x + 0.84 * ppm + 6:
                continue
            frame = sheet[top : top + h, left : left + w]
            frame[:] = (0.16, 0.14, 0.13) if rng.random() < 0.5 else (0.80, 0.70, 0.52)
            inner = frame[2:-2, 2:-2]
            inner[:] = (0.93, 0.92, 0.88)
            ground, figure = (np.array(CLUTTER[int(k)]) for k in rng.integers(0, len(CLUTTER), 2))
            inner[4:-4, 4:-4] = 0.6 * ground + 0.3
            cv2.circle(
                inner, (int(w * rng.uniform(0.3, 0.7)), int(h * rng.uniform(0.4, 0.7))), w // 5, figure.tolist(), -1
            )

    # A run of furniture: worktop, fronts below, splashback, wall units.

    def _run(self, run: Run) -> None:
        top, frame = self.room.counter_m, run.frame
        inverse = frame.inverse()
        mine = [
            (fixture, (inverse @ fixture.frame).position_m)
            for station in self.room.stations.values()
            for fixture in station.fixtures
            if np.allclose(fixture.frame.rotation, frame.rotation)
            and -0.3 < (inverse @ fixture.frame).position_m[0] < run.length_m + 0.3
            and abs((inverse @ fixture.frame).position_m[1]) < DEPTH_M
        ]
        sink = next(((f, at) for f, at in mine if f.kind == "sink"), None)
        for low, high in run.tops:
            self._worktop(frame, low, high, sink if sink and low < sink[1][0] < high else None)
            self._base(run, low, high, mine)
        self._splashback(run)
        for low, high in run.uppers:
            self._uppers(run, low, high)
        if run.hood is not None:
            self._hood(run)
        # Furniture casts shadows as a whole.
        for low, high in run.tops:
            self.cast(frame, (low, 0.0, 0.1), (high, DEPTH_M, top - layout.SINK_DEPTH_M - 0.02))

    def _worktop(self, frame: Pose, low: float, high: float, sink: tuple[Fixture, Vector] | None) -> None:
        top = self.room.counter_m
        under = top - layout.TOP_THICK_M
        paint = self.of(self.top, "top")
        holes = [(low, high, -OVERHANG_M, DEPTH_M)]
        if sink is not None:
            fixture, at = sink
            x0, x1 = at[0] - fixture.size_m[0] / 2, at[0] + fixture.size_m[0] / 2
            y0, y1 = at[1], at[1] + fixture.size_m[1]
            holes = [(low, x0, -OVERHANG_M, DEPTH_M), (x1, high, -OVERHANG_M, DEPTH_M), (x0, x1, -OVERHANG_M, y0),
                     (x0, x1, y1, DEPTH_M)]  # fmt: skip
        for x0, x1, y0, y1 in holes:
            self.side("counter", frame, "+z", (x0, y0, top), (x1, y1, top), paint, cell_m=0.045)
            self.cast(frame, (x0, y0, under), (x1, y1, top))
            self.level(frame, (x0, y0), (x1, y1), top)
        self.side("counter", frame, "-y", (low, -OVERHANG_M, under), (high, 0, top), paint, cell_m=0.1)
        self.side("counter", frame, "-x", (low, -OVERHANG_M, under), (low, DEPTH_M, top), paint)
        self.side("counter", frame, "+x", (high, -OVERHANG_M, under), (high, DEPTH_M, top), paint)

    def _base(self, run: Run, low: float, high: float, mine: list[tuple[Fixture, Vector]]) -> None:
        """Doors, drawers and machines below a stretch of worktop."""
        frame, rng = run.frame, self.rng
        top = self.room.counter_m - layout.TOP_THICK_M - 0.004
        self.side(
            "room", frame, "-y", (low, 0.05, 0.0), (high, 0.05, 0.1), matt(tuple(0.5 * np.array(self.style.face)))
        )
        self.side("room", frame, "-y", (low, 0.0, 0.095), (high, 0.0, top + 0.01), matt((0.10, 0.09, 0.08)))
        for x, axis in ((low, "-x"), (high, "+x")):
            self.side(
                "room", frame, axis, (x, 0.0, 0.0), (x, DEPTH_M, top), matt(tuple(0.95 * np.array(self.style.face)))
            )
        cuts, machines = {low, high}, {}
        for fixture, at in mine:
            left, right = at[0] - fixture.size_m[0] / 2, at[0] + fixture.size_m[0] / 2
            if fixture.kind == "drawer" and low <= left and right <= high:
                cuts |= {left, right}
                machines[left] = fixture
            if fixture.kind == "hob" and low <= left and right <= high and self.style.worktop:
                cuts |= {left, right}
                machines[left] = fixture
        edges = sorted(cuts)
        for left, right in pairwise(edges):
            kind = machines[left].kind if left in machines else ""
            if kind == "drawer":
                drawer = self.room.boxes[machines[left].name]
                self._door_leaf(frame, left, right, 0.105, drawer.low[2] - 0.004, rng)
                continue
            if kind == "hob":
                self._oven_front(frame, left, right, top)
                continue
            if self._has_washer and right - left > 0.62:
                self._washer(frame, left + 0.005, left + 0.60, top)
                self._has_washer, left = False, left + 0.605
            count = max(round((right - left) / 0.45), 1)
            places = np.linspace(left, right, count + 1)
            for a, b in pairwise(places):
                if rng.random() < 0.3 and b - a > 0.3:
                    for z0, z1 in ((0.105, 0.40), (0.404, 0.66), (0.664, top)):
                        self._leaf("room", frame, a, b, z0, z1, rng, is_drawer=True)
                else:
                    self._door_leaf(frame, a, b, 0.105, top, rng)

    def _door_leaf(self, frame: Pose, a: float, b: float, low: float, high: float, rng: np.random.Generator) -> None:
        self._leaf("room", frame, a, b, low, high, rng, is_drawer=False)

    def _leaf(
        self,
        part: str,
        frame: Pose,
        a: float,
        b: float,
        low: float,
        high: float,
        rng: np.random.Generator,
        is_drawer: bool,
    ) -> None:
        """A front that stays shut, with its handle."""
        gap = 0.002
        self.side(part, frame, "-y", (a + gap, -DOOR_THICK_M, low), (b - gap, -DOOR_THICK_M, high), self.front())
        if is_drawer:
            self.handle(part, frame, Pose(np.array([(a + b) / 2, -DOOR_THICK_M, high - 0.06]), np.eye(3)), 0.13, True)
        else:
            x = b - 0.05 if rng.random() < 0.5 else a + 0.05
            self.handle(part, frame, Pose(np.array([x, -DOOR_THICK_M, high - 0.12]), np.eye(3)), 0.13, False)

    def _oven_front(self, frame: Pose, a: float, b: float, top: float) -> None:
        """A built-in oven below the hob: glass with a bar across it, dials above."""
        face = self.style.appliance

        def paint(width: float, height: float, at: tuple[float, float]) -> Paint:
            ppm = PX_PER_M["front"]
            size = round(width * ppm), round(height * ppm)
            sheet = plain(face, *size)
            strip = round(0.11 * ppm)
            glass = sheet[strip + 4 : -6, 5:-5]
            shine = np.linspace(0.24, 0.07, glass.shape[0])[:, None, None]
            glass[:] = shine * np.array((0.95, 1.0, 1.05))
            cv2.rectangle(sheet, (14, strip + 22), (size[0] - 14, size[1] - 18), (0.10, 0.10, 0.11), -1)
            for x in np.linspace(0.14, 0.86, 5)[[0, 1, 3, 4]]:
                cv2.circle(sheet, (int(x * size[0]), strip // 2), 5, (0.12, 0.12, 0.13), -1, cv2.LINE_AA)
            cv2.rectangle(
                sheet, (size[0] // 2 - 11, strip // 2 - 5), (size[0] // 2 + 11, strip // 2 + 5), (0.05, 0.1, 0.1), -1
            )
            write(sheet, "12:41", (size[0] // 2 - 9, strip // 2 + 3), 0.25, (0.3, 0.9, 0.7))
            sheet[strip : strip + 2] *= 0.5
            return sheet

        self.side("room", frame, "-y", (a + 0.003, -0.02, 0.105), (b - 0.003, -0.02, top), paint)
        bar = np.array(
            [
                (x, y, 0.0)
                for x, y in ((-0.2, 0.0), (-0.2, -0.03), (-0.19, -0.036), (0.19, -0.036), (0.2, -0.03), (0.2, 0.0))
            ]
        )
        self.shape("room", frame @ Pose.at((a + b) / 2, -0.02, top - 0.15), shapes.tube(bar, 0.007, 8), None)

        if self.rng.random() < 0.6:
            x = (a + b) / 2 + float(self.rng.uniform(-0.12, 0.04))
            colours = [np.array(CLUTTER[int(k)]) for k in self.rng.integers(0, len(CLUTTER), 2)]

            def towel(width: float, height: float, at: tuple[float, float]) -> Paint:
                rows, columns = np.mgrid[:96, :56]
                stripes = ((columns // 7) % 2 + (rows // 7) % 2) / 2
                sheet = stripes[..., None] * colours[0] + (1 - stripes[..., None]) * (0.5 * colours[1] + 0.45)
                folds = 1 + 0.14 * np.sin(columns / 6.0 + rows / 40.0) + 0.05 * np.sin(columns / 2.3)
                return (sheet * folds[..., None]).astype(np.float32)

            self.side("room", frame, "-y", (x - 0.1, -0.066, top - 0.50), (x + 0.1, -0.066, top - 0.14), towel)
            self.side("room", frame, "+z", (x - 0.1, -0.066, top - 0.14), (x + 0.1, -0.045, top - 0.14), towel)

    def _washer(self, frame: Pose, a: float, b: float, top: float) -> None:
        """A washing machine: a porthole and a panel."""

        def paint(width: float, height: float, at: tuple[float, float]) -> Paint:
            ppm = PX_PER_M["front"]
            size = round(width * ppm), round(height * ppm)
            sheet = plain((0.91, 0.91, 0.92), *size)
            middle = size[0] // 2, int(0.55 * size[1])
            for radius, colour in ((0.19, 0.70), (0.175, 0.86), (0.145, 0.22), (0.12, 0.13)):
                cv2.circle(sheet, middle, int(radius * ppm), (colour, colour, 1.03 * colour), -1, cv2.LINE_AA)
            cv2.ellipse(
                sheet, middle, (int(0.09 * ppm), int(0.10 * ppm)), 0, 200, 290, (0.42, 0.46, 0.5), 3, cv2.LINE_AA
            )
            sheet[int(0.13 * ppm) : int(0.13 * ppm) + 1] *= 0.7
            cv2.circle(sheet, (int(0.7 * size[0]), int(0.065 * ppm)), 6, (0.6, 0.6, 0.62), -1, cv2.LINE_AA)
            cv2.rectangle(sheet, (6, 6), (int(0.3 * size[0]), int(0.1 * ppm)), (0.8, 0.8, 0.82), -1)
            sheet[:, :1] *= 0.6
            sheet[:, -1:] *= 0.6
            return sheet

        self.side("room", frame, "-y", (a, -0.015, 0.02), (b, -0.015, top), paint)

    def _splashback(self, run: Run) -> None:
        frame, top = run.frame, self.room.counter_m
        high = self.room.shelf_m + 0.05
        style = self.style
        y = DEPTH_M - 0.006
        low_x, high_x = run.tops[0][0], run.tops[-1][1]
        if style.splash == "upstand":
            high = top + 0.10
        painter = self._splash_painter()
        pieces = [(low_x, high_x, top, high)]
        if run.window is not None:
            a, b = run.window
            sill = top + 0.16
            pieces = [(low_x, a, top, high), (b, high_x, top, high), (a, b, top, min(sill, high))]
            self._window(run, sill)
        for a, b, z0, z1 in pieces:
            if b - a > 0.02:
                self.side("room", frame, "-y", (a, y, z0), (b, y, z1), painter, cell_m=0.05)

        for x in self.rng.uniform(low_x + 0.1, high_x - 0.1, 3):
            if run.window is None or not run.window[0] - 0.1 < x < run.window[1] + 0.1:
                self._socket(frame @ Pose.at(x, y - 0.004, top + 0.24))

    def _splash_painter(self) -> Painter:
        if self.style.splash == "upstand":
            return self.of(self.top, "top")
        if self.splash is not None:
            return self.of(self.splash, "splash")
        is_glass = self.style.splash == "glass"
        return matt(self.style.splash_colours[0]) if is_glass else self.of(self.wall_paint, "wall")

    def _socket(self, frame: Pose) -> None:
        """Two power points on a plate."""

        def paint(width: float, height: float, at: tuple[float, float]) -> Paint:
            sheet = plain((0.93, 0.93, 0.91), 44, 26)
            sheet[:1], sheet[-1:], sheet[:, :1], sheet[:, -1:] = 0.75, 0.55, 0.7, 0.7
            for x in (12, 32):
                for dx, dy in ((0, -4), (-3, 3), (3, 3)):
                    sheet[13 + dy : 15 + dy, x + dx : x + dx + 2] = 0.15
            return sheet

        self.side("room", frame, "-y", (-0.073, 0, -0.043), (0.073, 0, 0.043), paint)

    def _window(self, run: Run, sill: float) -> None:
        a, b = run.window
        high, rng = 2.12, self.rng
        view = textures.daylight(rng)
        is_dark = max(self.style.day) < 0.5
        tint = np.array(self.style.day) / max(self.style.day)
        if is_dark:
            view = view * np.array((0.12, 0.15, 0.24), np.float32)

        def paint(width: float, height: float, at: tuple[float, float]) -> Paint:
            ppm = 150
            size = round(width * ppm), round(height * ppm)
            sheet = cv2.resize(view.astype(np.float32), size) * tint.astype(np.float32)
            for x in (0, size[0] // 2 - 4, size[0] - 8):
                sheet[:, x : x + 8] = 0.90
                sheet[:, x : x + 1] = 0.7
            sheet[:8] = 0.88
            sheet[-8:] = 0.92
            return sheet

        y = DEPTH_M - 0.008
        self.side("room", run.frame, "-y", (a, y, sill), (b, y, high), paint, light=1.0)
        self.box(
            "room",
            run.frame,
            (a - 0.03, DEPTH_M - 0.10, sill - 0.025),
            (b + 0.03, DEPTH_M, sill),
            matt((0.93, 0.92, 0.90)),
            "-y +z -x +x",
        )
        self._windows.append((run.frame.point((a, y, sill)), run.frame.point((b, y, high))))
        for x in np.arange(a + 0.12, b - 0.1, 0.21):
            if rng.random() < 0.55:
                ornament(self, run.frame @ Pose.at(x, DEPTH_M - 0.052, sill), 0.038, rng)

    def _uppers(self, run: Run, low: float, high: float) -> None:
        frame, shelf = run.frame, self.room.shelf_m
        top, y = shelf + self.room.wall_unit_m, DEPTH_M - layout.WALL_UNIT_DEPTH_M
        carcass = matt(tuple(0.95 * np.array(self.style.upper_face)))
        self.box("room", frame, (low, y + DOOR_THICK_M, shelf), (high, DEPTH_M, top), carcass, "-x +x +z -z")
        count = max(round((high - low) / 0.42), 1)
        places = np.linspace(low, high, count + 1)
        for k, (a, b) in enumerate(pairwise(places)):
            self.side("room", frame, "-y", (a + 0.002, y, shelf), (b - 0.002, y, top), self.front(True))
            x = b - 0.04 if k % 2 == 0 else a + 0.04
            self.handle("room", frame, Pose(np.array([x, y, shelf + 0.10]), np.eye(3)), 0.12, False)

    def _hood(self, run: Run) -> None:
        a, b = run.hood
        low = self.room.shelf_m + 0.22
        steel = self.of(self.steel, "inside")
        self.box("room", run.frame, (a, 0.27, low), (b, DEPTH_M, low + 0.06), steel, "-y -x +x +z -z")
        middle = (a + b) / 2
        self.box(
            "room", run.frame, (middle - 0.14, 0.36, low + 0.06), (middle + 0.14, DEPTH_M, CEILING_M), steel, "-y -x +x"
        )
        self.lamps.append(
            Lamp(np.array([run.frame.point((middle + dx, 0.38, low - 0.03)) for dx in (-0.12, 0.12)]),
                 np.array([0, 0, -1.0]), tuple(0.35 * np.array((1.0, 0.9, 0.74))), 0.7)
        )  # fmt: skip

    def _corner(self) -> None:
        if self.room.corner_m is None:
            return
        (x0, y0), (x1, y1) = self.room.corner_m
        world, top = Pose.at(0, 0, 0), self.room.counter_m
        self.box(
            "counter",
            world,
            (x0, y0, top - layout.TOP_THICK_M),
            (x1, y1, top),
            self.of(self.top, "top"),
            "+z -y -x +x",
            cell_m=0.045,
        )
        self.box("room", world, (x0, y0, 0), (x1, y1, top - layout.TOP_THICK_M), matt(self.style.face), "-y -x +x")
        self.level(world, (x0, y0), (x1, y1), top)
        walls = self._splash_painter()
        high = self.room.shelf_m + 0.05 if self.style.splash != "upstand" else top + 0.1
        frame = self.room.runs[1].frame
        self.side("room", world, "-y", (x0, y1 - 0.006, top), (x1, y1 - 0.006, high), walls, cell_m=0.05)
        if frame.rotation[0, 1] > 0:
            self.side("room", world, "-x", (x1 - 0.006, y0, top), (x1 - 0.006, y1, high), walls, cell_m=0.05)
        else:
            self.side("room", world, "+x", (x0 + 0.006, y0, top), (x0 + 0.006, y1, high), walls, cell_m=0.05)

    # Light.

    def _light(self) -> None:
        (x0, y0), (x1, y1) = self.room.floor_m
        rng, style = self.rng, self.style
        middles = [
            run.frame.point((run.length_m * share, -0.55, 0)) for run in self.room.runs for share in (0.25, 0.75)
        ]
        for middle in middles:
            at = np.clip(middle[:2] + rng.uniform(-0.2, 0.2, 2), (x0 + 0.3, y0 + 0.3), (x1 - 0.3, y1 - 0.3))
            spread = np.array([(dx, dy) for dx in (-0.14, 0.14) for dy in (-0.14, 0.14)])
            points = np.column_stack([at + spread, np.full(4, CEILING_M - 0.06)])
            share = tuple((1.2 / len(middles) * 2) * np.array(style.lamp))
            self.lamps.append(Lamp(points, np.zeros(3), share, 1.5))
        for low, high in self._windows:
            spread = np.array([(s, t) for s in (0.2, 0.5, 0.8) for t in (0.25, 0.75)])
            along = (high - low) * (1, 1, 0)
            inward = np.array([-along[1], along[0], 0]) / np.linalg.norm(along)
            room_middle = np.array([(x0 + x1) / 2, (y0 + y1) / 2, 1.2])
            inward = inward if (room_middle - low) @ inward > 0 else -inward
            points = low + spread[:, :1] * along + spread[:, 1:] * (high - low) * (0, 0, 1) + 0.03 * inward
            self.lamps.append(Lamp(points, inward, tuple(2.6 * np.array(style.day)), 0.9))
            self.daylight = inward
        if not self._windows:
            self.daylight = np.array([0.2, 0.95, 0.0])
            # A window behind the person.
            points = np.array([(x, y0 + 0.05, 1.6) for x in np.linspace(x0 + 0.5, x1 - 0.5, 4)])
            self.lamps.append(Lamp(points, np.array([0, 1.0, 0]), tuple(1.4 * np.array(style.day)), 1.6))
        if style.has_strips:
            for run in self.room.runs:
                for low, high in run.uppers:
                    points = np.array(
                        [
                            run.frame.point((x, DEPTH_M - 0.12, self.room.shelf_m - 0.02))
                            for x in np.linspace(low + 0.1, high - 0.1, 4)
                        ]
                    )
                    self.lamps.append(Lamp(points, np.array([0, 0, -1.0]), (0.62, 0.56, 0.44), 0.45))
        self.ambient = style.ambient


def _outward(axis: str) -> Vector:
    """The way from the room's middle to the wall that faces along an axis."""
    sign = 1.0 if axis[0] == "-" else -1.0
    return sign * np.eye(3)["xyz".index(axis[1])]

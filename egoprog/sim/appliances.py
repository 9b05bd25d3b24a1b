"""The fixtures of a kitchen as patches: cupboards and drawers that open, sink and tap, hob, fridge, microwave, bin."""

from __future__ import annotations

import cv2
import numpy as np

from egoprog.sim import layout, shapes
from egoprog.sim.joiner import PX_PER_M, Joiner, Painter, matt, write
from egoprog.sim.layout import DEPTH_M, DOOR_THICK_M
from egoprog.sim.pose import Pose
from egoprog.sim.style import CLUTTER
from egoprog.sim.textures import Paint, plain
from egoprog.sim.types import Fixture


def sink(to: Joiner, fixture: Fixture) -> None:
    frame, (wide, deep, top) = fixture.frame, fixture.size_m
    low = to.room.boxes["sink"].low[2] + 0.01
    x0, x1, rim = -wide / 2, wide / 2, 0.018
    steel = to.of(to.steel, "appliance")

    def floor(width: float, height: float, at: tuple[float, float]) -> Paint:
        sheet = steel(width, height, at)
        middle = sheet.shape[1] // 2, sheet.shape[0] // 2
        for radius, shade in ((0.045, 0.62), (0.041, 0.80), (0.030, 0.24), (0.026, 0.12)):
            cv2.circle(sheet, middle, int(radius * PX_PER_M["appliance"]), (shade, shade, shade), -1, cv2.LINE_AA)
        return sheet

    to.side("sink", frame, "+z", (x0, 0, low), (x1, deep, low), floor, cell_m=0.04)
    to.side("sink", frame, "-y", (x0, deep, low), (x1, deep, top), steel, cell_m=0.04)
    to.side("sink", frame, "+y", (x0, 0, low), (x1, 0, top), steel, cell_m=0.04)
    to.side("sink", frame, "+x", (x0, 0, low), (x0, deep, top), steel, cell_m=0.04)
    to.side("sink", frame, "-x", (x1, 0, low), (x1, deep, top), steel, cell_m=0.04)
    to.level(frame, (x0, 0), (x1, deep), low)
    z = top + 0.003
    for a, b in (((x0 - rim, -rim), (x1 + rim, 0)), ((x0 - rim, deep), (x1 + rim, deep + rim)),
                 ((x0 - rim, 0), (x0, deep)), ((x1, 0), (x1 + rim, deep))):  # fmt: skip
        to.side("sink", frame, "+z", (*a, z), (*b, z), lambda w, h, at: 1.12 * steel(w, h, at), cell_m=0.05)
    rack = to.room.stations["sink"].fixture("rack")
    if rack is not None:
        _drainer(to, rack)


def _drainer(to: Joiner, rack: Fixture) -> None:
    """The grooved steel beside the sink that the rack stands on."""
    top, (wide, deep, _) = to.room.counter_m, rack.size_m

    def paint(width: float, height: float, at: tuple[float, float]) -> Paint:
        sheet = to.steel.cut(width, height, PX_PER_M["appliance"], at)
        for x in range(8, sheet.shape[1] - 6, 11):
            sheet[8:-8, x : x + 2] *= 0.80
            sheet[8:-8, x + 2 : x + 4] *= 1.10
        return sheet

    to.side(
        "sink",
        rack.frame,
        "+z",
        (-wide / 2 - 0.01, -0.01, top + 0.002),
        (wide / 2 + 0.01, deep + 0.06, top + 0.002),
        paint,
        cell_m=0.06,
    )


def rack(to: Joiner, fixture: Fixture) -> None:
    frame, (wide, deep, _), top = fixture.frame, fixture.size_m, to.room.counter_m
    x, y = wide / 2 - 0.008, deep - 0.008
    loops = []
    for height, r in ((0.014, 0.003), (0.095, 0.0035)):
        ring = np.array([(-x, 0.008, height), (x, 0.008, height), (x, y, height), (-x, y, height), (-x, 0.008, height)])
        loops.append(shapes.tube(ring, r, 6))
    for dx in np.linspace(-x, x, 7):
        loops.append(
            shapes.tube(np.array([(dx, 0.008, 0.095), (dx, 0.008, 0.016), (dx, y, 0.016), (dx, y, 0.095)]), 0.002, 5)
        )
    colour = (0.88, 0.88, 0.88) if to.rng.random() < 0.5 else None
    for loop in loops:
        to.shape("rack", frame @ Pose.at(0, 0, top), loop, colour)
    to.level(frame, (-x, 0), (x, y), top + 0.02)


def tap(to: Joiner, fixture: Fixture) -> None:
    frame, top = fixture.frame @ Pose.at(0, 0, to.room.counter_m), to.room.counter_m
    _, mouth_y, mouth_z = layout.TAP_MOUTH_M
    foot = shapes.turned(
        [(0, 0), (0.029, 0), (0.029, 0.006), (0.022, 0.012), (0.022, 0.085), (0.015, 0.09), (0, 0.092)], 20
    )
    if to.style.tap == "swan":
        radius = -mouth_y / 2
        rise = np.stack([np.zeros(5), np.zeros(5), np.linspace(0.06, mouth_z, 5)], -1)
        neck = shapes.arc((0, mouth_y / 2, mouth_z + 0.012), radius, 0.0, np.pi, "yz", 16)
        path = np.concatenate([rise, neck, [[0, mouth_y, mouth_z]]])
    else:
        corner = 0.03
        high, nick = mouth_z + 0.06, 0.3 * corner
        rise = [(0, 0, 0.06), (0, 0, high - corner), (0, -nick, high - nick), (0, -corner, high)]
        fall = [(0, mouth_y + corner, high), (0, mouth_y + nick, high - nick), (0, mouth_y, high - corner)]
        path = np.array([*rise, *fall, (0, mouth_y, mouth_z)])
    to.shape("tap", frame, foot, None)
    to.shape("tap", frame, shapes.tube(path, 0.0118, 12), None)
    to.shape(
        "tap",
        frame,
        shapes.tube(np.array([(0, mouth_y, mouth_z + 0.016), (0, mouth_y, mouth_z)]), 0.0135, 12),
        None,
    )
    hinge = np.array(fixture.pivot_m) - (0, 0, top)
    grip = fixture.grip.bar.position_m - (0, 0, top)
    along = (grip - hinge) / np.linalg.norm(grip - hinge)
    path = hinge + np.multiply.outer(
        np.array([-0.02, 0.0, 0.02, 0.06, layout.LEVER_LENGTH_M, layout.LEVER_LENGTH_M + 0.004]), along
    )
    to.shape("tap/door", frame, shapes.tube(path, np.array([0.013, 0.013, 0.008, 0.0068, 0.0065, 0.002]), 10), None)
    to.cast(frame, (-0.02, -0.02, 0), (0.02, 0.02, 0.2))


def hob(to: Joiner, fixture: Fixture) -> None:
    frame, (wide, deep, top) = fixture.frame, fixture.size_m
    low, high = (-wide / 2, 0, top - 0.008), (wide / 2, deep, top)
    if to.style.hob == "gas":
        _gas_burners(to, fixture)
    else:
        to.side("hob", frame, "+z", low, high, _glass_top(to, fixture), cell_m=0.06)
        for axis in ("-y", "-x", "+x"):
            to.side("hob", frame, axis, low, high, matt((0.5, 0.5, 0.51)))
    to.level(frame, low[:2], high[:2], top)
    for k, dx in enumerate((0.0, -0.06, -0.12, -0.18)):
        dial = shapes.turned([(0.0165, 0), (0.0165, 0.002), (0.015, 0.016), (0.012, 0.019), (0, 0.019)], 16)
        at = fixture.grip.bar.position_m + (dx, 0, top - fixture.grip.bar.position_m[2])
        part = "hob/door" if k == 0 else "hob"
        to.shape(part, frame @ Pose.at(*at), dial, (0.72, 0.73, 0.75))
        to.box(
            part,
            frame @ Pose.at(*at),
            (-0.0025, -0.014, 0.019),
            (0.0025, 0.014, 0.022),
            matt((0.25, 0.25, 0.26)),
            "+z -y +y -x +x",
            casts=False,
        )


def _glass_top(to: Joiner, fixture: Fixture) -> Painter:
    """Black glass with four rings, the light of a window in it."""
    wide, deep, _ = fixture.size_m

    def paint(width: float, height: float, at: tuple[float, float]) -> Paint:
        ppm = PX_PER_M["appliance"]
        size = round(width * ppm), round(height * ppm)
        x, y = np.meshgrid(np.linspace(0, 1, size[0]), np.linspace(0, 1, size[1]))
        sheen = (
            0.075
            + 0.10 * np.exp(-(((x + 0.35 * y - 0.35) / 0.16) ** 2)) * (1 - y)
            + 0.012 * to.rng.normal(size=x.shape)
        )
        sheet = (sheen[..., None] * np.array((0.95, 1.0, 1.08))).astype(np.float32)
        for spot, radius in zip(fixture.spots, layout.RING_RADIUS_M, strict=True):
            middle = int((spot.pose.position_m[0] + wide / 2) * ppm), int((deep - spot.pose.position_m[1]) * ppm)
            for r in (radius, radius - 0.006):
                cv2.circle(sheet, middle, int(r * ppm), (0.34, 0.34, 0.35), 1, cv2.LINE_AA)
            cv2.circle(sheet, middle, int(0.6 * radius * ppm), (0.15, 0.15, 0.16), 1, cv2.LINE_AA)
        dials = fixture.grip.bar.position_m
        for dx in (0.0, -0.06, -0.12, -0.18):
            at_px = int((dials[0] + dx + wide / 2) * ppm), int((deep - dials[1]) * ppm)
            cv2.circle(sheet, at_px, int(0.021 * ppm), (0.30, 0.30, 0.31), -1, cv2.LINE_AA)
        sheet[:3] = sheet[-3:] = 0.5
        sheet[:, :3] = sheet[:, -3:] = 0.5
        return sheet

    return paint


def _gas_burners(to: Joiner, fixture: Fixture) -> None:
    """A steel plate with four burners below cast-iron grates that pans stand on."""
    frame, (wide, deep, top) = fixture.frame, fixture.size_m

    def plate(width: float, height: float, at: tuple[float, float]) -> Paint:
        sheet = to.steel.cut(width, height, PX_PER_M["appliance"], at)
        for spot, radius in zip(fixture.spots, layout.RING_RADIUS_M, strict=True):
            x, y = ((spot.pose.position_m[:2] + (wide / 2, 0)) * PX_PER_M["appliance"]).astype(int)
            for share, shade in ((0.85, 0.52), (0.80, 0.62), (0.62, 0.20)):
                cv2.circle(
                    sheet, (x, sheet.shape[0] - y), int(share * radius * PX_PER_M["appliance"]), (shade,) * 3, -1
                )
        sheet[:3] = sheet[-3:] = 0.8
        return sheet

    plate_m = top - 0.0068
    to.side("hob", frame, "+z", (-wide / 2, 0, plate_m), (wide / 2, deep, plate_m), plate, cell_m=0.06)
    to.box("hob", frame, (-wide / 2, 0, top - 0.008), (wide / 2, deep, plate_m), matt((0.6, 0.6, 0.61)), "-y -x +x")
    iron = (0.13, 0.13, 0.14)
    for spot, radius in zip(fixture.spots, layout.RING_RADIUS_M, strict=True):
        at = frame @ Pose(spot.pose.position_m - (0, 0, 0.007), spot.pose.rotation)
        cap = shapes.turned([(0.5 * radius, 0), (0.5 * radius, 0.003), (0.36 * radius, 0.005), (0, 0.005)], 18)
        to.shape("hob", at, cap, iron)
        for turn in np.arange(4) * np.pi / 2:
            arm = at @ Pose.at(0, 0, 0, turn)
            to.box(
                "hob",
                arm,
                (0.25 * radius, -0.004, 0.001),
                (1.2 * radius, 0.004, 0.007),
                matt(iron),
                "+z -y +y +x",
                casts=False,
            )


def cupboard(to: Joiner, fixture: Fixture) -> None:
    frame, (wide, deep, _) = fixture.frame, fixture.size_m
    box, name = to.room.boxes[fixture.name], fixture.name
    low, high = (-wide / 2, 0.0, box.low[2]), (wide / 2, deep, box.high[2])
    outside = matt(tuple(0.95 * np.array(to.style.upper_face)))
    to.box(name, frame, low, high, outside, "-x +x +z -z")
    thick = 0.016
    inner = (low[0] + thick, 0.0, low[2] + thick), (high[0] - thick, deep - 0.015, high[2] - thick)
    to.inside(name, frame, *inner, to.carcass(), 0.72)
    shelves = sorted({round(float(spot.pose.position_m[2]), 4) for spot in fixture.spots})
    for z in shelves[1:]:
        to.box(
            name,
            frame,
            (inner[0][0], 0.02, z - 0.016),
            (inner[1][0], deep, z),
            to.carcass(),
            "-y +z -z",
            0.74,
            casts=False,
        )
    for z in shelves:
        to.level(frame, (inner[0][0], 0), (inner[1][0], deep), z)
    for x in (low[0], high[0] - thick):
        to.side(name, frame, "-y", (x, 0, low[2]), (x + thick, 0, high[2]), to.carcass(), 0.8)
    for z in (low[2], high[2] - thick):
        to.side(name, frame, "-y", (low[0], 0, z), (high[0], 0, z + thick), to.carcass(), 0.8)
    door = f"{name}/door"
    a, b = (low[0] + 0.002, -DOOR_THICK_M, low[2]), (high[0] - 0.002, -0.001, high[2])
    to.side(door, frame, "-y", a, b, to.front(True))
    to.side(door, frame, "+y", a, b, to.carcass(), 0.80)
    to.box(door, frame, a, b, outside, "-x +x +z -z", 0.72, casts=False)
    _fixture_handle(to, fixture, door)


def _fixture_handle(to: Joiner, fixture: Fixture, part: str) -> None:
    """The drawn handle around a fixture's grip."""
    bar = fixture.grip.bar
    is_level = abs(bar.rotation[0, 2]) > 0.5
    face = np.array([bar.position_m[0], bar.position_m[1] + 0.028, bar.position_m[2]])
    to.handle(part, fixture.frame, Pose(face, np.eye(3)), fixture.grip.length_m, is_level)


def drawer(to: Joiner, fixture: Fixture) -> None:
    frame, part = fixture.frame, f"{fixture.name}/door"
    box = to.room.boxes[fixture.name]
    (x0, y0, z0), (x1, y1, z1) = box.low, box.high
    to.side(part, frame, "-y", (x0 + 0.002, y0, z0), (x1 - 0.002, y0, z1), to.front())
    outside = matt(tuple(0.9 * np.array(to.style.face)))
    to.box(part, frame, (x0 + 0.002, y0, z0), (x1 - 0.002, -0.001, z1), outside, "+y -x +x +z", 0.85, casts=False)
    a, b, rim = (x0 + 0.02, 0.0, z0 + 0.02), (x1 - 0.02, y1, z1 - 0.035), 0.012
    floor = matt((0.70, 0.60, 0.46)) if to.style.is_wooden else matt((0.82, 0.82, 0.80))
    wood = matt((0.80, 0.70, 0.55)) if to.style.is_wooden else matt((0.88, 0.88, 0.87))
    to.inside(part, frame, (a[0], a[1], a[2]), (b[0], b[1], b[2]), floor, 0.70)
    del to.parts[part][-1]  # a drawer has no lid
    to.side(part, frame, "+y", (a[0], 0.0, a[2]), (b[0], 0.0, b[2]), wood, 0.6)
    for x in (a[0] - rim, b[0]):
        to.box(part, frame, (x, 0, a[2]), (x + rim, y1, b[2]), wood, "+z -x +x", 0.8, casts=False)
    # A cutlery tray's dividers.
    for x in np.linspace(a[0], b[0], 4)[1:-1]:
        to.box(
            part,
            frame,
            (x - 0.003, 0.02, a[2]),
            (x + 0.003, 0.40, a[2] + 0.035),
            wood,
            "+z -x +x -y",
            0.74,
            casts=False,
        )
    _fixture_handle(to, fixture, part)


def fridge(to: Joiner, fixture: Fixture) -> None:
    frame, (wide, deep, high), style = fixture.frame, fixture.size_m, to.style
    x0, x1 = -wide / 2, wide / 2
    thick, door_y = 0.04, -0.05
    colour = {"white": (0.91, 0.91, 0.90), "steel": (0.66, 0.67, 0.69), "colour": style.bin}[style.fridge]
    skin = matt(colour)
    to.box("fridge", frame, (x0, 0.0, 0.02), (x1, deep, high), skin, "-x +x +z")
    liner = matt((0.95, 0.96, 0.97))
    shelves = sorted({round(float(spot.pose.position_m[2]), 4) for spot in fixture.spots})
    floor = shelves[0] - 0.20
    inner = (x0 + thick, 0.0, floor), (x1 - thick, deep - 0.10, high - thick)
    to.inside("fridge", frame, *inner, liner, 1.0)
    for z in shelves:
        glass = matt((0.78, 0.86, 0.86))
        to.box(
            "fridge",
            frame,
            (inner[0][0], 0.015, z - 0.008),
            (inner[1][0], deep - 0.12, z),
            glass,
            "-y +z -z",
            0.95,
            casts=False,
        )
        to.side("fridge", frame, "-y", (inner[0][0], 0.012, z - 0.014), (inner[1][0], 0.012, z + 0.004), liner, 1.0)
        to.level(frame, (inner[0][0], 0), (inner[1][0], deep - 0.12), z)
    lamp = lambda w, h, at: plain((1.0, 1.0, 0.94))  # noqa: E731
    to.box(
        "fridge",
        frame,
        (-0.06, 0.2, high - thick - 0.02),
        (0.06, 0.26, high - thick),
        lamp,
        "-y -z",
        1.05,
        casts=False,
    )
    # The salad box below the lowest shelf, and the freezer's shut front below that.
    to.side(
        "fridge",
        frame,
        "-y",
        (inner[0][0], 0.02, floor),
        (inner[1][0], 0.02, shelves[0] - 0.03),
        matt((0.80, 0.86, 0.88)),
        0.9,
    )
    for low, top in ((0.02, floor), (high - thick, high)):
        to.side("fridge", frame, "-y", (x0, 0.0, low), (x1, 0.0, top), liner, 0.8)
    for x in (x0, x1 - thick):
        to.side("fridge", frame, "-y", (x, 0.0, floor), (x + thick, 0.0, high), liner, 0.85)

    def outside(width: float, height: float, at: tuple[float, float]) -> Paint:
        ppm = PX_PER_M["front"]
        if style.fridge == "steel":
            sheet = to.steel.cut(height, width, ppm, at).transpose(1, 0, 2).copy()
        else:
            sheet = plain(colour, round(width * ppm), round(height * ppm))
        gleam = np.exp(-(((np.linspace(0, 1, sheet.shape[1]) - 0.3) / 0.12) ** 2))
        sheet *= (1 + 0.05 * gleam)[None, :, None].astype(np.float32)
        if height > 0.7:
            _notes(to, sheet, ppm)
        return sheet

    a, b = (x0 + 0.003, door_y, floor + 0.004), (x1 - 0.003, -0.004, high)
    to.side("fridge/door", frame, "-y", a, b, outside)
    to.box("fridge/door", frame, a, b, skin, "-x +x +z -z", casts=False)
    to.side("fridge/door", frame, "+y", a, b, liner, 0.92)
    for z in (floor + 0.12, floor + 0.45, floor + 0.75):
        if z + 0.1 < high:
            to.box(
                "fridge/door",
                frame,
                (x0 + 0.06, -0.004, z),
                (x1 - 0.06, 0.05, z + 0.06),
                matt((0.84, 0.90, 0.92)),
                "+y -x +x +z",
                0.9,
                casts=False,
            )
    to.side("fridge", frame, "-y", (x0 + 0.003, door_y, 0.04), (x1 - 0.003, door_y, floor - 0.004), outside)
    to.box("fridge", frame, (x0 + 0.003, door_y, 0.04), (x1 - 0.003, 0.0, floor - 0.004), skin, "-x +x +z", casts=False)
    bar = fixture.grip.bar.position_m
    to.handle(
        "fridge/door",
        frame,
        Pose(np.array([bar[0], bar[1] + 0.035, bar[2]]), np.eye(3)),
        fixture.grip.length_m,
        False,
    )
    to.handle("fridge", frame, Pose(np.array([bar[0], door_y, floor - 0.16]), np.eye(3)), 0.22, False)
    to.cast(frame, (x0, door_y, 0.02), (x1, 0.0, high))
    side = to.style.face
    for x in (x0 - 0.018, x1):
        to.box("room", frame, (x, 0.0, 0.0), (x + 0.018, DEPTH_M, high + 0.05), matt(side), "-y -x +x +z")


def _notes(to: Joiner, sheet: Paint, ppm: int) -> None:
    """Magnets, notes and a drawing that somebody stuck on."""
    rng = to.rng
    high, wide = sheet.shape[:2]
    for _ in range(int(rng.integers(2, 7))):
        w, h = (rng.uniform(0.05, 0.16, 2) * ppm).astype(int)
        x, y = int(rng.uniform(0.1, 0.85) * (wide - w)), int(rng.uniform(0.05, 0.45) * (high - h))
        paper = np.array((0.95, 0.94, 0.88)) if rng.random() < 0.6 else np.array(CLUTTER[int(rng.integers(10))])
        sheet[y : y + h, x : x + w] = paper
        for row in range(y + 3, y + h - 2, 4):
            sheet[row, x + 2 : x + w - 2 - int(rng.integers(0, w // 2))] *= 0.55
        cv2.circle(sheet, (x + w // 2, y + 1), 2, CLUTTER[int(rng.integers(10))], -1)


def microwave(to: Joiner, fixture: Fixture) -> None:
    frame, style = fixture.frame, to.style
    (x0, y0, z0), (x1, y1, z1) = to.room.boxes["microwave"].low, to.room.boxes["microwave"].high
    colour = style.appliance
    door_x = x0 + 0.335
    to.box("microwave", frame, (x0, 0.0, z0), (x1, y1, z1), matt(colour), "-x +x +z", cell_m=0.06)
    ppm = PX_PER_M["appliance"]

    def panel(width: float, height: float, at: tuple[float, float]) -> Paint:
        size = round(width * ppm), round(height * ppm)
        sheet = plain(colour, *size)
        cv2.rectangle(sheet, (5, 6), (size[0] - 6, 18), (0.04, 0.09, 0.07), -1)
        write(sheet, "09:15", (7, 16), 0.3, (0.35, 0.95, 0.55))
        for row in range(4):
            for column in range(3):
                at_px = 6 + column * (size[0] - 12) // 3, 26 + row * 11
                cv2.rectangle(sheet, at_px, (at_px[0] + 7, at_px[1] + 6), (0.5, 0.5, 0.52), -1)
        cv2.circle(sheet, (size[0] // 2, size[1] - 14), 7, (0.45, 0.45, 0.47), -1, cv2.LINE_AA)
        return sheet

    to.box("microwave", frame, (door_x, y0, z0), (x1, 0.0, z1), panel, "-y +x +z", casts=False)
    inner = (x0 + 0.02, 0.0, z0 + 0.03), (door_x - 0.005, y1 - 0.03, z1 - 0.03)
    to.inside("microwave", frame, *inner, matt((0.82, 0.80, 0.74)), 0.8)
    for a, b in (
        ((x0, z0), (door_x, z0 + 0.03)),
        ((x0, z1 - 0.03), (door_x, z1)),
        ((x0, z0), (x0 + 0.02, z1)),
        ((door_x - 0.005, z0), (door_x, z1)),
    ):
        to.side("microwave", frame, "-y", (a[0], 0.0, a[1]), (b[0], 0.0, b[1]), matt((0.75, 0.75, 0.74)), 0.75)
    spot = fixture.spots[0].pose.position_m
    to.level(frame, inner[0][:2], inner[1][:2], spot[2])
    plate = shapes.turned([(0.0, 0.0), (0.128, 0.0), (0.130, 0.004), (0.0, 0.006)], 24)
    to.shape("microwave", frame @ Pose.at(spot[0], spot[1], spot[2] - 0.007), plate, (0.75, 0.82, 0.82), 0.8)

    def window(width: float, height: float, at: tuple[float, float]) -> Paint:
        size = round(width * ppm), round(height * ppm)
        sheet = plain(colour, *size)
        glass = sheet[12:-12, 12:-22]
        y, x = np.mgrid[: glass.shape[0], : glass.shape[1]]
        glass[:] = (0.07 + 0.03 * ((x + y) % 3 == 0) + 0.08 * np.exp(-(((x - y * 0.5) / 22.0 - 1.4) ** 2)))[..., None]
        sheet[:, -1:] *= 0.6
        return sheet

    a, b = (x0 + 0.002, y0, z0), (door_x - 0.002, -0.001, z1)
    to.side("microwave/door", frame, "-y", a, b, window)
    to.side("microwave/door", frame, "+y", a, b, window, 0.8)
    to.box("microwave/door", frame, a, b, matt(colour), "-x +x +z -z", 0.8, casts=False)
    bar = fixture.grip.bar.position_m
    to.handle(
        "microwave/door",
        frame,
        Pose(np.array([bar[0], y0, bar[2]]), np.eye(3)),
        fixture.grip.length_m + 0.04,
        False,
    )


def waste_bin(to: Joiner, fixture: Fixture) -> None:
    frame, (wide, deep, high) = fixture.frame, fixture.size_m
    x0, x1, rim = -wide / 2, wide / 2, high - 0.025
    outside = matt(to.style.bin)
    to.box("bin", frame, (x0, 0.0, 0.0), (x1, deep, rim), outside, "-y -x +x", casts=True)
    bag = matt((0.22, 0.22, 0.24))
    low = high - 0.16
    inner = (x0 + 0.012, 0.012, low), (x1 - 0.012, deep - 0.012, rim)
    (xa, ya, _), (xb, yb, _) = inner
    to.side("bin", frame, "-y", (xa, yb, low), (xb, yb, rim), bag, 0.8)
    to.side("bin", frame, "+y", (xa, ya, low), (xb, ya, rim), bag, 0.8)
    to.side("bin", frame, "+x", (xa, ya, low), (xa, yb, rim), bag, 0.8)
    to.side("bin", frame, "-x", (xb, ya, low), (xb, yb, rim), bag, 0.8)
    to.side("bin", frame, "+z", (xa, ya, low), (xb, yb, low), bag, 0.45)
    for a, b in (
        ((x0, 0.0), (x1, 0.012)),
        ((x0, deep - 0.012), (x1, deep)),
        ((x0, 0.0), (x0 + 0.012, deep)),
        ((x1 - 0.012, 0.0), (x1, deep)),
    ):
        to.side("bin", frame, "+z", (*a, rim), (*b, rim), outside)
    lid = matt(tuple(0.8 * np.array(to.style.bin)))
    a, b = (x0 - 0.004, -0.006, rim + 0.001), (x1 + 0.004, deep + 0.004, high)
    to.box("bin/door", frame, a, b, lid, "+z -y +y -x +x", casts=False)
    to.side("bin/door", frame, "-z", a, b, lid, 0.55)


MAKERS = {
    "sink": sink,
    "tap": tap,
    "rack": rack,
    "hob": hob,
    "cupboard": cupboard,
    "drawer": drawer,
    "fridge": fridge,
    "microwave": microwave,
    "bin": waste_bin,
}
"""Draws a fixture, by its kind."""

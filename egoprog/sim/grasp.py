"""How a hand takes hold: where the wrist is, and how far each finger closes.

All of it is worked out in the hand frame and in the body frame (see hand.py and body.py). A bar, of any direction, is
always held in the same way in the hand; what is free is the turn about the bar and which end the thumb is at. Of all
of these the wrist is taken that a person would find easiest.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Literal

import numpy as np

from egoprog.program.types import Hand
from egoprog.sim.hand import BONES, FINGERS, FIST, FLESH_M, MOVES, OPEN, RELAXED, Posture, load_hand
from egoprog.sim.pose import Pose, Vector, aligning, minimum_jerk, turn, unit

Style = Literal["wrap", "pinch", "press"]

PALM_M = 0.027
"""Depth of the palm's surface below the middle of the hand."""
TOUCH_M = 0.0005
"""Flesh that is as near as this touches."""
UPPER_ARM_M, FOREARM_M = 0.29, 0.26
NUM_TURNS = 48
"""Turns about a bar that are tried."""
PINCH: Posture = {
    "thumb": (0.30, 0.30, 0.30, 0.35, 0.30),
    "index-finger": (0.0, 0.85, 0.75, 0.35),
    "middle-finger": (0.0, 0.90, 0.80, 0.35),
    "ring-finger": (-0.02, 0.95, 0.85, 0.40),
    "pinky-finger": (-0.05, 0.95, 0.85, 0.40),
}
"""Thumb and finger tips that have met."""
POINT: Posture = {
    "thumb": (0.25, 0.25, 0.45, 0.55, 0.50),
    "index-finger": (0.02, 0.25, 0.15, 0.08),
    "middle-finger": (0.0, 1.10, 1.25, 0.75),
    "ring-finger": (0.0, 1.25, 1.40, 0.85),
    "pinky-finger": (0.0, 1.25, 1.40, 0.85),
}
"""The index finger out, the others bent."""
THUMB_LIMITS = np.array([[-0.25, -0.55, -0.45, 0.0, 0.0], [0.50, 0.45, 0.60, 0.75, 0.85]])
"""Least and most of the thumb's angles."""
# Bones of each finger that touch, from the palm outwards, and the first joint (as in MOVES) beyond each of them.
FLESHED_BONES = {
    "thumb": (("metacarpal", "phalanx-proximal", "phalanx-distal"), (3, 4, 5)),
    **dict.fromkeys(FINGERS[1:], (("phalanx-proximal", "phalanx-intermediate", "phalanx-distal"), (2, 3, 4))),
}


def mirror(side: Hand) -> float:
    return 1.0 if side is Hand.RIGHT else -1.0


@cache
def _chain(side: Hand, finger: str) -> list[tuple[str, Pose, list[tuple[int, str, float]]]]:
    """The bones of a finger, each in its parent's frame, with the joints that turn it: index, axis, sign."""
    mesh, chain, before = load_hand(side), [], "wrist"
    for bone in BONES:
        if finger == "thumb" and bone == "phalanx-intermediate":
            continue
        name = f"{finger}-{bone}"
        joints = [
            # A left hand spreads and rolls the other way round; both bend about -x.
            (k, axis, -1.0 if axis == "x" else mirror(side))
            for k, (moved, axis) in enumerate(MOVES[finger])
            if moved == bone
        ]
        chain.append((bone, mesh.bind_of(before).inverse() @ mesh.bind_of(name), joints))
        before = name
    return chain


def finger_points(side: Hand, finger: str, angles: Vector) -> dict[str, Vector]:
    """Where the bones of a finger begin, in the hand frame: (N, 3) by bone, for N sets of angles, (N, J).

    The same chain as MuJoCo's, a hundred times as fast for many postures at once.
    """
    angles = np.atleast_2d(np.asarray(angles, float))
    wrist = load_hand(side).bind_of("wrist")
    position = np.broadcast_to(wrist.position_m, (len(angles), 3))
    rotation = np.broadcast_to(wrist.rotation, (len(angles), 3, 3))
    points = {}
    for bone, pose, joints in _chain(side, finger):
        position = position + rotation @ pose.position_m
        rotation = rotation @ pose.rotation
        points[bone] = position
        for k, axis, sign in joints:
            rotation = rotation @ _turns(axis, sign * angles[:, k])
    return points


def _turns(axis: str, angles: Vector) -> Vector:
    """Matrices, (N, 3, 3), that turn about one of the axes."""
    c, s = np.cos(angles), np.sin(angles)
    made = np.zeros((len(angles), 3, 3))
    i, j, k = {"x": (1, 2, 0), "y": (2, 0, 1), "z": (0, 1, 2)}[axis]
    made[:, i, i], made[:, i, j], made[:, j, i], made[:, j, j], made[:, k, k] = c, -s, s, c, 1.0
    return made


def _distances(a: Vector, b: Vector, at: Vector, along: Vector) -> Vector:
    """From segments a to b, (N, 3) each, to the line through `at` along a unit vector: (N,)."""
    flat = np.eye(3) - np.outer(along, along)
    a, b = (a - at) @ flat, (b - at) @ flat
    way = b - a
    share = np.clip(-(a * way).sum(-1) / np.maximum((way * way).sum(-1), 1e-12), 0, 1)
    return np.linalg.norm(a + share[:, None] * way, axis=-1)


def close_on(side: Hand, bar: Pose, radius_m: float) -> Posture:
    """The posture in which each finger, closing from OPEN towards FIST, has just met a bar (z along it, hand frame).

    The thumb lies against them. A finger bends in all joints until one of its bones touches, then goes on in the joints
    beyond that bone. A finger that meets nothing stays half closed.
    """
    posture = {"thumb": _thumb_on(side, bar, radius_m)}
    for finger in FINGERS[1:]:
        bones, joints_beyond = FLESHED_BONES[finger]
        shut, angles = np.array(FIST[finger]), np.array(OPEN[finger])
        joint, bone = 0, 0
        while bone < len(bones) and joint < len(angles):
            way = shut - angles
            way[:joint] = 0.0
            tried = angles + np.linspace(0, 1, 61)[:, None] * way
            points = finger_points(side, finger, tried)
            ends = [name for name in BONES if name in points]
            gaps = np.stack([
                _distances(points[name], points[ends[ends.index(name) + 1]], bar.position_m, bar.rotation[:, 2])
                for name in bones[bone:]
            ]) - FLESH_M[finger] - radius_m  # fmt: skip
            touched = np.argwhere((gaps <= TOUCH_M).T)
            if len(touched) == 0:
                angles = angles + 0.5 * way if joint == 0 else tried[-1]
                break
            share, further = touched[0]
            angles = tried[share]
            joint, bone = joints_beyond[bone + further], bone + further + 1
        posture[finger] = tuple(float(angle) for angle in angles)
    return posture


def _thumb_on(side: Hand, bar: Pose, radius_m: float) -> tuple[float, ...]:
    """The thumb that lies on a bar against the fingers: of many postures the one that touches best and bends least."""
    rng = np.random.default_rng(7)
    tried = np.concatenate([[OPEN["thumb"]], rng.uniform(*THUMB_LIMITS, (4000, 5))])
    points = finger_points(side, "thumb", tried)
    bones = FLESHED_BONES["thumb"][0]
    ends = (*bones[1:], "tip")
    along = bar.rotation[:, 2]
    gaps = np.stack([_distances(points[a], points[b], bar.position_m, along) for a, b in zip(bones, ends, strict=True)])
    gaps -= FLESH_M["thumb"] + radius_m
    pad = points["phalanx-distal"] + points["tip"] - 2 * bar.position_m
    pad -= (pad @ along)[:, None] * along
    opposed = pad @ np.array([-0.6, 0.0, -0.8]) / np.linalg.norm(pad, axis=1)
    cost = 400 * np.maximum(-gaps.min(axis=0), 0) + 60 * np.abs(gaps[2]) + 15 * np.abs(gaps[1]) - 0.7 * opposed
    cost += 0.5 * ((tried - RELAXED["thumb"]) ** 2).sum(axis=1)
    return tuple(float(angle) for angle in tried[int(np.argmin(cost))])


@cache
def held(side: Hand, style: Style, radius_mm: int) -> tuple[Pose, Posture]:
    """How a bar of a radius lies in a hand, z of the bar towards the thumb, and the fingers around it."""
    sign, radius_m = mirror(side), radius_mm / 1000
    if style == "press":
        tip = finger_points(side, "index-finger", POINT["index-finger"])["tip"][0]
        # The finger tip meets the bar's middle; y of the bar points back along the finger.
        rotation = np.stack([np.cross((-1.0, 0, 0), (0, sign, 0)), (-1.0, 0, 0), (0, sign, 0)], axis=1)
        return Pose(tip + (radius_m, 0, 0), rotation), POINT
    if style == "wrap":
        # Thin handles lie across the palm at a slant and go on along the forearm, thick bodies lie straight.
        slant = 0.62 * float(np.clip((0.024 - radius_m) / 0.010, 0, 1)) + 0.08
        along = np.array([math.sin(slant), sign * math.cos(slant), 0.0])
        bar = Pose(np.array([0.084, 0.010 * sign, -PALM_M - radius_m]), aligning(np.array([0.0, 0.0, 1.0]), along))
        return bar, close_on(side, bar, radius_m)
    return _pinched(side, radius_m)


def _pinched(side: Hand, radius_m: float) -> tuple[Pose, Posture]:
    """Thumb and fingers as far apart as a bar is thick, and the bar between their tips."""
    shares = np.linspace(0, 1, 61)
    opened = {finger: np.array(OPEN[finger]) for finger in FINGERS}
    angles = {
        finger: opened[finger] + shares[:, None] * (np.array(PINCH[finger]) - opened[finger]) for finger in FINGERS
    }
    tips = {finger: _pad(side, finger, angles[finger]) for finger in FINGERS[:3]}
    best, least = 0, np.inf
    for k in range(len(shares)):
        bar = _between_tips(*(tips[finger][k] for finger in FINGERS[:3]))
        gaps = [_gap(side, finger, angles[finger][k], bar, radius_m) for finger in FINGERS[:3]]
        off = abs(gaps[0]) + abs(min(gaps[1:]))
        if off < least:
            best, least = k, off
    bar = _between_tips(*(tips[finger][best] for finger in FINGERS[:3]))
    return bar, {finger: tuple(float(angle) for angle in angles[finger][best]) for finger in FINGERS}


def _between_tips(thumb: Vector, index: Vector, middle: Vector) -> Pose:
    """The bar between the thumb and two fingers, z from the middle finger to the index finger."""
    across = unit(thumb - 0.5 * (index + middle))
    along = index - middle
    along = unit(along - across * (along @ across))
    rotation = np.stack([across, np.cross(along, across), along], axis=1)
    return Pose(0.5 * thumb + 0.25 * (index + middle), rotation)


def _gap(side: Hand, finger: str, angles: Vector, bar: Pose, radius_m: float) -> float:
    """The room between the flesh of a finger and a bar; negative where they cut into each other."""
    points = finger_points(side, finger, angles)
    ends = [name for name in BONES if name in points]
    return float(
        min(
            _distances(points[name], points[ends[ends.index(name) + 1]], bar.position_m, bar.rotation[:, 2])[0]
            for name in FLESHED_BONES[finger][0]
        )
        - FLESH_M[finger]
        - radius_m
    )


def _pad(side: Hand, finger: str, angles: Vector) -> Vector:
    """The middle of a finger's last bone, (N, 3)."""
    points = finger_points(side, finger, angles)
    return 0.35 * points["phalanx-distal"] + 0.65 * points["tip"]


def hold(side: Hand, style: Style, radius_m: float) -> tuple[Pose, Posture]:
    """`held` for any radius: bars are told apart by the millimetre."""
    return held(side, style, max(2, round(1000 * radius_m)))


def elbows(side: Hand, wrists_m: Vector, rotations: Vector, shoulder_m: Vector) -> Vector:
    """Where elbows bend, (N, 3), for wrists, (N, 3), of hands with attitudes, (N, 3, 3), in the body frame.

    An elbow hangs down and outwards, and swings to where the forearm goes on straight into the hand.
    """
    reach = wrists_m - shoulder_m
    distance = np.linalg.norm(reach, axis=1, keepdims=True)
    ahead = reach / np.maximum(distance, 1e-6)
    wished = np.array([0.40 * mirror(side), -0.25, -0.80]) - 0.55 * rotations[:, :, 0]
    swivel = wished - ahead * (ahead * wished).sum(axis=1, keepdims=True)
    swivel /= np.linalg.norm(swivel, axis=1, keepdims=True)
    along = np.clip((UPPER_ARM_M**2 - FOREARM_M**2 + distance**2) / (2 * distance), -UPPER_ARM_M, UPPER_ARM_M)
    bent = shoulder_m + along * ahead + np.sqrt(UPPER_ARM_M**2 - along**2) * swivel
    return np.where(distance < UPPER_ARM_M + FOREARM_M, bent, wrists_m - FOREARM_M * ahead)


def elbow(side: Hand, wrist: Pose, shoulder_m: Vector) -> Vector:
    """Where one elbow bends, (3,)."""
    return elbows(side, wrist.position_m[None], wrist.rotation[None], shoulder_m)[0]


def awkwardness(
    side: Hand, rotations: Vector, wrists_m: Vector, shoulder_m: Vector, surface_m: float | None = None
) -> Vector:
    """How hard wrists are on an arm, (N,): below 1 easy, above 4 nothing that a person would do.

    rotations: (N, 3, 3), wrists_m: (N, 3), shoulder_m: (3,), body frame. surface_m: height that no hand goes below.
    """
    sign = mirror(side)
    forearm = wrists_m - elbows(side, wrists_m, rotations, shoulder_m)
    forearm /= np.linalg.norm(forearm, axis=1, keepdims=True)
    along, thumbwards, backwards = np.einsum("nij,ni->jn", rotations, forearm)
    flexion = np.arctan2(backwards, along)
    deviation = np.arcsin(np.clip(thumbwards * sign, -1, 1))
    # Limits of a wrist: flexion 1.2, extension 1.1, towards the little finger 0.6, towards the thumb 0.35.
    cost = np.where(flexion > 0, flexion / 0.85, flexion / 0.80) ** 2
    cost += np.where(deviation > 0, deviation / 0.50, deviation / 0.40) ** 2
    cost += np.where(along < 0.2, 4.0, 0.0)
    # How far the forearm is rolled from between thumb up and palm down, which is how it hangs before the body.
    usual = np.array([-0.65 * sign, 0.0, 0.76])
    thumb = rotations[:, :, 1] * sign
    ahead = np.array([0.0, 1.0, 0.0])
    axis = np.cross(ahead, forearm)
    # The usual direction goes round with the forearm: (1 + c) R v = v(1 + c)c + ... for the smallest turn.
    cosine = forearm @ ahead
    turned = (
        cosine[:, None] * usual + np.cross(axis, usual) + axis * ((axis @ usual) / np.maximum(1 + cosine, 0.1))[:, None]
    )
    roll = _angle_about(forearm, turned, thumb) * sign
    # Positive: the thumb goes outwards, the palm turns up.
    roll = np.where(roll > 0, roll / 1.0, roll / 1.2)
    cost += roll**2 + 0.5 * roll**4
    if surface_m is not None:
        for point, room_m in (
            ((0, 0, 0), 0.026),
            ((0.09, 0.04, 0), 0.012),
            ((0.09, -0.04, 0), 0.012),
            ((0.16, 0.02, -0.03), 0.004),
            ((0.15, -0.03, -0.03), 0.004),
        ):
            height = (rotations @ np.array(point, float) + wrists_m)[:, 2] - surface_m - room_m
            cost += 150 * np.maximum(-height, 0)
        middle = wrists_m - 0.10 * forearm
        cost += 60 * np.maximum(surface_m + 0.035 - middle[:, 2], 0)
    return cost


def _angle_about(axis: Vector, a: Vector, b: Vector) -> Vector:
    """Angles, (N,), from a to b seen along axes; positive is counter-clockwise for whoever looks against the axis."""
    a = a - axis * (a * axis).sum(1, keepdims=True)
    b = b - axis * (b * axis).sum(1, keepdims=True)
    return np.arctan2((np.cross(a, b) * axis).sum(1), (a * b).sum(1))


def wrist_at(
    side: Hand,
    style: Style,
    radius_m: float,
    bar: Pose,
    shoulder_m: Vector,
    surface_m: float | None = None,
    thumb_to: float = 0.0,
    before: Pose | None = None,
    outward: Vector | None = None,
    across: Vector | None = None,
) -> tuple[Pose, float]:
    """The easiest wrist that holds a bar, and how awkward it is. All in the body frame.

    thumb_to: 1 or -1, the end of the bar where the thumb must be; 0 leaves it free. before: where the hand comes from.
    outward: (3,), away from what the bar is fixed to; the hand comes from there.
    across: (3,), for a pinch: from the finger tips to the thumb, or the other way round.
    """
    in_hand, _ = hold(side, style, radius_m)
    if style == "press":
        # y of both bars agree; a finger may come from a little above or beside.
        starts = [
            bar.rotation @ turn((1.0, 0, 0), a) @ turn((0, 0, 1.0), b) for a in (-0.5, 0, 0.5) for b in (-0.5, 0, 0.5)
        ]
        bars = np.array([start @ turn((0, 1.0, 0), angle) for start in starts for angle in np.arange(12) * np.pi / 6])
    else:
        ends = [np.eye(3), np.diag([1.0, -1.0, -1.0])]
        ends = ends if thumb_to == 0 else ends[:1] if thumb_to > 0 else ends[1:]
        angles = np.arange(NUM_TURNS) * 2 * np.pi / NUM_TURNS
        bars = np.array([bar.rotation @ end @ turn((0, 0, 1.0), angle) for end in ends for angle in angles])
    rotations = bars @ in_hand.rotation.T
    wrists_m = bar.position_m - rotations @ in_hand.position_m
    cost = awkwardness(side, rotations, wrists_m, shoulder_m, surface_m)
    if before is not None:
        cosine = (np.einsum("nij,ij->n", rotations, before.rotation) - 1) / 2
        cost = cost + 0.12 * np.arccos(np.clip(cosine, -1, 1)) ** 2
    if outward is not None:
        palm, fingers = rotations[:, :, 2] @ outward, rotations[:, :, 0] @ outward
        if style == "wrap":
            cost = cost + 8 * np.maximum(0.25 - palm, 0) + 8 * np.maximum(-fingers - 0.85, 0)
        else:
            cost = cost + 3 * np.maximum(fingers + 0.2, 0)
    if across is not None:
        cost = cost + 4 * (1 - np.abs(bars[:, :, 0] @ across))
    k = int(np.argmin(cost))
    return Pose(wrists_m[k], rotations[k]), float(cost[k])


def above_surface(side: Hand, wrist: Pose, posture: Posture, surface_m: float) -> Posture:
    """The posture with each finger opened as far as it must be not to go through a surface."""
    free = {}
    for finger in FINGERS:
        shares = np.linspace(1, 0, 11)
        angles = np.array(OPEN[finger]) + shares[:, None] * (np.array(posture[finger]) - np.array(OPEN[finger]))
        points = finger_points(side, finger, angles)
        lowest = np.min([(p @ wrist.rotation.T + wrist.position_m)[:, 2] for p in points.values()], axis=0)
        fits = np.flatnonzero(lowest - FLESH_M[finger] >= surface_m - 0.002)
        k = fits[0] if len(fits) else int(np.argmax(lowest))
        free[finger] = tuple(float(angle) for angle in angles[k])
    return free


def arriving(before: Pose, wrist: Pose, outside_m: Vector):
    """The way of a hand that comes to a wrist from outside: an arc whose end goes against `outside_m`."""
    from egoprog.sim.tracks import pose_way

    turning = pose_way(before, wrist)
    control = wrist.position_m + outside_m

    def way(share: float) -> Pose:
        if share >= 1:
            return wrist
        rotation = turning(float(minimum_jerk(share / 0.8))).rotation
        rest = 1 - share
        place = rest * rest * before.position_m + 2 * share * rest * control + share * share * wrist.position_m
        return Pose(place, rotation)

    return way

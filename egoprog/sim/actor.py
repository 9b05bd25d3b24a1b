"""The person who acts out a program: sub-actions with hands and times become motion, and what is heard of it.

Every sub-action has a method that writes its motion on tracks over [start_s, stop_s]; `Performance.at` reads the
tracks. Reaches follow a minimum-jerk path; the gaze goes ahead of the hand by GAZE_LEAD_S.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.spatial.transform import Rotation

from egoprog.errors import ConfigurationError
from egoprog.program.types import Hand, Program, SubAction, Verb
from egoprog.sim.hand import FINGERS, FIST, OPEN, RELAXED, Posture
from egoprog.sim.pose import Pose, Vector, looking_at, unit
from egoprog.sim.scene import (
    COUNTER_M,
    SIDES,
    SINK_DEPTH_M,
    TAP_AT_M,
    Kitchen,
    Moment,
    Stream,
    Thing,
    lever_pose,
    shoulder_m,
)
from egoprog.sim.shapes import MUG_HEIGHT_M, TAP_MOUTH_M
from egoprog.sim.sound import Sound
from egoprog.sim.tracks import Track

GAZE_LEAD_S = 0.5
"""How long before the hand the gaze moves on. Source: Land, Mennie and Rusted 1999, tea making: 0.56 s."""
STAND_M = np.array([0.0, -0.10, 0.0])
"""Where the person stands at the counter: the floor below the head, not leaning."""
WORKSPACE_M = np.array([0.02, 0.24, COUNTER_M])
LEVER_OPEN_RAD = 0.45
PALM_M = 0.027
"""Depth of the palm's surface below the middle of the hand."""
TOUCH_M = 0.0005
"""Flesh that is as near as this touches."""
# Bones of each finger that touch, from the palm outwards, and the first joint (as in MOVES) beyond each of them.
FLESHED_BONES = {
    "thumb": (("metacarpal", "phalanx-proximal", "phalanx-distal"), (3, 4, 5)),
    **dict.fromkeys(FINGERS[1:], (("phalanx-proximal", "phalanx-intermediate", "phalanx-distal"), (2, 3, 4))),
}


@dataclass(frozen=True)
class Holding:
    """A thing moves with a hand from one time to another. grip: the thing's pose in the hand frame."""

    name: str
    hand: Hand
    grip: Pose
    start_s: float
    stop_s: float = np.inf


def palm_around(thing: Thing, at: Pose, shoulder: Vector, side: Hand) -> Pose:
    """The hand frame that has an upright round thing in the palm, fingers pointing away from the shoulder.

    The thumb is up (right hand), and the hand dips a little, as a forearm that comes from above makes it.
    """
    axis_m = at.point((0, 0, thing.grip_m))
    along = unit((axis_m - shoulder) * (1, 1, 0))
    mirror = 1.0 if side is Hand.RIGHT else -1.0
    # The palm comes from its own side; fingers point across, ahead of the thing.
    along = Rotation.from_euler("z", mirror * np.deg2rad(24)).apply(along)
    back = np.cross(along, (0.0, 0.0, 1.0)) * mirror
    x = unit(along - (0, 0, 0.30))
    z = unit(back + (0, 0, 0.22))
    y = unit(np.cross(z, x))
    rotation = np.stack([x, y, np.cross(x, y)], axis=1)
    palm_to_axis = PALM_M + thing.radius_m
    return Pose(axis_m - rotation @ (0.082, 0.012 * mirror, -palm_to_axis), rotation)


def fingers_on_lever(side: Hand, lever: Pose) -> Pose:
    """The hand frame that has the tap's lever below the bent fingers, palm down."""
    mirror = 1.0 if side is Hand.RIGHT else -1.0
    x = unit(np.array([-0.10 * mirror, 0.92, -0.32]))
    z = unit(np.array([0.25 * mirror, 0.30, 0.9]))
    y = unit(np.cross(z, x))
    rotation = np.stack([x, y, np.cross(x, y)], axis=1)
    return Pose(lever.point((0.075, 0, 0.008)) - rotation @ (0.125, 0.012 * mirror, -0.034), rotation)


def close_on(kitchen: Kitchen, side: Hand, wrist: Pose, geom: str) -> Posture:
    """The posture in which each finger, closing from OPEN towards FIST, has just met a geom.

    A finger bends in all joints until one of its bones touches, then goes on in the joints beyond that bone.
    A finger that meets nothing stays half closed.
    """
    posture = dict(OPEN)
    for finger in FINGERS:
        bones, joints_beyond = FLESHED_BONES[finger]
        shut, angles = np.array(FIST[finger]), np.array(OPEN[finger])
        joint, bone = 0, 0
        while bone < len(bones) and joint < len(angles):
            here, way = angles.copy(), shut - angles
            way[:joint] = 0.0
            touched = None
            for share in np.linspace(0, 1, 41):
                angles = here + share * way
                kitchen.set_hand(side, wrist, {**posture, finger: tuple(angles)})
                kitchen.settle()
                touching = (kitchen.touch_m(side, f"{finger}-{name}", geom) <= TOUCH_M for name in bones[bone:])
                touched = next((bone + k for k, is_touching in enumerate(touching) if is_touching), None)
                if touched is not None:
                    break
            if touched is None:
                angles = here + 0.5 * way if joint == 0 else angles
                break
            joint, bone = joints_beyond[touched], touched + 1
        posture[finger] = tuple(angles)
    return posture


@dataclass
class Performance:
    """A program as it is acted: what is seen at any time, and the sounds. Made by `perform`."""

    kitchen: Kitchen
    program: Program
    duration_s: float
    sounds: list[Sound] = field(default_factory=list)
    walk: Track = field(default_factory=lambda: Track(np.zeros(2)))
    lean: Track = field(default_factory=lambda: Track(0.0))
    gaze: Track = field(default_factory=lambda: Track(WORKSPACE_M))
    wrists: dict[Hand, Track] = field(default_factory=dict)
    postures: dict[Hand, Track] = field(default_factory=dict)
    lever: Track = field(default_factory=lambda: Track(0.0))
    flow: Track = field(default_factory=lambda: Track(0.0))
    pouring: Track = field(default_factory=lambda: Track(0.0))
    fill: Track = field(default_factory=lambda: Track(0.0))
    juice: Track = field(default_factory=lambda: Track(0.0))
    holdings: list[Holding] = field(default_factory=list)
    places: dict[str, list[tuple[float, Pose]]] = field(default_factory=dict)
    sway: np.ndarray = field(default_factory=lambda: np.zeros((6, 3)))

    def camera(self, stamp_s: float) -> Pose:
        """The head camera: it stands on the walk, leans over the work, sways, and bobs with each step."""
        place = self.walk.at(stamp_s)
        speed_m_s = np.linalg.norm(self.walk.at(stamp_s + 0.02) - self.walk.at(stamp_s - 0.02)) / 0.04
        lean = self.lean.at(stamp_s)
        frequency_hz, size, phase = self.sway.T
        waves = size * np.sin(2 * np.pi * frequency_hz * stamp_s + phase)
        bob = min(speed_m_s, 1.2) * np.array(
            [0.010 * np.sin(2 * np.pi * 0.95 * stamp_s), 0, 0.014 * np.sin(2 * np.pi * 1.9 * stamp_s)]
        )
        eye = np.array([place[0], place[1] + 0.07 * lean, 1.60 - 0.11 * lean]) + 0.006 * waves[:3] + bob
        target = 0.55 * WORKSPACE_M + 0.45 * self.gaze.at(stamp_s)
        return looking_at(eye, target + 0.010 * waves[[3, 4, 5]], 0.015 * waves[0])

    def body(self, stamp_s: float) -> Pose:
        """The frame that hands move in: the floor below the head."""
        return Pose(np.array([*self.walk.at(stamp_s), 0.0]), np.eye(3))

    def wrist(self, side: Hand, stamp_s: float) -> Pose:
        return self.body(stamp_s) @ self.wrists[side].at(stamp_s)

    def thing(self, name: str, stamp_s: float) -> Pose:
        for holding in self.holdings:
            if holding.name == name and holding.start_s <= stamp_s < holding.stop_s:
                return self.wrist(holding.hand, stamp_s) @ holding.grip
        return [pose for start_s, pose in self.places[name] if start_s <= stamp_s][-1]

    def at(self, stamp_s: float) -> Moment:
        """What is seen at a time, in seconds from the start."""
        things = {name: self.thing(name, stamp_s) for name in self.places}
        fill = self.fill.at(stamp_s)
        streams = []
        surface_m = 0.010 + fill * (MUG_HEIGHT_M - 0.018)
        if (flow := self.flow.at(stamp_s)) > 0:
            mouth = TAP_AT_M + TAP_MOUTH_M
            streams.append(Stream(mouth, self._below(mouth, things["mug"], surface_m), flow))
        if (rate := self.pouring.at(stamp_s)) > 0:
            mouth = things["bottle"].point(self.kitchen.things["bottle"].mouth_m)
            colour = self.kitchen.look.juice
            streams.append(Stream(mouth, self._below(mouth, things["mug"], surface_m), rate, colour))
        return Moment(
            camera=self.camera(stamp_s),
            wrists={side: self.wrist(side, stamp_s) for side in SIDES},
            postures={side: self.postures[side].at(stamp_s) for side in SIDES},
            things=things,
            lever_rad=self.lever.at(stamp_s),
            fill={"mug": fill, "juice": self.juice.at(stamp_s)},
            streams=tuple(streams),
        )

    @staticmethod
    def _below(mouth: Vector, mug: Pose, surface_m: float) -> Vector:
        """Where what falls from a mouth ends: on what is in the mug below it, or on the sink's floor."""
        off = mouth[:2] - mug.position_m[:2]
        if np.linalg.norm(off) < 0.037:
            return np.array([*mouth[:2], mug.position_m[2] + surface_m])
        return np.array([*mouth[:2], COUNTER_M - SINK_DEPTH_M])


def home(side: Hand) -> Pose:
    """A hand that waits before the counter: the right one at hand, the left one below the picture; body's frame."""
    mirror = 1.0 if side is Hand.RIGHT else -1.0
    x = unit(np.array([-0.25 * mirror, 0.9, -0.15]))
    z = unit(np.array([0.35 * mirror, 0.15, 0.9]))
    y = unit(np.cross(z, x))
    place_m = (0.23, 0.05, 0.97) if side is Hand.RIGHT else (-0.25, -0.02, 0.93)
    return Pose(np.array(place_m), np.stack([x, y, np.cross(x, y)], axis=1))


def hanging(side: Hand) -> Pose:
    """A hand of somebody who walks, low and out of sight, in the body's frame."""
    mirror = 1.0 if side is Hand.RIGHT else -1.0
    x = unit(np.array([-0.05 * mirror, 0.45, -0.85]))
    z = unit(np.array([0.95 * mirror, 0.2, 0.15]))
    z = unit(z - x * (x @ z))
    return Pose(np.array([0.26 * mirror, 0.05, 0.82]), np.stack([x, np.cross(z, x), z], axis=1))


class Actor:
    """Acts a program in a kitchen. `perform` is the way in."""

    def __init__(self, kitchen: Kitchen, program: Program, seed: int):
        self.kitchen = kitchen
        self.rng = np.random.default_rng([seed, 3])
        stop_s = program.stop_s or max((s.stop_s or 0.0 for s in program.sub_actions()), default=0.0)
        show = self.show = Performance(kitchen, program, stop_s)
        show.places = {name: [(-np.inf, thing.rest)] for name, thing in kitchen.things.items()}
        start = STAND_M[:2] + Rotation.from_euler("z", self.rng.uniform(-0.2, 0.45)).as_matrix()[:2, :2] @ (0.35, -1.45)
        show.walk = Track(start)
        show.gaze = Track(WORKSPACE_M + (0, 0.25, 0.15))
        show.wrists = {side: Track(hanging(side)) for side in SIDES}
        show.postures = {side: Track(RELAXED) for side in SIDES}
        show.sway = np.stack(
            [
                self.rng.uniform(0.13, 0.75, 6),
                self.rng.uniform(0.5, 1.2, 6),
                self.rng.uniform(0, 2 * np.pi, 6),
            ],
            axis=1,
        )
        self._water_since_s = 0.0
        self.stand = Pose(np.array([*STAND_M[:2], 0.0]), np.eye(3))

    def act(self, sub_action: SubAction) -> None:
        """Writes one sub-action on the tracks. Raises ConfigurationError for one that this kitchen can't act."""
        if sub_action.start_s is None or sub_action.stop_s is None:
            raise ConfigurationError(f"expected times on every sub-action to act, got none on {sub_action}")
        known = {*self.kitchen.things, "tap", "counter"}
        if unknown := set(sub_action.objects) - known:
            raise ConfigurationError(f"expected objects of this kitchen ({', '.join(sorted(known))}), got {unknown}")
        methods: dict[Verb, Callable[[SubAction, Hand, float, float], None]] = {
            Verb.GOTO: self._goto,
            Verb.GRASP: self._grasp,
            Verb.MOVE: self._move,
            Verb.USE: self._use,
            Verb.POSITION: self._position,
            Verb.RELEASE: self._release,
            Verb.WAIT: self._wait,
            Verb.NOTHING: self._wait,
        }
        hand = sub_action.hand or self._hand_of(sub_action)
        methods[sub_action.verb](sub_action, hand, sub_action.start_s, sub_action.stop_s)

    def _hand_of(self, sub_action: SubAction) -> Hand:
        name = sub_action.objects[0] if sub_action.objects else ""
        return next((h.hand for h in reversed(self.show.holdings) if h.name == name), Hand.RIGHT)

    def _look(self, target: Vector, start_s: float, takes_s: float = 0.5) -> None:
        self.show.gaze.move(start_s - GAZE_LEAD_S, start_s - GAZE_LEAD_S + takes_s, np.asarray(target, float))

    def _where(self, name: str) -> Vector:
        if name == "tap":
            return TAP_AT_M + (-0.05, -0.06, 0.06)
        return self._now(name).point((0, 0, 0.05)) if name in self.show.places else WORKSPACE_M

    def _now(self, name: str) -> Pose:
        """Where a thing stands or is held after all that has been planned."""
        for holding in self.show.holdings:
            if holding.name == name and holding.stop_s == np.inf:
                return self.stand @ self.show.wrists[holding.hand].last @ holding.grip
        return self.show.places[name][-1][1]

    def _held(self, name: str) -> Holding:
        for holding in self.show.holdings:
            if holding.name == name and holding.stop_s == np.inf:
                return holding
        raise ConfigurationError(f"expected a hand that holds {name}, found none; grasp({name}) comes first")

    def _carry(
        self, holding: Holding, start_s: float, stop_s: float, to: Pose, detour_m: Sequence[float] = (0, 0, 0)
    ) -> None:
        """Moves a held thing to a pose of its own."""
        wrist = self.stand.inverse() @ to @ holding.grip.inverse()
        self.show.wrists[holding.hand].move(start_s, stop_s, wrist, detour_m)

    # One method for each verb.

    def _goto(self, sub_action: SubAction, hand: Hand, start_s: float, stop_s: float) -> None:
        show = self.show
        show.walk.move(start_s + 0.15, stop_s - 0.25, STAND_M[:2].copy())
        show.lean.move(stop_s - 0.9, stop_s + 0.2, 1.0)
        for stamp_s in np.arange(start_s + 0.35, stop_s - 0.3, 0.52):
            show.sounds.append(Sound("step", stamp_s, stamp_s + 0.3, strength=self.rng.uniform(0.7, 1.0)))
        self._look(self._where(sub_action.objects[0]), stop_s - 0.4)
        for side in SIDES:
            show.wrists[side].move(stop_s - 0.6, stop_s + 0.1, home(side))

    def _grasp(self, sub_action: SubAction, hand: Hand, start_s: float, stop_s: float) -> None:
        show, name = self.show, sub_action.objects[0]
        self._look(self._where(name), start_s)
        camera = show.camera(start_s)
        shoulder = shoulder_m(camera, hand)
        if name == "tap":
            at, geom = lever_pose(0.0), "tap/grip"
            wrist = fingers_on_lever(hand, at)
        else:
            at, geom = self._now(name), f"{name}/grip"
            wrist = palm_around(self.kitchen.things[name], at, shoulder, hand)
            self.kitchen.put(name, at)
        closed = close_on(self.kitchen, hand, wrist, geom)
        takes_s = stop_s - start_s
        arrives_s = start_s + 0.72 * takes_s
        outside = 0.07 * wrist.rotation[:, 2] - 0.03 * wrist.rotation[:, 0] + np.array([0, 0, 0.02])
        show.wrists[hand].move(start_s, arrives_s, self.stand.inverse() @ wrist, outside)
        show.postures[hand].move(start_s, start_s + 0.45 * takes_s, OPEN)
        show.postures[hand].move(start_s + 0.6 * takes_s, stop_s - 0.02, closed)
        if name != "tap":
            show.holdings.append(Holding(name, hand, wrist.inverse() @ at, stop_s))
        material = self.kitchen.things[name].material if name in self.kitchen.things else "metal"
        show.sounds.append(Sound("contact", stop_s - 0.12 * takes_s, stop_s + 0.2, material, 0.25))

    def _move(self, sub_action: SubAction, hand: Hand, start_s: float, stop_s: float) -> None:
        name, *rest = sub_action.objects
        holding = self._held(name)
        target = rest[0] if rest else "counter"
        self._look(self._where(target), start_s)
        here = self._now(name)
        if target == "tap":
            mouth = TAP_AT_M + TAP_MOUTH_M
            to = Pose(np.array([mouth[0], mouth[1] - 0.004, COUNTER_M - 0.015]), here.rotation)
        elif target in self.show.places:
            to = Pose(self._now(target).position_m + (0.125, 0.0, 0.10), self._tilted(here, 0.30).rotation)
        else:
            to = here.moved(z=0.12)
        self._carry(holding, start_s, stop_s, to, (0, -0.02, 0.07))

    def _use(self, sub_action: SubAction, hand: Hand, start_s: float, stop_s: float) -> None:
        name, *rest = sub_action.objects
        match name, rest:
            case "tap", []:
                self._turn_tap(hand, start_s, stop_s)
            case "mug", ["tap"]:
                self._fill_at_tap(start_s, stop_s)
            case "bottle", ["mug"]:
                self._pour(name, rest[0], start_s, stop_s)
            case _:
                raise ConfigurationError(
                    f"expected use(tap), use(mug, tap) or use(bottle, mug), got use({', '.join(sub_action.objects)})"
                )

    def _turn_tap(self, hand: Hand, start_s: float, stop_s: float) -> None:
        """Lifts the lever or lowers it; the wrist follows the lever's end and keeps most of its own attitude."""
        show = self.show
        before_rad = show.lever.last
        opens = before_rad < LEVER_OPEN_RAD / 2
        after_rad = LEVER_OPEN_RAD if opens else 0.0
        wrist = self.stand @ show.wrists[hand].last
        moved = lever_pose(after_rad) @ lever_pose(before_rad).inverse() @ wrist
        show.wrists[hand].move(start_s, stop_s, self.stand.inverse() @ Pose(moved.position_m, wrist.rotation))
        show.lever.move(start_s, stop_s, after_rad)
        middle_s = 0.5 * (start_s + stop_s)
        show.flow.move(middle_s - 0.1, stop_s, 1.0 if opens else 0.0)
        if opens:
            self._water_since_s = middle_s - 0.1
        else:
            show.sounds.append(Sound("water", self._water_since_s, stop_s))
            show.sounds.append(Sound("contact", stop_s - 0.02, stop_s + 0.25, "metal", 0.3))

    def _fill_at_tap(self, start_s: float, stop_s: float) -> None:
        self._held("mug")
        self._look(TAP_AT_M + (0, -0.14, 0.02), start_s + 0.4)
        self.show.fill.move(start_s - 0.2, stop_s + 0.2, 0.55)

    def _pour(self, name: str, target: str, start_s: float, stop_s: float) -> None:
        show, holding = self.show, self._held(name)
        thing, here = self.kitchen.things[name], self._now(name)
        self._look(self._now(target).point((0, 0, 0.09)), start_s + 0.3)
        mouth_m = self._now(target).point((0.012, 0, MUG_HEIGHT_M + 0.035))
        begins_s, ends_s = start_s + 0.8, stop_s - 0.75

        def tilted(angle_rad: float) -> Pose:
            pose = self._tilted(here, angle_rad)
            return Pose(mouth_m - pose.rotation @ np.array(thing.mouth_m), pose.rotation)

        self._carry(holding, start_s, begins_s, tilted(1.66))
        self._carry(holding, begins_s, ends_s, tilted(1.84))
        self._carry(holding, ends_s, stop_s, Pose(here.position_m + (0.02, 0, 0.02), here.rotation))
        show.pouring.move(begins_s - 0.12, begins_s + 0.25, 0.8)
        show.pouring.move(ends_s - 0.05, ends_s + 0.2, 0.0)
        show.fill.move(begins_s, ends_s, 0.92)
        show.juice.move(begins_s, ends_s, 0.75)
        show.sounds.append(Sound("pour", begins_s - 0.1, ends_s + 0.18))

    @staticmethod
    def _tilted(pose: Pose, angle_rad: float) -> Pose:
        """A thing leant over to the left by an angle, from upright; it keeps its turn about its own axis."""
        upright, _ = Rotation.align_vectors([[0.0, 0.0, 1.0]], [pose.rotation[:, 2]])
        turned = Rotation.from_euler("y", -angle_rad) * upright * Rotation.from_matrix(pose.rotation)
        return Pose(pose.position_m, turned.as_matrix())

    def _position(self, sub_action: SubAction, hand: Hand, start_s: float, stop_s: float) -> None:
        name = sub_action.objects[0]
        holding = self._held(name)
        rest = self.kitchen.things[name].rest
        self._look(rest.position_m, start_s)
        lands_s = stop_s - 0.12
        self._carry(holding, start_s, lands_s, rest, (0, -0.01, 0.05))
        material = self.kitchen.things[name].material
        self.show.sounds.append(Sound("contact", lands_s - 0.06, lands_s + 0.3, material, 0.9))

    def _release(self, sub_action: SubAction, hand: Hand, start_s: float, stop_s: float) -> None:
        show, name = self.show, sub_action.objects[0]
        takes_s = stop_s - start_s
        lets_go_s = start_s + 0.3 * takes_s
        if name != "tap":
            holding = self._held(name)
            hand = holding.hand
            show.places[name].append((lets_go_s, self._now(name)))
            show.holdings[show.holdings.index(holding)] = replace(holding, stop_s=lets_go_s)
        wrist = show.wrists[hand].last
        outside = 0.07 * wrist.rotation[:, 2] - 0.03 * wrist.rotation[:, 0] + np.array([0, 0, 0.02])
        show.postures[hand].move(start_s, start_s + 0.5 * takes_s, OPEN)
        show.wrists[hand].move(lets_go_s, stop_s + 0.1, home(hand), outside)
        show.postures[hand].move(start_s + 0.6 * takes_s, stop_s, RELAXED)

    def _wait(self, sub_action: SubAction, hand: Hand, start_s: float, stop_s: float) -> None:
        self._look(WORKSPACE_M, start_s)


def perform(kitchen: Kitchen, program: Program, seed: int = 0) -> Performance:
    """Plans how a program with times is acted in a kitchen.

    Raises ConfigurationError where the program names what the kitchen lacks, or asks for what no hand can do.
    """
    actor = Actor(kitchen, program, seed)
    for sub_action in program.sub_actions():
        actor.act(sub_action)
    return actor.show

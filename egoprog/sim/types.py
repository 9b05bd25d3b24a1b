"""What the parts of the simulated kitchen tell each other: furniture, things, steps, and what is drawn at a moment.

Lengths in metres, angles in radians, times in seconds from the start of an episode. The world's axes: z up, the floor
at z = 0. A run of furniture has axes of its own: x to the right for whoever stands before it, y towards the wall.
Names of furniture and things are those of the program language: "fridge", "plate", "plate_2".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from egoprog.program.types import Hand, Program
from egoprog.sim.hand import Posture
from egoprog.sim.pose import Pose, Vector
from egoprog.world import WorldState

Colour = tuple[float, float, float]
SIDES = (Hand.RIGHT, Hand.LEFT)

Channel = Literal["open", "on", "fill", "dirt", "cut", "peeled", "mixed", "cooked", "wet", "soapy", "turned"]
"""What can change in a thing's look, each from 0 to 1; `Look.values` holds those that are not 0."""


@dataclass(frozen=True)
class Grip:
    """Where a hand closes: a bar that is not drawn.

    bar: pose of the bar's middle in the thing's frame, z along the bar.
    style: "wrap", the bar lies across the palm; "pinch", between thumb and finger tips; "press", one finger tip
    pushes along -y of the bar's frame.
    """

    bar: Pose
    radius_m: float
    length_m: float
    style: Literal["wrap", "pinch", "press"] = "wrap"


@dataclass(frozen=True)
class Spot:
    """A place where a thing can stand. pose: of the thing's base, in the frame of what carries the spot.

    place: the furniture that it belongs to. radius_m, clearance_m: room around it and above it.
    """

    place: str
    pose: Pose
    radius_m: float
    clearance_m: float = 0.5


@dataclass(frozen=True)
class Fixture:
    """Furniture or an appliance, fixed in the kitchen.

    frame: the front edge's middle on the floor, axes of its run. size_m: width, depth, height.
    grip: of its handle, lever or button in `frame` when closed or off; None where there is nothing to take hold of.
    joint: how its moving part goes as `opening` rises from 0 to 1: "slide" along axis, "turn" about axis through
    pivot_m, by travel (metres or radians); "" where nothing moves. axis, pivot_m: in `frame`.
    carries: whether its spots go with the moving part, as in a drawer.
    """

    name: str
    kind: str
    frame: Pose
    size_m: tuple[float, float, float]
    grip: Grip | None = None
    joint: Literal["", "slide", "turn"] = ""
    axis: tuple[float, float, float] = (0.0, 0.0, 1.0)
    pivot_m: tuple[float, float, float] = (0.0, 0.0, 0.0)
    travel: float = 0.0
    carries: bool = False
    spots: tuple[Spot, ...] = ()
    material: str = "wood"

    def moved(self, opening: float) -> Pose:
        """The way of the moving part from shut to `opening`, in the world: moved(0) is the identity."""
        from scipy.spatial.transform import Rotation

        way = opening * self.travel * np.asarray(self.axis, float)
        if self.joint == "slide":
            local = Pose(way, np.eye(3))
        elif self.joint == "turn":
            rotation, pivot = Rotation.from_rotvec(way).as_matrix(), np.asarray(self.pivot_m, float)
            local = Pose(pivot - rotation @ pivot, rotation)
        else:
            local = Pose(np.zeros(3), np.eye(3))
        return self.frame @ local @ self.frame.inverse()

    def bar(self, opening: float) -> Pose:
        """The grip's bar in the world."""
        assert self.grip is not None
        return self.moved(opening) @ self.frame @ self.grip.bar

    @cached_property
    def spots_m(self) -> NDArray[np.float64]:
        """(S, 3) where things stand on its spots while it is shut, in the world."""
        return np.array([self.spot(spot, 0.0).position_m for spot in self.spots]).reshape(-1, 3)

    def spot(self, spot: Spot, opening: float) -> Pose:
        """Where a thing's base stands on one of its spots, in the world."""
        pose = self.frame @ spot.pose
        return self.moved(opening) @ pose if self.carries else pose


@dataclass(frozen=True)
class Station:
    """Where a person stands and what is in reach from there. stand: the floor below the head, y ahead.

    spots_of: the fixtures of it; "counter" stands at several stations, each with spots of its own.
    """

    name: str
    stand: Pose
    fixtures: tuple[Fixture, ...]

    def fixture(self, name: str) -> Fixture | None:
        return next((fixture for fixture in self.fixtures if fixture.name == name), None)


@dataclass(frozen=True)
class Thing:
    """A thing that hands can take. Its frame: the middle of its base, z up, as it stands.

    kind: its entry in the catalogue. noun: EPIC-KITCHENS' class of it. variant: a seed for its shape and colours.
    grips: best first. mouth_m: where it pours from. tip_m: the end that works: of a knife the middle of the edge, of a
    spoon its bowl, of a sponge its underside; the tool works where the tip touches.
    inside_m: hollow: radius, height of the floor, height of the rim. top_m: height at which things lie on it.
    substance: what it holds when full at the start of everything ("milk" in a carton), "" for an empty vessel.
    """

    name: str
    kind: str
    noun: str
    height_m: float
    radius_m: float
    grips: tuple[Grip, ...]
    mouth_m: tuple[float, float, float] | None = None
    tip_m: tuple[float, float, float] | None = None
    inside_m: tuple[float, float, float] | None = None
    top_m: float = 0.0
    material: str = "plastic"
    substance: str = ""
    variant: int = 0


@dataclass(frozen=True)
class KitchenPlan:
    """A kitchen before anything is drawn. seed: decides looks. state: all that is true at the start of an episode.

    standing: the station at which the person stands at the start.
    starts: of every thing that stands on furniture at the start, its station and which of its place's spots it is on
    (an index into the spots of that station's fixture).
    """

    seed: int
    stations: Mapping[str, Station]
    things: Mapping[str, Thing] = field(default_factory=dict)
    state: WorldState = field(default_factory=WorldState.initial)
    standing: str = "prep"
    starts: Mapping[str, tuple[str, int]] = field(default_factory=dict)

    @property
    def fixtures(self) -> dict[str, Fixture]:
        """By name; of the counter, the one of the first station that has one."""
        found: dict[str, Fixture] = {}
        for station in self.stations.values():
            for fixture in station.fixtures:
                found.setdefault(fixture.name, fixture)
        return found

    def station_of(self, fixture: str) -> Station:
        """Where to stand for a fixture. Raises KeyError for one that the kitchen lacks."""
        return next(s for s in self.stations.values() if s.fixture(fixture))


@dataclass(frozen=True)
class Participant:
    """Somebody who is watched. number: from 0; id: as in EPIC-KITCHENS, "P901".

    tempo: 1 is usual, more is quicker. height_m: of the eyes, standing. handed: the hand for what lies ahead.
    sleeve_share: how much of the forearm the sleeve covers. sway: of the head, 1 is usual. lens_deg: the camera's field
    of view, upright.
    """

    number: int
    id: str
    seed: int
    skin: Colour
    sleeve: Colour
    sleeve_share: float
    height_m: float
    handed: Hand
    tempo: float
    sway: float
    lens_deg: float


@dataclass(frozen=True)
class Step:
    """An action as EPIC-KITCHENS annotates it, and the program that does it.

    verb: EPIC's verb class. nouns: its noun classes, the first is the action's. narration: "take cup".
    program: sub-actions with hands, without times until it is acted. before, after: the world around it.
    pause_s: how long nothing is done before it. is_unfinished: begun and given up.
    odds: what this person might have done here, (verb, noun) to probability, from the process that made the activity.
    """

    verb: str
    nouns: tuple[str, ...]
    narration: str
    program: Program
    task: str
    before: WorldState
    after: WorldState
    pause_s: float = 0.0
    is_unfinished: bool = False
    odds: Mapping[tuple[str, str], float] = field(default_factory=dict)


@dataclass(frozen=True)
class ActedStep:
    """A step with its times. program: sub-actions with times in the episode and the hands that were used."""

    step: Step
    program: Program
    start_s: float
    stop_s: float


@dataclass(frozen=True)
class Activity:
    """What a person does in an episode, before it is acted."""

    participant: Participant
    plan: KitchenPlan
    steps: tuple[Step, ...]
    seed: int


@dataclass(frozen=True)
class Sound:
    """Something to be heard; `sound.py` makes it and knows its EPIC-SOUNDS class.

    kind: a key of sound.MAKERS. material, other: of what touches. strength: 0 to 1.
    first, last: for what changes: how full a vessel is when pouring begins and ends.
    """

    kind: str
    start_s: float
    stop_s: float
    material: str = ""
    other: str = ""
    strength: float = 1.0
    first: float = 0.0
    last: float = 0.0


@dataclass(frozen=True)
class Stream:
    """Liquid or grains that fall. rate: 0 to 1. is_grain: drawn as grains."""

    from_m: Vector
    to_m: Vector
    rate: float
    colour: Colour = (0.80, 0.88, 0.94)
    is_grain: bool = False


@dataclass(frozen=True)
class Look:
    """How a thing or a fixture looks at one moment. contents: colour of what is in it, where that is not its own."""

    values: Mapping[Channel, float] = field(default_factory=dict)
    contents: Colour | None = None

    def __getitem__(self, channel: Channel) -> float:
        return self.values.get(channel, 0.0)


@dataclass(frozen=True)
class Moment:
    """All that is drawn at one moment.

    camera: OpenGL's axes. wrists: hand frames. shoulders: where arms begin, (3,).
    looks: of things and fixtures; what is missing looks as when it is shut, off, whole, clean and empty.
    elbows: where arms bend, (3,); between shoulder and wrist.
    """

    camera: Pose
    wrists: Mapping[Hand, Pose]
    shoulders: Mapping[Hand, Vector]
    postures: Mapping[Hand, Posture]
    things: Mapping[str, Pose]
    looks: Mapping[str, Look] = field(default_factory=dict)
    streams: tuple[Stream, ...] = ()
    elbows: Mapping[Hand, Vector] = field(default_factory=dict)

"""An activity as it is acted: what is seen at any time, what is heard, and what is true."""

from __future__ import annotations

import bisect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from egoprog.program.types import Hand
from egoprog.sim import grasp
from egoprog.sim.body import Body
from egoprog.sim.hand import Posture
from egoprog.sim.pose import Pose, Vector
from egoprog.sim.tracks import Track
from egoprog.sim.types import SIDES, ActedStep, Activity, Colour, Fixture, Look, Moment, Sound, Stream
from egoprog.world import WorldState

if TYPE_CHECKING:
    from egoprog.sim.scene import Kitchen

MIN_RATE = 0.01
"""A stream that is thinner is not drawn."""


@dataclass(frozen=True)
class Ride:
    """From a time on a thing goes with a hand, with another thing (its name), with a fixture's moving part, or with
    nothing. poses: of the thing, in the frame of what it goes with.
    """

    start_s: float
    on: Hand | Fixture | str | None
    poses: Track[Pose]


@dataclass(frozen=True)
class Touch:
    """From a time on a hand has hold of something, or of nothing."""

    start_s: float
    name: str | None


@dataclass(frozen=True)
class Pouring:
    """A stream while it lasts. from_m, to_m: points of the world at a time, (3,)."""

    start_s: float
    stop_s: float
    rate: Track[float]
    from_m: Callable[[float], Vector]
    to_m: Callable[[float], Vector]
    colour: Colour
    is_grain: bool


@dataclass
class Performance:
    """An activity as it is acted. Made by `actor.perform`.

    rides: by thing, in time order. channels, contents: looks over time by thing or fixture. touches: by side.
    states: (time, what is true from then on).
    """

    activity: Activity
    kitchen: Kitchen
    body: Body
    duration_s: float = 0.0
    steps: tuple[ActedStep, ...] = ()
    sounds: list[Sound] = field(default_factory=list)
    wrists: dict[Hand, Track[Pose]] = field(default_factory=dict)
    postures: dict[Hand, Track[Posture]] = field(default_factory=dict)
    rides: dict[str, list[Ride]] = field(default_factory=dict)
    channels: dict[str, dict[str, Track[float]]] = field(default_factory=dict)
    contents: dict[str, Track[Vector]] = field(default_factory=dict)
    pourings: list[Pouring] = field(default_factory=list)
    touches: dict[Hand, list[Touch]] = field(default_factory=lambda: {side: [Touch(-np.inf, None)] for side in SIDES})
    states: list[tuple[float, WorldState]] = field(default_factory=list)
    _looks: dict[str, tuple[tuple, Look]] = field(default_factory=dict)
    _moved: dict[str, tuple[float, Pose]] = field(default_factory=dict)

    def camera(self, stamp_s: float) -> Pose:
        """The head camera, OpenGL's axes."""
        return self.body.camera(stamp_s)

    def wrist(self, side: Hand, stamp_s: float) -> Pose:
        """A hand frame in the world."""
        return self.body.frame(stamp_s) @ self.wrists[side].at(stamp_s)

    def state(self, stamp_s: float) -> WorldState:
        """What is true at a time."""
        k = bisect.bisect_right(self.states, stamp_s, key=lambda entry: entry[0]) - 1
        return self.states[max(k, 0)][1]

    def touching(self, side: Hand, stamp_s: float) -> str | None:
        """The thing or the fixture that a hand has hold of."""
        touches = self.touches[side]
        return touches[bisect.bisect_right(touches, stamp_s, key=lambda touch: touch.start_s) - 1].name

    def holding(self, side: Hand, stamp_s: float) -> str | None:
        """The thing that a hand has hold of; None for fixtures."""
        name = self.touching(side, stamp_s)
        return name if name in self.rides else None

    def ride(self, name: str, stamp_s: float) -> Ride:
        rides = self.rides[name]
        return rides[max(bisect.bisect_right(rides, stamp_s, key=lambda ride: ride.start_s) - 1, 0)]

    def thing(self, name: str, stamp_s: float) -> Pose:
        """Where a thing is, in the world."""
        ride = self.ride(name, stamp_s)
        pose = ride.poses.at(stamp_s)
        match ride.on:
            case None:
                return pose
            case Hand():
                return self.wrist(ride.on, stamp_s) @ pose
            case Fixture():
                return self.part(ride.on, stamp_s) @ pose
        return self.thing(ride.on, stamp_s) @ pose

    def opening(self, name: str, stamp_s: float) -> float:
        """How far a door, a drawer, a lever or a dial is, 0 to 1."""
        channels = self.channels.get(name, {})
        track = channels.get("open") or channels.get("on")
        return track.at(stamp_s) if track else 0.0

    def part(self, fixture: Fixture, stamp_s: float) -> Pose:
        """The way of a fixture's moving part from where it is when shut."""
        opening = self.opening(fixture.name, stamp_s)
        known = self._moved.get(fixture.name)
        if known is None or known[0] != opening:
            known = self._moved[fixture.name] = (opening, fixture.moved(opening))
        return known[1]

    def look(self, name: str, stamp_s: float) -> Look:
        """How a thing or a fixture looks; the same object as long as nothing changes."""
        values = tuple(track.at(stamp_s) for track in self.channels.get(name, {}).values())
        contents = self.contents.get(name)
        colour = None if contents is None else tuple(contents.at(stamp_s).tolist())
        known = self._looks.get(name)
        if known is None or known[0] != (values, colour):
            pairs = zip(self.channels.get(name, {}), values, strict=True)
            known = (values, colour), Look({channel: value for channel, value in pairs if value > 0}, colour)
            self._looks[name] = known
        return known[1]

    def at(self, stamp_s: float) -> Moment:
        """What is seen at a time, in seconds from the start."""
        body = self.body
        frame = body.frame(stamp_s)
        streams = tuple(
            Stream(pouring.from_m(stamp_s), pouring.to_m(stamp_s), rate, pouring.colour, pouring.is_grain)
            for pouring in self.pourings
            if pouring.start_s <= stamp_s < pouring.stop_s and (rate := pouring.rate.at(stamp_s)) > MIN_RATE
        )
        wrists = {side: self.wrists[side].at(stamp_s) for side in SIDES}
        torso = body.torso.at(stamp_s)
        shoulders = {side: body.shoulder_m(side, torso) for side in SIDES}
        return Moment(
            camera=body.camera(stamp_s),
            wrists={side: frame @ wrist for side, wrist in wrists.items()},
            shoulders={side: frame.point(shoulder) for side, shoulder in shoulders.items()},
            elbows={side: frame.point(grasp.elbow(side, wrists[side], shoulders[side])) for side in SIDES},
            postures={side: self.postures[side].at(stamp_s) for side in SIDES},
            things={name: self.thing(name, stamp_s) for name in self.rides},
            looks={name: self.look(name, stamp_s) for name in self.channels},
            streams=streams,
        )


def initial_looks(state: WorldState, names: Mapping[str, object]) -> dict[str, dict[str, float]]:
    """The channels that a state's facts set, by name."""
    looks: dict[str, dict[str, float]] = {}
    for (predicate, args), truth in state.atoms.items():
        if len(args) == 1 and args[0] in names and (found := channel_of(predicate, truth)):
            looks.setdefault(args[0], {})[found[0]] = found[1]
    return looks


_CHANNELS = {
    "open": ("open", 1.0, 0.0),
    "on": ("on", 1.0, 0.0),
    "full": ("fill", 0.8, None),
    "empty": ("fill", 0.0, None),
    "clean": ("dirt", 0.0, 1.0),
    "cut": ("cut", 1.0, 0.0),
    "peeled": ("peeled", 1.0, 0.0),
    "mixed": ("mixed", 1.0, 0.0),
    "cooked": ("cooked", 1.0, 0.0),
    "soapy": ("soapy", 1.0, 0.0),
    "turned": ("turned", 1.0, 0.0),
    "wet": ("wet", 1.0, 0.0),
    "dry": ("wet", 0.0, 1.0),
}
"""A fact's channel, and its value where the fact is true and where it is false (None: it tells nothing)."""


def channel_of(predicate: str, truth: bool) -> tuple[str, float] | None:
    """The channel that a fact of one thing drives and its value; None for a fact that is not to be seen."""
    channel, true, false = _CHANNELS.get(predicate, (None, None, None))
    value = true if truth else false
    return (channel, value) if channel and value is not None else None

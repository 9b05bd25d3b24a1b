"""The person who acts an activity: sub-actions become motion, looks and sounds, and get their times and hands.

`Actor` holds the primitives: reach, carry, look, hear, change, operate; `uses` builds on them what each tool does.
All motion is written on the tracks of a `Performance`, in time order for each hand.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from egoprog.errors import ConfigurationError, InfeasibleStep
from egoprog.program.types import Hand, SubAction, Verb
from egoprog.sim import grasp
from egoprog.sim.body import UPRIGHT, Body
from egoprog.sim.hand import OPEN, RELAXED, Posture
from egoprog.sim.performance import Performance, Pouring, Ride, Touch, channel_of, initial_looks
from egoprog.sim.placing import Place, find_place, places_between, places_of, places_on, standing
from egoprog.sim.pose import Pose, Vector, axes, axis_angle, minimum_jerk, turn
from egoprog.sim.tracks import Track, Way, pose_way
from egoprog.sim.types import (
    SIDES,
    ActedStep,
    Activity,
    Colour,
    Fixture,
    Grip,
    Sound,
    Station,
    Step,
    Thing,
)
from egoprog.world import WorldState, apply

if TYPE_CHECKING:
    from egoprog.sim.scene import Kitchen

MAX_SPEED_M_S = 2.2
"""No reach is planned faster than this."""
MAX_TURN_RAD_S = 9.0
PAUSE_BEFORE_REST_S = 0.6
"""A hand that has nothing to do for longer goes back to where it rests."""
DROP_S = 0.12
HESITATES, MISSES = 0.06, 0.15
"""How often a hand stops on its way, and how often it comes a little beside what it takes and corrects itself."""
NO_THINGS = ("fingers", "mouth", "button")
"""What programs name besides things and fixtures: parts of the person and of appliances."""
FLAT_M = 0.035
"""What is lower is flat: its edge is pinched from above and below."""
TIME_DIGITS = 3
"""Times of programs are told to the millisecond."""
BIN_DEPTH_M = 0.45
"""How far below its rim a thing comes to lie in a bin."""


class Actor:
    """Acts an activity in a kitchen. `perform` is the way in. All poses are the world's.

    now_s: the time up to which everything is planned. world: what is true before the sub-action that is acted.
    """

    def __init__(self, activity: Activity, kitchen: Kitchen):
        from egoprog.sim.rollout import sim_domain

        self.activity, self.plan, self.participant = activity, activity.plan, activity.participant
        self.kitchen = kitchen
        self.domain = sim_domain()
        self.rng = np.random.default_rng([activity.seed, 3])
        self.now_s = 0.0
        self.world: WorldState = activity.plan.state
        self.station: Station = activity.plan.stations[activity.plan.standing]
        stand = self.station.stand
        # A stand's y is ahead, so its yaw is that of a body.
        self.body = Body(self.participant, Track(np.array([*stand.position_m[:2], stand.yaw_rad])))
        self.show = Performance(activity, kitchen, self.body)
        self.show.wrists = {side: Track(self._hanging(side)) for side in SIDES}
        self.show.postures = {side: Track(RELAXED) for side in SIDES}
        self.show.states = [(-np.inf, self.world)]
        # Of each hand: since when it has had nothing to do, None while it has.
        self.idle_s: dict[Hand, float | None] = dict.fromkeys(SIDES, None)
        # Of each held thing: its pose in the hands that hold it, the first one leads.
        self.grips: dict[str, dict[Hand, Pose]] = {}
        self._bars: dict[Hand, int] = {}
        self.places: dict[str, Place] = {}
        self.handles: dict[Hand, str] = {}
        # Where each thing was last meant to go, by name of the place.
        self.targets: dict[str, str] = {}
        # The station of everything that stands on a counter: they all have one name.
        self._counter_of: dict[str, str] = {}
        self._next: SubAction | None = None
        # Of each hand that the plan names, the hand that does it.
        self._hands: dict[Hand | None, Hand] = dict(zip(SIDES, SIDES, strict=True))
        self._put_all()

    # What is where.

    def thing(self, name: str) -> Thing:
        """Raises ConfigurationError for what this kitchen lacks."""
        if name not in self.plan.things:
            known = ", ".join(sorted({*self.plan.things, *self.plan.fixtures}))
            raise ConfigurationError(f"expected a thing of this kitchen ({known}), got {name!r}")
        return self.plan.things[name]

    def fixture(self, name: str) -> Fixture | None:
        """The fixture of that name, that of the present station before any other."""
        return self.station.fixture(name) or self.plan.fixtures.get(name)

    def pose_of(self, name: str) -> Pose:
        """Where a thing is after all that is planned."""
        ride = self.show.rides[name][-1]
        match ride.on:
            case None:
                return ride.poses.last
            case Hand():
                return self.wrist(ride.on) @ ride.poses.last
            case Fixture():
                return ride.on.moved(self.opening(ride.on.name)) @ ride.poses.last
        return self.pose_of(ride.on) @ ride.poses.last

    def opening(self, name: str) -> float:
        """How far a fixture is open or on after all that is planned."""
        channels = self.show.channels.get(name, {})
        track = channels.get("open") or channels.get("on")
        return track.last if track else 0.0

    def wrist(self, side: Hand) -> Pose:
        """Where a hand is after all that is planned."""
        return self.body.stand() @ self.show.wrists[side].last

    def in_hand(self, side: Hand) -> str | None:
        """The thing that a hand holds after all that is planned."""
        return next((name for name, hands in self.grips.items() if side in hands), None)

    def hand_of(self, name: str) -> Hand | None:
        """The hand that leads a held thing, or that has hold of a fixture."""
        if name in self.grips:
            return next(iter(self.grips[name]))
        return next((side for side, handle in self.handles.items() if handle == name), None)

    def free_hand(self, near_m: Vector | None = None) -> Hand:
        """A hand that holds nothing: the one on that side of the body if both are free; else the handed one."""
        free = [side for side in SIDES if self.in_hand(side) is None and side not in self.handles]
        handed = self.participant.handed
        if len(free) == 1:
            return free[0]
        if near_m is not None:
            x = self.body.stand().inverse().point(near_m)[0]
            if abs(x) > (0.30 if (x > 0) == (handed is Hand.RIGHT) else 0.16):
                return Hand.RIGHT if x > 0 else Hand.LEFT
        return handed

    def takes(self, usual_s: float) -> float:
        """How long this person takes this time for what usually takes so long."""
        return float(usual_s / self.participant.tempo * np.exp(self.rng.normal(0, 0.13)))

    def where(self, name: str) -> Vector:
        """The point, (3,), that is looked at for a thing or a fixture."""
        if name in self.plan.things:
            return self.pose_of(name).point((0, 0, 0.5 * self.thing(name).height_m))
        if name == "button":
            name = "microwave"
        fixture = self.fixture(name)
        if fixture is None:
            return self._work_m()
        if name == "tap":
            return fixture.bar(0.0).position_m
        if fixture.grip is not None and not fixture.carries and self.opening(name) < 0.5:
            return fixture.bar(self.opening(name)).position_m
        if fixture.spots:
            return np.mean([fixture.spot(spot, self.opening(name)).position_m for spot in fixture.spots], axis=0)
        return fixture.frame.point((0, 0.3 * fixture.size_m[1], fixture.size_m[2]))

    # Primitives: each writes on tracks between two times, and returns when it ends, which may be later than asked
    # where a hand would have to fly.

    def reach(
        self, side: Hand, wrist: Pose, start_s: float, stop_s: float, detour_m: Sequence[float] = (0, 0, 0)
    ) -> float:
        """Moves a hand; what it holds goes with it."""
        track = self._begin(side, start_s)
        to = self.body.stand().inverse() @ wrist
        start_s = max(start_s, track.stop_s)
        way = pose_way(track.last, to, np.asarray(detour_m, float))
        stop_s = self._in_time(way, start_s, stop_s)
        track.follow(start_s, stop_s, way)
        self._lean(start_s, stop_s)
        return stop_s

    def carry(self, name: str, to: Pose, start_s: float, stop_s: float, detour_m: Sequence[float] = (0, 0, 0)) -> float:
        """Moves a held thing to a pose of its own, with all hands that hold it."""
        for side in self._held(name):
            self._begin(side, start_s)
        way = pose_way(self.pose_of(name).tidied(), to.tidied(), np.asarray(detour_m, float))
        return self.carry_along(name, way, start_s, stop_s, is_even=False)

    def carry_along(
        self, name: str, way: Callable[[float], Pose], start_s: float, stop_s: float, is_even: bool = True
    ) -> float:
        """Moves a held thing along its own poses by share of the way, 0 to 1; for strokes, circles, shakes.

        is_even: the share grows evenly; a way that begins elsewhere is blended in over its first tenth.
        """
        hands = self._held(name)
        self.places.pop(name, None)
        to_body = self.body.stand().inverse()
        tracks = {side: self._begin(side, start_s) for side in hands}
        start_s = max([start_s, *(track.stop_s for track in tracks.values())])
        gap = self.pose_of(name).inverse() @ way(0.0)
        if np.linalg.norm(gap.position_m) > 1e-4 or abs(np.trace(gap.rotation) - 3) > 1e-6:
            start_s = self.carry(name, way(0.0), start_s, min(start_s + 0.25, 0.5 * (start_s + stop_s)))
        ways = {side: self._hand_way(to_body, way, grip.inverse()) for side, grip in hands.items()}
        for hand_way in ways.values():
            stop_s = self._in_time(hand_way, start_s, stop_s, is_even)
        for side, hand_way in ways.items():
            tracks[side].follow(start_s, stop_s, hand_way, is_even)
        self._lean(start_s, stop_s)
        return stop_s

    @staticmethod
    def _hand_way(to_body: Pose, way: Callable[[float], Pose], in_wrist: Pose) -> Callable[[float], Pose]:
        return lambda share: to_body @ way(share) @ in_wrist

    def close(self, side: Hand, grip_geom: str, start_s: float, stop_s: float) -> None:
        """Closes the fingers around a grip: "knife/grip0" of a thing, "fridge/grip" of a fixture."""
        name, _, number = grip_geom.partition("/grip")
        fixture = self.fixture(name)
        grip = self.thing(name).grips[int(number or 0)] if fixture is None else fixture.grip
        assert grip is not None
        self._pose_fingers(side, grasp.hold(side, grip.style, grip.radius_m)[1], start_s, stop_s)

    def open(self, side: Hand, start_s: float, stop_s: float) -> None:
        self._pose_fingers(side, OPEN, start_s, stop_s)

    def rest(self, side: Hand, start_s: float) -> None:
        """From then on the hand has nothing to do: it goes back unless it is soon wanted again."""
        self.idle_s[side] = start_s

    def look(self, target_m: Vector, start_s: float) -> None:
        """Turns the head to what a hand will do from start_s on: about half a second before it."""
        lead_s = self.rng.uniform(0.4, 0.7)
        to = self.body.stand().inverse().point(target_m)
        way_m = float(np.linalg.norm(to - self.body.gaze.last))
        self.body.gaze.move(start_s - lead_s, start_s - lead_s + 0.28 + 0.35 * min(way_m, 1.0), to)

    def hear(self, kind: str, start_s: float, stop_s: float, **of) -> None:
        """A sound; `of`: material, other, strength, first, last of types.Sound."""
        self.show.sounds.append(Sound(kind, start_s, stop_s, **of))

    def change(self, name: str, channel: str, start_s: float, stop_s: float, to: float) -> None:
        """Changes how a thing or a fixture looks."""
        self._channel(name, channel).move(start_s, stop_s, to)

    def contents(self, name: str, colour: Colour, start_s: float, stop_s: float) -> None:
        """Changes the colour of what is in a vessel."""
        track = self.show.contents.setdefault(name, Track(np.array(colour, float)))
        self._channel(name, "fill")
        track.move(start_s, stop_s, np.array(colour, float))

    def pour(
        self,
        source: str | Vector,
        target: str | Vector,
        start_s: float,
        stop_s: float,
        rate: float,
        colour: Colour,
        is_grain: bool = False,
    ) -> None:
        """A stream from a thing's mouth, or a point, down to the inside of a thing, or to a point."""
        track = Track(0.0)
        track.move(start_s, start_s + 0.2, rate)
        track.move(stop_s - 0.2, stop_s, 0.0)
        show = self.show

        def from_m(stamp_s: float) -> Vector:
            if not isinstance(source, str):
                return np.asarray(source, float)
            mouth = self.thing(source).mouth_m or (0.0, 0.0, self.thing(source).height_m)
            return show.thing(source, stamp_s).point(mouth)

        def to_m(stamp_s: float) -> Vector:
            begin = from_m(stamp_s)
            if not isinstance(target, str):
                return np.array([begin[0], begin[1], np.asarray(target, float)[2]])
            pose, thing = show.thing(target, stamp_s), self.thing(target)
            _, floor, rim = thing.inside_m or (0.0, thing.top_m, thing.top_m)
            channels = show.channels.get(target, {})
            fill = channels["fill"].at(stamp_s) if "fill" in channels else 0.0
            return np.array([begin[0], begin[1], pose.position_m[2] + floor + fill * 0.9 * (rim - floor)])

        show.pourings.append(Pouring(start_s, stop_s, track, from_m, to_m, colour, is_grain))

    def steady(self, side: Hand, name: str, start_s: float, stop_s: float) -> bool:
        """A free hand holds what is worked on; False if it is not free."""
        if self.in_hand(side) is not None or side in self.handles:
            return False
        pose = self.pose_of(name)
        wrist, posture = self.grip_for(side, self.thing(name), pose)
        arrives_s = self.approach(side, wrist, posture, start_s, start_s + self.takes(0.6))
        self.touch(side, arrives_s, name)
        leaves_s = max(stop_s - 0.2, arrives_s + 0.1)
        self.touch(side, leaves_s, None)
        self.retreat(side, leaves_s)
        return True

    def operate(self, side: Hand, fixture_name: str, to: float, start_s: float, stop_s: float) -> float:
        """The hand takes a handle, follows it as a door, drawer, lever or dial goes, and lets go of it.

        A hand that has hold of the handle already keeps it. Returns when it lets go.
        """
        fixture = self.fixture(fixture_name)
        if fixture is None or fixture.grip is None:
            raise ConfigurationError(f"expected a fixture with something to take hold of, got {fixture_name!r}")
        takes_s = stop_s - start_s
        keeps = self.handles.get(side) == fixture_name
        begins_s = start_s if keeps else self._take_handle(side, fixture, start_s, start_s + 0.45 * takes_s)
        ends_s = self._follow_handle(side, fixture, to, begins_s, begins_s + (0.9 if keeps else 0.45) * takes_s)
        if not keeps:
            self._let_go_of_handle(side, ends_s)
        return ends_s

    def put(self, name: str, place: str, start_s: float, stop_s: float) -> float:
        """Carries a held thing to a free place, lets go of it there, and draws the hand back. Returns when it lies."""
        side = next(iter(self._held(name)))
        found = self.place(name, place)
        self.look(self.pose_in(found).position_m, start_s)
        above_m = 0.12 if place == "bin" else 0.0
        lands_s = self.carry(
            name, self.pose_in(found).moved(z=above_m), start_s, stop_s, (0, 0, self._lift_m(name, found))
        )
        self.places[name] = found
        if place != "bin":
            self._hear_landing(name, place, lands_s)
        self._let_go(side, name, lands_s + 0.08)
        return lands_s + 0.2

    # The sub-actions.

    def act(self, step: Step) -> ActedStep:
        """Acts a step from now_s on, as it is but for which hand is which.

        A plan's two hands are names. Each time both are empty, the one that begins is the hand on the side of what is
        taken, and what the plan calls the other is the other, until both are empty again.
        Raises ConfigurationError for what this kitchen can't act.
        """
        self.now_s += step.pause_s / self.participant.tempo
        start_s, acted = self.now_s, []
        begun = self.world = self._with_hands(step.before)
        sub_actions = list(step.program.sub_actions())
        for k, sub_action in enumerate(sub_actions):
            self._next = sub_actions[k + 1] if k + 1 < len(sub_actions) else None
            self._choose_hand(sub_action)
            acted.append(self._act(replace(sub_action, hand=self._hands.get(sub_action.hand, sub_action.hand))))
        before, self.world = self.world, self._with_hands(step.after)
        self.now_s = max(self.now_s, self._show_facts(before, self.now_s - 0.1, self.now_s))
        self.show.states.append((self.now_s, self.world))
        start_s, stop_s = round(start_s, TIME_DIGITS), round(self.now_s, TIME_DIGITS)
        program = replace(step.program, body=tuple(acted), start_s=start_s, stop_s=stop_s)
        return ActedStep(replace(step, before=begun, after=self.world), program, start_s, stop_s)

    def _choose_hand(self, sub_action: SubAction) -> None:
        """Which of the person's hands is which of the plan's, from a sub-action on that finds both empty."""
        if sub_action.hand in SIDES and not self.world.held and not self.handles:
            chosen = self.free_hand(self.where(sub_action.objects[0]))
            self._hands = dict(zip(SIDES, SIDES if chosen is sub_action.hand else SIDES[::-1], strict=True))

    def _with_hands(self, planned: WorldState) -> WorldState:
        """A state of the plan with what is in hand in the hands that are used for it."""
        held = {self._hands[side]: planned.holding(side) for side in SIDES}
        return replace(planned, left=held[Hand.LEFT], right=held[Hand.RIGHT])

    def _act(self, sub_action: SubAction) -> SubAction:
        unknown = [n for n in sub_action.objects if n not in (*self.plan.things, *NO_THINGS) and not self.fixture(n)]
        if unknown:
            known = ", ".join(sorted({*self.plan.things, *self.plan.fixtures, *NO_THINGS}))
            raise ConfigurationError(f"expected objects of this kitchen ({known}), got {unknown[0]!r}")
        methods: dict[Verb, Callable[[SubAction, Hand, float], tuple[float, float, float]]] = {
            Verb.GOTO: self._goto,
            Verb.GRASP: self._grasp,
            Verb.MOVE: self._move,
            Verb.USE: self._use,
            Verb.POSITION: self._move,
            Verb.RELEASE: self._release,
            Verb.WAIT: self._wait,
            Verb.NOTHING: self._wait,
        }
        side = self._side_of(sub_action)
        start_s = self.now_s
        before = self.world
        stop_s, begins_s, ends_s = methods[sub_action.verb](sub_action, side, start_s)
        known = (
            sub_action
            if sub_action.hand or sub_action.verb in (Verb.GOTO, Verb.WAIT, Verb.NOTHING)
            else replace(sub_action, hand=side)
        )
        try:
            self.world = apply(known, before, self.domain)
        except InfeasibleStep as error:
            raise ConfigurationError(f"expected a sub-action that is possible here: {error}") from error
        stop_s = max(stop_s, self._show_facts(before, begins_s, ends_s))
        self.now_s = stop_s
        self.show.states.append((stop_s, self.world))
        return replace(known, start_s=round(start_s, TIME_DIGITS), stop_s=round(stop_s, TIME_DIGITS))

    def _side_of(self, sub_action: SubAction) -> Hand:
        if sub_action.hand in SIDES:
            return sub_action.hand
        name = sub_action.objects[0] if sub_action.objects else ""
        if sub_action.hand is Hand.BOTH:
            return self.hand_of(name) or self.participant.handed
        near = self.where(name) if name else None
        return self.hand_of(name) or self.free_hand(near)

    def _goto(self, sub_action: SubAction, side: Hand, start_s: float) -> tuple[float, float, float]:
        name = sub_action.objects[0]
        station = self._station_for(name)
        for hand, fixture_name in list(self.handles.items()):
            if fixture_name:
                self._let_go_of_handle(hand, start_s)
        if station is self.station:
            self.look(self.where(name), start_s + 0.4)
            stop_s = start_s + self.takes(0.35)
            return stop_s, start_s, stop_s
        a, b = self.body.stand(), station.stand
        way = _walk_way(a, b)
        points = np.array([way(share)[:2] for share in np.linspace(0, 1, 21)])
        length_m = float(np.linalg.norm(np.diff(points, axis=0), axis=1).sum())
        turned = float(way(1.0)[2] - way(0.0)[2])
        stop_s = start_s + self.takes(0.7 + length_m / 0.95 + 0.35 * abs(turned))
        # The head turns first, to where the way leads.
        turned = float(np.clip(turned, -1.5, 1.5))
        ahead = np.array([-1.2 * np.sin(turned), 1.2 * np.cos(turned), 1.15])
        self.body.gaze.move(start_s - 0.1, start_s + 0.4, ahead)
        for hand in SIDES:
            held = self.in_hand(hand)
            if held is None:
                self._begin(hand, start_s).move(start_s, start_s + self.takes(0.9), self._hanging(hand))
                self._pose_fingers(hand, RELAXED, start_s, start_s + 0.4)
            elif self.hand_of(held) is hand:
                to = a @ self._carrying(hand, held) @ self.grips[held][hand]
                self.carry(held, to, start_s, start_s + self.takes(0.9))
        self.body.torso.move(start_s, start_s + 0.6, UPRIGHT)
        self.body.walk.follow(start_s + 0.3, stop_s, lambda share: way(_stride(share)), is_even=True)
        self.station = station
        for stamp_s in np.arange(start_s + 0.3, stop_s - 0.15, self.rng.uniform(0.5, 0.6)):
            self.hear("step", float(stamp_s), float(stamp_s) + 0.3, strength=float(self.rng.uniform(0.6, 1.0)))
        self.body.gaze.move(stop_s - 0.75, stop_s - 0.1, self.body.stand().inverse().point(self.where(name)))
        for hand in SIDES:
            if self.in_hand(hand) is None:
                self.idle_s[hand] = stop_s
        return stop_s, start_s, stop_s

    def _grasp(self, sub_action: SubAction, side: Hand, start_s: float) -> tuple[float, float, float]:
        name = sub_action.objects[0]
        self.look(self.where(name), start_s)
        fixture = self.fixture(name)
        if fixture is not None:
            if fixture.grip is None:
                raise ConfigurationError(f"expected something to take hold of, got {name}")
            stop_s = self._take_handle(side, fixture, start_s, start_s + self.takes(0.8))
            return stop_s, stop_s, stop_s
        thing = self.thing(name)
        sides = SIDES if sub_action.hand is Hand.BOTH else (side,)
        stop_s = start_s
        for hand in sides:
            if self.in_hand(hand) not in (None, name):
                raise ConfigurationError(f"expected a free {hand} hand for {name}, it holds {self.in_hand(hand)}")
            if hand in self.grips.get(name, {}):
                continue
            stop_s = max(stop_s, self._take(hand, thing, start_s))
        if self._next is None or self._next.objects[:1] != (name,):
            self._bring_near(name, stop_s)
        return stop_s, stop_s, stop_s

    def _bring_near(self, name: str, start_s: float) -> None:
        """What is held while something else is done is held before the body, out of the way."""
        side = next(iter(self.grips[name]))
        stand = self.body.stand()
        wrist = self._carrying(side, name)
        way_m = float(np.linalg.norm(wrist.position_m - self.show.wrists[side].last.position_m))
        self.carry(
            name, stand @ wrist @ self.grips[name][side], start_s, start_s + 0.35 + 0.6 * way_m, (0, -0.05, 0.03)
        )

    def _take(self, side: Hand, thing: Thing, start_s: float) -> float:
        """Reaches for a thing and takes it; returns when it is in the hand."""
        name, pose = thing.name, self.pose_of(thing.name)
        wrist, posture = self.grip_for(side, thing, pose)
        surface_m = self._surface_m(name)
        careful = posture
        if surface_m is not None and name not in self.grips:
            careful = grasp.above_surface(side, wrist, posture, surface_m)
        arrives_s = self.approach(side, wrist, careful, start_s, start_s + self.takes(0.45))
        stop_s = arrives_s + self.takes(0.12)
        self._pose_fingers(side, posture, stop_s, stop_s + 0.3)
        in_hand = (self.wrist(side).tidied().inverse() @ pose.tidied()).tidied()
        if name not in self.grips:
            # Who lets go at once puts it back where it was.
            ride = self.show.rides[name][-1]
            self.places[name] = Place(ride.on, ride.poses.last, False)
            self.targets[name] = self.world.place_of(name) or ""
        hands = self.grips.setdefault(name, {})
        hands[side] = in_hand
        if len(hands) == 1:
            self.show.rides[name].append(Ride(stop_s, side, Track(in_hand)))
        self.touch(side, arrives_s, name)
        self.hear("contact", arrives_s - 0.02, arrives_s + 0.25, material=thing.material, other="skin", strength=0.2)
        return stop_s

    def _move(self, sub_action: SubAction, side: Hand, start_s: float) -> tuple[float, float, float]:
        name, *rest = sub_action.objects
        fixture = self.fixture(name)
        if fixture is not None:
            to = 0.0 if self.opening(name) > 0.5 else 1.0
            stop_s = self.operate(side, name, to, start_s, start_s + self.takes(1.0))
            return stop_s, start_s, stop_s
        if not rest:
            self.look(self._work_m() + (0, 0, 0.1), start_s)
            here = self.pose_of(name)
            stop_s = self.carry(
                name, Pose(here.position_m + (0, 0, 0.12), here.rotation), start_s, start_s + self.takes(0.7)
            )
            return stop_s, start_s, stop_s
        place = rest[0]
        found = self.place(name, place)
        to = self.pose_in(found)
        self.look(to.position_m, start_s)
        lands = self._next is not None and self._next.verb is Verb.RELEASE and self._next.objects[:1] == (name,)
        if not lands and sub_action.verb is Verb.POSITION:
            to = self._beside(name, place, to)
        elif not lands:
            to = to.moved(z=0.03)
        distance_m = float(np.linalg.norm(to.position_m - self.pose_of(name).position_m))
        lift = (0, 0, self._lift_m(name, found))
        stop_s = self.carry(name, to, start_s, start_s + self.takes(0.45 + 0.9 * distance_m), lift)
        if lands:
            self.places[name] = found
            self._hear_landing(name, place, stop_s)
        return stop_s, start_s, stop_s

    def _beside(self, name: str, place: str, to: Pose) -> Pose:
        """Where a thing is held ready that is about to be used on what is at a place: above it, on the hand's side."""
        side = next(iter(self._held(name)))
        if place not in self.plan.things:
            return to.moved(z=0.08)
        target = self.thing(place)
        at = self.pose_of(place)
        aside = self.body.stand().rotation @ np.array([grasp.mirror(side) * (0.5 * target.radius_m + 0.04), -0.02, 0])
        top_m = max(target.height_m, target.top_m) + 0.07
        return Pose(at.position_m + aside + (0, 0, top_m), to.rotation)

    def _use(self, sub_action: SubAction, side: Hand, start_s: float) -> tuple[float, float, float]:
        from egoprog.sim.uses import act_use

        rule = self.domain.use(sub_action.objects, self.world)
        effect = act_use(self, sub_action, rule.name if rule else None, side, start_s)
        return effect.stop_s, effect.begins_s, effect.ends_s

    def _release(self, sub_action: SubAction, side: Hand, start_s: float) -> tuple[float, float, float]:
        name, *rest = sub_action.objects
        if self.fixture(name) is not None:
            stop_s = self._let_go_of_handle(side, start_s + 0.1) + 0.1
            return stop_s, start_s, stop_s
        self._held(name)
        if rest and (name not in self.places or self.targets[name] != rest[0]):
            stop_s = self.put(name, rest[0], start_s, start_s + self.takes(0.9))
            return stop_s, stop_s, stop_s
        lets_go_s = start_s + self.takes(0.15)
        hands = list(self.grips[name])
        if sub_action.hand in SIDES and len(hands) > 1:
            hands = [sub_action.hand]
        for hand in hands:
            self._let_go(hand, name, lets_go_s)
        stop_s = lets_go_s + self.takes(0.25)
        return stop_s, lets_go_s, lets_go_s

    def _wait(self, sub_action: SubAction, side: Hand, start_s: float) -> tuple[float, float, float]:
        self.look(self._work_m(), start_s)
        stop_s = start_s + self.takes(0.9)
        return stop_s, start_s, stop_s

    # What they are made of.

    def _begin(self, side: Hand, start_s: float) -> Track[Pose]:
        """The track of a hand that will move: if it had nothing to do for long, it has gone back meanwhile."""
        track, idle_s = self.show.wrists[side], self.idle_s[side]
        self.idle_s[side] = None
        if idle_s is not None and start_s - max(idle_s, track.stop_s) > PAUSE_BEFORE_REST_S:
            begins_s = max(idle_s, track.stop_s) + 0.1
            stop_s = min(begins_s + self.takes(0.8), start_s)
            held = self.in_hand(side)
            to = self._home(side) if held is None else self._carrying(side, held)
            stop_s = self._in_time(pose_way(track.last, to), begins_s, stop_s)
            if stop_s <= start_s:
                track.move(begins_s, stop_s, to)
                if self.in_hand(side) is None:
                    self._pose_fingers(side, RELAXED, begins_s, stop_s)
        return track

    @staticmethod
    def _in_time(way: Way, start_s: float, stop_s: float, is_even: bool = False) -> float:
        """When a hand's way ends that is asked to end at stop_s: later where the hand would have to fly."""
        poses = [way(share) for share in np.linspace(0, 1, 65 if is_even else 17)]
        speed = max(float(np.linalg.norm(b.position_m - a.position_m)) for a, b in pairwise(poses)) * (len(poses) - 1)
        _, angle = axis_angle(poses[0].rotation.T @ poses[-1].rotation)
        # A minimum-jerk reach is at its fastest 1.9 times as fast as on average.
        peak = 1.0 if is_even else 1.9
        return max(stop_s, start_s + peak * max(speed / MAX_SPEED_M_S, angle / MAX_TURN_RAD_S), start_s + 0.05)

    def _lean(self, start_s: float, stop_s: float) -> None:
        """The body goes along with where hands end."""
        working = {side: self.show.wrists[side].last.position_m for side in SIDES if self.idle_s[side] is None}
        to = self.body.torso_for(working)
        if np.linalg.norm(to - self.body.torso.last) > 0.004:
            self.body.torso.move(start_s, max(stop_s, start_s + 0.4), to)

    def _pose_fingers(self, side: Hand, posture: Posture, start_s: float, stop_s: float) -> None:
        self.show.postures[side].move(start_s, stop_s, posture)

    def touch(self, side: Hand, start_s: float, name: str | None) -> None:
        """From then on a hand has hold of a thing or a fixture, or of nothing."""
        self.show.touches[side].append(Touch(start_s, name))

    def _channel(self, name: str, channel: str) -> Track[float]:
        return self.show.channels.setdefault(name, {}).setdefault(channel, Track(0.0))

    def _held(self, name: str) -> dict[Hand, Pose]:
        if name not in self.grips:
            raise ConfigurationError(f"expected a hand that holds {name}, found none; grasp({name}) comes first")
        return self.grips[name]

    def shoulder(self, side: Hand, wrist_m: Vector) -> Vector:
        """Where a shoulder will be when the body has followed a wrist, body frame."""
        return self.body.shoulder_m(side, self.body.torso_for({side: wrist_m}))

    def grip_for(self, side: Hand, thing: Thing, pose: Pose) -> tuple[Pose, Posture]:
        """The easiest way to hold a thing: wrist in the world, fingers around it."""
        stand = self.body.stand()
        local = stand.inverse() @ pose
        taken = self._bars if thing.name in self.grips else {}
        surface_m = self._surface_m(thing.name)
        before = self.show.wrists[side].last
        options = []
        for k, grip in enumerate(thing.grips):
            shoulder = self.shoulder(side, local.point(grip.bar.position_m))
            is_taken = any(k == other for hand, other in taken.items() if hand is not side)
            outward, across = _sides(thing, grip)
            for in_thing in _bars(thing, grip):
                thumb_to = 0.0
                if thing.tip_m is not None:
                    along = (np.asarray(thing.tip_m, float) - in_thing.position_m) @ in_thing.rotation[:, 2]
                    thumb_to = float(np.sign(along)) if abs(along) > 0.03 else 0.0
                elif thing.inside_m is not None and abs(in_thing.rotation[2, 2]) > 0.7:
                    # With the thumb on top, or nobody could pour.
                    thumb_to = float(np.sign(in_thing.rotation[2, 2]))
                # Fingers go under what is flat.
                is_under = surface_m is not None and grip.style == "pinch" and thing.height_m < FLAT_M
                floor_m = surface_m - 0.03 if is_under else surface_m
                wrist, cost = grasp.wrist_at(
                    side,
                    grip.style,
                    grip.radius_m,
                    local @ in_thing,
                    shoulder,
                    floor_m,
                    thumb_to,
                    before,
                    None if outward is None else local.rotation @ outward,
                    None if across is None else local.rotation @ across,
                )
                is_other = (grip.style, grip.radius_m) != (thing.grips[0].style, thing.grips[0].radius_m)
                options.append((cost + 0.2 * k + 1.2 * is_other + 5.0 * is_taken, k, grip, wrist))
        cost, k, grip, wrist = min(options, key=lambda option: option[0])
        self._bars[side] = k
        return stand @ wrist, grasp.hold(side, grip.style, grip.radius_m)[1]

    def approach(self, side: Hand, wrist: Pose, posture: Posture, start_s: float, stop_s: float) -> float:
        """Brings an opened hand to a wrist pose from outside and closes it; returns when it is there."""
        track = self._begin(side, start_s)
        to = self.body.stand().inverse() @ wrist
        start_s = max(start_s, track.stop_s)
        outside = 0.08 * to.rotation[:, 2] - 0.05 * to.rotation[:, 0] + (0, 0, 0.05)
        length_m = float(np.linalg.norm(to.position_m - track.last.position_m))
        way = grasp.arriving(track.last, to, outside)
        stop_s = self._in_time(way, start_s, stop_s + 0.45 * length_m)
        takes_s = stop_s - start_s
        if self.rng.random() < HESITATES:
            # Stops short, thinks, and goes on.
            share = self.rng.uniform(0.55, 0.7)
            track.follow(start_s, start_s + 0.7 * takes_s, lambda part: way(share * part))
            start_s += 0.7 * takes_s + self.rng.uniform(0.15, 0.5)
            stop_s = self._in_time(grasp.arriving(track.last, to, outside), start_s, start_s + 0.45 * takes_s)
        elif self.rng.random() < MISSES:
            # A little beside it at first.
            off = Pose(to.position_m + self.rng.normal(0, 0.012, 3) + 0.02 * to.rotation[:, 2], to.rotation)
            track.follow(start_s, stop_s, grasp.arriving(track.last, off, outside))
            start_s, stop_s = stop_s, stop_s + 0.16
            outside = 0.2 * outside
        track.follow(start_s, stop_s, grasp.arriving(track.last, to, outside))
        if self.in_hand(side) is None:
            self._pose_fingers(side, OPEN, start_s, start_s + 0.55 * takes_s)
            self._pose_fingers(side, posture, stop_s - min(0.25 * takes_s, 0.2), stop_s + 0.06)
        self._lean(start_s, stop_s)
        return stop_s

    def retreat(self, side: Hand, start_s: float) -> None:
        """Opens the hand and draws it back from what it held."""
        wrist = self.show.wrists[side].last
        back = 0.06 * wrist.rotation[:, 2] - 0.06 * wrist.rotation[:, 0] + (0, -0.02, 0.03)
        if self.in_hand(side) is None:
            self._pose_fingers(side, OPEN, start_s - 0.1, start_s + 0.12)
        self.show.wrists[side].move(start_s + 0.04, start_s + 0.34, Pose(wrist.position_m + back, wrist.rotation))
        self.idle_s[side] = start_s + 0.34

    def _take_handle(self, side: Hand, fixture: Fixture, start_s: float, stop_s: float) -> float:
        stand = self.body.stand()
        bar = stand.inverse() @ fixture.bar(self.opening(fixture.name))
        grip = fixture.grip
        shoulder = self.shoulder(side, bar.position_m)
        wrist, _ = grasp.wrist_at(
            side,
            grip.style,
            grip.radius_m,
            bar,
            shoulder,
            before=self.show.wrists[side].last,
            outward=bar.rotation[:, 1],
        )
        posture = grasp.hold(side, grip.style, grip.radius_m)[1]
        arrives_s = self.approach(side, stand @ wrist, posture, start_s, stop_s)
        self.handles[side] = fixture.name
        self.touch(side, arrives_s, fixture.name)
        self.hear("contact", arrives_s, arrives_s + 0.2, material=fixture.material, other="skin", strength=0.25)
        return arrives_s + 0.1

    def _follow_handle(self, side: Hand, fixture: Fixture, to: float, start_s: float, stop_s: float) -> float:
        """The moving part goes, and the hand with it; the wrist turns less than a door does."""
        track, stand = self._begin(side, start_s), self.body.stand().inverse()
        start_s = max(start_s, track.stop_s)
        first, wrist = self.opening(fixture.name), track.last
        bar = stand @ fixture.bar(first)
        in_bar = bar.inverse() @ wrist
        turned = fixture.travel * (to - first) if fixture.joint == "turn" else 0.0
        share_turned = 1.0 if abs(turned) < 0.6 else 0.55

        def way(share: float) -> Pose:
            bar_now = stand @ fixture.bar(first + share * (to - first))
            if share_turned == 1.0:
                return bar_now @ in_bar
            # The fingers slip around the bar.
            back = turn(
                stand.rotation @ fixture.frame.rotation @ np.asarray(fixture.axis, float),
                -(1 - share_turned) * share * turned,
            )
            rotation = back @ bar_now.rotation @ in_bar.rotation
            return Pose(bar_now.position_m + back @ bar_now.rotation @ in_bar.position_m, rotation)

        length_m = sum(float(np.linalg.norm(way(k / 8).position_m - way((k - 1) / 8).position_m)) for k in range(1, 9))
        stop_s = max(stop_s, start_s + 1.9 * length_m / 1.6)
        track.follow(start_s, stop_s, way)
        # Water and heat come with the lever and the dial.
        for channel in {"tap": ("open", "on"), "hob": ("on",)}.get(fixture.kind, ("open",)):
            self._channel(fixture.name, channel).move(start_s, stop_s, to)
        self._lean(start_s, stop_s)
        return stop_s

    def _let_go_of_handle(self, side: Hand, start_s: float) -> float:
        self.handles.pop(side, None)
        self.touch(side, start_s + 0.05, self.in_hand(side))
        self.retreat(side, start_s)
        return start_s + 0.25

    def _let_go(self, side: Hand, name: str, lets_go_s: float) -> None:
        """A hand lets go of a thing; it lies where it was brought, or falls the little way to what is below it."""
        hands = self.grips[name]
        pose = self.pose_of(name)
        is_led = next(iter(hands)) is side
        del hands[side]
        self.touch(side, lets_go_s, None)
        if hands and is_led:
            other, grip = next(iter(hands.items()))
            self.show.rides[name].append(Ride(lets_go_s, other, Track(grip)))
        elif not hands:
            del self.grips[name]
            found = self.places.get(name) or self._below(name)
            frame = self._frame_of(found)
            is_thrown = self.targets[name] == "bin"
            track = Track(frame.inverse() @ pose)
            height_m = float(pose.position_m[2] - (frame @ found.pose).position_m[2]) + BIN_DEPTH_M * is_thrown
            to = Pose(found.pose.position_m, self._upright(frame.inverse() @ pose, found))
            if is_thrown:
                to = to.moved(z=-BIN_DEPTH_M)
            if self.targets[name] == "counter":
                self._counter_of[name] = self.station.name
            if abs(height_m) > 0.002 or np.linalg.norm(to.position_m - track.first.position_m) > 0.004:
                track.move(lets_go_s, lets_go_s + DROP_S + 0.5 * abs(height_m), to)
                self._hear_landing(
                    name, found.on.name if isinstance(found.on, Fixture) else found.on or "counter", lets_go_s + DROP_S
                )
            self.show.rides[name].append(Ride(lets_go_s, found.on, track))
        self.retreat(side, lets_go_s)

    @staticmethod
    def _upright(pose: Pose, found: Place) -> Vector:
        """The attitude in which a thing comes to lie: upright, turned as it is."""
        return turn((0.0, 0.0, 1.0), pose.yaw_rad) if found.is_turnable else found.pose.rotation

    def _hear_landing(self, name: str, place: str, stamp_s: float) -> None:
        other = self.fixture(place)
        material = other.material if other is not None else self.plan.things[place].material
        self.hear("contact", stamp_s - 0.02, stamp_s + 0.3, material=self.thing(name).material, other=material,
                  strength=float(self.rng.uniform(0.5, 0.9)))  # fmt: skip

    # Places.

    def _work_m(self) -> Vector:
        """The middle of the work before the person, in the world."""
        return self.body.stand().point((0.0, 0.38, self.counter_m()))

    def counter_m(self) -> float:
        """Height of the worktop at the present station."""
        counter = self.station.fixture("counter") or self.plan.fixtures["counter"]
        return counter.size_m[2]

    def _surface_m(self, name: str) -> float | None:
        """The height that hands must stay above when they take a thing; None where nothing is below."""
        if isinstance(self.show.rides[name][-1].on, Hand):
            return None
        return float(self.pose_of(name).position_m[2])

    def _frame_of(self, place: Place) -> Pose:
        match place.on:
            case None:
                return _WORLD
            case Fixture():
                return place.on.moved(self.opening(place.on.name))
        return self.pose_of(place.on)

    def pose_in(self, place: Place) -> Pose:
        """Where a thing's base lies in a place, in the world."""
        return self._frame_of(place) @ place.pose

    def place(self, name: str, place: str) -> Place:
        """Where a thing goes that is put in, on or under something."""
        thing = self.thing(name)
        self.targets[name] = place
        others = {
            other: self.pose_of(other)
            for other in self.plan.things
            if other != name and other not in self.grips and other != place and self._lies(other)
        }
        stand = self.body.stand()
        near_m = 0.5 * self.pose_of(name).position_m + 0.5 * stand.point((0.0, 0.36, self.counter_m()))
        if place in self.plan.things:
            options = places_on(self.thing(place), self.pose_of(place), thing)
            others = {other: pose for other, pose in others.items() if self.show.rides[other][-1].on == place}
        else:
            fixture = self.fixture(place)
            assert fixture is not None
            options = places_of(fixture, self.opening(place))
            if fixture.kind == "counter":
                options = options + places_between(fixture)
            if not options:
                options = places_of(self.station.fixture("sink") or self.plan.fixtures["counter"], 0.0)
        found = find_place(thing, options, standing(others, self.plan.things), near_m)
        return self._turned(name, found)

    def _turned(self, name: str, place: Place) -> Place:
        """The place with the yaw at which the hand that brings the thing is at ease."""
        hands = self.grips.get(name)
        if not hands:
            return place
        side, grip = next(iter(hands.items()))
        base, stand = self.pose_in(place), self.body.stand().inverse()
        count = 24 if place.is_turnable else 2
        turns = [turn((0.0, 0.0, 1.0), 2 * np.pi * k / count) for k in range(count)]
        wrists = [stand @ Pose(base.position_m, base.rotation @ turned) @ grip.inverse() for turned in turns]
        shoulder = self.shoulder(side, stand.point(base.position_m) + (0, 0, 0.08))
        cost = grasp.awkwardness(
            side, np.array([w.rotation for w in wrists]), np.array([w.position_m for w in wrists]), shoulder
        )
        thing = self.thing(name)
        if thing.tip_m is not None and np.hypot(*thing.tip_m[:2]) > 0.02:
            # Tools are laid down with their ends ahead, so that either hand can take them again.
            ahead = np.array([stand.rotation[1] @ base.rotation @ turned @ np.asarray(thing.tip_m) for turned in turns])
            cost = cost + 3.0 * (1 - ahead / np.linalg.norm(thing.tip_m))
        handle = thing.grips[0].bar.position_m * (1, 1, 0)
        if thing.tip_m is None and np.linalg.norm(handle) > 0.9 * thing.radius_m:
            # Handles point to whoever will take them.
            ahead = np.array([stand.rotation[1] @ base.rotation @ turned @ handle for turned in turns])
            cost = cost + 1.5 * (1 + ahead / np.linalg.norm(handle))
        best = turns[int(np.argmin(cost))]
        return replace(place, pose=Pose(place.pose.position_m, place.pose.rotation @ best))

    def _lies(self, name: str) -> bool:
        """Whether a thing takes room where it is: what is in or on other things does not."""
        return not isinstance(self.show.rides[name][-1].on, (Hand, str))

    def _lift_m(self, name: str, place: Place) -> float:
        """How high a thing is lifted on its way."""
        return 0.05 + 0.10 * float(isinstance(place.on, str))

    def _below(self, name: str) -> Place:
        """What a thing that is let go of anywhere comes to lie on: the counter's nearest free spot."""
        counter = "counter" if self.station.fixture("counter") else self.station.fixtures[0].name
        found = self.place(name, counter)
        return found

    def _station_for(self, name: str) -> Station:
        place: str | None = name
        while place is not None and place in self.plan.things:
            name, place = place, self.world.place_of(place)
        if place == "counter" and name in self._counter_of:
            return self.plan.stations[self._counter_of[name]]
        if place is None or place in NO_THINGS or self.station.fixture(place):
            return self.station
        return self.plan.station_of(place)

    def _home(self, side: Hand) -> Pose:
        """A hand that waits at the work, body frame."""
        sign = grasp.mirror(side)
        height_m = self.counter_m() + 0.05 if self.station.fixture("counter") else 0.95
        rotation = axes((-0.25 * sign, 0.9, -0.15), np.array([0.35 * sign, 0.15, 0.9]))
        place = np.array([0.24 * sign, 0.0, height_m]) + self.rng.uniform(-0.03, 0.03, 3)
        return Pose(place, rotation)

    def _hanging(self, side: Hand) -> Pose:
        """A hand of somebody who walks, low and out of sight, body frame."""
        sign = grasp.mirror(side)
        rotation = axes((-0.05 * sign, 0.45, -0.85), np.array([0.95 * sign, 0.2, 0.15]))
        return Pose(np.array([0.26 * sign, 0.05, 0.82]), rotation)

    def _carrying(self, side: Hand, name: str) -> Pose:
        """The wrist of a hand that carries a thing before the body, body frame: upright, as easily as can be."""
        sign, grip = grasp.mirror(side), next(iter(self.grips[name].values()))
        at = np.array([0.15 * sign, 0.32, self.participant.height_m - 0.54])
        poses = [Pose.at(*at, 2 * np.pi * k / 24) for k in range(24)]
        wrists = [pose @ grip.inverse() for pose in poses]
        cost = grasp.awkwardness(
            side, np.array([w.rotation for w in wrists]), np.array([w.position_m for w in wrists]),
            self.body.shoulder_m(side, UPRIGHT),
        )  # fmt: skip
        return wrists[int(np.argmin(cost))]

    # What is drawn follows what is true.

    def _show_facts(self, before: WorldState, begins_s: float, ends_s: float) -> float:
        """Moves looks and attachments to what has become true; returns when they are there."""
        after, stop_s = self.world, ends_s
        for atom, truth in after.atoms.items():
            predicate, args = atom
            if len(args) != 1 or before.atoms.get(atom) is truth:
                continue
            found = channel_of(predicate, truth)
            if found is None or (args[0] not in self.plan.things and self.fixture(args[0]) is None):
                continue
            channel, to = found
            track = self._channel(args[0], channel)
            is_so = track.last > 0.15 if to > 0.5 else track.last < 0.15
            if not is_so:
                track.move(begins_s, max(ends_s, begins_s + 0.1), to)
        for name in list(self.grips):
            if name not in after.held:
                place = after.place_of(name) or "counter"
                stop_s = max(stop_s, self.put(name, place, ends_s, ends_s + self.takes(0.8)))
        return stop_s

    def _put_all(self) -> None:
        """Everything stands where the plan's state says; what hands hold at the start is not acted."""
        show, state = self.show, self.plan.state
        names = {**self.plan.things, **self.plan.fixtures}
        for name, channels in initial_looks(state, names).items():
            for channel, value in channels.items():
                show.channels.setdefault(name, {})[channel] = Track(value)
        waiting = list(self.plan.things)
        while waiting:
            rest = []
            for name in waiting:
                place = state.place_of(name) or "counter"
                if place in waiting:
                    rest.append(name)
                    continue
                found = self._first_place(name, place)
                show.rides[name] = [Ride(-np.inf, found.on, Track(found.pose))]
            if len(rest) == len(waiting):
                raise ConfigurationError(f"expected things that lie somewhere, got {', '.join(rest)} on each other")
            waiting = rest

    def _first_place(self, name: str, place: str) -> Place:
        thing = self.plan.things[name]
        if name in self.plan.starts:
            station, number = self.plan.starts[name]
            if place == "counter":
                self._counter_of[name] = station
            fixture = self.plan.stations[station].fixture(place)
            assert fixture is not None
            found = places_of(fixture, self.opening(place))[number][0]
        elif place in self.plan.things:
            others = {other: self.pose_of(other) for other in self.show.rides if self.show.rides[other][-1].on == place}
            options = places_on(self.plan.things[place], self.pose_of(place), thing)
            found = find_place(thing, options, standing(others, self.plan.things), self.pose_of(place).position_m)
        else:
            others = {other: self.pose_of(other) for other in self.show.rides if self._lies(other)}
            options = [
                option
                for station in self.plan.stations.values()
                for fixture in station.fixtures
                if fixture.name == place
                for option in places_of(fixture, self.opening(place))
            ]
            found = find_place(thing, options, standing(others, self.plan.things), options[0][1].position_m)
        if found.is_turnable:
            yaw = turn((0.0, 0.0, 1.0), self._usual_yaw(name))
            found = replace(found, pose=Pose(found.pose.position_m, found.pose.rotation @ yaw))
        return found

    def _usual_yaw(self, name: str) -> float:
        """How a thing is turned at the start, from its spot: anyhow, but handles towards the person."""
        thing = self.plan.things[name]
        x, y, _ = thing.grips[0].bar.position_m
        if thing.tip_m is None and np.hypot(x, y) < 0.9 * thing.radius_m:
            return float(self.rng.uniform(0, 2 * np.pi))
        return float(-np.pi / 2 - np.arctan2(y, x) + self.rng.choice((-1, 1)) * self.rng.uniform(0.1, 0.9))

    def finish(self) -> Performance:
        """Ends the performance: hands that have nothing to do go back."""
        for side in SIDES:
            if self.idle_s[side] is not None:
                self._begin(side, self.now_s + 1.5)
        self.show.duration_s = self.now_s + 0.5
        self.show.sounds.sort(key=lambda sound: sound.start_s)
        return self.show


_WORLD = Pose(np.zeros(3), np.eye(3))


def _sides(thing: Thing, grip: Grip) -> tuple[Vector | None, Vector | None]:
    """From where a hand comes to a grip, and how thumb and fingers lie about a rim, both (3,) in the thing's frame.

    None where it does not matter.
    """
    x, y, _ = grip.bar.position_m
    off_m = float(np.hypot(x, y))
    if off_m < 0.010:
        return None, None
    outward = np.array([x, y, 0.0]) / off_m
    if grip.style == "wrap":
        # A handle that stands out like a spoke is free all round.
        return (None if abs(grip.bar.rotation[:, 2] @ outward) > 0.7 else outward), None
    if thing.inside_m is not None:
        return outward, outward
    return outward, np.array([0.0, 0.0, 1.0]) if thing.height_m < FLAT_M else None


def _bars(thing: Thing, grip: Grip) -> list[Pose]:
    """A grip's bar; for what is about as long as thick, and so is held at any slant, more that lie level."""
    is_short = grip.style == "wrap" and grip.length_m < 3 * grip.radius_m and np.hypot(*grip.bar.position_m[:2]) < 0.010
    is_level = abs(grip.bar.rotation[2, 2]) < 0.5
    if not (is_short and is_level):
        return [grip.bar]
    is_ball = abs(thing.height_m - 2 * grip.radius_m) < 0.3 * thing.height_m
    angles = np.arange(6) * np.pi / 6 if is_ball else (0.0, 0.45, -0.45, 0.9, -0.9)
    return [Pose(grip.bar.position_m, turn((0.0, 0.0, 1.0), angle) @ grip.bar.rotation) for angle in angles]


def _stride(share: float) -> float:
    """The share of a walk that is done after a share of its time: people soon walk evenly."""
    ramp = 0.3
    if share < ramp:
        return share * share / (2 * ramp * (1 - ramp))
    if share > 1 - ramp:
        return 1 - (1 - share) ** 2 / (2 * ramp * (1 - ramp))
    return (share - 0.5 * ramp) / (1 - ramp)


def _walk_way(a: Pose, b: Pose) -> Callable[[float], Vector]:
    """x, y and yaw by share of the way from one stand to another: an arc away from the furniture."""
    start, stop = a.position_m[:2], b.position_m[:2]
    length_m = float(np.linalg.norm(stop - start))
    bow_m = min(0.55, 0.45 * length_m)
    controls = start - bow_m * a.rotation[:2, 1], stop - bow_m * b.rotation[:2, 1]
    first, last = a.yaw_rad, b.yaw_rad
    last = first + (last - first + np.pi) % (2 * np.pi) - np.pi
    chord = stop - start
    heading = np.arctan2(-chord[0], chord[1])
    heading = 0.5 * (first + last) + (heading - 0.5 * (first + last) + np.pi) % (2 * np.pi) - np.pi
    # Short ways are side steps, on long ones people face where they walk.
    facing = float(np.clip((length_m - 0.7) / 0.8, 0, 0.8))

    def way(share: float) -> Vector:
        rest = 1 - share
        place = (
            rest**3 * start + 3 * rest**2 * share * controls[0] + 3 * rest * share**2 * controls[1] + share**3 * stop
        )
        yaw = first + float(minimum_jerk(share)) * (last - first)
        ahead = facing * float(minimum_jerk(share / 0.35) * minimum_jerk((1 - share) / 0.4))
        return np.array([place[0], place[1], yaw + ahead * (heading - yaw)])

    return way


def perform(activity: Activity, kitchen: Kitchen) -> Performance:
    """Acts an activity: motion, looks, sounds, and the times of its steps.

    Raises ConfigurationError where a program names what the kitchen lacks, or asks for what no hand can do.
    """
    actor = Actor(activity, kitchen)
    steps = tuple(actor.act(step) for step in activity.steps)
    actor.show.steps = steps
    return actor.finish()

"""From an action's program to what one person does in one kitchen now: objects, hands, words, and the world after it.

`tasks/` says what an action is; here stand its EPIC-KITCHENS labels, what it needs in hand, and how it is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Final

import numpy as np

from egoprog.errors import InfeasibleStep
from egoprog.program.types import (
    Call,
    Hand,
    If,
    Program,
    Provenance,
    Statement,
    SubAction,
    Verb,
    While,
    object_name,
    walk_sub_actions,
)
from egoprog.sim.layout import rooms
from egoprog.sim.participants import habits
from egoprog.sim.stock import PACKAGES, SOILED, at_station, homes, kind_of, place_station
from egoprog.sim.tasks import actions
from egoprog.sim.types import KitchenPlan, Participant, Step
from egoprog.world import Domain, WorldState, validate
from egoprog.world.validation import rename

COUNTER, WORKTOP, HOME = "counter", "worktop", "home"
ANCHORS: Final[Mapping[str, str]] = {
    "sink": "sink", "hob": "hob", "prep": "drawer", "fridge": "fridge", "storage": "microwave",
}  # fmt: skip
"""What to walk to for a station whose counter is meant: a counter is at several."""
FINGERS, BUTTON = "fingers", "button"
_MOST_PREPARATIONS: Final = 12

# EPIC-KITCHENS' noun classes of what is no thing of the catalogue.
_NOUNS: Final[Mapping[str, str]] = {
    "counter": "top", "rack": "rack:drying", FINGERS: "hand", "drawer": "drawer", "cupboard": "cupboard",
}  # fmt: skip
_CONTENTS: Final[Mapping[str, str]] = {"kettle": "water", "bottle": "water"}
"""What is poured out of a thing that is not called after it."""

# How people call things; the first is the commonest.
_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "mug": ("cup", "mug"), "chopping_board": ("chopping board", "board", "cutting board"),
    "washing_liquid": ("washing up liquid", "soap", "detergent"), "counter": ("counter", "surface", "side", "worktop"),
    "hob": ("hob", "stove"), "cloth": ("cloth", "rag"), "towel": ("towel", "tea towel"), "peeler": ("peeler",),
    "bin": ("bin", "rubbish bin"), "fridge": ("fridge", "refrigerator"), "cupboard": ("cupboard", "cabinet"),
    "rack": ("drying rack", "rack"), FINGERS: ("hands",), "pan": ("pan", "frying pan"), "pot": ("pot", "saucepan"),
    "rubbish": ("rubbish", "wrapper"), "oil": ("oil", "olive oil"), "can": ("can", "tin"), "tea": ("tea", "tea box"),
    "bread": ("bread",), "cereal": ("cereal",), "phone": ("phone",), "tap": ("tap",),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Action:
    """What an action of `tasks/actions.prog` is in EPIC-KITCHENS' terms, and what it needs.

    noun: which of its objects is the label's noun. held: its objects that must be in a hand. free: hands that must be
    empty. phrases: ways to tell it, "{0}" its first object. seconds: that its `use` takes, usually.
    """

    verb: str
    phrases: tuple[str, ...]
    noun: int = 0
    held: tuple[int, ...] = ()
    free: int = 0
    needs_water: bool = False
    seconds: float = 1.0


ACTIONS: Final[Mapping[str, Action]] = {
    "taking": Action("take", ("take {0}", "pick up {0}", "get {0}", "grab {0}"), free=1),
    "putting": Action("put", ("put down {0}", "put {0} on {1}", "put {0}", "place {0} on {1}"), held=(0,)),
    "touching": Action("take", ("reach for {0}", "touch {0}"), free=1),
    "opening": Action("open", ("open {0}",), free=1),
    "closing": Action("close", ("close {0}", "shut {0}"), free=1),
    "pushing_shut": Action("close", ("close {0}", "shut {0}"), free=1),
    "lifting_lid": Action("open", ("open {0}",), free=1),
    "unsealing": Action("open", ("open {0}",), held=(0,), seconds=2.0),
    "sealing": Action("close", ("close {0}",), held=(0,), seconds=1.8),
    "turning_on": Action("turn-on", ("turn on {0}", "switch on {0}", "turn {0} on"), free=1, seconds=0.6),
    "turning_off": Action("turn-off", ("turn off {0}", "switch off {0}", "turn {0} off"), free=1, seconds=0.6),
    "starting": Action("turn-on", ("turn on {0}", "start {0}"), free=1, seconds=0.8),
    "stopping": Action("turn-off", ("turn off {0}", "stop {0}"), free=1, seconds=0.8),
    "pouring": Action("pour", ("pour {0} into {1}", "pour {0}", "pour {0} in {1}"), held=(0,), seconds=4.0),
    "topping_up": Action("pour", ("pour {0} into {1}", "pour {0}", "pour some {0} in {1}"), held=(0,), seconds=3.0),
    "dressing": Action("pour", ("pour {0}", "pour {0} into {1}", "pour {0} on {1}"), held=(0,), seconds=2.5),
    "seasoning": Action("sprinkle", ("sprinkle {0}", "sprinkle {0} on {1}"), held=(0,), seconds=2.5),
    "filling": Action("fill", ("fill {0}", "fill {0} with water"), held=(0,), needs_water=True, seconds=5.0),
    "tipping_out": Action("empty", ("empty {0}", "empty {0} into {1}"), held=(0,), seconds=3.0),
    "scrubbing": Action("wash", ("wash {0}", "wash {0} with {1}", "clean {0}"), held=(0, 1), seconds=8.0),
    "rinsing": Action("wash", ("rinse {0}", "rinse {0} under {1}"), held=(0,), needs_water=True, seconds=4.5),
    "lathering": Action("squeeze", ("squeeze {0} onto {1}", "squeeze {0}"), held=(0,), seconds=1.8),
    "soaping_hands": Action("squeeze", ("squeeze {0}", "squeeze {0} onto {1}"), held=(0,), seconds=1.8),
    "towelling": Action("dry", ("dry {0}", "dry {0} with {1}"), held=(0, 1), seconds=6.0),
    "swabbing": Action("wash", ("wipe {0}", "wipe down {0}", "clean {0}"), held=(1,), seconds=7.0),
    "washing_hands": Action("wash", ("wash {0}", "rinse {0}"), free=2, needs_water=True, seconds=6.0),
    "drying_hands": Action("dry", ("dry {0}", "dry {0} with {1}"), free=2, seconds=4.0),
    "chopping": Action("cut", ("cut {0}", "chop {0}", "slice {0}"), held=(1,), seconds=11.0),
    "scraping": Action("scrape", ("scrape {0}", "scrape {0} with {1}"), held=(1,), seconds=2.5),
    "peeling": Action("peel", ("peel {0}",), held=(0, 1), seconds=11.0),
    "stirring": Action("mix", ("stir {0}", "mix {0}", "stir {0} with {1}"), held=(1,), seconds=5.5),
    "stirring_again": Action("mix", ("stir {0}", "mix {0}", "continue stirring {0}"), held=(1,), seconds=4.5),
    "flipping": Action("flip", ("flip {0}", "flip {0} with {1}", "turn over {0}"), held=(1,), seconds=2.2),
    "cracking": Action("break", ("crack {0}", "break {0}", "crack {0} into {1}"), held=(0,), seconds=2.6),
    "laying_in": Action("insert", ("put {0} in {1}", "put {0} into {1}"), held=(0,), seconds=1.5),
    "covering": Action("put", ("put lid on {1}", "put {0} on {1}", "put {0}"), held=(0,), seconds=1.2),
    "draining": Action("filter", ("drain {2}", "drain {2} in {1}"), noun=2, held=(0,), seconds=4.5),
    "scooping": Action("scoop", ("scoop {0}", "scoop {0} with {1}"), held=(1,), seconds=2.0),
    "spreading": Action("apply", ("spread {2} on {0}", "spread {2}"), noun=2, held=(1,), seconds=6.0),
    "discarding": Action("throw", ("throw {0} into {1}", "throw away {0}", "throw {0} in {1}"), held=(0,), seconds=0.9),
    "drinking": Action("drink", ("drink {1}", "drink from {0}"), noun=1, held=(0,), seconds=3.5),
    "reading": Action("check", ("check {0}", "look at {0}"), held=(0,), seconds=5.0),
    "peering": Action("look", ("look in {0}", "look into {0}", "look inside {0}"), seconds=1.5),
    "shifting": Action("move", ("move {0}", "move {0} aside", "push {0} aside"), free=1),
    "idling": Action("wait", ("wait for {0}", "wait"), seconds=4.0),
}
_INTO: Final = ("put {0} in {1}", "put {0} into {1}", "place {0} in {1}")
# Packages that are emptied by other words than "pour" and "sprinkle".
_VERBS: Final[Mapping[tuple[str, str], tuple[str, tuple[str, ...]]]] = {
    ("topping_up", "tea"): ("insert", ("put tea bag in {1}", "put {0} in {1}", "put tea into {1}")),
    ("topping_up", "coffee"): ("add", ("add {0}", "add {0} to {1}")),
    ("topping_up", "pasta"): ("add", ("add {0} to {1}", "add {0}")),
    ("topping_up", "rice"): ("add", ("add {0} to {1}", "add {0}")),
    ("seasoning", "sugar"): ("add", ("add {0}", "add {0} to {1}")),
}
_SECONDS: Final[Mapping[Verb, float]] = {
    Verb.GOTO: 2.4, Verb.GRASP: 1.1, Verb.MOVE: 1.1, Verb.RELEASE: 0.5, Verb.POSITION: 0.9, Verb.WAIT: 3.0,
}  # fmt: skip
"""How long sub-actions usually take."""


@cache
def sim_domain() -> Domain:
    """The world model's table in the simulated kitchen: kitchen.yaml over the packaged one."""
    return Domain.load(Path(__file__).with_name("kitchen.yaml"))


@dataclass(frozen=True)
class Scene:
    """A person in their kitchen at one moment. on_counter: the station of each thing that stands on a counter."""

    person: Participant
    plan: KitchenPlan
    world: WorldState
    standing: str
    on_counter: Mapping[str, str]

    @classmethod
    def begin(cls, person: Participant, plan: KitchenPlan) -> Scene:
        """The scene at the start of an episode."""
        on_counter = {
            name: station
            for name, (station, _) in plan.starts.items()
            if plan.state.place_of(name) == COUNTER
        }  # fmt: skip
        return cls(person, plan, plan.state, plan.standing, on_counter)

    def fact(self, predicate: str, name: str) -> bool:
        """Whether it is known to hold."""
        return self.world.atoms.get((predicate, (name,)), False)

    def holds(self, name: str) -> bool:
        return name in (self.world.left, self.world.right)

    @property
    def num_free(self) -> int:
        return (self.world.left is None) + (self.world.right is None)

    def is_thing(self, name: str) -> bool:
        return name in self.plan.things

    def station_of(self, name: str) -> str:
        """Where to stand for a thing or a fixture; where the person stands for what they hold."""
        fixtures = _fixture_stations(self.plan)
        if name in fixtures:
            return fixtures[name]
        return place_station(name, self.world, fixtures, self.on_counter) or self.standing

    def shut(self, name: str) -> str | None:
        """The door behind which a thing is out of reach, or None."""
        place = self.world.place_of(name)
        while place is not None:
            if _encloses(place) and not self.fact("open", place):
                return place
            place = self.world.place_of(place)
        return None

    def is_stored(self, name: str) -> bool:
        """Whether a thing lies in a cupboard, the fridge or the like, shut or not."""
        return _encloses(self.world.place_of(name) or "")

    def lid_on(self, vessel: str) -> str | None:
        """What covers a vessel."""
        return next((name for name in self.inside(vessel) if kind_of(name) == "lid"), None)

    def inside(self, place: str) -> list[str]:
        """What rests directly in or on something."""
        return self._resting.get(place, [])

    @cached_property
    def _resting(self) -> Mapping[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name, (_, place) in self.world.places.items():
            found.setdefault(place, []).append(name)
        return found

    def room(self, place: str, station: str = "") -> int:
        """How many things more a place can take; of a counter, that of a station."""
        fixture = self.plan.stations[station or _fixture_stations(self.plan)[place]].fixture(place)
        if fixture is None:
            return 0
        there = [n for n in self.inside(place) if place != COUNTER or self.on_counter.get(n) == station]
        wide = [1 + (self.plan.things[n].radius_m > 1.3 * fixture.spots[0].radius_m) for n in there]
        return 99 if place == "bin" else len(fixture.spots) - sum(wide)

    def counter_near(self, wished: str = "") -> str:
        """The station whose counter to put something on: the wished one, this one, or another with room."""
        order = [wished, self.standing, "prep", "storage", "hob", "sink"]
        return next(
            (s for s in order if s and s != "fridge" and self.room(COUNTER, s) > 0),
            max(("prep", "storage", "hob", "sink"), key=lambda s: self.room(COUNTER, s)),
        )


def destination(scene: Scene, name: str, place: str, worktop: str) -> tuple[str, str]:
    """(place, site) for `putting`: where "counter", "worktop" and "home" are for this thing, and what has no room."""
    if place == HOME:
        place, station = homes(scene.person).get(name, (COUNTER, "prep"))
        if kind_of(name) in SOILED and not scene.fact("clean", name):
            place, station = "sink", "sink"
        if place != COUNTER and scene.room(place) <= 0:
            place, station = COUNTER, station if station != "fridge" else ""
        return (place, ANCHORS[scene.counter_near(station)]) if place == COUNTER else (place, place)
    if place == WORKTOP:
        return COUNTER, ANCHORS[scene.counter_near(worktop)]
    if place == "rack" and (scene.plan.stations["sink"].fixture("rack") is None or scene.room("rack") <= 0):
        return COUNTER, ANCHORS[scene.counter_near("sink")]
    if place == COUNTER or (place in _fixture_stations(scene.plan) and scene.room(place) <= 0):
        near = "" if place == COUNTER else _fixture_stations(scene.plan)[place]
        return COUNTER, ANCHORS[scene.counter_near(near)]
    return place, place


def first_of(scene: Scene, call: Call) -> Call | None:
    """What has to be done first so that the action can be done in the end, itself where nothing has; None if in vain.

    Objects are those of this kitchen.
    """
    kept: list[str] = []
    for _ in range(_MOST_PREPARATIONS):
        kept += needed_in_hand(call)
        before = _blocked(scene, call, kept)
        if before is None:
            return call
        call = before
    return None


def needed_in_hand(call: Call) -> list[str]:
    """The things that must be in a hand for an action."""
    return [call.objects[index] for index in ACTIONS[call.name].held]


def _blocked(scene: Scene, call: Call, kept: Sequence[str]) -> Call | None:
    """What has to be done just before, None where the action can be done at once. kept: not to be put down for it."""
    name, objects = call.name, call.objects
    action = ACTIONS[name]
    thing = objects[0]
    match name:
        case "taking" | "touching":
            door = scene.shut(thing)
            if door is not None:
                return _opening(door)
        case "putting" | "discarding":
            if _encloses(objects[1]) and not scene.fact("open", objects[1]) and scene.holds(thing):
                return _opening(objects[1])
        case "pouring" | "topping_up" | "dressing" | "seasoning":
            if scene.holds(thing) and kind_of(thing) in PACKAGES and not scene.fact("open", thing):
                return Call("unsealing", (thing,))
        case "starting":
            if scene.fact("open", thing):
                return Call("closing", (thing,))
        case "turning_on" if scene.holds(thing):
            return _put_down(scene, thing)
        case "chopping" if scene.holds(thing):
            board = next((n for n in scene.plan.things if kind_of(n) == "chopping_board"), None)
            return Call("putting", (thing, board, board)) if board else None
    for held in needed_in_hand(call):
        if not scene.holds(held):
            return Call("taking", (held,))
    for other in objects:
        if scene.is_thing(other) and not scene.holds(other) and name not in ("taking", "touching"):
            if scene.is_stored(other):
                return Call("taking", (other,))
            lid = scene.lid_on(other)
            if lid is not None and name not in ("covering", "turning_on", "turning_off"):
                return Call("taking", (lid,))
    if scene.num_free < action.free:
        return _put_down(scene, _least_wanted(scene, kept))
    if action.needs_water and not scene.fact("on", "tap"):
        return Call("turning_on", ("tap",))
    return None


def resolved(scene: Scene, call: Call) -> Program:
    """The action's program about this kitchen's objects; what a condition rules out is left away, nothing is chosen."""
    program = _about(call.name, call.objects)
    return replace(program, body=_pruned(program.body, scene.world))


@lru_cache(maxsize=20_000)
def _about(name: str, objects: tuple[str, ...]) -> Program:
    program = actions()[name]
    return rename(program, dict(zip(program.objects, objects, strict=False)))


def label(scene: Scene, call: Call) -> tuple[str, str]:
    """EPIC-KITCHENS' verb and noun class of an action."""
    return _verb(call)[0], noun_of(scene, _named(call))


def noun_of(scene: Scene, name: str) -> str:
    """EPIC-KITCHENS' noun class of a thing, a fixture, or something that is poured."""
    thing = scene.plan.things.get(name)
    return thing.noun if thing is not None else _NOUNS.get(kind_of(name), kind_of(name))


def act(scene: Scene, call: Call, task: str, rng: np.random.Generator, pause_s: float = 0.0) -> tuple[Step, Scene]:
    """Does an action that nothing blocks: the step, its odds still empty, and the scene after it.

    Raises InfeasibleStep where the world model rules it out.
    """
    body = _Hands(scene).give(resolved(scene, call).body)
    verb, noun = label(scene, call)
    narration, told = _narrated(scene, call, rng)
    used = dict.fromkeys(name for sub_action in walk_sub_actions(body) for name in sub_action.objects)
    program = Program(
        name=object_name(f"{verb}_{noun}").replace("-", "_").replace(":", "_"),
        body=body,
        objects=tuple(used),
        provenance=Provenance("simulator"),
    )
    validation = validate(program, scene.world, sim_domain())
    if not validation.ok:
        raise InfeasibleStep(f"{call.name}({', '.join(call.objects)}): {validation.problems[0].why}")
    walked = [sub_action.objects[0] for sub_action in walk_sub_actions(body) if sub_action.verb is Verb.GOTO]
    standing = scene.station_of(walked[-1]) if walked else scene.standing
    world = validation.final
    on_counter = {}
    for name, (_, place) in world.places.items():
        if place == COUNTER:
            moved = scene.world.place_of(name) != COUNTER or any(
                s.verb is Verb.RELEASE and s.objects[0] == name for s in walk_sub_actions(body)
            )
            on_counter[name] = standing if moved else scene.on_counter[name]
    known = {name: place for name, place in world.places.items() if name in scene.plan.things}
    atoms = {
        atom: truth
        for atom, truth in world.atoms.items()
        if atom[0] not in ("at", "in", "on", "in hand") or (atom[0] == "on" and len(atom[1]) == 1)
    }
    after = at_station(
        WorldState(world.left, world.right, known, atoms, world.unsided), scene.plan.stations, standing, on_counter
    )
    nouns = tuple(dict.fromkeys((noun, *(noun_of(scene, name) for name in told))))
    step = Step(verb, nouns, narration, program, task, scene.world, after, pause_s, call.name == "touching")
    return step, Scene(scene.person, scene.plan, after, standing, on_counter)


def usual_s(call: Call, program: Program, tempo: float) -> float:
    """How long an action usually takes somebody of that tempo."""
    uses = ACTIONS[call.name].seconds
    total = sum(uses if s.verb is Verb.USE else _SECONDS.get(s.verb, 0.5) for s in program.sub_actions())
    return total / tempo


@cache
def _fixture_names() -> frozenset[str]:
    return frozenset({"sink", "tap", "hob", "fridge", "drawer", "drawer_2", "cupboard", "cupboard_2", "microwave",
                      "bin", "oven", "rack", COUNTER})  # fmt: skip


def _fixture_stations(plan: KitchenPlan) -> Mapping[str, str]:
    return _stations_by_fixture(plan.seed)


@cache
def _stations_by_fixture(seed: int) -> Mapping[str, str]:
    return {
        fixture.name: station.name
        for station in rooms(seed).values()
        for fixture in station.fixtures
        if fixture.name != COUNTER
    }


@cache
def _encloses(name: str) -> bool:
    return name in _fixture_names() and Domain.default().kind(name).encloses


def _opening(door: str) -> Call:
    return Call("lifting_lid" if door == "bin" else "opening", (door,))


def _put_down(scene: Scene, name: str) -> Call:
    return Call("putting", (name, *destination(scene, name, COUNTER, "")))


def _least_wanted(scene: Scene, needed: Sequence[str]) -> str:
    """What to put down for a free hand."""
    held = [name for name in (scene.world.left, scene.world.right) if name is not None]
    return next((name for name in held if name not in needed), held[-1])


def _pruned(body: Iterable[Statement], world: WorldState) -> tuple[Statement, ...]:
    kept: list[Statement] = []
    for statement in body:
        if isinstance(statement, If | While):
            if all(world.value(literal) is True for literal in statement.guard):
                kept.append(replace(statement, body=_pruned(statement.body, world)))
        elif isinstance(statement, SubAction):
            kept.append(statement)
    return tuple(kept)


def _verb(call: Call) -> tuple[str, tuple[str, ...]]:
    action = ACTIONS[call.name]
    if call.name == "putting" and Domain.default().kind(call.objects[1]).holds == "in":
        return "insert", _INTO
    return _VERBS.get((call.name, kind_of(call.objects[0])), (action.verb, action.phrases))


def _named(call: Call) -> str:
    """The object that the label's noun is taken from."""
    name = call.objects[ACTIONS[call.name].noun]
    if call.name in ("pouring", "topping_up", "drinking"):
        return _CONTENTS.get(kind_of(name), name)
    return name


def _narrated(scene: Scene, call: Call, rng: np.random.Generator) -> tuple[str, list[str]]:
    """What the person says, and the objects that they name."""
    own = np.random.default_rng([habits(scene.person).words, len(call.name), sum(map(ord, call.name))])
    phrases = _verb(call)[1]
    weights = np.array([0.5**k for k in range(len(phrases))]) * own.uniform(0.2, 1.8, len(phrases))
    phrase = phrases[int(rng.choice(len(phrases), p=weights / weights.sum()))]
    objects = list(call.objects)
    objects[ACTIONS[call.name].noun] = _named(call)
    words = [_word(scene, name, rng) for name in objects]
    return phrase.format(*words), [name for k, name in enumerate(objects) if f"{{{k}}}" in phrase]


def _word(scene: Scene, name: str, rng: np.random.Generator) -> str:
    kind = kind_of(name)
    words = _WORDS.get(kind, (kind.replace("_", " "),))
    own = np.random.default_rng([habits(scene.person).words, len(kind), ord(kind[0])]).random()
    favourite = int(own * own * len(words))
    return words[favourite if rng.random() < 0.8 else int(rng.integers(len(words)))]


class _Hands:
    """Gives every sub-action of one action a hand; which of the two begins is the actor's to choose, who has a body."""

    def __init__(self, scene: Scene):
        self.better = scene.person.handed
        self.other = Hand.LEFT if self.better is Hand.RIGHT else Hand.RIGHT
        self.held: dict[Hand, str | None] = {Hand.LEFT: scene.world.left, Hand.RIGHT: scene.world.right}

    def give(self, body: Iterable[Statement]) -> tuple[Statement, ...]:
        given: list[Statement] = []
        for statement in body:
            if isinstance(statement, If | While):
                given.append(replace(statement, body=self.give(statement.body)))
            elif isinstance(statement, SubAction):
                given.append(replace(statement, hand=self._hand(statement)))
        return tuple(given)

    def _hand(self, sub_action: SubAction) -> Hand | None:
        if not sub_action.objects or sub_action.verb is Verb.GOTO:
            return None
        name = sub_action.objects[0]
        holding = next((side for side, held in self.held.items() if held == name), None)
        if sub_action.verb is Verb.GRASP:
            side = self._free()
            self.held[side] = name
            return side
        if sub_action.verb is Verb.RELEASE and holding is not None:
            self.held[holding] = None
        if holding is None and sub_action.verb is Verb.USE and name != FINGERS:
            return self._free()
        return holding

    def _free(self) -> Hand:
        free = [side for side in (self.better, self.other) if self.held[side] is None]
        return free[0] if free else self.better

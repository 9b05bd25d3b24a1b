"""What is in a kitchen and where: the things that a person owns, where they keep them, and how an episode finds them.

What somebody owns and where it belongs follows from the person; what was left out, dirty or full, from the episode.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from functools import lru_cache
from typing import Final

import numpy as np

from egoprog.sim.catalogue import make_thing
from egoprog.sim.layout import rooms
from egoprog.sim.participants import habits
from egoprog.sim.types import KitchenPlan, Participant, Station, Thing
from egoprog.world import Domain, WorldState
from egoprog.world.state import Atom

MOST_THINGS: Final = 46

Home = tuple[str, str]
"""A fixture, and the station at which it stands: ("counter", "hob")."""

_CUPBOARD, _CUPBOARD_2 = ("cupboard", "prep"), ("cupboard_2", "storage")
_DRAWER, _DRAWER_2 = ("drawer", "prep"), ("drawer_2", "prep")
_FRIDGE, _HOB, _SINK, _RACK = ("fridge", "fridge"), ("hob", "hob"), ("sink", "sink"), ("rack", "sink")
_BY_SINK, _BY_HOB, _PREP, _STORAGE = (("counter", station) for station in ("sink", "hob", "prep", "storage"))

# How many of a kind people own: the chances of at least one, of at least two, ...; then the places where people keep
# it, the commoner the earlier.
_STOCK: Final[Mapping[str, tuple[tuple[float, ...], tuple[Home, ...]]]] = {
    "mug": ((1, 1), (_CUPBOARD, _CUPBOARD_2, _RACK)),
    "glass": ((1, 0.35), (_CUPBOARD, _CUPBOARD_2, _RACK)),
    "bowl": ((1, 0.35), (_CUPBOARD_2, _CUPBOARD, _RACK)),
    "plate": ((1, 1, 0.3), (_CUPBOARD, _CUPBOARD_2, _RACK)),
    "pan": ((1,), (_HOB, _HOB, _BY_HOB)),
    "pot": ((1,), (_HOB, _BY_HOB)),
    "lid": ((0.9,), (_HOB, _CUPBOARD_2, _BY_HOB)),
    "kettle": ((1,), (_BY_HOB, _STORAGE, _BY_SINK, _PREP)),
    "jug": ((0.3,), (_CUPBOARD_2, _CUPBOARD)),
    "colander": ((0.9,), (_CUPBOARD_2, _CUPBOARD, _BY_HOB)),
    "chopping_board": ((1,), (_PREP, _PREP, _BY_SINK)),
    "tray": ((0.1,), (_STORAGE,)),
    "knife": ((1, 0.5), (_DRAWER, _DRAWER_2)),
    "spoon": ((1, 1), (_DRAWER, _DRAWER_2)),
    "fork": ((1, 0.35), (_DRAWER, _DRAWER_2)),
    "spatula": ((1,), (_DRAWER_2, _DRAWER)),
    "ladle": ((0.15,), (_DRAWER_2, _BY_HOB)),
    "whisk": ((0.1,), (_DRAWER_2,)),
    "peeler": ((0.97,), (_DRAWER_2, _DRAWER)),
    "scissors": ((0.12,), (_DRAWER_2,)),
    "sponge": ((1,), (_BY_SINK,)),
    "cloth": ((1,), (_BY_SINK, _PREP)),
    "towel": ((1,), (_BY_HOB, _BY_SINK, _PREP)),
    "washing_liquid": ((1,), (_BY_SINK,)),
    "milk": ((1,), (_FRIDGE,)),
    "juice": ((0.5,), (_FRIDGE,)),
    "butter": ((0.98,), (_FRIDGE,)),
    "cheese": ((0.98,), (_FRIDGE,)),
    "yoghurt": ((0.25,), (_FRIDGE,)),
    "sausage": ((0.96,), (_FRIDGE,)),
    "egg": ((1, 0.5), (_FRIDGE, _FRIDGE, _CUPBOARD_2)),
    "oil": ((1,), (_CUPBOARD, _BY_HOB, _CUPBOARD_2)),
    "salt": ((1,), (_CUPBOARD, _BY_HOB, _CUPBOARD_2)),
    "spice": ((0.3,), (_CUPBOARD, _BY_HOB)),
    "cereal": ((0.97,), (_CUPBOARD_2, _CUPBOARD)),
    "pasta": ((0.97,), (_CUPBOARD_2, _CUPBOARD)),
    "rice": ((0.96,), (_CUPBOARD_2, _CUPBOARD)),
    "coffee": ((0.97,), (_CUPBOARD, _CUPBOARD_2)),
    "tea": ((0.97,), (_CUPBOARD, _CUPBOARD_2)),
    "sugar": ((0.8,), (_CUPBOARD, _CUPBOARD_2)),
    "flour": ((0.08,), (_CUPBOARD_2,)),
    "jar": ((0.12,), (_CUPBOARD_2, _FRIDGE)),
    "can": ((0.4,), (_STORAGE, _CUPBOARD_2, _PREP)),
    "box": ((0.1,), (_CUPBOARD_2,)),
    "bread": ((0.97,), (_CUPBOARD_2, _CUPBOARD, _STORAGE)),
    "onion": ((0.6,), (_FRIDGE, _CUPBOARD_2)),
    "garlic": ((0.2,), (_STORAGE, _CUPBOARD_2)),
    "potato": ((0.97,), (_CUPBOARD_2, _CUPBOARD, _FRIDGE)),
    "carrot": ((0.7,), (_FRIDGE,)),
    "tomato": ((0.75,), (_FRIDGE, _PREP)),
    "cucumber": ((0.75,), (_FRIDGE,)),
    "pepper": ((0.45,), (_FRIDGE,)),
    "mushroom": ((0.25,), (_FRIDGE,)),
    "apple": ((0.75,), (_FRIDGE, _STORAGE, _PREP)),
    "banana": ((0.65,), (_PREP, _STORAGE, _CUPBOARD_2)),
    "lemon": ((0.3,), (_FRIDGE, _PREP)),
    "bottle": ((0.97,), (_FRIDGE, _STORAGE, _PREP)),
    "phone": ((0.99,), (_PREP, _STORAGE, _BY_HOB)),
    "rubbish": ((0.98,), (_PREP, _STORAGE, _BY_SINK)),
}
_SPARED: Final = ("tray", "whisk", "flour", "box", "jar", "scissors", "ladle", "garlic", "jug", "mushroom", "spice",
                  "glass_2", "fork_2", "plate_3", "knife_2", "egg_2", "yoghurt", "lemon", "bowl_2", "can", "juice",
                  "onion", "pepper", "lid")  # fmt: skip
"""What a kitchen that is too full does without, the first first."""

VESSELS: Final = frozenset({"mug", "glass", "bowl", "jug", "pan", "pot", "kettle", "colander"})
DISHES: Final = VESSELS - {"kettle"} | {"plate", "chopping_board", "tray", "lid"}
TOOLS: Final = frozenset({"knife", "spoon", "fork", "spatula", "ladle", "whisk", "peeler", "scissors"})
PACKAGES: Final = frozenset({"milk", "juice", "oil", "cereal", "pasta", "rice", "salt", "spice", "coffee", "tea",
                             "sugar", "washing_liquid", "yoghurt", "flour", "jar", "can", "box", "bottle"})  # fmt: skip
VEGETABLES: Final = ("tomato", "cucumber", "pepper", "carrot", "onion", "mushroom", "garlic")
FRUIT: Final = ("apple", "banana", "lemon")
FOOD: Final = frozenset({*VEGETABLES, *FRUIT, "potato", "egg", "bread", "cheese", "sausage", "butter"})
PEELED: Final = frozenset({"potato", "carrot", "onion", "banana", "garlic", "cucumber"})
GROCERIES: Final = ("milk", "juice", "butter", "cheese", "sausage", "yoghurt", "tomato", "carrot", "cucumber")
_ROOM: Final[Mapping[Home, int]] = {
    _BY_SINK: 3, _BY_HOB: 2, _PREP: 4, _STORAGE: 2, _HOB: 3, _RACK: 1, _DRAWER: 4, _DRAWER_2: 4, _CUPBOARD: 8,
    _CUPBOARD_2: 8, _FRIDGE: 14,
}  # fmt: skip
"""How many things are kept at a place: worktops are left free enough to work on."""
SOILED: Final = ("mug", "glass", "bowl", "plate", "fork", "spoon", "knife", "pan", "pot")
"""What is left dirty after a meal."""
FINDS: Final[Mapping[str, Set[str]]] = {
    "dirty": {"plate_2", "mug_2"},
    "wet": {"bowl", "glass"},
    "grocery": {"milk", "cheese", "butter"},
    "stray_dish": {"mug", "plate"},
    "clutter": {"milk", "butter", "cereal"},
}
"""What an episode can be asked to find, and where it is looked for."""
_WASHED: Final = ("bowl", "plate_3", "glass", "mug", "plate")
"""What may stand by the sink, still wet."""
_EARTHY: Final = frozenset({"potato", "carrot"})
_DOORS: Final = frozenset({"fridge", "cupboard", "drawer", "microwave", "oven", "bin"})
_AMONG_TOOLS = 0.22
"""The most that the radius of something in a drawer may be [m]; it lies there lengthwise."""
_OVERHANG = 1.6
"""How much wider than its spot a thing may be where nothing stands beside it."""


@lru_cache(maxsize=64)
def homes(person: Participant) -> Mapping[str, Home]:
    """Where every thing that the person owns belongs, by its name, in the order in which the places are filled."""
    rng = np.random.default_rng([habits(person).likes, 5])
    has_rack = rooms(person.seed)["sink"].fixture("rack") is not None
    found: dict[str, Home] = {}
    filled: Counter[Home] = Counter()
    for kind, (chances, places) in _STOCK.items():
        places = [place for place in places if place != _RACK or has_rack]
        weights = 0.5 ** np.arange(len(places))
        order = rng.choice(len(places), len(places), replace=False, p=weights / weights.sum())
        wishes = (*(places[k] for k in order), _CUPBOARD_2, _CUPBOARD, _FRIDGE, _PREP)
        for n, chance in enumerate(chances):
            if rng.random() >= chance:
                break
            usual = next((place for place in wishes if filled[place] < _ROOM[place]), _PREP)
            filled[usual] += 1
            found[kind if n == 0 else f"{kind}_{n + 1}"] = usual
    for name in _SPARED:
        if len(found) <= MOST_THINGS:
            break
        found.pop(name, None)
    return found


def plan(person: Participant, seed: int, found: Collection[str] = ()) -> KitchenPlan:
    """The person's kitchen as an episode finds it: what is where, and all that is true of it.

    found: what the episode finds in any case, of FINDS: things that are dirty, wet, or left out.
    """
    stations = rooms(person.seed)
    rng = np.random.default_rng([person.seed, seed, 5])
    things = {name: _make(name, person) for name in homes(person)}
    dirty = _dirty(things, 1.0 - habits(person).washes, rng)
    wet = {name for name in _WASHED if name in things and name not in dirty and rng.random() < 0.2}
    dirty = (dirty | (FINDS["dirty"] if "dirty" in found else set())) - {
        n for f in found for n in FINDS[f] if f != "dirty"
    }
    wet |= FINDS["wet"] if "wet" in found else set()
    floor = _Floor(stations)
    for name, home in _wishes(person, dirty, wet, found, rng):
        floor.stand(things[name], (home, *_STOCK[things[name].kind][1], _STORAGE, _BY_HOB, _BY_SINK, _PREP))
    things = {name: thing for name, thing in things.items() if name in floor.starts}
    standing = str(rng.choice(list(stations)))
    domain = Domain.default()
    places = {name: (domain.kind(place).holds or "on", place) for name, place in floor.places.items()}
    atoms: dict[Atom, bool] = {}
    for name in sorted({fixture.name for station in stations.values() for fixture in station.fixtures}):
        atoms.update(_furniture_facts(name))
    for name, thing in things.items():
        atoms.update(_facts(thing, name in dirty, rng))
        if name in wet:
            atoms["dry", (name,)] = False
    starts = dict(floor.starts)
    state = at_station(WorldState(None, None, places, atoms), stations, standing, _stations(starts))
    return KitchenPlan(person.seed, stations, things, state, standing, starts)


def at_station(
    state: WorldState, stations: Mapping[str, Station], standing: str, on_counter: Mapping[str, str]
) -> WorldState:
    """The state with all that is near and all that is not, for somebody who stands at a station.

    on_counter: the station of every thing that stands on a counter. Whether the counter itself is near is left open:
    it is one name for worktops at several stations, and what stands on what is near would be near.
    """
    atoms = {atom: truth for atom, truth in state.atoms.items() if atom[0] != "near"}
    where: dict[str, str] = {}
    for station in stations.values():
        where.update({fixture.name: station.name for fixture in station.fixtures if fixture.name != "counter"})
    for name, station in where.items():
        atoms["near", (name,)] = station == standing
    for name in state.places:
        atoms["near", (name,)] = place_station(name, state, where, on_counter) in (standing, "")
    for name in (state.left, state.right):
        if name is not None:
            atoms["near", (name,)] = True
    return WorldState(state.left, state.right, state.places, atoms, state.unsided)


def place_station(name: str, state: WorldState, fixtures: Mapping[str, str], on_counter: Mapping[str, str]) -> str:
    """The station of a thing that is in no hand; "" where it rests on something that is. fixtures: their stations."""
    place = state.place_of(name)
    while place is not None and place not in fixtures and place != "counter":
        name, place = place, state.place_of(place)
    if place is None:
        return ""
    return on_counter.get(name, "") if place == "counter" else fixtures[place]


@lru_cache(maxsize=4096)
def kind_of(name: str) -> str:
    """The kind of an instance: "plate_2" is a plate."""
    return name.rstrip("0123456789").rstrip("_")


class _Floor:
    """Which spots are taken."""

    def __init__(self, stations: Mapping[str, Station]):
        self.stations = stations
        self.starts: dict[str, tuple[str, int]] = {}
        self.places: dict[str, str] = {}
        self._standing: dict[Home, list[tuple[int, float]]] = {}

    def stand(self, thing: Thing, wishes: Iterable[Home]) -> None:
        """Puts the thing where it is wished first and fits; a thing that fits nowhere is not in the kitchen."""
        for home in wishes:
            spot = self._free(thing, home)
            if spot is not None:
                self._standing.setdefault(home, []).append((spot, thing.radius_m))
                self.starts[thing.name] = (home[1], spot)
                self.places[thing.name] = home[0]
                return

    def _free(self, thing: Thing, home: Home) -> int | None:
        fixture = self.stations[home[1]].fixture(home[0])
        if fixture is None:
            return None
        is_drawer = fixture.kind == "drawer"
        taken = self._standing.get(home, [])
        fitting = []
        for index, spot in enumerate(fixture.spots):
            if index in {i for i, _ in taken} or thing.height_m > spot.clearance_m:
                continue
            if thing.radius_m > (_AMONG_TOOLS if is_drawer else _OVERHANG * spot.radius_m):
                continue
            if not is_drawer and any(
                _overlap(spot.pose.position_m, fixture.spots[i].pose.position_m, 0.85 * (thing.radius_m + radius_m))
                for i, radius_m in taken
            ):
                continue
            fitting.append((max(thing.radius_m - spot.radius_m, 0.0) + 0.1 * spot.radius_m, index))
        return min(fitting)[1] if fitting else None


def _overlap(one: np.ndarray, other: np.ndarray, apart_m: float) -> bool:
    off = one - other
    return abs(off[2]) < 0.05 and float(np.hypot(off[0], off[1])) < apart_m


def _make(name: str, person: Participant) -> Thing:
    kind = kind_of(name)
    digits = int(name[len(kind) + 1 :] or 1)
    return make_thing(kind, name, variant=person.seed * 64 + list(_STOCK).index(kind) + 1009 * digits)


def _dirty(things: Mapping[str, Thing], share: float, rng: np.random.Generator) -> set[str]:
    """What was not washed up: never the last of its kind but pans, which are washed before they are used."""
    return {
        name
        for name, thing in things.items()
        if thing.kind in SOILED and (name != thing.kind or thing.kind in ("pan", "pot"))
        and rng.random() < 0.15 + (0.5 if name != thing.kind else 0.25) * share
    }  # fmt: skip


def _wishes(
    person: Participant, dirty: Collection[str], wet: Collection[str], found: Collection[str], rng: np.random.Generator
) -> Sequence[tuple[str, Home]]:
    """Each thing and where it would be, those first that can only be in few places."""
    left_out = (_PREP, _STORAGE, _BY_HOB, _BY_SINK)
    groceries = rng.random() < 0.35
    has_rack = rooms(person.seed)["sink"].fixture("rack") is not None
    left = {name for find in found if find not in ("dirty", "wet") for name in FINDS[find]}
    wishes = []
    for name, home in homes(person).items():
        kind, at = kind_of(name), home
        if name in dirty:
            at = (_SINK, _SINK, _BY_SINK, _BY_HOB, _PREP)[int(rng.integers(5))]
            if kind in ("pan", "pot"):
                at = _HOB if rng.random() < 0.7 else _SINK
        elif name in wet:
            at = _RACK if has_rack else _BY_SINK
        elif name in left or (groceries and kind in GROCERIES and rng.random() < 0.5):
            at = _STORAGE
        elif rng.random() < 0.05:
            at = left_out[int(rng.integers(len(left_out)))]
        wishes.append((name, at))
    return sorted(wishes, key=lambda wish: kind_of(wish[0]) not in ("pan", "pot", "chopping_board", "kettle"))


def _furniture_facts(name: str) -> dict[Atom, bool]:
    kind = kind_of(name)
    facts: dict[Atom, bool] = {}
    if kind in _DOORS:
        facts["open", (name,)] = False
    if kind in ("hob", "microwave", "oven"):
        facts["on", (name,)] = False
    if kind == "tap":
        facts["open", (name,)] = facts["on", (name,)] = False
    if kind in ("counter", "sink", "hob"):
        facts["clean", (name,)] = False
        facts["dry", (name,)] = True
    return facts


def _facts(thing: Thing, is_dirty: bool, rng: np.random.Generator) -> dict[Atom, bool]:
    """All that the world model can know of a thing but where it is."""
    name, kind = thing.name, thing.kind
    truths: dict[str, bool] = {}
    if kind in DISHES | TOOLS:
        truths |= {"clean": not is_dirty, "dry": True, "soapy": False}
    if kind in VESSELS:
        is_full = kind == "kettle" and rng.random() < 0.3
        truths |= {"full": is_full, "empty": not is_full, "mixed": False, "seasoned": False, "dressed": False}
    if kind in ("plate", "tray"):
        truths |= {"full": False, "empty": True}
    if kind == "kettle":
        truths |= {"on": False, "clean": True}
    if kind in PACKAGES:
        is_empty = (kind == "can" and rng.random() < 0.6) or (kind == "bottle" and rng.random() < 0.5)
        truths |= {"open": kind == "can" and is_empty, "full": not is_empty, "empty": is_empty, "clean": True}
    if kind in FOOD:
        truths |= {"cut": False, "cooked": False, "turned": False, "dressed": False, "seasoned": False}
        truths["clean"] = not (kind in _EARTHY and rng.random() < 0.6)
        truths |= {"peeled": False} if kind in PEELED else {}
        truths |= {"spread": False} if kind == "bread" else {}
    if kind == "sponge":
        truths |= {"soapy": False, "clean": True}
    if kind in ("cloth", "towel"):
        truths |= {"clean": True, "dry": True}
    if kind == "phone":
        truths["on"] = False
    return {(predicate, (name,)): truth for predicate, truth in truths.items()}


def _stations(starts: Mapping[str, tuple[str, int]]) -> dict[str, str]:
    return {name: station for name, (station, _) in starts.items()}

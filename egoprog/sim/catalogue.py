"""Every kind of thing that can be in the simulated kitchen: its size, how hands take it, where it pours and works.

Pure data; things.py draws it. A thing's frame: the middle of its base, z up, as it stands or lies. Long things lie
along x with the end that works at +x and the handle at -x; handles of vessels stand out along +x.
"""

from __future__ import annotations

import difflib
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

import numpy as np

from egoprog.errors import UnknownKind
from egoprog.sim.pose import Pose, aligning, unit
from egoprog.sim.types import Grip, Thing

Point = tuple[float, float, float]

_UP = np.array([0.0, 0.0, 1.0])
X, Y, Z = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)
HANDLE_M: Final = {"pan": 0.185, "pot": 0.150}
"""How far the handles of pans and pots stand out from the rim."""
LEAN: Final = 0.36
"""How far the handles of kettles and jugs lean inwards, per height: wrists like it."""
RIM_M = 0.0035
"""Half the thickness of a rim that is pinched."""


@dataclass(frozen=True)
class Kind:
    """What all things of a kind have in common.

    noun: EPIC-KITCHENS' class. size_m: length along x, width along y, height, of the body without handles.
    vary: by what share sizes differ between variants. hold: which grips it has. mouth: where it pours from.
    substance: what a full one holds. wall_m: of a hollow vessel.
    """

    noun: str
    size_m: Point
    hold: Literal["upright", "level", "ball", "box", "tool", "rim", "mug", "handle", "pan", "knob", "flat", "soft"]
    material: str
    vary: float = 0.06
    mouth: Literal["", "top", "side", "spout"] = ""
    substance: str = ""
    wall_m: float = 0.0


def _round(width_m: float, height_m: float) -> Point:
    return (width_m, width_m, height_m)


KINDS: Final[Mapping[str, Kind]] = {
    "mug": Kind("cup", _round(0.082, 0.095), "mug", "ceramic", 0.10, "side", wall_m=0.005),
    "glass": Kind("glass", _round(0.070, 0.120), "upright", "glass", 0.12, "side", wall_m=0.003),
    "bowl": Kind("bowl", _round(0.150, 0.065), "rim", "ceramic", 0.08, "side", wall_m=0.005),
    "plate": Kind("plate", _round(0.240, 0.022), "rim", "ceramic", 0.06),
    "pan": Kind("pan", _round(0.245, 0.050), "pan", "metal", 0.07, "side", wall_m=0.003),
    "pot": Kind("pot", _round(0.185, 0.115), "pan", "metal", 0.07, "side", wall_m=0.003),
    "lid": Kind("lid", _round(0.215, 0.062), "knob", "metal", 0.05),
    "kettle": Kind("kettle", _round(0.160, 0.230), "handle", "metal", 0.05, "spout", wall_m=0.004),
    "jug": Kind("jug", _round(0.110, 0.150), "handle", "glass", 0.08, "spout", wall_m=0.004),
    "colander": Kind("colander", _round(0.225, 0.095), "rim", "metal", 0.06, wall_m=0.003),
    "chopping_board": Kind("board:chopping", (0.320, 0.220, 0.016), "flat", "wood", 0.06),
    "tray": Kind("tray", (0.345, 0.240, 0.025), "flat", "metal", 0.04),
    "knife": Kind("knife", (0.290, 0.040, 0.017), "tool", "metal", 0.10),
    "spoon": Kind("spoon", (0.190, 0.040, 0.020), "tool", "metal", 0.08),
    "fork": Kind("fork", (0.190, 0.026, 0.018), "tool", "metal", 0.07),
    "spatula": Kind("spatula", (0.310, 0.075, 0.030), "tool", "wood", 0.07),
    "ladle": Kind("ladle", (0.300, 0.085, 0.055), "tool", "metal", 0.06),
    "whisk": Kind("whisk", (0.270, 0.062, 0.062), "tool", "metal", 0.07),
    "peeler": Kind("peeler:potato", (0.170, 0.048, 0.020), "tool", "metal", 0.06),
    "scissors": Kind("scissors", (0.210, 0.080, 0.012), "tool", "metal", 0.06),
    "sponge": Kind("sponge", (0.105, 0.068, 0.034), "soft", "cloth", 0.06),
    "cloth": Kind("cloth", (0.190, 0.150, 0.022), "soft", "cloth", 0.10),
    "towel": Kind("towel", (0.260, 0.185, 0.030), "soft", "cloth", 0.08),
    "washing_liquid": Kind(
        "liquid:washing", (0.078, 0.050, 0.215), "upright", "plastic", 0.06, "top", "washing_liquid"
    ),
    "milk": Kind("milk", (0.072, 0.072, 0.190), "upright", "paper", 0.04, "top", "milk"),
    "juice": Kind("juice", (0.068, 0.068, 0.188), "upright", "paper", 0.05, "top", "juice"),
    "butter": Kind("butter", (0.110, 0.066, 0.042), "level", "food", 0.05),
    "cheese": Kind("cheese", (0.105, 0.062, 0.050), "level", "food", 0.08),
    "yoghurt": Kind("yoghurt", _round(0.092, 0.100), "upright", "plastic", 0.06, "top", "yoghurt"),
    "sausage": Kind("sausage", (0.135, 0.062, 0.030), "level", "food", 0.07),
    "egg": Kind("egg", (0.056, 0.043, 0.043), "ball", "food", 0.05),
    "oil": Kind("oil", _round(0.070, 0.255), "upright", "glass", 0.05, "top", "oil"),
    "salt": Kind("salt", _round(0.064, 0.125), "upright", "plastic", 0.08, "top", "salt"),
    "spice": Kind("spice", _round(0.046, 0.102), "upright", "glass", 0.06, "top", "spice"),
    "cereal": Kind("cereal", (0.175, 0.062, 0.258), "box", "paper", 0.05, "top", "cereal"),
    "pasta": Kind("pasta", (0.130, 0.060, 0.235), "box", "plastic", 0.06, "top", "pasta"),
    "rice": Kind("rice", (0.115, 0.062, 0.185), "box", "plastic", 0.06, "top", "rice"),
    "coffee": Kind("coffee", _round(0.082, 0.145), "upright", "glass", 0.06, "top", "coffee"),
    "tea": Kind("tea", (0.125, 0.070, 0.080), "level", "paper", 0.06, "top", "tea"),
    "sugar": Kind("sugar", (0.085, 0.060, 0.150), "box", "paper", 0.05, "top", "sugar"),
    "flour": Kind("flour", (0.105, 0.070, 0.175), "box", "paper", 0.05, "top", "flour"),
    "jar": Kind("jar", _round(0.076, 0.115), "upright", "glass", 0.08, "top", "sauce"),
    "can": Kind("can", _round(0.074, 0.108), "upright", "metal", 0.05, "top", "sauce"),
    "box": Kind("box", (0.170, 0.115, 0.065), "level", "plastic", 0.08, "top", "food"),
    "bread": Kind("bread", (0.205, 0.105, 0.098), "level", "food", 0.07),
    "onion": Kind("onion", _round(0.074, 0.068), "ball", "food", 0.10),
    "garlic": Kind("garlic", _round(0.052, 0.045), "ball", "food", 0.08),
    "potato": Kind("potato", (0.092, 0.066, 0.058), "level", "food", 0.12),
    "carrot": Kind("carrot", (0.180, 0.034, 0.034), "level", "food", 0.10),
    "tomato": Kind("tomato", _round(0.070, 0.060), "ball", "food", 0.08),
    "cucumber": Kind("cucumber", (0.270, 0.044, 0.044), "level", "food", 0.08),
    "pepper": Kind("pepper", _round(0.080, 0.090), "ball", "food", 0.08),
    "mushroom": Kind("mushroom", _round(0.050, 0.044), "ball", "food", 0.10),
    "apple": Kind("apple", _round(0.075, 0.070), "ball", "food", 0.07),
    "banana": Kind("banana", (0.180, 0.070, 0.036), "level", "food", 0.06),
    "lemon": Kind("lemon", (0.078, 0.056, 0.056), "level", "food", 0.07),
    "bottle": Kind("bottle", _round(0.070, 0.215), "upright", "plastic", 0.07, "top", "water"),
    "phone": Kind("phone", (0.148, 0.072, 0.009), "flat", "glass", 0.04),
    "rubbish": Kind("rubbish", (0.085, 0.070, 0.050), "level", "plastic", 0.12),
}
"""By kind; of the noun classes of EPIC-KITCHENS-100."""


def make_thing(kind: str, name: str, variant: int) -> Thing:
    """A thing of a kind; the same variant gives the same size. Raises UnknownKind, naming the nearest kinds."""
    entry, size = kind_named(kind), size_m(kind, variant)
    height = size[2]
    hollow = inside_m(kind, variant)
    return Thing(
        name=name,
        kind=kind,
        noun=entry.noun,
        height_m=height,
        radius_m=_radius_m(entry, size),
        grips=_HOLDS[entry.hold](kind, size),
        mouth_m=_mouth_m(entry, size),
        tip_m=tip_m(kind, size),
        inside_m=hollow,
        top_m=_TOPS_M.get(kind, hollow[1] if hollow else height),
        material=entry.material,
        substance=entry.substance,
        variant=variant,
    )


def kind_named(kind: str) -> Kind:
    """The entry of a kind. Raises UnknownKind, naming the nearest kinds."""
    if kind in KINDS:
        return KINDS[kind]
    by_noun = [known for known, entry in KINDS.items() if entry.noun == kind]
    nearest = by_noun or difflib.get_close_matches(kind, KINDS, n=3, cutoff=0.5)
    meant = f"did you mean {' or '.join(map(repr, nearest))}?" if nearest else f"known: {', '.join(KINDS)}"
    raise UnknownKind(f"expected a kind of thing of the simulated kitchen, got {kind!r}; {meant}")


@lru_cache(maxsize=4096)
def size_m(kind: str, variant: int) -> Point:
    """Length along x, width along y and height of a variant, without handles. Round things stay round."""
    entry = kind_named(kind)
    rng = np.random.default_rng([variant, zlib.crc32(kind.encode())])
    wide, high = 1 + entry.vary * rng.uniform(-1, 1, 2)
    length, width, height = entry.size_m
    return (round(length * wide, 4), round(width * wide, 4), round(height * (0.4 * wide + 0.6 * high), 4))


def inside_m(kind: str, variant: int) -> Point | None:
    """Of a hollow thing: radius, height of the floor, height of the rim."""
    wall, (length, _, height) = KINDS[kind].wall_m, size_m(kind, variant)
    if not wall:
        return None
    radius = {"kettle": 0.40, "colander": 0.42, "bowl": 0.44}.get(kind, 0.5) * length
    return (round(radius - wall, 4), max(2 * wall, 0.006), height * (0.84 if kind == "kettle" else 1.0))


_TOPS_M: Final = {"plate": 0.007, "tray": 0.005, "lid": 0.020}
"""Heights of floors that things lie on, where that is neither the top nor the floor of a hollow."""


def _radius_m(entry: Kind, size: Point) -> float:
    """Of the circle on the worktop that the thing needs for itself; long things are stepped over."""
    length, width, _ = size
    if entry.hold == "tool":
        return 0.3 * length
    if length > 1.2 * width or entry.hold in ("flat", "soft"):
        return round(0.52 * (length * width) ** 0.5 if entry.hold == "level" else 0.5 * (length * width) ** 0.5, 4)
    return max(length, width) / 2


def _mouth_m(entry: Kind, size: Point) -> Point | None:
    length, _, height = size
    return {
        "": None,
        "top": (0.0, 0.0, height),
        "side": (0.0, length / 2, height),
        "spout": (-0.5 * length - 0.012, 0.0, 0.80 * height if entry.noun == "kettle" else height),
    }[entry.mouth]


def tip_m(kind: str, size: Point) -> Point | None:
    """Where a tool works: of a knife the middle of the edge, of a fork its tines."""
    length, width, height = size
    return {
        "knife": (0.20 * length, -0.48 * width, 0.003),
        "spoon": (0.36 * length, 0.0, 0.004),
        "fork": (0.44 * length, 0.0, 0.004),
        "spatula": (0.44 * length, 0.0, 0.004),
        "ladle": (0.36 * length, 0.0, 0.0),
        "whisk": (0.42 * length, 0.0, 0.3 * height),
        "peeler": (0.36 * length, -0.3 * width, 0.006),
        "scissors": (0.40 * length, 0.0, 0.006),
        "sponge": (0.0, 0.0, 0.0),
        "cloth": (0.0, 0.0, 0.0),
        "towel": (0.0, 0.0, 0.0),
    }.get(kind)


# How things are held, best first. All take the kind and its size.


def _bar(at_m: Point, along: Point, radius_m: float, length_m: float, style: Literal["wrap", "pinch"] = "wrap") -> Grip:
    pose = Pose(np.array(at_m, float), aligning(_UP, unit(np.array(along, float))))
    return Grip(pose, round(radius_m, 4), round(length_m, 4), style)


def _around(at_m: float, height_m: float) -> tuple[Grip, ...]:
    """Four places at which a round rim is pinched, the one towards x first."""
    grips = []
    for x, y in ((1.0, 0.0), (0.0, 1.0), (0.0, -1.0), (-1.0, 0.0)):
        grips.append(_bar((x * at_m, y * at_m, height_m), (-y, x, 0.0), RIM_M, 0.05, "pinch"))
    return tuple(grips)


def _upright(kind: str, size: Point) -> tuple[Grip, ...]:
    length, width, height = size
    middle = 0.42 if kind in ("washing_liquid", "oil", "bottle", "milk", "juice") else 0.5
    return (_bar((0, 0, middle * height), Z, (length + width) / 4, 0.75 * height),)


def _level(kind: str, size: Point) -> tuple[Grip, ...]:
    """From above, the hand across what lies there; small ends are pinched too."""
    length, width, height = size
    radius = min(0.45 * max(width, height) if kind != "banana" else 0.017, 0.046)
    at = max(height - radius, height / 2)
    return (
        _bar((0, 0, at), X, radius, 0.8 * length),
        _bar((0, 0, 0.6 * height), X, min(radius, 0.028), 0.6 * length, "pinch"),
    )


def _ball(kind: str, size: Point) -> tuple[Grip, ...]:
    length, width, height = size
    radius = min(width, height) / 2
    wrap = _bar((0, 0, height / 2), X, radius, 0.9 * length)
    pinch = _bar((0, 0, 0.55 * height), X, min(radius, 0.026), 0.7 * length, "pinch")
    return (pinch, wrap) if radius < 0.027 else (wrap, pinch)


def _box(kind: str, size: Point) -> tuple[Grip, ...]:
    """A narrow side lies in the palm, thumb and fingers on the faces."""
    length, width, height = size
    thick = 0.46 * width
    return tuple(_bar((side * (length / 2 - thick), 0, 0.55 * height), Z, thick, 0.8 * height) for side in (1.0, -1.0))


def _tool(kind: str, size: Point) -> tuple[Grip, ...]:
    length, _, height = size
    radius = {"spoon": 0.006, "fork": 0.006, "spatula": 0.009, "ladle": 0.008, "whisk": 0.011, "scissors": 0.010,
              "peeler": 0.010}.get(kind, 0.011)  # fmt: skip
    long = {"spoon": 0.40, "fork": 0.40}.get(kind, 0.42) * length
    at = handle_height_m(kind, height)
    return (_bar((-0.49 * length + long / 2, 0, at), X, radius, long),)


def handle_height_m(kind: str, height_m: float) -> float:
    """Height of the middle of a tool's handle as the tool lies."""
    return {"ladle": 0.40, "whisk": 0.5, "spoon": 0.45, "fork": 0.45}.get(kind, 0.5) * height_m


def _mug(kind: str, size: Point) -> tuple[Grip, ...]:
    length, _, height = size
    return (
        _bar((0, 0, 0.64 * height), Z, length / 2, 0.7 * height),
        _bar((length / 2 + 0.024, 0, 0.52 * height), Z, 0.007, 0.045),
    )


def _handle(kind: str, size: Point) -> tuple[Grip, ...]:
    length, _, height = size
    return (_bar((length / 2 + 0.033, 0, 0.58 * height), (-LEAN, 0.0, 1.0), 0.011, 0.45 * height),)


def _pan(kind: str, size: Point) -> tuple[Grip, ...]:
    length, _, height = size
    long = HANDLE_M[kind]
    at = (length / 2 + 0.58 * long, 0.0, handle_end_m(size)[2] * 0.58 + 0.42 * 0.82 * height)
    along = np.array([long, 0.0, handle_end_m(size)[2] - 0.82 * height])
    return (_bar(at, tuple(along / np.linalg.norm(along)), 0.011, 0.75 * long),)


def handle_end_m(size: Point) -> Point:
    """The free end of a pan's handle, beside the rim: offset along x is HANDLE_M; z is its height."""
    return (0.0, 0.0, 0.82 * size[2] + 0.028)


def _rim(kind: str, size: Point) -> tuple[Grip, ...]:
    length, _, height = size
    return _around(length / 2 - 0.004, height - 0.004)


def _knob(kind: str, size: Point) -> tuple[Grip, ...]:
    length, _, height = size
    return (_bar((0, 0, height - 0.010), Y, 0.012, 0.03, "pinch"), *_around(length / 2 - 0.004, 0.006)[:2])


def _flat(kind: str, size: Point) -> tuple[Grip, ...]:
    """The edges that are nearest, pinched."""
    length, width, height = size
    ends = [
        (_bar((side * (length / 2 - 0.010), 0, height / 2), Y, height / 2, 0.5 * width, "pinch")) for side in (1, -1)
    ]
    sides = [
        (_bar((0, side * (width / 2 - 0.010), height / 2), X, height / 2, 0.5 * length, "pinch")) for side in (-1, 1)
    ]
    return tuple(sides + ends if kind == "phone" else ends + sides)


def _soft(kind: str, size: Point) -> tuple[Grip, ...]:
    """From above: a hand that lies on it and closes."""
    length, width, height = size
    if kind == "sponge":
        return (_bar((0, 0, 0.62 * height), X, 0.44 * width, 0.8 * length),)
    return tuple(_bar((0, 0, 0.6 * height), along, 0.017, 0.4 * width) for along in (X, Y))


_HOLDS: Final[Mapping[str, Callable[[str, Point], tuple[Grip, ...]]]] = {
    "upright": _upright, "level": _level, "ball": _ball, "box": _box, "tool": _tool, "rim": _rim, "mug": _mug,
    "handle": _handle, "pan": _pan, "knob": _knob, "flat": _flat, "soft": _soft,
}  # fmt: skip

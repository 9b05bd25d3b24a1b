"""Annotations of our own in the formats of real ones, and ways to spoil them."""

import random

from egoprog.data import Action, ClassTable, NamedClass, SoundSegment, VideoInfo

VERBS = ClassTable(
    [NamedClass(0, "take", ("get", "pick-up", "take"), "retrieve"), NamedClass(4, "close", ("close",), "access")]
)
NOUNS = ClassTable(
    [
        NamedClass(2, "plate", ("plate", "dish"), "crockery"),
        NamedClass(5, "pan", ("pan", "pan:frying"), "cookware"),
        NamedClass(46, "oven", ("oven", "chef's oven"), "appliances"),
    ]
)
VIDEOS = {
    "P901_01": VideoInfo("P901_01", 120.5, 30.0, 456, 256),
    "P902_01": VideoInfo("P902_01", 60.0, 60.0, 456, 256),
}
ACTIONS = [
    Action("P901_01_0", "P901", "P901_01", 0.56, 0.0, 1.89, 1, 56, "take plate", "take", 0, "plate", 2,
           ("plate",), (2,)),
    Action("P901_01_1", "P901", "P901_01", None, 61.25, 63.5, 1837, 1905, 'take "big" pan, oven', "pick-up", 0,
           "pan:frying", 5, ("pan:frying", "oven"), (5, 46)),
    Action("P902_01_0", "P902", "P902_01", 3.125, 3.01, 4.0, 180, 240, "close chef's oven", "close", 4,
           "chef's oven", 46, ("chef's oven",), (46,)),
]  # fmt: skip
SOUNDS = [
    SoundSegment("P901_01_0", "P901", "P901_01", 2.069, 2.993, 49656, 71832, "clang", "metal-only collision", 0),
    SoundSegment("P901_01_1", "P901", "P901_01", 3.0, 4.5, 72000, 108000, "tap, running", "water", 5),
]


def spoilt(data: bytes, chance: random.Random, times: int = 3) -> bytes:
    """Bytes with a few of them changed, left out, doubled or cut off."""
    spoiled = bytearray(data)
    for _ in range(chance.randint(1, times)):
        at = chance.randrange(len(spoiled) or 1)
        match chance.randrange(5):
            case 0:
                spoiled[at : at + 1] = bytes([chance.randrange(256)])
            case 1:
                del spoiled[at : at + chance.randint(1, 40)]
            case 2:
                spoiled[at:at] = spoiled[at : at + chance.randint(1, 40)]
            case 3:
                spoiled[at:at] = chance.choice((b'"', b",", b"\n", b"'", b"]", b"-", b"9" * 400, b"\0", b"{", b"null"))
            case 4:
                del spoiled[chance.randrange(len(spoiled) + 1) :]
    return bytes(spoiled)


def mutated(value, chance: random.Random):
    """A JSON value with one of its parts replaced by another one, or left out."""
    if chance.random() < 0.15 or not isinstance(value, dict | list) or not value:
        others = (None, True, -1, 0, 1.5, 1e308, 10**400, "", "x", [], {}, [1] * 7, [None], {"a": 1}, "nan")
        return chance.choice(others)
    value = value.copy()
    key = chance.choice(list(value)) if isinstance(value, dict) else chance.randrange(len(value))
    if isinstance(value, dict) and chance.random() < 0.1:
        del value[key]
    else:
        value[key] = mutated(value[key], chance)
    return value

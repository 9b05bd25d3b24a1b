"""What is known of the world at one moment.

A state is a set of ground literals, each known true or known false; whatever is in neither set is unknown (open
world). Hands are the exception: a hand holds one thing or nothing, and that is known from the start (closed world)
until branches that disagree are joined.

Constraints that every state keeps:
- a hand holds at most one object; one object may lie in both hands;
- an object has at most one place, "in" or "on" another object; in and on the same place are not told apart;
- an object in a hand is nowhere else, but where it was just moved to and not yet let go;
- full and empty exclude each other, though a half-full cup is neither.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from egoprog.program.types import Condition, Hand

Atom = tuple[str, tuple[str, ...]]

# What a hand holds when nobody knows. No object's name: names are made of letters, digits, "_" and ":".
UNKNOWN: Final = "?"

# Words for the negation of another predicate, and plain synonyms: word -> (predicate, negated).
_WORDS: Final = {
    "closed": ("open", True),
    "shut": ("open", True),
    "opened": ("open", False),
    "off": ("on", True),
    "turned on": ("on", False),
    "turned off": ("on", True),
    "switched on": ("on", False),
    "switched off": ("on", True),
    "dirty": ("clean", True),
    "whole": ("cut", True),
    "uncut": ("cut", True),
    "inside": ("in", False),
    "held": ("in hand", False),
}
_CONTRARY: Final = {"full": "empty", "empty": "full"}
_SIDES: Final = ("left", "right")
_HANDS: Final = ("left", "right", "hand", "both")
_LOCATIONS: Final = ("on", "in")
_NOTHING: Final[Mapping] = {}


def canonical(condition: Condition) -> tuple[str, tuple[str, ...], bool]:
    """(predicate, args, negated) with synonyms and opposites resolved: "fridge closed" is "fridge not open"."""
    word = _WORDS.get(condition.predicate)
    if word is None:
        return condition.predicate, condition.args, condition.negated
    return word[0], condition.args, condition.negated is not word[1]


@dataclass(frozen=True, slots=True)
class WorldState:
    """An immutable set of facts about hands and things.

    left, right: the object in that hand, None where it is empty, UNKNOWN where nobody knows.
    places: object -> ("on" | "in", object that it rests on or in).
    atoms: (predicate, args) -> known true or known false, for everything but hands and places.
    unsided: objects that are in a hand that nobody named; their sides may still be swapped.
    """

    left: str | None = None
    right: str | None = None
    places: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    atoms: Mapping[Atom, bool] = field(default_factory=dict)
    unsided: frozenset[str] = frozenset()

    @classmethod
    def initial(cls, left: str | None = None, right: str | None = None) -> WorldState:
        """Nothing is known but what the hands hold; None is an empty hand."""
        return cls(left, right)

    def __hash__(self) -> int:
        return hash((self.left, self.right, frozenset(self.places.items()), frozenset(self.atoms.items())))

    def holding(self, hand: Hand) -> str | None:
        """The object in that hand (for `both`: in both at once); None where there is none or nobody knows."""
        if hand is Hand.BOTH:
            held = self.left if self.left == self.right else None
        else:
            held = self.left if hand is Hand.LEFT else self.right
        return None if held == UNKNOWN else held

    def hands_of(self, name: str) -> tuple[Hand, ...]:
        """The hands that an object is known to be in; for an unsided one, the one that was picked for it."""
        return tuple(hand for hand in (Hand.LEFT, Hand.RIGHT) if self.holding(hand) == name)

    @property
    def held(self) -> tuple[str, ...]:
        """The objects known to be in a hand, left first, each once."""
        loose = (args[0] for (predicate, args), truth in self.atoms.items() if predicate == "in hand" and truth)
        return tuple(dict.fromkeys(o for o in (self.left, self.right, *loose) if o is not None and o != UNKNOWN))

    def place_of(self, name: str) -> str | None:
        """What an object rests in or on; None where unknown."""
        place = self.places.get(name)
        return place[1] if place else None

    @property
    def objects(self) -> tuple[str, ...]:
        """Every object that some fact names, in the order of the alphabet."""
        names = {*self.held, *self.places, *(place for _, place in self.places.values())}
        names.update(name for (predicate, args) in self.atoms for name in args if predicate != "in hand")
        return tuple(sorted(names.difference(_HANDS)))

    @property
    def facts(self) -> tuple[Condition, ...]:
        """Every known literal: hands first, then places, then the rest, each group in the order of the alphabet."""
        hands = []
        for name in self.held:
            sides = [side for side in _SIDES if self._in_hand(name, side)]
            hands += [Condition("in hand", (name, side)) for side in sides] or [Condition("in hand", (name,))]
        hands += [Condition("empty", (side,)) for side in _SIDES if self._hand_is_empty(side)]
        places = [Condition(relation, (name, place)) for name, (relation, place) in sorted(self.places.items())]
        rest = [
            Condition(predicate, args, not truth)
            for (predicate, args), truth in sorted(self.atoms.items())
            if not (predicate == "in hand" and truth)
        ]
        return (*hands, *places, *rest)

    def value(self, condition: Condition) -> bool | None:
        """Whether the literal is known to hold (True), known not to (False), or unknown (None)."""
        predicate, args, negated = canonical(condition)
        truth = self._truth(predicate, args)
        return None if truth is None else truth is not negated

    def assume(self, *conditions: Condition) -> WorldState:
        """The state in which the literals hold, in their order; what contradicts them is given up."""
        return self.changed(make=conditions)

    def changed(
        self,
        make: Iterable[Condition] = (),
        forget: Iterable[Atom] = (),
        lose_places: Iterable[str] = (),
    ) -> WorldState:
        """The state after some facts became unknown and then some literals true."""
        draft = _Draft(self)
        for atom in forget:
            draft.atoms.pop(atom, None)
        for name in lose_places:
            draft.places.pop(name, None)
        for condition in make:
            draft.make(*canonical(condition))
        return draft.freeze()

    def forget_all(self) -> WorldState:
        """Nothing is known any more, not even what the hands hold."""
        return WorldState(UNKNOWN, UNKNOWN)

    def join(self, other: WorldState) -> WorldState:
        """What both states agree on."""
        if self == other:
            return self
        places = {name: place for name, place in self.places.items() if other.places.get(name) == place}
        atoms = {atom: truth for atom, truth in self.atoms.items() if other.atoms.get(atom) is truth}
        if {self.left, self.right} == {other.left, other.right} and UNKNOWN not in (self.left, self.right):
            swapped = {self.left, self.right} - {None} if self.left != other.left else set()
            return WorldState(self.left, self.right, places, atoms, self.unsided | other.unsided | swapped)
        left = self.left if self.left == other.left else UNKNOWN
        right = self.right if self.right == other.right else UNKNOWN
        for name in {*self.held, *other.held} - {left, right}:
            truth = self._in_hand(name)
            if truth is not None and truth is other._in_hand(name):
                atoms["in hand", (name,)] = truth
        for name in self.atoms.keys() & other.atoms.keys():
            if name[0] == "in hand" and name[1][0] in (left, right):
                atoms.pop(name, None)
        return WorldState(left, right, places, atoms, (self.unsided | other.unsided) & {left, right})

    def _truth(self, predicate: str, args: tuple[str, ...]) -> bool | None:
        match predicate, args:
            case "in hand", (name,):
                return self._in_hand(name)
            case "in hand", (name, "both"):
                return _both(self._in_hand(name, "left"), self._in_hand(name, "right"))
            case "in hand", (name, side) if side in _SIDES:
                return self._in_hand(name, side)
            case "empty", (hand,) if hand in _HANDS:
                return self._hand_is_empty(hand)
            case "near", (name,):
                return self._near(name)
            case (("on" | "in"), (name, place)):
                return self._rests_at(name, place)
            case "at", (name, place):
                return True if self.place_of(name) == place else self.atoms.get(("at", args))
            case (("full" | "empty"), _):
                known = self.atoms.get((predicate, args))
                return known if known is not None else self._contrary(predicate, args)
        return self.atoms.get((predicate, args))

    def _contrary(self, predicate: str, args: tuple[str, ...]) -> bool | None:
        return False if self.atoms.get((_CONTRARY[predicate], args)) else None

    def _in_hand(self, name: str, side: str | None = None) -> bool | None:
        if name not in (self.left, self.right):
            known = self.atoms.get(("in hand", (name,)))
            if known is not None and not (known and side):
                return known
            may_be = self.left == UNKNOWN if side == "left" else self.right == UNKNOWN
            if side is None:
                may_be = UNKNOWN in (self.left, self.right)
            return None if may_be else False
        if side is None:
            return True
        if self._may_swap():
            return None
        return (self.left if side == "left" else self.right) == name

    def _may_swap(self) -> bool:
        """Whether nobody said which hand holds what, so that the hands may still change places."""
        return self.left != self.right and all(o is None or o in self.unsided for o in (self.left, self.right))

    def _hand_is_empty(self, hand: str) -> bool | None:
        hands = (self.left, self.right)
        if hand == "hand":
            return True if None in hands else None if UNKNOWN in hands else False
        if hand == "both":
            return True if hands == (None, None) else None if set(hands) <= {None, UNKNOWN} else False
        held = self.left if hand == "left" else self.right
        if held == UNKNOWN or (None in hands and self._may_swap()):
            return None
        return held is None

    def _near(self, name: str) -> bool | None:
        known = self.atoms.get(("near", (name,)))
        place: str | None = name
        while known is not True and place is not None:
            if self._in_hand(place) or self.atoms.get(("near", (place,))):
                return True
            place = self.place_of(place)
        return known

    def _rests_at(self, name: str, place: str) -> bool | None:
        known = self.place_of(name)
        if known is None:
            if self._in_hand(name):
                return False
            absent = any(self.atoms.get((relation, (name, place))) is False for relation in _LOCATIONS)
            return False if absent else None
        while known is not None and known != place:
            known = self.place_of(known)
        return known is not None


def _both(one: bool | None, other: bool | None) -> bool | None:
    return False if one is False or other is False else None if None in (one, other) else True


class _Draft:
    """A state in the making."""

    def __init__(self, state: WorldState):
        self.hands = {"left": state.left, "right": state.right}
        self.places = dict(state.places)
        self.atoms = dict(state.atoms)
        self.unsided = set(state.unsided)

    def freeze(self) -> WorldState:
        left, right = self.hands["left"], self.hands["right"]
        state = WorldState(left, right, self.places, self.atoms, frozenset(self.unsided.intersection((left, right))))
        # what came to be in a hand, or on what is near, is no longer far, however it came there
        for atom in [atom for atom, truth in self.atoms.items() if atom[0] == "near" and not truth]:
            if state._near(*atom[1]):
                del self.atoms[atom]
        return state

    def make(self, predicate: str, args: tuple[str, ...], negated: bool) -> None:
        match predicate, args:
            case "in hand", (name,):
                self.drop(name) if negated else self.hold(name)
            case "in hand", (name, "both"):
                for side in _SIDES:
                    self.drop(name, side) if negated else self.hold(name, side)
            case "in hand", (name, side) if side in _SIDES:
                self.drop(name, side) if negated else self.hold(name, side)
            case "empty", (hand,) if hand in _HANDS:
                self.fill(hand) if negated else self.clear(hand)
            case (("on" | "in"), (name, place)):
                self.take_away(predicate, name, place) if negated else self.put(predicate, name, place)
            case "near", (name,) if negated:
                self.walk_off(name)
            case "at", (name, place) if negated:
                self.take_away(predicate, name, place)
            case "at", (name, _) if not negated:
                self.leave_alignment(name)
                self.places.pop(name, None)
                self.atoms[predicate, args] = True
            case (("full" | "empty"), _) if not negated:
                self.atoms.pop((_CONTRARY[predicate], args), None)
                self.atoms[predicate, args] = True
            case _:
                self.atoms[predicate, args] = not negated

    def swap_frees(self, side: str) -> bool:
        """Swaps the hands where nobody said which is which and that leaves `side` for another object."""
        other = _other(side)
        if (
            all(o is None or o in self.unsided for o in self.hands.values())
            and self.hands["left"] != self.hands["right"]
        ):
            self.hands[side], self.hands[other] = self.hands[other], self.hands[side]
            return True
        return False

    def hold(self, name: str, side: str | None = None) -> None:
        held_before = name in self.hands.values()
        if side is None:
            if held_before:
                return
            free = [s for s in ("right", "left") if self.hands[s] is None]
            doubtful = [s for s in ("right", "left") if self.hands[s] == UNKNOWN]
            if not free and len(doubtful) == 2:
                self.atoms["in hand", (name,)] = True
                self.leave_place(name)
                return
            self.hands[(free or doubtful or ["right"])[0]] = name
            self.unsided.add(name)
        else:
            if self.hands[side] != name:
                other = _other(side)
                misplaced = self.hands[other] == name and name in self.unsided
                blocked = self.hands[side] is not None and self.hands[other] is None
                if not ((misplaced or blocked) and self.swap_frees(side)) or self.hands[side] != name:
                    self.hands[side] = name
            self.unsided.discard(name)
        self.atoms.pop(("in hand", (name,)), None)
        if not held_before:
            self.leave_place(name)

    def drop(self, name: str, side: str | None = None) -> None:
        if side is not None and self.hands[side] == name and name in self.unsided and self.swap_frees(side):
            self.unsided.discard(name)
            return
        for hand in (side,) if side else _SIDES:
            if self.hands[hand] == name:
                self.hands[hand] = None
        self.atoms.pop(("in hand", (name,)), None)
        if side is None and UNKNOWN in self.hands.values():
            self.atoms["in hand", (name,)] = False

    def clear(self, hand: str) -> None:
        if hand == "both":
            self.hands = {"left": None, "right": None}
        elif hand == "hand":
            if None not in self.hands.values():
                self.hands["left" if self.hands["left"] == UNKNOWN != self.hands["right"] else "right"] = None
        else:
            if self.hands[hand] is not None and not (self.hands[_other(hand)] is None and self.swap_frees(hand)):
                self.hands[hand] = None
            self.unsided.clear()

    def fill(self, hand: str) -> None:
        if hand in _SIDES:
            if self.hands[hand] is None and not (self.hands[_other(hand)] is not None and self.swap_frees(hand)):
                self.hands[hand] = UNKNOWN
            self.unsided.clear()
        elif hand == "hand":
            self.hands = {side: UNKNOWN if held is None else held for side, held in self.hands.items()}
        elif set(self.hands.values()) == {None}:
            self.hands = {"left": UNKNOWN, "right": UNKNOWN}

    def put(self, relation: str, name: str, place: str) -> None:
        if name == place:
            return
        above = place
        while above in self.places:
            above = self.places[above][1]
            if above == name:
                self.places.pop(place, None)
        self.leave_alignment(name)
        for location in _LOCATIONS:
            self.atoms.pop((location, (name, place)), None)
        self.places[name] = (relation, place)

    def take_away(self, relation: str, name: str, place: str) -> None:
        if place in self.chain(name)[1:]:
            del self.places[name]
        self.atoms[relation, (name, place)] = False

    def walk_off(self, name: str) -> None:
        """Whatever would bring the object near is given up: it, or what it rests on, in a hand or in reach."""
        for link in self.chain(name):
            if link in self.hands.values() or self.atoms.get(("in hand", (link,))):
                self.drop(link)
            self.atoms.pop(("near", (link,)), None)
        self.atoms["near", (name,)] = False

    def chain(self, name: str) -> list[str]:
        """The object, what it rests on, what that rests on, and so on."""
        links = [name]
        while links[-1] in self.places:
            links.append(self.places[links[-1]][1])
        return links

    def leave_place(self, name: str) -> None:
        self.places.pop(name, None)
        self.leave_alignment(name)

    def leave_alignment(self, name: str) -> None:
        for atom in [a for a in self.atoms if a[0] == "at" and a[1][0] == name]:
            del self.atoms[atom]


def _other(side: str) -> str:
    return "right" if side == "left" else "left"

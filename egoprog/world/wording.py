"""How the world model speaks: sub-actions, hands and literals in plain words."""

from __future__ import annotations

from typing import Final

from egoprog.program.types import Condition, Hand, SubAction
from egoprog.world.state import WorldState, canonical

# The word for the negation of a predicate, where English has one.
_OPPOSITE: Final = {"open": "closed", "on": "off", "clean": "dirty", "cut": "whole"}


def call_text(sub_action: SubAction) -> str:
    """The bare call: "use(knife, carrot)"."""
    return f"{sub_action.verb}({', '.join(sub_action.objects)})"


def assertion(condition: Condition) -> str:
    """A literal as what is the case, without its verb: "the cucumber clean", "the milk not in the right hand"."""
    predicate, args, negated = canonical(condition)
    no = "not " if negated else ""
    match predicate, args:
        case "in hand", (name, "both"):
            return f"the {name} {no}in both hands"
        case "in hand", (name, side):
            return f"the {name} {no}in the {side} hand"
        case "in hand", (name,):
            return f"the {name} {no}in hand"
        case "empty", ("left" | "right" as side,):
            return f"the {side} hand {no}empty"
        case "empty", ("hand",):
            return "both hands full" if negated else "a hand empty"
        case "near", (name,):
            return f"the actor {no}near the {name}"
        case _, (name,):
            return (
                f"the {name} {_OPPOSITE[predicate]}"
                if negated and predicate in _OPPOSITE
                else f"the {name} {no}{predicate}"
            )
        case _, (name, place):
            return f"the {name} {no}{predicate} the {place}"
    return f"{no}{predicate}({', '.join(args)})"


def violation(needed: Condition, state: WorldState) -> str:
    """Why a literal that is needed does not hold, as a statement about that state."""
    predicate, args, negated = canonical(needed)
    match predicate, args, negated:
        case "in hand", (name, *_), True:
            return f"the {name} is already {_where_held(name, state)}"
        case "in hand", (name, "left" | "right" as side), False:
            elsewhere = state.hands_of(name)
            return (
                f"the {name} is in the {elsewhere[0]} hand"
                if elsewhere
                else f"the {side} hand does not hold the {name}"
            )
        case "in hand", (name, *_), False:
            return f"no hand holds the {name}"
        case "empty", ("hand",), False:
            return f"both hands are full (left: {state.left}, right: {state.right})"
        case "empty", ("left" | "right" as side,), False:
            return f"the {side} hand already holds the {state.holding(Hand(side))}"
        case "near", (name,), True:
            return f"the actor is already near the {name}"
        case "near", (name,), False:
            return f"the actor is not near the {name}"
        case _, (name, *_), _:
            what, words = assertion(~needed).split(" ", 2)[1:]
            return f"the {what} is {'already ' if negated else ''}{words}"
    return f"{assertion(needed)} does not hold"


def _where_held(name: str, state: WorldState) -> str:
    sides = [side for side in ("left", "right") if state.value(Condition("in hand", (name, side)))]
    if not sides:
        return "in a hand"
    return "in both hands" if len(sides) == 2 else f"in the {sides[0]} hand"

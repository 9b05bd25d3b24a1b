"""Questions about the steps of programs, in the words that people ask in. Needs no PyTorch."""

from __future__ import annotations

import re

from egoprog.data.epic_classes import NOUNS, VERBS
from egoprog.errors import InputError
from egoprog.lego.questions import TEMPLATES
from egoprog.program.types import Call, Program, Statement, SubAction, Verb

_ACTIONS: dict[Verb, tuple[str, str]] = {
    Verb.GRASP: ("take the {0}", "take the {0} from the {1}"),
    Verb.RELEASE: ("put down the {0}", "put the {0} down on the {1}"),
    Verb.MOVE: ("move the {0}", "move the {0} to the {1}"),
    Verb.USE: ("use the {0}", "use the {0} on the {1}"),
    Verb.POSITION: ("hold the {0}", "put the {0} at the {1}"),
    Verb.GOTO: ("go to the {0}", "go to the {0}"),
}
"""With one object, and with two."""
_LONG_VERBS = tuple(verb.replace("-", "_") for verb in VERBS if "-" in verb)
_THINGS = {noun.replace(":", "_"): noun for noun in NOUNS if ":" in noun}
"""Programs' names have no colons."""


def question_about(part: Program | Statement) -> str:
    """How a person asks for a sub-action, for what a call does, or for what a whole program does.

    A hand is not asked for: that the models say which one acts is their answer. Raises InputError for what nobody can
    be seen doing: waiting, nothing, conditions, comments, a sub-action without an object.
    """
    match part:
        case Program(name=name):
            action = _action_named(name)
        case Call(name=name, objects=objects):
            action = _action_named(name) + (f" with the {' and the '.join(map(_words, objects))}" if objects else "")
        case SubAction(verb=verb, objects=objects) if verb in _ACTIONS and objects:
            action = _ACTIONS[verb][len(objects) > 1].format(*map(_words, objects))
        case SubAction():
            raise InputError(
                f"expected a sub-action that does something with an object, got {part.verb}; name another node"
            )
        case _:
            raise InputError(
                f"expected a sub-action, a call or a program's root, got {type(part).__name__.lower()}; "
                "name a node of one of these kinds"
            )
    return TEMPLATES[0].format(action=action)


def _action_named(name: str) -> str:
    """ "open_drawer" is "open the drawer", "turn_on_tap" "turn on the tap"."""
    verb = next((verb for verb in _LONG_VERBS if name.startswith(f"{verb}_")), name.partition("_")[0])
    thing = name[len(verb) + 1 :]
    return f"{verb.replace('_', ' ')} the {_words(_THINGS.get(thing, thing))}" if thing else verb


def _words(name: str) -> str:
    """A thing's name as it is said: "chopping_board" and "board:chopping" are "chopping board", "mug_2" is "mug"."""
    return " ".join(reversed(re.sub(r"_\d+$", "", name).split(":"))).replace("_", " ")

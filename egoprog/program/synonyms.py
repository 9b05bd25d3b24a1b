"""Every word that people and language models write for ours: one table for verbs, one for predicates.

The tables are data; `read_verb` and `PREDICATES` are all that the parser asks of them.
"""

from __future__ import annotations

from egoprog.program.types import Hand, Verb

# Keys are squeezed: lower case, no blanks, underscores or hyphens, so "pick up", "pick_up" and "pickUp" are one word.
VERB_WORDS: dict[Verb, str] = {
    Verb.NOTHING: "nothing donothing noop nop ∅ none nil",
    Verb.GRASP: "grasp grab pickup pick take hold get grip seize catch retrieve fetch collect takeout takehold "
    "reachandgrasp pickupobject graspobject grabobject",
    Verb.RELEASE: "release putdown letgo letgoof drop setdown laydown ungrasp unhand leave discard throwaway "
    "releaseobject dropobject",
    Verb.MOVE: "move carry bring transport lift raise lower push pull drag slide transfer shift moveto movetowards "
    "turnover flip shake tilt moveobject",
    Verb.USE: "use open close shut switchon switchoff turnon turnoff turn pour pourinto pourin fill wash rinse clean "
    "scrub wipe dry cut chop slice dice peel grate stir mix whisk beat knead fold squeeze spread sprinkle season add "
    "heat cook boil fry bake microwave toast press activate deactivate operate apply toggle drink eat soak drain "
    "useobject usetool",
    Verb.POSITION: "position align adjust insert stack attach arrange orient putin putinto puton putonto putback "
    "placein placeinto placeon placeonto putonbottom positionobject",
    Verb.GOTO: "goto walk walkto walktowards walktoward moveself find search searchfor locate approach reach reachfor "
    "go navigate navigateto lookfor turnto gotoobject gotowards gotoward walkforward",
    Verb.WAIT: "wait pause idle waitfor sleep stay hesitate standby",
}
VERBS: dict[str, Verb] = {word: verb for verb, words in VERB_WORDS.items() for word in words.split()}

# Put down where there is no second object, positioned where there is one.
PUT_WORDS = frozenset({"put", "place", "set", "lay", "throw", "hang", "placeobject", "putobject"})
CANONICAL_VERBS: dict[str, Verb] = {verb.value: verb for verb in Verb}

# Words of a sub-action's text that name a hand instead of an object.
HANDS: dict[str, Hand] = {
    word: hand
    for hand, words in {
        Hand.LEFT: "left left_hand lefthand lh",
        Hand.RIGHT: "right right_hand righthand rh",
        Hand.BOTH: "both both_hands bothhands",
    }.items()
    for word in words.split()
}

# Keyword arguments of a sub-action, and of a program's head.
KEYWORDS: dict[str, str] = {
    "hand": "hand",
    "with_hand": "hand",
    "arm": "hand",
    "start_t": "start_s",
    "start": "start_s",
    "start_s": "start_s",
    "start_time": "start_s",
    "t_start": "start_s",
    "stop_t": "stop_s",
    "stop": "stop_s",
    "stop_s": "stop_s",
    "stop_time": "stop_s",
    "end": "stop_s",
    "end_t": "stop_s",
    "end_time": "stop_s",
    "t_stop": "stop_s",
    "confidence": "confidence",
    "score": "confidence",
    "object": "object",
    "obj": "object",
    "object1": "object",
    "object2": "object",
    "obj1": "object",
    "obj2": "object",
    "o1": "object",
    "o2": "object",
    "target": "object",
    "tool": "object",
    "item": "object",
    "recipient": "object",
    "destination": "object",
    "location": "object",
    "to": "object",
    "on": "object",
    "into": "object",
    "onto": "object",
    "source": "object",
}

# Words between two objects in a sub-action written as a sentence: "move milk to table".
JOINERS = frozenset({"to", "into", "onto", "in", "on", "with", "from", "and", "at", "under", "using", "inside"})
ARTICLES = frozenset({"the", "a", "an", "some", "my", "his", "her", "their", "your", "its"})

# A phrase of a condition -> our predicate, and whether the phrase is its negation.
PREDICATE_PHRASES: dict[str, str] = {
    "in hand": "in hand; in hands; held; grasped; grabbed; being held; picked up; at hand",
    "not in hand": "released; put down; let go",
    "open": "open; opened",
    "not open": "closed; close; shut; unopened",
    "on": "on; switched on; turned on; switchon; running; powered; powered on; active; activated",
    "not on": "off; switched off; turned off; switchoff; powered off; inactive",
    "clean": "clean; cleaned; washed; wiped; rinsed",
    "not clean": "dirty; unclean; unwashed; soiled",
    "full": "full; filled",
    "empty": "empty; emptied; free",
    "cut": "cut; chopped; sliced; diced",
    "not cut": "whole; uncut; unsliced",
    "dry": "dry; dried",
    "not dry": "wet",
    "soapy": "soapy",
    "peeled": "peeled",
    "grated": "grated",
    "mixed": "mixed; stirred",
    "seasoned": "seasoned",
    "spread": "spread",
    "crushed": "crushed",
    "covered": "covered",
    "sharp": "sharp; sharpened",
    "not sharp": "blunt",
}
PREDICATES: dict[str, tuple[str, bool]] = {
    phrase: (predicate.removeprefix("not "), predicate.startswith("not "))
    for predicate, phrases in PREDICATE_PHRASES.items()
    for phrase in phrases.split("; ")
}

# Phrases between two objects, or before one.
PREPOSITION_PHRASES: dict[str, str] = {
    "in": "in; inside; inside of; within; into; contained in",
    "on": "on; on top of; onto; upon; atop",
    "under": "under; below; beneath; underneath",
    "behind": "behind",
    "at": "at",
    "near": "near; near to; close to; next to; beside; nearby; by; adjacent to; in front of",
}
PREPOSITIONS: dict[str, str] = {
    phrase: preposition for preposition, phrases in PREPOSITION_PHRASES.items() for phrase in phrases.split("; ")
}
# `near(x)` as a function and "x reachable" as a sentence mean the actor's own place.
NEAR_ACTOR = frozenset(
    {"reachable", "within reach", "nearby", "near", "close", "in reach", "at", "next to", "close to"}
)
HOLDING = frozenset({"holding", "holds", "hold", "has", "have", "grasping", "carrying", "carries"})
ACTORS = frozenset({"i", "actor", "agent", "robot", "person", "user", "wearer", "we", "you", "human", "self"})
COPULAS = frozenset({"is", "are", "was", "were", "be", "been", "being", "has_been", "does", "do", "becomes", "remains"})
ADVERBS = frozenset({"currently", "still", "yet", "already", "now", "fully", "completely"})

# Words of a sentence that are no object's name unless they stand quoted inside a functional form.
SENTENCE_WORDS = (
    frozenset({"not", "and", "or", "no", "hand", "hands", "true", "false", "none", "to", "of", "if", "while"})
    | frozenset({"left", "right", "both"})
    | HOLDING
    | ACTORS
    | COPULAS
    | ADVERBS
    | ARTICLES
    | NEAR_ACTOR
    | PREPOSITIONS.keys()
    | PREDICATES.keys()
)

# Words that begin a line and are no call, so a called program of that name is written `call NAME(...)`.
RESERVED = frozenset(
    {
        *("def", "if", "elif", "else", "while", "for", "repeat", "until", "assert", "pass", "return", "print"),
        *("from", "import", "break", "continue", "call", "not", "and", "or", "async", "with", "try", "except"),
        *("class", "finally", "loop", "otherwise", "end", "endif", "endwhile", "lambda", "del", "global", "raise"),
    }
)


def squeeze(name: str) -> str:
    """The key of the verb table: "Pick_up" -> "pickup"."""
    return name.lower().replace("_", "").replace(" ", "").replace("-", "")


def is_verb(name: str) -> bool:
    """Whether a name is one of the eight verbs or a word for one."""
    key = squeeze(name)
    return key in VERBS or key in PUT_WORDS


def read_verb(name: str, num_objects: int) -> Verb | None:
    """The sub-action that a word stands for, None if it stands for none."""
    key = squeeze(name)
    if key in PUT_WORDS:
        return Verb.POSITION if num_objects >= 2 else Verb.RELEASE
    return VERBS.get(key)

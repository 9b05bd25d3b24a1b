"""The types of the program language (LEAP, section 3.1).

A program is a name, times and a body of statements. A statement is a sub-action, a condition around a body
(`if`, `while`), a call of another program, or a comment, which keeps its place. Every type is frozen and hashable;
equality is by value. Object names are lower-case words joined by underscores ("washing_liquid").
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias


class Verb(StrEnum):
    """The eight sub-actions: six Therbligs, `goto`, and ∅, here `nothing`."""

    NOTHING = "nothing"
    GRASP = "grasp"
    RELEASE = "release"
    MOVE = "move"
    USE = "use"
    POSITION = "position"
    GOTO = "goto"
    WAIT = "wait"


class Hand(StrEnum):
    LEFT = "left"
    RIGHT = "right"
    BOTH = "both"


def object_name(text: str) -> str:
    """The canonical form of an object's name: "Washing Liquid" -> "washing_liquid", "board:chopping" stays.

    Raises ValueError if nothing of a name is left.
    """
    name = re.sub(r"[^a-z0-9_:]+", "_", text.strip().lower()).strip("_:")
    if not name:
        raise ValueError(f"expected an object's name, got {text!r}")
    return name


@dataclass(frozen=True, slots=True)
class Condition:
    """One literal over objects and hands.

    predicate: lower-case words, e.g. "in hand", "open", "clean", "on", "near".
    args: object names in the order of the sentence; "in hand" takes (object,) or (object, "left" | "right").

    The text of a literal: "cucumber not in hand", "milk in right hand", "milk on table", "faucet not open",
    "near fridge" (predicate "near" stands before its object), "left hand empty" (predicate "empty", args ("left",)),
    and for a predicate that the language does not know, with any number of objects: "boiling(water)".
    """

    predicate: str
    args: tuple[str, ...] = ()
    negated: bool = False

    def __invert__(self) -> Condition:
        return Condition(self.predicate, self.args, not self.negated)


@dataclass(frozen=True, slots=True)
class SubAction:
    """One of the eight verbs with no, one or two objects.

    objects: the acting object, then the recipient: use(milk, cup) pours milk into the cup.
    start_s, stop_s: seconds on the program's clock. confidence: 0 to 1. None where not known.
    """

    verb: Verb
    objects: tuple[str, ...] = ()
    hand: Hand | None = None
    start_s: float | None = None
    stop_s: float | None = None
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class If:
    """Runs `body` where all of `guard` holds, else `orelse`."""

    guard: tuple[Condition, ...]
    body: tuple[Statement, ...]
    orelse: tuple[Statement, ...] = ()


@dataclass(frozen=True, slots=True)
class While:
    """Repeats `body` as long as all of `guard` holds; its negation is the terminating condition."""

    guard: tuple[Condition, ...]
    body: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """Runs another program, imported or of the same file. objects: its arguments."""

    name: str
    objects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment on a line of its own, without its "#".

    text: one line of printable characters with single blanks between words; anything else is made so here.
    """

    text: str

    def __post_init__(self) -> None:
        text = self.text
        if not text.isascii() or not text.isprintable():
            text = "".join(c if c.isprintable() and c != "\ufffd" else " " for c in text)
        object.__setattr__(self, "text", " ".join(text.split()))


Statement: TypeAlias = SubAction | If | While | Call | Comment


@dataclass(frozen=True, slots=True)
class Import:
    """`from module import a, b`: programs that calls may name."""

    module: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Note:
    """Something that the parser mended: a synonym, a missing colon, a cut end."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Provenance:
    """Who wrote a program, and what it took.

    generator: "local", "llm", "person", "simulator". model: its name. cost_usd: None if unknown.
    fallback: why a better generator was not used; empty if none was asked for.
    """

    generator: str
    model: str = ""
    attempts: int = 1
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float | None = None
    exemplar: str = ""
    repairs: tuple[str, ...] = ()
    fallback: str = ""


@dataclass(frozen=True, slots=True)
class Program:
    """A named body with times.

    start_s, stop_s: seconds; None where the text gives none. objects: names declared by `objects = [...]`.
    is_complete: False where the text was cut; the complete statements before the cut are kept.
    notes and provenance are about the program, not of it: equality passes over them.
    """

    name: str
    body: tuple[Statement, ...] = ()
    start_s: float | None = None
    stop_s: float | None = None
    imports: tuple[Import, ...] = ()
    objects: tuple[str, ...] = ()
    is_complete: bool = True
    notes: tuple[Note, ...] = field(default=(), compare=False)
    provenance: Provenance | None = field(default=None, compare=False)

    def sub_actions(self) -> Iterator[SubAction]:
        """Every sub-action in the order of the text, whatever its conditions."""
        yield from walk_sub_actions(self.body)


def walk(body: Iterable[Statement]) -> Iterator[Statement]:
    """Every statement of a body in pre-order, which is the order of the text."""
    for statement in body:
        yield statement
        match statement:
            case If(body=inner, orelse=otherwise):
                yield from walk(inner)
                yield from walk(otherwise)
            case While(body=inner):
                yield from walk(inner)


def walk_sub_actions(body: Iterable[Statement]) -> Iterator[SubAction]:
    """Every sub-action of a body in the order of the text."""
    return (statement for statement in walk(body) if isinstance(statement, SubAction))

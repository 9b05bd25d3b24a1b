"""Programs as canonical text: one way to write each, so that `parse(to_text(p)) == p`."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

from egoprog.program.conditions import CANONICAL_PREDICATE, PLAIN_NAME, spread
from egoprog.program.synonyms import HANDS, PREDICATES, PREPOSITIONS, RESERVED, SENTENCE_WORDS, is_verb
from egoprog.program.types import (
    Call,
    Comment,
    Condition,
    If,
    Import,
    Program,
    Statement,
    SubAction,
    While,
    object_name,
)

INDENT = "    "
MAX_DEPTH = 100  # of ifs and whiles in one another; the parser keeps the same limit
IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
MODULE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*\Z")
NOT_PLAIN = HANDS.keys() | {"none", "null", "nil", "true", "false"}
STATES = frozenset(predicate for predicate, _ in PREDICATES.values()) - {"in hand"}


def to_text(program: Program | Iterable[Program]) -> str:
    """The canonical text of a program, or of several with two empty lines between them; ends in a line break.

    Raises ValueError for what has no canonical text: names that are not canonical, more than two objects, times
    that are not finite, over 100 levels of nesting.
    """
    if not isinstance(program, Program):
        return "\n\n".join(to_text(one) for one in program)
    lines = [_import_text(one) for one in program.imports]
    if program.objects:
        lines.append(f"objects = [{', '.join(_listed(name) for name in program.objects)}]")
    if lines:
        lines.append("")
    times = [
        f"{key}={number_text(value)}"
        for key, value in (("start_t", program.start_s), ("stop_t", program.stop_s))
        if value is not None
    ]
    lines.append(f"def {_identifier(program.name, 'a program')}({', '.join(times)}):")
    body: list[str] = []
    _write(program.body, INDENT, body)
    if not program.is_complete:
        body.append(INDENT + "...")
    lines += body or [INDENT + "pass"]
    return "\n".join(lines) + "\n"


def sub_action_text(sub_action: SubAction) -> str:
    """`use(milk, cup, hand=left, start_t=0.4, stop_t=0.81, confidence=0.92)`."""
    if len(sub_action.objects) > 2:
        raise ValueError(f"expected at most two objects, got {sub_action.objects!r} for {sub_action.verb}")
    parts = [name if _is_plain(name) else f'object="{_canonical(name)}"' for name in sub_action.objects]
    if sub_action.hand is not None:
        parts.append(f"hand={sub_action.hand}")
    if sub_action.start_s is not None:
        parts.append(f"start_t={number_text(sub_action.start_s)}")
    if sub_action.stop_s is not None:
        parts.append(f"stop_t={number_text(sub_action.stop_s)}")
    if sub_action.confidence is not None:
        parts.append(f"confidence={number_text(sub_action.confidence)}")
    return f"{sub_action.verb}({', '.join(parts)})"


def condition_text(condition: Condition) -> str:
    """One literal: "cucumber not in hand", "near fridge", "left hand empty", "boiling(water)".

    A predicate that is a word for another one stands in quotes, so that it is read back as it is: '"closed"(fridge)'.
    """
    return _sentence(condition) or _function(condition)


def guard_text(guard: tuple[Condition, ...]) -> str:
    """All literals of a guard joined by "and"; "true" for none."""
    return " and ".join(condition_text(literal) for literal in guard) or "true"


def number_text(value: float) -> str:
    """The shortest text that reads back as the same number; whole numbers without a point."""
    value = float(value)
    if not math.isfinite(value):
        raise ValueError(f"expected a finite number, got {value}")
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def _sentence(condition: Condition) -> str | None:
    """The literal as a sentence where it reads back exactly, else None."""
    predicate, args, negated = condition.predicate, condition.args, condition.negated
    no = "not " if negated else ""
    if predicate == "empty" and args in (("left",), ("right",)):
        return f"{args[0]} hand {no}empty"
    if not args or not _is_sentence_name(args[0]):
        return None
    match predicate, args:
        case "in hand", (name,):
            return f"{name} {no}in hand"
        case "in hand", (name, "left" | "right" as side):
            return f"{name} {no}in {side} hand"
        case "near", (name,):
            return f"{no}near {name}"
        case _, (name,) if predicate in STATES:
            return f"{name} {no}{predicate}"
        case _, (name, place) if PREPOSITIONS.get(predicate) == predicate and _is_sentence_name(place):
            return f"{name} {no}{predicate} {place}"
    return None


def _function(condition: Condition) -> str:
    predicate, args = condition.predicate, condition.args
    if not CANONICAL_PREDICATE.match(predicate) or predicate.startswith("not "):
        raise ValueError(f"expected a predicate of lower-case words, got {predicate!r}")
    name = predicate.replace(" ", "_")
    if not name[0].isalpha() or any(word in SENTENCE_WORDS or word in RESERVED for word in predicate.split()):
        name = f'"{predicate}"'
    no = "not " if condition.negated else ""
    return f"{no}{name}({', '.join(_canonical(arg) for arg in args)})"


def _is_sentence_name(name: str) -> bool:
    return bool(PLAIN_NAME.match(name)) and name not in SENTENCE_WORDS and spread(name) == [name]


def _is_plain(name: str) -> bool:
    return bool(PLAIN_NAME.match(name)) and name not in NOT_PLAIN


def _listed(name: str) -> str:
    return name if _is_plain(name) else f'"{_canonical(name)}"'


def _canonical(name: str) -> str:
    if PLAIN_NAME.match(name) and name[-1] not in "_:":
        return name
    try:
        canonical = object_name(name)
    except ValueError:
        canonical = None
    if canonical != name:
        raise ValueError(f"expected an object's name of lower-case words and underscores, got {name!r}")
    return name


def _identifier(name: str, what: str) -> str:
    if not IDENTIFIER.match(name):
        raise ValueError(f"expected {what}'s name of letters, digits and underscores, got {name!r}")
    return name


def _import_text(one: Import) -> str:
    if not MODULE.match(one.module):
        raise ValueError(f"expected a module's name, got {one.module!r}")
    if not one.names:
        return f"import {one.module}"
    return f"from {one.module} import {', '.join(_identifier(name, 'an import') for name in one.names)}"


def _write(body: tuple[Statement, ...], indent: str, lines: list[str]) -> None:
    if len(indent) > (MAX_DEPTH + 1) * len(INDENT):
        raise ValueError(f"expected at most {MAX_DEPTH} levels of nesting")
    for statement in body:
        match statement:
            case SubAction():
                lines.append(indent + sub_action_text(statement))
            case Comment(text):
                lines.append(f"{indent}# {text}".rstrip())
            case Call(name, objects):
                call = "" if _is_plain_call(name) else "call "
                objects = ", ".join(_canonical(one) for one in objects)
                lines.append(f"{indent}{call}{_identifier(name, 'a call')}({objects})")
            case If(guard, inner, orelse):
                _write_block(f"if {guard_text(guard)}:", inner, indent, lines)
                if orelse:
                    _write_block("else:", orelse, indent, lines)
            case While(guard, inner):
                _write_block(f"while {guard_text(guard)}:", inner, indent, lines)
            case _:
                raise ValueError(f"expected a statement, got {statement!r}")


def _write_block(head: str, body: tuple[Statement, ...], indent: str, lines: list[str]) -> None:
    lines.append(indent + head)
    if body:
        _write(body, indent + INDENT, lines)
    else:
        lines.append(indent + INDENT + "pass")


def _is_plain_call(name: str) -> bool:
    return not is_verb(name) and name.lower() not in RESERVED

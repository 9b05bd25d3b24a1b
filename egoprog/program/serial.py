"""Programs as JSON values, and back, strictly: nothing is guessed, mended or passed over.

Schema 1. A program: {"schema": 1, "name", "start_s", "stop_s", "imports", "objects", "is_complete", "body", "notes",
"provenance"}. A statement: {"kind": "sub_action" | "if" | "while" | "call" | "comment", ...} with the fields of its
type. What has its default may be left out.
"""

from __future__ import annotations

import math
from typing import Any

from egoprog.errors import ConfigurationError
from egoprog.program.printer import MAX_DEPTH
from egoprog.program.types import (
    Call,
    Comment,
    Condition,
    Hand,
    If,
    Import,
    Note,
    Program,
    Provenance,
    Statement,
    SubAction,
    Verb,
    While,
)

SCHEMA = 1


def to_json(program: Program) -> dict[str, Any]:
    """The program as dicts, lists, strings and numbers, with its notes and provenance."""
    return {
        "schema": SCHEMA,
        "name": program.name,
        "start_s": program.start_s,
        "stop_s": program.stop_s,
        "imports": [{"module": one.module, "names": list(one.names)} for one in program.imports],
        "objects": list(program.objects),
        "is_complete": program.is_complete,
        "body": _body_to_json(program.body),
        "notes": [{"line": note.line, "text": note.text} for note in program.notes],
        "provenance": None if program.provenance is None else _provenance_to_json(program.provenance),
    }


def from_json(value: dict[str, Any]) -> Program:
    """The program of a JSON value that `to_json` made.

    Raises ConfigurationError naming the place in the value, what was expected there, and what was found.
    """
    reader = _Fields(value, "program")
    schema = reader.integer("schema")
    if schema != SCHEMA:
        raise ConfigurationError(f"program.schema: expected {SCHEMA}, got {schema}; update egoprog or the file")
    provenance = reader.take("provenance", None)
    program = Program(
        name=reader.text("name"),
        start_s=reader.number("start_s"),
        stop_s=reader.number("stop_s"),
        imports=tuple(_import(item, path) for item, path in reader.items("imports")),
        objects=reader.texts("objects"),
        is_complete=reader.boolean("is_complete", True),
        body=_body(reader, "body", depth=0),
        notes=tuple(_note(item, path) for item, path in reader.items("notes")),
        provenance=None if provenance is None else _provenance(provenance, "program.provenance"),
    )
    reader.end()
    return program


def _body_to_json(body: tuple[Statement, ...]) -> list[dict[str, Any]]:
    return [_statement_to_json(statement) for statement in body]


def _statement_to_json(statement: Statement) -> dict[str, Any]:
    match statement:
        case SubAction():
            return {
                "kind": "sub_action",
                "verb": statement.verb.value,
                "objects": list(statement.objects),
                "hand": None if statement.hand is None else statement.hand.value,
                "start_s": statement.start_s,
                "stop_s": statement.stop_s,
                "confidence": statement.confidence,
            }
        case If(guard, body, orelse):
            return {
                "kind": "if",
                "guard": _guard_to_json(guard),
                "body": _body_to_json(body),
                "orelse": _body_to_json(orelse),
            }
        case While(guard, body):
            return {"kind": "while", "guard": _guard_to_json(guard), "body": _body_to_json(body)}
        case Call(name, objects):
            return {"kind": "call", "name": name, "objects": list(objects)}
        case Comment(text):
            return {"kind": "comment", "text": text}
    raise ConfigurationError(f"expected a statement, got {statement!r}")


def _guard_to_json(guard: tuple[Condition, ...]) -> list[dict[str, Any]]:
    return [{"predicate": one.predicate, "args": list(one.args), "negated": one.negated} for one in guard]


def _provenance_to_json(provenance: Provenance) -> dict[str, Any]:
    return {
        "generator": provenance.generator,
        "model": provenance.model,
        "attempts": provenance.attempts,
        "prompt_tokens": provenance.prompt_tokens,
        "completion_tokens": provenance.completion_tokens,
        "cost_usd": provenance.cost_usd,
        "exemplar": provenance.exemplar,
        "repairs": list(provenance.repairs),
        "fallback": provenance.fallback,
    }


class _Fields:
    """The fields of one JSON object: each is taken once, with its type, and none may be left."""

    def __init__(self, value: Any, path: str):
        if not isinstance(value, dict):
            raise ConfigurationError(f"{path}: expected an object, got {_shown(value)}")
        self.left = dict(value)
        self.path = path

    def take(self, key: str, default: Any = ...) -> Any:
        if key not in self.left and default is ...:
            raise ConfigurationError(f"{self.path}: expected the field {key!r}, got {sorted(map(str, self.left))}")
        return self.left.pop(key, default)

    def end(self) -> None:
        if self.left:
            raise ConfigurationError(f"{self.path}: expected no further field, got {sorted(map(str, self.left))}")

    def fail(self, key: str, expected: str, value: Any) -> ConfigurationError:
        return ConfigurationError(f"{self.path}.{key}: expected {expected}, got {_shown(value)}")

    def text(self, key: str, default: Any = ...) -> str:
        value = self.take(key, default)
        if not isinstance(value, str):
            raise self.fail(key, "a string", value)
        return value

    def boolean(self, key: str, default: bool) -> bool:
        value = self.take(key, default)
        if not isinstance(value, bool):
            raise self.fail(key, "true or false", value)
        return value

    def integer(self, key: str, default: Any = ...) -> int:
        value = self.take(key, default)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.fail(key, "a whole number", value)
        return value

    def number(self, key: str) -> float | None:
        value = self.take(key, None)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise self.fail(key, "a finite number or null", value)
        return value

    def one_of(self, key: str, kind: type, default: Any = ...) -> Any:
        value = self.take(key, default)
        try:
            return None if value is None and default is None else kind(value)
        except ValueError:
            raise self.fail(key, f"one of {', '.join(kind)}", value) from None

    def items(self, key: str) -> list[tuple[Any, str]]:
        """The elements of a list with their places."""
        value = self.take(key, [])
        if not isinstance(value, list | tuple):
            raise self.fail(key, "a list", value)
        return [(item, f"{self.path}.{key}[{i}]") for i, item in enumerate(value)]

    def texts(self, key: str) -> tuple[str, ...]:
        items = self.items(key)
        for item, path in items:
            if not isinstance(item, str):
                raise ConfigurationError(f"{path}: expected a string, got {_shown(item)}")
        return tuple(item for item, _ in items)


def _shown(value: Any) -> str:
    text = repr(value) if isinstance(value, str | int | float | bool | None) else f"a {type(value).__name__}"
    return text[:60]


def _body(reader: _Fields, key: str, depth: int) -> tuple[Statement, ...]:
    if depth > MAX_DEPTH:
        raise ConfigurationError(f"{reader.path[:60]}...: expected at most {MAX_DEPTH} levels of nesting")
    return tuple(_statement(item, path, depth) for item, path in reader.items(key))


def _statement(value: Any, path: str, depth: int) -> Statement:
    reader = _Fields(value, path)
    statement: Statement
    match kind := reader.take("kind"):
        case "sub_action":
            statement = SubAction(
                reader.one_of("verb", Verb),
                reader.texts("objects"),
                reader.one_of("hand", Hand, None),
                reader.number("start_s"),
                reader.number("stop_s"),
                reader.number("confidence"),
            )
            if len(statement.objects) > 2:
                raise ConfigurationError(f"{path}.objects: expected at most two, got {len(statement.objects)}")
        case "if":
            statement = If(_guard(reader), _body(reader, "body", depth + 1), _body(reader, "orelse", depth + 1))
        case "while":
            statement = While(_guard(reader), _body(reader, "body", depth + 1))
        case "call":
            statement = Call(reader.text("name"), reader.texts("objects"))
        case "comment":
            statement = Comment(reader.text("text"))
        case _:
            raise ConfigurationError(
                f"{path}.kind: expected sub_action, if, while, call or comment, got {_shown(kind)}"
            )
    reader.end()
    return statement


def _guard(reader: _Fields) -> tuple[Condition, ...]:
    literals = []
    for item, path in reader.items("guard"):
        fields = _Fields(item, path)
        literals.append(Condition(fields.text("predicate"), fields.texts("args"), fields.boolean("negated", False)))
        fields.end()
    return tuple(literals)


def _import(value: Any, path: str) -> Import:
    reader = _Fields(value, path)
    one = Import(reader.text("module"), reader.texts("names"))
    reader.end()
    return one


def _note(value: Any, path: str) -> Note:
    reader = _Fields(value, path)
    note = Note(reader.integer("line"), reader.text("text"))
    reader.end()
    return note


def _provenance(value: Any, path: str) -> Provenance:
    reader = _Fields(value, path)
    provenance = Provenance(
        generator=reader.text("generator"),
        model=reader.text("model", ""),
        attempts=reader.integer("attempts", 1),
        prompt_tokens=reader.integer("prompt_tokens", 0),
        completion_tokens=reader.integer("completion_tokens", 0),
        cost_usd=reader.number("cost_usd"),
        exemplar=reader.text("exemplar", ""),
        repairs=reader.texts("repairs"),
        fallback=reader.text("fallback", ""),
    )
    reader.end()
    return provenance

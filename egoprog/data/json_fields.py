"""JSON values read strictly: every field has a type, and what is amiss is named by its place, e.g. "images.frame_1"."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from egoprog.errors import AnnotationError


def read_json(path: str | Path) -> Fields:
    """The object that a file holds. Raises AnnotationError where there is no such file or no JSON object in it."""
    path = Path(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise AnnotationError(path, "", "a JSON file", error.strerror or str(error)) from None
    return parse_json(data, path)


def parse_json(data: bytes | str, path: Path, place: str = "") -> Fields:
    """The object that is written there. path, place: where the text stands, for errors."""
    try:
        if isinstance(data, str):
            data.encode()  # a line that was no UTF-8 has lone surrogates, which JSON would take
        value = json.loads(data, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        where = ", ".join(filter(None, (place, f"line {error.lineno}, column {error.colno}" if not place else "")))
        raise AnnotationError(path, where, "JSON", f"{error.msg} at character {error.pos}") from None
    except (ValueError, RecursionError) as error:  # no UTF-8, NaN, numbers of thousands of digits, endless brackets
        raise AnnotationError(path, place, "JSON", str(error)[:100]) from None
    return Fields(value, path, place, joint=", ")


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name}, which is no number of JSON")


class Fields:
    """One JSON object of a file. Fields that nobody asks for are passed over.

    path: of the file. place: of the object in it, for errors. joint: between that place and a field's name.
    """

    def __init__(self, value: Any, path: Path, place: str, joint: str = ".") -> None:
        self.path = path
        self.place = place
        self._joint = joint
        if not isinstance(value, dict):
            raise AnnotationError(path, place, "a JSON object", _shown(value))
        self._values = value

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def raw(self, key: str) -> Any:
        """The value as JSON gives it. Raises AnnotationError where it is missing."""
        if key not in self._values:
            listed = ", ".join(sorted(self._values)[:20]) or "no fields"
            raise AnnotationError(self.path, self.place, f"the field {key!r}", listed)
        return self._values[key]

    def fail(self, key: str, expected: str, found: object, hint: str = "") -> AnnotationError:
        """The error that a field is not what it should be."""
        return AnnotationError(self.path, self._place(key), expected, str(found)[:120], hint)

    def text(self, key: str) -> str:
        return self._checked(key, str, "a string")

    def boolean(self, key: str) -> bool:
        return self._checked(key, bool, "true or false")

    def integer(self, key: str, least: int = 0) -> int:
        value = self._checked(key, int, f"a whole number from {least}")
        if isinstance(value, bool) or not least <= value < 2**53:
            raise self.fail(key, f"a whole number from {least}", _shown(value))
        return value

    def number(self, key: str) -> float:
        value = self.raw(key)
        if not _is_number(value):
            raise self.fail(key, "a finite number", _shown(value))
        return value

    def numbers(self, key: str, length: int) -> tuple[float, ...]:
        """A list of so many finite numbers."""
        value = self.raw(key)
        if not isinstance(value, list) or len(value) != length or not all(map(_is_number, value)):
            raise self.fail(key, f"a list of {length} finite numbers", _shown(value))
        return tuple(value)

    def list(self, key: str) -> list[Any]:
        return self._checked(key, list, "a list")

    def texts(self, key: str) -> tuple[str, ...]:
        values = self.list(key)
        for index, value in enumerate(values):
            if not isinstance(value, str):
                raise self.fail(f"{key}[{index}]", "a string", _shown(value))
        return tuple(values)

    def object(self, key: str) -> Fields:
        return Fields(self.raw(key), self.path, self._place(key))

    def objects(self, key: str) -> Iterator[Fields]:
        """The objects of a list, one after another: a bad one is only met when it is its turn."""
        for index, value in enumerate(self.list(key)):
            yield Fields(value, self.path, self._place(f"{key}[{index}]"))

    def _place(self, key: str) -> str:
        return f"{self.place}{self._joint}{key}" if self.place else key

    def _checked(self, key: str, kind: type, expected: str) -> Any:
        value = self.raw(key)
        if not isinstance(value, kind):
            raise self.fail(key, expected, _shown(value))
        return value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max


def _shown(value: Any) -> str:
    if isinstance(value, dict | list):
        return f"{'an object' if isinstance(value, dict) else 'a list'} of {len(value)}"
    return json.dumps(value)[:60]

"""`--set training.epochs=3`: settings from a command line, typed as the dataclasses are that they change."""

from __future__ import annotations

import dataclasses
import difflib
import types
from collections.abc import Iterable, Iterator
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from egoprog.errors import ConfigurationError

Config = TypeVar("Config")
_WORDS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def override(config: Config, settings: Iterable[str]) -> Config:
    """A frozen dataclass with some fields changed. settings: "field=value" or "part.field=value", tuples with commas.

    Raises ConfigurationError for a field that is not there, with the nearest, and for a value of another type.
    """
    for setting in settings:
        path, equals, text = setting.partition("=")
        if not equals:
            raise ConfigurationError(f"expected name=value after --set, got {setting!r}")
        config = _set(config, path.strip().split("."), text.strip(), path.strip(), config)
    return config


def setting_names(config: Any, prefix: str = "") -> Iterator[str]:
    """All that `override` can change, as "part.field"."""
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if dataclasses.is_dataclass(value):
            yield from setting_names(value, f"{prefix}{field.name}.")
        else:
            yield f"{prefix}{field.name}"


def _set(config: Any, path: list[str], text: str, name: str, whole: Any) -> Any:
    first, *rest = path
    hints = get_type_hints(type(config)) if dataclasses.is_dataclass(config) else {}
    if first not in hints:
        names = list(setting_names(whole))
        # the last part may be right where the first is missing or wrong
        same_end = [one for one in names if one.rpartition(".")[2] == name.rpartition(".")[2]]
        nearest = same_end or difflib.get_close_matches(name, names, n=1)
        hint = f"; did you mean {nearest[0]!r}?" if nearest else f"; there are {', '.join(names)}"
        raise ConfigurationError(f"expected a setting of this recipe, got {name!r}{hint}")
    value = getattr(config, first)
    changed = _set(value, rest, text, name, whole) if rest else _parsed(text, hints[first], name)
    return dataclasses.replace(config, **{first: changed})


def _parsed(text: str, kind: Any, name: str) -> Any:
    """The text as a value of a type hint."""
    try:
        return _value(text, kind)
    except ValueError:
        raise ConfigurationError(f"expected {_words(kind)} for {name}, got {text!r}") from None


def _value(text: str, kind: Any) -> Any:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        if text.lower() in ("none", "") and type(None) in arguments:
            return None
        for one in arguments:
            try:
                return _value(text, one)
            except ValueError:
                continue
        raise ValueError
    if origin is Literal:
        if text not in arguments:
            raise ValueError
        return text
    if origin is tuple:
        parts = [part.strip() for part in text.split(",") if part.strip()]
        if arguments[-1] is Ellipsis:
            return tuple(_value(part, arguments[0]) for part in parts)
        if len(parts) != len(arguments):
            raise ValueError
        return tuple(map(_value, parts, arguments))
    if kind is bool:
        if text.lower() not in _WORDS:
            raise ValueError
        return _WORDS[text.lower()]
    if kind in (int, float, str):
        return kind(text)
    raise ValueError


def _words(kind: Any) -> str:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return " or ".join(_words(one) for one in arguments)
    if origin is Literal:
        return " or ".join(arguments)
    if origin is tuple:
        if arguments[-1] is Ellipsis:
            return f"any number of values ({_words(arguments[0])}) with commas between"
        return f"{len(arguments)} values ({_words(arguments[0])}) with commas between"
    plain = {bool: "yes or no", int: "a whole number", float: "a number", str: "a word", type(None): "none"}
    return plain.get(kind, "one of its own settings")

"""Object names as people send them, made canonical."""

from __future__ import annotations

from collections.abc import Iterable

from egoprog.program.types import object_name


def object_names(texts: Iterable[str]) -> tuple[tuple[str, ...], list[str]]:
    """(names, rejected): the canonical names, each once, and the texts of which no name is left."""
    names: dict[str, None] = {}
    rejected = []
    for text in texts:
        try:
            names[object_name(text)] = None
        except ValueError:
            rejected.append(text)
    return tuple(names), rejected

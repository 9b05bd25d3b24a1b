"""Twenty programs of ordinary kitchen tasks, written by hand: the exemplars that generators start from (LEAP's H).

One file a program, in canonical text; between them they show every sub-action, `if` and `else`, loops with terminating
conditions, both hands, calls, imports and the comments in which a clip's evidence is told.
"""

from __future__ import annotations

import difflib
from functools import cache
from pathlib import Path

from egoprog.errors import ConfigurationError
from egoprog.program.parser import parse
from egoprog.program.types import Program

FOLDER = Path(__file__).parent


@cache
def exemplars() -> tuple[Program, ...]:
    """All twenty, in the order of their names; read once."""
    return tuple(parse(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.prog")))


def find(name: str) -> Program | None:
    """The exemplar of that name, or None."""
    return _by_name().get(name)


def load(name: str) -> Program:
    """The exemplar of that name; raises ConfigurationError, which proposes the nearest name."""
    program = find(name)
    if program is None:
        near = difflib.get_close_matches(name, _by_name(), n=1, cutoff=0)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ConfigurationError(f"expected the name of an exemplar program, got {name!r}{hint}")
    return program


@cache
def _by_name() -> dict[str, Program]:
    return {program.name: program for program in exemplars()}

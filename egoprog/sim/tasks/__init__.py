"""What people do in kitchens, as programs of the language: tasks call parts, parts call actions.

A file a task: its first program is the task, the others are parts of its own. `parts.prog` holds the parts that several
tasks share, `actions.prog` what EPIC-KITCHENS annotates as one action, each a program of sub-actions.

Objects of tasks are roles: "plate" is any plate, "vegetable" any vegetable, "plate_2" another one than "plate". Who
rolls a task out says which one it is, and where "counter", "worktop" (where this person works) and "home" (where they
keep the thing) are. Two conditions ask the person, not the world: in `if wanted(x):` and `while wanted(x):` they may or
may not, and the statements below `if any_order(x):` are done in an order of theirs.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from egoprog.errors import UnknownTask
from egoprog.program.parser import parse_all
from egoprog.program.types import Program

FOLDER: Final = Path(__file__).parent
STRAYS: Final = ("check_phone", "have_water", "look_around")
"""Tasks that belong to nothing else: interruptions."""
_SHARED: Final = ("actions", "parts")


@dataclass(frozen=True)
class Task:
    """A task. program: what it does. parts: the programs that its calls may name, besides the actions."""

    name: str
    program: Program
    parts: Mapping[str, Program]


@cache
def actions() -> Mapping[str, Program]:
    """The actions by name."""
    return MappingProxyType(_programs("actions"))


@cache
def tasks() -> Mapping[str, Task]:
    """Every task by name, in the order of the alphabet; read once."""
    shared = _programs("parts")
    found = {}
    for path in sorted(FOLDER.glob("*.prog")):
        if path.stem not in _SHARED:
            own = _programs(path.stem)
            found[path.stem] = Task(path.stem, own[path.stem], MappingProxyType(shared | own))
    return MappingProxyType(found)


def task(name: str) -> Task:
    """The task of a name. Raises UnknownTask, which proposes the nearest names."""
    found = tasks().get(name)
    if found is None:
        near = difflib.get_close_matches(name, tasks(), n=3, cutoff=0.0)
        raise UnknownTask(f"expected the name of a task, got {name!r}; did you mean {', '.join(map(repr, near))}?")
    return found


def _programs(stem: str) -> dict[str, Program]:
    text = (FOLDER / f"{stem}.prog").read_text(encoding="utf-8")
    return {program.name: program for program in parse_all(text)}

"""`egoprog parse [FILE | -]`: reads programs as people and language models write them, prints them canonically.

Notes on what was mended, and with --check what the world model has against the programs, go to standard error.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from egoprog.errors import InputError, ProgramSyntaxError
from egoprog.program.parser import parse_all
from egoprog.program.printer import to_text
from egoprog.program.serial import to_json
from egoprog.program.types import Program


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", nargs="?", default="-", help="text with programs; - or nothing for standard input")
    parser.add_argument("--json", action="store_true", help="print a JSON list instead of canonical text")
    parser.add_argument("--check", action="store_true", help="say what the world model has against each program")


def run(arguments: argparse.Namespace) -> int:
    """Returns 1 where --check found a problem; raises ProgramSyntaxError or InputError for what can't be read."""
    name = "standard input" if arguments.file == "-" else arguments.file
    try:
        programs = parse_all(_read(arguments.file))
    except ProgramSyntaxError as error:
        raise ProgramSyntaxError(error.line, error.column, error.expected, f"{error.found} (in {name})") from None
    if arguments.json:
        print(json.dumps([to_json(program) for program in programs], indent=2))
    else:
        print(to_text(programs), end="")
    for program in programs:
        for note in program.notes:
            print(f"{name}:{note.line}: {note.text}", file=sys.stderr)
    problems = _problems(programs) if arguments.check else []
    for problem in problems:
        print(f"{name}: {problem}", file=sys.stderr)
    return 1 if problems else 0


def _read(file: str) -> bytes:
    if file == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise InputError(f"expected a file with programs, got {file!r}: {error.strerror}") from error


def _problems(programs: list[Program]) -> list[str]:
    """What the world model has against the programs, a line for each problem."""
    from egoprog.world import validate  # here, so that parsing alone loads no world model

    return [
        f"{program.name}: step {problem.index + 1}: {problem.why}"
        for program in programs
        for problem in validate(program, programs=programs).problems
    ]

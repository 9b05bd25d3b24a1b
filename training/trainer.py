"""What commands that train have in common: who speaks, what is told of a stop or an error, and the last lines."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from egoprog.errors import EgoprogError


def run(command: str, train: Callable[[], str]) -> int:
    """The exit status. train: gives what to tell at the end. Of several processes the first one speaks."""
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    logging.getLogger("egoprog").setLevel(logging.INFO if is_main() else logging.ERROR)
    code, stream = 0, sys.stdout
    try:
        message = train()
    except KeyboardInterrupt as stopped:
        code, stream = 130, sys.stderr
        message = f"{command}: {str(stopped) or 'stopped at once; the same command goes on'}"
    except EgoprogError as error:
        code, stream = 1, sys.stderr
        message = f"{command}: {error}"
    if is_main():
        print(message, file=stream)
    return code


def is_main() -> bool:
    """Whether this process is the one that speaks and writes."""
    return os.environ.get("RANK", "0") == "0"


def listed(lines: Mapping[str, str]) -> str:
    """Recipes by name, with a line about each."""
    width = max(map(len, lines))
    return "\n".join(f"{name:{width}}  {line}" for name, line in lines.items())


def require(parser: argparse.ArgumentParser, options: argparse.Namespace, names: Iterable[str]) -> None:
    """Ends with the parser's error where one of these was not given; --list does without them."""
    for name in names:
        if getattr(options, name) is None:
            parser.error(f"expected --{name}; see --help")


def figures(results: Mapping[str, Any]) -> list[str]:
    """The best weights' measures, a line each."""
    return [f"{name:20}{value:10.4f}" for name, value in results["best"]["figures"].items()]


def best_of(results: Mapping[str, Any], where: Path) -> str:
    """Which weights these are and where they lie."""
    return f"best of {results['steps']} steps at step {results['best']['step']}: {where}"

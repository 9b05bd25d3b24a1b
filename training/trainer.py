"""What commands that train have in common: who speaks, what is told of a stop or an error, and the last lines."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from egoprog.errors import EgoprogError
from egoprog.train.jobs import Job, jobs_listed, log_of, run_jobs


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


def add_plan_options(parser: argparse.ArgumentParser) -> None:
    """Of commands that run many others: --out, --jobs and --list."""
    parser.add_argument("--out", type=Path, required=True, metavar="RUNS")
    parser.add_argument("--jobs", type=int, default=1, help="at once; they share the cores (default: 1)")
    parser.add_argument("--list", action="store_true", help="what is done and what is left")


def run_plan(
    command: str, jobs: Sequence[Job], options: argparse.Namespace, then: Callable[[Job], None] | None = None
) -> int:
    """The exit status. options: of `add_plan_options`. then: see `run_jobs`."""
    if options.list:
        print(jobs_listed(jobs))
        return 0
    logs = options.out / "logs"
    try:
        failed = run_jobs(jobs, logs, max(1, options.jobs), then)
    except KeyboardInterrupt:
        print(f"{command}: stopped; the same command goes on", file=sys.stderr)
        return 130
    except EgoprogError as error:
        print(f"{command}: {error}", file=sys.stderr)
        return 1
    for job in failed:
        print(f"{command}: {job.name} failed, see {log_of(logs, job)}", file=sys.stderr)
    return 1 if failed else 0

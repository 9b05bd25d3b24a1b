"""Runs the benchmarks and writes their results.

python -m benchmarks            # all of them, about ten minutes
python -m benchmarks parser     # one

Each result goes to benchmarks/results/NAME.json with the command, the commit and the machine.
"""

from __future__ import annotations

import argparse
import importlib
import json
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

BENCHMARKS = (
    "parser",
    "graph",
    "simulator",
    "sounds",
    "decoding",
    "runtime",
    "uniformer",
    "lego",
    "live",
    "live_accuracy",
)
_OPTIONS = {"uniformer": "--original", "lego": "--model"}
RESULTS = Path(__file__).parent / "results"


def provenance(arguments: str) -> dict[str, Any]:
    """What was run, on which commit, on which machine."""
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=12"], capture_output=True, text=True, cwd=RESULTS.parent
    ).stdout.strip()
    return {
        "command": f"python -m benchmarks {arguments}",
        "commit": commit,
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "machine": {
            "processor": processor(),
            "num_cores": psutil.cpu_count(),
            "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
            "system": platform.platform(),
            "python": platform.python_version(),
        },
    }


def processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    names = [
        line.split(":", 1)[1].strip() for line in cpuinfo.read_text().splitlines() if line.startswith("model name")
    ]
    return names[0] if names else platform.processor()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)} (default: all)")
    parser.add_argument("--original", metavar="PATH", help="uniformer: a checkout of UniFormerV2 to compare with")
    parser.add_argument("--model", metavar="FOLDER", help="lego: of python -m export.lego (default: random weights)")
    options = parser.parse_args()
    names = options.names or BENCHMARKS
    for name in names:
        if name not in BENCHMARKS:
            parser.error(f"expected one of {', '.join(BENCHMARKS)}, got {name!r}")
        measure = importlib.import_module(f"benchmarks.{name}").measure
        given = {"uniformer": options.original, "lego": options.model}.get(name)
        figures = measure(given) if given else measure()
        RESULTS.mkdir(exist_ok=True)
        path = RESULTS / f"{name}.json"
        arguments = f"{name} {_OPTIONS[name]} {given}" if given else name
        path.write_text(json.dumps({**provenance(arguments), "figures": figures}, indent=1) + "\n")
        print(f"{name}:")
        for key, value in figures.items():
            print(f"  {key:<44} {value:.3g}" if isinstance(value, float) else f"  {key:<44} {value}")
        print(f"  written to {path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

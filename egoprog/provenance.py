"""How a result was made: the command, the commit, the machine, the day."""

from __future__ import annotations

import os
import platform
import shlex
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path


def provenance() -> dict[str, str]:
    """Stands beside every result. The command is the running one; no PyTorch is asked."""
    return {
        "command": _command(),
        "commit": _commit(),
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "machine": f"{_processor()}, {len(os.sched_getaffinity(0))} cores, Python {platform.python_version()}",
    }


def _command() -> str:
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    start = ["-m", spec.name.removesuffix(".__main__")] if spec is not None else sys.argv[:1]
    return shlex.join(["python", *start, *sys.argv[1:]])


def _commit() -> str:
    describe = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        done = subprocess.run(describe, cwd=Path(__file__).parent, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown: no git checkout"
    return done.stdout.strip()


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()

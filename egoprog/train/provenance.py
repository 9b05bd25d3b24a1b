"""How a result was made: the command, the commit, the machine."""

from __future__ import annotations

import os
import platform
import shlex
import subprocess
import sys
from pathlib import Path

import torch


def provenance() -> dict[str, str]:
    """Written beside every result."""
    return {"command": _command(), "commit": _commit(), "machine": _machine(), "torch": torch.__version__}


def _command() -> str:
    main = sys.modules["__main__"]
    module = main.__spec__.name.removesuffix(".__main__") if getattr(main, "__spec__", None) else ""
    return shlex.join(["python", *(["-m", module] if module else sys.argv[:1]), *sys.argv[1:]])


def _commit() -> str:
    describe = ["git", "describe", "--always", "--dirty", "--tags"]
    try:
        done = subprocess.run(describe, cwd=Path(__file__).parent, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown: not a git checkout"
    return done.stdout.strip()


def _machine() -> str:
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else platform.processor() or platform.machine()
    return f"{device}, {len(os.sched_getaffinity(0))} cores, {torch.get_num_threads()} threads"

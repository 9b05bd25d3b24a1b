"""`egoprog sim record OUT.mp4`: a recording of the simulated kitchen."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    record = actions.add_parser("record", help="act a program in a simulated kitchen and record it")
    record.add_argument(
        "out", type=Path, metavar="OUT.mp4", help="the video; poses, narrations and truth come beside it"
    )
    record.add_argument("--seed", type=int, default=0, help="decides looks, places, times and sounds (default: 0)")
    record.add_argument("--seconds", type=float, default=24.0, help="16 to 60 (default: 24)")


def run(arguments: argparse.Namespace) -> int:
    from egoprog.sim.record import record

    for path in record(arguments.out, arguments.seed, arguments.seconds):
        print(path)
    return 0

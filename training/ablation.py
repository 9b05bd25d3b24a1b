"""Trains and measures every row of the paper's tables 1, 2 and 3 on a dataset of simulated kitchens.

python -m training.ablation --data kitchens --strangers strangers --out runs --jobs 2
python -m training.ablation --data kitchens --strangers strangers --out runs --list   # what is done and what is left

Stop it at any moment; the same command goes on. Tables and curves in --results are written anew after each run.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from egoprog.leap.ablation import plan
from egoprog.train.jobs import Job
from training import trainer
from training.tables import write_tables


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m training.ablation", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER", help="of `egoprog sim record`")
    parser.add_argument(
        "--strangers", type=Path, metavar="FOLDER",
        help="of `egoprog sim record --strangers`: what the frame encoder learns from (default: --data)",
    )  # fmt: skip
    parser.add_argument("--results", type=Path, metavar="FOLDER", help="for tables and curves (default: RUNS/results)")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--set", action="append", default=[], metavar="K=V", help="of every training of the network")
    trainer.add_plan_options(parser)
    options = parser.parse_args(arguments)
    jobs = plan(options.data, options.strangers or options.data, options.out, options.seeds, options.set)
    results = options.results or options.out / "results"

    def write(job: Job) -> None:
        if not job.name.endswith((":train", "frames", "encoded")):
            write_tables(options.out, results)

    return trainer.run_plan("training.ablation", jobs, options, write)


if __name__ == "__main__":
    sys.exit(main())

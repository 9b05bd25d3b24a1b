"""Trains and measures every row of LEGO's tables on simulated kitchens, after `python -m training.ablation`.

python -m training.lego_ablation --data kitchens --strangers strangers --leap runs --out runs/lego --jobs 2
python -m training.lego_ablation ... --rows labels descriptions joint      # these alone
python -m training.lego_ablation ... --list                                # what is done and what is left

Stop it at any moment; the same command goes on. Tables are in RUNS/tables.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from egoprog.lego.ablation import FROM_FRAMES, TRAINED, plan
from egoprog.train.jobs import listed, log_of, run_jobs


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m training.lego_ablation",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER", help="of `egoprog sim record`")
    parser.add_argument(
        "--strangers", type=Path, required=True, metavar="FOLDER", help="of `egoprog sim record --strangers`"
    )
    parser.add_argument("--leap", type=Path, required=True, metavar="RUNS", help="of `python -m training.ablation`")
    parser.add_argument("--out", type=Path, required=True, metavar="RUNS")
    parser.add_argument("--rows", nargs="+", default=[], choices=(*TRAINED, *FROM_FRAMES), metavar="ROW")
    parser.add_argument("--jobs", type=int, default=1, help="at once; they share the cores (default: 1)")
    parser.add_argument("--set", action="append", default=[], metavar="K=V", help="of every training of a generator")
    parser.add_argument("--list", action="store_true", help="what is done and what is left")
    options = parser.parse_args(arguments)
    jobs = plan(options.data, options.strangers, options.leap, options.out, options.rows, options.set)
    if options.list:
        print(listed(jobs))
        return 0
    logs = options.out / "logs"
    try:
        failed = run_jobs(jobs, logs, max(1, options.jobs))
    except KeyboardInterrupt:
        print("training.lego_ablation: stopped; the same command goes on", file=sys.stderr)
        return 130
    for job in failed:
        print(f"training.lego_ablation: {job.name} failed, see {log_of(logs, job)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

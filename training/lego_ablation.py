"""Trains and measures every row of LEGO's tables on simulated kitchens.

egoprog sim record kitchens --episodes 144 --seed 1 --size 228x128 --rate 10 --pairs 0.4 0.6 0.8 --workers 2
egoprog sim record strangers --strangers --episodes 64 --seed 1 --size 228x128 --rate 10 --pairs 0.6 --workers 2
python -m training.lego_ablation --data kitchens --strangers strangers --out runs/lego --jobs 2
python -m training.lego_ablation ... --rows labels descriptions joint      # these alone
python -m training.lego_ablation ... --list                                # what is done and what is left

Stop it at any moment; the same command goes on. Tables are in RUNS/tables.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from egoprog.errors import ConfigurationError
from egoprog.lego.ablation import FROM_FRAMES, TRAINED, plan, take_over
from training import trainer


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m training.lego_ablation",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER", help="of `egoprog sim record`")
    parser.add_argument(
        "--strangers",
        type=Path,
        metavar="FOLDER",
        help="of `egoprog sim record --strangers`; the rows of a VLM before its tuning need it",
    )
    parser.add_argument(
        "--leap",
        type=Path,
        default=Path("models/leap_sim"),
        metavar="FOLDER",
        help="of LEAP's models (models/leap_sim)",
    )
    parser.add_argument("--rows", nargs="+", default=[], choices=(*TRAINED, *FROM_FRAMES), metavar="ROW")
    parser.add_argument("--set", action="append", default=[], metavar="K=V", help="of every training of a generator")
    parser.add_argument(
        "--parts",
        type=Path,
        metavar="FOLDER",
        help="of runs that are done (autoencoder, vlm, judge), so that the rows alone are left",
    )
    trainer.add_plan_options(parser)
    options = parser.parse_args(arguments)
    if options.parts and not options.list:
        for name in take_over(options.parts, options.out):
            print(f"{name}: taken from {options.parts}")
    try:
        jobs = plan(options.data, options.strangers, options.leap, options.out, options.rows, options.set)
    except ConfigurationError as error:
        print(f"training.lego_ablation: {error}", file=sys.stderr)
        return 1
    return trainer.run_plan("training.lego_ablation", jobs, options)


if __name__ == "__main__":
    sys.exit(main())

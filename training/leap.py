"""Trains LEAP's network.

python -m training.leap --recipe leap_debug --data kitchens --out runs/debug
python -m training.leap --recipe leap_sim --data kitchens --init runs/frames --encoded runs/encoded \
    --context runs/context --out runs/leap

The first needs a minute of a CPU. The same command goes on where it was stopped, at whatever moment. On several GPUs
put  accelerate launch --multi_gpu -m training.leap ...  or  torchrun --nproc_per_node 4 -m training.leap ...
RUN gets best.safetensors, last.safetensors, results.json, log.jsonl, curves.png and what TensorBoard reads.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from egoprog.leap.recipes import names
from egoprog.leap.run_options import RUN_NAME, RunOptions
from training import trainer


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    if options.list:
        print(trainer.listed(names()))
        return 0
    return trainer.run("training.leap", lambda: _train(options))


def _train(options: argparse.Namespace) -> str:
    """What to tell at the end."""
    trainer.require(_parser(), options, ("recipe", "data", "out"))
    settings = list(options.set)
    if options.seed is not None:
        settings.append(f"training.seed={options.seed}")
    asked = RunOptions(
        options.recipe,
        tuple(settings),
        options.data,
        options.programs,
        options.init,
        options.context,
        options.encoded,
        options.shards,
    )
    recipe = asked.made()  # before anything is loaded: a name that does not exist is told at once
    from egoprog.leap.task import LeapTask
    from egoprog.train.loop import train

    given = (asked.programs, asked.init, asked.context, asked.encoded, asked.shards)
    task = LeapTask(recipe, asked.data, *given)
    results = train(task, recipe.training, options.out, {RUN_NAME: asked.to_json()})
    return "\n".join(
        [*trainer.figures(results), *task.lines(), trainer.best_of(results, options.out / "best.safetensors")]
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training.leap", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--recipe", metavar="NAME", help="what to train, see --list")
    parser.add_argument("--list", action="store_true", help="lists the recipes")
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="a dataset in EPIC's layout")
    parser.add_argument("--out", type=Path, metavar="RUN", help="the run's folder; one that was begun is gone on with")
    parser.add_argument(
        "--programs",
        type=Path,
        metavar="PATH",
        help="to train on: JSON lines as the dataset's own, or a folder of `egoprog generate` (default: the dataset's)",
    )
    parser.add_argument("--init", type=Path, metavar="CHECKPOINT", help="to start from: a run, or published weights")
    parser.add_argument("--context", type=Path, metavar="RUN", help="of the context network")
    parser.add_argument("--encoded", type=Path, metavar="FOLDER", help="frames that the frozen layers have seen")
    parser.add_argument("--shards", type=Path, metavar="FOLDER", help="pictures of `python -m training.shards`")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--set", action="append", default=[], metavar="K=V", help="as training.epochs=3; repeatable")
    return parser


if __name__ == "__main__":
    sys.exit(main())

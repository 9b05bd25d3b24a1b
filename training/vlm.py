"""Trains a visual language model to say how an action is done in the picture that it sees.

python -m training.vlm --recipe vlm_debug --pairs pairs --out runs/vlm-debug
python -m training.vlm --recipe vlm_sim_pretrain --pairs pairs-strangers --out runs/vlm-pretrain
python -m training.vlm --recipe vlm_sim --pairs pairs --init runs/vlm-pretrain/vlm --out runs/vlm
accelerate launch --multi_gpu -m training.vlm --recipe vlm_paper --pairs pairs --init llava-1.5-13b-hf --out runs/paper

The first needs a minute of a CPU. PAIRS is a folder of `python -m training.pairs` with descriptions. The same command
goes on where it was stopped. RUN gets what every training leaves, and RUN/vlm, a folder in transformers' layout that
`python -m training.enrich` and transformers itself load.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from pathlib import Path

from egoprog.errors import EgoprogError
from egoprog.lego.vlm_recipes import names, recipe


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    if options.list:
        width = max(map(len, names()))
        print("\n".join(f"{name:{width}}  {line}" for name, line in names().items()))
        return 0
    is_main = os.environ.get("RANK", "0") == "0"  # of several processes one speaks
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    logging.getLogger("egoprog").setLevel(logging.INFO if is_main else logging.ERROR)
    code = 0
    try:
        message, stream = _train(options, is_main), sys.stdout
    except KeyboardInterrupt as stopped:
        code, stream = 130, sys.stderr
        reason = str(stopped) or "stopped at once; the same command goes on"
        message = f"training.vlm: {reason}"
    except EgoprogError as error:
        code, stream = 1, sys.stderr
        message = f"training.vlm: {error}"
    if is_main:
        print(message, file=stream)
    return code


def _train(options: argparse.Namespace, is_main: bool) -> str:
    """What to tell at the end."""
    for name in ("recipe", "pairs", "out"):
        if getattr(options, name) is None:
            _parser().error(f"expected --{name}; see --help")
    asked = recipe(options.recipe, options.set)  # before anything is loaded: a wrong name is told at once
    from egoprog.data.frame_pairs import PairFolder
    from egoprog.lego.vlm_task import VlmTask
    from egoprog.train.loop import train

    task = VlmTask(asked, PairFolder(options.pairs), options.out, options.init)
    results = train(task, asked.training, options.out)
    if not is_main:
        return ""
    folder = task.write_folder(options.out)
    lines = [f"{name:20}{value:10.4f}" for name, value in results["best"]["figures"].items()]
    return "\n".join([*lines, f"best of {results['steps']} steps at step {results['best']['step']}: {folder}"])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training.vlm", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--recipe", metavar="NAME", help="what to train, see --list")
    parser.add_argument("--list", action="store_true", help="lists the recipes")
    parser.add_argument("--pairs", type=Path, metavar="FOLDER", help="described frame pairs")
    parser.add_argument("--out", type=Path, metavar="RUN", help="the run's folder; one that was begun is gone on with")
    parser.add_argument("--init", type=Path, metavar="FOLDER", help="a model to start from, in transformers' layout")
    parser.add_argument("--set", action="append", default=[], metavar="K=V", help="as training.epochs=3; repeatable")
    return parser


if __name__ == "__main__":
    sys.exit(main())

"""Trains LEGO's frame generator, or one of the paper's other rows.

python -m training.lego --recipe lego_sim --pairs PAIRS --autoencoder runs/autoencoder --out runs/lego
python -m training.lego --recipe lego_sim_labels --pairs PAIRS --autoencoder runs/autoencoder --out runs/lego-debug \
    --set steps=8 --set measures=1
python -m training.lego --recipe lego_paper --pairs EPIC --pairs EGO4D --init stable-diffusion-v1-5 --out runs/scaleup

The second needs a minute of a CPU; the third is the paper's scale-up over two datasets. The same command goes on where
it was stopped. On several GPUs put  accelerate launch --multi_gpu -m training.lego ...
RUN gets model/, the generator's folder, beside the weights and the log of the training.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from pathlib import Path

from egoprog.errors import EgoprogError
from egoprog.lego.recipes import names, recipe


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    if options.list:
        width = max(map(len, names()))
        print("\n".join(f"{name:{width}}  {line}" for name, line in names().items()))
        return 0
    is_main = os.environ.get("RANK", "0") == "0"  # of several processes one speaks
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    logging.getLogger("egoprog").setLevel(logging.INFO if is_main else logging.ERROR)
    for name in ("recipe", "pairs", "out"):
        if not getattr(options, name):
            _parser().error(f"expected --{name}; see --help")
    code, stream = 0, sys.stdout
    try:
        asked = recipe(options.recipe, options.set)  # before anything is loaded: a wrong name is told at once
        from egoprog.lego.training_run import MODEL_NAME, GeneratorTraining

        results = GeneratorTraining(asked, options.pairs, options.autoencoder, options.init).run(options.out)
        lines = [f"{name:20}{value:10.4f}" for name, value in results["best"]["figures"].items()]
        best = results["best"]["step"]
        lines.append(f"best of {results['steps']} steps at step {best}: {options.out / MODEL_NAME}")
        message = "\n".join(lines)
    except KeyboardInterrupt as stopped:
        code, stream = 130, sys.stderr
        message = f"training.lego: {stopped}" if str(stopped) else "training.lego: stopped; the same command goes on"
    except EgoprogError as error:
        code, stream = 1, sys.stderr
        message = f"training.lego: {error}"
    if is_main:
        print(message, file=stream)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training.lego", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--recipe", metavar="NAME", help="what to train, see --list")
    parser.add_argument("--list", action="store_true", help="lists the recipes")
    parser.add_argument(
        "--pairs", type=Path, action="append", metavar="FOLDER", help="of training.pairs; given twice, both are joined"
    )
    parser.add_argument(
        "--autoencoder", type=Path, metavar="RUN", help="of training.autoencoder, or a folder with vae/"
    )
    parser.add_argument(
        "--init",
        type=Path,
        metavar="FOLDER",
        help="of Stable Diffusion 1.5 or InstructPix2Pix, for diffusers",
    )
    parser.add_argument("--out", type=Path, metavar="RUN", help="the run's folder; one that was begun is gone on with")
    parser.add_argument("--set", action="append", default=[], metavar="K=V", help="as steps=300; repeatable")
    return parser


if __name__ == "__main__":
    sys.exit(main())

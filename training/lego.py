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
import sys
from pathlib import Path

from egoprog.lego.recipes import names, recipe
from training import trainer


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    if options.list:
        print(trainer.listed(names()))
        return 0
    trainer.require(_parser(), options, ("recipe", "pairs", "out"))
    return trainer.run("training.lego", lambda: _train(options))


def _train(options: argparse.Namespace) -> str:
    """What to tell at the end."""
    asked = recipe(options.recipe, options.set)  # before anything is loaded: a wrong name is told at once
    from egoprog.lego.training_run import MODEL_NAME, GeneratorTraining

    results = GeneratorTraining(asked, options.pairs, options.autoencoder, options.init).run(options.out)
    return "\n".join([*trainer.figures(results), trainer.best_of(results, options.out / MODEL_NAME)])


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

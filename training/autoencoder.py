"""Trains the small autoencoder in whose latents the generator works.

python -m training.autoencoder --pairs PAIRS --out runs/autoencoder
python -m training.autoencoder --pairs PAIRS --out runs/autoencoder-debug --set steps=20 --set measures=1

The second needs a minute of a CPU. The same command goes on where it was stopped. RUN gets vae/, which
python -m training.lego --autoencoder RUN  reads, beside the weights and the log of the training.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from egoprog.data.frame_pairs import PairFolder
from egoprog.lego.recipes import autoencoder_sim
from egoprog.train.override import override
from training import trainer


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m training.autoencoder", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", type=Path, action="append", required=True, metavar="FOLDER", help="repeatable")
    parser.add_argument("--out", type=Path, required=True, metavar="RUN")
    parser.add_argument("--set", action="append", default=[], metavar="K=V", help="as steps=500; repeatable")
    options = parser.parse_args(arguments)
    return trainer.run("training.autoencoder", lambda: _train(options))


def _train(options: argparse.Namespace) -> str:
    """What to tell at the end."""
    recipe = override(autoencoder_sim(), options.set)
    from egoprog.lego.autoencoder_task import AutoencoderTask, trained_autoencoder
    from egoprog.train.checkpoint import read_weights
    from egoprog.train.loop import train

    task = AutoencoderTask([PairFolder(path) for path in options.pairs], recipe.lego, recipe.crop_px)
    results = train(task, recipe.training_of(len(task.dataset("train"))), options.out)
    figures = results["best"]["figures"]
    weights = read_weights(options.out / "best.safetensors")
    trained_autoencoder(weights, recipe.lego, figures["latent_spread"]).save_pretrained(options.out / "vae")
    return "\n".join([json.dumps(figures, indent=1), trainer.best_of(results, options.out / "vae")])


if __name__ == "__main__":
    sys.exit(main())

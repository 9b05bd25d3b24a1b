"""Trains the small autoencoder in whose latents the generator works.

python -m training.autoencoder --pairs PAIRS --out runs/autoencoder-begun
python -m training.autoencoder --recipe autoencoder_sim_colours --pairs PAIRS --init runs/autoencoder-begun \\
    --out runs/autoencoder
python -m training.autoencoder --pairs PAIRS --out runs/autoencoder-debug --set steps=20 --set measures=1

The last needs a minute of a CPU. The same command goes on where it was stopped. RUN gets vae/, which
python -m training.lego --autoencoder RUN  reads, beside the weights and the log of the training.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from egoprog.data.frame_pairs import PairFolder
from egoprog.errors import ConfigurationError
from egoprog.lego.recipes import AUTOENCODERS
from egoprog.train.override import override
from training import trainer


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m training.autoencoder", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", type=Path, action="append", required=True, metavar="FOLDER", help="repeatable")
    parser.add_argument("--recipe", choices=AUTOENCODERS, default="autoencoder_sim", help="(default: %(default)s)")
    parser.add_argument("--init", type=Path, metavar="RUN", help="whose autoencoder it starts from")
    parser.add_argument("--out", type=Path, required=True, metavar="RUN")
    parser.add_argument("--set", action="append", default=[], metavar="K=V", help="as steps=500; repeatable")
    options = parser.parse_args(arguments)
    return trainer.run("training.autoencoder", lambda: _train(options))


def _train(options: argparse.Namespace) -> str:
    """What to tell at the end."""
    recipe = override(AUTOENCODERS[options.recipe](), options.set)
    if recipe.needs_init and options.init is None:
        raise ConfigurationError(f"expected --init for {options.recipe}: a run of  python -m training.autoencoder")
    from egoprog.lego.autoencoder_task import AutoencoderTask, trained_autoencoder
    from egoprog.lego.checkpoints import read_autoencoder
    from egoprog.train.checkpoint import read_weights
    from egoprog.train.loop import train

    folders = [PairFolder(path) for path in options.pairs]
    init = None if options.init is None else read_autoencoder(options.init)
    task = AutoencoderTask(folders, recipe.lego, recipe.crop_px, recipe.loss, init=init)
    results = train(task, recipe.training_of(len(task.dataset("train"))), options.out)
    figures = results["best"]["figures"]
    weights = read_weights(options.out / "best.safetensors")
    trained_autoencoder(weights, recipe.lego, figures["latent_spread"]).save_pretrained(options.out / "vae")
    return "\n".join([json.dumps(figures, indent=1), trainer.best_of(results, options.out / "vae")])


if __name__ == "__main__":
    sys.exit(main())

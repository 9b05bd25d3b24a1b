"""Trains a visual language model to say how an action is done in the picture that it sees.

python -m training.vlm --recipe vlm_debug --pairs pairs --out runs/vlm-debug
python -m training.vlm --recipe vlm_sim_pretrain --pairs pairs-strangers --encoder runs/frames/last.safetensors \
    --out runs/vlm-pretrain
python -m training.vlm --recipe vlm_sim --pairs pairs --init runs/vlm-pretrain/vlm --out runs/vlm
accelerate launch --multi_gpu -m training.vlm --recipe vlm_paper --pairs pairs --init llava-1.5-13b-hf --out runs/paper

The first needs a minute of a CPU. PAIRS is a folder of `python -m training.pairs` with descriptions. The same command
goes on where it was stopped. RUN gets what every training leaves, and RUN/vlm, a folder in transformers' layout that
`python -m training.enrich` loads, and transformers itself; of a model that looks through a frame encoder after
`import egoprog.lego.frame_encoder_tower`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from egoprog.lego.vlm_recipes import names, recipe
from training import trainer


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    if options.list:
        print(trainer.listed(names()))
        return 0
    return trainer.run("training.vlm", lambda: _train(options))


def _train(options: argparse.Namespace) -> str:
    """What to tell at the end."""
    trainer.require(_parser(), options, ("recipe", "pairs", "out"))
    asked = recipe(options.recipe, options.set)  # before anything is loaded: a wrong name is told at once
    from egoprog.data.frame_pairs import PairFolder
    from egoprog.lego.vlm_task import VlmTask
    from egoprog.train.loop import train

    task = VlmTask(asked, PairFolder(options.pairs), options.out, options.init, options.encoder)
    results = train(task, asked.training, options.out)
    if not trainer.is_main():
        return ""
    folder = task.write_folder(options.out)
    return "\n".join([*trainer.figures(results), trainer.best_of(results, folder)])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training.vlm", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--recipe", metavar="NAME", help="what to train, see --list")
    parser.add_argument("--list", action="store_true", help="lists the recipes")
    parser.add_argument("--pairs", type=Path, metavar="FOLDER", help="described frame pairs")
    parser.add_argument("--out", type=Path, metavar="RUN", help="the run's folder; one that was begun is gone on with")
    parser.add_argument("--init", type=Path, metavar="FOLDER", help="a model to start from, in transformers' layout")
    parser.add_argument("--encoder", type=Path, metavar="WEIGHTS", help="of training.frames: a new small model's eyes")
    parser.add_argument("--set", action="append", default=[], metavar="K=V", help="as training.epochs=3; repeatable")
    return parser


if __name__ == "__main__":
    sys.exit(main())

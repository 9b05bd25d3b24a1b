"""Trains a small frame encoder on what single frames show; `python -m training.leap --init` starts from it.

python -m training.frames --data strangers --out runs/frames
python -m training.frames --data strangers --out runs/frames-debug --set epochs=0.01 --set batch=8
python -m training.frames --data kitchens --encoder models/leap_sim/frame_encoder.safetensors --out runs/judge
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from egoprog.data.epic import read_unseen_participants
from egoprog.data.epic_folder import EpicFolder
from egoprog.errors import EgoprogError
from egoprog.leap.efficientnet import published_weights
from egoprog.leap.frame_pretraining import FrameTask
from egoprog.leap.recipes import SMALL_BACKBONE, frames_sim, override
from egoprog.train.loop import Interrupted, train


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m training.frames", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--data", type=Path, required=True, metavar="FOLDER", help="a dataset in EPIC's layout, with boxes"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="RUN")
    parser.add_argument("--cache", type=Path, metavar="FOLDER", help="for pictures (default: RUN/pictures)")
    parser.add_argument(
        "--stem", type=Path, metavar="WEIGHTS", help="of a published EfficientNet-Lite0 (default: as it is installed)"
    )
    parser.add_argument(
        "--encoder", type=Path, metavar="WEIGHTS", help="a trained frame encoder: it stays, and the heads alone learn"
    )
    parser.add_argument("--set", action="append", default=[], metavar="K=V", help="of the training's configuration")
    options = parser.parse_args(arguments)
    try:
        folder = EpicFolder(options.data)
        held_out = read_unseen_participants(folder.unseen_participants)
        cache = options.cache or options.out / "pictures"
        stem = None if options.encoder else options.stem or published_weights()
        task = FrameTask(folder, SMALL_BACKBONE, cache, held_out, stem=stem, encoder=options.encoder)
        results = train(task, override(frames_sim(), options.set), options.out)
    except Interrupted as stopped:
        print(stopped)
        return 130
    except EgoprogError as error:
        print(f"training.frames: {error}", file=sys.stderr)
        return 1
    print(results)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""`egoprog imagine`: answers a question about a picture with the frame in which the action is done.

egoprog imagine --image kitchen.jpg "how do I open the drawer?" -o drawer.png
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from tqdm import tqdm

from egoprog.data.images import check_picture_name, compressed_to_rgb, write_picture
from egoprog.errors import ConfigurationError, InputError
from egoprog.lego.drawing import BACKENDS, Drawer, Picture
from egoprog.lego.questions import parse_question
from egoprog.lego.shipped import drawer_folder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("question", help='what is to be done: "how do I open the drawer?"')
    parser.add_argument("--image", type=Path, required=True, metavar="FILE", help="a JPEG or PNG of what is seen now")
    parser.add_argument("-o", "--out", type=Path, required=True, metavar="FILE", help="the picture to write")
    parser.add_argument("--model", default="", metavar="FOLDER", help="an exported model, if not the one that ships")
    parser.add_argument("--seed", type=int, default=0, help="the same seed draws the same picture (default 0)")
    parser.add_argument("--steps", type=int, help="denoising steps (default: the model's own)")
    parser.add_argument("--image-guidance", type=float, help="how much the frame counts (default: the model's own)")
    parser.add_argument("--text-guidance", type=float, help="how much the words count (default: the model's own)")
    parser.add_argument("--deadline", type=float, metavar="SECONDS", help="take fewer steps where it gets too long")
    parser.add_argument("--backend", choices=BACKENDS, help="what the model runs on (default: the first that works)")


def run(arguments: argparse.Namespace) -> int:
    question = parse_question(arguments.question)
    picture = _read(arguments.image)
    check_picture_name(arguments.out)
    if arguments.seed < 0:
        raise ConfigurationError(f"expected a seed of 0 or more, got {arguments.seed}")
    folder = drawer_folder(arguments.model)
    drawer = Drawer.open(folder, BACKENDS if arguments.backend is None else (arguments.backend,))
    with tqdm(desc="drawing", unit="step", leave=False, disable=not sys.stderr.isatty()) as bar:

        def tell(step: int, total_steps: int, _: Picture) -> bool:
            bar.total = total_steps
            bar.update(step - bar.n)
            return True

        drawn = drawer.draw(
            picture,
            question,
            arguments.seed,
            arguments.steps,
            arguments.image_guidance,
            arguments.text_guidance,
            arguments.deadline,
            tell,
        )
    write_picture(arguments.out, drawn.picture)
    print(drawn.description)
    if question.doubt:
        print(question.doubt)
    fewer = ", fewer than asked for, to keep the deadline" if drawn.shortened else ""
    print(f"{arguments.out}: {drawer.name}, {drawn.steps} steps{fewer}, seed {drawn.seed}, {drawn.elapsed_s:.1f} s")
    return 0


def _read(path: Path) -> Picture:
    try:
        data = np.frombuffer(path.read_bytes(), np.uint8)
    except OSError as error:
        raise InputError(f"expected a picture at {path}, got {error.strerror}; name a JPEG or PNG file") from None
    try:
        return compressed_to_rgb(data)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None

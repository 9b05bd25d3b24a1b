"""Makes a model folder that draws frames on robots: ONNX with metadata, weights, model.json; checks it by PyTorch.

python -m export.lego --model runs/lego --vlm runs/vlm --out models/lego_sim --check
python -m export.lego --model models/lego_sim --vlm models/lego_sim/vlm --out out/lego --solver dpm --steps 20

A model is a generator's folder as diffusers lays it out, the visual language model one of transformers'. --check runs
every graph in PyTorch and ONNX Runtime and exits 1 where an output of fp32 differs by more than 1e-4 of its scale.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from egoprog.data.frame_pairs import PairFolder
from egoprog.errors import EgoprogError
from egoprog.leap.agreement import made_pictures
from egoprog.lego.export import TOLERANCE, export_lego, graph_differences
from egoprog.lego.fast_sampling import Sampling
from egoprog.lego.stepping import SOLVERS
from egoprog.onnx_export import About
from egoprog.provenance import provenance
from egoprog.runtime.model_folder import parse_precisions

PRECISIONS = ("fp32", "fp16")
NUM_PICTURES = 32
"""That the preview's colours are fitted to."""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m export.lego", description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True, metavar="FOLDER", help="a generator, as diffusers has it")
    parser.add_argument("--vlm", type=Path, metavar="FOLDER", help="left out for a generator that reads labels alone")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="may be --model itself")
    parser.add_argument("--check", action="store_true", help="compare PyTorch and ONNX Runtime, graph by graph")
    parser.add_argument("--precision", default="fp32", help=f"of {', '.join(PRECISIONS)}; several with commas between")
    parser.add_argument("--pairs", type=Path, metavar="FOLDER", help="pictures for the preview's colours (made ones)")
    parser.add_argument("--solver", default=SOLVERS[0], help=f"of {', '.join(SOLVERS)} (default: %(default)s)")
    parser.add_argument("--steps", type=int, default=100, help="that it takes unless told (default: %(default)s)")
    parser.add_argument(
        "--guided",
        type=float,
        nargs=2,
        default=(0.0, 1.0),
        metavar=("FROM", "TO"),
        help="shares of the steps; with less than all a further graph is written (default: 0 1)",
    )
    parser.add_argument("--reuse", type=int, default=1, metavar="N", help="deep features serve N steps (default: 1)")
    parser.add_argument("--about", default="", metavar="TEXT", help="what the model is, a sentence for its card")
    parser.add_argument("--data", default="", metavar="TEXT", help="what it was trained on, a sentence for its card")
    parser.add_argument("--made-by", default="", metavar="TEXT", help="the commands of its trainings, for its card")
    try:
        return run(parser.parse_args(arguments))
    except EgoprogError as error:
        print(f"export.lego: {error}", file=sys.stderr)
        return 1


def run(options: argparse.Namespace) -> int:
    """Returns the exit status."""
    precisions = parse_precisions(options.precision, PRECISIONS)
    sampling = Sampling(options.solver, options.steps, tuple(options.guided), options.reuse)
    commit = provenance()["commit"]
    about = About(
        name=options.out.name,
        about=options.about or "LEGO: draws the frame in which an action is done.",
        data=options.data or "See the commands below.",
        command=options.made_by or f"python -m export.lego --model {options.model} --vlm {options.vlm}",
        commit=commit,
    )
    folder, graphs = export_lego(
        options.out,
        options.model,
        options.vlm,
        about,
        commit=commit,
        sampling=sampling,
        precisions=precisions,
        pictures=_pictures(options.pairs),
    )
    for name in sorted(folder.files):
        print(f"{options.out / name}  {(options.out / name).stat().st_size / 1e6:.1f} MB")
    if not options.check:
        return 0
    status = 0
    print("\nONNX Runtime against PyTorch, inputs at random")
    for one in graph_differences(folder, graphs):
        words = (
            f"  {one.output:<26} {one.precision}  largest difference {one.largest:8.1e}, largest value {one.scale:8.2g}"
        )
        if one.precision == "fp32":
            words += f"; tolerance {TOLERANCE * max(1.0, one.scale):.1e}: {'ok' if one.is_within() else 'BEYOND'}"
            status |= not one.is_within()
        print(words)
    if status:
        print("export.lego: expected fp32 within the tolerance, got outputs beyond it", file=sys.stderr)
    return int(status)


def _pictures(pairs: Path | None) -> Sequence[NDArray[np.uint8]]:
    if pairs is None:
        return made_pictures(NUM_PICTURES)
    folder = PairFolder(pairs)
    every = max(1, len(folder) // NUM_PICTURES)
    return [np.asarray(picture) for picture in folder.inputs[::every][:NUM_PICTURES]]


if __name__ == "__main__":
    sys.exit(main())

"""Draws the target frames of held-out pairs with a trained generator, or with one of the baselines.

python -m training.draw --model runs/lego/model --pairs PAIRS --enriched tuned --out out/joint
python -m training.draw --model runs/labels/model --pairs PAIRS --out out/labels
python -m training.draw --model runs/frames/model --pairs PAIRS --method sdedit --out out/sdedit

OUT gets one PNG a pair, which  python -m training.evaluate_lego --row joint=OUT  measures. The same command goes on
where it was stopped.
"""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

from tqdm import tqdm

from egoprog.errors import ConfigurationError, EgoprogError
from egoprog.provenance import provenance


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    try:
        print(run(options))
    except KeyboardInterrupt:
        print("training.draw: stopped; the same command goes on", file=sys.stderr)
        return 130
    except EgoprogError as error:
        print(f"training.draw: {error}", file=sys.stderr)
        return 1
    return 0


def run(options: argparse.Namespace) -> str:
    from egoprog.lego.checkpoints import load_model
    from egoprog.lego.generated import GeneratedFolder
    from egoprog.lego.pair_dataset import PairSource, spread_subset
    from egoprog.lego.pair_drawing import DrawingOptions, about, draw_pairs

    drawing = DrawingOptions(
        options.method,
        options.steps,
        options.sampler,
        options.image_guidance,
        options.text_guidance,
        options.strength,
        options.precision,
    )
    source = PairSource.opened(options.pairs, options.enriched)
    pairs = [pair for pair in source.folder.pairs("validation") if pair.is_unseen or not options.unseen]
    if not pairs:
        raise ConfigurationError(f"expected held-out pairs in {options.pairs}, got none; record unseen participants")
    pairs = list(spread_subset(pairs, options.limit))
    out = GeneratedFolder(options.out)
    out.path.mkdir(parents=True, exist_ok=True)
    with tqdm(total=len(pairs), desc="pictures", mininterval=5.0, disable=not sys.stderr.isatty()) as bar:
        bar.update(len(pairs) - len(out.missing([pair.pair_id for pair in pairs])))
        for number in draw_pairs(load_model(options.model), source, pairs, out, drawing, options.batch):
            bar.update(number)
    out.describe({**provenance(), "model": str(options.model), "enriched": options.enriched, **about(drawing)})
    return f"{len(pairs)} pictures in {options.out}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training.draw", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path, required=True, metavar="FOLDER", help="RUN/model of training.lego")
    parser.add_argument("--pairs", type=Path, required=True, metavar="FOLDER", help="of training.pairs")
    parser.add_argument(
        "--enriched", metavar="NAME", help="the VLM's folder in PAIRS/enriched (default: the own words)"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--method", choices=("generator", "sdedit", "proxnpi"), default="generator")
    parser.add_argument("--unseen", action="store_true", help="only participants whom no training shows")
    parser.add_argument("--limit", type=int, metavar="N", help="at most so many pairs, evenly spread")
    parser.add_argument("--steps", type=int, metavar="N", help="of sampling (default: the model's)")
    parser.add_argument("--sampler", default="euler_ancestral", help="euler_ancestral, euler, ddim or dpm")
    parser.add_argument("--image-guidance", type=float, metavar="S", help="(default: the model's)")
    parser.add_argument("--text-guidance", type=float, metavar="S", help="(default: the model's)")
    parser.add_argument("--strength", type=float, default=0.75, metavar="S", help="of SDEdit (default: 0.75)")
    parser.add_argument(
        "--precision", choices=("fp32", "bf16"), default="bf16", help="bf16 where the CPU multiplies in it (default)"
    )
    parser.add_argument("--batch", type=int, default=8, metavar="B", help="pictures at once (default: 8)")
    return parser


if __name__ == "__main__":
    sys.exit(main())

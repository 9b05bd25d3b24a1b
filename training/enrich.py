"""Describes every pair of a folder by a visual language model, and keeps the embeddings of pictures and words.

python -m training.enrich --pairs pairs --vlm runs/vlm/vlm --name vlm_sim
python -m training.enrich --pairs pairs --vlm runs/vlm/vlm --name vlm_sim --mirrored
python -m training.enrich --pairs pairs --vlm runs/vlm-debug/vlm --name debug --most 32

PAIRS/enriched/NAME gets descriptions.jsonl, image.npy, text.npy, lengths.npy and, when all is there, done.json; with
--mirrored it is NAME_mirrored, of the mirrored pictures. The last needs a minute of a CPU. Whatever is stopped goes on
by the same command.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import torch

from egoprog.data.frame_pairs import PairFolder
from egoprog.errors import EgoprogError
from egoprog.lego.enrichment import enrich, read_done
from egoprog.lego.vlm import MOST_TOKENS, NUM_TEXT_TOKENS, fingerprint, load_vlm


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        pairs = PairFolder(options.pairs)
        vlm = load_vlm(options.vlm, options.image_px)
        if torch.cuda.is_available():
            vlm.model.to("cuda", torch.bfloat16)
        height, width = vlm.preparation.size_px
        model = f"{fingerprint(options.vlm)} at {height}x{width} px"
        folder = enrich(
            vlm,
            pairs,
            options.name,
            model,
            options.text_tokens,
            options.batch,
            options.mirrored,
            options.most,
            options.most_tokens,
        )
    except KeyboardInterrupt:
        print("training.enrich: stopped; the same command goes on", file=sys.stderr)
        return 130
    except EgoprogError as error:
        print(f"training.enrich: {error}", file=sys.stderr)
        return 1
    done = read_done(folder)
    print(f"{folder}: " + ("not all pairs yet; the same command goes on" if done is None else done))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training.enrich", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", type=Path, required=True, metavar="FOLDER", help="of `python -m training.pairs`")
    parser.add_argument("--vlm", type=Path, required=True, metavar="FOLDER", help="a model in transformers' layout")
    parser.add_argument("--name", required=True, help="of the folder in PAIRS/enriched")
    parser.add_argument("--mirrored", action="store_true", help="of the mirrored pictures, for trainings that mirror")
    parser.add_argument(
        "--image-px", type=int, metavar="PX", help="side of the squares that CLIP's tower looks at (default: its own)"
    )
    parser.add_argument(
        "--text-tokens", type=int, default=NUM_TEXT_TOKENS, metavar="N", help=f"kept (default: {NUM_TEXT_TOKENS})"
    )
    parser.add_argument(
        "--most-tokens", type=int, default=MOST_TOKENS, metavar="N", help=f"of a description (default: {MOST_TOKENS})"
    )
    parser.add_argument("--batch", type=int, default=32, help="pairs at once (default: 32)")
    parser.add_argument("--most", type=int, metavar="PAIRS", help="of this call (default: all)")
    return parser


if __name__ == "__main__":
    sys.exit(main())

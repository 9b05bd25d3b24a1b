"""Writes descriptions of how actions are done into a folder of frame pairs.

python -m training.curate --pairs pairs --data kitchens --truth          # from programs and boxes, in a minute on a CPU
python -m training.curate --pairs pairs --data EPIC --max-usd 20         # by a language model, from labels and boxes

The language model is whatever EGOPROG_LLM_BASE_URL, EGOPROG_LLM_MODEL and EGOPROG_LLM_API_KEY name. What it answers
is kept in PAIRS/curated.jsonl before the next question is paid for: the command goes on where it was stopped, at its
budget, or by Ctrl-C. The training split alone is asked about unless --split says otherwise.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from egoprog.data.ego4d import Ego4dFolder
from egoprog.data.epic_folder import EpicFolder
from egoprog.data.frame_pairs import SPLITS, PairFolder
from egoprog.errors import EgoprogError
from egoprog.generate.chat import Endpoint
from egoprog.lego.curation import Budget, CuratedStore, Curator, ego4d_examples, epic_examples
from egoprog.lego.descriptions import describe_folder


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m training.curate", description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=Path, required=True, metavar="PAIRS", help="as training.pairs makes them")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--data", type=Path, metavar="FOLDER", help="the dataset in EPIC's layout, with boxes")
    source.add_argument("--ego4d", type=Path, metavar="FOLDER", help="Ego4D: annotations/fho_main.json")
    parser.add_argument("--truth", action="store_true", help="from the dataset's programs, without a language model")
    parser.add_argument("--split", choices=(*SPLITS, "all"), default="train", help="(default: train)")
    parser.add_argument("--limit", type=int, help="at most so many pairs, drawn in their order")
    parser.add_argument("--max-usd", type=float, help="stop when so much is paid, earlier runs included")
    parser.add_argument("--max-queries", type=int, help="stop after so many questions of this run")
    parser.add_argument("--model", help="instead of EGOPROG_LLM_MODEL")
    parser.add_argument("--base-url", help="instead of EGOPROG_LLM_BASE_URL")
    options = parser.parse_args(arguments)
    if options.truth and options.ego4d:
        parser.error("--truth needs programs, which Ego4D has none of")
    try:
        folder = PairFolder(options.pairs)
        if options.truth:
            print(f"{describe_folder(folder, EpicFolder(options.data))} of {len(folder)} pairs have a description now")
            return 0
        return _ask(options, folder)
    except KeyboardInterrupt:
        print("stopped; the same command goes on from here")
        return 130
    except EgoprogError as error:
        print(f"training.curate: {error}", file=sys.stderr)
        return 1


def _ask(options: argparse.Namespace, folder: PairFolder) -> int:
    pairs = folder.pairs(None if options.split == "all" else options.split)
    if options.ego4d:
        examples = ego4d_examples(pairs, Ego4dFolder(options.ego4d))
    else:
        examples = epic_examples(pairs, EpicFolder(options.data))
    without = len(pairs) - len(examples)
    examples = dict(list(examples.items())[: options.limit])
    endpoint = Endpoint.from_environment(model=options.model, base_url=options.base_url)
    store = CuratedStore(folder.path / "curated.jsonl")
    curator = Curator(endpoint, store, Budget(options.max_usd, options.max_queries))
    try:
        with tqdm(total=len(examples), unit="pair") as progress:
            curator.curate(examples, progress.update)
    finally:
        folder.describe(store.descriptions(endpoint.model))
        counts = curator.counts
        print(
            f"{counts.at_once} descriptions at once, {counts.mended} mended, {counts.failed} failed twice, "
            f"{counts.stored} were there, {without} pairs have no boxes; {counts.queries} questions, "
            f"{store.cost_usd(endpoint.model):.2f} USD in all"
        )
    if curator.counts.is_spent:
        print("the budget is spent; the same command with a larger one goes on from here")
    return 0


if __name__ == "__main__":
    sys.exit(main())

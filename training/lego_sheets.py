"""Draws contact sheets of what generators make of held-out frames.

python -m training.lego_sheets --pairs PAIRS --row labels=out/labels --row joint=out/joint --out drawn.jpg
python -m training.lego_sheets --pairs PAIRS --actions "open the drawer" "take the cup" --out actions.jpg

The first shows pairs drawn by lot from those that every row has a picture of: input, rows, truth. The second asks a
model that draws, the one that ships unless --model names another, for several actions on one frame.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

from egoprog.data.frame_pairs import FramePair, PairFolder
from egoprog.errors import ConfigurationError, EgoprogError
from egoprog.lego.contact_sheet import by_lot, drawn_tiles, tile, write_sheet
from egoprog.lego.drawing import Drawer
from egoprog.lego.generated import GeneratedFolder, named_folder
from egoprog.lego.questions import parse_question
from egoprog.lego.shipped import drawer_folder


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        folder = PairFolder(options.pairs)
        if bool(options.row) == bool(options.actions):
            raise ConfigurationError("expected --row or --actions, got both or neither")
        tiles = _of_rows(folder, options) if options.row else _of_actions(folder, options)
        print(write_sheet(options.out, tiles, options.columns))
    except EgoprogError as error:
        print(f"training.lego_sheets: {error}", file=sys.stderr)
        return 1
    return 0


def _of_rows(folder: PairFolder, options: argparse.Namespace) -> list[np.ndarray]:
    rows = {key: GeneratedFolder(path) for key, path in options.row}
    have = set.intersection(*(row.ids() for row in rows.values()))
    there = [pair for pair in folder.pairs("validation") if pair.pair_id in have]
    if not there:
        raise ConfigurationError(f"expected a pair that every row has a picture of, got none; rows: {', '.join(rows)}")
    return drawn_tiles(folder, rows, by_lot(there, options.num, np.random.default_rng(options.seed)))


def _of_actions(folder: PairFolder, options: argparse.Namespace) -> list[np.ndarray]:
    """The frame first, then an answer to each action."""
    pair = _frame(folder, options.frame)
    before = folder.shown(folder.pictures(pair)[0])
    drawer = Drawer.open(drawer_folder(options.model))
    tiles = [tile([before], f"the frame   {pair.pair_id}")]
    for action in options.actions:
        drawn = drawer.draw(before, parse_question(action), options.seed)
        tiles.append(tile([drawn.picture], f"{action}\n{drawn.description}"))
    return tiles


def _frame(folder: PairFolder, pair_id: str | None) -> FramePair:
    pairs = folder.pairs("validation")
    found = [pair for pair in pairs if pair.pair_id == pair_id or (pair_id is None and pair.is_unseen)]
    if not found:
        raise ConfigurationError(f"expected the id of a validation pair of {folder.path}, got {pair_id!r}")
    return found[0]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training.lego_sheets",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--pairs", type=Path, required=True, metavar="FOLDER", help="of training.pairs")
    parser.add_argument(
        "--row", type=named_folder, action="append", default=[], metavar="KEY=FOLDER", help="of training.draw"
    )
    parser.add_argument("--actions", nargs="+", default=[], metavar="ACTION", help="asked of one frame")
    parser.add_argument("--frame", metavar="PAIR_ID", help="whose input is asked about (default: the first unseen one)")
    parser.add_argument("--model", default="", metavar="FOLDER", help="an exported model, if not the one that ships")
    parser.add_argument("--num", type=int, default=24, help="pairs of a sheet (default: 24)")
    parser.add_argument("--columns", type=int, default=4, help="of the sheet (default: 4)")
    parser.add_argument("--seed", type=int, default=0, help="of the lot, and of what is drawn (default: 0)")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE")
    return parser


if __name__ == "__main__":
    sys.exit(main())

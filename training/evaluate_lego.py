r"""Measures generated pictures against true ones: one row for each folder of pictures, tables in the paper's shape.

python -m training.evaluate_lego --pairs pairs --row joint=out/joint --row labels=out/labels \
    --data kitchens --judge runs/frames --judge-change runs/recognise --stand-in runs/frames \
    --stand-in-clips runs/recognise --out out/tables
python -m training.evaluate_lego --pairs pairs --row joint=out/joint --limit 20 --out out/psnr-alone

OUT gets metrics.json, tables.md and features/, in which what networks gave is kept: stopped, it goes on where it was.
A row is KEY=FOLDER: KEY is a recipe's (labels, descriptions, image, text, joint, sdedit, proxnpi, ...) or any other
name, FOLDER holds a PNG for each pair (egoprog.lego.generated). --extractors names a folder of published networks, see
egoprog/lego/metric_networks.py; --stand-in and --stand-in-clips name our own in the place of those that it lacks.
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from pathlib import Path

from tqdm import tqdm

from egoprog.data.atomic import atomic
from egoprog.data.epic_folder import SPLITS, EpicFolder
from egoprog.data.frame_pairs import PairFolder
from egoprog.errors import ConfigurationError, EgoprogError
from egoprog.lego.generated import GeneratedFolder, named_folder
from egoprog.lego.generation_evaluation import choose_pairs, evaluate, read_truth, store_of
from egoprog.lego.generation_metrics import Measurer
from egoprog.lego.generation_tables import CEILING, COMPARED, FLOOR, render
from egoprog.provenance import provenance


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    words = ["python", "-m", "training.evaluate_lego", *(sys.argv[1:] if arguments is None else arguments)]
    try:
        print(run(options, shlex.join(words)))
    except EgoprogError as error:
        print(f"training.evaluate_lego: {error}", file=sys.stderr)
        return 1
    return 0


def run(options: argparse.Namespace, command: str) -> str:
    """Measures, writes the files, and returns the tables."""
    from egoprog.lego.metric_networks import open_networks  # PyTorch and transformers take seconds to import
    from egoprog.lego.picture_judges import FrameJudge, OutputAlone, RecogniserJudge

    rows = {key: GeneratedFolder(folder) for key, folder in options.row}
    compared = [*COMPARED, *options.compare]
    for key in {key for pair in options.compare for key in pair} - rows.keys():
        raise ConfigurationError(f"expected rows among {', '.join(rows)} for --compare, got {key!r}")
    folder = PairFolder(options.pairs)
    chosen = choose_pairs(folder, rows, options.split, options.participants, options.limit)
    truth = read_truth(folder, chosen.pairs, EpicFolder(options.data) if options.data is not None else None)
    networks = open_networks(options.extractors, options.stand_in, options.stand_in_clips)
    hands = FrameJudge(options.judge) if options.judge is not None else None
    change = RecogniserJudge(options.judge_change) if options.judge_change is not None else hands and OutputAlone(hands)
    measurer = Measurer(truth, networks, store_of(options.out), hands, change, _progress)
    metrics = evaluate(measurer, rows, chosen.pairs, options.groups, compared)
    metrics["about"] = {
        **provenance(),
        "command": command,
        "pairs": str(options.pairs),
        "split": options.split,
        "participants": chosen.participants,
        "groups": options.groups,
        "num_pairs": len(chosen.pairs),
        "num_videos": len({pair.video_id for pair in chosen.pairs}),
        "num_participants": len({pair.participant_id for pair in chosen.pairs}),
        "num_left_out": chosen.num_lacking,
        "num_with_hand_asked": sum(one.hand is not None for one in truth.asked),
    }
    tables = render(metrics)
    with atomic(options.out / "metrics.json") as temporary:
        temporary.write_text(json.dumps(metrics, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    with atomic(options.out / "tables.md") as temporary:
        temporary.write_text(tables, encoding="utf-8")
    return tables


def _progress(starts: range) -> tqdm:
    return tqdm(starts, desc="pictures", unit="batch", mininterval=5.0, disable=not sys.stderr.isatty())


def _row(text: str) -> tuple[str, Path]:
    """Two names are the tables' own."""
    key, folder = named_folder(text)
    if key in (CEILING, FLOOR):
        raise argparse.ArgumentTypeError(f"expected a row as KEY=FOLDER, got {text!r}")
    return key, folder


def _compared(text: str) -> tuple[str, str]:
    one, has_other, other = text.partition(":")
    if not one or not has_other or not other:
        raise argparse.ArgumentTypeError(f"expected two rows as KEY:KEY, got {text!r}")
    return one, other


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training.evaluate_lego",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--pairs", type=Path, required=True, metavar="FOLDER", help="of frame pairs")
    parser.add_argument(
        "--row", type=_row, required=True, action="append", metavar="KEY=FOLDER", help="generated pictures; repeatable"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--extractors", type=Path, metavar="FOLDER", help="of published networks")
    parser.add_argument("--stand-in", type=Path, metavar="RUN", help="a frame encoder, for FID, CLIP and LPIPS")
    parser.add_argument("--stand-in-clips", type=Path, metavar="RUN", help="a recogniser, for EgoVLP and EgoVLP+")
    parser.add_argument("--judge", type=Path, metavar="RUN", help="a frame encoder, for what hands touch")
    parser.add_argument(
        "--judge-change",
        type=Path,
        metavar="RUN",
        help="a recogniser without context, for the action between input and output (default: the frame encoder's "
        "word on the output alone)",
    )
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="the recordings, whose programs name hands")
    parser.add_argument("--split", choices=SPLITS, default="validation")
    parser.add_argument(
        "--participants", choices=("unseen", "all"), help="default: unseen ones where the pairs know of any"
    )
    parser.add_argument(
        "--groups", choices=("pair", "video", "participant"), default="pair", help="what bootstrap draws take whole"
    )
    parser.add_argument("--limit", type=int, metavar="N", help="so many pairs at most, evenly over the split")
    parser.add_argument(
        "--compare", type=_compared, action="append", default=[], metavar="KEY:KEY", help="two more rows; repeatable"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())

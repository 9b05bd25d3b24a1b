"""People's judgement of generated pictures and of descriptions, asked on a page of this machine.

python -m egoprog.study best --pairs pairs --row lego=out/joint --row labels=out/labels --out study
python -m egoprog.study aligned --pairs pairs --out alignment
python -m egoprog.study serve study
python -m egoprog.study results study

A study is a folder; answers are in it the moment they are given. Stopped and served again, everybody goes on where they
were. `results` writes results.json and results.md beside them.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from egoprog.data.frame_pairs import FramePair, PairFolder
from egoprog.data.json_fields import parse_json
from egoprog.data.table import read_lines
from egoprog.errors import EgoprogError
from egoprog.lego.generated import GeneratedFolder, named_folder
from egoprog.study.answers import Answers
from egoprog.study.questions import NUM_ALIGNED, NUM_BEST, Study, drawn, make_aligned_study, make_best_study
from egoprog.study.results import write_results
from egoprog.study.server import PORT, StudyServer


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = __doc__
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    best = actions.add_parser("best", help="make a study of which method's picture is best")
    best.add_argument("--row", type=_row, action="append", required=True, metavar="METHOD=FOLDER")
    aligned = actions.add_parser("aligned", help="make a study of whether descriptions fit")
    aligned.add_argument(
        "--descriptions",
        type=Path,
        metavar="JSONL",
        help='lines of {"pair_id", "description"} (default: those of the pairs)',
    )
    for each, num in ((best, NUM_BEST), (aligned, NUM_ALIGNED)):
        each.add_argument("--pairs", type=Path, required=True, metavar="FOLDER", help="of frame pairs")
        each.add_argument("--out", type=Path, required=True, metavar="STUDY")
        each.add_argument("--split", choices=("train", "validation"), default="validation")
        each.add_argument("--questions", type=int, default=num, help=f"drawn by chance (default: the paper's {num})")
        each.add_argument("--seed", type=int, default=0)
    serve = actions.add_parser("serve", help="ask people, until Ctrl-C")
    serve.add_argument("study", type=Path)
    serve.add_argument("--host", default="127.0.0.1", help="0.0.0.0 lets other machines in (default: 127.0.0.1)")
    serve.add_argument("--port", type=int, default=PORT)
    told = actions.add_parser("results", help="what the answers say so far")
    told.add_argument("study", type=Path)


def run(arguments: argparse.Namespace) -> int:
    match arguments.action:
        case "serve":
            with StudyServer(Study(arguments.study), arguments.host, arguments.port) as server:
                print(f"asking on {server.url}; answers go to {server.answers.path}; Ctrl-C ends", flush=True)
                server.serve_forever()
        case "results":
            study = Study(arguments.study)
            print(write_results(study, Answers(study).all()), end="")
        case _:
            study = _make(arguments)
            print(f"{len(study.questions)} questions in {study.path}; now  python -m egoprog.study serve {study.path}")
    return 0


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m egoprog.study")
    add_arguments(parser)
    try:
        return run(parser.parse_args(arguments))
    except EgoprogError as error:
        print(f"egoprog.study: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _make(arguments: argparse.Namespace) -> Study:
    folder = PairFolder(arguments.pairs)
    pairs = folder.pairs(arguments.split)
    if arguments.action == "best":
        rows = {name: GeneratedFolder(path) for name, path in arguments.row}
        have = [row.ids() for row in rows.values()]
        there = [pair for pair in pairs if all(pair.pair_id in ids for ids in have)]
        asked = drawn(there, arguments.questions, arguments.seed)
        return make_best_study(arguments.out, folder, rows, asked, arguments.seed)
    descriptions = _descriptions(arguments.descriptions, pairs)
    asked = drawn([pair for pair in pairs if descriptions.get(pair.pair_id)], arguments.questions, arguments.seed)
    return make_aligned_study(arguments.out, folder, descriptions, asked, arguments.seed)


def _descriptions(path: Path | None, pairs: list[FramePair]) -> dict[str, str]:
    if path is None:
        return {pair.pair_id: pair.description for pair in pairs}
    lines = [parse_json(line, path, f"line {n}") for n, line in enumerate(read_lines(path), start=1) if line]
    return {fields.text("pair_id"): fields.text("description") for fields in lines}


def _row(text: str) -> tuple[str, Path]:
    return named_folder(text, "a method as NAME=FOLDER")

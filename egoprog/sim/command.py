"""`egoprog sim`: datasets, single recordings, views with the truth drawn in, and contact sheets of the kitchen."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

LONGEST_S = 3600.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")

    record = actions.add_parser("record", help="record a dataset, or one episode as a video")
    record.add_argument(
        "out", type=Path, metavar="OUT", help="a folder: a dataset in EPIC-KITCHENS' layout; NAME.mp4: one episode"
    )
    record.add_argument("--episodes", type=int, default=10, metavar="N", help="of the dataset (default: 10)")
    record.add_argument("--seed", type=int, default=0, metavar="S", help="decides everything (default: 0)")
    record.add_argument("--workers", type=int, default=1, metavar="W", help="processes that record (default: 1)")
    record.add_argument("--seconds", type=_seconds, help="of an episode, about (default: 180; of one video: 30)")
    record.add_argument(
        "--size", type=_size, metavar="WxH", help="of the frames (default: 456x256; of one video: 640x480)"
    )
    record.add_argument("--rate", type=float, default=30.0, metavar="HZ", help="of a dataset's frames (default: 30)")
    record.add_argument(
        "--strangers", action="store_true", help="of a dataset: every episode shows somebody who is in no other dataset"
    )
    record.add_argument(
        "--pairs",
        type=float,
        nargs="+",
        default=(),
        metavar="SHARE",
        help="of a dataset: no videos, but the pictures of LEGO's pairs: around each action's beginning and where such "
        "shares of it are done (LEGO: 0.6); half the time",
    )
    record.add_argument("--tasks", type=_names, default=(), metavar="A,B", help="only these tasks, in this order")

    view = actions.add_parser("view", help="make a video of an episode with the truth drawn in (no window is opened)")
    view.add_argument("-o", "--out", type=Path, default=Path("view.mp4"), metavar="OUT.mp4", help="default: view.mp4")
    _add_episode(view, seconds=30.0)

    sheet = actions.add_parser("sheet", help="draw contact sheets of episodes")
    sheet.add_argument("out", type=Path, metavar="OUT.png")
    sheet.add_argument(
        "recordings", nargs="*", type=Path, metavar="RECORDING", help="videos or dataset folders, instead of --seeds"
    )
    sheet.add_argument(
        "--seeds", type=_numbers, default=(0, 1, 2, 3), metavar="A,B", help="one episode each (default: 0,1,2,3)"
    )
    sheet.add_argument("--rows", type=int, default=1, help="of pictures for an episode (default: 1)")
    sheet.add_argument("--columns", type=int, default=6, help="pictures in a row (default: 6)")
    _add_episode(sheet, seconds=60.0, with_seed=False)

    tasks = actions.add_parser("tasks", help="list the tasks")
    tasks.set_defaults(action="tasks")


def _add_episode(parser: argparse.ArgumentParser, seconds: float, with_seed: bool = True) -> None:
    if with_seed:
        parser.add_argument("--seed", type=int, default=0, metavar="S", help="(default: 0)")
    parser.add_argument("--number", type=int, default=0, metavar="N", help="of the seed's episodes (default: 0)")
    parser.add_argument("--seconds", type=_seconds, default=seconds, help=f"about (default: {seconds:g})")
    parser.add_argument("--tasks", type=_names, default=(), metavar="A,B", help="only these tasks, in this order")


def run(arguments: argparse.Namespace) -> int:
    match arguments.action:
        case "record" if arguments.out.suffix.lower() == ".mp4":
            from egoprog.sim.record import SIZE_PX, record

            size_px, seconds = arguments.size or SIZE_PX, arguments.seconds or 30.0
            for path in record(arguments.out, arguments.seed, seconds, size_px, arguments.tasks):
                print(path)
        case "record":
            from egoprog.sim.dataset import Settings, record_dataset

            width_px, height_px = arguments.size or (456, 256)
            settings = Settings(
                arguments.seed, arguments.seconds or 180.0, width_px, height_px, arguments.tasks, arguments.rate,
                strangers=arguments.strangers, pair_shares=tuple(arguments.pairs),
            )  # fmt: skip
            try:
                video_ids = record_dataset(arguments.out, arguments.episodes, settings, arguments.workers)
            except KeyboardInterrupt:
                print(f"ended; what is whole is in {arguments.out}, the same command goes on")
                return 130
            more = ", ..." if len(video_ids) > 6 else ""
            print(f"{len(video_ids)} episodes in {arguments.out}: {', '.join(video_ids[:6])}{more}")
        case "view":
            from egoprog.sim.record import act, episode
            from egoprog.sim.view import write_view

            performance = act(episode(arguments.seed, arguments.number, arguments.seconds, arguments.tasks))
            write_view(arguments.out, performance)
            print(arguments.out)
        case "sheet":
            from egoprog.sim.sheet import write_sheet

            write_sheet(
                arguments.out, arguments.seeds, arguments.seconds, arguments.columns, arguments.rows, arguments.tasks,
                arguments.number, arguments.recordings,
            )  # fmt: skip
            print(arguments.out)
        case "tasks":
            from egoprog.sim.tasks import tasks

            for name in tasks():
                print(name)
    return 0


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds <= LONGEST_S:
        raise argparse.ArgumentTypeError(f"expected seconds above 0 and up to {LONGEST_S:g}, got {text}")
    return seconds


def _size(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d+)x(\d+)", text)
    if not match:
        raise argparse.ArgumentTypeError(f"expected WIDTHxHEIGHT, like 456x256, got {text!r}")
    return int(match[1]), int(match[2])


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _numbers(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected numbers with commas between, got {text!r}") from None

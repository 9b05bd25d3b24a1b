"""`egoprog report BAG --out DIR`: the page, the overlay video and the programs of a recorded run."""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path

from egoprog.errors import RecordingError
from egoprog.report.answers import read_answers
from egoprog.report.page import write_page, write_programs
from egoprog.report.run import Run, read_run
from egoprog.report.video import write_overlay_video


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bag", type=Path, help="rosbag2 folder that the recorder wrote")
    parser.add_argument("--out", type=Path, default=Path("out/report"), help="folder to write to (default %(default)s)")
    parser.add_argument("--name", default="", help="title of the page (default: the bag's name)")


def run(arguments: argparse.Namespace) -> int:
    report = write_report(arguments.bag, arguments.out, arguments.name, shlex.join(["egoprog", *sys.argv[1:]]))
    print(f"{len(report.programs)} programs over {report.duration_s:.1f} s: {arguments.out / 'index.html'}")
    return 0


def write_report(bag: Path, folder: Path, name: str = "", command: str = "") -> Run:
    """Writes overlay.mp4, programs.txt, programs.json and index.html; returns what the bag held.

    A bag without overlay frames still gets its page; the page says that there is no video.
    """
    folder.mkdir(parents=True, exist_ok=True)
    report = read_run(bag, name)
    video = "overlay.mp4"
    try:
        write_overlay_video(bag, folder / video, report)
    except RecordingError as error:
        print(f"no overlay video: {error}", file=sys.stderr)
        video = ""
    write_programs(report, folder)
    write_page(report, folder / "index.html", video, command, read_answers(bag))
    return report

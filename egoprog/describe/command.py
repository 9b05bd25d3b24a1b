"""`egoprog describe RECORDING`: runs the extractors and prints what they say, as the language model would read it.

egoprog describe kitchen.mp4
egoprog describe kitchen.mp4 --clip 3.2 7.5 --name take_carrots --json
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from pathlib import Path

from tqdm import tqdm

from egoprog.data import Recording, open_recording
from egoprog.describe.describer import Describer
from egoprog.describe.text import to_text
from egoprog.describe.types import ClipDescription
from egoprog.errors import ConfigurationError
from egoprog.program.types import object_name


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("recording", type=Path, help="a video, a folder of frames, a rosbag2 folder, .mcap or .db3")
    parser.add_argument(
        "--clip",
        type=float,
        nargs=2,
        metavar=("START", "STOP"),
        help="seconds; default: a clip for each narration, or the whole recording where there is none",
    )
    parser.add_argument("--name", help="of the program that the clip is of, e.g. take_carrots")
    parser.add_argument("--json", action="store_true", help="everything that is known, as JSON instead of text")
    parser.add_argument("--vocabulary", type=Path, metavar="FILE", help="object names that may be used, one a line")
    parser.add_argument("--narrations", type=Path, metavar="FILE", help="EPIC's CSV, a CSV of start,stop,text, or SRT")
    parser.add_argument("--poses", type=Path, metavar="FILE", help="CSV of stamp_s,x,y,z,qx,qy,qz,qw, or HOT3D's")
    parser.add_argument("--audio", type=Path, metavar="FILE", help="a sound file in the place of the recording's sound")
    parser.add_argument("--rate", type=float, default=30.0, help="frames a second of a folder (default %(default)g)")
    parser.add_argument("--camera", default="", metavar="TOPIC", help="image topic of a bag (default: the first)")


def run(arguments: argparse.Namespace) -> int:
    vocabulary = read_vocabulary(arguments.vocabulary) if arguments.vocabulary else ()
    recording = open_recording(
        arguments.recording,
        arguments.narrations,
        arguments.poses,
        arguments.audio,
        rate_hz=arguments.rate,
        camera_topic=arguments.camera,
    )
    spans = _checked_spans(arguments.clip, recording)
    describer = describe_with_progress(recording, vocabulary)
    for warning in recording.warnings:
        print(f"egoprog describe: {warning}", file=sys.stderr)
    descriptions = [describer.clip(*span, arguments.name) for span in spans or _narrated_spans(describer, recording)]
    if arguments.json:
        print(json.dumps([to_json(description) for description in descriptions], indent=2))
    else:
        print("\n\n".join(to_text(description) for description in descriptions))
    return 0


def describe_with_progress(recording: Recording, vocabulary: tuple[str, ...] = ()) -> Describer:
    """`describe_recording` with a progress bar on stderr, where that is a terminal."""
    from egoprog.describe.offline import describe_recording  # loads the hand model's runtime

    with tqdm(total=round(recording.duration_s, 1), unit="s", desc=recording.name, leave=False, disable=None) as bar:
        return describe_recording(recording, vocabulary, lambda stamp_s: bar.update(max(0.0, stamp_s - bar.n)))


def read_vocabulary(path: Path) -> tuple[str, ...]:
    """Object names, one a line, in their canonical form; blank lines and lines that begin with # are passed over.

    Raises ConfigurationError naming file and line.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"expected a text file of object names, got {error}: {path}") from None
    names: dict[str, None] = {}
    for number, line in enumerate(lines, start=1):
        if line.strip() and not line.lstrip().startswith("#"):
            try:
                names[object_name(line)] = None
            except ValueError as error:
                raise ConfigurationError(f"{path}, line {number}: {error}") from None
    if not names:
        raise ConfigurationError(f"{path}: expected object names, one a line, got none")
    return tuple(names)


def to_json(description: ClipDescription) -> dict:
    """A description as plain lists and numbers; enumerations as their words."""
    return dataclasses.asdict(description)


def _checked_spans(clip: list[float] | None, recording: Recording) -> list[tuple[float, float]]:
    if clip is None:
        return []
    start_s, stop_s = clip
    if not 0 <= start_s < stop_s:
        raise ConfigurationError(f"expected --clip START STOP with 0 <= START < STOP, got {start_s:g} {stop_s:g}")
    if start_s >= recording.duration_s > 0:
        raise ConfigurationError(f"expected a clip within {recording.duration_s:.2f} s of recording, got {start_s:g} s")
    return [(start_s, stop_s)]


def _narrated_spans(describer: Describer, recording: Recording) -> list[tuple[float, float]]:
    """A clip for each narration that has an end and lies in the recording; else the whole recording."""
    spans = [
        (told.start_s, told.stop_s)
        for told in describer.narrations
        if told.stop_s is not None and told.start_s < min(told.stop_s, recording.duration_s)
    ]
    return spans or [(0.0, recording.duration_s)]

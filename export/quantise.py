"""What half precision and int8 cost and gain: accuracy beside speed and size, all forms in one run.

python -m export.quantise models/leap_sim --data kitchens --out docs/results
python -m export.quantise models/leap_sim --out out/quantise      # agreement on made frames, under a minute

Times are medians of the processor time of one thread, the forms in turns. Agreement is with fp32: how often the
recogniser says the same class. Accuracy is top-1 on clips of the validation split, without the clips around.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from egoprog.data import read_actions
from egoprog.data.atomic import atomic
from egoprog.data.clips import recognition_items
from egoprog.data.epic import Action
from egoprog.data.epic_folder import EpicFolder
from egoprog.data.frames import VideoFrames
from egoprog.errors import EgoprogError
from egoprog.leap.agreement import CLASSES, made_pictures, normalised, stream
from egoprog.leap.config import LeapConfig
from egoprog.leap.export import add_precision
from egoprog.leap.live import ENCODER, RECOGNISER, config_of
from egoprog.leap.sampling import frame_stamps
from egoprog.provenance import provenance
from egoprog.runtime import ModelFolder, Session, load, open_model
from egoprog.runtime.precisions import to_dynamic_int8

NUM_EXAMPLES = 64
"""Frames that set the scales of int8; of the training split where there are data."""
_FORMS = {"fp32": "fp32", "fp16": "fp16", "int8, static": "int8", "int8, dynamic": "int8"}

Frames = list[NDArray[np.float32]]


@dataclass(frozen=True)
class Clip:
    """The frames of a window, and the true action where it is known."""

    frames: Frames
    action: Action | None


class Timed:
    """A session that keeps the processor time of each run."""

    def __init__(self, session: Session) -> None:
        self.inputs, self.outputs, self.metadata = session.inputs, session.outputs, session.metadata
        self.times_s: list[float] = []
        self._session = session

    def run(self, arrays: Mapping[str, NDArray]) -> dict[str, NDArray]:
        began_s = time.thread_time()
        said = self._session.run(arrays)
        self.times_s.append(time.thread_time() - began_s)
        return said


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m export.quantise", description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path, metavar="FOLDER", help="of a model, e.g. models/leap_sim")
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="a dataset in EPIC's layout (default: made frames)")
    parser.add_argument("--clips", type=int, default=200, metavar="N", help="at most (default: %(default)s)")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="for NAME_precisions.json and .md")
    options = parser.parse_args(arguments)
    try:
        print(run(options.model, options.data, options.clips, options.out))
    except EgoprogError as error:
        print(f"export.quantise: {error}", file=sys.stderr)
        return 1
    return 0


def run(folder: Path, data: Path | None, num_clips: int, out: Path) -> str:
    """Measures, writes the results, and returns the table as Markdown."""
    model = open_model(folder)
    config = config_of(load(folder, ("onnxruntime",), graph=RECOGNISER, num_threads=1))
    with tempfile.TemporaryDirectory() as temporary:
        copy = replace(model, path=Path(shutil.copytree(folder, Path(temporary, "model"))))
        forms = _forms(copy, _examples(data, config))
        said = _judge(forms, list(_clips(data, "validation", config, num_clips)))
    rows = [_row(form, said) for form in said]
    columns = list(rows[0])
    lines = [columns, ["---"] * len(columns), *([str(row[column]) for column in columns] for row in rows)]
    made = provenance()
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    note = f"{folder.name}, {len(next(iter(said.values())).actions)} clips of {data.name if data else 'made frames'}. "
    text = f"{table}\n\n{note}`{made['command']}` at commit {made['commit']}, {made['machine']}\n"
    for suffix, content in ((".json", json.dumps({**made, "rows": rows}, indent=1) + "\n"), (".md", text)):
        with atomic(out / f"{folder.name}_precisions{suffix}") as path:
            path.write_text(content)
    return text


@dataclass(frozen=True)
class Said:
    """What a form said at the end of each clip, by output; its times and the size of its frame encoder."""

    logits: Mapping[str, NDArray]
    actions: Sequence[Action | None]
    encoder_ms: float
    tick_ms: float
    size_mb: float


def _forms(model: ModelFolder, examples: Frames) -> dict[str, tuple[dict[str, Timed], float]]:
    """Encoder and recogniser of each form, and the megabytes of the encoder."""
    for precision in ("fp16", "int8"):
        model = add_precision(model, precision, examples)
    forms = {}
    for form, precision in _FORMS.items():
        encoder, head = model.onnx(ENCODER, precision), model.onnx(RECOGNISER, precision)
        if form == "int8, dynamic":
            encoder = model.path / "dynamic.onnx"
            to_dynamic_int8(model.onnx(ENCODER), encoder)
        paths = {ENCODER: encoder, RECOGNISER: head}
        sessions = {name: Timed(load(path, ("onnxruntime",), num_threads=1)) for name, path in paths.items()}
        forms[form] = sessions, encoder.stat().st_size / 1e6
    return forms


def _judge(forms: Mapping[str, tuple[dict[str, Timed], float]], clips: Sequence[Clip]) -> dict[str, Said]:
    logits: dict[str, dict[str, list[NDArray]]] = {form: {} for form in forms}
    for clip in tqdm(clips, desc="clips", disable=None):
        for form, (sessions, _) in forms.items():
            for name, value in stream(sessions, clip.frames, has_context=False).items():
                logits[form].setdefault(name.rpartition(".")[2], []).append(value[-1, 0])
    said = {}
    for form, (sessions, size_mb) in forms.items():
        encoder_ms, head_ms = (1e3 * statistics.median(sessions[name].times_s) for name in (ENCODER, RECOGNISER))
        stacked = {name: np.stack(values) for name, values in logits[form].items()}
        said[form] = Said(stacked, [clip.action for clip in clips], encoder_ms, encoder_ms + head_ms, size_mb)
    return said


def _row(form: str, said: Mapping[str, Said]) -> dict[str, Any]:
    ours, reference = said[form], said["fp32"]
    row: dict[str, Any] = {
        "form": form,
        "encoder ms": f"{ours.encoder_ms:.2f}",
        "tick ms": f"{ours.tick_ms:.2f}",
        "times faster": f"{reference.tick_ms / ours.tick_ms:.2f}",
        "encoder MB": f"{ours.size_mb:.1f}",
    }
    for name in CLASSES:
        if name in ours.logits and ours.logits[name].shape[-1]:
            same = ours.logits[name].argmax(-1) == reference.logits[name].argmax(-1)
            row[f"same {name}"] = f"{same.mean():.1%}"
    known = [k for k, action in enumerate(ours.actions) if action is not None]
    if known:
        for name in ("verb", "noun"):
            true = np.array([getattr(ours.actions[k], f"{name}_class") for k in known])
            row[f"{name} top-1"] = f"{np.mean(ours.logits[f'{name}s'][known].argmax(-1) == true):.1%}"
    return row


def _examples(data: Path | None, config: LeapConfig) -> Frames:
    num_clips = -(-NUM_EXAMPLES // config.backbone.num_frames)
    return [frame for clip in _clips(data, "train", config, num_clips) for frame in clip.frames][:NUM_EXAMPLES]


def _clips(data: Path | None, split: str, config: LeapConfig, num_clips: int) -> list[Clip]:
    """As many clips, evenly from all of a split that have a video; made ones without data."""
    backbone = config.backbone
    if data is None:
        seed = 0 if split == "train" else 1000
        num = min(num_clips, 20)
        return [Clip(normalised(made_pictures(backbone.num_frames, seed=seed + k), backbone), None) for k in range(num)]
    folder = EpicFolder(data)
    items = [
        item for item in recognition_items(read_actions(folder.actions(split))) if folder.video(item.video_id).is_file()
    ]
    places = np.unique(np.linspace(0, len(items) - 1, min(num_clips, len(items))).astype(int))
    source, clips = VideoFrames(folder), []
    for place in tqdm(places, desc=f"reading {split}", disable=None):
        item = items[place]
        stamps_s = frame_stamps(item.span, backbone.num_frames, source.rate_hz(item.video_id))
        clips.append(Clip(normalised(source.read(item.video_id, stamps_s), backbone), item.action))
    return clips


if __name__ == "__main__":
    sys.exit(main())

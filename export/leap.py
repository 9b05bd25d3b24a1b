"""Makes a model folder of trained networks: ONNX with metadata, weights, model.json; checks it against PyTorch.

python -m export.leap --run runs/recognise runs/anticipate --context runs/context --reranker runs/reranker.json \\
    --out models/leap_sim --check
python -m export.leap --model models/leap_sim --out out/export --check    # seconds on a CPU, with a shipped model

A run is the folder of a training (its best weights are taken) or a safetensors file. --check runs real frames through
PyTorch and ONNX Runtime and exits 1 where an output of fp32 differs by more than 1e-4 of its scale.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from tqdm import tqdm

from egoprog.errors import ConfigurationError, EgoprogError, ModelError
from egoprog.leap.agreement import (
    TOLERANCE,
    Difference,
    differences,
    made_pictures,
    normalised,
    pictures_of_video,
    sessions_of,
    stream,
)
from egoprog.leap.config import LeapConfig, leap_from_json
from egoprog.leap.export import add_precision, add_reranker, export_model
from egoprog.leap.initial_weights import weights_of
from egoprog.leap.live import ANTICIPATOR, CONTEXT, RATE_HZ, RECOGNISER
from egoprog.leap.reranking import load_reranker
from egoprog.leap.sentences import SentenceEncoder
from egoprog.leap.shipped import RERANKER
from egoprog.onnx_export import About
from egoprog.provenance import provenance
from egoprog.runtime import ModelFolder, open_model
from egoprog.runtime.model_folder import PRECISIONS, parse_precisions
from egoprog.train.checkpoint import read_metadata
from egoprog.train.loop import RESULTS_NAME

NUM_FRAMES = 48
"""That are compared and that set the scales of int8."""
_HEADS = {"recognise": RECOGNISER, "anticipate": ANTICIPATOR}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m export.leap", description=__doc__.splitlines()[0])
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "--run", nargs="+", type=Path, metavar="RUN", help="trained networks: a recogniser, an anticipator"
    )
    source.add_argument("--model", type=Path, metavar="FOLDER", help="a model folder, to export its weights again")
    parser.add_argument("--context", type=Path, metavar="RUN", help="with --run: the context network")
    parser.add_argument("--reranker", type=Path, metavar="FILE", help="of training.rerank, for the world model's say")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--check", action="store_true", help="compare PyTorch and ONNX Runtime, frame by frame")
    parser.add_argument("--precision", default="fp32", help=f"of {', '.join(PRECISIONS)}; several with commas between")
    parser.add_argument("--video", type=Path, metavar="FILE", help="of real frames (default: made ones)")
    parser.add_argument(
        "--rate", type=float, default=RATE_HZ, metavar="HZ", help="ticks a second (default: %(default)g)"
    )
    parser.add_argument("--about", default="", metavar="TEXT", help="what the model is, a sentence for its card")
    parser.add_argument("--data", default="", metavar="TEXT", help="what it was trained on, a sentence for its card")
    try:
        return run(parser.parse_args(arguments))
    except EgoprogError as error:
        print(f"export.leap: {error}", file=sys.stderr)
        return 1


def run(options: argparse.Namespace) -> int:
    """Returns the exit status."""
    precisions, reranker = parse_precisions(options.precision), _reranker(options)
    weights, about = _from_model(options.model) if options.model else _from_runs(options)
    commit = provenance()["commit"]
    model = export_model(options.out, weights, about, commit=commit, rate_hz=options.rate, embed=_embed(weights))
    if reranker is not None:
        model = add_reranker(model, reranker)
    backbone = _config(weights[RECOGNISER]).backbone
    pictures = (
        pictures_of_video(options.video, NUM_FRAMES, options.rate) if options.video else made_pictures(NUM_FRAMES)
    )
    frames = normalised(pictures, backbone)
    for precision in tqdm([name for name in precisions if name != "fp32"], desc="precisions", disable=None):
        model = add_precision(model, precision, frames)
    for name in sorted(model.files):
        print(f"{options.out / name}  {(options.out / name).stat().st_size / 1e6:.1f} MB")
    return check(model, precisions, frames) if options.check else 0


def check(model: ModelFolder, precisions: list[str], frames: list) -> int:
    """Prints how far each output lies from PyTorch's; 1 where one of fp32 is too far, else 0."""
    reference = stream(sessions_of(model, "torch"), tqdm(frames, desc="PyTorch", disable=None))
    status = 0
    for precision in dict.fromkeys(["fp32", *precisions]):
        ours = stream(sessions_of(model, "onnxruntime", precision), tqdm(frames, desc=precision, disable=None))
        print(f"\n{precision}: ONNX Runtime against PyTorch, {len(frames)} frames of a stream")
        for difference in differences(ours, reference):
            print(_line(difference, has_tolerance=precision == "fp32"))
            if precision == "fp32" and not difference.is_within():
                status = 1
    if status:
        print("export.leap: expected fp32 within the tolerance, got outputs beyond it", file=sys.stderr)
    return status


def _line(difference: Difference, has_tolerance: bool) -> str:
    words = (
        f"  {difference.output:<28} largest difference {difference.largest:8.1e}, largest value {difference.scale:8.2g}"
    )
    if difference.top_1 is not None:
        words += f", same class {difference.top_1:6.1%}"
    if has_tolerance:
        words += (
            f"; tolerance {TOLERANCE * max(1.0, difference.scale):.1e}: {'ok' if difference.is_within() else 'BEYOND'}"
        )
    return words


def _from_model(folder: Path) -> tuple[dict[str, Path], About]:
    model = open_model(folder)
    model.check()
    weights = {
        name: folder / graph.weights for name, graph in model.graphs.items() if f"{name}.safetensors" == graph.weights
    }
    return weights, About(model.name, model.about, model.data, model.command, model.commit, model.license)


def _from_runs(options: argparse.Namespace) -> tuple[dict[str, Path], About]:
    weights: dict[str, Path] = {}
    for run in options.run:
        name = _HEADS[_config(weights_of(run)).task]
        if name in weights:
            raise ConfigurationError(
                f"expected one {name}, got {weights[name]} and {run}; name the context with --context"
            )
        weights[name] = weights_of(run)
    if options.context:
        weights[CONTEXT] = weights_of(options.context)
    commands, commits = zip(*map(_made, [*options.run, *([options.context] if options.context else [])]), strict=True)
    about = About(
        name=options.out.name,
        about=options.about or f"LEAP's {' and '.join(weights)} on single frames of a stream.",
        data=options.data or "See the commands below.",
        command="\n".join(dict.fromkeys(commands)),
        commit=", ".join(dict.fromkeys(commits)),
    )
    return weights, about


def _reranker(options: argparse.Namespace) -> Path | None:
    """The one that was named, else that of the folder which is exported again. Raises ModelError if it is none."""
    kept = options.model / RERANKER if options.model else None
    found = options.reranker or (kept if kept is not None and kept.is_file() else None)
    if found is not None:
        load_reranker(found)  # an export takes minutes: what can't go in is told before
    return found


def _config(weights: Path) -> LeapConfig:
    if "config" not in (metadata := read_metadata(weights)):
        raise ModelError(f"expected a configuration of LEAP beside the weights in {weights}, got none")
    return leap_from_json(metadata["config"])


def _made(run: Path) -> tuple[str, str]:
    """Command and commit of a training."""
    try:
        results = json.loads(((run if run.is_dir() else run.parent) / RESULTS_NAME).read_text())
        return results["command"], results["commit"]
    except (OSError, ValueError, KeyError):
        return f"unknown, of {run}", "unknown"


def _embed(weights: dict[str, Path]):
    return SentenceEncoder() if _config(weights[RECOGNISER]).vocabulary.sentences else None


if __name__ == "__main__":
    sys.exit(main())

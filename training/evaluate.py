"""Measures a trained network, stored predictions, or a baseline that does not look.

python -m training.evaluate --run runs/recognise/full/seed0 --data kitchens --out runs/recognise/full/seed0
python -m training.evaluate --predictions a/predictions.npz b/predictions.npz --data kitchens --out out/ensemble
python -m training.evaluate --label-history trigram --data kitchens --out out/trigram
python -m training.evaluate --label-history trigram --seen r/predictions.npz --data kitchens --out out/trigram_seen

The second averages networks, needs no PyTorch and takes seconds. OUT gets predictions.npz, measures.json, a CSV of
classes for verb, noun and action, reliability.png, and with --submission a zip for EPIC-KITCHENS' challenge.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from egoprog.data.epic import read_actions, read_unseen_participants
from egoprog.data.epic_folder import SPLITS, EpicFolder
from egoprog.errors import ConfigurationError, EgoprogError
from egoprog.leap import label_history
from egoprog.leap.ensemble import average
from egoprog.leap.evaluation import evaluate, table, write_evaluation
from egoprog.leap.metrics import TailClasses, tail_classes
from egoprog.leap.predictions import Predictions, load_predictions
from egoprog.leap.submission import Supervision, write_submission
from egoprog.leap.vocabulary import make_vocabulary


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        print(run(options))
    except EgoprogError as error:
        print(f"training.evaluate: {error}", file=sys.stderr)
        return 1
    return 0


def run(options: argparse.Namespace) -> str:
    """Makes predictions, measures them, writes the files, and returns the table."""
    folder = _folder(options)
    unseen, tail = _of_folder(folder)
    predictions = _predictions(options, folder)
    if options.same_clips_as is not None:
        wanted = set(load_predictions(options.same_clips_as).narration_ids)
        predictions = predictions.keep([k for k, name in enumerate(predictions.narration_ids) if name in wanted])
    if options.participants == "unseen":
        if not unseen:
            raise ConfigurationError(
                "expected a list of unseen participants for --participants unseen, found none; give --data a folder "
                "with annotations/EPIC_100_unseen_participant_ids_validation.csv"
            )
        predictions = predictions.keep([k for k, one in enumerate(predictions.participants) if one in unseen])
    if not len(predictions):
        raise ConfigurationError("expected clips to measure, got none; see --split, --participants, --same-clips-as")
    measures = evaluate(predictions, unseen, tail)
    write_evaluation(options.out, predictions, measures)
    if options.submission:
        write_submission(options.out / "submission.zip", predictions, Supervision(*options.supervision))
    return table(measures)


def _predictions(options: argparse.Namespace, folder: EpicFolder | None) -> Predictions:
    if options.predictions:
        return average([load_predictions(path) for path in options.predictions])
    if folder is None and options.label_history:
        raise ConfigurationError("expected --data with --label-history: it reads nothing but annotations")
    if options.label_history:
        training = read_actions(folder.actions("train"))
        vocabulary = make_vocabulary(training, ())
        asked = read_actions(folder.actions(options.split))
        seen = load_predictions(options.seen) if options.seen else None
        return label_history.predict(options.label_history, training, asked, vocabulary, options.tau_a_s, seen=seen)
    from egoprog.leap.run_inference import predict_split  # needs PyTorch

    asked = (options.run, options.split, options.data, options.batch, options.workers, options.weights, options.views)
    return predict_split(*asked)


def _folder(options: argparse.Namespace) -> EpicFolder | None:
    """The dataset that was named, else that of the run."""
    data = options.data
    if data is None and options.run is not None:
        from egoprog.leap.run_options import RunOptions  # needs PyTorch

        data = RunOptions.read(options.run).data
    return EpicFolder(data) if data is not None else None


def _of_folder(folder: EpicFolder | None) -> tuple[tuple[str, ...], TailClasses | None]:
    """Unseen participants and tail classes, as far as a folder tells."""
    if folder is None:
        return (), None
    path = folder.unseen_participants
    training = read_actions(folder.actions("train"))
    unseen = read_unseen_participants(path) if path.is_file() else ()
    return unseen, tail_classes(folder.root / "annotations", training)


def _views(text: str) -> tuple[int, int]:
    """Of "4x3"."""
    try:
        temporal, spatial = map(int, text.split("x"))
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected views in time and in space as 4x3, got {text!r}") from None
    return temporal, spatial


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training.evaluate",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--run", type=Path, help="folder of a trained network")
    parser.add_argument(
        "--weights",
        choices=("best", "last"),
        default="best",
        help="of --run: of the epoch that did best on the validation split, or the last ones (default: best)",
    )
    source.add_argument("--predictions", type=Path, nargs="+", metavar="NPZ", help="stored ones; several are averaged")
    source.add_argument("--label-history", choices=label_history.BASELINES, help="a baseline from annotations alone")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    parser.add_argument(
        "--data", type=Path, metavar="FOLDER", help="a dataset in EPIC's layout (default: the run's own, if any)"
    )
    parser.add_argument("--split", choices=SPLITS, default="validation")
    parser.add_argument("--participants", choices=("all", "unseen"), default="all")
    parser.add_argument("--same-clips-as", type=Path, metavar="NPZ", help="measures only the clips of those")
    parser.add_argument(
        "--seen", type=Path, metavar="NPZ", help="of --label-history: a recogniser's predictions instead of annotations"
    )
    parser.add_argument("--tau-a-s", type=float, default=1.0, help="anticipation time of --label-history, seconds")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument(
        "--views",
        type=_views,
        default=(1, 1),
        metavar="TxS",
        help="of --run: views in time and in space (1 or 3) of each clip, averaged (default: 1x1)",
    )
    parser.add_argument("--workers", type=int, default=0, help="processes that read clips")
    parser.add_argument("--submission", action="store_true", help="writes OUT/submission.zip too")
    parser.add_argument(
        "--supervision",
        type=int,
        nargs=3,
        default=(2, 5, 3),
        metavar=("PT", "TL", "TD"),
        help="of the submission: pretraining, training labels, training data, 0 to 5 (default: 2 5 3)",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())

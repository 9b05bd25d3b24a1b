"""Re-ranks anticipated actions by what is possible in the estimated world, and measures it on and off.

python -m training.rerank --predictions out/trigram/predictions.npz --data kitchens --true-history --out out/reranked
python -m training.rerank --predictions a/predictions.npz --history r/predictions.npz --data kitchens --out out/reranked

The first takes about a minute for six hours of kitchen. --history: what a recogniser said of the clips, of training
and of other participants; from it alone the world is estimated. --true-history takes the recorded programs instead:
an upper bound, and so labelled. --wrong-share then puts another clip's program in the place of that share of them.
--fit: what the network anticipated of training clips, on which it was NOT trained; without it the factors are learned
with a trigram of labels, made of other participants, in the network's place.

OUT gets predictions.npz, measures.json, reasons.csv (what was pushed down, and why) and reranker.json, for robots.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from egoprog.data.atomic import atomic
from egoprog.data.epic import Action, read_actions
from egoprog.data.epic_folder import SPLITS, EpicFolder
from egoprog.data.program_lines import iter_programs
from egoprog.errors import ConfigurationError, EgoprogError
from egoprog.leap.action_conditions import LabelledClip
from egoprog.leap.predictions import load_predictions, save_predictions
from egoprog.leap.rerank_predictions import (
    PushedDown,
    foretold_by,
    learn_reranker,
    measure_on_and_off,
    recognised_by,
    rerank_predictions,
    trigram_of_others,
    with_wrong,
)
from egoprog.leap.reranking import save_reranker
from egoprog.leap.state_estimate import Observed
from egoprog.world import Domain


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        print(run(options))
    except EgoprogError as error:
        print(f"training.rerank: {error}", file=sys.stderr)
        return 1
    return 0


def run(options: argparse.Namespace) -> str:
    """Learns, re-ranks, measures, writes the files, and returns the table."""
    folder, domain = EpicFolder(options.data), Domain.default()
    asked = load_predictions(options.predictions)
    rows = {split: read_actions(folder.actions(split)) for split in SPLITS if folder.actions(split).is_file()}
    row_of = {row.narration_id: row for split in rows.values() for row in split}
    if unknown := [name for name in asked.narration_ids if name not in row_of]:
        raise ConfigurationError(f"expected predictions of clips in {options.data}, got {unknown[0]!r}")
    training = [row for row in rows.get("train", ()) if row.narration_id not in set(asked.narration_ids)]
    if not training:
        raise ConfigurationError("expected training clips besides those that are re-ranked, found none")
    clips = _clips(folder, row_of)
    prior = load_predictions(options.fit) if options.fit else trigram_of_others(training, asked)
    observed, told = _observed(options, clips, {row.narration_id for row in training})
    foretold = foretold_by(prior, asked) if options.history else None
    tau_a_s = asked.config.tau_a_s
    learned = learn_reranker(list(row_of.values()), training, clips, prior, observed, tau_a_s, foretold, domain)
    reranked, pushed = rerank_predictions(asked, learned, domain)
    options.out.mkdir(parents=True, exist_ok=True)
    save_predictions(options.out / "predictions.npz", reranked)
    save_reranker(options.out / "reranker.json", learned.reranker)
    measures = {
        "past": told,
        "weight": learned.reranker.weight,
        "recall_on_training_by_weight": dict(learned.recalls),
        "num_training_clips": learned.num_moments,
        **measure_on_and_off(asked, reranked),
    }
    with atomic(options.out / "measures.json") as temporary:
        temporary.write_text(json.dumps(measures, indent=1) + "\n", encoding="utf-8")
    _write_reasons(options.out / "reasons.csv", pushed)
    return _table(measures)


def _clips(folder: EpicFolder, row_of: Mapping[str, Action]) -> dict[str, LabelledClip]:
    files = [path for path in map(folder.programs, SPLITS) if path.is_file()]
    return {
        clip.narration_id: LabelledClip((row.verb, row.noun), clip)
        for path in files
        for clip in iter_programs(path)
        if (row := row_of.get(clip.narration_id)) is not None
    }


def _observed(
    options: argparse.Namespace, clips: Mapping[str, LabelledClip], trained_on: set[str]
) -> tuple[Mapping[str, Observed], str]:
    """What is known of past clips, and in words where that comes from. Nobody's truth where a history is given, but in
    training clips: their factors are then those of a recogniser that never errs, and say so.
    """
    observed = {name: Observed(one.label, one.steps) for name, one in sorted(clips.items())}
    if options.history:
        seen = recognised_by(*map(load_predictions, options.history))
        recorded = {name: one for name, one in observed.items() if name in trained_on and name not in seen}
        told = f"recognised in {len(seen)} clips; the recorded programs of {len(recorded)} other training clips"
        return {**recorded, **seen}, told
    if not options.wrong_share:
        return observed, "recorded programs: an upper bound"
    told = f"recorded programs, {options.wrong_share:.0%} of them another clip's"
    return with_wrong(observed, options.wrong_share, options.seed), told


def _write_reasons(path: Path, pushed: Sequence[PushedDown]) -> None:
    with atomic(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["narration_id", "action", "rank_before", "rank_after", "shift", "why_not"])
        for one in pushed:
            shift = f"{one.shift:.2f}"
            writer.writerow(
                [one.narration_id, " ".join(one.label), one.rank_before, one.rank_after, shift, one.why_not]
            )


def _table(measures: Mapping[str, dict]) -> str:
    lines = [f"the past: {measures['past']}", f"weight {measures['weight']:g}", f"{'':>10}{'mean top-5 recall':>20}"]
    lines[-1] += f"{'top-1':>10}{'top-5':>10}"
    for name in ("off", "on"):
        scores = measures[name]
        lines.append(f"{name:>10}{scores['mean_top5_recall']:>20.1%}{scores['top1']:>10.1%}{scores['top5']:>10.1%}")
    return "\n".join([*lines, f"classes up {measures['num_classes_up']}, down {measures['num_classes_down']}"])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training.rerank", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--predictions", type=Path, required=True, help="what was anticipated; see training.evaluate")
    parser.add_argument("--data", type=Path, required=True, help="folder in EPIC's layout, with programs")
    past = parser.add_mutually_exclusive_group(required=True)
    past.add_argument("--history", type=Path, nargs="+", help="a recogniser's predictions of the clips")
    past.add_argument("--true-history", action="store_true", help="the recorded programs: an upper bound")
    parser.add_argument("--wrong-share", type=float, default=0.0, help="of the recorded programs that are exchanged")
    parser.add_argument("--fit", type=Path, help="what was anticipated of training clips")
    parser.add_argument("--seed", type=int, default=0, help="of what is exchanged")
    parser.add_argument("--out", type=Path, required=True)
    return parser


if __name__ == "__main__":
    sys.exit(main())

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
import dataclasses
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from egoprog.data.atomic import atomic
from egoprog.data.epic import Action, read_actions
from egoprog.data.epic_folder import SPLITS, EpicFolder
from egoprog.data.program_lines import iter_programs
from egoprog.errors import ConfigurationError, EgoprogError
from egoprog.leap import label_history
from egoprog.leap.action_conditions import LabelledClip, learn_conditions
from egoprog.leap.config import Vocabulary
from egoprog.leap.decoding import decode, program_of
from egoprog.leap.metrics import class_table, judge, scores_of
from egoprog.leap.prediction import softmax
from egoprog.leap.predictions import Predictions, load_predictions, save_predictions
from egoprog.leap.reranking import NUM_FOLDS, Reranker, choose_weight, learn_factors, moment_of, save_reranker
from egoprog.leap.state_estimate import Observed, states_before
from egoprog.world import Domain, WorldState

MOST_CANDIDATES = 60  # of a clip's actions, the likeliest, that are judged
TOLD = 5  # candidates pushed out of the first five are the reasons that are written


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
    conditions = learn_conditions([clips[row.narration_id] for row in training if row.narration_id in clips], domain)
    prior = load_predictions(options.fit) if options.fit else _trigram(training, asked)
    observed, told = _observed(options, clips, {row.narration_id for row in training})
    foretold = {**_foretold(prior), **_foretold(asked)} if options.history else None
    tau_a_s = asked.config.tau_a_s
    states = {
        row.narration_id: estimate.state
        for row, estimate in states_before(row_of.values(), observed, conditions, domain, tau_a_s, foretold)
    }
    shares = _candidates(prior)
    moments = [
        moment_of(row.participant_id, (row.verb, row.noun), shares[row.narration_id], states[row.narration_id],
                  conditions, domain)
        for row in training if row.narration_id in shares
    ]  # fmt: skip
    weight, recalls = choose_weight(conditions, moments)
    reranker = Reranker(conditions, learn_factors(moments), weight)
    reranked, reasons = _rerank(asked, reranker, states, domain)
    options.out.mkdir(parents=True, exist_ok=True)
    save_predictions(options.out / "predictions.npz", reranked)
    save_reranker(options.out / "reranker.json", reranker)
    measures = _measures(asked, reranked, weight, recalls, told, len(moments))
    with atomic(options.out / "measures.json") as temporary:
        temporary.write_text(json.dumps(measures, indent=1) + "\n", encoding="utf-8")
    _write_reasons(options.out / "reasons.csv", reasons)
    return _table(measures)


def _clips(folder: EpicFolder, row_of: Mapping[str, Action]) -> dict[str, LabelledClip]:
    files = [path for path in map(folder.programs, SPLITS) if path.is_file()]
    return {
        clip.narration_id: LabelledClip((row.verb, row.noun), clip)
        for path in files
        for clip in iter_programs(path)
        if (row := row_of.get(clip.narration_id)) is not None
    }


def _trigram(training: Sequence[Action], asked: Predictions) -> Predictions:
    """What label history says of training clips, each learned from other participants."""
    participants = sorted({row.participant_id for row in training})
    parts = []
    for fold in range(min(NUM_FOLDS, len(participants))):
        held_out = set(participants[fold::NUM_FOLDS])
        others = [row for row in training if row.participant_id not in held_out]
        own = [row for row in training if row.participant_id in held_out]
        parts.append(label_history.predict("trigram", others, own, asked.config.vocabulary, asked.config.tau_a_s))
    return _joined(parts)


def _joined(parts: Sequence[Predictions]) -> Predictions:
    names = [field.name for field in dataclasses.fields(Predictions) if field.name not in ("config", "narration_ids")]
    arrays = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    return Predictions(parts[0].config, tuple(name for part in parts for name in part.narration_ids), **arrays)


def _label(vocabulary: Vocabulary, action: int) -> tuple[str, str]:
    verb, noun = vocabulary.actions[action]
    return vocabulary.verbs[verb], vocabulary.nouns[noun]


def _candidates(predictions: Predictions) -> dict[str, list[tuple[tuple[str, str], float]]]:
    """The likeliest actions of each clip, with their probabilities."""
    vocabulary = predictions.config.vocabulary
    found = {}
    for name, shares_A in zip(predictions.narration_ids, softmax(predictions.actions), strict=True):
        order = np.argsort(-shares_A, kind="stable")[:MOST_CANDIDATES]
        found[name] = [(_label(vocabulary, int(k)), float(shares_A[k])) for k in order]
    return found


def _foretold(predictions: Predictions) -> dict[str, Observed]:
    return {
        name: Observed(candidates[0][0], (), candidates[0][1]) for name, candidates in _candidates(predictions).items()
    }


def _observed(
    options: argparse.Namespace, clips: Mapping[str, LabelledClip], trained_on: set[str]
) -> tuple[dict[str, Observed], str]:
    """What is known of past clips, and in words where that comes from. Nobody's truth where a history is given, but in
    training clips: their factors are then those of a recogniser that never errs, and say so.
    """
    observed = {name: Observed(one.label, one.steps) for name, one in sorted(clips.items())}
    if options.history:
        seen = {name: one for path in options.history for name, one in _recognised(load_predictions(path)).items()}
        recorded = {name: one for name, one in observed.items() if name in trained_on and name not in seen}
        told = f"recognised in {len(seen)} clips; the recorded programs of {len(recorded)} other training clips"
        return {**recorded, **seen}, told
    if not options.wrong_share:
        return observed, "recorded programs: an upper bound"
    rng = np.random.default_rng(options.seed)
    pool = list(observed.values())
    wrong = {
        name: pool[int(rng.integers(len(pool)))] if rng.random() < options.wrong_share else one
        for name, one in observed.items()
    }
    return wrong, f"recorded programs, {options.wrong_share:.0%} of them another clip's"


def _recognised(predictions: Predictions) -> dict[str, Observed]:
    vocabulary = predictions.config.vocabulary
    shares = softmax(predictions.actions)
    has_program = predictions.sub_verbs.ndim == 3
    steps = decode(predictions.sub_verbs, predictions.objects) if has_program else None
    found = {}
    for place, name in enumerate(predictions.narration_ids):
        best = int(shares[place].argmax())
        program = tuple(program_of(steps[place], vocabulary).sub_actions()) if steps is not None else ()
        found[name] = Observed(_label(vocabulary, best), program, float(shares[place, best]))
    return found


def _rerank(
    asked: Predictions, reranker: Reranker, states: Mapping[str, WorldState], domain: Domain
) -> tuple[Predictions, list[list[str]]]:
    """The predictions with shifted logits, and what left the first five for a reason."""
    vocabulary = asked.config.vocabulary
    place_of = {_label(vocabulary, k): k for k in range(len(vocabulary.actions))}
    logits, reasons = asked.actions.copy(), []
    for row, (name, candidates) in enumerate(_candidates(asked).items()):
        first = [label for label, _ in candidates[:TOLD]]
        for rank, one in enumerate(reranker.rerank(candidates, states[name], domain)):
            logits[row, place_of[one.label]] += one.shift
            if one.why_not and one.label in first:
                before = first.index(one.label) + 1
                reasons.append([name, " ".join(one.label), str(before), str(rank + 1), f"{one.shift:.2f}", one.why_not])
    return dataclasses.replace(asked, actions=logits), reasons


def _measures(
    before: Predictions, after: Predictions, weight: float, recalls: Mapping[float, float], told: str, num_moments: int
) -> dict[str, object]:
    scores = {name: dataclasses.asdict(scores_of(judge(one, "action"))) for name, one in _both(before, after)}
    classes = {name: {row.name: row for row in class_table(one, "action")} for name, one in _both(before, after)}
    gains = [classes["on"][name].top5_recall - row.top5_recall for name, row in classes["off"].items()]
    return {
        "past": told,
        "weight": weight,
        "recall_on_training_by_weight": dict(recalls),
        "num_training_clips": num_moments,
        **scores,
        "num_classes_up": sum(gain > 0 for gain in gains),
        "num_classes_down": sum(gain < 0 for gain in gains),
        "gain_by_class": {name: round(gain, 4) for name, gain in zip(classes["off"], gains, strict=True) if gain},
    }


def _both(before: Predictions, after: Predictions) -> tuple[tuple[str, Predictions], tuple[str, Predictions]]:
    return ("off", before), ("on", after)


def _write_reasons(path: Path, reasons: Sequence[Sequence[str]]) -> None:
    with atomic(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["narration_id", "action", "rank_before", "rank_after", "shift", "why_not"])
        writer.writerows(reasons)


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

"""How well the next action can be foreseen from the actions before it, and how well by somebody who knows the process.

    python -m egoprog.sim.forecast --hours 1            # about half a minute on two cores
    python -m egoprog.sim.forecast --hours 10 --out out/forecast

Nothing is drawn. A trigram with back-off learns the order of actions (verb and noun class together) from the activities
of P901 to P936 and is asked for the next one in those of P937 to P948, whom it has never met. It is held against chance
(a uniform guess among the classes that were learnt, and the most frequent class) and against the ceiling: the argmax of
`Step.odds`, the distribution that the step was drawn from. Nobody who sees the past, however well, can do better.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, Literal

from tqdm import tqdm

from egoprog.data.atomic import atomic
from egoprog.errors import ConfigurationError, EgoprogError
from egoprog.sim.activity import make_activity
from egoprog.sim.participants import NUM_PARTICIPANTS, NUM_TRAINING, participant

EPISODE_S: Final = 180.0
TARGETS: Final = ("verb", "noun", "action")
Target = Literal["verb", "noun", "action"]

Label = tuple[str, str]
"""A verb class and a noun class."""


@dataclass(frozen=True)
class Episode:
    """What is needed of an activity: its labels in order, and before each the odds that it was drawn with."""

    number: int
    labels: tuple[Label, ...]
    odds: tuple[Mapping[Label, float], ...]


@dataclass(frozen=True)
class Accuracy:
    """Shares of next actions that were foreseen: trigram, its best five, the two chances, and the ceiling."""

    trigram: float
    trigram_top5: float
    uniform: float
    most_frequent: float
    ceiling: float


class Trigram:
    """Counts of what follows two, one and no labels, blended as Witten and Bell (1991) do: the more different things
    followed a context, the more the shorter one is trusted."""

    def __init__(self, target: Target):
        self._target = target
        self._following: dict[tuple[Label, ...], Counter[Hashable]] = defaultdict(Counter)

    def learn(self, labels: Sequence[Label]) -> None:
        """Takes an episode in."""
        for at, label in enumerate(labels):
            for length in range(3):
                if at >= length:
                    self._following[tuple(labels[at - length : at])][_part(label, self._target)] += 1

    def ranked(self, history: Sequence[Label]) -> list[Hashable]:
        """What may follow the history, the likeliest first."""
        shares: dict[Hashable, float] = {}
        for length in range(3):
            counts = self._following.get(tuple(history[len(history) - length :])) if len(history) >= length else None
            if counts:
                total, kinds = sum(counts.values()), len(counts)
                for target in shares:
                    shares[target] *= kinds / (total + kinds)
                for target, count in counts.items():
                    shares[target] = shares.get(target, 0.0) + count / (total + kinds)
        return sorted(shares, key=lambda target: (-shares[target], target))

    @property
    def counts(self) -> Counter[Hashable]:
        """How often each class was seen."""
        return self._following[()]


def gather(numbers: Sequence[int], hours: float, seed: int, workers: int = 1) -> list[Episode]:
    """Activities of about that many hours in all, shared evenly among the participants of these numbers."""
    count = max(len(numbers), round(hours * 3600 / EPISODE_S))
    jobs = [(numbers[k % len(numbers)], seed + k // len(numbers)) for k in range(count)]
    progress = partial(tqdm, total=count, unit="episode", disable=not sys.stderr.isatty())
    if workers == 1:
        return list(progress(map(_episode, jobs)))
    with ProcessPoolExecutor(workers) as pool:
        return list(progress(pool.map(_episode, jobs, chunksize=2)))


def measure(learnt: Iterable[Episode], asked: Sequence[Episode]) -> dict[Target, Accuracy]:
    """Accuracies on `asked` of what was learnt from `learnt`."""
    learnt = list(learnt)
    return {target: _measure(target, learnt, asked) for target in TARGETS}


def _measure(target: Target, learnt: Sequence[Episode], asked: Sequence[Episode]) -> Accuracy:
    trigram = Trigram(target)
    for episode in learnt:
        trigram.learn(episode.labels)
    commonest = trigram.counts.most_common(1)[0][0]
    first = top5 = frequent = known = total = 0
    for episode in asked:
        for at, (label, odds) in enumerate(zip(episode.labels, episode.odds, strict=True)):
            truth = _part(label, target)
            ranked = trigram.ranked(episode.labels[:at])
            shares: Counter[Hashable] = Counter()
            for one, share in odds.items():
                shares[_part(one, target)] += share
            total += 1
            first += ranked[0] == truth
            top5 += truth in ranked[:5]
            frequent += commonest == truth
            known += max(shares, key=lambda key: (shares[key], key)) == truth
    return Accuracy(first / total, top5 / total, 1 / len(trigram.counts), frequent / total, known / total)


def _episode(job: tuple[int, int]) -> Episode:
    number, seed = job
    steps = make_activity(participant(number), seed, EPISODE_S).steps
    labels = tuple((step.verb, step.nouns[0]) for step in steps)
    return Episode(number, labels, tuple(step.odds for step in steps))


def _part(label: Label, target: Target) -> Hashable:
    return label if target == "action" else label[TARGETS.index(target)]


def _summary(episodes: Sequence[Episode]) -> dict[str, object]:
    """How many classes there are and how they are spread."""
    actions = Counter(label for episode in episodes for label in episode.labels)
    verbs, nouns = (Counter(label[part] for label in actions.elements()) for part in (0, 1))
    total = actions.total()
    regular = {"verbs": verbs, "nouns": nouns, "actions": actions}
    return {
        "episodes": len(episodes),
        "actions_per_minute": round(total / (len(episodes) * EPISODE_S / 60), 2),
        "classes": {name: len(counts) for name, counts in regular.items()},
        "classes_above_0.5_per_cent": {
            name: sum(count >= 0.005 * total for count in counts.values()) for name, counts in regular.items()
        },
        "most_frequent": {" ".join(label): round(count / total, 4) for label, count in actions.most_common(12)},
    }


def _commit() -> str:
    try:
        return subprocess.run(
            ["git", "describe", "--always", "--dirty"], cwd=Path(__file__).parent, capture_output=True, text=True,
            check=True,
        ).stdout.strip()  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _table(accuracies: Mapping[Target, Accuracy]) -> str:
    rows = ["| next | trigram | its best 5 | uniform | most frequent | ceiling |", "|---|---|---|---|---|---|"]
    for target, accuracy in accuracies.items():
        cells = (accuracy.trigram, accuracy.trigram_top5, accuracy.uniform, accuracy.most_frequent, accuracy.ceiling)
        rows.append(f"| {target} | " + " | ".join(f"{100 * cell:.1f}%" for cell in cells) + " |")
    return "\n".join(rows)


def run(hours: float, seed: int, workers: int, out: Path, command: str) -> str:
    """Measures, writes OUT/forecast.json and OUT/forecast.md, and returns the table.

    Raises ConfigurationError for hours that are not above 0.
    """
    if not 0 < hours <= 1000:
        raise ConfigurationError(f"expected hours above 0 and up to 1000, got {hours:g}")
    share = NUM_TRAINING / NUM_PARTICIPANTS
    learnt = gather(range(NUM_TRAINING), hours * share, seed, workers)
    asked = gather(range(NUM_TRAINING, NUM_PARTICIPANTS), hours * (1 - share), seed, workers)
    accuracies = measure(learnt, asked)
    result = {
        "command": command,
        "commit": _commit(),
        "python": platform.python_version(),
        "hours": hours,
        "seed": seed,
        "trained_on": _summary(learnt),
        "tested_on": _summary(asked),
        "accuracy": {target: vars(accuracy) for target, accuracy in accuracies.items()},
    }
    table = _table(accuracies)
    text = f"{table}\n\n`{command}` at commit {result['commit']}\n"
    for name, content in (("forecast.json", json.dumps(result, indent=1) + "\n"), ("forecast.md", text)):
        with atomic(out / name) as temporary:
            temporary.write_text(content, encoding="utf-8")
    return table


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m egoprog.sim.forecast", description=__doc__.split("\n\n")[0])
    parser.add_argument("--hours", type=float, default=1.0, help="of activity, three quarters of them to learn from")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2, help="processes")
    parser.add_argument("--out", type=Path, default=Path("out/forecast"), help="folder of the results")
    options = parser.parse_args(arguments)
    command = "python -m egoprog.sim.forecast " + " ".join(arguments if arguments is not None else sys.argv[1:])
    try:
        print(run(options.hours, options.seed, options.workers, options.out, command.strip()))
    except (EgoprogError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

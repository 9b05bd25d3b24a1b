"""All runs behind the paper's tables 1, 2 and 3, in the order in which they need each other.

RUNS/frames, RUNS/encoded    the frame encoder, and the dataset as it sees it, for all runs
RUNS/context/*               the second networks, frozen: of programs, and of labels alone where no programs shall help
RUNS/{recognise,anticipate}/{base,lap,aggr,full}/seed*    tables 2 and 3
RUNS/programs/*/seed*        what of table 1 is not among those
RUNS/anticipate/{most_frequent,bigram,trigram,trigram_seen,full_reranked}    baselines, and the world model's re-ranking

Everywhere the last weights of a training are taken: the epoch that does best is chosen on the very clips that the
tables report, which would flatter.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from egoprog.leap.encoded import DONE_NAME
from egoprog.leap.evaluation import MEASURES_NAME, PREDICTIONS_NAME
from egoprog.train.jobs import Job, make_job

CONTEXT_EPOCHS = 5
"""Of the second networks, as in the paper."""


def plan(
    data: Path, pretraining_data: Path, runs: Path, seeds: Sequence[int], settings: Sequence[str] = ()
) -> list[Job]:
    """pretraining_data: of the frame encoder. settings: of every training of the network, "training.epochs=3"."""
    jobs = [
        make_job(
            "frames", "training.frames", runs / "frames" / "results.json",
            "--data", pretraining_data, "--out", runs / "frames",
        ),
        make_job(
            "encoded", "training.encode", runs / "encoded" / DONE_NAME,
            "--data", data, "--frames", runs / "frames" / "last.safetensors", "--out", runs / "encoded",
            "--mirrored", needs=("frames",),
        ),
    ]  # fmt: skip
    train = _Trainings(data, runs, tuple(settings))
    short = (f"training.epochs={CONTEXT_EPOCHS}", "training.warmup_epochs=0.5")
    for task, by_programs, by_labels in (
        ("recognise", "context_sim", "leap_sim_base"),
        ("anticipate", "context_live_sim", "live_sim_base"),
    ):
        jobs += train(f"context/{task}_programs", by_programs, 0, short, is_measured=False)
        jobs += train(f"context/{task}_labels", by_labels, 0, short, is_measured=False)
    for seed in seeds:
        for task, recipe in (("recognise", "leap_sim"), ("anticipate", "anticipate_sim")):
            jobs += train(f"{task}/base", f"{recipe}_base", seed)
            jobs += train(f"{task}/full", recipe, seed, context=f"context/{task}_programs")
            jobs += train(f"{task}/lap", f"{recipe}_lap", seed)
            jobs += train(f"{task}/aggr", f"{recipe}_aggr", seed, context=f"context/{task}_labels")
            if task == "anticipate":
                jobs.append(_reranking(data, runs, seed))
    for seed in seeds:
        for row, changes in _PROGRAM_ROWS.items():
            jobs += train(f"programs/{row}", "leap_sim_lap", seed, changes)
    full, lap = (f"{row}/seed{seeds[0]}" for row in ("anticipate/full", "recognise/lap"))
    for row in ("most_frequent", "bigram", "trigram", "trigram_seen"):
        baseline, _, is_seen = row.partition("_seen")
        jobs.append(
            make_job(
                f"anticipate/{row}", "training.evaluate", runs / "anticipate" / row / MEASURES_NAME,
                "--label-history", baseline, *(("--seen", runs / lap / PREDICTIONS_NAME) if is_seen else ()),
                "--data", data, "--participants", "unseen",
                "--same-clips-as", runs / full / PREDICTIONS_NAME, "--out", runs / "anticipate" / row,
                needs=(full, *((lap,) if is_seen else ())),
            )
        )  # fmt: skip
    return jobs


_PROGRAM_ROWS = {
    "lt": ("loss.action=0", "loss.precondition=0", "training.best=loss", "training.best_is=lowest"),
    "lt_lce": ("loss.precondition=0",),
    "lt_lpc": ("loss.action=0", "training.best=loss", "training.best_is=lowest"),
    "ordered": ("is_ordered=true",),
    "two_heads": ("has_two_object_heads=true",),
}


class _Trainings:
    """Makes the two jobs of a run: to train it and to measure what it left."""

    def __init__(self, data: Path, runs: Path, settings: tuple[str, ...]) -> None:
        self.data, self.runs, self.settings = data, runs, settings

    def __call__(
        self,
        row: str,
        recipe: str,
        seed: int,
        changes: Iterable[str] = (),
        context: str = "",
        is_measured: bool = True,
    ) -> list[Job]:
        name = f"{row}/seed{seed}"
        run = self.runs / name
        sets = [part for setting in (*self.settings, *changes) for part in ("--set", setting)]
        around = ("--context", self.runs / context / "seed0" / "last.safetensors") if context else ()
        training = make_job(
            f"{name}:train", "training.leap", run / "results.json",
            "--recipe", recipe, "--data", self.data, "--init", self.runs / "frames" / "last.safetensors",
            "--encoded", self.runs / "encoded", *around, "--seed", seed, *sets, "--out", run,
            needs=("encoded", *([f"{context}/seed0:train"] if context else [])),
        )  # fmt: skip
        if not is_measured:
            return [training]
        measuring = make_job(
            name, "training.evaluate", run / MEASURES_NAME, "--run", run, "--weights", "last", "--out", run,
            needs=(training.name,),
        )  # fmt: skip
        return [training, measuring]


def _reranking(data: Path, runs: Path, seed: int) -> Job:
    out = runs / "anticipate" / "full_reranked" / f"seed{seed}"
    full = runs / "anticipate" / "full" / f"seed{seed}" / PREDICTIONS_NAME
    # of clips alone: a recogniser that looks around has seen what is to be anticipated
    history = runs / "recognise" / "lap" / f"seed{seed}" / PREDICTIONS_NAME
    return make_job(
        f"anticipate/full_reranked/seed{seed}", "training.rerank", out / MEASURES_NAME,
        "--predictions", full, "--history", history, "--data", data, "--out", out,
        needs=(f"anticipate/full/seed{seed}", f"recognise/lap/seed{seed}"),
    )  # fmt: skip

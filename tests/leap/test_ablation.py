"""The plan of all runs: every row of the tables is made, and nothing before what it needs."""

import itertools
import json
from pathlib import Path

import pytest

from egoprog.leap.ablation import plan
from egoprog.leap.recipes import recipe
from egoprog.leap.tables import TABLES
from egoprog.train.jobs import Job
from training import ablation as command

SEEDS = (0, 1)


@pytest.fixture
def jobs():
    return plan(Path("kitchens"), Path("strangers"), Path("runs"), SEEDS)


def test_every_row_of_the_tables_is_made(jobs):
    names = {job.name for job in jobs}
    for table in TABLES.values():
        for row in table.rows:
            assert row.folder in names or {f"{row.folder}/seed{seed}" for seed in SEEDS} <= names, row.name


def test_nothing_comes_before_what_it_needs(jobs):
    seen = set()
    for job in jobs:
        assert seen.issuperset(job.needs), job.name
        seen.add(job.name)
    assert len(seen) == len(jobs)


def test_every_training_has_a_recipe_that_exists(jobs):
    trainings = [job.arguments for job in jobs if job.arguments[0] == "training.leap"]
    assert len(trainings) == 4 + 8 * len(SEEDS) + 5 * len(SEEDS)
    for arguments in trainings:
        settings = [value for name, value in itertools.pairwise(arguments) if name == "--set"]
        made = recipe(arguments[arguments.index("--recipe") + 1], settings)
        assert bool(made.context_offsets) == ("--context" in arguments)


def test_rows_without_programs_get_no_help_of_programs_through_their_context(jobs):
    by_name = {job.name: job.arguments for job in jobs}
    context = by_name["recognise/aggr/seed0:train"]
    assert Path(context[context.index("--context") + 1]) == Path("runs/context/recognise_labels/seed0/last.safetensors")
    assert "leap_sim_base" in by_name["context/recognise_labels/seed0:train"]


def test_no_weights_are_chosen_on_the_clips_that_the_tables_report(jobs):
    """The best epoch of the validation split would flatter."""
    measurings = [job.arguments for job in jobs if "--run" in job.arguments]
    assert len(measurings) == (8 + 5) * len(SEEDS)
    assert all(("--weights", "last") in itertools.pairwise(arguments) for arguments in measurings)
    for job in jobs:
        for name, value in itertools.pairwise(job.arguments):
            assert name not in ("--init", "--context", "--frames") or Path(value).name == "last.safetensors", job.name


def test_a_failed_run_stops_only_what_needs_it(tmp_path, monkeypatch, capsys):
    """Commands are replaced by ones that write their product, or fail."""
    jobs = [
        Job("a", ("json.tool", "missing"), tmp_path / "a.json"),
        Job("a2", ("json.tool", "missing"), tmp_path / "a2.json", needs=("a",)),
        Job("b:train", ("json.tool", str(tmp_path / "in.json"), str(tmp_path / "b.json")), tmp_path / "b.json"),
    ]
    (tmp_path / "in.json").write_text(json.dumps({}))
    monkeypatch.setattr(command, "plan", lambda *_: jobs)
    assert command.main(["--data", "x", "--out", str(tmp_path), "--jobs", "2"]) == 1
    assert (tmp_path / "b.json").is_file() and not (tmp_path / "a2.json").exists()
    said = capsys.readouterr()
    assert "training.ablation: a failed, see" in said.err and "a2" not in said.err
    assert command.main(["--data", "x", "--out", str(tmp_path), "--list"]) == 0
    assert "done  b:train" in capsys.readouterr().out

"""The plan of all runs behind LEGO's tables."""

import itertools
from pathlib import Path

import pytest

from egoprog.lego.ablation import FROM_FRAMES, PARTS, TRAINED, plan, take_over
from egoprog.lego.generation_tables import TABLES
from egoprog.lego.recipes import recipe
from egoprog.lego.vlm_recipes import recipe as vlm_recipe
from training import lego_ablation


def planned(**changes):
    return plan(Path("kitchens"), Path("strangers"), Path("leap"), Path("runs"), **changes)


@pytest.mark.parametrize("rows", [(), ("labels", "joint"), ("sdedit",)])
def test_nothing_comes_before_what_it_needs(rows):
    seen = set()
    for job in planned(rows=rows):
        assert seen.issuperset(job.needs), job.name
        seen.add(job.name)


def test_every_row_of_the_tables_is_drawn_by_its_own_recipe():
    jobs = {job.name: job.arguments for job in planned()}
    for row in {row for table in TABLES for row in table.rows} - {"scaleup"}:
        assert "training.draw" in jobs[row], row
    for row, name in TRAINED.items():
        arguments = jobs[f"{row}:train"]
        made = recipe(name)
        assert arguments[arguments.index("--recipe") + 1] == name
        if row not in ("labels", "frames"):
            assert ("--enriched", made.enriched) in itertools.pairwise(jobs[row])
    for name, value in itertools.pairwise((*jobs["vlm-pretrain"], *jobs["vlm"])):
        if name == "--recipe":
            vlm_recipe(value)


def test_a_row_alone_takes_what_it_needs_along():
    names = [job.name for job in planned(rows=FROM_FRAMES)]
    assert [name for name in names if name.endswith(":train")] == ["frames:train"]
    assert names[-4:] == ["sdedit", "proxnpi", "judge", "tables"]
    (tables,) = (job for job in planned(rows=("labels",)) if job.name == "tables")
    assert "labels=runs/drawn/labels" in tables.arguments and tables.needs == ("judge", "labels")


def test_without_strangers_the_words_come_from_the_participants(capsys):
    jobs = {job.name: job for job in plan(Path("kitchens"), None, Path("leap"), Path("runs"))}
    assert not any("untuned" in name or "strangers" in name or "pretrain" in name for name in jobs)
    arguments = jobs["vlm"].arguments
    assert ("--recipe", "vlm_sim_pretrain") in itertools.pairwise(
        arguments
    ) and "leap/frame_encoder.safetensors" in arguments
    assert ("--pairs", "runs/pairs") in itertools.pairwise(arguments) and jobs["vlm"].needs == ("pairs",)
    assert jobs["joint:train"].needs == ("autoencoder", "tuned")
    assert lego_ablation.main(["--data", "a", "--out", "b", "--rows", "labels", "joint_untuned", "--list"]) == 1
    assert "expected strangers" in capsys.readouterr().err


def test_the_command_tells_what_is_left(capsys, tmp_path):
    arguments = ["--data", "a", "--strangers", "b", "--leap", "c", "--out", str(tmp_path), "--list"]
    (tmp_path / "drawn" / "labels").mkdir(parents=True)
    (tmp_path / "drawn" / "labels" / "about.json").write_text("{}")
    assert lego_ablation.main(arguments) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "done  labels" in lines and "      tables" in lines


def test_parts_that_were_trained_before_are_done(tmp_path):
    parts, runs = tmp_path / "parts", tmp_path / "runs"
    products = [job.product for job in plan(Path("kitchens"), None, Path("leap"), parts) if job.name in PARTS]
    assert len(products) == len(PARTS)
    for product in products:
        product.parent.mkdir(parents=True)
        product.write_text("given")
    (runs / "judge").mkdir(parents=True)
    assert take_over(parts, runs) == ["autoencoder", "vlm"], "what was begun is not overwritten"
    done = {job.name for job in plan(Path("kitchens"), None, Path("leap"), runs) if job.is_done}
    assert done == {"autoencoder", "vlm"}
    names = {job.name for job in plan(Path("kitchens"), None, Path("leap"), runs)}
    assert "autoencoder-begun" not in names, "nobody needs it any more"
    assert take_over(parts, runs) == take_over(tmp_path / "nowhere", runs) == []

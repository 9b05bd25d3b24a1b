"""`python -m training.tables`."""

import json

import pytest

pytest.importorskip("torch")

from training.tables import main


def leave_log(run, offset):
    run.mkdir(parents=True)
    rows = []
    for step in range(1, 6):
        rows.append({"split": "train", "step": step, "epoch": step / 2, "loss": 3 / step + offset, "norm": 1.0})
    rows.append({"split": "validation", "step": 5, "epoch": 2.5, "action_top1": 0.3 + offset, "loss": 2.0})
    (run / "log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def test_tables_and_curves_are_written_while_runs_go_on(tmp_path, capsys):
    for seed in range(2):
        leave_log(tmp_path / "runs" / "recognise" / "full" / f"seed{seed}", 0.1 * seed)
    (tmp_path / "runs" / "recognise" / "base" / "seed0").mkdir(parents=True)
    assert main(["--runs", str(tmp_path / "runs"), "--out", str(tmp_path / "results")]) == 0
    assert "Action recognition (table 2)" in capsys.readouterr().out
    names = {path.name for path in (tmp_path / "results").iterdir()}
    assert names == {"sub_actions.md", "recognition.md", "anticipation.md", "curves_recognise.png"}
    assert "Made with `" in (tmp_path / "results" / "recognition.md").read_text()
    assert (tmp_path / "results" / "curves_recognise.png").read_bytes().startswith(b"\x89PNG")


def test_a_damaged_run_is_named_in_one_line(tmp_path, capsys):
    run = tmp_path / "runs" / "anticipate" / "full" / "seed0"
    run.mkdir(parents=True)
    (run / "measures.json").write_text("{")
    assert main(["--runs", str(tmp_path / "runs"), "--out", str(tmp_path / "results")]) == 1
    assert "measures.json" in capsys.readouterr().err

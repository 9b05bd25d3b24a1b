"""Learning curves, of one run and of the rows of an ablation."""

import json

import pytest

pytest.importorskip("torch")

from egoprog.train.curves import draw_curves


def leave_log(run, losses, broken=""):
    run.mkdir(parents=True)
    rows = [{"split": "train", "step": k, "epoch": k / 2, "loss": loss} for k, loss in enumerate(losses)]
    (run / "log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows) + broken)
    return run


def test_rows_that_got_less_far_are_drawn_beside_those_that_ended(tmp_path):
    runs = {
        "full": [leave_log(tmp_path / "a", [3.0, 2.0, 1.0]), leave_log(tmp_path / "b", [3.0], broken='{"split": "tr')],
        "base": [tmp_path / "not begun"],
    }
    assert draw_curves(tmp_path / "curves.png", runs)
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_nothing_is_drawn_before_anything_was_logged(tmp_path):
    assert not draw_curves(tmp_path / "curves.png", {"full": [tmp_path / "not begun"]})
    assert not (tmp_path / "curves.png").exists()

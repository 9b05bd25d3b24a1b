"""`python -m training.vlm` as a person meets it: what there is to train, and what is amiss before anything begins."""

from pathlib import Path

import pytest

from training.vlm import main


def test_the_recipes_are_listed(capsys):
    assert main(["--list"]) == 0
    listed = capsys.readouterr().out
    assert all(name in listed for name in ("vlm_paper ", "vlm_paper_lora", "vlm_sim_pretrain", "vlm_sim ", "vlm_debug"))


@pytest.mark.parametrize(
    ("recipe", "pairs", "message"),
    [
        ("vlm_smi", "pairs", "did you mean 'vlm_sim'?"),
        ("vlm_debug", "pairs", "expected a folder of frame pairs"),
    ],
)
def test_what_is_amiss_is_one_line(recipe, pairs, message, tmp_path, capsys):
    given = ["--recipe", recipe, "--pairs", str(tmp_path / pairs), "--out", str(tmp_path / "run")]
    assert main(given) == 1
    told = capsys.readouterr().err
    assert told.startswith("training.vlm: ") and message in told and told.count("\n") == 1
    assert not Path(tmp_path / "run").exists()

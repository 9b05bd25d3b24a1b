"""`egoprog sim`: what is asked for reaches the library, and what can't be done is told in one line."""

import pytest

from egoprog.cli import main
from egoprog.sim import dataset, record


def test_a_folder_is_a_dataset_and_an_mp4_one_episode(monkeypatch, tmp_path, capsys):
    calls = []
    monkeypatch.setattr(dataset, "record_dataset", lambda *given: calls.append(given) or ["P901_01"])
    monkeypatch.setattr(record, "record", lambda *given: calls.append(given) or [tmp_path / "a.mp4"])
    text = "--episodes 7 --seed 5 --workers 2 --seconds 60 --size 224x224 --tasks make_tea,fry_egg"
    options = text.split(" ")
    assert main(["sim", "record", str(tmp_path / "out"), *options]) == 0
    assert main(["sim", "record", str(tmp_path / "a.mp4"), "--seed", "3"]) == 0
    (_, episodes, settings, workers), (out, seed, seconds, size_px, _) = calls
    assert (episodes, workers) == (7, 2)
    assert settings == dataset.Settings(5, 60.0, 224, 224, ("make_tea", "fry_egg"))
    assert (out.name, seed, seconds, size_px) == ("a.mp4", 3, 30.0, (640, 480))
    assert "P901_01" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--tasks", "make_te"], "make_tea"),
        (["--episodes", "0"], "expected 1 to"),
        (["--workers", "0"], "at least one worker"),
        (["--seed", "-1"], "a seed from 0 on"),
        (["--size", "15x15"], "even sides"),
    ],
)
def test_what_can_not_be_recorded_is_told_in_one_line(tmp_path, capsys, options, told):
    assert main(["sim", "record", str(tmp_path / "out"), *options]) == 1
    message = capsys.readouterr().err
    assert told in message and message.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("options", [["--seconds", "0"], ["--seconds", "nan"], ["--size", "big"]])
def test_options_that_make_no_sense_are_usage_errors(tmp_path, options):
    with pytest.raises(SystemExit) as ended:
        main(["sim", "record", str(tmp_path / "out"), *options])
    assert ended.value.code == 2


def test_ctrl_c_says_how_to_go_on(tmp_path, monkeypatch, capsys):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(dataset, "record_dataset", interrupted)
    assert main(["sim", "record", str(tmp_path / "out")]) == 130
    assert "the same command goes on" in capsys.readouterr().out


def test_tasks_are_listed(capsys):
    assert main(["sim", "tasks"]) == 0
    assert "make_tea" in capsys.readouterr().out.split()

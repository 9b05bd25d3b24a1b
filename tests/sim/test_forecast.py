"""How far the next action can be foreseen."""

import json

import pytest

from egoprog.sim import forecast
from egoprog.sim.forecast import Episode, Trigram, gather, measure

A, B, C = ("take", "cup"), ("fill", "cup"), ("put", "cup")


def test_a_trigram_knows_what_it_has_seen_and_backs_off_to_less_context():
    trigram = Trigram("action")
    trigram.learn([A, B, C, A, B, C, A])
    assert trigram.ranked([A, B])[0] == C
    assert trigram.ranked([("open", "fridge"), B])[0] == C
    assert trigram.ranked([])[0] == A


def test_the_parts_of_a_label_are_foreseen_as_well():
    trigram = Trigram("noun")
    trigram.learn([A, ("open", "fridge"), A, ("open", "fridge")])
    assert trigram.ranked([A])[0] == "fridge"


def test_accuracies_of_a_process_that_is_known_are_exact():
    sure = Episode(0, (A, B, C), ({A: 1.0}, {B: 1.0}, {C: 0.4, A: 0.6}))
    accuracy = measure([sure], [sure])["action"]
    assert accuracy.trigram == pytest.approx(2 / 3)  # what comes first is a guess among three
    assert accuracy.ceiling == pytest.approx(2 / 3)
    assert accuracy.uniform == pytest.approx(1 / 3)


def test_foreseeing_is_hard_but_possible():
    """With little to learn from the trigram is weak; 10 hours give the figures that are reported."""
    learnt, asked = gather(range(4), 0.2, 0), gather((36, 37), 0.1, 0)
    accuracy = measure(learnt, asked)["action"]
    assert accuracy.most_frequent < accuracy.trigram < accuracy.ceiling - 0.2
    assert 0.6 < accuracy.ceiling < 0.85


def test_the_command_writes_its_result_with_how_it_was_made(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(forecast, "EPISODE_S", 10.0)
    monkeypatch.setattr(forecast, "NUM_TRAINING", 2)
    monkeypatch.setattr(forecast, "NUM_PARTICIPANTS", 4)
    assert forecast.main(["--hours", "0.01", "--workers", "1", "--out", str(tmp_path)]) == 0
    assert "| action |" in capsys.readouterr().out
    result = json.loads((tmp_path / "forecast.json").read_text(encoding="utf-8"))
    assert result["command"].startswith("python -m egoprog.sim.forecast --hours 0.01")
    assert 0 <= result["accuracy"]["action"]["trigram"] <= result["accuracy"]["action"]["ceiling"] + 1


def test_hours_that_are_none_are_one_line_and_exit_1(tmp_path, capsys):
    assert forecast.main(["--hours", "0", "--out", str(tmp_path)]) == 1
    assert capsys.readouterr().err.startswith("error: expected hours")

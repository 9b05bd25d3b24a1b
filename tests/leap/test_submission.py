"""Zips for EPIC-KITCHENS' challenges."""

import json
import zipfile

import numpy as np
import pytest

from egoprog.data.epic_classes import NOUNS, VERBS
from egoprog.errors import ModelError
from egoprog.leap.submission import Supervision, best_actions, check_submission, write_submission
from tests.leap.made_up import made_up_config, made_up_predictions

ACTIONS = tuple((verb, noun) for verb in range(30) for noun in range(5))
EPIC = made_up_config(verbs=VERBS, nouns=NOUNS, actions=ACTIONS)


def spoilt(path, change):
    """The submission at `path`, changed, in a zip beside it."""
    with zipfile.ZipFile(path) as file:
        content = json.loads(file.read("test.json"))
    change(content)
    other = path.with_name("spoilt.zip")
    with zipfile.ZipFile(other, "w") as file:
        file.writestr("test.json", json.dumps(content))
    return other


def test_a_submission_has_the_official_form(tmp_path):
    made_up = made_up_predictions(6, config=EPIC)
    write_submission(tmp_path / "test.zip", made_up, Supervision(2, 5, 4))
    with zipfile.ZipFile(tmp_path / "test.zip") as file:
        assert file.namelist() == ["test.json"]
        content = json.loads(file.read("test.json"))
    assert content["version"] == "0.2"
    assert content["challenge"] == "action_recognition"
    assert (content["sls_pt"], content["sls_tl"], content["sls_td"]) == (2, 5, 4)
    result = content["results"]["P902_01_1"]
    assert list(result["verb"]) == [str(k) for k in range(97)]
    assert result["noun"]["299"] == pytest.approx(float(made_up.nouns[1, 299]))
    assert len(result["action"]) == 100
    verb, noun = ACTIONS[made_up.actions[1].argmax()]
    assert next(iter(result["action"])) == f"{verb},{noun}"


def test_anticipation_names_its_own_challenge(tmp_path):
    config = made_up_config(verbs=VERBS, nouns=NOUNS, actions=ACTIONS, task="anticipate")
    write_submission(tmp_path / "test.zip", made_up_predictions(1, config=config))
    with zipfile.ZipFile(tmp_path / "test.zip") as file:
        assert json.loads(file.read("test.json"))["challenge"] == "action_anticipation"


@pytest.mark.parametrize("num_actions", [0, 3, 150])
def test_there_are_always_a_hundred_actions_best_first(num_actions):
    """A network of the simulated kitchen knows fewer, one without an action head none."""
    config = made_up_config(verbs=VERBS, nouns=NOUNS, actions=ACTIONS[:num_actions])
    best = best_actions(made_up_predictions(1, config=config), 0)
    scores = list(best.values())
    assert len(best) == 100
    assert scores == sorted(scores, reverse=True)
    assert {f"{verb},{noun}" for verb, noun in ACTIONS[:3][:num_actions]} <= best.keys() or num_actions > 100


def test_classes_of_another_data_set_are_refused(tmp_path):
    with pytest.raises(ModelError, match="97 verbs and 300 nouns"):
        write_submission(tmp_path / "test.zip", made_up_predictions(2))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda c: c.update(version="0.1"), "expected version '0.2', got '0.1'"),
        (lambda c: c.update(challenge="detection"), "expected a challenge of"),
        (lambda c: c.update(sls_tl=6), "expected sls_tl from 0 to 5, got 6"),
        (lambda c: c.pop("sls_pt"), "expected sls_pt from 0 to 5, got None"),
        (lambda c: c["results"].pop("P901_01_0"), "expected a result for P901_01_0"),
        (lambda c: c["results"].update(P1_1=c["results"]["P901_01_0"]), "got one for P1_1"),
        (lambda c: c["results"]["P901_01_0"].pop("noun"), "P901_01_0: expected verb, noun and action"),
        (lambda c: c["results"]["P901_01_0"]["verb"].pop("17"), "got none for 17"),
        (lambda c: c["results"]["P901_01_0"]["noun"].update({"300": 1.0}), "got one for '300'"),
        (lambda c: c["results"]["P901_01_0"]["action"].popitem(), "expected 100 actions, got 99"),
        (lambda c: c["results"]["P901_01_0"]["action"].update({"97,0": 1.0}), "'97,0'"),
        (lambda c: c["results"]["P901_01_0"]["verb"].update({"3": "high"}), "expected a number for verb 3"),
        (lambda c: c["results"]["P901_01_0"]["verb"].update({"3": float("nan")}), "expected a number for verb 3"),
    ],
)
def test_the_checker_names_what_is_amiss(tmp_path, change, words):
    made_up = made_up_predictions(2, config=EPIC)
    write_submission(tmp_path / "test.zip", made_up)
    faults = check_submission(spoilt(tmp_path / "test.zip", change), made_up.narration_ids)
    assert any(words in fault for fault in faults), faults


def test_what_is_no_zip_is_said_in_one_line(tmp_path):
    (tmp_path / "test.zip").write_bytes(b"{}")
    assert len(check_submission(tmp_path / "test.zip", ["P901_01_0"])) == 1
    assert len(check_submission(tmp_path / "nowhere.zip", ["P901_01_0"])) == 1


def test_a_thousand_faults_are_cut_short(tmp_path):
    write_submission(tmp_path / "test.zip", made_up_predictions(1, config=EPIC))
    assert len(check_submission(tmp_path / "test.zip", [f"P1_{k}" for k in range(1000)])) == 20


def test_scores_of_extreme_logits_stay_numbers():
    made_up = made_up_predictions(1, config=EPIC, verbs=np.full((1, 97), 1e4, np.float32))
    assert np.isfinite(list(best_actions(made_up, 0).values())).all()

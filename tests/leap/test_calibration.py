"""Whether confidence can be trusted."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from egoprog.leap.calibration import (
    OUTSIDE,
    bins,
    calibrate,
    draw_reliability,
    fit_temperature,
    halves,
    reliability,
    scale_temperature,
    scores_and_places,
)
from tests.leap.made_up import made_up_predictions


def test_the_calibration_error_of_a_toy_worked_by_hand():
    """Two clips at 0.8, one of them right, and two at 0.6, both right: gaps 0.3 and 0.4, half the clips each."""
    confidence, is_right = np.array([0.8, 0.8, 0.6, 0.6]), np.array([True, False, True, True])
    assert bins(confidence, is_right, "width").error == pytest.approx(0.35)
    assert bins(confidence, is_right, "mass").error == pytest.approx(0.35)
    assert bins(confidence, is_right, "mass", num_bins=1).error == pytest.approx(abs(0.7 - 0.75))


def test_brier_and_log_loss_of_a_toy_worked_by_hand():
    found = calibrate(np.log([[0.7, 0.2, 0.1], [0.7, 0.2, 0.1]]), np.array([0, 1]))
    assert found.brier == pytest.approx((0.3**2 + 0.2**2 + 0.1**2 + 0.7**2 + 0.8**2 + 0.1**2) / 2)
    assert found.log_loss == pytest.approx(-(np.log(0.7) + np.log(0.2)) / 2)
    assert (found.accuracy, found.confidence) == pytest.approx((0.5, 0.7))


def test_an_action_beyond_the_vocabulary_is_wrong_and_has_no_likelihood():
    found = calibrate(np.log([[0.7, 0.3], [0.6, 0.4]]), np.array([0, OUTSIDE]))
    assert found.accuracy == 0.5
    assert found.log_loss == pytest.approx(-np.log(0.7))
    assert found.brier == pytest.approx((2 * 0.3**2 + 0.6**2 + 0.4**2 + 1) / 2)


def test_bins_of_equal_mass_do_not_depend_on_the_order_of_equal_clips():
    confidence, is_right = np.array([0.5] * 30), np.arange(30) < 12
    assert bins(confidence, is_right, "mass").error == pytest.approx(0.1)
    assert bins(confidence, is_right[::-1], "mass").error == pytest.approx(0.1)


def test_temperature_undoes_overconfidence():
    """Labels are drawn from softmax(logits); the network says three times that."""
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(4000, 6))
    labels = (np.log(-np.log(rng.random((4000, 6)))) * -1 + logits).argmax(axis=1)
    assert fit_temperature(3 * logits, labels) == pytest.approx(3, rel=0.1)
    assert fit_temperature(logits, np.full(4000, OUTSIDE)) == 1.0


def test_temperature_is_reported_on_participants_that_it_was_not_fitted_on():
    rng = np.random.default_rng(1)
    made_up = made_up_predictions(800, actions=np.zeros((800, 0), np.float32))
    gumbel = -np.log(-np.log(rng.random(made_up.verbs.shape)))
    truth = (made_up.verbs + gumbel).argmax(axis=1)
    sharp = dataclasses.replace(made_up, verbs=4 * made_up.verbs, true_verbs=truth)
    found = scale_temperature(sharp, "verb")
    assert not set(found.fitted_on) & set(found.reported_on)
    assert found.before.num_clips == found.after.num_clips == 400
    assert found.after.error_mass < found.before.error_mass / 2
    assert found.after.log_loss < found.before.log_loss
    assert found.after.accuracy == found.before.accuracy
    assert scale_temperature(sharp, "action") is None
    assert scale_temperature(sharp.keep(range(0, 800, 4)), "verb") is None  # one participant has no halves


def test_halves_hold_every_participant_once():
    assert halves(("P3", "P1", "P2", "P1")) == (("P1", "P3"), ("P2",))


def test_the_diagram_is_a_picture(tmp_path):
    made_up = made_up_predictions(50)
    curves = {
        "verb": {"as it is": reliability(made_up, "verb")},
        "action": {"cooler": reliability(made_up, "action", 2)},
    }
    draw_reliability(tmp_path / "reliability.png", curves)
    assert (tmp_path / "reliability.png").read_bytes().startswith(b"\x89PNG")


@given(st.integers(1, 40), st.integers(0, 1000), st.floats(0.1, 10))
def test_errors_stay_in_their_range_and_order_does_not_matter(num_clips, seed, temperature):
    made_up = made_up_predictions(num_clips, seed)
    _, logits, places = scores_and_places(made_up, "action")
    found = calibrate(logits, places, temperature)
    order = np.random.default_rng(seed).permutation(num_clips)
    other = calibrate(logits[order], places[order], temperature)
    assert dataclasses.astuple(found) == pytest.approx(dataclasses.astuple(other), nan_ok=True)
    assert 0 <= found.error_width <= 1
    assert 0 <= found.error_mass <= 1
    assert 0 <= found.brier <= 2

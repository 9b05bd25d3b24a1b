"""Averages of several networks."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import softmax

from egoprog.errors import ModelError
from egoprog.leap.ensemble import average
from egoprog.leap.metrics import measure
from tests.leap.made_up import made_up_config, made_up_predictions


def two(**changes):
    """Predictions of the same clips by two networks."""
    one = made_up_predictions(8, seed=1)
    other = made_up_predictions(8, seed=2)
    truth = {name: getattr(one, name) for name in vars(one) if name.startswith("true_")}
    return one, dataclasses.replace(other, **(truth | changes))


def test_probabilities_are_averaged_not_logits():
    one, other = two()
    found = average([one, other])
    expected = (softmax(one.verbs, axis=1) + softmax(other.verbs, axis=1)) / 2
    assert softmax(found.verbs, axis=1) == pytest.approx(expected, abs=1e-6)
    assert softmax(found.objects, axis=-1).sum(axis=-1) == pytest.approx(1.0)


def test_weights_say_how_much_each_network_counts():
    one, other = two()
    found = average([one, other], [1, 0])
    assert softmax(found.actions, axis=1) == pytest.approx(softmax(one.actions, axis=1), abs=1e-6)
    with pytest.raises(ModelError, match="a weight of 0 or more for each of 2"):
        average([one, other], [1])


def test_the_order_of_clips_may_differ():
    one, other = two()
    turned = other.keep(range(7, -1, -1))
    assert average([one, turned]).verbs.tolist() == average([one, other]).verbs.tolist()


def test_heads_that_one_network_lacks_are_left_out():
    nothing = np.zeros((8, 0), np.float32)
    one, other = two(actions=nothing, sub_verbs=nothing, objects=nothing, precondition=nothing)
    found = average([one, other])
    assert [getattr(found, name).shape for name in ("actions", "sub_verbs", "objects", "precondition")] == [(8, 0)] * 4
    assert measure(found)["all"]["action"].num_clips == 8


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda p: p.keep(range(7)), "same 8 clips, got 7 in number 2 and none for"),
        (lambda p: dataclasses.replace(p, narration_ids=tuple("abcdefgh")), "none for P901_01_0"),
        (lambda p: dataclasses.replace(p, config=made_up_config(actions=((0, 0),))), "the same actions"),
        (lambda p: dataclasses.replace(p, config=made_up_config(task="anticipate")), "networks that recognise"),
        (lambda p: dataclasses.replace(p, true_nouns=p.true_nouns * 0), "got other true_nouns in number 2"),
    ],
)
def test_what_does_not_fit_is_named(spoil, words):
    one, other = two()
    with pytest.raises(ModelError, match=words):
        average([one, spoil(other)])


def test_no_networks_have_no_average():
    with pytest.raises(ModelError, match="got none"):
        average([])


@given(st.integers(1, 10), st.integers(0, 100), st.integers(1, 4))
def test_the_average_of_a_network_with_itself_is_that_network(num_clips, seed, times):
    made_up = made_up_predictions(num_clips, seed)
    one, other = measure(made_up)["all"], measure(average([made_up] * times))["all"]
    assert one == other

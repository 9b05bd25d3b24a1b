"""Anticipated actions held against the estimated world."""

import json

import pytest
from kitchen_clips import CYCLE, STEPS, TAP_OFF, store

from egoprog.errors import ModelError
from egoprog.leap.action_conditions import learn_conditions
from egoprog.leap.reranking import (
    Reranker,
    Status,
    choose_weight,
    judge,
    learn_factors,
    load_reranker,
    moment_of,
    save_reranker,
)
from egoprog.leap.state_estimate import StateEstimate
from egoprog.world import Domain, WorldState

DOMAIN = Domain.default()
EVEN = [(label, 0.25) for label in CYCLE]


@pytest.fixture(scope="module")
def conditions():
    return learn_conditions(store(), DOMAIN)


@pytest.fixture(scope="module")
def moments(conditions):
    """What comes next is even odds to whoever does not know the world."""
    return [
        moment_of(participant, one.label, EVEN, one.clip.before, conditions, DOMAIN)
        for participant in ("P901", "P902", "P903", "P904")
        for one in store(f"{participant}_01")
    ]


@pytest.fixture
def holding() -> WorldState:
    return StateEstimate().after(STEPS["take", "cup"], DOMAIN).state.assume(*TAP_OFF)


def test_what_the_world_rules_out_falls_and_says_why(conditions, moments, holding):
    best = Reranker(conditions, learn_factors(moments)).rerank(EVEN, holding, DOMAIN)
    assert best[0].label == ("put", "cup")
    taken = next(one for one in best if one.label == ("take", "cup"))
    assert taken.probability < 0.05 and taken.why_not == "take cup: the mug is already in the right hand"
    assert sum(one.probability for one in best) == pytest.approx(1.0)


def test_what_is_unknown_is_pushed_nowhere(conditions, moments):
    unknown = WorldState().forget_all()
    reranker = Reranker(conditions, learn_factors(moments))
    assert judge(("turn-off", "tap"), unknown, conditions, DOMAIN).status is Status.UNKNOWN
    assert [one.shift for one in reranker.rerank(EVEN, unknown, DOMAIN)] == [0.0] * 4
    assert judge(("peel", "potato"), WorldState.initial(), conditions, DOMAIN).status is Status.UNKNOWN


def test_factors_shrink_to_one_without_evidence(conditions, moments):
    few, many = learn_factors(moments[:1]), learn_factors(moments)
    assert 0.7 < few[("violated",)] < 1.0 and many[("violated",)] < 0.15
    assert Reranker(conditions, {}).rerank(EVEN, WorldState.initial(), DOMAIN)[0].shift == 0.0


def test_predictions_that_know_the_world_already_are_left_alone(conditions):
    knowing = [moment_of("P901", one.label, [(one.label, 1.0)], one.clip.before, conditions, DOMAIN) for one in store()]
    assert all(factor == pytest.approx(1.0) for factor in learn_factors(knowing).values())


def test_a_world_that_is_always_wrong_is_not_listened_to(conditions):
    clips = store()
    astray = [
        moment_of(name, one.label, EVEN, clips[(k + 7 * len(name)) * 5 % len(clips)].clip.before, conditions, DOMAIN)
        for name in ("P901", "P902", "P903", "P904")
        for k, one in enumerate(clips)
    ]
    _, recalls = choose_weight(conditions, astray)
    weight, _ = choose_weight(conditions, astray)
    assert recalls[weight] >= recalls[0.0]


def test_of_equally_good_weights_the_smallest_is_taken(conditions, moments):
    weight, recalls = choose_weight(conditions, moments)
    assert recalls[0.0] == 1.0, "four candidates are all among the first five"
    assert weight == 0.0


def test_a_reranker_reads_back_as_it_is(conditions, moments, holding, tmp_path):
    reranker = Reranker(conditions, learn_factors(moments), 0.75)
    save_reranker(tmp_path / "reranker.json", reranker)
    again = load_reranker(tmp_path / "reranker.json")
    assert again.rerank(EVEN, holding, DOMAIN) == reranker.rerank(EVEN, holding, DOMAIN)
    assert again.conditions.begins == conditions.begins


@pytest.mark.parametrize("text", ["", "[]", "{}", json.dumps({"schema": 2})])
def test_a_file_that_is_no_reranker_is_named(tmp_path, text):
    (tmp_path / "reranker.json").write_text(text)
    with pytest.raises(ModelError, match=r"expected a re-ranker in .*reranker\.json"):
        load_reranker(tmp_path / "reranker.json")

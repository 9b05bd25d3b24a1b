"""The programs that are acted."""

import itertools

import pytest

from egoprog.errors import ConfigurationError
from egoprog.program.types import Verb
from egoprog.sim.activity import fill_mug, narrate


@pytest.mark.parametrize("seed", range(5))
def test_sub_actions_follow_one_another_and_fill_the_time(seed):
    program = fill_mug(seed, 30.0)
    spans = [(step.start_s, step.stop_s) for step in program.sub_actions()]
    assert all(start < stop for start, stop in spans)
    assert all(before[1] <= after[0] + 0.011 for before, after in itertools.pairwise(spans))
    assert spans[-1][1] == pytest.approx(30.0, abs=0.02)


def test_the_program_is_valid_in_the_world_model():
    validation = pytest.importorskip("egoprog.world").validate(fill_mug(0))
    assert validation.ok, validation.problems


def test_the_program_survives_its_text():
    parser, printer = pytest.importorskip("egoprog.program.parser"), pytest.importorskip("egoprog.program.printer")
    program = fill_mug(3)
    assert parser.parse(printer.to_text(program)) == program


def test_narrations_name_what_is_taken_filled_poured_and_put_down():
    lines = narrate(fill_mug(0))
    assert [line.text for line in lines] == [
        "take mug", "fill mug with water", "put down mug", "take bottle", "pour juice into mug", "put down bottle",
    ]  # fmt: skip
    grasp = next(step for step in fill_mug(0).sub_actions() if step.verb is Verb.GRASP)
    assert (lines[0].start_s, lines[0].stop_s) == (grasp.start_s, grasp.stop_s)


@pytest.mark.parametrize("seconds", [0.0, 5.0, 1e4, float("nan")])
def test_lengths_that_nobody_can_act_are_named(seconds):
    with pytest.raises(ConfigurationError, match="seconds"):
        fill_mug(0, seconds)

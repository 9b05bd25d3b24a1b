"""Activities: valid in the world model, the same for the same seed, and with odds that say what was likely."""

import itertools
from collections import Counter

import numpy as np
import pytest

from egoprog.errors import ConfigurationError, UnknownTask
from egoprog.program.parser import parse
from egoprog.program.printer import to_text
from egoprog.program.types import Verb
from egoprog.sim.activity import Choices, every_way, make_activity
from egoprog.sim.participants import participant
from egoprog.sim.rollout import sim_domain
from egoprog.world import Domain, validate

ACTIVITIES = [make_activity(participant(number), number, 60.0) for number in range(0, 48, 8)]


@pytest.mark.parametrize("activity", ACTIVITIES)
def test_every_step_is_possible_with_and_without_the_kitchen_s_own_table(activity):
    for step in activity.steps:
        for domain in (sim_domain(), Domain.default()):
            validation = validate(step.program, step.before, domain)
            assert validation.ok, (step.narration, validation.problems)


@pytest.mark.parametrize("activity", ACTIVITIES)
def test_each_step_begins_where_the_one_before_it_ended(activity):
    assert activity.steps[0].before == activity.plan.state
    assert all(one.after == other.before for one, other in itertools.pairwise(activity.steps))


@pytest.mark.parametrize("activity", ACTIVITIES)
def test_odds_sum_to_one_and_hold_what_was_done(activity):
    for step in activity.steps:
        assert sum(step.odds.values()) == pytest.approx(1.0)
        assert step.odds[step.verb, step.nouns[0]] > 0


@pytest.mark.parametrize("activity", ACTIVITIES)
def test_programs_do_all_that_they_say_and_survive_their_text(activity):
    for step in activity.steps:
        validation = validate(step.program, step.before, sim_domain())
        assert validation.steps and all(one.is_reached for one in validation.steps)
        assert parse(to_text(step.program)) == step.program


@pytest.mark.parametrize("activity", ACTIVITIES)
def test_nobody_holds_more_than_two_things_or_leaves_a_thing_nowhere(activity):
    for step in activity.steps:
        for name in activity.plan.things:
            in_hand = name in (step.after.left, step.after.right)
            assert in_hand or step.after.place_of(name) is not None, (step.narration, name)


def test_nobody_walks_where_they_stand():
    for step in itertools.chain.from_iterable(activity.steps for activity in ACTIVITIES):
        walks = [s.objects[0] for s in step.program.sub_actions() if s.verb is Verb.GOTO]
        assert len(walks) <= 1
        assert all(step.before.atoms.get(("near", (name,))) is False for name in walks)


def test_the_same_seed_gives_the_same_activity_and_another_seed_another():
    one, same, other = (make_activity(participant(6), seed, 40.0) for seed in (3, 3, 4))
    assert (one.steps, one.plan.state, one.plan.starts) == (same.steps, same.plan.state, same.plan.starts)
    assert [step.narration for step in one.steps] != [step.narration for step in other.steps]


def test_the_more_time_the_more_is_done_at_about_the_pace_of_epic_kitchens():
    rates = [len(activity.steps) for activity in ACTIVITIES]
    assert 7 <= np.mean(rates) <= 15
    assert len(make_activity(participant(0), 0, 20.0).steps) < len(make_activity(participant(0), 0, 90.0).steps)


def test_named_tasks_are_done_and_nothing_else():
    steps = make_activity(participant(8), 2, 600.0, ("butter_bread",)).steps
    assert {step.task for step in steps} <= {"butter_bread", "check_phone", "have_water", "look_around"}
    assert ("apply", "butter") in {(step.verb, step.nouns[0]) for step in steps}
    assert steps[-1].after.left is steps[-1].after.right is None


@pytest.mark.parametrize(
    ("name", "done"),
    [
        ("make_tea", ("insert", "tea")), ("make_coffee", ("add", "coffee")), ("fry_egg", ("flip", "egg")),
        ("wash_dishes", ("wash", "plate")), ("boil_pasta", ("add", "pasta")), ("prepare_potatoes", ("peel", "potato")),
        ("warm_milk", ("turn-on", "microwave")), ("throw_rubbish", ("throw", "rubbish")),
        ("dry_dishes", ("dry", "cup")), ("fry_sausages", ("flip", "sausage")), ("fill_kettle", ("fill", "kettle")),
    ],
)  # fmt: skip
def test_tasks_reach_what_they_are_about(name, done):
    steps = make_activity(participant(11), 1, 400.0, (name,)).steps
    assert done in {(step.verb, step.nouns[0]) for step in steps}, [step.narration for step in steps]


def test_an_unknown_task_is_answered_with_the_nearest_names():
    with pytest.raises(UnknownTask, match="did you mean 'fry_egg'"):
        make_activity(participant(0), 0, 30.0, ("fry_eg",))


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("nan"), 1e6])
def test_lengths_that_are_none_are_named(seconds):
    with pytest.raises(ConfigurationError, match="seconds"):
        make_activity(participant(0), 0, seconds)


def test_people_are_distracted_and_give_things_up_now_and_then():
    steps = [step for activity in ACTIVITIES for step in activity.steps]
    steps += [step for seed in range(2) for step in make_activity(participant(25), seed, 60.0).steps]
    assert any(step.is_unfinished for step in steps)
    assert any(step.task in ("check_phone", "have_water", "look_around") for step in steps)


def test_choices_are_run_through_with_their_probabilities():
    def run(choices):
        first = choices.pick("ab", (3.0, 1.0))
        return first + ("!" if first == "a" and choices.chance(0.5) else "")

    ways = Counter()
    for probability, outcome in every_way(run):
        ways[outcome] += probability
    assert ways == pytest.approx({"a": 0.375, "a!": 0.375, "b": 0.25})


def test_branches_that_are_too_rare_are_not_followed():
    ways = list(every_way(lambda choices: choices.chance(1e-4), least=1e-3))
    assert len(ways) == 2 or sum(p for p, _ in ways) == pytest.approx(1e-4)


def test_choices_that_are_laid_down_are_kept():
    choices = Choices((1,))
    assert choices.pick("xyz") == "y" and choices.probability == pytest.approx(1 / 3)

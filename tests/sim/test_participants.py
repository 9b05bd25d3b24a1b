"""The people of the simulated kitchens."""

import numpy as np
import pytest

from egoprog.errors import ConfigurationError
from egoprog.program.types import Hand
from egoprog.sim.participants import NUM_PARTICIPANTS, NUM_TRAINING, habits, participant, stranger

PEOPLE = [participant(number) for number in range(NUM_PARTICIPANTS)]


def test_48_people_have_ids_that_epic_kitchens_does_not_use():
    assert [person.id for person in PEOPLE] == [f"P{number}" for number in range(901, 949)]
    assert PEOPLE[NUM_TRAINING].id == "P937"


def test_skin_covers_the_human_range_without_gaps():
    light = np.sort([np.mean(person.skin) for person in PEOPLE])
    assert light[0] < 0.2 and light[-1] > 0.78
    assert np.diff(light).max() < 0.06


def test_skin_is_spread_over_the_unseen_kitchens_as_over_the_others():
    light = [np.mean(person.skin) for person in PEOPLE[NUM_TRAINING:]]
    assert min(light) < 0.35 and max(light) > 0.65


def test_about_an_eighth_are_left_handed():
    assert 4 <= sum(person.handed is Hand.LEFT for person in PEOPLE) <= 8


def test_bodies_and_cameras_are_possible_and_vary():
    assert all(1.4 <= person.height_m <= 1.8 and 56 <= person.lens_deg <= 75 for person in PEOPLE)
    assert all(0.75 <= person.tempo <= 1.3 and 0 <= person.sleeve_share <= 1 for person in PEOPLE)
    assert len({person.sleeve for person in PEOPLE}) == NUM_PARTICIPANTS
    assert np.ptp([person.lens_deg for person in PEOPLE]) > 12


def test_a_person_is_the_same_every_time_and_nobody_else():
    assert participant(5) is participant(5)
    assert len({habits(person) for person in PEOPLE}) == NUM_PARTICIPANTS


@pytest.mark.parametrize("number", [-1, NUM_PARTICIPANTS])
def test_a_person_who_does_not_exist_is_named(number):
    with pytest.raises(ConfigurationError, match=f"from 0 to 47, got {number}"):
        participant(number)


def test_strangers_are_none_of_the_48_and_each_is_somebody_else():
    strangers = [stranger(number) for number in range(60)]
    assert len({person.id for person in (*PEOPLE, *strangers)}) == len(PEOPLE) + len(strangers)
    assert len({person.seed for person in (*PEOPLE, *strangers)}) == len(PEOPLE) + len(strangers)
    assert len({habits(person) for person in strangers}) == len(strangers)
    assert stranger(7) == strangers[7]


def test_strangers_are_as_unlike_as_the_48():
    strangers = [stranger(number) for number in range(200)]
    light = np.sort([np.mean(person.skin) for person in strangers])
    assert light[0] < 0.2 and light[-1] > 0.78 and np.diff(light).max() < 0.08
    assert 0.05 < np.mean([person.handed is Hand.LEFT for person in strangers]) < 0.25
    assert all(1.4 <= person.height_m <= 1.8 for person in strangers)


def test_a_stranger_below_0_is_refused():
    with pytest.raises(ConfigurationError, match="from 0 on, got -1"):
        stranger(-1)

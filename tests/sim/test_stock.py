"""What is in a kitchen at the start of an episode."""

import itertools

import pytest

from egoprog.program.types import Condition
from egoprog.sim.participants import participant
from egoprog.sim.stock import FINDS, homes, plan
from egoprog.sim.types import KitchenPlan

PLANS = [plan(participant(number), seed=0) for number in range(0, 48, 3)]


def facts(kitchen: KitchenPlan, predicate: str) -> dict[str, bool]:
    return {args[0]: truth for (name, args), truth in kitchen.state.atoms.items() if name == predicate}


@pytest.mark.parametrize("kitchen", PLANS)
def test_a_kitchen_has_a_person_s_things_each_on_a_spot_of_its_own(kitchen):
    assert 35 <= len(kitchen.things) <= 50
    assert len(set(kitchen.starts)) == len(kitchen.things)
    spots = [(kitchen.state.place_of(name), *start) for name, start in kitchen.starts.items()]
    assert len(set(spots)) == len(spots)


@pytest.mark.parametrize("kitchen", PLANS)
def test_things_stand_where_there_is_such_a_place_and_fit_below_what_is_above(kitchen):
    for name, (station, index) in kitchen.starts.items():
        fixture = kitchen.stations[station].fixture(kitchen.state.place_of(name))
        assert kitchen.things[name].height_m <= fixture.spots[index].clearance_m


@pytest.mark.parametrize("kitchen", PLANS)
def test_worktops_leave_room_to_work(kitchen):
    on_prep = [n for n, (s, _) in kitchen.starts.items() if s == "prep" and kitchen.state.place_of(n) == "counter"]
    assert len(on_prep) <= 9


@pytest.mark.parametrize("kitchen", PLANS)
def test_all_that_matters_is_known_at_the_start(kitchen):
    near, clean, is_open = (facts(kitchen, predicate) for predicate in ("near", "clean", "open"))
    furniture = kitchen.fixtures.keys() - {"counter"}
    assert near.keys() == kitchen.things.keys() | furniture
    assert {name for name in furniture if near[name]} == {
        fixture.name for fixture in kitchen.stations[kitchen.standing].fixtures if fixture.name != "counter"
    }
    assert {"fridge", "drawer", "cupboard", "microwave", "bin", "tap", "milk"} <= is_open.keys()
    assert {"mug", "plate", "pan", "knife", "counter", "sink"} <= clean.keys()
    assert facts(kitchen, "on").keys() >= {"tap", "hob", "microwave", "kettle"}
    assert not any(is_open[door] for door in ("fridge", "drawer", "cupboard", "microwave", "bin", "tap"))
    assert all(kitchen.state.place_of(name) for name in kitchen.things)


def test_what_stands_on_another_station_s_counter_is_not_near():
    kitchen = PLANS[0]
    for name, (station, _) in kitchen.starts.items():
        if kitchen.state.place_of(name) == "counter":
            assert kitchen.state.value(Condition("near", (name,))) is (station == kitchen.standing)


def test_a_person_keeps_things_in_the_same_places_and_episodes_differ():
    person = participant(4)
    one, other = plan(person, 1), plan(person, 2)
    same = sum(one.state.place_of(name) == other.state.place_of(name) for name in one.things)
    assert one.things.keys() == other.things.keys()
    assert 0.6 * len(one.things) < same < len(one.things)
    again = plan(person, 1)
    assert (again.state, again.starts, again.standing) == (one.state, one.starts, one.standing)


def test_people_own_different_things_and_keep_them_elsewhere():
    owned = [homes(participant(number)) for number in range(12)]
    assert all(one != other for one, other in itertools.combinations(owned, 2))
    assert len({home["coffee"] for home in owned if "coffee" in home}) > 1


@pytest.mark.parametrize("find", FINDS)
def test_an_episode_finds_what_it_is_asked_to(find):
    kitchen = plan(participant(7), 3, [find])
    for name in FINDS[find] & kitchen.things.keys():
        if find == "dirty":
            assert kitchen.state.atoms["clean", (name,)] is False
        elif find == "wet":
            assert kitchen.state.atoms["dry", (name,)] is False
        else:
            assert kitchen.state.place_of(name) != homes(participant(7))[name][0] or find == "stray_dish"

"""Kitchens from seeds: a person can reach everything, nothing stands in anything else, and kitchens differ."""

from itertools import combinations

import numpy as np
import pytest

from egoprog.sim import layout
from egoprog.sim.types import Station

SEEDS = range(48)
REACH_M = 0.75


def _corners(fixture, box) -> np.ndarray:
    return np.array([fixture.frame.point((x, y, z)) for x in (box.low[0], box.high[0])
                     for y in (box.low[1], box.high[1]) for z in (box.low[2], box.high[2])])  # fmt: skip


def _shoulders_m(station: Station) -> list[np.ndarray]:
    """Upright and leaning; the furthest that a person of usual height leans is 0.15 m."""
    return [station.stand.point((x, -0.10 + lean, 1.35)) for x in (-0.185, 0.185) for lean in (0.0, 0.15)]


def _reach_m(station: Station, point) -> float:
    return min(float(np.linalg.norm(point - shoulder)) for shoulder in _shoulders_m(station))


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_stands_in_anything_else(seed):
    room = layout.room(seed)
    fixtures = {f.name: f for s in room.stations.values() for f in s.fixtures if f.name in room.boxes}
    extents = {}
    for name, fixture in fixtures.items():
        corners = _corners(fixture, room.boxes[name])
        extents[name] = corners.min(axis=0) + 1e-6, corners.max(axis=0) - 1e-6
    for a, b in combinations(extents, 2):
        overlap = np.minimum(extents[a][1], extents[b][1]) - np.maximum(extents[a][0], extents[b][0])
        assert not (overlap > 0).all(), f"{a} stands in {b}"


@pytest.mark.parametrize("seed", SEEDS)
def test_hands_reach_every_spot_and_every_handle_open_or_shut(seed):
    for station in layout.rooms(seed).values():
        for fixture in station.fixtures:
            for spot in fixture.spots:
                at = fixture.spot(spot, 1.0).position_m
                assert _reach_m(station, at) < REACH_M, f"{station.name}: spot on {fixture.name} out of reach"
            for opening in (0.0, 0.5, 1.0) if fixture.grip else ():
                at = fixture.bar(opening).position_m
                assert _reach_m(station, at) < REACH_M, f"{station.name}: {fixture.name} at {opening}"


@pytest.mark.parametrize("seed", SEEDS)
def test_every_counter_has_four_spots_near_the_person_that_are_free(seed):
    room = layout.room(seed)
    for name in ("sink", "hob", "prep", "storage"):
        station = room.stations[name]
        counter = station.fixture("counter")
        places = np.array([counter.spot(spot, 0.0).position_m for spot in counter.spots])
        local = np.array([station.stand.inverse().point(place) for place in places])
        assert len(places) >= 4
        assert (np.abs(local[:, 0]) < 0.45).all() and (local[:, 1] > 0.2).all() and (local[:, 1] < 0.5).all()
        radius = counter.spots[0].radius_m
        gaps = np.linalg.norm(places[:, None] - places[None], axis=-1)[~np.eye(len(places), dtype=bool)]
        assert gaps.min() >= 2 * radius
        for other in station.fixtures:
            if other.name not in room.boxes or other.name in ("cupboard", "cupboard_2", "drawer", "drawer_2"):
                continue
            box = room.boxes[other.name]
            inside = np.array([other.frame.inverse().point(place) for place in places])[:, :2]
            nearest = np.clip(inside, box.low[:2], box.high[:2])
            assert np.linalg.norm(inside - nearest, axis=1).min() > radius - 0.03, f"{name}: a spot under {other.name}"


@pytest.mark.parametrize("seed", SEEDS)
def test_no_door_sweeps_through_the_head(seed):
    for station in layout.rooms(seed).values():
        for fixture in station.fixtures:
            if fixture.kind not in ("cupboard", "fridge"):
                continue
            pivot = fixture.frame.point(fixture.pivot_m)
            for lean_m in (0.0, 0.07):
                head = station.stand.point((0, lean_m, 0))
                assert np.linalg.norm((head - pivot)[:2]) > fixture.size_m[0] + 0.02


@pytest.mark.parametrize("seed", SEEDS)
def test_a_head_that_leans_stays_out_of_the_furniture(seed):
    for station in layout.rooms(seed).values():
        for fixture in station.fixtures:
            if fixture.kind in ("cupboard", "fridge"):
                front = station.stand.inverse().point(fixture.frame.point((0, -layout.DOOR_THICK_M, 0)))
                assert front[1] > layout.HEAD_AHEAD_M + 0.09


def test_kitchens_differ_and_a_seed_always_gives_the_same_one():
    rooms = [layout.room(seed) for seed in SEEDS]
    assert {room.shape for room in rooms} == {"straight", "corner", "galley"}
    assert len({room.counter_m for room in rooms}) > 20
    assert 10 < sum("rack" in room.boxes for room in rooms) < 40
    layout.room.cache_clear()
    again = layout.room(5)
    for name, station in rooms[5].stations.items():
        np.testing.assert_array_equal(station.stand.position_m, again.stations[name].stand.position_m)


def test_water_falls_from_the_tap_into_the_basin():
    for seed in SEEDS:
        room = layout.room(seed)
        sink = room.stations["sink"].fixture("sink")
        mouth = sink.frame.inverse().point(layout.tap_mouth_m(room.stations["sink"]))
        drain = layout.drain_m(room.stations["sink"])
        box = room.boxes["sink"]
        assert (mouth[:2] > box.low[:2]).all() and (mouth[:2] < box.high[:2]).all()
        assert 0.25 < mouth[2] - drain[2] < 0.45


def test_the_ring_under_a_pan_is_named():
    hob = layout.rooms(3)["hob"].fixture("hob")
    places = [hob.spot(spot, 0.0).position_m for spot in hob.spots]
    assert [layout.ring_of(hob, place + (0.01, 0, 0.005)) for place in places] == [0, 1, 2, 3]
    assert layout.ring_of(hob, places[0] + (1.0, 0, 0)) is None

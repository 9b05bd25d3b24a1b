"""Furniture as patches: every fixture is drawn where the layout has it, and every style can be built."""

import numpy as np
import pytest

from egoprog.sim import layout
from egoprog.sim.bake import pack
from egoprog.sim.furniture import Furniture
from egoprog.sim.participants import participant
from egoprog.sim.style import Style


@pytest.mark.parametrize("number", range(0, 48, 6))
def test_every_fixture_is_drawn_where_hands_look_for_it(number):
    seed = participant(number).seed
    room = layout.room(seed)
    furniture = Furniture(room, Style.of(seed), seed)
    fixtures = {f.name: f for s in room.stations.values() for f in s.fixtures}
    for name, fixture in fixtures.items():
        if fixture.joint:
            points = np.concatenate([patch.points_m.reshape(-1, 3) for patch in furniture.parts[f"{name}/door"]])
            gap = np.linalg.norm(points - fixture.bar(0.0).position_m, axis=1).min()
            # A bar's corners lie at its ends, a lid's beyond the hand.
            reach = 0.12 if fixture.kind == "bin" else fixture.grip.length_m / 2
            assert gap < reach + 0.04, f"{name}: nothing where its handle should be"
        if name in room.boxes:
            drawn = furniture.parts.get(name, []) + furniture.parts.get(f"{name}/door", [])
            points = np.concatenate([patch.points_m.reshape(-1, 3) for patch in drawn])
            local = (points - fixture.frame.position_m) @ fixture.frame.rotation
            low, high = np.array(room.boxes[name].low), np.array(room.boxes[name].high)
            beside = 0.6 if name == "sink" else 0.25  # the draining board
            assert (local > low - beside).all() and (local < high + beside).all(), f"{name} is drawn out of its place"


def test_surfaces_lie_below_every_spot():
    seed = participant(7).seed
    room = layout.room(seed)
    furniture = Furniture(room, Style.of(seed), seed)
    for station in room.stations.values():
        for fixture in station.fixtures:
            if fixture.carries or fixture.kind == "bin":
                continue
            for spot in fixture.spots:
                x, y, z = fixture.spot(spot, 0.0).position_m
                levels = furniture.surfaces
                inside = (x > levels[:, 0]) & (x < levels[:, 1]) & (y > levels[:, 2]) & (y < levels[:, 3])
                gaps = z - levels[inside, 4]
                assert np.abs(gaps).min() < 0.012, f"{fixture.name}: nothing below its spot"


def test_a_style_is_the_same_for_the_same_seed_and_styles_differ():
    assert Style.of(3) == Style.of(3)
    styles = [Style.of(participant(k).seed) for k in range(48)]
    for kind in ("worktop", "splash", "floor", "fridge", "hob", "handle", "face_style", "tap"):
        assert len({getattr(style, kind) for style in styles}) >= 2, kind
    assert len({style.wall for style in styles}) > 30


def test_textures_fit_a_picture_that_every_renderer_takes():
    seed = participant(0).seed
    furniture = Furniture(layout.room(seed), Style.of(seed), seed)
    atlas = pack([patch.picture for patches in furniture.parts.values() for patch in patches])
    assert atlas.picture.shape[0] <= 4096

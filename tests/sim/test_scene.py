"""Kitchens that are drawn: what is shown moves, what is out of sight is not drawn, and a seed always looks the same."""

import numpy as np
import pytest

from egoprog.program.types import Hand
from egoprog.sim.bake import ATLAS_WIDTH_PX, Patch, light_at, pack
from egoprog.sim.hand import OPEN, RELAXED
from egoprog.sim.pose import Pose
from egoprog.sim.types import Look
from tests.sim.kitchens import moment, small_kitchen


@pytest.fixture(scope="module")
def kitchen():
    return small_kitchen(4)


def test_a_drawer_takes_its_handle_along(kitchen):
    drawer = kitchen.plan.fixtures["drawer"]
    for opening in (0.0, 1.0):
        kitchen.show(moment(kitchen, "prep", looks={"drawer": Look({"open": opening})}))
        grip = kitchen.data.geom("drawer/grip").xpos
        np.testing.assert_allclose(grip, drawer.bar(opening).position_m, atol=1e-6)


def test_hands_are_where_the_moment_has_them(kitchen):
    shown = moment(kitchen, "prep")
    kitchen.show(shown)
    for side in (Hand.LEFT, Hand.RIGHT):
        np.testing.assert_allclose(kitchen.data.body(f"{side}/hand").xpos, shown.wrists[side].position_m, atol=1e-6)
    before = kitchen.data.body("right/index-finger-tip").xpos.copy()
    kitchen.set_hand(Hand.RIGHT, shown.wrists[Hand.RIGHT], {**OPEN, "index-finger": (0.0, 1.2, 1.2, 0.6)})
    kitchen.settle()
    assert np.linalg.norm(kitchen.data.body("right/index-finger-tip").xpos - before) > 0.03
    assert RELAXED.keys() == OPEN.keys()


def test_what_is_shut_in_is_not_drawn(kitchen):
    fridge = kitchen.plan.fixtures["fridge"]
    inside = fridge.spot(fridge.spots[0], 0.0)
    geoms = np.flatnonzero(kitchen.model.geom_bodyid == kitchen.model.body("mug").id)
    drawn = {}
    for opening in (0.0, 0.9):
        looks = {"fridge": Look({"open": opening})}
        kitchen.show(moment(kitchen, "fridge", at=inside.position_m, things={"mug": inside}, looks=looks))
        kitchen.cull(0.8, 0.8)
        drawn[opening] = bool((kitchen.model.geom_group[geoms] == 0).any())
    assert drawn == {0.0: False, 0.9: True}


def test_what_is_behind_the_camera_is_not_drawn(kitchen):
    stand = kitchen.plan.stations["prep"].stand
    geoms = np.flatnonzero(kitchen.model.geom_bodyid == kitchen.model.body("mug").id)
    ahead, behind = stand @ Pose.at(0.0, 0.35, 0.95), stand @ Pose.at(0.0, -1.5, 0.95)
    for place, is_drawn in ((ahead, True), (behind, False)):
        kitchen.show(moment(kitchen, "prep", things={"mug": place}))
        kitchen.cull(0.8, 0.8)
        assert bool((kitchen.model.geom_group[geoms] == 0).any()) is is_drawn


def test_shadows_lie_on_the_surface_below(kitchen):
    stand, top = kitchen.plan.stations["prep"].stand, kitchen.furniture.room.counter_m
    kitchen.show(moment(kitchen, "prep", things={"mug": stand @ Pose.at(0.1, 0.35, top)}))
    shadows = [kitchen.model.geom(f"shadow/{k}") for k in range(8)]
    below = [s for s in shadows if np.linalg.norm(s.pos[:2] - stand.point((0.1, 0.35, 0))[:2]) < 0.01]
    assert len(below) == 1 and 0 < below[0].pos[2] - top < 0.005 and below[0].rgba[3] > 0.3
    kitchen.show(moment(kitchen, "prep", things={"mug": stand @ Pose.at(0.1, 0.35, top + 0.6)}))
    assert all(s.rgba[3] == 0 for s in shadows if np.linalg.norm(s.pos[:2] - stand.point((0.1, 0.35, 0))[:2]) < 0.01)


def test_a_wall_is_dark_in_its_corner_and_below_a_shelf():
    normals = np.tile((0.0, 0.0, 1.0), (3, 1))
    points = np.array([(0.0, 0.0, 0.0), (2.0, 0.0, 0.0), (0.0, 3.0, 0.0)])
    boxes = np.array([[(-0.3, 0.05, 0.0), (0.3, 0.2, 1.0)], [(1.7, -0.3, 0.3), (2.3, 0.3, 0.35)]])
    corner, shelf, free = light_at(points, normals, boxes, [], (1.0, 1.0, 1.0), seed=0).mean(axis=1)
    assert free == pytest.approx(1.0, abs=0.02)
    assert corner < 0.8 * free
    assert shelf < 0.8 * free


def test_pictures_in_the_atlas_do_not_touch():
    sizes = [(40, 700), (300, 500), (12, 12), (64, 900), (200, 30)]
    atlas = pack([np.full((h, w, 3), (k + 1) / 8, np.float32) for k, (h, w) in enumerate(sizes)])
    high = atlas.picture.shape[0]
    for k, ((u, v, wide, tall), (h, w)) in enumerate(zip(atlas.corners, sizes, strict=True)):
        x, y = round(u * ATLAS_WIDTH_PX - 0.5), round(v * high - 0.5)
        assert (round(wide * ATLAS_WIDTH_PX) + 1, round(tall * high) + 1) == (w, h)
        around = atlas.picture[y - 3 : y + h + 3, x - 3 : x + w + 3]
        assert (around == int((k + 1) / 8 * 255)).all()


def test_patches_face_the_way_they_are_seen_from():
    quad = Patch.quad(np.zeros(3), np.array([1.0, 0, 0]), np.array([0, 0, 1.0]), np.ones((4, 4, 3)))
    _, normals = quad.samples()
    np.testing.assert_allclose(normals.reshape(-1, 3), np.tile((0.0, -1.0, 0.0), (normals.size // 3, 1)), atol=1e-9)

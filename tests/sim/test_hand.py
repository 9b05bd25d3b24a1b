"""The skinned hands: their meshes, their frames, and how they close."""

import numpy as np
import pytest

from egoprog.program.types import Hand
from egoprog.sim.hand import FINGERS, FIST, OPEN, Skin, blend, load_hand, skin_texture


@pytest.mark.parametrize("side", [Hand.LEFT, Hand.RIGHT])
def test_hand_frame_has_fingers_ahead_and_the_thumb_on_its_side(side):
    mesh = load_hand(side)
    tips = {finger: mesh.bind_of(f"{finger}-tip").position_m for finger in FINGERS}
    assert all(tip[0] > 0.08 for tip in tips.values())
    assert 0.15 < tips["middle-finger"][0] < 0.20, "a grown person's hand is 15 to 20 cm from wrist to tip"
    thumb_side = 1 if side is Hand.RIGHT else -1
    assert thumb_side * tips["thumb"][1] > 0.05
    assert thumb_side * tips["pinky-finger"][1] < -0.03
    np.testing.assert_allclose(mesh.weights.sum(axis=1), 1.0)


def test_two_hands_are_mirror_images():
    right, left = load_hand(Hand.RIGHT), load_hand(Hand.LEFT)
    for finger in FINGERS:
        tip = right.bind_of(f"{finger}-tip").position_m * (1, -1, 1)
        np.testing.assert_allclose(left.bind_of(f"{finger}-tip").position_m, tip, atol=0.004)


def test_skin_texture_shows_nails_and_no_holes():
    mesh = load_hand(Hand.RIGHT)
    picture = skin_texture(mesh, Skin(size_px=256), np.random.default_rng(0))
    assert picture.shape == (256, 256, 3)
    assert picture.min() > 40, "an unpainted texel would be a black spot on the hand"
    tip = mesh.bind_of("index-finger-tip")
    local = (mesh.vertices_m - tip.position_m) @ tip.rotation
    on_nail = (np.abs(local[:, 0]) < 0.004) & (local[:, 1] > 0.002) & (np.abs(local[:, 2]) < 0.005)
    assert on_nail.any()
    columns, rows = np.rint(mesh.texcoords[on_nail] * 255).astype(int).T
    assert picture[rows, columns].mean() > picture.mean()


def test_blend_goes_from_open_to_fist():
    half = blend(OPEN, FIST, 0.5)
    assert half["index-finger"][1] == pytest.approx((OPEN["index-finger"][1] + FIST["index-finger"][1]) / 2)
    assert blend(OPEN, FIST, 0.0) == OPEN

"""The sharper of two frames is the one that a person would take."""

import cv2
import numpy as np
import pytest

from egoprog.lego.sharpness import focus


@pytest.fixture
def picture():
    rng = np.random.default_rng(0)
    picture = np.full((96, 128, 3), 90, np.uint8)
    for _ in range(60):
        corner = rng.integers(0, 120, 2)
        colour = tuple(int(value) for value in rng.integers(0, 256, 3))
        cv2.rectangle(picture, corner.tolist(), (corner + rng.integers(4, 30, 2)).tolist(), colour, -1)
    return picture


def test_the_more_a_frame_is_blurred_the_lower_it_scores(picture):
    scores = [focus(picture)] + [focus(cv2.GaussianBlur(picture, (0, 0), sigma)) for sigma in (0.7, 1.5, 3)]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] > scores[-1] + 0.3


@pytest.mark.parametrize("size", [(9, 1), (1, 9)])
def test_motion_blur_in_one_direction_is_enough_to_lose(picture, size):
    assert focus(cv2.blur(picture, size)) < focus(picture) - 0.2


def test_a_darker_frame_is_no_less_sharp(picture):
    assert focus(picture // 2) == pytest.approx(focus(picture), abs=0.03)


def test_a_plain_frame_has_nothing_to_be_sharp():
    assert focus(np.full((32, 32, 3), 128, np.uint8)) == 0.0

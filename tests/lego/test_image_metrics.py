"""Measures without networks: known values, agreement with the textbook's formula, and what is refused."""

import numpy as np
import pytest
from scipy import linalg

from egoprog.errors import InputError
from egoprog.lego.image_metrics import MAX_PSNR_DB, cosines, frechet_distance, psnr, size_note

RNG = np.random.default_rng(0)


def textbook(one, other):
    root = linalg.sqrtm(np.cov(one.T) @ np.cov(other.T)).real
    shift = ((one.mean(0) - other.mean(0)) ** 2).sum()
    return shift + np.trace(np.cov(one.T) + np.cov(other.T) - 2 * root)


def test_psnr_of_a_known_error_is_what_the_formula_says():
    true = np.full((2, 4, 5, 3), 100, np.uint8)
    generated = true.copy()
    generated[1] += 51  # a fifth of the range: 10 log10(25) dB
    assert psnr(generated, true) == pytest.approx([MAX_PSNR_DB, 10 * np.log10(25)])


def test_psnr_is_the_mean_of_the_pictures_and_not_of_their_errors():
    true = np.zeros((2, 2, 2, 3), np.uint8)
    generated = np.stack([np.full((2, 2, 3), 255, np.uint8), np.full((2, 2, 3), 51, np.uint8)])
    assert psnr(generated, true).mean() == pytest.approx((0 + 10 * np.log10(25)) / 2)


@pytest.mark.parametrize(("num", "width"), [(200, 6), (12, 30), (31, 30)])
def test_frechet_distance_is_the_textbooks_with_many_pictures_and_with_few(num, width):
    one = RNG.normal(size=(num, width))
    other = RNG.normal(0.3, 1.4, size=(num + 3, width))
    assert frechet_distance(one, other) == pytest.approx(textbook(one, other), rel=1e-4)


def test_frechet_distance_of_equal_features_is_nothing():
    one = RNG.normal(size=(50, 8))
    assert frechet_distance(one, one) == pytest.approx(0, abs=1e-9)
    assert frechet_distance(one[:5], one[:5]) == pytest.approx(0, abs=1e-9)


def test_weights_count_pictures_as_often_as_they_were_drawn():
    one, other = RNG.normal(size=(40, 5)), RNG.normal(1, 2, size=(40, 5))
    drawn = RNG.multinomial(40, np.full(40, 1 / 40)).astype(float)
    rows = np.repeat(np.arange(40), drawn.astype(int))
    assert frechet_distance(one, other, drawn) == pytest.approx(frechet_distance(one[rows], other[rows]))
    assert np.isnan(frechet_distance(one, other, np.eye(40)[0]))


def test_cosines_go_row_by_row_and_know_no_length():
    assert cosines(np.array([[1.0, 0], [2, 2], [0, 0]]), np.array([[0, 3.0], [1, 1], [1, 0]])) == pytest.approx(
        [0, 1, 0]
    )


def test_pictures_that_do_not_match_are_refused():
    good = np.zeros((2, 4, 4, 3), np.uint8)
    for bad in (good[:1], good.astype(np.float32), good[..., 0], good[:0]):
        with pytest.raises(InputError, match="expected"):
            psnr(bad, good)
    with pytest.raises(InputError, match="one width"):
        frechet_distance(np.zeros((3, 2)), np.zeros((3, 4)))


def test_a_distance_that_rests_on_few_pictures_says_so():
    assert "low rank" in size_note(1000, 2048) and not size_note(5000, 2048)

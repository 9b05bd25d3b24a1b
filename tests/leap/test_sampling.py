"""Sparse sampling sees what the original's does, and stays within the clip."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from egoprog.data.clips import ClipSpan
from egoprog.errors import ConfigurationError
from egoprog.leap.sampling import frame_places, frame_stamps, pictures_of


def test_the_published_example_comes_out():
    assert frame_places(100, 8) == [6, 18, 31, 43, 56, 68, 80, 93]


@pytest.mark.parametrize(
    ("num_pictures", "num_frames", "view", "num_views", "expected"),
    [  # by the original's get_seq_frames(num_pictures, num_frames, view, num_views)
        (100, 8, 0, 2, [4, 16, 29, 41, 54, 66, 78, 91]),
        (100, 8, 1, 2, [8, 20, 33, 45, 58, 70, 82, 95]),
        (10, 4, 0, 1, [1, 3, 5, 8]),
        (3, 8, 0, 1, [0, 0, 0, 1, 1, 1, 2, 2]),
        (1, 4, 0, 1, [0, 0, 0, 0]),
    ],
)
def test_views_lie_where_the_original_s_do(num_pictures, num_frames, view, num_views, expected):
    assert frame_places(num_pictures, num_frames, None, view, num_views) == expected


@given(st.integers(1, 400), st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_training_draws_one_picture_from_each_segment(num_pictures, num_frames, seed):
    drawn = frame_places(num_pictures, num_frames, np.random.default_rng(seed))
    bounds = np.round((num_pictures - 1) / num_frames * np.arange(num_frames + 1))
    assert len(drawn) == num_frames and drawn == sorted(drawn)
    assert all(low <= place <= high for low, place, high in zip(bounds, drawn, bounds[1:], strict=False))


def test_training_sees_the_first_and_the_last_picture_at_times():
    rng = np.random.default_rng(0)
    drawn = np.array([frame_places(20, 4, rng) for _ in range(300)])
    assert drawn.min() == 0 and drawn.max() == 19


@given(
    st.floats(-20, 4000).map(lambda x: round(x, 2)),
    st.floats(0, 60).map(lambda x: round(x, 2)),
    st.integers(1, 64),
    st.sampled_from([5, 10, 24, 30000 / 1001, 30, 50, 59.94005994, 60]),
    st.booleans(),
)
def test_stamps_are_of_pictures_within_the_span(start_s, length_s, num_frames, rate_hz, is_jittered):
    span = ClipSpan("P01_01", start_s, start_s + length_s)
    stamps_s = frame_stamps(span, num_frames, rate_hz, np.random.default_rng(0) if is_jittered else None)
    assert stamps_s.shape == (num_frames,) and (np.diff(stamps_s) >= 0).all() and (stamps_s >= 0).all()
    assert (stamps_s <= max(span.stop_s, 0.0) + 2e-6 / rate_hz).all()
    assert (stamps_s > start_s - 1 / rate_hz - 1e-6).all()
    np.testing.assert_allclose(stamps_s * rate_hz, np.round(stamps_s * rate_hz), atol=1e-6)


def test_a_window_that_reaches_back_before_the_video_repeats_its_first_picture():
    stamps_s = frame_stamps(ClipSpan("P01_01", -2.0, 2.0), 8, 10.0)
    np.testing.assert_allclose(stamps_s, [0, 0, 0, 0, 0.2, 0.6, 1.1, 1.6], atol=0.11)
    assert (stamps_s[:4] == 0).all()


def test_a_span_shorter_than_a_picture_shows_the_one_on_display():
    assert frame_stamps(ClipSpan("P01_01", 1.02, 1.07), 4, 10.0).tolist() == [1.0] * 4
    assert len(pictures_of(ClipSpan("P01_01", 0.0, 10.0), 10.0)) == 100


@pytest.mark.parametrize("bad", [(0, 8), (10, 0)])
def test_clips_without_pictures_and_views_that_don_t_exist_are_refused(bad):
    with pytest.raises(ConfigurationError, match="expected pictures, frames and a view"):
        frame_places(*bad)
    with pytest.raises(ConfigurationError, match="expected pictures, frames and a view among 2, got 10, 4 and 2"):
        frame_places(10, 4, None, 2, 2)
    with pytest.raises(ConfigurationError, match="a span that ends after its start"):
        frame_stamps(ClipSpan("P01_01", 2.0, 1.0), 4, 10.0)

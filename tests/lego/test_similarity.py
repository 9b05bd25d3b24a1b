"""Pairs that show two kitchens, or one moment twice, are told from those that show something done."""

import cv2
import numpy as np
import pytest

from egoprog.errors import RecordingError
from egoprog.lego.similarity import calibrate, patch_similarity


def scene(seed, size_px=(128, 228)):
    rng = np.random.default_rng(seed)
    picture = np.full((*size_px, 3), rng.integers(40, 200, 3), np.uint8)
    for _ in range(40):
        corner = rng.integers(0, (size_px[1], size_px[0]))
        colour = tuple(int(value) for value in rng.integers(0, 256, 3))
        cv2.rectangle(picture, corner.tolist(), (corner + rng.integers(8, 50, 2)).tolist(), colour, -1)
    return picture


class Scenes:
    """Each video a scene over which the view glides."""

    def rate_hz(self, video_id):
        return 10.0

    def duration_s(self, video_id):
        return 30.0

    def read(self, video_id, stamps_s):
        wide = scene(int(video_id[1:4]), (128, 2000))
        return np.stack([wide[:, int(5 * stamp_s) : int(5 * stamp_s) + 228] for stamp_s in stamps_s])

    def read_stamped(self, video_id, stamps_s):
        return self.read(video_id, stamps_s), np.array(stamps_s)


def test_a_picture_is_like_itself_and_order_does_not_matter():
    one, other = scene(0), scene(1)
    assert patch_similarity(one, one) == pytest.approx(1.0, abs=0.05)
    assert patch_similarity(one, other) == pytest.approx(patch_similarity(other, one), abs=1e-6)


def test_a_turn_of_the_head_is_the_same_place_and_another_kitchen_is_not():
    wide = scene(0, (128, 300))
    turned = patch_similarity(wide[:, :228], wide[:, 60:288])
    assert turned > patch_similarity(scene(0), scene(1)) + 0.1


def test_a_thing_that_is_moved_shows_less_than_nothing_that_happens():
    before = scene(0)
    after = before.copy()
    cv2.circle(after, (110, 60), 30, (230, 190, 160), -1)
    noise = np.clip(before + np.random.default_rng(0).normal(0, 2, before.shape), 0, 255).astype(np.uint8)
    assert patch_similarity(before, after) < patch_similarity(before, noise)


def test_bounds_lie_between_two_kitchens_and_one_moment():
    videos = [f"P{number}_01" for number in range(901, 905)]
    bounds = calibrate(Scenes(), videos, patch_similarity, num_samples=12)
    assert patch_similarity(scene(1), scene(2)) < bounds.high
    assert bounds.low < bounds.high
    assert bounds == calibrate(Scenes(), videos, patch_similarity, num_samples=12)
    assert "12 moments of 4 videos" in bounds.how


def test_a_gap_between_kept_frames_is_not_taken_for_one_moment():
    """Of every second one half is kept; in the other the last picture stays on display."""

    class Kept(Scenes):
        def read_stamped(self, video_id, stamps_s):
            shown_s = np.array([min(int(stamp_s * 10) / 10, int(stamp_s) + 0.5) for stamp_s in stamps_s])
            return self.read(video_id, shown_s * 10), shown_s  # the view glides fast: no two frames are the same

    compared = []

    def similarity(one, other):
        compared.append((one == other).all())
        return patch_similarity(one, other)

    calibrate(Kept(), [f"P{number}_01" for number in range(901, 905)], similarity, num_samples=12)
    assert len(compared) >= 24 and not any(compared)


def test_one_participant_alone_gives_no_bounds():
    with pytest.raises(RecordingError, match="--bounds"):
        calibrate(Scenes(), ["P901_01", "P901_02"], patch_similarity)


def test_videos_in_which_nothing_is_alike_give_no_bounds():
    rng = np.random.default_rng(0)
    with pytest.raises(RecordingError, match="do these videos show anything"):
        calibrate(Scenes(), ["P901_01", "P902_01"], lambda one, other: float(rng.random()), num_samples=20)

"""Motion between knots."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from egoprog.sim.pose import Pose, between, looking_at, minimum_jerk
from egoprog.sim.tracks import Track


def test_minimum_jerk_starts_and_ends_at_rest():
    share = np.linspace(0, 1, 1001)
    path = minimum_jerk(share)
    speed = np.gradient(path, share)
    assert path[0] == 0.0 and path[-1] == 1.0
    assert speed[0] < 0.01 and speed[-1] < 0.01
    assert speed.max() == pytest.approx(1.875, abs=0.01), "the peak of a minimum-jerk reach"


def test_track_stands_still_outside_its_moves():
    track = Track(0.0)
    track.move(1.0, 2.0, 4.0)
    track.move(3.0, 4.0, 1.0)
    assert [track.at(stamp_s) for stamp_s in (0.0, 1.0, 2.0, 2.9, 4.0, 9.0)] == [0.0, 0.0, 4.0, 4.0, 1.0, 1.0]
    assert track.at(1.5) == pytest.approx(2.0)


def test_track_makes_overlapping_moves_wait():
    track = Track(0.0)
    track.move(0.0, 2.0, 1.0)
    track.move(1.0, 3.0, 5.0)
    stamps_s = np.linspace(0, 3, 301)
    steps = np.abs(np.diff([track.at(stamp_s) for stamp_s in stamps_s]))
    assert steps.max() < 0.12, "a jump would show as a hand that teleports"
    assert track.at(3.0) == 5.0


def test_detour_swings_out_half_way_and_keeps_the_ends():
    track = Track(Pose.at(0, 0, 0))
    track.move(0.0, 1.0, Pose.at(1, 0, 0), (0, 0, 0.2))
    np.testing.assert_allclose(track.at(0.5).position_m, (0.5, 0, 0.2))
    np.testing.assert_allclose(track.at(1.0).position_m, (1, 0, 0))


def test_pose_composes_with_its_inverse_to_identity():
    pose = Pose(np.array([1.0, 2.0, 3.0]), Rotation.from_euler("xyz", [0.3, -0.4, 1.0]).as_matrix())
    identity = pose @ pose.inverse()
    np.testing.assert_allclose(identity.position_m, 0, atol=1e-12)
    np.testing.assert_allclose(identity.rotation, np.eye(3), atol=1e-12)


def test_between_turns_the_shorter_way():
    half = between(Pose.at(0, 0, 0, 0.0), Pose.at(0, 0, 0, 3.0), 0.5)
    np.testing.assert_allclose(half.rotation, Pose.at(0, 0, 0, 1.5).rotation, atol=1e-12)


def test_camera_looks_at_its_target_upright():
    pose = looking_at(np.array([0.0, -1.0, 1.6]), np.array([0.0, 0.3, 0.9]))
    local = pose.inverse().point(np.array([0.0, 0.3, 0.9]))
    np.testing.assert_allclose(local[:2], 0, atol=1e-12)
    assert local[2] < 0, "OpenGL's cameras look along -z"
    assert pose.rotation[2, 1] > 0, "up in the picture is up in the world"

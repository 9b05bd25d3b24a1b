"""Motion between knots."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from egoprog.sim.pose import Pose, aligning, axes, axis_angle, between, looking_at, minimum_jerk, turn
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


def test_a_track_follows_a_way_evenly_where_strokes_go_round():
    track = Track(Pose.at(0.1, 0, 0))
    track.follow(
        0.0, 2.0, lambda share: Pose.at(0.1 * np.cos(4 * np.pi * share), 0.1 * np.sin(4 * np.pi * share), 0), True
    )
    radii = [np.linalg.norm(track.at(stamp_s).position_m) for stamp_s in np.linspace(0, 2, 50)]
    np.testing.assert_allclose(radii, 0.1)
    np.testing.assert_allclose(track.at(0.25).position_m, (0, 0.1, 0), atol=1e-9)
    assert track.is_moving(1.0) and not track.is_moving(2.5)


def test_fast_turns_are_those_of_scipy():
    """Rotations run for every frame; they must be right as well as quick."""
    rng = np.random.default_rng(3)
    for _ in range(200):
        vector = rng.normal(size=3) * rng.uniform(0.01, 1.5)
        angle = np.linalg.norm(vector)
        matrix = Rotation.from_rotvec(vector).as_matrix()
        np.testing.assert_allclose(turn(vector / angle, angle), matrix, atol=1e-12)
        pose = Pose(np.zeros(3), matrix)
        np.testing.assert_allclose(
            pose.quaternion_xyzw, Rotation.from_matrix(matrix).as_quat(canonical=True), atol=1e-9
        )
        axis, found = axis_angle(matrix)
        np.testing.assert_allclose(turn(axis, found), matrix, atol=1e-9)


def test_half_turns_have_an_axis():
    for axis in np.eye(3):
        found, angle = axis_angle(turn(axis, np.pi))
        assert angle == pytest.approx(np.pi)
        np.testing.assert_allclose(np.abs(found), axis, atol=1e-9)
        np.testing.assert_allclose(aligning(axis, -axis) @ axis, -axis, atol=1e-9)


def test_axes_keep_x_and_bring_z_near():
    rotation = axes((0.0, 1.0, -1.0), np.array([0.0, 0.0, 1.0]))
    np.testing.assert_allclose(rotation.T @ rotation, np.eye(3), atol=1e-12)
    np.testing.assert_allclose(rotation[:, 0], np.array([0, 1, -1]) / np.sqrt(2))
    assert rotation[2, 2] > 0.7

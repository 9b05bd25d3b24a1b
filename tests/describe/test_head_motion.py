"""When the wearer walks, turns and stands, from poses and, where there are none, from the image."""

import math

import cv2
import numpy as np
import pytest

from egoprog.data import Frame, PoseSample, open_recording
from egoprog.data.poses import read_poses
from egoprog.describe.head_motion import HeadMotionExtractor
from egoprog.describe.types import MotionKind
from egoprog.errors import PoseError, StampError

STILL, WALK, TURN = MotionKind.STILL, MotionKind.WALK, MotionKind.TURN


def _poses(seconds, rate_hz=30, place=lambda t: (0.0, 0.0), yaw=lambda t: 0.0, start_s=0.0, pitch=0.3):
    """A head 1.6 m above the floor, looking down a little; place and yaw as functions of time."""
    for tick in range(round(seconds * rate_hz)):
        time_s = tick / rate_hz
        bob = 0.02 * math.sin(2 * math.pi * 2 * time_s)
        half, tilt = yaw(time_s) / 2, pitch / 2
        # yaw about z, then pitch about y
        quaternion = (
            -math.sin(half) * math.sin(tilt),
            math.cos(half) * math.sin(tilt),
            math.sin(half) * math.cos(tilt),
            math.cos(half) * math.cos(tilt),
        )
        yield PoseSample(start_s + time_s, (*place(time_s), 1.6 + bob), quaternion)


def _ramp(begin_s, end_s, rate):
    return lambda t: rate * (min(max(t, begin_s), end_s) - begin_s)


def _follow(poses):
    extractor = HeadMotionExtractor()
    motions = [motion for pose in poses for motion in extractor.push_pose(pose)]
    return motions + extractor.flush()


@pytest.mark.parametrize("rate_hz", [10, 30, 200, 1000])
def test_walk_is_found_with_its_times_and_length(rate_hz):
    x = _ramp(3.0, 6.0, 0.9)
    motions = _follow(_poses(9.0, rate_hz, lambda t: (x(t), 0.5 * x(t))))
    assert [motion.kind for motion in motions] == [STILL, WALK, STILL]
    walk = motions[1]
    assert (walk.start_s, walk.stop_s) == pytest.approx((3.0, 6.0), abs=0.2)
    assert walk.distance_m == pytest.approx(2.7 * math.hypot(1, 0.5), rel=0.1)
    assert walk.source == "pose"


def test_turn_is_found_with_its_times_and_angle():
    motions = _follow(_poses(6.0, yaw=_ramp(2.0, 3.0, 1.5)))
    assert [motion.kind for motion in motions] == [STILL, TURN, STILL]
    assert (motions[1].start_s, motions[1].stop_s) == pytest.approx((2.0, 3.0), abs=0.2)
    assert motions[1].angle_rad == pytest.approx(1.5, abs=0.2)
    right = _follow(_poses(6.0, yaw=_ramp(2.0, 3.0, -1.5)))[1]
    assert right.angle_rad == pytest.approx(-1.5, abs=0.2)


def test_turn_that_passes_half_a_circle_keeps_its_angle():
    turn = next(m for m in _follow(_poses(6.0, yaw=_ramp(1.0, 4.0, 1.5))) if m.kind is TURN)
    assert turn.angle_rad == pytest.approx(4.5, abs=0.3)


def test_leaning_nodding_and_swaying_are_no_walk():
    leaning = _follow(_poses(8.0, place=lambda t: (0.3 * math.sin(2 * math.pi * 0.3 * t), 0.0)))
    swaying = _follow(_poses(8.0, place=lambda t: (0.03 * math.sin(2 * math.pi * 1.5 * t), 0.0)))
    assert {motion.kind for motion in leaning + swaying} == {STILL}


def test_walk_outweighs_the_turning_in_it():
    x = _ramp(2.0, 5.0, 1.0)
    motions = _follow(_poses(7.0, place=lambda t: (x(t), 0.0), yaw=_ramp(3.0, 4.0, 1.5)))
    assert [motion.kind for motion in motions] == [STILL, WALK, STILL]


def test_axis_that_points_up_is_a_matter_of_configuration():
    from egoprog.describe.head_motion import HeadMotionConfig

    climbing = [PoseSample(t / 30, (0.0, t / 30, 0.0), (0.0, 0.0, 0.0, 1.0)) for t in range(90)]
    extractor = HeadMotionExtractor(HeadMotionConfig(up=(0.0, 1.0, 0.0)))
    motions = [m for pose in climbing for m in extractor.push_pose(pose)] + extractor.flush()
    assert {motion.kind for motion in motions} == {STILL}
    assert [motion.kind for motion in _follow(climbing)] == [WALK]


def test_long_walk_is_told_in_pieces_while_it_goes_on():
    extractor = HeadMotionExtractor()
    told = [m for pose in _poses(25.0, place=lambda t: (t, 0.0)) for m in extractor.push_pose(pose)]
    assert [motion.kind for motion in told] == [WALK, WALK]
    pieces = told + extractor.flush()
    assert sum(motion.distance_m for motion in pieces) == pytest.approx(25.0, rel=0.05)


def test_hole_in_the_poses_ends_the_walk_before_it():
    extractor = HeadMotionExtractor()
    before = list(_poses(3.0, place=lambda t: (t, 0.0)))
    after = list(_poses(3.0, place=lambda t: (50.0, 0.0), start_s=10.0))
    motions = [m for pose in before + after for m in extractor.push_pose(pose)] + extractor.flush()
    assert [motion.kind for motion in motions] == [WALK, STILL]
    assert motions[0].stop_s < 3.0
    assert motions[0].distance_m < 3.2


@pytest.mark.parametrize(
    ("pose", "message"),
    [
        (PoseSample(1.0, (0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 0.0)), "expected a unit quaternion"),
        (PoseSample(1.0, (0.0, math.nan, 0.0), (0.0, 0.0, 0.0, 1.0)), "expected finite numbers"),
        (PoseSample(1.0, (0.0, 0.0, 0.0), (0.0, 0.0, math.inf, 1.0)), "expected finite numbers"),
    ],
)
def test_bad_pose_is_refused_and_the_next_one_taken(pose, message):
    extractor = HeadMotionExtractor()
    with pytest.raises(PoseError, match=message):
        extractor.push_pose(pose)
    assert extractor.push_pose(PoseSample(1.0, (0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 1.0))) == []


def test_stamps_that_go_back_stand_or_jump_are_refused_until_reset():
    extractor = HeadMotionExtractor()
    at = lambda stamp_s: PoseSample(stamp_s, (0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 1.0))  # noqa: E731
    extractor.push_pose(at(5.0))
    for stamp_s in (5.0, 4.0, 5.0 + 3601):
        with pytest.raises(StampError, match=r"after 5\.000 s"):
            extractor.push_pose(at(stamp_s))
    extractor.reset()
    assert extractor.push_pose(at(1.0)) == []


def _kitchen(seed=3):
    """A textured picture larger than the view."""
    noise = np.random.default_rng(seed).integers(0, 255, (60, 120, 3), dtype=np.uint8)
    return cv2.resize(noise, (1920, 960), interpolation=cv2.INTER_CUBIC)


def _frames(seconds, shift=lambda t: 0.0, scale=lambda t: 1.0, rate_hz=30, start_s=0.0):
    picture = _kitchen()
    for tick in range(round(seconds * rate_hz)):
        time_s = tick / rate_hz
        size = scale(time_s)
        matrix = np.float32([[size, 0, 160 - size * 960 + shift(time_s)], [0, size, 120 - size * 480]])
        yield Frame(start_s + time_s, cv2.warpAffine(picture, matrix, (320, 240)))


def _watch(frames):
    extractor = HeadMotionExtractor()
    motions = [motion for frame in frames for motion in extractor.push_frame(frame)]
    return motions + extractor.flush()


def test_without_poses_a_turning_image_is_a_turn_of_unknown_scale():
    motions = _watch(_frames(4.0, shift=_ramp(1.5, 2.5, 320)))
    turn = next(motion for motion in motions if motion.kind is TURN)
    assert (turn.start_s, turn.stop_s) == pytest.approx((1.5, 2.5), abs=0.15)
    assert turn.source == "optical flow"
    assert turn.distance_m is None
    assert turn.angle_rad == pytest.approx(1.5, rel=0.15), "the image moves right by its width when the head turns left"


def test_without_poses_only_an_image_that_widens_steadily_is_a_walk():
    growing = _watch(_frames(4.0, scale=lambda t: math.exp(0.4 * (min(max(t, 1.0), 3.0) - 1.0))))
    walk = next(motion for motion in growing if motion.kind is WALK)
    assert (walk.start_s, walk.stop_s) == pytest.approx((1.0, 3.0), abs=0.25)
    assert walk.distance_m is None
    breathing = _watch(_frames(4.0, scale=lambda t: 1 + 0.05 * math.sin(2 * math.pi * t)))
    assert {motion.kind for motion in breathing} == {STILL}


def test_image_is_not_looked_at_while_poses_come_and_is_again_a_second_after_the_last():
    extractor = HeadMotionExtractor()
    motions = []
    for frame in _frames(6.0, shift=_ramp(3.5, 4.5, 320)):
        if frame.stamp_s < 2.0:
            motions += extractor.push_pose(PoseSample(frame.stamp_s, (0.0, 0.0, 1.6), (0.0, 0.0, 0.0, 1.0)))
        motions += extractor.push_frame(frame)
        if frame.stamp_s < 2.9:
            assert extractor._last_image is None or not extractor._poses
    motions += extractor.flush()
    assert [(motion.kind, motion.source) for motion in motions][:1] == [(STILL, "pose")]
    assert (TURN, "optical flow") in [(motion.kind, motion.source) for motion in motions]


def test_poses_that_begin_within_a_second_leave_no_trace_of_the_image():
    extractor = HeadMotionExtractor()
    motions = []
    for frame in _frames(3.0, shift=_ramp(0.0, 0.4, 800)):
        motions += extractor.push_frame(frame)
        if frame.stamp_s > 0.8:
            motions += extractor.push_pose(PoseSample(frame.stamp_s + 0.001, (0.0, 0.0, 1.6), (0.0, 0.0, 0.0, 1.0)))
    motions += extractor.flush()
    assert {motion.source for motion in motions} == {"pose"}


@pytest.mark.parametrize("name", ["hot3d_closed_loop_trajectory.csv", "hot3d_headset_trajectory.csv"])
def test_person_at_a_table_does_not_walk(shared_data, name):
    motions = _follow(read_poses(shared_data / "poses" / name))
    assert {motion.kind for motion in motions} <= {STILL}


@pytest.mark.parametrize("name", ["ego4d_stir_pan.mp4", "epic_plate.mp4", "epic_bowl_sink.mp4", "pouring_2.mp4"])
def test_person_at_a_counter_does_not_walk(shared_data, name):
    recording = open_recording(shared_data / "video" / name)
    motions = _watch(sample for sample in recording.samples() if isinstance(sample, Frame))
    assert WALK not in {motion.kind for motion in motions}

"""The truth of a performance: rows that EPIC's readers take, and boxes that lie on what they name."""

import itertools

import numpy as np
import pytest

from egoprog.data import (
    poses_of,
    read_actions,
    read_programs,
    read_sounds,
    write_actions,
    write_programs,
    write_sounds,
)
from egoprog.describe.types import Contact
from egoprog.program.types import Condition, If, Program, SubAction, Verb
from egoprog.sim import truth
from egoprog.sim.lens import Camera
from egoprog.sim.rollout import sim_domain
from egoprog.sim.truth import Seen
from egoprog.sim.types import SIDES, Sound
from egoprog.world import validate
from egoprog.world.state import WorldState

VIDEO = "P901_01"
SIZE_PX = (160, 96)


@pytest.fixture(scope="module")
def camera(performance):
    with Camera(performance.kitchen, *SIZE_PX) as camera:
        yield camera


@pytest.fixture(scope="module")
def held(performance):
    """(side, name, time), twice a second while a hand has hold of something."""
    found = []
    for side in SIDES:
        touches = [*performance.touches[side], None]
        for touch, following in itertools.pairwise(touches):
            stop_s = following.start_s if following else performance.duration_s
            if touch.name is not None:
                times_s = np.arange(touch.start_s + 0.1, stop_s - 0.1, 0.5)
                found += [(side, touch.name, float(stamp_s)) for stamp_s in times_s]
    assert found
    return found


def test_every_step_is_a_row_that_reads_back(performance, tmp_path):
    rows = truth.actions(performance, VIDEO)
    assert [row.narration for row in rows] == [acted.step.narration for acted in performance.steps]
    for row, acted in zip(rows, performance.steps, strict=True):
        assert row.start_s == pytest.approx(acted.start_s, abs=0.006)
        assert row.start_frame == pytest.approx(row.start_s * 30, abs=1.01)
        assert row.start_s <= row.narration_s <= row.stop_s <= performance.duration_s + 0.01
    write_actions(tmp_path / "a.csv", rows)
    assert read_actions(tmp_path / "a.csv") == rows


def test_programs_read_back_and_are_valid_in_the_world_around_them(performance, tmp_path):
    clips = truth.clips(performance, VIDEO)
    write_programs(tmp_path / "p.jsonl", clips)
    assert read_programs(tmp_path / "p.jsonl") == clips
    for clip in clips:
        validation = validate(clip.program, clip.before, sim_domain())
        assert validation.ok, validation.problems
        assert all(step.is_reached for step in validation.steps)
        for sub_action in clip.program.sub_actions():
            assert clip.start_s - 0.01 <= sub_action.start_s <= sub_action.stop_s <= clip.stop_s + 0.01
    assert any(isinstance(clip.program.body[0], If) for clip in clips)


def test_repeated_pieces_of_one_sound_are_one_segment(performance, tmp_path, monkeypatch):
    chops = [Sound("chop", 1.0 + 0.4 * k, 1.1 + 0.4 * k) for k in range(5)]
    monkeypatch.setattr(performance, "sounds", [*chops, Sound("chop", 6.0, 6.2), Sound("water", 2.0, 4.0)])
    rows = truth.sounds(performance, VIDEO)
    assert [(row.class_name, row.start_s, row.stop_s) for row in rows] == [
        ("cut / chop", 1.0, 2.7),
        ("water", 2.0, 4.0),
        ("cut / chop", 6.0, 6.2),
    ]
    write_sounds(tmp_path / "s.csv", rows)
    assert read_sounds(tmp_path / "s.csv") == rows
    assert rows[0].start_sample == 24000


def test_camera_poses_come_back_from_what_is_written(performance, camera):
    fields = truth.fields(performance, *SIZE_PX, camera.intrinsics)
    assert len(fields.images) == len(truth.frame_stamps_s(performance.duration_s))
    assert fields.camera.params[0] == pytest.approx(camera.intrinsics[0])
    for pose in list(poses_of(fields, truth.RATE_HZ))[::60]:
        np.testing.assert_allclose(pose.position_m, performance.camera(pose.stamp_s).position_m, atol=1e-5)


def test_written_cameras_project_things_to_where_they_are_seen(performance, camera):
    fx, fy, cx, cy = camera.intrinsics
    num_checked = 0
    for stamp_s in np.arange(0.5, performance.duration_s, 1.0):
        moment = performance.at(stamp_s)
        boxes = truth.boxes_of(*camera.labels(moment))
        pose = (moment.camera @ truth.OPTICAL).inverse()
        for name, thing in performance.activity.plan.things.items():
            if name not in boxes or performance.ride(name, stamp_s).on is not None:
                continue
            x, y, z = pose.point(moment.things[name].point((0, 0, thing.height_m / 2)))
            at = np.array([(fx * x / z + cx) / SIZE_PX[0], (fy * y / z + cy) / SIZE_PX[1]])
            left, top, right, bottom = boxes[name]
            if left > 0 and top > 0 and right < 1 and bottom < 1:
                num_checked += 1
                room = 0.12
                assert left - room < at[0] < right + room and top - room < at[1] < bottom + room, (name, stamp_s)
    assert num_checked > 5


def test_boxes_enclose_every_pixel_of_what_they_name():
    labels = np.zeros((50, 100), int)
    labels[10:20, 30:60] = 1
    labels[49, 99] = 2
    labels[0, 0] = 3
    boxes = truth.boxes_of(labels, ["", "mug", "plate", ""])
    assert boxes == {"mug": (0.30, 0.2, 0.60, 0.4)}


def test_boxes_between_two_labelled_frames_go_with_the_motion():
    a, b = Seen(0.0, {"mug": (0.0, 0.0, 0.2, 0.2), "cup": (0, 0, 1, 1)}), Seen(0.1, {"mug": (0.3, 0.0, 0.5, 0.2)})
    middle = truth.between(a, b, 1 / 30)
    assert set(middle.boxes) == {"mug"}
    assert middle.boxes["mug"] == pytest.approx((0.1, 0.0, 0.3, 0.2))


def test_contacts_are_those_of_the_hands_that_hold_something(performance, camera, held):
    num_seen = 0
    for side, name, stamp_s in held:
        seen = Seen(stamp_s, truth.boxes_of(*camera.labels(performance.at(stamp_s))))
        frame = truth.detections(performance, VIDEO, seen)
        hand = next((hand for hand in frame.hands if hand.side is side), None)
        if hand is None or name not in seen.boxes:
            continue
        num_seen += 1
        is_thing = name in performance.activity.plan.things
        assert hand.contact is (Contact.PORTABLE if is_thing else Contact.STATIONARY)
        assert (performance.holding(side, stamp_s) == name) is is_thing
        assert frame.object_of(hand).box == seen.boxes[name]
    assert num_seen


def test_lines_of_boxes_carry_classes_and_contacts(performance, camera, held):
    side, name, stamp_s = next(one for one in held if one[1] in performance.activity.plan.things)
    seen = Seen(stamp_s, {name: (0.0, 0.0, 0.5, 0.5), f"{side} hand": (0.0, 0.0, 1.0, 1.0)})
    line = truth.boxes_line(performance, VIDEO, seen)
    assert line["frame"] == round(stamp_s * 30) + 1
    thing, hand = line["objects"]
    assert (thing["name"], thing["noun"]) == (name, performance.activity.plan.things[name].noun)
    assert thing["contact"] == side and hand["noun"] == "hand"


def test_conditions_of_a_step_held_before_it(performance):
    """A tap that is turned off was on."""
    num_known = 0
    for clip in truth.clips(performance, VIDEO):
        for needed in getattr(clip.program.body[0], "guard", ()):
            value = clip.before.value(needed)
            assert value is not False, (clip.narration, needed)
            num_known += value is True
    assert num_known > 0


def test_what_toggles_needs_the_state_that_it_had():
    program = Program("turn_off_tap", (SubAction(Verb.USE, ("tap",)),))
    on = WorldState.initial().assume(Condition("on", ("tap",)))
    guards = [truth.conditioned(program, state).body[0].guard for state in (WorldState.initial(), on)]
    assert Condition("on", ("tap",), True) in guards[0]
    assert Condition("on", ("tap",)) in guards[1]

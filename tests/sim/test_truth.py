"""The truth of a performance in EPIC's terms: times, classes, boxes and contacts agree with what was acted."""

import itertools

import numpy as np
import pytest

from egoprog.data.epic import check_actions
from egoprog.data.epic_classes import NOUNS, SOUNDS, VERBS, class_table
from egoprog.describe.types import Contact
from egoprog.program.types import If
from egoprog.sim import truth
from egoprog.sim.lens import Camera
from egoprog.sim.types import SIDES
from egoprog.world import validate


def test_every_step_is_a_row_with_its_classes(performance):
    rows = truth.actions(performance, "P901_01")
    assert [row.narration for row in rows] == [acted.step.narration for acted in performance.steps]
    assert all(row.start_s < row.stop_s and 1 <= row.start_frame <= row.stop_frame for row in rows)
    assert all(VERBS[row.verb_class] == row.verb and NOUNS[row.noun_class] == row.noun for row in rows)
    assert not list(check_actions(rows, class_table(VERBS), class_table(NOUNS)))


def test_programs_stand_below_what_they_need_and_are_valid(performance):
    for clip, acted in zip(truth.clips(performance, "P901_01"), performance.steps, strict=True):
        assert clip.precondition.startswith("if ") or not isinstance(clip.program.body[0], If)
        assert validate(clip.program, clip.before).ok
        subs = list(clip.program.sub_actions())
        assert subs == list(acted.program.sub_actions())
        assert all(a.stop_s <= b.start_s + 1e-6 for a, b in itertools.pairwise(subs))


def test_sounds_have_official_classes_and_do_not_repeat_without_a_pause(performance):
    rows = truth.sounds(performance, "P901_01")
    assert rows and all(SOUNDS[row.class_id] == row.class_name for row in rows)
    for name in {row.class_name for row in rows}:
        spans = [(row.start_s, row.stop_s) for row in rows if row.class_name == name]
        assert all(b[0] - a[1] > truth.JOINED_S - 1e-6 for a, b in itertools.pairwise(spans))


def test_camera_poses_give_back_where_the_camera_is(performance):
    fields = truth.fields(performance, 96, 64, (80.0, 80.0, 48.0, 32.0))
    assert len(fields.images) == len(truth.frame_stamps_s(performance.duration_s))
    from egoprog.data.epic_fields import poses_of

    pose = poses_of(fields, truth.RATE_HZ)[30]
    camera = performance.camera(1.0)
    np.testing.assert_allclose(pose.position_m, camera.position_m, atol=1e-6)


def test_boxes_surround_what_they_name_and_contacts_are_those_of_the_hands(performance):
    with Camera(performance.kitchen, 160, 96) as camera:
        touching = 0
        for stamp_s in np.arange(0.5, performance.duration_s - 0.5, 0.8):
            labels, names = camera.labels(performance.at(stamp_s))
            boxes = truth.boxes_of(labels, names)
            for name, (left, top, right, bottom) in boxes.items():
                rows, columns = np.nonzero(labels == names.index(name))
                assert (columns.min() / 160, rows.min() / 96) == pytest.approx((left, top))
                assert ((columns.max() + 1) / 160, (rows.max() + 1) / 96) == pytest.approx((right, bottom))
            frame = truth.detections(performance, "P901_01", truth.Seen(stamp_s, boxes))
            for hand in frame.hands:
                held = performance.touching(hand.side, stamp_s)
                assert (hand.contact is Contact.NONE) == (held is None or held not in boxes)
                if hand.contact is not Contact.NONE:
                    assert frame.object_of(hand).box == pytest.approx(boxes[held])
                    touching += 1
        assert touching > 0


def test_boxes_between_two_frames_lie_between_theirs():
    a = truth.Seen(0.0, {"mug": (0.0, 0.0, 0.2, 0.2), "gone": (0, 0, 1, 1)})
    b = truth.Seen(0.1, {"mug": (0.3, 0.0, 0.5, 0.2)})
    assert truth.between(a, b, 0.05).boxes == {"mug": pytest.approx((0.15, 0.0, 0.35, 0.2))}


def test_hands_are_known_to_the_line_of_boxes(performance):
    box = (0.1, 0.1, 0.2, 0.2)
    held = next(s for s in np.arange(0, performance.duration_s, 0.1) if any(performance.touching(k, s) for k in SIDES))
    name = next(performance.touching(k, held) for k in SIDES if performance.touching(k, held))
    line = truth.boxes_line(performance, "P901_01", truth.Seen(held, {name: box, "left hand": box}))
    assert [one["noun"] for one in line["objects"]][1] == "hand"
    assert line["objects"][0]["contact"] in ("left", "right")

"""Ego4D's annotations of hands and objects, in the layout of its sample rows."""

import json
import random

import pytest
from annotations import mutated, spoilt

from egoprog.data import read_hands, read_lta, read_state_changes
from egoprog.data.ego4d import KeyFrame
from egoprog.errors import AnnotationError

HANDS = {
    "clip_id": 7,
    "clip_uid": "c-1",
    "video_uid": "v-1",
    "frames": [
        {
            "action_start_sec": 4.0,
            "pre_45": {"frame": 100, "clip_frame": 10, "boxes": [{"left_hand": [12.5, 80.0]}]},
            "contact_frame": {
                "frame": 145,
                "clip_frame": 55,
                "boxes": [{"left_hand": [1, 2]}, {"right_hand": [3, 4]}],
            },
        }
    ],
}
CHANGE = {
    "clip_uid": None,
    "unique_id": "u-1",
    "video_uid": "v-1",
    "parent_start_sec": 2.0,
    "parent_end_sec": 10.0,
    "parent_start_frame": 60,
    "parent_end_frame": 300,
    "state_change": True,
    "parent_pnr_frame": 170,
}


def as_file(path, *rows):
    path.write_text(json.dumps({"version": "2", "split": "train", "clips": rows}))
    return path


def test_hands_are_where_the_boxes_say_and_nowhere_else(tmp_path):
    (clip,) = read_hands(as_file(tmp_path / "fho_hands_train.json", HANDS))
    assert clip.clip_id == "7"
    assert clip.actions == (
        {"pre_45": KeyFrame(100, 10, (12.5, 80.0)), "contact_frame": KeyFrame(145, 55, (1, 2), (3, 4))},
    )


def test_a_point_of_no_return_lies_in_its_clip(tmp_path):
    (change,) = read_state_changes(as_file(tmp_path / "fho_oscc-pnr_train.json", CHANGE))
    assert (change.changes, change.pnr_frame, change.clip_uid) == (True, 170, "")
    (unchanged,) = read_state_changes(as_file(tmp_path / "a.json", CHANGE | {"parent_pnr_frame": None}))
    assert unchanged.pnr_frame is None
    bad = as_file(tmp_path / "b.json", CHANGE, CHANGE | {"parent_pnr_frame": 9})
    with pytest.raises(AnnotationError, match=r"clips\[1\].parent_pnr_frame: expected a frame from 60 to 300, got 9"):
        read_state_changes(bad)
    assert len(read_state_changes(bad, on_bad="skip")) == 1


def test_rows_of_another_file_are_refused_by_their_fields(tmp_path):
    path = as_file(tmp_path / "hands.json", HANDS)
    with pytest.raises(AnnotationError, match=r"clips\[0\]: expected the field 'action_idx'"):
        read_lta(path)
    path.write_text("[]")
    with pytest.raises(AnnotationError, match="expected a JSON object, got a list of 0"):
        read_lta(path)


def test_spoilt_files_raise_the_documented_error_and_nothing_else(tmp_path):
    path = as_file(tmp_path / "x.json", HANDS, CHANGE)
    chance, data = random.Random(11), path.read_bytes()
    for number in range(600):
        other = json.dumps(mutated(json.loads(data), chance))
        path.write_bytes(spoilt(data, chance) if number % 2 else other.encode())
        for read in (read_hands, read_state_changes, read_lta):
            try:
                read(path, on_bad=lambda error: None)
            except AnnotationError as error:
                assert str(path) in str(error)


def test_the_sample_rows_of_ego4d_read(shared_data, tmp_path):
    rows = json.loads((shared_data / "annotations/ego4d_fho_sample_rows.json").read_text())
    (action,) = read_lta(as_file(tmp_path / "lta.json", rows["fho_lta_train"]))
    assert (action.verb, action.noun, action.verb_label, action.noun_label) == ("touch", "dough", 98, 131)
    assert (action.start_frame, action.stop_frame, action.parent_start_s) == (143, 383, 292.0)
    (clip,) = read_hands(as_file(tmp_path / "hands.json", rows["fho_hands_test"]))
    frames = [clip.actions[0][name].clip_frame for name in ("pre_45", "pre_30", "pre_15", "pre_frame")]
    assert frames == [519, 534, 549, 564]
    (change,) = read_state_changes(as_file(tmp_path / "oscc.json", rows["fho_oscc_pnr_val"]))
    assert change.changes and change.pnr_frame == 45028

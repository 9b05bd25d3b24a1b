"""Ego4D's narrated actions: the key frames, the words, the boxes, and what its annotators rejected."""

import json

import pytest

from egoprog.data.ego4d import Ego4dFolder, read_narrated_actions
from egoprog.errors import AnnotationError


def written(path, *actions, fps=30.0):
    video = {
        "video_uid": "v",
        "video_metadata": {"fps": fps, "width": 100, "height": 50},
        "annotated_intervals": [{"narrated_actions": list(actions)}],
    }
    path.write_text(json.dumps({"videos": [video]}), encoding="utf-8")
    return path


def narrated(**changes):
    box = {
        "object_type": "object_of_change",
        "structured_noun": "cup",
        "bbox": {"x": 10, "y": 5, "width": 50, "height": 60},
    }
    hand = {"object_type": "left_hand", "structured_noun": None, "bbox": {"x": 0, "y": 0, "width": 10, "height": 10}}
    return {
        "uid": "a",
        "start_sec": 1.0,
        "end_sec": 2.0,
        "is_valid_action": True,
        "is_rejected": False,
        "narration_text": "#C C picks up a cup.",
        "structured_verb": "take",
        "critical_frames": {"pre_15": 30, "pnr_frame": 45, "post_frame": None},
        "frames": [{"frame_type": "pnr_frame", "boxes": [hand, box]}],
        **changes,
    }


def test_an_action_comes_with_its_frames_words_and_boxes(tmp_path):
    (one,) = read_narrated_actions(written(tmp_path / "fho_main.json", narrated()))
    assert one.frames == {"pre_15": 30, "pnr_frame": 45}
    assert (one.label, one.verb, one.noun, one.rate_hz) == ("picks up a cup", "take", "cup", 30.0)
    hand, cup = one.objects["pnr_frame"]
    assert hand.kind == "left_hand" and hand.noun == ""
    assert cup.box == pytest.approx((0.1, 0.1, 0.6, 1.0))  # cut at the picture's edge


def test_rejected_and_invalid_actions_are_left_out(tmp_path):
    path = written(tmp_path / "fho_main.json", narrated(is_rejected=True), narrated(is_valid_action=False))
    assert read_narrated_actions(path) == []


def test_actions_without_frames_are_read_all_the_same(tmp_path):
    (one,) = read_narrated_actions(
        written(tmp_path / "fho_main.json", narrated(critical_frames=None, frames=None, structured_verb=None))
    )
    assert one.frames == {} and one.objects == {} and one.verb == ""


@pytest.mark.parametrize(
    ("changes", "fps", "place"),
    [({"end_sec": 0.5}, 30.0, "end_sec"), ({"uid": 3}, 30.0, "uid"), ({}, 0.0, "video_metadata")],
)
def test_what_is_amiss_is_named_by_its_place(tmp_path, changes, fps, place):
    with pytest.raises(AnnotationError, match=place):
        read_narrated_actions(written(tmp_path / "fho_main.json", narrated(**changes), fps=fps))


def test_a_bad_video_can_be_passed_over(tmp_path):
    path = written(tmp_path / "fho_main.json", narrated(uid=3))
    assert read_narrated_actions(path, on_bad="skip") == []


def test_videos_lie_where_ego4ds_own_tool_puts_them(tmp_path):
    folder = Ego4dFolder(tmp_path)
    assert folder.video("v") == tmp_path / "full_scale" / "v.mp4"
    assert folder.main == tmp_path / "annotations" / "fho_main.json"

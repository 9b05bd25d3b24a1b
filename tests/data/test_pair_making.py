"""Frame pairs of videos: the right moments, the best frames, the filter, and a run that goes on."""

import json
from fractions import Fraction

import numpy as np
import pytest
from videos import number_of, write_numbered

from egoprog.data import Action, ProgramClip, VideoInfo, write_actions, write_programs, write_video_info
from egoprog.data.ego4d import Ego4dFolder
from egoprog.data.epic import write_unseen_participants
from egoprog.data.epic_folder import EpicFolder
from egoprog.data.fitting import fit_frame
from egoprog.data.frame_pairs import PairFolder
from egoprog.data.frames import VideoFrames
from egoprog.data.pair_making import (
    NO_PICTURE,
    TOO_ALIKE,
    TOO_DIFFERENT,
    TWICE,
    PairChoice,
    PairMaker,
    make_pairs,
)
from egoprog.data.pair_moments import ego4d_moments, epic_moments, without_walking
from egoprog.errors import AnnotationError, ConfigurationError
from egoprog.program import parse
from egoprog.world import WorldState

RATE_HZ = 30.0
SIZE_PX = (32, 80)


def action(name, start_s, stop_s):
    video_id = name.rpartition("_")[0]
    frames = (max(1, int(start_s * RATE_HZ)), int(stop_s * RATE_HZ))
    labels = ("open drawer", "open", 3, "drawer", 8, ("drawer",), (8,))
    return Action(name, video_id.partition("_")[0], video_id, start_s, start_s, stop_s, *frames, *labels)


@pytest.fixture
def folder(tmp_path):
    folder = EpicFolder(tmp_path / "data")
    write_numbered(folder.video("P901_01"), 100, Fraction(30))
    write_numbered(folder.video("P902_01"), 100, Fraction(30))
    rows = [action("P901_01_0", 1.0, 2.0), action("P901_01_1", 0.1, 0.6)]
    write_actions(folder.actions("train"), rows)
    write_actions(folder.actions("validation"), [action("P902_01_0", 1.0, 2.0)])
    write_video_info(folder.video_info, [VideoInfo(f"P90{k}_01", 100 / 30, RATE_HZ, 80, 32) for k in (1, 2)])
    write_unseen_participants(folder.unseen_participants, ["P902"])
    return folder


def choice(score=lambda picture: 0.0, similarity=lambda one, other: 0.9, **changes):
    names = {"score_name": "test", "similarity_name": "test", "low": 0.8, "high": 0.95, "bounds_from": "given"}
    return PairChoice(score=score, similarity=similarity, **{**names, **changes})


def made(folder, out, of, moments=None, **about):
    moments = moments or [one for split in ("train", "validation") for one in epic_moments(folder, split)]
    maker = PairMaker(out, SIZE_PX, about)
    counts = maker.finish(make_pairs(maker, VideoFrames(folder), moments, of))
    return PairFolder(out), counts


def test_the_frames_lie_a_quarter_second_before_and_at_six_tenths(folder):
    one = {moments.pair.pair_id: moments for moments in epic_moments(folder, "train")}["P901_01_0"]
    assert (one.pair.input_s, one.pair.target_s) == pytest.approx((0.75, 1.6))
    assert len(one.input_candidates_s(RATE_HZ)) == len(one.target_candidates_s(RATE_HZ)) == 7


def test_an_input_is_never_later_than_the_start_nor_before_the_video(folder):
    moments = {one.pair.pair_id: one for one in epic_moments(folder, "train")}
    assert max(moments["P901_01_0"].input_candidates_s(10.0)) <= 1.0
    assert min(moments["P901_01_1"].input_candidates_s(RATE_HZ)) == 0.0
    assert max(moments["P901_01_1"].target_candidates_s(10.0)) <= 0.6


def test_words_and_participants_come_along(folder):
    held_out = epic_moments(folder, "validation")[0].pair
    assert (held_out.action, held_out.verb, held_out.noun) == ("open drawer", "open", "drawer")
    assert held_out.is_unseen and held_out.split == "validation"
    assert not epic_moments(folder, "train")[0].pair.is_unseen


def test_the_frame_of_the_highest_score_is_taken_and_its_own_time_is_told(folder, tmp_path):
    pairs, _ = made(folder, tmp_path / "out", choice(score=lambda picture: -abs(number_of(picture) - 24)))
    pair = next(pair for pair in pairs.pairs() if pair.pair_id == "P901_01_0")
    first, second = pairs.pictures(pair)
    assert number_of(first) == 24 and pair.input_s == pytest.approx(0.8)
    assert number_of(second) == 45  # the nearest to 24 of the seven around 48
    assert pair.target_s == pytest.approx(1.5)


def test_squeezed_pairs_show_all_of_their_frames_and_are_shown_unsqueezed(folder, tmp_path):
    moments = [one for split in ("train", "validation") for one in epic_moments(folder, split)]
    maker = PairMaker(tmp_path / "out", SIZE_PX, {}, "squeezed")
    maker.finish(make_pairs(maker, VideoFrames(folder), moments, choice()))
    pairs = PairFolder(tmp_path / "out")
    pair = pairs.pairs()[0]
    (whole,) = VideoFrames(folder).read(pair.video_id, [pair.input_s])
    assert pairs.fits == "squeezed"
    np.testing.assert_array_equal(pairs.pictures(pair)[0], fit_frame(whole, SIZE_PX, "squeezed"))
    height_px, width_px = whole.shape[:2]
    assert pairs.shown(pairs.pictures(pair)[0]).shape == (SIZE_PX[0], round(SIZE_PX[0] * width_px / height_px), 3)
    PairMaker(tmp_path / "begun", SIZE_PX, {}, "squeezed")
    with pytest.raises(ConfigurationError, match="begun, got other settings"):
        PairMaker(tmp_path / "begun", SIZE_PX, {})


def test_pairs_out_of_bounds_are_dropped_counted_and_kept_on_record(folder, tmp_path):
    def similarity(one, other):
        return {0: 0.99}.get(number_of(one) // 10, 0.5 if number_of(one) > 30 else 0.9)

    pairs, counts = made(folder, tmp_path / "out", choice(similarity=similarity))
    assert counts == {"train": {"kept": 1, TOO_ALIKE: 1}, "validation": {"kept": 1, "kept, unseen participants": 1}}
    assert [(one.pair.pair_id, one.reason, one.pair.similarity) for one in pairs.dropped()] == [
        ("P901_01_1", TOO_ALIKE, 0.99)
    ]
    assert pairs.about()["counts"] == counts
    _, counts = made(folder, tmp_path / "other", choice(similarity=lambda one, other: 0.1))
    assert counts["train"] == {TOO_DIFFERENT: 2}


def test_a_video_that_is_broken_costs_its_own_pairs_alone(folder, tmp_path):
    folder.video("P902_01").write_bytes(b"no video")
    pairs, counts = made(folder, tmp_path / "out", choice())
    assert counts["validation"] == {NO_PICTURE: 1}
    assert len(pairs.pairs("train")) == 2


def test_a_stopped_run_goes_on_without_reading_what_is_there(folder, tmp_path):
    moments = [one for split in ("train", "validation") for one in epic_moments(folder, split)]
    maker = PairMaker(tmp_path / "out", SIZE_PX, {"a": 1})
    make_pairs(maker, VideoFrames(folder), [one for one in moments if one.pair.split == "train"], choice())
    folder.video("P901_01").unlink()
    pairs, _ = made(folder, tmp_path / "out", choice(), a=1)
    assert [pair.split for pair in pairs.pairs()] == ["train", "train", "validation"]
    whole, _ = made(folder, tmp_path / "whole", choice(), [one for one in moments if one.pair.split == "validation"])
    np.testing.assert_array_equal(pairs.inputs[2], whole.inputs[0])


def test_other_settings_do_not_mix_with_what_was_begun(folder, tmp_path):
    PairMaker(tmp_path / "out", SIZE_PX, {"share": 0.6})
    with pytest.raises(ConfigurationError, match="other settings"):
        PairMaker(tmp_path / "out", SIZE_PX, {"share": 0.8})


def test_two_pairs_of_an_action_never_show_the_same_frames(folder, tmp_path):
    moments = epic_moments(folder, "train") + epic_moments(folder, "train", target_share=0.61, mark="0.61")
    pairs, counts = made(folder, tmp_path / "out", choice(), moments)
    assert counts["train"] == {"kept": 2, TWICE: 2}
    assert {pair.pair_id for pair in pairs.pairs()} == {"P901_01_0", "P901_01_1"}


def test_all_dropped_is_an_empty_folder_that_reads(folder, tmp_path):
    pairs, counts = made(folder, tmp_path / "out", choice(similarity=lambda one, other: 1.0))
    assert len(pairs) == 0 and counts["train"] == {TOO_ALIKE: 2}


def test_an_action_begins_when_the_walk_to_it_ends(folder):
    text = (
        "def open_drawer(start_t=1.0, stop_t=2.0):\n    goto(drawer, start_t=1.0, stop_t=1.5)\n"
        "    grasp(drawer, hand=left, start_t=1.5, stop_t=2.0)\n"
    )
    nobody_knows = WorldState()
    clip = ProgramClip("P901_01_0", "P901_01", 1.0, 2.0, "open drawer", parse(text), nobody_knows, nobody_knows)
    write_programs(folder.programs("train"), [clip])
    moments = {one.pair.pair_id: one for one in without_walking(epic_moments(folder, "train"), folder)}
    walked, stayed = moments["P901_01_0"], moments["P901_01_1"]
    assert (walked.pair.input_s, walked.pair.target_s) == pytest.approx((1.25, 1.8))
    assert walked.inputs_s[1] == pytest.approx(1.5)
    assert stayed.pair.target_s == pytest.approx(0.4)


def test_ego4d_pairs_lie_at_pre_15_and_the_point_of_no_return(tmp_path, ego4d_main):
    folder = ego4d_main(tmp_path)
    moments = ego4d_moments(folder)
    assert [(one.pair.pair_id, one.pair.input_s, one.pair.target_s, one.pair.action) for one in moments] == [
        ("a", pytest.approx(10 / 30), pytest.approx(50 / 30), "picks up a cup")
    ]
    write_numbered(folder.video("v"), 100, Fraction(30))
    pairs, _ = made(folder, tmp_path / "out", choice(num_neighbours=0), moments)
    assert [number_of(picture) for picture in pairs.pictures(pairs.pairs()[0])] == [10, 50]


def test_ego4d_without_key_frames_says_what_it_lacks(tmp_path, ego4d_main):
    folder = ego4d_main(tmp_path, {"contact_frame": 40})
    with pytest.raises(AnnotationError, match="pre_15 and pnr_frame"):
        ego4d_moments(folder)


@pytest.fixture
def ego4d_main():
    def write(root, critical_frames=None):
        folder = Ego4dFolder(root / "ego4d")
        actions = [
            {
                "uid": "a",
                "start_sec": 0.2,
                "end_sec": 2.0,
                "is_valid_action": True,
                "narration_text": "#C C picks up a cup.",
                "structured_verb": "take",
                "critical_frames": critical_frames or {"pre_15": 10, "pnr_frame": 50, "post_frame": None},
                "frames": [],
            },
            {"uid": "b", "start_sec": 0.2, "end_sec": 2.0, "is_valid_action": False, "narration_text": "#C C waits"},
        ]
        video = {
            "video_uid": "v",
            "video_metadata": {"fps": 30.0, "width": 80, "height": 32, "num_frames": 100},
            "annotated_intervals": [{"narrated_actions": actions}],
        }
        folder.main.parent.mkdir(parents=True)
        folder.main.write_text(json.dumps({"videos": [video]}), encoding="utf-8")
        return folder

    return write

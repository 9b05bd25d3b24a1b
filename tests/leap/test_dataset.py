"""Batches are the same for the same seed, epoch and index, in any number of processes; what can't be read is told."""

import logging

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader
from videos import number_of, write_numbered

from egoprog.data import Action, ProgramClip, Segment
from egoprog.data.clips import anticipation_items, recognition_items
from egoprog.data.epic_folder import EpicFolder
from egoprog.data.frames import VideoFrames
from egoprog.errors import InputError, RecordingError
from egoprog.leap.augment import GENTLE, Augmentation, Augmented, Plain
from egoprog.leap.config import LeapConfig, UniFormerConfig, Vocabulary
from egoprog.leap.dataset import ClipDataset, usable_items
from egoprog.program import parse
from egoprog.world import WorldState

BACKBONE = UniFormerConfig(size_px=(16, 40), patch_px=8, num_frames=4)
CONFIG = LeapConfig(Vocabulary(("take", "put"), ("cup", "plate"), ((0, 0), (1, 1)), ("cup",)), BACKBONE)
PROGRAM = parse("def take_cup(start_t=0.0, stop_t=1.0):\n    grasp(cup, hand=right)\n")


@pytest.fixture(autouse=True)
def _one_thread():
    torch.set_num_threads(1)


def targets(action, clip):
    """Stands in for `Targets`: the hand of the first sub-action, to see what was mirrored."""
    hand = next(clip.program.sub_actions()).hand if clip is not None else None
    return {"verb": np.int64(-1 if action is None else action.verb_class), "is_right": np.bool_(hand == "right")}


def action(video_id: str, number: int, start_s: float, verb: int = 0, noun: int = 0) -> Action:
    labels = ("take cup", "take", verb, "cup", noun, ("cup",), (noun,))
    times = (start_s, start_s, start_s + 1.0, 1, 2)
    return Action(f"{video_id}_{number}", video_id.partition("_")[0], video_id, *times, *labels)


def program(row: Action) -> ProgramClip:
    state = WorldState.initial()
    return ProgramClip(row.narration_id, row.video_id, row.start_s, row.stop_s, row.narration, PROGRAM, state, state)


def video_path(root, video_id):
    return root / video_id.partition("_")[0] / "videos" / f"{video_id}.mp4"


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Two videos of 6 s at 10 Hz."""
    root = tmp_path_factory.mktemp("epic")
    for video_id in ("P901_01", "P902_01"):
        write_numbered(video_path(root, video_id), 60, 10)
    return root


ROWS = [action(video_id, number, float(number)) for video_id in ("P901_01", "P902_01") for number in range(5)]


def dataset(root, items=None, transform=None, **options):
    items = recognition_items(ROWS, map(program, ROWS), (-1, 1)) if items is None else items
    source = VideoFrames(EpicFolder(root))
    return ClipDataset(items, source, CONFIG, transform or Plain(BACKBONE), targets, **options)


def same(one, other):
    assert one.keys() == other.keys()
    for name, value in one.items():
        if isinstance(value, torch.Tensor):
            torch.testing.assert_close(value, other[name], rtol=0, atol=0)
        else:
            assert value == other[name]


def test_an_item_has_its_clip_the_clips_around_and_its_targets(root):
    clips = dataset(root)
    item = clips[1]
    assert item["narration_id"] == "P901_01_1" and int(item["index"]) == 1
    assert item["clip"].shape == (3, 4, 16, 40) and item["clip"].dtype == torch.float32
    assert item["context_clips"].shape == (2, 3, 4, 16, 40) and item["has_context"].tolist() == [True, True]
    assert item["verb"].dtype == torch.int64 and bool(item["is_right"])
    seen = ((item["clip"] * 0.225 + 0.45) * 255).permute(1, 2, 3, 0).numpy()
    assert [number_of(picture) for picture in seen] == [11, 13, 15, 18]  # of 10 to 19, as get_seq_frames(10, 4, 0, 1)
    first = clips[0]
    assert first["has_context"].tolist() == [False, True]
    assert not first["context_clips"][0].any() and first["context_clips"][1].any()
    torch.testing.assert_close(first["context_clips"][1], item["clip"])
    assert "context_clips" not in dataset(root, has_clips_around=False)[0]


def test_views_in_time_see_other_pictures(root):
    assert not torch.equal(dataset(root, view=0, num_views=2)[0]["clip"], dataset(root, view=1, num_views=2)[0]["clip"])


def test_mirrored_pictures_have_mirrored_programs(root):
    always = Augmented(BACKBONE, Augmentation((1.0, 1.0), (1.0, 1.0), flip=1.0, rand_augment=None))
    mirrored, plain = dataset(root, transform=always)[2], dataset(root)[2]
    assert not mirrored["is_right"] and plain["is_right"]
    torch.testing.assert_close(mirrored["clip"].flip(-1), plain["clip"], rtol=0, atol=1e-6)
    torch.testing.assert_close(mirrored["context_clips"].flip(-1), plain["context_clips"], rtol=0, atol=1e-6)


def test_the_same_seed_epoch_and_index_give_the_same_item_and_others_don_t(root):
    transform = Augmented(BACKBONE, GENTLE)
    first, again = (dataset(root, transform=transform, is_jittered=True, seed=7) for _ in range(2))
    same(first[3], again[3])
    same(first[3], first[3])
    other_seed = dataset(root, transform=transform, is_jittered=True, seed=8)
    assert not torch.equal(first[3]["clip"], other_seed[3]["clip"])
    again.epoch = 1
    assert not torch.equal(first[3]["clip"], again[3]["clip"])
    again.epoch = 0
    same(first[3], again[3])


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_workers_give_what_one_process_gives_and_hear_of_new_epochs(root, method):
    clips = dataset(root, transform=Augmented(BACKBONE, GENTLE), is_jittered=True)
    clips[0]  # a video is open when workers are forked
    loader = DataLoader(clips, 5, num_workers=1, multiprocessing_context=method, persistent_workers=True, timeout=120)
    for epoch in range(2):
        clips.epoch = epoch
        batches = list(loader)
        for k, batch in enumerate(batches):
            expected = [clips[index] for index in range(5 * k, 5 * k + 5)]
            same(batch, torch.utils.data.default_collate(expected))


def test_what_breaks_while_training_is_replaced_told_and_counted(root, tmp_path, caplog):
    (tmp_path / "P901").symlink_to(root / "P901")
    write_numbered(video_path(tmp_path, "P902_01"), 25, 10)  # of 60
    clips, again = (dataset(tmp_path, is_jittered=True) for _ in range(2))
    with caplog.at_level(logging.WARNING):
        items = [clips[index] for index in range(len(clips))]
    assert "P902_01_4 can't be read, another clip stands in: expected a picture at" in caplog.text
    assert clips.lines() == ["3 of 10 clips could not be read, others stood in; of the videos P902_01"]
    replaced = items[9]
    assert int(replaced["index"]) not in (7, 8, 9)
    assert replaced["narration_id"] == clips.items[int(replaced["index"])].narration_id
    clips.epoch = again.epoch = 1
    same(clips[9], again[9])  # also where nothing is known yet of what is bad, as after a resumption
    assert dataset(root).lines() == []


def test_workers_tell_what_they_could_not_read(root, tmp_path):
    (tmp_path / "P901").symlink_to(root / "P901")
    clips = dataset(tmp_path)
    list(DataLoader(clips, 5, num_workers=1, multiprocessing_context="fork", timeout=120))
    assert clips.lines() == ["5 of 10 clips could not be read, others stood in; of the videos P902_01"]


def test_a_dataset_of_which_nothing_can_be_read_ends_in_one_line(tmp_path):
    with pytest.raises(RecordingError, match="expected clips that can be read, got none in 20 tries"):
        dataset(tmp_path)[0]


def test_an_empty_split_is_one_line(root):
    with pytest.raises(InputError, match="expected clips to read, got an empty split"):
        dataset(root, items=[])


def test_clips_that_can_t_be_used_are_left_out_up_front(root, tmp_path):
    (tmp_path / "P901").symlink_to(root / "P901")
    write_numbered(video_path(tmp_path, "P902_01"), 25, 10)
    video_path(tmp_path, "P902_02").write_bytes(b"")
    rows = [*ROWS, action("P902_02", 0, 1.0), action("P902_03", 0, 1.0), action("P902_03", 1, 2.0)]
    rows += [action("P901_01", 8, 1.0, verb=5), action("P901_01", 9, 1.0, noun=2)]
    usable = usable_items(recognition_items(rows), VideoFrames(EpicFolder(tmp_path)), CONFIG.vocabulary)
    assert [item.narration_id for item in usable.items] == [*(f"P901_01_{k}" for k in range(5)), "P902_01_0",
                                                            "P902_01_1", "P902_01_2"]  # fmt: skip
    lines = usable.lines()
    assert lines[0] == "left out 7 of 15 clips:"
    told = "\n".join(lines[1:])
    assert (
        "2 clips, the first P902_01_3: expected a picture at 3.90 s, got a video whose pictures end at 2.50 s" in told
    )
    assert "2 clips, the first P902_03_0: expected a video, found nothing" in told
    assert "1 clips, the first P902_02_0: expected a video, found 0 bytes" in told
    assert "expected one of 2 verb classes, got 5" in told and "expected one of 2 noun classes, got 2" in told
    assert all("\n" not in line for line in lines)
    whole = usable_items(recognition_items(ROWS), VideoFrames(EpicFolder(root)), CONFIG.vocabulary)
    assert len(whole.items) == 10 and whole.lines() == []


def test_a_video_that_starts_after_the_observed_window_is_not_shown(tmp_path):
    """Its first picture would otherwise stand for what was before it, and show what may not be seen."""
    items = anticipation_items([action("P901_01", 0, 2.5)], (), tau_a_s=1.0, span_s=1.0)
    clips = dataset(tmp_path, items=items)
    clips.source = LateSource()
    with pytest.raises(RecordingError, match="expected clips that can be read"):
        clips[0]


class LateSource:
    """A video whose first picture comes at 3 s."""

    def rate_hz(self, video_id):
        return 10.0

    def read_stamped(self, video_id, stamps_s):
        return np.zeros((len(stamps_s), 16, 40, 3), np.uint8), np.maximum(stamps_s, 3.0)


def test_a_test_set_s_segments_have_no_labels(root):
    segment = Segment("P901_01_0", "P901", "P901_01", None, 1.0, 2.0, 10, 20)
    item = dataset(root, items=recognition_items([segment]))[0]
    assert int(item["verb"]) == -1 and "context_clips" not in item

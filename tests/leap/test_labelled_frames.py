"""Frames with boxes: which patches show what, views that move boxes with pictures, labels of now and next."""

import json

import numpy as np
import pytest
import torch

from egoprog.data import Action, VideoInfo, write_actions, write_video_info
from egoprog.data.epic_folder import EpicFolder
from egoprog.errors import AnnotationError
from egoprog.leap import labelled_frames
from egoprog.leap.config import UniFormerConfig
from egoprog.leap.frame_pretraining import FrameConfig, FrameNetwork, frame_loss, hits
from egoprog.leap.labelled_frames import FrameDataset, View, read_nouns

BACKBONE = UniFormerConfig(
    width=16, num_layers=2, num_heads=2, patch_px=8, size_px=(32, 64), num_frames=4, num_classes=1, global_layers=(1,)
)
NOUNS = ("cup", "tap")
CUP, TAP, LEFT_HAND, RIGHT_HAND, BY_LEFT, BY_RIGHT = range(6)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Two frames of one video: a cup that the left hand touches at the left edge; then nothing."""
    folder = EpicFolder(tmp_path)
    (tmp_path / "annotations").mkdir()
    rows = [
        Action(f"P901_01_{k}", "P901", "P901_01", 0.1, start_s, start_s + 0.4, 1, 2, "take cup",
               "take", verb, "plate", 2, ("plate",), (2,))
        for k, (start_s, verb) in enumerate([(0.0, 0), (0.9, 3)])
    ]  # fmt: skip
    write_actions(folder.actions("train"), rows)
    write_video_info(folder.video_info, [VideoInfo("P901_01", 2.0, 10.0, 64, 32)])
    objects = [
        {"name": "mug_2", "noun": "cup", "box": [0.0, 0.0, 0.25, 0.5], "contact": "left"},
        {"name": "left hand", "noun": "hand", "box": [0.0, 0.5, 0.25, 1.0]},
    ]
    lines = [{"video_id": "P901_01", "frame": frame, "objects": found} for frame, found in ((1, objects), (6, []))]
    folder.boxes("P901_01").parent.mkdir(parents=True)
    folder.boxes("P901_01").write_text("".join(json.dumps(line) + "\n" for line in lines))

    class Pictures:
        def __init__(self, folder):
            pass

        def read(self, video_id, stamps_s):
            assert stamps_s == [0.0, 0.5]
            return np.full((2, 32, 64, 3), 128, np.uint8)

    monkeypatch.setattr(labelled_frames, "VideoFrames", Pictures)
    return folder


def dataset(folder, is_training=False):
    return FrameDataset(folder, "train", BACKBONE, NOUNS, folder.root / "cache", is_training)


def test_patches_show_what_their_boxes_cover(folder):
    frame = dataset(folder)[0]
    assert frame["frames"].shape == (3, 32, 64)
    shown = frame["patches"]
    assert shown.shape == (4, 8, 6)
    assert shown[:2, :2, CUP].all() and shown[..., CUP].sum() == 4
    assert shown[2:, :2, LEFT_HAND].all() and shown[..., LEFT_HAND].sum() == 4
    assert shown[..., BY_LEFT].sum() == 4 and not shown[..., [TAP, RIGHT_HAND, BY_RIGHT]].any()
    assert (int(frame["left"]), int(frame["right"])) == (CUP, len(NOUNS))


def test_labels_say_the_action_now_and_the_one_after(folder):
    first, second = dataset(folder)[0], dataset(folder)[1]
    assert (int(first["verb"]), int(first["next_verb"])) == (0, 3)
    assert (int(second["verb"]), int(second["next_verb"])) == (-1, 3)  # between two actions


def test_a_mirrored_view_has_the_other_hand_at_the_other_side():
    box = View((0.0, 0.0, 1.0, 1.0), is_mirrored=True).box_of((0.0, 0.0, 0.25, 0.5))
    assert box == (0.75, 0.0, 1.0, 0.5)


def test_in_training_hands_change_places_with_the_picture(folder):
    torch.manual_seed(0)
    frames = [dataset(folder, is_training=True)[0] for _ in range(20)]
    by_left = [bool(frame["patches"][..., LEFT_HAND].any()) for frame in frames]
    assert 0 < sum(by_left) < 20
    for frame, is_left in zip(frames, by_left, strict=True):
        assert int(frame["left" if is_left else "right"]) == CUP
        columns = frame["patches"][..., CUP].any(0).nonzero().flatten().float().mean()
        assert (columns < 4) == is_left


def test_a_view_cuts_the_box_as_it_cuts_the_picture():
    picture = np.zeros((40, 80, 3), np.uint8)
    picture[10:20, 40:60] = 255
    view = View((0.25, 0.0, 1.0, 0.5))
    cut = view.of(picture, (40, 60))
    rows, columns = np.flatnonzero(cut[..., 0].any(1)), np.flatnonzero(cut[..., 0].any(0))
    left, top, right, bottom = view.box_of((0.5, 0.25, 0.75, 0.5))
    assert (columns[0] / 60, rows[0] / 40) == pytest.approx((left, top), abs=0.03)
    assert ((columns[-1] + 1) / 60, (rows[-1] + 1) / 40) == pytest.approx((right, bottom), abs=0.03)


def test_evaluation_sees_the_middle_that_robots_see():
    view = View.fitted(np.zeros((480, 640, 3), np.uint8), (112, 192))
    assert view.box == pytest.approx((0, 1 / 9, 1, 8 / 9))


def test_nouns_are_those_that_are_often_boxed(folder):
    assert read_nouns(folder, "train", least=1) == ("cup",)
    assert read_nouns(folder, "train", least=2) == ()


def test_pictures_are_read_from_the_video_once(folder):
    dataset(folder)
    (folder.root / "cache" / "P901_01.npy").stat()
    labelled_frames.VideoFrames = None
    assert len(dataset(folder)) == 2


def test_a_split_without_boxes_is_told_in_one_line(folder):
    folder.boxes("P901_01").unlink()
    with pytest.raises(AnnotationError, match="expected boxes of objects of the train split"):
        dataset(folder)


def test_the_network_learns_two_frames_by_heart(folder):
    torch.manual_seed(0)
    found = dataset(folder)
    batch = torch.utils.data.default_collate([found[0], found[1]])
    network = FrameNetwork(FrameConfig(BACKBONE, NOUNS, keep=1.0))
    optimiser = torch.optim.AdamW(network.parameters(), 1e-2)
    batch["frames"][0] = torch.randn(3, 32, 64)  # the pictures are alike
    for _ in range(80):
        loss = frame_loss(network(batch["frames"]), batch)["loss"]
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    network.eval()
    sums = hits(network(batch["frames"]), batch).sum(0).tolist()
    assert sums[0:2] == [1, 1]  # the left hand touches something in one frame
    assert sums[2:4] == [0, 0]
    assert sums[-2] / sums[-1] > 0.95


def test_training_looks_at_a_part_of_the_patches():
    network = FrameNetwork(FrameConfig(BACKBONE, NOUNS, keep=0.25)).train()
    numbers = [network(torch.zeros(2, 3, 32, 64))["kept"] for _ in range(20)]
    counts = {each.shape[1] for each in numbers}
    assert min(counts) >= 8 and len(counts) > 1
    assert all(len(set(row.tolist())) == len(row) for each in numbers for row in each)
    assert network.eval()(torch.zeros(2, 3, 32, 64))["kept"].tolist() == [list(range(32))] * 2

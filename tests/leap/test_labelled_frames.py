"""Frames with boxes: which patches show what, views that move boxes with pictures, labels of now and next."""

import numpy as np
import pytest
import torch

from egoprog.errors import AnnotationError
from egoprog.leap import labelled_frames
from egoprog.leap.labelled_frames import FrameDataset, View, read_nouns
from tests.leap.boxed import BACKBONE

NOUNS = ("cup", "tap")
CUP, TAP, LEFT_HAND, RIGHT_HAND, BY_LEFT, BY_RIGHT = range(6)


def dataset(folder, is_training=False):
    return FrameDataset(folder, "train", BACKBONE, NOUNS, folder.root / "cache", is_training)


def test_patches_show_what_their_boxes_cover(boxed_folder):
    frame = dataset(boxed_folder)[0]
    assert frame["frames"].shape == (3, 32, 64)
    shown = frame["patches"]
    assert shown.shape == (4, 8, 6)
    assert shown[:2, :2, CUP].all() and shown[..., CUP].sum() == 4
    assert shown[2:, :2, LEFT_HAND].all() and shown[..., LEFT_HAND].sum() == 4
    assert shown[..., BY_LEFT].sum() == 4 and not shown[..., [TAP, RIGHT_HAND, BY_RIGHT]].any()
    assert (int(frame["left"]), int(frame["right"])) == (CUP, len(NOUNS))


def test_labels_say_the_action_now_and_the_one_after(boxed_folder):
    first, second = dataset(boxed_folder)[0], dataset(boxed_folder)[1]
    assert (int(first["verb"]), int(first["next_verb"])) == (0, 3)
    assert (int(second["verb"]), int(second["next_verb"])) == (-1, 3)  # between two actions


def test_a_mirrored_view_has_the_other_hand_at_the_other_side():
    box = View((0.0, 0.0, 1.0, 1.0), is_mirrored=True).box_of((0.0, 0.0, 0.25, 0.5))
    assert box == (0.75, 0.0, 1.0, 0.5)


def test_in_training_hands_change_places_with_the_picture(boxed_folder):
    torch.manual_seed(0)
    frames = [dataset(boxed_folder, is_training=True)[0] for _ in range(40)]
    frames = [each for each in frames if each["patches"][..., CUP].any() and each["patches"][..., [2, 3]].any()]
    by_left = [bool(frame["patches"][..., LEFT_HAND].any()) for frame in frames]
    assert 0 < sum(by_left) < len(frames)
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


def test_nouns_are_those_that_are_often_boxed(boxed_folder):
    assert read_nouns(boxed_folder, "train", least=1) == ("cup",)
    assert read_nouns(boxed_folder, "train", least=2) == ()


def test_pictures_are_read_from_the_video_once(boxed_folder):
    dataset(boxed_folder)
    (boxed_folder.root / "cache" / "P901_01.npy").stat()
    labelled_frames.VideoFrames = None
    assert len(dataset(boxed_folder)) == 2


def test_a_split_without_boxes_is_told_in_one_line(boxed_folder):
    boxed_folder.boxes("P901_01").unlink()
    with pytest.raises(AnnotationError, match="expected boxes of objects of the train split"):
        dataset(boxed_folder)


def test_colours_turn_and_fade_and_greys_stay():
    grey, red = np.array([90.0, 90.0, 90.0]), np.array([200.0, 50.0, 50.0])
    turned = labelled_frames._hue_turn(0.5, 0.7)
    np.testing.assert_allclose(grey @ turned, grey)
    assert (red @ turned).mean() == pytest.approx(100)
    np.testing.assert_allclose(red @ labelled_frames._hue_turn(0.0, 0.0), [100, 100, 100])
    np.testing.assert_allclose(red @ labelled_frames._hue_turn(2 * np.pi / 3, 1.0), [50, 200, 50], atol=1e-9)

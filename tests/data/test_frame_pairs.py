"""A folder of frame pairs says which pictures belong to which action, and LEGO's own code can read it."""

import json

import cv2
import numpy as np
import pytest

from egoprog.data.frame_pairs import (
    DroppedPair,
    FramePair,
    PairFolder,
    read_dropped,
    read_lego_json,
    read_pairs,
    read_picture,
    write_dropped,
    write_lego_json,
    write_pairs,
)
from egoprog.errors import AnnotationError, RecordingError

PAIRS = [
    FramePair("P01_01_0", "P01_01", "P01", 1.0, 2.5, "open drawer", "The person opens it.", "open", "drawer"),
    FramePair("P01_01_1", "P01_01", "P01", 3.0, 4.5, "take knife", similarity=0.91),
    FramePair("P02_01_0", "P02_01", "P02", 1.0, 2.5, "wash cup", split="validation", is_unseen=True),
]


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    write_pairs(tmp_path / "pairs.jsonl", PAIRS)
    for name in ("inputs", "targets"):
        np.save(tmp_path / f"{name}.npy", rng.integers(0, 256, (3, 12, 16, 3), np.uint8))
    (tmp_path / "pairs.json").write_text('{"schema": 1}', encoding="utf-8")
    return PairFolder(tmp_path)


def test_pairs_read_back_as_they_were_written(tmp_path):
    write_pairs(tmp_path / "pairs.jsonl", PAIRS)
    assert read_pairs(tmp_path / "pairs.jsonl") == PAIRS
    dropped = [DroppedPair(PAIRS[1], "too alike")]
    write_dropped(tmp_path / "dropped.jsonl", dropped)
    assert read_dropped(tmp_path / "dropped.jsonl") == dropped


def test_no_pairs_are_an_empty_file_and_not_an_error(tmp_path):
    write_dropped(tmp_path / "dropped.jsonl", [])
    assert read_dropped(tmp_path / "dropped.jsonl") == []


def test_a_folder_gives_each_pair_its_own_pictures(folder):
    assert folder.size_px == (12, 16)
    assert [pair.pair_id for pair in folder.pairs("validation")] == ["P02_01_0"]
    first, second = folder.pictures(PAIRS[2])
    np.testing.assert_array_equal(first, folder.inputs[2])
    np.testing.assert_array_equal(second, folder.targets[2])


def test_descriptions_are_kept_on_the_disk_and_others_stay(folder):
    folder.describe({"P01_01_1": "The person takes the knife with the left hand."})
    again = PairFolder(folder.path)
    assert [pair.description for pair in again.pairs()] == [
        "The person opens it.",
        "The person takes the knife with the left hand.",
        "",
    ]


def test_a_pair_of_another_folder_is_refused_by_its_id(folder):
    with pytest.raises(RecordingError, match="P09"):
        folder.pictures(FramePair("P09_01_0", "P09_01", "P09", 0.0, 1.0, "open drawer"))


def test_a_folder_without_pairs_says_which_command_makes_them(tmp_path):
    with pytest.raises(RecordingError, match=r"training\.pairs"):
        PairFolder(tmp_path)


def test_pictures_of_another_number_than_the_pairs_are_refused(folder):
    np.save(folder.path / "targets.npy", np.zeros((2, 12, 16, 3), np.uint8))
    with pytest.raises(RecordingError, match=r"shape \(3, H, W, 3\)"):
        PairFolder(folder.path)


def test_a_bad_line_is_named(tmp_path):
    (tmp_path / "pairs.jsonl").write_text('{"pair_id": 3}\n', encoding="utf-8")
    with pytest.raises(AnnotationError, match="line 1"):
        read_pairs(tmp_path / "pairs.jsonl")


def test_legos_json_comes_back_with_the_same_actions_and_pictures(folder, tmp_path):
    out = tmp_path / "lego"
    assert write_lego_json(folder, "train", out) == 2
    whole = json.loads((out / "train.json").read_text(encoding="utf-8"))
    assert set(whole["P01_01"]["P01_01_0"]) == {"image_0", "image_1", "action", "llava_forecast_finetune"}
    assert "llava_forecast_finetune" not in whole["P01_01"]["P01_01_1"]
    for (pair, first, second), original in zip(read_lego_json(out / "train.json", "train"), PAIRS, strict=False):
        assert (pair.pair_id, pair.action, pair.description) == (
            original.pair_id,
            original.action,
            original.description,
        )
        for path, picture in zip((first, second), folder.pictures(original), strict=True):
            np.testing.assert_array_equal(read_picture(out / path), picture)


def test_legos_own_ids_are_made_unique_by_their_clip(tmp_path):
    entry = {"image_0": "a.jpg", "image_1": "b.jpg", "action": "open drawer"}
    (tmp_path / "train.json").write_text(json.dumps({"clip-a": {"1": entry}, "clip-b": {"1": entry}}))
    assert [pair.pair_id for pair, _, _ in read_lego_json(tmp_path / "train.json", "train")] == ["clip-a/1", "clip-b/1"]


def test_a_picture_that_is_missing_or_damaged_is_told_in_one_line(tmp_path):
    with pytest.raises(RecordingError, match="no file"):
        read_picture(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes(b"no picture")
    with pytest.raises(RecordingError, match="damaged"):
        read_picture(tmp_path / "b.png")
    cv2.imwrite(str(tmp_path / "c.png"), np.full((4, 4, 3), (0, 0, 255), np.uint8))
    assert read_picture(tmp_path / "c.png")[0, 0].tolist() == [255, 0, 0]

"""Contact sheets: each kind of pair has one, and what can't be drawn is passed over."""

import numpy as np
import pytest
from PIL import Image

from egoprog.data.frame_pairs import DroppedPair, FramePair, PairFolder, write_dropped, write_pairs
from egoprog.errors import RecordingError
from egoprog.lego.contact_sheet import GAP_PX, PAPER, drawn_tiles, tile, write_sheet, write_sheets
from egoprog.lego.generated import GeneratedFolder


class Red:
    def read(self, video_id, stamps_s):
        if video_id == "gone":
            raise RecordingError("gone")
        return np.full((len(stamps_s), 64, 114, 3), (200, 30, 30), np.uint8)


def pair(number, video_id="P01_01"):
    return FramePair(f"{video_id}_{number}", video_id, "P01", 0.0, 1.0, "open drawer", "The person opens it.")


@pytest.fixture
def folder(tmp_path):
    write_pairs(tmp_path / "pairs.jsonl", [pair(0), pair(1)])
    for name, value in (("inputs", 60), ("targets", 160)):
        np.save(tmp_path / f"{name}.npy", np.full((2, 64, 80, 3), value, np.uint8))
    write_dropped(
        tmp_path / "dropped.jsonl",
        [DroppedPair(pair(2), "too alike"), DroppedPair(pair(3, "gone"), "no picture")],
    )
    (tmp_path / "pairs.json").write_text("{}", encoding="utf-8")
    return PairFolder(tmp_path)


def test_kept_and_dropped_pairs_are_drawn_apart(folder, tmp_path):
    paths = write_sheets(folder, Red(), tmp_path / "sheets")
    assert [path.name for path in paths] == ["kept.png", "dropped-too-alike.png"]
    kept, dropped = (np.asarray(Image.open(path)) for path in paths)
    assert kept.shape[1] > dropped.shape[1]  # two pairs beside each other, one alone
    assert kept[GAP_PX + 20, GAP_PX + 20].tolist() == [60] * 3
    assert dropped[GAP_PX + 20, GAP_PX + 20].tolist() == [200, 30, 30]


def test_the_caption_stands_below_the_pictures():
    picture = np.zeros((64, 80, 3), np.uint8)
    with_words, without = (tile([picture] * 2, text) for text in ("open drawer " * 30, ""))
    assert with_words.shape == without.shape
    assert (without[-40:] == PAPER).all() and not (with_words[-40:] == PAPER).all()


def test_what_rows_drew_stands_between_input_and_truth(folder, tmp_path):
    rows = {name: GeneratedFolder(tmp_path / name) for name in ("one", "other")}
    for value, row in zip((90, 120), rows.values(), strict=True):
        row.write("P01_01_0", np.full((64, 80, 3), value, np.uint8))
    (drawn,) = drawn_tiles(folder, rows, [pair(0)])
    width = (drawn.shape[1] + 2) // 4
    assert [int(drawn[40, place * width + 20, 0]) for place in range(4)] == [60, 90, 120, 160]
    with pytest.raises(RecordingError, match="expected a picture of 'P01_01_1'"):
        drawn_tiles(folder, rows, [pair(1)])


def test_a_sheet_under_another_name_than_a_pictures_is_refused(tmp_path):
    picture = np.zeros((64, 80, 3), np.uint8)
    with pytest.raises(RecordingError, match=r"NAME\.png"):
        write_sheet(tmp_path / "sheet.pdf", [picture])

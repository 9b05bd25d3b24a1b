"""The command that shows what generators drew."""

import numpy as np
import pytest
from PIL import Image
from small_drawer import small_drawer_folder

from egoprog.data.frame_pairs import FramePair, write_pairs
from egoprog.lego.contact_sheet import GAP_PX
from egoprog.lego.generated import GeneratedFolder
from training import lego_sheets


@pytest.fixture
def pairs(tmp_path):
    folder = tmp_path / "pairs"
    folder.mkdir()
    found = [
        FramePair(f"P01_01_{k}", "P01_01", "P01", 0.0, 1.0, "open drawer", split="validation", is_unseen=True)
        for k in range(3)
    ]
    write_pairs(folder / "pairs.jsonl", found)
    for name, value in (("inputs", 60), ("targets", 160)):
        np.save(folder / f"{name}.npy", np.full((3, 64, 80, 3), value, np.uint8))
    (folder / "pairs.json").write_text("{}", encoding="utf-8")
    return folder


def test_only_pairs_that_every_row_drew_are_shown(pairs, tmp_path, capsys):
    for name, numbers in (("one", (0, 1)), ("other", (1, 2))):
        for number in numbers:
            GeneratedFolder(tmp_path / name).write(f"P01_01_{number}", np.full((64, 80, 3), 99, np.uint8))
    rows = [part for name in ("one", "other") for part in ("--row", f"{name}={tmp_path / name}")]
    out = tmp_path / "sheet.png"
    assert lego_sheets.main(["--pairs", str(pairs), *rows, "--out", str(out)]) == 0
    sheet = np.asarray(Image.open(out))
    assert sheet.shape[1] < 2 * 4 * 160, "one pair alone: input, two rows, truth"
    assert [int(sheet[40, 30 + 162 * place, 0]) for place in range(4)] == [60, 99, 99, 160]
    (tmp_path / "empty").mkdir()
    assert lego_sheets.main(["--pairs", str(pairs), "--row", f"none={tmp_path / 'empty'}", "--out", str(out)]) == 1
    assert "expected a pair that every row has a picture of" in capsys.readouterr().err


def test_several_actions_are_asked_of_one_frame(pairs, tmp_path):
    out = tmp_path / "actions.png"
    asked = [
        "--actions",
        "open the drawer",
        "take the cup",
        "--frame",
        "P01_01_1",
        "--model",
        str(small_drawer_folder()),
    ]
    assert lego_sheets.main(["--pairs", str(pairs), *asked, "--columns", "3", "--out", str(out)]) == 0
    sheet = np.asarray(Image.open(out))
    width = (sheet.shape[1] - GAP_PX) // 3
    first, second, third = (sheet[GAP_PX : GAP_PX + 100, GAP_PX + k * width : k * width + 120] for k in range(3))
    assert (first == 60).all(), "the frame itself"
    assert second.std() > 0 and third.std() > 0


@pytest.mark.parametrize("more", [[], ["--row", "a=b", "--actions", "open the drawer"]])
def test_rows_and_actions_are_either_or(pairs, tmp_path, capsys, more):
    assert lego_sheets.main(["--pairs", str(pairs), *more, "--out", str(tmp_path / "a.png")]) == 1
    assert "expected --row or --actions, got both or neither" in capsys.readouterr().err


def test_a_frame_that_is_not_there_is_named(pairs, tmp_path, capsys):
    arguments = [
        "--pairs",
        str(pairs),
        "--actions",
        "open the drawer",
        "--frame",
        "P09",
        "--out",
        str(tmp_path / "a.png"),
    ]
    assert lego_sheets.main(arguments) == 1
    assert "got 'P09'" in capsys.readouterr().err

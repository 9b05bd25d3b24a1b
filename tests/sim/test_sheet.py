"""Contact sheets: of episodes that are acted, and of recordings."""

import cv2
import numpy as np
import pytest

from egoprog.errors import RecordingError
from egoprog.sim import sheet
from egoprog.sim.record import write_video
from egoprog.sim.sheet import CAPTION_PX, TILE_PX, TITLE_PX, write_sheet


def test_each_seed_has_a_title_and_its_rows(performance, tmp_path, monkeypatch):
    monkeypatch.setattr(sheet, "act", lambda _: performance)
    monkeypatch.setattr(sheet, "episode", lambda *_: None)
    write_sheet(tmp_path / "a.png", seeds=(1, 2), columns=2)
    height, width, _ = cv2.imread(str(tmp_path / "a.png")).shape
    assert (height, width) == (2 * (TITLE_PX + TILE_PX[1] + CAPTION_PX), 2 * TILE_PX[0])


def test_a_recording_is_shown_at_its_narrations(tmp_path):
    pictures = [np.full((96, 128, 3), 255 if k < 30 else 0, np.uint8) for k in range(60)]
    write_video(tmp_path / "a.mp4", pictures, np.zeros(48000, np.float32), (128, 96))
    (tmp_path / "a.narrations.csv").write_text("start,stop,text\n0.1,0.5,take mug\n1.3,1.7,put mug\n")
    write_sheet(tmp_path / "a.png", (), columns=2, recordings=[tmp_path / "a.mp4"])
    tiles = cv2.imread(str(tmp_path / "a.png"))[TITLE_PX : TITLE_PX + TILE_PX[1]]
    assert tiles[:, : TILE_PX[0]].mean() > 240
    assert tiles[:, TILE_PX[0] :].mean() < 15


def test_what_is_no_recording_and_no_picture_is_named(tmp_path):
    with pytest.raises(RecordingError, match=r"NAME\.png"):
        write_sheet(tmp_path / "a.pdf", (0,))
    with pytest.raises(RecordingError, match="holds no"):
        write_sheet(tmp_path / "a.png", (), recordings=[tmp_path])

"""Contact sheets and views are pictures of what was acted."""

import av
import cv2
import pytest

from egoprog.errors import RecordingError
from egoprog.sim.sheet import CAPTION_PX, TILE_PX, TITLE_PX, write_sheet
from egoprog.sim.view import PANEL_PX, SIZE_PX, panel, write_view


def test_a_sheet_has_rows_of_pictures_for_every_seed(tmp_path):
    write_sheet(tmp_path / "sheet.png", (1, 2), seconds=8.0, columns=2)
    sheet = cv2.imread(str(tmp_path / "sheet.png"))
    assert sheet.shape == (2 * (TITLE_PX + TILE_PX[1] + CAPTION_PX), 2 * TILE_PX[0], 3)
    first = sheet[TITLE_PX : TITLE_PX + TILE_PX[1], : TILE_PX[0]]
    assert first.std() > 20 and 40 < first.mean() < 220
    with pytest.raises(RecordingError, match=r"NAME\.png"):
        write_sheet(tmp_path / "sheet.gif", (1,))


def test_the_panel_says_what_is_done(performance):
    acted = performance.steps[0]
    during = panel(performance, 0.5 * (acted.start_s + acted.stop_s))
    after = panel(performance, acted.stop_s + 1e-3)
    assert during.shape == (PANEL_PX, SIZE_PX[0], 3)
    assert (during != after).any()


def test_a_view_is_a_video_with_the_truth_below(performance, tmp_path, monkeypatch):
    monkeypatch.setattr(performance, "duration_s", 0.5)
    write_view(tmp_path / "view.mp4", performance, show_progress=False)
    with av.open(str(tmp_path / "view.mp4")) as container:
        frames = list(container.decode(video=0))
    assert len(frames) == 15
    assert (frames[0].width, frames[0].height) == (SIZE_PX[0], SIZE_PX[1] + PANEL_PX)
    with pytest.raises(RecordingError, match=r"NAME\.mp4"):
        write_view(tmp_path / "view.avi", performance)

"""Views: the truth drawn into an episode."""

import av
import numpy as np
import pytest

from egoprog.errors import RecordingError
from egoprog.sim import view
from egoprog.sim.view import HAND_COLOUR, HELD_COLOUR, PANEL_PX, SIZE_PX, changes, draw_boxes, panel, write_view


def test_boxes_are_drawn_where_they_lie(performance):
    picture = np.zeros((100, 200, 3), np.uint8)
    drawn = draw_boxes(picture, {"right hand": (0.25, 0.2, 0.5, 0.6)}, performance, 0.0)
    assert tuple(drawn[40, 50]) == HAND_COLOUR and tuple(drawn[30, 99]) == HAND_COLOUR
    assert not drawn[70:].any()


def test_what_is_touched_stands_out(performance):
    touch = next(touch for touches in performance.touches.values() for touch in touches if touch.name)
    stamp_s = touch.start_s + 0.05
    picture = np.zeros((100, 200, 3), np.uint8)
    drawn = draw_boxes(picture, {touch.name: (0.25, 0.2, 0.5, 0.6)}, performance, stamp_s)
    assert tuple(drawn[40, 50]) == HELD_COLOUR


def test_the_panel_tells_the_step_and_changes_with_it(performance):
    acted = performance.steps[0]
    before, during = panel(performance, 0.0), panel(performance, (acted.start_s + acted.stop_s) / 2)
    assert before.shape == during.shape == (PANEL_PX, SIZE_PX[0], 3)
    assert (before != during).any()
    assert panel(performance, performance.duration_s + 1).any()


def test_changes_are_the_facts_that_became_true(performance):
    first, last = performance.steps[0].step.before, performance.steps[-1].step.after
    assert changes(first, first) == "nothing"
    assert changes(first, last) != "nothing"


def test_the_video_has_a_picture_for_every_frame(performance, tmp_path, monkeypatch):
    monkeypatch.setattr(view, "frame_stamps_s", lambda _: np.arange(3) / 30)
    write_view(tmp_path / "a.mp4", performance, show_progress=False)
    with av.open(str(tmp_path / "a.mp4")) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert len(frames) == 3 and frames[0].shape == (SIZE_PX[1] + PANEL_PX, SIZE_PX[0], 3)
    with pytest.raises(RecordingError, match=r"NAME\.mp4"):
        write_view(tmp_path / "a.avi", performance)

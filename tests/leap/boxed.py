"""A dataset of one video with two frames that have boxes, and a network that is small enough for it."""

import json

import numpy as np
import pytest

from egoprog.data import Action, VideoInfo, write_actions, write_video_info
from egoprog.data.epic_folder import EpicFolder
from egoprog.leap import labelled_frames
from egoprog.leap.config import UniFormerConfig

BACKBONE = UniFormerConfig(
    width=16, num_layers=2, num_heads=2, patch_px=8, size_px=(32, 64), num_frames=4, num_classes=1, global_layers=(1,)
)


@pytest.fixture
def boxed_folder(tmp_path, monkeypatch):
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

"""A video in a folder laid out as EPIC-KITCHENS is brings along what the folder knows of it."""

import cv2
import numpy as np
import pytest

from egoprog.data import (
    Action,
    CameraFields,
    FieldsCamera,
    PoseSample,
    ProgramClip,
    VideoInfo,
    open_recording,
    write_actions,
    write_fields,
    write_programs,
    write_video_info,
)
from egoprog.data.epic_fields import images_of
from egoprog.describe.types import Narration
from egoprog.errors import AnnotationError
from egoprog.program import parse
from egoprog.world import WorldState

RATE_HZ = 30.0
PROGRAM = "def take_cup(start_t=0.1, stop_t=0.4):\n    grasp(cup, hand=right, start_t=0.1, stop_t=0.4)\n"


def action(video_id: str, start_s: float, stop_s: float, narration: str) -> Action:
    frames = (max(1, int(start_s * RATE_HZ)), int(stop_s * RATE_HZ))
    labels = (narration, "take", 0, "cup", 13, ("cup",), (13,))
    return Action(f"{video_id}_0", video_id.partition("_")[0], video_id, start_s, start_s, stop_s, *frames, *labels)


@pytest.fixture
def video(tmp_path):
    path = tmp_path / "P901" / "videos" / "P901_01.mp4"
    path.parent.mkdir(parents=True)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), RATE_HZ, (64, 48))
    for _ in range(15):
        writer.write(np.zeros((48, 64, 3), np.uint8))
    writer.release()
    annotations = tmp_path / "annotations"
    annotations.mkdir()
    (tmp_path / "epic-fields").mkdir()
    (tmp_path / "programs").mkdir()
    write_actions(annotations / "EPIC_100_train.csv", [action("P901_01", 0.1, 0.4, "take cup")])
    write_actions(annotations / "EPIC_100_validation.csv", [action("P902_01", 0.1, 0.4, "take plate")])
    write_video_info(annotations / "EPIC_100_video_info.csv", [VideoInfo("P901_01", 0.5, RATE_HZ, 64, 48)])
    poses = [PoseSample(k / RATE_HZ, (0.1 * k, 0.0, 1.6), (0.0, 0.0, 0.0, 1.0)) for k in range(15)]
    camera = FieldsCamera(64, 48, (50.0, 51.0, 32.0, 24.0, 0.1, 0.0, 0.0, 0.0))
    write_fields(tmp_path / "epic-fields" / "P901_01.json", CameraFields(camera, images_of(poses, RATE_HZ)))
    before = WorldState.initial()
    clip = ProgramClip(
        "P901_01_0", "P901_01", 0.1, 0.4, "take cup", parse(PROGRAM), before, WorldState.initial(right="cup")
    )
    write_programs(tmp_path / "programs" / "train.jsonl", [clip])
    return path


def test_a_dataset_s_video_has_its_narrations_poses_and_camera(video):
    recording = open_recording(video)
    assert recording.streams == {"camera", "narration", "pose"}
    samples = list(recording.samples())
    assert [s for s in samples if isinstance(s, Narration)] == [Narration("take cup", 0.1, 0.4)]
    poses = [s for s in samples if isinstance(s, PoseSample)]
    assert len(poses) == 15
    assert poses[3].stamp_s == pytest.approx(0.1)
    assert poses[3].position_m == pytest.approx((0.3, 0.0, 1.6))
    assert (recording.intrinsics.fx, recording.intrinsics.cy) == (50.0, 24.0)
    assert recording.intrinsics.distortion == (0.1, 0.0, 0.0, 0.0)


def test_the_truth_of_a_dataset_s_video_is_at_hand_but_no_sample(video):
    recording = open_recording(video)
    assert [truth.stamp_s for truth in recording.truth] == [0.1, 0.4]
    assert recording.truth[0].program == parse(PROGRAM) and recording.truth[1].program is None
    assert recording.truth[1].state.holding("right") == "cup"
    assert not any(sample in recording.truth for sample in recording.samples())


def test_a_broken_annotation_is_named_when_the_video_is_opened(video):
    path = video.parents[2] / "annotations" / "EPIC_100_train.csv"
    path.write_text(path.read_text().replace("00:00:00.40", "00:00:0x.40"))
    with pytest.raises(AnnotationError, match=r"EPIC_100_train.csv, line 2, column stop_timestamp"):
        open_recording(video)


def test_a_video_elsewhere_brings_nothing_along(video, tmp_path):
    alone = tmp_path / "alone.mp4"
    alone.write_bytes(video.read_bytes())
    recording = open_recording(alone)
    assert recording.streams == {"camera"} and not recording.truth and recording.intrinsics is None

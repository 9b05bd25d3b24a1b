"""Datasets: what is written reads as EPIC-KITCHENS does, is the same however it was made, and is never half there."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import av
import numpy as np
import pytest

from egoprog.data import open_recording, read_actions, read_fields, read_hand_objects, read_sounds, read_video_info
from egoprog.data.epic_folder import SPLITS, EpicFolder
from egoprog.errors import ConfigurationError, RecordingError, UnknownTask
from egoprog.sim.dataset import Job, Settings, record_dataset, unseen_participants

SMALL = Settings(seed=1, seconds=3.0, width_px=96, height_px=64)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    root = tmp_path_factory.mktemp("dataset") / "kitchens"
    return root, record_dataset(root, 2, SMALL, workers=1, show_progress=False)


def prints(root: Path) -> dict[str, str]:
    """Digests of all annotation files, and of the decoded frames of videos."""
    found = {}
    for path in sorted(root.rglob("*")):
        if path.suffix == ".mp4":
            with av.open(str(path)) as container:
                digest = hashlib.sha256(
                    b"".join(f.to_ndarray(format="rgb24").tobytes() for f in container.decode(video=0))
                )
            found[str(path.relative_to(root))] = digest.hexdigest()
        elif path.is_file() and path.name != ".lock":
            found[str(path.relative_to(root))] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def test_every_file_reads_as_epic_kitchens_does(dataset):
    root, video_ids = dataset
    folder = EpicFolder(root)
    actions = [row for split in SPLITS for row in read_actions(folder.actions(split))]
    sounds = [row for split in SPLITS for row in read_sounds(folder.sounds(split))]
    assert {row.video_id for row in actions} == set(video_ids)
    assert {row.video_id for row in sounds} <= set(video_ids)
    infos = read_video_info(root / "annotations" / "EPIC_100_video_info.csv")
    for video_id in video_ids:
        with av.open(str(folder.video(video_id))) as container:
            count = sum(1 for _ in container.decode(video=0))
        assert count == round(infos[video_id].duration_s * 30)
        assert len(read_fields(folder.fields(video_id)).images) == count
        detections = read_hand_objects(folder.hand_objects(video_id))
        assert [frame.frame_number for frame in detections] == list(range(1, count + 1))
        recording = open_recording(folder.video(video_id))
        assert recording.streams == {"camera", "audio", "pose", "narration"}
        assert recording.intrinsics.fx > 0 and recording.truth
    lines = (root / "episodes" / video_ids[0] / "boxes.jsonl").read_text().splitlines()
    assert json.loads(lines[0])["frame"] == 1 and len(lines) >= 6


def test_neither_workers_nor_an_interruption_change_what_comes_out(dataset, tmp_path):
    root = tmp_path / "again"
    command = [sys.executable, "-m", "egoprog.cli", "sim", "record", str(root), "--episodes", "2", "--seed", "1"]
    command += ["--seconds", "3", "--size", "96x64", "--workers", "2"]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    until_s = time.monotonic() + 60
    while not list(root.glob(".partial/*/video.mp4")) and running.poll() is None and time.monotonic() < until_s:
        time.sleep(0.01)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    assert not list(root.glob("episodes/*/*.csv.*"))
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    assert prints(root) == prints(dataset[0])


def test_more_episodes_come_to_those_that_are_there(dataset, monkeypatch):
    root, video_ids = dataset
    before = prints(root)
    monkeypatch.setattr("egoprog.sim.dataset._run", lambda *_: pytest.fail("nothing was left to record"))
    assert record_dataset(root, 2, SMALL) == video_ids
    assert prints(root) == before


@pytest.mark.parametrize("change", [{"seed": 2}, {"seconds": 4.0}, {"width_px": 128}])
def test_another_recording_s_folder_is_refused(dataset, change):
    with pytest.raises(RecordingError, match=f"holds another recording, with {next(iter(change))}"):
        record_dataset(dataset[0], 1, Settings(**{**SMALL.__dict__, **change}))


def test_a_folder_with_other_files_is_refused_and_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(RecordingError, match="holds other files"):
        record_dataset(tmp_path, 1, SMALL)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_wrong_wishes_are_told_before_anything_is_made(tmp_path):
    with pytest.raises(UnknownTask, match="did you mean"):
        record_dataset(tmp_path / "a", 1, Settings(tasks=("make_teas",)))
    with pytest.raises(ConfigurationError, match="episodes"):
        record_dataset(tmp_path / "a", 0, SMALL)
    with pytest.raises(ConfigurationError, match="even sides"):
        Settings(width_px=97)
    assert not (tmp_path / "a").exists()


def test_a_full_disk_is_one_line_and_nothing_is_taken_for_whole(tmp_path, monkeypatch):
    from egoprog.sim import dataset

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(dataset, "write_video", fail)
    monkeypatch.setattr(dataset, "_run", lambda jobs, *_: [dataset._record_episode(job) for job in jobs])
    with pytest.raises(RecordingError, match="No space left on device; what is whole is kept"):
        record_dataset(tmp_path / "a", 1, SMALL)
    assert not list((tmp_path / "a").glob("episodes/*"))


def test_unseen_participants_are_in_no_training_episode():
    jobs = [Job(Path(), SMALL, number) for number in range(96)]
    train = {job.video_id.partition("_")[0] for job in jobs if job.split == "train"}
    assert len(unseen_participants()) == 12 and not train & set(unseen_participants())
    assert len({job.video_id for job in jobs}) == 96
    share = np.mean([job.split == "validation" for job in jobs])
    assert 0.25 < share < 0.45

"""Datasets: files that agree with each other, and runs that are killed, taken up, refused."""

import filecmp
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import wave
from dataclasses import replace

import av
import pytest

from egoprog.data import (
    read_actions,
    read_classes,
    read_fields,
    read_hand_objects,
    read_programs,
    read_sounds,
    read_unseen_participants,
    read_video_info,
)
from egoprog.data.epic_folder import SPLITS, EpicFolder
from egoprog.data.frames import VideoFrames
from egoprog.data.pair_moments import epic_moments, without_walking
from egoprog.errors import ConfigurationError, ModelError, RecordingError
from egoprog.sim import dataset
from egoprog.sim.dataset import Job, Settings, record_dataset, unseen_participants
from egoprog.sim.participants import NUM_PARTICIPANTS

SETTINGS = Settings(seed=3, seconds=2.0, width_px=96, height_px=64)
NUM_EPISODES = 2


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """(folder, video_ids) of a small dataset that one worker has recorded in one go."""
    root = tmp_path_factory.mktemp("recorded") / "out"
    try:
        return root, record_dataset(root, NUM_EPISODES, SETTINGS, workers=1, show_progress=False)
    except ModelError as error:
        pytest.skip(str(error))


def files(root):
    return {path.relative_to(root) for path in root.rglob("*") if path.is_file() and path.name != ".lock"}


def test_all_annotations_pass_the_readers_of_real_data(recorded):
    root, video_ids = recorded
    folder, annotations = EpicFolder(root), root / "annotations"
    verbs = read_classes(annotations / "EPIC_100_verb_classes.csv")
    nouns = read_classes(annotations / "EPIC_100_noun_classes.csv")
    assert (len(verbs), len(nouns)) == (97, 300)
    actions = [row for split in SPLITS for row in read_actions(folder.actions(split))]
    assert {row.video_id for row in actions} == set(video_ids)
    assert all(verbs[row.verb_class] and nouns[row.noun_class].key == row.noun for row in actions)
    clips = [clip for split in SPLITS for clip in read_programs(folder.programs(split))]
    assert [clip.narration_id for clip in clips] == [row.narration_id for row in actions]
    assert {row.video_id for split in SPLITS for row in read_sounds(folder.sounds(split))} == set(video_ids)
    read_unseen_participants(annotations / "EPIC_100_unseen_participant_ids_validation.csv")


def test_frames_sound_poses_and_detections_are_equally_long(recorded):
    root, video_ids = recorded
    folder = EpicFolder(root)
    infos = read_video_info(root / "annotations" / "EPIC_100_video_info.csv")
    for video_id in video_ids:
        with av.open(str(folder.video(video_id))) as container:
            stamps_s = [frame.time for frame in container.decode(video=0)]
            assert (container.streams.video[0].width, container.streams.video[0].height) == (96, 64)
        assert infos[video_id].duration_s == pytest.approx(len(stamps_s) / 30, abs=0.02)
        assert stamps_s[-1] == pytest.approx((len(stamps_s) - 1) / 30, abs=1e-3)
        with wave.open(str(root / video_id[:4] / "audio" / f"{video_id}.wav")) as file:
            assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (24000, 1, 2)
            assert file.getnframes() == pytest.approx(800 * len(stamps_s), abs=400)
        assert len(read_fields(folder.fields(video_id)).images) == len(stamps_s)
        detections = read_hand_objects(folder.hand_objects(video_id))
        assert [frame.frame_number for frame in detections] == list(range(1, len(stamps_s) + 1))
        lines = (root / "episodes" / video_id / "boxes.jsonl").read_text().splitlines()
        assert {json.loads(line)["frame"] % 15 for line in lines} == {1}


@pytest.mark.slow
def test_a_dataset_has_the_frame_rate_that_was_asked_for(tmp_path):
    settings = Settings(seed=3, seconds=2.0, width_px=96, height_px=64, rate_hz=10.0)
    try:
        (video_id,) = record_dataset(tmp_path / "out", 1, settings, show_progress=False)
    except ModelError as error:
        pytest.skip(str(error))
    folder = EpicFolder(tmp_path / "out")
    with av.open(str(folder.video(video_id))) as container:
        stamps_s = [frame.time for frame in container.decode(video=0)]
    assert stamps_s[1:4] == pytest.approx([0.1, 0.2, 0.3])
    numbers = [each.frame_number for each in read_hand_objects(folder.hand_objects(video_id))]
    assert numbers == list(range(1, len(stamps_s) + 1))
    poses = folder.camera(video_id)[1]
    assert poses[1].stamp_s - poses[0].stamp_s == pytest.approx(0.1)


@pytest.mark.slow
def test_a_dataset_of_pairs_has_just_the_pictures_that_pairs_are_made_of(tmp_path):
    root = tmp_path / "out"
    settings = Settings(seed=3, seconds=6.0, width_px=96, height_px=64, rate_hz=10.0, pair_shares=(0.6,))
    try:
        (video_id,) = record_dataset(root, 1, settings, show_progress=False)
    except ModelError as error:
        pytest.skip(str(error))
    folder = EpicFolder(root)
    (split,) = (split for split in SPLITS if list(read_actions(folder.actions(split))))
    frames, shown = VideoFrames(folder), set()
    for moments in without_walking(epic_moments(folder, split), folder):
        for stamps_s in (moments.input_candidates_s(10.0), moments.target_candidates_s(10.0)):
            pictures, shown_s = frames.read_stamped(video_id, stamps_s)
            assert pictures.shape[1:] == (64, 96, 3)
            assert ((stamps_s - shown_s) < 0.1 + 1e-6).all(), "each asked moment has its own picture"
            shown |= {round(stamp_s * 10) + 1 for stamp_s in shown_s}
    numbers = {int(path.stem[-10:]) for path in folder.pictures(video_id).iterdir()}
    assert numbers == shown
    assert {json.loads(line)["frame"] for line in folder.boxes(video_id).read_text().splitlines()} == numbers
    assert {each.frame_number for each in read_hand_objects(folder.hand_objects(video_id))} == numbers
    assert not folder.video(video_id).exists()


def test_shares_of_an_action_that_are_none_are_refused():
    with pytest.raises(ConfigurationError, match="shares of an action from 0 to 1"):
        Settings(pair_shares=(0.6, 1.6))


def test_a_rate_that_no_video_has_is_refused():
    with pytest.raises(ConfigurationError, match=r"frames a second, got 0\.5"):
        Settings(rate_hz=0.5)


def test_a_killed_run_is_taken_up_and_ends_in_the_same_bytes(recorded, tmp_path):
    whole, _ = recorded
    root = tmp_path / "out"
    command = f"egoprog.cli sim record {root} --episodes 2 --seed 3 --seconds 2 --size 96x64 --workers 2".split()
    run = subprocess.Popen([sys.executable, "-m", *command], stderr=subprocess.DEVNULL)
    deadline_s = time.monotonic() + 60
    while not list(root.glob(".partial/*/video.mp4")) and time.monotonic() < deadline_s and run.poll() is None:
        time.sleep(0.05)
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    time.sleep(2 * dataset.WATCH_S)  # in which its workers end
    assert not {path for path in files(root) if path.suffix == ".mp4"} - {
        path.relative_to(root) for path in root.glob(".partial/*/*")
    }
    record_dataset(root, NUM_EPISODES, SETTINGS, workers=2, show_progress=False)
    assert files(root) == files(whole)
    _, different, unread = filecmp.cmpfiles(whole, root, [str(path) for path in files(whole)], shallow=False)
    assert (different, unread) == ([], [])


def test_what_is_whole_is_not_recorded_again(recorded, monkeypatch):
    root, video_ids = recorded
    monkeypatch.setattr(dataset, "_run", lambda *_: pytest.fail("nothing was left to record"))
    assert record_dataset(root, NUM_EPISODES, SETTINGS) == video_ids


def test_another_recording_is_refused_in_one_line(recorded):
    root, _ = recorded
    for other in (Settings(seed=4, seconds=2.0, width_px=96, height_px=64), Settings(seed=3)):
        with pytest.raises(RecordingError, match="holds another recording") as caught:
            record_dataset(root, 1, other)
        assert "\n" not in str(caught.value)


def test_folders_with_other_files_and_files_are_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(RecordingError, match="other files"):
        record_dataset(tmp_path, 1, SETTINGS)
    with pytest.raises(RecordingError, match="is a file"):
        record_dataset(tmp_path / "notes.txt", 1, SETTINGS)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_an_unknown_task_is_told_before_anything_is_made(tmp_path):
    with pytest.raises(ConfigurationError, match="make_tea"):
        record_dataset(tmp_path / "out", 1, Settings(tasks=("make_te",)))
    assert not (tmp_path / "out").exists()


def test_two_recordings_to_one_folder_are_not_mixed(tmp_path, monkeypatch):
    def meanwhile(*_):
        record_dataset(tmp_path / "out", 1, SETTINGS)

    monkeypatch.setattr(dataset, "_run", meanwhile)
    with pytest.raises(RecordingError, match="another"):
        record_dataset(tmp_path / "out", 1, SETTINGS)


def test_a_full_disk_leaves_no_episode_that_looks_whole(performance, tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(dataset, "act", lambda _: performance)
    monkeypatch.setattr(dataset, "write_video", fail)
    job = Job(tmp_path, SETTINGS, 0)
    with pytest.raises(RecordingError, match="No space left"):
        dataset._record_episode(job)
    assert not job.annotations.exists() and not (tmp_path / job.video_id[:4]).exists()


def test_unseen_participants_are_for_validation_and_a_tenth_of_the_others(tmp_path):
    jobs = [Job(tmp_path, SETTINGS, number) for number in range(2 * NUM_PARTICIPANTS)]
    assert len({job.video_id for job in jobs}) == len(jobs)
    unseen = set(unseen_participants())
    assert len(unseen) == 12
    assert not [job for job in jobs if job.split == "train" and job.video_id[:4] in unseen]
    seen = [job for job in jobs if job.video_id[:4] not in unseen]
    assert 0.02 < sum(job.split == "validation" for job in seen) / len(seen) < 0.2


def test_each_episode_of_strangers_shows_somebody_else_and_none_of_the_participants(tmp_path):
    settings = replace(SETTINGS, strangers=True)
    video_ids = [Job(tmp_path, settings, number).video_id for number in range(2 * NUM_PARTICIPANTS)]
    known = {Job(tmp_path, SETTINGS, number).video_id[:4] for number in range(NUM_PARTICIPANTS)}
    shown = {video_id.partition("_")[0] for video_id in video_ids}
    assert len(shown) == len(video_ids) and not shown & known


@pytest.mark.parametrize(("rate_hz", "every"), [(1.0, 1), (2.0, 1), (5.0, 2), (10.0, 5), (30.0, 15), (60.0, 30)])
def test_boxes_are_listed_about_twice_a_second_at_any_rate(rate_hz, every):
    settings = replace(SETTINGS, rate_hz=rate_hz)
    assert settings.boxed_every == every
    assert settings.boxed_every % settings.labelled_every == 0


def test_a_dataset_of_before_there_were_strangers_goes_on(recorded, tmp_path):
    root, _ = recorded
    (tmp_path / "episodes").mkdir()
    manifest = json.loads((root / "dataset.json").read_text())
    del manifest["strangers"]
    (tmp_path / "dataset.json").write_text(json.dumps(manifest))
    with pytest.raises(RecordingError, match="strangers False"):
        record_dataset(tmp_path, 1, replace(SETTINGS, strangers=True))
    shutil.copytree(root / "episodes", tmp_path / "episodes", dirs_exist_ok=True)
    assert record_dataset(tmp_path, 1, SETTINGS, show_progress=False)


def test_a_split_without_episodes_has_no_file_of_programs_that_would_count_as_cut(recorded, tmp_path):
    root, video_ids = recorded
    kept = next(id for number, id in enumerate(video_ids) if Job(root, SETTINGS, number).split == "validation")
    shutil.copytree(root / "episodes" / kept, tmp_path / "episodes" / kept)
    dataset.merge(tmp_path, SETTINGS)
    assert not EpicFolder(tmp_path).programs("train").exists()
    assert EpicFolder(tmp_path).truth(kept) and EpicFolder(tmp_path).narrations(kept)

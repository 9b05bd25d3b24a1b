"""Recordings of one episode: what is written, and what happens where it can't be written."""

import csv
import os
import subprocess
import sys
from types import SimpleNamespace

import av
import numpy as np
import pytest

from egoprog.data import open_recording, read_programs
from egoprog.errors import ModelError, RecordingError
from egoprog.sim import record as module
from egoprog.sim.participants import NUM_PARTICIPANTS
from egoprog.sim.record import TRUTH_HEADER, episode, record, who, write_video


@pytest.fixture
def acted(performance, monkeypatch):
    """`record` that need not act again, with a camera that sees one grey."""
    grey = np.full((96, 128, 3), 90, np.uint8)

    class Camera:
        def __init__(self, *_, **__): ...
        def __enter__(self):
            return SimpleNamespace(picture=lambda _: grey)

        def __exit__(self, *_): ...

    monkeypatch.setattr(module, "Camera", Camera)
    monkeypatch.setattr(module, "act", lambda _: performance)
    return lambda path: record(path, size_px=(128, 96), seconds=4.0, show_progress=False)


def test_video_holds_every_frame_and_all_the_sound(tmp_path):
    pictures = (np.full((96, 128, 3), 8 * k, np.uint8) for k in range(30))
    samples = 0.3 * np.sin(np.arange(24000) / 8).astype(np.float32)
    write_video(tmp_path / "a.mp4", pictures, samples, (128, 96))
    with av.open(str(tmp_path / "a.mp4")) as container:
        assert container.streams.video[0].codec_context.name == "h264"
        stamps_s = [frame.time for frame in container.decode(video=0)]
    np.testing.assert_allclose(stamps_s, np.arange(30) / 30, atol=1e-3)
    with av.open(str(tmp_path / "a.mp4")) as container:
        stream = container.streams.audio[0]
        assert (stream.codec_context.name, stream.rate, stream.channels) == ("aac", 24000, 1)
        assert sum(frame.samples for frame in container.decode(audio=0)) >= 24000


def test_record_writes_the_video_and_what_belongs_to_it(performance, acted, tmp_path):
    paths = acted(tmp_path / "demo.mp4")
    names = {f"demo{suffix}" for suffix in (".mp4", ".poses.csv", ".narrations.csv", ".truth.prog", ".truth.jsonl")}
    assert {path.name for path in paths} == names == {path.name for path in tmp_path.iterdir()}
    assert paths[-1].suffix == ".mp4"
    with (tmp_path / "demo.poses.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == round(performance.duration_s * 30)
    norms = [sum(float(row[f"q{axis}"]) ** 2 for axis in "xyzw") for row in rows]
    np.testing.assert_allclose(norms, 1.0, atol=1e-5)
    assert (tmp_path / "demo.truth.prog").read_text().startswith(TRUTH_HEADER)
    assert len(read_programs(tmp_path / "demo.truth.jsonl")) == len(performance.steps)
    recording = open_recording(tmp_path / "demo.mp4")
    assert {"camera", "audio", "pose", "narration"} <= set(recording.streams)
    assert recording.duration_s == pytest.approx(performance.duration_s, abs=0.1)


def test_the_first_episodes_of_a_seed_show_everybody_once():
    assert len({who(5, number).id for number in range(NUM_PARTICIPANTS)}) == NUM_PARTICIPANTS
    assert who(5, 0) == who(5, NUM_PARTICIPANTS)
    assert [who(5, number).id for number in range(9)] != [who(6, number).id for number in range(9)]


def test_an_episode_is_the_same_whenever_it_is_asked_for():
    one, other = episode(4, 2, 10.0), episode(4, 2, 10.0)
    assert one.steps == other.steps and one.participant == other.participant
    assert episode(4, 3, 10.0).steps != one.steps


def test_a_missing_folder_is_named_and_nothing_is_left(tmp_path):
    with pytest.raises(RecordingError, match="make it first"):
        record(tmp_path / "nowhere" / "demo.mp4")
    with pytest.raises(RecordingError, match=r"NAME\.mp4"):
        record(tmp_path / "demo.avi")
    (tmp_path / "folder.mp4").mkdir()
    with pytest.raises(RecordingError, match="is a folder"):
        record(tmp_path / "folder.mp4")
    assert [path.name for path in tmp_path.iterdir()] == ["folder.mp4"]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), av.error.OSError(28, "No space left", "a")])
def test_a_full_disk_leaves_nothing_half_written(acted, tmp_path, monkeypatch, error):
    def fail(*_):
        raise error

    monkeypatch.setattr(module, "write_video", fail)
    with pytest.raises(RecordingError, match="No space left") as caught:
        acted(tmp_path / "demo.mp4")
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_renderer_names_the_debian_package(monkeypatch):
    from egoprog.sim import gl

    monkeypatch.setattr(gl, "_loads", lambda _: False)
    monkeypatch.delitem(sys.modules, "mujoco", raising=False)
    monkeypatch.delenv("MUJOCO_GL", raising=False)
    with pytest.raises(ModelError, match="libegl1"):
        gl.load_mujoco()


def test_the_command_shows_its_help_without_mujoco():
    code = (
        "import sys; sys.modules['mujoco'] = None\n"
        "import egoprog.cli\n"
        "sys.exit(egoprog.cli.main(['sim', 'record', '--help']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=os.environ, check=False)
    assert done.returncode == 0, done.stderr
    assert "--episodes" in done.stdout

"""One episode in one video: what is written, and what happens where it can't be."""

import csv
import os
import subprocess
import sys

import av
import numpy as np
import pytest

from egoprog.data import open_recording, read_programs
from egoprog.errors import ConfigurationError, ModelError, RecordingError, UnknownTask
from egoprog.program.parser import parse_all
from egoprog.sim.record import SIDECARS, TRUTH_HEADER, episode, record, who, write_video

SMALL = {"seconds": 4.0, "size_px": (96, 64), "show_progress": False}


def test_video_holds_every_frame_and_all_the_sound(tmp_path):
    pictures = (np.full((64, 96, 3), 8 * k, np.uint8) for k in range(30))
    write_video(tmp_path / "a.mp4", pictures, 0.3 * np.sin(np.arange(24000) / 8).astype(np.float32), (96, 64))
    with av.open(str(tmp_path / "a.mp4")) as container:
        assert container.streams.video[0].codec_context.name == "h264"
        stamps_s = [frame.time for frame in container.decode(video=0)]
    np.testing.assert_allclose(stamps_s, np.arange(30) / 30, atol=1e-3)
    with av.open(str(tmp_path / "a.mp4")) as container:
        stream = container.streams.audio[0]
        assert (stream.codec_context.name, stream.rate, stream.channels) == ("aac", 24000, 1)
        count = sum(frame.samples for frame in container.decode(audio=0))
    assert count >= 24000


def test_record_writes_the_video_and_what_belongs_to_it(tmp_path):
    paths = record(tmp_path / "demo.mp4", seed=3, **SMALL)
    names = {"demo.mp4", *(f"demo{suffix}" for suffix in SIDECARS)}
    assert {path.name for path in paths} == names == {path.name for path in tmp_path.iterdir()}
    with (tmp_path / "demo.poses.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    norms = [sum(float(row[f"q{axis}"]) ** 2 for axis in "xyzw") for row in rows]
    np.testing.assert_allclose(norms, 1.0, atol=1e-5)
    text = (tmp_path / "demo.truth.prog").read_text()
    clips = read_programs(tmp_path / "demo.truth.jsonl")
    assert text.startswith(TRUTH_HEADER) and len(parse_all(text)) == len(clips) > 0
    recording = open_recording(tmp_path / "demo.mp4")
    assert {"camera", "audio", "pose", "narration"} == recording.streams
    assert recording.duration_s == pytest.approx(len(rows) / 30, abs=0.1)
    assert [truth.program for truth in recording.truth if truth.program] == [clip.program for clip in clips]


def test_the_same_seed_gives_the_same_episode_and_the_next_number_another_person():
    assert episode(5, 2, 20.0) == episode(5, 2, 20.0)
    assert episode(5, 2, 20.0).steps != episode(6, 2, 20.0).steps
    assert len({who(5, number).id for number in range(48)}) == 48
    assert who(5, 48).id == who(5, 0).id


def test_a_missing_folder_is_named_and_nothing_is_left(tmp_path):
    with pytest.raises(RecordingError, match="make it first"):
        record(tmp_path / "nowhere" / "demo.mp4")
    with pytest.raises(RecordingError, match=r"NAME\.mp4"):
        record(tmp_path / "demo.avi")
    (tmp_path / "folder.mp4").mkdir()
    with pytest.raises(RecordingError, match="is a folder"):
        record(tmp_path / "folder.mp4")
    with pytest.raises(ConfigurationError, match="above 0"):
        record(tmp_path / "demo.mp4", seconds=-1.0)
    with pytest.raises(UnknownTask, match="wash_dishes"):
        record(tmp_path / "demo.mp4", tasks=("wash_dish",))
    assert [path.name for path in tmp_path.iterdir()] == ["folder.mp4"]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), av.error.OSError(28, "No space left", "a")])
def test_a_full_disk_leaves_nothing_half_written(tmp_path, monkeypatch, error):
    def fail(*_):
        raise error

    monkeypatch.setattr("egoprog.sim.record.write_video", fail)
    with pytest.raises(RecordingError, match="No space left") as caught:
        record(tmp_path / "demo.mp4", **SMALL)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_renderer_names_the_debian_package(monkeypatch):
    from egoprog.sim import gl

    monkeypatch.setattr(gl, "_loads", lambda _: False)
    monkeypatch.delitem(sys.modules, "mujoco", raising=False)
    monkeypatch.delenv("MUJOCO_GL", raising=False)
    with pytest.raises(ModelError, match="libegl1"):
        gl.load_mujoco()
    monkeypatch.setenv("MUJOCO_GL", "glfw")
    with pytest.raises(ConfigurationError, match="egl, osmesa"):
        gl.load_mujoco()


def test_the_command_explains_itself_without_mujoco():
    code = (
        "import sys; sys.modules['mujoco'] = None\n"
        "import egoprog.cli\n"
        "sys.exit(egoprog.cli.main(['sim', 'record', '--help']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=os.environ, check=False)
    assert done.returncode == 0, done.stderr
    assert "NAME.mp4" in done.stdout

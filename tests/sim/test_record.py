"""Recordings: what is written, what is seen and heard in it, and what happens where it can't be written."""

import csv
import os
import subprocess
import sys
from functools import cache

import av
import numpy as np
import pytest

from egoprog.errors import ConfigurationError, ModelError, RecordingError
from egoprog.sim.record import TRUTH_HEADER, Camera, record, write_video


@pytest.fixture
def camera(performance):
    with Camera(performance) as camera:
        yield camera


def test_pictures_show_a_lit_kitchen_and_repeat_with_the_seed(performance, camera):
    picture = camera.picture(8.0)
    assert picture.shape == (480, 640, 3) and picture.dtype == np.uint8
    assert 60 < picture.mean() < 190
    assert picture.std() > 30
    with Camera(performance) as again:
        np.testing.assert_array_equal(again.picture(8.0), picture)


def test_water_is_to_be_seen_when_it_runs(performance, camera):
    moment = performance.at(8.5)
    assert moment.streams
    (stream,) = moment.streams
    middle = moment.camera.inverse().point(0.5 * (stream.from_m + stream.to_m))
    focal_px = 240 / np.tan(np.deg2rad(28))
    column, row = 320 - focal_px * middle[0] / middle[2], 240 + focal_px * middle[1] / middle[2]
    assert 0 < column < 640 and 0 < row < 480
    box = np.s_[int(row) - 6 : int(row) + 6, int(column) - 8 : int(column) + 8]
    wet = camera.picture(8.5)[box].astype(float)
    flow, performance.flow = performance.flow, type(performance.flow)(0.0)
    try:
        dry = camera.picture(8.5)[box].astype(float)
    finally:
        performance.flow = flow
    assert np.abs(wet - dry).mean() > 5


@pytest.mark.slow
def test_a_hand_detector_trained_on_people_finds_the_hands(performance, camera):
    mediapipe = pytest.importorskip("mediapipe")
    from mediapipe.tasks.python import BaseOptions, vision

    from egoprog.models import model_path

    try:
        model = str(model_path("hand_landmarker"))
    except ModelError as error:
        pytest.skip(f"the hand detector is not fetched: {error}")
    options = vision.HandLandmarkerOptions(base_options=BaseOptions(model_asset_path=model), num_hands=2)
    found = []
    with vision.HandLandmarker.create_from_options(options) as detector:
        for stamp_s in np.arange(2.0, 24.0, 0.6):
            if camera.hand_share(stamp_s) > 0.02:
                image = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=camera.picture(stamp_s))
                found.append(len(detector.detect(image).hand_landmarks) > 0)
    assert len(found) > 8
    assert np.mean(found) >= 0.7, found


def test_video_holds_every_frame_and_all_the_sound(tmp_path):
    pictures = (np.full((480, 640, 3), 8 * k, np.uint8) for k in range(30))
    write_video(tmp_path / "a.mp4", pictures, 0.3 * np.sin(np.arange(24000) / 8).astype(np.float32))
    with av.open(str(tmp_path / "a.mp4")) as container:
        assert container.streams.video[0].codec_context.name == "h264"
        stamps_s = [frame.time for frame in container.decode(video=0)]
    np.testing.assert_allclose(stamps_s, np.arange(30) / 30, atol=1e-3)
    with av.open(str(tmp_path / "a.mp4")) as container:
        stream = container.streams.audio[0]
        assert (stream.codec_context.name, stream.rate, stream.channels) == ("aac", 24000, 1)
        count = sum(frame.samples for frame in container.decode(audio=0))
    assert count >= 24000


@pytest.mark.slow
def test_record_writes_the_video_and_what_belongs_to_it(performance, tmp_path, monkeypatch):
    # One picture for all: the files are what is tested here.
    shown = Camera.picture

    @cache
    def at_eight(camera: Camera) -> np.ndarray:
        return shown(camera, 8.0)

    monkeypatch.setattr(Camera, "picture", lambda camera, _: at_eight(camera))
    paths = record(tmp_path / "demo.mp4", seconds=16.0, show_progress=False)
    names = {"demo.mp4", "demo.poses.csv", "demo.narrations.csv", "demo.truth.prog"}
    assert {path.name for path in paths} == names == {path.name for path in tmp_path.iterdir()}
    with (tmp_path / "demo.poses.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 16 * 30
    norms = [sum(float(row[f"q{axis}"]) ** 2 for axis in "xyzw") for row in rows]
    np.testing.assert_allclose(norms, 1.0, atol=1e-5)
    assert (tmp_path / "demo.truth.prog").read_text().startswith(TRUTH_HEADER)
    recording = pytest.importorskip("egoprog.data.recording").open_recording(tmp_path / "demo.mp4")
    assert {"camera", "audio", "pose", "narration"} <= set(recording.streams)
    assert recording.duration_s == pytest.approx(16.0, abs=0.1)


def test_a_missing_folder_is_named_and_nothing_is_left(tmp_path):
    with pytest.raises(RecordingError, match="make it first"):
        record(tmp_path / "nowhere" / "demo.mp4")
    with pytest.raises(RecordingError, match=r"NAME\.mp4"):
        record(tmp_path / "demo.avi")
    (tmp_path / "folder.mp4").mkdir()
    with pytest.raises(RecordingError, match="is a folder"):
        record(tmp_path / "folder.mp4")
    with pytest.raises(ConfigurationError, match="seconds"):
        record(tmp_path / "demo.mp4", seconds=1.0)
    assert [path.name for path in tmp_path.iterdir()] == ["folder.mp4"]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), av.error.OSError(28, "No space left", "a")])
def test_a_full_disk_leaves_nothing_half_written(performance, tmp_path, monkeypatch, error):
    def fail(*_):
        raise error

    monkeypatch.setattr("egoprog.sim.record.write_video", fail)
    with pytest.raises(RecordingError, match="No space left") as caught:
        record(tmp_path / "demo.mp4", show_progress=False)
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


def test_everything_else_imports_without_mujoco():
    code = (
        "import sys; sys.modules['mujoco'] = None\n"
        "import egoprog, egoprog.cli, egoprog.program.types, egoprog.describe.types, egoprog.sim.command\n"
        "sys.exit(egoprog.cli.main(['sim', 'record', '--help']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=os.environ, check=False)
    assert done.returncode == 0, done.stderr
    assert "OUT.mp4" in done.stdout

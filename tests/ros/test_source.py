"""A recording comes out as topics, in time, in order, with its stamps; a bad one gives a line and the node stays up."""

import time
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from egoprog_msgs.msg import Narration
from egoprog_ros.images import compressed_to_rgb
from egoprog_ros.source import Player
from egoprog_ros.stamps import to_seconds
from rclpy.parameter import Parameter
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Bool

from egoprog.data import AudioBlock, Frame

from .conftest import wait_until

NUM_FRAMES, RATE_HZ = 15, 30


@pytest.fixture(scope="session")
def video(tmp_path_factory):
    """Half a second of video that turns from dark to bright, with a narration beside it."""
    path = tmp_path_factory.mktemp("video") / "brightening.mp4"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), RATE_HZ, (64, 48))
    for index in range(NUM_FRAMES):
        writer.write(np.full((48, 64, 3), 10 + 15 * index, np.uint8))
    writer.release()
    path.with_name("brightening.narrations.csv").write_text("start,stop,text\n0.2,0.4,take plate\n")
    return path


def recording(samples, duration_s):
    return SimpleNamespace(samples=lambda: iter(samples), duration_s=duration_s, catch_up=lambda stamp_s: None)


def test_player_hands_out_samples_when_they_are_due():
    samples = [AudioBlock(at_s, 16000, np.zeros((16, 1), np.float32)) for at_s in (0.0, 0.1, 0.2, 0.3)]
    began_s, came = time.monotonic(), []
    player = Player(recording(samples, 0.4), lambda s, at_s: came.append((at_s, time.monotonic() - began_s)), print)
    assert player.play()
    due_s, at_s = np.array(came).T
    assert due_s.tolist() == [0.0, 0.1, 0.2, 0.3]
    assert np.all(at_s - due_s >= 0) and np.median(at_s - due_s) < 0.05


def test_a_player_that_is_too_slow_drops_frames_and_never_sound():
    image = np.zeros((2, 2, 3), np.uint8)
    frames = [Frame(index / 30, image) for index in range(30)]
    sound = [AudioBlock(index / 10, 16000, np.zeros((1600, 1), np.float32)) for index in range(10)]
    came, dropped = [], []

    def emit(sample, at_s):
        came.append(type(sample))
        if isinstance(sample, Frame):
            time.sleep(0.1)

    samples = sorted(frames + sound, key=lambda sample: sample.stamp_s)
    assert Player(recording(samples, 1.0), emit, lambda: dropped.append(1)).play()
    assert came.count(AudioBlock) == 10
    assert came.count(Frame) + len(dropped) == 30
    assert 5 <= came.count(Frame) <= 13  # 100 ms of work leaves time for 10 of 30


def test_loops_are_laid_end_to_end():
    came = []
    rounds = recording([Frame(0.0, None), Frame(0.02, None)], 0.06)
    player = Player(rounds, lambda s, at_s: came.append(at_s), print, loop=True)
    player.start()
    assert wait_until(lambda: len(came) >= 4, 5.0)
    player.stop()
    assert came[:4] == pytest.approx([0.0, 0.02, 0.06, 0.08])


def test_a_paused_player_goes_on_where_it_stopped():
    is_paused, came = [True], []
    single = recording([Frame(0.0, None)], 0.1)
    player = Player(single, lambda s, at_s: came.append(at_s), print, is_paused=lambda: is_paused[0])
    player.start()
    time.sleep(0.15)
    assert not came
    is_paused[0] = False
    assert wait_until(lambda: came == [0.0], 5.0)
    assert player.paused_s == pytest.approx(0.15, abs=0.1)


@pytest.mark.graph
def test_a_video_comes_out_with_its_stamps_and_its_end(bring_up_source, probe, video):
    frames = probe.collect(CompressedImage, "camera/image_raw/compressed", "events")
    infos = probe.collect(CameraInfo, "camera/camera_info", "events")
    narrations = probe.collect(Narration, "narration")
    began_s = time.time()
    source = bring_up_source(input=str(video))
    finished = probe.collect(Bool, "source/finished", "latched")
    assert wait_until(lambda: finished and finished[-1].data)
    assert wait_until(lambda: len(frames) == NUM_FRAMES - source.counters["lost frames"])
    assert source.counters["lost frames"] <= 3
    assert len(infos) == len(frames) and (infos[0].width, infos[0].height) == (64, 48)
    stamps_s = np.array([to_seconds(frame.header.stamp) for frame in frames])
    assert began_s - 1 < stamps_s[0] < time.time()
    steps = (stamps_s - stamps_s[0]) * RATE_HZ
    assert np.allclose(steps, np.round(steps), atol=0.02)
    assert frames[0].header.frame_id == "camera"
    brightness = [compressed_to_rgb(frame).mean() for frame in frames]
    assert np.all(np.diff(brightness) > 5)
    assert [n.text for n in narrations] == ["take plate"]
    assert to_seconds(narrations[0].header.stamp) - stamps_s[0] == pytest.approx(0.2, abs=0.001)


@pytest.mark.graph
def test_with_its_own_clock_stamps_are_the_recordings_time(bring_up_source, probe, video):
    images, clocks = probe.collect(Image, "camera/image_raw", "events"), []
    probe.node.create_subscription(Clock, "/clock", clocks.append, 10)
    finished = probe.collect(Bool, "source/finished", "latched")
    bring_up_source(input=str(video), publish_clock=True, image_transport="raw", rate=0.5)
    assert wait_until(lambda: finished and finished[-1].data)
    assert wait_until(lambda: images and to_seconds(images[-1].header.stamp) == pytest.approx(14 / 30, abs=1e-3))
    now_s = [to_seconds(clock.clock) for clock in clocks]
    assert now_s == sorted(now_s) and now_s[-1] > 0.4
    before = len(clocks)
    assert wait_until(lambda: len(clocks) > before + 10)  # the clock goes on after the end


@pytest.mark.graph
@pytest.mark.parametrize("kind", ["missing", "broken", "empty folder"])
def test_a_bad_recording_gives_one_line_and_a_good_one_can_follow(bring_up_source, probe, video, tmp_path, kind, capfd):
    path = tmp_path / "bad.mp4"
    if kind == "broken":
        path.write_bytes(b"this is no video" * 100)
    elif kind == "empty folder":
        path.mkdir()
    diagnostics = probe.collect(DiagnosticArray, "/diagnostics")
    source = bring_up_source(input=str(path))

    def tells():
        statuses = [s for m in diagnostics for s in m.status if s.name == "/source"]
        return any(s.level == DiagnosticStatus.ERROR and "bad.mp4" in s.message for s in statuses)

    assert wait_until(tells)
    assert capfd.readouterr().err.count("can't play") == 1
    finished = probe.collect(Bool, "source/finished", "latched")
    assert source.set_parameters([Parameter("input", value=str(video))])[0].successful
    assert wait_until(lambda: finished and finished[-1].data)
    assert source.counters.level != DiagnosticStatus.ERROR

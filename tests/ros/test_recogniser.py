"""`recogniser` on real topics, with graphs that stand in for a network: images in, predictions out."""

import time

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from egoprog_msgs.msg import SubActionPrediction
from egoprog_ros.convert import header, message_to_prediction
from egoprog_ros.images import rgb_to_compressed, rgb_to_image
from egoprog_ros.recogniser import Recogniser
from egoprog_ros.stamps import to_seconds
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.parameter import Parameter
from sensor_msgs.msg import CompressedImage, Image

from egoprog.leap.live import StreamRecogniser
from tests.leap.fake_sessions import fake_sessions

from .conftest import wait_until

BRIGHT = np.full((64, 96, 3), 200, np.uint8)


@pytest.fixture
def bring_up(host, monkeypatch):
    """The node with fake graphs, active; what it was asked to open is noted."""

    def bring_up(with_anticipator=True, opened=None, **parameters):
        def opening(folder, backends, precision, num_threads, rate_hz):
            if opened is not None:
                opened.append((str(folder), backends, precision, num_threads))
            return StreamRecogniser(fake_sessions(with_anticipator), model="toy 0123", rate_hz=rate_hz)

        monkeypatch.setattr("egoprog_ros.recogniser.StreamRecogniser.open", opening)
        parameters = {"model": "toy"} | parameters
        return activated(host, **parameters)

    return bring_up


def activated(host, **parameters):
    node = host.add(Recogniser(parameter_overrides=[Parameter(n, value=v) for n, v in parameters.items()]))
    assert node.trigger_configure() == TransitionCallbackReturn.SUCCESS
    assert node.trigger_activate() == TransitionCallbackReturn.SUCCESS
    return node


def publish(publisher, count, rate_hz=10.0, start_s=50.0, to_message=rgb_to_compressed):
    for k in range(count):
        publisher.publish(to_message(BRIGHT, header(start_s + k / rate_hz, "head")))
        time.sleep(1 / rate_hz)


@pytest.mark.parametrize("transport", ["compressed", "raw"])
def test_present_and_future_come_with_the_stamp_and_frame_of_their_image(bring_up, probe, transport):
    opened = []
    node = bring_up(image=transport, opened=opened, backends=["onnxruntime"], precision="int8", threads=2)
    assert opened == [("toy", ("onnxruntime",), "int8", 2)]
    now = probe.collect(SubActionPrediction, "sub_actions")
    coming = probe.collect(SubActionPrediction, "next_sub_actions")
    if transport == "raw":
        publish(probe.publisher(Image, "camera/image_raw", "image"), 10, to_message=rgb_to_image)
    else:
        publish(probe.publisher(CompressedImage, "camera/image_raw/compressed", "image"), 10)
    assert wait_until(lambda: len(now) >= 9 and len(coming) == len(now))
    assert {round(to_seconds(message.header.stamp), 3) for message in now} <= {50 + k / 10 for k in range(10)}
    assert {message.header.frame_id for message in now} == {"head"}
    present, next_one = message_to_prediction(now[-1]), message_to_prediction(coming[-1])
    assert present.action.label == "open board:chopping"
    assert [(step.verb, [name for name, _ in step.objects]) for step in present.steps] == [("grasp", ["board"])]
    assert present.stamp_s - present.clip_start_s == pytest.approx(0.6)
    assert (present.ahead_s, next_one.ahead_s, present.model) == (0.0, 1.0, "toy 0123")
    timing = now[-1].timing
    assert timing.model_s > 0 and timing.overhead_s >= 0
    values = {value.key: value.value for value in node.counters.status("", "").values}
    assert values["backend"] == "fake on cpu, int8" and "latency_ms median" in values


def test_frames_between_two_ticks_are_not_lost_and_a_gap_is_counted(bring_up, probe):
    node = bring_up()
    now = probe.collect(SubActionPrediction, "sub_actions")
    publisher = probe.publisher(CompressedImage, "camera/image_raw/compressed", "image")
    publish(publisher, 30, rate_hz=30.0)
    assert wait_until(lambda: len(now) >= 8)
    assert node.counters["lost frames"] <= 1, "a loaded machine may lose one"
    publish(publisher, 1, start_s=52.0)
    assert wait_until(lambda: node.counters["frames stood in"] >= 9)


def test_a_clock_that_is_set_back_begins_anew(bring_up, probe):
    bring_up()
    now = probe.collect(SubActionPrediction, "sub_actions")
    publisher = probe.publisher(CompressedImage, "camera/image_raw/compressed", "image")
    publish(publisher, 6)
    publish(publisher, 6, start_s=20.0)
    assert wait_until(lambda: now and to_seconds(now[-1].header.stamp) == pytest.approx(20.5))
    again = [message_to_prediction(message) for message in now if to_seconds(message.header.stamp) < 30]
    assert min(prediction.clip_start_s for prediction in again) >= 20.0


def test_a_model_that_tells_no_future_publishes_none(bring_up, probe):
    bring_up(with_anticipator=False)
    now = probe.collect(SubActionPrediction, "sub_actions")
    coming = probe.collect(SubActionPrediction, "next_sub_actions")
    publish(probe.publisher(CompressedImage, "camera/image_raw/compressed", "image"), 4)
    assert wait_until(lambda: len(now) >= 3)
    assert not coming


@pytest.mark.parametrize("what", ["missing", "broken"])
def test_without_a_model_that_runs_the_node_stays_up_and_says_so(host, tmp_path, what):
    folder = tmp_path / "model"
    if what == "broken":
        folder.mkdir()
        (folder / "model.json").write_text("{")
    node = activated(host, model=str(folder))
    status = node.counters.status("recogniser", "")
    assert status.level == DiagnosticStatus.WARN
    assert "degraded: recognises nothing: expected" in status.message and str(folder) in status.message
    assert "\n" not in status.message


def test_a_machine_that_is_too_slow_does_less_and_says_so(bring_up, probe, monkeypatch):
    node = bring_up()
    push = node._recogniser.push

    def slow(frame, stamp_s):
        time.sleep(0.25)
        return push(frame, stamp_s)

    monkeypatch.setattr(node._recogniser, "push", slow)
    publish(probe.publisher(CompressedImage, "camera/image_raw/compressed", "image"), 80)
    assert "frames a second; the frames before stand in" in node.counters.message
    assert "each head is asked once in the spacing of its frames" in node.counters.message
    assert node._recogniser.is_thrifty

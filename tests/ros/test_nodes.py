"""Listener, tracker, hands and visualiser on real topics: a message in, a message out."""

import array
import math
import threading
import time

import av
import cv2
import numpy as np
import pytest
from egoprog_msgs.msg import (
    AudioChunk,
    HandContacts,
    HeadMotion,
    Imagined,
    ObjectDetections,
    SoundEvent,
    SubActionPrediction,
)
from egoprog_ros.backlog import Backlog
from egoprog_ros.camera import Period
from egoprog_ros.convert import hands_to_message, header, prediction_to_message
from egoprog_ros.hands import Hands
from egoprog_ros.images import rgb_to_compressed, rgb_to_image
from egoprog_ros.listener import Listener
from egoprog_ros.markers import Pinhole, hand_markers, placed
from egoprog_ros.stamps import to_seconds
from egoprog_ros.tracker import Tracker
from egoprog_ros.visualiser import Visualiser
from geometry_msgs.msg import PoseStamped, Transform
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.parameter import Parameter
from sensor_msgs.msg import CompressedImage, Image
from visualization_msgs.msg import Marker, MarkerArray

from egoprog.data.recording import open_recording
from egoprog.data.samples import AudioBlock
from egoprog.describe.types import Contact, ContactEvent, ContactKind, HandObservation, ObjectDetection
from egoprog.leap.prediction import PredictedAction, Prediction
from egoprog.live.overlay import CONTACT, Seen, band_height
from egoprog.program.types import Hand

GREY = np.full((240, 320, 3), 90, np.uint8)


def wait_until(predicate, timeout_s=15.0):
    end_s = time.monotonic() + timeout_s
    while time.monotonic() < end_s:
        if predicate():
            return True
        time.sleep(0.01)
    return bool(predicate())


def active(host, node_class, **parameters):
    """The node, configured with these parameters and active."""
    overrides = [Parameter(name, value=value) for name, value in parameters.items()]
    node = host.add(node_class(parameter_overrides=overrides))
    assert node.trigger_configure() == TransitionCallbackReturn.SUCCESS
    assert node.trigger_activate() == TransitionCallbackReturn.SUCCESS
    return node


def video_frames(path, count):
    with av.open(str(path)) as container:
        for number, frame in enumerate(container.decode(video=0)):
            if number == count:
                return
            yield frame.to_ndarray(format="rgb24")


def water(shared_data, seconds):
    """Water that is poured, mono at its own rate: (samples, rate)."""
    blocks = []
    for sample in open_recording(shared_data / "video" / "pouring_1.mp4").samples():
        if isinstance(sample, AudioBlock):
            blocks.append(sample)
            if sample.stamp_s > seconds:
                break
    rate = blocks[0].sample_rate
    return np.concatenate([block.samples.mean(axis=1) for block in blocks])[: round(seconds * rate)], rate


def chunks(samples, start_s, rate, seconds=0.1):
    size = round(rate * seconds)
    for first in range(0, len(samples) - size + 1, size):
        data = (np.clip(samples[first : first + size], -1, 1) * 32767).astype("<i2").tobytes()
        stamp = header(start_s + first / rate, "microphone")
        yield AudioChunk(header=stamp, sample_rate=rate, channels=1, encoding="S16LE", data=array.array("B", data))


def test_hands_of_a_real_video_are_found_with_the_stamp_and_frame_of_their_image(host, probe, shared_data):
    node = active(host, Hands)
    contacts = probe.collect(HandContacts, "hand_contacts")
    objects = probe.collect(ObjectDetections, "objects")
    publisher = probe.publisher(CompressedImage, "camera/image_raw/compressed", "image")
    stamps = []
    for number, frame in enumerate(video_frames(shared_data / "video" / "ego4d_stir_pan.mp4", 12)):
        stamps.append(50.0 + number / 5)
        before = len(contacts)
        publisher.publish(rgb_to_compressed(frame, header(stamps[-1], "head")))
        assert wait_until(lambda b=before: len(contacts) > b)
    assert [round(to_seconds(m.header.stamp), 6) for m in contacts] == pytest.approx(stamps)
    assert {m.header.frame_id for m in contacts} == {"head"}
    assert {(m.image_width, m.image_height) for m in contacts} == {(384, 288)}
    assert sum(bool(m.hands) for m in contacts) >= 10
    assert all(len(hand.landmarks) == 42 for m in contacts for hand in m.hands)
    assert wait_until(lambda: len(objects) == len(contacts))
    for message in contacts:
        assert message.timing.model_s > 0.0
        assert message.timing.overhead_s >= 0.0
        spent_s = to_seconds(message.timing.published) - to_seconds(message.timing.arrived)
        assert message.timing.overhead_s == pytest.approx(spent_s - message.timing.model_s, abs=1e-4)
    assert node.counters["frames"] == 12


def test_a_machine_that_is_too_slow_drops_old_frames_and_counts_them(host, probe):
    node = active(host, Hands, image="raw")
    worked_on = []

    def slow(arrival):
        worked_on.append(time.monotonic() - arrival.steady_s)
        time.sleep(0.25)

    node._feed._worker._work = slow
    publisher = probe.publisher(Image, "camera/image_raw", "image")
    for number in range(40):
        publisher.publish(rgb_to_image(GREY, header(50.0 + number * 0.05)))
        time.sleep(0.05)
    assert wait_until(lambda: node.counters["frames"] >= 38)
    assert max(worked_on) < 0.05 + 0.02  # never older than one period; the rest is this machine's own jitter
    assert node._feed.dropped >= 20
    assert node.counters["lost frames"] >= node._feed.dropped - 1
    assert "lost frames" in node.counters.message


def test_the_period_of_a_stream_survives_lost_frames():
    period = Period()
    assert period.note(1.0) is None
    for number in range(1, 30):
        if number % 7:
            last = period.note(1.0 + number / 30)
    assert last == pytest.approx(1 / 30)


def test_a_sound_becomes_events_with_its_times_while_it_goes_on(host, probe, shared_data):
    node = active(host, Listener)
    events = probe.collect(SoundEvent, "sound_events", "events")
    publisher = probe.publisher(AudioChunk, "audio", "audio")
    samples, rate = water(shared_data, 6.0)
    for chunk in chunks(samples, 200.0, rate):
        publisher.publish(chunk)
        time.sleep(0.02)
    assert wait_until(lambda: node.counters["audio chunks"] == 60)
    assert wait_until(lambda: len(events) >= 2)  # in pieces of two seconds
    for event in events:
        assert event.label == "water"
        assert 199.9 < to_seconds(event.start) < to_seconds(event.end) <= 206.1
        assert event.header.stamp == event.end
        assert event.source_label and event.model
    assert node.counters["lost audio chunks"] == 0


def test_a_sound_that_lasts_to_the_end_of_the_recording_is_told(host, probe, shared_data):
    active(host, Listener, max_event_s=60.0)
    events = probe.collect(SoundEvent, "sound_events", "events")
    publisher = probe.publisher(AudioChunk, "audio", "audio")
    samples, rate = water(shared_data, 3.0)
    for chunk in chunks(samples, 200.0, rate):
        publisher.publish(chunk)
        time.sleep(0.02)
    assert wait_until(lambda: events), "no event although the sound has ended"
    assert to_seconds(events[-1].end) == pytest.approx(203.0, abs=0.5)


def test_chunks_that_were_lost_on_the_way_are_counted(host, probe):
    node = active(host, Listener)
    publisher = probe.publisher(AudioChunk, "audio", "audio")
    for number, chunk in enumerate(chunks(np.zeros(32000, np.float32), 200.0, 16000)):
        if number not in (5, 6, 12):
            publisher.publish(chunk)
        time.sleep(0.005)
    assert wait_until(lambda: node.counters["lost audio chunks"] == 3)
    assert "lost audio chunks (3)" in node.counters.message


def test_a_backlog_that_is_full_loses_the_oldest_and_says_so():
    done, lost = [], []
    backlog = Backlog(done.append, lost.append, lost.append, "test", 3)
    for item in range(5):
        backlog.put(item)
    assert lost == [1, 1] and len(backlog) == 3
    backlog.resize(2)
    assert lost == [1, 1, 1]
    backlog.start()
    assert backlog.wait_until_idle(5.0)
    assert done == [3, 4]
    assert backlog.stop()


def test_an_error_in_the_backlog_does_not_end_it():
    def fail_on_two(item):
        if item == 2:
            raise ValueError("two")
        done.append(item)

    done, errors = [], []
    backlog = Backlog(fail_on_two, errors.append, lambda n: None, "test", 10)
    backlog.start()
    for item in range(4):
        backlog.put(item)
    assert backlog.wait_until_idle(5.0)
    assert done == [0, 1, 3]
    assert [str(error) for error in errors] == ["two"]
    assert backlog.stop()


def test_a_backlog_takes_no_more_offers_than_it_has_room_for():
    begun, is_free, done = threading.Event(), threading.Event(), []

    def work(item):
        begun.set()
        is_free.wait(5.0)
        done.append(item)

    backlog = Backlog(work, done.append, done.append, "test", 2)
    backlog.start()
    assert backlog.offer(0) and begun.wait(5.0)
    assert [backlog.offer(item) for item in (1, 2, 3)] == [True, True, False]
    backlog.discard(1)
    backlog.discard(7)
    assert backlog.offer(4)
    is_free.set()
    assert backlog.wait_until_idle(5.0)
    assert done == [0, 2, 4]
    assert backlog.stop()


def test_walking_is_told_from_poses(host, probe):
    active(host, Tracker, pose_wait_s=60.0)
    motions = probe.collect(HeadMotion, "head_motion", "events")
    publisher = probe.publisher(PoseStamped, "pose", "pose")
    for number in range(240):  # stands, walks 1 m/s for 4 s, stands
        stamp_s = number / 30
        message = PoseStamped(header=header(300.0 + stamp_s, "world"))
        message.pose.position.x = min(max(stamp_s - 2.0, 0.0), 4.0)
        message.pose.orientation.w = 1.0
        publisher.publish(message)
        time.sleep(0.001)
    assert wait_until(lambda: any(m.kind == HeadMotion.WALK for m in motions))
    walk = next(m for m in motions if m.kind == HeadMotion.WALK)
    assert walk.source == HeadMotion.SOURCE_POSE
    assert to_seconds(walk.start) == pytest.approx(302.0, abs=0.7)
    assert to_seconds(walk.end) == pytest.approx(306.0, abs=0.7)
    assert walk.distance == pytest.approx(4.0, abs=1.0)


def test_without_poses_the_tracker_turns_to_the_camera_and_says_that_it_is_degraded(host, probe):
    node = active(host, Tracker, image="raw", pose_wait_s=0.3)
    pose = probe.publisher(PoseStamped, "pose", "pose")
    camera = probe.node.create_publisher(Image, "camera/image_raw", 1)
    assert wait_until(lambda: camera.get_subscription_count() == 1, 5.0)
    assert "degraded: no pose" in node.counters.message
    for number in range(10):
        camera.publish(rgb_to_image(GREY, header(400.0 + number / 10)))
        time.sleep(0.03)
    assert wait_until(lambda: node.counters["frames"] >= 8)
    message = PoseStamped(header=header(401.5, "world"))
    message.pose.orientation.w = 1.0

    def is_back():
        message.header = header(to_seconds(message.header.stamp) + 0.1, "world")
        pose.publish(message)
        time.sleep(0.1)
        return camera.get_subscription_count() == 0

    assert wait_until(is_back)
    assert "degraded" not in node.counters.message


def seen_hands(stamp_s):
    thing = ObjectDetection("spatula", 0.8, (60.0, 60.0, 160.0, 160.0), 3)
    right = HandObservation(stamp_s, Hand.RIGHT, 0.9, (140.0, 80.0, 240.0, 200.0), (), Contact.PORTABLE, 0.9, thing)
    grabbed = ContactEvent(ContactKind.GRABBED, Hand.RIGHT, stamp_s, "spatula", 3, 0.9)
    return hands_to_message([right], [grabbed], header(stamp_s, "camera"), (320, 240))


def decoded(message):
    bgr = cv2.imdecode(np.frombuffer(message.data, np.uint8), cv2.IMREAD_COLOR)
    return cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)


def test_the_overlay_draws_hands_on_the_image_that_they_were_seen_in(host, probe):
    active(host, Visualiser)
    overlays = probe.collect(CompressedImage, "overlay/compressed")
    camera = probe.publisher(CompressedImage, "camera/image_raw/compressed", "image")
    hands = probe.publisher(HandContacts, "hand_contacts")
    for number in range(6):
        stamp_s = 500.0 + number / 10
        shade = np.full_like(GREY, 30 * number)
        camera.publish(rgb_to_compressed(shade, header(stamp_s, "camera")))
        time.sleep(0.1)
        hands.publish(seen_hands(500.0 + max(0, number - 2) / 10))  # they come two frames late
        time.sleep(0.05)
    drawn = [m for m in overlays if _has_colour(decoded(m), CONTACT[Contact.PORTABLE])]
    assert drawn
    for message in drawn:
        picture = decoded(message)
        assert picture.shape == (240 + band_height(320), 320, 3)
        number = round((to_seconds(message.header.stamp) - 500.0) * 10)
        assert abs(int(picture[5, 300, 0]) - 30 * number) < 8  # the shade of the image with that stamp
        assert message.header.frame_id == "camera"


def test_the_overlay_tells_what_the_network_sees_and_expects(host, probe):
    node = active(host, Visualiser)
    take, put = PredictedAction("take", "cup", 2.0), PredictedAction("put", "cup", 2.0)
    for topic, action in (("sub_actions", take), ("next_sub_actions", put)):
        said = Prediction(50.0, 47.0, "toy", actions=(action, PredictedAction("open", "tap", 2.0)))
        probe.publisher(SubActionPrediction, topic).publish(prediction_to_message(said))
    assert wait_until(lambda: node._panel(50.0).coming is not None and node._panel(50.0).present is not None)
    panel = node._panel(50.0)
    assert (panel.present, panel.coming) == (Seen("take cup", 0.5), Seen("put cup", 0.5))


def test_an_answer_is_shown_with_its_words_to_displays_that_come_later(host, probe):
    active(host, Visualiser)
    drawn = rgb_to_image(np.full((128, 160, 3), 200, np.uint8), header(7.5, "head"))
    message = Imagined(header=drawn.header, image=drawn, question="How?", description="The right hand " * 20, note="!")
    probe.publisher(Imagined, "imagined", "latched").publish(message)
    time.sleep(0.5)
    shown = probe.collect(Image, "overlay/imagined", "latched")
    small = probe.collect(CompressedImage, "overlay/imagined/compressed", "latched")
    assert wait_until(lambda: shown and small)
    assert (shown[0].width, shown[0].header) == (480, drawn.header)
    assert shown[0].height > 384 + 3 * 20, "words stand below the picture"
    assert decoded(small[0]).shape == (shown[0].height, 480, 3)


def test_the_overlay_goes_on_without_hands(host, probe):
    active(host, Visualiser)
    overlays = probe.collect(CompressedImage, "overlay/compressed")
    raw = probe.collect(Image, "overlay")
    camera = probe.publisher(CompressedImage, "camera/image_raw/compressed", "image")
    for number in range(10):
        camera.publish(rgb_to_compressed(GREY, header(500.0 + number / 10, "camera")))
        time.sleep(0.1)
    assert wait_until(lambda: len(overlays) >= 3 and len(raw) >= 3)
    assert raw[0].height == 240 + band_height(320)


def _has_colour(picture, colour):
    return float(np.mean(np.abs(picture.astype(int) - colour).max(axis=2) < 40)) > 0.003


def test_markers_lie_on_the_rays_of_their_pixels(host, probe):
    active(host, Visualiser, marker_depth_m=0.5, field_of_view_rad=math.pi / 2)
    markers = probe.collect(MarkerArray, "markers")
    camera = probe.publisher(CompressedImage, "camera/image_raw/compressed", "image")
    hands = probe.publisher(HandContacts, "hand_contacts")

    def is_marked():
        stamp_s = 500.0 + time.monotonic() % 1000
        camera.publish(rgb_to_compressed(GREY, header(stamp_s, "camera")))
        time.sleep(0.05)
        hands.publish(seen_hands(stamp_s))
        time.sleep(0.1)
        return any(message.markers for message in markers)

    assert wait_until(is_marked)
    found = next(m for message in markers for m in message.markers if m.ns == "hand/right")
    assert found.header.frame_id == "camera"
    assert found.type == Marker.LINE_STRIP
    # 90 degrees over 320 pixels: the focal length is 160, the centre (160, 120)
    assert found.points[0].x == pytest.approx((140 - 160) / 160 * 0.5)
    assert found.points[0].y == pytest.approx((80 - 120) / 160 * 0.5)
    assert found.points[0].z == pytest.approx(0.5)


def test_markers_move_into_another_frame():
    message = MarkerArray(markers=list(hand_markers(seen_hands(500.0), Pinhole(160.0, 160.0, 160.0, 120.0), 0.5)))
    name = next(marker for marker in message.markers if marker.type == Marker.TEXT_VIEW_FACING)
    name.pose.position.x, name.pose.position.y, name.pose.position.z = 1.0, 0.0, 0.0
    quarter = Transform()  # a quarter turn about z, and a metre up
    quarter.rotation.z = quarter.rotation.w = math.sqrt(0.5)
    quarter.translation.z = 1.0
    placed(message, quarter, "map")
    assert {marker.header.frame_id for marker in message.markers} == {"map"}
    at = name.pose.position
    assert (at.x, at.y, at.z) == pytest.approx((0.0, 1.0, 1.0))

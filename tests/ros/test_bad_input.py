"""Bad input on the running graph: one clear line, a diagnostic, a counter, and the next good message is worked on."""

import array
import math
import time

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from egoprog_msgs.msg import AudioChunk, HandContacts, HeadMotion, Narration, SoundEvent
from egoprog_msgs.srv import Reset, SetEnabled, SetVocabulary
from egoprog_ros.graph import graph
from egoprog_ros.images import rgb_to_compressed, rgb_to_image
from egoprog_ros.stamps import to_seconds, to_time
from egoprog_ros.up import running_graph
from geometry_msgs.msg import PoseStamped
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header, String

pytestmark = [pytest.mark.graph, pytest.mark.slow]

NODES = ("hands", "tracker", "listener", "programmer", "visualiser")
PICTURE = np.random.default_rng(0).integers(0, 255, (120, 160, 3), np.uint8)


def wait_until(predicate, timeout_s=15.0):
    end_s = time.monotonic() + timeout_s
    while time.monotonic() < end_s:
        if predicate():
            return True
        time.sleep(0.02)
    return bool(predicate())


class Bench:
    """The running graph, with publishers for all its inputs and what it says of itself."""

    def __init__(self, probe, supervisor):
        self.probe = probe
        self.supervisor = supervisor
        self.stamp_s = 1000.0
        self.statuses: dict[str, DiagnosticStatus] = {}
        probe.node.create_subscription(DiagnosticArray, "/diagnostics", self._keep, 10)
        self.contacts = probe.collect(HandContacts, "hand_contacts")
        self.motions = probe.collect(HeadMotion, "head_motion")
        self.sounds = probe.collect(SoundEvent, "sound_events")
        self.overlays = probe.collect(CompressedImage, "overlay/compressed")
        self.image = probe.publisher(Image, "camera/image_raw", "image")
        self.jpeg = probe.publisher(CompressedImage, "camera/image_raw/compressed", "image")
        self.audio = probe.publisher(AudioChunk, "audio", "audio")
        self.pose = probe.publisher(PoseStamped, "pose", "pose")
        self.narration = probe.publisher(Narration, "narration", "events")
        self.text = probe.publisher(String, "narration/text", "events")

    def _keep(self, message):
        for status in message.status:
            self.statuses[status.name.strip("/")] = status

    def header(self, step_s=0.1):
        self.stamp_s += step_s
        return Header(stamp=to_time(self.stamp_s), frame_id="camera")

    def count(self, node, key):
        values = {pair.key: pair.value for pair in self.statuses[node].values} if node in self.statuses else {}
        return int(values.get(key, 0))

    def refuses(self, node, kind, publish, *words):
        """Publishes and checks: the counter grows, the diagnostic names it, and a line with these words is logged."""
        key = f"refused: {kind}"
        before = self.count(node, key)

        def is_counted():
            publish()  # again, because one image alone may be dropped for a newer one
            return wait_until(lambda: self.count(node, key) > before, 2.5)

        assert wait_until(is_counted), f"{key!r} of {node} stays at {before}"
        status = self.statuses[node]
        assert status.level == DiagnosticStatus.WARN
        assert key in status.message

        def is_told(line):
            return line.startswith(f"{node:>10} |") and all(word in line for word in words)

        assert wait_until(lambda: any(is_told(line) for line in self.supervisor.lines), 3.0), (
            f"no line of {node} with {words} in\n" + "\n".join(self.supervisor.lines)
        )
        told = [line for line in self.supervisor.lines if is_told(line)]
        assert len(told) == 1, "said more than once:\n" + "\n".join(told)

    def sees_hands(self):
        """Good images are worked on: the stamp of one comes back."""

        def is_answered():
            self.image.publish(rgb_to_image(PICTURE, self.header()))
            time.sleep(0.1)
            return any(abs(to_seconds(m.header.stamp) - self.stamp_s) < 0.5 for m in self.contacts[-3:])

        assert wait_until(is_answered), "good images are not worked on any more"

    def hears(self):
        before = self.count("listener", "audio chunks")
        for _ in range(5):
            self.audio.publish(tone(self.header()))
        assert wait_until(lambda: self.count("listener", "audio chunks") >= before + 5)

    def follows(self):
        before = self.count("tracker", "poses")
        for number in range(5):
            self.pose.publish(pose(self.header(), x=0.05 * number))
        assert wait_until(lambda: self.count("tracker", "poses") >= before + 5)


def tone(header, rate=16000, seconds=0.1, samples=None):
    if samples is None:
        samples = 0.2 * np.sin(2 * np.pi * 440 * np.arange(int(rate * seconds)) / rate)
    data = np.asarray(samples, "<f4").tobytes()
    return AudioChunk(header=header, sample_rate=rate, channels=1, encoding="F32LE", data=array.array("B", data))


def pose(header, x=0.0, quaternion=(0.0, 0.0, 0.0, 1.0)):
    message = PoseStamped(header=header)
    message.pose.position.x = x
    rotation = message.pose.orientation
    rotation.x, rotation.y, rotation.z, rotation.w = quaternion
    return message


@pytest.fixture(scope="module")
def bench(module_probe):
    specs = graph(
        respawn=False,
        parameters={"hands": {"image": "raw"}, "tracker": {"image": "raw", "pose_wait_s": 3600.0}},
    )
    with running_graph(specs, timeout_s=90.0) as supervisor:
        bench = Bench(module_probe, supervisor)
        pids = supervisor.pids
        yield bench
        assert supervisor.pids == pids, "a node died of bad input:\n" + "\n".join(list(supervisor.lines)[-40:])


def test_no_messages_at_all_are_told_by_every_node_that_waits_for_some(bench):
    expected = {
        "hands": "no messages on camera/image_raw for",
        "listener": "no messages on audio for",
        "programmer": "no messages on hand_contacts for",
        "visualiser": "no messages on camera/image_raw/compressed for",
    }
    for node, words in expected.items():
        assert wait_until(lambda n=node, w=words: n in bench.statuses and w in bench.statuses[n].message), node
        assert bench.statuses[node].level == DiagnosticStatus.WARN


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ({"encoding": "bayer_xyz9"}, ("expected an encoding of", "bayer_xyz9")),
        (
            {"data": array.array("B", bytes(1000))},
            ("expected 57600 bytes for 160x120", "got 1000", "is the message cut"),
        ),
        ({"width": 0, "height": 0, "data": array.array("B")}, ("expected an image of", "got 0x0", "check")),
        ({"step": 7}, ("expected 57600 bytes for 160x120", "in rows of")),
    ],
    ids=["unknown encoding", "short data", "zero size", "short rows"],
)
def test_a_broken_image(bench, damage, words):
    def publish():
        message = rgb_to_image(PICTURE, bench.header())
        for field, value in damage.items():
            setattr(message, field, value)
        bench.image.publish(message)

    bench.refuses("hands", "FrameError on camera/image_raw", publish, *words)
    bench.sees_hands()


@pytest.mark.parametrize("data", [b"", b"this is no picture"], ids=["empty", "no JPEG"])
def test_a_broken_compressed_image(bench, data):
    def publish():
        message = CompressedImage(header=bench.header(1.0), format="jpeg", data=array.array("B", data))
        bench.jpeg.publish(message)

    words = ("expected a JPEG or PNG image", "is the message cut?")
    bench.refuses("visualiser", "FrameError on camera/image_raw/compressed", publish, *words)
    before = len(bench.overlays)

    def is_drawn():
        bench.jpeg.publish(rgb_to_compressed(PICTURE, bench.header()))
        time.sleep(0.1)
        return len(bench.overlays) > before

    assert wait_until(is_drawn)


def test_stamps_that_go_backwards(bench):
    bench.sees_hands()

    def publish():
        late = Header(stamp=to_time(bench.stamp_s - 0.5), frame_id="camera")
        bench.image.publish(rgb_to_image(PICTURE, late))

    bench.refuses("hands", "StampError on camera/image_raw", publish, "expected a stamp after", "before it")
    bench.sees_hands()


def test_stamps_that_jump_an_hour(bench):
    bench.sees_hands()

    def publish():
        bench.stamp_s += 3700.0
        bench.image.publish(rgb_to_image(PICTURE, bench.header()))

    bench.refuses("hands", "StampError on camera/image_raw", publish, "ahead", "check the clock")
    bench.sees_hands()
    bench.stamp_s -= 3600.0
    bench.image.publish(rgb_to_image(PICTURE, bench.header()))
    bench.sees_hands()


def test_a_stamp_of_zero(bench):
    def publish():
        bench.image.publish(rgb_to_image(PICTURE, Header(frame_id="camera")))

    bench.refuses("hands", "StampError on camera/image_raw", publish, "expected a stamp, got zero")
    bench.sees_hands()


@pytest.mark.parametrize(
    ("rate", "samples", "words"),
    [
        (7, np.zeros(100), ("expected a sample rate of", "got 7")),
        (16000, np.full(1600, np.nan), ("expected finite samples", "NaN")),
    ],
    ids=["odd rate", "NaN"],
)
def test_bad_audio(bench, rate, samples, words):
    bench.refuses(
        "listener", "AudioError on audio", lambda: bench.audio.publish(tone(bench.header(), rate, 0.1, samples)), *words
    )
    bench.hears()


@pytest.mark.parametrize("rate", [8000, 11025, 96000])
def test_rates_that_are_unusual_but_real_are_taken(bench, rate):
    before = bench.count("listener", "refused: AudioError on audio")
    taken = bench.count("listener", "audio chunks")
    for _ in range(10):
        bench.audio.publish(tone(bench.header(), rate))
    assert wait_until(lambda: bench.count("listener", "audio chunks") >= taken + 10)
    assert bench.count("listener", "refused: AudioError on audio") == before


@pytest.mark.parametrize(
    ("quaternion", "words"),
    [
        ((0.0, 0.0, 0.0, 0.0), ("expected a unit quaternion, got zero", "orientation.w = 1")),
        ((0.0, 0.0, math.nan, 1.0), ("expected a finite pose", "check the tracker")),
    ],
    ids=["zero quaternion", "NaN"],
)
def test_a_bad_pose(bench, quaternion, words):
    bench.refuses(
        "tracker", "PoseError on pose", lambda: bench.pose.publish(pose(bench.header(), 0.0, quaternion)), *words
    )
    bench.follows()


def test_an_empty_narration(bench):
    bench.refuses(
        "programmer",
        "InputError on narration/text",
        lambda: bench.text.publish(String(data="  ")),
        "expected a narration of 1 to",
    )


@pytest.mark.parametrize("node", NODES)
def test_every_node_can_be_reset_paused_and_resumed(bench, node):
    assert bench.probe.call(Reset, f"{node}/reset", Reset.Request(keep_world=True)).success
    assert bench.probe.call(SetEnabled, f"{node}/set_enabled", SetEnabled.Request(enabled=False)).success
    assert wait_until(lambda: "disabled" in bench.statuses[node].message)
    assert bench.probe.call(SetEnabled, f"{node}/set_enabled", SetEnabled.Request(enabled=True)).success
    assert wait_until(lambda: "disabled" not in bench.statuses[node].message)


@pytest.mark.parametrize("node", ["hands", "programmer"])
def test_names_that_are_none_are_handed_back(bench, node):
    request = SetVocabulary.Request(names=["Washing Liquid", "!?", "cup"])
    answer = bench.probe.call(SetVocabulary, f"{node}/set_vocabulary", request)
    assert not answer.success
    assert answer.rejected == ["!?"]
    assert bench.probe.call(SetVocabulary, f"{node}/set_vocabulary", SetVocabulary.Request(names=["cup"])).success
    assert bench.probe.call(SetVocabulary, f"{node}/set_vocabulary", SetVocabulary.Request(names=[])).success


def test_after_all_that_the_whole_graph_still_works(bench):
    bench.sees_hands()
    bench.hears()
    bench.follows()
    before = len(bench.overlays)

    def is_drawn():
        bench.jpeg.publish(rgb_to_compressed(PICTURE, bench.header()))
        time.sleep(0.1)
        return len(bench.overlays) > before

    assert wait_until(is_drawn)

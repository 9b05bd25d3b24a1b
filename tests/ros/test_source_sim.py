"""The simulated kitchen on real topics: what a camera, a microphone and a tracker give, and the truth, kept apart."""

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray
from egoprog_msgs.msg import ActionProgram, AudioChunk, WorldState
from egoprog_ros.convert import message_to_program
from egoprog_ros.images import compressed_to_rgb
from egoprog_ros.stamps import to_seconds
from egoprog_ros.up import running_graph
from geometry_msgs.msg import PoseStamped
from lifecycle_msgs.msg import Transition
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo, CompressedImage

from .conftest import transit, wait_until

EPISODE = "sim:1,seconds=8,width=160,height=96"


def test_an_episode_comes_as_camera_sound_poses_and_truth(probe, bring_up_source):
    images = probe.collect(CompressedImage, "camera/image_raw/compressed", "events")
    infos = probe.collect(CameraInfo, "camera/camera_info", "events")
    sound = probe.collect(AudioChunk, "audio", "audio")
    poses = probe.collect(PoseStamped, "pose", "pose")
    programs = probe.collect(ActionProgram, "truth/program", "events")
    states = probe.collect(WorldState, "truth/world_state", "events")
    clock = probe.collect(Clock, "/clock", "events")
    bring_up_source(input=EPISODE, publish_clock=True)
    assert wait_until(lambda: len(images) > 90 and programs, 60.0)
    stamps_s = np.array([to_seconds(image.header.stamp) for image in images])
    assert np.all(np.diff(stamps_s) > 0) and np.median(np.diff(stamps_s)) == pytest.approx(1 / 30, abs=0.002)
    assert compressed_to_rgb(images[-1]).shape == (96, 160, 3)
    assert infos[0].width == 160 and infos[0].k[0] > 50 and infos[0].k[2] == pytest.approx(80, abs=1)
    assert sound and poses and states and clock
    assert to_seconds(clock[-1].clock) >= stamps_s[-1] - 0.1
    assert all(message.provenance == "truth" for message in programs)
    assert message_to_program(programs[0]).sub_actions()


def test_a_wrong_name_of_an_episode_is_one_line_and_the_node_stays_up(probe, bring_up_source, capfd):
    diagnostics = probe.collect(DiagnosticArray, "/diagnostics", "events")
    bring_up_source(input="sim:three")
    said = "expected sim"
    assert wait_until(lambda: any(said in s.message for d in diagnostics for s in d.status), 10.0)
    assert transit(probe, "source", Transition.TRANSITION_DEACTIVATE)
    assert capfd.readouterr().err.count(said) == 1


@pytest.mark.graph
def test_no_node_of_the_graph_listens_to_the_truth(probe, tmp_path):
    """The simulator may not leak: with everything up and recording, nobody subscribes below truth/."""
    programs = probe.collect(ActionProgram, "truth/program", "latched")
    with running_graph(say=lambda line: None, input=EPISODE, record=str(tmp_path / "bag"), log_level="error"):
        assert wait_until(lambda: programs, 90.0)
        for topic in ("/truth/program", "/truth/world_state"):
            listeners = [each.node_name for each in probe.node.get_subscriptions_info_by_topic(topic)]
            assert set(listeners) <= {"probe"}, listeners
            assert len(probe.node.get_publishers_info_by_topic(topic)) == 1

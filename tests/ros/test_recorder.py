"""What is published is in the bag, with its types' definitions, and the bag can be read by others."""

import pytest
from egoprog_msgs.msg import ActionProgram
from egoprog_ros import convert
from egoprog_ros.recorder import Recorder, free_path
from lifecycle_msgs.msg import Transition
from rclpy.parameter import Parameter
from rosbags.highlevel import AnyReader
from std_msgs.msg import String

from egoprog.program import parse

from .conftest import transit, wait_until
from .test_convert import PROGRAM_ID


@pytest.fixture
def bring_up(host, probe, tmp_path):
    def bring_up(**parameters):
        parameters = {"output": str(tmp_path / "bag")} | parameters
        overrides = [Parameter(name, value=value) for name, value in parameters.items()]
        node = host.add(Recorder(parameter_overrides=overrides, namespace="kitchen"))
        assert transit(probe, "kitchen/recorder", Transition.TRANSITION_CONFIGURE)
        assert transit(probe, "kitchen/recorder", Transition.TRANSITION_ACTIVATE)
        return node

    return bring_up


def read(path):
    """Topic -> messages, read by the definitions in the bag alone."""
    with AnyReader([path]) as bag:
        topics = {connection.topic: [] for connection in bag.connections}
        for connection, _, data in bag.messages():
            topics[connection.topic].append(bag.deserialize(data, connection.msgtype))
    return topics


@pytest.mark.graph
def test_the_bag_holds_what_was_published_also_what_was_latched_before(bring_up, probe, tmp_path):
    program = parse("def take_milk(start_t=0, stop_t=2):\n    goto(milk)\n    grasp(milk, hand=right)\n")
    message = convert.program_to_message(program, 100.0, program_id=PROGRAM_ID)
    latched = probe.publisher(ActionProgram, "kitchen/program", "latched", subscribers=0)
    latched.publish(message)
    recorder = bring_up()
    words = probe.publisher(String, "kitchen/words", "events")
    elsewhere = probe.publisher(String, "garage/words", subscribers=0)
    for index in range(50):
        words.publish(String(data=f"word {index}"))
        elsewhere.publish(String(data="not ours"))
    assert wait_until(lambda: recorder.counters["messages"] >= 53)  # and its own transition and diagnostics
    assert transit(probe, "kitchen/recorder", Transition.TRANSITION_DEACTIVATE)
    topics = read(tmp_path / "bag")
    assert [m.data for m in topics["/kitchen/words"]] == [f"word {index}" for index in range(50)]
    assert "/garage/words" not in topics and "/diagnostics" in topics
    (recorded,) = topics["/kitchen/program"]
    assert recorded.text == message.text
    assert [node.verb.value for node in recorded.nodes] == [0, 6, 1]
    metadata = (tmp_path / "bag" / "metadata.yaml").read_text()
    assert "version: 9" in metadata and "storage_identifier: mcap" in metadata and "transient_local" in metadata


@pytest.mark.graph
def test_a_bag_is_never_written_over(bring_up, probe, tmp_path):
    bring_up(exclude=["*/words"])
    for transition in (
        Transition.TRANSITION_DEACTIVATE,
        Transition.TRANSITION_ACTIVATE,
        Transition.TRANSITION_DEACTIVATE,
    ):
        assert transit(probe, "kitchen/recorder", transition)
    assert (tmp_path / "bag" / "metadata.yaml").exists() and (tmp_path / "bag_1" / "metadata.yaml").exists()
    assert free_path(tmp_path / "bag") == tmp_path / "bag_2"

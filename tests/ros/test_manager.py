"""The manager on real processes: it brings up, brings back, goes on without what fails, and leaves people's choices."""

import os
import re
import signal
import time

import pytest
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from egoprog_ros.graph import NodeSpec
from egoprog_ros.up import Supervisor, running_graph
from lifecycle_msgs.msg import State, Transition
from rosbags.highlevel import AnyReader
from std_srvs.srv import Trigger

from .conftest import transit, wait_until

pytestmark = pytest.mark.graph


def specs(**parameters):
    """Two light nodes, the second of them the source, and the manager. parameters: of the first."""
    return [
        NodeSpec("recorder", "recorder", parameters=parameters),
        NodeSpec("source", "source"),
        NodeSpec("manager", "manager", parameters={"nodes": ["recorder", "source"]}, is_lifecycle=False),
    ]


def test_a_killed_node_comes_back_active_and_a_deactivated_one_is_left_so(probe, tmp_path):
    with running_graph(specs(output=str(tmp_path / "bag"))) as up:
        assert probe.state_of("source") == State.PRIMARY_STATE_ACTIVE
        before = up.pids["recorder"]
        began_s = time.monotonic()
        os.kill(before, signal.SIGKILL)
        assert wait_until(lambda: any("recorder is active again" in line for line in up.lines), 30.0), list(up.lines)
        print(f"killed to active again: {time.monotonic() - began_s:.1f} s")
        assert up.restarts["recorder"] == 1 and up.pids["recorder"] != before
        assert any("recorder | ended with signal 9; starting it again" in line for line in up.lines)
        assert any("recorder was active and is" in line for line in up.lines)

        assert transit(probe, "source", Transition.TRANSITION_DEACTIVATE)
        assert wait_until(lambda: any("deactivated by someone" in line for line in up.lines))
        time.sleep(1.0)
        assert probe.state_of("source") == State.PRIMARY_STATE_INACTIVE

    with AnyReader([tmp_path / "bag_1"]) as bag:  # ended by a signal, and whole
        assert bag.message_count > 5 and "/diagnostics" in bag.topics


def test_a_node_that_fails_is_named_and_the_others_go_on(probe, tmp_path):
    (tmp_path / "file").write_text("")
    diagnostics = probe.collect(DiagnosticArray, "/diagnostics")
    supervisor = Supervisor(specs(output=str(tmp_path / "file" / "bag")), say=lambda line: None)
    supervisor.start()
    try:
        assert wait_until(lambda: probe.state_of("source") == State.PRIMARY_STATE_ACTIVE, 30.0)
        assert probe.state_of("recorder") == State.PRIMARY_STATE_INACTIVE

        def is_named():
            of_manager = [s for m in list(diagnostics) for s in m.status if s.name == "/manager"]
            return any(s.level == DiagnosticStatus.ERROR and "recorder" in s.message for s in of_manager)

        assert wait_until(is_named)
        assert sum(bool(re.search(r"activate failed: \w*Error", line)) for line in supervisor.lines) >= 2
        assert not supervisor.is_up.is_set()

        answer = probe.call(Trigger, "manager/shutdown", Trigger.Request())
        assert answer.success and answer.message == "recorder inactive, source inactive"
    finally:
        supervisor.stop()

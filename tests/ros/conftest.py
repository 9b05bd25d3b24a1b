"""Fixtures for tests on real nodes and real processes. Each pytest process talks in a ROS domain of its own."""

import contextlib
import os
import random
import threading
import time
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]

os.environ["ROS_DOMAIN_ID"] = str(random.SystemRandom().randrange(1, 101))  # above 101 ports may be taken
os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"

rclpy = pytest.importorskip("rclpy", reason="ROS 2 is not installed")

from egoprog_ros.qos import profile  # noqa: E402
from egoprog_ros.source import Source  # noqa: E402
from lifecycle_msgs.msg import Transition  # noqa: E402
from lifecycle_msgs.srv import ChangeState, GetState  # noqa: E402
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor  # noqa: E402
from rclpy.node import Node  # noqa: E402
from rclpy.parameter import Parameter  # noqa: E402


def wait_until(predicate, timeout_s=10.0):
    """Waits until the predicate is true; returns whether it became so."""
    end_s = time.monotonic() + timeout_s
    while time.monotonic() < end_s:
        if predicate():
            return True
        time.sleep(0.01)
    return bool(predicate())


class Host:
    """Spins nodes of this process in a thread, as `run` does."""

    def __init__(self):
        self.executor = SingleThreadedExecutor()
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._spin, daemon=True)
        self._thread.start()

    def _spin(self):
        while not self._is_over.is_set():
            try:
                self.executor.spin_once(timeout_sec=0.05)
            except ExternalShutdownException:
                return

    def add(self, node):
        self.executor.add_node(node)
        return node

    def close(self):
        self._is_over.set()
        self._thread.join(5.0)
        for node in self.executor.get_nodes():
            if hasattr(node, "close"):
                node.close()
            node.destroy_node()
        self.executor.shutdown(timeout_sec=1.0)


class Probe:
    """A node that listens and asks, spun by a host."""

    def __init__(self, host):
        self.node = host.add(Node("probe"))
        self._clients = {}

    def collect(self, message_type, topic, profile_name="reliable"):
        """A list that fills with what comes on the topic."""
        messages = []
        self.node.create_subscription(message_type, topic, messages.append, profile(profile_name))
        return messages

    def publisher(self, message_type, topic, profile_name="reliable", subscribers=1, reliability="reliable"):
        """A publisher that so many subscribers hear."""
        publisher = self.node.create_publisher(message_type, topic, profile(profile_name, reliability))
        assert wait_until(lambda: publisher.get_subscription_count() >= subscribers), f"nobody listens on {topic}"
        return publisher

    def call(self, service_type, name, request, timeout_s=10.0):
        """The answer of a service."""
        future = self._client(service_type, name, timeout_s).call_async(request)
        assert wait_until(future.done, timeout_s), f"no answer from {name}"
        return future.result()

    def state_of(self, name, timeout_s=20.0):
        """The lifecycle state of a node. It is asked again: a node that has just started may miss a question."""
        client = self._client(GetState, f"{name}/get_state", timeout_s)
        end_s = time.monotonic() + timeout_s
        while time.monotonic() < end_s:
            future = client.call_async(GetState.Request())
            if wait_until(future.done, 1.0):
                return future.result().current_state.id
            client.remove_pending_request(future)
        raise AssertionError(f"{name} does not tell its state")

    def _client(self, service_type, name, timeout_s):
        if name not in self._clients:
            client = self._clients[name] = self.node.create_client(service_type, name)
            assert client.wait_for_service(timeout_s), f"no service {name}"
            time.sleep(0.3)  # the client sees the service before the service sees it; an answer in between is lost
        return self._clients[name]


def transit(probe, name, transition):
    """Asks a lifecycle node for a transition; returns whether it succeeded."""
    request = ChangeState.Request()
    request.transition.id = transition
    return probe.call(ChangeState, f"{name}/change_state", request).success


@pytest.fixture(scope="session")
def ros():
    rclpy.init()
    yield
    rclpy.try_shutdown()


@pytest.fixture
def host(ros):
    host = Host()
    with contextlib.closing(host):
        yield host


@pytest.fixture
def probe(host):
    return Probe(host)


@pytest.fixture(scope="module")
def module_probe(ros):
    """A probe for tests that share one running graph."""
    host = Host()
    with contextlib.closing(host):
        yield Probe(host)


@pytest.fixture
def bring_up_source(host, probe):
    """Makes a source with these parameters and plays."""

    def bring_up(**parameters):
        node = host.add(Source(parameter_overrides=[Parameter(n, value=v) for n, v in parameters.items()]))
        assert transit(probe, "source", Transition.TRANSITION_CONFIGURE)
        assert transit(probe, "source", Transition.TRANSITION_ACTIVATE)
        return node

    return bring_up

"""What every node promises: checked parameters, transitions that fail with a line, diagnostics, no crash."""

from dataclasses import dataclass

import pytest
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from egoprog_msgs.msg import AudioChunk
from egoprog_msgs.srv import Reset, SetEnabled
from egoprog_ros.base import EgoprogNode, NodeParameters, parameter
from egoprog_ros.stamps import StampGuard, to_seconds, to_time
from lifecycle_msgs.msg import State, Transition
from rclpy.lifecycle import LifecycleNode
from rclpy.parameter import Parameter
from rclpy.qos import ReliabilityPolicy
from std_msgs.msg import String

from egoprog.errors import ConfigurationError, FrameError, StampError

from .conftest import transit, wait_until


@dataclass(frozen=True)
class EchoParameters(NodeParameters):
    volume: float = parameter(0.5, "how loud", minimum=0.0, maximum=1.0, unit="of full")
    words: tuple[str, ...] = parameter((), "words that pass; none: all")
    low: int = parameter(1, "below high", minimum=0, maximum=10)
    high: int = parameter(9, "above low", minimum=0, maximum=10)
    mode: str = parameter("loud", "how", choices=("loud", "soft"))
    model: str = parameter("small", "read once", changeable=False)

    def __post_init__(self):
        if self.low >= self.high:
            raise ConfigurationError(f"expected low below high, got {self.low} and {self.high}")


class Echo(EgoprogNode):
    def __init__(self, **overrides):
        options = [Parameter(name, value=value) for name, value in overrides.items()]
        super().__init__("echo", EchoParameters, parameter_overrides=options)
        self.changes, self.resets, self.heard, self.failing = [], [], [], None

    def configure(self):
        self._fail("configure")
        self.publisher = self.advertise(String, "out")
        self.subscribe(String, "in", self.take, is_expected=True)
        self.subscribe(AudioChunk, "audio", self.heard.append, "audio")

    def activate(self):
        self._fail("activate")

    def _fail(self, step):
        if self.failing == step:
            raise RuntimeError(f"no model to {step}\nwith a second line")

    def take(self, message):
        if message.data == "bad":
            raise FrameError("expected good, got bad")
        self.publisher.publish(message)

    def parameters_changed(self, before, after):
        self.changes.append((before, after))

    def reset(self, keep_world):
        self.resets.append(keep_world)


@pytest.fixture
def echo(host):
    return host.add(Echo(silence_s=0.5))


def bring_up(probe):
    assert transit(probe, "echo", Transition.TRANSITION_CONFIGURE)
    assert transit(probe, "echo", Transition.TRANSITION_ACTIVATE)


def test_parameters_are_one_to_one_with_the_dataclass(ros):
    node = Echo(volume=0.25, words=["a", "b"], model="big")
    assert node.parameters == EchoParameters(volume=0.25, words=("a", "b"), model="big")
    descriptor = node.describe_parameter("volume")
    assert descriptor.description == "how loud [of full]"
    assert (descriptor.floating_point_range[0].from_value, descriptor.floating_point_range[0].to_value) == (0.0, 1.0)
    assert node.describe_parameter("model").read_only
    node.destroy_node()


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ({"volume": 3.0}, ["volume", "0.0 to 1.0", "3.0"]),
        ({"volume": 1}, ["volume", "a double"]),
        ({"mode": "lod"}, ["mode", "loud, soft", "'lod'"]),
        ({"low": 9}, ["low below high"]),
    ],
)
def test_a_bad_parameter_stops_the_node_with_a_line(ros, overrides, words):
    with pytest.raises(ConfigurationError) as error:
        Echo(**overrides)
    assert all(word in str(error.value) for word in words)


def test_parameters_change_together_or_not_at_all(host, echo):
    refused = echo.set_parameters_atomically([Parameter("volume", value=0.75), Parameter("high", value=0)])
    assert not refused.successful and "low below high" in refused.reason
    assert echo.parameters.volume == 0.5 and echo.changes == []
    assert not echo.set_parameters([Parameter("model", value="big")])[0].successful
    assert not echo.set_parameters([Parameter("volume", value=1.5)])[0].successful
    assert echo.set_parameters_atomically([Parameter("volume", value=0.75), Parameter("low", value=8)]).successful
    (before, after), *rest = echo.changes
    assert not rest and (before.volume, after.volume, after.low) == (0.5, 0.75, 8)
    assert echo.parameters is after


def test_no_attribute_of_the_base_hides_one_of_rclpy(ros):
    plain, ours = LifecycleNode("plain"), Echo()
    kept = {name: type(value) for name, value in vars(plain).items()}
    assert {name: type(vars(ours)[name]) for name in kept} == kept
    plain.destroy_node()
    ours.destroy_node()


@pytest.mark.graph
def test_a_step_that_raises_fails_the_transition_and_can_be_tried_again(echo, probe):
    diagnostics = probe.collect(DiagnosticArray, "/diagnostics")
    echo.failing = "configure"
    assert not transit(probe, "echo", Transition.TRANSITION_CONFIGURE)
    assert probe.state_of("echo") == State.PRIMARY_STATE_UNCONFIGURED
    assert wait_until(
        lambda: any(
            s.level == DiagnosticStatus.ERROR and "configure failed: RuntimeError: no model" in s.message
            for m in diagnostics
            for s in m.status
        )
    )
    echo.failing = "activate"
    assert transit(probe, "echo", Transition.TRANSITION_CONFIGURE)
    assert not transit(probe, "echo", Transition.TRANSITION_ACTIVATE)
    assert probe.state_of("echo") == State.PRIMARY_STATE_INACTIVE
    echo.failing = None
    assert transit(probe, "echo", Transition.TRANSITION_ACTIVATE)
    assert echo.count_subscribers("in") == 1


@pytest.mark.graph
def test_subscriptions_exist_only_while_the_node_is_active(echo, probe):
    assert transit(probe, "echo", Transition.TRANSITION_CONFIGURE)
    assert echo.count_subscribers("in") == 0
    assert transit(probe, "echo", Transition.TRANSITION_ACTIVATE)
    assert echo.count_subscribers("in") == 1
    assert transit(probe, "echo", Transition.TRANSITION_DEACTIVATE)
    assert wait_until(lambda: echo.count_subscribers("in") == 0)
    assert transit(probe, "echo", Transition.TRANSITION_CLEANUP)
    assert wait_until(lambda: echo.count_publishers("out") == 0)
    bring_up(probe)
    assert echo.count_subscribers("in") == 1


@pytest.mark.graph
def test_bad_messages_are_counted_and_silence_is_told(echo, probe):
    bring_up(probe)
    out, diagnostics = probe.collect(String, "out"), probe.collect(DiagnosticArray, "/diagnostics")
    assert wait_until(lambda: echo.publisher.get_subscription_count() == 1)
    assert wait_until(lambda: any("no messages on in for" in s.message for m in diagnostics for s in m.status))
    publisher = probe.publisher(String, "in")
    for word in ("hello", "bad", "bad", "still here"):
        publisher.publish(String(data=word))
    assert wait_until(lambda: [m.data for m in out] == ["hello", "still here"])
    assert echo.counters["refused: FrameError on in"] == 2
    assert echo.counters.level == DiagnosticStatus.WARN
    diagnostics.clear()
    assert wait_until(lambda: any("refused: FrameError on in (2)" in s.message for m in diagnostics for s in m.status))


@pytest.mark.graph
def test_a_disabled_node_takes_nothing_and_a_reset_reaches_it(echo, probe):
    bring_up(probe)
    out, publisher = probe.collect(String, "out"), probe.publisher(String, "in")
    assert wait_until(lambda: echo.publisher.get_subscription_count() == 1)
    assert probe.call(SetEnabled, "echo/set_enabled", SetEnabled.Request(enabled=False)).success
    publisher.publish(String(data="unheard"))
    assert probe.call(SetEnabled, "echo/set_enabled", SetEnabled.Request(enabled=True)).success
    publisher.publish(String(data="heard"))
    assert wait_until(lambda: [m.data for m in out] == ["heard"])
    assert probe.call(Reset, "echo/reset", Reset.Request(keep_world=True)).success
    assert echo.resets == [True]


@pytest.mark.graph
def test_a_best_effort_publisher_is_followed(echo, probe):
    bring_up(probe)
    publisher = probe.publisher(AudioChunk, "audio", "audio", reliability="best_effort")  # matches after a second

    def is_heard():
        publisher.publish(AudioChunk())
        return bool(echo.heard)

    assert wait_until(is_heard)


def test_quality_of_service_can_be_overridden_by_parameters(host, probe):
    host.add(node := Echo(**{"qos_overrides./in.subscription.depth": 3, "input_reliability": "best_effort"}))
    bring_up(probe)
    offers = {topic: node.get_subscriptions_info_by_topic(topic)[0].qos_profile for topic in ("in", "audio")}
    assert offers["in"].reliability == ReliabilityPolicy.RELIABLE
    assert offers["audio"].reliability == ReliabilityPolicy.BEST_EFFORT
    assert node.get_parameter("qos_overrides./in.subscription.depth").value == 3


def test_stamps_that_go_back_are_refused_and_a_jump_resets():
    resets = []
    guard = StampGuard("camera", on_jump=lambda: resets.append(1))
    for stamp_s in (100.0, 100.033, 101.0):
        guard.check(stamp_s)
    for bad_s, word in ((100.9, "before"), (101.0, "before"), (0.0, "zero")):
        with pytest.raises(StampError, match=word):
            guard.check(bad_s)
    guard.check(101.1)
    assert not resets
    for jump_s, word in ((101.1 + 3700, "ahead"), (50.0, "back")):
        with pytest.raises(StampError, match=word):
            guard.check(jump_s)
        guard.check(jump_s + 0.1)
    assert len(resets) == guard.jumps == 2


@pytest.mark.parametrize("seconds", [0.0, 1.5, 1_795_304_449.25, 0.999999999])
def test_seconds_survive_as_stamps(seconds):
    assert to_seconds(to_time(seconds)) == pytest.approx(seconds, abs=3e-7)

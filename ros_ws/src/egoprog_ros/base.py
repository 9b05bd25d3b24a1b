"""The base of every node: parameters, lifecycle, subscriptions that exist only while active, diagnostics, one `run`.

A node of its own:

    @dataclass(frozen=True)
    class EchoParameters(NodeParameters):
        volume: float = parameter(0.5, "how loud", minimum=0.0, maximum=1.0)

    class Echo(EgoprogNode):
        def __init__(self):
            super().__init__("echo", EchoParameters)

        def configure(self):
            self.publisher = self.advertise(String, "out")
            self.subscribe(String, "in", self.publisher.publish, is_expected=True)

    def main():
        return run(Echo)

A callback stores and returns; a `LatestWorker`, started in `activate` and stopped in `deactivate`, works.

Trap: rclpy keeps its own state in plain attributes (`_clock`, `_parameters`, `_timers`, `_logger`, ...): a node that
gives one of its own such a name breaks it. A test looks for that.
"""

from __future__ import annotations

import dataclasses
import gc
import os
import re
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from egoprog_msgs.srv import Reset, SetEnabled
from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor, SetParametersResult
from rclpy._rclpy_pybind11 import RCLError
from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.event_handler import SubscriptionEventCallbacks
from rclpy.exceptions import (
    InvalidParameterTypeException,
    InvalidParameterValueException,
    ParameterException,
)
from rclpy.executors import Executor, ExternalShutdownException, SingleThreadedExecutor
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter
from rclpy.publisher import Publisher
from rclpy.signals import SignalHandlerOptions
from rclpy.subscription import Subscription
from rclpy.timer import Timer

try:
    from rclpy.experimental import EventsExecutor
except ImportError:  # Jazzy before rclpy 7.1.6
    EventsExecutor = None

from egoprog.errors import ConfigurationError, EgoprogError
from egoprog_ros.diagnostics import Counters
from egoprog_ros.qos import INPUT_PROFILES, overridable, profile

SPIN_S = 0.1  # how soon a signal or a parent's end is seen
DIAGNOSTICS_PERIOD_S = 1.0
SWITCH_S = 0.0005  # a worker that has a result waits no longer than this for the executor to give way
GARBAGE_THRESHOLD = 20_000  # objects; Python's 700 costs a revision of a live program a quarter of its time
MAX_COMPLAINTS = 50  # of different wording that a node logs; beyond them it only counts
PARENT_VARIABLE = "EGOPROG_PARENT_PID"  # the process whose end ends the node, set by `egoprog up`

P = TypeVar("P", bound="NodeParameters")


@dataclass(frozen=True)
class _Parameter:
    """What a field of a parameter class tells ROS."""

    description: str
    minimum: float | None
    maximum: float | None
    unit: str
    choices: tuple[str, ...]
    is_changeable: bool


def parameter(
    default: bool | int | float | str | tuple[str, ...],
    description: str,
    minimum: float | None = None,
    maximum: float | None = None,
    unit: str = "",
    choices: tuple[str, ...] = (),
    changeable: bool = True,
) -> Any:
    """A field of a parameter class; its type is the default's. An empty tuple is a list of strings.

    minimum, maximum: both, or neither. unit: of the value, told in the description. choices: for strings.
    changeable: False for what is read once.
    """
    return field(
        default=default,
        metadata={"ros": _Parameter(description, minimum, maximum, unit, choices, changeable)},
    )


def gives_way(niceness: int) -> Any:
    """The field `niceness` with another default: heavy nodes give way, so that light ones answer at once."""
    return parameter(niceness, "how far this process gives way to others", 0, 19, changeable=False)


@dataclass(frozen=True)
class NodeParameters:
    """Parameters of every node; a node's own class extends it. `__post_init__` may raise ConfigurationError."""

    hardware_id: str = parameter("", "which rig this node belongs to, told in diagnostics", changeable=False)
    input_reliability: str = parameter(
        "auto",
        "how images, sound and poses are subscribed to; auto: reliable, or best effort where the publisher offers it",
        choices=("auto", "reliable", "best_effort"),
        changeable=False,
    )
    silence_s: float = parameter(
        3.0, "after so long without a message an expected input counts as silent", 0.1, 3600.0, "s"
    )
    niceness: int = gives_way(0)
    autostart: bool = parameter(
        False, "configure and activate at the start, for a node that runs without the manager", changeable=False
    )


class _Input:
    """A subscription that the node wants while it is active."""

    def __init__(
        self, message_type: type, topic: str, callback: Callable[[Any], None], profile_name: str, is_expected: bool
    ):
        self.message_type = message_type
        self.topic = topic
        self.callback = callback
        self.profile_name = profile_name
        self.is_expected = is_expected
        self.reliability = "reliable"
        self.subscription: Subscription | None = None
        self.last_s = 0.0  # arrival of the last message, or activation
        self.is_incompatible = False
        self.is_following = False  # its publisher's reliability


class EgoprogNode(LifecycleNode):
    """A lifecycle node; see the module's docstring.

    Override `configure`, `activate`, `deactivate`, `cleanup`, `parameters_changed`, `reset`, `enabled_changed`.
    A plain exception in `configure` or `activate` is logged in one line and fails the transition; in `deactivate` or
    `cleanup` it is logged and the transition goes on, since what holds resources must let go of them.
    """

    AWAITS = False  # whether a callback is a coroutine: rclpy's EventsExecutor may never resume one

    def __init__(self, name: str, parameters_type: type[P], **options: Any):
        """Declares the parameters. Raises ConfigurationError for overrides that are out of range or of another type.

        options: passed on to rclpy's node, e.g. `namespace`.
        """
        super().__init__(name, **options)
        self.counters = Counters()
        self.is_enabled = True
        self.is_active = False
        self._inputs: list[_Input] = []
        self._outputs: list[Publisher] = []
        self._complaints: set[str] = set()
        self._complaints_lock = threading.Lock()
        self._kind_of_parameters = parameters_type
        self._current_values = self._declared_parameters()
        self._accepted_values = self._current_values
        self.add_on_set_parameters_callback(self._check_parameters)
        self.add_post_set_parameters_callback(self._take_parameters)
        self.create_service(Reset, "~/reset", self._on_reset)
        self.create_service(SetEnabled, "~/set_enabled", self._on_set_enabled)
        self._diagnostics = self.create_publisher(DiagnosticArray, "/diagnostics", 10)
        # a steady clock: with use_sim_time and no /clock the node must still say that nothing comes
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._diagnostics_timer = self.create_timer(DIAGNOSTICS_PERIOD_S, self._every_second, clock=steady)

    # What nodes override

    def configure(self) -> None:
        """Loads models; calls `advertise` and `subscribe`."""

    def activate(self) -> None:
        """Starts workers; subscriptions come to life after it."""

    def deactivate(self) -> None:
        """Stops workers; subscriptions are gone before it."""

    def cleanup(self) -> None:
        """Lets go of what `configure` took; publishers are gone after it."""

    def parameters_changed(self, before: Any, after: Any) -> None:
        """Takes over parameters that were changed while running."""

    def reset(self, keep_world: bool) -> None:
        """Forgets all evidence, and the world state unless it is to be kept."""

    def enabled_changed(self, is_enabled: bool) -> None:
        """Pauses or resumes; messages are not delivered while the node is disabled."""

    # What nodes use

    @property
    def parameters(self) -> Any:
        """The current parameters: an instance of the node's frozen parameter class."""
        return self._current_values

    def subscribe(
        self,
        message_type: type,
        topic: str,
        callback: Callable[[Any], None],
        profile_name: str = "reliable",
        is_expected: bool = False,
    ) -> None:
        """Delivers messages to `callback` while the node is active and enabled; call it in `configure`.

        An EgoprogError from the callback is complained about and the message is dropped.
        is_expected: silence on this topic for `silence_s` is told in diagnostics.
        """
        wanted = _Input(message_type, topic, callback, profile_name, is_expected)
        if profile_name in INPUT_PROFILES and self.parameters.input_reliability == "best_effort":
            wanted.reliability = "best_effort"
        self._inputs.append(wanted)
        if self.is_active:
            self._open(wanted)

    def unsubscribe(self, topic: str) -> None:
        """Ends the subscriptions of that topic."""
        for wanted in [each for each in self._inputs if each.topic == topic]:
            if wanted.subscription is not None:
                self.destroy_subscription(wanted.subscription)
            self._inputs.remove(wanted)

    def advertise(self, message_type: type, topic: str, profile_name: str = "reliable") -> Publisher:
        """A publisher that sends only while the node is active; call it in `configure`."""
        publisher = self.create_lifecycle_publisher(
            message_type, topic, profile(profile_name), qos_overriding_options=overridable()
        )
        self._outputs.append(publisher)
        return publisher

    def every(self, period_s: float, callback: Callable[[], None]) -> Timer:
        """A timer on the steady clock, which goes on where simulated time stands still; destroy it in `cleanup`."""
        return self.create_timer(period_s, callback, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def complain(self, kind: str, error: Exception | str) -> None:
        """One clear line at the first sight of it; after that it is only counted, by kind. From any thread.

        Two errors of one kind are the same if they differ in numbers only.
        """
        self.counters.refused(kind)
        text = one_line(error)
        key = f"{kind}: {re.sub(r'[0-9.]+', '#', text)}"
        with self._complaints_lock:
            is_new = key not in self._complaints and len(self._complaints) < MAX_COMPLAINTS
            if is_new:
                self._complaints.add(key)
        if is_new:
            self.get_logger().error(f"{text} (said once; counted in /diagnostics as {kind!r})")
            if isinstance(error, Exception) and not isinstance(error, EgoprogError):
                self.get_logger().debug("".join(traceback.format_exception(error)))

    # Lifecycle

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        self.counters.clear_failures()
        try:
            self.configure()
        except Exception as error:
            self._say_failed("configure", error)
            self._release()
            return TransitionCallbackReturn.FAILURE
        return super().on_configure(state)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        super().on_activate(state)  # publishers first: `activate` may publish
        try:
            self.activate()
            self.is_active = True
            for wanted in self._inputs:
                self._open(wanted)
        except Exception as error:
            self._say_failed("activate", error)
            self._pause()
            super().on_deactivate(state)
            return TransitionCallbackReturn.FAILURE
        return TransitionCallbackReturn.SUCCESS

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        self._pause()
        return super().on_deactivate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        self._release()
        return TransitionCallbackReturn.SUCCESS

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        self.close()
        return TransitionCallbackReturn.SUCCESS

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        self.close()
        return TransitionCallbackReturn.SUCCESS

    def close(self) -> None:
        """Stops work and lets go of everything, whatever the state."""
        if self.is_active:
            self._pause()
        self._release()

    def _pause(self) -> None:
        self.is_active = False
        for wanted in self._inputs:
            if wanted.subscription is not None:
                self.destroy_subscription(wanted.subscription)
                wanted.subscription = None
        self._tolerate("deactivate", self.deactivate)

    def _release(self) -> None:
        self._tolerate("cleanup", self.cleanup)
        self._inputs.clear()
        for publisher in self._outputs:
            self.destroy_lifecycle_publisher(publisher)
        self._outputs.clear()

    def _tolerate(self, step: str, hook: Callable[[], None]) -> None:
        try:
            hook()
        except Exception as error:
            self._log_failure(step, error)

    def _say_failed(self, step: str, error: Exception) -> None:
        self._log_failure(step, error)
        self.counters.failed(f"{step} failed: {one_line(error)}")

    def _log_failure(self, step: str, error: Exception) -> None:
        line = f"{step} failed: {one_line(error)}"
        self.get_logger().error(line)
        if not isinstance(error, EgoprogError) and line not in self._complaints:
            self.get_logger().error("".join(traceback.format_exception(error)))
            self._complaints.add(line)

    # Subscriptions

    def _open(self, wanted: _Input) -> None:
        def deliver(message: Any) -> None:
            wanted.last_s = time.monotonic()
            if not self.is_enabled:
                return
            try:
                wanted.callback(message)
            except Exception as error:
                self.complain(f"{type(error).__name__} on {wanted.topic}", error)

        def note_incompatible(_: Any) -> None:
            wanted.is_incompatible = True

        wanted.last_s = time.monotonic()
        wanted.is_incompatible = False
        wanted.subscription = self.create_subscription(
            wanted.message_type,
            wanted.topic,
            deliver,
            profile(wanted.profile_name, wanted.reliability),
            qos_overriding_options=overridable(with_reliability=not wanted.is_following),
            event_callbacks=SubscriptionEventCallbacks(incompatible_qos=note_incompatible),
        )

    def _mend_incompatible(self, wanted: _Input) -> None:
        """A publisher offers less than is asked: follows it where that is allowed, otherwise says what to do."""
        wanted.is_incompatible = False
        may_follow = wanted.profile_name in INPUT_PROFILES and self.parameters.input_reliability == "auto"
        if may_follow and wanted.reliability == "reliable":
            self.get_logger().warning(
                f"{wanted.topic}: its publisher offers best effort only; subscribing so (messages may be lost)"
            )
            wanted.reliability, wanted.is_following = "best_effort", True
            self.destroy_subscription(wanted.subscription)
            self._open(wanted)
            return
        self.complain(
            f"incompatible QoS on {wanted.topic}",
            f"{wanted.topic}: expected a publisher that offers {wanted.profile_name!r} QoS, got one that offers less; "
            "let it publish reliable, or override qos_overrides of this subscription",
        )

    # Diagnostics

    def silent_inputs(self) -> tuple[str, ...]:
        """One sentence for each expected input on which nothing has arrived for `silence_s`."""
        now_s, limit_s = time.monotonic(), self.parameters.silence_s
        return tuple(
            f"no messages on {wanted.topic} for {now_s - wanted.last_s:.1f} s"
            for wanted in self._inputs
            if wanted.is_expected and wanted.subscription is not None and now_s - wanted.last_s > limit_s
        )

    def _every_second(self) -> None:
        for wanted in self._inputs:
            if wanted.is_incompatible and wanted.subscription is not None:
                self._mend_incompatible(wanted)
        also = self.silent_inputs() if self.is_enabled else ("disabled",)
        status = self.counters.status(self.get_fully_qualified_name(), self.parameters.hardware_id, also)
        message = DiagnosticArray(status=[status])
        message.header.stamp = self.get_clock().now().to_msg()
        self._diagnostics.publish(message)

    # Services

    def _on_reset(self, request: Reset.Request, response: Reset.Response) -> Reset.Response:
        response.success, response.message = self._answer(lambda: self.reset(request.keep_world), "forgot all evidence")
        return response

    def _on_set_enabled(self, request: SetEnabled.Request, response: SetEnabled.Response) -> SetEnabled.Response:
        self.is_enabled = request.enabled
        for wanted in self._inputs:
            wanted.last_s = time.monotonic()
        response.success, response.message = self._answer(
            lambda: self.enabled_changed(request.enabled), "enabled" if request.enabled else "disabled"
        )
        return response

    def _answer(self, hook: Callable[[], None], done: str) -> tuple[bool, str]:
        try:
            hook()
        except Exception as error:
            self.complain(f"{type(error).__name__} in a service", error)
            return False, one_line(error)
        return True, done

    # Parameters

    def _declared_parameters(self) -> Any:
        values = {}
        for each in dataclasses.fields(self._kind_of_parameters):
            try:
                value = self.declare_parameter(each.name, _to_ros(each.default), _descriptor(each)).value
            except InvalidParameterTypeException as error:
                raise ConfigurationError(
                    f"parameter {each.name}: expected {_kind_name(each.default)} such as {each.default!r} ({error})"
                ) from error
            except InvalidParameterValueException as error:
                about = each.metadata["ros"]
                raise ConfigurationError(
                    f"parameter {each.name}: expected {about.minimum} to {about.maximum} ({error})"
                ) from error
            values[each.name] = _from_ros(value)
        result = self._kind_of_parameters(**values)
        _check_choices(result)
        return result

    def _check_parameters(self, changed: Sequence[Parameter]) -> SetParametersResult:
        """All of them or none."""
        known = {each.name for each in dataclasses.fields(self._kind_of_parameters)}
        ours = {each.name: _from_ros(each.value) for each in changed if each.name in known}
        try:
            after = dataclasses.replace(self._current_values, **ours)
            _check_choices(after)
        except (ConfigurationError, ValueError, TypeError) as error:
            return SetParametersResult(successful=False, reason=one_line(error))
        self._accepted_values = after
        return SetParametersResult(successful=True)

    def _take_parameters(self, _: Sequence[Parameter]) -> None:
        before, self._current_values = self._current_values, self._accepted_values
        if before == self._current_values:
            return
        try:
            self.parameters_changed(before, self._current_values)
        except Exception as error:
            self.complain(f"{type(error).__name__} in changed parameters", error)


def one_line(error: Exception | str) -> str:
    """An error's message in one line; its type's name where it has none, or is none of ours."""
    text = " ".join(str(error).split())
    if isinstance(error, Exception) and not isinstance(error, EgoprogError):
        return f"{type(error).__name__}: {text}" if text else type(error).__name__
    return text


def run(node_class: Callable[[], EgoprogNode], arguments: list[str] | None = None) -> int:
    """Runs a node until SIGINT, SIGTERM or the end of the process that `EGOPROG_PARENT_PID` names; then exits with 0.

    Returns 1 if the node could not be made.
    """
    try:
        rclpy.init(args=arguments, signal_handler_options=SignalHandlerOptions.NO)
    except RCLError as error:  # e.g. a parameter file that can't be parsed
        print(f"{node_class.__name__.lower()}: {one_line(error)}", file=sys.stderr, flush=True)
        return 1
    is_stopping = threading.Event()
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signal_number, lambda *_: is_stopping.set())
    parent = int(os.environ.get(PARENT_VARIABLE, 0))
    try:
        node = node_class()
    except (EgoprogError, ParameterException) as error:
        print(f"{node_class.__name__.lower()}: {one_line(error)}", file=sys.stderr, flush=True)
        rclpy.try_shutdown()
        return 1
    gc.set_threshold(GARBAGE_THRESHOLD)
    sys.setswitchinterval(SWITCH_S)
    os.nice(node.parameters.niceness)
    executor = _executor(node)
    executor.add_node(node)
    if node.parameters.autostart and node.trigger_configure() == TransitionCallbackReturn.SUCCESS:
        node.trigger_activate()
    while not is_stopping.is_set() and rclpy.ok() and parent in (0, os.getppid()):
        try:
            executor.spin_once(timeout_sec=SPIN_S)
        except ExternalShutdownException:
            break
        except Exception as error:  # e.g. a transition that the state machine refuses; the node stays up
            node.complain(f"{type(error).__name__} in the executor", error)
    node.close()
    executor.shutdown(timeout_sec=1.0)
    node.destroy_node()
    context = node.context
    rclpy.try_shutdown()
    context.destroy()
    del node, executor
    gc.collect()  # what still holds on to the context goes, and with the context the middleware's shared memory
    # All is closed. Taking an interpreter full of inference libraries apart would cost each node 0.3 s of processor
    # time, just when a whole graph ends at once.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _executor(node: EgoprogNode) -> Executor:
    """One that is told of what comes, where rclpy has it; else one that asks each entity at each wake-up.

    Being told takes 1 ms from one node's `publish` to the next one's callback, asking 3 ms.
    """
    if EventsExecutor is None:
        node.get_logger().debug("this rclpy has no EventsExecutor; messages wait some 2 ms longer")
    return SingleThreadedExecutor() if EventsExecutor is None or node.AWAITS else EventsExecutor()


def _descriptor(each: dataclasses.Field) -> ParameterDescriptor:
    about: _Parameter = each.metadata["ros"]
    unit = f" [{about.unit}]" if about.unit else ""
    descriptor = ParameterDescriptor(description=about.description + unit, read_only=not about.is_changeable)
    if about.choices:
        descriptor.additional_constraints = f"one of {', '.join(about.choices)}"
    if about.minimum is not None and about.maximum is not None:
        if isinstance(each.default, float):
            descriptor.floating_point_range = [
                FloatingPointRange(from_value=float(about.minimum), to_value=float(about.maximum))
            ]
        else:
            descriptor.integer_range = [
                IntegerRange(from_value=int(about.minimum), to_value=int(about.maximum), step=1)
            ]
    return descriptor


def _to_ros(value: Any) -> Any:
    """A tuple becomes a list of strings; ROS can't tell the type of an empty one, so it holds one empty string."""
    return (list(value) or [""]) if isinstance(value, tuple) else value


def _from_ros(value: Any) -> Any:
    return tuple(item for item in value if item) if isinstance(value, (list, tuple)) else value


def _kind_name(default: Any) -> str:
    names = {bool: "a boolean", int: "an integer", float: "a double", str: "a string", tuple: "a list of strings"}
    return names[type(default)]


def _check_choices(parameters: Any) -> None:
    for each in dataclasses.fields(parameters):
        choices, value = each.metadata["ros"].choices, getattr(parameters, each.name)
        if choices and value not in choices:
            raise ConfigurationError(f"parameter {each.name}: expected one of {', '.join(choices)}, got {value!r}")

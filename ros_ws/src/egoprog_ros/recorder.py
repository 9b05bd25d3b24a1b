"""Writes every topic of the namespace into a rosbag2 folder (MCAP), with the definitions of all types in it.

Topics are found as they appear and subscribed to with what their publishers offer, so that latched ones are caught
too. Messages are written as the bytes that came, without being read. The bag is closed when the node is deactivated
or ends, and never written over: where the folder exists, the next free name with a number is taken.
"""

from __future__ import annotations

import fnmatch
import importlib
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy
from rclpy.subscription import Subscription

from egoprog.errors import ConfigurationError
from egoprog_ros.base import EgoprogNode, NodeParameters, gives_way, one_line, parameter, run

if TYPE_CHECKING:
    from rosbags.interfaces import Connection, Qos
    from rosbags.rosbag2 import Writer
    from rosbags.typesys.store import Typestore

DISCOVERY_PERIOD_S = 0.1
DEPTH = 200
SHARED_TOPICS = ("/diagnostics", "/clock", "/tf", "/tf_static")  # of every namespace
LEFT_OUT = ("/rosout", "/parameter_events")
METADATA_VERSION = 9  # as ROS 2 Jazzy writes it


@dataclass(frozen=True)
class RecorderParameters(NodeParameters):
    niceness: int = gives_way(5)
    output: str = parameter("recording", "the folder to write; a number is added if it exists", changeable=False)
    truth: bool = parameter(False, "write what lies below truth/ too, for scoring", changeable=False)
    exclude: tuple[str, ...] = parameter((), 'topics to leave out, with * and ?, e.g. "*/image_raw"', changeable=False)


@dataclass
class _Recorded:
    """A topic that is written. connection is made at its first message, when the publisher's offer is known."""

    type_name: str
    subscription: Subscription
    offered: list[Any] = field(default_factory=list)
    connection: Connection | None = None


class Recorder(EgoprogNode):
    def __init__(self, **options: Any) -> None:
        super().__init__("recorder", RecorderParameters, **options)
        self._topics: dict[str, _Recorded] = {}
        self._unusable: set[str] = set()
        self._writer: Writer | None = None
        self._types: Typestore | None = None
        self._timer = None

    def configure(self) -> None:
        self._types = _known_types()

    def activate(self) -> None:
        from rosbags.rosbag2 import StoragePlugin, Writer

        path = free_path(Path(self.parameters.output).expanduser())
        self._writer = Writer(path, version=METADATA_VERSION, storage_plugin=StoragePlugin.MCAP)
        self._writer.open()
        self.get_logger().info(f"writing {path}")
        self.counters.value("folder", path)
        self._discover()
        self._timer = self.create_timer(
            DISCOVERY_PERIOD_S, self._discover, clock=Clock(clock_type=ClockType.STEADY_TIME)
        )

    def deactivate(self) -> None:
        if self._timer is not None:
            self.destroy_timer(self._timer)
            self._timer = None
        for recorded in self._topics.values():
            self.destroy_subscription(recorded.subscription)
        self._topics.clear()
        if self._writer is not None:
            writer, self._writer = self._writer, None
            writer.close()
            self.get_logger().info(f"wrote {sum(writer.counts.values())} messages to {writer.path}")

    def _discover(self) -> None:
        for topic, type_names in self.get_topic_names_and_types():
            if topic in self._topics or topic in self._unusable or not self._is_wanted(topic):
                continue
            offers = self.get_publishers_info_by_topic(topic)
            if not offers:
                continue
            try:
                if len(type_names) != 1:
                    raise ConfigurationError(f"expected one type on {topic}, got {', '.join(type_names)}; remap one")
                self._subscribe_to(topic, type_names[0], [offer.qos_profile for offer in offers])
            except Exception as error:
                self._unusable.add(topic)
                self.complain(f"{type(error).__name__} on {topic}", f"not recording {topic}: {one_line(error)}")

    def _is_wanted(self, topic: str) -> bool:
        if topic in LEFT_OUT or any(fnmatch.fnmatch(topic, pattern) for pattern in self.parameters.exclude):
            return False
        if "/_" in topic:  # hidden, as an action's feedback
            return False
        namespace = self.get_namespace().rstrip("/") + "/"
        if topic.startswith(namespace + "truth/") and not self.parameters.truth:
            return False
        return topic in SHARED_TOPICS or topic.startswith(namespace)

    def _subscribe_to(self, topic: str, type_name: str, offered: list[QoSProfile]) -> None:
        add_type(self._types, type_name)
        is_reliable = all(each.reliability == ReliabilityPolicy.RELIABLE for each in offered)
        is_latched = all(each.durability == DurabilityPolicy.TRANSIENT_LOCAL for each in offered)
        asked = QoSProfile(
            history=HistoryPolicy.KEEP_LAST,
            depth=DEPTH,
            reliability=ReliabilityPolicy.RELIABLE if is_reliable else ReliabilityPolicy.BEST_EFFORT,
            durability=DurabilityPolicy.TRANSIENT_LOCAL if is_latched else DurabilityPolicy.VOLATILE,
        )
        subscription = self.create_subscription(
            _message_class(type_name), topic, lambda data: self._write(topic, data), asked, raw=True
        )
        self._topics[topic] = _Recorded(type_name, subscription, offered)
        self.counters.value("topics", len(self._topics))

    def _write(self, topic: str, data: bytes) -> None:
        recorded = self._topics.get(topic)
        if recorded is None or self._writer is None or not self.is_enabled:
            return
        try:
            if recorded.connection is None:
                recorded.connection = self._writer.add_connection(
                    topic,
                    recorded.type_name,
                    typestore=self._types,
                    offered_qos_profiles=[_rosbags_qos(each) for each in recorded.offered],
                )
            self._writer.write(recorded.connection, self.get_clock().now().nanoseconds, data)
            self.counters.count("messages")
        except OSError as error:  # a full disk
            self.counters.lost("messages")
            self.complain("OSError in the bag", f"expected to write {self._writer.path}: {one_line(error)}")


def free_path(path: Path) -> Path:
    """The path, or with the first number that makes it new: run, run_1, run_2."""
    candidate, number = path, 0
    while candidate.exists():
        number += 1
        candidate = path.with_name(f"{path.name}_{number}")
    return candidate


def add_type(types: Typestore, type_name: str) -> None:
    """Makes a message type and those in it known, from the definitions in their packages' share folders."""
    from rosbags.typesys import get_types_from_msg

    new: dict[str, Any] = {}
    wanted = [type_name]
    while wanted:
        name = wanted.pop()
        if name in types.fielddefs or name in new:
            continue
        package, _, short_name = name.split("/")
        definition = share_folder(package) / "msg" / f"{short_name}.msg"
        if not definition.is_file():
            raise ConfigurationError(f"expected the definition of {name} at {definition}; is {package} installed?")
        new |= get_types_from_msg(definition.read_text(), name)
        wanted += _type_names_in(new[name])
    if new:
        types.register(new)


def share_folder(package: str) -> Path:
    """A ROS package's share folder: the index's, or where no ROS is sourced that of this environment."""
    from ament_index_python.packages import get_package_share_directory

    try:
        return Path(get_package_share_directory(package))
    except (LookupError, OSError):
        return Path(sys.prefix) / "share" / package


def _known_types() -> Typestore:
    try:
        from rosbags.typesys import Stores, get_typestore
    except ImportError as error:
        raise ConfigurationError(
            "expected the package rosbags for recording, found none; pip install rosbags, or use ros2 bag record"
        ) from error
    return get_typestore(Stores.ROS2_JAZZY)


def _type_names_in(definition: Any) -> list[str]:
    """The message types that a parsed definition (nested tuples and lists) names."""
    if isinstance(definition, str):
        return [definition] if definition.count("/") == 2 else []
    if isinstance(definition, (tuple, list)):
        return [name for part in definition for name in _type_names_in(part)]
    return []


def _message_class(type_name: str) -> type:
    package, kind, name = type_name.split("/")
    return getattr(importlib.import_module(f"{package}.{kind}"), name)


def _rosbags_qos(offered: QoSProfile) -> Qos:
    """What a publisher offers, as rosbags writes it; rmw numbers the policies in the same way."""
    from rosbags.interfaces import Qos, QosDurability, QosHistory, QosLiveliness, QosReliability, QosTime

    def in_parts(duration: Any) -> QosTime:
        return QosTime(*divmod(duration.nanoseconds, 10**9))

    return Qos(
        history=QosHistory(offered.history.value),
        depth=offered.depth,
        reliability=QosReliability(offered.reliability.value),
        durability=QosDurability(offered.durability.value),
        deadline=in_parts(offered.deadline),
        lifespan=in_parts(offered.lifespan),
        liveliness=QosLiveliness(offered.liveliness.value),
        liveliness_lease_duration=in_parts(offered.liveliness_lease_duration),
        avoid_ros_namespace_conventions=offered.avoid_ros_namespace_conventions,
    )


def main() -> int:
    return run(Recorder)


if __name__ == "__main__":
    sys.exit(main())

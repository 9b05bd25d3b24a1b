"""Quality of service by name.

| name      | reliability  | durability      | depth | for                                                   |
|-----------|--------------|-----------------|-------|-------------------------------------------------------|
| reliable  | reliable     | volatile        | 10    | messages that are few and count                       |
| events    | reliable     | volatile        | 100   | what none may be lost of: sounds, what hands take     |
| latched   | reliable     | transient local | 1     | the last value, also for those that come later        |
| image     | by parameter | volatile        | 1     | frames: only the newest is of use                     |
| audio     | by parameter | volatile        | 50    | sound: 5 s of chunks of 100 ms, so that none is lost  |
| pose      | by parameter | volatile        | 200   | poses at up to 1 kHz, 200 ms of them                  |

"Sensor data" (best effort) is a trap for raw images: of 150 frames at 30 Hz a best-effort subscriber got 40 at 640x480
where a reliable one got 149. Every policy can be overridden by ROS parameters (`qos_overrides./topic.subscription...`).
"""

from __future__ import annotations

from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSPolicyKind, QoSProfile, ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions

from egoprog.errors import ConfigurationError

DEPTHS = {"reliable": 10, "events": 100, "latched": 1, "image": 1, "audio": 50, "pose": 200}
INPUT_PROFILES = frozenset({"image", "audio", "pose"})  # their reliability is the publisher's choice: cameras differ


def profile(name: str, reliability: str = "reliable") -> QoSProfile:
    """A new profile of that name (rclpy writes overrides into the profile that it is given).

    reliability: "reliable" or "best_effort"; only the profiles of inputs follow it.
    """
    if name not in DEPTHS:
        raise ConfigurationError(f"expected a QoS profile of {', '.join(DEPTHS)}, got {name!r}")
    is_best_effort = name in INPUT_PROFILES and reliability == "best_effort"
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST,
        depth=DEPTHS[name],
        reliability=ReliabilityPolicy.BEST_EFFORT if is_best_effort else ReliabilityPolicy.RELIABLE,
        durability=DurabilityPolicy.TRANSIENT_LOCAL if name == "latched" else DurabilityPolicy.VOLATILE,
    )


def overridable(with_reliability: bool = True) -> QoSOverridingOptions:
    """Lets history, depth and, unless it follows the publisher, reliability be overridden by parameters."""
    if with_reliability:
        return QoSOverridingOptions.with_default_policies()
    return QoSOverridingOptions((QoSPolicyKind.HISTORY, QoSPolicyKind.DEPTH))

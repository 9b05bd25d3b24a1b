"""The live graph: `ros2 launch egoprog bringup.launch.py [namespace:=robot1] [input:=recording.mp4] ...`.

With a camera instead of a recording, leave `input` empty and name its topic: `image_topic:=/head/image_raw/compressed`.
The nodes and their order stand in `egoprog_ros/graph.py`, which `egoprog up` reads too.
"""

from __future__ import annotations

from egoprog_ros.graph import PACKAGE, NodeSpec, graph
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

from egoprog.errors import ConfigurationError
from launch import LaunchContext, LaunchDescription

ARGUMENTS = {
    "namespace": ("", "namespace of every node and topic"),
    "use_sim_time": ("false", "follow /clock, whatever the file says; a recording that is played then publishes it"),
    "params_file": ("", "ROS parameters; share/egoprog/config/egoprog.yaml is an example with every one of them"),
    "input": ("", "a video, a folder of frames, a rosbag2 or sim:SEED to play; empty: a camera publishes"),
    "loop": ("", "play the recording again and again; empty: as the file says, else false"),
    "rate": ("", "how fast the recording is played; empty: as the file says, else 1.0"),
    "record": ("", "the folder of the rosbag2 to write; empty: none"),
    "model": ("", "the folder of an exported model for the recogniser; empty: as the file says, else the shipped one"),
    "imaginer_model": ("", "the same for the imaginer, which draws the frame in which an action is done"),
    "visualiser": ("true", "publish overlay and markers"),
    "respawn": ("true", "start nodes again when they die"),
    "log_level": ("info", "debug, info, warn or error"),
    "image_topic": ("", "the camera's compressed images, if not camera/image_raw/compressed"),
    "raw_image_topic": ("", "the camera's raw images, if not camera/image_raw"),
    "audio_topic": ("", "the microphone's topic, if not audio"),
    "pose_topic": ("", "the head tracker's topic, if not pose"),
}
REMAPPED = {
    "image_topic": "camera/image_raw/compressed",
    "raw_image_topic": "camera/image_raw",
    "audio_topic": "audio",
    "pose_topic": "pose",
}
TRUE, FALSE = ("true", "1", "yes", "on"), ("false", "0", "no", "off")
RESPAWN_DELAY_S = 1.0


def nodes(context: LaunchContext) -> list[Node]:
    """The enabled nodes, with the arguments filled in."""
    given = {name: LaunchConfiguration(name).perform(context) for name in ARGUMENTS}
    specs = graph(
        namespace=given["namespace"],
        use_sim_time=_is_true(given, "use_sim_time"),
        params_file=given["params_file"] or None,
        input=given["input"],
        loop=_is_true(given, "loop") if given["loop"] else None,
        rate=_number(given, "rate") if given["rate"] else None,
        record=given["record"],
        model=given["model"],
        imaginer_model=given["imaginer_model"],
        visualiser=_is_true(given, "visualiser"),
        respawn=_is_true(given, "respawn"),
        remappings=tuple((topic, given[name]) for name, topic in REMAPPED.items() if given[name]),
    )
    return [
        Node(
            package=PACKAGE,
            executable=spec.executable,
            name=spec.name,
            namespace=spec.namespace,
            parameters=_parameters(spec),
            remappings=list(spec.remappings),
            arguments=["--ros-args", "--log-level", given["log_level"]],
            respawn=spec.respawn,
            respawn_delay=RESPAWN_DELAY_S,
            output="screen",
        )
        for spec in specs
        if spec.enabled
    ]


def generate_launch_description() -> LaunchDescription:
    declared = [
        DeclareLaunchArgument(name, default_value=default, description=text)
        for name, (default, text) in ARGUMENTS.items()
    ]
    return LaunchDescription([*declared, OpaqueFunction(function=nodes)])


def _is_true(given: dict[str, str], name: str) -> bool:
    text = given[name].strip().lower()
    if text not in TRUE + FALSE:
        raise ConfigurationError(f"expected true or false for {name}, got {given[name]!r}")
    return text in TRUE


def _number(given: dict[str, str], name: str) -> float:
    try:
        return float(given[name])
    except ValueError:
        raise ConfigurationError(f"expected a number for {name}, got {given[name]!r}") from None


def _parameters(spec: NodeSpec) -> list[str | dict]:
    """The file, then what goes over it. launch reads strings as YAML unless it is told that they are strings."""
    own = {
        name: ParameterValue(value, value_type=str) if isinstance(value, str) else value
        for name, value in spec.parameters.items()
    }
    return [str(spec.parameters_file), own] if spec.parameters_file else [own]

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

from launch import LaunchContext, LaunchDescription

ARGUMENTS = {
    "namespace": ("", "namespace of every node and topic"),
    "use_sim_time": ("false", "follow /clock; a recording that is played then publishes it"),
    "params_file": ("", "ROS parameters; share/egoprog/config/egoprog.yaml is an example with every one of them"),
    "input": ("", "a video, a folder of frames or a rosbag2 to play; empty: a camera publishes"),
    "loop": ("false", "play the recording again and again"),
    "rate": ("1.0", "how fast the recording is played"),
    "record": ("", "the folder of the rosbag2 to write; empty: none"),
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
RESPAWN_DELAY_S = 1.0


def nodes(context: LaunchContext) -> list[Node]:
    """The enabled nodes, with the arguments filled in."""
    given = {name: LaunchConfiguration(name).perform(context) for name in ARGUMENTS}
    specs = graph(
        namespace=given["namespace"],
        use_sim_time=_is_true(given["use_sim_time"]),
        params_file=given["params_file"] or None,
        input=given["input"],
        loop=_is_true(given["loop"]),
        rate=float(given["rate"]),
        record=given["record"],
        visualiser=_is_true(given["visualiser"]),
        respawn=_is_true(given["respawn"]),
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


def _is_true(text: str) -> bool:
    return text.strip().lower() in ("true", "1", "yes", "on")


def _parameters(spec: NodeSpec) -> list[str | dict]:
    """The file, then what goes over it. launch reads strings as YAML unless it is told that they are strings."""
    own = {
        name: ParameterValue(value, value_type=str) if isinstance(value, str) else value
        for name, value in spec.parameters.items()
    }
    return [str(spec.parameters_file), own] if spec.parameters_file else [own]

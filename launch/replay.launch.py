"""A recording through the live graph: `ros2 launch egoprog replay.launch.py input:=recording.mp4 [rviz:=true] ...`.

Bringup with a recording, the recording's own clock, and rviz if wanted. Every argument of bringup is passed on.
"""

from __future__ import annotations

from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription
from launch.conditions import IfCondition
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from launch import LaunchDescription


def generate_launch_description() -> LaunchDescription:
    share = Path(get_package_share_directory("egoprog"))
    return LaunchDescription(
        [
            DeclareLaunchArgument("input", description="a video, a folder of frames or a rosbag2 to play"),
            DeclareLaunchArgument("use_sim_time", default_value="true", description="follow the recording's clock"),
            DeclareLaunchArgument("rviz", default_value="false", description="start rviz with the view of egoprog"),
            # before the graph: where rviz is missing, nothing has been started yet
            Node(
                package="rviz2",
                executable="rviz2",
                namespace=LaunchConfiguration("namespace", default=""),  # the view's topics are relative
                arguments=["-d", str(share / "rviz" / "egoprog.rviz")],
                parameters=[{"use_sim_time": LaunchConfiguration("use_sim_time")}],
                condition=IfCondition(LaunchConfiguration("rviz")),
            ),
            IncludeLaunchDescription(
                PythonLaunchDescriptionSource(str(share / "launch" / "bringup.launch.py")),
                launch_arguments={
                    "input": LaunchConfiguration("input"),
                    "use_sim_time": LaunchConfiguration("use_sim_time"),
                }.items(),
            ),
        ]
    )

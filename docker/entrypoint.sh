#!/bin/bash
# Sources ROS and the workspace, then runs the command.
set -e
source /opt/ros/jazzy/setup.bash
source /home/egoprog/workspace/install/setup.bash
exec "$@"

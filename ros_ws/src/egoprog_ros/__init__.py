"""The ROS 2 nodes of egoprog."""

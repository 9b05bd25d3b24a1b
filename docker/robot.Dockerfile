# The live graph on a robot: ROS 2 Jazzy, the nodes, the packaged models.
#   docker build -f docker/robot.Dockerfile -t egoprog-robot .
#   docker run --rm --network host egoprog-robot
FROM ros:jazzy-ros-base-noble

SHELL ["/bin/bash", "-o", "pipefail", "-c"]

# Versions follow the base image's snapshot of the distribution; the base image is what is pinned.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends \
      python3-jinja2 python3-matplotlib python3-numpy python3-opencv python3-pip python3-psutil python3-rich python3-scipy \
      python3-tqdm python3-venv python3-yaml ros-jazzy-cv-bridge ros-jazzy-tf2-ros libegl1 libgles2 \
 && rm -rf /var/lib/apt/lists/*

RUN useradd --create-home --uid 1100 egoprog
USER 1100
WORKDIR /home/egoprog/workspace

# What the distribution does not package; numpy and OpenCV stay the distribution's, which ROS was built against.
COPY --chown=1100 requirements/robot.txt requirements/robot.txt
RUN python3 -m venv --system-site-packages /home/egoprog/venv \
 && /home/egoprog/venv/bin/pip install --no-cache-dir --no-deps -r requirements/robot.txt
ENV PATH=/home/egoprog/venv/bin:$PATH

COPY --chown=1100 . src/egoprog
RUN . /opt/ros/jazzy/setup.bash \
 && python3 -m colcon build --base-paths src/egoprog src/egoprog/ros_ws/src \
 && . install/setup.bash \
 && ros2 run egoprog egoprog models fetch

COPY --chown=1100 docker/entrypoint.sh /home/egoprog/entrypoint.sh
# what `ros2 launch` ends its nodes on; on SIGTERM it leaves them behind
STOPSIGNAL SIGINT
ENTRYPOINT ["/bin/bash", "/home/egoprog/entrypoint.sh"]
CMD ["ros2", "launch", "egoprog", "bringup.launch.py"]

"""The ROS package `egoprog`: the library, the nodes and the launch files.

All package metadata stands here and none in pyproject.toml: colcon reads setup.py, and metadata elsewhere
breaks `colcon build --symlink-install`.
"""

from glob import glob

from setuptools import find_packages, setup

NODES = (
    *("source", "listener", "tracker", "hands", "recogniser", "programmer", "imaginer", "visualiser"),
    *("manager", "recorder"),
)

setup(
    name="egoprog",
    version="0.1.0",
    description="Egocentric video in, action programs out.",
    license="Apache-2.0",
    maintainer="egoprog maintainers",
    maintainer_email="maintainers@egoprog.dev",
    packages=find_packages(include=["egoprog", "egoprog.*"]) + ["egoprog_ros"],
    package_dir={"egoprog_ros": "ros_ws/src/egoprog_ros"},
    package_data={"egoprog": ["**/*.yaml", "**/*.prog", "**/*.html", "**/*.glb", "**/*.txt", "**/*.md"]},
    data_files=[
        ("share/ament_index/resource_index/packages", ["resource/egoprog"]),
        ("share/egoprog", ["package.xml"]),
        ("share/egoprog/launch", glob("launch/*.launch.py")),
        ("share/egoprog/config", glob("config/*.yaml")),
        ("share/egoprog/rviz", glob("rviz/*.rviz")),
        *((f"share/egoprog/{folder.rstrip('/')}", glob(f"{folder}*.*")) for folder in glob("models/*/")),
    ],
    # Companions of MuJoCo 3.17 are pinned in requirements/sim.txt, which `make setup` installs.
    extras_require={"sim": ["mujoco==3.17.0"]},
    zip_safe=False,
    entry_points={
        "console_scripts": ["egoprog = egoprog.cli:main"] + [f"{node} = egoprog_ros.{node}:main" for node in NODES]
    },
)

"""Point the ROS wheels' CMake files at this machine's Python and numpy headers.

python ros_ws/repair_wheel_paths.py .venv/share

The `ros-jazzy-*` wheels were built in a container; their exported CMake targets carry its include folders, and
building interfaces against them fails on any other machine.
"""

import sys
import sysconfig
from pathlib import Path

import numpy

REPLACEMENTS = {
    "/opt/python/cp311-cp311/include/python3.11": sysconfig.get_path("include"),
    "/opt/python/cp311-cp311/lib/python3.11/site-packages/numpy/_core/include": numpy.get_include(),
}


def repair(share):
    """Rewrite every CMake file below `share`; return how many changed."""
    num_changed = 0
    for path in Path(share).rglob("*.cmake"):
        text = path.read_text()
        repaired = text
        for baked, here in REPLACEMENTS.items():
            repaired = repaired.replace(baked, here)
        if repaired != text:
            path.write_text(repaired)
            num_changed += 1
    return num_changed


if __name__ == "__main__":
    print(f"repaired include paths in {repair(sys.argv[1])} CMake files")

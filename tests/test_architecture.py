"""The rules that hold the repository together: who may import whom, and what the command line promises."""

import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent

IMPORT_ALL_BUT = """
import importlib, pkgutil, sys

class Block:
    def find_spec(self, name, path=None, target=None):
        if any(name == blocked or name.startswith(blocked + ".") for blocked in {blocked!r}):
            raise ImportError("blocked: " + name)

sys.meta_path.insert(0, Block())
import egoprog
names = [m.name for m in pkgutil.walk_packages(egoprog.__path__, "egoprog.", onerror=lambda name: None)]
names = [name for name in names if not any((name + ".").startswith(skipped + ".") for skipped in {skipped!r})]
for name in names:
    importlib.import_module(name)
print(len(names), "modules")
"""


def import_all_but(blocked: list[str], skipped: list[str]) -> subprocess.CompletedProcess:
    script = IMPORT_ALL_BUT.format(blocked=blocked, skipped=skipped)
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=REPOSITORY)


def test_the_library_imports_no_ros_no_simulator_and_no_language_model_client():
    outcome = import_all_but(
        blocked=["rclpy", "egoprog_msgs", "egoprog_ros", "sensor_msgs", "egoprog.sim", "mujoco", "openai"],
        skipped=["egoprog.sim"],
    )
    assert outcome.returncode == 0, outcome.stderr
    assert int(outcome.stdout.split()[0]) > 20


def test_the_nodes_import_without_what_only_recordings_and_models_need():
    """On a robot with a camera the graph comes up and says what is missing; it does not die of an import."""
    blocked = ["av", "rosbags", "mediapipe", "onnxruntime", "openai", "mujoco", "torch"]
    nodes = ["base", "hands", "listener", "manager", "programmer", "recogniser", "recorder", "source", "tracker"]
    nodes += ["imaginer", "visualiser"]
    script = IMPORT_ALL_BUT.format(blocked=blocked, skipped=["egoprog"])
    script += "".join(f"import egoprog_ros.{node}\n" for node in nodes)
    outcome = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert outcome.returncode == 0, outcome.stderr


def test_the_nodes_import_with_mujoco_uninstalled():
    script = IMPORT_ALL_BUT.format(blocked=["mujoco"], skipped=["egoprog.sim"]).replace(
        "import egoprog\n", "import egoprog_ros as egoprog\n"
    )
    outcome = subprocess.run(
        [sys.executable, "-c", script.replace('"egoprog."', '"egoprog_ros."')], capture_output=True, text=True
    )
    assert outcome.returncode == 0, outcome.stderr
    assert int(outcome.stdout.split()[0]) > 10


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["generat"], ["expected one of", "did you mean 'generate'"]),
        (["generate", "no/such/file.mp4"], ["egoprog generate:", "no/such/file.mp4"]),
        (["parse", "no/such/file.prog"], ["egoprog parse:", "no/such/file.prog"]),
        (["report", "no/such/bag"], ["egoprog report:", "no/such/bag"]),
    ],
)
def test_bad_calls_print_one_line_and_exit_1(arguments, words):
    outcome = subprocess.run([sys.executable, "-m", "egoprog.cli", *arguments], capture_output=True, text=True)
    assert outcome.returncode == 1
    assert len(outcome.stderr.strip().splitlines()) == 1, outcome.stderr
    for word in words:
        assert word in outcome.stderr


@pytest.mark.parametrize(
    "command", ["demo", "up", "imagine", "generate", "describe", "parse", "report", "sim", "models", "annotations"]
)
def test_every_command_explains_itself(command):
    outcome = subprocess.run([sys.executable, "-m", "egoprog.cli", command, "--help"], capture_output=True, text=True)
    assert outcome.returncode == 0, outcome.stderr
    assert f"egoprog {command}" in outcome.stdout

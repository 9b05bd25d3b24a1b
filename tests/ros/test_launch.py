"""The launch files, with the real `launch` where it is installed."""

import importlib.util
import sys

import pytest
from egoprog_ros.graph import graph

from .conftest import REPOSITORY


def test_launch_files_are_valid_python_and_no_package_of_their_name_hides_ros():
    for path in (REPOSITORY / "launch").glob("*.launch.py"):
        compile(path.read_text(), str(path), "exec")
    assert len(list((REPOSITORY / "launch").glob("*.launch.py"))) == 2
    assert not (REPOSITORY / "launch" / "__init__.py").exists()


def load(name):
    """A launch file as a module."""
    spec = importlib.util.spec_from_file_location(name.replace(".", "_"), REPOSITORY / "launch" / name)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def launch(monkeypatch):
    """The real `launch`; the repository's folder of that name must not be taken for it."""
    monkeypatch.setattr(sys, "path", [path for path in sys.path if path not in ("", str(REPOSITORY))])
    found = importlib.util.find_spec("launch")
    if found is None or found.origin is None or importlib.util.find_spec("launch_ros") is None:
        pytest.skip("launch and launch_ros are not installed")
    import launch

    return launch


def test_bringup_expands_to_the_nodes_of_the_graph(launch):
    description = load("bringup.launch.py").generate_launch_description()
    context = launch.LaunchContext()
    given = {"namespace": "robot1", "input": "video.mp4", "use_sim_time": "true"}
    context.launch_configurations.update(given)
    nodes = [
        entity
        for action in description.entities
        for entity in action.visit(context) or []
        if hasattr(entity, "node_executable")
    ]
    expected = [s for s in graph(namespace="robot1", input="video.mp4", use_sim_time=True) if s.enabled]
    assert [node.node_executable for node in nodes] == [spec.executable for spec in expected]
    assert all(node.node_package == "egoprog" for node in nodes)


def test_replay_can_be_read(launch):
    pytest.importorskip("ament_index_python")
    try:
        description = load("replay.launch.py").generate_launch_description()
    except LookupError:
        pytest.skip("egoprog is not built into a sourced workspace")
    assert len(description.entities) == 5

"""The launch files, with the real `launch` where it is installed."""

import importlib.util
import sys

import pytest
from egoprog_ros.graph import graph

from egoprog.errors import ConfigurationError

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


def expand(launch, **given):
    """The nodes that bringup starts with these arguments, and the context in which they were made."""
    context = launch.LaunchContext()
    context.launch_configurations.update(given)
    nodes = [
        entity
        for action in load("bringup.launch.py").generate_launch_description().entities
        for entity in action.visit(context) or []
        if hasattr(entity, "node_executable")
    ]
    return nodes, context


def test_bringup_expands_to_the_nodes_of_the_graph(launch):
    nodes, _ = expand(launch, namespace="robot1", input="video.mp4", use_sim_time="true")
    expected = [s for s in graph(namespace="robot1", input="video.mp4", use_sim_time=True) if s.enabled]
    assert [node.node_executable for node in nodes] == [spec.executable for spec in expected]
    assert all(node.node_package == "egoprog" for node in nodes)


def test_bringup_overrules_the_parameter_file_only_where_an_argument_is_given(launch, tmp_path):
    from launch_ros.utilities import evaluate_parameters

    file = tmp_path / "mine.yaml"
    file.write_text("/**/source:\n  ros__parameters:\n    rate: 2.0\n    loop: true\n")

    def of_source(**given):
        nodes, context = expand(launch, input="007", params_file=str(file), **given)
        (source,) = [node for node in nodes if node.node_executable == "source"]
        path, own = evaluate_parameters(context, source._Node__parameters)
        assert path == file
        return own

    assert of_source() == {"use_sim_time": False, "input": "007", "publish_clock": False}
    own = of_source(rate="3", loop="false", use_sim_time="true")
    assert own == {"use_sim_time": False, "input": "007", "publish_clock": True, "rate": 3.0, "loop": False}


@pytest.mark.parametrize(("name", "text"), [("rate", "fast"), ("use_sim_time", "maybe")])
def test_bringup_names_an_argument_that_it_can_not_read(launch, name, text):
    with pytest.raises(ConfigurationError, match=rf"{name}, got '{text}'"):
        expand(launch, **{"input": "video.mp4", name: text})


def test_replay_can_be_read(launch):
    pytest.importorskip("ament_index_python")
    try:
        description = load("replay.launch.py").generate_launch_description()
    except LookupError:
        pytest.skip("egoprog is not built into a sourced workspace")
    assert len(description.entities) == 5

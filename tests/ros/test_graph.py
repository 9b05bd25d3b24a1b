"""The description of the graph: what starts, in which order, with which arguments."""

import dataclasses
import importlib
from pathlib import Path

import pytest
import yaml
from egoprog_ros.base import NodeParameters
from egoprog_ros.graph import graph
from egoprog_ros.source import Source

from egoprog.errors import ConfigurationError

from .conftest import REPOSITORY

NODES = (
    *("source", "listener", "tracker", "hands", "recogniser", "programmer", "imaginer", "visualiser"),
    *("manager", "recorder"),
)
CONFIG = REPOSITORY / "config" / "egoprog.yaml"


def parameters_of(name):
    """The parameter class of a node."""
    module = importlib.import_module(f"egoprog_ros.{name}")
    (found,) = [
        each
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, NodeParameters) and each.__module__ == module.__name__
    ]
    return found


@pytest.fixture(autouse=True)
def nothing_ships(monkeypatch):
    """Whatever models this checkout has."""
    for name in ("shipped_model", "shipped_drawer"):
        monkeypatch.setattr(f"egoprog_ros.graph.{name}", lambda: None)


def enabled(**options):
    return [spec.name for spec in graph(**options) if spec.enabled]


def test_what_listens_is_activated_before_what_plays():
    order = [spec.name for spec in graph(input="video.mp4", record="bag") if spec.enabled]
    assert order == ["recorder", "visualiser", "programmer", "hands", "tracker", "listener", "source", "manager"]
    manager = graph(input="video.mp4", record="bag")[-1]
    assert manager.parameters["nodes"] == order[:-1] and not manager.is_lifecycle


@pytest.mark.parametrize(
    ("name", "option", "shipped"),
    [("recogniser", "model", "shipped_model"), ("imaginer", "imaginer_model", "shipped_drawer")],
)
def test_what_needs_a_model_runs_where_there_is_one(tmp_path, monkeypatch, name, option, shipped):
    assert {spec.name for spec in graph() if not spec.enabled} == {"recogniser", "imaginer", "recorder", "source"}
    assert name in enabled(**{option: "my/model"})
    (spec,) = [spec for spec in graph(**{option: "my/model"}) if spec.name == name]
    assert spec.parameters["model"] == "my/model"
    assert name in enabled(parameters={name: {"model": "my/model"}})
    file = tmp_path / "mine.yaml"
    file.write_text(f"/**/{name}:\n  ros__parameters:\n    model: my/model\n")
    assert name in enabled(params_file=file)
    file.write_text(f"/**/{name}:\n  ros__parameters:\n    model: ''\n")
    assert name not in enabled(params_file=file)
    monkeypatch.setattr(f"egoprog_ros.graph.{shipped}", lambda: tmp_path)
    rest = ["visualiser", "programmer", "hands", "tracker", "listener", "manager"]
    assert [each for each in enabled() if each != name] == rest and name in enabled()


def test_options_reach_the_nodes(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("{}")
    specs = graph(
        namespace="robot1",
        use_sim_time=True,
        params_file=file,
        input="it's.mp4",
        visualiser=False,
        remappings=(("audio", "/mic"),),
        parameters={"hands": {"silence_s": 9.0}},
    )
    by_name = {spec.name: spec for spec in specs}
    assert not by_name["visualiser"].enabled
    assert by_name["hands"].parameters == {"use_sim_time": True, "silence_s": 9.0}
    assert by_name["source"].parameters["publish_clock"] is True
    assert by_name["source"].parameters["use_sim_time"] is False  # it makes the clock
    arguments = by_name["source"].ros_arguments(tmp_path, "warn")
    assert arguments[3:5] == ["-r", "__ns:=/robot1"] and arguments[5:7] == ["-r", "audio:=/mic"]
    own = arguments[arguments.index(str(file)) + 2]  # after the file, so that it goes over it
    assert yaml.safe_load(Path(own).read_text())["/robot1/source"]["ros__parameters"]["input"] == "it's.mp4"
    assert arguments[-1] == "warn"


def test_how_a_recording_is_played_is_left_to_the_parameter_file_where_nobody_says():
    def of_source(**options):
        (found,) = [spec.parameters for spec in graph(input="video.mp4", **options) if spec.name == "source"]
        return {name: value for name, value in found.items() if name in ("rate", "loop")}

    assert of_source() == {}
    assert of_source(rate=2, loop=False) == {"rate": 2.0, "loop": False}


def test_a_missing_parameter_file_and_an_unknown_node_are_named():
    with pytest.raises(ConfigurationError, match=r"no/such\.yaml"):
        graph(params_file="no/such.yaml")
    with pytest.raises(ConfigurationError, match="handz"):
        graph(parameters={"handz": {"silence_s": 1.0}})


@pytest.mark.parametrize("name", NODES)
def test_the_parameter_file_names_every_parameter_with_its_default(name):
    content = yaml.safe_load(CONFIG.read_text())
    given = content["/**"]["ros__parameters"] | content[f"/**/{name}"]["ros__parameters"]
    expected = {
        each.name: (list(each.default) or [""]) if isinstance(each.default, tuple) else each.default
        for each in dataclasses.fields(parameters_of(name))
    }
    expected.pop("nodes" if name == "manager" else "", None)
    if name != "manager":
        expected.pop("autostart")
    assert given == expected


@pytest.mark.parametrize("name", NODES)
def test_every_parameter_has_a_description_and_every_number_a_range(name):
    for each in dataclasses.fields(parameters_of(name)):
        about = each.metadata["ros"]
        assert about.description, each.name
        if isinstance(each.default, (int, float)) and not isinstance(each.default, bool):
            assert about.minimum is not None and about.minimum <= each.default <= about.maximum, each.name


@pytest.mark.parametrize("namespace", ["", "robot1"])
def test_ros_reads_the_parameter_file_in_any_namespace_and_options_go_over_it(ros, tmp_path, namespace):
    changed = CONFIG.read_text().replace("silence_s: 3.0", "silence_s: 7.5")
    file = tmp_path / "mine.yaml"
    file.write_text(changed.replace("jpeg_quality: 85", "jpeg_quality: 42").replace('input: ""', 'input: "other.mp4"'))
    specs = graph(namespace=namespace, params_file=file, input="007", rate=2.0)
    (spec,) = [spec for spec in specs if spec.name == "source"]
    node = Source(cli_args=spec.ros_arguments(tmp_path))
    try:
        assert node.get_fully_qualified_name() == spec.full_name
        assert (node.parameters.silence_s, node.parameters.jpeg_quality) == (7.5, 42)
        assert (node.parameters.input, node.parameters.rate) == ("007", 2.0)
    finally:
        node.destroy_node()

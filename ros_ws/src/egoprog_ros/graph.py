"""The live graph, described once: `launch/bringup.launch.py` and `egoprog up` both start what stands here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from egoprog.errors import ConfigurationError
from egoprog.leap.shipped import shipped_model
from egoprog.lego.shipped import shipped_drawer

PACKAGE = "egoprog"


@dataclass(frozen=True)
class NodeSpec:
    """One process with one node.

    executable: also the module `egoprog_ros.<executable>`. parameters go over those of parameters_file.
    remappings: pairs (from, to). respawn: start it again when it dies. is_lifecycle: the manager brings it up.
    """

    name: str
    executable: str
    enabled: bool = True
    namespace: str = ""
    parameters_file: Path | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    remappings: tuple[tuple[str, str], ...] = ()
    respawn: bool = True
    is_lifecycle: bool = True

    @property
    def full_name(self) -> str:
        """With the namespace: "/robot1/source"."""
        return f"{absolute(self.namespace).rstrip('/')}/{self.name}"

    def ros_arguments(self, folder: Path, log_level: str = "info") -> list[str]:
        """The arguments that start the node without `launch`.

        folder: where the node's own parameters are written, as `launch` does it too: ROS lets a node's full name go
        over the "/**/name" of a parameter file, but lets that go over `-p name:=value`.
        """
        own = folder / f"{self.full_name.strip('/').replace('/', '.')}.yaml"
        own.write_text(yaml.safe_dump({self.full_name: {"ros__parameters": dict(self.parameters)}}))
        arguments = ["--ros-args", "-r", f"__node:={self.name}"]
        if self.namespace:
            arguments += ["-r", f"__ns:={absolute(self.namespace)}"]
        for source, target in self.remappings:
            arguments += ["-r", f"{source}:={target}"]
        for file in filter(None, (self.parameters_file, own if self.parameters else None)):
            arguments += ["--params-file", str(file)]
        return [*arguments, "--log-level", log_level]


def graph(
    namespace: str = "",
    use_sim_time: bool = False,
    params_file: str | Path | None = None,
    input: str = "",
    loop: bool | None = None,
    rate: float | None = None,
    record: str = "",
    model: str = "",
    imaginer_model: str = "",
    visualiser: bool = True,
    respawn: bool = True,
    remappings: tuple[tuple[str, str], ...] = (),
    parameters: Mapping[str, Mapping[str, Any]] | None = None,
) -> list[NodeSpec]:
    """The nodes in the order in which they are activated: what writes down first, what plays last, then the manager.

    input: a recording to play, a path; "" where a camera publishes. loop, rate: how it is played; None: as the
    parameter file says.
    model, imaginer_model: the folder of an exported model for the recogniser and for the imaginer; "" for the one that
    ships. Each of the two runs where there is one, or where the file or `parameters` name one.
    record: the folder of the bag to write; "" for none. respawn: start nodes again when they die.
    use_sim_time: nodes follow /clock, whatever the file says; the source, where it plays, then publishes it.
    remappings: for every node, e.g. (("camera/image_raw/compressed", "/head/image/compressed"),).
    parameters: more of them, by node name; they go over the file's.
    Raises ConfigurationError if there is no such parameter file, or parameters for a node that does not exist.
    """
    file = None if not params_file else Path(params_file).expanduser().resolve()
    if file is not None and not file.is_file():
        raise ConfigurationError(f"expected a parameter file, found none at {file}; config/egoprog.yaml is an example")
    more = {name: dict(values) for name, values in (parameters or {}).items()}
    play: dict[str, Any] = {"input": input, "publish_clock": use_sim_time}
    if loop is not None:
        play["loop"] = loop
    if rate is not None:
        play["rate"] = float(rate)

    def has_model(name: str, given: str, shipped: Callable[[], Path | None]) -> bool:
        return bool(given or more.get(name, {}).get("model") or _named_in(file, name) or shipped())

    recognises = has_model("recogniser", model, shipped_model)
    imagines = has_model("imaginer", imaginer_model, shipped_drawer)

    def node(name: str, enabled: bool = True, is_lifecycle: bool = True, **own: Any) -> NodeSpec:
        # the source makes the clock, so it can't follow it
        follows_clock = use_sim_time and name not in ("source", "manager")
        return NodeSpec(
            name=name,
            executable=name,
            enabled=enabled,
            namespace=namespace,
            parameters_file=file,
            parameters={"use_sim_time": follows_clock} | own | more.pop(name, {}),
            remappings=remappings,
            respawn=respawn,
            is_lifecycle=is_lifecycle,
        )

    nodes = [
        node("recorder", enabled=bool(record), **({"output": record} if record else {})),
        node("visualiser", enabled=visualiser),
        node("imaginer", enabled=imagines, **({"model": imaginer_model} if imaginer_model else {})),
        node("programmer", **({"model": model} if model else {})),
        node("recogniser", enabled=recognises, **({"model": model} if model else {})),
        node("hands"),
        node("tracker"),
        node("listener"),
        node("source", enabled=bool(input), **(play if input else {})),
    ]
    managed = [each.name for each in nodes if each.enabled]
    nodes.append(node("manager", is_lifecycle=False, nodes=managed))
    if more:
        known = ", ".join(each.name for each in nodes)
        raise ConfigurationError(f"expected parameters for nodes of {known}, got some for {', '.join(more)}")
    return nodes


def _named_in(file: Path | None, node: str) -> str:
    """A node's model in a parameter file, of whatever namespace; "" where it names none."""
    try:
        content = yaml.safe_load(file.read_text()) if file is not None else None
    except (OSError, yaml.YAMLError):  # the nodes say what is wrong with it
        return ""
    for name, entry in content.items() if isinstance(content, dict) else ():
        if str(name).rpartition("/")[2] == node and isinstance(entry, dict):
            return str((entry.get("ros__parameters") or {}).get("model") or "")
    return ""


def absolute(namespace: str) -> str:
    """A namespace as ROS wants it: "robot1" -> "/robot1"."""
    return "/" + namespace.strip("/")

"""The live graph at 640x480 and 30 Hz for a minute: overhead, drops, memory, and how fast it ends.

python -m benchmarks graph

Overhead is the time from a frame's arrival at `hands` to the publication of the program that rests on it, less the
time in models. Memory is the resident set of each node, compared between the end and ten seconds after the start.
"""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil
import rclpy
import yaml
from diagnostic_msgs.msg import DiagnosticArray
from egoprog_msgs.msg import ActionProgram, HandContacts
from egoprog_ros.manager import ALL_ACTIVE
from egoprog_ros.qos import profile
from egoprog_ros.stamps import to_seconds
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node

LENGTH_S = 60.0
WARM_UP_S = 10.0
START_S = 60.0
PERIOD_S = 1 / 30
READERS = ("hands", "tracker", "recogniser", "visualiser")  # of images


class Ears(Node):
    """Keeps the timings of all programs and hand contacts, and the last diagnostics of each node."""

    def __init__(self) -> None:
        super().__init__("benchmark")
        self.programs: list[tuple[float, float]] = []  # overhead, model time; seconds
        self.frames: list[tuple[float, float]] = []
        self.waits_s: list[float] = []  # from a frame's arrival at `hands` until a model began on it
        self.status: dict[str, dict[str, str]] = {}
        self.create_subscription(ActionProgram, "program", self._program, profile("latched"))
        self.create_subscription(HandContacts, "hand_contacts", self._frame, profile("reliable"))
        self.create_subscription(DiagnosticArray, "/diagnostics", self._diagnose, 50)

    def _program(self, message: ActionProgram) -> None:
        self.programs.append((message.timing.overhead_s, message.timing.model_s))

    def _frame(self, message: HandContacts) -> None:
        timing = message.timing
        self.frames.append((timing.overhead_s, timing.model_s))
        self.waits_s.append(to_seconds(timing.published) - to_seconds(timing.arrived) - timing.model_s)

    def _diagnose(self, message: DiagnosticArray) -> None:
        for status in message.status:
            self.status[status.name.strip("/")] = {value.key: value.value for value in status.values}


def measure() -> dict[str, Any]:
    """Figures of two runs, images compressed and raw; seconds, milliseconds, mebibytes as the names say."""
    os.environ["ROS_DOMAIN_ID"] = "97"
    os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
    with tempfile.TemporaryDirectory() as folder:
        recording = Path(folder) / "recording.mp4"
        subprocess.run([sys.executable, "-m", "egoprog.cli", "sim", "record", str(recording)], check=True)
        figures = {}
        for transport in ("compressed", "raw"):
            parameters = Path(folder) / f"{transport}.yaml"
            parameters.write_text(yaml.safe_dump(parameters_for(transport)))
            for name, value in run_graph(recording, parameters).items():
                figures[f"{transport}: {name}"] = value
    return figures


def parameters_for(transport: str) -> dict[str, Any]:
    readers = {f"/**/{name}": {"ros__parameters": {"image": transport}} for name in READERS}
    return {"/**/source": {"ros__parameters": {"image_transport": transport}}, **readers}


def run_graph(recording: Path, parameters: Path) -> dict[str, Any]:
    """One run of the graph on a recording, over and over."""
    rclpy.init(args=[])
    ears = Ears()
    figures = watch_graph(ears, ["up", "--input", str(recording), "--loop", "--params-file", str(parameters)])
    return {**summary(ears), **figures}


def watch_graph(ears: Node, command: Sequence[str]) -> dict[str, Any]:
    """Runs `egoprog` so, from its start to the end of its last process, while a node listens. rclpy is ended after."""
    executor = SingleThreadedExecutor()
    executor.add_node(ears)
    spinner = threading.Thread(target=spin, args=(executor,), daemon=True)
    spinner.start()
    graph = subprocess.Popen([sys.executable, "-m", "egoprog.cli", *command], stdout=subprocess.PIPE, text=True)
    try:
        watched = watch(graph)
    finally:
        ended = end(graph)
        executor.shutdown(timeout_sec=1.0)
        rclpy.try_shutdown()
        spinner.join(2.0)
    return {**watched, **ended}


def spin(executor: SingleThreadedExecutor) -> None:
    try:
        executor.spin()
    except ExternalShutdownException:
        return


def watch(graph: subprocess.Popen) -> dict[str, Any]:
    """Waits until the graph is up, then samples the nodes' memory once a second."""
    is_up = threading.Event()

    def read() -> None:
        for line in graph.stdout:
            if ALL_ACTIVE in line:
                is_up.set()

    threading.Thread(target=read, daemon=True).start()
    if not is_up.wait(START_S):
        raise RuntimeError(f"expected the graph to be up within {START_S:.0f} s; start it by hand to see why not")
    nodes = [p for p in psutil.Process(graph.pid).children() if "egoprog_ros" in " ".join(p.cmdline())]
    samples: list[dict[str, float]] = []
    began_s = time.monotonic()
    while time.monotonic() - began_s < LENGTH_S:
        time.sleep(1.0)
        samples.append({node_name(p): p.memory_info().rss / 2**20 for p in nodes})
    warm, last = samples[int(WARM_UP_S)], samples[-1]
    growth = {name: last[name] / warm[name] - 1 for name in warm}
    worst = max(growth, key=growth.get)
    return {
        "num_nodes": len(nodes),
        "memory_total_mib": round(sum(last.values()), 1),
        "memory_growth_total": round(sum(last.values()) / sum(warm.values()) - 1, 4),
        "memory_growth_worst_node": f"{worst} {growth[worst]:+.1%}",
    }


def node_name(process: psutil.Process) -> str:
    return next(a.removeprefix("egoprog_ros.") for a in process.cmdline() if a.startswith("egoprog_ros."))


def end(graph: subprocess.Popen) -> dict[str, Any]:
    """Ctrl-C, and how long until every process is gone."""
    family = psutil.Process(graph.pid).children(recursive=True)
    began_s = time.monotonic()
    graph.send_signal(signal.SIGINT)
    graph.wait(20.0)
    _, alive = psutil.wait_procs(family, timeout=10.0)
    return {"ctrl_c_to_all_gone_s": round(time.monotonic() - began_s, 2), "processes_left_behind": len(alive)}


def summary(ears: Ears) -> dict[str, Any]:
    overhead_ms = [overhead_s * 1e3 for overhead_s, _ in ears.programs]
    waits_ms = sorted(wait_s * 1e3 for wait_s in ears.waits_s)
    hands = ears.status.get("hands", {})
    return {
        "num_revisions": len(ears.programs),
        "program_overhead_median_ms": round(statistics.median(overhead_ms), 2),
        "program_overhead_p99_ms": round(sorted(overhead_ms)[int(0.99 * len(overhead_ms))], 2),
        "frames_processed": len(ears.frames),
        "frame_model_median_ms": round(statistics.median(m for _, m in ears.frames) * 1e3, 2),
        "frame_overhead_median_ms": round(statistics.median(o for o, _ in ears.frames) * 1e3, 2),
        "frame_wait_max_ms": round(waits_ms[-1], 2),
        "period_ms": round(PERIOD_S * 1e3, 2),
        "hands_diagnostics": hands,
        "programmer_diagnostics": ears.status.get("programmer", {}),
    }

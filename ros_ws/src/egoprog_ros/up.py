"""`egoprog up`: the live graph as processes, without `launch`.

Each node is a process in a session of its own, so that Ctrl-C reaches `egoprog up` alone, which then ends the nodes in
an orderly way. Where `egoprog up` itself is killed, the nodes see that their parent is gone and end.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from egoprog.errors import ConfigurationError, EgoprogError
from egoprog_ros.base import PARENT_VARIABLE
from egoprog_ros.graph import NodeSpec, graph
from egoprog_ros.manager import ALL_ACTIVE

POLL_S = 0.05
STOP_STEPS = ((signal.SIGINT, 2.0), (signal.SIGTERM, 0.4), (signal.SIGKILL, 0.4))  # and seconds until the next
FIRST_BACK_OFF_S, LAST_BACK_OFF_S = 0.5, 10.0
STEADY_S = 20.0  # a node that ran for so long starts with the first back-off again
LINES_KEPT = 2000


class GraphError(EgoprogError):
    """A graph that did not come up."""


@dataclass
class _Child:
    """One node's process, and when it may start again."""

    spec: NodeSpec
    process: subprocess.Popen | None = None
    reader: threading.Thread | None = None
    started_s: float = 0.0
    start_at_s: float = 0.0
    back_off_s: float = FIRST_BACK_OFF_S
    restarts: int = 0
    is_over: bool = False


class Supervisor:
    """Starts the enabled nodes, starts them again when they die, and ends them all.

    say: takes each line of output. environment: over that of this process. log_level: of the nodes.
    """

    def __init__(
        self,
        specs: Sequence[NodeSpec],
        say: Callable[[str], None] = print,
        environment: Mapping[str, str] | None = None,
        log_level: str = "info",
    ):
        self.lines: deque[str] = deque(maxlen=LINES_KEPT)
        self.is_up = threading.Event()  # the manager has said that all nodes are active
        self._children = [_Child(spec) for spec in specs if spec.enabled]
        self._say = say
        self._log_level = log_level
        self._folder = tempfile.TemporaryDirectory(prefix="egoprog_up_")  # the nodes' parameter files
        self._environment = {
            **os.environ,
            "PYTHONUNBUFFERED": "1",
            PARENT_VARIABLE: str(os.getpid()),
            **(environment or {}),
        }
        self._width = max((len(child.spec.name) for child in self._children), default=0)

    @property
    def pids(self) -> dict[str, int]:
        """The process of each node that runs."""
        return {c.spec.name: c.process.pid for c in self._children if c.process and c.process.poll() is None}

    @property
    def restarts(self) -> dict[str, int]:
        """How often each node was started again."""
        return {child.spec.name: child.restarts for child in self._children}

    def start(self) -> None:
        for child in self._children:
            self._start(child)

    def watch(self) -> None:
        """Starts again what has died, after its back-off; call it every now and then."""
        now_s = time.monotonic()
        for child in self._children:
            if child.is_over:
                continue
            if child.process is None:
                if now_s >= child.start_at_s:
                    child.restarts += 1
                    self._start(child)
                continue
            code = child.process.poll()
            if code is None:
                continue
            how = f"signal {-code}" if code < 0 else f"exit code {code}"
            child.process = None
            if not child.spec.respawn:
                child.is_over = True
                self._tell(child, f"ended with {how}")
                continue
            if now_s - child.started_s > STEADY_S:
                child.back_off_s = FIRST_BACK_OFF_S
            child.start_at_s = now_s + child.back_off_s
            self._tell(child, f"ended with {how}; starting it again in {child.back_off_s:.1f} s")
            child.back_off_s = min(2 * child.back_off_s, LAST_BACK_OFF_S)

    def wait_until_up(self, timeout_s: float) -> None:
        """Waits until the manager says that all nodes are active.

        Raises GraphError with the last output if they are not in time, or one has ended that is not started again.
        """
        end_s = time.monotonic() + timeout_s
        while not self.is_up.wait(POLL_S):
            self.watch()
            ended = [child for child in self._children if child.is_over]
            for child in ended:
                child.reader.join(1.0)  # its last words
            if ended or time.monotonic() > end_s:
                last = "\n".join(list(self.lines)[-30:])
                raise GraphError(f"expected all nodes active within {timeout_s:.0f} s; the last output was\n{last}")

    def stop(self) -> float:
        """Ends all nodes: SIGINT, then SIGTERM, then SIGKILL. Returns the seconds that it took."""
        began_s = time.monotonic()
        for signal_number, patience_s in STOP_STEPS:
            running = [c for c in self._children if c.process is not None and c.process.poll() is None]
            for child in running:
                if signal_number != signal.SIGINT:
                    self._tell(child, f"did not end; sending {signal_number.name}")
                # the whole session of the node, so that nothing that it started stays behind
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(child.process.pid, signal_number)
            end_s = time.monotonic() + patience_s
            while any(c.process.poll() is None for c in running) and time.monotonic() < end_s:
                time.sleep(0.01)
        for child in self._children:
            child.is_over = True
            if child.reader is not None:
                child.reader.join(0.2)
        self._folder.cleanup()
        return time.monotonic() - began_s

    def _start(self, child: _Child) -> None:
        command = [sys.executable, "-m", f"egoprog_ros.{child.spec.executable}"]
        child.process = subprocess.Popen(
            [*command, *child.spec.ros_arguments(Path(self._folder.name), self._log_level)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=self._environment,
            start_new_session=True,
        )
        child.started_s = time.monotonic()
        child.reader = threading.Thread(target=self._read, args=(child, child.process), daemon=True)
        child.reader.start()

    def _read(self, child: _Child, process: subprocess.Popen) -> None:
        for raw in process.stdout:
            line = raw.decode(errors="replace").rstrip()
            if child.spec.executable == "manager" and line.startswith(ALL_ACTIVE):
                self.is_up.set()
            self._tell(child, line)

    def _tell(self, child: _Child, line: str) -> None:
        text = f"{child.spec.name:>{self._width}} | {line}"
        self.lines.append(text)
        self._say(text)


@contextlib.contextmanager
def running_graph(
    specs: Sequence[NodeSpec] | None = None,
    timeout_s: float = 60.0,
    say: Callable[[str], None] = lambda line: None,
    environment: Mapping[str, str] | None = None,
    log_level: str = "info",
    **options: Any,
) -> Iterator[Supervisor]:
    """The graph, up for the length of a `with` block; a thread starts again what dies meanwhile.

    specs: what to start; `graph(**options)` where None. Raises GraphError if not all nodes are active in time.
    """
    supervisor = Supervisor(graph(**options) if specs is None else specs, say, environment, log_level)
    is_over = threading.Event()

    def watch() -> None:
        while not is_over.wait(POLL_S):
            supervisor.watch()

    watcher = threading.Thread(target=watch, name="watch graph", daemon=True)
    try:
        supervisor.start()
        supervisor.wait_until_up(timeout_s)
        watcher.start()
        yield supervisor
    finally:
        is_over.set()
        if watcher.is_alive():
            watcher.join()
        supervisor.stop()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--input",
        default="",
        metavar="RECORDING",
        help="a video, folder or bag to play, or sim:SEED; none: a camera publishes",
    )
    parser.add_argument("--loop", action="store_true", help="play the recording again and again")
    parser.add_argument("--rate", type=float, help="how fast the recording is played (1.0)")
    parser.add_argument("--record", default="", metavar="FOLDER", help="write all topics into a rosbag2 folder")
    parser.add_argument("--namespace", default="", help="the graph's namespace, e.g. robot1")
    parser.add_argument("--use-sim-time", action="store_true", help="follow /clock")
    parser.add_argument("--params-file", type=Path, metavar="FILE", help="ROS parameters; see config/egoprog.yaml")
    parser.add_argument("--remap", action="append", default=[], metavar="FROM:=TO", help="remap a topic in every node")
    parser.add_argument("--model", default="", metavar="FOLDER", help="an exported model for the recogniser")
    parser.add_argument("--imaginer-model", default="", metavar="FOLDER", help="an exported model for the imaginer")
    parser.add_argument("--no-visualiser", action="store_true", help="leave out overlay and markers")
    parser.add_argument("--no-respawn", action="store_true", help="leave dead nodes dead")
    parser.add_argument("--log-level", default="info", choices=("debug", "info", "warn", "error"))


def run(arguments: argparse.Namespace) -> int:
    """Runs the graph until Ctrl-C or SIGTERM."""
    specs = graph(
        namespace=arguments.namespace,
        use_sim_time=arguments.use_sim_time,
        params_file=arguments.params_file,
        input=arguments.input,
        loop=arguments.loop or None,
        rate=arguments.rate,
        record=arguments.record,
        model=arguments.model,
        imaginer_model=arguments.imaginer_model,
        visualiser=not arguments.no_visualiser,
        respawn=not arguments.no_respawn,
        remappings=tuple(_remapping(text) for text in arguments.remap),
    )
    is_stopping = threading.Event()
    for signal_number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signal_number, lambda *_: is_stopping.set())
    supervisor = Supervisor(specs, lambda line: print(line, flush=True), log_level=arguments.log_level)
    try:
        supervisor.start()
        while not is_stopping.wait(POLL_S):
            supervisor.watch()
    finally:
        took_s = supervisor.stop()
    print(f"all nodes ended after {took_s:.1f} s", flush=True)
    return 0


def _remapping(text: str) -> tuple[str, str]:
    source, separator, target = text.partition(":=")
    if not (source and separator and target):
        raise ConfigurationError(f"expected a remapping FROM:=TO, got {text!r}")
    return source, target

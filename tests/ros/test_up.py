"""`egoprog up` on real processes: all of them start, and all of them are gone when it ends, however it ends."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time

import psutil
import pytest
from egoprog_ros.graph import NodeSpec
from egoprog_ros.up import GraphError, Supervisor, _remapping, running_graph

from egoprog.errors import ConfigurationError
from egoprog.leap.shipped import shipped_model
from egoprog.lego.shipped import shipped_drawer

from .conftest import wait_until

pytestmark = pytest.mark.graph

LIGHT = """
from egoprog_ros.graph import NodeSpec
from egoprog_ros.up import Supervisor
import time
specs = [NodeSpec("source", "source"), NodeSpec("manager", "manager", parameters={"nodes": ["source"]})]
up = Supervisor(specs, lambda line: print(line, flush=True))
up.start()
time.sleep(60)
"""


class Started:
    """A process whose output is read along."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.lines = []
        threading.Thread(target=lambda: self.lines.extend(iter(self.process.stdout.readline, "")), daemon=True).start()

    def has_said(self, pattern):
        return any(re.search(pattern, line) for line in list(self.lines))

    def nodes(self):
        return psutil.Process(self.process.pid).children(recursive=True)


@contextlib.contextmanager
def started(command):
    process = Started(command)
    nodes = []
    try:
        yield process
    finally:
        if process.process.poll() is None:
            nodes = process.nodes()
            process.process.kill()
        for node in nodes:
            with contextlib.suppress(psutil.NoSuchProcess):
                node.kill()


def test_ctrl_c_ends_the_whole_graph_in_under_three_seconds():
    num_of_models = sum(found is not None for found in (shipped_model(), shipped_drawer()))
    with started([sys.executable, "-m", "egoprog.cli", "up", "--log-level", "warn"]) as up:
        come_up = rf"manager \| graph is up: {5 + num_of_models} nodes active"
        assert wait_until(lambda: up.has_said(come_up), 60.0), up.lines
        nodes = up.nodes()
        assert len(nodes) == 6 + num_of_models
        began_s = time.monotonic()
        up.process.send_signal(signal.SIGINT)
        assert up.process.wait(10.0) == 0
        took_s = time.monotonic() - began_s
        print(f"Ctrl-C to all gone: {took_s:.2f} s")
        assert took_s < 3.0
        assert not any(node.is_running() for node in nodes)
        assert wait_until(lambda: up.has_said(r"all nodes ended after \d"))
        assert not up.has_said("SIGKILL|Traceback"), up.lines


def test_nodes_end_when_the_one_who_started_them_is_killed():
    with started([sys.executable, "-c", LIGHT]) as up:
        assert wait_until(lambda: up.has_said("graph is up"), 30.0), up.lines
        nodes = up.nodes()
        assert len(nodes) == 2
        up.process.kill()
        assert wait_until(lambda: not any(node.is_running() for node in nodes), 5.0)


def test_a_node_that_ignores_every_plea_is_killed(monkeypatch, tmp_path):
    (tmp_path / "egoprog_ros").mkdir()
    stubborn = tmp_path / "stubborn.py"
    stubborn.write_text(
        "import signal, time\n"
        "for each in (signal.SIGINT, signal.SIGTERM):\n    signal.signal(each, signal.SIG_IGN)\n"
        "print('ready', flush=True)\ntime.sleep(60)\n"
    )
    supervisor = Supervisor([NodeSpec("stubborn", "stubborn")], say=lambda line: None)
    child = supervisor._children[0]
    popen = subprocess.Popen
    monkeypatch.setattr(
        subprocess, "Popen", lambda command, **options: popen([sys.executable, str(stubborn)], **options)
    )
    supervisor.start()
    assert wait_until(lambda: any("ready" in line for line in supervisor.lines))
    took_s = supervisor.stop()
    assert 2.0 < took_s < 3.0
    assert child.process.returncode == -signal.SIGKILL
    assert any("sending SIGTERM" in line for line in supervisor.lines)


def test_a_node_that_keeps_dying_is_started_with_growing_pauses_and_this_is_said():
    # a parameter of the wrong type ends the node at once
    supervisor = Supervisor([NodeSpec("source", "source", parameters={"rate": "fast"})], say=lambda line: None)
    supervisor.start()

    def has_died_twice():
        supervisor.watch()
        return sum("exit code 1; starting it again" in line for line in supervisor.lines) >= 2

    try:
        assert wait_until(has_died_twice, 30.0), list(supervisor.lines)
        assert any("again in 0.5 s" in line for line in supervisor.lines)
        assert any("again in 1.0 s" in line for line in supervisor.lines)
        assert any("expected a double" in line for line in supervisor.lines)
    finally:
        supervisor.stop()


def test_a_graph_that_does_not_come_up_says_what_it_said():
    with (
        pytest.raises(GraphError, match="expected a double"),
        running_graph([NodeSpec("source", "source", parameters={"rate": "fast"}, respawn=False)]),
    ):
        pass
    children = psutil.Process(os.getpid()).children()
    assert not [child for child in children if "egoprog_ros.source" in " ".join(child.cmdline())]


def test_a_remapping_without_its_two_sides_is_refused():
    assert _remapping("audio:=/mic") == ("audio", "/mic")
    with pytest.raises(ConfigurationError, match="FROM:=TO"):
        _remapping("audio=/mic")

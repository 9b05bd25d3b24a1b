"""`egoprog demo`: plays a recording through the live graph, prints the programs, writes a page of what came out.

Where there is a model that draws, two questions are asked about the last frame, and their answers written beside it.

The graph runs as it would on a robot, each node a process; this process only listens. Afterwards everything in the
output folder is made from the bag that the recorder wrote.
"""

from __future__ import annotations

import argparse
import os
import random
import shlex
import shutil
import sys
import threading
import time
from pathlib import Path
from typing import Any

import rclpy
from egoprog_msgs.action import ImagineAction
from egoprog_msgs.msg import ActionProgram, ProgramNode
from rclpy.action import ActionClient
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.task import Future
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text
from std_msgs.msg import Bool
from std_srvs.srv import Trigger

from egoprog.data.images import write_picture
from egoprog.data.recording import open_recording
from egoprog.errors import EgoprogError
from egoprog.lego.shipped import shipped_drawer
from egoprog.live.overlay import captioned
from egoprog.program import sub_action_text
from egoprog.report.command import write_report
from egoprog.report.recognition import Recognition
from egoprog_ros.convert import message_to_program
from egoprog_ros.images import image_to_rgb
from egoprog_ros.imaginer import ACTION
from egoprog_ros.qos import profile
from egoprog_ros.stamps import duration_to_seconds, to_seconds
from egoprog_ros.up import running_graph

DRAIN_S = 1.0  # after the last sample was published, until the nodes are ended in order
SHUTDOWN_S = 30.0
ANSWER_S = 60.0  # longest wait for an answer
QUESTION = "How do I open the drawer?"
SIMULATED_SECONDS = 26.0  # about: the last action is done to its end
SIMULATED_SEED = 20  # somebody fills a bottle at the tap and drinks


class Watcher(Node):
    """Prints every revision as it is published and notes when the recording has been played."""

    def __init__(self, console: Console):
        super().__init__("demo")
        self.is_finished = threading.Event()
        self.num_programs = 0
        self.num_revisions = 0
        self._console = console
        self._first_start_s: float | None = None
        self._last_step = ""
        self.last_program: ActionProgram | None = None
        self.imagine = ActionClient(self, ImagineAction, ACTION)
        self.create_subscription(ActionProgram, "program", self._print, profile("latched"))
        self.create_subscription(Bool, "source/finished", self._note_end, profile("latched"))
        self.shutdown = self.create_client(Trigger, "manager/shutdown")

    def _note_end(self, message: Bool) -> None:
        if message.data:
            self.is_finished.set()

    def _print(self, message: ActionProgram) -> None:
        self.num_revisions += 1
        self.last_program = message
        if self._first_start_s is None:
            self._first_start_s = to_seconds(message.start)
        now_s = to_seconds(message.header.stamp) - self._first_start_s
        program = message_to_program(message)
        steps = [sub_action_text(step) for step in program.sub_actions()]
        step = steps[-1] if steps else ""
        if step != self._last_step:
            self._last_step = step
            line = Text(f"{now_s:7.2f} s  {message.name} r{message.revision}  ")
            line.append(step, style="bold")
            self._console.print(line, soft_wrap=True)
        if message.complete:
            self.num_programs += 1
            verdict = "valid in the world model" if message.valid else f"invalid: {message.why_not}"
            self._console.rule(f"{message.name}: {verdict}", align="left", style="green" if message.valid else "red")
            self._console.print(Text(message.text.rstrip()), soft_wrap=True)
            self._console.print(Text(f"({message.provenance})", style="dim"), soft_wrap=True)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--input", default="", metavar="RECORDING", help="a video, a folder of frames or a rosbag2")
    parser.add_argument("--out", type=Path, default=Path("out/demo"), help="output folder (default %(default)s)")
    parser.add_argument(
        "--seed",
        type=int,
        default=SIMULATED_SEED,
        help="of the simulated episode, without --input (default %(default)s)",
    )
    parser.add_argument("--model", default="", metavar="FOLDER", help="an exported model, if not the one that ships")
    parser.add_argument(
        "--imaginer-model", default="", metavar="FOLDER", help="an exported model that draws, if not the one that ships"
    )
    parser.add_argument("--log-level", default="warn", choices=("debug", "info", "warn", "error"))


def run(arguments: argparse.Namespace) -> int:
    console = Console(highlight=False)
    folder: Path = arguments.out
    folder.mkdir(parents=True, exist_ok=True)
    path = Path(arguments.input) if arguments.input else simulated_recording(folder, arguments.seed, console)
    duration_s = open_recording(path).duration_s  # before any process starts, so that a bad path costs nothing
    console.print(f"playing {path} ({duration_s:.1f} s) through the live graph")
    bag = folder / "bag"
    shutil.rmtree(bag, ignore_errors=True)
    play(path, bag, duration_s, arguments.log_level, console, arguments.model, arguments.imaginer_model)
    console.print("making the page")
    report = write_report(bag, folder, path.name, shlex.join(["egoprog", *sys.argv[1:]]))
    console.rule(style="dim")
    console.print(f"{len(report.programs)} programs over {report.duration_s:.1f} s")
    print_recognition(report.recognition, console)
    for name in ("index.html", "overlay.mp4", "programs.txt", "programs.json", "bag"):
        console.print(f"  {folder / name}", soft_wrap=True)
    return 0 if report.programs else 1


def print_recognition(found: Recognition, console: Console) -> None:
    """How often the network was right; nothing where no model ran or nobody knew what was done."""
    if not found.rates:
        return
    table = Table("action", *(Column(name, justify="right") for name in ("judged", "verb", "noun", "action", "top 5")))
    for rate in found.rates:
        shares = (rate.verb, rate.noun, rate.action, rate.top5)
        table.add_row(rate.name, str(rate.num), *(f"{100 * share:.0f} %" for share in shares))
    console.print(table)


def simulated_recording(folder: Path, seed: int, console: Console) -> Path:
    """An episode of the simulated kitchen; kept, since the same seed gives the same one."""
    path = folder / f"simulated_{seed}.mp4"
    if not path.exists():
        from egoprog.sim.record import record  # renders with MuJoCo, which a demo on a recording does not need

        console.print(f"no recording given: recording the simulated kitchen, {path}", soft_wrap=True)
        record(path, seed=seed, seconds=SIMULATED_SECONDS)
    return path


def play(
    path: Path,
    bag: Path,
    duration_s: float,
    log_level: str,
    console: Console,
    model: str = "",
    imaginer_model: str = "",
) -> None:
    """Runs the graph on the recording until it has been played and everything of it has been written down.

    The answers to the questions at its end are written beside the bag.
    """
    # a domain of its own, so that a demo and a robot beside it do not hear each other
    os.environ.setdefault("ROS_DOMAIN_ID", str(random.SystemRandom().randrange(1, 100)))
    os.environ.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    rclpy.init(args=[])
    watcher = Watcher(console)
    executor = SingleThreadedExecutor()
    executor.add_node(watcher)
    spinner = threading.Thread(target=spin, args=(executor,), daemon=True)
    spinner.start()
    try:
        options = {
            "input": str(path.resolve()),
            "record": str(bag.resolve()),
            "log_level": log_level,
            "model": model,
            "imaginer_model": imaginer_model,
            # the overlay is written down compressed; raw it would be 30 MB a second
            "parameters": {
                "recorder": {"exclude": ["*/overlay", "*/overlay/imagined"], "truth": True},
                "imaginer": {"max_frame_age_s": ANSWER_S},  # the last frame of the recording stays the latest
            },
        }
        with running_graph(say=lambda line: say(line, console), **options):
            if not watcher.is_finished.wait(duration_s * 1.5 + 30.0):
                raise EgoprogError(f"expected {path} to be played within {duration_s * 1.5 + 30:.0f} s, it was not")
            time.sleep(DRAIN_S)
            if imaginer_model or shipped_drawer() is not None:
                ask_questions(watcher, bag.parent, console)
            else:
                console.print(
                    "no question is asked: no model that draws ships; python -m export.lego makes one", style="yellow"
                )
            done = threading.Event()
            watcher.shutdown.call_async(Trigger.Request()).add_done_callback(lambda _: done.set())
            if not done.wait(SHUTDOWN_S):
                raise EgoprogError(f"expected the nodes to end in order within {SHUTDOWN_S:.0f} s, they did not")
    finally:
        executor.shutdown(timeout_sec=1.0)
        rclpy.try_shutdown()
        spinner.join(2.0)


def ask_questions(watcher: Watcher, folder: Path, console: Console) -> None:
    """A free question, then a step of the last program; each answer becomes a picture in the folder."""
    goals = [ImagineAction.Goal(question=QUESTION, seed=0)]
    program = watcher.last_program
    steps = (
        [node for node in program.nodes if node.kind == ProgramNode.KIND_SUB_ACTION and node.args] if program else []
    )
    if steps:
        step = {"program_id": program.program_id, "revision": program.revision, "node_id": steps[-1].id}
        goals.append(ImagineAction.Goal(use_program_step=True, seed=0, **step))
    for number, goal in enumerate(goals, start=1):
        asked = goal.question or f"How is the last step of {program.name} done?"
        console.rule(Text(asked), align="left")
        result = answer(watcher, goal)
        if result is None:
            console.print(f"expected an answer within {ANSWER_S:.0f} s, there was none", style="red")
        elif result.error_code != ImagineAction.Result.NONE:
            console.print(Text(result.error_msg, style="red"), soft_wrap=True)
        else:
            path = folder / f"answer_{number}.png"
            picture = captioned(image_to_rgb(result.image), asked, result.enriched_description, result.error_msg)
            write_picture(path, picture)
            console.print(Text(" ".join(filter(None, (result.enriched_description, result.error_msg)))), soft_wrap=True)
            told = f"{path} ({result.steps} steps, {duration_to_seconds(result.elapsed):.1f} s, {result.model})"
            console.print(Text(told, style="dim"), soft_wrap=True)


def answer(watcher: Watcher, goal: ImagineAction.Goal) -> ImagineAction.Result | None:
    """None where none came, or the goal was rejected."""
    end_s = time.monotonic() + ANSWER_S
    if not watcher.imagine.wait_for_server(ANSWER_S):
        return None
    handle = _waited(watcher.imagine.send_goal_async(goal), end_s)
    if handle is None or not handle.accepted:
        return None
    answered = _waited(handle.get_result_async(), end_s)
    return None if answered is None else answered.result


def _waited(future: Future, end_s: float) -> Any:
    """What a future that another thread fulfils brings; None where it takes longer than until end_s, monotonic."""
    is_done = threading.Event()
    future.add_done_callback(lambda _: is_done.set())
    return future.result() if is_done.wait(max(0.0, end_s - time.monotonic())) else None


def spin(executor: SingleThreadedExecutor) -> None:
    try:
        executor.spin()
    except ExternalShutdownException:
        return


def say(line: str, console: Console) -> None:
    """Passes on what a person should see of the nodes' output."""
    console.print(Text(line, style="dim"), soft_wrap=True)

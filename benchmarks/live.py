"""LEAP's network live with the whole graph up: the rate that it holds, and how long from an image to its prediction.

python -m benchmarks live

The shipped model, or the folder that EGOPROG_MODEL names, for a minute of images of 640x480 at 30 Hz. Latency is from
an image's arrival at the node to the publication of what rests on it, models included. "alone" is one thread of this
process, before the graph is started.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import rclpy
from egoprog_msgs.msg import Anticipation, SubActionPrediction
from egoprog_ros.qos import profile
from egoprog_ros.stamps import to_seconds

from benchmarks.graph import Ears, watch_graph
from egoprog.errors import ModelError
from egoprog.leap.live import StreamRecogniser
from egoprog.leap.shipped import shipped_model

NUM_TICKS = 100
RATE_HZ = 10.0


class PredictionEars(Ears):
    """Keeps the stamps and latencies of all predictions, too."""

    def __init__(self) -> None:
        super().__init__()
        self.stamps_s: list[float] = []
        self.latencies_s: list[float] = []
        self.model_s: list[float] = []
        self.anticipations_s: list[float] = []  # from the arrival of the evidence to the anticipation
        self.create_subscription(SubActionPrediction, "sub_actions", self._prediction, profile("reliable"))
        self.create_subscription(Anticipation, "anticipation", self._anticipation, profile("reliable"))

    def _prediction(self, message: SubActionPrediction) -> None:
        self.stamps_s.append(to_seconds(message.header.stamp))
        self.latencies_s.append(to_seconds(message.timing.published) - to_seconds(message.timing.arrived))
        self.model_s.append(message.timing.model_s)

    def _anticipation(self, message: Anticipation) -> None:
        if message.timing.arrived.sec:
            self.anticipations_s.append(to_seconds(message.timing.published) - to_seconds(message.timing.arrived))


def measure() -> dict[str, Any]:
    """Figures of the model alone and of the graph. Raises ModelError where no model ships."""
    folder = os.environ.get("EGOPROG_MODEL") or shipped_model()
    if folder is None:
        raise ModelError("expected a shipped model, found none; export one and name its folder in EGOPROG_MODEL")
    figures = {f"alone: {name}": value for name, value in alone(Path(folder)).items()}
    return figures | {f"graph: {name}": value for name, value in in_graph(Path(folder)).items()}


def alone(folder: Path) -> dict[str, Any]:
    """Milliseconds of a tick, and of the processor, without the graph."""
    recogniser = StreamRecogniser.open(folder, ("onnxruntime",), num_threads=1)
    frames = np.random.default_rng(0).integers(0, 255, (10, 256, 456, 3), dtype=np.uint8)
    ticks_ms, used_s = [], time.process_time()
    for k in range(NUM_TICKS):
        began_s = time.perf_counter()
        recogniser.push(frames[k % len(frames)], k / RATE_HZ)
        ticks_ms.append((time.perf_counter() - began_s) * 1e3)
    used_s = time.process_time() - used_s
    return {
        "tick_median_ms": round(statistics.median(ticks_ms), 2),
        "tick_p99_ms": round(float(np.percentile(ticks_ms, 99)), 2),
        "tick_processor_ms": round(used_s / NUM_TICKS * 1e3, 2),
    }


def in_graph(folder: Path) -> dict[str, Any]:
    """Rates and latencies with all nodes up."""
    os.environ["ROS_DOMAIN_ID"] = "96"
    os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
    with tempfile.TemporaryDirectory() as scratch:
        recording = Path(scratch) / "recording.mp4"
        subprocess.run([sys.executable, "-m", "egoprog.cli", "sim", "record", str(recording)], check=True)
        rclpy.init(args=[])
        ears = PredictionEars()
        command = ["up", "--input", str(recording), "--loop", "--model", str(folder.resolve())]
        figures = watch_graph(ears, command)
    return {**summary(ears), **figures}


def summary(ears: PredictionEars) -> dict[str, Any]:
    latencies_ms = np.array(ears.latencies_s) * 1e3
    diagnostics = ears.status.get("recogniser", {})
    return {
        "num_predictions": len(ears.stamps_s),
        "rate_hz": round((len(ears.stamps_s) - 1) / (ears.stamps_s[-1] - ears.stamps_s[0]), 2),
        "latency_median_ms": round(float(np.median(latencies_ms)), 1),
        "latency_p99_ms": round(float(np.percentile(latencies_ms, 99)), 1),
        "model_median_ms": round(statistics.median(ears.model_s) * 1e3, 1),
        "frames_stood_in": int(diagnostics.get("frames stood in", 0)),
        "anticipation_median_ms": round(statistics.median(ears.anticipations_s) * 1e3, 1),
        "program_overhead_median_ms": round(statistics.median(overhead_s for overhead_s, _ in ears.programs) * 1e3, 2),
        "recogniser_diagnostics": diagnostics,
    }

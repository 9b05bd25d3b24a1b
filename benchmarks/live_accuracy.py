"""How often LEAP's network is right live, over five minutes with the whole graph up, and offline on the same frames.

python -m benchmarks live_accuracy

The shipped model, or the folder that EGOPROG_MODEL names, on an episode of the simulated kitchen of a person and a
kitchen that no training has seen. Live is what came out on `sub_actions`; offline is every tick of the same video, by
one process that misses none. Both are judged in every frame of an action.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from egoprog.data.recording import open_recording
from egoprog.data.samples import Frame
from egoprog.errors import ModelError
from egoprog.leap.live import StreamRecogniser
from egoprog.leap.prediction import Prediction
from egoprog.leap.shipped import shipped_model
from egoprog.report.recognition import Rate, Told, recognition
from egoprog.report.run import read_run

SEED = 24
"""Shows P938, who is held out in every recipe."""
LENGTH_S = 300.0
IN_EVERY_FRAME = "seen, in every frame of an action"


def measure() -> dict[str, Any]:
    """Shares of hits, live and offline, and their difference in points. Raises ModelError where no model ships."""
    folder = os.environ.get("EGOPROG_MODEL") or shipped_model()
    if folder is None:
        raise ModelError("expected a shipped model, found none; export one and name its folder in EGOPROG_MODEL")
    with tempfile.TemporaryDirectory() as scratch:
        video, out = Path(scratch, "episode.mp4"), Path(scratch, "demo")
        egoprog = [sys.executable, "-m", "egoprog.cli"]
        length = ("--seconds", str(LENGTH_S), "--seed", str(SEED))
        subprocess.run([*egoprog, "sim", "record", str(video), *length], check=True)
        subprocess.run(
            [*egoprog, "demo", "--input", str(video), "--out", str(out), "--model", str(Path(folder).resolve())],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        run = read_run(out / "bag")
        live = _rate(run.recognition.rates)
        offline = _rate(recognition(run.actions, offline_of(Path(folder), video), ()).rates)
    points = {name: round(100 * (vars(live)[name] - vars(offline)[name]), 2) for name in ("verb", "noun", "action")}
    return {
        "seconds": round(run.duration_s, 1),
        "num_actions": len(run.actions),
        "live": asdict(live),
        "offline": asdict(offline),
        "live_less_offline_points": points,
    }


def offline_of(folder: Path, video: Path) -> list[Told]:
    """What is told at every tick of a video."""
    recogniser = StreamRecogniser.open(folder, ("onnxruntime",), num_threads=1)
    told = []
    with open_recording(video) as recording:
        for sample in recording.samples():
            said = recogniser.push(sample.image, sample.stamp_s) if isinstance(sample, Frame) else None
            if said is not None and said[0] is not None:
                told.append(_told(said[0]))
    return told


def _told(present: Prediction) -> Told:
    return Told(present.stamp_s, tuple(((action.verb, action.noun), action.logit) for action in present.actions))


def _rate(rates: Sequence[Rate]) -> Rate:
    return next(rate for rate in rates if rate.name == IN_EVERY_FRAME)

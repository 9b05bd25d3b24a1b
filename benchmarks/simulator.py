"""The simulated kitchen: how fast it draws and records, and whether networks trained on real data see and hear in it.

    python -m benchmarks simulator

Frames are drawn at 224x224, without their encoding; two processes draw two people's episodes at once. The hour of
activity is recorded as `egoprog sim record` does it, in part, and scaled. The hand detector looks at frames in which a
hand covers over 2% of the picture; the sound tagger at EPIC-SOUNDS segments of tap and pouring.
"""

from __future__ import annotations

import multiprocessing
import os
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("LP_NUM_THREADS", "1")  # software rendering: one thread a process

import cv2
import numpy as np

from egoprog.describe.hands import HandDetector
from egoprog.describe.yamnet import PATCH_S, SAMPLE_RATE, Yamnet, to_model_rate
from egoprog.sim import sound, truth
from egoprog.sim.dataset import Settings, record_dataset
from egoprog.sim.lens import Camera
from egoprog.sim.record import act, episode, sound_of

SEED = 900
SIDE_PX = 224
NUM_FRAMES = 300
NUM_PEOPLE = 8
NUM_RECORDED = 4
RECORDED_S = 90.0
LEAST_HAND_SHARE = 0.02
LOOK_EVERY = 6
"""Frames from one that the hand detector looks at to the next: 5 Hz, as on the live graph."""
WET = frozenset(
    {"Water", "Water tap, faucet", "Sink (filling or washing)", "Bathtub (filling or washing)", "Liquid", "Stream"}
    | {
        "Splash, splatter",
        "Spray",
        "Gush",
        "Slosh",
        "Drip",
        "Pour",
        "Fill (with liquid)",
        "Trickle, dribble",
        "Gurgling",
    }
)
"""AudioSet's classes that count as water; of `egoprog.describe`'s words "water" and "pour"."""


def frames_per_s(number: int, start: Any = None) -> float:
    """Frames that one process draws in a second. start: a barrier at which it waits for the others."""
    performance = act(episode(SEED, number, 20.0))
    stamps_s = truth.frame_stamps_s(performance.duration_s)[60 : 60 + NUM_FRAMES]
    with Camera(performance.kitchen, SIDE_PX, SIDE_PX) as camera:
        camera.picture(performance.at(0.0))
        if start is not None:
            start.wait(300)
        began_s = time.perf_counter()
        for stamp_s in stamps_s:
            camera.picture(performance.at(float(stamp_s)))
        return len(stamps_s) / (time.perf_counter() - began_s)


def _draw(number: int, start: Any, rates: Any) -> None:
    rates.put(frames_per_s(number, start))


def frames_per_s_of_two() -> float:
    """The sum over two processes that draw at once."""
    context = multiprocessing.get_context("spawn")
    start, rates = context.Barrier(2), context.Queue()
    processes = [context.Process(target=_draw, args=(number, start, rates)) for number in range(2)]
    for process in processes:
        process.start()
    total = sum(rates.get(timeout=600) for _ in processes)
    for process in processes:
        process.join()
    return total


def minutes_per_hour() -> float:
    """Minutes in which two workers record an hour of activity, with annotations, at 456x256."""
    with tempfile.TemporaryDirectory() as folder:
        began_s = time.perf_counter()
        video_ids = record_dataset(
            Path(folder) / "out", NUM_RECORDED, Settings(SEED, RECORDED_S), workers=2, show_progress=False
        )
        took_s = time.perf_counter() - began_s
        recorded_s = sum(_length_s(Path(folder) / "out", video_id) for video_id in video_ids)
    return 60 * took_s / recorded_s


def _length_s(root: Path, video_id: str) -> float:
    capture = cv2.VideoCapture(str(root / video_id.partition("_")[0] / "videos" / f"{video_id}.mp4"))
    return capture.get(cv2.CAP_PROP_FRAME_COUNT) / truth.RATE_HZ


def hands_and_water() -> dict[str, Any]:
    """What the packaged hand detector and the packaged sound tagger make of NUM_PEOPLE people's episodes."""
    found, wet, shares = [], [], {}
    tagger = Yamnet()
    is_wet = np.array([name in WET for name in tagger.classes])
    for number in range(NUM_PEOPLE):
        performance = act(episode(SEED, number, 60.0))
        own = _hands_found(performance)
        found += own
        if own:
            shares[performance.activity.participant.id] = round(float(np.mean(own)), 3)
        samples = to_model_rate(sound_of(performance), sound.SAMPLE_RATE)
        for segment in truth.sounds(performance, "P901_01"):
            if segment.class_name in ("water", "pour") and segment.stop_s - segment.start_s > 0.5:
                middle_s = (segment.start_s + segment.stop_s - PATCH_S) / 2
                start = max(round(middle_s * SAMPLE_RATE), 0)
                scores = tagger.scores(samples[start : start + round(PATCH_S * SAMPLE_RATE) + 352])
                wet.append(bool(is_wet[np.argsort(scores)[-5:]].any()))
    return {
        "hand_found_share": float(np.mean(found)) if found else None,
        "hand_found_num_frames": len(found),
        "hand_found_by_participant": shares,
        "water_in_top_5_share": float(np.mean(wet)) if wet else None,
        "water_num_segments": len(wet),
    }


def _hands_found(performance: Any) -> list[bool]:
    """Whether the detector finds a hand, for each frame in which one covers enough of the picture."""
    found = []
    stamps_s = truth.frame_stamps_s(performance.duration_s)[::LOOK_EVERY]
    with Camera(performance.kitchen, seed=performance.activity.seed) as camera, HandDetector() as detector:
        for stamp_s in map(float, stamps_s):
            moment = performance.at(stamp_s)
            hands = detector.detect(stamp_s, camera.picture(moment))
            labels, names = camera.labels(moment, camera.width_px // 2, camera.height_px // 2)
            counts = np.bincount(labels.ravel(), minlength=len(names)) / labels.size
            share = max(count for name, count in zip(names, counts, strict=True) if name.endswith(" hand"))
            if share > LEAST_HAND_SHARE:
                found.append(bool(hands))
    return found


def measure() -> dict[str, Any]:
    """Figures; frames a second, minutes, shares of 1."""
    one, two = frames_per_s(0), frames_per_s_of_two()
    return {
        "frames_per_s_one_process": one,
        "frames_per_s_two_processes": two,
        "two_over_one": two / one,
        "minutes_to_record_an_hour": minutes_per_hour(),
        **hands_and_water(),
    }

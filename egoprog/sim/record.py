"""Records an episode: frames and sound in one MP4, and beside it what a tracker, a narrator and the truth say."""

from __future__ import annotations

import csv
import sys
import tempfile
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from egoprog.data import write_programs
from egoprog.errors import RecordingError
from egoprog.program.printer import to_text
from egoprog.sim import truth
from egoprog.sim.activity import make_activity
from egoprog.sim.actor import perform
from egoprog.sim.lens import Camera
from egoprog.sim.participants import NUM_PARTICIPANTS, participant, stranger
from egoprog.sim.performance import Performance
from egoprog.sim.scene import Kitchen
from egoprog.sim.sound import SAMPLE_RATE, mix
from egoprog.sim.truth import RATE_HZ, frame_stamps_s
from egoprog.sim.types import Activity, Participant

SIZE_PX = (640, 480)
TRUTH_HEADER = "# TRUTH of a simulated recording: the programs that were acted. For scoring only.\n"
SIDECARS = (".poses.csv", ".narrations.csv", ".truth.prog", ".truth.jsonl")


def who(seed: int, number: int, strangers: bool = False) -> Participant:
    """Whom an episode shows: the first 48 episodes of a seed show 48 people. strangers: each one somebody else."""
    if strangers:
        return stranger(number)
    order = np.random.default_rng([seed, 21]).permutation(NUM_PARTICIPANTS)
    return participant(int(order[number % NUM_PARTICIPANTS]))


def episode(
    seed: int = 0, number: int = 0, seconds: float = 180.0, tasks: Iterable[str] = (), strangers: bool = False
) -> Activity:
    """What is done in one episode. number: of the episode in a recording. Raises as `make_activity`."""
    activity_seed = int(np.random.default_rng([seed, number, 22]).integers(2**31))
    return make_activity(who(seed, number, strangers), activity_seed, seconds, tuple(tasks))


def act(activity: Activity) -> Performance:
    """The activity acted in its kitchen. Raises ModelError where MuJoCo is missing."""
    return perform(activity, Kitchen(activity.plan, activity.participant))


def write_video(
    path: Path,
    pictures: Iterable[NDArray[np.uint8]],
    samples: NDArray[np.float32],
    size_px: tuple[int, int],
    rate_hz: float = RATE_HZ,
) -> None:
    """H.264 and mono AAC in one MP4. pictures: (H, W, 3) RGB. samples: (N,) at SAMPLE_RATE.

    The encoder runs in one thread: the same pictures give the same file on every machine.
    """
    rate = Fraction(rate_hz).limit_denominator(1001)
    with av.open(str(path), "w") as container:
        options = {"crf": "21", "preset": "superfast", "threads": "1"}
        video = container.add_stream("libx264", rate=rate, options=options)
        video.width, video.height = size_px
        video.pix_fmt = "yuv420p"
        # the default coder takes seven times as long, a fifth of a whole recording, and is no closer to the sound
        audio = container.add_stream("aac", rate=SAMPLE_RATE, layout="mono", options={"aac_coder": "fast"})
        audio.bit_rate = 96_000
        written = 0

        def write_sound(until: int) -> None:
            nonlocal written
            block = samples[written:until]
            if len(block):
                frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(block[None]), format="fltp", layout="mono")
                frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE, written, Fraction(1, SAMPLE_RATE)
                container.mux(audio.encode(frame))
                written += len(block)

        for order, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = order, 1 / rate
            container.mux(video.encode(frame))
            write_sound(round((order + 1) * SAMPLE_RATE / rate))
        write_sound(len(samples))
        container.mux(video.encode())
        container.mux(audio.encode())


def write_poses(path: Path, performance: Performance) -> None:
    """The head camera's poses, camera to world, one a frame: x right, y down, z ahead."""
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["stamp_s", "x", "y", "z", "qx", "qy", "qz", "qw"])
        for pose in truth.poses(performance):
            rows.writerow([f"{x:.6f}" for x in (pose.stamp_s, *pose.position_m, *pose.quaternion_xyzw)])


def write_narrations(path: Path, performance: Performance) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["start", "stop", "text"])
        for line in truth.narrations(performance):
            rows.writerow([f"{line.start_s:.2f}", f"{line.stop_s:.2f}", line.text])


def record(
    out: Path,
    seed: int = 0,
    seconds: float = 30.0,
    size_px: tuple[int, int] = SIZE_PX,
    tasks: Iterable[str] = (),
    number: int = 0,
    show_progress: bool = True,
) -> list[Path]:
    """Records one episode as OUT, NAME.mp4, with NAME.poses.csv, .narrations.csv, .truth.prog, .truth.jsonl beside it.

    Returns their paths, the video's last. All are written in a folder beside OUT and moved into place when they are
    whole. Raises RecordingError where OUT can't be written, ModelError where the machine can't render, and as
    `episode` for what can't be acted.
    """
    out = Path(out)
    if out.suffix.lower() != ".mp4":
        raise RecordingError(f"expected a file NAME.mp4 to record to, got {out}")
    if out.is_dir():
        raise RecordingError(f"expected a file to record to, {out} is a folder")
    if not out.parent.is_dir():
        raise RecordingError(f"expected a folder {out.parent} to record in, found none; make it first")
    performance = act(episode(seed, number, seconds, tasks))
    try:
        with tempfile.TemporaryDirectory(prefix=".recording-", dir=out.parent) as folder:
            video = Path(folder, out.name)
            poses, narrations, programs, lines = (video.with_suffix(suffix) for suffix in SIDECARS)
            write_poses(poses, performance)
            write_narrations(narrations, performance)
            clips = truth.clips(performance, out.stem)
            programs.write_text(TRUTH_HEADER + "\n".join(to_text(clip.program) for clip in clips), encoding="utf-8")
            write_programs(lines, clips)
            with Camera(performance.kitchen, *size_px, seed=performance.activity.seed) as camera:
                ticks = tqdm(
                    frame_stamps_s(performance.duration_s),
                    desc=f"recording {out.name}",
                    unit="frame",
                    mininterval=0.1 if sys.stderr.isatty() else 10.0,  # a log needs no bar ten times a second
                    disable=not show_progress,
                )
                pictures = (camera.picture(performance.at(stamp_s)) for stamp_s in ticks)
                write_video(video, pictures, sound_of(performance), size_px)
            # The video goes last: where it is, the rest is.
            return [path.replace(out.with_name(path.name)) for path in (poses, narrations, programs, lines, video)]
    except (OSError, av.FFmpegError) as error:
        reason = getattr(error, "strerror", None) or error
        raise RecordingError(f"can't record to {out}: {reason}; nothing was left there") from error


def sound_of(performance: Performance) -> NDArray[np.float32]:
    """What is heard, (N,) at SAMPLE_RATE."""
    return mix(performance.sounds, performance.duration_s, performance.activity.seed)

"""Writes a performance down: a video with sound, the head's poses, the narrations, and the truth."""

from __future__ import annotations

import csv
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from egoprog.errors import RecordingError
from egoprog.program.printer import to_text
from egoprog.sim.activity import fill_mug, narrate
from egoprog.sim.actor import Performance, perform
from egoprog.sim.gl import load_mujoco
from egoprog.sim.pose import Pose
from egoprog.sim.scene import Kitchen
from egoprog.sim.sound import SAMPLE_RATE, mix

WIDTH_PX, HEIGHT_PX, RATE_HZ = 640, 480, 30
TRUTH_HEADER = "# TRUTH of a simulated recording: the program that was acted. For scoring only.\n"
# MuJoCo's camera has y up and looks along -z; poses are written with y down, looking along z, as ROS and COLMAP do.
_OPTICAL = Pose(np.zeros(3), np.diag([1.0, -1.0, -1.0]))


@dataclass(frozen=True)
class Lens:
    """What a worn camera adds to a clean picture.

    sharpness: pixels that are rendered along a side, as a share of the picture's: optics resolve less than the sensor
    has, and software rendering takes its time per pixel. noise: of the sensor, of 255. vignette: share of the light
    that is lost in the corners.
    """

    sharpness: float = 0.75
    noise: float = 2.2
    vignette: float = 0.16


class Camera:
    """A head camera in a kitchen: renders moments of a performance. Use it in a `with` block, it holds a GL context.

    Raises ModelError where the machine can't render.
    """

    def __init__(self, performance: Performance, lens: Lens | None = None, seed: int = 0):
        self._performance = performance
        self._lens = lens or Lens()
        self._rng = np.random.default_rng([seed, 7])
        size_px = round(HEIGHT_PX * self._lens.sharpness), round(WIDTH_PX * self._lens.sharpness)
        self._renderer = load_mujoco().Renderer(performance.kitchen.model, *size_px)
        y, x = np.mgrid[-1 : 1 : HEIGHT_PX * 1j, -1 : 1 : WIDTH_PX * 1j]
        light = 1 - self._lens.vignette * (x**2 + y**2) / 2
        self._light = np.repeat(light[..., None], 3, axis=-1).astype(np.float32)
        # One sheet of noise, taken at another place for each frame: fresh noise costs more than the rendering.
        self._grain = self._rng.normal(0, self._lens.noise, (HEIGHT_PX + 64, WIDTH_PX + 64, 3)).astype(np.float32)

    def __enter__(self) -> Camera:
        return self

    def __exit__(self, *_) -> None:
        self._renderer.close()

    def picture(self, stamp_s: float) -> NDArray[np.uint8]:
        """What the camera sees at a time: (480, 640, 3), RGB."""
        kitchen = self._performance.kitchen
        kitchen.show(self._performance.at(stamp_s))
        self._renderer.update_scene(kitchen.data, "head")
        # The median takes out the single dark pixels that a coarse shadow map leaves on round things.
        clean = cv2.medianBlur(self._renderer.render(), 3)
        clean = cv2.resize(clean, (WIDTH_PX, HEIGHT_PX), interpolation=cv2.INTER_CUBIC)
        row, column = self._rng.integers(0, 64, 2)
        grain = self._grain[row : row + HEIGHT_PX, column : column + WIDTH_PX]
        return cv2.add(cv2.multiply(clean, self._light, dtype=cv2.CV_32F), grain, dtype=cv2.CV_8U)

    def hand_share(self, stamp_s: float) -> float:
        """The share of the picture that the larger of the two hands covers, without its forearm, 0 to 1."""
        kitchen, mujoco = self._performance.kitchen, load_mujoco()
        kitchen.show(self._performance.at(stamp_s))
        self._renderer.enable_segmentation_rendering()
        try:
            self._renderer.update_scene(kitchen.data, "head")
            labels = self._renderer.render()
        finally:
            self._renderer.disable_segmentation_rendering()
        is_skin = labels[..., 1] == mujoco.mjtObj.mjOBJ_SKIN
        return max(float((is_skin & (labels[..., 0] == k)).mean()) for k in range(kitchen.model.nskin))


def frame_stamps_s(duration_s: float) -> NDArray[np.float64]:
    return np.arange(round(duration_s * RATE_HZ)) / RATE_HZ


def write_video(path: Path, pictures: Iterator[NDArray[np.uint8]], samples: NDArray[np.float32]) -> None:
    """H.264 at RATE_HZ and mono AAC in one MP4. pictures: (H, W, 3) RGB. samples: (N,) at SAMPLE_RATE."""
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=RATE_HZ, options={"crf": "22", "preset": "superfast"})
        video.width, video.height, video.pix_fmt = WIDTH_PX, HEIGHT_PX, "yuv420p"
        audio = container.add_stream("aac", rate=SAMPLE_RATE, layout="mono")
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
            frame.pts, frame.time_base = order, Fraction(1, RATE_HZ)
            container.mux(video.encode(frame))
            write_sound(round((order + 1) * SAMPLE_RATE / RATE_HZ))
        write_sound(len(samples))
        container.mux(video.encode())
        container.mux(audio.encode())


def write_poses(path: Path, performance: Performance) -> None:
    """The head camera's poses, camera to world, one a frame: x right, y down, z ahead."""
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["stamp_s", "x", "y", "z", "qx", "qy", "qz", "qw"])
        for stamp_s in frame_stamps_s(performance.duration_s):
            pose = performance.camera(stamp_s) @ _OPTICAL
            rows.writerow([f"{stamp_s:.6f}", *(f"{x:.6f}" for x in (*pose.position_m, *pose.quaternion_xyzw))])


def write_narrations(path: Path, performance: Performance) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["start", "stop", "text"])
        for line in narrate(performance.program):
            rows.writerow([f"{line.start_s:.2f}", f"{line.stop_s:.2f}", line.text])


def record(out: Path, seed: int = 0, seconds: float = 24.0, show_progress: bool = True) -> list[Path]:
    """Acts a program in a simulated kitchen and records it.

    out: NAME.mp4; beside it come NAME.poses.csv, NAME.narrations.csv and NAME.truth.prog. Returns the four paths. All
    are written in a folder beside OUT and moved into place when they are whole.
    Raises RecordingError where OUT can't be written, ModelError where the machine can't render, ConfigurationError
    for a length that can't be acted.
    """
    out = Path(out)
    if out.suffix.lower() != ".mp4":
        raise RecordingError(f"expected a file NAME.mp4 to record to, got {out}")
    if out.is_dir():
        raise RecordingError(f"expected a file to record to, {out} is a folder")
    if not out.parent.is_dir():
        raise RecordingError(f"expected a folder {out.parent} to record in, found none; make it first")
    program = fill_mug(seed, seconds)
    try:
        with tempfile.TemporaryDirectory(prefix=".recording-", dir=out.parent) as folder:
            video = Path(folder, out.name)
            performance = perform(Kitchen(seed), program, seed)
            sidecars = {
                suffix: video.with_suffix(suffix) for suffix in (".poses.csv", ".narrations.csv", ".truth.prog")
            }
            write_poses(sidecars[".poses.csv"], performance)
            write_narrations(sidecars[".narrations.csv"], performance)
            sidecars[".truth.prog"].write_text(TRUTH_HEADER + to_text(program), encoding="utf-8")
            stamps_s = frame_stamps_s(program.stop_s)
            with Camera(performance, seed=seed) as camera:
                ticks = tqdm(
                    stamps_s,
                    desc=f"recording {out.name}",
                    unit="frame",
                    mininterval=0.1 if sys.stderr.isatty() else 10.0,  # a log needs no bar ten times a second
                    disable=not show_progress,
                )
                pictures = (camera.picture(stamp_s) for stamp_s in ticks)
                write_video(video, pictures, mix(performance.sounds, program.stop_s, seed))
            # The video goes last: where it is, the rest is.
            return [path.replace(out.with_name(path.name)) for path in (*sidecars.values(), video)]
    except (OSError, av.FFmpegError) as error:
        reason = getattr(error, "strerror", None) or error
        raise RecordingError(f"can't record to {out}: {reason}; nothing was left there") from error

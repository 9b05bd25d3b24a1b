"""What a recording is made of. All stamps are seconds on the recording's clock, which starts at 0."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from egoprog.describe.types import Narration
from egoprog.program.types import Program
from egoprog.world.state import WorldState


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One image. image: (H, W, 3) uint8, RGB, upright."""

    stamp_s: float
    image: np.ndarray


@dataclass(frozen=True, slots=True, eq=False)
class AudioBlock:
    """A stretch of sound. stamp_s: of the first sample. samples: (N, C) float32, full scale 1.0."""

    stamp_s: float
    sample_rate: int
    samples: np.ndarray


@dataclass(frozen=True, slots=True)
class PoseSample:
    """Where the head is: camera or device in a world whose axis `up_axis` of the extractor points up.

    position_m: x, y, z. quaternion_xyzw: rotation from the device's axes to the world's.
    """

    stamp_s: float
    position_m: tuple[float, float, float]
    quaternion_xyzw: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class ImuSample:
    """angular_velocity_rad_s and acceleration_m_s2: x, y, z in the sensor's axes."""

    stamp_s: float
    angular_velocity_rad_s: tuple[float, float, float]
    acceleration_m_s2: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class LostFrame:
    """A frame that was not made in time, of a recording that is made while it is played."""

    stamp_s: float


Sample: TypeAlias = Frame | AudioBlock | PoseSample | ImuSample | Narration | LostFrame


@dataclass(frozen=True, slots=True)
class Truth:
    """What really is from a time on, where somebody knows: for scoring alone, never an input of what observes.

    program: what is being done, its times those of the recording; None where nothing is. state: the world at that time.
    """

    stamp_s: float
    program: Program | None
    state: WorldState


@dataclass(frozen=True, slots=True)
class Intrinsics:
    """A pinhole camera with OpenCV's distortion (k1, k2, p1, p2). Lengths in pixels."""

    width_px: int
    height_px: int
    fx: float
    fy: float
    cx: float
    cy: float
    distortion: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)


def stamp_of(sample: Sample) -> float:
    """Seconds; a narration's is its start."""
    return sample.start_s if isinstance(sample, Narration) else sample.stamp_s

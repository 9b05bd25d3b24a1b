"""What a recording is made of. All stamps are seconds on the recording's clock, which starts at 0."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from egoprog.describe.types import Narration


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


Sample: TypeAlias = Frame | AudioBlock | PoseSample | ImuSample | Narration


def stamp_of(sample: Sample) -> float:
    """Seconds; a narration's is its start."""
    return sample.start_s if isinstance(sample, Narration) else sample.stamp_s

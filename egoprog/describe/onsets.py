"""Stretches of sound that stand out of the background: short-time energy over a running noise floor."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.signal import butter, sosfilt

FRAME_S = 0.01


@dataclass(frozen=True)
class OnsetConfig:
    """The band and the thresholds; the paper says "a low-pass filter" and gives no figures, these are ours.

    low_hz: below lie steps, wind and the rumble of a head-mounted microphone. high_hz: above lies mostly hiss; sounds
    of handling have their energy below 6 kHz.
    on_db, off_db: above the noise floor. min_level_db: of full scale; nothing quieter counts.
    hold_s: shorter pauses do not end a stretch. min_s: shorter stretches are no sound.
    rise_db_s: how fast the floor follows a louder background; it follows a quieter one within `fall_s`.
    """

    low_hz: float = 100.0
    high_hz: float = 6000.0
    on_db: float = 9.0
    off_db: float = 5.0
    min_level_db: float = -60.0
    hold_s: float = 0.12
    min_s: float = 0.01
    rise_db_s: float = 4.0
    fall_s: float = 0.15


class OnsetDetector:
    """Takes mono sound in blocks of any size; gives (start_s, stop_s) when a stretch has ended."""

    def __init__(self, sample_rate: int, start_s: float, config: OnsetConfig | None = None) -> None:
        self.config = config or OnsetConfig()
        self._rate = sample_rate
        self._start_s = start_s
        self._num_frames = 0
        high_hz = min(self.config.high_hz, 0.45 * sample_rate)
        self._sos = butter(4, (self.config.low_hz, high_hz), "bandpass", fs=sample_rate, output="sos")
        self._state = np.zeros((len(self._sos), 2))
        self._rest = np.zeros(0, np.float64)
        self._floor_db: float | None = None
        self._began: int | None = None  # frame
        self._last_loud = 0  # frame

    @property
    def running_since_s(self) -> float | None:
        """The onset of the stretch that has not ended yet."""
        return None if self._began is None else self._at(self._began)

    def push(self, samples: np.ndarray) -> list[tuple[float, float]]:
        """samples: (N,) following on those before."""
        filtered, self._state = sosfilt(self._sos, samples, zi=self._state)
        waiting = np.concatenate((self._rest, filtered))
        ended = []
        position = 0
        while position + (width := self._frame_width()) <= len(waiting):
            power = float(np.mean(np.square(waiting[position : position + width])))
            position += width
            ended += self._step(10.0 * math.log10(power + 1e-12))
        self._rest = waiting[position:]
        return ended

    def flush(self) -> list[tuple[float, float]]:
        """Ends the running stretch."""
        return self._end() if self._began is not None else []

    def _frame_width(self) -> int:
        """Samples of the next frame: 10 ms at any rate, each edge rounded for itself, so that frames never drift."""
        per_frame = self._rate * FRAME_S
        return round((self._num_frames + 1) * per_frame) - round(self._num_frames * per_frame)

    def _step(self, level_db: float) -> list[tuple[float, float]]:
        config, frame = self.config, self._num_frames
        self._num_frames += 1
        if self._floor_db is None:
            self._floor_db = max(level_db, config.min_level_db - config.on_db)
        floor_db = self._floor_db
        if level_db < floor_db:
            floor_db += (level_db - floor_db) * min(1.0, FRAME_S / config.fall_s)
        else:
            floor_db += min(level_db - floor_db, config.rise_db_s * FRAME_S)
        self._floor_db = max(floor_db, config.min_level_db - config.on_db)
        above_db = config.on_db if self._began is None else config.off_db
        if level_db > max(self._floor_db + above_db, config.min_level_db):
            if self._began is None:
                self._began = frame
            self._last_loud = frame
        elif self._began is not None and (frame - self._last_loud) * FRAME_S >= config.hold_s:
            return self._end()
        return []

    def _end(self) -> list[tuple[float, float]]:
        stretch = (self._at(self._began), self._at(self._last_loud + 1))
        self._began = None
        return [stretch] if stretch[1] - stretch[0] >= self.config.min_s - 1e-9 else []

    def _at(self, frame: int) -> float:
        return self._start_s + frame * FRAME_S

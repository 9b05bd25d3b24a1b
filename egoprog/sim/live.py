"""An episode of the simulated kitchen that is rendered while it is read, with the face of a recording."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterator
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from egoprog.data.epic_folder import truth_of
from egoprog.data.recording import Recording, SampleList
from egoprog.data.samples import AudioBlock, Frame, Intrinsics, LostFrame, Sample
from egoprog.errors import ConfigurationError, EgoprogError
from egoprog.sim.lens import Camera, intrinsics_of
from egoprog.sim.performance import Performance
from egoprog.sim.record import act, episode, sound_of
from egoprog.sim.sound import SAMPLE_RATE
from egoprog.sim.truth import clips, frame_stamps_s, narrations, poses

AHEAD_FRAMES = 6
"""Frames that are rendered before they are due."""
BLOCK_S = 0.1
FORM = "sim[:SEED[,number=N][,seconds=S][,width=PX][,height=PX]]"


@dataclass(frozen=True)
class LiveEpisode:
    """Which episode is played. seed, number: as `egoprog sim record` counts them. seconds: its length."""

    seed: int = 0
    number: int = 0
    seconds: float = 60.0
    width: int = 456
    height: int = 256

    @classmethod
    def parse(cls, text: str) -> LiveEpisode:
        """Reads FORM. Raises ConfigurationError that says what was expected."""
        kinds = {field.name: float if field.name == "seconds" else int for field in fields(cls)}
        values: dict[str, float] = {}
        head, _, rest = text.partition(":")
        for order, part in enumerate(rest.split(",") if rest else []):
            name, sign, value = part.partition("=")
            if not sign and order == 0:
                name, value = "seed", part
            try:
                values[name.strip()] = kinds[name.strip()](value)
            except (KeyError, ValueError):
                raise ConfigurationError(f"expected {FORM}, got {part!r} in {text!r}") from None
        if head != "sim" or any(value < 0 for value in values.values()):
            raise ConfigurationError(f"expected {FORM} with numbers from 0 on, got {text!r}")
        return cls(**values)


class SimRecording(Recording):
    """An episode as camera, sound, poses and narrations, with its truth. Read again, the next episode comes.

    Raises ConfigurationError for an episode that can't be acted; ModelError, where samples are read, if the machine
    can't render.
    """

    def __init__(self, which: LiveEpisode | None = None) -> None:
        super().__init__(Path("sim"), "sim")
        self._which = which or LiveEpisode()
        self._round = -1
        self._build()

    def _build(self) -> None:
        """Acts the next episode."""
        which = self._which
        self._round += 1
        activity = episode(which.seed, which.number + self._round, which.seconds)
        performance = act(activity)
        self.name = f"sim_{which.seed}_{which.number + self._round}_{activity.participant.id}"
        self._sources, self.duration_s = [], 0.0
        self._frames = RenderedFrames(performance, which)
        self.intrinsics = self._frames.intrinsics
        self.truth = truth_of(clips(performance, self.name))
        sound = SoundBlocks(sound_of(performance))
        self.add(self._frames, "camera", duration_s=performance.duration_s)
        self.add(sound, "audio")
        self.add(SampleList(list(poses(performance))), "pose")
        self.add(SampleList(list(narrations(performance))), "narration")
        self._is_read = False

    def samples(self) -> Iterator[Sample]:
        if self._is_read:
            self._build()
        self._is_read = True
        yield from super().samples()

    def catch_up(self, stamp_s: float) -> None:
        self._frames.wanted_from_s = stamp_s


class RenderedFrames:
    """Frames of a performance, rendered a little ahead by a thread of their own: a GL context belongs to one thread."""

    def __init__(self, performance: Performance, which: LiveEpisode) -> None:
        self.wanted_from_s = 0.0
        self._performance = performance
        self._which = which

    @property
    def intrinsics(self) -> Intrinsics:
        person, size_px = self._performance.activity.participant, (self._which.width, self._which.height)
        return Intrinsics(*size_px, *intrinsics_of(person, *size_px))

    def samples(self) -> Generator[Sample, None, None]:
        self.wanted_from_s = 0.0
        rendered: queue.Queue[Frame | LostFrame | EgoprogError | None] = queue.Queue(AHEAD_FRAMES)
        is_ending = threading.Event()
        thread = threading.Thread(target=self._render, args=(rendered, is_ending), name="render", daemon=True)
        thread.start()
        try:
            while (sample := rendered.get()) is not None:
                if isinstance(sample, EgoprogError):
                    raise sample
                yield sample
        finally:
            is_ending.set()
            while thread.is_alive():  # it may stand at a full queue
                while not rendered.empty():
                    rendered.get_nowait()
                thread.join(0.02)

    def _render(self, rendered: queue.Queue, is_ending: threading.Event) -> None:
        try:
            with Camera(self._performance.kitchen, self._which.width, self._which.height) as camera:
                for stamp_s in frame_stamps_s(self._performance.duration_s):
                    if is_ending.is_set():
                        return
                    if stamp_s < self.wanted_from_s:
                        rendered.put(LostFrame(stamp_s))
                    else:
                        rendered.put(Frame(stamp_s, camera.picture(self._performance.at(stamp_s))))
            rendered.put(None)
        except EgoprogError as error:
            rendered.put(error)


class SoundBlocks:
    """Sound in memory, in blocks of BLOCK_S. samples: (N,) at SAMPLE_RATE."""

    def __init__(self, samples: NDArray[np.float32]) -> None:
        self._samples = samples

    def samples(self) -> Generator[Sample, None, None]:
        size = round(BLOCK_S * SAMPLE_RATE)
        for start in range(0, len(self._samples), size):
            yield AudioBlock(start / SAMPLE_RATE, SAMPLE_RATE, self._samples[start : start + size, None])

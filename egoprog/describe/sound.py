"""The audio extractor: sounds of use, with their times (LEAP, section 3.1, "Audio Extractor").

As in the paper, a filter takes the background away and gives candidate events, and a tagger runs in a sliding window.
The tagger is the packaged YAMNet instead of SSAST, whose weights can't be had without a hub. Two ways lead to an event:

1. A short stretch that stands out of the background (`onsets`) is tagged in windows over itself.
2. A steady sound (running water, frying) has no onset to be found by: windows follow each other over all of the sound,
   and those in a row that agree on a word make one event, whose edges move to the onset or end of loudness nearby.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Protocol

import numpy as np
import yaml

from egoprog.data.samples import AudioBlock
from egoprog.describe.onsets import OnsetConfig, OnsetDetector
from egoprog.describe.types import SoundEvent
from egoprog.describe.yamnet import MODEL_NAME, PATCH_S, SAMPLE_RATE, Yamnet, to_model_rate
from egoprog.errors import AudioError, StampError

MIN_RATE, MAX_RATE = 4000, 384000
_MAX_JUMP_S = 3600.0


@dataclass(frozen=True)
class SoundConfig:
    """Ours, chosen on the packaged model's scores, which come in steps of 0.76 logits (0.32, 0.5, 0.68, ...).

    onset_score: of a short sound's best class; steady_on where a steady sound scores higher.
    steady_on, steady_off: a steady sound begins at the one and ends below the other.
    hop_s: between windows of 0.96 s. min_windows: in a row that a steady sound needs.
    short_s: stretches up to this long are tagged as short sounds. join_s: short sounds of one word this close are one.
    max_event_s: a sound that still runs is told in pieces of this length, so that a live program learns of running
    water while it runs; `Describer` makes it whole again.
    gap_s: where stamps and the count of samples part by more than this, the sound starts anew.
    silence_db: of full scale; quieter windows are not tagged.
    """

    onset_score: float = 0.3
    steady_on: float = 0.45
    steady_off: float = 0.3
    hop_s: float = 0.24
    min_windows: int = 2
    short_s: float = 1.5
    join_s: float = 0.5
    max_event_s: float = 4.0
    gap_s: float = 0.1
    silence_db: float = -66.0


class Tagger(Protocol):
    """What scores about a second of mono sound at 16 kHz. classes: names in the order of the scores."""

    classes: Sequence[str]
    model_s: float

    def scores(self, samples: np.ndarray) -> np.ndarray: ...


@dataclass(frozen=True)
class Word:
    """A word of sounds.yaml and the places of its classes among the tagger's."""

    label: str
    is_steady: bool
    indices: tuple[int, ...]


@dataclass
class _Steady:
    """A steady sound that is being heard. scores: of its windows so far, (class index, score)."""

    start_s: float
    first_window_s: float
    last_window_s: float
    scores: list[tuple[int, float]]


class SoundExtractor:
    """Takes sound in blocks of any size, rate and number of channels; gives events when they have ended.

    tagger: the packaged YAMNet if not given. model_s: seconds spent in it so far.
    """

    def __init__(
        self,
        config: SoundConfig | None = None,
        onsets: OnsetConfig | None = None,
        tagger: Tagger | None = None,
        model_name: str = MODEL_NAME,
    ) -> None:
        """Raises ModelError if the packaged YAMNet is needed and absent."""
        self.config = config or SoundConfig()
        self._onset_config = onsets or OnsetConfig()
        self._tagger = tagger or Yamnet()
        self._model_name = model_name
        self._words = words(tuple(self._tagger.classes))
        self.reset()

    @property
    def model_s(self) -> float:
        return self._tagger.model_s

    def reset(self) -> None:
        """Forgets everything that was heard."""
        self._onsets: OnsetDetector | None = None

    def push(self, block: AudioBlock) -> list[SoundEvent]:
        """The events that ended.

        Raises AudioError for an odd rate, an odd shape or NaN, StampError for a stamp that goes back or jumps more than
        an hour. Nothing of such a block is taken, and the next one may follow on the last good one.
        """
        mono = _mono(block)
        if not len(mono):
            return []
        events: list[SoundEvent] = []
        if self._onsets is not None:
            jump_s = block.stamp_s - self._end_s
            if block.stamp_s < self._last_stamp_s or jump_s > _MAX_JUMP_S:
                raise StampError(
                    f"expected sound that follows on {self._end_s:.3f} s, got {block.stamp_s:.3f} s; "
                    "reset the extractor if the clock was set anew"
                )
            # Overlaps too: a microphone's clock that runs fast or slow is set right from time to time.
            if abs(jump_s) > self.config.gap_s or block.sample_rate != self._rate:
                events = self.flush()
        if self._onsets is None:
            self._begin(block)
        self._last_stamp_s = block.stamp_s
        self._samples = np.concatenate((self._samples, mono))
        self._end_s += len(mono) / self._rate
        for stretch in self._onsets.push(mono):
            self._take_stretch(stretch)
        self._follow(is_end=False)
        return events + self._ended(self._settled_s())

    def flush(self) -> list[SoundEvent]:
        """Ends the sound: the events that still ran. The next block may have any stamp."""
        if self._onsets is None:
            return []
        for stretch in self._onsets.flush():
            self._take_stretch(stretch)
        self._follow(is_end=True)
        for label in list(self._steady):
            self._end_steady(label, is_end=True)
        events = self._ended(math.inf)
        self.reset()
        return events

    def _begin(self, block: AudioBlock) -> None:
        self._rate = block.sample_rate
        self._start_s = self._end_s = self._kept_s = block.stamp_s
        self._samples = np.zeros(0, np.float32)  # from _kept_s to _end_s
        self._onsets = OnsetDetector(block.sample_rate, block.stamp_s, self._onset_config)
        self._stretches: list[tuple[float, float]] = []  # recent ones, for the edges of steady sounds
        self._waiting: list[tuple[float, float]] = []  # short ones that are not yet tagged
        self._next_window_s = block.stamp_s
        self._steady: dict[str, _Steady] = {}
        self._done: list[SoundEvent] = []  # short sounds may still be joined by the next

    def _take_stretch(self, stretch: tuple[float, float]) -> None:
        self._stretches.append(stretch)
        if stretch[1] - stretch[0] <= self.config.short_s:
            self._waiting.append(stretch)

    def _follow(self, is_end: bool) -> None:
        """Tags all windows and short stretches whose sound has come."""
        while self._next_window_s + PATCH_S <= self._end_s or (is_end and self._has_rest()):
            self._hear_steady(self._next_window_s)
            self._next_window_s += self.config.hop_s
        while self._waiting and (is_end or self._waiting[0][0] + PATCH_S <= self._end_s):
            self._hear_short(*self._waiting.pop(0))
        oldest_s = min([self._next_window_s, self._end_s - self.config.short_s - PATCH_S, *self._starts_waiting()])
        num_old = int((oldest_s - self._kept_s) * self._rate)
        if num_old > self._rate:
            self._samples = self._samples[num_old:]
            self._kept_s += num_old / self._rate
        horizon_s = self._end_s - self.config.max_event_s - 2 * PATCH_S
        self._stretches = [stretch for stretch in self._stretches if stretch[1] > horizon_s]

    def _has_rest(self) -> bool:
        """Whether enough sound is left at the end for a last window: half of one, or a recording shorter than one."""
        left_s = self._end_s - self._next_window_s
        return left_s >= PATCH_S / 2 or (self._next_window_s == self._start_s and left_s > 0)

    def _starts_waiting(self) -> list[float]:
        return [start_s - PATCH_S / 2 for start_s, _ in self._waiting]

    def _window(self, start_s: float) -> np.ndarray | None:
        """The tagger's scores of the window from there; None where it is silent."""
        # A margin on both sides keeps the resampling filter's edges out of the window.
        margin = self._rate // 100
        first = round((start_s - self._kept_s) * self._rate)
        length = math.ceil((PATCH_S + 0.03) * self._rate)
        left = max(0, first - margin)
        piece = self._samples[left : first + length + margin]
        power = np.mean(np.square(piece, dtype=np.float64)) if len(piece) else 0.0
        if 10 * math.log10(power + 1e-12) < self.config.silence_db:
            return None
        resampled = to_model_rate(piece, self._rate)
        skipped = round((first - left) * SAMPLE_RATE / self._rate)
        return self._tagger.scores(resampled[skipped:])

    def _best(self, scores: np.ndarray, is_steady: bool) -> tuple[Word, int, float] | None:
        """The word with the best class among the steady ones or the others, its class, and the score."""
        best = None
        for word in self._words:
            if word.is_steady is is_steady:
                index = max(word.indices, key=lambda index: scores[index])
                if best is None or scores[index] > best[2]:
                    best = (word, index, float(scores[index]))
        return best

    def _hear_short(self, start_s: float, stop_s: float) -> None:
        """Tags a stretch in windows that have it in their middle or follow each other over it."""
        last_s = max(self._kept_s, (start_s + stop_s - PATCH_S) / 2)
        count = 1 + max(0, math.ceil((stop_s - start_s - PATCH_S) / (PATCH_S / 2)))
        starts_s = [last_s] if count == 1 else np.linspace(start_s, stop_s - PATCH_S, count)
        windows = [scores for at in starts_s if (scores := self._window(at)) is not None]
        if not windows:
            return
        scores = np.max(windows, axis=0)
        short, steady = (self._best(scores, is_steady) for is_steady in (False, True))
        # A drop of pouring water or a word of speech is no sound of its own.
        is_second = short is not None and steady is not None and steady[2] > short[2]
        if short is None or short[2] < (self.config.steady_on if is_second else self.config.onset_score):
            return
        word, index, score = short
        before = next((e for e in reversed(self._done) if e.label == word.label), None)
        if (
            before
            and start_s - before.stop_s <= self.config.join_s
            and stop_s - before.start_s <= self.config.max_event_s
        ):
            self._done.remove(before)
            start_s, stop_s = before.start_s, max(stop_s, before.stop_s)
            if before.score > score:
                score, index = before.score, self._index(before.source_label)
        self._tell(word.label, start_s, stop_s, score, index)

    def _hear_steady(self, window_s: float) -> None:
        scores = self._window(window_s)
        best = None if scores is None else self._best(scores, is_steady=True)
        for word in self._words:
            if not word.is_steady:
                continue
            index = max(word.indices, key=lambda index: -1.0 if scores is None else scores[index])
            score = 0.0 if scores is None else float(scores[index])
            running = self._steady.get(word.label)
            if running is None:
                if best is not None and best[0] is word and score >= self.config.steady_on:
                    start_s = self._onset_near(window_s)
                    self._steady[word.label] = _Steady(start_s, window_s, window_s, [(index, score)])
            elif score >= self.config.steady_off:
                running.last_window_s = window_s
                running.scores.append((index, score))
                if window_s + PATCH_S - running.start_s >= self.config.max_event_s:
                    self._break_steady(word.label)
            else:
                self._end_steady(word.label)

    def _onset_near(self, window_s: float) -> float:
        """Where the sound began that the window from `window_s` is the first to have."""
        end_s = window_s + PATCH_S
        stretches = list(self._stretches)
        if (running_s := self._onsets.running_since_s) is not None:
            stretches.append((running_s, math.inf))
        nearby = [stretch for stretch in stretches if window_s - self.config.hop_s <= stretch[0] < end_s]
        if nearby:
            # A tap clicks before its water runs: what goes on is the steady sound, else what fills most of the window.
            return max(nearby, key=lambda stretch: (stretch[1] > end_s, min(stretch[1], end_s) - stretch[0]))[0]
        # Without an onset it was there when the recording began, or it rose slowly.
        return window_s if window_s <= self._start_s else window_s + PATCH_S / 2

    def _end_near(self, window_s: float, is_end: bool) -> float:
        """Where the sound ended that the window from `window_s` is the last to have."""
        if is_end:
            ends = [stop for _, stop in self._stretches if stop > self._end_s - PATCH_S / 2]
            return ends[-1] if ends and self._end_s - ends[-1] > self._onset_config.hold_s else self._end_s
        ends = [stop for _, stop in self._stretches if window_s < stop <= window_s + PATCH_S + self.config.hop_s]
        return ends[-1] if ends else window_s + PATCH_S / 2

    def _break_steady(self, label: str) -> None:
        """Tells of a sound that runs on; the rest of it becomes an event of its own."""
        running = self._steady[label]
        stop_s = running.start_s + self.config.max_event_s
        index, score = _summary(running.scores)
        self._tell(label, running.start_s, stop_s, score, index)
        self._steady[label] = _Steady(stop_s, running.first_window_s, running.last_window_s, running.scores[-1:])

    def _end_steady(self, label: str, is_end: bool = False) -> None:
        running = self._steady.pop(label)
        is_long = running.last_window_s - running.first_window_s >= (self.config.min_windows - 1.5) * self.config.hop_s
        is_whole = self._end_s - self._start_s < PATCH_S + self.config.hop_s  # too short for two windows
        stop_s = self._end_near(running.last_window_s, is_end)
        if (is_long or is_whole) and stop_s > running.start_s:
            index, score = _summary(running.scores)
            self._tell(label, running.start_s, stop_s, score, index)

    def _tell(self, label: str, start_s: float, stop_s: float, score: float, index: int) -> None:
        self._done.append(
            SoundEvent(label, start_s, min(stop_s, self._end_s), score, self._tagger.classes[index], self._model_name)
        )

    def _index(self, class_name: str) -> int:
        return list(self._tagger.classes).index(class_name)

    def _settled_s(self) -> float:
        """No short sound that is yet to come can join one that ended before this."""
        pending = [self._end_s, *(start_s for start_s, _ in self._waiting)]
        if (running_s := self._onsets.running_since_s) is not None:
            pending.append(running_s)
        return min(pending) - self.config.join_s

    def _ended(self, settled_s: float) -> list[SoundEvent]:
        steady = {word.label for word in self._words if word.is_steady}
        ended = [event for event in self._done if event.label in steady or event.stop_s < settled_s]
        self._done = [event for event in self._done if event not in ended]
        return sorted(ended, key=lambda event: event.start_s)


@cache
def words(classes: tuple[str, ...]) -> tuple[Word, ...]:
    """The packaged vocabulary of sounds on a tagger's classes: AudioSet's names or EPIC-SOUNDS'."""
    table = yaml.safe_load(resources.files(__package__).joinpath("sounds.yaml").read_text(encoding="utf-8"))
    place = {name: index for index, name in enumerate(classes)}
    column = max(
        ("yamnet", "epic_sounds"), key=lambda key: sum(name in place for entry in table.values() for name in entry[key])
    )
    return tuple(
        Word(label, entry.get("steady", False), indices)
        for label, entry in table.items()
        if (indices := tuple(place[name] for name in entry[column] if name in place))
    )


def _summary(scores: list[tuple[int, float]]) -> tuple[int, float]:
    """The class that was best most often, and the mean of its word's scores."""
    indices = [index for index, _ in scores]
    return max(set(indices), key=indices.count), float(np.mean([score for _, score in scores]))


def _mono(block: AudioBlock) -> np.ndarray:
    """The mean over the channels, (N,) float32."""
    rate = block.sample_rate
    if not MIN_RATE <= rate <= MAX_RATE or rate != int(rate):
        raise AudioError(f"expected a sample rate of {MIN_RATE} to {MAX_RATE} Hz, got {rate}; check the audio source")
    samples = np.asarray(block.samples)
    if samples.ndim == 1:
        samples = samples[:, None]
    if samples.ndim != 2 or samples.shape[1] == 0:
        raise AudioError(f"expected samples of shape (N, channels), got {samples.shape}")
    if not np.issubdtype(samples.dtype, np.floating):
        raise AudioError(
            f"expected float samples of full scale 1.0, got {samples.dtype}; divide integers by their range"
        )
    if not np.isfinite(samples).all():
        count = int(np.count_nonzero(~np.isfinite(samples)))
        raise AudioError(
            f"expected finite samples, got {count} NaN or infinite of {samples.size}; the block is left out"
        )
    if not math.isfinite(block.stamp_s):
        raise StampError(f"expected a stamp in seconds, got {block.stamp_s}")
    return samples.mean(axis=1, dtype=np.float32)

"""Clips of recordings as PyTorch's batches, and what to do about those that can't be read."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset

from egoprog.data.clips import ClipItem, ClipSpan
from egoprog.data.epic import Action, Segment
from egoprog.data.frames import MICROSECOND, FrameSource
from egoprog.data.program_lines import ProgramClip
from egoprog.errors import InputError, RecordingError
from egoprog.leap.augment import Transform, mirrored
from egoprog.leap.config import LeapConfig, Vocabulary
from egoprog.leap.sampling import frame_stamps, pictures_of

_log = logging.getLogger(__name__)
_NUM_TRIES = 20
_NUM_LISTED = 10

TargetsOf = Callable[[Action | None, ProgramClip | None], Mapping[str, Any]]


@dataclass(frozen=True)
class UsableItems:
    """items: those that can be read. left_out: narration ids by the reason why."""

    items: list[ClipItem]
    left_out: Mapping[str, tuple[str, ...]]

    def lines(self) -> list[str]:
        """What to tell a person, the most frequent reasons first; [] where nothing was left out."""
        num_left_out = sum(map(len, self.left_out.values()))
        if not num_left_out:
            return []
        lines = [f"left out {num_left_out} of {num_left_out + len(self.items)} clips:"]
        ordered = sorted(self.left_out.items(), key=lambda pair: (-len(pair[1]), pair[0]))
        lines += [f"  {len(ids)} clips, the first {ids[0]}: {reason}" for reason, ids in ordered[:_NUM_LISTED]]
        if len(ordered) > _NUM_LISTED:
            lines.append(f"  and {len(ordered) - _NUM_LISTED} more reasons")
        return lines


def usable_items(items: Iterable[ClipItem], source: FrameSource, vocabulary: Vocabulary | None = None) -> UsableItems:
    """Leaves out, before anything is trained, clips of videos that are missing, broken or end early, and labels that
    the vocabulary lacks. A clip whose context can't be read is left out too.

    Each video is opened and decoded once at the last moment that is asked of it; if that fails, clip by clip.
    """
    items = list(items)
    spans: dict[str, list[ClipSpan]] = {}
    for item in items:
        for span in item.spans:
            spans.setdefault(span.video_id, []).append(span)
    troubles = {video_id: _troubles(video_id, of_video, source) for video_id, of_video in spans.items()}
    usable: list[ClipItem] = []
    left_out: dict[str, list[str]] = {}
    for item in items:
        reasons = [_label_trouble(item.action, vocabulary)] if vocabulary is not None else []
        reasons += [troubles[span.video_id].get(span) for span in item.spans]
        reason = next(filter(None, reasons), None)
        if reason is None:
            usable.append(item)
        else:
            left_out.setdefault(reason, []).append(item.narration_id)
    return UsableItems(usable, {reason: tuple(ids) for reason, ids in left_out.items()})


def _troubles(video_id: str, spans: Sequence[ClipSpan], source: FrameSource) -> dict[ClipSpan, str]:
    """What is wrong with which spans of a video."""
    try:
        rate_hz = source.rate_hz(video_id)
        source.read(video_id, [max(_last_s(span, rate_hz) for span in spans)])
    except InputError as error:
        if len(set(spans)) == 1:
            return {spans[0]: str(error)}
    else:
        return {}
    found = {}
    first_reason = ""
    for span in sorted(set(spans), key=lambda span: span.stop_s):
        try:
            source.read(video_id, [_last_s(span, source.rate_hz(video_id))])
        except InputError as error:
            first_reason = first_reason or str(error)  # one reason a video, not one a clip
            found[span] = first_reason
    return found


def _last_s(span: ClipSpan, rate_hz: float) -> float:
    return max(pictures_of(span, rate_hz)[-1], 0) / rate_hz


def _label_trouble(action: Segment, vocabulary: Vocabulary) -> str | None:
    if not isinstance(action, Action):
        return None
    for kind, number, names in (
        ("verb", action.verb_class, vocabulary.verbs),
        ("noun", action.noun_class, vocabulary.nouns),
    ):
        if not 0 <= number < len(names):
            return f"expected one of {len(names)} {kind} classes, got {number}"
    return None


class ClipDataset(Dataset):
    """Clips of recordings with their targets, one dict an item; the same for the same seed, epoch and index.

    source: reads pictures. transform: makes them a network's input, see `augment`. targets: makes the targets of an
    action and a program. is_jittered: draws one picture from each segment of a clip, for training; else view number
    `view` of num_views. has_clips_around: whether the clips of `ClipItem.context` are read too.
    Workers may be forked or spawned; set `epoch` before each epoch.

    An item is {"index", "narration_id", "clip": (3, T, H, W) float32} with the targets, and with clips around
    {"context_clips": (n, 3, T, H, W), "has_context": (n,) bool}; one that the video lacks is 0.
    An item that can't be read is replaced by another, which the seed, the epoch and the index decide; "index" says
    whose pictures these are, and `lines` at the end which could not be read.
    Raises InputError without items.
    """

    def __init__(
        self,
        items: Sequence[ClipItem],
        source: FrameSource,
        config: LeapConfig,
        transform: Transform,
        targets: TargetsOf,
        seed: int = 0,
        is_jittered: bool = False,
        view: int = 0,
        num_views: int = 1,
        has_clips_around: bool = True,
    ) -> None:
        if not items:
            raise InputError("expected clips to read, got an empty split; are the annotations of another dataset?")
        self.items = list(items)
        self.source = source
        self.config = config
        self.transform = transform
        self.targets = targets
        self.seed = seed
        self.is_jittered = is_jittered
        self.view = view
        self.num_views = num_views
        self.has_clips_around = has_clips_around
        # Shared, so that workers that live on hear of a new epoch, and this process of what they could not read.
        self._epoch = torch.zeros((), dtype=torch.int64).share_memory_()
        self._is_bad = torch.zeros(len(self.items), dtype=torch.bool).share_memory_()

    @property
    def epoch(self) -> int:
        return int(self._epoch)

    @epoch.setter
    def epoch(self, epoch: int) -> None:
        self._epoch.fill_(epoch)

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> dict[str, Any]:
        place = index
        for attempt in range(_NUM_TRIES):
            # Nothing here may depend on what was found bad before: a resumed run doesn't know it.
            rng = np.random.default_rng([self.seed, self.epoch, index, attempt])
            if attempt:
                place = int(rng.integers(len(self.items)))
            try:
                return self._read(place, rng)
            except RecordingError as error:
                if not self._is_bad[place]:
                    _log.warning("%s can't be read, another clip stands in: %s", self.items[place].narration_id, error)
                self._is_bad[place] = True
        raise RecordingError(
            f"expected clips that can be read, got none in {_NUM_TRIES} tries; check the videos of {len(self)} clips"
        )

    def lines(self) -> list[str]:
        """What to tell a person at the end of a run; [] where every clip that was asked for could be read."""
        bad = [item for item, is_bad in zip(self.items, self._is_bad.tolist(), strict=True) if is_bad]
        if not bad:
            return []
        videos = sorted({item.video_id for item in bad})
        listed = ", ".join(videos[:_NUM_LISTED]) + (" ..." if len(videos) > _NUM_LISTED else "")
        return [f"{len(bad)} of {len(self)} clips could not be read, others stood in; of the videos {listed}"]

    def _read(self, place: int, rng: np.random.Generator) -> dict[str, Any]:
        item = self.items[place]
        view = self.transform.draw(rng)
        frame_rng = rng if self.is_jittered else None
        found: dict[str, Any] = {"index": torch.tensor(place), "narration_id": item.narration_id}
        found["clip"] = view(self._pictures(item.span, frame_rng))
        if self.has_clips_around and item.context:
            around = [None if span is None else view(self._pictures(span, frame_rng)) for span in item.context]
            nothing = torch.zeros_like(found["clip"])
            found["context_clips"] = torch.stack([nothing if clip is None else clip for clip in around])
            found["has_context"] = torch.tensor([clip is not None for clip in around])
        program = mirrored(item.program) if item.program is not None and view.is_mirrored else item.program
        action = item.action if isinstance(item.action, Action) else None
        return found | {name: torch.as_tensor(value) for name, value in self.targets(action, program).items()}

    def _pictures(self, span: ClipSpan, rng: np.random.Generator | None) -> np.ndarray:
        rate_hz = self.source.rate_hz(span.video_id)
        stamps_s = frame_stamps(span, self.config.backbone.num_frames, rate_hz, rng, self.view, self.num_views)
        pictures, shown_s = self.source.read_stamped(span.video_id, stamps_s)
        if shown_s.max() > max(span.stop_s, 0.0) + MICROSECOND:
            raise RecordingError(
                f"expected a picture before {span.stop_s:.2f} s, got a video whose pictures start at "
                f"{shown_s.max():.2f} s: {span.video_id}"
            )
        return pictures

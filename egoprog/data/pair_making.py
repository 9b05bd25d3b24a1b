"""Makes a folder of frame pairs: the best of the frames around each moment, the filter, and the count of both.

Videos are worked through one by one; each leaves its part in PAIRS/parts, so a run that was stopped goes on where it
was. When all are there, the parts become one folder (see `frame_pairs`) and are deleted.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from egoprog.data.atomic import atomic
from egoprog.data.fitting import Fits, fit_frame
from egoprog.data.frame_pairs import (
    SPLITS,
    DroppedPair,
    FramePair,
    narration_of,
    read_dropped,
    read_pairs,
    write_dropped,
    write_pairs,
)
from egoprog.data.frames import FrameSource
from egoprog.data.pair_moments import NUM_NEIGHBOURS, PairMoments, taken
from egoprog.errors import ConfigurationError, RecordingError

SCHEMA = 1
TOO_DIFFERENT = "too different"
TOO_ALIKE = "too alike"
SAME_FRAME = "one frame for both"
TWICE = "frames of another pair of its action"
NO_PICTURE = "no picture"

Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class PairChoice:
    """How pairs are chosen. score: of one picture, the higher the better. similarity: of two.

    low, high: pairs less or more alike are dropped. score_name, similarity_name, bounds_from: for the record.
    """

    score: Callable[[Picture], float]
    score_name: str
    similarity: Callable[[Picture, Picture], float]
    similarity_name: str
    low: float
    high: float
    bounds_from: str
    num_neighbours: int = NUM_NEIGHBOURS

    def about(self) -> dict[str, Any]:
        """What can be written down of it."""
        names = ("score_name", "similarity_name", "low", "high", "bounds_from", "num_neighbours")
        return {name: getattr(self, name) for name in names}


class PairMaker:
    """Writes a folder of pairs, part by part.

    size_px, fits: height and width that pictures are fitted to, and how, see `fit_frame`. about: how the pairs are
    made; a folder that was begun in another way is refused with ConfigurationError. The folder keeps the aspect of the
    first frame, as which squeezed pictures are shown.
    """

    def __init__(self, out: str | Path, size_px: tuple[int, int], about: dict[str, Any], fits: Fits = "cut") -> None:
        if min(size_px) < 1:
            raise ConfigurationError(f"expected a size of at least 1x1 px, got {size_px[0]}x{size_px[1]}")
        self.out = Path(out)
        self.size_px, self.fits = size_px, fits
        self._parts = self.out / "parts"
        self._aspect = self._parts / "aspect.json"
        self._about = {"schema": SCHEMA, "size_px": list(size_px), "fits": fits, **about}
        begun = self._parts / "about.json"
        if begun.is_file() and json.loads(begun.read_text(encoding="utf-8")) != self._about:
            raise ConfigurationError(
                f"expected to go on as the pairs in {self.out} were begun, got other settings; choose another --out, "
                f"or delete {self._parts}"
            )
        if not begun.is_file():
            with atomic(begun) as temporary:
                temporary.write_text(json.dumps(self._about), encoding="utf-8")

    def has(self, part: str) -> bool:
        """Whether a part is there, whole."""
        return (self._parts / f"{part}.dropped.jsonl").is_file()

    def write(
        self, part: str, kept: Sequence[tuple[FramePair, Picture, Picture]], dropped: Sequence[DroppedPair]
    ) -> None:
        """Writes a part: pairs with their pictures, in any size. Raises RecordingError where nothing can be written."""
        if kept and not self._aspect.is_file():
            height_px, width_px = kept[0][1].shape[:2]
            with atomic(self._aspect) as temporary:
                temporary.write_text(json.dumps({"aspect": width_px / height_px}), encoding="utf-8")
        for k, name in ((1, "inputs"), (2, "targets")):
            pictures = np.zeros((len(kept), *self.size_px, 3), np.uint8)
            for row, one in enumerate(kept):
                pictures[row] = fit_frame(one[k], self.size_px, self.fits)
            with atomic(self._parts / f"{part}.{name}.npy") as temporary, temporary.open("wb") as file:
                np.save(file, pictures)
        write_pairs(self._parts / f"{part}.pairs.jsonl", (one[0] for one in kept))
        write_dropped(self._parts / f"{part}.dropped.jsonl", dropped)  # the last file: the part is whole

    def finish(self, parts: Sequence[str]) -> dict[str, dict[str, int]]:
        """Joins the parts, in this order within each split, and returns the counts by split and reason."""
        kept = [(pair, part, row) for part in parts for row, pair in enumerate(read_pairs(self._part(part, "pairs")))]
        kept.sort(key=lambda one: SPLITS.index(one[0].split))
        dropped = [one for part in parts for one in read_dropped(self._part(part, "dropped"))]
        for name in ("inputs", "targets"):
            with atomic(self.out / f"{name}.npy") as temporary:
                self._join(name, kept, temporary)
        write_pairs(self.out / "pairs.jsonl", (pair for pair, _, _ in kept))
        write_dropped(self.out / "dropped.jsonl", dropped)
        counts = _counts((pair for pair, _, _ in kept), dropped)
        aspect = json.loads(self._aspect.read_text(encoding="utf-8")) if self._aspect.is_file() else {}
        with atomic(self.out / "pairs.json") as temporary:
            temporary.write_text(json.dumps({**self._about, **aspect, "counts": counts}, indent=1), encoding="utf-8")
        shutil.rmtree(self._parts)
        return counts

    def _join(self, name: str, kept: Sequence[tuple[FramePair, str, int]], path: Path) -> None:
        shape = (len(kept), *self.size_px, 3)
        if not kept:  # an empty file can't be mapped
            with path.open("wb") as file:
                np.save(file, np.zeros(shape, np.uint8))
            return
        with path.open("wb") as file:
            header = {"descr": "|u1", "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_1_0(file, header)
            for part, group in groupby(kept, key=lambda one: one[1]):
                pictures = np.load(self._parts / f"{part}.{name}.npy")
                file.write(pictures[[row for _, _, row in group]].tobytes())

    def _part(self, part: str, name: str) -> Path:
        return self._parts / f"{part}.{name}.jsonl"


def make_pairs(maker: PairMaker, frames: FrameSource, moments: Iterable[PairMoments], choice: PairChoice) -> list[str]:
    """Makes the parts that are missing, one a video, and returns the names of all. moments: of any videos and splits.

    A video that can't be read costs its own pairs alone: they are dropped with that reason.
    """
    by_video: dict[str, list[PairMoments]] = {}
    for one in moments:
        by_video.setdefault(one.pair.video_id, []).append(one)
    for video_id, its_moments in by_video.items():
        if not maker.has(video_id):
            made = list(_chosen(frames, its_moments, choice))
            kept = [one for one in made if not isinstance(one, DroppedPair)]
            maker.write(video_id, kept, [one for one in made if isinstance(one, DroppedPair)])
    return list(by_video)


def _chosen(
    frames: FrameSource, moments: Sequence[PairMoments], choice: PairChoice
) -> Iterator[tuple[FramePair, Picture, Picture] | DroppedPair]:
    """Of one video, in the order of time."""
    found = set()
    for one in sorted(moments, key=lambda one: (one.pair.input_s, one.pair.pair_id)):
        try:
            rate_hz = frames.rate_hz(one.pair.video_id)
            input_s, first = _best(frames, one, one.input_candidates_s(rate_hz, choice.num_neighbours), choice)
            target_s, second = _best(frames, one, one.target_candidates_s(rate_hz, choice.num_neighbours), choice)
        except RecordingError:
            yield DroppedPair(one.pair, NO_PICTURE)
            continue
        similarity = choice.similarity(first, second)
        pair = taken(one, input_s, target_s, similarity)
        frames_of_it = narration_of(pair), pair.input_s, pair.target_s
        if frames_of_it in found:
            yield DroppedPair(pair, TWICE)
        elif target_s <= input_s:
            yield DroppedPair(pair, SAME_FRAME)
        elif similarity < choice.low:
            yield DroppedPair(pair, TOO_DIFFERENT)
        elif similarity > choice.high:
            yield DroppedPair(pair, TOO_ALIKE)
        else:
            yield pair, first, second
        found.add(frames_of_it)


def _best(
    frames: FrameSource, moments: PairMoments, stamps_s: NDArray[np.float64], choice: PairChoice
) -> tuple[float, Picture]:
    """The frame of the highest score and its own time; the earliest of equals."""
    pictures, shown_s = frames.read_stamped(moments.pair.video_id, stamps_s)
    views = list(pictures)  # a score may keep what it has seen, and be asked about the same one again
    best = int(np.argmax([choice.score(view) for view in views]))
    return float(shown_s[best]), views[best]


def _counts(kept: Iterable[FramePair], dropped: Iterable[DroppedPair]) -> dict[str, dict[str, int]]:
    """By split: "kept", "unseen" of them, and each reason that came."""
    counts: dict[str, Counter[str]] = {split: Counter() for split in SPLITS}
    for pair in kept:
        counts[pair.split].update(["kept", *(["kept, unseen participants"] if pair.is_unseen else [])])
    for one in dropped:
        counts[one.pair.split].update([one.reason])
    return {split: dict(sorted(those.items())) for split, those in counts.items()}

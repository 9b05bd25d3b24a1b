"""Frames and what is known of each: boxes with nouns, hands and contacts, the action now and the one after.

It rests on what EPIC-KITCHENS offers of single frames; action programs take no part.

Shapes: H/W pixels, R rows and S columns of patches, N nouns.
"""

from __future__ import annotations

import bisect
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from egoprog.data.atomic import atomic
from egoprog.data.epic import Action, read_actions, read_video_info
from egoprog.data.epic_folder import EpicFolder
from egoprog.data.fitting import normalised
from egoprog.data.frames import VideoFrames
from egoprog.data.object_boxes import BoxedObject, FrameBoxes, iter_boxes
from egoprog.errors import AnnotationError
from egoprog.leap.config import UniFormerConfig
from egoprog.leap.targets import UNKNOWN
from egoprog.program.types import Hand

HANDS = (Hand.LEFT, Hand.RIGHT)
PLACES = ("left hand", "right hand", "touched by left", "touched by right")
"""What a patch may show beside nouns."""
LEAST_OVERLAP = 0.3
"""A patch shows a thing if its box covers so much of the patch, or if so much of the box lies in it."""


@dataclass(frozen=True)
class LabelledFrame:
    """A frame and what is known of it. row: of the pictures of its video. verbs and nouns: classes, -1: unknown."""

    narration_id: str
    row: int
    boxes: FrameBoxes
    verb: int
    noun: int
    next_verb: int
    next_noun: int


class FrameDataset(Dataset):
    """Frames with boxes of one split of a dataset in EPIC-KITCHENS' layout; pictures are kept as arrays in `cache`.

    nouns: those that have classes, EPIC-KITCHENS' keys. is_training: pictures are cut, mirrored (left and right hands
    then change places) and coloured by chance, drawn from torch's generator. participants: only these, () for all.
    A sample: "frames" (3, H, W) normalised, "patches" (R, S, N + 4) bool, "left", "right" the class of what each hand
    touches, N for nothing, and classes "verb", "noun", "next_verb", "next_noun", -1 where nobody knows.
    Raises AnnotationError where nothing of the split has boxes.
    """

    def __init__(
        self,
        folder: EpicFolder,
        split: str,
        backbone: UniFormerConfig,
        nouns: Sequence[str],
        cache: Path,
        is_training: bool,
        participants: Sequence[str] = (),
    ) -> None:
        self.backbone, self.is_training = backbone, is_training
        self._noun_class = {noun: k for k, noun in enumerate(nouns)}
        self._pictures: list[NDArray[np.uint8]] = []
        self._items: list[tuple[int, LabelledFrame]] = []
        actions: dict[str, list[Action]] = {}
        for action in read_actions(folder.actions(split)):
            if not participants or action.participant_id in participants:
                actions.setdefault(action.video_id, []).append(action)
        rates_hz = {name: info.rate_hz for name, info in read_video_info(folder.video_info).items()}
        for video_id in sorted(actions):
            path = folder.boxes(video_id)
            if path.is_file():
                frames = list(iter_boxes(path))
                stamps_s = [(boxes.frame - 1) / rates_hz[video_id] for boxes in frames]
                pictures = _kept_pictures(folder, video_id, stamps_s, cache)
                labelled = _labelled(frames, stamps_s, actions[video_id])
                self._items += [(len(self._pictures), item) for item in labelled[: len(pictures)]]
                self._pictures.append(pictures)
        if not self._items:
            raise AnnotationError(folder.root, "", f"boxes of objects of the {split} split", "none")

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, index: int) -> dict[str, Tensor | str]:
        which, item = self._items[index]
        picture = self._pictures[which][item.row]
        backbone = self.backbone
        view = View.fitted(picture, backbone.size_px)
        if self.is_training:
            rng = np.random.default_rng(int(torch.randint(2**63 - 1, ())))
            view = View.random(rng)
            picture = _recoloured(picture, rng)
        pixels = normalised(view.of(picture, backbone.size_px), backbone.mean, backbone.std)
        patches, held = self._places(item.boxes.objects, view)
        return {
            "narration_id": item.narration_id,
            "frames": torch.from_numpy(pixels),
            "patches": torch.from_numpy(patches),
            "left": torch.tensor(held[0]),
            "right": torch.tensor(held[1]),
            "verb": torch.tensor(item.verb),
            "noun": torch.tensor(item.noun),
            "next_verb": torch.tensor(item.next_verb),
            "next_noun": torch.tensor(item.next_noun),
        }

    def frequencies(self, every: int = 10) -> NDArray[np.float64]:
        """(N + 4,) the share of patches that show each, in one frame out of so many."""
        shown = [self._places(item.boxes.objects, View())[0].mean(axis=(0, 1)) for _, item in self._items[::every]]
        return np.mean(shown, axis=0)

    def _places(self, objects: Sequence[BoxedObject], view: View) -> tuple[NDArray[np.bool_], list[int]]:
        """(R, S, N + 4) what every patch shows, and the class of what each hand touches in this view."""
        rows, columns = self.backbone.grid
        num_nouns = len(self._noun_class)
        patches = np.zeros((rows, columns, num_nouns + len(PLACES)), np.bool_)
        held = [num_nouns, num_nouns]
        sides = HANDS[::-1] if view.is_mirrored else HANDS
        for thing in objects:
            mask = _covered(view.box_of(thing.box), rows, columns)
            if not mask.any():
                continue
            if thing.noun in self._noun_class:
                patches[mask, self._noun_class[thing.noun]] = True
            for k, side in enumerate(sides):
                if thing.name == f"{side} hand":
                    patches[mask, num_nouns + k] = True
                if thing.contact is side:
                    patches[mask, num_nouns + 2 + k] = True
                    held[k] = self._noun_class.get(thing.noun, num_nouns)
        return patches, held


@dataclass(frozen=True)
class View:
    """A cut of a picture, mirrored or not. box: left, top, right, bottom in shares of the picture."""

    box: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)
    is_mirrored: bool = False

    @classmethod
    def fitted(cls, picture: NDArray[np.uint8], size_px: tuple[int, int]) -> View:
        """The middle, with the aspect of that size (height, width), as `fit_frame` cuts it."""
        height, width = picture.shape[:2]
        scale = max(size_px[0] / height, size_px[1] / width)
        across, down = size_px[1] / (width * scale), size_px[0] / (height * scale)
        return cls(((1 - across) / 2, (1 - down) / 2, (1 + across) / 2, (1 + down) / 2))

    @classmethod
    def random(cls, rng: np.random.Generator, least: float = 0.4) -> View:
        """least: of each side that is left; things are seen from near and far, and a little stretched."""
        width, height = np.clip(rng.uniform(least, 1) * rng.uniform(0.85, 1.15, 2), least, 1)
        left, top = rng.uniform(0, 1 - width), rng.uniform(0, 1 - height)
        return cls((left, top, left + width, top + height), bool(rng.random() < 0.5))

    def of(self, picture: NDArray[np.uint8], size_px: tuple[int, int]) -> NDArray[np.uint8]:
        """The cut in that size (height, width)."""
        height, width = picture.shape[:2]
        left, top, right, bottom = self.box
        columns = slice(round(left * width), max(round(left * width) + 1, round(right * width)))
        rows = slice(round(top * height), max(round(top * height) + 1, round(bottom * height)))
        cut = cv2.resize(picture[rows, columns], (size_px[1], size_px[0]), interpolation=cv2.INTER_AREA)
        return cut[:, ::-1] if self.is_mirrored else cut

    def box_of(self, box: Sequence[float]) -> tuple[float, float, float, float]:
        """Where a box of the picture lies in the cut; beyond 0 and 1 outside it."""
        left, top, right, bottom = self.box
        x0, x1 = (box[0] - left) / (right - left), (box[2] - left) / (right - left)
        y0, y1 = (box[1] - top) / (bottom - top), (box[3] - top) / (bottom - top)
        return (1 - x1, y0, 1 - x0, y1) if self.is_mirrored else (x0, y0, x1, y1)


def read_nouns(folder: EpicFolder, split: str, least: int = 20) -> tuple[str, ...]:
    """The nouns that at least so many boxes of a split show, in alphabetical order; hands are no noun here."""
    counts: Counter[str] = Counter()
    for video_id in sorted({action.video_id for action in read_actions(folder.actions(split))}):
        if folder.boxes(video_id).is_file():
            for boxes in iter_boxes(folder.boxes(video_id)):
                counts.update(thing.noun for thing in boxes.objects)
    return tuple(sorted(noun for noun, count in counts.items() if count >= least and noun != "hand"))


def _kept_pictures(folder: EpicFolder, video_id: str, stamps_s: Sequence[float], cache: Path) -> NDArray[np.uint8]:
    """(N, H, W, 3) pictures of a video at these moments, read from the video once and mapped from a file after."""
    path = cache / f"{video_id}.npy"
    if not path.is_file():
        cache.mkdir(parents=True, exist_ok=True)
        pictures = VideoFrames(folder).read(video_id, stamps_s)
        with atomic(path) as temporary, temporary.open("wb") as file:
            np.save(file, pictures)
    return np.load(path, mmap_mode="r")


def _labelled(
    frames: Sequence[FrameBoxes], stamps_s: Sequence[float], actions: Sequence[Action]
) -> list[LabelledFrame]:
    """actions: of one video."""
    ordered = sorted(actions, key=lambda action: action.start_s)
    starts_s = [action.start_s for action in ordered]
    labelled = []
    for row, (boxes, stamp_s) in enumerate(zip(frames, stamps_s, strict=True)):
        place = bisect.bisect_right(starts_s, stamp_s)
        now = ordered[place - 1] if place and stamp_s <= ordered[place - 1].stop_s else None
        then = ordered[place] if place < len(ordered) else None
        labelled.append(
            LabelledFrame(
                f"{boxes.video_id}:{boxes.frame}",
                row,
                boxes,
                now.verb_class if now else UNKNOWN,
                now.noun_class if now else UNKNOWN,
                then.verb_class if then else UNKNOWN,
                then.noun_class if then else UNKNOWN,
            )
        )
    return labelled


def _covered(box: Sequence[float], rows: int, columns: int) -> NDArray[np.bool_]:
    """(R, S) the patches that a box covers enough of; see LEAST_OVERLAP."""
    x0, y0, x1, y1 = box[0] * columns, box[1] * rows, box[2] * columns, box[3] * rows
    across = np.clip(np.minimum(x1, np.arange(columns) + 1) - np.maximum(x0, np.arange(columns)), 0, None)
    down = np.clip(np.minimum(y1, np.arange(rows) + 1) - np.maximum(y0, np.arange(rows)), 0, None)
    shared = down[:, None] * across
    return shared >= LEAST_OVERLAP * min(1.0, (x1 - x0) * (y1 - y0))


def _recoloured(picture: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Brightness, hue and saturation, as cameras, lamps and other people's things differ."""
    gain, shift = rng.uniform(0.7, 1.35), rng.uniform(-20, 20)
    mixed = picture @ (gain * _hue_turn(rng.normal(0, 0.25), rng.uniform(0.4, 1.5))).astype(np.float32)
    return np.clip(mixed + np.float32(shift), 0, 255).astype(np.uint8)


def _hue_turn(angle_rad: float, saturation: float) -> NDArray[np.float64]:
    """(3, 3) for colours as rows: turns their hue around grey and scales what is not grey."""
    grey = np.full((3, 3), 1 / 3)
    across = np.array([[0.0, -1.0, 1.0], [1.0, 0.0, -1.0], [-1.0, 1.0, 0.0]]) / np.sqrt(3)
    turned = np.cos(angle_rad) * (np.eye(3) - grey) + np.sin(angle_rad) * across
    return (grey + saturation * turned).T

"""Frame pairs: what the wearer saw before an action, and the frame in which the action is done (LEGO, section 4.1).

A folder of pairs holds
    pairs.jsonl                  one kept pair a line, training split first
    inputs.npy, targets.npy      (N, H, W, 3) uint8 RGB, row k of line k; mapped into memory
    dropped.jsonl                one dropped pair a line, with the reason
    pairs.json                   how all of it was made, and how many pairs were kept and dropped
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from egoprog.data.atomic import atomic
from egoprog.data.fitting import Fits, unsqueezed
from egoprog.data.json_fields import Fields, parse_json, read_json
from egoprog.data.table import read_lines
from egoprog.errors import AnnotationError, RecordingError

SPLITS = ("train", "validation")
Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class FramePair:
    """Two frames of a video and the action between them.

    pair_id: the narration's, or another that its dataset has for an action. input_s, target_s: the frames' own times.
    action: the narrator's words, "open drawer". description: one sentence on how it is done, "" where there is none.
    verb, noun: keys of EPIC-KITCHENS' classes, "" where nobody knows. is_unseen: its participant is in no training
    video. similarity: of the two frames, by the measure that `pairs.json` names; None where nobody measured.
    """

    pair_id: str
    video_id: str
    participant_id: str
    input_s: float
    target_s: float
    action: str
    description: str = ""
    verb: str = ""
    noun: str = ""
    split: str = "train"
    is_unseen: bool = False
    similarity: float | None = None


@dataclass(frozen=True, slots=True)
class DroppedPair:
    """A pair that is not used, and why."""

    pair: FramePair
    reason: str


def narration_of(pair: FramePair) -> str:
    """The id of the narration that a pair is of: several pairs of one action are told apart after an "@"."""
    return pair.pair_id.partition("@")[0]


class PairFolder:
    """A folder of pairs, read. Raises RecordingError for one that is missing or not whole."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        if not (self.path / "pairs.json").is_file():
            raise RecordingError(
                f"expected a folder of frame pairs, got {self.path}, which holds no pairs.json; make it with  "
                "python -m training.pairs"
            )
        about = read_json(self.path / "pairs.json")
        self._about = {key: about.raw(key) for key in about}
        self._pairs = read_pairs(self.path / "pairs.jsonl")
        self._row = {pair.pair_id: row for row, pair in enumerate(self._pairs)}
        if len(self._row) != len(self._pairs):
            raise RecordingError(f"expected each pair once, got some ids twice: {self.path / 'pairs.jsonl'}")
        self.inputs = self._mapped("inputs.npy")
        self.targets = self._mapped("targets.npy")

    def __len__(self) -> int:
        return len(self._pairs)

    @property
    def size_px(self) -> tuple[int, int]:
        """Height and width of the pictures."""
        return self.inputs.shape[1], self.inputs.shape[2]

    @property
    def fits(self) -> Fits:
        """How their frames got that size; folders that do not say were cut."""
        return self._about.get("fits", "cut")

    def shown(self, picture: Picture) -> Picture:
        """A picture of this size as people should see it: unsqueezed."""
        if self.fits == "cut":
            return picture
        return unsqueezed(picture, float(self._about.get("aspect", picture.shape[1] / picture.shape[0])))

    def about(self) -> Mapping[str, Any]:
        """What pairs.json says."""
        return self._about

    def pairs(self, split: str | None = None) -> list[FramePair]:
        """Of one split, or all, in the order of the pictures."""
        return [pair for pair in self._pairs if split is None or pair.split == split]

    def dropped(self) -> list[DroppedPair]:
        """The pairs that were left out, and why."""
        path = self.path / "dropped.jsonl"
        return read_dropped(path) if path.is_file() else []

    def row(self, pair: FramePair) -> int:
        """Of a pair's pictures in `inputs` and `targets`. Raises RecordingError for a pair of another folder."""
        if pair.pair_id not in self._row:
            raise RecordingError(f"expected one of the {len(self)} pairs of {self.path}, got {pair.pair_id!r}")
        return self._row[pair.pair_id]

    def pictures(self, pair: FramePair) -> tuple[Picture, Picture]:
        """Input and target, each (H, W, 3) uint8 RGB, read-only. Raises RecordingError for a pair of another folder."""
        row = self.row(pair)
        return self.inputs[row], self.targets[row]

    def describe(self, descriptions: Mapping[str, str]) -> None:
        """Writes descriptions by pair_id into pairs.jsonl; pairs that are not named keep theirs."""
        self._pairs = [
            dataclasses.replace(pair, description=descriptions.get(pair.pair_id, pair.description))
            for pair in self._pairs
        ]
        write_pairs(self.path / "pairs.jsonl", self._pairs)

    def _mapped(self, name: str) -> NDArray[np.uint8]:
        path = self.path / name
        try:
            pictures = np.load(path, mmap_mode="r")
        except (OSError, ValueError) as error:
            raise RecordingError(f"expected pictures in {path}, got {error}; make the pairs anew") from None
        if pictures.dtype != np.uint8 or pictures.ndim != 4 or pictures.shape[3] != 3 or len(pictures) != len(self):
            raise RecordingError(
                f"expected uint8 pictures of shape ({len(self)}, H, W, 3), got {pictures.dtype} of "
                f"{pictures.shape}: {path}; make the pairs anew"
            )
        return pictures


def read_pairs(path: str | Path) -> list[FramePair]:
    """The pairs of a file. Raises AnnotationError naming file, line and field."""
    return [_pair(fields) for fields in _lines(Path(path))]


def write_pairs(path: str | Path, pairs: Iterable[FramePair]) -> None:
    """Writes pairs.jsonl, whole or not at all."""
    _write_lines(path, map(dataclasses.asdict, pairs))


def read_dropped(path: str | Path) -> list[DroppedPair]:
    """The pairs of dropped.jsonl. Raises AnnotationError naming file, line and field."""
    return [DroppedPair(_pair(fields), fields.text("reason")) for fields in _lines(Path(path))]


def write_dropped(path: str | Path, dropped: Iterable[DroppedPair]) -> None:
    """Writes dropped.jsonl, whole or not at all."""
    _write_lines(path, ({**dataclasses.asdict(one.pair), "reason": one.reason} for one in dropped))


def write_lego_json(folder: PairFolder, split: str, out: str | Path) -> int:
    """Writes a split as LEGO's code reads its datasets, and returns the number of pairs.

    out: a folder that gets SPLIT.json, {clip: {action id: {"image_0", "image_1", "action",
    "llava_forecast_finetune"}}}, and the pictures as CLIP/ACTION_ID_{0,1}.png beside it, named by paths from there.
    Source: egogen_dataset.py of BolinLai/LEGO; "llava_forecast_finetune" is the description, left out where it is "".
    """
    out = Path(out)
    whole: dict[str, dict[str, dict[str, str]]] = {}
    pairs = folder.pairs(split)
    for pair in pairs:
        action_id = pair.pair_id.removeprefix(f"{pair.video_id}/")
        paths = [f"{pair.video_id}/{action_id}_{k}.png" for k in range(2)]
        for path, picture in zip(paths, folder.pictures(pair), strict=True):
            with atomic(out / path) as temporary:
                if not cv2.imwrite(str(temporary), picture[..., ::-1]):
                    raise RecordingError(f"expected to write {out / path}, got no picture; free some space")
        entry = {"image_0": paths[0], "image_1": paths[1], "action": pair.action}
        if pair.description:
            entry["llava_forecast_finetune"] = pair.description
        whole.setdefault(pair.video_id, {})[action_id] = entry
    with atomic(out / f"{split}.json") as temporary:
        temporary.write_text(json.dumps(whole, indent=1), encoding="utf-8")
    return len(pairs)


def read_lego_json(path: str | Path, split: str) -> list[tuple[FramePair, Path, Path]]:
    """A dataset as LEGO's code has it: pairs with the paths of input and target as they are written there.

    Times are 0, nothing says them; the participant is what stands before the clip's first "_", if anything does.
    Raises AnnotationError naming the place of what is amiss.
    """
    whole = read_json(path)
    found = []
    for clip in whole:
        actions = whole.object(clip)
        for action_id in actions:
            entry = actions.object(action_id)
            description = entry.text("llava_forecast_finetune") if "llava_forecast_finetune" in entry else ""
            participant, has_participant, _ = clip.partition("_")
            pair = FramePair(
                action_id if action_id.startswith(f"{clip}_") else f"{clip}/{action_id}",
                clip,
                participant if has_participant else "",
                0.0,
                0.0,
                entry.text("action"),
                description,
                split=split,
            )
            found.append((pair, Path(entry.text("image_0")), Path(entry.text("image_1"))))
    if not found:
        raise AnnotationError(whole.path, "", "clips with actions", "none")
    return found


def read_picture(path: str | Path) -> Picture:
    """(H, W, 3) uint8 RGB of an image file. Raises RecordingError for one that is missing or no image."""
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR_RGB)
    if picture is None:
        raise RecordingError(f"expected a picture, got {'damaged' if Path(path).is_file() else 'no'} file: {path}")
    return picture


def _lines(path: Path) -> Iterable[Fields]:
    if path.is_file() and not path.stat().st_size:  # nothing was dropped, or nothing kept
        return
    for number, line in enumerate(read_lines(path), start=1):
        if line:
            yield parse_json(line, path, f"line {number}")


def _write_lines(path: str | Path, values: Iterable[dict[str, Any]]) -> None:
    with atomic(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as file:
        for value in values:
            file.write(json.dumps(value, ensure_ascii=False, allow_nan=False) + "\n")


def _pair(fields: Fields) -> FramePair:
    split = fields.text("split")
    if split not in SPLITS:
        raise fields.fail("split", " or ".join(SPLITS), repr(split))
    similarity = fields.raw("similarity") if "similarity" in fields else None
    return FramePair(
        fields.text("pair_id"),
        fields.text("video_id"),
        fields.text("participant_id"),
        fields.number("input_s"),
        fields.number("target_s"),
        fields.text("action"),
        fields.text("description"),
        fields.text("verb"),
        fields.text("noun"),
        split,
        fields.boolean("is_unseen"),
        None if similarity is None else fields.number("similarity"),
    )

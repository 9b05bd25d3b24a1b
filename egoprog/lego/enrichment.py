"""Descriptions and embeddings of all pairs at scale, by a visual language model that sees no boxes (LEGO section 3.1).

PAIRS/enriched/NAME, which `enriched_folder` reads, holds
    descriptions.jsonl   {"pair_id", "question", "description"}, one pair a line, in the order of the pairs
    image.npy            (P, M, E) float16, the pictures after the projector, H_i; row k of line k
    text.npy             (P, N, E) float16, what the description's tokens were predicted from, H_t; zeros behind them
    lengths.npy          (P,) int16, how many of the N are the description's
    begun.json           which model on which pairs
    done.json            the same and how it was made, once all pairs are there

Shapes: P pairs, M image tokens, N text tokens, E width.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from egoprog.data.atomic import atomic
from egoprog.data.frame_pairs import FramePair, PairFolder
from egoprog.data.json_fields import read_json
from egoprog.errors import ConfigurationError, RecordingError
from egoprog.lego.instruction import question_of
from egoprog.lego.pair_dataset import MIRRORED_ENDING, mirrored_words
from egoprog.lego.vlm import MOST_TOKENS, NUM_TEXT_TOKENS, Vlm
from egoprog.provenance import provenance

FOLDER_NAME = "enriched"
DESCRIPTIONS_NAME = "descriptions.jsonl"
ARRAYS = ("image", "text", "lengths")
_BEGUN_NAME, _DONE_NAME = "begun.json", "done.json"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def enrich(
    vlm: Vlm,
    pairs: PairFolder,
    name: str,
    model: str,
    num_text_tokens: int = NUM_TEXT_TOKENS,
    batch: int = 16,
    is_mirrored: bool = False,
    most: int | None = None,
    most_tokens: int = MOST_TOKENS,
) -> Path:
    """Describes the input frame of every pair and keeps what the model thought; goes on where it was stopped.

    name: of the folder under PAIRS/enriched. model: says which weights these are, see `vlm.fingerprint`.
    num_text_tokens: N. is_mirrored: the mirrored pictures, for a training that mirrors; left and right in the actions
    change places, and the folder is NAME_mirrored. most: pairs of this call, None for all; the rest stays to be done.
    most_tokens: of a description.
    Returns the folder. Raises ConfigurationError for a name that is none, or one that was begun with another model or
    on other pairs.
    """
    if not _NAME.fullmatch(name):
        raise ConfigurationError(f"expected a name of letters, digits, '.', '_' and '-', got {name!r}")
    if num_text_tokens < 1 or batch < 1:
        raise ConfigurationError(f"expected text tokens and a batch of 1 or more, got {num_text_tokens} and {batch}")
    folder = pairs.path / FOLDER_NAME / (name + MIRRORED_ENDING * is_mirrored)
    asked = pairs.pairs()
    identity = {
        "model": model,
        "pairs": _fingerprint(asked),
        "num_pairs": len(asked),
        "num_image_tokens": vlm.num_image_tokens,
        "num_text_tokens": num_text_tokens,
        "width": vlm.width,
        "most_tokens": most_tokens,
        "is_mirrored": is_mirrored,
    }
    if (folder / _DONE_NAME).is_file():
        _check(folder / _DONE_NAME, identity)
        return folder
    arrays, num_done = _begin(folder, identity)
    began = time.monotonic()
    last = len(asked) if most is None else min(len(asked), num_done + most)
    with (
        (folder / DESCRIPTIONS_NAME).open("a", encoding="utf-8", newline="\n") as file,
        tqdm(total=len(asked), initial=num_done, unit="pair", disable=None) as bar,
    ):
        for start in range(num_done, last, batch):
            part = asked[start : min(last, start + batch)]
            rows = slice(start, start + len(part))
            different, which_of = _different(part)
            pictures, questions = _asked(pairs, different, is_mirrored)
            said = vlm.describe(pictures, questions, most_tokens)
            found = vlm.embeddings(pictures, questions, said, num_text_tokens)
            for which in ARRAYS:
                arrays[which][rows] = getattr(found, which).float().cpu().numpy()[which_of]
                arrays[which].flush()
            for pair, own in zip(part, which_of, strict=True):
                line = {"pair_id": pair.pair_id, "question": questions[own], "description": said[own]}
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
            file.flush()  # a line stands for rows that are on the disk
            os.fsync(file.fileno())
            bar.update(len(part))
    if last == len(asked):
        seconds = time.monotonic() - began
        done = {**identity, **provenance(), "seconds": round(seconds, 1), "described_now": last - num_done}
        _write_json(folder / _DONE_NAME, done)
    return folder


def read_done(folder: Path) -> str | None:
    """A line about a folder that is done, None for one that is not."""
    if not (folder / _DONE_NAME).is_file():
        return None
    done = read_json(folder / _DONE_NAME)
    num, seconds = done.integer("described_now"), done.number("seconds")
    return f"{done.integer('num_pairs')} pairs, the last {num} in {seconds:.0f} s"


def _different(part: list[FramePair]) -> tuple[list[FramePair], list[int]]:
    """One pair for each input frame and action, and which of these each pair is like: targets are not looked at."""
    places: dict[tuple[str, float, str], int] = {}
    which_of = [places.setdefault((pair.video_id, pair.input_s, pair.action), len(places)) for pair in part]
    return [part[which_of.index(number)] for number in range(len(places))], which_of


def _asked(pairs: PairFolder, part: list[FramePair], is_mirrored: bool) -> tuple[list[NDArray[np.uint8]], list[str]]:
    """Input frames and questions."""
    pictures = [pairs.pictures(pair)[0] for pair in part]
    actions = [pair.action for pair in part]
    if is_mirrored:
        pictures = [np.ascontiguousarray(picture[:, ::-1]) for picture in pictures]
        actions = [mirrored_words(action) for action in actions]
    return [np.asarray(picture) for picture in pictures], [question_of(action) for action in actions]


def _begin(folder: Path, identity: Mapping[str, Any]) -> tuple[dict[str, np.memmap], int]:
    """Arrays to write to, and how many rows are done."""
    num, width = identity["num_pairs"], identity["width"]
    shapes = {
        "image": ((num, identity["num_image_tokens"], width), np.float16),
        "text": ((num, identity["num_text_tokens"], width), np.float16),
        "lengths": ((num,), np.int16),
    }
    if (folder / _BEGUN_NAME).is_file():
        _check(folder / _BEGUN_NAME, identity)
        return {which: _opened(folder, which, *shapes[which]) for which in ARRAYS}, _num_done(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / DESCRIPTIONS_NAME).write_text("", encoding="utf-8")
        arrays = {
            which: np.lib.format.open_memmap(folder / f"{which}.npy", "w+", dtype, shape)
            for which, (shape, dtype) in shapes.items()
        }
    except OSError as error:
        raise RecordingError(f"expected to write {folder}, got {error.strerror}; free some space") from error
    _write_json(folder / _BEGUN_NAME, identity)
    return arrays, 0


def _opened(folder: Path, name: str, shape: tuple[int, ...], dtype: type) -> np.memmap:
    path = folder / f"{name}.npy"
    try:
        found = np.load(path, mmap_mode="r+")
    except (OSError, ValueError) as error:
        raise RecordingError(f"expected embeddings in {path}, got {error}; delete {folder} to begin anew") from None
    if found.shape != shape or found.dtype != dtype:
        raise RecordingError(f"expected {shape} in {path}, got {found.shape}; delete {folder} to begin anew")
    return found


def _num_done(folder: Path) -> int:
    """Whole lines; half of one, from a kill, is cut off."""
    path = folder / DESCRIPTIONS_NAME
    data = path.read_bytes()
    whole = data.rfind(b"\n") + 1
    if whole < len(data):
        os.truncate(path, whole)
    return data.count(b"\n")


def _check(path: Path, identity: Mapping[str, Any]) -> None:
    """Raises ConfigurationError where a folder was begun otherwise."""
    stored = read_json(path)
    for key, value in identity.items():
        if stored.raw(key) != value:
            raise ConfigurationError(
                f"expected {path.parent} to go on with {key} {stored.raw(key)}, got {value}; choose another --name"
            )


def _fingerprint(pairs: list[FramePair]) -> str:
    words = json.dumps([[pair.pair_id, pair.action, pair.input_s] for pair in pairs])
    return hashlib.sha256(words.encode()).hexdigest()[:16]


def _write_json(path: Path, value: Mapping[str, Any]) -> None:
    with atomic(path) as temporary:
        temporary.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")

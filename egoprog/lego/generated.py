"""Folders of generated pictures: one PNG a pair, named by its id, and about.json, which says what made them."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import numpy as np
from numpy.typing import NDArray

from egoprog.data.atomic import atomic
from egoprog.data.fitting import resize
from egoprog.data.images import compressed_to_rgb, write_picture
from egoprog.errors import FrameError, RecordingError

ABOUT = "about.json"


class GeneratedFolder:
    """Pictures of one method. It may be written bit by bit: what is there is whole, and `missing` says what is not."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    def write(self, pair_id: str, picture: NDArray[np.uint8]) -> None:
        """picture: (H, W, 3) uint8 RGB. Raises RecordingError where it can't be written."""
        write_picture(self.path_of(pair_id), picture)

    def describe(self, about: Mapping[str, Any]) -> None:
        """Writes about.json: the method, its model, steps, guidance."""
        with atomic(self.path / ABOUT) as temporary:
            temporary.write_text(json.dumps(about, indent=1), encoding="utf-8")

    def path_of(self, pair_id: str) -> Path:
        return self.path / f"{quote(pair_id, safe='')}.png"

    def ids(self) -> set[str]:
        """Of the pairs that have a picture. Raises RecordingError for a folder that is not there."""
        if not self.path.is_dir():
            raise RecordingError(f"expected a folder of generated pictures, got none: {self.path}")
        return {unquote(path.stem) for path in self.path.glob("*.png") if not path.name.startswith(".")}

    def missing(self, pair_ids: Sequence[str]) -> list[str]:
        """Those without a picture, in their order."""
        there = self.ids() if self.path.is_dir() else set()
        return [pair_id for pair_id in pair_ids if pair_id not in there]

    def read(self, pair_id: str, size_px: tuple[int, int] | None = None) -> NDArray[np.uint8]:
        """(H, W, 3) uint8 RGB. size_px: height and width to bring it to. Raises RecordingError."""
        path = self.path_of(pair_id)
        try:
            picture = compressed_to_rgb(np.frombuffer(path.read_bytes(), np.uint8))
        except (OSError, FrameError) as error:
            raise RecordingError(
                f"expected a picture of {pair_id!r} in {path}, got {error}; generate it anew"
            ) from None
        return picture if size_px is None else resize(picture, size_px)


def named_folder(text: str, expected: str = "a row as KEY=FOLDER") -> tuple[str, Path]:
    """A row of a command line, its name first. Raises ArgumentTypeError with what was expected."""
    name, _, folder = text.partition("=")
    if not name or not folder:
        raise argparse.ArgumentTypeError(f"expected {expected}, got {text!r}")
    return name, Path(folder)

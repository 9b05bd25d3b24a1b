"""What a VLM made of a folder of pairs: a description and two embeddings of each, read back.

PAIRS/enriched/NAME/
    descriptions.jsonl   {"pair_id", "description"} a line
    image.npy, text.npy  (P, M, E) and (P, N, E) float16, row k of pair k in pairs.jsonl; mapped into memory
    done.json            only where all of it was made

Shapes: P pairs, M image tokens, N words, E the VLM's width.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from egoprog.data.json_fields import parse_json
from egoprog.data.table import read_lines
from egoprog.errors import RecordingError
from egoprog.lego.config import LegoConfig

_AGAIN = "run  python -m training.enrich  on it"


class EnrichedFolder:
    """pair_ids: of pairs.jsonl, in order. Raises RecordingError for a folder that is not whole or of other pairs."""

    def __init__(self, path: str | Path, pair_ids: Sequence[str]) -> None:
        self.path = Path(path)
        if not (self.path / "done.json").is_file():
            raise RecordingError(f"expected a VLM's whole enrichment in {self.path}, found no done.json; {_AGAIN}")
        found = {}
        for number, line in enumerate(read_lines(self.path / "descriptions.jsonl"), start=1):
            if line:
                fields = parse_json(line, self.path / "descriptions.jsonl", f"line {number}")
                found[fields.text("pair_id")] = fields.text("description")
        if missing := [pair_id for pair_id in pair_ids if pair_id not in found]:
            raise RecordingError(
                f"expected descriptions of all {len(pair_ids)} pairs in {self.path}, got none of {missing[0]} "
                f"and {len(missing) - 1} others; {_AGAIN}"
            )
        self._descriptions = [found[pair_id] for pair_id in pair_ids]
        self._image, self._text = (self._mapped(name, len(pair_ids)) for name in ("image.npy", "text.npy"))

    def check(self, config: LegoConfig) -> None:
        """Raises RecordingError where the embeddings are not of the sizes that a generator asks for."""
        for name, found, tokens in (
            ("image.npy", self._image, config.num_image_tokens),
            ("text.npy", self._text, config.num_words),
        ):
            # text of other lengths is cut or filled with zeros; image tokens must be those of the VLM's grid
            if found.shape[2] != config.vlm_width or (name == "image.npy" and found.shape[1] != tokens):
                raise RecordingError(
                    f"expected {name} of {tokens} tokens of width {config.vlm_width}, got {found.shape[1]} of "
                    f"{found.shape[2]} in {self.path}; set num_image_tokens and vlm_width to the VLM's"
                )

    def description(self, row: int) -> str:
        return self._descriptions[row]

    def image(self, row: int) -> NDArray[np.float16]:
        """(M, E)."""
        return np.array(self._image[row])

    def text(self, row: int, num_words: int) -> NDArray[np.float16]:
        """(num_words, E), cut or filled with zeros."""
        made = np.zeros((num_words, self._text.shape[2]), np.float16)
        kept = self._text[row][:num_words]
        made[: len(kept)] = kept
        return made

    def _mapped(self, name: str, num_pairs: int) -> NDArray[np.float16]:
        try:
            array = np.load(self.path / name, mmap_mode="r")
        except (OSError, ValueError) as error:
            raise RecordingError(f"expected embeddings in {self.path / name}, got {error}; {_AGAIN}") from None
        if array.dtype != np.float16 or array.ndim != 3 or len(array) != num_pairs:
            raise RecordingError(
                f"expected float16 of shape ({num_pairs}, tokens, width) in {self.path / name}, got {array.dtype} of "
                f"{array.shape}; {_AGAIN}"
            )
        return array

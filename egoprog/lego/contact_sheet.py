"""Contact sheets: which frame pairs were kept and which dropped, and what generators drew, at a glance."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from egoprog.data.atomic import atomic
from egoprog.data.fitting import cover
from egoprog.data.frame_pairs import FramePair, PairFolder
from egoprog.data.frames import FrameSource
from egoprog.errors import RecordingError
from egoprog.lego.generated import GeneratedFolder

TILE_PX = (128, 160)
"""Height and width of one frame at least; wider frames keep their aspect."""
CAPTION_PX = 64
GAP_PX = 8
PAPER, INK = (250, 250, 248), (32, 34, 38)
_FONT_PX = 12

Picture = NDArray[np.uint8]


def write_sheets(folder: PairFolder, frames: FrameSource, out: Path, num_pairs: int = 24, seed: int = 0) -> list[Path]:
    """Draws so many pairs of each kind at random, kept and dropped by reason, one PNG each; returns the files.

    frames: where the pictures of dropped pairs come from; a pair whose pictures can't be read is passed over.
    """
    rng = np.random.default_rng(seed)
    written = []
    kept = folder.pairs()
    if chosen := by_lot(kept, num_pairs, rng):
        tiles = [tile([folder.shown(picture) for picture in folder.pictures(pair)], caption(pair)) for pair in chosen]
        written.append(write_sheet(out / "kept.png", tiles))
    by_reason: dict[str, list[FramePair]] = {}
    for one in folder.dropped():
        by_reason.setdefault(one.reason, []).append(one.pair)
    for reason, pairs in sorted(by_reason.items()):
        tiles = []
        for pair in by_lot(pairs, num_pairs, rng):
            try:
                both = frames.read(pair.video_id, [pair.input_s, pair.target_s])
            except RecordingError:
                continue
            tiles.append(tile(both, caption(pair)))
        if tiles:
            written.append(write_sheet(out / f"dropped-{reason.replace(' ', '-')}.png", tiles))
    return written


def by_lot(pairs: Sequence[FramePair], num: int, rng: np.random.Generator) -> list[FramePair]:
    """At most so many, in their order."""
    return [pairs[k] for k in sorted(rng.permutation(len(pairs))[:num])]


def caption(pair: FramePair) -> str:
    """One or two lines about a pair."""
    alike = "" if pair.similarity is None else f"   {pair.similarity:.3f}"
    head = f"{pair.action}{alike}   {pair.pair_id}"
    return f"{head}\n{pair.description}" if pair.description else head


def drawn_tiles(folder: PairFolder, rows: Mapping[str, GeneratedFolder], pairs: Sequence[FramePair]) -> list[Picture]:
    """One a pair: the input, what each row drew, and the truth, from left to right. Raises RecordingError."""
    tiles = []
    for pair in pairs:
        before, truth = folder.pictures(pair)
        drawn = [row.read(pair.pair_id, before.shape[:2]) for row in rows.values()]
        shown = [folder.shown(picture) for picture in (before, *drawn, truth)]
        tiles.append(tile(shown, f"{pair.action}   {pair.pair_id}\ninput, {', '.join(rows)}, truth"))
    return tiles


def tile(shown: Sequence[Picture], text: str) -> Picture:
    """Pictures side by side, and lines of text below. shown: (H, W, 3) uint8 of one size."""
    covers = [cover(picture, TILE_PX) for picture in shown]
    gap = np.full((covers[0].shape[0], 2, 3), PAPER, np.uint8)
    pictures = np.hstack([part for one in covers for part in (one, gap)][:-1])
    strip = Image.new("RGB", (pictures.shape[1], CAPTION_PX), PAPER)
    font = ImageFont.load_default(_FONT_PX)
    letters = int(pictures.shape[1] / (0.55 * _FONT_PX))
    lines = [line for part in text.splitlines() for line in textwrap.wrap(part, letters)]
    ImageDraw.Draw(strip).multiline_text((1, 0), "\n".join(lines[:4]), INK, font, spacing=2)
    return np.vstack([pictures, np.asarray(strip)])


def write_sheet(path: Path, tiles: Sequence[Picture], columns: int = 4) -> Path:
    """Writes tiles of one size in rows as a PNG or JPEG and returns its path. Raises RecordingError otherwise."""
    if path.suffix.lower() not in (".png", ".jpg", ".jpeg"):
        raise RecordingError(f"expected a picture NAME.png or NAME.jpg to write, got {path}")
    columns = min(columns, len(tiles))
    height, width = (max(one.shape[axis] for one in tiles) + GAP_PX for axis in (0, 1))
    rows = -(-len(tiles) // columns)
    sheet = np.full((rows * height + GAP_PX, columns * width + GAP_PX, 3), PAPER, np.uint8)
    for k, one in enumerate(tiles):
        top, left = k // columns * height + GAP_PX, k % columns * width + GAP_PX
        sheet[top : top + one.shape[0], left : left + one.shape[1]] = one
    with atomic(path) as temporary:
        if not cv2.imwrite(str(temporary), sheet[..., ::-1]):
            raise RecordingError(f"expected to write {path}, got no picture; free some space or choose another")
    return path

"""Contact sheets: what episodes of the simulated kitchen look like, at a glance."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from egoprog.data.atomic import atomic
from egoprog.errors import RecordingError
from egoprog.sim.lens import Camera
from egoprog.sim.performance import Performance
from egoprog.sim.record import act, episode

TILE_PX = (304, 228)
CAPTION_PX = 26
TITLE_PX = 30
PAPER, INK, FADED = (250, 250, 248), (32, 34, 38), (120, 124, 130)

Picture = NDArray[np.uint8]


def write_sheet(
    out: str | Path,
    seeds: Sequence[int],
    seconds: float = 60.0,
    columns: int = 6,
    rows: int = 1,
    tasks: Iterable[str] = (),
    number: int = 0,
) -> None:
    """Draws `rows` rows of pictures of one episode for each seed, at steps that lie evenly in it, as a PNG or JPEG.

    number: of the episode of each seed, see `record.episode`. Raises RecordingError for a file that can't be written.
    """
    out = Path(out)
    if out.suffix.lower() not in (".png", ".jpg", ".jpeg"):
        raise RecordingError(f"expected a picture NAME.png or NAME.jpg to write, got {out}")
    tasks = tuple(tasks)
    parts = [_episode_rows(act(episode(seed, number, seconds, tasks)), seed, columns, rows) for seed in seeds]
    try:
        with atomic(out) as temporary:
            cv2.imwrite(str(temporary), np.vstack(parts)[..., ::-1])
    except OSError as error:
        raise RecordingError(f"can't write {out}: {error.strerror}") from None


def _episode_rows(performance: Performance, seed: int, columns: int, rows: int) -> Picture:
    """One episode: a title, then pictures with captions."""
    person = performance.activity.participant
    width = columns * TILE_PX[0]
    title = np.full((TITLE_PX, width, 3), PAPER, np.uint8)
    tasks = list(dict.fromkeys(acted.step.task for acted in performance.steps if acted.step.task))
    text = f"seed {seed}   {person.id}   {performance.duration_s:.0f} s   {', '.join(tasks)}"
    _write(title, text, (6, 21), 0.52, INK)
    chosen = np.linspace(0, len(performance.steps) - 1, min(columns * rows, len(performance.steps))).round().astype(int)
    tiles = []
    with Camera(performance.kitchen, *TILE_PX, seed=performance.activity.seed) as camera:
        for k in chosen:
            acted = performance.steps[k]
            stamp_s = 0.35 * acted.start_s + 0.65 * acted.stop_s
            caption = np.full((CAPTION_PX, TILE_PX[0], 3), PAPER, np.uint8)
            _write(caption, f"{stamp_s:.1f} s  {acted.step.narration}", (6, 17), 0.42, FADED)
            tiles.append(np.vstack([camera.picture(performance.at(stamp_s)), caption]))
    blank = np.full_like(tiles[0], PAPER)
    tiles += [blank] * (columns * rows - len(tiles))
    return np.vstack([title, *(np.hstack(tiles[k * columns : (k + 1) * columns]) for k in range(rows))])


def _write(picture: Picture, text: str, at_px: tuple[int, int], size: float, colour: tuple[int, int, int]) -> None:
    cv2.putText(picture, text, at_px, cv2.FONT_HERSHEY_SIMPLEX, size, colour, 1, cv2.LINE_AA)

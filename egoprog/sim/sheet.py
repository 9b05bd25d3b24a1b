"""Contact sheets: what episodes of the simulated kitchen look like, at a glance."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from egoprog.data import Frame, open_recording
from egoprog.data.atomic import atomic
from egoprog.data.epic_folder import EpicFolder
from egoprog.describe.narrations import read_narrations
from egoprog.describe.types import Narration
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
    recordings: Sequence[str | Path] = (),
) -> None:
    """Draws `rows` rows of pictures of one episode for each seed, at steps that lie evenly in it, as a PNG or JPEG.

    number: of the episode of each seed, see `record.episode`. recordings: videos, or folders of a dataset, to draw
    instead of the seeds. Raises RecordingError for what can't be read or written.
    """
    out = Path(out)
    if out.suffix.lower() not in (".png", ".jpg", ".jpeg"):
        raise RecordingError(f"expected a picture NAME.png or NAME.jpg to write, got {out}")
    tasks = tuple(tasks)
    if recordings:
        parts = [_video_rows(video, columns, rows) for path in recordings for video in videos_of(Path(path))]
    else:
        parts = [_episode_rows(act(episode(seed, number, seconds, tasks)), seed, columns, rows) for seed in seeds]
    try:
        with atomic(out) as temporary:
            cv2.imwrite(str(temporary), np.vstack(parts)[..., ::-1])
    except OSError as error:
        raise RecordingError(f"can't write {out}: {error.strerror}") from None


def _episode_rows(performance: Performance, seed: int, columns: int, rows: int) -> Picture:
    """One episode: a title, then pictures with captions."""
    person = performance.activity.participant
    tasks = list(dict.fromkeys(acted.step.task for acted in performance.steps if acted.step.task))
    text = f"seed {seed}   {person.id}   {performance.duration_s:.0f} s   {', '.join(tasks)}"
    tiles = []
    with Camera(performance.kitchen, *TILE_PX, seed=performance.activity.seed) as camera:
        for acted in _evenly(performance.steps, columns * rows):
            stamp_s = _telling_s(acted.start_s, acted.stop_s)
            picture = camera.picture(performance.at(stamp_s))
            tiles.append(_tile(picture, f"{stamp_s:.1f} s  {acted.step.narration}"))
    return _laid_out(text, tiles, columns)


def videos_of(path: Path) -> list[Path]:
    """The video itself, or all of a dataset in their order. Raises RecordingError where there is none."""
    found = sorted(path.glob("*/videos/*.mp4")) if path.is_dir() else [path]
    if not found:
        raise RecordingError(f"expected a video or the folder of a dataset, got {path}, which holds no */videos/*.mp4")
    return found


def _video_rows(video: Path, columns: int, rows: int) -> Picture:
    """One recorded video, at its narrations."""
    recording = open_recording(video)
    said = _narrations(video)
    if not said:
        raise RecordingError(f"expected narrations of {video}, found none; sheets show what they tell of")
    wanted = [(_telling_s(line.start_s, line.stop_s), line.text) for line in _evenly(said, columns * rows)]
    wanted.sort(reverse=True)
    tiles = []
    for frame in recording.samples():
        while wanted and isinstance(frame, Frame) and frame.stamp_s >= wanted[-1][0]:
            stamp_s, text = wanted.pop()
            tiles.append(
                _tile(cv2.resize(frame.image, TILE_PX, interpolation=cv2.INTER_AREA), f"{stamp_s:.1f} s  {text}")
            )
        if not wanted:
            break
    return _laid_out(f"{video.stem}   {recording.duration_s:.0f} s", tiles, columns)


def _narrations(video: Path) -> list[Narration]:
    """From the file beside the video, or from the annotations of the dataset that it lies in."""
    beside = video.with_suffix(".narrations.csv")
    if beside.is_file():
        return read_narrations(beside)
    folder = EpicFolder.around(video)
    return folder.narrations(video.stem) if folder else []


def _telling_s(start_s: float, stop_s: float | None) -> float:
    """When a step shows best what it is: past its middle."""
    return start_s if stop_s is None else 0.35 * start_s + 0.65 * stop_s


def _evenly(items: Sequence, most: int) -> list:
    """At most so many of the items, evenly, the first and the last among them."""
    return [items[k] for k in np.linspace(0, len(items) - 1, min(most, len(items))).round().astype(int)]


def _tile(picture: Picture, text: str) -> Picture:
    caption = np.full((CAPTION_PX, TILE_PX[0], 3), PAPER, np.uint8)
    _write(caption, text, (6, 17), 0.42, FADED)
    return np.vstack([picture, caption])


def _laid_out(title: str, tiles: list[Picture], columns: int) -> Picture:
    """Rows of tiles under a title; the last row is filled up with paper."""
    head = np.full((TITLE_PX, columns * TILE_PX[0], 3), PAPER, np.uint8)
    _write(head, title, (6, 21), 0.52, INK)
    blank = np.full_like(_tile(np.zeros((*TILE_PX[::-1], 3), np.uint8), ""), PAPER)
    tiles = tiles + [blank] * (-len(tiles) % columns)
    return np.vstack([head, *(np.hstack(tiles[k : k + columns]) for k in range(0, len(tiles), columns))])


def _write(picture: Picture, text: str, at_px: tuple[int, int], size: float, colour: tuple[int, int, int]) -> None:
    cv2.putText(picture, text, at_px, cv2.FONT_HERSHEY_SIMPLEX, size, colour, 1, cv2.LINE_AA)

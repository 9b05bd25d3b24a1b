"""Records many episodes as a dataset in EPIC-KITCHENS' layout (see `egoprog.data.epic_folder`).

An episode is written into a hidden folder and moved into place when it is whole; the move of its own annotations to
episodes/VIDEO_ID is the last one, and what stands there counts as done. A run that ends early, however it ends, is
taken up by the same command. The annotation files of the whole are made of those of the episodes.
"""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import json
import multiprocessing
import os
import shutil
import signal
import sys
import threading
import time
import wave
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from egoprog import __version__
from egoprog.data import (
    ClassTable,
    VideoInfo,
    iter_programs,
    read_actions,
    read_sounds,
    read_video_info,
    write_actions,
    write_classes,
    write_fields,
    write_hand_objects,
    write_programs,
    write_sounds,
    write_unseen_participants,
    write_video_info,
)
from egoprog.data.atomic import atomic
from egoprog.data.epic_classes import NOUNS, VERBS, class_table
from egoprog.data.epic_fields import picture_name
from egoprog.data.epic_folder import SPLITS, EpicFolder
from egoprog.data.frames import displayed
from egoprog.data.images import encoded_picture
from egoprog.data.pair_moments import after_walking, moments_of
from egoprog.errors import ConfigurationError, EgoprogError, RecordingError
from egoprog.sim import truth
from egoprog.sim.gl import load_mujoco
from egoprog.sim.lens import Camera
from egoprog.sim.participants import NUM_PARTICIPANTS, participant
from egoprog.sim.performance import Performance
from egoprog.sim.record import act, episode, sound_of, who, write_video
from egoprog.sim.sound import SAMPLE_RATE
from egoprog.sim.truth import RATE_HZ, Seen, frame_stamps_s

FORMAT: Final = 3
"""Rises when the same seed gives other frames or other annotations."""
NUM_UNSEEN: Final = 12
"""Participants, the last ones, that no training episode shows."""
VALIDATION_EVERY: Final = 10
"""Of the others' episodes every tenth is for validation too, as EPIC-KITCHENS has it."""
LABELLED_HZ: Final = 10.0
"""How often boxes are measured in the picture; those of the frames between are interpolated."""
BOXES_HZ: Final = 2.0
"""About how often boxes.jsonl has a line."""
MAX_RATE_HZ: Final = 120.0
MERGE_EVERY_S: Final = 60.0
"""While episodes come in, the files of the whole are made no more often."""
WATCH_S: Final = 0.2
MAX_EPISODES: Final = 99 * NUM_PARTICIPANTS
_MANIFEST: Final = "dataset.json"
_PARTIAL: Final = ".partial"
_LOCK: Final = ".lock"


@dataclass(frozen=True)
class Settings:
    """What decides every byte of a dataset but how many episodes it has.

    seconds: of an episode, about. rate_hz: of the frames. strangers: every episode shows somebody else, none of the
    48 participants. pair_shares: no video and no sound, but the frames of LEGO's pairs as numbered pictures: those
    around each action's beginning, once the walk to it is over, and around where so much of it is done.
    """

    seed: int = 0
    seconds: float = 180.0
    width_px: int = 456
    height_px: int = 256
    tasks: tuple[str, ...] = ()
    rate_hz: float = RATE_HZ
    format: int = FORMAT
    strangers: bool = False
    pair_shares: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise ConfigurationError(f"expected a seed from 0 on, got {self.seed}")
        if min(self.width_px, self.height_px) < 64 or self.width_px % 2 or self.height_px % 2:
            raise ConfigurationError(f"expected even sides from 64 on, got {self.width_px}x{self.height_px}")
        if not 1 <= self.rate_hz <= MAX_RATE_HZ:
            raise ConfigurationError(f"expected 1 to {MAX_RATE_HZ:g} frames a second, got {self.rate_hz:g}")
        if not all(0 <= share <= 1 for share in self.pair_shares):
            raise ConfigurationError(f"expected shares of an action from 0 to 1, got {self.pair_shares}")

    @property
    def labelled_every(self) -> int:
        """Frames from one whose boxes are measured to the next."""
        return max(1, round(self.rate_hz / LABELLED_HZ))

    @property
    def boxed_every(self) -> int:
        """Frames from one line of boxes.jsonl to the next."""
        return self.labelled_every * max(1, round(self.rate_hz / self.labelled_every / BOXES_HZ))


@dataclass(frozen=True)
class Job:
    """One episode to record, by its number from 0. video_id: "P901_01"."""

    root: Path
    settings: Settings
    number: int

    @property
    def video_id(self) -> str:
        visit = 0 if self.settings.strangers else self.number // NUM_PARTICIPANTS
        return f"{who(self.settings.seed, self.number, self.settings.strangers).id}_{visit + 1:02d}"

    @property
    def split(self) -> str:
        is_for_validation = self.number % VALIDATION_EVERY == VALIDATION_EVERY - 1
        return SPLITS[is_for_validation or self.video_id.partition("_")[0] in unseen_participants()]

    @property
    def annotations(self) -> Path:
        """The folder that is there when the episode is whole."""
        return self.root / "episodes" / self.video_id


def unseen_participants() -> tuple[str, ...]:
    """Those that are for validation alone."""
    return tuple(participant(k).id for k in range(NUM_PARTICIPANTS - NUM_UNSEEN, NUM_PARTICIPANTS))


def record_dataset(
    out: str | Path, episodes: int, settings: Settings | None = None, workers: int = 1, show_progress: bool = True
) -> list[str]:
    """Records the first so many episodes; those that are there already are kept. Returns the video_ids of all.

    Raises RecordingError for a folder that holds something else or can't be written, ConfigurationError for settings
    that can't be acted, ModelError where the machine can't render.
    """
    settings = settings or Settings()
    if not 1 <= episodes <= MAX_EPISODES:
        raise ConfigurationError(f"expected 1 to {MAX_EPISODES} episodes, got {episodes}")
    if workers < 1:
        raise ConfigurationError(f"expected at least one worker, got {workers}")
    root = Path(out).resolve()
    # a wrong task or a missing renderer is told before anything is made
    load_mujoco()
    episode(settings.seed, 0, min(settings.seconds, 1.0), settings.tasks, settings.strangers)
    with _telling_of_disk(root), _claimed(root, settings):
        jobs = [Job(root, settings, number) for number in range(episodes)]
        left = [job for job in jobs if not job.annotations.is_dir()]
        shutil.rmtree(root / _PARTIAL, ignore_errors=True)
        try:
            if left:
                _run(left, min(workers, len(left)), show_progress)
        finally:
            shutil.rmtree(root / _PARTIAL, ignore_errors=True)
            merge(root, settings)
    return [job.video_id for job in jobs]


@contextlib.contextmanager
def _claimed(root: Path, settings: Settings) -> Iterator[None]:
    """The folder is ours for a while, if it is empty or ours already and nobody else records to it."""
    _claim(root, settings)
    with (root / _LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RecordingError(f"another `egoprog sim record` records to {root}; wait for it or end it") from None
        yield


def _claim(root: Path, settings: Settings) -> None:
    manifest = root / _MANIFEST
    wanted = {"egoprog": __version__, **_as_json(settings)}
    if root.exists() and not root.is_dir():
        raise RecordingError(f"expected a folder to record to, {root} is a file")
    if manifest.is_file():
        try:
            known = _as_json(Settings()) | json.loads(manifest.read_text(encoding="utf-8"))
            differences = [f"{key} {known.get(key)!r}" for key in wanted if known.get(key) != wanted[key]]
        except (ValueError, TypeError):
            raise RecordingError(f"expected the settings of a recording in {manifest}, got something else") from None
        if differences:
            raise RecordingError(
                f"{root} holds another recording, with {', '.join(differences)}; record to another folder"
            )
        return
    if root.is_dir() and any(root.iterdir()):
        raise RecordingError(
            f"expected an empty folder or a recording of `egoprog sim record`, {root} holds other files"
        )
    root.mkdir(parents=True, exist_ok=True)
    with atomic(manifest) as temporary:
        temporary.write_text(json.dumps(wanted, indent=1) + "\n", encoding="utf-8")


def _as_json(settings: Settings) -> dict[str, Any]:
    """As JSON gives them back: it knows no tuples."""
    return json.loads(json.dumps(asdict(settings)))


# Workers

_done: Any = None  # frames that all workers have drawn, shared


def _begin_worker(done: Any, is_ending: Any) -> None:
    global _done
    _done = done
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent tells when to end
    os.environ.setdefault("LP_NUM_THREADS", "1")  # software rendering: one thread a worker
    threading.Thread(target=_end_with_parent, args=(is_ending,), daemon=True).start()


def _end_with_parent(is_ending: Any) -> None:
    """Ends this worker at once, whatever it does, when it is told to or its parent is gone, even by kill -9."""
    parent = multiprocessing.parent_process()
    while parent is not None and parent.is_alive() and not is_ending.wait(WATCH_S):
        pass
    os._exit(1)


def _run(jobs: list[Job], workers: int, show_progress: bool) -> None:
    context = multiprocessing.get_context("spawn")  # a GL context does not survive a fork
    done, is_ending = context.Value("q", 0), context.Event()
    settings = jobs[0].settings
    # about: an episode ends with its last step, and how many pairs it has is not known before it is acted
    total = None if settings.pair_shares else round(len(jobs) * settings.seconds * settings.rate_hz)
    bar = tqdm(
        total=total,
        desc=f"recording {len(jobs)} episodes",
        unit="frame",
        mininterval=0.2 if sys.stderr.isatty() else 30.0,
        disable=not show_progress,
    )
    # A process draws one episode: what a kitchen leaves behind in a process changes the next one's frames a little.
    pool = ProcessPoolExecutor(workers, context, _begin_worker, (done, is_ending), max_tasks_per_child=1)
    with pool, bar:
        merged_s = time.monotonic()
        waiting: set[Future] = {pool.submit(_record_episode, job) for job in jobs}
        try:
            while waiting:
                finished, waiting = wait(waiting, timeout=0.2, return_when=FIRST_COMPLETED)
                bar.update(min(done.value, total or done.value) - bar.n)
                for future in finished:
                    future.result()
                if finished and time.monotonic() - merged_s > MERGE_EVERY_S:
                    merge(jobs[0].root, settings)
                    merged_s = time.monotonic()
        except BrokenProcessPool:
            raise RecordingError(
                "a worker ended on its own, perhaps for want of memory; the same command goes on, "
                "fewer --workers need less"
            ) from None
        except BaseException:
            is_ending.set()
            pool.shutdown(cancel_futures=True)
            raise


def _record_episode(job: Job) -> None:
    """Records one episode in a worker."""
    settings, video_id, rate_hz = job.settings, job.video_id, job.settings.rate_hz
    performance = act(episode(settings.seed, job.number, settings.seconds, settings.tasks, settings.strangers))
    partial = job.root / _PARTIAL / video_id
    own = partial / "annotations"
    with _telling_of_disk(job.root):
        own.mkdir(parents=True)
        size_px = (settings.width_px, settings.height_px)
        with Camera(performance.kitchen, *size_px, seed=performance.activity.seed) as camera:
            if settings.pair_shares:
                seen = labelled = _draw_pairs(performance, camera, job, partial)
            else:
                labelled, seen = _film(performance, camera, settings, partial)
            write_fields(partial / "fields.json", truth.fields(performance, *size_px, camera.intrinsics, rate_hz))
        write_hand_objects(
            partial / "hands.pkl", (truth.detections(performance, video_id, each, rate_hz) for each in seen)
        )
        write_actions(own / "actions.csv", truth.actions(performance, video_id, rate_hz))
        write_sounds(own / "sounds.csv", truth.sounds(performance, video_id))
        write_programs(own / "programs.jsonl", truth.clips(performance, video_id))
        info = VideoInfo(video_id, round(performance.duration_s, 6), rate_hz, *size_px)
        write_video_info(own / "video_info.csv", [info])
        with (own / "boxes.jsonl").open("w", encoding="utf-8") as file:
            for each in labelled:
                line = truth.boxes_line(performance, video_id, each, rate_hz)
                file.write(json.dumps(line, separators=(",", ":")) + "\n")
        _move_into_place(job, partial)


def _film(
    performance: Performance, camera: Camera, settings: Settings, partial: Path
) -> tuple[list[Seen], Iterator[Seen]]:
    """Writes video and sound. Returns what is seen in the frames that boxes.jsonl tells of, and in all frames."""
    seen: list[Seen] = []
    samples, rate_hz = sound_of(performance), settings.rate_hz
    pictures = _pictures(performance, camera, seen, settings)
    write_video(partial / "video.mp4", pictures, samples, (settings.width_px, settings.height_px), rate_hz)
    write_wav(partial / "audio.wav", samples)
    labelled = [each for each in seen if round(each.stamp_s * rate_hz) % settings.boxed_every == 0]
    return labelled, _between(seen, rate_hz)


def _draw_pairs(performance: Performance, camera: Camera, job: Job, partial: Path) -> list[Seen]:
    """Writes the pictures that pairs may be made of. Returns what is seen in each; all of them are labelled."""
    rate_hz = job.settings.rate_hz
    folder = partial / "rgb_frames"
    folder.mkdir()
    seen = []
    for number in _pair_frames(performance, job):
        moment = performance.at((number - 1) / rate_hz)
        boxes = truth.boxes_of(*camera.labels(moment, *_label_size_px(camera)))
        seen.append(Seen((number - 1) / rate_hz, boxes))
        (folder / picture_name(number)).write_bytes(encoded_picture(camera.picture(moment), ".jpg"))
        _count_frame()
    return seen


def _pair_frames(performance: Performance, job: Job) -> list[int]:
    """Numbers from 1 of all frames that `training.pairs --after-walking` may look at."""
    rate_hz = job.settings.rate_hz
    actions = truth.actions(performance, job.video_id, rate_hz)
    clips = truth.clips(performance, job.video_id)
    found: set[int] = set()
    for share in job.settings.pair_shares:
        for one in after_walking((moments_of(action, target_share=share) for action in actions), clips):
            for stamps_s in (one.input_candidates_s(rate_hz), one.target_candidates_s(rate_hz)):
                found |= {displayed(stamp_s, rate_hz) + 1 for stamp_s in stamps_s.tolist()}
    last = len(frame_stamps_s(performance.duration_s, rate_hz))
    return sorted(min(number, last) for number in found)


def _label_size_px(camera: Camera) -> tuple[int, int]:
    """Boxes are measured in smaller pictures."""
    return max(64, camera.width_px // 2), max(36, camera.height_px // 2)


def _count_frame() -> None:
    if _done is not None:
        with _done.get_lock():
            _done.value += 1


def _pictures(
    performance: Performance, camera: Camera, seen: list[Seen], settings: Settings
) -> Iterator[NDArray[np.uint8]]:
    """The frames of a performance in order; `seen` fills with the boxes of those that are labelled, and of the last."""
    stamps_s = frame_stamps_s(performance.duration_s, settings.rate_hz)
    for order, stamp_s in enumerate(stamps_s):
        moment = performance.at(stamp_s)
        if order % settings.labelled_every == 0 or order == len(stamps_s) - 1:
            seen.append(Seen(float(stamp_s), truth.boxes_of(*camera.labels(moment, *_label_size_px(camera)))))
        yield camera.picture(moment)
        _count_frame()


def _between(seen: list[Seen], rate_hz: float) -> Iterator[Seen]:
    """What is seen in every frame, from what was measured in some."""
    for a, b in itertools.pairwise(seen):
        yield a
        for number in range(round(a.stamp_s * rate_hz) + 1, round(b.stamp_s * rate_hz)):
            yield truth.between(a, b, number / rate_hz)
    yield from seen[-1:]


def write_wav(path: Path, samples: NDArray[np.float32]) -> None:
    """16 bit, mono, at SAMPLE_RATE. samples: (N,), full scale 1."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())


def _move_into_place(job: Job, partial: Path) -> None:
    folder = EpicFolder(job.root)
    participant_id = job.video_id.partition("_")[0]
    moves = {
        "fields.json": folder.fields(job.video_id),
        "hands.pkl": folder.hand_objects(job.video_id),
        "audio.wav": job.root / participant_id / "audio" / f"{job.video_id}.wav",
        "video.mp4": folder.video(job.video_id),
        "rgb_frames": folder.pictures(job.video_id),
        "annotations": job.annotations,
    }
    for name, target in moves.items():
        if not (partial / name).exists():  # a recording of pairs has pictures, the others a video and sound
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        (partial / name).replace(target)
    partial.rmdir()


# The whole


def merge(root: Path, settings: Settings) -> None:
    """Makes the annotation files of all episodes that are whole."""
    folder = EpicFolder(root)
    for path in (root / "annotations", root / "programs"):
        path.mkdir(exist_ok=True)
    names = {path.name for path in (root / "episodes").glob("P*_*")}
    jobs = (Job(root, settings, number) for number in range(MAX_EPISODES))
    whole = itertools.islice((job for job in jobs if job.video_id in names), len(names))
    jobs = sorted(whole, key=lambda job: job.video_id)
    for split in SPLITS:
        own = [job.annotations for job in jobs if job.split == split]
        write_actions(folder.actions(split), (row for path in own for row in read_actions(path / "actions.csv")))
        write_sounds(folder.sounds(split), (row for path in own for row in read_sounds(path / "sounds.csv")))
        clips = (clip for path in own for clip in iter_programs(path / "programs.jsonl"))
        if own:
            write_programs(folder.programs(split), clips)
        else:  # readers take a file without a line for one that was cut
            folder.programs(split).unlink(missing_ok=True)
    videos = (info for job in jobs for info in read_video_info(job.annotations / "video_info.csv").values())
    annotations = root / "annotations"
    write_video_info(folder.video_info, videos)
    write_classes(annotations / "EPIC_100_verb_classes.csv", _classes(VERBS))
    write_classes(annotations / "EPIC_100_noun_classes.csv", _classes(NOUNS))
    shown = {job.video_id.partition("_")[0] for job in jobs if job.split == "validation"}
    unseen = [person for person in unseen_participants() if person in shown]
    write_unseen_participants(folder.unseen_participants, unseen)


def _classes(keys: tuple[str, ...]) -> ClassTable:
    """As the official files have them, but for the words and the categories, which are not ours to copy."""
    return ClassTable(replace(one, category="other") for one in class_table(keys).values())


@contextlib.contextmanager
def _telling_of_disk(root: Path) -> Iterator[None]:
    """Turns what the disk and the encoder have against a recording into one line."""
    try:
        yield
    except (OSError, av.FFmpegError) as error:
        if isinstance(error, EgoprogError):
            raise
        reason = getattr(error, "strerror", None) or error
        raise RecordingError(
            f"can't record to {root}: {reason}; what is whole is kept, the same command goes on"
        ) from None

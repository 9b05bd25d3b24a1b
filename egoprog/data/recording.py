"""Recordings of a first-person view: one interface over video files, folders of frames and rosbag2 bags."""

from __future__ import annotations

import heapq
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Protocol

from egoprog.data.epic_folder import EpicFolder, truth_of
from egoprog.data.poses import read_poses
from egoprog.data.program_lines import iter_programs
from egoprog.data.samples import AudioBlock, Frame, ImuSample, Intrinsics, PoseSample, Sample, Truth, stamp_of
from egoprog.data.video import IMAGE_SUFFIXES, AudioFile, FrameFolder, VideoFile
from egoprog.describe.narrations import read_narrations
from egoprog.describe.types import Narration
from egoprog.errors import RecordingError

__all__ = ["AudioBlock", "Frame", "ImuSample", "PoseSample", "Recording", "Sample", "open_recording"]

BAG_SUFFIXES = (".mcap", ".db3")
FRAME_RATE_HZ = 30.0


class SampleSource(Protocol):
    """Whatever hands out samples in the order of their stamps, anew at each call."""

    def samples(self) -> Generator[Sample, None, None]: ...


class Recording:
    """A recording on disk. Nothing but the first frame is read before `samples` is called.

    name: the file's or folder's, without suffix. streams: those of "camera", "audio", "pose", "imu", "narration" that
    it has. warnings: what was amiss but could be passed over, e.g. a video that ends early; complete after `samples`
    has run to its end. intrinsics: of the camera, where they are known. truth: what really happened, where somebody
    knows; it is no sample, since nothing that observes may see it.
    """

    def __init__(self, path: Path, name: str) -> None:
        self.path = path
        self.name = name
        self.duration_s = 0.0
        self.streams: set[str] = set()
        self.warnings: list[str] = []
        self.intrinsics: Intrinsics | None = None
        self.truth: tuple[Truth, ...] = ()
        self._sources: list[SampleSource] = []
        self._running: list[Generator[Sample, None, None]] = []

    def __enter__(self) -> Recording:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the files of iterations that were not run to their end; the recording can be read again."""
        while self._running:
            self._running.pop().close()

    def samples(self) -> Iterator[Sample]:
        """All streams merged in the order of their stamps, in seconds from the recording's start, decoded lazily.

        Raises RecordingError only if nothing at all can be read; what breaks later ends its stream and is warned of.
        """
        streams = [source.samples() for source in self._sources]
        self._running += streams
        try:
            yield from heapq.merge(*streams, key=stamp_of)
        finally:
            for stream in streams:
                stream.close()
            self._running = [each for each in self._running if each not in streams]

    def catch_up(self, stamp_s: float) -> None:
        """Frames before this time come too late for the reader; a recording that makes its frames leaves them out."""

    def warn(self, text: str) -> None:
        """Keeps a warning, once."""
        if text not in self.warnings:
            self.warnings.append(text)

    def add(self, source: SampleSource, *streams: str, duration_s: float = 0.0) -> None:
        """Adds streams from one more place; the recording lasts as long as its longest source."""
        self._sources.append(source)
        self.streams.update(streams)
        self.duration_s = max(self.duration_s, duration_s)


class SampleList:
    """Samples that lie in memory: narrations and poses from files."""

    def __init__(self, samples: list[Narration] | list[PoseSample]) -> None:
        self._samples = sorted(samples, key=stamp_of)

    def samples(self) -> Generator[Sample, None, None]:
        yield from self._samples


def open_recording(
    path: str | Path,
    narrations: str | Path | None = None,
    poses: str | Path | None = None,
    audio: str | Path | None = None,
    rate_hz: float = FRAME_RATE_HZ,
    camera_topic: str = "",
) -> Recording:
    """A video file, a folder of frames, a rosbag2 folder, or a bare .mcap or .db3 file.

    narrations: EPIC's CSV, a CSV of start,stop,text, or SRT. poses: see `data.poses`. audio: a sound file in the place
    of the recording's own sound. Where they are not given, NAME.narrations.csv, NAME.narrations.srt and NAME.poses.csv
    beside the recording are taken, then what a folder in EPIC-KITCHENS' layout says of it.
    rate_hz: of a folder's frames. camera_topic: of a bag; "" for the first.
    Raises RecordingError for what is missing, broken, or has no picture, AnnotationError for a dataset's broken file.
    """
    path = Path(path)
    if not path.exists():
        raise RecordingError(f"expected a video, a folder of frames or a rosbag2, found nothing at {path}")
    recording = Recording(path, path.name if path.is_dir() else path.stem)
    if _is_bag(path):
        _add_bag(recording, camera_topic, with_sound=audio is None)
    elif path.is_dir():
        folder = FrameFolder(path, rate_hz, recording.warn)
        recording.add(folder, "camera", duration_s=folder.duration_s)
    else:
        video = VideoFile(path, recording.warn)
        recording.add(video, "camera", duration_s=video.duration_s)
        if video.has_audio and audio is None:
            recording.add(AudioFile(path, recording.warn), "audio")
    if audio is not None:
        sound = AudioFile(_existing(audio), recording.warn)
        recording.add(sound, "audio", duration_s=sound.duration_s)
    dataset = EpicFolder.around(path)
    if narrations := narrations or _beside(recording, ".narrations.csv", ".narrations.srt"):
        recording.add(SampleList(read_narrations(narrations, recording.name)), "narration")
    elif dataset and (told := dataset.narrations(recording.name)):
        recording.add(SampleList(told), "narration")
    if dataset:
        recording.intrinsics, known_poses = dataset.camera(recording.name)
        recording.truth = dataset.truth(recording.name)
    if poses := poses or _beside(recording, ".poses.csv"):
        recording.add(SampleList(read_poses(poses)), "pose")
    elif dataset and known_poses:
        recording.add(SampleList(known_poses), "pose")
    if truth := _beside(recording, ".truth.jsonl"):
        recording.truth = truth_of(iter_programs(truth))
    return recording


def _add_bag(recording: Recording, camera_topic: str, with_sound: bool) -> None:
    try:
        from egoprog.data.bag import Bag  # rosbags is only needed for bags
    except ImportError as error:
        raise RecordingError(
            f"expected the package rosbags to read {recording.path} ({error}); pip install rosbags"
        ) from error
    bag = Bag(recording.path, camera_topic, recording.warn)
    if not with_sound:
        bag.topics.pop("audio", None)
    recording.add(bag, *(stream for stream in bag.topics if stream != "audio_info"), duration_s=bag.duration_s)


def _is_bag(path: Path) -> bool:
    if path.is_file():
        return path.suffix in BAG_SUFFIXES
    if (path / "metadata.yaml").exists():
        return True
    suffixes = {file.suffix.lower() for file in path.iterdir()}
    return bool(suffixes & set(BAG_SUFFIXES)) and not suffixes & set(IMAGE_SUFFIXES)


def _existing(path: str | Path) -> Path:
    if not Path(path).is_file():
        raise RecordingError(f"expected a sound file, found nothing at {path}")
    return Path(path)


def _beside(recording: Recording, *endings: str) -> Path | None:
    for ending in endings:
        sidecar = recording.path.parent / (recording.name + ending)
        if sidecar.is_file():
            return sidecar
    return None

"""All extractors over a whole recording."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from egoprog.data.recording import Recording
from egoprog.data.samples import AudioBlock, Frame, PoseSample, Sample, stamp_of
from egoprog.describe.contact import HandContactExtractor
from egoprog.describe.describer import Describer
from egoprog.describe.head_motion import HeadMotionExtractor
from egoprog.describe.sound import SoundExtractor
from egoprog.describe.types import Narration
from egoprog.errors import InputError


def describe_recording(
    recording: Recording,
    vocabulary: Sequence[str] = (),
    on_progress: Callable[[float], None] | None = None,
) -> Describer:
    """Reads a recording once and gathers what the five extractors say of it.

    on_progress: called with the stamp of every sample, in seconds.
    What an extractor refuses (a NaN, a zero quaternion, a stamp that goes back) is left out and counted in
    `recording.warnings`. Raises ModelError if a packaged model is absent, RecordingError if nothing can be read.
    """
    describer = Describer(vocabulary)
    refused: dict[str, tuple[int, InputError]] = {}
    with recording, HandContactExtractor() as hands:
        sounds = SoundExtractor() if "audio" in recording.streams else None
        motions = HeadMotionExtractor()

        def take(sample: Sample) -> None:
            match sample:
                case Frame():
                    describer.extend(motions.push_frame(sample))
                    seen = hands.push(sample)
                    describer.extend((*seen.hands, *seen.events))
                case AudioBlock() if sounds is not None:
                    describer.extend(sounds.push(sample))
                case PoseSample():
                    describer.extend(motions.push_pose(sample))
                case Narration():
                    describer.push(sample)

        for sample in recording.samples():
            try:
                take(sample)
            except InputError as error:
                kind = type(sample).__name__
                count, first = refused.get(kind, (0, error))
                refused[kind] = (count + 1, first)
            if on_progress is not None:
                on_progress(stamp_of(sample))
        describer.extend(hands.flush())
        describer.extend(motions.flush())
        if sounds is not None:
            describer.extend(sounds.flush())
    for kind, (count, first) in refused.items():
        recording.warn(f"left out {count} {kind} sample(s); the first: {first}")
    return describer

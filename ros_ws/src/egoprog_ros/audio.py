"""Sound from messages: our AudioChunk, and both packages that are called audio_common_msgs, told apart by type.

ros-drivers' `AudioDataStamped` {header, audio.data} says nothing of its format, which comes latched as `AudioInfo`;
mgonzs13's `AudioStamped` {header, audio{audio_data{*_data}, info{format, channels, rate, chunk}}} brings it along.
Neither is needed; they are imported where installed.
"""

from __future__ import annotations

import array
from typing import Any

import numpy as np
from egoprog_msgs.msg import AudioChunk
from std_msgs.msg import Header

from egoprog.data.samples import AudioBlock
from egoprog.errors import AudioError
from egoprog_ros.stamps import to_seconds

MIN_RATE_HZ, MAX_RATE_HZ = 4000, 384_000  # telephones sample at 8 kHz, the best studios at 384 kHz
MAX_CHANNELS = 64
INT16_FULL_SCALE = 32768.0
FORMATS = {"S16LE": np.dtype("<i2"), "F32LE": np.dtype("<f4")}
PORT_AUDIO_FIELDS = {1: "float32_data", 2: "int32_data", 8: "int16_data", 16: "int8_data", 32: "uint8_data"}


def samples_to_block(stamp_s: float, sample_rate: int, channels: int, samples: np.ndarray) -> AudioBlock:
    """Interleaved samples, (N * channels,) float32 at full scale 1.0, as a block.

    Raises AudioError for rates and channels that no sound has, samples that don't make whole frames, and NaN.
    """
    if not MIN_RATE_HZ <= sample_rate <= MAX_RATE_HZ:
        raise AudioError(
            f"expected a sample rate of {MIN_RATE_HZ} to {MAX_RATE_HZ} Hz, got {sample_rate}; check the audio driver"
        )
    if not 1 <= channels <= MAX_CHANNELS:
        raise AudioError(f"expected 1 to {MAX_CHANNELS} channels, got {channels}; check the audio driver")
    if samples.size == 0 or samples.size % channels:
        raise AudioError(
            f"expected samples for all of {channels} channels, got {samples.size}; check `channels` and `encoding`"
        )
    if not np.isfinite(samples).all():
        raise AudioError(
            f"expected finite samples, got {np.count_nonzero(~np.isfinite(samples))} NaN or infinite of "
            f"{samples.size}; check the audio driver's encoding"
        )
    return AudioBlock(stamp_s, sample_rate, samples.reshape(-1, channels))


def chunk_to_block(message: AudioChunk) -> AudioBlock:
    """One of our chunks as a block. Raises AudioError for bad formats, rates and samples."""
    samples = _decoded(message.data, message.encoding)
    return samples_to_block(to_seconds(message.header.stamp), message.sample_rate, message.channels, samples)


def block_to_chunk(block: AudioBlock, header: Header) -> AudioChunk:
    """A block as 16-bit chunk: half the bytes of float, and no tagger hears the difference."""
    clipped = np.clip(block.samples, -1.0, 1.0 - 1.0 / INT16_FULL_SCALE)
    data = np.round(clipped * INT16_FULL_SCALE).astype("<i2").tobytes()
    return AudioChunk(
        header=header,
        sample_rate=block.sample_rate,
        channels=block.samples.shape[1],
        encoding=AudioChunk.S16LE,
        data=array.array("B", data),
    )


class AudioReader:
    """Reads any of the three message types; for ros-drivers' give it their AudioInfo first."""

    def __init__(self) -> None:
        self._info: Any = None

    def note_info(self, info: Any) -> None:
        """Keeps ros-drivers' AudioInfo: how the chunks that follow are to be read."""
        self._info = info

    def read(self, message: Any) -> AudioBlock:
        """The block in a message. Raises AudioError where the message can't be read."""
        if isinstance(message, AudioChunk):
            return chunk_to_block(message)
        stamp_s = to_seconds(message.header.stamp)
        if hasattr(message.audio, "info"):
            info = message.audio.info
            return samples_to_block(stamp_s, info.rate, info.channels, _port_audio_samples(message.audio))
        info = self._info
        if info is None:
            raise AudioError("expected AudioInfo before AudioDataStamped, got none; remap audio_info to its topic")
        samples = _decoded(message.audio.data, info.sample_format)
        return samples_to_block(stamp_s, info.sample_rate, info.channels, samples)


def installed_types() -> tuple[type, ...]:
    """The message types with stamped sound that can be subscribed to here; ours is the first."""
    types: list[type] = [AudioChunk]
    try:
        import audio_common_msgs.msg as theirs
    except ImportError:
        return tuple(types)
    types += [getattr(theirs, name) for name in ("AudioDataStamped", "AudioStamped") if hasattr(theirs, name)]
    return tuple(types)


def info_type() -> type | None:
    """ros-drivers' AudioInfo where that package is installed."""
    try:
        from audio_common_msgs.msg import AudioInfo
    except ImportError:
        return None
    return AudioInfo


def _decoded(data: Any, encoding: str) -> np.ndarray:
    if encoding not in FORMATS:
        raise AudioError(f"expected sound as {' or '.join(FORMATS)}, got {encoding!r}; set the driver to S16LE")
    raw = np.frombuffer(data, np.uint8)
    size = FORMATS[encoding].itemsize
    if raw.size % size:
        raise AudioError(f"expected whole samples of {size} bytes ({encoding}), got {raw.size} bytes; is it cut?")
    samples = raw.view(FORMATS[encoding])
    if encoding == "S16LE":
        return samples.astype(np.float32) / np.float32(INT16_FULL_SCALE)
    return samples.astype(np.float32)


def _port_audio_samples(audio: Any) -> np.ndarray:
    """Samples of mgonzs13's message: PortAudio's format number tells which of its arrays is filled."""
    field = PORT_AUDIO_FIELDS.get(audio.info.format)
    if field is None:
        known = ", ".join(str(number) for number in PORT_AUDIO_FIELDS)
        raise AudioError(f"expected a PortAudio format of {known}, got {audio.info.format}; set the driver to paInt16")
    samples = np.asarray(getattr(audio.audio_data, field)).astype(np.float32)
    match field:
        case "int32_data":
            return samples / np.float32(2**31)
        case "int16_data":
            return samples / np.float32(INT16_FULL_SCALE)
        case "int8_data":
            return samples / np.float32(128)
        case "uint8_data":
            return (samples - 128) / np.float32(128)
    return samples

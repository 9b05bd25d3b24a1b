"""Sound of three message types comes out as float blocks, and odd sound with a line that says what is wrong."""

from types import SimpleNamespace

import numpy as np
import pytest
from builtin_interfaces.msg import Time
from egoprog_msgs.msg import AudioChunk
from egoprog_ros.audio import AudioReader, block_to_chunk, chunk_to_block
from std_msgs.msg import Header

from egoprog.data import AudioBlock
from egoprog.errors import AudioError

HEADER = Header(stamp=Time(sec=12, nanosec=500_000_000))
SINE = (0.5 * np.sin(np.arange(480) / 7)).astype(np.float32)
STEREO = np.stack([SINE, -SINE], axis=1)


def chunk(samples, encoding="F32LE", rate=48000, channels=2) -> AudioChunk:
    return AudioChunk(
        header=HEADER, sample_rate=rate, channels=channels, encoding=encoding, data=np.asarray(samples).tobytes()
    )


def test_a_block_survives_the_way_out_and_back():
    block = chunk_to_block(block_to_chunk(AudioBlock(12.5, 48000, STEREO), HEADER))
    assert (block.stamp_s, block.sample_rate, block.samples.shape) == (12.5, 48000, (480, 2))
    assert np.abs(block.samples - STEREO).max() <= 0.5 / 32768


def test_float_chunks_keep_their_samples():
    assert np.array_equal(chunk_to_block(chunk(STEREO)).samples, STEREO)


def test_sound_beyond_full_scale_is_clipped_and_does_not_wrap():
    loud = AudioBlock(0.0, 16000, np.array([[2.0], [-2.0]], np.float32))
    assert chunk_to_block(block_to_chunk(loud, HEADER)).samples[:, 0] == pytest.approx([1.0, -1.0], abs=1e-4)


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (chunk(STEREO, rate=0), ["sample rate", "got 0"]),
        (chunk(STEREO, rate=7), ["sample rate", "got 7"]),
        (chunk(STEREO, channels=0), ["channels", "got 0"]),
        (chunk(SINE[:479], channels=2), ["479"]),
        (chunk(STEREO, encoding="MP3"), ["S16LE", "'MP3'"]),
        (chunk(np.frombuffer(b"abc", np.uint8)), ["whole samples", "3 bytes"]),
        (chunk([]), ["got 0"]),
        (chunk(np.where(STEREO > 0.49, np.nan, STEREO)), ["finite", "NaN"]),
    ],
)
def test_odd_sound_is_refused_with_what_was_expected_and_what_came(bad, words):
    with pytest.raises(AudioError) as error:
        chunk_to_block(bad)
    assert all(word in str(error.value) for word in words)


def test_ros_drivers_sound_needs_its_info_first():
    reader = AudioReader()
    stamped = SimpleNamespace(header=HEADER, audio=SimpleNamespace(data=(SINE * 32767).astype("<i2").tobytes()))
    with pytest.raises(AudioError, match="AudioInfo"):
        reader.read(stamped)
    reader.note_info(SimpleNamespace(channels=1, sample_rate=16000, sample_format="S16LE"))
    block = reader.read(stamped)
    assert block.samples.shape == (480, 1)
    assert np.abs(block.samples[:, 0] - SINE).max() < 1e-4


@pytest.mark.parametrize(
    ("number", "field", "full_scale", "dtype"),
    [(1, "float32_data", 1.0, "f4"), (8, "int16_data", 32768, "i2"), (2, "int32_data", 2**31, "i4")],
)
def test_mgonzs13_sound_is_read_by_its_format_number(number, field, full_scale, dtype):
    data = (SINE.astype(float) * full_scale).astype(dtype).tolist()
    audio = SimpleNamespace(
        info=SimpleNamespace(format=number, channels=1, rate=16000, chunk=480),
        audio_data=SimpleNamespace(**{field: data}),
    )
    block = AudioReader().read(SimpleNamespace(header=HEADER, audio=audio))
    assert np.abs(block.samples[:, 0] - SINE).max() < 1e-4

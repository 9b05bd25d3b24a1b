"""An episode that is rendered while it is read comes out like any recording, with its truth kept apart."""

import numpy as np
import pytest

from egoprog.data.samples import AudioBlock, Frame, LostFrame, PoseSample, stamp_of
from egoprog.errors import ConfigurationError
from egoprog.sim.live import LiveEpisode, SimRecording


@pytest.mark.parametrize(
    ("text", "which"),
    [
        ("sim", LiveEpisode()),
        ("sim:3", LiveEpisode(seed=3)),
        ("sim:seed=3,number=2", LiveEpisode(seed=3, number=2)),
        ("sim:3,seconds=20,width=640,height=480", LiveEpisode(3, 0, 20.0, 640, 480)),
    ],
)
def test_an_episode_is_named_in_one_word(text, which):
    assert LiveEpisode.parse(text) == which


@pytest.mark.parametrize("text", ["simulator", "sim:x", "sim:1,2", "sim:1,colour=red", "sim:-1", "sim:1,seconds=long"])
def test_a_wrong_name_of_an_episode_is_quoted_with_the_form_expected(text):
    with pytest.raises(ConfigurationError, match="expected sim") as failure:
        LiveEpisode.parse(text)
    assert text.partition(":")[2].split(",")[-1] in str(failure.value)


@pytest.fixture(scope="module")
def recording():
    return SimRecording(LiveEpisode(seed=1, seconds=8.0, width=112, height=64))


def test_an_episode_has_the_streams_of_a_recording_in_time_order(recording):
    samples = list(recording.samples())
    stamps_s = [stamp_of(sample) for sample in samples]
    assert stamps_s == sorted(stamps_s)
    frames = [sample for sample in samples if isinstance(sample, Frame)]
    assert len(frames) == sum(isinstance(sample, PoseSample) for sample in samples)
    assert len(frames) == round(30 * recording.duration_s)
    assert frames[0].image.shape == (64, 112, 3) and frames[0].image.std() > 10
    sound_s = sum(len(block.samples) / block.sample_rate for block in samples if isinstance(block, AudioBlock))
    assert sound_s == pytest.approx(recording.duration_s, abs=0.01)


def test_the_truth_is_told_apart_and_in_order(recording):
    stamps_s = [truth.stamp_s for truth in recording.truth]
    assert stamps_s == sorted(stamps_s) and len(stamps_s) >= 2
    done = [truth.program for truth in recording.truth if truth.program is not None]
    assert all(program.start_s >= 0 and program.stop_s > program.start_s for program in done)


def test_frames_that_nobody_waits_for_are_left_out_and_said_to_be():
    recording = SimRecording(LiveEpisode(seed=1, seconds=8.0, width=112, height=64))
    lost, made = 0, 0
    for sample in recording.samples():
        if isinstance(sample, Frame):
            made += 1
            recording.catch_up(4.0)
        lost += isinstance(sample, LostFrame)
    assert lost > 50 and made + lost == round(30 * recording.duration_s)


def test_read_again_the_next_episode_comes():
    recording = SimRecording(LiveEpisode(seed=1, seconds=8.0, width=112, height=64))
    first = next(sample for sample in recording.samples() if isinstance(sample, Frame)).image
    name = recording.name
    recording.close()
    second = next(sample for sample in recording.samples() if isinstance(sample, Frame)).image
    recording.close()
    assert recording.name != name
    assert np.abs(first.astype(int) - second).mean() > 5

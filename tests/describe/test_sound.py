"""Sounds are heard, named and timed; bad sound is refused and the next block is heard again."""

from importlib import resources

import numpy as np
import pytest
import yaml

from egoprog.data import AudioBlock, open_recording
from egoprog.describe.onsets import OnsetDetector
from egoprog.describe.sound import SoundConfig, SoundExtractor, words
from egoprog.describe.yamnet import Yamnet, log_mel, to_model_rate
from egoprog.errors import AudioError, ModelError, StampError

RATE = 16000
IN_ONE_PIECE = SoundConfig(max_event_s=60.0)


@pytest.fixture(scope="module")
def yamnet() -> Yamnet:
    try:
        return Yamnet()
    except ModelError as error:
        pytest.skip(str(error))


class LevelTagger:
    """Scores a class by the frequency that is strongest in a window: 300 Hz is chopping, 3 kHz running water."""

    classes = ("Chopping (food)", "Water", "Silence")
    model_s = 0.0

    def scores(self, samples):
        spectrum = np.abs(np.fft.rfft(samples[:RATE]))
        peak_hz = np.argmax(spectrum) * RATE / min(RATE, len(samples))
        is_tone = spectrum.max() > 20 * np.median(spectrum)
        near = [is_tone and abs(peak_hz - 300) < 150, is_tone and abs(peak_hz - 3000) < 1000]
        return np.array([0.8 * near[0], 0.7 * near[1], 0.1])


def _noise(seconds: float, rate: int = RATE, level: float = 0.001) -> np.ndarray:
    return np.random.default_rng(1).normal(0.0, level, round(seconds * rate)).astype(np.float32)


def _add_tone(sound, start_s, stop_s, hz, rate=RATE, level=0.3):
    first, last = round(start_s * rate), round(stop_s * rate)
    sound[first:last] += level * np.sin(2 * np.pi * hz * np.arange(last - first) / rate)


def _blocks(sound, rate=RATE, length=1600, start_s=0.0):
    for first in range(0, len(sound), length):
        yield AudioBlock(start_s + first / rate, rate, sound[first : first + length].reshape(-1, 1))


def _hear(extractor, blocks):
    events = [event for block in blocks for event in extractor.push(block)]
    return events + extractor.flush()


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 44100, 48000])
def test_clicks_and_tones_are_found_where_they_are(rate):
    sound = _noise(6.0, rate)
    spans = [(0.7, 0.72), (1.5, 1.9), (3.25, 3.3), (4.0, 5.0)]
    for (start_s, stop_s), hz in zip(spans, (2000, 700, 3000, 1500), strict=True):
        _add_tone(sound, start_s, stop_s, hz, rate)
    detector = OnsetDetector(rate, 10.0)
    found = [stretch for first in range(0, len(sound), 777) for stretch in detector.push(sound[first : first + 777])]
    found += detector.flush()
    assert len(found) == len(spans)
    for (start_s, stop_s), (found_start_s, found_stop_s) in zip(spans, found, strict=True):
        assert found_start_s - 10.0 == pytest.approx(start_s, abs=0.03)
        assert found_stop_s - 10.0 == pytest.approx(stop_s, abs=0.06)


def test_steady_noise_rumble_and_hiss_are_background():
    rate = 48000
    sound = _noise(4.0, rate, 0.02)
    _add_tone(sound, 1.0, 2.0, 30, rate, 0.05)
    _add_tone(sound, 2.0, 3.0, 20000, rate, 0.05)
    detector = OnsetDetector(rate, 0.0)
    assert detector.push(sound) + detector.flush() == []


def test_short_sounds_are_timed_to_a_tenth_of_a_second():
    sound = _noise(5.0)
    for start_s in (1.0, 1.3, 3.5):
        _add_tone(sound, start_s, start_s + 0.1, 300)
    events = _hear(SoundExtractor(tagger=LevelTagger()), _blocks(sound))
    assert [event.label for event in events] == ["chop", "chop"]
    assert [event.start_s for event in events] == pytest.approx([1.0, 3.5], abs=0.1)
    assert [event.stop_s for event in events] == pytest.approx([1.4, 3.6], abs=0.1)
    assert events[0].source_label == "Chopping (food)"
    assert events[0].score == pytest.approx(0.8)


def test_steady_sound_is_one_event_timed_to_a_tenth_of_a_second():
    sound = _noise(8.0)
    _add_tone(sound, 2.0, 6.0, 3000)
    (event,) = _hear(SoundExtractor(IN_ONE_PIECE, tagger=LevelTagger()), _blocks(sound))
    assert (event.label, event.source_label) == ("water", "Water")
    assert (event.start_s, event.stop_s) == pytest.approx((2.0, 6.0), abs=0.1)


def test_click_just_before_a_steady_sound_is_not_its_beginning():
    sound = _noise(6.0)
    _add_tone(sound, 1.65, 1.72, 1000)
    _add_tone(sound, 2.0, 5.0, 3000)
    (event,) = _hear(SoundExtractor(tagger=LevelTagger()), _blocks(sound))
    assert (event.start_s, event.stop_s) == pytest.approx((2.0, 5.0), abs=0.1)


def test_steady_sound_without_an_onset_is_heard_from_the_beginning():
    sound = _noise(4.0)
    _add_tone(sound, 0.0, 4.0, 3000, level=0.01)
    (event,) = _hear(SoundExtractor(IN_ONE_PIECE, tagger=LevelTagger()), _blocks(sound, start_s=100.0))
    assert (event.start_s, event.stop_s) == pytest.approx((100.0, 104.0), abs=0.1)


def test_sound_that_runs_on_is_told_in_pieces_before_it_ends():
    sound = _noise(25.0)
    _add_tone(sound, 0.0, 25.0, 3000)
    extractor = SoundExtractor(SoundConfig(max_event_s=10.0), tagger=LevelTagger())
    while_running = [event for block in _blocks(sound) for event in extractor.push(block)]
    spans = [(event.start_s, event.stop_s) for event in while_running + extractor.flush()]
    assert len(while_running) == 2
    assert spans == [pytest.approx(span, abs=0.1) for span in [(0, 10), (10, 20), (20, 25)]]


def test_size_rate_and_channels_of_blocks_change_nothing():
    sound = _noise(5.0, 48000)
    _add_tone(sound, 1.0, 1.1, 300, 48000)
    _add_tone(sound, 2.0, 4.0, 3000, 48000)
    expected = _hear(SoundExtractor(tagger=LevelTagger()), _blocks(sound, 48000, 4800))
    assert [event.label for event in expected] == ["chop", "water"]
    for length in (100, 5000, 240000):
        assert _hear(SoundExtractor(tagger=LevelTagger()), _blocks(sound, 48000, length)) == expected
    seven = [AudioBlock(b.stamp_s, b.sample_rate, np.repeat(b.samples, 7, axis=1)) for b in _blocks(sound, 48000, 4800)]
    heard = _hear(SoundExtractor(tagger=LevelTagger()), seven)
    assert [(e.label, round(e.start_s, 2)) for e in heard] == [(e.label, round(e.start_s, 2)) for e in expected]


def test_hole_in_the_sound_ends_what_ran_and_the_rest_keeps_its_stamps():
    sound = _noise(4.0)
    _add_tone(sound, 1.0, 4.0, 3000)
    extractor = SoundExtractor(tagger=LevelTagger())
    events = [e for start_s in (0.0, 10.0) for b in _blocks(sound, start_s=start_s) for e in extractor.push(b)]
    events += extractor.flush()
    spans = [(event.start_s, event.stop_s) for event in events]
    assert spans == [pytest.approx((1.0, 4.0), abs=0.1), pytest.approx((11.0, 14.0), abs=0.1)]


@pytest.mark.parametrize(
    ("block", "message"),
    [
        (AudioBlock(0.1, 0, np.zeros((10, 1), np.float32)), "sample rate of 4000 to 384000 Hz, got 0"),
        (AudioBlock(0.1, 12, np.zeros((10, 1), np.float32)), "got 12"),
        (AudioBlock(0.1, RATE, np.full((10, 2), np.nan, np.float32)), "got 20 NaN or infinite of 20"),
        (AudioBlock(0.1, RATE, np.full((10, 2), np.inf, np.float32)), "NaN or infinite"),
        (AudioBlock(0.1, RATE, np.zeros((10, 1), np.int16)), "expected float samples"),
        (AudioBlock(0.1, RATE, np.zeros((10, 0), np.float32)), "got \\(10, 0\\)"),
    ],
)
def test_bad_sound_is_refused_in_one_line_and_the_next_block_is_taken(block, message):
    extractor = SoundExtractor(tagger=LevelTagger())
    good = AudioBlock(0.0, RATE, _noise(0.1).reshape(-1, 1))
    extractor.push(good)
    with pytest.raises(AudioError, match=message):
        extractor.push(block)
    assert extractor.push(AudioBlock(0.1, RATE, good.samples)) == []


def test_stamps_that_go_back_or_jump_an_hour_are_refused_until_reset():
    extractor = SoundExtractor(tagger=LevelTagger())
    samples = _noise(0.1).reshape(-1, 1)
    extractor.push(AudioBlock(5.0, RATE, samples))
    for stamp_s in (4.9, 5.1 + 3601):
        with pytest.raises(StampError, match=r"follows on 5\.100 s"):
            extractor.push(AudioBlock(stamp_s, RATE, samples))
    extractor.reset()
    assert extractor.push(AudioBlock(4.0, RATE, samples)) == []


def test_microphone_whose_clock_runs_fast_is_followed():
    sound = _noise(40.0)
    _add_tone(sound, 38.0, 38.1, 300)
    drifting = [AudioBlock(b.stamp_s * 0.99, b.sample_rate, b.samples) for b in _blocks(sound)]
    (event,) = _hear(SoundExtractor(tagger=LevelTagger()), drifting)
    assert event.start_s == pytest.approx(0.99 * 38.0, abs=0.12)


def test_silence_costs_no_model_and_tells_nothing():
    class Forbidden(LevelTagger):
        def scores(self, samples):
            raise AssertionError("silence was tagged")

    silence = np.zeros(5 * RATE, np.float32)
    assert _hear(SoundExtractor(tagger=Forbidden()), _blocks(silence)) == []


def test_no_sound_at_all_is_no_event():
    extractor = SoundExtractor(tagger=LevelTagger())
    assert extractor.flush() == []
    assert extractor.push(AudioBlock(0.0, RATE, np.zeros((0, 1), np.float32))) == []
    assert extractor.flush() == []


def test_memory_stays_bounded_over_minutes_of_sound():
    extractor = SoundExtractor(tagger=LevelTagger())
    block = _noise(10.0, 8000).reshape(-1, 1)
    for second in range(0, 300, 10):
        extractor.push(AudioBlock(float(second), 8000, block))
        assert len(extractor._samples) < 8000 * 15
        assert len(extractor._stretches) < 200


def test_every_class_of_the_table_is_one_of_the_tagger(yamnet):
    table = yaml.safe_load((resources.files("egoprog.describe") / "sounds.yaml").read_text(encoding="utf-8"))
    unknown = [name for entry in table.values() for name in entry["yamnet"] if name not in yamnet.classes]
    assert unknown == []
    labels = {word.label for word in words(yamnet.classes)}
    assert {"water", "pour", "chop", "scrub", "sizzle", "drawer", "clatter", "speech"} <= labels


def test_features_of_a_tone_peak_in_its_band():
    features = log_mel(np.sin(2 * np.pi * 1000 * np.arange(RATE) / RATE))
    assert features.shape == (97, 64)
    mels = np.linspace(1127 * np.log1p(125 / 700), 1127 * np.log1p(7500 / 700), 66)[1:-1]
    assert np.argmax(features.mean(axis=0)) == np.argmin(np.abs(mels - 1127 * np.log1p(1000 / 700)))


def test_real_pouring_is_heard_as_water_where_it_is_put(yamnet, shared_data):
    recording = open_recording(shared_data / "video/pouring_2.mp4")
    blocks = [sample for sample in recording.samples() if isinstance(sample, AudioBlock)]
    pouring = to_model_rate(np.concatenate([b.samples for b in blocks]).mean(axis=1), blocks[0].sample_rate)
    sound = _noise(9.0, level=0.0003)
    sound[3 * RATE : 6 * RATE] += pouring[RATE : 4 * RATE]
    (event,) = [e for e in _hear(SoundExtractor(tagger=yamnet), _blocks(sound)) if e.label in ("water", "pour")]
    assert (event.start_s, event.stop_s) == pytest.approx((3.0, 6.0), abs=0.1)


@pytest.mark.parametrize("name", ["pouring_1.mp4", "pouring_2.mp4"])
def test_water_is_heard_in_pouring_videos(yamnet, shared_data, name):
    recording = open_recording(shared_data / "video" / name)
    blocks = (sample for sample in recording.samples() if isinstance(sample, AudioBlock))
    events = _hear(SoundExtractor(tagger=yamnet), blocks)
    assert {event.label for event in events} & {"water", "pour"}
    assert sum(event.stop_s - event.start_s for event in events) > 0.6 * recording.duration_s


def test_silent_track_of_a_video_tells_nothing(yamnet, shared_data):
    recording = open_recording(shared_data / "video/ego4d_stir_pan.mp4")
    blocks = (sample for sample in recording.samples() if isinstance(sample, AudioBlock))
    assert _hear(SoundExtractor(tagger=yamnet), blocks) == []

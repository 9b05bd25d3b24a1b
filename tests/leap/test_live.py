"""The network on a stream: which frames are taken, what a window holds, and what is said of it."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from egoprog.errors import FrameError, ModelError
from egoprog.leap.live import StreamRecogniser
from tests.leap.fake_sessions import COMING, PRESENT, FakeHead, fake_sessions


def grey(value):
    return np.full((64, 96, 3), value, np.uint8)


def play(recogniser, stamps_s, values=None):
    """Pushes grey frames, by default of brightness 0, 1, 2, ...; the answers of those that were taken."""
    values = range(len(stamps_s)) if values is None else values
    answers = [recogniser.push(grey(value), stamp_s) for value, stamp_s in zip(values, stamps_s, strict=True)]
    return [answer for answer in answers if answer is not None]


def test_each_tick_is_judged_over_the_frames_that_an_offline_window_would_read():
    """The recogniser's frames lie 0.2 s apart, the anticipator's 0.3 s; before the start the first one stands."""
    sessions = fake_sessions()
    play(StreamRecogniser(sessions), [100 + k / 10 for k in range(11)])
    assert sessions["recogniser"].windows[10] == [4, 6, 8, 10]
    assert sessions["recogniser"].windows[9] == [3, 5, 7, 9]
    assert sessions["recogniser"].windows[2] == [0, 0, 0, 2]
    assert sessions["anticipator"].windows[10] == [1, 4, 7, 10]
    assert sessions["frame_encoder"].num_runs == 11, "a tick costs one frame"


def test_a_camera_that_is_faster_than_the_ticks_is_thinned_out_and_jitter_costs_nothing():
    sessions = fake_sessions()
    recogniser = StreamRecogniser(sessions)
    assert len(play(recogniser, [50 + k / 30 for k in range(60)])) == 20
    assert recogniser.stood_in == 0
    jittered = [60 + k / 10 + (0.02 if k % 2 else -0.02) for k in range(20)]
    assert len(play(StreamRecogniser(fake_sessions()), jittered)) == 20


def test_a_tick_without_a_frame_is_given_the_one_before_and_counted():
    sessions = fake_sessions()
    recogniser = StreamRecogniser(sessions)
    play(recogniser, [10.0, 10.1, 10.4, 10.5])
    assert recogniser.stood_in == 2
    assert sessions["recogniser"].windows == [[0] * 4, [1] * 4, [0, 0, 0, 1], [1, 1, 1, 1], [0, 0, 1, 2], [1, 1, 1, 3]]
    assert sessions["frame_encoder"].num_runs == 4, "a frame that stands in is not encoded again"


@pytest.mark.parametrize("stamp_s", [9.0, 19.0])
def test_stamps_that_jump_begin_anew(stamp_s):
    sessions = fake_sessions()
    recogniser = StreamRecogniser(sessions)
    play(recogniser, [10.0, 10.1, 10.2])
    (present, _) = recogniser.push(grey(200), stamp_s)
    assert recogniser.restarts == 1 and recogniser.stood_in == 0
    assert sessions["recogniser"].windows[-1] == [200] * 4
    assert present.clip_start_s == stamp_s


def test_predictions_carry_their_stamps_classes_and_lead():
    recogniser = StreamRecogniser(fake_sessions(), model="toy 0123", sentences=np.eye(1, 384, dtype=np.float32))
    present, coming = play(recogniser, [5 + k / 10 for k in range(20)], [200] * 20)[-1]
    assert (present.stamp_s, present.clip_start_s) == pytest.approx((6.9, 6.3))
    assert present.action.label == "open board:chopping"
    assert [(step.verb, [name for name, _ in step.objects]) for step in present.steps] == [("grasp", ["board"])]
    assert (present.sentence, present.model) == ("if knife in hand", "toy 0123")
    assert (present.ahead_s, coming.ahead_s) == (0.0, 1.0)
    assert coming.clip_start_s == pytest.approx(6.0)


def test_a_model_without_an_anticipator_tells_the_present_alone():
    assert StreamRecogniser(fake_sessions(with_anticipator=False)).push(grey(9), 1.0)[1] is None


def test_context_is_the_context_networks_token_one_window_ago():
    """Nothing later than the window's own frames is ever in it, and what is not there yet is said to be missing."""
    sessions = fake_sessions(with_anticipator=False)
    sessions["recogniser"] = FakeHead(replace(PRESENT, context_offsets=(-2, -1)), has_context=True)
    sessions["context"] = FakeHead(PRESENT)
    play(StreamRecogniser(sessions), [1 + k / 10 for k in range(21)])
    assert sessions["recogniser"].windows[20] == [14, 16, 18, 20]
    assert sessions["recogniser"].contexts[20] == [[0, 0, 2, 4], [6, 8, 10, 12]]
    assert sessions["recogniser"].contexts[8] == [None, [0, 0, 0, 0]]
    assert sessions["recogniser"].contexts[7] == [None, None]


def test_a_thrifty_recogniser_says_the_same_more_seldom():
    every, thrifty = fake_sessions(), fake_sessions()
    play(StreamRecogniser(every), [1 + k / 10 for k in range(31)])
    recogniser = StreamRecogniser(thrifty)
    recogniser.is_thrifty = True
    answers = play(recogniser, [1 + k / 10 for k in range(31)])
    assert thrifty["recogniser"].windows == every["recogniser"].windows[::2]
    assert thrifty["anticipator"].windows == every["anticipator"].windows[::3]
    assert thrifty["frame_encoder"].num_runs == len(answers) == 21
    assert recogniser.stood_in == 0
    recogniser.is_thrifty = False
    recogniser.push(grey(31), 4.1)
    assert thrifty["recogniser"].windows[-1] == [31] * 4, "a phase that stood still begins anew"
    recogniser.push(grey(32), 4.2)
    assert thrifty["recogniser"].windows[-1] == [26, 28, 30, 32]


def test_a_thrifty_context_network_is_asked_for_the_clip_before_all_the_same():
    sessions = fake_sessions()
    sessions["anticipator"] = FakeHead(replace(COMING, context_offsets=(-1, 0)), has_context=True)
    sessions["context"] = FakeHead(PRESENT)
    recogniser = StreamRecogniser(sessions)
    recogniser.is_thrifty = True
    play(recogniser, [1 + k / 10 for k in range(31)])
    assert sessions["anticipator"].windows[7] == [12, 15, 18, 21]
    assert sessions["anticipator"].contexts[7] == [[2, 4, 6, 8], [14, 16, 18, 20]], "of tick 9 and 21, or just before"


def test_what_can_not_work_is_said_in_one_line(tmp_path):
    with pytest.raises(ModelError, match="expected the graphs frame_encoder and recogniser, got no recogniser"):
        StreamRecogniser({"frame_encoder": fake_sessions()["frame_encoder"]})
    with pytest.raises(ModelError, match=r"frames that lie whole ticks of 0\.142857 s apart, got 0\.2 s"):
        StreamRecogniser(fake_sessions(), rate_hz=7.0)
    with pytest.raises(ModelError, match="expected the folder of a model"):
        StreamRecogniser.open(tmp_path / "none")
    with pytest.raises(FrameError, match="uint8"):
        StreamRecogniser(fake_sessions()).push(np.zeros((4, 4), np.uint8), 1.0)


def test_robots_import_it_without_pytorch():
    script = "import sys; sys.modules['torch'] = None; import egoprog.leap.live"
    subprocess.run([sys.executable, "-c", script], check=True)

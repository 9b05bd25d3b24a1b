"""Which stretches are read: neighbours in the same video, and of the future nothing."""

import logging
from fractions import Fraction

import numpy as np
import pytest
from videos import RATES, number_of, write_numbered

from egoprog.data import Action
from egoprog.data.clips import ClipSpan, anticipation_items, moment_items, recognition_items
from egoprog.data.epic_folder import EpicFolder
from egoprog.data.frames import VideoFrames
from egoprog.data.shards import ShardFrames, ShardKind, write_shard
from egoprog.errors import ConfigurationError
from egoprog.leap.sampling import frame_stamps


def action(name: str, start_s: float, stop_s: float) -> Action:
    video_id = name.rpartition("_")[0]
    labels = ("take cup", "take", 0, "cup", 13, ("cup",), (13,))
    return Action(name, video_id.partition("_")[0], video_id, start_s, start_s, stop_s, 1, 2, *labels)


def test_context_is_the_clips_before_and_after_in_the_same_video():
    rows = [action("P01_01_2", 6.0, 7.0), action("P01_01_0", 0.0, 2.0), action("P01_01_1", 2.5, 5.0)]
    rows += [action("P01_02_0", 1.0, 2.0)]
    items = {item.narration_id: item for item in recognition_items(rows, (), (-2, -1, 1, 2))}
    spans = [ClipSpan("P01_01", 0.0, 2.0), ClipSpan("P01_01", 2.5, 5.0), ClipSpan("P01_01", 6.0, 7.0)]
    assert items["P01_01_0"].context == (None, None, spans[1], spans[2])
    assert items["P01_01_1"].context == (None, spans[0], spans[2], None)
    assert items["P01_01_2"].context == (spans[0], spans[1], None, None)
    assert items["P01_02_0"].context == (None, None, None, None)
    assert items["P01_01_1"].span == spans[1] and items["P01_01_1"].program is None
    with pytest.raises(ConfigurationError, match="got 0, which is that itself"):
        recognition_items(rows, (), (-1, 0))


def test_what_is_anticipated_is_preceded_by_whole_windows(caplog):
    rows = [action("P01_01_0", 0.8, 2.0), action("P01_01_1", 4.0, 5.0), action("P01_01_2", 20.0, 21.0)]
    with caplog.at_level(logging.WARNING):
        second, third = anticipation_items(rows, (), tau_a_s=1.0, span_s=4.0, num_context=2)
    assert "left out 1 actions that start within 1 s of their video's start" in caplog.text
    assert second.span == ClipSpan("P01_01", -1.0, 3.0) and second.context == (None, None)
    assert third.span == ClipSpan("P01_01", 15.0, 19.0)
    assert third.context == (ClipSpan("P01_01", 7.0, 11.0), ClipSpan("P01_01", 11.0, 15.0))


def test_windows_without_a_length_are_refused():
    with pytest.raises(ConfigurationError, match="expected tau_a_s and num_context of 0 or more and span_s above 0"):
        anticipation_items([], (), tau_a_s=1.0, span_s=0.0)


@pytest.mark.parametrize("rate", [*RATES, "varies"])
@pytest.mark.parametrize("tau_a_s", [1.0, 0.7])
def test_no_picture_after_the_observed_window_is_ever_read(tmp_path, rate, tau_a_s):
    """What is compared is the number that the pictures themselves show, and so their own times in the video."""
    path = tmp_path / "P901" / "videos" / "P901_01.mp4"
    if rate == "varies":
        own_s = np.cumsum(np.random.default_rng(3).uniform(0.01, 0.12, 200)).round(3)
        own_s -= own_s[0]
        write_numbered(path, 200, 30, stamps_s=own_s)
    else:
        own_s = np.arange(200) / RATES[rate]
        write_numbered(path, 200, RATES[rate])
    frames = VideoFrames(EpicFolder(tmp_path))
    write_shard(tmp_path / "shards", frames, "P901_01", ShardKind(10.0))
    rng = np.random.default_rng(4)
    starts_s = rng.uniform(0.2, float(own_s[-1]), 14).round(2)  # as annotations round
    starts_s[:8] = [tau_a_s + float(own_s[number]) for number in rng.integers(1, 190, 8)]  # just at a picture's time
    rows = [action(f"P901_01_{k}", start_s, start_s + 1.0) for k, start_s in enumerate(starts_s)]
    items = anticipation_items(rows, (), tau_a_s=tau_a_s, span_s=1.5, num_context=1)
    assert len(items) > 6
    newest = 0
    for source in (frames, ShardFrames(tmp_path / "shards")):
        for item in items:
            limit = Fraction(item.action.start_s).limit_denominator(10**7) - Fraction(str(tau_a_s))
            for num_frames, jitter in ((8, None), (8, rng), (48, rng)):  # 48 often draw the very last picture
                for span in item.spans:
                    stamps_s = frame_stamps(span, num_frames, source.rate_hz("P901_01"), jitter)
                    seen = [number_of(picture) for picture in source.read("P901_01", stamps_s)]
                    assert own_s[max(seen)] <= limit + Fraction(1, 10**6)
                    newest = max(newest, max(seen))
    assert newest > 100  # the test looked at pictures far into the video


def test_a_live_network_sees_windows_that_end_while_the_action_goes_on():
    row = action("P01_01_0", 10.0, 14.0)
    items = moment_items([row], [], span_s=4.0, num_context=2, shares=(0.5, 1.0))
    assert [item.narration_id for item in items] == [f"{row.narration_id}@0.5", f"{row.narration_id}@1"]
    assert (items[0].span.start_s, items[0].span.stop_s) == (8.0, 12.0)
    assert [(span.start_s, span.stop_s) for span in items[1].context] == [(2.0, 6.0), (6.0, 10.0)]
    early = moment_items([action("P01_01_0", 0.0, 1.0)], [], span_s=4.0, num_context=2)[0]
    assert early.context == (None, None) and early.span.start_s < 0
    with pytest.raises(ConfigurationError, match=r"shares of an action above 0 and up to 1, got 4 s and \[0.0\]"):
        moment_items([row], [], span_s=4.0, shares=(0.0,))

"""Where a recording is cut decides what a program is about."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from egoprog.describe.types import ContactEvent, ContactKind, HeadMotion, MotionKind, Narration, SoundEvent
from egoprog.errors import ConfigurationError
from egoprog.generate.segment import SegmentConfig, segment
from egoprog.program.types import Hand


def contact(stamp_s, kind=ContactKind.GRABBED, hand=Hand.RIGHT):
    return ContactEvent(kind, hand, stamp_s, "cup")


def grabbed_then_released(start_s, stop_s):
    return [contact(start_s), contact(stop_s, ContactKind.RELEASED)]


def spans(clips):
    return [(round(clip.start_s, 3), round(clip.stop_s, 3)) for clip in clips]


def test_a_short_recording_is_one_clip():
    assert spans(segment(14.7, contacts=grabbed_then_released(3, 4))) == [(0, 14.7)]


def test_narrations_cut_even_a_short_recording_and_come_with_their_clips():
    clips = segment(9.0, narrations=[Narration("put plate", 4.0), Narration("take plate", 1.0, 2.5)])
    assert spans(clips) == [(1.0, 2.5), (4.0, 9.0)]
    assert [clip.narration.text for clip in clips] == ["take plate", "put plate"]


def test_a_narration_without_an_end_lasts_to_the_next():
    assert spans(segment(100.0, narrations=[Narration("a", 0.0), Narration("b", 3.0)])) == [(0, 3), (3, 33)]


def test_narrations_outside_of_the_recording_make_no_clip():
    assert spans(segment(5.0, narrations=[Narration("late", 7.0, 9.0)])) == [(0, 5)]


def test_pauses_of_the_hands_cut_a_long_recording():
    contacts = grabbed_then_released(10, 12) + grabbed_then_released(13, 14) + grabbed_then_released(40, 45)
    assert spans(segment(60.0, contacts=contacts)) == [(9.5, 14.5), (39.5, 45.5)]


def test_what_is_held_from_the_start_counts_from_the_start():
    assert spans(segment(60.0, contacts=[contact(4, ContactKind.RELEASED)])) == [(0, 4.5)]


def test_the_walk_to_an_object_belongs_to_its_clip():
    walk = HeadMotion(MotionKind.WALK, 5.0, 9.0)
    assert spans(segment(60.0, contacts=grabbed_then_released(10, 12), motions=[walk])) == [(4.5, 12.5)]


def test_a_sound_alone_makes_a_clip():
    assert spans(segment(60.0, sounds=[SoundEvent("water", 20.0, 25.0, 0.8)])) == [(19.5, 25.5)]


def test_a_long_stretch_is_cut_where_something_is_let_go():
    contacts = [contact(0.5), contact(25, ContactKind.RELEASED), contact(25.5), contact(50, ContactKind.RELEASED)]
    assert spans(segment(60.0, contacts=contacts)) == [(0.0, 25.0), (25.0, 50.5)]


def test_a_long_recording_without_any_evidence_is_cut_by_length():
    assert spans(segment(70.0)) == [(0, 30), (30, 60), (60, 70)]


@pytest.mark.parametrize("duration_s", [0.0, -1.0, float("nan")])
def test_a_recording_without_duration_is_refused(duration_s):
    with pytest.raises(ConfigurationError, match="duration"):
        segment(duration_s)


def test_a_negative_length_in_the_configuration_is_refused():
    with pytest.raises(ConfigurationError, match="negative"):
        SegmentConfig(pause_s=-1.0)


seconds = st.floats(0, 100)


@settings(max_examples=200, deadline=None)
@given(
    st.floats(0.1, 100),
    st.lists(st.builds(contact, seconds, st.sampled_from(ContactKind), st.sampled_from([Hand.LEFT, Hand.RIGHT]))),
    st.lists(st.builds(lambda a, b: SoundEvent("water", min(a, b), max(a, b), 0.5), seconds, seconds)),
)
def test_clips_lie_within_the_recording_in_order_and_are_no_longer_than_allowed(duration_s, contacts, sounds):
    contacts = [c for c in contacts if c.stamp_s <= duration_s]
    sounds = [s for s in sounds if s.stop_s <= duration_s]
    clips = segment(duration_s, contacts=contacts, sounds=sounds)
    assert clips
    assert all(0 <= clip.start_s < clip.stop_s <= duration_s for clip in clips)
    assert all(clip.stop_s - clip.start_s <= 30 + 1e-9 for clip in clips)
    assert all(a.stop_s <= b.start_s for a, b in itertools.pairwise(clips))

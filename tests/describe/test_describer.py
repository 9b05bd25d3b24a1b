"""Evidence in, descriptions of clips out."""

import pytest

from egoprog.describe.describer import Describer
from egoprog.describe.types import (
    Contact,
    ContactEvent,
    ContactKind,
    HandObservation,
    HeadMotion,
    MotionKind,
    Narration,
    ObjectDetection,
    SoundEvent,
)
from egoprog.program.types import Hand

GRABBED, RELEASED = ContactKind.GRABBED, ContactKind.RELEASED


def _event(kind, stamp_s, name="pan", hand=Hand.RIGHT, track_id=-1):
    return ContactEvent(kind, hand, stamp_s, name, track_id, 0.9)


def _hold(stamp_s, x=100.0, name="pan", hand=Hand.RIGHT, track_id=1, contact=Contact.PORTABLE):
    """A hand of 30 x 40 px on a thing 20 px wide whose centre stands at x."""
    thing = ObjectDetection(name, 0.8, (x - 10, 90, x + 10, 110), track_id)
    return HandObservation(stamp_s, hand, 0.9, (x, 80, x + 30, 120), (), contact, 0.7, thing)


def test_clip_holds_the_evidence_that_overlaps_it():
    describer = Describer()
    describer.extend([SoundEvent("water", 1.0, 4.0, 0.9), SoundEvent("chop", 9.0, 9.5, 0.8)])
    describer.extend([HeadMotion(MotionKind.WALK, 0.0, 2.5), HeadMotion(MotionKind.STILL, 6.0, 7.0)])
    describer.extend([_event(GRABBED, 2.5), _event(RELEASED, 8.0)])
    clip = describer.clip(2.0, 5.0)
    assert [sound.label for sound in clip.sounds] == ["water"]
    assert [motion.kind for motion in clip.motions] == [MotionKind.WALK]
    assert [(event.kind, event.stamp_s) for event in clip.contacts] == [(GRABBED, 2.5)]


def test_long_sounds_and_walks_that_came_in_pieces_are_whole_again():
    describer = Describer()
    describer.extend([SoundEvent("water", 1.0, 11.0, 0.6), SoundEvent("water", 11.0, 14.0, 0.8)])
    describer.extend([SoundEvent("chop", 10.0, 10.5, 0.5), SoundEvent("water", 16.0, 17.0, 0.9)])
    describer.extend([HeadMotion(MotionKind.WALK, float(t), t + 10.0, "pose", 9.0, 0.1) for t in (0, 10)])
    clip = describer.clip(0.0, 20.0)
    assert [(sound.label, sound.start_s, sound.stop_s, sound.score) for sound in clip.sounds] == [
        ("water", 1.0, 14.0, 0.8),
        ("chop", 10.0, 10.5, 0.5),
        ("water", 16.0, 17.0, 0.9),
    ]
    assert clip.motions == (HeadMotion(MotionKind.WALK, 0.0, 20.0, "pose", 18.0, 0.2),)


def test_evidence_in_any_order_gives_the_same_clip():
    evidence = [
        SoundEvent("water", 1.0, 4.0, 0.9),
        SoundEvent("chop", 2.0, 2.5, 0.8),
        Narration("take pan", 0.5, 3.0),
        Narration("open tap", 3.0, 4.0),
        _event(GRABBED, 0.2),
        _event(RELEASED, 0.9),
        _event(GRABBED, 2.2, "lid"),
        *[_hold(1.0 + tick / 30, 100 + 3 * tick) for tick in range(60)],
    ]
    forwards, backwards = Describer(), Describer()
    forwards.extend(evidence)
    backwards.extend(reversed(evidence))
    assert forwards.clip(0.5, 3.0) == backwards.clip(0.5, 3.0)


def test_what_is_held_at_the_start_follows_from_the_events_before():
    describer = Describer()
    describer.extend([_event(GRABBED, 1.0), _event(GRABBED, 2.0, "lid", Hand.LEFT), _event(RELEASED, 3.0)])
    assert describer.clip(0.5, 1.5).holding_at_start == ()
    assert describer.clip(1.5, 2.5).holding_at_start == ((Hand.RIGHT, "pan"),)
    assert describer.clip(2.5, 4.0).holding_at_start == ((Hand.LEFT, "lid"), (Hand.RIGHT, "pan"))
    assert describer.clip(3.5, 4.0).holding_at_start == ((Hand.LEFT, "lid"),)


def test_hand_that_holds_something_from_the_first_frame_held_it_at_the_start():
    describer = Describer()
    describer.extend(_hold(tick / 30) for tick in range(30))
    assert describer.clip(0.0, 1.0).holding_at_start == ((Hand.RIGHT, "pan"),)
    describer.push(_event(GRABBED, 0.2))
    assert describer.clip(0.0, 1.0).holding_at_start == (), "an event that says when it was grabbed is believed"


def test_forgetting_keeps_what_the_hands_hold_and_bounds_the_rest():
    describer = Describer()
    for tick in range(3000):
        describer.push(_hold(tick / 10, track_id=tick, name=""))
        describer.push(SoundEvent("water", tick / 10, tick / 10 + 0.05, 0.9))
        if tick % 100 == 0:
            describer.forget_before(tick / 10 - 30)
    describer.push(_event(GRABBED, 200.0, "lid", Hand.LEFT))
    describer.forget_before(299.0)
    assert describer.clip(299.0, 300.0).holding_at_start[0] == (Hand.LEFT, "lid")
    assert len(describer.sounds) <= 11
    assert len(describer._holds) <= 11
    assert len(describer._numbers) <= 11
    assert describer.contacts == ()


def test_late_event_does_not_undo_a_later_one_that_was_forgotten():
    describer = Describer()
    describer.push(_event(GRABBED, 5.0))
    describer.forget_before(6.0)
    describer.push(_event(RELEASED, 4.0, "lid"))
    assert describer.clip(7.0, 8.0).holding_at_start == ((Hand.RIGHT, "pan"),)


def test_narration_that_fits_the_clip_best_is_its_own_and_two_stand_before_and_after():
    describer = Describer()
    for number in range(8):
        describer.push(Narration(f"step {number}", float(number), number + 0.9))
    clip = describer.clip(4.0, 4.9)
    assert clip.narration == "step 4"
    assert clip.name == "step_4"
    assert clip.narrations_before == ("step 2", "step 3")
    assert clip.narrations_after == ("step 5", "step 6")
    between = describer.clip(4.92, 4.98)
    assert (between.narration, between.name) == ("", "clip_5_5")
    assert (between.narrations_before, between.narrations_after) == (("step 3", "step 4"), ("step 5", "step 6"))
    assert describer.clip(4.0, 4.9, "wash_cup").name == "wash_cup"


def test_narration_of_a_moment_belongs_to_the_clip_that_it_lies_in():
    describer = Describer()
    describer.push(Narration("take plate", 2.0))
    assert describer.clip(1.0, 3.0).narration == "take plate"
    assert describer.clip(3.0, 4.0).narrations_before == ("take plate",)


def test_things_without_a_name_are_called_by_their_tracks():
    describer = Describer()
    describer.extend([_event(GRABBED, 1.0, "", track_id=17), _event(GRABBED, 2.0, "", Hand.LEFT, track_id=4)])
    describer.push(_event(RELEASED, 3.0, "", track_id=17))
    names = [event.object_name for event in describer.clip(0.0, 4.0).contacts]
    assert names == ["object_1", "object_2", "object_1"]
    assert describer.clip(0.0, 4.0).objects == ("object_1", "object_2")


def test_thing_grabbed_during_a_narration_is_called_what_it_names():
    describer = Describer()
    describer.extend([Narration("take the plate from cupboard", 1.0, 2.0), Narration("wash hands", 5.0, 6.0)])
    describer.push(_event(GRABBED, 0.8, "", track_id=7))
    describer.push(_event(RELEASED, 3.0, "", track_id=7))
    describer.push(_event(GRABBED, 5.5, "", track_id=8))
    assert [event.object_name for event in describer.clip(0.0, 4.0).contacts] == ["plate", "plate"]
    assert [event.object_name for event in describer.clip(5.0, 6.0).contacts] == ["object_2"]


def test_a_tool_is_not_called_after_what_it_works_on():
    describer = Describer()
    describer.push(Narration("stir pan", 1.0, 2.0))
    describer.push(_event(GRABBED, 1.2, "", track_id=7))
    assert [event.object_name for event in describer.clip(0.0, 4.0).contacts] == ["object_1"]


def test_a_name_that_is_learnt_late_holds_for_all_evidence_of_its_track():
    describer = Describer()
    describer.push(_event(GRABBED, 1.0, "", track_id=7))
    assert describer.clip(0.0, 4.0).contacts[0].object_name == "object_1"
    describer.push(_event(RELEASED, 3.0, "mug", track_id=7))
    assert [event.object_name for event in describer.clip(0.0, 4.0).contacts] == ["mug", "mug"]


def test_what_is_grabbed_with_the_first_frame_was_held_before():
    describer = Describer()
    describer.push(_event(GRABBED, 0.03))
    clip = describer.clip(0.0, 1.0)
    assert clip.holding_at_start == ((Hand.RIGHT, "pan"),)
    assert clip.contacts == ()


def test_names_near_one_of_the_vocabulary_are_taken_for_it():
    describer = Describer(vocabulary=("chopping_board", "knife"))
    describer.extend(
        [_event(GRABBED, 1.0, "Knives"), _event(GRABBED, 2.0, "chopping board"), _event(GRABBED, 3.0, "cup")]
    )
    assert [event.object_name for event in describer.clip(0.0, 4.0).contacts] == ["knives", "chopping_board", "cup"]
    describer.vocabulary = ("knives",)
    assert describer.clip(0.0, 4.0).contacts[1].object_name == "chopping_board"
    assert describer.clip(0.0, 4.0).contacts[0].object_name == "knives"


def test_objects_are_ordered_by_evidence():
    describer = Describer(vocabulary=("cupboard", "plate"))
    describer.push(Narration("take plate from cupboard", 0.0, 2.0))
    for tick in range(20):
        describer.push(ObjectDetection("table", 0.9, (0, 0, 9, 9), 1), tick / 10)
        describer.push(ObjectDetection("oven", 0.3, (0, 0, 9, 9), 2), tick / 10)
    describer.push(_event(GRABBED, 1.0, "spoon"))
    objects = describer.clip(0.0, 2.0).objects
    assert objects[0] == "spoon"
    assert set(objects[1:3]) == {"cupboard", "plate"}
    assert objects[3:] == ("table", "oven")


@pytest.mark.parametrize("rate_hz", [5, 10, 30])
def test_held_thing_that_travels_is_moving_and_only_then(rate_hz):
    describer = Describer()
    for tick in range(4 * rate_hz):
        time_s = tick / rate_hz
        travelled = min(max(time_s - 1.0, 0.0), 2.0)  # seconds under way, from 1 s to 3 s
        describer.push(_hold(time_s, 100 + 60 * travelled))
    ((hand, name, start_s, stop_s),) = describer.clip(0.0, 4.0).moving
    assert (hand, name) == (Hand.RIGHT, "pan")
    assert start_s == pytest.approx(1.0, abs=0.25)
    assert stop_s == pytest.approx(3.0, abs=0.25)


def test_trembling_touching_and_turning_the_head_move_nothing():
    trembling, touching, turning = Describer(), Describer(), Describer()
    turning.push(HeadMotion(MotionKind.TURN, 0.0, 3.0))
    for tick in range(60):
        trembling.push(_hold(tick / 30, 100 + 2 * (-1) ** tick))
        touching.push(_hold(tick / 30, 100 + 3 * tick, contact=Contact.STATIONARY))
        turning.push(_hold(tick / 30, 100 + 3 * tick))
    for describer in (trembling, touching, turning):
        assert describer.clip(0.0, 2.0).moving == ()


def test_thousand_clips_of_a_busy_minute_take_little_time():
    import time

    describer = Describer(vocabulary=("pan", "lid", "spoon"))
    describer.extend(_hold(tick / 30, 100 + tick % 50) for tick in range(1800))
    began = time.perf_counter()
    for _ in range(20):
        describer.clip(0.0, 60.0)
    assert (time.perf_counter() - began) / 20 < 0.05

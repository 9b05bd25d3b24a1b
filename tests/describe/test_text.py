"""H_IC's wording, held against the snippets of the paper."""

from dataclasses import replace

from egoprog.describe.text import time_text, to_text
from egoprog.describe.types import (
    ClipDescription,
    ContactEvent,
    ContactKind,
    HeadMotion,
    MotionKind,
    SoundEvent,
)
from egoprog.program.types import Hand

EMPTY = ClipDescription("wait", 10.0, 11.63)


def _grab(stamp_s, name="carrots", hand=Hand.RIGHT, kind=ContactKind.GRABBED):
    return ContactEvent(kind, hand, stamp_s, name)


def test_every_descriptor_is_worded_as_in_the_paper():
    description = ClipDescription(
        name="take_carrots",
        start_s=100.0,
        stop_s=104.88,
        sounds=(SoundEvent("scrub", 100.55, 100.93, 0.8),),
        motions=(HeadMotion(MotionKind.WALK, 102.57, 103.77, distance_m=1.2),),
        narration="take carrots",
        narrations_before=("take peppers", "take potatoes"),
        narrations_after=("move washing liquid", "take gravy"),
        objects=("bowl", "spoon", "cupboard", "drawer"),
        contacts=(_grab(102.82), _grab(102.75, "fridge", Hand.LEFT, ContactKind.RELEASED)),
    )
    assert to_text(description) == (
        "def take_carrots(start_t=0, stop_t=4.88):\n"
        "    # Heard sound of scrub at time 0.55 sec to 0.93 sec\n"
        "    # Go to object from time 2.57 sec to time 3.77 sec\n"
        '    # The actions performed right before this were "take peppers" and "take potatoes". '
        'The actions performed right after this were "move washing liquid" and "take gravy"\n'
        "    # objects = [bowl, spoon, cupboard, drawer]\n"
        "    # Holding nothing at start.\n"
        "    # Released fridge at time(s) 2.75\n"
        "    # Grabbed carrots at time(s) 2.82"
    )


def test_clip_of_which_nothing_is_known_still_says_what_is_held():
    assert to_text(EMPTY) == ("def wait(start_t=0, stop_t=1.63):\n    # objects = []\n    # Holding nothing at start.")


def test_things_held_at_the_start_are_named_once():
    both = replace(EMPTY, holding_at_start=((Hand.LEFT, "pan"), (Hand.RIGHT, "spoon")))
    assert "# Holding pan and spoon at start." in to_text(both)
    same = replace(EMPTY, holding_at_start=((Hand.LEFT, "pan"), (Hand.RIGHT, "pan")))
    assert "# Holding pan at start." in to_text(same)


def test_grabs_of_one_object_share_a_line():
    description = replace(EMPTY, contacts=(_grab(10.4), _grab(10.8, "pan"), _grab(11.5), _grab(11.5, hand=Hand.LEFT)))
    assert to_text(description).splitlines()[-2:] == [
        "    # Grabbed carrots at time(s) 0.4, 1.5",
        "    # Grabbed pan at time(s) 0.8",
    ]


def test_one_narration_is_worded_in_the_singular():
    description = replace(EMPTY, narrations_before=("open tap",))
    assert '# The action performed right before this was "open tap"\n' in to_text(description)
    assert "after" not in to_text(description)


def test_only_walking_is_going_somewhere():
    turn = replace(EMPTY, motions=(HeadMotion(MotionKind.TURN, 10.2, 10.9), HeadMotion(MotionKind.STILL, 11.0, 11.5)))
    assert to_text(turn) == to_text(EMPTY)


def test_evidence_that_reaches_over_the_clip_is_cut_to_it():
    description = replace(EMPTY, sounds=(SoundEvent("water", 5.0, 20.0, 0.9),))
    assert "# Heard sound of water at time 0 sec to 1.63 sec" in to_text(description)


def test_narration_with_quotes_and_line_breaks_stays_on_one_quoted_line():
    description = replace(EMPTY, narrations_after=('say "stop"\nnow', "b", "c"))
    line = to_text(description).splitlines()[1]
    assert line == """    # The actions performed right after this were "say 'stop' now", "b" and "c\""""


def test_times_have_up_to_two_decimals():
    assert [time_text(t) for t in (4.884, 3.5, 3.0, 0.0, -0.001, 100.0)] == ["4.88", "3.5", "3", "0", "0", "100"]

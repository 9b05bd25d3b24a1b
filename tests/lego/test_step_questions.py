"""A step of a program as a person would ask for it."""

import pytest

from egoprog.errors import InputError
from egoprog.lego.questions import parse_question
from egoprog.lego.step_questions import question_about
from egoprog.program import parse
from egoprog.program.types import Call, Comment, Program, SubAction, Verb


@pytest.mark.parametrize(
    ("part", "action"),
    [
        (SubAction(Verb.GRASP, ("mug_2",)), "take the mug"),
        (SubAction(Verb.GRASP, ("knife", "drawer")), "take the knife from the drawer"),
        (SubAction(Verb.RELEASE, ("board:chopping",)), "put down the chopping board"),
        (SubAction(Verb.RELEASE, ("cup", "table")), "put the cup down on the table"),
        (SubAction(Verb.MOVE, ("washing_liquid", "sink")), "move the washing liquid to the sink"),
        (SubAction(Verb.USE, ("tap",)), "use the tap"),
        (SubAction(Verb.POSITION, ("bottle", "tap")), "put the bottle at the tap"),
        (SubAction(Verb.GOTO, ("fridge",)), "go to the fridge"),
        (Call("open_drawer"), "open the drawer"),
        (Call("pour", ("milk", "cup")), "pour with the milk and the cup"),
        (Program("take_board_chopping"), "take the chopping board"),
        (Program("turn_on_tap"), "turn on the tap"),
    ],
)
def test_a_step_is_asked_for_in_words_that_the_reader_of_questions_understands(part, action):
    assert parse_question(question_about(part)).action == action


def test_what_nobody_can_be_seen_doing_is_refused():
    (loop,) = parse("def a(start_t=0.0, stop_t=1.0):\n    while tap open:\n        wait()\n").body
    for part in (loop, Comment("then"), SubAction(Verb.WAIT), SubAction(Verb.NOTHING), SubAction(Verb.GRASP)):
        with pytest.raises(InputError, match="expected a sub-action"):
            question_about(part)

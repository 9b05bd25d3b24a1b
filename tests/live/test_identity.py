"""Node numbers: what a subscriber may rely on from one revision to the next."""

from egoprog.live.identity import NodeNumbers
from egoprog.program.types import Comment, Condition, Hand, If, Program, SubAction, Verb, While, walk

GRASP = SubAction(Verb.GRASP, ("knife",), Hand.RIGHT, 0.4, 0.8)
USE = SubAction(Verb.USE, ("knife", "carrot"), Hand.RIGHT, 0.9, 2.0)
RELEASE = SubAction(Verb.RELEASE, ("knife",), Hand.RIGHT, 2.1, 2.2)


def test_walk_is_in_the_order_of_the_text() -> None:
    inner = While((Condition("cut", ("carrot",), negated=True),), (USE,))
    body = (Comment("cut"), If((Condition("near", ("knife",)),), (GRASP, inner), (RELEASE,)))
    assert list(walk(body)) == [body[0], body[1], GRASP, inner, USE, RELEASE]


def test_numbers_start_at_the_body_and_follow_the_text() -> None:
    assert NodeNumbers().assign(Program("p", (GRASP, USE))) == (0, 1, 2)


def test_a_sub_action_that_gets_its_end_keeps_its_number() -> None:
    numbers = NodeNumbers()
    running = SubAction(Verb.GRASP, ("knife",), Hand.RIGHT, 0.4)
    assert numbers.assign(Program("p", (running,))) == (0, 1)
    assert numbers.assign(Program("p", (GRASP, USE))) == (0, 1, 2)


def test_a_sub_action_inserted_before_others_gets_a_new_number_and_moves_nobody() -> None:
    numbers = NodeNumbers()
    numbers.assign(Program("p", (USE, RELEASE)))
    assert numbers.assign(Program("p", (GRASP, USE, RELEASE))) == (0, 3, 1, 2)


def test_an_object_that_gets_its_name_late_keeps_its_number() -> None:
    numbers = NodeNumbers()
    nameless = SubAction(Verb.GRASP, ("object_1",), Hand.RIGHT, 0.5)
    numbers.assign(Program("p", (nameless, USE)))
    assert numbers.assign(Program("p", (GRASP, USE))) == (0, 1, 2)


def test_the_other_hand_is_another_sub_action() -> None:
    numbers = NodeNumbers()
    numbers.assign(Program("p", (GRASP,)))
    left = SubAction(Verb.GRASP, ("knife",), Hand.LEFT, 0.4, 0.8)
    assert numbers.assign(Program("p", (left,))) == (0, 2)


def test_the_number_of_one_that_is_gone_is_not_given_again() -> None:
    numbers = NodeNumbers()
    numbers.assign(Program("p", (GRASP, USE)))
    assert numbers.assign(Program("p", (USE,))) == (0, 2)
    assert numbers.assign(Program("p", (USE, RELEASE))) == (0, 2, 3)


def test_a_comment_whose_times_grow_keeps_its_number() -> None:
    numbers = NodeNumbers()
    numbers.assign(Program("p", (Comment("Heard sound of water at time 1 sec to 2 sec"), GRASP)))
    assert numbers.assign(Program("p", (Comment("Heard sound of water at time 1 sec to 3 sec"), GRASP))) == (0, 1, 2)

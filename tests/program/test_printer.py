"""Canonical text, and what has none."""

import pytest

from egoprog.program import condition_text, parse, parse_all, parse_condition, sub_action_text, to_text
from egoprog.program.types import Call, Comment, Condition, Hand, If, Import, Program, SubAction, Verb, While

CANONICAL = """\
from library import wash_hands
objects = [cucumber, faucet]

def clean_cucumber(start_t=0, stop_t=4.88):
    # Heard sound of water at time 1.2 sec to 3.4 sec
    if cucumber not in hand and near cucumber:
        goto(cucumber)
        grasp(cucumber, hand=right, start_t=0.4, stop_t=0.81, confidence=0.92)
    else:
        wait()
    while cucumber not clean:
        use(cucumber, faucet)
    wash_hands()
    ...
"""


def test_canonical_text_is_printed_as_it_was_read():
    assert to_text(parse(CANONICAL)) == CANONICAL


def test_several_programs_are_one_text():
    text = to_text([Program("a"), Program("b", (SubAction(Verb.WAIT),))])
    assert text == "def a():\n    pass\n\n\ndef b():\n    wait()\n"
    assert [program.name for program in parse_all(text)] == ["a", "b"]


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        (Condition("in hand", ("cucumber",), True), "cucumber not in hand"),
        (Condition("in hand", ("milk", "right")), "milk in right hand"),
        (Condition("on", ("milk", "table")), "milk on table"),
        (Condition("open", ("faucet",), True), "faucet not open"),
        (Condition("near", ("fridge",)), "near fridge"),
        (Condition("near", ("fridge",), True), "not near fridge"),
        (Condition("empty", ("left",)), "left hand empty"),
        (Condition("empty", ("right",), True), "right hand not empty"),
        (Condition("boiling", ("water",)), "boiling(water)"),
        (Condition("between", ("cup", "pan", "knife"), True), "not between(cup, pan, knife)"),
        (Condition("raining"), "raining()"),
        (Condition("closed", ("fridge",)), '"closed"(fridge)'),
        (Condition("open", ("not",)), '"open"(not)'),
        (Condition("hand in", ("cup",), True), 'not "hand in"(cup)'),
    ],
)
def test_a_condition_has_one_text_that_reads_back(condition, text):
    assert condition_text(condition) == text
    assert parse_condition(text) == (condition,)


def test_objects_that_are_named_like_a_hand_or_a_number_are_told_from_them():
    sub_action = SubAction(Verb.USE, ("left", "3"), Hand.LEFT)
    assert sub_action_text(sub_action) == 'use(object="left", object="3", hand=left)'
    assert parse(f"def f():\n    {sub_action_text(sub_action)}\n").body == (sub_action,)


def test_calls_of_programs_that_are_named_like_verbs_are_told_from_sub_actions():
    program = Program("f", (Call("grab", ("cup",)), Call("wash_hands")))
    assert to_text(program) == "def f():\n    call grab(cup)\n    wash_hands()\n"
    assert parse(to_text(program)) == program


def test_a_guard_without_conditions_is_true():
    program = Program("f", (While((), ()), If((), (), (SubAction(Verb.NOTHING),))))
    assert "while true:" in to_text(program)
    assert parse(to_text(program)) == program


@pytest.mark.parametrize("value", [0.1 + 0.2, 5e-324, 1e22, 1.7976931348623157e308, 123456789.125, 1e15, 2.0])
def test_numbers_are_printed_so_that_nothing_is_lost(value):
    program = Program("f", (SubAction(Verb.WAIT, start_s=value, confidence=-value),), value, value)
    assert parse(to_text(program)) == program


def test_a_comment_is_one_line_of_printable_text():
    assert Comment("  two\nlines\t\u2028 and a \0 # sign ").text == "two lines and a # sign"
    program = Program("f", (Comment("# “quoted” 'text' ☕ if cup:"), Comment("")))
    assert parse(to_text(program)) == program


@pytest.mark.parametrize(
    ("program", "named"),
    [
        (Program("take cup"), "take cup"),
        (Program("f", (SubAction(Verb.GRASP, ("Washing Liquid",)),)), "Washing Liquid"),
        (Program("f", (SubAction(Verb.GRASP, ("a", "b", "c")),)), "at most two"),
        (Program("f", (SubAction(Verb.WAIT, start_s=float("nan")),)), "finite"),
        (Program("f", (If((Condition("In Hand", ("cup",)),), ()),)), "In Hand"),
        (Program("f", (Call("wash hands"),)), "wash hands"),
        (Program("f", imports=(Import("a b"),)), "a b"),
        (Program("f", objects=("",)), "''"),
        (Program("f", ("grasp(cup)",)), "a statement"),
    ],
)
def test_what_has_no_canonical_text_is_refused_by_name(program, named):
    with pytest.raises(ValueError, match="expected") as error:
        to_text(program)
    assert named in str(error.value)


def test_nesting_that_could_not_be_read_back_is_refused():
    body = (SubAction(Verb.WAIT),)
    for _ in range(101):
        body = (While((), body),)
    with pytest.raises(ValueError, match="100 levels"):
        to_text(Program("f", body))
    assert parse(to_text(Program("f", body[0].body))).body == body[0].body

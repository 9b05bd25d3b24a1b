"""The network's supervision, in the paper's words."""

from egoprog.program import flatten, parse, parse_all
from egoprog.program.types import Condition, If, Program, SubAction, Verb

CLEAN = """\
def clean_cucumber():
    if cucumber not in hand:
        goto(cucumber)
        grasp(cucumber)
    if faucet not open:
        use(faucet)
    while cucumber not clean:
        use(faucet, cucumber)
        if cucumber not in hand:
            grasp(cucumber)
"""


def test_sub_actions_come_in_the_order_of_the_text_whatever_their_conditions():
    flat = flatten(parse(CLEAN))
    assert [(item.verb.value, item.objects) for item in flat] == [
        ("goto", ("cucumber",)),
        ("grasp", ("cucumber",)),
        ("use", ("faucet",)),
        ("use", ("faucet", "cucumber")),
        ("grasp", ("cucumber",)),
    ]
    assert isinstance(flat, tuple)
    assert (flat[3].o1, flat[3].o2, flat[0].o2) == ("faucet", "cucumber", None)


def test_the_precondition_is_worded_as_in_the_paper():
    two = parse("def f():\n    if cucumber not in hand:\n        wait()\n    if faucet not open:\n        wait()\n")
    assert flatten(two).precondition == "if cucumber not in hand and if faucet not open"


def test_conditions_are_told_once_and_underscores_are_blanks():
    assert flatten(parse(CLEAN)).precondition == (
        "if cucumber not in hand and if faucet not open and if cucumber not clean"
    )
    guard = (
        Condition("in hand", ("washing_liquid", "left")),
        Condition("boiling", ("water",)),
        Condition("near", ("hob",)),
    )
    assert flatten(Program("f", (If(guard, ()),))).precondition == (
        "if washing liquid in left hand and if water boiling and if near hob"
    )


def test_a_program_without_conditions_has_an_empty_sentence():
    assert flatten(Program("f")) == ()
    assert flatten(Program("f")).precondition == ""


def test_no_more_than_nine_sub_actions_are_kept_unless_asked_for():
    program = Program("f", tuple(SubAction(Verb.GOTO, (f"place_{i}",)) for i in range(12)))
    assert len(flatten(program)) == 9
    assert flatten(program).num_dropped == 3
    assert len(flatten(program, limit=3)) == 3
    assert len(flatten(program, limit=None)) == 12


def test_calls_are_resolved_where_their_programs_are_given():
    programs = parse_all(
        "def f():\n    goto(sink)\n    g()\n\ndef g():\n    if tap not open:\n        use(tap)\n    f()\n    g()\n"
    )
    assert [item.verb for item in flatten(programs[0])] == [Verb.GOTO]
    flat = flatten(programs[0], programs=programs)
    assert [item.verb for item in flat] == [Verb.GOTO, Verb.USE]
    assert flat.precondition == "if tap not open"

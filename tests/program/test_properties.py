"""What holds of every program and every text."""

from hypothesis import given, settings
from hypothesis import strategies as st

from egoprog.program import condition_text, parse, parse_all, parse_condition, to_text
from egoprog.program.serial import from_json, to_json
from egoprog.program.types import (
    Call,
    Comment,
    Condition,
    Hand,
    If,
    Import,
    Program,
    SubAction,
    Verb,
    While,
    object_name,
)

# Names that mean something in the language, and are names of objects all the same.
AWKWARD = [
    *("left", "right", "both", "hand", "left_hand", "none", "true", "not", "and", "or", "in", "on", "near", "empty"),
    *("open", "closed", "is", "a", "i", "3", "2_5", "board:chopping", "in_hand", "not_clean", "cup_is_full", "if"),
    *("to", "has", "is_open", "on_top_of", "not_in_hand", "0:1", "goto", "def", "use", "x_not", "not_x", "1_in_hand"),
]
plain_names = st.from_regex(r"[a-z][a-z0-9]{0,8}(_[a-z0-9]{1,8}){0,2}", fullmatch=True)
object_names = st.one_of(
    st.sampled_from(["cup", "milk", "cucumber", "faucet", "washing_liquid"]),
    plain_names,
    st.sampled_from(AWKWARD),
    st.from_regex(r"[a-z0-9_:]*[a-z0-9][a-z0-9_:]*", fullmatch=True).map(object_name),
)
identifiers = st.one_of(
    st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,10}", fullmatch=True),
    st.sampled_from(["grab", "pick_up", "goto", "call", "if", "print", "wash_hands", "pass", "objects", "def", "put"]),
)
predicates = st.one_of(
    st.sampled_from(["in hand", "near", "empty", "open", "clean", "on", "in", "at", "full", "cut", "closed", "dirty"]),
    st.sampled_from(["boiling", "state", "is open", "true", "and", "or", "not", "held", "on top of", "hand", "2"]),
    st.from_regex(r"[a-z0-9]{1,8}( [a-z0-9]{1,8}){0,2}", fullmatch=True).filter(lambda p: not p.startswith("not ")),
)
conditions = st.builds(
    Condition,
    predicates,
    st.one_of(
        st.tuples(object_names),
        st.tuples(object_names, object_names),
        st.tuples(object_names, st.sampled_from(["left", "right", "both"])),
        st.tuples(st.sampled_from(["left", "right"])),
        st.lists(object_names, max_size=4).map(tuple),
    ),
    st.booleans(),
)
guards = st.lists(conditions, max_size=3).map(tuple)
numbers = st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False), st.integers(0, 100))
sub_actions = st.builds(
    SubAction,
    st.sampled_from(Verb),
    st.lists(object_names, max_size=2).map(tuple),
    st.one_of(st.none(), st.sampled_from(Hand)),
    numbers,
    numbers,
    numbers,
)
comments = st.builds(
    Comment,
    st.one_of(
        st.text(), st.sampled_from(["", "#", "# x", "''' quote", '"', "if cup:", "```", "...", "def f():", "\u2028"])
    ),
)
calls = st.builds(Call, identifiers, st.lists(object_names, max_size=3).map(tuple))


def blocks(statements):
    bodies = st.lists(statements, max_size=3).map(tuple)
    return st.one_of(st.builds(If, guards, bodies, bodies), st.builds(While, guards, bodies))


statements = st.recursive(st.one_of(sub_actions, sub_actions, comments, calls), blocks, max_leaves=12)
bodies = st.lists(statements, max_size=6).map(tuple)
modules = st.lists(identifiers, min_size=1, max_size=3).map(".".join)
imports = st.builds(Import, modules, st.lists(identifiers, max_size=3).map(tuple))
programs = st.builds(
    Program,
    identifiers,
    bodies,
    numbers,
    numbers,
    st.lists(imports, max_size=2).map(tuple),
    st.lists(object_names, max_size=4).map(tuple),
    st.booleans(),
)


@settings(max_examples=100, deadline=None)
@given(programs)
def test_canonical_text_is_read_back_as_the_same_program(program):
    assert parse(to_text(program)) == program


@settings(max_examples=100, deadline=None)
@given(programs)
def test_canonical_text_needs_no_mending(program):
    """But for calls of programs that the text does not hold, which are said."""
    assert all(note.text.endswith("kept as a call") for note in parse(to_text(program)).notes)


@settings(max_examples=50, deadline=None)
@given(st.lists(programs, min_size=1, max_size=3))
def test_several_programs_are_read_back_from_one_text(several):
    assert parse_all(to_text(several)) == several


@settings(max_examples=200, deadline=None)
@given(conditions)
def test_a_condition_is_read_back_from_its_text(condition):
    assert parse_condition(condition_text(condition)) == (condition,)


@settings(max_examples=100, deadline=None)
@given(programs)
def test_json_is_read_back_as_the_same_program(program):
    assert from_json(to_json(program)) == program


@settings(max_examples=100, deadline=None)
@given(programs, st.data())
def test_a_cut_text_keeps_whole_statements_only(program, data):
    """Whatever is kept of a cut text was there before the cut, in the same order."""
    text = to_text(program)
    start = text.index("):\n") + 3
    cut = text[: data.draw(st.integers(start, len(text)))]
    whole, kept = list(program.sub_actions()), list(parse(cut).sub_actions())
    assert kept == whole[: len(kept)]

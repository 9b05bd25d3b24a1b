"""Lines of programs: the supervision of the network must come back exactly as it was written."""

import json
import logging
import random
from dataclasses import replace

import pytest
from annotations import mutated, spoilt
from hypothesis import given, settings
from strategies import programs, states

from egoprog.data import ProgramClip, iter_programs, read_programs, write_programs
from egoprog.errors import AnnotationError
from egoprog.program import parse
from egoprog.program.types import Condition, Provenance
from egoprog.world import WorldState
from egoprog.world.state import UNKNOWN

POUR = replace(
    parse(
        """
def pour_milk(start_t=61.25, stop_t=66.5):
    if milk in hand and cup not full:
        use(milk, cup, hand=left, start_t=62.1, stop_t=64.875)
    release(milk, counter, hand=left, start_t=65, stop_t=66.5)
"""
    ),
    provenance=Provenance("simulator"),
)
BEFORE = WorldState.initial("milk").assume(
    Condition("on", ("cup", "counter")),
    Condition("open", ("fridge",), negated=True),
    Condition("in", ("washing_liquid", "drawer_2"), negated=True),
    Condition("near", ("fridge",)),
    Condition("full", ("milk",)),
    Condition("on", ("hob",)),
)
CLIPS = [
    ProgramClip(
        "P901_01_0", "P901_01", 61.25, 66.5, "pour milk into cup", POUR, BEFORE,
        BEFORE.assume(Condition("full", ("cup",)), Condition("on", ("milk", "counter"))),
        task="make_tea", odds={("pour", "milk"): 0.75, ("put", "milk"): 0.25},
    ),
    ProgramClip(
        "P901_01_1", "P901_01", 70.0, 71.0, "take pan", parse("def take_pan():\n    grasp(pan)"), BEFORE, BEFORE,
        is_unfinished=True,
    ),
]  # fmt: skip


@pytest.fixture
def written(tmp_path):
    write_programs(tmp_path / "train.jsonl", CLIPS)
    return tmp_path / "train.jsonl"


def test_clips_come_back_with_times_hands_states_and_provenance(written):
    assert read_programs(written) == CLIPS
    first = next(iter_programs(written))
    assert first.program.provenance == POUR.provenance
    assert [(one.hand, one.start_s, one.stop_s) for one in first.program.sub_actions()] == [
        ("left", 62.1, 64.875),
        ("left", 65.0, 66.5),
    ]
    assert first.precondition == "if milk in hand and if cup not full"


def test_a_line_can_be_read_by_people_and_by_other_programs(written):
    line = json.loads(written.read_text().splitlines()[0])
    assert line["precondition"] == "if milk in hand and if cup not full"
    assert line["before"] == {
        "left": "milk",
        "right": None,
        "unsided": [],
        "facts": [
            "cup on counter",
            "milk full",
            "washing_liquid not in drawer_2",
            "near fridge",
            "hob on",
            "fridge not open",
        ],
    }


@settings(max_examples=60)
@given(program=programs, before=states(), after=states())
def test_any_state_and_program_of_the_world_model_comes_back(tmp_path_factory, program, before, after):
    path = tmp_path_factory.mktemp("lines") / "clips.jsonl"
    clip = ProgramClip("P901_01_0", "P901_01", 0.0, 1.0, "", program, before, after)
    write_programs(path, [clip])
    assert read_programs(path) == [clip]


@pytest.mark.parametrize(
    "state",
    [
        WorldState(),
        WorldState(UNKNOWN, UNKNOWN),
        WorldState.initial().assume(Condition("in hand", ("cup",))),  # in a hand that nobody named
        WorldState(UNKNOWN, UNKNOWN).assume(Condition("in hand", ("cup",)), Condition("in hand", ("pan",), True)),
        WorldState.initial().assume(Condition("boiling", ("water",)), Condition("at", ("knife", "carrot"))),
        WorldState.initial().assume(Condition("closed", ("board:chopping",)), Condition("is warm", ("left_over",))),
    ],
)
def test_what_is_not_known_of_hands_comes_back_as_well(tmp_path, state):
    clip = replace(CLIPS[0], before=state)
    write_programs(tmp_path / "clips.jsonl", [clip])
    (read,) = read_programs(tmp_path / "clips.jsonl")
    assert read.before == state


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda line: line.pop("after"), "line 2: expected the field 'after'"),
        (lambda line: line.update(schema=2), "line 2, schema: expected 1, got 2; update egoprog"),
        (lambda line: line.update(stop_s=1.0), "line 2, stop_s: expected a time after the start at 70 s, got 1 s"),
        (lambda line: line.update(precondition="if x"), "line 2, precondition: expected the program's, ''"),
        (lambda line: line["program"]["body"][0].update(verb="grab"), "line 2, program: expected a program, got"),
        (lambda line: line["before"]["facts"].append("pan open or cup full"), "line 2, before.facts[6]: expected"),
        (lambda line: line["before"]["facts"].append("left hand empty"), "what hands hold under left and right"),
        (lambda line: line["before"]["facts"].append("pan open and cup full"), "expected one fact, got 2"),
        (lambda line: line["before"]["facts"].append(7), "line 2, before.facts[6]: expected a string, got 7"),
        (lambda line: line["before"].update(left=7), "line 2, before.left: expected a string, got 7"),
        (lambda line: line.update(odds=[["take", "pan", 2.0]]), "odds[0]: expected verb, noun and a share from 0 to 1"),
    ],
)  # fmt: skip
def test_a_bad_line_is_named_by_its_number_and_field(written, change, words):
    lines = written.read_text().splitlines()
    value = json.loads(lines[1])
    change(value)
    written.write_text(f"{lines[0]}\n{json.dumps(value)}\n")
    with pytest.raises(AnnotationError) as caught:
        read_programs(written)
    assert str(written) in str(caught.value) and words in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_a_line_that_was_cut_is_named_and_can_be_skipped(written, caplog):
    written.write_bytes(written.read_bytes()[:-40])
    with pytest.raises(AnnotationError, match="line 2: expected JSON"):
        read_programs(written)
    with caplog.at_level(logging.WARNING):
        assert read_programs(written, on_bad="skip") == CLIPS[:1]
    assert "left out 1 bad row(s) of 2" in caplog.text


@pytest.mark.parametrize(
    "change",
    [
        {"start_s": float("nan")},
        {"stop_s": 0.0},
        {"odds": {("take", "pan"): 3.0}},
        {"before": WorldState("milk", None, {"No Name": ("on", "b")})},
        {"after": WorldState(atoms={("closed", ("fridge",)): True})},
    ],
)  # fmt: skip
def test_what_could_not_be_read_back_is_not_written(written, change):
    with pytest.raises(AnnotationError, match="line 2"):
        write_programs(written, [CLIPS[0], replace(CLIPS[1], **change)])
    assert read_programs(written) == CLIPS, "the old file stays"


def test_spoilt_files_raise_the_documented_error_and_nothing_else(written):
    chance, data = random.Random(10), written.read_bytes()
    for number in range(1000):
        line = mutated(json.loads(data.splitlines()[0]), chance)
        written.write_bytes(spoilt(data, chance) if number % 2 else json.dumps(line).encode())
        try:
            read_programs(written, on_bad=lambda error: None)
        except AnnotationError as error:
            assert str(written) in str(error)

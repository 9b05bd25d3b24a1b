"""Programs as JSON."""

import json
from dataclasses import replace

import pytest

from egoprog.errors import ConfigurationError
from egoprog.program import from_json, parse, to_json
from egoprog.program.types import Provenance

TEXT = """\
from library import wash_hands
objects = [cup]

def f(start_t=0, stop_t=2.5):
    # comment
    if cup not in hand:
        grab(cup, hand=left, start_t=0.5, confidence=0.9)
    else:
        wash_hands(cup)
    while cup not clean:
        use(sponge, cup)
"""


def program_with_provenance():
    provenance = Provenance("llm", "a-model", 2, 100, 50, 0.17, "clean_cup", ("goto(cup) inserted",), "no answer")
    return replace(parse(TEXT), provenance=provenance)


def test_json_keeps_everything_with_notes_and_provenance():
    program = program_with_provenance()
    again = from_json(json.loads(json.dumps(to_json(program))))
    assert again == program
    assert again.notes == program.notes != ()
    assert again.provenance == program.provenance


def test_json_names_its_schema():
    assert to_json(parse(TEXT))["schema"] == 1


def edited(edit):
    value = json.loads(json.dumps(to_json(program_with_provenance())))
    edit(value)
    return value


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda v: v.update(schema=2), r"program.schema: expected 1, got 2"),
        (lambda v: v.pop("schema"), r"expected the field 'schema'"),
        (lambda v: v.pop("name"), r"expected the field 'name'"),
        (lambda v: v.update(extra=1), r"no further field, got \['extra'\]"),
        (lambda v: v.update(name=3), r"program.name: expected a string, got 3"),
        (lambda v: v.update(start_s="0"), r"program.start_s: expected a finite number"),
        (lambda v: v.update(stop_s=float("nan")), r"program.stop_s: expected a finite number"),
        (lambda v: v.update(is_complete=1), r"program.is_complete: expected true or false"),
        (lambda v: v.update(objects="cup"), r"program.objects: expected a list"),
        (lambda v: v.update(objects=[None]), r"program.objects\[0\]: expected a string"),
        (lambda v: v["body"][0].update(kind="jump"), r"program.body\[0\].kind: expected sub_action"),
        (lambda v: v["body"][1]["body"][0].update(verb="grab"), r"body\[1\].body\[0\].verb: expected one of nothing"),
        (lambda v: v["body"][1]["body"][0].update(hand="third"), r"hand: expected one of left"),
        (lambda v: v["body"][1]["body"][0].update(objects=["a", "b", "c"]), r"objects: expected at most two, got 3"),
        (lambda v: v["body"][1]["guard"][0].update(negated="yes"), r"guard\[0\].negated: expected true or false"),
        (lambda v: v["provenance"].update(attempts=1.5), r"program.provenance.attempts: expected a whole number"),
    ],
)
def test_a_fault_is_named_with_its_place(edit, message):
    with pytest.raises(ConfigurationError, match=message):
        from_json(edited(edit))


@pytest.mark.parametrize("value", [None, [], "program", 3, {}])
def test_what_is_no_program_is_refused(value):
    with pytest.raises(ConfigurationError, match="expected"):
        from_json(value)


def test_json_nested_without_end_is_refused():
    value = to_json(parse("def f():\n    wait()\n"))
    for _ in range(400):
        value["body"] = [{"kind": "while", "guard": [], "body": value["body"]}]
    with pytest.raises(ConfigurationError, match="100 levels"):
        from_json(value)

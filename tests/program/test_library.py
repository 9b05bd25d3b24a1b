"""The twenty exemplar programs."""

import time

import pytest

from egoprog.errors import ConfigurationError
from egoprog.program import parse, to_text
from egoprog.program.library import FOLDER, exemplars, load
from egoprog.program.types import Call, Comment, Hand, If, Verb, While
from egoprog.world import Domain, validate

FILES = sorted(FOLDER.glob("*.prog"))


def statements(body):
    for statement in body:
        yield statement
        if isinstance(statement, If | While):
            yield from statements(statement.body)
        if isinstance(statement, If):
            yield from statements(statement.orelse)


def test_there_are_twenty_under_their_own_names():
    assert len(FILES) == 20
    assert [program.name for program in exemplars()] == [path.stem for path in FILES]
    assert exemplars() is exemplars()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_file_is_canonical_and_needs_no_mending(path):
    text = path.read_text(encoding="utf-8")
    program = parse(text)
    assert to_text(program) == text
    assert program.notes == ()
    assert program.is_complete


@pytest.mark.parametrize("program", exemplars(), ids=lambda program: program.name)
def test_each_is_valid_in_the_world_model_and_calls_only_what_it_imports(program):
    validation = validate(program)
    assert validation.ok, validation.problems
    assert validation.notes == ()
    imported = {name for one in program.imports for name in one.names}
    assert {s.name for s in statements(program.body) if isinstance(s, Call)} <= imported
    assert all(load(name) for name in imported)


@pytest.mark.parametrize("program", exemplars(), ids=lambda program: program.name)
def test_each_has_times_in_order_and_hands_and_evidence(program):
    times = [(s.start_s, s.stop_s) for s in program.sub_actions() if s.start_s is not None]
    assert times
    assert all(program.start_s <= start < stop <= program.stop_s for start, stop in times)
    starts = [start for start, _ in times]
    assert starts == sorted(starts)
    comments = [s.text for s in program.body if isinstance(s, Comment)]
    assert any(text.startswith("objects = [") for text in comments)
    assert "Holding nothing at start." in comments


def test_together_they_show_the_whole_language():
    everything = [s for program in exemplars() for s in statements(program.body)]
    verbs = {s.verb for program in exemplars() for s in program.sub_actions()}
    hands = {s.hand for program in exemplars() for s in program.sub_actions()}
    comments = " ".join(s.text for s in everything if isinstance(s, Comment))
    assert verbs == set(Verb)
    assert hands >= set(Hand)
    assert any(isinstance(s, If) and s.orelse for s in everything)
    assert any(isinstance(s, While) for s in everything)
    assert any(isinstance(s, Call) for s in everything)
    for wording in ("Heard sound of", "Go to object from time", "performed right before", "Grabbed", "Released"):
        assert wording in comments


def test_their_objects_are_known_to_the_world_model():
    names = {name for program in exemplars() for s in program.sub_actions() for name in s.objects}
    assert [name for name in sorted(names) if Domain.default().kind(name).name == "thing"] == []


def test_a_name_that_is_not_there_gets_the_nearest():
    assert load("pour_milk").name == "pour_milk"
    with pytest.raises(ConfigurationError, match="did you mean 'pour_milk'"):
        load("poor_milk")


def test_checking_an_exemplar_is_fast_enough_for_every_revision_of_a_live_program():
    """A revision is checked at camera rate; the slowest of three quiet runs, so that a busy machine is forgiven."""
    for program in exemplars():
        validate(program)
    spans = []
    for _ in range(3):
        start = time.perf_counter()
        for program in exemplars():
            validate(program)
        spans.append((time.perf_counter() - start) / len(exemplars()))
    assert min(spans) < 0.005

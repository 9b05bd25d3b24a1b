"""`egoprog parse`."""

import io
import json
import sys

import pytest

from egoprog.cli import main
from egoprog.program import from_json, parse

MESSY = "Sure:\n```python\ndef take_cup()\n    goto(cup)\n    grab(“cup”)\n```\n"


@pytest.fixture
def messy_file(tmp_path):
    path = tmp_path / "program.txt"
    path.write_text(MESSY, encoding="utf-8")
    return str(path)


def test_canonical_text_is_printed_and_notes_go_to_standard_error(messy_file, capsys):
    assert main(["parse", messy_file]) == 0
    out, err = capsys.readouterr()
    assert out == "def take_cup():\n    goto(cup)\n    grasp(cup)\n"
    assert f"{messy_file}:5: 'grab' read as 'grasp'" in err


def test_json_is_printed_on_demand(messy_file, capsys):
    assert main(["parse", "--json", messy_file]) == 0
    (value,) = json.loads(capsys.readouterr().out)
    assert from_json(value) == parse(MESSY)


def test_text_that_is_no_program_is_one_line_and_exit_1(tmp_path, capsys):
    path = tmp_path / "prose.txt"
    path.write_text("There is no program here.\n")
    assert main(["parse", str(path)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert "line 1, column 1: expected a program" in err
    assert str(path) in err


def test_a_missing_file_is_one_line_and_exit_1(tmp_path, capsys):
    assert main(["parse", str(tmp_path / "none.prog")]) == 1
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "expected a file" in err


def test_standard_input_is_read(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"def f():\n    wait()\n")))
    assert main(["parse", "-"]) == 0
    assert capsys.readouterr().out == "def f():\n    wait()\n"


def test_check_says_what_is_impossible(tmp_path, capsys):
    path = tmp_path / "cut.prog"
    path.write_text("def cut():\n    use(knife, carrot)\n")
    assert main(["parse", "--check", str(path)]) == 1
    assert "use(knife, carrot): no hand holds the knife" in capsys.readouterr().err


def test_check_admits_a_possible_program(tmp_path, capsys):
    path = tmp_path / "take.prog"
    path.write_text("def take():\n    goto(cup)\n    grasp(cup)\n")
    assert main(["parse", "--check", str(path)]) == 0
    assert capsys.readouterr().err == ""

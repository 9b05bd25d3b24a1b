"""Programs that were paid for must not be lost, nor paid for twice."""

import json

import pytest

from egoprog.errors import InputError
from egoprog.generate.store import ProgramStore, StoredProgram
from egoprog.program.types import Program, Provenance, SubAction, Verb


def record(clip_id="video@0.000-2.000", asked="local", name="take_cup"):
    provenance = Provenance("llm", model="m", prompt_tokens=3, cost_usd=0.01, fallback="because")
    program = Program(name, (SubAction(Verb.GOTO, ("cup",), start_s=0.5, stop_s=1.0),), 0.0, 2.0, provenance=provenance)
    return StoredProgram(clip_id, asked, 0.0, 2.0, program)


def test_what_was_appended_is_there_when_the_file_is_opened_again(tmp_path):
    ProgramStore(tmp_path / "new" / "folder").append(record())
    again = ProgramStore(tmp_path / "new" / "folder").get("video@0.000-2.000", "local")
    assert again == record()
    assert again.program.provenance == record().program.provenance


def test_a_program_of_another_generator_is_another_program(tmp_path):
    store = ProgramStore(tmp_path)
    store.append(record())
    assert store.get("video@0.000-2.000", "llm:m") is None


def test_a_line_that_a_crash_cut_in_two_is_dropped_and_the_next_one_is_whole(tmp_path):
    store = ProgramStore(tmp_path)
    store.append(record())
    store.append(record("video@2.000-4.000"))
    store.path.write_bytes(store.path.read_bytes()[:-20])
    again = ProgramStore(tmp_path)
    assert len(again) == 1
    again.append(record("video@4.000-6.000"))
    assert len(ProgramStore(tmp_path)) == 2
    assert all(json.loads(line) for line in store.path.read_text().splitlines())


def test_a_line_that_is_no_program_is_named(tmp_path):
    ProgramStore(tmp_path).append(record())
    with (tmp_path / "programs.jsonl").open("a") as file:
        file.write('{"clip_id": 3}\n')
    with pytest.raises(InputError, match="line 2"):
        ProgramStore(tmp_path)


def test_a_folder_that_cannot_be_is_told_of(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="expected a folder"):
        ProgramStore(tmp_path / "file" / "below")

"""`egoprog generate`, from a recording on disk to programs on disk."""

import json
import re

import cv2
import numpy as np
import pytest
from language_model_server import Reply, completion

from egoprog.cli import main
from egoprog.program import parse_all


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    """A folder of grey frames, one second long, with two narrations: no hands, no sound."""
    folder = tmp_path_factory.mktemp("kitchen")
    for index in range(30):
        cv2.imwrite(str(folder / f"frame_{index:04d}.jpg"), np.full((96, 128, 3), 90 + index, np.uint8))
    return folder


@pytest.fixture
def narrations(tmp_path):
    path = tmp_path / "said.csv"
    path.write_text("start,stop,text\n0.0,0.4,take plate\n0.5,0.9,put plate on table\n")
    return path


@pytest.fixture
def model(server, monkeypatch):
    """The server, named by the environment."""
    for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY", "EGOPROG_LLM_TIMEOUT_S"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("EGOPROG_LLM_BASE_URL", server.url)
    monkeypatch.setenv("EGOPROG_LLM_MODEL", "test-model")
    monkeypatch.setenv("EGOPROG_LLM_API_KEY", "sk-secret")
    return server


def complete(request):
    """Completes every head with one plain sub-action."""
    task = request["messages"][-1]["content"].split("Complete each of these")[1]
    return completion("\n".join(f"{head}\n    wait()\n" for head in re.findall(r"def .*:", task)))


def test_programs_are_printed_and_written_and_a_rerun_does_nothing_twice(recording, narrations, tmp_path, capsys):
    command = ["generate", str(recording), "--narrations", str(narrations), "--out", str(tmp_path / "out")]
    assert main(command) == 0
    first = capsys.readouterr()
    take, put = parse_all(first.out)
    assert (take.name, put.name) == ("take_plate", "put_plate_on_table")
    assert "by local" in first.out
    assert main(command) == 0
    again = capsys.readouterr()
    assert again.out == first.out
    assert "2 of 2 clips are done already" in again.err
    lines = (tmp_path / "out" / "programs.jsonl").read_text().splitlines()
    assert [json.loads(line)["name"] for line in lines] == ["take_plate", "put_plate_on_table"]
    assert (tmp_path / "out" / "programs.txt").read_text().strip() == first.out.strip()


def test_a_recording_with_nothing_in_it_does_nothing(recording, capsys):
    assert main(["generate", str(recording)]) == 0
    (program,) = parse_all(capsys.readouterr().out)
    assert [step.verb.value for step in program.sub_actions()] == ["nothing"]


def test_a_clip_can_be_named_by_its_times(recording, capsys):
    assert main(["generate", str(recording), "--clip", "0.25", "0.75"]) == 0
    assert "@0.250-0.750" in capsys.readouterr().out
    assert main(["generate", str(recording), "--clip", "0.75", "25"]) == 1
    assert "within 0 to 1.00 s" in capsys.readouterr().err


def test_a_language_model_is_asked_and_its_counts_are_told(recording, narrations, tmp_path, capsys, model):
    model.answers(complete)
    command = ["generate", str(recording), "--narrations", str(narrations), "--llm", "--out", str(tmp_path)]
    assert main(command) == 0
    said = capsys.readouterr()
    assert "by llm, test-model, attempt 1" in said.out
    assert "2 at once, 0 mended, 0 written locally instead; 1 queries, 1000 + 100 tokens, unknown cost" in said.err
    assert "sk-secret" not in said.out + said.err
    assert main(command) == 0
    assert len(model.requests) == 1, "what was paid for is not asked for again"


def test_a_run_that_broke_off_goes_on_where_it_was(recording, narrations, tmp_path, capsys, model):
    model.answers(complete, Reply(400, '{"error": {"message": "enough"}}'), complete)
    command = ["generate", str(recording), "--narrations", str(narrations), "--llm", "--clips-per-query", "1"]
    command += ["--out", str(tmp_path)]
    assert main(command) == 1
    assert capsys.readouterr().err.strip().splitlines()[-1].startswith("egoprog generate: expected an answer from")
    assert len((tmp_path / "programs.jsonl").read_text().splitlines()) == 1
    assert main(command) == 0
    assert len(model.requests) == 3
    assert len(parse_all((tmp_path / "programs.txt").read_text())) == 2


def test_without_a_model_in_the_environment_one_line_says_what_to_set(recording, capsys, monkeypatch):
    for name in ("EGOPROG_LLM_MODEL", "EGOPROG_LLM_API_KEY", "OPENAI_API_KEY", "EGOPROG_LLM_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    assert main(["generate", str(recording), "--llm"]) == 1
    assert re.fullmatch(r"egoprog generate: .*EGOPROG_LLM_MODEL.*\n", capsys.readouterr().err)


def test_a_missing_recording_is_told_of_in_one_line(tmp_path, capsys):
    assert main(["generate", str(tmp_path / "nowhere.mp4")]) == 1
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.slow
def test_the_pan_video_has_something_held_or_moved_by_the_right_hand(shared_data, capsys):
    assert main(["generate", str(shared_data / "video" / "ego4d_stir_pan.mp4")]) == 0
    (program,) = parse_all(capsys.readouterr().out)
    assert any(step.verb in ("use", "move") and step.hand == "right" for step in program.sub_actions())


@pytest.mark.slow
def test_a_pouring_video_has_water_that_is_heard_and_used(shared_data, capsys):
    assert main(["generate", str(shared_data / "video" / "pouring_2.mp4")]) == 0
    said = capsys.readouterr().out
    (program,) = parse_all(said)
    assert "Heard sound of water" in said
    assert any(step.verb == "use" for step in program.sub_actions())

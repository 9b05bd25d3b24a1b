"""`python -m training.pairs` and `python -m training.curate`, from videos to described pairs."""

import json

import pytest
from kitchens import write_kitchens
from language_model_server import LanguageModelServer, completion, serve

from egoprog.data.frame_pairs import PairFolder
from training import curate, pairs

EXACT = ("--neighbours", "0", "--after-walking")


@pytest.fixture
def kitchens(tmp_path):
    return write_kitchens(tmp_path / "kitchens", num_clips=4).root


@pytest.fixture
def server(monkeypatch):
    for state in serve(LanguageModelServer()):
        monkeypatch.setenv("EGOPROG_LLM_BASE_URL", state.url)
        monkeypatch.setenv("EGOPROG_LLM_MODEL", "test")
        yield state


def made(kitchens, out, *more):
    return pairs.main(["--data", str(kitchens), "--out", str(out), "--size-px", "32", "40", *more])


def test_videos_become_pairs_with_counts_and_sheets(kitchens, tmp_path, capsys):
    assert made(kitchens, tmp_path / "pairs", "--bounds", "0", "1.1") == 0
    folder = PairFolder(tmp_path / "pairs")
    assert len(folder.pairs("train")) == 8 and len(folder.pairs("validation")) == 4
    assert folder.size_px == (32, 40)
    assert all(pair.is_unseen for pair in folder.pairs("validation"))
    assert (tmp_path / "pairs" / "sheets" / "kept.png").is_file()
    printed = capsys.readouterr().out
    assert "kept" in printed and "given" in printed
    assert "in place of CLIP" in folder.about()["similarity_name"]


def test_further_targets_are_for_training_alone(kitchens, tmp_path):
    assert made(kitchens, tmp_path / "pairs", "--bounds", "0", "1.1", "--more-shares", "0.8", *EXACT) == 0
    folder = PairFolder(tmp_path / "pairs")
    assert len(folder.pairs("train")) == 16 and len(folder.pairs("validation")) == 4
    by_id = {pair.pair_id: pair for pair in folder.pairs()}
    assert by_id["P901_01_3@0.8"].target_s > by_id["P901_01_3"].target_s
    assert by_id["P901_01_3@0.8"].input_s == by_id["P901_01_3"].input_s


def test_legos_json_goes_out_and_comes_in(kitchens, tmp_path):
    assert made(kitchens, tmp_path / "pairs", "--bounds", "0", "1.1", "--lego-out", str(tmp_path / "lego")) == 0
    arguments = ["--lego-json", str(tmp_path / "lego" / "train.json"), "--pictures", str(tmp_path / "lego")]
    assert pairs.main([*arguments, "--out", str(tmp_path / "again"), "--size-px", "32", "40"]) == 0
    before, after = PairFolder(tmp_path / "pairs"), PairFolder(tmp_path / "again")
    assert len(after) == 8
    pair = after.pairs()[5]
    assert (after.pictures(pair)[1] == before.pictures(pair)[1]).all()


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        (["--bounds", "0.9", "0.8"], "LOW below HIGH"),
        (["--aesthetic", "head.pth"], "--clip"),
        (["--share", "1.5"], "from 0 to 1"),
    ],
)
def test_options_that_make_no_sense_are_told_in_one_line(kitchens, tmp_path, capsys, more, complaint):
    assert made(kitchens, tmp_path / "pairs", *more) == 1
    error = capsys.readouterr().err
    assert complaint in error and error.count("\n") == 1


def test_a_language_model_describes_the_training_pairs_that_have_boxes(kitchens, tmp_path, server, capsys):
    made(kitchens, tmp_path / "pairs", "--bounds", "0", "1.1")
    objects = [{"name": "right hand", "noun": "hand", "box": [0, 0, 0.5, 0.5]}]
    objects.append({"name": "cup", "noun": "cup", "box": [0.2, 0.2, 0.7, 0.7]})
    path = kitchens / "episodes" / "P901_01" / "boxes.jsonl"
    path.parent.mkdir(parents=True)
    lines = [json.dumps({"video_id": "P901_01", "frame": frame, "objects": objects}) for frame in range(1, 65, 5)]
    path.write_text("\n".join(lines), encoding="utf-8")
    sentence = "The person holds the cup with the right hand."
    server.answers(completion(sentence))
    arguments = ["--pairs", str(tmp_path / "pairs"), "--data", str(kitchens)]
    assert curate.main([*arguments, "--max-queries", "2"]) == 0
    assert "the budget is spent" in capsys.readouterr().out
    assert curate.main(arguments) == 0
    assert "2 were there, 4 pairs have no boxes" in capsys.readouterr().out
    described = [pair.video_id for pair in PairFolder(tmp_path / "pairs").pairs() if pair.description == sentence]
    assert described == ["P901_01"] * 4 and len(server.requests) == 4


def test_no_language_model_is_told_in_one_line(kitchens, tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("EGOPROG_LLM_MODEL", raising=False)
    made(kitchens, tmp_path / "pairs", "--bounds", "0", "1.1")
    assert curate.main(["--pairs", str(tmp_path / "pairs"), "--data", str(kitchens)]) == 1
    assert "EGOPROG_LLM_MODEL" in capsys.readouterr().err

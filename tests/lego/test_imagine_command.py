"""`egoprog imagine`: a picture and a question in, a picture and a sentence out; bad input is one line."""

import cv2
import numpy as np
import pytest

from egoprog.cli import main
from tests.lego.fake_drawer import FakeDrawer


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "kitchen.jpg"
    cv2.imwrite(str(path), np.full((90, 120, 3), 99, np.uint8))
    return path


@pytest.fixture
def opened(monkeypatch):
    """A drawer in the place of every model; the folders that were asked for."""
    folders = []
    drawer = FakeDrawer(step_s=0.01)

    def opening(folder, backends):
        folders.append((str(folder), backends))
        return drawer

    monkeypatch.setattr("egoprog.lego.imagine_command.Drawer.open", opening)
    return drawer, folders


def test_an_answer_is_a_picture_and_a_sentence(photo, opened, tmp_path, capsys):
    drawer, folders = opened
    out = tmp_path / "answers" / "drawer.png"
    asked = ["imagine", "--image", str(photo), "how do I open the drawer?", "-o", str(out), "--model", "my/model"]
    assert main([*asked, "--seed", "7", "--steps", "9", "--deadline", "0.05", "--backend", "onnxruntime"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("The right hand is doing it: open the drawer.\n")
    assert "5 steps, fewer than asked for, to keep the deadline, seed 7" in said
    assert cv2.imread(str(out)).shape == (32, 48, 3)
    assert folders == [("my/model", ("onnxruntime",))]
    shape, _, seed, steps, image_guidance, *_ = drawer.asked[0]
    assert (shape, seed, steps, image_guidance) == ((90, 120, 3), 7, 9, None)


def test_a_thing_that_nobody_knows_is_drawn_and_doubted(photo, opened, tmp_path, capsys):
    out = tmp_path / "a.jpg"
    assert main(["imagine", "--image", str(photo), "how do I open the blorp?", "-o", str(out)] + ["--model", "m"]) == 0
    assert "the picture may be wrong" in capsys.readouterr().out and out.exists()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"question": "  "}, "got an empty one"),
        ({"--image": "no/such.jpg"}, "expected a picture at no/such.jpg"),
        ({"--image": __file__}, "expected a JPEG or PNG image"),
        ({"-o": "answer.xyz"}, "such as answer.png"),
        ({"--seed": "-1"}, "expected a seed"),
        ({"--model": "no/such/model"}, "no/such/model"),
        ({"--model": ""}, "none that ships"),
    ],
)
def test_what_cannot_be_answered_is_one_line_and_nothing_is_written(
    photo, tmp_path, capsys, monkeypatch, changed, words
):
    monkeypatch.setattr("egoprog.lego.shipped.model_roots", lambda: (tmp_path,))
    options = {"--image": str(photo), "-o": str(tmp_path / "a.png"), "--model": "m"} | changed
    question = options.pop("question", "how do I open the drawer?")
    assert main(["imagine", question, *(word for option in options.items() for word in option)]) == 1
    said = capsys.readouterr().err
    assert words in said and len(said.strip().splitlines()) == 1
    assert not (tmp_path / "a.png").exists()

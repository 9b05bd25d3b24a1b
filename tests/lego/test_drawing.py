"""Drawing without PyTorch: the reference's frames, a deadline that is kept, and one line for what is wrong."""

import copy
import dataclasses
import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
import torch
from small_drawer import CONFIG, small_drawer_folder

from egoprog.errors import ConfigurationError, DrawingCancelled, FrameError, InputError, ModelError
from egoprog.lego.checkpoints import load_model
from egoprog.lego.drawing import Drawer
from egoprog.lego.fast_sampling import Sampling
from egoprog.lego.pipeline import generate
from egoprog.lego.questions import parse_question
from egoprog.lego.vlm import load_vlm

FRAME = np.random.default_rng(3).integers(0, 255, (32, 48, 3), dtype=np.uint8)
QUESTION = parse_question("How do I open the drawer?")
ASKED = "How do I open the drawer?"


@pytest.fixture(scope="module")
def drawer() -> Drawer:
    return Drawer.open(small_drawer_folder(), ("onnxruntime",), num_threads=1)


def test_a_frame_is_the_references(drawer):
    """Words, what the language model thought, conditioning, steps and pixels, all at once."""
    folder = small_drawer_folder()
    vlm, model = load_vlm(folder / "vlm"), load_model(folder)
    (words,) = vlm.describe([FRAME], [ASKED])
    found = vlm.embeddings([FRAME], [ASKED], [words], CONFIG.num_words)
    said = drawer._said(FRAME, QUESTION)
    assert said.text == words == drawer.describe(FRAME, QUESTION)
    assert np.abs(said.image - found.image.numpy()).max() < 1e-4
    assert np.abs(said.hidden - found.text.numpy()).max() < 1e-4
    theirs = generate(model, [FRAME], [words], found.image, found.text, seeds=[5], num_steps=3)
    generator = torch.Generator().manual_seed(5)
    latent, steps = drawer.denoise(
        drawer.conditions(FRAME, words, said),
        Sampling(num_steps=3),
        (1.5, 7.5),
        lambda: torch.randn(1, 4, 8, 12, generator=generator).numpy(),
    )
    ours = drawer.decode(latent)
    assert steps == 3 and ours.std() > 2
    assert np.abs(ours.astype(int) - theirs[0]).max() <= 1


def test_a_seed_gives_the_same_frame_again_and_another_seed_another(drawer):
    first, again, other = (drawer.draw(FRAME, QUESTION, seed=seed) for seed in (1, 1, 2))
    assert (first.picture == again.picture).all() and (first.picture != other.picture).any()
    assert (first.steps, first.seed, first.shortened) == (3, 1, False)


@pytest.mark.parametrize("shape", [(48, 64), (48, 64, 1), (48, 64, 4), (432, 768, 3)])
def test_grey_and_large_pictures_are_converted(drawer, shape):
    drawn = drawer.draw(np.full(shape, 90, np.uint8), QUESTION, steps=1)
    assert drawn.picture.shape == (32, 48, 3) and drawn.picture.dtype == np.uint8


@pytest.mark.parametrize(("shape", "width_px"), [((432, 768, 3), 57), ((90, 60, 3), 21), ((1, 1000, 3), 128)])
def test_a_squeezed_view_is_drawn_with_the_cameras_aspect(drawer, shape, width_px):
    squeezing = copy.copy(drawer)
    squeezing.config = dataclasses.replace(drawer.config, fits="squeezed")
    previews = []
    picture = np.full(shape, 90, np.uint8)
    drawn = squeezing.draw(picture, QUESTION, steps=1, on_step=lambda *told: previews.append(told[2].shape) or True)
    assert drawn.picture.shape == (32, width_px, 3)
    assert set(previews) == {drawn.picture.shape}


def test_every_step_is_reported_with_a_preview_and_can_be_the_last(drawer):
    seen = []

    def on_step(done: int, num_steps: int, preview: np.ndarray) -> bool:
        seen.append((done, num_steps))
        assert preview.shape == (32, 48, 3) and preview.dtype == np.uint8
        return done < 2

    with pytest.raises(DrawingCancelled, match="after 2 of 5 steps"):
        drawer.draw(FRAME, QUESTION, steps=5, on_step=on_step)
    assert seen[0] == (0, 5) and seen[-2:] == [(1, 5), (2, 5)]
    with pytest.raises(DrawingCancelled, match="after 0 of"):
        drawer.draw(FRAME, QUESTION, on_step=lambda done, num_steps, preview: False)


def test_a_deadline_takes_fewer_steps_and_says_so(drawer):
    drawn = drawer.draw(FRAME, QUESTION, steps=1000, deadline_s=0.0)
    assert drawn.steps == 1 and drawn.shortened
    drawn = drawer.draw(FRAME, QUESTION, steps=2, deadline_s=600.0)
    assert drawn.steps == 2 and not drawn.shortened


def test_what_speed_leaves_out_changes_a_frame_only_so_far(drawer):
    exact = drawer.draw(FRAME, QUESTION, seed=1, sampling=Sampling("dpm", 6)).picture.astype(int)
    for sampling in (Sampling("dpm", 6, reuse=2), Sampling("dpm", 6, guided=(0.0, 0.7))):
        faster = drawer.draw(FRAME, QUESTION, seed=1, sampling=sampling)
        difference = np.abs(faster.picture - exact).mean()
        assert faster.steps == 6 and 0 < difference < exact.std()


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"steps": 0}, ConfigurationError, "expected from 1 to 1000 steps, got 0"),
        ({"text_guidance": float("nan")}, ConfigurationError, "expected text guidance from 0 to 100, got nan"),
        ({"image_guidance": -1.0}, ConfigurationError, "image guidance"),
        ({"picture": np.zeros((4, 4, 3), np.float32)}, FrameError, "got .* of float32"),
        ({"picture": np.zeros((4, 4, 2), np.uint8)}, FrameError, "got 2 channels"),
        ({"picture": np.zeros((0, 4, 3), np.uint8)}, FrameError, "expected a picture with pixels"),
        ({"question": parse_question("open the " + "zyxwvutsrqponmlk " * 20)}, InputError, "ask in fewer words"),
    ],
)
def test_what_can_not_be_drawn_is_told_in_one_line(drawer, options, error, words):
    with pytest.raises(error, match=words) as caught:
        drawer.draw(**{"picture": FRAME, "question": QUESTION} | options)
    assert "\n" not in str(caught.value)


def test_a_folder_that_lacks_a_part_names_it(tmp_path):
    for missing in ("sampling.json", "preview.npy", "vlm/tokenizer.json", "decoder.onnx"):
        folder = tmp_path / missing.replace("/", "_")
        shutil.copytree(small_drawer_folder(), folder)
        (folder / missing).unlink()
        with pytest.raises(ModelError, match=missing):
            Drawer.open(folder, ("onnxruntime",))
    values = json.loads((tmp_path / "preview.npy" / "model.json").read_text())
    del values["graphs"]["decoder"]
    (tmp_path / "preview.npy" / "model.json").write_text(json.dumps(values))
    shutil.copy(small_drawer_folder() / "preview.npy", tmp_path / "preview.npy")
    with pytest.raises(ModelError, match="expected the graph decoder"):
        Drawer.open(tmp_path / "preview.npy", ("onnxruntime",))


def test_a_robot_needs_neither_pytorch_nor_transformers():
    code = (
        "import sys, egoprog.lego.drawing, egoprog.lego.questions\n"
        "assert not {'torch', 'transformers', 'diffusers'} & set(sys.modules), sorted(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)

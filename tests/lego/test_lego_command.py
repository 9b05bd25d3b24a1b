"""From a folder of pairs to a generator's folder, by the commands that a user types."""

from pathlib import Path

import numpy as np
import pytest
from small_lego import TINY, write_enriched, write_pair_folder

from egoprog.lego.checkpoints import load_model
from egoprog.lego.pipeline import generate
from training.autoencoder import main as train_autoencoder
from training.lego import main as train_lego

AUTOENCODER = ["lego.size_px=32,48", "lego.autoencoder.channels=16,16,16", "lego.autoencoder.norm_groups=8"]
SMALL = [
    "lego.fits=cut",
    *AUTOENCODER,
    "lego.unet.channels=16,32",
    "lego.unet.attends=no,yes",
    "lego.unet.norm_groups=8",
    "lego.width=32",
    "lego.num_words=12",
    "lego.num_image_tokens=4",
    "lego.vlm_width=24",
    "lego.mixer_feed_forward=32",
    "lego.text.layers=1",
    "lego.text.feed_forward=32",
    "lego.num_steps=2",
    "steps=2",
    "measures=1",
    "training.batch=2",
]


def settings(values: list[str]) -> list[str]:
    return [part for value in values for part in ("--set", value)]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """PAIRS and an autoencoder of two steps."""
    root = tmp_path_factory.mktemp("commands")
    write_enriched(write_pair_folder(root / "pairs"))
    own = settings([*AUTOENCODER, "crop_px=16,16", "steps=2", "measures=1", "training.batch=2"])
    assert train_autoencoder(["--pairs", f"{root}/pairs", "--out", f"{root}/autoencoder", *own]) == 0
    return root


def run(root: Path, name: str, recipe: str, *more: str) -> int:
    options = ["--recipe", recipe, "--pairs", f"{root}/pairs", "--autoencoder", f"{root}/autoencoder"]
    return train_lego([*options, "--out", f"{root}/{name}", *settings(SMALL), *more])


def test_a_training_leaves_a_folder_that_draws(trained, capsys):
    assert run(trained, "joint", "lego_sim") == 0
    assert "best of 2 steps at step 2" in capsys.readouterr().out
    model = load_model(trained / "joint/model")
    embeddings = (np.zeros((1, 4, 24)), np.zeros((1, 12, 24)))
    frames = generate(model, [np.zeros((90, 160, 3), np.uint8)], ["open the drawer"], *embeddings)
    assert frames.shape == (1, *TINY.size_px, 3)
    assert model.config.autoencoder.scale == pytest.approx(model.autoencoder.config.scaling_factor)


def test_two_folders_of_pairs_are_joined_and_rows_share_their_tokens(trained):
    assert run(trained, "both", "lego_sim_labels", "--pairs", f"{trained}/pairs") == 0
    assert run(trained, "one", "lego_sim_labels") == 0
    both, one = load_model(trained / "both/model"), load_model(trained / "one/model")
    assert (both.tokenizer(["open the drawer"]) == one.tokenizer(["open the drawer"])).all()
    assert '"samples": 8' in (trained / "both/results.json").read_text()


@pytest.mark.parametrize(
    ("recipe", "more", "message"),
    [
        ("lego_simm", (), "did you mean 'lego_sim'"),
        (
            "lego_sim",
            ("--set", "lego.fits=squeezed"),
            "expected pairs that are squeezed, as lego.fits says, got cut ones",
        ),
        ("lego_paper", (), "expected --init with Stable Diffusion 1.5"),
        ("lego_sim_image_untuned", (), "found no done.json"),
        ("lego_sim", ("--set", "lego.autoencoder.channels=8,8,8"), "expected an autoencoder of channels (8, 8, 8)"),
    ],
)
def test_what_can_not_be_trained_is_told_in_one_line(trained, capsys, recipe, more, message):
    assert run(trained, "none", recipe, *more) == 1
    told = capsys.readouterr().err
    assert message in told and told.startswith("training.lego: ") and told.count("\n") == 1


def test_recipes_are_listed(capsys):
    assert train_lego(["--list"]) == 0
    assert "lego_sim_text_untuned" in capsys.readouterr().out

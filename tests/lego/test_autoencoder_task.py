"""Training of the small autoencoder."""

from dataclasses import replace

import pytest
import torch
from small_lego import TINY, write_pair_folder

from egoprog.errors import ConfigurationError
from egoprog.lego.autoencoder_task import (
    AutoencoderTask,
    Reconstruction,
    colour_loss,
    structure_loss,
    trained_autoencoder,
)
from egoprog.train.checkpoint import read_weights
from egoprog.train.config import TrainingConfig
from egoprog.train.loop import train
from training.autoencoder import main

CONFIG = replace(TINY, autoencoder=replace(TINY.autoencoder, has_attention=False, scale=1.0))


def test_structure_tells_blur_from_noise_free_copies_and_is_zero_for_the_same():
    torch.manual_seed(0)
    picture = torch.rand(1, 3, 32, 48) * 2 - 1
    blurred = torch.nn.functional.avg_pool2d(picture, 3, 1, 1)
    assert structure_loss(picture, picture).abs() < 1e-5
    assert structure_loss(picture, picture * 0.95) < 0.05 < structure_loss(picture, blurred)


def test_a_hue_counts_in_the_colours_and_grain_does_not():
    torch.manual_seed(0)
    yellow = torch.tensor([0.6, 0.6, -0.6])[None, :, None, None].expand(1, 3, 32, 48)
    grey = torch.full_like(yellow, 0.2)
    assert colour_loss(yellow, grey) == pytest.approx((1.2**2 + 0.6**2) / 2)
    assert colour_loss(yellow, grey, green=4.0) == pytest.approx((1.2**2 + (4 * 0.6) ** 2) / 2)
    assert colour_loss(yellow, yellow - 0.3) == pytest.approx(0.0, abs=1e-6), "how bright it is is no colour"
    grain = 0.4 * torch.randn(1, 3, 32, 48)
    assert colour_loss(yellow, yellow + grain) < 0.2 * colour_loss(yellow, grey)
    assert colour_loss(yellow[..., :3, :5], grey[..., :3, :5]) > 0.5, "pictures smaller than a square have one colour"


def test_it_learns_and_leaves_latents_of_spread_one(tmp_path):
    folder = write_pair_folder(tmp_path / "p")
    task = AutoencoderTask([folder], CONFIG, (16, 24))
    training = TrainingConfig(
        epochs=20.0,
        batch=4,
        learning_rate=3e-3,
        warmup_epochs=0.0,
        workers=0,
        best="psnr",
        best_is="highest",
        evaluate_every=10.0,
    )
    results = train(task, training, tmp_path / "run")
    torch.manual_seed(0)
    fresh = Reconstruction(CONFIG).eval()
    pixels = torch.stack([task.dataset("validation")[k]["pixels"] for k in range(4)])
    spread = results["best"]["figures"]["latent_spread"]
    autoencoder = trained_autoencoder(read_weights(tmp_path / "run/best.safetensors"), CONFIG, spread)
    with torch.no_grad():
        before = (fresh(pixels)[0] - pixels).abs().mean()
        latent = autoencoder.encode(pixels).latent_dist.mode()
        after = (autoencoder.decode(latent).sample - pixels).abs().mean()
    assert after < 0.7 * before
    scaled = latent * autoencoder.config.scaling_factor
    assert 0.8 < scaled.std() < 1.25
    figures = results["best"]["figures"]
    assert 0 < figures["orange_lost"] < 1.5 and 0 < figures["green_lost"] < 1.5
    second = AutoencoderTask([folder], CONFIG, (16, 24), init=autoencoder)
    assert second.metadata() != task.metadata(), "a run is not gone on with from other weights"
    goes_on = second.model().eval()
    with torch.no_grad():
        assert torch.allclose(goes_on(pixels)[0], autoencoder(pixels, sample_posterior=False).sample, atol=1e-5)


def test_a_recipe_that_goes_on_needs_what_to_go_on_with(tmp_path, capsys):
    write_pair_folder(tmp_path / "p")
    arguments = ["--recipe", "autoencoder_sim_colours", "--pairs", str(tmp_path / "p"), "--out", str(tmp_path / "run")]
    assert main(arguments) != 0
    assert "expected --init for autoencoder_sim_colours" in capsys.readouterr().err


def test_crops_that_do_not_fit_are_told(tmp_path):
    with pytest.raises(ConfigurationError, match="crop sides up to 32 px that 4 divides, got 34"):
        AutoencoderTask([write_pair_folder(tmp_path / "p")], CONFIG, (34, 24))

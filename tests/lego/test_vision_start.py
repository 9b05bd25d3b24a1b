"""A visual language model's eyes that begin as a frame encoder."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from small_vlm import TEXTS, TINY

from egoprog.data.fitting import normalised
from egoprog.errors import ModelError
from egoprog.leap.config import UniFormerConfig
from egoprog.leap.uniformer import UniFormerV2
from egoprog.lego.vision_start import start_tower
from egoprog.lego.vlm import new_llava
from egoprog.lego.vlm_pictures import PicturePreparation
from egoprog.lego.vlm_tokenizer import VlmTokenizer

SAME = UniFormerConfig(
    width=16, num_layers=2, num_heads=2, patch_px=16, size_px=(32, 32), num_frames=4, global_layers=(1,), num_classes=5
)


def encoder_of(config):
    """With random weights, norms and biases too."""
    torch.manual_seed(1)
    encoder = UniFormerV2(config).eval()
    with torch.no_grad():
        for parameter in encoder.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return encoder


@pytest.fixture
def tower():
    torch.manual_seed(0)
    return new_llava(TINY, VlmTokenizer.trained(TEXTS, TINY.vocab_size)).model.vision_tower.eval()


def test_the_tower_sees_what_the_encoder_saw(tower):
    """Each in its own normalisation."""
    encoder, preparation = encoder_of(SAME), PicturePreparation.of(TINY)
    start_tower(tower, encoder, preparation)
    pictures = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), np.uint8)
    with torch.inference_mode():
        frames_BCTHW = torch.from_numpy(normalised(pictures, SAME.mean, SAME.std))[:, :, None]
        seen = encoder.frames(frames_BCTHW)[:, 0, -1]
        states = tower(torch.from_numpy(preparation(pictures)), output_hidden_states=True).hidden_states
    torch.testing.assert_close(states[-1], seen, rtol=1e-4, atol=1e-4)


def test_places_of_another_grid_are_interpolated(tower):
    encoder = encoder_of(replace(SAME, size_px=(32, 64)))
    with torch.no_grad():
        encoder.positional_embedding[1:] = torch.arange(8.0)[:, None] % 4  # the column of 4
    preparation = PicturePreparation(32, mean=(SAME.mean,) * 3, std=(SAME.std,) * 3)
    start_tower(tower, encoder, preparation)
    places = tower.embeddings.position_embedding.weight[1:].detach().unflatten(0, (2, 2))
    torch.testing.assert_close(places[:, 0], torch.full((2, 16), 3 - places[0, 1, 0].item()))
    assert 0 < places[0, 0, 0] < 1 < 2 < places[0, 1, 0] < 3


def test_an_encoder_of_another_size_is_told(tower):
    with pytest.raises(ModelError, match="width, layers, heads and patch 16, 2, 2, 16, got 16, 1, 2, 16"):
        start_tower(tower, encoder_of(replace(SAME, num_layers=1, global_layers=(0,))), PicturePreparation.of(TINY))

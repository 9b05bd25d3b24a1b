"""A visual language model's eyes are the frame encoder's: they see the same, saved, loaded and exported."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from onnxruntime import InferenceSession
from transformers import AutoModel

from egoprog.data.fitting import normalised
from egoprog.errors import ConfigurationError, InputError, ModelError
from egoprog.leap.encoded import encoder_weights
from egoprog.lego.export import TOLERANCE, write_graph
from egoprog.lego.frame_encoder_tower import FrameEncoderConfig, FrameEncoderTower, start_tower
from egoprog.lego.graphs import vlm_graphs
from egoprog.lego.vlm import load_vlm
from egoprog.lego.vlm_config import VlmConfig
from tests.lego.small_encoder import tiny_encoder
from tests.lego.small_vlm import ENCODER, TINY, TINY_FRAMES, tiny_vlm

PICTURES = np.random.default_rng(0).integers(0, 256, (3, *ENCODER.size_px, 3), np.uint8)


def tower_of(encoder):
    tower = FrameEncoderTower(FrameEncoderConfig.of(encoder.config)).eval()
    start_tower(tower, encoder)
    return tower


def pixels():
    return torch.from_numpy(normalised(PICTURES, ENCODER.mean, ENCODER.std))


@pytest.mark.parametrize("encoder", [ENCODER, replace(ENCODER, time_embedding="none", is_frozen=True, stem="patches")])
def test_the_tower_sees_what_the_encoder_sees(encoder):
    encoder = tiny_encoder(replace(encoder, global_layers=(0, 1)))
    tower = tower_of(encoder)
    with torch.inference_mode():
        seen_BGLC = encoder.frames(pixels()[:, :, None])[:, 0]
        out = tower(pixels())
    *states, last = out.hidden_states
    assert len(states) == ENCODER.num_layers
    for layer, state in enumerate(states[1:]):
        torch.testing.assert_close(state, seen_BGLC[:, layer], rtol=0, atol=0)
    torch.testing.assert_close(last, F.layer_norm(seen_BGLC[:, -1], (ENCODER.width,)), rtol=0, atol=0)
    torch.testing.assert_close(out.last_hidden_state, last, rtol=0, atol=0)


def test_what_fuses_frames_is_left_out():
    encoder = tiny_encoder()
    names = {name.removeprefix("encoder.") for name in tower_of(encoder).state_dict()}
    assert names == encoder_weights(encoder).keys() < encoder.state_dict().keys()


def test_a_language_model_gets_the_patches_without_the_class_token():
    vlm, encoder = tiny_vlm(replace(TINY_FRAMES, num_waves=0)), tiny_encoder()
    start_tower(vlm.model.model.vision_tower, encoder)
    with torch.inference_mode():
        patches_BMC = encoder.frames(pixels()[:, :, None])[:, 0, -1, 1:]
        expected = vlm.model.model.multi_modal_projector(F.layer_norm(patches_BMC, patches_BMC.shape[-1:]))
        image_BME = vlm.embeddings(list(PICTURES), ["What?"] * 3, ["Nothing."] * 3).image
    assert image_BME.shape == (3, vlm.num_image_tokens, vlm.width)
    torch.testing.assert_close(image_BME, expected)


def test_a_saved_tower_sees_the_same_when_it_is_loaded(tmp_path):
    vlm = tiny_vlm(TINY_FRAMES)
    tower = vlm.model.model.vision_tower
    start_tower(tower, tiny_encoder())
    vlm.save(tmp_path / "vlm")
    tower.save_pretrained(tmp_path / "tower")
    again = load_vlm(tmp_path / "vlm").model.model.vision_tower, AutoModel.from_pretrained(tmp_path / "tower")
    with torch.inference_mode():
        expected = tower(pixels()).hidden_states
        for loaded in again:
            assert type(loaded) is FrameEncoderTower
            torch.testing.assert_close(loaded(pixels()).hidden_states, expected, rtol=0, atol=0)


def test_a_frozen_tower_keeps_no_graph_and_another_learns_with_its_stem():
    tower = tower_of(tiny_encoder()).train()
    tower(pixels()).last_hidden_state.pow(3).sum().backward()
    assert all(one.grad is not None and one.grad.any() for one in tower.parameters())
    tower.requires_grad_(False)
    assert not any(state.requires_grad for state in tower(pixels()).hidden_states)


def test_waves_tell_the_place_of_a_patch_and_nothing_else():
    plain = tower_of(tiny_encoder())
    tower = FrameEncoderTower(FrameEncoderConfig.of(ENCODER, num_waves=2)).eval()
    start_tower(tower, tiny_encoder())
    (features, *_), (told, *_) = (each(pixels()).hidden_states[::-1] for each in (plain, tower))
    width, (rows, columns) = ENCODER.width, ENCODER.grid
    assert tower.config.hidden_size == told.shape[2] == width + 8
    torch.testing.assert_close(told[..., :width], features, rtol=0, atol=0)
    waves = told[0, :, width:]
    assert (waves[0] == 0).all() and (told[1, :, width:] == waves).all()
    places = waves[1:].reshape(rows, columns, 8)
    assert (places[:, :, :4] == places[:1, :, :4]).all() and (places[:, :, 4:] == places[:, :1, 4:]).all()
    across, down = places[0, :, 2], places[:, 0, 6]  # the cosines of half a wave fall from one side to the other
    assert (across.diff() < 0).all() and (down.diff() < 0).all()
    torch.testing.assert_close(across[0], -across[-1], rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    "change",
    [
        {"width": 32},
        {"num_heads": 3},
        {"num_layers": 3, "global_layers": (2,)},
        {"size_px": (64, 32)},
        {"mean": 0.5},
        {"stem": "patches"},
    ],
)
def test_an_encoder_of_another_size_is_refused(change):
    tower = FrameEncoderTower(FrameEncoderConfig.of(ENCODER))
    name, value = next(iter(change.items()))
    expected = f"expected a frame encoder of {name} {getattr(ENCODER, name)}, got {value}"
    with pytest.raises(ModelError) as told:
        start_tower(tower, tiny_encoder(replace(ENCODER, **change)))
    assert str(told.value).startswith(expected)


def test_an_encoder_of_whole_clips_is_refused():
    clips = replace(ENCODER, time_embedding="stem")
    with pytest.raises(ConfigurationError, match="expected an encoder whose layers see one frame at a time"):
        FrameEncoderTower(FrameEncoderConfig.of(clips))
    with pytest.raises(ModelError, match="unknown time_embedding"):
        start_tower(FrameEncoderTower(FrameEncoderConfig.of(ENCODER)), tiny_encoder(clips))


def test_pictures_of_another_size_are_told():
    with pytest.raises(InputError, match=r"expected clips \(B, 3, T, 32, 64\), got \(1, 3, 1, 64, 32\)"):
        tower_of(tiny_encoder())(torch.zeros(1, 3, 64, 32))


@pytest.mark.parametrize("config", [replace(VlmConfig.small(), layers=1), TINY], ids=["small", "clip"])
def test_vision_is_the_same_as_a_graph(config, tmp_path):
    graph = vlm_graphs(tiny_vlm(config))[0]
    write_graph(graph, {"fp32": tmp_path / "vision.onnx"}, {})
    pixels = torch.randn(1, 3, *config.tower.size_px, generator=torch.Generator().manual_seed(0))
    expected = graph.run({"pixels": pixels})["image"].numpy()
    said = InferenceSession(tmp_path / "vision.onnx").run(None, {"pixels": pixels.numpy()})[0]
    difference = np.abs(said - expected).max() / np.abs(expected).max()
    print(f"vision as a graph: largest difference {difference:.1e} of the largest value")
    assert said.shape == (1, config.num_image_tokens, config.width) and difference < TOLERANCE

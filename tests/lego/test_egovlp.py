"""EgoVLP's towers: attention against a slow twin, and checkpoints in the published layout."""

import argparse
import os
import sys
import types
from pathlib import Path

import pytest
import torch
from transformers import DistilBertConfig

from egoprog.errors import ModelError
from egoprog.lego.egovlp import Attention, EgoVlp, EgoVlpConfig, load_egovlp

CONFIG = EgoVlpConfig(width=16, num_layers=2, num_heads=2, patch_px=8, size_px=16, num_frames=4, width_out=8)
TEXT = DistilBertConfig(vocab_size=30, dim=16, n_layers=1, n_heads=2, hidden_dim=24, max_position_embeddings=12)


def small_network():
    torch.manual_seed(0)
    network = EgoVlp(CONFIG, TEXT).eval()
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, 0, 0.2)
    return network


def saved(path, network, **others):
    state = {f"module.{key}": value for key, value in network.state_dict().items()}
    torch.save({"arch": "FrozenInTime", "epoch": 3, "state_dict": state, **others}, path)
    return path


def slow_attention(layer, tokens, num_frames, through_time):
    """Token by token, one head after another."""
    num_tokens, width = tokens.shape
    num_patches, d = (num_tokens - 1) // num_frames, width // layer.num_heads
    query, key, value = layer.qkv(tokens).split(width, 1)
    rows = []
    for n in range(num_tokens):
        if n == 0:
            seen = list(range(num_tokens))
        elif through_time:
            seen = [0] + [m for m in range(1, num_tokens) if (m - 1) % num_patches == (n - 1) % num_patches]
        else:
            seen = [0] + [m for m in range(1, num_tokens) if (m - 1) // num_patches == (n - 1) // num_patches]
        heads = []
        for h in range(0, width, d):
            shares = (key[seen, h : h + d] @ query[n, h : h + d] / d**0.5).softmax(0)
            heads.append(shares @ value[seen, h : h + d])
        rows.append(torch.cat(heads))
    return layer.proj(torch.stack(rows))


@pytest.mark.parametrize("through_time", [True, False])
def test_attention_sees_what_its_slow_twin_sees(through_time):
    torch.manual_seed(1)
    layer, tokens = Attention(12, 3), torch.randn(1 + 3 * 4, 12)
    fast = layer(tokens[None], 3, through_time)[0]
    assert torch.allclose(fast, slow_attention(layer, tokens, 3, through_time), atol=1e-5)


def test_a_checkpoint_in_the_published_layout_gives_the_same_features(tmp_path):
    network = small_network()
    loaded = load_egovlp(saved(tmp_path / "egovlp.pth", network), num_heads=2, text_heads=2)
    clips = torch.rand(2, 4, 3, 16, 16)
    assert loaded.config == CONFIG
    assert torch.equal(loaded.videos(clips), network.videos(clips)) and loaded.videos(clips).shape == (2, 8)
    tokens = {"input_ids": torch.tensor([[1, 5, 2]]), "attention_mask": torch.ones(1, 3, dtype=torch.long)}
    assert torch.allclose(loaded.texts(tokens), network.texts(tokens), atol=1e-6)


def test_frames_in_another_order_are_another_clip():
    network, clip = small_network(), torch.rand(1, 4, 3, 16, 16)
    assert not torch.allclose(network.videos(clip), network.videos(clip.flip(1)), atol=1e-4)


def test_the_whole_towers_have_the_published_keys():
    with torch.device("meta"):
        state = EgoVlp(EgoVlpConfig(num_frames=16), DistilBertConfig()).state_dict()
    assert tuple(state["video_model.temporal_embed"].shape) == (1, 16, 768)
    assert tuple(state["video_model.pos_embed"].shape) == (1, 197, 768)
    assert tuple(state["video_model.blocks.11.timeattn.qkv.weight"].shape) == (2304, 768)
    assert tuple(state["video_model.patch_embed.proj.weight"].shape) == (768, 3, 16, 16)
    assert tuple(state["vid_proj.0.weight"].shape) == (256, 768) and tuple(state["txt_proj.1.bias"].shape) == (256,)
    assert "text_model.transformer.layer.5.attention.q_lin.weight" in state


def test_the_configuration_in_a_published_file_is_passed_over_and_other_code_is_refused(tmp_path, monkeypatch):
    module = types.ModuleType("parse_config")
    module.ConfigParser = type("ConfigParser", (), {"__module__": "parse_config"})
    monkeypatch.setitem(sys.modules, "parse_config", module)
    configuration = module.ConfigParser()
    configuration.args, configuration.folder = argparse.Namespace(device="0"), Path("runs")
    whole = saved(tmp_path / "whole.pth", small_network(), config=configuration)
    monkeypatch.delitem(sys.modules, "parse_config")
    assert load_egovlp(whole, num_heads=2, text_heads=2).config == CONFIG

    class Hostile:
        def __reduce__(self):
            return os.system, ("touch " + str(tmp_path / "ran"),)

    with pytest.raises(ModelError, match="it was not run"):
        load_egovlp(saved(tmp_path / "hostile.pth", small_network(), config=Hostile()))
    assert not (tmp_path / "ran").exists()


def test_a_checkpoint_without_a_part_is_refused_by_name(tmp_path):
    network = small_network()
    state = network.state_dict()
    del state["video_model.blocks.1.norm3.weight"]
    torch.save({"state_dict": state}, tmp_path / "cut.pth")
    with pytest.raises(ModelError, match=r"blocks\.1\.norm3\.weight"):
        load_egovlp(tmp_path / "cut.pth", num_heads=2, text_heads=2)
    torch.save({"state_dict": {}}, tmp_path / "empty.pth")
    with pytest.raises(ModelError, match=r"without video_model\.pos_embed"):
        load_egovlp(tmp_path / "empty.pth")

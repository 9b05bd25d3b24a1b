"""The published checkpoint's layout: there and back, and against diffusers' own converter."""

import pickle

import pytest
import torch
from diffusers.loaders.single_file_utils import convert_ldm_unet_checkpoint, convert_ldm_vae_checkpoint
from small_lego import TINY, tiny_model

from egoprog.errors import ModelError
from egoprog.lego.config import LegoConfig
from egoprog.lego.generator import make_autoencoder, make_unet
from egoprog.lego.lego_checkpoint import (
    autoencoder_names,
    load_lego_checkpoint,
    published_state,
    save_published,
    unet_names,
)


def test_weights_come_back_from_the_published_layout(tmp_path):
    model = tiny_model()
    model.tokenizer.save(tmp_path / "words")
    save_published(model, tmp_path / "lego.ckpt")
    again = load_lego_checkpoint(tmp_path / "lego.ckpt", tmp_path / "words", model.config)
    for first, second in ((model.generator, again.generator), (model.autoencoder, again.autoencoder)):
        theirs = second.state_dict()
        assert all(torch.equal(one, theirs[name]) for name, one in first.state_dict().items())


def test_names_are_the_published_ones():
    with torch.device("meta"):
        unet, autoencoder = make_unet(LegoConfig.paper()), make_autoencoder(LegoConfig.paper())
    names = unet_names(unet.state_dict(), LegoConfig.paper().unet)
    assert len(set(names.values())) == len(names) == 686
    assert names["up_blocks.3.attentions.2.transformer_blocks.0.attn2.to_k.weight"] == (
        "output_blocks.11.1.transformer_blocks.0.attn2.to_k.weight"
    )
    assert names["up_blocks.0.upsamplers.0.conv.weight"] == "output_blocks.2.1.conv.weight"
    assert names["up_blocks.1.upsamplers.0.conv.weight"] == "output_blocks.5.2.conv.weight"
    assert names["down_blocks.2.downsamplers.0.conv.bias"] == "input_blocks.9.0.op.bias"
    assert names["mid_block.resnets.1.time_emb_proj.weight"] == "middle_block.2.emb_layers.1.weight"
    names = autoencoder_names(autoencoder.state_dict(), LegoConfig.paper().autoencoder)
    assert len(set(names.values())) == len(names) == 248
    assert names["decoder.up_blocks.0.resnets.2.conv1.weight"] == "decoder.up.3.block.2.conv1.weight"
    assert names["encoder.mid_block.attentions.0.to_out.0.bias"] == "encoder.mid.attn_1.proj_out.bias"
    state = published_state(tiny_model())
    assert {"projection_img.weight", "projection_txt.bias", "self_attn_mix.layers.0.linear1.weight"} <= state.keys()
    assert "cond_stage_model.transformer.text_model.final_layer_norm.weight" in state


def test_diffusers_own_converter_reads_what_we_write():
    model = tiny_model()
    state = published_state(model)
    theirs = convert_ldm_unet_checkpoint(state, model.generator.unet.config)
    ours = model.generator.unet.state_dict()
    assert theirs.keys() == ours.keys() and all(torch.equal(theirs[name], ours[name]) for name in ours)
    theirs = convert_ldm_vae_checkpoint(state, model.autoencoder.config)
    ours = model.autoencoder.state_dict()
    assert theirs.keys() == ours.keys()
    assert all(torch.equal(theirs[name].flatten(), ours[name].flatten()) for name in ours)


def test_the_average_is_taken_where_there_is_one_and_what_belongs_to_training_is_passed_over(tmp_path):
    model = tiny_model()
    model.tokenizer.save(tmp_path / "words")
    state = published_state(model)
    average = "model_ema.diffusion_modelinput_blocks00weight"
    state[average] = state["model.diffusion_model.input_blocks.0.0.weight"] + 1
    state |= {"betas": torch.zeros(3), "model_ema.decay": torch.tensor(0.9999)}
    state["cond_stage_model.transformer.text_model.embeddings.position_ids"] = torch.arange(12)[None]
    torch.save({"state_dict": state, "global_step": 20_000}, tmp_path / "lego.ckpt")
    own = model.generator.unet.conv_in.weight
    averaged = load_lego_checkpoint(tmp_path / "lego.ckpt", tmp_path / "words", model.config)
    assert torch.allclose(averaged.generator.unet.conv_in.weight, own + 1)
    last = load_lego_checkpoint(tmp_path / "lego.ckpt", tmp_path / "words", model.config, is_averaged=False)
    assert torch.equal(last.generator.unet.conv_in.weight, own)


def test_what_is_no_checkpoint_of_lego_is_told_in_one_line(tmp_path):
    model = tiny_model()
    state = published_state(model)
    torch.save({"state_dict": {"weight": torch.zeros(2)}}, tmp_path / "other.ckpt")
    with pytest.raises(ModelError, match=r"with keys model\.diffusion_model\.\*, got none"):
        load_lego_checkpoint(tmp_path / "other.ckpt", tmp_path)
    del state["projection_img.weight"]
    torch.save({"state_dict": state}, tmp_path / "part.ckpt")
    with pytest.raises(ModelError, match=r"image_projection\.weight"):
        load_lego_checkpoint(tmp_path / "part.ckpt", tmp_path, model.config)
    with (tmp_path / "code.ckpt").open("wb") as file:
        pickle.dump({"state_dict": print}, file, protocol=2)
    with pytest.raises(ModelError):
        load_lego_checkpoint(tmp_path / "code.ckpt", tmp_path)


def test_the_tiny_network_has_every_kind_of_layer_that_the_papers_has():
    names = set(unet_names(tiny_model().generator.unet.state_dict(), TINY.unet).values())
    assert {"input_blocks.1.1.proj_in.weight", "output_blocks.1.2.conv.weight", "out.2.bias"} <= names

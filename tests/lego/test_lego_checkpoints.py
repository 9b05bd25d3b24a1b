"""Folders that others published, in the format that diffusers itself writes, and folders of our own."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import (
    DDIMScheduler,
    EulerAncestralDiscreteScheduler,
    StableDiffusionInstructPix2PixPipeline,
    StableDiffusionPipeline,
)
from small_lego import PLAIN, TINY, tiny_model
from transformers import CLIPTokenizer

from egoprog.errors import ModelError
from egoprog.lego.checkpoints import LegoModel, load_model, load_published, load_run, save_model
from egoprog.lego.config import LegoConfig
from egoprog.lego.pipeline import generate


def published(folder: Path, model: LegoModel, kind: type, scheduler: object) -> Path:
    """As diffusers writes a pipeline."""
    model.tokenizer.save(folder.parent / "words")
    pipeline = kind(
        vae=model.autoencoder,
        text_encoder=model.generator.conditioning.text_encoder,
        tokenizer=CLIPTokenizer.from_pretrained(folder.parent / "words", model_max_length=12),
        unet=model.generator.unet,
        scheduler=scheduler,
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.save_pretrained(folder)
    return folder


@pytest.fixture
def stable_diffusion(tmp_path: Path) -> tuple[Path, LegoModel]:
    model = tiny_model(replace(PLAIN, sees_frame=False))
    scheduler = DDIMScheduler(steps_offset=1, clip_sample=False)
    return published(tmp_path / "sd", model, StableDiffusionPipeline, scheduler), model


def test_stable_diffusion_becomes_an_editing_generator_that_ignores_the_frame_at_first(stable_diffusion):
    folder, source = stable_diffusion
    model = load_published(folder, replace(LegoConfig.paper(), size_px=(32, 48), vlm_width=24, mixer_heads=4))
    assert model.config.unet_channels == 8 and model.config.width == 32 and model.config.has_embeddings
    assert model.config.prediction == "epsilon"
    assert model.config.autoencoder.scale == source.autoencoder.config.scaling_factor == 0.7
    noisy, tokens = torch.randn(1, 4, 8, 12), torch.randn(1, 5, 32)
    with torch.no_grad():
        theirs = source.generator.predict(noisy, None, torch.tensor(7), tokens)
        ours = model.generator.predict(noisy, torch.randn(1, 4, 8, 12), torch.tensor(7), tokens)
    assert torch.allclose(theirs, ours, atol=1e-5)
    assert (model.tokenizer(["cut carrot"]) == source.tokenizer(["cut carrot"])).all()


def test_instruct_pix2pix_draws_what_diffusers_draws_of_it(tmp_path):
    source = tiny_model(PLAIN)
    scheduler = EulerAncestralDiscreteScheduler(prediction_type="v_prediction")
    folder = published(tmp_path / "ip2p", source, StableDiffusionInstructPix2PixPipeline, scheduler)
    model = load_published(folder, replace(PLAIN, width=8))
    frame = np.random.default_rng(0).integers(0, 255, (32, 48, 3), dtype=np.uint8)
    assert (generate(model, [frame], ["cut carrot"]) == generate(source, [frame], ["cut carrot"])).all()
    assert model.config.prediction == source.config.prediction == "v_prediction"
    with pytest.raises(ModelError, match="4 input channels, got 8"):
        load_published(folder, replace(PLAIN, sees_frame=False))
    EulerAncestralDiscreteScheduler(prediction_type="sample").save_pretrained(folder / "scheduler")
    with pytest.raises(ModelError, match="epsilon or v_prediction, got sample"):
        load_published(folder, PLAIN)
    (folder / "scheduler" / "scheduler_config.json").write_text("{")
    with pytest.raises(ModelError, match=r"expected a scheduler's settings in .*scheduler_config.json"):
        load_published(folder, PLAIN)


def test_a_published_folder_that_lacks_a_part_is_told_in_one_line(stable_diffusion):
    folder, _ = stable_diffusion
    weights = folder / "unet/diffusion_pytorch_model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelError, match=r"expected a whole UNet2DConditionModel in .*unet") as caught:
        load_published(folder, TINY)
    assert "\n" not in str(caught.value)
    weights.rename(weights.with_suffix(".bin"))
    with pytest.raises(ModelError, match="a pickle, which was not run"):
        load_published(folder, TINY)
    weights.with_suffix(".bin").unlink()
    with pytest.raises(ModelError, match="expected a whole UNet2DConditionModel"):
        load_published(folder, TINY)
    shutil.rmtree(folder / "unet")
    with pytest.raises(ModelError, match=r"expected unet/config.json in .*sd, found none"):
        load_published(folder, TINY)


def test_a_folder_of_ours_comes_back_in_half_precision_and_the_model_keeps_its_own(tmp_path):
    model = tiny_model()
    before = {name: one.clone() for name, one in model.generator.state_dict().items()}
    save_model(model, tmp_path / "m")
    again = load_model(tmp_path / "m")
    assert again.config == model.config
    assert all(torch.equal(before[name], one) for name, one in model.generator.state_dict().items())
    for name, one in again.generator.state_dict().items():
        assert one.dtype == before[name].dtype
        assert torch.allclose(one, before[name], atol=2e-3)
    assert again.generator.conditioning.mixer is not None
    save_model(again, tmp_path / "copy")
    configs = [path.read_text() for path in (tmp_path / "copy").rglob("*.json")]
    assert configs and not any(str(tmp_path) in text for text in configs), "a folder tells where another lay"


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ("lego.json", "found no lego.json"),
        ("conditioning.safetensors", "expected conditioning.safetensors"),
        ("vae/config.json", "expected vae/config.json"),
        ("text_encoder/model.safetensors", "expected a whole CLIPTextModel"),
        ("tokenizer", "expected tokenizer.json, or vocab.json"),
    ],
)
def test_a_folder_of_ours_that_lacks_a_part_is_told(tmp_path, part, message):
    save_model(tiny_model(), tmp_path / "m")
    lost = tmp_path / "m" / part
    shutil.rmtree(lost) if lost.is_dir() else lost.unlink()
    with pytest.raises(ModelError, match=message):
        load_model(tmp_path / "m")


def test_weights_of_another_training_are_refused(tmp_path):
    save_model(tiny_model(), tmp_path / "m")
    with pytest.raises(ModelError, match=r"expected a generator of  python -m training\.lego"):
        load_run(tmp_path / "m/unet/diffusion_pytorch_model.safetensors")

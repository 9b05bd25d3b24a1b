"""Frames from frames and words: against diffusers' own pipeline, and independent of what is made along."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from diffusers import EulerAncestralDiscreteScheduler, StableDiffusionInstructPix2PixPipeline
from PIL import Image
from small_lego import PLAIN, TINY, tiny_model

from egoprog.errors import InputError
from egoprog.lego.checkpoints import load_model, save_model
from egoprog.lego.pipeline import generate
from egoprog.lego.schedules import SCHEDULE

FRAME = np.random.default_rng(3).integers(0, 255, (32, 48, 3), dtype=np.uint8)


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction"])
def test_frames_are_those_of_diffusers_instruct_pix2pix_pipeline(prediction):
    model = tiny_model(replace(PLAIN, prediction=prediction))
    scheduler = EulerAncestralDiscreteScheduler(**SCHEDULE, prediction_type=prediction)
    stock = StableDiffusionInstructPix2PixPipeline(
        model.autoencoder, model.generator.conditioning.text_encoder, None, model.generator.unet, scheduler, None, None
    )
    stock.set_progress_bar_config(disable=True)
    words = torch.from_numpy(model.tokenizer(["open drawer", ""]))
    prompt, empty = model.generator.conditioning.text_encoder(words).last_hidden_state.detach().split(1)
    theirs = stock(
        image=Image.fromarray(FRAME),
        prompt_embeds=prompt,
        negative_prompt_embeds=empty,
        num_inference_steps=4,
        guidance_scale=7.5,
        image_guidance_scale=1.5,
        generator=torch.Generator().manual_seed(5),
        output_type="np",
    ).images
    ours = generate(model, [FRAME], ["open drawer"], seeds=[5], num_steps=4)
    # three passes of random weights: the picture varies enough for a wrong order of the rows to be seen
    assert ours.std() > 2
    assert np.abs(ours / 255 - theirs).max() < 0.51 / 255


def test_a_picture_does_not_depend_on_those_that_are_made_with_it():
    model = tiny_model()
    rng = np.random.default_rng(0)
    image, text = rng.normal(size=(2, 4, 24)), rng.normal(size=(2, 12, 24))
    both = generate(model, [FRAME, FRAME[:, ::-1]], ["cut carrot", "wash plate"], image, text, seeds=[7, 8])
    alone = generate(model, [FRAME[:, ::-1]], ["wash plate"], image[1:], text[1:], seeds=[8])
    assert np.abs(both[1].astype(int) - alone[0]).max() <= 1
    assert np.abs(both[0].astype(int) - both[1]).max() > 1


def test_words_frame_and_embeddings_all_reach_the_picture():
    model = tiny_model()
    rng = np.random.default_rng(0)
    image, text = rng.normal(size=(1, 4, 24)), rng.normal(size=(1, 12, 24))

    def latent(frame: np.ndarray, words: str, image: np.ndarray, text: np.ndarray) -> torch.Tensor:
        seen = []
        generate(model, [frame], [words], image, text, num_steps=2, on_step=lambda _, latent: seen.append(latent))
        return seen[-1]

    first = latent(FRAME, "cut carrot", image, text)
    assert (latent(FRAME, "cut carrot", image, text) == first).all()
    for changed in (
        latent(FRAME, "wash plate", image, text),
        latent(FRAME[::-1], "cut carrot", image, text),
        latent(FRAME, "cut carrot", image + 3, text),
        latent(FRAME, "cut carrot", image, text[:, ::-1].copy()),
    ):
        assert (first != changed).any()


def test_missing_embeddings_are_told_in_one_line():
    with pytest.raises(InputError, match=r"expected the VLM's image embedding of 1x4x24, got none"):
        generate(tiny_model(), [FRAME], ["cut carrot"])
    with pytest.raises(InputError, match="as many frames, words and seeds"):
        generate(tiny_model(PLAIN), [FRAME], [])


def test_every_step_is_reported_and_work_can_be_given_up():
    done = []

    def stop(number: int, latent: torch.Tensor) -> None:
        done.append((number, tuple(latent.shape)))
        if number == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        generate(tiny_model(PLAIN), [FRAME], ["cut carrot"], num_steps=5, on_step=stop)
    assert done == [(1, (1, 4, 8, 12)), (2, (1, 4, 8, 12))]


@pytest.mark.parametrize("name", ["euler", "ddim", "dpm"])
def test_other_samplers_draw_pictures_too(name):
    frames = generate(tiny_model(PLAIN), [FRAME], ["cut carrot"], sampler_name=name)
    assert frames.shape == (1, *TINY.size_px, 3) and frames.std() > 2


def test_a_saved_folder_draws_the_same_and_opens_in_diffusers(tmp_path):
    model = tiny_model(PLAIN)
    save_model(model, tmp_path / "m", torch.float32)
    again = generate(load_model(tmp_path / "m"), [FRAME], ["cut carrot"])
    assert (again == generate(model, [FRAME], ["cut carrot"])).all()
    stock = StableDiffusionInstructPix2PixPipeline.from_pretrained(tmp_path / "m", local_files_only=True)
    stock.set_progress_bar_config(disable=True)
    theirs = stock(
        "cut carrot",
        Image.fromarray(FRAME),
        num_inference_steps=3,
        guidance_scale=7.5,
        image_guidance_scale=1.5,
        generator=torch.Generator().manual_seed(0),
        output_type="np",
    ).images
    assert np.abs(again / 255 - theirs).max() < 0.51 / 255

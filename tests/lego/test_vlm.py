"""A visual language model's folder loads anywhere, and what it says and thinks does not depend on who asks beside."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from transformers import AutoProcessor, LlavaForConditionalGeneration

from egoprog.errors import ConfigurationError, InputError, ModelError
from egoprog.lego.graphs import Vision
from egoprog.lego.vlm import Vlm, fingerprint, load_vlm
from egoprog.lego.vlm_pictures import PicturePreparation
from tests.lego.small_vlm import QUESTION, TEXTS, TINY, TINY_FRAMES, tiny_vlm

RNG = np.random.default_rng(0)
PICTURES = [RNG.integers(0, 256, (40, 50, 3), np.uint8) for _ in range(3)]
QUESTIONS = [QUESTION, "What?", "How would somebody take the cup over there?"]


@pytest.fixture(scope="module", params=[TINY, TINY_FRAMES], ids=["clip", "frame encoder"])
def vlm(request):
    return tiny_vlm(request.param)


@pytest.fixture(scope="module")
def folder(vlm, tmp_path_factory):
    folder = tmp_path_factory.mktemp("vlm")
    vlm.save(folder)
    return folder


def copied(folder, to, **changes):
    """The folder with some fields of config.json changed; None drops one."""
    to.mkdir()
    for path in folder.iterdir():
        (to / path.name).write_bytes(path.read_bytes())
    config = json.loads((to / "config.json").read_text())
    config = {name: value for name, value in {**config, **changes}.items() if value is not None}
    (to / "config.json").write_text(json.dumps(config))
    return to


def test_a_saved_model_says_the_same_when_it_is_loaded(vlm, folder):
    again = load_vlm(folder)
    assert again.describe(PICTURES, QUESTIONS, 8) == vlm.describe(PICTURES, QUESTIONS, 8)
    assert not again.model.training


def test_transformers_alone_loads_the_folder_and_prompts_alike(vlm, folder):
    processor = AutoProcessor.from_pretrained(folder)
    given = processor(text=f"USER: <image>\n{QUESTION} ASSISTANT:", images=PICTURES[0], return_tensors="pt")
    assert given["input_ids"][0].tolist() == vlm.tokenizer.prompt(QUESTION, vlm.num_image_tokens)
    torch.testing.assert_close(given["pixel_values"], vlm.pixels(PICTURES[:1]), atol=1e-5, rtol=0)
    model = LlavaForConditionalGeneration.from_pretrained(folder)
    made = model.generate(**given, do_sample=False, max_new_tokens=8)
    said = vlm.tokenizer.text(made[0, given["input_ids"].shape[1] :].tolist())
    assert said == vlm.describe(PICTURES[:1], [QUESTION], 8)[0]


def test_published_weights_in_parts_load(vlm, folder, tmp_path):
    copied(folder, tmp_path / "parts")
    (tmp_path / "parts" / "model.safetensors").unlink()
    vlm.model.save_pretrained(tmp_path / "parts", max_shard_size="20KB")
    assert (tmp_path / "parts" / "model.safetensors.index.json").is_file()
    assert load_vlm(tmp_path / "parts").describe(PICTURES, QUESTIONS, 4) == vlm.describe(PICTURES, QUESTIONS, 4)


def test_neighbours_in_a_batch_change_no_answer(vlm):
    together = vlm.describe(PICTURES, QUESTIONS, 8)
    for picture, question, said in zip(PICTURES, QUESTIONS, together, strict=True):
        assert vlm.describe([picture], [question], 8) == [said]


def test_embeddings_of_one_pair_do_not_depend_on_the_batch_nor_the_cut(vlm):
    together = vlm.embeddings(PICTURES, QUESTIONS, TEXTS, 24)
    alone = vlm.embeddings(PICTURES[1:2], QUESTIONS[1:2], TEXTS[1:2], 6)
    torch.testing.assert_close(together.text[1, :6], alone.text[0], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(together.image[1], alone.image[0], atol=1e-5, rtol=1e-5)
    assert alone.lengths.tolist() == [6]


def test_a_folder_of_squares_as_published_loads_as_it_always_did(tmp_path):
    published = tiny_vlm(replace(TINY, fits="cut"))
    published.save(tmp_path)
    vision = json.loads((tmp_path / "config.json").read_text())["vision_config"]
    assert (vision["model_type"], vision["image_size"], vision["patch_size"]) == ("clip_vision_model", 32, 16)
    assert json.loads((tmp_path / "preprocessor_config.json").read_text())["size"] == {"shortest_edge": 32}
    again = load_vlm(tmp_path)
    assert again.preparation == PicturePreparation((32, 32)) and again.num_image_tokens == 4
    assert again.describe(PICTURES, QUESTIONS, 8) == published.describe(PICTURES, QUESTIONS, 8)


def test_a_frame_encoder_keeps_the_size_that_it_was_trained_on(tmp_path):
    tiny_vlm(TINY_FRAMES).save(tmp_path)
    with pytest.raises(ConfigurationError, match="32x64 px that the frame encoder was trained on, got 64 px; leave"):
        load_vlm(tmp_path, image_px=64)


def test_a_clip_tower_can_look_at_pictures_of_another_size(tmp_path):
    folder = tmp_path / "clip"
    tiny_vlm().save(folder)
    larger = load_vlm(folder, image_px=64)
    assert larger.num_image_tokens == 16
    assert larger.embeddings(PICTURES, QUESTIONS, TEXTS, 8).image.shape == (3, 16, 32)
    assert len(larger.describe(PICTURES, QUESTIONS, 4)) == 3
    same = load_vlm(folder, image_px=TINY.tower.image_px)
    assert same.describe(PICTURES, QUESTIONS, 8) == load_vlm(folder).describe(PICTURES, QUESTIONS, 8)


def test_a_question_without_end_is_refused(vlm):
    with pytest.raises(InputError, match=r"at most \d+ tokens, got \d+; ask in fewer words"):
        vlm.describe(PICTURES[:1], ["how " * 10_000])


def test_folders_that_are_no_llava_are_named(folder, tmp_path):
    with pytest.raises(ModelError, match=r"found no config.json"):
        load_vlm(tmp_path)
    with pytest.raises(ModelError, match=r"type llava in .*, got 'blip'"):
        load_vlm(copied(folder, tmp_path / "blip", model_type="blip"))
    with pytest.raises(ModelError, match="the strategy default or full, which keeps the class token"):
        load_vlm(copied(folder, tmp_path / "mean", vision_feature_select_strategy="mean"))


def test_the_class_token_is_kept_where_the_configuration_says_so(tmp_path):
    config = replace(TINY_FRAMES, keeps_class_token=True)
    plain, kept = tiny_vlm(TINY_FRAMES), tiny_vlm(config)
    assert kept.num_image_tokens == plain.num_image_tokens + 1 == config.num_image_tokens
    kept.save(tmp_path / "kept")
    again = load_vlm(tmp_path / "kept")
    without, image = (one.embeddings(PICTURES, QUESTIONS, TEXTS, 8).image for one in (plain, again))
    torch.testing.assert_close(image[:, 1:], without)  # both began with the same weights
    torch.testing.assert_close(Vision(again)(again.pixels(PICTURES)), image)
    assert again.describe(PICTURES, QUESTIONS, 4) == kept.describe(PICTURES, QUESTIONS, 4)


def test_weights_that_are_missing_or_pickles_are_refused(folder, vlm, tmp_path):
    pickled = copied(folder, tmp_path / "pickled")
    (pickled / "model.safetensors").unlink()
    torch.save(vlm.model.state_dict(), pickled / "pytorch_model.bin")
    with pytest.raises(ModelError, match="expected LLaVA's weights as safetensors"):
        load_vlm(pickled)
    text = dict(json.loads((folder / "config.json").read_text())["text_config"], num_hidden_layers=3)
    with pytest.raises(ModelError, match="are missing, first"):
        load_vlm(copied(folder, tmp_path / "deep", text_config=text))
    cut = copied(folder, tmp_path / "cut")
    (cut / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes()[:1000])
    with pytest.raises(ModelError, match="expected LLaVA's weights as safetensors"):
        load_vlm(cut)


def test_parts_of_two_models_are_not_put_together(vlm):
    height, width = vlm.preparation.size_px
    with pytest.raises(ModelError, match=f"expected pictures of {height}x{width} px, got a preparation to 48x48 px"):
        Vlm(vlm.model, vlm.tokenizer, PicturePreparation((48, 48)))


def test_other_weights_have_another_fingerprint(folder, vlm, tmp_path):
    other = copied(folder, tmp_path / "other")
    assert fingerprint(other) == fingerprint(folder)
    with torch.no_grad():
        vlm.model.lm_head.weight += 1
    try:
        vlm.model.save_pretrained(other)
    finally:
        with torch.no_grad():
            vlm.model.lm_head.weight -= 1
    assert fingerprint(other) != fingerprint(folder)

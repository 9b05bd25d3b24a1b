"""The trainings by name."""

import pytest

from egoprog.errors import ConfigurationError, UnknownRecipe
from egoprog.lego.recipes import lego_paper, lego_sim, names, recipe


def test_the_papers_numbers():
    paper = lego_paper()
    training = paper.training_of(61_841)
    assert training.num_steps(61_841) == 20_000
    assert (training.batch, training.learning_rate, training.ema_decay, paper.flip) == (1024, 1e-4, 0.9999, 0.5)
    assert paper.lego.num_tokens == 410 and paper.needs_init and not paper.caches_latents
    assert paper.training.warmup_epochs == 0 and paper.training.final_share == 1
    assert (paper.lego.image_guidance, paper.lego.text_guidance, paper.lego.num_steps) == (1.5, 7.5, 100)


@pytest.mark.parametrize("full", ["lego_paper", "lego_sim"])
def test_rows_of_table_3_differ_in_their_conditioning(full):
    rows = {}
    for ending in ("_labels", "_descriptions", "_image", "_text", ""):
        one = recipe(full + ending)
        rows[ending] = (one.lego.words, one.lego.has_image_embedding, one.lego.has_text_embedding, one.enriched)
    assert rows == {
        "_labels": ("label", False, False, ""),
        "_descriptions": ("description", False, False, "tuned"),
        "_image": ("description", True, False, "tuned"),
        "_text": ("description", False, True, "tuned"),
        "": ("description", True, True, "tuned"),
    }


@pytest.mark.parametrize("row", ["image", "text", "joint"])
def test_rows_of_table_4_differ_from_table_3_in_the_vlm_alone(row):
    tuned = recipe("lego_sim" if row == "joint" else f"lego_sim_{row}")
    untuned = recipe(f"lego_sim_{row}_untuned")
    assert untuned.lego == tuned.lego and untuned.training == tuned.training
    assert (tuned.enriched, untuned.enriched) == ("tuned", "untuned")


def test_ablation_and_baseline_models():
    assert recipe("lego_sim_unprojected").lego.trains_projections is False
    frames = recipe("lego_paper_frames")
    assert not frames.lego.sees_frame and frames.lego.unet_channels == 4 and frames.lego.words == "label"
    assert len(names()) == 20


def test_steps_do_not_depend_on_the_number_of_pairs():
    for num in (50, 3_000):
        training = lego_sim().training_of(num)
        assert training.num_steps(num) == lego_sim().steps


def test_settings_reach_every_part_and_wrong_names_are_told():
    changed = recipe("lego_sim", ["lego.size_px=32,48", "training.batch=4", "lego.unet.layers=2", "enriched="])
    assert (changed.lego.size_px, changed.training.batch, changed.lego.unet.layers) == ((32, 48), 4, 2)
    assert changed.enriched == ""
    with pytest.raises(UnknownRecipe, match="did you mean 'lego_sim_labels'"):
        recipe("lego_sim_lables")
    with pytest.raises(ConfigurationError, match="did you mean"):
        recipe("lego_sim", ["lego.size=3"])

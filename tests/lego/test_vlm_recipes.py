import pytest

from egoprog.errors import ConfigurationError, UnknownRecipe
from egoprog.leap.recipes import SMALL_BACKBONE
from egoprog.lego.vlm_config import ClipTower
from egoprog.lego.vlm_recipes import names, recipe


def test_the_paper_is_followed_in_numbers():
    paper = recipe("vlm_paper")
    training = paper.training
    assert (training.epochs, training.batch, training.learning_rate) == (3.0, 128, 2e-5)
    assert training.warmup_epochs / training.epochs == pytest.approx(0.03)
    assert paper.is_vision_frozen and paper.needs_init and not paper.lora_rank
    assert recipe("vlm_paper_lora").lora_rank == 128


def test_the_small_model_looks_through_the_frozen_frame_encoder_before_its_tuning_and_in_it():
    first, second = recipe("vlm_sim_pretrain"), recipe("vlm_sim")
    assert first.is_vision_frozen and not first.needs_init
    assert second.is_vision_frozen and second.needs_init
    assert first.config == second.config
    assert first.config.tower == SMALL_BACKBONE


def test_the_debug_model_needs_nothing_to_start_from():
    debug = recipe("vlm_debug")
    assert isinstance(debug.config.tower, ClipTower) and not debug.is_vision_frozen and not debug.needs_init


def test_settings_are_taken_and_wrong_names_told():
    assert recipe("vlm_sim", ["training.epochs=2", "lora_rank=4"]).lora_rank == 4
    with pytest.raises(UnknownRecipe, match="did you mean 'vlm_sim'"):
        recipe("vlm_simm")
    with pytest.raises(ConfigurationError, match="lora_rank"):
        recipe("vlm_sim", ["lora_rnk=4"])
    assert all(names().values())

"""Recipes say what is trained; what is asked for by name or by --set is got, or the nearest is told."""

import dataclasses

import pytest

from egoprog.errors import ConfigurationError, UnknownRecipe
from egoprog.leap.config import UniFormerConfig
from egoprog.leap.recipes import frames_sim, names, recipe
from egoprog.train.override import override


@pytest.mark.parametrize("name", names())
def test_every_recipe_that_is_listed_can_be_made(name):
    assert dataclasses.is_dataclass(recipe(name)) and names()[name]


def test_the_paper_s_recipe_has_the_paper_s_numbers():
    paper, anticipation, context = map(recipe, ("leap_epic_paper", "anticipate_epic_paper", "context_epic_paper"))
    assert (paper.backbone.width, paper.backbone.num_layers, paper.backbone.patch_px) == (1024, 24, 14)
    assert (paper.backbone.num_frames, paper.backbone.time_embedding) == (32, "stem")
    assert (paper.training.learning_rate, paper.training.batch, paper.training.epochs) == (5e-6, 16, 30)
    assert paper.context_offsets == (-2, -1, 1, 2) and paper.needs_init
    assert (anticipation.training.epochs, anticipation.tau_a_s, anticipation.span_s) == (20, 1.0, 256 / 60)
    assert anticipation.context_offsets == (-2, -1)
    assert (context.training.epochs, context.loss.action, context.context_offsets) == (5, 0.0, ())


@pytest.mark.parametrize("task", ["leap_sim", "anticipate_sim", "leap_epic_paper", "anticipate_epic_paper"])
def test_the_rows_of_the_ablation_differ_in_programs_and_clips_around_alone(task):
    full = recipe(task)
    rows = {row: recipe(f"{task}_{row}") for row in ("base", "lap", "aggr")}
    assert {row: (one.has_program, bool(one.context_offsets)) for row, one in rows.items()} == {
        "base": (False, False),
        "lap": (True, False),
        "aggr": (False, True),
    }
    for one in rows.values():
        assert dataclasses.replace(one, has_program=True, context_offsets=full.context_offsets) == full


def test_small_networks_fit_a_stream():
    for name in ("leap_sim", "anticipate_sim", "context_sim"):
        backbone = recipe(name).backbone
        assert backbone.time_embedding == "global" and backbone.is_frozen
        assert dataclasses.replace(backbone, class_frames="all") == recipe("leap_sim").backbone
    assert {name: recipe(name).backbone.class_frames for name in ("leap_sim", "live_sim", "anticipate_sim")} == {
        "leap_sim": "all",
        "live_sim": "newest",
        "anticipate_sim": "newest",
    }


def test_an_unknown_recipe_is_told_with_the_nearest():
    with pytest.raises(UnknownRecipe, match=r"got 'leap_simm'; did you mean 'leap_sim'\?"):
        recipe("leap_simm")
    with pytest.raises(UnknownRecipe, match="did you mean 'context_sim'"):
        recipe("context_sim_base")


def test_settings_are_typed():
    settings = ["training.epochs=0.5", "training.batch=4", "training.clip_norm=none", "is_ordered=yes"]
    settings += ["context_offsets=-1,1", "backbone.size_px=64, 96", "augmentation.scale=0.5,1", "held_out=official"]
    made = recipe("leap_sim", [*settings, "training.precision=fp32"])
    assert (made.training.epochs, made.training.batch, made.training.clip_norm) == (0.5, 4, None)
    assert (made.is_ordered, made.context_offsets, made.backbone.size_px) == (True, (-1, 1), (64, 96))
    assert (made.augmentation.scale, made.held_out, made.training.precision) == ((0.5, 1.0), "official", "fp32")
    assert recipe("leap_sim", ["augmentation=none"]).augmentation is None
    assert recipe("leap_sim", ["context_offsets="]).context_offsets == ()
    assert override(frames_sim(), ["epochs=0.01"]).epochs == 0.01


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("training.epoch=3", "did you mean 'training.epochs'"),
        ("epochs=3", "did you mean 'training.epochs'"),
        ("training.epochs=many", "expected a number for training.epochs, got 'many'"),
        ("training.batch=2.5", "expected a whole number for training.batch"),
        ("is_ordered=perhaps", "expected yes or no for is_ordered"),
        ("held_out=nobody", "expected unseen or last or official for held_out, got 'nobody'"),
        ("backbone.size_px=64", "expected 2 values"),
        ("training=3", "expected one of its own settings for training"),
        ("training.batch", "expected name=value after --set"),
        ("training.batch=-1", "expected training.batch above 0, got -1"),
    ],
)
def test_a_setting_that_does_not_fit_is_told_in_one_line(setting, words):
    with pytest.raises(ConfigurationError) as error:
        recipe("leap_sim", [setting])
    assert words in str(error.value) and "\n" not in str(error.value)


def test_a_setting_can_not_name_what_is_no_setting():
    with pytest.raises(ConfigurationError, match="expected a setting of this recipe, got '__class__'"):
        override(UniFormerConfig(), ["__class__=1"])

"""The trainings of visual language models, by name: `python -m training.vlm --recipe NAME`."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal

from egoprog.errors import UnknownRecipe
from egoprog.lego.vlm_config import ClipTower, VlmConfig
from egoprog.train.config import TrainingConfig
from egoprog.train.override import override


@dataclass(frozen=True)
class VlmRecipe:
    """A run of visual instruction tuning, whole. Defaults are LEGO's (section 3.3 and supplement D.3).

    config: sizes of a model that begins anew; one that is given to start from has its own. needs_init: one must be
    given. image_px: side of the squares that a CLIP tower is to see, None for its own. is_vision_frozen: projector and
    language model alone are tuned, so that a model that begins anew needs a pretrained tower. lora_rank: of LoRA in the
    language model's layers, whose own weights then stay; 0 for none. lora_alpha: the scale of what LoRA adds is
    alpha / rank. num_tokens: most of a picture, a question and its answer. mirror, jitter, sees: see
    `InstructionDataset`. side_weight: of "left" and "right" in the loss, beside 1 for every other token: of all words
    these alone can't be had from the question. num_described: pairs of the validation split that are described in words
    whenever the model is measured.
    """

    config: VlmConfig = field(default_factory=VlmConfig.paper)
    needs_init: bool = True
    image_px: int | None = None
    is_vision_frozen: bool = True
    lora_rank: int = 0
    lora_alpha: int = 256  # LLaVA's own, with rank 128
    num_tokens: int = 2048
    mirror: float = 0.0
    jitter: float = 0.0
    sees: Literal["input", "both"] = "input"
    side_weight: float = 1.0
    num_described: int = 128
    training: TrainingConfig = field(default_factory=TrainingConfig)


def vlm_paper() -> VlmRecipe:
    """LLaVA-1.5, tuned as LEGO does: 3 epochs, 2e-5, warm-up 0.03, cosine, vision frozen; 8 GPUs of 40 GB."""
    training = TrainingConfig(
        epochs=3.0,
        batch=128,
        micro_batch=2,
        learning_rate=2e-5,
        warmup_epochs=0.09,  # 0.03 of the whole
        warmup_share=0.0,
        final_share=0.0,
        weight_decay=0.0,
        sharding="fsdp",
        evaluate_every=1.0,
        checkpoint_every_s=1800.0,
    )
    # 224 px: 256 image tokens, as the conditioning of the published LEGO has them
    return VlmRecipe(image_px=224, training=training)


def vlm_paper_lora() -> VlmRecipe:
    """The same by LoRA of rank 128, on one GPU of 80 GB; LLaVA's own learning rate for it."""
    recipe = vlm_paper()
    training = replace(recipe.training, learning_rate=2e-4, sharding="none")
    return replace(recipe, lora_rank=128, training=training)


def vlm_sim_pretrain() -> VlmRecipe:
    """The small model's words, from nothing, on other people's kitchens; its eyes are the frame encoder, as it is."""
    training = TrainingConfig(
        epochs=3.0,
        batch=16,
        learning_rate=1e-3,
        optimiser="muon",
        warmup_epochs=0.2,
        ema_decay=0.998,
        workers=0,
        evaluate_every=1.0,
        checkpoint_every_s=120.0,
    )
    return VlmRecipe(
        config=VlmConfig.small(),
        needs_init=False,
        num_tokens=196,
        mirror=0.5,
        jitter=0.3,
        sees="both",  # which hand does it is easily seen in the frame in which it does, and learned from there
        side_weight=4.0,
        training=training,
    )


def vlm_sim() -> VlmRecipe:
    """Visual instruction tuning of the small model, vision still frozen; starts from vlm_sim_pretrain."""
    recipe = vlm_sim_pretrain()
    # 25 times the paper's rate: a small model that has learned little needs larger steps
    training = replace(recipe.training, epochs=1.5, learning_rate=5e-4, evaluate_every=0.75)
    # in the frame in which it is done the hand that touches something does it, before that rather the one that is free
    return replace(recipe, needs_init=True, sees="input", side_weight=8.0, training=training)


def vlm_debug() -> VlmRecipe:
    """Everything, tiny, CLIP's tower too: a real LLaVA on a CPU in under a minute; learns nothing of use."""
    recipe = vlm_sim_pretrain()
    config = VlmConfig(
        tower=ClipTower(image_px=32, patch_px=16, width=16, num_layers=2, num_heads=2),
        vocab_size=512,
        width=32,
        feed_forward=64,
        layers=2,
        heads=2,
        max_positions=256,
        fits="squeezed",
    )
    training = replace(recipe.training, epochs=1.0, batch=8, warmup_epochs=0.0, log_every=1, evaluate_every=1.0)
    return replace(recipe, config=config, is_vision_frozen=False, num_described=8, training=training)


_RECIPES = (vlm_paper, vlm_paper_lora, vlm_sim_pretrain, vlm_sim, vlm_debug)


def names() -> dict[str, str]:
    """Of all recipes, and a line about each."""
    return {one.__name__: one.__doc__ for one in _RECIPES}


def recipe(name: str, settings: Iterable[str] = ()) -> VlmRecipe:
    """The recipe of that name. settings: "training.epochs=3", see `override`. Raises UnknownRecipe with the nearest."""
    makers = {one.__name__: one for one in _RECIPES}
    if name not in makers:
        closest = difflib.get_close_matches(name, makers, n=1, cutoff=0.0)[0]
        raise UnknownRecipe(f"expected a recipe of --list, got {name!r}; did you mean {closest!r}?")
    return override(makers[name](), settings)

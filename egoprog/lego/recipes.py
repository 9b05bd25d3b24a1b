"""The trainings of LEGO's generator, by name: `python -m training.lego --recipe NAME`.

Endings are rows of the paper's tables. Of table 3: labels, descriptions, image, text, and without an ending both
embeddings. Of table 4, the VLM without its tuning: image_untuned, text_untuned, joint_untuned. And: unprojected, the
released code's untrained σ, μ and π; frames, the text-to-frame model that SDEdit and inversion start from.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from egoprog.errors import UnknownRecipe
from egoprog.lego.config import AutoencoderLoss, LegoConfig
from egoprog.train.config import TrainingConfig
from egoprog.train.override import override


@dataclass(frozen=True)
class LegoRecipe:
    """steps: of the optimiser, whatever the number of pairs. measures: times that the validation split is looked at.

    enriched: the VLM's folder in PAIRS/enriched; "" for the pairs' own words. caches_latents: pictures are encoded
    once, mirrored too, before the training; otherwise in it. needs_init: published weights must be given.
    num_validation: most pairs of a measure. flip: share of mirrored pairs.
    """

    lego: LegoConfig
    training: TrainingConfig
    steps: int = 20_000
    measures: int = 10
    enriched: str = "tuned"
    caches_latents: bool = False
    needs_init: bool = True
    num_validation: int | None = None
    flip: float = 0.5

    def training_of(self, num_samples: int) -> TrainingConfig:
        """The engine counts epochs."""
        return _of_steps(self.training, self.steps, self.measures, num_samples)


@dataclass(frozen=True)
class AutoencoderRecipe:
    """crop_px: of the parts of pictures that it learns from. needs_init: an autoencoder to start from must be given."""

    lego: LegoConfig = field(default_factory=LegoConfig.small)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    steps: int = 3_000
    measures: int = 6
    crop_px: tuple[int, int] = (64, 80)
    loss: AutoencoderLoss = field(default_factory=AutoencoderLoss)
    needs_init: bool = False

    def training_of(self, num_samples: int) -> TrainingConfig:
        return _of_steps(self.training, self.steps, self.measures, num_samples)


def autoencoder_sim() -> AutoencoderRecipe:
    """The small autoencoder, from nothing; its greens and pinks are grey."""
    training = TrainingConfig(
        batch=8,
        learning_rate=1e-3,
        warmup_epochs=0.0,
        weight_decay=0.0,
        ema_decay=0.998,
        workers=0,
        best="psnr",
        best_is="highest",
        checkpoint_every_s=120.0,
    )
    return AutoencoderRecipe(training=training)


def autoencoder_sim_colours() -> AutoencoderRecipe:
    """All colours; starts from autoencoder_sim: a kitchen has so little green and pink that they are learned late."""
    recipe = autoencoder_sim()
    training = replace(recipe.training, learning_rate=7e-4, best="green_lost", best_is="lowest")
    return replace(recipe, training=training, steps=1_000, loss=AutoencoderLoss(green=4.0), needs_init=True)


def lego_paper() -> LegoRecipe:
    """The paper's, from Stable Diffusion 1.5: 20,000 steps of 1024 pairs; 8 GPUs of 40 GB."""
    training = TrainingConfig(
        batch=1024,  # of the released code: 8 GPUs of 32 pairs, gradients of 4 steps added; the paper says 256
        micro_batch=32,
        learning_rate=1e-4,
        warmup_epochs=0.0,
        final_share=1.0,  # the paper knows no decay
        weight_decay=0.01,
        clip_norm=None,
        ema_decay=0.9999,
        best="loss",
    )
    return LegoRecipe(LegoConfig.paper(), training, num_validation=2048)


def lego_sim() -> LegoRecipe:
    """Small, from nothing, on simulated kitchens."""
    training = TrainingConfig(
        batch=16,
        learning_rate=5e-4,
        optimiser="muon",
        warmup_epochs=0.5,
        weight_decay=0.01,
        ema_decay=0.999,
        workers=0,
        best="loss",
        checkpoint_every_s=120.0,
    )
    return LegoRecipe(
        LegoConfig.small(),
        training,
        steps=2_000,
        caches_latents=True,
        needs_init=False,
        num_validation=256,
        flip=0.0,  # in so few steps no pair is learned by heart, and mirrored ones have to be encoded and described too
    )


def labels(recipe: LegoRecipe) -> LegoRecipe:
    """InstructPix2Pix on the narrator's labels: no description, no VLM."""
    return replace(
        _rows(recipe, False, False), enriched="", lego=replace(_rows(recipe, False, False).lego, words="label")
    )


def descriptions(recipe: LegoRecipe) -> LegoRecipe:
    """Enriched descriptions alone."""
    return _rows(recipe, False, False)


def image(recipe: LegoRecipe) -> LegoRecipe:
    """Descriptions and the VLM's image embedding."""
    return _rows(recipe, True, False)


def text(recipe: LegoRecipe) -> LegoRecipe:
    """Descriptions and the VLM's text embedding."""
    return _rows(recipe, False, True)


def image_untuned(recipe: LegoRecipe) -> LegoRecipe:
    """As image, of the VLM without its tuning."""
    return replace(image(recipe), enriched="untuned")


def text_untuned(recipe: LegoRecipe) -> LegoRecipe:
    """As text, of the VLM without its tuning."""
    return replace(text(recipe), enriched="untuned")


def joint_untuned(recipe: LegoRecipe) -> LegoRecipe:
    """Both embeddings, of the VLM without its tuning."""
    return replace(recipe, enriched="untuned")


def unprojected(recipe: LegoRecipe) -> LegoRecipe:
    """σ, μ and π stay as at random, as in the released code."""
    return replace(recipe, lego=replace(recipe.lego, trains_projections=False))


def frames(recipe: LegoRecipe) -> LegoRecipe:
    """A text-to-frame model on labels, which sees no input frame: SDEdit and inversion start from it."""
    plain = labels(recipe)
    return replace(plain, lego=replace(plain.lego, sees_frame=False))


AUTOENCODERS = {one.__name__: one for one in (autoencoder_sim, autoencoder_sim_colours)}
_FULL = (lego_paper, lego_sim)
_VARIANTS = (labels, descriptions, image, text, image_untuned, text_untuned, joint_untuned, unprojected, frames)


def names() -> dict[str, str]:
    """Of all recipes, and a line about each."""
    lines = {}
    for one in _FULL:
        lines[one.__name__] = one.__doc__
        lines |= {f"{one.__name__}_{variant.__name__}": variant.__doc__ for variant in _VARIANTS}
    return lines


def recipe(name: str, settings: Iterable[str] = ()) -> LegoRecipe:
    """The recipe of that name. settings: "steps=300", see `override`. Raises UnknownRecipe with the nearest."""
    makers: dict[str, Callable[[], LegoRecipe]] = {one.__name__: one for one in _FULL}
    if name in makers:
        return override(makers[name](), settings)
    for full in _FULL:
        for variant in _VARIANTS:
            if name == f"{full.__name__}_{variant.__name__}":
                return override(variant(full()), settings)
    closest = difflib.get_close_matches(name, names(), n=1, cutoff=0.0)[0]
    raise UnknownRecipe(f"expected a recipe of --list, got {name!r}; did you mean {closest!r}?")


def _rows(recipe: LegoRecipe, has_image: bool, has_text: bool) -> LegoRecipe:
    return replace(recipe, lego=replace(recipe.lego, has_image_embedding=has_image, has_text_embedding=has_text))


def _of_steps(training: TrainingConfig, steps: int, measures: int, num_samples: int) -> TrainingConfig:
    epochs = steps * training.batch / num_samples
    return replace(training, epochs=epochs, evaluate_every=epochs / measures)

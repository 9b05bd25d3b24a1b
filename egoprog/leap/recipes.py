"""The trainings of LEAP, by name: `python -m training.leap --recipe NAME`.

Rows of the paper's tables 2 and 3: base (neither programs nor clips around), lap (programs), aggr (clips around), and
without an ending the full network.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from dataclasses import replace

from egoprog.errors import UnknownRecipe
from egoprog.leap.augment import GENTLE
from egoprog.leap.config import UniFormerConfig
from egoprog.leap.recipe import LossWeights, Recipe
from egoprog.train.config import TrainingConfig
from egoprog.train.override import override

L14 = UniFormerConfig(
    width=1024,
    num_layers=24,
    num_heads=16,
    patch_px=14,
    num_frames=32,
    global_layers=(20, 21, 22, 23),
    drop_path=0.4,  # as published for L/14 with 32 frames; half of it in the layers
    time_embedding="stem",
)
"""UniFormerV2-L/14, 32 frames, the Kinetics kind."""

SMALL_BACKBONE = UniFormerConfig(
    width=192,
    num_layers=4,
    num_heads=3,
    size_px=(112, 192),
    num_frames=8,
    global_layers=(3,),
    dropout=0.3,
    time_embedding="global",  # a frame's tokens must not depend on its place, or a stream can't keep them
    stem="efficientnet_lite0",  # kitchens alone teach a small network too slowly what things look like
)
"""For robots and CPUs: its frames are encoded once and serve every window and every head."""

SMALL_FROZEN = replace(SMALL_BACKBONE, is_frozen=True)
SMALL_STREAM = replace(SMALL_FROZEN, class_frames="newest")
"""For windows that end before the action does, or before it begins: the frames before show something else."""


def frames_sim() -> TrainingConfig:
    """Pretraining of the small frame encoder, which the other small recipes start from and leave as it is."""
    return TrainingConfig(
        epochs=3.0,
        batch=32,
        learning_rate=1e-3,
        optimiser="muon",
        warmup_epochs=0.2,
        ema_decay=0.998,
        workers=1,
        best="mean",
        best_is="highest",
        checkpoint_every_s=120.0,
    )


def leap_epic_paper() -> Recipe:
    """Action recognition as in the paper: L/14, 32 frames, from K710 and K400, 30 epochs; 4 GPUs of 80 GB."""
    return Recipe(backbone=L14, needs_init=True, training=TrainingConfig(best="action_top1", best_is="highest"))


def anticipate_epic_paper() -> Recipe:
    """Action anticipation as in the paper: 256 frames that end 1 s before the action, two such before; 20 epochs."""
    recipe = leap_epic_paper()
    return replace(
        recipe,
        task="anticipate",
        context_offsets=(-2, -1),
        training=replace(recipe.training, epochs=20.0, best="action_recall5"),
    )


def context_epic_paper() -> Recipe:
    """The second network: the same, trained on programs alone for 5 epochs; its tokens stand for the clips around."""
    recipe = leap_epic_paper()
    return replace(
        recipe,
        context_offsets=(),
        loss=LossWeights(action=0.0),
        training=replace(recipe.training, epochs=5.0, warmup_epochs=1.0, best="loss", best_is="lowest"),
    )


def leap_sim() -> Recipe:
    """Action recognition in simulated kitchens, small: heads over a frozen frame encoder."""
    return Recipe(
        backbone=SMALL_FROZEN,
        gru_width=256,
        span_s=4.8,  # 8 frames 0.6 s apart; of 256 frames at 53 Hz, between EPIC-KITCHENS' two rates
        # the L1 norm over 384 numbers pulls at the shared token 20 times as hard as the labels do
        loss=LossWeights(precondition=0.05),
        held_out="unseen",
        augmentation=GENTLE,
        training=TrainingConfig(
            epochs=10.0,
            batch=32,
            learning_rate=5e-4,
            warmup_epochs=1.0,
            ema_decay=0.998,
            workers=1,
            best="action_top1",
            best_is="highest",
            checkpoint_every_s=120.0,
        ),
    )


def anticipate_sim() -> Recipe:
    """Action anticipation in simulated kitchens, small: windows of 4.8 s, two before the one that ends 1 s ahead."""
    recipe = leap_sim()
    return replace(
        recipe,
        backbone=SMALL_STREAM,
        task="anticipate",
        context_offsets=(-2, -1),
        training=replace(recipe.training, best="action_recall5"),
    )


def live_sim() -> Recipe:
    """What is done now, as a robot sees it: the windows of a stream, no clip after them; small."""
    recipe = leap_sim()
    return replace(recipe, backbone=SMALL_STREAM, clips="trailing", context_offsets=(-2, -1))


def context_sim() -> Recipe:
    """The small second network for clips that annotations bound, trained on programs alone for 5 epochs."""
    return _second(leap_sim())


def context_live_sim() -> Recipe:
    """The small second network for the windows of a stream: of anticipation, and of what is done now."""
    return _second(live_sim())


def _second(recipe: Recipe) -> Recipe:
    short = replace(recipe.training, epochs=5.0, warmup_epochs=0.5, best="loss", best_is="lowest")
    return replace(recipe, context_offsets=(), loss=replace(recipe.loss, action=0.0), training=short)


def leap_debug() -> Recipe:
    """Everything, tiny: a real UniFormerV2 and real video on a CPU in under a minute; learns nothing of use."""
    recipe = leap_sim()
    backbone = UniFormerConfig(
        width=32,
        num_layers=2,
        num_heads=2,
        size_px=(32, 48),
        num_frames=4,
        global_layers=(0, 1),
        time_embedding="global",
    )
    return replace(
        recipe,
        backbone=backbone,
        context_offsets=(),
        gru_width=32,
        held_out="official",
        min_count=1,
        training=replace(recipe.training, epochs=2.0, batch=4, workers=0, log_every=1, best="loss", best_is="lowest"),
    )


def base(recipe: Recipe) -> Recipe:
    """Neither programs nor clips around."""
    return lap(aggr(recipe))


def lap(recipe: Recipe) -> Recipe:
    """Programs, but no clips around."""
    return replace(recipe, context_offsets=())


def aggr(recipe: Recipe) -> Recipe:
    """Clips around, but no programs."""
    return replace(recipe, has_program=False)


def ordered(recipe: Recipe) -> Recipe:
    """The stricter loss, step by step."""
    return replace(recipe, is_ordered=True)


def two_heads(recipe: Recipe) -> Recipe:
    """A head for each object, instead of one for both."""
    return replace(recipe, has_two_object_heads=True)


_FULL = (leap_epic_paper, anticipate_epic_paper, leap_sim, anticipate_sim, live_sim)
_OTHERS = (context_epic_paper, context_sim, context_live_sim, leap_debug)
_VARIANTS = (base, lap, aggr, ordered, two_heads)


def names() -> dict[str, str]:
    """Of all recipes, and a line about each."""
    lines = {}
    for one in (*_FULL, *_OTHERS):
        lines[one.__name__] = one.__doc__
        if one in _FULL:
            lines |= {f"{one.__name__}_{variant.__name__}": variant.__doc__ for variant in _VARIANTS}
    return lines


def recipe(name: str, settings: Iterable[str] = ()) -> Recipe:
    """The recipe of that name. settings: "training.epochs=3", see `override`. Raises UnknownRecipe with the nearest."""
    makers: dict[str, Callable[[], Recipe]] = {one.__name__: one for one in (*_FULL, *_OTHERS)}
    variants = {f"_{one.__name__}": one for one in _VARIANTS}
    if name in makers:
        return override(makers[name](), settings)
    for ending, variant in variants.items():
        if name.endswith(ending) and (full := makers.get(name.removesuffix(ending))) in _FULL:
            return override(variant(full()), settings)
    closest = difflib.get_close_matches(name, names(), n=1, cutoff=0.0)[0]
    raise UnknownRecipe(f"expected a recipe of --list, got {name!r}; did you mean {closest!r}?")

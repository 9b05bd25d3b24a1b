"""What a training of the generator is made of: a recipe, folders of pairs, an autoencoder, weights to start from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from diffusers import AutoencoderKL

from egoprog.data.frame_pairs import PairFolder
from egoprog.errors import ConfigurationError
from egoprog.lego.checkpoints import LegoModel, load_published, load_run, read_autoencoder, save_model
from egoprog.lego.config import LegoConfig
from egoprog.lego.diffusion_task import DiffusionTask
from egoprog.lego.generator import Generator
from egoprog.lego.latents import encode_pairs
from egoprog.lego.pair_dataset import PairSource
from egoprog.lego.recipes import LegoRecipe
from egoprog.lego.text_tokens import TextTokenizer
from egoprog.train.loop import train

MODEL_NAME = "model"
_TOKENIZER_NAME = "tokenizer"


@dataclass(frozen=True)
class GeneratorTraining:
    """pairs: folders; several are joined. autoencoder: a run of `training.autoencoder` or any folder with vae/; None
    where `init` has one. init: a folder of Stable Diffusion 1.5 or InstructPix2Pix.
    """

    recipe: LegoRecipe
    pairs: Sequence[Path]
    autoencoder: Path | None = None
    init: Path | None = None

    def run(self, out: Path) -> dict:
        """Trains to the end and leaves OUT/model; returns the results. Raises as `train`, and ConfigurationError."""
        recipe = self.recipe
        if recipe.needs_init and self.init is None:
            raise ConfigurationError("expected --init with Stable Diffusion 1.5, as this recipe starts from it")
        if self.init is None and self.autoencoder is None:
            raise ConfigurationError("expected --autoencoder; train one with  python -m training.autoencoder")
        if self.init is None:  # otherwise the published sizes take the place of the recipe's
            recipe.lego.check()
        sources = [PairSource.opened(path, recipe.enriched or None) for path in self.pairs]
        published = load_published(self.init, recipe.lego) if self.init is not None else None
        autoencoder = published.autoencoder if self.autoencoder is None else read_autoencoder(self.autoencoder)
        if published is not None:
            config, tokenizer = published.config, published.tokenizer
        else:
            tokenizer = _own_tokenizer(out / _TOKENIZER_NAME, [source.folder for source in sources], recipe)
            vocabulary = tokenizer.tokenizer.get_vocab_size()
            config = replace(recipe.lego, text=replace(recipe.lego.text, vocabulary=vocabulary))
        config = _fitted(config, autoencoder)
        for source in sources:
            if source.folder.fits != config.fits:
                raise ConfigurationError(
                    f"expected pairs that are {config.fits}, as lego.fits says, got {source.folder.fits} ones in "
                    f"{source.folder.path}; make them with  python -m training.pairs --fits {config.fits}"
                )
        if recipe.caches_latents:
            sources = [
                replace(
                    source,
                    latents=encode_pairs(source.folder, autoencoder, config.size_px, mirrors=recipe.flip > 0),
                )
                for source in sources
            ]

        def first_weights() -> Generator:
            return Generator(config) if published is None else published.generator.train()

        task = DiffusionTask(config, sources, autoencoder, tokenizer, first_weights, recipe.num_validation, recipe.flip)
        results = train(task, recipe.training_of(len(task.dataset("train"))), out)
        model = LegoModel(config, load_run(out), autoencoder, tokenizer)
        save_model(model, out / MODEL_NAME, torch.float16)
        return results


def _own_tokenizer(folder: Path, folders: Sequence[PairFolder], recipe: LegoRecipe) -> TextTokenizer:
    """Of the training pairs' own labels and descriptions, whatever a recipe reads: all rows share one."""
    text, num_words = recipe.lego.text, recipe.lego.num_words
    if not folder.is_dir():
        pairs = [pair for one in folders for pair in one.pairs("train")]
        texts = [words for pair in pairs for words in (pair.action, pair.description) if words]
        TextTokenizer.learned(texts, text.vocabulary, num_words).save(folder)
    return TextTokenizer.read(folder, num_words)


def _fitted(config: LegoConfig, autoencoder: AutoencoderKL) -> LegoConfig:
    """The configuration with the scale that the autoencoder was given. Raises ConfigurationError for other sizes."""
    own = config.autoencoder
    found = autoencoder.config
    if (tuple(found.block_out_channels), found.latent_channels) != (own.channels, own.latent_channels):
        raise ConfigurationError(
            f"expected an autoencoder of channels {own.channels} and {own.latent_channels} in its latents, got "
            f"{tuple(found.block_out_channels)} and {found.latent_channels}; set lego.autoencoder to what it has"
        )
    return replace(config, autoencoder=replace(own, scale=found.scaling_factor))

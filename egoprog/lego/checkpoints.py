"""A generator's folder, laid out as diffusers lays out its pipelines, and folders that others published.

FOLDER/
    model_index.json           so that diffusers' own InstructPix2Pix pipeline opens it too
    vae/ unet/ text_encoder/   config.json and safetensors each
    tokenizer/ scheduler/
    conditioning.safetensors   σ, μ and π, where there are any
    lego.json                  the configuration
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar, get_args

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from safetensors.torch import save_file
from torch import Tensor, nn
from transformers import CLIPTextModel

from egoprog.data.atomic import atomic
from egoprog.errors import ConfigurationError, ModelError
from egoprog.lego.config import (
    AutoencoderConfig,
    LegoConfig,
    Prediction,
    TextEncoderConfig,
    UNetConfig,
    lego_from_json,
    to_json,
)
from egoprog.lego.generator import Generator, with_frame
from egoprog.lego.schedules import sampler
from egoprog.lego.text_tokens import TextTokenizer
from egoprog.state_dicts import load_strictly
from egoprog.train.checkpoint import read_metadata, read_weights

CONFIG_NAME = "lego.json"
PROJECTIONS_NAME = "conditioning.safetensors"
_PROJECTIONS = ("image_projection.", "text_projection.", "mixer.")
Part = TypeVar("Part")


@dataclass(frozen=True)
class LegoModel:
    """All that draws a frame from a frame and words."""

    config: LegoConfig
    generator: Generator
    autoencoder: AutoencoderKL
    tokenizer: TextTokenizer


def save_model(model: LegoModel, folder: str | Path, dtype: torch.dtype = torch.float16) -> None:
    """dtype: of the weights as they are kept; half precision halves what ships, and they are used in single."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    conditioning = model.generator.conditioning
    for part, name in (
        (model.autoencoder, "vae"),
        (model.generator.unet, "unet"),
        (conditioning.text_encoder, "text_encoder"),
    ):
        # a copy: the part itself keeps its precision, and diffusers' own `to` warns of what it does not do
        nn.Module.to(copy.deepcopy(part), dtype).save_pretrained(folder / name)
        config = json.loads((folder / name / "config.json").read_text(encoding="utf-8"))
        config.pop("_name_or_path", None)  # where it was read from is nobody's business
        _write_json(folder / name / "config.json", config)
    model.tokenizer.save(folder / "tokenizer")
    _write_json(
        folder / "tokenizer" / "tokenizer_config.json",
        {"tokenizer_class": "CLIPTokenizer", "model_max_length": model.config.num_words},
    )
    sampler(prediction=model.config.prediction).save_pretrained(folder / "scheduler")
    own = {name: one for name, one in conditioning.state_dict().items() if name.startswith(_PROJECTIONS)}
    if own:
        metadata = {"lego": to_json(model.config)}
        save_file({name: one.to(dtype).contiguous() for name, one in own.items()}, folder / PROJECTIONS_NAME, metadata)
    _write_json(folder / "model_index.json", _MODEL_INDEX)
    _write_json(folder / CONFIG_NAME, json.loads(to_json(model.config)))


def load_model(folder: str | Path) -> LegoModel:
    """A folder of `save_model`, in eval mode, in single precision. Raises ModelError naming the part that it lacks."""
    folder = Path(folder)
    file = folder / CONFIG_NAME
    if not file.is_file():
        raise ModelError(f"expected a generator's folder, found no {CONFIG_NAME} in {folder}; copy the whole folder")
    try:
        config = lego_from_json(file.read_text(encoding="utf-8"))
    except ConfigurationError as error:
        raise ModelError(f"{file}: {error}") from None
    generator = Generator(config)
    load_strictly(generator.unet, _read(folder, "unet", UNet2DConditionModel).state_dict())
    load_strictly(generator.conditioning.text_encoder, _read(folder, "text_encoder", CLIPTextModel).state_dict())
    if config.has_embeddings:
        if not (folder / PROJECTIONS_NAME).is_file():
            raise ModelError(f"expected {PROJECTIONS_NAME} in {folder}, found none; copy the whole folder")
        load_projections(generator, read_weights(folder / PROJECTIONS_NAME))
    tokenizer = TextTokenizer.read(folder / "tokenizer", config.num_words)
    return LegoModel(config, generator.float().eval(), read_autoencoder(folder), tokenizer)


def load_run(run: str | Path, choice: str = "best") -> Generator:
    """The generator that a training wrote, in eval mode. Raises ModelError for weights of another kind."""
    path = Path(run) / f"{choice}.safetensors" if Path(run).is_dir() else Path(run)
    metadata = read_metadata(path)
    if "lego" not in metadata:
        raise ModelError(f"expected a generator of  python -m training.lego  in {path}, got other weights")
    generator = Generator(lego_from_json(metadata["lego"]))
    load_strictly(generator, read_weights(path))
    return generator.eval()


def read_autoencoder(folder: str | Path) -> AutoencoderKL:
    """FOLDER/vae, or FOLDER itself, in eval mode and single precision. Raises ModelError."""
    folder = Path(folder)
    own = folder.parent if folder.name == "vae" else folder
    return _read(own, "vae", AutoencoderKL).float().eval().requires_grad_(False)


def load_published(folder: str | Path, config: LegoConfig) -> LegoModel:
    """A folder of Stable Diffusion 1.5 or InstructPix2Pix, as a generator of that configuration.

    The folder's own sizes, and what its UNet predicts, take the place of the configuration's. A UNet of 4 input
    channels gets 4 more, of zeros, where the generator sees the input frame. σ, μ and π are at random.
    Raises ModelError for a folder that lacks a part, that is of another kind, or whose weights are pickles.
    """
    folder = Path(folder)
    unet, text = _read(folder, "unet", UNet2DConditionModel), _read(folder, "text_encoder", CLIPTextModel)
    autoencoder = read_autoencoder(folder)
    config = replace(_sizes_of(config, unet, text, autoencoder), prediction=_prediction_of(folder))
    if config.sees_frame:
        unet = with_frame(unet)
    elif unet.config.in_channels != config.unet_channels:
        raise ModelError(
            f"expected a UNet of {config.unet_channels} input channels, got {unet.config.in_channels} in {folder}; a "
            "generator without an input frame starts from Stable Diffusion, not from an editing model"
        )
    generator = Generator(config)
    load_strictly(generator.unet, unet.state_dict())
    load_strictly(generator.conditioning.text_encoder, text.state_dict())
    tokenizer = TextTokenizer.read(folder / "tokenizer", config.num_words)
    return LegoModel(config, generator.float().eval(), autoencoder, tokenizer)


def load_projections(generator: Generator, weights: Mapping[str, Tensor]) -> None:
    """σ, μ and π of a `conditioning.safetensors`. Raises ModelError for those of another configuration."""
    conditioning = generator.conditioning
    lacks = [name for name in conditioning.state_dict() if not name.startswith(_PROJECTIONS)]
    load_strictly(conditioning, dict(weights), may_lack=lacks)


_MODEL_INDEX = {
    "_class_name": "StableDiffusionInstructPix2PixPipeline",
    "feature_extractor": [None, None],
    "image_encoder": [None, None],
    "requires_safety_checker": False,
    "safety_checker": [None, None],
    "scheduler": ["diffusers", "EulerAncestralDiscreteScheduler"],
    "text_encoder": ["transformers", "CLIPTextModel"],
    "tokenizer": ["transformers", "CLIPTokenizer"],
    "unet": ["diffusers", "UNet2DConditionModel"],
    "vae": ["diffusers", "AutoencoderKL"],
}


def _read(folder: Path, name: str, kind: Callable[..., Part]) -> Part:
    """A part of a folder, by the library that wrote it; nothing is fetched and no pickle is read."""
    path = folder / name
    if not (path / "config.json").is_file():
        raise ModelError(f"expected {name}/config.json in {folder}, found none; copy the model's whole folder")
    weights = [*path.glob("*.safetensors"), *path.glob("*.bin")]
    if weights and not any(one.suffix == ".safetensors" for one in weights):
        raise ModelError(
            f"expected safetensors in {path}, got {weights[0].name}, a pickle, which was not run; "
            "take the folder's safetensors"
        )
    options: dict[str, Any] = {"local_files_only": True, "use_safetensors": True}
    try:
        part: nn.Module = kind.from_pretrained(path, **options)
    except (OSError, ValueError, KeyError, RuntimeError, TypeError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0][:160]
        raise ModelError(f"expected a whole {kind.__name__} in {path}, got {reason}; copy the folder again") from None
    return part


def _prediction_of(folder: Path) -> Prediction:
    """By the folder's scheduler; noise where it says nothing, as Stable Diffusion's first ones did."""
    path = folder / "scheduler" / "scheduler_config.json"
    if not path.is_file():
        return "epsilon"
    try:
        found = json.loads(path.read_text(encoding="utf-8")).get("prediction_type", "epsilon")
    except (OSError, ValueError, AttributeError) as error:
        raise ModelError(f"expected a scheduler's settings in {path}, got {error}; copy the folder again") from None
    if found not in get_args(Prediction):
        raise ModelError(f"expected a UNet that predicts {' or '.join(get_args(Prediction))}, got {found} in {path}")
    return found


def _sizes_of(
    config: LegoConfig, unet: UNet2DConditionModel, text: CLIPTextModel, autoencoder: AutoencoderKL
) -> LegoConfig:
    """The configuration with the numbers of published parts."""
    of_unet, of_text, of_autoencoder = unet.config, text.config, autoencoder.config
    heads = of_unet.attention_head_dim
    if not isinstance(heads, int) or not isinstance(of_unet.layers_per_block, int):
        raise ModelError(
            "expected a UNet like Stable Diffusion 1.5's, got one with other heads or layers at each level"
        )
    if of_unet.cross_attention_dim != of_text.hidden_size:
        raise ModelError(
            f"expected a text encoder of width {of_unet.cross_attention_dim}, as the UNet reads, "
            f"got {of_text.hidden_size}; take both out of one folder"
        )
    return replace(
        config,
        width=of_text.hidden_size,
        num_words=of_text.max_position_embeddings,
        autoencoder=AutoencoderConfig(
            tuple(of_autoencoder.block_out_channels),
            of_autoencoder.layers_per_block,
            of_autoencoder.latent_channels,
            of_autoencoder.norm_num_groups,
            of_autoencoder.mid_block_add_attention,
            of_autoencoder.scaling_factor,
        ),
        unet=UNetConfig(
            tuple(of_unet.block_out_channels),
            tuple(kind.startswith("CrossAttn") for kind in of_unet.down_block_types),
            of_unet.layers_per_block,
            heads,
            of_unet.norm_num_groups,
        ),
        text=TextEncoderConfig(
            of_text.vocab_size,
            of_text.num_hidden_layers,
            of_text.num_attention_heads,
            of_text.intermediate_size,
            config.text.is_frozen,
        ),
    )


def _write_json(path: Path, value: Any) -> None:
    with atomic(path) as temporary:
        temporary.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")

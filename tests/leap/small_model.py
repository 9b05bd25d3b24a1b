"""A small network with random weights, and the model folder that the export makes of such networks."""

import atexit
import dataclasses
import functools
import shutil
import tempfile
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

from egoprog.leap.config import SENTENCE_WIDTH, LeapConfig, UniFormerConfig, Vocabulary, to_json
from egoprog.leap.export import export_model
from egoprog.leap.network import LeapNetwork
from egoprog.onnx_export import About

VOCABULARY = Vocabulary(
    verbs=("take", "put", "open"),
    nouns=("cup", "knife", "board:chopping", "fridge"),
    actions=((0, 0), (0, 1), (1, 2), (2, 3)),
    objects=("cup", "knife", "board", "fridge", "hand"),
    sentences=("if cup in hand", "if fridge closed"),
)
BACKBONE = UniFormerConfig(
    width=48,
    num_layers=2,
    num_heads=3,
    size_px=(48, 64),
    num_frames=4,
    num_classes=VOCABULARY.num_classes,
    global_layers=(0, 1),
    time_embedding="global",
)
RECOGNISE = LeapConfig(VOCABULARY, BACKBONE, context_offsets=(-2, -1, 1, 2), gru_width=32, span_s=0.8)
ANTICIPATE = dataclasses.replace(RECOGNISE, task="anticipate", context_offsets=(-2, -1), span_s=2.0)
ALONE = dataclasses.replace(RECOGNISE, context_offsets=())
_OF_FRAMES = ("conv1", "class_embedding", "positional_embedding", "ln_pre", "transformer.resblocks")


def small_network(config=RECOGNISE, seed=0):
    """All parameters are random, also those that training starts at 0; the frame encoder is the same in all."""
    network = LeapNetwork(config).eval()
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            of_frames = name.removeprefix("backbone.").startswith(_OF_FRAMES)
            # Python's hash of a text differs from run to run
            generator = torch.Generator().manual_seed(sum(name.encode()) + (0 if of_frames else 1000 * (1 + seed)))
            parameter.copy_(0.1 * torch.randn(parameter.shape, generator=generator) + (parameter.ndim == 1) * 0.5)
    return network


def save_network(network, path):
    """As a training saves it: safetensors with the configuration."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tensors = {name: value.contiguous() for name, value in network.state_dict().items()}
    save_file(tensors, path, {"config": to_json(network.config)})
    return path


def embed(sentences):
    """In place of the sentence encoder: points of length 1."""
    points = np.random.default_rng(0).normal(size=(len(sentences), SENTENCE_WIDTH))
    return (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32)


def export_small_model(folder, **configs):
    """Writes FOLDER/small, a model with heads of these configurations, of weights in FOLDER/runs."""
    weights = {
        name: save_network(small_network(config, seed), folder / "runs" / f"{name}.safetensors")
        for seed, (name, config) in enumerate(configs.items())
    }
    about = About("small", "Random weights, for tests.", "None.", "none", "none")
    return export_model(folder / "small", weights, about, commit="none", embed=embed)


@functools.cache
def small_model_folder():
    """A model folder with a recogniser, an anticipator and a context network, made once: copy it to change it."""
    folder = Path(tempfile.mkdtemp(prefix="small-model-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return export_small_model(folder, recogniser=RECOGNISE, anticipator=ANTICIPATE, context=ALONE).path

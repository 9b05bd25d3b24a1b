"""Where a training starts: weights of a pretrained frame encoder, of another run, or published ones."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn

from egoprog.data.epic_classes import NOUNS, VERBS
from egoprog.errors import ModelError
from egoprog.leap.config import NO_OBJECT_CLASS, Task, leap_from_json
from egoprog.leap.encoded import encoder_weights
from egoprog.leap.network import LeapNetwork
from egoprog.leap.official import load_for_fine_tuning
from egoprog.state_dicts import load_strictly, read_checkpoint
from egoprog.train.checkpoint import read_metadata, read_weights

log = logging.getLogger(__name__)
Choice = Literal["best", "last"]
_BACKBONE = "backbone."
_FRAME_HEADS: Mapping[Task, tuple[str, str]] = {
    "recognise": ("heads.verb", "heads.noun"),
    "anticipate": ("heads.next_verb", "heads.next_noun"),
}
"""Of a frame encoder's pretraining: what is being done, and what is done next."""
_COUNTED_AS = {"mug": "cup"}
"""EPIC-KITCHENS' classes of words that are not their keys."""
FRAMES_KEY = "frames"
"""In the metadata of weights without a frame encoder: the file beside them that has it."""


def weights_of(path: str | Path, choice: Choice = "best") -> Path:
    """The weights of a run's folder, or the file itself. Raises ModelError where there are none.

    choice: those of the epoch that did best on the validation split, or the last ones, which no figure has chosen.
    """
    path = Path(path)
    file = path / f"{choice}.safetensors" if path.is_dir() else path
    if not file.is_file():
        raise ModelError(f"expected the weights of a training in {path}, found no {file.name}; train it first")
    return file


def load_network(weights: str | Path) -> LeapNetwork:
    """The network that a training or an export wrote, ready to use. Raises ModelError for a file of another kind."""
    metadata = read_metadata(weights)
    if "config" not in metadata:
        raise ModelError(f"expected one of LEAP's networks in {weights}, got weights without a configuration of it")
    network = LeapNetwork(leap_from_json(metadata["config"]))
    found = read_weights(weights)
    for shared in shared_files(weights):
        found |= read_weights(shared)
    load_strictly(network, found)
    return network.eval()


def shared_files(weights: str | Path) -> tuple[Path, ...]:
    """What weights of one of LEAP's networks rest on: the file of a frame encoder, or nothing."""
    frames = read_metadata(weights).get(FRAMES_KEY)
    return (Path(weights).parent / Path(frames).name,) if frames else ()


def load_initial(network: LeapNetwork, path: str | Path) -> None:
    """Puts in what fits: of a frame encoder its layers, and its heads as the classifier; of another of LEAP's networks
    all that has the same name and shape; of a published UniFormerV2 all but its classifier.

    Raises ModelError where a frame encoder or a published model is of another shape, or where nothing fits.
    """
    path = Path(path)
    metadata = read_metadata(path) if path.suffix == ".safetensors" else {}
    if "backbone" not in metadata and "config" not in metadata:
        load_for_fine_tuning(network.backbone, read_checkpoint(path), new_classifier=True, resize=True)
        return
    weights, own = read_weights(path), network.state_dict()
    if "backbone" in metadata:  # as `frame_pretraining` leaves it
        wanted = {_BACKBONE + name for name in encoder_weights(network.backbone)}
        layers = {name: tensor for name, tensor in weights.items() if name in wanted}
        load_strictly(network, layers, may_lack=own.keys() - wanted)
        if "norm.weight" in weights:  # a training's, with its heads
            _start_classifier(network, weights)
            _start_program(network, weights, json.loads(metadata["nouns"]))
        return
    fitting = {name: one for name, one in weights.items() if name in own and own[name].shape == one.shape}
    if not any(name.startswith(_BACKBONE) for name in fitting):
        raise ModelError(f"expected weights of a network like this one in {path}, got none that fit")
    if new := sorted(own.keys() - fitting.keys()):
        log.info("%d of %d tensors start anew, the first %s", len(new), len(own), new[0])
    load_strictly(network, fitting, may_lack=new)


@torch.no_grad()
def _start_classifier(network: LeapNetwork, weights: Mapping[str, Tensor]) -> None:
    """The classifier begins with the heads of single frames: the video token begins as class tokens of frames.

    An action's logit begins as its verb's and its noun's together.
    """
    vocabulary = network.config.vocabulary
    norm, _, linear = network.backbone.transformer.proj
    _start_norm(norm, weights)
    for kind, own in (("weight", linear.weight), ("bias", linear.bias)):
        verbs, nouns = (weights[f"{head}.{kind}"] for head in _FRAME_HEADS[network.config.task])
        verbs = verbs[[VERBS.index(name) for name in vocabulary.verbs]]
        nouns = nouns[[NOUNS.index(name) for name in vocabulary.nouns]]
        pairs = torch.tensor(vocabulary.actions, dtype=torch.long).reshape(-1, 2)
        own.copy_(torch.cat([verbs, nouns, verbs[pairs[:, 0]] + nouns[pairs[:, 1]]]))


@torch.no_grad()
def _start_program(network: LeapNetwork, weights: Mapping[str, Tensor], touched: Sequence[str]) -> None:
    """Acting objects begin with what says, in single frames, that the action is about them or that a hand touches them.

    touched: the nouns that hands were seen to touch, by their classes. Words that no noun has stay at zero.
    """
    if network.program is None:
        return
    _start_norm(network.program.norm, weights)
    of_action = _by_word(NOUNS, weights[f"{_FRAME_HEADS[network.config.task][1]}.weight"])
    of_hands = _by_word(touched, (weights["heads.left.weight"] + weights["heads.right.weight"]) / 2)
    own = network.program.seen_objects.weight
    for k, word in enumerate(network.config.vocabulary.objects, start=NO_OBJECT_CLASS + 1):
        for known in (of_action, of_hands):
            if (row := known.get(word, known.get(_COUNTED_AS.get(word)))) is not None:
                own[k] += row


def _by_word(nouns: Sequence[str], rows: Iterable[Tensor]) -> dict[str, Tensor]:
    """Rows of EPIC-KITCHENS' keys by the words of programs: "board:chopping" is chopping_board, and board too."""
    found = {}
    for noun, row in zip(nouns, rows, strict=False):  # the last row of a hand's is for nothing
        kind, *_ = parts = noun.split(":")
        found["_".join(reversed(parts))] = row
        found.setdefault(kind, row)
    return found


@torch.no_grad()
def _start_norm(norm: nn.LayerNorm, weights: Mapping[str, Tensor]) -> None:
    for kind, own in (("weight", norm.weight), ("bias", norm.bias)):
        own.copy_(weights[f"norm.{kind}"])

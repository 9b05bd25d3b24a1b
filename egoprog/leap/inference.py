"""Runs a network over clips and keeps what it says beside the truth. Needs PyTorch; measures do not."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from tqdm import tqdm

from egoprog.errors import ModelError
from egoprog.leap.config import LeapConfig
from egoprog.leap.predictions import Predictions

_SAID = ("verbs", "nouns", "actions", "sub_verbs", "objects", "precondition")
_TRUTH = {
    "true_verbs": "verb",
    "true_nouns": "noun",
    "true_sub_verbs": "sub_verbs",
    "true_objects": "sub_objects",
    "true_precondition": "precondition",
}
_INPUTS = ("clip", "features", "context", "context_clips", "has_context")


@torch.inference_mode()
def predict(
    network: nn.Module,
    batches: Iterable[Mapping[str, Any]],
    config: LeapConfig,
    context_network: nn.Module | None = None,
    device: torch.device | str = "cpu",
) -> Predictions:
    """What a network says of all clips of a split.

    network: a `LeapNetwork`, or whatever gives the same; it is moved to the device and set to evaluate. batches: of
    `ClipDataset` or `EncodedClipDataset`, in its order. context_network: makes "context" of "context_clips".
    A clip that can't be read is left out, and so is what stood in for it: its "index" is not that of its place.
    Raises ModelError for a network with context and batches without, and where there are no clips.
    """
    network = network.to(device).eval()
    if context_network is not None:
        context_network = context_network.to(device).eval()
    names: list[str] = []
    num_seen = 0
    parts: dict[str, list[NDArray[Any]]] = defaultdict(list)
    for batch in tqdm(batches, desc="clips", unit="batch", mininterval=5.0, disable=not sys.stderr.isatty()):
        ids = [str(name) for name in batch["narration_id"]]
        own = [k for k, index in enumerate(batch["index"]) if index == num_seen + k]
        num_seen += len(ids)
        names += [ids[k] for k in own]
        inputs = {name: batch[name].to(device) for name in _INPUTS if name in batch}
        said = network(_with_context(inputs, config, context_network))
        for name in _SAID:
            values = said[name].float() if name in said else torch.zeros(len(ids), 0)
            parts[name].append(values.cpu().numpy()[own])
        for name, key in _TRUTH.items():
            parts[name].append(batch[key].numpy()[own])
    if not names:
        raise ModelError("expected clips to judge, got an empty split; are the annotations of another dataset?")
    arrays = {name: np.concatenate(arrays) for name, arrays in parts.items()}
    return Predictions(config, tuple(names), **arrays)


def _with_context(
    inputs: dict[str, Tensor], config: LeapConfig, context_network: nn.Module | None
) -> Mapping[str, Tensor]:
    """Puts the tokens of the clips around in the place of their pictures."""
    if not config.context_offsets or "context" in inputs:
        return inputs
    if "context_clips" not in inputs or context_network is None:
        raise ModelError(
            f"expected the {len(config.context_offsets)} clips around each, or their tokens, and the context network; "
            "give the run that it was trained with"
        )
    clips = inputs.pop("context_clips")
    num_clips, num_around = clips.shape[:2]
    tokens = context_network({"clip": clips.flatten(0, 1)})["token"]
    return inputs | {"context": tokens.view(num_clips, num_around, -1)}

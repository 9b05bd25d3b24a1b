"""The project's own networks as judges of generated pictures: the frame encoder's heads, and a recogniser of actions.

Shapes: B pictures, K nouns of the hands' classifier.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from egoprog.data.epic_classes import NOUNS, VERBS
from egoprog.errors import ModelError
from egoprog.leap.config import uniformer_from_json
from egoprog.leap.frame_pretraining import FrameConfig, FrameNetwork
from egoprog.leap.initial_weights import load_network, weights_of
from egoprog.lego.action_in_picture import Recognised, Touched
from egoprog.lego.feature_extractors import encoder_pixels, origin_of, recogniser_clips
from egoprog.lego.features import BATCH, Origin, Pictures
from egoprog.state_dicts import load_strictly
from egoprog.train.checkpoint import read_metadata, read_weights


class FrameJudge:
    """The pretrained frame encoder's heads on what each hand touches in a single frame."""

    def __init__(self, path: Path) -> None:
        weights = weights_of(path)
        self.network = load_frame_network(weights)
        self.origin = origin_of(weights, f"heads of the frame encoder {path.name}")

    def __call__(self, outputs: Pictures) -> Touched:
        """What is seen in the whole of each picture, squeezed to the encoder's size."""
        said = self.said(outputs)
        return Touched(self.network.config.nouns, said["left"], said["right"])

    @torch.inference_mode()
    def said(self, outputs: Pictures) -> dict[str, np.ndarray]:
        """Probabilities (B, classes) of the heads "left", "right", "verb" and "noun"."""
        config = self.network.config.backbone
        parts = []
        for start in range(0, len(outputs), BATCH):
            parts.append(self.network(encoder_pixels(outputs[start : start + BATCH], config)))
        return {name: _shares([part[name] for part in parts]) for name in ("left", "right", "verb", "noun")}


class RecogniserJudge:
    """A recogniser of actions on a clip that shows the input for half of its frames, then the output."""

    def __init__(self, path: Path) -> None:
        weights = weights_of(path)
        self.network = load_network(weights)
        config = self.network.config
        if config.task != "recognise" or config.context_offsets:
            raise ModelError(
                f"expected a recogniser without context in {path}, got one that does {config.task} with "
                f"{len(config.context_offsets)} clips around; two pictures have no clips around them"
            )
        self.origin = origin_of(weights, f"recogniser {path.name} on input and output")

    @torch.inference_mode()
    def __call__(self, inputs: Pictures, outputs: Pictures) -> Recognised:
        backbone, vocabulary = self.network.config.backbone, self.network.config.vocabulary
        parts = []
        for start in range(0, len(outputs), BATCH):
            both = inputs[start : start + BATCH], outputs[start : start + BATCH]
            parts.append(self.network({"clip": recogniser_clips(*both, backbone)}))
        verbs, nouns = (_shares([part[name] for part in parts]) for name in ("verbs", "nouns"))
        return Recognised(vocabulary.verbs, vocabulary.nouns, verbs, nouns)


class OutputAlone:
    """A frame judge's word on the action where no recogniser is at hand: it sees the output and no change."""

    def __init__(self, judge: FrameJudge) -> None:
        self.judge = judge
        self.origin = Origin(f"{judge.origin.name}, on the output alone", judge.origin.fingerprint)

    def __call__(self, inputs: Pictures, outputs: Pictures) -> Recognised:
        said = self.judge.said(outputs)
        return Recognised(VERBS, NOUNS, said["verb"], said["noun"])


def load_frame_network(path: Path) -> FrameNetwork:
    """The network that a pretraining left, heads and all, in eval mode. Raises ModelError for another file."""
    weights, metadata = read_weights(path), read_metadata(path)
    if "backbone" not in metadata or "nouns" not in metadata:
        raise ModelError(f"expected a frame encoder of  python -m training.frames  in {path}, got other weights")
    config = FrameConfig(uniformer_from_json(metadata["backbone"]), tuple(json.loads(metadata["nouns"])))
    network = FrameNetwork(config)
    load_strictly(network, weights)
    return network.eval().requires_grad_(False)


def _shares(logits: Sequence[Tensor]) -> np.ndarray:
    return torch.cat(list(logits)).softmax(1).numpy()

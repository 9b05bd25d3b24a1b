"""Graphs of a stream without a network, with the names and shapes that exported ones have.

A frame's token is its mean brightness, 0 to 255; a head's token is the list of those in its window, oldest first.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from egoprog.leap.config import SENTENCE_WIDTH, SUB_VERBS, LeapConfig, UniFormerConfig, Vocabulary, to_json
from egoprog.program.types import Verb
from egoprog.runtime import TensorSpec

NUM_FRAMES = 4
VOCABULARY = Vocabulary(
    verbs=("take", "open"),
    nouns=("knife", "board:chopping"),
    actions=((0, 0), (0, 1), (1, 1)),
    objects=("knife", "board"),
    sentences=("if knife in hand",),
)
BACKBONE = UniFormerConfig(
    width=NUM_FRAMES, num_heads=1, size_px=(32, 48), num_frames=NUM_FRAMES, num_classes=7, time_embedding="global"
)
PRESENT = LeapConfig(VOCABULARY, BACKBONE, num_steps=3, span_s=0.8)
COMING = replace(PRESENT, task="anticipate", span_s=1.2)


class FakeEncoder:
    """frame -> tokens: the mean brightness before it was normalised."""

    inputs = (TensorSpec("frame", (1, 3, 32, 48), "float32"),)
    outputs = (TensorSpec("tokens", (1, 1, 1, 1), "float32"),)
    backend, device, fallbacks, metadata = "fake", "cpu", (), {"config": to_json(BACKBONE)}

    def __init__(self):
        self.num_runs = 0

    def run(self, arrays):
        assert arrays["frame"].shape == (1, 3, 32, 48) and arrays["frame"].dtype == np.float32
        self.num_runs += 1
        mean = (arrays["frame"].mean() * BACKBONE.std + BACKBONE.mean) * 255
        return {"tokens": np.full((1, 1, 1, 1), mean, np.float32)}


@dataclass
class FakeHead:
    """Sure of "open board:chopping" and of grasp(board) where the newest frame is bright, of the first class else."""

    config: LeapConfig
    has_context: bool = False
    windows: list = field(default_factory=list)
    contexts: list = field(default_factory=list)
    backend, device, fallbacks, outputs = "fake", "cpu", (), ()

    @property
    def metadata(self):
        return {"config": to_json(self.config)}

    @property
    def inputs(self):
        specs = [TensorSpec("tokens", (1, 1, 1, 1), "float32"), TensorSpec("state_ring", (1, NUM_FRAMES), "float32")]
        specs.append(TensorSpec("state_count", (1,), "int64"))
        if self.has_context:
            num = len(self.config.context_offsets)
            specs += [TensorSpec("context", (1, num, NUM_FRAMES), "float32")]
            specs += [TensorSpec("has_context", (1, num), "bool")]
        return tuple(specs)

    def run(self, arrays):
        assert set(arrays) == {spec.name for spec in self.inputs}
        newest = arrays["tokens"].reshape(1, 1)
        ring = np.concatenate([arrays["state_ring"][:, 1:], newest], axis=1)
        if arrays["state_count"][0] == 0:
            ring[:] = newest
        self.windows.append([round(float(value)) for value in ring[0]])
        if self.has_context:
            has_context, tokens = arrays["has_context"][0], arrays["context"][0]
            self.contexts.append(
                [token.round().tolist() if has else None for has, token in zip(has_context, tokens, strict=True)]
            )
        is_bright = newest[0, 0] > 127
        sub_verbs = np.zeros((1, 3, len(SUB_VERBS)), np.float32)
        sub_verbs[0, :, SUB_VERBS.index(Verb.NOTHING)] = 9.0
        sub_verbs[0, 0, SUB_VERBS.index(Verb.GRASP)] = 20.0
        objects = np.zeros((1, 3, 3), np.float32)
        objects[0, 0, 2 if is_bright else 1] = 9.0
        return {
            "token": ring,
            "verbs": np.zeros((1, 2), np.float32),
            "nouns": np.zeros((1, 2), np.float32),
            "actions": np.array([[0, 0, 5.0] if is_bright else [5.0, 0, 0]], np.float32),
            "sub_verbs": sub_verbs,
            "objects": objects,
            "precondition": np.eye(1, SENTENCE_WIDTH, dtype=np.float32),
            "state_ring_out": ring,
            "state_count_out": arrays["state_count"] + 1,
        }


def fake_sessions(with_anticipator=True):
    """The sessions by name, for `StreamRecogniser`."""
    sessions = {"frame_encoder": FakeEncoder(), "recogniser": FakeHead(PRESENT)}
    return sessions | ({"anticipator": FakeHead(COMING)} if with_anticipator else {})

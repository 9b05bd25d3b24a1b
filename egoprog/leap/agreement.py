"""How far two forms of a model lie apart on the same frames: PyTorch and ONNX, fp32 and int8.

Shapes: N frames, H/W pixels.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from egoprog.data import fitting
from egoprog.data.frames import OpenVideo
from egoprog.leap.config import UniFormerConfig
from egoprog.leap.live import CONTEXT, ENCODER
from egoprog.runtime import ModelFolder, Session, load

TOLERANCE = 1e-4
"""Of fp32, as a share of an output's largest value where that is above 1."""
CLASSES = ("verbs", "nouns", "actions", "sub_verbs", "objects")
"""Outputs whose largest value on the last axis is what is said."""


@dataclass(frozen=True)
class Difference:
    """largest: between two forms' values. scale: the largest value itself. top_1: how often both say the same class."""

    output: str
    largest: float
    scale: float
    top_1: float | None

    def is_within(self, tolerance: float = TOLERANCE) -> bool:
        """NaN is not."""
        return self.largest <= tolerance * max(1.0, self.scale)


def sessions_of(model: ModelFolder, backend: str, precision: str = "fp32", num_threads: int = 1) -> dict[str, Session]:
    """Every graph of a model on one backend. Raises ModelError where it does not run here."""
    return {name: load(model.path, (backend,), precision, graph=name, num_threads=num_threads) for name in model.graphs}


def stream(
    sessions: Mapping[str, Session], frames: Iterable[NDArray[np.float32]], has_context: bool = True
) -> dict[str, NDArray]:
    """What all graphs say of a stream, by "graph.output", stacked over N frames (1, 3, H, W); states are left out.

    With has_context the context network's token of each tick stands for all context clips; without such a network it
    is the head's own last token.
    """
    said: dict[str, list[NDArray]] = {}
    heads = {name: session for name, session in sessions.items() if name != ENCODER}
    held = {name: _zeros(session, "state_") for name, session in heads.items()}
    context = {name: _zeros(session, "context") for name, session in heads.items()}
    asked = {name: {spec.name for spec in session.inputs} for name, session in heads.items()}
    for frame in frames:
        tokens = sessions[ENCODER].run({"frame": frame})["tokens"]
        said.setdefault(f"{ENCODER}.tokens", []).append(tokens)
        for name in sorted(heads, key=lambda name: name != CONTEXT):
            others = context[name]
            if "has_context" in asked[name]:
                has = next(spec for spec in heads[name].inputs if spec.name == "has_context")
                others = others | {"has_context": np.full(has.shape, has_context, has.dtype)}
            outputs = heads[name].run({"tokens": tokens, **held[name], **others})
            held[name] = {key: outputs.pop(f"{key}_out") for key in held[name]}
            for key, value in outputs.items():
                said.setdefault(f"{name}.{key}", []).append(value)
            for other in heads if name == CONTEXT else [name] if CONTEXT not in heads else []:
                for key, value in context[other].items():
                    context[other][key] = np.repeat(outputs["token"][:, None], value.shape[1], axis=1)
    return {name: np.stack(values) for name, values in said.items()}


def differences(ours: Mapping[str, NDArray], theirs: Mapping[str, NDArray]) -> list[Difference]:
    """Output by output, of two streams over the same frames; `theirs` is the reference."""
    found = []
    for name, reference in theirs.items():
        top_1 = None
        if name.rpartition(".")[2] in CLASSES:
            top_1 = float(np.mean(ours[name].argmax(-1) == reference.argmax(-1)))
        largest = float(np.abs(ours[name] - reference).max())
        found.append(Difference(name, largest, float(np.abs(reference).max()), top_1))
    return found


def normalised(pictures: Iterable[NDArray[np.uint8]], backbone: UniFormerConfig) -> list[NDArray[np.float32]]:
    """Pictures (H, W, 3) as the frame encoder takes them, (1, 3, H, W)."""
    fitted = (fitting.fit_frame(picture, backbone.size_px)[None] for picture in pictures)
    return [fitting.normalised(picture, backbone.mean, backbone.std) for picture in fitted]


def pictures_of_video(path: str | Path, num: int, rate_hz: float) -> list[NDArray[np.uint8]]:
    """The first pictures of a video, at a rate; fewer of a shorter one. Raises RecordingError."""
    video = OpenVideo(Path(path))
    try:
        stamps_s = [k / rate_hz for k in range(num) if k / rate_hz < video.duration_s] or [0.0]
        return list(video.read_stamped(stamps_s, None)[0])
    finally:
        video.close()


def made_pictures(num: int, size_px: tuple[int, int] = (240, 320), seed: int = 0) -> list[NDArray[np.uint8]]:
    """Coloured patches that move, for where there is no video."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (12, 24, 3), np.uint8)
    wide = cv2.resize(coarse, (size_px[1] * 3, size_px[0] * 2), interpolation=cv2.INTER_CUBIC)
    left = (np.arange(num) * 7) % (size_px[1] * 2)
    top = (np.arange(num) * 3) % size_px[0]
    return [wide[y : y + size_px[0], x : x + size_px[1]] for y, x in zip(top, left, strict=True)]


def _zeros(session: Session, prefix: str) -> dict[str, NDArray]:
    return {spec.name: np.zeros(spec.shape, spec.dtype) for spec in session.inputs if spec.name.startswith(prefix)}

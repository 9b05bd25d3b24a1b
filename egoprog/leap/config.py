"""What decides the shape of LEAP's network. It travels inside checkpoints and inside ONNX metadata.

Nothing here needs PyTorch, so that robots can read a model's configuration without it.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from egoprog.errors import ConfigurationError
from egoprog.program.flatten import MAX_SUB_ACTIONS
from egoprog.program.types import Verb

SUB_VERBS: tuple[Verb, ...] = tuple(Verb)
"""V of the paper, with ∅ first; a sub-action's class is its place here."""
NOTHING_CLASS = SUB_VERBS.index(Verb.NOTHING)
NO_OBJECT_CLASS = 0
"""Class 0 of the objects says "none"; object k of a vocabulary is class k + 1."""
ACTING_SHARE = 2 / 3
"""Of the soft object label of a step with two objects; the rest is the recipient's."""
SENTENCE_WIDTH = 384
"""Of the sentence embedding (all-MiniLM-L6-v2)."""

Task = Literal["recognise", "anticipate"]


@dataclass(frozen=True)
class UniFormerConfig:
    """UniFormerV2; the defaults are B/16 with 8 frames on Kinetics-400.

    size_px: height and width of a frame. global_layers: layers whose tokens the global blocks read, the last ones.
    num_local: local MHRAs in a layer: 0 (Kinetics), 1 or 2 (Something-Something). local_reduction: theirs.
    temporal_patch, temporal_stride: of the stem; 1, 1 (Kinetics) or 3, 2 (Something-Something).
    is_frozen: the layers take no gradient. class_frames: the frames whose class tokens' mean is balanced with the query
    for the classifier: "all"; "newest", for windows that end while something goes on; "none", in the published frozen
    kind.
    dropout: before the classifier. time_embedding: where frames are told their place; "stem" as in LEAP, "global" at
    the entrance of the global blocks, which leaves a frame's tokens independent of its place and so streams.
    stem: "patches" as published, a projection of each patch; "efficientnet_lite0" for small configurations, whose
    convolutions can start from ImageNet.
    mean, std: of values from 0 to 1. Not CLIP's.
    Source: OpenGVLab/UniFormerV2; LEAP section 3.2 for the time embedding.
    """

    width: int = 768
    num_layers: int = 12
    num_heads: int = 12
    patch_px: int = 16
    size_px: tuple[int, int] = (224, 224)
    num_frames: int = 8
    num_classes: int = 400
    global_layers: tuple[int, ...] = (8, 9, 10, 11)
    num_local: int = 0
    local_reduction: float = 1.5
    temporal_patch: int = 1
    temporal_stride: int = 1
    is_frozen: bool = False
    class_frames: Literal["all", "newest", "none"] = "all"
    dropout: float = 0.5
    drop_path: float = 0.0
    time_embedding: Literal["none", "stem", "global"] = "none"
    stem: Literal["patches", "efficientnet_lite0"] = "patches"
    mean: float = 0.45
    std: float = 0.225

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of patches."""
        return self.size_px[0] // self.patch_px, self.size_px[1] // self.patch_px

    @property
    def num_tokens(self) -> int:
        """Of a frame, with the class token."""
        return 1 + self.grid[0] * self.grid[1]


@dataclass(frozen=True)
class Vocabulary:
    """The classes of a model.

    verbs, nouns: EPIC-KITCHENS' keys, a class is its place. actions: (verb class, noun class) of those that training
    showed. objects: words of programs. sentences: joined pre-conditions that training showed, most frequent first, for
    finding words for a predicted embedding. acting, receiving: how often each object class (0: none) stood first and
    second in the steps of each sub-verb in training, for reading programs; () where nobody counted.
    """

    verbs: tuple[str, ...]
    nouns: tuple[str, ...]
    actions: tuple[tuple[int, int], ...]
    objects: tuple[str, ...]
    sentences: tuple[str, ...] = ()
    acting: tuple[tuple[int, ...], ...] = ()
    receiving: tuple[tuple[int, ...], ...] = ()

    @property
    def num_classes(self) -> int:
        """Of verbs, nouns and actions together: the width of the classifier."""
        return len(self.verbs) + len(self.nouns) + len(self.actions)


@dataclass(frozen=True)
class LeapConfig:
    """UniFormerV2 with LEAP's parts.

    context_offsets: clips before (negative) and after the one that is judged, whose tokens are added; () for none.
    has_program: whether φ is there. is_ordered: strict order instead of the containment loss. has_two_object_heads:
    one for each object instead of one soft label for both. The last two are the paper's ablations.
    tau_a_s: from the last frame that is read to the start of the action that is anticipated.
    span_s: of a window, where no annotation bounds it (anticipation, live): the paper's 256 frames.
    """

    vocabulary: Vocabulary
    backbone: UniFormerConfig = field(default_factory=UniFormerConfig)
    task: Task = "recognise"
    context_offsets: tuple[int, ...] = ()
    has_program: bool = True
    is_ordered: bool = False
    has_two_object_heads: bool = False
    num_steps: int = MAX_SUB_ACTIONS
    gru_width: int = 512
    tau_a_s: float = 1.0
    span_s: float = 256 / 60


def to_json(config: UniFormerConfig | Vocabulary | LeapConfig) -> str:
    """One line; `leap_from_json` and `uniformer_from_json` read it back."""
    return json.dumps(dataclasses.asdict(config), separators=(",", ":"), ensure_ascii=False)


def uniformer_from_json(text: str) -> UniFormerConfig:
    """Raises ConfigurationError for what is no such configuration."""
    return _build(UniFormerConfig, _mapping(text))


def leap_from_json(text: str) -> LeapConfig:
    """Raises ConfigurationError for what is no such configuration."""
    values = dict(_mapping(text))
    for key, kind in (("vocabulary", Vocabulary), ("backbone", UniFormerConfig)):
        if key in values:
            values[key] = _build(kind, values[key])
    return _build(LeapConfig, values)


def _mapping(text: str) -> Mapping[str, Any]:
    try:
        values = json.loads(text)
    except ValueError as error:
        raise ConfigurationError(f"expected a model's configuration as JSON, got {text[:60]!r}: {error}") from None
    if not isinstance(values, dict):
        raise ConfigurationError(f"expected a model's configuration as a JSON object, got {text[:60]!r}")
    return values


def _build(kind: type, values: Mapping[str, Any]) -> Any:
    try:
        return kind(**{key: _tuples(value) for key, value in values.items()})
    except TypeError as error:
        raise ConfigurationError(f"expected the fields of {kind.__name__}: {error}") from None


def _tuples(value: Any) -> Any:
    """JSON knows no tuples."""
    return tuple(map(_tuples, value)) if isinstance(value, list) else value

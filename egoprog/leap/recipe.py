"""A run of LEAP's training, whole: which network, which data, which loss, how long."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from egoprog.leap.augment import STRONGER, Augmentation
from egoprog.leap.config import LeapConfig, Task, UniFormerConfig, Vocabulary
from egoprog.train.config import TrainingConfig


@dataclass(frozen=True)
class LossWeights:
    """Of L_T, L_PC and L_CE (LEAP section 3.2), and the smoothing of labels. action 0: trained on programs alone."""

    program: float = 1.0
    precondition: float = 1.0
    action: float = 1.0
    smoothing: float = 0.0


@dataclass(frozen=True)
class Recipe:
    """Defaults are the paper's for action recognition. See LeapConfig for what is not said here.

    clips: what is recognised: "annotated" stretches, or what a live network sees, "trailing" windows of span_s that end
    while an action goes on, see `data.clips.moment_items`.
    held_out: whom the validation split shows. "unseen": those of the validation's annotations whom the dataset lists as
    unseen. "last": the last five participants of the training annotations, who are then not trained on, as in section
    4.2: EPIC-KITCHENS' programs span the training annotations alone. "official": all validation annotations.
    needs_init: weights must be given to start from. min_count: clips that must name an object of the vocabulary.
    augmentation: None for pictures as they are.
    """

    backbone: UniFormerConfig
    task: Task = "recognise"
    context_offsets: tuple[int, ...] = (-2, -1, 1, 2)
    has_program: bool = True
    is_ordered: bool = False
    has_two_object_heads: bool = False
    gru_width: int = 512
    tau_a_s: float = 1.0
    span_s: float = 256 / 60
    clips: Literal["annotated", "trailing"] = "annotated"
    loss: LossWeights = field(default_factory=LossWeights)
    held_out: Literal["unseen", "last", "official"] = "last"
    needs_init: bool = False
    min_count: int = 2
    augmentation: Augmentation | None = STRONGER
    training: TrainingConfig = field(default_factory=TrainingConfig)

    def config(self, vocabulary: Vocabulary) -> LeapConfig:
        """The network's, once the data have been counted."""
        return LeapConfig(
            vocabulary,
            replace(self.backbone, num_classes=vocabulary.num_classes),
            self.task,
            self.context_offsets,
            self.has_program,
            self.is_ordered,
            self.has_two_object_heads,
            gru_width=self.gru_width,
            tau_a_s=self.tau_a_s,
            span_s=self.span_s,
        )

"""φ: a program and its pre-conditions, off the video token.

Shapes: B clips, C width, K steps, V sub-action verbs (8), O object classes (0: none), E sentence embedding.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from egoprog.leap.config import SENTENCE_WIDTH, SUB_VERBS, LeapConfig


class ProgramHead(nn.Module):
    """A fully connected head for the pre-conditions, and a GRU with heads for verbs and objects.

    The GRU starts from the token and reads the number of the step: nothing of what it said before is fed back, so that
    training and use see the same. What the token shows of each verb and object counts in every step, beside what the
    GRU says of this one: this second way starts at zero, or with heads of a frame encoder (`initial_weights`), which
    know more objects than programs can teach. The pre-conditions start at zero: off a start by chance, the L1 norm
    pulls at all its 384 numbers with the same force, and at the token before anything else.
    Source: LEAP section 3.2; the second way is ours.
    """

    def __init__(self, config: LeapConfig) -> None:
        super().__init__()
        width, hidden = config.backbone.width, config.gru_width
        self.num_object_classes = len(config.vocabulary.objects) + 1
        self.num_object_heads = 2 if config.has_two_object_heads else 1
        self.norm = nn.LayerNorm(width)
        self.precondition = nn.Linear(width, SENTENCE_WIDTH)
        self.start = nn.Linear(width, hidden)
        self.steps = nn.Parameter(torch.empty(config.num_steps, hidden).normal_(std=0.5))
        self.gru = nn.GRU(hidden, hidden, batch_first=True)
        self.verb = nn.Linear(hidden, len(SUB_VERBS))
        self.objects = nn.Linear(hidden, self.num_object_heads * self.num_object_classes)
        self.seen_objects = nn.Linear(width, self.num_object_heads * self.num_object_classes, bias=False)
        self.seen_verbs = nn.Linear(width, len(SUB_VERBS), bias=False)
        for layer in (self.seen_objects, self.seen_verbs, self.precondition):
            nn.init.zeros_(layer.weight)
        nn.init.zeros_(self.precondition.bias)

    def forward(self, token_BC: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Returns logits of verbs (B, K, V) and of objects (B, K, O), with two heads (B, K, 2, O), and (B, E)."""
        token_BC = self.norm(token_BC)
        num_clips, num_steps = len(token_BC), len(self.steps)
        start_1BH = torch.tanh(self.start(token_BC))[None]
        hidden_BKH, _ = self.gru(self.steps.expand(num_clips, -1, -1).contiguous(), start_1BH)
        objects = self.objects(hidden_BKH) + self.seen_objects(token_BC)[:, None]
        if self.num_object_heads == 2:
            objects = objects.view(num_clips, num_steps, 2, self.num_object_classes)
        verbs = self.verb(hidden_BKH) + self.seen_verbs(token_BC)[:, None]
        return verbs, objects, self.precondition(token_BC)

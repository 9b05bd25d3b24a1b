"""LEAP's network: UniFormerV2, the tokens of clips around, a classifier, and φ.

Shapes: B clips, T frames, H/W pixels, G global layers, L tokens of a frame, C width, n context clips, K steps,
V sub-action verbs, O object classes, E sentence embedding.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from egoprog.leap.config import LeapConfig
from egoprog.leap.program_head import ProgramHead
from egoprog.leap.uniformer import UniFormerV2


class LeapNetwork(nn.Module):
    """Says of a clip its verb, noun and action, and its program.

    The context network is one of these too, trained on programs alone and frozen; its video tokens ("token" of its
    output) come in as the batch's "context". LEAP adds them to the clip's own token; each goes through a layer of its
    own first, because the token of another network, of another clip, has a basis and a meaning of its own; the layers
    start at zero, so that training starts from the network without context.
    Source: LEAP section 3.2 and figure 4.
    """

    def __init__(self, config: LeapConfig) -> None:
        super().__init__()
        self.config = config
        if config.backbone.num_classes != config.vocabulary.num_classes:
            raise ValueError(
                f"expected a classifier of {config.vocabulary.num_classes} classes, the vocabulary's, "
                f"got {config.backbone.num_classes}"
            )
        width = config.backbone.width
        self.backbone = UniFormerV2(config.backbone)
        self.context_norm = nn.LayerNorm(width) if config.context_offsets else None
        self.context = nn.ModuleList(nn.Linear(width, width) for _ in config.context_offsets)
        for layer in self.context:
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)
        self.program = ProgramHead(config) if config.has_program else None

    def forward(self, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Judges a batch of clips.

        batch: "clip" (B, 3, T, H, W), normalised, or "features" (B, T, G, L, C), what the backbone made of its frames;
        with context "context" (B, n, C) and "has_context" (B, n), False where the video has no such clip.
        Returns "token" (B, C), the video token before context; logits "verbs", "nouns", "actions" (B, ...); with φ
        also "sub_verbs" (B, K, V), "objects" (B, K, O) or (B, K, 2, O), "precondition" (B, E).
        """
        features = batch["features"] if "features" in batch else self.backbone.frames(batch["clip"])
        token_BC = self.backbone.fuse(features)
        return {"token": token_BC} | self.judge(self.with_context(token_BC, batch))

    def with_context(self, token_BC: Tensor, batch: Mapping[str, Tensor]) -> Tensor:
        """Adds what the clips around say."""
        if self.context_norm is None:
            return token_BC
        context_BnC = self.context_norm(batch["context"])
        added = [layer(context_BnC[:, k]) * batch["has_context"][:, k, None] for k, layer in enumerate(self.context)]
        return token_BC + torch.stack(added).sum(dim=0)

    def judge(self, token_BC: Tensor) -> dict[str, Tensor]:
        """The heads."""
        vocabulary = self.config.vocabulary
        sizes = [len(vocabulary.verbs), len(vocabulary.nouns), len(vocabulary.actions)]
        verbs, nouns, actions = self.backbone.classify(token_BC).split(sizes, dim=1)
        said = {"verbs": verbs, "nouns": nouns, "actions": actions}
        if self.program is not None:
            said["sub_verbs"], said["objects"], said["precondition"] = self.program(token_BC)
        return said

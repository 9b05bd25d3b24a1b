"""Teaches a frame encoder what is in a frame: where things are, what the hands touch, and which action this may be.

For small configurations, which no published weights fit: it stands where paper-sized ones load Kinetics' weights.
Action programs take no part, so that what they add later is theirs.

Shapes: B frames, H/W pixels, L tokens (class token first), N nouns, K kept patches.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from egoprog.data.epic_classes import NOUNS, VERBS
from egoprog.data.epic_folder import EpicFolder
from egoprog.errors import ModelError
from egoprog.leap.config import UniFormerConfig, to_json, uniformer_from_json
from egoprog.leap.encoded import encoder_weights
from egoprog.leap.labelled_frames import PLACES, FrameDataset, read_nouns
from egoprog.leap.targets import UNKNOWN
from egoprog.leap.uniformer import UniFormerV2
from egoprog.state_dicts import load_strictly, read_checkpoint
from egoprog.train.batches import Batches
from egoprog.train.checkpoint import read_metadata, read_weights
from egoprog.train.task import Task

HEADS = ("left", "right", "verb", "noun", "next_verb", "next_noun")
WEIGHTS = {"left": 1.0, "right": 1.0, "verb": 0.5, "noun": 0.5, "next_verb": 0.1, "next_noun": 0.1}
"""Of the heads' losses. What a frame says of the action is learned easily from the kitchen that it shows, by heart."""
MOST_RARE = 0.0005
"""A share of patches; what is rarer counts as if it were this frequent."""


@dataclass(frozen=True)
class FrameConfig:
    """nouns: EPIC-KITCHENS' keys of what has boxes. keep: the least share of patches that a training step looks at."""

    backbone: UniFormerConfig
    nouns: tuple[str, ...]
    keep: float = 0.3


class FrameNetwork(nn.Module):
    """The layers of a UniFormerV2, and heads that judge one frame. Its `backbone` is what is kept."""

    def __init__(self, config: FrameConfig) -> None:
        super().__init__()
        self.config = config
        self.backbone = UniFormerV2(config.backbone)
        width, num_nouns = config.backbone.width, len(config.nouns)
        self.norm = nn.LayerNorm(width)
        self.patches = nn.Linear(width, num_nouns + len(PLACES))
        self.heads = nn.ModuleDict(
            {
                "left": nn.Linear(width, num_nouns + 1),  # what the hand touches; the last class: nothing
                "right": nn.Linear(width, num_nouns + 1),
                "verb": nn.Linear(width, len(VERBS)),
                "noun": nn.Linear(width, len(NOUNS)),
                "next_verb": nn.Linear(width, len(VERBS)),
                "next_noun": nn.Linear(width, len(NOUNS)),
            }
        )

    def forward(self, frames_BCHW: Tensor) -> dict[str, Tensor]:
        """Logits: "patches" (B, kept, N + 4), "kept" (B, kept) their numbers, and (B, classes) of every head."""
        tokens_BTLC = self.backbone.stem(frames_BCHW[:, :, None])
        num_frames, _, num_tokens, width = tokens_BTLC.shape
        kept_BK = self._kept(num_frames, num_tokens - 1, tokens_BTLC.device)
        index = torch.cat([torch.zeros_like(kept_BK[:, :1]), kept_BK + 1], dim=1)
        tokens_BTLC = tokens_BTLC.gather(2, index[:, None, :, None].expand(-1, -1, -1, width))
        for block in self.backbone.transformer.resblocks:
            tokens_BTLC = block(tokens_BTLC)
        tokens_BLC = self.norm(tokens_BTLC[:, 0])
        said = {name: head(tokens_BLC[:, 0]) for name, head in self.heads.items()}
        return said | {"patches": self.patches(tokens_BLC[:, 1:]), "kept": kept_BK}

    def _kept(self, num_frames: int, num_patches: int, device: torch.device) -> Tensor:
        """In training a random part of the patches, mostly few: it costs less, and teaches to fill in."""
        if not self.training or self.config.keep >= 1:
            return torch.arange(num_patches, device=device).expand(num_frames, -1)
        keep = self.config.keep
        share = keep + (1 - keep) * torch.rand(()).item() ** 2
        order = torch.rand(num_frames, num_patches, device=device).argsort(dim=1)
        return order[:, : max(1, round(share * num_patches))]


def cut_mixed(batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The first half of a batch with a rectangle of patches out of the second, with what those show.

    What a thing looks like is then told apart from the kitchen that it stands in. What hands touch and what is being
    done are no longer known of the first half. The rectangle is drawn from torch's generator.
    """
    frames_BCHW, patches_BRSN = batch["frames"].clone(), batch["patches"].clone()
    half, (rows, columns) = len(frames_BCHW) // 2, patches_BRSN.shape[1:3]
    step = frames_BCHW.shape[2] // rows
    height, width = (int(torch.randint(most // 4, most * 3 // 4 + 1, ())) for most in (rows, columns))
    top, left = int(torch.randint(rows - height + 1, ())), int(torch.randint(columns - width + 1, ()))
    down, across = slice(top, top + height), slice(left, left + width)
    patches_BRSN[:half, down, across] = patches_BRSN[half : 2 * half, down, across]
    down, across = slice(top * step, (top + height) * step), slice(left * step, (left + width) * step)
    frames_BCHW[:half, :, down, across] = frames_BCHW[half : 2 * half, :, down, across]
    mixed = {**batch, "frames": frames_BCHW, "patches": patches_BRSN}
    for name in HEADS:
        mixed[name] = batch[name].clone()
        mixed[name][:half] = UNKNOWN
    return mixed


def rarity(frequencies: Sequence[float]) -> Tensor:
    """(N + 4,) how much a patch that shows something counts against one that does not, the rarer the more.

    Unweighted, a network learns where furniture is and leaves out hands: they are on 2% of the patches.
    """
    return torch.tensor(frequencies).clamp(min=MOST_RARE, max=1.0).rsqrt()


def frame_loss(said: Mapping[str, Tensor], batch: Mapping[str, Tensor], rarity_N: Tensor) -> dict[str, Tensor]:
    """Scalars: "loss", the sum, and its parts. rarity_N: see `rarity`."""
    kept_BK = said["kept"]
    true_BKN = batch["patches"].flatten(1, 2).gather(1, kept_BK[..., None].expand(-1, -1, batch["patches"].shape[-1]))
    patches = F.binary_cross_entropy_with_logits(
        said["patches"], true_BKN.float(), reduction="none", pos_weight=rarity_N
    )
    parts = {"patches_loss": patches.sum(dim=2).mean()}
    for name in HEADS:
        known = (batch[name] != UNKNOWN).sum().clamp(min=1)
        total = F.cross_entropy(said[name], batch[name], ignore_index=UNKNOWN, reduction="sum")
        parts[f"{name}_loss"] = WEIGHTS[name] * total / known
    return {"loss": sum(parts.values())} | parts


def hits(said: Mapping[str, Tensor], batch: Mapping[str, Tensor]) -> Tensor:
    """(B, 14): of every head whether it was right and whether it counts, then twice the patches' hits and their sum.

    Hands count where they touch something, and are asked what.
    """
    num_nouns = said["left"].shape[1] - 1
    columns = []
    for name in HEADS:
        counts_B, best_B = batch[name] != UNKNOWN, said[name].argmax(1)
        if name in ("left", "right"):
            counts_B, best_B = counts_B & (batch[name] != num_nouns), said[name][:, :num_nouns].argmax(1)
        columns += [(best_B == batch[name]) & counts_B, counts_B]
    true_BKN, is_said_BKN = batch["patches"].flatten(1, 2), said["patches"] > 0
    columns += [2 * (true_BKN & is_said_BKN).sum((1, 2)), true_BKN.sum((1, 2)) + is_said_BKN.sum((1, 2))]
    return torch.stack([column.float() for column in columns], dim=1)


class FrameTask(Task):
    """Of one dataset with boxes. cache: a folder for pictures that are read out of videos once.

    stem: a published checkpoint of the backbone's stem, which then stays as it is; None to train all from nothing.
    encoder: a pretrained frame encoder, whose backbone stays as it is, so that the heads alone are trained.
    """

    def __init__(
        self,
        folder: EpicFolder,
        backbone: UniFormerConfig,
        cache: Path,
        held_out: Sequence[str] = (),
        keep: float = 0.3,
        stem: Path | None = None,
        encoder: Path | None = None,
    ) -> None:
        self.folder, self.cache, self.held_out, self.stem = folder, cache, tuple(held_out), stem
        self._encoder = read_frame_encoder(encoder) if encoder is not None else None
        if self._encoder is not None:
            backbone, keep = self._encoder.config, 1.0
        self.config = FrameConfig(backbone, read_nouns(folder, "train"), keep)
        self._rarity: Tensor | None = None

    def model(self) -> nn.Module:
        network = FrameNetwork(self.config)
        if self.stem is not None:
            network.backbone.conv1.start_from(read_checkpoint(self.stem))
        if self._encoder is not None:
            network.backbone.load_state_dict(self._encoder.state_dict())
            network.backbone.requires_grad_(False)
        return network

    def dataset(self, split: str) -> FrameDataset:
        """Validation shows held-out participants alone."""
        participants = self.held_out if split == "validation" else ()
        is_training = split == "train"
        config = self.config
        return FrameDataset(self.folder, split, config.backbone, config.nouns, self.cache, is_training, participants)

    def loss(self, model: nn.Module, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        if self._rarity is None:
            self._rarity = rarity(self.dataset("train").frequencies().tolist()).to(batch["frames"].device)
        if model.training:
            batch = cut_mixed(batch)
        return frame_loss(model(batch["frames"]), batch, self._rarity)

    def measure(self, model: nn.Module, batches: Batches) -> dict[str, float]:
        """Shares of right answers from 0 to 1 by head, "patches" as F1, and "mean" of them all."""
        rows = batches.gather(torch.cat([hits(model(batch["frames"]), batch) for batch in batches]))
        sums = rows.sum(0).tolist()
        shares = [right / max(count, 1.0) for right, count in zip(sums[::2], sums[1::2], strict=True)]
        figures = dict(zip((*HEADS, "patches"), shares, strict=True))
        return figures | {"mean": sum(shares) / len(shares)}

    def layers(self, model: nn.Module) -> Iterable[nn.Module]:
        return model.backbone.transformer.resblocks

    def metadata(self) -> dict[str, str]:
        return {"backbone": to_json(self.config.backbone), "nouns": json.dumps(self.config.nouns)}


def read_frame_encoder(path: str | Path) -> UniFormerV2:
    """The backbone that a pretraining left, in eval mode; what fuses its frames is as at random.

    path: RUN/best.safetensors, or frame_encoder.safetensors of a model folder. Raises ModelError for another file.
    """
    weights, metadata = read_weights(path), read_metadata(path)
    if "backbone" not in metadata:
        raise ModelError(f"expected a frame encoder of  python -m training.frames  in {path}, got other weights")
    backbone = UniFormerV2(uniformer_from_json(metadata["backbone"]))
    own = {name.removeprefix("backbone."): value for name, value in weights.items() if name.startswith("backbone.")}
    load_strictly(backbone, own, may_lack=backbone.state_dict().keys() - encoder_weights(backbone).keys())
    return backbone.eval()

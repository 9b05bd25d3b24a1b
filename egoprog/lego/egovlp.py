"""EgoVLP: a video tower and a text tower that say alike of a clip and its narration.

It loads a published checkpoint (showlab/EgoVLP: egovlp.pth with 4 frames; epic_mir_plus.pth with 16) key by key:
`state_dict` with `video_model.*`, `vid_proj.0.*`, `text_model.*` (a DistilBERT) and `txt_proj.1.*`, each perhaps with
`module.` before it. The files also carry their training's configuration as an object of its code: it is read as
something that does nothing, and code that a published file does not have is refused.

The video tower is a ViT in which every layer looks through time before it looks through the picture; what it adds
after both is added to the layer's input, not to what the look through time gave (Bain et al. 2021, section 3.1).

Shapes: B clips, F frames, P patches of a frame, N tokens (1 + F P, class token first), D width, H/W pixels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import DistilBertConfig, DistilBertModel

from egoprog.errors import ModelError
from egoprog.state_dicts import load_strictly, read_checkpoint

MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)
CONFIGURATION = (
    "parse_config.ConfigParser",
    "parse_config_dist_multi.ConfigParser",
    "argparse.Namespace",
    "pathlib.PosixPath",
)
"""What the configuration inside published files is made of, beside plain values."""


@dataclass(frozen=True)
class EgoVlpConfig:
    """Of the video tower; the defaults are the published ones. width_out: of what both towers are compared in."""

    width: int = 768
    num_layers: int = 12
    num_heads: int = 12
    patch_px: int = 16
    size_px: int = 224
    num_frames: int = 4
    width_out: int = 256


class Attention(nn.Module):
    """The class token looks at every token; the others within their group, and at the class token."""

    def __init__(self, width: int, num_heads: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, tokens_BND: Tensor, num_frames: int, through_time: bool) -> Tensor:
        batch, num_tokens, width = tokens_BND.shape
        heads = self.num_heads
        split = self.qkv(tokens_BND).view(batch, num_tokens, 3, heads, width // heads).permute(2, 0, 3, 1, 4)
        query, key, value = split  # (B, heads, N, d)
        whole = F.scaled_dot_product_attention(query[:, :, :1], key, value)

        def grouped(each: Tensor) -> Tensor:
            """(B, heads, groups, members, d): a patch's moments, or a frame's patches."""
            frames = each[:, :, 1:].unflatten(2, (num_frames, -1))
            return frames.transpose(2, 3) if through_time else frames

        query, keys, values = grouped(query), grouped(key), grouped(value)
        first = [each[:, :, None, :1].expand(-1, -1, keys.shape[2], -1, -1) for each in (key, value)]
        keys, values = torch.cat([first[0], keys], 3), torch.cat([first[1], values], 3)
        rest = F.scaled_dot_product_attention(query, keys, values)
        rest = (rest.transpose(2, 3) if through_time else rest).flatten(2, 3)
        return self.proj(torch.cat([whole, rest], 2).transpose(1, 2).flatten(2))


class Layer(nn.Module):
    def __init__(self, width: int, num_heads: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps=1e-6)
        self.attn = Attention(width, num_heads)
        self.timeattn = Attention(width, num_heads)
        self.norm2 = nn.LayerNorm(width, eps=1e-6)
        self.mlp = nn.ModuleDict({"fc1": nn.Linear(width, 4 * width), "fc2": nn.Linear(4 * width, width)})
        self.norm3 = nn.LayerNorm(width, eps=1e-6)

    def forward(self, tokens_BND: Tensor, num_frames: int) -> Tensor:
        timed = tokens_BND + self.timeattn(self.norm3(tokens_BND), num_frames, through_time=True)
        tokens_BND = tokens_BND + self.attn(self.norm1(timed), num_frames, through_time=False)
        return tokens_BND + self.mlp["fc2"](F.gelu(self.mlp["fc1"](self.norm2(tokens_BND))))


class VideoTower(nn.Module):
    """Clips (B, F, 3, H, W), normalised, of at most the configuration's frames, to (B, D)."""

    def __init__(self, config: EgoVlpConfig) -> None:
        super().__init__()
        width, patch = config.width, config.patch_px
        self.patch_embed = nn.ModuleDict({"proj": nn.Conv2d(3, width, patch, stride=patch)})
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + (config.size_px // patch) ** 2, width))
        self.temporal_embed = nn.Parameter(torch.zeros(1, config.num_frames, width))
        self.blocks = nn.ModuleList(Layer(width, config.num_heads) for _ in range(config.num_layers))
        self.norm = nn.LayerNorm(width, eps=1e-6)

    def forward(self, clips_BFCHW: Tensor) -> Tensor:
        batch, num_frames = clips_BFCHW.shape[:2]
        patches_BPD = self.patch_embed["proj"](clips_BFCHW.flatten(0, 1)).flatten(2).transpose(1, 2)
        patches_BFPD = patches_BPD.unflatten(0, (batch, num_frames)) + self.pos_embed[:, None, 1:]
        patches_BFPD = patches_BFPD + self.temporal_embed[:, :num_frames, None]
        first = (self.cls_token + self.pos_embed[:, :1]).expand(batch, -1, -1)
        tokens_BND = torch.cat([first, patches_BFPD.flatten(1, 2)], 1)
        for block in self.blocks:
            tokens_BND = block(tokens_BND, num_frames)
        return self.norm(tokens_BND)[:, 0]


class EgoVlp(nn.Module):
    """Both towers. Names of parts are the published file's keys."""

    def __init__(self, config: EgoVlpConfig, text: DistilBertConfig) -> None:
        super().__init__()
        self.config = config
        self.video_model = VideoTower(config)
        self.text_model = DistilBertModel(text)
        self.txt_proj = nn.Sequential(nn.ReLU(), nn.Linear(text.dim, config.width_out))
        self.vid_proj = nn.Sequential(nn.Linear(config.width, config.width_out))
        self.register_buffer("mean", torch.tensor(MEAN)[:, None, None], persistent=False)
        self.register_buffer("std", torch.tensor(STD)[:, None, None], persistent=False)

    def videos(self, clips_BFCHW: Tensor) -> Tensor:
        """(B, width_out) of values from 0 to 1 at the configuration's size."""
        return self.vid_proj(self.video_model((clips_BFCHW - self.mean) / self.std))

    def texts(self, tokens: Mapping[str, Tensor]) -> Tensor:
        """(B, width_out); tokens: input_ids and attention_mask, (B, length)."""
        return self.txt_proj(self.text_model(**tokens).last_hidden_state[:, 0])


def load_egovlp(path: str | Path, num_heads: int = 12, text_heads: int = 12) -> EgoVlp:
    """Both towers of a published checkpoint in eval mode; their sizes are read from its tensors.

    num_heads, text_heads: of the towers' attention, which leave no trace in a file. Raises ModelError for a file that
    is missing, holds code, or has other keys.
    """
    with torch.serialization.safe_globals([(Inert, name) for name in CONFIGURATION]):
        content = read_checkpoint(path)
    state = {key.removeprefix("module."): value for key, value in content.get("state_dict", content).items()}
    # position_ids is a buffer that older versions of transformers kept in files
    state = {key: value for key, value in state.items() if not key.endswith("position_ids")}
    try:
        positions, words = state["video_model.pos_embed"], state["text_model.embeddings.word_embeddings.weight"]
        patch_px = state["video_model.patch_embed.proj.weight"].shape[-1]
        config = EgoVlpConfig(
            width=positions.shape[2],
            num_layers=_count(state, "video_model.blocks."),
            num_heads=num_heads,
            patch_px=patch_px,
            size_px=round((positions.shape[1] - 1) ** 0.5) * patch_px,
            num_frames=state["video_model.temporal_embed"].shape[1],
            width_out=state["vid_proj.0.weight"].shape[0],
        )
        text = DistilBertConfig(
            vocab_size=words.shape[0],
            dim=words.shape[1],
            n_layers=_count(state, "text_model.transformer.layer."),
            n_heads=text_heads,
            hidden_dim=state["text_model.transformer.layer.0.ffn.lin1.weight"].shape[0],
            max_position_embeddings=state["text_model.embeddings.position_embeddings.weight"].shape[0],
        )
    except KeyError as error:
        raise ModelError(f"expected a checkpoint of EgoVLP in {path}, got one without {error.args[0]}") from None
    network = EgoVlp(config, text)
    load_strictly(network, state)
    return network.eval().requires_grad_(False)


class Inert:
    """Stands for an object of a file whose class is not needed; it keeps and does nothing."""

    def __new__(cls, *_: object) -> Inert:
        return super().__new__(cls)

    def __init__(self, *_: object) -> None:
        pass

    def __setstate__(self, state: object) -> None:
        pass


def _count(state: Mapping[str, Tensor], prefix: str) -> int:
    numbers = {int(key.removeprefix(prefix).split(".")[0]) for key in state if key.startswith(prefix)}
    return len(numbers)

"""UniFormerV2: a vision transformer of frames, and a few global blocks with one query that see all frames.

Parameters carry the names of the published checkpoints, without `backbone.`, so that these load strictly.

# B clips, T frames after the stem, G global layers, L tokens of a frame (class token first), C width,
# H heads, D width of a head, R rows and S columns of patches
Source: OpenGVLab/UniFormerV2 (arXiv 2211.09552); LEAP section 3.2 for the time embedding.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from egoprog.errors import ConfigurationError, InputError
from egoprog.leap.config import UniFormerConfig
from egoprog.leap.efficientnet import PATCH_PX, EfficientNetStem
from egoprog.leap.official import inferred_config, plain_state
from egoprog.state_dicts import load_strictly

_QUICK = 1.702
"""QuickGELU's factor."""


class UniFormerV2(nn.Module):
    """Clips to logits; `frames`, `fuse` and `classify` are its parts.

    Clips are (B, 3, frames, height, width), normalised with the configuration's mean and std. Without a time embedding
    any number of frames does. drop_path rises from 0 to the configuration's over the global blocks, and to half of it
    over the layers, as the published training does.
    """

    def __init__(self, config: UniFormerConfig) -> None:
        super().__init__()
        _check(config)
        self.config = config
        self.conv1 = EfficientNetStem(config.width) if config.stem == "efficientnet_lite0" else _patches(config)
        scale = config.width**-0.5
        self.class_embedding = nn.Parameter(scale * torch.randn(config.width))
        self.positional_embedding = nn.Parameter(scale * torch.randn(config.num_tokens, config.width))
        if config.time_embedding != "none":
            self.time_embedding = nn.Parameter(torch.zeros(self.num_steps, config.width))
        self.ln_pre = nn.LayerNorm(config.width)
        self.transformer = _Transformer(config)
        if config.is_frozen:
            for name, parameter in self.named_parameters():
                if name.startswith(("conv1", "class_embedding", "positional_embedding", "ln_pre", "transformer.res")):
                    parameter.requires_grad_(False)

    @classmethod
    def from_official(cls, state_dict: Mapping[str, Any], heads: int | None = None) -> UniFormerV2:
        """The model of a published checkpoint, with its weights; its configuration is read off keys and shapes.

        state_dict: with or without `backbone.` and `model_state`. heads: width / 64 unless told. Raises ModelError for
        keys that are missing, unknown or misshapen. For other classes or another size: official.load_for_fine_tuning.
        """
        state = plain_state(state_dict)
        with torch.device("meta"):  # its random initialisation would be overwritten
            model = cls(inferred_config(state, heads))
        model.to_empty(device="cpu")
        load_strictly(model, state)
        return model.eval()

    @property
    def num_steps(self) -> int:
        """Frames after the stem."""
        config = self.config
        return (config.num_frames - 1) // config.temporal_stride + 1

    @property
    def is_per_frame(self) -> bool:
        """Whether frames meet in the global blocks only, so that a frame's tokens serve every window."""
        config = self.config
        return config.num_local == 0 and config.temporal_patch == 1 and config.time_embedding != "stem"

    def forward(self, clip_BCTHW: Tensor) -> Tensor:
        """Logits (B, classes)."""
        return self.classify(self.fuse(self.frames(clip_BCTHW)))

    def frames(self, clip_BCTHW: Tensor) -> Tensor:
        """Tokens after each global layer, (B, T, G, L, C). In the Kinetics kinds each frame is on its own."""
        tokens_BTLC = self.stem(clip_BCTHW)
        kept = []
        for k, block in enumerate(self.transformer.resblocks):
            tokens_BTLC = block(tokens_BTLC)
            if k in self.config.global_layers:
                kept.append(tokens_BTLC)
        return torch.stack(kept, dim=2)

    def fuse(self, features_BTGLC: Tensor) -> Tensor:
        """The video token (B, C) that the classifier reads: global blocks, then the frames' mean class token."""
        layers = zip(self.transformer.dpe, self.transformer.dec, features_BTGLC.unbind(2), strict=True)
        keys = (block.ln_3(dpe(tokens_BTLC, self.config.grid)) for dpe, block, tokens_BTLC in layers)
        time_TC = self.time_embedding if self.config.time_embedding == "global" else None
        return self.read(keys, features_BTGLC[:, :, -1, 0], time_TC)

    def read(self, keys: Iterable[Tensor], classes_BTC: Tensor, time_TC: Tensor | None) -> Tensor:
        """The second half of `fuse`: what the global blocks read, and the frames' class tokens, to the video token.

        keys: (B, T, L, C) for each global block, after its ln_3. classes_BTC: the newest frame's last. time_TC: added
        to each frame's, where there is one.
        """
        token_BC = self.transformer.temporal_cls_token[0].expand(classes_BTC.shape[0], -1)
        if time_TC is not None:
            self._check_num_steps(classes_BTC.shape[1])
        for block, keys_BTLC in zip(self.transformer.dec, keys, strict=True):
            token_BC = block(token_BC, keys_BTLC, time_TC)
        if self.config.class_frames == "none":
            return token_BC
        class_BC = classes_BTC.mean(1) if self.config.class_frames == "all" else classes_BTC[:, -1]
        return torch.lerp(token_BC, class_BC, self.transformer.balance.sigmoid())

    def classify(self, token_BC: Tensor) -> Tensor:
        """Logits (B, classes) of video tokens."""
        return self.transformer.proj(token_BC)

    def stem(self, clip_BCTHW: Tensor) -> Tensor:
        """Tokens (B, T, L, C) that enter the first layer. Raises InputError for clips of another size."""
        config = self.config
        if clip_BCTHW.ndim != 5 or clip_BCTHW.shape[1] != 3 or tuple(clip_BCTHW.shape[3:]) != config.size_px:
            raise InputError(
                f"expected clips (B, 3, T, {config.size_px[0]}, {config.size_px[1]}), got {tuple(clip_BCTHW.shape)}; "
                "resize them, or load the weights for another size"
            )
        patches_BTLC = self.conv1(clip_BCTHW).flatten(3).permute(0, 2, 3, 1)
        num_clips, num_steps = patches_BTLC.shape[:2]
        class_BTLC = self.class_embedding.expand(num_clips, num_steps, 1, -1)
        tokens_BTLC = torch.cat([class_BTLC, patches_BTLC], dim=2) + self.positional_embedding
        if config.time_embedding == "stem":
            self._check_num_steps(num_steps)
            tokens_BTLC = tokens_BTLC + self.time_embedding[:, None]
        return self.ln_pre(tokens_BTLC)

    def _check_num_steps(self, num_steps: int) -> None:
        if num_steps != self.num_steps:
            raise InputError(
                f"expected {self.num_steps} frames after the stem, got {num_steps}: their times are learned"
            )


def _patches(config: UniFormerConfig) -> nn.Conv3d:
    kernel = (config.temporal_patch, config.patch_px, config.patch_px)
    stride = (config.temporal_stride, config.patch_px, config.patch_px)
    return nn.Conv3d(3, config.width, kernel, stride, (config.temporal_patch // 2, 0, 0), bias=False)


def _check(config: UniFormerConfig) -> None:
    """Raises ConfigurationError for shapes that don't fit together."""
    if config.width % config.num_heads:
        raise ConfigurationError(f"expected a width that {config.num_heads} heads divide, got {config.width}")
    if config.size_px[0] % config.patch_px or config.size_px[1] % config.patch_px:
        raise ConfigurationError(f"expected frames of whole patches of {config.patch_px} px, got {config.size_px} px")
    if config.stem != "patches" and (config.patch_px, config.temporal_patch) != (PATCH_PX, 1):
        raise ConfigurationError(
            f"expected patches of {PATCH_PX} px of one frame for the stem {config.stem}, got {config.patch_px} px of "
            f"{config.temporal_patch}"
        )
    layers = config.global_layers
    if not layers or list(layers) != sorted(set(layers)) or layers[0] < 0 or layers[-1] != config.num_layers - 1:
        raise ConfigurationError(
            f"expected rising global layers that end with the last, {config.num_layers - 1}, got {layers}"
        )


class _Transformer(nn.Module):
    """Holds the parts under their published names; UniFormerV2 leads the data through them."""

    def __init__(self, config: UniFormerConfig) -> None:
        super().__init__()
        num_global = len(config.global_layers)
        self.resblocks = nn.ModuleList(_Layer(config, r) for r in _rising(config.drop_path / 2, config.num_layers))
        self.temporal_cls_token = nn.Parameter(torch.zeros(1, 1, config.width))
        self.dpe = nn.ModuleList(PositionalConvolution(config.width) for _ in range(num_global))
        self.dec = nn.ModuleList(GlobalBlock(config, r) for r in _rising(config.drop_path, num_global))
        self.proj = nn.Sequential(
            nn.LayerNorm(config.width), nn.Dropout(config.dropout), nn.Linear(config.width, config.num_classes)
        )
        if config.class_frames != "none":
            self.balance = nn.Parameter(torch.zeros(config.width))


class _Layer(nn.Module):
    """A layer of the frames' transformer, with up to two local MHRAs that look along time."""

    def __init__(self, config: UniFormerConfig, drop_path: float) -> None:
        super().__init__()
        self.grid = config.grid
        self.drop_path = drop_path
        if config.num_local >= 1:
            self.lmhra1 = _LocalMHRA(config)
        if config.num_local == 2:
            self.lmhra2 = _LocalMHRA(config)
        self.num_local = config.num_local
        self.attn = _Attention(config.width, config.num_heads)
        self.ln_1 = nn.LayerNorm(config.width)
        self.mlp = _MLP(config.width)
        self.ln_2 = nn.LayerNorm(config.width)

    def forward(self, tokens_BTLC: Tensor) -> Tensor:
        if self.num_local >= 1:
            tokens_BTLC = self._local(self.lmhra1, tokens_BTLC)
        tokens_BTLC = tokens_BTLC + self._dropped(self.attn(self.ln_1(tokens_BTLC)), 2)
        if self.num_local == 2:
            tokens_BTLC = self._local(self.lmhra2, tokens_BTLC)
        return tokens_BTLC + self._dropped(self.mlp(self.ln_2(tokens_BTLC)), 2)

    def _local(self, block: _LocalMHRA, tokens_BTLC: Tensor) -> Tensor:
        class_BTLC, patches_BTLC = tokens_BTLC[:, :, :1], tokens_BTLC[:, :, 1:]
        patches_BTLC = patches_BTLC + self._dropped(block(patches_BTLC, self.grid), 0)
        return torch.cat([class_BTLC, patches_BTLC], dim=2)

    def _dropped(self, change: Tensor, axis: int) -> Tensor:
        return _drop_path(change, self.drop_path, axis, self.training)


class _Attention(nn.Module):
    """Multi-head self-attention among the tokens of a frame, under the names of nn.MultiheadAttention."""

    def __init__(self, width: int, num_heads: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.in_proj_weight = nn.Parameter(torch.empty(3 * width, width))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * width))
        self.out_proj = nn.Linear(width, width)
        nn.init.xavier_uniform_(self.in_proj_weight)
        nn.init.zeros_(self.out_proj.bias)

    def forward(self, tokens_BTLC: Tensor) -> Tensor:
        packed = F.linear(tokens_BTLC.flatten(0, 1), self.in_proj_weight, self.in_proj_bias)
        query, key, value = packed.unflatten(-1, (3, self.num_heads, -1)).permute(2, 0, 3, 1, 4).unbind(0)
        mixed = F.scaled_dot_product_attention(query, key, value)
        return self.out_proj(mixed.transpose(1, 2).flatten(2)).view_as(tokens_BTLC)


class _MLP(nn.Module):
    """Two linear layers with QuickGELU between.

    QuickGELU(h) = h * sigmoid(1.702 h) = silu(1.702 h) / 1.702: one pass over the wide tensor, both factors beside the
    narrow ones.
    """

    def __init__(self, width: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.c_fc = nn.Linear(width, 4 * width)
        self.dropout = nn.Dropout(dropout)
        self.c_proj = nn.Linear(4 * width, width)

    def forward(self, tokens: Tensor) -> Tensor:
        hidden = F.silu(F.linear(_QUICK * tokens, self.c_fc.weight, _QUICK * self.c_fc.bias))
        return torch.add(self.c_proj.bias, F.linear(self.dropout(hidden), self.c_proj.weight), alpha=1 / _QUICK)


class _LocalMHRA(nn.Module):
    """Each patch with the same patch of the frames before and after."""

    def __init__(self, config: UniFormerConfig) -> None:
        super().__init__()
        width, reduced = config.width, int(config.width // config.local_reduction)
        self.pos_embed = nn.Sequential(
            nn.BatchNorm3d(width),
            nn.Conv3d(width, reduced, 1),
            nn.Conv3d(reduced, reduced, (3, 1, 1), padding=(1, 0, 0), groups=reduced),
            nn.Conv3d(reduced, width, 1),
        )
        nn.init.zeros_(self.pos_embed[3].weight)
        nn.init.zeros_(self.pos_embed[3].bias)

    def forward(self, patches_BTLC: Tensor, grid: tuple[int, int]) -> Tensor:
        image_BCTRS = patches_BTLC.permute(0, 3, 1, 2).unflatten(3, grid)
        return self.pos_embed(image_BCTRS).flatten(3).permute(0, 2, 3, 1)


class PositionalConvolution(nn.Conv3d):
    """Depthwise 3x3x3 over the patches of all frames, added to them; class tokens pass.

    Computed as three 2-D convolutions of each frame, for itself and for its two neighbours: less than half the time of
    a depthwise Conv3d on a CPU, and a stream keeps what a frame gives to its neighbours.
    """

    def __init__(self, width: int) -> None:
        super().__init__(width, width, 3, padding=1, groups=width)
        nn.init.zeros_(self.bias)

    def forward(self, tokens_BTLC: Tensor, grid: tuple[int, int]) -> Tensor:
        num_clips, num_steps = tokens_BTLC.shape[:2]
        patches_BTLC = tokens_BTLC[:, :, 1:]
        # a frame of zeros on both ends; shifting what goes in, not what comes out, needs no gradient of frozen frames
        around_BTRSC = F.pad(patches_BTLC.unflatten(2, grid), (0, 0, 0, 0, 0, 0, 1, 1))
        seen_NCRS = sum(
            self.plane(around_BTRSC[:, k : k + num_steps].flatten(0, 1).permute(0, 3, 1, 2), k) for k in range(3)
        )
        seen_BTLC = seen_NCRS.flatten(2).transpose(1, 2).unflatten(0, (num_clips, num_steps)) + patches_BTLC
        return torch.cat([tokens_BTLC[:, :, :1], seen_BTLC], dim=2)

    def plane(self, images_NCRS: Tensor, k: int) -> Tensor:
        """What frames give to the next frame (k = 0), to themselves (1, with the bias), to the one before (2)."""
        return F.conv2d(images_NCRS, self.weight[:, :, k], self.bias if k == 1 else None, padding=1, groups=self.groups)


class GlobalBlock(nn.Module):
    """One query reads all tokens of all frames.

    As there is one query, no token needs a key or a value: the query is led through the keys' weights head by head,
    and the weighted sum of tokens through the values'. The keys' bias adds the same to every score, so softmax drops
    it; the weights sum to 1, so the values' bias is added once.
    """

    def __init__(self, config: UniFormerConfig, drop_path: float) -> None:
        super().__init__()
        self.drop_path = drop_path
        self.attn = _Attention(config.width, config.num_heads)
        self.ln_1 = nn.LayerNorm(config.width)
        self.mlp = _MLP(config.width, config.dropout)
        self.ln_2 = nn.LayerNorm(config.width)
        self.ln_3 = nn.LayerNorm(config.width)
        for linear in (self.attn.out_proj, self.mlp.c_proj):
            nn.init.zeros_(linear.weight)
            nn.init.zeros_(linear.bias)
        nn.init.xavier_uniform_(self.mlp.c_fc.weight)

    def forward(self, token_BC: Tensor, keys_BTLC: Tensor, time_TC: Tensor | None = None) -> Tensor:
        """The query's next token (B, C); keys_BTLC: tokens after ln_3, time_TC: added to those of each frame."""
        if time_TC is not None:
            keys_BTLC = keys_BTLC + time_TC[:, None]
        query_BHC = self.absorbed_query(token_BC)
        keys_B1NC = keys_BTLC.flatten(1, 2)[:, None]
        scale = (token_BC.shape[1] // self.attn.num_heads) ** -0.5
        read_BHC = F.scaled_dot_product_attention(query_BHC[:, None], keys_B1NC, keys_B1NC, scale=scale)[:, 0]
        return self.updated(token_BC, read_BHC)

    def absorbed_query(self, token_BC: Tensor) -> Tensor:
        """What meets the tokens themselves, head by head: (B, H, C)."""
        query_weight, key_weight, _ = self.attn.in_proj_weight.chunk(3)
        query_bias = self.attn.in_proj_bias.chunk(3)[0]
        query_BHD = F.linear(self.ln_1(token_BC), query_weight, query_bias).unflatten(1, (self.attn.num_heads, -1))
        key_weight_HDC = key_weight.unflatten(0, (self.attn.num_heads, -1))
        return (query_BHD[:, :, None] @ key_weight_HDC)[:, :, 0]

    def updated(self, token_BC: Tensor, read_BHC: Tensor) -> Tensor:
        """The query's next token, of what each head read (weighted sums of tokens)."""
        value_weight_HDC = self.attn.in_proj_weight.chunk(3)[2].unflatten(0, (self.attn.num_heads, -1))
        value_BHD = (read_BHC[:, :, None] @ value_weight_HDC.mT)[:, :, 0]
        value_BC = value_BHD.flatten(1) + self.attn.in_proj_bias.chunk(3)[2]
        token_BC = token_BC + self._dropped(self.attn.out_proj(value_BC))
        return token_BC + self._dropped(self.mlp(self.ln_2(token_BC)))

    def _dropped(self, change_BC: Tensor) -> Tensor:
        # the original drops a global block for the whole batch at once
        return _drop_path(change_BC, self.drop_path, None, self.training)


def _rising(last: float, count: int) -> list[float]:
    """From 0 to last in even steps."""
    return [last * k / max(count - 1, 1) for k in range(count)]


def _drop_path(change: Tensor, rate: float, axis: int | None, is_training: bool) -> Tensor:
    """Stochastic depth: each place along an axis (None: all at once) is dropped, the others make up for it.

    The original's first axis is what is dropped apart: a place in the frame in the layers (not a clip), a clip in the
    local MHRAs, and everything in the global blocks.
    """
    if rate == 0.0 or not is_training:
        return change
    shape = [size if k == axis else 1 for k, size in enumerate(change.shape)]
    return change * change.new_empty(shape).bernoulli_(1 - rate).div_(1 - rate)

"""UniFormerV2 on a stream: a frame is encoded once, and a tick costs one frame, not a window. Exact, not approximate.

Frames meet in the global blocks alone (Kinetics kinds). There, a depthwise 3x3x3 convolution adds to each frame what it
sees of itself and of its two neighbours. So a frame's tokens change once after it came, when its next neighbour comes,
and once more when it becomes the oldest of its window and loses the one before. All else is kept:

    keys     of the window's frames, as the blocks' attention reads them
    edges    of all but the newest frame, as they will read when each is the oldest: without the one before
    sums     of the newest frame, before ln_3: what it sees of itself; the same and of the one before; what it gives to
             the next
    classes  the frames' class tokens after the last layer
    seen     0 until the first frame; that one stands for all that would have come before

Shapes: B streams, T frames of a window, G global layers, L tokens of a frame (class token first), C width, R rows and S
columns of patches.
"""

from __future__ import annotations

from collections import deque

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from egoprog.errors import ConfigurationError, InputError
from egoprog.leap.uniformer import UniFormerV2


class FrameEncoder(nn.Module):
    """Frames (B, 3, H, W), normalised, to the tokens that windows are made of, (B, G, L, C)."""

    def __init__(self, model: UniFormerV2) -> None:
        super().__init__()
        _check(model)
        self.model = model

    def forward(self, frame_BCHW: Tensor) -> Tensor:
        return self.model.frames(frame_BCHW[:, :, None])[:, 0]


class StreamStep(nn.Module):
    """One tick as a function: a new frame's tokens and the state to the video token and the next state.

    All shapes are fixed, for export; states go in and come out in the order of `first_state`. Rings are copied each
    tick, oldest first, where TokenStream writes in place. Of frames that are several ticks apart, keep a state for each
    phase.
    """

    def __init__(self, model: UniFormerV2) -> None:
        super().__init__()
        _check(model)
        self.model = model

    def first_state(self, num_streams: int = 1) -> dict[str, Tensor]:
        """Of streams that have seen nothing: zeros, by name."""
        config = self.model.config
        num_frames, num_layers = config.num_frames, len(config.global_layers)
        frame = (config.num_tokens, config.width)
        shapes = {
            "keys": (num_layers, num_frames, *frame),
            "edges": (num_layers, num_frames - 1, *frame),
            "sums": (3, num_layers, *frame),
            "classes": (num_frames, config.width),
            "seen": (),
        }
        like = self.model.positional_embedding.detach()
        return {name: like.new_zeros((num_streams, *shape)) for name, shape in shapes.items()}

    def forward(
        self, tokens_BGLC: Tensor, keys: Tensor, edges: Tensor, sums: Tensor, classes: Tensor, seen: Tensor
    ) -> tuple[Tensor, ...]:
        """tokens_BGLC: FrameEncoder's. Returns the video token (B, C), then the next state.

        keys: (B, G, T, L, C). edges: (B, G, T - 1, L, C). sums: (B, 3, G, L, C). classes: (B, T, C). seen: (B).
        """
        is_first = seen[:, None, None, None, None] == 0
        to_next, itself, to_previous = _seen_of(self.model, tokens_BGLC)
        sums = torch.where(is_first, torch.stack([itself, itself + to_next, to_next], dim=1), sums)
        own_before, newest_before, from_previous = sums.unbind(1)
        edge = _keys_of(self.model, own_before + to_previous)[:, :, None]
        inner = _keys_of(self.model, newest_before + to_previous)[:, :, None]
        newest = _keys_of(self.model, itself + from_previous)[:, :, None]
        edges = torch.cat([torch.where(is_first, edge, edges[:, :, 1:]), edge], dim=2)
        if keys.shape[2] == 2:
            keys = torch.cat([edges, newest], dim=2)
        else:
            kept = torch.where(is_first, inner, keys[:, :, 2:-1])
            keys = torch.cat([edges[:, :, :1], kept, inner, newest], dim=2)
        class_B1C = tokens_BGLC[:, None, -1, 0]
        classes = torch.cat([torch.where(is_first[:, :, 0, 0], class_B1C, classes[:, 1:]), class_B1C], dim=1)
        token_BC = self.model.read(keys.unbind(1), classes, _times(self.model))
        sums = torch.stack([itself, itself + from_previous, to_next], dim=1)
        return token_BC, keys, edges, sums, classes, seen.clamp(min=1)


class TokenStream:
    """The video token of the window that ends with each frame of one stream: frames t, t - stride, ..., T of them.

    Until a window is full, its oldest frame is repeated, as one would repeat it for the model's window form; frames of
    other phases of the stride are none of its. Gives no gradients.
    """

    def __init__(self, model: UniFormerV2, stride: int = 1, num_contexts: int = 0) -> None:
        """stride: ticks between a window's frames. num_contexts: how many windows back `context` is asked for."""
        _check(model)
        if stride < 1:
            raise ConfigurationError(f"expected a stride of at least 1 frame, got {stride}")
        self.window_ticks = stride * model.config.num_frames
        self._phases = [_Window(model) for _ in range(stride)]
        self._tokens: deque[Tensor] = deque(maxlen=num_contexts * self.window_ticks + 1)
        self._tick = 0

    def push(self, features_GLC: Tensor) -> Tensor:
        """The video token (C), of the newest frame's tokens by FrameEncoder. Raises InputError for other shapes."""
        phase = self._phases[self._tick % len(self._phases)]
        with torch.inference_mode():
            token_C = phase.push(features_GLC)
        self._tokens.append(token_C)
        self._tick += 1
        return token_C

    def context(self, num_windows: int) -> Tensor | None:
        """The token (C) of the window so many windows before the last one, None where the stream is younger."""
        place = len(self._tokens) - 1 - num_windows * self.window_ticks
        if self._tokens.maxlen < num_windows * self.window_ticks + 1:
            raise ConfigurationError(
                f"expected a context that is kept, got {num_windows} windows back; raise num_contexts"
            )
        return self._tokens[place] if place >= 0 else None


class _Window:
    """A state as StreamStep's for one stream, written in place; a frame's slot is its number modulo the ring's size."""

    def __init__(self, model: UniFormerV2) -> None:
        self.model = model
        self.num_seen = 0
        step = StreamStep(model)
        self.keys, self.edges, self.sums, self.classes, _ = (value[0] for value in step.first_state().values())

    def push(self, tokens_GLC: Tensor) -> Tensor:
        """The video token (C)."""
        config, frame = self.model.config, self.num_seen
        expected = (len(config.global_layers), config.num_tokens, config.width)
        if tokens_GLC.shape != expected:
            raise InputError(f"expected a frame's tokens {expected}, got {tuple(tokens_GLC.shape)}")
        num_frames = config.num_frames
        to_next, itself, to_previous = (part[0] for part in _seen_of(self.model, tokens_GLC[None]))
        if frame == 0:
            self.sums = torch.stack([itself, itself + to_next, to_next])
        own_before, newest_before, from_previous = self.sums
        changed = torch.stack([own_before + to_previous, newest_before + to_previous, itself + from_previous])
        edge, inner, newest = _keys_of(self.model, changed)
        if frame == 0:
            self.edges[:] = edge[:, None]
            self.keys[:] = inner[:, None]
            self.classes[:] = tokens_GLC[-1, 0]
        self.edges[:, (frame - 1) % (num_frames - 1)] = edge
        self.keys[:, (frame - 1) % num_frames] = inner
        self.keys[:, (frame + 1) % num_frames] = self.edges[:, frame % (num_frames - 1)]
        self.keys[:, frame % num_frames] = newest
        self.classes[frame % num_frames] = tokens_GLC[-1, 0]
        self.sums = torch.stack([itself, itself + from_previous, to_next])
        self.num_seen += 1
        times_TC = _times(self.model)
        if times_TC is not None:
            times_TC = times_TC.roll(frame + 1, 0)  # the oldest frame, the first time, is in the slot after the newest
        classes_TC = self.classes.roll(-(frame + 1), 0)  # keys may come in any order, classes with the newest last
        return self.model.read(self.keys[:, None].unbind(0), classes_TC[None], times_TC)[0]


def _seen_of(model: UniFormerV2, tokens_BGLC: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """What frames give to the next one, what they are and see of themselves, what they give to the one before.

    Each (B, G, L, C), class tokens too: nothing is given to those.
    """
    images = [
        patches_BLC.transpose(1, 2).unflatten(2, model.config.grid) for patches_BLC in tokens_BGLC[:, :, 1:].unbind(1)
    ]
    parts = []
    for k in range(3):
        planes = [dpe.plane(image_BCRS, k) for dpe, image_BCRS in zip(model.transformer.dpe, images, strict=True)]
        parts.append(F.pad(torch.stack(planes, dim=1).flatten(3).transpose(2, 3), (0, 0, 1, 0)))  # class token: 0
    to_next, seen, to_previous = parts
    return to_next, tokens_BGLC + seen, to_previous


def _keys_of(model: UniFormerV2, sums_BGLC: Tensor) -> Tensor:
    """As the global blocks' attention reads them."""
    layers = zip(model.transformer.dec, sums_BGLC.unbind(1), strict=True)
    return torch.stack([block.ln_3(sums_BLC) for block, sums_BLC in layers], dim=1)


def _times(model: UniFormerV2) -> Tensor | None:
    return model.time_embedding if model.config.time_embedding == "global" else None


def _check(model: UniFormerV2) -> None:
    """Raises ConfigurationError for a model whose frames' tokens depend on other frames or on their place."""
    if not model.is_per_frame:
        raise ConfigurationError(
            "expected a model whose frames meet in the global blocks alone (num_local 0, temporal_patch 1, "
            f"time_embedding none or global), got {model.config}; only such a one streams"
        )
    if model.config.num_frames < 2:
        raise ConfigurationError("expected windows of at least 2 frames, got 1: there is nothing to stream")

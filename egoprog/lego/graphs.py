"""LEGO's networks as graphs with fixed names and shapes, for robots.

A model's graphs:
    vision         pixels (1, 3, H, W) -> image (1, M, E)
    prompt         tokens (1, P), last (1,), image -> hidden (1, E), scores (1, V) of the last token, and new_cache
                   (layers, 2, heads, P, d)
    answer         token (1, 1), position (1,), cache (layers, 2, heads, Q, d) -> hidden (1, E), scores (1, V), and
                   new_cache (layers, 2, heads, 1, d), which stands at position from then on
    conditioning   words (2, N): what is asked and nothing; image, text (1, N, E) where they are used
                   -> keys_values (2, L, W), of every cross attention of the UNet side by side
    frame_encoder  pixels (1, 3, H, W) -> latent (1, c, h, w) unscaled
    unet           latent (1, c, h, w), frame (1, c, h, w), step (1,), keys_values -> predicted (G, c, h, w) of the
                   guided rows, and deep (G, C, h, w), features that change little between steps
    unet_shallow   as unet, and deep -> predicted: the first and the last level of the UNet alone
    unet_alone     as unet, of the row with frame and conditioning alone (1, c, h, w)
    decoder        latent (1, c, h, w), scaled -> pixels (1, 3, H, W)

Shapes: H/W pixels (the VLM has its own), c latent channels, h/w latent, N words, M image tokens, E the VLM's width,
P tokens of a prompt, Q of a conversation, V pieces, d width of a head, L tokens of the conditioning, D their width,
G guided rows.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL, UNet2DConditionModel
from torch import Tensor, nn
from transformers.models.llama.modeling_llama import apply_rotary_pos_emb, repeat_kv

from egoprog.lego.checkpoints import LegoModel
from egoprog.lego.conditioning import Conditioning
from egoprog.lego.vlm import MOST_TOKENS, Vlm
from egoprog.onnx_export import GraphModule

MOST_QUESTION_TOKENS = 96
"""Of a prompt beside the picture's; the longest question of 24 common words has about 40."""


def generator_graphs(model: LegoModel, has_alone: bool = False) -> list[GraphModule]:
    """has_alone: also "unet_alone", as large as "unet", for guidance in a part of the steps."""
    config = model.config
    latent = torch.zeros(1, config.autoencoder.latent_channels, *config.latent_size)
    pixels = torch.zeros(1, 3, *config.size_px)
    words = torch.zeros(2, config.num_words, dtype=torch.int64)
    embeddings = {}
    if config.has_image_embedding:
        embeddings["image"] = torch.zeros(1, config.num_image_tokens, config.vlm_width)
    if config.has_text_embedding:
        embeddings["text"] = torch.zeros(1, config.num_words, config.vlm_width)
    unet = copy.deepcopy(model.generator.unet).eval()
    keys_values = KeysValues(model.generator.conditioning, take_keys_values(unet))
    unet_inputs = {"latent": latent}
    if config.sees_frame:
        unet_inputs["frame"] = latent.clone()  # the exporter takes one tensor for one input
    unet_inputs |= {"step": torch.zeros(1), "keys_values": torch.zeros(2, config.num_tokens, keys_values.width)}
    graphs = [
        GraphModule("conditioning", keys_values, {"words": words, **embeddings}, ("keys_values",)),
        GraphModule("unet", UNetStep(unet, config.sees_frame), unet_inputs, ("predicted", "deep")),
    ]
    deep = graphs[-1].run(unet_inputs)["deep"]
    graphs.append(
        GraphModule(
            "unet_shallow",
            ShallowStep(unet, config.sees_frame),
            unet_inputs | {"deep": torch.zeros_like(deep)},
            ("predicted",),
        )
    )
    if has_alone:
        graphs.append(GraphModule("unet_alone", UNetAlone(unet, config.sees_frame), unet_inputs, ("predicted",)))
    if config.sees_frame:
        graphs.append(GraphModule("frame_encoder", FrameEncoder(model.autoencoder), {"pixels": pixels}, ("latent",)))
    graphs.append(GraphModule("decoder", Decoder(model.autoencoder), {"latent": latent}, ("pixels",)))
    return _in_use(graphs)


def vlm_graphs(vlm: Vlm) -> list[GraphModule]:
    num_prompt, num_tokens = conversation_sizes(vlm)
    config = vlm.model.config.text_config
    head = vlm.model.model.language_model.layers[0].self_attn.head_dim
    tokens = torch.full((1, num_prompt), vlm.tokenizer.pad_id)
    tokens[:, : vlm.num_image_tokens] = vlm.tokenizer.image_id
    cache = torch.zeros(config.num_hidden_layers, 2, config.num_key_value_heads, num_tokens, head)
    step = {"token": torch.full((1, 1), vlm.tokenizer.bos_id), "position": torch.full((1,), num_prompt), "cache": cache}
    image = torch.zeros(1, vlm.num_image_tokens, vlm.width)
    prompt = {"tokens": tokens, "last": torch.full((1,), num_prompt - 1), "image": image}
    graphs = [
        GraphModule("vision", Vision(vlm), {"pixels": torch.zeros(1, 3, *vlm.preparation.size_px)}, ("image",)),
        GraphModule("prompt", Prompt(vlm), prompt, ("hidden", "scores", "new_cache")),
        GraphModule("answer", Answer(vlm), step, ("hidden", "scores", "new_cache")),
    ]
    return _in_use(graphs)


def _in_use(graphs: list[GraphModule]) -> list[GraphModule]:
    """In eval mode as wholes, which an exporter brings modules back to."""
    for graph in graphs:
        graph.module.eval()
    return graphs


def conversation_sizes(vlm: Vlm) -> tuple[int, int]:
    """P and Q: most tokens of a prompt and of a whole conversation."""
    most = vlm.model.config.text_config.max_position_embeddings
    num_prompt = min(vlm.num_image_tokens + MOST_QUESTION_TOKENS, most - MOST_TOKENS)
    return num_prompt, num_prompt + MOST_TOKENS


class Columns(nn.Module):
    """Stands for a projection whose results come along, in these columns."""

    def __init__(self, start: int, stop: int) -> None:
        super().__init__()
        self.start, self.stop = start, stop

    def forward(self, keys_values: Tensor) -> Tensor:
        return keys_values[..., self.start : self.stop]


def take_keys_values(unet: UNet2DConditionModel) -> Tensor:
    """(W, D) weights of all keys and values of the cross attentions, which are taken out of the UNet.

    The UNet reads their results, (R, L, W), where it read the conditioning before.
    """
    weights: list[Tensor] = []
    width = 0
    for name, module in unet.named_modules():
        if name.endswith(".attn2"):
            for part in ("to_k", "to_v"):
                weight = getattr(module, part).weight.detach()
                weights.append(weight)
                setattr(module, part, Columns(width, width + len(weight)))
                width += len(weight)
    return torch.cat(weights)


class KeysValues(nn.Module):
    """ψ, σ, μ, π, and what all cross attentions make of them, with and without conditions."""

    def __init__(self, conditioning: Conditioning, weights_WD: Tensor) -> None:
        super().__init__()
        self.conditioning = copy.deepcopy(conditioning).eval()
        self.register_buffer("weights", weights_WD.clone())
        self.register_buffer("is_null", torch.tensor([False, True]))

    @property
    def width(self) -> int:
        return len(self.weights)

    def forward(self, words: Tensor, *embeddings: Tensor) -> Tensor:
        config = self.conditioning.config
        rest = list(embeddings)
        image = rest.pop(0).expand(2, -1, -1) if config.has_image_embedding else None
        text = rest.pop(0).expand(2, -1, -1) if config.has_text_embedding else None
        tokens_2LD = self.conditioning(words, words[1], image, text, self.is_null)
        return F.linear(tokens_2LD, self.weights)


class UNetStep(nn.Module):
    """All guided rows at once: (frame, conditioning), (frame, nothing), (nothing, nothing)."""

    def __init__(self, unet: UNet2DConditionModel, sees_frame: bool) -> None:
        super().__init__()
        self.unet, self.sees_frame = unet, sees_frame

    def forward(self, latent: Tensor, *rest: Tensor) -> tuple[Tensor, Tensor]:
        sample, embedding, keys_values = self._first(latent, *rest)
        unet = self.unet
        kept = (sample,)
        for block in unet.down_blocks:
            sample, outputs = _down(block, sample, embedding, keys_values)
            kept += outputs
        sample = unet.mid_block(sample, embedding, encoder_hidden_states=keys_values)
        for block in unet.up_blocks[:-1]:
            num = len(block.resnets)
            sample = _up(block, sample, embedding, kept[-num:], keys_values)
            kept = kept[:-num]
        return self._last(sample, kept, embedding, keys_values), sample

    def _first(self, latent: Tensor, *rest: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Features, embedding of the step, and keys and values, each of all rows."""
        frame, step, keys_values = rest if self.sees_frame else (None, *rest)
        sample, keys_values = self._rows(latent, frame, keys_values)
        step = step.expand(len(sample))
        embedding = self.unet.time_embedding(self.unet.get_time_embed(sample, step))
        return self.unet.conv_in(sample), embedding, keys_values

    def _rows(self, latent: Tensor, frame: Tensor | None, keys_values: Tensor) -> tuple[Tensor, Tensor]:
        given, null = keys_values.split(1)
        if frame is None:
            return torch.cat([latent, latent]), keys_values
        frames = torch.cat([frame, frame, torch.zeros_like(frame)])
        return torch.cat([latent.expand(3, -1, -1, -1), frames], dim=1), torch.cat([given, null, null])

    def _last(self, deep: Tensor, kept: Sequence[Tensor], embedding: Tensor, keys_values: Tensor) -> Tensor:
        unet = self.unet
        sample = _up(unet.up_blocks[-1], deep, embedding, kept, keys_values)
        return unet.conv_out(unet.conv_act(unet.conv_norm_out(sample)))


class ShallowStep(UNetStep):
    """The level of full resolution alone, around an earlier step's deep features. Source: Ma et al. 2024, DeepCache."""

    def forward(self, latent: Tensor, *rest: Tensor) -> Tensor:
        *rest, deep = rest
        sample, embedding, keys_values = self._first(latent, *rest)
        _, outputs = _down(self.unet.down_blocks[0], sample, embedding, keys_values)
        num = len(self.unet.up_blocks[-1].resnets)
        return self._last(deep, (sample, *outputs)[:num], embedding, keys_values)


class UNetAlone(UNetStep):
    """The row with frame and conditioning, for steps without guidance."""

    def forward(self, latent: Tensor, *rest: Tensor) -> Tensor:
        return super().forward(latent, *rest)[0]

    def _rows(self, latent: Tensor, frame: Tensor | None, keys_values: Tensor) -> tuple[Tensor, Tensor]:
        return latent if frame is None else torch.cat([latent, frame], dim=1), keys_values[:1]


class FrameEncoder(nn.Module):
    """The likeliest latent of a frame."""

    def __init__(self, autoencoder: AutoencoderKL) -> None:
        super().__init__()
        self.autoencoder = autoencoder

    def forward(self, pixels: Tensor) -> Tensor:
        return self.autoencoder.encode(pixels).latent_dist.mode()


class Decoder(nn.Module):
    def __init__(self, autoencoder: AutoencoderKL) -> None:
        super().__init__()
        self.autoencoder = autoencoder

    def forward(self, latent: Tensor) -> Tensor:
        return self.autoencoder.decode(latent / self.autoencoder.config.scaling_factor).sample


class Vision(nn.Module):
    """The tower and the projector."""

    def __init__(self, vlm: Vlm) -> None:
        super().__init__()
        self.llava = vlm.model.model
        self.layer = vlm.model.config.vision_feature_layer
        self.first = 0 if vlm.keeps_class_token else 1

    def forward(self, pixels: Tensor) -> Tensor:
        layers = self.llava.vision_tower(pixels, output_hidden_states=True, return_dict=True).hidden_states
        chosen = [self.layer] if isinstance(self.layer, int) else self.layer
        return self.llava.multi_modal_projector(torch.cat([layers[k][:, self.first :] for k in chosen], dim=-1))


class _Language(nn.Module):
    """Llama's layers with a cache that lies outside."""

    def __init__(self, vlm: Vlm) -> None:
        super().__init__()
        self.llama, self.head = vlm.model.model.language_model, vlm.model.lm_head
        self.image_id = vlm.tokenizer.image_id

    def _through(
        self, hidden_BPE: Tensor, positions_BP: Tensor, mask_PQ: Tensor, cache: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """Hidden states before the head, and the cache of these positions, which come behind those of `cache`."""
        turns = self.llama.rotary_emb(hidden_BPE, positions_BP)
        caches = []
        for number, layer in enumerate(self.llama.layers):
            own = None if cache is None else cache[number]
            attended, made = _attended(layer.self_attn, layer.input_layernorm(hidden_BPE), turns, mask_PQ, own)
            hidden_BPE = hidden_BPE + attended
            hidden_BPE = hidden_BPE + layer.mlp(layer.post_attention_layernorm(hidden_BPE))
            caches.append(made)
        return self.llama.norm(hidden_BPE), torch.stack(caches)


class Prompt(_Language):
    """All of a prompt at once; what fills it up behind its end is never looked at."""

    def forward(self, tokens: Tensor, last: Tensor, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        is_image_1P = tokens == self.image_id
        places_P = (is_image_1P.long().cumsum(1) - 1).clamp(0, image.shape[1] - 1)[0]
        words = self.llama.embed_tokens(tokens)
        hidden = torch.where(is_image_1P[..., None], image[:, places_P], words)
        num = tokens.shape[1]
        mask = torch.ones(num, num, dtype=torch.bool).tril()
        hidden, cache = self._through(hidden, torch.arange(num)[None], mask, None)
        hidden = hidden.index_select(1, last)[:, 0]
        return hidden, self.head(hidden), cache


class Answer(_Language):
    """One more token."""

    def forward(self, token: Tensor, position: Tensor, cache: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        is_before = torch.arange(cache.shape[3]) < position
        mask = torch.cat([is_before, torch.ones(1, dtype=torch.bool)])[None]
        hidden, made = self._through(self.llama.embed_tokens(token), position[None], mask, cache)
        return hidden[:, 0], self.head(hidden[:, 0]), made


def _attended(
    attention: nn.Module, hidden_BPE: Tensor, turns: tuple[Tensor, Tensor], mask_PQ: Tensor, cache: Tensor | None
) -> tuple[Tensor, Tensor]:
    """What attention adds, and keys and values (2, heads, P, d). cache: (2, heads, Q - P, d) of what came before."""
    rows, num, _ = hidden_BPE.shape
    query, key, value = (
        projection(hidden_BPE).view(rows, num, -1, attention.head_dim).transpose(1, 2)
        for projection in (attention.q_proj, attention.k_proj, attention.v_proj)
    )
    query, key = apply_rotary_pos_emb(query, key, *turns)
    made = torch.cat([key, value])
    if cache is not None:
        key, value = torch.cat([cache[:1], key], dim=2), torch.cat([cache[1:], value], dim=2)
    key, value = (repeat_kv(one, attention.num_key_value_groups) for one in (key, value))
    mixed = F.scaled_dot_product_attention(query, key, value, mask_PQ, scale=attention.scaling)
    return attention.o_proj(mixed.transpose(1, 2).reshape(rows, num, -1)), made


def _down(
    block: nn.Module, sample: Tensor, embedding: Tensor, keys_values: Tensor
) -> tuple[Tensor, tuple[Tensor, ...]]:
    if getattr(block, "has_cross_attention", False):
        return block(sample, embedding, encoder_hidden_states=keys_values)
    return block(sample, embedding)


def _up(block: nn.Module, sample: Tensor, embedding: Tensor, kept: Sequence[Tensor], keys_values: Tensor) -> Tensor:
    if getattr(block, "has_cross_attention", False):
        return block(sample, tuple(kept), embedding, encoder_hidden_states=keys_values)
    return block(sample, tuple(kept), embedding)

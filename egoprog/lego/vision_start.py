"""A frame encoder's layers as the CLIP vision tower of a visual language model: the two are one architecture.

Small towers, which no published weights fit, begin with what `python -m training.frames` taught.

Shapes: P patches, C width, S pixels of a side.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor
from transformers import CLIPVisionModel

from egoprog.errors import ModelError
from egoprog.leap.uniformer import UniFormerV2
from egoprog.lego.vlm_pictures import PicturePreparation
from egoprog.state_dicts import load_strictly, resized_positions

_PARTS = {"ln_1": "layer_norm1", "ln_2": "layer_norm2", "attn.out_proj": "self_attn.out_proj", "mlp.c_fc": "mlp.fc1"}
_PARTS |= {"mlp.c_proj": "mlp.fc2"}


def start_tower(tower: CLIPVisionModel, encoder: UniFormerV2, preparation: PicturePreparation) -> None:
    """Gives the tower the encoder's weights. Its pictures stay normalised as the preparation says.

    Places are interpolated where the encoder's grid is another. The norm behind the last layer, which an encoder does
    not have and a language model does not look behind, stays as it is.
    Raises ModelError where width, layers, heads or patches differ.
    """
    config, own = encoder.config, tower.config
    sizes = config.width, config.num_layers, config.num_heads, config.patch_px
    wanted = own.hidden_size, own.num_hidden_layers, own.num_attention_heads, own.patch_size
    if sizes != wanted or not encoder.is_per_frame:
        raise ModelError(
            "expected a frame encoder of width, layers, heads and patch "
            f"{', '.join(map(str, wanted))}, got {', '.join(map(str, sizes))}"
        )
    weights = tower_weights(encoder, own.image_size // own.patch_size, preparation)
    load_strictly(tower, weights, may_lack=("post_layernorm.weight", "post_layernorm.bias"))


def tower_weights(encoder: UniFormerV2, num_side: int, preparation: PicturePreparation) -> Mapping[str, Tensor]:
    """By the tower's names. num_side: patches along a side of its square picture."""
    state = {name: value.detach() for name, value in encoder.state_dict().items()}
    config = encoder.config
    # x of the encoder is a x' + b of what the tower gets: a goes into the convolution, b into the patches' places
    scale_3 = torch.tensor(preparation.std) / config.std
    shift_3 = (torch.tensor(preparation.mean) - config.mean) / config.std
    filters_C3SS = state["conv1.weight"][:, :, 0]
    places_LC = resized_positions(state["positional_embedding"], (num_side, num_side), config.grid)
    offset_C = torch.einsum("chij,h->c", filters_C3SS, shift_3)
    found = {
        "embeddings.class_embedding": state["class_embedding"],
        "embeddings.patch_embedding.weight": filters_C3SS * scale_3[:, None, None],
        "embeddings.position_embedding.weight": torch.cat([places_LC[:1], places_LC[1:] + offset_C]),
        "pre_layrnorm.weight": state["ln_pre.weight"],
        "pre_layrnorm.bias": state["ln_pre.bias"],
    }
    for k in range(config.num_layers):
        ours, theirs = f"transformer.resblocks.{k}", f"encoder.layers.{k}"
        for kind in ("weight", "bias"):
            packed = state[f"{ours}.attn.in_proj_{kind}"].chunk(3)
            found |= {f"{theirs}.self_attn.{one}_proj.{kind}": part for one, part in zip("qkv", packed, strict=True)}
            found |= {f"{theirs}.{there}.{kind}": state[f"{ours}.{here}.{kind}"] for here, there in _PARTS.items()}
    return found

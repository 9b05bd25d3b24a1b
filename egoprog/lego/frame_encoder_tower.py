"""The small frame encoder as the vision tower of a visual language model, in transformers' manner.

Who imports this module can load folders with such a tower by transformers itself. Small models look through it, as a
tower that learns from a few thousand described frames alone sees little.

Shapes: B pictures, H/W pixels, L tokens of a picture (class token first), C width.
"""

from __future__ import annotations

import json
from dataclasses import field, replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel, PreTrainedConfig, PreTrainedModel
from transformers.modeling_outputs import BaseModelOutputWithPooling

from egoprog.errors import ConfigurationError, ModelError
from egoprog.leap.config import UniFormerConfig, to_json, uniformer_from_json
from egoprog.leap.encoded import encoder_weights
from egoprog.leap.uniformer import UniFormerV2
from egoprog.state_dicts import load_strictly

_SHAPING = ("width", "num_layers", "num_heads", "patch_px", "size_px", "stem", "mean", "std")
"""Fields that decide the tokens of a frame; the others are of what fuses frames, or of training."""


class FrameEncoderConfig(PreTrainedConfig):
    """encoder: the fields of a UniFormerConfig, as JSON has them. num_waves: of each patch's place, see
    `FrameEncoderTower`. The other names are those that LLaVA looks for.
    """

    model_type = "egoprog_frame_encoder"

    encoder: dict[str, Any] = field(default_factory=dict)
    num_waves: int = 0

    @classmethod
    def of(cls, encoder: UniFormerConfig, num_waves: int = 0) -> FrameEncoderConfig:
        """Without the times that global blocks are told."""
        if encoder.time_embedding == "global":
            encoder = replace(encoder, time_embedding="none")
        return cls(encoder=json.loads(to_json(encoder)), num_waves=num_waves)

    @property
    def uniformer(self) -> UniFormerConfig:
        """Raises ConfigurationError for fields of something else."""
        return uniformer_from_json(json.dumps(self.encoder))

    @property
    def hidden_size(self) -> int:
        return self.uniformer.width + 4 * self.num_waves

    @property
    def num_hidden_layers(self) -> int:
        return self.uniformer.num_layers

    @property
    def patch_size(self) -> int:
        return self.uniformer.patch_px

    @property
    def image_size(self) -> tuple[int, int]:
        """Height and width."""
        return self.uniformer.size_px


class FrameEncoderTower(PreTrainedModel):
    """Pictures to the tokens after every layer of a frame encoder. Raises ConfigurationError for one of whole clips.

    Behind the features of each patch stand sines and cosines of its place: num_waves along the width, each half as long
    as the one before, and as many along the height. A frame encoder has no use for places and forgets them; which hand
    is left is asked of who describes. The class token has zeros there.
    """

    config_class = FrameEncoderConfig
    main_input_name = "pixel_values"

    def __init__(self, config: FrameEncoderConfig) -> None:
        super().__init__(config)
        self.encoder = UniFormerV2(config.uniformer)
        if not self.encoder.is_per_frame:
            raise ConfigurationError(
                "expected an encoder whose layers see one frame at a time, got one that looks along time in its "
                "layers or its stem; take a configuration like that of LEAP's small recipes"
            )
        # what fuses frames is left out
        self.encoder.transformer = nn.ModuleDict({"resblocks": self.encoder.transformer.resblocks})
        self.post_init()

    @property
    def layers(self) -> nn.ModuleList:
        return self.encoder.transformer["resblocks"]

    def forward(self, pixel_values: Tensor, **_: Any) -> BaseModelOutputWithPooling:
        """hidden_states: (B, L, C + 4 * num_waves) before the first layer and after every one.

        The last of them has each token normalised, as all heads of a frame encoder read it.

        pixel_values: (B, 3, H, W), normalised. Where nothing is trained, PyTorch keeps no graph. Raises InputError for
        pictures of another size.
        """
        tokens_B1LC = self.encoder.stem(pixel_values[:, :, None])
        states = [tokens_B1LC[:, 0]]
        for layer in self.layers:
            tokens_B1LC = layer(tokens_B1LC)
            states.append(tokens_B1LC[:, 0])
        states[-1] = F.layer_norm(states[-1], states[-1].shape[-1:])
        if self.config.num_waves:
            waves_1LW = _waves(*self.encoder.config.grid, self.config.num_waves).to(states[0])
            states = [torch.cat([state, waves_1LW.expand(len(state), -1, -1)], dim=2) for state in states]
        return BaseModelOutputWithPooling(states[-1], states[-1][:, 0], tuple(states))

    def _init_weights(self, module: nn.Module) -> None:
        """The encoder's parts began as their own classes let them."""


def _waves(rows: int, columns: int, num: int) -> Tensor:
    """(1, L, 4 * num), the class token's zeros first."""
    lengths = torch.pi * 2.0 ** torch.arange(num)
    down, across = (((torch.arange(count) + 0.5) / count)[:, None] * lengths for count in (rows, columns))
    down, across = (torch.cat([each.sin(), each.cos()], dim=1) for each in (down, across))
    whole = torch.cat([across[None].expand(rows, -1, -1), down[:, None].expand(-1, columns, -1)], dim=2).flatten(0, 1)
    return torch.cat([whole.new_zeros(1, 4 * num), whole])[None]


def start_tower(tower: FrameEncoderTower, encoder: UniFormerV2) -> None:
    """Gives a new model's tower the weights of a pretrained encoder. Raises ModelError where the two differ."""
    own, given = tower.config.uniformer, encoder.config
    for name in _SHAPING:
        expected, got = getattr(own, name), getattr(given, name)
        if expected != got:
            raise ModelError(
                f"expected a frame encoder of {name} {expected}, got {got}; take one that was pretrained in this size"
            )
    load_strictly(tower.encoder, encoder_weights(encoder))


AutoConfig.register(FrameEncoderConfig.model_type, FrameEncoderConfig)
AutoModel.register(FrameEncoderConfig, FrameEncoderTower)

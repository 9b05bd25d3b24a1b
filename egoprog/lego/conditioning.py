"""What tells the UNet which action to draw: C = [ψ(R), σ(H_i), π(μ(H_t))] (LEGO, equation 1).

Shapes: B pairs, N words, M image tokens of the VLM, E its width, D the conditioning's width, L = N + M + N.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel

from egoprog.errors import InputError
from egoprog.lego.config import LegoConfig


class Conditioning(nn.Module):
    """ψ, σ, μ and π.

    Where a sample's conditioning is null, ψ reads the empty sentence and the VLM's rows are zeros after their
    projections, as in the released code.
    """

    def __init__(self, config: LegoConfig) -> None:
        super().__init__()
        self.config = config
        self.text_encoder = CLIPTextModel(text_config(config))
        self.text_encoder.requires_grad_(not config.text.is_frozen)
        self.image_projection = nn.Linear(config.vlm_width, config.width) if config.has_image_embedding else None
        self.text_projection = nn.Linear(config.vlm_width, config.width) if config.has_text_embedding else None
        self.mixer = _mixer(config) if config.has_text_embedding else None
        for part in self.projections():
            part.requires_grad_(config.trains_projections)
            for parameter in part.parameters():
                if parameter.ndim > 1:
                    nn.init.xavier_uniform_(parameter)

    def projections(self) -> list[nn.Module]:
        """σ, μ and π, those that are there."""
        return [part for part in (self.image_projection, self.text_projection, self.mixer) if part is not None]

    def train(self, mode: bool = True) -> Conditioning:
        """What is frozen stays as in use: no dropout in it."""
        super().train(mode)
        if self.config.text.is_frozen:
            self.text_encoder.eval()
        if not self.config.trains_projections:
            for part in self.projections():
                part.eval()
        return self

    def forward(
        self,
        words_BN: Tensor,
        null_N: Tensor,
        image_BME: Tensor | None = None,
        text_BNE: Tensor | None = None,
        is_null_B: Tensor | None = None,
    ) -> Tensor:
        """(B, L, D). Raises InputError for embeddings that are missing or of other sizes than the configuration's.

        words_BN: tokens of label or description. null_N: those of the empty sentence. image_BME, text_BNE: the VLM's,
        of any precision. is_null_B: of which samples the conditioning is left out.
        """
        config = self.config
        if is_null_B is None:
            is_null_B = torch.zeros(len(words_BN), dtype=torch.bool, device=words_BN.device)
        words_BN = torch.where(is_null_B[:, None], null_N, words_BN)
        with torch.set_grad_enabled(torch.is_grad_enabled() and not config.text.is_frozen):
            rows = [self.text_encoder(words_BN).last_hidden_state]
        is_given_B11 = (~is_null_B)[:, None, None].to(rows[0].dtype)
        if self.image_projection is not None:
            given = self._checked(image_BME, "image", (len(words_BN), config.num_image_tokens, config.vlm_width))
            rows.append(is_given_B11 * self.image_projection(given.to(self.image_projection.weight.dtype)))
        if self.text_projection is not None:
            given = self._checked(text_BNE, "text", (len(words_BN), config.num_words, config.vlm_width))
            mixed_BND = self.mixer(self.text_projection(given.to(self.text_projection.weight.dtype)))
            rows.append(is_given_B11 * mixed_BND)
        return torch.cat(rows, dim=1)

    def _checked(self, embedding: Tensor | None, name: str, shape: tuple[int, ...]) -> Tensor:
        if embedding is None or tuple(embedding.shape) != shape:
            found = "none" if embedding is None else "x".join(map(str, embedding.shape))
            raise InputError(
                f"expected the VLM's {name} embedding of {'x'.join(map(str, shape))}, got {found}; "
                "enrich the pairs with the VLM that this generator was made for"
            )
        return embedding


def text_config(config: LegoConfig) -> CLIPTextConfig:
    """Of ψ, with CLIP's tokens for start and end as the last two."""
    text = config.text
    return CLIPTextConfig(
        vocab_size=text.vocabulary,
        hidden_size=config.width,
        intermediate_size=text.feed_forward,
        projection_dim=config.width,
        num_hidden_layers=text.layers,
        num_attention_heads=text.num_heads,
        max_position_embeddings=config.num_words,
        bos_token_id=text.vocabulary - 2,
        eos_token_id=text.vocabulary - 1,
        pad_token_id=text.vocabulary - 1,
    )


def _mixer(config: LegoConfig) -> nn.TransformerEncoder:
    """π: each word comes to know those behind it, which a language model's never see."""
    layer = nn.TransformerEncoderLayer(
        config.width,
        config.mixer_heads,
        config.mixer_feed_forward,
        config.mixer_dropout,
        batch_first=True,
        norm_first=True,
    )
    return nn.TransformerEncoder(layer, config.mixer_layers, enable_nested_tensor=False)

"""Classifier-free guidance on two conditions, as one call of the UNet a step.

Rows of a call: B times (frame, conditioning), B times (frame, nothing), B times (nothing, nothing); a generator that
sees no frame has two thirds of them.

Shapes: B pictures, G rows a picture (3 or 2), c latent channels, h/w latent, L tokens, D their width.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class GuidedConditions:
    """What stays the same in all steps of a request.

    tokens: (R, L, D), R = G * B. frame: (R, c, h, w), None where no frame is seen. num_rows: G.
    """

    tokens: Tensor
    frame: Tensor | None
    num_rows: int

    @classmethod
    def of(cls, tokens_BLD: Tensor, null_BLD: Tensor, frame_Bchw: Tensor | None) -> GuidedConditions:
        if frame_Bchw is None:
            return cls(torch.cat([tokens_BLD, null_BLD]), None, 2)
        frames = torch.cat([frame_Bchw, frame_Bchw, torch.zeros_like(frame_Bchw)])
        return cls(torch.cat([tokens_BLD, null_BLD, null_BLD]), frames, 3)

    def repeated(self, latent_Bchw: Tensor) -> Tensor:
        """(R, c, h, w)."""
        return latent_Bchw.repeat(self.num_rows, 1, 1, 1)


def guided(rows_Rchw: Tensor, num_rows: int, image_guidance: float, text_guidance: float) -> Tensor:
    """Of what the UNet predicts, e(0,0) + s_i (e(x,0) - e(0,0)) + s_t (e(x,c) - e(x,0)), (B, c, h, w).

    Source: LEGO, equations 3 to 5.
    """
    if num_rows == 2:
        full, nothing = rows_Rchw.chunk(2)
        return nothing + text_guidance * (full - nothing)
    full, frame, nothing = rows_Rchw.chunk(3)
    return nothing + image_guidance * (frame - nothing) + text_guidance * (full - frame)

"""The UNet with an input frame beside the noise, and how passes are guided."""

from dataclasses import replace

import pytest
import torch
from small_lego import PLAIN

from egoprog.errors import ModelError
from egoprog.lego.config import LegoConfig
from egoprog.lego.generator import make_unet, with_frame
from egoprog.lego.guidance import guided


def test_a_widened_unet_draws_as_before_and_ignores_the_frame_at_first():
    torch.manual_seed(0)
    narrow = make_unet(replace(PLAIN, sees_frame=False)).eval()
    noisy, frame, tokens = torch.randn(1, 4, 8, 12), torch.randn(1, 4, 8, 12), torch.randn(1, 12, 32)
    with torch.no_grad():
        before = narrow(noisy, torch.tensor(3), tokens).sample
        wide = with_frame(narrow)
        after = wide(torch.cat([noisy, frame], 1), torch.tensor(3), tokens).sample
    assert wide.config.in_channels == 8
    assert torch.allclose(before, after, atol=1e-6)
    assert with_frame(wide) is wide


def test_a_unet_of_other_channels_is_refused():
    odd = make_unet(replace(PLAIN, sees_frame=False))
    odd.register_to_config(in_channels=9)
    with pytest.raises(ModelError, match="4 or 8 input channels, got 9"):
        with_frame(odd)


def test_the_papers_unet_is_stable_diffusions():
    with torch.device("meta"):
        unet = make_unet(LegoConfig.paper())
    # Stable Diffusion 1.5's 859,520,964 and 4 more channels of 320 filters of 3 by 3
    assert sum(one.numel() for one in unet.parameters()) == 859_520_964 + 4 * 320 * 9


def test_guidance_is_the_papers_equation():
    full, frame, nothing = torch.tensor([[3.0]]), torch.tensor([[2.0]]), torch.tensor([[1.0]])
    found = guided(torch.cat([full, frame, nothing]), 3, image_guidance=1.5, text_guidance=7.5)
    assert found.item() == 1.0 + 1.5 * (2.0 - 1.0) + 7.5 * (3.0 - 2.0)
    assert guided(torch.cat([full, nothing]), 2, 1.5, 7.5).item() == 1.0 + 7.5 * 2.0

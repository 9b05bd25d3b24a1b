"""The sizes of the generator."""

from dataclasses import replace

import pytest
from small_lego import TINY

from egoprog.errors import ConfigurationError
from egoprog.lego.config import LegoConfig, lego_from_json, to_json


def test_the_papers_conditioning_has_410_tokens():
    assert LegoConfig.paper().num_tokens == 410
    assert LegoConfig.paper().latent_size == (32, 32)
    assert replace(LegoConfig.paper(), has_image_embedding=False).num_tokens == 154


def test_the_small_one_sees_latents_of_32_by_40():
    small = LegoConfig.small()
    assert small.latent_size == (32, 40) and small.unet_channels == 12


@pytest.mark.parametrize("config", [LegoConfig.paper(), LegoConfig.small(), TINY])
def test_a_configuration_comes_back_from_json(config):
    assert lego_from_json(to_json(config)) == config


def test_sizes_that_can_not_be_are_told():
    with pytest.raises(ConfigurationError, match="sides of size_px that 64 divides, got 250x256"):
        replace(LegoConfig.paper(), size_px=(250, 256)).check()
    with pytest.raises(ConfigurationError, match=r"drop from 0 to 1/3, got 0\.5"):
        replace(TINY, drop=0.5).check()
    with pytest.raises(ConfigurationError, match="expected the fields of UNetConfig"):
        lego_from_json('{"unet": {"wings": 2}}')
    with pytest.raises(ConfigurationError, match="as JSON, got 'nonsense'"):
        lego_from_json("nonsense")

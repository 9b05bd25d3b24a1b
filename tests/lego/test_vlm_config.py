import pytest

from egoprog.errors import ConfigurationError
from egoprog.lego.vlm_config import VlmConfig


def test_paper_sized_and_small_models_have_the_tokens_that_the_generator_is_told():
    assert (VlmConfig.paper().num_image_tokens, VlmConfig.paper().width) == (256, 5120)
    assert (VlmConfig.small().num_image_tokens, VlmConfig.small().width) == (49, 256)
    assert VlmConfig().num_image_tokens == 576  # LLaVA-1.5 as published


def test_pictures_of_broken_patches_and_missing_layers_are_refused():
    with pytest.raises(ConfigurationError, match="whole patches of 14 px, got 230 px; take 224"):
        VlmConfig(image_px=230)
    with pytest.raises(ConfigurationError, match="among 24 layers, got -26"):
        VlmConfig(vision_feature_layer=-26)

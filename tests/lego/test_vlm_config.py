import subprocess
import sys

import pytest

from egoprog.errors import ConfigurationError
from egoprog.lego.config import LegoConfig
from egoprog.lego.vlm_config import ClipTower, VlmConfig


def test_paper_sized_and_small_models_have_the_tokens_that_the_generator_is_told():
    assert (VlmConfig.paper().num_image_tokens, VlmConfig.paper().width) == (256, 5120)
    assert (VlmConfig.small().num_image_tokens, VlmConfig.small().width) == (85, 256)
    assert VlmConfig().num_image_tokens == 576  # LLaVA-1.5 as published
    for vlm, lego in ((VlmConfig.paper(), LegoConfig.paper()), (VlmConfig.small(), LegoConfig.small())):
        assert vlm.num_image_tokens == lego.num_image_tokens
    assert VlmConfig.small().width == LegoConfig.small().vlm_width


def test_pictures_of_broken_patches_and_missing_layers_are_refused():
    with pytest.raises(ConfigurationError, match="whole patches of 14 px, got 230 px; take 224"):
        ClipTower(image_px=230)
    with pytest.raises(ConfigurationError, match="among 24 layers, got -26"):
        VlmConfig(vision_feature_layer=-26)


def test_a_robot_reads_the_sizes_without_pytorch():
    script = "import sys; import egoprog.lego.vlm_config, egoprog.lego.vlm_pictures; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script]).returncode == 0

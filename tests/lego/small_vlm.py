"""A visual language model so small that a test can make, save and train it."""

from dataclasses import replace

import torch

from egoprog.leap.config import UniFormerConfig
from egoprog.lego.vlm import Vlm, new_llava
from egoprog.lego.vlm_config import ClipTower, VlmConfig
from egoprog.lego.vlm_pictures import PicturePreparation
from egoprog.lego.vlm_tokenizer import VlmTokenizer

TEXTS = [
    "The person opens the drawer with the right hand.",
    "The person takes the cup on the left with the left hand.",
    "The person puts the knife on the counter with both hands.",
]
QUESTION = "How do I open drawer?"
TINY = VlmConfig(
    tower=ClipTower(image_px=32, patch_px=16, width=16, num_layers=2, num_heads=2),
    vocab_size=320,
    width=32,
    feed_forward=48,
    layers=2,
    heads=2,
    max_positions=192,
    fits="squeezed",
)
ENCODER = UniFormerConfig(
    width=24,
    num_layers=2,
    num_heads=2,
    size_px=(32, 64),
    num_frames=4,
    num_classes=5,
    global_layers=(1,),
    time_embedding="global",
    stem="efficientnet_lite0",
)
TINY_FRAMES = replace(TINY, tower=ENCODER, vision_feature_layer=-1, num_waves=1)
"""As TINY, through a frame encoder, with places told."""


def tiny_vlm(config: VlmConfig = TINY) -> Vlm:
    torch.manual_seed(0)
    torch.set_num_threads(1)
    tokenizer = VlmTokenizer.trained(TEXTS, config.vocab_size)
    return Vlm(new_llava(config, tokenizer).eval(), tokenizer, PicturePreparation.of(config))

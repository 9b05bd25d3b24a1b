"""An exported model so small that a test can make it, once for all tests that draw."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path

import small_lego
import small_vlm
import torch

from egoprog.leap.agreement import made_pictures
from egoprog.lego.checkpoints import save_model
from egoprog.lego.config import LegoConfig
from egoprog.lego.export import export_lego
from egoprog.lego.fast_sampling import Sampling
from egoprog.onnx_export import About

VLM = replace(small_vlm.TINY_FRAMES, keeps_class_token=True)  # as the small model that learns
CONFIG = replace(small_lego.TINY, vlm_width=VLM.width, num_image_tokens=VLM.num_image_tokens)
_kept: list[tempfile.TemporaryDirectory] = []


def write_sources(folder: Path, config: LegoConfig = CONFIG) -> tuple[Path, Path]:
    """A generator's folder and a visual language model's."""
    save_model(small_lego.tiny_model(config), folder / "generator", torch.float32)
    small_vlm.tiny_vlm(VLM).save(folder / "vlm")
    return folder / "generator", folder / "vlm"


@cache
def small_drawer_folder() -> Path:
    """With every graph there is; 3 steps of Euler ancestral."""
    _kept.append(tempfile.TemporaryDirectory())
    folder = Path(_kept[-1].name)
    sampling = Sampling(num_steps=3, guided=(0.0, 0.999))  # all three are guided; the row alone is exported with them
    about = About("tiny", "Draws noise.", "None.", "a test", "abc")
    export_lego(
        folder / "tiny", *write_sources(folder), about, commit="abc", sampling=sampling, pictures=made_pictures(4)
    )
    return folder / "tiny"

"""The networks at hand for measuring: a folder of published files, and stand-ins where one is named.

A folder of extractors holds what its owner has of

    pt_inception-2015-12-05-6726825d.pth      FID (mseitzer/pytorch-fid)
    squeezenet1_1-b8a52dc0.pth, squeeze.pth   LPIPS: torchvision's trunk, richzhang/PerceptualSimilarity's heads v0.1
    clip/                                     CLIP ViT-L/14 as transformers saves it
    epic_mir_plus.pth or egovlp.pth           EgoVLP for EPIC-KITCHENS (16 frames) or Ego4D (4)
    blip-base/, blip-large/                   BLIP captioners as transformers saves them; they need clip/ too

What is missing is measured by a stand-in only where one is named, features of the project's own networks, and stays a
dash otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from egoprog.errors import ModelError
from egoprog.lego.caption_similarity import BlipSimilarity
from egoprog.lego.feature_extractors import (
    ClipPictures,
    EgoVlpClips,
    FrameEncoderDistances,
    FrameEncoderFeatures,
    InceptionFeatures,
    LpipsDistances,
    RecogniserClips,
)
from egoprog.lego.features import Networks

INCEPTION = "pt_inception-2015-12-05-6726825d.pth"
LPIPS_TRUNK, LPIPS_HEADS = "squeezenet1_1-b8a52dc0.pth", "squeeze.pth"
CLIP, BLIP_BASE, BLIP_LARGE = "clip", "blip-base", "blip-large"
EGOVLP = ("epic_mir_plus.pth", "egovlp.pth")

_Made = TypeVar("_Made")


def open_networks(
    folder: Path | None = None, frame_encoder: Path | None = None, recogniser: Path | None = None
) -> Networks:
    """The published networks that a folder holds, see the module, and stand-ins for the others where they are named.

    frame_encoder: of `training.frames`, for FID, CLIP and LPIPS. recogniser: of `training.leap`, for EgoVLP.
    Raises ModelError for a file that is there and can't be used.
    """
    if folder is not None and not folder.is_dir():
        raise ModelError(f"expected a folder of extractors, got {folder}; egoprog/lego/metric_networks.py lists them")

    def published(names: tuple[str, ...], make: Callable[[Path], _Made]) -> _Made | None:
        for name in names:
            if folder is not None and (folder / name).exists():
                return make(folder / name)
        return None

    fid = published((INCEPTION,), InceptionFeatures)
    lpips = published((LPIPS_TRUNK,), lambda trunk: LpipsDistances(trunk, trunk.with_name(LPIPS_HEADS)))
    clip = published((CLIP,), ClipPictures)
    egovlp = published(EGOVLP, EgoVlpClips)
    blips = [
        published((name,), lambda path: BlipSimilarity(path, path.with_name(CLIP))) for name in (BLIP_BASE, BLIP_LARGE)
    ]
    if frame_encoder is not None:
        fid = fid or FrameEncoderFeatures(frame_encoder)
        clip = clip or FrameEncoderFeatures(frame_encoder)
        lpips = lpips or FrameEncoderDistances(frame_encoder)
    if recogniser is not None:
        egovlp = egovlp or RecogniserClips(recogniser)
    return Networks(fid, lpips, clip, egovlp, *blips)

"""The networks behind FID, LPIPS, CLIP and EgoVLP, published ones and stand-ins; `metric_networks` opens them.

Shapes: B pictures, C channels, H/W pixels, F frames, T frames, L tokens, D width.
"""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import CLIPModel, PreTrainedModel

from egoprog.data.fitting import fit_frame, normalised
from egoprog.errors import ModelError
from egoprog.leap.config import UniFormerConfig
from egoprog.leap.frame_pretraining import read_frame_encoder
from egoprog.leap.initial_weights import load_network, weights_of
from egoprog.lego.egovlp import load_egovlp
from egoprog.lego.features import Features, Origin, Pictures
from egoprog.lego.inception import load_inception
from egoprog.lego.lpips import load_lpips

_Model = TypeVar("_Model", bound=PreTrainedModel)

CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)


def tensor(pictures: Pictures) -> Tensor:
    """(B, 3, H, W) from 0 to 1."""
    return torch.from_numpy(normalised(pictures, 0.0, 1.0))


def squeezed(pictures: Pictures, size_px: int) -> Tensor:
    """(B, 3, size, size), normalised as CLIP's; the whole picture, its aspect not kept.

    Source: metrics/clip_similarity.py of BolinLai/LEGO.
    """
    scaled = F.interpolate(tensor(pictures), (size_px, size_px), mode="bicubic", align_corners=False)
    return (scaled - torch.tensor(CLIP_MEAN)[:, None, None]) / torch.tensor(CLIP_STD)[:, None, None]


def origin_of(path: Path, name: str, is_stand_in: bool = False) -> Origin:
    """Of a file or of a folder's files."""
    files = sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]
    marks = [f"{each.name}:{each.stat().st_size}:{each.stat().st_mtime_ns}" for each in files]
    return Origin(name, ",".join(marks), is_stand_in)


class InceptionFeatures:
    """The 2048 features of FID."""

    def __init__(self, path: Path, share: float = 1.0) -> None:
        self.network = load_inception(path, share)
        self.origin = origin_of(path, f"InceptionV3, {path.name}")

    @torch.inference_mode()
    def __call__(self, pictures: Pictures) -> Features:
        return self.network(tensor(pictures)).numpy()


class LpipsDistances:
    """Values from -1 to 1, as LPIPS is defined; LEGO's evaluation gives it values from 0 to 1, which makes distances
    smaller than these.
    """

    def __init__(self, trunk: Path, heads: Path, share: float = 1.0) -> None:
        self.network = load_lpips(trunk, heads, share)
        one, other = origin_of(trunk, ""), origin_of(heads, "")
        self.origin = Origin(f"LPIPS, {trunk.name}, {heads.name}", f"{one.fingerprint},{other.fingerprint}")

    @torch.inference_mode()
    def __call__(self, ones: Pictures, others: Pictures) -> Features:
        return self.network(tensor(ones), tensor(others)).numpy()


class ClipPictures:
    """CLIP's image features; a folder as transformers saves a CLIPModel."""

    def __init__(self, path: Path) -> None:
        self.model = load_clip(path)
        self.origin = origin_of(path, f"CLIP, {path.name}")

    @torch.inference_mode()
    def __call__(self, pictures: Pictures) -> Features:
        pixels = squeezed(pictures, self.model.config.vision_config.image_size)
        return self.model.get_image_features(pixels).pooler_output.numpy()


class EgoVlpClips:
    """EgoVLP's features of clips with as many frames as the checkpoint has."""

    def __init__(self, path: Path, num_heads: int = 12, text_heads: int = 12) -> None:
        self.network = load_egovlp(path, num_heads, text_heads)
        self.origin = origin_of(path, f"EgoVLP, {path.name}")

    @torch.inference_mode()
    def __call__(self, firsts: Pictures, seconds: Pictures) -> Features:
        config = self.network.config
        size_px = (config.size_px, config.size_px)
        halves = [tensor(np.stack([fit_frame(one, size_px, "squeezed") for one in each])) for each in (firsts, seconds)]
        return self.network.videos(two_halves(*halves, config.num_frames)).numpy()


class FrameEncoderFeatures:
    """Stand-in for CLIP and for FID: the class token of the project's small frame encoder, of its last layer."""

    def __init__(self, path: Path) -> None:
        self.encoder = read_frame_encoder(weights_of(path))
        self.origin = origin_of(weights_of(path), f"class token of the frame encoder {_named(path)}", is_stand_in=True)

    @torch.inference_mode()
    def __call__(self, pictures: Pictures) -> Features:
        return F.layer_norm(_layers(self.encoder, pictures)[-1][:, 0], (self.encoder.config.width,)).numpy()


class FrameEncoderDistances:
    """Stand-in for LPIPS: the patches' tokens of every layer, of length 1, and the mean of their squared distances."""

    def __init__(self, path: Path) -> None:
        self.encoder = read_frame_encoder(weights_of(path))
        self.origin = origin_of(weights_of(path), f"patches of the frame encoder {_named(path)}", is_stand_in=True)

    @torch.inference_mode()
    def __call__(self, ones: Pictures, others: Pictures) -> Features:
        layers = zip(_layers(self.encoder, ones), _layers(self.encoder, others), strict=True)
        apart = [
            (F.normalize(one[:, 1:], dim=2) - F.normalize(other[:, 1:], dim=2)).square().sum(2).mean(1)
            for one, other in layers
        ]
        return torch.stack(apart).mean(0).numpy()


class RecogniserClips:
    """Stand-in for EgoVLP: the video token of one of the project's recognisers of actions."""

    def __init__(self, path: Path) -> None:
        self.network = load_network(weights_of(path))
        self.origin = origin_of(weights_of(path), f"video token of the recogniser {_named(path)}", is_stand_in=True)

    @torch.inference_mode()
    def __call__(self, firsts: Pictures, seconds: Pictures) -> Features:
        backbone = self.network.backbone
        features = backbone.frames(recogniser_clips(firsts, seconds, backbone.config))
        return backbone.fuse(features).numpy()


def encoder_pixels(pictures: Pictures, config: UniFormerConfig) -> Tensor:
    """(B, 3, H, W) as a frame encoder takes them; the whole of each picture, its aspect not kept."""
    fitted = np.stack([fit_frame(one, config.size_px, "squeezed") for one in pictures])
    return torch.from_numpy(normalised(fitted, config.mean, config.std))


def recogniser_clips(firsts: Pictures, seconds: Pictures, config: UniFormerConfig) -> Tensor:
    """(B, 3, T, H, W) as a UniFormerV2 of that configuration takes them."""
    halves = [encoder_pixels(each, config) for each in (firsts, seconds)]
    return two_halves(*halves, config.num_frames).transpose(1, 2)


def two_halves(first_BCHW: Tensor, second_BCHW: Tensor, num_frames: int) -> Tensor:
    """(B, F, C, H, W): the first picture for half of the frames, then the second."""
    num_first = num_frames // 2
    return torch.stack([first_BCHW] * num_first + [second_BCHW] * (num_frames - num_first), dim=1)


def load_clip(path: Path) -> CLIPModel:
    """Raises ModelError for a folder that is no whole CLIP model."""
    return load_folder(CLIPModel, path)


def load_folder(kind: type[_Model], path: Path) -> _Model:
    """A model of transformers out of a folder, whole, in eval mode. Raises ModelError."""
    try:
        model, found = kind.from_pretrained(path, local_files_only=True, use_safetensors=True, output_loading_info=True)
    except (OSError, ValueError, RuntimeError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ModelError(f"expected a folder of a {kind.__name__} with safetensors in {path}, got {reason}") from None
    if missing := sorted(found["missing_keys"]):
        raise ModelError(
            f"expected all weights of a {kind.__name__} in {path}, {len(missing)} are missing: {missing[0]}"
        )
    return model.eval().requires_grad_(False)


def _layers(encoder: torch.nn.Module, pictures: Pictures) -> list[Tensor]:
    """Tokens (B, L, D) after each layer."""
    tokens_BTLC = encoder.stem(encoder_pixels(pictures, encoder.config)[:, :, None])
    found = []
    for block in encoder.transformer.resblocks:
        tokens_BTLC = block(tokens_BTLC)
        found.append(tokens_BTLC[:, 0])
    return found


def _named(path: Path) -> str:
    return path.name if path.is_dir() else f"{path.parent.name}/{path.name}"

"""Training of a small autoencoder: pictures to latents an order of magnitude smaller, and back.

No published network takes part. Where Stable Diffusion's autoencoder was trained with LPIPS and a discriminator, both
of which need networks of their own, ours has the mean absolute error and a structural dissimilarity at three scales
(after Wang and others' SSIM), which knows edges and contrast but nothing of things: fine texture comes out smoother.

Shapes: B pictures, H/W pixels, c latent channels, h/w latent.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL
from torch import Tensor, nn
from torch.utils.data import Dataset

from egoprog.data.frame_pairs import PairFolder
from egoprog.errors import ConfigurationError
from egoprog.lego.config import AutoencoderLoss, LegoConfig, to_json
from egoprog.lego.generator import make_autoencoder
from egoprog.lego.latents import fingerprint
from egoprog.lego.pair_dataset import as_pixels
from egoprog.state_dicts import load_strictly
from egoprog.train.batches import Batches
from egoprog.train.task import Task

PREFIX = "autoencoder."
_C1, _C2 = (0.01 * 2) ** 2, (0.03 * 2) ** 2  # SSIM's, for values from -1 to 1
_WINDOW_PX = 7
_NUM_SCALES = 3
_COLOUR_PX = 4


class Reconstruction(nn.Module):
    """The autoencoder as a training calls it."""

    def __init__(self, config: LegoConfig) -> None:
        super().__init__()
        self.autoencoder = make_autoencoder(config)

    def forward(self, pixels_BCHW: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The pictures again, and mean and logarithm of the variance of their latents (B, c, h, w).

        In training a latent is drawn, otherwise it is the mean.
        """
        posterior = self.autoencoder.encode(pixels_BCHW).latent_dist
        latent_Bchw = posterior.sample() if self.training else posterior.mode()
        return self.autoencoder.decode(latent_Bchw).sample, posterior.mean, posterior.logvar


class PictureDataset(Dataset):
    """Inputs and targets of folders of pairs, each on its own.

    crop_px: in training, (height, width) of a random part, mirrored half of the time; None for whole pictures.
    """

    def __init__(
        self,
        folders: Sequence[PairFolder],
        split: str,
        size_px: tuple[int, int],
        crop_px: tuple[int, int] | None = None,
        most: int | None = None,
    ) -> None:
        self.size_px, self.crop_px = size_px, crop_px
        items = [(folder, folder.row(pair), k) for folder in folders for pair in folder.pairs(split) for k in range(2)]
        if most is not None and len(items) > most:
            items = [items[int(k)] for k in np.linspace(0, len(items) - 1, most).round()]
        self._items = items

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        folder, row, which = self._items[index]
        pictures = folder.targets if which else folder.inputs
        if self.crop_px is None:
            return {"pixels": as_pixels(pictures[row], self.size_px)}
        pixels_CHW = as_pixels(pictures[row], self.size_px, bool(torch.rand(()) < 0.5))
        top, left = (
            int(torch.randint(whole - part + 1, ())) for whole, part in zip(self.size_px, self.crop_px, strict=True)
        )
        return {"pixels": pixels_CHW[:, top : top + self.crop_px[0], left : left + self.crop_px[1]]}


class AutoencoderTask(Task):
    """crop_px: of training's parts; a network without attention at its middle learns from parts as from wholes.

    init: weights to start from, random ones unless told.
    """

    def __init__(
        self,
        folders: Sequence[PairFolder],
        config: LegoConfig,
        crop_px: tuple[int, int] | None = (64, 80),
        weights: AutoencoderLoss | None = None,
        num_validation: int | None = 256,
        init: AutoencoderKL | None = None,
    ) -> None:
        factor = config.autoencoder.factor
        for part, whole in zip(crop_px or (), config.size_px, strict=False):
            if part > whole or part % factor:
                raise ConfigurationError(f"expected crop sides up to {whole} px that {factor} divides, got {part}")
        self.folders, self.config, self.crop_px = folders, config, crop_px
        self.weights, self.num_validation, self.init = weights or AutoencoderLoss(), num_validation, init

    def model(self) -> nn.Module:
        model = Reconstruction(self.config)
        if self.init is not None:
            load_strictly(model.autoencoder, self.init.state_dict())
        return model.to(memory_format=torch.channels_last)  # a quarter less of a CPU's time

    def dataset(self, split: str) -> Dataset:
        if split == "train":
            return PictureDataset(self.folders, split, self.config.size_px, self.crop_px or self.config.size_px)
        return PictureDataset(self.folders, split, self.config.size_px, most=self.num_validation)

    def loss(self, model: nn.Module, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        pixels = batch["pixels"]
        drawn, mean, logvar = model(pixels)
        drawn, mean, logvar = drawn.float(), mean.float(), logvar.float()
        parts = {
            "absolute": F.l1_loss(drawn, pixels),
            "structure": structure_loss(drawn, pixels),
            "colour": colour_loss(drawn, pixels, self.weights.green),
            "kl": 0.5 * (mean.square() + logvar.exp() - 1.0 - logvar).sum((1, 2, 3)).mean(),
        }
        weights = self.weights
        loss = sum(getattr(weights, name) * parts[name] for name in ("absolute", "structure", "colour"))
        # of a latent's number each, so that the weight means the same for every size of crop
        loss = loss + weights.kl * parts["kl"] / mean[0].numel()
        return {"loss": loss} | parts

    def measure(self, model: nn.Module, batches: Batches) -> dict[str, float]:
        """Of whole pictures: PSNR in dB, structural similarity, what is lost of orange and blue and of green and pink
        (1 in a grey copy), and mean and spread of the latents.
        """
        rows = []
        for batch in batches:
            pixels = batch["pixels"]
            drawn, mean, logvar = model(pixels)
            drawn = drawn.float().clamp(-1, 1)
            mean_square = (drawn - pixels).square().mean((1, 2, 3)) / 4.0  # of values from 0 to 1
            structure = torch.stack([structure_loss(a[None], b[None]) for a, b in zip(drawn, pixels, strict=True)])
            true = colours(pixels)
            wrong = colours(drawn) - true
            columns = [
                -10 * mean_square.clamp(min=1e-10).log10(),
                1 - structure,
                *wrong.square().mean((2, 3)).unbind(1),
                *true.square().mean((2, 3)).unbind(1),
                mean.float().mean((1, 2, 3)),
                mean.float().square().mean((1, 2, 3)),
                logvar.float().exp().mean((1, 2, 3)),
            ]
            rows.append(torch.stack(columns, dim=1))
        means = batches.gather(torch.cat(rows)).double().mean(0).tolist()
        psnr, similarity, orange_lost, green_lost, orange, green, mean, square, noise = means
        spread = max(square - mean**2, 0.0) ** 0.5
        return {
            "psnr": psnr,
            "structure": similarity,
            "orange_lost": orange_lost / max(orange, 1e-9),
            "green_lost": green_lost / max(green, 1e-9),
            "latent_spread": spread,
            "latent_noise": noise**0.5,
        }

    def metadata(self) -> dict[str, str]:
        return {
            "lego_autoencoder": to_json(self.config),
            "loss": json.dumps(dataclasses.asdict(self.weights)),
            "init": "" if self.init is None else fingerprint(self.init),
        }


def colour_loss(first_BCHW: Tensor, second_BCHW: Tensor, green: float = 1.0) -> Tensor:
    """Mean squared difference of two pictures' colours. green: times that their second axis counts.

    Squared, as most of a kitchen is grey: what lowers absolute differences most is to have no colours at all.
    """
    difference_B2hw = colours(first_BCHW) - colours(second_BCHW)
    return (difference_B2hw * difference_B2hw.new_tensor([1.0, green])[:, None, None]).square().mean()


def colours(pixels_BCHW: Tensor) -> Tensor:
    """(B, 2, h, w): red less blue, and green less the mean of both; 0 where a square of the picture is grey."""
    side = min(_COLOUR_PX, *pixels_BCHW.shape[2:])
    red, green, blue = F.avg_pool2d(pixels_BCHW, side).unbind(1)
    return torch.stack([red - blue, green - (red + blue) / 2], dim=1)


def structure_loss(first_BCHW: Tensor, second_BCHW: Tensor) -> Tensor:
    """1 - SSIM, averaged over three scales; values from -1 to 1. Windows are square and even, not Gaussian."""
    total = first_BCHW.new_zeros(())
    for scale in range(_NUM_SCALES):
        if scale:
            first_BCHW, second_BCHW = F.avg_pool2d(first_BCHW, 2), F.avg_pool2d(second_BCHW, 2)
        window = min(_WINDOW_PX, *first_BCHW.shape[2:])

        def mean(values: Tensor, window: int = window) -> Tensor:
            return F.avg_pool2d(values, window, 1)

        a, b = mean(first_BCHW), mean(second_BCHW)
        variance_a, variance_b = mean(first_BCHW.square()) - a.square(), mean(second_BCHW.square()) - b.square()
        covariance = mean(first_BCHW * second_BCHW) - a * b
        alike = (2 * a * b + _C1) * (2 * covariance + _C2)
        total = total + (1 - alike / ((a.square() + b.square() + _C1) * (variance_a + variance_b + _C2))).mean()
    return total / _NUM_SCALES


def trained_autoencoder(weights: Mapping[str, Tensor], config: LegoConfig, spread: float) -> AutoencoderKL:
    """Out of a training's weights; its scale brings latents of that spread to 1."""
    autoencoder = make_autoencoder(config)
    own = {name.removeprefix(PREFIX): tensor for name, tensor in weights.items() if name.startswith(PREFIX)}
    autoencoder.load_state_dict(own)
    autoencoder.register_to_config(scaling_factor=1.0 / spread)
    return autoencoder.eval()

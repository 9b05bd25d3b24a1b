"""Training of the generator: it learns to take the noise out of the latent of the frame in which the action is done.

Shapes: B pairs, c latent channels, h/w latent, N words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL
from diffusers.models.attention_processor import AttnProcessor
from torch import Tensor, nn
from torch.utils.data import Dataset

from egoprog.lego.config import LegoConfig, to_json
from egoprog.lego.generator import Generator
from egoprog.lego.latents import fingerprint
from egoprog.lego.pair_dataset import PairDataset, PairSource, spread_subset, whole_dataset
from egoprog.lego.schedules import NUM_TRAIN_STEPS, training_schedule
from egoprog.lego.text_tokens import TextTokenizer
from egoprog.train.batches import Batches
from egoprog.train.task import Task

_STRIDE = 619
"""Between the noise steps of neighbouring validation pairs: without a common divisor with 1000, so all are met."""


class DiffusionTask(Task):
    """sources: one or several folders of pairs. make_generator: called once, for its first weights; by default they
    are random. num_validation: most pairs of a measure. flip: share of mirrored pairs in training.
    """

    def __init__(
        self,
        config: LegoConfig,
        sources: Sequence[PairSource],
        autoencoder: AutoencoderKL,
        tokenizer: TextTokenizer,
        make_generator: Callable[[], Generator] | None = None,
        num_validation: int | None = None,
        flip: float = 0.5,
    ) -> None:
        self.config, self.sources, self.tokenizer, self.flip = config, sources, tokenizer, flip
        self.autoencoder = autoencoder.eval().requires_grad_(False)
        self._fingerprint = fingerprint(autoencoder)
        self._make_generator = make_generator or (lambda: Generator(config))
        self._num_validation = num_validation
        self._schedule = training_schedule()
        self._null_N = torch.from_numpy(tokenizer([""])[0])

    def model(self) -> nn.Module:
        generator = self._make_generator()
        if not torch.cuda.is_available():  # the same sums by other kernels: a step takes a quarter less of a CPU's time
            generator.unet.set_attn_processor(AttnProcessor())
            generator.unet.to(memory_format=torch.channels_last)
        return generator

    def dataset(self, split: str) -> Dataset:
        is_training = split == "train"
        parts = [
            PairDataset(source, split, self.config, self.tokenizer, is_training, self.flip) for source in self.sources
        ]
        whole = whole_dataset([part for part in parts if len(part)] or parts)
        return whole if is_training else spread_subset(whole, self._num_validation)

    def to(self, device: torch.device) -> None:
        self.autoencoder.to(device)
        self._null_N = self._null_N.to(device)

    def loss(self, model: nn.Module, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        frame, target = self._latents(batch, is_training=True)
        steps_B = torch.randint(NUM_TRAIN_STEPS, (len(target),), device=target.device)
        noise = torch.randn_like(target)
        is_null_B, is_blind_B = dropped(torch.rand(len(target), device=target.device), self.config.drop)
        found = self._found(model, batch, frame, target, noise, steps_B, is_null_B, is_blind_B)
        return {"loss": F.mse_loss(found.float(), self._wanted(target, noise, steps_B).float())}

    def measure(self, model: nn.Module, batches: Batches) -> dict[str, float]:
        """ "loss" with all conditions, and how much it rises without the words and without the frame.

        Noise and its steps belong to the pair: what changes from measure to measure is the network.
        """
        rows = []
        for batch in batches:
            frame, target = self._latents(batch, is_training=False)
            noise = torch.stack([_noise_of(int(index), target.shape[1:]) for index in batch["index"]]).to(target)
            steps_B = (batch["index"] * _STRIDE) % NUM_TRAIN_STEPS
            wanted = self._wanted(target, noise, steps_B)
            no, yes = torch.zeros_like(steps_B, dtype=torch.bool), torch.ones_like(steps_B, dtype=torch.bool)
            kinds = ((no, no), (yes, no), (no, yes)) if self.config.sees_frame else ((no, no), (yes, no))
            errors = [
                (self._found(model, batch, frame, target, noise, steps_B, *kind).float() - wanted)
                .square()
                .mean((1, 2, 3))
                for kind in kinds
            ]
            rows.append(torch.stack(errors, dim=1))
        means = batches.gather(torch.cat(rows)).double().mean(0).tolist()
        figures = {"loss": means[0], "words_gain": means[1] - means[0]}
        return figures | ({"frame_gain": means[2] - means[0]} if self.config.sees_frame else {})

    def layers(self, model: nn.Module) -> Iterable[nn.Module]:
        unet, conditioning = model.unet, model.conditioning
        mixer = () if conditioning.mixer is None else conditioning.mixer.layers
        words = conditioning.text_encoder.encoder.layers
        return [*unet.down_blocks, unet.mid_block, *unet.up_blocks, *words, *mixer]

    def metadata(self) -> dict[str, str]:
        return {"lego": to_json(self.config), "autoencoder": self._fingerprint}

    def _found(
        self,
        model: nn.Module,
        batch: Mapping[str, Tensor],
        frame_Bchw: Tensor | None,
        target_Bchw: Tensor,
        noise_Bchw: Tensor,
        steps_B: Tensor,
        is_null_B: Tensor,
        is_blind_B: Tensor,
    ) -> Tensor:
        if frame_Bchw is not None:
            frame_Bchw = frame_Bchw * (~is_blind_B)[:, None, None, None].to(frame_Bchw.dtype)
        noisy_Bchw = self._schedule.add_noise(target_Bchw, noise_Bchw, steps_B)
        embeddings = (batch.get("image"), batch.get("text"))
        return model(noisy_Bchw, frame_Bchw, steps_B, batch["words"], self._null_N, *embeddings, is_null_B)

    def _wanted(self, target_Bchw: Tensor, noise_Bchw: Tensor, steps_B: Tensor) -> Tensor:
        if self.config.prediction == "epsilon":
            return noise_Bchw
        return self._schedule.get_velocity(target_Bchw, noise_Bchw, steps_B)

    @torch.no_grad()
    def _latents(self, batch: Mapping[str, Tensor], is_training: bool) -> tuple[Tensor | None, Tensor]:
        """The input frame's, unscaled, as Stable Diffusion's editing models take it, and the target's, scaled."""
        if "target" in batch:
            frame, target = batch["frame"], batch["target"]
        else:
            posterior = self.autoencoder.encode(batch["target_picture"]).latent_dist
            target = posterior.sample() if is_training else posterior.mode()
            frame = self.autoencoder.encode(batch["frame_picture"]).latent_dist.mode()
        return frame if self.config.sees_frame else None, target * self.autoencoder.config.scaling_factor


def dropped(r_B: Tensor, drop: float) -> tuple[Tensor, Tensor]:
    """Of one uniform number a sample: whether its words are left out, and whether its frame is.

    Words alone, both and the frame alone get `drop` of the samples each. Source: InstructPix2Pix, and LEGO.
    """
    return r_B < 2 * drop, (r_B >= drop) & (r_B < 3 * drop)


def _noise_of(index: int, shape: Sequence[int]) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(index))

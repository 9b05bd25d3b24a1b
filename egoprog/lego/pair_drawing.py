"""Draws the target frames of many pairs by one method, for the tables; what is drawn already is kept."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from egoprog.data.frame_pairs import FramePair
from egoprog.lego.baselines import proximal_inversion, sdedit
from egoprog.lego.checkpoints import LegoModel
from egoprog.lego.generated import GeneratedFolder
from egoprog.lego.pair_dataset import PairDataset, PairSource
from egoprog.lego.pipeline import generate
from egoprog.lego.schedules import SAMPLERS
from egoprog.train.precision import cpu_multiplies_bf16

Method = Literal["generator", "sdedit", "proxnpi"]
Precision = Literal["fp32", "bf16"]


@dataclass(frozen=True)
class DrawingOptions:
    """method: "generator" reads the input frame; the other two take a text-to-frame model, see `baselines`.

    num_steps, image_guidance, text_guidance: None for the model's own. sampler: of diffusers' schedulers, see
    `schedules`; inversion has its own. strength: of SDEdit. precision: of the networks' arithmetic; bf16 is half the
    work on a CPU that multiplies in it, and fp32 on another.
    """

    method: Method = "generator"
    num_steps: int | None = None
    sampler: str = SAMPLERS[0]
    image_guidance: float | None = None
    text_guidance: float | None = None
    strength: float = 0.75
    precision: Precision = "fp32"

    @property
    def is_mixed(self) -> bool:
        return self.precision == "bf16" and cpu_multiplies_bf16()


def draw_pairs(
    model: LegoModel,
    source: PairSource,
    pairs: Sequence[FramePair],
    out: GeneratedFolder,
    options: DrawingOptions,
    batch: int = 8,
) -> Iterator[int]:
    """Draws what `out` lacks of these pairs of one split, and yields how many more are there.

    A picture's noise follows from its pair's id, so that neither the batch nor a stop changes it, and all methods
    start from the same. Raises as `PairDataset` and the methods do.
    """
    missing = set(out.missing([pair.pair_id for pair in pairs]))
    left = [pair for pair in pairs if pair.pair_id in missing]
    draw = _drawer(model, source, options)
    for start in range(0, len(left), batch):
        part = left[start : start + batch]
        for pair, picture in zip(part, draw(part), strict=True):
            out.write(pair.pair_id, picture)
        yield len(part)


def about(options: DrawingOptions) -> dict[str, Any]:
    """What about.json says of it; of the precision, that in which this machine computes."""
    told = asdict(options) | {"precision": "bf16" if options.is_mixed else "fp32"}
    return {name: value for name, value in told.items() if value is not None}


def seed_of(pair: FramePair) -> int:
    """Of a pair's noise."""
    return zlib.crc32(pair.pair_id.encode())


def _drawer(
    model: LegoModel, source: PairSource, options: DrawingOptions
) -> Callable[[Sequence[FramePair]], NDArray[np.uint8]]:
    config = model.config
    read = PairDataset(source, "validation", config, model.tokenizer)

    def embeddings(pairs: Sequence[FramePair]) -> dict[str, NDArray]:
        rows = [source.folder.row(pair) for pair in pairs]
        found = {}
        if config.has_image_embedding:
            found["image"] = np.stack([source.enriched.image(row) for row in rows])
        if config.has_text_embedding:
            found["text"] = np.stack([source.enriched.text(row, config.num_words) for row in rows])
        return found

    def draw(pairs: Sequence[FramePair]) -> NDArray[np.uint8]:
        frames = [source.folder.pictures(pair)[0] for pair in pairs]
        words = [read.words(pair) for pair in pairs]
        seeds = [seed_of(pair) for pair in pairs]
        common = {"num_steps": options.num_steps, "text_guidance": options.text_guidance}
        method = {
            "generator": partial(
                generate, **common, seeds=seeds, image_guidance=options.image_guidance, sampler_name=options.sampler
            ),
            "sdedit": partial(sdedit, **common, seeds=seeds, strength=options.strength, sampler_name=options.sampler),
            "proxnpi": partial(proximal_inversion, **common),
        }[options.method]
        with torch.autocast("cpu", torch.bfloat16, enabled=options.is_mixed):
            return method(model, frames, words, **embeddings(pairs))

    return draw

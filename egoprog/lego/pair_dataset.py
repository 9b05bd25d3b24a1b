"""Frame pairs as the generator is trained on them: words, the VLM's embeddings, latents or pictures, flipped or not.

Shapes: H/W pixels, c latent channels, h/w latent, N words, M image tokens of the VLM, E its width.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import ConcatDataset, Dataset, Subset

from egoprog.data.fitting import Fits, fit_frame
from egoprog.data.frame_pairs import FramePair, PairFolder
from egoprog.errors import RecordingError
from egoprog.lego.config import LegoConfig
from egoprog.lego.enriched_folder import EnrichedFolder
from egoprog.lego.latents import LatentFolder
from egoprog.lego.text_tokens import TextTokenizer

log = logging.getLogger(__name__)
MIRRORED_ENDING = "_mirrored"
_SIDES = re.compile(r"\b(left|right)\b", re.IGNORECASE)
_RIGHT_FIRST = re.compile(r"^With the right hand ([^,]+) and the left hand ([^,]+),")


@dataclass(frozen=True)
class PairSource:
    """A folder of pairs with what was made of it.

    enriched: descriptions and embeddings of a VLM. mirrored: the same of the mirrored pictures. latents: None where
    pictures are encoded in training.
    """

    folder: PairFolder
    enriched: EnrichedFolder | None = None
    mirrored: EnrichedFolder | None = None
    latents: LatentFolder | None = None

    @classmethod
    def opened(cls, path: str | Path, enriched: str | None = None) -> PairSource:
        """enriched: the name of the VLM's folder in PAIRS/enriched. Raises RecordingError where it is not whole."""
        folder = PairFolder(path)
        if enriched is None:
            return cls(folder)
        ids = [pair.pair_id for pair in folder.pairs()]
        root = folder.path / "enriched"
        mirrored = root / (enriched + MIRRORED_ENDING)
        other = EnrichedFolder(mirrored, ids) if mirrored.is_dir() else None
        return cls(folder, EnrichedFolder(root / enriched, ids), other)


class PairDataset(Dataset):
    """A split of one source.

    In training half of the pairs are mirrored: both pictures, and left and right in the words. The VLM's embeddings of
    a mirrored pair are those of its mirrored picture where NAME_mirrored has them; otherwise they stay, as in the
    released code, and a warning says so.
    """

    def __init__(
        self,
        source: PairSource,
        split: str,
        config: LegoConfig,
        tokenizer: TextTokenizer,
        is_training: bool = False,
        flip: float = 0.5,
    ) -> None:
        self.source, self.config, self.tokenizer = source, config, tokenizer
        self.flip = flip if is_training else 0.0
        self.pairs: Sequence[FramePair] = source.folder.pairs(split)
        if config.has_embeddings:
            if source.enriched is None:
                raise RecordingError(
                    f"expected embeddings of a VLM for {source.folder.path}, got none; run  python -m training.enrich  "
                    "and name its folder, or train on labels or descriptions alone"
                )
            source.enriched.check(config)
            if self.flip and source.mirrored is None:
                log.warning("%s: mirrored pairs keep the embeddings of the unmirrored picture", source.folder.path)

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, index: int) -> dict[str, Tensor | str]:
        """ "frame" and "target" latents (c, h, w), or "frame_picture" and "target_picture" (3, H, W) from -1 to 1."""
        pair = self.pairs[index]
        is_mirrored = bool(torch.rand(()) < self.flip)
        row = self.source.folder.row(pair)
        sample: dict[str, Tensor | str] = {"narration_id": pair.pair_id}
        sample["words"] = torch.from_numpy(self.tokenizer([self.words(pair, is_mirrored)])[0])
        sample |= self._seen(pair, row, is_mirrored)
        enriched = self.source.mirrored if is_mirrored and self.source.mirrored else self.source.enriched
        if self.config.has_image_embedding:
            sample["image"] = torch.from_numpy(enriched.image(row)).float()
        if self.config.has_text_embedding:
            sample["text"] = torch.from_numpy(enriched.text(row, self.config.num_words)).float()
        return sample

    def words(self, pair: FramePair, is_mirrored: bool = False) -> str:
        """What ψ reads of a pair: its label, or the VLM's description, or where there is no VLM the pair's own."""
        if self.config.words == "label":
            return mirrored_words(pair.action) if is_mirrored else pair.action
        source = self.source
        row = source.folder.row(pair)
        if is_mirrored and source.mirrored is not None:
            return source.mirrored.description(row)
        description = source.enriched.description(row) if source.enriched is not None else pair.description
        if not description:
            raise RecordingError(
                f"expected a description of {pair.pair_id} in {source.folder.path}, got none; enrich the pairs, "
                "or train on labels"
            )
        return mirrored_words(description) if is_mirrored else description

    def _seen(self, pair: FramePair, row: int, is_mirrored: bool) -> dict[str, Tensor]:
        if self.source.latents is not None:
            frame, target = self.source.latents.pair(row, is_mirrored)
            return {"frame": torch.from_numpy(frame).float(), "target": torch.from_numpy(target).float()}
        frame, target = (
            as_pixels(picture, self.config.size_px, is_mirrored, self.config.fits)
            for picture in self.source.folder.pictures(pair)
        )
        return {"frame_picture": frame, "target_picture": target}


def whole_dataset(parts: Sequence[PairDataset]) -> Dataset:
    """Of one or several folders: the paper's scale-up joins two datasets."""
    return parts[0] if len(parts) == 1 else ConcatDataset(parts)


def spread_subset(dataset: Dataset, most: int | None) -> Dataset:
    """At most so many samples, evenly spread."""
    if most is None or len(dataset) <= most:
        return dataset
    return Subset(dataset, np.linspace(0, len(dataset) - 1, most).round().astype(int).tolist())


def mirrored_words(text: str) -> str:
    """Left for right and right for left, however written. What both hands hold is told of the left one first again."""

    def other(found: re.Match[str]) -> str:
        word = found[0]
        swapped = "right" if word.lower() == "left" else "left"
        return swapped.upper() if word.isupper() else swapped.capitalize() if word[0].isupper() else swapped

    return _RIGHT_FIRST.sub(r"With the left hand \2 and the right hand \1,", _SIDES.sub(other, text))


def as_pixels(
    picture: NDArray[np.uint8], size_px: tuple[int, int], is_mirrored: bool = False, fits: Fits = "cut"
) -> Tensor:
    """(3, H, W) from -1 to 1 of a picture (rows, columns, 3) of any size."""
    fitted = fit_frame(picture, size_px, fits)
    if is_mirrored:
        fitted = fitted[:, ::-1]
    pixels = torch.from_numpy(np.ascontiguousarray(fitted.transpose(2, 0, 1)))
    return pixels.float() / 127.5 - 1.0


def as_picture(pixels_BCHW: Tensor) -> NDArray[np.uint8]:
    """(B, H, W, 3) of values from -1 to 1; what lies beyond is cut off."""
    scaled = (pixels_BCHW.detach().float().cpu().clamp(-1, 1) + 1.0) * 127.5
    return scaled.round().to(torch.uint8).permute(0, 2, 3, 1).contiguous().numpy()

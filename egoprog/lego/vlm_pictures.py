"""Pictures as a vision tower takes them, by the preprocessor_config.json that lies beside its weights.

Nothing here needs PyTorch, torchvision or transformers.

Shapes: B pictures, H/W pixels of the tower's.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from egoprog.data.atomic import atomic
from egoprog.data.json_fields import Fields, read_json
from egoprog.errors import ConfigurationError, FrameError
from egoprog.lego.vlm_config import CLIP_MEAN, CLIP_STD, ClipTower, VlmConfig

PREPROCESSOR_NAME = "preprocessor_config.json"
_PROCESSOR_NAME = "processor_config.json"  # where transformers 5 puts it, under "image_processor"


@dataclass(frozen=True)
class PicturePreparation:
    """How a picture becomes the tower's input.

    size_px: height and width of the result. is_cut: the shorter side is scaled to a square's and the middle cut out;
    else the picture is squeezed to the size. mean, std: of red, green and blue from 0 to 1.
    Raises ConfigurationError where what is to be cut out is no square.
    """

    size_px: tuple[int, int]
    is_cut: bool = True
    mean: tuple[float, ...] = CLIP_MEAN
    std: tuple[float, ...] = CLIP_STD

    def __post_init__(self) -> None:
        height, width = self.size_px
        if self.is_cut and height != width:
            raise ConfigurationError(
                f"expected a square to cut out of pictures, got {height}x{width}; let them be squeezed"
            )

    @classmethod
    def of(cls, config: VlmConfig) -> PicturePreparation:
        tower, is_cut = config.tower, config.fits == "cut"
        if isinstance(tower, ClipTower):
            return cls(tower.size_px, is_cut)
        return cls(tower.size_px, is_cut, (tower.mean,) * 3, (tower.std,) * 3)

    @classmethod
    def read(cls, folder: str | Path) -> PicturePreparation:
        """Of a published folder. Raises AnnotationError naming the field that is missing or can't be followed."""
        path = Path(folder) / PREPROCESSOR_NAME
        if path.is_file() or not (path.parent / _PROCESSOR_NAME).is_file():
            fields = read_json(path)
        else:
            fields = read_json(path.parent / _PROCESSOR_NAME).object("image_processor")
        return cls(*_geometry(fields), fields.numbers("image_mean", 3), fields.numbers("image_std", 3))

    def write(self, folder: str | Path) -> None:
        """The preprocessor_config.json that transformers' CLIPImageProcessor reads."""
        height, width = self.size_px
        size = {"height": height, "width": width}
        value = {
            "image_processor_type": "CLIPImageProcessor",
            "do_convert_rgb": True,
            "do_resize": True,
            "size": {"shortest_edge": height} if self.is_cut else size,
            "resample": int(Image.Resampling.BICUBIC),
            "do_center_crop": self.is_cut,
            "crop_size": size,
            "do_rescale": True,
            "rescale_factor": 1 / 255,
            "do_normalize": True,
            "image_mean": self.mean,
            "image_std": self.std,
        }
        with atomic(Path(folder) / PREPROCESSOR_NAME) as temporary:
            temporary.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")

    def __call__(self, pictures: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """(B, 3, H, W) of pictures (any height, any width, 3), uint8 RGB. Raises FrameError for what is no such one."""
        pixels = np.stack([self._fitted(picture) for picture in pictures]).astype(np.float32) / np.float32(255)
        return np.ascontiguousarray(((pixels - np.float32(self.mean)) / np.float32(self.std)).transpose(0, 3, 1, 2))

    def _fitted(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """(H, W, 3)."""
        if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8 or 0 in picture.shape:
            raise FrameError(
                f"expected a picture (height, width, 3) of uint8, got {picture.shape} of {picture.dtype}; "
                "convert it to RGB first"
            )
        image = Image.fromarray(picture)
        if not self.is_cut:
            return np.asarray(image.resize(self.size_px[::-1], Image.Resampling.BICUBIC))
        side, shortest = self.size_px[0], min(image.size)
        # the longer side is rounded down, as CLIP's own preparation does
        width, height = (max(side, side * each // shortest) for each in image.size)
        left, top = (width - side) // 2, (height - side) // 2
        scaled = image.resize((width, height), Image.Resampling.BICUBIC)
        return np.asarray(scaled.crop((left, top, left + side, top + side)))


def _geometry(fields: Fields) -> tuple[tuple[int, int], bool]:
    """Height and width, and whether the middle is cut out."""
    is_cut = fields.boolean("do_center_crop")
    size = _size(fields, "size")
    if not is_cut:
        if isinstance(size, int):
            raise fields.fail("size", "height and width where no middle is cut out", f"shortest_edge {size}")
        return size, False
    crop = _size(fields, "crop_size")
    height, width = (crop, crop) if isinstance(crop, int) else crop
    if height != width:
        raise fields.fail("crop_size", "a square", f"{height}x{width}")
    if size != height:
        raise fields.fail("size", f"the shortest edge at {height} px, the side of crop_size", fields.raw("size"))
    return (height, height), True


def _size(fields: Fields, key: str) -> int | tuple[int, int]:
    """A number where one is written or the shortest edge is given; else height and width."""
    if isinstance(fields.raw(key), int):  # as older folders write it
        return fields.integer(key, 1)
    size = fields.object(key)
    if "shortest_edge" in size:
        return size.integer("shortest_edge", 1)
    return size.integer("height", 1), size.integer("width", 1)

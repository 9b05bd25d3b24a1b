"""A visual language model: looks at a picture and answers a question in words, and shows what it thought.

transformers' LLaVA with its own folder layout, so that published models load and ours load elsewhere.

Shapes: B pictures, H/W pixels of the tower's, L tokens of a conversation, M image tokens, N text tokens, E width.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from torch import Tensor
from transformers import (
    CLIPVisionConfig,
    GenerationConfig,
    LlamaConfig,
    LlavaConfig,
    LlavaForConditionalGeneration,
    PreTrainedConfig,
)

from egoprog.data.atomic import atomic
from egoprog.data.json_fields import read_json
from egoprog.errors import ConfigurationError, InputError, ModelError
from egoprog.leap.config import UniFormerConfig
from egoprog.lego.frame_encoder_tower import FrameEncoderConfig, FrameEncoderTower
from egoprog.lego.vlm_config import VlmConfig
from egoprog.lego.vlm_pictures import PicturePreparation
from egoprog.lego.vlm_tokenizer import IMAGE, VlmTokenizer
from egoprog.state_dicts import resized_positions

NUM_TEXT_TOKENS = 77
MOST_TOKENS = 96
"""Of an answer; the paper's descriptions have about 20 words."""
_CONFIG_NAME = "config.json"
_PROCESSOR_NAME = "processor_config.json"


@dataclass(frozen=True)
class VlmEmbeddings:
    """What a frame generator is conditioned on beside the words.

    image: (B, M, E) the picture after the projector, H_i. text: (B, N, E) what the answer's tokens were predicted from,
    just before the language model's head, H_t; cut or filled with zeros to N. lengths: (B,) how many of N are answer.
    """

    image: Tensor
    text: Tensor
    lengths: Tensor


class Vlm:
    """A model with its tokenizer and its preparation of pictures. Raises ModelError where they don't fit together."""

    def __init__(
        self, model: LlavaForConditionalGeneration, tokenizer: VlmTokenizer, preparation: PicturePreparation
    ) -> None:
        self.model, self.tokenizer, self.preparation = model, tokenizer, preparation
        config = model.config
        if config.image_token_index != tokenizer.image_id:
            raise ModelError(
                f"expected {IMAGE} as token {config.image_token_index}, got {tokenizer.image_id} from the tokenizer; "
                "take both from one folder"
            )
        size_px = _size_px(config.vision_config)
        if size_px != preparation.size_px:
            raise ModelError(
                f"expected pictures of {size_px[0]}x{size_px[1]} px, got a preparation to "
                f"{preparation.size_px[0]}x{preparation.size_px[1]} px; take both from one folder"
            )

    @property
    def num_image_tokens(self) -> int:
        """M."""
        height, width = self.preparation.size_px
        patch_px = self.model.config.vision_config.patch_size
        return (height // patch_px) * (width // patch_px) + self.keeps_class_token

    @property
    def keeps_class_token(self) -> bool:
        """Whether the first of them stands for the whole picture."""
        return self.model.config.vision_feature_select_strategy == "full"

    @property
    def width(self) -> int:
        """E."""
        return self.model.config.text_config.hidden_size

    @property
    def device(self) -> torch.device:
        return self.model.device

    def describe(
        self, pictures: Sequence[NDArray[np.uint8]], questions: Sequence[str], most_tokens: int = MOST_TOKENS
    ) -> list[str]:
        """An answer for each picture (any height, any width, 3), uint8 RGB, and its question, by its likeliest tokens.

        Raises InputError for a question that leaves no room for its answer, FrameError for what is no picture.
        """
        return self.describe_prepared(self.pixels(pictures), questions, most_tokens)

    @torch.no_grad()
    def describe_prepared(
        self, pixels_B3HW: Tensor, questions: Sequence[str], most_tokens: int = MOST_TOKENS
    ) -> list[str]:
        """As `describe`, of pictures that were prepared already."""
        prompts = [self._prompt(question, most_tokens) for question in questions]
        longest = max(map(len, prompts))
        ids_BL = torch.full((len(prompts), longest), self.tokenizer.pad_id)
        mask_BL = torch.zeros_like(ids_BL)
        for row, prompt in enumerate(prompts):  # padded in front: all answers begin at one place
            ids_BL[row, longest - len(prompt) :] = torch.tensor(prompt)
            mask_BL[row, longest - len(prompt) :] = 1
        greedy = GenerationConfig(
            do_sample=False,
            max_new_tokens=most_tokens,
            bos_token_id=self.tokenizer.bos_id,
            eos_token_id=self.tokenizer.eos_id,
            pad_token_id=self.tokenizer.pad_id,
        )
        made_BL = self.model.generate(
            input_ids=ids_BL.to(self.device),
            attention_mask=mask_BL.to(self.device),
            pixel_values=pixels_B3HW.to(self.device, self.model.dtype),
            generation_config=greedy,
            synced_gpus=torch.distributed.is_available() and torch.distributed.is_initialized(),
        )
        return [self.tokenizer.text(row) for row in made_BL[:, longest:].tolist()]

    @torch.no_grad()
    def embeddings(
        self,
        pictures: Sequence[NDArray[np.uint8]],
        questions: Sequence[str],
        descriptions: Sequence[str],
        num_text_tokens: int = NUM_TEXT_TOKENS,
    ) -> VlmEmbeddings:
        """Of pictures, questions and the answers that were given to them, by `describe` or by a person.

        The text's rows are those that the released LEGO keeps while it generates: row k is what token k of the answer
        was chosen from, the last one what </s> was.
        """
        conversations = [
            self.tokenizer.conversation(question, description, self.num_image_tokens)
            for question, description in zip(questions, descriptions, strict=True)
        ]
        longest = max(len(ids) for ids, _ in conversations)
        ids_BL = torch.full((len(conversations), longest), self.tokenizer.pad_id)
        mask_BL = torch.zeros_like(ids_BL)
        for row, (ids, _) in enumerate(conversations):
            ids_BL[row, : len(ids)] = torch.tensor(ids)
            mask_BL[row, : len(ids)] = 1
        out = self.model.model(
            input_ids=ids_BL.to(self.device),
            attention_mask=mask_BL.to(self.device),
            pixel_values=self.pixels(pictures).to(self.device, self.model.dtype),
            use_cache=False,
        )
        hidden_BLE = out.last_hidden_state
        text_BNE = hidden_BLE.new_zeros(len(conversations), num_text_tokens, self.width)
        lengths = []
        for row, (ids, num_answer) in enumerate(conversations):
            num = min(num_answer, num_text_tokens)
            first = len(ids) - num_answer - 1
            text_BNE[row, :num] = hidden_BLE[row, first : first + num]
            lengths.append(num)
        image_BME = out.image_hidden_states.reshape(len(conversations), self.num_image_tokens, self.width)
        return VlmEmbeddings(image_BME, text_BNE, torch.tensor(lengths))

    def pixels(self, pictures: Sequence[NDArray[np.uint8]]) -> Tensor:
        """(B, 3, H, W) of pictures (any height, any width, 3), uint8 RGB."""
        return torch.from_numpy(self.preparation(pictures))

    def save(self, folder: str | Path) -> None:
        """A folder in transformers' layout: weights as safetensors, tokenizer and preparation beside them."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self.model.save_pretrained(folder)
        self.tokenizer.write(folder)
        self.preparation.write(folder)
        processor = {
            "processor_class": "LlavaProcessor",
            "image_token": IMAGE,
            "patch_size": self.model.config.vision_config.patch_size,
            "vision_feature_select_strategy": self.model.config.vision_feature_select_strategy,
            "num_additional_image_tokens": 1,
        }
        with atomic(folder / _PROCESSOR_NAME) as temporary:
            temporary.write_text(json.dumps(processor, indent=2) + "\n", encoding="utf-8")

    def _prompt(self, question: str, most_tokens: int) -> list[int]:
        prompt = self.tokenizer.prompt(question, self.num_image_tokens)
        most = self.model.config.text_config.max_position_embeddings
        if len(prompt) + most_tokens > most:
            raise InputError(
                f"expected a question and a picture of at most {most - most_tokens} tokens, got {len(prompt)}; "
                "ask in fewer words"
            )
        return prompt


def new_llava(config: VlmConfig, tokenizer: VlmTokenizer) -> LlavaForConditionalGeneration:
    """A model with weights at random. Raises ConfigurationError for a tokenizer of more pieces than it has rows."""
    if tokenizer.num_pieces > config.vocab_size:
        raise ConfigurationError(
            f"expected a tokenizer of at most {config.vocab_size} pieces, got {tokenizer.num_pieces}; raise vocab_size"
        )
    text = LlamaConfig(
        vocab_size=config.vocab_size,
        hidden_size=config.width,
        intermediate_size=config.feed_forward,
        num_hidden_layers=config.layers,
        num_attention_heads=config.heads,
        num_key_value_heads=config.heads,
        max_position_embeddings=config.max_positions,
        rms_norm_eps=1e-5,
        bos_token_id=tokenizer.bos_id,
        eos_token_id=tokenizer.eos_id,
        pad_token_id=tokenizer.pad_id,
    )
    whole = LlavaConfig(
        vision_config=_vision_config(config),
        text_config=text,
        image_token_index=tokenizer.image_id,
        image_seq_length=config.num_image_tokens,
        vision_feature_layer=config.vision_feature_layer,
        vision_feature_select_strategy="full" if config.keeps_class_token else "default",
    )
    return LlavaForConditionalGeneration(whole)


def _vision_config(config: VlmConfig) -> PreTrainedConfig:
    tower = config.tower
    if isinstance(tower, UniFormerConfig):
        return FrameEncoderConfig.of(tower, config.num_waves)
    return CLIPVisionConfig(
        image_size=tower.image_px,
        patch_size=tower.patch_px,
        hidden_size=tower.width,
        intermediate_size=4 * tower.width,
        num_hidden_layers=tower.num_layers,
        num_attention_heads=tower.num_heads,
    )


def _size_px(vision: PreTrainedConfig) -> tuple[int, int]:
    """Height and width of a tower's pictures. CLIP's configuration has the side of a square."""
    size = vision.image_size
    return (size, size) if isinstance(size, int) else tuple(size)


def load_vlm(folder: str | Path, image_px: int | None = None) -> Vlm:
    """A model in eval mode, published (LLaVA-1.5 as transformers lays it out) or made by `python -m training.vlm`.

    image_px: side of the squares that a CLIP tower is to see, where that is another than it was trained on: its places
    are interpolated. Raises ConfigurationError for a frame encoder's tower, which keeps its size.
    Raises ModelError for a folder that lacks a part, holds another kind of model, or weights as pickles.
    """
    folder = Path(folder)
    check_folder(folder)
    try:
        model, info = LlavaForConditionalGeneration.from_pretrained(
            folder, local_files_only=True, use_safetensors=True, dtype=torch.float32, output_loading_info=True
        )
    except (OSError, RuntimeError, ValueError, SafetensorError) as error:
        reason = str(error).strip().splitlines()[0]
        raise ModelError(f"expected LLaVA's weights as safetensors in {folder}, got {reason}") from None
    if missing := sorted(info["missing_keys"]):
        raise ModelError(f"expected all of LLaVA's weights in {folder}, {len(missing)} are missing, first {missing[0]}")
    preparation = PicturePreparation.read(folder)
    if image_px is not None and (image_px, image_px) != preparation.size_px:
        _look_at(model, image_px)
        preparation = replace(preparation, size_px=(image_px, image_px))
    return Vlm(model.eval(), VlmTokenizer.read(folder), preparation)


def fingerprint(folder: str | Path) -> str:
    """Of a model's folder: another one for other weights, in a moment however large they are."""
    digest = hashlib.sha256()
    for path in sorted(Path(folder).glob("*.safetensors")):
        size = path.stat().st_size
        digest.update(f"{path.name} {size}".encode())
        with path.open("rb") as file:
            for start in range(0, size, max(1, size // 16)):
                file.seek(start)
                digest.update(file.read(1 << 16))
    return digest.hexdigest()[:16]


def check_folder(folder: Path) -> None:
    """Raises ModelError for a folder that holds no LLaVA of a kind that is understood here."""
    if not (folder / _CONFIG_NAME).is_file():
        raise ModelError(f"expected a visual language model's folder at {folder}, found no {_CONFIG_NAME} there")
    fields = read_json(folder / _CONFIG_NAME)
    kind = fields.text("model_type")
    if kind != "llava":
        raise ModelError(f"expected a model of the type llava in {folder}, got {kind!r}; LLaVA-1.5 is one")
    strategy = fields.raw("vision_feature_select_strategy") if "vision_feature_select_strategy" in fields else "default"
    if strategy not in ("default", "full"):
        raise ModelError(
            f"expected the strategy default or full, which keeps the class token, in {folder}, got {strategy!r}"
        )


def _look_at(model: LlavaForConditionalGeneration, image_px: int) -> None:
    """Gives a CLIP tower another size of pictures; what it knows of places is interpolated."""
    tower = model.model.vision_tower
    if isinstance(tower, FrameEncoderTower):
        height, width = _size_px(tower.config)
        raise ConfigurationError(
            f"expected the pictures of {height}x{width} px that the frame encoder was trained on, got {image_px} px; "
            "leave the size out"
        )
    config = copy.deepcopy(tower.config)
    if image_px % config.patch_size:
        raise ConfigurationError(f"expected pictures of whole patches of {config.patch_size} px, got {image_px} px")
    num_side = image_px // config.patch_size
    config.image_size = image_px
    weights = tower.state_dict()
    name = next(name for name in weights if name.endswith("position_embedding.weight"))
    weights[name] = resized_positions(weights[name], (num_side, num_side))
    larger = type(tower)(config).to(tower.dtype)
    larger.load_state_dict(weights)
    model.model.vision_tower = larger
    model.config.vision_config = config
    model.config.image_seq_length = num_side**2 + (model.config.vision_feature_select_strategy == "full")

"""Whether a picture shows what a sentence says, by way of a caption: BLIP's words of the picture against the sentence.

LEGO measures it so because CLIP's own text against egocentric pictures tells nothing (its supplement, A). The texts are
compared by CLIP's text encoder, as the paper says; the code that it came with compares them by EgoVLP's.

Shapes: B pictures.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from transformers import AutoTokenizer, BlipForConditionalGeneration

from egoprog.errors import ModelError
from egoprog.lego.egovlp import EgoVlp
from egoprog.lego.feature_extractors import load_clip, load_folder, origin_of, squeezed
from egoprog.lego.features import Features, Origin, Pictures
from egoprog.lego.image_metrics import cosines

PROMPT = "a picture of"
NUM_BEAMS, MIN_TOKENS, MAX_TOKENS = 3, 5, 20
"""As LEGO's evaluation has them; tokens with those of the prompt."""
TEXT_TOKENS = 77


class TextFeatures(Protocol):
    """Texts to features (B, D)."""

    origin: Origin

    def __call__(self, texts: Sequence[str]) -> Features: ...


class Captioner(Protocol):
    """Pictures (B, H, W, 3) uint8 to what they show, in words."""

    origin: Origin

    def __call__(self, pictures: Pictures) -> list[str]: ...


class BlipCaptions:
    """A BLIP captioner; a folder as transformers saves it, with its tokenizer."""

    def __init__(self, path: Path) -> None:
        self.model = load_folder(BlipForConditionalGeneration, path)
        self.tokenizer = load_tokenizer(path)
        self.origin = origin_of(path, f"BLIP, {path.name}")

    @torch.inference_mode()
    def __call__(self, pictures: Pictures) -> list[str]:
        pixels = squeezed(pictures, self.model.config.vision_config.image_size)
        prompt = self.tokenizer([PROMPT] * len(pictures), return_tensors="pt")
        tokens = self.model.generate(
            pixel_values=pixels,
            input_ids=prompt.input_ids,
            attention_mask=prompt.attention_mask,
            num_beams=NUM_BEAMS,
            min_length=MIN_TOKENS,
            max_length=MAX_TOKENS,
            do_sample=False,
        )
        words = self.tokenizer.batch_decode(tokens, skip_special_tokens=True)
        return [each.strip().removeprefix(PROMPT).strip() for each in words]


class ClipTexts:
    """CLIP's text features; a folder as transformers saves a CLIPModel, with its tokenizer."""

    def __init__(self, path: Path) -> None:
        self.model = load_clip(path)
        self.tokenizer = load_tokenizer(path)
        self.origin = origin_of(path, f"CLIP text, {path.name}")

    @torch.inference_mode()
    def __call__(self, texts: Sequence[str]) -> Features:
        length = min(TEXT_TOKENS, self.model.config.text_config.max_position_embeddings)
        tokens = self.tokenizer(list(texts), padding=True, truncation=True, max_length=length, return_tensors="pt")
        return self.model.get_text_features(tokens.input_ids, tokens.attention_mask).pooler_output.numpy()


class EgoVlpTexts:
    """EgoVLP's text features. tokenizer: a folder of distilbert-base-uncased's."""

    def __init__(self, network: EgoVlp, tokenizer: Path, origin: Origin) -> None:
        self.network, self.tokenizer, self.origin = network, load_tokenizer(tokenizer), origin

    @torch.inference_mode()
    def __call__(self, texts: Sequence[str]) -> Features:
        length = self.network.text_model.config.max_position_embeddings
        tokens = self.tokenizer(list(texts), padding=True, truncation=True, max_length=length, return_tensors="pt")
        return self.network.texts({"input_ids": tokens.input_ids, "attention_mask": tokens.attention_mask}).numpy()


class Similarity:
    """A captioner's words of each picture against the sentence that it should show, as cosines from -1 to 1."""

    def __init__(self, captions: Captioner, texts: TextFeatures) -> None:
        self.captions, self.texts = captions, texts
        one, other = captions.origin, texts.origin
        self.origin = Origin(
            f"{one.name}; {other.name}",
            f"{one.fingerprint},{other.fingerprint}",
            one.is_stand_in or other.is_stand_in,
        )

    def __call__(self, pictures: Pictures, sentences: Sequence[str]) -> Features:
        """(B,). Raises ModelError where the two don't match in number."""
        if len(pictures) != len(sentences):
            raise ModelError(f"expected a sentence for each of {len(pictures)} pictures, got {len(sentences)}")
        return cosines(self.texts(self.captions(pictures)), self.texts(sentences)).astype(np.float32)


class BlipSimilarity(Similarity):
    """The paper's: BLIP's captions and CLIP's text features, out of two folders."""

    def __init__(self, blip: Path, clip: Path) -> None:
        super().__init__(BlipCaptions(blip), ClipTexts(clip))


def load_tokenizer(path: Path) -> AutoTokenizer:
    """Raises ModelError for a folder without one."""
    try:
        return AutoTokenizer.from_pretrained(path, local_files_only=True, trust_remote_code=False)
    except (OSError, ValueError, KeyError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ModelError(f"expected a tokenizer in {path}, got {reason}") from None

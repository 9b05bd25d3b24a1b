"""Questions about pictures and their answers, as a visual language model learns them.

Shapes: H/W pixels, L tokens of a conversation.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from egoprog.data.frame_pairs import FramePair, PairFolder
from egoprog.errors import ConfigurationError
from egoprog.leap.rand_augment import adjust_brightness, adjust_contrast, adjust_saturation
from egoprog.lego.pair_dataset import mirrored_words
from egoprog.lego.questions import TEMPLATES
from egoprog.lego.vlm_pictures import PicturePreparation
from egoprog.lego.vlm_tokenizer import VlmTokenizer

IGNORED = -100
"""The label of a token that is no answer."""


def question_of(action: str, template: int = 0) -> str:
    """How an action is asked for: "How do I open drawer?", or in other words."""
    return TEMPLATES[template].format(action=action)


class InstructionDataset(Dataset):
    """Pairs of one split that have a description; pictures are asked about in words that a training draws by chance.

    num_tokens: to which every conversation is filled; longer ones are left out, `num_too_long` of them.
    is_training: templates are drawn; else the first one asks. mirror: how often picture and words are mirrored.
    jitter: how far brightness, contrast and saturation go from 1. sees: "input", the frame before the action, or
    "both", that or the one in which it is done. Validation shows input frames as they are, of held-out participants
    where there are any.
    A sample: "pixels" (3, H, W), "ids" (L,), "labels" (L,) with IGNORED where no answer is, "length", and the words as
    "narration_id", "question", "description", "verb".
    Raises ConfigurationError where no pair of the split has a description that fits.
    """

    def __init__(
        self,
        folder: PairFolder,
        split: str,
        tokenizer: VlmTokenizer,
        preparation: PicturePreparation,
        num_image_tokens: int,
        num_tokens: int,
        is_training: bool,
        mirror: float = 0.0,
        jitter: float = 0.0,
        sees: Literal["input", "both"] = "input",
    ) -> None:
        self.folder, self.tokenizer, self.preparation = folder, tokenizer, preparation
        self.num_image_tokens, self.num_tokens = num_image_tokens, num_tokens
        self.is_training, self.mirror, self.jitter, self.sees = is_training, mirror, jitter, sees
        described = described_pairs(folder, split)
        self.pairs = [pair for pair in described if self._longest(pair) <= num_tokens]
        self.num_too_long = len(described) - len(self.pairs)
        if not self.pairs:
            raise ConfigurationError(
                f"expected described pairs of at most {num_tokens} tokens in the {split} split of {folder.path}, got "
                f"{len(described)} longer ones; describe the pairs, or raise num_tokens"
            )

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, index: int) -> dict[str, Tensor | str]:
        pair = self.pairs[index]
        template, picture, action, description = 0, self.folder.pictures(pair)[0], pair.action, pair.description
        if self.is_training:
            template = int(torch.randint(len(TEMPLATES), ()))
            if self.sees == "both" and torch.rand(()) < 0.5:
                picture = self.folder.pictures(pair)[1]
            if torch.rand(()) < self.mirror:
                picture, action, description = picture[:, ::-1], mirrored_words(action), mirrored_words(description)
            picture = self._coloured(np.ascontiguousarray(picture))
        question = question_of(action, template)
        ids, num_answer = self.tokenizer.conversation(question, description, self.num_image_tokens)
        ids_L = torch.full((self.num_tokens,), self.tokenizer.pad_id)
        labels_L = torch.full((self.num_tokens,), IGNORED)
        ids_L[: len(ids)] = torch.tensor(ids)
        labels_L[len(ids) - num_answer : len(ids)] = ids_L[len(ids) - num_answer : len(ids)]
        return {
            "narration_id": pair.pair_id,
            "pixels": torch.from_numpy(self.preparation([picture])[0]),
            "ids": ids_L,
            "labels": labels_L,
            "length": torch.tensor(len(ids)),
            "question": question,
            "description": description,
            "verb": pair.verb,
        }

    def _longest(self, pair: FramePair) -> int:
        """Tokens of the longest conversation that a training may draw; mirroring changes them by little."""
        questions: Sequence[str] = [question_of(pair.action, number) for number in range(len(TEMPLATES))]
        longest = max(questions, key=len) if self.is_training else questions[0]
        spare = 4 if self.is_training else 0
        return len(self.tokenizer.conversation(longest, pair.description, self.num_image_tokens)[0]) + spare

    def _coloured(self, picture: np.ndarray) -> np.ndarray:
        if not self.jitter:
            return picture
        factors = (1 + self.jitter * (2 * torch.rand(3) - 1)).tolist()
        for adjust, factor in zip((adjust_brightness, adjust_contrast, adjust_saturation), factors, strict=True):
            picture = adjust(picture[None], factor)[0]
        return picture


def described_pairs(folder: PairFolder, split: str) -> list[FramePair]:
    """Those with a description; for validation of held-out participants alone, where the folder has any."""
    pairs = [pair for pair in folder.pairs(split) if pair.description]
    unseen = [pair for pair in pairs if pair.is_unseen]
    return unseen if split == "validation" and unseen else pairs

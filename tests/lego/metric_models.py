"""Small models with random weights, saved as the published ones are."""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import (
    BertTokenizerFast,
    BlipConfig,
    BlipForConditionalGeneration,
    CLIPConfig,
    CLIPModel,
    PreTrainedTokenizerFast,
)

from egoprog.leap.config import to_json
from egoprog.leap.frame_pretraining import FrameConfig, FrameNetwork
from tests.leap.boxed import BACKBONE

WORDS = ["a", "picture", "of", "open", "drawer", "hand", "cup", "the", "takes", "right"]
NOUNS = ("cup", "tap")


def save_clip(folder: Path) -> Path:
    torch.manual_seed(0)
    small = {"hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2}
    vision = small | {"image_size": 32, "patch_size": 16}
    ends = {"bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 1}
    text = small | {"vocab_size": 2 + len(WORDS), "max_position_embeddings": 12} | ends
    CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=8)).save_pretrained(folder)
    vocabulary = {word: k for k, word in enumerate(["<|startoftext|>", "<|endoftext|>", *WORDS])}
    plain = Tokenizer(models.WordLevel(vocabulary, unk_token="<|endoftext|>"))
    plain.pre_tokenizer = pre_tokenizers.Whitespace()
    plain.post_processor = processors.TemplateProcessing(
        single="<|startoftext|> $A <|endoftext|>", special_tokens=[("<|startoftext|>", 0), ("<|endoftext|>", 1)]
    )
    PreTrainedTokenizerFast(
        tokenizer_object=plain, bos_token="<|startoftext|>", eos_token="<|endoftext|>", pad_token="<|endoftext|>"
    ).save_pretrained(folder)
    return folder


def save_blip(folder: Path) -> Path:
    torch.manual_seed(0)
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[DEC]", *WORDS]
    small = {"hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 1, "num_attention_heads": 2}
    vision = small | {"image_size": 32, "patch_size": 16}
    ends = {"bos_token_id": 5, "eos_token_id": 3, "pad_token_id": 0, "sep_token_id": 3}
    text = small | ends | {"vocab_size": len(vocabulary), "max_position_embeddings": 24, "encoder_hidden_size": 16}
    BlipForConditionalGeneration(BlipConfig(text_config=text, vision_config=vision)).save_pretrained(folder)
    (folder / "vocab.txt").write_text("\n".join(vocabulary))
    BertTokenizerFast(vocab={word: k for k, word in enumerate(vocabulary)}).save_pretrained(folder)
    return folder


def save_frame_network(path: Path) -> Path:
    """As `training.frames` leaves one."""
    torch.manual_seed(0)
    network = FrameNetwork(FrameConfig(BACKBONE, NOUNS))
    path.parent.mkdir(parents=True, exist_ok=True)
    metadata = {"backbone": to_json(BACKBONE), "nouns": json.dumps(NOUNS)}
    save_file({name: value.contiguous() for name, value in network.state_dict().items()}, path, metadata)
    return path

"""A generator and folders of pairs so small that a test can make, save and train them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from egoprog.data.frame_pairs import FramePair, PairFolder, write_pairs
from egoprog.lego.checkpoints import LegoModel
from egoprog.lego.config import AutoencoderConfig, LegoConfig, TextEncoderConfig, UNetConfig
from egoprog.lego.generator import Generator, make_autoencoder
from egoprog.lego.text_tokens import TextTokenizer

ACTIONS = ("open drawer", "cut carrot", "take left cup", "wash plate")
TINY = LegoConfig(
    size_px=(32, 48),
    width=32,
    num_words=12,
    num_image_tokens=4,
    vlm_width=24,
    mixer_heads=4,
    mixer_feed_forward=32,
    num_steps=3,
    prediction="v_prediction",
    autoencoder=AutoencoderConfig((16, 16, 16), 1, 4, 8, True, 0.7),
    unet=UNetConfig((16, 32), (True, True), 1, 4, 8),
    text=TextEncoderConfig(560, 1, 4, 48, False),
)
PLAIN = replace(TINY, has_image_embedding=False, has_text_embedding=False)


def tiny_tokenizer(config: LegoConfig = TINY) -> TextTokenizer:
    texts = [f"the person shall {action} with the right hand" for action in ACTIONS]
    return TextTokenizer.learned(texts, config.text.vocabulary, config.num_words)


def tiny_model(config: LegoConfig = TINY) -> LegoModel:
    """With random weights; what starts at zero is moved too, so that a part that is not used is found out."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    tokenizer = tiny_tokenizer(config)
    vocabulary = tokenizer.tokenizer.get_vocab_size()
    config = replace(config, text=replace(config.text, vocabulary=vocabulary))
    generator, autoencoder = Generator(config), make_autoencoder(config)
    with torch.no_grad():
        for part in (generator, autoencoder):
            for parameter in part.parameters():
                parameter.add_(torch.randn_like(parameter) * 0.02)
    return LegoModel(config, generator.eval(), autoencoder.eval().requires_grad_(False), tokenizer)


def write_pair_folder(path: Path, num: int = 6, size_px: tuple[int, int] = TINY.size_px) -> PairFolder:
    """Two thirds are for training; a bright square that moves from the input's left to the target's right."""
    rng = np.random.default_rng(0)
    path.mkdir(parents=True)
    pairs, pictures = [], []
    for k in range(num):
        action = ACTIONS[k % len(ACTIONS)]
        verb, _, noun = action.partition(" ")
        pairs.append(
            FramePair(
                f"P01_01_{k}",
                "P01_01",
                "P01",
                k + 0.0,
                k + 0.5 + 0.25 * k,
                action,
                f"The person will {action} with the left hand, which is on the right.",
                verb,
                noun,
                "train" if k < num * 2 // 3 else "validation",
            )
        )
        picture = rng.integers(0, 90, (*size_px, 3), dtype=np.uint8)
        target = picture.copy()
        picture[8:16, 4:12], target[8:16, -12:-4] = 250, 250
        pictures.append((picture, target))
    write_pairs(path / "pairs.jsonl", pairs)
    for name, which in (("inputs.npy", 0), ("targets.npy", 1)):
        np.save(path / name, np.stack([both[which] for both in pictures]))
    (path / "pairs.json").write_text("{}", encoding="utf-8")
    return PairFolder(path)


def write_enriched(folder: PairFolder, name: str = "tuned", config: LegoConfig = TINY, num_words: int = 12) -> Path:
    rng = np.random.default_rng(1)
    path = folder.path / "enriched" / name
    path.mkdir(parents=True)
    pairs = folder.pairs()
    lines = [json.dumps({"pair_id": pair.pair_id, "description": f"VLM: {pair.description}"}) for pair in pairs]
    (path / "descriptions.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    for file, tokens in (("image.npy", config.num_image_tokens), ("text.npy", num_words)):
        np.save(path / file, rng.normal(size=(len(pairs), tokens, config.vlm_width)).astype(np.float16))
    np.save(path / "lengths.npy", np.full(len(pairs), num_words))
    (path / "done.json").write_text("{}", encoding="utf-8")
    return path

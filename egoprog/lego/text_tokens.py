"""Words to the tokens of CLIP's text encoder, by the `tokenizers` package alone: a live node needs no transformers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from egoprog.errors import ModelError

START, END = "<|startoftext|>", "<|endoftext|>"
TOKENIZER_NAME = "tokenizer.json"
_PIECES = r"""<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"""
_WORD_END = "</w>"


class TextTokenizer:
    """Cuts or pads to a fixed number of tokens, with the end token, as Stable Diffusion does."""

    def __init__(self, tokenizer: Tokenizer, num_words: int) -> None:
        self.tokenizer, self.num_words = tokenizer, num_words
        end = tokenizer.token_to_id(END)
        if end is None or tokenizer.token_to_id(START) is None:
            raise ModelError(f"expected a tokenizer with {START} and {END}, got one without; take CLIP's")
        tokenizer.enable_truncation(num_words)
        tokenizer.enable_padding(length=num_words, pad_id=end, pad_token=END)

    @classmethod
    def read(cls, folder: str | Path, num_words: int) -> TextTokenizer:
        """Out of tokenizer.json, or vocab.json and merges.txt as published. Raises ModelError."""
        folder = Path(folder)
        whole, parts = folder / TOKENIZER_NAME, [folder / "vocab.json", folder / "merges.txt"]
        try:
            if whole.is_file():
                return cls(Tokenizer.from_file(str(whole)), num_words)
            if all(part.is_file() for part in parts):
                bpe = models.BPE.from_file(
                    *map(str, parts), unk_token=END, continuing_subword_prefix="", end_of_word_suffix=_WORD_END
                )
                return cls(_clip_tokenizer(bpe), num_words)
        except ModelError:
            raise
        except Exception as error:  # the package raises nothing more precise
            raise ModelError(f"expected CLIP's tokenizer in {folder}, got {str(error).splitlines()[0]}") from None
        raise ModelError(f"expected {TOKENIZER_NAME}, or vocab.json and merges.txt, in {folder}, found neither")

    @classmethod
    def learned(cls, texts: Iterable[str], vocabulary: int, num_words: int) -> TextTokenizer:
        """Of a corpus of its own: CLIP's pieces and endings, fewer of them. vocabulary: most tokens, 515 at least."""
        tokenizer = _clip_tokenizer(models.BPE(unk_token=END, end_of_word_suffix=_WORD_END))
        letters = sorted(pre_tokenizers.ByteLevel.alphabet())
        # single letters that end a word come first, so that no text is unknown
        trainer = trainers.BpeTrainer(
            vocab_size=vocabulary - len(letters) - 2,
            initial_alphabet=letters,
            end_of_word_suffix=_WORD_END,
            show_progress=False,
        )
        tokenizer.train_from_iterator(texts, trainer)
        learned = tokenizer.model
        vocab, merges = _vocabulary(learned, letters)
        return cls(
            _clip_tokenizer(
                models.BPE(
                    vocab=vocab,
                    merges=merges,
                    unk_token=END,
                    continuing_subword_prefix="",
                    end_of_word_suffix=_WORD_END,
                )
            ),
            num_words,
        )

    def __call__(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """(B, N) tokens."""
        return np.array([one.ids for one in self.tokenizer.encode_batch(list(texts))], np.int64).reshape(
            len(texts), self.num_words
        )

    def save(self, folder: str | Path) -> None:
        """tokenizer.json, and vocab.json and merges.txt beside it, as diffusers' folders have them."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self.tokenizer.save(str(folder / TOKENIZER_NAME))
        self.tokenizer.model.save(str(folder))


def _vocabulary(learned: models.BPE, letters: Sequence[str]) -> tuple[dict[str, int], list[tuple[str, str]]]:
    """CLIP's order: letters, letters that end a word, what was merged, start, end."""
    state = json.loads(Tokenizer(learned).to_str())["model"]
    merges = [tuple(pair) for pair in state["merges"]]
    pieces = [*letters, *(letter + _WORD_END for letter in letters)]
    known = set(pieces)
    kept = []
    for first, second in merges:
        if first in known and second in known:
            kept.append((first, second))
            if first + second not in known:
                known.add(first + second)
                pieces.append(first + second)
    return {piece: place for place, piece in enumerate([*pieces, START, END])}, kept


def _clip_tokenizer(bpe: models.BPE) -> Tokenizer:
    """Around CLIP's pieces: lower case, words, numbers and signs apart, start and end."""
    tokenizer = Tokenizer(bpe)
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_PIECES), behavior="removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    start, end = tokenizer.token_to_id(START), tokenizer.token_to_id(END)
    if start is not None and end is not None:
        tokenizer.add_special_tokens([START, END])
        tokenizer.post_processor = processors.TemplateProcessing(
            single=f"{START} $A {END}", special_tokens=[(START, start), (END, end)]
        )
    return tokenizer

"""Text to tokens and back for a visual language model, by the tokenizer.json of its folder.

Nothing here needs PyTorch or transformers: the `tokenizers` package alone reads what transformers writes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

from egoprog.data.atomic import atomic
from egoprog.errors import ModelError

TOKENIZER_NAME = "tokenizer.json"
_CONFIG_NAME = "tokenizer_config.json"
PAD, BOS, EOS, UNKNOWN, IMAGE = "<pad>", "<s>", "</s>", "<unk>", "<image>"
_SPECIAL = (PAD, BOS, EOS, UNKNOWN, IMAGE)
PROMPT = f"USER: {IMAGE}\n{{question}} ASSISTANT:"
"""Of LLaVA-1.5's conversations, without the opening words about the assistant, as its folders' chat template has it."""


class VlmTokenizer:
    """tokenizer: with the tokens <pad>, <s>, </s> and <image>. Raises ModelError where one of them is missing."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.tokenizer = tokenizer
        self.tokenizer.no_padding()
        self.tokenizer.no_truncation()
        self.bos_id, self.eos_id, self.image_id = (self._id(token) for token in (BOS, EOS, IMAGE))
        pad_id = tokenizer.token_to_id(PAD)
        self.pad_id = self.eos_id if pad_id is None else pad_id  # masked wherever it stands

    @classmethod
    def read(cls, path: str | Path) -> VlmTokenizer:
        """Of a model's folder or a tokenizer.json. Raises ModelError where there is none or it is damaged."""
        path = Path(path)
        file = path / TOKENIZER_NAME if path.is_dir() else path
        if not file.is_file():
            raise ModelError(f"expected {TOKENIZER_NAME} in {path}, found none; copy the model's whole folder")
        try:
            return cls(Tokenizer.from_file(str(file)))
        except ModelError:
            raise
        except Exception as error:  # the package raises nothing narrower
            raise ModelError(f"expected a tokenizer in {file}, got {str(error).splitlines()[0]}") from None

    @classmethod
    def trained(cls, texts: Iterable[str], num_pieces: int) -> VlmTokenizer:
        """Byte-level byte-pair encoding of at most so many pieces, special ones and the 256 bytes among them."""
        tokenizer = Tokenizer(models.BPE(unk_token=None))
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = decoders.ByteLevel()
        trainer = trainers.BpeTrainer(
            vocab_size=num_pieces,
            special_tokens=[AddedToken(token, special=True, normalized=False) for token in _SPECIAL],
            initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
            show_progress=False,
        )
        tokenizer.train_from_iterator(texts, trainer)
        bos_id = tokenizer.token_to_id(BOS)
        tokenizer.post_processor = processors.TemplateProcessing(f"{BOS} $A", f"{BOS} $A $B", [(BOS, bos_id)])
        return cls(tokenizer)

    def write(self, folder: str | Path) -> None:
        """tokenizer.json and tokenizer_config.json, which transformers' AutoTokenizer loads."""
        folder = Path(folder)
        config = {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "bos_token": BOS,
            "eos_token": EOS,
            "unk_token": UNKNOWN,
            "pad_token": PAD,
            "image_token": IMAGE,
            "padding_side": "left",
            "clean_up_tokenization_spaces": False,
            "model_max_length": 10**6,
        }
        with atomic(folder / TOKENIZER_NAME) as temporary:
            temporary.write_text(self.tokenizer.to_str(pretty=True), encoding="utf-8")
        with atomic(folder / _CONFIG_NAME) as temporary:
            temporary.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")

    @property
    def num_pieces(self) -> int:
        return self.tokenizer.get_vocab_size(with_added_tokens=True)

    def prompt(self, question: str, num_image_tokens: int) -> list[int]:
        """What comes before an answer, with the place of the picture as that many <image> tokens."""
        return self._with_image(self._ids(PROMPT.format(question=self._plain(question))), num_image_tokens)

    def conversation(self, question: str, answer: str, num_image_tokens: int) -> tuple[list[int], int]:
        """A prompt and its answer, </s> at the end; and how many of these tokens are the answer's."""
        whole = self._ids(f"{PROMPT.format(question=self._plain(question))} {self._plain(answer)}")
        whole = [*self._with_image(whole, num_image_tokens), self.eos_id]
        return whole, len(whole) - len(self.prompt(question, num_image_tokens))

    def text(self, ids: Sequence[int]) -> str:
        """Of an answer's tokens up to </s>."""
        ids = list(ids)
        end = ids.index(self.eos_id) if self.eos_id in ids else len(ids)
        return self.tokenizer.decode(ids[:end], skip_special_tokens=True).strip()

    def ids_of(self, words: Iterable[str]) -> list[int]:
        """The tokens that are one of these words whole, after a space or not."""
        asked = set(words)
        found = self.tokenizer.get_vocab(with_added_tokens=False).values()
        return sorted(number for number in found if self.tokenizer.decode([number]).strip() in asked)

    def _ids(self, text: str) -> list[int]:
        return self.tokenizer.encode(text, add_special_tokens=True).ids

    def _with_image(self, ids: list[int], num_image_tokens: int) -> list[int]:
        place = ids.index(self.image_id)
        return [*ids[:place], *[self.image_id] * num_image_tokens, *ids[place + 1 :]]

    def _plain(self, text: str) -> str:
        """Without what would count as a special token: a question must not end the conversation or show a picture."""
        for token in _SPECIAL:
            text = text.replace(token, " ")
        return " ".join(text.split())

    def _id(self, token: str) -> int:
        number = self.tokenizer.token_to_id(token)
        if number is None:
            raise ModelError(f"expected a tokenizer of a visual language model, got one without the token {token}")
        return number

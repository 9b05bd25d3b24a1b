"""A visual language model's answer on exported graphs, word by word, and what it thought: no PyTorch.

Shapes: M image tokens, N text tokens, E width, P tokens of a prompt, Q of a conversation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from egoprog.errors import InputError
from egoprog.lego.vlm_pictures import PicturePreparation
from egoprog.lego.vlm_tokenizer import VlmTokenizer
from egoprog.runtime import Session

GRAPHS = ("vision", "prompt", "answer")


@dataclass(frozen=True, slots=True)
class Said:
    """text: the answer. image: (1, M, E) and hidden: (1, N, E) as `egoprog.lego.vlm.VlmEmbeddings` has them."""

    text: str
    image: NDArray[np.float32]
    hidden: NDArray[np.float32]


class Describer:
    """One thread at a time. folder: of the model, with its tokenizer and how it takes pictures."""

    def __init__(self, folder: Path, sessions: Mapping[str, Session], num_text_tokens: int) -> None:
        """Raises ModelError or AnnotationError for files that are missing or damaged. num_text_tokens: N."""
        self._vision, self._prompt, self._answer = (sessions[name] for name in GRAPHS)
        self._tokenizer = VlmTokenizer.read(folder)
        self._preparation = PicturePreparation.read(folder)
        self._num_text_tokens = num_text_tokens
        shapes = {spec.name: spec.shape for spec in (*self._prompt.inputs, *self._answer.inputs)}
        self._num_prompt, self._num_image = shapes["tokens"][1], shapes["image"][1]
        self._cache = np.zeros(shapes["cache"], np.float32)

    def say(self, picture: NDArray[np.uint8], question: str, go_on: Callable[[], None] = lambda: None) -> Said:
        """The likeliest answer. go_on: is called before every word, and may raise to give it up.

        Raises InputError for a question that is too long, FrameError for what is no picture.
        """
        # 1. picture and question
        prompt = self._tokenizer.prompt(question, self._num_image)
        if len(prompt) > self._num_prompt:
            raise InputError(
                f"expected a question and a picture of at most {self._num_prompt} tokens, got {len(prompt)}; "
                "ask in fewer words"
            )
        image = self._vision.run({"pixels": self._preparation([picture])})["image"]
        go_on()
        tokens = np.full((1, self._num_prompt), self._tokenizer.pad_id, np.int64)
        tokens[0, : len(prompt)] = prompt
        out = self._prompt.run({"tokens": tokens, "last": np.array([len(prompt) - 1]), "image": image})
        self._cache[:, :, :, : self._num_prompt] = out["new_cache"]

        # 2. the answer
        said: list[int] = []
        hidden = [out["hidden"]]  # hidden[k]: what token k was chosen from
        most = self._cache.shape[3] - self._num_prompt
        while (token := int(out["scores"].argmax())) != self._tokenizer.eos_id and len(said) < most:
            go_on()
            out = self._next(token, len(prompt) + len(said))
            said.append(token)
            hidden.append(out["hidden"])
        text = self._tokenizer.text(said)

        # 3. what it was chosen from; words may be cut into other tokens than they were said in
        whole, num_answer = self._tokenizer.conversation(question, text, self._num_image)
        read = whole[-num_answer:-1][: min(most, self._num_text_tokens) - 1]
        same = next((k for k, pair in enumerate(zip(read, said, strict=False)) if pair[0] != pair[1]), len(said))
        del hidden[same + 1 :]
        for k in range(len(hidden) - 1, len(read)):
            hidden.append(self._next(read[k], len(prompt) + k)["hidden"])
        kept = np.zeros((1, self._num_text_tokens, image.shape[2]), np.float32)
        num = min(len(read) + 1, self._num_text_tokens)
        kept[0, :num] = np.concatenate(hidden)[:num]
        return Said(text, image, kept)

    def _next(self, token: int, position: int) -> dict[str, NDArray]:
        """What comes after a token, which the cache keeps."""
        arrays = {"token": np.array([[token]]), "position": np.array([position]), "cache": self._cache}
        out = self._answer.run(arrays)
        self._cache[:, :, :, position] = out["new_cache"][:, :, :, 0]
        return out

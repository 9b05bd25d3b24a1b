"""What a network said of many clips, beside what is true of them: the input of every measure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from egoprog.data.atomic import atomic
from egoprog.errors import ModelError
from egoprog.leap.config import LeapConfig, leap_from_json, to_json


@dataclass(frozen=True)
class Predictions:
    """N clips, V verbs, M nouns, A actions, K steps, O object classes (0: none).

    Logits and truth; -1 where a true class is not known or not in the vocabulary. sub_verbs: (N, K, 8) logits.
    objects: (N, K, O) logits, (N, K, 2, O) with two heads. precondition: (N, 384). Of a network without a program head
    these three are empty, (N, 0). true_sub_verbs: (N, K), padded with -1. true_objects: (N, K, 2), class 0 for none,
    padded with -1.
    """

    config: LeapConfig
    narration_ids: tuple[str, ...]
    verbs: NDArray[np.float32]
    nouns: NDArray[np.float32]
    actions: NDArray[np.float32]
    sub_verbs: NDArray[np.float32]
    objects: NDArray[np.float32]
    precondition: NDArray[np.float32]
    true_verbs: NDArray[np.int64]
    true_nouns: NDArray[np.int64]
    true_sub_verbs: NDArray[np.int64]
    true_objects: NDArray[np.int64]
    true_precondition: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.narration_ids)

    @property
    def participants(self) -> tuple[str, ...]:
        """Of each clip: "P901"."""
        return tuple(name.partition("_")[0] for name in self.narration_ids)

    def keep(self, order: Sequence[int]) -> Predictions:
        """Those of some clips."""
        order = list(order)
        arrays = {name: getattr(self, name)[order] for name in _ARRAYS}
        return Predictions(self.config, tuple(self.narration_ids[k] for k in order), **arrays)


_ARRAYS = tuple(field.name for field in fields(Predictions) if field.name not in ("config", "narration_ids"))


def joined(parts: Sequence[Predictions]) -> Predictions:
    """One after another; all have the first one's configuration."""
    arrays = {name: np.concatenate([getattr(part, name) for part in parts]) for name in _ARRAYS}
    return Predictions(parts[0].config, tuple(name for part in parts for name in part.narration_ids), **arrays)


def save_predictions(path: str | Path, predictions: Predictions) -> None:
    """An .npz that `load_predictions` reads; whole or not at all."""
    arrays = {name: getattr(predictions, name) for name in _ARRAYS}
    names = np.array(predictions.narration_ids, dtype=np.str_)
    with atomic(Path(path)) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, config=np.array(to_json(predictions.config)), narration_ids=names, **arrays)


def load_predictions(path: str | Path) -> Predictions:
    """Raises ModelError for a file that is missing or holds something else. Nothing in it is executed."""
    try:
        with np.load(path, allow_pickle=False) as file:
            config = leap_from_json(str(file["config"]))
            return Predictions(config, tuple(map(str, file["narration_ids"])), **{name: file[name] for name in _ARRAYS})
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(
            f"expected predictions in {path}, got {error}; make them with  python -m training.evaluate"
        ) from None

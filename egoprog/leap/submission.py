"""Submissions to EPIC-KITCHENS-100's challenges of recognition and anticipation, and a checker that reads them back.

A zip that holds one file, test.json:
{"version": "0.2", "challenge", "sls_pt", "sls_tl", "sls_td", "results": {narration_id:
    {"verb": {"0": score, ... "96"}, "noun": {"0" ... "299"}, "action": {"verb,noun": score, 100 of them}}}}
Source of the format: epic-kitchens/C1-Action-Recognition and C3-Action-Anticipation, facts only.
"""

from __future__ import annotations

import json
import math
import zipfile
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from egoprog.data.atomic import atomic
from egoprog.errors import ModelError
from egoprog.leap.config import Task
from egoprog.leap.metrics import has_action_head, product_scores
from egoprog.leap.predictions import Predictions

VERSION: Final = "0.2"
CHALLENGES: Final[Mapping[Task, str]] = {"recognise": "action_recognition", "anticipate": "action_anticipation"}
NUM_VERBS: Final = 97
NUM_NOUNS: Final = 300
NUM_ACTIONS: Final = 100
FILE: Final = "test.json"
MAX_FAULTS: Final = 20
"""That a checker lists."""


@dataclass(frozen=True)
class Supervision:
    """What a network was given, 0 to 5 each (github.com/epic-kitchens/sls).

    pretraining: 2 is public images and videos. labels: 3 is verb and noun classes with their times; 5 adds knowledge
    beyond the labels, as programs that a language model wrote. data: 3 is the training split, 4 that and validation.
    """

    pretraining: int = 2
    labels: int = 5
    data: int = 3


def write_submission(path: str | Path, predictions: Predictions, supervision: Supervision | None = None) -> None:
    """Writes the zip and checks it.

    Verbs and nouns have their logits. Actions: the probabilities of the action head, its best 100; where the head knows
    fewer, and without a head, the best of the products of verbs and nouns that are left, below those of the head.
    Raises ModelError for classes that are not EPIC-KITCHENS-100's, and for a zip that the checker finds amiss.
    """
    vocabulary = predictions.config.vocabulary
    if (len(vocabulary.verbs), len(vocabulary.nouns)) != (NUM_VERBS, NUM_NOUNS):
        raise ModelError(
            f"expected the {NUM_VERBS} verbs and {NUM_NOUNS} nouns of EPIC-KITCHENS-100, which a submission is about, "
            f"got {len(vocabulary.verbs)} and {len(vocabulary.nouns)}"
        )
    given = supervision or Supervision()
    content = {
        "version": VERSION,
        "challenge": CHALLENGES[predictions.config.task],
        "sls_pt": given.pretraining,
        "sls_tl": given.labels,
        "sls_td": given.data,
        "results": {
            name: {
                "verb": _scores(predictions.verbs[clip]),
                "noun": _scores(predictions.nouns[clip]),
                "action": best_actions(predictions, clip),
            }
            for clip, name in enumerate(predictions.narration_ids)
        },
    }
    with atomic(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(FILE, json.dumps(content, separators=(",", ":")))
    if faults := check_submission(path, predictions.narration_ids):
        raise ModelError(f"expected a submission that reads back whole in {path}, got: {'; '.join(faults)}")


def best_actions(predictions: Predictions, clip: int) -> dict[str, float]:
    """The 100 likeliest actions of a clip, "verb,noun" to score, best first."""
    best: dict[str, float] = {}
    if has_action_head(predictions):
        shares = softmax(predictions.actions[clip].astype(np.float64))
        for place in np.argsort(-shares, kind="stable")[:NUM_ACTIONS]:
            verb, noun = predictions.config.vocabulary.actions[place]
            best[f"{verb},{noun}"] = float(shares[place])
    if len(best) < NUM_ACTIONS:
        products = np.exp(product_scores(predictions, np.array([clip]))[0])
        # scaled so that what the head has not got stays behind all that it has
        ceiling = min(best.values(), default=1.0) / (products.max() if best else 1.0)
        for place in np.argsort(-products, axis=None, kind="stable"):
            if len(best) == NUM_ACTIONS:
                break
            verb, noun = np.unravel_index(place, products.shape)
            best.setdefault(f"{verb},{noun}", float(products[verb, noun] * ceiling))
    return best


def check_submission(path: str | Path, narration_ids: Collection[str]) -> list[str]:
    """What is amiss in a submission for these clips, each as expected and got; [] for a whole one. At most 20."""
    try:
        with zipfile.ZipFile(path) as file:
            if file.namelist() != [FILE]:
                return [f"expected one file {FILE} in the zip, got {file.namelist()}"]
            content = json.loads(file.read(FILE))
    except (OSError, zipfile.BadZipFile, ValueError) as error:
        return [f"expected a zip with {FILE}, got {error}"]
    if not isinstance(content, dict):
        return [f"expected a JSON object, got {type(content).__name__}"]
    faults = []
    for _, fault in zip(range(MAX_FAULTS), _faults(content, narration_ids), strict=False):
        faults.append(fault)
    return faults


def _faults(content: Mapping[str, Any], narration_ids: Collection[str]) -> Iterator[str]:
    if content.get("version") != VERSION:
        yield f"expected version {VERSION!r}, got {content.get('version')!r}"
    if content.get("challenge") not in CHALLENGES.values():
        yield f"expected a challenge of {', '.join(CHALLENGES.values())}, got {content.get('challenge')!r}"
    for key in ("sls_pt", "sls_tl", "sls_td"):
        value = content.get(key)
        if not (isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 5):
            yield f"expected {key} from 0 to 5, got {value!r}"
    results = content.get("results")
    if not isinstance(results, dict):
        yield f"expected results by narration_id, got {type(results).__name__}"
        return
    wanted = set(narration_ids)
    for name in sorted(wanted - results.keys()):
        yield f"expected a result for {name}, got none"
    for name in sorted(results.keys() - wanted):
        yield f"expected results for the {len(wanted)} clips that were asked for, got one for {name}"
    for name, result in results.items():
        yield from _result_faults(name, result)


def _result_faults(name: str, result: Any) -> Iterator[str]:
    if not isinstance(result, dict) or not all(isinstance(result.get(k), dict) for k in ("verb", "noun", "action")):
        yield f"{name}: expected verb, noun and action"
        return
    for kind, count in (("verb", NUM_VERBS), ("noun", NUM_NOUNS)):
        wanted = {str(k) for k in range(count)}
        if lacking := sorted(wanted - result[kind].keys(), key=int):
            yield f"{name}: expected scores of {kind}s 0 to {count - 1}, got none for {', '.join(lacking[:5])}"
        if odd := sorted(result[kind].keys() - wanted):
            yield f"{name}: expected scores of {kind}s 0 to {count - 1}, got one for {odd[0]!r}"
    if len(result["action"]) != NUM_ACTIONS:
        yield f"{name}: expected {NUM_ACTIONS} actions, got {len(result['action'])}"
    for key in result["action"]:
        verb, _, noun = key.partition(",")
        if not (verb.isdecimal() and noun.isdecimal() and int(verb) < NUM_VERBS and int(noun) < NUM_NOUNS):
            yield f"{name}: expected an action as 'verb,noun' of known classes, got {key!r}"
    for kind in ("verb", "noun", "action"):
        for key, value in result[kind].items():
            if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
                yield f"{name}: expected a number for {kind} {key}, got {value!r}"


def _scores(logits: NDArray[np.float32]) -> dict[str, float]:
    return {str(k): float(score) for k, score in enumerate(logits)}

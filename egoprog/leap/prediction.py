"""What a network says of one moment of a stream: what live nodes hand on. Nothing here needs PyTorch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from egoprog.leap.config import ACTING_SHARE, NO_OBJECT_CLASS, NOTHING_CLASS, SUB_VERBS, LeapConfig
from egoprog.leap.vocabulary import object_word
from egoprog.program.types import SubAction, Verb

_Key = TypeVar("_Key")

MAX_STEP_OBJECTS = 4  # of a step's objects, those that are told
MIN_SHARE = 0.02
MAX_ACTIONS = 20  # of the action classes, those that are told
RECIPIENT_SHARE = 1 - ACTING_SHARE


@dataclass(frozen=True, slots=True)
class PredictedStep:
    """One sub-action of the predicted program.

    score: of its verb, 0 to 1. objects: names with their shares of the soft object label, best first: of two objects
    that are surely there the acting one has 2/3 and the recipient 1/3; what is left is "none".
    """

    verb: Verb
    score: float
    objects: tuple[tuple[str, float], ...] = ()

    def fit(self, objects: Sequence[str]) -> float:
        """The score times exp(-KL) of the objects' soft label and the shares: 0 to 1."""
        shares = dict(self.objects)
        said = [shares.get(object_word(name), 0.0) for name in objects[:2]] or [max(0.0, 1.0 - sum(shares.values()))]
        if len(said) == 1:
            return self.score * said[0]
        acting, recipient = said
        return self.score * (acting / ACTING_SHARE) ** ACTING_SHARE * (recipient / RECIPIENT_SHARE) ** RECIPIENT_SHARE


@dataclass(frozen=True, slots=True)
class PredictedAction:
    """An action class by EPIC-KITCHENS' keys: "take", "board:chopping"."""

    verb: str
    noun: str
    logit: float

    @property
    def label(self) -> str:
        """Verb and noun with a blank between; no key holds one."""
        return f"{self.verb} {self.noun}"


@dataclass(frozen=True, slots=True)
class Prediction:
    """The program and the action of a clip of a stream, or of what comes after it.

    stamp_s: of the last frame. clip_start_s: of the first one, on the same clock. model: name and hash.
    steps: of the program in the model's order, ∅ left out. actions: best first, by their logits.
    precondition: (384,), the embedding of the joined pre-conditions; (0,) of a model without such a head.
    sentence: the known sentence nearest to it, "" where none is known, and the cosine between the two.
    ahead_s: from the stamp to the start of what is told; 0: what is going on at the stamp.
    """

    stamp_s: float
    clip_start_s: float
    model: str
    steps: tuple[PredictedStep, ...] = ()
    actions: tuple[PredictedAction, ...] = ()
    precondition: NDArray[np.float32] = field(
        default_factory=lambda: np.zeros(0, np.float32), compare=False, repr=False
    )
    sentence: str = ""
    sentence_cosine: float = 0.0
    ahead_s: float = 0.0

    @property
    def action(self) -> PredictedAction | None:
        """The best one; None where the model tells none."""
        return self.actions[0] if self.actions else None

    @property
    def verbs(self) -> dict[Verb, float]:
        """The best score of each sub-action's verb, best first."""
        return _best((step.verb, step.score) for step in self.steps)

    @property
    def objects(self) -> dict[str, float]:
        """The best score of each object in any step, best first."""
        return _best(scored for step in self.steps for scored in step.objects)

    def action_scores(self) -> tuple[float, ...]:
        """Softmax over the actions that are told, 0 to 1, in their order."""
        return tuple(softmax(np.array([action.logit for action in self.actions])).tolist()) if self.actions else ()

    def fit(self, wanted: SubAction) -> float:
        """How well the best step of the program says that sub-action, 0 to 1: m of `losses`. mug_2 counts as a mug."""
        fits = (step.fit(wanted.objects) for step in self.steps if step.verb is wanted.verb)
        return max(fits, default=0.0)


def prediction_of(
    said: Mapping[str, NDArray],
    config: LeapConfig,
    *,
    stamp_s: float,
    clip_start_s: float,
    model: str,
    sentences: NDArray[np.float32] | None = None,
) -> Prediction:
    """Reads what a network gave for one clip.

    said: "actions" (1, A) logits and, of a model with a program head, "sub_verbs" (1, K, V), "objects" (1, K, O) or
    (1, K, 2, O), "precondition" (1, 384). sentences: (S, 384), of length 1, of the vocabulary's sentences in order.
    """
    vocabulary = config.vocabulary
    logits_A = np.asarray(said["actions"], np.float64)[0]
    actions = []
    for k in np.argsort(-logits_A, kind="stable")[:MAX_ACTIONS]:
        verb, noun = vocabulary.actions[k]
        actions.append(PredictedAction(vocabulary.verbs[verb], vocabulary.nouns[noun], float(logits_A[k])))
    precondition, sentence, cosine = np.zeros(0, np.float32), "", 0.0
    if "precondition" in said:
        precondition = np.asarray(said["precondition"], np.float32)[0]
        if sentences is not None and len(sentences):
            cosines = sentences @ precondition / max(float(np.linalg.norm(precondition)), 1e-9)
            nearest = int(cosines.argmax())
            sentence, cosine = vocabulary.sentences[nearest], float(cosines[nearest])
    return Prediction(
        stamp_s=stamp_s,
        clip_start_s=clip_start_s,
        model=model,
        steps=_steps(said["sub_verbs"][0], said["objects"][0], vocabulary.objects) if "sub_verbs" in said else (),
        actions=tuple(actions),
        precondition=precondition,
        sentence=sentence,
        sentence_cosine=cosine,
        ahead_s=config.tau_a_s if config.task == "anticipate" else 0.0,
    )


def softmax(logits: NDArray) -> NDArray[np.float64]:
    """Over the last axis."""
    shifted = np.exp(np.asarray(logits, np.float64) - np.max(logits, axis=-1, keepdims=True))
    return shifted / shifted.sum(axis=-1, keepdims=True)


def _steps(verbs_KV: NDArray, objects: NDArray, names: Sequence[str]) -> tuple[PredictedStep, ...]:
    scores_KV = softmax(verbs_KV)
    shares = softmax(objects)
    if shares.ndim == 3:  # two heads: their soft label, where the acting object takes what "none" leaves
        acting_KO, recipient_KO = shares[:, 0], shares[:, 1]
        shares = (ACTING_SHARE + RECIPIENT_SHARE * recipient_KO[:, NO_OBJECT_CLASS, None]) * acting_KO
        recipient_KO[:, NO_OBJECT_CLASS] = 0.0
        shares = shares + RECIPIENT_SHARE * recipient_KO
    steps = []
    for verb_V, share_O in zip(scores_KV, shares, strict=True):
        if (verb := int(verb_V.argmax())) == NOTHING_CLASS:
            continue
        order = [k for k in np.argsort(-share_O, kind="stable") if k != NO_OBJECT_CLASS][:MAX_STEP_OBJECTS]
        objects = tuple((names[k - 1], float(share_O[k])) for k in order if share_O[k] >= MIN_SHARE)
        steps.append(PredictedStep(SUB_VERBS[verb], float(verb_V[verb]), objects))
    return tuple(steps)


def _best(scored: Iterable[tuple[_Key, float]]) -> dict[_Key, float]:
    best: dict[_Key, float] = {}
    for key, score in scored:
        best[key] = max(score, best.get(key, 0.0))
    return dict(sorted(best.items(), key=lambda item: -item[1]))

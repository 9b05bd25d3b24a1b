"""Is the action in the picture? What is asked, what a judge sees, and whether the two agree.

Two questions are put to every generated picture, of which one network knows nothing of the other:
- hand: does the hand that was asked for touch the thing that was asked for, in the output alone?
- change: do input and output together look like the action that was asked for: opened, poured, turned on?
The action is in the picture where both are answered yes. Judges err, so the same is asked of the true pictures, and
their score is the ceiling; what judges say of the input frame alone is the floor.

Shapes: N pictures, K nouns of the hands' classifier, V verbs, M nouns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from egoprog.data.frame_pairs import FramePair
from egoprog.data.program_lines import ProgramClip
from egoprog.errors import InputError
from egoprog.lego.features import Origin, Pictures
from egoprog.program.types import Hand, If, Program, Statement, SubAction, While

Scores = NDArray[np.floating]


@dataclass(frozen=True)
class Asked:
    """What a picture should show. verb, noun: EPIC-KITCHENS' keys. hand: None where either does."""

    verb: str
    noun: str
    hand: Hand | None = None


@dataclass(frozen=True)
class Touched:
    """Probabilities of what each hand touches. nouns: the K classes; the last column, beyond them, says nothing.

    left, right: (N, K + 1).
    """

    nouns: tuple[str, ...]
    left: Scores
    right: Scores


@dataclass(frozen=True)
class Recognised:
    """Probabilities of the action. verbs, nouns: the V and M classes. verb_scores: (N, V). noun_scores: (N, M)."""

    verbs: tuple[str, ...]
    nouns: tuple[str, ...]
    verb_scores: Scores
    noun_scores: Scores


class HandJudge(Protocol):
    """Says of outputs (N, H, W, 3) uint8 what the hands touch."""

    origin: Origin

    def __call__(self, outputs: Pictures) -> Touched: ...


class ChangeJudge(Protocol):
    """Says of inputs and outputs, both (N, H, W, 3) uint8, which action lies between them."""

    origin: Origin

    def __call__(self, inputs: Pictures, outputs: Pictures) -> Recognised: ...


@dataclass(frozen=True)
class Answers:
    """Of N pictures, 1 for yes and 0 for no, NaN where a judge has no class for what was asked.

    object: a hand touches the thing. hand: the hand that was asked for does. verb, noun: the action's. change: both.
    action: hand and change. hand_score, change_score: the probabilities behind the two.
    """

    object: Scores
    hand: Scores
    verb: Scores
    noun: Scores
    change: Scores
    action: Scores
    hand_score: Scores
    change_score: Scores

    def columns(self) -> Mapping[str, Scores]:
        """Every answer by its name."""
        return vars(self)


def asked_of(pair: FramePair, clip: ProgramClip | None = None) -> Asked:
    """What the target of a pair should show.

    clip: the program of the pair's action; its step at the target's time says which hand. Without it either does.
    Raises InputError for a pair whose action has no class.
    """
    if not pair.verb or not pair.noun:
        raise InputError(f"expected a pair with the classes of its action, got {pair.action!r} ({pair.pair_id})")
    step = step_at(clip.program, pair.target_s) if clip is not None else None
    return Asked(pair.verb, pair.noun, step.hand if step is not None else None)


def step_at(program: Program, stamp_s: float) -> SubAction | None:
    """The last sub-action of a hand that has begun by then, else the first; None where no hand does anything."""
    steps = [step for step in _steps(program.body) if step.hand is not None and step.start_s is not None]
    begun = [step for step in steps if step.start_s <= stamp_s]
    return begun[-1] if begun else steps[0] if steps else None


def judge(asked: Sequence[Asked], touched: Touched, recognised: Recognised) -> Answers:
    """Compares what was asked with what was seen. Raises InputError where the two don't match in number."""
    sizes = {len(each) for each in (touched.left, touched.right, recognised.verb_scores, recognised.noun_scores)}
    if sizes != {len(asked)}:
        raise InputError(f"expected judgements of {len(asked)} pictures, got {sorted(sizes)}")
    hands = {Hand.LEFT: touched.left, Hand.RIGHT: touched.right}
    number = {name: k for k, name in enumerate(touched.nouns)}
    verbs = {name: k for k, name in enumerate(recognised.verbs)}
    nouns = {name: k for k, name in enumerate(recognised.nouns)}
    rows = []
    for n, one in enumerate(asked):
        thing, verb, noun = number.get(one.noun), verbs.get(one.verb), nouns.get(one.noun)
        sides = {Hand.BOTH: tuple(hands), None: tuple(hands)}.get(one.hand, (one.hand,))
        touches = {side: _is_touched(hands[side][n], thing) for side in hands}
        shares = [_share(hands[side][n], thing) for side in sides]
        # a thing in both hands has to be in both; where nobody says which hand, one is enough
        whole = min if one.hand is Hand.BOTH else max
        in_hand = whole(touches[side] for side in sides)
        right_verb = _is_best(recognised.verb_scores[n], verb)
        right_noun = _is_best(recognised.noun_scores[n], noun)
        change = right_verb * right_noun
        score = _share(recognised.verb_scores[n], verb) * _share(recognised.noun_scores[n], noun)
        rows.append(
            (max(touches.values()), in_hand, right_verb, right_noun, change, in_hand * change, whole(shares), score)
        )
    return Answers(*np.array(rows, np.float64).reshape(len(asked), 8).T)


def _is_touched(scores: Scores, place: int | None) -> float:
    """The hand rather touches something than nothing, and the thing rather than another.

    The best class of all would be "nothing" wherever a hand that touches something may touch one of several things.
    """
    return _is_best(scores[:-1], place) * float(scores[-1] < 0.5)


def _is_best(scores: Scores, place: int | None) -> float:
    return float("nan") if place is None else float(scores.argmax() == place)


def _share(scores: Scores, place: int | None) -> float:
    return float("nan") if place is None else float(scores[place])


def _steps(body: Sequence[Statement]) -> list[SubAction]:
    found: list[SubAction] = []
    for statement in body:
        if isinstance(statement, SubAction):
            found.append(statement)
        elif isinstance(statement, If):
            found += _steps(statement.body) + _steps(statement.orelse)
        elif isinstance(statement, While):
            found += _steps(statement.body)
    return found

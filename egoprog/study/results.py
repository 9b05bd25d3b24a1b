"""What a study's answers say: win rates with intervals and tests, or how many descriptions fit their frames.

A win rate is the share of answers that picked a method, as in the paper. Its Wilson interval takes all answers as
independent; the bootstrap's draws questions, as answers to one question are alike, and is the one to trust.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.stats import binomtest

from egoprog.data.atomic import atomic
from egoprog.leap.bootstrap import interval
from egoprog.study.answers import Answer
from egoprog.study.questions import ALIGNED, Study

PAPER = {"best": {}, "aligned": {"Ego4D": 0.870, "EPIC-KITCHENS": 0.840}}


@dataclass(frozen=True)
class Share:
    """Of answers that picked something. wilson, bootstrap: 95% intervals."""

    picked: int
    share: float
    wilson: tuple[float, float]
    bootstrap: tuple[float, float]


def results(study: Study, answers: Sequence[Answer]) -> dict[str, Any]:
    """All figures of a study, as results.json has them; with no answers only their numbers.

    answers: the latest one of each rater to each question, see `Answers.all`.
    """
    counts = Counter(answer.choice for answer in answers)
    told: dict[str, Any] = {
        "kind": study.kind,
        "num_questions": len(study.questions),
        "num_answered": len({answer.question_id for answer in answers}),
        "num_answers": len(answers),
        "raters": dict(sorted(Counter(answer.rater for answer in answers).items())),
        "choices": {},
    }
    if not answers:
        return told
    told["choices"] = {name: asdict(_share(name, answers)) for name in study.methods}
    told["agreement"] = fleiss_kappa(answers, study.methods)
    if study.kind == "best":
        ranked = sorted(study.methods, key=lambda name: -counts[name])
        told["first_against_second"] = _test(ranked[0], ranked[1], counts)
        chance = 1 / len(study.methods)
        test = binomtest(counts[ranked[0]], len(answers), chance, alternative="greater")
        told["first_against_chance"] = {"method": ranked[0], "chance": chance, "p": float(test.pvalue)}
    return told


def _share(name: str, answers: Sequence[Answer]) -> Share:
    is_picked = np.array([answer.choice == name for answer in answers], np.float64)
    picked = int(is_picked.sum())
    wilson = binomtest(picked, len(answers)).proportion_ci(method="wilson")
    drawn = interval(
        lambda weights: float(is_picked @ weights / weights.sum()), [answer.question_id for answer in answers]
    )
    return Share(picked, drawn.value, (float(wilson.low), float(wilson.high)), (drawn.low, drawn.high))


def _test(first: str, second: str, counts: Mapping[str, int]) -> dict[str, Any]:
    """Two-sided, of the answers that picked either."""
    both = counts[first] + counts[second]
    return {"first": first, "second": second, "p": float(binomtest(counts[first], both, 0.5).pvalue), "num": both}


def fleiss_kappa(answers: Sequence[Answer], choices: Sequence[str]) -> float | None:
    """How far raters agree beyond chance, 1: always, 0: as by chance; of questions with two answers or more.

    None where there are none, or where all answers are one choice. Source: Fleiss 1971, with as many raters a question
    as there are.
    """
    by_question: dict[str, Counter[str]] = {}
    for answer in answers:
        by_question.setdefault(answer.question_id, Counter())[answer.choice] += 1
    tables = [counts for counts in by_question.values() if counts.total() > 1]
    total = sum(counts.total() for counts in tables)
    if not tables:
        return None
    agreed = np.mean(
        [sum(n * (n - 1) for n in counts.values()) / (counts.total() * (counts.total() - 1)) for counts in tables]
    )
    chance = sum((sum(counts[name] for counts in tables) / total) ** 2 for name in choices)
    return None if math.isclose(chance, 1) else float((agreed - chance) / (1 - chance))


def markdown(told: Mapping[str, Any]) -> str:
    """A table for people."""
    is_best = told["kind"] == "best"
    title = "Which picture shows the action best" if is_best else "Do descriptions fit their frames"
    lines = [
        f"# {title}",
        "",
        f"{told['num_answers']} answers of {len(told['raters'])} people to {told['num_answered']} of "
        f"{told['num_questions']} questions.",
    ]
    if not told["choices"]:
        return "\n".join([*lines, "", "Nobody has answered yet."]) + "\n"
    head = "win rate" if is_best else "share"
    lines += ["", f"| | picked | {head} | 95% by questions | 95% Wilson |", "| --- | ---: | ---: | ---: | ---: |"]
    rows = sorted(told["choices"].items(), key=lambda row: -row[1]["share"]) if is_best else told["choices"].items()
    for name, one in rows:
        bounds = [f"{100 * one[kind][0]:.1f} to {100 * one[kind][1]:.1f}%" for kind in ("bootstrap", "wilson")]
        lines.append(f"| {name} | {one['picked']} | {100 * one['share']:.1f}% | {bounds[0]} | {bounds[1]} |")
    if not is_best:
        paper = ", ".join(f"{100 * share:.1f}% on {name}" for name, share in PAPER["aligned"].items())
        lines += ["", f"The paper has {paper} {ALIGNED}."]
    else:
        one, chance = told["first_against_second"], told["first_against_chance"]
        lines += [
            "",
            f"{one['first']} against {one['second']}: p = {one['p']:.2g} (binomial test, two-sided, of the "
            f"{one['num']} answers that picked either). Against chance ({100 * chance['chance']:.0f}%): "
            f"p = {chance['p']:.2g} (one-sided).",
        ]
    if told["agreement"] is not None:
        lines += ["", f"Agreement of raters (Fleiss' kappa): {told['agreement']:.2f}."]
    return "\n".join(lines) + "\n"


def write_results(study: Study, answers: Sequence[Answer]) -> str:
    """Writes results.json and results.md into the study's folder, and returns the latter."""
    told = results(study, answers)
    text = markdown(told)
    with atomic(study.path / "results.json") as temporary:
        temporary.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    with atomic(study.path / "results.md") as temporary:
        temporary.write_text(text, encoding="utf-8")
    return text

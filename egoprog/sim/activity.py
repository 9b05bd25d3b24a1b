"""What a person does: programs with times, drawn from a seed, and what they say about it."""

from __future__ import annotations

import numpy as np

from egoprog.describe.types import Narration
from egoprog.errors import ConfigurationError
from egoprog.program.types import Hand, Program, Provenance, SubAction, Verb

MIN_SECONDS, MAX_SECONDS = 16.0, 60.0
"""Below that hands would fly, above it they would crawl."""

# Verb, objects, hand, usual duration [s], usual pause before it [s].
FILL_MUG = (
    (Verb.GOTO, ("mug",), None, 2.5, 0.0),
    (Verb.GRASP, ("mug",), Hand.RIGHT, 1.15, 0.25),
    (Verb.MOVE, ("mug", "tap"), Hand.RIGHT, 1.2, 0.05),
    (Verb.GRASP, ("tap",), Hand.LEFT, 1.05, 0.05),
    (Verb.USE, ("tap",), Hand.LEFT, 0.5, 0.05),
    (Verb.USE, ("mug", "tap"), Hand.RIGHT, 2.8, 0.0),
    (Verb.USE, ("tap",), Hand.LEFT, 0.5, 0.0),
    (Verb.RELEASE, ("tap",), Hand.LEFT, 0.8, 0.05),
    (Verb.POSITION, ("mug", "counter"), Hand.RIGHT, 1.4, 0.1),
    (Verb.RELEASE, ("mug",), Hand.RIGHT, 0.8, 0.05),
    (Verb.GRASP, ("bottle",), Hand.RIGHT, 1.2, 0.3),
    (Verb.MOVE, ("bottle", "mug"), Hand.RIGHT, 1.1, 0.05),
    (Verb.USE, ("bottle", "mug"), Hand.RIGHT, 4.2, 0.05),
    (Verb.POSITION, ("bottle", "counter"), Hand.RIGHT, 1.4, 0.05),
    (Verb.RELEASE, ("bottle",), Hand.RIGHT, 0.8, 0.05),
    (Verb.WAIT, (), None, 0.9, 0.1),
)


def fill_mug(seed: int = 0, seconds: float = 24.0) -> Program:
    """Fills a mug at the tap, then pours juice into it. Durations vary by a tenth with the seed; they sum to `seconds`.

    Raises ConfigurationError for a length at which nobody moves.
    """
    if not MIN_SECONDS <= seconds <= MAX_SECONDS:
        raise ConfigurationError(f"expected {MIN_SECONDS:g} to {MAX_SECONDS:g} seconds, got {seconds:g}")
    rng = np.random.default_rng([seed, 4])
    pauses, durations = np.array([(pause, duration) for *_, duration, pause in FILL_MUG]).T
    pauses, durations = pauses * rng.uniform(0.7, 1.3, len(pauses)), durations * rng.uniform(0.9, 1.1, len(durations))
    scale = seconds / (pauses.sum() + durations.sum())
    starts = scale * (np.cumsum(pauses) + np.cumsum(durations) - durations)
    stops = starts + scale * durations
    body = tuple(
        SubAction(verb, objects, hand, round(float(start), 2), round(float(min(stop, seconds)), 2))
        for (verb, objects, hand, _, _), start, stop in zip(FILL_MUG, starts, stops, strict=True)
    )
    return Program(
        name="fill_mug",
        body=body,
        start_s=0.0,
        stop_s=float(seconds),
        objects=("mug", "tap", "bottle", "counter"),
        provenance=Provenance(generator="simulator"),
    )


def narrate(program: Program) -> list[Narration]:
    """What the wearer says, in short phrases as EPIC-KITCHENS has them: takes, uses and placings, not reaches."""
    lines = []
    for sub_action in program.sub_actions():
        match sub_action.verb, sub_action.objects:
            case (Verb.GRASP, (name,)) if name != "tap":
                text = f"take {name}"
            case (Verb.USE, ("mug", "tap")):
                text = "fill mug with water"
            case (Verb.USE, ("bottle", target)):
                text = f"pour juice into {target}"
            case (Verb.POSITION, (name, *_)):
                text = f"put down {name}"
            case _:
                continue
        lines.append(Narration(text, sub_action.start_s, sub_action.stop_s))
    return lines

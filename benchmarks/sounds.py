"""What the packaged sound tagger hears in the sounds of the simulated kitchen, and how long an hour of them takes.

python -m benchmarks sounds

Every segment lies in a mix with the room, a step before it and, in those over a second, a plate that is put down.
Its scores are the means over windows of 0.96 s, half a window apart.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from egoprog.describe.yamnet import PATCH_S, PATCH_SAMPLES, SAMPLE_RATE, Yamnet, to_model_rate
from egoprog.sim import synth
from egoprog.sim.sound import mix
from egoprog.sim.types import Sound

SEEDS = range(20)
"""Of the segments of each kind."""
WATER = frozenset({
    "Water", "Water tap, faucet", "Sink (filling or washing)", "Bathtub (filling or washing)", "Liquid", "Stream",
    "Splash, splatter", "Slosh", "Drip", "Pour", "Trickle, dribble", "Gush", "Fill (with liquid)", "Gurgling",
})  # fmt: skip
FITTING: Mapping[str, frozenset[str]] = {
    "tap": WATER,
    "filling": WATER,
    "pour": WATER,
    "grains": frozenset({"Pour", "Rattle", "Crackle", "Rain", "Rain on surface", "Shuffling cards"}),
    "chop": frozenset({"Chopping (food)", "Chop", "Wood", "Knock", "Tap", "Cutlery, silverware"}),
    "scrub": frozenset({"Scrape", "Rub", "Scratch", "Toothbrush", "Filing (rasp)", "Sanding"}),
    "wipe": frozenset({"Scrape", "Rub", "Scratch", "Toothbrush", "Filing (rasp)", "Sanding"}),
    "peel": frozenset({"Scrape", "Rub", "Scratch", "Toothbrush", "Filing (rasp)", "Sanding"}),
    "stir": frozenset({"Stir", "Cutlery, silverware", "Dishes, pots, and pans", "Chink, clink", "Glass"}),
    "sizzle": frozenset({"Sizzle", "Frying (food)"}),
    "boil": frozenset({"Boiling", "Steam", "Water", "Liquid", "Gurgling", "Mechanical fan", "Hiss"}),
    "cupboard": frozenset({"Cupboard open or close", "Door", "Slam", "Knock", "Drawer open or close", "Thump, thud"}),
    "fridge": frozenset({"Cupboard open or close", "Door", "Slam", "Knock", "Drawer open or close", "Thump, thud"}),
    "drawer": frozenset({"Drawer open or close", "Sliding door", "Cupboard open or close", "Scrape", "Wood", "Rub"}),
    "beep": frozenset({"Beep, bleep", "Alarm", "Buzzer", "Alarm clock", "Smoke detector, smoke alarm", "Ping"}),
    "hum": frozenset({"Microwave oven", "Hum", "Mains hum", "Mechanical fan", "Air conditioning"}),
    "rustle": frozenset({"Crumpling, crinkling", "Rustle", "Tearing", "Crackle", "Shuffling cards"}),
    "steps": frozenset({"Walk, footsteps", "Run", "Shuffle", "Thump, thud", "Wood", "Knock"}),
    "plates": frozenset({"Dishes, pots, and pans", "Chink, clink", "Glass", "Cutlery, silverware", "Clatter"}),
    "cutlery": frozenset({"Dishes, pots, and pans", "Chink, clink", "Cutlery, silverware", "Clatter", "Clang"}),
    "glasses": frozenset({"Glass", "Chink, clink", "Dishes, pots, and pans"}),
}
"""What a person would call each segment, in AudioSet's classes."""


def _steady(kind: str, **of: Any) -> Callable[[np.random.Generator], list[Sound]]:
    """A sound that lasts 1.5 to 8 s."""
    return lambda rng: [Sound(kind, 0.5, 0.5 + rng.uniform(1.5, 8.0), **of)]


def _series(kind: str, count: int, period_s: float, length_s: float, **of: Any):
    """The same again and again, not quite even."""

    def made(rng: np.random.Generator) -> list[Sound]:
        starts_s = 0.5 + period_s * (np.arange(count) + rng.uniform(-0.1, 0.1, count))
        return [Sound(kind, at_s, at_s + length_s, strength=rng.uniform(0.5, 0.9), **of) for at_s in starts_s]

    return made


SEGMENTS: Mapping[str, Callable[[np.random.Generator], list[Sound]]] = {
    "tap": _steady("water"),
    "filling": _steady("water", first=0.05, last=0.85),
    "pour": _steady("pour", last=0.85),
    "grains": _steady("grains", material="ceramic", strength=0.8),
    "chop": _series("chop", 6, 0.38, 0.2),
    "scrub": _steady("scrub", strength=0.7),
    "wipe": _steady("wipe", strength=0.7),
    "peel": _steady("peel", strength=0.7),
    "stir": _steady("stir", material="ceramic", other="metal", strength=0.7),
    "sizzle": _steady("sizzle", strength=0.7),
    "boil": _steady("boil", strength=0.8),
    "cupboard": _series("door", 1, 0.0, 0.4, material="wood"),
    "fridge": _series("door", 1, 0.0, 0.4, material="metal"),
    "drawer": _series("slide", 1, 0.0, 0.6, material="wood"),
    "beep": _series("beep", 3, 0.5, 0.3),
    "hum": _steady("hum", strength=0.7),
    "rustle": _steady("rustle", strength=0.7),
    "steps": _series("step", 5, 0.55, 0.3),
    "plates": _series("contact", 3, 0.7, 0.3, material="ceramic", other="ceramic"),
    "cutlery": _series("contact", 3, 0.7, 0.3, material="metal", other="metal"),
    "glasses": _series("contact", 3, 0.7, 0.3, material="glass", other="glass"),
}


class Ears:
    """The packaged tagger on segments of the simulated kitchen. Raises ModelError if it was not fetched."""

    def __init__(self) -> None:
        self._tagger = Yamnet()

    def heard(self, name: str, seeds: Iterable[int]) -> dict[str, Any]:
        """The share of a kind's segments with a fitting class, and with a water class, in the top 5; and the top 5."""
        means, fits, waters = [], [], []
        for seed in seeds:
            scores = self._scores(SEGMENTS[name](np.random.default_rng([seed, 17])), seed)
            best = {self._tagger.classes[k] for k in np.argsort(scores)[-5:]}
            means.append(scores)
            fits.append(bool(best & FITTING[name]))
            waters.append(bool(best & WATER))
        mean = np.mean(means, axis=0)
        top = [f"{self._tagger.classes[k]} {mean[k]:.2f}" for k in np.argsort(mean)[:-6:-1]]
        return {"fits_in_top_5": float(np.mean(fits)), "water_in_top_5": float(np.mean(waters)), "heard": top}

    def _scores(self, sounds: list[Sound], seed: int) -> np.ndarray:
        start_s, stop_s = min(s.start_s for s in sounds), max(s.stop_s for s in sounds)
        others = [Sound("step", 0.1, 0.4, strength=0.7)]
        if stop_s - start_s > PATCH_S:
            at_s = 0.4 * start_s + 0.6 * stop_s
            others.append(Sound("contact", at_s, at_s + 0.3, "ceramic", "wood", 0.3))
        samples = to_model_rate(mix(sounds + others, stop_s + 1.0, seed), synth.SAMPLE_RATE)
        first, last = round(start_s * SAMPLE_RATE), round(stop_s * SAMPLE_RATE)
        starts = range(first, max(last - PATCH_SAMPLES, first) + 1, PATCH_SAMPLES // 2)
        return np.mean([self._tagger.scores(samples[at : at + PATCH_SAMPLES]) for at in starts], axis=0)


def busy(length_s: float, seed: int) -> list[Sound]:
    """The sounds of a busy time: an hour has 6,000 contacts and steps, half an hour of water, and a pan on the hob."""
    rng = np.random.default_rng([seed, 18])
    materials = ("ceramic", "metal", "wood", "glass", "plastic")
    sounds = [Sound("sizzle", 0.0, length_s / 4), Sound("hum", length_s / 4, length_s / 2)]
    for start_s in np.arange(0.0, length_s - 60.0, 60.0):
        sounds.append(Sound("water", start_s, start_s + 30.0, last=rng.choice([0.0, 0.9])))
    for start_s in rng.uniform(0, length_s, round(length_s * 6000 / 3600)):
        if rng.random() < 0.2:
            sounds.append(Sound("step", start_s, start_s + 0.3, strength=0.8))
        else:
            first, second = rng.choice(materials, 2)
            sounds.append(Sound("contact", start_s, start_s + 0.3, str(first), str(second), rng.uniform(0.2, 1.0)))
    return sounds


def measure() -> dict[str, Any]:
    ears, figures = Ears(), {}
    for name in SEGMENTS:
        for key, value in ears.heard(name, SEEDS).items():
            if key != "water_in_top_5" or FITTING[name] is WATER:
                figures[f"{name}: {key}"] = ", ".join(value) if key == "heard" else value
    began_s = time.process_time()
    mix(busy(3600.0, 0), 3600.0)
    figures["an hour's sounds, processor s"] = round(time.process_time() - began_s, 1)
    return figures

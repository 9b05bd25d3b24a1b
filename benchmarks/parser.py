"""How many exemplar-sized programs are read in a second.

    python -m benchmarks.parser
    python -m benchmarks.parser --seconds 10

The programs differ from each other in objects and times, so nothing is read twice; about 15 lines each. Seconds are
the processor's on one core, so that whatever else the machine does is not counted.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time

from egoprog.program import parse, to_text
from egoprog.program.types import Program

TARGET_PER_S = 2000
NUM_PROGRAMS = 500
OBJECTS = ("cucumber", "milk", "cup", "fridge", "knife", "carrot", "plate", "sponge", "pan", "washing_liquid")

EXEMPLAR = """\
objects = [{a}, faucet, {b}]

def clean_{a}_{i}(start_t=0, stop_t={stop}):
    # Heard sound of water at time {t1} sec to {t2} sec
    # Grabbed {a} at time(s) {t1}
    if {a} not in hand:
        goto({a})
        grasp({a}, hand=right, start_t={t1}, stop_t={t2}, confidence=0.92)
    if faucet not open and left hand empty:
        grasp(faucet, hand=left)
        use(faucet)
        release(faucet)
    while {a} not clean:
        use(faucet, {a})
    move({a}, {b})
    release({a})
"""

# The same as a language model sends it: in a fence, with synonyms, curly quotes and missing marks.
ANSWER = """\
Here is the program:

```python
def clean_{a}_{i} (start_t = 0, stop_t = {stop})
    # Grabbed {a} at time(s) {t1}
    if '{a}' is not in hand:
        walk_to(“{a}”)
        pick_up(“{a}”, hand="right")
    if not is_open(faucet) and near(faucet):
        grab('faucet'
        switch_on('faucet')
    while {a} is dirty:
        rinse('faucet', '{a}')
    put('{a}', '{b}')
    print("done")
```
"""


def measure(seconds: float = 3.0) -> dict[str, float | int | bool]:
    """Programs a second: the median over rounds of NUM_PROGRAMS, for canonical text and for a model's answers."""
    random_ = random.Random(0)
    canonical, answers = [_texts(template, random_) for template in (EXEMPLAR, ANSWER)]
    programs = [parse(text) for text in canonical]
    canonical_per_s = _rate(parse, canonical, seconds / 3)
    return {
        "lines_per_program": EXEMPLAR.count("\n"),
        "canonical_programs_per_s": round(canonical_per_s),
        "model_answers_per_s": round(_rate(parse, answers, seconds / 3)),
        "printed_programs_per_s": round(_rate(to_text, programs, seconds / 3)),
        "target_programs_per_s": TARGET_PER_S,
        "reached": canonical_per_s >= TARGET_PER_S,
        "megabyte_s": round(_megabyte_s(), 3),
    }


def _texts(template: str, random_: random.Random) -> list[str]:
    texts = []
    for i in range(NUM_PROGRAMS):
        a, b = random_.sample(OBJECTS, 2)
        t1 = round(random_.uniform(0, 3), 2)
        texts.append(template.format(a=a, b=b, i=i, t1=t1, t2=round(t1 + 0.5, 2), stop=round(t1 + 2, 2)))
    return texts


def _rate(work, inputs: list[str] | list[Program], seconds: float) -> float:
    rates = []
    stop = time.perf_counter() + seconds
    while not rates or time.perf_counter() < stop:
        start = time.process_time()
        for one in inputs:
            work(one)
        rates.append(len(inputs) / (time.process_time() - start))
    return statistics.median(rates)


def _megabyte_s() -> float:
    """Seconds to read one program of a megabyte."""
    lines = "".join(f"    if cup_{i} not in hand:\n        grasp(cup_{i}, hand=left)\n" for i in range(18000))
    text = f"def f():\n{lines}"
    start = time.process_time()
    parse(text)
    return (time.process_time() - start) / (len(text) / 1e6)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=3.0)
    for name, value in measure(parser.parse_args().seconds).items():
        print(f"{name:26}{value}")


if __name__ == "__main__":
    main()

"""A few thousand cases of `make fuzz`, and a megabyte."""

import time

from benchmarks.fuzz import cases, outcome
from egoprog.program import parse


def test_nothing_but_a_syntax_error_comes_out_of_random_and_mutated_text():
    outcomes = {outcome(text) for _, text in cases(3000, seed=1)}
    assert outcomes == {"program", "cut program", "refused"}


def test_the_same_seed_gives_the_same_cases():
    assert list(cases(50, seed=3)) == list(cases(50, seed=3))
    assert list(cases(50, seed=3)) != list(cases(50, seed=4))


def test_a_megabyte_is_read_within_seconds():
    """A bound that only more than linear time could miss; `python -m benchmarks.parser` gives the figure."""
    lines = "".join(f"    if cup_{i} not in hand:\n        grasp(cup_{i}, hand=left)\n" for i in range(17000))
    text = f"def f():\n{lines}"
    assert len(text) > 1_000_000
    start = time.process_time()
    program = parse(text)
    assert time.process_time() - start < 20
    assert len(program.body) == 17000

"""A kitchen in which a program has been acted; skipped where MuJoCo or a library to render with is missing."""

import pytest

from egoprog.errors import ModelError
from egoprog.sim.activity import fill_mug


@pytest.fixture(scope="session")
def performance():
    from egoprog.sim.actor import perform
    from egoprog.sim.scene import Kitchen

    try:
        kitchen = Kitchen(0)
    except ModelError as error:
        pytest.skip(str(error))
    return perform(kitchen, fill_mug(0), 0)


@pytest.fixture
def step(performance):
    """The n-th sub-action of a verb in the acted program."""

    def find(verb, order=0):
        return [s for s in performance.program.sub_actions() if s.verb is verb][order]

    return find

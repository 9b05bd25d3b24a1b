"""A short episode that has been acted; skipped where MuJoCo or a library to render with is missing."""

import pytest

from egoprog.errors import ModelError


@pytest.fixture(scope="session")
def performance():
    from egoprog.sim.record import act, episode

    try:
        return act(episode(seed=2, seconds=12.0))
    except ModelError as error:
        pytest.skip(str(error))

"""Fixtures of the live program's tests."""

import pytest

from egoprog.generate.local import LocalGenerator
from egoprog.live.programmer import LiveProgrammer


@pytest.fixture
def live() -> LiveProgrammer:
    return LiveProgrammer(LocalGenerator())

"""A language model's server for the tests of this folder."""

from collections.abc import Iterator

import pytest
from language_model_server import LanguageModelServer, serve


@pytest.fixture
def server() -> Iterator[LanguageModelServer]:
    yield from serve(LanguageModelServer())

"""Fixtures that every part's tests share."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# The same cases in every run: what fails here fails everywhere. `make fuzz` is the place for new ones.
settings.register_profile("fixed", derandomize=True, deadline=None)
settings.load_profile("fixed")

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real recordings, which are not part of the repository; EGOPROG_SHARED names another place."""
    folder = Path(os.environ.get("EGOPROG_SHARED", REPOSITORY.parent / "shared")) / "data"
    if not folder.is_dir():
        pytest.skip(f"no real recordings at {folder}; set EGOPROG_SHARED to the folder that holds data/")
    return folder

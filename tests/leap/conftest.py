"""Fixtures that several files share."""

from tests.leap.boxed import boxed_folder  # noqa: F401

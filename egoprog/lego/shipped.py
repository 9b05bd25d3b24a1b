"""The model that ships for questions: the first folder of models with all graphs that a drawing needs."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from egoprog.errors import ModelError
from egoprog.leap.shipped import model_roots
from egoprog.runtime import open_model

NEEDED: Final = frozenset({"conditioning", "unet", "decoder"})
"""Graphs by which a folder is known to draw; whether it is whole is told where it is opened."""


def shipped_drawer() -> Path | None:
    """The folder, None if there is none. A folder with a model.json that can't be read is passed over."""
    for root in model_roots():
        for folder in sorted(root.glob("*/")):
            try:
                if open_model(folder).graphs.keys() >= NEEDED:
                    return folder
            except ModelError:
                continue
    return None


def drawer_folder(named: str | Path = "") -> Path:
    """The folder that was named, or "" that of the model that ships. Raises ModelError where none does."""
    found = Path(named) if named else shipped_drawer()
    if found is None:
        raise ModelError(
            "expected a model that draws, found none that ships; make one with  python -m export.lego  and give its "
            "folder as the model"
        )
    return found

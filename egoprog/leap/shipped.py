"""Where the models that ship with egoprog lie: `models/` of a checkout, `share/egoprog/models` of an installation."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from egoprog.errors import ModelError
from egoprog.runtime import open_model

ENCODER, RECOGNISER, ANTICIPATOR, CONTEXT = "frame_encoder", "recogniser", "anticipator", "context"
"""Graphs of a model that runs on a stream; the last two may be missing."""
RERANKER = "reranker.json"
"""In a model folder: what actions need of the world, see `reranking`."""
SHARED = Path("share") / "egoprog" / "models"


def model_roots() -> tuple[Path, ...]:
    """Folders of models: the checkout's, this environment's, then those of sourced ROS workspaces."""
    prefixes = [Path(sys.prefix), *map(Path, filter(None, os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep)))]
    return (Path(__file__).resolve().parents[2] / "models", *(prefix / SHARED for prefix in prefixes))


def shipped_model() -> Path | None:
    """The first model there that runs on a stream, in the order of the roots and of the names; None if there is none.

    A folder without graphs, or with a model.json that can't be read, is passed over.
    """
    for root in model_roots():
        for folder in sorted(root.glob("*/")):
            try:
                if {ENCODER, RECOGNISER} <= set(open_model(folder).graphs):
                    return folder
            except ModelError:
                continue
    return None

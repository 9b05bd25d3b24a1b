"""From a frame and a question to the frame in which the action is done, on exported graphs: a robot needs no PyTorch.

A folder of `python -m export.lego` has everything: see `egoprog.lego.graphs`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from egoprog.lego.questions import Question
from egoprog.runtime import BACKENDS

Picture = NDArray[np.uint8]
"""(H, W, 3) RGB."""
OnStep = Callable[[int, int, Picture], bool]
"""Gets the steps done, the steps there will be, and a preview in the generator's size; False gives the work up.

Steps done is 0 while the answer is still put into words, and the preview is then the input frame.
"""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A drawn frame.

    picture: in the generator's size. description: what it was drawn from, in words. steps: that were taken.
    elapsed_s: of the whole request. shortened: whether the deadline allowed fewer steps than were asked for.
    """

    picture: Picture
    description: str
    steps: int
    seed: int
    elapsed_s: float
    shortened: bool


class Drawer:
    """All graphs of a model, ready to run; one thread at a time.

    name: of the model. size_px: height and width of what it draws. num_steps: that it takes unless told.
    """

    name: str
    size_px: tuple[int, int]
    num_steps: int

    @classmethod
    def open(
        cls,
        folder: str | Path,
        backends: Sequence[str] = BACKENDS,
        precision: str = "fp32",
        num_threads: int | None = None,
    ) -> Drawer:
        """Raises ModelError for a folder that lacks a part, which it names."""
        raise NotImplementedError

    def describe(self, picture: Picture, question: Question) -> str:
        """How the action is done in the picture, in a sentence. Raises FrameError for what is no picture."""
        raise NotImplementedError

    def draw(
        self,
        picture: Picture,
        question: Question,
        seed: int = 0,
        steps: int | None = None,
        image_guidance: float | None = None,
        text_guidance: float | None = None,
        deadline_s: float | None = None,
        on_step: OnStep | None = None,
    ) -> Drawn:
        """The frame in which the action is done.

        picture: of any size, RGB or grey. deadline_s: from now; fewer steps are taken where the asked ones take
        longer, one at least. None for steps and guidance: the model's own.
        Raises FrameError for what is no picture, ConfigurationError for steps or guidance out of range, and
        DrawingCancelled where on_step said False.
        """
        raise NotImplementedError

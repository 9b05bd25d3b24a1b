"""A drawer without a model: it answers at once, or step by step as a test lets it."""

import threading
import time

import numpy as np

from egoprog.errors import ConfigurationError, DrawingCancelled, FrameError
from egoprog.lego.drawing import Drawn


class FakeDrawer:
    """Draws the input's middle in the seed's brightness, and notes what it was asked.

    step_s: what a step takes. gate: where given, each step waits for it. fails: raised by the next drawing.
    """

    name = "fake 0123"
    size_px = (32, 48)
    num_steps = 4

    def __init__(self, step_s=0.0, gate=None):
        self.step_s = step_s
        self.gate = gate
        self.fails = None
        self.asked = []
        self.cancelled = 0
        self.is_drawing = threading.Event()

    def draw(
        self,
        picture,
        question,
        seed=0,
        steps=None,
        image_guidance=None,
        text_guidance=None,
        deadline_s=None,
        on_step=None,
    ):
        began_s = time.monotonic()
        if picture.size == 0:
            raise FrameError("expected a picture, got none")
        if image_guidance is not None and not 0 <= image_guidance <= 20:
            raise ConfigurationError(f"expected an image guidance of 0 to 20, got {image_guidance}")
        self.asked.append((picture.shape, question, seed, steps, image_guidance, text_guidance, deadline_s))
        self.is_drawing.set()
        if self.fails is not None:
            error, self.fails = self.fails, None
            raise error
        asked = self.num_steps if steps is None else steps
        taken = asked
        if deadline_s is not None and self.step_s:
            taken = max(1, min(asked, int(deadline_s / self.step_s)))
        preview = np.full((*self.size_px, 3), seed % 256, np.uint8)
        for step in range(taken + 1):
            if on_step is not None and not on_step(step, taken, preview):
                self.cancelled += 1
                raise DrawingCancelled("expected to draw to the end, was asked to stop")
            if self.gate is not None and on_step is not None:
                self.gate.wait(20.0)
            time.sleep(self.step_s)
        self.is_drawing.clear()
        words = f"The right hand is doing it: {question.action}."
        return Drawn(preview, words, taken, seed, time.monotonic() - began_s, taken < asked)

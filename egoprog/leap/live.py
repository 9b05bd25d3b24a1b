"""LEAP's network on a stream of pictures: one frame is encoded a tick, and the heads read rings of tokens.

The frame encoder is shared; the recogniser, the anticipator and the context network are heads on its tokens, each with
a ring of its own for every phase of its stride, so that each tick is judged over the frames that an offline window of
the same moment would read. Nothing here needs PyTorch.

Shapes: H/W pixels, n context clips, C width.
"""

from __future__ import annotations

import bisect
import math
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from egoprog import runtime
from egoprog.data.fitting import fit_frame, normalised
from egoprog.errors import FrameError, ModelError
from egoprog.leap.config import LeapConfig, leap_from_json
from egoprog.leap.prediction import Prediction, prediction_of
from egoprog.leap.shipped import ANTICIPATOR, CONTEXT, ENCODER, RECOGNISER

RATE_HZ = 10.0
"""Ticks a second that the small models are made for."""
MAX_GAP_S = 2.0
"""A longer pause between frames begins anew: what the ring holds is about something else."""
SENTENCES = "sentences.npy"
"""In a model folder: (S, 384), of length 1, in the order of the vocabulary's sentences."""
_EARLY = 0.25
"""Of a tick: a frame so little before its time is taken, so that a camera's jitter costs no frame."""
_STATE = "state"
_OUT = "_out"

Arrays = dict[str, NDArray]


class Runnable(Protocol):
    """What of `runtime.Session` is used here."""

    inputs: Sequence[runtime.TensorSpec]
    outputs: Sequence[runtime.TensorSpec]
    metadata: Mapping[str, str]

    def run(self, arrays: Mapping[str, NDArray]) -> Arrays: ...


class TickClock:
    """Which frames of a stream are taken: one for each tick of a clock that the first frame starts.

    rate_hz: ticks a second. max_gap_s: after a longer pause the next frame is the first again.
    """

    def __init__(self, rate_hz: float = RATE_HZ, max_gap_s: float = MAX_GAP_S) -> None:
        self.rate_hz = rate_hz
        self.max_gap_s = max_gap_s
        self.reset()

    def reset(self) -> None:
        """The next frame is the first."""
        self.tick = -1  # the last one
        self._first_s = self._last_s = -math.inf

    def take(self, stamp_s: float) -> int | None:
        """The tick that a frame is for; None for a frame between two. 0: the stream begins, or began anew."""
        if not 0 <= stamp_s - self._last_s <= self.max_gap_s:
            self.tick, self._first_s = -1, stamp_s
        tick = math.floor((stamp_s - self._first_s) * self.rate_hz + _EARLY)
        if tick <= self.tick:
            return None
        self.tick, self._last_s = tick, stamp_s
        return tick


class StreamHead:
    """One head over the tokens of a stream.

    spacing_s: between the frames of its window. It keeps a ring for each phase, a tick within the spacing.
    Raises ModelError for a graph without its configuration, and for a spacing that is no whole number of ticks.
    """

    def __init__(self, session: Runnable, rate_hz: float) -> None:
        self.session = session
        self.config = config_of(session)
        self.num_frames = self.config.backbone.num_frames
        self.spacing_s = self.config.span_s / self.num_frames
        self.stride = round(self.spacing_s * rate_hz)
        if self.stride < 1 or not math.isclose(self.stride, self.spacing_s * rate_hz, rel_tol=0.1):
            raise ModelError(
                f"expected frames that lie whole ticks of {1 / rate_hz:g} s apart, got {self.spacing_s:g} s; "
                "change the rate"
            )
        self.window_ticks = self.stride * self.num_frames
        self._states = {spec.name: spec for spec in session.inputs if spec.name.startswith(_STATE)}
        self._names = {spec.name for spec in session.inputs}
        self.reset()

    def reset(self) -> None:
        """Forgets all frames."""
        self._rings: list[Arrays | None] = [None] * self.stride

    def keep_first_phase(self) -> None:
        """Forgets the frames of the other phases."""
        self._rings[1:] = [None] * (self.stride - 1)

    def push(self, tick: int, tokens: NDArray, others: Mapping[str, NDArray]) -> Arrays:
        """What it says at a tick. tokens: (1, G, L, C). others: inputs that it may have or not."""
        phase = tick % self.stride
        ring = self._rings[phase]
        if ring is None:
            ring = {name: np.zeros(spec.shape, spec.dtype) for name, spec in self._states.items()}
        asked = {name: value for name, value in others.items() if name in self._names}
        said = self.session.run({"tokens": tokens, **ring, **asked})
        self._rings[phase] = {name: said.pop(name + _OUT) for name in self._states}
        return said


class StreamRecogniser:
    """Frames in; what goes on and what comes next out.

    sessions: of the graphs by name: `frame_encoder`, `recogniser`, and as far as there are any `anticipator` and
    `context`. sentences: (S, 384), of length 1, of the vocabulary's sentences. model: name and hash, for predictions.
    rate_hz: ticks a second. max_gap_s: see MAX_GAP_S.

    is_thrifty: whether a head is asked once in the spacing of its frames instead of at every tick: less than half the
    work, for a machine that is too slow for all of it; what is said then is the same.
    stood_in: ticks without a frame of their own, for which the one before stood in. restarts: times that the stamps
    jumped and all was forgotten.
    Raises ModelError for graphs that don't fit together.
    """

    def __init__(
        self,
        sessions: Mapping[str, Runnable],
        *,
        model: str = "",
        sentences: NDArray[np.float32] | None = None,
        rate_hz: float = RATE_HZ,
        max_gap_s: float = MAX_GAP_S,
    ) -> None:
        if missing := {ENCODER, RECOGNISER} - set(sessions):
            raise ModelError(f"expected the graphs {ENCODER} and {RECOGNISER}, got no {' and no '.join(missing)}")
        self.model = model
        self._clock = TickClock(rate_hz, max_gap_s)
        self._sentences = sentences
        self._encoder = sessions[ENCODER]
        self._heads = {name: StreamHead(sessions[name], rate_hz) for name in sessions if name != ENCODER}
        self.config: LeapConfig = self._heads[RECOGNISER].config
        self.stood_in = self.restarts = 0
        self._is_thrifty = False
        self.reset()

    @classmethod
    def open(
        cls,
        folder: str | Path,
        backends: Sequence[str] = runtime.BACKENDS,
        precision: str = "fp32",
        *,
        num_threads: int | None = None,
        rate_hz: float = RATE_HZ,
    ) -> StreamRecogniser:
        """That of a model folder. Raises ModelError for one that is missing, damaged, or no stream's."""
        about = runtime.open_model(folder)
        if missing := {ENCODER, RECOGNISER} - set(about.graphs):
            raise ModelError(
                f"expected a stream's graphs, {ENCODER} and {RECOGNISER}, in {folder}, got no {', '.join(missing)}; "
                f"it has {', '.join(about.graphs)}"
            )
        sessions = {
            name: runtime.load(folder, backends, precision, graph=name, num_threads=num_threads)
            for name in (ENCODER, RECOGNISER, ANTICIPATOR, CONTEXT)
            if name in about.graphs
        }
        hashed = about.files[about.onnx(RECOGNISER, precision).name]
        return cls(sessions, model=f"{about.name} {hashed[:12]}", sentences=_sentences(about), rate_hz=rate_hz)

    @property
    def sessions(self) -> dict[str, Runnable]:
        """By the graphs' names."""
        return {ENCODER: self._encoder} | {name: head.session for name, head in self._heads.items()}

    def reset(self) -> None:
        """Forgets the stream: the next frame is the first."""
        self._clock.reset()
        self._forget()

    def _forget(self) -> None:
        for head in self._heads.values():
            head.reset()
        self._tokens: NDArray | None = None  # of the last frame
        self._context: deque[tuple[int, NDArray]] = deque(maxlen=self._context_ticks())

    @property
    def is_thrifty(self) -> bool:
        return self._is_thrifty

    @is_thrifty.setter
    def is_thrifty(self, is_thrifty: bool) -> None:
        if self._is_thrifty and not is_thrifty:
            for head in self._heads.values():
                head.keep_first_phase()  # the others have stood still
        self._is_thrifty = is_thrifty

    def push(self, frame: NDArray[np.uint8], stamp_s: float) -> tuple[Prediction | None, Prediction | None] | None:
        """The present and, of a model with an anticipator, what comes next; None for a frame between two ticks.

        frame: (H, W, 3) RGB. A tick that no frame came for is given the frame before it. Stamps that go back, or jump
        by more than max_gap_s, begin anew. Raises FrameError for what is no picture.
        """
        if frame.ndim != 3 or frame.shape[2] != 3 or frame.dtype != np.uint8:
            raise FrameError(f"expected a frame (H, W, 3) of uint8, got {frame.shape} of {frame.dtype}")
        last_tick = self._clock.tick
        tick = self._clock.take(stamp_s)
        if tick is None:
            return None
        if tick == 0:
            self.restarts += self._tokens is not None
            self._forget()
        else:
            for missed in range(last_tick + 1, tick):  # the frame before stands in
                self.stood_in += bool(self._judge(missed))
        if not any(self._is_asked(head, tick) for head in self._heads.values()):
            return None
        self._tokens = self._encoded(frame)
        said = self._judge(tick)
        present, coming = (
            self._prediction(name, said[name], stamp_s) if name in said else None for name in (RECOGNISER, ANTICIPATOR)
        )
        return present, coming

    def _encoded(self, frame: NDArray[np.uint8]) -> NDArray[np.float32]:
        backbone = self.config.backbone
        pixels = normalised(fit_frame(frame, backbone.size_px)[None], backbone.mean, backbone.std)
        return self._encoder.run({"frame": pixels})["tokens"]

    def _is_asked(self, head: StreamHead, tick: int) -> bool:
        return not self._is_thrifty or tick % head.stride == 0

    def _judge(self, tick: int) -> dict[str, Arrays]:
        """The word on a tick of every head that is asked."""
        said: dict[str, Arrays] = {}
        asked = {name: head for name, head in self._heads.items() if self._is_asked(head, tick)}
        if CONTEXT in asked:
            said[CONTEXT] = asked[CONTEXT].push(tick, self._tokens, {})
            self._context.append((tick, said[CONTEXT]["token"]))
        for name, head in asked.items():
            if name != CONTEXT:
                said[name] = head.push(tick, self._tokens, self._context_of(head, tick))
        return said

    def _context_ticks(self) -> int:
        """How many of the context network's tokens are needed: back to the oldest clip that a head looks at."""
        reach = (-min(head.config.context_offsets, default=0) * head.window_ticks for head in self._heads.values())
        return 1 + max(reach)

    def _context_of(self, head: StreamHead, tick: int) -> Arrays:
        """The tokens of the clips before: that of one window ago ended where this window begins."""
        offsets = head.config.context_offsets
        if not offsets:
            return {}
        found = [self._context_at(tick + offset * head.window_ticks, tick) for offset in offsets]
        nothing_1C = np.zeros((1, head.config.backbone.width), np.float32)
        return {
            "context": np.stack([nothing_1C if token is None else token for token in found], axis=1),
            "has_context": np.array([[token is not None for token in found]]),
        }

    def _context_at(self, place: int, tick: int) -> NDArray[np.float32] | None:
        """The context network's token of a tick, or where it is asked more seldom of the one before."""
        if CONTEXT not in self._heads or place > tick:
            return None
        k = bisect.bisect_right(self._context, place, key=lambda each: each[0]) - 1
        is_near = k >= 0 and place - self._context[k][0] < self._heads[CONTEXT].stride
        return self._context[k][1] if is_near else None

    def _prediction(self, name: str, said: Arrays, stamp_s: float) -> Prediction:
        head = self._heads[name]
        num_ticks = min(self._clock.tick, head.window_ticks - head.stride)
        return prediction_of(
            said,
            head.config,
            stamp_s=stamp_s,
            clip_start_s=stamp_s - num_ticks / self._clock.rate_hz,
            model=self.model,
            sentences=self._sentences,
        )


def config_of(session: Runnable) -> LeapConfig:
    """That in a graph's metadata. Raises ModelError where there is none."""
    if "config" not in session.metadata:
        raise ModelError("expected a graph with its configuration in its metadata, got none; export it again")
    return leap_from_json(session.metadata["config"])


def _sentences(about: runtime.ModelFolder) -> NDArray[np.float32] | None:
    """The embeddings of the vocabulary's sentences, where the folder has them."""
    if SENTENCES not in about.files:
        return None
    about.check(SENTENCES)
    return np.load(about.path / SENTENCES, allow_pickle=False).astype(np.float32)

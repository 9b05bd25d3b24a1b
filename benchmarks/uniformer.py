"""UniFormerV2: a tick of a stream against recomputing its window, and ours against the original implementation.

    python -m benchmarks uniformer
    python -m benchmarks uniformer --original UniFormerV2     # a checkout of github.com/OpenGVLab/UniFormerV2

B/16 at 224x224. A tick encodes one frame and reads a window of 32, stride 1; the window form encodes all 32. The
original and ours carry the same weights and see the same clip of 8 frames; a training step is forward, backward and
AdamW. What is compared takes turns. Times are medians, of wall clock and, where other programs disturb that, of
processor time (all threads together).
"""

from __future__ import annotations

import importlib.util
import logging
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from egoprog.leap.config import UniFormerConfig
from egoprog.leap.streaming import FrameEncoder, TokenStream
from egoprog.leap.uniformer import UniFormerV2

WINDOW = 32
NUM_TICKS = 20
NUM_WINDOWS = 3
NUM_FORWARDS = 7
NUM_STEPS = 3


def measure(original: str | None = None) -> dict[str, Any]:
    """All figures; original: the checkout to compare with."""
    figures: dict[str, Any] = {"threads": torch.get_num_threads(), **of_streams()}
    if original is None:
        return figures | {"against the original": "skipped: give a checkout of it with --original PATH"}
    return figures | of_the_original(Path(original))


def of_streams() -> dict[str, Any]:
    """A tick against its window."""
    model = perturbed(UniFormerV2(UniFormerConfig(num_frames=WINDOW, time_embedding="global"))).eval()
    encoder, stream = FrameEncoder(model), TokenStream(model)
    frames = torch.randn(NUM_TICKS + 1, 3, 224, 224)
    with torch.inference_mode():
        stream.push(encoder(frames[:1])[0])  # the first frame fills the window
        encodings, pushes, windows = Times(), Times(), Times()
        for k in range(1, NUM_TICKS + 1):
            features = encodings.of(lambda k=k: encoder(frames[k : k + 1]))
            token = pushes.of(lambda features=features: stream.push(features[0]))
            if k % (NUM_TICKS // NUM_WINDOWS) == 0:
                places = [max(k - WINDOW + 1 + place, 0) for place in range(WINDOW)]
                clip = frames[places].transpose(0, 1)[None]
                difference = windows.of(lambda clip=clip: model.fuse(model.frames(clip)))[0] - token
    tick_s, tick_cpu_s = (sum(both) for both in zip(encodings.medians(), pushes.medians(), strict=True))
    window_s, window_cpu_s = windows.medians()
    return {
        "tick_ms": 1e3 * tick_s,
        "tick_encoding_ms": 1e3 * encodings.medians()[0],
        "tick_window_ms": 1e3 * pushes.medians()[0],
        "recomputed_window_ms": 1e3 * window_s,
        "window_over_tick": window_s / tick_s,
        "window_over_tick_processor_time": window_cpu_s / tick_cpu_s,
        "token_difference": difference.abs().max().item(),
    }


def of_the_original(checkout: Path) -> dict[str, Any]:
    """Ours against the original, forward and training step."""
    original = perturbed(original_b16(checkout)).eval()
    ours = UniFormerV2.from_official(original.state_dict())
    clip, label = torch.randn(1, 3, 8, 224, 224), torch.tensor([7])
    forwards, steps = (Times(), Times()), (Times(), Times())
    with torch.inference_mode():
        difference = (original(clip) - ours(clip)).abs().max().item()
        for _ in range(NUM_FORWARDS):
            for model, times in zip((original, ours), forwards, strict=True):
                times.of(lambda model=model: model(clip))
    optimisers = [torch.optim.AdamW(model.train().parameters(), lr=1e-5) for model in (original, ours)]
    for k in range(NUM_STEPS + 1):
        for model, optimiser, times in zip((original, ours), optimisers, steps, strict=True):
            (times if k else Times()).of(lambda m=model, o=optimiser: training_step(m, o, clip, label))
    figures: dict[str, Any] = {"logit_difference": difference}
    for name, (theirs, own) in (("forward", forwards), ("training_step", steps)):
        figures |= {
            f"{name}_original_ms": 1e3 * theirs.medians()[0],
            f"{name}_ms": 1e3 * own.medians()[0],
            f"{name}_ratio": own.medians()[0] / theirs.medians()[0],
            f"{name}_ratio_processor_time": own.medians()[1] / theirs.medians()[1],
        }
    return figures


def training_step(model: nn.Module, optimiser: torch.optim.Optimizer, clip: Tensor, label: Tensor) -> None:
    optimiser.zero_grad()
    F.cross_entropy(model(clip), label).backward()
    optimiser.step()


class Times:
    """How long calls took: wall clock and processor time, s."""

    def __init__(self) -> None:
        self.taken: list[tuple[float, float]] = []

    def of(self, call: Callable[[], Any]) -> Any:
        """The call's result; its time is kept."""
        start = time.perf_counter(), time.process_time()
        result = call()
        self.taken.append((time.perf_counter() - start[0], time.process_time() - start[1]))
        return result

    def medians(self) -> tuple[float, float]:
        return tuple(statistics.median(column) for column in zip(*self.taken, strict=True))


def perturbed(model: nn.Module) -> nn.Module:
    """With parameters that are not zero, as a fresh global block's are."""
    torch.manual_seed(0)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.01 * torch.randn_like(parameter))
    return model


def original_b16(checkout: Path) -> nn.Module:
    """The original's K400 B/16 with 8 frames. Of its packages only what this model uses is there: a logger."""
    path = checkout / "slowfast" / "models" / "uniformerv2_model.py"
    spec = importlib.util.spec_from_file_location("original_uniformerv2", path)
    if spec is None or not path.exists():
        raise SystemExit(f"expected a checkout of OpenGVLab/UniFormerV2 with {path}")
    module = importlib.util.module_from_spec(spec)
    with stand_ins():
        spec.loader.exec_module(module)
    return module.uniformerv2_b16(pretrained=False, t_size=8, no_lmhra=True, temporal_downsample=False)


@contextmanager
def stand_ins() -> Iterator[None]:
    """Modules that the original imports and that are not installed here."""
    names = ("timm", "timm.models", "timm.models.layers", "slowfast", "slowfast.utils", "slowfast.utils.logging")
    before = {name: sys.modules.get(name) for name in names}
    modules = {name: ModuleType(name) for name in names}
    modules["timm.models.layers"].DropPath = nn.Identity  # this model's rate is 0: it is never made
    modules["slowfast.utils.logging"].get_logger = logging.getLogger
    modules["slowfast.utils"].logging = modules["slowfast.utils.logging"]
    modules["slowfast"].utils = modules["slowfast.utils"]
    sys.modules.update(modules)
    try:
        yield
    finally:
        for name, module in before.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module

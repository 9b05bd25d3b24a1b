"""What a tick costs on one thread: PyTorch, ONNX Runtime in fp32, int8 and fp16, each as a ratio to PyTorch.

python -m benchmarks runtime

The networks have random weights: the small one that the live graph runs, and UniFormerV2-B/16 with 8 frames. A tick
is one frame encoder and one recogniser's step. The forms take turns, tick by tick, in one run; times are medians of the
processor time of the thread that runs them, which other work on the machine does not stretch as it does wall time.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file

from egoprog import runtime
from egoprog.leap.agreement import made_pictures, normalised
from egoprog.leap.config import LeapConfig, UniFormerConfig, Vocabulary, to_json
from egoprog.leap.export import add_precision, export_model
from egoprog.leap.live import ENCODER, RECOGNISER
from egoprog.leap.network import LeapNetwork
from egoprog.onnx_export import About
from egoprog.runtime.precisions import to_dynamic_int8

VOCABULARY = Vocabulary(("take", "put"), ("cup", "knife"), ((0, 0), (1, 1)), ("cup", "knife"))
SMALL = UniFormerConfig(
    width=192,
    num_layers=6,
    num_heads=3,
    size_px=(112, 192),
    num_frames=16,
    num_classes=VOCABULARY.num_classes,
    global_layers=(2, 3, 4, 5),
    time_embedding="global",
)
B16 = UniFormerConfig(num_classes=VOCABULARY.num_classes, time_embedding="global")
NUM_TICKS = {"small": 60, "B/16": 12}
NUM_EXAMPLES = 8
"""Frames that set the scales of int8."""


def measure() -> dict[str, Any]:
    torch.set_num_threads(1)
    figures: dict[str, Any] = {}
    for name, backbone in (("small", SMALL), ("B/16", B16)):
        with tempfile.TemporaryDirectory() as folder:
            model = _exported(Path(folder), backbone)
            figures |= {f"{name}: {key}": value for key, value in _ticks(model, backbone, NUM_TICKS[name]).items()}
    return figures


def _exported(folder: Path, backbone: UniFormerConfig) -> runtime.ModelFolder:
    """A model folder with every precision, and the frame encoder in dynamic int8 beside it."""
    torch.manual_seed(0)
    config = LeapConfig(VOCABULARY, backbone)
    network = LeapNetwork(config).eval()
    weights = folder / "weights.safetensors"
    save_file(
        {name: value.contiguous() for name, value in network.state_dict().items()}, weights, {"config": to_json(config)}
    )
    about = About("random", "", "", "", "")
    model = export_model(folder / "model", {RECOGNISER: weights}, about, commit="")
    examples = normalised(made_pictures(NUM_EXAMPLES), backbone)
    for precision in ("fp16", "int8"):
        model = add_precision(model, precision, examples)
    to_dynamic_int8(model.onnx(ENCODER), _dynamic(model))
    return model


def _dynamic(model: runtime.ModelFolder) -> Path:
    return model.path.with_name("frame_encoder.dynamic.onnx")


def _ticks(model: runtime.ModelFolder, backbone: UniFormerConfig, num_ticks: int) -> dict[str, Any]:
    frames = normalised(made_pictures(num_ticks), backbone)
    forms = {
        "PyTorch fp32": ("torch", "fp32"),
        "ONNX Runtime fp32": ("onnxruntime", "fp32"),
        "ONNX Runtime int8": ("onnxruntime", "int8"),
        "ONNX Runtime fp16": ("onnxruntime", "fp16"),
    }
    encoders, heads = (
        {
            form: runtime.load(model.path, (backend,), precision, graph=graph, num_threads=1)
            for form, (backend, precision) in forms.items()
        }
        for graph in (ENCODER, RECOGNISER)
    )
    dynamic = "ONNX Runtime int8, dynamic"
    encoders[dynamic] = runtime.load(_dynamic(model), ("onnxruntime",), num_threads=1)
    heads[dynamic] = heads["ONNX Runtime fp32"]
    states = {form: _first_state(heads[form]) for form in encoders}
    times: dict[str, list[tuple[float, float]]] = {form: [] for form in encoders}
    for frame in frames:
        for form, encoder in encoders.items():
            encoder_s, said = _timed(encoder, {"frame": frame})
            head_s, said = _timed(heads[form], said | states[form])
            states[form] = {key: said[f"{key}_out"] for key in states[form]}
            times[form].append((encoder_s, head_s))
    figures: dict[str, Any] = {}
    reference = None
    for form, rows in times.items():
        encoder_ms, head_ms = (1e3 * statistics.median(column) for column in zip(*rows[2:], strict=True))
        reference = reference or encoder_ms + head_ms
        figures[f"{form}, frame encoder ms"] = round(encoder_ms, 2)
        figures[f"{form}, step ms"] = round(head_ms, 2)
        figures[f"{form}, tick, times faster than PyTorch"] = round(reference / (encoder_ms + head_ms), 2)
    for precision, path in (*model.graphs[ENCODER].onnx.items(), ("int8, dynamic", _dynamic(model))):
        figures[f"frame encoder {precision}, MB"] = round((model.path / path).stat().st_size / 1e6, 1)
    return figures


def _timed(session: runtime.Session, arrays: dict[str, np.ndarray]) -> tuple[float, dict[str, np.ndarray]]:
    began_s = time.thread_time()
    said = session.run(arrays)
    return time.thread_time() - began_s, said


def _first_state(session: runtime.Session) -> dict[str, np.ndarray]:
    states = (spec for spec in session.inputs if spec.name.startswith("state_"))
    return {spec.name: np.zeros(spec.shape, spec.dtype) for spec in states}

"""LEAP's networks as graphs with fixed names and shapes, and as ONNX files that say what they are.

Shapes: G global layers, L tokens of a frame, C width, n context clips, K steps, O object classes, E sentence embedding.

A model's graphs, each for one frame at a time:
    frame_encoder            frame (1, 3, H, W), normalised -> tokens (1, G, L, C)
    recogniser, anticipator  tokens, state_*, context (1, n, C), has_context (1, n) -> token (1, C), verbs, nouns,
                             actions, sub_verbs (1, K, 8), objects (1, K, O), precondition (1, E), state_*_out
    context                  tokens, state_* -> token (1, C), state_*_out
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from egoprog.data.atomic import atomic
from egoprog.errors import ModelError
from egoprog.leap.config import LeapConfig, to_json
from egoprog.leap.encoded import encoder_weights
from egoprog.leap.initial_weights import FRAMES_KEY, load_network
from egoprog.leap.live import CONTEXT, ENCODER, RATE_HZ, RECOGNISER, SENTENCES
from egoprog.leap.network import LeapNetwork
from egoprog.leap.reranking import load_reranker
from egoprog.leap.shipped import RERANKER
from egoprog.leap.streaming import FrameEncoder, StreamStep
from egoprog.leap.vocabulary import precondition_words
from egoprog.onnx_export import About, GraphModule
from egoprog.runtime.model_folder import Graph, ModelFolder, sha256_of
from egoprog.runtime.precisions import to_fp16, to_int8
from egoprog.runtime.quiet import quiet
from egoprog.train.checkpoint import save_weights

OPSET = 20


class _Head(nn.Module):
    """A step of a stream, and what the heads say of it."""

    def __init__(self, network: LeapNetwork) -> None:
        super().__init__()
        self.network = network
        self.step = StreamStep(network.backbone)

    def forward(self, tokens: Tensor, *rest: Tensor) -> tuple[Tensor, ...]:
        states, (context, has_context) = rest[:-2], rest[-2:]
        token, *states = self.step(tokens, *states)
        batch = {"context": context, "has_context": has_context}
        said = self.network.judge(self.network.with_context(token, batch))
        return token, *said.values(), *states


class _HeadWithoutContext(_Head):
    def forward(self, tokens: Tensor, *states: Tensor) -> tuple[Tensor, ...]:
        token, *states = self.step(tokens, *states)
        return token, *self.network.judge(token).values(), *states


class _Token(nn.Module):
    """A step of a stream: the video token alone."""

    def __init__(self, network: LeapNetwork) -> None:
        super().__init__()
        self.step = StreamStep(network.backbone)

    def forward(self, tokens: Tensor, *states: Tensor) -> tuple[Tensor, ...]:
        return self.step(tokens, *states)


def graph_of(name: str, network: LeapNetwork) -> GraphModule:
    """The graph of that name: "frame_encoder", "context", or a head, "recogniser" and "anticipator"."""
    backbone = network.config.backbone
    network.eval()
    if name == ENCODER:
        frame = torch.zeros(1, 3, *backbone.size_px)
        return GraphModule(name, FrameEncoder(network.backbone), {"frame": frame}, ("tokens",))
    num_clips = len(network.config.context_offsets)
    module = (_Token if name == CONTEXT else _Head if num_clips else _HeadWithoutContext)(network).eval()
    inputs = {"tokens": torch.zeros(1, len(backbone.global_layers), backbone.num_tokens, backbone.width)}
    inputs |= {f"state_{key}": value for key, value in module.step.first_state().items()}
    outputs = ["token"]
    if name != CONTEXT:
        outputs += network.judge(torch.zeros(1, backbone.width))
        if num_clips:
            inputs["context"] = torch.zeros(1, num_clips, backbone.width)
            inputs["has_context"] = torch.zeros(1, num_clips, dtype=torch.bool)
    outputs += [f"{key}_out" for key in inputs if key.startswith("state_")]
    return GraphModule(name, module, inputs, tuple(outputs))


def write_onnx(graph: GraphModule, path: Path, metadata: Mapping[str, str]) -> None:
    """The graph as one ONNX file, whole or not at all, with texts in it."""
    with quiet(), torch.no_grad():
        program = torch.onnx.export(
            graph.module,
            tuple(graph.inputs.values()),
            dynamo=True,
            opset_version=OPSET,
            input_names=list(graph.inputs),
            output_names=list(graph.outputs),
            external_data=False,
            verbose=False,
        )
    program.model.metadata_props.update(metadata)
    for node in program.model.graph.all_nodes():
        node.metadata_props.clear()  # the exporter's trace of each, with paths of this machine
    with atomic(path) as temporary:
        program.save(temporary)


def metadata_of(graph: str, config: LeapConfig, weights: Path, commit: str, rate_hz: float) -> dict[str, str]:
    """What is written into an ONNX file: JSON where it is more than a word.

    config: `leap_from_json` reads it; the vocabulary and the normalisation are in it, and stand here once more for
    those who don't. frame_spacing_s: between the frames of a window; frame_stride: the same in ticks.
    """
    backbone = config.backbone
    spacing_s = config.span_s / backbone.num_frames
    normalisation = {"mean": backbone.mean, "std": backbone.std, "size_px": backbone.size_px, "fit": "cover, centre"}
    return {
        "graph": graph,
        "config": to_json(config),
        "vocabulary": to_json(config.vocabulary),
        "normalisation": json.dumps(normalisation),
        "frame_spacing_s": f"{spacing_s:g}",
        "frame_stride": str(max(1, round(spacing_s * rate_hz))),
        "rate_hz": f"{rate_hz:g}",
        "commit": commit,
        "weights": weights.name,
        "weights_sha256": sha256_of(weights),
    }


def export_model(
    out: Path,
    weights: Mapping[str, Path],
    about: About,
    *,
    commit: str,
    rate_hz: float = RATE_HZ,
    embed: Callable[[Sequence[str]], NDArray[np.float32]] | None = None,
) -> ModelFolder:
    """Writes a model folder: the weights, every graph in fp32, the sentences' embeddings, model.json last.

    The frame encoder's weights, which all heads share, are written once, in a file of their own.

    weights: safetensors by the name of the head, "recogniser" among them and "anticipator" and "context" as there are.
    commit: of the exporting code. rate_hz: ticks a second. embed: see `egoprog.leap.sentences`; None leaves them out.
    Raises ModelError for weights that don't fit together: the heads share the recogniser's frame encoder.
    """
    if RECOGNISER not in weights:
        raise ModelError(f"expected weights of a recogniser, got {', '.join(weights) or 'none'}")
    networks = {name: load_network(path) for name, path in weights.items()}
    for name, network in networks.items():
        _check_shared(networks[RECOGNISER], network, name)
    graphs, files = {}, {name: sha256_of(out / name) for name in _write_weights(out, networks)}
    for name in (ENCODER, *networks):
        head = RECOGNISER if name == ENCODER else name
        stored = out / f"{head}.safetensors"
        metadata = metadata_of(name, networks[head].config, stored, commit, rate_hz)
        write_onnx(graph_of(name, networks[head]), out / f"{name}.onnx", metadata)
        graphs[name] = Graph(stored.name, {"fp32": f"{name}.onnx"})
        files[f"{name}.onnx"] = sha256_of(out / f"{name}.onnx")
    sentences = networks[RECOGNISER].config.vocabulary.sentences
    if embed is not None and sentences:
        with atomic(out / SENTENCES) as temporary, temporary.open("wb") as file:
            np.save(file, embed([precondition_words(sentence) for sentence in sentences]))
        files[SENTENCES] = sha256_of(out / SENTENCES)
    model = ModelFolder(out, **vars(about), graphs=graphs, files=files)
    model.write()
    return model


def _write_weights(out: Path, networks: Mapping[str, LeapNetwork]) -> list[str]:
    """The files' names: of the frame encoder, and of each head without it."""
    shared = {f"backbone.{name}" for name in encoder_weights(networks[RECOGNISER].backbone)}
    frames = f"{ENCODER}.safetensors"
    kept = {name: tensor for name, tensor in networks[RECOGNISER].state_dict().items() if name in shared}
    with atomic(out / frames) as temporary:
        save_weights(temporary, kept, {"backbone": to_json(networks[RECOGNISER].config.backbone)})
    for head, network in networks.items():
        own = {name: tensor for name, tensor in network.state_dict().items() if name not in shared}
        with atomic(out / f"{head}.safetensors") as temporary:
            save_weights(temporary, own, {"config": to_json(network.config), FRAMES_KEY: frames})
    return [frames, *(f"{head}.safetensors" for head in networks)]


def add_precision(model: ModelFolder, precision: str, frames: Sequence[NDArray[np.float32]] = ()) -> ModelFolder:
    """Writes the graphs of a model in another precision, and model.json anew.

    "fp16": all graphs. "int8": the frame encoder, with its scales set by frames (1, 3, H, W); the heads, which cost
    little and hold the accuracy, stay as they are. Raises ConfigurationError without frames for int8.
    """
    graphs, files = dict(model.graphs), dict(model.files)
    for name, graph in model.graphs.items():
        source, onnx = model.onnx(name), dict(graph.onnx)
        onnx[precision] = f"{name}.{precision}.onnx" if precision == "fp16" or name == ENCODER else onnx["fp32"]
        target = model.path / onnx[precision]
        if precision == "fp16":
            to_fp16(source, target)
        elif name == ENCODER:
            to_int8(source, target, [{"frame": frame} for frame in frames])
        graphs[name], files[target.name] = replace(graph, onnx=onnx), sha256_of(target)
    model = replace(model, graphs=graphs, files=files)
    model.write()
    return model


def add_reranker(model: ModelFolder, source: Path) -> ModelFolder:
    """Puts in what actions need of the world, as `python -m training.rerank` learned it, and writes model.json anew.

    Raises ModelError for a file of another kind.
    """
    load_reranker(source)
    target = model.path / RERANKER
    with atomic(target) as temporary:
        temporary.write_bytes(source.read_bytes())
    model = replace(model, files={**model.files, RERANKER: sha256_of(target)})
    model.write()
    return model


def _check_shared(recogniser: LeapNetwork, other: LeapNetwork, name: str) -> None:
    ours, theirs = encoder_weights(recogniser.backbone), encoder_weights(other.backbone)
    layers = [network.config.backbone.global_layers for network in (recogniser, other)]
    if layers[0] != layers[1] or ours.keys() != theirs.keys():
        raise ModelError(f"expected the recogniser's frame encoder in the {name}, got one of another shape")
    for key, value in ours.items():
        if not torch.equal(value, theirs[key]):
            raise ModelError(
                f"expected the recogniser's frame encoder in the {name}, {key} differs; "
                "train both from the same frozen one, or export them to folders of their own"
            )

"""A folder that draws on robots: LEGO's graphs as ONNX beside the weights that they were made from.

OUT/
    model.json, GRAPH.onnx, GRAPH.fp16.onnx    see `egoprog.runtime.model_folder` and `egoprog.lego.graphs`
    lego.json, vae/, unet/ ... scheduler/      the generator, see `egoprog.lego.checkpoints`
    vlm/                                       the visual language model, as transformers lays it out
    sampling.json                              how it samples unless told
    preview.npy                                (c + 1, 3) a linear map from latents to colours

Shapes: H/W pixels, c latent channels, h/w latent.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray

from egoprog.data.atomic import atomic
from egoprog.data.fitting import fit_frame, resize
from egoprog.errors import ModelError
from egoprog.lego.checkpoints import CONFIG_NAME, PROJECTIONS_NAME, LegoModel, load_model
from egoprog.lego.config import LegoConfig, to_json
from egoprog.lego.drawing import PREVIEW_NAME, TOKENIZER_FOLDER, VLM_FOLDER
from egoprog.lego.fast_sampling import SAMPLING_JSON, Sampling
from egoprog.lego.graphs import generator_graphs, vlm_graphs
from egoprog.lego.vlm import Vlm, load_vlm
from egoprog.onnx_export import About, GraphModule
from egoprog.runtime import ModelFolder, load
from egoprog.runtime.model_folder import Graph, sha256_of
from egoprog.runtime.precisions import to_fp16
from egoprog.runtime.quiet import quiet

OPSET = 18
TOLERANCE = 1e-4
"""Of fp32, as a share of an output's largest value where that is above 1."""
_WEIGHTS = "diffusion_pytorch_model.safetensors"
_SOURCES = {
    "conditioning": "text_encoder/model.safetensors",
    "unet": f"unet/{_WEIGHTS}",
    "unet_shallow": f"unet/{_WEIGHTS}",
    "unet_alone": f"unet/{_WEIGHTS}",
    "frame_encoder": f"vae/{_WEIGHTS}",
    "decoder": f"vae/{_WEIGHTS}",
    "vision": f"{VLM_FOLDER}/model.safetensors",
    "prompt": f"{VLM_FOLDER}/model.safetensors",
    "answer": f"{VLM_FOLDER}/model.safetensors",
}
_MOST_BYTES = 2**31 - 2**20
"""Of a graph in one file, which protobuf bounds."""


@dataclass(frozen=True)
class GraphDifference:
    """largest: between PyTorch's values of a graph and ONNX Runtime's. scale: the largest value itself."""

    output: str
    precision: str
    largest: float
    scale: float

    def is_within(self, tolerance: float = TOLERANCE) -> bool:
        """NaN is not."""
        return self.largest <= tolerance * max(1.0, self.scale)


def export_lego(
    out: Path,
    source: Path,
    vlm_source: Path | None,
    about: About,
    *,
    commit: str,
    sampling: Sampling,
    precisions: Sequence[str] = ("fp32",),
    pictures: Iterable[NDArray[np.uint8]] = (),
) -> tuple[ModelFolder, list[GraphModule]]:
    """Writes the folder, model.json last; returns it, and its graphs in PyTorch to compare with.

    source: a generator's folder; it may be `out` itself. vlm_source: None for a generator that reads labels alone.
    pictures: (rows, columns, 3) uint8 that the preview's colours are fitted to.
    Raises ModelError for parts that are missing or do not go together.
    """
    model = load_model(source)
    vlm = None if vlm_source is None else load_vlm(vlm_source)
    _check_fit(model.config, vlm)
    graphs = [*generator_graphs(model, not sampling.is_always_guided), *([] if vlm is None else vlm_graphs(vlm))]
    _copy_parts(source, out)
    if vlm_source is not None:
        _copy(vlm_source, out / VLM_FOLDER)
    config = to_json(model.config)
    _write_text(out / SAMPLING_JSON, sampling.to_json())
    with atomic(out / PREVIEW_NAME) as temporary, temporary.open("wb") as file:
        np.save(file, preview_weights(model, pictures))
    entries: dict[str, Graph] = {}
    for graph in graphs:
        weights = _SOURCES[graph.name]
        if not (out / weights).is_file():
            raise ModelError(f"expected {weights} in {out}, found none; weights in several files are not exported")
        metadata = {"graph": graph.name, "config": config, "commit": commit}
        metadata |= {"weights": weights, "weights_sha256": sha256_of(out / weights)}
        files = {one: f"{graph.name}{'' if one == 'fp32' else f'.{one}'}.onnx" for one in ("fp32", *precisions)}
        write_graph(graph, {one: out / name for one, name in files.items()}, metadata)
        entries[graph.name] = Graph(weights, files)
    parts = ["lego.json", SAMPLING_JSON, PREVIEW_NAME, f"{TOKENIZER_FOLDER}/tokenizer.json"]
    parts += [PROJECTIONS_NAME] if model.config.has_embeddings else []
    parts += [] if vlm is None else [f"{VLM_FOLDER}/tokenizer.json", f"{VLM_FOLDER}/preprocessor_config.json"]
    parts += [name for entry in entries.values() for name in (entry.weights, *entry.onnx.values())]
    hashes = {name: sha256_of(out / name) for name in dict.fromkeys(parts)}
    folder = ModelFolder(out, **vars(about), graphs=entries, files=hashes)
    folder.write()
    return folder, graphs


def write_graph(graph: GraphModule, files: Mapping[str, Path], metadata: Mapping[str, str]) -> None:
    """The graph in each precision, "fp32" and "fp16", each file whole or not at all, with texts in it.

    Weights that half precision holds exactly, as those of shipped models are, are kept in it whatever the arithmetic.
    Raises ModelError for a graph that one file can't hold.
    """
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder, "plain.onnx")
        with quiet(), _without_fast_path(), torch.no_grad():
            # by tracing: the newer exporter takes six times as long, and no branch here depends on data
            torch.onnx.export(
                graph.module,
                tuple(graph.inputs.values()),
                str(plain),  # a text: weights of more than 2 GB are written beside it
                dynamo=False,
                opset_version=OPSET,
                input_names=list(graph.inputs),
                output_names=list(graph.outputs),
            )
        for precision, path in files.items():
            made = plain
            if precision == "fp16":
                to_fp16(plain, made := Path(folder, "half.onnx"))
            proto = onnx.load(made)
            keep_in_half(proto)
            num_bytes = sum(len(one.raw_data) for one in proto.graph.initializer)
            if num_bytes > _MOST_BYTES:
                raise ModelError(
                    f"expected a {graph.name} of less than 2 GB, got {num_bytes / 1e9:.1f} GB; "
                    "save its weights rounded to half precision, which is then kept"
                )
            onnx.helper.set_model_props(proto, dict(metadata))
            with atomic(path) as temporary:
                onnx.save(proto, temporary)


def keep_in_half(proto: onnx.ModelProto) -> None:
    """Keeps weights of single precision in half where that loses nothing; a cast, done once at loading, widens them."""
    casts = []
    for tensor in proto.graph.initializer:
        if tensor.data_type != onnx.TensorProto.FLOAT:
            continue
        values = onnx.numpy_helper.to_array(tensor)
        with np.errstate(over="ignore"):
            half = values.astype(np.float16)
        if values.size < 64 or not np.array_equal(half.astype(np.float32), values):
            continue
        name = tensor.name
        tensor.CopyFrom(onnx.numpy_helper.from_array(half, f"{name}_half"))
        casts.append(onnx.helper.make_node("Cast", [f"{name}_half"], [name], f"{name}_cast", to=onnx.TensorProto.FLOAT))
    nodes = [*casts, *proto.graph.node]
    del proto.graph.node[:]
    proto.graph.node.extend(nodes)


@torch.no_grad()
def preview_weights(model: LegoModel, pictures: Iterable[NDArray[np.uint8]]) -> NDArray[np.float32]:
    """(c + 1, 3) from a scaled latent's values to colours from -1 to 1, by least squares."""
    config = model.config
    latents, colours = [np.zeros((1, config.autoencoder.latent_channels))], [np.zeros((1, 3))]
    for picture in pictures:
        fitted = fit_frame(picture, config.size_px, config.fits)
        pixels = torch.from_numpy(fitted.transpose(2, 0, 1)[None].copy()).float() / 127.5 - 1.0
        latent = model.autoencoder.encode(pixels).latent_dist.mode() * model.autoencoder.config.scaling_factor
        latents.append(latent[0].permute(1, 2, 0).reshape(-1, latent.shape[1]).numpy())
        colours.append(resize(fitted, config.latent_size).reshape(-1, 3) / 127.5 - 1.0)
    known = np.concatenate(latents)
    known = np.concatenate([known, np.ones((len(known), 1))], axis=1)
    return np.linalg.lstsq(known, np.concatenate(colours), rcond=None)[0].astype(np.float32)


def graph_differences(folder: ModelFolder, graphs: Sequence[GraphModule], seed: int = 0) -> list[GraphDifference]:
    """PyTorch against ONNX Runtime on inputs at random, in every precision."""
    generator = torch.Generator().manual_seed(seed)
    found = []
    for graph in graphs:
        inputs = {
            name: torch.randn(one.shape, generator=generator) if one.is_floating_point() else one
            for name, one in graph.inputs.items()
        }
        if "step" in inputs:
            inputs["step"] = torch.tensor([500.0])
        reference = graph.run(inputs)
        for precision in folder.graphs[graph.name].onnx:
            session = load(folder.path, ("onnxruntime",), precision, graph=graph.name, num_threads=1)
            # a graph lacks inputs that it does not use: words, where the first level does not read them
            said = session.run({one.name: inputs[one.name].numpy() for one in session.inputs})
            for name, value in reference.items():
                largest = float(np.abs(said[name] - value.numpy()).max())
                found.append(GraphDifference(f"{graph.name}.{name}", precision, largest, float(value.abs().max())))
    return found


def _check_fit(config: LegoConfig, vlm: Vlm | None) -> None:
    if vlm is None:
        if config.has_embeddings or config.words == "description":
            raise ModelError("expected a visual language model for a generator that reads descriptions, got none")
        return
    if config.has_embeddings and (vlm.width, vlm.num_image_tokens) != (config.vlm_width, config.num_image_tokens):
        raise ModelError(
            f"expected a visual language model of {config.num_image_tokens} image tokens of width {config.vlm_width}, "
            f"got {vlm.num_image_tokens} of {vlm.width}; take the one that the pairs were enriched with"
        )


def _copy_parts(source: Path, out: Path) -> None:
    """Of a generator's folder, and nothing else that may lie in it."""
    for name in ("vae", "unet", "text_encoder", "tokenizer", "scheduler"):
        if (source / name).is_dir():
            _copy(source / name, out / name)
    for name in (CONFIG_NAME, PROJECTIONS_NAME, "model_index.json"):
        if (source / name).is_file() and source.resolve() != out.resolve():
            out.mkdir(parents=True, exist_ok=True)
            with atomic(out / name) as temporary:
                shutil.copyfile(source / name, temporary)


def _copy(source: Path, target: Path) -> None:
    if source.resolve() != target.resolve():
        shutil.copytree(source, target, dirs_exist_ok=True)


def _write_text(path: Path, text: str) -> None:
    with atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


@contextlib.contextmanager
def _without_fast_path() -> Iterator[None]:
    """One operator for a whole layer, which ONNX lacks, is left out."""
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(before)

"""A folder with a model: its graphs as ONNX, its weights as safetensors, model.json that says what they are.

models/NAME/
├── model.json               this file's schema: `ModelFolder`
├── README.md                the card, made from model.json and measures.json
├── measures.json            figures, each with the command that made it
├── GRAPH.onnx               e.g. frame_encoder, recogniser, anticipator, context
├── GRAPH.fp16.onnx, GRAPH.int8.onnx    the same in other precisions, where they are worth it
├── sentences.npy            embeddings of the vocabulary's sentences, where it has any
└── *.safetensors            the weights, with their configuration; what graphs share in a file of its own
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from egoprog.errors import ConfigurationError, ModelError

SCHEMA = 1
MODEL_JSON = "model.json"
PRECISIONS = ("fp32", "fp16", "int8")
EXPORT_COMMAND = "python -m export.leap or export.lego"


@dataclass(frozen=True)
class Graph:
    """One graph of a model.

    weights: the safetensors file that it was made from. onnx: the file of each precision, fp32 first; a precision that
    is not worth a file of its own names another's.
    """

    weights: str
    onnx: Mapping[str, str]


@dataclass(frozen=True)
class ModelFolder:
    """What model.json says, field by field.

    path: the folder. about, data: sentences for the card. command, commit: of the training. license: an SPDX name.
    files: sha256 of every file of the folder that belongs to the model.
    """

    path: Path
    name: str
    about: str
    data: str
    command: str
    commit: str
    license: str
    graphs: Mapping[str, Graph]
    files: Mapping[str, str]

    def onnx(self, graph: str | None = None, precision: str = "fp32") -> Path:
        """The file of a graph (None: of the only one). Raises ModelError, which names those there are."""
        name = self.graph_name(graph)
        found = self.graphs[name].onnx
        if precision not in found:
            raise ModelError(
                f"expected {name} of {self.path} in {precision}, got {', '.join(found)} only; "
                f"make it with  {EXPORT_COMMAND} --precision {precision}"
            )
        return self.path / found[precision]

    def written_in(self, graph: str, precision: str) -> str:
        """The precision that the file for a precision is written in: heads that gain nothing from int8 stay fp32."""
        file = self.graphs[graph].onnx[precision]
        return next(name for name, other in self.graphs[graph].onnx.items() if other == file)

    def graph_name(self, graph: str | None = None) -> str:
        """`graph`, or that of the only one. Raises ModelError."""
        if graph is None and len(self.graphs) == 1:
            return next(iter(self.graphs))
        if graph not in self.graphs:
            given = "no name" if graph is None else repr(graph)
            raise ModelError(f"expected a graph of {self.path}, one of {', '.join(self.graphs)}; got {given}")
        return graph

    def check(self, *names: str) -> None:
        """Raises ModelError for a file (default: any) that is missing or has another sha256 than model.json says."""
        for name in names or self.files:
            path = self.path / name
            if name not in self.files:
                raise ModelError(f"expected {name} among the files of {self.path / MODEL_JSON}, it is not there")
            if not path.is_file():
                raise ModelError(f"expected {path}, found none; fetch it or export it again with  {EXPORT_COMMAND}")
            if (found := sha256_of(path)) != self.files[name]:
                raise ModelError(
                    f"expected sha256 {self.files[name][:12]} for {path}, got {found[:12]} "
                    f"({path.stat().st_size} bytes): the file is damaged or of another model; fetch it again"
                )

    def write(self) -> None:
        """model.json, whole or not at all."""
        from egoprog.data.atomic import atomic  # with it come the readers of recordings, which robots do without

        values = asdict(self)
        del values["path"]
        with atomic(self.path / MODEL_JSON) as temporary:
            temporary.write_text(json.dumps({"schema": SCHEMA, **values}, indent=1, ensure_ascii=False) + "\n")


def sha256_of(path: str | Path) -> str:
    """Of a file, in hexadecimal digits."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def open_model(path: str | Path) -> ModelFolder:
    """Reads model.json strictly. Raises ModelError; the files that it names are not read: `ModelFolder.check` does."""
    path = Path(path)
    source = path / MODEL_JSON
    if not path.is_dir():
        raise ModelError(f"expected the folder of a model at {path}, found none; make one with  {EXPORT_COMMAND}")
    try:
        values = json.loads(source.read_text())
    except (OSError, ValueError) as error:
        raise ModelError(f"expected {source}, got {error}; make it with  {EXPORT_COMMAND}") from None
    wanted = {"schema": int} | {field.name: _KINDS.get(field.name, str) for field in fields(ModelFolder)[1:]}
    _expect(source, values, wanted)
    if values.pop("schema") != SCHEMA:
        raise ModelError(f"expected schema {SCHEMA} in {source}, got another; use the egoprog that wrote it")
    graphs = {name: _graph(source, name, entry, values["files"]) for name, entry in values.pop("graphs").items()}
    return ModelFolder(path, graphs=graphs, **values)


_KINDS = {"graphs": dict, "files": dict}


def _expect(source: Path, values: Any, wanted: Mapping[str, type], place: str = "") -> None:
    where = f"{source}{place}"
    if not isinstance(values, dict):
        raise ModelError(f"expected a JSON object in {where}, got {type(values).__name__}")
    if missing := wanted.keys() - values.keys():
        raise ModelError(f"expected {', '.join(sorted(missing))} in {where}, got {', '.join(values)}")
    if extra := values.keys() - wanted.keys():
        raise ModelError(f"expected only {', '.join(wanted)} in {where}, got {', '.join(sorted(extra))} too")
    for key, kind in wanted.items():
        if not isinstance(values[key], kind):
            raise ModelError(f"expected {key} to be {kind.__name__} in {where}, got {values[key]!r}")


def _graph(source: Path, name: str, entry: Any, files: Mapping[str, str]) -> Graph:
    place = f", graph {name}"
    _expect(source, entry, {"weights": str, "onnx": dict}, place)
    if next(iter(entry["onnx"]), None) != "fp32" or not set(entry["onnx"]) <= set(PRECISIONS):
        raise ModelError(
            f"expected precisions of {', '.join(PRECISIONS)}, fp32 first, in {source}{place}; got {list(entry['onnx'])}"
        )
    for file in (entry["weights"], *entry["onnx"].values()):
        if file not in files:
            raise ModelError(f"expected the sha256 of {file} among the files of {source}, it is not there")
        if Path(file).is_absolute() or ".." in Path(file).parts:
            raise ModelError(f"expected a plain file name in {source}{place}, got {file!r}")
    return Graph(entry["weights"], entry["onnx"])


def parse_precisions(text: str, known: Sequence[str] = PRECISIONS) -> list[str]:
    """Of --precision: several with commas between. Raises ConfigurationError for one that is not known."""
    asked = text.split(",")
    if unknown := set(asked) - set(known):
        raise ConfigurationError(f"expected precisions of {', '.join(known)}, got {', '.join(sorted(unknown))}")
    return asked

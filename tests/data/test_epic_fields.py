"""EPIC-Fields' camera poses: there and back, and broken files."""

import json
import random

import numpy as np
import pytest
from annotations import mutated, spoilt
from scipy.spatial.transform import Rotation

from egoprog.data import CameraFields, FieldsCamera, PoseSample, images_of, poses_of, read_fields, write_fields
from egoprog.data.epic_fields import picture_name
from egoprog.errors import AnnotationError

CAMERA = FieldsCamera(456, 256, (262.1, 261.9, 228.0, 128.0, 0.01, -0.002, 0.0, 0.0))


def some_poses(rate_hz: float = 60.0) -> list[PoseSample]:
    chance = np.random.default_rng(3)
    turns = Rotation.random(20, rng=chance)
    places = chance.normal(size=(20, 3))
    return [
        PoseSample(5 * i / rate_hz, tuple(place.tolist()), tuple(turn.as_quat().tolist()))
        for i, (turn, place) in enumerate(zip(turns, places, strict=True))
    ]


@pytest.fixture
def written(tmp_path):
    fields = CameraFields(CAMERA, images_of(some_poses(), 60.0), np.array([[0.1, 0.2, 0.3, 255.0, 0.0, 9.0]]))
    write_fields(tmp_path / "P901_01.json", fields)
    return tmp_path / "P901_01.json"


def test_a_file_comes_back_number_by_number(written):
    fields = read_fields(written)
    assert fields == CameraFields(CAMERA, images_of(some_poses(), 60.0), fields.points)
    assert fields.points.tolist() == [[0.1, 0.2, 0.3, 255.0, 0.0, 9.0]]
    whole = json.loads(written.read_text())
    assert list(whole) == ["camera", "images", "points"]
    assert whole["camera"] == {"id": 1, "model": "OPENCV", "width": 456, "height": 256, "params": list(CAMERA.params)}


def test_poses_come_back_from_the_file_of_a_video(written):
    for pose, given in zip(poses_of(read_fields(written), 60.0), some_poses(), strict=True):
        assert pose.stamp_s == pytest.approx(given.stamp_s)
        np.testing.assert_allclose(pose.position_m, given.position_m, atol=1e-12)
        turn = Rotation.from_quat(pose.quaternion_xyzw).inv() * Rotation.from_quat(given.quaternion_xyzw)
        assert turn.magnitude() < 1e-9


def test_poses_are_of_the_camera_in_the_world_as_colmap_means_them():
    """A camera at (1, 2, 3) that looks along the world's +x, with its picture's x along -y."""
    axes = np.array([[0.0, -1.0, 0.0], [0.0, 0.0, -1.0], [1.0, 0.0, 0.0]])  # rows: the camera's x, y, z in the world
    x, y, z, w = Rotation.from_matrix(axes).as_quat()
    translation = -axes @ [1.0, 2.0, 3.0]
    images = {picture_name(61): (w, x, y, z, *translation)}
    (pose,) = poses_of(CameraFields(CAMERA, images), 60.0)
    assert pose.stamp_s == 1.0
    np.testing.assert_allclose(pose.position_m, (1, 2, 3), atol=1e-12)
    ahead = Rotation.from_quat(pose.quaternion_xyzw).apply([0.0, 0.0, 1.0])
    np.testing.assert_allclose(ahead, (1, 0, 0), atol=1e-12)
    point_in_camera = axes @ [4.0, 2.0, 3.0] + translation
    np.testing.assert_allclose(point_in_camera, (0, 0, 3), atol=1e-12)


def test_a_file_without_points_or_camera_number_reads(written):
    whole = json.loads(written.read_text())
    del whole["points"], whole["camera"]["id"]
    written.write_text(json.dumps(whole))
    assert read_fields(written).points.shape == (0, 6)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda whole: whole.pop("images"), "expected the field 'images', got camera, points"),
        (lambda whole: whole["camera"].update(model="FISHY"), "camera.model: expected one of OPENCV"),
        (lambda whole: whole["camera"].update(params=[1, 2]), "camera.params: expected a list of 8 finite numbers"),
        (lambda whole: whole["camera"].update(width=0), "camera.width: expected a whole number from 1, got 0"),
        (lambda whole: whole["images"].update({"a.jpg": [1, 0, 0, 0, 0, 0, 0]}), "images.a.jpg: expected a picture's"),
        (lambda whole: whole["images"].update({"f_1.jpg": [2, 0, 0, 0, 0, 0, 0]}), "a quaternion of length 1"),
        (lambda whole: whole["images"].update({"f_1.jpg": [1, 0, 0]}), "expected a list of 7 finite numbers"),
        (lambda whole: whole["points"].append([1, 2]), "points[1]: expected x y z and red green blue"),
    ],
)
def test_what_is_amiss_is_named_by_its_place(written, change, words):
    whole = json.loads(written.read_text())
    change(whole)
    written.write_text(json.dumps(whole))
    with pytest.raises(AnnotationError) as caught:
        read_fields(written)
    assert str(written) in str(caught.value) and words in str(caught.value)


def test_numbers_that_json_lacks_are_neither_written_nor_read(written):
    with pytest.raises(AnnotationError, match="finite numbers"):
        write_fields(written, CameraFields(CAMERA, {picture_name(1): (1.0, 0, 0, 0, float("nan"), 0, 0)}))
    written.write_text(written.read_text().replace("456", "NaN"))
    with pytest.raises(AnnotationError, match="NaN"):
        read_fields(written)


def test_spoilt_files_raise_the_documented_error_and_nothing_else(written):
    chance, data = random.Random(8), written.read_bytes()
    for content in (b"", b"[" * 100_000, b"\xff", b"9" * 5000, b"null"):
        written.write_bytes(content)
        with pytest.raises(AnnotationError):
            read_fields(written)
    for number in range(800):
        other = json.dumps(mutated(json.loads(data), chance))
        written.write_bytes(spoilt(data, chance) if number % 2 else other.encode())
        try:
            read_fields(written)
        except AnnotationError as error:
            assert str(written) in str(error)

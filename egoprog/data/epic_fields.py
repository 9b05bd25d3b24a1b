"""EPIC-Fields' camera poses: one JSON file a video, in COLMAP's terms.

Source: epic-kitchens/epic-fields-code. A world's scale and axes are those of its reconstruction: lengths are in metres
and z points up only where the writer says so, as the simulated kitchen does.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from egoprog.data.atomic import atomic
from egoprog.data.json_fields import read_json
from egoprog.data.samples import PoseSample
from egoprog.errors import AnnotationError

WorldToCamera = tuple[float, float, float, float, float, float, float]
"""Quaternion w x y z and translation x y z: camera = R world + t, the camera's x to the right, y down, z ahead."""

_FRAME_NUMBER = re.compile(r"([0-9]{1,10})\.(?:jpg|jpeg|png)", re.IGNORECASE)
_NUM_PARAMS = {"OPENCV": 8, "PINHOLE": 4, "SIMPLE_PINHOLE": 3, "SIMPLE_RADIAL": 4, "OPENCV_FISHEYE": 8}
_UNIT_TOLERANCE = 1e-3


@dataclass(frozen=True, slots=True)
class FieldsCamera:
    """COLMAP's camera. params of the model OPENCV: fx fy cx cy in pixels, then k1 k2 p1 p2."""

    width_px: int
    height_px: int
    params: tuple[float, ...]
    model: str = "OPENCV"
    id: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class CameraFields:
    """A video's camera and where it was.

    images: file name of a numbered picture to pose. points: (N, 6) x y z in the world and red green blue 0 to 255.
    """

    camera: FieldsCamera
    images: Mapping[str, WorldToCamera]
    points: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 6)))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, CameraFields):
            return NotImplemented
        same_points = np.array_equal(self.points, other.points)
        return self.camera == other.camera and dict(self.images) == dict(other.images) and same_points


def read_fields(path: str | Path) -> CameraFields:
    """Reads P01_01.json. Raises AnnotationError naming the file and the place in it."""
    whole = read_json(path)
    camera, images = whole.object("camera"), whole.object("images")
    model = camera.text("model")
    if model not in _NUM_PARAMS:
        raise camera.fail("model", f"one of {', '.join(_NUM_PARAMS)}", model)
    found = FieldsCamera(
        camera.integer("width", least=1),
        camera.integer("height", least=1),
        camera.numbers("params", _NUM_PARAMS[model]),
        model,
        camera.integer("id") if "id" in camera else 1,
    )
    poses = {}
    for name in images:
        if not _FRAME_NUMBER.search(name):
            raise images.fail(name, "a picture's name like frame_0000000080.jpg", repr(name))
        pose = images.numbers(name, 7)
        if abs(math.hypot(*pose[:4]) - 1.0) > _UNIT_TOLERANCE:
            raise images.fail(name, "a quaternion of length 1", f"length {math.hypot(*pose[:4]):.4g}")
        poses[name] = pose
    return CameraFields(found, poses, _points(path, whole.list("points") if "points" in whole else []))


def write_fields(path: str | Path, fields: CameraFields) -> None:
    """Writes the JSON of one video; every number reads back the same.

    Raises AnnotationError for numbers that JSON does not have, RecordingError where nothing can be written.
    """
    camera = fields.camera
    whole = {
        "camera": {
            "id": camera.id,
            "model": camera.model,
            "width": camera.width_px,
            "height": camera.height_px,
            "params": list(camera.params),
        },
        "images": {name: list(pose) for name, pose in fields.images.items()},
        "points": fields.points.tolist(),
    }
    try:
        text = json.dumps(whole, allow_nan=False)
    except ValueError:
        raise AnnotationError(path, "", "finite numbers", "NaN or infinity", "it was not written") from None
    with atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def picture_name(number: int) -> str:
    """The file name of a numbered picture: "frame_0000000080.jpg"."""
    return f"frame_{number:010d}.jpg"


def picture_number(name: str) -> int:
    """The number in a picture's file name. Raises ValueError for a name without one."""
    match = _FRAME_NUMBER.search(name)
    if match is None:
        raise ValueError(f"expected a picture's name like {picture_name(80)}, got {name!r}")
    return int(match[1])


def poses_of(fields: CameraFields, rate_hz: float) -> list[PoseSample]:
    """The camera in the world in the order of time: its place is -R^T t.

    rate_hz: of the numbered pictures (see `epic.picture_rate_hz`); picture 1 is at 0 s.
    """
    poses = []
    for number, pose in sorted((picture_number(name), pose) for name, pose in fields.images.items()):
        w, x, y, z = np.asarray(pose[:4]) / math.hypot(*pose[:4])
        position = -_rotation(w, x, y, z).T @ pose[4:]
        poses.append(PoseSample((number - 1) / rate_hz, tuple(position.tolist()), (-x, -y, -z, w)))
    return poses


def world_to_camera(pose: PoseSample) -> WorldToCamera:
    """A pose of the camera in the world, x to the right, y down, z ahead, as EPIC-Fields writes it."""
    x, y, z, w = np.asarray(pose.quaternion_xyzw) / math.hypot(*pose.quaternion_xyzw)
    translation = -_rotation(w, -x, -y, -z) @ pose.position_m
    return (float(w), float(-x), float(-y), float(-z), *translation.tolist())


def images_of(poses: Iterable[PoseSample], rate_hz: float) -> dict[str, WorldToCamera]:
    """Poses at the stamps of numbered pictures by the pictures' names: the inverse of `poses_of`."""
    return {picture_name(round(pose.stamp_s * rate_hz) + 1): world_to_camera(pose) for pose in poses}


def _points(path: str | Path, values: list) -> NDArray[np.float64]:
    if not values:
        return np.zeros((0, 6))
    try:
        points = np.asarray(values)
    except ValueError:  # rows of several lengths
        points = np.zeros(0)
    if points.dtype.kind in "if" and points.shape[1:] == (6,) and np.isfinite(points).all():
        return points.astype(np.float64)
    for index, value in enumerate(values):
        is_point = isinstance(value, list) and len(value) == 6 and all(type(one) in (int, float) for one in value)
        if not is_point or not all(abs(one) < 1e300 for one in value):
            raise AnnotationError(path, f"points[{index}]", "x y z and red green blue", repr(value)[:60])
    raise AnnotationError(path, "points", "x y z and red green blue of each", "other values")


def _rotation(w: float, x: float, y: float, z: float) -> NDArray[np.float64]:
    """(3, 3) of a unit quaternion."""
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )

"""Image data as ROS messages carry it, to RGB arrays, without ROS."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from egoprog.data.atomic import atomic
from egoprog.errors import ConfigurationError, FrameError

_YUV_CODES = {
    "yuv422": cv2.COLOR_YUV2RGB_UYVY,
    "uyvy": cv2.COLOR_YUV2RGB_UYVY,
    "yuv422_yuy2": cv2.COLOR_YUV2RGB_YUY2,
    "yuyv": cv2.COLOR_YUV2RGB_YUY2,
}
_BAYER_CODES = {  # OpenCV names a pattern by its second row, ROS by its first
    "bayer_rggb8": cv2.COLOR_BayerBG2RGB,
    "bayer_bggr8": cv2.COLOR_BayerRG2RGB,
    "bayer_gbrg8": cv2.COLOR_BayerGR2RGB,
    "bayer_grbg8": cv2.COLOR_BayerGB2RGB,
}
_NUM_CHANNELS = {"rgb8": 3, "bgr8": 3, "rgba8": 4, "bgra8": 4, "mono8": 1, "8UC1": 1, "8UC3": 3, "8UC4": 4}
ENCODINGS = (*_NUM_CHANNELS, *_YUV_CODES, *_BAYER_CODES)


def raw_to_rgb(data: np.ndarray, encoding: str, width: int, height: int, step: int) -> np.ndarray:
    """(H, W, 3) uint8 RGB from the fields of a sensor_msgs/Image.

    data: (N,) uint8. step: bytes a row; 0 for rows without padding.
    Raises FrameError for an unknown encoding, a size of zero, or less data than the size needs.
    """
    if width <= 0 or height <= 0:
        raise FrameError(f"expected an image with a size, got {width}x{height}; check the camera's driver")
    if encoding in _NUM_CHANNELS:
        num_channels = _NUM_CHANNELS[encoding]
    elif encoding in _YUV_CODES:
        num_channels = 2
    elif encoding in _BAYER_CODES:
        num_channels = 1
    else:
        raise FrameError(f"expected an encoding among {', '.join(ENCODINGS)}, got {encoding!r}")
    row = width * num_channels
    step = step or row
    if step < row or data.size < step * (height - 1) + row:
        raise FrameError(
            f"expected {max(step, row) * height} bytes for {width}x{height} {encoding}, "
            f"got {data.size} bytes in rows of {step}; is the message cut?"
        )
    rows = np.lib.stride_tricks.as_strided(data, (height, row), (step, 1), writeable=False)
    image = rows.reshape(height, width, num_channels) if num_channels > 1 else np.ascontiguousarray(rows)
    match encoding:
        case "rgb8":
            return np.ascontiguousarray(image)
        case "bgr8" | "8UC3":
            return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
        case "rgba8":
            return cv2.cvtColor(image, cv2.COLOR_RGBA2RGB)
        case "bgra8" | "8UC4":
            return cv2.cvtColor(image, cv2.COLOR_BGRA2RGB)
        case "mono8" | "8UC1":
            return cv2.cvtColor(image, cv2.COLOR_GRAY2RGB)
        case _:
            code = _YUV_CODES.get(encoding, _BAYER_CODES.get(encoding))
            return cv2.cvtColor(image, code)


def compressed_to_rgb(data: np.ndarray) -> np.ndarray:
    """(H, W, 3) uint8 RGB from a JPEG or PNG file's bytes, (N,) uint8; FrameError if OpenCV can't decode them."""
    image = cv2.imdecode(np.asarray(data, np.uint8), cv2.IMREAD_COLOR) if len(data) else None
    if image is None:
        raise FrameError(f"expected a JPEG or PNG image, got {len(data)} bytes that are none; is the message cut?")
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def write_picture(path: str | Path, image: np.ndarray) -> None:
    """A file of an (H, W, 3) uint8 RGB image, in the format of its suffix, whole or not at all.

    Raises ConfigurationError for a suffix that no picture can be written in, RecordingError where the disk is full.
    """
    path = Path(path)
    check_picture_name(path)
    with atomic(path) as temporary:
        temporary.write_bytes(encoded_picture(image, path.suffix))


def encoded_picture(image: np.ndarray, suffix: str = ".png") -> bytes:
    """A file's content of an (H, W, 3) uint8 RGB image."""
    _, data = cv2.imencode(suffix, cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2BGR))
    return data.tobytes()


def check_picture_name(path: Path) -> None:
    """Raises ConfigurationError for a file in whose format no picture can be written."""
    if not path.suffix or not cv2.haveImageWriter(path.name):
        raise ConfigurationError(f"expected a file such as answer.png or answer.jpg to write, got {path}")

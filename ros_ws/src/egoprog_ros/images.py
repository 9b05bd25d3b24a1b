"""Images of sensor_msgs to arrays and back.

All arrays are (H, W, 3) uint8 in RGB order. Where the message already lies so in memory, what comes back
is a view of its data: read it, do not write to it.
"""

from __future__ import annotations

import array
from collections.abc import Callable

import cv2
import numpy as np
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from egoprog.data.images import ENCODINGS, raw_to_rgb
from egoprog.data.images import compressed_to_rgb as decode
from egoprog.errors import FrameError

MAX_SIDE_PX = 16384  # larger than any camera; beyond it the sizes are garbage
JPEG_QUALITY = 85


def image_to_rgb(message: Image) -> np.ndarray:
    """The image as (H, W, 3) uint8 RGB; a view for rgb8, a copy otherwise.

    Raises FrameError for zero or absurd sizes, data shorter than step * height, and unknown encodings.
    """
    height, width, encoding = message.height, message.width, message.encoding
    if not (0 < height <= MAX_SIDE_PX and 0 < width <= MAX_SIDE_PX):
        raise FrameError(
            f"expected an image of 1 to {MAX_SIDE_PX} pixels a side, got {width}x{height}; check the camera's driver"
        )
    if encoding not in ENCODINGS:
        return _with_cv_bridge(message)
    try:
        return raw_to_rgb(np.frombuffer(message.data, np.uint8), encoding, width, height, message.step)
    except cv2.error as error:  # e.g. yuv422 of an odd width
        raise FrameError(
            f"expected an image that converts, got {width}x{height} {encoding} ({error.err}); check the camera's driver"
        ) from error


def compressed_to_rgb(message: CompressedImage) -> np.ndarray:
    """A JPEG or PNG as (H, W, 3) uint8 RGB. Raises FrameError if it can't be decoded."""
    try:
        return decode(np.frombuffer(message.data, np.uint8))
    except FrameError as error:
        raise FrameError(f"{error} (format {message.format!r})") from error


def rgb_to_image(rgb: np.ndarray, header: Header) -> Image:
    """An rgb8 image message of an (H, W, 3) uint8 array."""
    height, width = _checked_size(rgb)
    message = Image(header=header, height=height, width=width, encoding="rgb8", is_bigendian=0, step=3 * width)
    # an array.array is taken over as it is; a numpy array would be checked byte by byte, for a second
    message.data = array.array("B", rgb.tobytes())
    return message


def rgb_to_compressed(rgb: np.ndarray, header: Header, quality: int = JPEG_QUALITY) -> CompressedImage:
    """A JPEG message of an (H, W, 3) uint8 array. quality: 1 to 100."""
    _checked_size(rgb)
    bgr = cv2.cvtColor(np.ascontiguousarray(rgb), cv2.COLOR_RGB2BGR)
    _, data = cv2.imencode(".jpg", bgr, (cv2.IMWRITE_JPEG_QUALITY, quality))
    message = CompressedImage(header=header, format="rgb8; jpeg compressed bgr8")  # as image_transport names it
    message.data = array.array("B", data.tobytes())
    return message


def _checked_size(rgb: np.ndarray) -> tuple[int, int]:
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8 or rgb.size == 0:
        raise FrameError(f"expected an (H, W, 3) array of uint8, got shape {rgb.shape} of {rgb.dtype}")
    return rgb.shape[0], rgb.shape[1]


def _with_cv_bridge(message: Image) -> np.ndarray:
    """The rarer encodings (Bayer patterns, 16 bit) by cv_bridge, where it is installed."""
    known = ", ".join(ENCODINGS)
    convert = _cv_bridge()
    if convert is None:
        raise FrameError(
            f"expected an encoding of {known}, got {message.encoding!r}; install cv_bridge for others, "
            "or set the camera's driver to one of these"
        )
    try:
        return np.ascontiguousarray(convert(message, "rgb8"))
    except Exception as error:  # cv_bridge raises its own error, and lets OpenCV's and numpy's through
        raise FrameError(
            f"expected an encoding of {known} or one that cv_bridge knows, got {message.encoding!r} ({error})"
        ) from error


def _cv_bridge() -> Callable[[Image, str], np.ndarray] | None:
    try:
        from cv_bridge import CvBridge
    except ImportError:
        return None
    return CvBridge().imgmsg_to_cv2

"""Images of every common encoding come out as RGB, and bad ones with a line that says what is wrong."""

import importlib.util

import cv2
import numpy as np
import pytest
from egoprog_ros.images import compressed_to_rgb, image_to_rgb, rgb_to_compressed, rgb_to_image
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from egoprog.errors import FrameError

GREY = np.full((4, 6, 3), 128, np.uint8)
COLOURS = np.zeros((4, 6, 3), np.uint8)
COLOURS[:, :2] = (250, 10, 20)
COLOURS[:, 2:4] = (10, 240, 30)
COLOURS[:, 4:] = (20, 30, 230)


def message(data: np.ndarray, encoding: str, padding: int = 0) -> Image:
    """data: (H, W, C) uint8."""
    height, width, channels = data.shape
    rows = np.pad(data.reshape(height, width * channels), ((0, 0), (0, padding)), constant_values=77)
    return Image(height=height, width=width, encoding=encoding, step=width * channels + padding, data=rows.tobytes())


def packed(rgb: np.ndarray, encoding: str) -> np.ndarray:
    alpha = np.full((*rgb.shape[:2], 1), 255, np.uint8)
    match encoding:
        case "rgb8":
            return rgb
        case "bgr8":
            return rgb[..., ::-1]
        case "rgba8":
            return np.concatenate([rgb, alpha], axis=2)
        case "bgra8":
            return np.concatenate([rgb[..., ::-1], alpha], axis=2)
    raise ValueError(encoding)


@pytest.mark.parametrize("padding", [0, 5])
@pytest.mark.parametrize("encoding", ["rgb8", "bgr8", "rgba8", "bgra8"])
def test_colour_encodings_come_out_as_rgb_also_with_padded_rows(encoding, padding):
    assert np.array_equal(image_to_rgb(message(packed(COLOURS, encoding), encoding, padding)), COLOURS)


@pytest.mark.parametrize("padding", [0, 3])
def test_mono8_comes_out_as_grey(padding):
    assert np.array_equal(image_to_rgb(message(GREY[..., :1], "mono8", padding)), GREY)


@pytest.mark.parametrize(("encoding", "luma_at"), [("yuv422", 1), ("yuv422_yuy2", 0)])
def test_yuv422_comes_out_in_its_colours(encoding, luma_at):
    yuv = cv2.cvtColor(COLOURS, cv2.COLOR_RGB2YUV)
    data = np.empty((4, 6, 2), np.uint8)
    data[..., luma_at] = np.round(16 + yuv[..., 0] * 219 / 255)
    chroma = 128 + (yuv[..., 1:].astype(float) - 128) * (0.872, 0.615)  # to BT.601's limited range, about
    data[:, 0::2, 1 - luma_at], data[:, 1::2, 1 - luma_at] = chroma[:, 0::2, 0], chroma[:, 0::2, 1]
    rgb = image_to_rgb(message(data, encoding))
    assert rgb.shape == (4, 6, 3)
    assert np.array_equal(rgb.argmax(axis=2), COLOURS.argmax(axis=2))


def test_rgb8_is_a_view_of_the_message():
    image = message(COLOURS, "rgb8")
    assert np.shares_memory(image_to_rgb(image), np.frombuffer(image.data, np.uint8))


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_compressed_images_come_out_as_rgb(suffix):
    rgb = cv2.resize(COLOURS, (60, 40), interpolation=cv2.INTER_NEAREST)
    _, data = cv2.imencode(suffix, rgb[..., ::-1])
    out = compressed_to_rgb(CompressedImage(format=suffix[1:], data=data.tobytes()))
    assert np.abs(out[20, 5:55:20].astype(int) - rgb[20, 5:55:20]).max() < 12


def test_images_survive_the_way_out_and_back():
    assert np.array_equal(image_to_rgb(rgb_to_image(COLOURS, Header(frame_id="camera"))), COLOURS)
    grey = compressed_to_rgb(rgb_to_compressed(GREY, Header(), quality=95))
    assert np.abs(grey.astype(int) - GREY).max() < 3


def bad_images():
    short = message(COLOURS, "rgb8")
    short.data = bytes(short.data)[:-10]
    narrow = message(COLOURS, "rgb8")
    narrow.step = 5
    huge = message(COLOURS, "rgb8")
    huge.width = 4_000_000_000
    yield "data shorter than its size says", short, ["72", "62"]
    yield "rows shorter than the width", narrow, ["5"]
    yield "no width", Image(height=4, width=0, encoding="rgb8"), ["0x4"]
    yield "no height", Image(height=0, width=4, encoding="rgb8"), ["4x0"]
    yield "an absurd size", huge, ["4000000000"]
    yield "no data", Image(height=4, width=6, encoding="bgr8", step=18), ["72"]
    yield "half a pair of pixels", message(np.zeros((4, 5, 2), np.uint8), "yuv422"), ["5x4"]


@pytest.mark.parametrize(("what", "image", "words"), [pytest.param(*case, id=case[0]) for case in bad_images()])
def test_bad_images_are_refused_with_what_was_expected_and_what_came(what, image, words):
    with pytest.raises(FrameError) as error:
        image_to_rgb(image)
    assert "expected" in str(error.value) and all(word in str(error.value) for word in words)


@pytest.mark.skipif(importlib.util.find_spec("cv_bridge") is not None, reason="cv_bridge is here to convert it")
def test_an_unknown_encoding_says_what_to_install():
    with pytest.raises(FrameError, match="cv_bridge"):
        image_to_rgb(Image(height=4, width=4, encoding="32FC7", step=112, data=bytes(448)))


@pytest.mark.parametrize("data", [b"", b"\xff\xd8\xff\xe0 no jpeg", bytes(100)])
def test_bytes_that_are_no_image_are_refused(data):
    with pytest.raises(FrameError, match="expected"):
        compressed_to_rgb(CompressedImage(format="jpeg", data=data))

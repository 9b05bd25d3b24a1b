"""Pictures reach the vision tower exactly as its authors prepared them, without torchvision."""

import json

import numpy as np
import pytest
from transformers import CLIPImageProcessorPil

from egoprog.data.fitting import normalised
from egoprog.errors import AnnotationError, ConfigurationError, FrameError
from egoprog.leap.recipes import SMALL_BACKBONE
from egoprog.lego.vlm_config import CLIP_MEAN, CLIP_STD, VlmConfig
from egoprog.lego.vlm_pictures import PREPROCESSOR_NAME, PicturePreparation

PUBLISHED = {  # of LLaVA-1.5's folder, but for its 336 px
    "crop_size": {"height": 28, "width": 28},
    "do_center_crop": True,
    "do_convert_rgb": True,
    "do_normalize": True,
    "do_rescale": True,
    "do_resize": True,
    "image_mean": list(CLIP_MEAN),
    "image_processor_type": "CLIPImageProcessor",
    "image_std": list(CLIP_STD),
    "resample": 3,
    "rescale_factor": 0.00392156862745098,
    "size": {"shortest_edge": 28},
}


def written(folder, value, name=PREPROCESSOR_NAME):
    (folder / name).write_text(json.dumps(value), encoding="utf-8")
    return folder


@pytest.mark.parametrize("size_px", [(41, 57), (128, 160), (57, 41), (28, 28), (20, 33)])
@pytest.mark.parametrize(
    "own",
    [
        PicturePreparation((28, 28)),
        PicturePreparation((28, 28), is_cut=False),
        PicturePreparation((32, 48), False, (0.45,) * 3, (0.225,) * 3),
    ],
)
def test_pictures_are_prepared_as_transformers_prepares_them(tmp_path, size_px, own):
    own.write(tmp_path)
    picture = np.random.default_rng(0).integers(0, 256, (*size_px, 3), np.uint8)
    theirs = CLIPImageProcessorPil.from_pretrained(tmp_path)(picture, return_tensors="np")["pixel_values"]
    np.testing.assert_allclose(own([picture]), theirs, atol=1e-5)


def test_published_folders_old_and_new_say_the_same(tmp_path):
    expected = PicturePreparation((28, 28))
    for name, value in (
        ("new", PUBLISHED),
        ("old", PUBLISHED | {"size": 28, "crop_size": 28}),
        ("newest", {"image_processor": PUBLISHED, "patch_size": 14}),
    ):
        folder = tmp_path / name
        folder.mkdir()
        file = "processor_config.json" if name == "newest" else PREPROCESSOR_NAME
        assert PicturePreparation.read(written(folder, value, file)) == expected, name


def test_what_is_written_is_read_back(tmp_path):
    for config in (VlmConfig.paper(), VlmConfig.small()):
        PicturePreparation.of(config).write(tmp_path)
        assert PicturePreparation.read(tmp_path) == PicturePreparation.of(config)


def test_the_frame_encoder_gets_frames_in_its_own_size_and_normalisation():
    encoder = SMALL_BACKBONE
    picture = np.random.default_rng(0).integers(0, 256, (*encoder.size_px, 3), np.uint8)
    given = PicturePreparation.of(VlmConfig.small())([picture])
    np.testing.assert_allclose(given, normalised(picture[None], encoder.mean, encoder.std), atol=1e-6)


def test_only_a_square_is_cut_out():
    with pytest.raises(ConfigurationError, match="expected a square to cut out of pictures, got 32x48"):
        PicturePreparation((32, 48))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"image_mean": [0.5]}, "image_mean: expected a list of 3 finite numbers"),
        ({"size": {"shortest_edge": 30}}, "size: expected the shortest edge at 28 px"),
        ({"crop_size": {"height": 28, "width": 30}}, "crop_size: expected a square, got 28x30"),
        ({"do_center_crop": False}, "expected height and width where no middle is cut out"),
    ],
)
def test_a_preparation_that_can_not_be_followed_is_named(tmp_path, change, message):
    with pytest.raises(AnnotationError, match=message):
        PicturePreparation.read(written(tmp_path, PUBLISHED | change))


def test_a_folder_without_preparation_is_named(tmp_path):
    with pytest.raises(AnnotationError, match=PREPROCESSOR_NAME):
        PicturePreparation.read(tmp_path)


@pytest.mark.parametrize("shape", [(8, 8), (8, 8, 4), (0, 8, 3)])
def test_what_is_no_picture_is_refused(shape):
    with pytest.raises(FrameError, match="convert it to RGB first"):
        PicturePreparation((28, 28))([np.zeros(shape, np.uint8)])

"""The hand detector on real pictures, and on what no camera should send."""

import subprocess
import sys

import cv2
import numpy as np
import pytest

from egoprog.describe.hands import HandDetector, HandDetectorConfig, shrunk
from egoprog.errors import ConfigurationError, FrameError, ModelError, StampError
from egoprog.models import model_path
from egoprog.program.types import Hand


@pytest.fixture(scope="module")
def hand_model():
    try:
        return model_path("hand_landmarker")
    except ModelError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def detector(hand_model):
    with HandDetector() as detector:
        yield detector


@pytest.fixture
def fresh(detector):
    detector.reset()
    return detector


def video(path, every=1):
    capture = cv2.VideoCapture(str(path))
    period_s = 1 / capture.get(cv2.CAP_PROP_FPS)
    frames = []
    while True:
        is_read, image = capture.read()
        if not is_read:
            return [(index * period_s, frame) for index, frame in enumerate(frames)][::every]
        frames.append(np.ascontiguousarray(image[..., ::-1]))


# Least frames with a hand, least with both, and whose they are: seen by a person in each video.
SEEN = {
    "ego4d_stir_pan.mp4": (60, 48, {Hand.LEFT, Hand.RIGHT}),
    "epic_plate.mp4": (12, 10, {Hand.LEFT, Hand.RIGHT}),
    "epic_bowl_sink.mp4": (8, 0, {Hand.RIGHT}),
    "epic_3.mp4": (6, 0, {Hand.LEFT}),  # a thumb and a wrist at the lower edge
    "hot3d_mug.mp4": (11, 0, {Hand.LEFT}),
}


@pytest.mark.parametrize("name", SEEN)
def test_hands_are_found_and_are_the_wearers_left_and_right(shared_data, fresh, name):
    least, least_both, sides = SEEN[name]
    frames = video(shared_data / "video" / name)
    found = [fresh.detect(stamp_s, image) for stamp_s, image in frames]
    assert sum(bool(hands) for hands in found) >= least
    assert sum(len(hands) == 2 for hands in found) >= least_both
    assert {hand.side for hands in found for hand in hands} == sides
    # One hand keeps its number and its side for the whole clip.
    assert len({(hand.track_id, hand.side) for hands in found for hand in hands}) == len(sides)
    height, width = frames[0][1].shape[:2]
    for hands in found:
        assert len({hand.side for hand in hands}) == len(hands) <= 2
        for hand in hands:
            left, top, right, bottom = hand.box_px
            assert 0 <= left < right <= width and 0 <= top < bottom <= height
            assert hand.landmarks_px.shape == (21, 2) and hand.landmarks_m.shape == (21, 3)


def test_the_stirring_hand_is_the_right_one(shared_data, fresh):
    stamp_s, image = video(shared_data / "video" / "ego4d_stir_pan.mp4")[0]
    left, right = fresh.detect(stamp_s, image)
    assert left.side == Hand.LEFT and left.box_px[3] > 270  # at the pan's handle, cut off by the lower edge
    assert right.side == Hand.RIGHT and right.box_px[0] > 270  # at the red spatula


def test_a_hand_at_the_lower_edge_is_found_thanks_to_the_margin(shared_data, hand_model):
    frames = video(shared_data / "video" / "epic_3.mp4")
    with HandDetector(HandDetectorConfig(margin_below=0, margin_beside=0)) as without:
        assert not any(without.detect(stamp_s, image) for stamp_s, image in frames)


@pytest.mark.parametrize("quarter_turns", [1, 2, 3])
def test_turned_pictures_give_the_same_hands_in_their_own_pixels(shared_data, hand_model, quarter_turns):
    stamp_s, image = video(shared_data / "video" / "epic_bowl_sink.mp4")[0]
    turned = np.ascontiguousarray(np.rot90(image, -quarter_turns))
    with HandDetector() as upright, HandDetector(HandDetectorConfig(quarter_turns=quarter_turns)) as sideways:
        (expected,) = upright.detect(stamp_s, image)
        (hand,) = sideways.detect(stamp_s, turned)
    assert hand.side == expected.side
    x, y = expected.landmarks_px.T
    height, width = image.shape[:2]
    places = {1: (height - y, x), 2: (width - x, height - y), 3: (y, width - x)}[quarter_turns]
    assert np.median(np.abs(hand.landmarks_px - np.stack(places, axis=1))) < 4


@pytest.mark.parametrize("side_px", [64, 200, 1408])
def test_the_size_of_the_picture_may_be_anything_from_64_px(shared_data, fresh, side_px):
    image = video(shared_data / "video" / "pouring_2.mp4", every=40)[0][1]
    image = cv2.resize(image[:, 140:500], (side_px, side_px))
    found = fresh.detect(0.0, image)
    assert all(0 <= edge <= side_px for hand in found for edge in hand.box_px)
    if side_px >= 200:
        assert len(found) == 1


def test_pictures_without_hands_give_none(fresh):
    noise = np.random.default_rng(0).integers(0, 255, (240, 320, 3), np.uint8)
    for index, image in enumerate([noise, np.zeros_like(noise), np.full_like(noise, 255)]):
        assert fresh.detect(index / 30, image) == ()


@pytest.mark.parametrize(
    ("image", "got"),
    [
        (np.zeros((0, 640, 3), np.uint8), "640x0"),
        (np.zeros((480, 8, 3), np.uint8), "8x480"),
        (np.zeros((480, 640), np.uint8), r"uint8 \(480, 640\)"),
        (np.zeros((480, 640, 4), np.uint8), r"uint8 \(480, 640, 4\)"),
        (np.zeros((480, 640, 3), np.float32), "float32"),
        (None, "NoneType"),
    ],
)
def test_what_is_no_picture_is_refused_and_the_stream_goes_on(fresh, image, got):
    with pytest.raises(FrameError, match=f"expected .* got {got}"):
        fresh.detect(0.0, image)
    assert fresh.detect(0.0, np.zeros((64, 64, 3), np.uint8)) == ()


@pytest.mark.parametrize("stamp_s", [1.0, 0.5, float("nan"), float("inf")])
def test_stamps_that_do_not_grow_are_refused_until_a_reset(fresh, stamp_s):
    image = np.zeros((64, 64, 3), np.uint8)
    fresh.detect(1.0, image)
    with pytest.raises(StampError, match="expected a stamp after 1"):
        fresh.detect(stamp_s, image)
    assert fresh.detect(1.0001, image) == ()  # closer than the network's milliseconds
    fresh.reset()
    assert fresh.detect(0.0, image) == ()


def test_the_size_may_change_in_the_middle_of_a_stream(fresh):
    assert fresh.detect(0.0, np.zeros((64, 64, 3), np.uint8)) == ()
    assert fresh.detect(0.1, np.zeros((480, 640, 3), np.uint8)) == ()
    with pytest.raises(StampError):
        fresh.detect(0.05, np.zeros((480, 640, 3), np.uint8))


def test_a_closed_detector_says_so_and_closes_twice(hand_model):
    detector = HandDetector()
    detector.close()
    detector.close()
    with pytest.raises(ModelError, match="closed"):
        detector.detect(0.0, np.zeros((64, 64, 3), np.uint8))


def test_a_file_that_is_no_model_is_named(tmp_path):
    broken = tmp_path / "broken.task"
    broken.write_bytes(b"not a model")
    with pytest.raises(ModelError, match=r"broken\.task"):
        HandDetector(model=broken)
    with pytest.raises(ModelError, match=r"absent\.task"):
        HandDetector(model=tmp_path / "absent.task")


def test_the_terminal_stays_clean(hand_model):
    program = (
        "import numpy as np; from egoprog.describe.hands import HandDetector\n"
        "with HandDetector() as detector: detector.detect(0.0, np.zeros((64, 64, 3), np.uint8))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    "options", [{"min_detection": 0}, {"min_tracking": 1.5}, {"max_side_px": 10}, {"margin_below": -1}]
)
def test_options_out_of_range_are_refused(options):
    with pytest.raises(ConfigurationError):
        HandDetectorConfig(**options)


@pytest.mark.parametrize(
    ("size", "small"), [((1408, 1408), (640, 640)), ((1080, 1920), (360, 640)), ((480, 640), (480, 640))]
)
def test_shrinking_keeps_places_and_colours(size, small):
    rows, columns = np.mgrid[0 : size[0], 0 : size[1]]
    image = np.stack([255 * rows / size[0], 255 * columns / size[1], rows * 0], axis=2).astype(np.uint8)
    result, scale = shrunk(image, 640)
    assert result.shape[:2] == small and scale == pytest.approx(small[1] / size[1])
    expected = image[(np.arange(small[0]) / scale).astype(int)][:, (np.arange(small[1]) / scale).astype(int)]
    assert np.abs(result.astype(int) - expected).max() <= 2

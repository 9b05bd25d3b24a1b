"""The overlay: what a person who watches it relies on."""

import cv2
import numpy as np
import pytest

from egoprog.describe.types import Contact, HandObservation, ObjectDetection
from egoprog.live.overlay import CONTACT, Line, Panel, band_height, captioned, draw, font_size
from egoprog.program.types import Hand

SIZES = [(480, 270), (288, 384), (480, 640), (544, 960), (1408, 1408)]  # height, width of real recordings


def _hand(width: int, height: int, contact: Contact) -> HandObservation:
    box = (width * 0.5, height * 0.4, width * 0.8, height * 0.9)
    landmarks = tuple((width * (0.55 + 0.01 * i), height * (0.5 + 0.015 * i)) for i in range(21))
    held = ObjectDetection("spatula", 0.8, (width * 0.1, height * 0.1, width * 0.4, height * 0.5))
    return HandObservation(0.0, Hand.RIGHT, 0.9, box, landmarks, contact, 0.9, held)


def _share(picture: np.ndarray, colour: tuple[int, int, int]) -> float:
    return float(np.mean(np.abs(picture.astype(int) - colour).max(axis=2) < 12))


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_the_image_stays_visible_above_the_band(height: int, width: int) -> None:
    image = np.full((height, width, 3), 90, np.uint8)
    picture = draw(image, (), Panel("stir_pan", lines=(Line("use(spatula, pan)", is_running=True),)))
    assert picture.shape == (height + band_height(width), width, 3)
    assert (picture[:height] == image).all()
    assert band_height(width) % 2 == 0  # video codecs want even sizes


@pytest.mark.parametrize("contact", list(Contact))
def test_a_hand_has_the_colour_of_its_contact(contact: Contact) -> None:
    picture = draw(np.zeros((480, 640, 3), np.uint8), (_hand(640, 480, contact),))
    assert _share(picture, CONTACT[contact]) > 0.003
    assert all(_share(picture, other) < 0.002 for kind, other in CONTACT.items() if kind is not contact)


def test_drawing_leaves_the_camera_image_as_it_was() -> None:
    image = np.full((480, 640, 3), 90, np.uint8)
    draw(image, (_hand(640, 480, Contact.PORTABLE),), Panel("p"))
    assert (image == 90).all()


def test_hands_beyond_the_edge_are_drawn_as_far_as_they_show() -> None:
    beyond = HandObservation(0.0, Hand.LEFT, 0.9, (-80.0, -60.0, 900.0, 700.0), (), Contact.PORTABLE, 0.9)
    picture = draw(np.zeros((288, 384, 3), np.uint8), (beyond,))
    assert picture.shape == (288, 384, 3)
    assert _share(picture, CONTACT[Contact.PORTABLE]) > 0.001  # its tag, moved inside


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_text_never_runs_out_of_the_band(height: int, width: int) -> None:
    long = "use(" + "very_" * 60 + "long_name)"
    panel = Panel("n" * 300, "revision 1", (Line(long, is_running=True),) * 9, ((long, 0.9),), ("water",) * 40, 12)
    band = draw(np.zeros((height, width, 3), np.uint8), (), panel)[height:]
    edge = band[3:, -max(1, font_size(width) // 3) :]
    assert (edge == edge[0, 0]).all()


def test_the_running_sub_action_is_shown_however_long_the_program_is() -> None:
    lines = tuple(Line(f"goto(object_{i})", is_running=i == 3) for i in range(40))
    picture = draw(np.zeros((480, 640, 3), np.uint8), (), Panel("p", lines=lines))
    nobody = draw(np.zeros((480, 640, 3), np.uint8), (), Panel("p", lines=tuple(Line(line.text) for line in lines)))
    accent = (255, 196, 61)
    assert _share(picture[480:], accent) > 0.002
    assert _share(nobody[480:], accent) == 0.0


@pytest.mark.parametrize("width", [160, 480, 1280])
def test_words_stand_whole_below_a_picture_and_never_run_out_of_it(width: int) -> None:
    image = np.full((96, width, 3), 90, np.uint8)
    words = "Reach for the handle of the drawer with the right hand and pull it towards you. " * 3
    card = captioned(image, "How do I open the drawer?", words, "I see no drawer here. " + "very_" * 200)
    short = captioned(image, "How do I open the drawer?")
    assert card.shape[1] == max(width, 480) and card.shape[0] > short.shape[0]
    assert (card[: 96 * card.shape[1] // width] == 90).all()
    band = card[96 * card.shape[1] // width :]
    assert (band[:, -4:] == band[0, 0]).all() and (band[-4:] == band[0, 0]).all()
    assert _share(band, (255, 196, 61)) > 0.002  # the doubt


def test_a_changed_panel_changes_the_picture() -> None:
    image = np.zeros((480, 640, 3), np.uint8)
    before, after = (draw(image, (), Panel("p", latency_ms=ms)) for ms in (12, 48))
    assert (before != after).any()


def test_stroke_fonts_of_older_opencv_are_readable_too(monkeypatch: pytest.MonkeyPatch) -> None:
    from egoprog.live import overlay

    caches = (overlay._font, overlay._text_mask, overlay._text_width, overlay._band)
    for cache in caches:
        cache.cache_clear()
    monkeypatch.delattr(cv2, "FontFace", raising=False)
    try:
        picture = draw(np.zeros((480, 640, 3), np.uint8), (), Panel("wash plate", "· 3"))
        assert _share(picture[480:], overlay.INK) > 0.001
    finally:
        for cache in caches:
            cache.cache_clear()

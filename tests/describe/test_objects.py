"""Names of held objects, and where they are."""

import numpy as np
import pytest

from egoprog.describe.objects import GRID, HeldRegion, ObjectNamer, box_of_cells, names_what_is_taken
from egoprog.describe.types import Narration


def test_tracks_without_a_name_are_numbered_in_the_order_of_asking():
    namer = ObjectNamer()
    assert [namer.name(track) for track in (7, 3, 7, 12)] == ["object_1", "object_2", "object_1", "object_3"]


def test_a_narration_names_the_track_that_was_taken():
    namer = ObjectNamer()
    assert namer.name(4) == "object_1"
    assert namer.narrated(Narration("take plate", 0.0, 1.0), 4) == "plate"
    assert namer.name(4) == "plate"
    assert namer.is_named(4) and not namer.is_named(5)


def test_a_track_keeps_its_first_name_and_a_name_goes_to_one_track():
    namer = ObjectNamer()
    namer.narrated("take plate", 0)
    assert namer.narrated("wash spoon", 0) is None
    assert namer.narrated("wash plate", 1) is None
    assert namer.narrated("wash plate with sponge", 1) == "sponge"
    assert (namer.name(0), namer.name(1)) == ("plate", "sponge")


def test_a_name_is_free_again_when_its_thing_is_no_longer_held():
    namer = ObjectNamer()
    namer.narrated("take mug", 0, held={0})
    assert namer.narrated("take mug", 1, held={0, 1}) is None
    assert namer.narrated("take mug", 1, held={1}) == "mug"


@pytest.mark.parametrize("text", ["take knife", "pick up the plate", "open fridge", "move pan"])
def test_narrations_of_taking_name_what_is_taken(text):
    assert names_what_is_taken(text)


@pytest.mark.parametrize(
    "text", ["cut bread", "stir pan", "wash plate", "put down mug", "put cup on shelf", "pour juice into mug", ""]
)
def test_narrations_of_work_name_what_is_worked_on_and_not_the_tool_in_the_hand(text):
    assert not names_what_is_taken(text)


@pytest.mark.parametrize(
    ("text", "nouns"),
    [
        ("take plate", ("plate",)),
        ("put down the knife", ("knife",)),
        ("pour olive oil into frying pan", ("olive_oil", "frying_pan")),
        ("still stirring", ("stirring",)),
        ("open", ()),
        ("", ()),
    ],
)
def test_narrations_without_a_vocabulary_are_cut_at_prepositions(text, nouns):
    assert ObjectNamer().nouns(text) == nouns


@pytest.mark.parametrize(
    ("text", "nouns"),
    [
        ("take two plates", ("plate",)),
        ("put the dishes in the sink", ("dish", "sink")),
        ("pour Washing Liquid on sponge", ("washing_liquid", "sponge")),
        ("take chopping board", ("board:chopping",)),
        ("take strawberries", ("strawberry",)),
        ("wash glass", ("glass",)),
        ("dance", ()),
    ],
)
def test_a_vocabulary_limits_the_names_and_knows_plurals_and_compounds(text, nouns):
    vocabulary = (
        "plate",
        "dish",
        "sink",
        "Washing Liquid",
        "liquid",
        "sponge",
        "board:chopping",
        "strawberry",
        "glass",
    )
    assert ObjectNamer(vocabulary).nouns(text) == nouns


def test_the_vocabulary_can_be_changed_and_names_stay():
    namer = ObjectNamer(["plate"])
    namer.narrated("take plate", 0)
    namer.vocabulary = ["Paper Towel"]
    assert namer.vocabulary == ("paper_towel",)
    assert namer.narrated("take plate", 1) is None
    assert namer.narrated("take paper towels", 1) == "paper_towel"
    assert namer.name(0) == "plate"


def test_what_is_no_track_has_no_name():
    with pytest.raises(ValueError, match="-1"):
        ObjectNamer().name(-1)


def test_a_region_is_what_moves_with_the_hand_and_touches_it():
    region = HeldRegion()
    hand, moves, stays = (np.zeros((GRID, GRID)) for _ in range(3))
    hand[30:40, 20:30] = 1
    moves[20:31, 22:26] = 1  # a stick in the hand
    moves[2:6, 40:44] = 1  # something else that goes the same way
    stays[:, 30:38] = 1
    for _ in range(4):
        region.observe(moves, stays, weight=0.5, dt_s=0.1)
    mask = region.mask(hand > 0)
    assert mask[20:30, 22:26].all()
    assert mask.sum() == 40


def test_a_region_fades_and_is_taken_back_by_what_stays():
    region = HeldRegion(fade_s=0.5)
    everything, nothing = np.ones((GRID, GRID)), np.zeros((GRID, GRID))
    hand = np.zeros((GRID, GRID), bool)
    hand[24:30, 24:30] = True
    region.observe(everything, nothing, weight=1, dt_s=0.1)
    assert region.mask(hand).sum() == GRID * GRID - 36
    region.observe(nothing, everything, weight=1, dt_s=0.1)
    assert not region.mask(hand).any()


@pytest.mark.parametrize("angle", [0, np.pi / 2, np.pi])
def test_the_box_of_a_region_turns_with_the_hand(angle):
    forward = np.array([np.sin(angle), -np.cos(angle)])  # 0: fingers point up in the image
    cells = HeldRegion.cells_from_px(np.array([160.0, 120.0]), 40.0, forward)
    ahead = np.array([160.0, 120.0]) + 60 * forward
    place = cells[:, :2] @ ahead + cells[:, 2]
    mask = np.zeros((GRID, GRID), bool)
    column, row = place.astype(int)
    mask[row - 2 : row + 3, column - 2 : column + 3] = True
    left, top, right, bottom = box_of_cells(mask, cells)
    assert left < ahead[0] < right and top < ahead[1] < bottom
    assert 15 < right - left < 25 and 15 < bottom - top < 25  # 5 cells of a tenth of a palm


def test_an_empty_region_has_no_box():
    cells = HeldRegion.cells_from_px(np.zeros(2), 40.0, np.array([0.0, -1.0]))
    assert box_of_cells(np.zeros((GRID, GRID), bool), cells) is None

"""Our lists of EPIC-KITCHENS' classes are the official ones."""

import pytest

from egoprog.data import read_classes, read_sounds
from egoprog.data.epic_classes import NOUNS, SOUNDS, VERBS, class_table


@pytest.mark.parametrize(("kind", "keys"), [("verb", VERBS), ("noun", NOUNS)])
def test_the_names_and_numbers_are_the_official_ones(shared_data, kind, keys):
    official = read_classes(shared_data / "annotations" / f"EPIC_100_{kind}_classes.csv")
    assert tuple(official[number].key for number in sorted(official)) == keys
    assert class_table(keys).id_of(keys[5]) == 5


def test_the_sounds_are_the_official_ones(shared_data):
    rows = read_sounds(shared_data / "annotations" / "EPIC_Sounds_validation.csv")
    assert {row.class_id: row.class_name for row in rows} == dict(enumerate(SOUNDS))

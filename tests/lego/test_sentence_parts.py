"""Two descriptions agree where they name the same hand, verb and things, however they are worded otherwise."""

import pytest

from egoprog.lego.sentence_parts import SentenceReader

READER = SentenceReader(["spatula:fish"])


@pytest.mark.parametrize(
    ("sentence", "hands", "verb", "nouns"),
    [
        ("The person opens the drawer on the left with the right hand.", {"right"}, "open", {"drawer"}),
        ("Using both hands, they carry the knives to the sink.", {"both"}, "carry", {"sink", "knife"}),
        ("The left hand holds a cup while the right hand pours milk.", {"left", "right"}, "hold", {"cup", "milk"}),
        ("He is cutting onions on the chopping board.", set(), "cut", {"onion", "chopping board"}),
        ("She dries two glasses beside the fish spatula.", set(), "dry", {"glass", "fish spatula"}),
        ("Sie singt.", set(), "", set()),
        ("", set(), "", set()),
    ],
)
def test_hands_verb_and_things_are_found(sentence, hands, verb, nouns):
    parts = READER.parts(sentence)
    assert (set(parts.hands), parts.verb) == (hands, verb)
    assert nouns <= set(parts.nouns)
    assert "hand" not in parts.nouns


def test_the_acting_hand_and_thing_come_first():
    parts = READER.parts("With the right hand, the person takes a cup while the left hand holds the milk.")
    assert (parts.hand, parts.noun) == ("right", "cup")
    assert READER.parts("Nothing happens.").hand == ""
    assert READER.parts("The person uses the left hand.").verb == "use"


@pytest.mark.parametrize(
    ("sentence", "hand", "verb", "noun"),
    [
        ("With the milk in the left hand, the person shuts the fridge with the right hand.", "right", "shut", "fridge"),
        ("While the right hand holds the oil, the person takes a fork with the left hand.", "left", "take", "fork"),
        ("Keeping the cup in the left hand, the person opens the bin with the right hand.", "right", "open", "bin"),
        ("With the knife in the right hand, the person cuts the bread.", "right", "cut", "knife"),
        (
            "With the left hand holding oil and the right hand free, the person shuts the bin using the right hand.",
            "right",
            "shut",
            "bin",
        ),
        ("With both hands free, the person fills the cup at the tap using the left hand.", "left", "fill", "cup"),
        ("With both hands, the person lifts the pot.", "both", "lift", "pot"),
    ],
)
def test_what_is_held_meanwhile_is_not_what_acts(sentence, hand, verb, noun):
    parts = READER.parts(sentence)
    assert (parts.hand, parts.verb, parts.noun) == (hand, verb, noun)


def test_a_side_of_the_picture_is_no_hand():
    assert READER.parts("The person takes the cup on the left.").hands == frozenset()


def test_a_chopping_board_is_no_board_and_a_plural_is_its_singular():
    assert READER.parts("It lies on the chopping board.").nouns == {"chopping board"}
    assert READER.parts("two cups").nouns == READER.parts("a cup").nouns

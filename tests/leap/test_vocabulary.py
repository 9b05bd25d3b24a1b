"""Vocabularies and targets: from annotation rows and programs to classes."""

import numpy as np
import pytest

from egoprog.data import Action, ProgramClip
from egoprog.errors import AnnotationError
from egoprog.leap.config import SUB_VERBS, LeapConfig, Vocabulary
from egoprog.leap.targets import Targets
from egoprog.leap.vocabulary import make_vocabulary, object_word, precondition_words
from egoprog.program import parse
from egoprog.program.types import Verb
from egoprog.world.state import WorldState

TEXT = """
def cut_carrot(start_t=0, stop_t=2):
    if "knife_2" not in hand:
        grasp("knife_2")
        use("knife_2", "carrot")
"""


def action(number=0, verb_class=0, noun_class=1):
    return Action(
        f"P901_01_{number}", "P901", "P901_01", 0.1, 0.0, 2.0, 1, 60, "cut carrot",
        "take", verb_class, "plate", noun_class, ("plate",), (noun_class,),
    )  # fmt: skip


def clip(number=0, text=TEXT):
    return ProgramClip(f"P901_01_{number}", "P901_01", 0.0, 2.0, "cut carrot", parse(text), WorldState(), WorldState())


@pytest.mark.parametrize(
    ("name", "word"), [("mug_2", "mug"), ("chopping_board", "chopping_board"), ("plate_12", "plate"), ("7up", "7up")]
)
def test_instances_are_words_of_their_kind(name, word):
    assert object_word(name) == word


def test_preconditions_read_as_sentences():
    assert precondition_words("if mug_2 not in hand and if washing_liquid in cupboard_2") == (
        "if mug not in hand and if washing liquid in cupboard"
    )


def test_a_vocabulary_has_what_training_shows():
    vocabulary = make_vocabulary([action(0), action(1, 2, 3), action(2)], [clip(0), clip(1)])
    assert vocabulary.actions == ((0, 1), (2, 3))
    assert vocabulary.objects == ("carrot", "knife")
    assert vocabulary.sentences == ("if knife not in hand",)
    assert (len(vocabulary.verbs), len(vocabulary.nouns)) == (97, 300)


def test_rare_words_stand_as_no_object():
    assert make_vocabulary([action()], [clip()], min_count=2).objects == ()


def test_a_class_beyond_the_vocabulary_is_named():
    with pytest.raises(
        AnnotationError, match=r"P901_01_5.*a verb class below 97 and a noun class below 300, got 97, 1"
    ):
        make_vocabulary([action(5, verb_class=97)], [])


def test_no_rows_at_all_are_told_in_one_line():
    with pytest.raises(AnnotationError, match="at least one action to train on"):
        make_vocabulary([], [])


def test_targets_are_the_classes_of_a_program():
    config = LeapConfig(Vocabulary(("take",), ("cup", "plate"), ((0, 1),), ("carrot", "knife")), num_steps=3)
    asked = []

    def embed(sentences):
        asked.extend(sentences)
        return np.full((len(sentences), 384), 0.5, np.float32)

    found = Targets(config, embed)(action(), clip())
    assert (found["verb"], found["noun"], found["action"]) == (0, 1, 0)
    assert found["sub_verbs"].tolist() == [SUB_VERBS.index(Verb.GRASP), SUB_VERBS.index(Verb.USE), -1]
    assert found["sub_objects"].tolist() == [[2, 0], [2, 1], [-1, -1]]
    assert asked == ["if knife not in hand"] and found["precondition"][0] == 0.5
    assert found["has_program"]


def test_what_nobody_knows_is_minus_one():
    config = LeapConfig(Vocabulary(("take",), ("cup", "plate"), ((0, 0),), ()))
    targets = Targets(config, lambda sentences: np.zeros((len(sentences), 384), np.float32))
    assert targets(action(), None)["action"] == -1  # a pair that training did not show
    nothing = targets(None, None)
    assert (nothing["verb"], nothing["noun"], nothing["has_program"]) == (-1, -1, False)
    assert set(nothing["sub_verbs"].tolist()) == {-1}

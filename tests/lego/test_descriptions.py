"""Descriptions written from the truth: the right hand, what is in view, and nothing besides."""

import pytest

from egoprog.data import ProgramClip, VideoInfo, write_programs, write_video_info
from egoprog.data.epic_folder import EpicFolder
from egoprog.data.frame_pairs import FramePair
from egoprog.data.object_boxes import BoxedObject, FrameBoxes
from egoprog.lego.curation import CurationExample, problems
from egoprog.lego.descriptions import boxes_at, describe, describe_folder, middle_cut, words_of
from egoprog.program import parse
from egoprog.world import WorldState
from egoprog.world.state import UNKNOWN
from tests.lego.described import described_folder

LEFT, MIDDLE, RIGHT = (0.05, 0.4, 0.2, 0.6), (0.4, 0.4, 0.6, 0.6), (0.8, 0.4, 0.95, 0.6)
NUM_WAYS = 40


def told(verb, noun, program, before=None, after=None, boxes=(), cut=(0.0, 0.0, 1.0, 1.0)):
    """All that is said of one action, over many pairs."""
    before = before or WorldState(None, None)
    clip = ProgramClip("P1_01_0", "P1_01", 0.0, 1.0, f"{verb} {noun}", parse(program), before, after or before)
    frame = FrameBoxes("P1_01", 1, tuple(BoxedObject(name, words_of(name), box) for name, box in boxes))
    return {
        describe(
            FramePair(f"P1_01_{number}", "P1_01", "P1", 0.0, 1.0, f"{verb} {noun}", verb=verb, noun=noun),
            clip,
            frame,
            cut,
        )
        for number in range(NUM_WAYS)
    }


def all_hold(sentences, *words):
    return all(word in sentence for sentence in sentences for word in words)


def test_taking_names_the_hand_the_place_and_the_side_in_many_ways():
    before = WorldState("mug_2", None, {"knife": ("in", "drawer")})
    boxes = [("knife", LEFT), ("mug_2", RIGHT)]
    sentences = told("take", "knife", "def f():\n    grasp(knife, hand=right)\n", before, boxes=boxes)
    opening = "With the left hand holding the mug and the right hand free, the person "
    assert all(one.startswith(opening) and one.endswith(" using the right hand.") for one in sentences)
    assert all_hold(sentences, "the knife on the left", "out of the drawer")
    assert len(sentences) == 5, "every way to say it"


def test_what_the_other_hand_holds_out_of_view_is_not_told():
    before = WorldState("mug_2", None)
    sentences = told("take", "knife", "def f():\n    grasp(knife, hand=right)\n", before, boxes=[("knife", LEFT)])
    assert all(one.startswith("With the right hand free, ") and "mug" not in one for one in sentences)


def test_what_nobody_knows_of_the_hands_is_not_told():
    take = "def f():\n    grasp(knife, hand=right)\n"
    assert all(one.startswith("With both hands free, the person ") for one in told("take", "knife", take))
    unknown = told("take", "knife", take, WorldState(UNKNOWN, UNKNOWN))
    assert all(one.startswith("The person ") and one.count("hand") == 1 for one in unknown)


@pytest.mark.parametrize(
    ("verb", "program", "before", "expected"),
    [
        ("open", "grasp(drawer, hand=left)\n    move(drawer, hand=left)", None, ("drawer", "left hand")),
        ("open", "use(milk, hand=right)", WorldState(None, "milk"), ("milk", "right hand")),
        ("turn-on", "use(tap, hand=left)", None, ("tap", "left hand", " on")),
        ("turn-off", "use(button, microwave, hand=left)", None, ("microwave", "left hand", " off")),
        (
            "pour",
            "position(oil, pan, hand=right)\n    use(oil, pan, hand=right)",
            WorldState(None, "oil"),
            ("oil", "pan"),
        ),
        ("wash", "use(fingers, tap, hand=right)", None, ("both hands", "tap")),
        (
            "wash",
            "use(sponge, plate, hand=left)",
            WorldState("sponge", "plate"),
            ("sponge", "right hand holding the plate"),
        ),
        ("cut", "use(knife, bread, hand=right)", WorldState(None, "knife"), ("bread", "knife", "right hand")),
    ],
)
def test_each_kind_of_action_names_its_hand_and_its_things(verb, program, before, expected):
    sentences = told(verb, "thing", f"def f():\n    {program}\n", before)
    assert all(all(word in s for word in expected) for s in sentences), sentences


def test_putting_tells_where_the_thing_lies_afterwards():
    before, after = WorldState("plate", None), WorldState(None, None, {"plate": ("in", "cupboard_2")})
    program = "def f():\n    move(plate, cupboard_2, hand=left)\n    release(plate, hand=left)\n"
    sentences = told("insert", "plate", program, before, after)
    assert all_hold(sentences, "plate", "the cupboard", "left hand")
    assert any("in the cupboard" in s for s in sentences) and any("into the cupboard" in s for s in sentences)


def test_looking_tells_what_the_idle_hands_hold():
    program = "def f():\n    wait()\n"
    assert all_hold(told("look", "drawer", program), "drawer", "both hands free")
    assert all_hold(told("look", "drawer", program, WorldState("knife", None)), "drawer", "knife", "left hand")


def test_a_hand_that_nobody_knows_is_not_made_up():
    assert told("take", "knife", "def f():\n    grasp(knife)\n") == {""}


def test_what_the_pair_does_not_show_has_no_side():
    program = "def f():\n    grasp(knife, hand=right)\n"
    cut = middle_cut((128, 228), (128, 160))
    assert cut == pytest.approx((0.149, 0.0, 0.851, 1.0), abs=1e-3)
    assert not any(
        "on the left" in s for s in told("take", "knife", program, boxes=[("knife", (0, 0, 0.1, 0.1))], cut=cut)
    )
    assert all_hold(told("take", "knife", program, boxes=[("knife", MIDDLE)], cut=cut), "in front")
    assert all_hold(told("take", "knife", program, boxes=[("knife", (0.7, 0.4, 0.8, 0.5))], cut=cut), "on the right")


def test_every_sentence_passes_the_checks_that_a_language_models_must_pass():
    before = WorldState("sponge", None, {"washing_liquid": ("on", "counter")})
    sentences = told("take", "liquid:washing", "def f():\n    grasp(washing_liquid, hand=right)\n", before)
    names = ("left hand", "right hand", "washing liquid", "counter", "sponge")
    example = CurationExample("take washing up liquid", tuple((name, MIDDLE) for name in names))
    for sentence in sentences:
        assert problems(sentence, example) == (), sentence


def test_the_same_pair_is_always_described_in_the_same_words():
    program = "def f():\n    grasp(knife, hand=right)\n"
    assert told("take", "knife", program) == told("take", "knife", program)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("mug_2", "mug"),
        ("board:chopping", "chopping board"),
        ("chopping_board", "chopping board"),
        ("fingers", "hands"),
    ],
)
def test_names_are_said_as_people_say_them(name, words):
    assert words_of(name) == words


def test_boxes_of_another_moment_tell_nothing():
    frame = FrameBoxes("P1_01", 1, ())
    assert boxes_at([(1.0, frame)], 1.4) is frame
    assert boxes_at([(1.0, frame)], 1.6) is None
    assert boxes_at([], 1.0) is None


def test_a_folder_of_pairs_gets_descriptions_of_the_actions_that_have_programs(tmp_path):
    pairs, dataset = described_folder(tmp_path / "pairs", 2, 1), EpicFolder(tmp_path / "data")
    pairs.describe({pair.pair_id: "" for pair in pairs.pairs()})
    nobody = WorldState(None, None)
    program = parse("def take_cup(start_t=0, stop_t=1):\n    grasp(cup, hand=left, start_t=0, stop_t=1)\n")
    write_programs(
        dataset.programs("train"), [ProgramClip("P01_01_1", "P01_01", 0.0, 1.0, "take cup", program, nobody, nobody)]
    )
    write_video_info(dataset.video_info, [VideoInfo("P01_01", 10.0, 10.0, 80, 48)])
    assert describe_folder(pairs, dataset) == 1
    assert ["left hand" in pair.description for pair in pairs.pairs()] == [False, True, False]

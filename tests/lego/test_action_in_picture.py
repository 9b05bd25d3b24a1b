"""Whether the action is in the picture: hand-made judgements with known answers, and small random judges."""

import numpy as np
import pytest
import torch

from egoprog.data.frame_pairs import FramePair
from egoprog.data.program_lines import ProgramClip
from egoprog.errors import InputError, ModelError
from egoprog.lego.action_in_picture import Asked, Recognised, Touched, asked_of, judge
from egoprog.lego.picture_judges import FrameJudge, OutputAlone, RecogniserJudge
from egoprog.program import parse
from egoprog.program.types import Hand
from egoprog.world.state import WorldState
from tests.leap.small_model import ALONE, RECOGNISE, save_network, small_network
from tests.lego.metric_models import NOUNS, save_frame_network

torch.set_num_threads(1)
PAIR = FramePair("P901_01_0", "P901_01", "P901", 0.5, 2.0, "open drawer", verb="open", noun="drawer")
PROGRAM = """def open_drawer(start_t=0, stop_t=3):
    goto(drawer, start_t=0, stop_t=0.5)
    if drawer not open:
        grasp(drawer, hand=left, start_t=0.6, stop_t=1.5)
        move(drawer, hand=left, start_t=1.5, stop_t=2.5)
    release(cup, hand=right, start_t=2.5, stop_t=3)
"""


def clip(text=PROGRAM):
    world = WorldState.initial()
    return ProgramClip("P901_01_0", "P901_01", 0.0, 3.0, "open drawer", parse(text), world, world)


def sure(rows, width):
    scores = np.full((len(rows), width), 0.1)
    for row, best in zip(scores, rows, strict=True):
        row[best] = 0.8
    return scores


def seen(left, right, verb, noun):
    """Classes by row; of hands 0 cup, 1 drawer, 2 nothing; of verbs 0 take, 1 open; of nouns 0 cup, 1 drawer."""
    touched = Touched(("cup", "drawer"), sure(left, 3), sure(right, 3))
    return touched, Recognised(("take", "open"), ("cup", "drawer"), sure(verb, 2), sure(noun, 2))


def test_the_hand_that_was_asked_for_is_that_of_the_step_at_the_targets_time():
    assert asked_of(PAIR, clip()) == Asked("open", "drawer", Hand.LEFT)
    assert asked_of(PAIR).hand is None
    assert asked_of(PAIR, clip("def wait_here():\n    wait()\n")).hand is None
    late = FramePair("P901_01_0", "P901_01", "P901", 0.5, 2.9, "open drawer", verb="open", noun="drawer")
    assert asked_of(late, clip()).hand is Hand.RIGHT
    with pytest.raises(InputError, match="classes of its action"):
        asked_of(FramePair("a", "b", "c", 0, 1, "do something"))


def test_the_right_thing_in_the_wrong_hand_is_the_right_thing_and_no_action():
    touched, recognised = seen(left=[1, 2], right=[2, 1], verb=[1, 1], noun=[1, 1])
    answers = judge([Asked("open", "drawer", Hand.LEFT)] * 2, touched, recognised)
    assert answers.object.tolist() == [1, 1]
    assert answers.hand.tolist() == [1, 0]
    assert answers.change.tolist() == [1, 1]
    assert answers.action.tolist() == [1, 0]
    assert answers.hand_score == pytest.approx([0.8, 0.1])
    assert answers.change_score == pytest.approx([0.64, 0.64])


def test_either_hand_does_where_none_was_asked_for_and_both_have_to_where_both_were():
    touched, recognised = seen(left=[1, 1, 1], right=[2, 2, 1], verb=[1] * 3, noun=[1] * 3)
    asked = [Asked("open", "drawer", hand) for hand in (None, Hand.BOTH, Hand.BOTH)]
    assert judge(asked, touched, recognised).hand.tolist() == [1, 0, 1]


def test_a_hand_that_touches_one_of_several_things_touches_the_likeliest():
    """Of two pictures: "nothing" is the best single class of the first, and the likeliest of all in the second."""
    _, recognised = seen(left=[1, 1], right=[2, 2], verb=[1, 1], noun=[1, 1])
    left, right = np.array([[0.25, 0.35, 0.4], [0.2, 0.25, 0.55]]), np.array([[0.0, 0.0, 1.0]] * 2)
    answers = judge([Asked("open", "drawer", Hand.LEFT)] * 2, Touched(("cup", "drawer"), left, right), recognised)
    assert answers.hand.tolist() == [1, 0]


def test_a_hand_on_the_thing_without_the_change_is_no_action():
    touched, recognised = seen(left=[1, 1], right=[2, 2], verb=[0, 1], noun=[1, 0])
    answers = judge([Asked("open", "drawer", Hand.LEFT)] * 2, touched, recognised)
    assert answers.verb.tolist() == [0, 1] and answers.noun.tolist() == [1, 0]
    assert answers.change.tolist() == [0, 0] and answers.action.tolist() == [0, 0]


def test_what_a_judge_has_no_class_for_is_no_answer():
    touched, recognised = seen(left=[0], right=[0], verb=[0], noun=[0])
    answers = judge([Asked("open", "fridge")], touched, recognised)
    assert np.isnan(answers.hand).all() and np.isnan(answers.action).all() and answers.verb.tolist() == [0]
    with pytest.raises(InputError, match="judgements of 2 pictures"):
        judge([Asked("open", "fridge")] * 2, touched, recognised)


def test_small_random_judges_give_probabilities_of_their_own_classes(tmp_path):
    pictures = np.random.default_rng(0).integers(0, 256, (3, 32, 40, 3), np.uint8)
    hands = FrameJudge(save_frame_network(tmp_path / "frames" / "best.safetensors").parent)
    touched = hands(pictures)
    assert touched.nouns == NOUNS and touched.left.shape == (3, len(NOUNS) + 1)
    assert touched.right.sum(1) == pytest.approx([1, 1, 1], abs=1e-5)
    run = save_network(small_network(ALONE), tmp_path / "alone" / "best.safetensors").parent
    for change in (RecogniserJudge(run), OutputAlone(hands)):
        recognised = change(pictures[::-1].copy(), pictures)
        assert recognised.verb_scores.shape == (3, len(recognised.verbs))
        assert recognised.noun_scores.sum(1) == pytest.approx([1, 1, 1], abs=1e-5)
    assert (
        np.abs(
            RecogniserJudge(run)(pictures, pictures).verb_scores
            - RecogniserJudge(run)(pictures[::-1].copy(), pictures).verb_scores
        ).max()
        > 1e-6
    )
    answers = judge([Asked("take", "cup")] * 3, touched, recognised)
    assert all(column.shape == (3,) for column in answers.columns().values())


def test_a_recogniser_that_needs_clips_around_is_refused(tmp_path):
    run = save_network(small_network(RECOGNISE), tmp_path / "run" / "best.safetensors").parent
    with pytest.raises(ModelError, match="without context"):
        RecogniserJudge(run)
    with pytest.raises(ModelError, match="expected a frame encoder"):
        FrameJudge(run)

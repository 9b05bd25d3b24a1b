"""Views change all frames alike, are decided by the generator alone, and keep labels true."""

import numpy as np
import pytest
import torch

from egoprog.data import ProgramClip
from egoprog.data.fitting import fit_frame
from egoprog.leap.augment import GENTLE, STRONGER, Augmentation, Augmented, Plain, mirrored
from egoprog.leap.config import UniFormerConfig
from egoprog.leap.rand_augment import OPERATIONS, Operation, RandAugment
from egoprog.program import flatten, parse, to_text
from egoprog.world import WorldState

CONFIG = UniFormerConfig(size_px=(24, 40), patch_px=8)
STILL = Augmentation(scale=(1.0, 1.0), aspect=(1.0, 1.0), flip=0.0, rand_augment=None)


def pictures(num_frames=4, size_px=(48, 80), seed=0):
    return np.random.default_rng(seed).integers(0, 256, (num_frames, *size_px, 3), np.uint8)


def smooth(num_frames=3, size_px=(48, 80)):
    """Pictures that brighten to the right, all alike."""
    row = np.linspace(20, 220, size_px[1]).astype(np.uint8)
    return np.broadcast_to(row[None, None, :, None], (num_frames, *size_px, 3)).copy()


def test_plain_views_are_fitted_and_normalised():
    clip = Plain(CONFIG).draw(np.random.default_rng(0))(pictures())
    assert clip.shape == (3, 4, 24, 40) and clip.dtype == torch.float32
    expected = (fit_frame(pictures()[2], (24, 40)) / 255 - 0.45) / 0.225
    np.testing.assert_allclose(clip[:, 2].numpy(), expected.transpose(2, 0, 1), atol=1e-5)


def test_the_three_cuts_of_a_test_reach_both_ends_and_the_middle():
    wide = smooth(1, (24, 120))
    left, middle, right = (Plain(CONFIG, crop)(wide).mean() for crop in range(3))
    assert left < middle < right
    tall = smooth(1, (24, 120)).transpose(0, 2, 1, 3)
    top, bottom = (Plain(CONFIG, crop)(tall).mean() for crop in (0, 2))
    assert top < bottom


@pytest.mark.parametrize("augmentation", [Augmentation(), STRONGER, GENTLE])
def test_the_generator_decides_everything(augmentation):
    transform = Augmented(CONFIG, augmentation)
    views = [transform.draw(np.random.default_rng(seed)) for seed in (3, 3, 4)]
    first, again, other = (view(pictures()) for view in views)
    torch.testing.assert_close(first, again, rtol=0, atol=0)
    torch.testing.assert_close(views[0](pictures()), first, rtol=0, atol=0)
    assert not torch.equal(first, other)
    assert first.shape == (3, 4, 24, 40) and first.isfinite().all()


@pytest.mark.parametrize("augmentation", [Augmentation(), GENTLE])
def test_frames_that_are_alike_stay_alike(augmentation):
    for seed in range(20):
        clip = Augmented(CONFIG, augmentation).draw(np.random.default_rng(seed))(smooth())
        torch.testing.assert_close(clip, clip[:, :1].expand_as(clip), rtol=0, atol=0)


def test_nothing_by_chance_is_a_plain_view():
    clip = Augmented(CONFIG, STILL).draw(np.random.default_rng(0))(pictures())
    torch.testing.assert_close(clip, Plain(CONFIG)(pictures()), rtol=0, atol=1e-6)


def test_a_mirrored_view_says_so_and_is_mirrored():
    always = Augmentation(scale=(1.0, 1.0), aspect=(1.0, 1.0), flip=1.0, rand_augment=None)
    view = Augmented(CONFIG, always).draw(np.random.default_rng(0))
    assert view.is_mirrored
    torch.testing.assert_close(view(pictures()).flip(-1), Plain(CONFIG)(pictures()), rtol=0, atol=1e-6)
    drawn = [Augmented(CONFIG, GENTLE).draw(np.random.default_rng(seed)).is_mirrored for seed in range(200)]
    assert 70 < sum(drawn) < 130


def test_cuts_keep_the_share_that_was_asked_for():
    ramp = smooth(1, (100, 160))
    spans = []
    for seed in range(50):
        view = Augmented(CONFIG, Augmentation(scale=(0.25, 0.25), aspect=(1, 1), flip=0, rand_augment=None))
        clip = view.draw(np.random.default_rng(seed))(ramp)
        spans.append(float(clip.max() - clip.min()) / float(Plain(CONFIG)(ramp).max() - Plain(CONFIG)(ramp).min()))
    assert min(spans) > 0.42 and max(spans) < 0.58  # half the width of a quarter of the area


def test_erasing_replaces_the_same_box_in_all_frames():
    always = Augmentation(scale=(1.0, 1.0), aspect=(1.0, 1.0), flip=0.0, rand_augment=None, erasing=1.0)
    for seed in range(10):
        clip = Augmented(CONFIG, always).draw(np.random.default_rng(seed))(smooth())
        changed = (clip != Plain(CONFIG)(smooth())).any(0)
        assert (changed == changed[:1]).all()
        assert 0.01 < changed[0].float().mean() < 0.4


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_keeps_shape_and_type_and_does_something(name):
    clip = pictures(3) // 2 + 40
    for strength, sign in ((0.7, 1), (0.7, -1), (1.0, 1)):
        done = Operation(name, strength, sign)(clip)
        assert done.shape == clip.shape and done.dtype == np.uint8
        assert not np.array_equal(done, clip)
    for value in (0, 128, 255):  # flat pictures divide nothing by 0
        flat = np.full((2, 16, 16, 3), value, np.uint8)
        assert Operation(name, 0.7)(flat).shape == flat.shape


@pytest.mark.parametrize("name", ["rotate", "color", "contrast", "brightness", "sharpness", "shear_x", "translate_y"])
def test_an_operation_of_no_strength_changes_nothing(name):
    np.testing.assert_allclose(Operation(name, 0.0)(pictures(2)).astype(int), pictures(2), atol=1)


def test_operations_go_as_far_as_the_recipes_say():
    clip = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1).repeat(3, axis=3)
    assert Operation("solarize", 0.5)(clip).max() == 127  # threshold 128
    assert len(np.unique(Operation("posterize", 0.5)(clip))) == 4  # 2 bits
    assert Operation("solarize_add", 1.0)(clip)[0, 0, 0, 0] == 110
    assert Operation("brightness", 1.0, -1)(clip).max() in (25, 26)  # a tenth
    moved = Operation("translate_x", 1.0)(np.full((1, 10, 100, 3), 255, np.uint8))
    assert (moved[0, :, :45] == 115).all() and (moved[0, :, 46:] == 255).all()


def test_half_of_the_drawn_operations_are_done_at_about_the_magnitude():
    rng = np.random.default_rng(0)
    drawn = [RandAugment().draw(rng) for _ in range(300)]
    assert 1.8 < np.mean([len(operations) for operations in drawn]) < 2.2
    strengths = [operation.strength for operations in drawn for operation in operations]
    assert np.mean(strengths) == pytest.approx(0.7, abs=0.01) and np.std(strengths) == pytest.approx(0.05, abs=0.01)
    assert {operation.name for operations in drawn for operation in operations} == set(OPERATIONS)


def test_a_mirrored_clip_s_hands_change_places():
    program = parse(
        "def take_cup(start_t=0.0, stop_t=1.0):\n"
        "    # the right one\n"
        "    if cup in right hand and left hand empty:\n"
        "        move(cup, hand=right)\n"
        "    while plate not in left hand:\n"
        "        grasp(plate, hand=left)\n"
        "    wait(hand=both)\n"
    )
    states = WorldState.initial(right="cup"), WorldState.initial(left="plate", right="cup")
    clip = ProgramClip("P01_01_0", "P01_01", 0.0, 1.0, "take cup", program, *states)
    other = mirrored(clip)
    assert "cup in left hand" in other.precondition and "plate not in right hand" in other.precondition
    assert [step.hand for step in other.program.sub_actions()] == ["left", "right", "both"]
    assert "the right one" in to_text(other.program)
    assert (other.before.left, other.before.right) == ("cup", None)
    assert (other.after.left, other.after.right) == ("cup", "plate")
    assert [step.verb for step in flatten(other.program)] == [step.verb for step in flatten(program)]
    assert mirrored(other) == clip

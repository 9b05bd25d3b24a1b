"""The containment loss: what it punishes, what it leaves alone, by hand-worked cases."""

import math

import pytest
import torch

from egoprog.leap.config import SUB_VERBS, LeapConfig, UniFormerConfig, Vocabulary
from egoprog.leap.losses import ACTING_SHARE, LeapLoss, containment_loss, cross_entropy, ordered_loss, precondition_loss
from egoprog.program.types import Verb

GRASP, OPEN, RELEASE = (SUB_VERBS.index(verb) for verb in (Verb.GRASP, Verb.USE, Verb.RELEASE))
KNIFE, FRIDGE, CARROT = 1, 2, 3
NUM_STEPS, NUM_OBJECTS = 4, 5
SURE = 20.0


def true_program(*steps):
    """(1, K) verbs and (1, K, 2) objects, padded with -1."""
    verbs, objects = torch.full((1, NUM_STEPS), -1), torch.full((1, NUM_STEPS, 2), -1)
    for k, (verb, acting, recipient) in enumerate(steps):
        verbs[0, k], objects[0, k] = verb, torch.tensor([acting, recipient])
    return verbs, objects


def said_program(*steps):
    """Logits of a network that is sure of its steps, ∅ after the last; two objects get the soft label's shares."""
    verbs, objects = torch.zeros(1, NUM_STEPS, len(SUB_VERBS)), torch.full((1, NUM_STEPS, NUM_OBJECTS), -SURE)
    for k, (verb, acting, recipient) in enumerate([*steps, *[(0, 0, 0)] * (NUM_STEPS - len(steps))]):
        verbs[0, k, verb] = SURE
        objects[0, k, acting] = 0.0 if not recipient else math.log(ACTING_SHARE)
        if recipient:
            objects[0, k, recipient] = math.log(1 - ACTING_SHARE)
    return verbs, objects


def contained(said, true):
    return float(containment_loss(*said_program(*said), *true_program(*true), torch.tensor([True])))


PROGRAM = [(GRASP, KNIFE, 0), (OPEN, KNIFE, CARROT), (RELEASE, KNIFE, 0)]


def test_a_program_said_as_it_is_costs_nothing():
    assert contained(PROGRAM, PROGRAM) == pytest.approx(0, abs=1e-4)


def test_the_order_of_steps_costs_nothing():
    assert contained(PROGRAM[::-1], PROGRAM) == pytest.approx(0, abs=1e-4)


def test_a_step_that_the_program_lacks_is_punished():
    assert contained([*PROGRAM[:2], (GRASP, FRIDGE, 0)], PROGRAM) > 3


def test_repeating_the_surest_step_does_not_pay():
    repeated = contained([PROGRAM[0]] * NUM_STEPS, PROGRAM)
    assert repeated > contained(PROGRAM, PROGRAM) + 3


def test_verb_and_objects_are_judged_together():
    """Each of "open knife"'s words is in the program, the step is not."""
    program = [(GRASP, KNIFE, 0), (OPEN, FRIDGE, 0)]
    assert contained([(GRASP, FRIDGE, 0), (OPEN, KNIFE, 0)], program) > contained(program, program) + 3


def test_swapping_the_acting_object_and_the_recipient_costs():
    swapped = [PROGRAM[0], (OPEN, CARROT, KNIFE), PROGRAM[2]]
    assert contained(swapped, PROGRAM) > 0.05


def test_the_loss_of_one_step_is_as_worked_by_hand():
    """One true step and ∅; every said step gives verb and objects evenly: m = 1/8 · 1/5 for either."""
    verbs, objects = torch.zeros(1, NUM_STEPS, 8), torch.zeros(1, NUM_STEPS, NUM_OBJECTS)
    match = 1 / 40
    by_hand = -math.log(2 * match) - math.log(1 - (1 - match) ** NUM_STEPS)
    loss = containment_loss(verbs, objects, *true_program((GRASP, KNIFE, 0)), torch.tensor([True]))
    assert float(loss) == pytest.approx(by_hand, rel=1e-5)


def test_gradients_are_finite_where_the_network_is_sure_and_wrong():
    verbs, objects = said_program((RELEASE, CARROT, 0))
    verbs.requires_grad_()
    objects.requires_grad_()
    containment_loss(verbs, objects, *true_program(*PROGRAM), torch.tensor([True])).backward()
    assert torch.isfinite(verbs.grad).all() and torch.isfinite(objects.grad).all()
    assert verbs.grad.abs().sum() > 0


@pytest.mark.parametrize("num_heads", [1, 2])
def test_descent_finds_the_set_of_steps(num_heads):
    torch.manual_seed(0)
    true_verbs, true_objects = true_program(*PROGRAM)
    shape = (1, NUM_STEPS, NUM_OBJECTS) if num_heads == 1 else (1, NUM_STEPS, 2, NUM_OBJECTS)
    logits = [torch.randn(1, NUM_STEPS, 8).requires_grad_(), torch.randn(shape).requires_grad_()]
    optimiser = torch.optim.Adam(logits, lr=0.1)
    for _ in range(300):
        loss = containment_loss(*logits, true_verbs, true_objects, torch.tensor([True]))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    said = {int(verb) for verb in logits[0].argmax(2)[0]}
    assert {GRASP, OPEN, RELEASE} <= said <= {GRASP, OPEN, RELEASE, 0}
    assert float(loss.detach()) < 0.1


def test_the_ordered_loss_wants_each_step_in_its_place():
    true = true_program(*PROGRAM)
    here = torch.tensor([True])
    assert float(ordered_loss(*said_program(*PROGRAM), *true, here)) == pytest.approx(0, abs=1e-4)
    assert float(ordered_loss(*said_program(*PROGRAM[::-1]), *true, here)) > 3


def test_clips_without_a_program_take_no_part():
    both = [torch.cat([a, b]) for a, b in zip(said_program(*PROGRAM), said_program((GRASP, CARROT, 0)), strict=True)]
    true = [torch.cat([x, x]) for x in true_program(*PROGRAM)]
    assert float(containment_loss(*both, *true, torch.tensor([True, False]))) == pytest.approx(0, abs=1e-4)
    assert float(containment_loss(*both, *true, torch.tensor([False, False]))) == 0


def test_unknown_classes_take_no_part():
    logits = torch.tensor([[5.0, 0.0], [0.0, 5.0]])
    assert float(cross_entropy(logits, torch.tensor([0, -1]))) == pytest.approx(math.log(1 + math.exp(-5)))
    assert float(cross_entropy(logits, torch.tensor([-1, -1]))) == 0


def test_preconditions_are_judged_by_the_l1_norm():
    said, true = torch.zeros(2, 384), torch.full((2, 384), 0.5)
    assert float(precondition_loss(said, true, torch.tensor([True, False]))) == pytest.approx(192)


def test_the_whole_is_the_weighted_sum_of_its_parts():
    vocabulary = Vocabulary(("take",), ("cup",), ((0, 0),), ("knife", "fridge", "carrot", "cup"))
    config = LeapConfig(vocabulary, UniFormerConfig(num_classes=3), num_steps=NUM_STEPS)
    verbs, objects = said_program(PROGRAM[0])
    output = {"verbs": torch.zeros(1, 1), "nouns": torch.zeros(1, 1), "actions": torch.zeros(1, 1)}
    output |= {"sub_verbs": verbs, "objects": objects, "precondition": torch.zeros(1, 384)}
    true_verbs, true_objects = true_program(*PROGRAM)
    known = torch.tensor([0])
    batch = {"verb": known, "noun": known, "action": known, "sub_verbs": true_verbs, "sub_objects": true_objects}
    batch |= {"precondition": torch.ones(1, 384), "has_program": torch.tensor([True])}
    parts = LeapLoss(config, {"precondition": 0.5})(output, batch)
    assert set(parts) == {"loss", "action", "program", "precondition"}
    assert float(parts["loss"]) == pytest.approx(
        float(parts["action"] + parts["program"] + 0.5 * parts["precondition"])
    )
    assert set(LeapLoss(config, {"action": 0.0})(output, batch)) == {"loss", "program", "precondition"}

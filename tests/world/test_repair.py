"""Programs that can't be done, made into ones that can."""

import pytest
from hypothesis import given, settings
from strategies import programs, states

from egoprog.program import parse, to_text
from egoprog.program.types import Program
from egoprog.world import WorldState, repair, validate


def program(body: str) -> Program:
    lines = "\n".join(f"    {line}" for line in body.strip().splitlines())
    return parse(f"def task():\n{lines}\n")


CASES = {
    "a tool that is not held is grasped": (
        "use(knife, carrot)",
        "grasp(knife)\nuse(knife, carrot)",
        ["inserted grasp(knife) before use(knife, carrot): no hand holds the knife"],
    ),
    "the hand of the step is the hand of the grasp": (
        "use(knife, carrot, hand=left)",
        "grasp(knife, hand=left)\nuse(knife, carrot, hand=left)",
        ["inserted grasp(knife) before use(knife, carrot): the left hand does not hold the knife"],
    ),
    "walking to what is in the hand is dropped": (
        "grasp(milk, hand=right)\ngoto(milk)\nuse(milk, cup)",
        "grasp(milk, hand=right)\nuse(milk, cup)",
        ["dropped goto(milk): the milk is already in the right hand"],
    ),
    "a second grasp is dropped": (
        "grasp(milk, hand=right)\ngrasp(milk)",
        "grasp(milk, hand=right)",
        ["dropped grasp(milk): the milk is already in the right hand"],
    ),
    "a closed fridge is opened": (
        "if fridge not open:\n    grasp(milk, fridge)",
        "if fridge not open:\n    use(fridge)\n    grasp(milk, fridge)",
        ["inserted use(fridge) before grasp(milk, fridge): the fridge is closed"],
    ),
    "a hand is freed": (
        "grasp(plate, hand=left)\ngrasp(knife, hand=right)\ngrasp(cup)",
        "grasp(plate, hand=left)\ngrasp(knife, hand=right)\nrelease(plate)\ngrasp(cup)",
        ["inserted release(plate) before grasp(cup): both hands are full (left: plate, right: knife)"],
    ),
    "what is put into a loop is put in once": (
        "while cup not full:\n    use(milk, cup)",
        "while cup not full:\n    if milk not in hand:\n        grasp(milk)\n    use(milk, cup)",
        ["inserted grasp(milk) before use(milk, cup): no hand holds the milk"],
    ),
    "a loop's first steps are not done twice": (
        "while cucumber not clean:\n    grasp(cucumber, hand=right)\n    use(cucumber, faucet)",
        "while cucumber not clean:\n    if cucumber not in right hand:\n        grasp(cucumber, hand=right)\n"
        "    use(cucumber, faucet)",
        [
            "made grasp(cucumber) wait for cucumber not in right hand: "
            "grasp(cucumber): the cucumber is already in the right hand (the second time round)"
        ],
    ),
    "a loop without end becomes an if": (
        "grasp(knife)\nwhile plate not clean:\n    use(knife, carrot)",
        "grasp(knife)\nif plate not clean:\n    use(knife, carrot)",
        ["made a loop an if; while plate not clean: nothing in the body makes the plate clean"],
    ),
    "what makes no sense is dropped with its block": (
        "if cup clean:\n    move(fridge, table)\nwait()",
        "wait()",
        ["dropped move(fridge, table): the fridge cannot be carried"],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_repair(name):
    before, after, said = CASES[name]
    mended, sentences = repair(program(before))
    assert to_text(mended) == to_text(program(after))
    assert list(sentences) == said
    assert validate(mended).ok


def test_a_valid_program_is_left_alone():
    fine = program("grasp(knife)\nuse(knife, carrot)")
    assert repair(fine) == (fine, ())


def test_the_steps_that_are_kept_keep_their_times():
    mended, _ = repair(program("use(knife, carrot, start_t=1, stop_t=2, confidence=0.9)"))
    grasp, use = mended.sub_actions()
    assert (grasp.start_s, grasp.confidence) == (None, None)
    assert (use.start_s, use.stop_s, use.confidence) == (1, 2, 0.9)


def test_the_state_at_the_start_decides_what_is_missing():
    use = program("use(knife, carrot)")
    assert repair(use, WorldState.initial(right="knife")) == (use, ())


@settings(max_examples=100, deadline=None)
@given(programs, states())
def test_a_repaired_program_is_always_valid_and_can_be_written_down(any_program, state):
    mended, said = repair(any_program, state)
    assert validate(mended, state).ok
    assert repair(mended, state) == (mended, ())
    assert bool(said) == (not validate(any_program, state).ok)
    if mended.body:
        assert parse(to_text(mended)) == mended

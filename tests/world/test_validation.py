"""Programs run through the world model: control flow, what they rely on, what they bring about."""

from hypothesis import given, settings
from strategies import programs, states

from egoprog.program import parse
from egoprog.program.types import Call, Condition, Program, SubAction, Verb
from egoprog.world import WorldState, post_conditions, validate


def program(body: str, name: str = "task") -> Program:
    lines = "\n".join(f"    {line}" for line in body.strip().splitlines())
    return parse(f"def {name}():\n{lines}\n")


def whys(validation) -> list[str]:
    return [problem.why for problem in validation.problems]


def fact(predicate: str, *args: str, negated: bool = False) -> Condition:
    return Condition(predicate, args, negated)


def test_the_papers_clean_cucumber_is_valid_and_ends_with_a_clean_cucumber():
    clean = program(
        """
if cucumber not in hand:
    goto(cucumber)
    grasp(cucumber)
if faucet not open:
    grasp(faucet)
    use(faucet)
while cucumber not clean:
    use(cucumber, faucet)
"""
    )
    validation = validate(clean)
    assert validation.ok, validation.problems
    assert validation.preconditions == (fact("near", "cucumber", negated=True),)
    assert fact("clean", "cucumber") in post_conditions(clean)
    assert validation.final.value(fact("on", "faucet")) is True


def test_each_step_carries_what_it_needs_and_does():
    validation = validate(program("grasp(knife, hand=right)\nuse(knife, carrot)"))
    grasp, use = validation.steps
    assert fact("in hand", "knife", "right") in grasp.post
    assert use.pre == (fact("in hand", "knife"), fact("near", "carrot"))
    assert use.post == (fact("cut", "carrot"),)
    assert not use.why_not


def test_an_impossible_step_is_reported_with_its_place_and_changes_nothing():
    validation = validate(program("goto(carrot)\nuse(knife, carrot)\nwait()"))
    assert not validation.ok
    (problem,) = validation.problems
    assert (problem.index, problem.path) == (1, (1,))
    assert problem.sub_action == SubAction(Verb.USE, ("knife", "carrot"))
    assert validation.steps[1].why_not == problem.why == "use(knife, carrot): no hand holds the knife"
    assert validation.final.value(fact("cut", "carrot")) is None


def test_a_branch_that_is_known_not_to_run_is_not_reached_and_not_wrong():
    validation = validate(program("if milk in hand:\n    goto(milk)\n    use(milk, cup)\nelse:\n    goto(milk)"))
    assert validation.ok
    assert [step.is_reached for step in validation.steps] == [False, False, True]


def test_a_branch_that_may_run_is_checked_under_its_guard():
    validation = validate(program("if fridge not open:\n    grasp(milk, fridge)"))
    assert whys(validation) == ["grasp(milk, fridge): the fridge is closed"]


def test_after_an_if_only_what_both_ways_agree_on_is_known():
    validation = validate(program("if cup clean:\n    grasp(cup)\nelse:\n    grasp(plate)\nuse(cup, sink)"))
    assert validation.ok
    assert validation.final.value(fact("in hand", "cup")) is True
    undecided = validate(program("if cup clean:\n    grasp(cup)\nelse:\n    grasp(plate)"))
    assert undecided.final.value(fact("in hand", "cup")) is None


def test_an_if_ensures_what_it_asks_for():
    validation = validate(program("if fridge not open:\n    use(fridge)\ngrasp(milk, fridge)"))
    assert validation.ok
    assert validation.final.value(fact("open", "fridge")) is True
    assert fact("open", "fridge") not in validation.preconditions


def test_a_loop_must_bear_a_second_round():
    validation = validate(
        program("while cucumber not clean:\n    grasp(cucumber, hand=right)\n    use(cucumber, faucet)")
    )
    assert whys(validation) == ["grasp(cucumber): the cucumber is already in the right hand (the second time round)"]


def test_a_loop_that_one_round_settles_needs_no_second():
    assert validate(program("while milk not in hand:\n    goto(milk)\n    grasp(milk)")).ok


def test_after_a_loop_the_terminating_condition_holds():
    validation = validate(program("grasp(milk)\nwhile cup not full:\n    use(milk, cup)"))
    assert validation.final.value(fact("full", "cup")) is True


def test_a_loop_that_nothing_in_it_can_end_is_a_problem():
    validation = validate(program("grasp(knife)\nwhile cucumber not clean:\n    use(knife, cucumber)"))
    assert whys(validation) == ["while cucumber not clean: nothing in the body makes the cucumber clean"]
    (problem,) = validation.problems
    assert (problem.index, problem.sub_action, problem.path) == (1, None, (1,))


def test_waiting_ends_what_ends_by_itself_and_not_what_does_not():
    assert validate(program("while not boiling(water):\n    wait()")).ok
    assert validate(program("while sink not full:\n    wait()")).ok
    assert whys(validate(program("while plate not clean:\n    wait()"))) == [
        "while plate not clean: nothing in the body makes the plate clean"
    ]


def test_a_loop_is_not_judged_where_the_model_does_not_know_enough():
    assert validate(program("grasp(object_1)\nwhile plate not clean:\n    use(object_1, plate)")).ok
    assert validate(program("while plate not clean:\n    do_magic()")).ok
    assert validate(program("grasp(sponge)\nwhile plate not shiny:\n    use(sponge, plate)")).ok


def test_a_program_relies_only_on_facts_of_the_world_before_it():
    validation = validate(program("goto(milk)\ngrasp(milk)\nuse(milk, cup)"))
    assert validation.preconditions == (
        fact("near", "milk", negated=True),
        fact("empty", "milk", negated=True),
        fact("open", "milk"),
    )


def test_the_state_at_the_start_decides():
    use = program("use(knife, carrot)")
    assert not validate(use).ok
    assert validate(use, WorldState.initial(right="knife")).ok


def test_calls_run_the_programs_given_and_those_of_the_library():
    callee = Program("fetch", (SubAction(Verb.GRASP, ("milk",)),), objects=("milk",))
    caller = Program("task", (Call("fetch", ("cup",)), SubAction(Verb.USE, ("cup", "sink"))))
    assert validate(caller, programs=(callee,)).ok
    library = Program("task", (Call("open_fridge"), SubAction(Verb.GRASP, ("milk", "fridge"))))
    validation = validate(library)
    assert validation.ok and not validation.notes
    assert validation.final.value(fact("open", "fridge")) is True


def test_a_problem_inside_a_call_is_told_at_the_call():
    callee = Program("chop", (SubAction(Verb.USE, ("knife", "carrot")),))
    caller = Program("task", (SubAction(Verb.WAIT), Call("chop"), SubAction(Verb.WAIT)))
    (problem,) = validate(caller, programs=(callee,)).problems
    assert (problem.index, problem.path) == (1, (1,))
    assert problem.why == "chop: use(knife, carrot): no hand holds the knife"


def test_an_unknown_call_is_noted_and_leaves_nothing_known():
    validation = validate(program("grasp(cup)\nsummon_waiter()\nuse(knife, carrot)"))
    assert validation.ok
    assert validation.notes == ("summon_waiter: its steps are not known, and nothing is after it",)
    assert validation.final.value(fact("in hand", "cup")) is None


def test_a_program_that_calls_itself_comes_to_an_end():
    endless = Program("again", (Call("again"),))
    assert validate(endless, programs=(endless,)).ok


def test_what_a_single_sub_action_brings_about():
    cut = post_conditions(SubAction(Verb.USE, ("knife", "carrot")), WorldState.initial(right="knife"))
    assert cut == (fact("cut", "carrot"),)


@settings(max_examples=150, deadline=None)
@given(programs, states())
def test_no_program_makes_the_world_model_fail(any_program, state):
    validation = validate(any_program, state)
    assert len(validation.steps) == len(list(any_program.sub_actions()))
    assert [step.sub_action for step in validation.steps] == list(any_program.sub_actions())
    for problem in validation.problems:
        assert problem.why
        assert 0 <= problem.index <= len(validation.steps)

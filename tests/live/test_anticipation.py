"""What comes next: exemplars say what is usual, the world model what is possible."""

import pytest

from egoprog.live.anticipation import Anticipator
from egoprog.live.programmer import LiveProgrammer
from egoprog.program import parse
from egoprog.program.library import exemplars
from egoprog.program.types import Condition, Hand, SubAction, Verb
from egoprog.world import Domain, WorldState, explain
from tests.live.stories import carrying, frames, grab, play

POUR = parse(
    "def pour_milk(start_t=0):\n"
    "    grasp(milk, hand=right, start_t=0, stop_t=0.5)\n"
    "    use(milk, cup, start_t=2, stop_t=4)\n"
    "    release(milk, start_t=5, stop_t=5.2)\n"
)
GRASPED = SubAction(Verb.GRASP, ("milk",), Hand.RIGHT, 0.0, 0.5)
HOLDING = WorldState.initial(right="milk")


@pytest.fixture
def taught() -> Anticipator:
    return Anticipator(Domain.default(), [POUR])


def test_the_exemplar_goes_on(taught: Anticipator) -> None:
    best = taught.candidates((GRASPED,), HOLDING, ("cup",))[0]
    assert (best.sub_action.verb, best.sub_action.objects) == (Verb.USE, ("milk", "cup"))
    assert best.score > 0.5


def test_the_exemplar_is_put_in_terms_of_what_is_here(taught: Anticipator) -> None:
    """Juice is a liquid like milk, a mug a vessel like a cup."""
    juice = SubAction(Verb.GRASP, ("juice",), Hand.RIGHT, 0.0, 0.5)
    best = taught.candidates((juice,), WorldState.initial(right="juice"), ("mug",))[0]
    assert (best.sub_action.verb, best.sub_action.objects) == (Verb.USE, ("juice", "mug"))


def test_a_longer_context_decides_between_exemplars() -> None:
    put = parse(
        "def put_milk():\n    goto(fridge)\n    grasp(milk, hand=right)\n    move(milk, table)\n    release(milk)\n"
    )
    both = Anticipator(Domain.default(), [POUR, put])
    walked = SubAction(Verb.GOTO, ("fridge",))
    alone = both.candidates((GRASPED,), HOLDING, ("cup", "table"))
    after_walk = both.candidates((walked, GRASPED), HOLDING, ("cup", "table"))
    score = {c.sub_action.verb: c.score for c in alone}
    longer = {c.sub_action.verb: c.score for c in after_walk}
    assert longer[Verb.MOVE] > score[Verb.MOVE]
    assert after_walk[0].sub_action.verb is Verb.MOVE


def test_what_the_world_rules_out_is_pushed_down_and_says_why(taught: Anticipator) -> None:
    possible = taught.candidates((GRASPED,), HOLDING, ("cup",), limit=50)
    elsewhere = WorldState.initial(left="plate", right="pan")  # the milk is in no hand
    impossible = taught.candidates((GRASPED,), elsewhere, ("cup",), limit=50)
    poured = next(c for c in possible if c.sub_action.verb is Verb.USE and c.sub_action.objects == ("milk", "cup"))
    ruled_out = next(c for c in impossible if c.sub_action.verb is Verb.USE and c.sub_action.objects == ("milk", "cup"))
    assert poured.is_feasible and not ruled_out.is_feasible
    assert ruled_out.score < poured.score / 2
    assert ruled_out.why_not == explain(SubAction(Verb.USE, ("milk", "cup")), elsewhere)


def test_scores_sum_to_at_most_one_and_fall() -> None:
    anticipator = Anticipator(Domain.default(), exemplars())
    for so_far in ((), (GRASPED,), (SubAction(Verb.WAIT),)):
        found = anticipator.candidates(so_far, HOLDING, ("cup", "sink", "fridge"), limit=50)
        scores = [candidate.score for candidate in found]
        assert found
        assert sum(scores) <= 1.0 + 1e-6
        assert scores == sorted(scores, reverse=True)
        assert len({(c.sub_action.verb, c.sub_action.objects) for c in found}) == len(found)


def test_the_end_of_an_exemplar_takes_its_share(taught: Anticipator) -> None:
    released = SubAction(Verb.RELEASE, ("milk",), Hand.RIGHT, 5.0, 5.2)
    after = taught.candidates((released,), WorldState.initial(), ("cup",), limit=50)
    assert sum(candidate.score for candidate in after) < 0.3  # the one exemplar ends here


def test_time_to_start_counts_down_from_the_exemplars_times(taught: Anticipator) -> None:
    def wait(observed_until_s: float) -> float | None:
        return taught.candidates((GRASPED,), HOLDING, ("cup",), (), observed_until_s)[0].time_to_start_s

    assert wait(0.5) == pytest.approx(1.5)
    assert wait(1.5) == pytest.approx(0.5)
    assert wait(9.0) == 0.0


def test_without_times_nobody_guesses_when() -> None:
    untimed = parse("def pour_milk():\n    grasp(milk)\n    use(milk, cup)\n")
    found = Anticipator(Domain.default(), [untimed]).candidates((GRASPED,), HOLDING, ("cup",), (), 1.0)
    assert found[0].time_to_start_s is None


def test_names_outside_the_vocabulary_are_not_made_up(taught: Anticipator) -> None:
    found = taught.candidates((GRASPED,), HOLDING, (), vocabulary=("milk", "plate"), limit=50)
    assert found
    assert all("cup" not in candidate.sub_action.objects for candidate in found)


def test_with_no_exemplar_the_world_model_alone_answers() -> None:
    found = Anticipator(Domain.default(), []).candidates((GRASPED,), HOLDING, ("cup",), limit=50)
    assert found
    assert all(candidate.is_feasible for candidate in found)
    assert len({round(candidate.score, 9) for candidate in found}) == 1


def test_programs_that_were_observed_are_learnt() -> None:
    anticipator = Anticipator(Domain.default(), [])
    before = anticipator.candidates((GRASPED,), HOLDING, ("cup",))[0]
    for _ in range(3):
        anticipator.learn(POUR)
    after = anticipator.candidates((GRASPED,), HOLDING, ("cup",))[0]
    assert after.score > before.score
    assert after.sub_action.objects == ("milk", "cup")


def test_the_live_forecast_follows_the_running_program(live: LiveProgrammer) -> None:
    play(live, [*frames(100.0, 101.0), grab(101.0, "milk"), *frames(101.0, 102.0, "milk")])
    forecast = live.forecast()
    assert forecast.program_id == live.latest.program_id
    assert forecast.observed_until_s == live.observed_until_s
    assert forecast.source == "world model, exemplars"
    feasible = [c for c in forecast.candidates if c.is_feasible]
    assert feasible and all(explain(c.sub_action, live.world) is None for c in feasible)


def test_a_hand_that_holds_is_not_told_to_grasp_the_same_again(live: LiveProgrammer) -> None:
    play(live, [e for e in carrying(name="milk") if getattr(e, "stamp_s", 0) < 103.5])
    for candidate in live.forecast().candidates:
        if candidate.sub_action.verb is Verb.GRASP and candidate.sub_action.objects[:1] == ("milk",):
            assert not candidate.is_feasible
    assert live.world.value(Condition("in hand", ("milk", "right"))) is True

"""The world as it is believed to be from what was seen."""

from kitchen_clips import STEPS, row, store

from egoprog.leap.action_conditions import learn_conditions
from egoprog.leap.state_estimate import Observed, StateEstimate, states_before, with_action
from egoprog.program.types import Condition, Hand, SubAction, Verb
from egoprog.world import Domain

DOMAIN = Domain.default()
CUP_IN_HAND = Condition("in hand", ("mug",))
TAP_ON = Condition("on", ("tap",))
VERBS, NOUNS = ("turn-on", "turn-off", "take", "put"), ("tap", "cup")


def test_what_is_seen_wins_over_what_is_believed():
    seen = StateEstimate().after([SubAction(Verb.RELEASE, ("mug",))], DOMAIN)
    assert seen.state.value(CUP_IN_HAND) is False
    assert seen.surprises == 1, "a mug that no hand held was let go"


def test_a_doubtful_observation_makes_unknown_what_it_would_change():
    held = StateEstimate().after(STEPS["take", "cup"], DOMAIN, confidence=0.3)
    assert held.state.value(CUP_IN_HAND) is None
    assert StateEstimate().after(STEPS["take", "cup"], DOMAIN, confidence=0.9).state.value(CUP_IN_HAND) is True


def test_hands_that_are_seen_overrule():
    estimate = StateEstimate().holding(Hand.LEFT, "plate")
    assert estimate.state.holding(Hand.LEFT) == "plate"
    assert estimate.holding(Hand.LEFT, "plate") is estimate
    assert estimate.holding(Hand.LEFT, None).state.holding(Hand.LEFT) is None


def test_an_action_without_a_program_leaves_what_it_leaves():
    conditions = learn_conditions(store(), DOMAIN)
    seen = with_action(StateEstimate(), Observed(("turn-on", "tap"), ()), conditions, DOMAIN)
    assert seen.state.value(TAP_ON) is True
    again = with_action(seen, Observed(("turn-on", "tap"), STEPS["turn-on", "tap"]), conditions, DOMAIN)
    assert again.state.value(TAP_ON) is True, "a use of the tap turned it on, said the action, so it isn't off now"


def test_nothing_that_ends_after_the_last_frame_is_used_where_a_network_saw_it():
    clips = store(num_rounds=2)
    conditions = learn_conditions(store(), DOMAIN)
    rows = [row(one, VERBS, NOUNS) for one in clips]
    observed = {one.clip.narration_id: Observed(one.label, one.steps) for one in clips}
    honest = dict(_states(rows, observed, conditions, tau_a_s=3.0, foretold={}))
    hindsight = dict(_states(rows, observed, conditions, tau_a_s=3.0))
    # clip 1 (2 s to the pause) is under way when clip 2 is anticipated: it took the cup
    assert honest["P901_01_2"].value(CUP_IN_HAND) is False
    assert hindsight["P901_01_2"].value(CUP_IN_HAND) is True


def _states(rows, observed, conditions, **options):
    for one, estimate in states_before(rows, observed, conditions, DOMAIN, **options):
        yield one.narration_id, estimate.state

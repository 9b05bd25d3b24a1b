"""Things of the catalogue are of sizes, nouns and grips that the rest of the simulator can rely on."""

import numpy as np
import pytest

from egoprog.data.epic_classes import NOUNS
from egoprog.errors import EgoprogError, UnknownKind
from egoprog.program.types import Hand
from egoprog.sim import grasp, stock
from egoprog.sim.body import SHOULDER_M
from egoprog.sim.catalogue import KINDS, make_thing
from egoprog.sim.pose import Pose

VARIANTS = (0, 7, 1234)
EYES_M = np.array([0.0, 0.1, 1.58])
COUNTER_M = 0.90


def test_nouns_are_classes_of_epic_kitchens():
    """A recording with another noun could not be evaluated with EPIC-KITCHENS' classes."""
    assert {kind: entry.noun for kind, entry in KINDS.items() if entry.noun not in NOUNS} == {}


def test_all_that_kitchens_are_stocked_with_can_be_made():
    assert set(stock._STOCK) <= set(KINDS)
    assert len(KINDS) >= 36


@pytest.mark.parametrize("kind", KINDS)
def test_a_thing_is_of_a_household_size_and_can_be_held(kind):
    for variant in VARIANTS:
        thing = make_thing(kind, f"{kind}_2", variant)
        assert (thing.name, thing.kind, thing.variant) == (f"{kind}_2", kind, variant)
        assert 0.005 < thing.height_m < 0.30 and 0.02 < thing.radius_m < 0.16
        assert thing.grips
        if thing.inside_m is not None:
            radius, floor, rim = thing.inside_m
            assert 0.02 < radius <= 1.1 * thing.radius_m and 0 < floor < rim <= thing.height_m + 1e-9
        if thing.mouth_m is not None:
            assert 0.5 * thing.height_m < thing.mouth_m[2] <= thing.height_m + 0.02


@pytest.mark.parametrize("kind", KINDS)
def test_grips_lie_at_the_thing_and_fit_a_hand(kind):
    thing = make_thing(kind, kind, 3)
    for grip in thing.grips:
        np.testing.assert_allclose(grip.bar.rotation.T @ grip.bar.rotation, np.eye(3), atol=1e-9)
        ends = [grip.bar.point((0, 0, side * grip.length_m / 2)) for side in (-1, 1)]
        for end in ends:
            assert np.hypot(*end[:2]) < 2.2 * thing.radius_m + 0.05, "the hand would close on air"
            assert -0.01 < end[2] < thing.height_m + 0.05
        assert 0.002 < grip.radius_m < 0.056, "no hand reaches around more"


@pytest.mark.parametrize("side", (Hand.RIGHT, Hand.LEFT))
@pytest.mark.parametrize("kind", KINDS)
def test_what_stands_before_a_person_can_be_taken_without_a_broken_wrist(kind, side):
    """Turned as the simulator turns it: handles towards the person, round things anyhow."""
    thing = make_thing(kind, kind, 3)
    sign = grasp.mirror(side)
    at = np.array([0.14 * sign, 0.36, COUNTER_M])
    costs = []
    for yaw in np.arange(12) * np.pi / 6:
        for grip in thing.grips:
            bar = Pose.at(*at, yaw) @ grip.bar
            shoulder = EYES_M + SHOULDER_M[side]
            costs.append(grasp.wrist_at(side, grip.style, grip.radius_m, bar, shoulder, COUNTER_M)[1])
    assert min(costs) < 4.0


def test_a_variant_is_always_the_same_and_variants_differ():
    assert make_thing("mug", "mug", 5).height_m == make_thing("mug", "mug_2", 5).height_m
    assert len({make_thing("mug", "mug", variant).height_m for variant in range(8)}) > 4


def test_an_unknown_kind_names_the_nearest_ones():
    with pytest.raises(UnknownKind, match="'mug'"):
        make_thing("mugg", "mugg", 0)
    with pytest.raises(EgoprogError, match="'mug'"):
        make_thing("cup", "cup", 0)

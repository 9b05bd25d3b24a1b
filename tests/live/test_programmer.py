"""The live program: what a robot that follows it relies on."""

import itertools
import random

import pytest

from egoprog.describe.types import HandObservation, HeadMotion, MotionKind, Narration, SoundEvent
from egoprog.errors import GenerationError
from egoprog.generate.local import LocalGenerator
from egoprog.live.programmer import Evidence, LiveConfig, LiveProgrammer, Revision, Status
from egoprog.program import parse, to_text
from egoprog.program.types import Condition, Hand, Program, SubAction, Verb, walk
from egoprog.world import validate
from tests.live.stories import carrying, frames, grab, hand, let_go, play


def verbs(revision: Revision) -> list[Verb]:
    return [step.verb for step in revision.program.sub_actions()]


def test_nothing_happens_no_program(live: LiveProgrammer) -> None:
    still = HeadMotion(MotionKind.STILL, 100.0, 102.0)
    turn = HeadMotion(MotionKind.TURN, 102.0, 103.0)
    assert play(live, [*frames(100.0, 104.0), still, turn]) == []
    assert not live.is_active
    assert live.forecast() is None


def test_at_the_end_of_an_idle_recording_one_program_says_that_nothing_was_done(live: LiveProgrammer) -> None:
    assert not play(live, frames(100.0, 104.0, ""))
    (revision,) = live.finish()
    assert verbs(revision) == [Verb.NOTHING]
    assert revision.is_complete
    assert (revision.start_s, revision.stop_s) == (pytest.approx(100.0), pytest.approx(104.0, abs=0.05))
    assert not live.finish()


def test_at_the_end_of_a_busy_recording_nothing_is_added(live: LiveProgrammer) -> None:
    assert play(live, carrying())
    assert not live.finish()


def test_a_program_opens_grows_and_closes_with_the_activity(live: LiveProgrammer) -> None:
    revisions = play(live, carrying())
    assert len({revision.program_id for revision in revisions}) == 1
    assert [revision.number for revision in revisions] == list(range(1, len(revisions) + 1))
    assert [revision.is_complete for revision in revisions] == [False] * (len(revisions) - 1) + [True]
    assert Verb.GRASP in verbs(revisions[0])
    assert verbs(revisions[-1])[:2] == [Verb.GRASP, Verb.MOVE]
    assert verbs(revisions[-1])[-1] is Verb.RELEASE
    assert revisions[-1].reason == "activity ended"
    assert revisions[-1].stop_s == pytest.approx(104.0, abs=0.05)  # when the hand let go, not when it was noticed


def test_a_narration_that_ends_in_the_future_holds_nothing_up(live: LiveProgrammer) -> None:
    told = Narration("carry cup", 101.0, 103.5)
    story = carrying()
    place = next(place for place, evidence in enumerate(story) if evidence.stamp_s > told.start_s)
    revisions = play(live, [*story[:place], told, *story[place:]])
    assert any(101.0 < revision.observed_until_s < 102.5 for revision in revisions)
    assert live.late == 0


def test_a_sub_action_runs_without_a_stop_and_gets_it_when_it_ends(live: LiveProgrammer) -> None:
    grasps = []
    for revision in play(live, carrying()):
        for step, status in zip(revision.program.sub_actions(), revision.statuses, strict=True):
            assert (step.stop_s is None) == (status is not Status.DONE) or step.start_s is None
            if step.verb is Verb.MOVE:
                grasps.append((status, step.stop_s))
    assert grasps[0] == (Status.RUNNING, None)
    assert grasps[-1][0] is Status.DONE
    assert grasps[-1][1] == pytest.approx(2.5, abs=0.3)  # from the start of the program, which leads the grab by 0.5


def test_numbers_of_nodes_stay_with_their_sub_actions(live: LiveProgrammer) -> None:
    numbers: dict[tuple, int] = {}
    for revision in play(live, carrying()):
        for statement, number in zip(walk(revision.program.body), revision.node_numbers[1:], strict=True):
            if isinstance(statement, SubAction):
                assert numbers.setdefault((statement.verb, statement.objects), number) == number
    assert len(numbers) >= 3
    assert len(set(numbers.values())) == len(numbers)


def test_every_revision_is_valid_and_survives_the_trip_through_text(live: LiveProgrammer) -> None:
    water = SoundEvent("water", 102.0, 103.5, 0.8)
    told = Narration("wash cup", 102.5)
    for revision in play(live, sorted([*carrying(), water, told], key=lambda e: getattr(e, "stamp_s", 103.6))):
        assert revision.validation.ok
        assert len(revision.validation.steps) == len(revision.statuses)
        assert parse(to_text(revision.program)) == revision.program


def test_the_world_is_carried_on_to_the_next_program(live: LiveProgrammer) -> None:
    held = [*frames(100.0, 101.0), grab(101.0, "cup"), *frames(101.0, 102.0, "cup")]
    first = play(live, held)[-1]
    assert first.world.holding(Hand.RIGHT) == "cup"
    closed = live.close()[-1]
    assert closed.is_complete
    assert live.world.holding(Hand.RIGHT) == "cup"
    second = play(live, [*frames(102.5, 104.0, "cup", moves=150.0)])[-1]
    assert second.program_id != first.program_id
    assert second.validation.ok
    grasps = [step for step in second.so_far if step.verb is Verb.GRASP and step.start_s is not None]
    assert grasps == []  # it is in the hand already


def test_what_is_seen_of_the_hands_overrules_what_was_believed(live: LiveProgrammer) -> None:
    play(live, [*frames(100.0, 101.0), grab(101.0, "cup"), *frames(101.0, 102.0, "cup")])
    live.close()
    assert live.world.holding(Hand.RIGHT) == "cup"
    # the release was never seen, but now the hand takes something else
    revision = play(live, [*frames(130.0, 131.0), grab(131.0, "knife"), *frames(131.0, 132.0, "knife")])[-1]
    assert revision.world.holding(Hand.RIGHT) == "knife"
    assert revision.validation.ok


def test_evidence_that_comes_late_ends_in_the_same_program() -> None:
    """Frames come in order; what is told of the same time comes with them, between later ones, or after all."""
    sounds = [SoundEvent("water", 102.2, 103.4, 0.8), SoundEvent("cutlery", 101.2, 101.4, 0.7)]
    story = carrying()
    seen = [each for each in story if isinstance(each, HandObservation)]
    told = [each for each in story if not isinstance(each, HandObservation)] + sounds

    def last(order: list[Evidence]) -> Program:
        live = LiveProgrammer(LocalGenerator())
        for each in order:
            live.push(each)
        return live.close()[-1].program

    on_time = sorted([*seen, *told], key=lambda e: getattr(e, "stamp_s", None) or e.stop_s)
    between = on_time.copy()
    shuffle = random.Random(3)
    for each in sounds:
        between.remove(each)
        between.insert(shuffle.randrange(on_time.index(each), len(between)), each)
    after = [each for each in on_time if each not in sounds] + sounds
    assert last(on_time) == last(between) == last(after)


def test_late_evidence_extends_the_running_program_to_the_front(live: LiveProgrammer) -> None:
    play(live, [*frames(100.0, 101.0), grab(101.0, "cup"), *frames(101.0, 102.0, "cup")])
    late = SoundEvent("cutlery", 99.5, 100.2, 0.9)
    revisions = play(live, [late, *frames(102.0, 102.5, "cup")])
    assert revisions[-1].start_s == 99.5
    assert live.late == 0


def test_evidence_for_a_closed_program_is_counted_and_leaves_it_closed(live: LiveProgrammer) -> None:
    play(live, carrying())
    assert play(live, [SoundEvent("cutlery", 101.0, 101.5, 0.9)]) == []
    assert live.late == 1
    assert not live.is_active


def test_a_gap_in_the_evidence_closes_the_program_before_the_next_opens(live: LiveProgrammer) -> None:
    first = [SoundEvent("water", 100.0, 101.0, 0.9)]
    second = [SoundEvent("water", 160.0, 161.0, 0.9)]
    revisions = play(live, [*first, *second])
    assert [revision.is_complete for revision in revisions] == [False, True, False]
    assert revisions[1].program_id == revisions[0].program_id != revisions[2].program_id
    assert revisions[1].stop_s == 101.0


def test_a_clock_that_changes_starts_anew_and_keeps_the_world(live: LiveProgrammer) -> None:
    play(live, [*frames(5000.0, 5001.0), grab(5001.0, "cup"), *frames(5001.0, 5002.0, "cup")])
    revisions = play(live, [*frames(10.0, 11.0, "cup"), *frames(11.0, 12.0, "cup", moves=150.0)])
    assert revisions[0].is_complete and revisions[0].reason == "the clock changed"
    assert revisions[-1].start_s < 12.0
    assert live.world.holding(Hand.RIGHT) == "cup"


def test_one_stray_stamp_changes_nothing(live: LiveProgrammer) -> None:
    play(live, [*frames(100.0, 101.0), grab(101.0, "cup"), *frames(101.0, 102.0, "cup")])
    assert play(live, [SoundEvent("water", 9000.0, 9001.0, 0.9)]) == []
    assert live.is_active and live.late == 1 and live.observed_until_s < 103.0


def test_a_program_that_gets_too_long_is_closed_and_the_next_goes_on() -> None:
    live = LiveProgrammer(LocalGenerator(), config=LiveConfig(max_length_s=3.0))
    revisions = play(live, [*frames(100.0, 101.0), grab(101.0, "cup"), *frames(101.0, 109.0, "cup", moves=60.0)])
    closed = [revision for revision in revisions if revision.is_complete]
    assert len(closed) >= 2
    assert all(revision.reason == "longest program reached" for revision in closed)
    assert closed[1].start_s == pytest.approx(closed[0].stop_s, abs=0.05)


def test_a_program_with_nine_ended_sub_actions_is_closed() -> None:
    live = LiveProgrammer(LocalGenerator(), config=LiveConfig(max_length_s=600.0, close_after_s=30.0))
    story: list[Evidence] = [hand(100.0)]
    for turn in range(8):
        start_s = 101.0 + 2 * turn
        story += [grab(start_s, f"cup_{turn}"), *frames(start_s, start_s + 1, f"cup_{turn}")]
        story += [let_go(start_s + 1, f"cup_{turn}"), *frames(start_s + 1, start_s + 2)]
    closed = [revision for revision in play(live, story) if revision.is_complete]
    assert closed and closed[0].reason == "longest program reached"
    assert 9 <= len(closed[0].statuses) <= 12


def test_revisions_come_no_closer_than_asked_and_only_if_something_changed() -> None:
    live = LiveProgrammer(LocalGenerator(), config=LiveConfig(min_revision_period_s=0.5))
    stamps = [r.observed_until_s for r in play(live, carrying()) if not r.is_complete]
    assert all(after - before >= 0.5 for before, after in itertools.pairwise(stamps))
    quiet = play(live, [*frames(200.0, 201.0), grab(201.0, "cup"), *frames(201.0, 206.0, "cup")])
    assert len(quiet) <= 4  # five seconds of holding still are no news


def test_closing_when_asked_gives_the_last_revision_once(live: LiveProgrammer) -> None:
    play(live, [*frames(100.0, 101.0), grab(101.0, "cup"), *frames(101.0, 102.0, "cup")])
    closed = live.close()
    assert [revision.is_complete for revision in closed] == [True]
    assert all(step.stop_s is not None for step in closed[0].so_far if step.start_s is not None)
    assert live.close() == ()


def test_the_vocabulary_rules_new_programs(live: LiveProgrammer) -> None:
    live.set_vocabulary(("cup",))
    revision = play(live, [*frames(100.0, 101.0), grab(101.0, "cups"), *frames(101.0, 102.0, "cups")])[-1]
    assert {name for step in revision.so_far for name in step.objects} == {"cup"}


def test_reset_forgets_the_program_and_the_world_only_if_asked(live: LiveProgrammer) -> None:
    held = [*frames(100.0, 101.0), grab(101.0, "cup"), *frames(101.0, 102.0, "cup")]
    play(live, held)
    live.close()
    live.reset(keep_world=True)
    assert live.world.holding(Hand.RIGHT) == "cup" and not live.is_active
    live.reset()
    assert live.world.holding(Hand.RIGHT) is None


def test_an_invalid_program_is_mended_or_withheld_never_published() -> None:
    class Wrong:
        """Uses what no hand holds."""

        def generate(self, description):
            return Program("use_knife", (SubAction(Verb.USE, ("knife", "carrot"), Hand.RIGHT, 0.0, 0.5),), 0.0)

    live = LiveProgrammer(Wrong())
    revision = play(live, [*frames(100.0, 101.0), grab(101.0, "cup"), *frames(101.0, 102.0, "cup")])[-1]
    assert revision.validation.ok
    assert validate(revision.program, live._world).ok
    assert revision.program.provenance.repairs


def test_an_error_of_the_generator_reaches_the_caller_and_the_next_try_works() -> None:
    class Flaky(LocalGenerator):
        fails = True

        def generate(self, description):
            if self.fails:
                raise GenerationError("expected a program, got none; try again")
            return super().generate(description)

    generator = Flaky()
    live = LiveProgrammer(generator)
    with pytest.raises(GenerationError):
        play(live, [*frames(100.0, 101.0), grab(101.0, "cup"), *frames(101.0, 102.0, "cup")])
    generator.fails = False
    assert play(live, frames(102.0, 103.0, "cup"))


def test_thousands_of_pieces_of_evidence_leave_memory_bounded() -> None:
    live = LiveProgrammer(LocalGenerator(), config=LiveConfig(memory_s=20.0, min_revision_period_s=1.0))
    sizes = []
    for round_number in range(20):
        play(live, carrying(100.0 + 20 * round_number))
        sizes.append(len(live._describer._bare) + len(live._describer._holds) + len(live._describer.contacts))
    assert max(sizes) < 3 * 30 * 22
    assert sizes[-1] <= max(sizes[:6]) * 1.1


def test_facts_that_a_program_made_true_are_known_to_the_next(live: LiveProgrammer) -> None:
    live._world = live._world.assume(Condition("open", ("fridge",)))
    play(live, carrying())
    assert live.world.value(Condition("open", ("fridge",))) is True

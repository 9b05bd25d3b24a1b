"""The programmer on real topics: evidence in; programs, anticipation and the state of the world out."""

import contextlib
import threading
import time

import pytest
from egoprog_msgs.msg import ActionProgram, Anticipation, HandContacts, ProgramNode, SubActionPrediction, WorldState
from egoprog_msgs.msg import Narration as NarrationMessage
from egoprog_msgs.msg import SoundEvent as SoundMessage
from egoprog_msgs.srv import CloseProgram, Reset, SetVocabulary
from egoprog_ros.convert import (
    VERBS,
    hands_to_message,
    header,
    message_to_program,
    prediction_to_message,
    sound_to_message,
    timing,
)
from egoprog_ros.programmer import Programmer
from egoprog_ros.stamps import to_seconds
from rclpy.parameter import Parameter

from egoprog.describe.types import Contact, ContactEvent, ContactKind, HandObservation, ObjectDetection, SoundEvent
from egoprog.leap.prediction import PredictedAction, Prediction
from egoprog.program import parse
from egoprog.program.types import Hand, Verb

PERIOD_S = 1 / 30


class Bench:
    """An active programmer, publishers for its evidence, and what it publishes."""

    def __init__(self, host, probe):
        self.node = host.add(Programmer())
        self.probe = probe
        self.node.trigger_configure()
        self.node.trigger_activate()
        self.programs = probe.collect(ActionProgram, "program", "latched")
        self.forecasts = probe.collect(Anticipation, "anticipation")
        self.worlds = probe.collect(WorldState, "world_state", "latched")
        self.hands = probe.publisher(HandContacts, "hand_contacts", "events")
        self.sounds = probe.publisher(SoundMessage, "sound_events", "events")
        self.narrations = probe.publisher(NarrationMessage, "narration", "events")

    def frame(self, stamp_s, held="", events=(), model_s=0.0, dropped=0):
        box = (100.0, 100.0, 180.0, 180.0)
        thing = ObjectDetection(held, 0.8, (120.0, 120.0, 200.0, 200.0), 7) if held else None
        contact = Contact.PORTABLE if held else Contact.NONE
        seen = HandObservation(stamp_s, Hand.RIGHT, 0.9, box, (), contact, 0.9, thing)
        now_s = time.time()
        times = timing(now_s - model_s, now_s, model_s, dropped)
        self.hands.publish(hands_to_message([seen], events, header(stamp_s, "camera"), (640, 480), "test", times))

    def carry(self, start_s=100.0, name="milk", seconds=1.0):
        """The right hand comes and takes something."""
        for number in range(15):
            self.frame(start_s + number * PERIOD_S)
        grabbed = ContactEvent(ContactKind.GRABBED, Hand.RIGHT, start_s + 0.5, name, 7, 0.9)
        self.frame(start_s + 0.5, name, [grabbed])
        for number in range(1, round(seconds / PERIOD_S)):
            self.frame(start_s + 0.5 + number * PERIOD_S, name)
            time.sleep(0.002)

    def rest(self, start_s, name="milk", seconds=3.0):
        """It lets go and rests."""
        released = ContactEvent(ContactKind.RELEASED, Hand.RIGHT, start_s, name, 7, 0.9)
        self.frame(start_s, "", [released])
        for number in range(1, round(seconds / PERIOD_S)):
            self.frame(start_s + number * PERIOD_S)
            time.sleep(0.002)


def wait_until(predicate, timeout_s=10.0):
    end_s = time.monotonic() + timeout_s
    while time.monotonic() < end_s:
        if predicate():
            return True
        time.sleep(0.01)
    return bool(predicate())


@pytest.fixture
def bench(host, probe):
    bench = Bench(host, probe)
    yield bench
    with contextlib.suppress(Exception):
        bench.node.trigger_deactivate()


def test_a_program_is_published_while_it_runs_and_closed_when_it_ends(bench):
    bench.carry()
    assert wait_until(lambda: bench.programs)
    first = bench.programs[0]
    assert first.valid and not first.complete
    assert to_seconds(first.end) == 0.0
    assert to_seconds(first.header.stamp) == pytest.approx(100.5, abs=0.3)
    assert first.header.frame_id == "camera"
    bench.rest(101.5)
    assert wait_until(lambda: bench.programs[-1].complete)
    last = bench.programs[-1]
    assert bytes(last.program_id.uuid) == bytes(first.program_id.uuid)
    assert last.revision > first.revision
    assert to_seconds(last.end) == pytest.approx(101.5, abs=0.05)
    assert last.provenance.startswith("local")
    assert parse(last.text) == message_to_program(last)


def test_what_a_hand_takes_while_the_node_is_busy_is_not_lost(bench, host):
    go_on = threading.Event()
    host.executor.create_task(go_on.wait, 10.0)
    bench.carry()  # a second and a half of frames; the one in which it takes the milk comes early
    go_on.set()
    assert wait_until(lambda: bench.programs and "grasp(milk" in bench.programs[-1].text)


def test_sub_actions_carry_conditions_and_status(bench):
    bench.carry()
    bench.rest(101.5)
    assert wait_until(lambda: bench.programs and bench.programs[-1].complete)
    actions = [node for node in bench.programs[-1].nodes if node.kind == ProgramNode.KIND_SUB_ACTION]
    grasp = next(node for node in actions if node.verb.value == VERBS[Verb.GRASP])
    assert grasp.status == ProgramNode.STATUS_DONE
    assert [argument.class_id for argument in grasp.args] == ["milk"]
    assert to_seconds(grasp.start) == pytest.approx(100.5, abs=0.05)
    assert any(c.predicate == "in hand" and c.args[0] == "milk" and not c.negated for c in grasp.post)
    assert grasp.pre


def test_the_world_state_follows_the_hands(bench):
    bench.carry()
    assert wait_until(lambda: bench.worlds and bench.worlds[-1].holding_right == "milk")
    bench.rest(101.5)
    assert wait_until(lambda: bench.worlds[-1].holding_right == "")


def test_anticipation_comes_with_every_new_sub_action_and_says_what_is_feasible(bench):
    bench.carry()
    assert wait_until(lambda: bench.forecasts)
    forecast = bench.forecasts[-1]
    assert forecast.source == "world model, exemplars"
    assert bytes(forecast.program_id.uuid) == bytes(bench.programs[-1].program_id.uuid)
    assert sum(candidate.score for candidate in forecast.candidates) <= 1.0 + 1e-5
    assert any(candidate.feasible for candidate in forecast.candidates)
    assert all(bool(candidate.why_not) is not candidate.feasible for candidate in forecast.candidates)
    assert to_seconds(forecast.observed_until) >= 100.5


def test_anticipation_comes_at_least_every_second_while_a_program_runs(bench):
    bench.node.set_parameters([Parameter("close_after_s", value=60.0)])
    bench.carry()
    assert wait_until(lambda: bench.forecasts)
    before = len(bench.forecasts)
    assert wait_until(lambda: len(bench.forecasts) >= before + 2, 4.0)


def test_a_program_whose_evidence_stops_is_closed_all_the_same(bench):
    bench.carry()
    assert wait_until(lambda: bench.programs)
    assert wait_until(lambda: bench.programs[-1].complete, 6.0)


def test_closing_by_service_publishes_the_complete_program(bench):
    bench.carry()
    assert wait_until(lambda: bench.programs)
    answer = bench.probe.call(CloseProgram, "programmer/close_program", CloseProgram.Request())
    assert answer.success and answer.revisions >= 2
    assert wait_until(lambda: bench.programs[-1].complete)
    assert bench.programs[-1].revision == answer.revisions
    again = bench.probe.call(CloseProgram, "programmer/close_program", CloseProgram.Request())
    assert again.success and again.revisions == 0


def test_who_comes_late_gets_the_last_program_and_the_state(bench):
    bench.carry()
    assert wait_until(lambda: bench.programs and bench.worlds)
    late_program = bench.probe.collect(ActionProgram, "program", "latched")
    late_world = bench.probe.collect(WorldState, "world_state", "latched")
    assert wait_until(lambda: late_program and late_world)
    assert late_program[0].text == bench.programs[-1].text or late_program[0].revision >= bench.programs[-1].revision


def test_timing_tells_models_from_overhead(bench):
    bench.node.set_parameters([Parameter("min_revision_period_s", value=0.0)])
    for number in range(15):
        bench.frame(100.0 + number * PERIOD_S)
    grabbed = ContactEvent(ContactKind.GRABBED, Hand.RIGHT, 100.5, "milk", 7, 0.9)
    bench.frame(100.5, "milk", [grabbed], model_s=0.25, dropped=3)
    assert wait_until(lambda: bench.programs)
    times = bench.programs[-1].timing
    assert times.model_s == pytest.approx(0.25)
    assert times.dropped == 3
    total_s = to_seconds(times.published) - to_seconds(times.arrived)
    assert times.overhead_s == pytest.approx(total_s - 0.25, abs=1e-4)
    assert 0.0 < times.overhead_s < 1.0


def test_sound_and_narration_alone_make_a_program(bench):
    bench.narrations.publish(NarrationMessage(header=header(100.2), text="wash cup"))
    bench.sounds.publish(sound_to_message(SoundEvent("water", 100.0, 103.0, 0.9), "microphone"))
    assert wait_until(lambda: bench.programs and "water" in bench.programs[-1].text)
    assert wait_until(lambda: bench.programs[-1].name == "wash_cup")


def test_the_vocabulary_rules_what_objects_may_be_called(bench):
    request = SetVocabulary.Request(names=["milk"])
    assert bench.probe.call(SetVocabulary, "programmer/set_vocabulary", request).success
    bench.carry(name="milks")
    assert wait_until(lambda: bench.programs and "grasp(milk" in bench.programs[-1].text)
    assert list(bench.programs[-1].vocabulary) == ["milk"]


def test_reset_keeps_the_world_only_if_asked(bench):
    bench.carry()
    assert wait_until(lambda: bench.worlds and bench.worlds[-1].holding_right == "milk")
    bench.probe.call(CloseProgram, "programmer/close_program", CloseProgram.Request())
    assert bench.probe.call(Reset, "programmer/reset", Reset.Request(keep_world=True)).success
    assert bench.node._live.world.holding(Hand.RIGHT) == "milk"
    assert bench.probe.call(Reset, "programmer/reset", Reset.Request(keep_world=False)).success
    assert bench.node._live.world.holding(Hand.RIGHT) is None


def test_stamps_that_start_again_close_the_program_and_go_on(bench):
    bench.carry(5000.0)
    assert wait_until(lambda: bench.programs)
    bench.carry(10.0, "cup")
    assert wait_until(lambda: bench.programs[-1].complete is False and to_seconds(bench.programs[-1].start) < 100.0)
    assert any(program.complete for program in bench.programs)


def test_deactivation_closes_the_program(bench):
    bench.carry()
    assert wait_until(lambda: bench.programs)
    bench.node.trigger_deactivate()
    assert wait_until(lambda: bench.programs[-1].complete)


def test_what_a_network_sees_and_expects_is_handed_on_with_its_stamps(bench, monkeypatch):
    pushed = []
    monkeypatch.setattr(bench.node._live, "push", pushed.append)
    take = PredictedAction("take", "cup", 2.0)
    for topic, ahead_s in (("sub_actions", 0.0), ("next_sub_actions", 1.0)):
        publisher = bench.probe.publisher(SubActionPrediction, topic)
        said = Prediction(100.0 + ahead_s, 97.0, "toy", actions=(take,), ahead_s=ahead_s)
        publisher.publish(prediction_to_message(said, "camera"))
    assert wait_until(lambda: len(pushed) == 2)
    assert {(said.stamp_s, said.ahead_s, said.action) for said in pushed} == {(100.0, 0.0, take), (101.0, 1.0, take)}


def test_a_reranker_that_can_not_be_read_is_said_and_programs_come_all_the_same(host, tmp_path):
    (tmp_path / "reranker.json").write_text("{")
    node = host.add(Programmer(parameter_overrides=[Parameter("model", value=str(tmp_path))]))
    node.trigger_configure()
    assert "its reranker can't be read" in node.counters.message
    assert node._live.reranker is None

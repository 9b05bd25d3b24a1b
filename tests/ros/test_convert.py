"""What goes out in a message comes back the same, through real serialisation."""

import math
import uuid

import numpy as np
import pytest
from egoprog_msgs.msg import ActionProgram, ProgramNode, SubActionPrediction
from egoprog_ros import convert
from geometry_msgs.msg import PoseStamped
from hypothesis import given, settings
from hypothesis import strategies as st
from nav_msgs.msg import Odometry
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import Image

from egoprog.data import PoseSample
from egoprog.describe.types import (
    Contact,
    ContactEvent,
    ContactKind,
    HandObservation,
    HeadMotion,
    MotionKind,
    Narration,
    ObjectDetection,
    SoundEvent,
)
from egoprog.errors import InputError, PoseError
from egoprog.leap.prediction import PredictedAction, PredictedStep, Prediction
from egoprog.program import parse
from egoprog.program.types import (
    Call,
    Comment,
    Condition,
    Hand,
    If,
    Import,
    Program,
    Provenance,
    SubAction,
    Verb,
    While,
)
from egoprog.world import WorldState, validate

CLIP_START_S = 1_795_304_449.25
PROGRAM_ID = uuid.UUID("12345678-1234-5678-1234-567812345678")


def carried(message):
    """The message as a subscriber gets it."""
    return deserialize_message(serialize_message(message), type(message))


names = st.sampled_from(["milk", "cup", "washing_liquid", "board:chopping", "knife"])
objects = st.lists(names, max_size=2, unique=True).map(tuple)
times = st.none() | st.integers(0, 30_000).map(lambda milliseconds: milliseconds / 1000)
conditions = st.builds(
    Condition, st.sampled_from(["in hand", "open", "clean", "near"]), names.map(lambda name: (name,)), st.booleans()
)
guards = st.lists(conditions, min_size=1, max_size=2, unique=True).map(tuple)
sub_actions = st.builds(
    SubAction,
    st.sampled_from([verb for verb in Verb if verb is not Verb.NOTHING]),
    objects,
    st.sampled_from([None, *Hand]),
    times,
    times,
    st.none() | st.integers(0, 100).map(lambda percent: percent / 100),
)
leaves = sub_actions | st.just(Call("wash_hands")) | st.just(Comment("Heard sound of water"))
statements = st.recursive(
    leaves,
    lambda inner: (
        st.builds(
            If, guards, st.lists(inner, min_size=1, max_size=3).map(tuple), st.lists(inner, max_size=2).map(tuple)
        )
        | st.builds(While, guards, st.lists(inner, min_size=1, max_size=3).map(tuple))
    ),
    max_leaves=8,
)
programs = st.builds(
    Program,
    name=st.sampled_from(["take_milk", "clean_cup"]),
    body=st.lists(statements, min_size=1, max_size=5).map(tuple),
    start_s=st.sampled_from([None, 0.0, 2.5]),
    stop_s=times,
    imports=st.sampled_from([(), (Import("library", ("wash_hands",)),)]),
    objects=st.lists(names, max_size=3, unique=True).map(tuple),
    is_complete=st.booleans(),
)


@settings(max_examples=60, deadline=None)
@given(programs, st.sampled_from([CLIP_START_S, 0.0, 12.345678901]))
def test_every_program_comes_back_from_its_message(program, start_s):
    message = convert.program_to_message(program, start_s, program_id=PROGRAM_ID)
    assert convert.message_to_program(carried(message)) == program


MILK = """
def pour_milk(start_t=0, stop_t=3):
    goto(milk)
    grasp(milk, hand=right, start_t=0.4, stop_t=0.81, confidence=0.92)
    if milk not in hand:
        grasp(milk)
    else:
        use(milk, cup)
    release(milk)
"""


def test_nodes_carry_stamps_roles_branches_and_what_the_world_model_says():
    program = parse(MILK)
    validation = validate(program)
    message = carried(
        convert.program_to_message(
            program,
            CLIP_START_S,
            program_id=PROGRAM_ID,
            revision=3,
            frame_id="camera",
            validation=validation,
            statuses=["done"] * 4 + ["running"],
            track_ids={"milk": 7},
        )
    )
    assert bytes(message.program_id.uuid) == PROGRAM_ID.bytes and message.revision == 3
    assert message.header.frame_id == "camera" and message.name == "pour_milk"
    root = message.nodes[message.root]
    goto, grasp, branch, release = (message.nodes[child] for child in root.children)
    assert convert.message_to_verb(grasp.verb) is Verb.GRASP
    assert convert.to_seconds(grasp.start) == pytest.approx(CLIP_START_S + 0.4, abs=1e-6)
    assert [(a.class_id, a.track_id) for a in grasp.args] == [("milk", 7)]
    assert grasp.status == ProgramNode.STATUS_DONE and release.status == ProgramNode.STATUS_RUNNING
    assert math.isnan(goto.confidence) and grasp.confidence == pytest.approx(0.92)
    assert [message.nodes[i].verb.value for i in (*branch.children, *branch.otherwise)] == [1, 4]
    use = message.nodes[branch.otherwise[0]]
    assert [(a.class_id, a.role) for a in use.args] == [("milk", 0), ("cup", 1)]
    steps = validation.steps
    assert [convert.message_to_condition(c) for c in grasp.post] == list(steps[1].post) and steps[1].post
    assert [convert.message_to_condition(c) for c in release.pre] == list(steps[4].pre) and steps[4].pre
    assert message.valid == validation.ok


def test_a_step_that_the_world_model_rules_out_says_so():
    program = parse("def cut():\n    use(knife, carrot)\n    release(carrot)\n")
    state = WorldState.initial()
    validation = validate(program, state)
    message = convert.program_to_message(program, 0.0, program_id=PROGRAM_ID, validation=validation)
    assert message.valid == validation.ok is False
    assert "hand" in message.why_not
    assert ProgramNode.STATUS_INFEASIBLE in [node.status for node in message.nodes]


def test_nodes_that_make_no_tree_are_refused():
    looping = ActionProgram(name="loop", nodes=[ProgramNode(kind=ProgramNode.KIND_SEQUENCE, children=[0])])
    beyond = ActionProgram(name="beyond", nodes=[ProgramNode(kind=ProgramNode.KIND_SEQUENCE, children=[5])])
    unknown = ActionProgram(
        name="unknown",
        nodes=[ProgramNode(kind=ProgramNode.KIND_SEQUENCE, children=[1]), ProgramNode(kind=99)],
    )
    for message in (looping, beyond, unknown):
        with pytest.raises(InputError, match="expected"):
            convert.message_to_program(message)


def test_provenance_is_told_in_one_line():
    made = Provenance("local", exemplar="move_bottle", repairs=("inserted goto(milk)", "inserted grasp(milk)"))
    assert convert.provenance_text(made) == "local: nearest exemplar move_bottle, 2 repairs"


def test_evidence_comes_back_from_its_messages():
    sound = SoundEvent("water", 12.5, 14.25, 0.75, "Water tap, faucet", "YAMNet")
    assert convert.message_to_sound(carried(convert.sound_to_message(sound))) == sound
    narration = Narration("take plate", 3.5)
    assert convert.message_to_narration(carried(convert.narration_to_message(narration))) == narration
    for motion in (
        HeadMotion(MotionKind.WALK, 1.0, 2.5, "pose", 1.25, 0.5),
        HeadMotion(MotionKind.TURN, 1.0, 2.5, "optical flow"),
    ):
        assert convert.message_to_motion(carried(convert.motion_to_message(motion))) == motion
    event = ContactEvent(ContactKind.GRABBED, Hand.RIGHT, 4.5, "pan", 3, 0.5)
    assert convert.message_to_contact(carried(convert.contact_to_message(event))) == event


def test_hands_come_back_from_their_message():
    pan = ObjectDetection("pan", 0.5, (10.0, 20.0, 110.0, 90.0), 4)
    landmarks = tuple((float(i), float(2 * i)) for i in range(21))
    hands = (
        HandObservation(5.5, Hand.LEFT, 0.75, (0.0, 0.0, 50.0, 60.0)),
        HandObservation(5.5, Hand.RIGHT, 0.5, (5.0, 6.0, 70.0, 80.0), landmarks, Contact.PORTABLE, 0.25, pan),
    )
    events = (ContactEvent(ContactKind.RELEASED, Hand.LEFT, 5.5),)
    message = convert.hands_to_message(hands, events, convert.header(5.5, "camera"), (640, 480), "MediaPipe")
    assert (message.image_width, message.image_height) == (640, 480)
    assert convert.message_to_hands(carried(message)) == (hands, events)
    detections = convert.detections_to_message([pan], message.header)
    assert convert.message_to_detections(carried(detections)) == (pan,)


def test_the_world_state_tells_what_each_hand_holds_and_every_fact():
    state = WorldState.initial(right="milk").assume(Condition("open", ("fridge",)))
    message = carried(convert.world_state_to_message(state, 7.0))
    assert (message.holding_left, message.holding_right) == ("", "milk")
    again = WorldState.initial(right="milk").assume(*convert.message_to_facts(message))
    assert set(again.facts) == set(state.facts)


def test_poses_come_as_pose_or_odometry_and_are_normalised():
    sample = PoseSample(2.0, (1.0, 2.0, 3.0), (0.0, 0.0, 0.6, 0.8))
    stamped = carried(convert.pose_to_message(sample, convert.header(2.0, "world")))
    assert convert.message_to_pose(stamped) == sample
    odometry = Odometry(header=stamped.header)
    odometry.pose.pose.position.x = 1.0
    odometry.pose.pose.orientation.w = 2.0
    assert convert.message_to_pose(odometry) == PoseSample(2.0, (1.0, 0.0, 0.0), (0.0, 0.0, 0.0, 1.0))


def test_a_pose_that_is_no_pose_is_refused():
    zero = PoseStamped()
    zero.pose.orientation.w = 0.0
    with pytest.raises(PoseError, match="zero"):
        convert.message_to_pose(zero)
    zero.pose.position.x = math.nan
    with pytest.raises(PoseError, match="finite"):
        convert.message_to_pose(zero)


def test_a_frame_carries_the_stamp_of_its_message():
    image = Image(header=convert.header(9.5), height=2, width=2, encoding="mono8", step=2, data=bytes([1, 2, 3, 4]))
    frame = convert.message_to_frame(image)
    assert frame.stamp_s == 9.5 and np.array_equal(frame.image[..., 0], [[1, 2], [3, 4]])


def test_predictions_come_back_from_their_message():
    said = Prediction(
        stamp_s=12.5,
        clip_start_s=9.5,
        model="small 0123",
        steps=(
            PredictedStep(Verb.GRASP, 0.75, (("cup", 0.5), ("knife", 0.25))),
            PredictedStep(Verb.WAIT, 0.5),
            PredictedStep(Verb.MOVE, 0.25, (("cup", 0.625),)),
        ),
        actions=(PredictedAction("take", "board:chopping", 3.5), PredictedAction("turn-on", "tap", -1.25)),
        precondition=np.arange(384, dtype=np.float32),
        sentence="if cup not in hand",
        sentence_cosine=0.875,
        ahead_s=1.0,
    )
    message = over_the_wire(convert.prediction_to_message(said, "camera"))
    assert message.header.frame_id == "camera"
    found = convert.message_to_prediction(message)
    assert found == said
    assert (found.precondition == said.precondition).all()


def test_predictions_of_other_recognisers_are_taken_or_refused_with_a_reason():
    message = SubActionPrediction(
        verbs=[convert.verb_to_message(Verb.GRASP), convert.verb_to_message(Verb.MOVE)],
        verb_scores=[0.5, math.nan],
        objects=["cup"],
        object_scores=[0.5],
    )
    found = convert.message_to_prediction(message)
    assert [step.objects for step in found.steps] == [(("cup", 0.5),)] * 2, "not told of which, so of any"
    assert [step.score for step in found.steps] == [0.5, 0.0]
    for field, value in (
        ("verb_scores", [0.5]),
        ("object_steps", [0, 1]),
        ("action_labels", ["take"]),
        ("action_logits", [1.0]),
    ):
        broken = SubActionPrediction(verbs=message.verbs, verb_scores=message.verb_scores, objects=["cup"])
        broken.object_scores = [0.5]
        if field == "action_labels":
            broken.action_logits = [1.0]
        setattr(broken, field, value)
        with pytest.raises(InputError, match="expected"):
            convert.message_to_prediction(broken)
    broken = SubActionPrediction(action_labels=["take cup"], action_logits=[math.nan])
    with pytest.raises(InputError, match="finite logit for 'take cup'"):
        convert.message_to_prediction(broken)


def over_the_wire(message):
    return deserialize_message(serialize_message(message), type(message))

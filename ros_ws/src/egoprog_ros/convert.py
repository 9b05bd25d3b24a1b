"""Messages to core types and back: the only place where they meet.

Core types count seconds on the clock of the stamps; a program's times count from its clip's start. Messages carry
stamps. A stamp of zero means "unknown", so a time that really is zero (simulated clocks begin there) goes out as 1 ns.
Confidences are float32 in messages; they come back as the shortest decimal that is the same float32.
"""

from __future__ import annotations

import array
import math
import uuid
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from builtin_interfaces.msg import Time
from egoprog_msgs.msg import (
    ActionProgram,
    AnticipatedAction,
    Anticipation,
    Argument,
    HandContact,
    HandContacts,
    ObjectDetections,
    ProgramNode,
    Timing,
)
from egoprog_msgs.msg import Condition as ConditionMessage
from egoprog_msgs.msg import ContactEvent as ContactEventMessage
from egoprog_msgs.msg import Hand as HandMessage
from egoprog_msgs.msg import HeadMotion as HeadMotionMessage
from egoprog_msgs.msg import Narration as NarrationMessage
from egoprog_msgs.msg import ObjectDetection as ObjectDetectionMessage
from egoprog_msgs.msg import SoundEvent as SoundEventMessage
from egoprog_msgs.msg import SubActionPrediction as PredictionMessage
from egoprog_msgs.msg import Verb as VerbMessage
from egoprog_msgs.msg import WorldState as WorldStateMessage
from geometry_msgs.msg import PoseStamped
from nav_msgs.msg import Odometry
from sensor_msgs.msg import CompressedImage, Image, RegionOfInterest
from std_msgs.msg import Header
from unique_identifier_msgs.msg import UUID

from egoprog.data.samples import Frame, PoseSample
from egoprog.describe.types import (
    Box,
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
from egoprog.program import parse, to_text
from egoprog.program.types import (
    Call,
    Comment,
    Condition,
    Hand,
    If,
    Program,
    Provenance,
    Statement,
    SubAction,
    Verb,
    While,
)
from egoprog_ros.images import compressed_to_rgb, image_to_rgb
from egoprog_ros.stamps import NANOSECONDS, to_seconds, to_time

if TYPE_CHECKING:
    from egoprog.live.anticipation import Candidate
    from egoprog.live.programmer import Forecast, Revision
    from egoprog.world import Validation, WorldState

VERBS = {
    Verb.NOTHING: VerbMessage.NOTHING,
    Verb.GRASP: VerbMessage.GRASP,
    Verb.RELEASE: VerbMessage.RELEASE,
    Verb.MOVE: VerbMessage.MOVE,
    Verb.USE: VerbMessage.USE,
    Verb.POSITION: VerbMessage.POSITION,
    Verb.GOTO: VerbMessage.GOTO,
    Verb.WAIT: VerbMessage.WAIT,
}
HANDS = {
    None: HandMessage.UNKNOWN,
    Hand.LEFT: HandMessage.LEFT,
    Hand.RIGHT: HandMessage.RIGHT,
    Hand.BOTH: HandMessage.BOTH,
}
CONTACTS = {
    Contact.NONE: HandContact.NONE,
    Contact.SELF: HandContact.SELF,
    Contact.OTHER_PERSON: HandContact.OTHER_PERSON,
    Contact.PORTABLE: HandContact.PORTABLE,
    Contact.STATIONARY: HandContact.STATIONARY,
}
CONTACT_KINDS = {
    ContactKind.GRABBED: ContactEventMessage.GRABBED,
    ContactKind.RELEASED: ContactEventMessage.RELEASED,
}
MOTIONS = {
    MotionKind.STILL: HeadMotionMessage.STILL,
    MotionKind.WALK: HeadMotionMessage.WALK,
    MotionKind.TURN: HeadMotionMessage.TURN,
}
MOTION_SOURCES = {
    "pose": HeadMotionMessage.SOURCE_POSE,
    "optical flow": HeadMotionMessage.SOURCE_OPTICAL_FLOW,
}
STATUSES = {
    "running": ProgramNode.STATUS_RUNNING,
    "done": ProgramNode.STATUS_DONE,
    "anticipated": ProgramNode.STATUS_ANTICIPATED,
    "infeasible": ProgramNode.STATUS_INFEASIBLE,
}
UNKNOWN = math.nan  # a confidence, distance or angle that nobody measured
TIME_DECIMALS = 6  # of a program's times as they come back: stamps are exact to 1 ns, programs to 1 µs
NUM_LANDMARKS = 21


# Headers, times, small things


def header(stamp_s: float, frame_id: str = "") -> Header:
    return Header(stamp=to_time(stamp_s), frame_id=frame_id)


def timing(arrived_s: float, published_s: float, model_s: float = 0.0, dropped: int = 0) -> Timing:
    """Where the time of one result went; seconds on the node's clock."""
    return Timing(
        arrived=to_time(arrived_s),
        published=to_time(published_s),
        model_s=model_s,
        overhead_s=published_s - arrived_s - model_s,
        dropped=dropped,
    )


def hand_to_message(hand: Hand | None) -> HandMessage:
    return HandMessage(value=HANDS[hand])


def message_to_hand(message: HandMessage) -> Hand | None:
    return _name_of(HANDS, message.value, "hand")


def verb_to_message(verb: Verb) -> VerbMessage:
    return VerbMessage(value=VERBS[verb])


def message_to_verb(message: VerbMessage) -> Verb:
    return _name_of(VERBS, message.value, "verb")


def condition_to_message(condition: Condition, phase: int, confidence: float = 1.0) -> ConditionMessage:
    return ConditionMessage(
        phase=phase,
        predicate=condition.predicate,
        args=list(condition.args),
        negated=condition.negated,
        confidence=confidence,
    )


def message_to_condition(message: ConditionMessage) -> Condition:
    return Condition(message.predicate, tuple(message.args), message.negated)


# Programs


def program_to_message(
    program: Program,
    start_s: float,
    *,
    program_id: uuid.UUID,
    revision: int = 1,
    stamp_s: float | None = None,
    frame_id: str = "",
    stop_s: float | None = None,
    is_complete: bool = True,
    task: str = "",
    vocabulary: Sequence[str] | None = None,
    provenance: str | None = None,
    validation: Validation | None = None,
    node_numbers: Sequence[int] | None = None,
    statuses: Sequence[object] | None = None,
    track_ids: Mapping[str, int] | None = None,
    timing: Timing | None = None,
) -> ActionProgram:
    """A program as flat nodes with stamps.

    start_s: when the program's clip starts, on the clock of the stamps; the program's times count from there.
    stamp_s: of the last evidence; the program's end where None. stop_s: the end, where it is not the program's own.
    validation: the world model's; gives pre- and post-conditions, `pre`, `valid` and `why_not`.
    node_numbers: ids of the body and of every statement in pre-order, for programs that are revised.
    statuses: of program.sub_actions(), in their order: "running", "done", "anticipated", or an enum of these.
    vocabulary, provenance: those of the program where None. track_ids: of the objects that are tracked.
    """
    start_ns = round(start_s * NANOSECONDS)
    nodes = _NodeWriter(start_ns, validation, node_numbers, statuses, track_ids or {})
    root = nodes.sequence(program.body)
    end = _stamp(start_ns, program.stop_s) if stop_s is None else to_time(stop_s)
    message = ActionProgram(
        header=Header(stamp=end if stamp_s is None else to_time(stamp_s), frame_id=frame_id),
        program_id=UUID(uuid=list(program_id.bytes)),
        revision=revision,
        name=program.name,
        task=task,
        vocabulary=list(program.objects if vocabulary is None else vocabulary),
        provenance=provenance_text(program.provenance) if provenance is None else provenance,
        start=_stamp(start_ns, program.start_s or 0.0),
        end=end,
        root=root,
        nodes=nodes.nodes,
        valid=False,
        why_not="not checked by the world model",
        complete=is_complete,
        text=to_text(program),
    )
    if validation is not None:
        message.pre = [condition_to_message(c, ConditionMessage.PHASE_PRE) for c in validation.preconditions]
        message.valid = validation.ok
        message.why_not = "; ".join(problem.why for problem in validation.problems)
    if timing is not None:
        message.timing = timing
    return message


def message_to_program(message: ActionProgram) -> Program:
    """The program in a message: `message_to_program(program_to_message(p, ...)) == p`.

    The body comes from the nodes; what nodes don't carry (imports, declared objects, a cut end) comes from the text,
    where there is one. Raises InputError for nodes that don't make a tree.
    """
    written = parse(message.text) if message.text else Program(message.name, start_s=0.0)
    start_ns = _nanoseconds(message.start) - round((written.start_s or 0.0) * NANOSECONDS)
    if start_ns == 1:  # zero, told as 1 ns
        start_ns = 0
    body = _NodeReader(message.nodes, start_ns).body(message.root)
    return Program(
        name=message.name,
        body=body,
        start_s=written.start_s,
        stop_s=written.stop_s if message.text else _seconds_after(start_ns, message.end),
        imports=written.imports,
        objects=written.objects if message.text else tuple(message.vocabulary),
        is_complete=written.is_complete,
        provenance=Provenance(message.provenance.partition(":")[0]) if message.provenance else None,
    )


def message_to_part(message: ActionProgram, node_id: int) -> Program | Statement | None:
    """What the node of that id says: the whole program for its root, a statement, None where there is no such node.

    Raises InputError for nodes that don't make a tree.
    """
    index = next((index for index, node in enumerate(message.nodes) if node.id == node_id), None)
    if index is None:
        return None
    return message_to_program(message) if index == message.root else _NodeReader(message.nodes, 0).statement(index)


def message_to_statuses(message: ActionProgram) -> tuple[str, ...]:
    """ "running", "done", ... or "" where unknown, of the program's sub-actions in the order of the text."""
    names = {number: name for name, number in STATUSES.items()}
    return tuple(names.get(node.status, "") for node in message.nodes if node.kind == ProgramNode.KIND_SUB_ACTION)


def revision_to_message(
    revision: Revision,
    *,
    frame_id: str = "",
    task: str = "",
    vocabulary: Sequence[str] = (),
    timing: Timing | None = None,
) -> ActionProgram:
    """One revision of a live program."""
    return program_to_message(
        revision.program,
        revision.start_s,
        program_id=revision.program_id,
        revision=revision.number,
        stamp_s=revision.observed_until_s,
        frame_id=frame_id,
        stop_s=revision.stop_s if revision.is_complete else 0.0,
        is_complete=revision.is_complete,
        task=task,
        vocabulary=vocabulary or revision.objects,
        validation=revision.validation,
        node_numbers=revision.node_numbers,
        statuses=revision.statuses,
        timing=timing,
    )


def provenance_text(provenance: Provenance | None) -> str:
    """Who wrote a program, in one line: "local: nearest exemplar move_bottle, 2 repairs"."""
    if provenance is None:
        return ""
    about = [
        provenance.model,
        f"nearest exemplar {provenance.exemplar}" if provenance.exemplar else "",
        f"{provenance.attempts} attempts" if provenance.attempts > 1 else "",
        f"{len(provenance.repairs)} repairs" if provenance.repairs else "",
        f"fallback: {provenance.fallback}" if provenance.fallback else "",
    ]
    return ": ".join(filter(None, (provenance.generator, ", ".join(filter(None, about)))))


class _NodeWriter:
    """Lays a body's statements out flat, in pre-order."""

    def __init__(
        self,
        start_ns: int,
        validation: Validation | None,
        node_numbers: Sequence[int] | None,
        statuses: Sequence[object] | None,
        track_ids: Mapping[str, int],
    ):
        self.nodes: list[ProgramNode] = []
        self._start_ns = start_ns
        self._steps = None if validation is None else validation.steps
        self._numbers = node_numbers
        self._statuses = statuses
        self._track_ids = track_ids
        self._num_sub_actions = 0

    def sequence(self, body: Sequence[Statement]) -> int:
        index, node = self._new(ProgramNode.KIND_SEQUENCE)
        node.children = [self._statement(statement) for statement in body]
        return index

    def _statement(self, statement: Statement) -> int:
        match statement:
            case SubAction():
                return self._sub_action(statement)
            case If(guard=guard, body=body, orelse=orelse):
                index, node = self._new(ProgramNode.KIND_IF)
                node.guard = [condition_to_message(c, ConditionMessage.PHASE_GUARD) for c in guard]
                node.children = [self._statement(inner) for inner in body]
                node.otherwise = [self._statement(inner) for inner in orelse]
            case While(guard=guard, body=body):
                index, node = self._new(ProgramNode.KIND_WHILE)
                node.guard = [condition_to_message(c, ConditionMessage.PHASE_GUARD) for c in guard]
                node.children = [self._statement(inner) for inner in body]
            case Call(name=name, objects=objects):
                index, node = self._new(ProgramNode.KIND_CALL)
                node.text = name
                node.args = self._arguments(objects, UNKNOWN)
            case Comment(text=text):
                index, node = self._new(ProgramNode.KIND_COMMENT)
                node.text = text
            case _:
                raise TypeError(f"expected a statement of the program language, got {statement!r}")
        return index

    def _sub_action(self, sub_action: SubAction) -> int:
        index, node = self._new(ProgramNode.KIND_SUB_ACTION)
        confidence = UNKNOWN if sub_action.confidence is None else sub_action.confidence
        node.verb = verb_to_message(sub_action.verb)
        node.args = self._arguments(sub_action.objects, confidence)
        node.hand = hand_to_message(sub_action.hand)
        node.start = _stamp(self._start_ns, sub_action.start_s)
        node.end = _stamp(self._start_ns, sub_action.stop_s)
        node.confidence = confidence
        if self._statuses is not None:
            status = self._statuses[self._num_sub_actions]
            node.status = STATUSES[str(getattr(status, "value", status))]
        if self._steps is not None:
            step = self._steps[self._num_sub_actions]
            node.pre = [condition_to_message(c, ConditionMessage.PHASE_PRE) for c in step.pre]
            node.post = [condition_to_message(c, ConditionMessage.PHASE_POST) for c in step.post]
            if step.why_not:
                node.status = ProgramNode.STATUS_INFEASIBLE
        self._num_sub_actions += 1
        return index

    def _arguments(self, objects: Sequence[str], score: float) -> list[Argument]:
        return [
            Argument(
                role=Argument.ROLE_RECIPIENT if place else Argument.ROLE_ACTING,
                class_id=name,
                track_id=self._track_ids.get(name, -1),
                score=score,
            )
            for place, name in enumerate(objects)
        ]

    def _new(self, kind: int) -> tuple[int, ProgramNode]:
        index = len(self.nodes)
        node = ProgramNode(id=index if self._numbers is None else self._numbers[index], kind=kind, confidence=UNKNOWN)
        self.nodes.append(node)
        return index, node


class _NodeReader:
    """Makes statements of flat nodes; each may be the child of one node only, so what comes in can't loop."""

    def __init__(self, nodes: Sequence[ProgramNode], start_ns: int):
        self._nodes = nodes
        self._start_ns = start_ns
        self._taken: set[int] = set()

    def body(self, root: int) -> tuple[Statement, ...]:
        node = self._take(root)
        if node.kind != ProgramNode.KIND_SEQUENCE:
            raise InputError(f"expected a sequence as the program's root, got a node of kind {node.kind}")
        return self._statements(node.children)

    def statement(self, index: int) -> Statement:
        return self._statement(self._take(index))

    def _statements(self, children: Sequence[int]) -> tuple[Statement, ...]:
        return tuple(self._statement(self._take(child)) for child in children)

    def _statement(self, node: ProgramNode) -> Statement:
        match node.kind:
            case ProgramNode.KIND_SUB_ACTION:
                return SubAction(
                    message_to_verb(node.verb),
                    tuple(argument.class_id for argument in node.args),
                    message_to_hand(node.hand),
                    _seconds_after(self._start_ns, node.start),
                    _seconds_after(self._start_ns, node.end),
                    _known(node.confidence),
                )
            case ProgramNode.KIND_IF:
                guard = tuple(message_to_condition(c) for c in node.guard)
                return If(guard, self._statements(node.children), self._statements(node.otherwise))
            case ProgramNode.KIND_WHILE:
                return While(tuple(message_to_condition(c) for c in node.guard), self._statements(node.children))
            case ProgramNode.KIND_CALL:
                return Call(node.text, tuple(argument.class_id for argument in node.args))
            case ProgramNode.KIND_COMMENT:
                return Comment(node.text)
        raise InputError(f"expected a node of a kind of ProgramNode's constants, got {node.kind}")

    def _take(self, index: int) -> ProgramNode:
        if index >= len(self._nodes) or index in self._taken:
            raise InputError(f"expected nodes that make a tree, got child {index} twice or beyond {len(self._nodes)}")
        self._taken.add(index)
        return self._nodes[index]


# World state and anticipation


def world_state_to_message(state: WorldState, stamp_s: float, frame_id: str = "") -> WorldStateMessage:
    return WorldStateMessage(
        header=header(stamp_s, frame_id),
        holding_left=state.holding(Hand.LEFT) or "",
        holding_right=state.holding(Hand.RIGHT) or "",
        facts=[condition_to_message(fact, ConditionMessage.PHASE_FACT) for fact in state.facts],
    )


def message_to_facts(message: WorldStateMessage) -> tuple[Condition, ...]:
    """The facts of a world state, for `WorldState.initial(left, right).assume(*facts)`."""
    return tuple(message_to_condition(fact) for fact in message.facts)


def forecast_to_message(forecast: Forecast, published_s: float, frame_id: str = "") -> Anticipation:
    return Anticipation(
        header=header(published_s, frame_id),
        observed_until=to_time(forecast.observed_until_s),
        source=forecast.source,
        program_id=UUID(uuid=list(forecast.program_id.bytes)),
        revision=forecast.revision,
        candidates=[_candidate_to_message(candidate) for candidate in forecast.candidates],
    )


def message_to_candidate(message: AnticipatedAction) -> SubAction:
    """The sub-action that a candidate is about."""
    return SubAction(message_to_verb(message.verb), tuple(filter(None, (message.noun, message.noun_b))))


def _candidate_to_message(candidate: Candidate) -> AnticipatedAction:
    noun, noun_b = (*candidate.sub_action.objects, "", "")[:2]
    return AnticipatedAction(
        verb=verb_to_message(candidate.sub_action.verb),
        noun=noun,
        noun_b=noun_b,
        score=candidate.score,
        time_to_start=-1.0 if candidate.time_to_start_s is None else candidate.time_to_start_s,
        feasible=candidate.is_feasible,
        why_not=candidate.why_not,
    )


# What networks predict


def prediction_to_message(prediction: Prediction, frame_id: str = "", times: Timing | None = None) -> PredictionMessage:
    """What a network says of a moment, or of what comes after it."""
    objects = [(name, score, k) for k, step in enumerate(prediction.steps) for name, score in step.objects]
    return PredictionMessage(
        header=header(prediction.stamp_s, frame_id),
        clip_start=to_time(prediction.clip_start_s),
        model=prediction.model,
        verbs=[verb_to_message(step.verb) for step in prediction.steps],
        verb_scores=[step.score for step in prediction.steps],
        objects=[name for name, _, _ in objects],
        object_scores=[score for _, score, _ in objects],
        object_steps=[k for _, _, k in objects],
        precondition_embedding=array.array("f", prediction.precondition.tolist()),
        precondition=prediction.sentence,
        precondition_cosine=prediction.sentence_cosine,
        action_labels=[action.label for action in prediction.actions],
        action_logits=[action.logit for action in prediction.actions],
        time_to_start=prediction.ahead_s,
        timing=Timing() if times is None else times,
    )


def message_to_prediction(message: PredictionMessage) -> Prediction:
    """What a network said. Objects whose sub-action is not told may belong to any.

    Raises InputError for scores that are not one for each, and for labels that are no "verb noun".
    """
    _check_lengths("verb_scores", message.verb_scores, len(message.verbs))
    _check_lengths("object_scores", message.object_scores, len(message.objects))
    _check_lengths("action_logits", message.action_logits, len(message.action_labels))
    places = list(message.object_steps)
    if places:
        _check_lengths("object_steps", places, len(message.objects))
    scored = [(name, _known(score) or 0.0) for name, score in zip(message.objects, message.object_scores, strict=True)]
    steps = []
    for k, (verb, score) in enumerate(zip(message.verbs, message.verb_scores, strict=True)):
        own = [each for each, place in zip(scored, places, strict=True) if place == k] if places else scored
        steps.append(PredictedStep(message_to_verb(verb), _known(score) or 0.0, tuple(own)))
    return Prediction(
        stamp_s=to_seconds(message.header.stamp),
        clip_start_s=to_seconds(message.clip_start),
        model=message.model,
        steps=tuple(steps),
        actions=tuple(map(_message_to_action, message.action_labels, message.action_logits)),
        precondition=np.array(message.precondition_embedding, np.float32),
        sentence=message.precondition,
        sentence_cosine=float(message.precondition_cosine),
        ahead_s=float(message.time_to_start),
    )


def _message_to_action(label: str, logit: float) -> PredictedAction:
    verb, _, noun = label.partition(" ")
    if not verb or not noun:
        raise InputError(f"expected an action's verb and noun such as 'take plate', got {label!r}; check the model")
    if not math.isfinite(logit):
        raise InputError(f"expected a finite logit for {label!r}, got {logit}; check the model")
    return PredictedAction(verb, noun, float(logit))


def _check_lengths(name: str, values: Sequence, expected: int) -> None:
    if len(values) != expected:
        raise InputError(f"expected {expected} {name}, one for each, got {len(values)}; check the recogniser")


# Evidence


def sound_to_message(event: SoundEvent, frame_id: str = "") -> SoundEventMessage:
    return SoundEventMessage(
        header=header(event.stop_s, frame_id),
        start=to_time(event.start_s),
        end=to_time(event.stop_s),
        label=event.label,
        source_label=event.source_label,
        score=event.score,
        model=event.model,
    )


def message_to_sound(message: SoundEventMessage) -> SoundEvent:
    return SoundEvent(
        message.label,
        to_seconds(message.start),
        to_seconds(message.end),
        message.score,
        message.source_label,
        message.model,
    )


def motion_to_message(motion: HeadMotion, frame_id: str = "", is_running: bool = False) -> HeadMotionMessage:
    return HeadMotionMessage(
        header=header(motion.stop_s, frame_id),
        start=to_time(motion.start_s),
        end=to_time(motion.stop_s),
        kind=MOTIONS[motion.kind],
        source=MOTION_SOURCES[motion.source],
        distance=UNKNOWN if motion.distance_m is None else motion.distance_m,
        angle=UNKNOWN if motion.angle_rad is None else motion.angle_rad,
        running=is_running,
    )


def message_to_motion(message: HeadMotionMessage) -> HeadMotion:
    return HeadMotion(
        _name_of(MOTIONS, message.kind, "head motion"),
        to_seconds(message.start),
        to_seconds(message.end),
        _name_of(MOTION_SOURCES, message.source, "source of head motion"),
        _known(message.distance),
        _known(message.angle),
    )


def narration_to_message(narration: Narration, frame_id: str = "") -> NarrationMessage:
    end = Time() if narration.stop_s is None else to_time(narration.stop_s)
    return NarrationMessage(header=header(narration.start_s, frame_id), end=end, text=narration.text)


def message_to_narration(message: NarrationMessage) -> Narration:
    return Narration(message.text, to_seconds(message.header.stamp), to_seconds(message.end) or None)


def detection_to_message(detection: ObjectDetection) -> ObjectDetectionMessage:
    return ObjectDetectionMessage(
        class_id=detection.name,
        track_id=detection.track_id,
        score=detection.score,
        box=_box_to_message(detection.box_px),
    )


def message_to_detection(message: ObjectDetectionMessage) -> ObjectDetection:
    return ObjectDetection(message.class_id, message.score, _message_to_box(message.box), message.track_id)


def detections_to_message(
    detections: Sequence[ObjectDetection], image_header: Header, model: str = ""
) -> ObjectDetections:
    return ObjectDetections(
        header=image_header, detections=[detection_to_message(detection) for detection in detections], model=model
    )


def message_to_detections(message: ObjectDetections) -> tuple[ObjectDetection, ...]:
    return tuple(message_to_detection(detection) for detection in message.detections)


def hands_to_message(
    hands: Sequence[HandObservation],
    events: Sequence[ContactEvent],
    image_header: Header,
    image_size: tuple[int, int],
    model: str = "",
    timing: Timing | None = None,
) -> HandContacts:
    """What one frame told of the hands. image_header: the frame's. image_size: its width and height, pixels."""
    message = HandContacts(
        header=image_header,
        image_width=image_size[0],
        image_height=image_size[1],
        hands=[_observation_to_message(hand) for hand in hands],
        events=[contact_to_message(event) for event in events],
        model=model,
    )
    if timing is not None:
        message.timing = timing
    return message


def message_to_hands(message: HandContacts) -> tuple[tuple[HandObservation, ...], tuple[ContactEvent, ...]]:
    """(hands, events) of one frame."""
    stamp_s = to_seconds(message.header.stamp)
    hands = tuple(_message_to_observation(hand, stamp_s) for hand in message.hands)
    return hands, tuple(message_to_contact(event) for event in message.events)


def contact_to_message(event: ContactEvent) -> ContactEventMessage:
    return ContactEventMessage(
        kind=CONTACT_KINDS[event.kind],
        hand=hand_to_message(event.hand),
        stamp=to_time(event.stamp_s),
        object_class=event.object_name,
        object_track_id=event.track_id,
        score=event.score,
    )


def message_to_contact(message: ContactEventMessage) -> ContactEvent:
    return ContactEvent(
        _name_of(CONTACT_KINDS, message.kind, "contact event"),
        _known_hand(message.hand),
        to_seconds(message.stamp),
        message.object_class,
        message.object_track_id,
        message.score,
    )


def _observation_to_message(hand: HandObservation) -> HandContact:
    message = HandContact(
        side=hand_to_message(hand.side),
        score=hand.score,
        box=_box_to_message(hand.box_px),
        landmarks=[float(coordinate) for point in hand.landmarks_px for coordinate in point],
        contact=CONTACTS[hand.contact],
        contact_score=hand.contact_score,
        has_object=hand.contact_object is not None,
        object_track_id=-1,
    )
    if hand.contact_object is not None:
        message.object_box = _box_to_message(hand.contact_object.box_px)
        message.object_class = hand.contact_object.name
        message.object_track_id = hand.contact_object.track_id
        message.object_score = hand.contact_object.score
    return message


def _message_to_observation(message: HandContact, stamp_s: float) -> HandObservation:
    if len(message.landmarks) not in (0, 2 * NUM_LANDMARKS):
        raise InputError(f"expected no or {2 * NUM_LANDMARKS} landmark coordinates, got {len(message.landmarks)}")
    contact_object = None
    if message.has_object:
        contact_object = ObjectDetection(
            message.object_class, message.object_score, _message_to_box(message.object_box), message.object_track_id
        )
    return HandObservation(
        stamp_s,
        _known_hand(message.side),
        message.score,
        _message_to_box(message.box),
        tuple(zip(message.landmarks[0::2], message.landmarks[1::2], strict=True)),
        _name_of(CONTACTS, message.contact, "contact"),
        message.contact_score,
        contact_object,
    )


# Sensors


def message_to_frame(message: Image | CompressedImage) -> Frame:
    """A raw or compressed image as a frame. Raises FrameError."""
    read = compressed_to_rgb if isinstance(message, CompressedImage) else image_to_rgb
    return Frame(to_seconds(message.header.stamp), read(message))


def message_to_pose(message: PoseStamped | Odometry) -> PoseSample:
    """A pose, its quaternion normalised. Raises PoseError for NaN and for a quaternion that is no rotation."""
    pose = message.pose.pose if isinstance(message, Odometry) else message.pose
    position = (pose.position.x, pose.position.y, pose.position.z)
    quaternion = (pose.orientation.x, pose.orientation.y, pose.orientation.z, pose.orientation.w)
    if not all(map(math.isfinite, position + quaternion)):
        raise PoseError(f"expected a finite pose, got position {position}, quaternion {quaternion}; check the tracker")
    norm = math.hypot(*quaternion)
    if norm < 1e-6:
        raise PoseError(
            "expected a unit quaternion, got zero; set orientation.w = 1 for no rotation, or wait for the tracker"
        )
    return PoseSample(to_seconds(message.header.stamp), position, tuple(each / norm for each in quaternion))


def pose_to_message(sample: PoseSample, pose_header: Header) -> PoseStamped:
    message = PoseStamped(header=pose_header)
    position, orientation = message.pose.position, message.pose.orientation
    position.x, position.y, position.z = map(float, sample.position_m)
    orientation.x, orientation.y, orientation.z, orientation.w = map(float, sample.quaternion_xyzw)
    return message


# Helpers


def _stamp(start_ns: int, after_s: float | None) -> Time:
    """The stamp `after_s` after the start; zero for None, 1 ns for a time that is zero."""
    if after_s is None:
        return Time()
    nanoseconds = max(1, start_ns + round(after_s * NANOSECONDS))
    return Time(sec=nanoseconds // NANOSECONDS, nanosec=nanoseconds % NANOSECONDS)


def _nanoseconds(stamp: Time) -> int:
    return stamp.sec * NANOSECONDS + stamp.nanosec


def _seconds_after(start_ns: int, stamp: Time) -> float | None:
    nanoseconds = _nanoseconds(stamp)
    return None if nanoseconds == 0 else round((nanoseconds - start_ns) / NANOSECONDS, TIME_DECIMALS)


def _known(value: float) -> float | None:
    """None for NaN; otherwise the shortest decimal that is the same float32."""
    return None if math.isnan(value) else float(str(np.float32(value)))


def _known_hand(message: HandMessage) -> Hand:
    hand = message_to_hand(message)
    if hand is None:
        raise InputError("expected a left or a right hand, got one that is unknown; a detector must name it")
    return hand


def _name_of(table: Mapping, value: int, noun: str):
    for name, number in table.items():
        if number == value:
            return name
    raise InputError(f"expected a {noun} of {sorted(table.values())}, got {value}; are the interfaces of one version?")


def _box_to_message(box_px: Box) -> RegionOfInterest:
    x0, y0, x1, y1 = (max(0, round(side)) for side in box_px)
    return RegionOfInterest(x_offset=x0, y_offset=y0, width=max(0, x1 - x0), height=max(0, y1 - y0))


def _message_to_box(message: RegionOfInterest) -> Box:
    x0, y0 = message.x_offset, message.y_offset
    return (float(x0), float(y0), float(x0 + message.width), float(y0 + message.height))

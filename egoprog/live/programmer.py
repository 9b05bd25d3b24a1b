"""The live program: opened by the first evidence of activity, revised as evidence comes, closed when activity ends.

All times are seconds on the clock of the evidence's stamps, except those inside a program, which count from the
program's start. Nothing here reads a wall clock, so a recording played twice gives the same programs.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Protocol, TypeAlias

from egoprog.describe.describer import Describer
from egoprog.describe.types import (
    ClipDescription,
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
from egoprog.leap.prediction import Prediction
from egoprog.leap.reranking import Reranker
from egoprog.live import fusion
from egoprog.live.anticipation import SOURCE, Anticipator, Candidate, from_network, mixed
from egoprog.live.fusion import FusionConfig
from egoprog.live.identity import NodeNumbers
from egoprog.program.library import exemplars
from egoprog.program.types import Condition, Hand, If, Program, Provenance, Statement, SubAction, Verb, While
from egoprog.world import Domain, Validation, WorldState, repair, validate

Evidence: TypeAlias = SoundEvent | HeadMotion | Narration | ContactEvent | HandObservation | Prediction

TIME_RESOLUTION_S = 0.1  # a revision that moves times by less, and changes nothing else, is not published
RUNNING_S = 0.15  # a sub-action that ends this close to the last evidence has not ended
UNNAMED = "clip"  # lets the generator name the program after what is done in it
MAX_STRAYS = 10  # pieces of evidence in a row that lie far from the rest, after which the clock has changed
OBSERVATION_PERIOD_S = 0.06  # between observations of one hand that are kept: every second one at 30 Hz
SIGHTING_PERIOD_S = 0.5  # between frames whose detected objects are kept
JOIN_S = 0.3  # between two pieces of one sound
GAP_S = 0.5  # a hand that is not seen in contact for longer has let go, as far as sustained contact goes


class ProgramGenerator(Protocol):
    """Whatever writes a program for a clip; times count from the clip's start."""

    def generate(self, description: ClipDescription) -> Program: ...


@dataclass(frozen=True)
class LiveConfig:
    """How a live program opens, is revised, and closes. All in seconds on the evidence's clock but the counts.

    close_after_s: idle time, all hands free and nothing heard or walked, after which the program is closed.
    max_length_s, max_sub_actions: a program that reaches either is closed; fewer than 10 sub-actions is the paper's.
    min_revision_period_s: revisions come no closer than this, but the closing one comes always.
    lead_s: a program that a grab opens begins this long before it, with what led there.
    sustained_s: a contact without an event (the hand held it before it was first seen) counts from this length on.
    memory_s: evidence older than this is forgotten, and ignored if it comes that late.
    """

    close_after_s: float = 2.0
    max_length_s: float = 30.0
    max_sub_actions: int = 9
    min_revision_period_s: float = 0.2
    lead_s: float = 0.5
    sustained_s: float = 0.3
    memory_s: float = 120.0
    max_candidates: int = 5


class Status(Enum):
    """Of a sub-action in a revision."""

    RUNNING = "running"
    DONE = "done"
    ANTICIPATED = "anticipated"  # known from an exemplar, not seen yet


@dataclass(frozen=True)
class Revision:
    """One revision of a live program, valid in the world model.

    program: times in seconds from start_s; a running sub-action has no stop. stop_s: None while the program runs.
    node_numbers: of the body and of every statement in pre-order (`egoprog.live.identity`), stable over revisions.
    statuses: of program.sub_actions(), in their order. world: the estimated state after the program so far.
    objects: names seen in its clip, most certain first. reason: why it was closed; empty while it runs.
    """

    program_id: uuid.UUID
    number: int
    program: Program
    start_s: float
    stop_s: float | None
    observed_until_s: float
    node_numbers: tuple[int, ...]
    statuses: tuple[Status, ...]
    validation: Validation
    world: WorldState
    objects: tuple[str, ...] = ()
    reason: str = ""

    @property
    def is_complete(self) -> bool:
        return self.stop_s is not None

    @property
    def current(self) -> SubAction | None:
        """The sub-action that is running; the last one that has ended where none is."""
        for wanted in (Status.RUNNING, Status.DONE):
            if steps := self._steps(wanted):
                return steps[-1]
        return None

    @property
    def so_far(self) -> tuple[SubAction, ...]:
        """The sub-actions that have begun, in the order of the text."""
        return self._steps(Status.RUNNING, Status.DONE)

    def _steps(self, *wanted: Status) -> tuple[SubAction, ...]:
        pairs = zip(self.program.sub_actions(), self.statuses, strict=True)
        return tuple(step for step, status in pairs if status in wanted)


@dataclass(frozen=True)
class Forecast:
    """What may come next, best first; nothing later than observed_until_s was used."""

    program_id: uuid.UUID
    revision: int
    observed_until_s: float
    candidates: tuple[Candidate, ...]
    source: str = SOURCE


@dataclass
class _Running:
    """The program that is open."""

    start_s: float
    last_activity_s: float
    program_id: uuid.UUID
    numbers: NodeNumbers = field(default_factory=NodeNumbers)
    revised_s: float | None = None
    latest: Revision | None = None
    may_be_idle: bool = False  # worth publishing even if nothing was done in it


@dataclass
class _Touch:
    """A hand's unbroken contact, or unbroken freedom, as the observations tell."""

    is_contact: bool
    start_s: float
    stop_s: float


class LiveProgrammer:
    """Keeps one live program after the other.

    `push` takes evidence in any order; `observe` says that the evidence up to a stamp has come even though nothing
    was seen; `poll` gives the revisions that are due. The world state that a program leaves is where the next begins.

    What a recogniser predicts is evidence too, but opens and lengthens no program: a network names something even where
    nothing is done. It names what the hands hold, weighs what is written, adds uses that nothing else tells, and says
    what comes next, which `reranker` holds against the estimated world (`egoprog.live.fusion`).

    late: evidence that came for a closed program, or more than the memory away from the rest. withheld: revisions
    that even repair could not make valid, so that the one before stays in force.
    """

    def __init__(
        self,
        generator: ProgramGenerator,
        domain: Domain | None = None,
        config: LiveConfig | None = None,
        vocabulary: Sequence[str] = (),
        library: Sequence[Program] | None = None,
        new_id: Callable[[], uuid.UUID] = uuid.uuid4,
        reranker: Reranker | None = None,
        fusion_config: FusionConfig | None = None,
    ) -> None:
        self.generator = generator
        self.reranker = reranker
        self.fusion_config = fusion_config or FusionConfig()
        self.config = config or LiveConfig()
        self._domain = domain or Domain.default()
        self._library = tuple(exemplars() if library is None else library)
        self._vocabulary = tuple(vocabulary)
        self._new_id = new_id
        self.reset()

    def reset(self, keep_world: bool = False) -> None:
        """Forgets all evidence, the running program and, unless told otherwise, the world."""
        if not keep_world:
            self._world = WorldState.initial()
            self._anticipator = Anticipator(self._domain, self._library)
        self._running: _Running | None = None
        self._due: list[Revision] = []
        self.late = 0
        self.withheld = 0
        self._restart()

    def _restart(self) -> None:
        """Closes what runs and forgets the evidence, because the clock has changed; the world stays."""
        if self._running is not None:
            self._close(max(self._now_s, self._running.start_s), "the clock changed")
        self._describer = Describer(vocabulary=self._vocabulary)
        self._strays = 0
        self._first_s = float("inf")
        self._now_s = float("-inf")
        self._forgotten_s = float("-inf")
        self._closed_until_s = float("-inf")
        self._touches: dict[Hand, _Touch] = {}
        self._kept: dict[Hand, HandObservation] = {}
        self._objects_seen_s = float("-inf")
        self._predictions: list[Prediction] = []
        self._anticipated: Prediction | None = None

    @property
    def vocabulary(self) -> tuple[str, ...]:
        return self._vocabulary

    def set_vocabulary(self, names: Sequence[str]) -> None:
        """Object names that programs may use from now on; empty for any."""
        self._vocabulary = tuple(names)
        self._describer.vocabulary = self._vocabulary

    @property
    def world(self) -> WorldState:
        """The estimated state now."""
        latest = self._running.latest if self._running else None
        return latest.world if latest else self._world

    @property
    def latest(self) -> Revision | None:
        """The last revision of the running program; None where none runs or nothing of it is known yet."""
        return self._running.latest if self._running else None

    @property
    def is_active(self) -> bool:
        return self._running is not None

    @property
    def observed_until_s(self) -> float:
        return self._now_s

    def push(self, evidence: Evidence) -> None:
        """Takes one piece of evidence; its stamp may lie before that of others that came earlier."""
        start_s, stop_s = _span(evidence)
        if abs(stop_s - self._now_s) > self.config.memory_s and self._now_s > float("-inf"):
            self.late += 1
            self._strays += 1
            if self._strays < MAX_STRAYS:
                return
            self._restart()
        self._strays = 0
        if isinstance(evidence, Prediction):
            self._predict(evidence)
            return
        self._first_s = min(self._first_s, start_s)
        if not isinstance(evidence, HandObservation) or self._is_news(evidence):
            self._describer.push(evidence)
        if isinstance(evidence, HandObservation):
            self._touch(evidence)
        elif _is_activity(evidence):
            if isinstance(evidence, ContactEvent) and evidence.kind is ContactKind.GRABBED:
                start_s = max(start_s - self.config.lead_s, min(start_s, self._first_s))
            self._activity(start_s, stop_s)
        # a narration may tell of what is yet to be seen
        self.observe(start_s if isinstance(evidence, Narration) else stop_s)

    def _predict(self, prediction: Prediction) -> None:
        if prediction.ahead_s > 0:
            self._anticipated = prediction
        else:
            oldest_s = max(prediction.stamp_s, self._now_s) - self.fusion_config.memory_s
            kept = [one for one in self._predictions if one.stamp_s >= oldest_s]
            self._predictions = sorted((*kept, prediction), key=_prediction_stamp)

    def see(self, objects: Iterable[ObjectDetection], stamp_s: float) -> None:
        """Takes objects that were seen at that stamp: they may be named in programs, but are no activity."""
        is_near = abs(stamp_s - self._now_s) <= self.config.memory_s
        if is_near and abs(stamp_s - self._objects_seen_s) >= SIGHTING_PERIOD_S:
            self._objects_seen_s = stamp_s
            self._describer.extend(objects, stamp_s)

    def observe(self, stamp_s: float) -> None:
        """Evidence up to this stamp has come, even if it was that nothing is to be seen."""
        self._first_s = min(self._first_s, stamp_s)
        self._now_s = max(self._now_s, stamp_s)
        if self._now_s - self._forgotten_s > self.config.memory_s * 1.1:
            self._forgotten_s = self._now_s - self.config.memory_s
            self._describer.forget_before(self._forgotten_s)

    def poll(self) -> tuple[Revision, ...]:
        """The revisions that are due, oldest first: at most one of a running program, and the closing ones."""
        running = self._running
        if running is not None:
            if self._now_s - running.last_activity_s >= self.config.close_after_s:
                self._close(running.last_activity_s, "activity ended")
            elif self._now_s - running.start_s >= self.config.max_length_s:
                self._close(running.start_s + self.config.max_length_s, "longest program reached")
            elif self._is_time(running):
                self._revise(running)
        due, self._due = tuple(self._due), []
        return due

    def close(self, reason: str = "asked for") -> tuple[Revision, ...]:
        """Closes the running program, if there is one, on the evidence so far."""
        if self._running is not None:
            self._close(max(self._now_s, self._running.start_s), reason)
        due, self._due = tuple(self._due), []
        return due

    def finish(self, reason: str = "the end") -> tuple[Revision, ...]:
        """Closes for good. Where nothing was done all the time, one program says so: ∅ is a sub-action too."""
        is_idle_throughout = self._running is None and self._closed_until_s == float("-inf")
        if is_idle_throughout and self._now_s > self._first_s:
            self._running = _Running(self._first_s, self._now_s, self._new_id(), may_be_idle=True)
        return self.close(reason)

    def forecast(self) -> Forecast | None:
        """What may follow the running program so far; None where none runs."""
        latest = self.latest
        if latest is None:
            return None
        candidates = self._anticipator.candidates(
            latest.so_far,
            latest.world,
            latest.objects,
            self._vocabulary,
            self._now_s - latest.start_s,
            self.config.max_candidates,
        )
        source = SOURCE
        seen = self._anticipated
        if seen is not None and abs(self._now_s - seen.stamp_s) <= self.fusion_config.fresh_s:
            told = from_network(seen, latest.world, latest.objects, self._domain, self.reranker, self._now_s)
            if told:
                share = self.fusion_config.anticipated_share
                candidates = mixed(told, candidates, share, self.config.max_candidates)
                source = f"{seen.model}, {SOURCE}"
        return Forecast(latest.program_id, latest.number, self._now_s, candidates, source)

    def _is_news(self, seen: HandObservation) -> bool:
        """A hand that goes on as it was is kept 15 times a second: what a clip costs grows with what is kept."""
        last = self._kept.get(seen.side)
        if last is not None and 0.0 <= seen.stamp_s - last.stamp_s < OBSERVATION_PERIOD_S:
            is_same_thing = (last.contact_object and last.contact_object.track_id) == (
                seen.contact_object and seen.contact_object.track_id
            )
            if last.contact is seen.contact and is_same_thing:
                return False
        self._kept[seen.side] = seen
        return True

    def _touch(self, observation: HandObservation) -> None:
        """Follows a hand's contact, so that what it held before the first event counts as activity too."""
        is_contact = observation.contact in (Contact.PORTABLE, Contact.STATIONARY)
        stamp_s = observation.stamp_s
        touch = self._touches.get(observation.side)
        if touch is not None and stamp_s < touch.stop_s:
            return
        if touch is None or touch.is_contact is not is_contact or stamp_s - touch.stop_s > GAP_S:
            touch = self._touches[observation.side] = _Touch(is_contact, stamp_s, stamp_s)
        touch.stop_s = stamp_s
        if is_contact and stamp_s - touch.start_s >= self.config.sustained_s:
            self._activity(touch.start_s, stamp_s)

    def _activity(self, start_s: float, stop_s: float) -> None:
        """Opens a program, or lengthens the one that runs, to either side."""
        if stop_s <= self._closed_until_s:
            self.late += 1
            return
        start_s = max(start_s, self._closed_until_s)
        running, idle_s = self._running, self.config.close_after_s
        if running is not None and start_s - running.last_activity_s >= idle_s:
            self._close(running.last_activity_s, "activity ended")
            running = None
        if running is None:
            self._running = _Running(start_s, stop_s, self._new_id())
        elif running.start_s - stop_s >= idle_s:
            self.late += 1
        else:
            running.start_s = min(running.start_s, start_s)
            running.last_activity_s = max(running.last_activity_s, stop_s)

    def _is_time(self, running: _Running) -> bool:
        return running.revised_s is None or self._now_s - running.revised_s >= self.config.min_revision_period_s

    def _revise(self, running: _Running) -> None:
        running.revised_s = self._now_s
        revision = self._write(running, self._now_s, reason="")
        if revision is None:
            return
        done = sum(status is Status.DONE for status in revision.statuses)
        if done >= self.config.max_sub_actions:
            self._close(self._now_s, "longest program reached")
        elif running.latest is None or _look(revision) != _look(running.latest):
            running.latest = revision
            self._due.append(revision)

    def _close(self, stop_s: float, reason: str) -> None:
        running, self._running = self._running, None
        revision = self._write(running, stop_s, reason) or _closed(running.latest, stop_s, reason)
        self._closed_until_s = max(self._closed_until_s, stop_s)
        if revision is not None:
            self._world = revision.world
            self._anticipator.learn(revision.program)
            self._due.append(revision)

    def _write(self, running: _Running, stop_s: float, reason: str) -> Revision | None:
        """The program of the clip so far; None where nothing was done in it that the world model admits."""
        description = self._describer.clip(running.start_s, stop_s)
        state = self._state_at_start(running, description)
        held = tuple((hand, name) for hand in (Hand.LEFT, Hand.RIGHT) if (name := state.holding(hand)))
        # a clip without narration is named after its times, which change from one revision to the next
        name = description.name if description.narration else UNNAMED
        description = replace(
            description,
            name=name,
            sounds=_joined(description.sounds),
            holding_at_start=held,
            vocabulary=self._vocabulary,
        )
        description, state = self._named(description, state)
        program = self._weighed(self.generator.generate(description), running.start_s, stop_s, state)
        validation = validate(program, state, self._domain)
        if not validation.ok:
            program, repairs = repair(program, state, self._domain)
            provenance = program.provenance or Provenance("local")
            program = replace(program, provenance=replace(provenance, repairs=(*provenance.repairs, *repairs)))
            validation = validate(program, state, self._domain)
        steps = tuple(program.sub_actions())
        if not validation.ok:
            self.withheld += 1
            return None
        if not running.may_be_idle and all(step.verb is Verb.NOTHING for step in steps):
            return None
        is_closed = bool(reason)
        statuses = _statuses(steps, stop_s - running.start_s, is_closed)
        world = validation.final
        if Status.ANTICIPATED in statuses:
            world = validate(replace(program, body=_happened(program.body, iter(statuses))), state, self._domain).final
        marks = iter(statuses)
        program = replace(
            program,
            body=_mark(program.body, lambda step: _open_ended(step, next(marks))),
            start_s=0.0,
            stop_s=round(stop_s - running.start_s, 3) if is_closed else None,
            is_complete=is_closed,
        )
        return Revision(
            program_id=running.program_id,
            number=running.latest.number + 1 if running.latest else 1,
            program=program,
            start_s=running.start_s,
            stop_s=stop_s if is_closed else None,
            observed_until_s=self._now_s,
            node_numbers=running.numbers.assign(program),
            statuses=statuses,
            validation=validation,
            world=world,
            objects=description.objects,
            reason=reason,
        )

    def _named(self, description: ClipDescription, state: WorldState) -> tuple[ClipDescription, WorldState]:
        """What the network sees in the hands, in place of things without a name."""
        names = fusion.names_of(description, self._predictions, self.fusion_config)
        called = {thing: name for thing, (name, _) in names.items()}
        for hand, thing in description.holding_at_start:
            if thing in called:
                state = state.assume(Condition("in hand", (called[thing], hand.value)))
        return fusion.renamed(description, called), state

    def _weighed(self, program: Program, start_s: float, stop_s: float, state: WorldState) -> Program:
        """The program after the network's looks: confidences, and a use that nothing else tells if it is possible."""
        if not self._predictions:
            return program

        def weighed(step: SubAction) -> SubAction:
            if step.start_s is None:
                return step
            until_s = stop_s if step.stop_s is None else start_s + step.stop_s
            looks = fusion.looks_between(self._predictions, start_s + step.start_s, until_s)
            return fusion.confirmed(step, looks, self.fusion_config)

        program = replace(program, body=_mark(program.body, weighed))
        use = fusion.added_use(program, self._predictions, start_s, stop_s, self.fusion_config)
        if use is not None and validate(program, state, self._domain).ok:
            longer = fusion.inserted(program, use)
            if validate(longer, state, self._domain).ok:
                return longer
        return program

    def _state_at_start(self, running: _Running, description: ClipDescription) -> WorldState:
        """The carried state, where what was seen of the hands overrules what was believed of them."""
        state = self._world
        seen = dict(description.holding_at_start)
        for hand in (Hand.LEFT, Hand.RIGHT):
            if hand in seen and seen[hand] != state.holding(hand):
                state = state.assume(Condition("in hand", (seen[hand], hand.value)))
            elif hand not in seen and self._was_free(hand, running.start_s, description):
                state = state.assume(Condition("empty", (hand.value,)))
        return state

    def _was_free(self, hand: Hand, start_s: float, description: ClipDescription) -> bool:
        """True where the hand was seen empty at the clip's start, or takes something in it before it lets go."""
        first = min((event for event in description.contacts if event.hand is hand), key=_stamp, default=None)
        if first is not None:
            return first.kind is ContactKind.GRABBED
        touch = self._touches.get(hand)
        if touch is None or touch.is_contact:
            return False
        return touch.start_s <= start_s and touch.stop_s - touch.start_s >= self.config.sustained_s


def _span(evidence: Evidence) -> tuple[float, float]:
    match evidence:
        case HandObservation(stamp_s=stamp_s) | ContactEvent(stamp_s=stamp_s):
            return stamp_s, stamp_s
        case Prediction(stamp_s=stamp_s):
            return stamp_s, stamp_s
        case SoundEvent() | HeadMotion():
            return evidence.start_s, evidence.stop_s
        case Narration(start_s=start_s, stop_s=stop_s):
            return start_s, start_s if stop_s is None else stop_s
    raise TypeError(f"expected a descriptor of egoprog.describe.types, got {evidence!r}")


def _is_activity(evidence: Evidence) -> bool:
    return not isinstance(evidence, HeadMotion) or evidence.kind is MotionKind.WALK


def _prediction_stamp(prediction: Prediction) -> float:
    return prediction.stamp_s


def _stamp(event: ContactEvent) -> float:
    return event.stamp_s


def _joined(sounds: Sequence[SoundEvent]) -> tuple[SoundEvent, ...]:
    """Sounds that came in pieces, because they were told while they went on, made whole again; the surest score."""
    joined: list[SoundEvent] = []
    for sound in sorted(sounds, key=lambda each: (each.label, each.start_s)):
        last = joined[-1] if joined else None
        if last is not None and last.label == sound.label and sound.start_s - last.stop_s <= JOIN_S:
            stop_s, score = max(last.stop_s, sound.stop_s), max(last.score, sound.score)
            joined[-1] = replace(last, stop_s=stop_s, score=score)
        else:
            joined.append(sound)
    return tuple(sorted(joined, key=lambda each: each.start_s))


def _statuses(steps: Sequence[SubAction], length_s: float, is_closed: bool) -> tuple[Status, ...]:
    """A sub-action runs if it reaches the last evidence; one without times after all that have some is yet to come."""
    if is_closed:
        return (Status.DONE,) * len(steps)
    last_seen = max((place for place, step in enumerate(steps) if step.start_s is not None), default=-1)

    def status(place: int, step: SubAction) -> Status:
        if place > last_seen:
            # waiting has no times of its own: it is what goes on when nothing else does
            return Status.RUNNING if step.verb is Verb.WAIT else Status.ANTICIPATED
        if step.stop_s is None:
            return Status.RUNNING if place == last_seen else Status.DONE
        return Status.RUNNING if step.stop_s >= length_s - RUNNING_S else Status.DONE

    return tuple(status(place, step) for place, step in enumerate(steps))


def _happened(body: tuple[Statement, ...], statuses: Iterator[Status]) -> tuple[Statement, ...]:
    """The body without the sub-actions that are yet to come."""
    happened: list[Statement] = []
    for statement in body:
        match statement:
            case SubAction():
                if next(statuses) is Status.ANTICIPATED:
                    continue
            case If(guard=guard, body=inner, orelse=otherwise):
                statement = If(guard, _happened(inner, statuses), _happened(otherwise, statuses))
            case While(guard=guard, body=inner):
                statement = While(guard, _happened(inner, statuses))
        happened.append(statement)
    return tuple(happened)


def _open_ended(step: SubAction, status: Status) -> SubAction:
    return replace(step, stop_s=None) if status is Status.RUNNING else step


def _mark(body: tuple[Statement, ...], change: Callable[[SubAction], SubAction]) -> tuple[Statement, ...]:
    """The body with every sub-action changed, in the order of the text."""

    def one(statement: Statement) -> Statement:
        match statement:
            case SubAction():
                return change(statement)
            case If(guard=guard, body=inner, orelse=otherwise):
                return If(guard, _mark(inner, change), _mark(otherwise, change))
            case While(guard=guard, body=inner):
                return While(guard, _mark(inner, change))
        return statement

    return tuple(one(statement) for statement in body)


def _look(revision: Revision) -> tuple:
    """What a reader would notice: the program with times at a tenth of a second and without confidences."""

    def glance(step: SubAction) -> SubAction:
        return SubAction(step.verb, step.objects, step.hand, _coarse(step.start_s), _coarse(step.stop_s))

    program = replace(revision.program, body=_mark(revision.program.body, glance))
    return program, revision.statuses, _coarse(revision.start_s)


def _coarse(time_s: float | None) -> float | None:
    return None if time_s is None else round(time_s / TIME_RESOLUTION_S)


def _closed(latest: Revision | None, stop_s: float, reason: str) -> Revision | None:
    """The last valid revision, closed as it stands."""
    if latest is None:
        return None
    length_s = round(stop_s - latest.start_s, 3)
    program = replace(
        latest.program,
        body=_mark(latest.program.body, lambda s: replace(s, stop_s=length_s if s.stop_s is None else s.stop_s)),
        stop_s=length_s,
        is_complete=True,
    )
    return replace(
        latest,
        number=latest.number + 1,
        program=program,
        stop_s=stop_s,
        statuses=(Status.DONE,) * len(latest.statuses),
        reason=reason,
    )

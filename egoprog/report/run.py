"""A recorded run of the live graph, read back from its bag.

Everything comes from the bag alone, so the page shows what the graph published and nothing that it did not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from rosbags.highlevel import AnyReader, AnyReaderError

from egoprog.errors import RecordingError
from egoprog.program import condition_text
from egoprog.program.types import Condition
from egoprog.report.recognition import Recognition, Told, key_of, recognition, told

VERBS = ("nothing", "grasp", "release", "move", "use", "position", "goto", "wait")
HANDS = ("", "left", "right", "both")
CONTACTS = ("none", "self", "other person", "portable", "stationary")
MOTIONS = ("still", "walk", "turn")
STATUSES = ("", "running", "done", "anticipated", "infeasible")
KIND_SUB_ACTION = 1


@dataclass(frozen=True)
class Span:
    """Something that lasted from start_s to stop_s, in seconds from the first camera frame."""

    start_s: float
    stop_s: float
    label: str
    detail: str = ""
    kind: str = ""


@dataclass(frozen=True)
class ProgramRevision:
    """The last revision of one program, and how many came before it."""

    program_id: str
    revision: int
    name: str
    text: str
    provenance: str
    start_s: float
    stop_s: float
    valid: bool
    why_not: str
    complete: bool
    pre: tuple[str, ...]
    sub_actions: tuple[Span, ...]


@dataclass(frozen=True)
class Candidate:
    """One anticipated action."""

    label: str
    score: float
    feasible: bool
    why_not: str


@dataclass(frozen=True)
class Latency:
    """Milliseconds from a frame's arrival to the publication of what rests on it.

    overhead_ms: what the graph adds; model_ms: what the models take.
    """

    topic: str
    num_messages: int
    num_dropped: int
    overhead_median_ms: float
    overhead_p99_ms: float
    model_median_ms: float


@dataclass
class Run:
    """All of one run that the page shows.

    present, coming: what a network saw and what it expected, in the order of their stamps.
    truth: what was really done, where the recording knew it.
    """

    name: str
    duration_s: float = 0.0
    programs: list[ProgramRevision] = field(default_factory=list)
    truth: list[ProgramRevision] = field(default_factory=list)
    revisions: list[tuple[float, str, int]] = field(default_factory=list)
    sounds: list[Span] = field(default_factory=list)
    motions: list[Span] = field(default_factory=list)
    contacts: dict[str, list[Span]] = field(default_factory=lambda: {"left": [], "right": []})
    anticipated: list[tuple[float, tuple[Candidate, ...]]] = field(default_factory=list)
    present: list[Told] = field(default_factory=list)
    coming: list[Told] = field(default_factory=list)
    latencies: list[Latency] = field(default_factory=list)
    diagnostics: list[tuple[str, str, str]] = field(default_factory=list)
    num_messages: dict[str, int] = field(default_factory=dict)

    @property
    def actions(self) -> list[tuple[float, float, tuple[str, str]]]:
        """What was really done: start, end, verb and noun."""
        return [(p.start_s, p.stop_s, key) for p in self.truth if (key := key_of(p.name)) is not None]

    @property
    def recognition(self) -> Recognition:
        """What the network told against what was done; without rows where either is missing."""
        if not self.present and not self.coming:
            return Recognition()
        return recognition(self.actions, self.present, self.coming)


def seconds(stamp: Any) -> float:
    return stamp.sec + stamp.nanosec * 1e-9


def open_bag(bag: Path) -> AnyReader:
    """A reader of a rosbag2 folder; raises RecordingError if it is none."""
    try:
        return AnyReader([Path(bag)])
    except (AnyReaderError, OSError, ValueError) as error:
        raise RecordingError(f"expected a rosbag2 folder at {bag}, got {error}") from error


def messages(reader: AnyReader, *topics: str) -> Iterator[tuple[str, float, Any]]:
    """(last part of the topic's name, time of recording in seconds, message) of the named topics in order."""
    wanted = {c.id: topic for c in reader.connections if (topic := _asked(c.topic, topics))}
    connections = [c for c in reader.connections if c.id in wanted]
    for connection, stamp_ns, raw in reader.messages(connections=connections) if connections else ():
        yield wanted[connection.id], stamp_ns * 1e-9, reader.deserialize(raw, connection.msgtype)


def _asked(name: str, topics: tuple[str, ...]) -> str | None:
    """The one of `topics` that a full name ends with; what lies below truth/ must be asked for as that."""
    endings = [topic for topic in topics if name.endswith("/" + topic)]
    return next((topic for topic in endings if topic.startswith("truth/") == ("/truth/" in name)), None)


def read_run(bag: Path, name: str = "") -> Run:
    """Reads a bag of the live graph; raises RecordingError if it holds none."""
    run = Run(name or Path(bag).name)
    with open_bag(bag) as reader:
        origin_s = first_camera_stamp(reader)
        programs: dict[str, Any] = {}
        motions: dict[float, Any] = {}
        timings: dict[str, list[Any]] = {name: [] for name in ("hand_contacts", "sub_actions", "program")}
        hands = {side: ContactSpans() for side in ("left", "right")}
        status: dict[str, tuple[str, str]] = {}
        truth: dict[str, Any] = {}
        topics = ("program", "sound_events", "head_motion", "hand_contacts", "anticipation", "diagnostics")
        topics += ("sub_actions", "next_sub_actions")
        for connection in reader.connections:
            run.num_messages[connection.topic] = run.num_messages.get(connection.topic, 0) + connection.msgcount
        for topic, received_s, message in messages(reader, *topics, "truth/program"):
            if topic == "diagnostics":
                for entry in message.status:
                    level = entry.level if isinstance(entry.level, int) else entry.level[0]
                    status[entry.name] = (("ok", "warning", "error", "stale")[level], diagnostic_text(entry))
                continue
            if topic == "truth/program":
                truth[bytes(message.program_id.uuid).hex()] = message
                continue
            run.duration_s = max(run.duration_s, seconds(message.header.stamp) - origin_s)
            if topic == "program":
                identity = bytes(message.program_id.uuid).hex()
                if identity not in programs or message.revision >= programs[identity].revision:
                    programs[identity] = message
                run.revisions.append((received_s - origin_s, message.name, message.revision))
                timings[topic].append(message.timing)
            elif topic == "sound_events":
                run.sounds.append(span(message, origin_s, message.label, f"{message.source_label} {message.score:.2f}"))
            elif topic == "head_motion":
                motions[seconds(message.start)] = message
            elif topic == "hand_contacts":
                stamp_s = seconds(message.header.stamp) - origin_s
                seen = {HANDS[hand.side.value]: hand for hand in message.hands}
                for side, spans in hands.items():
                    spans.push(stamp_s, seen.get(side))
                timings[topic].append(message.timing)
            elif topic in ("sub_actions", "next_sub_actions"):
                if topic in timings:
                    timings[topic].append(message.timing)
                if (said := told(message, origin_s)) is not None:
                    (run.present if topic == "sub_actions" else run.coming).append(said)
            else:
                candidates = tuple(candidate(c) for c in message.candidates[:5])
                run.anticipated.append((seconds(message.observed_until) - origin_s, candidates))
        for message in motions.values():
            source = "optical flow (degraded: no poses)" if message.source else "pose"
            run.motions.append(span(message, origin_s, MOTIONS[message.kind], source))
        for side, spans in hands.items():
            run.contacts[side] = spans.close()
        for found, latest in ((run.programs, programs), (run.truth, truth)):
            found += sorted((program(m, origin_s, run.duration_s) for m in latest.values()), key=lambda p: p.start_s)
        run.latencies = [latency(topic, entries) for topic, entries in timings.items() if entries]
        run.diagnostics = [(name, *entry) for name, entry in sorted(status.items())]
    return run


def first_camera_stamp(reader: AnyReader) -> float:
    """The stamp of the first image; of the first message where the bag has no image."""
    for _, _, message in messages(reader, "camera/image_raw/compressed", "camera/image_raw", "overlay/compressed"):
        return seconds(message.header.stamp)
    return reader.start_time * 1e-9


def span(message: Any, origin_s: float, label: str, detail: str) -> Span:
    return Span(seconds(message.start) - origin_s, seconds(message.end) - origin_s, label, detail, label)


def candidate(message: Any) -> Candidate:
    objects = ", ".join(name for name in (message.noun, message.noun_b) if name)
    return Candidate(f"{VERBS[message.verb.value]}({objects})", message.score, bool(message.feasible), message.why_not)


def condition(message: Any) -> str:
    return condition_text(Condition(message.predicate, tuple(message.args), bool(message.negated)))


def program(message: Any, origin_s: float, duration_s: float) -> ProgramRevision:
    """One revision; a sub-action that still runs is drawn to the run's end."""
    spans = []
    for node in message.nodes:
        if node.kind != KIND_SUB_ACTION or not seconds(node.start):
            continue
        start_s = seconds(node.start) - origin_s
        stop_s = seconds(node.end) - origin_s if seconds(node.end) else duration_s
        label = f"{VERBS[node.verb.value]}({', '.join(a.class_id for a in node.args)})"
        effects = ", ".join(condition(c) for c in node.post)
        hand = f"{HANDS[node.hand.value]} hand" if node.hand.value else ""
        detail = " · ".join(
            part for part in (hand, STATUSES[node.status], f"then {effects}" if effects else "") if part
        )
        spans.append(Span(start_s, max(start_s, stop_s), label, detail, VERBS[node.verb.value]))
    end_s = seconds(message.end) - origin_s if seconds(message.end) else duration_s
    return ProgramRevision(
        program_id=bytes(message.program_id.uuid).hex(),
        revision=message.revision,
        name=message.name,
        text=message.text,
        provenance=message.provenance,
        start_s=seconds(message.start) - origin_s,
        stop_s=end_s,
        valid=bool(message.valid),
        why_not=message.why_not,
        complete=bool(message.complete),
        pre=tuple(condition(c) for c in message.pre),
        sub_actions=tuple(spans),
    )


def latency(topic: str, timings: list[Any]) -> Latency:
    overhead_ms = np.array([timing.overhead_s for timing in timings]) * 1e3
    model_ms = np.array([timing.model_s for timing in timings]) * 1e3
    return Latency(
        topic,
        len(timings),
        int(max(timing.dropped for timing in timings)),
        float(np.median(overhead_ms)),
        float(np.percentile(overhead_ms, 99)),
        float(np.median(model_ms)),
    )


def diagnostic_text(entry: Any) -> str:
    values = ", ".join(f"{value.key} {value.value}" for value in entry.values)
    return f"{entry.message} ({values})" if values else entry.message


class ContactSpans:
    """Joins one hand's contact states, frame by frame, into spans; a hand that is not seen has no span."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.start_s = self.last_s = 0.0
        self.label: str | None = None
        self.detail = ""

    def push(self, stamp_s: float, hand: Any | None) -> None:
        label = CONTACTS[hand.contact] if hand is not None else None
        if label != self.label:
            self.end(stamp_s)
            self.label, self.start_s = label, stamp_s
        if hand is not None and hand.has_object:
            self.detail = hand.object_class or "unknown object"
        self.last_s = stamp_s

    def end(self, stamp_s: float) -> None:
        if self.label is not None:
            self.spans.append(Span(self.start_s, stamp_s, self.label, self.detail, self.label))
        self.detail = ""

    def close(self) -> list[Span]:
        self.end(self.last_s)
        self.label = None
        return self.spans

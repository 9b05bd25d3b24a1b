"""`programmer`: evidence in; the live program, what may come next, and the estimated state of the world out."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from egoprog_msgs.msg import (
    ActionProgram,
    Anticipation,
    HandContacts,
    HeadMotion,
    Narration,
    ObjectDetections,
    SoundEvent,
    SubActionPrediction,
    Timing,
    WorldState,
)
from egoprog_msgs.srv import CloseProgram, SetVocabulary
from std_msgs.msg import String

from egoprog.describe.types import Narration as Told
from egoprog.errors import InputError, ModelError
from egoprog.generate.local import LocalGenerator
from egoprog.leap.reranking import Reranker, load_reranker
from egoprog.leap.shipped import RERANKER, shipped_model
from egoprog.live.programmer import LiveConfig, LiveProgrammer, Revision
from egoprog.world import Domain
from egoprog_ros.base import EgoprogNode, NodeParameters, parameter, run
from egoprog_ros.convert import (
    forecast_to_message,
    message_to_detections,
    message_to_hands,
    message_to_motion,
    message_to_narration,
    message_to_prediction,
    message_to_sound,
    revision_to_message,
    timing,
    world_state_to_message,
)
from egoprog_ros.stamps import StampGuard, to_seconds
from egoprog_ros.vocabulary import object_names

PREDICTIONS = ("sub_actions", "next_sub_actions")  # what a network sees now, and what it expects
LOOK_PERIOD_S = 0.25  # how often it is looked at whether evidence has stopped coming
MAX_NARRATION = 1000  # characters


@dataclass(frozen=True)
class ProgrammerParameters(NodeParameters):
    task: str = parameter("", "what the wearer is about, told in every program")
    vocabulary: tuple[str, ...] = parameter((), "object names that programs may use; empty for any")
    domain_file: str = parameter("", "a YAML table that extends the world model's", changeable=False)
    model: str = parameter(
        "",
        "the recogniser's model, a folder whose reranker.json says what actions need; empty for the one that ships",
        changeable=False,
    )
    close_after_s: float = parameter(2.0, "idle time after which a program is closed", 0.2, 600.0, "s")
    max_length_s: float = parameter(30.0, "a program that gets this long is closed", 1.0, 600.0, "s")
    max_sub_actions: int = parameter(9, "a program with so many sub-actions is closed; the paper's limit is 9", 1, 100)
    min_revision_period_s: float = parameter(0.2, "revisions come no closer than this", 0.0, 10.0, "s")
    memory_s: float = parameter(120.0, "evidence that is older is forgotten", 10.0, 3600.0, "s")
    anticipation_period_s: float = parameter(1.0, "what may come next is told at least so often", 0.1, 10.0, "s")
    max_candidates: int = parameter(5, "candidates in each anticipation", 1, 50)


class Programmer(EgoprogNode):
    """Feeds a `LiveProgrammer` and publishes what it says."""

    def __init__(self, **options: Any) -> None:
        super().__init__("programmer", ProgrammerParameters, **options)
        self._live: LiveProgrammer | None = None
        self.create_service(CloseProgram, "~/close_program", self._on_close_program)
        self.create_service(SetVocabulary, "~/set_vocabulary", self._on_set_vocabulary)

    def configure(self) -> None:
        parameters = self.parameters
        domain = Domain.load(parameters.domain_file) if parameters.domain_file else Domain.default()
        names, rejected = object_names(parameters.vocabulary)
        for text in rejected:
            self.complain("vocabulary", f"vocabulary: expected object names, got {text!r}; it is left out")
        self._live = LiveProgrammer(
            LocalGenerator(domain), domain, _config(parameters), names, reranker=self._reranker()
        )
        self._frame_id = ""
        self._last_timing: Timing | None = None
        self._dropped = 0
        self._num_so_far = 0
        self._last_forecast_s = self._last_evidence_s = time.monotonic()
        self._last_facts: tuple | None = None
        self._programs = self.advertise(ActionProgram, "program", "latched")
        self._anticipations = self.advertise(Anticipation, "anticipation")
        self._worlds = self.advertise(WorldState, "world_state", "latched")
        self._hands_guard = StampGuard("hand_contacts", on_jump=self._forget)
        self.subscribe(HandContacts, "hand_contacts", self._take_hands, "events", is_expected=True)
        self.subscribe(ObjectDetections, "objects", self._take_objects)
        self.subscribe(SoundEvent, "sound_events", self._take_sound, "events")
        self.subscribe(HeadMotion, "head_motion", self._take_motion, "events")
        self.subscribe(Narration, "narration", self._take_narration, "events")
        self.subscribe(String, "narration/text", self._take_text, "events")
        for topic in PREDICTIONS:
            self.subscribe(SubActionPrediction, topic, self._take_prediction)
        self._look_timer = self.every(LOOK_PERIOD_S, self._look)

    def activate(self) -> None:
        self._last_evidence_s = time.monotonic()

    def deactivate(self) -> None:
        if self._live is not None:
            self._publish(self._live.finish("the node was deactivated"), None)

    def cleanup(self) -> None:
        if hasattr(self, "_look_timer"):
            self.destroy_timer(self._look_timer)

    def parameters_changed(self, before: ProgrammerParameters, after: ProgrammerParameters) -> None:
        if self._live is None:
            return
        self._live.config = _config(after)
        if before.vocabulary != after.vocabulary:
            self._live.set_vocabulary(object_names(after.vocabulary)[0])

    def reset(self, keep_world: bool) -> None:
        if self._live is not None:
            self._live.reset(keep_world)
            self._hands_guard.reset()
            self._last_facts = None

    def _forget(self) -> None:
        """The clock of the stamps has changed: the program ends here, the world stays as it is believed to be."""
        self._publish(self._live.close("the clock changed"), None)
        self._live.reset(keep_world=True)

    def _reranker(self) -> Reranker | None:
        """What weighs the actions that a network expects against the world; None where no model brings one."""
        folder = Path(self.parameters.model) if self.parameters.model else shipped_model()
        if folder is None or not (folder / RERANKER).exists():
            return None
        try:
            return load_reranker(folder / RERANKER)
        except ModelError as error:
            self.complain("reranker", error)
            self.counters.degraded("what a network expects is not held against the world: its reranker can't be read")
            return None

    # Evidence

    def _take_hands(self, message: HandContacts) -> None:
        arrived_s = self._now_s()
        stamp_s = to_seconds(message.header.stamp)
        self._hands_guard.check(stamp_s)
        self._frame_id = message.header.frame_id
        self._dropped = message.timing.dropped
        hands, events = message_to_hands(message)
        for evidence in (*events, *hands):
            self._live.push(evidence)
        self._live.observe(stamp_s)
        first_s = to_seconds(message.timing.arrived) or arrived_s
        if message.timing.published.sec:
            self.counters.measure("transport_ms", (arrived_s - to_seconds(message.timing.published)) * 1e3)
        self._revise(first_s, message.timing.model_s)

    def _take_objects(self, message: ObjectDetections) -> None:
        self._live.see(message_to_detections(message), to_seconds(message.header.stamp))

    def _take_sound(self, message: SoundEvent) -> None:
        self._take(message_to_sound(message))

    def _take_motion(self, message: HeadMotion) -> None:
        self._take(message_to_motion(message))

    def _take_narration(self, message: Narration) -> None:
        self._take(message_to_narration(_checked(message)))

    def _take_text(self, message: String) -> None:
        """Text has no stamp: it is about the moment that was seen last, or about now if nothing was."""
        seen_s = self._live.observed_until_s
        stamp_s = seen_s if seen_s > 0 else self._now_s()
        self._take(Told(_checked(Narration(text=message.data)).text, stamp_s))

    def _take_prediction(self, message: SubActionPrediction) -> None:
        first_s = to_seconds(message.timing.arrived) or self._now_s()
        self._live.push(message_to_prediction(message))
        self._revise(first_s, message.timing.model_s)

    def _take(self, evidence) -> None:
        arrived_s = self._now_s()
        self._live.push(evidence)
        self._revise(arrived_s, 0.0)

    # Programs

    def _revise(self, arrived_s: float, model_s: float) -> None:
        self._last_evidence_s = time.monotonic()
        start_s = time.monotonic()
        revisions = self._live.poll()
        if revisions:
            self.counters.measure("write_ms", (time.monotonic() - start_s) * 1e3)
        self._publish(revisions, (arrived_s, model_s))
        self._anticipate((arrived_s, model_s))

    def _publish(self, revisions: Iterable[Revision], since: tuple[float, float] | None) -> None:
        """since: (arrival of the evidence at the first node, seconds in models since then), both in seconds."""
        for revision in revisions:
            now_s = self._now_s()
            arrived_s, model_s = since or (now_s, 0.0)
            message = revision_to_message(
                revision, frame_id=self._frame_id, task=self.parameters.task, vocabulary=self._live.vocabulary
            )
            message.timing = timing(arrived_s, self._now_s(), model_s, self._dropped)
            self._programs.publish(message)
            self.counters.count("revisions")
            self.counters.count("programs", int(revision.is_complete))
            if since is not None and not revision.is_complete:
                self.counters.measure("overhead_ms", message.timing.overhead_s * 1e3)
            self._publish_world(revision.observed_until_s)
        self.counters.value("late evidence", self._live.late)
        self.counters.value("withheld revisions", self._live.withheld)

    def _publish_world(self, stamp_s: float) -> None:
        facts = self._live.world.facts
        if facts != self._last_facts:
            self._last_facts = facts
            self._worlds.publish(world_state_to_message(self._live.world, stamp_s, self._frame_id))

    def _anticipate(self, since: tuple[float, float] | None = None) -> None:
        """On each new sub-action, and every second while a program runs. since: as for `_publish`."""
        latest = self._live.latest
        if latest is None:
            self._num_so_far = 0
            return
        is_due = time.monotonic() - self._last_forecast_s >= self.parameters.anticipation_period_s
        if len(latest.so_far) == self._num_so_far and not is_due:
            return
        self._num_so_far = len(latest.so_far)
        self._last_forecast_s = time.monotonic()
        forecast = self._live.forecast()
        message = forecast_to_message(forecast, forecast.observed_until_s, self._frame_id)
        if since is not None:
            arrived_s, model_s = since
            message.timing = timing(arrived_s, self._now_s(), model_s, self._dropped)
            self.counters.measure("anticipation_ms", (self._now_s() - arrived_s) * 1e3)
        self._anticipations.publish(message)

    def _look(self) -> None:
        """Closes the program where evidence has stopped coming altogether."""
        if not self.is_active or not self._live.is_active:
            return
        if time.monotonic() - self._last_evidence_s >= self.parameters.close_after_s:
            self._publish(self._live.close("no more evidence came"), None)
        else:
            self._anticipate()

    def _now_s(self) -> float:
        return self.get_clock().now().nanoseconds * 1e-9

    # Services

    def _on_close_program(
        self, request: CloseProgram.Request, response: CloseProgram.Response
    ) -> CloseProgram.Response:
        closed = self._live.close() if self._live is not None and self.is_active else ()
        self._publish(closed, None)
        response.success = True
        response.revisions = closed[-1].number if closed else 0
        response.message = f"closed {closed[-1].program.name}" if closed else "no program was running"
        return response

    def _on_set_vocabulary(
        self, request: SetVocabulary.Request, response: SetVocabulary.Response
    ) -> SetVocabulary.Response:
        names, response.rejected = object_names(request.names)
        if self._live is not None:
            self._live.set_vocabulary(names)
        response.success = self._live is not None and not response.rejected
        response.message = f"{len(names)} names" if names else "any name"
        return response


def _config(parameters: ProgrammerParameters) -> LiveConfig:
    return LiveConfig(
        close_after_s=parameters.close_after_s,
        max_length_s=parameters.max_length_s,
        max_sub_actions=parameters.max_sub_actions,
        min_revision_period_s=parameters.min_revision_period_s,
        memory_s=parameters.memory_s,
        max_candidates=parameters.max_candidates,
    )


def _checked(message: Narration) -> Narration:
    if not message.text.strip() or len(message.text) > MAX_NARRATION:
        raise InputError(
            f"expected a narration of 1 to {MAX_NARRATION} characters such as 'take plate', got {len(message.text)}"
        )
    return message


def main() -> int:
    return run(Programmer)


if __name__ == "__main__":
    sys.exit(main())

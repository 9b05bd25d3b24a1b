"""`listener`: sound in, sound events out."""

from __future__ import annotations

import sys
import threading
import time
from dataclasses import dataclass
from typing import Any

from egoprog_msgs.msg import AudioChunk, SoundEvent

from egoprog.data.samples import AudioBlock
from egoprog.describe.sound import SoundConfig, SoundExtractor
from egoprog.describe.types import SoundEvent as Heard
from egoprog_ros.audio import AudioReader, info_type, installed_types
from egoprog_ros.backlog import Backlog
from egoprog_ros.base import EgoprogNode, NodeParameters, parameter, run
from egoprog_ros.convert import sound_to_message
from egoprog_ros.stamps import StampGuard, to_seconds

TOPIC = "audio"
LOOK_PERIOD_S = 1.0  # how often the type that is published is looked at
FINISH_S = 1.0  # longest time that a node that is deactivated works on what waits
PAUSE_S = 0.5  # after so long without a chunk what is still heard is told as it stands
GAP_S = 0.02  # a silence between chunks that is longer than clocks jitter


@dataclass(frozen=True)
class ListenerParameters(NodeParameters):
    max_waiting_chunks: int = parameter(
        100, "chunks that may wait for the model; beyond it the oldest is lost and counted", 1, 10000
    )
    max_event_s: float = parameter(
        2.0, "a sound that goes on is told in pieces of this length", 0.5, 60.0, "s", changeable=False
    )
    min_score: float = parameter(0.2, "events that the tagger is less sure of are not published", 0.0, 1.0)


class Listener(EgoprogNode):
    """Runs the sound tagger on every chunk, in the order in which they come."""

    def __init__(self, **options: Any) -> None:
        super().__init__("listener", ListenerParameters, **options)
        self._backlog: Backlog[Any] | None = None
        self._lock = threading.Lock()  # around the extractor, which the backlog's thread works with

    def configure(self) -> None:
        self._extractor = SoundExtractor(SoundConfig(max_event_s=self.parameters.max_event_s))
        self._reader = AudioReader()
        self._guard = StampGuard(TOPIC, on_jump=self._forget)
        self._end_s: float | None = None  # of the last chunk, on the clock of the stamps
        self._audio_type: type = AudioChunk
        self._events = self.advertise(SoundEvent, "sound_events", "events")
        self._backlog = Backlog(
            self._work,
            lambda error: self.complain(f"{type(error).__name__} on {TOPIC}", error),
            lambda count: self.counters.lost("audio chunks", count),
            self.get_name(),
            self.parameters.max_waiting_chunks,
        )
        self.subscribe(AudioChunk, TOPIC, self._take, "audio", is_expected=True)
        if (info := info_type()) is not None:
            self.subscribe(info, "audio_info", self._reader.note_info, "latched")
        self._last_chunk_s: float | None = None  # monotonic; None once told that sound has paused
        self._look_timer = self.every(LOOK_PERIOD_S, self._follow_type)
        self._pause_timer = self.every(PAUSE_S / 2, self._note_pause)

    def activate(self) -> None:
        self._backlog.start()

    def deactivate(self) -> None:
        """What has been heard is told: the chunks that wait, and the sound that goes on."""
        self._backlog.wait_until_idle(FINISH_S)
        self._backlog.stop()
        with self._lock:
            events = self._extractor.flush()
        self._publish(events, "")

    def cleanup(self) -> None:
        if self._backlog is not None:
            self.destroy_timer(self._look_timer)
            self.destroy_timer(self._pause_timer)
            self._backlog = None

    def parameters_changed(self, before: ListenerParameters, after: ListenerParameters) -> None:
        if self._backlog is not None:
            self._backlog.resize(after.max_waiting_chunks)

    def reset(self, keep_world: bool) -> None:
        if self._backlog is not None:
            self._guard.reset()
            self._backlog.clear()
            self._forget()

    def _take(self, message: Any) -> None:
        self._guard.check(to_seconds(message.header.stamp))
        self.counters.count("audio chunks")
        self._last_chunk_s = time.monotonic()
        self._backlog.put(message)

    def _note_pause(self) -> None:
        """A recording's last sound has no sound after it that would end it."""
        if self._last_chunk_s is not None and time.monotonic() - self._last_chunk_s > PAUSE_S:
            self._last_chunk_s = None
            self._backlog.put(None)

    def _work(self, message: Any) -> None:
        if message is None:
            with self._lock:
                self._publish(self._extractor.flush(), "")
            return
        block = self._reader.read(message)
        self._note_gap(block)
        with self._lock:
            before_s = self._extractor.model_s
            events = self._extractor.push(block)
            model_s = self._extractor.model_s - before_s
        self._publish(events, message.header.frame_id)
        self.counters.measure("model_ms", model_s * 1e3)
        self.counters.value("chunks waiting", len(self._backlog))

    def _publish(self, events: list[Heard], frame_id: str) -> None:
        for event in events:
            if event.score >= self.parameters.min_score:
                self._events.publish(sound_to_message(event, frame_id))
                self.counters.count("sound events")

    def _note_gap(self, block: AudioBlock) -> None:
        """Counts the chunks that were lost on the way here, as the stamps tell."""
        length_s = len(block.samples) / block.sample_rate
        if self._end_s is not None and block.stamp_s - self._end_s > max(GAP_S, length_s / 2):
            self.counters.lost("audio chunks", max(1, round((block.stamp_s - self._end_s) / length_s)))
        self._end_s = block.stamp_s + length_s

    def _forget(self) -> None:
        with self._lock:
            self._extractor.reset()
        self._end_s = None

    def _follow_type(self) -> None:
        """Subscribes with the type that is published, where it is another one that is installed here."""
        if not self.is_active:
            return
        published = {info.topic_type for info in self.get_publishers_info_by_topic(TOPIC)}
        known = {_type_name(each): each for each in installed_types()}
        if not published or _type_name(self._audio_type) in published:
            return
        found = next((known[name] for name in sorted(published) if name in known), None)
        if found is None:
            self.complain(
                f"type of {TOPIC}",
                f"{TOPIC}: expected {' or '.join(known)}, got {', '.join(sorted(published))}; "
                "install that package of messages or publish one of these",
            )
            return
        self.get_logger().info(f"{TOPIC}: its publisher sends {_type_name(found)}; subscribing so")
        self._audio_type = found
        self.unsubscribe(TOPIC)
        self.subscribe(found, TOPIC, self._take, "audio", is_expected=True)


def _type_name(message_type: type) -> str:
    """As the graph names it: "egoprog_msgs/msg/AudioChunk"."""
    package, kind, _ = message_type.__module__.split(".", 2)
    return f"{package}/{kind}/{message_type.__name__}"


def main() -> int:
    return run(Listener)


if __name__ == "__main__":
    sys.exit(main())

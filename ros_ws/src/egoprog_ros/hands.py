"""`hands`: camera images in; hands, contacts and the objects in them out."""

from __future__ import annotations

import sys
import threading
import time
from collections import deque
from dataclasses import dataclass, replace
from typing import Any

from egoprog_msgs.msg import HandContacts, Narration, ObjectDetections
from egoprog_msgs.srv import SetVocabulary

from egoprog.describe.contact import HandContactExtractor, HandFrame
from egoprog.describe.describer import DescriberConfig
from egoprog.describe.objects import ObjectNamer, names_what_is_taken
from egoprog.describe.types import ContactKind
from egoprog.describe.types import Narration as Told
from egoprog_ros.base import EgoprogNode, NodeParameters, gives_way, parameter, run
from egoprog_ros.camera import Arrival, FrameFeed, image_parameter
from egoprog_ros.convert import detections_to_message, hands_to_message, message_to_frame, message_to_narration, timing
from egoprog_ros.vocabulary import object_names

MODEL = "MediaPipe hand landmarker; contact from grip and common motion"
AROUND_S = DescriberConfig().around_s  # a grab so near to a narration is what it tells of
MAX_TOLD = 20  # narrations that are remembered


@dataclass(frozen=True)
class HandsParameters(NodeParameters):
    niceness: int = gives_way(5)
    image: str = image_parameter()
    vocabulary: tuple[str, ...] = parameter((), "names that objects in the hand may get; empty for any")


class Hands(EgoprogNode):
    """Runs the hand and contact models on the newest frame."""

    def __init__(self, **options: Any) -> None:
        super().__init__("hands", HandsParameters, **options)
        self._lock = threading.Lock()  # around the extractor, which the feed's thread works with
        self._extractor: HandContactExtractor | None = None
        self.create_service(SetVocabulary, "~/set_vocabulary", self._on_set_vocabulary)

    def configure(self) -> None:
        self._extractor = HandContactExtractor()
        self._namer = ObjectNamer(object_names(self.parameters.vocabulary)[0])
        self._held: frozenset[int] = frozenset()  # tracks in the hands in the last frame
        self._grabbed: dict[int, float] = {}  # when each of them was grabbed
        self._told: deque[Told] = deque(maxlen=MAX_TOLD)
        self._model_end_s = self._model_s = 0.0
        self._contacts = self.advertise(HandContacts, "hand_contacts", "events")
        self._objects = self.advertise(ObjectDetections, "objects")
        self._feed = FrameFeed(self, self.parameters.image, self._work, self._forget)
        self.subscribe(self._feed.message_type, self._feed.topic, self._feed.put, "image", is_expected=True)
        self.subscribe(Narration, "narration", self._take_narration, "events")

    def activate(self) -> None:
        self._feed.start()

    def deactivate(self) -> None:
        self._feed.stop()

    def cleanup(self) -> None:
        if self._extractor is not None:
            self._extractor.close()
            self._extractor = None

    def parameters_changed(self, before: HandsParameters, after: HandsParameters) -> None:
        if self._extractor is not None and before.vocabulary != after.vocabulary:
            self._namer.vocabulary = object_names(after.vocabulary)[0]

    def reset(self, keep_world: bool) -> None:
        if self._extractor is not None:
            self._feed.reset()
            self._forget()

    def _forget(self) -> None:
        with self._lock:
            self._extractor.reset()

    def _take_narration(self, message: Narration) -> None:
        told = message_to_narration(message)
        if names_what_is_taken(told.text):
            self._told.append(told)

    def _name_what_was_taken(self) -> None:
        """What was grabbed while the wearer told of taking something is that thing."""
        for track_id, grabbed_s in self._grabbed.items():
            for told in tuple(self._told):
                end_s = told.start_s if told.stop_s is None else told.stop_s
                if told.start_s - AROUND_S <= grabbed_s <= end_s + AROUND_S and track_id in self._held:
                    self._namer.narrated(told, track_id, self._held)

    def _work(self, arrival: Arrival) -> None:
        frame = message_to_frame(arrival.message)
        with self._lock:
            start_s = time.monotonic()
            result = self._named(self._extractor.push(frame))
            end_s = time.monotonic()
        # A frame that waits while the models work on the one before waits for the models, not for the node.
        waited_s = max(0.0, self._model_end_s - max(arrival.steady_s, self._model_end_s - self._model_s))
        self._model_end_s, self._model_s = end_s, end_s - start_s
        header = arrival.message.header
        height, width = frame.image.shape[:2]
        objects = [hand.contact_object for hand in result.hands if hand.contact_object is not None]
        now_s = self.get_clock().now().nanoseconds * 1e-9
        times = timing(arrival.arrived_s, now_s, waited_s + self._model_s, self._feed.dropped)
        self._contacts.publish(hands_to_message(result.hands, result.events, header, (width, height), MODEL, times))
        self._objects.publish(detections_to_message(objects, header, MODEL))
        self.counters.measure("model_ms", self._model_s * 1e3)
        self.counters.measure("network_ms", result.model_s * 1e3)
        self.counters.measure("wait_ms", waited_s * 1e3)
        self.counters.measure("overhead_ms", times.overhead_s * 1e3)

    def _named(self, result: HandFrame) -> HandFrame:
        """The frame with the names of things that have been told; things without one stay nameless."""
        things = [hand.contact_object for hand in result.hands if hand.contact_object is not None]
        self._held = frozenset(thing.track_id for thing in things if thing.track_id >= 0)
        self._grabbed |= {e.track_id: e.stamp_s for e in result.events if e.kind is ContactKind.GRABBED}
        self._grabbed = {track: stamp_s for track, stamp_s in self._grabbed.items() if track in self._held}
        self._name_what_was_taken()

        def name(track_id: int) -> str:
            return self._namer.name(track_id) if track_id >= 0 and self._namer.is_named(track_id) else ""

        hands = tuple(
            replace(hand, contact_object=replace(thing, name=name(thing.track_id))) if thing is not None else hand
            for hand in result.hands
            for thing in (hand.contact_object,)
        )
        events = tuple(replace(event, object_name=name(event.track_id)) for event in result.events)
        return replace(result, hands=hands, events=events)

    def _on_set_vocabulary(
        self, request: SetVocabulary.Request, response: SetVocabulary.Response
    ) -> SetVocabulary.Response:
        names, response.rejected = object_names(request.names)
        if self._extractor is not None:
            self._namer.vocabulary = names
        response.success = self._extractor is not None and not response.rejected
        response.message = f"{len(names)} names" if names else "any name"
        return response


def main() -> int:
    return run(Hands)


if __name__ == "__main__":
    sys.exit(main())

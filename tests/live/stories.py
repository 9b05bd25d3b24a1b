"""Evidence as the extractors give it, made by hand, and its way into a live programmer."""

from collections.abc import Iterable, Iterator

from egoprog.describe.types import Contact, ContactEvent, ContactKind, HandObservation, ObjectDetection
from egoprog.live.programmer import Evidence, LiveProgrammer, Revision
from egoprog.program.types import Hand

PERIOD_S = 1 / 30


def hand(stamp_s: float, held: str = "", side: Hand = Hand.RIGHT, x: float = 100.0) -> HandObservation:
    """One hand in one frame. held: what it is seen to hold. x: of its box, pixels."""
    box = (x, 100.0, x + 80.0, 180.0)
    if not held:
        return HandObservation(stamp_s, side, 0.9, box)
    thing = ObjectDetection(held, 0.8, (x + 20.0, 120.0, x + 120.0, 200.0), 7)
    return HandObservation(stamp_s, side, 0.9, box, (), Contact.PORTABLE, 0.9, thing)


def grab(stamp_s: float, name: str, side: Hand = Hand.RIGHT) -> ContactEvent:
    return ContactEvent(ContactKind.GRABBED, side, stamp_s, name, 7, 0.9)


def let_go(stamp_s: float, name: str, side: Hand = Hand.RIGHT) -> ContactEvent:
    return ContactEvent(ContactKind.RELEASED, side, stamp_s, name, 7, 0.9)


def frames(start_s: float, stop_s: float, held: str = "", moves: float = 0.0) -> Iterator[HandObservation]:
    """The right hand at 30 Hz. moves: pixels a second."""
    for number in range(round((stop_s - start_s) / PERIOD_S)):
        stamp_s = start_s + number * PERIOD_S
        yield hand(stamp_s, held, x=100.0 + moves * (stamp_s - start_s))


def play(live: LiveProgrammer, evidence: Iterable[Evidence]) -> list[Revision]:
    revisions = []
    for each in evidence:
        live.push(each)
        revisions += live.poll()
    return revisions


def carrying(start_s: float = 100.0, name: str = "cup") -> list[Evidence]:
    """A hand comes, takes something, carries it, puts it down and rests."""
    story = [
        *frames(start_s, start_s + 1, ""),
        grab(start_s + 1, name),
        *frames(start_s + 1, start_s + 2, name),
        *frames(start_s + 2, start_s + 3, name, moves=150.0),
        let_go(start_s + 4, name),
        *frames(start_s + 4, start_s + 8, ""),
    ]
    return sorted(story, key=lambda e: e.stamp_s)

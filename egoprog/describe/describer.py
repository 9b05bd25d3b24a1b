"""Gathers what the extractors say and cuts it into descriptions of clips; offline over a recording, and live."""

from __future__ import annotations

import bisect
import difflib
import itertools
import math
import re
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias, TypeVar

from egoprog.describe.objects import ObjectNamer, names_what_is_taken
from egoprog.describe.types import (
    Box,
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
from egoprog.program.types import Hand, object_name

Evidence: TypeAlias = SoundEvent | HeadMotion | Narration | ContactEvent | HandObservation | ObjectDetection
Piece = TypeVar("Piece", SoundEvent, HeadMotion)


_PIECE_GAP_S = 0.05  # between the pieces of one long event
_BODY = frozenset(("hand", "hands", "finger", "fingers"))  # "wash hands" names nothing that is held


@dataclass(frozen=True)
class DescriberConfig:
    """Ours where not said otherwise: the paper gives no such figures.

    num_narrations: before and after a clip (the paper's example has two). similarity: of a name to one of the
    vocabulary, by difflib's ratio, from which it is taken for it.
    edge_s: what happens so shortly after a clip's start counts as before it: a frame or two, within which nothing is
    grabbed; trackers also date at their first frame what was held before it.
    around_s: a thing grabbed from so long before a narration to so long after it is what the narration names.
    initial_s: a hand seen to hold something at a clip's start without any event before it held it already, if it is
    seen so for most of this long.
    Moving: a held object moves while its box's centre makes more than `moving_speed` times the hand's size a second,
    over at least `moving_distance` hand sizes from where it began; gaps up to `moving_gap_s` do not interrupt it. The
    hand's size is the diagonal of its box: the one yardstick in the image whose true size is known, about 0.2 m.
    """

    num_narrations: int = 2
    similarity: float = 0.8
    edge_s: float = 0.05
    around_s: float = 1.0  # contact is seen up to a second after the hand has closed
    initial_s: float = 0.3
    moving_speed: float = 0.6
    moving_distance: float = 0.4
    moving_gap_s: float = 0.35
    smoothing_s: float = 0.15


@dataclass(frozen=True, slots=True)
class _Hold:
    """One moment of a hand on a portable thing. size_px: the diagonal of the hand's box."""

    stamp_s: float
    hand: Hand
    name: str
    track_id: int
    centre_px: tuple[float, float]
    size_px: float
    score: float


@dataclass(frozen=True, slots=True)
class _Sighting:
    stamp_s: float
    name: str
    track_id: int
    score: float


@dataclass(frozen=True, slots=True)
class _Grip:
    """What a hand was known to do at a stamp: name and track of the thing held, or nothing."""

    stamp_s: float
    name: str = ""
    track_id: int = -1
    is_holding: bool = False


class Describer:
    """Accumulates evidence, which may come in any order and after its time, and cuts descriptions out of it.

    vocabulary: object names that programs may use; names that come close to one of them are taken for it. May be
    replaced at any time: evidence is kept under the names that it came with.
    A thing without a name that was grabbed while a narration named one is called so ("take plate"), others "object_1",
    "object_2", ... by their tracks, for as long as they are remembered.
    """

    def __init__(self, vocabulary: Sequence[str] = (), config: DescriberConfig | None = None) -> None:
        self.vocabulary = vocabulary
        self.config = config or DescriberConfig()
        self._sounds: list[SoundEvent] = []
        self._motions: list[HeadMotion] = []
        self._narrations: list[Narration] = []
        self._contacts: list[ContactEvent] = []
        self._holds: list[_Hold] = []
        self._bare: list[tuple[float, Hand]] = []  # hands seen without a thing
        self._sightings: list[_Sighting] = []
        self._grips: dict[Hand, _Grip] = {}  # of events that were forgotten
        self._known: dict[int, str] = {}  # track to the name that came with some of its evidence
        self._told: dict[int, str] = {}  # track to the noun of the narration that it was grabbed in
        self._numbers: dict[int, int] = {}  # track to the number in its name
        self._last_seen_s: dict[int, float] = {}
        self._next_number = 1
        self._latest_s = 0.0

    @property
    def vocabulary(self) -> tuple[str, ...]:
        return self._vocabulary

    @vocabulary.setter
    def vocabulary(self, names: Sequence[str]) -> None:
        self._vocabulary = tuple(names)
        self._likened: dict[str, str] = {}
        self._namer = ObjectNamer(self._vocabulary)

    @property
    def sounds(self) -> tuple[SoundEvent, ...]:
        return tuple(self._sounds)

    @property
    def motions(self) -> tuple[HeadMotion, ...]:
        return tuple(self._motions)

    @property
    def narrations(self) -> tuple[Narration, ...]:
        return tuple(self._narrations)

    @property
    def contacts(self) -> tuple[ContactEvent, ...]:
        """All contact events that are remembered, their things named as in a clip."""
        return tuple(replace(e, object_name=self._name(e.object_name, e.track_id)) for e in self._contacts)

    def push(self, evidence: Evidence, stamp_s: float | None = None) -> None:
        """Takes one piece of evidence. stamp_s: of an ObjectDetection, which has none; by default the latest stamp."""
        match evidence:
            case SoundEvent():
                _insert(self._sounds, evidence, _start)
                self._latest_s = max(self._latest_s, evidence.stop_s)
            case HeadMotion():
                _insert(self._motions, evidence, _start)
                self._latest_s = max(self._latest_s, evidence.stop_s)
            case Narration():
                _insert(self._narrations, evidence, _start)
            case ContactEvent():
                self._see(evidence.object_name, evidence.track_id, evidence.stamp_s)
                _insert(self._contacts, evidence, _stamp)
            case HandObservation():
                self._push_hand(evidence)
            case ObjectDetection():
                self._push_object(evidence, self._latest_s if stamp_s is None else stamp_s)

    def extend(self, evidence: Iterable[Evidence], stamp_s: float | None = None) -> None:
        for each in evidence:
            self.push(each, stamp_s)

    def clip(self, start_s: float, stop_s: float, name: str | None = None) -> ClipDescription:
        """What is known now of one stretch of time; later evidence may change it.

        name: of the program; else made of the narration ("take_carrots"), else of the times ("clip_12_15").
        """
        self._name_by_narrations()
        told, before, after = self._narrations_around(start_s, stop_s)
        return ClipDescription(
            name=name or _program_name(told, start_s, stop_s),
            start_s=start_s,
            stop_s=stop_s,
            sounds=_joined([e for e in self._sounds if e.start_s < stop_s and e.stop_s > start_s], _join_sounds),
            motions=_joined([e for e in self._motions if e.start_s < stop_s and e.stop_s > start_s], _join_motions),
            narration=told,
            narrations_before=before,
            narrations_after=after,
            objects=self._objects(start_s, stop_s, told),
            vocabulary=self.vocabulary,
            holding_at_start=self._holding(start_s),
            contacts=tuple(e for e in self.contacts if start_s + self.config.edge_s < e.stamp_s <= stop_s),
            moving=self._moving(start_s, stop_s),
        )

    def forget_before(self, stamp_s: float) -> None:
        """Drops evidence that ended before; what each hand held then is remembered, and the last narrations."""
        for event in self._contacts[: bisect.bisect_left(self._contacts, stamp_s, key=_stamp)]:
            self._update_grips(self._grips, event)
        del self._contacts[: bisect.bisect_left(self._contacts, stamp_s, key=_stamp)]
        self._sounds = [event for event in self._sounds if event.stop_s >= stamp_s]
        self._motions = [motion for motion in self._motions if motion.stop_s >= stamp_s]
        num_past = bisect.bisect_left(self._narrations, stamp_s, key=_start)
        del self._narrations[: max(0, num_past - self.config.num_narrations)]
        for kept in (self._holds, self._sightings):
            del kept[: bisect.bisect_left(kept, stamp_s, key=_stamp)]
        del self._bare[: bisect.bisect_left(self._bare, stamp_s, key=lambda seen: seen[0])]
        held = {grip.track_id for grip in self._grips.values()}
        for track_id in [t for t, seen_s in self._last_seen_s.items() if seen_s < stamp_s and t not in held]:
            del self._last_seen_s[track_id], self._numbers[track_id]
            self._told.pop(track_id, None)
            self._known.pop(track_id, None)

    def _push_hand(self, seen: HandObservation) -> None:
        self._latest_s = max(self._latest_s, seen.stamp_s)
        thing = seen.contact_object
        if thing is None or seen.contact is not Contact.PORTABLE:
            _insert(self._bare, (seen.stamp_s, seen.side), lambda each: each[0])
            if thing is not None:
                self._push_object(thing, seen.stamp_s)
            return
        self._push_object(thing, seen.stamp_s)
        hold = _Hold(
            seen.stamp_s,
            seen.side,
            thing.name,
            thing.track_id,
            _centre(thing.box_px),
            max(1.0, math.dist(seen.box_px[:2], seen.box_px[2:])),
            seen.contact_score,
        )
        _insert(self._holds, hold, _stamp)

    def _push_object(self, thing: ObjectDetection, stamp_s: float) -> None:
        self._latest_s = max(self._latest_s, stamp_s)
        self._see(thing.name, thing.track_id, stamp_s)
        _insert(self._sightings, _Sighting(stamp_s, thing.name, thing.track_id, thing.score), _stamp)

    def _see(self, name: str, track_id: int, stamp_s: float) -> None:
        """Numbers a thing that has a track and no name; keeps the name of one that has."""
        if track_id < 0:
            return
        if name:
            self._known[track_id] = name
            return
        if track_id not in self._numbers:
            self._numbers[track_id] = self._next_number
            self._next_number += 1
        self._last_seen_s[track_id] = max(stamp_s, self._last_seen_s.get(track_id, stamp_s))

    def _name(self, name: str, track_id: int) -> str:
        """The name under which a thing goes into a description; "" if it has neither name nor track."""
        name = name or self._known.get(track_id, "")
        if not name:
            if track_id in self._told:
                return self._told[track_id]
            return f"object_{self._numbers[track_id]}" if track_id in self._numbers else ""
        if name not in self._likened:
            self._likened[name] = self._like(name)
        return self._likened[name]

    def _like(self, name: str) -> str:
        """The name of the vocabulary that comes close to it, else itself in canonical form."""
        try:
            plain = object_name(name)
        except ValueError:
            return ""
        closest = difflib.get_close_matches(plain, self._vocabulary, n=1, cutoff=self.config.similarity)
        return closest[0] if closest else plain

    def _name_by_narrations(self) -> None:
        """Names things without a name by the narration that they were grabbed in: the first thing by its first noun."""
        around_s = self.config.around_s
        for told in self._narrations:
            if not names_what_is_taken(told.text):
                continue
            end_s = told.start_s if told.stop_s is None else told.stop_s
            grabbed = [
                event.track_id
                for event in self._contacts
                if event.kind is ContactKind.GRABBED
                and not event.object_name
                and event.track_id >= 0
                and told.start_s - around_s <= event.stamp_s <= end_s + around_s
            ]
            nouns = [noun for noun in self._namer.nouns(told.text) if noun not in _BODY]
            for track_id, noun in zip(dict.fromkeys(grabbed), nouns, strict=False):
                self._told.setdefault(track_id, noun)

    def _narrations_around(self, start_s: float, stop_s: float) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
        """The narration of the clip, that with which it overlaps best, and those right before and after that one."""

        def overlap(told: Narration) -> float:
            end_s = told.start_s if told.stop_s is None else told.stop_s
            shared_s = min(end_s, stop_s) - max(told.start_s, start_s)
            union_s = max(end_s, stop_s) - min(told.start_s, start_s)
            # A moment inside the clip counts, but less than any stretch.
            return shared_s / union_s if shared_s > 0 else (0.0 if start_s <= told.start_s < stop_s else -1.0)

        count = self.config.num_narrations
        place = max(range(len(self._narrations)), key=lambda k: overlap(self._narrations[k]), default=None)
        if place is None or overlap(self._narrations[place]) < 0:
            split = bisect.bisect_left(self._narrations, start_s, key=_start)
            text, before, after = "", self._narrations[:split], self._narrations[split:]
        else:
            text = self._narrations[place].text
            before, after = self._narrations[:place], self._narrations[place + 1 :]
        return text, tuple(n.text for n in before[-count:]), tuple(n.text for n in after[:count])

    def _objects(self, start_s: float, stop_s: float, narration: str) -> tuple[str, ...]:
        """Names of the clip, most certain first: what was held or touched, then what is told of, then what was seen."""
        rank: dict[str, tuple[int, float]] = {}

        def add(name: str, weight: int, score: float) -> None:
            if name:
                had = rank.get(name, (0, 0.0))
                rank[name] = (max(had[0], weight), had[1] + score)

        for _, name in self._holding(start_s):
            add(name, 2, 1.0)
        for event in self.contacts:
            if start_s <= event.stamp_s <= stop_s:
                add(event.object_name, 2, max(event.score, 1.0))
        for (name, track_id), score in _total_scores(_within(self._holds, start_s, stop_s)).items():
            add(self._name(name, track_id), 2, score)
        words = f" {' '.join(re.findall(r'[a-z0-9]+', narration.lower()))} "
        for name in self.vocabulary:
            if f" {' '.join(re.findall(r'[a-z0-9]+', name.lower()))} " in words:
                add(name, 1, 1.0)
        for (name, track_id), score in _total_scores(_within(self._sightings, start_s, stop_s)).items():
            add(self._name(name, track_id), 0, score)
        return tuple(sorted(rank, key=lambda name: rank[name], reverse=True))

    def _holding(self, stamp_s: float) -> tuple[tuple[Hand, str], ...]:
        """What each hand holds at a moment: by the events before it, else by what is seen right then."""
        grips = dict(self._grips)
        for event in self._contacts[: bisect.bisect_right(self._contacts, stamp_s + self.config.edge_s, key=_stamp)]:
            self._update_grips(grips, event)
        held = []
        for hand in (Hand.LEFT, Hand.RIGHT):
            grip = grips.get(hand) or self._grip_by_sight(hand, stamp_s)
            if grip.is_holding:
                held.append((hand, self._name(grip.name, grip.track_id)))
        return tuple(held)

    def _grip_by_sight(self, hand: Hand, stamp_s: float) -> _Grip:
        end_s = stamp_s + self.config.initial_s
        holds = [hold for hold in _within(self._holds, stamp_s, end_s) if hold.hand is hand]
        bare = sum(side is hand and stamp_s <= seen_s <= end_s for seen_s, side in self._bare)
        grabbed = any(
            event.hand is hand and event.kind is ContactKind.GRABBED and event.stamp_s > holds[0].stamp_s
            for event in self._contacts
            if holds and stamp_s <= event.stamp_s <= end_s
        )
        if len(holds) <= bare or grabbed:
            return _Grip(stamp_s)
        return _Grip(stamp_s, holds[0].name, holds[0].track_id, is_holding=True)

    @staticmethod
    def _update_grips(grips: dict[Hand, _Grip], event: ContactEvent) -> None:
        for hand in (Hand.LEFT, Hand.RIGHT) if event.hand is Hand.BOTH else (event.hand,):
            if hand in grips and grips[hand].stamp_s > event.stamp_s:
                continue
            is_holding = event.kind is ContactKind.GRABBED
            grips[hand] = _Grip(
                event.stamp_s, event.object_name if is_holding else "", event.track_id if is_holding else -1, is_holding
            )

    def _moving(self, start_s: float, stop_s: float) -> tuple[tuple[Hand, str, float, float], ...]:
        """Stretches in which a held thing moved a good way in the image, except while the head turned."""
        turns = [(m.start_s, m.stop_s) for m in self._motions if m.kind is MotionKind.TURN]
        tracks: dict[tuple[Hand, str], list[_Hold]] = defaultdict(list)
        holds = _within(self._holds, start_s, stop_s)
        names = {key: self._name(*key) for key in {(hold.name, hold.track_id) for hold in holds}}
        for hold in holds:
            if not any(begin <= hold.stamp_s <= end for begin, end in turns):
                tracks[hold.hand, names[hold.name, hold.track_id]].append(hold)
        stretches = [
            (hand, name, begin_s, end_s)
            for (hand, name), holds in tracks.items()
            for begin_s, end_s in self._moving_stretches(holds)
        ]
        return tuple(sorted(stretches, key=lambda stretch: stretch[2]))

    def _moving_stretches(self, holds: list[_Hold]) -> Iterable[tuple[float, float]]:
        """(start_s, stop_s) of one hand's one thing; `holds` are in the order of their stamps."""
        config = self.config
        if len(holds) < 2:
            return
        # One size for all: a hand box that flickers must not move the thing.
        size_px = statistics.median(hold.size_px for hold in holds)
        steps = holds[:1]
        for hold in holds:
            if hold.stamp_s - steps[-1].stamp_s >= config.smoothing_s:
                steps.append(hold)
        stretch: list[_Hold] = []
        for before, now in itertools.pairwise(steps):
            elapsed_s = now.stamp_s - before.stamp_s
            if stretch and now.stamp_s - stretch[-1].stamp_s > max(config.moving_gap_s, 2 * config.smoothing_s):
                yield from self._finished(stretch, size_px)
                stretch = []
            distance = math.dist(before.centre_px, now.centre_px) / size_px
            if elapsed_s <= config.moving_gap_s and distance >= config.moving_speed * elapsed_s:
                stretch = [*(stretch or [before]), now]
        yield from self._finished(stretch, size_px)

    def _finished(self, stretch: list[_Hold], size_px: float) -> Iterable[tuple[float, float]]:
        reach_px = max((math.dist(stretch[0].centre_px, hold.centre_px) for hold in stretch), default=0.0)
        if stretch and reach_px >= self.config.moving_distance * size_px:
            yield stretch[0].stamp_s, stretch[-1].stamp_s


def _total_scores(seen: Iterable[_Hold | _Sighting]) -> dict[tuple[str, int], float]:
    """Summed scores by name and track: things are named once a clip, not once a frame."""
    totals: defaultdict[tuple[str, int], float] = defaultdict(float)
    for each in seen:
        totals[each.name, each.track_id] += each.score
    return totals


def _insert(kept: list, item: object, key: object) -> None:
    """Keeps a list in order; evidence mostly comes in order, so this is mostly an append."""
    if not kept or key(kept[-1]) <= key(item):
        kept.append(item)
    else:
        bisect.insort_right(kept, item, key=key)


def _joined(events: list[Piece], join: Callable[[Piece, Piece], Piece | None]) -> tuple[Piece, ...]:
    """Extractors tell of what lasts long in pieces; here it is whole again."""
    whole: list[Piece] = []
    for event in events:
        for place, before in enumerate(whole):
            if (both := join(before, event)) is not None:
                whole[place] = both
                break
        else:
            whole.append(event)
    return tuple(whole)


def _join_sounds(first: SoundEvent, second: SoundEvent) -> SoundEvent | None:
    if first.label != second.label or second.start_s - first.stop_s > _PIECE_GAP_S:
        return None
    better = first if first.score >= second.score else second
    return replace(better, start_s=first.start_s, stop_s=max(first.stop_s, second.stop_s))


def _join_motions(first: HeadMotion, second: HeadMotion) -> HeadMotion | None:
    is_next = abs(second.start_s - first.stop_s) <= _PIECE_GAP_S
    if (first.kind, first.source) != (second.kind, second.source) or not is_next:
        return None
    distance_m, angle_rad = (
        None if a is None or b is None else a + b
        for a, b in ((first.distance_m, second.distance_m), (first.angle_rad, second.angle_rad))
    )
    return replace(first, stop_s=second.stop_s, distance_m=distance_m, angle_rad=angle_rad)


def _start(event: SoundEvent | HeadMotion | Narration) -> float:
    return event.start_s


def _stamp(event: ContactEvent | _Hold | _Sighting) -> float:
    return event.stamp_s


def _within(kept: list, start_s: float, stop_s: float) -> list:
    return kept[bisect.bisect_left(kept, start_s, key=_stamp) : bisect.bisect_right(kept, stop_s, key=_stamp)]


def _centre(box_px: Box) -> tuple[float, float]:
    return (box_px[0] + box_px[2]) / 2, (box_px[1] + box_px[3]) / 2


def _program_name(narration: str, start_s: float, stop_s: float) -> str:
    words = re.sub(r"[^a-z0-9]+", "_", narration.lower()).strip("_")
    if not words:
        return f"clip_{start_s:.0f}_{stop_s:.0f}"
    return words if not words[0].isdigit() else f"do_{words}"

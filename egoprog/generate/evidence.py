"""Reads the five descriptors of a clip as steps: what the hands did and when, where one walked, what was heard.

Every step that is read here was seen, heard or said, and carries the time of it on the program's clock (seconds from
the clip's start); what a program adds to these steps carries none.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from itertools import pairwise
from operator import itemgetter

import yaml

from egoprog.describe.types import ClipDescription, ContactKind, MotionKind, SoundEvent
from egoprog.generate.verify import allowed_objects, thing_name
from egoprog.program.types import Hand, SubAction, Verb, object_name
from egoprog.world import Domain, WorldState

MAX_STEPS = 24  # a clip with more evidence than this is cut too long; the surest steps are kept
_FLICKER_S = 0.3  # a hand that lets go of a thing and has it again so soon never let go
_JOIN_S = 0.6  # stretches of moving one thing that lie this close are one
_REPEATED = 3  # so many stretches of moving one thing, to and fro, are a use of it as a tool
_BUSY_S = 1.5  # so are stretches that last so long in all, both only while the other hand holds something still
_MIN_SOUND_S = 0.2

_NOTHING = "No hand was seen on anything, and no sound of use was heard."

Timed = tuple[float, SubAction]  # when it falls in the order of things, and the step, whose own times may be unknown

_UNNAMED = re.compile(r"object(_\d+)?$")  # names that describers give to things of unknown class


@dataclass(frozen=True, slots=True)
class SoundRule:
    """An entry of the sounds of evidence.yaml."""

    heard: frozenset[str]
    kind: str
    held: str
    free: tuple[str, ...]
    note: str


@dataclass(frozen=True, slots=True)
class Table:
    """evidence.yaml, read."""

    kind_of: dict[str, str]
    plans: dict[str, tuple[str, ...]]
    preposition: dict[str, str]
    fillers: frozenset[str]
    acted_on: frozenset[str]
    sounds: tuple[SoundRule, ...]


@cache
def table() -> Table:
    """The packaged table, read once."""
    data = yaml.safe_load(resources.files(__package__).joinpath("evidence.yaml").read_text(encoding="utf-8"))
    return Table(
        kind_of={word: kind for kind, words in data["verbs"].items() for word in words},
        plans={kind: tuple(steps) for kind, steps in data["plans"].items()},
        preposition={word: role for role, words in data["prepositions"].items() for word in words},
        fillers=frozenset(str(word) for word in data["fillers"]),
        acted_on=frozenset(data["acted_on"]),
        sounds=tuple(
            SoundRule(frozenset(e["heard"]), e.get("kind", ""), e["held"], tuple(e.get("free", ())), e.get("note", ""))
            for e in data["sounds"]
        ),
    )


@dataclass(frozen=True, slots=True)
class Saying:
    """A narration, taken apart. kind: of action, "" if none is known. noun, place, tool: object names or ""."""

    kind: str = ""
    verb: str = ""
    noun: str = ""
    place: str = ""
    tool: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a clip's descriptors say, as steps in the order of their times.

    held: at the start. steps: what was done. kinds: of action that sounds tell of. notes: what a step assumes.
    was_seen: whether a hand was seen on anything. sees_walks: whether walking would have shown.
    stand_in: the name of unknown class under which the narration's noun was seen; `saying.noun` is that name then.
    """

    saying: Saying
    held: dict[Hand, str]
    steps: tuple[SubAction, ...]
    kinds: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    was_seen: bool = False
    sees_walks: bool = False
    sounds: frozenset[str] = frozenset()
    stand_in: str = ""

    @property
    def objects(self) -> tuple[str, ...]:
        """Names in the order in which the evidence brings them up."""
        names = [*self.held.values(), *(name for step in self.steps for name in step.objects)]
        return tuple(dict.fromkeys(names))


def read(description: ClipDescription, domain: Domain | None = None) -> Evidence:
    """The evidence of a clip. Never raises over a description's content: what can't be read is left out."""
    saying = read_narration(description.narration)
    duration_s = max(0.0, description.stop_s - description.start_s)

    def clock(stamp_s: float) -> float:
        return round(min(max(stamp_s - description.start_s, 0.0), duration_s), 3)

    held: dict[Hand, str] = {}
    for hand, name in description.holding_at_start:
        for side in (Hand.LEFT, Hand.RIGHT) if hand is Hand.BOTH else (hand,):
            held[side] = thing_name(name)
    hands = _Hands(held)
    for event in _timeline(description, clock):
        hands.see(*event)
    heard, notes, kinds = _sound_steps(description, hands, domain or Domain.default(), clock)
    num_moves = Counter(thing_name(name) for _, name, _, _ in description.moving)
    steps = _as_tools(hands.steps, held, num_moves)
    stand_in = _stand_in(description, saying, steps)
    allowed = allowed_objects(description)
    named = {role: getattr(saying, role) for role in ("noun", "place", "tool")}
    named = {role: name if allowed is None or name in allowed else "" for role, name in named.items()}
    saying = replace(saying, **{**named, "noun": stand_in or named["noun"]})
    seen = {(step.verb, step.objects) for _, step in steps}
    heard = [(at_s, step) for at_s, step in heard if (step.verb, step.objects) not in seen]
    steps = sorted(steps + heard, key=itemgetter(0))
    was_seen = bool(description.contacts or description.holding_at_start or description.moving)
    if not (was_seen or description.sounds or description.narration):
        notes = (_NOTHING,)
    steps = sorted(steps + _walks(description, steps, held, saying, clock), key=itemgetter(0))
    return Evidence(
        saying=saying,
        held=held,
        steps=tuple(step for _, step in _surest(steps)),
        kinds=kinds,
        notes=notes,
        was_seen=was_seen,
        sees_walks=any(motion.source == "pose" for motion in description.motions),
        sounds=frozenset(sound.label for sound in description.sounds),
        stand_in=stand_in,
    )


def read_narration(text: str) -> Saying:
    """ "pour water into the red cup" -> kind pour, noun water, place red_cup."""
    words = re.findall(r"[a-z0-9_:#'-]+", text.lower())
    words = [word for word in words if word not in table().fillers]
    for index, word in enumerate(words):
        kind, taken = _kind_at(words, index)
        if kind:
            parts = _parts(words[index + taken :])
            return Saying(kind, "_".join(words[index : index + taken]).replace("-", "_"), **parts)
        if word in table().preposition:
            break
    return Saying(**_parts(words[1:]), verb=words[0]) if words else Saying()


def _kind_at(words: Sequence[str], index: int) -> tuple[str, int]:
    """The kind of action that a verb at `index` names and the number of its words; ("", 0) if it names none."""
    kind_of = table().kind_of
    stems = _stems(words[index].split("-")[0])
    following = words[index + 1] if index + 1 < len(words) else ""
    particle = words[index].split("-")[1] if "-" in words[index] else following
    taken = 2 if particle == following and "-" not in words[index] else 1
    for stem in stems:
        if particle and (kind := kind_of.get(f"{stem}_{particle}")):
            return kind, taken
    for word in words[index + 1 :]:  # "turn the tap on"
        for stem in stems:
            if word in ("on", "off") and (kind := kind_of.get(f"{stem}_{word}")):
                return kind, 1
    for stem in stems:
        if kind := kind_of.get(stem):
            return kind, 1
    return "", 0


def _stems(word: str) -> list[str]:
    """A verb and what it may be a form of: "chopping" -> chopping, chopp, chop, chope."""
    stems = [word]
    for ending in ("ing", "es", "ed", "s", "d"):
        if word.endswith(ending) and len(word) > len(ending) + 2:
            stem = word[: -len(ending)]
            stems += [stem, stem + "e"]
            if len(stem) > 2 and stem[-1] == stem[-2]:
                stems.append(stem[:-1])
    return stems


def _parts(words: Sequence[str]) -> dict[str, str]:
    """Object names by their role, from the words after the verb."""
    found: dict[str, list[str]] = {"noun": [], "place": [], "tool": [], "source": []}
    role = "noun"
    for word in words:
        if new := table().preposition.get(word):
            # "put down plate": a particle before the object gives it no other role
            role = new.lower() if found["noun"] or new != "PLACE" else "noun"
        elif word == "and":
            break
        else:
            found[role].append(word)
    if not found["noun"] and found["source"]:
        found["noun"] = found["source"]
    return {role: _name("_".join(found[role])) for role in ("noun", "place", "tool")}


def _name(text: str) -> str:
    """An object's name out of a narration; "" where it has no letters to begin with."""
    try:
        name = object_name(text)
    except ValueError:
        return ""
    return name if name[0].isalpha() else ""


def named(description: ClipDescription) -> ClipDescription:
    """The description with the thing that the narration is about called by its name, where it was seen without one
    and the vocabulary has that name."""
    noun = read_narration(description.narration).noun
    allowed = allowed_objects(description)
    stand_in = read(description).stand_in if noun and (allowed is None or noun in allowed) else ""
    if not stand_in:
        return description

    def call(name: str) -> str:
        return noun if thing_name(name) == stand_in else name

    return replace(
        description,
        holding_at_start=tuple((hand, call(name)) for hand, name in description.holding_at_start),
        contacts=tuple(replace(c, object_name=call(c.object_name)) for c in description.contacts),
        moving=tuple((hand, call(name), start, stop) for hand, name, start, stop in description.moving),
        objects=tuple(dict.fromkeys(call(name) for name in description.objects)),
    )


def _stand_in(description: ClipDescription, saying: Saying, steps: Sequence[Timed]) -> str:
    """The thing of unknown class that the narration's noun must be: the only one that hands touch, or the one that
    another is used on; "" if that is not certain, or something bears the noun's name."""
    touched = [name for _, name in description.holding_at_start]
    touched += [contact.object_name for contact in description.contacts]
    touched += [name for _, name, _, _ in description.moving]
    touched = list(dict.fromkeys(map(thing_name, touched)))
    if not saying.noun or saying.noun in touched:
        return ""
    unnamed = [name for name in touched if _UNNAMED.match(name)]
    if saying.kind in table().acted_on and len(unnamed) > 1:
        targets = [step.objects[1] for _, step in steps if step.verb is Verb.USE and len(step.objects) == 2]
        unnamed = list(dict.fromkeys(name for name in targets if name in unnamed))
    return unnamed[0] if len(unnamed) == 1 else ""


def _timeline(description: ClipDescription, clock: Callable[[float], float]) -> list[tuple]:
    """(what, hand, name, start_s, stop_s, score) of grabs, releases and moves in the order of their starts."""
    events = []
    for contact in description.contacts:
        stamp_s = clock(contact.stamp_s)
        name = thing_name(contact.object_name)
        score = round(min(max(contact.score, 0.0), 1.0), 3) or None
        events.append((contact.kind, contact.hand, name, stamp_s, stamp_s, score))
    events = _without_flicker(sorted(events, key=lambda event: event[3]))
    moves: list[tuple] = []
    for hand, name, start_s, stop_s in sorted(description.moving, key=lambda moving: moving[2]):
        start_s, stop_s = clock(start_s), max(clock(stop_s), clock(start_s))
        moves.append(("moving", hand, thing_name(name), start_s, stop_s, None))
    # A grab and the move that it starts may bear one stamp: hands first close, and open last.
    order = {ContactKind.GRABBED: 0, "moving": 1, ContactKind.RELEASED: 2}
    return sorted(events + moves, key=lambda event: (event[3], order[event[0]]))


def _without_flicker(events: list[tuple]) -> list[tuple]:
    """Contacts without a release that the same hand takes back at once."""
    kept: list[tuple] = []
    for event in events:
        what, hand, name, stamp_s = event[:4]
        if what is ContactKind.GRABBED:
            last = next((e for e in reversed(kept) if e[1] is hand), None)
            if last and last[0] is ContactKind.RELEASED and last[2] == name and stamp_s - last[3] <= _FLICKER_S:
                kept.remove(last)
                continue
        kept.append(event)
    return kept


class _Hands:
    """Follows the hands through the events and writes the steps that they amount to, each with when it fell."""

    def __init__(self, held: dict[Hand, str]) -> None:
        self.steps: list[Timed] = []
        self._held = dict(held)
        self._history: list[tuple[float, dict[Hand, str]]] = [(0.0, dict(held))]

    def see(self, what: object, hand: Hand, name: str, start_s: float, stop_s: float, score: float | None) -> None:
        hand = Hand.RIGHT if hand is Hand.BOTH else hand
        if what is ContactKind.RELEASED:
            self._release(hand, start_s, score)
        else:
            if what == "moving":
                name = self._held.get(hand, name)  # what moves with a hand is what it holds, whatever its track says
            self._take(hand, name, start_s, score, was_seen=what is ContactKind.GRABBED)
            if what == "moving":
                self._move(hand, name, start_s, stop_s)
        if self._history[-1][1] != self._held:
            self._history.append((start_s, dict(self._held)))

    def held_during(self, start_s: float, stop_s: float) -> dict[Hand, str]:
        """What hands hold for the longest part of a stretch."""
        lasts_s: dict[tuple, float] = defaultdict(float)
        changes = [*self._history, (float("inf"), {})]
        for (begin_s, held), (end_s, _) in pairwise(changes):
            lasts_s[tuple(held.items())] += max(0.0, min(stop_s, end_s) - max(start_s, begin_s))
        best = max((key for key in lasts_s if key), key=lasts_s.get, default=())
        return dict(best) if best and lasts_s[best] > 0.0 else {}

    def _take(self, hand: Hand, name: str, stamp_s: float, score: float | None, was_seen: bool) -> None:
        if self._held.get(hand) == name or (name in self._held.values() and not was_seen):
            return
        if hand in self._held:
            self.steps.append((stamp_s, SubAction(Verb.RELEASE, (self._held.pop(hand),), hand)))
        self._held[hand] = name
        times = (stamp_s, stamp_s) if was_seen else (None, None)
        self.steps.append((stamp_s, SubAction(Verb.GRASP, (name,), hand, *times, score)))

    def _release(self, hand: Hand, stamp_s: float, score: float | None) -> None:
        if hand in self._held:
            step = SubAction(Verb.RELEASE, (self._held.pop(hand),), hand, stamp_s, stamp_s, score)
            self.steps.append((stamp_s, step))

    def _move(self, hand: Hand, name: str, start_s: float, stop_s: float) -> None:
        last = self.steps[-1][1] if self.steps else None
        if last and last.verb is Verb.MOVE and last.objects == (name,) and start_s - last.stop_s <= _JOIN_S:
            at_s = self.steps[-1][0]
            self.steps[-1] = (at_s, replace(last, stop_s=max(last.stop_s, stop_s)))
        else:
            side = hand if self._held.get(hand) == name else None
            self.steps.append((start_s, SubAction(Verb.MOVE, (name,), side, start_s, stop_s)))


def _as_tools(steps: list[Timed], held: dict[Hand, str], num_moves: Counter[str]) -> list[Timed]:
    """Moves of a thing to and fro while the other hand holds another still are uses of the first on the second."""
    busy_s: dict[str, float] = defaultdict(float)
    for _, step in steps:
        if step.verb is Verb.MOVE:
            busy_s[step.objects[0]] += step.stop_s - step.start_s
    now = dict(held)
    rewritten: list[Timed] = []
    for at_s, step in steps:
        name = step.objects[0]
        if step.verb is Verb.GRASP and step.hand:
            now[step.hand] = name
        elif step.verb is Verb.RELEASE and step.hand:
            now.pop(step.hand, None)
        elif step.verb is Verb.MOVE:
            others = [other for other in now.values() if other != name and not num_moves[other]]
            if others and (num_moves[name] >= _REPEATED or busy_s[name] >= _BUSY_S):
                step = replace(step, verb=Verb.USE, objects=(name, others[0]))
                last = rewritten[-1][1] if rewritten else None
                if last and last.verb is Verb.USE and last.objects == step.objects and last.hand is step.hand:
                    rewritten[-1] = (rewritten[-1][0], replace(last, stop_s=step.stop_s))
                    continue
        rewritten.append((at_s, step))
    return rewritten


def _sound_steps(
    description: ClipDescription, hands: _Hands, domain: Domain, clock: Callable[[float], float]
) -> tuple[list[Timed], tuple[str, ...], tuple[str, ...]]:
    """What is heard being done: (steps, what they assume, the kinds of action)."""
    steps: dict[tuple[Verb, tuple[str, ...]], Timed] = {}
    notes: list[str] = []
    kinds: list[str] = []
    for sound in sorted(description.sounds, key=lambda sound: sound.start_s):
        rule = sound_rule(sound)
        start_s, stop_s = clock(sound.start_s), clock(sound.stop_s)
        if rule is None or stop_s - start_s < _MIN_SOUND_S:
            continue
        kinds += [rule.kind] if rule.kind else []
        held = tuple(dict.fromkeys(hands.held_during(start_s, stop_s).values()))
        if not held and rule.note:
            notes.append(rule.note)
        score = round(min(max(sound.score, 0.0), 1.0), 3)
        for text in (rule.held,) if held else rule.free:
            verb, *pattern = text.split()
            objects = _in_order(tuple(_fill(pattern, held, description, domain)), held, domain)
            step = SubAction(Verb(verb), objects)
            if step.verb is Verb.USE:  # what is heard is the use, not what led to it
                step = replace(step, start_s=start_s, stop_s=stop_s, confidence=score)
            before = steps.get((step.verb, objects))
            if before and step.verb is Verb.USE:  # one tap runs, however often the sound was cut
                past = before[1]
                stop_s, score = max(past.stop_s, stop_s), max(past.confidence, score)
                step = replace(past, stop_s=stop_s, confidence=score)
            steps[step.verb, objects] = (before[0] if before else start_s, step)
    allowed = allowed_objects(description)
    kept = [s for s in steps.values() if allowed is None or all(name in allowed for name in s[1].objects)]
    return kept, tuple(dict.fromkeys(notes)), tuple(dict.fromkeys(kinds))


def sound_rule(sound: SoundEvent) -> SoundRule | None:
    """The first entry of the table that a sound's label or its tagger's class fits."""
    words = frozenset(re.findall(r"[a-z]+", f"{sound.label} {sound.source_label}".lower()))
    return next((rule for rule in table().sounds if words & rule.heard), None)


def _fill(pattern: Sequence[str], held: Sequence[str], description: ClipDescription, domain: Domain) -> Iterator[str]:
    """Names for HELD and OTHER; an OTHER that nothing tells of is left out, a faucet may be the scene's "tap"."""
    seen = [name for name in map(_name, description.objects) if name and name not in held]
    others = [*held[1:], *seen]
    for word in pattern:
        if word == "HELD":
            yield held[0]
        elif word == "OTHER":
            yield from others[:1]
        else:
            known = [*seen, *map(thing_name, description.vocabulary)]
            yield next((name for name in known if domain.kind(name) == domain.kind(word)), word)


def _in_order(objects: tuple[str, ...], held: Sequence[str], domain: Domain) -> tuple[str, ...]:
    """The acting object first: of two in hand, the one that the world model knows a use for on the other."""
    if len(objects) != 2 or not set(objects) <= set(held):
        return objects
    unknown = WorldState.initial()
    swapped = objects[::-1]
    knows = [(rule := domain.use(pair, unknown)) is not None and bool(rule.makes) for pair in (objects, swapped)]
    return swapped if knows == [False, True] else objects


def _walks(
    description: ClipDescription,
    steps: Sequence[Timed],
    held: dict[Hand, str],
    saying: Saying,
    clock: Callable[[float], float],
) -> list[Timed]:
    """Each walk goes to what is grasped or used next, unless that is in a hand already; else to a narrated place."""
    walks: list[Timed] = []
    for motion in description.motions:
        if motion.kind is not MotionKind.WALK:
            continue
        start_s, stop_s = clock(motion.start_s), clock(motion.stop_s)
        carried = set(held.values())
        for at_s, step in steps:
            if at_s < start_s:
                carried = carried | {step.objects[0]} if step.verb is Verb.GRASP else carried
                carried = carried - {step.objects[0]} if step.verb is Verb.RELEASE else carried
        ahead = [name for at_s, step in steps if at_s >= start_s for name in step.objects if name not in carried]
        goals = [*ahead, *(name for name in (saying.noun, saying.place) if name and name not in carried)]
        if not goals or (walks and walks[-1][1].objects == (goals[0],)):
            continue
        walks.append((start_s, SubAction(Verb.GOTO, (goals[0],), None, start_s, stop_s)))
    return walks


def _surest(steps: list[Timed]) -> list[Timed]:
    """At most MAX_STEPS of them, in their order: the longest and the surest."""
    if len(steps) <= MAX_STEPS:
        return steps

    def weight(index: int) -> float:
        step = steps[index][1]
        lasts_s = (step.stop_s or 0.0) - (step.start_s or 0.0)
        return (step.confidence or 0.0) + lasts_s

    kept = sorted(sorted(range(len(steps)), key=weight, reverse=True)[:MAX_STEPS])
    return [steps[index] for index in kept]

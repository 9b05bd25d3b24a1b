"""What an action class needs before it, and what it leaves behind, learned from programs and the world around them.

An action class is a verb and a noun of EPIC-KITCHENS; the world model speaks of objects, of which a noun may have
several ("cup": mug, mug_2). For every class, the facts that hold (nearly) always before it and less often elsewhere
are its requirements: "put cup" needs a cup in a hand, "turn-off tap" the tap on, "cut carrot" a knife in a hand.
What holds (nearly) always afterwards and not always before is what it leaves. Nothing is written by hand.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from egoprog.data.program_lines import ProgramClip
from egoprog.leap.vocabulary import object_word
from egoprog.program.types import Condition, SubAction, Verb
from egoprog.world import Domain, WorldState

Label = tuple[str, str]
"""A verb class's and a noun class's key."""

NOUN = "noun"  # stands for the object that the class's noun names
PLACE = "place"  # ... for what that object lies in
RECIPIENT_COUNTS = 0.5  # of being named: what is only acted upon is seldom what the action is about
ALWAYS = 0.95  # share of a class's clips before which a requirement held, by Laplace's estimate
COMMON = 0.995  # what holds this often of a noun's objects at any moment requires nothing
COMMON_ELSEWHERE = 0.5  # ... and for what is said of other objects, which may be so by chance
CHANGED = 0.5  # share of a class's clips before which something must not have been so, to be left by the class
MIN_CLIPS = 5  # of a class (or a verb) that a requirement rests on
MIN_NAMED = 0.3  # share of a noun's clips whose program names an object that is of that noun

MOST_ELSEWHERE = 300  # moments that tell how often a fact holds before any action

_Literal = tuple[str, str]  # predicate and argument, without a negation
HAND = "hand"  # ... for either hand
_HAND_FREE = ("empty", HAND)
_ELSEWHERE = ("in hand", "on", "open")  # predicates that one thing's action may need of another
_PASSING = frozenset({"near", "at"})  # what walking up to a thing settles


@dataclass(frozen=True)
class LabelledClip:
    """A clip with a program, and the action that it is annotated as."""

    label: Label
    clip: ProgramClip

    @property
    def steps(self) -> tuple[SubAction, ...]:
        return tuple(self.clip.program.sub_actions())


@dataclass(frozen=True)
class ActionConditions:
    """objects: noun -> words of the objects that it names. needs, leaves: of classes that were seen often.

    verb_needs, verb_leaves: of a verb whatever the noun, for classes that were seen too rarely.
    Literals name the noun's object NOUN, what it lies in PLACE, and other objects by their words.
    begins: with which sub-action a class mostly begins, once the actor is there: "take cup" with grasp(NOUN).
    """

    objects: Mapping[str, tuple[str, ...]]
    needs: Mapping[Label, tuple[Condition, ...]]
    leaves: Mapping[Label, tuple[Condition, ...]]
    verb_needs: Mapping[str, tuple[Condition, ...]]
    verb_leaves: Mapping[str, tuple[Condition, ...]]
    begins: Mapping[Label, SubAction] = field(default_factory=dict)

    def first_step(self, label: Label, names: Iterable[str]) -> SubAction | None:
        """What a class begins with, said of the first of these objects that its noun may name."""
        template = self.begins.get(label)
        if template is None:
            return None
        instance = next(iter(self.instances(label[1], names)), label[1])
        return replace(template, objects=tuple(instance if name == NOUN else name for name in template.objects))

    def needed(self, label: Label) -> tuple[Condition, ...]:
        """The requirements of a class; () where nothing was learned."""
        return self.needs[label] if label in self.needs else self.verb_needs.get(label[0], ())

    def left(self, label: Label, instance: str) -> tuple[Condition, ...]:
        """What the class leaves behind, said of one object."""
        found = self.leaves[label] if label in self.leaves else self.verb_leaves.get(label[0], ())
        return tuple(Condition(c.predicate, (instance,), c.negated) for c in found)

    def instances(self, noun: str, names: Iterable[str]) -> tuple[str, ...]:
        """Which of these objects the noun may name, and each base name, numbered or not."""
        bases = self.objects.get(noun, ())
        found = [name for name in names if _word(name) in bases]
        return tuple(dict.fromkeys((*found, *bases)))

    def acted_on(self, label: Label, steps: Iterable[SubAction]) -> str | None:
        """Which object of a program the class's noun names; None where it names none of them."""
        bases = self.objects.get(label[1], ())
        names = (name for step in steps for name in step.objects)
        return next((name for name in names if _word(name) in bases), None)


def learn_conditions(clips: Sequence[LabelledClip], domain: Domain) -> ActionConditions:
    """What the clips tell; their states are the truth of training data, and nothing of them is needed afterwards."""
    known = ActionConditions(_objects_of_nouns(clips), {}, {}, {}, {})
    before: dict[Hashable, _Tally] = defaultdict(_Tally)
    after: dict[Hashable, _Tally] = defaultdict(_Tally)
    begins: dict[Label, Counter[SubAction]] = defaultdict(Counter)
    for one in clips:
        if one.clip.is_unfinished:
            continue
        instance = known.acted_on(one.label, one.steps)
        if (template := _beginning(one.steps, instance)) is not None:
            begins[one.label][template] += 1
        for tally, state in ((before, one.clip.before), (after, one.clip.after)):
            found = _Facts(state, domain).around(instance)
            tally[one.label].add(found)
            tally[one.label[0]].add(found)
    moments = clips[:: 1 + len(clips) // MOST_ELSEWHERE]
    elsewhere = _Elsewhere(known, [_Facts(one.clip.before, domain) for one in moments])
    labels = sorted(key for key, tally in before.items() if isinstance(key, tuple) and tally.num_clips >= MIN_CLIPS)
    verbs = sorted(key for key, tally in before.items() if isinstance(key, str) and tally.num_clips >= MIN_CLIPS)
    general = {verb: [one for one in before[verb].always() if _is_general(one[0])] for verb in verbs}
    return replace(
        known,
        needs={key: elsewhere.uncommon(key[1], before[key].always(before[key[0]])) for key in labels},
        leaves={key: _new(after[key].always(after[key[0]]), before[key]) for key in labels},
        verb_needs={verb: tuple(_condition(*one) for one in general[verb]) for verb in verbs},
        verb_leaves={verb: _new(after[verb].always(), before[verb]) for verb in verbs},
        begins={label: found.most_common(1)[0][0] for label, found in sorted(begins.items())},
    )


def _beginning(steps: Iterable[SubAction], instance: str | None) -> SubAction | None:
    """The first sub-action but walking up, without hand and times; its object as NOUN."""
    first = next((step for step in steps if step.verb not in (Verb.GOTO, Verb.NOTHING)), None)
    if first is None:
        return None
    return SubAction(first.verb, tuple(NOUN if name == instance else _word(name) for name in first.objects))


def _objects_of_nouns(clips: Iterable[LabelledClip]) -> dict[str, tuple[str, ...]]:
    """Objects go with the noun in whose clips they are named the most, and only if they are named there often."""
    num_clips: Counter[str] = Counter()
    named: dict[tuple[str, str], float] = defaultdict(float)
    for one in clips:
        num_clips[one.label[1]] += 1
        acting = {_word(step.objects[0]) for step in one.steps if step.objects}
        acted_on = {_word(name) for step in one.steps for name in step.objects[1:]} - acting
        for word in sorted(acting | acted_on):
            named[one.label[1], word] += 1.0 if word in acting else RECIPIENT_COUNTS
    share = {key: count / num_clips[key[0]] for key, count in named.items()}
    bases = sorted({base for _, base in named})
    found: dict[str, list[str]] = defaultdict(list)
    for base in bases:
        noun = max(sorted(num_clips), key=lambda noun: (share.get((noun, base), 0.0), named.get((noun, base), 0.0)))
        if share[noun, base] >= MIN_NAMED:
            found[noun].append(base)
    return {noun: tuple(names) for noun, names in sorted(found.items())}


class _Facts:
    """What is known at one moment, as literals without their negation, each with its truth.

    Literals name the object that is asked for NOUN, what it lies in PLACE, and others by their word. Of what hands
    hold, only what is held is said of others.
    """

    def __init__(self, state: WorldState, domain: Domain) -> None:
        self.objects = state.objects
        self._state = state
        self._domain = domain
        self._own: dict[str, dict[_Literal, bool]] = defaultdict(dict)
        self._true: dict[_Literal, set[str]] = defaultdict(set)
        self._false: dict[_Literal, set[str]] = defaultdict(set)
        for (predicate, args), truth in state.atoms.items():
            if len(args) != 1 or predicate in _PASSING or predicate == "in hand":
                continue
            self._own[args[0]][predicate, NOUN] = truth
            if predicate in _ELSEWHERE:
                (self._true if truth else self._false)[predicate, _word(args[0])].add(args[0])
        for name in state.held:
            self._true["in hand", _word(name)].add(name)
        self._free = state.value(Condition("empty", (HAND,)))

    def around(self, instance: str | None) -> dict[_Literal, bool]:
        """With an object as NOUN; None for no object."""
        only = {instance}
        found = {literal: False for literal, names in self._false.items() if names != only}
        found.update((literal, True) for literal, names in self._true.items() if names != only)
        if self._free is not None:
            found[_HAND_FREE] = self._free
        if instance is None:
            return found
        found.update(self._own.get(instance, {}))
        in_hand = self._state.value(Condition("in hand", (instance,)))
        if in_hand is not None:
            found["in hand", NOUN] = in_hand
        place = self._state.place_of(instance)
        if place and self._domain.kind(place).encloses:
            is_open = self._state.value(Condition("open", (place,)))
            if is_open is not None:
                found["open", PLACE] = is_open
        return found


class _Tally:
    """How often literals held in the clips of one class."""

    def __init__(self) -> None:
        self.num_clips = 0
        self.true: Counter[_Literal] = Counter()
        self.known: Counter[_Literal] = Counter()

    def add(self, found: Mapping[_Literal, bool]) -> None:
        self.num_clips += 1
        self.known.update(found.keys())  # of a mapping, a Counter would add up the values
        self.true.update(literal for literal, truth in found.items() if truth)

    def share(self, literal: _Literal, wider: _Tally | None = None) -> float:
        """Of the clips in which it is known, those in which it held; two more clips are as in the wider class."""
        expected = wider.share(literal) if wider else 0.5
        return (self.true[literal] + 2.0 * expected) / (self._num_known(literal) + 2.0)

    def always(self, wider: _Tally | None = None) -> list[tuple[_Literal, bool]]:
        """The literals that (nearly) always held, and those that never did, with which of the two."""
        found = []
        for literal in sorted(self.known):
            if self._num_known(literal) >= max(MIN_CLIPS, 0.5 * self.num_clips):
                share = self.share(literal, wider)
                if share >= ALWAYS or share <= 1.0 - ALWAYS:
                    found.append((literal, share >= ALWAYS))
        return found

    def _num_known(self, literal: _Literal) -> int:
        """Hands are known: what is not said to be in one is in none."""
        return self.num_clips if _is_of_other_in_hand(literal) else self.known[literal]


class _Elsewhere:
    """How often a literal holds of some object of a noun, whatever is done next."""

    def __init__(self, known: ActionConditions, moments: Sequence[_Facts]) -> None:
        self._known = known
        self._moments = moments
        self._counts: dict[str, tuple[Counter, Counter, Counter]] = {}

    def uncommon(self, noun: str, found: Iterable[tuple[_Literal, bool]]) -> tuple[Condition, ...]:
        """The literals that say something, because they do not always hold."""
        kept = []
        for literal, truth in found:
            limit = COMMON if _is_general(literal) else COMMON_ELSEWHERE
            if self._share(noun, literal, truth) <= limit:
                kept.append(_condition(literal, truth))
        return tuple(kept)

    def _share(self, noun: str, literal: _Literal, truth: bool) -> float:
        """Of the moments in which it is known of at least one object."""
        if noun not in self._counts:
            self._counts[noun] = self._count(noun)
        known, true, false = self._counts[noun]
        if _is_of_other_in_hand(literal):
            held = true[literal] / len(self._moments)
            return held if truth else 1.0 - held
        return (true if truth else false)[literal] / max(1, known[literal])

    def _count(self, noun: str) -> tuple[Counter, Counter, Counter]:
        known: Counter[_Literal] = Counter()
        true: Counter[_Literal] = Counter()
        false: Counter[_Literal] = Counter()
        for moment in self._moments:
            each = [moment.around(name) for name in self._known.instances(noun, moment.objects) or (None,)]
            some_true = {literal for found in each for literal, truth in found.items() if truth}
            some_false = {literal for found in each for literal, truth in found.items() if not truth}
            known.update(some_true | some_false)
            true.update(some_true)
            false.update(some_false)
        return known, true, false


def _new(after: Iterable[tuple[_Literal, bool]], before: _Tally) -> tuple[Condition, ...]:
    """Of what always holds afterwards, what is said of the object itself and often was not so before."""
    own = [(literal, truth) for literal, truth in after if literal[1] == NOUN]
    return tuple(
        _condition(literal, truth)
        for literal, truth in own
        if (before.share(literal) if truth else 1.0 - before.share(literal)) <= CHANGED
    )


def _condition(literal: _Literal, truth: bool) -> Condition:
    predicate, name = literal
    return Condition(predicate, (name,), negated=not truth)


def _is_general(literal: _Literal) -> bool:
    """Whether it can be said for any noun."""
    return literal[1] in (NOUN, PLACE) or literal == _HAND_FREE


def _is_of_other_in_hand(literal: _Literal) -> bool:
    return literal[0] == "in hand" and literal[1] != NOUN


_word = lru_cache(maxsize=10_000)(object_word)

"""Programs without a language model: nearest exemplars, filled in, repaired by the world model.

    LocalGenerator().generate(description)

1. The evidence of the clip is read as steps with times (evidence.py).
2. The nearest exemplar of the library is found, over kinds of action, sounds, sub-actions and objects.
3. If it is of the kind of action that is narrated, its body is the frame: the clip's objects take its objects' places,
   and the steps that were seen lend its sub-actions their order, times and hands. Otherwise the steps themselves are
   the body, and the exemplar lends its loops ("while cup not full") to what is heard for long.
4. The world model repairs what is not possible.

So what has times was seen, heard or said; what has none is known from the library or from the world model.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from operator import itemgetter

from egoprog.describe.types import ClipDescription
from egoprog.generate.evidence import Evidence, read, table
from egoprog.generate.prompt import evidence_comments
from egoprog.generate.verify import allowed_objects, initial_state
from egoprog.program import library as program_library
from egoprog.program.types import (
    Comment,
    Condition,
    If,
    Program,
    Provenance,
    Statement,
    SubAction,
    Verb,
    While,
    object_name,
    walk,
    walk_sub_actions,
)
from egoprog.world import Domain, WorldState, repair

_NEAR = 1.5  # of likeness, below which an exemplar has nothing to say
_DOING = (Verb.USE, Verb.MOVE, Verb.POSITION)
_LOOP_S = 2.0  # a use that is heard or seen for so long is written as a loop, if its end is a known condition
_UNNAMED_CLIP = re.compile(r"clip(_\d+)*$")  # names that describers give to clips that nobody narrated


@dataclass(frozen=True, slots=True)
class _Exemplar:
    """A program of the library and what it is recognised by.

    subject: the object that it is about. kind: of action, by its name.
    """

    program: Program
    kind: str
    subject: str
    objects: tuple[str, ...]
    verbs: Counter[Verb]
    comments: frozenset[str]
    loops: tuple[While, ...]

    @classmethod
    def of(cls, program: Program) -> _Exemplar:
        sub_actions = tuple(program.sub_actions())
        objects = tuple(dict.fromkeys(name for step in sub_actions for name in step.objects))
        words = program.name.split("_")
        pairs = [f"{a}_{b}" for a, b in pairwise(words)]
        kinds = [table().kind_of[word] for word in (*pairs[:1], *words[:1]) if word in table().kind_of]
        named = [name for name in objects if name in program.name]
        grasped = [step.objects[0] for step in sub_actions if step.verb is Verb.GRASP and step.objects]
        subject = next(iter((*named, *grasped, *objects)), "")
        comments = frozenset(word for text in _comments(program.body) for word in text.lower().split())
        loops = tuple(_loops(program.body))
        return cls(
            program, next(iter(kinds), ""), subject, objects, Counter(s.verb for s in sub_actions), comments, loops
        )

    def role(self, name: str) -> str:
        """What an object does in the program: "tool" (used on another), "place" (moved to or used on); else ""."""
        for step in self.program.sub_actions():
            if len(step.objects) == 2 and name in step.objects:
                if step.objects[1] == name:
                    return "place"
                if step.verb is Verb.USE:
                    return "tool"
        return ""

    def needs(self, name: str) -> bool:
        """Whether the program uses the object together with its subject."""
        return any(
            step.verb is Verb.USE and {name, self.subject} <= set(step.objects) for step in self.program.sub_actions()
        )


class LocalGenerator:
    """Writes programs from descriptions with nothing but the library and the world model; safe to share and fast."""

    def __init__(self, domain: Domain | None = None, library: Sequence[Program] | None = None) -> None:
        self.domain = domain or Domain.default()
        programs = tuple(program_library.exemplars() if library is None else library)
        self._exemplars = tuple(_Exemplar.of(program) for program in programs)
        self._kinds = [frozenset(self.domain.kind(name).name for name in each.objects) for each in self._exemplars]

    def generate(self, description: ClipDescription) -> Program:
        """A program of the clip, on the clip's own clock, possible in the world model; never raises."""
        evidence = read(description, self.domain)
        exemplar = self._nearest(evidence)
        frame = self._frame(exemplar, evidence, description)
        body = _guarded(self._looped(_filled(frame, evidence), exemplar, evidence), evidence)
        lent = exemplar.program.name if exemplar and body else ""
        notes = tuple(Comment(note) for note in evidence.notes)
        body = (*evidence_comments(description), *notes, *(body or _idle(evidence)))
        return self._possible(self._program(body, description, evidence), description, lent)

    def _nearest(self, evidence: Evidence) -> _Exemplar | None:
        """The exemplar with the most in common with the evidence; None if none has anything."""
        verbs = Counter(step.verb for step in evidence.steps)
        noun = self.domain.kind(evidence.saying.noun) if evidence.saying.noun else None
        names = {*evidence.objects, evidence.saying.noun, evidence.saying.place, evidence.saying.tool} - {""}
        kinds = {self.domain.kind(name).name for name in names}
        best, best_score = None, _NEAR
        for exemplar, theirs in zip(self._exemplars, self._kinds, strict=True):
            score = 4.0 * (exemplar.kind != "" and evidence.saying.kind == exemplar.kind)
            score += 2.0 * (exemplar.kind in evidence.kinds)
            score += 1.0 * (not exemplar.comments.isdisjoint(evidence.sounds))
            score += _overlap(verbs, exemplar.verbs)
            score += len(names.intersection(exemplar.objects)) / max(1, len(names))
            score += 0.5 * len(kinds & theirs) / max(1, len(kinds))
            if exemplar.subject and noun is not None:
                subject = self.domain.kind(exemplar.subject)
                score += 1.0 * (noun == subject) + 0.5 * (noun.fixed == subject.fixed)
            score += 0.5 * exemplar.program.name.startswith(f"{evidence.saying.verb}_")
            if score > best_score:
                best, best_score = exemplar, score
        return best

    def _frame(
        self, exemplar: _Exemplar | None, evidence: Evidence, description: ClipDescription
    ) -> tuple[Statement, ...]:
        """What the narrated kind of action takes: as in an exemplar of that kind, else by the table's plan for it."""
        if exemplar and exemplar.kind and evidence.saying.kind == exemplar.kind:
            return _bound(exemplar.program.body, self._binding(exemplar, evidence, description))
        return _planned(evidence)

    def _binding(self, exemplar: _Exemplar, evidence: Evidence, description: ClipDescription) -> dict[str, str]:
        """Exemplar's object -> the clip's: what was narrated or touched, and what is used together with the subject.

        A sponge is needed to wash a plate, seen or not; a rack is not, and is left out where no hand was on one.
        """
        saying = evidence.saying
        allowed = allowed_objects(description)
        said = (saying.noun, saying.place, saying.tool)
        touched = [name for name in evidence.objects if name not in said]
        in_sight = [name for name in map(_object, description.objects) if name and name not in said]
        subject = saying.noun or next(iter(touched), "")
        binding: dict[str, str] = {}
        for name in (exemplar.subject, *exemplar.objects):
            if not name or name in binding:
                continue
            role, is_needed = exemplar.role(name), exemplar.needs(name)
            free = dict.fromkeys(touched + in_sight if is_needed else touched)
            same_kind = [other for other in free if self.domain.kind(other) == self.domain.kind(name)]
            unknown = [other for other in touched if other.startswith("object_") and role == "tool"]
            told = {"tool": saying.tool, "place": saying.place}.get(role, "")
            choices = [told, *same_kind, *unknown, name if is_needed else ""]
            choices = [subject] if name == exemplar.subject else choices
            taken = set(binding.values())
            choices = [c for c in choices if c and c not in taken and (allowed is None or c in allowed)]
            if choices:
                binding[name] = choices[0]
        return binding

    def _looped(self, body: Iterable[Statement], exemplar: _Exemplar | None, evidence: Evidence) -> Iterator[Statement]:
        """The body, with a loop around a long use whose end is known: from the exemplar, else from its effect."""
        for step in body:
            guard = ()
            if isinstance(step, SubAction) and step.verb is Verb.USE and len(step.objects) == 2:
                lasts_s = (step.stop_s or 0.0) - (step.start_s or 0.0)
                guard = self._loop_guard(step, exemplar, evidence) if lasts_s >= _LOOP_S else ()
            yield While(guard, (step,)) if guard else step

    def _loop_guard(self, step: SubAction, exemplar: _Exemplar | None, evidence: Evidence) -> tuple[Condition, ...]:
        target = step.objects[1]
        if exemplar and exemplar.kind in evidence.kinds:
            for loop in exemplar.loops:
                for inner in walk_sub_actions(loop.body):
                    if inner.verb is Verb.USE and len(inner.objects) == 2:
                        theirs = inner.objects[1]
                        if all(condition.args == (theirs,) for condition in loop.guard):
                            return tuple(replace(condition, args=(target,)) for condition in loop.guard)
        rule = self.domain.use(step.objects, WorldState.initial())
        made = [effect for effect in rule.makes if effect.args == ("recipient",)] if rule else []
        return tuple(~replace(effect, args=(target,)) for effect in made[:1])

    def _program(self, body: tuple[Statement, ...], description: ClipDescription, evidence: Evidence) -> Program:
        seen = tuple(dict.fromkeys(name for name in map(_object, description.objects) if name))
        return Program(
            name=program_name(description, evidence),
            body=body,
            start_s=0.0,
            stop_s=round(max(0.0, description.stop_s - description.start_s), 3),
            objects=seen,
        )

    def _possible(self, program: Program, description: ClipDescription, exemplar: str) -> Program:
        """The program, repaired; what the world model still refuses is left out, step by step."""
        state = initial_state(description)
        repaired, repairs = repair(program, state, self.domain)
        if not any(True for _ in repaired.sub_actions()):
            repaired = replace(repaired, body=(*repaired.body, SubAction(Verb.NOTHING)))
        provenance = Provenance(generator="local", exemplar=exemplar, repairs=repairs)
        return replace(repaired, provenance=provenance)


def program_name(description: ClipDescription, evidence: Evidence | None = None) -> str:
    """The clip's own name; else one after its narration ("take_plate"), else after what happened ("use_faucet")."""
    given = _identifier(description.name)
    if not _UNNAMED_CLIP.match(given):
        return given
    evidence = evidence or read(description)
    saying = evidence.saying
    if saying.verb:
        return _identifier("_".join(part for part in (saying.verb, saying.noun) if part))
    if not evidence.steps:
        return "wait" if evidence.held else "do_nothing"
    main = max(evidence.steps, key=_weight)
    verb = main.verb.value
    if main.verb is Verb.USE and evidence.kinds and main.objects[0] != "faucet":
        verb = evidence.kinds[0]  # what is heard says more than "use"
        return _identifier(f"{verb}_{main.objects[0]}")
    return _identifier("_on_".join((f"{verb}_{main.objects[0]}", *main.objects[1:])))


def _weight(step: SubAction) -> tuple[int, float]:
    """What a clip is named after: uses before moves before the rest; of these, the longest."""
    rank = {Verb.USE: 3, Verb.MOVE: 2, Verb.GRASP: 1, Verb.RELEASE: 1}
    return rank.get(step.verb, 0), (step.stop_s or 0.0) - (step.start_s or 0.0)


def _planned(evidence: Evidence) -> tuple[SubAction, ...]:
    """The table's plan for what is narrated, unless the evidence is busy with something else."""
    saying = evidence.saying
    is_busy = any(step.verb in _DOING for step in evidence.steps) and saying.noun not in evidence.objects
    is_shown = not saying.kind and saying.noun in evidence.objects
    if not saying.verb or is_busy or is_shown:
        return ()
    names = {"NOUN": saying.noun, "PLACE": saying.place, "TOOL": saying.tool}
    steps = []
    for text in table().plans.get(saying.kind, table().plans["any"]):
        verb, *words = text.split()
        named = [names.get(word, word) for word in words]  # a word that is no role is an object's name
        objects = tuple(name for name in named if name)
        has_subject = not words or (named[0] in objects and len(set(objects)) == len(objects))
        if has_subject:
            steps.append(SubAction(Verb(verb), objects))
    return tuple(steps)


def _filled(frame: tuple[Statement, ...], evidence: Evidence) -> tuple[Statement, ...]:
    """The frame in the order and with the times of what was seen, and between its statements what was seen besides."""
    body, left = _timed(frame, evidence)
    units = [*_anchored(_without_the_unseen(body, evidence)), *((_when(step), step) for step in left)]
    return tuple(statement for _, statement in sorted(units, key=itemgetter(0)))


def _idle(evidence: Evidence) -> tuple[Statement, ...]:
    """What is written when nothing was done: holding on is waiting, empty hands do nothing."""
    return (SubAction(Verb.WAIT),) if evidence.held else (SubAction(Verb.NOTHING),)


def _guarded(steps: Iterable[Statement], evidence: Evidence) -> tuple[Statement, ...]:
    """The body with its reasons: one goes to a thing and grasps it if it is not in hand."""
    guarded: list[Statement] = []
    held = set(evidence.held.values())
    steps = tuple(steps)
    first = next((name for name in _acting(steps) if name in held), None)
    if first:
        guarded.append(If((_not_in_hand(first),), (SubAction(Verb.GRASP, (first,)),)))
    for step in steps:
        if isinstance(step, SubAction) and step.verb is Verb.GRASP and step.objects[0] not in held:
            name = step.objects[0]
            approach: tuple[Statement, ...] = ()
            last = guarded[-1] if guarded else None
            if isinstance(last, SubAction) and last.verb is Verb.GOTO and last.objects == (name,):
                approach = (guarded.pop(),)
            guarded.append(If((_not_in_hand(name),), (*approach, step)))
            held.add(name)
        else:
            if isinstance(step, SubAction) and step.verb is Verb.RELEASE:
                held.discard(step.objects[0])
            guarded.append(step)
    return tuple(guarded)


def _acting(steps: Iterable[Statement]) -> Iterator[str]:
    """The acting objects of a body, in its order."""
    return (step.objects[0] for step in walk_sub_actions(steps) if step.objects)


def _not_in_hand(name: str) -> Condition:
    return Condition("in hand", (name,), negated=True)


def _bound(body: tuple[Statement, ...], binding: Mapping[str, str]) -> tuple[Statement, ...]:
    """A body with its objects exchanged; what has no counterpart takes its statement along.

    Hands and times stay out: those are the exemplar's, and this clip's are not known unless they were seen. So do
    comments and calls: they tell of the exemplar's own clip.
    """

    def literals(guard: tuple[Condition, ...]) -> tuple[Condition, ...]:
        changed = []
        for condition in guard:
            args = condition.args[:1] if condition.predicate == "in hand" else condition.args
            if all(arg in binding for arg in args):
                changed.append(replace(condition, args=tuple(binding[arg] for arg in args)))
        return tuple(changed)

    bound: list[Statement] = []
    for statement in body:
        match statement:
            case SubAction(verb=verb, objects=objects):
                if verb in (Verb.GRASP, Verb.RELEASE):  # what it is taken from or put on may be left unsaid
                    objects = tuple(name for i, name in enumerate(objects) if i == 0 or name in binding)
                if all(name in binding for name in objects):
                    bound.append(SubAction(verb, tuple(binding[name] for name in objects)))
            case If(guard=guard, body=inner, orelse=otherwise):
                guard, inner, otherwise = literals(guard), _bound(inner, binding), _bound(otherwise, binding)
                if inner and _does(inner) >= _does(statement.body):
                    bound += [If(guard, inner, otherwise)] if guard else inner
            case While(guard=guard, body=inner):
                guard, inner = literals(guard), _bound(inner, binding)
                if inner and _does(inner) >= _does(statement.body):
                    bound += [While(guard, inner)] if guard else inner
    return tuple(bound)


def _does(body: tuple[Statement, ...]) -> bool:
    """Whether anything is moved or used in a body; grips alone are left of one whose purpose has gone."""
    return any(step.verb in _DOING for step in walk_sub_actions(body))


def _timed(body: tuple[Statement, ...], evidence: Evidence) -> tuple[tuple[Statement, ...], list[SubAction]]:
    """Lays the steps that were seen on the body's sub-actions: (the body with times, the steps that found no place)."""
    frame = list(walk_sub_actions(body))
    left: list[SubAction] = []
    for step in evidence.steps:
        place = next((i for i, other in enumerate(frame) if _fits(step, other)), None)
        again = next((i for i, other in enumerate(frame) if _fits(step, replace(other, start_s=None))), None)
        if place is not None:
            times = {"start_s": step.start_s, "stop_s": step.stop_s}
            frame[place] = replace(frame[place], hand=step.hand, confidence=step.confidence, **times)
        elif again is not None and step.verb in (Verb.MOVE, Verb.USE):  # a loop's next turn
            frame[again] = replace(frame[again], stop_s=max(step.stop_s, frame[again].stop_s))
        else:
            left.append(step)
    steps = iter(frame)
    return _mapped(body, lambda _: (next(steps),)), left


def _anchored(body: tuple[Statement, ...]) -> Iterator[tuple[float, Statement]]:
    """Each statement with when it falls: when it was seen; what was not follows what stands before it."""
    after_s = -1.0
    for statement in body:
        seen = [step for step in walk_sub_actions((statement,)) if step.start_s is not None]
        yield (min(step.start_s for step in seen) if seen else after_s), statement
        after_s = max([after_s, *(step.stop_s for step in seen)])


def _when(step: SubAction) -> float:
    return -1.0 if step.start_s is None else step.start_s


def _fits(step: SubAction, frame: SubAction) -> bool:
    """Whether a step that was seen can be this sub-action of the frame; a tool that is used is seen to move."""
    if frame.start_s is not None or not frame.objects or frame.objects[0] != step.objects[0]:
        return False
    if step.verb is Verb.MOVE:
        return frame.verb in (Verb.MOVE, Verb.USE, Verb.POSITION)
    return frame.verb is step.verb


def _without_the_unseen(body: tuple[Statement, ...], evidence: Evidence) -> tuple[Statement, ...]:
    """The body without what the extractors would have shown: grips and moves of watched hands, walks under poses."""

    def is_aimless(step: SubAction) -> bool:
        return len(step.objects) == 1 and step.objects[0] != evidence.saying.noun

    def keep(step: SubAction) -> tuple[Statement, ...]:
        by_hand = step.verb in (Verb.GRASP, Verb.RELEASE) or (step.verb is Verb.MOVE and is_aimless(step))
        would_show = (by_hand and evidence.was_seen) or (step.verb is Verb.GOTO and evidence.sees_walks)
        return () if would_show and step.start_s is None else (step,)

    return _mapped(body, keep)


def _mapped(body: tuple[Statement, ...], change: Callable[[SubAction], tuple[Statement, ...]]) -> tuple[Statement, ...]:
    """A body with each sub-action changed, in order; conditions around nothing go."""
    mapped: list[Statement] = []
    for statement in body:
        match statement:
            case SubAction():
                mapped += change(statement)
            case If(guard=guard, body=inner, orelse=otherwise):
                inner, otherwise = _mapped(inner, change), _mapped(otherwise, change)
                if inner:
                    mapped.append(If(guard, inner, otherwise))
                elif otherwise:
                    mapped += otherwise
            case While(guard=guard, body=inner):
                if inner := _mapped(inner, change):
                    mapped.append(While(guard, inner))
            case _:
                mapped.append(statement)
    return tuple(mapped)


def _comments(body: Iterable[Statement]) -> Iterator[str]:
    return (statement.text for statement in body if isinstance(statement, Comment))


def _loops(body: Iterable[Statement]) -> Iterator[While]:
    return (statement for statement in walk(body) if isinstance(statement, While))


def _overlap(ours: Counter[Verb], theirs: Counter[Verb]) -> float:
    """0 to 1: how much of two bags of verbs is common."""
    common = sum(min(count, theirs[verb]) for verb, count in ours.items())
    total = ours.total() + theirs.total() - common
    return common / total if total else 0.0


def _object(text: str) -> str:
    try:
        return object_name(text)
    except ValueError:
        return ""


def _identifier(text: str) -> str:
    """A program's name: lower-case words joined by underscores, not led by a digit; "clip" if nothing is left."""
    name = _object(text).replace(":", "_")
    if not name:
        return "clip"
    return f"clip_{name}" if name[0].isdigit() else name

"""Programs without a language model: nearest exemplars, filled in, repaired by the world model.

    LocalGenerator().generate(description)

1. The evidence of the clip is read as steps with times (evidence.py).
2. The nearest exemplar of the library is found, over kinds of action, sounds, sub-actions and objects.
3. If it is of the kind of action that is narrated, its body is the frame: the clip's objects take its objects' places,
   and the steps that were seen lend its sub-actions their times and hands. Otherwise the steps themselves are the
   body, and the exemplar lends its loops ("while cup not full") to what is heard for long.
4. The world model repairs what is not possible.

So what has times was seen, heard or said; what has none is known from the library or from the world model.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from egoprog.describe.types import ClipDescription
from egoprog.generate.evidence import Evidence, read, table
from egoprog.generate.prompt import evidence_comments
from egoprog.generate.verify import allowed_objects, initial_state
from egoprog.program import library as program_library
from egoprog.program.types import (
    Comment,
    Condition,
    Hand,
    If,
    Program,
    Provenance,
    Statement,
    SubAction,
    Verb,
    While,
    object_name,
    walk_sub_actions,
)
from egoprog.world import Domain, WorldState, repair

_DOING = (Verb.USE, Verb.MOVE, Verb.POSITION)
_LOOP_S = 2.0  # a use that is heard or seen for so long is written as a loop, if its end is a known condition
_UNNAMED_CLIP = re.compile(r"clip(_\d+)*$")  # names that describers give to clips that nobody narrated


@dataclass(frozen=True, slots=True)
class _Exemplar:
    """A program of the library and what it is recognised by.

    subject: the object that it is about. kinds: of action, by the words of its name.
    """

    program: Program
    kinds: frozenset[str]
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
        kinds = frozenset(table().kind_of[word] for word in (*pairs, *words) if word in table().kind_of)
        named = [name for name in objects if name in program.name]
        grasped = [step.objects[0] for step in sub_actions if step.verb is Verb.GRASP and step.objects]
        subject = next(iter((*named, *grasped, *objects)), "")
        comments = frozenset(word for text in _comments(program.body) for word in text.lower().split())
        loops = tuple(_loops(program.body))
        return cls(program, kinds, subject, objects, Counter(s.verb for s in sub_actions), comments, loops)


class LocalGenerator:
    """Writes programs from descriptions with nothing but the library and the world model; safe to share and fast."""

    def __init__(self, domain: Domain | None = None, library: Sequence[Program] | None = None) -> None:
        self.domain = domain or Domain.default()
        programs = tuple(program_library.exemplars() if library is None else library)
        self._exemplars = tuple(_Exemplar.of(program) for program in programs)

    def generate(self, description: ClipDescription) -> Program:
        """A program of the clip, on the clip's own clock, possible in the world model; never raises."""
        evidence = read(description, self.domain)
        exemplar = self._nearest(evidence)
        if exemplar and evidence.saying.kind and evidence.saying.kind in exemplar.kinds:
            body = self._filled(exemplar, evidence, description)
        else:
            planned = _planned(evidence, description)
            body = _guarded(self._looped(planned, exemplar, evidence), evidence)
        lent = exemplar.program.name if exemplar and body else ""
        notes = tuple(Comment(note) for note in evidence.notes)
        body = (*evidence_comments(description), *notes, *(body or _idle(evidence)))
        return self._possible(self._program(body, description, evidence), description, lent)

    def _nearest(self, evidence: Evidence) -> _Exemplar | None:
        """The exemplar with the most in common with the evidence; None if none has anything."""
        verbs = Counter(step.verb for step in evidence.steps)
        names = {*evidence.objects, evidence.saying.noun, evidence.saying.place, evidence.saying.tool} - {""}
        kinds = {self.domain.kind(name).name for name in names}
        best, best_score = None, 0.0
        for exemplar in self._exemplars:
            theirs = {self.domain.kind(name).name for name in exemplar.objects}
            score = 4.0 * (evidence.saying.kind in exemplar.kinds)
            score += 2.0 * any(kind in exemplar.kinds for kind in evidence.kinds)
            score += 1.0 * any(label in exemplar.comments for label in evidence.sounds)
            score += _overlap(verbs, exemplar.verbs)
            score += len(names & set(exemplar.objects)) / max(1, len(names))
            score += 0.5 * len(kinds & theirs) / max(1, len(kinds))
            if exemplar.subject and evidence.saying.noun:
                same_kind = self.domain.kind(exemplar.subject) == self.domain.kind(evidence.saying.noun)
                score += 1.0 * same_kind
            if score > best_score:
                best, best_score = exemplar, score
        return best

    def _filled(self, exemplar: _Exemplar, evidence: Evidence, description: ClipDescription) -> tuple[Statement, ...]:
        """The exemplar's body with the clip's objects, times and hands, and with what else was seen put between."""
        binding = self._binding(exemplar, evidence)
        allowed = allowed_objects(description)
        body = _bound(exemplar.program.body, binding, allowed)
        body, left = _timed(body, evidence)
        return _merged(_without_the_unseen(body, evidence), left)

    def _binding(self, exemplar: _Exemplar, evidence: Evidence) -> dict[str, str]:
        """Exemplar's object -> the clip's; names that nothing of the clip stands for stay as they are."""
        saying = evidence.saying
        binding: dict[str, str] = {}
        free = [name for name in evidence.objects if name not in (saying.noun, saying.place, saying.tool)]
        subject = saying.noun or next(iter(free), "")
        if exemplar.subject and subject:
            binding[exemplar.subject] = subject
            free = [name for name in free if name != subject]
        for name in exemplar.objects:
            if name in binding:
                continue
            kind = self.domain.kind(name)
            same_kind = [other for other in free if self.domain.kind(other) == kind]
            role = _role(exemplar.program, name)
            if role == "place" and saying.place:
                binding[name] = saying.place
            elif role == "tool" and saying.tool:
                binding[name] = saying.tool
            elif same_kind:
                binding[name] = same_kind[0]
            elif role != "fixture" and (unknown := [o for o in free if o.startswith("object_")]):
                binding[name] = unknown[0]
            elif role == "place":
                binding[name] = ""  # where to is not known: the step stands without a place
            else:
                continue
            free = [other for other in free if other != binding[name]]
        return binding

    def _looped(
        self, steps: Sequence[SubAction], exemplar: _Exemplar | None, evidence: Evidence
    ) -> Iterator[Statement]:
        """The steps, with a loop around a long use whose end is known: from the exemplar, else from its effect."""
        for step in steps:
            lasts_s = (step.stop_s or 0.0) - (step.start_s or 0.0)
            if step.verb is Verb.USE and len(step.objects) == 2 and lasts_s >= _LOOP_S:
                guard = self._loop_guard(step, exemplar, evidence)
                yield While(guard, (step,)) if guard else step
            else:
                yield step

    def _loop_guard(self, step: SubAction, exemplar: _Exemplar | None, evidence: Evidence) -> tuple[Condition, ...]:
        target = step.objects[1]
        if exemplar and any(kind in exemplar.kinds for kind in evidence.kinds):
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
    return _identifier("_on_".join(("_".join((verb, *main.objects[:1])), *main.objects[1:])))


def _weight(step: SubAction) -> tuple[int, float]:
    """What a clip is named after: uses before moves before the rest; of these, the longest."""
    rank = {Verb.USE: 3, Verb.MOVE: 2, Verb.GRASP: 1, Verb.RELEASE: 1}
    return rank.get(step.verb, 0), (step.stop_s or 0.0) - (step.start_s or 0.0)


def _planned(evidence: Evidence, description: ClipDescription) -> tuple[SubAction, ...]:
    """The steps of the evidence; where it says nothing of what is narrated, the plan of that kind of action too."""
    saying = evidence.saying
    if not saying.noun or saying.noun in evidence.objects or any(step.verb in _DOING for step in evidence.steps):
        return evidence.steps
    plan = table().plans.get(saying.kind, table().plans["any"])
    allowed = allowed_objects(description)
    names = {"NOUN": saying.noun, "PLACE": saying.place, "TOOL": saying.tool}
    steps = []
    for text in plan:
        verb, *words = text.split()
        objects = tuple(name for word in words if (name := names[word]) and (allowed is None or name in allowed))
        if objects or not words:
            steps.append(SubAction(Verb(verb), objects))
    return (*evidence.steps, *steps)


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
    return (step.objects[0] for step in walk_sub_actions(tuple(steps)) if step.objects)


def _not_in_hand(name: str) -> Condition:
    return Condition("in hand", (name,), negated=True)


def _role(program: Program, name: str) -> str:
    """What an object does in an exemplar: tool, place or fixture (used where it stands); "" for anything else."""
    grasped = False
    role = ""
    for step in program.sub_actions():
        if name not in step.objects:
            continue
        grasped = grasped or (step.verb is Verb.GRASP and step.objects[0] == name)
        if step.verb is Verb.USE and step.objects[0] == name:
            role = role or ("tool" if len(step.objects) == 2 else "fixture")
        elif len(step.objects) == 2 and step.objects[1] == name:
            role = role or "place"
    return "" if role == "fixture" and grasped else role


def _bound(
    body: tuple[Statement, ...], binding: Mapping[str, str], allowed: frozenset[str] | None
) -> tuple[Statement, ...]:
    """A body with its objects exchanged; what may not be named takes its statement along. Comments and calls stay out:
    they are about the exemplar's own clip and library."""

    def names(objects: tuple[str, ...]) -> tuple[str, ...] | None:
        bound = tuple(binding.get(name, name) for name in objects)
        while bound and not bound[-1]:
            bound = bound[:-1]
        is_allowed = all(name and (allowed is None or name in allowed) for name in bound)
        return bound if is_allowed and bool(bound) == bool(objects) and len(set(bound)) == len(bound) else None

    def literals(guard: tuple[Condition, ...]) -> tuple[Condition, ...]:
        sides = {hand.value: hand.value for hand in Hand}
        kept = []
        for condition in guard:
            args = tuple(sides.get(arg) or binding.get(arg, arg) for arg in condition.args)
            if all(args) and (allowed is None or all(arg in sides or arg in allowed for arg in args)):
                kept.append(replace(condition, args=args))
        return tuple(kept)

    bound: list[Statement] = []
    for statement in body:
        match statement:
            case SubAction(objects=objects):
                if (changed := names(objects)) is not None:
                    bound.append(SubAction(statement.verb, changed, statement.hand))
            case If(guard=guard, body=inner, orelse=otherwise):
                guard, inner = literals(guard), _bound(inner, binding, allowed)
                otherwise = _bound(otherwise, binding, allowed)
                if guard and (inner or otherwise):
                    bound.append(If(guard, inner, otherwise) if inner else If((), otherwise))
            case While(guard=guard, body=inner):
                guard, inner = literals(guard), _bound(inner, binding, allowed)
                if inner:
                    bound += [While(guard, inner)] if guard else inner
    return tuple(statement for statement in bound if not isinstance(statement, If) or statement.guard)


def _timed(body: tuple[Statement, ...], evidence: Evidence) -> tuple[tuple[Statement, ...], list[SubAction]]:
    """Lays the steps that were seen on the body's sub-actions, in order: (the body with times, steps without place)."""
    frame = list(walk_sub_actions(body))
    left: list[SubAction] = []
    last = -1
    for step in evidence.steps:
        place = next((i for i in range(last + 1, len(frame)) if _fits(step, frame[i])), None)
        if place is not None:
            times = {"start_s": step.start_s, "stop_s": step.stop_s}
            frame[place] = replace(frame[place], hand=step.hand, confidence=step.confidence, **times)
            last = place
        elif last >= 0 and step.verb in (Verb.MOVE, Verb.USE) and _fits(step, replace(frame[last], start_s=None)):
            stop_s = max(step.stop_s or 0.0, frame[last].stop_s or 0.0)  # the same again: a loop's next turn
            frame[last] = replace(frame[last], stop_s=stop_s)
        else:
            left.append(step)
    steps = iter(frame)
    return _mapped(body, lambda _: (next(steps),)), left


def _fits(step: SubAction, frame: SubAction) -> bool:
    """Whether a step that was seen can be this sub-action of the frame; a tool that is used is seen to move."""
    if frame.start_s is not None or not frame.objects or frame.objects[0] != step.objects[0]:
        return False
    if step.verb is Verb.MOVE:
        return frame.verb in (Verb.MOVE, Verb.USE, Verb.POSITION)
    return frame.verb is step.verb


def _without_the_unseen(body: tuple[Statement, ...], evidence: Evidence) -> tuple[Statement, ...]:
    """The body without what the extractors would have shown: a release under watched hands, a walk under poses."""

    def keep(step: SubAction) -> tuple[Statement, ...]:
        is_unseen = step.start_s is None and (
            (step.verb is Verb.RELEASE and evidence.was_seen) or (step.verb is Verb.GOTO and evidence.sees_walks)
        )
        return () if is_unseen else (step,)

    return _mapped(body, keep)


def _merged(body: tuple[Statement, ...], left: Sequence[SubAction]) -> tuple[Statement, ...]:
    """The body with the left steps put in, each before the statement whose sub-actions were seen after it."""
    merged: list[Statement] = []
    waiting = list(left)
    for statement in body:
        starts = [step.start_s for step in walk_sub_actions((statement,)) if step.start_s is not None]
        while waiting and starts and (waiting[0].start_s is None or waiting[0].start_s < min(starts)):
            merged.append(waiting.pop(0))
        merged.append(statement)
    return (*merged, *waiting)


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
    for statement in body:
        match statement:
            case While(body=inner):
                yield statement
                yield from _loops(inner)
            case If(body=inner, orelse=otherwise):
                yield from _loops((*inner, *otherwise))


def _overlap(ours: Counter[Verb], theirs: Counter[Verb]) -> float:
    """0 to 1: how much of two bags of verbs is common."""
    total = (ours | theirs).total()
    return (ours & theirs).total() / total if total else 0.0


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

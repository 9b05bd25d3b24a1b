"""Minutes of what somebody does in their kitchen: tasks in an order that is partly habit and partly chance.

How it comes about. A person has tasks under way, each a stack of statements that are still to be done. For every next
action they choose what to go on with, which optional step to take, which of several things to use, whether to shut the
door first, whether to be distracted. Each of these choices is drawn from explicit probabilities through one `Choices`,
so the same code that acts can be run through every way that it might have gone: that gives `Step.odds`, the exact
distribution of the next action as EPIC-KITCHENS labels it, for somebody who knows the process and all that came before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Final, NamedTuple, TypeVar

import numpy as np

from egoprog.errors import ConfigurationError
from egoprog.program.types import Call, Comment, Condition, If, Statement, While
from egoprog.sim.participants import Habits, habits
from egoprog.sim.rollout import (
    ANCHORS,
    BUTTON,
    COUNTER,
    FINGERS,
    HOME,
    WORKTOP,
    Scene,
    act,
    destination,
    first_of,
    label,
    resolved,
    usual_s,
)
from egoprog.sim.stock import (
    DISHES,
    FINDS,
    FOOD,
    FRUIT,
    GROCERIES,
    PACKAGES,
    SOILED,
    TOOLS,
    VEGETABLES,
    homes,
    kind_of,
    plan,
)
from egoprog.sim.tasks import STRAYS, Task, actions, task, tasks
from egoprog.sim.types import Activity, Participant, Step
from egoprog.world.validation import rename

MAX_SECONDS: Final = 3600.0
_MOST_THREADS: Final = 3
_WAITS: Final = {"boiling": (14.0, 35.0), "sizzling": (8.0, 22.0), "warming": (8.0, 20.0)}
"""Statements that mean waiting, and for how long [s]."""
_DOORS: Final = ("fridge", "cupboard", "cupboard_2", "drawer", "drawer_2", "microwave", "bin")
_LOOKED_INTO: Final = ("cupboard", "cupboard_2", "drawer", "drawer_2", "fridge")
_SURFACES: Final = (COUNTER, "hob", "sink")
_PLACES: Final = frozenset({"sink", "tap", "hob", "fridge", "microwave", "bin", "rack", COUNTER, WORKTOP, HOME, FINGERS,
                            BUTTON, "water"})  # fmt: skip
_REPEATED: Final = frozenset({"scooping", "scraping", "flipping", "stirring_again", "reading", "idling", "peering",
                              "touching", "washing_hands", "drying_hands", "soaping_hands"})  # fmt: skip
"""Actions that can be done again at once."""
_SHARED: Final = frozenset({*TOOLS, *PACKAGES, "sponge", "cloth", "towel", "chopping_board"})
"""What two tasks can use by turns."""
_DRINKS: Final = ("juice", "milk", "bottle")

_Choice = TypeVar("_Choice")


class Choices:
    """A run through a process: choices as laid down, then the first of each; remembers the others and their odds."""

    def __init__(self, laid_down: Sequence[int] = ()):
        self._laid_down = laid_down
        self.taken: list[int] = []
        self.shares: list[tuple[float, ...]] = []
        self.probability = 1.0

    def pick(self, options: Sequence[_Choice], weights: Iterable[float] | None = None) -> _Choice:
        """One of the options, each with a probability in proportion to its weight."""
        if len(options) == 1:
            return options[0]
        weights = (1.0,) * len(options) if weights is None else tuple(weights)
        total = sum(weights)
        at = len(self.taken)
        index = self._laid_down[at] if at < len(self._laid_down) else next(k for k, w in enumerate(weights) if w > 0)
        self.taken.append(index)
        self.shares.append(tuple(weight / total for weight in weights))
        self.probability *= weights[index] / total
        return options[index]

    def chance(self, probability: float) -> bool:
        """True with that probability."""
        return self.pick((True, False), (probability, 1.0 - probability)) if 0 < probability < 1 else probability >= 1


def every_way(run: Callable[[Choices], _Choice], least: float = 1e-3) -> Iterator[tuple[float, _Choice]]:
    """Every outcome that a run of choices can have, with its probability; they sum to 1.

    Branches of a probability below `least` are not followed, and the sum is as much lower.
    """
    todo: list[tuple[int, ...]] = [()]
    while todo:
        laid_down = todo.pop()
        choices = Choices(laid_down)
        outcome = run(choices)
        yield choices.probability, outcome
        so_far = 1.0
        for at, (taken, shares) in enumerate(zip(choices.taken, choices.shares, strict=True)):
            if at >= len(laid_down):
                others = (k for k, share in enumerate(shares) if k != taken and so_far * share >= least)
                todo += [(*choices.taken[:at], k) for k in others]
            so_far *= shares[taken]


@dataclass(frozen=True)
class Bound:
    """A call about things of this kitchen rather than roles."""

    call: Call


class Thread(NamedTuple):
    """A task under way. stack: what is still to be done, first things first. roles: role -> the thing that it is.

    taken: things that it took out, in order. waits: the kind of waiting that begins, "" for none.
    asleep_until_s: while something heats. is_tidying: its work is done.
    """

    task: Task
    worktop: str
    stack: tuple[Statement | Bound, ...]
    roles: Mapping[str, str] = MappingProxyType({})
    taken: tuple[str, ...] = ()
    waits: str = ""
    asleep_until_s: float = 0.0
    is_tidying: bool = False


class _Mind(NamedTuple):
    """What somebody has in mind. threads: the current one first. ahead: tasks still to begin, None for any they like.

    done: tasks that were begun, the last one last. is_set: what was done last only prepared what comes next.
    """

    threads: tuple[Thread, ...] = ()
    ahead: tuple[str, ...] | None = None
    done: tuple[str, ...] = ()
    is_set: bool = False


@dataclass(frozen=True)
class _Intent:
    """What is done next: an action that nothing blocks, for a task, and the mind after it."""

    call: Call
    task: str
    mind: _Mind


def make_activity(participant: Participant, seed: int, seconds: float, tasks: Sequence[str] = ()) -> Activity:
    """What the person does in an episode, about that long when it is acted at usual durations.

    tasks: what they do, in about that order, and nothing else but what distracts them; it ends when that is done. By
    default what they like, until the time is over.
    Raises UnknownTask, with the nearest names, and ConfigurationError for a length that is not above 0 and at most an
    hour, and for a task for which the kitchen lacks something.
    """
    if not 0 < seconds <= MAX_SECONDS:
        raise ConfigurationError(f"expected a length above 0 and up to {MAX_SECONDS:g} seconds, got {seconds:g}")
    wanted = tuple(task(name).name for name in tasks)
    kitchen = plan(participant, seed, sorted({role for name in wanted for role in _needed(name) if role in FINDS}))
    scene = Scene.begin(participant, kitchen)
    for name in wanted:
        if not can_do(scene, name):
            raise ConfigurationError(f"{participant.id}'s kitchen lacks something that the task {name!r} needs")
    person = _Person(participant, seed)
    mind = _Mind(ahead=wanted if tasks else None)
    rng = np.random.default_rng([participant.seed, seed, 6])
    steps: list[Step] = []
    now_s = 0.0
    while now_s < seconds:
        ways = list(every_way(lambda choices: person.next(mind, scene, now_s, choices)))  # noqa: B023 consumed here
        intent = ways[int(rng.choice(len(ways), p=_normal([p for p, _ in ways])))][1]
        if intent is None:
            break
        odds: dict[tuple[str, str], float] = {}
        for probability, way in ways:
            if way is not None:
                key = label(scene, way.call)
                odds[key] = odds.get(key, 0.0) + probability
        total = sum(odds.values())
        pause_s = round(float(np.clip(rng.lognormal(0.25, 1.0), 0.1, 9.0)), 2)
        step, after = act(scene, intent.call, intent.task, rng, pause_s)
        steps.append(replace(step, odds={key: share / total for key, share in sorted(odds.items(), key=_by_share)}))
        now_s += pause_s / participant.tempo + usual_s(intent.call, step.program, participant.tempo)
        mind, scene = person.slept(intent.mind, now_s, rng), after
    return Activity(participant, kitchen, tuple(steps), seed)


def can_do(scene: Scene, name: str) -> bool:
    """Whether the kitchen has, now, what the task cannot be done without."""
    thread = Thread(task(name), "prep", ())
    return all(_is_place(role) or _candidates(role, thread, scene, frozenset()) for role in _needed(name))


class _Person:
    """Somebody's choices. Knows their habits, and what this episode makes of them."""

    def __init__(self, participant: Participant, seed: int):
        self.participant = participant
        self.seed = seed
        self.habits: Habits = habits(participant)
        self._asked: tuple[Scene | None, tuple[str, ...]] = (None, ())

    def next(self, mind: _Mind, scene: Scene, now_s: float, choices: Choices) -> _Intent | None:
        """What is done next, None where nothing is left to do."""
        for turn in range(60):
            chosen = self._thread(mind, scene, now_s, choices, is_open=turn == 0)
            if chosen is None:
                return None
            mind, thread = chosen
            if thread is None:
                return self._idle(mind, scene)
            thread, call = self._unfold(thread, mind, scene, choices)
            mind = mind._replace(threads=(thread, *mind.threads[1:]) if thread else mind.threads[1:])
            if call is not None and thread is not None:
                intent = self._about(call, thread, mind, scene, choices)
                if intent is not None:
                    return intent
                mind = self._with(mind, thread._replace(stack=thread.stack[1:]))
        raise AssertionError("nothing to do was found sixty times in a row")

    def slept(self, mind: _Mind, now_s: float, rng: np.random.Generator) -> _Mind:
        """The mind in which tasks that wait from now on know for how long."""
        threads = tuple(
            t._replace(waits="", asleep_until_s=now_s + rng.uniform(*_WAITS[t.waits])) if t.waits else t
            for t in mind.threads
        )
        return mind._replace(threads=threads)

    # What to go on with

    def _thread(
        self, mind: _Mind, scene: Scene, now_s: float, choices: Choices, is_open: bool
    ) -> tuple[_Mind, Thread | None] | None:
        """What to go on with; None where nothing is left, and for the thread where it all waits. is_open: to strays."""
        awake = [t for t in mind.threads if not t.waits and t.asleep_until_s <= now_s]
        current = mind.threads[0] if mind.threads and mind.threads[0] in awake else None
        if mind.is_set and current is not None:
            return mind, current
        is_stray = current is not None and current.task.name in STRAYS
        options: list[Thread | str | None] = list(awake)
        weights = [1.0 if t is current or current is None else self.habits.switches for t in awake]
        may_begin = len(mind.threads) < _MOST_THREADS and not is_stray and (is_open or current is None)
        others = self._others(mind, scene) if may_begin else {}
        if others:
            options.append("new")
            weights.append(1.0 if current is None else 0.3 * self.habits.switches)
        if current is None and len(awake) < len(mind.threads) and (not others or mind.ahead is None):
            options.append(None)
            weights.append(0.3 if others or awake else 1.0)
        strays = [n for n in STRAYS if n in self._able(scene)] if is_open and not is_stray and mind.threads else []
        if strays and options:
            options.append("stray")
            weights.append(self.habits.strays * sum(weights))
        if not options:
            return None
        chosen = choices.pick(options, weights)
        if chosen is None:
            return mind, None
        if isinstance(chosen, str):
            names = strays if chosen == "stray" else list(others)
            name = choices.pick(names, [others.get(n, 0.3 + self._taste("stray", n)) for n in names])
            if chosen == "new":
                ahead = None if mind.ahead is None else _without(mind.ahead, name)
                mind = mind._replace(ahead=ahead, done=(*mind.done, name))
            chosen = Thread(task(name), self._worktop(name), task(name).program.body)
            return mind._replace(threads=(chosen, *mind.threads)), chosen
        return mind._replace(threads=(chosen, *(t for t in mind.threads if t is not chosen))), chosen

    def _others(self, mind: _Mind, scene: Scene) -> dict[str, float]:
        """Tasks that might be begun and how much they are liked."""
        if mind.ahead is not None:
            able = [name for name in mind.ahead if name in self._able(scene)]
            return {name: 4.0**-k for k, name in enumerate(able[:3])}
        under_way = {t.task.name for t in mind.threads}
        left_out = under_way.union(mind.done[-6:], STRAYS)
        last = mind.done[-1] if mind.done else ""
        return {name: self._appetite(name, last) for name in self._able(scene) if name not in left_out}

    def _able(self, scene: Scene) -> tuple[str, ...]:
        """The tasks that can be done now; asked many times about one scene."""
        if self._asked[0] is not scene:
            self._asked = (scene, tuple(name for name in tasks() if can_do(scene, name)))
        return self._asked[1]

    def _appetite(self, name: str, last: str) -> float:
        """How likely somebody begins a task after another: each has favourites and fixed successions."""
        return _appetite(self.habits.likes, name, last)

    def _worktop(self, name: str) -> str:
        return "prep" if self._taste("worktop", name) < 0.75 else "storage"

    def _idle(self, mind: _Mind, scene: Scene) -> _Intent:
        waiting = min(mind.threads, key=lambda t: t.asleep_until_s)
        what = next((n for n in ("kettle", "pan", "pot", "mug") if n in waiting.roles.values()), "kettle")
        return _Intent(Call("idling", (what,)), waiting.task.name, mind)

    # From statements to an action

    def _unfold(self, thread: Thread, mind: _Mind, scene: Scene, choices: Choices) -> tuple[Thread | None, Call | None]:
        """The thread with its next action on top of the stack and that action; None where it sleeps or is done."""
        begun: list[While] = []
        for _ in range(200):
            if not thread.stack:
                tidied = self._tidy(thread, mind, scene, choices)
                return (None, None) if tidied is None else (tidied, tidied.stack[0].call)
            top, rest = thread.stack[0], thread.stack[1:]
            match top:
                case Bound(call):
                    if self._is_pointless(call, scene):
                        thread = thread._replace(stack=rest)
                        continue
                    return thread, call
                case Call(name) if name in _WAITS:
                    return thread._replace(stack=rest, waits=name), None
                case Call("putting", (_, place)) if self._keeps(place, rest, choices):
                    thread = thread._replace(stack=rest)
                case Call(name) if name in actions():
                    thread, call = self._bind(top, thread, mind, scene, choices)
                    thread = thread._replace(stack=rest if call is None else (Bound(call), *rest))
                case Call():
                    thread = thread._replace(stack=(*_part(thread.task.name, top.name, top.objects), *rest))
                case Comment():
                    thread = thread._replace(stack=rest)
                case If(guard=(Condition("any order"),)):
                    thread = thread._replace(stack=(*self._ordered(top, thread, choices), *rest))
                case If():
                    thread, is_true = self._holds(top.guard, False, thread, mind, scene, choices)
                    thread = thread._replace(stack=(*(top.body if is_true else top.orelse), *rest))
                case While() if any(top is one for one in begun):
                    thread = thread._replace(stack=rest)  # a round in which there was nothing to do
                case While():
                    begun.append(top)
                    role = top.guard[0].args[0]
                    if role in _ROLES:
                        thread = thread._replace(roles={k: v for k, v in thread.roles.items() if k != role})
                        if not _candidates(role, thread, scene, self._busy(thread, mind)):
                            thread = thread._replace(stack=rest)
                            continue
                    thread, is_true = self._holds(top.guard, True, thread, mind, scene, choices)
                    thread = thread._replace(stack=(*top.body, top, *rest) if is_true else rest)
        raise AssertionError(f"{thread.task.name}: no action in two hundred statements")

    def _keeps(self, place: str, rest: Sequence[object], choices: Choices) -> bool:
        """Whether a thing that might be put down here stays in the hand until the hand is needed."""
        return place in (COUNTER, WORKTOP) and len(rest) > 0 and choices.chance(self.habits.keeps)

    def _ordered(self, group: If, thread: Thread, choices: Choices) -> tuple[Statement, ...]:
        """The statement of a group that is done first, then the rest of the group."""
        units = group.body
        keys = [self._taste(thread.task.name, repr(unit)) for unit in units]
        first = choices.pick(range(len(units)), [np.exp(2.0 * key) for key in keys])
        left = tuple(unit for k, unit in enumerate(units) if k != first)
        return (units[first], replace(group, body=left)) if left else (units[first],)

    def _holds(
        self, guard: Sequence[Condition], is_loop: bool, thread: Thread, mind: _Mind, scene: Scene, choices: Choices
    ) -> tuple[Thread, bool]:
        for literal in guard:
            if literal.predicate == "wanted":
                key = " ".join(literal.args)
                roles = [arg for arg in literal.args if (arg in _STOCKED or arg in _ROLES) and arg not in thread.roles]
                if any(not _candidates(role, thread, scene, self._busy(thread, mind)) for role in roles):
                    return thread, False
                taste = self._taste(thread.task.name, key)
                if not choices.chance(0.3 + 0.5 * taste if is_loop else 0.12 + 0.76 * taste):
                    return thread, False
                continue
            names = []
            for role in literal.args:
                thread, name = self._role(role, thread, mind, scene, choices)
                if name is None:
                    return thread, False
                names.append(name)
            value = scene.world.value(replace(literal, args=tuple(names)))
            if not (value is True or (value is None and literal.negated)):
                return thread, False
        return thread, True

    def _bind(
        self, call: Call, thread: Thread, mind: _Mind, scene: Scene, choices: Choices
    ) -> tuple[Thread, Call | None]:
        """The action about things of this kitchen; None where one is missing or it is done already."""
        names = []
        for role in call.objects:
            thread, name = self._role(role, thread, mind, scene, choices)
            if name is None:
                return thread, None
            names.append(name)
        if call.name == "putting" and names[1] not in (COUNTER, WORKTOP, HOME) and names[0] == names[1]:
            return thread, None
        bound = replace(call, objects=tuple(names))
        return thread, None if self._is_pointless(bound, scene) else bound

    def _is_pointless(self, call: Call, scene: Scene) -> bool:
        """Whether the action would change nothing, or has become impossible."""
        thing = call.objects[0]
        match call.name:
            case "taking":
                return scene.holds(thing)
            case "putting":
                return not scene.holds(thing) and (call.objects[1] in (COUNTER, WORKTOP) or self._is_there(call, scene))
            case "discarding":
                return scene.world.place_of(thing) == "bin"
            case "unsealing":
                return scene.fact("open", thing)
            case "sealing":
                return not scene.fact("open", thing) or not scene.holds(thing)
            case "tipping_out":
                return scene.fact("empty", thing)
            case "swabbing":
                return scene.fact("clean", thing)
            case "drinking":
                return scene.fact("empty", thing)
            case _ if call.name in _REPEATED:
                return False
        program = resolved(scene, call)
        return not any(s.verb != "goto" and s.verb != "position" and s.verb != "move" for s in program.sub_actions())

    def _is_there(self, call: Call, scene: Scene) -> bool:
        place = call.objects[1]
        if place == HOME:
            place = destination(scene, call.objects[0], HOME, "")[0]
        return scene.world.place_of(call.objects[0]) == place

    # Which thing

    def _role(
        self, role: str, thread: Thread, mind: _Mind, scene: Scene, choices: Choices
    ) -> tuple[Thread, str | None]:
        if role in thread.roles:
            return thread, thread.roles[role]
        if _is_place(role):
            return thread, role
        found = _candidates(role, thread, scene, self._busy(thread, mind))
        if not found:
            return thread, None
        weights = [self._liking(name, scene) for name in found]
        best = sorted(range(len(found)), key=lambda k: -weights[k])[:4]
        name = choices.pick([found[k] for k in best], [weights[k] for k in best])
        return thread._replace(roles={**thread.roles, role: name}), name

    def _liking(self, name: str, scene: Scene) -> float:
        near = 3.0 if scene.holds(name) else 1.6 if scene.station_of(name) == scene.standing else 1.0
        return near * float(np.exp(2.5 * self._taste("thing", name)))

    def _busy(self, thread: Thread, mind: _Mind) -> frozenset[str]:
        """Things that other tasks are about."""
        others = (t for t in mind.threads if t.task.name != thread.task.name)
        return frozenset(name for t in others for name in t.roles.values())

    # What is done between

    def _about(self, call: Call, thread: Thread, mind: _Mind, scene: Scene, choices: Choices) -> _Intent | None:
        """The intent to do the thread's next action: first what it needs, or what is done in passing.

        None where nothing leads to it.
        """
        own = call
        if call.name == "putting" and not scene.holds(call.objects[0]) and not self._is_there(call, scene):
            call = Call("taking", call.objects[:1])
        call = self._placed(call, thread, scene)
        first = first_of(scene, call)
        if first is None:
            return None
        call = first
        passing = self._in_passing(call, scene, choices)
        first = first_of(scene, passing) if passing is not None else None
        if first is not None:
            return _Intent(first, thread.task.name, mind._replace(is_set=False))
        doubt = self._doubt(call, scene, choices)
        if doubt is not None:
            first, *later = doubt
            stack = (*(Bound(one) for one in later), *thread.stack)
            mind = self._with(mind, thread._replace(stack=stack))
            return _Intent(first, thread.task.name, mind._replace(is_set=False))
        taken = thread.taken
        if call.name == "taking" and call.objects[0] not in taken:
            taken = (*taken, call.objects[0])
        is_own = call.name == own.name and call.objects[0] == own.objects[0]
        stack = thread.stack[1:] if is_own else thread.stack
        mind = self._with(mind, thread._replace(stack=stack, taken=taken))
        return _Intent(call, thread.task.name, mind._replace(is_set=not is_own))

    def _with(self, mind: _Mind, thread: Thread) -> _Mind:
        return mind._replace(threads=(thread, *mind.threads[1:]))

    def _placed(self, call: Call, thread: Thread, scene: Scene) -> Call:
        """The call with the place and the site that are meant."""
        if call.name == "putting" and len(call.objects) == 2:
            return replace(call, objects=(call.objects[0], *destination(scene, *call.objects, thread.worktop)))
        if call.name == "swabbing" and len(call.objects) == 2:
            place, cloth = call.objects
            site = place if place != COUNTER else ANCHORS[scene.standing if scene.standing != "fridge" else "prep"]
            return replace(call, objects=(place, cloth, site))
        return call

    def _in_passing(self, call: Call, scene: Scene, choices: Choices) -> Call | None:
        """A door that is shut or a tap that is turned off before the action."""
        walks = any(s.verb == "goto" for s in resolved(scene, call).sub_actions())
        runs_on = call.name in ("scrubbing", "taking", "putting", "lathering") and not walks
        is_running = scene.fact("on", "tap") and "tap" not in call.objects and scene.standing == "sink"
        if is_running and not runs_on and choices.chance(0.97 if walks else 0.7):
            return Call("turning_off", ("tap",))
        if scene.num_free == 0 and not walks:
            return None
        for door in _DOORS:
            if not scene.fact("open", door) or scene.station_of(door) != scene.standing or door in call.objects:
                continue
            if scene.is_thing(call.objects[0]) and scene.world.place_of(call.objects[0]) == door:
                continue
            if scene.num_free and choices.chance(0.96 if walks else self.habits.closes):
                return Call("closing" if self._taste("door", door) < 0.6 or door == "bin" else "pushing_shut", (door,))
        return None

    def _doubt(self, call: Call, scene: Scene, choices: Choices) -> tuple[Call, ...] | None:
        """Something begun and given up before the action."""
        thing = call.objects[0]
        if call.name == "taking" and scene.num_free and choices.chance(self.habits.doubts):
            near = [
                name
                for name in scene.inside(scene.world.place_of(thing) or "")
                if name != thing and scene.shut(name) is None and scene.station_of(name) == scene.station_of(thing)
                and not scene.inside(name)
            ]  # fmt: skip
            near = sorted(near, key=lambda name: -self._taste("near", name))[:2]
            place = scene.world.place_of(thing)
            if place is None:
                return None
            site = ANCHORS[scene.station_of(thing)]
            ways: list[tuple[Call, ...]] = [(Call("touching", (thing, place, site)),)]
            ways += [(Call("taking", (n,)), Call("putting", (n, place, site))) for n in near]
            return choices.pick(ways)
        if call.name != "putting" and scene.num_free and choices.chance(self.habits.fidgets):
            about = [
                n for n in scene.inside(COUNTER) if scene.on_counter[n] == scene.standing and n not in call.objects
            ]
            if about:
                about = sorted(about, key=lambda name: -self._taste("about", name))[:4]
                name = choices.pick(about, [np.exp(1.5 * self._taste("about", name)) for name in about])
                back = Call("putting", (name, COUNTER, ANCHORS[scene.standing]))
                return choices.pick(((Call("shifting", (name, COUNTER)),), (Call("taking", (name,)), back)), (0.6, 0.4))
        if call.name == "opening" and thing in _LOOKED_INTO and choices.chance(2 * self.habits.doubts):
            others = [d for d in _LOOKED_INTO if d != thing and not scene.fact("open", d)]
            other = max(others, key=lambda door: self._taste(f"mistaken for {thing}", door))
            return Call("opening", (other,)), Call("peering", (other,)), Call("closing", (other,))
        return None

    def _tidy(self, thread: Thread, mind: _Mind, scene: Scene, choices: Choices) -> Thread | None:
        """What is put back when the work is done: the thread with that on its stack, None once nothing is left."""
        busy = self._busy(thread, mind)
        for name in (scene.world.left, scene.world.right):
            if name is not None and name not in busy:
                place = HOME if choices.chance(self.habits.tidies) else COUNTER
                return thread._replace(stack=(Bound(Call("putting", (name, place))),), is_tidying=True)
        left = list(thread.taken)
        while left:
            name = left.pop(0)
            thread = thread._replace(taken=tuple(left))
            if name in busy or not self._is_out(name, scene) or not choices.chance(self._tidies(name, scene)):
                continue
            calls = (Bound(Call("taking", (name,))), Bound(Call("putting", (name, HOME))))
            return thread._replace(stack=calls, is_tidying=True)
        for door in _DOORS:
            if scene.fact("open", door) and scene.num_free and choices.chance(0.9):
                return thread._replace(stack=(Bound(Call("closing", (door,))),), is_tidying=True)
        return None

    def _is_out(self, name: str, scene: Scene) -> bool:
        """Whether a thing stands about that belongs elsewhere, with nothing in or on it."""
        place = scene.world.place_of(name)
        kind = kind_of(name)
        if place in (None, "sink", "bin", "rack") or scene.inside(name):
            return False
        if scene.fact("full", name) and kind not in PACKAGES:
            return False
        if kind in FOOD and (scene.fact("cut", name) or place not in (COUNTER,)):
            return False
        if kind in ("pan", "pot", "chopping_board", "sponge", "kettle", "cloth", "towel", "colander"):
            return False
        return destination(scene, name, HOME, "")[0] != place

    def _tidies(self, name: str, scene: Scene) -> float:
        share = self.habits.tidies
        return share if kind_of(name) in PACKAGES | FOOD else 0.5 * share

    def _taste(self, about: str, what: str) -> float:
        return _taste(self.habits.likes, about, what)


# Roles that are more than a kind: which kinds may play them.
_ROLES: Final[Mapping[str, tuple[str, ...]]] = {
    "vegetable": VEGETABLES,
    "fruit": FRUIT,
    "cup": ("glass", "mug"),
    "drink": _DRINKS,
    "dirty": tuple(SOILED),
    "wet": (*SOILED, "chopping_board"),
    "stray_dish": ("plate", "bowl", "mug", "glass", "fork", "spoon", "knife", "spatula", "peeler"),
    "grocery": GROCERIES,
    "waste": ("rubbish", "can"),
    "clutter": (*GROCERIES, "cereal", "rice", "pasta", "mug", "glass", "bowl", "plate", "salt", "sugar", "coffee",
                "tea", "knife", "spoon", "fork"),
    "ladling": ("ladle", "spoon"),
    "surface": (),
    "storage_place": (),
}  # fmt: skip
_STOCKED: Final = frozenset({*DISHES, *TOOLS, *PACKAGES, *FOOD, "kettle", "towel", "cloth", "sponge", "phone"})


def _is_place(role: str) -> bool:
    return role in _PLACES


def _candidates(role: str, thread: Thread, scene: Scene, busy: frozenset[str]) -> list[str]:
    """The things of this kitchen that can play a role now."""
    base = kind_of(role)
    if base == "surface":
        return [name for name in _SURFACES if not scene.fact("clean", name)]
    if base == "storage_place":
        return [name for name in _LOOKED_INTO if not scene.fact("open", name)]
    kinds = _ROLES.get(base, (base,))
    owned = [name for kind in kinds for name in _by_kind(scene.person).get(kind, ()) if name in scene.plan.things]
    used = {name for other, name in thread.roles.items() if kind_of(other) == base}
    found = [name for name in owned if name not in used and _suits(base, name, scene)]
    return [name for name in found if name not in busy] or [name for name in found if kind_of(name) in _SHARED]


@lru_cache(maxsize=64)
def _by_kind(person: Participant) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in homes(person):
        found.setdefault(kind_of(name), []).append(name)
    return found


def _suits(role: str, name: str, scene: Scene) -> bool:
    """Whether a thing can play the role as it is."""
    world, kind = scene.world, kind_of(name)
    place = world.place_of(name)
    if place == "bin":
        return False
    is_clean, is_plain = scene.fact("clean", name), not scene.inside(name)
    match role:
        case "dirty":
            return not is_clean and is_plain and place not in ("hob",) and not scene.fact("full", name)
        case "wet":
            return is_clean and is_plain and world.value(Condition("dry", (name,))) is False
        case "stray_dish":
            return is_clean and is_plain and place in (COUNTER, "rack") and homes(scene.person)[name][0] != place
        case "grocery":
            return place == COUNTER and not scene.fact("cut", name)
        case "waste":
            return kind == "rubbish" or scene.fact("empty", name)
        case "clutter":
            at_home = homes(scene.person)[name][0] == place
            return place == COUNTER and not at_home and is_plain and is_clean and not scene.fact("cut", name)
        case "pan" | "pot":
            return not any(kind_of(n) in FOOD for n in scene.inside(name))
    if kind in ("mug", "glass", "bowl", "plate"):
        return is_clean and is_plain and not scene.fact("full", name)
    if kind in FOOD and role not in ("butter",):
        return not (scene.fact("cut", name) or scene.fact("cooked", name)) and place not in ("pan", "pot")
    if kind in PACKAGES and kind != "bottle":
        return not scene.fact("empty", name)
    return True


@cache
def _needed(name: str) -> frozenset[str]:
    """The roles of the actions that the task does in any case."""
    of = task(name)

    def roles(body: tuple[Statement, ...], names: Mapping[str, str]) -> Iterator[str]:
        for statement in body:
            match statement:
                case Call(called, objects) if called in actions():
                    yield from (names.get(role, role) for role in objects)
                case Call(called, objects) if called in of.parts:
                    part = of.parts[called]
                    inner = zip(part.objects, (names.get(role, role) for role in objects), strict=False)
                    yield from roles(part.body, dict(inner))
                case If(guard=(Condition("any order"),)):
                    yield from roles(statement.body, names)

    return frozenset(roles(of.program.body, {}))


@lru_cache(maxsize=20_000)
def _appetite(likes: int, name: str, last: str) -> float:
    return float(np.exp(2.5 * _taste(likes, "task", name) + 2.5 * _taste(likes, f"after {last}", name)))


@lru_cache(maxsize=20_000)
def _part(of: str, name: str, objects: tuple[str, ...]) -> tuple[Statement, ...]:
    """What a part of a task does with these objects."""
    part = task(of).parts[name]
    return rename(part, dict(zip(part.objects, objects, strict=False))).body


@lru_cache(maxsize=20_000)
def _taste(likes: int, about: str, what: str) -> float:
    """A number from 0 to 1 that is somebody's own for a question."""
    return float(np.random.default_rng([likes, *about.encode(), 256, *what.encode()]).random())


def _without(names: tuple[str, ...], name: str) -> tuple[str, ...]:
    at = names.index(name)
    return names[:at] + names[at + 1 :]


def _normal(probabilities: Sequence[float]) -> np.ndarray:
    shares = np.asarray(probabilities, float)
    return shares / shares.sum()


def _by_share(item: tuple[tuple[str, str], float]) -> tuple[float, tuple[str, str]]:
    return -item[1], item[0]

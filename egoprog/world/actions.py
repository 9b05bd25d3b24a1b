"""What the eight sub-actions need and what they do.

A sub-action is possible unless the state contradicts it: a pre-condition that is unknown is assumed. What the
sub-actions mean:

nothing, wait       need and change nothing.
goto(x)             x neither near nor in a hand; then x is near, and all that is not known to be where x is may be out
                    of reach. Whoever walks away lets go of what cannot be carried (a faucet, a drawer's handle).
grasp(x)            x near, not in that hand, not in something closed, a hand free; then x is in the hand and has left
                    its place. Without a hand either will do. A fixed thing is held on to but stays where it is.
grasp(x, y)         the same, out of or off y.
release(x)          x in the hand; then it is not, and lies where it was moved to or positioned, otherwise anywhere.
release(x, y)       the same, into or onto y.
move(x)             x in the hand; then it is elsewhere. A fixed thing that opens (a drawer) is opened or closed by it.
move(x, y)          x in the hand, y not closed; then x is in or on y, still in the hand.
position(x, y)      x in the hand; then it is held aligned at y.
use(x), use(x, y)   whatever the domain's table says; see domain.yaml. Where the table knows no meaning, it needs x in a
                    hand (near, if fixed) and y near, and changes nothing that the model knows of.
"""

from __future__ import annotations

from egoprog.errors import InfeasibleStep
from egoprog.program.types import Condition, Hand, SubAction, Verb
from egoprog.world.domain import Domain, Kind, bind
from egoprog.world.state import WorldState
from egoprog.world.wording import call_text, violation

_IDLE = (Verb.NOTHING, Verb.WAIT)


def preconditions(sub_action: SubAction, state: WorldState, domain: Domain | None = None) -> tuple[Condition, ...]:
    """The literals that must not be false for the sub-action to be possible, in the order in which they are told.

    The state decides which they are: what lies in a fridge needs the fridge open.
    """
    verb, objects = sub_action.verb, sub_action.objects
    if verb in _IDLE or not objects:
        return ()
    domain = domain or Domain.default()
    name = objects[0]
    match verb:
        case Verb.GOTO:
            return (~_in_hand(name), ~_near(name))
        case Verb.GRASP:
            source = objects[1] if len(objects) > 1 else state.place_of(name)
            reach = (_near(name), *_access(source, domain))
            if sub_action.hand is None:
                return (~_in_hand(name), *reach, Condition("empty", ("hand",)))
            taken = state.hands_of(name)
            free = [Condition("empty", (hand,)) for hand in _sides(sub_action.hand) if hand not in taken]
            return (~_in_hand(name, sub_action.hand), *reach, *free)
        case Verb.MOVE | Verb.RELEASE if len(objects) > 1:
            return (_in_hand(name, sub_action.hand), *_access(objects[1], domain))
        case Verb.USE:
            return _use_needs(sub_action, state, domain)
    return (_in_hand(name, sub_action.hand),)


def effects(sub_action: SubAction, state: WorldState, domain: Domain | None = None) -> tuple[Condition, ...]:
    """The literals that the sub-action makes true, whatever they were before.

    What it makes unknown (walking away, letting go somewhere) is no literal; `apply` forgets it.
    """
    verb, objects = sub_action.verb, sub_action.objects
    if verb in _IDLE or not objects:
        return ()
    domain = domain or Domain.default()
    name, other = objects[0], objects[1] if len(objects) > 1 else None
    kind = domain.kind(name)
    match verb:
        case Verb.GOTO:
            place = state.place_of(name)
            let_go = [~_in_hand(held) for held in state.held if domain.kind(held).fixed]
            return (_near(name), *([_near(place)] if place else []), *let_go)
        case Verb.GRASP:
            relation, place = state.places.get(name, ("", ""))
            left = [Condition(relation, (name, place), negated=True)] if place and not kind.fixed else []
            return (_in_hand(name, sub_action.hand), *left)
        case Verb.RELEASE:
            return (~_in_hand(name, sub_action.hand), _near(name), *_put_down(sub_action, state, domain))
        case Verb.MOVE if kind.fixed:
            return _toggled((Condition("open", (name,)),), state)
        case Verb.MOVE if other:
            return (_rests(name, other, domain), _near(other))
        case Verb.POSITION if other:
            return (Condition("at", (name, other)), _near(other))
        case Verb.USE:
            rule = domain.use(objects, state)
            if rule is None:
                return ()
            toggled = _toggled(tuple(bind(literal, name, other) for literal in rule.toggles), state)
            return (*(bind(literal, name, other) for literal in rule.makes), *toggled)
    return ()


def explain(sub_action: SubAction, state: WorldState, domain: Domain | None = None) -> str | None:
    """Why the sub-action is impossible in that state ("use(knife, carrot): no hand holds the knife"), or None."""
    domain = domain or Domain.default()
    return why_not(sub_action, state, domain, preconditions(sub_action, state, domain))


def why_not(sub_action: SubAction, state: WorldState, domain: Domain, needed: tuple[Condition, ...]) -> str | None:
    """`explain` for a sub-action whose pre-conditions are at hand."""
    why = _senseless(sub_action, domain)
    if why is None:
        failed = next((condition for condition in needed if state.value(condition) is False), None)
        why = violation(failed, state) if failed else None
    return f"{call_text(sub_action)}: {why}" if why else None


def is_possible(sub_action: SubAction, state: WorldState, domain: Domain) -> bool:
    """`explain` without the words."""
    return _senseless(sub_action, domain) is None and violated(sub_action, state, domain) is None


def violated(sub_action: SubAction, state: WorldState, domain: Domain | None = None) -> Condition | None:
    """The first pre-condition that the state contradicts, or None."""
    for condition in preconditions(sub_action, state, domain):
        if state.value(condition) is False:
            return condition
    return None


def apply(sub_action: SubAction, state: WorldState, domain: Domain | None = None) -> WorldState:
    """The state after the sub-action, with its unknown pre-conditions assumed; raises InfeasibleStep."""
    domain = domain or Domain.default()
    needed = preconditions(sub_action, state, domain)
    why = why_not(sub_action, state, domain, needed)
    if why is not None:
        raise InfeasibleStep(why)
    return after(sub_action, state, domain, needed)


def after(sub_action: SubAction, state: WorldState, domain: Domain, needed: tuple[Condition, ...]) -> WorldState:
    """`apply` for a sub-action that `why_not` has nothing against."""
    if sub_action.verb in _IDLE:
        return state
    unknown = [condition for condition in needed if state.value(condition) is None]
    if unknown:
        state = state.assume(*unknown)
    made = effects(sub_action, state, domain)
    name = sub_action.objects[0]
    match sub_action.verb:
        case Verb.GOTO:
            gone = [atom for atom in state.atoms if atom[0] in ("near", "at")]
            return state.changed(make=made, forget=gone, lose_places=state.held)
        case Verb.RELEASE:
            # Where it was known not to be, it may have been put.
            gone = [
                atom for atom in state.atoms if atom[0] in ("at", "on", "in") and atom[1][0] == name and atom[1][1:]
            ]
            return state.changed(make=made, forget=gone)
        case Verb.MOVE if len(sub_action.objects) == 1 and not domain.kind(name).fixed:
            gone = [atom for atom in state.atoms if atom[0] == "at" and atom[1][0] == name]
            return state.changed(forget=gone, lose_places=(name,))
    return state.changed(make=made)


def _senseless(sub_action: SubAction, domain: Domain) -> str | None:
    """What is wrong with the words themselves, in any state."""
    verb, objects = sub_action.verb, sub_action.objects
    if verb in _IDLE:
        return None
    if not objects:
        return f"expected an object to {verb}, got none"
    name, other = objects[0], objects[1] if len(objects) > 1 else None
    if name == other:
        return f"the {name} cannot be both what acts and what is acted on"
    if verb is Verb.POSITION or verb is Verb.MOVE:
        kind = domain.kind(name)
        if kind.fixed and not (verb is Verb.MOVE and kind.opens and other is None):
            return f"the {name} cannot be carried"
    return None


def _use_needs(sub_action: SubAction, state: WorldState, domain: Domain) -> tuple[Condition, ...]:
    name, other = sub_action.objects[0], sub_action.objects[1] if len(sub_action.objects) > 1 else None
    rule = domain.use(sub_action.objects, state)
    if rule is None or rule.needs is None:
        acting = _near(name) if domain.kind(name).fixed else _in_hand(name, sub_action.hand)
        needs = (acting, _near(other)) if other else (acting,)
    else:
        needs = tuple(bind(literal, name, other) for literal in rule.needs)
        if sub_action.hand is not None:
            in_hand = _in_hand(name)
            needs = tuple(_in_hand(name, sub_action.hand) if literal == in_hand else literal for literal in needs)
    if rule is None or not rule.toggles:
        return needs
    # What is toggled is assumed to be as it was last known, and off or closed where it never was known.
    toggled = _toggled(tuple(bind(literal, name, other) for literal in rule.toggles), state)
    return (*needs, *(~literal for literal in toggled if state.value(literal) is not True))


def _toggled(literals: tuple[Condition, ...], state: WorldState) -> tuple[Condition, ...]:
    """The literals, all true or all false: the opposite of the first that is known; true where none is."""
    is_true = next((value for value in map(state.value, literals) if value is not None), False)
    return tuple(~literal for literal in literals) if is_true else literals


def _put_down(sub_action: SubAction, state: WorldState, domain: Domain) -> tuple[Condition, ...]:
    """Where a released object comes to lie, as far as that is known."""
    name = sub_action.objects[0]
    if domain.kind(name).fixed:
        return ()
    if len(sub_action.objects) > 1:
        return (_rests(name, sub_action.objects[1], domain),)
    aligned = (
        args[1] for (predicate, args), truth in state.atoms.items() if predicate == "at" and truth and args[0] == name
    )
    return tuple(_rests(name, place, domain) for place in aligned)


def _rests(name: str, place: str, domain: Domain) -> Condition:
    return Condition(domain.kind(place).holds or "on", (name, place))


def _access(place: str | None, domain: Domain) -> tuple[Condition, ...]:
    """What reaching into a place needs: that it is open, if it can be closed."""
    kind: Kind | None = domain.kind(place) if place else None
    return (Condition("open", (place,)),) if kind and kind.encloses else ()


def _sides(hand: Hand) -> tuple[Hand, ...]:
    return (Hand.LEFT, Hand.RIGHT) if hand is Hand.BOTH else (hand,)


def _in_hand(name: str, hand: Hand | None = None) -> Condition:
    return Condition("in hand", (name, str(hand)) if hand else (name,))


def _near(name: str) -> Condition:
    return Condition("near", (name,))

"""Random programs and states over a few kitchen things, for the property tests of the world model."""

from hypothesis import strategies as st

from egoprog.program.types import Call, Comment, Condition, Hand, If, Program, SubAction, Verb, While
from egoprog.world import WorldState, apply, feasible

OBJECTS = ("milk", "cup", "sink", "knife", "carrot", "fridge", "faucet", "object_1")

names = st.sampled_from(OBJECTS)
hands = st.sampled_from((None, Hand.LEFT, Hand.RIGHT, Hand.BOTH))
sides = st.sampled_from(("left", "right"))

sub_actions = st.builds(SubAction, st.sampled_from(Verb), st.lists(names, max_size=2).map(tuple), hands)

conditions = st.one_of(
    st.builds(
        Condition,
        st.sampled_from(("in hand", "near", "open", "clean", "full", "empty", "cut", "on", "boiling")),
        st.tuples(names),
        st.booleans(),
    ),
    st.builds(Condition, st.just("in hand"), st.tuples(names, sides), st.booleans()),
    st.builds(Condition, st.just("empty"), st.tuples(sides), st.booleans()),
    st.builds(Condition, st.just("empty"), st.just(("hand",)), st.booleans()),
    st.builds(Condition, st.sampled_from(("on", "in", "at")), st.tuples(names, names), st.booleans()),
)
guards = st.lists(conditions, min_size=1, max_size=2).map(tuple)


def _blocks(statements):
    body = st.lists(statements, min_size=1, max_size=4).map(tuple)
    orelse = st.lists(statements, max_size=2).map(tuple)
    return st.one_of(st.builds(If, guards, body, orelse), st.builds(While, guards, body))


_leaves = st.one_of(
    sub_actions,
    sub_actions,
    st.builds(
        Call, st.sampled_from(("wash_hands", "open_fridge", "unheard_of")), st.lists(names, max_size=1).map(tuple)
    ),
    st.just(Comment("Heard sound of water")),
)
statements = st.recursive(_leaves, _blocks, max_leaves=10)
programs = st.builds(Program, st.just("any_task"), st.lists(statements, max_size=8).map(tuple))


@st.composite
def states(draw) -> WorldState:
    """A state that the world can be in: some conditions at the start, then steps that are possible."""
    left, right = draw(st.sampled_from(((None, None), ("milk", None), (None, "knife"), ("cup", "carrot"))))
    state = WorldState.initial(left, right).assume(*draw(st.lists(conditions, max_size=4)))
    for _ in range(draw(st.integers(0, 5))):
        state = apply(draw(st.sampled_from(feasible(state, objects=OBJECTS))), state)
    return state

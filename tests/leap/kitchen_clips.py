"""A small store of programs: taps and cups, with the world before and after each clip."""

from egoprog.data.epic import Action
from egoprog.data.program_lines import ProgramClip
from egoprog.leap.action_conditions import LabelledClip
from egoprog.program.types import Condition, Hand, Program, SubAction, Verb
from egoprog.world import Domain, WorldState, apply

TAP_OFF = Condition("on", ("tap",), negated=True), Condition("open", ("tap",), negated=True)
STEPS = {
    ("turn-on", "tap"): (SubAction(Verb.USE, ("tap",)),),
    ("turn-off", "tap"): (SubAction(Verb.USE, ("tap",)),),
    ("take", "cup"): (SubAction(Verb.GOTO, ("mug",)), SubAction(Verb.GRASP, ("mug",), Hand.RIGHT)),
    ("put", "cup"): (SubAction(Verb.MOVE, ("mug", "counter")), SubAction(Verb.RELEASE, ("mug",))),
}
CYCLE = (("turn-on", "tap"), ("take", "cup"), ("turn-off", "tap"), ("put", "cup"))


def clip(label, before: WorldState, video_id: str = "P901_01", number: int = 0) -> LabelledClip:
    """One clip of a verb and noun, with the world that the world model makes of it."""
    domain, after = Domain.default(), before
    for step in STEPS[label]:
        after = apply(step, after.assume(Condition("near", (step.objects[0],), step.verb is Verb.GOTO)), domain)
    start_s = 4.0 * number + 2.0
    program = Program("_".join(label).replace("-", "_"), STEPS[label], start_s, start_s + 2.0)
    name = f"{video_id}_{number}"
    return LabelledClip(label, ProgramClip(name, video_id, start_s, start_s + 2.0, "x y", program, before, after))


def store(video_id: str = "P901_01", num_rounds: int = 24) -> list[LabelledClip]:
    """Rounds of: tap on, cup in hand, tap off, cup put down."""
    state, found = WorldState.initial().assume(*TAP_OFF), []
    for number in range(len(CYCLE) * num_rounds):
        found.append(clip(CYCLE[number % len(CYCLE)], state, video_id, number))
        state = found[-1].clip.after
    return found


def row(one: LabelledClip, verbs: tuple[str, ...], nouns: tuple[str, ...]) -> Action:
    """The annotation of a clip."""
    verb, noun = one.label
    clip = one.clip
    return Action(
        clip.narration_id, clip.video_id.partition("_")[0], clip.video_id, clip.start_s, clip.start_s, clip.stop_s,
        1, 2, f"{verb} {noun}", verb, verbs.index(verb), noun, nouns.index(noun), (noun,), (nouns.index(noun),),
    )  # fmt: skip

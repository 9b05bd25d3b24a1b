"""What a language model is asked, and how its answer is laid beside the question (LEAP, section 3.1).

A query is H, the library of exemplar programs, and H_IC, up to 35 clips as the heads of programs whose comments say
what the five extractors found; the model completes them. Its answer may drop, reorder, rename or add programs:
`match` gives each clip the program that is its own, or none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from egoprog.describe import text as describe_text
from egoprog.describe.types import ClipDescription, SoundEvent
from egoprog.program import to_text
from egoprog.program.types import Comment, Program, object_name

CLIPS_PER_QUERY = 35  # LEAP, section 3.1

# Printed times have at most two or three decimals; two clips of one name are told apart by more than that.
_SAME_TIME_S = 0.011

_OBJECTS = "objects ="

RULES = """\
You write action programs: what a person does in a short first-person video clip, in a small language.
A program is a sequence of sub-actions under conditions. There are eight sub-actions and no others:
goto(object), grasp(object), release(object), move(object), move(object, place), position(object, place), \
use(object), use(tool, object), wait(), nothing().
Any sub-action may end with hand=left or hand=right, and with start_t= and stop_t= in seconds from the clip's start \
where the descriptors say when.
`if` and `while` carry conditions such as "cucumber not in hand", "faucet not open", "near fridge", joined by "and"; \
`while` repeats until its condition is false.
What a program does must be possible: a hand holds one thing at a time; what is used as a tool, moved, positioned or \
released must be in a hand; one is at a thing before one grasps it, and does not go to what one holds; what the \
comments call held at the start is in that hand already.
Corroborate the descriptors: sounds, walking, narrations before and after, the objects seen, what the hands took and \
let go. Where they are silent, add what must have happened, and nothing else. Where a list of objects is given, use \
only those names.
"""


@dataclass(frozen=True, slots=True)
class Failure:
    """A clip whose program can't stand. answer: the program's text, or "" if there was none. why: one sentence each."""

    description: ClipDescription
    answer: str
    why: tuple[str, ...]


def head(description: ClipDescription) -> str:
    """H_IC of one clip: the head of its program. A sound that extractors told of in pieces is told of in one."""
    sounds: list[SoundEvent] = []
    for sound in sorted(description.sounds, key=lambda sound: sound.start_s):
        before = next((i for i, s in enumerate(sounds) if s.label == sound.label and s.stop_s >= sound.start_s), None)
        if before is None:
            sounds.append(sound)
        else:
            sounds[before] = replace(sounds[before], stop_s=max(sounds[before].stop_s, sound.stop_s))
    return describe_text.to_text(replace(description, sounds=tuple(sounds))).rstrip()


def evidence_comments(description: ClipDescription) -> tuple[Comment, ...]:
    """H_IC's lines as comments: what was heard, where one walked, what hands took, in the paper's wording.

    Its list of objects is none of them: a program declares its objects itself.
    """
    lines = (line.strip() for line in head(description).splitlines())
    texts = (line.lstrip("#").strip() for line in lines if line.startswith("#"))
    return tuple(Comment(text) for text in texts if text and not text.startswith(_OBJECTS))


def query(descriptions: Sequence[ClipDescription], exemplars: Sequence[Program]) -> list[dict[str, str]]:
    """The messages of a first query: rules, H, H_IC."""
    heads = "\n\n".join(map(head, descriptions))
    task = (
        f"Complete each of these {len(descriptions)} programs, in this order. Answer with all of them, whole, each "
        "with its own name and times, and with nothing besides programs."
    )
    return _messages(exemplars, f"{task}\n\n{heads}\n")


def second_query(failures: Sequence[Failure], exemplars: Sequence[Program]) -> list[dict[str, str]]:
    """The messages that send back what failed, each with the exact explanation."""
    parts = []
    for failure in failures:
        answer = f"Your program was:\n{failure.answer.rstrip()}\n" if failure.answer else ""
        parts.append(
            f"{head(failure.description)}\n\n{answer}It can't stand:\n" + "\n".join(f"- {why}" for why in failure.why)
        )
    task = (
        f"These {len(failures)} programs of your last answer failed. Write each again, mended, in this order, whole, "
        "with its own name and times, and with nothing besides programs."
    )
    return _messages(exemplars, f"{task}\n\n" + "\n\n".join(parts) + "\n")


def _messages(exemplars: Sequence[Program], task: str) -> list[dict[str, str]]:
    library = to_text(list(exemplars)) if exemplars else ""
    return [
        {"role": "system", "content": RULES},
        {"role": "user", "content": f"A library of programs:\n\n{library.rstrip()}\n\n{task}"},
    ]


def match(answers: Sequence[Program], descriptions: Sequence[ClipDescription]) -> list[Program | None]:
    """Each clip's program among the answers, or None.

    Programs of a name that several clips bear are dealt out in their order; if their number is not the clips', by
    their times. A program of a strange name is taken only if exactly one clip that lacks one has its times.
    """
    matched: list[Program | None] = [None] * len(descriptions)
    clips_of: dict[str, list[int]] = defaultdict(list)
    answers_of: dict[str, list[Program]] = defaultdict(list)
    for index, description in enumerate(descriptions):
        clips_of[_canonical(description.name)].append(index)
    for answer in answers:
        answers_of[_canonical(answer.name)].append(answer)
    strange = []
    for name, programs in answers_of.items():
        indices = clips_of.get(name, [])
        if not indices:
            strange += programs
        elif len(indices) == len(programs):
            for index, program in zip(indices, programs, strict=True):
                matched[index] = program
        else:
            for program in programs:
                free = [index for index in indices if matched[index] is None]
                same = [index for index in free if _lasts_as_long(program, descriptions[index])]
                if same:
                    matched[same[0]] = program
                elif free and len(indices) == 1:
                    matched[free[0]] = program
    for program in strange:
        free = [i for i, d in enumerate(descriptions) if matched[i] is None and _lasts_as_long(program, d)]
        if len(free) == 1:
            matched[free[0]] = program
    return matched


def completed(program: Program, description: ClipDescription) -> Program:
    """The answer as the completion of its clip's head: the head's name, times and comments, then what was written."""
    comments = evidence_comments(description)
    known = {comment.text for comment in comments}
    body = list(program.body)
    while body and isinstance(body[0], Comment) and (body[0].text in known or body[0].text.startswith(_OBJECTS)):
        body.pop(0)
    return replace(
        program,
        name=_canonical(description.name),
        start_s=0.0,
        stop_s=round(description.stop_s - description.start_s, 3),
        body=(*comments, *body),
    )


def _canonical(name: str) -> str:
    try:
        return object_name(name).replace(":", "_")
    except ValueError:
        return "clip"


def _lasts_as_long(program: Program, description: ClipDescription) -> bool:
    if program.stop_s is None:
        return False
    lasts_s = program.stop_s - (program.start_s or 0.0)
    return abs(lasts_s - (description.stop_s - description.start_s)) <= _SAME_TIME_S

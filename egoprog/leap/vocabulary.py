"""The classes that a network is trained to tell apart, counted from annotations and programs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from egoprog.data.epic import Action
from egoprog.data.epic_classes import NOUNS, VERBS
from egoprog.data.program_lines import ProgramClip
from egoprog.errors import AnnotationError
from egoprog.leap.config import NO_OBJECT_CLASS, SUB_VERBS, Vocabulary
from egoprog.program import flatten
from egoprog.program.types import Verb

_INSTANCE = re.compile(r"(?<=[a-z])[_ ]\d+\b")


def object_word(name: str) -> str:
    """The kind of thing that a name of a program says: "mug_2" -> "mug", "chopping_board" stays."""
    return _INSTANCE.sub("", name)


def precondition_words(sentence: str) -> str:
    """Joined pre-conditions as the sentence encoder reads them: "if mug_2 in hand" -> "if mug in hand"."""
    return _INSTANCE.sub("", sentence).replace("_", " ")


def make_vocabulary(
    actions: Iterable[Action],
    programs: Iterable[ProgramClip],
    min_count: int = 2,
    max_sentences: int = 500,
    verbs: tuple[str, ...] = VERBS,
    nouns: tuple[str, ...] = NOUNS,
) -> Vocabulary:
    """Counts what training shows.

    min_count: an object word that fewer clips name is left out, and stands as "none" in the labels.
    verbs, nouns: the keys of all classes; those of EPIC-KITCHENS-100 unless other class files say otherwise.
    Raises AnnotationError for a row whose class is beyond them, and where there are no rows.
    """
    pairs, words, sentences = Counter(), Counter(), Counter()
    acting, receiving = Counter(), Counter()
    for row in actions:
        if not (0 <= row.verb_class < len(verbs) and 0 <= row.noun_class < len(nouns)):
            expected = f"a verb class below {len(verbs)} and a noun class below {len(nouns)}"
            raise AnnotationError("annotations", row.narration_id, expected, f"{row.verb_class}, {row.noun_class}")
        pairs[row.verb_class, row.noun_class] += 1
    for clip in programs:
        flat = flatten(clip.program)
        words.update({object_word(name) for step in flat for name in step.objects})
        for step in flat:
            acting[step.verb, step.o1 and object_word(step.o1)] += 1
            receiving[step.verb, step.o2 and object_word(step.o2)] += 1
        sentences[precondition_words(flat.precondition)] += 1
    if not pairs:
        raise AnnotationError("annotations", "", "at least one action to train on", "none")
    objects = tuple(sorted(word for word, count in words.items() if count >= min_count))
    return Vocabulary(
        verbs,
        nouns,
        tuple(sorted(pairs)),
        objects,
        tuple(sentence for sentence, _ in sentences.most_common(max_sentences)),
        _by_verb_and_class(acting, objects),
        _by_verb_and_class(receiving, objects),
    )


def _by_verb_and_class(
    counts: Counter[tuple[Verb, str | None]], objects: tuple[str, ...]
) -> tuple[tuple[int, ...], ...]:
    """Words that have no class of their own count as none, as in the labels."""
    known = {word: k + 1 for k, word in enumerate(objects)}
    rows = [[0] * (len(objects) + 1) for _ in SUB_VERBS]
    for (verb, word), count in counts.items():
        rows[SUB_VERBS.index(verb)][known.get(word, NO_OBJECT_CLASS)] += count
    return tuple(map(tuple, rows))

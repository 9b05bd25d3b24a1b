"""What a description says: which hand, which verb, which things. For comparing two descriptions; needs no PyTorch."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from egoprog.data.epic_classes import NOUNS, VERBS
from egoprog.program.synonyms import VERB_WORDS

_HAND = re.compile(r"\b(left|right|both)\s+hands?\b")
_BEFORE = re.compile(r"^(?:while|keeping|with (?!(?:the )?(?:left|right|both) hands?,))[^,]*, (?=the person\b)")
"""What the other hand holds, told before what is done."""
_WORD = re.compile(r"[a-z]+")
_NO_THINGS = {"hand", "top", "finger"}
"""EPIC-KITCHENS' nouns that name no thing that is handled, or a place."""


@dataclass(frozen=True)
class SentenceParts:
    """hands: "left", "right", "both". hand: the one that acts, the first where the person does something. verb: the
    first one there, as EPIC-KITCHENS or our language writes it, but "use" only where there is no other. nouns: of
    things, in the singular; noun: the first.

    What is not there is "".
    """

    hands: frozenset[str]
    hand: str
    verb: str
    nouns: frozenset[str]
    noun: str


class SentenceReader:
    """nouns: that count beside EPIC-KITCHENS' classes, keys as "board:chopping" or words."""

    def __init__(self, nouns: Iterable[str] = ()) -> None:
        phrases = {_phrase(noun) for noun in (*NOUNS, *nouns)} - _NO_THINGS
        self._nouns = {tuple(phrase.split()): phrase for phrase in phrases if phrase}
        self._longest = max(map(len, self._nouns))
        verbs = {verb.partition("-")[0] for verb in VERBS}
        verbs |= {word for words in VERB_WORDS.values() for word in words.split() if word.isalpha()}
        self._verbs = {form: verb for verb in sorted(verbs) for form in _forms(verb)}

    def parts(self, sentence: str) -> SentenceParts:
        text = sentence.lower()
        rest = _BEFORE.sub("", text)
        told = rest if _HAND.search(rest) else text  # "with the knife in the right hand, the person cuts the bread"
        hands = _HAND.findall(told)
        words = self._words(told)
        verbs = [self._verbs[word] for word in words if word in self._verbs]
        nouns = list(self._named(words))
        return SentenceParts(
            frozenset(_HAND.findall(text)),
            hands[0] if hands else "",
            next((verb for verb in verbs if verb != "use"), verbs[0] if verbs else ""),
            frozenset(self._named(self._words(text))),
            nouns[0] if nouns else "",
        )

    @staticmethod
    def _words(text: str) -> list[str]:
        return _WORD.findall(_HAND.sub(" ", text))

    def _named(self, words: list[str]) -> Iterable[str]:
        """The longest phrases first: a chopping board is no board."""
        at = 0
        while at < len(words):
            for length in range(self._longest, 0, -1):
                phrase = words[at : at + length]
                found = next((self._nouns[tuple(one)] for one in _singular(phrase) if tuple(one) in self._nouns), None)
                if found is not None:
                    yield found
                    at += length
                    break
            else:
                at += 1


def _phrase(noun: str) -> str:
    """ "chopping board" of "board:chopping"."""
    return " ".join(reversed(noun.lower().replace("_", " ").split(":")))


def _forms(verb: str) -> list[str]:
    """A verb as it stands, of a third person, and going on."""
    if verb.endswith("y") and verb[-2:-1] not in "aeiou":
        third = f"{verb[:-1]}ies"
    else:
        third = f"{verb}es" if verb.endswith(("s", "sh", "ch", "x", "z", "o")) else f"{verb}s"
    going_on = [f"{verb}ing", f"{verb[:-1]}ing" if verb.endswith("e") else f"{verb}{verb[-1]}ing"]
    return [third, *going_on, verb]


def _singular(phrase: list[str]) -> Iterable[list[str]]:
    yield phrase
    for plural, ending in (("s", ""), ("es", ""), ("ves", "fe"), ("ves", "f"), ("ies", "y")):
        if phrase[-1].endswith(plural):
            yield [*phrase[:-1], phrase[-1].removesuffix(plural) + ending]
